"""The one way a step saves: tables, values, figures and private tables, each with its origin.

Files appear under their final name only when complete, hold no time stamps, and say which notebook and function
made them from which input.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from compendium.paths import ResultFolders

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Source = Callable[..., Any] | str


class ResultError(Exception):
    """A step tried to save something that would break the trail: a taken name, a missing caption."""


class Results:
    """Everything one step saves for one cohort.

    Parameters
    ----------
    folders
        Result folders of the cohort.
    step
        Name of the notebook without its ending, such as ``04_item_analysis``.
    input_hash
        Checksum of what the step read.
    """

    def __init__(self, folders: ResultFolders, step: str, input_hash: str) -> None:
        self.folders, self.step, self.input_hash = folders, step, input_hash
        self._values: dict[str, dict[str, Any]] = {}
        for folder in (folders.tables, folders.values, folders.figures, folders.notebooks):
            folder.mkdir(parents=True, exist_ok=True)
        folders.private.mkdir(mode=0o700, parents=True, exist_ok=True)
        folders.private.chmod(0o700)
        self._forget_previous_run()

    def table(
        self,
        name: str,
        frame: pd.DataFrame,
        *,
        caption: str,
        source: Source,
        index: bool = False,
        note: str = "",
    ) -> pd.DataFrame:
        """Save a table as CSV at full precision and return it.

        Parameters
        ----------
        name
            File name without ending, unique in the cohort.
        caption
            What the table shows, with n and method.
        source
            The function that computed it.
        index
            Whether the index is written as the first columns.
        """
        self._claim(self.folders.tables / f"{name}.json", caption)
        out = frame.reset_index() if index else frame
        write_text(self.folders.tables / f"{name}.csv", out.to_csv(index=False, lineterminator="\n"))
        self._write_metadata(self.folders.tables / f"{name}.json", caption, source, note, rows=len(out))
        return frame

    def value(self, name: str, number: Any, *, source: Source, note: str = "") -> Any:
        """Save a named value (a number, a text, true or false, or None with the reason in ``note``)."""
        plain = number.item() if isinstance(number, np.generic) else number
        if isinstance(plain, float) and not math.isfinite(plain):
            plain, note = None, note or "not defined"
        self._values[name] = {"value": plain, "note": note, **self._origin(source)}
        write_text(self.folders.values / f"{self.step}.json", _as_json(self._values))
        return number

    def figure(self, name: str, figure: Figure, *, caption: str, alt: str, source: Source) -> Figure:
        """Save a figure as SVG and PNG with its caption and alternative text."""
        self._claim(self.folders.figures / f"{name}.json", caption)
        if not alt:
            raise ResultError(f"figure {name!r} has no alternative text")
        for ending in ("svg", "png"):
            _write_figure(self.folders.figures / f"{name}.{ending}", figure, title=caption, description=alt)
        self._write_metadata(self.folders.figures / f"{name}.json", caption, source, "", alt=alt)
        return figure

    def picture(self, name: str, pages: Mapping[str, bytes], *, caption: str, alt: str, source: Source) -> None:
        """Save a picture that was rendered elsewhere, one entry an ending (``svg``, ``png``)."""
        self._claim(self.folders.figures / f"{name}.json", caption)
        for ending, content in pages.items():
            write_bytes(self.folders.figures / f"{name}.{ending}", content)
        self._write_metadata(self.folders.figures / f"{name}.json", caption, source, "", alt=alt)

    def private_file(self, name: str, content: bytes) -> None:
        """Save a person-level file, such as a report, below the private folder."""
        path = self.folders.private / name
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_bytes(path, content)
        path.chmod(0o600)

    def private_table(self, name: str, frame: pd.DataFrame) -> None:
        """Save person-level rows where only the owner of the folder can read them."""
        path = self.folders.private / f"{name}.csv"
        write_text(path, frame.to_csv(lineterminator="\n"))
        path.chmod(0o600)

    def _claim(self, metadata: Path, caption: str) -> None:
        """Refuse a name that another step owns and a result without a caption."""
        if not caption:
            raise ResultError(f"{metadata.stem!r} has no caption")
        if metadata.exists():
            owner = json.loads(metadata.read_text())["notebook"]
            raise ResultError(f"{metadata.stem!r} is already saved by {owner}; choose another name")

    def _origin(self, source: Source) -> dict[str, str]:
        """Say where a result comes from."""
        function = source if isinstance(source, str) else f"{source.__module__}.{source.__qualname__}"
        return {"notebook": self.step, "function": function, "input": self.input_hash}

    def _write_metadata(self, path: Path, caption: str, source: Source, note: str, **more: Any) -> None:
        """Write the small JSON file beside a table or figure."""
        write_text(path, _as_json({"caption": caption, "note": note, **self._origin(source), **more}))

    def _forget_previous_run(self) -> None:
        """Remove what an earlier run of this step left, so that nothing stale survives."""
        for folder in (self.folders.tables, self.folders.figures):
            for metadata in folder.glob("*.json"):
                if json.loads(metadata.read_text())["notebook"] == self.step:
                    for path in folder.glob(f"{metadata.stem}.*"):
                        path.unlink()
        (self.folders.values / f"{self.step}.json").unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write a file under a temporary name and rename it, so that no half-written file is ever seen."""
    write_bytes(path, text.encode())


def write_bytes(path: Path, content: bytes) -> None:
    """Write bytes under a temporary name and rename."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def checksum(*parts: Path | str) -> str:
    """Return a short SHA-256 over files (by content) and texts, in the order given."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part.read_bytes() if isinstance(part, Path) else part.encode())
        digest.update(b"\0")
    return digest.hexdigest()[:16]


def read_values(folders: ResultFolders) -> dict[str, dict[str, Any]]:
    """Return every saved value of a cohort by name."""
    merged: dict[str, dict[str, Any]] = {}
    for path in sorted(folders.values.glob("*.json")):
        merged |= json.loads(path.read_text())
    return merged


def _as_json(content: Any) -> str:
    """Return JSON text that is the same for the same content."""
    return json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _write_figure(path: Path, figure: Figure, *, title: str, description: str) -> None:
    """Render a figure without dates or random identifiers."""
    import io

    import matplotlib as mpl

    stream = io.BytesIO()
    svg = path.suffix == ".svg"
    metadata = {"Date": None, "Title": title, "Description": description} if svg else {"Software": None}
    with mpl.rc_context({"svg.hashsalt": path.stem, "svg.fonttype": "path"}):
        figure.savefig(stream, format=path.suffix[1:], metadata=metadata, bbox_inches="tight", dpi=150)
    write_bytes(path, stream.getvalue())
