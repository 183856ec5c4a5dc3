"""Long tables as a page shows them: the largest groups, or the first rows, and words that say so."""

from __future__ import annotations

import pandas as pd

# Rows up to which a page shows a table whole, and groups of one grouping that it shows of a longer one.
MOST_ROWS, MOST_GROUPS = 300, 20
GROUPING, GROUP, PEOPLE = "grouping", "group", "n"


def largest_groups(table: pd.DataFrame, most: int = MOST_GROUPS) -> pd.Series[bool]:
    """Say which rows are of the largest groups of their grouping, by all people in the rows of a group."""
    sizes = table[PEOPLE].astype(float) if PEOPLE in table else pd.Series(0.0, table.index)
    of_group = sizes.groupby([table[GROUPING].fillna(""), table[GROUP].fillna("")], sort=False).sum()
    place = of_group.groupby(level=0, sort=False).rank(ascending=False, method="first")
    return pd.Series(
        place.reindex(pd.MultiIndex.from_frame(table[[GROUPING, GROUP]].fillna(""))).to_numpy() <= most, table.index
    )


def shortened(table: pd.DataFrame, most: int = MOST_ROWS) -> tuple[pd.Index, str]:
    """Return the rows of a table that a page shows, and words on what it leaves out, empty where that is nothing."""
    if len(table) <= most:
        return table.index, ""
    if not {GROUPING, GROUP} <= set(table):
        return table.index[:most], f"The first {most:,} of {len(table):,} rows; all of them are in the file."
    kept = largest_groups(table)
    largest = f"Of a grouping with more than {MOST_GROUPS} groups the {MOST_GROUPS} largest are shown"
    words = f"{largest}: {int(kept.sum()):,} of {len(table):,} rows; all of them are in the file."
    return table.index[kept], "" if kept.all() else words
