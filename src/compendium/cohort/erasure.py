"""Taking one person's rows out of a file, every other byte as it was, or saying what to do where that is not safe."""

from __future__ import annotations

import csv
import io
import warnings
import zipfile
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from compendium.faults import Fault, InvalidInput, display_path
from compendium.importers.files import DELIMITERS, kind_of, workbook_rows
from compendium.importers.statistics_files import read_statistics_file

# Names of columns stand in one of these rows.
HEADER_ROWS = 3
# Parts of a workbook that hold nothing but its cells and their looks; others (pivot caches, tables, comments, macros)
# can keep a copy of a row, or point to rows by number, and rewriting would lose or break them.
PLAIN_PARTS = (
    "[Content_Types].xml", "_rels/.rels", "docProps/app.xml", "docProps/core.xml", "xl/workbook.xml", "xl/styles.xml",
    "xl/_rels/workbook.xml.rels", "xl/sharedStrings.xml", "xl/theme/theme1.xml", "xl/calcChain.xml",
)  # fmt: skip


@dataclass(frozen=True)
class Change:
    """What is left of a file, and how many rows went, when a person is taken out.

    Attributes
    ----------
    content : bytes
        The file without the person.
    rows : int
        Rows that were taken out.
    """

    content: bytes
    rows: int


def without_person(path: Path, columns: Collection[str], person: str, encoding: str, sheet: str | None) -> Change:
    """Return a file without the rows that name a person in one of some columns; nothing is written.

    Parameters
    ----------
    columns
        Names of the columns of ids.
    encoding
        Encoding of a text file without a byte-order mark.
    sheet
        Sheet of a workbook.

    Raises
    ------
    InvalidInput
        When the person has rows in a file that cannot be rewritten without loss; it says which rows and what to do.
    """
    kind = kind_of(path)
    if kind == "text":
        return _of_text(path, columns, person, encoding)
    if kind == "workbook":
        return _of_workbook(path, columns, person, sheet)
    rows = _rows_of_statistics(path, columns, person, kind)
    if rows:
        words = "SPSS: SELECT IF NOT (...), then SAVE" if kind == "sav" else "Stata: drop if ..., then save"
        raise _by_hand(path, rows, f"in {words}; this format cannot be rewritten here without losing what it holds")
    return Change(path.read_bytes(), 0)


def _of_text(path: Path, columns: Collection[str], person: str, encoding: str) -> Change:
    """Take rows out of a delimited file, whatever its delimiter and however many header rows it has."""
    content = path.read_bytes()
    used = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}.get(content[:2], encoding)
    lines = io.StringIO(content.decode(used), newline="").readlines()
    for delimiter in DELIMITERS:
        kept, taken, known = _kept_lines(lines, delimiter, columns, person)
        if known:
            return Change("".join(kept).encode(used), taken)
    return Change(content, 0)


def _kept_lines(
    lines: Sequence[str], delimiter: str, columns: Collection[str], person: str
) -> tuple[list[str], int, bool]:
    """Return the lines that stay, how many rows go, and whether a column of ids was found."""
    reader = csv.reader(iter(lines), delimiter=delimiter)
    kept: list[str] = []
    places: set[int] = set()
    begun = taken = 0
    for number, cells in enumerate(reader):
        record = "".join(lines[begun : reader.line_num])
        begun = reader.line_num
        if number < HEADER_ROWS:
            places |= _places(cells, columns)
        if any(place < len(cells) and cells[place].strip() == person for place in places):
            taken += 1
            continue
        kept.append(record)
    return kept, taken, bool(places)


def _places(cells: Sequence[str], columns: Collection[str]) -> set[int]:
    """Return where the columns of ids are, by a row of the header."""
    return {place for place, cell in enumerate(cells) if cell.strip("\ufeff \t") in columns}


def _of_workbook(path: Path, columns: Collection[str], person: str, sheet: str | None) -> Change:
    """Take rows out of a workbook that holds nothing but cells."""
    import openpyxl

    read = workbook_rows(path, sheet)
    places = {place for cells in read.cells[:HEADER_ROWS] for place in _places(cells, columns)}
    rows = [
        number
        for number, cells in zip(read.numbers, read.cells, strict=True)
        if any(place < len(cells) and cells[place].strip() == person for place in places)
    ]
    if not rows:
        return Change(path.read_bytes(), 0)
    if (why := _more_than_cells(path)) is not None:
        raise _by_hand(path, rows, f"in a spreadsheet, and save it: the workbook holds {why}, which may keep a copy")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        book = openpyxl.load_workbook(path)
    chosen = book[sheet] if sheet else next(each for each in book.worksheets if each.max_row > 1 or each.max_column > 1)
    formulas = any(cell.data_type == "f" for each in book.worksheets for row in each.iter_rows() for cell in row)
    if formulas or chosen.merged_cells.ranges:
        raise _by_hand(path, rows, "in a spreadsheet, and save it: formulas or merged cells would point elsewhere")
    for number in sorted(rows, reverse=True):
        chosen.delete_rows(number)
    stream = io.BytesIO()
    book.save(stream)
    return Change(stream.getvalue(), len(rows))


def _more_than_cells(path: Path) -> str | None:
    """Name the first part of a workbook that is neither cells nor their looks, or None."""
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            sheet = name.startswith("xl/worksheets/sheet") and name.endswith(".xml")
            if not sheet and name not in PLAIN_PARTS:
                return name
    return None


def _rows_of_statistics(path: Path, columns: Collection[str], person: str, kind: str) -> list[int]:
    """Return the rows of a person in a file of a statistics program."""
    table = read_statistics_file(path, kind).table
    named = [column for column in table.columns if column in columns]
    found = (table[named] == person).any(axis=1) if named else table.index == 0
    return [int(row) for row in table.index[found]]


def _by_hand(path: Path, rows: Sequence[int], how: str) -> InvalidInput:
    """Return the fault that says which rows to take out by hand."""
    shown = ", ".join(str(row) for row in rows)
    action = f"take row{'s' if len(rows) > 1 else ''} {shown} out {how}; then run compendium withdraw again"
    return InvalidInput(
        [Fault(display_path(path), "the person's rows cannot be taken out of this file safely", action)]
    )
