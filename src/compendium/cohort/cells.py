"""Whether every cell of a response file is what its column allows."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from compendium.cohort.layout import Form, Layout, Question
from compendium.cohort.schema import DESCRIPTION, CohortSettings, Group
from compendium.faults import Fault, suggest
from compendium.framework import ResponseScale

if TYPE_CHECKING:
    import pandera.pandas as pandera

WHOLE_NUMBER = re.compile(r"([+-]?\d+)(?:\.0+)?")
NUMBER = r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?\Z"
NOT_A_FORMULA = r"(?![=+@])"


@dataclass(frozen=True)
class Responses:
    """A response file: its layout, its name in faults, and its cells with missing ones as None."""

    layout: Layout
    file: str
    cells: pd.DataFrame

    @property
    def form(self) -> Form:
        """Whether this is the self or the peer file."""
        return self.layout.form

    @property
    def questions(self) -> tuple[Question, ...]:
        """The questions whose column is there."""
        return tuple(question for question in self.layout.questions if question.column in self.cells.columns)

    def answers(self) -> pd.DataFrame:
        """Return the keyed answers as floats, columns named by item; whatever is not an answer is NaN."""
        keyed = {question.item: _keyed(self.cells[question.column], question) for question in self.questions}
        return pd.DataFrame(keyed, index=self.cells.index, dtype=float)

    def not_applicable(self, codes: list[int]) -> pd.Series:
        """Count the answers 'not applicable' of each item."""
        counts = {
            question.item: self.cells[question.column].isin(_not_applicable(question, codes)).sum()
            for question in self.questions
        }
        return pd.Series(counts, dtype="int64", name=self.form)


def normalise(table: pd.DataFrame, settings: CohortSettings) -> pd.DataFrame:
    """Turn declared missing texts into None and whole numbers such as ``4.0`` into ``4``, except in id columns."""
    ids = {settings.person_id, settings.rater_id}
    missing = {"", *settings.missing}
    columns = {
        column: table[column] if column in ids else _normalised(table[column], missing) for column in table.columns
    }
    return pd.DataFrame(columns, index=table.index, dtype=object)


def _normalised(values: pd.Series, missing: set[str]) -> pd.Series:
    """Normalise one column by its distinct texts."""
    texts = {text: _normalised_text(text, missing) for text in values.unique()}
    return values.map(texts).astype(object).where(lambda cells: cells.notna(), None)


def _normalised_text(text: str, missing: set[str]) -> str | None:
    """Normalise one cell."""
    if text in missing:
        return None
    whole = WHOLE_NUMBER.fullmatch(text)
    return text if whole is None else str(int(whole[1]))


def _keyed(cells: pd.Series, question: Question) -> pd.Series:
    """Return one question's answers, turned when it is reversed."""
    codes = {str(code): float(code) for code in question.codes}
    answers = cells.map(codes).astype(float)
    return question.minimum + question.maximum - answers if question.reverse else answers


def _not_applicable(question: Question, codes: list[int]) -> list[str]:
    """Return the codes that mean not applicable here; a code inside the question's range is an answer."""
    return [str(code) for code in codes if code not in question.codes]


@dataclass(frozen=True)
class _Rule:
    """What one column allows, as pandera checks it, and how a cell that breaks it is explained."""

    column: pandera.Column
    explain: Callable[[Responses, int, str], Fault]


def cell_faults(responses: Responses, settings: CohortSettings, scale: ResponseScale) -> list[Fault]:
    """Name every cell that its column does not allow: blank or repeated ids, groups, answers."""
    import pandera.pandas as pandera

    rules = _rules(responses, settings, scale)
    schema = pandera.DataFrameSchema({name: rule.column for name, rule in rules.items()})
    try:
        schema.validate(responses.cells, lazy=True)
    except pandera.errors.SchemaErrors as error:
        found = error.failure_cases[["index", "column", "failure_case"]]
        return [
            rules[column].explain(responses, int(row), value) for row, column, value in found.itertuples(index=False)
        ]
    return []


def _rules(responses: Responses, settings: CohortSettings, scale: ResponseScale) -> dict[str, _Rule]:
    """Return the rule of every column that is there."""
    rules = {column: _id_rule(column, responses.form) for column in responses.layout.ids}
    if responses.form == "self":
        rules |= {group.column: _group_rule(group) for group in settings.groups.values()}
    rules |= {question.column: _answer_rule(question, settings, scale) for question in responses.questions}
    return {column: rule for column, rule in rules.items() if column in responses.cells.columns}


def _column(check: pandera.Check, *, unique: bool = False) -> pandera.Column:
    """Return a pandera column of text with one check, blanks allowed."""
    import pandera.pandas as pandera

    return pandera.Column(checks=check, nullable=True, unique=unique, report_duplicates="exclude_first")


