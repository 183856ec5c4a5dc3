"""Covariance structure: model matrices, implied moments and their derivatives.

``Sigma = A Psi A' + Theta`` with ``A = Lambda (I - B)^-1``. Every derivative of Sigma in one cell has the form
``u v' + v u'``, so that the derivatives in all cells are two matrices U and V with a column for each cell. Gradients,
informations and scores below are products of these two matrices.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from psychometrics.sem._cells import Cell, Kind

Array = NDArray[np.float64]
Places = NDArray[np.intp]


@dataclass(frozen=True)
class CellLayout:
    """Where each cell sits in the model matrices.

    Attributes
    ----------
    items, factors : tuple of str
    cells : tuple of Cell
        The vector of cell values follows this order; thresholds are part of it and of no matrix.
    """

    items: tuple[str, ...]
    factors: tuple[str, ...]
    cells: tuple[Cell, ...]

    @property
    def size(self) -> int:
        """Number of cells."""
        return len(self.cells)

    @cached_property
    def places(self) -> dict[Kind, tuple[Places, Places, Places]]:
        """For each kind of cell: position in the vector of cells, row, column."""
        item = {name: k for k, name in enumerate(self.items)}
        factor = {name: k for k, name in enumerate(self.factors)}
        axes: dict[Kind, tuple[dict[str, int], dict[str, int]]] = {
            "loading": (item, factor),
            "regression": (factor, factor),
            "factor_covariance": (factor, factor),
            "residual_covariance": (item, item),
            "intercept": (item, item),
            "factor_mean": (factor, factor),
        }
        result: dict[Kind, tuple[Places, Places, Places]] = {}
        for kind, (rows, columns) in axes.items():
            chosen = [k for k, cell in enumerate(self.cells) if cell.kind == kind]
            row = [rows[self.cells[k].row] for k in chosen]
            column = [columns[self.cells[k].column] for k in chosen]
            result[kind] = np.array(chosen, np.intp), np.array(row, np.intp), np.array(column, np.intp)
        return result

    @cached_property
    def thresholds(self) -> Places:
        """Positions of the thresholds in the vector of cells."""
        return np.array([k for k, cell in enumerate(self.cells) if cell.kind == "threshold"], np.intp)

    @cached_property
    def of_covariance(self) -> Places:
        """Positions of the cells that move the covariance of the items."""
        kinds = ("loading", "regression", "factor_covariance", "residual_covariance")
        return np.array([k for k, cell in enumerate(self.cells) if cell.kind in kinds], np.intp)

    def at(self, values: Array) -> Structure:
        """Model matrices at a vector of cell values."""
        p, m = len(self.items), len(self.factors)
        filled: dict[Kind, Array] = {
            "loading": np.zeros((p, m)),
            "regression": np.zeros((m, m)),
            "factor_covariance": np.zeros((m, m)),
            "residual_covariance": np.zeros((p, p)),
            "intercept": np.zeros((p, p)),
            "factor_mean": np.zeros((m, m)),
        }
        for kind, (place, row, column) in self.places.items():
            filled[kind][row, column] = values[place]
            if kind in ("factor_covariance", "residual_covariance"):
                filled[kind][column, row] = values[place]
        return Structure(
            self,
            filled["loading"],
            filled["regression"],
            filled["factor_covariance"],
            filled["residual_covariance"],
            np.diag(filled["intercept"]).copy(),
            np.diag(filled["factor_mean"]).copy(),
        )


@dataclass(frozen=True)
class Structure:
    """Model matrices at one parameter vector, with what follows from them."""

    layout: CellLayout
    loadings: Array
    regressions: Array
    factor_residuals: Array
    residuals: Array
    intercepts: Array
    factor_means: Array

    @cached_property
    def total(self) -> Array:
        """Total effects among the factors, (I - B)^-1."""
        if not self.regressions.any():
            return np.eye(len(self.layout.factors))
        return np.asarray(np.linalg.inv(np.eye(len(self.layout.factors)) - self.regressions))

    @cached_property
    def factor_covariance(self) -> Array:
        """Covariance of the factors."""
        return np.asarray(self.total @ self.factor_residuals @ self.total.T)

    @cached_property
    def effects(self) -> Array:
        """Effects of the factors' disturbances on the items, A."""
        return self.loadings @ self.total

    @cached_property
    def cross(self) -> Array:
        """Covariance of items with factors, D."""
        return self.loadings @ self.factor_covariance

    @cached_property
    def common(self) -> Array:
        """Part of the implied covariance that comes from the factors."""
        return self.cross @ self.loadings.T

    @cached_property
    def covariance(self) -> Array:
        """Implied covariance of the items."""
        return self.common + self.residuals

    @cached_property
    def directions(self) -> tuple[Array, Array]:
        """Matrices U and V, (n_items, n_cells): the derivative in cell c is ``U_c V_c' + V_c U_c'``."""
        U = np.zeros((len(self.layout.items), self.layout.size))
        V = np.zeros_like(U)
        place, row, column = self.layout.places["loading"]
        U[row, place] = 1.0
        V[:, place] = self.cross[:, column]
        place, row, column = self.layout.places["regression"]
        U[:, place] = self.effects[:, row]
        V[:, place] = self.cross[:, column]
        place, row, column = self.layout.places["factor_covariance"]
        U[:, place] = self.effects[:, row]
        V[:, place] = self.effects[:, column] * _half_on_diagonal(row, column)
        place, row, column = self.layout.places["residual_covariance"]
        U[row, place] = 1.0
        V[column, place] = _half_on_diagonal(row, column)
        return U, V

    @cached_property
    def factor_directions(self) -> tuple[Array, Array]:
        """The same for the covariance of the factors, (n_factors, n_cells)."""
        U = np.zeros((len(self.layout.factors), self.layout.size))
        V = np.zeros_like(U)
        place, row, column = self.layout.places["regression"]
        U[:, place] = self.total[:, row]
        V[:, place] = self.factor_covariance[:, column]
        place, row, column = self.layout.places["factor_covariance"]
        U[:, place] = self.total[:, row]
        V[:, place] = self.total[:, column] * _half_on_diagonal(row, column)
        return U, V

    @cached_property
    def means(self) -> Array:
        """Implied means of the items."""
        return np.asarray(self.intercepts + self.effects @ self.factor_means)

    @cached_property
    def mean_directions(self) -> Array:
        """Derivative of the implied means, (n_items, n_cells)."""
        result = np.zeros((len(self.layout.items), self.layout.size))
        place, row, _ = self.layout.places["intercept"]
        result[row, place] = 1.0
        level = self.total @ self.factor_means
        place, row, column = self.layout.places["loading"]
        result[row, place] = level[column]
        place, row, column = self.layout.places["regression"]
        result[:, place] = self.effects[:, row] * level[column]
        place, row, _ = self.layout.places["factor_mean"]
        result[:, place] = self.effects[:, row]
        return result

    def mean_curvature(self, weight: Array) -> Array:
        """Second derivatives of the weighted sum of the implied means, in loadings and factor means."""
        result = np.zeros((self.layout.size, self.layout.size))
        lam, item, of = self.layout.places["loading"]
        alpha, factor, _ = self.layout.places["factor_mean"]
        _put(result, lam, alpha, weight[item][:, None] * self.total[np.ix_(of, factor)])
        return result

    def curvature(self, W: Array) -> Array:
        """Half the trace of W times the second derivatives of Sigma, (n_cells, n_cells), for a symmetric W."""
        result = np.zeros((self.layout.size, self.layout.size))
        G, C = self.total, self.factor_covariance
        WA, WD = W @ self.effects, W @ self.cross
        AWA, AWD = self.effects.T @ WA, self.effects.T @ WD
        lam, item, of = self.layout.places["loading"]
        psi, j, k = self.layout.places["factor_covariance"]
        beta, low, high = self.layout.places["regression"]
        half = _half_on_diagonal(j, k)
        result[np.ix_(lam, lam)] = C[np.ix_(of, of)] * W[np.ix_(item, item)]
        by_psi = WA[np.ix_(item, j)] * G[np.ix_(of, k)] + WA[np.ix_(item, k)] * G[np.ix_(of, j)]
        _put(result, lam, psi, by_psi * half)
        by_beta = WA[np.ix_(item, low)] * C[np.ix_(of, high)] + WD[np.ix_(item, high)] * G[np.ix_(of, low)]
        _put(result, lam, beta, by_beta)
        mixed = G[np.ix_(high, j)] * AWA[np.ix_(low, k)] + G[np.ix_(high, k)] * AWA[np.ix_(low, j)]
        _put(result, beta, psi, mixed * half)
        onward = G[np.ix_(high, low)].T * AWD[np.ix_(low, high)].T
        result[np.ix_(beta, beta)] = onward + onward.T + C[np.ix_(high, high)] * AWA[np.ix_(low, low)]
        return result


def _put(target: Array, rows: Places, columns: Places, block: Array) -> None:
    """Write a block and its transpose."""
    target[np.ix_(rows, columns)] = block
    target[np.ix_(columns, rows)] = block.T


def _half_on_diagonal(row: Places, column: Places) -> Array:
    """One half where a cell is a variance, one where it is a covariance."""
    return np.where(row == column, 0.5, 1.0)
