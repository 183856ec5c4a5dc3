"""What every reader gives: plain entries with the line where each begins, and what could not be read."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from compendium.faults import Fault
from compendium.review.names import SEPARATOR, split_names

FIELDS = (
    "own_id",
    "title",
    "authors",
    "year",
    "container",
    "volume",
    "issue",
    "pages",
    "edition",
    "publisher",
    "type",
    "doi",
    "pmid",
    "keywords",
    "abstract",
    "notes",
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One reference of an export and the line where it begins; fields that a format does not give are empty."""

    line: int
    fields: dict[str, str]


@dataclass(frozen=True)
class Parsed:
    """What one file gave.

    Attributes
    ----------
    entries
        The references that were read.
    faults
        One for each that could not be read, with its line.
    format
        What the file was recognised as.
    """

    entries: list[Entry]
    faults: list[Fault] = field(default_factory=list)
    format: str = ""


def entry(line: int, values: dict[str, str]) -> Entry:
    """Return an entry with every field, those not given empty."""
    return Entry(line, {name: values.get(name, "") for name in FIELDS})


def authors_of(names: Iterable[str]) -> str:
    """Return authors separated by semicolons; one text may hold several."""
    return SEPARATOR.join(name.strip() for text in names for name in split_names(text) if name.strip())


def year_of(text: str) -> str:
    """Return the first four-digit year of a date (``2020/03``, ``1 March 2020``, ``20200301``), or nothing."""
    found = re.search(r"(?<!\d)((?:1[5-9]|20)\d{2})(?:(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01]))?(?!\d)", text)
    return found[1] if found else ""


def one_line(text: str) -> str:
    """Return a text with single spaces."""
    return " ".join(text.split())


def pages_of(first: str, last: str) -> str:
    """Return a range of pages."""
    return f"{first}-{last}" if first and last and "-" not in first else first


def line_of(text: str) -> Callable[[int], int]:
    """Return what gives the line of a place in a text, without counting from its beginning each time."""
    ends = [found.start() for found in re.finditer("\n", text)]
    return lambda place: bisect_left(ends, place) + 1
