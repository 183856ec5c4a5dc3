"""A framework and a plan as one cohort uses them: items dropped, outcomes and claims added, covariates chosen."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from compendium.cohort.schema import DESCRIPTION, CohortSettings
from compendium.faults import Fault, raise_if_any, suggest
from compendium.framework import Framework, claim_faults
from compendium.framework.loading import outcome_table, read_framework_table
from compendium.framework.rules import outcome_rules, rule_faults
from compendium.inputs import yaml_fault
from compendium.plan import Claim, StudyPlan, load_plan


def tailored(framework: Framework, settings: CohortSettings, folder: Path) -> Framework:
    """Return the framework as this cohort was asked it.

    Raises
    ------
    InvalidInput
        When an item to drop is unknown, or the cohort's own outcomes or claims are wrong.
    """
    made, faults = read_tailored(framework, settings, folder)
    raise_if_any(faults)
    return made


def read_tailored(framework: Framework, settings: CohortSettings, folder: Path) -> tuple[Framework, list[Fault]]:
    """Return the framework as this cohort was asked it as far as it can be read, with every fault found."""
    path = folder / DESCRIPTION
    faults = _drop_faults(framework, settings, path)
    made = framework.select(settings.items).without(list(settings.drop))
    faults += [] if faults else _left_faults(made, framework, settings, path)
    if settings.own_outcomes is not None:
        table, found = _own_outcomes(framework, folder / settings.own_outcomes)
        faults += found
        made = made if table is None else replace(made, outcomes=pd.concat([made.outcomes, table]).fillna(""))
    faults += _claim_faults(made, settings, path)
    return replace(made, claims=framework.claims | own_claims(settings)), faults


def own_claims(settings: CohortSettings) -> dict[str, Claim]:
    """Return the claims that the cohort adds."""
    return {name: claim.model_copy(update={"origin": "own"}) for name, claim in settings.claims.items()}


def overrides(settings: CohortSettings) -> dict[str, Any]:
    """Return what the cohort lays over the analysis plan."""
    laid = dict(settings.study)
    if settings.covariates is None:
        return laid
    chosen = list(settings.covariates)
    sets: list[list[str]] = [[], chosen[:1], chosen]
    distinct = [each for place, each in enumerate(sets) if each not in sets[:place]]
    for key, value in (("claims", chosen), ("multiverse", distinct)):
        laid[key] = {"covariates": value} | laid.get(key, {})
    return laid


def study_plan(settings: CohortSettings, framework: Framework) -> StudyPlan:
    """Return the analysis plan of a cohort: the project's, the claims, and what the cohort overrides."""
    return load_plan(overrides(settings), claims=framework.claims)


def _drop_faults(framework: Framework, settings: CohortSettings, path: Path) -> list[Fault]:
    """Name dropped items that the framework lacks."""
    known = [str(item) for item in (*framework.items.index, *framework.outcomes.index)]
    problem = "the framework has no such item"
    return [
        yaml_fault(path, "drop", problem=problem, action=suggest(item, known), value=item)
        for item in settings.drop
        if item not in known
    ]


def _left_faults(made: Framework, framework: Framework, settings: CohortSettings, path: Path) -> list[Fault]:
    """Name competencies of which fewer than two items are left."""
    selected = framework.select(settings.items).scales()
    left = made.scales()
    return [
        yaml_fault(
            path,
            "drop" if settings.drop else "items",
            problem=f"fewer than two items of the competency {name!r} are left",
            action="keep two of its items, or drop all of them",
        )
        for name in selected
        if len(left.get(name, [])) == 1
    ]


def _own_outcomes(framework: Framework, path: Path) -> tuple[pd.DataFrame | None, list[Fault]]:
    """Read the cohort's own outcome scales, by the rules that outcomes of a framework keep to."""
    table, faults = read_framework_table(path, "outcomes")
    if table is None:
        return None, faults
    taken = [str(item) for item in (*framework.items.index, *framework.outcomes.index)]
    scales = [*map(str, framework.competencies.index), *framework.outcomes["scale"].unique()]
    faults += [fault for rule in outcome_rules(scales, taken) for fault in rule_faults(path, table, rule)]
    return (None if faults else outcome_table(table)), faults


def _claim_faults(made: Framework, settings: CohortSettings, path: Path) -> list[Fault]:
    """Name own claims that the framework makes already, that lack what they need, or that name no grouping."""
    faults = claim_faults(path, settings.claims, made)
    twice = [name for name in settings.claims if name in made.claims]
    problem, action = "the framework has a claim of this name", "choose another name"
    faults += [yaml_fault(path, "claims", name, problem=problem, action=action) for name in twice]
    unknown = [
        (name, claim.grouping)
        for name, claim in settings.claims.items()
        if claim.grouping and claim.grouping not in settings.groups
    ]
    problem = "no grouping has this name"
    return [
        *faults,
        *(
            yaml_fault(
                path, "claims", name, "grouping", problem=problem, action=suggest(asked, settings.groups), value=asked
            )
            for name, asked in unknown
        ),
    ]
