"""Presentation of tables: the only place where numbers are rounded."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd

MINUS = "\N{MINUS SIGN}"
NOT_SHOWN = "\N{EN DASH}"
P_COLUMNS = (
    "p",
    "p_value",
    "p_adjusted",
    "p_holm",
    "p_bh",
    "mcar_p",
    "p_overall",
    "p_nonlinear",
    "p_scaled",
    "p_difference",
    "p_adjusted_total",
)


def number(value: Any, decimals: int = 2) -> str:
    """Write a number for a reader: fixed decimals, true minus sign, an en dash for what is not defined."""
    plain = value.item() if isinstance(value, np.generic) else value
    if _undefined(plain):
        return NOT_SHOWN
    if isinstance(plain, bool):
        return "yes" if plain else "no"
    if isinstance(plain, int):
        return f"{plain:,}".replace("-", MINUS)
    return _fixed(plain, decimals) if isinstance(plain, float) else str(plain)


def p_value(value: Any) -> str:
    """Write a p value: three decimals without a leading zero, never as zero."""
    if _undefined(value):
        return NOT_SHOWN
    if value < 0.001:
        return "< .001"
    return f"{value:.3f}".removeprefix("0")


def percent(share: Any, decimals: int = 0) -> str:
    """Write a share between 0 and 1 as a percentage."""
    return NOT_SHOWN if _undefined(share) else f"{_fixed(100 * float(share), decimals)} %"


def _undefined(value: Any) -> bool:
    """Say whether there is no number to write."""
    return value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value))


def _fixed(value: float, decimals: int) -> str:
    """Write fixed decimals with a true minus sign, zero without a sign."""
    text = f"{value:,.{decimals}f}"
    return text.lstrip("-") if not text.strip("-0.,") else text.replace("-", MINUS)


def rounded(
    frame: pd.DataFrame,
    decimals: int = 2,
    *,
    formats: Mapping[str, Callable[[Any], str]] | None = None,
    labels: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """Return a table as text for a reader.

    Parameters
    ----------
    frame
        A table at full precision.
    decimals
        Decimals of numbers without a format of their own.
    formats
        Column name to formatter; p values and shares (columns named ``share`` or ending in ``_share``) have theirs.
    labels
        Raw values to be written as words (item or competency ids to labels).
    """
    chosen = {**_default_formats(frame), **(formats or {})}
    words = labels or {}
    columns = {
        column: [
            chosen.get(str(column), lambda cell: number(cell, decimals))(words.get(cell, cell))
            for cell in frame[column]
        ]
        for column in frame.columns
    }
    return pd.DataFrame(columns, index=frame.index).rename(columns=heading)


def heading(column: Any) -> str:
    """Turn a column name into a heading."""
    text = str(column)
    return text if len(text) <= 3 or " " in text else text.replace("_", " ")


def _default_formats(frame: pd.DataFrame) -> dict[str, Callable[[Any], str]]:
    """Give p values and shares their usual form."""
    formats: dict[str, Callable[[Any], str]] = {}
    for column in map(str, frame.columns):
        if column in P_COLUMNS:
            formats[column] = p_value
        elif column == "share" or column.endswith("_share"):
            formats[column] = lambda cell: percent(cell, 1)
    return formats
