"""One door for every export: its kind is told by content where that is certain, and declared where it is not."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from compendium.importers.export import Export, as_table
from compendium.importers.files import Rows, kind_of, refuse, refuse_damage, text_rows, workbook_rows
from compendium.importers.headers import TOOLS, Tool
from compendium.importers.headings import row_of_grid
from compendium.importers.redcap import is_redcap, read_redcap
from compendium.importers.statistics_files import read_statistics_file

STATISTICS_FILES = {"sav": "an SPSS file", "dta": "a Stata file"}
#: Formats that say how a workbook or text is laid out, not which tool wrote it.
PLAIN = ("csv", "xlsx")


def read_export(
    path: Path,
    tool: str | None = None,
    *,
    part: Literal["self", "peer"] = "self",
    encoding: str = "utf-8",
    delimiter: str = "",
    sheet: str | None = None,
    dictionary: Path | None = None,
) -> Export:
    """Read an exported file.

    Parameters
    ----------
    path
        The file as the survey tool wrote it; it is read where it lies and never copied.
    tool
        One of :data:`~compendium.importers.export.FORMATS`, or None to tell it by content.
    part
        Whose rows are wanted where one file holds both forms (REDCap).
    encoding, delimiter
        Of a text file; a byte-order mark wins, and without a delimiter the likeliest is taken.
    sheet
        Sheet of a workbook with several.
    dictionary
        REDCap's data dictionary.

    Raises
    ------
    InvalidInput
        When it is another kind of file than declared, is damaged, or names a question twice.
    """
    kind = kind_of(path)
    if kind in STATISTICS_FILES:
        _agree(path, tool, kind, STATISTICS_FILES[kind])
        return read_statistics_file(path, kind)
    if tool in STATISTICS_FILES:
        found = "a workbook" if kind == "workbook" else "a text file"
        action = "mend files.format, or name the other file"
        raise refuse(path, f"this is {found}, not {STATISTICS_FILES[tool]}", action)
    rows = workbook_rows(path, sheet) if kind == "workbook" else text_rows(path, encoding, delimiter)
    if not rows.cells or not any(rows.cells[0]):
        raise refuse(path, "the first row is blank", "let the first row name the questions", row=1)
    refuse_damage(rows, path)
    return _of_rows(rows, path, tool, kind, part, dictionary)


def _of_rows(
    rows: Rows, path: Path, tool: str | None, kind: str, part: Literal["self", "peer"], dictionary: Path | None
) -> Export:
    """Read rows as the tool lays them out."""
    found = detect(rows)
    if tool not in (None, *PLAIN) and found is not None and found != tool:
        raise refuse(path, f"this looks like an export of {found}, not of {tool}", f"write format: {found}")
    chosen = tool or found or ("xlsx" if kind == "workbook" else "csv")
    if chosen == "redcap":
        return read_redcap(rows, path, part, dictionary)
    if chosen in PLAIN:
        return _plain(rows, path, chosen)
    return next(each for each in TOOLS if each.name == chosen).read(rows, path)


def detect(rows: Rows) -> str | None:
    """Name the tool that certainly wrote these rows, or None."""
    certain: list[Tool] = [tool for tool in TOOLS if tool.certain(rows)]
    if certain:
        return certain[0].name
    return "redcap" if is_redcap(rows) else None


def _plain(rows: Rows, path: Path, tool: str) -> Export:
    """Read a table with one header row."""
    header = rows.cells[0]
    while header and not header[-1]:
        header = header[:-1]
    width = len(header)
    wrong = [number for number, cells in rows.after(1) if any(cells[width:])]
    if wrong:
        raise refuse(path, f"more cells than the header has ({width})", "mend the row", row=wrong[0])
    named = [name for name in header if name]
    twice = [name for name in dict.fromkeys(named) if named.count(name) > 1]
    if twice or len(named) < width:
        problem = "the column is named twice" if twice else "a column has no name"
        raise refuse(path, problem, "rename or remove it", row=1, column=twice[0] if twice else None)
    wordings = {name: row_of_grid(name) for name in header}
    return Export(tool, as_table(header, rows.after(1)), wordings=wordings, delimiter=rows.delimiter)


def _agree(path: Path, declared: str | None, kind: str, name: str) -> None:
    """Refuse a declared format that the content contradicts."""
    if declared not in (None, kind):
        raise refuse(path, f"this is {name}, not {declared}", f"write format: {kind} in cohort.yaml, or leave it out")
