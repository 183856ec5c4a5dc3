"""What a feedback page says about a person, a team, or nobody (a specimen)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from compendium.disclosure import rater_step, rounded_to
from compendium.framework import Framework
from compendium.plan import StudyPlan
from compendium.rounding import number

INDIVIDUAL_QUESTIONS = [
    "Which of these results fits a situation you remember well?",
    "Where do your view and your colleagues' view differ, and what might they have seen?",
    "What is one thing you could do differently with another organisation next month, and who could help?",
]
TEAM_QUESTIONS = [
    "Which result do we recognise, and which one surprises us?",
    "What helps us work with other organisations already, and how do we keep it?",
    "What is one thing we could try next month, and how shall we know that it worked?",
]
UNCERTAIN = "The range around your score is one standard error of measurement each way."
ROUNDED = (
    "Peer means are rounded, the coarser the fewer colleagues, so that nobody's rating can be worked out from them."
)
SYNTHETIC = "Synthetic data: made by a program to show the method. No such person or team exists."


@dataclass(frozen=True)
class Row:
    """One competency on a feedback page; None where a score may not be shown or does not exist."""

    label: str
    definition: str
    self_score: float | None
    self_low: float | None
    self_high: float | None
    peer_score: float | None
    cohort_low: float | None
    cohort_high: float | None


@dataclass(frozen=True)
class Section:
    """A heading with its lines."""

    heading: str
    lines: list[str]


@dataclass(frozen=True)
class Profile:
    """Everything on one feedback page."""

    title: str
    subtitle: str
    introduction: str
    self_label: str
    self_key: str
    minimum: int
    maximum: int
    rows: list[Row]
    sections: list[Section]
    questions: list[str]
    notices: list[str]
    notes: list[str]


@dataclass(frozen=True)
class Cohort:
    """What every page of a cohort shares."""

    title: str
    framework: Framework
    plan: StudyPlan
    scores: pd.DataFrame
    standard_errors: Mapping[str, float]
    synthetic: bool

    @cached_property
    def middle_half(self) -> tuple[pd.Series[float], pd.Series[float]]:
        """Lower and upper quartile of each competency; not known where fewer people than a group needs have a score."""
        enough = self.scores.notna().sum() >= self.plan.disclosure.minimum_group.value
        return self.scores.quantile(0.25).where(enough), self.scores.quantile(0.75).where(enough)

    @property
    def notices(self) -> list[str]:
        """The warnings that head every page."""
        placeholder = [self.framework.description.notice] if self.framework.is_placeholder else []
        return ([SYNTHETIC] if self.synthetic else []) + placeholder


def individual_profile(
    cohort: Cohort, person: str, own: pd.Series[float], peers: pd.DataFrame | None = None
) -> Profile:
    """Make the page of one person.

    Parameters
    ----------
    cohort
        What every page shares.
    person
        How the person is named on the page.
    own
        The person's self scores by competency.
    peers
        One row a peer who rated the person, one column a competency; a mean is shown where at least
        ``minimum_raters`` peers have a score, competency by competency.
    """
    needed = int(cohort.plan.disclosure.minimum_raters.value)
    ratings = peers if peers is not None else pd.DataFrame(columns=own.index)
    enough = len(ratings) >= needed
    means = _open_between_raters(_mean_of_enough(ratings, needed), ratings.notna().sum()).reindex(own.index)
    told = f"{len(ratings)} colleagues rated you." if enough else f"Peer means are shown from {needed} raters on."
    return Profile(
        title="Your feedback on integrated working",
        subtitle=f"{person}, {cohort.title}",
        introduction=f"How you see your own practice{', how your colleagues see it,' if enough else ''} and where "
        f"the cohort stands. It is meant for reflection and development, not for appraisal. {told}",
        self_label="You",
        self_key="you, with the range in which your score is uncertain",
        rows=_rows(cohort, own, means),
        sections=_reading(cohort, own, means),
        questions=INDIVIDUAL_QUESTIONS,
        notes=[_scale_note(cohort), UNCERTAIN, *([ROUNDED] if enough else [])],
        minimum=cohort.framework.scale.minimum,
        maximum=cohort.framework.scale.maximum,
        notices=cohort.notices,
    )


def team_profile(cohort: Cohort, team: str, members: pd.DataFrame, peers: pd.DataFrame | None = None) -> Profile | None:
    """Make the page of one team, or return None where it is too small to be shown.

    Parameters
    ----------
    team
        How the team is named on the page.
    members
        Self scores of its members, one row a person; a mean is shown where enough members have a score.
    peers
        Mean peer scores of the members who have enough raters, one row a person; shown under the same threshold.
    """
    needed = int(cohort.plan.disclosure.minimum_team.value)
    if len(members) < needed:
        return None
    rated = peers if peers is not None else pd.DataFrame(columns=members.columns)
    own, means = _mean_of_enough(members, needed), _mean_of_enough(rated, needed).reindex(members.columns)
    shown = len(rated) >= needed
    withheld = "" if shown else f" Peer means are withheld: fewer than {needed} members were rated by enough peers."
    return Profile(
        title="Team feedback on integrated working",
        subtitle=f"{team}, {cohort.title}",
        introduction=f"The mean of {len(members)} members' own views, beside the middle half of the cohort. "
        f"Teams of fewer than {needed} responses get no report, so that nobody can be recognised.{withheld}",
        self_label="Team",
        self_key="mean of the team",
        rows=_rows(cohort, own, means, uncertain=False),
        sections=_reading(cohort, own, means),
        questions=TEAM_QUESTIONS,
        notes=[_scale_note(cohort)],
        minimum=cohort.framework.scale.minimum,
        maximum=cohort.framework.scale.maximum,
        notices=cohort.notices,
    )


def specimen_profile(cohort: Cohort, peers: pd.DataFrame | None = None) -> Profile:
    """Make a specimen page that belongs to nobody: its scores are quartiles of the cohort."""
    lower, upper = cohort.middle_half
    every_other = pd.Series([place % 2 == 0 for place in range(len(upper))], index=upper.index)
    own = upper.where(every_other, lower)
    ratings = peers.quantile([0.25, 0.5, 0.75]) if peers is not None and len(peers) >= 10 else None
    return individual_profile(cohort, "Specimen (nobody: the scores are quartiles of the cohort)", own, ratings)


def _mean_of_enough(scores: pd.DataFrame, needed: int) -> pd.Series[float]:
    """Return the mean of each competency that at least so many people scored; a missing score lends no cover."""
    return scores.astype(float).mean().where(scores.notna().sum() >= needed)


def _open_between_raters(means: pd.Series[float], raters: pd.Series[int]) -> pd.Series[float]:
    """Round means of few raters, so that all of them but one cannot work out the last one's rating."""
    steps = raters.where(raters > 0).map(rater_step, na_action="ignore")
    return rounded_to(means, steps)


