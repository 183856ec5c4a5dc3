"""The bivariate normal distribution on grids of thresholds, for many pairs of items at once."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

Array = NDArray[np.float64]

# Stands for an infinite threshold: the normal density there is exactly zero in double precision.
BEYOND = 40.0

# Quadrature points that keep the error below 1e-13 up to each absolute correlation (Genz 2004, table 1, and
# checked against adaptive integration beyond .925).
_POINTS = ((0.3, 6), (0.75, 12), (0.925, 20), (0.99, 40), (1.0, 160))


@cache
def _legendre(points: int) -> tuple[Array, Array]:
    """Nodes and weights of Gauss-Legendre quadrature on (0, 1)."""
    nodes, weights = np.polynomial.legendre.leggauss(points)
    return (nodes + 1.0) / 2.0, weights / 2.0


def density(upper: Array, lower: Array, rho: Array) -> Array:
    """Bivariate normal density at each point of the (pairs, rows, columns) grid."""
    one = 1.0 - rho[:, None, None] ** 2
    a, b = upper[:, :, None], lower[:, None, :]
    quadratic = (a * a + b * b - 2.0 * rho[:, None, None] * (a * b)) / one
    return np.asarray(np.exp(-0.5 * quadratic) / (2.0 * np.pi * np.sqrt(one)))


def density_slope(upper: Array, lower: Array, rho: Array) -> Array:
    """First derivative of the density in the correlation, divided by the density."""
    r = rho[:, None, None]
    a, b = upper[:, :, None], lower[:, None, :]
    one = 1.0 - r * r
    return np.asarray(r / one + (a * b * (1.0 + r * r) - r * (a * a + b * b)) / (one * one))


def _orthant(upper: Array, lower: Array, rho: Array, points: int) -> Array:
    """Distribution function by quadrature over the arc sine of rho (Drezner & Wesolowsky 1990)."""
    nodes, weights = _legendre(points)
    arc = np.arcsin(rho)
    half_squares = 0.5 * (upper[:, :, None] ** 2 + lower[:, None, :] ** 2)
    product = upper[:, :, None] * lower[:, None, :]
    total = np.zeros_like(product)
    for node, weight in zip(nodes, weights, strict=True):
        sine = np.sin(node * arc)[:, None, None]
        total += weight * np.exp((product * sine - half_squares) / (1.0 - sine * sine))
    independent = ndtr(upper)[:, :, None] * ndtr(lower)[:, None, :]
    return np.asarray(independent + arc[:, None, None] / (2.0 * np.pi) * total)


def distribution(upper: Array, lower: Array, rho: Array) -> Array:
    """Bivariate normal distribution function on a grid for each pair of variables.

    Parameters
    ----------
    upper : ndarray, (n_pairs, n_rows)
        Limits of the first variable; 40 stands for infinity.
    lower : ndarray, (n_pairs, n_columns)
        Limits of the second.
    rho : ndarray, (n_pairs,)
        Correlations, below one in absolute value.

    Returns
    -------
    ndarray, (n_pairs, n_rows, n_columns)
        Error below 1e-9 up to correlations of .9999.

    References
    ----------
    Drezner, Z., & Wesolowsky, G. O. (1990). On the computation of the bivariate normal integral. Journal of
    Statistical Computation and Simulation, 35, 101-107.
    Genz, A. (2004). Numerical computation of rectangular bivariate and trivariate normal and t probabilities.
    Statistics and Computing, 14, 251-260.

    See Also
    --------
    polychoric : correlations estimated with it.

    Examples
    --------
    >>> import numpy as np
    >>> from psychometrics.ordinal import bivariate_normal
    >>> zero = np.zeros((1, 1))
    >>> bivariate_normal(zero, zero, np.array([0.5])).round(6).item()  # 1/4 + arcsin(.5) / (2 pi)
    0.333333
    """
    result = np.empty((rho.size, upper.shape[1], lower.shape[1]))
    floor = -1.0
    for bound, points in _POINTS:
        rows = np.flatnonzero((np.abs(rho) > floor) & (np.abs(rho) <= bound))
        if rows.size:
            result[rows] = _orthant(upper[rows], lower[rows], rho[rows], points)
        floor = bound
    return result


# Points that keep the error of a short step below 1e-13, by its length in the arc sine.
_STEPS = ((0.02, 3), (0.1, 5), (0.3, 9))
# Beyond this correlation the integrand is too steep for a short step.
_STEEP = 0.9


def moved(cumulative: Array, upper: Array, lower: Array, old: Array, new: Array) -> Array:
    """Distribution function at new correlations, from its values at old ones.

    The derivative in the correlation is the density, so that a short step needs few points of quadrature; long and
    steep ones are computed afresh.
    """
    step = np.arcsin(new) - np.arcsin(old)
    length = np.where(np.maximum(np.abs(old), np.abs(new)) > _STEEP, np.inf, np.abs(step))
    result, floor = np.empty_like(cumulative), -1.0
    for bound, points in _STEPS:
        rows = np.flatnonzero((length > floor) & (length <= bound))
        if rows.size:
            result[rows] = cumulative[rows] + _between(upper[rows], lower[rows], old[rows], step[rows], points)
        floor = bound
    rows = np.flatnonzero(length > floor)
    result[rows] = distribution(upper[rows], lower[rows], new[rows])
    return result


def _between(upper: Array, lower: Array, old: Array, step: Array, points: int) -> Array:
    """Integral of the density from an old correlation over a step in the arc sine."""
    nodes, weights = _legendre(points)
    arc = np.arcsin(old)
    half_squares = 0.5 * (upper[:, :, None] ** 2 + lower[:, None, :] ** 2)
    product = upper[:, :, None] * lower[:, None, :]
    total = np.zeros_like(product)
    for node, weight in zip(nodes, weights, strict=True):
        sine = np.sin(arc + node * step)[:, None, None]
        total += weight * np.exp((product * sine - half_squares) / (1.0 - sine * sine))
    return np.asarray(step[:, None, None] / (2.0 * np.pi) * total)


def cell_probabilities(upper: Array, lower: Array, rho: Array, inner: Array | None = None) -> Array:
    """Probability of each cell of the tables that the thresholds cut, (pairs, rows + 1, columns + 1).

    `inner` is the distribution function on the grid, where it is known.
    """
    pairs, rows, columns = rho.size, upper.shape[1], lower.shape[1]
    cumulative = np.zeros((pairs, rows + 2, columns + 2))
    cumulative[:, 1:-1, 1:-1] = distribution(upper, lower, rho) if inner is None else inner
    cumulative[:, 1:-1, -1] = ndtr(upper)
    cumulative[:, -1, 1:-1] = ndtr(lower)
    cumulative[:, -1, -1] = 1.0
    return difference_twice(cumulative)


def difference_twice(cumulative: Array) -> Array:
    """Cell values from cumulative values: the difference over rows and then over columns."""
    rows = cumulative[:, 1:, :] - cumulative[:, :-1, :]
    return rows[:, :, 1:] - rows[:, :, :-1]


def cell_differences(inner: Array) -> Array:
    """Cell values of a quantity that vanishes on the border of the grid, such as the density."""
    return difference_twice(np.pad(inner, ((0, 0), (1, 1), (1, 1))))
