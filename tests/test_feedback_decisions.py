"""What a report may say is decided on data: only what differs by more than the errors of both."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from made_up_reports import evidence_of, group, scores_of

from compendium.framework import load_framework
from compendium.steps.feedback import census, clearly_highest, clearly_lowest, findings_of_person, stand_out
from compendium.steps.feedback.evidence import Evidence
from compendium.steps.feedback.people import Score, answer_bands, views_of
from compendium.steps.feedback.standing import normal_limit
from compendium.steps.feedback.teams import findings_of_team, reported_teams
from psychometrics.agreement import average_deviation, rwg_j

LONE = evidence_of(scores_of([[3.0] * 8]))
NAMES = list(load_framework("integrated-care").competencies.index)
ERROR = 0.25
FIGURES = st.lists(st.floats(1, 5).map(lambda value: float(f"{value:.1f}")), min_size=2, max_size=8)


def errors(error: float = ERROR) -> dict[str, float]:
    return dict.fromkeys(NAMES, error)


# What stands out


@settings(max_examples=200)
@given(FIGURES, st.integers(1, 3))
def test_whatever_is_named_differs_from_all_that_is_not_named(values, most):
    scores = dict(zip(NAMES, values, strict=False))
    for named in (clearly_highest(scores, errors(), 0.95, most), clearly_lowest(scores, errors(), 0.95, most)):
        rest = [scores[name] for name in scores if name not in named]
        gaps = [abs(scores[name] - other) for name in named for other in rest]
        assert all(gap > 1.96 * math.sqrt(2) * ERROR - 1e-3 for gap in gaps)
        assert len(named) <= min(most, len(scores) // 2)


@settings(max_examples=100)
@given(FIGURES)
def test_a_tie_is_never_cut(values):
    scores = dict(zip(NAMES, values, strict=False))
    named = clearly_highest(scores, errors(), 0.95, 3)
    assert not {scores[name] for name in named} & {scores[name] for name in scores if name not in named}


def test_what_is_too_low_for_a_strength_is_still_to_be_exceeded():
    """The two highest stand out from the rest, the second is below the middle, and the first does not exceed it."""
    near = findings_of_person(evidence_of(scores_of([[3.5, 2.9, *[1.0] * 6]])), "p00")
    assert near.strengths == ()
    clear = findings_of_person(evidence_of(scores_of([[3.7, 2.9, *[1.0] * 6]])), "p00")
    assert clear.strengths == (NAMES[0],)


def test_few_people_without_true_differences_have_anything_named():
    """Eight equal true scores: the share of people with a name at either end stays below the error of the plan."""
    draw, named, n = np.random.default_rng(5), 0, 2000
    for _ in range(n):
        scores = dict(zip(NAMES, draw.normal(3, ERROR, len(NAMES)), strict=True))
        named += bool(clearly_highest(scores, errors(), 0.95, 3) or clearly_lowest(scores, errors(), 0.95, 3))
    assert named / n < 0.05 + 3 * math.sqrt(0.05 * 0.95 / n)


def test_the_larger_error_decides():
    scores = dict.fromkeys(NAMES, 3.0) | {NAMES[0]: 4.0}
    assert clearly_highest(scores, errors(), 0.95, 3) == (NAMES[0],)
    assert clearly_highest(scores, errors() | {NAMES[1]: 0.6}, 0.95, 3) == ()


def test_scores_without_an_error_are_never_named():
    assert clearly_highest({NAMES[0]: 5.0, NAMES[1]: 1.0}, {}, 0.95, 3) == ()


def test_answers_stand_out_from_the_mean_of_the_others_with_the_error_shared():
    answers = {f"i{place}": 4.0 for place in range(50)} | {"low": 1.0, "lower": 2.0}
    limit = normal_limit(0.95, 52)
    assert limit == pytest.approx(3.3014, abs=1e-3)  # normal quantile of 1 - .05 / 104
    assert stand_out(answers, dict.fromkeys(answers, 0.55), 0.95) == ((), ("low", "lower"))
    assert stand_out(answers, dict.fromkeys(answers, 0.8), 0.95) == ((), ("low",))


# Own and colleagues' views


def views(own: list[float], theirs: list[float], evidence: Evidence) -> dict[str, str]:
    pairs = [dict(zip(NAMES, values, strict=True)) for values in (own, theirs)]
    known = replace(evidence, own=replace(evidence.own, errors=pd.Series(errors())))
    return dict(views_of(known, *pairs, errors()))


def test_what_colleagues_see_as_high_as_the_rest_is_no_room_to_grow(evidence):
    """Also where the person scored two competencies only: colleagues' views of all of them count."""
    own = [4.4, 3.7, *[math.nan] * 6]
    level = views(own, [4.5, *[4.0] * 7], evidence)
    assert level == {NAMES[0]: "shared_strength", NAMES[1]: "no_clear_difference"}
    below = views(own, [4.5, 3.9, *[4.0] * 6], evidence)
    assert below[NAMES[1]] == "shared_development"


