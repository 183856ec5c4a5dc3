"""Thresholds and polychoric correlations of all groups, with their asymptotic covariance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import block_diag

from psychometrics.errors import SingularMatrixError
from psychometrics.ordinal import OrdinalResponses, two_step
from psychometrics.sem._clusters import Clusters
from psychometrics.sem._jacobian import Jacobian
from psychometrics.sem._spread import Spread, Sums
from psychometrics.sem.fit_measures import ModelTest

Array = NDArray[np.float64]


# From so many persons on, products of influences are taken in single precision a chunk at a time and summed in double:
# twice as fast, with errors below 1e-6 of a standard error.
_MANY = 4_000


@dataclass(frozen=True)
class GroupMoments:
    """Moments of one group.

    Attributes
    ----------
    estimates : TwoStepEstimates
    observed : ndarray, (n_moments,)
        Thresholds (where they are part of the model), then correlations.
    weight : ndarray, (n_moments,)
        Inverse asymptotic variances (WLSMV) or ones (ULSMV).
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
        """Number of thresholds among the moments."""
        return int(self.observed.size - self.estimates.correlations.size)

    @cached_property
    def matrix(self) -> Array:
        """Polychoric correlations."""
        return self.estimates.matrix()


@dataclass(frozen=True)
class Stacked:
    """The moments of all groups on top of each other, with their covariance in blocks.

    Attributes
    ----------
    groups : tuple of GroupMoments
    blocks : tuple of Spread
        Asymptotic covariance of sqrt(N) times the moments: one block a group, or a single block over all groups
        when persons or clusters may appear in several.
    correction : float
        N / (N - G) for N persons in G groups, by which variances of parameters are widened; 1 with clusters.
    clusters : Clusters or None
    """

    groups: tuple[GroupMoments, ...]
    blocks: tuple[Spread, ...]
    correction: float
    clusters: Clusters | None = None

    @cached_property
    def n_persons(self) -> int:
        """Number of persons over all groups."""
        return sum(group.n_persons for group in self.groups)

    @cached_property
    def shares(self) -> Array:
        """Share of each group among all persons."""
        return np.array([group.n_persons for group in self.groups]) / self.n_persons

    @property
    def n_moments(self) -> int:
        """Number of moments over all groups."""
        return int(self.weight.size)

    @cached_property
    def weight(self) -> Array:
        """Diagonal weight: that of the group times its share."""
        return np.concatenate([share * group.weight for share, group in zip(self.shares, self.groups, strict=True)])

    @property
    def diagonal(self) -> Array:
        """Variances of sqrt(N) times the moments."""
        return np.concatenate([block.diagonal for block in self.blocks])

    @cached_property
    def places(self) -> list[slice]:
        """Rows of each group among the moments."""
        ends = np.cumsum([0, *[group.observed.size for group in self.groups]])
        return [slice(ends[k], ends[k + 1]) for k in range(len(self.groups))]

    @cached_property
    def weights(self) -> list[Array]:
        """Diagonal weight of each group."""
        return [self.weight[rows] for rows in self.places]

    @property
    def _joint(self) -> bool:
        """Whether one block holds the moments of all groups."""
        return len(self.blocks) < len(self.groups)

    @property
    def placed_blocks(self) -> list[tuple[slice, Spread]]:
        """Each block of the covariance with its rows among the moments."""
        everything = [slice(0, self.n_moments)] if self._joint else self.places
        return list(zip(everything, self.blocks, strict=True))

    def sample_covariance(self, group: int) -> Array:
        """Polychoric correlations of a group."""
        return self.groups[group].matrix

    def correlation_spread(self, group: int) -> Spread:
        """Covariance of sqrt(N) times a group's correlations."""
        place, joint = self.places[group], self._joint
        start = self.groups[group].n_thresholds + (place.start if joint else 0)
        stop = place.stop if joint else place.stop - place.start
        return self.blocks[0 if joint else group].part(slice(start, stop))

    def threshold_variance(self, group: int) -> Array:
        """Estimate the sampling variance of a group's thresholds."""
        estimates = self.groups[group].estimates
        if self.clusters is None:
            return two_step.threshold_variance(estimates)
        rows = two_step.Influences.of(estimates).on_thresholds(slice(None)).T
        sums = self.clusters.sums(rows, group) / estimates.responses.n_persons
        return np.asarray(np.sum(sums**2, axis=0))

    @cached_property
    def _inner(self) -> list[Array | None]:
        """X W X' of each block that is held as a root X."""
        found: list[Array | None] = []
        for rows, block in self.placed_blocks:
            weighted = None if block.root is None else block.root * np.sqrt(self.weight[rows])
            found.append(None if weighted is None else weighted @ weighted.T)
        return found

    @property
    def inner(self) -> Array:
        """X W X' over all blocks, where all are held as roots."""
        return np.asarray(block_diag(*self._inner))

    def sums(self, weighted: Jacobian) -> Sums:
        """Covariance of sums of the moments, each weighted by a column."""
        if self._joint:
            return self._joint_sums(weighted)
        halves = [block.half @ part for block, part in zip(self.blocks, weighted.parts, strict=True)]
        spreads = [
            Spread(root=half) if block.full is None else Spread(full=part.T @ half)
            for block, part, half in zip(self.blocks, weighted.parts, halves, strict=True)
        ]
        return Sums(weighted.size, list(zip(weighted.partition.columns, spreads, strict=True)), halves)

    def _joint_sums(self, weighted: Jacobian) -> Sums:
        """Do so where one block holds the moments of all groups."""
        size, block = weighted.size, self.blocks[0]
        half, every = np.zeros((len(block.half), size)), np.arange(size)
        for rows, columns, part in zip(self.places, weighted.partition.columns, weighted.parts, strict=True):
            half[:, columns] += block.half[:, rows] @ part
        if block.full is None:
            return Sums(size, [(every, Spread(root=half))], [half])
        whole = np.zeros((size, size))
        for rows, columns, part in zip(self.places, weighted.partition.columns, weighted.parts, strict=True):
            whole[columns] += part.T @ half[rows]
        return Sums(size, [(every, Spread(full=whole))], [half])

    def beyond(self, sums: Sums) -> Array:
        """Weighted cross-products of the covariance times the weights of the sums: ``D' W Gamma W Gamma W D``."""
        found = np.zeros((sums.size, sums.size))
        inner = zip(self._inner, self.placed_blocks, strict=True)
        for (columns, _), half, (within, (rows, _)) in zip(sums.blocks, sums.halves, inner, strict=True):
            across = half * self.weight[rows, None] if within is None else within @ half
            found[np.ix_(columns, columns)] += half.T @ across
        return found

    def traces(self, chosen: Array) -> tuple[float, float]:
        """Trace of the weighted covariance and of its square, over the moments that are chosen (1) and not (0)."""
        weight = self.weight * chosen
        square = sum(block.square(weight[rows]) for rows, block in self.placed_blocks)
        return float(weight @ self.diagonal), square

    @cached_property
    def all_traces(self) -> tuple[float, float]:
        """Traces over all moments."""
        square = 0.0
        for inner, (rows, block) in zip(self._inner, self.placed_blocks, strict=True):
            square += block.square(self.weight[rows]) if inner is None else float(np.vdot(inner, inner))
        return float(self.weight @ self.diagonal), square

    @cached_property
    def baseline(self) -> ModelTest:
        """Test of uncorrelated items with each group's own thresholds.

        The normal-theory weight of uncorrelated items is the identity, so that the likelihood discrepancy behind the
        robust indices is ``-n log|R|``, with null mean tr(Gamma).
        """
        statistic, chosen = 0.0, []
        for group in self.groups:
            own = np.repeat([0.0, 1.0], [group.n_thresholds, group.estimates.correlations.size])
            statistic += (group.n_persons - 1) * float(np.sum(own * group.weight * group.observed**2))
            chosen.append(own)
        kept = np.concatenate(chosen)
        df = int(kept.sum())
        traces = self.all_traces if kept.all() else self.traces(kept)
        scaled = scaled_shifted(statistic, df, *traces)
        logarithms = [np.linalg.slogdet(group.matrix)[1] for group in self.groups]
        if any(np.linalg.eigvalsh(group.matrix)[0] <= 0 for group in self.groups):
            return ModelTest(statistic, df, *scaled)
        sizes = np.array([group.n_persons for group in self.groups])
        null_mean = float((kept * self.diagonal) @ np.repeat(self.shares, [part.size for part in chosen]))
        return ModelTest(statistic, df, *scaled, float(-sizes @ logarithms), null_mean / df)


