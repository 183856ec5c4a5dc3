"""Rows of text from a file, whatever its kind: told by content, never by the ending of its name."""

from __future__ import annotations

import csv
import datetime
import io
import re
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Literal

from compendium.faults import Fault, InvalidInput, display_path
from compendium.inputs import undecodable

Kind = Literal["text", "workbook", "sav", "dta"]

SPSS, STATA, ZIP, OLD_OFFICE = (b"$FL2", b"$FL3"), b"<stata_dta>", b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
#: Other kinds of files that people hand in by mistake: first bytes, name, and what to do.
WRONG_KINDS = (
    (OLD_OFFICE, "an old Excel workbook (.xls)", "open it and save it as .xlsx or CSV"),
    (b"%PDF", "a PDF", "export the answers as CSV or as a workbook"),
    (b"\x1f\x8b", "a gzip archive", "unpack it first"),
    (b"RDX", "an R data file", "write it as CSV, or as .sav with haven"),
    (b"<!DOCTYPE", "a web page", "export the answers as CSV or as a workbook"),
    (b"<html", "a web page", "export the answers as CSV or as a workbook"),
    (b"{", "JSON", "export the answers as CSV or as a workbook"),
)
DELIMITERS = (",", ";", "\t", "|")
#: Readers stop here: a survey of people has fewer columns, and a file with more is another kind of file.
MOST_COLUMNS = 5_000
#: Signs of a long row, where the first rows of a file are wanted only.
LONGEST_ROW = 10_000


@dataclass(frozen=True)
class Rows:
    """Rows of text cells with their numbers in the file, the first row included."""

    cells: list[list[str]]
    numbers: list[int]
    delimiter: str = ""

    def after(self, header_rows: int) -> list[tuple[int, list[str]]]:
        """Return the rows below the header that hold anything."""
        below = zip(self.numbers[header_rows:], self.cells[header_rows:], strict=True)
        return [(number, cells) for number, cells in below if any(cells)]


def refuse(path: Path, problem: str, action: str, **place: Any) -> InvalidInput:
    """Return the error for a file with one fault."""
    return InvalidInput([Fault(display_path(path), problem, action, **place)])


def kind_of(path: Path) -> Kind:
    """Say what kind of file this is by its first bytes.

    Raises
    ------
    InvalidInput
        When it is missing, empty, or of a kind that holds no answers.
    """
    if not path.is_file():
        raise refuse(path, "the file is missing", "put it there, or mend its name")
    with path.open("rb") as stream:
        start = stream.read(512).removeprefix(b"\xef\xbb\xbf").lstrip()
    if not start:
        raise refuse(path, "the file is empty", "export it again")
    if start.startswith(SPSS):
        return "sav"
    if start.startswith(STATA) or _is_old_stata(start, path):
        return "dta"
    if start.startswith(ZIP):
        return _of_archive(path)
    for mark, name, action in WRONG_KINDS:
        if start.lower().startswith(mark.lower()):
            raise refuse(path, f"this is {name}", action)
    return "text"


def _is_old_stata(start: bytes, path: Path) -> bool:
    """Say whether this looks like Stata's format before version 13, which has no readable mark."""
    return path.suffix.lower() == ".dta" and start[:1] in (b"\x71", b"\x72", b"\x73")


def _of_archive(path: Path) -> Kind:
    """Tell a workbook from other archives."""
    import zipfile

    try:
        names = zipfile.ZipFile(path).namelist()
    except zipfile.BadZipFile as error:
        problem = "a workbook or another zip archive that is cut off or damaged"
        raise refuse(path, problem, "export it again") from error
    if any(name.startswith("xl/") for name in names):
        return "workbook"
    if any(name.startswith("word/") for name in names):
        raise refuse(path, "this is a Word document", "export the answers as CSV or as a workbook")
    if "content.xml" in names:
        raise refuse(path, "this is an OpenDocument file", "save it as .xlsx or CSV")
    action = "unpack it and name the file that holds the answers"
    raise refuse(path, f"this is a zip archive of {len(names)} files", action)


