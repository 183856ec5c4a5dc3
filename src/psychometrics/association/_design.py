"""Design matrices: listwise deletion and treatment coding, the same for every model of the family."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from psychometrics._checks import numeric_column, require_same_rows, require_varying
from psychometrics.errors import InputShapeError, SingularMatrixError, TooFewPersonsError

INTERCEPT = "(Intercept)"
# Numbers this close, relative to the largest, differ by rounding only.
SAME = 1e-12


@dataclass(frozen=True)
class Design:
    """Complete rows of outcome and predictors, categorical predictors as indicators."""

    outcome: pd.Series
    matrix: pd.DataFrame
    numeric_terms: tuple[str, ...]
    n_dropped: int
    notes: tuple[str, ...]


def build_design(outcome: pd.Series, predictors: pd.DataFrame | None, grouping: pd.DataFrame | None = None) -> Design:
    """Delete incomplete rows, code categories, add the intercept, and refuse what cannot be estimated."""
    label = "outcome" if outcome.name is None else str(outcome.name)
    table = pd.DataFrame(index=outcome.index) if predictors is None else predictors
    _require_names(table)
    require_same_rows(outcome.index, table.index, "outcome and predictors")
    numeric = numeric_column(outcome.rename(label), "outcome")
    complete = numeric.notna() & table.notna().all(axis=1)
    if grouping is not None:
        require_same_rows(outcome.index, grouping.index, "outcome and groups")
        complete &= grouping.notna().all(axis=1)
    keep = complete.to_numpy()
    y, kept = numeric[keep], table[keep]
    if len(y) == 0:
        raise TooFewPersonsError(f"{label}: no row is complete on the outcome and every predictor")
    _require_varying(y, "outcome")
    columns, notes = _code(kept)
    matrix = pd.DataFrame({INTERCEPT: np.ones(len(y)), **columns}, index=y.index)
    _require_estimable(matrix, label)
    terms = tuple(str(name) for name in kept.columns if str(name) in columns)
    return Design(y, matrix, terms, len(outcome) - len(y), notes)


def _require_names(table: pd.DataFrame) -> None:
    """Refuse predictors named more than once, by names that read alike included (1 and "1")."""
    names = table.columns.map(str)
    repeated = names[names.duplicated()].tolist()
    if repeated:
        raise InputShapeError(f"predictors named more than once: {repeated}; give each its own name")


def _code(table: pd.DataFrame) -> tuple[dict[str, pd.Series], tuple[str, ...]]:
    """Return one column a term, and a note naming the reference category of each categorical predictor."""
    columns: dict[str, pd.Series] = {}
    notes = []
    for name in table.columns:
        _require_varying(table[name], "predictor")
        if pd.api.types.is_numeric_dtype(table[name]) and not pd.api.types.is_bool_dtype(table[name]):
            columns[str(name)] = numeric_column(table[name], "predictors")
            continue
        levels = _levels(table[name])
        notes.append(f"{name}: compared with {levels[0]}")
        columns |= {f"{name}[{level}]": (table[name] == level).astype(float) for level in levels[1:]}
    return columns, tuple(notes)


def _require_varying(values: pd.Series, role: str) -> None:
    """Refuse a series with one value, also where rounding makes the same value differ in the last digits."""
    if pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values):
        numbers = values.to_numpy(dtype=float, na_value=np.nan)
        known = numbers[np.isfinite(numbers)]
        if len(known) and np.ptp(known) <= SAME * np.abs(known).max():
            values = pd.Series(known[0], values.index, name=values.name)
    require_varying(values, role)


def _levels(values: pd.Series) -> list[object]:
    """Return the categories in use, in declared order for a categorical and sorted otherwise."""
    if isinstance(values.dtype, pd.CategoricalDtype):
        return [level for level in values.cat.categories if (values == level).any()]
    return sorted(values.unique(), key=str)


def _require_estimable(matrix: pd.DataFrame, label: str) -> None:
    """Refuse too few rows and linearly dependent predictors."""
    n, p = matrix.shape
    if n <= p:
        raise TooFewPersonsError(f"{label}: {n} complete rows do not suffice for {p} coefficients")
    scaled = matrix / np.sqrt((matrix**2).sum())
    if np.linalg.matrix_rank(scaled.to_numpy(), tol=1e-8) < p:
        raise SingularMatrixError(
            f"{label}: the predictors {list(matrix.columns[1:])} are linearly dependent; leave one out"
        )
