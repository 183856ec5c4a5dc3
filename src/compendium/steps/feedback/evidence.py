"""What every report of a cohort rests on: scores on the answer scale, their errors, and what may be shown of them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import pandas as pd

from compendium.cohort.schema import RATER_GROUP
from compendium.disclosure import UNIFORM, rater_step, rounded_sums, rounded_to
from compendium.framework import Framework
from compendium.plan import StudyPlan
from compendium.steps.feedback.rater_groups import RaterBlock, set_apart
from compendium.study import Study
from psychometrics.agreement import average_deviation, rwg_j
from psychometrics.errors import PsychometricsError
from psychometrics.self_other import peer_standard_error

# The middle half of a group lies between its quartiles.
MIDDLE_HALF = (0.25, 0.75)

Table = Mapping[str, dict[str, float]]
#: What two rules say of a change; why there is none where it cannot be told.
Verdict = Literal[
    "improved", "deteriorated", "unchanged", "one_rule", "unknown", "not_asked", "not_tested", "not_alike", "too_few"
]  # fmt: skip


class Rows(Mapping[str, dict[str, float]]):
    """The rows of a table as plain figures, each made when it is asked for: reports look at them one by one."""

    def __init__(self, frame: pd.DataFrame) -> None:
        self._names = list(map(str, frame.columns))
        self._columns = {name: place for place, name in enumerate(self._names)}
        self._figures = frame.to_numpy(dtype=float)
        self._places = {str(person): place for place, person in enumerate(frame.index)}

    def __getitem__(self, person: str) -> dict[str, float]:
        return dict(zip(self._names, self._figures[self._places[person]].tolist(), strict=True))

    def figure(self, person: str, name: str) -> float:
        """Return one figure, NaN of somebody who has none."""
        place = self._places.get(person)
        return math.nan if place is None else float(self._figures[place, self._columns[name]])

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)


@dataclass(frozen=True)
class Sums:
    """People, the sum of their scores and of the squares, both about the mean of all: what a team is set beside."""

    n: int
    total: float
    squares: float
    centre: float

    @classmethod
    def of(cls, scores: pd.Series[float]) -> Sums:
        """Return the sums of those who have a score."""
        known = scores.dropna().to_numpy(dtype=float)
        centre = float(known.mean()) if len(known) else 0.0
        return cls(len(known), float((known - centre).sum()), float(((known - centre) ** 2).sum()), centre)

    def without(self, scores: np.ndarray) -> Sums:
        """Return the sums of all but some."""
        away = scores - self.centre
        left = (self.n - len(scores), self.total - float(away.sum()), self.squares - float((away**2).sum()))
        return Sums(*left, self.centre)

    @property
    def mean(self) -> float:
        """The mean score; there must be somebody."""
        return self.centre + self.total / self.n

    @property
    def variance(self) -> float:
        """The variance of the scores, of one less than all; NaN of one person."""
        return max(self.squares - self.total**2 / self.n, 0.0) / (self.n - 1) if self.n > 1 else math.nan


@dataclass(frozen=True)
class OwnView:
    """What people say about themselves, turned so that more is better where the framework says which way is better.

    Attributes
    ----------
    scores : DataFrame
        Mean of the kept items of each competency, on the answer scale.
    errors : Series
        Standard error of measurement of each competency; NaN where reliability is not known.
    answers : DataFrame
        Keyed answers to the kept items, on the answer scale.
    """

    scores: pd.DataFrame
    errors: pd.Series
    answers: pd.DataFrame

    @cached_property
    def sums(self) -> dict[str, Sums]:
        """What the scores of everybody add up to, by competency."""
        return {str(name): Sums.of(score) for name, score in self.scores.items()}

    @cached_property
    def figures(self) -> dict[str, np.ndarray]:
        """The scores of everybody as plain figures, by competency."""
        return {str(name): score.to_numpy(dtype=float) for name, score in self.scores.items()}

    @cached_property
    def of_person(self) -> Table:
        """The scores of each person by competency."""
        return Rows(self.scores)

    @cached_property
    def answers_of(self) -> Rows:
        """The answers of each person by item."""
        return Rows(self.answers)


@dataclass(frozen=True)
class PeerView:
    """What colleagues say, as it may be shown: means of enough raters, rounded by their number.

    Attributes
    ----------
    raters : Series
        Colleagues who rated each person.
    scores, errors : DataFrame
        Rounded mean of each competency, and its standard error with that of the rounding.
    counts : DataFrame
        Colleagues behind each mean, whether it is shown or not.
    items, item_errors, item_counts : DataFrame
        The same of each kept item.
    answers : DataFrame
        Keyed answers to the kept items, by person and rater.
    blocks : mapping of person to blocks, or None
        What groups of colleagues say, as far as they may be shown apart; None where no form asked for groups.
    """

    raters: pd.Series
    scores: pd.DataFrame
    errors: pd.DataFrame
    counts: pd.DataFrame
    items: pd.DataFrame
    item_errors: pd.DataFrame
    item_counts: pd.DataFrame
    answers: pd.DataFrame
    blocks: Mapping[str, tuple[RaterBlock, ...]] | None = None

    @cached_property
    def by_name(self) -> dict[str, Rows]:
        """Every table by its name, then by person."""
        names = ("scores", "errors", "counts", "items", "item_errors", "item_counts")
        return {name: Rows(getattr(self, name)) for name in names}

    def answers_to(self, person: str, item: str) -> list[float]:
        """Return the answers given to an item about a person."""
        given = self._answers[item][self._ratings.get(person, [])]
        return [float(answer) for answer in given if math.isfinite(answer)]

    @cached_property
    def _answers(self) -> dict[str, np.ndarray]:
        """The answers to each item, one a rating."""
        return {str(item): answers.to_numpy(dtype=float) for item, answers in self.answers.items()}

    @cached_property
    def _ratings(self) -> dict[str, np.ndarray]:
        """The places of the ratings of each person."""
        persons = self.answers.index.get_level_values("person")
        places = pd.Series(range(len(persons))).groupby(persons.to_numpy(dtype=object)).indices
        return {str(person): np.asarray(of_person) for person, of_person in places.items()}


@dataclass(frozen=True)
class Moved:
    """A change in points, from how many on it counts, and the verdict; None where it is not told or not judged."""

    change: float | None
    limit: float | None
    verdict: Verdict


@dataclass(frozen=True)
class TeamChange:
    """Change of a team's means: members with a score then and now, and what each competency did."""

    n_before: int
    n_now: int
    rows: Mapping[str, Moved]


