"""The folder of a compendium, laid out where the program was installed as a package and there is no checkout."""

from __future__ import annotations

import shutil
from pathlib import Path

from compendium.faults import Fault, display_path, raise_if_any
from compendium.paths import COHORTS, FRAMEWORKS, PROJECT, REFERENCE_COHORT

# Inside the wheel; a checkout has the same files at its top.
PACKED = Path(__file__).resolve().parents[1] / "layout"
PARTS = (
    "study.yaml",
    "notebooks",
    "book",
    "CITATION.cff",
    "LICENSE",
    "LICENSE-text",
    *(f"{FRAMEWORKS.relative_to(PROJECT).as_posix()}/{name}" for name in ("README.md", "integrated-care", "bfi")),
    *(f"{COHORTS.relative_to(PROJECT).as_posix()}/{name}" for name in ("README.md", REFERENCE_COHORT, "bfi")),
)


def lay_out(folder: Path) -> Path:
    """Write the plan, the notebooks, the book, the frameworks and the demonstration cohort into a new folder.

    Raises
    ------
    InvalidInput
        When the folder holds something already.
    """
    folder = folder.expanduser().resolve()
    if folder.exists() and any(folder.iterdir()):
        problem, action = "the folder is not empty", "name a new one"
        raise_if_any([Fault(display_path(folder), problem, action)])
    source = PACKED if PACKED.is_dir() else PROJECT
    ignored = shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints", "_build")
    for part in PARTS:
        found, target = source / part, folder / part
        target.parent.mkdir(parents=True, exist_ok=True)
        if found.is_dir():
            shutil.copytree(found, target, ignore=ignored)
        else:
            shutil.copyfile(found, target)
    return folder
