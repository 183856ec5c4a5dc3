"""What was put into synthetic cohorts comes out again, within the error that theory allows."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from compendium.framework import Framework, load_framework
from compendium.paths import COHORTS
from compendium.simulate import (
    DEMO,
    Clustering,
    Quality,
    SimulationPlan,
    competency_scores,
    outcome_scores,
    population_values,
    simulate_cohort,
)
from compendium.simulate.truth import item_sets
from psychometrics.agreement import icc1
from psychometrics.association import spearman_matrix

#: A count of covering intervals below this tail of the binomial is not chance, even for the worst of forty pairs.
TAIL = 0.001
#: People of one agency are alike; intervals that take them as independent cover a little less often than stated.
#: With a share a of one score and b of the other between J agencies, the variance grows by about n a b / J.
SHORTFALL_BY_CLUSTERING = 0.02

UNCLUSTERED = SimulationPlan(
    n=300, invited=300, agencies=13, peers=None, clustering=Clustering(0, 0, 0, 0), quality=Quality(0, 0, 0, 0, 0)
)


@cache
def framework() -> Framework:
    return load_framework("integrated-care")


def as_pairs(truth: dict[str, dict[str, float]]) -> pd.Series[float]:
    """Nested truth as one value a pair."""
    return pd.Series({(x, y): value for x, row in truth.items() for y, value in row.items()})


def coverage(plan: SimulationPlan, truth: dict[str, dict[str, float]], seeds: range) -> pd.DataFrame:
    """Whether each interval holds the truth: one row a seed, one column a pair of competency and outcome."""
    items = item_sets(plan, framework())["final"]
    expected = as_pairs(truth)
    rows = []
    for seed in seeds:
        people = simulate_cohort(replace(plan, seed=seed), framework()).self
        competencies = competency_scores(people, framework(), items)
        outcomes = outcome_scores(people, framework(), [outcome.scale for outcome in plan.outcomes])
        found = spearman_matrix(competencies, outcomes).to_frame().set_index(["x", "y"]).loc[expected.index]
        rows.append(((found["lower"] <= expected) & (expected <= found["upper"])).rename(seed))
    return pd.DataFrame(rows)


def assert_binomial(covered: pd.DataFrame, nominal: float) -> None:
    """Refuse any pair whose intervals hold the truth more rarely than binomial chance allows."""
    fewest = stats.binom.ppf(TAIL, len(covered), nominal)
    counts = covered.sum()
    assert counts[counts < fewest].to_dict() == {}


def demo_truth() -> dict[str, Any]:
    population: dict[str, Any] = json.loads((COHORTS / "demo" / "truth.json").read_text(encoding="utf-8"))["population"]
    return population


def test_intervals_cover_the_true_competency_outcome_correlations_at_the_nominal_rate():
    truth = population_values(UNCLUSTERED, framework(), chunks=2)["spearman"]["attentive"]["final"]
    covered = coverage(UNCLUSTERED, truth, range(100))
    assert covered.shape == (100, 40)
    assert_binomial(covered, 0.95)
    by_seed = covered.mean(axis=1)
    assert by_seed.mean() == pytest.approx(0.95, abs=3 * by_seed.std() / np.sqrt(len(by_seed)))


def test_intervals_of_demo_cover_the_committed_truth_over_repeated_seeds():
    # As collected: 13 agencies, teams, careless and interrupted answers, as notebook 08 meets them.
    covered = coverage(replace(DEMO, peers=None), demo_truth()["spearman"]["collected"]["final"], range(30))
    assert_binomial(covered, 0.95 - SHORTFALL_BY_CLUSTERING)
    by_seed = covered.mean(axis=1)
    margin = SHORTFALL_BY_CLUSTERING + 3 * by_seed.std() / np.sqrt(len(by_seed))
    assert by_seed.mean() == pytest.approx(0.95, abs=margin)


def test_careless_and_missing_answers_move_the_truth_by_less_than_half_a_standard_error_of_demo():
    both = demo_truth()["spearman"]
    attentive, collected = (pd.DataFrame(both[answers]["final"]) for answers in ("attentive", "collected"))
    assert (collected - attentive).abs().max().max() < 0.5 / np.sqrt(DEMO.n)


def test_reliability_of_one_peer_and_self_peer_agreement_are_recovered():
    plan = SimulationPlan(n=240, invited=400, agencies=6)
    items, found = item_sets(plan, framework())["final"], []
    for seed in range(25):
        cohort = simulate_cohort(replace(plan, seed=seed), framework())
        assert cohort.peer is not None
        person = cohort.peer["person_id"]
        rated = competency_scores(cohort.peer, framework(), items)
        own = competency_scores(cohort.self.set_index("person_id"), framework(), items)
        single = np.mean([icc1(rated[name], person).icc1 for name in rated])
        agreement = own.corrwith(rated.groupby(person.to_numpy()).mean()).mean()
        found.append({"reliability_of_one_peer": single, "self_peer_pearson": agreement})
    table = pd.DataFrame(found)
    error = table.std() / np.sqrt(len(table))
    truth = pd.Series(demo_truth()["peers"])[table.columns]
    assert ((table.mean() - truth).abs() / error).max() < 3.5
