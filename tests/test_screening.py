"""Careless answering and missingness against careless, R and lavaan; recovery and refusals."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from psychometrics import screening
from psychometrics.errors import CodingError, ConstantItemError, InputShapeError, SingularMatrixError

REFERENCE = Path(__file__).parent / "reference"
CLOSED_FORM = 1e-10
# the EM algorithms of lavaan and of this package stop at slightly different points
ITERATIVE = 1e-4


@pytest.fixture(scope="module")
def r_values() -> dict[str, Any]:
    values = {}
    for name in ("screening.json", "screening_careless.json"):
        results = json.loads((REFERENCE / name).read_text())["results"]
        values.update({key: entry["value"] for key, entry in results.items()})
    return values


@pytest.fixture(scope="module")
def bfi() -> pd.DataFrame:
    return pd.read_csv(REFERENCE / "data" / "bfi.csv").iloc[:, :25]


@pytest.fixture(scope="module")
def sim52() -> pd.DataFrame:
    return pd.read_csv(REFERENCE / "data" / "sim52.csv")


@pytest.fixture(scope="module")
def full() -> pd.DataFrame:
    return pd.read_csv(REFERENCE / "data" / "sim52_full.csv").filter(regex=r"^C\d_")


def close(values: Any, expected: Any, tolerance: float = CLOSED_FORM) -> None:
    np.testing.assert_allclose(np.asarray(values, float), np.asarray(expected, float), atol=tolerance, rtol=0)


def test_longstring_matches_rle(bfi: pd.DataFrame, r_values: dict[str, Any]) -> None:
    assert screening.longstring(bfi.dropna()).tolist() == r_values["longstring_bfi"]


@pytest.mark.parametrize("name", ["bfi", "sim52"])
def test_average_string_matches_careless(
    bfi: pd.DataFrame, full: pd.DataFrame, r_values: dict[str, Any], name: str
) -> None:
    answers = {"bfi": bfi.dropna(), "sim52": full}[name]
    mean = screening.longstring(answers, average=True)
    expected = r_values[f"average_string_{name}"]
    close(mean.iloc[:50], expected["first"])
    close(mean.mean(), expected["mean"])


def test_intra_individual_variability_matches_r(bfi: pd.DataFrame, r_values: dict[str, Any]) -> None:
    close(screening.intra_individual_variability(bfi.dropna()), r_values["variability_bfi"])


@pytest.mark.parametrize("name", ["bfi", "sim52"])
def test_mahalanobis_distance_matches_r(
    bfi: pd.DataFrame, full: pd.DataFrame, r_values: dict[str, Any], name: str
) -> None:
    answers = {"bfi": bfi.dropna(), "sim52": full}[name]
    table = screening.mahalanobis_distance(answers)
    close(table["distance_squared"], r_values[f"mahalanobis_{name}"], 1e-9)
    assert (table["df"] == answers.shape[1]).all()


@pytest.mark.parametrize("name", ["bfi", "sim52"])
def test_even_odd_consistency_matches_careless(
    bfi: pd.DataFrame, full: pd.DataFrame, r_values: dict[str, Any], name: str
) -> None:
    answers, prefix = {"bfi": (bfi.dropna(), 1), "sim52": (full, 2)}[name]
    consistency = screening.even_odd_consistency(answers, {item: item[:prefix] for item in answers})
    expected = r_values[f"even_odd_{name}"]
    close(-consistency.iloc[:50], expected["first"])
    close(-consistency.mean(), expected["mean"])
    assert consistency.notna().sum() == expected["n"]


@pytest.mark.parametrize(
    ("name", "columns"),
    [("little_bfi", None), ("little_c1", []), ("little_c1_tenure", ["tenure"])],
)
def test_little_mcar_matches_lavaan_moments(
    bfi: pd.DataFrame, sim52: pd.DataFrame, r_values: dict[str, Any], name: str, columns: list[str] | None
) -> None:
    data = bfi.iloc[:, :5] if columns is None else sim52[[*sim52.filter(regex="^C1_"), *columns]]
    test, expected = screening.little_mcar_test(data), r_values[name]
    assert test.chi_square == pytest.approx(expected["statistic"], rel=1e-6)
    assert (test.df, test.n_patterns) == (expected["df"], expected["patterns"])
    assert test.p_value == pytest.approx(expected["p"], rel=ITERATIVE)


def test_em_moments_match_lavaan(sim52: pd.DataFrame, r_values: dict[str, Any]) -> None:
    mean, covariance = screening.normal_moments(sim52.filter(regex="^C1_"))
    close(mean, r_values["moments_c1"]["mean"], 1e-6)
    close(covariance, r_values["moments_c1"]["cov"], 1e-6)


def test_missing_patterns_match_mice(bfi: pd.DataFrame, r_values: dict[str, Any]) -> None:
    patterns, expected = screening.missing_patterns(bfi), r_values["missing_bfi"]
    assert (patterns.n_patterns, patterns.n_complete) == (expected["patterns"], expected["complete"])
    close(patterns.item_shares, list(expected["shares"].values()))
    assert patterns.patterns["n"].sum() == len(bfi) == patterns.n_persons
    assert patterns.patterns["n"].is_monotonic_decreasing
    close(patterns.share_missing, bfi.isna().to_numpy().mean())


def test_mahalanobis_of_incomplete_person_uses_answered_items() -> None:
    generator = np.random.default_rng(3)
    data = pd.DataFrame(generator.normal(size=(400, 3)), columns=list("abc"))
    data["b"] += data["a"]
    gaps = data.copy()
    gaps.iloc[0, 2] = np.nan
    table = screening.mahalanobis_distance(gaps)
    mean, covariance = screening.normal_moments(gaps)
    pair = covariance[:2, :2] * 400 / 399
    away = data.iloc[0, :2].to_numpy() - mean[:2]
    assert table.loc[0, "df"] == 2
    close(table.loc[0, "distance_squared"], away @ np.linalg.inv(pair) @ away)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(st.sampled_from([1, 2, 3]), min_size=6, max_size=6), min_size=2, max_size=8))
def test_straight_line_is_a_run_over_the_whole_scale(answers: list[list[int]]) -> None:
    frame = pd.DataFrame(answers, columns=list("abcdef"))
    line = screening.straight_lining(frame)["all"] == 1
    assert line.tolist() == (screening.longstring(frame) == 6).tolist()


def test_missing_answer_ends_a_run_and_leaves_few_answers_undecided() -> None:
    frame = pd.DataFrame([[4, 4, np.nan, 4], [2, np.nan, np.nan, np.nan], [np.nan] * 4], columns=list("abcd"))
    assert screening.longstring(frame).tolist() == [2, 1, 0]
    close(screening.longstring(frame, average=True), [1.5, 1.0, np.nan])
    close(screening.straight_lining(frame)["all"], [1.0, np.nan, np.nan])
    close(screening.intra_individual_variability(frame), [0.0, np.nan, np.nan])


def simulated(seed: int, n_careless: int) -> tuple[pd.DataFrame, dict[str, str]]:
    """Eight scales of six items; the first persons answer in one line, the next at random."""
    generator = np.random.default_rng(seed)
    general = generator.normal(size=(400, 1))
    specific = np.repeat(generator.normal(size=(400, 8)), 6, axis=1)
    latent = 0.5 * general + 0.6 * specific + 0.62 * generator.normal(size=(400, 48))
    codes = np.clip(np.round(3.6 + latent), 1, 5)
    codes[:n_careless] = generator.integers(1, 6, size=(n_careless, 1))
    codes[n_careless : 2 * n_careless] = generator.integers(1, 6, size=(n_careless, 48))
    names = [f"c{scale}_{item}" for scale in range(8) for item in range(6)]
    return pd.DataFrame(codes, columns=names), {name: name[:2] for name in names}


def test_planted_careless_answers_are_recovered_and_nobody_is_dropped() -> None:
    lines, random, false_alarms = 0, 0, 0
    for seed in range(5):
        answers, scales = simulated(seed, 10)
        result = screening.flag_careless(answers, scales)
        assert len(result.flags) == result.n_persons == 400
        flagged = result.flags["flagged"].to_numpy()
        lines += int(flagged[:10].sum())
        random += int(flagged[10:20].sum())
        false_alarms += int(flagged[20:].sum())
        assert result.keep().sum() == 400 - flagged.sum()
    assert lines == 50
    # even-odd over eight scales is noisy: about two thirds of random answerers meet two rules
    assert random >= 25
    assert false_alarms <= 0.03 * 5 * 380


def test_combined_flag_follows_the_stated_rules() -> None:
    answers, scales = simulated(1, 10)
    rules = screening.CarelessRules(even_odd_below=None, minimum_rules=1)
    result = screening.flag_careless(answers, scales, rules)
    assert result.not_applied == {"even_odd_consistency": "switched off", "seconds_per_item": "no times were given"}
    met = result.flags.drop(columns=["n_rules", "flagged"])
    assert (result.flags["n_rules"] == met.sum(axis=1)).all()
    assert (result.flags["flagged"] == met.any(axis=1)).all()
    frame = result.to_frame()
    close(frame["share"], frame["n"] / 400)
    assert (met["longstring"] == (result.indices["longstring"] >= 24)).all()
    assert frame.loc["mahalanobis_distance", "threshold"] == 0.001


def test_rule_that_cannot_be_applied_is_named_with_the_reason() -> None:
    answers, _ = simulated(1, 10)
    result = screening.flag_careless(answers.head(30))
    assert set(result.not_applied) == {"even_odd_consistency", "mahalanobis_distance", "seconds_per_item"}
    assert "cannot be inverted" in result.not_applied["mahalanobis_distance"]
    assert result.not_applied["even_odd_consistency"] == "no scales were given"


def test_keyed_answers_decide_even_odd_only() -> None:
    answers, scales = simulated(2, 0)
    turned = [name for name in answers if name.endswith(("_1", "_3"))]
    given = answers.assign(**{name: 6 - answers[name] for name in turned})
    with_key = screening.flag_careless(given, scales, keyed=answers)
    close(with_key.indices["even_odd_consistency"], screening.even_odd_consistency(answers, scales))
    assert (with_key.indices["longstring"] == screening.longstring(given)).all()


@pytest.mark.repeated
def test_little_test_holds_its_level_and_finds_dependence() -> None:
    rejected, detected = 0, 0
    for seed in range(60):
        generator = np.random.default_rng(seed)
        data = pd.DataFrame(generator.normal(size=(200, 3)), columns=list("abc"))
        at_random = data.assign(c=data["c"].where(generator.random(200) > 0.25))
        rejected += screening.little_mcar_test(at_random).p_value < 0.05
        dependent = data.assign(c=data["c"].where(data["a"] < 0.7))
        detected += screening.little_mcar_test(dependent).p_value < 0.05
    # 3 of 60 expected; more than 8 has probability .0035
    assert rejected <= 8
    assert detected == 60


def test_little_test_without_missing_answers_has_nothing_to_test(bfi: pd.DataFrame) -> None:
    test = screening.little_mcar_test(bfi.dropna())
    assert test.df == 0
    assert np.isnan(test.chi_square)


def test_singular_covariances_are_refused_with_the_items() -> None:
    generator = np.random.default_rng(0)
    data = pd.DataFrame(generator.normal(size=(50, 3)), columns=list("abc"))
    with pytest.raises(SingularMatrixError, match="use more persons or fewer items") as refusal:
        screening.mahalanobis_distance(data.assign(d=data["a"] + data["b"]))
    assert all(name in str(refusal.value) for name in ("a", "b", "d"))


def test_little_test_refuses_covariances_the_persons_cannot_determine(sim52: pd.DataFrame) -> None:
    few = sim52.filter(regex=r"^C\d_").head(40)
    with pytest.raises(SingularMatrixError, match="40 persons cannot determine the covariances of 52 items"):
        screening.little_mcar_test(few)


def test_constant_item_is_refused_by_mahalanobis() -> None:
    with pytest.raises(ConstantItemError, match="constant items: b"):
        screening.mahalanobis_distance(pd.DataFrame({"a": [1, 2, 3], "b": [1, 1, 1]}))


def test_even_odd_needs_three_scales() -> None:
    frame = pd.DataFrame(np.ones((3, 4)), columns=list("abcd"))
    with pytest.raises(InputShapeError, match="at least three"):
        screening.even_odd_consistency(frame, {"a": "x", "b": "x", "c": "y", "d": "y"})


def test_impossible_minimum_of_rules_is_refused() -> None:
    answers, scales = simulated(1, 10)
    with pytest.raises(InputShapeError, match="asks for 9 rules and 6 could be applied"):
        screening.flag_careless(answers, scales, screening.CarelessRules(minimum_rules=9))


def test_text_is_refused() -> None:
    with pytest.raises(CodingError, match="item a"):
        screening.longstring(pd.DataFrame({"a": ["often"]}))


def test_henze_zirkler_matches_what_is_printed_of_the_irises() -> None:
    from sklearn.datasets import load_iris

    found = screening.henze_zirkler(pd.DataFrame(load_iris().data[:50]))
    # Korkmaz, Goksuluk & Zararsiz (2014), setosa
    assert [round(found.statistic, 7), round(found.p, 7)] == [0.9488453, 0.0499536]


def test_henze_zirkler_does_not_depend_on_units_and_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = np.random.default_rng(3).normal(size=(60, 3))
    whole = screening.henze_zirkler(pd.DataFrame(drawn))
    monkeypatch.setattr("psychometrics.screening.normality._BLOCK", 7)
    turned = screening.henze_zirkler(pd.DataFrame(drawn @ np.array([[2.0, 1, 0], [0, 3, 1], [0, 0, 5]]) + 4))
    np.testing.assert_allclose([turned.statistic, turned.p], [whole.statistic, whole.p], rtol=1e-10)


def test_henze_zirkler_refuses_a_variable_that_follows_from_others() -> None:
    drawn = pd.DataFrame(np.random.default_rng(3).normal(size=(60, 2)), columns=["a", "b"])
    with pytest.raises(SingularMatrixError, match="follows from the others"):
        screening.henze_zirkler(drawn.assign(c=drawn["a"] + drawn["b"]))
