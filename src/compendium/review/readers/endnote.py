"""EndNote XML."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree

from compendium.faults import Fault
from compendium.review.readers.entries import Parsed, authors_of, entry, line_of, one_line, year_of

RECORD = re.compile(r"<record(?=[\s>]).*?</record\s*>", re.DOTALL)
FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
AMPERSAND = re.compile(r"&(?!(?:#\d+|#x[0-9A-Fa-f]+|amp|lt|gt|quot|apos);)")


def read_endnote(text: str, file: str) -> Parsed:
    """Read EndNote XML; text may be split over ``style`` elements.

    Signs that XML does not allow and bare ampersands are mended. A record that is not well-formed is a fault, the
    others are read; so is a file that ends inside a record.
    """
    plain = AMPERSAND.sub("&amp;", FORBIDDEN.sub("", text))
    entries, faults = [], []
    end, line_at = 0, line_of(plain)
    for found in RECORD.finditer(plain):
        line, end = line_at(found.start()), found.end()
        try:
            entries.append(entry(line, _fields(ElementTree.fromstring(found[0]))))
        except ElementTree.ParseError as error:
            faults.append(_broken(file, line + error.position[0] - 1, error.msg, found[0]))
    rest = plain[end:]
    if opened := re.search(r"<record[\s>]", rest):
        line = line_at(end + opened.start())
        faults.append(_broken(file, line, "the file ends inside a record", rest[opened.start() :]))
    elif re.search(r"<records(?=[\s>])(?![^>]*/>)", plain) and "</records" not in rest:
        line = plain.rstrip().count("\n") + 1
        faults.append(Fault(file, "not valid XML: the file ends before its records do", "export it again", row=line))
    return Parsed(entries, faults, "EndNote XML")


def _broken(file: str, line: int, problem: str, record: str) -> Fault:
    """Return the fault of a record that cannot be read, with the words of its title."""
    title = re.search(r"<title>(.*?)</title>", record, re.DOTALL)
    value = one_line(re.sub(r"<[^>]*>", " ", title[1]))[:60] if title else None
    return Fault(file, f"not valid XML: {problem}", "export it again", row=line, value=value)


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
