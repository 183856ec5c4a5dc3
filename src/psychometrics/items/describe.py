"""How each item works: distribution, correlation with the rest, reliability without it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from psychometrics._checks import Label, Scales, constant_items, listed, numeric_table, one_of, scales_of, whole_codes
from psychometrics._ranks import mid_ranks
from psychometrics.errors import InputShapeError, PsychometricsError

Method = Literal["pearson", "spearman", "polyserial"]
Rest = Literal["available", "listwise", "pairwise"]

_ANSWERED_SHARE = 0.5


@dataclass(frozen=True)
class ItemStatistics:
    """Classical statistics of every item.

    Attributes
    ----------
    table : DataFrame, one row an item in column order
        ``scale``; ``n`` answered and ``missing_share``; ``mean``, ``sd``, ``skew``, ``kurtosis``;
        ``floor_share`` and ``ceiling_share`` of the answers at the lowest and highest code;
        ``item_rest``, ``item_rest_spearman``, ``item_rest_polyserial`` with the mean of its scale's other
        items and ``item_total``, ``item_total_spearman`` with the mean of all of them; ``framework_rest``,
        ``framework_rest_spearman``, ``framework_total``, ``framework_total_spearman`` with the mean of all
        items given; ``n_item_rest`` persons behind ``item_rest``; ``alpha_if_dropped`` and ``omega_if_dropped`` of its
        scale and ``n_if_dropped`` persons behind them; ``constant``. Shares run from 0 to 1.
    category_counts : DataFrame of shape (n_items, n_categories)
        How often each code was given.
    constant : tuple of str
        Items that everybody answered alike; their correlations are NaN.
    n_persons : int
        Rows given.
    minimum, maximum : int or Series
        Lowest and highest code, of all items or of each.
    missing : str
        Rule for the rest score.
    """

    table: pd.DataFrame
    category_counts: pd.DataFrame
    constant: tuple[Label, ...]
    n_persons: int
    minimum: int | pd.Series
    maximum: int | pd.Series
    missing: str

    def to_frame(self) -> pd.DataFrame:
        """Return the table of items."""
        return self.table


def item_statistics(
    responses: pd.DataFrame,
    scales: Scales | None = None,
    minimum: int | pd.Series = 1,
    maximum: int | pd.Series = 5,
    missing: Literal["available", "listwise"] = "available",
) -> ItemStatistics:
    r"""Distribution and classical statistics of every item.

    Skewness is :math:`m_3 / s^3` and excess kurtosis :math:`m_4 / s^4 - 3`, with central moments divided by n
    and the standard deviation s by n - 1 (type 3 of Joanes & Gill). The rest score is the mean of the other
    items; see :func:`item_rest_correlation` for the missing rule. Alpha and omega if dropped rest on the persons
    who answered the whole scale. Items with ranges of their own enter totals, alpha and omega as shares of their
    ranges, :math:`(x - a) / (b - a)`.

    Parameters
    ----------
    responses : DataFrame of shape (n_persons, n_items)
        Integer codes from ``minimum`` to ``maximum`` after keying, NaN missing.
    scales : Series or mapping, optional
        Item to competency; without it all items form one scale.
    minimum, maximum : int or Series
        Lowest and highest code of the response scale, or of each item (indexed by item).
    missing : {"available", "listwise"}
        Which persons have a rest score: those who answered at least half of the other items, or all of them.

    Returns
    -------
    ItemStatistics

    Raises
    ------
    CodingError
        An answer that is not an integer code of the scale; the item and the values are named.
    InputShapeError
        No items, repeated items, scales that do not fit the items, or an item without a range.
    TooFewPersonsError
        Fewer than two rows.

    See Also
    --------
    item_rest_correlation, inter_item_correlations

    References
    ----------
    Joanes, D. N., & Gill, C. A. (1998). Comparing measures of sample skewness and kurtosis. The Statistician,
    47, 183-189, p. 184 (b1, b2). Nunnally, J. C., & Bernstein, I. H. (1994). Psychometric theory (3rd ed.),
    ch. 8.

    Notes
    -----
    Validated against ``psych::describe(type = 3)`` and ``psych::alpha`` (n, mean, sd, r.drop, raw.r,
    alpha.drop).

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> draw = np.random.default_rng(1)
    >>> trait = draw.normal(size=(200, 1))
    >>> codes = np.clip(np.rint(3 + trait + draw.normal(size=(200, 6))), 1, 5)
    >>> answers = pd.DataFrame(codes, columns=list("abcdef"))
    >>> scales = {"a": "x", "b": "x", "c": "x", "d": "y", "e": "y", "f": "y"}
    >>> from psychometrics.items import item_statistics
    >>> table = item_statistics(answers, scales).table
    >>> table[["scale", "n", "constant"]].iloc[0].tolist()
    ['x', np.int64(200), np.False_]
    """
    frame = numeric_table(responses, minimum_rows=2)
    low, high = (_of_each(end, frame.columns) for end in (minimum, maximum))
    for ends in dict.fromkeys(zip(low, high, strict=True)):
        whole_codes(frame.loc[:, (low == ends[0]) & (high == ends[1])], *ends)
    alike = (low == low[0]).all() and (high == high[0]).all()
    comparable = frame if alike else (frame - low) / (high - low)
    table = pd.concat(
        [
            _distribution(frame, low, high),
            _with_scales(comparable, scales, missing),
            _whole(comparable, missing),
        ],
        axis=1,
    )
    constant = constant_items(frame)
    table["constant"] = table.index.isin(constant)
    return ItemStatistics(
        table=table,
        category_counts=_category_counts(frame, int(low.min()), int(high.max())),
        constant=constant,
        n_persons=len(frame),
        minimum=minimum,
        maximum=maximum,
        missing=missing,
    )


def item_rest_correlation(
    responses: pd.DataFrame, method: Method = "pearson", missing: Rest = "available"
) -> pd.DataFrame:
    r"""Correlation of each item with the rest of the scale (corrected item-total correlation).

    The rest score of a person is the mean of the other items answered. The polyserial correlation is the
    two-step one, :math:`r s_x / \sum_c \phi(\tau_c)` with the item's standard deviation
    :math:`s_x` (divisor n) and the normal densities at its thresholds; the item's codes count as consecutive.

    Parameters
    ----------
    responses : DataFrame of shape (n_persons, n_items)
        At least two items of one scale, after keying, NaN missing.
    method : {"pearson", "spearman", "polyserial"}
        Kind of correlation.
    missing : {"available", "listwise", "pairwise"}
        ``available``: persons who answered the item and at least half of the others; ``listwise``: all items;
        ``pairwise`` (Pearson only): from the pairwise covariances,
        :math:`\sum_{j \ne i} s_{ij} / \sqrt{s_{ii} \sum_{jk \ne i} s_{jk}}`.

    Returns
    -------
    DataFrame of shape (n_items, 2)
        ``correlation`` (NaN for a constant item) and ``n``, the persons behind it (pairwise: the smallest
        number of persons shared with another item).

    Raises
    ------
    InputShapeError
        Fewer than two items or an unknown option.
    CodingError
        An answer that is not a number.

    See Also
    --------
    item_statistics, check_keying

    References
    ----------
    Peters, C. C., & Van Voorhis, W. R. (1940). Statistical procedures, p. 178 (rest score). Olsson, U.,
    Drasgow, F., & Dorans, N. J. (1982). The polyserial correlation coefficient. Psychometrika, 47, 337-347,
    eq. 22.

    Notes
    -----
    Validated against ``psych::alpha(x)$item.stats$r.drop`` (``missing="pairwise"`` where answers are missing)
    and ``polycor::polyserial(ML = FALSE)``.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> draw = np.random.default_rng(1)
    >>> trait = draw.normal(size=(200, 1))
    >>> codes = np.clip(np.rint(3 + trait + draw.normal(size=(200, 6))), 1, 5)
    >>> answers = pd.DataFrame(codes, columns=list("abcdef"))
    >>> from psychometrics.items import item_rest_correlation
    >>> item_rest_correlation(answers)["n"].tolist()
    [200, 200, 200, 200, 200, 200]
    """
    frame = numeric_table(responses, minimum_columns=2, minimum_rows=2)
    if missing == "pairwise":
        if method != "pearson":
            raise InputShapeError("missing='pairwise' is defined for method='pearson' only")
        return _pairwise_rest(frame)
    return _against(frame, method, _mean_scores(frame, missing, leave_out=True))


def correlation_of(item: np.ndarray, score: np.ndarray, method: Method = "pearson") -> float:
    """Correlation of two vectors of shape (n_persons,) over those with both; NaN when one is constant.

    See Also
    --------
    item_rest_correlation

    Examples
    --------
    >>> from psychometrics.items import correlation_of
    >>> import numpy as np
    >>> round(correlation_of(np.array([1.0, 2, 3, 4]), np.array([1.0, 3, 2, 4]), "spearman"), 2)
    0.8
    """
    both = ~(np.isnan(item) | np.isnan(score))
    x, y = item[both], score[both]
    if len(x) < 2 or np.ptp(x) == 0 or np.ptp(y) == 0:
        return float("nan")
    if method == "spearman":
        x, y = mid_ranks(x), mid_ranks(y)
    r = float(np.clip(np.corrcoef(x, y)[0, 1], -1, 1))
    return _polyserial(x, r) if method == "polyserial" else r


def _polyserial(item: np.ndarray, r: float) -> float:
    """Return the two-step polyserial correlation from the Pearson one."""
    from scipy.stats import norm

    _, codes, counts = np.unique(item, return_inverse=True, return_counts=True)
    thresholds = norm.ppf(np.cumsum(counts)[:-1] / len(item))
    return float(r * codes.std() / norm.pdf(thresholds).sum())


def _of_each(end: int | pd.Series, items: pd.Index) -> np.ndarray:
    """Return the lowest or highest code of each item, in the order of the columns."""
    if not isinstance(end, pd.Series):
        return np.full(len(items), end)
    without = [item for item in items if item not in end.dropna().index]
    if without:
        raise InputShapeError(f"items without a lowest or highest code: {listed(without)}; give each its range")
    return end.reindex(items).to_numpy(dtype=int)


def _distribution(frame: pd.DataFrame, minimum: np.ndarray, maximum: np.ndarray) -> pd.DataFrame:
    """Return counts, moments, floor and ceiling of each item."""
    n, mean, sd = frame.notna().sum(), frame.mean(), frame.std(ddof=1)
    centred, spread = frame - mean, sd.where(sd > 0)
    squared = centred * centred
    return pd.DataFrame(
        {
            "n": n,
            "missing_share": frame.isna().mean(),
            "mean": mean,
            "sd": sd,
            "skew": (squared * centred).mean() / spread**3,
            "kurtosis": (squared * squared).mean() / spread**4 - 3,
            "floor_share": (frame == minimum).sum() / n.where(n > 0),
            "ceiling_share": (frame == maximum).sum() / n.where(n > 0),
        }
    )


def _category_counts(frame: pd.DataFrame, minimum: int, maximum: int) -> pd.DataFrame:
    """Return how often each code was given to each item."""
    codes = range(minimum, maximum + 1)
    return pd.DataFrame({code: (frame == code).sum() for code in codes}).rename_axis(columns="category")


def _with_scales(frame: pd.DataFrame, scales: Scales | None, missing: Rest) -> pd.DataFrame:
    """Return what needs an item's scale, in the order of the columns."""
    parts = [_within_scale(frame[items], name, missing) for name, items in scales_of(frame, scales).items()]
    return pd.concat(parts).reindex(frame.columns)


