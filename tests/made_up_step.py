"""Open steps on the small study of the tests, whose framework lies beside it and not in the project."""

from __future__ import annotations

from pathlib import Path

import pytest
from small_study import SmallStudy, small_study

from compendium.cohort import load_cohort
from compendium.framework import load_framework
from compendium.step import Step, open_step
from compendium.steps.cohort_quality import save_prepared
from compendium.steps.item_analysis.decisions import keep_all


def study_for_steps(root: Path, monkeypatch: pytest.MonkeyPatch) -> SmallStudy:
    """Return the small study, its framework known to every step that is opened."""
    study = small_study(root)
    study.write()
    monkeypatch.setattr("compendium.step.load_framework", lambda name: load_framework(name, study.frameworks))
    monkeypatch.setattr(
        "compendium.step.load_cohort",
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
    save_prepared(step, step.load_cohort())
    later = open_small(study, "04_item_analysis")
    decisions = keep_all(later, later.prepared.answers, "too few people")
    later.save.table("item_decisions", decisions, caption="Decisions", source=keep_all)
    return step
