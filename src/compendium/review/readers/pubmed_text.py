"""PubMed's plain texts for readers: the summary, one paragraph a reference, and the abstract, several."""

from __future__ import annotations

import re

from compendium.faults import Fault
from compendium.review.readers.entries import Parsed, authors_of, entry, line_of, one_line, year_of

SUMMARY = re.compile(r"^\d+: \S", re.MULTILINE)
ABSTRACT = re.compile(r"^\d+\. \S", re.MULTILINE)
MARK = re.compile(r"^\ufeff?PMID: ?\d+|\bPMID: ?\d+", re.MULTILINE)
SOURCE = re.compile(r"^(.+?)\. ((?:1[89]|20)\d\d)\b([^;.]*)(?:;\s*([^(:;.]*)(?:\(([^)]*)\))?(?::([^.;]*))?)?")


def read_pubmed_text(text: str, file: str) -> Parsed:
    """Read the summary or the abstract format; a numbered reference that cannot be taken apart is a fault."""
    opening = SUMMARY if SUMMARY.search(text) and not re.search(r"^1\. ", text, re.MULTILINE) else ABSTRACT
    take = _summary if opening is SUMMARY else _abstract
    starts = _starts(text, opening)
    entries, faults, line_at = [], [], line_of(text)
    for start, end in zip(starts, [*starts[1:], len(text)], strict=True):
        line = line_at(start)
        fields = take(re.sub(r"^\d+[:.] ", "", text[start:end]))
        if fields:
            entries.append(entry(line, fields))
        else:
            problem = "not valid PubMed text: the reference cannot be taken apart"
            action = "save it in the format 'PubMed' or as CSV"
            faults.append(Fault(file, problem, action, row=line, value=text[start:end].split("\n")[0][:60]))
    return Parsed(entries, faults, "PubMed text")


def _starts(text: str, opening: re.Pattern[str]) -> list[int]:
    """Return where references begin: numbered upwards from one, each after an empty line."""
    found: list[int] = []
    wanted = 1
    for match in opening.finditer(text):
        start = match.start()
        first = not found and not text[:start].strip("\ufeff\n")
        if match[0].startswith(str(wanted)) and (first or text.endswith("\n\n", 0, start)):
            found.append(start)
            wanted += 1
    return found


def _summary(text: str) -> dict[str, str] | None:
    """Take one paragraph apart: authors, title, journal, date, identifiers."""
    plain = one_line(text)
    parts = re.match(r"(.+?)\. (.+?[.?!]) (.+)$", plain)
    if parts is None:
        return None
    return {
        "authors": authors_of([parts[1]]),
        "title": parts[2].rstrip("."),
        **_source(parts[3]),
        **_identifiers(plain),
    }


def _abstract(text: str) -> dict[str, str] | None:
    """Take paragraphs apart: source, title, authors, and the longest of the others as abstract."""
    paragraphs = [one_line(part) for part in re.split(r"\n\s*\n", text) if part.strip()]
    if len(paragraphs) < 2:
        return None
    names = re.sub(r"\(\d+\)|\d+(?=[,.])", "", paragraphs[2]).rstrip(".") if len(paragraphs) > 2 else ""
    listed = bool(re.match(r"[^.]+ [A-Z]{1,3}\b", names))
    others = [
        part for part in paragraphs[3:] if not re.match(r"(?:Author information|DOI:|PMID:|PMCID:|Copyright|©)", part)
    ]
    return {
        "title": paragraphs[1].rstrip(".").strip("[]"),
        "authors": authors_of([names]) if listed else "",
        "abstract": max(others, key=len, default=""),
        **_source(paragraphs[0]),
        **_identifiers(" ".join(paragraphs)),
    }


def _source(text: str) -> dict[str, str]:
    """Return journal, year, volume, issue and pages of ``J Care. 2020 Jan;1(2):3-4.``."""
    found = SOURCE.match(text)
    if found is None:
        return {"year": year_of(text)}
    volume, issue, pages = ((found[place] or "").strip() for place in (4, 5, 6))
    return {"container": found[1], "year": found[2], "volume": volume, "issue": issue, "pages": pages}


def _identifiers(text: str) -> dict[str, str]:
    """Return PubMed number and DOI."""
    pmid = re.search(r"\bPMID: ?(\d+)", text)
    doi = re.search(r"(?i)\bdoi: ?(10\.\S+?)\.?(?:\s|$)", text)
    number = pmid[1] if pmid else ""
    return {"own_id": number, "pmid": number, "doi": doi[1] if doi else ""}
