"""Spearman correlations of items, quick enough to be taken thousands of times."""

from __future__ import annotations

import numpy as np
import pandas as pd

from psychometrics._ranks import restore_ties


def spearman(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Spearman's rho of each column of one table with that of another, over complete pairs; NaN where one is constant.

    Different values are few, also of means of ratings: their ranks follow from how often each occurs.
    """
    return _correlations([_places(column) for column in a.T], [_places(column) for column in b.T])


def rest_and_total(scale: np.ndarray) -> tuple[list[float], list[float]]:
    """Spearman correlations of the items of one scale with the mean of the other items and with that of all."""
    answered = ~np.isnan(scale)
    filled = np.where(answered, scale, 0.0)
    number, total = answered.sum(axis=1), filled.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        rests = (total[:, None] - filled) / (number[:, None] - answered)
        mean = total / number
    items = [_places(column) for column in scale.T]
    with_rest = _correlations(items, [_places(column) for column in rests.T])
    return with_rest.tolist(), _correlations(items, [_places(mean)] * len(items)).tolist()


def _places(column: np.ndarray) -> np.ndarray:
    """Return the place of each value among the different ones, equal ones but for rounding noise at one; -1 for NaN."""
    found, values = pd.factorize(column)
    _, places = np.unique(restore_ties(values), return_inverse=True)
    return np.asarray(np.append(places, -1)[found])


def _correlations(a: list[np.ndarray], b: list[np.ndarray]) -> np.ndarray:
    """Correlate the ranks of each column of places with those of its partner."""
    return np.array([_rho(one, other) for one, other in zip(a, b, strict=True)])


def _rho(a: np.ndarray, b: np.ndarray) -> float:
    """Correlate the ranks of two columns of places over complete pairs."""
    both = (a >= 0) & (b >= 0)
    a, b = (a, b) if both.all() else (a[both], b[both])
    x, y = _centred_ranks(np.bincount(a)), _centred_ranks(np.bincount(b))
    own, other = x[a], y[b]
    spread = np.sqrt((own @ own) * (other @ other))
    return float(own @ other / spread) if spread > 0 else np.nan


def _centred_ranks(counts: np.ndarray) -> np.ndarray:
    """Mid-ranks of values that occur so often, less their mean."""
    return np.asarray(np.cumsum(counts) - counts / 2 - counts.sum() / 2)
