"""Tables, figures and their origin lines written as MyST Markdown."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from compendium.report.book.headings import HEADINGS, NAMES
from compendium.report.book.saved import SavedFigure, SavedTable
from compendium.rounding import NOT_SHOWN, heading, rounded

SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|$~^@])")
MANY_COLUMNS = 8


def escape(text: Any) -> str:
    """Return plain text that Markdown shows as it is, on one line."""
    return SPECIAL.sub(r"\\\1", " ".join(str(text).split()))


def pipe_table(
    frame: pd.DataFrame,
    *,
    decimals: int = 2,
    labels: Mapping[str, str] | None = None,
    headings: Mapping[str, str] | None = None,
    intervals: Mapping[str, Sequence[str]] | None = None,
) -> str:
    """Write a table for a reader: rounded, labelled, numbers to the right, intervals beside their estimates."""
    shown, numeric = readable(frame, decimals, labels, headings, intervals)
    rules = ["---:" if right else ":---" for right in numeric]
    rows = [_row(cells) for cells in shown.itertuples(index=False, name=None)]
    return "\n".join([_row(list(shown.columns)), f"| {' | '.join(rules)} |", *rows])


def readable(
    frame: pd.DataFrame,
    decimals: int = 2,
    labels: Mapping[str, str] | None = None,
    headings: Mapping[str, str] | None = None,
    intervals: Mapping[str, Sequence[str]] | None = None,
) -> tuple[pd.DataFrame, list[bool]]:
    """Return a table in the words and digits that a reader sees, and which of its columns hold numbers."""
    shown = rounded(frame, decimals, labels=labels)
    words = {**HEADINGS, **(headings or {})}
    for column in {*NAMES} & {*frame}:
        shown[heading(column)] = [str(cell).replace("_", " ") for cell in shown[heading(column)]]
    shown.columns = pd.Index([words.get(raw, head) for raw, head in zip(frame.columns, shown.columns, strict=True)])
    numeric = [_is_number(frame[column]) for column in frame.columns]
    return _with_intervals(shown, numeric, list(frame.columns), intervals or {})


def folded(title: str, body: str) -> str:
    """Put something long behind a line that opens it."""
    return f"::::{{dropdown}} {escape(title)}\n:class-container: folded\n\n{body}\n::::"


def captioned_table(body: str, caption: str, *, columns: int = 0) -> str:
    """Wrap a table body with its caption."""
    classes = "wide" if columns >= MANY_COLUMNS else "plain"
    return f":::{{table}} {escape(caption)}\n:class: {classes}\n\n{body}\n:::"


def figure(saved: SavedFigure, target: str, origin: str) -> str:
    """Write a figure with caption, alternative text and origin; a click shows it alone and in full size."""
    alt = " ".join(saved.alt.split())
    head = f":::{{figure}} {target}\n:alt: {alt}\n:target: _images/{saved.path.name}\n"
    return f"{head}\n{escape(saved.caption)}\n\n{origin}\n:::"


def origin_line(trail: str, download: str = "") -> str:
    """Link to the trail of a table or figure, and to its numbers."""
    data = f' · <a href="{download}">Data at full precision (CSV)</a>' if download else ""
    return f'<a class="trail-line" href="{trail}">How this was made</a>{data}'


def trail_link(address: str, shown: str) -> str:
    """Write a number as a link to its trail."""
    return f'<a class="trail" href="{address}">{shown}</a>'


def trail_mark(address: str) -> str:
    """Write a small mark that leads to the trail of the words before it."""
    return f'<a class="trail mark" href="{address}" aria-label="where this comes from"></a>'


def aside(text: str, kind: str) -> str:
    """Write a small line under a table."""
    return f":::{{div}} {kind}\n{text}\n:::"


def saved_table(table: SavedTable, body: str, origin: str, columns: int) -> str:
    """Write a saved table with caption, note and origin."""
    parts = [captioned_table(body, table.caption, columns=columns)]
    parts += [aside(escape(table.note), "table-note")] if table.note else []
    return "\n\n".join([*parts, aside(origin, "origin")])


def _with_intervals(
    shown: pd.DataFrame, numeric: list[bool], names: list[str], intervals: Mapping[str, Sequence[str]]
) -> tuple[pd.DataFrame, list[bool]]:
    """Write each interval behind its estimate and leave its own columns out."""
    out, bounds = shown.copy(), {bound for pair in intervals.values() for bound in pair}
    for estimate, (lower, upper) in intervals.items():
        cells = [shown.iloc[:, names.index(name)] for name in (estimate, lower, upper)]
        out.isetitem(names.index(estimate), [_interval(*row) for row in zip(*cells, strict=True)])
    kept = [place for place, name in enumerate(names) if name not in bounds]
    return out.iloc[:, kept], [numeric[place] for place in kept]


def _interval(estimate: str, lower: str, upper: str) -> str:
    """Write an estimate with its interval, or alone where it has none."""
    return estimate if {NOT_SHOWN, ""} & {lower, upper} else f"{estimate} [{lower}, {upper}]"


def _is_number(column: pd.Series[Any]) -> bool:
    """Say whether a column holds numbers."""
    return pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)


def _row(cells: Sequence[Any]) -> str:
    """Write one row."""
    return f"| {' | '.join(escape(cell) for cell in cells)} |"
