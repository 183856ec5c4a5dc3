"""Sparse answer categories in groups: joined by a stated rule, and logged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from psychometrics.errors import InputShapeError
from psychometrics.sem._input import FEWEST_CATEGORIES


@dataclass(frozen=True)
class MergedCategories:
    """Responses whose categories are used in every group.

    Attributes
    ----------
    responses : DataFrame, (n_persons, n_items)
        With joined codes; a joined category carries the code of the one it went into.
    log : DataFrame
        item, joined, into: one row a step.
    refused : tuple of str
        Items with fewer than three categories left; they are still in `responses`.
    """

    responses: pd.DataFrame
    log: pd.DataFrame
    refused: tuple[str, ...]

    def to_frame(self) -> pd.DataFrame:
        """One row a joined category."""
        return self.log.copy()


def merge_categories(responses: pd.DataFrame, groups: pd.Series, minimum: int = 1) -> MergedCategories:
    """Join categories until every one has enough answers in every group.

    While some category of an item has fewer than `minimum` answers in some group, the one with the fewest answers
    there (the outermost of equals) is joined with its neighbour: towards the middle of the item's categories at
    either end, and elsewhere with the neighbour that has fewer answers over all groups.

    Parameters
    ----------
    responses : DataFrame, (n_persons, n_items)
        Whole-number codes, NaN missing.
    groups : Series, (n_persons,)
        Same index; rows without a group do not count.
    minimum : int
        Answers that each category needs in each group.

    Returns
    -------
    MergedCategories

    Raises
    ------
    InputShapeError
        `groups` has another index than the responses.

    References
    ----------
    Rutkowski, L., Svetina, D., & Liaw, Y.-L. (2019). Collapsing categorical variables and measurement invariance.
    Structural Equation Modeling, 26, 790-802 (what joining costs).

    Notes
    -----
    On the simulated reference cohort the rule joins the items that R's cross tables show with an empty category.

    See Also
    --------
    measurement_invariance : joins categories by this rule.

    Examples
    --------
    >>> import pandas as pd
    >>> from psychometrics.sem import merge_categories
    >>> answers = pd.DataFrame({"calm": [1, 2, 3, 4, 2, 3, 4, 4]})
    >>> groups = pd.Series(["one"] * 4 + ["two"] * 4)
    >>> merge_categories(answers, groups).log.to_numpy().tolist()  # nobody in the second group answered 1
    [['calm', 1, 2]]
    """
    if not groups.index.equals(responses.index):
        raise InputShapeError("groups must have one value for each row of the responses, with the same index.")
    merged, rows = responses.copy(deep=False), []
    member, levels = pd.factorize(groups)
    for item in responses.columns:
        steps = _steps(_counts(responses[item].to_numpy(), member, len(levels)), minimum)
        for joined, into in steps:
            merged[item] = merged[item].replace(joined, into)
            rows.append((str(item), joined, into))
    counts = merged[groups.notna()].nunique()
    refused = tuple(str(item) for item in counts.index[counts < FEWEST_CATEGORIES])
    return MergedCategories(merged, pd.DataFrame(rows, columns=["item", "joined", "into"]), refused)


def _counts(answers: np.ndarray, member: np.ndarray, n_groups: int) -> pd.DataFrame:
    """Count the answers of each code in each group; people without an answer or a group do not count."""
    known = ~np.isnan(answers) & (member >= 0)
    codes, place = np.unique(answers[known], return_inverse=True)
    table = np.bincount(place * n_groups + member[known], minlength=len(codes) * n_groups)
    return pd.DataFrame(table.reshape(len(codes), n_groups), index=codes)


def _steps(counts: pd.DataFrame, minimum: int) -> list[tuple[float, float]]:
    """Categories to join, in order."""
    steps = []
    while len(counts) > 1 and counts.to_numpy().min() < minimum:
        joined, into = _next(counts)
        steps.append((joined, into))
        counts.loc[into] += counts.loc[joined]
        counts = counts.drop(index=joined)
    return steps


def _next(counts: pd.DataFrame) -> tuple[float, float]:
    """Category to join and the neighbour that it is joined with."""
    codes: Sequence[float] = list(counts.index)
    answers = counts.to_numpy()
    fewest, total = answers.min(axis=1), answers.sum(axis=1)
    middle = (len(codes) - 1) / 2
    thin = np.flatnonzero(fewest == fewest.min())
    place = int(max(thin, key=lambda k: (abs(k - middle), -k)))
    neighbours = [k for k in (place - 1, place + 1) if 0 <= k < len(codes)]
    into = min(neighbours, key=lambda k: (int(total[k]), abs(k - middle)))
    return codes[place], codes[into]
