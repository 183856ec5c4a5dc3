"""What readers of a review look for: the protocol as a table, and PRISMA items with links to where each is answered."""

from __future__ import annotations

import re

import pandas as pd

from compendium.disclosure.text import markdown_text
from compendium.review.loading import Review
from compendium.review.protocol import Protocol

TARGET_PREFIX = "review-"
HEADER = ("item", "topic", "status", "answered under", "note")


def protocol_table(review: Review) -> pd.DataFrame:
    """Return the protocol as rows: question, eligibility, reasons, stages, passes, rules, deviations, limitations.

    Returns
    -------
    DataFrame
        ``part entry``.
    """
    parts = _protocol_parts(review.protocol)
    rows = [(part, entry) for part, entries in parts.items() for entry in entries or ["none"]]
    return pd.DataFrame(rows, columns=["part", "entry"])


def _protocol_parts(protocol: Protocol) -> dict[str, list[str]]:
    """Return the entries of each part of the protocol in the order in which a reader asks for them."""
    retrieval = (
        "Full texts are sought, each with its fate on record" if protocol.retrieval else "No full text is sought"
    )
    return {
        "question": [protocol.question],
        "eligible when": protocol.eligibility,
        "excluded because": list(protocol.exclusion_reasons.values()),
        "stage": [stage.label for stage in protocol.stages],
        "pass": [f"{name}: {words}" for name, words in protocol.reviewers.items()],
        "rule": [
            f"{protocol.decisions_needed} decisions settle a record at a stage",
            f"{protocol.coders_needed} sheets settle the codes of a record, by version {protocol.coding_version} "
            "of the coding frame",
            retrieval,
        ],
        "registration": [protocol.registration],
        "deviation": protocol.deviations,
        "limitation": protocol.limitations,
    }


def checklist_links(review: Review) -> str:
    """Return the PRISMA 2020 checklist as a Markdown table that links each item to where it is answered.

    ``where`` in ``checklist.csv`` names headings of the page on the evidence review, separated by semicolons; the page
    carries the target of :func:`heading_target` before each of them, and a target that is missing stops the book.

    References
    ----------
    Page, M. J., et al. (2021). The PRISMA 2020 statement. BMJ, 372, n71, table 1 (27 items; sub-items are not split).
    """
    rows = [
        (row.number, row.topic, row.status, _links(str(row.where)), row.note)
        for row in review.files["checklist"].itertuples()
    ]
    lines = [HEADER, (":---",) * len(HEADER)]
    lines += [(*map(_plain, row[:3]), row[3], _plain(row[4])) for row in rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def headings_of(where: str) -> list[str]:
    """Return the headings that an entry of ``where`` names."""
    return [heading.strip() for heading in where.split(";") if heading.strip()]


def heading_target(heading: str) -> str:
    """Return the name of the target that stands before a heading, such as ``review-appraisal``."""
    return TARGET_PREFIX + re.sub(r"[^a-z0-9]+", "-", heading.lower()).strip("-")


def _links(where: str) -> str:
    """Return a link to each heading."""
    return "; ".join(f"[{_plain(heading)}](#{heading_target(heading)})" for heading in headings_of(where))


def _plain(cell: object) -> str:
    """Return a cell that Markdown shows letter for letter."""
    return markdown_text(str(cell))
