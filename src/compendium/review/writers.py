"""Records written for screening tools, so that a team can screen there and report here."""

from __future__ import annotations

from typing import Any, Literal

import pandas as pd

from compendium.review.loading import Review
from compendium.review.names import SEPARATOR
from compendium.review.protocol import EXCLUDE, INCLUDE, NOT_STATED, UNSURE
from compendium.review.screening import AWAITING, CONFLICT, EXCLUDED, INCLUDED, NOT_REACHED, stage_outcomes

Tool = Literal["rayyan", "covidence", "asreview", "eppi"]
TOOLS: tuple[Tool, ...] = ("rayyan", "covidence", "asreview", "eppi")
RAYYAN = {INCLUDE: "Included", EXCLUDE: "Excluded", UNSURE: "Maybe"}
FACTS = (
    "title",
    "authors",
    "year",
    "container",
    "publisher",
    "volume",
    "issue",
    "pages",
    "doi",
    "keywords",
    "abstract",
)


def write_references(review: Review, tool: Tool, stage: str, only_open: bool = False) -> str:
    """Return the records that reached a stage as a file for a screening tool.

    Parameters
    ----------
    tool
        ``rayyan``, ``covidence``, ``eppi``: RIS; ``asreview``: CSV. A record keeps its name as the id, by which
        decisions find back. Decisions already made go along: to Rayyan in its notes, reviewer by reviewer; to
        ASReview as ``included`` (1, 0 or blank); to the others as a note.
    stage
        A stage of the protocol.
    only_open
        Leave out what is settled at this stage.
    """
    outcomes = stage_outcomes(review)
    outcomes = outcomes[outcomes["stage"] == stage].set_index("record")
    reached = outcomes.index[outcomes["outcome"] != NOT_REACHED]
    wanted = outcomes.index[outcomes["outcome"].isin([AWAITING, CONFLICT])] if only_open else reached
    facts = _facts(review).loc[wanted]
    if tool == "asreview":
        return _asreview(facts, outcomes.loc[wanted, "outcome"])
    notes = _rayyan_notes(review, stage) if tool == "rayyan" else _plain_notes(outcomes)
    return _ris(facts, notes)


def _facts(review: Review) -> pd.DataFrame:
    """Return what is known of every record: the register's facts first, then what the reports give."""
    facts = review.reports.replace("", None).groupby("record", sort=False)[list(FACTS)].first()
    register = review.records.reindex(columns=[name for name in FACTS if name in review.records]).replace(
        NOT_STATED, None
    )
    known = register.combine_first(facts).reindex(index=review.records.index, columns=list(FACTS))
    return known.astype(object).where(known.notna(), "")


def _rayyan_notes(review: Review, stage: str) -> dict[str, str]:
    """Return Rayyan's notes of every record that somebody decided on."""
    decisions = review.files["screening"]
    decisions = decisions[decisions["stage"] == stage]
    notes: dict[str, str] = {}
    for record, rows in decisions.groupby("record", sort=False):
        verdicts = ", ".join(f'"{row.reviewer}"=>"{RAYYAN[str(row.decision)]}"' for row in rows.itertuples())
        reasons = ",".join(dict.fromkeys(reason for reason in rows["reason"] if reason))
        told = f" | RAYYAN-EXCLUSION-REASONS: {reasons}" if reasons else ""
        notes[str(record)] = f"RAYYAN-INCLUSION: {{{verdicts}}}{told}"
    return notes


def _plain_notes(outcomes: pd.DataFrame) -> dict[str, str]:
    """Return where every record stands."""
    settled = outcomes["outcome"].isin([INCLUDED, EXCLUDED])
    return {
        str(record): f"{row['outcome']}: {row['reason']}" if row["reason"] else str(row["outcome"])
        for record, row in outcomes[settled].iterrows()
    }


def _asreview(facts: pd.DataFrame, outcome: pd.Series[str]) -> str:
    """Return a table with ASReview's label."""
    label = outcome.map({INCLUDED: "1", EXCLUDED: "0"}).fillna("")
    table = facts.rename(columns={"container": "journal"}).assign(included=label)
    return str(table.rename_axis("record_id").reset_index().to_csv(index=False, lineterminator="\n"))


def _ris(facts: pd.DataFrame, notes: dict[str, str]) -> str:
    """Return RIS, written by rispy."""
    import rispy

    tags = {"title": "title", "year": "year", "container": "journal_name", "publisher": "publisher", "volume": "volume"}
    tags |= {"issue": "number", "doi": "doi", "abstract": "abstract", "pages": "start_page"}
    entries: list[dict[str, Any]] = []
    for record, row in facts.iterrows():
        entry: dict[str, Any] = {"type_of_reference": "JOUR" if row["container"] else "GEN", "id": str(record)}
        entry |= {name: row[field] for field, name in tags.items() if row[field]}
        entry["authors"] = [name for name in row["authors"].split(SEPARATOR) if name]
        entry["keywords"] = [word for word in row["keywords"].split(SEPARATOR) if word]
        entry["notes"] = [notes[str(record)]] if str(record) in notes else []
        entries.append({name: value for name, value in entry.items() if value})
    return str(rispy.dumps(entries))
