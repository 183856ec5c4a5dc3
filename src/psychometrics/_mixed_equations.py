"""The mixed-model equations of crossed random intercepts: the largest term eliminated, the others block by block.

With Z the indicators of all levels and Lambda their relative standard deviations, A = Lambda Z'Z Lambda + I. The levels
of one term never meet, so the block of the largest is diagonal. What is left of the others falls into connected parts
(raters of other teams never rate the same person), each of which is factored by itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import linalg, sparse
from scipy.sparse.csgraph import connected_components

# Up to so many remaining levels, a full table is quicker than a sparse one.
_FEW_LEVELS = 64


@dataclass(frozen=True)
class _Part:
    """Connected parts of one size: the levels in each, shape (n_parts, size), and their matrices."""

    levels: np.ndarray
    matrix: np.ndarray

    @cached_property
    def root(self) -> np.ndarray:
        """Cholesky factors, lower."""
        if len(self.matrix) == 1:
            return np.asarray(linalg.cholesky(self.matrix[0], lower=True, check_finite=False)[None])
        return np.linalg.cholesky(self.matrix)

    @cached_property
    def inverse(self) -> np.ndarray:
        """Inverse matrices."""
        if len(self.matrix) > 1:
            return np.linalg.inv(self.matrix)
        lower, failed = linalg.lapack.dpotri(self.root[0], lower=1)
        if failed:
            raise np.linalg.LinAlgError("the mixed-model equations are singular")
        return np.asarray((lower + np.tril(lower, -1).T)[None])

    def solve(self, right: np.ndarray) -> np.ndarray:
        """Return the solutions for right-hand sides (n_parts, size, n_columns)."""
        if len(self.matrix) == 1:
            return np.asarray(linalg.cho_solve((self.root[0], True), right[0], check_finite=False)[None])
        return np.linalg.solve(self.matrix, right)


class MixedEquations:
    """What stays the same for every value of the relative standard deviations."""

    def __init__(self, codes: list[np.ndarray], n_levels: list[int]) -> None:
        self.counts = [np.bincount(each, minlength=n).astype(float) for each, n in zip(codes, n_levels, strict=True)]
        starts = np.concatenate([[0], np.cumsum(n_levels[1:])]).astype(int)
        self.n_rest = int(starts[-1])
        self.term = np.repeat(np.arange(1, len(codes)), n_levels[1:])
        rows, ones = np.arange(len(codes[0])), np.ones(len(codes[0]))
        rest = sparse.hstack(
            [sparse.csr_array((ones, (rows, each)), (len(rows), n)) for each, n in zip(codes, n_levels, strict=True)][
                1:
            ]
        ).tocsr()
        first = sparse.csr_array((ones, (rows, codes[0])), (len(rows), n_levels[0]))
        self.link = sparse.csr_array(first.T @ rest)
        self.own = sparse.csr_array(rest.T @ rest)
        self.dense_link = self.link.toarray() if self.n_rest <= _FEW_LEVELS else None
        self.groups = self._connected()
        self.full_own = self.own.toarray() if len(self.groups) == 1 and len(self.groups[0]) == 1 else None

    def _connected(self) -> list[np.ndarray]:
        """Return the connected parts of the remaining levels, those of one size together."""
        if self.dense_link is not None:
            return [np.arange(self.n_rest)[None]]
        pattern = abs(self.link.T @ self.link) + self.own
        n_parts, part = connected_components(pattern, directed=False)
        order = np.argsort(part, kind="stable")
        members = np.split(order, np.cumsum(np.bincount(part, minlength=n_parts))[:-1])
        if n_parts > 1 and max(map(len, members)) > self.n_rest / 2:
            return [np.arange(self.n_rest)[None]]
        sizes = sorted({len(each) for each in members})
        return [np.stack([each for each in members if len(each) == size]) for size in sizes]

    def factor(self, theta: np.ndarray) -> Factor:
        """Return the factored equations at relative standard deviations `theta`."""
        first, weight = theta[0] ** 2 * self.counts[0] + 1, theta[self.term]
        scale = theta[0] / np.sqrt(first)
        if self.full_own is not None:
            eliminated = self._eliminated(scale)
            np.subtract(self.full_own, eliminated, out=eliminated)
            eliminated *= weight[:, None]
            eliminated *= weight
            eliminated[np.diag_indices(self.n_rest)] += 1
            return Factor(self, theta, first, weight, [_Part(self.groups[0], eliminated[None])])
        scaled = sparse.diags_array(scale) @ self.link
        left = sparse.coo_array(self.own - scaled.T @ scaled)
        return Factor(self, theta, first, weight, self._parts(left, weight))

    def _eliminated(self, scale: np.ndarray) -> np.ndarray:
        """Return the Schur complement term of the first random term in the cross-products of the others."""
        if self.dense_link is not None:
            scaled = self.dense_link * scale[:, None]
            return np.asarray(scaled.T @ scaled)
        sparse_scaled = sparse.diags_array(scale) @ self.link
        return np.asarray((sparse_scaled.T @ sparse_scaled).toarray())

    def _parts(self, left: sparse.coo_array, weight: np.ndarray) -> list[_Part]:
        """Lay the matrix of the remaining levels out by connected parts."""
        rows, columns = left.coords
        values = left.data * weight[rows] * weight[columns]
        parts = []
        for levels in self.groups:
            place = np.full((2, self.n_rest), -1)
            place[:, levels] = np.indices(levels.shape)
            inside = place[0, rows] >= 0
            matrix = np.zeros((len(levels), levels.shape[1], levels.shape[1]))
            matrix[place[0, rows[inside]], place[1, rows[inside]], place[1, columns[inside]]] = values[inside]
            matrix[:, np.arange(levels.shape[1]), np.arange(levels.shape[1])] += 1
            parts.append(_Part(levels, matrix))
        return parts


@dataclass(frozen=True)
class Factor:
    """The equations at one value of the relative standard deviations."""

    equations: MixedEquations
    theta: np.ndarray
    first: np.ndarray
    weight: np.ndarray
    parts: list[_Part]

    @property
    def log_determinant(self) -> float:
        """Log determinant of A."""
        roots = sum(float(np.log(np.einsum("kii->ki", part.root)).sum()) for part in self.parts)
        return float(np.log(self.first).sum()) + 2 * roots

    def solve(self, sums: list[np.ndarray]) -> list[np.ndarray]:
        """Return A^-1 Lambda Z'd for columns d, given their sums by level of each term; by term."""
        own, link = self.theta[0] * sums[0], self._link
        rest = self.weight[:, None] * np.vstack(sums[1:]) - link.T @ (own / self.first[:, None])
        found = np.empty_like(rest)
        for part in self.parts:
            found[part.levels] = part.solve(rest[part.levels])
        first = (own - link @ found) / self.first[:, None]
        bounds = np.cumsum([len(each) for each in sums[1:]])[:-1]
        return [first, *np.split(found, bounds)]

    def inverse_traces(self) -> np.ndarray:
        """Return the trace of the block of A^-1 of each term."""
        diagonal = np.empty(self.equations.n_rest)
        for part in self.parts:
            diagonal[part.levels] = np.einsum("kii->ki", part.inverse)
        rest = np.bincount(self.equations.term - 1, diagonal)
        return np.concatenate([[(1 / self.first).sum() + self._trace_of_first()], rest])

    def _trace_of_first(self) -> float:
        """Return the trace of F^-1 L S^-1 L' F^-1, with S the matrix of the remaining levels."""
        scaled = sparse.diags_array(1 / self.first) @ self._link
        if len(self.parts) == 1 and len(self.parts[0].levels) == 1:
            if self.equations.dense_link is not None:
                dense = scaled if isinstance(scaled, np.ndarray) else scaled.toarray()
                return float(((dense.T @ dense) * self.parts[0].inverse[0]).sum())
            square = sparse.coo_array(scaled.T @ scaled)
            return float(square.data @ self.parts[0].inverse[0][square.coords])
        square = sparse.coo_array(scaled.T @ scaled)
        rows, columns = square.coords
        total = 0.0
        for part in self.parts:
            place = np.full((2, self.equations.n_rest), -1)
            place[:, part.levels] = np.indices(part.levels.shape)
            inside = place[0, rows] >= 0
            found = part.inverse[place[0, rows[inside]], place[1, rows[inside]], place[1, columns[inside]]]
            total += float(square.data[inside] @ found)
        return total

    @cached_property
    def _link(self) -> sparse.csr_array:
        """Cross-products of the first term with the others, scaled by Lambda."""
        return sparse.csr_array(self.equations.link @ sparse.diags_array(self.weight) * self.theta[0])
