"""Columns of text in which every different cell is held once: a million people in one machine's memory.

A table of responses is kept so from the file to the checked answers. Each column is a pandas categorical of texts; a
cell that is missing has no category. What is asked of a cell is asked of the different texts only.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import islice

import numpy as np
import pandas as pd

from compendium.bounds import LONGEST_CELL, LONGEST_NAME, MOST_COLUMNS, MOST_ROWS

# Signs from which on a table is read so; a small one is read faster row by row.
LARGE = 2_000_000
# Bytes, and rows of a file with quotation marks, that are split into columns at once.
BLOCK, ROWS = 1 << 23, 10_000


def in_categories(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table of text with every different cell of a column held once."""
    columns = {place: as_column(table.iloc[:, place]) for place in range(table.shape[1])}
    return pd.DataFrame(columns, index=table.index).set_axis(table.columns, axis=1)


def as_column(values: pd.Series) -> pd.Series:
    """Return texts with every different one held once; None is missing."""
    if isinstance(values.dtype, pd.CategoricalDtype):
        return values
    places, different = pd.factorize(values.to_numpy(dtype=object))
    return _column(places, different, values)


def _column(places: np.ndarray, different: Sequence[str] | np.ndarray, like: pd.Series) -> pd.Series:
    """Return a column by where its cells stand among the different texts."""
    texts = pd.Index(np.asarray(different, dtype=object), dtype=object)
    return pd.Series(pd.Categorical.from_codes(places, texts), index=like.index, name=like.name)


def without_unused(column: pd.Series) -> pd.Series:
    """Return a column without the texts that no cell holds."""
    counts = counted(column)
    if len(counts) == len(column.cat.categories):
        return column
    places = np.append(counts.index.get_indexer(column.cat.categories), -1)
    return _column(places[column.cat.codes.to_numpy()], counts.index.to_numpy(), column)


def recoded(column: pd.Series, text_of: Callable[[str], str | None]) -> pd.Series:
    """Return a column with every different text put otherwise; None makes its cells missing."""
    told = [text_of(text) for text in column.cat.categories]
    different = list(dict.fromkeys(text for text in told if text is not None))
    places = {text: place for place, text in enumerate(different)}
    found = np.array([*(-1 if text is None else places[text] for text in told), -1])
    return _column(found[column.cat.codes.to_numpy()], different, column)


def numbers_of(column: pd.Series, number_of: Callable[[str], float] = float) -> pd.Series[float]:
    """Return the number that each cell of a column stands for; NaN where it is missing."""
    known = np.array([*map(number_of, column.cat.categories), np.nan])
    return pd.Series(known[column.cat.codes.to_numpy()], index=column.index, name=column.name)


def texts_of(column: pd.Series) -> pd.Series:
    """Return a column as plain text, None where it is missing."""
    texts = np.array([*column.cat.categories, None], dtype=object)
    return pd.Series(texts[column.cat.codes.to_numpy()], index=column.index, name=column.name, dtype=object)


def counted(column: pd.Series) -> pd.Series[int]:
    """Count the cells of each different text, in order of appearance; texts that no cell holds are left out."""
    there = column.cat.codes.to_numpy().astype(np.intp) + 1
    counts = np.bincount(there, minlength=len(column.cat.categories) + 1)[1:]
    return pd.Series(counts, index=column.cat.categories, name=column.name)[counts > 0]


