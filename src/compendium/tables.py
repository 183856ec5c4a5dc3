"""Presentation of tables: the only place where numbers are rounded."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

MINUS = "\N{MINUS SIGN}"
NOT_SHOWN = "\N{EN DASH}"
P_COLUMNS = ("p", "p_value", "p_adjusted", "p_holm", "p_bh", "mcar_p")


def number(value: Any, decimals: int = 2) -> str:
    """Write a number for a reader: fixed decimals, true minus sign, an en dash for what is not defined."""
    if value is None or (isinstance(value, float) and math.isnan(value)) or value is pd.NA:
        return NOT_SHOWN
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return {True: "yes", False: "no"}.get(value, str(value)) if isinstance(value, bool) else str(value)
    if isinstance(value, int):
        return f"{value:,}".replace("-", MINUS)
    text = f"{value:,.{decimals}f}"
    return text.replace("-", MINUS) if float(text.replace(",", "")) != 0 else text.lstrip("-")


def p_value(value: float) -> str:
    """Write a p value: three decimals, never as zero."""
    if value is None or math.isnan(value):
        return NOT_SHOWN
    return "< .001" if value < 0.001 else f"{value:.3f}".replace("0.", ".", 1)


def percent(share: float, decimals: int = 0) -> str:
    """Write a share between 0 and 1 as a percentage."""
    return NOT_SHOWN if share is None or math.isnan(share) else f"{100 * share:.{decimals}f} %"


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