@dataclass(frozen=True)
class Evidence:
    """Everything that the reports of one cohort share.

    Attributes
    ----------
    framework, plan
        Of this cohort.
    scales : mapping
        Kept items of each competency that is scored.
    own : OwnView
    peers : PeerView or None
        None where no colleague was asked.
    teams : Series or None
        Team of each person, None where teams were not asked.
    changes : mapping or None
        Change since an earlier wave by person and competency.
    team_changes : mapping or None
        The same of each team that may be told; None without waves or teams.
    importance : DataFrame or None
        How important each person finds each competency.
    asked : mapping or None
        How many colleagues were asked about each person, None without a roster that says so.
    invited : mapping or None
        How many people of each team were asked, None without a roster that says who is in which.
    """

    framework: Framework
    plan: StudyPlan
    scales: Mapping[str, list[str]]
    own: OwnView
    peers: PeerView | None = None
    teams: pd.Series | None = None
    changes: Mapping[str, Mapping[str, Moved]] | None = None
    team_changes: Mapping[str, TeamChange] | None = None
    importance: Table | None = None
    asked: Mapping[str, int] | None = None
    invited: Mapping[str, int] | None = None

    @property
    def confidence(self) -> float:
        """The confidence of the plan."""
        return self.plan.confidence.value

    @property
    def high(self) -> float:
        """From here on a score is so high that it is no room to grow."""
        low, top = self.framework.scale.minimum, self.framework.scale.maximum
        return low + self.plan.feedback.high_from.value * (top - low)

    @property
    def middle(self) -> float:
        """The middle of the answer scale; below it nothing is a strength."""
        return (self.framework.scale.minimum + self.framework.scale.maximum) / 2

    @cached_property
    def directions(self) -> dict[str, int]:
        """1 where a higher score of a competency is better, -1 where it is worse, 0 where it is neither."""
        signs = {"better": 1, "worse": -1}
        return {name: signs.get(self.framework.higher_is[name], 0) for name in self.scales}

    @cached_property
    def item_directions(self) -> dict[str, int]:
        """The direction of each kept item's competency."""
        return {item: self.directions[name] for name, items in self.scales.items() for item in items}

    @cached_property
    def own_errors(self) -> dict[str, float]:
        """Standard error of an own score of each competency."""
        return {str(name): float(error) for name, error in self.own.errors.items()}

    @cached_property
    def item_errors(self) -> dict[str, float]:
        r"""Standard error of one own answer: :math:`SEM \sqrt k`, as alpha has it for each of k items of a mean."""
        return {
            item: self.own_errors[name] * math.sqrt(len(items)) for name, items in self.scales.items() for item in items
        }

    @cached_property
    def middle_half(self) -> Table:
        """Lower and upper quartile of each competency, blank where fewer people than a group needs have a score."""
        enough = self.own.scores.notna().sum() >= self.plan.disclosure.minimum_group.value
        quartiles = self.own.scores.quantile(list(MIDDLE_HALF)).T.set_axis(["lower", "upper"], axis=1)
        n = float(self.own.scores.notna().sum().min()) if len(self.own.scores) else 0.0
        return Rows(quartiles.where(enough, np.nan).apply(lambda column: rounded_sums(column, n)))

    @cached_property
    def answer_shares(self) -> dict[str, tuple[float, ...]]:
        """Share of the cohort that gave each answer to each item, rounded; empty where fewer than a group answered."""
        scale, shares = self.framework.scale, {}
        for item, answers in self.own.answers.items():
            counts = answers.dropna().value_counts()
            n = int(counts.sum())
            known = counts.reindex(range(scale.minimum, scale.maximum + 1), fill_value=0)
            enough = n >= self.plan.disclosure.minimum_group.value and int(known.sum()) == n
            shares[str(item)] = tuple(rounded_sums(known / n, n)) if enough else ()
        return shares

    @cached_property
    def members(self) -> dict[str, np.ndarray]:
        """The people of each team, as their places among the scores."""
        groups = self._team.groupby(self._team.to_numpy()).indices
        return {str(team): np.asarray(places) for team, places in groups.items()}

    @cached_property
    def peer_figures(self) -> dict[str, np.ndarray]:
        """Colleagues' means of everybody as plain figures, by competency and in the order of the scores."""
        if self.peers is None:
            return {}
        means = self.peers.scores.reindex(self.own.scores.index)
        return {str(name): mean.to_numpy(dtype=float) for name, mean in means.items()}

    @cached_property
    def team_agreement(self) -> dict[str, dict[str, tuple[float, float]]]:
        """Agreement of each team, by competency: rwg(j) and average deviation of the answers of those with a score."""
        scale, found = self.framework.scale, dict[str, dict[str, tuple[float, float]]]()
        for name, items in self.scales.items():
            teams = self._team[self.own.scores[name].notna()].dropna()
            answers = self.own.answers.loc[teams.index, items]
            try:
                alike = rwg_j(answers, teams, scale.maximum - scale.minimum + 1, minimum=scale.minimum).table
                apart = average_deviation(answers, teams).table["average_deviation"]
            except PsychometricsError:
                found[name] = {}
                continue
            both = zip(alike["rwg_j"].tolist(), apart.tolist(), strict=True)
            found[name] = dict(zip(map(str, alike["group"]), both, strict=True))
        return found

    @cached_property
    def _team(self) -> pd.Series:
        """The team of everybody with answers, in the order of the scores."""
        everybody = self.own.scores.index
        return pd.Series(index=everybody, dtype=object) if self.teams is None else self.teams.reindex(everybody)

    @cached_property
    def people(self) -> list[str]:
        """Everybody with at least one score."""
        return [str(person) for person in self.own.scores.index[self.own.scores.notna().any(axis=1)]]


