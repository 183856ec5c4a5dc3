"""An instrument as data: competencies, items, outcome scales, and how answers are coded."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

import pandas as pd
from pydantic import Field

from compendium.faults import Fault, InvalidInput, display_path, raise_if_any, suggest
from compendium.inputs import Strict, read_model, read_table, read_yaml
from compendium.paths import FRAMEWORKS

COLUMNS = {
    "competencies": ("competency", "label", "definition", "themes"),
    "items": ("item", "competency", "theme", "self_wording", "peer_wording", "reverse", "evidence", "status"),
    "outcomes": (
        "scale",
        "label",
        "item",
        "wording",
        "minimum",
        "maximum",
        "reverse",
        "respondent",
        "licence",
        "source",
    ),
}
DIRECTIONS = ("true", "false")
STATUSES = ("candidate", "final")
RESPONDENTS = ("self", "rater", "self;rater")
RESTRICTED = "restricted"


class ResponseScale(Strict):
    """Codes of the answer scale of the competency items."""

    minimum: int
    maximum: int
    labels: dict[int, str]
    not_applicable: int | None = None
    not_applicable_label: str | None = None


class RestrictedScale(Strict):
    """A licensed outcome scale: its name and scoring key, never its wording."""

    scale: str
    name: str
    minimum: int
    maximum: int
    items: list[str]
    subscales: dict[str, list[str]] = Field(default_factory=dict)
    reversed: list[str] = Field(default_factory=list)
    licence: str
    wording: str


class FrameworkDescription(Strict):
    """What ``framework.yaml`` holds."""

    id: str
    title: str
    version: str
    kind: Literal["placeholder", "published", "instrument"]
    notice: str
    language: str
    licence: str
    source: str
    response_scale: ResponseScale
    restricted_scales: list[RestrictedScale] = Field(default_factory=list)
    themes: dict[str, str] = Field(default_factory=dict)
    instructions: dict[str, str] = Field(default_factory=dict)
    slot: str = ""
    notes: str = ""


@dataclass(frozen=True)
class Framework:
    """A framework read and checked.

    ``competencies``, ``items`` and ``outcomes`` are indexed by competency, item and outcome item.
    """

    description: FrameworkDescription
    competencies: pd.DataFrame
    items: pd.DataFrame
    outcomes: pd.DataFrame

    @property
    def is_placeholder(self) -> bool:
        """Whether the framework is a placeholder, to be said wherever it shows."""
        return self.description.kind == "placeholder"

    @property
    def scale(self) -> ResponseScale:
        """The answer scale of the competency items."""
        return self.description.response_scale

    @cached_property
    def labels(self) -> dict[str, str]:
        """Label of each competency and each outcome scale."""
        outcomes = self.outcomes.drop_duplicates("scale").set_index("scale")
        return {
            str(name): str(label) for part in (self.competencies, outcomes) for name, label in part["label"].items()
        }

    def select(self, which: Literal["all", "final"]) -> Framework:
        """Return the framework with every item, or with the final items only."""
        kept = self.items if which == "all" else self.items[self.items["status"] == "final"]
        return Framework(self.description, self.competencies, kept, self.outcomes)

    def scales(self, items: list[str] | None = None) -> dict[str, list[str]]:
        """Return the items of each competency, in framework order."""
        rows = self.items if items is None else self.items[self.items.index.isin(items)]
        groups = {
            competency: list(rows.index[rows["competency"] == competency]) for competency in self.competencies.index
        }
        return {competency: members for competency, members in groups.items() if members}

    def outcome_scales(self, respondent: Literal["self", "rater"], names: list[str]) -> dict[str, list[str]]:
        """Return the items of the named outcome scales that this respondent answers."""
        asked = self.outcomes[self.outcomes["respondent"].str.contains(respondent)]
        groups = {name: list(asked.index[asked["scale"] == name]) for name in names}
        return {name: members for name, members in groups.items() if members}


@dataclass(frozen=True)
class FrameworkReading:
    """What could be read of a framework, with every fault found.

    ``framework`` lacks the rows at fault, and is None when too little can be read; ``named`` holds the name of
    every item in the files, those at fault included.
    """

    framework: Framework | None
    named: frozenset[str]
    faults: tuple[Fault, ...]

    @property
    def at_fault(self) -> frozenset[str]:
        """Names of items that are in the files but not in the framework, because their rows are at fault."""
        if self.framework is None:
            return self.named
        return self.named - {*self.framework.items.index, *self.framework.outcomes.index}


def load_framework(name: str, folder: Path = FRAMEWORKS) -> Framework:
    """Load and check a framework.

    Parameters
    ----------
    name
        Name of its folder, which is its id.
    folder
        The folder of all frameworks.

    Raises
    ------
    InvalidInput
        When a file is missing or wrong, an item is named twice, or an item names an unknown competency.
    """
    reading = read_framework(name, folder)
    raise_if_any(reading.faults)
    assert reading.framework is not None  # without a fault there is a framework
    return reading.framework


def read_framework(name: str, folder: Path = FRAMEWORKS) -> FrameworkReading:
    """Read a framework as far as it can be read, naming every fault of all its files."""
    home = folder / name
    if not home.is_dir():
        known = sorted(path.name for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else []
        fault = Fault(display_path(home), "there is no such framework", suggest(name, known))
        return FrameworkReading(None, frozenset(), (fault,))
    description, faults = _read_description(home)
    tables, table_faults = _read_tables(home)
    faults += table_faults
    if description is None or len(tables) < len(COLUMNS):
        return FrameworkReading(None, _named(tables), tuple(faults))
    content_faults = _content_faults(home, tables)
    sound = {stem: _without_faulty_rows(home / f"{stem}.csv", tables[stem], content_faults) for stem in tables}
    return FrameworkReading(_assemble(description, sound), _named(tables), (*faults, *content_faults))


def _read_description(home: Path) -> tuple[FrameworkDescription | None, list[Fault]]:
    """Read ``framework.yaml``."""
    path = home / "framework.yaml"
    try:
        description, faults = read_model(FrameworkDescription, read_yaml(path), path)
    except InvalidInput as error:
        return None, list(error.faults)
    if description is not None:
        faults += _description_faults(path, description)
    return description, faults


def _description_faults(path: Path, description: FrameworkDescription) -> list[Fault]:
    """Name an id that is not the folder's name and codes that contradict each other."""
    scale, shown = description.response_scale, display_path(path)
    codes = set(range(scale.minimum, scale.maximum + 1))
    folder, labelled = path.parent.name, set(scale.labels)
    checks = (
        (description.id != folder, "id", description.id, "the id is not the folder's name", f"write {folder!r}"),
        (len(codes) < 2, "response_scale.maximum", scale.maximum, "the scale has fewer than two codes", "raise it"),
        (labelled != codes, "response_scale.labels", sorted(labelled), "not one label a code", "label each code"),
        (
            scale.not_applicable in codes,
            "response_scale.not_applicable",
            scale.not_applicable,
            "the code is also an answer",
            "choose a code outside the range",
        ),
    )
    return [
        Fault(shown, problem, action, key=key, value=str(value))
        for wrong, key, value, problem, action in checks
        if wrong
    ]


