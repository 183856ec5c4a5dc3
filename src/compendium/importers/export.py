"""An export as every reader returns it: answers by question, what the file says of them, and what was left out."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

FORMATS = (
    "csv",
    "xlsx",
    "qualtrics",
    "redcap",
    "limesurvey",
    "forms",
    "google",
    "surveymonkey",
    "jisc",
    "odk",
    "sav",
    "dta",
)
#: What a tool knows about a row: whether it was finished, and how many seconds it took.
PARTICIPATION = ("finished", "seconds")


@dataclass(frozen=True)
class Export:
    """One exported file.

    Attributes
    ----------
    tool : str
        One of :data:`FORMATS`.
    table : DataFrame
        One row an answer sheet, one column a question, text cells, blanks as empty strings; the index is the row of
        the file (a workbook's or CSV file's first row is row 1).
    wordings : dict
        Column to the question as it was worded, where the file says it.
    value_labels : dict
        Column to its codes and their labels, where the file says them.
    own_columns : tuple of str
        Columns the tool adds of its own accord (times, addresses, names): never kept as answers.
    participation : DataFrame
        Same index; what the tool knows of :data:`PARTICIPATION`.
    dropped : DataFrame
        ``row reason``: rows that are no answers, such as previews.
    notes : tuple of str
        What was done to the file beyond reading it.
    submitted_only : bool
        Whether the tool keeps sheets that were sent off only, so that nobody can say how many were started.
    delimiter : str
        Of plain text.
    """

    tool: str
    table: pd.DataFrame
    wordings: Mapping[str, str] = field(default_factory=dict)
    value_labels: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    own_columns: tuple[str, ...] = ()
    participation: pd.DataFrame = field(default_factory=pd.DataFrame)
    dropped: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=["row", "reason"]))
    notes: tuple[str, ...] = ()
    submitted_only: bool = False
    delimiter: str = ""

    @property
    def questions(self) -> list[str]:
        """The columns that may hold answers."""
        own = set(self.own_columns)
        return [column for column in self.table.columns if column not in own]


def fold(text: object) -> str:
    """Return a text as people compare it: one Unicode form, no case, single plain spaces."""
    return " ".join(unicodedata.normalize("NFKC", str(text)).casefold().split())


def as_table(header: Sequence[str], rows: Iterable[tuple[int, Sequence[str]]]) -> pd.DataFrame:
    """Return rows with their numbers as a table of text; short rows are filled with blanks."""
    numbered = list(rows)
    width = len(header)
    cells = [row if len(row) == width else [*row, *[""] * (width - len(row))][:width] for _, row in numbered]
    index = pd.Index([number for number, _ in numbered], name="row", dtype="int64")
    return pd.DataFrame(cells, columns=list(header), index=index, dtype=object)


def without(table: pd.DataFrame, unwanted: pd.Series, reason: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the table without some rows, and those rows with the reason."""
    rows = table.index[unwanted.to_numpy(dtype=bool)]
    return table.drop(index=rows), pd.DataFrame({"row": rows, "reason": reason})


def seconds_between(start: pd.Series, end: pd.Series) -> pd.Series:
    """Return the seconds between two columns of times; NaN where either cannot be read."""
    first, last = (pd.to_datetime(column, errors="coerce", format="mixed") for column in (start, end))
    return (last - first).dt.total_seconds()


def truth(cells: pd.Series, yes: Iterable[str]) -> pd.Series:
    """Return which cells say yes; a blank is unknown."""
    known = {fold(word) for word in yes}
    agreed = cells.map(lambda cell: fold(cell) in known).astype("boolean")
    return agreed.mask(cells == "")
