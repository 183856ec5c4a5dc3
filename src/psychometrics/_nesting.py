"""People in clusters: codes, resamples of whole clusters, and what nesting costs in precision."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from psychometrics._checks import cluster_codes, share
from psychometrics.errors import InputShapeError

# Draws that differ by less than this are the same but for rounding.
_SAME = 1e-12
# Counts of resampled units that are in memory at once (16 MB).
_COUNTS_AT_ONCE = 2_000_000
# Units from which drawing them one by one and counting replaces a draw of all counts, which takes seven times as long.
_MANY_UNITS = 10_000


def nested_in(clusters: pd.Series, index: pd.Index) -> tuple[np.ndarray, int]:
    """Return the cluster of each row as a number, and how many there are; refuse rows without one."""
    if not isinstance(clusters, pd.Series) or not index.equals(clusters.index):
        raise InputShapeError(
            "clusters must be a Series with the index of the data, in the same order: reindex it first"
        )
    codes = cluster_codes(clusters, len(index))
    return codes, int(codes.max()) + 1


def resample_counts(n_units: int, n_resamples: int, seed: int) -> np.ndarray:
    """Return how often each unit is drawn in each resample, shape (n_resamples, n_units)."""
    return np.vstack(list(resample_blocks(n_units, n_resamples, seed)))


def resample_blocks(n_units: int, n_resamples: int, seed: int) -> Iterator[np.ndarray]:
    """Yield the same counts in blocks of resamples, so that those of very many units are never all in memory."""
    if n_resamples < 2:
        raise InputShapeError(f"at least two resamples are needed, got {n_resamples}")
    chances, stream = np.full(n_units, 1 / n_units), np.random.default_rng(seed)
    size = max(1, _COUNTS_AT_ONCE // n_units)
    for start in range(0, n_resamples, size):
        rows = min(size, n_resamples - start)
        if n_units < _MANY_UNITS:
            yield stream.multinomial(n_units, chances, rows).astype(float)
            continue
        drawn = (stream.integers(0, n_units, n_units) for _ in range(rows))
        yield np.array([np.bincount(places, minlength=n_units) for places in drawn], dtype=float)


def clustered_error(influences: np.ndarray, codes: np.ndarray) -> tuple[float, int]:
    r"""Return the standard error of a statistic from the persons' influences on it, and the number of clusters C.

    :math:`\sqrt{\frac{C}{C-1}\sum_c(\sum_{i\in c}\psi_i)^2}/n`; NaN with one cluster.
    """
    places = pd.factorize(codes)[0]
    count = int(places.max()) + 1
    if count < 2:
        return float("nan"), count
    sums = np.bincount(places, influences)
    return float(np.sqrt((sums**2).sum() * count / (count - 1)) / len(influences)), count


@dataclass(frozen=True)
class Percentiles:
    """Percentile bounds of a bootstrap, or ``NaN`` with the reason; resamples lost are counted."""

    lower: float
    upper: float
    variance: float
    n_failed: int
    note: str


def percentiles(draws: np.ndarray, confidence: float) -> Percentiles:
    """Return the bounds over the resamples in which the statistic is defined."""
    share(confidence)
    known, nothing = draws[np.isfinite(draws)], float("nan")
    failed = len(draws) - len(known)
    if 2 * len(known) < len(draws) or len(known) < 2:
        return Percentiles(nothing, nothing, nothing, failed, "undefined in most resamples, so there is no interval")
    if np.ptp(known) < _SAME:
        return Percentiles(nothing, nothing, nothing, failed, "the same in every resample, so there is no interval")
    lower, upper = np.quantile(known, ((1 - confidence) / 2, (1 + confidence) / 2))
    note = f"{failed} resamples in which it is undefined left out" if failed else ""
    return Percentiles(float(lower), float(upper), float(known.var(ddof=1)), failed, note)


def effective_size(n: float, design_effect: float) -> float:
    """Return the number of independent persons that n nested ones are worth."""
    return n / design_effect if design_effect > 0 else float("nan")
