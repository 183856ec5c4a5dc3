"""Made-up groups of people for tests of feedback: small, on the shipped framework, nothing read from disk twice."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
import pandas as pd

from compendium.framework import Framework, load_framework
from compendium.plan import StudyPlan, load_plan
from compendium.steps.feedback.evidence import Evidence, OwnView, PeerView, shown_means

ERROR = 0.25


@cache
def framework() -> Framework:
    return load_framework("integrated-care").select("final")


@cache
def plan() -> StudyPlan:
    return load_plan()


def scores_of(rows: Sequence[Sequence[float]]) -> pd.DataFrame:
    names = list(framework().scales())
    return pd.DataFrame(rows, index=[f"p{place:02d}" for place in range(len(rows))], columns=names)


def evidence_of(scores: pd.DataFrame, peers: PeerView | None = None, teams: pd.Series | None = None) -> Evidence:
    """Return evidence on scores; every answer to a competency is its score, rounded."""
    scales = framework().scales()
    answers = {item: scores[name].round() for name, items in scales.items() for item in items}
    own = OwnView(scores, pd.Series(ERROR, index=list(scales)), pd.DataFrame(answers))
    return Evidence(framework(), plan(), scales, own, peers, teams)


def group(people: int, raters: int, seed: int, team: int | None = None, third: int | None = None) -> Evidence:
    """Return a made-up group; everybody is rated by so many, the third of whom may give one answer throughout."""
    draw, scales = np.random.default_rng(seed), framework().scales()
    items = [item for members in scales.values() for item in members]
    levels = np.clip(draw.normal(4, 0.7, (people, len(scales))), 1, 5)
    scores = scores_of(np.rint(levels * 7) / 7)
    teams = None if team is None else pd.Series(["A"] * team + ["B"] * (people - team), index=scores.index)
    if not raters:
        return evidence_of(scores, None, teams)
    of_item = np.repeat(np.arange(len(scales)), [len(members) for members in scales.values()])
    seen = np.repeat(levels[:, of_item], raters, axis=0)
    rated = np.clip(np.rint(seen + draw.normal(0, 0.6, seen.shape)), 1, 5)
    if third is not None:
        rated[2::raters] = third
    index = pd.MultiIndex.from_product([scores.index, [f"r{n}" for n in range(raters)]], names=["person", "rater"])
    answers = pd.DataFrame(rated, index=index, columns=items)
    means = pd.DataFrame({name: answers[members].mean(axis=1) for name, members in scales.items()})
    needed = plan().disclosure.minimum_raters.value
    counted = answers.groupby(level="person").size()
    view = PeerView(counted, *shown_means(means, needed), *shown_means(answers, needed), answers)
    return evidence_of(scores, view, teams)
