"""The loops of the study: who counts, what is matched, and what is said where nothing can be computed."""

from __future__ import annotations

from itertools import permutations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_up_step import open_small, prepare, study_for_steps
from scipy import stats
from small_study import SmallStudy

from compendium.findings import encode, found
from compendium.plan import GATES, load_plan
from compendium.steps import cohort_quality as quality
from compendium.steps import factor_structure as structure
from compendium.steps.invariance import group_differences as groups
from compendium.steps.item_analysis import decisions as items
from compendium.steps.outcome_associations import associations as outcomes
from compendium.steps.rater_agreement import peers as raters
from compendium.wording import running_text
from psychometrics.items import check_keying

CLOSED_FORM = 1e-10
CONFIDENCE = 0.95
# Share of raters whose outcome must differ between ratings before they are crossed with the people rated.
SEVERAL = 0.1
MINIMUM = 10


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SmallStudy:
    return study_for_steps(tmp_path, monkeypatch)


def scores(n: int = 60, seed: int = 3) -> pd.DataFrame:
    draw = np.random.default_rng(seed)
    common = draw.normal(size=(n, 1))
    index = pd.Index([f"p{number:02d}" for number in range(n)], name="person")
    return pd.DataFrame(3 + common + draw.normal(size=(n, 2)), index=index, columns=["listen", "share"])


def ratings(people: pd.DataFrame, each: int = 3, seed: int = 4) -> pd.DataFrame:
    draw = np.random.default_rng(seed)
    pairs = [(person, f"r{number}") for person in people.index for number in range(each)]
    values = people.to_numpy().repeat(each, axis=0) + draw.normal(size=(len(pairs), 2))
    index = pd.MultiIndex.from_tuples(pairs, names=["person", "rater"])
    return pd.DataFrame(values, index=index, columns=people.columns)


# 03: sample, gates


def test_every_gate_is_asked_with_the_number_that_counts_for_it(study):
    step = prepare(study)
    verdicts = quality.judge_all(step, step.load_cohort())
    assert {name: each.n for name, each in verdicts.items()} == {
        "careless": 6,
        "item_rule": 60,
        "reliability": 60,
        "factor_analysis": 60,
        "bayesian_factors": 60,
        "item_response": 60,
        "invariance": 60,
        "association": 60,
        "cross_source": 20,
        "regression": 60,
        "rater_agreement": 20,
        "mixed_model": 20,
        "latent_outcomes": 60,
        "two_level": None,
    }
    assert set(verdicts) == set(GATES)
    table = quality.gate_table(verdicts)
    assert list(table["supported"]) == [each.supported for each in verdicts.values()]


def test_sample_hides_small_groups_and_lists_no_team(study):
    study.settings["groups"]["team"] = {"column": "team", "label": "Team", "kind": "nominal"}
    study.own["team"] = ["A", "B"] * 30
    study.own["agency"] = ["North"] * 40 + ["South"] * 15 + ["East"] * 4 + [""]
    step = prepare(study)
    table = quality.sample(step.prepared.people, step.settings, MINIMUM)
    shown = table[table["grouping"] == "Agency"].set_index("group")["n"]
    assert shown.to_dict() == {"North": 40, "other groups": 20}
    assert set(table["grouping"]) == {"Agency", "Grade"}


def test_missing_answers_are_told_apart_from_not_applicable_ones(study):
    study.own.loc[0, "listen_1"], study.own.loc[1, "listen_1"], study.own.loc[2, "share_1"] = "", 9, ""
    cohort = prepare(study).load_cohort()
    table = quality.missing_by_item(cohort.answers, cohort.not_applicable["self"]).set_index("item")
    assert table.loc["listen_1", ["n", "blank", "not_applicable"]].tolist() == [58, 1, 1]
    assert (table["n"] + table["blank"] + table["not_applicable"] == 60).all()


def test_careless_answers_are_looked_for_in_what_was_ticked(study):
    step = prepare(study)
    given = quality.as_given(step.prepared.answers, step.framework)
    raw = study.own[list(given.columns)].astype(float)
    np.testing.assert_array_equal(given.to_numpy(), raw.to_numpy())


# 04: decisions


