"""Disclosure control: small groups are suppressed before anything is saved, shown or printed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

SUPPRESSED = "suppressed"
NOT_STATED = "not stated"


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

    Where one grouping lies within another (agencies within sectors), the groups of a shown sector must protect each
    other too: otherwise a hidden agency is the sector less its shown agencies.

    Parameters
    ----------
    people
        One row a person, one column a grouping; people without a group count as one group of their own.
    groupings
        Columns to be shown.
    minimum
        Smallest group that may be shown.
    """
    table = people[list(groupings)].astype(object).fillna(NOT_STATED)
    coarse_first = sorted(groupings, key=lambda name: table[name].nunique())
    gone: dict[str, frozenset[str]] = {}
    for name in coarse_first:
        counts = table[name].value_counts()
        hidden = _hidden(counts, minimum)
        for outer in (other for other in gone if _lies_within(table[name], table[other])):
            for whole, members in table.groupby(outer, sort=True)[name]:
                if whole not in gone[outer]:
                    inside = members.value_counts()
                    hidden |= _hidden(inside, minimum, hidden[inside.index]).reindex(hidden.index, fill_value=False)
        gone[name] = frozenset(hidden.index[hidden])
    return gone


def mask_hidden_groups(people: pd.DataFrame, groupings: Sequence[str], minimum: float) -> pd.DataFrame:
    """Return the groupings with the members of hidden groups counted as nobody's, for tests that show their n."""
    gone = hidden_groups(people, groupings, minimum)
    return pd.DataFrame({name: people[name].mask(people[name].isin(gone[name])) for name in groupings})


def _lies_within(inner: pd.Series[str], outer: pd.Series[str]) -> bool:
    """Say whether every group of one grouping belongs to one group of the other."""
    known = (inner != NOT_STATED) & (outer != NOT_STATED)
    return bool(outer[known].groupby(inner[known]).nunique().max() == 1) if known.any() else False


def _hidden(members: pd.Series[int], minimum: float, already: pd.Series[bool] | None = None) -> pd.Series[bool]:
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
