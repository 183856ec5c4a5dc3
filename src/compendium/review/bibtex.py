"""BibTeX: plain entries are read here, because bibtexparser takes milliseconds for each; all others are left to it."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from typing import Any

from compendium.faults import Fault

OPENING = re.compile(r"^[ \t]*@", re.MULTILINE)
KEY = re.compile(r"\s*@(?!comment|string|preamble)\w+\s*[{(]\s*([^,\s]*)", re.IGNORECASE)
HEAD = re.compile(r"\s*@(?!comment|string|preamble)(\w+)\s*\{\s*([^,\s{}()\"#%]+)\s*,", re.IGNORECASE)
END = re.compile(r"\s*,?\s*\}\s*\Z")
# A value without LaTeX: anything but braces and backslashes, or words with guarded capitals; a number; a month.
WORDS = r"(?:[\w\s:.;()/?-]++|,(?!,))"
FIELD = re.compile(
    r"\s*([A-Za-z]\w*)\s*=\s*"
    rf"(?:\{{([^{{}}\\@]*+)\}}|\{{((?:{WORDS}|\{{{WORDS}*+\}})*+)\}}|\"([^{{}}\\@\"]*+)\"|(\d+)|([a-z]{{3}}))"
    r"\s*(?:,|(?=\}\s*\Z))"
)
MONTH = "month"
Item = dict[str, str]
Placed = list[tuple[int, Item]]


def read_items(text: str, file: str) -> tuple[Placed, list[Fault]]:
    """Return the entries with the line where each begins, in their order, and a fault for each that cannot be read."""
    plain: Placed = []
    left: list[tuple[int, str]] = []
    for line, chunk in _chunks(text):
        item = plain_item(chunk)
        if item is None:
            left.append((line, chunk))
        else:
            plain.append((line, item))
    other, faults = _with_library(left, file) if any("@" in chunk for _, chunk in left) else ([], [])
    return sorted([*plain, *other], key=lambda placed: placed[0]), faults


def plain_item(chunk: str) -> Item | None:
    """Return an entry without LaTeX, macros or concatenation as bibtexparser would, or None where it is not plain."""
    head = HEAD.match(chunk)
    if head is None:
        return None
    item = {"ENTRYTYPE": head[1].lower(), "ID": head[2]}
    place = head.end()
    while found := FIELD.match(chunk, place):
        name = found[1].lower()
        if name in item or (found[6] and name != MONTH):
            return None
        value = next(group for group in found.groups()[1:] if group is not None)
        item[name] = unicodedata.normalize("NFC", value)
        place = found.end()
    return item if END.match(chunk, place) else None


def _chunks(text: str) -> list[tuple[int, str]]:
    """Return the text cut where a line begins with ``@``, each part with its line."""
    cuts = [0, *(found.start() for found in OPENING.finditer(text)), len(text)]
    parts = [text[start:end] for start, end in pairwise(cuts)]
    lines, number = [], 1
    for part in parts:
        lines.append(number)
        number += part.count("\n")
    return [(line, part) for line, part in zip(lines, parts, strict=True) if part.strip()]


def _with_library(chunks: list[tuple[int, str]], file: str) -> tuple[Placed, list[Fault]]:
    """Read what is not plain; an entry that bibtexparser drops in silence is a fault with its line."""
    found = _parse("".join(chunk for _, chunk in chunks))
    matches = ((KEY.match(chunk), line) for line, chunk in chunks)
    starts = [(match[1], line) for match, line in matches if match]
    counts = Counter(item["ID"] for item in found)
    faults = [
        Fault(file, "not valid BibTeX: the entry cannot be read", "close its braces and quotes", row=line, value=key)
        for key, line in starts
        if counts[key] == 0
    ]
    lines = dict(reversed(starts))
    return [(lines.get(item["ID"], 1), item) for item in found], faults


def _parse(text: str) -> list[Item]:
    """Run bibtexparser."""
    import bibtexparser
    from bibtexparser.bparser import BibTexParser
    from bibtexparser.customization import convert_to_unicode

    customise: Callable[[Any], Any] = convert_to_unicode
    parser = BibTexParser(common_strings=True, ignore_nonstandard_types=False, customization=customise)
    return list(bibtexparser.loads(text, parser=parser).entries)
