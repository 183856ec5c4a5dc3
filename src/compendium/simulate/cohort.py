"""A synthetic cohort: the forms as they came back, and the truth about them."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import pandas as pd

from compendium.framework import Framework, load_framework
from compendium.simulate.forms import answer, be_careless, skip_answers, stop_early
from compendium.simulate.peers import PeerForms, draw_peers
from compendium.simulate.people import People, draw_people
from compendium.simulate.plan import SimulationPlan
from compendium.simulate.population import ItemParameters, competency_items, outcome_items, trait_correlations
from compendium.simulate.streams import exact_share, stream

BACKGROUND = ("agency", "sector", "team", "occupation", "gender", "tenure")
#: Answers to these may be missing; the rest is known from the mailing list.
ASKED_BACKGROUND = ("gender", "tenure")


@dataclass(frozen=True)
class SimulatedCohort:
    """A synthetic cohort as a survey tool would export it.

    Attributes
    ----------
    self
        One row a person: ``person_id``, groups, items, outcome items. Raw codes, NaN missing.
    peer
        One row a rating: ``person_id``, ``rater_id``, items, the rater's outcome items; None without peers.
    truth
        Plan, planted faults, item parameters, latent correlations, who was careless and who stopped.
    """

    self: pd.DataFrame
    peer: pd.DataFrame | None
    truth: dict[str, Any]


@dataclass(frozen=True)
class Draw:
    """Everything behind a cohort, before it is written down."""

    people: People
    attentive: pd.DataFrame
    collected: pd.DataFrame
    peers: PeerForms | None
    careless: dict[str, str]
    stopped: dict[str, str]


def simulate_cohort(plan: SimulationPlan, framework: Framework | None = None) -> SimulatedCohort:
    """Simulate a cohort.

    Parameters
    ----------
    plan
        What the cohort is made of.
    framework
        The framework whose items are answered; by default the one the plan names.

    Returns
    -------
    SimulatedCohort
        The same for the same plan and framework.

    Raises
    ------
    ValueError
        When the plan names an item, competency, sector or outcome that does not exist, or is too small for its
        agencies.

    Notes
    -----
    Each answer counts the thresholds below ``sum(loading * trait) + positivity * P + error`` (graded, normal ogive;
    Samejima 1969, Psychometrika Monograph 17). Traits are sums of agency, team and person parts, competencies also of
    occupation and tenure. Validated against: the recovery and magnitude tests of this project.

    """
    framework = framework or load_framework(plan.framework)
    drawn = draw(plan, framework)
    started = drawn.people.frame[drawn.people.started]
    background = _background(plan, started)
    answers = pd.concat([background, drawn.collected], axis=1).reset_index()
    peer = drawn.peers.frame if drawn.peers else None
    return SimulatedCohort(answers, peer, _truth(plan, framework, drawn))


def draw(plan: SimulationPlan, framework: Framework) -> Draw:
    """Draw people, their answers with attention, the answers as collected, and the ratings."""
    people = draw_people(plan, framework)
    items = self_form(plan, framework)
    attentive = answer(
        items,
        people.traits[people.started],
        trait_correlations(plan, framework),
        people.frame.loc[people.started, "sector"].to_numpy(),
        plan.seed,
        "self",
        people.positivity[people.started],
    )
    n_competency_items = len(framework.select(plan.items).items)
    codes, careless = be_careless(attentive, items, plan.quality.careless, plan.seed)
    codes = skip_answers(codes, plan.quality, plan.seed, "self", framework.scale.not_applicable, n_competency_items)
    collected, stopped = stop_early(codes, plan.quality.drop_out, plan.seed)
    return Draw(people, attentive, collected, draw_peers(plan, framework, people), careless, stopped)


def self_form(plan: SimulationPlan, framework: Framework) -> list[ItemParameters]:
    """Return the items of the self form in the order in which they are asked."""
    scales = [outcome.scale for outcome in plan.outcomes]
    return [*competency_items(plan, framework), *outcome_items(plan, framework, "self", scales)]


def _background(plan: SimulationPlan, started: pd.DataFrame) -> pd.DataFrame:
    """Return the group columns with some answers missing."""
    background = started[list(BACKGROUND)].copy()
    for name in ASKED_BACKGROUND:
        generator = stream(plan.seed, f"missing {name}")
        left_out = exact_share(generator, len(background), plan.quality.missing_background)
        background[name] = background[name].mask(left_out)
    return background


def _truth(plan: SimulationPlan, framework: Framework, drawn: Draw) -> dict[str, Any]:
    """Collect the true values that a study of the cohort can be compared with."""
    correlations = trait_correlations(plan, framework).round(4)
    competencies = list(framework.competencies.index)
    outcomes = [outcome.scale for outcome in plan.outcomes]
    return {
        "notice": "Synthetic: no answer was given by a person. Dedicated to the public domain (CC0 1.0).",
        "plan": asdict(plan),
        "faults": {item.item: asdict(item.fault) for item in competency_items(plan, framework) if item.fault},
        "competency_items": {item.item: _item_truth(item) for item in competency_items(plan, framework)},
        "outcome_items": {item.item: _item_truth(item) for item in outcome_items(plan, framework, "self", outcomes)},
        "competency_correlations": _nested(correlations.loc[competencies, competencies]),
        "competency_outcome_correlations": _nested(correlations.loc[competencies, outcomes]),
        "outcome_correlations": _nested(correlations.loc[outcomes, outcomes]),
        "careless": drawn.careless,
        "stopped": drawn.stopped,
    }


def _item_truth(item: ItemParameters) -> dict[str, Any]:
    """Return an item's parameters as plain values."""
    return {
        "loadings": item.loadings,
        "positivity": item.positivity,
        "thresholds": list(item.thresholds),
        "lowest_code": item.minimum,
        "turned": item.turned,
    }


def _nested(frame: pd.DataFrame) -> dict[str, dict[str, float]]:
    """Return a matrix as rows of named values."""
    return {str(row): {str(k): float(v) for k, v in frame.loc[row].items()} for row in frame.index}
