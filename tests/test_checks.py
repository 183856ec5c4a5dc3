"""The front door for input: what comes in by any name goes out by the same, and refusals name what is wrong."""

from __future__ import annotations

import datetime
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from psychometrics import _checks as checks
from psychometrics.errors import (
    CodingError,
    ConstantItemError,
    InputShapeError,
    PsychometricsError,
    TooFewPersonsError,
)

LABELS = st.one_of(
    st.integers(-5, 5),
    st.text(max_size=3),
    st.floats(allow_nan=False, allow_infinity=False, width=16),
    st.tuples(st.integers(0, 2), st.text(max_size=1)),
    st.dates(datetime.date(2026, 1, 1), datetime.date(2026, 1, 9)),
    st.none(),
)


def table_of(labels: list[Any], n: int = 4) -> pd.DataFrame:
    values = np.arange(n * len(labels), dtype=float).reshape(n, len(labels))
    return pd.DataFrame(values, columns=pd.Index(labels, tupleize_cols=False, dtype=object))


@given(st.lists(LABELS, min_size=1, max_size=6, unique=True))
def test_any_hashable_names_come_out_as_they_went_in(labels: list[Any]) -> None:
    taken = checks.numeric_table(table_of(labels))
    assert list(taken.columns) == labels
    assert checks.scales_of(taken, dict.fromkeys(labels, "one")) == {"one": labels}
    assert checks.constant_items(taken.assign(**{"fixed item": 1.0})) == ("fixed item",)
    texts = checks.text_names(labels)
    assert len(set(texts)) == len(texts) == len(labels)
    assert all(isinstance(text, str) for text in texts)


def test_a_two_level_header_becomes_pairs() -> None:
    table = pd.DataFrame(np.eye(2), columns=pd.MultiIndex.from_tuples([("a", 1), ("a", 2)]))
    assert list(checks.numeric_table(table).columns) == [("a", 1), ("a", 2)]


@pytest.mark.parametrize("dtype", ["Int64", "Float64", "boolean", "float32", "int8", "category", "object"])
def test_every_numeric_dtype_is_read_and_missing_is_missing(dtype: str) -> None:
    whole = [1, 0, 1] if dtype in ("boolean", "int8") else [1, None, 0]
    column = pd.Series(whole, name="x").astype("Int64" if dtype == "category" else dtype)
    column = column.astype("category") if dtype == "category" else column
    taken = checks.numeric_column(column, "score")
    assert taken.dtype == float
    assert np.isnan(taken.to_numpy()).tolist() == [value is None for value in whole]


@pytest.mark.parametrize(
    ("table", "error", "message"),
    [
        ([[1, 2]], InputShapeError, "must be a DataFrame"),
        (pd.DataFrame([[1, 2]], columns=[0, 0]), InputShapeError, "repeated items: 0"),
        (pd.DataFrame({"a": [1]}), InputShapeError, "needs at least 2 items, got 1"),
        (pd.DataFrame({"a": [1], "b": [2]}), TooFewPersonsError, "needs at least 3 persons, got 1"),
        (pd.DataFrame({"a": [1, 2, 3], 7: ["x", "y", "z"]}), CodingError, "item 7 holds values that are not numbers"),
        (pd.DataFrame({"a": [1, 2, 3], 7: [1, 2, np.inf]}), CodingError, "item 7 holds infinite values"),
    ],
)
def test_tables_are_refused_by_name(table: Any, error: type[PsychometricsError], message: str) -> None:
    with pytest.raises(error, match=message):
        checks.numeric_table(table, minimum_columns=2, minimum_rows=3)


def test_codes_are_refused_all_at_once() -> None:
    table = pd.DataFrame({0: [1.0, 9, 9, np.nan], 1: [1, 2.5, 3, 4], 2: [1.0, 2, 3, 4]})
    with pytest.raises(CodingError, match=r"codes 1 to 5: 0 \(2 answers: 9\); 1 \(1 answers: 2.5\)"):
        checks.whole_codes(table, 1, 5)
    with pytest.raises(CodingError, match=r"no whole numbers: 1 \(1 answers: 2.5\)"):
        checks.whole_codes(table)


def test_constant_columns_are_found_whatever_is_missing() -> None:
    table = pd.DataFrame({0: [2.0, 2, np.nan], 1: [np.nan] * 3, 2: [1.0, 2, np.nan]})
    assert checks.constant_items(table) == (0, 1)
    with pytest.raises(ConstantItemError, match="constant items: 0, 1"):
        checks.refuse_constant(table)


def test_scales_that_do_not_fit_are_refused() -> None:
    table = table_of([0, 1])
    with pytest.raises(InputShapeError, match="items without a scale: 1"):
        checks.scales_of(table, {0: "a"})
    with pytest.raises(InputShapeError, match="unknown items: 2"):
        checks.scales_of(table, {0: "a", 1: "a", 2: "a"})


@pytest.mark.parametrize(
    ("clusters", "error", "message"),
    [
        ([1, 1], InputShapeError, "name 2 rows and there are 3"),
        ([1, None, 2], InputShapeError, "1 persons have no cluster"),
        ([1, 1, 1], TooFewPersonsError, "at least two clusters"),
    ],
)
def test_clusters_are_refused(clusters: list[Any], error: type[PsychometricsError], message: str) -> None:
    with pytest.raises(error, match=message):
        checks.cluster_codes(clusters, 3)


def test_options_are_refused_with_what_is_allowed() -> None:
    with pytest.raises(InputShapeError, match=r"missing must be 'listwise' or 'pairwise', not 'listwse' \(did you"):
        checks.one_of("listwse", ("listwise", "pairwise"), "missing")
    with pytest.raises(InputShapeError, match="confidence must lie between 0 and 1, got nan"):
        checks.share(float("nan"))
    with pytest.raises(InputShapeError, match="n_resamples must be at least 2, got nan"):
        checks.at_least(float("nan"), 2, "n_resamples")
