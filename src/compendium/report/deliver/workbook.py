"""One workbook of all public tables, by the Analysis Function's rules for accessible spreadsheets.

Cover, contents and notes come first; every other sheet holds one table that begins in column A, under its title,
without merged or empty cells, marked as a table, with a unique name. The same sheets are written as .xlsx and as .ods.
Source: Government Analysis Function, Releasing statistics in spreadsheets (2021, as revised).
"""

from __future__ import annotations

import io
import re
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from compendium.files import undated, write_bytes
from compendium.report.book.builder import banner_sentences, cohort_title
from compendium.report.book.subject import Subject
from compendium.report.deliver.open_document import write_ods
from compendium.report.deliver.tables import NOT_AVAILABLE, SHORTHAND, Cell, PublicTable
from compendium.rounding import P_COLUMNS

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

LONGEST_NAME = 31
WIDEST, NARROWEST, COVER_WIDTH, MARGIN = 60, 18, 100, 3
# Letters beside each other on a page that lies on its side, in a size that can still be read.
PRINTED, MOST_PAGES = 170, 3
DECIMALS, P_DECIMALS, LARGE = 2, 3, 1e6
# Height of a line, and of the highest row that Excel allows, in points.
LINE_HEIGHT, HIGHEST = 15, 409
ONE_TABLE = "This worksheet contains one table."
NO_ROWS = "The table has no rows: nothing of its kind was found in this cohort."


