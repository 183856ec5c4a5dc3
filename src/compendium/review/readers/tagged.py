"""Formats in which a line begins with a tag: RIS in its dialects, PubMed, Ovid, Web of Science, EndNote, Cochrane."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from compendium.faults import Fault
from compendium.review.identifiers import normalise_doi
from compendium.review.readers.entries import Entry, Parsed, authors_of, entry, one_line, pages_of, year_of

Tags = dict[str, list[str]]


@dataclass(frozen=True)
class Dialect:
    """How a tagged format is written.

    Attributes
    ----------
    tag
        Finds the tag and the text of a line.
    begins, ends
        Tags that open and close a reference; a format without a closing tag ends where the next begins.
    listed
        Tags whose continued lines are further values, not the rest of one.
    indented
        Whether a continued line begins with a space; one that does not is broken.
    header
        Finds a line that opens a reference without a tag.
    blank_ends
        Whether an empty line may stand between references that lack the tag with which they begin.
    titled
        Tags that show that lines outside any reference are a reference without its beginning.
    read
        Turns tags into fields.
    """

    name: str
    tag: re.Pattern[str]
    begins: frozenset[str]
    ends: frozenset[str]
    titled: frozenset[str]
    read: Callable[[Tags], dict[str, str]]
    listed: frozenset[str] = frozenset()
    indented: bool = False
    header: re.Pattern[str] = field(default=re.compile(r"(?!)"))
    blank_ends: bool = False


def read_tagged(text: str, file: str, dialect: Dialect) -> Parsed:
    """Read a tagged format.

    Lines outside any reference (headers of a provider, search strategies, numbers, links) are passed over, unless
    they hold a title: then they are a reference without its beginning. A file that ends inside a reference whose
    format has a closing tag was cut short. Both are named with their line.
    """
    entries: list[Entry] = []
    faults: list[Fault] = []
    for line, tags, state in _references(text, dialect):
        if state == "astray" and not dialect.blank_ends:
            action = f"begin it with '{min(dialect.begins)}', or export it again"
            problem = f"not valid {dialect.name}: a reference outside any other, without its beginning"
            faults.append(Fault(file, problem, action, row=line, value=next(iter(tags.values()))[0][:60]))
            continue
        if state == "broken":
            problem = f"not valid {dialect.name}: neither a tag nor a continued line"
            faults.append(Fault(file, problem, "mend the line", row=line, value=tags[""][0][:60]))
            continue
        entries.append(entry(line, dialect.read(tags)))
        if state == "cut":
            problem = f"not valid {dialect.name}: the file ends inside a reference, so that what followed is lost"
            faults.append(Fault(file, problem, f"export it again, or end it with '{min(dialect.ends)}'", row=line))
    return Parsed(entries, faults, dialect.name)


def _references(text: str, dialect: Dialect) -> Iterator[tuple[int, Tags, str]]:
    """Yield every reference with its line, its tags, and whether it is whole, cut short or astray; and broken lines."""
    tags: Tags = {}
    opened, last, inside = 0, "", False
    for number, line in enumerate(text.split("\n"), 1):
        found = dialect.tag.match(line)
        name = found[1] if found else ""
        value = (found[2] or "").strip() if found else ""
        if name in dialect.begins or dialect.header.match(line):
            if inside or _is_astray(tags, dialect):
                yield opened, tags, "whole" if inside else "astray"
            tags, opened, inside, last = {}, number, True, name
            if name:
                tags[name] = [value]
        elif name and name in dialect.ends and not value:
            if inside or _is_astray(tags, dialect):
                yield opened, tags, "whole" if inside else "astray"
            tags, inside, last = {}, False, ""
        elif name:
            opened = opened if tags or inside else number
            tags.setdefault(name, []).append(value)
            last = name
        elif inside and dialect.indented and re.match(r"[^\s\d]|\d(?!\d*\.\s*$)", line):
            yield number, {"": [line]}, "broken"
        elif last and line.strip() and inside:
            _continue(tags, last, line.strip(), dialect)
        elif not inside and not line.strip() and _is_astray(tags, dialect):
            yield opened, tags, "astray"
            tags, last = {}, ""
    if inside:
        yield opened, tags, "cut" if dialect.ends else "whole"
    elif _is_astray(tags, dialect):
        yield opened, tags, "astray"


def _is_astray(tags: Tags, dialect: Dialect) -> bool:
    """Say whether tags outside any reference hold a title."""
    return any(name in dialect.titled for name in tags)


def _continue(tags: Tags, name: str, text: str, dialect: Dialect) -> None:
    """Add a line without a tag to the field before it."""
    if name in dialect.listed:
        tags[name].append(text)
    else:
        tags[name][-1] = f"{tags[name][-1]} {text}".strip()


def _first(tags: Tags, *names: str) -> str:
    """Return the first filled value of the first tag that has one."""
    return next((value for name in names for value in tags.get(name, ()) if value), "")


def _all(tags: Tags, *names: str) -> list[str]:
    """Return the values of the first tag that has any."""
    return next(([value for value in tags[name] if value] for name in names if any(tags.get(name, ()))), [])


def _doi(tags: Tags, *names: str) -> str:
    """Return the first value that holds a DOI."""
    return next((value for name in names for value in tags.get(name, ()) if normalise_doi(value)), "")


def _from_ris(tags: Tags) -> dict[str, str]:
    """Map RIS tags, as databases and reference managers use them, to fields."""
    kind = _first(tags, "TY")
    chapter = kind in ("CHAP", "CPAPER", "CONF", "ECHAP")
    noted = [text for text in tags.get("N1", ()) if re.search(r"(?i)\bdoi:?\s*10\.", text)]
    return {
        "own_id": _first(tags, "ID", "AN"),
        "title": one_line(_first(tags, "TI", "T1", "CT", "BT")),
        "authors": authors_of(_all(tags, "AU", "A1") or ([] if chapter else _all(tags, "ED", "A2"))),
        "year": year_of(_first(tags, "PY", "Y1", "YR", "DA", "Y2")),
        "container": _first(tags, "T2", "BT", "JO", "JF")
        if chapter
        else _first(tags, "JO", "JF", "T2", "JA", "J2", "BT", "T3", "SO"),
        "volume": _first(tags, "VL"),
        "issue": _first(tags, "IS", "NO"),
        "pages": pages_of(_first(tags, "SP"), _first(tags, "EP")) or _first(tags, "PG"),
        "edition": _first(tags, "ET"),
        "publisher": _first(tags, "PB"),
        "type": kind,
        "doi": _first(tags, "DO", "DI") or _doi(tags, "M3", "L3", "UR", "LK", "L2") or (noted[0] if noted else ""),
        "pmid": _pmid_of_ris(tags),
        "keywords": "; ".join(value for value in tags.get("KW", ()) if value),
        "abstract": _first(tags, "AB", "N2"),
        "notes": " | ".join(value for name in ("N1", "RN", "C1", "LB") for value in tags.get(name, ()) if value),
    }


def _pmid_of_ris(tags: Tags) -> str:
    """Return a PubMed number that says of itself that it is one."""
    medline = any(re.search(r"(?i)medline|pubmed", text) for name in ("DB", "DP") for text in tags.get(name, ()))
    named = [
        text
        for name in ("PM", "C2", "AN", "U2", "M1", "N1")
        for text in tags.get(name, ())
        if re.search(r"(?i)(?:pmid|pubmed|medline)\W*\d{4,9}\b|^\d{4,9}\W*(?:pmid|pubmed|medline)", text)
    ]
    found = re.search(r"\d{4,9}", named[0]) if named else None
    if found:
        return found[0]
    plain = _first(tags, "PM") or (_first(tags, "AN") if medline else "")
    return plain if plain.isdigit() else ""


def _from_nbib(tags: Tags) -> dict[str, str]:
    """Map PubMed's tags to fields."""
    dois = [text.split(" ")[0] for name in ("AID", "LID") for text in tags.get(name, ()) if text.endswith("[doi]")]
    return {
        "own_id": _first(tags, "PMID"),
        "title": (_first(tags, "TI") or _first(tags, "BTI")).rstrip("."),
        "authors": "; ".join(_all(tags, "FAU", "AU", "CN")),
        "year": year_of(_first(tags, "DP")),
        "container": _first(tags, "JT", "TA"),
        "volume": _first(tags, "VI"),
        "issue": _first(tags, "IP"),
        "pages": _first(tags, "PG"),
        "edition": _first(tags, "EN"),
        "publisher": _first(tags, "PB"),
        "type": "; ".join(tags.get("PT", ())),
        "doi": dois[0] if dois else _doi(tags, "SO"),
        "pmid": _first(tags, "PMID"),
        "keywords": "; ".join(tags.get("OT", []) + tags.get("MH", [])),
        "abstract": _first(tags, "AB"),
    }


