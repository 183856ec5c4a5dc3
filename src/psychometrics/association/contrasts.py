"""Sceptical questions to a correlation: is it larger than another, is it trivial, what would a marker take away."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from scipy import stats

from psychometrics._checks import share
from psychometrics.association.correlation import (
    correlation_interval,
    fisher_variance,
    require_correlation,
)
from psychometrics.errors import PsychometricsError, TooFewPersonsError

Verdict = Literal["supported", "not supported", "undetermined"]


@dataclass(frozen=True)
class CorrelationDifference:
    """Difference between two correlations; see the ``compare_*_correlations`` functions."""

    first: float
    second: float
    difference: float
    lower: float
    upper: float
    statistic: float
    df: float
    p: float
    test: str
    confidence: float

    def to_frame(self) -> pd.DataFrame:
        """Return one row with every figure."""
        return pd.DataFrame([{name: getattr(self, name) for name in self.__dataclass_fields__}])


def compare_overlapping_correlations(
    first: float, second: float, between: float, n: int, confidence: float = 0.95
) -> CorrelationDifference:
    r"""Compare r(y, a) with r(y, b) in the same people, for example one outcome with a self and with a peer score.

    Williams' t with n - 3 degrees of freedom:

    .. math:: t = (r_{ya}-r_{yb})\sqrt{\frac{(n-1)(1+r_{ab})}{2|R|(n-1)/(n-3) + \bar r^2(1-r_{ab})^3}}

    with :math:`|R|` the determinant of the three variables' correlation matrix and :math:`\bar r` the mean of the
    two. The interval is Zou's, from the separate Fisher intervals and the correlation of the two estimates.

    Parameters
    ----------
    first, second : float
        Pearson r(y, a) and r(y, b).
    between : float
        r(a, b).
    n : int
        People complete on all three.
    confidence : float

    Returns
    -------
    CorrelationDifference

    Raises
    ------
    PsychometricsError
        A value that is no correlation, or three that no data can have together.
    TooFewPersonsError
        n below 5.

    References
    ----------
    Williams, E. J. (1959). The comparison of regression variables. Journal of the Royal Statistical Society B, 21,
    396-399. Steiger, J. H. (1980). Tests for comparing elements of a correlation matrix. Psychological Bulletin,
    87, 245-251, equation 7. Zou, G. Y. (2007). Toward using confidence intervals to compare correlations.
    Psychological Methods, 12, 399-413, equations 13 and 15.

    Notes
    -----
    Validated against psych's ``r.test``; the interval by its coverage in a simulation.

    See Also
    --------
    compare_independent_correlations : Other people in each.

    Examples
    --------
    >>> found = compare_overlapping_correlations(0.40, 0.20, 0.50, 120)
    >>> round(found.difference, 2), round(found.p, 3)
    (0.2, 0.02)
    """
    _require_triplet(first, second, between, n)
    determinant = 1 - first**2 - second**2 - between**2 + 2 * first * second * between
    mean = (first + second) / 2
    scale = 2 * determinant * (n - 1) / (n - 3) + mean**2 * (1 - between) ** 3
    t = (first - second) * np.sqrt((n - 1) * (1 + between) / scale)
    together = _overlap_correlation(first, second, between)
    lower, upper = _zou(first, second, together, n, n, confidence)
    p = 2 * float(stats.t.sf(abs(t), n - 3))
    return CorrelationDifference(
        first, second, first - second, lower, upper, float(t), n - 3, p, "Williams t", confidence
    )


def compare_independent_correlations(
    first: float, n_first: int, second: float, n_second: int, confidence: float = 0.95
) -> CorrelationDifference:
    r"""Compare correlations of two separate groups of people.

    .. math:: z = \frac{\operatorname{artanh} r_1 - \operatorname{artanh} r_2}{\sqrt{1/(n_1-3) + 1/(n_2-3)}}

    with Zou's interval for the difference; ``df`` is ``NaN``, since z refers to the normal.

    Parameters
    ----------
    first, second : float
        Pearson correlations.
    n_first, n_second : int
        People behind each, at least 4.
    confidence : float

    Returns
    -------
    CorrelationDifference

    Raises
    ------
    PsychometricsError, TooFewPersonsError
        As in :func:`compare_overlapping_correlations`.

    References
    ----------
    Fisher (1921). Zou (2007), equation 15. Validated against psych's ``r.test``.

    See Also
    --------
    compare_overlapping_correlations : The same people in both.

    Examples
    --------
    >>> found = compare_independent_correlations(0.40, 120, 0.10, 150)
    >>> round(found.statistic, 3), round(found.p, 3)
    (2.61, 0.009)
    """
    for value in (first, second):
        require_correlation(value)
    if max(abs(first), abs(second)) == 1:
        raise PsychometricsError("a correlation of exactly -1 or 1 has no error, so it cannot be compared")
    if min(n_first, n_second) < 4:
        raise TooFewPersonsError("comparing correlations needs at least 4 people in each group")
    z = float((np.arctanh(first) - np.arctanh(second)) / np.sqrt(1 / (n_first - 3) + 1 / (n_second - 3)))
    lower, upper = _zou(first, second, 0.0, n_first, n_second, confidence)
    p = 2 * float(stats.norm.sf(abs(z)))
    return CorrelationDifference(
        first, second, first - second, lower, upper, z, float("nan"), p, "Fisher z", confidence
    )


def _require_triplet(first: float, second: float, between: float, n: int) -> None:
    """Refuse correlations that cannot stand together."""
    for value in (first, second, between):
        require_correlation(value)
    if 1 - first**2 - second**2 - between**2 + 2 * first * second * between <= 0:
        raise PsychometricsError(f"no data have the correlations {first}, {second} and {between} together")
    if n < 5:
        raise TooFewPersonsError(f"n = {n}: comparing dependent correlations needs at least 5 people")


def _overlap_correlation(a: float, b: float, between: float) -> float:
    """Return the correlation of two sample correlations that share a variable (Zou 2007, equation 13)."""
    top = (between - a * b / 2) * (1 - a**2 - b**2 - between**2) + between**3
    return top / ((1 - a**2) * (1 - b**2))


def _zou(a: float, b: float, together: float, n_a: int, n_b: int, confidence: float) -> tuple[float, float]:
    """Return Zou's interval of a difference between correlations (2007, equation 15)."""
    low_a, high_a = correlation_interval(a, n_a, confidence, "pearson")
    low_b, high_b = correlation_interval(b, n_b, confidence, "pearson")
    down = (a - low_a) ** 2 + (high_b - b) ** 2 - 2 * together * (a - low_a) * (high_b - b)
    up = (high_a - a) ** 2 + (b - low_b) ** 2 - 2 * together * (high_a - a) * (b - low_b)
    return float(a - b - np.sqrt(max(down, 0))), float(a - b + np.sqrt(max(up, 0)))


