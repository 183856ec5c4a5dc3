"""What one person's report says: the profile, where views differ, what stands out; every rule, and no sentence."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Literal

from compendium.disclosure import merged_bins
from compendium.steps.feedback.evidence import Evidence, Moved, PeerView
from compendium.steps.feedback.rater_groups import RaterBlock
from compendium.steps.feedback.standing import (
    Figures,
    Names,
    clearly_highest,
    clearly_lowest,
    ends_differ,
    normal_limit,
    stand_out,
)

#: How own and colleagues' views of a competency go together.
View = Literal["shared_strength", "hidden_strength", "blind_spot", "shared_development", "no_clear_difference"]
#: Why a score is not there.
Reason = Literal["too_few_answers", "not_asked", "nobody", "too_few_raters", "too_few_here"]
# A band of answers spans at least two neighbouring ones: all raters but one still do not know the last answer.
NARROWEST_BAND = 2


@dataclass(frozen=True)
class Score:
    """A score with its interval; ``reason`` says why there is none."""

    value: float | None = None
    lower: float | None = None
    upper: float | None = None
    reason: Reason | None = None


@dataclass(frozen=True)
class ProfileRow:
    """One competency in the profile of a person."""

    competency: str
    own: Score
    peers: Score
    raters: int
    band: tuple[float, float] | None
    view: View | None


@dataclass(frozen=True)
class ItemRow:
    """One statement that stands out.

    Attributes
    ----------
    own : float or None
        Own answer, keyed, on the answer scale.
    peers : float or None
        Colleagues' rounded mean; None also where bands are shown, since both together would say more.
    bands : tuple of (lowest answer, highest answer, colleagues)
        Colleagues by band of answers, each holding nobody or enough of them.
    cohort : tuple of float
        Share of the cohort that gave each answer about themselves, rounded; empty where too few answered.
    """

    item: str
    own: float | None
    peers: float | None
    bands: tuple[tuple[int, int, int], ...]
    cohort: tuple[float, ...]


@dataclass(frozen=True)
class PersonFindings:
    """What one person's report says.

    Attributes
    ----------
    raters : int or None
        Colleagues who rated the person; None where no colleagues were asked in this cohort.
    rows : tuple of Row
    strengths, priorities : tuple of str
        Competencies that stand out from all that are not named: by own scores, or, where colleagues' means are shown,
        by both views together.
    high_throughout : bool
        Every own score is so high that none is room to grow.
    compared : int
        Competencies with both views.
    high_items, low_items : tuple of ItemRow
        By own answers.
    peer_high_items, peer_low_items : tuple of ItemRow
        By colleagues' answers.
    unseen : tuple of (item, colleagues, raters)
        Statements that at least half of the colleagues did not rate, where enough colleagues answered.
    changes : mapping of competency to change
    apart : bool
        The highest and the lowest own score clearly differ, the error shared among all pairs.
    importance : mapping of competency to rating
    blocks : tuple of RaterBlock or None
        Colleagues in groups, none where they cannot be shown apart; None where no form asked for groups.
    """

    person: str
    raters: int | None
    rows: tuple[ProfileRow, ...]
    strengths: Names
    priorities: Names
    high_throughout: bool
    compared: int
    high_items: tuple[ItemRow, ...] = ()
    low_items: tuple[ItemRow, ...] = ()
    peer_high_items: tuple[ItemRow, ...] = ()
    peer_low_items: tuple[ItemRow, ...] = ()
    unseen: tuple[tuple[str, int, int], ...] = ()
    changes: Mapping[str, Moved] | None = None
    importance: Mapping[str, float] | None = None
    apart: bool = False
    blocks: tuple[RaterBlock, ...] | None = None

    def having(self, view: View) -> Names:
        """Return the competencies with this view."""
        return tuple(row.competency for row in self.rows if row.view == view)

    @property
    def errors_known(self) -> bool:
        """Whether any own score has an interval."""
        return any(row.own.lower is not None for row in self.rows)


def findings_of_person(evidence: Evidence, person: str) -> PersonFindings:
    """Return what the report of a person says."""
    own = evidence.own.of_person[person]
    peers = evidence.peers
    raters = None if peers is None else int(peers.raters.get(person, 0))
    theirs, errors = (_of_person(peers, table, person, own) for table in ("scores", "errors"))
    views = views_of(evidence, own, theirs, errors)
    why = _why(evidence, raters)
    rows = tuple(
        ProfileRow(
            name,
            _score(evidence, own[name], evidence.own_errors[name], "too_few_answers"),
            _score(evidence, theirs[name], errors[name], why),
            _raters_here(peers, person, name),
            _band(evidence, name),
            views.get(name),
        )
        for name in evidence.scales
    )
    strengths, priorities = _named(evidence, own, views)
    turned = [score for score in better_up(evidence, own).values() if math.isfinite(score)]
    highest, lowest, their_highest, their_lowest = (
        tuple(_item_row(evidence, person, item) for item in names) for names in _items(evidence, person)
    )
    return PersonFindings(
        person=person,
        raters=raters,
        rows=rows,
        strengths=strengths,
        priorities=priorities,
        high_throughout=bool(turned) and min(turned) >= evidence.high,
        compared=len(views),
        high_items=highest,
        low_items=lowest,
        peer_high_items=their_highest,
        peer_low_items=their_lowest,
        unseen=_unseen(evidence, person, raters),
        changes=_changes(evidence, person),
        importance=_importance(evidence, person),
        apart=ends_differ(better_up(evidence, own), evidence.own_errors, evidence.confidence),
        blocks=None if peers is None or peers.blocks is None else peers.blocks.get(person, ()),
    )


def views_of(evidence: Evidence, own: Figures, theirs: Figures, errors: Figures) -> dict[str, View]:
    r"""Return how own and colleagues' views of each competency go together; competencies without both are left out.

    The views differ where

    .. math:: |x_s - x_p| > z_{1 - \alpha / 2m} \sqrt{SE_s^2 + SE_p^2}

    with the error shared among the m competencies compared. Where they do not, both are put together, weighted by
    their precision, and a competency that stands out in the result is a shared strength or a shared development area:
    a strength only where neither view is low, a development area only where neither is high.
    """
    signs, mine = evidence.directions, evidence.own_errors
    both = [
        name
        for name in own
        if signs[name] and math.isfinite(own[name] + theirs[name]) and mine[name] > 0 and errors[name] > 0
    ]
    limit = normal_limit(evidence.confidence, len(both))
    views: dict[str, View] = {}
    for name in both:
        clear = limit * math.hypot(mine[name], errors[name])
        gap = signs[name] * (theirs[name] - own[name])
        views[name] = "hidden_strength" if gap > clear else "blind_spot" if gap < -clear else "no_clear_difference"
    top, bottom = _together(evidence, {name: own[name] for name in both}, theirs, errors)
    views |= {name: "shared_strength" for name in top if views[name] == "no_clear_difference"}
    views |= {name: "shared_development" for name in bottom if views[name] == "no_clear_difference"}
    return views


def _together(evidence: Evidence, own: Figures, theirs: Figures, errors: Figures) -> tuple[Names, Names]:
    """Return what stands out when both views are put together, weighted by their precision."""
    if not own:
        return (), ()
    weights = {name: (evidence.own_errors[name] ** -2, errors[name] ** -2) for name in own}
    means = {name: (w * own[name] + v * theirs[name]) / (w + v) for name, (w, v) in weights.items()}
    top, bottom = _standing(evidence, means, {name: 1 / math.sqrt(sum(pair)) for name, pair in weights.items()})
    # What colleagues see no lower than all that they see is no shared development area, and the other way round; nor is
    # what either side sees as high, though the two together are less.
    seen = better_up(evidence, {name: score for name, score in theirs.items() if math.isfinite(score)})
    mine, usual = better_up(evidence, own), median(seen.values())
    return (
        tuple(name for name in top if seen[name] >= usual and min(mine[name], seen[name]) > evidence.middle),
        tuple(name for name in bottom if seen[name] < usual and max(mine[name], seen[name]) < evidence.high),
    )


def _standing(evidence: Evidence, scores: Figures, errors: Figures) -> tuple[Names, Names]:
    """Return what stands out at the top and is not low, and what stands out at the bottom and is not high."""
    turned, most, confidence = (
        better_up(evidence, scores),
        int(evidence.plan.feedback.most_named.value),
        evidence.confidence,
    )
    return (
        clearly_highest(turned, errors, confidence, most, lambda name: turned[name] > evidence.middle),
        clearly_lowest(turned, errors, confidence, most, lambda name: turned[name] < evidence.high),
    )


def _named(evidence: Evidence, own: Figures, views: Mapping[str, View]) -> tuple[Names, Names]:
    """Return strengths and priorities: what both views share, or, where colleagues' means are not shown, own scores."""
    if not views:
        return _standing(evidence, own, evidence.own_errors)
    shared = tuple(name for name, view in views.items() if view == "shared_strength")
    return shared, tuple(name for name, view in views.items() if view == "shared_development")


