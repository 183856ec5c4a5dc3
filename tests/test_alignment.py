"""Alignment of many groups: exact cases, recovery of simulated truth, what the engine hands over, refusals."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from psychometrics.alignment import INTERCEPT, align_groups
from psychometrics.errors import InputShapeError, ModelError, PsychometricsError
from psychometrics.sem import CfaModel, fit_cfa

EXACT = 1e-6
REPEATS, NOMINAL = 30, 0.95


def made_up(seed: int, n_groups: int, n_items: int) -> tuple[pd.DataFrame, pd.DataFrame, np.ndarray, np.ndarray]:
    """Return parameters of groups that differ in means and deviations only, and those."""
    draw = np.random.default_rng(seed)
    slope, at = draw.uniform(0.6, 1.2, n_items), draw.normal(0, 0.3, n_items)
    mean, deviation = draw.normal(0, 0.4, n_groups), np.exp(draw.normal(0, 0.2, n_groups))
    mean[0], deviation[0] = 0.0, 1.0
    names = [f"cohort {number}" for number in range(n_groups)]
    items = [f"item {number}" for number in range(n_items)]
    loadings = pd.DataFrame(deviation[:, None] * slope, names, items)
    intercepts = pd.DataFrame(at + mean[:, None] * slope, names, items)
    return loadings, intercepts, mean, deviation


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 6), st.integers(2, 7))
def test_equal_parameters_give_back_means_and_variances(seed: int, n_groups: int, n_items: int) -> None:
    loadings, intercepts, mean, deviation = made_up(seed, n_groups, n_items)
    found = align_groups(loadings, intercepts, [200] * n_groups, starts=2)
    np.testing.assert_allclose(found.groups["mean"], mean, atol=EXACT)
    np.testing.assert_allclose(found.groups["variance"], deviation**2, atol=EXACT)
    assert (found.items["explained"] > 1 - EXACT).all()


@settings(max_examples=5, deadline=None)
@given(st.integers(0, 10_000))
def test_another_reference_only_moves_the_scale(seed: int) -> None:
    loadings, intercepts, _, _ = made_up(seed, 4, 5)
    intercepts.iloc[2, 1] += 0.5
    first = align_groups(loadings, intercepts, [100, 200, 300, 150], starts=3).groups
    other = align_groups(loadings, intercepts, [100, 200, 300, 150], reference="cohort 3", starts=3).groups
    unit = np.sqrt(first.loc["cohort 3", "variance"])
    moved = (first["mean"] - first.loc["cohort 3", "mean"]) / unit
    np.testing.assert_allclose(other["mean"], moved, atol=1e-4)
    np.testing.assert_allclose(other["variance"], first["variance"] / unit**2, atol=1e-4)


def test_a_few_shifted_intercepts_are_found_and_hardly_move_the_means() -> None:
    loadings, intercepts, mean, _ = made_up(4, 10, 6)
    shifted = [(1, 0), (4, 3), (7, 5)]
    for group, item in shifted:
        intercepts.iloc[group, item] += 0.7
    found = align_groups(loadings, intercepts, [300] * 10, np.eye(120) * 0.005)
    assert np.abs(found.groups["mean"] - mean).max() < 0.02
    table = found.parameters
    said = table[(table["kind"] == INTERCEPT) & ~table["invariant"].astype(bool)]
    assert list(zip(said["group"], said["item"], strict=True)) == [(f"cohort {g}", f"item {p}") for g, p in shifted]
    assert found.not_invariant_share == pytest.approx(3 / 120)


@pytest.mark.repeated
def test_intervals_cover_the_true_means() -> None:
    """Estimates drawn around the truth with a known covariance: coverage within its Monte Carlo error of .95."""
    loadings, intercepts, mean, _ = made_up(11, 3, 4)
    intercepts.iloc[2, 2] += 0.6
    theta = np.concatenate([loadings.to_numpy().ravel(), intercepts.to_numpy().ravel()])
    # Intercepts of a group share the error of its mean, as those of one sample do.
    own = np.kron(np.eye(3), 0.002 * np.eye(4) + 0.003)
    covariance = np.block([[np.eye(12) * 0.002, np.zeros((12, 12))], [np.zeros((12, 12)), own]])
    root, draw, inside = np.linalg.cholesky(covariance), np.random.default_rng(5), []
    for _ in range(REPEATS):
        drawn = (theta + root @ draw.standard_normal(24)).reshape(2, 3, 4)
        tables = [pd.DataFrame(part, loadings.index, loadings.columns) for part in drawn]
        groups = align_groups(*tables, [200] * 3, covariance, starts=1).groups
        inside.append(((groups["lower"] <= mean) & (mean <= groups["upper"])).to_numpy()[1:])
    error = np.sqrt(NOMINAL * (1 - NOMINAL) / REPEATS)
    assert abs(np.mean(inside) - NOMINAL) < 3 * error


def test_the_engine_s_covariance_is_that_of_its_table() -> None:
    draw = np.random.default_rng(2)
    values = draw.standard_normal((600, 1)) + draw.standard_normal((600, 4))
    items = pd.DataFrame(np.digitize(values, [-1, 0, 1]).astype(float), columns=list("abcd"))
    fitted = fit_cfa(CfaModel.single(list("abcd")), items, group=np.repeat(["one", "two"], 300), equal=("thresholds",))
    table, covariance = fitted.parameters, fitted.parameter_covariance
    free = table["free"].to_numpy() & np.isfinite(np.diag(covariance))
    np.testing.assert_allclose(np.sqrt(np.diag(covariance)[free]), table["standard_error"][free], atol=EXACT)
    fixed = ~table["free"].to_numpy() & np.isfinite(np.diag(covariance))
    assert (covariance[fixed][:, fixed] == 0).all()
    loadings = table.index[(table["kind"] == "loading") & (table["group"] == "two")]
    intercepts = table.index[(table["kind"] == "intercept") & (table["group"] == "two")]
    assert np.abs(covariance[np.ix_(loadings, intercepts)]).max() > 0


@pytest.mark.parametrize(
    ("spoil", "error"),
    [
        (lambda a, b: (a.iloc[:1], b.iloc[:1], [1]), InputShapeError),
        (lambda a, b: (a, b.iloc[:, ::-1], [1, 1, 1]), InputShapeError),
        (lambda a, b: (a, b, [1, 1]), InputShapeError),
        (lambda a, b: (a.mask(a > 1), b, [1, 1, 1]), PsychometricsError),
        (lambda a, b: (a, b, [1, 0, 1]), PsychometricsError),
        (lambda a, b: (-a, b, [1, 1, 1]), ModelError),
    ],
    ids=["one group", "other items", "sizes", "missing", "nobody", "reversed"],
)
def test_alignment_refuses(spoil, error) -> None:
    loadings, intercepts, _, _ = made_up(1, 3, 4)
    loadings.iloc[0, 0] = 1.1
    with pytest.raises(error):
        align_groups(*spoil(loadings, intercepts))


def test_alignment_names_an_unknown_reference() -> None:
    loadings, intercepts, _, _ = made_up(1, 3, 4)
    with pytest.raises(ModelError, match="no group is called 'north'"):
        align_groups(loadings, intercepts, [1, 1, 1], reference="north")
