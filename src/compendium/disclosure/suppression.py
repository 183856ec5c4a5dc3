"""Disclosure control: small groups are suppressed before anything is saved, shown or printed."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import pandas as pd

from compendium.disclosure.crosstable import TOLERANCE, Bounds, CrossTable, Target, nested_together

SUPPRESSED = "suppressed"
NOT_STATED = "not stated"
OTHER_GROUPS = "other groups"

_Hidden = tuple[tuple[str, frozenset[str]], ...]


def suppress_small_groups(
    frame: pd.DataFrame,
    *,
    minimum: float,
    count: str = "n",
    keep: Sequence[str] = (),
    within: str | None = None,
) -> pd.DataFrame:
    """Blank every statistic of groups with fewer than ``minimum`` members.

    What is suppressed could be found by subtracting the shown groups from the total. The next smallest groups are
    therefore suppressed too, until those suppressed are at least two and together as large as a group that may be
    shown (secondary suppression). Groups without members hide nobody and count for neither.

    Parameters
    ----------
    frame
        One row a group, with its number of members in column ``count``.
    minimum
        Smallest group that may be shown.
    keep
        Columns that name the group and stay.
    within
        Column whose values are totals of their own, such as the name of the grouping.

    Returns
    -------
    DataFrame
        The same rows; suppressed ones are blank but for ``keep`` and carry True in column ``suppressed``.
    """
    parts = [frame] if within is None else [part for _, part in frame.groupby(within, sort=False, dropna=False)]
    hidden = pd.concat([_hidden(part[count], minimum) for part in parts]) if parts else pd.Series(dtype=bool)
    out = frame.copy()
    hidden = hidden.reindex(frame.index)
    blank = [column for column in frame.columns if column not in (*keep, within)]
    for column in blank:
        out[column] = out[column].astype(object).mask(hidden, np.nan).infer_objects()
    out[SUPPRESSED] = hidden.astype(bool)
    return out


def hidden_groups(people: pd.DataFrame, groupings: Sequence[str], minimum: float) -> dict[str, frozenset[str]]:
    """Say which groups of each grouping are hidden when the groupings are shown side by side.

    Groups below the minimum are hidden, and the next smallest with them, until those hidden in a grouping are two or
    more and together large enough to be shown as one. Then groupings that lie within each other are taken together: as
    long as what they show bounds a hidden group more tightly than the minimum, or gives away a few people that two
    groups share (agencies within sectors but for one person), more groups are hidden, the smallest of the place first.

    Parameters
    ----------
    people
        One row a person, one column a grouping; people without a group count as one group of their own.
    groupings
        Columns to be shown.
    minimum
        Smallest group that may be shown; also how far apart the bounds of a hidden group must lie.
    """
    table = people[list(groupings)].astype(object).fillna(NOT_STATED).astype(str)
    hidden = {name: _first_hidden(table[name], minimum) for name in groupings}
    for names in nested_together(table) if len(table) else []:
        if len(names) > 1:
            crossed = CrossTable.of(table[names])
            among = tuple((name, frozenset(hidden[name])) for name in names)
            cells = tuple(map(tuple, crossed.labels.to_numpy()))
            protected = _protected_together(cells, tuple(crossed.counts), among, minimum)
            hidden |= {name: set(groups) for name, groups in protected}
    return {name: frozenset(hidden[name]) for name in groupings}


def _first_hidden(members: pd.Series[str], minimum: float) -> set[str]:
    """Return the groups of one grouping that are hidden when it is shown alone."""
    counts = members.value_counts()
    hidden = _hidden(counts, minimum)
    return set(hidden.index[hidden])


@lru_cache(maxsize=256)
def _protected_together(
    cells: tuple[tuple[str, ...], ...], counts: tuple[float, ...], first: _Hidden, minimum: float
) -> _Hidden:
    """Hide more groups until nothing can be worked out from all shown groups of one cross-table together."""
    names = [name for name, _ in first]
    table = CrossTable(pd.DataFrame(cells, columns=names), np.array(counts))
    hidden = {name: set(groups) for name, groups in first}
    known = table.exceptions(minimum)
    strays = table.strays(minimum)
    while exposed := _exposed(table, hidden, minimum, known, strays):
        chosen = [min(each, key=lambda group: (table.sizes[group[0]][group[1]], group)) for each in exposed]
        for name in {name: None for name, _ in chosen}:
            hidden[name] |= {group for own, group in chosen if own == name}
            sizes = table.sizes[name]
            protecting = _hidden(sizes, minimum, pd.Series(sizes.index.isin(hidden[name]), index=sizes.index))
            hidden[name] |= set(protecting.index[protecting])
    return tuple((name, frozenset(groups)) for name, groups in hidden.items())


def _exposed(
    table: CrossTable,
    hidden: dict[str, set[str]],
    minimum: float,
    known: np.ndarray,
    strays: list[np.ndarray],
) -> list[frozenset[Target]]:
    """Return sets of groups of each of which one more has to be hidden; none where nothing is given away.

    Several are returned only where none can be of help to another: they lie in different places that are shown.
    """
    published = table.published(hidden)
    anywhere: list[frozenset[Target]] = []
    apart: list[frozenset[Target]] = []
    taken: set[Target] = set()
    both = (published, *([table.published(hidden, known)] if known.any() else []))
    for told in both:
        for group, bounds in told.groups(hidden).items():
            if bounds.width < minimum - TOLERANCE and (helpful := _nearest(table, group, hidden)) is not None:
                near, place_is_shown = helpful
                anywhere.append(near)
                if place_is_shown and not near & taken:
                    apart.append(near)
                    taken |= near
    small = [] if anywhere else [each for told in both for each in told.exposed(minimum)]
    small += [] if small or anywhere else [each for each in strays if _given_away(published.bounds(each), minimum)]
    for cells in small:
        groups = {(str(name), str(each)) for name, labels in table.labels.iloc[cells].items() for each in labels}
        anywhere += [near] if (near := _not_hidden(groups, hidden)) else []
    return apart or anywhere[:1]


def _given_away(bounds: Bounds, minimum: float) -> bool:
    """Whether the number of a few people is certain."""
    return bounds.width < TOLERANCE and 1 - TOLERANCE < bounds.lower < minimum - TOLERANCE


def _nearest(table: CrossTable, group: Target, hidden: dict[str, set[str]]) -> tuple[frozenset[Target], bool] | None:
    """Return the nearest shown groups that may hide a group, and whether they lie beside it in a place that is shown.

    Those beside it in a place come first, then the place itself, then those in the next larger place: a team is hidden
    by another team of its agency; a team elsewhere in the sector is no help as long as the agency is shown.
    """
    own, inside = group[0], table.cells(group)
    for name in sorted(set(table.groups) - {own}, key=lambda each: (-len(table.groups[each]), each)):
        places = set(table.named[name][inside])
        cells = np.concatenate([table.cells((name, str(place))) for place in places])
        beside = {(own, str(each)) for each in set(table.named[own][cells])}
        if near := _not_hidden(beside - {group}, hidden):
            return near, not places & hidden[name]
        if near := _not_hidden({(name, str(each)) for each in places}, hidden):
            return near, False
    return None


def _not_hidden(groups: set[Target], hidden: dict[str, set[str]]) -> frozenset[Target]:
    """Return those of some groups that are shown."""
    return frozenset((name, group) for name, group in groups if group not in hidden[name])


def pool_hidden_groups(members: pd.Series[str], hidden: frozenset[str]) -> pd.Series[str]:
    """Replace the names of hidden groups by one common name."""
    return members.mask(members.isin(hidden), OTHER_GROUPS)


def _hidden(
    members: pd.Series[int] | pd.Series[float], minimum: float, already: pd.Series[bool] | None = None
) -> pd.Series[bool]:
    """Say which groups are hidden: the small ones, and the next smallest until the hidden ones protect each other."""
    counts = members.astype(float).fillna(0)
    hidden = counts < minimum
    if already is not None:
        hidden |= already
    while (counts[hidden] > 0).any() and not hidden.all() and not _protected(counts[hidden], minimum):
        hidden |= counts == counts[~hidden].min()
    return hidden


def _protected(hidden: pd.Series[float], minimum: float) -> bool:
    """Say whether hidden groups are at least two and together large enough to be known as a sum."""
    return int((hidden > 0).sum()) >= 2 and float(hidden.sum()) >= minimum


def tells_of_a_few(people: int, minimum: float) -> bool:
    """Say whether a number of people, or what is left without them, would tell of a few: of some, but too few."""
    return 0 < people < minimum
