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
    if {GROUPING, GROUP} <= set(table):
        kept = largest_groups(table)
        words = f"Of a grouping with more than {MOST_GROUPS} groups the {MOST_GROUPS} largest are shown"
    elif GROUPING in table:
        place, fewest = table.groupby(GROUPING, dropna=False, sort=False).cumcount(), _rows_of_each(table, most)
        kept, words = place < fewest, f"Of a grouping with more than {fewest} rows the first {fewest} are shown"
    else:
        kept = pd.Series(range(len(table)), table.index) < most
        words = f"The first {most:,} rows are shown"
    if kept.all():
        return table.index, ""
    return table.index[kept], f"{words}: {int(kept.sum()):,} of {len(table):,}; all rows are in the file."


def _rows_of_each(table: pd.DataFrame, most: int) -> int:
    """Return how many rows each grouping may have, so that all together are no more than a page shows."""
    sizes = table.groupby(GROUPING, dropna=False).size()
    return next((rows for rows in range(most, 1, -1) if sizes.clip(upper=rows).sum() <= most), 1)
