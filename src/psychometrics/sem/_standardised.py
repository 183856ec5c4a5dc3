"""Standardised solution of every cell of a group, with its derivative for the delta method."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from psychometrics.sem._cells import Cell
from psychometrics.sem._estimation import Estimation

Array = NDArray[np.float64]
_Part = tuple[float, Array]


class _Scales:
    """Variances of items and factors of a group, and their derivatives in its cells."""

    def __init__(self, estimation: Estimation, group: int) -> None:
        structure = estimation.structures[group]
        layout = structure.layout
        self.size = layout.size
        self.item = {name: k for k, name in enumerate(layout.items)}
        self.factor = {name: k for k, name in enumerate(layout.factors)}
        self.C = structure.factor_covariance
        self.residual = estimation.residual_variances(group)
        self.variance = estimation.item_variances(group)
        U, V = structure.directions
        own = 2.0 * U * V
        derived = estimation.unit_variances
        self.of_variance = np.zeros_like(own) if derived else own
        self.of_residual = -own if derived else np.zeros_like(own)
        place, row, column = layout.places["residual_covariance"]
        if not derived:
            self.of_residual[row[row == column], place[row == column]] = 1.0
        self.U, self.V = structure.factor_directions

    def factor_variance(self, name: str) -> _Part:
        """Variance of a factor."""
        k = self.factor[name]
        return float(self.C[k, k]), np.asarray(2.0 * self.U[k] * self.V[k])

    def item_variance(self, name: str) -> _Part:
        """Implied variance of an item."""
        k = self.item[name]
        return float(self.variance[k]), self.of_variance[k]

    def residual_variance(self, name: str) -> _Part:
        """Residual variance of an item."""
        k = self.item[name]
        return float(self.residual[k]), self.of_residual[k]


def standardise(estimation: Estimation, group: int, cells: tuple[Cell, ...], values: Array) -> tuple[Array, Array]:
    """Standardise cells of a group.

    Parameters
    ----------
    estimation : Estimation
    group : int
    cells : tuple of Cell
        The cells of the layout, then derived ones.
    values : ndarray, (n_cells,)

    Returns
    -------
    values, errors : ndarray, (n_cells,)
        Each loading times the factor's over the item's standard deviation; each covariance over both standard
        deviations; a residual or disturbance variance over the total variance; a residual covariance over the
        residual standard deviations; an intercept or threshold over the item's, a mean over the factor's deviation.
    """
    scales = _Scales(estimation, group)
    found = np.zeros(len(cells))
    derivative = np.zeros((len(cells), scales.size))
    for k, (cell, value) in enumerate(zip(cells, values, strict=True)):
        own = np.zeros(scales.size)
        if k < scales.size:
            own[k] = 1.0
        found[k], derivative[k] = _ratio(*_parts(scales, cell, float(value), own))
    narrow, columns = estimation.sharing.narrowed(group, derivative), estimation.sharing.partition.columns[group]
    variance = np.einsum("ka,ka->k", narrow @ estimation.precision[np.ix_(columns, columns)], narrow)
    return found, np.sqrt(np.where(variance < 1e-18, 0.0, variance))


def _parts(scales: _Scales, cell: Cell, value: float, own: Array) -> tuple[_Part, _Part, _Part]:
    """Find a value, the variance that multiplies it and the one that divides it, each with its derivative."""
    unit = 1.0, np.zeros(scales.size)
    if cell.kind == "loading":
        return (value, own), scales.factor_variance(cell.column), scales.item_variance(cell.row)
    if cell.kind == "regression":
        return (value, own), scales.factor_variance(cell.column), scales.factor_variance(cell.row)
    if cell.kind in ("intercept", "threshold"):
        return (value, own), unit, scales.item_variance(cell.row)
    if cell.kind == "factor_mean":
        return (value, own), unit, scales.factor_variance(cell.row)
    if cell.kind == "factor_covariance":
        one, other = scales.factor_variance(cell.row), scales.factor_variance(cell.column)
        return (value, own), unit, _product(one, other)
    if cell.row == cell.column:
        variance = scales.item_variance(cell.row)
        return scales.residual_variance(cell.row), unit, _product(variance, variance)
    one, other = (scales.residual_variance(name) for name in (cell.row, cell.column))
    return (value, own), unit, _product(one, other)


def _product(one: _Part, other: _Part) -> _Part:
    """Product of two quantities."""
    return one[0] * other[0], one[0] * other[1] + other[0] * one[1]


def _ratio(value: _Part, over: _Part, under: _Part) -> tuple[float, Array]:
    """Value times the root of one variance over the root of another; NaN where a variance is not positive."""
    if over[0] <= 0 or under[0] <= 0:
        return np.nan, np.full_like(value[1], np.nan)
    scale = np.sqrt(over[0] / under[0])
    result = value[0] * scale
    derivative = value[1] * scale + 0.5 * result * (over[1] / over[0] - under[1] / under[0])
    return float(result), np.asarray(derivative)
