"""Item statistics against psych and polycor, keying, redundancy, identities and refusals."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from psychometrics import items
from psychometrics.errors import CodingError, InputShapeError

REFERENCE = Path(__file__).parent / "reference"
CLOSED_FORM = 1e-10


@pytest.fixture(scope="module")
def r_values() -> dict[str, Any]:
    results = json.loads((REFERENCE / "items.json").read_text())["results"]
    return {name: entry["value"] for name, entry in results.items()}


@pytest.fixture(scope="module")
def bfi() -> pd.DataFrame:
    return pd.read_csv(REFERENCE / "data" / "bfi.csv").iloc[:, :25]


@pytest.fixture(scope="module")
def agree(bfi: pd.DataFrame) -> pd.DataFrame:
    return bfi.iloc[:, :5].assign(A1=7 - bfi["A1"])


@pytest.fixture(scope="module")
def sim52() -> pd.DataFrame:
    return pd.read_csv(REFERENCE / "data" / "sim52.csv").filter(regex=r"^C\d_")


def close(values: Any, expected: Any, tolerance: float = CLOSED_FORM) -> None:
    np.testing.assert_allclose(np.asarray(values, float), np.asarray(expected, float), atol=tolerance, rtol=0)


@pytest.mark.parametrize("column", ["n", "mean", "sd", "skew", "kurtosis"])
def test_describe_matches_psych(
    agree: pd.DataFrame, sim52: pd.DataFrame, r_values: dict[str, Any], column: str
) -> None:
    table = items.item_statistics(agree, maximum=6).to_frame()
    close(table[column], r_values["describe_agree"][column])
    table = items.item_statistics(sim52.filter(regex="C1_")).to_frame()
    close(table[column], r_values["describe_c1"][column])


def test_item_rest_and_total_match_psych_on_complete_rows(agree: pd.DataFrame, r_values: dict[str, Any]) -> None:
    table = items.item_statistics(agree.dropna(), maximum=6).table
    expected = r_values["alpha_agree_complete"]
    close(table["item_rest"], expected["r_drop"])
    close(table["framework_rest"], expected["r_drop"])
    close(table["item_total"], expected["raw_r"])
    close(table["framework_total"], expected["raw_r"])
    close(table["alpha_if_dropped"], expected["alpha_drop"])


@pytest.mark.parametrize("name", ["agree", "c1"])
def test_pairwise_item_rest_matches_psych(
    agree: pd.DataFrame, sim52: pd.DataFrame, r_values: dict[str, Any], name: str
) -> None:
    data = {"agree": agree, "c1": sim52.filter(regex="C1_")}[name]
    rest = items.item_rest_correlation(data, missing="pairwise")
    close(rest["correlation"], r_values[f"alpha_{name}"]["r_drop"])


def test_spearman_item_rest_matches_r(agree: pd.DataFrame, r_values: dict[str, Any]) -> None:
    table = items.item_statistics(agree.dropna(), maximum=6).table
    close(table["item_rest_spearman"], r_values["spearman_rest_agree"])


def test_polyserial_item_rest_matches_polycor(agree: pd.DataFrame, r_values: dict[str, Any]) -> None:
    rest = items.item_rest_correlation(agree.dropna(), method="polyserial")
    close(rest["correlation"], r_values["polyserial_rest_agree"])


def test_keying_interval_matches_cor_test(agree: pd.DataFrame, bfi: pd.DataFrame, r_values: dict[str, Any]) -> None:
    keyed = items.check_keying(agree.dropna()).to_frame()
    close(keyed[["lower", "upper"]], r_values["interval_agree"])
    unkeyed = items.check_keying(bfi.iloc[:, :5].dropna()).to_frame()
    close(unkeyed[["lower", "upper"]], r_values["interval_agree_unkeyed"])


def test_contradicting_items_match_psych_check_keys(
    bfi: pd.DataFrame, agree: pd.DataFrame, r_values: dict[str, Any]
) -> None:
    assert list(items.check_keying(bfi.iloc[:, :5]).contradicting) == r_values["negative_items"]
    assert items.check_keying(agree).contradicting == ()


@pytest.mark.parametrize("method", ["spearman", "pearson"])
def test_inter_item_correlations_match_r(bfi: pd.DataFrame, r_values: dict[str, Any], method: Any) -> None:
    result = items.inter_item_correlations(bfi, method)
    lower = result.correlations.to_numpy().T[np.triu_indices(25, k=1)]
    close(lower, r_values[f"{method}_pairs"])


def test_inter_item_frame_lists_every_pair_with_its_n(bfi: pd.DataFrame) -> None:
    result = items.inter_item_correlations(bfi)
    frame = result.to_frame().set_index(["item", "other"])
    assert len(frame) == 300
    assert frame.loc[("A1", "N4"), "n"] == bfi[["A1", "N4"]].dropna().shape[0]
    assert frame.loc[("A1", "N4"), "correlation"] == result.correlations.loc["A1", "N4"]


def test_pairs_above_count_negative_ones_and_exclude_the_cut_itself(bfi: pd.DataFrame) -> None:
    frame = pd.DataFrame({"a": [1, 2, 3, 4], "b": [4, 3, 2, 1], "c": [1, 2, 2, 1]})
    pairs = items.inter_item_correlations(frame)
    assert pairs.pairs_above(0.9)["correlation"].tolist() == [-1.0]
    assert pairs.pairs_above(1.0).empty
    table = items.inter_item_correlations(bfi, "pearson").pairs_above(0.5)
    assert table["correlation"].abs().is_monotonic_decreasing
    assert tuple(table.loc[0, ["item", "other"]]) == ("N1", "N2")


def test_distribution_counts_are_exact() -> None:
    frame = pd.DataFrame({"a": [1, 1, 5, np.nan], "b": [5, 5, 5, 2], "c": [3, 3, 3, 3]})
    result = items.item_statistics(frame)
    table = result.table
    close(table["floor_share"], [2 / 3, 0, 0])
    close(table["ceiling_share"], [1 / 3, 3 / 4, 0])
    close(table["missing_share"], [1 / 4, 0, 0])
    assert result.category_counts.to_numpy().tolist() == [
        [2, 0, 0, 0, 1],
        [0, 1, 0, 0, 3],
        [0, 0, 4, 0, 0],
    ]
    assert result.n_persons == 4


def test_constant_item_is_reported_and_leaves_the_others_alone(agree: pd.DataFrame) -> None:
    complete = agree.dropna()
    with_constant = items.item_statistics(complete.assign(same=4), maximum=6)
    assert with_constant.constant == ("same",)
    assert bool(with_constant.table.loc["same", "constant"])
    assert np.isnan(with_constant.table.loc["same", "item_rest"])
    without = items.item_statistics(complete, maximum=6).table
    close(with_constant.table["item_rest"].drop("same"), without["item_rest"])
    assert items.check_keying(complete.assign(same=4)).constant == ("same",)


def test_scales_are_analysed_apart(bfi: pd.DataFrame) -> None:
    scales = pd.Series({item: item[0] for item in bfi})
    shuffled = bfi[list(reversed(bfi.columns))]
    table = items.item_statistics(shuffled, scales, maximum=6).table
    assert list(table.index) == list(shuffled.columns)
    alone = items.item_statistics(bfi.iloc[:, 15:20], maximum=6).table
    close(table.loc[alone.index, "item_rest"], alone["item_rest"])
    close(table.loc[alone.index, "alpha_if_dropped"], alone["alpha_if_dropped"])


def test_rest_score_needs_half_of_the_other_items(agree: pd.DataFrame) -> None:
    gaps = agree.dropna().copy()
    gaps.iloc[0, 1:4] = np.nan
    gaps.iloc[1, 1:3] = np.nan
    available = items.item_rest_correlation(gaps)
    assert available.loc["A1", "n"] == len(gaps) - 1
    listwise = items.item_rest_correlation(gaps, missing="listwise")
    assert listwise.loc["A1", "n"] == len(gaps) - 2
    close(listwise["correlation"], items.item_rest_correlation(gaps.dropna())["correlation"])


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(3, 6))
def test_reversing_every_item_changes_no_correlation(seed: int, n_items: int) -> None:
    generator = np.random.default_rng(seed)
    common = generator.normal(size=(60, 1))
    codes = np.clip(np.round(3 + common + generator.normal(size=(60, n_items))), 1, 5)
    frame = pd.DataFrame(codes, columns=[f"i{k}" for k in range(n_items)])
    straight = items.item_statistics(frame).table
    turned = items.item_statistics(6 - frame).table
    for column in ("item_rest", "item_rest_spearman", "item_total", "alpha_if_dropped", "sd"):
        close(turned[column], straight[column])
    close(turned["skew"], -straight["skew"])
    close(turned["floor_share"], straight["ceiling_share"])


def test_items_with_ranges_of_their_own_count_as_shares_of_them() -> None:
    """Stretched to another range, an item keeps every correlation, alpha without it, its floor and its ceiling."""
    generator = np.random.default_rng(8)
    codes = np.clip(np.round(3 + generator.normal(size=(90, 1)) + generator.normal(size=(90, 4))), 1, 5)
    frame = pd.DataFrame(codes, columns=list("abcd")).mask(generator.random((90, 4)) < 0.1)
    low, high = pd.Series({"a": 1, "b": 0, "c": 1, "d": 1}), pd.Series({"a": 5, "b": 40, "c": 5, "d": 5})
    plain = items.item_statistics(frame).table
    own = items.item_statistics(frame.assign(b=(frame["b"] - 1) * 10), None, low, high).table
    kept = [name for name in plain if name not in ("scale", "mean", "sd", "constant")]
    close(own[kept], plain[kept])
    with pytest.raises(InputShapeError, match="without a lowest or highest code: d"):
        items.item_statistics(frame, None, low.drop("d"), high)


def test_wrongly_keyed_item_is_found_and_weak_one_is_not_accused() -> None:
    accused = {"wrong": 0, "weak": 0, "sound": 0}
    for seed in range(40):
        generator = np.random.default_rng(seed)
        latent = generator.normal(size=300)
        answers = {f"s{k}": latent + generator.normal(size=300) for k in range(5)}
        frame = pd.DataFrame({**answers, "wrong": -latent + generator.normal(size=300)})
        frame["weak"] = generator.normal(size=300)
        found = items.check_keying(frame).contradicting
        accused["wrong"] += "wrong" in found
        accused["weak"] += "weak" in found
        accused["sound"] += any(name.startswith("s") for name in found)
    assert accused["wrong"] == 40
    assert accused["sound"] == 0
    # an unrelated item is accused with probability .025: at most 4 of 40 with probability .9966
    assert accused["weak"] <= 4


def test_two_item_scale_with_opposite_directions_names_both() -> None:
    generator = np.random.default_rng(1)
    first = generator.normal(size=80)
    frame = pd.DataFrame({"a": first, "b": generator.normal(size=80) - first})
    assert items.check_keying(frame).contradicting == ("a", "b")


def test_scale_of_one_item_gets_no_verdict(bfi: pd.DataFrame) -> None:
    scales = {"A1": "alone", "A2": "rest", "A3": "rest"}
    check = items.check_keying(bfi[["A1", "A2", "A3"]], scales)
    assert np.isnan(check.table.loc["A1", "item_rest"])
    assert not check.table.loc["A1", "contradicts"]


def test_every_answer_out_of_range_is_named_at_once() -> None:
    frame = pd.DataFrame({"a": [1, 9, 9], "b": [2.5, 3, 3], "c": [1, 2, 3]})
    with pytest.raises(CodingError, match=r"codes 1 to 5: a \(2 answers: 9\); b \(1 answers: 2.5\)"):
        items.item_statistics(frame)


def test_text_answers_are_refused_with_the_item() -> None:
    with pytest.raises(CodingError, match="item b holds values that are not numbers"):
        items.item_statistics(pd.DataFrame({"a": [1, 2], "b": ["agree", "2"]}))


@pytest.mark.parametrize(
    ("scales", "message"),
    [({"a": "x"}, "items without a scale: b"), ({"a": "x", "b": "x", "z": "x"}, "unknown items: z")],
)
def test_scales_that_do_not_fit_are_refused(scales: dict[str, str], message: str) -> None:
    with pytest.raises(InputShapeError, match=message):
        items.check_keying(pd.DataFrame({"a": [1, 2, 3], "b": [1, 3, 2]}), scales)


def test_repeated_items_are_refused() -> None:
    frame = pd.DataFrame([[1, 2], [2, 1]], columns=["a", "a"])
    with pytest.raises(InputShapeError, match="repeated items: a"):
        items.item_statistics(frame)


@pytest.mark.parametrize(
    "call",
    [
        lambda x: items.item_rest_correlation(x, "spearman", "pairwise"),
        lambda x: items.item_rest_correlation(x, missing="nearest"),
        lambda x: items.inter_item_correlations(x, "kendall"),
        lambda x: items.check_keying(x, confidence=95),
        lambda x: items.inter_item_correlations(x[["a"]]),
    ],
)
def test_impossible_settings_are_refused(call: Any) -> None:
    with pytest.raises(InputShapeError):
        call(pd.DataFrame({"a": [1, 2, 3, 1], "b": [1, 3, 2, 2]}))
