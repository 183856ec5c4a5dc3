"""From a cohort folder to checked, keyed, pseudonymised tables, or to a report of everything that is wrong."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

from compendium.cohort.assembly import Cohort, assemble
from compendium.cohort.beside import beside_faults
from compendium.cohort.cells import cell_faults, empty_level_faults, identifying_faults, rating_faults
from compendium.cohort.forms import FormTable, in_codes, of_those_who_answered, read_form
from compendium.cohort.item_checks import item_faults, unwaived, waiver_faults
from compendium.cohort.layout import Form, declaration_faults, forms_of, layout_of
from compendium.cohort.one_cause import causes
from compendium.cohort.pseudonyms import new_secret, secret_of
from compendium.cohort.responses import Responses, column_faults, normalise
from compendium.cohort.roster import Roster, roster_faults, roster_of
from compendium.cohort.schema import DESCRIPTION, NOT_READABLE, CohortSettings, read_settings
from compendium.cohort.tailoring import overrides, read_tailored
from compendium.cohort.waves import WavesReading, of_wave, read_waves
from compendium.cohort.whole_files import shifted_questions, whole_file_findings
from compendium.faults import Fault, InvalidInput, raise_if_any
from compendium.framework import Framework, FrameworkReading, locate_framework, read_framework
from compendium.inputs import read_model, read_yaml, yaml_fault
from compendium.paths import FRAMEWORKS, STUDY_PLAN
from compendium.plan import Claim, StudyPlan, merge, with_claims


@dataclass(frozen=True)
class Examination:
    """What could be read of a cohort, with every fault of every file."""

    settings: CohortSettings | None
    framework: Framework | None
    forms: dict[Form, Responses]
    faults: tuple[Fault, ...]
    warnings: tuple[Fault, ...] = ()
    imports: dict[Form, FormTable] = field(default_factory=dict)
    roster: Roster | None = None
    waves: WavesReading = field(default_factory=WavesReading)


def load_cohort(
    folder: Path, data_folder: Path | None = None, *, frameworks: Path = FRAMEWORKS, private: Path | None = None
) -> Cohort:
    """Read and check a cohort; return its tables keyed and pseudonymised.

    Parameters
    ----------
    folder
        The folder that holds ``cohort.yaml``.
    data_folder
        Where the response files are, when they do not lie beside ``cohort.yaml``.
    frameworks
        The folder of all frameworks.
    private
        The folder that keeps the secret of the pseudonyms; without one, a real cohort gets other pseudonyms each time.

    Raises
    ------
    InvalidInput
        With every fault of the description, the framework, the files and their rows.
    """
    return cohort_of(examine(folder, data_folder, frameworks=frameworks), private)


def cohort_of(found: Examination, private: Path | None = None) -> Cohort:
    """Return the cohort that was examined, keyed and pseudonymised.

    Raises
    ------
    InvalidInput
        With every fault that was found.
    """
    raise_if_any(found.faults)
    assert found.settings is not None  # without a fault everything was read
    assert found.framework is not None
    kind = found.settings.kind
    secret = secret_of(kind, private) if private is not None else new_secret(kind)
    cohort = assemble(found.settings, found.framework, found.forms, found.imports, secret, found.roster)
    return replace(cohort, waves=_other_waves(found, secret))


def _other_waves(found: Examination, secret: bytes) -> dict[str, Cohort]:
    """Return every wave beside the studied one as a cohort of its own; the same person has the same pseudonym."""
    assert found.settings is not None and found.framework is not None  # without a fault everything was read
    waves = found.waves
    return {
        name: assemble(
            of_wave(found.settings, name), found.framework, {"self": form}, {"self": waves.tables[name]}, secret
        )
        for name, form in waves.forms.items()
    }


def examine(folder: Path, data_folder: Path | None = None, *, frameworks: Path = FRAMEWORKS) -> Examination:
    """Read a cohort as far as it can be read, naming every fault: one slip must not hide the next."""
    path, reading = folder / DESCRIPTION, read_settings(folder)
    if reading.settings is None:
        return Examination(None, None, {}, reading.faults)
    settings = reading.settings
    tables, file_faults = _read_files(settings, data_folder or folder)
    roster, roster_problems = _roster(settings, data_folder or folder)
    if roster is not None and {"self", "peer"} <= set(tables) and settings.person_id in tables["self"].table:
        answered = set(tables["self"].table[settings.person_id])
        tables["peer"] = of_those_who_answered(tables["peer"], answered, roster, settings)
    instrument = _instrument(settings, folder, frameworks)
    claims = {} if instrument.framework is None else instrument.framework.claims
    faults = [*reading.faults, *_plan_faults(settings, path, claims), *instrument.faults, *file_faults]
    if instrument.framework is None:
        return Examination(settings, None, {}, tuple(faults))
    framework, own_faults = read_tailored(instrument.framework, settings, folder)
    faults += own_faults
    forms, tables, import_faults = _forms(settings, framework, tables, folder)
    faults += import_faults
    faults += declaration_faults(settings, framework, instrument.named, path)
    for responses in forms.values():
        faults += column_faults(responses, settings, instrument, tables[responses.form].left_out)
        faults += identifying_faults(responses, settings)
        faults += _of_cells(responses, settings)
    waves = read_waves(settings, framework, instrument, (folder, data_folder or folder), forms.get("self"))
    faults += [fault for fault in waves.faults if fault not in faults]
    findings = [*whole_file_findings(forms, framework, settings), *waves.findings]
    accepted = {"unused", *(known.finding for known in settings.accepted)}
    faults += [finding.fault for finding in findings if finding.kind not in accepted]
    warnings = [finding.fault for finding in findings if finding.kind in accepted]
    faults += [*_item_faults(forms, settings, path), *_people_faults(forms, settings, path, waves)]
    faults += beside_faults(settings, framework, folder, data_folder or folder, _people(forms, settings))
    faults += roster_problems if roster is None else roster_faults(roster, forms, settings, path)
    faults, told = (_located(each, tables) for each in (faults, warnings))
    return Examination(settings, framework, forms, tuple(faults), tuple(told), tables, roster, waves)


def _people(forms: dict[Form, Responses], settings: CohortSettings) -> list[str] | None:
    """Return the ids of the self file, None where they could not be read."""
    cells = forms["self"].cells if "self" in forms else pd.DataFrame()
    return list(cells[settings.person_id].dropna()) if settings.person_id in cells else None


def _roster(settings: CohortSettings, folder: Path) -> tuple[Roster | None, list[Fault]]:
    """Read who was invited."""
    try:
        return roster_of(settings, folder), []
    except InvalidInput as error:
        return None, list(error.faults)


def _of_cells(responses: Responses, settings: CohortSettings) -> list[Fault]:
    """Return the faults of cells; those that one cause explains are told by it."""
    known = causes(responses, settings)
    faults = _without_shifted(responses, settings, cell_faults(responses, settings))
    told = [cause.fault for cause in known]
    return [*told, *(each for each in faults if not any(cause.explains(each) for cause in known))]


def _without_shifted(responses: Responses, settings: CohortSettings, faults: list[Fault]) -> list[Fault]:
    """Leave out the cells that one sentence about shifted codes explains."""
    shifts = shifted_questions(responses, settings.not_applicable)
    beyond = {
        (question.column, str(question.minimum - 1 if shift < 0 else question.maximum + 1))
        for shift, questions in shifts.items()
        for question in questions
    }
    return [fault for fault in faults if (fault.column, fault.value) not in beyond]


def _instrument(settings: CohortSettings, folder: Path, frameworks: Path) -> FrameworkReading:
    """Read the framework; one that ``cohort.yaml`` does not name is a fault already."""
    if settings.framework == NOT_READABLE:
        return FrameworkReading(None, frozenset(), ())
    return read_framework(locate_framework(settings.framework, folder, frameworks), frameworks)


def _plan_faults(settings: CohortSettings, path: Path, claims: dict[str, Claim]) -> list[Fault]:
    """Name overrides of the analysis plan that the plan does not know or that have the wrong type."""
    merged = merge(with_claims(deepcopy(_plan_as_written(STUDY_PLAN.stat().st_mtime_ns)), claims), overrides(settings))
    faults = read_model(StudyPlan, merged, path, prefix=("study",))[1]
    problem, action = "the override has no source of its own", "add source: and the reason for the value"
    unsourced = _unsourced(settings.study, ("study",))
    return [*faults, *(yaml_fault(path, *keys, problem=problem, action=action) for keys in unsourced)]


@cache
def _plan_as_written(_changed: int) -> dict[str, Any]:
    """Read the plan once for every state of the file: many cohorts are checked against the same one."""
    plan: dict[str, Any] = read_yaml(STUDY_PLAN)
    return plan


def _unsourced(overrides: dict[str, Any], place: tuple[str, ...]) -> list[tuple[str, ...]]:
    """Return where a value is overridden without a reason; the plan's reason is for the plan's value."""
    if {"value", "minimum_n", "persons_per_item"} & set(overrides):
        return [] if "source" in overrides else [place]
    nested = [(key, part) for key, part in overrides.items() if isinstance(part, dict)]
    return [found for key, part in nested for found in _unsourced(part, (*place, str(key)))]


def _read_files(settings: CohortSettings, folder: Path) -> tuple[dict[Form, FormTable], list[Fault]]:
    """Read the response files that can be read."""
    tables: dict[Form, FormTable] = {}
    faults: list[Fault] = []
    for form in forms_of(settings):
        try:
            tables[form] = read_form(settings, form, folder)
        except InvalidInput as error:
            faults += error.faults
    return tables, faults


def _forms(
    settings: CohortSettings, framework: Framework, tables: dict[Form, FormTable], folder: Path
) -> tuple[dict[Form, Responses], dict[Form, FormTable], list[Fault]]:
    """Join each table, told in codes, with its layout."""
    forms: dict[Form, Responses] = {}
    coded: dict[Form, FormTable] = {}
    faults: list[Fault] = []
    for form, table in tables.items():
        layout = layout_of(settings, framework, form)
        coded[form], found = in_codes(table, layout, settings, folder)
        faults += [fault for fault in found if fault not in faults]
        cells = normalise(coded[form].table, settings, form)
        forms[form] = Responses(layout, table.file, cells, table.files)
    return forms, coded, faults


def _located(faults: list[Fault], tables: dict[Form, FormTable]) -> list[Fault]:
    """Name the file and its row where a form has several files."""
    for table in tables.values():
        faults = [table.locate(fault) for fault in faults] if len(table.files) > 1 else faults
    return faults


def _item_faults(forms: dict[Form, Responses], settings: CohortSettings, path: Path) -> list[Fault]:
    """Name items that block and are not waived, and waivers that waive nothing."""
    blocking = {form: item_faults(responses, settings.not_applicable) for form, responses in forms.items()}
    found = {pair for faults in blocking.values() for pair in faults}
    return [
        *(fault for faults in blocking.values() for fault in unwaived(faults, settings)),
        *waiver_faults(list(forms.values()), found, settings, path),
    ]


def _people_faults(
    forms: dict[Form, Responses], settings: CohortSettings, path: Path, waves: WavesReading
) -> list[Fault]:
    """Name what the people in the self file contradict: levels, the number invited, whom peers rated."""
    if "self" not in forms:
        return []
    own = forms["self"]
    faults = empty_level_faults([own, *waves.forms.values()], settings, path)
    if settings.invited is not None and settings.invited < len(own.cells):
        problem = f"fewer people invited than the {len(own.cells)} in the self file"
        faults.append(yaml_fault(path, "invited", problem=problem, action="mend it", value=str(settings.invited)))
    if "peer" in forms and settings.person_id in own.cells:
        faults += rating_faults(forms["peer"], own.cells[settings.person_id], settings)
    return faults