def test_views_differ_only_beyond_both_errors(evidence):
    limit = normal_limit(0.95, len(NAMES)) * math.hypot(ERROR, ERROR)
    own, theirs = [3.0] * 8, [3.0] * 8
    theirs[0], theirs[1], theirs[2] = 3 + limit + 0.01, 3 - limit - 0.01, 3 + limit - 0.01
    found = views(own, theirs, evidence)
    assert [found[name] for name in NAMES[:4]] == [
        "hidden_strength", "blind_spot", "no_clear_difference", "no_clear_difference",
    ]  # fmt: skip


def test_agreement_on_everything_is_a_full_answer(evidence):
    assert set(views([3.0] * 8, [3.1] * 8, evidence).values()) == {"no_clear_difference"}


def test_what_both_see_as_clearly_high_or_low_is_shared(evidence):
    found = views([5.0, 3, 3, 3, 3, 3, 3, 1.5], [4.6, 3, 3, 3, 3, 3, 3, 1.5], evidence)
    assert (found[NAMES[0]], found[NAMES[7]]) == ("shared_strength", "shared_development")


MEANS = st.lists(st.floats(1, 5).map(lambda mean: round(mean, 1)), min_size=len(NAMES), max_size=len(NAMES))


@settings(max_examples=200)
@given(own=MEANS, theirs=MEANS)
@example(own=[4.6, *[5.0] * 7], theirs=[4.2, *[5.0] * 7])  # together they are less than high
@example(own=[4.2, *[5.0] * 7], theirs=[4.6, *[5.0] * 7])
@example(own=[2.9, *[1.5] * 7], theirs=[3.6, *[1.5] * 7])
def test_what_either_side_sees_as_high_is_no_room_to_grow_and_what_it_sees_as_low_no_strength(evidence, own, theirs):
    found = views(own, theirs, evidence)
    for name, mine, seen in zip(NAMES, own, theirs, strict=True):
        if found[name] == "shared_development":
            assert max(mine, seen) < evidence.high
        if found[name] == "shared_strength":
            assert min(mine, seen) > evidence.middle


@settings(max_examples=6, deadline=None)
@given(st.integers(0, 10_000))
def test_no_report_has_a_fault_that_reports_had(seed):
    """High scores called low, ties cut, advice against colleagues, comparisons without them: over made-up groups."""
    made = group(people=10, raters=seed % 6, seed=seed)
    found = [findings_of_person(made, person) for person in made.people]
    table = census.statements(census.tally(made, found)).set_index("what")["people"]
    assert table[table.index.str.startswith("fault_")].sum() == 0


@pytest.mark.parametrize(("side", "value", "faults"), [("own", 5.0, 1), ("peers", 4.6, 1), ("own", 4.4, 0)])
def test_room_to_grow_that_either_side_sees_as_high_is_counted_as_a_fault(evidence, side, value, faults):
    found = findings_of_person(evidence, evidence.people[0])
    low = replace(found.rows[0], own=Score(2.0), peers=Score(2.0))
    rows = (replace(low, **{side: Score(value)}), *found.rows[1:])
    told = replace(found, rows=rows, priorities=(low.competency,))
    assert census.tally(evidence, [told])["feedback_fault_high_called_low"] == faults


# Colleagues


