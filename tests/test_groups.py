"""Group comparisons against base R, identities and refusals."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from psychometrics import groups
from psychometrics.errors import ConstantItemError, InputShapeError, TooFewPersonsError
from psychometrics.groups.people import superiority

REFERENCE = Path(__file__).parent / "reference"
CLOSED_FORM = 1e-10


@pytest.fixture(scope="module")
def r() -> dict[str, Any]:
    results = json.loads((REFERENCE / "groups.json").read_text())["results"]
    return {name: entry["value"] for name, entry in results.items()}


@pytest.fixture(scope="module")
def scores() -> pd.DataFrame:
    return pd.read_csv(REFERENCE / "data" / "sim52_scores.csv")


def close(got: object, expected: object) -> None:
    np.testing.assert_allclose(np.asarray(got, float), np.asarray(expected, float), rtol=CLOSED_FORM, atol=CLOSED_FORM)


@pytest.mark.parametrize(("name", "score", "group"), [("sector", "C1", "sector"), ("team", "ENG", "team")])
def test_kruskal_wallis_matches_r(name: str, score: str, group: str, scores: pd.DataFrame, r: dict[str, Any]) -> None:
    result = groups.kruskal_wallis(scores[score], scores[group])
    expected = r[f"kruskal_{name}"]
    close([result.statistic, result.df, result.p], [expected["statistic"], expected["df"], expected["p"]])


def test_group_table_matches_r(scores: pd.DataFrame, r: dict[str, Any]) -> None:
    result = groups.kruskal_wallis(scores["C1"], scores["sector"])
    close(result.groups["mean_rank"], list(r["mean_ranks"].values()))
    assert result.groups["n"].tolist() == [400, 232, 168]


def test_epsilon_squared_is_eta_squared_of_the_ranks(scores: pd.DataFrame) -> None:
    ranks = scores["C1"].rank()
    between = ranks.groupby(scores["sector"]).transform("mean").var(ddof=0)
    close(groups.kruskal_wallis(scores["C1"], scores["sector"]).epsilon_squared, between / ranks.var(ddof=0))


def test_welch_matches_r(scores: pd.DataFrame, r: dict[str, Any]) -> None:
    result = groups.welch_anova(scores["C1"], scores["sector"])
    expected = r["welch_sector"]
    close([result.statistic, result.df_between, result.df_within], [expected["statistic"], *expected["df"]])
    close(result.p, expected["p"])


def test_dunn_matches_its_formula_in_r(scores: pd.DataFrame, r: dict[str, Any]) -> None:
    table = groups.dunn(scores["C1"], scores["sector"]).to_frame()
    expected = r["dunn_sector"]
    assert table["group_a"].tolist() == expected["a"]
    assert table["group_b"].tolist() == expected["b"]
    close(table[["z", "p", "p_adjusted"]], np.transpose([expected["z"], expected["p"], expected["holm"]]))
    close(table["probability_of_superiority"].iloc[0], r["superiority"])


def test_games_howell_matches_its_formula_with_rs_studentized_range(scores: pd.DataFrame, r: dict[str, Any]) -> None:
    table = groups.games_howell(scores["C1"], scores["sector"]).to_frame()
    got = table[["difference", "t", "df", "p"]].to_numpy()
    # R approximates the studentized range, scipy integrates it
    np.testing.assert_allclose(got, r["games_howell_sector"], rtol=1e-6, atol=1e-9)


def test_two_groups_games_howell_is_welch(scores: pd.DataFrame) -> None:
    part = scores[scores["sector"] != "voluntary"]
    pair = groups.games_howell(part["C1"], part["sector"]).to_frame().iloc[0]
    welch = groups.welch_anova(part["C1"], part["sector"])
    np.testing.assert_allclose([pair["t"] ** 2, pair["df"], pair["p"]], [welch.statistic, welch.df_within, welch.p])


def test_two_groups_dunn_is_kruskal_wallis(scores: pd.DataFrame) -> None:
    part = scores[scores["sector"] != "voluntary"]
    z = groups.dunn(part["C1"], part["sector"]).to_frame()["z"].item()
    close(z**2, groups.kruskal_wallis(part["C1"], part["sector"]).statistic)


def test_compare_groups_adjusts_over_scores(scores: pd.DataFrame) -> None:
    names = ["C1", "C2", "C3"]
    result = groups.compare_groups(scores[names], scores["sector"], "bonferroni")
    raw = [groups.kruskal_wallis(scores[name], scores["sector"]).p for name in names]
    close(result.to_frame()["p_adjusted"], np.minimum(np.array(raw) * 3, 1))
    assert result.groups.groupby("score")["n"].sum().tolist() == [800, 800, 800]


def test_a_flat_score_is_said_not_hidden(scores: pd.DataFrame) -> None:
    result = groups.compare_groups(scores[["C1"]].assign(flat=2.0), scores["sector"])
    row = result.to_frame().set_index("score").loc["flat"]
    assert np.isnan(row["p"])
    assert np.isnan(row["p_adjusted"])
    assert "does not vary" in row["note"]
    assert result.to_frame()["p_adjusted"].iloc[0] == result.to_frame()["p"].iloc[0]


def test_small_groups_are_left_out_by_name(scores: pd.DataFrame) -> None:
    result = groups.kruskal_wallis(scores["C1"], scores["sector"], minimum_size=200)
    assert result.notes == ("groups under 200 left out: voluntary",)
    assert (result.n, result.n_dropped, result.n_groups) == (632, 168, 2)


def test_categories_without_members_do_not_count(scores: pd.DataFrame) -> None:
    sector = pd.Categorical(scores["sector"], ["health", "social_care", "voluntary", "housing"])
    result = groups.kruskal_wallis(scores["C1"], pd.Series(sector, scores.index))
    close(result.statistic, groups.kruskal_wallis(scores["C1"], scores["sector"]).statistic)
    assert result.n_groups == 3


def test_refusals(scores: pd.DataFrame) -> None:
    with pytest.raises(InputShapeError, match="two groups with at least 1 complete"):
        groups.kruskal_wallis(scores["C1"], pd.Series("all", index=scores.index))
    with pytest.raises(ConstantItemError, match="does not vary"):
        groups.kruskal_wallis(scores["C1"] * 0, scores["sector"])
    with pytest.raises(InputShapeError, match="same index"):
        groups.kruskal_wallis(scores["C1"], scores["sector"][::-1])
    with pytest.raises(InputShapeError, match="at least 2"):
        groups.welch_anova(scores["C1"], scores["sector"], minimum_size=1)
    with pytest.raises(ConstantItemError, match="in group health"):
        groups.welch_anova(scores["C1"].mask(scores["sector"] == "health", 3.0), scores["sector"])


@pytest.mark.parametrize("size", [0.0, 0.8])
def test_interval_of_the_rank_effect_holds_the_truth_in_small_samples(size: float) -> None:
    draw = np.random.default_rng(1)
    side = np.repeat([0, 1], 12)
    large = pd.Series(np.repeat([0, 1], 20_000))
    value = pd.Series(draw.normal(size=len(large)) + size * large)
    test = groups.kruskal_wallis(value, large)
    truth = test.statistic / (test.n - 1) if size else 0.0
    inside = 0
    for _ in range(300):
        found = groups.kruskal_wallis(pd.Series(draw.normal(size=24) + size * side), pd.Series(side))
        _, lower, upper = groups.rank_effect_interval(found.statistic, found.df, found.n)
        assert 0 <= lower <= upper < 1
        inside += lower <= truth <= upper
    assert 0.92 <= inside / 300 <= 0.99


def test_rank_effect_of_groups_without_overlap_or_spread_is_one_and_has_no_bounds() -> None:
    value, side = pd.Series([1.0] * 5 + [2.0] * 5), pd.Series([0] * 5 + [1] * 5)
    test = groups.kruskal_wallis(value, side)
    estimate, lower, upper = groups.rank_effect_interval(test.statistic, test.df, test.n)
    assert estimate == pytest.approx(1)
    assert np.isnan([lower, upper]).all()
    with pytest.raises(TooFewPersonsError, match="more persons than groups"):
        groups.rank_effect_interval(1.0, 2, 3)


@settings(max_examples=50)
@given(st.lists(st.integers(1, 4), min_size=1, max_size=9), st.lists(st.integers(1, 4), min_size=1, max_size=9))
def test_superiority_by_places_is_that_of_every_pair(one: list[int], two: list[int]) -> None:
    pairs = [(a > b) + (a == b) / 2 for a in one for b in two]
    assert superiority(np.array(one), np.array(two)) == pytest.approx(np.mean(pairs), abs=1e-12)


def test_a_note_names_the_first_of_very_many_groups_left_out() -> None:
    small = [f"place {number:03d}" for number in range(300)]
    group = pd.Series(["large"] * 20 + ["other"] * 20 + small)
    score = pd.Series(np.random.default_rng(3).normal(size=len(group)))
    (note,) = groups.kruskal_wallis(score, group, minimum_size=10).notes
    assert note.startswith("groups under 10 left out: place 000, place 001") and note.endswith("and 280 more")
