"""Run the comparison of several cohorts: its notebook, then its small book."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from compendium.outputs import release as releases
from compendium.outputs.comparison import Comparison, open_comparison
from compendium.outputs.manifest import write_manifest
from compendium.outputs.saving import read_values
from compendium.paths import BOOK, COMPARISON, COMPARISON_NOTEBOOK
from compendium.report.book import build
from compendium.report.shelf import about_cohort, write_shelf
from compendium.run.lock import only_run
from compendium.run.notebooks import run_opened


def run_comparison(
    cohorts: Sequence[str], results: str = "results", name: str = "", other_people: str = "", *, book: bool = True
) -> Path:
    """Compare cohorts that were built, and return the first page, or the executed notebook where no book is wanted.

    What a comparison shows of a cohort of real people is a release of it: earlier ones are asked, and it is noted.

    Raises
    ------
    InvalidInput
        As :func:`compendium.outputs.comparison.open_comparison`; and when what a cohort shows lies too close to what
        was released before.
    """
    # A path counts from where the user is, the kernel runs in the project.
    named = [str(Path(cohort).resolve()) if "/" in cohort else cohort for cohort in cohorts]
    step = open_comparison(name, cohorts=named, results=results, other_people=other_people)
    _ask(step)
    with only_run(step.folders.root):
        parameters = {"cohorts": named, "results": results, "name": name, "other_people": other_people}
        ids = [member.name for member in step.members]
        parameters_cell = f"cohorts = {ids!r}  # where their files lie on this machine is not recorded"
        executed = run_opened(step, COMPARISON_NOTEBOOK, parameters, parameters_cell)
        limit = int(step.plan.disclosure.minimum_group.value)
        about = about_cohort(step.settings, step.framework, read_values(step.folders)) | {"cohorts": ", ".join(ids)}
        write_manifest(step.folders, step.settings.id, limit, about)
        if not book:
            return executed
        page = build(step.folders, step.framework, step.settings, step.plan, source=BOOK / COMPARISON)
        for member in step.members:
            releases.note(member.study.folders, member.study.settings)
        write_shelf(step.folders.root.parent.parent)
        return page


def _ask(step: Comparison) -> None:
    """Refuse to publish a comparison that could reveal answers together with an earlier release of a cohort."""
    for member in step.members:
        study = replace(member.study, plan=step.plan)
        releases.ask(study.folders, study.settings, int(study.plan.disclosure.minimum_group.value))