def test_planted_faults_of_items_are_decided(study):
    study.own["share_3"] = np.random.default_rng(0).integers(1, 6, 60)
    prepare(study)
    step = open_small(study, "04_item_analysis")
    answers = step.prepared.answers
    screening = items.decide(step, answers, check_keying(answers, step.framework.items["competency"]))
    table = items.decision_table(screening, step).set_index("item")
    assert table.loc["share_3", "decision"] == "drop"
    assert (table.drop(index="share_3")["decision"] == "keep").all()
    assert table.loc["share_3", "wording"] == "I write things down."


LOW = found("item_rest_low", value=0.1, limit=0.2)


def test_decisions_are_counted_by_competency():
    table = pd.DataFrame(
        {
            "item": list("abcd"),
            "competency": ["listen", "listen", "share", "share"],
            "decision": ["keep", "drop", "drop", "keep"],
            "reasons": [
                "",
                encode([LOW]),
                encode([found("redundant", value=0.95, limit=0.9, other=("a",)), LOW]),
                "",
            ],
        }
    )
    counted = items.by_competency(table).set_index("competency")
    assert counted.loc["listen"].to_dict() == {"asked": 2, "kept": 1, "review": 0, "dropped": 1}
    kinds = items.by_kind(table)
    assert kinds[["kind", "n", "items"]].to_dict("records") == [{"kind": "item_rest_low", "n": 2, "items": "b, c"}]
    assert running_text(kinds["finding"].item()) == "goes too little with its competency"


def test_nothing_is_counted_where_every_item_is_kept(study):
    step = prepare(study)
    kinds = items.by_kind(items.keep_all(step, step.prepared.answers, "too few people"))
    assert list(kinds.columns) == ["kind", "finding", "n", "items"]
    assert kinds.empty


def test_items_that_were_not_judged_are_kept_with_the_reason(study):
    step = prepare(study)
    table = items.keep_all(step, step.prepared.answers, "too few people")
    assert (table["decision"] == "keep").all()
    assert set(table["reasons"]) == {encode([found("not_judged", why="too few people")])}


def test_answer_shares_are_those_of_the_counts():
    counts = 1000 * pd.DataFrame([[1, 3], [2, 2]], columns=[1, 2])
    np.testing.assert_allclose(items.answer_shares(counts), [[0.25, 0.75], [0.5, 0.5]])


# 05: factors and competencies


def test_reliability_agrees_with_pingouin_and_its_error_with_the_textbook(study):
    answers = prepare(study).prepared.answers
    table = structure.reliability_table(
        answers, {"listen": ["listen_1", "listen_2", "listen_3"], "one": ["share_1"]}, CONFIDENCE
    )
    assert list(table["competency"]) == ["listen"]
    row = table.iloc[0]
    assert row["alpha"] == pytest.approx(row["alpha_pingouin"], abs=CLOSED_FORM)
    spread = answers[["listen_1", "listen_2", "listen_3"]].mean(axis=1).std()
    assert row["score_error"] == pytest.approx(spread * np.sqrt(1 - row["alpha"]), abs=CLOSED_FORM)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 4), st.integers(1, 4))
def test_factor_match_is_the_best_of_all_assignments(seed, n_factors, n_competencies):
    draw = np.random.default_rng(seed)
    names = [f"i{number}" for number in range(12)]
    pattern = pd.DataFrame(draw.normal(size=(12, n_factors)), index=names)
    competency = pd.Series([f"c{number % n_competencies}" for number in range(12)], index=names)
    matched = structure.factor_match(pattern, competency)
    primary = pattern.abs().idxmax(axis=1)
    counts = np.array([[(primary[competency == c] == f).sum() for f in pattern] for c in matched["competency"]])
    wide = counts if n_competencies <= n_factors else counts.T
    best = max(
        sum(wide[row, column] for row, column in enumerate(chosen))
        for chosen in permutations(range(wide.shape[1]), wide.shape[0])
    )
    assert matched["on_own_factor"].sum() == best
    assert matched["items"].sum() == 12
    assert matched["factor"].dropna().is_unique


def test_factor_match_reads_loadings_whatever_their_sign_and_order():
    pattern = pd.DataFrame([[0.1, -0.8], [0.2, -0.7], [0.6, 0.1], [0.1, 0.5]], index=list("abcd"), columns=["F1", "F2"])
    matched = structure.factor_match(pattern, pd.Series(["x", "x", "y", "y"], index=list("abcd")))
    assert matched.set_index("competency").loc["x"].to_dict() == {"factor": "F2", "items": 2, "on_own_factor": 2}
    assert matched.set_index("competency").loc["y"].to_dict() == {"factor": "F1", "items": 2, "on_own_factor": 1}


