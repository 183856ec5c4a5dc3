"""Ordered items in several groups: thresholds and polychoric correlations, diagonally weighted least squares.

Theta parameterisation: in a group the latent answers have means ``nu + Lambda alpha`` and covariance
``Sigma = Lambda Psi Lambda' + Theta``. What the data show of them are thresholds ``(tau - mu_j) / sigma_j`` and
correlations ``Sigma_ij / (sigma_i sigma_j)``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from psychometrics.cfa import _least_squares as least_squares
from psychometrics.cfa._categorical import check_distinct
from psychometrics.cfa._estimation import inverted
from psychometrics.cfa._fit import ModelTest
from psychometrics.cfa._model import CfaModel
from psychometrics.cfa._solve import Solution, minimise
from psychometrics.cfa._start import standard_solution
from psychometrics.cfa._structure import Layout
from psychometrics.invariance._sharing import Rules, Sharing, all_cells, share
from psychometrics.ordinal import OrdinalResponses
from psychometrics.ordinal import _estimation as two_step

Array = NDArray[np.float64]
# A moment depends on few parameters: its two items' loadings, residuals and thresholds, and their factors' covariance.
# scipy has no types.
Sparse: TypeAlias = Any


@dataclass(frozen=True)
class GroupMoments:
    """Thresholds and correlations of one group.

    Attributes
    ----------
    estimates : TwoStepEstimates
    observed : ndarray, (n_moments,)
        Thresholds, then correlations.
    weight : ndarray, (n_moments,)
        Inverse asymptotic variances.
    """

    estimates: two_step.TwoStepEstimates
    observed: Array
    weight: Array

    @property
    def n_persons(self) -> int:
        """Number of persons."""
        return self.estimates.responses.n_persons

    @property
    def n_thresholds(self) -> int:
        """Number of thresholds."""
        return int(self.estimates.threshold_places[0].size)


@dataclass(frozen=True)
class Stacked:
    """The moments of all groups on top of each other, with their covariance in blocks.

    Attributes
    ----------
    groups : tuple of GroupMoments
    blocks : tuple of ndarray
        Asymptotic covariance of sqrt(N) times the moments: one block a group, or a single block over all groups
        when persons or clusters appear in several.
    correction : float
        N / (N - G) for N persons in G groups, by which variances of parameters are widened; 1 with clusters.
    """

    groups: tuple[GroupMoments, ...]
    blocks: tuple[Array, ...]
    correction: float

    @cached_property
    def n_persons(self) -> int:
        """Number of persons over all groups."""
        return sum(group.n_persons for group in self.groups)

    @cached_property
    def shares(self) -> Array:
        """Share of each group among all persons."""
        return np.array([group.n_persons for group in self.groups]) / self.n_persons

    @cached_property
    def weight(self) -> Array:
        """Diagonal weight: that of the group times its share."""
        return np.concatenate([share * group.weight for share, group in zip(self.shares, self.groups, strict=True)])

    @property
    def diagonal(self) -> Array:
        """Diagonal of the covariance."""
        return np.concatenate([np.diag(block) for block in self.blocks])

    @property
    def placed_blocks(self) -> list[tuple[slice, Array]]:
        """Each block of the covariance with its rows among the moments."""
        ends = np.cumsum([0, *[len(block) for block in self.blocks]])
        return [(slice(ends[k], ends[k + 1]), block) for k, block in enumerate(self.blocks)]

    def times(self, matrix: Array) -> Array:
        """Covariance times a matrix."""
        return np.vstack([block @ matrix[rows] for rows, block in self.placed_blocks])

    def sandwiched(self, one: Sparse, other: Sparse) -> Array:
        """Covariance of two weighted sums of the moments, ``one' Gamma other``."""
        return np.asarray(sum(one[rows].T @ (other[rows].T @ block).T for rows, block in self.placed_blocks))

    def traces(self, rows: NDArray[np.intp] | None = None) -> tuple[float, float]:
        """Trace of the weighted covariance and of its square, over all moments or some."""
        chosen = np.ones(self.weight.size) if rows is None else np.zeros(self.weight.size)
        if rows is not None:
            chosen[rows] = 1.0
        weight, square, start = self.weight * chosen, 0.0, 0
        for block in self.blocks:
            part = weight[start : start + len(block)]
            square += float(part @ (block * block) @ part)
            start += len(block)
        return float(weight @ self.diagonal), square

    @cached_property
    def all_traces(self) -> tuple[float, float]:
        """Traces over all moments."""
        return self.traces()


def moments_of(responses: OrdinalResponses) -> tuple[GroupMoments, Array]:
    """Thresholds and correlations of a group with their asymptotic covariance."""
    estimates = two_step.estimate(responses)
    check_distinct(estimates)
    covariance = two_step.asymptotic_covariance(estimates)
    observed = np.concatenate([estimates.thresholds[estimates.threshold_places], estimates.correlations])
    return GroupMoments(estimates, observed, 1.0 / np.diag(covariance)), covariance


