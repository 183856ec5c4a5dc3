"""Groups over waves: a change is shown only where the difference of two totals tells nothing of one person.

Whoever knows a group's mean in one wave from an earlier book, and its change from this one, has the mean of the next
wave for those who were there both times; the mean of everybody there is printed as well. The two differ by those who
came or left. Those have to be nobody, or as many as a group that may be shown.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import permutations

import pandas as pd

from compendium.disclosure.equations import TwoWaves, smallest_first
from compendium.disclosure.suppression import hidden_groups


def shown_changes(before: pd.Series, after: pd.Series, minimum: float) -> dict[str, int]:
    """Return the groups whose change may be shown, with the number of people who were in them both times.

    Parameters
    ----------
    before, after
        Group of each person in each wave, index the person; people without a group are in none.
    minimum
        Smallest group that may be shown.

    Returns
    -------
    dict
        A group is in it when so many stayed in it, nobody or so many left, and nobody or so many came; and when the
        people of all other groups together are nobody or so many, so that the total gives none of them away.

    Examples
    --------
    >>> before = pd.Series(["A"] * 11 + ["B"] * 12)
    >>> shown_changes(before, before, 10)
    {'A': 11, 'B': 12}
    >>> shown_changes(before, before.replace({"A": None}).where(before.index > 0, "B"), 10)
    {}
    """
    one, other = before.dropna(), after.dropna()
    both = one.index.intersection(other.index)
    stayed = one.loc[both][one.loc[both] == other.loc[both]]
    sizes = {str(name): int(n) for name, n in stayed.value_counts(sort=False).sort_index().items()}
    shown = {
        name: n
        for name, n in sizes.items()
        if n >= minimum and _hidden(int((one == name).sum()) - n, int((other == name).sum()) - n, minimum)
    }
    rest = len(before.index.intersection(after.index)) - sum(shown.values())
    while shown and 0 < rest < minimum:
        smallest = min(shown, key=lambda name: (shown[name], name))
        rest += shown.pop(smallest)
    return shown


def shown_both_times(before: pd.Series, after: pd.Series, minimum: float) -> dict[str, tuple[int, int, int]]:
    """Return the groups whose mean may be told in either wave, with their people before, after and both times.

    What is told is the mean of everybody in the group in each wave, and how far the one lies from the other: that is
    no more than both means, so that the gate of each wave decides. The mean change of those who were there both times
    would be more; :func:`shown_changes` is the gate of that.

    Parameters
    ----------
    before, after
        Group of each person in each wave, index the person; people without a group are in none.
    minimum
        Smallest group that may be shown.

    Examples
    --------
    >>> before = pd.Series(["A"] * 12 + ["B"] * 14)
    >>> shown_both_times(before, before.drop(index=0), 11)
    {'A': (12, 11, 11), 'B': (14, 14, 14)}
    >>> shown_both_times(before, before.drop(index=[0, 1]), 11)
    {}
    """
    waves = [each.dropna().astype(str) for each in (before, after)]
    hidden = [hidden_groups(pd.DataFrame({"group": each}), ["group"], minimum)["group"] for each in waves]
    counts = [each.value_counts() for each in waves]
    named = sorted((set(counts[0].index) & set(counts[1].index)) - hidden[0] - hidden[1])
    both = waves[0].index.intersection(waves[1].index)
    stayed = waves[0].loc[both][waves[0].loc[both] == waves[1].loc[both]].value_counts()
    return {name: (int(counts[0][name]), int(counts[1][name]), int(stayed.get(name, 0))) for name in named}


def shown_over_groupings(
    before: pd.DataFrame, after: pd.DataFrame, minima: Mapping[str, float]
) -> dict[str, dict[str, int]]:
    """Return the groups whose change may be shown, so that no change can be worked out from groups within a group.

    Nor from the books of both waves: as long as these and the changes, taken as linear equations, tell the sum of a few
    people, the change of the smallest group is withdrawn.

    Parameters
    ----------
    before, after
        Groups of each person in each wave, one column a grouping, index the person.
    minima
        Smallest group that may be shown, by grouping.

    Examples
    --------
    >>> agencies, teams = ["A"] * 24 + ["B"] * 20, ["a"] * 12 + ["b"] * 12 + ["c"] * 16 + ["d"] * 4
    >>> people = pd.DataFrame({"agency": agencies, "team": teams})
    >>> shown_over_groupings(people, people, {"agency": 10, "team": 10})
    {'agency': {'A': 24}, 'team': {'b': 12}}
    """
    shown = {name: shown_changes(before[name], after[name], least) for name, least in minima.items()}
    both = before.index.intersection(after.index)
    one, other = before.loc[both], after.loc[both]
    stays = {name: one[name].where(one[name] == other[name]) for name in minima}
    waves = TwoWaves(before[list(minima)], after[list(minima)], min(minima.values(), default=0.0))
    whole = not hides_whole(waves)
    while (told := next(_told(stays, shown, minima), None) or _by_equations(waves, shown, whole)) is not None:
        grouping, group = told
        shown[grouping].pop(group)
        rest = len(both) - sum(shown[grouping].values())
        while shown[grouping] and 0 < rest < minima[grouping]:
            smallest = min(shown[grouping], key=lambda name: (shown[grouping][name], name))
            rest += shown[grouping].pop(smallest)
    return shown


def hides_whole(waves: TwoWaves) -> bool:
    """Say whether the change of everybody who was there both times would tell of a few people.

    It does where few stayed, left or came, or where together with the books of both waves it gives the sum of a few.

    Examples
    --------
    >>> before = pd.DataFrame({"team": ["A"] * 20 + ["B"] * 15})
    >>> hides_whole(TwoWaves(before, before.drop(index=range(20, 32)), 10))
    True
    >>> hides_whole(TwoWaves(before, before.drop(index=range(12)), 10))
    True
    >>> hides_whole(TwoWaves(before, before, 10))
    False
    """
    stayed = len(waves.before.index.intersection(waves.after.index))
    moved = len(waves.before) - stayed, len(waves.after) - stayed
    return stayed < waves.minimum or not _hidden(*moved, waves.minimum) or waves.tell({}, whole=True)


def hides_left(before: pd.DataFrame, after: pd.DataFrame, minima: Mapping[str, float], minimum: float) -> bool:
    """Say whether scores of people who left, beside those of people who stayed, would tell of a few people.

    They do where few stayed, left or came, since the numbers of both are told; and where, with the books of both waves
    and the changes shown between them, they give the sum of a few: a whole team left, which the first book shows, and
    three others.

    Parameters
    ----------
    before, after, minima
        As in :func:`shown_over_groupings`.
    minimum
        Smallest number of people that may be shown.

    Examples
    --------
    >>> before = pd.DataFrame({"team": ["A"] * 20 + ["B"] * 30})
    >>> hides_left(before, before.iloc[20:], {"team": 10}, 10), hides_left(before, before.iloc[23:], {"team": 10}, 10)
    (False, True)
    """
    waves = TwoWaves(before[list(minima)], after[list(minima)], minimum)
    stayed = len(before.index.intersection(after.index))
    left, came = len(before) - stayed, len(after) - stayed
    if min(stayed, left) < minimum or not _hidden(left, came, minimum):
        return True
    return waves.tell(shown_over_groupings(before, after, minima), whole=not hides_whole(waves), stayed=True)


def _told(
    stays: Mapping[str, pd.Series], shown: Mapping[str, Mapping[str, int]], minima: Mapping[str, float]
) -> Iterator[tuple[str, str]]:
    """Return the groups that cannot be shown beside the others, with their grouping.

    A group, less the shown groups of another grouping that lie within it, may leave a few people over; so may all
    people, less the shown groups of one grouping, less those of another that lie in what is left.
    """
    for outer, inner in permutations(minima, 2):
        for group in shown[outer]:
            if _within(stays[outer] == group, stays[inner], shown[inner], minima[inner]):
                yield outer, group
        left = ~stays[outer].isin(list(shown[outer]))
        if shown[outer] and (within := _within(left, stays[inner], shown[inner], minima[inner])):
            yield inner, min(within, key=lambda name: (shown[inner][name], name))


def _by_equations(waves: TwoWaves, shown: Mapping[str, Mapping[str, int]], whole: bool) -> tuple[str, str] | None:
    """Return the smallest group shown, where the changes beside two books tell the sum of a few people."""
    smallest = next(smallest_first(shown), None)
    return smallest if smallest is not None and waves.tell(shown, whole) else None


def _within(inside: pd.Series, inner: pd.Series, shown: Mapping[str, int], minimum: float) -> list[str]:
    """Return the shown groups within these people where they leave so few over that these are known by the rest."""
    within = [name for name in shown if bool(inside[inner == name].all())]
    rest = int(inside.sum()) - sum(shown[name] for name in within)
    return within if 0 < rest < minimum else []


def _hidden(left: int, came: int, minimum: float) -> bool:
    """Say whether those who left, and those who came, are nobody or enough to be unknown."""
    return all(n == 0 or n >= minimum for n in (left, came))


def hidden_counts(counts: Mapping[str, int], minimum: float) -> dict[str, float]:
    """Return counts that add up to a known total: all of them, or none where one is small and not zero."""
    small = any(0 < n < minimum for n in counts.values())
    return {name: float("nan") if small else float(n) for name, n in counts.items()}
