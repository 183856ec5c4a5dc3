"""Competency scores from the kept items, and how reliable they are: prepared once, read by every later step."""

from __future__ import annotations

import pandas as pd

from compendium.steps.factor_structure.reliability import reliability_table
from compendium.study import Study


def prepare_decisions(study: Study, decisions: pd.DataFrame) -> None:
    """Prepare the decision on every item for the steps that work with the kept ones.

    Parameters
    ----------
    decisions
        As :func:`compendium.steps.item_analysis.decisions.final_decisions` returns them.
    """
    study.prepared.write("decisions", decisions.set_index("item")[["decision"]])


def prepare_scores(study: Study) -> None:
    """Score the kept items of people and peers, and estimate the reliability of the people's scores."""
    prepared = study.prepared
    prepared.write("scores", study.scores(prepared.answers))
    prepared.write("peer_scores", study.scores(prepared.peers))
    table = reliability_table(prepared.answers, study.scales, study.plan.confidence.value)
    prepared.write("reliability", table.set_index("competency"))