def test_cross_loading_needs_two_factors_and_a_lead_under_the_margin():
    pattern = pd.DataFrame([[0.6, 0.5], [0.6, -0.41], [0.6, 0.1]], index=list("abc"))
    assert structure.cross_loading_items(pattern, 0.2) == ["a", "b"]
    assert structure.cross_loading_items(pattern[[0]], 0.2) == []


# 06: groups


def grouped(study: SmallStudy, agencies: list[str]) -> tuple[pd.DataFrame, pd.DataFrame, object]:
    study.own["agency"] = agencies
    step = prepare(study)
    return scores().set_axis(step.prepared.people.index), step.prepared.people, step.settings


def test_group_tests_leave_out_small_groups_and_those_that_protect_them(study):
    own, people, described = grouped(study, ["North"] * 20 + ["South"] * 20 + ["West"] * 11 + ["East"] * 9)
    tests = groups.group_tests(own, people, described, MINIMUM, CONFIDENCE).query("grouping == 'Agency'")
    large = people["agency"].isin(["North", "South"])
    for row in tests.itertuples():
        parts = [part[row.competency] for _, part in own[large].groupby(people["agency"][large])]
        assert (row.n, row.n_groups) == (40, 2)
        assert row.p == pytest.approx(stats.kruskal(*parts).pvalue, abs=CLOSED_FORM)


def test_tests_are_adjusted_over_every_competency_and_grouping(study):
    own, people, described = grouped(study, ["North", "South"] * 30)
    tests = groups.group_tests(own, people, described, MINIMUM, CONFIDENCE)
    assert len(tests) == 4
    order = tests["p"].to_numpy().argsort()
    stepped = np.maximum.accumulate(tests["p"].to_numpy()[order] * np.arange(4, 0, -1)).clip(max=1)
    np.testing.assert_allclose(tests["p_holm"].to_numpy()[order], stepped, rtol=CLOSED_FORM)


def test_group_means_show_no_group_under_the_minimum(study):
    own, people, described = grouped(study, ["North"] * 31 + ["South"] * 20 + ["East"] * 9)
    means = groups.group_means(own, people, described, MINIMUM).query("grouping == 'Agency' and competency == 'share'")
    shown = means[~means["suppressed"]]
    assert list(shown["group"]) == ["North"]
    assert shown["mean"].item() == pytest.approx(own["share"][people["agency"] == "North"].mean())


def test_constant_score_has_a_reason_instead_of_a_test(study):
    own, people, described = grouped(study, ["North", "South"] * 30)
    tests = groups.group_tests(own.assign(share=3.0), people, described, MINIMUM, CONFIDENCE).set_index("competency")
    assert tests.loc["share", "p"].isna().all()
    assert tests.loc["share", "note"].str.contains("does not vary").all()
    assert tests.loc["listen", "p_holm"].notna().all()


def test_pairs_are_those_of_shown_groups_and_agree_with_the_test_of_two(study):
    own, people, described = grouped(study, ["North"] * 20 + ["South"] * 20 + ["West"] * 11 + ["East"] * 9)
    pairs = groups.group_pairs(own, people, described, MINIMUM, 0.05).query("grouping == 'Agency'")
    assert set(pairs["group_a"]) | set(pairs["group_b"]) == {"North", "South"}
    tests = groups.group_tests(own, people, described, MINIMUM, CONFIDENCE).query("grouping == 'Agency'")
    np.testing.assert_allclose(pairs["p"], tests["p"], rtol=1e-8)
    assert list(pairs["differ"]) == list(pairs["p_holm"] < 0.05)


def test_of_very_many_groups_the_largest_are_compared_in_pairs_and_the_others_counted(study):
    own, people, described = grouped(study, ["North"] * 18 + ["South"] * 16 + ["West"] * 14 + ["East"] * 12)
    pairs = groups.group_pairs(own, people, described, MINIMUM, 0.05, most=3).query("grouping == 'Agency'")
    assert set(pairs["group_a"]) | set(pairs["group_b"]) == {"North", "South", "West"}
    alone = groups.group_pairs(
        own[people["agency"] != "East"], people[people["agency"] != "East"], described, MINIMUM, 0.05
    )
    np.testing.assert_allclose(pairs["p_holm"], alone.query("grouping == 'Agency'")["p_holm"])
    (told,) = groups.groups_beyond(people, described, MINIMUM, 3)
    assert (told.kind, told["other"], told["limit"], told["value"]) == ("groups_beyond", "Agency", 3, 4)
    assert groups.groups_beyond(people, described, MINIMUM, 20) == ()


