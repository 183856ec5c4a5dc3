"""Two-step maximum likelihood of all polychoric correlations at once, and its influence functions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from psychometrics.errors import TooFewPersonsError
from psychometrics.ordinal import _bivariate as bivariate
from psychometrics.ordinal._encoding import OrdinalResponses

Array = NDArray[np.float64]

BEYOND = bivariate.BEYOND
# Rows taken at once where a (rows, pairs) array is built; bounds the memory, not the result.
CHUNK = 2048
# A correlation this close to one has no interior maximum (a table with an empty off-diagonal).
LIMIT = 0.9999
# Floor of a cell's probability; cells that hold anyone are far above it at the maximum.
_TINY = 1e-20
_STEPS = 60
_TOLERANCE = 1e-11
# A Newton step this short leaves an error of its square.
_SHORT = 1e-6
# Terms of the tetrachoric series behind the starting values.
_TERMS = 8


@dataclass(frozen=True)
class TwoStepEstimates:
    """Thresholds and correlations with the tables they came from.

    Attributes
    ----------
    responses : OrdinalResponses
    thresholds : ndarray, (n_items, most_categories - 1)
        Padded with :data:`bivariate.BEYOND` beyond an item's last threshold.
    first, second : ndarray of int, (n_pairs,)
        Items of each pair, in the order (1, 2), (1, 3), ..., (2, 3), ...
    counts : ndarray, (n_pairs, most_categories, most_categories)
    correlations : ndarray, (n_pairs,)
    probabilities : ndarray, (n_pairs, most_categories, most_categories)
        Of the cells of each table, at the correlation.
    corrected : ndarray of bool, (n_pairs,)
        Two-by-two tables with an empty cell, into which half a person was moved.
    """

    responses: OrdinalResponses
    thresholds: Array
    first: NDArray[np.intp]
    second: NDArray[np.intp]
    counts: Array
    correlations: Array
    probabilities: Array
    corrected: NDArray[np.bool_]

    @property
    def n_corrected(self) -> int:
        """Number of tables that were corrected."""
        return int(self.corrected.sum())

    @property
    def threshold_places(self) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Item and position of each real threshold."""
        items, positions = np.nonzero(self.thresholds < bivariate.BEYOND)
        return items, positions

    def matrix(self) -> Array:
        """Lay out the correlations as a symmetric matrix with a unit diagonal."""
        size = len(self.responses.items)
        result = np.eye(size)
        result[self.first, self.second] = self.correlations
        result[self.second, self.first] = self.correlations
        return result


def estimate(responses: OrdinalResponses) -> TwoStepEstimates:
    """Thresholds from the margins, then each correlation by maximum likelihood given them."""
    first, second = np.triu_indices(len(responses.items), 1)
    tables = pair_counts(responses)
    return from_tables(responses, np.einsum("iaia->ia", tables), tables[first, :, second, :])


def from_tables(responses: OrdinalResponses, margins: Array, counts: Array) -> TwoStepEstimates:
    """Estimate from how often each item received each category, and the table of each pair (changed in place)."""
    first, second = np.triu_indices(len(responses.items), 1)
    thresholds = _quantiles(margins, responses.n_categories)
    _check_overlap(counts, responses, first, second)
    both = np.maximum(responses.n_categories[first], responses.n_categories[second]) == 2
    corrected = adjust_fourfold(counts, both)
    correlations, inner = maximise(counts, thresholds[first], thresholds[second])
    cells = bivariate.cell_probabilities(thresholds[first], thresholds[second], correlations, inner)
    return TwoStepEstimates(responses, thresholds, first, second, counts, correlations, cells, corrected)


def _check_overlap(
    counts: Array, responses: OrdinalResponses, first: NDArray[np.intp], second: NDArray[np.intp]
) -> None:
    """Every pair of items needs people who answered both."""
    empty = np.flatnonzero(counts.sum(axis=(1, 2)) < 2)
    if empty.size:
        one, other = responses.items[first[empty[0]]], responses.items[second[empty[0]]]
        raise TooFewPersonsError(
            f"Fewer than two persons answered both {one} and {other} ({empty.size} such pairs). "
            "Drop one of the items, or analyse the forms separately."
        )


def category_counts(responses: OrdinalResponses) -> Array:
    """How often each item received each category, (n_items, most_categories)."""
    most = int(responses.n_categories.max())
    counts = [np.bincount(column, responses.weights, most + 1)[:most] for column in responses.codes.T]
    return np.stack(counts).astype(float)


def marginal_thresholds(responses: OrdinalResponses) -> Array:
    """Take normal quantiles of the cumulative proportions, padded to one width."""
    return _quantiles(category_counts(responses), responses.n_categories)


