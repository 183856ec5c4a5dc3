"""Reporting checklists that fill themselves: each row leads to its answer, or says why there is none."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import pandas as pd
from pydantic import Field

from compendium.cohort.schema import DESCRIPTION
from compendium.faults import suggest
from compendium.inputs import Strict, load_model, read_yaml
from compendium.paths import BOOK
from compendium.report.book import markdown
from compendium.report.book.faults import BookError
from compendium.report.book.trail import address
from compendium.wording import shown

if TYPE_CHECKING:
    from compendium.report.book.subject import Subject

FILE = "checklists.yaml"
ANSWERED, AUTHORS, NOT = "answered", "for the authors", "not met"
NOT_COLLECTED, NOT_COMPUTED = "not collected in this cohort", "not computed for this cohort"
NO_PAGE = "not part of this cohort's book"


class Asked(Protocol):
    """What a page can be asked about the cohort; :class:`compendium.report.book.prose.Prose` answers."""

    study: Subject

    def collected(self, what: str) -> bool:
        """Say whether the cohort collected it."""

    def supported(self, gate: str) -> bool:
        """Say whether the sample carries an analysis."""

    def reason(self, gate: str) -> str:
        """Say what the gate found."""

    def page(self, name: str, words: str) -> str:
        """Link to a page."""


class ChecklistRow(Strict):
    """One row: what is asked, and where the book answers it, who must answer it, or why it is not met."""

    n: str = Field(min_length=1)
    asks: str = Field(min_length=1)
    at: str = ""
    by: str = ""
    rate: str = ""
    declared: str = ""
    needs: str = ""
    gate: str = ""
    authors: str = ""
    no: str = ""


class Checklist(Strict):
    """One reporting checklist with its rows."""

    title: str = Field(min_length=1)
    source: str = ""
    rows: list[ChecklistRow] = Field(min_length=1)


class Checklists(Strict):
    """Every checklist by its name."""

    strobe: Checklist
    cherries: Checklist
    jars: Checklist
    jars_sem: Checklist
    grras: Checklist
    transparency: Checklist


@dataclass(frozen=True)
class Answer:
    """What a row is for this cohort: its state, and where the answer stands or why there is none."""

    state: str
    words: str


@cache
def read(path: Path = BOOK / FILE) -> dict[str, Checklist]:
    """Read the checklists of a book."""
    known = load_model(Checklists, read_yaml(path), path)
    return {name: getattr(known, name) for name in Checklists.model_fields}


def written(name: str, prose: Asked) -> str:
    """Write a checklist as a table, with how many of its rows are in which state.

    Raises
    ------
    BookError
        When there is no checklist of this name.
    """
    known = read()
    if name not in known:
        raise BookError(f"no checklist is called {name!r}; {suggest(name, known)}")
    rows = known[name].rows
    answers = [answer(row, prose) for row in rows]
    frame = pd.DataFrame({
        "item": [markdown.escape(row.n) for row in rows],
        "state": [each.state for each in answers],
        "what is asked": [markdown.escape(row.asks) for row in rows],
        "where, or why not": [each.words for each in answers],
    })  # fmt: skip
    lines = [" | ".join(cells) for cells in frame.itertuples(index=False, name=None)]
    body = "\n".join(
        [f"| {' | '.join(frame.columns)} |", "| :--- | :--- | :--- | :--- |", *(f"| {line} |" for line in lines)]
    )
    counts = Counter(each.state for each in answers)
    told = "; ".join(f"{state}: {counts[state]}" for state in (ANSWERED, AUTHORS, NOT))
    cited = f" {{cite:p}}`{known[name].source}`" if known[name].source else ""
    return f"{markdown.captioned_table(body, known[name].title)}\n\nOf {len(rows)} rows {told}{cited}."


def answer(row: ChecklistRow, prose: Asked) -> Answer:
    """Say where a row is answered in the book of this cohort, by whom it must be, or why it is not met."""
    if row.no:
        return Answer(NOT, markdown.escape(row.no))
    if row.needs and not prose.collected(row.needs):
        return Answer(NOT, NOT_COLLECTED)
    if row.gate and not _supported(row.gate, prose):
        return Answer(NOT, _reason(row.gate, prose))
    if (unknown := _unknown(row, prose)) is not None:
        return Answer(NOT, unknown)
    found = _result(row.by, prose)
    if row.at and row.at not in prose.study.pages and not found:
        return Answer(NOT if not row.authors else AUTHORS, markdown.escape(row.authors) or NO_PAGE)
    if row.by and not found:
        return Answer(NOT if not row.authors else AUTHORS, markdown.escape(row.authors) or NOT_COMPUTED)
    # Without words of its own a link to a page has the title of the page.
    places = [prose.page(row.at, "")] if row.at in prose.study.pages else []
    places += [markdown.trail_link(found, row.by.replace("_", " "))] if found else []
    where = ", ".join(places)
    if row.authors:
        return Answer(AUTHORS, ". ".join(part for part in (markdown.escape(row.authors), where) if part))
    return Answer(ANSWERED, where)


def _unknown(row: ChecklistRow, prose: Asked) -> str | None:
    """Say why what a row asks is not known of this cohort, or return None."""
    if row.declared and getattr(prose.study.settings, row.declared) is None:
        return markdown.escape(f"{row.declared} is not given in {DESCRIPTION}")
    if row.rate and row.by in prose.study.saved.tables:
        rates = prose.study.saved.tables[row.by].frame.reindex(columns=["rate", "share", "note"])
        rates = rates[(rates["rate"] == row.rate) & pd.to_numeric(rates["share"], errors="coerce").isna()]
        if len(rates):
            return markdown.escape(shown(rates["note"].iloc[0]))
    return None


def _supported(gate: str, prose: Asked) -> bool:
    """Say whether the sample carries an analysis; where it was never asked, it does not."""
    return f"supported_{gate}" in prose.study.saved.values and prose.supported(gate)


def _reason(gate: str, prose: Asked) -> str:
    """Say in words what the gate of an analysis found."""
    return prose.reason(gate) if f"supported_{gate}" in prose.study.saved.values else NOT_COMPUTED


def _result(name: str, prose: Asked) -> str:
    """Return where the trail of a result begins, or nothing where this cohort has none of that name."""
    saved = prose.study.saved
    if name in saved.tables and not saved.tables[name].frame.empty:
        return address("table", name, saved.tables[name].origin)
    if name in saved.figures:
        return address("figure", name, saved.figures[name].origin)
    return address("value", name, saved.values[name].origin) if name in saved.values else ""
