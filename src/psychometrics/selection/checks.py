"""Further checks of items that can enter the decision beside the published rule."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from psychometrics._checks import numeric_table
from psychometrics.errors import PsychometricsError

Decision = Literal["keep", "review", "drop"]
#: A check that decides "keep" only notes what it found.

#: Howard (2016): primary loading at least .40, no other above .30, and a distance of at least .20.
PRIMARY_LOADING = 0.40
CROSS_LOADING = 0.30
LOADING_DISTANCE = 0.20


@dataclass(frozen=True)
class ItemCheck:
    """One further check of the items, computed elsewhere, that enters the decision.

    Attributes
    ----------
    name : str
        Column that shows the value.
    values : Series
        One value an item; items that it does not name were not checked.
    reasons : Series
        Reason in words for each flagged item; empty text for an item that passes.
    decision : {"keep", "review", "drop"}
        What a flagged item gets; with "keep" the reason is noted and the item stays.
    """

    name: str
    values: pd.Series
    reasons: pd.Series
    decision: Decision = "review"


def threshold_check(
    name: str,
    values: pd.Series,
    minimum: float | None = None,
    maximum: float | None = None,
    decision: Decision = "review",
    label: str | None = None,
) -> ItemCheck:
    """Flag items whose value lies under a minimum or over a maximum.

    Parameters
    ----------
    name : str
        Column that shows the value.
    values : Series
        One value an item, for example the share of missing answers, of the top category, an effect of
        differential item functioning, or a relevance rating. ``NaN`` was not checked and passes.
    minimum, maximum : float, optional
        Limits that still pass; at least one.
    decision : {"keep", "review", "drop"}
    label : str, optional
        How the reason names the value; `name` with spaces for underscores by default.

    Returns
    -------
    ItemCheck

    Raises
    ------
    PsychometricsError
        Neither limit given.
    """
    if minimum is None and maximum is None:
        raise PsychometricsError(f"check {name!r} has no limit; give a minimum, a maximum or both")
    called = label or name.replace("_", " ")

    def reason(value: float) -> str:
        if minimum is not None and value < minimum:
            return f"{called} {value:.2f}, under {minimum:.2f}"
        if maximum is not None and value > maximum:
            return f"{called} {value:.2f}, over {maximum:.2f}"
        return ""

    return ItemCheck(name, values, values.map(reason), decision)


def cross_loading_check(
    loadings: pd.DataFrame,
    minimum_primary: float = PRIMARY_LOADING,
    maximum_cross: float = CROSS_LOADING,
    minimum_distance: float = LOADING_DISTANCE,
    decision: Decision = "review",
) -> ItemCheck:
    """Flag items that no factor explains well, or that two factors claim.

    Parameters
    ----------
    loadings : DataFrame, shape (n_items, n_factors)
        Pattern loadings, items in the index.
    minimum_primary : float
        Least size of the largest loading.
    maximum_cross, minimum_distance : float
        An item is claimed twice when its second largest loading exceeds `maximum_cross` or lies nearer than
        `minimum_distance` to the largest.
    decision : {"keep", "review", "drop"}

    Returns
    -------
    ItemCheck
        Its values are the second largest loadings in size (zero with a single factor).

    Raises
    ------
    CodingError, InputShapeError
        Text loadings, or no factor.

    References
    ----------
    Howard, M. C. (2016). A review of exploratory factor analysis decisions and overview of current practices.
    International Journal of Human-Computer Interaction, 32, 51-62 (the .40-.30-.20 rule).
    """
    sizes = numeric_table(loadings, "loadings", noun="factor").abs()
    ordered = np.sort(sizes.to_numpy(), axis=1)[:, ::-1]
    first = pd.Series(ordered[:, 0], sizes.index)
    second = pd.Series(ordered[:, 1] if sizes.shape[1] > 1 else 0.0, sizes.index)

    def reason(item: str) -> str:
        a, b = first[item], second[item]
        if a < minimum_primary:
            return f"largest loading {a:.2f}, under {minimum_primary:.2f}"
        if b > maximum_cross or a - b < minimum_distance:
            main, other = pd.Series(sizes.loc[item]).nlargest(2).index
            return f"loads on {main} ({a:.2f}) and on {other} ({b:.2f})"
        return ""

    reasons = pd.Series([reason(item) for item in sizes.index], sizes.index, dtype=object)
    return ItemCheck("cross_loading", second, reasons, decision)


def category_check(responses: pd.DataFrame, maximum_share: float = 0.80, decision: Decision = "review") -> ItemCheck:
    """Flag items on which one answer is given by almost everybody.

    Parameters
    ----------
    responses : DataFrame, shape (n_persons, n_items)
    maximum_share : float
        Largest share of one answer that still passes.
    decision : {"keep", "review", "drop"}

    Returns
    -------
    ItemCheck
        Its values are the shares of the most frequent answer.

    References
    ----------
    Streiner, D. L., Norman, G. R., & Cairney, J. (2015). Health measurement scales (5th ed.), p. 88
    (endorsement between .20 and .80).
    """
    answers = numeric_table(responses)
    shares = pd.Series({item: _largest_share(answers[item].to_numpy()) for item in answers.columns}, dtype=float)
    return threshold_check(
        "most_frequent_answer", shares, maximum=maximum_share, decision=decision, label="share of the commonest answer"
    )


def _largest_share(values: np.ndarray) -> float:
    """Return the share of the most frequent answer, NaN where nobody answered."""
    given = values[~np.isnan(values)]
    return float(np.unique(given, return_counts=True)[1].max() / given.size) if given.size else float("nan")