def text_rows(path: Path, encoding: str = "utf-8", delimiter: str = "", most: int | None = None) -> Rows:
    """Read a text file as rows of cells, or the first rows of it.

    The delimiter is the one that splits the first row into most cells when none is given.

    Raises
    ------
    InvalidInput
        When it is not text in this encoding, or not CSV.
    """
    with path.open("rb") as stream:
        mark = stream.read(2)
    try:
        with path.open(encoding=_encoding(mark, encoding), newline="") as lines:
            text = lines.read(-1 if most is None else most * LONGEST_ROW)
    except (UnicodeDecodeError, LookupError) as error:
        raise refuse(path, *undecodable(error, encoding)) from error
    try:
        used = delimiter or _likely_delimiter(text)
        reader = islice(csv.reader(io.StringIO(text, newline=""), delimiter=used), most)
        cells = [list(map(str.strip, row)) for row in reader]
    except csv.Error as error:
        raise refuse(path, f"not readable as CSV: {error}", "export it again") from error
    if most is None:
        _refuse_open_quote(text, used, path)
    return Rows(cells, list(range(1, len(cells) + 1)), used)


def _refuse_open_quote(text: str, delimiter: str, path: Path) -> None:
    """Refuse a file that ends within quotes: the rest of it is missing, or a quote swallowed rows."""
    if text.count('"') % 2 == 0:
        return
    last, lines = 0, io.StringIO(text, newline="")
    try:
        for row in csv.reader(lines, delimiter=delimiter, strict=True):
            last += bool(row)
    except csv.Error as error:
        if not lines.read():
            problem = "the file ends within quotes: it is cut off, or a quotation mark stands alone"
            raise refuse(path, problem, "export it again", row=last + 1) from error


def refuse_damage(rows: Rows, path: Path) -> None:
    """Refuse a text file that was cut off in its last row, or that repeats its header further down."""
    header = rows.cells[0]
    width = max((place for place, cell in enumerate(header, 1) if cell), default=0)
    filled = [(number, cells) for number, cells in zip(rows.numbers, rows.cells, strict=True) if any(cells)]
    last, cells = filled[-1]
    if len(filled) > 1 and len(cells) < width and all(len(each) >= width for _, each in filled[:-1]):
        problem = f"the last row has {len(cells)} cells where the header has {width}: the file seems to be cut off"
        raise refuse(path, problem, "export it again", row=last)
    again = [number for number, cells in filled[3:] if cells == header]
    if again and len([cell for cell in header if cell]) > 1:
        problem = "the header stands here again: two exports in one file"
        raise refuse(path, problem, "take each file as it was exported and list both in files", row=again[0])


def _encoding(start: bytes, declared: str) -> str:
    """Return the encoding that a byte-order mark names, or the declared one."""
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    return "utf-8-sig" if declared.lower().replace("-", "") == "utf8" else declared


def _likely_delimiter(text: str) -> str:
    """Return the delimiter that splits the first row into most cells."""
    first = re.search(r"[^\r\n]*[^\s][^\r\n]*", text)
    lines = [first[0]] if first else []
    return max(DELIMITERS, key=lambda mark: len(next(csv.reader(lines, delimiter=mark), [])))


def workbook_rows(path: Path, sheet: str | None = None) -> Rows:
    """Read a sheet of a workbook as rows of text; numbers as they are written, dates in ISO form.

    Raises
    ------
    InvalidInput
        When it is damaged, has no such sheet, or several sheets and none is named.
    """
    import warnings

    import openpyxl

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # styles that openpyxl does not know do not matter here
            book = openpyxl.load_workbook(path, read_only=True, data_only=True)
            filled = [each for each in book.worksheets if each.max_row and (each.max_row > 1 or each.max_column > 1)]
    except Exception as error:
        raise refuse(path, f"the workbook cannot be read: {error}", "save it again as .xlsx") from error
    names = [each.title for each in filled]
    if sheet is not None and sheet not in names:
        raise refuse(path, f"the workbook has no sheet {sheet!r}", f"its sheets: {', '.join(names)}")
    if sheet is None and len(names) != 1:
        raise refuse(path, f"the workbook has {len(names)} sheets with content", f"name one: {', '.join(names)}")
    chosen = filled[names.index(sheet) if sheet else 0]
    cells = [[_text(cell) for cell in row[:MOST_COLUMNS]] for row in chosen.iter_rows(values_only=True)]
    book.close()
    while cells and not any(cells[-1]):
        cells.pop()
    return Rows(cells, list(range(1, len(cells) + 1)))


def _text(value: object) -> str:
    """Return a cell of a workbook as text."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, (datetime.datetime, datetime.date, datetime.time)):
        return value.isoformat()
    return str(value).strip()


def is_number(text: str) -> bool:
    """Say whether a cell is a plain whole number."""
    return bool(re.fullmatch(r"[+-]?[0-9]+", text))
