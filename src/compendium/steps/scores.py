"""Competency scores from the kept items, and how reliable they are: prepared once, read by every later step."""

from __future__ import annotations

import pandas as pd

from compendium.steps.factor_structure.reliability import Draws, reliability_table
from compendium.study import Study

# The mean over all competencies, as the prepared reliabilities call it.
OVERALL = "overall"


def prepare_decisions(study: Study, decisions: pd.DataFrame) -> None:
    """Prepare the decision on every item for the steps that work with the kept ones.

    Parameters
    ----------
    decisions
        As :func:`compendium.steps.item_analysis.decisions.final_decisions` returns them.
    """
    study.prepared.write("decisions", decisions.set_index("item")[["decision"]])


def prepare_scores(study: Study) -> None:
    """Score the kept items of people and peers, and estimate the reliability of the people's scores.

    Beside the competencies: the overall score and the outcomes. Reliability is that of the scores, whose items stand on
    one scale.
    """
    prepared, confidence, draws = study.prepared, study.plan.confidence.value, reliability_draws(study)
    prepared.write("scores", study.scores(prepared.answers))
    prepared.write("peer_scores", study.scores(prepared.peers))
    if study.settings.waves is not None:
        shared = study.framework.scales(shared_items(study))
        least = study.plan.scoring.minimum_answered.value
        prepared.write("wave_scores", study.scored(prepared.wave_answers, shared, least))
    answers = study.framework.on_one_scale(prepared.answers)
    table = reliability_table(answers, study.scales, confidence, draws)
    prepared.write("reliability", table.set_index("competency"))
    outcomes = study.framework.outcome_scales("self", list(study.settings.outcomes))
    asked = pd.concat([answers, prepared.outcomes], axis="columns")
    table = reliability_table(asked, {OVERALL: study.kept_items, **outcomes}, confidence, draws)
    prepared.write("further_reliability", table.set_index("competency").rename_axis("score"))


def shared_items(study: Study) -> list[str]:
    """Return the kept items that every wave asked, in framework order."""
    asked = study.prepared.wave_answers.notna().groupby(level="wave").any().all()
    return [item for item in study.kept_items if asked[item]]


def reliability_draws(study: Study, n_resamples: float | None = None) -> Draws:
    """Return how intervals of reliabilities are drawn: people, or the clusters that the study draws."""
    plan = study.plan
    number = plan.resampling.bootstrap.value if n_resamples is None else n_resamples
    clusters = study.nesting.of(study.prepared.answers.index)
    return Draws(int(number), plan.seed, plan.confidence.value, clusters)
