"""Draws that are the same on every machine: nothing here depends on how a library decomposes a matrix."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def mixing_weights(correlations: np.ndarray | Sequence[Sequence[float]]) -> np.ndarray:
    """Return the lower triangle whose rows mix independent normal variables to the given correlations.

    Cholesky's recursion written out: a library's decomposition may turn the signs of its axes from one
    processor to the next, so that the same seed would give other data.
    """
    wanted = np.asarray(correlations, dtype=float)
    weights = np.zeros_like(wanted)
    for row in range(len(wanted)):
        for column in range(row + 1):
            rest = wanted[row, column] - sum(weights[row, k] * weights[column, k] for k in range(column))
            weights[row, column] = np.sqrt(rest) if row == column else rest / weights[column, column]
    return weights


def correlated_normals(
    generator: np.random.Generator, correlations: np.ndarray | Sequence[Sequence[float]], n_persons: int
) -> np.ndarray:
    """Draw standard normal variables with these correlations, one row a person."""
    weights = mixing_weights(correlations)
    independent = generator.standard_normal((n_persons, len(weights)))
    # Summed column by column, so that not even the rounding depends on the processor.
    return np.column_stack([sum(row[k] * independent[:, k] for k in range(len(weights))) for row in weights])
