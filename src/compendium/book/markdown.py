"""Tables, figures and their origin lines written as MyST Markdown."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from compendium.book.saved import Origin, SavedFigure, SavedTable
from compendium.tables import rounded

SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|$~^])")
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
) -> str:
    """Write a table for a reader: rounded, labelled, numbers to the right."""
    shown = rounded(frame, decimals, labels=labels)
    renamed = headings or {}
    names = [renamed.get(str(raw), str(head)) for raw, head in zip(frame.columns, shown.columns, strict=True)]
    rules = ["---:" if _is_number(frame[column]) else ":---" for column in frame.columns]
    rows = [_row(cells) for cells in shown.itertuples(index=False, name=None)]
    return "\n".join([_row(names), f"| {' | '.join(rules)} |", *rows])


def captioned_table(name: str, body: str, caption: str, *, columns: int = 0) -> str:
    """Wrap a table body with its caption and a name to refer to."""
    classes = "wide" if columns >= MANY_COLUMNS else "plain"
    return f":::{{table}} {escape(caption)}\n:name: {name}\n:class: {classes}\n\n{body}\n:::"


def figure(saved: SavedFigure, target: str, origin: str) -> str:
    """Write a figure with caption, alternative text and origin."""
    alt = " ".join(saved.alt.split())
    head = f":::{{figure}} {target}\n:name: figure-{saved.name}\n:alt: {alt}\n"
    return f"{head}\n{escape(saved.caption)}\n\n{origin}\n:::"


def origin_line(origin: Origin, page: str | None, download: str = "") -> str:
    """Say which notebook and function made a result, with a link where the notebook is in the book."""
    notebook = f"{{doc}}`{origin.notebook} </{page}>`" if page else escape(origin.notebook)
    data = f" · {{download}}`full precision <{download}>`" if download else ""
    return f"From notebook {notebook}, `{origin.function}`{data}"


def aside(text: str, kind: str) -> str:
    """Write a small line under a table."""
    return f":::{{div}} {kind}\n{text}\n:::"


def saved_table(table: SavedTable, body: str, origin: str, columns: int) -> str:
    """Write a saved table with caption, note and origin."""
    parts = [captioned_table(f"table-{table.name}", body, table.caption, columns=columns)]
    parts += [aside(escape(table.note), "table-note")] if table.note else []
    return "\n\n".join([*parts, aside(origin, "origin")])


def _is_number(column: pd.Series[Any]) -> bool:
    """Say whether a column holds numbers."""
    return pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)


def _row(cells: Sequence[Any]) -> str:
    """Write one row."""
    return f"| {' | '.join(escape(cell) for cell in cells)} |"
