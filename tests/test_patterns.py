"""Rows that are alike are found once, and values that are alike are ranked once."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import rankdata

from psychometrics._patterns import distinct_rows
from psychometrics._ranks import mid_ranks


@given(st.integers(0, 10_000), st.integers(1, 6), st.integers(1, 80))
def test_rows_are_alike_where_every_value_is_and_gaps_are_like_gaps(seed: int, n_columns: int, n_rows: int) -> None:
    rng = np.random.default_rng(seed)
    table = rng.choice([-1.5, 0.0, 2.0, np.nan], size=(n_rows, n_columns))
    first, membership = distinct_rows(table)
    np.testing.assert_array_equal(table[first][membership], table)
    known = {tuple(row) for row in np.nan_to_num(table, nan=99.0).tolist()}
    assert len(first) == len(known)
    assert (np.diff(first) > 0).all()


@pytest.mark.parametrize("n_columns", [60, 200])
def test_rows_of_very_many_columns_are_told_apart(n_columns: int) -> None:
    """The number that stands for a row of so many columns would be larger than a whole number can be."""
    table = np.random.default_rng(1).integers(0, 5, (300, n_columns)).astype(float)
    table[150:] = table[:150]
    table[299, -1] += 1
    first, membership = distinct_rows(table)
    assert first.tolist() == [*range(150), 299]
    assert membership.tolist() == [*range(150), *range(149), 150]


@given(st.lists(st.sampled_from([-2.0, 0.5, 1.0, 7.0]) | st.floats(-1e6, 1e6), min_size=1, max_size=60))
def test_ranks_from_counts_are_those_of_sorted_values(values: list[float]) -> None:
    np.testing.assert_array_equal(mid_ranks(np.array(values)), rankdata(values))
