"""Agreement within one rated person or team: rwg, rwg(j), r*wg(j) and the average deviation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from psychometrics._checks import numeric_table, require_same_rows
from psychometrics.errors import CodingError, InputShapeError, PsychometricsError

#: Shares of answers 1 to 5 under nulls with a response bias (James, Demaree & Wolf 1984, table 1; LeBreton &
#: Senter 2008, table 2).
FIVE_POINT_NULLS = {
    "slight_skew": (0.05, 0.15, 0.20, 0.35, 0.25),
    "moderate_skew": (0.00, 0.10, 0.15, 0.40, 0.35),
    "heavy_skew": (0.00, 0.00, 0.10, 0.40, 0.50),
}

Negative = Literal["zero", "keep"]


@dataclass(frozen=True)
class WithinGroupAgreement:
    """Agreement of each group.

    Attributes
    ----------
    table : DataFrame
        One row a group: ``group``, ``n`` (complete raters), then the index (``rwg``; or ``rwg_j`` and
        ``r_star_wg`` with ``mean_variance``; or ``average_deviation``). Groups with one rater have ``NaN``.
    index : str
        Column that holds the index.
    null_variance : float
        Variance under the null; ``NaN`` for the average deviation.
    n_groups, n_single, n_dropped : int
        Groups with an index, groups with one rater, incomplete rows left out.
    n_reset : int
        Groups whose variance exceeds the null's and whose index was therefore set to 0.
    notes : tuple of str
    """

    table: pd.DataFrame
    index: str
    null_variance: float
    n_groups: int
    n_single: int
    n_dropped: int
    n_reset: int
    notes: tuple[str, ...] = ()

    @property
    def mean(self) -> float:
        """Mean of the index over groups with two or more raters."""
        return float(self.table[self.index].mean())

    @property
    def median(self) -> float:
        """Median of the index over groups with two or more raters."""
        return float(self.table[self.index].median())

    def share_at_least(self, threshold: float = 0.70) -> float:
        """Share of the groups with an index that reach `threshold`."""
        known = self.table[self.index].dropna()
        return float((known >= threshold).mean())

    def to_frame(self) -> pd.DataFrame:
        """Return a copy of the table of groups."""
        return self.table.copy()


def null_variance(n_categories: int, null: str | float | Sequence[float] = "uniform") -> float:
    r"""Variance of answers that carry no agreement.

    Uniform: :math:`(A^2-1)/12`. Skewed nulls are defined for five categories; other scales take the shares of
    their categories or the variance itself.

    Parameters
    ----------
    n_categories : int
        Number A of response categories.
    null : {"uniform", "slight_skew", "moderate_skew", "heavy_skew"}, float or sequence
        Name, variance, or shares of the categories in order.

    Returns
    -------
    float

    Raises
    ------
    PsychometricsError
        Unknown null, a skewed null on a scale without five categories, or shares that do not fit.

    References
    ----------
    James, L. R., Demaree, R. G., & Wolf, G. (1984). Estimating within-group interrater reliability with and
    without response bias. Journal of Applied Psychology, 69, 85-98. LeBreton, J. M., & Senter, J. L. (2008).
    Answers to 20 questions about interrater reliability and interrater agreement. Organizational Research
    Methods, 11, 815-852, table 2 (five points: 2.00 uniform, 1.34 slight, .90 moderate, .44 heavy).

    See Also
    --------
    rwg : Agreement against it.

    Examples
    --------
    >>> null_variance(5), round(null_variance(5, "slight_skew"), 2)
    (2.0, 1.34)
    """
    if isinstance(null, (int, float)):
        if null <= 0:
            raise PsychometricsError("the null variance must be above zero")
        return float(null)
    if null == "uniform":
        return (n_categories**2 - 1) / 12
    if isinstance(null, str) and (null not in FIVE_POINT_NULLS or n_categories != 5):
        raise PsychometricsError(
            f"null {null!r} with {n_categories} categories is not known: use 'uniform', with five categories one "
            f"of {sorted(FIVE_POINT_NULLS)}, or give the shares of the categories"
        )
    shares = np.asarray(FIVE_POINT_NULLS[null] if isinstance(null, str) else null, dtype=float)
    if len(shares) != n_categories or (shares < 0).any() or not np.isclose(shares.sum(), 1):
        raise PsychometricsError(f"the null's shares must be {n_categories} numbers from 0 that add up to 1")
    answers = np.arange(1, n_categories + 1)
    return float(shares @ answers**2 - (shares @ answers) ** 2)


def rwg(
    values: pd.Series,
    groups: pd.Series,
    n_categories: int,
    null: str | float | Sequence[float] = "uniform",
    negative: Negative = "zero",
    minimum: float = 1.0,
) -> WithinGroupAgreement:
    r"""Within-group agreement on one item.

    .. math:: r_{wg} = 1 - s^2 / \sigma_E^2

    with :math:`s^2` the variance of the group's answers (divisor n - 1).

    Parameters
    ----------
    values : Series, shape (n_ratings,)
        One answer a rater, ``NaN`` missing (left out).
    groups : Series, shape (n_ratings,)
        The rated person or team.
    n_categories, null
        As in :func:`null_variance`.
    negative : {"zero", "keep"}
        What becomes of a variance above the null's: 0 by convention (counted in ``n_reset``), or kept.
    minimum : float
        Lowest answer of the scale; answers lie from here to `minimum` plus `n_categories` minus 1.

    Returns
    -------
    WithinGroupAgreement

    Raises
    ------
    InputShapeError, CodingError, PsychometricsError
        Different rows, text, an answer outside the scale, or an unknown null.

    References
    ----------
    James, Demaree & Wolf (1984), equation 1; James, Demaree & Wolf (1993). rwg: an assessment of within-group
    interrater agreement. Journal of Applied Psychology, 78, 306-309. Validated against multilevel's ``rwg``.

    See Also
    --------
    rwg_j : Several items of one scale.

    Examples
    --------
    >>> import pandas as pd
    >>> items = pd.DataFrame({"i1": [4, 4, 5, 2, 3, 2], "i2": [4, 5, 5, 2, 2, 3]})
    >>> person = pd.Series(["p", "p", "p", "q", "q", "q"])
    >>> rwg(items["i1"], person, 5).table["rwg"].round(3).tolist()
    [0.833, 0.833]
    """
    result = rwg_j(values.to_frame(values.name or "item"), groups, n_categories, null, negative, minimum)
    table = result.table.rename(columns={"rwg_j": "rwg", "mean_variance": "variance"}).drop(columns="r_star_wg")
    return WithinGroupAgreement(
        table, "rwg", result.null_variance, result.n_groups, result.n_single, result.n_dropped, result.n_reset,
        result.notes,
    )  # fmt: skip


def rwg_j(
    items: pd.DataFrame,
    groups: pd.Series,
    n_categories: int,
    null: str | float | Sequence[float] = "uniform",
    negative: Negative = "zero",
    minimum: float = 1.0,
) -> WithinGroupAgreement:
    r"""Within-group agreement on the items of one scale, and its version that does not grow with their number.

    .. math:: r_{wg(j)} = \frac{J(1-\bar s^2/\sigma_E^2)}{J(1-\bar s^2/\sigma_E^2)+\bar s^2/\sigma_E^2}, \quad
              r^\star_{wg(j)} = 1 - \bar s^2/\sigma_E^2

    with :math:`\bar s^2` the mean over the J items of the variance (divisor n - 1) of the group's answers.
    With many items the first is high even where raters differ much; report both.

    Parameters
    ----------
    items : DataFrame, shape (n_ratings, n_items)
        One row a rater; raters with a missing item are left out and counted.
    groups, n_categories, null, negative, minimum
        As in :func:`rwg`. r*wg is never reset; where a kept negative value leaves no rwg(j) (its denominator is not
        positive), that is ``NaN`` and noted.

    Returns
    -------
    WithinGroupAgreement

    Raises
    ------
    InputShapeError, CodingError, PsychometricsError
        As in :func:`rwg`.

    References
    ----------
    James, Demaree & Wolf (1984), equation 2. Lindell, M. K., Brandt, C. J., & Whitney, D. J. (1999). A
    revised index of interrater agreement for multi-item ratings of a single target. Applied Psychological
    Measurement, 23, 127-135, equation 5. Validated against multilevel's ``rwg.j`` and ``rwg.j.lindell``.

    See Also
    --------
    rwg : One item.
    average_deviation : In points of the scale.

    Examples
    --------
    >>> import pandas as pd
    >>> items = pd.DataFrame({"i1": [4, 4, 5, 2, 3, 2], "i2": [4, 5, 5, 2, 2, 3]})
    >>> person = pd.Series(["p", "p", "p", "q", "q", "q"])
    >>> rwg_j(items, person, 5).table[["rwg_j", "r_star_wg"]].round(3).to_numpy().tolist()
    [[0.909, 0.833], [0.909, 0.833]]
    """
    if negative not in ("zero", "keep"):
        raise PsychometricsError(f"negative must be 'zero' or 'keep', not {negative!r}")
    complete, labels, n_dropped = _complete(items, groups)
    _refuse_outside(complete, n_categories, minimum)
    expected = null_variance(n_categories, null)
    grouped = complete.groupby(labels.to_numpy(), observed=True)
    sizes = grouped.size()
    mean_variance = grouped.var(ddof=1).mean(axis=1, skipna=False)
    star = 1 - mean_variance / expected
    j = complete.shape[1]
    below = j * star + 1 - star
    index = (j * star / below.where(below > 1e-12)).where(star.notna())
    reset = (star < 0) & (negative == "zero")
    table = pd.DataFrame(
        {
            "group": sizes.index,
            "n": sizes.to_numpy(),
            "mean_variance": mean_variance.to_numpy(),
            "rwg_j": index.mask(reset, 0.0).to_numpy(),
            "r_star_wg": star.to_numpy(),
        }
    )
    undefined = int((table["rwg_j"].isna() & star.notna().to_numpy()).sum())
    notes = (f"{undefined} groups vary so much more than the null that rwg(j) is undefined",) if undefined else ()
    return _result(table, "rwg_j", expected, n_dropped, int(reset.sum()), notes)


def _refuse_outside(answers: pd.DataFrame, n_categories: int, minimum: float) -> None:
    """Refuse answers that the scale does not have."""
    if n_categories < 2:
        raise PsychometricsError(f"a scale needs at least two categories, not {n_categories}")
    highest = minimum + n_categories - 1
    outside = [str(name) for name in answers if answers[name].min() < minimum or answers[name].max() > highest]
    if outside:
        found = answers[[name for name in answers if str(name) in outside]].to_numpy()
        raise CodingError(
            f"answers from {found.min():g} to {found.max():g} in {', '.join(outside)}, on a scale of {n_categories} "
            f"categories from {minimum:g} to {highest:g}; mend the answers, or give n_categories and minimum"
        )


def average_deviation(
    items: pd.DataFrame, groups: pd.Series, about: Literal["mean", "median"] = "mean"
) -> WithinGroupAgreement:
    r"""Average deviation of raters from their group, in units of the response scale.

    .. math:: AD = \frac1J\sum_j \frac1n\sum_i |x_{ij} - m_j|

    with :math:`m_j` the group's mean (or median) on item j. Lower is closer; A/6 on a scale of A categories
    is the usual upper limit of agreement.

    Parameters
    ----------
    items, groups
        As in :func:`rwg_j`.
    about : {"mean", "median"}

    Returns
    -------
    WithinGroupAgreement
        ``share_at_least`` does not apply: low values mean agreement.

    Raises
    ------
    InputShapeError, CodingError, PsychometricsError
        Different rows, text, or an unknown centre.

    References
    ----------
    Burke, M. J., Finkelstein, L. M., & Dusig, M. S. (1999). On average deviation indices for estimating
    interrater agreement. Organizational Research Methods, 2, 49-68, equations 1 to 4. Burke, M. J., & Dunlap,
    W. P. (2002). Organizational Research Methods, 5, 159-172 (A/6). Validated against multilevel's ``ad.m``.

    See Also
    --------
    rwg_j : Against answers without agreement.

    Examples
    --------
    >>> import pandas as pd
    >>> items = pd.DataFrame({"i1": [4, 4, 5, 2, 3, 2], "i2": [4, 5, 5, 2, 2, 3]})
    >>> person = pd.Series(["p", "p", "p", "q", "q", "q"])
    >>> average_deviation(items, person).table["average_deviation"].round(3).tolist()
    [0.444, 0.444]
    """
    if about not in ("mean", "median"):
        raise PsychometricsError(f"about must be 'mean' or 'median', not {about!r}")
    complete, labels, n_dropped = _complete(items, groups)
    grouped = complete.groupby(labels.to_numpy(), observed=True)
    away = (complete - grouped.transform(about)).abs()
    sizes = grouped.size()
    means = away.groupby(labels.to_numpy(), observed=True).mean().mean(axis=1).where(sizes >= 2)
    table = pd.DataFrame({"group": sizes.index, "n": sizes.to_numpy(), "average_deviation": means.to_numpy()})
    return _result(table, "average_deviation", float("nan"), n_dropped, 0)


def _complete(items: pd.DataFrame, groups: pd.Series) -> tuple[pd.DataFrame, pd.Series, int]:
    """Return complete rows with their group, and how many rows were left out."""
    table = numeric_table(items, "items", noun="column")
    require_same_rows(table.index, groups.index, "items and groups")
    keep = (table.notna().all(axis=1) & groups.notna()).to_numpy()
    if not keep.any():
        raise InputShapeError("no rating is complete on every item")
    return table[keep], groups[keep], int((~keep).sum())


def _result(
    table: pd.DataFrame, index: str, expected: float, n_dropped: int, n_reset: int, more: tuple[str, ...] = ()
) -> WithinGroupAgreement:
    """Count what the reader must know and put the result together."""
    single = int((table["n"] < 2).sum())
    notes = []
    if single == len(table):
        notes.append("no group has two raters: agreement within groups cannot be measured")
    elif single:
        notes.append(
            "1 group with one rater has no index" if single == 1 else f"{single} groups with one rater have no index"
        )
    if n_reset:
        vary = (
            "1 group varies more than the null and is"
            if n_reset == 1
            else f"{n_reset} groups vary more than the null and are"
        )
        notes.append(f"{vary} set to 0")
    return WithinGroupAgreement(
        table, index, expected, len(table) - single, single, n_dropped, n_reset, (*notes, *more)
    )
