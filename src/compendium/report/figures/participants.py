"""The flow of participants from the invitation to the answers that are used, as STROBE asks for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

import pandas as pd

from compendium.report.figures.flow import FlowRow, flow_of, in_words
from compendium.steps import participation as people

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TITLE = "Flow of participants"


def participant_flow(stages: pd.DataFrame, left_out: Mapping[str, int]) -> Figure:
    """Draw the flow of participants.

    Parameters
    ----------
    stages
        Columns ``stage`` and ``n``, as :func:`compendium.steps.participation.stages` counts them; a stage that is not
        known has no box.
    left_out
        Rows of the file that were left out, by reason.

    References
    ----------
    von Elm, E., et al. (2007). The STROBE statement. The Lancet, 370, 1453-1457, item 13.
    """
    return cast("Figure", flow_of(_rows(stages, left_out), TITLE, describe_participants(stages, left_out)))


def describe_participants(stages: pd.DataFrame, left_out: Mapping[str, int]) -> str:
    """Return the flow in words, for those who do not see it."""
    return in_words(_rows(stages, left_out))


def _rows(stages: pd.DataFrame, left_out: Mapping[str, int]) -> list[FlowRow]:
    """Return the boxes of the stages that are known."""
    n = {str(stage): int(count) for stage, count in zip(stages["stage"], stages["n"], strict=True) if pd.notna(count)}
    came = people.SHEETS if people.SHEETS in n else people.LISTED
    used = n.get(people.AGREED, n[came])
    rows = []
    if people.INVITED in n:
        side = [f"No answer sheet: {n[people.INVITED] - n[came]:,}"] if n[people.INVITED] >= n[came] else []
        rows.append(FlowRow("Invitation", [f"Invited: {n[people.INVITED]:,}"], side))
    reasons = [f"{_capital(reason)}: {count:,}" for reason, count in left_out.items()]
    rows.append(FlowRow("Answers", [f"{_capital(came)}: {n[came]:,}"], reasons))
    if people.AGREED in n:
        rows.append(FlowRow("Consent", [f"{_capital(people.AGREED)}: {used:,}"]))
    if people.FINISHED in n:
        rows.append(FlowRow("End", [f"{_capital(people.FINISHED)}: {n[people.FINISHED]:,}"], _stopped(n, used)))
    if people.ENOUGH in n:
        fewer = used - n[people.ENOUGH]
        rows.append(
            FlowRow("Scoring", [f"Answered enough items to be scored: {n[people.ENOUGH]:,}"], [f"Too few: {fewer:,}"])
        )
    if people.RATED in n:
        rated = [
            f"{_capital(people.RATED)}: {n[people.RATED]:,}",
            f"   {_capital(people.RATINGS)}: {n[people.RATINGS]:,}",
        ]
        rows.append(FlowRow("Peers", rated, [f"Without a rating: {used - n[people.RATED]:,}"]))
    return rows


def _stopped(n: Mapping[str, int], used: int) -> list[str]:
    """Say how many stopped on the way, who are scored where they answered enough."""
    return [f"Stopped before the end: {used - n[people.FINISHED]:,}", "   scored where they answered enough items"]


def _capital(words: str) -> str:
    """Return words as the start of a line."""
    return words[:1].upper() + words[1:]