@dataclass(frozen=True)
class EquivalenceTest:
    """Two one-sided tests of a correlation; see :func:`equivalence_test`."""

    estimate: float
    n: int
    smallest_effect: float
    lower: float
    upper: float
    p_above_lower: float
    p_below_upper: float
    p: float
    equivalent: bool
    alpha: float
    method: str

    def to_frame(self) -> pd.DataFrame:
        """Return one row with every figure."""
        return pd.DataFrame([{name: getattr(self, name) for name in self.__dataclass_fields__}])


def equivalence_test(
    estimate: float,
    n: int,
    smallest_effect: float,
    alpha: float = 0.05,
    method: Literal["spearman", "pearson"] = "spearman",
) -> EquivalenceTest:
    r"""Whether a correlation is shown to be smaller, in either direction, than the smallest effect of interest.

    Two one-sided tests on Fisher's z against :math:`-\Delta` and :math:`+\Delta`; the larger p counts. The bounds
    are those of the (1 - 2 alpha) interval, which lies inside the limits just when both tests reject.

    Parameters
    ----------
    estimate : float
        Observed correlation.
    n : int
        Complete pairs, at least 4.
    smallest_effect : float
        Above 0 and below 1.
    alpha : float
        Error rate of each test.
    method : {"spearman", "pearson"}

    Returns
    -------
    EquivalenceTest

    Raises
    ------
    PsychometricsError
        A limit outside (0, 1).
    TooFewPersonsError
        n below 4.

    References
    ----------
    Schuirmann, D. J. (1987). A comparison of the two one-sided tests procedure and the power approach. Journal of
    Pharmacokinetics and Biopharmaceutics, 15, 657-680. Lakens, D. (2017). Equivalence tests. Social Psychological
    and Personality Science, 8, 355-362, equation 8.

    Notes
    -----
    Validated by the identity with the (1 - 2 alpha) interval.

    See Also
    --------
    verdict : Supported, not supported, or undetermined.

    Examples
    --------
    >>> equivalence_test(0.02, 400, 0.15).equivalent
    True
    """
    require_correlation(estimate)
    share(smallest_effect, "smallest_effect")
    if n < 4:
        raise TooFewPersonsError(f"n = {n}: an equivalence test needs at least 4 complete pairs")
    error = np.sqrt(fisher_variance(estimate, n, method))
    centre, limit = np.arctanh(np.clip(estimate, -1 + 1e-15, 1 - 1e-15)), np.arctanh(smallest_effect)
    above = float(stats.norm.sf((centre + limit) / error))
    below = float(stats.norm.cdf((centre - limit) / error))
    lower, upper = correlation_interval(estimate, n, 1 - 2 * alpha, method)
    p = max(above, below)
    return EquivalenceTest(estimate, n, smallest_effect, lower, upper, above, below, p, p < alpha, alpha, method)


