"""What the columns of a table are about: how many people a row counts, which of them sums could be worked out from."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import pandas as pd

# The count of a whole cohort, where no column of the table counts.
COHORT = "cohort"
# Names of columns that are about people wherever nothing is declared: in a folder from elsewhere, in a table of a test.
SUMS = frozenset(
    (
        "mean", "sd", "skew", "kurtosis", "median", "lower_quartile", "upper_quartile", "share", "floor_share",
        "ceiling_share", "missing_share", "blank_share", "not_applicable_share", "most_frequent_answer", "self_mean",
        "self_sd", "peer_mean", "peer_sd", "bias", "misfitting_share", "no_clear_difference_share",
        "self_higher_share", "self_lower_share", "reach_uniform_share", "reach_slight_skew_share",
    )
)  # fmt: skip
ALWAYS_PEOPLE, PEOPLE_BESIDE_SUMS = "people", "n"


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
    """

    people: str = ""
    sums: Collection[str] = frozenset()

    def counts(self, frame: pd.DataFrame, cohort: int | None = None) -> pd.Series[float] | None:
        """Return how many people each row is about, or None where the table does not say."""
        if self.people == COHORT and cohort is not None:
            return pd.Series(float(cohort), index=frame.index)
        if self.people not in frame.columns:
            return None
        return pd.to_numeric(frame[self.people], errors="coerce").astype("Float64").astype(float)


def kinds_by_name(frame: pd.DataFrame) -> Kinds:
    """Return what the names of the columns say, for a table that declares nothing.

    ``people`` always counts people; ``n`` does where statistics of people stand beside it.
    """
    sums = [str(column) for column in frame.columns if str(column) in SUMS]
    if ALWAYS_PEOPLE in frame.columns:
        return Kinds(ALWAYS_PEOPLE, sums)
    return Kinds(PEOPLE_BESIDE_SUMS if sums and PEOPLE_BESIDE_SUMS in frame.columns else "", sums)


def is_number(column: pd.Series[Any]) -> bool:
    """Say whether a column holds numbers."""
    return bool(pd.api.types.is_numeric_dtype(column)) and not pd.api.types.is_bool_dtype(column)
