"""Weighted least squares on polychoric correlations, with robust standard errors and test statistics.

The thresholds of one group are saturated: their residuals are zero and they take no part in fit or robust
corrections, so that the moments below are the correlations alone. A model for several groups stacks the moments of
each (thresholds with them) and uses the same functions.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from psychometrics.cfa._structure import Structure

Array = NDArray[np.float64]
Pairs = tuple[NDArray[np.intp], NDArray[np.intp]]


@dataclass(frozen=True)
class Moments:
    """Sample moments with a diagonal weight and their asymptotic covariance.

    Attributes
    ----------
    observed : ndarray, (n_moments,)
    weight : ndarray, (n_moments,)
        Diagonal of the weight matrix: inverse asymptotic variances (DWLS) or ones (ULS).
    covariance : ndarray, (n_moments, n_moments)
        Of sqrt(n) times the moments.
    n_persons : int
    """

    observed: Array
    weight: Array
    covariance: Array
    n_persons: int

    @property
    def root(self) -> Array:
        """Square root of the weights."""
        return np.sqrt(self.weight)


def pairs_of(n_items: int) -> Pairs:
    """Items of each correlation, in the order of the moments."""
    first, second = np.triu_indices(n_items, 1)
    return first, second


def jacobian(structure: Structure, pairs: Pairs) -> Array:
    """Differentiate the implied correlations, (n_moments, n_cells)."""
    U, V = structure.directions
    first, second = pairs
    return np.asarray(U[first] * V[second] + V[first] * U[second])


@dataclass(frozen=True)
class Robust:
    """Trace and squared norm of the residual-weighted asymptotic covariance, and the parameters' covariance."""

    trace: float
    square: float
    covariance: Array


def robust(moments: Moments, derivative: Array) -> Robust:
    """Sandwich covariance of the parameters, and tr(U Gamma) and tr((U Gamma)^2).

    Parameters
    ----------
    moments : Moments
    derivative : ndarray, (n_moments, n_parameters)

    Returns
    -------
    Robust

    References
    ----------
    Satorra, A., & Bentler, P. M. (1994). Corrections to test statistics and standard errors in covariance structure
    analysis. In von Eye & Clogg (Eds.), Latent variables analysis (pp. 399-419), equations 16.10 and 16.14.
    """
    root = moments.root[:, None]
    basis, triangle = np.linalg.qr(derivative * root)
    across = root * (moments.covariance @ (root * basis))
    middle = basis.T @ across
    solved = np.linalg.solve(triangle, np.linalg.solve(triangle, middle).T)
    trace, square = traces(moments)
    # The traces of P S P, where P projects out the basis, without forming it.
    trace -= float(np.trace(middle))
    square += float(np.sum(middle * middle) - 2.0 * np.sum(across * across))
    return Robust(trace, square, solved / (moments.n_persons - 1))


def traces(moments: Moments) -> tuple[float, float]:
    """Trace of the weighted asymptotic covariance and of its square, with no second matrix in memory."""
    weight, covariance = moments.weight, moments.covariance
    square = sum(float(w * np.dot(row * row, weight)) for w, row in zip(weight, covariance, strict=True))
    return float(weight @ np.diag(covariance)), square


def scaled_shifted(statistic: float, df: int, trace: float, square: float) -> tuple[float, float, float]:
    """Scaled-shifted statistic with its factor and shift (Asparouhov & Muthén 2010, equation 14).

    ``T* = T / c + b`` with ``1 / c = sqrt(df / tr((U Gamma)^2))`` and ``b = df - tr(U Gamma) / c``.
    """
    if df == 0:
        return statistic, 1.0, 0.0
    inverse = np.sqrt(df / square)
    shift = df - inverse * trace
    return float(statistic * inverse + shift), float(1.0 / inverse), float(shift)