def stack(responses: Sequence[OrdinalResponses], clusters: Sequence[NDArray[np.intp]] | None = None) -> Stacked:
    """Moments of all groups; with clusters, numbered alike in every group, covariances are summed over clusters."""
    found = [moments_of(part) for part in responses]
    groups = tuple(group for group, _ in found)
    n = np.array([group.n_persons for group in groups])
    if clusters is None:
        blocks = tuple(covariance * (n.sum() / size) for (_, covariance), size in zip(found, n, strict=True))
        return Stacked(groups, blocks, float(n.sum() / (n.sum() - len(n))))
    number = int(max(part.max() for part in clusters)) + 1
    sums = [_clustered(group, part, number) for group, part in zip(groups, clusters, strict=True)]
    influence = np.hstack([part / size for part, size in zip(sums, n, strict=True)])
    return Stacked(groups, (n.sum() * influence.T @ influence,), 1.0)


def _clustered(group: GroupMoments, clusters: NDArray[np.intp], number: int) -> Array:
    """Sum of the influences of each cluster's rows on a group's moments, (n_clusters, n_moments)."""
    everyone = slice(None)
    rows = np.hstack(
        [
            two_step.threshold_rows(group.estimates, two_step.threshold_influence(group.estimates), everyone),
            two_step.correlation_rows(group.estimates, two_step.correlation_influence(group.estimates), everyone),
        ]
    )
    total = np.zeros((number, rows.shape[1]))
    np.add.at(total, clusters, rows)
    return total


@dataclass(frozen=True)
class Implied:
    """Moments that a group's cells imply, with their derivatives in the cells."""

    moments: Array
    derivative: Sparse


@dataclass(frozen=True)
class OrdinalProblem:
    """The least-squares discrepancy of all groups under a set of equalities."""

    stacked: Stacked
    sharing: Sharing

    @cached_property
    def _pairs(self) -> least_squares.Pairs:
        return least_squares.pairs_of(len(self.sharing.layout.items))

    @cached_property
    def _threshold_item(self) -> NDArray[np.intp]:
        return self.stacked.groups[0].estimates.threshold_places[0]

    def moments(self, values: Array, group: int) -> Array | None:
        """Thresholds and correlations that a group's parameters imply; None where a variance is not positive."""
        cells = self.sharing.cells(values, group)
        structure = self.sharing.layout.at(cells)
        variance = np.diag(structure.covariance)
        if (variance <= 0).any():
            return None
        deviation, item = np.sqrt(variance), self._threshold_item
        tau = cells[: item.size]
        rho = structure.covariance[self._pairs] / (deviation[self._pairs[0]] * deviation[self._pairs[1]])
        return np.concatenate([(tau - structure.means[item]) / deviation[item], rho])

    def implied(self, values: Array, group: int) -> Implied:
        """Moments of a group with their derivatives."""
        cells = self.sharing.cells(values, group)
        structure = self.sharing.layout.at(cells)
        deviation = np.sqrt(np.diag(structure.covariance))
        item, (first, second) = self._threshold_item, self._pairs
        threshold = (cells[: item.size] - structure.means[item]) / deviation[item]
        rho = structure.covariance[first, second] / (deviation[first] * deviation[second])
        U, V = (part / deviation[:, None] for part in structure.directions)
        relative = U * V
        of_threshold = -structure.mean_directions[item] / deviation[item][:, None]
        of_threshold -= threshold[:, None] * relative[item]
        of_threshold[np.arange(item.size), np.arange(item.size)] += 1.0 / deviation[item]
        of_rho = U[first] * V[second] + V[first] * U[second]
        of_rho -= rho[:, None] * (relative[first] + relative[second])
        return Implied(np.concatenate([threshold, rho]), sparse.csr_array(np.vstack([of_threshold, of_rho])))

    def value(self, values: Array) -> float:
        """Half the weighted sum of squares; infinite where a latent variance is not positive."""
        total = 0.0
        for number, group in enumerate(self.stacked.groups):
            moments = self.moments(values, number)
            if moments is None:
                return np.inf
            total += _share(group, self.stacked) * float(np.sum(group.weight * (group.observed - moments) ** 2))
        return 0.5 * total

    def evaluate(self, values: Array) -> tuple[float, Array, Array]:
        """Value, gradient and Gauss-Newton matrix."""
        size = self.sharing.size
        total, slope, metric = 0.0, np.zeros(size), np.zeros((size, size))
        for number, group in enumerate(self.stacked.groups):
            implied, part = self.implied(values, number), _share(group, self.stacked)
            residual = group.observed - implied.moments
            weighted = _scaled(implied.derivative, part * group.weight)
            total += 0.5 * part * float(np.sum(group.weight * residual**2))
            slope -= self.sharing.fold(number, weighted.T @ residual)
            self.sharing.add_square(metric, number, (implied.derivative.T @ weighted).toarray())
        return total, slope, metric

    def derivative(self, values: Array) -> Sparse:
        """Differentiate all stacked moments in the parameters."""
        groups = range(len(self.stacked.groups))
        return sparse.csr_array(
            sparse.vstack([self.implied(values, g).derivative @ self.sharing.selection(g) for g in groups])
        )

    def residuals(self, values: Array) -> Array:
        """Observed less implied moments, stacked."""
        parts = [g.observed - self.implied(values, k).moments for k, g in enumerate(self.stacked.groups)]
        return np.concatenate(parts)


