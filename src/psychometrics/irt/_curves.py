"""The graded response model as arrays: category probabilities of an item and their derivatives."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

Array = NDArray[np.float64]

# Keeps the logarithm of a category that a point of the grid all but rules out finite.
_SMALLEST = 1e-300


@dataclass(frozen=True)
class ItemCurve:
    """One item: P(X reaches the k-th step) = logistic(slope * theta + intercepts[k]), intercepts descending."""

    slope: float
    intercepts: Array

    @property
    def n_parameters(self) -> int:
        """One slope and one intercept for each step: as many as there are categories."""
        return 1 + len(self.intercepts)

    def packed(self) -> Array:
        """Return slope and intercepts as one vector."""
        return np.concatenate([[self.slope], self.intercepts])


def unpack(parameters: Array, sizes: list[int]) -> list[ItemCurve]:
    """Cut a vector of parameters into items with these numbers of parameters."""
    parts = np.split(parameters, np.cumsum(sizes)[:-1])
    return [ItemCurve(float(part[0]), part[1:]) for part in parts]


def is_ordered(curves: list[ItemCurve]) -> bool:
    """Tell whether every category of every item has a positive probability."""
    return all(bool((np.diff(curve.intercepts) < 0).all()) for curve in curves)


def probabilities(curve: ItemCurve, theta: Array) -> Array:
    """Return category probabilities, shape (n_theta, n_categories).

    Differences are taken in the lower tail of the logistic, where they lose no digits.
    """
    logits = _logits(curve, theta)
    upper, lower = logits[:, :-1], logits[:, 1:]
    plain = expit(upper) - expit(lower)
    mirrored = expit(-lower) - expit(-upper)
    return np.asarray(np.maximum(np.where(lower > 0, mirrored, plain), _SMALLEST))


def slopes_of_probabilities(curve: ItemCurve, theta: Array) -> Array:
    """Return derivatives of the category probabilities by theta, shape (n_theta, n_categories)."""
    density = _logistic_slope(_logits(curve, theta))
    return np.asarray(curve.slope * (density[:, :-1] - density[:, 1:]))


def curvatures_of_probabilities(curve: ItemCurve, theta: Array) -> Array:
    """Return second derivatives of the category probabilities by theta, shape (n_theta, n_categories)."""
    bend = _logistic_curvature(_logits(curve, theta))
    return np.asarray(curve.slope**2 * (bend[:, :-1] - bend[:, 1:]))


def information(curve: ItemCurve, theta: Array) -> Array:
    """Return Fisher information about theta, shape (n_theta,)."""
    return np.asarray((slopes_of_probabilities(curve, theta) ** 2 / probabilities(curve, theta)).sum(axis=1))


def parameter_derivatives(curve: ItemCurve, theta: Array) -> tuple[Array, Array]:
    """Return first and second parameter derivatives of each category probability, divided by it.

    Shapes (n_theta, n_categories, m) and (n_theta, n_categories, m, m) with m = slope and intercepts.
    """
    logits = _logits(curve, theta)
    density, bend = _logistic_slope(logits), _logistic_curvature(logits)
    n_categories = logits.shape[1] - 1
    first = np.zeros((len(theta), n_categories, curve.n_parameters))
    second = np.zeros((len(theta), n_categories, curve.n_parameters, curve.n_parameters))
    for category in range(n_categories):
        for edge, sign in ((category, 1.0), (category + 1, -1.0)):
            if 0 < edge < n_categories:
                _add_edge(first[:, category], second[:, category], edge, sign * density, sign * bend, theta)
    weight = 1 / probabilities(curve, theta)
    return first * weight[:, :, None], second * weight[:, :, None, None]


def _add_edge(first: Array, second: Array, edge: int, density: Array, bend: Array, theta: Array) -> None:
    """Add what one boundary between categories contributes to the derivatives of a category."""
    first[:, 0] += theta * density[:, edge]
    first[:, edge] += density[:, edge]
    second[:, 0, 0] += theta**2 * bend[:, edge]
    second[:, 0, edge] += theta * bend[:, edge]
    second[:, edge, 0] += theta * bend[:, edge]
    second[:, edge, edge] += bend[:, edge]


def _logits(curve: ItemCurve, theta: Array) -> Array:
    """Return the logits of reaching each category, with certainty before the first and none after the last."""
    inner = curve.slope * theta[:, None] + curve.intercepts[None, :]
    ends = np.full((len(theta), 1), np.inf)
    return np.hstack([ends, inner, -ends])


def _logistic_slope(logits: Array) -> Array:
    """Return the first derivative of the logistic."""
    return np.asarray(expit(logits) * expit(-logits))


def _logistic_curvature(logits: Array) -> Array:
    """Return the second derivative of the logistic."""
    return np.asarray(_logistic_slope(logits) * (expit(-logits) - expit(logits)))
