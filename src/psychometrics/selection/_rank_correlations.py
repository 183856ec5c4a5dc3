"""Spearman correlations of items, quick enough to be taken thousands of times."""

from __future__ import annotations

import numpy as np

from psychometrics._ranks import restore_ties


def spearman(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Spearman's rho of each column of one table with that of another, over complete pairs; NaN where one is constant.

    All columns are ranked in one sort: what lacks its partner goes behind the others and counts nothing.
    """
    from scipy.stats import rankdata

    both = ~(np.isnan(a) | np.isnan(b))
    number = both.sum(axis=0)
    x, y = (
        np.where(both, rankdata(np.where(both, side, np.inf), axis=0) - (number + 1) / 2, 0.0)
        for side in (_with_ties(a), _with_ties(b))
    )
    spread = np.sqrt((x * x).sum(axis=0) * (y * y).sum(axis=0))
    known = spread > 0
    return np.where(known, (x * y).sum(axis=0) / np.where(known, spread, 1.0), np.nan)


def _with_ties(values: np.ndarray) -> np.ndarray:
    """Restore ties in every column."""
    return np.column_stack([restore_ties(column) for column in values.T])


def rest_and_total(scale: np.ndarray) -> tuple[list[float], list[float]]:
    """Spearman correlations of the items of one scale with the mean of the other items and with that of all."""
    answered = ~np.isnan(scale)
    filled = np.where(answered, scale, 0.0)
    number, total = answered.sum(axis=1), filled.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        rests = (total[:, None] - filled) / (number[:, None] - answered)
        mean = np.broadcast_to((total / number)[:, None], scale.shape)
    return spearman(scale, rests).tolist(), spearman(scale, mean).tolist()
