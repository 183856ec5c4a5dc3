"""Peers among themselves and against the person: what the tables hold, and what they say where data are thin."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from compendium.findings import decode
from compendium.framework import ResponseScale
from compendium.report.figures import raters as figures
from compendium.steps.factor_structure import Draws, reliability_table
from compendium.steps.outcome_associations import associations as outcomes
from compendium.steps.rater_agreement import peers as raters
from compendium.steps.rater_agreement import self_and_peers as self_peer
from psychometrics import self_other

CONFIDENCE, CLOSED_FORM = 0.95, 1e-10
SCALES = {"listen": ["listen_1", "listen_2", "listen_3"], "share": ["share_1", "share_2"]}
TARGETS = (0.7, 0.8)
DRAWS = Draws(0, 1, CONFIDENCE)


def points(number: int) -> ResponseScale:
    """Return an answer scale from one to this number of points."""
    return ResponseScale(minimum=1, maximum=number, labels={code: str(code) for code in range(1, number + 1)})


def alphas(own: pd.DataFrame) -> pd.Series:
    return reliability_table(own, SCALES, CONFIDENCE).set_index("competency")["alpha"]


def made_up(people: int = 60, peers: int = 3, seed: int = 3) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return own and peer answers on a five-point scale that share a trait."""
    draw = np.random.default_rng(seed)
    names = [item for items in SCALES.values() for item in items]
    trait = draw.normal(size=people)
    index = pd.Index([f"p{i}" for i in range(people)], name="person")
    own = np.clip(np.rint(3.5 + 0.6 * trait[:, None] + draw.normal(0, 0.7, (people, len(names)))), 1, 5)
    view = np.repeat(0.6 * trait, peers) + draw.normal(0, 0.6, people * peers)
    given = np.clip(np.rint(3.7 + view[:, None] + draw.normal(0, 0.6, (people * peers, len(names)))), 1, 5)
    pairs = [(f"p{i}", f"r{i}_{k}") for i in range(people) for k in range(peers)]
    ratings = pd.MultiIndex.from_tuples(pairs, names=["person", "rater"])
    return pd.DataFrame(own, index, names), pd.DataFrame(given, ratings, names)


