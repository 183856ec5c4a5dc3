"""The answer sheets of a file: who agreed to take part, and how far each of them came."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

import pandas as pd

from compendium.cohort.layout import Form
from compendium.cohort.schema import DESCRIPTION, CohortSettings, Consent
from compendium.columns import recoded
from compendium.faults import Fault, InvalidInput, suggest
from compendium.importers.export import Export, fold, without

REFUSED, BLANK = "did not agree to take part", "left the question of consent blank"
#: What the column of consent is read as.
AGREEMENT = "agreement"
#: How far the sheets of a form came, in this order; nothing is known where a number is missing.
TURNOUT = ("sheets", "agreed", "finished")


@dataclass(frozen=True)
class Source:
    """One file of a form as it was read.

    Attributes
    ----------
    name : str
        The file as faults show it.
    table : DataFrame
        The sheets that may be used, text cells in categories, index the row of the file.
    export : Export or None
        As the tool wrote it; None for plain CSV.
    known : DataFrame
        Index the row of every sheet, also of those that may not be used: ``finished``, ``seconds``, ``agreed``, as far
        as they are known.
    dropped : DataFrame
        ``row reason``: rows that may not be used.
    """

    name: str
    table: pd.DataFrame
    export: Export | None
    known: pd.DataFrame
    dropped: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=["row", "reason"]))


def source_of(name: str, table: pd.DataFrame, export: Export | None) -> Source:
    """Return a file with all its sheets."""
    if export is None:
        return Source(name, table, None, pd.DataFrame(index=table.index))
    return Source(name, table, export, export.participation.reindex(table.index), export.dropped)


def in_wave(source: Source, settings: CohortSettings) -> Source:
    """Keep the sheets of the wave that is read, where a column tells the waves.

    Raises
    ------
    InvalidInput
        When the column is missing, a cell names no wave, or the file has no sheet of this wave.
    """
    waves = settings.waves
    if waves is None or waves.column is None:
        return source
    column = waves.column
    if column not in source.table:
        action = f"add it, or mend waves.column in {DESCRIPTION}"
        raise InvalidInput([Fault(source.name, "the column of the waves is missing", action, row=1, column=column)])
    cells = recoded(source.table[column], _wave_key)
    unknown = cells[~cells.isin(list(waves.in_order))]
    if len(unknown):
        raise InvalidInput(
            [_no_wave(source.name, column, int(str(row)), cell, settings) for row, cell in unknown.items()]
        )
    here = cells == waves.main
    if not here.any():
        action = f"mend the file, or leave the wave out of {DESCRIPTION}"
        problem = "the file has no row of this wave"
        raise InvalidInput([Fault(source.name, problem, action, column=column, value=waves.main)])
    rows = source.known.index.difference(cells.index[~here], sort=False)
    return replace(source, table=source.table[here].drop(columns=column), known=source.known.loc[rows])


def _wave_key(cell: str) -> str:
    """Return the key of a wave as ``cohort.yaml`` writes it; spreadsheets write 1 as 1.0."""
    return re.sub(r"^([0-9]+)\.0+$", r"\1", cell.strip())


def _no_wave(file: str, column: str, row: int, cell: str, settings: CohortSettings) -> Fault:
    """Say that a cell names no wave."""
    known = [] if settings.waves is None else list(settings.waves.in_order)
    if not cell:
        return Fault(file, "the wave is blank", "give every row its wave", row=row, column=column)
    action = f"{suggest(cell, known)}; mend it, or declare the wave in {DESCRIPTION}"
    return Fault(file, "undeclared wave", action, row=row, column=column, value=cell)


def with_consent(source: Source, settings: CohortSettings, form: Form) -> Source:
    """Leave out the sheets of people who did not agree to take part, where the cohort names the question.

    Raises
    ------
    InvalidInput
        When the self file lacks the question, a cell is neither yes nor no, or nobody agreed.
    """
    consent = settings.files.consent
    if consent is None:
        return source
    column = consent.column if form == "self" else settings.peer_columns.get("consent", consent.column)
    if column not in source.table:
        if form == "peer":
            return source
        action = f"export it with the answers, or mend files.consent in {DESCRIPTION}"
        raise InvalidInput([Fault(source.name, "the question of consent is missing", action, row=1, column=column)])
    cells = recoded(source.table[column], fold)
    agreed = _agreed(cells, consent, source.name, column)
    blank = cells == ""
    table, refused = without(source.table.drop(columns=column), ~agreed & ~blank, REFUSED)
    table, unsaid = without(table, blank.reindex(table.index), BLANK)
    if table.empty:
        raise InvalidInput([Fault(source.name, "nobody agreed to take part", "look at files.consent", column=column)])
    dropped = pd.concat([each for each in (source.dropped, refused, unsaid) if len(each)] or [refused])
    return replace(source, table=table, known=source.known.assign(agreed=agreed), dropped=dropped)


def _agreed(cells: pd.Series, consent: Consent, file: str, column: str) -> pd.Series[bool]:
    """Say who agreed; a word that means neither yes nor no is a fault, told once where it stands first."""
    yes, no = ({fold(word) for word in words} for words in (consent.yes, consent.no))
    if both := sorted(yes & no):
        problem = f"the answer {both[0]!r} is said to mean yes and no"
        raise InvalidInput([Fault(DESCRIPTION, problem, "let files.consent say one thing")])
    unknown = cells[~cells.isin(yes | no | {""})].drop_duplicates()
    action = f"say under files.consent in {DESCRIPTION} what it means: yes or no"
    problem = "neither a yes nor a no to the question of consent"
    if len(unknown):
        faults = [Fault(file, problem, action, row=int(str(row)), column=column) for row, _ in unknown.items()]
        raise InvalidInput(faults)
    return cells.isin(yes)


def turnout(sources: tuple[Source, ...]) -> dict[str, int | None]:
    """Count how far the sheets of a form came, over all its files; None where a file does not say."""
    known = [source.known for source in sources]
    asked = all("agreed" in each for each in known)
    ended = [each["finished"].astype("boolean") for each in known if "finished" in each]
    told = len(ended) == len(known) and all(each.notna().all() for each in ended)
    agreed = sum(int(each["agreed"].sum()) for each in known) if asked else None
    reached = [end & each["agreed"] if asked else end for end, each in zip(ended, known, strict=False)]
    finished = sum(int(each.sum()) for each in reached) if told else None
    return dict(zip(TURNOUT, (sum(map(len, known)), agreed, finished), strict=True))
