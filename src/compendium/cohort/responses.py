"""A response file as read: its cells as text, its questions, its keyed answers, its columns checked."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from compendium.cohort.layout import Form, Layout, Question
from compendium.cohort.schema import DESCRIPTION, CohortSettings
from compendium.columns import counted, numbers_of, recoded, without_unused
from compendium.faults import Fault, closest
from compendium.framework import FrameworkReading

#: Rows of the second file of a form are numbered from here on, of the third from twice as much, so that a row number
#: says which file it stands in.
FILE_STEP = 10_000_000
# Beyond so many unknown columns the file is another one, and slips of the pen are not looked for.
MOST_COMPARED = 200
WHOLE_NUMBER = re.compile(r"([+-]?[0-9]{1,18})(?:\.0{1,18})?")


@dataclass(frozen=True)
class Responses:
    """A form: its layout, its name in faults, its cells, its files where there are many.

    Ids are text; every other column is in categories (see :mod:`compendium.columns`), missing cells without one.
    """

    layout: Layout
    file: str
    cells: pd.DataFrame
    files: tuple[str, ...] = ()

    @property
    def form(self) -> Form:
        """Whether this is the self or the peer file."""
        return self.layout.form

    def place(self, row: int) -> str:
        """Say where a row stands, with its file where the form has several."""
        if len(self.files) < 2:
            return f"row {row}"
        return f"row {row % FILE_STEP} of {Path(self.files[row // FILE_STEP]).name}"

    @property
    def questions(self) -> tuple[Question, ...]:
        """The questions whose column is there."""
        return tuple(question for question in self.layout.questions if question.column in self.cells.columns)

    def answers(self, items: Collection[str] | None = None) -> pd.DataFrame:
        """Return the keyed answers, to some items or all, as floats by item; whatever is not an answer is NaN."""
        asked = [question for question in self.questions if items is None or question.item in items]
        keyed = np.empty((len(asked), len(self.cells)))
        for place, question in enumerate(asked):
            keyed[place] = _keyed(self.cells[question.column], question)
        return pd.DataFrame(keyed.T, index=self.cells.index, columns=[question.item for question in asked], copy=False)

    def unreadable(self, question: Question, codes: list[int]) -> int:
        """Count the cells of a question that are neither an answer, nor missing, nor not applicable."""
        known = [*(str(code) for code in question.codes), *not_applicable_here(question, codes)]
        counts = counted(self.cells[question.column])
        return int(counts.sum() - counts.reindex(known).sum())

    def not_applicable(self, codes: list[int]) -> pd.Series:
        """Count the answers 'not applicable' of each item."""
        counts = {
            question.item: counted(self.cells[question.column]).reindex(not_applicable_here(question, codes)).sum()
            for question in self.questions
        }
        return pd.Series(counts, dtype="int64", name=self.form)


def normalise(table: pd.DataFrame, settings: CohortSettings, form: Form) -> pd.DataFrame:
    """Make cells of declared missing texts missing, and turn whole numbers such as ``4.0`` into ``4``.

    Ids become plain text and stay as they are, and so does every label of a group: ``007`` is no 7. Where the levels
    of a grouping are declared by code, a whole number counts as the code that it is.
    """
    ids = {settings.person_id, settings.rater_id}
    missing = {"", *settings.missing}
    labels = {group.column: set(group.levels) for group in settings.groups_of(form) if group.kind != "number"}
    columns = {
        column: table[column].astype(object)
        if column in ids
        else _normalised(table[column], missing, labels.get(str(column)))
        for column in table.columns
    }
    return pd.DataFrame(columns, index=table.index)


def _normalised(values: pd.Series, missing: set[str], levels: set[str] | None) -> pd.Series:
    """Normalise one column by its different texts; ``levels`` are those of a grouping, None for numbers."""
    return recoded(without_unused(values), lambda text: _normalised_text(text, missing, levels))


def _normalised_text(text: str, missing: set[str], levels: set[str] | None) -> str | None:
    """Normalise one cell."""
    whole = WHOLE_NUMBER.fullmatch(text)
    plain = text if whole is None else str(int(whole[1]))
    if text in missing or plain in missing:
        return None
    return plain if levels is None or plain in levels else text


def _keyed(cells: pd.Series, question: Question) -> pd.Series:
    """Return one question's answers, turned when it is reversed."""
    codes = {str(code): float(code) for code in question.codes}
    answers = numbers_of(cells, lambda text: codes.get(text, np.nan))
    return question.minimum + question.maximum - answers if question.reverse else answers


def not_applicable_here(question: Question, codes: list[int]) -> list[str]:
    """Return the codes that mean not applicable here; a code inside the question's range is an answer."""
    return [str(code) for code in codes if code not in question.codes]


def column_faults(
    responses: Responses, settings: CohortSettings, instrument: FrameworkReading, left_out: Sequence[str] = ()
) -> list[Fault]:
    """Name columns that are missing or not declared.

    A column that looks like a missing one is taken for it, so that a slip of the pen is told once; of an export, those
    that were left out are looked at too. Columns of items that are at fault in the framework are passed over.
    """
    present, expected = responses.cells.columns, responses.layout.columns
    missing = [column for column in expected if column not in present]
    settled = {*expected, *instrument.at_fault}
    unknown = [column for column in present if column not in settled and not settings.ignores(column)]
    meant = {column: closest(column, missing) if len(unknown) <= MOST_COMPARED else None for column in unknown}
    problem, action = "the column is missing", f"add it, or say in {DESCRIPTION} how it is called in the file"
    items = {question.column for question in responses.layout.questions if not question.outcome}
    not_asked = f"{action}; an item that was not asked stands under drop, with the reason"
    return [
        *(_unknown_column(column, meant[column], column in instrument.named, responses.file) for column in unknown),
        *(
            Fault(
                responses.file,
                problem,
                _perhaps(column, left_out) or (not_asked if column in items else action),
                row=1,
                column=column,
            )
            for column in missing
            if column not in meant.values()
        ),
    ]


def _perhaps(column: str, left_out: Sequence[str]) -> str:
    """Say which column of the export, left out as not declared, may be a missing one."""
    near = closest(column, left_out) if len(left_out) <= MOST_COMPARED else None
    if near is None:
        return ""
    return f"is it {near!r}, which the export has? Then say so under columns in {DESCRIPTION}"


def _unknown_column(column: str, meant: str | None, known: bool, file: str) -> Fault:
    """Say what an unknown column may be, and what to do with it."""
    if known:
        action = "the framework has this item: ask it (items, outcomes, peer_outcomes), or list it under ignore"
    elif meant is not None:
        action = f"did you mean {meant!r}, which is missing? Rename it, or say its name in {DESCRIPTION}"
    else:
        action = f"declare it in {DESCRIPTION}, or list it under ignore"
    return Fault(file, "unknown column", action, row=1, column=column)
