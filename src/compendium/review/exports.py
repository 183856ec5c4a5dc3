"""Exports of reference tools and databases, read into one table of reports; nothing is dropped."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pandas as pd

from compendium.faults import Fault, display_path, suggest
from compendium.review.names import family_of
from compendium.review.readers import FIELDS, Entry, Parsed, read_references
from compendium.review.titles import normalise_title

REPORT_COLUMNS = ("report", "export", "line", *FIELDS, "slug")
IDENTIFYING = ("title", "doi", "pmid")


def read_exports(folder: Path, search_log: pd.DataFrame) -> tuple[pd.DataFrame, list[Fault]]:
    """Read every export of a folder.

    Parameters
    ----------
    folder
        Where the exports lie.
    search_log
        One row a search with the export's file name in ``export``; its order is the order of the reports. Where
        ``unread`` gives the number of references of an export that cannot be read, as many faults are accepted and
        the rest is read.

    Returns
    -------
    reports : DataFrame, one row a reference
        ``report`` (``<export without ending>:<id in the export>``), ``export``, ``line``, the fields of
        :data:`compendium.review.readers.FIELDS`, and ``slug`` (author, year, first word of the title, checksum).
    faults : list of Fault
        Files without a search, searches without a file, and everything malformed, with file and line.
    """
    present = sorted(path.name for path in folder.iterdir() if path.is_file()) if folder.is_dir() else []
    logged = list(search_log["export"])
    faults = [
        Fault("search_log.csv", "the export is missing", suggest(name, present), row=int(str(row)), value=name)
        for row, name in search_log["export"].items()
        if name not in present
    ]
    faults += [
        Fault(display_path(folder / name), "the export is not in search_log.csv", "say where and when it was found")
        for name in present
        if name not in logged
    ]
    accepted = dict(zip(logged, search_log["unread"], strict=True)) if "unread" in search_log else {}
    frames = []
    for name in [name for name in logged if name in present]:
        frame, found = read_export(folder / name)
        frames.append(frame)
        faults += [] if found and accepted.get(name, "") == str(len(found)) else found
    reports = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=list(REPORT_COLUMNS))
    return reports, faults


def read_export(path: Path) -> tuple[pd.DataFrame, list[Fault]]:
    """Read one export, in whatever format its content is; what has no title, DOI or PubMed number is a fault."""
    parsed = read_references(path)
    known, nameless = identified(parsed, display_path(path))
    return _frame(path, known), [*parsed.faults, *nameless]


def identified(parsed: Parsed, shown: str) -> tuple[list[Entry], list[Fault]]:
    """Return the references that can be told apart, and a fault for each that cannot."""
    known = [entry for entry in parsed.entries if any(entry.fields[name] for name in IDENTIFYING)]
    faults = [
        Fault(shown, "a record without an id: no title, DOI or PMID", "complete it or take it out", row=entry.line)
        for entry in parsed.entries
        if not any(entry.fields[name] for name in IDENTIFYING)
    ]
    return known, faults


def _frame(path: Path, entries: list[Entry]) -> pd.DataFrame:
    """Put the entries of one file into the table of reports."""
    names, slugs, used = [], [], dict[str, int]()
    for entry in entries:
        slug = make_slug(entry.fields)
        own = entry.fields["own_id"] or slug
        used[own] = used.get(own, 0) + 1
        names.append(f"{path.stem}:{own}" + (f"~{used[own]}" if used[own] > 1 else ""))
        slugs.append(slug)
    columns = {field: [entry.fields[field] for entry in entries] for field in FIELDS}
    lines = [entry.line for entry in entries]
    rows = {"report": names, "export": [path.name] * len(names), "line": lines, **columns, "slug": slugs}
    return pd.DataFrame(rows, columns=list(REPORT_COLUMNS), dtype=object)


def make_slug(fields: dict[str, str]) -> str:
    """Return an id made from the content alone, so that it does not change when other records arrive.

    ``author-year-word-check``: surname of the first author, year, first long word of the title, and four characters
    of a checksum over title, year and DOI.
    """
    words = normalise_title(fields["title"]).split()
    word = next((text for text in words if len(text) > 3), words[0] if words else "untitled")
    check = hashlib.sha256("|".join((" ".join(words), fields["year"], fields["doi"].lower())).encode()).hexdigest()[:4]
    return "-".join(part for part in (family_of(fields["authors"]) or "anonymous", fields["year"], word, check) if part)