@dataclass(frozen=True)
class Sheet:
    """One sheet: lines above the table, headings, rows.

    ``targets`` are the sheets that the first column links to; ``decimals`` is how many a column shows, two unless said;
    ``widths`` are those of the columns in letters.
    """

    name: str
    lines: tuple[str, ...]
    headings: tuple[str, ...] = ()
    rows: tuple[tuple[Cell, ...], ...] = ()
    targets: tuple[str, ...] = ()
    decimals: tuple[int, ...] = ()

    @cached_property
    def widths(self) -> tuple[int, ...]:
        """As the longest text, but narrower where the table would print too small; no word is cut."""
        if not self.headings:
            return (COVER_WIDTH,)
        columns = [[head, *(_written(row[at]) for row in self.rows)] for at, head in enumerate(self.headings)]
        longest = [min(max(map(len, texts)), WIDEST) for texts in columns]
        words = [min(max(len(word) for text in texts for word in text.split() or [""]), WIDEST) for texts in columns]
        for pages, most in product(range(1, MOST_PAGES + 1), range(WIDEST, NARROWEST - 1, -1)):
            widths = tuple(min(n, max(most, word)) + MARGIN for n, word in zip(longest, words, strict=True))
            if sum(widths) <= pages * PRINTED:
                break
        return widths

    @property
    def pages(self) -> int:
        """How many pages stand side by side when the sheet is printed."""
        return min(-(-sum(self.widths) // PRINTED), MOST_PAGES)


def sheets(study: Subject, tables: Sequence[PublicTable]) -> list[Sheet]:
    """Return the sheets of the workbook."""
    names = _names([table.name for table in tables])
    title = f"{study.framework.description.title}: tables of {cohort_title(study)}"
    told = tuple(text for text in banner_sentences(study) if text)
    about = f"{len(tables)} tables; the sheet Contents links to each. The sheet Notes explains shorthand."
    cover = Sheet(
        "Cover", (title, *told, about, "Numbers are at full precision; cells show two decimals, p values three.")
    )
    listed = tuple((name, table.caption) for name, table in zip(names, tables, strict=True))
    contents = Sheet("Contents", ("Table of contents", ONE_TABLE), ("Sheet", "Title"), listed, tuple(names))
    notes = [(short, meaning) for short, meaning in SHORTHAND.items()]
    notes += [(name, table.note) for name, table in zip(names, tables, strict=True) if table.note]
    noted = Sheet("Notes", ("Notes", ONE_TABLE), ("Shorthand or sheet", "Note"), tuple(notes))
    return [cover, contents, noted, *(_sheet(name, table) for name, table in zip(names, tables, strict=True))]


def write_workbook(study: Subject, tables: Sequence[PublicTable], folder: Path) -> list[Path]:
    """Write the workbook as .xlsx and as .ods and return both."""
    content = sheets(study, tables)
    paths = [folder / "workbook.xlsx", folder / "workbook.ods"]
    _write_xlsx(content, paths[0])
    write_ods(
        [
            (each.name, each.lines, each.headings, each.rows, each.targets, each.decimals, each.widths, each.pages)
            for each in content
        ],
        paths[1],
    )
    return paths


def _sheet(name: str, table: PublicTable) -> Sheet:
    """Return the sheet of a table."""
    lines = [table.caption, f"{ONE_TABLE} From {table.origin}."]
    lines += ["The sheet Notes holds a note on this table."] if table.note else []
    lines += [] if len(table.frame) else [NO_ROWS]
    whole = [_is_whole(table.frame[column]) for column in table.frame]
    rows = tuple(tuple(_shown(cell, count) for cell, count in zip(row, whole, strict=True)) for row in table.rows())
    decimals = tuple(P_DECIMALS if column in P_COLUMNS else DECIMALS for column in table.frame)
    return Sheet(name, tuple(lines), tuple(table.labels.values()), rows, (), decimals)


def _is_whole(column: pd.Series[Any]) -> bool:
    """Say whether a column holds whole numbers only: counts with gaps are saved as decimal numbers."""
    found = column.dropna()
    return column.dtype.kind == "f" and bool(found.mod(1).eq(0).all())


def _shown(cell: Cell, whole: bool) -> Cell:
    """Write truth values as words, counts as whole numbers, and why there is none."""
    if cell is None:
        return NOT_AVAILABLE
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    return int(cell) if whole and isinstance(cell, float) else cell


def _names(tables: Sequence[str]) -> list[str]:
    """Return plain, unique names of sheets, no longer than spreadsheets allow."""
    names: list[str] = []
    for table in tables:
        short = table[:LONGEST_NAME].rstrip("_")
        while short.lower() in {name.lower() for name in names}:
            short = f"{short[: LONGEST_NAME - 2]}_{sum(name.startswith(short[:-2]) for name in names) + 1}"
        names.append(short)
    return names


def _write_xlsx(content: Sequence[Sheet], path: Path) -> None:
    """Write the sheets with openpyxl."""
    from openpyxl import Workbook
    from openpyxl.styles import Font

    book = Workbook()
    for number, sheet in enumerate(content):
        page = book.active if number == 0 else book.create_sheet()
        assert page is not None
        page.title = sheet.name
        for line in sheet.lines:
            page.append([_text(line)])
        page["A1"].font = Font(bold=True, size=14)
        _set_page(page, len(sheet.lines) + 1, sheet.pages)
        if sheet.headings:
            _write_table(page, sheet, number)
        else:
            _wrap(page, 1, len(sheet.lines), sheet.widths)
            page.column_dimensions["A"].width = COVER_WIDTH
    book.properties.title, book.properties.creator = content[0].lines[0], ""
    stream = io.BytesIO()
    book.save(stream)
    write_bytes(path, undated(stream.getvalue()))


def _write_table(page: Worksheet, sheet: Sheet, number: int) -> None:
    """Write headings and rows below the lines, mark them as a table, and size the columns."""
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.table import Table, TableStyleInfo

    first = len(sheet.lines) + 1
    page.append(list(sheet.headings))
    for row in sheet.rows:
        page.append([_text(cell) if isinstance(cell, str) else cell for cell in row])
    last = first + len(sheet.rows)
    for row in page.iter_rows(min_row=first + 1, max_row=last):
        for cell, decimals in zip(row, sheet.decimals, strict=False):
            if isinstance(cell.value, float):
                cell.number_format = f"0.{'0' * decimals}" if abs(cell.value) < LARGE else "0.00E+00"
    _wrap(page, first, last, sheet.widths)
    for place, target in enumerate(sheet.targets):
        cell = page.cell(first + 1 + place, 1)
        cell.hyperlink, cell.font = f"#'{target}'!A1", Font(color="0563C1", underline="single")
    for cell in page[first]:
        cell.font = Font(bold=True)
    for place, width in enumerate(sheet.widths):
        page.column_dimensions[get_column_letter(place + 1)].width = width
    if sheet.rows:
        reference = f"A{first}:{get_column_letter(len(sheet.headings))}{last}"
        table = Table(displayName=f"table_{number}", ref=reference)
        table.tableStyleInfo = TableStyleInfo(name="TableStyleLight1", showRowStripes=False)
        page.add_table(table)


def _set_page(page: Worksheet, head: int, pages: int) -> None:
    """Print a sheet as wide as so many pages, with its headings, and its first column where they are several."""
    page.page_setup.orientation, page.page_setup.paperSize = "landscape", page.PAPERSIZE_A4
    page.page_setup.fitToWidth, page.page_setup.fitToHeight = pages, 0
    page.sheet_properties.pageSetUpPr.fitToPage = True
    page.print_title_rows = f"{head}:{head}"
    page.print_title_cols = "A:A" if pages > 1 else None


def _wrap(page: Worksheet, first: int, last: int, widths: Sequence[int]) -> None:
    """Let long texts run over several lines, in rows high enough for them."""
    from openpyxl.styles import Alignment

    for row in page.iter_rows(min_row=first, max_row=last):
        lines = max(_lines(cell.value, width - MARGIN) for cell, width in zip(row, widths, strict=False))
        if lines > 1:
            for cell in row:
                cell.alignment = Alignment(wrap_text=True, vertical="top")
            page.row_dimensions[row[0].row].height = min(LINE_HEIGHT * lines, HIGHEST)


def _lines(value: object, width: int) -> int:
    """Return over how many lines of so many letters a text runs when no word is cut."""
    return max(len(textwrap.wrap(value, width)), 1) if isinstance(value, str) and len(value) > width else 1


def _written(cell: Cell) -> str:
    """Return a cell as it shows."""
    return f"{cell:.2f}" if isinstance(cell, float) else str(cell)


def _text(text: str) -> str:
    """Return text that a spreadsheet shows as it is: no signs that its files cannot hold, and no formula."""
    clean = re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f]", " ", text)
    return f" {clean}" if clean[:1] in "=+-@" and not _is_number(clean) else clean


def _is_number(text: str) -> bool:
    """Say whether a text reads as a number."""
    try:
        float(text)
    except ValueError:
        return False
    return True
