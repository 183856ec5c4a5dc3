"""The decision log: what becomes of every item and why, as a document for a committee to sign."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import pandas as pd

TEMPLATE = Path(__file__).with_suffix(".typ")


@dataclass(frozen=True)
class DecisionLog:
    """What the document shows.

    Attributes
    ----------
    notices
        What must be said first: that data are synthetic, that the framework is a placeholder.
    summary
        Counts, rules and constraints in words, one line each.
    parts
        One competency each: ``label`` and ``items`` (``item wording decision reasons``).
    """

    title: str
    subtitle: str
    notices: tuple[str, ...]
    summary: tuple[str, ...]
    parts: tuple[dict[str, Any], ...]


def decision_log(
    decisions: pd.DataFrame,
    *,
    title: str,
    subtitle: str,
    notices: tuple[str, ...],
    summary: tuple[str, ...],
    labels: dict[str, str],
) -> DecisionLog:
    """Put the document together.

    Parameters
    ----------
    decisions
        Columns ``item competency wording decision reasons``, as the step saves them.
    labels
        Label of each competency.
    """
    shown = decisions[["item", "wording", "decision", "reasons"]].astype(object).fillna("")
    parts: tuple[dict[str, Any], ...] = tuple(
        {"label": labels.get(str(name), str(name)), "items": shown.loc[rows.index].to_dict("records")}
        for name, rows in decisions.groupby("competency", sort=False)
    )
    return DecisionLog(title, subtitle, notices, summary, parts)


def render_log(log: DecisionLog, form: Literal["pdf", "png", "svg"] = "pdf") -> bytes:
    """Typeset the document with the fonts that come with typst; as a picture, its first page."""
    import typst

    made: bytes | list[bytes] = typst.compile(
        TEMPLATE,
        format=form,
        ppi=110 if form == "png" else None,
        sys_inputs={"log": json.dumps(asdict(log))},
        ignore_system_fonts=True,
    )
    return made[0] if isinstance(made, list) else made
