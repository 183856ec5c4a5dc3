"""Every book of a real cohort is a release: what was published before is asked, and what is published is noted.

The notes lie beside the results of the cohorts and not among them, so that neither ``compendium clean`` nor another
cohort of the same people forgets them: one file a cohort below ``.releases``, which only its owner reads.
"""

from __future__ import annotations

import os
import secrets
from dataclasses import replace
from pathlib import Path

import pandas as pd

from compendium.cohort import CohortSettings
from compendium.cohort.schema import ROW_NUMBER
from compendium.disclosure.releases import Release, as_text, hashed, read_releases, release_problem, without
from compendium.disclosure.text import file_name
from compendium.faults import Fault, InvalidInput, display_path
from compendium.files import checksum, write_bytes
from compendium.outputs.runs import read_runs
from compendium.outputs.saving import read_values
from compendium.paths import ResultFolders

COUNTED = ("n_people", "n_completed", "n_rated_people", "n_ratings", "n_raters")
READS_RESPONSES = "03_cohort_quality"
SHORTEST_REASON = 10


def ask(folders: ResultFolders, settings: CohortSettings, limit: int) -> None:
    """Refuse to publish a build that, with an earlier release, could give people's answers back.

    A synthetic cohort holds nobody and may be published at any time.

    Raises
    ------
    InvalidInput
        When nothing is built, or a release of this cohort or of another one beside it lies too close.
    """
    if settings.kind == "synthetic":
        return
    new = _described(folders, settings)
    for path in sorted(_home(folders).glob("*.json")):
        own = path == _ledger(folders, settings)
        problem = release_problem(new, read_releases(path), limit, "" if own else path.stem)
        if problem is not None:
            action = (
                "wait until more people differ; or, if nobody was given the earlier one, set it aside: "
                f"compendium release {settings.id if own else path.stem} --withdrawn NUMBER --reason WHY"
            )
            raise InvalidInput([Fault(display_path(folders.root), problem, action)])


def note(folders: ResultFolders, settings: CohortSettings) -> int:
    """Note that a build is published and return its number; nothing is noted of a synthetic cohort."""
    if settings.kind == "synthetic":
        return 0
    new, path = _described(folders, settings), _ledger(folders, settings)
    before = read_releases(path)
    known = next((number for number, old in enumerate(before, 1) if old.input == new.input and not old.withdrawn), None)
    if known is None:
        write_bytes(path, as_text([*before, new]).encode(), mode=0o600)
    return known or len(before) + 1


def set_aside(folders: ResultFolders, settings: CohortSettings, number: int, reason: str) -> None:
    """Note that nobody was given an earlier release, so that it does not count.

    Raises
    ------
    InvalidInput
        When there is no such release, or the reason is no sentence.
    """
    path = _ledger(folders, settings)
    before = read_releases(path)
    if not 1 <= number <= len(before) or len(reason.strip()) < SHORTEST_REASON:
        action = f"give the number of a release ({len(before)} are noted), and --reason with a sentence"
        raise InvalidInput([Fault(display_path(path), "that release cannot be set aside so", action)])
    before[number - 1] = replace(before[number - 1], withdrawn=reason.strip())
    write_bytes(path, as_text(before).encode(), mode=0o600)


def forget_person(folders: ResultFolders, person: str) -> int:
    """Take the hash of a person who left out of every note, and return how many notes held it."""
    (hash_,) = hashed([person], _secret(folders))
    changed = 0
    for path in sorted(_home(folders).glob("*.json")):
        before = read_releases(path)
        after = without(before, hash_)
        if after != before:
            changed += 1
            write_bytes(path, as_text(after).encode(), mode=0o600)
    return changed


def _home(folders: ResultFolders) -> Path:
    """Return the folder of the notes, beside the results of the cohorts."""
    home = folders.root.parent / ".releases"
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    home.chmod(0o700)
    return home


def _ledger(folders: ResultFolders, settings: CohortSettings) -> Path:
    """Return the file of a cohort's releases."""
    return _home(folders) / f"{file_name(settings.id)}.json"


def _secret(folders: ResultFolders) -> bytes:
    """Return the secret of the hashes; one for all cohorts beside each other, so that people in two are known."""
    path = _home(folders) / "people.key"
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_bytes()
    with os.fdopen(handle, "wb") as stream:
        stream.write(secrets.token_bytes(32))
    return path.read_bytes()


def _described(folders: ResultFolders, settings: CohortSettings) -> Release:
    """Return the build as it would be noted: people under hashes, counts, a checksum of the answers."""
    values, runs = read_values(folders), read_runs(folders)
    if "n_people" not in values or READS_RESPONSES not in runs:
        raise InvalidInput([Fault(display_path(folders.root), "nothing is built there", "run make all first")])
    known = {name: values[name]["value"] for name in COUNTED if name in values}
    counts = {name: int(number) for name, number in known.items() if number is not None}
    read = {name: sum_ for name, sum_ in runs[READS_RESPONSES]["inputs"].items() if name.startswith("responses/")}
    answers = checksum(*(part for name in sorted(read) for part in (name, read[name])))
    return Release(answers, counts, hashed(_ids(folders, settings), _secret(folders)))


def _ids(folders: ResultFolders, settings: CohortSettings) -> list[str]:
    """Return the ids of the people, none where they are row numbers, which another cohort has too."""
    path = folders.private / "pseudonyms.csv"
    if settings.person_id == ROW_NUMBER or not path.is_file():
        return []
    return list(pd.read_csv(path, dtype=str, keep_default_na=False).iloc[:, 0])