def _within_scale(scale: pd.DataFrame, name: str, missing: Rest) -> pd.DataFrame:
    """Return the correlations of a scale's items with it, and alpha without each."""
    rests, totals = (_mean_scores(scale, missing, leave_out) for leave_out in (True, False))
    rest = _against(scale, "pearson", rests)
    alpha, omega, n_complete = _if_dropped(scale)
    return pd.DataFrame(
        {
            "scale": name,
            "item_rest": rest["correlation"],
            "n_item_rest": rest["n"],
            "item_rest_spearman": _against(scale, "spearman", rests)["correlation"],
            "item_rest_polyserial": _against(scale, "polyserial", rests)["correlation"],
            "item_total": _against(scale, "pearson", totals)["correlation"],
            "item_total_spearman": _against(scale, "spearman", totals)["correlation"],
            "alpha_if_dropped": alpha,
            "omega_if_dropped": omega,
            "n_if_dropped": n_complete,
        }
    )


def _whole(frame: pd.DataFrame, missing: Rest) -> pd.DataFrame:
    """Return the correlations of every item with the whole framework."""
    rests, totals = (_mean_scores(frame, missing, leave_out) for leave_out in (True, False))
    return pd.DataFrame(
        {
            "framework_rest": _against(frame, "pearson", rests)["correlation"],
            "framework_rest_spearman": _against(frame, "spearman", rests)["correlation"],
            "framework_total": _against(frame, "pearson", totals)["correlation"],
            "framework_total_spearman": _against(frame, "spearman", totals)["correlation"],
        }
    )


