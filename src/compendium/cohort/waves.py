"""Waves of a cohort: each other wave read and checked as the studied one is, and all of them beside one another."""

from __future__ import annotations

import glob
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path

import pandas as pd

from compendium.cohort.cells import cell_faults, identifying_faults
from compendium.cohort.forms import FormTable, in_codes, read_form
from compendium.cohort.layout import Layout, layout_of
from compendium.cohort.one_cause import SOME_PEOPLE, causes
from compendium.cohort.responses import FILE_STEP, Responses, column_faults, normalise
from compendium.cohort.schema import DESCRIPTION, CohortSettings
from compendium.cohort.whole_files import ZEROS, FileFault, variants
from compendium.faults import Fault, InvalidInput
from compendium.framework import Framework, FrameworkReading

# So many people of one label, all of them under another one in the next wave, are a renamed label, not moves.
RENAMED_FROM = 5


@dataclass(frozen=True)
class WavesReading:
    """What could be read of the waves beside the studied one.

    Attributes
    ----------
    forms, tables : dict of str to Responses, FormTable
        By the key of the wave, in order of time, the studied one left out.
    faults : list of Fault
        Of the files and their cells.
    findings : list of Finding
        What the waves beside one another show.
    """

    forms: dict[str, Responses] = field(default_factory=dict)
    tables: dict[str, FormTable] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    findings: list[FileFault] = field(default_factory=list)


def of_wave(settings: CohortSettings, name: str) -> CohortSettings:
    """Return the description of a cohort as it was in another wave: the people's own answers alone."""
    waves = settings.waves
    assert waves is not None
    wave = waves.in_order[name]
    form = settings.files.self_form if waves.column is not None else wave.self_form
    files = settings.files.model_copy(update={"self_form": form, "peer_form": None, "roster": None})
    there = waves.model_copy(update={"studied": name, "anchor": None})
    changes: dict[str, object] = {"files": files, "waves": there, "fieldwork": wave.fieldwork, "invited": wave.invited}
    none: dict[str, object] = {"peer_outcomes": [], "outcomes": [], "weight": None, "rater_group": None}
    asked_now = [settings.weight.column] if settings.weight is not None else []
    asked_now += [waves.anchor.column] if waves.anchor is not None else []
    changes["ignore"] = [*settings.ignore, *map(glob.escape, asked_now)]
    return settings.model_copy(update={**changes, **none})


def read_waves(
    settings: CohortSettings,
    framework: Framework,
    instrument: FrameworkReading,
    folders: tuple[Path, Path],
    studied: Responses | None,
) -> WavesReading:
    """Read every wave beside the studied one, naming every fault.

    Parameters
    ----------
    folders
        That of ``cohort.yaml`` and that of the response files.
    studied
        The self form of the studied wave, where it could be read.
    """
    found = WavesReading()
    if settings.waves is None:
        return found
    for name in settings.waves.in_order:
        if name != settings.waves.main and of_wave(settings, name).files.sources("self"):
            _read_wave(name, of_wave(settings, name), framework, instrument, folders, found)
    complete = len(found.forms) == len(settings.waves.in_order) - 1
    if studied is not None and complete and not found.faults:
        forms = {
            name: studied if name == settings.waves.main else found.forms[name] for name in settings.waves.in_order
        }
        found.findings.extend([*_identities(forms, settings), *_labels(forms, settings)])
        found.faults.extend(_nothing_in_common(forms, settings))
    return found


def _read_wave(
    name: str,
    settings: CohortSettings,
    framework: Framework,
    instrument: FrameworkReading,
    folders: tuple[Path, Path],
    found: WavesReading,
) -> None:
    """Read one wave into what was found."""
    folder, data = folders
    try:
        table = read_form(settings, "self", data)
    except InvalidInput as error:
        found.faults.extend(error.faults)
        return
    layout = layout_of(settings, framework, "self")
    there = _as_asked(layout, list(table.table.columns))
    coded, faults = in_codes(table, there, settings, folder)
    responses = Responses(there, coded.file, normalise(coded.table, settings, "self"), coded.files)
    absent = set(layout.columns) - set(there.columns)
    unknown = column_faults(replace(responses, layout=layout), _lenient(settings, framework, instrument), instrument)
    faults += [fault for fault in unknown if fault.column not in absent]
    faults += identifying_faults(responses, settings)
    known = causes(responses, settings)
    cells = [each for each in cell_faults(responses, settings) if not any(cause.explains(each) for cause in known)]
    faults += [*(cause.fault for cause in known), *cells]
    found.faults.extend(coded.locate(fault) if len(coded.files) > 1 else fault for fault in faults)
    found.forms[name], found.tables[name] = responses, coded


