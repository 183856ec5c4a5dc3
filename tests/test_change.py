"""Measurement error, change, known groups and pooled estimates against lme4, psych, metafor and published values."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from psychometrics import change, groups, pooling
from psychometrics.errors import ConstantItemError, InputShapeError, PsychometricsError, TooFewPersonsError

REFERENCE = Path(__file__).parent / "reference"
# Both sides search for a maximum.
ITERATIVE = 1e-5


@pytest.fixture(scope="module")
def r() -> dict[str, Any]:
    return json.loads((REFERENCE / "change.json").read_text())["results"]


@pytest.fixture(scope="module")
def waves() -> pd.DataFrame:
    return pd.read_csv(REFERENCE / "data" / "waves.csv")


def test_retest_matches_lme4_and_psych(waves: pd.DataFrame, r: dict[str, Any]) -> None:
    found, expected = change.retest(waves["first"], waves["second"]), r["retest"]
    assert found.standard_error_agreement == pytest.approx(expected["sem_agreement"], abs=ITERATIVE)
    assert found.standard_error_consistency == pytest.approx(expected["sem_consistency"], abs=ITERATIVE)
    assert [found.icc_agreement, found.icc_lower, found.icc_upper] == pytest.approx(
        [expected["icc"], expected["lower"], expected["upper"]]
    )
    assert [found.mean_change, found.mean_change_lower, found.mean_change_upper] == pytest.approx(
        [expected["mean"], *expected["ci"]]
    )
    assert found.smallest_detectable_change == pytest.approx(
        1.959964 * np.sqrt(2) * expected["sem_agreement"], rel=1e-4
    )


def test_consistent_error_is_that_of_the_differences(waves: pd.DataFrame) -> None:
    found = change.retest(waves["first"], waves["second"])
    assert found.standard_error_consistency == pytest.approx((waves["second"] - waves["first"]).std() / np.sqrt(2))
    assert found.standard_error_lower < found.standard_error_consistency < found.standard_error_upper


def test_reliable_change_is_jacobson_and_truax_1991() -> None:
    """Their example: 47.5 before, 32.5 after, s = 7.5, r = .80: S_diff = 4.74, RC = -3.16."""
    found = change.reliable_change(pd.Series([47.5, 47.5]), pd.Series([32.5, np.nan]), 7.5, 0.80)
    assert round(found.standard_error_of_difference, 2) == 4.74
    assert round(found.persons["index"].iloc[0], 2) == -3.16
    assert found.persons["verdict"].tolist() == ["deteriorated", "not compared"]
    assert found.summary.set_index("verdict")["n"].to_dict() == {
        "improved": 0, "no reliable change": 0, "deteriorated": 1, "not compared": 1,
    }  # fmt: skip


def test_error_of_a_reliability_and_of_a_retest_are_one_where_they_should_be(waves: pd.DataFrame) -> None:
    found = change.measurement_error(waves["first"].std(), 0.8, n=16)
    assert found.standard_error == pytest.approx(waves["first"].std() * np.sqrt(0.2))
    assert found.smallest_detectable_change_group == pytest.approx(found.smallest_detectable_change / 4)


def test_change_refuses_what_has_no_error() -> None:
    with pytest.raises(ConstantItemError, match=r"everybody changes by 0\.1"):
        change.retest(pd.Series([1.1, 2.2, 3.3]), pd.Series([1.2, 2.3, 3.4]))
    with pytest.raises(TooFewPersonsError, match="needs three"):
        change.retest(pd.Series([1.0, 2.0]), pd.Series([2.0, 1.0]))
    with pytest.raises(PsychometricsError, match="between 0 and 1"):
        change.reliable_change(pd.Series([1.0]), pd.Series([2.0]), 1.0, 1.0)
    with pytest.raises(InputShapeError, match="nobody has a score before and after"):
        change.reliable_change(pd.Series([1.0]), pd.Series([np.nan]), 1.0, 0.5)
    with pytest.raises(PsychometricsError, match="from 0 to 1"):
        change.measurement_error(1.0, 1.2)


def test_known_groups_match_t_test_and_metafor(r: dict[str, Any]) -> None:
    table, expected = pd.read_csv(REFERENCE / "data" / "known_groups.csv"), r["known"]
    found = groups.known_groups(table["score"], table["group"], "experienced", "new", 0.2)
    values = [found.difference, found.lower, found.upper, found.t, found.df, found.p, found.hedges_g]
    assert values == pytest.approx(
        [expected["difference"], *expected["ci"], *(expected[key] for key in ("t", "df", "p", "g"))]
    )
    assert found.probability_of_superiority == pytest.approx(expected["superiority"])
    assert found.confirmed
    assert not groups.known_groups(table["score"], table["group"], "new", "experienced").confirmed
    assert found.g_lower < found.hedges_g < found.g_upper


def test_interval_of_g_covers_the_truth() -> None:
    """200 draws of groups of 15 and 25, d = .6; bound of three standard errors."""
    rng, covered = np.random.default_rng(5), 0
    group = pd.Series(["a"] * 15 + ["b"] * 25)
    for _ in range(200):
        found = groups.known_groups(pd.Series(rng.normal(size=40) + 0.6 * (group == "a")), group, "a", "b")
        covered += found.g_lower < 0.6 < found.g_upper
    assert covered / 200 > 0.95 - 3 * np.sqrt(0.95 * 0.05 / 200)


STUDIES = pd.DataFrame({"y": [0.10, 0.30, 0.35, 0.65, 0.45, 0.15], "se": [0.17, 0.15, 0.22, 0.13, 0.11, 0.2]})


@pytest.mark.parametrize("name", ["pool", "alike", "two"])
def test_random_effects_match_metafor(name: str, r: dict[str, Any]) -> None:
    alike = pd.DataFrame({"y": [0.30, 0.31, 0.29, 0.32], "se": [0.1, 0.12, 0.15, 0.2]})
    data = {"pool": STUDIES, "alike": alike, "two": STUDIES.iloc[[0, 3]]}[name]
    found, expected = pooling.random_effects(data["y"], data["se"]), r[name]
    pairs = {"estimate": "estimate", "standard_error": "se", "lower": "lower", "upper": "upper",
             "tau_squared": "tau2", "q": "q", "p": "p", "i_squared": "i2", "average": "average"}  # fmt: skip
    for ours, theirs in pairs.items():
        assert getattr(found, ours) == pytest.approx(expected[theirs], abs=ITERATIVE), ours
    assert [found.average_lower, found.average_upper] == pytest.approx(expected["average_ci"], abs=ITERATIVE)
    if name == "pool":
        assert [found.prediction_lower, found.prediction_upper] == pytest.approx(expected["pi"], abs=ITERATIVE)
        assert [found.tau_squared_lower, found.tau_squared_upper] == pytest.approx(expected["tau2_ci"], abs=1e-4)
    elif name == "alike":
        # metafor gives [0, 0] here.
        assert np.isnan([found.tau_squared_lower, found.tau_squared_upper]).all()
        assert any("more alike, or further apart," in note for note in found.notes)
    else:
        assert np.isnan(found.prediction_lower)
        assert "two estimates: no prediction interval" in found.notes


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 100_000), st.integers(2, 8), st.sampled_from([0.0, 0.3, 50.0]))
def test_pooled_estimates_are_finite_and_their_intervals_have_width(seed: int, k: int, spread: float) -> None:
    rng = np.random.default_rng(seed)
    found = pooling.random_effects(spread * rng.normal(size=k), rng.uniform(0.05, 0.5, k))
    assert np.isfinite([found.estimate, found.lower, found.upper, found.tau_squared]).all()
    assert found.lower < found.upper
    assert 0 <= found.i_squared <= 1
    assert "stud" not in " ".join(found.notes), "what is pooled may be cohorts or waves"


def test_pooling_refuses_what_is_no_study() -> None:
    with pytest.raises(InputShapeError, match="two of each"):
        pooling.random_effects([0.1], [0.1])
    with pytest.raises(PsychometricsError, match="above zero"):
        pooling.random_effects([0.1, 0.2], [0.1, 0.0])
