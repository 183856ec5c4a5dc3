"""Changes of groups give nobody away: not those who came or left, not those whom no shown group holds."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import pairwise

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from compendium.disclosure.equations import TwoWaves
from compendium.disclosure.membership import (
    hidden_counts,
    hides_left,
    hides_whole,
    shown_both_times,
    shown_changes,
    shown_over_groupings,
)
from compendium.disclosure.suppression import hidden_groups

MINIMUM = 10


@st.composite
def two_waves(draw: st.DrawFn) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Draw people in teams of agencies, some of whom leave, come or move."""
    sizes = draw(st.lists(st.integers(0, 26), min_size=2, max_size=5))
    teams = [f"t{place}" for place, size in enumerate(sizes) for _ in range(size)]
    before = pd.DataFrame({"team": teams}, dtype=object)
    before["agency"] = before["team"].map(lambda team: f"a{int(team[1:]) // 2}")
    gone = draw(st.integers(0, min(14, len(before))))
    after = before.iloc[gone:].copy() if draw(st.booleans()) else before.iloc[: len(before) - gone].copy()
    came = pd.DataFrame({"team": ["t0"] * draw(st.integers(0, 12)), "agency": "a0"}, dtype=object)
    came.index = pd.RangeIndex(1000, 1000 + len(came))
    movers = after.index[: draw(st.integers(0, 3))]
    after.loc[movers, ["team", "agency"]] = ["t1", "a0"]
    return before, pd.concat([after, came])


