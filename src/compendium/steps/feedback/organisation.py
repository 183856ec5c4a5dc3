"""What the view for a board says: coverage, response, and how teams lie, without a name and without a rank."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from compendium.disclosure import UNIFORM, rounded_sums, step_for
from compendium.steps.feedback.evidence import MIDDLE_HALF, Evidence
from compendium.steps.feedback.standing import normal_limit
from compendium.steps.feedback.teams import TeamFindings


@dataclass(frozen=True)
class WholeRow:
    """One competency of the whole organisation.

    Attributes
    ----------
    people : int
        People with a score.
    mean, lower, upper : float or None
        Rounded mean with its interval; None where too few people have a score.
    teams : tuple of float or None
        Between these two lie the middle half of the teams' means; None where too few teams are reported.
    above, below : int
        Reported teams clearly above, and clearly below, everybody else.
    """

    competency: str
    people: int
    mean: float | None
    lower: float | None
    upper: float | None
    teams: tuple[float, float] | None
    above: int
    below: int


@dataclass(frozen=True)
class WholeFindings:
    """What the view for a board says.

    Attributes
    ----------
    people, invited : int
        People with a score; invited is None where it is not declared.
    with_peers : int or None
        People whom enough colleagues rated; None where colleagues were not asked.
    teams, reported : int or None
        Teams, and teams with a report; None where teams were not asked.
    """

    people: int
    invited: int | None
    with_peers: int | None
    teams: int | None
    reported: int | None
    rows: tuple[WholeRow, ...]


def findings_of_whole(
    evidence: Evidence, teams: pd.DataFrame, found: Sequence[TeamFindings], invited: int | None
) -> WholeFindings:
    """Return what the view for a board says."""
    peers = evidence.peers
    with_peers = None if peers is None else int(peers.scores.notna().any(axis=1).sum())
    asked = evidence.teams is not None
    return WholeFindings(
        len(evidence.people), invited, with_peers, len(teams) if asked else None, len(found) if asked else None,
        tuple(_row(evidence, name, place, found) for place, name in enumerate(evidence.scales)),
    )  # fmt: skip


def _row(evidence: Evidence, name: str, place: int, found: Sequence[TeamFindings]) -> WholeRow:
    """Return one competency."""
    scores = evidence.own.scores[name].dropna()
    rows = [each.rows[place] for each in found]
    means = [row.mean for row in rows if row.mean is not None]
    above, below = (sum(row.place == side for row in rows) for side in ("above", "below"))
    half = None
    if len(means) >= evidence.plan.feedback.fewest_teams.value:
        low, high = np.quantile(means, MIDDLE_HALF)
        half = (float(low), float(high))
    n = len(scores)
    if n < evidence.plan.disclosure.minimum_group.value:
        return WholeRow(name, n, None, None, None, half, above, below)
    step = step_for(n)
    mean = float(rounded_sums(pd.Series([float(scores.mean())]), n).iloc[0])
    reach = normal_limit(evidence.confidence) * float(np.sqrt(scores.var() / n + step**2 / UNIFORM))
    return WholeRow(name, n, mean, mean - reach, mean + reach, half, above, below)
