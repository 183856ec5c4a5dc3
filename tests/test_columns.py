"""A large table read by columns is the table read row by row, or is left to who can say what is wrong with it."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compendium import columns
from compendium.faults import InvalidInput
from compendium.inputs import read_table

CELLS = st.text(st.sampled_from(" \tabÄ7.-;'\"|\r\n漢"), max_size=4)
TABLES = st.lists(st.lists(CELLS, min_size=1, max_size=4), min_size=1, max_size=6)


def read(path: Path) -> pd.DataFrame | tuple[str, ...]:
    """Return the table, or the report of what is wrong with the file."""
    try:
        return read_table(path)
    except InvalidInput as error:
        return tuple(str(fault) for fault in error.faults)


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
        by_columns = read(path)
    if isinstance(by_rows, tuple) or isinstance(by_columns, tuple):
        assert by_columns == by_rows
    else:
        pd.testing.assert_frame_equal(by_columns, by_rows)


@pytest.mark.parametrize(
    "text",
    ["a,b\n1,2\n", "a, b \n 1 ,2\n\n3,\n", "a,b,\n1,2,\n,,\n3,4,\n", "a\n1\n\n2\n", "a,b\r\n1,2\r\n"],
    ids=["plain", "spaces and a blank row", "a blank column", "one column", "ends of lines from Windows"],
)
def test_plain_tables_are_read_by_columns(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "table.csv"
    path.write_bytes(text.encode())
    by_rows = read_table(path)
    monkeypatch.setattr(columns, "LARGE", 0)
    pd.testing.assert_frame_equal(read_table(path), by_rows)


def test_a_cell_that_many_gave_is_held_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(columns, "LARGE", 0)
    read = columns.read_plain("a,b\n" + "1,2\n" * 500, ",")
    assert read is not None
    table = read.table()
    assert len({id(cell) for cell in table["a"]}) == 1
    assert table.shape == (500, 2)
