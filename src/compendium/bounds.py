"""How large what is handed in may be: beyond these sizes it is a mistake or an attack, refused before it costs."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from pathlib import Path

import yaml

MOST_BYTES = 100_000_000
# Responses as text: a million people with their colleagues' ratings take some 600 MB.
MOST_BYTES_OF_RESPONSES = 1_000_000_000
MOST_COLUMNS, MOST_ROWS, LONGEST_CELL, LONGEST_NAME = 2_000, 5_000_000, 20_000, 200
DEEPEST, MOST_NODES, LONGEST_SCALAR, LONGEST_NUMBER = 20, 50_000, 20_000, 15
LONGEST_PATH = 255
# Codecs of Python that are no encodings of a response file.
NO_ENCODINGS = frozenset(
    ("punycode", "undefined", "idna", "unicode_escape", "raw_unicode_escape", "unicode-escape", "raw-unicode-escape")
)
OTHER_NUMBER = re.compile(r"0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO][0-7]+|\d+(:\d+)+")
Problem = tuple[str, str, int | None]


def yaml_problem(text: str) -> Problem | None:
    """Say why a YAML text is too large, too deep or refers to itself, with what to do and the line, or None.

    Raises
    ------
    yaml.YAMLError
        When it is no YAML.
    """
    anchored: list[bool] = []
    for number, event in enumerate(_events(text)):
        line = event.start_mark.line + 1 if event.start_mark else None
        if isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent)):
            anchored.append(event.anchor is not None)
        elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
            anchored.pop()
        if isinstance(event, yaml.AliasEvent) and any(anchored):
            # One level of anchors saves typing; more of them grow without end, or refer to themselves.
            return "an anchor (&name) holds a reference (*name)", "write the value out", line
        if len(anchored) > DEEPEST:
            return f"nested more than {DEEPEST} deep", "mend the brackets or the indentation", line
        if number > MOST_NODES:
            return f"more than {MOST_NODES} entries", "keep responses in CSV files", line
        if isinstance(event, yaml.ScalarEvent) and len(event.value) > LONGEST_SCALAR:
            return f"a text of {len(event.value)} signs; {LONGEST_SCALAR} are read", "shorten it", line
        if isinstance(event, yaml.ScalarEvent) and _is_long_number(event):
            return f"a number of more than {LONGEST_NUMBER} digits", "mend it, or put it in quotes", line
    return None


def _events(text: str) -> Iterator[yaml.Event]:
    """Return the events of a YAML text one by one, without building what it holds."""
    events: Iterator[yaml.Event] = yaml.parse(text, Loader=yaml.CSafeLoader)
    return events


def _is_long_number(event: yaml.ScalarEvent) -> bool:
    """Say whether a plain scalar would be read as a number of many digits."""
    plain = event.value.lstrip("+-").replace("_", "")
    if event.style or len(plain) <= LONGEST_NUMBER:  # plain has no style: None, or empty from libyaml
        return False
    # YAML reads 0x1f, 0b11 and 1:30:00 as whole numbers as well.
    return plain.isdecimal() or OTHER_NUMBER.fullmatch(plain) is not None


def table_problem(rows: list[list[str]]) -> Problem | None:
    """Say why a table is too large, with what to do and the row; None when it is not."""
    if len(rows) > MOST_ROWS:
        return f"more than {MOST_ROWS} rows", "check the export", None
    widest = max(range(len(rows)), key=lambda place: len(rows[place]))
    if len(rows[widest]) > MOST_COLUMNS:
        problem = f"{len(rows[widest])} columns; {MOST_COLUMNS} are read"
        return problem, "check the delimiter, or leave columns out", widest + 1
    for number, cells in enumerate(rows, 1):
        longest = max(map(len, cells), default=0)
        if longest > LONGEST_CELL:
            return f"a cell of {longest} signs; {LONGEST_CELL} are read", "leave free text out, or shorten it", number
    if long_names := [name for name in rows[0] if len(name) > LONGEST_NAME]:
        return f"a column name of {len(long_names[0])} signs; {LONGEST_NAME} are read", "rename the column", 1
    return None


def encoding_problem(name: str) -> str | None:
    """Say why a response file cannot be read in an encoding of this name, or return None."""
    try:
        codec = codecs.lookup(name)
    except (LookupError, ValueError):
        return "unknown encoding, such as utf-8 or cp1252 are known"
    if codec.name in NO_ENCODINGS or not getattr(codec, "_is_text_encoding", True):
        return "this codec is no encoding of a text file; such as utf-8 or cp1252 are"
    return None


def source_problem(source: str) -> str | None:
    """Say why a response file may not have this name, or None when it may: one that stays in the cohort's folder."""
    if len(source) > LONGEST_PATH:
        return f"a file name of {len(source)} signs; {LONGEST_PATH} are possible"
    if "\0" in source or any(ord(sign) < 32 for sign in source):
        return "the file name holds a sign that is not shown"
    path = Path(source)
    if path.is_absolute() or ".." in path.parts:
        return "the file lies outside the cohort's folder: name it by itself, and give its folder as DATA"
    return None


def link_problem(path: Path, home: Path, most: int = MOST_BYTES) -> Problem | None:
    """Say why a file may not be read: its links lead elsewhere, or it is too large; None when it may."""
    try:
        real = path.resolve(strict=True)
    except (OSError, RuntimeError):
        return (
            ("the link leads nowhere, or to itself", "put the file itself there", None) if path.is_symlink() else None
        )
    if not real.is_relative_to(home.resolve()):
        return "the link leads out of the folder", "put the file itself there, or give its folder as DATA", None
    if real.is_file() and real.stat().st_size > most:
        return f"the file is larger than {most // 1_000_000} MB", "check the export", None
    if not real.is_file():
        return "this is no file", "put the file there, or mend its name", None
    return None
