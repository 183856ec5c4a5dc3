"""A report as data: sections of blocks, the same for the PDF, the web page and Word."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Any


@dataclass(frozen=True)
class Text:
    """A paragraph; ``lead`` stands out."""

    text: str
    lead: bool = False
    kind: str = "text"


@dataclass(frozen=True)
class Points:
    """Short lines, one under the other; ``heading`` stands above them, ``framed`` puts a frame around both."""

    points: Sequence[str]
    heading: str = ""
    note: str = ""
    framed: bool = False
    kind: str = "points"


@dataclass(frozen=True)
class Boxes:
    """Framed lists side by side."""

    boxes: Sequence[Points]
    kind: str = "boxes"


@dataclass(frozen=True)
class Mark:
    """A score on a line: a dot, a diamond or a square, with its range."""

    shape: str
    value: float
    text: str
    lower: float | None = None
    upper: float | None = None


@dataclass(frozen=True)
class Line:
    """One row of a chart: what it is about, its marks, a band behind them, and all of it in words."""

    label: str
    definition: str
    marks: Sequence[Mark]
    band: tuple[float, float] | None
    words: str
    note: str = ""


@dataclass(frozen=True)
class Chart:
    """Scores on one scale; the words of each row are its alternative text."""

    low: int
    high: int
    lines: Sequence[Line]
    keys: Sequence[tuple[str, str]]
    kind: str = "chart"


@dataclass(frozen=True)
class TextTable:
    """A plain table with a row of headings; a ``tall`` one has room to write in."""

    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    widths: Sequence[int] = ()
    tall: bool = False
    kind: str = "table"


@dataclass(frozen=True)
class Statement:
    """A statement with who answers what, and the whole group's answers as bars; ``mark`` is the bar of the person."""

    text: str
    answers: Sequence[str]
    shares: Sequence[float]
    mark: int | None
    words: str


@dataclass(frozen=True)
class StatementBlock:
    """Statements under a heading."""

    heading: str
    statements: Sequence[Statement]
    kind: str = "statements"


@dataclass(frozen=True)
class Fields:
    """Places to write in: a label and how many lines."""

    fields: Sequence[tuple[str, int]]
    kind: str = "fields"


Block = Text | Points | Boxes | Chart | TextTable | StatementBlock | Fields


@dataclass(frozen=True)
class ReportSection:
    """A heading with its blocks; ``new_page`` begins a page."""

    heading: str
    blocks: Sequence[Block]
    new_page: bool = False


@dataclass(frozen=True)
class Look:
    """How an organisation's reports look: language, name, logo (SVG text), accent colour."""

    locale: str = "en-GB"
    organisation: str = ""
    logo: str = ""
    accent: str = "#1F4E79"
    page: str = "Page"


@dataclass(frozen=True)
class Document:
    """Everything in one report."""

    title: str
    subtitle: str
    notices: Sequence[str]
    sections: Sequence[ReportSection]
    look: Look = field(default_factory=Look)

    @cached_property
    def as_json(self) -> str:
        """The report as JSON; put together once, since it is typeset from it and its changes are told by it."""
        return json.dumps(self, default=_named, ensure_ascii=False, allow_nan=False)

    def text(self) -> str:
        """Return every sentence of the report, one a line, in reading order."""
        return "\n".join(_strings(json.loads(self.as_json)))


def _named(part: Any) -> dict[str, Any]:
    """Return a part of a report as its fields by name."""
    return {each.name: getattr(part, each.name) for each in fields(part)}


def _strings(data: Any, skipped: frozenset[str] = frozenset(("kind", "look", "shape", "keys"))) -> list[str]:
    """Return the texts in nested data."""
    if isinstance(data, str):
        return [data] if data else []
    if isinstance(data, dict):
        return [text for name, value in data.items() if name not in skipped for text in _strings(value)]
    return [text for value in data for text in _strings(value)] if isinstance(data, (list, tuple)) else []
