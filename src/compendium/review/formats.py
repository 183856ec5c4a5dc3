"""Readers of reference exports: each turns the text of one file into plain entries with their line numbers.

An entry maps the fields ``own_id title authors year container publisher type doi pmid keywords abstract`` to text;
authors are separated by ``"; "``. What a format does not give is an empty text.
"""

from __future__ import annotations

import csv
import io
import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from compendium.faults import Fault
from compendium.review.bibtex import read_items

FIELDS = (
    "own_id",
    "title",
    "authors",
    "year",
    "container",
    "publisher",
    "type",
    "doi",
    "pmid",
    "keywords",
    "abstract",
)


@dataclass(frozen=True)
class Entry:
    """One reference of an export and the line where it begins."""

    line: int
    fields: dict[str, str]


@dataclass(frozen=True)
class Parsed:
    """What one file gave: entries, and faults with their lines (``file`` is filled in by the caller)."""

    entries: list[Entry]
    faults: list[Fault]


def read_ris(text: str, file: str) -> Parsed:
    """Read RIS with rispy, after checking the structure that rispy passes over in silence.

    A reference begins with ``TY`` and ends with ``ER``; a tag outside, a second ``TY`` before ``ER``, and an end
    of file before ``ER`` are faults with their line.
    """
    import rispy

    starts, faults = _ris_structure(text, file)
    if faults:
        return Parsed([], faults)
    references = rispy.loads(text)
    return Parsed([Entry(line, _from_ris(item)) for line, item in zip(starts, references, strict=True)], [])


def _ris_structure(text: str, file: str) -> tuple[list[int], list[Fault]]:
    """Return the lines where references begin, and what breaks the structure."""
    tag = re.compile(r"^([A-Z][A-Z0-9])  -(?: |$)")
    starts: list[int] = []
    faults: list[Fault] = []
    opened = 0
    for number, line in enumerate(text.lstrip("\ufeff").splitlines(), 1):
        found = tag.match(line)
        name = found.group(1) if found else ""
        if name == "TY":
            if opened:
                faults.append(_ris_fault(file, opened, "the reference has no end", "end it with 'ER  - '"))
            opened = number
            starts.append(number)
        elif not opened and line.strip():
            if name or not starts:
                faults.append(_ris_fault(file, number, "a line outside any reference", "begin it with 'TY  - '", line))
        elif name == "ER":
            opened = 0
    if opened:
        faults.append(_ris_fault(file, opened, "the reference has no end", "end it with 'ER  - '"))
    return starts, faults


def _ris_fault(file: str, row: int, problem: str, action: str, line: str | None = None) -> Fault:
    """Return a fault of RIS structure."""
    return Fault(file, f"not valid RIS: {problem}", action, row=row, value=line[:60] if line else None)


def _from_ris(item: dict[str, Any]) -> dict[str, str]:
    """Map rispy's names to ours."""
    authors = item.get("authors") or item.get("first_authors") or []
    return {
        "own_id": _first(item, "id", "accession_number"),
        "title": _first(item, "title", "primary_title"),
        "authors": "; ".join(authors),
        "year": _year(_first(item, "year", "publication_year", "date")),
        "container": _first(item, "journal_name", "secondary_title", "alternate_title3", "alternate_title1"),
        "publisher": _first(item, "publisher"),
        "type": item.get("type_of_reference", ""),
        "doi": _first(item, "doi"),
        "pmid": "",
        "keywords": "; ".join(item.get("keywords", [])),
        "abstract": _first(item, "abstract", "notes_abstract"),
    }


def read_bibtex(text: str, file: str) -> Parsed:
    """Read BibTeX; an entry that cannot be read is a fault with its line."""
    placed, faults = read_items(text, file)
    return Parsed([Entry(line, _from_bibtex(item)) for line, item in placed], faults)


