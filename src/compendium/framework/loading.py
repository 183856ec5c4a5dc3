"""Reading a framework folder: its description, tables and claims, with every fault named."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from compendium.faults import Fault, InvalidInput, display_path, raise_if_any, suggest
from compendium.framework.claims import CLAIMS_FILE, ClaimsFile, claim_faults, read_claims
from compendium.framework.feedback import feedback_faults
from compendium.framework.instrument import Framework
from compendium.framework.rules import content_faults, size_faults, total_faults
from compendium.framework.schema import FrameworkDescription, ResponseScale
from compendium.framework.translations import read_translations
from compendium.inputs import read_model, read_table, read_yaml, yaml_fault
from compendium.paths import FRAMEWORKS, framework_folder

DESCRIPTION = "framework.yaml"
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
# Columns that may be there, with what a blank means.
OPTIONAL = {
    "competencies": {"higher_is": "better", "total": "mean"},
    "items": {"answer_scale": ""},
    "outcomes": {"higher_is": "better", "total": "mean"},
}
IN_ANOTHER_LANGUAGE = re.compile(r"(peer_)?wording\.[A-Za-z]{2,3}(-[A-Za-z0-9]+)*")
FEWEST_POINTS, MOST_POINTS = 2, 11
# Answers to a scale of more points are not looked at: it is a slip, and to list its codes would take for ever.
MOST_LISTED = 101


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


def locate_framework(name: str, beside: Path, shipped: Path = FRAMEWORKS) -> str:
    """Return what :func:`load_framework` takes for a name in ``cohort.yaml``: an id, or an absolute path."""
    folder = framework_folder(name, beside, shipped)
    return name if folder == shipped / name else str(folder)


def load_framework(name: str, folder: Path = FRAMEWORKS) -> Framework:
    """Load and check a framework.

    Parameters
    ----------
    name
        Name of its folder, which is its id; or the path of a framework folder anywhere.
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
        action = f"{suggest(home.name, known)}; a path counts from the folder of cohort.yaml"
        return FrameworkReading(None, frozenset(), (Fault(display_path(home), "there is no such framework", action),))
    description, faults = _read_description(home, shipped=folder)
    tables, table_faults = _read_tables(home)
    claims, claims_faults = read_claims(home / CLAIMS_FILE)
    faults += [*table_faults, *claims_faults]
    if description is None or _is_endless(description) or len(tables) < len(COLUMNS):
        return FrameworkReading(None, _named(tables), tuple(faults))
    named_scales = list(description.answer_scales)
    faults_of_content = content_faults(home, tables, named_scales)
    sound = {stem: _without_faulty_rows(home / f"{stem}.csv", tables[stem], faults_of_content) for stem in tables}
    framework = _assemble(description, sound, home, claims)
    translations, translation_faults = read_translations(framework)
    framework = replace(framework, translations=translations)
    faults += [*faults_of_content, *feedback_faults(framework), *translation_faults]
    if not faults_of_content:
        faults += [*size_faults(home, framework), *total_faults(home, framework)]
        faults += claim_faults(home / CLAIMS_FILE, framework.claims, framework)
    return FrameworkReading(framework, _named(tables), tuple(faults))


def _read_description(home: Path, shipped: Path) -> tuple[FrameworkDescription | None, list[Fault]]:
    """Read ``framework.yaml``."""
    path = home / DESCRIPTION
    try:
        description, faults = read_model(FrameworkDescription, read_yaml(path), path)
    except InvalidInput as error:
        return None, list(error.faults)
    if description is not None:
        faults += _description_faults(path, description, shipped)
    return description, faults


def _description_faults(path: Path, description: FrameworkDescription, shipped: Path) -> list[Fault]:
    """Name an id that is not the folder's name, and codes that contradict each other.

    A folder that is no part of the project may have any name, such as ``framework``.
    """
    home, faults = path.parent, []
    if home.parent.resolve() == shipped.resolve() and description.id != home.name:
        problem, action = "the id is not the folder's name", f"write {home.name!r}"
        faults.append(yaml_fault(path, "id", problem=problem, action=action, value=description.id))
    faults += _scale_faults(path, ("response_scale",), description.response_scale)
    for name, scale in description.answer_scales.items():
        faults += _scale_faults(path, ("answer_scales", name), scale)
    return faults


def _is_endless(description: FrameworkDescription) -> bool:
    """Say whether an answer scale has more points than can be listed; that is a fault already."""
    scales = (description.response_scale, *description.answer_scales.values())
    return any(scale.maximum - scale.minimum >= MOST_LISTED for scale in scales)


