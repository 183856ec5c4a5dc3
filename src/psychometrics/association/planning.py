"""What a sample of n persons can show about a correlation: power and precision."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import optimize, stats

from psychometrics._checks import share
from psychometrics.association.correlation import (
    CorrelationMethod,
    correlation_interval,
    fisher_variance,
)
from psychometrics.errors import PsychometricsError, TooFewPersonsError

_LARGEST = 0.999999


def correlation_power(correlation: float, n: int, alpha: float = 0.05, method: CorrelationMethod = "spearman") -> float:
    r"""Power of the two-sided test of a zero correlation, by Fisher's z.

    .. math:: \Phi\left(\frac{|\operatorname{artanh}\rho| - z_{1-\alpha/2}\sqrt{v_0}}{\sqrt{v_\rho}}\right)

    plus the (tiny) other tail, where :math:`v_0` and :math:`v_\rho` are the variances of Fisher's z at zero
    and at :math:`\rho` (:func:`psychometrics.association.correlation_interval`).

    Parameters
    ----------
    correlation : float
        True correlation.
    n : int
        Complete pairs, at least 4 (5 for Kendall).
    alpha : float
        Two-sided error rate.
    method : {"spearman", "pearson", "kendall"}

    Returns
    -------
    float

    Raises
    ------
    TooFewPersonsError
        `n` too small for the variance of Fisher's z.

    References
    ----------
    Bonett & Wright (2000). Hulley, S. B., et al. (2013). Designing clinical research (4th ed.), appendix 6C.

    Notes
    -----
    Validated against Hulley's printed table and pingouin's ``power_corr`` (within .01 from n = 90).

    See Also
    --------
    minimum_detectable_correlation : The other way round.

    Examples
    --------
    >>> round(correlation_power(0.30, 91), 2)
    0.82
    """
    share(alpha, "alpha")
    _require_pairs(n, method)
    effect = np.arctanh(min(abs(correlation), _LARGEST))
    critical = stats.norm.ppf(1 - alpha / 2) * np.sqrt(fisher_variance(0, n, method))
    spread = np.sqrt(fisher_variance(correlation, n, method))
    return float(stats.norm.cdf((effect - critical) / spread) + stats.norm.cdf((-effect - critical) / spread))


def minimum_detectable_correlation(
    n: int, power: float = 0.80, alpha: float = 0.05, method: CorrelationMethod = "spearman"
) -> float:
    """Smallest true correlation that `n` persons find with the wanted power.

    Solves :func:`correlation_power` for the correlation.

    Parameters
    ----------
    n : int
        Complete pairs.
    power : float
        Wanted power, above `alpha`.
    alpha : float
        Two-sided error rate.
    method : {"spearman", "pearson", "kendall"}

    Returns
    -------
    float
        ``NaN`` when no correlation reaches the power at this n.

    Raises
    ------
    TooFewPersonsError
        `n` too small for the variance of Fisher's z.
    PsychometricsError
        `power` not above `alpha`.

    See Also
    --------
    persons_for_correlation : How many people a correlation takes.

    Examples
    --------
    >>> round(minimum_detectable_correlation(91), 3)
    0.292
    """
    _require_power(power, alpha)
    if correlation_power(_LARGEST, n, alpha, method) < power:
        return float("nan")

    def shortfall(value: float) -> float:
        return correlation_power(value, n, alpha, method) - power

    return float(optimize.brentq(shortfall, 0, _LARGEST, xtol=1e-12))


def persons_for_correlation(
    correlation: float, power: float = 0.80, alpha: float = 0.05, method: CorrelationMethod = "spearman"
) -> int:
    """Fewest persons that find a true correlation with the wanted power.

    Parameters
    ----------
    correlation : float
        True correlation, not zero.
    power, alpha, method
        As in :func:`minimum_detectable_correlation`.

    Returns
    -------
    int

    Raises
    ------
    PsychometricsError
        Correlation zero or outside (-1, 1), or `power` not above `alpha`.

    See Also
    --------
    minimum_detectable_correlation : What a number of people can show.

    Examples
    --------
    >>> persons_for_correlation(0.30)
    87
    """
    _require_power(power, alpha)
    if not 0 < abs(correlation) < 1:
        raise PsychometricsError(f"the correlation must be above 0 and below 1 in size; {correlation} is not")
    smallest = 5 if method == "kendall" else 4
    upper = smallest
    while correlation_power(correlation, upper, alpha, method) < power:
        upper *= 2
    sizes = range(smallest, upper + 1)
    return sizes[bisect_left(sizes, power, key=lambda n: correlation_power(correlation, n, alpha, method))]


@dataclass(frozen=True)
class CorrelationPrecision:
    """Interval that a correlation of a stated size would get; see :func:`correlation_precision`."""

    correlation: float
    n: int
    lower: float
    upper: float
    half_width: float
    confidence: float
    method: str

    def to_frame(self) -> pd.DataFrame:
        """Return one row with every figure."""
        return pd.DataFrame([{name: getattr(self, name) for name in self.__dataclass_fields__}])


def correlation_precision(
    correlation: float, n: int, confidence: float = 0.95, method: CorrelationMethod = "spearman"
) -> CorrelationPrecision:
    """Interval that an observed correlation of this size gets from `n` persons.

    Parameters
    ----------
    correlation : float
        Observed correlation, between -1 and 1.
    n : int
        Complete pairs, at least 4 (5 for Kendall).
    confidence : float
        Confidence of the interval.
    method : {"spearman", "pearson", "kendall"}

    Returns
    -------
    CorrelationPrecision
        ``half_width`` is half the distance between the bounds.

    Raises
    ------
    TooFewPersonsError
        `n` too small for an interval.

    See Also
    --------
    psychometrics.association.correlation_interval : The interval itself.

    Examples
    --------
    >>> round(correlation_precision(0.30, 91).half_width, 3)
    0.192
    """
    _require_pairs(n, method)
    lower, upper = correlation_interval(correlation, n, confidence, method)
    return CorrelationPrecision(correlation, n, lower, upper, (upper - lower) / 2, confidence, method)


def _require_pairs(n: int, method: CorrelationMethod) -> None:
    """Refuse an n at which Fisher's z has no variance."""
    needed = 5 if method == "kendall" else 4
    if n < needed:
        raise TooFewPersonsError(f"n = {n}: at least {needed} complete pairs are needed for an interval")


def _require_power(power: float, alpha: float) -> None:
    """Refuse a power that any test has."""
    share(power, "power")
    share(alpha, "alpha")
    if power <= alpha:
        raise PsychometricsError(f"power ({power}) must be above alpha ({alpha})")