def _against(frame: pd.DataFrame, method: Method, scores: np.ndarray) -> pd.DataFrame:
    """Return each item's correlation with its scores and the n behind it."""
    answers = frame.to_numpy()
    both = ~(np.isnan(answers) | np.isnan(scores))
    correlations = [correlation_of(answers[:, i], scores[:, i], method) for i in range(answers.shape[1])]
    return pd.DataFrame({"correlation": correlations, "n": both.sum(axis=0)}, index=frame.columns)


def _mean_scores(frame: pd.DataFrame, missing: Rest, leave_out: bool) -> np.ndarray:
    """Return for every item each person's mean of the (other) items answered, NaN where too few were."""
    one_of(missing, ("available", "listwise"), "missing")
    answered, answers = ~np.isnan(frame.to_numpy()), frame.fillna(0.0).to_numpy()
    total, count = answers.sum(axis=1, keepdims=True), answered.sum(axis=1, keepdims=True, dtype=np.int16)
    if leave_out:
        total, count = total - answers, count - answered
    size = frame.shape[1] - int(leave_out)
    needed = size if missing == "listwise" else max(1.0, _ANSWERED_SHARE * size)
    with np.errstate(invalid="ignore", divide="ignore"):
        means = total / count
    means[(count < needed) | (count == 0)] = np.nan
    return np.broadcast_to(means, answers.shape)