def _as_asked(layout: Layout, columns: list[str]) -> Layout:
    """Leave out of a layout the questions and groupings that another wave did not ask."""
    questions = tuple(question for question in layout.questions if question.column in columns)
    return replace(layout, questions=questions, groups=tuple(name for name in layout.groups if name in columns))


def _lenient(settings: CohortSettings, framework: Framework, instrument: FrameworkReading) -> CohortSettings:
    """Pass over columns that the framework or the description of the cohort knows and that change does not need."""
    known = [*instrument.named, *framework.outcomes.index, *settings.columns.values()]
    columns = [settings.columns.get(str(name), str(name)) for name in known]
    return settings.model_copy(update={"ignore": [*settings.ignore, *map(glob.escape, columns)]})


def identity_key(text: str) -> str:
    """Return an id without what people write differently from one wave to the next.

    Case, accents, spaces, signs between the parts, zeros before a number, and the ``.0`` of spreadsheets.

    Examples
    --------
    >>> identity_key(" Zoë-007"), identity_key("zoe 7.0")
    ('zoe|7', 'zoe|7')
    """
    plain = unicodedata.normalize("NFKD", re.sub(r"(?<=\d)\.0+$", "", text.strip()))
    letters = "".join(sign for sign in plain.casefold() if not unicodedata.combining(sign))
    parts = re.findall(r"[^\W\d_]+|\d+", letters)
    return "|".join(part.lstrip("0") or "0" if part.isdigit() else part for part in parts)


def _identities(forms: Mapping[str, Responses], settings: CohortSettings) -> list[FileFault]:
    """Name people whose id is written one way in one wave and another way in another; nobody is joined."""
    spelt: dict[str, dict[str, list[str]]] = {}
    for name, responses in forms.items():
        for cell in responses.cells[settings.person_id].drop_duplicates():
            if key := identity_key(str(cell)):
                spelt.setdefault(key, {}).setdefault(name, []).append(str(cell))
    found = []
    for by_wave in spelt.values():
        # Two spellings in one wave are two people: then the key says nothing.
        if any(len(ids) > 1 for ids in by_wave.values()) or len({ids[0] for ids in by_wave.values()}) == 1:
            continue
        (one, (first,)), (other, (second,)) = _two_spellings(by_wave)
        cells = forms[other].cells[settings.person_id]
        row = int(str(cells.index[cells == second][0]))
        problem = f"the id is {second!r} in wave {other} and {first!r} in wave {one}: this may be one person"
        action = "write the id alike in both; if they are two people, say so under accepted: {finding: identity}"
        place = forms[other]
        fault = Fault(_file(place, row), problem, action, row=_row(row), column=settings.person_id, value=second)
        found.append((first, second, fault))
    return [FileFault("identity", fault) for fault in _of_one_cause(found)]


def _of_one_cause(found: list[tuple[str, str, Fault]]) -> list[Fault]:
    """Tell many ids that two waves write differently once, with what they have in common."""
    if len(found) <= SOME_PEOPLE:
        return [fault for *_, fault in found]
    pairs = [(first.strip(), second.strip()) for first, second, _ in found]
    cause = "they differ by more than one thing"
    if all(re.sub(ZEROS, "", first) == re.sub(ZEROS, "", second) for first, second in pairs):
        cause = "they differ by zeros in front, which a spreadsheet takes away"
    elif all(first.casefold() == second.casefold() for first, second in pairs):
        cause = "they differ by capitals"
    fault = found[0][-1]
    problem = f"{len(found)} people have an id that two waves write differently, the first here: {fault.problem}"
    return [replace(fault, problem=problem, action=f"{cause}: {fault.action}")]


