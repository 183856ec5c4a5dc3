"""Errors of correlations of people in clusters, from what each person adds to Fisher's z."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

from psychometrics._nesting import clustered_error, effective_size

# A spread of influences below this is zero but for rounding.
_NO_SPREAD = 1e-12


@dataclass(frozen=True)
class NestedPrecision:
    """Interval, p and design effect of one correlation of people in clusters; ``NaN`` where undefined."""

    lower: float
    upper: float
    p: float
    n_clusters: int
    design_effect: float
    effective_n: float


def nested_precision(
    a: np.ndarray, b: np.ndarray, clusters: np.ndarray, ranked: bool, confidence: float
) -> NestedPrecision:
    r"""Return what clusters make of the precision of a correlation.

    With :math:`\psi_i` the influence of person i on Fisher's z, the variance is
    :math:`\frac{C}{C-1}\frac{1}{n^2}\sum_c(\sum_{i\in c}\psi_i)^2` over C clusters, referred to t with C - 1 degrees of
    freedom. The design effect divides it by the same with every person a cluster.
    """
    n, r = len(a), _correlation(a, b, ranked)
    n_clusters = len(np.unique(clusters))
    nothing = NestedPrecision(np.nan, np.nan, np.nan, n_clusters, np.nan, np.nan)
    if n_clusters < 2 or 1 - abs(r) < _NO_SPREAD:
        return nothing
    error, alone = (fisher_error(a, b, units, ranked) for units in (clusters, np.arange(n)))
    if not min(error, alone) > 0:
        return nothing
    z = np.arctanh(r)
    margin = stats.t.ppf((1 + confidence) / 2, n_clusters - 1) * error
    p = 2 * float(stats.t.sf(abs(z) / error, n_clusters - 1))
    effect = (error / alone) ** 2
    return NestedPrecision(
        float(np.tanh(z - margin)), float(np.tanh(z + margin)), p, n_clusters, effect, effective_size(n, effect)
    )


def fisher_error(a: np.ndarray, b: np.ndarray, clusters: np.ndarray, ranked: bool) -> float:
    """Return the standard error of Fisher's z with clusters as the sample; NaN where it is undefined."""
    r = _correlation(a, b, ranked)
    if 1 - abs(r) < _NO_SPREAD:
        return float("nan")
    error, _ = clustered_error((_rank_influence if ranked else _influence)(a, b) / (1 - r**2), clusters)
    return error if error > _NO_SPREAD else float("nan")


def _correlation(a: np.ndarray, b: np.ndarray, ranked: bool) -> float:
    """Return Pearson's correlation, of mid-ranks where ranked."""
    x, y = (stats.rankdata(side) if ranked else side for side in (a, b))
    return float(np.clip(np.corrcoef(x, y)[0, 1], -1, 1))


def _influence(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return each person's influence on Pearson's correlation."""
    x, y = ((side - side.mean()) / side.std() for side in (a, b))
    return np.asarray(x * y - (x * y).mean() * (x**2 + y**2) / 2)


def _rank_influence(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return each person's influence on Spearman's correlation, ties included.

    The correlation of mid-distributions F(x) = P(X < x) + P(X = x) / 2: a person moves the products themselves and,
    through F, the place of everybody else.
    """
    n = len(a)
    f, g = ((stats.rankdata(side) - 0.5) / n for side in (a, b))
    covariance = _moment(f * g, _above(a, g), _above(b, f))
    spread_f, spread_g = _moment(f**2, 2 * _above(a, f)), _moment(g**2, 2 * _above(b, g))
    variances = f.var(), g.var()
    scale = np.sqrt(variances[0] * variances[1])
    r = float(np.mean((f - 0.5) * (g - 0.5)) / scale)
    return np.asarray(covariance / scale - r / 2 * (spread_f / variances[0] + spread_g / variances[1]))


def _moment(product: np.ndarray, *through_others: np.ndarray) -> np.ndarray:
    """Return each person's influence on the mean of a product of mid-distributions."""
    return np.asarray(product + sum(through_others) - 3 * product.mean())


def _above(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return, for each value, the mean over people of the weight of those above it, ties counted half."""
    codes = np.unique(values, return_inverse=True)[1]
    sums = np.bincount(codes, weights)
    return np.asarray((sums.sum() - np.cumsum(sums) + sums / 2)[codes] / len(values))