def test_group_with_too_few_scores_is_hidden_for_that_score_only(study):
    own, people, described = grouped(study, ["North"] * 20 + ["South"] * 20 + ["West"] * 20)
    own.loc[people["agency"].eq("West") & (np.arange(60) < 55), "share"] = np.nan
    pairs = groups.group_pairs(own, people, described, MINIMUM, 0.05).query("grouping == 'Agency'")
    assert len(pairs[pairs["competency"] == "listen"]) == 3
    assert pairs.loc[pairs["competency"] == "share", ["group_a", "group_b"]].to_numpy().tolist() == []
    tests = groups.group_tests(own, people, described, MINIMUM, CONFIDENCE).set_index(["grouping", "competency"])
    assert tests.loc[("Agency", "share"), "note"] == groups.TOO_FEW_SHOWN


def test_effect_is_never_below_its_interval(study):
    own, people, described = grouped(study, ["North", "South"] * 30)
    tests = groups.group_tests(own, people, described, MINIMUM, CONFIDENCE)
    assert (tests["eta_lower"] <= tests["eta_squared"]).all()
    assert (tests["eta_squared"] <= tests["eta_upper"]).all()
    assert groups.rank_effect(0.1, 2, 40, CONFIDENCE)["eta_squared"] == 0
    assert all(np.isnan(value) for value in groups.rank_effect(np.nan, 2, 40, CONFIDENCE).values())


def test_variance_between_groups_needs_enough_of_them(study):
    own, people, described = grouped(study, [f"a{number % 6}" for number in range(60)])
    plan = load_plan()
    tests = groups.group_tests(own, people, described, MINIMUM, CONFIDENCE)
    table = groups.group_variances(own, people, described, tests, plan).set_index(["grouping", "competency"])
    many = table.loc[("Agency", "listen")]
    assert (many["n"], many["n_groups"]) == (60, 6)
    assert 0 <= many["lower"] <= many["icc1"] <= many["upper"]
    assert many["epsilon_squared"] == tests["epsilon_squared"].iloc[0]
    assert found("groups_for_variance", limit=5).encoded == table.loc[("Grade", "listen"), "note"]
    assert groups.largest_variance(table.reset_index())["grouping"] == "Agency"
    assert (
        found("groups_for_variance", limit=5).encoded
        == groups.largest_variance(table.loc[["Grade"]].reset_index())["note"]
    )


def test_tenure_curve_leaves_enough_people_beyond_its_ends(study):
    step = prepare(study)
    people = step.prepared.people
    own = scores().set_axis(people.index)
    tests, curves = groups.tenure_curves(own, people, step.settings, load_plan())
    assert (tests["note"] == "").all()
    ends = curves["tenure"].agg(["min", "max"])
    assert (people["tenure"] <= ends["min"]).sum() >= MINIMUM
    assert (people["tenure"] >= ends["max"]).sum() >= MINIMUM
    few = groups.tenure_curves(own.head(30), people.head(30), step.settings, load_plan())
    assert (few[0]["note"] == found("gate_closed", n=30, counts="people", needed=50).encoded).all()
    assert few[1].empty


def test_cohort_without_groups_gives_empty_tables(study):
    study.settings["groups"] = {}
    study.settings["ignore"] = ["agency", "grade", "tenure"]
    people, described = prepare(study).prepared.people, open_small(study, "06_invariance").settings
    own = scores().set_axis(people.index)
    tests = groups.group_tests(own, people, described, MINIMUM, CONFIDENCE)
    means = groups.group_means(own, people, described, MINIMUM)
    assert len(tests) == len(means) == 0
    assert groups.effect_matrix(tests, {}).empty
    assert groups.group_pairs(own, people, described, MINIMUM, 0.05).empty
    variances = groups.group_variances(own, people, described, tests, load_plan())
    assert groups.largest_variance(variances)["note"] == found("no_grouping").encoded


