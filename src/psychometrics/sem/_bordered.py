"""Symmetric matrices over the parameters of all groups.

What a group's data say of the parameters concerns its own and those it shares with others. A sum of such parts over the
groups is a block for each group's own parameters, bordered by the shared ones; it is solved block by block, with the
Schur complement of the shared parameters (Golub & Van Loan 2013, Matrix computations, section 3.2.6).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve

Array = NDArray[np.float64]
Places = NDArray[np.intp]
# Smallest eigenvalue, in units that give the matrix a unit diagonal, below which it counts as singular.
SINGULAR = 1e-10


@dataclass(frozen=True)
class Partition:
    """Which parameters each group has.

    Attributes
    ----------
    columns : tuple of ndarray of int
        Places of the parameters of each group, in order.
    size : int
        Number of parameters of all groups.
    """

    columns: tuple[Places, ...]
    size: int

    @cached_property
    def _number(self) -> Places:
        """How many groups have each parameter."""
        return np.bincount(np.concatenate(self.columns), minlength=self.size)

    @cached_property
    def own(self) -> tuple[Places, ...]:
        """Places of the parameters that a single group has, by group."""
        return tuple(columns[self._number[columns] == 1] for columns in self.columns)

    @cached_property
    def shared(self) -> Places:
        """Places of the parameters that several groups have."""
        return np.flatnonzero(self._number > 1)

    @cached_property
    def split(self) -> tuple[tuple[Places, Places, Places], ...]:
        """Of each group: which of its columns are its own, which are shared, and the rank of these among the shared."""
        found = []
        for columns in self.columns:
            several = self._number[columns] > 1
            rank = np.searchsorted(self.shared, columns[several])
            found.append((np.flatnonzero(~several), np.flatnonzero(several), rank))
        return tuple(found)


@dataclass(frozen=True)
class Bordered:
    """A symmetric matrix: blocks of own parameters, their borders with the shared ones, and the corner of these.

    Attributes
    ----------
    partition : Partition
    blocks : tuple of ndarray, (n_own, n_own)
    borders : tuple of ndarray, (n_own, n_shared)
    corner : ndarray, (n_shared, n_shared)
    """

    partition: Partition
    blocks: tuple[Array, ...]
    borders: tuple[Array, ...]
    corner: Array

    @classmethod
    def of(cls, partition: Partition, parts: Sequence[Array]) -> Bordered:
        """Sum a symmetric matrix over the columns of each group."""
        blocks, borders = [], []
        corner = np.zeros((partition.shared.size, partition.shared.size))
        for (own, several, rank), part in zip(partition.split, parts, strict=True):
            border = np.zeros((own.size, partition.shared.size))
            border[:, rank] = part[np.ix_(own, several)]
            corner[np.ix_(rank, rank)] += part[np.ix_(several, several)]
            blocks.append(part[np.ix_(own, own)])
            borders.append(border)
        return cls(partition, tuple(blocks), tuple(borders), corner)

    @property
    def diagonal(self) -> Array:
        """Its diagonal."""
        found = np.zeros(self.partition.size)
        for own, block in zip(self.partition.own, self.blocks, strict=True):
            found[own] = np.diag(block)
        found[self.partition.shared] = np.diag(self.corner)
        return found

    def scaled(self, scale: Array) -> Bordered:
        """Divide rows and columns by a scale."""
        end = scale[self.partition.shared]
        starts = [scale[own] for own in self.partition.own]
        return Bordered(
            self.partition,
            tuple(block / np.outer(by, by) for block, by in zip(self.blocks, starts, strict=True)),
            tuple(border / np.outer(by, end) for border, by in zip(self.borders, starts, strict=True)),
            self.corner / np.outer(end, end),
        )

    def times(self, matrix: Array) -> Array:
        """Multiply a matrix from the left."""
        shared = self.partition.shared
        found = np.zeros_like(matrix)
        found[shared] = self.corner @ matrix[shared]
        for own, block, border in zip(self.partition.own, self.blocks, self.borders, strict=True):
            found[own] = block @ matrix[own] + border @ matrix[shared]
            found[shared] += border.T @ matrix[own]
        return found

    def dense(self) -> Array:
        """Lay out the whole matrix."""
        return self.times(np.eye(self.partition.size))

    @property
    def positive_definite(self) -> bool:
        """Whether it has a Cholesky factor."""
        try:
            self.factor()
        except np.linalg.LinAlgError:
            return False
        return True

    def factor(self, ridge: float = 0.0) -> Factor:
        """Factorise it, with a ridge added to the diagonal; LinAlgError where it is not positive definite."""
        triangles, reaches, rest = [], [], self.corner + ridge * np.eye(len(self.corner))
        for block, border in zip(self.blocks, self.borders, strict=True):
            triangle = cho_factor(block + ridge * np.eye(len(block)), lower=True, check_finite=False)
            reach = cho_solve(triangle, border, check_finite=False)
            rest = rest - border.T @ reach
            triangles.append(triangle)
            reaches.append(reach)
        return Factor(self, tuple(triangles), tuple(reaches), cho_factor(rest, lower=True, check_finite=False))

    def solver(self) -> Solver | None:
        """Return what solves equations in it; None where it is singular or indefinite."""
        scale = np.sqrt(np.maximum(np.abs(self.diagonal), 1e-300))
        scaled = self.scaled(scale)
        if not all(np.isfinite(part).all() for part in (*scaled.blocks, *scaled.borders, scaled.corner)):
            return None
        try:
            factor = scaled.factor()
        except np.linalg.LinAlgError:
            return None
        # The smallest eigenvalue lies between these two; rarely do they not tell.
        inverse = factor.inverse_diagonal()
        if 1.0 / inverse.sum() < SINGULAR and (
            1.0 / inverse.max() < SINGULAR or np.linalg.eigvalsh(scaled.dense())[0] < SINGULAR
        ):
            return None
        return Solver(factor, scale)

    def inverse(self) -> Array:
        """Its inverse, NaN throughout where it is singular or indefinite."""
        solver, size = self.solver(), self.partition.size
        return np.full((size, size), np.nan) if solver is None else solver.solve(np.eye(size))


@dataclass(frozen=True)
class Factor:
    """Cholesky factors of the blocks and of what the blocks leave of the corner.

    Attributes
    ----------
    matrix : Bordered
    triangles : tuple
        Of each block.
    reaches : tuple of ndarray
        Each block's inverse times its border.
    rest : tuple
        Of the Schur complement.
    """

    matrix: Bordered
    triangles: tuple[tuple[Array, bool], ...]
    reaches: tuple[Array, ...]
    rest: tuple[Array, bool]

    def solve(self, right: Array) -> Array:
        """Solve for one right-hand side, or for each column of several."""
        partition = self.matrix.partition
        found, shared = np.empty_like(right), right[partition.shared]
        for own, triangle, reach in zip(partition.own, self.triangles, self.reaches, strict=True):
            shared = shared - reach.T @ right[own]
            found[own] = cho_solve(triangle, right[own], check_finite=False)
        found[partition.shared] = shared = cho_solve(self.rest, shared, check_finite=False)
        for own, reach in zip(partition.own, self.reaches, strict=True):
            found[own] -= reach @ shared
        return found

    def inverse_diagonal(self) -> Array:
        """Diagonal of the inverse."""
        partition = self.matrix.partition
        found, rest = np.empty(partition.size), cho_solve(self.rest, np.eye(len(self.rest[0])), check_finite=False)
        found[partition.shared] = np.diag(rest)
        for own, triangle, reach in zip(partition.own, self.triangles, self.reaches, strict=True):
            inverse = cho_solve(triangle, np.eye(own.size), check_finite=False)
            found[own] = np.diag(inverse) + np.einsum("as,as->a", reach @ rest, reach)
        return found


@dataclass(frozen=True)
class Solver:
    """Solves equations in a positive definite matrix, in units that give it a unit diagonal."""

    factor: Factor
    scale: Array

    def solve(self, right: Array) -> Array:
        """Solve for one right-hand side, or for each column of several."""
        scale = self.scale if right.ndim == 1 else self.scale[:, None]
        return np.asarray(self.factor.solve(right / scale) / scale)
