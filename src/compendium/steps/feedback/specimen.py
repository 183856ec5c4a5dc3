"""A made-up group of people, so that a specimen shows every rule at work and nobody's answers."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from compendium.framework import Framework
from compendium.plan import StudyPlan
from compendium.steps.feedback.evidence import Evidence, OwnView, PeerView, shown_means
from compendium.steps.feedback.people import PersonFindings, findings_of_person

NAME = "Specimen"
# How large the made-up group is, and the seed it is drawn with: five teams of eighteen, rated by five.
SEED, PEOPLE, RATERS, MEMBERS = 20240105, 90, 5, 18
# How people, competencies of a person, colleagues, and answers differ, in quarters of the answer scale.
BETWEEN, WITHIN, NOISE = 0.5, 0.7, 0.5
# Where answers lie on the scale on average, the quarters of it, and how far colleagues follow a person's own view.
LEVEL, QUARTERS, FOLLOWED = 0.7, 4, 0.6


def made_up_evidence(framework: Framework, plan: StudyPlan, scales: Mapping[str, list[str]]) -> Evidence:
    """Return an invented group with answers to a cohort's kept items; it holds nothing else of the cohort.

    Answers are drawn with a fixed seed around a level of the person and of the competency; four of five colleagues see
    each person's competencies a little differently than the person does.
    """
    draw = np.random.default_rng(SEED)
    items = [item for members in scales.values() for item in members]
    of_item = np.repeat(np.arange(len(scales)), [len(members) for members in scales.values()])
    low, top = framework.scale.minimum, framework.scale.maximum
    unit, middle = (top - low) / QUARTERS, low + LEVEL * (top - low)
    levels = draw.normal(0, BETWEEN, (PEOPLE, 1)) + draw.normal(0, WITHIN, (PEOPLE, len(scales)))
    seen = FOLLOWED * levels + draw.normal(0, WITHIN / 2, levels.shape)
    people = pd.Index([f"{NAME} {number + 1}" for number in range(PEOPLE)], name="person")
    answers = _answers(draw, levels[:, of_item], (low, top, middle, unit))
    rated = _answers(draw, np.repeat(seen[:, of_item], RATERS, axis=0), (low, top, middle, unit))
    index = pd.MultiIndex.from_product([people, [f"r{number}" for number in range(RATERS)]], names=["person", "rater"])
    own = pd.DataFrame(answers, index=people, columns=items)
    peers = pd.DataFrame(rated, index=index, columns=items)
    teams = pd.Series([f"{NAME} {number // MEMBERS + 1}" for number in range(PEOPLE)], index=people)
    return Evidence(framework, plan, scales, _own(own, scales), _peers(peers, scales, plan), teams)


def specimen_person(evidence: Evidence) -> PersonFindings:
    """Return the made-up person whose report shows most."""
    found = [findings_of_person(evidence, person) for person in evidence.people]
    return max(found, key=lambda each: (len({row.view for row in each.rows}), len(each.low_items) > 0))


def _answers(draw: np.random.Generator, levels: np.ndarray, scale: tuple[float, float, float, float]) -> np.ndarray:
    """Return whole answers around the levels, within the answer scale."""
    low, top, middle, unit = scale
    return np.clip(np.rint(middle + unit * (levels + draw.normal(0, NOISE, levels.shape))), low, top)


def _own(answers: pd.DataFrame, scales: Mapping[str, list[str]]) -> OwnView:
    """Return the made-up people's view of themselves; the error of a mean is that of the noise."""
    scores = pd.DataFrame({name: answers[items].mean(axis=1) for name, items in scales.items()})
    errors = {
        name: float(np.sqrt((answers[items].var(axis=1).mean() if len(items) > 1 else NOISE**2) / len(items)))
        for name, items in scales.items()
    }
    return OwnView(scores, pd.Series(errors), answers)


def _peers(answers: pd.DataFrame, scales: Mapping[str, list[str]], plan: StudyPlan) -> PeerView:
    """Return the made-up colleagues' view."""
    needed = plan.disclosure.minimum_raters.value
    scores = pd.DataFrame({name: answers[items].mean(axis=1) for name, items in scales.items()})
    raters = answers.groupby(level="person").size()
    return PeerView(raters, *shown_means(scores, needed), *shown_means(answers, needed), answers)
