"""The public tables of a cohort as they are handed over: words instead of codes, a reason for every empty cell."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from compendium.report.book.headings import HEADINGS
from compendium.report.book.saved import SavedTable
from compendium.report.book.subject import Subject
from compendium.rounding import heading, in_words
from compendium.wording import running_text

Cell = str | int | float | bool | None
# What stands in a cell without a figure, as the Government Analysis Function writes it.
NOT_AVAILABLE = "[x]"
SHORTHAND = {NOT_AVAILABLE: "not available: not estimated, not defined or not shown; the note of the table says more"}
TYPES = {"b": "true or false", "i": "whole number", "f": "number"}


@dataclass(frozen=True)
class PublicTable:
    """One public table, ready to be handed over.

    Attributes
    ----------
    name, caption, note
        As the study saved it.
    frame
        At full precision: numbers as numbers, findings in words.
    """

    name: str
    caption: str
    note: str
    frame: pd.DataFrame
    origin: str

    @cached_property
    def labels(self) -> dict[str, str]:
        """What each column holds, in words; no two alike."""
        found: dict[str, str] = {}
        for column in map(str, self.frame.columns):
            label = HEADINGS.get(column, heading(column)) or column
            found[column] = f"{label} ({column})" if label in found.values() else label
        return found

    def kind(self, column: str) -> str:
        """Return the type of a column in words."""
        return TYPES.get(self.frame[column].dtype.kind, "text") if _plain(self.frame[column]) else "text"

    def rows(self) -> Iterator[list[Cell]]:
        """Yield the cells of each row as plain Python values, None where there is nothing."""
        for row in self.frame.itertuples(index=False, name=None):
            yield [plain(cell) for cell in row]


def public_tables(study: Subject, *, labels: bool) -> list[PublicTable]:
    """Return every public table of the cohort, in the order of its name.

    ``labels`` says whether ids of items and scales are written as their labels and columns without any entry left out,
    for readers; programs that join tables need them as they are.
    """
    tables = [_handed_over(saved, study.labels if labels else {}) for saved in study.saved.tables.values()]
    return [replace(table, frame=_told(table.frame)) for table in tables] if labels else tables


def plain(cell: Any) -> Cell:
    """Return a cell as a plain Python value, None where there is nothing."""
    value = cell.item() if isinstance(cell, np.generic) else cell
    if value is None or value is pd.NA or value == "" or (isinstance(value, float) and not math.isfinite(value)):
        return None
    return value if isinstance(value, (str, int, float, bool)) else str(value)


def _handed_over(saved: SavedTable, labels: Mapping[str, str]) -> PublicTable:
    """Return a saved table with its findings in words."""
    words = in_words(saved.frame, labels)
    frame = pd.DataFrame({str(name): _numbers(words[name]) for name in words.columns})
    note = running_text(saved.note, labels)
    return PublicTable(saved.name, saved.caption, note, frame, f"{saved.origin.notebook}, {saved.origin.function}")


def _told(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a table without columns in which nothing stands."""
    return frame[
        [name for name in frame.columns if frame.empty or any(plain(cell) is not None for cell in frame[name])]
    ]


def _numbers(column: pd.Series[Any]) -> pd.Series[Any]:
    """Return whole numbers with gaps as numbers that pandas and other programs share."""
    return column.astype(float) if str(column.dtype) == "Int64" else column


def _plain(column: pd.Series[Any]) -> bool:
    """Say whether a column is of a plain numpy type."""
    return isinstance(column.dtype, np.dtype)