def _id_rule(column: str, form: Form) -> _Rule:
    """Ids are never blank; in the self file they are unique."""
    import pandera.pandas as pandera

    def explain(responses: Responses, row: int, value: str) -> Fault:
        if value == "":
            return Fault(responses.file, "the id is blank", "give every row an id", row=row, column=column)
        first = responses.cells.index[responses.cells[column] == value][0]
        action = "keep one row a person"
        problem = f"the id stands in row {first} already"
        return Fault(responses.file, problem, action, row=row, column=column, value=value)

    return _Rule(_column(pandera.Check.str_length(min_value=1), unique=form == "self"), explain)


def _group_rule(group: Group) -> _Rule:
    """Return the rule of a grouping: declared levels, a number, or any text that is no formula."""
    import pandera.pandas as pandera

    if group.kind == "number":
        check = pandera.Check.str_matches(NUMBER)
        return _plain_rule(
            check, group.column, "not a number", "write a number, with a decimal point, or declare it missing"
        )
    if group.levels:
        return _level_rule(group)
    check = pandera.Check.str_matches(NOT_A_FORMULA)
    return _plain_rule(check, group.column, "the text looks like a spreadsheet formula", "write the name of the group")


def _plain_rule(check: pandera.Check, column: str, problem: str, action: str) -> _Rule:
    """Return a rule that is explained alike for every value."""

    def explain(responses: Responses, row: int, value: str) -> Fault:
        return Fault(responses.file, problem, action, row=row, column=column, value=value)

    return _Rule(_column(check), explain)


def _level_rule(group: Group) -> _Rule:
    """Return the rule of a grouping with declared levels."""
    import pandera.pandas as pandera

    def explain(responses: Responses, row: int, value: str) -> Fault:
        action = f"{suggest(value, group.levels)} Mend it, or declare the level in {DESCRIPTION}"
        return Fault(responses.file, "undeclared level", action, row=row, column=group.column, value=value)

    return _Rule(_column(pandera.Check.isin(list(group.levels))), explain)


def _answer_rule(question: Question, settings: CohortSettings, scale: ResponseScale) -> _Rule:
    """Return the rule of an item: its codes and the declared codes for not applicable."""
    import pandera.pandas as pandera

    extra = _not_applicable(question, settings.not_applicable)
    allowed = f"{question.minimum} to {question.maximum}"
    allowed += "".join(f", {code} for not applicable" for code in extra) + ", or blank"

    def explain(responses: Responses, row: int, value: str) -> Fault:
        problem, action = _why_no_answer(value, scale)
        return Fault(responses.file, problem, action, row=row, column=question.column, value=value, allowed=allowed)

    codes = [*(str(code) for code in question.codes), *extra]
    return _Rule(_column(pandera.Check.isin(codes)), explain)


def _why_no_answer(value: str, scale: ResponseScale) -> tuple[str, str]:
    """Say what is wrong with an answer, and what to do."""
    if WHOLE_NUMBER.fullmatch(value):
        declare = f"if {value} means not applicable, declare not_applicable: [{value}] in {DESCRIPTION}"
        return "out of range", f"mend it; {declare}; if it means missing, list '{value}' under missing"
    if re.match(NUMBER, value):
        return "not a whole number", "give one code of the scale"
    if value.casefold() in {label.casefold() for label in scale.labels.values()}:
        return "a label, not a code", "export the codes instead of the labels"
    return (
        "text, not a code",
        f"give one code of the scale; if it means missing, list it under missing in {DESCRIPTION}",
    )


def empty_level_faults(responses: Responses, settings: CohortSettings, file: str) -> list[Fault]:
    """Name declared levels without members and groupings for which nobody has a value."""
    faults = []
    for name, group in settings.groups.items():
        if responses.form == "peer" or group.column not in responses.cells.columns:
            continue
        found = set(responses.cells[group.column].dropna())
        if not found:
            faults.append(Fault(file, "nobody has a value", "leave the group out, or fill it in", key=f"groups.{name}"))
            continue
        faults += [
            Fault(
                file, "the level has no members", "leave it out, or mend its code", key=f"groups.{name}.levels.{code}"
            )
            for code in group.levels
            if code not in found
        ]
    return faults


def rating_faults(peers: Responses, persons: pd.Series, settings: CohortSettings) -> list[Fault]:
    """Name ratings of unknown people, of oneself, and second ratings by the same rater."""
    if not {settings.person_id, settings.rater_id} <= set(peers.cells.columns):
        return []
    rated, raters = peers.cells[settings.person_id], peers.cells[settings.rater_id]
    filled = (rated != "") & (raters != "")
    again = filled & pd.concat([rated, raters], axis=1).duplicated()
    checks = (
        (
            rated[(rated != "") & ~rated.isin(persons)],
            "the person rated is not in the self file",
            "mend the id, or add the person",
        ),
        (
            raters[filled & (rated == raters)],
            "a rater rates themselves",
            "remove the row: own answers belong in the self file",
        ),
        (raters[again], "the rater has rated this person already", "keep one rating for each pair"),
    )
    return [
        Fault(peers.file, problem, action, row=int(str(row)), column=str(wrong.name), value=value)
        for wrong, problem, action in checks
        for row, value in wrong.items()
    ]
