"""Values of the population that a study estimates: computed from samples so large that only rounding is left."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from compendium.framework import Framework
from compendium.simulate.cohort import Draw, draw
from compendium.simulate.peers import PeerForms
from compendium.simulate.plan import PeerPlan, SimulationPlan
from psychometrics.agreement import icc1
from psychometrics.scoring import scale_scores

CHUNK, CHUNKS, CHUNKS_WITH_PEERS = 20_000, 4, 2
PEOPLE_PER_AGENCY = 65


def population_values(
    plan: SimulationPlan, framework: Framework, chunk: int = CHUNK, chunks: int = CHUNKS
) -> dict[str, Any]:
    """Estimate what an endlessly large cohort of this plan would show.

    Parameters
    ----------
    plan
        The plan; its sizes and its seed do not matter.
    framework
        The framework whose items are answered.
    chunk, chunks
        People in each of several samples, whose values are averaged.

    Returns
    -------
    dict
        ``spearman`` of competency scores with outcome scores, for ``attentive`` answers (nobody careless, nothing
        missing) and for ``collected`` ones, over ``final`` items and over ``sound`` ones (asked and without a
        planted fault); with peers, ``peers`` holds the values on the level of competency scores, self scores as
        collected unless named attentive. Each is rounded to three decimals; ``standard_error`` is the Monte Carlo
        error of a zero correlation.

    Notes
    -----
    Agencies are as numerous as people allow, so that the values are marginal over agencies. Scores are means of at
    least half the items. Spearman's rho in each sample, averaged: its bias of order 1 / n is below the rounding.

    """
    without = replace(plan, peers=None)
    drawn = [
        _chunk(plan if number < CHUNKS_WITH_PEERS else without, framework, chunk, number) for number in range(chunks)
    ]
    sets = item_sets(plan, framework)
    tables = {
        answers: {
            name: _mean([_spearman(plan, framework, getattr(one, answers), items) for one in drawn])
            for name, items in sets.items()
        }
        for answers in ("attentive", "collected")
    }
    values: dict[str, Any] = {"n": chunk * chunks, "standard_error": round((chunk * chunks) ** -0.5, 4)}
    values["spearman"] = tables
    if plan.peers is not None:
        values["peers"] = _mean(
            [_peer_values(plan.peers, framework, one, one.peers, sets["final"]) for one in drawn if one.peers]
        )
    return values


def item_sets(plan: SimulationPlan, framework: Framework) -> dict[str, list[str]]:
    """Return the items that the population values are computed over."""
    asked, faulty = framework.select(plan.items).items.index, {fault.item for fault in plan.faults}
    final = set(framework.select("final").items.index)
    return {
        "final": [str(item) for item in asked if item in final],
        "sound": [str(item) for item in asked if item not in faulty],
    }


def keyed(codes: pd.DataFrame, framework: Framework) -> pd.DataFrame:
    """Turn reversed items and blank the not-applicable code."""
    values: pd.DataFrame = codes.mask(codes == framework.scale.not_applicable)
    reverse = pd.concat([framework.items["reverse"], framework.outcomes["reverse"]])
    ends = framework.outcomes["minimum"] + framework.outcomes["maximum"]
    for item in values.columns[reverse.loc[values.columns].to_numpy(dtype=bool)]:
        competency_item = item in framework.items.index
        total = framework.scale.minimum + framework.scale.maximum if competency_item else int(ends.loc[item])
        values[item] = total - values[item]
    return values


def competency_scores(codes: pd.DataFrame, framework: Framework, items: list[str]) -> pd.DataFrame:
    """Score competencies from raw codes."""
    return scale_scores(keyed(codes[items], framework), framework.scales(items))


def outcome_scores(codes: pd.DataFrame, framework: Framework, scales: list[str]) -> pd.DataFrame:
    """Score outcomes from raw codes."""
    members = framework.outcome_scales("self", scales)
    return scale_scores(keyed(codes[[item for each in members.values() for item in each]], framework), members)


def _chunk(plan: SimulationPlan, framework: Framework, n: int, number: int) -> Draw:
    """Draw one large sample of the plan."""
    large = replace(plan, n=n, invited=n, agencies=n // PEOPLE_PER_AGENCY, seed=number)
    return draw(large, framework)


def _spearman(
    plan: SimulationPlan, framework: Framework, codes: pd.DataFrame, items: list[str]
) -> dict[str, dict[str, float]]:
    """Correlate competency scores with outcome scores."""
    competencies = competency_scores(codes, framework, items)
    outcomes = outcome_scores(codes, framework, [outcome.scale for outcome in plan.outcomes])
    complete = pd.concat([competencies, outcomes], axis=1).dropna()
    rho = complete.rank().corr().loc[competencies.columns, outcomes.columns]
    return {str(one): {str(other): float(value) for other, value in rho.loc[one].items()} for one in rho.index}


def _rho(x: pd.Series[float], y: pd.Series[float]) -> float:
    """Spearman's rho over complete pairs."""
    both = x.notna() & y.notna()
    return float(np.corrcoef(x[both].rank(), y[both].rank())[0, 1])


def _peer_values(
    peers: PeerPlan, framework: Framework, one: Draw, forms_drawn: PeerForms, items: list[str]
) -> dict[str, Any]:
    """Return reliability of one peer, self-peer agreement and colleagues' engagement, averaged over competencies."""
    forms = forms_drawn.frame
    person = pd.Index(forms["person_id"])
    rated = competency_scores(forms, framework, items)
    own = competency_scores(one.collected, framework, items)
    attentive = competency_scores(one.attentive, framework, items)
    engagement = outcome_scores(forms, framework, [peers.outcomes[0]])[peers.outcomes[0]]
    means = rated.groupby(person.to_numpy()).mean()
    lived = one.people.traits[list(rated.columns)].mean(axis=1)
    return {
        "reliability_of_one_peer": _average(icc1(rated[name], forms["person_id"]).icc1 for name in rated),
        "self_peer_pearson": _average(own[name].corr(means[name]) for name in rated),
        "self_peer_pearson_attentive": _average(attentive[name].corr(means[name]) for name in rated),
        "self_minus_peer_mean": _average((own[name] - means[name]).mean() for name in rated),
        "engagement_with_lived_competency_latent": float(np.corrcoef(lived.loc[person], forms_drawn.engagement)[0, 1]),
        "engagement_with_own_rating_same_source": _average(_rho(rated[name], engagement) for name in rated),
        "engagement_with_self_score_cross_source": _average(
            _rho(own[name].loc[person].reset_index(drop=True), engagement) for name in rated
        ),
        "engagement_with_other_peers_cross_source": _average(
            _rho(_others_mean(rated[name], person), engagement) for name in rated
        ),
    }


def _others_mean(scores: pd.Series[float], groups: pd.Index) -> pd.Series[float]:
    """Mean of the other ratings of the same person."""
    grouped = scores.groupby(groups.to_numpy())
    rest = grouped.transform("count") - 1
    return (grouped.transform("sum") - scores).where(rest > 0) / rest.where(rest > 0)


def _average(values: Any) -> float:
    """Mean of an iterable of numbers."""
    return float(np.mean(list(values)))


def _mean(tables: list[Any]) -> Any:
    """Average nested dictionaries of numbers, rounded to three decimals."""
    first = tables[0]
    if isinstance(first, dict):
        return {key: _mean([table[key] for table in tables]) for key in first}
    return round(float(np.mean(tables)), 3)
