"""Everything that a run will read, checked before it starts: the cohort, and the parts of its framework."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from compendium.cohort import Examination, examine
from compendium.consultation import load_consultation
from compendium.faults import Fault, InvalidInput, raise_if_any
from compendium.framework import Framework, locate_framework, read_framework
from compendium.paths import FRAMEWORKS
from compendium.review import item_thread, load_review


def examine_study(folder: Path, data_folder: Path | None = None, *, frameworks: Path = FRAMEWORKS) -> Examination:
    """Read a cohort and its framework with every part of it, naming every fault.

    Parameters
    ----------
    folder
        The folder that holds ``cohort.yaml``.
    data_folder
        Where the response files are, when they do not lie beside ``cohort.yaml``.
    frameworks
        The folder of all frameworks.
    """
    found = examine(folder, data_folder, frameworks=frameworks)
    if found.settings is None or found.framework is None or not _parts(found.framework):
        return found
    # The cohort may have dropped items; a consultation is about those of the framework.
    reading = read_framework(locate_framework(found.settings.framework, folder, frameworks), frameworks)
    if reading.framework is None or reading.faults:  # told already, and the parts refer to what is at fault
        return found
    return replace(found, faults=(*found.faults, *part_faults(reading.framework)))


def validate(folder: Path, data_folder: Path | None = None, *, frameworks: Path = FRAMEWORKS) -> None:
    """Check a cohort folder and everything it refers to, as :func:`examine_study` reads it; write nothing.

    Raises
    ------
    InvalidInput
        With every fault of the description, the framework and its parts, the files and their rows.
    """
    raise_if_any(examine_study(folder, data_folder, frameworks=frameworks).faults)


def part_faults(framework: Framework) -> list[Fault]:
    """Name what is wrong in the evidence review and the consultation of a framework, where it has them."""
    checks = {
        "evidence": lambda folder: item_thread(load_review(folder), framework),
        "consultation": lambda folder: load_consultation(framework, folder),
    }
    return [fault for name, folder in _parts(framework).items() for fault in _faults_of(checks[name], folder)]


def _parts(framework: Framework) -> dict[str, Path]:
    """Return the folders of the parts that a framework has."""
    found = {"evidence": framework.part("evidence"), "consultation": framework.part("consultation")}
    return {name: folder for name, folder in found.items() if folder is not None}


def _faults_of(read: Callable[[Path], object], folder: Path) -> tuple[Fault, ...]:
    """Return the faults that reading names, none when it ends."""
    try:
        read(folder)
    except InvalidInput as error:
        return error.faults
    return ()
