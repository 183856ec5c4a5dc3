"""Numbers are written for readers in one place, and no rounding changes what they say."""

from __future__ import annotations

import math
import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compendium.rounding import MINUS, NOT_SHOWN, heading, number, p_value, percent, rounded

UNDEFINED = [None, math.nan, np.float64("nan"), pd.NA]
finite = st.floats(min_value=-1e9, max_value=1e9, allow_nan=False)


def read_back(text: str) -> float:
    return float(text.replace(MINUS, "-").replace(",", ""))


@settings(deadline=None)
@given(finite, st.integers(0, 6))
def test_number_is_within_half_a_unit_of_its_last_digit(value, decimals):
    assert read_back(number(value, decimals)) == pytest.approx(value, abs=0.5000001 * 10**-decimals, rel=1e-12)


@settings(deadline=None)
@given(finite)
def test_number_never_holds_a_hyphen_nor_a_signed_zero(value):
    text = number(value)
    assert "-" not in text
    assert text != f"{MINUS}0.00"
    assert text.startswith(MINUS) == (round(value, 2) < 0)


@settings(deadline=None)
@given(st.integers(-(10**12), 10**12))
def test_integers_are_written_whole(value):
    assert read_back(number(value)) == value
    assert "." not in number(value)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (-0.456, f"{MINUS}0.46"),
        (-0.001, "0.00"),
        (1234.5, "1,234.50"),
        (-1234567, f"{MINUS}1,234,567"),
        (np.int64(-1234), f"{MINUS}1,234"),
        (np.float32(-0.5), f"{MINUS}0.50"),
        (True, "yes"),
        (np.bool_(False), "no"),
        ("listen_1", "listen_1"),
        ("a-b", "a-b"),
    ],
)
def test_number_by_example(value, text):
    assert number(value) == text


@pytest.mark.parametrize("write", [number, p_value, percent])
@pytest.mark.parametrize("value", UNDEFINED)
def test_what_is_not_defined_is_an_en_dash(write, value):
    assert write(value) == NOT_SHOWN == "–"


@settings(deadline=None)
@given(st.floats(min_value=0, max_value=1))
def test_p_value_is_never_zero_and_has_no_leading_zero(value):
    text = p_value(value)
    assert re.fullmatch(r"< \.001|\.\d{3}|1\.000", text)
    assert text != ".000"


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "< .001"), (0.0009999, "< .001"), (0.001, ".001"), (0.0496, ".050"), (0.5, ".500"), (1.0, "1.000")],
)
def test_p_value_by_example(value, text):
    assert p_value(value) == text


@pytest.mark.parametrize(
    ("share", "decimals", "text"),
    [(0.714, 0, "71 %"), (0.714, 1, "71.4 %"), (1, 0, "100 %"), (-0.05, 0, f"{MINUS}5 %"), (0.0, 1, "0.0 %")],
)
def test_percent_by_example(share, decimals, text):
    assert percent(share, decimals) == text


def test_rounded_gives_p_values_and_shares_their_form():
    frame = pd.DataFrame(
        {"rho": [-0.456], "p": [0.0001], "p_holm": [0.04], "blank_share": [0.125], "share": [0.5], "n": [1200]}
    )
    shown = rounded(frame).iloc[0]
    assert list(shown) == [f"{MINUS}0.46", "< .001", ".040", "12.5 %", "50.0 %", "1,200"]


def test_rounded_writes_labels_for_ids_and_words_for_headings():
    frame = pd.DataFrame({"competency": ["listen"], "item_rest": [0.5], "n": [10]})
    shown = rounded(frame, labels={"listen": "Listening"})
    assert list(shown.columns) == ["competency", "item rest", "n"]
    assert shown["competency"].item() == "Listening"


def test_rounded_takes_a_format_of_its_own_and_keeps_the_index():
    frame = pd.DataFrame({"rho": [0.25]}, index=["a"])
    shown = rounded(frame, formats={"rho": lambda value: f"<{value}>"})
    assert shown.loc["a", "rho"] == "<0.25>"


def test_rounded_leaves_the_table_at_full_precision():
    frame = pd.DataFrame({"rho": [1 / 3]})
    rounded(frame)
    assert frame["rho"].item() == 1 / 3


@pytest.mark.parametrize("dtype", ["Int64", "Float64", "object"])
def test_rounded_shows_missing_of_every_kind_as_en_dash(dtype):
    frame = pd.DataFrame({"n": pd.array([5, None], dtype=dtype), "p": pd.array([0.5, None], dtype="Float64")})
    assert rounded(frame)["n"].iloc[1] == rounded(frame)["p"].iloc[1] == NOT_SHOWN


def test_heading_writes_underscores_as_spaces_in_words_only():
    assert [heading(name) for name in ("item_rest", "p_1", "two words_here", 3)] == [
        "item rest",
        "p_1",
        "two words_here",
        "3",
    ]
