"""The table of parameters: every cell of every group with its errors, raw and standardised."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from psychometrics.sem._cells import Cell
from psychometrics.sem._estimation import Estimation
from psychometrics.sem._input import Sorted
from psychometrics.sem._ordinal import OrdinalProblem
from psychometrics.sem._standardised import standardise

Array = NDArray[np.float64]
CONFIDENCE = 0.95

_NAMES = {
    "threshold": "threshold",
    "loading": "loading",
    "regression": "second-order loading",
    "intercept": "intercept",
    "factor_mean": "factor mean",
}
# In place of the number of a free parameter, where a row of the table follows from others.
_DERIVED = -2
_ORDER = ["kind", "left", "right", "free", "estimate", "standard_error", "z", "p_value", "lower", "upper"]
_STANDARDISED = ["standardised", "standardised_error", "standardised_lower", "standardised_upper"]


def parameter_table(data: Sorted, estimation: Estimation) -> pd.DataFrame:
    """All parameters; with several groups their group first, and whether all groups share them."""
    frames = []
    for group, name in enumerate(data.names):
        rows = pd.concat([_cell_rows(estimation, group), _saturated_thresholds(estimation, group)], ignore_index=True)
        frames.append(rows.assign(group=name))
    table = _with_intervals(pd.concat(frames, ignore_index=True))
    if not data.several:
        return table[[*_ORDER, *_STANDARDISED]]
    return table[["group", *_ORDER[:4], "shared", *_ORDER[4:], *_STANDARDISED]]


def threshold_estimates(estimation: Estimation, group: int) -> pd.Series[float]:
    """Thresholds of one group, by item and threshold: those of the model, else those of the sample."""
    if isinstance(estimation.problem, OrdinalProblem) and estimation.problem.delta:
        found = estimation.problem.samples.groups[group].estimates
        items, positions = found.threshold_places
        values = found.thresholds[items, positions]
        names = [(estimation.sharing.layout.items[k], str(at + 1)) for k, at in zip(items, positions, strict=True)]
    else:
        places = [k for k, cell in enumerate(estimation.sharing.layout.cells) if cell.kind == "threshold"]
        values = estimation.cells[group][places]
        names = [label(estimation.sharing.layout.cells[k])[1:] for k in places]
    return pd.Series(values, index=pd.MultiIndex.from_tuples(names, names=["item", "threshold"]), name="estimate")


def parameter_covariance(data: Sorted, estimation: Estimation) -> Array:
    """Covariance of the estimates in the rows of the table: zero for fixed ones, NaN for what follows from others."""
    places = []
    for group in range(len(data.names)):
        place, saturated = estimation.sharing.place[group], _saturated_thresholds(estimation, group)
        derived = len(estimation.sharing.layout.items) if estimation.unit_variances else 0
        derived += 0 if saturated is None else len(saturated)
        places.append(np.concatenate([place, np.full(derived, _DERIVED)]))
    place = np.concatenate(places)
    free = np.maximum(place, 0)
    found = np.where((place[:, None] < 0) | (place < 0), 0.0, estimation.precision[np.ix_(free, free)])
    return np.where((place[:, None] == _DERIVED) | (place == _DERIVED), np.nan, found)


def label(cell: Cell) -> tuple[str, str, str]:
    """Kind of a cell in plain words, and its two names: the factor before what loads on it."""
    if cell.kind in ("loading", "regression"):
        return _NAMES[cell.kind], cell.column, cell.row
    if cell.kind in _NAMES:
        return _NAMES[cell.kind], cell.row, cell.column
    who = "factor" if cell.kind == "factor_covariance" else "residual"
    return f"{who} {'variance' if cell.row == cell.column else 'covariance'}", cell.row, cell.column


def _cell_rows(estimation: Estimation, group: int) -> pd.DataFrame:
    """Rows of the cells of a group, and of the residual variances that follow from unit variances."""
    sharing = estimation.sharing
    cells, values, place = sharing.layout.cells, estimation.cells[group], sharing.place[group]
    shared = np.all(sharing.place == place, axis=0)
    if estimation.unit_variances:
        items = sharing.layout.items
        cells += tuple(Cell("residual_covariance", item, item) for item in items)
        values = np.concatenate([values, estimation.residual_variances(group)])
        place = np.concatenate([place, np.full(len(items), -1)])
        shared = np.concatenate([shared, np.zeros(len(items), dtype=bool)])
    error = np.sqrt(np.maximum(np.diag(estimation.precision), 0.0))
    standard, standard_error = standardise(estimation, group, cells, values)
    frame = pd.DataFrame([label(cell) for cell in cells], columns=["kind", "left", "right"])
    return frame.assign(
        free=place >= 0,
        shared=(place >= 0) & shared,
        estimate=values,
        standard_error=np.where(place >= 0, error[place], np.nan),
        standardised=standard,
        standardised_error=standard_error,
    )


def _saturated_thresholds(estimation: Estimation, group: int) -> pd.DataFrame | None:
    """Rows of thresholds that are no part of the model, which are standardised as they are."""
    if not (isinstance(estimation.problem, OrdinalProblem) and estimation.problem.delta):
        return None
    samples = estimation.problem.samples
    found = samples.groups[group].estimates
    items, positions = found.threshold_places
    names = estimation.sharing.layout.items
    values = found.thresholds[items, positions]
    errors = np.sqrt(samples.threshold_variance(group) * samples.correction)
    return pd.DataFrame(
        {
            "kind": "threshold",
            "left": [names[k] for k in items],
            "right": [str(k + 1) for k in positions],
            "free": True,
            "shared": False,
            "estimate": values,
            "standard_error": errors,
            "standardised": values,
            "standardised_error": errors,
        }
    )


def _with_intervals(frame: pd.DataFrame) -> pd.DataFrame:
    """Wald tests and 95 % intervals beside estimates and standardised values."""
    point = float(ndtri(0.5 + CONFIDENCE / 2.0))
    error = frame["standard_error"].to_numpy(dtype=float)
    estimate = frame["estimate"].to_numpy(dtype=float)
    z = np.divide(estimate, error, out=np.full(len(frame), np.nan), where=error > 0)
    margin = point * frame["standardised_error"]
    return frame.assign(
        z=z,
        p_value=2.0 * ndtr(-np.abs(z)),
        lower=estimate - point * error,
        upper=estimate + point * error,
        standardised_lower=frame["standardised"] - margin,
        standardised_upper=frame["standardised"] + margin,
    )
