"""Looking through a folder that is to be handed on: nobody's identifier, no row about fewer people than the limit."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from compendium.disclosure.contents import Content, contents_of
from compendium.disclosure.kinds import kinds_by_name
from compendium.faults import Fault

# Shorter ones, and numbers of fewer digits, stand in every table by chance; they are looked for in columns of ids.
SHORTEST, FEWEST_DIGITS = 4, 5
OF_IDS = re.compile(
    r"(?i)(^|[^a-z])(id|ids|person|rater|participant|respondent|employee|staff|pseudonym|e-?mail|key)s?([^a-z]|$)"
)
SHARE_OF_IDS = 0.5
PRIVATE = ("private", "pseudonym.key", "releases.json")
WORDS = re.compile(r"[^\W_]+")
WHOLE_NUMBER = re.compile(r"(?<![\d.,-])\d+(?![.,]?\d)")
ACTION = "leave the file out, or take the people out of it and build again"


@dataclass(frozen=True)
class _Wanted:
    """Identifiers by how they are looked for."""

    words: frozenset[str]
    phrases: tuple[str, ...]
    numbers: frozenset[str]
    every: frozenset[str]

    @classmethod
    def of(cls, identifiers: Iterable[str]) -> _Wanted:
        """Sort identifiers: single words, texts of several parts, numbers; all of them for columns of ids."""
        every = {_plain(name) for name in identifiers} - {""}
        numbers = {name for name in every if name.isdecimal() and len(name) >= FEWEST_DIGITS}
        strong = {name for name in every if not name.isdecimal() and len(name) >= SHORTEST}
        words = {name for name in strong if WORDS.fullmatch(name)}
        return cls(frozenset(words), tuple(sorted(strong - words)), frozenset(numbers), frozenset(every))

    def stand_in(self, text: str) -> bool:
        """Say whether a text holds a strong identifier."""
        return not self.words.isdisjoint(WORDS.findall(text)) or any(
            phrase in text and re.search(rf"(?<!\w){re.escape(phrase)}(?!\w)", text) for phrase in self.phrases
        )

    def numbers_stand_in(self, text: str) -> bool:
        """Say whether a text that people read holds the number of a person."""
        return bool(self.numbers) and not self.numbers.isdisjoint(WHOLE_NUMBER.findall(text))


def faults_in_folder(
    folder: Path, identifiers: Iterable[str], limit: int, *, about_nobody: Collection[str] = ()
) -> tuple[Fault, ...]:
    """Return what a folder reveals about people: a fault for each file, with its row where it has rows.

    Looked into are names of files, texts, tables (CSV, TSV, workbooks, Parquet, SPSS), pages, pictures as SVG, PDFs
    and the members of archives. An identifier is found as a whole word, whatever its case. One of fewer than four
    signs, and a number of fewer than five digits, stands in any table by chance; it is found in columns that hold ids,
    by their name or because most of their cells are ids that differ.

    Parameters
    ----------
    folder
        What is to be handed on.
    identifiers
        Ids in the response files, pseudonyms, addresses: whatever names a person.
    limit
        Smallest number of people that a row of a table may be about.
    about_nobody
        Names of tables (files without ending, or sheets) whose counts are no people of the cohort: records of the
        review, ratings of experts.

    Returns
    -------
    tuple of Fault
        Empty when nothing was found. No fault quotes an identifier. What could not be looked into is a fault as well.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> _ = (folder / "note.txt").write_text("Thanks to P4f2a91c0.")
    >>> for fault in faults_in_folder(folder, ["P4f2a91c0"], 10):
    ...     print(fault.file, "|", fault.problem)
    note.txt | the identifier of a person stands in it
    """
    wanted = _Wanted.of(identifiers)
    found = [fault for each in contents_of(folder) for fault in _faults(each, wanted, limit, about_nobody)]
    return tuple(dict.fromkeys(found))


def _faults(content: Content, wanted: _Wanted, limit: int, about_nobody: Collection[str]) -> Iterator[Fault]:
    """Yield what one file gives away."""
    name = content.name
    if wanted.stand_in(_plain(name)):
        name = "a file whose name holds an identifier"
        yield Fault(name, "its name holds the identifier of a person", ACTION)
    if any(part in PRIVATE for part in content.name.split("/")):
        yield Fault(name, "this file is private", "leave it out")
    if content.problem:
        yield Fault(name, f"it could not be looked into ({content.problem})", "mend the file or leave it out")
    if wanted.stand_in(_plain(content.raw)) or wanted.stand_in(_plain(content.prose)):
        yield Fault(name, "the identifier of a person stands in it", ACTION)
    elif wanted.numbers_stand_in(_plain(content.prose)):
        yield Fault(name, "a number that is the id of a person stands in it", ACTION)
    for title, table in content.tables.items():
        yield from _columns_of_ids(name, table, wanted)
        if title not in about_nobody:
            yield from _small_rows(name, table, limit)


def _columns_of_ids(name: str, table: pd.DataFrame, wanted: _Wanted) -> Iterator[Fault]:
    """Yield the columns of a table that hold ids."""
    for column in table.columns:
        cells = table[column].astype(str).map(_plain)
        cells = cells[cells != ""]
        # isin would turn the whole set into an array for every column
        ids = pd.Series([cell in wanted.every for cell in cells], index=cells.index, dtype=bool)
        most_differ = len(cells) and ids.mean() >= SHARE_OF_IDS and cells[ids].is_unique and not _is_counted(cells)
        if ids.any() and (OF_IDS.search(str(column)) or most_differ):
            row = int(ids.index[ids][0]) + 2
            yield Fault(name, "a column holds ids of people", ACTION, row=row, column=str(column))


def _small_rows(name: str, table: pd.DataFrame, limit: int) -> Iterator[Fault]:
    """Yield the rows of a table about too few people."""
    counts = kinds_by_name(table).counts(table)
    for place in counts.index[(counts > 0) & (counts < limit)] if counts is not None else ():
        problem = f"a row is about fewer than {limit} people"
        yield Fault(name, problem, "build it again through the gate, or leave it out", row=int(place) + 2)


def _is_counted(cells: pd.Series[str]) -> bool:
    """Say whether a column counts one, two, three: ranks and positions identify nobody."""
    return list(cells) == [str(number) for number in range(1, len(cells) + 1)]


def _plain(text: str) -> str:
    """Return a text in one case and one way of writing letters with marks."""
    return unicodedata.normalize("NFC", text).casefold().strip()
