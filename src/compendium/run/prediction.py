"""What a run of a cohort will give and what it will not, and why, before anything is computed.

The same code decides here and in the run: gates, requirements of sections, pages. Nothing is kept.
"""

from __future__ import annotations

import tempfile

import nbformat
import pandas as pd

from compendium.cohort import Cohort, CohortSettings, Examination, cohort_of, effective_number
from compendium.cohort.schema import compared_groupings
from compendium.outputs.saving import Origin
from compendium.outputs.sections import nothing_to_ask
from compendium.outputs.step import READS_RESPONSES, Step, step_of
from compendium.paths import BOOK, NOTEBOOKS
from compendium.plan import Claim, StudyPlan
from compendium.report.book import pages
from compendium.report.book.saved import SavedResults
from compendium.report.book.subject import Subject
from compendium.steps.cohort_quality import judge_all, prepare_people
from compendium.study import open_study
from compendium.wording import sentence

HERE = Origin(f"{__name__}.predict", (), "")
COLUMNS = ["part", "name", "expected", "why"]
REQUIRES = "requires:"
THERE = ""
Row = tuple[str, str, bool, str]
ROLES_NOT_COMPARED = {
    "describe": "its role is to be described and no more",
    "cluster": "its role is to say who belongs together: intervals draw whole groups",
}


def predict(cohort: str, data: str = "", examined: Examination | None = None) -> pd.DataFrame:
    """Say what a run of this cohort will give.

    Parameters
    ----------
    cohort
        A folder under ``data/cohorts``, or the path of a cohort folder.
    data
        Folder of the response files, when they do not lie beside ``cohort.yaml``.
    examined
        What was read of them, where that is known already.

    Returns
    -------
    DataFrame
        ``part`` (gate, grouping, weights, claim, step, page), ``name``, ``expected``, ``why`` (empty where there is
        nothing to explain).

    Raises
    ------
    InvalidInput
        With every fault of the cohort.
    """
    with tempfile.TemporaryDirectory() as scratch:
        study = open_study(cohort, data, scratch)
        step = step_of(study, READS_RESPONSES)
        # The answers of very many people take memory: they are let go before anything else is read.
        rows = _of_people(step, step.load_cohort() if examined is None else cohort_of(examined))
        rows += [_claim(name, claim, step.settings) for name, claim in step.plan.claims.published.items()]
        for notebook in sorted(NOTEBOOKS.glob("*.ipynb")):
            rows += _sections(step if notebook.stem == step.name else step_of(study, notebook.stem))
        subject = Subject(SavedResults(study.folders), study.framework, study.settings, study.plan)
        every = pages.read_pages(BOOK)
        chosen = {page.name for page in pages.wanted(every, subject)}
        rows += [("page", page.name, page.name in chosen, _why_no_page(page, page.name in chosen)) for page in every]
    return pd.DataFrame(rows, columns=COLUMNS)


def _of_people(step: Step, cohort: Cohort) -> list[Row]:
    """Say what the number of people allows, and prepare what later steps ask of that."""
    step.count(cohort)
    prepare_people(step, cohort)
    verdicts = judge_all(step, cohort)
    for name, found in verdicts.items():
        step.results.value(f"supported_{name}", found.supported, note=found.finding.encoded, origin=HERE)
    rows = [("gate", name, found.supported, sentence(found.finding)) for name, found in verdicts.items()]
    rows += [_grouping(step, cohort.people, name) for name in step.settings.groups]
    if step.settings.weight is not None:
        worth = effective_number(cohort.weights)
        reason = f"{len(cohort.weights)} people weigh as much as {worth:.0f}; no estimate of this study is weighted"
        rows.append(("weights", step.settings.weight.column, False, reason))
    return rows


def _grouping(step: Step, people: pd.DataFrame, name: str) -> Row:
    """Say whether a grouping has two groups that are large enough for fairness and invariance."""
    group = step.settings.groups[name]
    if group.kind == "number":
        return ("grouping", name, False, "a number: related to the scores, not compared in groups")
    if group.role in ROLES_NOT_COMPARED:
        return ("grouping", name, False, ROLES_NOT_COMPARED[group.role])
    restrictions = (step.plan.fairness.groupings, step.plan.invariance.groupings)
    if not any(name in compared_groupings(step.settings.groups, restriction) for restriction in restrictions):
        return ("grouping", name, False, "not in the plan: fairness and invariance name other groupings")
    minimum = smallest_compared(step.plan)
    large = int((people[name].value_counts() >= minimum).sum())
    if large >= 2:
        return ("grouping", name, True, THERE)
    counted = {0: "no group has", 1: "only one group has"}[large]
    return ("grouping", name, False, f"too small to compare how items work: {counted} {minimum:.0f} people or more")


def smallest_compared(plan: StudyPlan) -> float:
    """Return how many people a group needs before item answers are compared."""
    return min(plan.fairness.smallest_group.value, plan.invariance.smallest_group.value)


def _claim(name: str, claim: Claim, settings: CohortSettings) -> Row:
    """Say whether the cohort collected what a claim is about."""
    return ("claim", name, (lacking := _lacking(claim, settings)) == THERE, lacking)


def _lacking(claim: Claim, settings: CohortSettings) -> str:
    """Return what a claim is about that the cohort did not collect; empty when everything was collected."""
    asked = [*claim.outcomes, *claim.stand_ins]
    if claim.kind == "own_outcome" and not set(asked) & set(settings.outcomes):
        return f"{' or '.join(claim.outcomes)}: not collected"
    if claim.kind == "colleagues" and not set(asked) & set(settings.peer_outcomes):
        return "colleagues' own outcomes: not collected"
    named = {"tenure": "tenure", "groups": claim.grouping}.get(claim.kind)
    if named is not None and named not in settings.groups:
        return f"{named}: not collected"
    if claim.kind != "own_outcome" and not settings.self_ratings:
        return "self ratings: not collected"
    return THERE


def _sections(step: Step) -> list[Row]:
    """Return one row for each thing that the sections of a step need."""
    if (whole := nothing_to_ask(step.name, step)) is not None:
        return [("step", step.name, False, whole)]
    cells = nbformat.read(NOTEBOOKS / f"{step.name}.ipynb", as_version=4).cells
    tags = [tag for cell in cells for tag in cell.metadata.get("tags", []) if tag.startswith(REQUIRES)]
    needs = [tag.removeprefix(REQUIRES) for tag in dict.fromkeys(tags)]
    found = [(need, step.lacks(need)) for need in needs]
    return [
        ("step", step.name, True, THERE),
        *(("step", f"{step.name}: {need}", why is None, why or THERE) for need, why in found),
    ]


def _why_no_page(page: pages.Page, there: bool) -> str:
    """Name what a page needs that the cohort lacks."""
    return THERE if there else f"needs {', '.join(page.requires)}"


def as_text(prediction: pd.DataFrame) -> str:
    """Return the prediction as plain text: one line a row, what will not be there with its reason."""
    marks = prediction["expected"].map({True: "yes", False: "no"})
    width = int(prediction["name"].str.len().max())
    lines = [f"{'part':9} {'name':{width}} runs why"]
    for part, name, mark, why in zip(prediction["part"], prediction["name"], marks, prediction["why"], strict=True):
        lines.append(f"{part:9} {name:{width}} {mark:4} {why}".rstrip())
    return "\n".join(lines)
