r"""Normal data with gaps: what is expected in them, by the inverse covariance and for many rows at once.

With :math:`K = \Sigma^{-1}`, what is missing has, given what is known, the covariance :math:`K_{mm}^{-1}` and the mean
:math:`\mu_m - K_{mm}^{-1} K_{mo} (y_o - \mu_o)`; a row filled with these means has the squared distance of what it
holds, :math:`(y_o - \mu_o)' \Sigma_{oo}^{-1} (y_o - \mu_o)` (Lauritzen, S. L. (1996). Graphical models. Oxford
University Press, appendix C). Only matrices as large as the number of gaps are inverted.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from psychometrics.errors import SingularMatrixError

# Rows, and cells of matrices between gaps, that are held at once.
_ROWS, _CELLS = 20_000, 2_000_000


@dataclass(frozen=True)
class Gaps:
    """Rows with the same number of gaps.

    Attributes
    ----------
    rows : ndarray of shape (n_rows,)
        Where they stand.
    missing : ndarray of shape (n_patterns, n_gaps)
        The items of the gaps, for each pattern among them.
    pattern : ndarray of shape (n_rows,)
        The pattern of each row.
    counts : ndarray of shape (n_patterns,)
        How many rows have it.
    """

    rows: np.ndarray
    missing: np.ndarray
    pattern: np.ndarray
    counts: np.ndarray


def patterns_of(answered: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the different rows of a boolean table, sorted, and which of them each row is."""
    packed = np.ascontiguousarray(np.packbits(answered, axis=1))
    keys = packed.view(np.dtype((np.void, packed.shape[1]))).ravel()
    _, first, membership = np.unique(keys, return_index=True, return_inverse=True)
    return answered[first], membership.ravel()


def gaps_of(values: np.ndarray) -> list[Gaps]:
    """Return the rows that hold anything, those with as many gaps together, in parts that fit into memory."""
    answered, membership = patterns_of(~np.isnan(values))
    n_gaps, found = (~answered).sum(axis=1), []
    for size in np.unique(n_gaps[n_gaps < values.shape[1]]):
        rows = np.flatnonzero(n_gaps[membership] == size)
        rows = rows[np.argsort(membership[rows], kind="stable")]
        step = min(_ROWS, max(1, _CELLS // max(1, size**2)))
        for part in np.split(rows, range(step, len(rows), step)):
            here, pattern, counts = np.unique(membership[part], return_inverse=True, return_counts=True)
            missing = np.nonzero(~answered[here])[1].reshape(len(here), size)
            found.append(Gaps(part, missing, pattern.ravel(), counts))
    return found


def inverse_of(covariance: np.ndarray) -> np.ndarray:
    """Return the inverse of a covariance.

    Raises
    ------
    SingularMatrixError
        When there is none.
    """
    try:
        inverse: np.ndarray = np.linalg.inv(covariance)
    except np.linalg.LinAlgError as problem:
        raise SingularMatrixError(
            "the covariances of the answered items cannot be inverted; use more persons or fewer items"
        ) from problem
    return inverse


def filled(away: np.ndarray, gaps: Gaps, inverse: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Fill rows with what is expected in their gaps.

    Parameters
    ----------
    away : ndarray of shape (n_rows, n_items)
        Distances from the mean, NaN in the gaps.
    inverse : ndarray of shape (n_items, n_items)
        Of the covariance.

    Returns
    -------
    tuple
        The rows without gaps, and the covariance of what is missing, of shape (n_patterns, n_gaps, n_gaps).
    """
    complete = np.nan_to_num(away)
    conditional = np.linalg.inv(inverse[gaps.missing[:, :, None], gaps.missing[:, None, :]])
    places = gaps.missing[gaps.pattern]
    known = np.take_along_axis(complete @ inverse, places, axis=1)
    expected = -np.einsum("rij,rj->ri", conditional[gaps.pattern], known)
    np.put_along_axis(complete, places, expected, axis=1)
    return complete, conditional


def squared_distances(values: np.ndarray, mean: np.ndarray, covariance: np.ndarray) -> np.ndarray:
    """Return each row's squared distance from the mean over the items it holds; NaN for a row without any."""
    inverse, squared = inverse_of(covariance), np.full(len(values), np.nan)
    for gaps in gaps_of(values):
        complete, _ = filled(values[gaps.rows] - mean, gaps, inverse)
        squared[gaps.rows] = np.sum((complete @ inverse) * complete, axis=1)
    return squared