def _from_bibtex(item: dict[str, str]) -> dict[str, str]:
    """Map BibTeX fields to ours."""
    plain = {key.lower(): _unbrace(value) for key, value in item.items()}
    authors = [_unbrace(name) for name in re.split(r"\s+and\s+", item.get("author", "")) if name.strip()]
    named = [name for name in authors if name.lower() != "others"]
    return {
        "own_id": item.get("ID", ""),
        "title": plain.get("title", ""),
        "authors": "; ".join(named) + (" et al." if len(named) < len(authors) else ""),
        "year": _year(plain.get("year", "") or plain.get("date", "")),
        "container": plain.get("journal", "") or plain.get("booktitle", ""),
        "publisher": plain.get("publisher", "") or plain.get("institution", "") or plain.get("organization", ""),
        "type": item.get("ENTRYTYPE", ""),
        "doi": plain.get("doi", ""),
        "pmid": plain.get("pmid", ""),
        "keywords": plain.get("keywords", ""),
        "abstract": plain.get("abstract", ""),
    }


def _unbrace(text: str) -> str:
    """Drop the braces that guard capitals and names."""
    return re.sub(r"\s+", " ", text.replace("{", "").replace("}", "")).strip()


def read_nbib(text: str, file: str) -> Parsed:
    """Read PubMed's format: ``TAG - value`` lines, continued lines indented, a blank line between references."""
    tag = re.compile(r"^([A-Z]{2,4}) *- (.*)$")
    entries: list[tuple[int, dict[str, list[str]]]] = []
    faults: list[Fault] = []
    last = ""
    for number, line in enumerate(text.lstrip("\ufeff").splitlines(), 1):
        found = tag.match(line)
        if found and found.group(1) == "PMID":
            entries.append((number, {}))
        if not line.strip():
            last = ""
        elif not entries:
            faults.append(
                Fault(file, "not valid nbib: a line before the first PMID", "begin with 'PMID- '", row=number)
            )
            return Parsed([], faults)
        elif found:
            last = found.group(1)
            entries[-1][1].setdefault(last, []).append(found.group(2).strip())
        elif last and line.startswith(" "):
            entries[-1][1][last][-1] += " " + line.strip()
        else:
            problem = "not valid nbib: neither a tag nor a continued line"
            faults.append(Fault(file, problem, "mend the line", row=number, value=line[:60]))
    return Parsed([Entry(line, _from_nbib(item)) for line, item in entries], faults)


def _from_nbib(item: dict[str, list[str]]) -> dict[str, str]:
    """Map PubMed's tags to ours."""
    first = {key: values[0] for key, values in item.items()}
    dois = [text.split(" ")[0] for key in ("AID", "LID") for text in item.get(key, []) if text.endswith("[doi]")]
    return {
        "own_id": first.get("PMID", ""),
        "title": first.get("TI", "").rstrip("."),
        "authors": "; ".join(item.get("FAU", []) or item.get("AU", []) or item.get("CN", [])),
        "year": _year(first.get("DP", "")),
        "container": first.get("JT", "") or first.get("TA", ""),
        "publisher": first.get("PB", ""),
        "type": "; ".join(item.get("PT", [])),
        "doi": dois[0] if dois else "",
        "pmid": first.get("PMID", ""),
        "keywords": "; ".join(item.get("OT", []) + item.get("MH", [])),
        "abstract": first.get("AB", ""),
    }


def read_endnote(text: str, file: str) -> Parsed:
    """Read EndNote XML."""
    try:
        root = ElementTree.fromstring(text.lstrip("\ufeff"))
    except ElementTree.ParseError as error:
        return Parsed([], [Fault(file, f"not valid XML: {error.msg}", "export it again", row=error.position[0])])
    lines = [n for n, line in enumerate(text.splitlines(), 1) for _ in re.finditer(r"<record[\s>]", line)]
    records = list(root.iter("record"))
    placed = lines if len(lines) == len(records) else [1] * len(records)
    return Parsed([Entry(line, _from_endnote(item)) for line, item in zip(placed, records, strict=True)], [])


