"""The synthetic cohorts: the same bytes every time, magnitudes of the field, faults that show, forms that load."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest

from compendium.cohort import load_cohort
from compendium.framework import Framework, load_framework
from compendium.paths import COHORTS
from compendium.simulate import (
    DEMO,
    DEMO_SMALL,
    DEMO_WAVES,
    OutcomePlan,
    PeerPlan,
    PlantedFault,
    Quality,
    SimulatedCohort,
    SimulationPlan,
    competency_scores,
    outcome_scores,
    simulate_cohort,
    write_cohort,
    write_waves,
)
from compendium.simulate.truth import item_sets, keyed
from psychometrics.agreement import icc1

PLANS = {"demo": DEMO, "demo-small": DEMO_SMALL}
OUTCOMES = [outcome.scale for outcome in DEMO.outcomes]


@cache
def framework() -> Framework:
    return load_framework("integrated-care")


@cache
def demo() -> SimulatedCohort:
    return simulate_cohort(DEMO, framework())


@cache
def answers() -> pd.DataFrame:
    """Keyed answers of demo, missing and not applicable as NaN."""
    people = demo().self.set_index("person_id")
    return keyed(people[framework().items.index], framework())


@cache
def final_items() -> list[str]:
    return item_sets(DEMO, framework())["final"]


@cache
def scores() -> pd.DataFrame:
    people = demo().self.set_index("person_id")
    return competency_scores(people, framework(), final_items())


def item_rest(item: str) -> float:
    members = framework().scales()[str(framework().items.loc[item, "competency"])]
    rest = answers()[[other for other in members if other != item]].mean(axis=1)
    return float(answers()[item].corr(rest, method="spearman"))


# Reproducibility


def test_committed_waves_are_written_again_byte_for_byte(tmp_path):
    written, committed = write_waves(tmp_path / "demo-waves", DEMO_WAVES), COHORTS / "demo-waves"
    for path in committed.iterdir():
        assert (written / path.name).read_bytes() == path.read_bytes(), path.name


@pytest.mark.parametrize("name", PLANS)
def test_committed_cohort_is_written_again_byte_for_byte(name, tmp_path):
    written = write_cohort(tmp_path / name, PLANS[name], population=True)
    committed = COHORTS / name
    expected = {path.name for path in committed.iterdir()}
    assert {path.name for path in written.iterdir()} == expected
    assert [f for f in sorted(expected) if (written / f).read_bytes() != (committed / f).read_bytes()] == []


def test_leaving_out_the_peers_changes_no_self_answer():
    plan = SimulationPlan(n=60, invited=90)
    pd.testing.assert_frame_equal(simulate_cohort(plan).self, simulate_cohort(replace(plan, peers=None)).self)


def test_a_planted_fault_changes_its_own_item_only():
    # Skipped answers are drawn after the codes, so only the faulty column may differ.
    sound = simulate_cohort(replace(DEMO, faults=()), framework()).self
    faulty = simulate_cohort(replace(DEMO, faults=(PlantedFault("system_07", "ceiling", size=0.88),)), framework()).self
    differing = [name for name in sound if not sound[name].equals(faulty[name])]
    assert differing == ["system_07"]


def test_all_and_final_cohorts_share_the_parameters_of_an_item():
    final = simulate_cohort(replace(DEMO, items="final"), framework()).truth["competency_items"]
    everything = demo().truth["competency_items"]
    assert len(final) == 52 and len(everything) == 72
    assert final == {item: everything[item] for item in final}


def test_another_seed_gives_other_answers():
    one, other = (simulate_cohort(SimulationPlan(n=60, invited=90, seed=seed)).self for seed in (1, 2))
    assert not one.equals(other)


# Sizes and places


def test_demo_has_the_published_number_of_agencies_and_the_planned_size():
    people = demo().self
    assert len(people) == 840 and people["agency"].nunique() == 13 and people["sector"].nunique() == 5
    assert people["person_id"].is_unique
    assert people.groupby("agency")["sector"].nunique().eq(1).all()
    assert people.groupby("team")["agency"].nunique().eq(1).all()


def test_demo_teams_have_4_to_20_members():
    assert demo().self["team"].value_counts().between(4, 20).all()


def test_demo_small_has_the_published_size():
    cohort = simulate_cohort(DEMO_SMALL, framework())
    assert len(cohort.self) == 91 and cohort.self["agency"].nunique() == 13
    assert len(cohort.truth["competency_items"]) == 52 and cohort.truth["stopped"] == {}
    assert cohort.peer is not None and len(cohort.peer) > 91


def test_identifiers_say_nothing_about_the_agency():
    numbers = demo().self["person_id"].str[1:].astype(int)
    assert abs(numbers.corr(demo().self["agency"].map(lambda name: ord(name[-1])).astype(float))) < 0.1


# Magnitudes of the field (domain facts; bounds are the stated ranges, widened by the error of n = 840)


def test_self_items_have_the_mean_spread_and_top_box_of_staff_surveys():
    final = answers()[final_items()]
    top = (final == 5).sum() / final.notna().sum()
    assert final.mean().mean() == pytest.approx(4.0, abs=0.1)
    assert final.std().mean() == pytest.approx(0.75, abs=0.08)
    assert 0.25 < top.mean() < 0.35 and top.between(0.20, 0.40).all()


def test_loadings_lie_in_the_stated_range():
    sound = item_sets(DEMO, framework())["sound"]
    direct = [item for item in sound if not framework().items.loc[item, "reverse"]]
    loadings = [max(demo().truth["competency_items"][item]["loadings"].values()) for item in direct]
    assert min(loadings) >= 0.5 and max(loadings) <= 0.8


def test_missing_answers_not_applicable_and_stopping_have_the_stated_shares():
    codes = demo().self.set_index("person_id")[framework().items.index]
    stopped = codes.index.isin(demo().truth["stopped"])
    going_on = codes[~stopped]
    assert stopped.mean() == pytest.approx(0.09, abs=0.005)
    assert 0.01 < going_on.isna().to_numpy().mean() < 0.02
    assert 0.01 < (going_on == 9).to_numpy().mean() < 0.02


def test_stopped_people_leave_everything_blank_from_that_item_on():
    form = (
        demo().self.set_index("person_id").drop(columns=["agency", "sector", "team", "occupation", "gender", "tenure"])
    )
    for person, item in demo().truth["stopped"].items():
        assert form.loc[person, item:].isna().all()


def test_careless_people_are_5_to_10_per_cent_in_three_manners():
    careless = pd.Series(demo().truth["careless"])
    assert 0.05 < len(careless) / 840 < 0.10
    assert set(careless) == {"straight", "runs", "random"}


def test_agencies_hold_3_to_8_per_cent_of_the_variance():
    agency = demo().self.set_index("person_id")["agency"]
    shares = [icc1(scores()[name], agency).icc1 for name in scores()]
    assert 0.03 < np.mean(shares) < 0.08


def test_competency_scores_go_with_outcomes_as_planned():
    outcomes = outcome_scores(demo().self.set_index("person_id"), framework(), OUTCOMES)
    both = pd.concat([scores(), outcomes], axis=1).corr(method="spearman")
    means = both.loc[scores().columns, OUTCOMES].mean()
    bounds = {
        "engagement": (0.25, 0.35),
        "job_satisfaction": (0.20, 0.30),
        "meaningful_work": (0.30, 0.40),
        "peer_support": (0.30, 0.40),
        "integrated_working": (0.25, 0.35),
    }
    assert {name: low < means[name] < high for name, (low, high) in bounds.items()} == dict.fromkeys(bounds, True)
    among = ["engagement", "job_satisfaction", "meaningful_work"]
    pairs = both.loc[among, among].to_numpy()[np.triu_indices(3, 1)]
    assert pairs.min() > 0.45 and pairs.max() < 0.75


def test_longer_tenure_goes_with_lower_competency():
    tenure = demo().self.set_index("person_id")["tenure"]
    assert -0.25 < scores().corrwith(tenure, method="spearman").mean() < -0.15


def test_the_population_truth_lies_in_the_stated_ranges():
    truth = json.loads((COHORTS / "demo" / "truth.json").read_text(encoding="utf-8"))["population"]
    peers = truth["peers"]
    assert peers["reliability_of_one_peer"] == pytest.approx(0.37, abs=0.02)
    assert peers["self_peer_pearson"] == pytest.approx(0.20, abs=0.03)
    assert -0.3 < peers["self_minus_peer_mean"] < 0
    assert peers["engagement_with_lived_competency_latent"] == pytest.approx(0.10, abs=0.02)
    assert peers["engagement_with_own_rating_same_source"] > peers["engagement_with_self_score_cross_source"] > 0


# Peers


def test_nobody_rates_themselves_or_anyone_twice_or_outside_the_team():
    peer, people = demo().peer, demo().self.set_index("person_id")
    assert (peer["person_id"] != peer["rater_id"]).all()
    assert not peer.duplicated(["person_id", "rater_id"]).any()
    assert peer["person_id"].isin(people.index).all()
    inside = peer[peer["rater_id"].isin(people.index)]
    same = people.loc[inside["person_id"], "team"].to_numpy() == people.loc[inside["rater_id"], "team"].to_numpy()
    assert len(inside) > 0 and same.all()


def test_a_quarter_to_a_third_have_no_peer_and_nobody_more_than_six():
    counts = demo().peer["person_id"].value_counts()
    assert 0.25 < 1 - len(counts) / 840 < 0.35
    assert counts.min() == 1 and counts.max() == 6


def test_a_rater_answers_the_outcome_the_same_way_on_each_form():
    items = framework().outcome_scales("rater", ["engagement"])["engagement"]
    assert demo().peer.groupby("rater_id")[items].nunique().max().max() == 1


def test_self_goes_with_peers_and_lies_a_little_lower():
    rated = competency_scores(demo().peer, framework(), final_items())
    person = demo().peer["person_id"]
    means = rated.groupby(person.to_numpy()).mean()
    assert scores().corrwith(means).mean() == pytest.approx(0.20, abs=0.06)
    assert -0.3 < (scores().loc[means.index] - means).mean().mean() < 0
    single = np.mean([icc1(rated[name], person).icc1 for name in rated])
    assert single == pytest.approx(0.37, abs=0.06)


def test_the_leniency_switch_turns_the_sign():
    plan = SimulationPlan(n=400, invited=600, peers=PeerPlan(self_minus_peer=0.3))
    cohort, items = simulate_cohort(plan, framework()), final_items()
    own = competency_scores(cohort.self.set_index("person_id"), framework(), items)
    means = competency_scores(cohort.peer, framework(), items).groupby(cohort.peer["person_id"].to_numpy()).mean()
    assert (own.loc[means.index] - means).mean().mean() > 0.1


# Planted faults


@pytest.mark.parametrize("item", ["person_08", "roles_08", "learning_07", "learning_08"])
def test_weak_item_fails_the_published_rule(item):
    assert abs(item_rest(item)) < 0.2


def test_wrongly_keyed_item_runs_against_its_declared_direction():
    assert item_rest("coordination_07") < -0.3


def test_redundant_twin_correlates_above_the_published_limit():
    assert answers()["teamwork_07"].corr(answers()["teamwork_08"], method="spearman") > 0.9


@pytest.mark.parametrize(
    ("item", "other"), [("coordination_08", "communication"), ("leadership_08", "teamwork"), ("system_08", "learning")]
)
def test_cross_loading_item_speaks_for_the_second_competency_as_much_as_for_its_own(item, other):
    competency = str(framework().items.loc[item, "competency"])
    own, second = (answers()[item].corr(scores()[name], method="spearman") for name in (competency, other))
    rest = [
        answers()[item].corr(scores()[name], method="spearman") for name in scores() if name not in (competency, other)
    ]
    assert second > own - 0.08 and min(own, second) > max(rest) + 0.03


@pytest.mark.parametrize(
    ("item", "sector"), [("communication_08", "Mental health"), ("leadership_07", "Local authority social care")]
)
def test_dif_item_is_harder_in_its_sector_at_equal_competency(item, sector):
    people = demo().self.set_index("person_id")
    score = scores()[str(framework().items.loc[item, "competency"])]
    table = pd.DataFrame({"answer": answers()[item], "score": score, "there": people["sector"] == sector}).dropna()
    bands = pd.qcut(table["score"], 5, duplicates="drop")
    means = table.groupby([bands, "there"], observed=True)["answer"].mean().unstack()
    assert (means[False] - means[True]).mean() > 0.3


def test_ceiling_item_has_over_80_per_cent_in_the_highest_code():
    column = answers()["system_07"].dropna()
    assert (column == 5).mean() > 0.8


def test_no_final_item_breaks_the_published_rule():
    assert [item for item in final_items() if item_rest(item) <= 0.2] == []
    correlations = answers()[final_items()].corr(method="spearman").to_numpy()
    assert correlations[np.triu_indices(52, 1)].max() <= 0.9


def test_reversed_items_run_with_their_competency_once_turned():
    reversed_items = framework().items.index[framework().items["reverse"]]
    assert len(reversed_items) == 8
    assert min(item_rest(item) for item in reversed_items) > 0.25


# Folders


@pytest.mark.parametrize("name", PLANS)
def test_committed_cohort_passes_validation(name):
    cohort = load_cohort(COHORTS / name)
    assert cohort.settings.kind == "synthetic" and len(cohort.people) == PLANS[name].n


@pytest.mark.parametrize("peers", [PeerPlan(), None])
def test_small_cohort_folder_passes_validation(peers, tmp_path):
    folder = write_cohort(tmp_path / "mini", SimulationPlan(peers=peers))
    cohort = load_cohort(folder)
    assert len(cohort.people) == 120 and ("peers" in cohort.settings.collected) == (peers is not None)
    assert (folder / "peer.csv").exists() == (peers is not None)


@pytest.mark.parametrize("seed", range(6))
def test_very_small_cohorts_of_any_seed_pass_validation(seed, tmp_path):
    plan = SimulationPlan(n=60, invited=90, seed=seed)
    assert len(load_cohort(write_cohort(tmp_path / "tiny", plan, framework())).people) == 60


def test_cohort_without_outcomes_passes_validation(tmp_path):
    plan = SimulationPlan(outcomes=(), peers=None, quality=Quality(careless=0.0))
    assert "outcomes" not in load_cohort(write_cohort(tmp_path / "bare", plan)).settings.collected


# Refusals


@pytest.mark.parametrize(
    ("plan", "named"),
    [
        (SimulationPlan(faults=(PlantedFault("person_88", "weak", size=0.1),)), "person_88"),
        (SimulationPlan(faults=(PlantedFault("person_08", "dif", "Nowhere", 0.7),)), "Nowhere"),
        (SimulationPlan(outcomes=(OutcomePlan("happiness", 0.3),)), "happiness"),
        (SimulationPlan(outcomes=(), peers=PeerPlan()), "engagement"),
    ],
)
def test_plan_that_names_what_does_not_exist_is_refused(plan, named):
    with pytest.raises(ValueError, match=named):
        simulate_cohort(plan, framework())


def test_plan_with_more_agencies_than_people_carry_is_refused():
    with pytest.raises(ValueError, match="too few for 30 agencies"):
        simulate_cohort(SimulationPlan(n=50, invited=60, agencies=30), framework())
