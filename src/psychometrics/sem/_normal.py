"""Normal-theory likelihood: gradient, information, Hessian and casewise scores from U and V.

Complete and incomplete data share one form. Given implied moments, incomplete rows are filled by their conditional
expectations, and the gradient of the observed likelihood is that of the completed one (Fisher's identity); the
Hessian is the completed one less the variance of the completed score given what was observed (Louis 1982).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve

from psychometrics.sem._structure import Structure

Array = NDArray[np.float64]
# Rows taken at once where an array grows with persons times parameters.
CHUNK = 2048


@dataclass(frozen=True)
class Block:
    """Persons with the same number of missing responses.

    Attributes
    ----------
    rows : ndarray of int, (n_rows,)
    absent : ndarray of int, (n_rows, n_missing)
        Items each of them left out.
    """

    rows: NDArray[np.intp]
    absent: NDArray[np.intp]


@dataclass(frozen=True)
class NormalData:
    """Responses taken as continuous, (n_persons, n_items), zero where missing, with the missing pattern in blocks."""

    values: Array
    blocks: tuple[Block, ...]

    @classmethod
    def of(cls, values: Array) -> NormalData:
        """Sort persons by the number of responses they left out."""
        absent = np.isnan(values)
        number = absent.sum(axis=1)
        blocks = []
        for missing in np.unique(number[number > 0]):
            rows = np.flatnonzero(number == missing)
            items = np.nonzero(absent[rows])[1].reshape(rows.size, missing)
            blocks.append(Block(rows, items))
        return cls(np.where(absent, 0.0, values), tuple(blocks))

    @property
    def n_persons(self) -> int:
        """Number of rows."""
        return int(self.values.shape[0])

    @property
    def observed(self) -> int:
        """Number of responses given."""
        return int(self.values.size - sum(block.absent.size for block in self.blocks))


@dataclass(frozen=True)
class Expected:
    """What the data look like at implied moments.

    Attributes
    ----------
    inverse : ndarray, (n_items, n_items)
        Inverse of the implied covariance, Q.
    filled : ndarray, (n_persons, n_items)
        Deviations from the implied means, missing ones filled by their conditional expectation.
    spread : tuple of ndarray
        For each block, a factor of the conditional covariance of the missing responses, (n_rows, n_missing, n_missing).
    second : ndarray, (n_items, n_items)
        Mean of the expected squares and products of the deviations.
    first : ndarray, (n_items,)
        Mean of the filled deviations.
    value : float
        Minus the mean log-likelihood.
    """

    inverse: Array
    filled: Array
    spread: tuple[Array, ...]
    second: Array
    first: Array
    value: float


def expect(data: NormalData, mean: Array, covariance: Array) -> Expected:
    """Fill the missing responses at implied moments and evaluate the likelihood."""
    factor = cho_factor(covariance, lower=True)
    inverse = cho_solve(factor, np.eye(len(covariance)))
    log_determinant = 2.0 * np.log(np.diag(factor[0])).sum() * data.n_persons
    filled = data.values - mean
    products = np.zeros_like(covariance)
    spread = []
    for block in data.blocks:
        root, gained = _fill(filled, block, inverse)
        conditional = root @ root.transpose(0, 2, 1)
        np.add.at(products, (block.absent[:, :, None], block.absent[:, None, :]), conditional)
        spread.append(root)
        log_determinant += gained
    squares = filled.T @ filled
    quadratic = float(np.sum(inverse * squares))
    constant = data.observed * np.log(2.0 * np.pi)
    value = 0.5 * (constant + log_determinant + quadratic) / data.n_persons
    second = (squares + products) / data.n_persons
    return Expected(inverse, filled, tuple(spread), second, filled.mean(axis=0), float(value))


def _fill(filled: Array, block: Block, inverse: Array) -> tuple[Array, float]:
    """Write the conditional expectations of a block; return the factor of the covariance and the log-determinant."""
    rows, absent = block.rows, block.absent
    filled[rows[:, None], absent] = 0.0
    precision = inverse[absent[:, :, None], absent[:, None, :]]
    lower = np.linalg.cholesky(precision)
    identity = np.broadcast_to(np.eye(absent.shape[1]), precision.shape)
    root = np.linalg.solve(lower, identity).transpose(0, 2, 1)
    pull = np.take_along_axis(filled[rows] @ inverse, absent, axis=1)
    filled[rows[:, None], absent] = -np.einsum("nab,ncb,nc->na", root, root, pull)
    return root, 2.0 * float(np.log(np.diagonal(lower, axis1=1, axis2=2)).sum())


@dataclass(frozen=True)
class Directions:
    """Derivatives of the implied moments: ``dSigma = U V' + V U'`` and ``dmu = M`` for each parameter."""

    U: Array
    V: Array
    M: Array

    @classmethod
    def of(cls, structure: Structure) -> Directions:
        """Take the derivatives of a structure."""
        return cls(*structure.directions, structure.mean_directions)


def gradient(directions: Directions, expected: Expected) -> Array:
    """Gradient of minus the mean log-likelihood."""
    W = residual_weight(expected)
    of_covariance = np.einsum("ac,ac->c", directions.U, W @ directions.V)
    return np.asarray(of_covariance - directions.M.T @ (expected.inverse @ expected.first))


def residual_weight(expected: Expected) -> Array:
    """Form Q - Q T Q, which is zero on average where the model fits."""
    Q = expected.inverse
    return np.asarray(Q - Q @ expected.second @ Q)


def information(directions: Directions, inverse: Array) -> Array:
    """Compute the expected information of one complete person."""
    U, V, M = directions.U, directions.V, directions.M
    QU, QV = inverse @ U, inverse @ V
    crossed = V.T @ QU
    return np.asarray(crossed * crossed.T + (V.T @ QV) * (U.T @ QU) + M.T @ (inverse @ M))


def cross_information(one: Directions, other: Directions, inverse: Array) -> Array:
    """Compute the expected information between two sets of parameters, (n_one, n_other)."""
    U, V = inverse @ other.U, inverse @ other.V
    crossed = (one.V.T @ U) * (one.U.T @ V) + (one.V.T @ V) * (one.U.T @ U)
    return np.asarray(crossed + one.M.T @ (inverse @ other.M))


def own_information(directions: Directions, inverse: Array) -> Array:
    """Compute the diagonal of the expected information."""
    U, V, M = directions.U, directions.V, directions.M
    QU, QV = inverse @ U, inverse @ V
    crossed = np.sum(V * QU, axis=0) ** 2 + np.sum(V * QV, axis=0) * np.sum(U * QU, axis=0)
    return np.asarray(crossed + np.sum(M * (inverse @ M), axis=0))


def patterns(data: NormalData, inverse: Array) -> list[tuple[float, Array]]:
    """List the missing patterns: share of persons and inverse covariance of the observed items, zero elsewhere."""
    complete = data.n_persons - sum(block.rows.size for block in data.blocks)
    found = [(complete / data.n_persons, inverse)] if complete else []
    for block in data.blocks:
        for absent, count in zip(*np.unique(block.absent, axis=0, return_counts=True), strict=True):
            across = inverse[:, absent]
            observed = inverse - across @ np.linalg.solve(inverse[np.ix_(absent, absent)], across.T)
            found.append((float(count) / data.n_persons, observed))
    return found


def hessian(structure: Structure, directions: Directions, expected: Expected, data: NormalData) -> Array:
    """Second derivatives of minus the mean log-likelihood, exact for complete and incomplete data."""
    U, V, M = directions.U, directions.V, directions.M
    Q = expected.inverse
    R = Q @ expected.second @ Q
    completed = _curvature(U, V, Q, R) - information(Directions(U, V, np.zeros_like(M)), Q)
    completed += structure.curvature(residual_weight(expected))
    Qm = Q @ expected.first
    with_mean = (M.T @ Q @ U) * (V.T @ Qm) + (M.T @ Q @ V) * (U.T @ Qm)
    completed += with_mean + with_mean.T + M.T @ Q @ M - structure.mean_curvature(Qm)
    return np.asarray(completed - missing_information(directions, expected, data))


def _curvature(U: Array, V: Array, Q: Array, R: Array) -> Array:
    """Compute tr(Q dSigma_a Q dSigma_b Q T), made symmetric in a and b."""
    QU, QV, RU, RV = Q @ U, Q @ V, R @ U, R @ V
    one = (V.T @ QU) * (RU.T @ V) + (V.T @ QV) * (RU.T @ U) + (U.T @ QU) * (RV.T @ V) + (U.T @ QV) * (RV.T @ U)
    return np.asarray(0.5 * (one + one.T))


def casewise_scores(directions: Directions, expected: Expected, data: NormalData) -> Array:
    """Differentiate each person's log-likelihood, (n_persons, n_parameters)."""
    Q, U, V = expected.inverse, directions.U, directions.V
    weighted = expected.filled @ Q
    scores = (weighted @ U) * (weighted @ V)
    scores -= np.einsum("ac,ac->c", U, Q @ V)
    if directions.M.any():
        scores += weighted @ directions.M
    QU, QV = Q @ U, Q @ V
    for block, root in zip(data.blocks, expected.spread, strict=True):
        for part in _parts(block):
            one = _through(root[part], QU[block.absent[part]])
            other = _through(root[part], QV[block.absent[part]])
            scores[block.rows[part]] += np.einsum("nkc,nkc->nc", one, other)
    return np.asarray(scores)