def test_effects_are_laid_out_in_the_order_given(study):
    own, people, described = grouped(study, ["North", "South"] * 30)
    tests = groups.group_tests(own, people, described, MINIMUM, CONFIDENCE)
    matrix = groups.effect_matrix(tests, {"listen": "Listening"})
    assert (list(matrix.index), list(matrix.columns)) == (["Agency", "Grade"], ["Listening", "share"])
    assert matrix.loc["Grade", "share"] == tests["epsilon_squared"].iloc[3]


def test_tenure_in_bands_counts_by_their_order(study):
    study.settings["groups"]["tenure"] = {
        "column": "tenure",
        "label": "Tenure",
        "kind": "ordered",
        "levels": {"9": "under 1", "1": "1 to 5", "5": "over 5"},
    }
    codes = np.random.default_rng(1).choice(["9", "1", "5"], 60)
    study.own["tenure"] = codes
    step = prepare(study)
    own = scores().set_axis(step.prepared.people.index)
    table = groups.tenure_correlations(own, step.prepared.people, step.settings, CONFIDENCE).set_index("competency")
    ranks = pd.Series(codes).map({"9": 0, "1": 1, "5": 2})
    assert table.loc["listen", "rho"] == pytest.approx(
        stats.spearmanr(own["listen"].to_numpy(), ranks).statistic, abs=CLOSED_FORM
    )
    tests, curves = groups.tenure_curves(own, step.prepared.people, step.settings, load_plan())
    assert tests["note"].eq(found("tenure_in_bands").encoded).all()
    assert curves.empty


# 07: peers


def test_peers_are_counted_with_those_who_have_none():
    own = scores(4)
    table = raters.peers_per_person(ratings(own.iloc[:2]), own)
    assert raters.shown_peers_per_person(table, MINIMUM)["people"].dropna().ge(MINIMUM).all()
    assert table.to_dict("list") == {"peers": [0, 3], "people": [2, 2], "share": [0.5, 0.5]}


def test_icc_of_peers_agrees_with_analysis_of_variance_by_hand():
    given_scores = ratings(scores(30))
    row = raters.peer_icc(given_scores, structure.Draws(0, 1, CONFIDENCE)).set_index("competency").loc["listen"]
    table = given_scores["listen"].unstack().to_numpy()
    between = 3 * table.mean(axis=1).var(ddof=1)
    within = table.var(axis=1, ddof=1).mean()
    assert row["icc1"] == pytest.approx((between - within) / (between + 2 * within), abs=CLOSED_FORM)
    assert row["icc1_k"] == pytest.approx((between - within) / between, abs=CLOSED_FORM)
    assert (row["ratings"], row["people"], row["peers_n0"]) == (90, 30, pytest.approx(3))


def test_reliability_of_several_peers_follows_spearman_and_brown():
    icc = pd.DataFrame({"competency": ["listen"], "icc1": [0.25], "lower": [0.1], "upper": [0.4]})
    curve = raters.reliability_curves(icc, most=4)
    np.testing.assert_allclose(curve["reliability"], [k * 0.25 / (1 + (k - 1) * 0.25) for k in (1, 2, 3, 4)])
    needed = raters.peers_needed(icc, (0.7,)).iloc[0]
    assert needed["peers"] == 7


# 08: outcomes


def test_colleagues_rows_leave_the_rater_out_by_hand():
    own = pd.DataFrame({"listen": [1.0, 5.0], "share": [3.0, 5.0]}, index=pd.Index(["p1", "p2"], name="person"))
    index = pd.MultiIndex.from_tuples(
        [("p1", "a"), ("p1", "b"), ("p1", "c"), ("p2", "a"), ("p2", "d")], names=["person", "rater"]
    )
    given_scores = pd.DataFrame({"listen": [1.0, 2, 3, 5, np.nan], "share": [1.0, 2, 6, 3, 4]}, index=index)
    engagement = pd.Series([1.0, 2, 3, 4, 5], index=index)
    rows = outcomes.colleagues_rows(outcomes.overall(own), outcomes.overall(given_scores), engagement)
    np.testing.assert_array_equal(rows["own_rating"], [1, 2, 4.5, 4, np.nan])
    np.testing.assert_array_equal(rows["other_peers"], [3.25, 2.75, 1.5, np.nan, np.nan])
    np.testing.assert_array_equal(rows["self_score"], [2, 2, 2, 5, 5])
    assert list(rows["person"]) == ["p1", "p1", "p1", "p2", "p2"]


