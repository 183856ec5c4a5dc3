"""Matrices in blocks of each group's parameters equal the same matrices laid out whole."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from psychometrics.sem._bordered import Bordered, Partition
from psychometrics.sem._jacobian import Jacobian

# Parameters 2 and 5 are shared by all, 7 by two groups; the second group has none of its own in the last case.
LAYOUTS = {
    "bordered": [[0, 1, 2, 5], [2, 3, 4, 5, 7], [2, 5, 6, 7, 8]],
    "apart": [[0, 1, 2], [3, 4], [5, 6, 7, 8]],
    "one group": [list(range(9))],
    "nothing of its own": [[0, 1, 2, 3, 4, 5, 6, 7, 8], [1, 4, 8]],
}


@pytest.fixture(params=list(LAYOUTS))
def jacobian(request: pytest.FixtureRequest) -> Jacobian:
    draw = np.random.default_rng(3)
    columns = tuple(np.array(places) for places in LAYOUTS[request.param])
    return Jacobian(Partition(columns, 9), tuple(draw.standard_normal((14, len(places))) for places in columns))


def laid(jacobian: Jacobian) -> np.ndarray:
    parts = []
    for columns, part in zip(jacobian.partition.columns, jacobian.parts, strict=True):
        parts.append(np.zeros((len(part), jacobian.size)))
        parts[-1][:, columns] = part
    return np.vstack(parts)


def weights(jacobian: Jacobian) -> list[np.ndarray]:
    draw = np.random.default_rng(4)
    return [draw.uniform(0.5, 2.0, len(part)) for part in jacobian.parts]


def test_cross_products_and_sums_are_those_of_the_whole(jacobian: Jacobian) -> None:
    whole, each = laid(jacobian), weights(jacobian)
    square = whole.T @ (np.concatenate(each)[:, None] * whole)
    assert_allclose(jacobian.square(each).dense(), square, rtol=1e-12, atol=1e-12)
    assert_allclose(jacobian.across(jacobian), whole.T @ whole, rtol=1e-12, atol=1e-12)
    assert_allclose(jacobian.sums(each), whole.T @ np.concatenate(each), rtol=1e-12, atol=1e-12)


def test_equations_are_solved_as_in_the_whole(jacobian: Jacobian) -> None:
    matrix = jacobian.square(weights(jacobian))
    right = np.random.default_rng(5).standard_normal((9, 3))
    solver = matrix.solver()
    assert solver is not None
    assert_allclose(solver.solve(right), np.linalg.solve(matrix.dense(), right), rtol=1e-9)
    assert_allclose(solver.solve(right[:, 0]), np.linalg.solve(matrix.dense(), right[:, 0]), rtol=1e-9)
    assert_allclose(matrix.inverse(), np.linalg.inv(matrix.dense()), rtol=1e-9)
    ridged = np.linalg.inv(matrix.dense() + 2.0 * np.eye(9))
    assert_allclose(matrix.factor(2.0).solve(right), ridged @ right, rtol=1e-9)
    assert_allclose(matrix.factor(2.0).inverse_diagonal(), np.diag(ridged), rtol=1e-9)


@pytest.mark.parametrize(("epsilon", "determined"), [(1e-3, True), (1e-6, False), (0.0, False)])
@pytest.mark.parametrize("place", [0, 2])
def test_a_matrix_is_singular_where_its_smallest_eigenvalue_is_next_to_nothing(
    epsilon: float, determined: bool, place: int
) -> None:
    draw = np.random.default_rng(6)
    columns = (np.array([0, 1, 2, 3]), np.array([2, 3, 4]))
    first, second = draw.standard_normal((20, 4)), draw.standard_normal((20, 3))
    first[:, place] = first[:, 1] + epsilon * first[:, place]
    if place == 2:
        second[:, 0] = 0.0
    matrix = Jacobian(Partition(columns, 5), (first, second)).square([np.ones(20), np.ones(20)])
    assert (matrix.solver() is not None) is determined
    assert np.isfinite(matrix.inverse()).all() == determined


def test_an_indefinite_matrix_has_no_factor() -> None:
    partition = Partition((np.array([0, 1]), np.array([1, 2])), 3)
    matrix = Bordered.of(partition, [np.array([[1.0, 2.0], [2.0, 1.0]]), np.eye(2)])
    assert not matrix.positive_definite
    assert matrix.solver() is None
