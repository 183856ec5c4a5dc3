"""Tables of references: CSV and tab-separated exports of databases and screening tools, recognised by their columns."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from typing import Literal

from compendium.faults import Fault
from compendium.review.identifiers import normalise_doi
from compendium.review.readers.entries import Entry, Parsed, authors_of, entry, one_line, pages_of, year_of

# What each field is called by Zotero, Rayyan, Covidence, ASReview, EPPI-Reviewer, Scopus, Embase, Dimensions, Lens,
# PubMed, Web of Science, EBSCO and ProQuest, in lower case; the first that is filled counts.
COLUMNS: dict[str, tuple[str, ...]] = {
    "own_id": ("key", "record_id", "covidence #", "eid", "pui", "publication id", "lens id", "ut (unique wos id)", "ut",
               "accession number", "itemid", "item id", "embase accession id", "id", "pmid"),
    "title": ("title", "article title", "document title", "primary title", "ti", "primary_title", "titles"),
    "authors": ("author full names", "authors", "author", "author/s", "author names", "author(s)",
                "af", "au", "first_authors", "contributors", "creator", "creators"),
    "year": ("publication year", "year", "pubyear", "published year", "py", "publication date", "publicationdate",
             "date published", "date"),
    "container": ("publication title", "source title", "journal/book", "journal", "source title/journal",
                  "journal title",
                  "so", "container", "anthology title", "book title", "source", "secondary_title", "parent title",
                  "parenttitle"),
    "volume": ("volume", "vl"),
    "issue": ("issue", "issue number", "is"),
    "pages": ("pages", "pagination", "page range", "art. no."),
    "edition": ("edition",),
    "publisher": ("publisher", "pu"),
    "type": ("item type", "document type", "publication type", "doctype", "dt", "type of reference", "typename",
             "type"),
    "doi": ("doi", "di", "doi link"),
    "pmid": ("pmid", "pubmed id", "pubmed_id", "medline pmid", "pm"),
    "keywords": ("manual tags", "author keywords", "keywords", "tags", "mesh terms", "de"),
    "abstract": ("abstract note", "abstract", "ab"),
    "notes": ("notes", "note", "comments"),
}  # fmt: skip
FIRST_PAGE = ("page start", "first page", "start page", "first_page", "start_page", "bp")
LAST_PAGE = ("page end", "last page", "end page", "last_page", "end_page", "ep")
KNOWN = {name for names in COLUMNS.values() for name in names} | {*FIRST_PAGE, *LAST_PAGE}
# How many lines may stand before the header, such as the terms under which a database lets its data go.
BEFORE_HEADER = 25
DELIMITERS = ("\t", ",", ";")
# Embase can also write one field a row, records apart by an empty row.
BY_ROW = re.compile(r'^\ufeff?"?(?:TITLE|AUTHOR NAMES)"?\s*,', re.IGNORECASE)


def find_header(text: str) -> tuple[int, str, list[str]] | None:
    """Return the line of the header, its delimiter and its columns in lower case; None where no line is one.

    A header names a title and at least one other field.
    """
    offset = 0
    for number, line in enumerate(text.split("\n", BEFORE_HEADER)[:BEFORE_HEADER]):
        for delimiter in DELIMITERS:
            if delimiter in line:
                cells = [cell.strip().strip("\ufeff").lower() for cell in next(csv.reader([line], delimiter=delimiter))]
                if set(cells) & set(COLUMNS["title"]) and len(set(cells) & KNOWN) > 1 and len(cells) < 400:
                    return number, delimiter, cells
        offset += len(line) + 1
    return None


def read_columns(text: str, file: str) -> Parsed:
    """Read a table of references; a row that does not fit the header is a fault, the others are read."""
    header = find_header(text)
    if header is None and BY_ROW.match(text):
        return _by_row(text, file)
    if header is None:
        problem = "the columns are of no tool known here"
        return Parsed(
            [], [Fault(file, problem, "it needs a header with a title column and authors, year or DOI", row=1)]
        )
    skipped, delimiter, names = header
    body = text.split("\n", skipped)[-1] if skipped else text
    quoting: Literal[0, 3] = (
        csv.QUOTE_NONE if delimiter == "\t" and not re.search(r'(?:^|\t)"', body) else csv.QUOTE_MINIMAL
    )
    places = _places(names)
    entries: list[Entry] = []
    faults: list[Fault] = []
    for before, cells in _rows(body, delimiter, quoting):
        line = before + 1 + skipped
        while len(cells) > len(names) and not cells[-1].strip():
            cells.pop()
        if cells and len(cells) != len(names):
            problem = f"{len(cells)} cells where the header has {len(names)}"
            faults.append(Fault(file, problem, "quote cells that hold commas or line breaks", row=line))
        elif any(cell.strip() for cell in cells):
            entries.append(entry(line, _fields(cells, places)))
    return Parsed(entries, faults, "table")


def _rows(body: str, delimiter: str, quoting: Literal[0, 3]) -> list[tuple[int, list[str]]]:
    """Return the rows below the header, each with the number of the line before it.

    Abstracts are long. The limit holds for every reader of the process, so it is put back.
    """
    limit = csv.field_size_limit(1 << 24)
    try:
        reader = csv.reader(io.StringIO(body, newline=""), delimiter=delimiter, quoting=quoting)
        next(reader)
        rows, before = [], reader.line_num
        for cells in reader:
            rows.append((before, cells))
            before = reader.line_num
        return rows
    finally:
        csv.field_size_limit(limit)


def _places(names: Sequence[str]) -> dict[str, list[int]]:
    """Return the columns of each field, the one that counts first in front."""
    wanted = {**COLUMNS, "first_page": FIRST_PAGE, "last_page": LAST_PAGE}
    return {field: [names.index(name) for name in known if name in names] for field, known in wanted.items()}


def _fields(cells: Sequence[str], places: dict[str, list[int]]) -> dict[str, str]:
    """Map the cells of a row to fields."""
    fields = {
        field: next((text for place in columns if (text := cells[place].strip())), "")
        for field, columns in places.items()
    }
    first, last = fields.pop("first_page"), fields.pop("last_page")
    fields["title"] = one_line(fields["title"])
    fields["authors"] = authors_of([re.sub(r"\s*\(\d{6,}\)", "", fields["authors"])])
    fields["year"] = year_of(fields["year"])
    fields["pages"] = fields["pages"] or pages_of(first, last)
    fields["doi"] = fields["doi"] if normalise_doi(fields["doi"]) else ""
    return fields


def _by_row(text: str, file: str) -> Parsed:
    """Read records written one field a row: the name of the field, then its values."""
    entries = []
    for line, rows in _blocks(text):
        cells = {name: "; ".join(values) for name, values in rows.items()}
        entries.append(entry(line, _fields(list(cells.values()), _places(list(cells)))))
    return Parsed(entries, [], "Embase, one field a row")


def _blocks(text: str) -> Iterator[tuple[int, dict[str, list[str]]]]:
    """Yield the rows of each record, which an empty row or another title ends."""
    reader = csv.reader(io.StringIO(text.lstrip("\ufeff"), newline=""))
    block: dict[str, list[str]] = {}
    opened, line = 1, 1
    for cells in reader:
        name = cells[0].strip().lower() if cells else ""
        if block and (not any(cells) or name == "title"):
            yield opened, block
            block = {}
        if name:
            opened = opened if block else line
            block[name] = [cell.strip() for cell in cells[1:] if cell.strip()]
        line = reader.line_num + 1
    if block:
        yield opened, block
