"""From a cohort folder to checked, keyed, pseudonymised tables, or to a report of everything that is wrong."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from compendium.cohort.cells import cell_faults, empty_level_faults, rating_faults
from compendium.cohort.item_checks import item_faults, unwaived, waiver_faults
from compendium.cohort.layout import Form, declaration_faults, forms_of, layout_of
from compendium.cohort.responses import Responses, column_faults, normalise, read_responses, source_name
from compendium.cohort.schema import DESCRIPTION, NOT_READABLE, ROW_NUMBER, CohortSettings, read_settings
from compendium.faults import Fault, InvalidInput, raise_if_any
from compendium.framework import Framework, read_framework
from compendium.inputs import read_model, read_yaml, yaml_fault
from compendium.paths import FRAMEWORKS, STUDY_PLAN
from compendium.settings import StudyPlan, merge

PSEUDONYM_DIGITS = 8


@dataclass(frozen=True)
class Cohort:
    """A cohort read, checked, keyed and pseudonymised.

    Attributes
    ----------
    settings : CohortSettings
    framework : Framework
        With the items that were asked.
    people : DataFrame
        Index ``person``; one column a group: labels (or what was found), numbers as floats.
    answers : DataFrame of shape (n_persons, n_items)
        Index ``person``; keyed codes as floats, so that a high code means more of the competency; NaN is missing
        or not applicable.
    outcomes : DataFrame
        Index ``person``; keyed outcome items. No column when none were collected.
    peers : DataFrame
        Index ``person``, ``rater``; keyed item answers of the raters. No row when none were collected.
    peer_outcomes : DataFrame
        Index ``person``, ``rater``; the raters' own keyed outcome items.
    not_applicable : DataFrame
        Index ``item``; how often not applicable was answered, columns ``self`` and ``peer``.
    without_answers : int
        People of the self file who answered no item at all; they stay in every table.
    pseudonyms : Series
        Pseudonym of each person, index the id in the file. Person-level: never shown, never committed.
    """

    settings: CohortSettings
    framework: Framework
    people: pd.DataFrame
    answers: pd.DataFrame
    outcomes: pd.DataFrame
    peers: pd.DataFrame
    peer_outcomes: pd.DataFrame
    not_applicable: pd.DataFrame
    without_answers: int
    pseudonyms: pd.Series = field(repr=False)


@dataclass(frozen=True)
class Examination:
    """What could be read of a cohort, with every fault of every file."""

    settings: CohortSettings | None
    framework: Framework | None
    forms: dict[Form, Responses]
    faults: tuple[Fault, ...]


def validate(folder: Path, data_folder: Path | None = None, *, frameworks: Path = FRAMEWORKS) -> None:
    """Check a cohort folder and everything it refers to; write nothing.

    Parameters
    ----------
    folder
        The folder that holds ``cohort.yaml``.
    data_folder
        Where the response files are, when they do not lie beside ``cohort.yaml``.
    frameworks
        The folder of all frameworks.

    Raises
    ------
    InvalidInput
        With every fault of the description, the framework, the files and their rows.
    """
    raise_if_any(examine(folder, data_folder, frameworks=frameworks).faults)


def load_cohort(folder: Path, data_folder: Path | None = None, *, frameworks: Path = FRAMEWORKS) -> Cohort:
    """Read and check a cohort; return its tables keyed and pseudonymised.

    Parameters
    ----------
    folder
        The folder that holds ``cohort.yaml``.
    data_folder
        Where the response files are, when they do not lie beside ``cohort.yaml``.
    frameworks
        The folder of all frameworks.

    Raises
    ------
    InvalidInput
        With every fault of the description, the framework, the files and their rows.
    """
    found = examine(folder, data_folder, frameworks=frameworks)
    raise_if_any(found.faults)
    assert found.settings is not None  # without a fault everything was read
    assert found.framework is not None
    return _assemble(found.settings, found.framework, found.forms)


def examine(folder: Path, data_folder: Path | None = None, *, frameworks: Path = FRAMEWORKS) -> Examination:
    """Read a cohort as far as it can be read, naming every fault: one slip must not hide the next."""
    reading = read_settings(folder)
    settings, faults = reading.settings, list(reading.faults)
    if settings is None:
        return Examination(None, None, {}, tuple(faults))
    path = folder / DESCRIPTION
    faults += plan_faults(settings, path)
    tables, file_faults = _read_files(settings, data_folder or folder)
    faults += file_faults
    if settings.framework == NOT_READABLE:
        return Examination(settings, None, {}, tuple(faults))
    instrument = read_framework(settings.framework, frameworks)
    faults += instrument.faults
    if instrument.framework is None:
        return Examination(settings, None, {}, tuple(faults))
    framework = instrument.framework.select(settings.items)
    forms = _forms(settings, framework, tables, data_folder or folder)
    faults += declaration_faults(settings, framework, instrument.named, path)
    for responses in forms.values():
        faults += column_faults(responses, settings, instrument)
        faults += cell_faults(responses, settings, framework.scale)
    faults += _whole_faults(forms, settings, path)
    return Examination(settings, framework, forms, tuple(faults))


def plan_faults(settings: CohortSettings, path: Path) -> list[Fault]:
    """Name overrides of the analysis plan that the plan does not know or that have the wrong type."""
    merged = merge(read_yaml(STUDY_PLAN), settings.study)
    faults = read_model(StudyPlan, merged, path, prefix=("study",))[1]
    problem, action = "the override has no source of its own", "add source: and the reason for the value"
    unsourced = _unsourced(settings.study, ("study",))
    return [*faults, *(yaml_fault(path, *keys, problem=problem, action=action) for keys in unsourced)]


def _unsourced(overrides: dict[str, Any], place: tuple[str, ...]) -> list[tuple[str, ...]]:
    """Return where a value is overridden without a reason; the plan's reason is for the plan's value."""
    if {"value", "minimum_n", "persons_per_item"} & set(overrides):
        return [] if "source" in overrides else [place]
    nested = [(key, part) for key, part in overrides.items() if isinstance(part, dict)]
    return [found for key, part in nested for found in _unsourced(part, (*place, str(key)))]


def _read_files(settings: CohortSettings, folder: Path) -> tuple[dict[Form, pd.DataFrame], list[Fault]]:
    """Read the response files that can be read."""
    tables: dict[Form, pd.DataFrame] = {}
    faults: list[Fault] = []
    for form in forms_of(settings):
        try:
            tables[form] = read_responses(settings, form, folder)
        except InvalidInput as error:
            faults += error.faults
    return tables, faults


def _forms(
    settings: CohortSettings, framework: Framework, tables: dict[Form, pd.DataFrame], folder: Path
) -> dict[Form, Responses]:
    """Join each table with its layout."""
    return {
        form: Responses(
            layout_of(settings, framework, form),
            source_name(settings, form, folder),
            normalise(table, settings),
        )
        for form, table in tables.items()
    }


def _whole_faults(forms: dict[Form, Responses], settings: CohortSettings, path: Path) -> list[Fault]:
    """Name the faults that show only over all rows and both files."""
    faults: list[Fault] = []
    found: set[tuple[str, str]] = set()
    for responses in forms.values():
        blocking = item_faults(responses)
        found |= set(blocking)
        faults += unwaived(blocking, settings)
    faults += waiver_faults(list(forms.values()), found, settings, path)
    if "self" not in forms:
        return faults
    own = forms["self"]
    faults += empty_level_faults(own, settings, path)
    if settings.invited is not None and settings.invited < len(own.cells):
        problem = f"fewer people invited than the {len(own.cells)} in the self file"
        faults.append(yaml_fault(path, "invited", problem=problem, action="mend it", value=str(settings.invited)))
    if "peer" in forms and settings.person_id in own.cells:
        faults += rating_faults(forms["peer"], own.cells[settings.person_id], settings)
    return faults


def _assemble(settings: CohortSettings, framework: Framework, forms: dict[Form, Responses]) -> Cohort:
    """Turn checked responses into the tables of a cohort."""
    own, peers = forms["self"], forms.get("peer")
    persons = _person_ids(own, settings)
    pseudonyms = pseudonyms_of(settings.id, persons, "P")
    index = pd.Index(persons.map(pseudonyms), name="person")
    answers = own.answers().set_axis(index)
    ratings = _ratings(peers, settings, pseudonyms)
    items, asked = list(framework.items.index), [question.item for question in own.questions if question.outcome]
    rated = [] if peers is None else [question.item for question in peers.questions if question.outcome]
    return Cohort(
        settings=settings,
        framework=framework,
        people=_people(own, settings).set_axis(index),
        answers=answers[items],
        outcomes=answers[asked],
        peers=ratings.reindex(columns=items),
        peer_outcomes=ratings.reindex(columns=rated),
        not_applicable=_not_applicable(forms, settings),
        without_answers=int(answers[items].isna().all(axis=1).sum()),
        pseudonyms=pseudonyms,
    )


def _person_ids(own: Responses, settings: CohortSettings) -> pd.Series:
    """Return the id of each person, which may be the row number."""
    if settings.person_id == ROW_NUMBER:
        return pd.Series(own.cells.index.astype(str), index=own.cells.index, dtype=object)
    return own.cells[settings.person_id]


def pseudonyms_of(cohort: str, ids: pd.Series, letter: str) -> pd.Series:
    """Return the pseudonym of each distinct id: a letter and the first digits of a SHA-256.

    Eight hexadecimal digits, or as many more as it takes to tell all ids of the cohort apart. The same id of the
    same cohort always gets the same pseudonym, and another one as person than as rater. Who holds the list of ids
    can compute them again: pseudonyms keep names out of files, they do not make the data anonymous.
    """
    distinct = list(dict.fromkeys(ids))
    role = "" if letter == "P" else f"{letter}:"
    digests = [hashlib.sha256(f"{cohort}:{role}{name}".encode()).hexdigest() for name in distinct]
    digits = PSEUDONYM_DIGITS
    while len({digest[:digits] for digest in digests}) < len(digests):
        digits += 1
    return pd.Series(
        [letter + digest[:digits] for digest in digests], index=pd.Index(distinct, dtype=object), dtype=object
    )


def _people(own: Responses, settings: CohortSettings) -> pd.DataFrame:
    """Return the groups of each person: labels applied, numbers as numbers."""
    columns: dict[str, pd.Series] = {}
    for name, group in settings.groups.items():
        cells = own.cells[group.column]
        if group.kind == "number":
            columns[name] = pd.to_numeric(cells).astype(float)
        else:
            columns[name] = cells.map(group.levels) if group.levels else cells
    return pd.DataFrame(columns, index=own.cells.index)


def _ratings(peers: Responses | None, settings: CohortSettings, pseudonyms: pd.Series) -> pd.DataFrame:
    """Return the keyed peer answers by person and rater; no row where none were collected."""
    names = ["person", "rater"]
    if peers is None:
        return pd.DataFrame(index=pd.MultiIndex.from_arrays([[], []], names=names), dtype=float)
    raters = peers.cells[settings.rater_id]
    rated = peers.cells[settings.person_id].map(pseudonyms)
    index = pd.MultiIndex.from_arrays([rated, raters.map(pseudonyms_of(settings.id, raters, "R"))], names=names)
    return peers.answers().set_axis(index)


def _not_applicable(forms: dict[Form, Responses], settings: CohortSettings) -> pd.DataFrame:
    """Count the answers 'not applicable' of each item in each form."""
    counts = {form: responses.not_applicable(settings.not_applicable) for form, responses in forms.items()}
    return pd.DataFrame(counts).reindex(columns=["self", "peer"]).fillna(0).astype("int64").rename_axis("item")
