"""Executed notebooks as the book's appendix: their words, code, tables and figures, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nbformat

from compendium.report.book.saved import SavedFigure
from compendium.report.book.trail import cell_anchor

SHOWN_TYPES = ("text/html", "image/svg+xml", "image/png")
LANGUAGE = {"name": "python", "pygments_lexer": "python3"}


def copy_notebook(source: Path, target: Path, figures: Mapping[str, SavedFigure]) -> None:
    """Copy an executed notebook with only tables and figures as outputs; cells keep their tags.

    Parameters
    ----------
    source
        The executed notebook.
    target
        Where the book's sources want it.
    figures
        Saved figures by name. Those that a cell kept are shown under it, with their alternative text.
    """
    notebook = nbformat.read(source, as_version=4)
    kept: dict[str | None, list[SavedFigure]] = {}
    for figure in figures.values():
        if figure.origin.notebook == source.stem:
            kept.setdefault(figure.origin.cell, []).append(figure)
    shown = [_shown(cell, kept.get(cell.get("id"), [])) for cell in notebook.cells]
    notebook.cells = [each for cell in shown for each in (*_anchor(cell), cell)]
    notebook.metadata["language_info"] = LANGUAGE
    target.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, target)


def _anchor(cell: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    """Return the place that links to a code cell lead to."""
    if cell.cell_type != "code" or not cell.get("id"):
        return []
    place = f'<div class="cell-place" id="{cell_anchor(cell["id"])}"><span>cell {cell["id"]}</span></div>'
    return [nbformat.v4.new_markdown_cell(place, id=f"place-{cell['id']}"[:64])]


def _shown(cell: nbformat.NotebookNode, saved: list[SavedFigure]) -> nbformat.NotebookNode:
    """Return a cell with only the outputs a reader is to see."""
    if cell.cell_type != "code":
        return cell
    # A function that keeps one figure an item shows none of them here.
    saved = [figure for figure in saved if f'"{figure.name}"' in cell.source]
    kinds = SHOWN_TYPES[:1] if saved else SHOWN_TYPES
    cell.outputs = [output for output in (_first(output, kinds) for output in cell.outputs) if output is not None]
    cell.outputs += [_picture(figure) for figure in saved]
    if saved:
        cell.metadata["mystnb"] = {"image": {"alt": " ".join(saved[0].alt.split())}}
    return cell


def _first(output: nbformat.NotebookNode, kinds: tuple[str, ...]) -> nbformat.NotebookNode | None:
    """Keep one form of a table or figure and drop printed text, progress bars and warnings."""
    data: dict[str, Any] = output.get("data", {})
    for kind in kinds:
        if kind in data and (kind != "text/html" or "<table" in "".join(data[kind])):
            return _display(kind, data[kind])
    return None


def _picture(figure: SavedFigure) -> nbformat.NotebookNode:
    """Return a saved figure as an output."""
    return _display("image/svg+xml", figure.path.read_text(encoding="utf-8"))


def _display(kind: str, content: Any) -> nbformat.NotebookNode:
    """Return one output."""
    shown: nbformat.NotebookNode = nbformat.v4.new_output("display_data", data={kind: content})
    return shown
