"""The roster: who was invited, and how many colleagues were asked about each person. Addresses are never read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from compendium.cohort.layout import Form
from compendium.cohort.responses import Responses
from compendium.cohort.schema import DESCRIPTION, CohortSettings
from compendium.faults import Fault, InvalidInput, display_path
from compendium.importers.export import Export
from compendium.importers.files import is_number
from compendium.importers.reading import read_export
from compendium.inputs import yaml_fault

PERSON, RATER, RATERS, TEAM = "person_id", "rater_id", "raters", "team"


@dataclass(frozen=True)
class Roster:
    """Who was invited.

    Attributes
    ----------
    file : str
        The file as faults show it.
    people : tuple of str
        The code of each person, in the order of the file.
    raters : dict of str to int
        How many colleagues were asked about each person; empty where the roster does not say.
    pairs : frozenset of (str, str)
        Person and rater, where the roster names the raters.
    teams : dict of str to str
        The team of each person as the self file would tell it; empty where the roster does not say.
    """

    file: str
    people: tuple[str, ...]
    raters: dict[str, int]
    pairs: frozenset[tuple[str, str]] = frozenset()
    teams: dict[str, str] = field(default_factory=dict)

    @property
    def asked(self) -> int | None:
        """How many ratings were asked for."""
        return sum(self.raters.values()) if self.raters else None


def read_roster(path: Path) -> Roster:
    """Read a roster: one row a person with ``raters``, or one row a pair with ``rater_id``; ``team`` too, and no more.

    Raises
    ------
    InvalidInput
        When it is missing or cannot be read, has no ``person_id``, a blank or repeated code, no whole number of
        raters, or two teams of one person.
    """
    export: Export = read_export(path)
    table, shown = export.table, display_path(path)
    if PERSON not in table:
        action = f"name the column of the codes {PERSON}; no name or address is needed"
        raise InvalidInput([Fault(shown, "the roster has no codes", action, row=1, column=PERSON)])
    faults = [
        Fault(shown, "the code is blank", "give every row a code", row=int(str(row)), column=PERSON)
        for row in table.index[table[PERSON] == ""]
    ]
    by_pairs = RATER in table and bool((table[RATER] != "").any())
    faults += _repeated(table, [PERSON, RATER] if by_pairs else [PERSON], shown)
    if RATERS in table and not by_pairs:
        wrong = table.loc[~table[RATERS].map(lambda cell: is_number(cell) and int(cell) >= 0), RATERS]
        faults += [
            Fault(shown, "not a number of raters", "write 0, 1, 2 ...", row=int(str(row)), column=RATERS, value=cell)
            for row, cell in wrong.items()
        ]
    teams = {} if TEAM not in table else dict(zip(table[PERSON], table[TEAM], strict=True))
    moved = table.index[table[TEAM] != table[PERSON].map(teams)] if TEAM in table else table.index[:0]
    action = "keep one team a person"
    faults += [Fault(shown, "the person has two teams", action, row=int(str(row)), column=TEAM) for row in moved]
    if faults:
        raise InvalidInput(faults)
    people = tuple(dict.fromkeys(table[PERSON]))
    if by_pairs:
        named = table[table[RATER] != ""]
        counts = {str(person): int(n) for person, n in named.groupby(PERSON).size().items()}
        return Roster(shown, people, counts, frozenset(zip(named[PERSON], named[RATER], strict=True)), teams)
    counts = dict(zip(table[PERSON], table[RATERS].astype(int), strict=True)) if RATERS in table else {}
    return Roster(shown, people, counts, teams=teams)


def _repeated(table: pd.DataFrame, columns: list[str], file: str) -> list[Fault]:
    """Name rows that stand in the roster twice."""
    again = table[columns].duplicated() & (table[columns[0]] != "")
    problem = "the row stands in the roster already"
    rows = table.index[again]
    return [Fault(file, problem, "keep one of them", row=int(str(row)), column=columns[0]) for row in rows]


def roster_faults(roster: Roster, forms: Mapping[Form, Responses], settings: CohortSettings, path: Path) -> list[Fault]:
    """Name answers of people, and ratings by raters, whom the roster does not list."""
    faults = []
    if settings.invited not in (None, len(roster.people)):
        problem = f"the roster lists {len(roster.people)} people"
        value = str(settings.invited)
        faults.append(yaml_fault(path, "invited", problem=problem, action="leave it out, or mend it", value=value))
    action = "mend the code, or add the person to the roster"
    own = forms.get("self")
    if own is not None and settings.person_id in own.cells:
        cells = own.cells[settings.person_id]
        unknown = cells[(cells != "") & ~cells.isin(roster.people)]
        faults += _unlisted(unknown, own.file, "the person is not in the roster", action)
    peers = forms.get("peer")
    if roster.pairs and peers is not None and {settings.person_id, settings.rater_id} <= set(peers.cells):
        rated, raters = peers.cells[settings.person_id], peers.cells[settings.rater_id]
        listed = [pair in roster.pairs for pair in zip(rated, raters, strict=True)]
        unknown = raters[[not known for known in listed]]
        faults += _unlisted(unknown, peers.file, "the roster does not list this rater for this person", action)
    return faults


def _unlisted(cells: pd.Series, file: str, problem: str, action: str) -> list[Fault]:
    """Return one fault a row."""
    column = str(cells.name)
    return [Fault(file, problem, action, row=int(str(row)), column=column, value=cell) for row, cell in cells.items()]


def roster_of(settings: CohortSettings, folder: Path) -> Roster | None:
    """Return the roster that ``cohort.yaml`` names.

    Raises
    ------
    InvalidInput
        When there is none of this name, or it cannot be read.
    """
    if settings.files.roster is None:
        return None
    path = folder / settings.files.roster
    if not path.is_file():
        action = f"put it beside the responses, or mend files.roster in {DESCRIPTION}"
        raise InvalidInput([Fault(display_path(path), "the roster is missing", action)])
    return read_roster(path)
