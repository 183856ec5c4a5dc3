"""Covariance of moments and of weighted sums of them, in full or as a root."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Pairs = tuple[NDArray[np.intp], NDArray[np.intp]]
# Rows of a matrix as large as the asymptotic covariance that are held at once.
_ROWS = 128


def pairs_of(n_items: int) -> Pairs:
    """Items of each correlation, in the order of the moments."""
    first, second = np.triu_indices(n_items, 1)
    return first, second


@dataclass(frozen=True)
class Spread:
    """An asymptotic covariance, held in full or as a root where that is smaller: ``Gamma = X'X``.

    Attributes
    ----------
    full : ndarray, (n_moments, n_moments), or None
    root : ndarray, (n_rows, n_moments), or None
        X, a row for each person or cluster.
    """

    full: Array | None = None
    root: Array | None = None

    @property
    def diagonal(self) -> Array:
        """Variances of the moments."""
        if self.full is not None:
            return np.diag(self.full).copy()
        assert self.root is not None
        return np.asarray(np.einsum("nm,nm->m", self.root, self.root))

    @property
    def half(self) -> Array:
        """What is held: X, or the covariance itself."""
        held = self.full if self.root is None else self.root
        assert held is not None
        return held

    def dense(self) -> Array:
        """Lay out the whole covariance."""
        return self.half if self.root is None else self.root.T @ self.root

    def times(self, matrix: Array) -> Array:
        """Covariance times a matrix."""
        if self.full is not None:
            return self.full @ matrix
        assert self.root is not None
        return self.root.T @ (self.root @ matrix)

    def quadratic(self, matrix: Array) -> Array:
        """Matrix transposed times covariance times matrix."""
        if self.full is not None:
            return matrix.T @ self.full @ matrix
        assert self.root is not None
        across = self.root @ matrix
        return across.T @ across

    def square(self, weight: Array) -> float:
        """Squared norm of the covariance with rows and columns weighted by the root of the weight."""
        if self.full is not None:
            return float(weight @ (self.full * self.full) @ weight)
        assert self.root is not None
        weighted = self.root * np.sqrt(weight)
        product = weighted @ weighted.T
        return float(np.vdot(product, product))

    def scaled(self, factor: float) -> Spread:
        """Covariance times a number, in place."""
        for held, by in ((self.full, factor), (self.root, np.sqrt(factor))):
            if held is not None and factor != 1.0:
                held *= by
        return self

    def part(self, rows: slice) -> Spread:
        """Covariance of some of the moments."""
        if self.full is not None:
            return Spread(full=self.full[rows, rows])
        assert self.root is not None
        return Spread(root=self.root[:, rows])

    def normal_trace(self, inverse: Array) -> float:
        """Trace of V Gamma, with V the normal-theory weight of correlations under an inverse correlation matrix.

        ``V_(ij),(kl) = R^ik R^jl + R^il R^jk``; a row x of X contributes half of tr(R^-1 E R^-1 E), where E is x laid
        out as a symmetric matrix.
        """
        first, second = pairs_of(len(inverse))
        total = 0.0
        if self.full is not None:
            for start in range(0, len(first), _ROWS):
                rows = slice(start, start + _ROWS)
                one, other = inverse[first[rows]], inverse[second[rows]]
                weight = one[:, first] * other[:, second] + one[:, second] * other[:, first]
                total += float(np.vdot(weight, self.full[rows]))
            return total
        assert self.root is not None
        for start in range(0, len(self.root), _ROWS):
            laid = laid_out(self.root[start : start + _ROWS], len(inverse))
            turned = (laid.reshape(-1, len(inverse)) @ inverse).reshape(laid.shape)
            total += 0.5 * float(np.vdot(turned, turned.transpose(0, 2, 1)))
        return total


@dataclass(frozen=True)
class Sums:
    """Covariance of weighted sums of the moments: blocks over some of the sums each, which add up.

    Attributes
    ----------
    size : int
        Number of sums.
    blocks : list of (ndarray of int, Spread)
    halves : list of ndarray
        Of each block what is held of the moments' covariance, its root or all of it, times the weights.
    """

    size: int
    blocks: list[tuple[NDArray[np.intp], Spread]]
    halves: list[Array]

    @cached_property
    def root(self) -> Array | None:
        """X with X'X the covariance; None where its rows are so many that the covariance is less to work with."""
        roots = [spread.root for _, spread in self.blocks]
        rows = sum(len(root) for root in roots if root is not None)
        if any(root is None for root in roots) or rows >= 2 * self.size:
            return None
        found = []
        for (columns, _), root in zip(self.blocks, roots, strict=True):
            assert root is not None
            found.append(np.zeros((len(root), self.size)))
            found[-1][:, columns] = root
        return np.vstack(found)

    @property
    def diagonal(self) -> Array:
        """Variances of the sums."""
        found = np.zeros(self.size)
        for columns, spread in self.blocks:
            found[columns] += spread.diagonal
        return found

    def dense(self) -> Array:
        """Lay out the whole covariance."""
        found = np.zeros((self.size, self.size))
        for columns, spread in self.blocks:
            found[np.ix_(columns, columns)] += spread.dense()
        return found

    def quadratic(self, matrix: Array) -> Array:
        """Covariance of sums of the sums, a column each."""
        return np.asarray(sum((spread.quadratic(matrix[columns]) for columns, spread in self.blocks), np.zeros(())))

    def traces(self, times: Callable[[Array], Array]) -> tuple[float, float]:
        """Traces of a symmetric matrix, given as what it does to another, times the covariance, and of the square."""
        product = times(self.dense()) if self.root is None else self.root @ times(self.root.T)
        return float(np.trace(product)), float(np.sum(product * product.T))


def laid_out(rows: Array, n_items: int) -> Array:
    """Lay out rows of pairs as symmetric matrices with a zero diagonal, (n_rows, n_items, n_items)."""
    first, second = pairs_of(n_items)
    laid = np.zeros((len(rows), n_items, n_items))
    laid[:, first, second] = laid[:, second, first] = rows
    return laid
