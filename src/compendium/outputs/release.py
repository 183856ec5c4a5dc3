"""Every book of a real cohort is a release: what was published before is asked, and what is published is noted.

The notes lie beside the results of the cohorts and not among them, so that neither ``compendium clean`` nor another
cohort of the same people forgets them: one file a cohort below ``.releases``, which only its owner reads.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from compendium.cohort import CohortSettings
from compendium.cohort.keys import Fieldwork
from compendium.cohort.pseudonyms import PERSON, RATER, pseudonyms_of, secret_of
from compendium.cohort.schema import ROW_NUMBER
from compendium.disclosure.releases import (
    NO_PERIOD,
    Part,
    Release,
    as_text,
    hashed,
    hashed_content,
    read_releases,
    release_problem,
    together,
    without,
)
from compendium.disclosure.text import file_name
from compendium.faults import Fault, InvalidInput, display_path
from compendium.files import checksum, write_bytes
from compendium.outputs.runs import read_runs
from compendium.outputs.saving import read_values
from compendium.paths import ResultFolders
from compendium.study.prepared import Prepared

COUNTED = ("n_people", "n_completed", "n_rated_people", "n_ratings", "n_raters")
READS_RESPONSES = "03_cohort_quality"
SHORTEST_REASON = 10


def ask(folders: ResultFolders, settings: CohortSettings, limit: int) -> None:
    """Refuse to publish a build that could reveal people's answers together with an earlier release.

    A synthetic cohort holds nobody and may be published at any time.

    Raises
    ------
    InvalidInput
        When nothing is built, or a release of this cohort or of another one beside it lies too close.
    """
    if settings.kind == "synthetic":
        return
    new, known = _described(folders, settings), list[tuple[str, int, Release]]()
    for path in sorted(_home(folders).glob("*.json")):
        cohort = settings.id if path == _ledger(folders, settings) else path.stem
        before = read_releases(path)
        problem = release_problem(new, before, limit, "" if cohort == settings.id else cohort)
        if problem is not None:
            raise InvalidInput([_refusal(folders, cohort, problem)])
        known += [(cohort, number, old) for number, old in enumerate(before, 1) if not old.withdrawn]
    if any(old.input == new.input for cohort, _, old in known if cohort == settings.id):
        return
    if places := together(new, [old for _, _, old in known], limit):
        named = ", ".join(f"release {known[place][1]} of {known[place][0]}" for place in places)
        problem = f"added to and subtracted from {named}, it leaves fewer than {limit} people, whose answers this gives"
        raise InvalidInput([_refusal(folders, known[places[-1]][0], problem)])


def _refusal(folders: ResultFolders, cohort: str, problem: str) -> Fault:
    """Return why a build may not be published, and what to do."""
    action = (
        "wait until more people differ; if people were asked anew, give the days under fieldwork in "
        "cohort.yaml; if nobody was given the earlier one, set it aside: "
        f"compendium release {cohort} --withdrawn NUMBER --reason WHY"
    )
    return Fault(display_path(folders.root), problem, action)


def note(folders: ResultFolders, settings: CohortSettings) -> int:
    """Record that a build is published and return its number; a synthetic cohort is not recorded."""
    if settings.kind == "synthetic":
        return 0
    new, path = _described(folders, settings), _ledger(folders, settings)
    before = read_releases(path)
    known = next((number for number, old in enumerate(before, 1) if old.input == new.input and not old.withdrawn), None)
    if known is None:
        write_bytes(path, as_text([*before, new]).encode(), mode=0o600)
    return known or len(before) + 1


def set_aside(folders: ResultFolders, settings: CohortSettings, number: int, reason: str) -> None:
    """Record that an earlier release reached nobody, so that it no longer counts.

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