def _scale_faults(path: Path, place: tuple[str, ...], scale: ResponseScale) -> list[Fault]:
    """Name codes of an answer scale that contradict each other, and scales with too few or too many points."""
    size = scale.maximum - scale.minimum + 1
    codes = set(range(scale.minimum, scale.minimum + min(max(size, 0), MOST_POINTS + 1)))
    labelled = set(scale.labels)
    points = f"has {size} points; answer scales of {FEWEST_POINTS} to {MOST_POINTS} points are supported"
    checks = (
        (not FEWEST_POINTS <= size <= MOST_POINTS, "maximum", scale.maximum, f"the scale {points}", "mend it"),
        (
            size <= MOST_POINTS and labelled != codes,
            "labels",
            sorted(labelled),
            "not one label a code",
            "label each code",
        ),
        (
            scale.not_applicable in codes,
            "not_applicable",
            scale.not_applicable,
            "the code is also an answer",
            "choose a code outside the range",
        ),
    )
    return [
        yaml_fault(path, *place, key, problem=problem, action=action, value=str(value))
        for wrong, key, value, problem, action in checks
        if wrong
    ]


def _read_tables(home: Path) -> tuple[dict[str, pd.DataFrame], list[Fault]]:
    """Read the tables that have every column they need, and name the faults of the others."""
    tables: dict[str, pd.DataFrame] = {}
    faults: list[Fault] = []
    for stem in COLUMNS:
        table, found = read_framework_table(home / f"{stem}.csv", stem)
        faults += found
        if table is not None:
            tables[stem] = table
    return tables, faults


def read_framework_table(path: Path, stem: str) -> tuple[pd.DataFrame | None, list[Fault]]:
    """Read one table of a framework, its optional columns filled in; None when a column is missing."""
    try:
        table = read_table(path)
    except InvalidInput as error:
        return None, list(error.faults)
    faults = _column_faults(path, table, stem)
    if not set(COLUMNS[stem]) <= set(table.columns):
        return None, faults
    for column, blank in OPTIONAL[stem].items():
        table[column] = table[column].replace("", blank) if column in table else blank
    return table, faults


def _named(tables: dict[str, pd.DataFrame]) -> frozenset[str]:
    """Return the name of every item and outcome item in the files."""
    return frozenset(name for stem in ("items", "outcomes") if stem in tables for name in tables[stem]["item"])


def _without_faulty_rows(path: Path, table: pd.DataFrame, faults: list[Fault]) -> pd.DataFrame:
    """Leave out the rows that a fault names."""
    shown = display_path(path)
    return table.drop(index=[fault.row for fault in faults if fault.file == shown and fault.row in table.index])


def _assemble(
    description: FrameworkDescription, tables: dict[str, pd.DataFrame], home: Path, claims: ClaimsFile | None
) -> Framework:
    """Turn checked text tables into the framework."""
    items = tables["items"].assign(reverse=tables["items"]["reverse"] == "true").set_index("item")
    scales = {name: description.answer_scales.get(name, description.response_scale) for name in items["answer_scale"]}
    ends = {
        end: items["answer_scale"].map({name: getattr(scale, end) for name, scale in scales.items()}).astype("int64")
        for end in ("minimum", "maximum")
    }
    declared = {} if claims is None else claims.claims
    stamped = {name: claim.model_copy(update={"origin": claims.origin}) for name, claim in declared.items() if claims}
    return Framework(
        description=description,
        competencies=tables["competencies"].set_index("competency"),
        items=items.assign(**ends),
        outcomes=outcome_table(tables["outcomes"]),
        home=home.resolve(),
        claims=stamped,
    )


def outcome_table(checked: pd.DataFrame) -> pd.DataFrame:
    """Turn the checked text table of outcomes into what a framework holds."""
    return checked.assign(
        reverse=checked["reverse"] == "true",
        minimum=checked["minimum"].astype("int64"),
        maximum=checked["maximum"].astype("int64"),
    ).set_index("item")


def _column_faults(path: Path, table: pd.DataFrame, stem: str) -> list[Fault]:
    """Name missing and unknown columns."""
    shown, expected = display_path(path), COLUMNS[stem]
    known = (*expected, *OPTIONAL[stem])
    missing = [column for column in expected if column not in table.columns]
    unknown = [
        column
        for column in table.columns
        if column not in known and not (stem != "competencies" and IN_ANOTHER_LANGUAGE.fullmatch(column))
    ]
    return [
        *(Fault(shown, "the column is missing", "add it", row=1, column=column) for column in missing),
        *(Fault(shown, "unknown column", suggest(column, known), row=1, column=column) for column in unknown),
    ]
