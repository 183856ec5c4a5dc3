"""What the columns of a table are about: how many people a row counts, which of them sums could be worked out from."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd

# The count of a whole cohort, where no column of the table counts.
COHORT = "cohort"
# What a named value is about: a statistic from which, times the people, a sum could be worked out; a count of people; a
# share that follows from counts which are shown; a number of a model, which the whole cohort stands behind.
OfPeople = Literal["", "sum", "count", "exact", "model"]
# Names of columns that are about people wherever nothing is declared: in a folder from elsewhere, in a table of a test.
SUMS = frozenset(
    (
        "mean", "sd", "skew", "kurtosis", "median", "lower_quartile", "upper_quartile", "share", "floor_share",
        "ceiling_share", "missing_share", "blank_share", "not_applicable_share", "most_frequent_answer", "self_mean",
        "self_sd", "peer_mean", "peer_sd", "bias", "misfitting_share", "no_clear_difference_share",
        "self_higher_share", "self_lower_share", "reach_uniform_share", "reach_slight_skew_share",
    )
)  # fmt: skip
ALWAYS_PEOPLE, PEOPLE_BESIDE_SUMS, OF = "people", "n", "of"
OF_EVERYBODY = frozenset(("sd", "missing_share", "floor_share"))
# A difference of means is a sum too; a difference of correlations is none. A share of variance is no share of people.
BESIDE_MEANS, SHARES_OF_VARIANCE = "self_mean", "importance"


@dataclass(frozen=True)
class Kinds:
    """What a table declares of its columns.

    Attributes
    ----------
    people : str
        The column that counts the people of a row, ``cohort`` where every row is about all of them, empty where the
        table is about nobody.
    sums : collection of str
        Columns that hold means, shares, spreads or other statistics from which, times the people, sums of answers
        could be worked out. Ends of intervals belong to them: their middle is the mean.
    exact : collection of str
        Columns that sound alike and stay as they are: they follow from counts that are shown, or belong to a model.
    unlisted : collection of str
        Columns that the gate needs and no reader gets.
    of : str
        The column that counts the people whom a row's shares are of, where ``people`` counts those who make them up.
    """

    people: str = ""
    sums: Collection[str] = frozenset()
    exact: Collection[str] = frozenset()
    unlisted: Collection[str] = frozenset()
    of: str = ""

    def of_a_row(self, frame: pd.DataFrame) -> list[str]:
        """Return the columns that describe the people in a row."""
        return [str(column) for column in frame.columns if column in {self.people, *self.sums, *self.exact}]

    def counts(self, frame: pd.DataFrame, cohort: int | None = None) -> pd.Series[float] | None:
        """Return the number of people behind each row, or None where the table does not say."""
        if self.people == COHORT and cohort is not None:
            return pd.Series(float(cohort), index=frame.index)
        return _numbers(frame, self.people)

    def shared_by(self, frame: pd.DataFrame, cohort: int | None = None) -> pd.Series[float] | None:
        """Return the number of people behind the statistics of each row, or None where the table does not say."""
        return self.counts(frame, cohort) if self.of not in frame.columns else _numbers(frame, self.of)


def _numbers(frame: pd.DataFrame, column: str) -> pd.Series[float] | None:
    """Return a column as numbers, or None where there is none."""
    if column not in frame.columns:
        return None
    return pd.to_numeric(frame[column], errors="coerce").astype("Float64").astype(float)


def kinds_by_name(frame: pd.DataFrame) -> Kinds:
    """Infer what columns hold from their names, for a table that declares nothing.

    ``people`` always counts people; ``n`` does where statistics of people stand beside it, which are of so many people
    as ``of`` says where there is such a column.
    """
    beside = {"difference"} if BESIDE_MEANS in frame.columns else set()
    names = (SUMS | beside) - ({"share"} if SHARES_OF_VARIANCE in frame.columns else set())
    sums = [str(column) for column in frame.columns if str(column) in names]
    if ALWAYS_PEOPLE in frame.columns:
        return Kinds(ALWAYS_PEOPLE, sums)
    if sums and PEOPLE_BESIDE_SUMS in frame.columns:
        return Kinds(PEOPLE_BESIDE_SUMS, sums, of=OF)
    return Kinds(COHORT if OF_EVERYBODY & set(sums) else "", sums)


def is_number(column: pd.Series[Any]) -> bool:
    """Say whether a column holds numbers."""
    return bool(pd.api.types.is_numeric_dtype(column)) and not pd.api.types.is_bool_dtype(column)
