"""The steps of the study in one process, cell by cell as the pipeline adapts them, and the pages that follow."""

from __future__ import annotations

import contextlib
import io
import re
import shutil
from collections.abc import Iterable
from pathlib import Path

import nbformat

from compendium.outputs.step import Step, open_step
from compendium.outputs.trail import close_trail
from compendium.paths import BOOK, NOTEBOOKS
from compendium.report.book import pages
from compendium.report.book.saved import SavedResults
from compendium.report.book.subject import Subject
from compendium.run import notebooks as pipeline
from compendium.study import open_study

STEPS = tuple(path.stem for path in sorted(NOTEBOOKS.glob("*.ipynb")))
# Steps that read the framework alone: cohorts of one framework have their results in common.
OF_THE_FRAMEWORK = ("01_evidence_review", "02_consultation")


def walk(folder: Path, results: Path, steps: Iterable[str] = STEPS) -> Step:
    """Run steps as the pipeline adapts them; return the last one."""
    given = {"cohort": str(folder), "data": "", "results": str(results)}
    try:
        with contextlib.redirect_stderr(io.StringIO()):
            for name in steps:
                step = open_step(name, **given)
                names: dict[str, object] = {}
                for cell in pipeline._adapted(nbformat.read(NOTEBOOKS / f"{name}.ipynb", as_version=4), step).cells:
                    if "parameters" in cell.metadata.get("tags", []):
                        names |= given
                    elif cell.cell_type == "code":
                        names.get("step", step).notebook.run(cell.source, names)
                # As a notebook does after a cell, whether the cell kept anything or not.
                step.note_run()
    finally:
        close_trail()
    return step


def walk_on(folder: Path, results: Path, framework_results: Path) -> Step:
    """Run the steps that read the cohort, after the results of those that read its framework, walked before."""
    shutil.copytree(framework_results, results / folder.name)
    return walk(folder, results, [name for name in STEPS if name not in OF_THE_FRAMEWORK])


def page_texts(step: Step, only: Iterable[str] | None = None) -> dict[str, str]:
    """Fill in every page of the book, or those named; a page that asks for what was not saved fails."""
    whole = open_study(str(step.folder), str(step.data), str(step.folders.root.parent))
    study = Subject(SavedResults(step.folders), whole.framework, whole.settings, whole.plan)
    read = [page for page in pages.read_pages(BOOK) if only is None or page.name in only]
    chosen = pages.wanted(read, study)
    return {page.name: re.sub(r"\s+", " ", page.text).strip() for page in pages.render(chosen, study)}
