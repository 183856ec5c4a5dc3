"""What a run was made with: versions, system, commit, plan, inputs; apart from results, which machines share."""

from __future__ import annotations

import json
import platform
import re
import subprocess
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

from compendium.files import checksum_of, write_text
from compendium.paths import PROJECT, STUDY_PLAN, ResultFolders

PROJECT_NAME = "integrated-care-competencies"
OF_AN_EXTRA = re.compile(r";.*\bextra\s*==")


def record_run(folders: ResultFolders, step: str, inputs: dict[str, str]) -> None:
    """Write what a step was run with, and the checksum of everything it read so far."""
    folders.runs.mkdir(parents=True, exist_ok=True)
    path = folders.runs / f"{step}.json"
    content = json.dumps({**made_with(), "inputs": inputs}, indent=1, ensure_ascii=False) + "\n"
    if not path.is_file() or path.read_text(encoding="utf-8") != content:
        write_text(path, content)


def add_inputs(folders: ResultFolders, step: str, inputs: dict[str, str]) -> None:
    """Note what the program that runs a step's notebook read for it, beside what the notebook read itself."""
    before = read_runs(folders).get(step, {}).get("inputs", {})
    record_run(folders, step, {**inputs, **before})


def forget_run(folders: ResultFolders, step: str) -> None:
    """Remove the record of an earlier run of a step."""
    (folders.runs / f"{step}.json").unlink(missing_ok=True)


def read_runs(folders: ResultFolders) -> dict[str, dict[str, Any]]:
    """Return what every step was run with."""
    return {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(folders.runs.glob("*.json"))}


@cache
def made_with() -> dict[str, Any]:
    """Return versions of Python, of the packages that the project names and of the system, the commit and the plan."""
    return {
        "python": platform.python_version(),
        "system": platform.platform(),
        "packages": _packages(),
        "commit": _commit(PROJECT),
        "plan": checksum_of(STUDY_PLAN),
    }


def changes(path: Path, after: str = "") -> list[tuple[str, str]] | None:
    """Return date and summary of every change of a file in version control, the last first.

    Parameters
    ----------
    path
        The file.
    after
        Only changes later than this day (``2026-02-20``).

    Returns
    -------
    list of (date, summary), or None
        None where no version control follows the file.
    """
    log = _git(path.parent, "log", "--follow", "--format=%as %s", "--", path.name)
    if not log:
        return None
    found = [(line[:10], line[11:]) for line in log.splitlines()]
    return [(date, summary) for date, summary in found if date > after]


def _packages() -> dict[str, str]:
    """Return the installed version of every package that the project depends on."""
    try:
        wanted = metadata.requires(PROJECT_NAME) or []
    except metadata.PackageNotFoundError:
        return {}
    names = sorted({re.split(r"[^A-Za-z0-9_.-]", line)[0] for line in wanted if not OF_AN_EXTRA.search(line)})
    return {name: _version(name) for name in names}


def _version(name: str) -> str:
    """Return the version of a package."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "not installed"


def _commit(folder: Path) -> str | None:
    """Return the commit of the sources, marked where files were changed since; None outside a repository."""
    head = _git(folder, "rev-parse", "HEAD")
    if head is None:
        return None
    changed = _git(folder, "status", "--porcelain", "--untracked-files=no")
    return f"{head} with changes" if changed else head


def _git(folder: Path, *words: str) -> str | None:
    """Return what git says, or None where there is no git or no repository."""
    try:
        done = subprocess.run(["git", "-C", str(folder), *words], capture_output=True, text=True, check=False)
    except OSError:
        return None
    return done.stdout.strip() if done.returncode == 0 else None
