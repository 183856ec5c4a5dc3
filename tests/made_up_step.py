"""Open steps on the small study of the tests, whose framework lies beside it and not in the project."""

from __future__ import annotations

from pathlib import Path

import pytest
from small_study import SmallStudy, small_study

from compendium.cohort import load_cohort
from compendium.framework import load_framework
from compendium.outputs.saving import Origin
from compendium.outputs.step import Step, open_step
from compendium.steps.cohort_quality import prepare as prepare_cohort
from compendium.steps.item_analysis.decisions import keep_all
from compendium.steps.scores import prepare_decisions, prepare_scores


def study_for_steps(root: Path, monkeypatch: pytest.MonkeyPatch) -> SmallStudy:
    """Return the small study, its framework known to every step that is opened."""
    study = small_study(root)
    study.write()
    opened = "compendium.study.opened"
    monkeypatch.setattr(f"{opened}.load_framework", lambda name: load_framework(name, study.frameworks))
    monkeypatch.setattr(
        f"{opened}.load_cohort",
        lambda folder, data, **more: load_cohort(folder, data, frameworks=study.frameworks, **more),
    )
    return study


def open_small(study: SmallStudy, name: str) -> Step:
    """Open a step as a notebook does, on what is written now."""
    return open_step(name, cohort=str(study.folder), results=str(study.root / "results"))


def prepare(study: SmallStudy) -> Step:
    """Write the prepared tables and keep every item; return the step that wrote the tables."""
    study.write()
    step = open_small(study, "03_cohort_quality")
    prepare_cohort(step, step.load_cohort())
    later = open_small(study, "04_item_analysis")
    decisions = keep_all(later, later.prepared.answers, "too few people")
    later.results.table("item_decisions", decisions, caption="Decisions", origin=Origin("made.up"))
    prepare_decisions(later, decisions)
    prepare_scores(later)
    return step
