"""The index of every result, and the comparison of a build with the accepted one."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from compendium.disclosure import FLOORS
from compendium.disclosure.sacro import outcome
from compendium.faults import Fault, InvalidInput, display_path
from compendium.files import sweep, write_text
from compendium.findings import is_encoded
from compendium.outputs import catalogue
from compendium.outputs.runs import read_runs
from compendium.paths import REFERENCE_RESULTS, ResultFolders

# Absolute and relative tolerance by kind of quantity, which the catalogue names for each result: what differs between
# machines is the last bits of closed forms and the stopping point of iterations. Random draws are seeded; what is
# estimated anew on each of them adds the differences up. Marginal likelihoods are flat at their maximum.
TOLERANCES = {
    "closed form": (1e-9, 1e-9),
    "iterative": (1e-4, 1e-4),
    "item response": (5e-3, 5e-3),
    "Monte Carlo": (1e-3, 1e-3),
}
WHOLE = re.compile(r"-?\d+")
# A result whose note begins so looks at the accepted results itself, so it differs by what it is for.
NOT_COMPARED = "not compared"
BLANK = "blank"
# What was withheld, as output checkers know it; beside the logs of the steps.
OUTCOME = "outcome.json"


@dataclass(frozen=True)
class Difference:
    """One place where a build differs from the accepted results."""

    where: str
    accepted: str
    built: str

    def __str__(self) -> str:
        """Return the difference as one line."""
        return f"{self.where}: accepted {self.accepted}, built {self.built}"


def write_manifest(
    folders: ResultFolders,
    cohort: str,
    minimum: int = FLOORS["minimum_group"].usual,
    about: Mapping[str, Any] | None = None,
) -> Path:
    """Write the index of the cohort's tables, figures and values, each with its origin, inputs and checksum.

    Inputs are those of the step that kept a result; their checksums stand once, under ``inputs``. Beside it goes what
    was withheld, as the outcome file of SACRO; ``minimum`` is the smallest number of people that may be shown.
    ``about`` is what the shelf says of the cohort.
    """
    sweep(folders.root)
    inputs = {step: run["inputs"] for step, run in read_runs(folders).items()}
    entries = []
    for folder in (folders.tables, folders.figures):
        for metadata in sorted(folder.glob("*.json")):
            origin = json.loads(metadata.read_text())
            files = sorted(path for path in folder.glob(f"{metadata.stem}.*") if path.suffix != ".json")
            sums = {str(path.relative_to(folders.root)): _sha256(path) for path in files}
            entries.append({"name": metadata.stem, "kind": folder.name.removesuffix("s"), "files": sums, **origin})
    for path in sorted(folders.values.glob("*.json")):
        sums = {str(path.relative_to(folders.root)): _sha256(path)}
        for name, entry in json.loads(path.read_text()).items():
            entries.append({"name": name, "kind": "value", "files": sums, **entry})
    content = {"cohort": cohort, "about": dict(about or {}), "inputs": inputs, "results": entries}
    write_text(folders.manifest, json.dumps(content, indent=1, ensure_ascii=False) + "\n")
    _write_outcome(folders, entries, minimum)
    return folders.manifest


def withheld(folders: ResultFolders) -> list[dict[str, Any]]:
    """Return what every step withheld and why: ``step``, ``result``, ``rule``, ``reason``, ``cells``."""
    logs = [path for path in sorted(folders.disclosure.glob("*.json")) if path.name != OUTCOME]
    return [{"step": path.stem, **entry} for path in logs for entry in json.loads(path.read_text(encoding="utf-8"))]


def _write_outcome(folders: ResultFolders, entries: list[dict[str, Any]], minimum: int) -> None:
    """Write what was withheld as the file that output checkers know (SACRO), for every table."""
    tables = {entry["name"]: entry["files"] for entry in entries if entry["kind"] == "table"}
    folders.disclosure.mkdir(exist_ok=True)
    content = outcome(withheld(folders), tables, minimum)
    write_text(folders.disclosure / OUTCOME, json.dumps(content, indent=1, ensure_ascii=False) + "\n")


def compare(built: ResultFolders, accepted: Path = REFERENCE_RESULTS) -> list[Difference]:
    """Compare built tables and values with the accepted ones, within the tolerance of each quantity.

    The content of a result is passed over when its note begins with "not compared" on both sides; that it is there is
    still compared.
    """
    differences = []
    for kind, ending in (("tables", "csv"), ("values", "json")):
        names = {path.name for folder in (built.root, accepted) for path in (folder / kind).glob(f"*.{ending}")}
        for name in sorted(names):
            new, old = built.root / kind / name, accepted / kind / name
            if not (new.exists() and old.exists()):
                side = ("present", "missing") if old.exists() else ("missing", "present")
                differences.append(Difference(f"{kind}/{name}", *side))
            elif kind == "tables":
                differences += _compare_tables(new, old)
            else:
                differences += _compare_values(new, old)
    return differences


def accept(built: ResultFolders, accepted: Path = REFERENCE_RESULTS) -> None:
    """Make the built tables and values the accepted ones.

    Raises
    ------
    InvalidInput
        When nothing is built: accepting nothing would remove what was accepted.
    """
    if not any(built.tables.glob("*.csv")):
        raise InvalidInput([Fault(display_path(built.root), "nothing is built there", "run make all first")])
    for kind, pattern in (("tables", "*"), ("values", "*.json")):
        target = accepted / kind
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir(parents=True)
        for path in sorted((built.root / kind).glob(pattern)):
            shutil.copyfile(path, target / path.name)


def _exempt(new: dict[str, Any], old: dict[str, Any]) -> bool:
    """Say whether a result asks on both sides not to be compared."""
    return all(str(origin.get("note", "")).startswith(NOT_COMPARED) for origin in (new, old))


def _compare_tables(new: Path, old: Path) -> list[Difference]:
    """Compare two tables cell by cell."""
    origins = [json.loads(path.with_suffix(".json").read_text()) for path in (new, old)]
    if _exempt(*origins):
        return []
    allowed = _tolerance(origins[1]["notebook"], "tables", new.stem)
    left, right = (pd.read_csv(path, dtype=str, keep_default_na=False) for path in (new, old))
    if list(left.columns) != list(right.columns) or len(left) != len(right):
        shapes = [f"{len(frame)} rows of {', '.join(frame.columns)}" for frame in (right, left)]
        return [Difference(f"tables/{new.name}", *shapes)]
    return [
        Difference(f"tables/{new.name} row {row + 2} {column}", before or BLANK, after or BLANK)
        for column in left.columns
        for row, (after, before) in enumerate(zip(left[column], right[column], strict=True))
        if not _same(after, before, allowed)
    ]


def _compare_values(new: Path, old: Path) -> list[Difference]:
    """Compare two files of values name by name."""
    left, right = json.loads(new.read_text()), json.loads(old.read_text())
    found = []
    for name in sorted(left.keys() | right.keys()):
        after, before = (side.get(name, {}).get("value", "missing") for side in (left, right))
        exempt = _exempt(left.get(name, {}), right.get(name, {}))
        if not exempt and not _same(after, before, _tolerance(new.stem, "values", name)):
            found.append(Difference(f"values/{new.name} {name}", str(before), str(after)))
    return found


def _tolerance(notebook: str, kind: catalogue.Kind, name: str) -> tuple[float, float]:
    """Return how far two builds of a result may differ; what has no entry is compared as closed forms are."""
    try:
        entry = catalogue.entries(notebook).find(kind, name)
    except KeyError:
        return TOLERANCES["closed form"]
    return TOLERANCES[entry.quantity if isinstance(entry, catalogue.Kept) else "closed form"]


def _same(after: Any, before: Any, allowed: tuple[float, float]) -> bool:
    """Compare two cells: numbers within tolerance, those in findings too; whole numbers and all else exactly."""
    if after == before:
        return True
    if isinstance(after, dict) and isinstance(before, dict):
        return after.keys() == before.keys() and all(_same(after[name], before[name], allowed) for name in after)
    if isinstance(after, list) and isinstance(before, list):
        return len(after) == len(before) and all(_same(*both, allowed) for both in zip(after, before, strict=True))
    if is_encoded(after) and is_encoded(before):
        return _same(json.loads(after), json.loads(before), allowed)
    if _is_whole(after) and _is_whole(before):
        return False
    try:
        absolute, relative = allowed
        return bool(np.isclose(float(after), float(before), atol=absolute, rtol=relative, equal_nan=True))
    except (TypeError, ValueError):
        return False


def _is_whole(cell: Any) -> bool:
    """Say whether a cell is a whole number, written without a point: a count, which has no tolerance."""
    return WHOLE.fullmatch(str(cell)) is not None


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
