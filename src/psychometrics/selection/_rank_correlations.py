"""Spearman correlations of items, quick enough to be taken thousands of times."""

from __future__ import annotations

import numpy as np
import pandas as pd

from psychometrics._ranks import restore_ties

# Items with more values than this are no rating scales; their tables would be large and empty.
MOST_VALUES = 20


def pairwise_spearman(answers: pd.DataFrame) -> pd.DataFrame:
    """Return the Spearman matrix over complete pairs; NaN where one of the two does not vary.

    The answers to a pair are one table of counts; mid-ranks follow from its margins, so that no pair is ranked by
    itself.
    """
    values = answers.to_numpy(dtype=float)
    codes = np.unique(values[~np.isnan(values)])
    if len(codes) > MOST_VALUES:
        return answers.corr(method="spearman")
    chosen = (values[:, :, None] == codes).astype(np.float64).reshape(len(values), -1)
    p, c = values.shape[1], len(codes)
    counts = (chosen.T @ chosen).reshape(p, c, p, c).transpose(0, 2, 1, 3)
    rows, columns = _centred_ranks(counts.sum(axis=3)), _centred_ranks(counts.sum(axis=2))
    covariance = np.einsum("pqab,pqa,pqb->pq", counts, rows, columns, optimize=True)
    spread = np.sum(counts.sum(axis=3) * rows**2, axis=2) * np.sum(counts.sum(axis=2) * columns**2, axis=2)
    known = spread > 0
    matrix = np.where(known, covariance / np.sqrt(np.where(known, spread, 1.0)), np.nan)
    return pd.DataFrame(matrix, index=answers.columns, columns=answers.columns)


def _centred_ranks(margin: np.ndarray) -> np.ndarray:
    """Mid-ranks of the categories of a margin, less their mean."""
    return np.asarray(np.cumsum(margin, axis=-1) - margin / 2 - margin.sum(axis=-1, keepdims=True) / 2)


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
