"""Standardised solution of every cell, with its derivative for the delta method."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from psychometrics.cfa._estimation import Estimation
from psychometrics.cfa._model import Cell

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Standardised:
    """Standardised values of some cells and their sampling errors."""

    values: Array
    errors: Array


class _Scales:
    """Standard deviations of items and factors, and the derivatives of the variances."""

    def __init__(self, estimation: Estimation) -> None:
        structure = estimation.structure
        layout = structure.layout
        self.size = layout.size
        self.item = {name: k for k, name in enumerate(layout.items)}
        self.factor = {name: k for k, name in enumerate(layout.factors)}
        self.C = structure.factor_covariance
        self.residual = estimation.residual_variances
        self.variance = np.diag(estimation.implied_covariance)
        U, V = structure.directions
        own = 2.0 * U * V
        self.of_variance = np.zeros_like(own) if estimation.ordinal else own
        self.of_residual = -own if estimation.ordinal else np.zeros_like(own)
        place, row, column = layout.places["residual_covariance"]
        if not estimation.ordinal:
            self.of_residual[row[row == column], place[row == column]] = 1.0
        self.U, self.V = structure.factor_directions

    def of_factors(self, one: int, other: int) -> Array:
        """Differentiate a factor covariance."""
        return np.asarray(self.U[one] * self.V[other] + self.V[one] * self.U[other])


def standardise(
    estimation: Estimation, cells: tuple[Cell, ...], values: Array, places: list[int | None]
) -> Standardised:
    """Standardise cells.

    Parameters
    ----------
    estimation : Estimation
    cells : tuple of Cell
        Free, fixed and derived ones.
    values : ndarray, (n_cells,)
    places : list of int or None
        Position in the parameter vector, None where not free.

    Returns
    -------
    Standardised
        Each loading times the factor's over the item's standard deviation; each covariance over both standard
        deviations; a residual or disturbance variance over the total variance; a residual covariance over the
        residual standard deviations.
    """
    scales = _Scales(estimation)
    found = np.zeros(len(cells))
    derivative = np.zeros((len(cells), scales.size))
    for k, (cell, value, place) in enumerate(zip(cells, values, places, strict=True)):
        own = np.zeros(scales.size)
        if place is not None:
            own[place] = 1.0
        found[k], derivative[k] = _ratio(*_parts(scales, cell, float(value), own))
    variance = np.einsum("ka,ka->k", derivative @ estimation.covariance, derivative)
    return Standardised(found, np.sqrt(np.where(variance < 1e-18, 0.0, variance)))


_Part = tuple[float, Array]


def _parts(scales: _Scales, cell: Cell, value: float, own: Array) -> tuple[_Part, _Part, _Part]:
    """Find a value, the variance that multiplies it and the one that divides it, each with its derivative."""
    unit = 1.0, np.zeros(scales.size)
    if cell.kind == "loading":
        return (value, own), _factor_variance(scales, cell.column), _item_variance(scales, cell.row)
    if cell.kind == "regression":
        return (value, own), _factor_variance(scales, cell.column), _factor_variance(scales, cell.row)
    if cell.kind == "intercept":
        return (value, own), unit, _item_variance(scales, cell.row)
    if cell.kind == "factor_covariance":
        one, other = _factor_variance(scales, cell.row), _factor_variance(scales, cell.column)
        return (value, own), unit, _product(one, other)
    if cell.row == cell.column:
        variance = _item_variance(scales, cell.row)
        return _residual(scales, cell.row), unit, _product(variance, variance)
    one, other = (_residual(scales, name) for name in (cell.row, cell.column))
    return (value, own), unit, _product(one, other)


def _factor_variance(scales: _Scales, name: str) -> _Part:
    """Variance of a factor."""
    k = scales.factor[name]
    return float(scales.C[k, k]), scales.of_factors(k, k)


def _item_variance(scales: _Scales, name: str) -> _Part:
    """Implied variance of an item."""
    k = scales.item[name]
    return float(scales.variance[k]), scales.of_variance[k]


def _residual(scales: _Scales, name: str) -> _Part:
    """Residual variance of an item."""
    k = scales.item[name]
    return float(scales.residual[k]), scales.of_residual[k]


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
