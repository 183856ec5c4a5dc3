"""Groups over waves: a change is shown only where the difference of two totals tells nothing of one person.

Whoever knows a group's mean in one wave from an earlier book, and its change from this one, has the mean of the next
wave for those who were there both times; the mean of everybody there is printed as well. The two differ by those who
came or left. Those have to be nobody, or as many as a group that may be shown.
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd


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


def shown_over_groupings(
    before: pd.DataFrame, after: pd.DataFrame, minima: Mapping[str, float]
) -> dict[str, dict[str, int]]:
    """Return the groups of every grouping whose change may be shown, so that none can be had from groups within it.

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
    >>> shown_over_groupings(people, people, {"agency": 10, "team": 10})["agency"]
    {}
    """
    shown = {name: shown_changes(before[name], after[name], least) for name, least in minima.items()}
    both = before.index.intersection(after.index)
    one, other = before.loc[both], after.loc[both]
    stays = {name: one[name].where(one[name] == other[name]) for name in minima}
    while True:
        told = next(
            (
                (outer, group)
                for outer in minima
                for group in shown[outer]
                for inner in minima
                if inner != outer and _gives_away(stays[outer] == group, stays[inner], shown[inner], minima[inner])
            ),
            None,
        )
        if told is None:
            return shown
        outer, group = told
        shown[outer].pop(group)
        rest = len(both) - sum(shown[outer].values())
        while shown[outer] and 0 < rest < minima[outer]:
            smallest = min(shown[outer], key=lambda name: (shown[outer][name], name))
            rest += shown[outer].pop(smallest)


def _gives_away(inside: pd.Series, inner: pd.Series, shown: Mapping[str, int], minimum: float) -> bool:
    """Say whether the shown groups within a group leave so few of its people over that these are known by the rest."""
    within = [name for name in shown if bool(inside[inner == name].all())]
    rest = int(inside.sum()) - sum(shown[name] for name in within)
    return bool(within) and 0 < rest < minimum


def _hidden(left: int, came: int, minimum: float) -> bool:
    """Say whether those who left, and those who came, are nobody or enough to be unknown."""
    return all(n == 0 or n >= minimum for n in (left, came))


def hidden_counts(counts: Mapping[str, int], minimum: float) -> dict[str, float]:
    """Return counts that add up to a known total: all of them, or none where one is small and not zero."""
    small = any(0 < n < minimum for n in counts.values())
    return {name: float("nan") if small else float(n) for name, n in counts.items()}
