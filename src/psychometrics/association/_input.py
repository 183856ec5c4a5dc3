"""Checks of the tables that the association family takes."""

from __future__ import annotations

from collections.abc import Hashable

import numpy as np
import pandas as pd

from psychometrics._ranks import restore_ties as restore_ties
from psychometrics.errors import CodingError, ConstantItemError, InputShapeError


def as_numeric_frame(table: pd.DataFrame, role: str) -> pd.DataFrame:
    """Return `table` as floats, or name the columns that are repeated or hold text."""
    if not isinstance(table, pd.DataFrame) or table.shape[1] == 0:
        raise InputShapeError(f"{role}: a DataFrame with at least one column is needed")
    repeated = table.columns[table.columns.duplicated()].tolist()
    if repeated:
        raise InputShapeError(f"{role}: columns named more than once: {repeated}; give each its own name")
    return pd.DataFrame({name: as_numeric_series(table[name], role) for name in table.columns}, table.index)


def as_numeric_series(values: pd.Series, role: str) -> pd.Series:
    """Return `values` as floats, or name the series that holds text or an infinite number."""
    try:
        numbers = values.astype(float)
    except (TypeError, ValueError) as error:
        raise CodingError(f"{role}: {values.name!r} holds values that are not numbers ({error})") from error
    if np.isinf(numbers.to_numpy()).any():
        raise CodingError(f"{role}: {values.name!r} holds an infinite value; mark missing values as NaN")
    return numbers


def require_same_rows(left: pd.Index, right: pd.Index, roles: str) -> None:
    """Refuse two tables whose rows are not the same persons in the same order."""
    if not left.equals(right):
        raise InputShapeError(
            f"{roles} must have the same index in the same order; they have {len(left)} and {len(right)} "
            "rows. Align them first, for example with reindex"
        )


def require_varying(values: pd.Series, role: str) -> None:
    """Refuse a series with one value only."""
    if values.nunique(dropna=True) < 2:
        raise ConstantItemError(
            f"{role} {values.name!r} does not vary over the {values.notna().sum()} persons used; "
            "no association with it is defined. Leave it out"
        )


def column_label(name: Hashable | None, fallback: str) -> str:
    """Return a printable name for a series."""
    return fallback if name is None else str(name)
