"""References with their fields written out: Ovid's ``<1>`` with a label a line, and ProQuest's ``Document 1 of 2``."""

from __future__ import annotations

import re
from collections.abc import Iterator

from compendium.faults import Fault
from compendium.review.readers.entries import Parsed, authors_of, entry, line_of, one_line, year_of

OPENING = re.compile(r"^(?:<(\d+)>|Document (\d+) of \d+)\s*$", re.MULTILINE)
LABELS = {
    "accession number": "own_id", "proquest document id": "own_id", "unique identifier": "own_id", "title": "title",
    "author": "authors", "authors": "authors", "publication title": "container", "source title": "container",
    "source": "source", "journal name": "container", "publication year": "year", "year of publication": "year",
    "publication date": "year", "volume": "volume", "issue": "issue", "issue/part": "issue", "pages": "pages",
    "page": "pages", "first page": "pages", "doi": "doi", "digital object identifier": "doi", "publisher": "publisher",
    "publication type": "type", "document type": "type", "abstract": "abstract", "subject": "keywords",
    "pubmed id": "pmid", "pmid": "pmid",
}  # fmt: skip
LABEL = re.compile(r"([A-Z][A-Za-z/ ]{2,40}?)(?::(?:\s+(.*))?)?\s*$")


def is_labelled(text: str) -> bool:
    """Say whether a text holds numbered references of which at least one names its title."""
    return OPENING.search(text) is not None and re.search(r"(?m)^Title(?::|\s*$)", text) is not None


def read_labelled(text: str, file: str) -> Parsed:
    """Read numbered references whose fields are named; one without a title is a fault."""
    starts = list(OPENING.finditer(text))
    ends = [*(found.start() for found in starts[1:]), len(text)]
    entries, faults, line_at = [], [], line_of(text)
    for found, end in zip(starts, ends, strict=True):
        line = line_at(found.start())
        fields = _fields(text[found.end() : end])
        if fields["title"]:
            entries.append(entry(line, fields))
        else:
            problem = "a reference without a title"
            faults.append(Fault(file, problem, "export it again as RIS", row=line, value=found[0]))
    return Parsed(entries, faults, "labelled text")


def _fields(block: str) -> dict[str, str]:
    """Map the named fields of a reference to ours."""
    fields: dict[str, list[str]] = {}
    for label, value in _values(block):
        fields.setdefault(LABELS[label], []).append(value)
    plain = {name: one_line(values[0]) for name, values in fields.items()}
    source = re.split(r"\. |(?<=[a-z]) \d", plain.get("source", ""))[0]
    return {
        **plain,
        "title": plain.get("title", "").rstrip("."),
        "authors": authors_of([re.sub(r"(?<=[^\W\d_]{2})\.$", "", plain.get("authors", ""))]),
        "year": year_of(plain.get("year", "") or plain.get("source", "")),
        "container": plain.get("container", "") or source,
        "keywords": "; ".join(fields.get("keywords", [])),
    }


def _values(block: str) -> Iterator[tuple[str, str]]:
    """Yield every known label with what follows it: on its line, or on the indented lines below."""
    label, held = "", ""
    for line in block.split("\n"):
        found = LABEL.match(line)
        name = found[1].strip().lower() if found else ""
        if found and (name in LABELS or ":" in line[:42]):
            if label and held:
                yield label, held
            label, held = name if name in LABELS else "", found[2] or ""
        elif label and line.startswith((" ", "\t")):
            held = f"{held} {line.strip()}".strip()
        elif line.strip():
            if label and held:
                yield label, held
            label, held = "", ""
    if label and held:
        yield label, held
