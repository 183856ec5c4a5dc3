"""Noting that a build is made public, beside what was published before."""

from __future__ import annotations

from dataclasses import replace

from compendium.disclosure.releases import Release, as_text, read_releases, release_problem
from compendium.faults import Fault, InvalidInput, display_path
from compendium.files import write_bytes
from compendium.outputs.saving import read_values
from compendium.paths import ResultFolders

COUNTED = ("n_people", "n_completed", "n_rated_people", "n_ratings", "n_raters")
LEDGER = "releases.json"


def publish(folders: ResultFolders, limit: int, withdrawn: int = 0, reason: str = "") -> int:
    """Note a build as published and return its number.

    Parameters
    ----------
    limit
        Fewest people by whom two releases may differ.
    withdrawn, reason
        Number of an earlier release that was never given to anybody, and why it does not count.

    Raises
    ------
    InvalidInput
        When nothing is built, or this build and an earlier release together could give people's answers back.
    """
    values, path = read_values(folders), folders.private / LEDGER
    if "n_people" not in values:
        raise InvalidInput([Fault(display_path(folders.root), "nothing is built there", "run make all first")])
    before = read_releases(path)
    if withdrawn:
        if not 1 <= withdrawn <= len(before) or len(reason) < 10:
            action = "give the number of a release, and --reason with a sentence"
            raise InvalidInput([Fault(display_path(path), "that release cannot be set aside so", action)])
        before[withdrawn - 1] = replace(before[withdrawn - 1], withdrawn=reason)
    counts = {
        name: int(values[name]["value"]) for name in COUNTED if name in values and values[name]["value"] is not None
    }
    new = Release(str(values["n_people"]["input"]), counts)
    if (problem := release_problem(new, before, limit)) is not None:
        action = (
            "wait until more people differ; or set the earlier one aside if nobody has it: --withdrawn N --reason ..."
        )
        raise InvalidInput([Fault(display_path(folders.root), problem, action)])
    if not before or before[-1] != new:
        before.append(new)
    write_bytes(path, as_text(before).encode(), mode=0o600)
    return len(before)
