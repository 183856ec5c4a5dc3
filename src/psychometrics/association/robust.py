"""Errors of correlations of people in clusters, from what each person adds to Fisher's z."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
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
    n, n_clusters = len(a), len(pd.unique(clusters))
    nothing = NestedPrecision(np.nan, np.nan, np.nan, n_clusters, np.nan, np.nan)
    r, influence = _on_fisher(a, b, ranked)
    if n_clusters < 2 or influence is None:
        return nothing
    error, alone = (_error(influence, units) for units in (clusters, np.arange(n)))
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
    _, influence = _on_fisher(a, b, ranked)
    return float("nan") if influence is None else _error(influence, clusters)


def _error(influence: np.ndarray, clusters: np.ndarray) -> float:
    """Return the standard error from each person's influence; NaN where there is none but for rounding."""
    error, _ = clustered_error(influence, clusters)
    return error if error > _NO_SPREAD else float("nan")


def _on_fisher(a: np.ndarray, b: np.ndarray, ranked: bool) -> tuple[float, np.ndarray | None]:
    """Return a correlation and each person's influence on its Fisher's z; no influence where it is perfect."""
    sides = [_Ranks.of(side) for side in (a, b)] if ranked else []
    x, y = (side.ranks for side in sides) if ranked else (a, b)
    r = float(np.clip(np.corrcoef(x, y)[0, 1], -1, 1))
    if 1 - abs(r) < _NO_SPREAD:
        return r, None
    return r, (_rank_influence(*sides) if ranked else _influence(a, b)) / (1 - r**2)


@dataclass(frozen=True)
class _Ranks:
    """The different values of a variable by number, and everybody's mid-rank."""

    codes: np.ndarray
    ranks: np.ndarray

    @classmethod
    def of(cls, values: np.ndarray) -> _Ranks:
        """Rank the values."""
        # Different values are few: they are found by hashing, which takes no sorting of persons.
        codes = pd.factorize(values, sort=True)[0]
        counts = np.bincount(codes)
        return cls(codes, (np.cumsum(counts) - (counts - 1) / 2)[codes])

    def above(self, weights: np.ndarray) -> np.ndarray:
        """Return, for each person, the mean over people of the weight of those above them, ties counted half."""
        sums = np.bincount(self.codes, weights)
        return np.asarray((sums.sum() - np.cumsum(sums) + sums / 2)[self.codes] / len(self.codes))


def _influence(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return each person's influence on Pearson's correlation."""
    x, y = ((side - side.mean()) / side.std() for side in (a, b))
    return np.asarray(x * y - (x * y).mean() * (x**2 + y**2) / 2)


def _rank_influence(a: _Ranks, b: _Ranks) -> np.ndarray:
    """Return each person's influence on Spearman's correlation, ties included.

    The correlation of mid-distributions F(x) = P(X < x) + P(X = x) / 2: a person moves the products themselves and,
    through F, the place of everybody else.
    """
    f, g = ((side.ranks - 0.5) / len(side.ranks) for side in (a, b))
    covariance = _moment(f * g, a.above(g), b.above(f))
    spread_f, spread_g = _moment(f**2, 2 * a.above(f)), _moment(g**2, 2 * b.above(g))
    variances = f.var(), g.var()
    scale = np.sqrt(variances[0] * variances[1])
    r = float(np.mean((f - 0.5) * (g - 0.5)) / scale)
    return np.asarray(covariance / scale - r / 2 * (spread_f / variances[0] + spread_g / variances[1]))


def _moment(product: np.ndarray, *through_others: np.ndarray) -> np.ndarray:
    """Return each person's influence on the mean of a product of mid-distributions."""
    return np.asarray(product + sum(through_others) - 3 * product.mean())
