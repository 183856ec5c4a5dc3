"""The score on which persons are matched: what they show of a competency apart from the studied item."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd

from psychometrics._checks import Label
from psychometrics.dif._trait import expected_traits

Matching = Literal["trait", "rest", "total"]
MATCHINGS = ("trait", "rest", "total")


def matching_scores(
    answers: pd.DataFrame,
    groups: np.ndarray,
    weights: np.ndarray,
    anchors: list[Label],
    matching: str,
    minimum_answered: float,
) -> tuple[np.ndarray, tuple[Label, ...]]:
    """Return the score of every row for every item of one scale, and the anchors too steep for a trait.

    A score is NaN where too little was answered.

    Parameters
    ----------
    answers : DataFrame of shape (n_rows, n_items)
        One scale.
    groups : ndarray of int, shape (n_rows,)
    weights : ndarray of shape (n_rows,)
        Persons that a row stands for.
    anchors : list of str
        Items that make up the score.
    matching : {"trait", "rest", "total"}
    minimum_answered : float
        Share of the score's items that a person must have answered.
    """
    parts = _parts(answers, anchors, include_studied=matching == "total")
    counts = answers.notna().to_numpy(dtype=float) @ parts
    enough = counts >= np.maximum(minimum_answered * parts.sum(axis=0), 1)
    if matching == "trait":
        traits, steep = expected_traits(answers, groups, anchors, weights)
        return np.where(enough, traits, np.nan), steep
    totals = answers.fillna(0).to_numpy() @ parts
    return np.where(enough, totals / np.maximum(counts, 1), np.nan), ()


def _parts(answers: pd.DataFrame, anchors: list[Label], include_studied: bool) -> np.ndarray:
    """Return which items (rows) make up the score for which studied item (columns)."""
    parts = np.repeat(answers.columns.isin(anchors)[:, None], answers.shape[1], axis=1)
    np.fill_diagonal(parts, include_studied)
    return parts.astype(float)
