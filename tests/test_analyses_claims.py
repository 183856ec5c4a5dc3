"""The published claims: estimates, verdicts, and what is said where a cohort lacks what a claim speaks of."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from compendium.cohort.schema import Group
from compendium.findings import decode, found
from compendium.framework import load_framework
from compendium.plan import load_plan
from compendium.report.figures.claims import claims_forest
from compendium.steps.invariance.group_differences import TOO_FEW_SHOWN
from compendium.steps.outcome_associations import associations as outcomes
from compendium.steps.outcome_associations import claims, specifications
from compendium.study.nesting import nesting_of, of_groupings
from compendium.wording import running_text, sentence
from psychometrics.groups import kruskal_wallis, rank_effect_interval

QUICK = {"claims": {"resamples": {"value": 200, "source": "tests"}}}
CLOSED_FORM = 1e-10


GROUPS = {
    name: Group(column=name, label=name.capitalize(), kind=kind)
    for name, kind in (("agency", "nominal"), ("team", "nominal"), ("tenure", "number"))
}


def plan():
    return load_plan(QUICK, claims=load_framework("integrated-care").claims)


def material(n: int = 300, effect: float = 0.4, seed: int = 1, *, agencies: int = 15) -> claims.ClaimData:
    """Return people in agencies whose engagement goes with their competencies."""
    draw = np.random.default_rng(seed)
    index = pd.Index([f"p{i}" for i in range(n)], name="person")
    trait = draw.normal(size=n)
    scores = pd.DataFrame({name: trait + draw.normal(0, 0.3, n) for name in ("listen", "share")}, index)
    own = pd.DataFrame(
        {"engagement": effect * trait + math.sqrt(1 - effect**2) * draw.normal(size=n), "job_satisfaction": 3.0}, index
    )
    people = pd.DataFrame(
        {
            "agency": [f"a{i % agencies}" for i in range(n)],
            "team": [f"t{i % (n // 5)}" for i in range(n)],
            "tenure": -0.3 * trait + draw.normal(size=n),
        },
        index,
    )
    overall = outcomes.overall(scores)
    return claims.ClaimData(
        overall,
        overall * np.nan,
        own,
        pd.DataFrame(),
        pd.DataFrame(),
        people,
        scores,
        nesting_of(people, GROUPS, plan()),
        True,
        False,
        claims.PeerReliability(),
        ("agency",),
    )


def judged(made: claims.ClaimData) -> pd.DataFrame:
    return claims.claims_table(made, plan()).set_index("claim")


def test_every_claim_has_a_row_and_a_verdict_in_the_order_of_the_plan():
    table = judged(material())
    assert list(table.index) == list(plan().claims.published)
    assert set(table["verdict"]) <= set(claims.VERDICTS)


def test_estimate_is_spearman_and_the_true_effect_is_found():
    made = material()
    row = judged(made).loc["engagement"]
    expected = stats.spearmanr(made.overall, made.own["engagement"]).statistic
    assert row["estimate"] == pytest.approx(expected, abs=CLOSED_FORM)
    assert row["verdict"] == "supported"
    assert "15 clusters (agency)" in running_text(row["method"])


def test_what_was_not_collected_is_said_and_takes_no_part_in_the_adjustment():
    table = judged(material())
    assert table.loc["meaningful_work", "verdict"] == claims.NOT_COLLECTED
    assert "not collected" in running_text(table.loc["meaningful_work", "note"])
    assert table.loc["colleagues_engagement", "verdict"] == claims.NOT_COLLECTED
    tested = table["p"].dropna()
    assert table["p_holm"].notna().sum() == len(tested)
    assert table["p_holm"].min() == pytest.approx(len(tested) * tested.min())


def test_outcome_nobody_varies_on_is_undetermined_and_says_why():
    row = judged(material()).loc["job_satisfaction"]
    assert row["verdict"] == claims.UNDETERMINED
    assert "does not vary" in row["note"]
    assert math.isnan(row["estimate"])


def test_below_the_gate_no_number_is_given_but_the_n_it_needs():
    table = judged(material(40))
    row = table.loc["engagement"]
    assert math.isnan(row["estimate"])
    assert (row["verdict"], row["note"]) == (
        claims.UNDETERMINED,
        found("gate_closed", n=40, counts="people", needed=50).encoded,
    )
    assert row["n_needed"] > 500


def test_no_effect_in_a_large_sample_is_not_supported_and_in_a_small_one_undetermined():
    assert judged(material(6000, 0.0)).loc["engagement", "verdict"] == "not supported"
    small = judged(material(80, 0.0)).loc["engagement"]
    assert small["verdict"] == claims.UNDETERMINED
    assert small["n_needed"] > small["n"]


def test_peers_decide_where_there_are_any_and_same_source_stands_beside():
    made = material(600)
    noise = pd.Series(np.random.default_rng(5).normal(size=600), made.overall.index)
    seen = replace(made, peer_overall=noise, has_peers=True, peer_reliability=claims.PeerReliability(0.6))
    row = judged(seen).loc["engagement"]
    observed = stats.spearmanr(noise, made.own["engagement"]).statistic
    assert row["estimate"] == pytest.approx(observed / math.sqrt(0.6), abs=CLOSED_FORM)
    assert row["same_verdict"] == "supported"
    assert row["verdict"] != "supported"
    assert row["source"] == "peers" and "rated by peers" in running_text(row["tested_by"])
    source = specifications.by_source(seen, plan()).set_index("claim").loc["engagement"]
    assert "too high" in running_text(source["finding"])
    assert source["difference"] == pytest.approx(source["same_source"] - source["cross_source"])


def test_a_common_source_is_told_of_where_the_association_is_negative_too():
    made = material(600)
    noise = pd.Series(np.random.default_rng(5).normal(size=600), made.overall.index)
    seen = replace(
        made, own=-made.own, peer_overall=noise, has_peers=True, peer_reliability=claims.PeerReliability(0.6)
    )
    table = specifications.by_source(seen, plan())
    source = table.set_index("claim").loc["engagement"]
    assert source["same_source"] < 0 and "too high" in running_text(source["finding"])
    assert specifications.inflation(table).max() == pytest.approx(table["difference"].abs().max())


def test_one_peer_each_leaves_the_cross_source_uncorrected_and_says_so():
    row = {"estimate": 0.1, "lower": 0.0, "upper": 0.2, "fisher_error": 0.05, "method": ""}
    assert claims.corrected_for_peers(row, claims.PeerReliability())["note"] == found("not_corrected").encoded
    corrected = claims.corrected_for_peers(row, claims.PeerReliability(0.25))
    assert corrected["estimate"] == pytest.approx(0.2)
    assert decode(corrected["method"]) == (found("method_corrected"),)


def test_raters_without_self_ratings_leave_the_claims_open():
    made = material()
    blank = replace(made, overall=made.overall * np.nan, scores=made.scores * np.nan)
    table = judged(blank)
    assert not table["estimate"].notna().any()
    assert set(table["verdict"]) <= {claims.UNDETERMINED, claims.NOT_COLLECTED}
    claims_forest(table.reset_index())


def test_clusters_are_the_highest_level_with_enough_groups_whatever_it_is_called():
    people = material().people
    assert nesting_of(people, GROUPS, plan()).names == ["agency", "team"]
    renamed = people.rename(columns={"agency": "company", "team": "shift"})
    others = {"shift": GROUPS["team"], "company": GROUPS["agency"]}
    assert nesting_of(renamed, others, plan()).names == ["company", "shift"]
    described = GROUPS | {"agency": GROUPS["agency"].model_copy(update={"role": "describe"})}
    assert nesting_of(people, described, plan()).names == ["team"]
    restricted = plan().model_copy(update={"claims": plan().claims.model_copy(update={"clusters": ["team"]})})
    assert nesting_of(people, GROUPS, restricted).names == ["team"]


def test_people_without_a_cluster_are_one_of_their_own():
    people = material(agencies=3).people
    assert nesting_of(people, GROUPS, plan()).names == ["team"]
    assert nesting_of(people.drop(columns="team"), GROUPS, plan()).names == []
    nobody = of_groupings(people, [], 10)
    assert (nobody.clusters, nobody.name, nobody.of(people.index)) == (None, "person", None)
    gone = people.assign(team=people["team"].where(people["team"] != "t0"))
    drawn = of_groupings(gone, ["team"], 10).clusters
    assert drawn is not None
    assert drawn.notna().all()
    assert drawn.nunique() > people["team"].nunique()


def test_team_of_one_does_not_stop_the_other_ways():
    made = material(120)
    lonely = made.people.assign(team=[f"t{i}" for i in range(120)])
    table = specifications.estimates_by_method(replace(made, people=lonely), plan())
    halves = table[(table["kind"] == "by_halves") & (table["claim"] == "engagement")]["note"].item()
    assert "groups have two complete members" in halves
    constant = table[table["claim"] == "job_satisfaction"]
    assert constant["estimate"].isna().all()
    assert (constant["note"] != "").all()


def test_networks_of_ratings_hold_everybody_who_is_tied():
    index = pd.MultiIndex.from_tuples([("p", "a"), ("q", "a"), ("q", "b"), ("r", "c")], names=["person", "rater"])
    rows = pd.DataFrame({"person": ["p", "q", "q", "r"]}, index=index)
    networks = outcomes.rating_networks(rows)
    assert list(networks == networks.iloc[0]) == [True, True, True, False]


def test_raters_are_crossed_only_where_their_outcome_differs_between_ratings():
    index = pd.MultiIndex.from_tuples([("p", "a"), ("q", "a"), ("p", "b"), ("q", "b")], names=["person", "rater"])
    rows = pd.DataFrame({"person": ["p", "q", "p", "q"], "outcome": [1.0, 1, 2, 2]}, index=index)
    assert list(outcomes.rating_groups(rows, 0.1)) == ["rated person"]
    assert list(outcomes.rating_groups(rows.assign(outcome=[1.0, 2, 3, 4]), 0.1)) == ["rated person", "rater"]


def test_groups_are_compared_only_where_they_may_be_shown():
    made = material()
    agency = pd.Series("North", made.people.index).mask(np.arange(len(made.people)) < 6, "South")
    small = dataclasses.replace(made, people=made.people.assign(agency=agency))
    row = judged(small).loc["agencies_differ"]
    assert (row["note"], running_text(row["finding"])) == (TOO_FEW_SHOWN, "cannot be estimated")
    assert np.isnan(row["estimate"])
    assert judged(made).loc["agencies_differ", ["estimate", "lower", "upper"]].notna().all()


def test_groups_as_alike_as_chance_are_shown_as_zero_with_an_interval_about_it():
    made = material()
    dealt = [f"a{place % 4}" for place in made.overall.rank(method="first")]
    alike = dataclasses.replace(made, people=made.people.assign(agency=dealt))
    row = judged(alike).loc["agencies_differ"]
    assert (row["estimate"], row["lower"], row["note"]) == (0, 0, found("groups_alike").encoded)
    assert row["upper"] > 0


def test_an_outcome_that_does_not_vary_cannot_be_estimated_at_any_n():
    made = material()
    row = judged(dataclasses.replace(made, own=made.own.assign(engagement=4.0))).loc["engagement"]
    assert row["note"] == "the outcome does not vary"
    assert (row["verdict"], running_text(row["finding"])) == (claims.UNDETERMINED, "cannot be estimated")
    assert np.isnan(row["n_needed"])


def test_share_between_groups_holds_the_truth_at_the_nominal_rate():
    draw = np.random.default_rng(3)
    means = np.repeat([-0.25, 0, 0, 0.25], 100)
    truth = np.var(means) / (np.var(means) + 1)
    inside = 0
    for _ in range(200):
        values = pd.Series(means + draw.normal(size=400))
        test = kruskal_wallis(values, pd.Series(np.repeat(list("abcd"), 100)))
        _, lower, upper = rank_effect_interval(test.statistic, test.df, test.n)
        inside += lower <= truth <= upper
    assert 0.91 <= inside / 200 <= 0.985


def test_sentence_counts_the_verdicts():
    table = pd.DataFrame({"verdict": ["supported", "not collected", claims.UNDETERMINED]})
    assert sentence(claims.overview(table)).startswith("Of 3 claims, one is supported; one is undetermined at this n; ")
    assert claims.overview(table.iloc[[1]]).kind == "claims_untestable"
    alone = table.iloc[[0]].assign(finding=found("verdict_supported").encoded)
    assert sentence(claims.overview(alone)) == "The one claim is supported."
    assert claims.overview(table.iloc[:0]).kind == "claims_none_declared"
