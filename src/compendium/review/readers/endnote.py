"""EndNote XML."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree

from compendium.faults import Fault
from compendium.review.readers.entries import Parsed, authors_of, entry, one_line, year_of


def read_endnote(text: str, file: str) -> Parsed:
    """Read EndNote XML; text may be split over ``style`` elements."""
    try:
        root = ElementTree.fromstring(re.sub(r"^\s*(<\?xml[^>]*\?>)?[ \t]*", "", text).encode())
    except ElementTree.ParseError as error:
        return Parsed([], [Fault(file, f"not valid XML: {error.msg}", "export it again", row=error.position[0])])
    lines = [n for n, line in enumerate(text.split("\n"), 1) for _ in re.finditer(r"<record[\s>]", line)]
    records = list(root.iter("record"))
    placed = lines if len(lines) == len(records) else [1] * len(records)
    return Parsed([entry(line, _fields(item)) for line, item in zip(placed, records, strict=True)], [], "EndNote XML")


def _fields(item: ElementTree.Element) -> dict[str, str]:
    """Map EndNote's elements to ours."""
    kind = item.find("ref-type")
    database = _text(item, "remote-database-name").lower()
    accession = _text(item, "accession-num")
    medline = "medline" in database or "pubmed" in database
    return {
        "own_id": _text(item, "rec-number"),
        "title": _text(item, "titles/title"),
        "authors": authors_of(_texts(item, "contributors/authors/author")),
        "year": year_of(_text(item, "dates/year") or _text(item, "dates/pub-dates/date")),
        "container": _text(item, "periodical/full-title") or _text(item, "titles/secondary-title"),
        "volume": _text(item, "volume"),
        "issue": _text(item, "number"),
        "pages": _text(item, "pages"),
        "edition": _text(item, "edition"),
        "publisher": _text(item, "publisher"),
        "type": kind.get("name", "") if kind is not None else "",
        "doi": _text(item, "electronic-resource-num"),
        "pmid": accession if medline else "",
        "keywords": "; ".join(_texts(item, "keywords/keyword")),
        "abstract": _text(item, "abstract"),
        "notes": " | ".join(text for text in (_text(item, "notes"), _text(item, "research-notes")) if text),
    }


def _text(item: ElementTree.Element, path: str) -> str:
    """Return the text of an element."""
    node = item.find(path)
    return one_line("".join(node.itertext())) if node is not None else ""


def _texts(item: ElementTree.Element, path: str) -> list[str]:
    """Return the texts of all elements of a path."""
    return [one_line("".join(node.itertext())) for node in item.findall(path)]