def stacked(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Return tables below one another; a column that one of them lacks is blank there."""
    if len(tables) == 1:
        return tables[0]
    names = list(dict.fromkeys(name for table in tables for name in table.columns))
    index = tables[0].index.append([table.index for table in tables[1:]])
    columns = {}
    for name in names:
        parts = [
            table[name].array if name in table else pd.Categorical([""] * len(table), categories=_blank())
            for table in tables
        ]
        columns[name] = pd.Series(pd.api.types.union_categoricals(parts), index=index)
    return pd.DataFrame(columns, index=index)


def _blank() -> pd.Index:
    """Return the one text of a blank column."""
    return pd.Index([""], dtype=object)


@dataclass
class _Growing:
    """A column while it is read block by block: its different texts, and where each cell stands among them."""

    known: dict[str, int] = field(default_factory=dict)
    parts: list[np.ndarray] = field(default_factory=list)

    def add(self, texts: Iterable[str], places: np.ndarray | None = None) -> None:
        """Add the cells of a block, or its different texts and where they stand; spaces around a text do not count."""
        known = self.known
        found = np.array([known.setdefault(text.strip(), len(known)) for text in texts], dtype=np.int64)
        small = found.astype(np.min_scalar_type(-max(len(known), 1)))
        self.parts.append(small if places is None else small[places])


@dataclass(frozen=True)
class PlainTable:
    """A table with one header row: the names, and for each column its different cells and where each stands."""

    header: list[str]
    cells: list[list[str]]
    places: list[np.ndarray]

    def table(self) -> pd.DataFrame:
        """Return the rows that hold anything, in categories; the index is the row number in the file."""
        rows = np.zeros(len(self.places[0]), dtype=bool)
        for cells, places in zip(self.cells, self.places, strict=True):
            rows |= (np.array(cells, dtype=object) != "")[places]
        index = pd.Index(np.flatnonzero(rows) + 2, name="row", dtype="int64")
        like = pd.Series(False, index=index)
        columns = {
            name: without_unused(_column(places[rows], cells, like))
            for name, cells, places in zip(self.header, self.cells, self.places, strict=True)
        }
        return pd.DataFrame(columns, index=index)


def read_plain(text: str, delimiter: str) -> PlainTable | None:
    """Read a large table of which every row that holds anything is as wide as the header.

    Returns
    -------
    PlainTable or None
        None for any other table, and for one beyond the bounds: who reads it row by row can say what is wrong, and
        where.
    """
    if len(text) < LARGE:
        return None
    header = _first_row(text, delimiter)
    # A million columns cost minutes: they are counted first.
    if not header or len(header) > MOST_COLUMNS:
        return None
    read = (_read_quoted if '"' in text else _read)(text, delimiter, len(header))
    if read is None or any(len(cell) > LONGEST_CELL for column in read for cell in column.known):
        return None
    cells = [list(column.known) for column in read]
    places = [np.concatenate(column.parts)[1:] for column in read]
    while len(header) > 1 and not header[-1] and set(np.array(cells[-1], dtype=object)[places[-1]]) <= {""}:
        del header[-1], cells[-1], places[-1]
    return None if max(map(len, header)) > LONGEST_NAME else PlainTable(header, cells, places)


def _first_row(text: str, delimiter: str) -> list[str]:
    """Return the cells of the first row; none where it cannot be read."""
    try:
        return [name.strip() for name in next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), [])]
    except csv.Error:
        return []


def _read_quoted(text: str, delimiter: str, width: int) -> list[_Growing] | None:
    """Read the rows of a table with quotation marks as :func:`_read` does."""
    columns = [_Growing() for _ in range(width)]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    blank, rows = [""] * width, 0
    try:
        while block := [row if any(row) else blank for row in islice(reader, ROWS)]:
            rows += len(block)
            if rows > MOST_ROWS or any(len(row) != width for row in block):
                return None
            for column, cells in zip(columns, zip(*block, strict=True), strict=True):
                column.add(cells)
    except csv.Error:
        return None
    return columns


def _read(text: str, delimiter: str, width: int) -> list[_Growing] | None:
    """Read the rows, header included, block by block; None where a row is shorter or longer, or where rows abound."""
    import pyarrow as pa
    from pyarrow import csv as tables

    names = [str(place) for place in range(width)]
    columns = [_Growing() for _ in names]
    rows = 0
    try:
        blocks = tables.open_csv(
            pa.py_buffer(text.encode()),
            tables.ReadOptions(column_names=names, block_size=BLOCK),
            tables.ParseOptions(delimiter=delimiter, quote_char=False, ignore_empty_lines=False),
            tables.ConvertOptions(
                column_types=dict.fromkeys(names, pa.dictionary(pa.int32(), pa.string())), strings_can_be_null=False
            ),
        )
        for block in blocks:
            rows += block.num_rows
            if rows > MOST_ROWS:
                return None
            for column, chunk in zip(columns, block.columns, strict=True):
                column.add(chunk.dictionary.to_pylist(), chunk.indices.to_numpy())
    except pa.ArrowInvalid:
        return None
    return columns
