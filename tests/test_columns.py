"""A large table read by columns is the table read row by row, or is left to who can say what is wrong with it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compendium import columns
from compendium.faults import InvalidInput
from compendium.inputs import read_columns, read_table

CELLS = st.text(st.sampled_from(" \tabÄ7.-;'\"|\r\n漢"), max_size=4)
TABLES = st.lists(st.lists(CELLS, min_size=1, max_size=4), min_size=1, max_size=6)


def read(path: Path) -> pd.DataFrame | tuple[str, ...]:
    """Return the table, or the report of what is wrong with the file."""
    try:
        return read_columns(path)
    except InvalidInput as error:
        return tuple(str(fault) for fault in error.faults)


def texts(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table of columns as plain text."""
    return table.apply(columns.texts_of).astype(object)


@settings(max_examples=300, deadline=None)
@given(TABLES, st.booleans())
def test_both_ways_read_the_same_table_or_find_the_same_faults(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]], ends: bool
) -> None:
    path = tmp_path_factory.mktemp("tables") / "table.csv"
    path.write_bytes("\n".join([",".join(row) for row in [["a", "b"], *rows]]).encode() + (b"\n" if ends else b""))
    by_rows = read(path)
    with pytest.MonkeyPatch.context() as changed:
        changed.setattr(columns, "LARGE", 0)
        changed.setattr(columns, "ROWS", 2)
        by_columns = read(path)
    if isinstance(by_rows, tuple) or isinstance(by_columns, tuple):
        assert by_columns == by_rows
    else:
        pd.testing.assert_frame_equal(texts(by_columns), texts(by_rows))


@pytest.mark.parametrize(
    "text",
    [
        "a,b\n1,2\n",
        '"a","b"\n"1"," 2 ""x"""\n\n"3","4\n5"\n',
        "a, b \n 1 ,2\n\n3,\n",
        "a,b,\n1,2,\n,,\n3,4,\n",
        "a\n1\n\n2\n",
        "a,b\r\n1,2\r\n",
    ],
    ids=[
        "plain",
        "quotation marks",
        "spaces and a blank row",
        "a blank column",
        "one column",
        "ends of lines from Windows",
    ],
)
def test_plain_tables_are_read_by_columns(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "table.csv"
    path.write_bytes(text.encode())
    by_rows = read_columns(path)
    monkeypatch.setattr(columns, "LARGE", 0)
    monkeypatch.setattr(columns, "BLOCK", 64)
    by_columns = read_columns(path)
    pd.testing.assert_frame_equal(texts(by_columns), read_table(path))
    pd.testing.assert_frame_equal(texts(by_columns), texts(by_rows))


def test_a_cell_that_many_gave_is_held_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(columns, "LARGE", 0)
    read = columns.read_plain("a,b\n" + "1,2\n" * 500, ",")
    assert read is not None
    table = read.table()
    assert list(table["a"].cat.categories) == ["1"]
    assert table.shape == (500, 2)


COLUMNS = st.lists(st.none() | st.sampled_from(["", "1", "2", " 1", "Ä"]), max_size=12)


@given(COLUMNS)
def test_what_is_asked_of_the_different_texts_is_answered_for_every_cell(cells: list[str | None]) -> None:
    plain = pd.Series(cells, index=range(5, 5 + len(cells)), dtype=object, name="x")
    column = columns.as_column(plain)
    pd.testing.assert_series_equal(columns.texts_of(column), plain)
    told = {"1": "one", " 1": "one", "2": None}
    expected = [None if cell is None else told.get(cell, cell) for cell in cells]
    changed = columns.recoded(column, lambda text: told.get(text, text))
    assert columns.texts_of(changed).tolist() == expected
    assert dict(columns.counted(changed)) == Counter(cell for cell in expected if cell is not None)
    numbers = columns.numbers_of(column, len)
    assert [None if np.isnan(number) else int(number) for number in numbers] == [
        None if cell is None else len(cell) for cell in cells
    ]
    kept = column[[place % 2 == 0 for place in range(len(cells))]]
    assert set(columns.without_unused(kept).cat.categories) == {cell for cell in cells[::2] if cell is not None}
    assert columns.texts_of(columns.without_unused(kept)).tolist() == cells[::2]


@given(st.lists(st.tuples(COLUMNS, st.booleans()), min_size=1, max_size=4))
def test_files_below_one_another_keep_every_cell(files: list[tuple[list[str | None], bool]]) -> None:
    plain = [pd.DataFrame({"a": cells, **({"b": cells} if both else {})}, dtype=object) for cells, both in files]
    whole = columns.stacked([columns.in_categories(table) for table in plain])
    assert columns.texts_of(whole["a"]).tolist() == [cell for cells, _ in files for cell in cells]
    if "b" in whole:
        told = [cell for cells, both in files for cell in (cells if both else [""] * len(cells))]
        assert columns.texts_of(whole["b"]).tolist() == told
