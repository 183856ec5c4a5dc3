"""Tables as a reader sees them: numbers rounded, findings in words, ids as labels."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

from compendium.wording import MINUS, NOT_SHOWN, number, p_value, percent, shown

__all__ = ["MINUS", "NOT_SHOWN", "P_COLUMNS", "heading", "in_words", "number", "p_value", "percent", "rounded"]

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
            chosen.get(str(column), lambda cell: number(cell, decimals))(words.get(cell, shown(cell, words)))
            for cell in frame[column]
        ]
        for column in frame.columns
    }
    return pd.DataFrame(columns, index=frame.index).rename(columns=heading)


def in_words(frame: pd.DataFrame, labels: Mapping[str, str]) -> pd.DataFrame:
    """Return a table at full precision with its findings in words and its ids as labels, as a figure needs it."""
    texts = frame.select_dtypes(include=["object", "string"]).columns
    return frame.assign(**{name: [labels.get(cell, shown(cell, labels)) for cell in frame[name]] for name in texts})


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