def missing_information(directions: Directions, expected: Expected, data: NormalData) -> Array:
    """Variance of the completed score given the observed responses, mean over persons (Louis 1982)."""
    size = directions.U.shape[1]
    total = np.zeros((size, size))
    for factor in missing_factors(directions, expected, data):
        total += factor.T @ factor
    return total / data.n_persons


def missing_factors(directions: Directions, expected: Expected, data: NormalData) -> Iterator[Array]:
    """Yield matrices whose cross products sum to the missing information.

    Given the observed responses a completed score is quadratic in the normal missing part: its linear terms, its
    squares and its products are uncorrelated.
    """
    Q, U, V, M = expected.inverse, directions.U, directions.V, directions.M
    QU, QV, QM = Q @ U, Q @ V, Q @ M
    for block, root in zip(data.blocks, expected.spread, strict=True):
        low, high = np.triu_indices(block.absent.shape[1], 1)
        for part in _parts(block):
            weighted = expected.filled[block.rows[part]] @ Q
            one = _through(root[part], QU[block.absent[part]])
            other = _through(root[part], QV[block.absent[part]])
            linear = one * (weighted @ V)[:, None, :] + other * (weighted @ U)[:, None, :]
            linear += _through(root[part], QM[block.absent[part]])
            yield linear.reshape(-1, linear.shape[-1])
            yield (np.sqrt(2.0) * one * other).reshape(-1, linear.shape[-1])
            crossed = one[:, low] * other[:, high] + one[:, high] * other[:, low]
            yield crossed.reshape(-1, linear.shape[-1])


