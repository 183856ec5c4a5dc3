"""The thread: item -> competency -> codes -> records, and back from a record to the items it led to."""

from __future__ import annotations

import pandas as pd

from compendium.faults import Fault, raise_if_any, suggest
from compendium.framework import Framework
from compendium.review.coding import coded
from compendium.review.loading import Review

SUPPORTED, OTHER_CODE, NOT_INCLUDED = "supported", "coded for other competencies", "not included"


def item_thread(review: Review, framework: Framework) -> pd.DataFrame:
    """Follow every item to the records it names.

    Returns
    -------
    DataFrame, one row an item and record
        ``item competency record title thread``: ``supported`` where the record is included and coded for the item's
        competency, ``coded for other competencies`` or ``not included`` where not. Items that name no record have one
        row with an empty record.

    Raises
    ------
    InvalidInput
        When an item names a record that the review does not know.
    """
    named = framework.items["evidence"].str.split(";").explode().rename("record").reset_index()
    named["record"] = named["record"].fillna("").str.strip()
    _refuse_unknown(review, named)
    table = coded(review)
    rows = named.merge(framework.items["competency"].reset_index(), on="item")
    rows["title"] = rows["record"].map(review.records["title"]).astype(object).fillna("")
    rows["thread"] = [
        _state(table, record, competency) for record, competency in zip(rows["record"], rows["competency"], strict=True)
    ]
    return rows[["item", "competency", "record", "title", "thread"]]


def _refuse_unknown(review: Review, named: pd.DataFrame) -> None:
    """Refuse items that rest on records nobody registered."""
    known = list(review.records.index)
    wrong = named[(named["record"] != "") & ~named["record"].isin(known)]
    raise_if_any(
        [
            Fault("items.csv", f"item {item} rests on an unknown record", suggest(record, known), value=record)
            for item, record in zip(wrong["item"], wrong["record"], strict=True)
        ]
    )


def _state(table: pd.DataFrame, record: str, competency: str) -> str:
    """Say how a record stands to a competency."""
    if not record:
        return ""
    if record not in table.index:
        return NOT_INCLUDED
    return SUPPORTED if competency in table and table.loc[record, competency] else OTHER_CODE


def thread_of_items(review: Review, framework: Framework) -> pd.DataFrame:
    """Return one row an item: how many records it names, how many support it, and which.

    Returns
    -------
    DataFrame, indexed by item
        ``competency named supporting records``; the coverage that item passports and item selection use.
    """
    rows = item_thread(review, framework)
    filled = rows[rows["record"] != ""]
    supporting = filled[filled["thread"] == SUPPORTED]
    out = framework.items[["competency"]].copy()
    out["named"] = filled.groupby("item").size().reindex(out.index, fill_value=0)
    out["supporting"] = supporting.groupby("item").size().reindex(out.index, fill_value=0)
    out["records"] = supporting.groupby("item")["record"].agg("; ".join).reindex(out.index).fillna("")
    return out


def supported_by_theme(review: Review, framework: Framework) -> dict[str, list[str]]:
    """Return the items of each theme that a record supports, for the coverage rule of item selection.

    Handed to ``psychometrics.select_items(coverage=...)``, every theme with evidence keeps at least one item that
    rests on it. Themes whose items nothing supports are left out: no choice of items could meet a rule on them.
    """
    supported = thread_of_items(review, framework)["supporting"] > 0
    themes = framework.items.loc[supported, "theme"]
    return {str(theme): list(members) for theme, members in themes.groupby(themes, sort=False).groups.items() if theme}


def thread_of_records(review: Review, framework: Framework) -> pd.DataFrame:
    """Return one row an included record: the competencies it is coded for and the items that name it.

    Returns
    -------
    DataFrame, indexed by record
        ``title competencies items n_items``.
    """
    rows = item_thread(review, framework)
    table = coded(review)[review.competency_codes]
    labels = review.frame["label"]
    out = pd.DataFrame(index=table.index)
    out["title"] = review.records.loc[table.index, "title"]
    out["competencies"] = ["; ".join(labels[code] for code in row.index[row]) for _, row in table.iterrows()]
    out["items"] = rows.groupby("record")["item"].agg("; ".join).reindex(out.index).fillna("")
    out["n_items"] = rows.groupby("record").size().reindex(out.index, fill_value=0)
    return out


def thread_of_competencies(review: Review, framework: Framework) -> pd.DataFrame:
    """Return one row a competency: records coded for it, its items, and how many of them are supported.

    Returns
    -------
    DataFrame, indexed by competency
        ``records items supported_items``.
    """
    items = thread_of_items(review, framework)
    table = coded(review)
    grouped = items.assign(held=items["supporting"] > 0).groupby("competency", sort=False)
    out = grouped.agg(items=("named", "size"), supported_items=("held", "sum"))
    counts = {competency: int(table[competency].sum()) if competency in table else 0 for competency in out.index}
    out.insert(0, "records", pd.Series(counts))
    return out


def items_without_evidence(review: Review, framework: Framework) -> pd.DataFrame:
    """List the items that no included record coded for their competency supports."""
    items = thread_of_items(review, framework)
    return items[items["supporting"] == 0].drop(columns="records")


def evidence_without_items(review: Review, framework: Framework) -> pd.DataFrame:
    """List the included records that no item names."""
    records = thread_of_records(review, framework)
    return records[records["n_items"] == 0].drop(columns=["items", "n_items"])