def _quantiles(counts: Array, n_categories: NDArray[np.intp]) -> Array:
    """Take normal quantiles of cumulative proportions, padded to one width."""
    cumulative = np.cumsum(counts, axis=1)[:, :-1] / counts.sum(axis=1, keepdims=True)
    beyond = np.arange(cumulative.shape[1]) >= n_categories[:, None] - 1
    cumulative[beyond] = 0.5
    return np.asarray(np.where(beyond, bivariate.BEYOND, ndtri(cumulative)))


def pair_counts(responses: OrdinalResponses) -> Array:
    """Cross tables of all pairs of items, (n_items, categories, n_items, categories)."""
    most = int(responses.n_categories.max())
    n_items = len(responses.items)
    total = np.zeros((n_items * most, n_items * most))
    values = np.arange(most, dtype=np.int8)
    # Single precision counts are exact: a chunk holds far fewer than 2**24 persons, if a row is a person.
    precision = np.float32 if responses.weights is None else np.float64
    for start in range(0, len(responses.codes), CHUNK):
        chunk = (responses.codes[start : start + CHUNK, :, None] == values).astype(precision)
        flat = chunk.reshape(len(chunk), -1)
        rows = flat if responses.weights is None else flat * responses.weights[start : start + CHUNK, None]
        total += rows.T @ flat
    return total.reshape(n_items, most, n_items, most)


