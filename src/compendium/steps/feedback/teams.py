"""What a team's report says: means with intervals, spread, agreement, and what stands out; never a member."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from scipy import special

from compendium.disclosure import UNIFORM, hidden_groups, rater_step, rounded_number, step_for
from compendium.steps.feedback.census import counted
from compendium.steps.feedback.evidence import Evidence, Sums, TeamChange
from compendium.steps.feedback.standing import Names, normal_limit, top_set

# Members' scores by competency, NaN missing.
Scores = Mapping[str, np.ndarray]
Place = Literal["above", "below", "no_clear_difference"]
# A sixth of the answer scale is the usual upper limit of the average deviation (Burke & Dunlap 2002).
DEVIATION_PARTS = 6
# Indices of a few members' answers are shown to a tenth: finer ones would tell single answers.
TENTH = 0.1


@dataclass(frozen=True)
class TeamRow:
    """One competency of a team; None where too few members have a score.

    Attributes
    ----------
    members : int
        Members with a score.
    mean, lower, upper, spread : float or None
        Rounded mean with its interval, and the standard deviation of the members.
    agreement, deviation : float or None
        rwg(j) against evenly spread answers, and the average deviation in points of the scale.
    cohort : float or None
        Mean of everybody else in the cohort.
    place : str or None
        Whether the team lies clearly above or below everybody else.
    peers : float or None
        Mean of colleagues' means of the members whom enough colleagues rated.
    """

    competency: str
    members: int
    mean: float | None = None
    lower: float | None = None
    upper: float | None = None
    spread: float | None = None
    agreement: float | None = None
    deviation: float | None = None
    cohort: float | None = None
    place: Place | None = None
    peers: float | None = None


@dataclass(frozen=True)
class TeamFindings:
    """What one team's report says.

    Attributes
    ----------
    members : int
        Members with at least one score.
    rated : int or None
        Members whom enough colleagues rated; None where colleagues were not asked.
    strengths, priorities : tuple of str
        Competencies that stand out within the team.
    talk_first : tuple of str
        Competencies on which the members' views are widest apart, widest first; none where all agree.
    change : TeamChange or None
        Change since an earlier wave; None where it may not be told.
    apart : bool
        The highest and the lowest mean clearly differ, the error shared among all pairs.
    """

    team: str
    members: int
    rated: int | None
    rows: tuple[TeamRow, ...]
    strengths: Names
    priorities: Names
    talk_first: Names
    change: TeamChange | None = None
    apart: bool = False


def reported_teams(evidence: Evidence) -> pd.DataFrame:
    """Return one row a team: its members with a score, and whether it gets a report.

    A team below the minimum gets none, and neither do the teams that would give it away by subtraction.
    """
    if evidence.teams is None:
        return pd.DataFrame(columns=["team", "members", "reported"])
    people = evidence.own.scores.dropna(how="all").index
    teams = evidence.teams.reindex(people).dropna()
    hidden = hidden_groups(pd.DataFrame({"team": teams}), ["team"], evidence.plan.disclosure.minimum_team.value)["team"]
    counts = teams.value_counts().sort_index()
    rows = [{"team": str(team), "members": int(n), "reported": str(team) not in hidden} for team, n in counts.items()]
    return pd.DataFrame(rows, columns=["team", "members", "reported"])


def findings_of_team(evidence: Evidence, team: str) -> TeamFindings:
    """Return what the report of a team says; the team must be one that gets a report."""
    inside = evidence.members[team]
    scores = {name: evidence.own.figures[name][inside] for name in evidence.scales}
    answered = np.any([np.isfinite(score) for score in scores.values()], axis=0)
    scores, inside = {name: score[answered] for name, score in scores.items()}, inside[answered]
    seen = {name: means[inside] for name, means in evidence.peer_figures.items()}
    rows = tuple(_row(evidence, team, name, score, seen) for name, score in scores.items())
    strengths, priorities = _standing(evidence, scores, rows)
    limit = (evidence.framework.scale.maximum - evidence.framework.scale.minimum + 1) / DEVIATION_PARTS
    apart = {row.competency: row.deviation for row in rows if row.deviation is not None and row.deviation > limit}
    rated = None if evidence.peers is None else int(np.isfinite(list(seen.values())).any(axis=0).sum())
    return TeamFindings(
        team, len(inside), rated, rows, strengths, priorities,
        tuple(sorted(apart, key=lambda name: -apart[name])),
        None if evidence.team_changes is None else evidence.team_changes.get(team),
        _ends_differ(evidence, scores, rows),
    )  # fmt: skip


def _row(evidence: Evidence, team: str, name: str, scores: np.ndarray, seen: Mapping[str, np.ndarray]) -> TeamRow:
    """Return one competency of a team."""
    own = scores[np.isfinite(scores)]
    rest = evidence.own.sums[name].without(own)
    n, needed = len(own), evidence.plan.disclosure.minimum_team.value
    if n < needed:
        return TeamRow(name, n)
    step = rater_step(n)
    error = math.sqrt(float(own.var(ddof=1)) / n + step**2 / UNIFORM)
    half = float(special.stdtrit(n - 1, (1 + evidence.confidence) / 2)) * error
    mean, spread = rounded_number(float(own.mean()), step), rounded_number(float(own.std(ddof=1)), step)
    scale = evidence.framework.scale
    enough = rest.n >= evidence.plan.disclosure.minimum_group.value
    alike = evidence.team_agreement[name].get(team, (math.nan, math.nan))
    agreement, deviation = (rounded_number(value, TENTH) if math.isfinite(value) else None for value in alike)
    return TeamRow(
        name, n, mean, max(float(scale.minimum), mean - half), min(float(scale.maximum), mean + half), spread,
        agreement, deviation, rounded_number(rest.mean, step_for(rest.n)) if enough else None,
        _place(evidence, own, rest) if enough else None, _peers(evidence, seen.get(name)),
    )  # fmt: skip


def _place(evidence: Evidence, own: np.ndarray, rest: Sums) -> Place:
    """Say whether a team lies clearly above or below everybody else, the error shared among the competencies."""
    error = math.sqrt(float(own.var(ddof=1)) / len(own) + rest.variance / rest.n)
    limit = normal_limit(evidence.confidence, len(evidence.scales)) * error
    gap = float(own.mean()) - rest.mean
    return "above" if gap > limit else "below" if gap < -limit else "no_clear_difference"


def _peers(evidence: Evidence, seen: np.ndarray | None) -> float | None:
    """Return the mean of colleagues' means, where enough members have one."""
    means = np.array([]) if seen is None else seen[np.isfinite(seen)]
    if len(means) < evidence.plan.disclosure.minimum_team.value:
        return None
    return rounded_number(float(means.mean()), rater_step(len(means)))


