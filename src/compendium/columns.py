"""Columns of text in which every different cell is held once: a million people in one machine's memory.

A table of responses is kept so from the file to the checked answers. Each column is a pandas categorical of texts; a
cell that is missing has no category. What is asked of a cell is asked of the different texts only.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from compendium.bounds import LONGEST_CELL, LONGEST_NAME, MOST_COLUMNS, MOST_ROWS

if TYPE_CHECKING:
    import pyarrow as pa

# Signs from which on a table is read so; a small one is read faster row by row.
LARGE = 2_000_000
# Bytes of a large file that are split into columns at once.
BLOCK = 1 << 23


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

    def add(self, chunk: pa.DictionaryArray) -> None:
        """Add the cells of a block; spaces around a text do not count."""
        known = self.known
        texts = (text.strip() for text in chunk.dictionary.to_pylist())
        places = np.array([known.setdefault(text, len(known)) for text in texts], dtype=np.int64)
        self.parts.append(places.astype(np.min_scalar_type(-max(len(known), 1)))[chunk.indices.to_numpy()])


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
    """Read a large table without quotation marks, every row as wide as the header.

    Returns
    -------
    PlainTable or None
        None for any other table, and for one beyond the bounds: who reads it row by row can say what is wrong, and
        where.
    """
    if len(text) < LARGE or '"' in text:
        return None
    header = [name.strip() for name in text[: text.find("\n")].split(delimiter)]
    # A million columns cost minutes: they are counted first.
    read = _read(text, delimiter, len(header)) if len(header) <= MOST_COLUMNS else None
    if read is None or any(len(cell) > LONGEST_CELL for column in read for cell in column.known):
        return None
    cells = [list(column.known) for column in read]
    places = [np.concatenate(column.parts)[1:] for column in read]
    while len(header) > 1 and not header[-1] and set(np.array(cells[-1], dtype=object)[places[-1]]) <= {""}:
        del header[-1], cells[-1], places[-1]
    return None if max(map(len, header)) > LONGEST_NAME else PlainTable(header, cells, places)


def _read(text: str, delimiter: str, width: int) -> list[_Growing] | None:
    """Read the rows, header included, block by block; None where a row is shorter or longer, or where rows abound."""
    import pyarrow as pa
    from pyarrow import csv

    names = [str(place) for place in range(width)]
    columns = [_Growing() for _ in names]
    rows = 0
    try:
        blocks = csv.open_csv(
            pa.py_buffer(text.encode()),
            csv.ReadOptions(column_names=names, block_size=BLOCK),
            csv.ParseOptions(delimiter=delimiter, quote_char=False, ignore_empty_lines=False),
            csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.dictionary(pa.int32(), pa.string())), strings_can_be_null=False
            ),
        )
        for block in blocks:
            rows += block.num_rows
            if rows > MOST_ROWS:
                return None
            for column, chunk in zip(columns, block.columns, strict=True):
                column.add(chunk)
    except pa.ArrowInvalid:
        return None
    return columns
