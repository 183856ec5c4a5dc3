"""A living review: what is new, decided anew, or coded anew since the results that were last accepted."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from compendium.review.coding import coded
from compendium.review.loading import Review
from compendium.review.screening import final_outcomes

SNAPSHOT, SUPPORT = "review_snapshot", "review_thread_items"
COLUMNS = ("record", "change", "before", "after")


def snapshot(review: Review) -> pd.DataFrame:
    """Return where the review stands: one row a record with its outcome and its codes.

    Returns
    -------
    DataFrame
        ``record title outcome codes``; ``outcome`` names the stage and what was decided there.
    """
    final, table = final_outcomes(review), coded(review)
    codes = pd.Series({record: ";".join(row.index[row]) for record, row in table.iterrows()}, dtype=object)
    return pd.DataFrame(
        {
            "record": review.records.index,
            "title": review.records["title"].to_numpy(),
            "outcome": (final["stage"] + ": " + final["outcome"]).to_numpy(),
            "codes": codes.reindex(review.records.index).fillna("").to_numpy(),
        }
    )


def accepted_snapshot(folder: Path) -> pd.DataFrame | None:
    """Return the snapshot among the accepted results of a cohort, or None when there is none yet."""
    path = folder / "tables" / f"{SNAPSHOT}.csv"
    return pd.read_csv(path, dtype=str, keep_default_na=False) if path.is_file() else None


def changes_between(before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    """Compare two snapshots.

    Returns
    -------
    DataFrame
        ``record change before after``: ``new``, ``gone``, ``decided anew`` (outcome differs), ``coded anew`` (codes
        differ while the record was and is included). Empty when nothing changed.
    """
    old, new = before.set_index("record"), after.set_index("record")
    rows = [(record, "new", "", new.loc[record, "outcome"]) for record in new.index.difference(old.index, sort=False)]
    rows += [(record, "gone", old.loc[record, "outcome"], "") for record in old.index.difference(new.index, sort=False)]
    both = new.index.intersection(old.index, sort=False)
    for change, column in (("decided anew", "outcome"), ("coded anew", "codes")):
        was, now = old.loc[both, column], new.loc[both, column]
        differs = (was != now) & ((column == "outcome") | ((was != "") & (now != "")))
        rows += [(record, change, was[record], now[record]) for record in both[differs]]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def accepted_support(folder: Path) -> pd.DataFrame | None:
    """Return the accepted thread of items, indexed by item, or None when there is none yet."""
    path = folder / "tables" / f"{SUPPORT}.csv"
    if not path.is_file():
        return None
    table: pd.DataFrame = pd.read_csv(path, dtype={"item": str}, keep_default_na=False).set_index("item")
    return table


def support_lost(before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    """List the items that records supported before and none supports now.

    Parameters
    ----------
    before, after
        ``supporting records``, indexed by item, as :func:`compendium.review.thread_of_items` returns them.

    Returns
    -------
    DataFrame, indexed by item
        ``records``: those that supported the item before.
    """
    held = before.index[before["supporting"] > 0].intersection(after.index, sort=False)
    lost = held[(after.loc[held, "supporting"] == 0).to_numpy()]
    table: pd.DataFrame = before.loc[lost, ["records"]]
    return table.rename_axis("item")