def _standing(evidence: Evidence, scores: Scores, rows: tuple[TeamRow, ...]) -> tuple[Names, Names]:
    r"""Return what stands out within a team, tested on the members' own differences.

    Competencies a and b differ where :math:`|\bar d| > t \, s_d / \sqrt n` for the differences d of the members.
    """
    turned = _turned(evidence, scores, rows)
    means = {name: float(np.nanmean(score)) for name, score in turned.items()}
    most = int(evidence.plan.feedback.most_named.value)

    def least(a: str, b: str) -> float:
        """Return the difference that is not explained by chance."""
        return _least(evidence, turned, (a, b))

    return (
        top_set(means, least, most, lambda name: means[name] > evidence.middle),
        top_set({name: -mean for name, mean in means.items()}, least, most, lambda name: means[name] < evidence.high),
    )


def _turned(evidence: Evidence, scores: Scores, rows: tuple[TeamRow, ...]) -> dict[str, np.ndarray]:
    """Return the members' scores that are shown, with more as better; those without a better end are left out."""
    signs = evidence.directions
    ends = evidence.framework.scale.minimum + evidence.framework.scale.maximum
    shown = [row.competency for row in rows if row.mean is not None and signs[row.competency]]
    return {name: scores[name] if signs[name] > 0 else ends - scores[name] for name in shown}


def _least(evidence: Evidence, turned: dict[str, np.ndarray], pair: tuple[str, str], comparisons: int = 1) -> float:
    """Return the difference of two means that is not explained by chance, its error shared among comparisons."""
    differences = turned[pair[0]] - turned[pair[1]]
    differences = differences[np.isfinite(differences)]
    n = len(differences)
    if n < evidence.plan.disclosure.minimum_team.value:
        return math.inf
    tail = (1 - evidence.confidence) / (2 * comparisons)
    return float(special.stdtrit(n - 1, 1 - tail) * differences.std(ddof=1) / math.sqrt(n))


def _ends_differ(evidence: Evidence, scores: Scores, rows: tuple[TeamRow, ...]) -> bool:
    """Say whether the highest and the lowest mean clearly differ, the error shared among all pairs."""
    turned = _turned(evidence, scores, rows)
    if len(turned) < 2:
        return False
    means = {name: float(np.nanmean(score)) for name, score in turned.items()}
    high, low = max(means, key=lambda name: means[name]), min(means, key=lambda name: means[name])
    least = _least(evidence, turned, (high, low), len(means) * (len(means) - 1) // 2)
    return means[high] - means[low] > least


def team_coverage(teams: pd.DataFrame, found: Sequence[TeamFindings], earlier: bool = False) -> pd.DataFrame:
    """Return counts of teams: with a report, without, what reports hold; change where there was a wave before."""
    rows = [
        ("feedback_team_report", len(found)),
        ("feedback_no_team_report", len(teams) - len(found)),
        ("feedback_team_with_peers", sum(any(row.peers is not None for row in each.rows) for each in found)),
        ("feedback_team_score_missing", sum(any(row.mean is None for row in each.rows) for each in found)),
        ("feedback_team_names_something", sum(bool(each.strengths or each.priorities) for each in found)),
    ]
    if earlier:
        rows.append(("feedback_team_with_change", sum(each.change is not None for each in found)))
    return counted(rows, "teams")
