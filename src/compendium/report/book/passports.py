"""The passport of every item: all that is known of it on one card, with its picture."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from compendium import rounding as tables
from compendium.files import plain_name
from compendium.report.book import markdown
from compendium.report.book.trail import address
from compendium.wording import shown

if TYPE_CHECKING:
    from compendium.report.book.subject import Subject

TABLE = "item_passports"
# Columns of the table, what they are called, and how they are written.
FACTS: tuple[tuple[str, str, Callable[[Any], str]], ...] = (
    ("theme", "Theme", str),
    ("records", "Evidence", str),
    ("relevance", "Raters who find it relevant", tables.percent),
    ("clarity", "Raters who find it clear", tables.percent),
    ("n", "Answers", tables.number),
    ("missing_share", "Not answered", lambda share: tables.percent(share, 1)),
    ("mean", "Mean", tables.number),
    ("sd", "Standard deviation", tables.number),
    ("ceiling_share", "Highest answer", lambda share: tables.percent(share, 1)),
    ("item_rest_spearman", "Correlation with the rest (rho, with its interval)", tables.number),
    ("alpha_if_dropped", "Alpha without it", tables.number),
    ("discrimination", "Discrimination", tables.number),
    ("information", "Information", tables.number),
    ("item_fit_p", "Item fit, adjusted p", tables.p_value),
    ("fairness_r2", "Largest growth of R2 by groups", lambda value: tables.number(value, 3)),
    ("flagged_by", "Answered differently by", str),
    ("chosen_share", "Bootstrap samples that choose it", tables.percent),
)


def written(study: Subject, figure: Callable[[str], str]) -> str:
    """Write all passports, folded by item under the heading of their competency."""
    saved = study.saved.table(TABLE)
    frame, mark = saved.frame, markdown.trail_mark(address("table", TABLE, saved.origin))
    parts: list[str] = []
    for competency, rows in frame.groupby("competency", sort=False):
        parts.append(f"## {markdown.escape(study.labels.get(str(competency), str(competency)))}")
        parts += [
            _card(row, figure, f"passport_{plain_name(str(row['item']))}" in study.saved.figures, study.labels, mark)
            for row in rows.to_dict("records")
        ]
    return "\n\n".join(parts)


def link(item: Any, study: Subject) -> str:
    """Link to the passport of an item, or name the item where this book has no passports."""
    name = markdown.escape(item)
    if "item_passports" not in study.pages:
        return f'<span class="quiet">{name}</span>'
    return f'<a class="quiet" href="item_passports.html#{place(item)}">{name}</a>'


def place(item: Any) -> str:
    """Return the place of an item's passport on its page."""
    return f"passport-{plain_name(str(item))}"


def _card(
    row: dict[Any, Any], figure: Callable[[str], str], pictured: bool, labels: Mapping[str, str], mark: str
) -> str:
    """Write one passport."""
    reasons = shown(row["reasons"], labels) if _known(row["reasons"]) else "nothing against it"
    decision = f"**{row['decision']}**: {markdown.escape(reasons)}{mark}"
    advice = (
        f"\n\nFurther checks advise: {markdown.escape(shown(row['advice'], labels))}"
        if _known(row.get("advice"))
        else ""
    )
    wording = f"> {markdown.escape(row['self_wording'])}"
    if _known(row.get("peer_wording")):
        wording += f"\n>\n> Peer form: {markdown.escape(row['peer_wording'])}"
    name = f"passport_{plain_name(str(row['item']))}"
    picture = f"\n\n{figure(name)}" if pictured else ""
    body = f"Decision: {decision}{advice}{picture}\n\n{_facts(row)}"
    heading = f'<div class="passport-place" id="{place(row["item"])}"></div>'
    return f"{heading}\n\n{wording}\n\n" + markdown.folded(f"{row['item']} ({row['decision']})", body)


def _facts(row: dict[Any, Any]) -> str:
    """Write what is known of an item as two columns; what is not known is left out."""
    lines = [
        f"| {name} | {markdown.escape(write(row[column]) + interval(row, column))} |"
        for column, name, write in FACTS
        if _known(row.get(column))
    ]
    return "\n".join(["| What | Value |", "| :--- | :--- |", *lines])


def interval(row: Mapping[Any, Any], column: str) -> str:
    """Write the ends of a statistic's interval, where the row has them."""
    ends = [row.get(f"{column}_{end}") for end in ("lower", "upper")]
    return f" ({tables.number(ends[0])} to {tables.number(ends[1])})" if all(map(_known, ends)) else ""


def _known(value: Any) -> bool:
    """Say whether a cell holds something."""
    return value is not None and value == value and str(value) not in ("", "nan", "<NA>")
