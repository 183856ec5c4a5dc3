"""ML and MLR: the normal likelihood of complete or incomplete responses in one group or several."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import block_diag, solve_triangular

from psychometrics.errors import SingularMatrixError
from psychometrics.sem import _normal as normal
from psychometrics.sem._bordered import Bordered
from psychometrics.sem._cells import Cell
from psychometrics.sem._clusters import Clusters
from psychometrics.sem._equal_parameters import Sharing
from psychometrics.sem._normal import Directions, Expected, NormalData
from psychometrics.sem._solve import inverted, positive_definite
from psychometrics.sem._structure import CellLayout, Structure
from psychometrics.sem.fit_measures import Likelihood, ModelTest

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Saturated:
    """The unrestricted moments of a group.

    Attributes
    ----------
    mean, covariance : ndarray
    expected : Expected
        The data at these moments.
    information : ndarray or None
        Of the moments in the basis of :func:`normal.saturated_directions`; None stands for the identity (complete
        responses).
    root : ndarray or None
        R with RR' the asymptotic covariance of the moments, where it is needed.
    trace : float
        Trace of inverse information times outer product of scores; NaN where errors are not robust.
    """

    mean: Array
    covariance: Array
    expected: Expected
    information: Array | None = None
    root: Array | None = None
    trace: float = np.nan


@dataclass(frozen=True)
class Samples:
    """Responses of all groups with their unrestricted moments.

    Attributes
    ----------
    items : tuple of str
    groups : tuple of NormalData
    saturated : tuple of Saturated
    robust : bool
        Whether standard errors and tests allow for non-normality and clusters (MLR).
    means : bool
        Whether the means are part of the model.
    clusters : Clusters or None
    """

    items: tuple[str, ...]
    groups: tuple[NormalData, ...]
    saturated: tuple[Saturated, ...]
    robust: bool
    means: bool
    clusters: Clusters | None

    @cached_property
    def n_persons(self) -> int:
        """Number of persons over all groups."""
        return sum(group.n_persons for group in self.groups)

    @cached_property
    def shares(self) -> Array:
        """Share of each group among all persons."""
        return np.array([group.n_persons for group in self.groups]) / self.n_persons

    @property
    def complete(self) -> bool:
        """Whether no response is missing."""
        return not any(group.blocks for group in self.groups)

    @cached_property
    def likelihood(self) -> float:
        """Log-likelihood of the unrestricted moments."""
        parts = zip(self.groups, self.saturated, strict=True)
        return -sum(group.n_persons * found.expected.value for group, found in parts)

    @cached_property
    def trace(self) -> float:
        """Trace of inverse information times outer product of the unrestricted moments, over all groups."""
        return sum(found.trace for found in self.saturated)

    @property
    def n_moments(self) -> int:
        """Number of unrestricted moments over all groups."""
        p = len(self.items)
        return len(self.groups) * (p * (p + 1) // 2 + self.means * p)

    def sample_covariance(self, group: int) -> Array:
        """Unrestricted covariance of a group."""
        return self.saturated[group].covariance

    def outer(self, scores: Sequence[Array]) -> Array:
        """Mean outer product of scores, persons of a cluster taken together within and across groups."""
        parts = list(scores)
        if self.clusters is not None:
            parts = [sum(self.clusters.widened(part, group) for group, part in enumerate(scores))]  # type: ignore[list-item]
        return np.asarray(sum((part.T @ part for part in parts), np.zeros(())) / self.n_persons)

    @cached_property
    def baseline(self) -> ModelTest:
        """Test of independent items with each group's own means and variances, whose maximum is known."""
        cells = [Cell("residual_covariance", item, item) for item in self.items]
        if self.means:
            cells += [Cell("intercept", item, item) for item in self.items]
        layout, number = CellLayout(self.items, (), tuple(cells)), len(self.groups)
        place = np.arange(number * layout.size, dtype=np.intp).reshape(number, -1)
        own = [normal.own_moments(group) for group in self.groups]
        values = np.concatenate([np.concatenate([spread, mean][: 1 + self.means]) for mean, spread in own])
        return assess(NormalProblem(self, Sharing(layout, place, np.zeros(place.shape))), values).test


def sample(
    items: tuple[str, ...],
    values: Sequence[Array],
    *,
    robust: bool,
    means: bool,
    clusters: Clusters | None,
) -> Samples:
    """Sort the responses of each group and estimate their unrestricted moments."""
    groups = tuple(NormalData.of(part) for part in values)
    request = _Request(items, robust, means, any(group.blocks for group in groups), clusters)
    saturated = tuple(_saturated(data, number, request) for number, data in enumerate(groups))
    return Samples(items, groups, saturated, robust, means, clusters)


