"""Executed notebooks as the book's appendix: their words, code, tables and figures, and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat

SHOWN_TYPES = ("text/html", "image/svg+xml", "image/png")


def copy_notebook(source: Path, target: Path) -> None:
    """Copy an executed notebook with only tables and figures as outputs; cells keep their tags.

    Parameters
    ----------
    source
        The executed notebook.
    target
        Where the book's sources want it.
    """
    notebook = nbformat.read(source, as_version=4)
    notebook.cells = [_shown(cell) for cell in notebook.cells]
    notebook.metadata["language_info"] = {"name": "python", "pygments_lexer": "python3"}
    target.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, target)


def _shown(cell: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Return a cell with only the outputs a reader is to see."""
    if cell.cell_type == "code":
        cell.outputs = [output for output in map(_table_or_figure, cell.outputs) if output is not None]
    return cell


def _table_or_figure(output: nbformat.NotebookNode) -> nbformat.NotebookNode | None:
    """Keep one form of a table or figure and drop printed text, progress bars and warnings."""
    data: dict[str, Any] = output.get("data", {})
    for kind in SHOWN_TYPES:
        if kind in data and _is_wanted(kind, data[kind]):
            shown: nbformat.NotebookNode = nbformat.v4.new_output("display_data", data={kind: data[kind]})
            return shown
    return None


def _is_wanted(kind: str, content: Any) -> bool:
    """Say whether an output is a table or a picture; other HTML is not wanted."""
    return kind != "text/html" or "<table" in "".join(content)