def _read_tables(home: Path) -> tuple[dict[str, pd.DataFrame], list[Fault]]:
    """Read the tables that have every column they need, and name the faults of the others."""
    tables: dict[str, pd.DataFrame] = {}
    faults: list[Fault] = []
    for stem, expected in COLUMNS.items():
        path = home / f"{stem}.csv"
        try:
            table = read_table(path)
        except InvalidInput as error:
            faults += error.faults
            continue
        faults += _column_faults(path, table, expected)
        if set(expected) <= set(table.columns):
            tables[stem] = table
    return tables, faults


def _named(tables: dict[str, pd.DataFrame]) -> frozenset[str]:
    """Return the name of every item and outcome item in the files."""
    return frozenset(name for stem in ("items", "outcomes") if stem in tables for name in tables[stem]["item"])


def _without_faulty_rows(path: Path, table: pd.DataFrame, faults: list[Fault]) -> pd.DataFrame:
    """Leave out the rows that a fault names."""
    shown = display_path(path)
    return table.drop(index=[fault.row for fault in faults if fault.file == shown and fault.row in table.index])


def _assemble(description: FrameworkDescription, tables: dict[str, pd.DataFrame]) -> Framework:
    """Turn checked text tables into the framework."""
    items = tables["items"].assign(reverse=tables["items"]["reverse"] == "true").set_index("item")
    outcomes = tables["outcomes"]
    outcomes = outcomes.assign(
        reverse=outcomes["reverse"] == "true",
        minimum=outcomes["minimum"].astype("int64"),
        maximum=outcomes["maximum"].astype("int64"),
    ).set_index("item")
    return Framework(description, tables["competencies"].set_index("competency"), items, outcomes)


