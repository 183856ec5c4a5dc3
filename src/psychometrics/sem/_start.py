"""Starting values from the correlations: one principal axis for each factor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from psychometrics.sem._equal_parameters import Sharing
from psychometrics.sem._structure import CellLayout
from psychometrics.sem.model import CfaModel

Array = NDArray[np.float64]


def starting_values(
    model: CfaModel, sharing: Sharing, groups: Sequence[GroupStart], shares: Array, *, theta: bool
) -> Array:
    """Find a parameter vector near the solution.

    The axes of the pooled correlations are put in each group's own units, and averaged where groups share a parameter.

    Parameters
    ----------
    model : CfaModel
    sharing : Sharing
    groups : sequence of GroupStart
    shares : ndarray, (n_groups,)
        Share of each group among all persons.
    theta : bool
        Whether residual variances are the unit of the items.

    Returns
    -------
    ndarray, (n_parameters,)
    """
    pooled = np.asarray(
        sum((share * part.covariance for share, part in zip(shares, groups, strict=True)), np.zeros(()))
    )
    deviation = np.sqrt(np.diag(pooled))
    loadings, factors = standard_solution(model, sharing.layout, pooled / np.outer(deviation, deviation))
    unique = np.clip(1.0 - np.einsum("af,fg,ag->a", loadings, factors, loadings), 0.2, 0.95)
    solution = _Standard(loadings, factors, unique, theta)
    return sharing.gather([_group_cells(model, sharing, k, part, solution) for k, part in enumerate(groups)])


class GroupStart(NamedTuple):
    """What a group's starting values need: its covariance, means and thresholds."""

    covariance: Array
    means: Array
    thresholds: Array


class _Standard(NamedTuple):
    """A standardised solution."""

    loadings: Array
    factors: Array
    unique: Array
    theta: bool


def _group_cells(model: CfaModel, sharing: Sharing, group: int, part: GroupStart, solution: _Standard) -> Array:
    """Cell values of one group in the units that its fixed cells set."""
    layout = sharing.layout
    item_unit = 1.0 / np.sqrt(solution.unique) if solution.theta else np.sqrt(np.diag(part.covariance))
    loadings = solution.loadings * item_unit[:, None]
    higher = _higher_loadings(model, solution.factors)
    unit = _factor_units(model, sharing, group, loadings, higher)
    start = np.zeros(layout.size)
    covariance = solution.factors * np.outer(unit, unit)
    threshold_item = [layout.items.index(layout.cells[k].row) for k in layout.thresholds]
    start[layout.thresholds] = part.thresholds * item_unit[threshold_item] if len(threshold_item) else 0.0
    for kind, (where, row, column) in layout.places.items():
        if kind == "loading":
            start[where] = loadings[row, column] / unit[column]
        elif kind == "regression":
            start[where] = higher[row] * unit[row] / unit[column]
        elif kind == "factor_covariance":
            start[where] = _factor_starts(model, covariance, higher, unit, row, column)
        elif kind == "residual_covariance":
            start[where] = np.where(row == column, solution.unique[row] * item_unit[row] ** 2, 0.0)
        elif kind == "intercept":
            start[where] = 0.0 if solution.theta else part.means[row]
    return start


def _factor_units(model: CfaModel, sharing: Sharing, group: int, loadings: Array, higher: Array) -> Array:
    """Find the standard deviation that each factor's first fixed loading asks for; one where the variance is fixed."""
    layout, unit = sharing.layout, np.ones(loadings.shape[1])
    fixed, constant = sharing.place[group] < 0, sharing.constant[group]
    for kind in ("loading", "regression"):
        where, row, column = layout.places[kind]
        done: set[int] = set()
        for cell, low, high in zip(where, row, column, strict=True):
            if not fixed[cell] or constant[cell] == 0 or high in done:
                continue
            done.add(int(high))
            value = loadings[low, high] if kind == "loading" else higher[low] * unit[low]
            unit[high] = np.copysign(max(abs(value), 0.1 if kind == "loading" else 0.05), value) / constant[cell]
    return unit


def standard_solution(model: CfaModel, layout: CellLayout, R: Array) -> tuple[Array, Array]:
    """Standardised loadings and factor correlations; second-order factors come last."""
    place = {item: k for k, item in enumerate(layout.items)}
    column = {factor: k for k, factor in enumerate(layout.factors)}
    loadings = np.zeros((len(layout.items), len(layout.factors)))
    left = R
    for factor, items in model.loadings_of():
        rows = [place[item] for item in items]
        axis = _principal_axis(left[np.ix_(rows, rows)])
        loadings[rows, column[factor]] = axis
        if factor == model.general:
            left = R - np.outer(loadings[:, column[factor]], loadings[:, column[factor]])
    factors = np.eye(len(layout.factors))
    if model.form in ("correlated", "second_order") and not model.orthogonal:
        factors = _factor_correlations(loadings, R)
    return loadings, factors


def _principal_axis(block: Array) -> Array:
    """First principal axis of a block, with the largest correlation of each item for its communality."""
    reduced = block.copy()
    np.fill_diagonal(reduced, 0.0)
    np.fill_diagonal(reduced, np.abs(reduced).max(axis=1))
    values, vectors = np.linalg.eigh(reduced)
    axis = vectors[:, -1] * np.sqrt(max(values[-1], 0.01))
    return np.asarray(np.clip(axis if axis.sum() >= 0 else -axis, -0.9, 0.9))


def _factor_correlations(loadings: Array, R: Array) -> Array:
    """Estimate factor correlations by least squares given the loadings, kept away from one."""
    used = np.abs(loadings).sum(axis=0) > 0
    inner = np.linalg.pinv(loadings[:, used])
    off = R - np.diag(1.0 - (loadings**2).sum(axis=1).clip(0.05, 0.8))
    found = inner @ off @ inner.T
    scale = np.sqrt(np.maximum(np.diag(found), 0.05))
    found = np.clip(found / np.outer(scale, scale), -0.85, 0.85)
    factors = np.eye(loadings.shape[1])
    factors[np.ix_(used, used)] = found
    np.fill_diagonal(factors, 1.0)
    return np.asarray(factors)


def _higher_loadings(model: CfaModel, factors: Array) -> Array:
    """Standardised loadings of the factors on a second-order factor."""
    higher = np.zeros(len(factors))
    if model.form == "second_order":
        higher[:-1] = _principal_axis(factors[:-1, :-1])
    return higher


def _factor_starts(
    model: CfaModel, covariance: Array, higher: Array, unit: Array, row: NDArray[np.intp], column: NDArray[np.intp]
) -> Array:
    """Variances and covariances of the factors; disturbances where a higher factor explains part."""
    found = covariance[row, column]
    if model.form == "second_order":
        found = np.where(row == len(unit) - 1, unit[row] ** 2, found * (1.0 - higher[row] ** 2))
    return np.asarray(found)