class _Request(NamedTuple):
    """What the unrestricted moments of a group are needed for."""

    items: tuple[str, ...]
    robust: bool
    means: bool
    any_missing: bool
    clusters: Clusters | None


def _saturated(data: NormalData, group: int, request: _Request) -> Saturated:
    """Unrestricted moments of a group, with what the robust tests need of them."""
    items = request.items
    _check_rank(data, items)
    try:
        mean, covariance, expected = normal.saturate(data)
        if not request.any_missing and request.clusters is None:
            trace = _normal_trace(expected) + request.means * len(items) if request.robust else np.nan
            return Saturated(mean, covariance, expected, trace=trace)
        directions = normal.saturated_directions(covariance)
        information = np.eye(directions.U.shape[1])
        if data.blocks:
            information = information - normal.missing_information(directions, expected, data)
        triangle = solve_triangular(np.linalg.cholesky(information), np.eye(len(information)), lower=True)
    except np.linalg.LinAlgError:
        raise SingularMatrixError(
            f"The unrestricted covariance matrix of the {len(items)} items is singular on {data.n_persons} persons "
            "with missing responses. Use more persons or fewer items."
        ) from None
    if not request.robust:
        return Saturated(mean, covariance, expected, information, triangle.T)
    scores = normal.casewise_scores(directions, expected, data)
    if not request.means:
        scores[:, : len(items)] = 0.0
    outer_root = _outer_root(scores, group, request.clusters)
    root = triangle.T @ (triangle @ outer_root)
    return Saturated(mean, covariance, expected, information, root, float(np.sum(root * outer_root)))


def _outer_root(scores: Array, group: int, clusters: Clusters | None) -> Array:
    """Matrix R with RR' the mean outer product of the scores; with clusters a column for each cluster."""
    n, size = scores.shape
    if clusters is not None:
        return np.asarray(clusters.widened(scores, group).T / np.sqrt(n))
    outer = scores.T @ scores / n
    if n <= 2 * size or not positive_definite(outer):
        return np.asarray(scores.T / np.sqrt(n))
    return np.asarray(np.linalg.cholesky(outer))


def _normal_trace(expected: Expected) -> float:
    """Trace of inverse information times outer product of the unrestricted covariance, from Mardia's kurtosis."""
    distances = np.einsum("na,na->n", expected.filled @ expected.inverse, expected.filled)
    return float(0.5 * (np.mean(distances**2) - distances.mean()))


def _check_rank(data: NormalData, items: tuple[str, ...]) -> None:
    """Complete responses must not be linearly dependent."""
    if data.blocks:
        return
    values, vectors = np.linalg.eigh(np.corrcoef(data.values, rowvar=False))
    if values[0] < 1e-8:
        heavy = [item for item, weight in zip(items, vectors[:, 0], strict=True) if abs(weight) > 0.1]
        raise SingularMatrixError(
            f"The covariance matrix is singular: {', '.join(heavy)} are linearly dependent. Drop one of them."
        )


