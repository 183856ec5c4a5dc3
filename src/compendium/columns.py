"""Large plain tables read by columns, every different cell held once: a million people in one machine's memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from compendium.bounds import LONGEST_CELL, LONGEST_NAME, MOST_COLUMNS, MOST_ROWS

if TYPE_CHECKING:
    import pyarrow as pa

# Signs from which on a table is read so; a small one is read faster row by row.
LARGE = 2_000_000


@dataclass(frozen=True)
class PlainTable:
    """A table with one header row: the names, and for each column its different cells and where each stands."""

    header: list[str]
    cells: list[np.ndarray]
    places: list[np.ndarray]

    def table(self) -> pd.DataFrame:
        """Return the rows that hold anything, as text; the index is the row number in the file."""
        rows = np.zeros(len(self.places[0]), dtype=bool)
        for cells, places in zip(self.cells, self.places, strict=True):
            rows |= (cells != "")[places]
        index = pd.Index(np.flatnonzero(rows) + 2, name="row", dtype="int64")
        columns = {
            name: cells[places[rows]] for name, cells, places in zip(self.header, self.cells, self.places, strict=True)
        }
        return pd.DataFrame(columns, index=index, dtype=object)


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
    if read is None or read.num_rows > MOST_ROWS:
        return None
    cells, places = [], []
    for column in read.unify_dictionaries().columns:
        chunks = column.chunks
        different = np.array([cell.strip() for cell in chunks[0].dictionary.to_pylist()], dtype=object)
        if max(map(len, different), default=0) > LONGEST_CELL:
            return None
        cells.append(different)
        places.append(np.concatenate([chunk.indices.to_numpy() for chunk in chunks])[1:])
    while len(header) > 1 and not header[-1] and not (cells[-1] != "")[places[-1]].any():
        del header[-1], cells[-1], places[-1]
    return None if max(map(len, header)) > LONGEST_NAME else PlainTable(header, cells, places)


def _read(text: str, delimiter: str, width: int) -> pa.Table | None:
    """Read the rows, header included, as dictionaries of text; None where a row is shorter or longer."""
    import pyarrow as pa
    from pyarrow import csv

    names = [str(place) for place in range(width)]
    try:
        return csv.read_csv(
            pa.py_buffer(text.encode()),
            csv.ReadOptions(column_names=names),
            csv.ParseOptions(delimiter=delimiter, quote_char=False, ignore_empty_lines=False),
            csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.dictionary(pa.int32(), pa.string())), strings_can_be_null=False
            ),
        )
    except pa.ArrowInvalid:
        return None
