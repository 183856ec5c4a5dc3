"""The page of every result: what was kept, what built it, on which statistics, in which cell."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from compendium.report.book import markdown
from compendium.report.book.faults import BookError
from compendium.report.book.saved import Origin, SavedResults

if TYPE_CHECKING:
    from compendium.report.book.subject import Study

HEAD = ("result", "what it is", "built by", "rests on", "kept in")


def results(study: Study, kind: str, link: Callable[[str], str]) -> str:
    """List every result of one kind: ``tables``, ``figures`` or ``values``.

    Parameters
    ----------
    link
        Returns the link to an executed notebook.

    Raises
    ------
    BookError
        When there is no such kind.
    """
    if kind not in ROWS:
        raise BookError(f"results are {', '.join(ROWS)}, not {kind!r}")
    rows = [_row(name, words, origin, link) for name, words, origin in ROWS[kind](study.saved)]
    if not rows:
        return "*None.*"
    lines = [f"| {' | '.join(HEAD)} |", f"|{' :--- |' * len(HEAD)}", *rows]
    return ":::{div} trail\n" + "\n".join(lines) + "\n:::"


def _row(name: str, words: str, origin: Origin, link: Callable[[str], str]) -> str:
    """Write one line; its cells are Markdown already."""
    rests = ", ".join(f"`{each.removeprefix('psychometrics.')}`" for each in origin.statistics) or "counts only"
    cell = f"{link(origin.notebook)}, `{origin.cell}`" if origin.cell else link(origin.notebook)
    return f"| {' | '.join((name, markdown.escape(words), f'`{origin.function}`', rests, cell))} |"


def _tables(saved: SavedResults) -> Iterator[tuple[str, str, Origin]]:
    """Return name, caption and origin of every table, with a link to the whole of it."""
    for name, table in saved.tables.items():
        yield f"{{download}}`{name} </tables/{name}.csv>`", table.caption, table.origin


def _figures(saved: SavedResults) -> Iterator[tuple[str, str, Origin]]:
    """Return name, caption and origin of every figure."""
    for name, figure in saved.figures.items():
        yield f"`{name}`", figure.caption, figure.origin


def _values(saved: SavedResults) -> Iterator[tuple[str, str, Origin]]:
    """Return name, note and origin of every value."""
    for name, value in saved.values.items():
        yield f"`{name}`", value.note, value.origin


ROWS: dict[str, Callable[[SavedResults], Iterator[tuple[str, str, Origin]]]] = {
    "tables": _tables,
    "figures": _figures,
    "values": _values,
}