def _column_faults(path: Path, table: pd.DataFrame, expected: tuple[str, ...]) -> list[Fault]:
    """Name missing and unknown columns."""
    shown = display_path(path)
    missing = [column for column in expected if column not in table.columns]
    unknown = [column for column in table.columns if column not in expected]
    return [
        *(Fault(shown, "the column is missing", "add it", row=1, column=column) for column in missing),
        *(Fault(shown, "unknown column", suggest(column, expected), row=1, column=column) for column in unknown),
    ]


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


def _rules(competencies: Sequence[str], items: Sequence[str]) -> tuple[_Rule, ...]:
    """Return the rules, given the names that other tables may refer to."""
    once, direction, name_it = "name each once", "write true or false", "name it"
    known, respondents = f"known: {', '.join(competencies)}", f"known: {', '.join(RESPONDENTS)}"
    return (
        _Rule("competencies", "competency", _repeated, "the competency is named twice", once),
        _Rule("competencies", "competency", _blank, "the competency has no name", name_it),
        _Rule("items", "item", _repeated, "the item is named twice", once),
        _Rule("items", "item", _blank, "the item has no name", name_it),
        _Rule("items", "competency", _other_than(competencies), "unknown competency", known),
        _Rule("items", "reverse", _other_than(DIRECTIONS), "not a direction", direction),
        _Rule("items", "status", _other_than(STATUSES), "not a status", f"write {' or '.join(STATUSES)}"),
        _Rule("outcomes", "item", _repeated, "the item is named twice", once),
        _Rule("outcomes", "item", _blank, "the item has no name", name_it),
        _Rule("outcomes", "item", _one_of(items), "a competency item has this name", once),
        _Rule("outcomes", "scale", _one_of(competencies), "a competency has this name", once),
        _Rule("outcomes", "label", _other_in_scale, "the scale has another label above", "give one label a scale"),
        _Rule("outcomes", "reverse", _other_than(DIRECTIONS), "not a direction", direction),
        _Rule("outcomes", "respondent", _other_than(RESPONDENTS), "not a respondent", respondents),
        _Rule("outcomes", "minimum", _not_whole, "not a whole number", "give the lowest code"),
        _Rule("outcomes", "maximum", _not_whole, "not a whole number", "give the highest code"),
        _Rule("outcomes", "maximum", _not_above_minimum, "not above the lowest code", "mend one of the two"),
    )


def _content_faults(home: Path, tables: dict[str, pd.DataFrame]) -> list[Fault]:
    """Name every cell that breaks a rule."""
    rules = _rules(list(tables["competencies"]["competency"]), list(tables["items"]["item"]))
    return [fault for rule in rules for fault in _rule_faults(home, tables[rule.table], rule)]


def _rule_faults(home: Path, table: pd.DataFrame, rule: _Rule) -> list[Fault]:
    """Name every cell that breaks one rule."""
    shown = display_path(home / f"{rule.table}.csv")
    wrong = table.loc[rule.broken(table, rule.column), rule.column]
    return [
        Fault(shown, rule.problem, rule.action, row=int(str(row)), column=rule.column, value=value)
        for row, value in wrong.items()
    ]
