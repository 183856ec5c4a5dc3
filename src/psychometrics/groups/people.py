"""Who is compared: complete scores in groups that are large enough, and each group described."""

from __future__ import annotations

import numpy as np
import pandas as pd

from psychometrics._checks import MOST_LEFT_OUT, listed, numeric_column, require_same_rows, require_varying
from psychometrics._ranks import restore_ties
from psychometrics.errors import InputShapeError


def prepared(values: pd.Series, groups: pd.Series, minimum_size: int) -> tuple[pd.Series, pd.Series, tuple[str, ...]]:
    """Return complete scores and groups, without groups under the minimum size, and what was left out."""
    score = numeric_column(values.rename("score" if values.name is None else str(values.name)), "values")
    require_same_rows(score.index, groups.index, "values and groups")
    keep = (score.notna() & groups.notna()).to_numpy()
    score, group = score[keep], groups[keep]
    sizes = group.value_counts().loc[lambda count: count > 0]
    small = sorted(str(name) for name in sizes.index[sizes < minimum_size])
    large = group.isin(sizes.index[sizes >= minimum_size]).to_numpy()
    score, group = score[large], group[large]
    if group.nunique() < 2:
        raise InputShapeError(
            f"{score.name}: two groups with at least {minimum_size} complete person(s) are needed; "
            f"there are {group.nunique()}"
        )
    require_varying(score, "score")
    notes = (f"groups under {minimum_size} left out: {listed(small, MOST_LEFT_OUT)}",) if small else ()
    return pd.Series(restore_ties(score.to_numpy()), score.index, name=score.name), group, notes


def samples(score: pd.Series, group: pd.Series) -> list[np.ndarray]:
    """Return the scores of each group, in the order of :func:`described`."""
    return [part.to_numpy() for _, part in score.groupby(group.to_numpy(), observed=True)]


def superiority(one: np.ndarray, two: np.ndarray) -> float:
    """Return the probability that a draw of one group is above a draw of another, ties counted half.

    Places in order instead of every pair: of two groups of 20,000 people there are 400 million.
    """
    # Places that are looked up in order lie near each other in memory.
    wanted, ordered = np.sort(one), np.sort(two)
    below = sum(int(np.searchsorted(ordered, wanted, side).sum()) for side in ("left", "right"))
    return below / (2 * len(one) * len(two))


def described(score: pd.Series, group: pd.Series) -> pd.DataFrame:
    """Return size, median, mean and mean rank of each group."""
    data = pd.DataFrame({"group": group.to_numpy(), "score": score.to_numpy(), "rank": score.rank().to_numpy()})
    grouped = data.groupby("group", observed=True)
    table = grouped["score"].agg(["size", "median", "mean"]).rename(columns={"size": "n"})
    return table.assign(mean_rank=grouped["rank"].mean()).reset_index()
