"""Minimisation by damped scoring: Newton steps with an information matrix, halved until the value falls."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from psychometrics.errors import ConvergenceError
from psychometrics.sem._bordered import Bordered

Array = NDArray[np.float64]

# Value, gradient and a positive definite stand-in for the second derivatives.
Evaluation = tuple[float, Array, Bordered]
_HALVINGS = 30
_RIDGES = (0.0, *(10.0**power for power in range(-8, 4)))


@dataclass(frozen=True)
class Solution:
    """Where the minimisation ended."""

    values: Array
    minimum: float
    iterations: int
    converged: bool
    largest_gradient: float


def minimise(
    evaluate: Callable[[Array], Evaluation],
    value: Callable[[Array], float],
    start: Array,
    tolerance: float = 1e-16,
    steps: int = 300,
) -> Solution:
    """Minimise a function by scoring.

    Parameters
    ----------
    evaluate : callable
        Value, gradient and information at a parameter vector.
    value : callable
        Value alone, infinite where the function is not defined.
    start : ndarray
    tolerance : float
        The squared length of the step in the metric of the information at which it stops.
    steps : int

    Returns
    -------
    Solution

    Raises
    ------
    ConvergenceError
        The function is not defined at the start.
    """
    if not np.isfinite(value(start)):
        raise ConvergenceError(
            "the start values imply a covariance matrix that is not positive definite, so the search cannot begin: too "
            "few persons, or items that repeat one another; fit fewer items or join small groups"
        )
    now = start
    decrement, iteration = np.inf, 0
    current, slope, metric = evaluate(now)
    while iteration < steps:
        iteration += 1
        direction = -_solved(metric, slope)
        decrement = float(-slope @ direction)
        if decrement < tolerance:
            break
        proposal, found = _line_search(value, now, direction, current, decrement)
        if not found:
            break
        now = proposal
        current, slope, metric = evaluate(now)
    largest = float(np.abs(slope).max(initial=0.0))
    return Solution(now, current, iteration, decrement < max(tolerance, 1e-10), largest)


def _line_search(
    value: Callable[[Array], float], now: Array, direction: Array, current: float, decrement: float
) -> tuple[Array, bool]:
    """Find the longest halved step that lowers the value, give or take rounding."""
    length = 1.0
    slack = 1e-14 * max(1.0, abs(current))
    for _ in range(_HALVINGS):
        proposal = now + length * direction
        if value(proposal) <= current - 1e-4 * length * decrement + slack:
            return proposal, True
        length *= 0.5
    return now, False


def _solved(metric: Bordered, slope: Array) -> Array:
    """Solve in the metric, with as much ridge as it takes to be positive definite."""
    scale = np.sqrt(np.maximum(metric.diagonal, 1e-12))
    scaled = metric.scaled(scale)
    for ridge in _RIDGES:
        try:
            return np.asarray(scaled.factor(ridge).solve(slope / scale) / scale)
        except np.linalg.LinAlgError:
            continue
    return np.asarray(slope / scale**2)


def positive_definite(matrix: Array) -> bool:
    """Whether a symmetric matrix has a Cholesky factor."""
    try:
        np.linalg.cholesky(matrix)
    except np.linalg.LinAlgError:
        return False
    return True


def inverted(matrix: Array) -> Array:
    """Inverse of a symmetric matrix, or NaN throughout where it is singular or indefinite."""
    if not matrix.size:
        return matrix.copy()
    scale = np.sqrt(np.maximum(np.abs(np.diag(matrix)), 1e-300))
    scaled = matrix / np.outer(scale, scale)
    if not np.isfinite(scaled).all() or np.linalg.eigvalsh(scaled)[0] < 1e-10:
        return np.full_like(matrix, np.nan)
    return np.asarray(np.linalg.inv(scaled) / np.outer(scale, scale))