def _share(group: GroupMoments, stacked: Stacked) -> float:
    """Weight of a group's discrepancy in the sum."""
    return (group.n_persons - 1) / stacked.n_persons


@dataclass(frozen=True)
class OrdinalFit:
    """A fitted model of ordered items in several groups."""

    problem: OrdinalProblem
    solution: Solution
    covariance: Array
    test: ModelTest
    derivative: Sparse

    @property
    def layout(self) -> Layout:
        """Cells of every group."""
        return self.problem.sharing.layout


def start_values(model: CfaModel, layout: Layout, stacked: Stacked) -> list[Array]:
    """Cell values to start from in each group: the pooled correlations' axes, the group's own thresholds."""
    pooled = sum(
        (share * group.estimates.matrix() for share, group in zip(stacked.shares, stacked.groups, strict=True)),
        np.zeros(()),
    )
    loadings, factors = standard_solution(replace(model, scale="variance"), layout, np.asarray(pooled))
    unique = np.clip(1.0 - np.einsum("af,fg,ag->a", loadings, factors, loadings), 0.2, 0.95)
    return [_group_start(layout, group, loadings, factors, np.sqrt(unique)) for group in stacked.groups]


def _group_start(layout: Layout, group: GroupMoments, loadings: Array, factors: Array, unique: Array) -> Array:
    """Cell values of one group, in units of the residuals' standard deviations."""
    start = np.zeros(layout.size)
    items = group.estimates.threshold_places[0]
    start[: items.size] = group.observed[: items.size] / unique[items]
    for kind, (where, row, column) in layout.places.items():
        if kind == "loading":
            start[where] = loadings[row, column] / unique[row]
        elif kind == "factor_covariance":
            start[where] = factors[row, column]
        elif kind == "residual_covariance":
            start[where] = np.where(row == column, 1.0, 0.0)
    return start


def fit(model: CfaModel, stacked: Stacked, rules: Rules, start: Sequence[Array] | None = None) -> OrdinalFit:
    """Fit a model under equalities, from the cells of another fit or from scratch."""
    items = list(model.items)
    places = zip(*stacked.groups[0].estimates.threshold_places, strict=True)
    layout = all_cells(model, [(items[item], int(position) + 1) for item, position in places])
    sharing = share(layout, rules, len(stacked.groups))
    problem = OrdinalProblem(stacked, sharing)
    values = sharing.gather(start if start is not None else start_values(model, layout, stacked))
    solution = minimise(problem.evaluate, problem.value, values)
    derivative = problem.derivative(solution.values)
    covariance, traces = robust(stacked, derivative)
    statistic, df = 2.0 * stacked.n_persons * solution.minimum, stacked.weight.size - sharing.size
    scaled = least_squares.scaled_shifted(statistic, df, *traces)
    return OrdinalFit(problem, solution, covariance, ModelTest(statistic, df, *scaled), derivative)


def robust(stacked: Stacked, derivative: Sparse) -> tuple[Array, tuple[float, float]]:
    """Sandwich covariance of the parameters, and tr(U Gamma) and tr((U Gamma)^2) (Satorra & Bentler 1994)."""
    weighted = _scaled(derivative, stacked.weight)
    bread = inverted((derivative.T @ weighted).toarray())
    middle, beyond = np.zeros_like(bread), np.zeros_like(bread)
    for rows, block in stacked.placed_blocks:
        part = weighted[rows]
        # A group's moments depend on its own parameters and on the shared ones.
        columns = np.unique(part.indices)
        part = part[:, columns]
        across, place = (part.T @ block).T, np.ix_(columns, columns)
        middle[place] += part.T @ across
        beyond[place] += across.T @ (across * stacked.weight[rows, None])
    trace, square = stacked.all_traces
    turned = bread @ middle
    trace -= float(np.trace(turned))
    square += float(np.sum(turned * turned.T)) - 2.0 * float(np.sum(bread * beyond))
    return stacked.correction * turned @ bread / stacked.n_persons, (trace, square)


def _scaled(derivative: Sparse, weight: Array) -> Sparse:
    """Weigh the rows of a derivative."""
    return sparse.csr_array(sparse.diags_array(weight) @ derivative)


def baseline(stacked: Stacked) -> ModelTest:
    """Test of uncorrelated items with each group's own thresholds."""
    statistic, rows, start = 0.0, [], 0
    for group in stacked.groups:
        of_correlations = slice(group.n_thresholds, None)
        squares = group.weight[of_correlations] * group.observed[of_correlations] ** 2
        statistic += (group.n_persons - 1) * float(np.sum(squares))
        rows.append(np.arange(start + group.n_thresholds, start + group.observed.size))
        start += group.observed.size
    places = np.concatenate(rows)
    df = int(places.size)
    return ModelTest(statistic, df, *least_squares.scaled_shifted(statistic, df, *stacked.traces(places)))