def _from_ovid(tags: Tags) -> dict[str, str]:
    """Map Ovid's own tags to fields."""
    medline = "medline" in _first(tags, "DB").lower()
    return {
        "own_id": _first(tags, "UI", "AN"),
        "title": _first(tags, "TI").rstrip("."),
        "authors": authors_of(_all(tags, "FA", "AU")),
        "year": year_of(_first(tags, "YR", "DP", "EP", "SO")),
        "container": _first(tags, "JN", "JA", "SO"),
        "volume": _first(tags, "VO"),
        "issue": _first(tags, "IP"),
        "pages": _first(tags, "PG"),
        "publisher": _first(tags, "PB"),
        "type": "; ".join(tags.get("PT", ())),
        "doi": _doi(tags, "DO", "XP", "SO"),
        "pmid": _first(tags, "UI") if medline else _first(tags, "PM"),
        "keywords": "; ".join(tags.get("KW", []) + tags.get("SH", [])),
        "abstract": _first(tags, "AB"),
    }


def _from_wos(tags: Tags) -> dict[str, str]:
    """Map Web of Science's tags to fields."""
    return {
        "own_id": _first(tags, "UT"),
        "title": one_line(" ".join(tags.get("TI", ()))),
        "authors": "; ".join(_all(tags, "AF", "AU", "BA", "CA")),
        "year": year_of(_first(tags, "PY", "EY", "EA")),
        "container": _first(tags, "SO"),
        "volume": _first(tags, "VL"),
        "issue": _first(tags, "IS"),
        "pages": pages_of(_first(tags, "BP", "AR"), _first(tags, "EP")),
        "publisher": _first(tags, "PU"),
        "type": _first(tags, "DT", "PT"),
        "doi": _first(tags, "DI", "D2"),
        "pmid": _first(tags, "PM"),
        "keywords": "; ".join(tags.get("DE", []) + tags.get("ID", [])),
        "abstract": _first(tags, "AB"),
    }


