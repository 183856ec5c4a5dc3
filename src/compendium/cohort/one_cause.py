"""Faults of many cells that one cause explains: another language, decimal commas, two waves in one file.

Each is told once, with how far it goes and where it starts, in place of a fault for every cell.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import pandas as pd

from compendium.cohort.layout import Question
from compendium.cohort.responses import Responses, not_applicable_here
from compendium.cohort.schema import DESCRIPTION, ROW_NUMBER, CohortSettings
from compendium.columns import counted
from compendium.faults import Fault

DECIMAL_COMMA = re.compile(r"[+-]?[0-9]+,[0-9]+")
NUMBER = re.compile(r"[+-]?[0-9]+([.,][0-9]+)?")
#: Fewer columns or people than these are slips of the pen, told one by one.
SOME_COLUMNS, SOME_PEOPLE = 3, 5
#: A block of blanks at the start of a column that is more than a question skipped, in rows and as a share.
LONGEST_SKIPPED, SKIPPED_SHARE = 10, 0.1
MOST_SHOWN = 5


@dataclass(frozen=True)
class Cause:
    """One fault, and the cells it explains."""

    fault: Fault
    cells: frozenset[tuple[str, str]]

    def explains(self, fault: Fault) -> bool:
        """Whether a fault of a cell is this one."""
        return (str(fault.column), str(fault.value)) in self.cells


def causes(responses: Responses, settings: CohortSettings) -> list[Cause]:
    """Return what explains the faults of many cells of a form."""
    found = [_decimal_commas(responses, settings), _unknown_words(responses, settings), _twice(responses, settings)]
    return [cause for cause in found if cause is not None]


def _decimal_commas(responses: Responses, settings: CohortSettings) -> Cause | None:
    """Name numbers that a spreadsheet wrote with a comma."""
    numbers = {group.column for group in settings.groups.values() if group.kind == "number"}
    columns = list(dict.fromkeys([*(each.column for each in responses.questions), *sorted(numbers)]))
    columns = [column for column in columns if column in responses.cells.columns]
    cells = {
        (column, str(text))
        for column in columns
        for text in counted(responses.cells[column]).index
        if DECIMAL_COMMA.fullmatch(str(text))
    }
    written = sum(int(counted(responses.cells[column])[text]) for column, text in cells)
    if written <= SOME_PEOPLE:
        return None
    touched = sorted({column for column, _ in cells}, key=columns.index)
    row, value = _first(responses.cells, touched[0], {text for column, text in cells if column == touched[0]})
    problem = f"numbers with a decimal comma in {_columns(touched)}"
    action = "a spreadsheet seems to have written the file again: take the file as the survey tool exported it"
    return Cause(Fault(responses.file, problem, action, row=row, column=touched[0], value=value), frozenset(cells))


def _unknown_words(responses: Responses, settings: CohortSettings) -> Cause | None:
    """Name answers in words that no label of the scale reads like, where they are most of what several columns hold."""
    words: dict[str, set[str]] = {}
    for question in responses.questions:
        counts = counted(responses.cells[question.column])
        strange = [str(text) for text in counts.index if _is_word(str(text), question, settings.not_applicable)]
        if strange and counts[strange].sum() / counts.sum() > 0.5:
            words[question.column] = set(strange)
    if len(words) < SOME_COLUMNS:
        return None
    first = next(iter(words))
    texts = sorted(set().union(*words.values()))
    row, value = _first(responses.cells, first, words[first])
    shown = ", ".join(map(repr, texts[:MOST_SHOWN])) + (", ..." if len(texts) > MOST_SHOWN else "")
    problem = f"the answers in {_columns(list(words))} are words that no label of the scale reads like: {shown}"
    likely = "the form may have been in another language: export the answers as codes"
    if all(re.fullmatch(r"[A-Za-z]+\d+", text) for text in texts):
        likely = "these are the tool's own codes, whose order nobody knows here: export the answers as full texts"
    action = f"{likely}, or say under files.answers in {DESCRIPTION} which code each word means"
    fault = Fault(responses.file, problem, action, row=row, column=first, value=value)
    return Cause(fault, frozenset((column, text) for column, each in words.items() for text in each))


def _is_word(text: str, question: Question, not_applicable: list[int]) -> bool:
    """Whether a cell is a text and neither a number nor a declared answer."""
    known = {*(str(code) for code in question.codes), *not_applicable_here(question, not_applicable)}
    return text not in known and NUMBER.fullmatch(text) is None


def _twice(responses: Responses, settings: CohortSettings) -> Cause | None:
    """Name many people who stand in the self file more than once."""
    column = settings.person_id
    if responses.form != "self" or column == ROW_NUMBER or column not in responses.cells:
        return None
    ids = responses.cells[column]
    again = ids[ids.duplicated() & (ids != "")]
    if again.nunique() <= SOME_PEOPLE:
        return None
    row, value = int(str(again.index[0])), str(again.iloc[0])
    before = int(str(ids.index[ids == value][0]))
    where = f"{responses.place(before)} and {responses.place(row)}"
    if settings.waves is not None:
        where += f" (wave {settings.waves.main})"
        action = "keep one row a person and wave; if the second row is another wave, mend its wave"
    else:
        action = (
            f"it seems to hold two waves: declare them under waves in {DESCRIPTION}, with the column that tells them "
            "or a file for each; else keep one row a person"
        )
    problem = f"{again.nunique()} people stand in the file more than once, the first in {where}"
    fault = Fault(responses.file, problem, action, row=row, column=column, value=value)
    return Cause(fault, frozenset((column, str(text)) for text in again.unique()))


def asked_later(responses: Responses, settings: CohortSettings) -> list[tuple[str, Fault]]:
    """Return questions that are blank for everybody at the start of the file and answered from some row on."""
    columns = list(dict.fromkeys(question.column for question in responses.questions))
    answered = responses.cells[columns].notna() if columns else pd.DataFrame()
    if answered.empty:
        return []
    busy = answered.mean(axis=1) > 0.5
    found = []
    for column in columns:
        first = int(answered[column].to_numpy().argmax()) if answered[column].any() else 0
        asked, later = busy.iloc[:first].sum(), answered[column].iloc[first:][busy.iloc[first:]]
        if asked < max(LONGEST_SKIPPED, SKIPPED_SHARE * len(answered)) or later.mean() < 1 - SKIPPED_SHARE:
            continue
        row = int(str(answered.index[first]))
        problem = f"nobody answered the question before row {row}, and nearly everybody from there on"
        action = "it seems to have been added half-way: the people before were not asked"
        found.append((column, Fault(responses.file, problem, action, row=row, column=column)))
    return found


def _first(cells: pd.DataFrame, column: str, texts: set[str]) -> tuple[int, str]:
    """Return the first row of a column that holds one of some texts, and the text."""
    at = cells.index[cells[column].isin(texts)][0]
    return int(str(at)), str(cells.loc[at, column])


def _columns(names: list[str]) -> str:
    """Return columns as a sentence names them."""
    return f"{len(names)} columns ({names[0]} to {names[-1]})" if len(names) > 1 else f"the column {names[0]}"
