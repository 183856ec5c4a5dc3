"""Small groups are never shown, and what is hidden cannot be found by subtraction."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compendium.disclosure import SUPPRESSED, Gate, hidden_groups, suppress_small_groups
from compendium.disclosure.kinds import Kinds

MINIMUM = 10
sizes = st.lists(st.integers(0, 60), min_size=1, max_size=12)


def table(counts: list[int]) -> pd.DataFrame:
    groups = [f"group {number}" for number in range(len(counts))]
    return pd.DataFrame({"group": groups, "n": counts, "mean": np.linspace(1, 5, len(counts)), "word": "x"})


def suppressed(counts: list[int], **more: object) -> pd.DataFrame:
    return suppress_small_groups(table(counts), minimum=MINIMUM, keep=["group"], **more)


def hidden(counts: list[int]) -> list[int]:
    mask = suppressed(counts)[SUPPRESSED]
    return [count for count, gone in zip(counts, mask, strict=True) if gone]


@settings(deadline=None)
@given(sizes)
def test_no_shown_group_is_under_the_minimum(counts):
    shown = suppressed(counts).query("not suppressed")
    assert (shown["n"] >= MINIMUM).all()


@settings(deadline=None)
@given(sizes)
def test_hidden_group_is_never_alone_within_its_total(counts):
    with_members = [count for count in hidden(counts) if count > 0]
    everybody_hidden = len(hidden(counts)) == len(counts)
    assert len(with_members) != 1 or everybody_hidden


@settings(deadline=None)
@given(sizes)
def test_sum_of_the_hidden_groups_is_large_enough_to_be_known(counts):
    """Total minus shown groups gives the hidden groups as one: it must be a group that may be shown."""
    gone = hidden(counts)
    assert sum(gone) == 0 or sum(gone) >= MINIMUM or len(gone) == len(counts)


@settings(deadline=None)
@given(sizes)
def test_no_group_is_hidden_without_need(counts):
    """Where nobody is in a small group, nothing is hidden but empty groups."""
    if all(count == 0 or count >= MINIMUM for count in counts):
        assert all(count == 0 for count in hidden(counts))


@settings(deadline=None)
@given(sizes)
def test_suppressed_rows_carry_no_number_and_keep_their_name(counts):
    out = suppressed(counts)
    gone = out[out[SUPPRESSED]]
    assert gone[["n", "mean", "word"]].isna().all(axis=None)
    assert list(out["group"]) == list(table(counts)["group"])


@settings(deadline=None)
@given(sizes)
def test_shown_rows_are_unchanged(counts):
    out, before = suppressed(counts), table(counts)
    shown = ~out[SUPPRESSED]
    np.testing.assert_array_equal(out.loc[shown, "n"].astype(float), before.loc[shown, "n"])
    np.testing.assert_array_equal(out.loc[shown, "mean"].astype(float), before.loc[shown, "mean"])


@settings(deadline=None)
@given(sizes, st.integers(1, 5))
def test_order_of_the_groups_does_not_matter(counts, turn):
    turn %= len(counts)
    assert sorted(hidden(counts)) == sorted(hidden(counts[turn:] + counts[:turn]))


def test_single_small_group_takes_the_next_smallest_with_it():
    assert hidden([4, 60, 12, 30]) == [4, 12]


def test_groups_tied_for_next_smallest_are_hidden_together():
    assert hidden([4, 12, 12, 30]) == [4, 12, 12]


def test_two_very_small_groups_take_the_next_smallest_with_them():
    """Three people as one group are as recognisable as a group of three."""
    assert hidden([1, 2, 15, 40]) == [1, 2, 15]
    assert hidden([5, 6, 15, 40]) == [5, 6]


def test_empty_group_hides_nobody_and_covers_nobody():
    assert hidden([0, 20, 30]) == [0]
    assert hidden([0, 4, 20, 30]) == [0, 4, 20]


def test_each_total_is_protected_by_itself():
    frame = table([4, 60, 12, 30]).assign(grouping=["agency", "agency", "sector", "sector"])
    out = suppress_small_groups(frame, minimum=MINIMUM, keep=["group"], within="grouping")
    assert list(out[SUPPRESSED]) == [True, True, False, False]
    assert list(out["grouping"]) == list(frame["grouping"])


def test_groups_of_an_unnamed_grouping_are_judged_too():
    frame = table([4, 60]).assign(grouping=None)
    out = suppress_small_groups(frame, minimum=MINIMUM, keep=["group"], within="grouping")
    assert list(out[SUPPRESSED]) == [True, True]


def test_group_of_unknown_size_is_hidden():
    out = suppress_small_groups(table([20, 30]).assign(n=[np.nan, 30]), minimum=MINIMUM, keep=["group"])
    assert list(out[SUPPRESSED]) == [True, False]


@pytest.mark.parametrize("within", [None, "grouping"])
def test_table_without_groups_stays_without_groups(within):
    frame = table([]).assign(grouping=[])
    out = suppress_small_groups(frame, minimum=MINIMUM, keep=["group"], within=within)
    assert len(out) == 0
    assert SUPPRESSED in out.columns


def test_input_is_not_changed():
    frame = table([4, 60])
    suppress_small_groups(frame, minimum=MINIMUM, keep=["group"])
    pd.testing.assert_frame_equal(frame, table([4, 60]))


def nested(agencies: dict[str, tuple[str, int]]) -> pd.DataFrame:
    """People by sector and agency; agencies lie within sectors."""
    rows = [(sector, agency) for agency, (sector, n) in agencies.items() for _ in range(n)]
    return pd.DataFrame(rows, columns=["sector", "agency"])


def test_a_small_agency_cannot_be_found_as_its_sector_less_the_shown_agencies():
    people = nested({"A": ("one", 40), "B": ("one", 30), "C": ("two", 8), "D": ("two", 25), "E": ("two", 60)})
    gone = hidden_groups(people, ["agency", "sector"], MINIMUM)
    assert gone["sector"] == frozenset()
    assert gone["agency"] == {"C", "D"}


@given(
    st.lists(st.tuples(st.sampled_from(["one", "two", "three"]), st.integers(1, 40)), min_size=2, max_size=9),
)
def test_within_every_shown_sector_hidden_agencies_protect_each_other(sizes):
    people = nested({f"agency {number}": size for number, size in enumerate(sizes)})
    gone = hidden_groups(people, ["agency", "sector"], MINIMUM)
    for sector, members in people.groupby("sector"):
        counts = members["agency"].value_counts()
        assert (counts[~counts.index.isin(gone["agency"])] >= MINIMUM).all()
        inside = counts[counts.index.isin(gone["agency"])]
        if sector not in gone["sector"] and len(inside) and len(inside) < len(counts):
            assert len(inside) >= 2
            assert inside.sum() >= MINIMUM


def test_groupings_that_cross_do_not_hide_each_other():
    people = pd.DataFrame({"agency": ["A"] * 20 + ["B"] * 20, "gender": (["f"] * 10 + ["m"] * 10) * 2})
    assert hidden_groups(people, ["agency", "gender"], MINIMUM) == {"agency": frozenset(), "gender": frozenset()}


def test_a_share_beside_what_it_is_of_is_rounded_by_that_number():
    table = pd.DataFrame({"rule": ["long run", "flagged"], "n": [16, 200], "of": [800, 800], "share": [0.02, 0.25]})
    kept = Gate("03_cohort_quality", 800, 10).table("careless_rules", table)
    assert kept["share"].tolist() == [0.02, 0.25]  # and not 0: a step for sixteen people would be a quarter


@given(st.integers(MINIMUM, 2000), st.floats(-2, 2), st.floats(1e-6, 1))
@settings(max_examples=60, deadline=None)
def test_a_rounded_interval_is_never_narrower_than_it_was(n: int, change: float, margin: float) -> None:
    """Thirty-four people stood with a change of 0.00 [0.00, 0.00]."""
    exact = pd.DataFrame({"n": [n], "change": [change], "lower": [change - margin], "upper": [change + margin]})
    kinds = Kinds("n", frozenset({"change", "lower", "upper"}))
    kept, tiny = Gate("11_change", n, MINIMUM).table("wave_changes", exact, kinds).iloc[0], 1e-6
    assert kept["lower"] <= change - margin + tiny and change + margin - tiny <= kept["upper"]
    assert kept["lower"] <= kept["change"] <= kept["upper"]