def _two_spellings(by_wave: dict[str, list[str]]) -> list[tuple[str, list[str]]]:
    """Return the first wave of an id and the next wave that spells it differently."""
    waves = list(by_wave.items())
    return [waves[0], next(each for each in waves if each[1] != waves[0][1])]


def _file(responses: Responses, row: int) -> str:
    """Return the file in which a row of a form stands."""
    return responses.files[row // FILE_STEP] if len(responses.files) > 1 else responses.file


def _row(row: int) -> int:
    """Return the number of a row in its own file."""
    return row % FILE_STEP


def _labels(forms: Mapping[str, Responses], settings: CohortSettings) -> list[FileFault]:
    """Name labels of groups that two waves write differently, and labels that seem to have been renamed."""
    found: list[FileFault] = []
    for group in settings.groups.values():
        if group.kind == "number":
            continue
        cells = {
            name: responses.cells.set_index(settings.person_id)[group.column].dropna()
            for name, responses in forms.items()
            if group.column in responses.cells
        }
        labels = {name: set(map(str, column.unique())) for name, column in cells.items()}
        everywhere = sorted(set().union(*labels.values()))
        for same in variants(everywhere) if not group.levels else []:
            if not any(set(same) <= each for each in labels.values()):
                problem = f"labels that differ by case or spaces only, in two waves: {', '.join(map(repr, same))}"
                action = "write the label alike in every wave, or declare its levels"
                place = next(name for name, each in labels.items() if same[-1] in each)
                found.append(FileFault("spelling", Fault(forms[place].file, problem, action, column=group.column)))
        found += _renamed(cells, forms, group.column)
    return found


def _renamed(cells: Mapping[str, pd.Series], forms: Mapping[str, Responses], column: str) -> list[FileFault]:
    """Name labels whose people all stand under one new label in the next wave."""
    found, names = [], list(cells)
    for one, other in pairwise(names):
        before, after = (cells[name][~cells[name].index.duplicated()] for name in (one, other))
        old, new = set(before) - set(after), set(after) - set(before)
        both = before.index.intersection(after.index)
        for label in sorted(old, key=str):
            now = after.loc[both][before.loc[both] == label]
            if len(now) >= RENAMED_FROM and len(set(now)) == 1 and now.iloc[0] in new:
                problem = f"everybody of {label!r} in wave {one} is in {now.iloc[0]!r} in wave {other}"
                action = (
                    "if the group was renamed, write one label in both; if all moved, accept it: {finding: renamed}"
                )
                fault = Fault(forms[other].file, problem, action, column=column, value=str(now.iloc[0]))
                found.append(FileFault("renamed", fault))
    return found


def _keys(responses: Responses, settings: CohortSettings) -> set[str]:
    """Return the people of a wave, however their ids are written: spellings are told elsewhere."""
    return {identity_key(str(cell)) or str(cell) for cell in responses.cells[settings.person_id].dropna()}


def _nothing_in_common(forms: Mapping[str, Responses], settings: CohortSettings) -> list[Fault]:
    """Name waves that share no person, or no item, with the studied one."""
    assert settings.waves is not None
    studied = forms[settings.waves.main]
    ids = _keys(studied, settings)
    asked = {question.item for question in studied.questions}
    faults = []
    for name, responses in forms.items():
        if not ids & _keys(responses, settings):
            problem = f"nobody of wave {name} is in wave {settings.waves.main}"
            action = "were the ids made anew? Change needs the same id for the same person in every wave"
            faults.append(Fault(responses.file, problem, action, column=settings.person_id))
        if not asked & {question.item for question in responses.questions if not question.outcome}:
            problem = f"wave {name} shares no item with wave {settings.waves.main}"
            action = f"say under columns in {DESCRIPTION} how the items are called, or leave the wave out"
            faults.append(Fault(responses.file, problem, action, row=1))
    return faults
