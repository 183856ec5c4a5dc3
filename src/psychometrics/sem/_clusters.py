"""Rows that belong together: their contributions are summed before they are squared."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Clusters:
    """Cluster of each row of each group.

    Attributes
    ----------
    codes : tuple of ndarray of int
        A cluster has the same number in every group.
    number : int
        Clusters over all groups.
    """

    codes: tuple[NDArray[np.intp], ...]
    number: int

    def sums(self, rows: Array, group: int) -> Array:
        """Sum the rows of a group over its clusters, (n_clusters, n_columns)."""
        codes = self.codes[group]
        members = sparse.csr_array(
            (np.ones(codes.size), (codes, np.arange(codes.size))), shape=(self.number, len(rows))
        )
        return np.asarray(members @ rows)

    def widened(self, rows: Array, group: int) -> Array:
        """Sum over clusters, times the root of C / (C - 1) for the C clusters of the group (as lavaan does)."""
        present = np.unique(self.codes[group]).size
        return np.asarray(self.sums(rows, group) * np.sqrt(present / (present - 1)))