def adjust_fourfold(counts: Array, fourfold: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Move half a person into a single empty cell of a 2 x 2 table (Brown & Benedetti 1977), in place; say where."""
    corrected = fourfold & ((counts[:, :2, :2] == 0).sum(axis=(1, 2)) == 1)
    for pair in np.flatnonzero(corrected):
        row, column = np.argwhere(counts[pair, :2, :2] == 0)[0]
        sign = 1.0 if row == column else -1.0
        counts[pair, :2, :2] += 0.5 * sign * np.array([[1.0, -1.0], [-1.0, 1.0]])
    return np.asarray(corrected)


def maximise(counts: Array, upper: Array, lower: Array) -> tuple[Array, Array]:
    """Maximum of each pair's likelihood in the correlation, with the distribution function there.

    Newton steps kept inside a shrinking bracket.
    """
    rho = starting_correlations(counts, upper, lower)
    inner = bivariate.distribution(upper, lower, rho)
    low, high = np.full(rho.size, -LIMIT), np.full(rho.size, LIMIT)
    active = np.arange(rho.size)
    for _ in range(_STEPS):
        now = rho[active]
        slope, curvature = _derivatives(counts[active], upper[active], lower[active], now, inner[active])
        low[active] = np.where(slope > 0, now, low[active])
        high[active] = np.where(slope < 0, now, high[active])
        proposal = now - slope / np.where(curvature < 0, curvature, -np.inf)
        outside = (curvature >= 0) | (proposal <= low[active]) | (proposal >= high[active])
        proposal = np.where(outside, 0.5 * (low[active] + high[active]), proposal)
        rho[active] = proposal
        inner[active] = bivariate.moved(inner[active], upper[active], lower[active], now, proposal)
        active = active[np.abs(proposal - now) > np.where(outside, _TOLERANCE, _SHORT)]
        if not active.size:
            break
    return rho, inner


def starting_correlations(counts: Array, upper: Array, lower: Array) -> Array:
    """Correlation at which the tetrachoric series gives the covariance of the category positions.

    ``cov = sum_k rho^k / k! h_k(a) h_k(b)`` with ``h_k(a) = sum_i He_(k-1)(a_i) phi(a_i)`` over an item's thresholds
    (Pearson 1900).
    """
    terms = _series(upper) * _series(lower) / np.cumprod(np.arange(1.0, _TERMS + 1))
    goal = position_covariance(counts)
    rho = np.clip(goal / terms[:, 0], -0.9, 0.9)
    powers = np.arange(_TERMS)
    for _ in range(4):
        raised = rho[:, None] ** powers
        slope = np.sum(terms * (powers + 1) * raised, axis=1)
        gap = goal - rho * np.sum(terms * raised, axis=1)
        rho = np.clip(rho + np.divide(gap, slope, out=np.zeros_like(gap), where=slope > 0), -0.9, 0.9)
    return np.asarray(rho)


def _series(thresholds: Array) -> Array:
    """Sum Hermite polynomials times the density over the thresholds of each row, (n_rows, terms)."""
    density = np.exp(-0.5 * thresholds**2) / np.sqrt(2.0 * np.pi)
    before, now = np.zeros_like(thresholds), np.ones_like(thresholds)
    sums = []
    for order in range(_TERMS):
        sums.append(np.sum(now * density, axis=1))
        before, now = now, thresholds * now - order * before
    return np.stack(sums, axis=1)


def position_covariance(counts: Array) -> Array:
    """Covariance of the category positions of each table."""
    total = counts.sum(axis=(1, 2))
    total = np.where(total > 0, total, 1.0)
    position = np.arange(counts.shape[1], dtype=float)
    mean_row = counts.sum(axis=2) @ position / total
    mean_column = counts.sum(axis=1) @ position / total
    return np.asarray((counts @ position) @ position / total - mean_row * mean_column)


def _derivatives(counts: Array, upper: Array, lower: Array, rho: Array, inner: Array) -> tuple[Array, Array]:
    """First and second derivative of each pair's log-likelihood in the correlation."""
    probability = np.maximum(bivariate.cell_probabilities(upper, lower, rho, inner), _TINY)
    density = bivariate.density(upper, lower, rho)
    score = bivariate.cell_differences(density) / probability
    bend = bivariate.cell_differences(density * bivariate.density_slope(upper, lower, rho)) / probability
    return np.einsum("pab,pab->p", counts, score), np.einsum("pab,pab->p", counts, bend - score * score)


def threshold_influence(estimates: TwoStepEstimates) -> Array:
    """Influence of a response on its item's thresholds, (n_items, categories + 1, thresholds).

    The last category is a missing response, which has none. A threshold is a function of a proportion,
    so that the influence is (1{y <= k} - P_k) / phi(tau_k), divided by the share who answered the item.
    """
    thresholds = estimates.thresholds
    counts = category_counts(estimates.responses)
    real = thresholds < bivariate.BEYOND
    density = np.where(real, np.exp(-0.5 * thresholds**2) / np.sqrt(2.0 * np.pi), np.inf)
    width = thresholds.shape[1]
    below = np.arange(width + 2)[:, None] <= np.arange(width)
    influence = (below[None] - ndtr(thresholds)[:, None, :]) / density[:, None, :]
    influence[:, -1, :] = 0.0
    share = counts.sum(axis=1) / estimates.responses.n_persons
    return np.asarray(influence / share[:, None, None])


def correlation_influence(estimates: TwoStepEstimates) -> Array:
    """Influence of a pair of responses on the pair's correlation, (n_pairs, categories + 1, categories + 1).

    The score of the correlation, less what the estimated thresholds take away, divided by the information
    (outer product of scores, Muthén 1984). The last row and column are missing responses.
    """
    first, second = estimates.first, estimates.second
    upper, lower, rho = estimates.thresholds[first], estimates.thresholds[second], estimates.correlations
    probability = np.maximum(estimates.probabilities, _TINY)
    score = bivariate.cell_differences(bivariate.density(upper, lower, rho)) / probability
    weighted = estimates.counts * score / probability
    information = np.einsum("pab,pab->p", estimates.counts, score * score)
    from_thresholds = threshold_influence(estimates)
    cross_first = _cross_information(weighted, upper, lower, rho)
    cross_second = _cross_information(weighted.transpose(0, 2, 1), lower, upper, rho)
    influence = np.pad(score, ((0, 0), (0, 1), (0, 1))) * estimates.responses.n_persons
    influence -= np.einsum("pk,pak->pa", cross_first, from_thresholds[first])[:, :, None]
    influence -= np.einsum("pk,pbk->pb", cross_second, from_thresholds[second])[:, None, :]
    return np.asarray(influence / information[:, None, None])


def _cross_information(weighted: Array, upper: Array, lower: Array, rho: Array) -> Array:
    """Outer product of the scores of the correlation and of the row item's thresholds."""
    scale = np.sqrt(1.0 - rho**2)[:, None, None]
    conditional = ndtr((lower[:, None, :] - rho[:, None, None] * upper[:, :, None]) / scale)
    # Difference over the columns: probability that the other item falls into each category, at the threshold.
    slabs = np.diff(np.pad(conditional, ((0, 0), (0, 0), (1, 0))), axis=2, append=1.0)
    density = np.exp(-0.5 * upper**2) / np.sqrt(2.0 * np.pi)
    steps = weighted[:, :-1, :] - weighted[:, 1:, :]
    return np.asarray(density * np.einsum("pkb,pkb->pk", slabs, steps))


@dataclass(frozen=True)
class Influences:
    """Influence of each person on thresholds (or not) and correlations.

    Attributes
    ----------
    estimates : TwoStepEstimates
    of_threshold : ndarray or None
        :func:`threshold_influence`; None leaves the thresholds out.
    of_correlation : ndarray
        :func:`correlation_influence`.
    """

    estimates: TwoStepEstimates
    of_threshold: NDArray[np.floating] | None
    of_correlation: NDArray[np.floating]

    @classmethod
    def of(
        cls, estimates: TwoStepEstimates, thresholds: bool = True, precision: type[np.floating] = np.float64
    ) -> Influences:
        """Tables that each person's influence is looked up in."""
        of_threshold = threshold_influence(estimates).astype(precision) if thresholds else None
        return cls(estimates, of_threshold, correlation_influence(estimates).astype(precision))

    @property
    def size(self) -> int:
        """Number of moments."""
        thresholds = 0 if self.of_threshold is None else self.estimates.threshold_places[0].size
        return thresholds + self.estimates.correlations.size

    def on_thresholds(self, persons: slice | NDArray[np.intp]) -> Array:
        """Influence of some persons on the thresholds, (n_thresholds, n_rows)."""
        assert self.of_threshold is not None
        items, positions = self.estimates.threshold_places
        return np.asarray(self.of_threshold[items[:, None], self._codes(persons)[items], positions[:, None]])

    def rows(self, persons: slice | NDArray[np.intp]) -> Array:
        """Influence of some persons, (n_moments, n_rows): each pair looks up a small table that stays at hand."""
        codes, (first, second) = self._codes(persons), (self.estimates.first, self.estimates.second)
        width = self.of_correlation.shape[1]
        cells = (codes * width)[first]
        cells += codes[second]
        cells += (np.arange(first.size, dtype=np.int32) * (width * width))[:, None]
        found = np.empty((self.size, codes.shape[1]), self.of_correlation.dtype)
        start = self.size - first.size
        np.take(self.of_correlation.ravel(), cells, mode="clip", out=found[start:])
        if start:
            found[:start] = self.on_thresholds(persons)
        return found

    def _codes(self, persons: slice | NDArray[np.intp]) -> NDArray[np.int32]:
        """Codes of some persons, a row an item."""
        return np.ascontiguousarray(self.estimates.responses.codes[persons].T, dtype=np.int32)

    def chunks(self) -> Iterator[tuple[slice, Array]]:
        """Yield the influence of some rows at a time, (n_moments, n_rows).

        Where a row stands for many persons it is multiplied by the root of their number, so that products add up.
        """
        weights = self.estimates.responses.weights
        for start in range(0, len(self.estimates.responses.codes), CHUNK):
            chunk = slice(start, start + CHUNK)
            yield chunk, self.rows(chunk) if weights is None else self.rows(chunk) * np.sqrt(weights[chunk])

    def add_sums(self, total: Array, squares: Array, clusters: NDArray[np.intp], first: int = 0) -> None:
        """Add the influences of each of some clusters, and the squares of every person's influence.

        Parameters
        ----------
        total : ndarray, (n_clusters, n_moments)
            Of the clusters from `first` on.
        squares : ndarray, (n_moments,)
        clusters : ndarray of int, (n_persons,)
        """
        order = np.argsort(clusters, kind="stable")
        start, stop = np.searchsorted(clusters[order], [first, first + len(total)])
        for at in range(start, stop, CHUNK):
            persons = order[at : min(at + CHUNK, stop)]
            numbers, found = clusters[persons] - first, self.rows(persons)
            begins = np.flatnonzero(np.diff(numbers, prepend=-1))
            total[numbers[begins]] += np.add.reduceat(found, begins, axis=1).T
            squares += np.einsum("mn,mn->m", found, found)


def asymptotic_covariance(estimates: TwoStepEstimates, clusters: NDArray[np.intp] | None = None) -> Array:
    """Covariance of sqrt(n) times thresholds and correlations (Muthén 1984), thresholds first.

    With clusters, numbered from 0, the influences are summed over each before they are squared.
    """
    n, influences = estimates.responses.n_persons, Influences.of(estimates)
    if clusters is None:
        return np.asarray(sum((rows @ rows.T for _, rows in influences.chunks()), np.zeros(())) / n)
    total = np.zeros((int(clusters.max()) + 1, influences.size))
    influences.add_sums(total, np.zeros(influences.size), clusters)
    return np.asarray(total.T @ total / n)


def threshold_variance(estimates: TwoStepEstimates) -> Array:
    """Estimate the sampling variance of each threshold."""
    influence = threshold_influence(estimates)
    counts = np.pad(category_counts(estimates.responses), ((0, 0), (0, 1)))
    variance = np.einsum("ia,iak->ik", counts, influence**2) / estimates.responses.n_persons**2
    return np.asarray(variance[estimates.threshold_places])
