"""The marginal likelihood of the graded response model: posterior weights, gradient, observed information."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import LinAlgError, block_diag, cho_factor, cho_solve
from scipy.sparse import csr_array
from scipy.special import logsumexp

from psychometrics._patterns import distinct_rows
from psychometrics.irt._curves import Array, ItemCurve, is_ordered, parameter_derivatives, probabilities, unpack

Codes = NDArray[np.int64]

GRID_LIMIT = 6.0
_MAXIMUM_STEPS = 100
_SMALLEST_STEP = 1e-7
# Persons whose posteriors are in memory at once.
AT_ONCE = 5_000


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
    highest = joint.max(axis=1, keepdims=True)
    weights = np.exp(joint - highest)
    total = weights.sum(axis=1, keepdims=True)
    weights /= total
    return weights, np.asarray((highest + np.log(total))[:, 0])


def in_parts(codes: Codes) -> list[Codes]:
    """Return the answers in parts that fit in memory with all that is computed from them."""
    return [codes[first : first + AT_ONCE] for first in range(0, max(len(codes), 1), AT_ONCE)]


@dataclass(frozen=True)
class _Part:
    """Some of the different rows of answers, how many persons gave each, and which answers stand together in them."""

    codes: Codes
    persons: Array
    pairs: csr_array


@dataclass(frozen=True)
class Solution:
    """Where the search ended."""

    curves: list[ItemCurve]
    log_likelihood: float
    information: Array
    converged: bool
    steps: int


def maximise(curves: list[ItemCurve], codes: Codes, n_points: int) -> Solution:
    """Maximise the marginal likelihood by Newton steps with the exact observed information.

    Persons who gave the same answers add the same to it, so that each different row of answers is looked at once.
    """
    sizes = [curve.n_parameters for curve in curves]
    here = np.concatenate([curve.packed() for curve in curves])
    parts = _parts(codes, sizes)
    height, gradient, information = _derivatives(unpack(here, sizes), parts, n_points)
    for step in range(1, _MAXIMUM_STEPS + 1):
        direction, definite = _direction(gradient, information)
        # Half of this is what the step should gain; what rounding hides cannot be climbed.
        gain, seen = float(gradient @ direction), 4 * np.finfo(float).eps * abs(height)
        if definite and (np.abs(direction).max() < _SMALLEST_STEP or gain < seen):
            return Solution(unpack(here, sizes), height, information, True, step)
        moved = _climb(here, direction, sizes, parts, n_points, height)
        if moved is None:
            return Solution(unpack(here, sizes), height, information, definite and gain < _SMALLEST_STEP, step)
        here, (height, gradient, information) = moved
    return Solution(unpack(here, sizes), height, information, False, _MAXIMUM_STEPS)


def _parts(codes: Codes, sizes: list[int]) -> list[_Part]:
    """Return the different rows of answers in parts."""
    first, membership = distinct_rows(codes)
    rows, persons = in_parts(codes[first]), np.bincount(membership).astype(float)
    counts = np.split(persons, np.cumsum([len(each) for each in rows])[:-1])
    return [_Part(each, of, _answered_together(each, sizes)) for each, of in zip(rows, counts, strict=True)]


def _direction(gradient: Array, information: Array) -> tuple[Array, bool]:
    """Return an uphill direction, and whether the information is positive definite so that it is Newton's."""
    floor = 1e-8 * float(np.diag(information).max())
    try:
        cho_factor(information - floor * np.eye(len(information)))
        return np.asarray(cho_solve(cho_factor(information), gradient)), True
    except LinAlgError:
        roots, vectors = np.linalg.eigh(information)
        return np.asarray(vectors @ ((vectors.T @ gradient) / np.maximum(np.abs(roots), abs(floor)))), False


def _climb(
    here: Array, direction: Array, sizes: list[int], parts: list[_Part], n_points: int, height: float
) -> tuple[Array, tuple[float, Array, Array]] | None:
    """Return the first of successively halved steps that raises the likelihood and keeps the categories ordered."""
    for halving in range(30):
        there = here + direction / 2**halving
        curves = unpack(there, sizes)
        if is_ordered(curves) and (found := _derivatives(curves, parts, n_points))[0] > height:
            return np.asarray(there), found
    return None


def _derivatives(curves: list[ItemCurve], parts: list[_Part], n_points: int) -> tuple[float, Array, Array]:
    """Return log-likelihood, gradient and observed information (Louis's identity, no approximation)."""
    theta, _ = quadrature(n_points)
    first, second = zip(*(parameter_derivatives(curve, theta) for curve in curves), strict=True)
    height, gradient, information = 0.0, np.zeros(()), np.zeros(())
    for part in parts:
        weights, marginal = posterior(curves, part.codes, n_points)
        scores = _person_scores(list(first), part.codes, weights)
        weights *= part.persons[:, None]
        within = _within_items(list(second), part.codes, weights)
        expected = block_diag(*within) + _between_items(list(first), part.pairs, weights)
        # Matrix libraries spread a product of this shape over threads: more costly than it is worth on a busy machine.
        products = np.einsum("ni,nj->ij", scores * part.persons[:, None], scores)
        height, gradient = height + float(part.persons @ marginal), gradient + part.persons @ scores
        information = information + (products - expected)
    return height, gradient, information


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
    """Return for each item the expected second derivatives of its log-likelihood, summed over persons."""
    blocks = []
    for item, table in enumerate(second):
        counts = np.stack([weights[codes[:, item] == category].sum(axis=0) for category in range(table.shape[1])])
        blocks.append(np.einsum("cq,qcij->ij", counts, table))
    return blocks


def _between_items(first: list[Array], pairs: csr_array, weights: Array) -> Array:
    """Return the expected products of the complete-data scores of different items, summed over persons.

    Block-diagonal tables are applied item by item: many small products, which no matrix library spreads over threads.
    """
    bounds = _bounds([table.shape[1] for table in first])
    joint = np.ascontiguousarray((pairs @ weights).T).reshape(-1, bounds[-1], bounds[-1])
    right = np.concatenate(
        [joint[:, :, low:high] @ table for low, high, table in zip(bounds, bounds[1:], first, strict=False)], axis=2
    )
    upper = np.vstack(
        [
            (table.transpose(0, 2, 1) @ right[:, low:high]).sum(axis=0)
            for low, high, table in zip(bounds, bounds[1:], first, strict=False)
        ]
    )
    return np.asarray(upper + upper.T)


def _answered_together(codes: Codes, widths: list[int]) -> csr_array:
    """Return which persons gave which answer to one item and which to a later one, shape (n_answers^2, n_persons)."""
    bounds = _bounds(widths)
    rows, persons = [], []
    for item in range(len(widths)):
        for later in range(item + 1, len(widths)):
            both = np.flatnonzero((codes[:, item] >= 0) & (codes[:, later] >= 0))
            answer, other = bounds[item] + codes[both, item], bounds[later] + codes[both, later]
            rows.append(answer * bounds[-1] + other)
            persons.append(both)
    place = np.concatenate(rows), np.concatenate(persons)
    return csr_array((np.ones(len(place[0])), place), shape=(bounds[-1] ** 2, len(codes)))


def _bounds(widths: list[int]) -> list[int]:
    """Return where each of consecutive blocks begins, and where the last ends."""
    return [0, *np.cumsum(widths).tolist()]
