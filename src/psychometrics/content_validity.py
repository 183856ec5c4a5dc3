"""Content validity from raters' judgements: content validity index, modified kappa, Lawshe's ratio."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from psychometrics._checks import listed, numeric_table, share
from psychometrics.errors import InputShapeError

__all__ = [
    "ScaleContentValidity",
    "content_validity_ratio",
    "critical_content_validity_ratio",
    "item_content_validity",
    "kappa_label",
    "scale_content_validity",
]


def item_content_validity(ratings: pd.DataFrame, *, positive_from: int = 3, confidence: float = 0.95) -> pd.DataFrame:
    r"""Content validity of each item from raters' judgements.

    With :math:`N` raters of whom :math:`A` rate the item at or above ``positive_from``:

    .. math:: \text{I-CVI} = A/N,\qquad p_c = \binom{N}{A}\,.5^N,\qquad
              k^* = \frac{\text{I-CVI}-p_c}{1-p_c}

    Parameters
    ----------
    ratings : DataFrame, shape (n_items, n_raters)
        Ratings on an ordered scale, NaN where not rated; each item uses the raters who rated it.
    positive_from
        The lowest rating that counts as relevant.
    confidence
        Of the Wilson interval of I-CVI.

    Returns
    -------
    DataFrame, indexed by item
        ``raters positive i_cvi lower upper chance_agreement modified_kappa kappa_label mean``.

    Raises
    ------
    InputShapeError
        An item without a rating.
    CodingError
        A rating that is not a number.

    See Also
    --------
    scale_content_validity, content_validity_ratio

    References
    ----------
    Polit, D. F., Beck, C. T., & Owen, S. V. (2007). Is the CVI an acceptable indicator of content validity? Research in
    Nursing & Health, 30, 459-467, p. 465 (kappa) and table 4. Labels: Fleiss (1981), Cicchetti & Sparrow (1981).

    Notes
    -----
    Validated against Polit, Beck & Owen, table 4 (tests).

    Examples
    --------
    >>> import pandas as pd
    >>> from psychometrics.content_validity import item_content_validity
    >>> ratings = pd.DataFrame([[4, 4, 3, 4, 2], [1, 2, 4, 3, 2]], index=["a", "b"])
    >>> item_content_validity(ratings)["i_cvi"].tolist()
    [0.8, 0.4]
    """
    from scipy import stats

    share(confidence)
    ratings, raters = _rated(ratings)
    positive = (ratings >= positive_from).sum(axis=1)
    index = positive / raters
    chance = pd.Series(stats.binom.pmf(positive, raters, 0.5), index=ratings.index)
    kappa = (index - chance) / (1 - chance)
    lower, upper = _wilson(positive, raters, confidence)
    return pd.DataFrame(
        {
            "raters": raters,
            "positive": positive,
            "i_cvi": index,
            "lower": lower,
            "upper": upper,
            "chance_agreement": chance,
            "modified_kappa": kappa,
            "kappa_label": [kappa_label(value) for value in kappa],
            "mean": ratings.mean(axis=1),
        }
    )


def _rated(ratings: pd.DataFrame) -> tuple[pd.DataFrame, pd.Series[int]]:
    """Return the ratings as numbers with the raters of each item; refuse items that nobody rated."""
    table = numeric_table(ratings, "ratings", noun="rater")
    raters = table.notna().sum(axis=1)
    if (raters == 0).any():
        raise InputShapeError(f"no rating of {listed(raters.index[raters == 0])}: collect some or drop the item")
    return table, raters


def _wilson(positive: pd.Series[int], raters: pd.Series[int], confidence: float) -> tuple[Any, Any]:
    """Return the Wilson interval of a proportion."""
    from statsmodels.stats.proportion import proportion_confint

    lower, upper = proportion_confint(positive.to_numpy(), raters.to_numpy(), alpha=1 - confidence, method="wilson")
    return lower, upper


def kappa_label(kappa: float) -> str:
    """Return the usual word for a modified kappa: poor, fair (.40), good (.60), excellent (above .74).

    See Also
    --------
    item_content_validity

    Examples
    --------
    >>> from psychometrics.content_validity import kappa_label
    >>> kappa_label(0.65)
    'good'
    """
    if kappa > 0.74:
        return "excellent"
    return "good" if kappa >= 0.6 else "fair" if kappa >= 0.4 else "poor"


@dataclass(frozen=True)
class ScaleContentValidity:
    """Content validity of a set of items: mean of I-CVI, share of items on which all raters agree."""

    items: int
    raters: int
    average: float
    universal_agreement: float

    def to_frame(self) -> pd.DataFrame:
        """Return one row."""
        return pd.DataFrame([self.__dict__])


def scale_content_validity(items: pd.DataFrame) -> ScaleContentValidity:
    r"""Content validity of a set of items.

    S-CVI/Ave is the mean of I-CVI; S-CVI/UA the share of items with I-CVI = 1.

    Parameters
    ----------
    items : DataFrame
        As :func:`item_content_validity` returns it.

    References
    ----------
    Polit, D. F., & Beck, C. T. (2006). The content validity index. Research in Nursing & Health, 29, 489-497.

    See Also
    --------
    item_content_validity

    Examples
    --------
    >>> import pandas as pd
    >>> from psychometrics.content_validity import item_content_validity, scale_content_validity
    >>> ratings = pd.DataFrame([[4, 4, 3, 4], [1, 2, 4, 3]], index=["a", "b"])
    >>> scale_content_validity(item_content_validity(ratings)).average
    0.75
    """
    return ScaleContentValidity(
        items=len(items),
        raters=int(items["raters"].max()),
        average=float(items["i_cvi"].mean()),
        universal_agreement=float((items["positive"] == items["raters"]).mean()),
    )


def content_validity_ratio(
    ratings: pd.DataFrame, *, essential_from: int = 4, alpha_level: float = 0.05
) -> pd.DataFrame:
    r"""Lawshe's content validity ratio of each item with its exact critical value.

    .. math:: \text{CVR} = \frac{n_e - N/2}{N/2}

    with :math:`n_e` of :math:`N` raters calling the item essential.

    Parameters
    ----------
    ratings : DataFrame, shape (n_items, n_raters)
    essential_from
        The lowest rating that counts as essential.
    alpha_level
        One-tailed level of the critical value.

    Returns
    -------
    DataFrame, indexed by item
        ``raters essential cvr critical reached``.

    References
    ----------
    Lawshe, C. H. (1975). A quantitative approach to content validity. Personnel Psychology, 28, 563-575. Ayre, C., &
    Scally, A. J. (2014). Critical values for Lawshe's content validity ratio. Measurement and Evaluation in Counseling
    and Development, 47, 79-86.

    Raises
    ------
    InputShapeError
        An item without a rating.
    CodingError
        A rating that is not a number.

    See Also
    --------
    critical_content_validity_ratio, item_content_validity

    Examples
    --------
    >>> import pandas as pd
    >>> from psychometrics.content_validity import content_validity_ratio
    >>> content_validity_ratio(pd.DataFrame([[4, 4, 4, 4, 4], [4, 4, 4, 4, 1]]))["cvr"].tolist()
    [1.0, 0.6]
    """
    share(alpha_level, "alpha_level")
    ratings, raters = _rated(ratings)
    essential = (ratings >= essential_from).sum(axis=1)
    critical = {n: critical_content_validity_ratio(int(n), alpha_level) for n in raters.unique()}
    out = pd.DataFrame({"raters": raters, "essential": essential, "cvr": (essential - raters / 2) / (raters / 2)})
    out["critical"] = raters.map(critical)
    out["reached"] = out["cvr"] >= out["critical"] - 1e-12
    return out


def critical_content_validity_ratio(raters: int, alpha_level: float = 0.05) -> float:
    r"""Smallest content validity ratio that chance alone seldom reaches.

    The smallest :math:`n_e` with :math:`P(X \ge n_e) \le \alpha` for :math:`X` binomial :math:`(N, .5)`, as a ratio;
    NaN where even unanimity is not rare enough (fewer than five raters at .05).

    References
    ----------
    Ayre & Scally (2014), table 2 (exact binomial probabilities, one-tailed).

    See Also
    --------
    content_validity_ratio

    Examples
    --------
    >>> from psychometrics.content_validity import critical_content_validity_ratio
    >>> critical_content_validity_ratio(10)
    0.8
    """
    from scipy import stats

    counts = np.arange(raters + 1)
    rare = stats.binom.sf(counts - 1, raters, 0.5) <= alpha_level
    return float((counts[rare][0] - raters / 2) / (raters / 2)) if rare.any() else float("nan")
