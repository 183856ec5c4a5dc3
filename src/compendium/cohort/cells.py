"""Whether every cell of a response file is what its column allows."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from compendium.cohort.layout import Form, Question
from compendium.cohort.responses import WHOLE_NUMBER, Responses, not_applicable_here
from compendium.cohort.schema import DESCRIPTION, CohortSettings, Group
from compendium.cohort.wave_settings import Anchor
from compendium.cohort.whole_files import id_keys
from compendium.columns import as_column, counted
from compendium.disclosure.text import label_problem
from compendium.faults import Fault, suggest
from compendium.importers.answers import nearest_labels
from compendium.inputs import yaml_fault

if TYPE_CHECKING:
    import pandera.pandas as pandera

NUMBER = r"[+-]?[0-9]{1,15}(\.[0-9]{1,15})?\Z"
WEIGHT = r"(?=.*[1-9])[0-9]{1,15}(\.[0-9]{1,15})?\Z"
LONGEST_ID = 200


@dataclass(frozen=True)
class _Rule:
    """What one column allows, as pandera checks it, and how a cell that breaks it is explained."""

    column: pandera.Column
    explain: Callable[[Responses, int, str], Fault]


def cell_faults(responses: Responses, settings: CohortSettings) -> list[Fault]:
    """Name every cell that its column does not allow: blank or repeated ids, groups, answers."""
    rules = _rules(responses, settings)
    found = [(row, column, value) for column, rule in rules.items() for row, value in _broken(responses, column, rule)]
    found.sort(key=lambda cell: cell[0])
    return list(dict.fromkeys(rules[column].explain(responses, row, value) for row, column, value in found))


def _broken(responses: Responses, column: str, rule: _Rule) -> Iterator[tuple[int, str]]:
    """Yield row and value of every cell that breaks a rule; a value that many people gave is looked at once."""
    cells = responses.cells[column]
    if rule.column.unique:
        yield from ((int(str(row)), value) for row, value in _failing(rule.column, cells, column))
        return
    different = as_column(cells).cat.categories
    failing = {str(text) for _, text in _failing(rule.column, pd.Series(different, dtype=object), column)}
    if failing:
        wrong = cells[cells.isin(failing)]
        yield from ((int(str(row)), str(value)) for row, value in wrong.items())


def _failing(rule: pandera.Column, cells: pd.Series, column: str) -> list[tuple[object, str]]:
    """Return index and value of what pandera refuses."""
    import pandera.pandas as pandera

    try:
        pandera.DataFrameSchema({column: rule}).validate(cells.to_frame(column), lazy=True)
    except pandera.errors.SchemaErrors as error:
        cases = error.failure_cases
        return list(zip(cases["index"], cases["failure_case"], strict=True))
    return []


def _rules(responses: Responses, settings: CohortSettings) -> dict[str, _Rule]:
    """Return the rule of every column that is there."""
    rules = {column: _id_rule(column, responses.form) for column in responses.layout.ids}
    rules |= {group.column: _group_rule(group) for group in settings.groups_of(responses.form)}
    if responses.form == "self":
        rules |= {} if settings.weight is None else {settings.weight.column: _weight_rule(settings.weight.column)}
        anchor = None if settings.waves is None else settings.waves.anchor
        rules |= {} if anchor is None else {anchor.column: _anchor_rule(anchor)}
    rules |= {question.column: _answer_rule(question, settings) for question in responses.questions}
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
        if len(value) > LONGEST_ID:
            problem = f"an id of {len(value)} signs; {LONGEST_ID} are read"
            return Fault(responses.file, problem, "give every row a short id", row=row, column=column)
        first = responses.cells.index[responses.cells[column] == value][0]
        action = "keep one row a person"
        problem = f"the id stands in {responses.place(int(str(first)))} already"
        return Fault(responses.file, problem, action, row=row, column=column, value=value)

    return _Rule(_column(pandera.Check.str_length(min_value=1, max_value=LONGEST_ID), unique=form == "self"), explain)


EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[A-Za-z]{2,}")
NAME = re.compile(r"[A-Z][a-z\u00c0-\u024f'-]+([ .,_]+[A-Z][a-z\u00c0-\u024f'.-]*)+|[a-z]{2,}[.][a-z]{2,}")
LIKE_NAMES = 0.2


def identifying_faults(responses: Responses, settings: CohortSettings) -> list[Fault]:
    """Name id columns that seem to hold e-mail addresses or names; no value is quoted, since it may be somebody's."""
    if settings.identifying_ids is not None:
        return []
    faults = []
    for column in (each for each in responses.layout.ids if each in responses.cells.columns):
        ids = responses.cells[column].unique()
        names = sum(NAME.fullmatch(cell) is not None for cell in ids)
        kinds = {
            "e-mail addresses": any(EMAIL.fullmatch(cell) for cell in ids if "@" in cell),
            "names": len(ids) > 0 and names / len(ids) >= LIKE_NAMES,
        }
        action = f"replace them by numbers before they come here, or say in {DESCRIPTION} why not: identifying_ids"
        problem = "the ids look like"
        faults += [
            Fault(responses.file, f"{problem} {kind}", action, column=column) for kind, found in kinds.items() if found
        ]
    return faults


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
    check = pandera.Check(lambda cell: label_problem(str(cell)) is None, element_wise=True)

    def explain(responses: Responses, row: int, value: str) -> Fault:
        problem = label_problem(value) or "the label cannot be shown"
        return Fault(responses.file, problem, "write the name of the group", row=row, column=group.column, value=value)

    return _Rule(_column(check), explain)