def _parts(block: Block) -> list[slice]:
    """Slices of a block that bound the memory of one step."""
    step = max(1, CHUNK // block.absent.shape[1] ** 2)
    return [slice(start, start + step) for start in range(0, block.rows.size, step)]


def _through(root: Array, rows: Array) -> Array:
    """Rows seen through the factor of the conditional covariance."""
    return np.asarray(np.matmul(root.transpose(0, 2, 1), rows))


def saturated_directions(covariance: Array) -> Directions:
    """Directions of the unrestricted moments, in units that make their complete-data information the identity."""
    size = len(covariance)
    lower = np.linalg.cholesky(covariance)
    first, second = np.triu_indices(size)
    U, V = lower[:, first], lower[:, second] * np.where(first == second, np.sqrt(0.5), 1.0)
    blank = np.zeros((size, size))
    M: Array = np.hstack([lower, np.zeros_like(U)])
    padded_U: Array = np.hstack([blank, U])
    padded_V: Array = np.hstack([blank, V])
    return Directions(padded_U, padded_V, M)


def saturated_coordinates(directions: Directions, covariance: Array) -> Array:
    """Other directions in the basis of :func:`saturated_directions`, (n_moments, n_parameters)."""
    lower = np.linalg.cholesky(covariance)
    one, other, mean = (np.linalg.solve(lower, part) for part in (directions.U, directions.V, directions.M))
    first, second = np.triu_indices(len(covariance))
    scale = np.where(first == second, np.sqrt(0.5), 1.0)[:, None]
    products = scale * (one[first] * other[second] + other[first] * one[second])
    return np.vstack([mean, products])


def saturate(data: NormalData, tolerance: float = 1e-12, steps: int = 2000) -> tuple[Array, Array, Expected]:
    """Unrestricted mean and covariance: closed form on complete data, else by EM (Dempster, Laird & Rubin 1977)."""
    mean, variances = own_moments(data)
    if data.blocks:
        covariance = np.diag(variances)
    else:
        deviations = data.values - mean
        covariance = deviations.T @ deviations / data.n_persons
    expected = expect(data, mean, covariance)
    for _ in range(steps if data.blocks else 0):
        mean = mean + expected.first
        covariance = expected.second - np.outer(expected.first, expected.first)
        before, expected = expected.value, expect(data, mean, covariance)
        if abs(before - expected.value) < tolerance and np.abs(expected.first).max() < 1e-7:
            break
    return mean, covariance, expected


def own_moments(data: NormalData) -> tuple[Array, Array]:
    """Mean and variance of each item over the persons who answered it."""
    present = np.ones_like(data.values)
    for block in data.blocks:
        present[block.rows[:, None], block.absent] = 0.0
    number = present.sum(axis=0)
    mean = data.values.sum(axis=0) / number
    deviations = (data.values - mean) * present
    return mean, (deviations**2).sum(axis=0) / number