@dataclass(frozen=True)
class NormalProblem:
    """Minus the mean log-likelihood of all groups under a set of equalities."""

    samples: Samples
    sharing: Sharing

    def structure(self, values: Array, group: int) -> Structure:
        """Model matrices of a group."""
        return self.sharing.layout.at(self.sharing.cells(values, group))

    def implied_mean(self, structure: Structure, group: int) -> Array:
        """Implied means, or the sample's where the means are no part of the model."""
        return structure.means if self.samples.means else self.samples.saturated[group].mean

    def at(self, values: Array, group: int) -> tuple[Structure, Expected]:
        """Structure and filled data of a group."""
        structure = self.structure(values, group)
        mean = self.implied_mean(structure, group)
        return structure, normal.expect(self.samples.groups[group], mean, structure.covariance)

    def value(self, values: Array) -> float:
        """Infinite where an implied covariance is not positive definite."""
        try:
            values_of_groups = [self.at(values, group)[1].value for group in range(len(self.samples.groups))]
        except np.linalg.LinAlgError:
            return np.inf
        return float(self.samples.shares @ values_of_groups)

    def evaluate(self, values: Array) -> tuple[float, Array, Bordered]:
        """Value, gradient and second derivatives; the expected information where these are indefinite."""
        total, slope, squares = 0.0, np.zeros(self.sharing.size), []
        found = [self.at(values, group) for group in range(len(self.samples.groups))]
        for group, (part, (structure, expected)) in enumerate(zip(self.samples.shares, found, strict=True)):
            directions = Directions.of(structure)
            total += part * expected.value
            slope += part * self.sharing.fold(group, normal.gradient(directions, expected))
            squares.append(part * normal.hessian(structure, directions, expected, self.samples.groups[group]))
        exact = self.sharing.summed(squares)
        if exact.positive_definite:
            return total, slope, exact
        shares = zip(self.samples.shares, found, strict=True)
        squares = [part * normal.information(Directions.of(at), expected.inverse) for part, (at, expected) in shares]
        return total, slope, self.sharing.summed(squares)

    def cell_information(self, values: Array, group: int) -> Array:
        """Information of a group's cells: expected with plain ML on complete responses, else observed."""
        structure, expected = self.at(values, group)
        directions, data = Directions.of(structure), self.samples.groups[group]
        if self.samples.robust or data.blocks:
            return normal.hessian(structure, directions, expected, data)
        return normal.information(directions, expected.inverse)

    def information(self, values: Array) -> Bordered:
        """Information of the parameters."""
        shares = enumerate(self.samples.shares)
        return self.sharing.summed([part * self.cell_information(values, group) for group, part in shares])

    def scores(self, values: Array) -> list[Array]:
        """Differentiate each person's log-likelihood in the cells of the group."""
        found = []
        for group, data in enumerate(self.samples.groups):
            structure, expected = self.at(values, group)
            found.append(normal.casewise_scores(Directions.of(structure), expected, data))
        return found

    def outer(self, values: Array) -> Array:
        """Mean outer product of the scores in the parameters."""
        folded = [self.sharing.fold(group, scores) for group, scores in enumerate(self.scores(values))]
        return self.samples.outer(folded)


@dataclass(frozen=True)
class Assessed:
    """Precision and test of a model at its maximum."""

    covariance: Array
    test: ModelTest
    likelihood: Likelihood


def assess(problem: NormalProblem, values: Array) -> Assessed:
    """Covariance of the estimates, and likelihood ratio against the unrestricted moments with its corrections."""
    samples = problem.samples
    bread = problem.information(values).inverse()
    likelihood = Likelihood(-samples.n_persons * problem.value(values), samples.likelihood)
    df = samples.n_moments - problem.sharing.size
    statistic = 2.0 * (likelihood.saturated - likelihood.model)
    covariance, factor = bread / samples.n_persons, np.nan
    if samples.robust:
        half = bread @ problem.outer(values)
        covariance = half @ bread / samples.n_persons
        factor = (samples.trace - float(np.trace(half))) / df if df > 0 else np.nan
    behind = (statistic if samples.robust else np.nan, factor)
    if not samples.complete:
        behind = _complete_data_test(problem, values, df)
    return Assessed(covariance, ModelTest(statistic, df, statistic / factor, factor, 0.0, *behind), likelihood)


def _complete_data_test(problem: NormalProblem, values: Array, df: int) -> tuple[float, float]:
    """Discrepancy that complete data would have, and its null mean over df (Zhang & Savalei 2022, FIML-C)."""
    if df == 0:
        return np.nan, np.nan
    samples, total = problem.samples, 0.0
    derivatives, weighted, roots = [], [], []
    for group, (part, found) in enumerate(zip(samples.shares, samples.saturated, strict=True)):
        assert found.information is not None
        assert found.root is not None
        structure = problem.structure(values, group)
        total += samples.groups[group].n_persons * _discrepancy(structure, found)
        derivative = normal.saturated_coordinates(Directions.of(structure), found.covariance)
        derivatives.append(problem.sharing.fold(group, derivative))
        weighted.append(part * found.information @ derivatives[-1])
        roots.append(found.root / np.sqrt(part))
    D, HD = np.vstack(derivatives), np.vstack(weighted)
    root = block_diag(*roots) if samples.clusters is None else np.vstack(roots)
    left = root - D @ (inverted(D.T @ HD) @ (HD.T @ root))
    weight = np.repeat(samples.shares, [len(block) for block in derivatives])
    return total, float(weight @ np.sum(left**2, axis=1)) / df


def _discrepancy(structure: Structure, saturated: Saturated) -> float:
    """Measure by the normal discrepancy how far the implied moments are from the unrestricted ones."""
    inverse = np.linalg.inv(structure.covariance)
    gap = saturated.mean - structure.means
    product = saturated.covariance @ inverse
    return float(np.trace(product) - np.linalg.slogdet(product)[1] - len(product) + gap @ inverse @ gap)