@pytest.mark.parametrize("raters", [0, 1, 2, 3, 6])
def test_colleagues_are_shown_from_three_on(raters):
    made = group(people=12, raters=raters, seed=3)
    found = findings_of_person(made, made.people[0])
    assert all((row.peers.value is not None) == (raters >= 3) for row in found.rows)
    assert found.compared == (8 if raters >= 3 else 0)
    reason = {0: "not_asked", 1: "too_few_raters", 2: "too_few_raters"}
    assert {row.peers.reason for row in found.rows} == {reason.get(raters)}


def test_the_last_rating_of_three_stays_open():
    """Two colleagues who add up cannot tell fours from fives of the third."""
    rated = [findings_of_person(group(people=12, raters=3, seed=3, third=third), "p00") for third in (4, 5)]
    shown = [[row.peers.value for row in found.rows] for found in rated]
    assert sum(one == other for one, other in zip(*shown, strict=True)) > 0
    assert all((2 * value).is_integer() for value in shown[0])


def test_one_missing_competency_is_said_and_leaves_the_others(evidence):
    scores = evidence.own.scores.copy()
    scores.iloc[0, 0] = np.nan
    made = replace(evidence, own=replace(evidence.own, scores=scores))
    found = findings_of_person(made, made.people[0])
    assert found.rows[0].own.reason == "too_few_answers"
    assert all(row.own.value is not None for row in found.rows[1:])


@given(st.lists(st.integers(1, 5), max_size=12))
def test_bands_hold_nobody_or_three_and_span_two_answers(answers):
    bands = answer_bands(LONE, [float(answer) for answer in answers])
    assert all(count == 0 or count >= 3 for _, _, count in bands)
    assert all(high > low for low, high, _ in bands)
    assert not bands or sum(count for *_, count in bands) == len(answers) >= 6


# Teams


@pytest.mark.parametrize(("members", "reported"), [(4, False), (10, False), (11, True), (20, True)])
def test_teams_get_a_report_from_eleven_on(members, reported):
    made = group(people=members + 40, raters=0, seed=1, team=members)
    table = reported_teams(made).set_index("team")
    assert table.loc["A", "reported"] == reported


def test_a_small_team_is_not_given_away_by_subtraction():
    made = group(people=24, raters=0, seed=1, team=4)  # A has 4 members, B 20: B less everybody is A
    assert not reported_teams(made)["reported"].any()


def test_a_team_is_clearly_above_only_beyond_chance():
    made = group(people=60, raters=4, seed=1, team=20)
    found = findings_of_team(made, "A")
    assert {row.place for row in found.rows} <= {"no_clear_difference", "above", "below"}
    raised = made.own.scores.copy()
    raised.iloc[:20] = (raised.iloc[:20] + 1.5).clip(upper=5)
    above = findings_of_team(replace(made, own=replace(made.own, scores=raised)), "A")
    assert {row.place for row in above.rows} == {"above"}
    assert all(row.peers is not None for row in found.rows)


def test_what_members_agree_on_is_theirs_alone():
    """Found for all teams in one go, over those with a score: as it is for a team by itself."""
    made = group(people=60, raters=4, seed=1, team=20)
    scores = made.own.scores.copy()
    scores.iloc[3:6, 0] = np.nan
    made = replace(made, own=replace(made.own, scores=scores))
    for team in ("A", "B"):
        people = made.teams.index[made.teams == team]
        for row in findings_of_team(made, team).rows:
            answers = made.own.answers.loc[
                [person for person in people if scores.notna().loc[person, row.competency]],
                made.scales[row.competency],
            ]
            alone = pd.Series("all", answers.index)
            agreed = rwg_j(answers, alone, 5).table["rwg_j"].item()
            apart = average_deviation(answers, alone).table["average_deviation"].item()
            assert row.members == len(answers)
            assert abs(row.agreement - agreed) <= 0.05 + 1e-9 and abs(row.deviation - apart) <= 0.05 + 1e-9


def test_a_competency_of_too_few_members_is_blank():
    made = group(people=60, raters=0, seed=1, team=11)
    scores = made.own.scores.copy()
    scores.iloc[0, 0] = np.nan
    row = findings_of_team(replace(made, own=replace(made.own, scores=scores)), "A").rows[0]
    assert (row.mean, row.spread, row.agreement, row.members) == (None, None, None, 10)


@pytest.fixture(scope="module")
def evidence() -> Evidence:
    return group(people=40, raters=4, seed=2)
