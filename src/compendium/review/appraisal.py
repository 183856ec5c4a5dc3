"""Appraisal item by item: MMAT for studies, AACODS for grey literature; no total score is made of them."""

from __future__ import annotations

import pandas as pd

from compendium.review.loading import Review
from compendium.review.protocol import JUDGEMENTS
from compendium.review.screening import included_records

CANNOT_TELL, YES, NOT_APPLICABLE = "cannot tell", "yes", "not applicable"


def judgements(review: Review) -> pd.DataFrame:
    """Return one settled judgement for each included record and item.

    Where several reviewers judged and differ, the judgement is ``cannot tell`` and ``agreed`` is false.

    Returns
    -------
    DataFrame
        ``record tool item judgement agreed``.
    """
    judgements = review.files["appraisal"]
    judgements = judgements[judgements["record"].isin(included_records(review))]
    by_item = judgements.groupby(["record", "tool", "item"], sort=False)["judgement"]
    groups = by_item.agg(["first", "nunique"]).reset_index()
    agreed = groups["nunique"] == 1
    settled = groups["first"].where(agreed, CANNOT_TELL)
    return groups[["record", "tool", "item"]].assign(judgement=settled, agreed=agreed)


def appraisal_summary(review: Review) -> pd.DataFrame:
    """Count the judgements on each item of each tool.

    Returns
    -------
    DataFrame
        ``tool item label records`` and one column of counts for each judgement; items that nobody judged are left out.
    """
    table = judgements(review)
    counts = pd.crosstab([table["tool"], table["item"]], table["judgement"])
    counts = counts.reindex(columns=list(JUDGEMENTS), fill_value=0)
    tools = review.files["appraisal_tools"].set_index(["tool", "item"])
    order = [key for key in tools.index if key in counts.index]
    out = counts.reindex(order)
    out.insert(0, "records", out.sum(axis=1))
    out.insert(0, "label", tools.loc[order, "label"].to_numpy() if order else [])
    return out.reset_index()


def appraisal_by_record(review: Review) -> pd.DataFrame:
    """Return how each included record was appraised.

    Returns
    -------
    DataFrame, indexed by record
        ``tool judged yes cannot_tell yes_share``: ``judged`` counts items that apply; ``yes_share`` is the share
        of them answered yes (a colour for the evidence map, not a score). Without appraisal: no tool and NaN.
    """
    table = judgements(review)
    applicable = table[table["judgement"] != NOT_APPLICABLE]
    groups = applicable.groupby("record")
    out = pd.DataFrame(index=pd.Index(included_records(review), name="record"))
    out["tool"] = groups["tool"].agg(lambda names: "; ".join(dict.fromkeys(names))).reindex(out.index).fillna("")
    out["judged"] = groups.size().reindex(out.index, fill_value=0)
    for name, judgement in (("yes", YES), ("cannot_tell", CANNOT_TELL)):
        hits = applicable[applicable["judgement"] == judgement].groupby("record").size()
        out[name] = hits.reindex(out.index, fill_value=0)
    out["yes_share"] = out["yes"] / out["judged"].where(out["judged"] > 0)
    return out