def gather(study: Study) -> Evidence:
    """Gather what the reports of a cohort rest on, from the prepared tables."""
    prepared = study.prepared
    scales = {name: study.scales[name] for name in study.scales if study.framework.totals[name] != "none"}
    items = [item for members in scales.values() for item in members]
    own = study.framework.on_one_scale(prepared.answers[items])
    known = study.lacks("gate_reliability") is None
    errors = prepared.reliability["score_error"].astype(float) if known else pd.Series(dtype=float)
    view = OwnView(_as_means(prepared.scores, study.framework, scales), errors.reindex(list(scales)), own)
    peers = peer_view(study, scales, items) if study.collected("peers") else None
    teams = prepared.people["team"] if study.collected("teams") else None
    return Evidence(study.framework, study.plan, scales, view, peers, teams)


def peer_view(study: Study, scales: Mapping[str, list[str]], items: list[str]) -> PeerView | None:
    """Return what colleagues say as it may be shown, or None where nobody rated anybody."""
    scores = _as_means(study.prepared.peer_scores, study.framework, scales)
    answers = study.framework.on_one_scale(study.prepared.peers[items])
    if not len(answers):
        return None
    needed = study.plan.disclosure.minimum_raters.value
    raters = answers.groupby(level="person").size()
    means, errors, counts = shown_means(scores, needed)
    item_means, item_errors, item_counts = shown_means(answers, needed)
    blocks, group = None, study.settings.rater_group
    if group is not None:
        said, levels = study.prepared.rater_groups[RATER_GROUP], list(group.levels.values())
        apart = set_apart(scores, said, levels, needed, means, errors)
        blocks, means, errors = apart.blocks, apart.means, apart.errors
    return PeerView(raters, means, errors, counts, item_means, item_errors, item_counts, answers, blocks)


