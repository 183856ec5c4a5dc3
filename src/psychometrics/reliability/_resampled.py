"""Intervals of reliability coefficients by resampling persons or clusters."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from psychometrics._checks import cluster_codes
from psychometrics.errors import PsychometricsError

if TYPE_CHECKING:
    from psychometrics.resampling import BootstrapInterval

NAN = float("nan")
# A variance below this share of the whole sample's is rounding noise: the item is constant in the resample.
_NO_VARIANCE = 1e-12
_SMALLEST_SAMPLE = 3


@dataclass(frozen=True)
class Ends:
    """Ends of an interval and what became of the resamples."""

    lower: float = NAN
    upper: float = NAN
    n_resamples: int = 0
    n_failed: int = 0
    n_clusters: int = 0
    notes: tuple[str, ...] = field(default_factory=tuple)


def ends_of(drawn: BootstrapInterval, n_clusters: int = 0) -> Ends:
    """Return the ends of a bootstrap interval of one number."""
    lower, upper = float(drawn.lower.iloc[0]), float(drawn.upper.iloc[0])
    return Ends(lower, upper, drawn.n_resamples, drawn.n_failed, n_clusters, drawn.notes)


def clusters_of_kept(clusters: pd.Series | None, responses: pd.DataFrame, missing: str) -> pd.Series | None:
    """Return the clusters of the persons that a missing rule keeps, in their order."""
    if clusters is None:
        return None
    codes = pd.Series(cluster_codes(clusters, len(responses)))
    if missing == "pairwise":
        return codes
    return codes[responses.notna().all(axis=1).to_numpy()].reset_index(drop=True)


def n_clusters_of(clusters: pd.Series | None) -> int:
    """Return how many clusters there are, 0 without any."""
    return 0 if clusters is None else int(clusters.nunique())


@dataclass(frozen=True)
class AlphaOfCounts:
    """Coefficient alpha of every resample from how often each person, or cluster, is drawn; answers without gaps.

    Attributes
    ----------
    sums : ndarray of shape (n_units, 2 n_items + 2)
        Of the answers, less their means, of their squares, of the total and of its square, over each unit.
    sizes : ndarray of shape (n_units,)
        Persons of each unit.
    whole : ndarray of shape (n_items + 1,)
        Variances of items and total in the whole sample.
    """

    sums: np.ndarray
    sizes: np.ndarray
    whole: np.ndarray

    @classmethod
    def of(cls, values: np.ndarray, clusters: pd.Series | None) -> AlphaOfCounts:
        """Sum over clusters, where there are any."""
        x = values - values.mean(axis=0)
        total = x.sum(axis=1)
        columns, whole = np.column_stack([x, x**2, total, total**2]), np.column_stack([x, total]).var(axis=0)
        if clusters is None:
            return cls(columns, np.ones(len(x)), whole)
        codes = cluster_codes(clusters, len(values))
        summed = np.stack([np.bincount(codes, column) for column in columns.T], axis=1)
        return cls(summed, np.bincount(codes).astype(float), whole)

    def __call__(self, counts: np.ndarray) -> np.ndarray:
        """Return alpha for each row of counts, NaN where an item or the sum does not vary."""
        k, n, sums = len(self.whole) - 1, counts @ self.sizes, counts @ self.sums
        # unbiased variances from sums and sums of squares about the sample's means
        means, squares = sums[:, [*range(k), -2]], sums[:, [*range(k, 2 * k), -1]]
        means = means / n[:, None]
        variances = (squares - n[:, None] * means**2) / np.maximum(n - 1, 1)[:, None]
        sound = (variances > _NO_VARIANCE * np.maximum(self.whole, np.finfo(float).tiny)).all(axis=1)
        sound &= n >= _SMALLEST_SAMPLE
        ratio = variances[:, :k].sum(axis=1) / np.where(sound, variances[:, k], 1.0)
        return np.asarray(np.where(sound, k / (k - 1) * (1 - ratio), np.nan))[:, None]


@dataclass(frozen=True)
class OfCovariances:
    """Any coefficient of a covariance matrix in every resample; pairs over the persons who answered both."""

    values: np.ndarray
    coefficient: Callable[[np.ndarray], float | np.ndarray]
    size: int = 1

    def __call__(self, counts: np.ndarray) -> np.ndarray:
        """Return the coefficient for each row of counts, NaN where it is not defined."""
        found = np.full((len(counts), self.size), np.nan)
        for place, weights in enumerate(counts):
            covariances = weighted_covariances(self.values, weights)
            if covariances is not None:
                try:
                    found[place] = self.coefficient(covariances)
                except PsychometricsError:
                    continue
        return found


def weighted_covariances(values: np.ndarray, weights: np.ndarray) -> np.ndarray | None:
    """Return covariances (divisor n - 1) of rows counted by weights, pair by pair; None where one is not defined."""
    centred = values - np.nanmean(values, axis=0)
    spread = np.nanvar(values, axis=0)
    if not np.isnan(values).any():
        n = weights.sum()
        if n < _SMALLEST_SAMPLE:
            return None
        x = centred - weights @ centred / n
        found = (x * weights[:, None]).T @ x / (n - 1)
    else:
        answered = ~np.isnan(values)
        x, present = np.where(answered, centred, 0.0), answered.astype(float)
        weighted, weighted_given = x * weights[:, None], present * weights[:, None]
        n = weighted_given.T @ present
        if n.min() < _SMALLEST_SAMPLE:
            return None
        sums = weighted.T @ present
        found = (weighted.T @ x - sums * sums.T / n) / (n - 1)
    return found if (np.diag(found) > _NO_VARIANCE * spread).all() else None
