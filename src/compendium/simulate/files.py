"""Synthetic cohorts as folders: responses, ``cohort.yaml``, the truth and a note on what they are."""

from __future__ import annotations

import json
from pathlib import Path
from string import Template
from typing import Any

import pandas as pd
import yaml

from compendium.files import write_text
from compendium.framework import Framework, load_framework
from compendium.paths import COHORTS
from compendium.simulate.cohort import SimulatedCohort, simulate_cohort
from compendium.simulate.plan import DEMO, DEMO_SMALL, PlantedFault, SimulationPlan
from compendium.simulate.truth import population_values
from compendium.simulate.waves import DEMO_WAVES, write_waves

TITLES = {
    "demo": "Demonstration cohort (synthetic)",
    "demo-small": "Demonstration cohort at the published size (synthetic)",
}
DESCRIPTION = (
    "Synthetic answers drawn from a stated model, so that every step of the study can be run and its findings compared "
    "with a known truth. Nobody gave these answers; the numbers say nothing about real staff or services."
)
PROVENANCE = "Synthetic data: no finding about real people."
WRONG_KEY_REASON = (
    "Planted on purpose: the framework declares the item direct, the synthetic answers run the other way; "
    "the item analysis is meant to find it."
)
NOTE = Path(__file__).with_name("note.md")
FAULT_SENTENCES = {
    "weak": "weak: loading {size}",
    "cross_loading": "loads {size} on its own competency and {size} on {other}",
    "redundant": "nearly the same answers as {other}",
    "dif": "thresholds {size} higher in {other}",
    "wrong_key": "declared direct, answered the other way round (waived in `cohort.yaml`)",
    "ceiling": "nearly everyone chooses the highest code",
}
GROUPS: dict[str, dict[str, Any]] = {
    "agency": {"column": "agency", "label": "Agency", "kind": "nominal"},
    "sector": {"column": "sector", "label": "Sector", "kind": "nominal"},
    "occupation": {"column": "occupation", "label": "Occupational group", "kind": "nominal"},
    "team": {"column": "team", "label": "Team", "kind": "nominal"},
    "gender": {
        "column": "gender",
        "label": "Gender",
        "kind": "nominal",
        "levels": {"F": "Woman", "M": "Man", "X": "Another gender or not said"},
    },
    "tenure": {"column": "tenure", "label": "Tenure (years)", "kind": "number"},
}


def write_demo_cohorts(folder: Path = COHORTS) -> list[Path]:
    """Write the committed cohorts, ``demo``, ``demo-small`` and ``demo-waves``, and return their folders.

    Parameters
    ----------
    folder
        Folder that holds the cohorts.

    Returns
    -------
    list of Path
        The folders written; their files are the same, byte for byte, every time.
    """
    plans = {"demo": DEMO, "demo-small": DEMO_SMALL}
    written = [write_cohort(folder / name, plan, population=True) for name, plan in plans.items()]
    return [*written, write_waves(folder / "demo-waves", DEMO_WAVES)]


def write_cohort(
    folder: Path, plan: SimulationPlan, framework: Framework | None = None, *, population: bool = False
) -> Path:
    """Simulate a cohort and write it as a folder that the pipeline reads.

    Parameters
    ----------
    folder
        The cohort's folder; its name becomes the cohort's id.
    plan
        What the cohort is made of.
    framework
        By default the one the plan names.
    population
        Whether ``truth.json`` also holds the population values, which take some seconds.

    Returns
    -------
    Path
        The folder.
    """
    framework = framework or load_framework(plan.framework)
    cohort = simulate_cohort(plan, framework)
    folder.mkdir(parents=True, exist_ok=True)
    truth = dict(cohort.truth)
    if population:
        truth["population"] = population_values(plan, framework)
    write_text(folder / "self.csv", _csv(cohort.self))
    if cohort.peer is not None:
        write_text(folder / "peer.csv", _csv(cohort.peer))
    write_text(folder / "truth.json", json.dumps(truth, indent=1, ensure_ascii=False) + "\n")
    write_text(folder / "cohort.yaml", _description(folder.name, plan, framework, cohort))
    write_text(folder / "README.md", _note(folder.name, plan, cohort))
    return folder


def _csv(frame: pd.DataFrame) -> str:
    """Return CSV text with whole numbers and blanks."""
    whole = frame.select_dtypes("number").columns
    return frame.astype(dict.fromkeys(whole, "Int64")).to_csv(index=False, lineterminator="\n")


def _description(name: str, plan: SimulationPlan, framework: Framework, cohort: SimulatedCohort) -> str:
    """Return the text of ``cohort.yaml``."""
    wrong = [fault for fault in plan.faults if fault.kind == "wrong_key" and fault.item in cohort.self.columns]
    content: dict[str, Any] = {
        "id": name,
        "title": TITLES.get(name, f"Synthetic cohort {name}"),
        "kind": "synthetic",
        "framework": plan.framework,
        "items": plan.items,
        "description": DESCRIPTION,
        "provenance": PROVENANCE,
        "files": {"self": "self.csv", **({"peer": "peer.csv"} if cohort.peer is not None else {})},
        "person_id": "person_id",
        **({"rater_id": "rater_id"} if cohort.peer is not None else {}),
        "missing": [""],
        "not_applicable": [framework.scale.not_applicable],
        "groups": _groups(cohort),
        "outcomes": [outcome.scale for outcome in plan.outcomes],
        **({"peer_outcomes": list(plan.peers.outcomes)} if plan.peers else {}),
        "fieldwork": {"start": "2026-01-12", "end": "2026-02-20"},
        "invited": plan.invited,
        "waivers": [_waiver(fault) for fault in wrong],
    }
    header = "# A synthetic cohort, written by compendium.simulate; `make demo-data` writes the committed ones again.\n"
    return header + yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=110)


def _groups(cohort: SimulatedCohort) -> dict[str, Any]:
    """Return the groups, with the levels that someone belongs to."""
    genders = set(cohort.self["gender"].dropna())
    levels = {code: label for code, label in GROUPS["gender"]["levels"].items() if code in genders}
    return GROUPS | {"gender": GROUPS["gender"] | {"levels": levels}}


def _note(name: str, plan: SimulationPlan, cohort: SimulatedCohort) -> str:
    """Return the text of the folder's README."""
    return Template(NOTE.read_text(encoding="utf-8")).substitute(
        title=TITLES.get(name, f"Synthetic cohort {name}"),
        seed=plan.seed,
        n=len(cohort.self),
        ratings=0 if cohort.peer is None else len(cohort.peer),
        items=len(cohort.truth["competency_items"]),
        same_source=plan.same_source,
        stopped=f"{100 * plan.quality.drop_out:.0f} %" if plan.quality.drop_out else "none (all completed)",
        faults=_fault_table(plan),
    )


def _fault_table(plan: SimulationPlan) -> str:
    """List the planted faults, or say that there are none."""
    if not plan.faults:
        return "None."
    rows = [
        f"| `{fault.item}` | {FAULT_SENTENCES[fault.kind].format(size=fault.size, other=fault.other)} |"
        for fault in plan.faults
    ]
    return "\n".join(["| item | fault |", "|---|---|", *rows])


def _waiver(fault: PlantedFault) -> dict[str, str]:
    """Let the planted wrong key pass the check at the door."""
    return {"item": fault.item, "fault": "keying", "reason": WRONG_KEY_REASON}
