"""The different rows of a scale: persons of a group who gave the same answers are one row."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from psychometrics._patterns import distinct_rows


@dataclass(frozen=True)
class Sample:
    """The different rows of one scale: answers, given score and group; persons of one row are told apart by nothing.

    Attributes
    ----------
    answers : DataFrame of shape (n_rows, n_items)
    supplied : ndarray of shape (n_rows,) or None
        The score that was given.
    groups : ndarray of int, shape (n_rows,)
    weights : ndarray of shape (n_rows,)
        How many persons a row stands for.
    clusters : csr_array of shape (n_clusters, n_rows) or None
        How many of them are of each cluster.
    """

    answers: pd.DataFrame
    supplied: np.ndarray | None
    groups: np.ndarray
    weights: np.ndarray
    clusters: csr_array | None

    @property
    def n_persons(self) -> int:
        """Persons behind all rows."""
        return int(self.weights.sum())


def sample_of(
    answers: pd.DataFrame, supplied: np.ndarray | None, groups: np.ndarray, clusters: np.ndarray | None
) -> Sample:
    """Put persons of a group who gave the same answers to a scale, and were given the same score, together."""
    told = [answers.to_numpy(dtype=float), groups, *([] if supplied is None else [supplied])]
    first, row = distinct_rows(np.column_stack(told))
    members = None
    if clusters is not None:
        members = csr_array((np.ones(len(row)), (clusters, row)), shape=(clusters.max() + 1, len(first)))
    weights = np.bincount(row).astype(float)
    return Sample(answers.iloc[first], None if supplied is None else supplied[first], groups[first], weights, members)