def _from_endnote(item: ElementTree.Element) -> dict[str, str]:
    """Map EndNote's elements to ours; text may be split over ``style`` elements."""

    def text(path: str) -> str:
        node = item.find(path)
        return re.sub(r"\s+", " ", "".join(node.itertext())).strip() if node is not None else ""

    def texts(path: str) -> str:
        return "; ".join("".join(node.itertext()).strip() for node in item.findall(path))

    kind = item.find("ref-type")
    database = text("remote-database-name").lower()
    accession = text("accession-num")
    return {
        "own_id": text("rec-number"),
        "title": text("titles/title"),
        "authors": texts("contributors/authors/author"),
        "year": _year(text("dates/year")),
        "container": text("periodical/full-title") or text("titles/secondary-title"),
        "publisher": text("publisher"),
        "type": kind.get("name", "") if kind is not None else "",
        "doi": text("electronic-resource-num"),
        "pmid": accession if "medline" in database or "pubmed" in database else "",
        "keywords": texts("keywords/keyword"),
        "abstract": text("abstract"),
    }


# Which column holds what, by tool; a tool is recognised by the columns that only it has.
CSV_TOOLS: dict[str, tuple[set[str], dict[str, str]]] = {
    "Zotero": (
        {"key", "item type", "publication title"},
        {
            "own_id": "key",
            "title": "title",
            "authors": "author",
            "year": "publication year",
            "container": "publication title",
            "publisher": "publisher",
            "type": "item type",
            "doi": "doi",
            "keywords": "manual tags",
            "abstract": "abstract note",
        },
    ),
    "Covidence": (
        {"covidence #", "title", "authors"},
        {
            "own_id": "covidence #",
            "title": "title",
            "authors": "authors",
            "year": "published year",
            "container": "journal",
            "doi": "doi",
            "keywords": "tags",
            "abstract": "abstract",
        },
    ),
    "ASReview": (
        {"record_id", "title", "abstract"},
        {
            "own_id": "record_id",
            "title": "title",
            "authors": "authors",
            "year": "year",
            "container": "journal",
            "doi": "doi",
            "keywords": "keywords",
            "abstract": "abstract",
        },
    ),
    "Rayyan": (
        {"key", "title", "authors", "journal"},
        {
            "own_id": "key",
            "title": "title",
            "authors": "authors",
            "year": "year",
            "container": "journal",
            "publisher": "publisher",
            "doi": "doi",
            "pmid": "pubmed_id",
            "keywords": "keywords",
            "abstract": "abstract",
        },
    ),
}


def read_csv_export(text: str, file: str) -> Parsed:
    """Read the CSV export of Zotero, Covidence, ASReview or Rayyan, recognised by its columns."""
    reader = csv.reader(io.StringIO(text.lstrip("\ufeff"), newline=""))
    header = [name.strip().lower() for name in next(reader, [])]
    tool = next((name for name, (marks, _) in CSV_TOOLS.items() if marks <= set(header)), None)
    if tool is None:
        known = ", ".join(CSV_TOOLS)
        return Parsed([], [Fault(file, "the columns are of no tool known here", f"export it from {known}", row=1)])
    columns = CSV_TOOLS[tool][1]
    entries, faults, line = [], [], reader.line_num + 1
    for cells in reader:
        if cells and len(cells) != len(header):
            problem = f"{len(cells)} cells where the header has {len(header)}"
            faults.append(Fault(file, problem, "quote cells that hold commas or line breaks", row=line))
        elif any(cells):
            entries.append(Entry(line, _from_csv(dict(zip(header, cells, strict=True)), columns)))
        line = reader.line_num + 1
    return Parsed(entries, faults)


def _from_csv(cells: dict[str, str], columns: dict[str, str]) -> dict[str, str]:
    """Map a tool's columns to ours."""
    fields = dict.fromkeys(FIELDS, "") | {field: cells.get(name, "").strip() for field, name in columns.items()}
    fields["authors"] = "; ".join(part.strip() for part in re.split(r"\s+and\s+|;", fields["authors"]) if part.strip())
    fields["year"] = _year(fields["year"])
    return fields


def _first(item: dict[str, Any], *names: str) -> str:
    """Return the first field that holds something."""
    return next((str(item[name]).strip() for name in names if item.get(name)), "")


def _year(text: str) -> str:
    """Return the first four-digit year of a date, or nothing."""
    found = re.search(r"\b(1[89]|20)\d{2}\b", text)
    return found.group(0) if found else ""


READERS: dict[str, Callable[[str, str], Parsed]] = {
    ".ris": read_ris,
    ".bib": read_bibtex,
    ".nbib": read_nbib,
    ".xml": read_endnote,
    ".csv": read_csv_export,
}
