"""The one way a step saves: tables, values, figures and private tables, each with its origin.

Files appear under their final name only when complete, hold no time stamps, and say which function built them, on which
statistics and in which cell of which notebook; all of that is taken from the run.
"""

from __future__ import annotations

import io
import json
import math
import os
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from compendium.disclosure import FLOORS, Gate, Kinds, OfPeople
from compendium.files import sweep, write_bytes, write_text
from compendium.paths import ResultFolders

if TYPE_CHECKING:
    from matplotlib.figure import Figure


# Where it is noted which step wrote which person-level file.
OWNED = ".owned"
# What stands beside a table about its columns of labels that look like numbers.
TEXTS = "texts"


class ResultError(Exception):
    """A step tried to save something that would break the trail: a taken name, a missing caption."""


@dataclass(frozen=True)
class Origin:
    """Where a result comes from.

    Attributes
    ----------
    builder
        The function that built it.
    statistics
        Public statistics that it rests on.
    cell
        Id of the cell that kept it; None outside a notebook.
    """

    builder: str
    statistics: tuple[str, ...] = ()
    cell: str | None = None


@dataclass(frozen=True)
class Noted:
    """A value with a note: what it counts, or why it is not there."""

    value: Any
    note: str


class Results:
    """Everything one step saves for one cohort.

    Parameters
    ----------
    folders
        Result folders of the cohort.
    step
        Name of the notebook without its ending, such as ``04_item_analysis``.
    gate
        What every public table and value passes; by default one that knows the usual limits and not the cohort's size.
    """

    def __init__(self, folders: ResultFolders, step: str, gate: Gate | None = None) -> None:
        self.folders, self.step = folders, step
        self.gate = gate or Gate(step, None, FLOORS["minimum_group"].usual)
        self.values: dict[str, dict[str, Any]] = {}
        for folder in (folders.tables, folders.values, folders.figures, folders.notebooks):
            folder.mkdir(parents=True, exist_ok=True)
        folders.private.mkdir(mode=0o700, parents=True, exist_ok=True)
        folders.private.chmod(0o700)
        sweep(folders.root)
        forget_step(folders, step)

    def table(
        self,
        name: str,
        frame: pd.DataFrame,
        *,
        caption: str,
        origin: Origin,
        index: bool | str = False,
        note: str = "",
        kinds: Kinds | None = None,
    ) -> pd.DataFrame:
        """Save a table as CSV, as the gate lets it pass, and return it as it is written.

        Parameters
        ----------
        name
            File name without ending, unique in the cohort.
        caption
            What the table shows, with n and method.
        index
            Whether the index is written as the first columns, or the name under which it is.
        kinds
            What the columns are about, as the catalogue declares it; by their names where nothing is declared.
        """
        metadata = self._claim(self.folders.tables, name, caption)
        flat = (frame.rename_axis(index) if isinstance(index, str) else frame).reset_index() if index else frame
        out = self.gate.table(name, flat, kinds)
        content = {"csv": out.to_csv(index=False, lineterminator="\n").encode()}
        texts = _numbers_in_words(flat)
        self._write(metadata, content, caption, origin, note, rows=len(out), **({TEXTS: texts} if texts else {}))
        self._write_log()
        return out

    def value(
        self, name: str, number: Any, *, origin: Origin, note: str = "", of_people: OfPeople | None = None
    ) -> Any:
        """Save a named value (a number, a text, true or false, or None with the reason in ``note``).

        What is not finite or not known is saved as None, with the reason in ``note`` or "not defined".
        """
        self._claim_value(name)
        shown, note = self.gate.value(name, number, note, of_people)
        plain = _plain(shown)
        self._write_log()
        if plain is None:
            note = note or "not defined"
        if not isinstance(plain, (bool, int, float, str, type(None))):
            raise ResultError(f"value {name!r} is a {type(number).__name__}; save a number, a text or a truth value")
        self.values[name] = {"value": plain, "note": note, **self._origin(origin)}
        write_text(self.folders.values / f"{self.step}.json", _as_json(self.values))
        return number

    def figure(
        self,
        name: str,
        figure: Figure,
        *,
        caption: str,
        alt: str,
        origin: Origin,
        endings: Sequence[str] = ("svg", "png"),
    ) -> Figure:
        """Save a figure with its caption and alternative text; the book shows the SVG."""
        metadata = self._claim_figure(name, caption, alt)
        content = _rendered(figure, name, endings, caption, alt)
        self._write(metadata, content, caption, origin, "", alt=alt)
        return figure

    def picture(self, name: str, pages: Mapping[str, bytes], *, caption: str, alt: str, origin: Origin) -> None:
        """Save a picture that was rendered elsewhere, one entry an ending (``svg``, ``png``)."""
        self._write(self._claim_figure(name, caption, alt), pages, caption, origin, "", alt=alt)

    def _write_log(self) -> None:
        """Write down what was withheld and why, without what it was."""
        if self.gate.withheld:
            self.folders.disclosure.mkdir(exist_ok=True)
            entries = [entry.as_json() for entry in self.gate.withheld]
            write_text(self.folders.disclosure / f"{self.step}.json", _as_json(entries))

    def clear(self, name: str) -> None:
        """Remove a folder that :meth:`folder` made, so that nothing of an earlier run stays."""
        shutil.rmtree(self._own_folder(name), ignore_errors=True)

    def folder(self, name: str) -> Path:
        """Return an empty folder below the cohort's results, for files that are used elsewhere as they are."""
        path = self._own_folder(name)
        shutil.rmtree(path, ignore_errors=True)
        path.mkdir(parents=True)
        return path

    def _own_folder(self, name: str) -> Path:
        """Return the path of a folder that holds nothing of the other kinds of results."""
        _require_plain(name)
        path, kept = self.folders.root / name, self.folders
        others = (kept.book, kept.private, kept.disclosure, kept.runs)
        if path in (kept.tables, kept.values, kept.figures, kept.notebooks, *others):
            raise ResultError(f"{name!r} holds results of other steps; choose another name")
        return path

    def private_file(self, name: str, content: bytes) -> None:
        """Save a person-level file, such as a report, below the private folder."""
        path = self._private(name)
        _own(self.folders.private, self.step, path)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_bytes(path, content, mode=0o600)

    def private_table(self, name: str, frame: pd.DataFrame) -> None:
        """Save person-level rows where only the owner of the folder can read them."""
        self.private_file(f"{name}.csv", frame.to_csv(lineterminator="\n").encode())

    def _private(self, name: str) -> Path:
        """Return the path of a person-level file, refusing one that would leave the private folder."""
        path, home = (self.folders.private / name).resolve(), self.folders.private.resolve()
        if path == home or not path.is_relative_to(home):
            raise ResultError(f"{name!r} lies outside the private folder")
        return path

    def _claim(self, folder: Path, name: str, caption: str) -> Path:
        """Refuse a name that another result has and a result without a caption; return the path of its metadata."""
        _require_plain(name)
        if not caption:
            raise ResultError(f"{name!r} has no caption")
        metadata = folder / f"{name}.json"
        if metadata.exists():
            raise ResultError(f"{name!r} is already saved by {_owner(metadata)}; choose another name")
        return metadata

    def _claim_figure(self, name: str, caption: str, alt: str) -> Path:
        """Refuse what :meth:`_claim` refuses, and a picture that only those who see it can read."""
        metadata = self._claim(self.folders.figures, name, caption)
        if not alt:
            raise ResultError(f"figure {name!r} has no alternative text")
        return metadata

    def _claim_value(self, name: str) -> None:
        """Refuse a value whose name another step has; the book knows values by name alone."""
        _require_plain(name)
        for path in sorted(self.folders.values.glob("*.json")):
            if path.stem != self.step and name in json.loads(path.read_text()):
                raise ResultError(f"{name!r} is already saved by {path.stem}; choose another name")

    def _origin(self, origin: Origin) -> dict[str, Any]:
        """Say where a result comes from."""
        statistics = list(origin.statistics)
        return {"notebook": self.step, "cell": origin.cell, "builder": origin.builder, "statistics": statistics}

    def _write(
        self, metadata: Path, content: Mapping[str, bytes], caption: str, origin: Origin, note: str, **more: Any
    ) -> None:
        """Write a result, one file an ending; its metadata first, since a later run forgets a result by them."""
        write_text(metadata, _as_json({"caption": caption, "note": note, **self._origin(origin), **more}))
        for ending, file in content.items():
            write_bytes(metadata.with_suffix(f".{ending}"), file)


