"""Kappas with each rater's own category shares: Cohen's for two raters, Conger's for more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from scipy import stats

from psychometrics.agreement.coding import Weights, code_ratings, weights_of
from psychometrics.agreement.coefficients import observed_each, require_chance
from psychometrics.agreement.result import AgreementCoefficient, build_result
from psychometrics.errors import ConstantItemError, InputShapeError


def cohen_kappa(
    first: pd.Series,
    second: pd.Series,
    weights: Weights | np.ndarray = "none",
    categories: Sequence[object] | None = None,
    confidence: float = 0.95,
) -> AgreementCoefficient:
    r"""Cohen's kappa between two raters.

    .. math:: \kappa_w = \frac{p_o - p_e}{1 - p_e}, \quad p_o = \sum w_{kl}p_{kl}, \quad
              p_e = \sum w_{kl}p_{k\cdot}p_{\cdot l}

    .. math:: \operatorname{var}(\hat\kappa_w) = \frac{\sum p_{kl}\{w_{kl} -
              (\bar w_{k\cdot}+\bar w_{\cdot l})(1-\hat\kappa_w)\}^2 -
              \{\hat\kappa_w - p_e(1-\hat\kappa_w)\}^2}{n(1-p_e)^2}

    with :math:`\bar w_{k\cdot} = \sum_l w_{kl}p_{\cdot l}` and :math:`\bar w_{\cdot l} = \sum_k
    w_{kl}p_{k\cdot}`; the interval is normal.

    Parameters
    ----------
    first, second : Series, shape (n_subjects,)
        Ratings by each rater, numbers or text; subjects that either left out are dropped.
    weights : {"none", "linear", "quadratic", "ordinal"} or ndarray
        As in :func:`agreement_weights`.
    categories : sequence, optional
        All categories in order; needed for weights on text (or use an ordered Categorical), or when the ends of the
        scale do not occur.
    confidence : float

    Returns
    -------
    AgreementCoefficient

    Raises
    ------
    InputShapeError
        Different subjects, or none rated by both.
    ConstantItemError
        Both raters use the same single category, so that chance agreement is complete.
    CodingError
        A rating that is not among `categories`.

    References
    ----------
    Cohen, J. (1960). A coefficient of agreement for nominal scales. Educational and Psychological
    Measurement, 20, 37-46. Cohen (1968). Fleiss, J. L., Cohen, J., & Everitt, B. S. (1969). Large sample
    standard errors of kappa and weighted kappa. Psychological Bulletin, 72, 323-327, equations 8 and 13.

    Notes
    -----
    Validated against psych's ``cohen.kappa``, irr's ``kappa2``, vcd's ``Kappa`` and statsmodels. psych's
    standard error of the weighted kappa differs (it uses another weight mean); vcd's is the one of the paper.

    See Also
    --------
    conger_kappa : More than two raters.
    psychometrics.agreement.gwet_ac1 : Does not collapse when one category is common.

    Examples
    --------
    >>> import pandas as pd
    >>> ratings = pd.DataFrame({"a": [1, 2, 3, 3, 2, 1], "b": [1, 2, 3, 2, 2, 1], "c": [1, 3, 3, 3, 2, 1]})
    >>> found = cohen_kappa(ratings["a"], ratings["b"], "linear")
    >>> round(found.estimate, 3), found.n_subjects
    (0.8, 6)
    """
    if not first.index.equals(second.index):
        raise InputShapeError("the two raters must have the same index in the same order: align them first")
    both = first.notna() & second.notna()
    pair = pd.DataFrame({"first": first[both], "second": second[both]})
    if pair.empty:
        raise InputShapeError("no subject was rated by both raters")
    coded = code_ratings(pair, categories)
    table = _table(coded.codes, len(coded.categories))
    estimate, error, observed, expected = _kappa(table / table.sum(), weights_of(coded, weights), int(table.sum()))
    result = build_result(
        "Cohen kappa", coded, weights, (estimate, error), (observed, expected), confidence,
        "Fleiss-Cohen-Everitt variance", float(stats.norm.ppf((1 + confidence) / 2)),
    )  # fmt: skip
    constant = [str(name) for name, used in zip(("first", "second"), _in_use(table), strict=True) if used < 2]
    left_out = (f"{int((~both).sum())} subjects without both ratings left out",) if (~both).any() else ()
    if not constant:
        return replace(result, notes=left_out + result.notes)
    reason = f"the {constant[0]} rater uses one category: kappa is zero whatever the other does, and has no interval"
    nothing = float("nan")
    return replace(result, standard_error=nothing, lower=nothing, upper=nothing, notes=(*left_out, reason))


def _in_use(table: np.ndarray) -> tuple[int, int]:
    """Return how many categories each of the two raters uses."""
    return int((table.sum(axis=1) > 0).sum()), int((table.sum(axis=0) > 0).sum())


def _table(codes: np.ndarray, q: int) -> np.ndarray:
    """Return the cross-table of two raters."""
    return np.bincount(codes[:, 0] * q + codes[:, 1], minlength=q * q).reshape(q, q).astype(float)


def _kappa(p: np.ndarray, w: np.ndarray, n: int) -> tuple[float, float, float, float]:
    """Return kappa, its standard error, observed and expected agreement."""
    rows, columns = p.sum(axis=1), p.sum(axis=0)
    observed, expected = float((w * p).sum()), float(rows @ w @ columns)
    if np.isclose(expected, 1):
        raise ConstantItemError("both raters use one and the same category: kappa is undefined")
    kappa = (observed - expected) / (1 - expected)
    means = (w @ columns)[:, None] + (rows @ w)[None, :]
    spread = (p * (w - means * (1 - kappa)) ** 2).sum() - (kappa - expected * (1 - kappa)) ** 2
    return kappa, float(np.sqrt(max(spread, 0) / n)) / (1 - expected), observed, expected


def conger_kappa(
    ratings: pd.DataFrame,
    weights: Weights | np.ndarray = "none",
    categories: Sequence[object] | None = None,
    confidence: float = 0.95,
) -> AgreementCoefficient:
    r"""Conger's kappa: chance agreement from each rater's own category shares.

    .. math:: p_e = \sum_{k,l} w_{kl}\,\frac{1}{r(r-1)}\sum_{g\ne h} p_{gk}\,p_{hl}

    with p the share of category k among the ratings of rater g. For two raters it is Cohen's kappa. The
    interval comes from the jackknife over subjects (t with n - 1 degrees of freedom).

    Parameters
    ----------
    ratings, categories, confidence
        As in :func:`gwet_ac1`. The columns must be the same raters throughout.
    weights : str or ndarray
        As in :func:`agreement_weights`.

    Returns
    -------
    AgreementCoefficient

    Raises
    ------
    InputShapeError, CodingError, ConstantItemError
        As in :func:`gwet_ac1`; also a rater without ratings.

    References
    ----------
    Conger, A. J. (1980). Integration and generalization of kappas for multiple raters. Psychological
    Bulletin, 88, 322-328.

    Notes
    -----
    Validated against irr's ``kappam.fleiss(exact = TRUE)``.

    See Also
    --------
    cohen_kappa : Two raters.
    psychometrics.agreement.fleiss_kappa : Raters that may be others each time.

    Examples
    --------
    >>> import pandas as pd
    >>> ratings = pd.DataFrame({"a": [1, 2, 3, 3, 2, 1], "b": [1, 2, 3, 2, 2, 1], "c": [1, 3, 3, 3, 2, 1]})
    >>> round(conger_kappa(ratings).estimate, 3)
    0.676
    """
    coded = code_ratings(ratings, categories)
    w = weights_of(coded, weights)
    estimate, observed, expected = _conger(coded.codes, len(coded.categories), w)
    require_chance(expected, coded, "Conger kappa")
    n = len(coded.codes)
    left_out = np.array([_left_out(coded.codes, place, w) for place in range(n)])
    failed = int((~np.isfinite(left_out)).sum())
    error = float(np.sqrt((n - 1) / n * np.sum((left_out - left_out.mean()) ** 2))) if n > 1 and not failed else np.nan
    result = build_result(
        "Conger kappa", coded, weights, (estimate, error), (observed, expected), confidence, "jackknife"
    )
    return replace(result, n_resamples=n, n_failed=failed)


def _left_out(codes: np.ndarray, place: int, w: np.ndarray) -> float:
    """Return kappa without one subject; NaN where it is then undefined."""
    try:
        value, _, expected = _conger(np.delete(codes, place, 0), len(w), w)
    except InputShapeError:
        return np.nan
    return value if expected < 1 - 1e-12 else np.nan


def _conger(codes: np.ndarray, q: int, w: np.ndarray) -> tuple[float, float, float]:
    """Return kappa, observed and expected agreement."""
    by_rater = np.stack([(codes == k).sum(axis=0) for k in range(q)], axis=1).astype(float)
    rated = by_rater.sum(axis=1)
    if (rated == 0).any():
        raise InputShapeError(f"rater {int(np.argmin(rated)) + 1} (by column) has no rating; leave the column out")
    shares = by_rater / rated[:, None]
    total = shares.sum(axis=0)
    r = len(shares)
    expected = (total @ w @ total - np.einsum("gk,kl,gl->", shares, w, shares)) / (r * (r - 1))
    counts = (codes[:, :, None] == np.arange(q)).sum(axis=1).astype(float)
    each = observed_each(counts, w)
    if np.isnan(each).all():
        raise InputShapeError("no subject has two ratings, so there is no agreement to measure")
    observed = float(np.nanmean(each))
    room = 1 - expected
    return (observed - expected) / room if room > 1e-12 else np.nan, observed, float(expected)