def forget_person(folders: ResultFolders, settings: CohortSettings, person: str) -> int:
    """Remove the hashes of a person who withdrew from every record of a release; return how many records held one."""
    hashes = hashed([person, *_names(folders, settings, [person], PERSON, RATER)], _secret(folders))
    changed = 0
    for path in sorted(_home(folders).glob("*.json")):
        before = read_releases(path)
        after = without(before, hashes)
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
    names, secret = _ids(folders, settings), _secret(folders)
    return Release(answers, counts, hashed(names.values(), secret), parts=_parts(folders, settings, names, secret))


def _parts(folders: ResultFolders, settings: CohortSettings, names: dict[str, str], secret: bytes) -> tuple[Part, ...]:
    """Return what the build was made from: answers and groups in every wave, outcomes, ratings by who gave them."""
    prepared = Prepared(folders.private)
    now = _period(settings.fieldwork)
    tables: dict[tuple[str, str], pd.DataFrame] = {}
    if names and settings.waves is not None and prepared.has("wave_answers"):
        for wave, rows in prepared.wave_answers.groupby(level="wave"):
            there = settings.waves.in_order[str(wave)].fieldwork
            beside = prepared.wave_people.loc[rows.index]
            period = _period(there) or (now if str(wave) == settings.waves.main else str(wave))
            tables["answers", period] = pd.concat([rows, beside], axis="columns")
    elif names and prepared.has("answers"):
        tables["answers", now] = pd.concat([prepared.answers, prepared.people], axis="columns")
    for kind, name in (("outcomes", "outcomes"), ("ratings", "peers"), ("ratings of outcomes", "peer_outcomes")):
        if names and prepared.has(name):
            tables[kind, now] = getattr(prepared, name)
    by_rater = dict(zip(_names(folders, settings, names.values(), RATER), names.values(), strict=True))
    parts = []
    for (kind, period), table in tables.items():
        answers = _given(table, "rater" if "rater" in table.index.names else "person")
        known = {names.get(person, by_rater.get(person, person)): text for person, text in answers.items()}
        hashes = {hashed([name], secret)[0]: hashed_content(name, text, secret) for name, text in known.items()}
        parts += [Part(kind, period, len(hashes), dict(sorted(hashes.items())))] if hashes else []
    return tuple(parts)


def _given(table: pd.DataFrame, who: str) -> dict[str, str]:
    """Return each person's answers in a table as one text; people without an answer are left out."""
    texts: dict[str, list[str]] = {}
    if table.columns.empty:
        return {}
    places = table.index.to_frame(index=False)
    about = places["person"] if who == "rater" else pd.Series("", index=places.index)
    cells = [_cells(str(item), table.iloc[:, place]) for place, item in enumerate(table.columns)]
    for name, whom, row in zip(places[who], about, zip(*cells, strict=True), strict=True):
        if answered := ";".join(filter(None, row)):
            texts.setdefault(str(name), []).append(f"{whom}:{answered}")
    return {name: "|".join(sorted(rows)) for name, rows in texts.items()}


def _cells(item: str, column: pd.Series) -> list[str]:
    """Return what each row says in a column, empty where it says nothing; different answers are few."""
    codes, different = pd.factorize(column)
    told = np.array([*(f"{item}={answer}" for answer in different), ""], dtype=object)
    return list(told[codes])


def _period(days: Fieldwork | None) -> str:
    """Return first and last day of a fieldwork as a text."""
    return NO_PERIOD if days is None else f"{days.start} to {days.end}"


def _names(folders: ResultFolders, settings: CohortSettings, people: Iterable[str], *roles: str) -> list[str]:
    """Return the pseudonyms that people have in some roles."""
    ids, secret = pd.Series(list(people), dtype=object), secret_of(settings.kind, folders.private)
    return [name for role in roles for name in pseudonyms_of(settings.id, ids, role, secret)]


def _ids(folders: ResultFolders, settings: CohortSettings) -> dict[str, str]:
    """Return the ids of the people by their pseudonyms; none where they are row numbers, which others have too."""
    path = folders.private / "pseudonyms.csv"
    if settings.person_id == ROW_NUMBER or not path.is_file():
        return {}
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    return dict(zip(table.iloc[:, 1], table.iloc[:, 0], strict=True))
