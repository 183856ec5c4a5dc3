"""Starting values from the correlations: one principal axis for each factor."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from psychometrics.cfa._model import CfaModel
from psychometrics.cfa._structure import Layout

Array = NDArray[np.float64]


def starting_values(model: CfaModel, layout: Layout, covariance: Array, means: Array | None = None) -> Array:
    """Find a parameter vector near the solution.

    Parameters
    ----------
    model : CfaModel
    layout : Layout
    covariance : ndarray, (n_items, n_items)
        Sample covariance or polychoric correlation.
    means : ndarray, (n_items,), optional

    Returns
    -------
    ndarray, (n_cells,)
    """
    deviation = np.sqrt(np.diag(covariance))
    loadings, factors = standard_solution(model, layout, covariance / np.outer(deviation, deviation))
    uniqueness = np.clip(1.0 - np.einsum("af,fg,ag->a", loadings, factors, loadings), 0.2, 0.95)
    return _in_units(model, layout, loadings * deviation[:, None], factors, uniqueness * deviation**2, means)


def standard_solution(model: CfaModel, layout: Layout, R: Array) -> tuple[Array, Array]:
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


def _in_units(
    model: CfaModel, layout: Layout, loadings: Array, factors: Array, residuals: Array, means: Array | None
) -> Array:
    """Put the solution in the units that the model fixes."""
    unit = np.ones(len(layout.factors))
    first = {factor: items[0] for factor, items in model.loadings_of()}
    if model.scale == "marker":
        for k, factor in enumerate(layout.factors):
            if factor in first:
                marker = loadings[layout.items.index(first[factor]), k]
                unit[k] = np.copysign(max(abs(marker), 0.1), marker)
    higher = _higher_loadings(model, layout, factors)
    if model.scale == "marker" and model.form == "second_order":
        unit[-1] = max(abs(higher[0]) * abs(unit[0]), 0.05) * np.sign(higher[0] * unit[0])
    start = np.zeros(layout.size)
    covariance = factors * np.outer(unit, unit)
    for kind, (where, row, column) in layout.places.items():
        if kind == "loading":
            start[where] = loadings[row, column] / unit[column]
        elif kind == "regression":
            start[where] = higher[row] * unit[row] / unit[-1]
        elif kind == "factor_covariance":
            start[where] = _factor_starts(model, covariance, higher, unit, row, column)
        elif kind == "residual_covariance":
            start[where] = np.where(row == column, residuals[row], 0.0)
        elif means is not None:
            start[where] = means[row]
    return start


def _higher_loadings(model: CfaModel, layout: Layout, factors: Array) -> Array:
    """Standardised loadings of the factors on a second-order factor."""
    higher = np.zeros(len(layout.factors))
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