def _weight_rule(column: str) -> _Rule:
    """Return the rule of a survey weight: a number above zero, for everybody."""
    import pandera.pandas as pandera

    check = pandera.Check.str_matches(WEIGHT)
    return _plain_rule(check, column, "not a survey weight", "write a number above zero, with a decimal point")


def _anchor_rule(anchor: Anchor) -> _Rule:
    """Return the rule of the question whether people have changed: one of its codes, or blank."""
    import pandera.pandas as pandera

    check = pandera.Check.isin([str(code) for code in range(anchor.minimum, anchor.maximum + 1)])
    action = f"give a code from {anchor.minimum} to {anchor.maximum}, or leave it blank"
    return _plain_rule(check, anchor.column, "no code of the anchor", action)


def _plain_rule(check: pandera.Check, column: str, problem: str, action: str) -> _Rule:
    """Return a rule that is explained alike for every value."""

    def explain(responses: Responses, row: int, value: str) -> Fault:
        return Fault(responses.file, problem, action, row=row, column=column, value=value)

    return _Rule(_column(check), explain)


def _level_rule(group: Group) -> _Rule:
    """Return the rule of a grouping with declared levels."""
    import pandera.pandas as pandera

    def explain(responses: Responses, row: int, value: str) -> Fault:
        action = f"{suggest(value, group.levels)}; mend it, or declare the level in {DESCRIPTION}"
        return Fault(responses.file, "undeclared level", action, row=row, column=group.column, value=value)

    return _Rule(_column(pandera.Check.isin(list(group.levels))), explain)


def _answer_rule(question: Question, settings: CohortSettings) -> _Rule:
    """Return the rule of an item: its codes and the declared codes for not applicable."""
    import pandera.pandas as pandera

    extra = not_applicable_here(question, settings.not_applicable)
    allowed = f"{question.minimum} to {question.maximum}"
    allowed += "".join(f", {code} for not applicable" for code in extra) + ", or blank"

    def explain(responses: Responses, row: int, value: str) -> Fault:
        problem, action = _why_no_answer(value, question, settings.not_applicable)
        return Fault(responses.file, problem, action, row=row, column=question.column, value=value, allowed=allowed)

    codes = [*(str(code) for code in question.codes), *extra]
    return _Rule(_column(pandera.Check.isin(codes)), explain)


def _why_no_answer(value: str, question: Question, declared: list[int]) -> tuple[str, str]:
    """Say what is wrong with an answer, and what to do."""
    if WHOLE_NUMBER.fullmatch(value):
        declare = f"if it means not applicable, declare not_applicable: {[*declared, int(value)]} in {DESCRIPTION}"
        return "out of range", f"mend it; {declare}; if it means missing, list '{value}' under missing"
    if re.match(NUMBER, value):
        return "not a whole number", "give one code of the scale"
    declare = (
        f"or say under files.answers in {DESCRIPTION} which code it means; if it means missing, list it under missing"
    )
    if not question.labels:
        return "text, not a code", f"give one code of the scale, {declare}"
    near = " or ".join(repr(label) for label in nearest_labels(value, question.labels))
    return "neither a code nor a label of the scale", f"did you mean {near}? Mend it, {declare}"


def empty_level_faults(forms: Sequence[Responses], settings: CohortSettings, path: Path) -> list[Fault]:
    """Name declared levels without members in any wave and groupings for which nobody has a value."""
    groups = {name: group for name, group in settings.groups.items() if group.column in forms[0].cells.columns}
    found = {
        name: {text for form in forms if group.column in form.cells for text in counted(form.cells[group.column]).index}
        for name, group in groups.items()
    }
    action = "leave it out, or mend its code"
    return [
        *(
            yaml_fault(
                path, "groups", name, problem="nobody has a value of the group", action="leave it out, or fill it in"
            )
            for name in groups
            if not found[name]
        ),
        *(
            yaml_fault(path, "groups", name, "levels", code, problem="the level has no members", action=action)
            for name, group in groups.items()
            for code in group.levels
            if found[name] and code not in found[name]
        ),
    ]


def rating_faults(peers: Responses, persons: pd.Series, settings: CohortSettings) -> list[Fault]:
    """Name ratings of unknown people, of oneself, and second ratings by the same rater."""
    if not {settings.person_id, settings.rater_id} <= set(peers.cells.columns):
        return []
    rated, raters = peers.cells[settings.person_id], peers.cells[settings.rater_id]
    strange = rated[(rated != "") & ~rated.isin(persons)]
    if len(strange) and all(known.finding != "spelling" for known in settings.accepted):
        # Ids that are a person's but for their spelling are told together, with the whole file.
        known = set(id_keys(list(persons.dropna())))
        spelt = [text for text, key in zip(strange, id_keys(list(strange)), strict=True) if key in known]
        strange = strange[~strange.isin(spelt)]
    filled = (rated != "") & (raters != "")
    again = filled & pd.concat([rated, raters], axis=1).duplicated()
    checks = (
        (
            strange,
            "the person rated is not in the self file",
            "mend the id; who was invited and did not answer is known by a roster (files.roster), and left out",
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