def colleagues(n: int = 40) -> pd.DataFrame:
    own = scores(n)
    given_scores = ratings(own)
    draw = np.random.default_rng(6)
    engagement = given_scores.mean(axis=1) + draw.normal(size=len(given_scores))
    return outcomes.colleagues_rows(outcomes.overall(own), outcomes.overall(given_scores), engagement)


def test_colleagues_models_have_one_row_a_view():
    table = outcomes.colleagues_models(colleagues(), CONFIDENCE, SEVERAL)
    assert list(table["predictor"]) == list(outcomes.COLLEAGUES_PREDICTORS.values())
    assert table["standardised"].between(table["standardised_lower"], table["standardised_upper"]).all()
    assert (table["note"] == "").all()


def test_engagement_nobody_varies_on_gives_a_note_for_every_view():
    table = outcomes.colleagues_models(colleagues().assign(outcome=4.0), CONFIDENCE, SEVERAL)
    assert list(table["predictor"]) == list(outcomes.COLLEAGUES_PREDICTORS.values())
    assert table["note"].str.contains("does not vary").all()
    assert table[["standardised", "p"]].isna().all(axis=None)


def test_same_and_cross_source_rest_on_the_same_people():
    own = scores()
    peers = ratings(own.iloc[:40]).groupby(level="person").mean()
    own.iloc[0, 0] = np.nan
    outcome = pd.DataFrame({"engagement": own["share"] + np.random.default_rng(2).normal(size=60)})
    table = outcomes.same_and_cross_source(
        outcomes.overall(own), outcomes.overall(peers.reindex(own.index)), outcome, CONFIDENCE
    ).set_index("source")
    assert list(table["n"]) == [39, 39]
    people = own.index[1:40]
    expected = stats.spearmanr(own.loc[people].mean(axis=1), outcome.loc[people, "engagement"]).statistic
    assert table.loc["self (same source)", "rho"] == pytest.approx(expected, abs=CLOSED_FORM)


def test_outcome_nobody_varies_on_gives_a_note_and_leaves_the_others_alone():
    own = scores()
    varied = (own["share"] + np.random.default_rng(2).normal(size=60)).rename("engagement")
    both = pd.DataFrame({"engagement": varied, "satisfaction": 7.0})
    table = outcomes.regressions(own, both, CONFIDENCE)
    alone = outcomes.regressions(own, both[["engagement"]], CONFIDENCE)
    pd.testing.assert_frame_equal(table[table["outcome"] == "engagement"], alone)
    fit = outcomes.regression_fit(table).set_index("outcome")
    assert "does not vary" in fit.loc["satisfaction", "note"]
    assert (fit.loc["satisfaction", "n"], fit.loc["engagement", "note"]) == (60, "")
    assert np.isnan(fit.loc["satisfaction", "r_squared"])


def test_cohort_whose_every_outcome_is_constant_gives_notes_only():
    table = outcomes.regressions(scores(), pd.DataFrame({"a": 1.0, "b": 2.0}, index=scores().index), CONFIDENCE)
    assert list(table["outcome"]) == ["a", "b"]
    assert table["estimate"].isna().all()


def test_association_with_a_constant_outcome_is_blank_and_not_counted_in_the_family():
    own = scores()
    varied = pd.DataFrame({"engagement": own["share"] + np.random.default_rng(2).normal(size=60)})
    with_constant = outcomes.associations(own, varied.assign(satisfaction=7.0), CONFIDENCE)
    constant = with_constant["outcome"] == "satisfaction"
    assert with_constant.loc[constant, ["rho", "p"]].isna().all(axis=None)
    assert (with_constant.loc[constant, "note"] != "").all()
    alone = outcomes.associations(own, varied, CONFIDENCE)
    np.testing.assert_allclose(with_constant.loc[~constant, "p_holm"], alone["p_holm"])
    assert outcomes.as_matrix(with_constant).shape == (2, 2)


def test_overall_score_needs_every_competency():
    own = scores(3)
    own.iloc[0, 1] = np.nan
    np.testing.assert_array_equal(outcomes.overall(own).isna(), [True, False, False])