def stack(
    responses: Sequence[OrdinalResponses], *, weighted: bool, thresholds: bool, clusters: Clusters | None
) -> Stacked:
    """Moments of all groups with their covariance, summed over clusters where there are any.

    Parameters
    ----------
    responses : sequence of OrdinalResponses
        One for each group.
    weighted : bool
        Weigh each moment by its inverse asymptotic variance.
    thresholds : bool
        Whether thresholds are among the moments; without equalities they are saturated and may be left out.
    clusters : Clusters or None

    Returns
    -------
    Stacked
    """
    estimates = [two_step.estimate(part) for part in responses]
    for part in estimates:
        _check_distinct(part)
    n = np.array([part.n_persons for part in responses])
    if clusters is None:
        blocks = tuple(_spread(part, thresholds=thresholds) for part in estimates)
        variances = [block.diagonal for block in blocks]
        blocks = tuple(block.scaled(n.sum() / size) for block, size in zip(blocks, n, strict=True))
    else:
        joint, variances = _joint(estimates, clusters, thresholds=thresholds)
        blocks = (joint,)
    groups = tuple(
        _group(part, variance, weighted=weighted, thresholds=thresholds)
        for part, variance in zip(estimates, variances, strict=True)
    )
    correction = 1.0 if clusters is not None else float(n.sum() / (n.sum() - len(n)))
    return Stacked(groups, blocks, correction, clusters)