def shown_means(ratings: pd.DataFrame, needed: float) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    r"""Return means over raters as they may be shown, their standard errors, and how many raters each has.

    A mean needs ``needed`` raters who gave that very score. It is rounded the coarser the fewer they are, so that all
    of them but one cannot work out the last one's rating. Whatever is decided, is decided on the rounded mean; its
    error holds that of the rounding to a step d: :math:`SE^2 = s_w^2 / k + d^2 / 12`.
    """
    persons = pd.Series(ratings.index.get_level_values("person"), index=ratings.index)
    grouped = ratings.groupby(level="person")
    counts = grouped.count()
    enough = counts >= needed
    of_count = {count: rater_step(float(count)) for count in np.unique(counts.to_numpy()) if count > 0}
    steps = pd.DataFrame(counts.replace(of_count)).where(counts > 0).astype(float)
    means = grouped.mean().where(enough)
    flat = rounded_to(pd.Series(means.to_numpy().ravel()), pd.Series(steps.to_numpy().ravel()))
    rounded = pd.DataFrame(flat.to_numpy().reshape(means.shape), index=means.index, columns=means.columns)
    errors = _errors(ratings, persons, counts.index)
    spread = pd.DataFrame(np.sqrt(errors**2 + steps**2 / UNIFORM))
    return rounded, spread.where(enough), counts


def _errors(ratings: pd.DataFrame, persons: pd.Series, index: pd.Index) -> pd.DataFrame:
    """Return the standard error of each person's means, NaN for what no person has from two raters."""
    paired = ratings.columns[(ratings.groupby(persons.to_numpy()).count() > 1).any()]
    known = pd.DataFrame(index=index)
    if len(paired):
        known = peer_standard_error(ratings[paired], persons, index)
    return known.reindex(columns=ratings.columns)


def _as_means(scores: pd.DataFrame, framework: Framework, scales: Mapping[str, list[str]]) -> pd.DataFrame:
    """Return scores on the answer scale, also those that the framework declares as sums."""
    parts = [len(scales[name]) if framework.totals[name] == "sum" else 1 for name in scales]
    return scores.reindex(columns=list(scales)).astype(float) / parts
