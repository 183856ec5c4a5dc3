"""Saved results as the book reads them: values, tables and figures by name, each with its origin."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from compendium.faults import suggest
from compendium.outputs.saving import TEXTS, read_values
from compendium.paths import ResultFolders
from compendium.report.book.faults import BookError

TRUTH = {"True": True, "False": False}


@dataclass(frozen=True)
class Provenance:
    """The notebook, its cell and the function that made a result, and the statistics that it rests on."""

    notebook: str
    function: str
    cell: str | None = None
    statistics: tuple[str, ...] = ()


@dataclass(frozen=True)
class SavedValue:
    """One named value; ``content`` is None when it is not defined, and ``note`` then says why."""

    name: str
    content: Any
    note: str
    origin: Provenance


@dataclass(frozen=True)
class SavedTable:
    """One table at full precision."""

    name: str
    frame: pd.DataFrame
    caption: str
    note: str
    origin: Provenance
    path: Path


@dataclass(frozen=True)
class SavedFigure:
    """One figure; ``path`` is its SVG file."""

    name: str
    caption: str
    alt: str
    origin: Provenance
    path: Path


@dataclass(frozen=True)
class SavedResults:
    """Everything saved for one cohort, asked for by name."""

    folders: ResultFolders
    _tables: dict[str, SavedTable] = field(default_factory=dict)

    def value(self, name: str) -> SavedValue:
        """Return a saved value.

        Raises
        ------
        BookError
            When no step saved a value of this name.
        """
        if name not in self._values:
            raise BookError(f"no value is called {name!r}; {suggest(name, sorted(self._values))}")
        entry = self._values[name]
        return SavedValue(name, entry["value"], entry.get("note", ""), _origin(entry))

    def table(self, name: str) -> SavedTable:
        """Return a saved table, read once.

        Raises
        ------
        BookError
            When no step saved a table of this name.
        """
        if name not in self._tables:
            metadata = _metadata(self.folders.tables, name, "table")
            path = self.folders.tables / f"{name}.csv"
            self._tables[name] = SavedTable(
                name,
                read_frame(path, metadata.get(TEXTS, ())),
                metadata["caption"],
                metadata["note"],
                _origin(metadata),
                path,
            )
        return self._tables[name]

    def figure(self, name: str) -> SavedFigure:
        """Return a saved figure.

        Raises
        ------
        BookError
            When no step saved a figure of this name.
        """
        metadata = _metadata(self.folders.figures, name, "figure")
        path = self.folders.figures / f"{name}.svg"
        return SavedFigure(name, metadata["caption"], metadata["alt"], _origin(metadata), path)

    @cached_property
    def tables(self) -> Mapping[str, SavedTable]:
        """Every saved table by name; each is read when it is asked for."""
        return _Tables(self)

    @cached_property
    def values(self) -> dict[str, SavedValue]:
        """Every saved value by name."""
        return {name: self.value(name) for name in sorted(self._values)}

    @cached_property
    def figures(self) -> dict[str, SavedFigure]:
        """Every saved figure by name."""
        names = sorted(path.stem for path in self.folders.figures.glob("*.json"))
        return {name: self.figure(name) for name in names}

    def notebook(self, name: str) -> Path | None:
        """Return the executed notebook of a step, if it is there."""
        path = self.folders.notebooks / f"{name}.ipynb"
        return path if path.is_file() else None

    @cached_property
    def notebooks(self) -> tuple[Path, ...]:
        """Every executed notebook, in the order of the study."""
        found = sorted(self.folders.notebooks.glob("*.ipynb"))
        return tuple(path for path in found if not path.name.endswith(".failed.ipynb"))

    @cached_property
    def statistics(self) -> dict[str, frozenset[str]]:
        """The public statistics that the results of each step rest on, by step."""
        found: dict[str, set[str]] = {}
        for entry in (*self._values.values(), *self._described()):
            origin = _origin(entry)
            found.setdefault(origin.notebook, set()).update(origin.statistics)
        return {step: frozenset(names) for step, names in sorted(found.items())}

    def _described(self) -> list[dict[str, Any]]:
        """Return what is noted beside every table and figure."""
        folders = (self.folders.tables, self.folders.figures)
        return [json.loads(path.read_text()) for folder in folders for path in sorted(folder.glob("*.json"))]

    @cached_property
    def _values(self) -> dict[str, dict[str, Any]]:
        """Every saved value by name."""
        return read_values(self.folders)


def read_frame(path: Path, texts: Collection[str] = ()) -> pd.DataFrame:
    """Read a saved table: a column of numbers as numbers, any other, and those named, as the text it holds."""
    with path.open(encoding="utf-8", newline="") as stream:
        header, *rows = csv.reader(stream)
    columns = zip(*rows, strict=True) if rows else ((),) * len(header)
    named = zip(header, columns, strict=True)
    return pd.DataFrame(
        {name: pd.Series(cells, dtype=object) if name in texts else _typed(cells) for name, cells in named}
    )


def _typed(cells: Sequence[str]) -> pd.Series[Any]:
    """Return a column as it was saved: truth values and numbers where every cell is one or empty, else text."""
    filled = [cell for cell in cells if cell]
    if not filled or not all(map(_is_written_by_program, filled)):
        return pd.Series(cells, dtype=object)
    whole = len(filled) == len(cells)
    if all(cell in TRUTH for cell in filled):
        return pd.Series([TRUTH.get(cell, "") for cell in cells], dtype=bool if whole else object)
    numbers = pd.Series([float(cell) if cell else math.nan for cell in cells])
    known = numbers.dropna()
    return numbers.astype("int64" if whole else "Int64") if (known % 1 == 0).all() else numbers


def _is_written_by_program(cell: str) -> bool:
    """Say whether a cell is a truth value or a number as a program writes it; "007" and "NA" are labels."""
    if cell in TRUTH:
        return True
    try:
        number = float(cell)
    except ValueError:
        return False
    return cell in (repr(number), str(int(number))) if math.isfinite(number) else False


def _metadata(folder: Path, name: str, kind: str) -> dict[str, Any]:
    """Read the metadata of a table or figure, or say which names there are."""
    path = folder / f"{name}.json"
    if not path.is_file():
        known = sorted(file.stem for file in folder.glob("*.json"))
        raise BookError(f"no {kind} is called {name!r}; {suggest(name, known)}")
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def _origin(entry: dict[str, Any]) -> Provenance:
    """Take the origin out of saved metadata."""
    return Provenance(entry["notebook"], entry["builder"], entry.get("cell"), tuple(entry.get("statistics", ())))


class _Tables(Mapping[str, SavedTable]):
    """The saved tables by name: a page that asks for one of them does not wait for all to be read."""

    def __init__(self, saved: SavedResults) -> None:
        self._saved = saved
        self._names = dict.fromkeys(sorted(path.stem for path in saved.folders.tables.glob("*.json")))

    def __getitem__(self, name: str) -> SavedTable:
        if name not in self._names:
            raise KeyError(name)
        return self._saved.table(name)

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)
