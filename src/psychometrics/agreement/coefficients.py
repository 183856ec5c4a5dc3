"""Chance-corrected agreement of many raters in Gwet's common frame: any weights, any missing ratings."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from psychometrics.agreement.coding import Coded, Weights, code_ratings, weights_of
from psychometrics.agreement.result import WILSON, AgreementCoefficient, build_result, wilson_interval
from psychometrics.errors import ConstantItemError


def percent_agreement(
    ratings: pd.DataFrame,
    weights: Weights | np.ndarray = "none",
    categories: Sequence[object] | None = None,
    confidence: float = 0.95,
) -> AgreementCoefficient:
    r"""Share of pairs of raters who agree, averaged over subjects.

    .. math:: p_a = \frac1{n'}\sum_{i:\,r_i\ge2}\sum_k \frac{r_{ik}(r^\star_{ik}-1)}{r_i(r_i-1)},\quad
              r^\star_{ik}=\sum_l w_{kl}r_{il}

    Parameters
    ----------
    ratings : DataFrame, shape (n_subjects, n_raters)
        Numbers or text; missing where not rated. Subjects with one rating do not enter.
    weights, categories, confidence
        As in :func:`gwet_ac1`.

    Returns
    -------
    AgreementCoefficient
        ``expected`` is zero. The interval takes subjects as the sample (raters fixed): Wilson's where each subject's
        raters agree or not (two raters, no weights, or no subject in between), else t from the spread of subjects.

    Raises
    ------
    InputShapeError, CodingError, ConstantItemError
        As in :func:`gwet_ac1`.

    References
    ----------
    Gwet (2014), section 3.3. Validated against irrCAC's ``pa.coeff.raw``.

    See Also
    --------
    gwet_ac1 : The same beyond chance.
    wilson_interval : Where its interval comes from.

    Examples
    --------
    >>> import pandas as pd
    >>> ratings = pd.DataFrame({"a": [1, 2, 3, 3, 2, 1], "b": [1, 2, 3, 2, 2, 1], "c": [1, 3, 3, 3, 2, 1]})
    >>> found = percent_agreement(ratings)
    >>> round(found.estimate, 3), round(found.lower, 3), found.upper
    (0.778, 0.416, 1.0)
    """
    coded = code_ratings(ratings, categories)
    return _coefficient("percent agreement", coded, weights, None, confidence)


def gwet_ac1(
    ratings: pd.DataFrame, categories: Sequence[object] | None = None, confidence: float = 0.95
) -> AgreementCoefficient:
    r"""Gwet's AC1: agreement beyond chance that does not collapse when one category is common.

    .. math:: AC_1 = \frac{p_a - p_e}{1 - p_e}, \quad p_e = \frac{1}{q-1}\sum_k \pi_k(1-\pi_k), \quad
              \pi_k = \frac1n\sum_i \frac{r_{ik}}{r_i}

    Parameters
    ----------
    ratings : DataFrame, shape (n_subjects, n_raters)
        Numbers or text; missing where not rated. Every subject with a rating enters the category shares;
        those with two or more enter the observed agreement.
    categories : sequence, optional
        All categories of the scale, in order. Without it those of an ordered Categorical that all raters share, or
        else those that occur. The value depends on their number.
    confidence : float
        Of the t interval with n - 1 degrees of freedom, subjects as the sample, raters fixed.

    Returns
    -------
    AgreementCoefficient

    Raises
    ------
    InputShapeError
        Fewer than two raters, or no subject with two ratings.
    CodingError
        A rating that is not among `categories`.
    ConstantItemError
        One category only, on a scale that is not declared.
    PsychometricsError
        Weights (of the functions that take them) on text whose order is not declared.

    References
    ----------
    Gwet, K. L. (2008). Computing inter-rater reliability and its variance in the presence of high agreement.
    British Journal of Mathematical and Statistical Psychology, 61, 29-48, equations 7 to 11; Gwet (2014),
    chapter 5.

    Notes
    -----
    Validated against irrCAC's ``gwet.ac1.raw``.

    See Also
    --------
    fleiss_kappa : Chance from the shares of the categories.
    gwet_ac2 : With partial credit.

    Examples
    --------
    >>> import pandas as pd
    >>> ratings = pd.DataFrame({"a": [1, 2, 3, 3, 2, 1], "b": [1, 2, 3, 2, 2, 1], "c": [1, 3, 3, 3, 2, 1]})
    >>> found = gwet_ac1(ratings)
    >>> round(found.estimate, 3), round(found.lower, 3), found.upper
    (0.667, 0.125, 1.0)
    """
    coded = code_ratings(ratings, categories)
    return _coefficient("Gwet AC1", coded, "none", _gwet_chance, confidence)


def gwet_ac2(
    ratings: pd.DataFrame,
    weights: Weights | np.ndarray = "quadratic",
    categories: Sequence[object] | None = None,
    confidence: float = 0.95,
) -> AgreementCoefficient:
    r"""Gwet's AC2: AC1 with partial credit for near agreement.

    As :func:`gwet_ac1` with weighted :math:`p_a` and :math:`p_e = \frac{\sum
    w_{kl}}{q(q-1)}\sum\pi_k(1-\pi_k)`.

    Parameters
    ----------
    ratings, categories, confidence
        As in :func:`gwet_ac1`.
    weights : str or ndarray
        As in :func:`agreement_weights`.

    Returns
    -------
    AgreementCoefficient

    Raises
    ------
    InputShapeError, CodingError, ConstantItemError
        As in :func:`gwet_ac1`.

    References
    ----------
    Gwet (2014), section 5.5. Validated against irrCAC's ``gwet.ac1.raw`` with weights.

    See Also
    --------
    gwet_ac1 : Without partial credit.
    agreement_weights : The credit.

    Examples
    --------
    >>> import pandas as pd
    >>> ratings = pd.DataFrame({"a": [1, 2, 3, 3, 2, 1], "b": [1, 2, 3, 2, 2, 1], "c": [1, 3, 3, 3, 2, 1]})
    >>> round(gwet_ac2(ratings, "linear").estimate, 3)
    0.75
    """
    coded = code_ratings(ratings, categories)
    return _coefficient("Gwet AC2", coded, weights, _gwet_chance, confidence)


def fleiss_kappa(
    ratings: pd.DataFrame,
    weights: Weights | np.ndarray = "none",
    categories: Sequence[object] | None = None,
    confidence: float = 0.95,
) -> AgreementCoefficient:
    r"""Fleiss' kappa, generalised to weights and missing ratings.

    .. math:: \kappa = \frac{p_a - p_e}{1 - p_e}, \quad p_e = \sum_{k,l} w_{kl}\pi_k\pi_l

    with :math:`p_a` and :math:`\pi` as in :func:`gwet_ac1`; on complete unweighted ratings this is Fleiss
    (1971).

    Parameters
    ----------
    ratings, categories, confidence
        As in :func:`gwet_ac1`.
    weights : str or ndarray
        As in :func:`agreement_weights`.

    Returns
    -------
    AgreementCoefficient

    Raises
    ------
    InputShapeError, CodingError, ConstantItemError
        As in :func:`gwet_ac1`.

    References
    ----------
    Fleiss, J. L. (1971). Measuring nominal scale agreement among many raters. Psychological Bulletin, 76,
    378-382. Gwet (2014), sections 2.3 and 3.4; Gwet, K. L. (2021). Large-sample variance of Fleiss
    generalized kappa. Educational and Psychological Measurement, 81, 781-790.

    Notes
    -----
    Validated against Fleiss' printed example, irr's ``kappam.fleiss`` and irrCAC's ``fleiss.kappa.raw``.

    See Also
    --------
    gwet_ac1 : Does not collapse when one category is common.
    psychometrics.agreement.conger_kappa : Each rater with own shares.

    Examples
    --------
    >>> import pandas as pd
    >>> ratings = pd.DataFrame({"a": [1, 2, 3, 3, 2, 1], "b": [1, 2, 3, 2, 2, 1], "c": [1, 3, 3, 3, 2, 1]})
    >>> round(fleiss_kappa(ratings).estimate, 3)
    0.667
    """
    coded = code_ratings(ratings, categories)
    return _coefficient("Fleiss kappa", coded, weights, _fleiss_chance, confidence)


def observed_each(counts: np.ndarray, w: np.ndarray) -> np.ndarray:
    """Return the share of agreeing pairs of each subject, NaN with fewer than two ratings."""
    rated = counts.sum(axis=1)
    pairs = np.where(rated >= 2, rated * (rated - 1), np.nan)
    return np.asarray((counts * (counts @ w - 1)).sum(axis=1) / pairs)


def _gwet_chance(coded: Coded, w: np.ndarray, shares: np.ndarray) -> tuple[float, np.ndarray]:
    """Return Gwet's chance agreement and each subject's part in it."""
    q = len(shares)
    scale = w.sum() / (q * (q - 1))
    each = scale * (coded.counts @ (1 - shares)) / coded.n_each
    return float(scale * (shares * (1 - shares)).sum()), each


def _fleiss_chance(coded: Coded, w: np.ndarray, shares: np.ndarray) -> tuple[float, np.ndarray]:
    """Return Fleiss' chance agreement and each subject's part in it."""
    return float(shares @ w @ shares), (coded.counts @ (w @ shares)) / coded.n_each


def _coefficient(
    name: str,
    coded: Coded,
    weights: Weights | np.ndarray,
    chance: Callable[[Coded, np.ndarray, np.ndarray], tuple[float, np.ndarray]] | None,
    confidence: float,
) -> AgreementCoefficient:
    """Return a coefficient with Gwet's linearised standard error (2014, equations 5.10 and 5.11)."""
    w = weights_of(coded, weights)
    n = len(coded.counts)
    shares = (coded.counts / coded.n_each[:, None]).mean(axis=0)
    each = observed_each(coded.counts, w)
    observed = float(np.nanmean(each))
    expected, expected_each = (0.0, np.zeros(n)) if chance is None else chance(coded, w, shares)
    require_chance(expected, coded, name)
    estimate = (observed - expected) / (1 - expected)
    share_pairable = np.isfinite(each).mean()
    raw = np.where(np.isfinite(each), (each - expected) / (1 - expected), 0) / share_pairable
    linear = raw - 2 * (1 - estimate) * (expected_each - expected) / (1 - expected)
    error = float(np.sqrt(np.sum((linear - estimate) ** 2) / (n * (n - 1)))) if n > 1 else float("nan")
    if chance is None and np.isin(each[np.isfinite(each)], (0.0, 1.0)).all():
        return _share(name, coded, weights, (observed, error), confidence)
    return build_result(
        name, coded, weights, (estimate, error), (observed, expected), confidence, "linearised variance"
    )


def require_chance(expected: float, coded: Coded, name: str) -> None:
    """Refuse a coefficient whose chance agreement is complete."""
    if expected > 1 - 1e-12:
        used = [str(value) for value, count in zip(coded.categories, coded.counts.sum(axis=0), strict=True) if count]
        raise ConstantItemError(
            f"every rating is {' or '.join(used)}: agreement by chance is complete, so {name} is undefined; report the "
            "share of agreement, or Gwet's AC1"
        )


def _share(
    name: str, coded: Coded, weights: Weights | np.ndarray, found: tuple[float, float], confidence: float
) -> AgreementCoefficient:
    """Return a share of subjects with Wilson's interval."""
    result = build_result(name, coded, weights, found, (found[0], 0.0), confidence, WILSON)
    bounds = wilson_interval(found[0], result.n_pairable, confidence)
    return replace(result, lower=bounds[0], upper=bounds[1], notes=())
