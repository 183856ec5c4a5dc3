"""Disclosure control: small groups are suppressed before anything is saved, shown or printed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

SUPPRESSED = "suppressed"


def suppress_small_groups(
    frame: pd.DataFrame,
    *,
    minimum: float,
    count: str = "n",
    keep: Sequence[str] = (),
    within: str | None = None,
) -> pd.DataFrame:
    """Blank every statistic of groups with fewer than ``minimum`` members.

    Where one group alone is suppressed, its figures could be found by subtracting the others from the total; the
    next smallest group is then suppressed too (secondary suppression).

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
    parts = [frame] if within is None else [part for _, part in frame.groupby(within, sort=False)]
    hidden = pd.concat([_hidden(part[count], minimum) for part in parts]) if parts else pd.Series(dtype=bool)
    out = frame.copy()
    hidden = hidden.reindex(frame.index)
    blank = [column for column in frame.columns if column not in (*keep, within)]
    for column in blank:
        out[column] = out[column].astype(object).mask(hidden, np.nan).infer_objects()
    out[SUPPRESSED] = hidden
    return out


def _hidden(counts: pd.Series[int], minimum: float) -> pd.Series[bool]:
    """Say which groups are hidden: the small ones, and one more where a single one is small."""
    small = counts < minimum
    if small.sum() == 1 and (~small).any():
        small |= counts == counts[~small].min()
    return small