def better_up(evidence: Evidence, scores: Figures) -> dict[str, float]:
    """Return scores with more as better; those without a better end are left out."""
    return _turned(evidence, scores, evidence.directions)


def _turned(evidence: Evidence, figures: Figures, signs: Mapping[str, int]) -> dict[str, float]:
    """Return figures on the answer scale with more as better; those without a better end are left out."""
    ends = evidence.framework.scale.minimum + evidence.framework.scale.maximum
    return {name: value if signs[name] > 0 else ends - value for name, value in figures.items() if signs[name]}


def _band(evidence: Evidence, name: str) -> tuple[float, float] | None:
    """Return the middle half of the cohort on a competency, None where it is not shown."""
    quartiles = evidence.middle_half[name]
    return None if math.isnan(quartiles["lower"]) else (quartiles["lower"], quartiles["upper"])


def _score(evidence: Evidence, value: float, error: float, reason: Reason) -> Score:
    """Return a score with its interval, kept within the answer scale."""
    if math.isnan(value):
        return Score(reason=reason)
    if math.isnan(error):
        return Score(value)
    half, scale = normal_limit(evidence.confidence) * error, evidence.framework.scale
    return Score(value, max(float(scale.minimum), value - half), min(float(scale.maximum), value + half))


def _why(evidence: Evidence, raters: int | None) -> Reason:
    """Say why colleagues' mean of a person is not there, where it is not."""
    if raters is None:
        return "not_asked"
    if raters == 0:
        return "nobody"
    return "too_few_raters" if raters < evidence.plan.disclosure.minimum_raters.value else "too_few_here"


