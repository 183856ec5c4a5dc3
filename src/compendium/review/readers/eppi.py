"""EPPI-Reviewer's JSON: references with their codes."""

from __future__ import annotations

import json
from typing import Any

from compendium.faults import Fault
from compendium.review.readers.entries import Parsed, authors_of, entry, one_line, pages_of, year_of


def read_eppi(text: str, file: str) -> Parsed:
    """Read the references of a JSON report of EPPI-Reviewer; codes are read by :mod:`compendium.review.screeners`."""
    loaded, faults = load_json(text, file)
    references = loaded.get("References", [])
    return Parsed(
        [entry(number, fields_of(item)) for number, item in enumerate(references, 1)], faults, "EPPI-Reviewer JSON"
    )


def load_json(text: str, file: str) -> tuple[dict[str, Any], list[Fault]]:
    """Return what a JSON file holds, or a fault with its line."""
    try:
        loaded = json.loads(text)
    except json.JSONDecodeError as error:
        return {}, [Fault(file, f"not valid JSON: {error.msg}", "export it again", row=error.lineno)]
    return (
        (loaded, [])
        if isinstance(loaded, dict)
        else ({}, [Fault(file, "JSON of another kind", "export it from EPPI-Reviewer")])
    )


def fields_of(item: dict[str, Any]) -> dict[str, str]:
    """Map EPPI-Reviewer's keys to ours."""
    plain = {key: one_line(str(value)) for key, value in item.items() if isinstance(value, (str, int))}
    pages = plain.get("Pages", "") or pages_of(plain.get("StartPage", ""), plain.get("EndPage", ""))
    return {
        "own_id": plain.get("ItemId", ""),
        "title": plain.get("Title", ""),
        "authors": authors_of([plain.get("Authors", "").strip(" ;")]),
        "year": year_of(plain.get("Year", "")),
        "container": plain.get("ParentTitle", ""),
        "volume": plain.get("Volume", ""),
        "issue": plain.get("Issue", ""),
        "pages": pages,
        "edition": plain.get("Edition", ""),
        "publisher": plain.get("Publisher", ""),
        "type": plain.get("TypeName", "") or plain.get("ItemType", ""),
        "doi": plain.get("DOI", ""),
        "keywords": plain.get("Keywords", ""),
        "abstract": plain.get("Abstract", ""),
        "notes": plain.get("Comments", ""),
    }