def _numbers_in_words(frame: pd.DataFrame) -> list[str]:
    """Return the columns of labels all of which a reader would take for numbers: versions 1.0 and 2.0, sites 1001."""
    found = []
    for name, column in frame.items():
        if pd.api.types.is_numeric_dtype(column):
            continue
        cells = [cell for cell in column.dropna() if not (isinstance(cell, str) and not cell)]
        if cells and all(isinstance(cell, str) for cell in cells):
            read = pd.to_numeric(pd.Series(cells, dtype=object), errors="coerce")
            found += [str(name)] if read.notna().all() else []
    return found


def _own(private: Path, step: str, path: Path) -> None:
    """Record a person-level file before it is written, so that a killed run leaves none unrecorded."""
    owned = private / OWNED
    owned.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(owned / f"{step}.txt", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8", errors="surrogateescape") as stream:
        stream.write(f"{path.relative_to(private.resolve())}\n")


def _forget_private(private: Path, step: str) -> None:
    """Remove the person-level files that an earlier run of a step wrote."""
    listed = private / OWNED / f"{step}.txt"
    names = listed.read_text(encoding="utf-8", errors="surrogateescape").splitlines() if listed.is_file() else []
    for name in dict.fromkeys(names):
        path = private / name
        path.unlink(missing_ok=True)
        for folder in path.parents:
            if folder == private or not folder.is_dir() or any(folder.iterdir()):
                break
            folder.rmdir()
    listed.unlink(missing_ok=True)


def forget_step(folders: ResultFolders, step: str) -> None:
    """Remove what an earlier run of a step left, public and private, so that nothing stale survives."""
    _forget_private(folders.private, step)
    for folder in (folders.tables, folders.figures):
        for metadata in sorted(folder.glob("*.json")):
            if _owner(metadata) == step:
                for path in folder.glob(f"{metadata.stem}.*"):
                    path.unlink(missing_ok=True)
    for folder in (folders.values, folders.disclosure):
        (folder / f"{step}.json").unlink(missing_ok=True)


def read_values(folders: ResultFolders) -> dict[str, dict[str, Any]]:
    """Return every saved value of a cohort by name."""
    merged: dict[str, dict[str, Any]] = {}
    for path in sorted(folders.values.glob("*.json")):
        merged |= json.loads(path.read_text())
    return merged


def _as_json(content: Any) -> str:
    """Return JSON text that is the same for the same content."""
    return json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _require_plain(name: str) -> None:
    """Refuse a name that could leave its folder or be taken for another result's."""
    if not re.fullmatch(r"[A-Za-z0-9_-]+", name):
        raise ResultError(f"{name!r} is not a name for a result: use letters, digits, '_' and '-'")


def _owner(metadata: Path) -> str | None:
    """Return the step that saved a result; None when a step running beside this one just removed it."""
    try:
        return str(json.loads(metadata.read_text())["notebook"])
    except FileNotFoundError:
        return None


def _plain(number: Any) -> Any:
    """Return a value that JSON can hold, None for what is not finite or not known."""
    plain = number.item() if isinstance(number, np.generic) else number
    undefined = plain is pd.NA or plain is pd.NaT or (isinstance(plain, float) and not math.isfinite(plain))
    return None if undefined else plain


def _rendered(figure: Figure, name: str, endings: Sequence[str], title: str, description: str) -> dict[str, bytes]:
    """Render a figure without dates or random identifiers.

    Its parts are fitted and its edges found once, for all endings; a figure without a layout of its own has its places
    given, and there is nothing to fit.
    """
    import matplotlib as mpl

    edges, content = None, {}
    with mpl.rc_context({"svg.hashsalt": name, "svg.fonttype": "path"}):
        if getattr(figure, "get_layout_engine", lambda: None)() is not None:  # drawings of boxes have no such thing
            figure.draw_without_rendering()
            figure.set_layout_engine(None)
            edges = figure.get_tightbbox().padded(mpl.rcParams["savefig.pad_inches"])
        for ending in endings:
            stream = io.BytesIO()
            about = (
                {"Date": None, "Title": title, "Description": description} if ending == "svg" else {"Software": None}
            )
            figure.savefig(stream, format=ending, metadata=about, bbox_inches=edges, dpi=150)
            content[ending] = stream.getvalue()
    return content
