"""Exports of reference tools and databases, read into one table of reports; nothing is dropped."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from pathlib import Path

import pandas as pd

from compendium.faults import Fault, display_path, suggest
from compendium.review.formats import FIELDS, READERS, Entry, Parsed

REPORT_COLUMNS = ("report", "export", "line", *FIELDS, "slug")


def read_exports(folder: Path, search_log: pd.DataFrame) -> tuple[pd.DataFrame, list[Fault]]:
    """Read every export of a folder.

    Parameters
    ----------
    folder
        Where the exports lie.
    search_log
        One row a search with the export's file name in ``export``; its order is the order of the reports.

    Returns
    -------
    reports : DataFrame, one row a reference
        ``report`` (``<export without ending>:<id in the export>``), ``export``, ``line``, the fields of
        :data:`compendium.review.formats.FIELDS`, and ``slug`` (author, year, first word of the title, checksum).
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
    frames = []
    for name in [name for name in logged if name in present]:
        frame, found = read_export(folder / name)
        frames.append(frame)
        faults += found
    reports = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=list(REPORT_COLUMNS))
    return reports, faults


def read_export(path: Path) -> tuple[pd.DataFrame, list[Fault]]:
    """Read one export by its ending: ``.ris .bib .nbib .xml .csv``."""
    shown = display_path(path)
    if path.suffix.lower() not in READERS:
        known = ", ".join(READERS)
        return _frame(path, []), [Fault(shown, "an unknown kind of export", f"save it as one of {known}")]
    try:
        text = path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        return _frame(path, []), [Fault(shown, f"not readable as UTF-8: {error.reason}", "save it as UTF-8")]
    parsed = READERS[path.suffix.lower()](text, shown) if text.strip() else Parsed([], [])
    empty = [] if parsed.entries or parsed.faults else [Fault(shown, "it holds no reference", "export it again")]
    nameless = [
        Fault(shown, "a record without an id: no title, DOI or PMID", "complete it or take it out", row=entry.line)
        for entry in parsed.entries
        if not any(entry.fields[name] for name in ("title", "doi", "pmid"))
    ]
    return _frame(path, parsed.entries), [*parsed.faults, *empty, *nameless]


def _frame(path: Path, entries: list[Entry]) -> pd.DataFrame:
    """Put the entries of one file into the table of reports."""
    rows, used = [], dict[str, int]()
    for entry in entries:
        slug = make_slug(entry.fields)
        own = entry.fields["own_id"] or slug
        used[own] = used.get(own, 0) + 1
        name = f"{path.stem}:{own}" + (f"~{used[own]}" if used[own] > 1 else "")
        rows.append({"report": name, "export": path.name, "line": entry.line, **entry.fields, "slug": slug})
    return pd.DataFrame(rows, columns=list(REPORT_COLUMNS), dtype=object)


def make_slug(fields: dict[str, str]) -> str:
    """Return an id made from the content alone, so that it does not change when other records arrive.

    ``author-year-word-check``: surname of the first author, year, first long word of the title, and four characters
    of a checksum over title, year and DOI.
    """
    words = normalise_title(fields["title"]).split()
    word = next((text for text in words if len(text) > 3), words[0] if words else "untitled")
    check = hashlib.sha256("|".join((" ".join(words), fields["year"], fields["doi"].lower())).encode()).hexdigest()[:4]
    return "-".join(part for part in (surname(fields["authors"]) or "anonymous", fields["year"], word, check) if part)


def normalise_title(title: str) -> str:
    """Return a title in plain lower-case letters and digits, one space between words."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", " ", plain).strip()


def normalise_doi(doi: str) -> str:
    """Return a DOI without resolver or prefix, in lower case; nothing when it is not one."""
    found = re.search(r"10\.\d{4,9}/\S+", doi.lower())
    return found.group(0).rstrip(".,;") if found else ""


def surname(authors: str) -> str:
    """Return the surname of the first author in plain lower-case letters."""
    first = authors.split(";")[0].replace("et al.", "").strip()
    name = first.split(",")[0] if "," in first else (first.split() or [""])[-1]
    return re.sub(r"[^a-z0-9]+", "-", normalise_title(name)).strip("-")