def _spread(estimates: two_step.TwoStepEstimates, *, thresholds: bool) -> Spread:
    """Asymptotic covariance of sqrt(n) times the moments of a group: the smaller of X and X'X."""
    n = estimates.responses.n_persons
    influences = two_step.Influences.of(estimates, thresholds, np.float64 if n < _MANY else np.float32)
    n_rows = len(estimates.responses.codes)
    if n_rows < influences.size:
        root = np.empty((n_rows, influences.size))
        for chunk, rows in influences.chunks():
            np.divide(rows.T, np.sqrt(n), out=root[chunk])
        return Spread(root=root)
    full = np.zeros((influences.size, influences.size))
    for _, rows in influences.chunks():
        full += rows @ rows.T
    full /= n
    return Spread(full=full)


def _joint(
    estimates: Sequence[two_step.TwoStepEstimates], clusters: Clusters, *, thresholds: bool
) -> tuple[Spread, list[Array]]:
    """Covariance of the moments of all groups, summed over clusters, and each group's variances without clusters."""
    influences = [two_step.Influences.of(part, thresholds) for part in estimates]
    ends = np.cumsum([0, *[each.size for each in influences]])
    sizes = [part.responses.n_persons for part in estimates]
    squares = [np.zeros(each.size) for each in influences]
    size, number, n = int(ends[-1]), clusters.number, sum(sizes)

    def sums(first: int, last: int) -> Array:
        found = np.zeros((last - first, size))
        for group, each in enumerate(influences):
            total = found[:, ends[group] : ends[group + 1]]
            each.add_sums(total, squares[group], clusters.codes[group], first)
            total *= np.sqrt(n) / sizes[group]
        return found

    if number < size:
        joint = Spread(root=sums(0, number))
    else:
        full = np.zeros((size, size))
        for first in range(0, number, two_step.CHUNK):
            root = sums(first, min(first + two_step.CHUNK, number))
            full += root.T @ root
        joint = Spread(full=full)
    return joint, [square / each for square, each in zip(squares, sizes, strict=True)]


def _group(estimates: two_step.TwoStepEstimates, variance: Array, *, weighted: bool, thresholds: bool) -> GroupMoments:
    """Moments of one group."""
    observed = estimates.correlations
    if thresholds:
        observed = np.concatenate([estimates.thresholds[estimates.threshold_places], observed])
    return GroupMoments(estimates, observed, 1.0 / variance if weighted else np.ones(observed.size))


def _check_distinct(estimates: two_step.TwoStepEstimates) -> None:
    """Refuse two items that are one: their correlation has no sampling variance to weight by."""
    same = np.flatnonzero(np.abs(estimates.correlations) >= two_step.LIMIT - 1e-6)
    if same.size:
        items = estimates.responses.items
        named = [f"{items[estimates.first[k]]} with {items[estimates.second[k]]}" for k in same[:5]]
        raise SingularMatrixError(
            f"The polychoric correlation of {', '.join(named)} is at its limit of one. Drop one item of the pair, or "
            "join categories until their table has no empty off-diagonal."
        )


def scaled_shifted(statistic: float, df: int, trace: float, square: float) -> tuple[float, float, float]:
    """Scaled-shifted statistic with its factor and shift (Asparouhov & Muthén 2010, equation 14).

    ``T* = T / c + b`` with ``1 / c = sqrt(df / tr((U Gamma)^2))`` and ``b = df - tr(U Gamma) / c``.
    """
    if df == 0:
        return statistic, 1.0, 0.0
    inverse = np.sqrt(df / square)
    shift = df - inverse * trace
    return float(statistic * inverse + shift), float(1.0 / inverse), float(shift)
