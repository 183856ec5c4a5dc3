"""What the raters' judgements mean for the items of the study."""

from __future__ import annotations

import numpy as np
import pandas as pd

from psychometrics.content_validity import scale_content_validity

# Lynn 1986: with five raters or fewer, all must agree.
FEW_RATERS = 5


def scales_content_validity(items: pd.DataFrame, competency: pd.Series[str]) -> pd.DataFrame:
    """Return S-CVI of each competency.

    Parameters
    ----------
    items : DataFrame
        As :func:`psychometrics.content_validity.item_content_validity` returns it.
    competency : Series
        Competency of each item.
    """
    groups = items.groupby(competency.reindex(items.index), sort=False)
    rows = {name: scale_content_validity(members).__dict__ for name, members in groups}
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("competency")


def item_verdicts(relevance: pd.DataFrame, clarity: pd.DataFrame, *, minimum: float) -> pd.DataFrame:
    """Say what the raters' judgements mean for each item.

    ``keep``: relevant and clear; ``reword``: relevant, not clear; ``question``: not relevant enough. Indices are
    compared at two decimals, as the usual cut-off .78 is 7 of 9 so printed. With five raters or fewer all must agree
    (Lynn 1986).

    Parameters
    ----------
    relevance, clarity : DataFrame
        As :func:`psychometrics.content_validity.item_content_validity` returns them.
    minimum
        Smallest index that counts.
    """
    needed = pd.Series(np.where(relevance["raters"] <= FEW_RATERS, 1.0, minimum), index=relevance.index)
    relevant = relevance["i_cvi"].round(2) >= needed
    clear = clarity["i_cvi"].reindex(relevance.index).round(2) >= needed
    verdict = np.select([relevant & clear, relevant], ["keep", "reword"], "question")
    return pd.DataFrame(
        {"relevance": relevance["i_cvi"], "clarity": clarity["i_cvi"], "needed": needed, "verdict": verdict}
    )
