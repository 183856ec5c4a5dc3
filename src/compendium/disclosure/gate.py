"""The one gate: every table, value and picture that leaves a step passes here, and what is withheld is written down."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from compendium.disclosure.rounding import rounded_sums, step_for
from compendium.disclosure.suppression import OTHER_GROUPS
from compendium.disclosure.text import csv_cell

# Statistics from which, times n, a sum of people's answers could be worked out.
OF_SUMS = frozenset(
    (
        "mean", "sd", "skew", "kurtosis", "median", "lower_quartile", "upper_quartile", "share", "floor_share",
        "ceiling_share", "missing_share", "blank_share", "not_applicable_share", "most_frequent_answer", "self_mean",
        "self_sd", "peer_mean", "peer_sd", "bias", "misfitting_share", "no_clear_difference_share",
        "self_higher_share", "self_lower_share", "reach_uniform_share", "reach_slight_skew_share",
    )
)  # fmt: skip
# What unanimous answers give away: with no spread, the mean is everybody's answer.
OF_ANSWERS = ("mean", "sd", "skew", "kurtosis", "median", "floor_share", "ceiling_share", "most_frequent_answer")
# A difference of means is one too; a difference of correlations is none. A share of variance is no share of people.
BESIDE_MEANS, SHARES_OF_VARIANCE = "self_mean", "importance"
SPREADS, COUNTS = ("sd",), ("people", "n")
# Of how many people a row's share is, where ``n`` counts those who make it up.
OF = "of"
# The review is about records and the consultation about experts who rate items: no cohort member is in them.
ABOUT_NOBODY = ("01_evidence_review", "02_consultation")
SHARE_VALUES = ("_share",)
# Shares of variance and of residuals: of a model, not of people.
SHARES_OF_A_MODEL = ("general_share", "large_residual_share")
PEOPLE_VALUES = frozenset(("n_flagged",))
SMALL, UNANIMOUS, ROUNDED, POOLED = "threshold", "all-values-are-same", "rounding", "pooled groups"
REASONS = {
    SMALL: "cells about fewer people than the limit are blank",
    UNANIMOUS: "statistics of unanimous answers are blank: they would be everybody's answer",
    ROUNDED: "statistics of sums are rounded, so that the sums cannot be worked out",
    POOLED: "groups below the limit, and those that protect them, stand together without their names",
}


@dataclass(frozen=True)
class Withheld:
    """That something was withheld from a result and why, never what it was."""

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

    def table(self, name: str, frame: pd.DataFrame) -> pd.DataFrame:
        """Return a table as it may be kept: small rows blank, sums rounded, no text that a spreadsheet would run."""
        out = frame.reset_index(drop=True)
        if self.about_people:
            counts = _counts(out)
            out = self._without_small_rows(name, out, counts)
            out = self._without_unanimity(name, out)
            out = self._rounded(name, out, counts)
            self._note_pools(name, out)
        return neutral_text(out).set_axis(frame.index)

    def value(self, name: str, number: Any, note: str) -> tuple[Any, str]:
        """Return a named value as it may be kept, with its note."""
        plain = isinstance(number, (int, float, np.integer, np.floating)) and not isinstance(number, bool)
        if not self.about_people or not plain or not np.isfinite(number):
            return number, note
        if name in PEOPLE_VALUES and 0 < number < self.minimum:
            self._record(name, SMALL, [(0, "value")])
            return None, f"fewer than {self.minimum} people"
        if (name.endswith(SHARE_VALUES) and name not in SHARES_OF_A_MODEL) and self.people:
            return float(rounded_sums(pd.Series([float(number)]), self.people)[0]), note
        return number, note

    def shares(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Return shares of answers as a figure may draw them: an SVG holds every bar to many digits."""
        return frame.apply(lambda column: rounded_sums(column, self.people or 0)) if self.about_people else frame

    def _without_small_rows(self, name: str, out: pd.DataFrame, counts: pd.Series[float] | None) -> pd.DataFrame:
        """Blank the numbers of rows about fewer people than the limit."""
        if counts is None:
            return out
        small = (counts > 0) & (counts < self.minimum)
        columns = [column for column in out.columns if column in (*COUNTS, *OF_SUMS)]
        return self._blanked(name, SMALL, out, small, columns)

    def _without_unanimity(self, name: str, out: pd.DataFrame) -> pd.DataFrame:
        """Blank the statistics of answers that do not differ."""
        for spread in (column for column in SPREADS if column in out.columns):
            same = pd.to_numeric(out[spread], errors="coerce") == 0
            out = self._blanked(name, UNANIMOUS, out, same, [column for column in OF_ANSWERS if column in out.columns])
        return out

    def _rounded(self, name: str, out: pd.DataFrame, counts: pd.Series[float] | None) -> pd.DataFrame:
        """Round the statistics from which sums could be worked out."""
        if counts is None and (self.people is None or not {"sd", "missing_share", "floor_share"} & set(out.columns)):
            return out
        n = counts.fillna(self.people or 0) if counts is not None else float(self.people or 0)
        if OF in out.columns and _is_number(out[OF]):  # ``n`` counts some of them; the shares are of all of these
            n = out[OF].astype("Float64").astype(float).fillna(self.people or 0)
        columns = [column for column in _of_sums(out) if _is_number(out[column])]
        if columns and not isinstance(n, pd.Series) and not step_for(n) > 0:
            return out
        rounded = {column: rounded_sums(out[column], n) for column in columns}
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
        return out.assign(**{column: out[column].mask(rows) for column in columns})

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


def _of_sums(frame: pd.DataFrame) -> list[str]:
    """Return the columns that hold statistics from which sums could be worked out."""
    names = set(OF_SUMS) | ({"difference"} if BESIDE_MEANS in frame.columns else set())
    names -= {"share"} if SHARES_OF_VARIANCE in frame.columns else set()
    return [str(column) for column in frame.columns if column in names]


def _is_number(column: pd.Series[Any]) -> bool:
    """Say whether a column holds numbers."""
    return bool(pd.api.types.is_numeric_dtype(column)) and not pd.api.types.is_bool_dtype(column)


def _counts(frame: pd.DataFrame) -> pd.Series[float] | None:
    """Return how many people each row is about, or None where the table does not say.

    ``people`` always counts people; ``n`` does where statistics of people stand beside it.
    """
    if "people" in frame.columns and _is_number(frame["people"]):
        return frame["people"].astype(float)
    if "n" in frame.columns and _is_number(frame["n"]) and _of_sums(frame):
        return frame["n"].astype("Float64").astype(float)
    return None
