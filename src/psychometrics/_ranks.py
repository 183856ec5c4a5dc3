"""Ranks that mean what they say: values equal but for rounding noise tie."""

from __future__ import annotations

import numpy as np
import pandas as pd

# Items with more values than this are no rating scales; their tables would be large and empty.
MOST_VALUES = 20
# Rows that are counted at once.
_ROWS = 4_096


def restore_ties(values: np.ndarray) -> np.ndarray:
    """Round to 12 digits of the largest value, so that means equal but for rounding noise tie in ranks."""
    known = np.abs(values[np.isfinite(values)])
    if len(known) == 0 or known.max() == 0:
        return values
    return np.asarray(np.round(values, 12 - int(np.ceil(np.log10(known.max())))))


def mid_ranks(values: np.ndarray) -> np.ndarray:
    """Rank values, ties at their mean rank; different values of ratings are few, and persons need no sorting."""
    places, different = pd.factorize(values)
    order, counts = np.argsort(different), np.bincount(places)
    ranks = np.empty(len(different))
    ranks[order] = np.cumsum(counts[order]) - (counts[order] - 1) / 2
    return np.asarray(ranks[places])


def pairwise_spearman(answers: pd.DataFrame) -> pd.DataFrame:
    """Return the Spearman matrix over complete pairs; NaN where one of the two does not vary.

    The answers to a pair are one table of counts; mid-ranks follow from its margins, so that no pair is ranked by
    itself.
    """
    values = answers.to_numpy(dtype=float)
    codes = np.unique(values[~np.isnan(values)])
    if len(codes) > MOST_VALUES:
        return answers.corr(method="spearman")
    p, c = values.shape[1], len(codes)
    table = np.zeros((p * c, p * c))
    for start in range(0, len(values), _ROWS):
        part = values[start : start + _ROWS]
        # Single precision counts are exact: a part holds far fewer than 2**24 rows.
        chosen = (part[:, :, None] == codes).astype(np.float32).reshape(len(part), p * c)
        table += chosen.T @ chosen
    counts = table.reshape(p, c, p, c).transpose(0, 2, 1, 3)
    rows, columns = _centred_ranks(counts.sum(axis=3)), _centred_ranks(counts.sum(axis=2))
    covariance = np.einsum("pqab,pqa,pqb->pq", counts, rows, columns, optimize=True)
    spread = np.sum(counts.sum(axis=3) * rows**2, axis=2) * np.sum(counts.sum(axis=2) * columns**2, axis=2)
    known = spread > 0
    matrix = np.where(known, covariance / np.sqrt(np.where(known, spread, 1.0)), np.nan)
    return pd.DataFrame(matrix, index=answers.columns, columns=answers.columns)


def _centred_ranks(margin: np.ndarray) -> np.ndarray:
    """Mid-ranks of the categories of a margin, less their mean."""
    return np.asarray(np.cumsum(margin, axis=-1) - margin / 2 - margin.sum(axis=-1, keepdims=True) / 2)