def _raters_here(peers: PeerView | None, person: str, name: str) -> int:
    """Return how many colleagues scored a competency of a person."""
    count = math.nan if peers is None else peers.by_name["counts"].figure(person, name)
    return 0 if math.isnan(count) else int(count)


def _of_person(peers: PeerView | None, table: str, person: str, names: Iterable[str]) -> Figures:
    """Return colleagues' figures of a person; NaN where there are none."""
    known = {} if peers is None else peers.by_name[table].get(person, {})
    return {name: known.get(name, math.nan) for name in names}


def _items(evidence: Evidence, person: str) -> tuple[Names, Names, Names, Names]:
    """Return the statements that stand out, high and low, by own and by colleagues' answers."""
    own = _outstanding(evidence, evidence.own.answers_of[person], evidence.item_errors)
    if evidence.peers is None:
        return (*own, (), ())
    theirs, errors = (
        _of_person(evidence.peers, table, person, evidence.item_errors) for table in ("items", "item_errors")
    )
    return (*own, *_outstanding(evidence, theirs, errors))


def _outstanding(evidence: Evidence, answers: Figures, errors: Figures) -> tuple[Names, Names]:
    """Return what stands out, but for high answers among the lowest and low ones among the highest."""
    turned = _turned(evidence, answers, evidence.item_directions)
    highest, lowest = stand_out(turned, errors, evidence.confidence)
    return (
        tuple(item for item in highest if turned[item] > evidence.middle),
        tuple(item for item in lowest if turned[item] < evidence.high),
    )


def _item_row(evidence: Evidence, person: str, item: str) -> ItemRow:
    """Return a statement with own answer and colleagues' answers as they may be shown."""
    answer = evidence.own.answers_of.figure(person, item)
    own = None if math.isnan(answer) else answer
    cohort = evidence.answer_shares[item]
    if evidence.peers is None:
        return ItemRow(item, own, None, (), cohort)
    bands = answer_bands(evidence, evidence.peers.answers_to(person, item))
    mean = evidence.peers.by_name["items"].figure(person, item)
    return ItemRow(item, own, None if bands or math.isnan(mean) else mean, bands, cohort)


def answer_bands(evidence: Evidence, answers: Sequence[float]) -> tuple[tuple[int, int, int], ...]:
    """Return colleagues by band of answers; nothing where they are too few, or would all stand in one band.

    Bands are joined until each holds nobody or as many colleagues as a mean needs, and spans two answers.
    """
    scale, plan = evidence.framework.scale, evidence.plan
    if len(answers) < plan.feedback.answers_from.value:
        return ()
    edges = [*range(scale.minimum, scale.maximum, NARROWEST_BAND), scale.maximum + 1]
    left, counts = merged_bins(answers, edges, plan.disclosure.minimum_raters.value)
    if len(counts) < 2:
        return ()
    ends = zip(left[:-1], left[1:], counts, strict=True)
    return tuple((int(lower), int(upper) - 1, int(count)) for lower, upper, count in ends)


def _unseen(evidence: Evidence, person: str, raters: int | None) -> tuple[tuple[str, int, int], ...]:
    """Return the statements that at least half of enough colleagues did not rate."""
    peers = evidence.peers
    if peers is None or raters is None or raters < evidence.plan.disclosure.minimum_raters.value:
        return ()
    without = {item: raters - int(count) for item, count in peers.by_name["item_counts"][person].items()}
    often = sorted((item for item, count in without.items() if 2 * count >= raters), key=lambda item: -without[item])
    return tuple((item, without[item], raters) for item in often)


def _changes(evidence: Evidence, person: str) -> Mapping[str, Moved] | None:
    """Return the change of each competency since an earlier wave, None where there was none for this person."""
    return None if evidence.changes is None else evidence.changes.get(person)


def _importance(evidence: Evidence, person: str) -> Figures | None:
    """Return how important the person finds each competency, None where that was not asked or not answered."""
    importance = {} if evidence.importance is None else evidence.importance.get(person, {})
    return {name: value for name, value in importance.items() if math.isfinite(value)} or None