def _scale_note(cohort: Cohort) -> str:
    """Say what a score is."""
    scale = cohort.framework.scale
    ends = [f"{code} = {scale.labels[code].lower()}" for code in (scale.minimum, scale.maximum)]
    return f"A score is the mean of the answers to a competency's items ({', '.join(ends)})."


def _rows(cohort: Cohort, own: pd.Series[float], peers: pd.Series[float], uncertain: bool = True) -> list[Row]:
    """Return one row a competency."""
    lower, upper = cohort.middle_half
    scale = cohort.framework.scale
    rows = []
    for competency in own.index:
        score, error = own[competency], cohort.standard_errors.get(competency, math.nan)
        known = uncertain and not math.isnan(score + error)
        about = cohort.framework.competencies.loc[competency]
        rows.append(
            Row(
                label=about["label"],
                definition=about["definition"],
                self_score=_plain(score),
                self_low=max(scale.minimum, score - error) if known else None,
                self_high=min(scale.maximum, score + error) if known else None,
                peer_score=_plain(peers.get(competency, math.nan)),
                cohort_low=_plain(lower[competency]),
                cohort_high=_plain(upper[competency]),
            )
        )
    return rows


def _reading(cohort: Cohort, own: pd.Series[float], peers: pd.Series[float]) -> list[Section]:
    """Say in words what stands out, and only what stands out beyond the measurement error."""
    labels = cohort.framework.labels
    known = own.dropna().sort_values(ascending=False)
    sections = []
    if len(known) >= 4:
        sections.append(Section("Highest", [f"{labels[name]}: {number(known[name])}" for name in known.index[:2]]))
        sections.append(
            Section("Room to grow", [f"{labels[name]}: {number(known[name])}" for name in known.index[-2:]])
        )
    gaps = (peers - own).dropna()
    errors = pd.Series(cohort.standard_errors, dtype=float).reindex(gaps.index)
    clear = gaps[gaps.abs() > 2 * errors].sort_values(key=abs, ascending=False)
    if len(gaps):
        sections.append(Section("Where peers see it differently", _gap_lines(clear, labels)))
    return sections


def _gap_lines(clear: pd.Series[float], labels: Mapping[str, str]) -> list[str]:
    """Describe the differences between peers and self that exceed twice the standard error of measurement."""
    if clear.empty:
        return ["Nowhere by more than the scores are uncertain."]
    return [
        f"{labels[str(name)]}: peers {'higher' if gap > 0 else 'lower'} by {number(abs(gap))}"
        for name, gap in clear[:3].items()
    ]


def _plain(value: float) -> float | None:
    """Return a float that JSON can hold, or None."""
    return None if math.isnan(value) else float(value)
