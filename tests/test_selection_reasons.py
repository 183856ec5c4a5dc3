"""Decisions on items are data: every reason has a kind, a value and a limit, and a NaN never passes a check."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from psychometrics.selection import (
    REASON_KINDS,
    ItemCheck,
    Reason,
    cross_loading_check,
    screen_items,
    select_items,
    threshold_check,
)


def answers(n_persons: int = 80, labels: list[Any] | None = None, seed: int = 1) -> pd.DataFrame:
    generator = np.random.default_rng(seed)
    labels = labels or list("abcdef")
    latent = 0.8 * generator.standard_normal((n_persons, 1)) + 0.6 * generator.standard_normal((n_persons, len(labels)))
    return pd.DataFrame(
        np.digitize(latent, [-1.0, -0.3, 0.3, 1.0]) + 1.0, columns=pd.Index(labels, tupleize_cols=False)
    )


def test_each_fault_of_an_item_has_its_kind() -> None:
    table = answers()
    table["b"] = 3.0
    table["c"] = table["a"]
    table["d"] = np.random.default_rng(5).integers(1, 6, len(table)).astype(float)
    table["e"] = np.nan
    screening = screen_items(table, minimum_item_total=0.3, key_contradicted=["f"])
    kinds = {item: [reason.kind for reason in reasons] for item, reasons in screening.findings.items()}
    assert kinds["b"] == ["constant"]
    assert kinds["d"] == ["item_rest_low"]
    assert kinds["e"] == ["unanswered"]
    assert kinds["f"][0] == "key_contradicted"
    assert kinds["c"] == ["redundant"] and kinds["a"] == []
    twin = screening.findings["c"][0]
    assert (twin.other, twin.limit) == (("a",), 0.9)
    assert twin.value == pytest.approx(1.0)
    assert set(twin.details) == {"item_rest", "other_item_rest"}
    low = screening.findings["d"][0]
    assert low.value == screening.table.set_index("item").loc["d", "item_rest"] <= low.limit == 0.3


@settings(max_examples=40)
@given(st.lists(st.sampled_from([0.1, 0.9, np.nan]), min_size=6, max_size=6), st.sampled_from(["keep", "drop"]))
def test_a_nan_never_passes_a_check(values: list[float], decision: Any) -> None:
    check = threshold_check("fairness", pd.Series(values, list("abcdef")), maximum=0.5, decision=decision)
    screening = screen_items(answers(), checks=[check])
    decided = screening.table.set_index("item")["decision"]
    for item, value in zip("abcdef", values, strict=True):
        kinds = [reason.kind for reason in screening.findings[item]]
        assert kinds == (["untested"] if np.isnan(value) else ["above_maximum"] if value > 0.5 else [])
        cost = {"keep": "keep", "drop": "review" if np.isnan(value) else "drop"}[decision]
        assert decided[item] == (cost if kinds else "keep")
        assert bool(kinds) == bool(screening.table.set_index("item").loc[item, "reasons"])


def test_loadings_that_could_not_be_estimated_are_a_finding() -> None:
    loadings = pd.DataFrame({1: [0.7, 0.6, np.nan, 0.2], 2: [0.1, 0.5, 0.1, 0.1]}, index=list("abcd"))
    found = cross_loading_check(loadings).findings
    assert {item: reason.kind for item, reason in found.items()} == {
        "b": "cross_loading",
        "c": "untested",
        "d": "low_loading",
    }
    assert found["b"].other == (1, 2)
    assert found["b"].value == 0.5
    assert found["b"].details == {"primary_loading": 0.6, "minimum_distance": 0.2}


def test_pairs_that_nobody_answered_together_are_a_finding() -> None:
    table = answers(120)
    table.loc[:59, "a"] = np.nan
    table.loc[60:, "b"] = np.nan
    screening = screen_items(table)
    found = {item: reasons for item, reasons in screening.findings.items() if reasons}
    assert {item: (reasons[0].kind, reasons[0].other) for item, reasons in found.items()} == {
        "a": ("untested", ("b",)),
        "b": ("untested", ("a",)),
    }
    assert screening.table.set_index("item").loc[["a", "b"], "decision"].tolist() == ["review", "review"]


def test_a_check_may_come_as_data_or_as_words_alone() -> None:
    values = pd.Series({"a": 0.01, "b": 0.2})
    data = ItemCheck("p_value", values, findings={"a": Reason("below_minimum", 0.01, 0.05, check="p_value")})
    assert data.reasons.tolist() == ["p value 0.01, under 0.05", ""]
    words = ItemCheck("p_value", values, pd.Series({"a": "too small", "b": ""}), "drop")
    assert words.findings == {"a": Reason("flagged", 0.01, check="p_value")} or np.isnan(words.findings["a"].limit)
    screening = screen_items(answers(), checks=[words])
    assert screening.table.set_index("item").loc["a", ["decision", "reasons"]].tolist() == ["drop", "too small"]


def test_reasons_of_a_choice_are_data() -> None:
    values = pd.Series({0: 0.9, 1: 0.8, 2: 0.1, 3: 0.7})
    chosen = select_items(values, {"one": [0, 1, 2, 3]}, 1, redundant_pairs=[(0, 1)], excluded={3: "wrong key"})
    assert {item: reason.kind for item, reason in chosen.findings.items()} == {
        0: "chosen",
        1: "redundant_with_chosen",
        2: "outranked",
        3: "excluded",
    }
    assert chosen.findings[1].other == (0,)
    assert [(bound.kind, bound.items) for bound in chosen.bounds] == [
        ("size", (0, 1, 2, 3)),
        ("redundant_pair", (0, 1)),
        ("excluded", (3,)),
    ]
    assert tuple(bound.name for bound in chosen.bounds) == chosen.constraints
    assert chosen.reason_frame()["kind"].tolist() == [chosen.findings[item].kind for item in values.index]


@settings(max_examples=25)
@given(
    st.integers(0, 1000),
    st.sampled_from([list(range(5)), ["", "n", "NA", "x y", "5"], [("a", 1), ("a", 2), 3, None, 5.5]]),
)
def test_words_and_data_say_the_same_for_any_names(seed: int, labels: list[Any]) -> None:
    table = answers(40, labels, seed)
    generator = np.random.default_rng(seed)
    table = table.mask(generator.random(table.shape) < generator.choice([0.0, 0.3, 0.9]))
    check = threshold_check("share", table.isna().mean(), maximum=0.3, decision="review")
    screening = screen_items(table, checks=[check])
    texts = dict(zip(screening.table["item"], screening.table["reasons"], strict=True))
    assert list(screening.findings) == labels
    for item, reasons in screening.findings.items():
        assert bool(texts[item]) == bool(reasons)
        assert {reason.kind for reason in reasons} <= set(REASON_KINDS)
    frame = screening.reason_frame()
    assert len(frame) == sum(len(reasons) for reasons in screening.findings.values())
    assert {"item", "place", "kind", "check", "value", "limit", "other"} <= set(frame.columns)
