"""The marginal likelihood of the graded response model: posterior weights, gradient, observed information."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import block_diag
from scipy.special import logsumexp

from psychometrics.irt._curves import Array, ItemCurve, is_ordered, parameter_derivatives, probabilities, unpack

Codes = NDArray[np.int64]

GRID_LIMIT = 6.0
_MAXIMUM_STEPS = 100
_SMALLEST_STEP = 1e-7


def quadrature(n_points: int) -> tuple[Array, Array]:
    """Return equally spaced points and the logarithms of their normal weights, which add to one."""
    theta = np.linspace(-GRID_LIMIT, GRID_LIMIT, n_points)
    log_density = -(theta**2) / 2
    return theta, np.asarray(log_density - logsumexp(log_density))


def log_likelihoods(curves: list[ItemCurve], codes: Codes, theta: Array) -> Array:
    """Return the log-likelihood of each person's answers at each point; -1 is a missing answer and adds nothing."""
    total = np.zeros((len(codes), len(theta)))
    for item, curve in enumerate(curves):
        table = np.vstack([np.log(probabilities(curve, theta)).T, np.zeros(len(theta))])
        total += table[codes[:, item]]
    return total


def posterior(curves: list[ItemCurve], codes: Codes, n_points: int) -> tuple[Array, Array]:
    """Return each person's posterior weights over the grid and marginal log-likelihood."""
    theta, log_weights = quadrature(n_points)
    joint = log_likelihoods(curves, codes, theta) + log_weights
    marginal = logsumexp(joint, axis=1)
    return np.exp(joint - marginal[:, None]), np.asarray(marginal)


@dataclass(frozen=True)
class Solution:
    """Where the search ended."""

    curves: list[ItemCurve]
    log_likelihood: float
    information: Array
    converged: bool
    steps: int


def maximise(curves: list[ItemCurve], codes: Codes, n_points: int) -> Solution:
    """Climb to the maximum of the marginal likelihood by Newton steps with the exact observed information."""
    sizes = [curve.n_parameters for curve in curves]
    here = np.concatenate([curve.packed() for curve in curves])
    for step in range(1, _MAXIMUM_STEPS + 1):
        height, gradient, information = _derivatives(unpack(here, sizes), codes, n_points)
        direction, definite = _direction(gradient, information)
        if definite and np.abs(direction).max() < _SMALLEST_STEP:
            return Solution(unpack(here, sizes), height, information, True, step)
        moved = _climb(here, direction, sizes, codes, n_points, height)
        if moved is None:
            flat = bool(definite and gradient @ direction < _SMALLEST_STEP)
            return Solution(unpack(here, sizes), height, information, flat, step)
        here = moved
    return Solution(unpack(here, sizes), height, information, False, _MAXIMUM_STEPS)


def _direction(gradient: Array, information: Array) -> tuple[Array, bool]:
    """Return an uphill direction, and whether the information is positive definite so that it is Newton's."""
    roots, vectors = np.linalg.eigh(information)
    floor = 1e-8 * float(np.abs(roots).max())
    definite = bool(roots[0] > floor)
    return vectors @ ((vectors.T @ gradient) / np.maximum(np.abs(roots), floor)), definite


def _climb(here: Array, direction: Array, sizes: list[int], codes: Codes, n_points: int, height: float) -> Array | None:
    """Return the first of ever shorter steps that is higher and keeps the categories in order."""
    for halving in range(30):
        there = here + direction / 2**halving
        curves = unpack(there, sizes)
        if is_ordered(curves) and posterior(curves, codes, n_points)[1].sum() > height:
            return np.asarray(there)
    return None


def _derivatives(curves: list[ItemCurve], codes: Codes, n_points: int) -> tuple[float, Array, Array]:
    """Return log-likelihood, gradient and observed information (Louis's identity, no approximation)."""
    theta, _ = quadrature(n_points)
    weights, marginal = posterior(curves, codes, n_points)
    first, second = zip(*(parameter_derivatives(curve, theta) for curve in curves), strict=True)
    scores = _person_scores(list(first), codes, weights)
    within = _within_items(list(second), codes, weights)
    between = _between_items(list(first), codes, weights)
    own = block_diag(*(np.ones_like(block) for block in within)).astype(bool)
    expected = np.where(own, block_diag(*within), between)
    return float(marginal.sum()), scores.sum(axis=0), scores.T @ scores - expected


def _person_scores(first: list[Array], codes: Codes, weights: Array) -> Array:
    """Return each person's gradient, shape (n_persons, n_parameters)."""
    columns = []
    for item, table in enumerate(first):
        own = np.zeros((len(codes), table.shape[2]))
        for category in range(table.shape[1]):
            chosen = codes[:, item] == category
            own[chosen] = weights[chosen] @ table[:, category]
        columns.append(own)
    return np.hstack(columns)


def _within_items(second: list[Array], codes: Codes, weights: Array) -> list[Array]:
    """Return for each item the expected curvature of its likelihood, summed over persons."""
    blocks = []
    for item, table in enumerate(second):
        counts = np.stack([weights[codes[:, item] == category].sum(axis=0) for category in range(table.shape[1])])
        blocks.append(np.einsum("cq,qcij->ij", counts, table))
    return blocks


def _between_items(first: list[Array], codes: Codes, weights: Array) -> Array:
    """Return the expected products of the complete-data scores, summed over persons (used between items only)."""
    chosen = np.hstack(
        [(codes[:, [item]] == np.arange(table.shape[1])).astype(float) for item, table in enumerate(first)]
    )
    scores = _blocks(first)
    total = np.zeros((scores.shape[2], scores.shape[2]))
    for point, table in enumerate(scores):
        total += table.T @ ((chosen.T * weights[:, point]) @ chosen) @ table
    return total


def _blocks(first: list[Array]) -> Array:
    """Return at each point the scores of every category of every item, zero in other items' parameters."""
    widths = np.cumsum([0, *(table.shape[1] for table in first)])
    lengths = np.cumsum([0, *(table.shape[2] for table in first)])
    blocks = np.zeros((len(first[0]), widths[-1], lengths[-1]))
    for item, table in enumerate(first):
        blocks[:, widths[item] : widths[item + 1], lengths[item] : lengths[item + 1]] = table
    return blocks
