"""Importance, ordinal models, teams and colleagues: by identity, and where data are thin."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from compendium.steps.outcome_associations import associations as outcomes

CONFIDENCE = 0.95


def made_up(n: int = 200) -> tuple[pd.DataFrame, pd.DataFrame]:
    draw = np.random.default_rng(8)
    index = pd.Index([f"p{i}" for i in range(n)], name="person")
    trait = draw.normal(size=n)
    scores = pd.DataFrame({name: trait + draw.normal(size=n) for name in ("listen", "share", "lead")}, index)
    steps = np.clip(np.rint(3 + 0.6 * trait + draw.normal(size=n)), 1, 5)
    return scores, pd.DataFrame({"engagement": trait + draw.normal(size=n), "satisfaction": steps, "flat": 4.0}, index)


def test_importance_adds_up_to_r_squared_and_a_flat_outcome_says_why_not():
    scores, own = made_up()
    table = outcomes.importance(scores, own, 50, 1, CONFIDENCE, None)
    one = table[table["outcome"] == "engagement"]
    assert one["importance"].sum() == pytest.approx(one["r_squared"].iloc[0])
    assert one["relative_weight"].sum() == pytest.approx(one["r_squared"].iloc[0])
    assert table.loc[table["outcome"] == "flat", "note"].str.contains("does not vary").all()


def test_ordinal_models_take_single_items_only():
    scores, own = made_up()
    items = {"satisfaction": own[["satisfaction"]], "engagement": own[["engagement", "flat"]], "flat": own[["flat"]]}
    single = outcomes.single_items(items)
    assert list(single) == ["satisfaction", "flat"]
    table = outcomes.ordinal_models(outcomes.overall(scores), single, CONFIDENCE).set_index("outcome")
    assert table.loc["satisfaction", "odds_ratio"] > 1
    assert table.loc["flat", "note"] != ""
    assert outcomes.ordinal_models(outcomes.overall(scores), pd.DataFrame(index=scores.index), CONFIDENCE).empty


def test_small_teams_and_teams_of_one_are_left_out_and_counted():
    scores, _ = made_up(43)
    teams = pd.Series(["a"] * 15 + ["b"] * 15 + ["c"] * 12 + ["alone"], scores.index)
    table = outcomes.teams_caterpillar(outcomes.overall(scores), teams, 11, CONFIDENCE)
    assert len(table) == 3
    assert (table["left_out"] == 1).all()
    assert table["mean"].is_monotonic_increasing
    assert not set(table["team"]) & {"a", "b", "c", "alone"}
    assert outcomes.teams_caterpillar(outcomes.overall(scores), teams, 50, CONFIDENCE).empty


def test_colleagues_errors_allow_for_raters_who_answer_once_and_rate_often():
    scores, _ = made_up(120)
    pairs = [(f"p{i}", f"r{i // 6}_{k}") for i in range(120) for k in range(2)]
    index = pd.MultiIndex.from_tuples(pairs, names=["person", "rater"])
    draw = np.random.default_rng(3)
    given = pd.DataFrame({name: draw.normal(size=len(index)) for name in scores}, index)
    mood = pd.Series(draw.normal(size=40), [f"r{i}_{k}" for i in range(20) for k in range(2)])
    engagement = pd.Series(mood.reindex(index.get_level_values("rater")).to_numpy(), index)
    rows = outcomes.colleagues_rows(outcomes.overall(scores), outcomes.overall(given), engagement)
    table = outcomes.colleagues_robust(rows, CONFIDENCE)
    assert list(table["predictor"]) == list(outcomes.COLLEAGUES_PREDICTORS.values())
    assert (table["networks"] == 20).all()
    assert (table["df"] == 19).all()
    flat = outcomes.colleagues_robust(rows.assign(outcome=4.0), CONFIDENCE)
    assert flat["note"].str.contains("does not vary").all()