def _from_endnote_tags(tags: Tags) -> dict[str, str]:
    """Map the tags of refer, which EndNote writes, to fields."""
    return {
        "own_id": _first(tags, "F", "M"),
        "title": one_line(_first(tags, "T")),
        "authors": authors_of(_all(tags, "A")),
        "year": year_of(_first(tags, "D", "8")),
        "container": _first(tags, "J", "B", "S"),
        "volume": _first(tags, "V"),
        "issue": _first(tags, "N"),
        "pages": _first(tags, "P"),
        "edition": _first(tags, "7"),
        "publisher": _first(tags, "I"),
        "type": _first(tags, "0"),
        "doi": _first(tags, "R") or _doi(tags, "U"),
        "keywords": "; ".join(tags.get("K", ())),
        "abstract": _first(tags, "X"),
        "notes": _first(tags, "Z"),
    }


def _from_cochrane(tags: Tags) -> dict[str, str]:
    """Map the tags of Cochrane's text export to fields."""
    return {
        "own_id": _first(tags, "ID"),
        "title": one_line(_first(tags, "TI")),
        "authors": authors_of(_all(tags, "AU")),
        "year": year_of(_first(tags, "YR")),
        "container": _first(tags, "SO", "JT"),
        "volume": _first(tags, "VL"),
        "issue": _first(tags, "NO"),
        "pages": _first(tags, "PG"),
        "publisher": _first(tags, "PB"),
        "type": _first(tags, "PT"),
        "doi": _first(tags, "DOI", "DO"),
        "pmid": re.sub(r"\D", "", _first(tags, "PM")),
        "keywords": "; ".join(tags.get("KY", ())),
        "abstract": _first(tags, "AB"),
    }


RIS = Dialect(
    "RIS",
    re.compile(r"[\s\ufeff]?([A-Z][A-Z0-9])[ \u00a0\t]{1,2}[-\u2013][ \u00a0]?(.*)$"),
    frozenset({"TY"}),
    frozenset({"ER"}),
    frozenset({"TI", "T1"}),
    _from_ris,
)
NBIB = Dialect(
    "PubMed",
    re.compile(r"([A-Z]{2,4}) *- (.*)$"),
    frozenset({"PMID"}),
    frozenset(),
    frozenset({"TI"}),
    _from_nbib,
    indented=True,
)
OVID = Dialect(
    "Ovid",
    re.compile(r"([A-Z][A-Z0-9]) {1,2}- (.*)$"),
    frozenset({"VN"}),
    frozenset(),
    frozenset({"TI"}),
    _from_ovid,
    listed=frozenset({"AU", "FA", "KW", "SH", "PT"}),
)
WOS = Dialect(
    "Web of Science",
    re.compile(r"([A-Z][A-Z0-9])(?: (.*))?$"),
    frozenset({"PT"}),
    frozenset({"ER"}),
    frozenset({"TI"}),
    _from_wos,
    listed=frozenset({"AU", "AF", "BA", "CA", "TI", "CR", "C1"}),
)
ENDNOTE_TAGS = Dialect(
    "EndNote tagged text",
    re.compile(r"%([0-9A-Z@!$&()*+?~^<>\[\]=#])(?:\s(.*))?$"),
    frozenset({"0"}),
    frozenset(),
    frozenset({"T"}),
    _from_endnote_tags,
    listed=frozenset({"K"}),
    blank_ends=True,
)
COCHRANE = Dialect(
    "Cochrane",
    re.compile(r"([A-Z]{2,3}): (.*)$"),
    frozenset(),
    frozenset(),
    frozenset({"TI"}),
    _from_cochrane,
    header=re.compile(r"Record #\d+ of \d+"),
)
