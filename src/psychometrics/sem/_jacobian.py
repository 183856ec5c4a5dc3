"""Derivatives of the moments of all groups, held group by group."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from psychometrics.sem._bordered import Bordered, Partition

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Jacobian:
    """Derivatives of each group's moments in the parameters that the group has.

    Attributes
    ----------
    partition : Partition
    parts : tuple of ndarray, (n_moments of the group, n_parameters of the group)
    """

    partition: Partition
    parts: tuple[Array, ...]

    @property
    def size(self) -> int:
        """Number of parameters of all groups."""
        return self.partition.size

    def weighted(self, weights: Sequence[Array]) -> Jacobian:
        """Multiply each row by its weight."""
        parts = zip(self.parts, weights, strict=True)
        return Jacobian(self.partition, tuple(part * weight[:, None] for part, weight in parts))

    def rows(self, chosen: Sequence[NDArray[np.intp]]) -> Jacobian:
        """Take the rows of each group in another order."""
        return Jacobian(self.partition, tuple(part[rows] for part, rows in zip(self.parts, chosen, strict=True)))

    def square(self, weights: Sequence[Array]) -> Bordered:
        """Sum the weighted cross-products of its columns over the moments."""
        roots = [np.sqrt(weight)[:, None] * part for part, weight in zip(self.parts, weights, strict=True)]
        return Bordered.of(self.partition, [root.T @ root for root in roots])

    def across(self, other: Jacobian) -> Array:
        """Cross-products of its columns with those of another, (n_parameters, n_other)."""
        found = np.zeros((self.size, other.size))
        columns = zip(self.partition.columns, other.partition.columns, strict=True)
        for (one, two), own, others in zip(columns, self.parts, other.parts, strict=True):
            found[np.ix_(one, two)] += own.T @ others
        return found

    def sums(self, values: Sequence[Array]) -> Array:
        """Sum its rows times a value for each moment, (n_parameters,)."""
        found = np.zeros(self.size)
        for columns, part, each in zip(self.partition.columns, self.parts, values, strict=True):
            found[columns] += part.T @ each
        return found
