"""The one gate: every table, value and picture that leaves a step passes here, and what is withheld is written down."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from compendium.disclosure.kinds import Kinds, OfPeople, is_number, kinds_by_name
from compendium.disclosure.rounding import rounded_sums, side_of
from compendium.disclosure.suppression import OTHER_GROUPS
from compendium.disclosure.text import csv_cell

# What unanimous answers give away: with no spread, the mean is everybody's answer.
OF_ANSWERS = ("mean", "sd", "skew", "kurtosis", "median", "floor_share", "ceiling_share", "most_frequent_answer")
SPREADS = ("sd",)
# The review is about records and the consultation about experts who rate items: no cohort member is in them.
ABOUT_NOBODY = ("01_evidence_review", "02_consultation")
SMALL, UNANIMOUS, ROUNDED, POOLED = "threshold", "all-values-are-same", "rounding", "pooled groups"
REASONS = {
    SMALL: "cells about fewer people than the limit are blank",
    UNANIMOUS: "statistics of unanimous answers are blank: they would be everybody's answer",
    ROUNDED: "statistics of sums are rounded, so that the sums cannot be worked out",
    POOLED: "groups below the limit, and those that protect them, stand together without their names",
}


@dataclass(frozen=True)
class Withheld:
    """A note that something was withheld from a result and why, never what it was."""

    result: str
    rule: str
    cells: tuple[tuple[int, str], ...]

    def as_json(self) -> dict[str, Any]:
        """Return the entry of the log."""
        places = [[row, column] for row, column in self.cells]
        return {"result": self.result, "rule": self.rule, "reason": REASONS[self.rule], "cells": places}


@dataclass
class Gate:
    """What may leave one step of one cohort.

    Attributes
    ----------
    step : str
        Name of the step.
    people : int or None
        People of the cohort; None while nobody has been counted.
    minimum : int
        Smallest number of people that may be shown.
    withheld : list of Withheld
        What was withheld so far.
    """

    step: str
    people: int | None
    minimum: int
    withheld: list[Withheld] = field(default_factory=list)

    @property
    def about_people(self) -> bool:
        """Whether the step looks at the people of the cohort at all."""
        return self.step not in ABOUT_NOBODY

    def table(self, name: str, frame: pd.DataFrame, kinds: Kinds | None = None) -> pd.DataFrame:
        """Return a table as it may be kept: small rows blank, sums rounded, no text that a spreadsheet would run.

        Parameters
        ----------
        kinds
            What the columns are about, as the catalogue declares it; by their names where nothing is declared.
        """
        out = frame.reset_index(drop=True)
        if self.about_people:
            declared = kinds_by_name(out) if kinds is None else kinds
            counts = declared.counts(out, self.people)
            out = self._without_small_rows(name, out, counts, declared)
            out = self._without_unanimity(name, out, declared)
            out = self._rounded(name, out, declared.shared_by(out, self.people), declared)
            self._note_pools(name, out)
            out = out.drop(columns=[column for column in declared.unlisted if column in out.columns])
        return neutral_text(out).set_axis(frame.index)

    def value(self, name: str, number: Any, note: str, of_people: OfPeople | None = None) -> tuple[Any, str]:
        """Return a named value as it may be kept, with its note.

        Parameters
        ----------
        of_people
            What the value is about; by its name where nothing is declared.
        """
        plain = isinstance(number, (int, float, np.integer, np.floating)) and not isinstance(number, bool)
        if not self.about_people or not plain or not np.isfinite(number):
            return number, note
        kind = of_people if of_people is not None else "sum" if name.endswith("_share") else ""
        few = f"fewer than {self.minimum} people"
        if kind == "count" and 0 < number < self.minimum:
            self._record(name, SMALL, [(0, "value")])
            return None, few
        if kind in ("sum", "exact") and self.people is not None and 0 < self.people < self.minimum:
            self._record(name, SMALL, [(0, "value")])
            return None, few
        if kind == "sum" and self.people:
            return float(rounded_sums(pd.Series([float(number)]), self.people)[0]), note
        return number, note

    def shares(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Return shares of answers as a figure may draw them: an SVG holds every bar to many digits."""
        if not self.about_people or not self.people:
            return frame
        if self.people < self.minimum:
            return frame.astype(float) * np.nan
        return frame.apply(lambda column: rounded_sums(column, self.people or 0))

    def _without_small_rows(
        self, name: str, out: pd.DataFrame, counts: pd.Series[float] | None, kinds: Kinds
    ) -> pd.DataFrame:
        """Blank the numbers of rows about fewer people than the limit."""
        if counts is None:
            return out
        small = (counts > 0) & (counts < self.minimum)
        return self._blanked(name, SMALL, out, small, kinds.of_a_row(out))

    def _without_unanimity(self, name: str, out: pd.DataFrame, kinds: Kinds) -> pd.DataFrame:
        """Blank the statistics of answers that do not differ."""
        for spread in (column for column in SPREADS if column in kinds.sums and column in out.columns):
            same = pd.to_numeric(out[spread], errors="coerce") == 0
            out = self._blanked(name, UNANIMOUS, out, same, [column for column in OF_ANSWERS if column in kinds.sums])
        return out

    def _rounded(self, name: str, out: pd.DataFrame, counts: pd.Series[float] | None, kinds: Kinds) -> pd.DataFrame:
        """Round the statistics from which sums could be worked out."""
        columns = [column for column in out.columns if column in kinds.sums and is_number(out[column])]
        if counts is None or not columns:
            return out
        n = counts.fillna(self.people or 0)
        known = n > 0
        rounded = {
            column: rounded_sums(out[column], n.where(known, 1), side_of(column)).where(known, out[column])
            for column in columns
        }
        if any(not rounded[column].equals(out[column]) for column in columns):
            self._record(name, ROUNDED, [(-1, column) for column in columns])
        return out.assign(**rounded)

    def _note_pools(self, name: str, out: pd.DataFrame) -> None:
        """Note the rows in which hidden groups stand together."""
        if "group" in out.columns:
            rows = out.index[out["group"].astype(str) == OTHER_GROUPS]
            self._record(name, POOLED, [(int(row), "group") for row in rows])

    def _blanked(
        self, name: str, rule: str, out: pd.DataFrame, rows: pd.Series[bool], columns: list[str]
    ) -> pd.DataFrame:
        """Blank some columns of some rows and write down that this was done."""
        if not rows.any() or not columns:
            return out
        self._record(name, rule, [(int(row), column) for row in out.index[rows] for column in columns])
        return out.assign(**{column: out[column].mask(rows) for column in columns if column in out.columns})

    def _record(self, name: str, rule: str, cells: Iterable[tuple[int, str]]) -> None:
        """Write down that something was withheld, once."""
        entry = Withheld(name, rule, tuple(cells))
        if entry.cells and entry not in self.withheld:
            self.withheld.append(entry)


def neutral_text(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a table whose texts no spreadsheet takes for a formula."""
    texts = [place for place, kind in enumerate(frame.dtypes) if pd.api.types.is_string_dtype(kind) or kind.kind == "O"]
    if not texts:
        return frame
    out = frame.copy()
    for place in texts:
        column = out.iloc[:, place]
        changed = column.map(lambda cell: csv_cell(cell) if isinstance(cell, str) else cell)
        if not changed.equals(column):
            out.isetitem(place, changed.array)
    return out