@given(two_waves())
@settings(max_examples=12, deadline=None)
def test_no_difference_of_totals_is_about_a_few_people(waves: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    before, after = waves
    shown = shown_over_groupings(before, after, {"agency": MINIMUM, "team": MINIMUM})
    both = before.index.intersection(after.index)
    held: dict[tuple[str, str], set[int]] = {}
    for grouping, groups in shown.items():
        for group in groups:
            one, other = (set(each.index[each[grouping] == group]) for each in (before, after))
            held[grouping, group] = one & other
            # What the earlier book, the later book and the change between them differ by.
            for apart in (one - other, other - one):
                assert not 0 < len(apart) < MINIMUM
            assert len(one & other) >= MINIMUM
        rest = set(both) - set().union(*(people for (name, _), people in held.items() if name == grouping), set())
        assert not shown[grouping] or not 0 < len(rest) < MINIMUM
    for (_, _), outer in ((key, people) for key, people in held.items() if key[0] == "agency"):
        within = [people for key, people in held.items() if key[0] == "team" and people <= outer]
        assert not within or not 0 < len(outer - set().union(*within)) < MINIMUM
    # What the change of everybody, less that of shown agencies and of shown teams elsewhere, leaves over.
    agencies = set().union(*(people for (name, _), people in held.items() if name == "agency"))
    elsewhere = [people for (name, _), people in held.items() if name == "team" and not people & agencies]
    left = set(both) - agencies - set().union(*elsewhere)
    assert not (agencies and elsewhere) or not 0 < len(left) < MINIMUM


@given(two_waves(), st.booleans())
@settings(max_examples=8, deadline=None)
def test_no_sum_of_a_few_people_is_a_combination_of_what_two_books_and_the_change_tell(
    waves: tuple[pd.DataFrame, pd.DataFrame], team_left: bool
) -> None:
    """Solved here by itself: whether any sum of fewer people adds nothing to the rank of what is told."""
    if team_left:
        waves = waves[0], waves[1][waves[1]["team"] != "t1"]
    found = TwoWaves(*waves, MINIMUM)
    shown = shown_over_groupings(*waves, {"agency": MINIMUM, "team": MINIMUM})
    books = found.books.toarray()
    told = np.vstack([books, found.changes(shown, whole=not hides_whole(found)).toarray()])
    if not hides_left(*waves, {"agency": MINIMUM, "team": MINIMUM}, MINIMUM):
        # Scores of those who left beside those of who stayed, in the first wave, whose total the book has.
        stayed = (found.kinds["before"] & found.kinds["after"]).to_numpy(float)
        told = np.vstack([told, np.concatenate([stayed, np.zeros(len(stayed))])])
    ranks = [np.linalg.matrix_rank(each) for each in (books, told)]
    for few in found.few.toarray():
        if np.linalg.matrix_rank(np.vstack([books, few])) > ranks[0]:
            assert np.linalg.matrix_rank(np.vstack([told, few])) > ranks[1]


def test_small_team_that_left_is_worked_out_by_hand_and_its_agency_is_withdrawn() -> None:
    """Found by the solver: the first book pools 16, the second shows 15 of them, the change gives the one who left."""
    places = [("a0", "t0", 17), ("a0", "t1", 13), ("a1", "t2", 7), ("a1", "t3", 8), ("a2", "t4", 1)]
    rows = [(agency, team) for agency, team, n in places for _ in range(n)]
    before = pd.DataFrame(rows, columns=["agency", "team"], dtype=object)
    shown = shown_over_groupings(before, before.iloc[:-1], {"agency": MINIMUM, "team": MINIMUM})
    assert "a1" not in shown["agency"]


def _sums(waves: list[pd.DataFrame], people: list[int]) -> Callable[[Iterable[int], int], np.ndarray]:
    """Return a function that writes the sum over some people in one wave as weights of every person in every wave."""
    place = {person: number for number, person in enumerate(people)}

    def of(chosen: Iterable[int], wave: int) -> np.ndarray:
        row = np.zeros((len(waves), len(people)))
        row[wave, [place[person] for person in chosen]] = 1.0
        return row.ravel()

    return of


@given(two_waves(), st.integers(0, 14), st.sampled_from(["t0", "t1", "none"]))
@settings(max_examples=8, deadline=None)
def test_no_sum_of_a_few_people_follows_from_the_books_of_three_waves(
    waves: tuple[pd.DataFrame, pd.DataFrame], gone: int, team: str
) -> None:
    """Each two successive waves keep the rules; solved here together, with the changes and who left of both pairs."""
    third = waves[1].iloc[min(gone, len(waves[1])) :]
    three = [*waves, third[third["team"] != team]]
    people = sorted(set().union(*(wave.index for wave in three)))
    of, minima = _sums(three, people), {"agency": MINIMUM, "team": MINIMUM}
    books, told, few = [], [], []
    for number, wave in enumerate(three):
        hidden = hidden_groups(wave, list(minima), MINIMUM)
        groups = [wave.index[wave[name] == group] for name in minima for group in set(wave[name]) - hidden[name]]
        books += [of(chosen, number) for chosen in (wave.index, *groups) if len(chosen)]
        few += [of([person], number) for person in wave.index]
    for number, (before, after) in enumerate(pairwise(three)):
        both, pair = before.index.intersection(after.index), TwoWaves(before, after, MINIMUM)
        same = {name: before.loc[both, name].where(before.loc[both, name] == after.loc[both, name]) for name in minima}
        shown = shown_over_groupings(before, after, minima)
        changed = [same[name].index[same[name] == group] for name, groups in shown.items() for group in groups]
        changed += [] if hides_whole(pair) else [both]
        told += [of(chosen, number + 1) - of(chosen, number) for chosen in changed]
        told += [] if hides_left(before, after, minima, MINIMUM) else [of(both, number)]
        for chosen in (before.index.difference(after.index), after.index.difference(before.index), both):
            if 0 < len(chosen) < MINIMUM:
                few += [of(chosen, number + (chosen[0] not in before.index))]
    if told:
        ranks = [np.linalg.matrix_rank(np.array(each)) for each in (books, [*books, *told])]
        for row in few:
            if np.linalg.matrix_rank(np.array([*books, row])) > ranks[0]:
                assert np.linalg.matrix_rank(np.array([*books, *told, row])) > ranks[1]


def test_three_who_leave_with_a_whole_team_are_worked_out_by_hand_and_who_left_is_withheld() -> None:
    """Found by the solver: those who left, less the team that the first book shows, are three people."""
    before = pd.DataFrame({"team": ["t0"] * 20 + ["t1"] * 40}, dtype=object)
    assert hides_left(before, before.iloc[23:], {"team": MINIMUM}, MINIMUM)
    assert not hides_left(before, before.iloc[20:], {"team": MINIMUM}, MINIMUM)
    assert not hides_left(before, before.iloc[30:], {"team": MINIMUM}, MINIMUM)


@given(two_waves())
@settings(max_examples=25, deadline=None)
def test_means_told_of_both_waves_are_those_that_each_wave_may_show(waves: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    before, after = waves[0]["team"], waves[1]["team"]
    told = shown_both_times(before, after, MINIMUM)
    for wave, place in ((before, 0), (after, 1)):
        counts = wave.value_counts()
        assert all(counts[name] == sizes[place] >= MINIMUM for name, sizes in told.items())
        rest = len(wave) - sum(sizes[place] for sizes in told.values())
        assert not told or not 0 < rest < MINIMUM
    assert all(both <= min(first, second) for first, second, both in told.values())


def test_one_person_who_comes_hides_the_group_and_ten_do_not() -> None:
    before = pd.Series(["A"] * 14 + ["B"] * 20)
    one_more = pd.concat([before, pd.Series(["A"], index=[100])])
    assert "A" not in shown_changes(before, one_more, MINIMUM)
    ten_more = pd.concat([before, pd.Series(["A"] * 10, index=range(100, 110))])
    assert shown_changes(before, ten_more, MINIMUM) == {"A": 14, "B": 20}


def test_counts_of_one_total_are_hidden_together() -> None:
    assert hidden_counts({"stayed": 40, "left": 12, "came": 0}, MINIMUM) == {"stayed": 40, "left": 12, "came": 0}
    assert pd.isna(list(hidden_counts({"stayed": 40, "left": 2}, MINIMUM).values())).all()
