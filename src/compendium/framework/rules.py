"""Rules for every row of a framework's tables."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import pandas as pd

from compendium.disclosure.text import csv_cell, label_problem
from compendium.faults import Fault, display_path
from compendium.framework.instrument import Framework
from compendium.framework.schema import Direction, Total
from compendium.inputs import yaml_fault

DIRECTIONS = ("true", "false")
STATUSES = ("candidate", "final")
RESPONDENTS = ("self", "rater", "self;rater")
HIGHER_IS, TOTALS = get_args(Direction), get_args(Total)
MOST_COMPETENCIES, FEWEST_ITEMS, MOST_ITEMS = 15, 2, 20

MOST_POINTS = 101
FORMULA = ("the text looks like a spreadsheet formula", "begin it with a word")

Check = Callable[[pd.DataFrame, str], pd.Series]


@dataclass(frozen=True)
class _Rule:
    """One thing that every row of a table must keep to; ``broken`` says which rows do not."""

    table: str
    column: str
    broken: Check
    problem: str
    action: str


def _blank(table: pd.DataFrame, column: str) -> pd.Series:
    """Say which cells are blank."""
    return table[column] == ""


def _repeated(table: pd.DataFrame, column: str) -> pd.Series:
    """Say which names stand further up already."""
    return table[column].duplicated() & (table[column] != "")


def _not_showable(table: pd.DataFrame, column: str) -> pd.Series:
    """Say which labels cannot be shown everywhere as they are."""
    return table[column].map(lambda label: label_problem(label) is not None)


def _like_a_formula(table: pd.DataFrame, column: str) -> pd.Series:
    """Say which texts a spreadsheet would take for a formula."""
    return table[column].map(lambda text: csv_cell(text) != text)


def _too_many_points(table: pd.DataFrame, column: str) -> pd.Series:
    """Say where an answer scale has more points than anybody is asked."""
    highest, lowest = (pd.to_numeric(table[name], errors="coerce") for name in (column, "minimum"))
    return highest - lowest >= MOST_POINTS


def _other_than(allowed: Sequence[str]) -> Check:
    """Return a check for texts outside a closed list."""
    return lambda table, column: ~table[column].isin(allowed)


def _one_of(taken: Sequence[str]) -> Check:
    """Return a check for names that are taken."""
    return lambda table, column: table[column].isin(taken) & (table[column] != "")


def _not_whole(table: pd.DataFrame, column: str) -> pd.Series:
    """Say which cells are not whole numbers."""
    return ~table[column].str.fullmatch(r"-?[0-9]+").astype(bool)


def _not_above_minimum(table: pd.DataFrame, column: str) -> pd.Series:
    """Say where the highest code is not above the lowest."""
    highest, lowest = (pd.to_numeric(table[name], errors="coerce") for name in (column, "minimum"))
    return highest <= lowest


def _other_in_scale(table: pd.DataFrame, column: str) -> pd.Series:
    """Say where a row differs from the first row of its scale."""
    return table[column] != table.groupby("scale")[column].transform("first")


def _rules(competencies: Sequence[str], items: Sequence[str], scales: Sequence[str]) -> tuple[_Rule, ...]:
    """Return the rules, given the names that other tables may refer to."""
    once, direction, name_it = "name each once", "write true or false", "name it"
    higher_is, total = f"write {', '.join(HIGHER_IS)}", f"write {', '.join(TOTALS)}"
    of_scale = f"answer_scales of framework.yaml: {', '.join(scales) or 'none'}; leave it blank for response_scale"
    known = f"known: {', '.join(competencies)}"
    return (
        _Rule("competencies", "competency", _repeated, "the competency is named twice", once),
        _Rule("competencies", "competency", _blank, "the competency has no name", name_it),
        _Rule("competencies", "higher_is", _other_than(HIGHER_IS), "not a direction of a scale", higher_is),
        _Rule("competencies", "total", _other_than(TOTALS), "not a way to score a scale", total),
        _Rule("items", "answer_scale", _other_than(["", *scales]), "unknown answer scale", of_scale),
        _Rule("items", "item", _repeated, "the item is named twice", once),
        _Rule("items", "item", _blank, "the item has no name", name_it),
        _Rule("items", "competency", _other_than(competencies), "unknown competency", known),
        _Rule("items", "self_wording", _blank, "the item has no wording", "write what people are asked"),
        _Rule("items", "self_wording", _like_a_formula, *FORMULA),
        _Rule("items", "peer_wording", _like_a_formula, *FORMULA),
        _Rule("competencies", "label", _not_showable, "the label cannot be shown", "write a short label in words"),
        _Rule("competencies", "label", _repeated, "another competency has this label", "give each its own label"),
        _Rule("items", "reverse", _other_than(DIRECTIONS), "not a direction", direction),
        _Rule("items", "status", _other_than(STATUSES), "not a status", f"write {' or '.join(STATUSES)}"),
        *outcome_rules(competencies, items),
    )


def outcome_rules(competencies: Sequence[str], items: Sequence[str]) -> tuple[_Rule, ...]:
    """Return the rules of outcome items, given the names that are taken."""
    once, direction, name_it = "name each once", "write true or false", "name it"
    respondents = f"known: {', '.join(RESPONDENTS)}"
    higher_is, total = f"write {', '.join(HIGHER_IS)}", f"write {', '.join(TOTALS)}"
    return (
        _Rule("outcomes", "item", _repeated, "the item is named twice", once),
        _Rule("outcomes", "item", _blank, "the item has no name", name_it),
        _Rule("outcomes", "item", _one_of(items), "a competency item has this name", once),
        _Rule("outcomes", "scale", _one_of(competencies), "a competency has this name", once),
        _Rule("outcomes", "label", _not_showable, "the label cannot be shown", "write a short label in words"),
        _Rule("outcomes", "wording", _blank, "the item has no wording", "write it, or restricted"),
        _Rule("outcomes", "wording", _like_a_formula, *FORMULA),
        _Rule("outcomes", "maximum", _too_many_points, "more points than an answer scale has", "mend one of the two"),
        _Rule("outcomes", "label", _other_in_scale, "the scale has another label above", "give one label a scale"),
        _Rule("outcomes", "reverse", _other_than(DIRECTIONS), "not a direction", direction),
        _Rule("outcomes", "respondent", _other_than(RESPONDENTS), "not a respondent", respondents),
        _Rule("outcomes", "minimum", _not_whole, "not a whole number", "give the lowest code"),
        _Rule("outcomes", "maximum", _not_whole, "not a whole number", "give the highest code"),
        _Rule("outcomes", "maximum", _not_above_minimum, "not above the lowest code", "mend one of the two"),
        _Rule("outcomes", "higher_is", _other_than(HIGHER_IS), "not a direction of a scale", higher_is),
        _Rule("outcomes", "total", _other_than(TOTALS), "not a way to score a scale", total),
        _Rule("outcomes", "higher_is", _other_in_scale, "the scale has another direction above", "give one a scale"),
        _Rule("outcomes", "total", _other_in_scale, "the scale is scored in another way above", "give one a scale"),
    )


def content_faults(home: Path, tables: dict[str, pd.DataFrame], scales: Sequence[str]) -> list[Fault]:
    """Name every cell that breaks a rule; ``scales`` are the names of further answer scales."""
    rules = _rules(list(tables["competencies"]["competency"]), list(tables["items"]["item"]), scales)
    return [fault for rule in rules for fault in rule_faults(home / f"{rule.table}.csv", tables[rule.table], rule)]


def rule_faults(path: Path, table: pd.DataFrame, rule: _Rule) -> list[Fault]:
    """Name every cell that breaks one rule."""
    wrong = table.loc[rule.broken(table, rule.column), rule.column]
    return [
        Fault(display_path(path), rule.problem, rule.action, row=int(str(row)), column=rule.column, value=value)
        for row, value in wrong.items()
    ]


def size_faults(home: Path, framework: Framework) -> list[Fault]:
    """Name more competencies, and fewer or more items of a competency, than the study can use."""
    faults = []
    if not 1 <= len(framework.competencies) <= MOST_COMPETENCIES:
        problem = f"{len(framework.competencies)} competencies where 1 to {MOST_COMPETENCIES} are supported"
        faults.append(Fault(display_path(home / "competencies.csv"), problem, "join or leave out some"))
    for competency in framework.competencies.index:
        count = int((framework.items["competency"] == competency).sum())
        if not FEWEST_ITEMS <= count <= MOST_ITEMS:
            problem = f"the competency has {count} items where {FEWEST_ITEMS} to {MOST_ITEMS} are supported"
            action = "add items, join it with another, or leave it out" if count < FEWEST_ITEMS else "split it"
            faults.append(Fault(display_path(home / "items.csv"), problem, action, value=str(competency)))
    return faults


def total_faults(home: Path, framework: Framework) -> list[Fault]:
    """Name an overall score over competencies that point in different directions or have no score of their own."""
    if framework.total == "none":
        return []
    directions = set(framework.competencies["higher_is"])
    unscored = list(framework.competencies.index[framework.competencies["total"] == "none"])
    problem = None
    if len(directions) > 1:
        problem = f"competencies that point in different directions ({', '.join(sorted(directions))}) have no total"
    elif framework.description.whole.higher_is not in directions:
        problem = f"the whole points in another direction than its competencies ({', '.join(directions)})"
    elif unscored:
        problem = f"{', '.join(map(str, unscored))} has no score of its own, so the whole cannot have one"
    if problem is None:
        return []
    action = "write whole: {total: none}, or mend higher_is and total in competencies.csv"
    return [yaml_fault(home / "framework.yaml", "whole", problem=problem, action=action)]