def verdict(
    estimate: float,
    lower: float,
    upper: float,
    p: float,
    smallest_effect: float,
    direction: Literal[1, -1] = 1,
    alpha: float = 0.05,
) -> Verdict:
    """Judge a directed claim by its interval, its (adjusted) p-value and the smallest effect of interest.

    ``not supported`` when the interval rules out an effect of the claimed direction as large as the smallest of
    interest; else ``supported`` when p is below alpha and the estimate has the claimed sign; else
    ``undetermined``: the data can tell neither.

    Parameters
    ----------
    estimate, lower, upper : float
        Estimate and interval.
    p : float
        Two-sided p-value, adjusted within its family where there is one.
    smallest_effect : float
        Zero or above, in the units of the estimate.
    direction : {1, -1}
        Sign of the claim.
    alpha : float

    Returns
    -------
    {"supported", "not supported", "undetermined"}
        ``undetermined`` also when estimate or interval is ``NaN``.

    Raises
    ------
    PsychometricsError
        A direction that is not 1 or -1, or a negative smallest effect.

    References
    ----------
    Lakens, D., Scheel, A. M., & Isager, P. M. (2018). Equivalence testing for psychological research: a tutorial.
    Advances in Methods and Practices in Psychological Science, 1, 259-269 (minimal effects and inferiority).

    See Also
    --------
    equivalence_test : Whether an effect is shown to be small.

    Examples
    --------
    >>> verdict(0.30, 0.10, 0.48, 0.004, smallest_effect=0.10)
    'supported'
    """
    if direction not in (1, -1) or smallest_effect < 0:
        raise PsychometricsError("direction must be 1 or -1, and smallest_effect zero or above")
    best = upper if direction == 1 else -lower
    if best < smallest_effect:
        return "not supported"
    if p < alpha and estimate * direction > 0:
        return "supported"
    return "undetermined"


def marker_adjusted(correlation: float, marker: float, n: int, confidence: float = 0.95) -> pd.DataFrame:
    r"""Correlation with the variance of a marker variable taken out, as a check on common-source inflation.

    .. math:: r_a = \frac{r - r_m}{1 - r_m}, \quad t = r_a\sqrt{\frac{n-3}{1-r_a^2}}

    Parameters
    ----------
    correlation : float
        Same-source correlation.
    marker : float
        Correlation of a variable from the same source with another to which theory ties it in no way: the smallest
        such correlation, zero or above.
    n : int
        Complete rows, at least 5.
    confidence : float

    Returns
    -------
    DataFrame
        One row: ``observed``, ``marker``, ``adjusted``, ``lower``, ``upper`` (Fisher's z at n - 1), ``t``, ``df``,
        ``p``, ``note``. An adjusted value of -1 or beyond has no interval and no test, and the note says so.

    Raises
    ------
    PsychometricsError
        A value that is no correlation, or a marker outside [0, 1).
    TooFewPersonsError
        n below 5.

    References
    ----------
    Lindell, M. K., & Whitney, D. J. (2001). Accounting for common method variance in cross-sectional research
    designs. Journal of Applied Psychology, 86, 114-121, equations 4 and 5.


    See Also
    --------
    psychometrics.association.partial_correlations : Several covariates.

    Examples
    --------
    >>> round(marker_adjusted(0.40, 0.10, 200)["adjusted"].item(), 3)
    0.333
    """
    require_correlation(correlation)
    if not 0 <= marker < 1:
        raise PsychometricsError(f"the marker's correlation must lie from 0 to below 1; {marker} does not")
    if n < 5:
        raise TooFewPersonsError(f"n = {n}: the marker correction needs at least 5 complete rows")
    adjusted = (correlation - marker) / (1 - marker)
    row: dict[str, object] = {"observed": correlation, "marker": marker, "adjusted": adjusted}
    if abs(adjusted) >= 1:
        nothing = dict.fromkeys(("lower", "upper", "t"), float("nan"))
        note = "the adjusted value is no correlation: the marker is tied to the measures, or too large"
        return pd.DataFrame([row | nothing | {"df": n - 3, "p": float("nan"), "note": note}])
    lower, upper = correlation_interval(adjusted, n - 1, confidence, "pearson")
    t = adjusted * np.sqrt((n - 3) / (1 - adjusted**2))
    tested = {"t": t, "df": n - 3, "p": 2 * stats.t.sf(abs(t), n - 3), "note": ""}
    return pd.DataFrame([row | {"lower": lower, "upper": upper} | tested])