def _pairwise_rest(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the item-rest correlations that follow from pairwise covariances."""
    covariances, answered = frame.cov().to_numpy(), frame.notna().to_numpy(dtype=float)
    with_rest = covariances.sum(axis=1) - np.diag(covariances)
    rest_variance = covariances.sum() - 2 * with_rest - np.diag(covariances)
    product = np.diag(covariances) * rest_variance
    r = np.divide(with_rest, np.sqrt(np.abs(product)), out=np.full(len(product), np.nan), where=product > 0)
    shared = (answered.T @ answered).min(axis=1).astype(int)
    return pd.DataFrame({"correlation": r, "n": shared}, index=frame.columns)


def _if_dropped(scale: pd.DataFrame) -> tuple[pd.Series, pd.Series, int]:
    """Return alpha and omega without each item over complete rows, NaN where not defined, and the n."""
    from psychometrics.reliability import alpha_if_dropped, omega_if_dropped

    kept = scale.dropna()
    return _or_nan(alpha_if_dropped, kept), _or_nan(omega_if_dropped, kept), len(kept)


def _or_nan(coefficient: Callable[[pd.DataFrame], pd.Series], scale: pd.DataFrame) -> pd.Series:
    """Return a coefficient of every item, NaN where the scale does not define it."""
    try:
        return coefficient(scale)
    except PsychometricsError:
        return pd.Series(np.nan, index=scale.columns)