def scored(answers: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame({name: answers[items].mean(axis=1, skipna=False) for name, items in SCALES.items()})


def test_every_formula_of_the_icc_stands_beside_its_number():
    table = raters.icc_formulas(scored(made_up()[1]), DRAWS)
    assert len(table) == len(SCALES) * len(raters.ICC_METHODS)
    assert table["formula"].nunique() == len(raters.ICC_METHODS)
    assert table["icc1"].between(table["icc1_lower"], table["icc1_upper"]).all()
    assert (table["icc2"] > table["icc1"]).all()


def test_balanced_peers_give_one_icc_by_every_analysis_of_variance():
    table = raters.icc_formulas(scored(made_up()[1]), DRAWS).set_index(["competency", "method"])["icc1"].unstack()
    np.testing.assert_allclose(table["ANOVA, n0"], table["ANOVA, mean group size"], atol=CLOSED_FORM)
    np.testing.assert_allclose(table["ANOVA, n0"], table["mixed model, REML"], atol=1e-4)


def test_one_peer_each_is_said_in_every_table_and_stops_none():
    own, peers = made_up(peers=1)
    given = scored(peers)
    icc = raters.peer_icc(given, DRAWS)
    assert icc["icc1"].isna().all()
    assert icc["note"].str.contains("two members").all()
    assert raters.icc_formulas(given, DRAWS)["note"].str.contains("two members").all()
    studies = raters.generalisability(peers, SCALES, 10, 1, CONFIDENCE)
    assert raters.variance_components(studies)["note"].str.contains("two complete raters").all()
    assert all(table.empty for table in raters.decision_studies(studies, TARGETS))
    assert raters.peers_needed(icc, TARGETS).empty
    assert raters.reliability_curves(icc).empty
    within = raters.within_person_agreement(peers, SCALES, points(5), ("uniform",), 0.7)
    assert within["note"].str.contains("no group has two raters").all()
    profiles = self_peer.profiles(scored(own), given, alphas(own), 10, CONFIDENCE)
    assert profiles["note"].str.contains("no person has two peers").all()


def test_no_self_ratings_are_said_in_every_table_and_stop_none():
    own, peers = made_up()
    own[:] = np.nan
    means, _ = raters.peer_means(scored(peers))
    compared = self_other.compare(scored(own), means.reindex(own.index)).to_frame()
    alpha = alphas(own)
    icc = raters.peer_icc(scored(peers), DRAWS)
    assert compared["note"].str.contains("only 0 persons").all()
    assert alpha.isna().all()
    assert (self_peer.corrected_correlations(compared, alpha, icc)["note"] != "").all()
    limits = self_peer.limits_of_agreement(scored(own), means.reindex(own.index), CONFIDENCE)
    assert limits["note"].str.contains("0 persons").all()
    profiles = self_peer.profiles(scored(own), scored(peers), alpha, 10, CONFIDENCE)
    assert profiles["note"].str.contains("suppressed").all()
    assert self_peer.binned(outcomes.overall(scored(own)), 0.25, 10).empty
    figures.self_peer_profile(compared, ends=[(1, 5)])
    figures.limits_of_agreement(limits)


def test_within_person_agreement_by_hand():
    index = pd.MultiIndex.from_tuples([("p", "a"), ("p", "b"), ("q", "a")], names=["person", "rater"])
    peers = pd.DataFrame({"x": [3.0, 5, 1], "y": [4.0, 4, 1]}, index=index)
    row = raters.within_person_agreement(peers, {"both": ["x", "y"]}, points(5), ("uniform", "slight_skew"), 0.7).iloc[
        0
    ]
    assert row["people"] == 1
    assert row["r_star_wg"] == pytest.approx(1 - 1 / 2, abs=CLOSED_FORM)
    assert row["rwg_j_uniform"] == pytest.approx(2 * 0.5 / (2 * 0.5 + 0.5), abs=CLOSED_FORM)
    assert row["average_deviation"] == pytest.approx(0.5, abs=CLOSED_FORM)
    assert row["rwg_j_slight_skew"] < row["rwg_j_uniform"]


def test_competency_on_several_answer_scales_has_no_agreement_within_persons_and_says_why():
    peers = made_up()[1]
    names = list(SCALES)
    elsewhere = [SCALES[names[0]][0]]
    table = raters.within_person_agreement(peers, SCALES, points(5), ("uniform",), 0.7, elsewhere).set_index(
        "competency"
    )
    assert decode(table.loc[names[0], "note"])[0].kind == "other_answer_scales"
    assert np.isnan(table.loc[names[0], "r_star_wg"]) and table.loc[names[1:], "r_star_wg"].notna().all()


def test_skewed_null_is_left_out_where_the_scale_has_no_five_points():
    row = raters.within_person_agreement(made_up()[1], SCALES, points(7), ("uniform", "slight_skew"), 0.7)
    assert not [column for column in row.columns if "skew" in column]


def test_decision_study_needs_no_fewer_peers_for_other_items_than_for_the_same():
    studies = raters.generalisability(made_up()[1], SCALES, 20, 1, CONFIDENCE)
    needed = (
        raters.decision_studies(studies, TARGETS)[1].set_index(["competency", "target", "items"])["peers"].unstack()
    )
    assert (needed["random"].fillna(np.inf) >= needed["fixed"]).all()
    components = raters.variance_components(studies)
    assert components["variance"].between(components["lower"] - 0.05, components["upper"] + 0.05).all()


def test_profiles_are_shares_that_add_up_and_name_nobody():
    own, peers = made_up()
    table = self_peer.profiles(scored(own), scored(peers), alphas(own), 10, CONFIDENCE)
    shares = table[["self_higher_share", "no_clear_difference_share", "self_lower_share"]]
    np.testing.assert_allclose(shares.sum(axis=1), 1)
    assert not any("person" in str(column) for column in table.columns)
    few = self_peer.profiles(scored(own), scored(peers), alphas(own), 100, CONFIDENCE)
    assert few.drop(columns=["competency", "note"]).isna().all(axis=None)


def test_bins_hold_no_fewer_people_than_may_be_shown_and_lose_nobody():
    values = pd.Series(np.random.default_rng(1).normal(size=300))
    bins = self_peer.binned(values, 0.25, 10)
    assert bins["people"].min() >= 10
    assert bins["people"].sum() == 300
    np.testing.assert_array_equal(bins["upper"].to_numpy()[:-1], bins["lower"].to_numpy()[1:])
    figures.agreement_histogram(bins, x="Difference")


def test_surface_of_an_outcome_nobody_varies_on_gives_a_note_and_leaves_the_others_alone():
    own, peers = made_up()
    mine, theirs = outcomes.overall(scored(own)), outcomes.overall(scored(peers).groupby(level="person").mean())
    draw = np.random.default_rng(4)
    both = pd.DataFrame({"engagement": mine + draw.normal(size=60), "satisfaction": 7.0}, index=own.index)
    found = self_peer.surfaces(both, mine, theirs.reindex(own.index), 3.0, CONFIDENCE)
    parameters, fit = self_peer.surface_tables(found)
    assert set(parameters["outcome"]) == {"engagement"}
    assert "does not vary" in fit.set_index("outcome").loc["satisfaction", "note"]
    grid = self_peer.surface_grid(found, mine, theirs.reindex(own.index), points=5)
    assert len(grid) == 25
    figures.response_surfaces(grid, ends=[(1, 5)])


def test_correction_for_unreliability_by_hand():
    compared = pd.DataFrame(
        {"competency": ["listen"], "n": [50], "pearson": [0.3], "pearson_lower": [0.1], "pearson_upper": [0.5]}
    )
    icc = pd.DataFrame({"competency": ["listen"], "icc1_k": [0.5]})
    row = self_peer.corrected_correlations(compared, pd.Series({"listen": 0.72}), icc).iloc[0]
    assert row["corrected"] == pytest.approx(0.3 / 0.6, abs=CLOSED_FORM)
    assert (row["lower"], row["upper"]) == (pytest.approx(0.1 / 0.6), pytest.approx(0.5 / 0.6))
