"""Drop-out, responsiveness, regressed change and invariance over time against lavaan, statsmodels and identities."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from psychometrics import change, waves
from psychometrics.errors import ModelError, PsychometricsError, TooFewPersonsError
from psychometrics.sem import InvarianceOverTime, invariance_over_time

REFERENCE = Path(__file__).parent / "reference"
ITERATIVE, FIT = 1e-4, 1e-3


@pytest.fixture(scope="module")
def r() -> dict[str, Any]:
    return json.loads((REFERENCE / "waves.json").read_text())


@pytest.fixture(scope="module")
def over_time() -> InvarianceOverTime:
    answers = pd.read_csv(REFERENCE / "data" / "two_waves.csv")
    names = [f"item{place}" for place in range(1, 5)]
    first, second = (answers[[f"{wave}{k}" for k in range(1, 5)]].set_axis(names, axis=1) for wave in "ab")
    return invariance_over_time(first, second)


@pytest.mark.parametrize("level", ["configural", "metric", "scalar"])
def test_levels_over_time_match_lavaan(over_time: InvarianceOverTime, r: dict[str, Any], level: str) -> None:
    found, expected = over_time.levels.set_index("level").loc[level], r["fit"][level]
    assert found["df"] == expected["df"]
    assert found["chi_square"] == pytest.approx(expected["chisq.scaled"], abs=0.01)
    ours = found[["cfi", "rmsea", "srmr"]].astype(float).tolist()
    assert ours == pytest.approx([expected[name] for name in ("cfi.robust", "rmsea.robust", "srmr")], abs=FIT)


def test_change_of_the_factor_mean_matches_lavaan(over_time: InvarianceOverTime, r: dict[str, Any]) -> None:
    assert over_time.mean_change == pytest.approx(r["mean_change"], abs=ITERATIVE)
    assert over_time.mean_change_lower == pytest.approx(r["mean_change_lower"], abs=FIT)
    assert over_time.stability == pytest.approx(r["stability"], abs=ITERATIVE)


def test_differences_of_levels_match_lavaan(over_time: InvarianceOverTime, r: dict[str, Any]) -> None:
    for row, expected in zip(over_time.levels.iloc[1:].to_dict("records"), r["tests"], strict=True):
        assert row["difference_df"] == expected["df"]
        assert row["difference"] == pytest.approx(expected["statistic"], abs=0.01)


def test_two_items_or_other_items_are_refused() -> None:
    table = pd.DataFrame(np.eye(6)[:, :3], columns=list("abc"))
    with pytest.raises(ModelError, match="three items or more"):
        invariance_over_time(table[["a", "b"]], table[["a", "b"]])
    with pytest.raises(ModelError, match="the same in both waves"):
        invariance_over_time(table, table[["b", "a", "c"]])


@given(st.integers(0, 2**20), st.floats(0.3, 0.95))
@settings(max_examples=15, deadline=None)
def test_nobody_changes_beyond_the_nominal_rate_where_nobody_changed(seed: int, reliability: float) -> None:
    draw, n = np.random.default_rng(seed), 4000
    trait = np.sqrt(reliability) * draw.normal(size=n)
    before, after = (pd.Series(trait + np.sqrt(1 - reliability) * draw.normal(size=n)) for _ in range(2))
    for found in (
        change.reliable_change(before, after, 1.0, reliability),
        change.regressed_change(before, after, 1.0, reliability, 0.0),
    ):
        shares = found.summary.set_index("verdict")["share"]
        # Five standard errors of a share of 5 % among 4,000.
        assert abs(shares["improved"] + shares["deteriorated"] - 0.05) < 5 * np.sqrt(0.05 * 0.95 / n)


def test_regressed_change_is_the_plain_one_for_a_person_at_the_mean() -> None:
    one = change.regressed_change(pd.Series([3.0]), pd.Series([4.0]), 0.5, 0.8, 3.0)
    assert one.persons["change"].item() == pytest.approx(1.0)
    assert one.standard_error_of_difference == pytest.approx(0.5 * np.sqrt(1 - 0.8**2))


@pytest.mark.parametrize("wrong", [(0.0, 0.8, 3.0), (0.5, 1.0, 3.0), (0.5, 0.8, float("nan"))])
def test_regressed_change_refuses_what_leaves_no_error(wrong: tuple[float, float, float]) -> None:
    with pytest.raises(PsychometricsError, match="regressed change needs"):
        change.regressed_change(pd.Series([3.0]), pd.Series([4.0]), *wrong)


def test_who_left_goes_with_the_score_and_its_sign_turns_with_the_score() -> None:
    draw = np.random.default_rng(2)
    score = pd.Series(draw.normal(size=400))
    stayed = pd.Series(draw.random(400) < 1 / (1 + np.exp(-(0.5 + 0.7 * score))))
    row, turned = (waves.drop_out(table, stayed).table.iloc[0] for table in (score.to_frame("x"), -score.to_frame("x")))
    assert row["odds_lower"] < np.exp(0.7) < row["odds_upper"]
    assert turned["difference"] == pytest.approx(-row["difference"])
    assert turned["odds_ratio"] == pytest.approx(1 / row["odds_ratio"])


def test_drop_out_says_why_it_gives_no_number() -> None:
    scores = pd.DataFrame({"flat": [2.0] * 8, "apart": [1.0, 1, 2, 2, 3, 3, 4, 4], "few": [1.0] + [np.nan] * 7})
    table = waves.drop_out(scores, pd.Series([False] * 4 + [True] * 4)).table.set_index("score")
    assert table["note"].str.len().gt(0).all()
    assert table["odds_ratio"].isna().all()


def test_responsiveness_finds_the_change_that_was_put_in() -> None:
    draw, n = np.random.default_rng(4), 6000
    moved = draw.normal(0.3, 0.5, n)
    threshold = 0.3  # half of the people improve: their own limit is the mean change
    better = draw.random(n) < 1 / (1 + np.exp(-(moved - threshold) / 0.2))
    found = waves.responsiveness(pd.Series(moved), pd.Series(better.astype(float)), [1.0])
    assert found.predicted_change == pytest.approx(threshold, abs=0.03)
    assert found.lower < found.correlation < found.upper


def test_responsiveness_says_why_it_gives_no_number() -> None:
    with pytest.raises(TooFewPersonsError):
        waves.responsiveness(pd.Series([1.0, 2.0]), pd.Series([0.0, 1.0]), [1.0])
    alike = waves.responsiveness(pd.Series([0.5] * 9), pd.Series([0.0, 1, 2] * 3), [1.0])
    assert np.isnan([alike.correlation, alike.predicted_change, alike.smallest_change]).all()
    assert len(alike.notes) == 3
