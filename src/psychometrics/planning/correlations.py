"""How many people a correlation takes whose error, and whose correction for unreliability, are estimates."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import optimize, special, stats

from psychometrics._checks import at_least, share
from psychometrics.errors import PsychometricsError

_NEARLY_ONE = 1 - 1e-12
# No plan asks for more people.
MOST_PERSONS = 10_000_000
_DRAWS = 2000
# From so many degrees of freedom on, t is taken for normal; no effect counts as farther away, in errors, than this.
_LIKE_NORMAL, _FAR = 1e5, 30.0


@dataclass(frozen=True)
class CorrelationPlan:
    """People that a correlation takes; see :func:`persons_for_corrected_correlation`.

    Attributes
    ----------
    n : float
        People if error and reliability are as estimated.
    n_fewest, n_most : float
        Central interval of this number over the uncertainty of both; NaN where neither is uncertain.
    n_expected : float
        People with whom the power, averaged over this uncertainty, is the wanted one. NaN above ten million, with a
        note.
    correlation, reliability, power, alpha, confidence : float
        What was planned for.
    unit_error : float
        Error of Fisher's z in this sample, times the root of its n.
    cluster_size : float
        People of a cluster, or one where people are independent; 0 where the error is known.
    unit_errors, effects : ndarray
        Draws of the error of Fisher's z times the root of n, and of the Fisher z that the next sample observes.
    notes : tuple of str
    """

    n: float
    n_fewest: float
    n_most: float
    n_expected: float
    correlation: float
    reliability: float
    power: float
    alpha: float
    confidence: float
    unit_error: float
    cluster_size: float
    unit_errors: np.ndarray
    effects: np.ndarray
    notes: tuple[str, ...] = ()

    def expected_power(self, n: float) -> float:
        """Power with n people, averaged over the uncertainty."""
        return float(np.mean(_power(self.effects / self.unit_errors, n, self.cluster_size, self.alpha)))

    def power_range(self, n: float) -> tuple[float, float]:
        """Central interval of the power with n people."""
        powers = _power(self.effects / self.unit_errors, n, self.cluster_size, self.alpha)
        ends = np.quantile(powers, _tails(self.confidence))
        return float(ends[0]), float(ends[1])

    def half_widths(self, n: float) -> np.ndarray:
        """Half-width of the interval of the corrected correlation with n people, at the estimate and in each draw."""
        reach = _critical(1 - self.confidence, n, self.cluster_size)
        if math.isinf(reach):
            return np.full(len(self.effects) + 1, math.inf)
        effect = math.atanh(min(abs(self.correlation) * math.sqrt(self.reliability), _NEARLY_ONE))
        effects, errors = np.append(effect, self.effects), np.append(self.unit_error, self.unit_errors)
        # on the scale of the correlation observed, over the root of the reliability
        ends = np.tanh(effects[:, None] + np.array([-1, 1]) * (reach * errors / math.sqrt(n))[:, None])
        return np.asarray((ends[:, 1] - ends[:, 0]) / 2 * abs(self.correlation) / np.tanh(effects))

    def persons_for_half_width(self, half_width: float) -> tuple[float, float, float]:
        """Fewest people that give the corrected correlation an interval of this half-width, and the range of the draws.

        The half-width is that of Fisher's interval, divided by the root of the reliability.
        """
        at_least(half_width, 1e-6, "half_width")

        def needed(level: float | None) -> float:
            def reached(n: float) -> float:
                widths = self.half_widths(n)
                if math.isinf(widths[0]):
                    return -math.inf
                return half_width - float(widths[0] if level is None else np.quantile(widths[1:], level))

            return _fewest(reached)

        lowest, highest = _tails(self.confidence)
        return needed(None), needed(lowest), needed(highest)

    def persons_for_distance(self, distance: float) -> float:
        """Fewest people whose interval, at ``alpha``, leaves out what lies so far away on Fisher's scale."""
        at_least(distance, 1e-12, "distance")

        def reached(n: float) -> float:
            return distance - _critical(self.alpha, n, self.cluster_size) * self.unit_error / math.sqrt(n)

        return _fewest(reached)

    def to_frame(self) -> pd.DataFrame:
        """Return one row with every figure."""
        left_out = ("notes", "unit_errors", "effects")
        row = {name: getattr(self, name) for name in self.__dataclass_fields__ if name not in left_out}
        return pd.DataFrame([row | {"note": "; ".join(self.notes)}])


def persons_for_corrected_correlation(
    correlation: float,
    n: float,
    fisher_error: float,
    df: float = math.inf,
    reliability: float = 1.0,
    reliability_lower: float = math.nan,
    reliability_upper: float = math.nan,
    power: float = 0.80,
    alpha: float = 0.05,
    confidence: float = 0.95,
    seed: int = 0,
) -> CorrelationPlan:
    r"""Fewest people that find a true correlation behind a measure that is unreliable by a degree that is estimated.

    A correlation :math:`\rho` is observed as :math:`\rho \sqrt{\lambda}`. With e the error of Fisher's z that n people
    of this sample gave, its clusters included, N people of the next sample reach the power

    .. math:: P\left(|T| > t_{1-\alpha/2,\,d}\right), \quad
       T \sim t_d\left(\frac{\sqrt N \operatorname{artanh}(\rho\sqrt\lambda)}{\sqrt n\, e}\right), \quad
       d = N\,\frac{df + 1}{n} - 1

    with T noncentral t: the next sample has clusters as large as this one, and its test refers to t with the clusters
    minus one. With few clusters this asks for many more people than the normal distribution does.

    Neither e nor :math:`\lambda` is known. :math:`e^2` is drawn from :math:`e^2\, df / \chi^2_{df}`; Fisher's z of the
    reliability of a mean, :math:`-\tfrac12 \ln(1-\lambda)`, from a normal distribution with the width of the interval
    of :math:`\lambda`. The N of the draws give the range, and the power of the draws, averaged, the N that is expected
    to reach it ("assurance").

    Parameters
    ----------
    correlation : float
        True correlation to be found, not zero.
    n, fisher_error : float
        People of this sample and the standard error of Fisher's z that they gave to the observed correlation.
    df : float
        Degrees of freedom of this error: clusters minus one, or people minus two; infinite where the error is known,
        in this sample and the next.
    reliability, reliability_lower, reliability_upper : float
        Of the unreliable measure with its interval, for as many raters as the next sample is to have; without the
        bounds it counts as known.
    power, alpha : float
        Wanted power of the two-sided test, and its error rate.
    confidence : float
        Of the interval of the reliability, and of the range returned.
    seed : int
        Of 2,000 draws.

    Returns
    -------
    CorrelationPlan

    Raises
    ------
    PsychometricsError
        A correlation of zero or beyond one, an error or a reliability that is not positive, a power not above alpha.

    See Also
    --------
    psychometrics.association.persons_for_correlation : The closed form of independent people and reliable measures.
    corrected_interval : The interval of a corrected correlation.

    References
    ----------
    Fisher, R. A. (1925). Statistical methods for research workers, section 39 (z of intraclass correlations). O'Hagan,
    A., Stevens, J. W., & Campbell, M. J. (2005). Assurance in clinical trial design. Pharmaceutical Statistics, 4,
    187-201. Anderson, S. F., Kelley, K., & Maxwell, S. E. (2017). Sample-size planning for more accurate statistical
    power. Psychological Science, 28, 1547-1562.

    Notes
    -----
    Validated against :func:`psychometrics.association.persons_for_correlation` where nothing is uncertain, against
    R's ``power.t.test(type = "one.sample", strict = TRUE)`` with clusters for people, and by simulated samples of the
    planned size (``benchmarks/recover_planning.py``). The noncentral t is computed as a noncentral F of its square.

    Examples
    --------
    >>> plan = persons_for_corrected_correlation(0.30, 91, 0.11, reliability=0.64, reliability_lower=0.5,
    ...                                          reliability_upper=0.74)
    >>> plan.n, plan.n_fewest < plan.n < plan.n_most
    (145.0, True)
    """
    _require(correlation, n, fisher_error, df, reliability, power, alpha)
    share(confidence)
    generator = np.random.default_rng(seed)
    errors = fisher_error * np.sqrt(n) * _spread(df, generator)
    reliable = _reliabilities(reliability, reliability_lower, reliability_upper, confidence, generator)
    effects = np.arctanh(np.minimum(abs(correlation) * np.sqrt(reliable), _NEARLY_ONE))
    effect = math.atanh(min(abs(correlation) * math.sqrt(reliability), _NEARLY_ONE))
    size = n / (df + 1)
    unit = fisher_error * math.sqrt(n)

    def enough(signals: np.ndarray) -> float:
        return _fewest(lambda persons: float(np.mean(_power(signals, persons, size, alpha))) - power)

    # the people needed fall as the effect over its error rises, so that their quantiles are those of one another
    signals = effects / errors
    high, low = np.quantile(signals, _tails(confidence)[::-1])
    certain = float(np.ptp(signals)) == 0
    fewest, most = (math.nan, math.nan) if certain else (enough(np.array([high])), enough(np.array([low])))
    expected = enough(signals)
    return CorrelationPlan(
        n=enough(np.array([effect / unit])),
        n_fewest=fewest,
        n_most=most,
        n_expected=expected,
        correlation=correlation,
        reliability=reliability,
        power=power,
        alpha=alpha,
        confidence=confidence,
        unit_error=unit,
        cluster_size=size,
        unit_errors=errors,
        effects=effects,
        notes=_notes(certain, expected),
    )


def corrected_interval(
    estimate: float,
    lower: float,
    upper: float,
    reliability: float,
    reliability_lower: float = math.nan,
    reliability_upper: float = math.nan,
) -> tuple[float, float]:
    r"""Interval of a correlation divided by the root of a reliability that is an estimate as well.

    With :math:`s = \sqrt\lambda` and its bounds, the interval holds every :math:`\theta` for which
    :math:`r - \theta s` could be zero by the recovered variances of both (MOVER):

    .. math:: (r - \theta s)^2 \le (r - l)^2 + \theta^2 (s_u - s)^2

    at the lower end of a positive :math:`\theta`, and with the opposite bounds at the other ends.

    Parameters
    ----------
    estimate, lower, upper : float
        Observed correlation and its interval.
    reliability, reliability_lower, reliability_upper : float
        Above 0; without the bounds it counts as known, and the interval is divided by its root.

    Returns
    -------
    tuple of float
        NaN where the reliability could be zero, so that one of them would have no end.

    Raises
    ------
    PsychometricsError
        A reliability not above 0, or bounds that do not enclose their estimate.

    See Also
    --------
    psychometrics.association.disattenuate : With reliabilities that count as known.

    References
    ----------
    Donner, A., & Zou, G. Y. (2012). Closed-form confidence intervals for functions of the normal mean and standard
    deviation. Statistical Methods in Medical Research, 21, 347-359. Charles, E. P. (2005). The correction for
    attenuation due to measurement error: clarifying concepts and creating confidence sets. Psychological Methods, 10,
    206-226.

    Notes
    -----
    Validated by identity with the divided bounds where the reliability is known, and by its coverage in simulation.

    Examples
    --------
    >>> lower, upper = corrected_interval(0.30, 0.10, 0.48, 0.64, 0.50, 0.74)
    >>> round(lower, 3), round(upper, 3)
    (0.125, 0.611)
    """
    if not reliability > 0:
        raise PsychometricsError(f"a reliability must lie above 0; {reliability} does not")
    if not lower <= estimate <= upper:
        raise PsychometricsError(f"{lower} and {upper} do not enclose {estimate}")
    s = math.sqrt(reliability)
    if math.isnan(reliability_lower) or math.isnan(reliability_upper):
        return lower / s, upper / s
    if not reliability_lower <= reliability <= reliability_upper:
        raise PsychometricsError(f"{reliability_lower} and {reliability_upper} do not enclose {reliability}")
    below, above = s - math.sqrt(max(reliability_lower, 0.0)), math.sqrt(reliability_upper) - s
    ends = (
        _end(estimate, estimate - lower, s, below, above, -1),
        _end(estimate, upper - estimate, s, above, below, 1),
    )
    return (math.nan, math.nan) if math.isnan(sum(ends)) else ends


def _end(r: float, margin: float, s: float, if_negative: float, if_positive: float, side: int) -> float:
    """Return the bound theta on one side: where r - theta s leaves what the margins allow.

    On the lower side a positive theta meets the upper bound of s, a negative one its lower bound; above, the reverse.
    """
    for positive, slack in ((True, if_positive), (False, if_negative)):
        square, middle, rest = s**2 - slack**2, r * s, r**2 - margin**2
        inside = middle**2 - square * rest
        if square <= 0 or inside < 0:
            continue
        theta = (middle + side * math.sqrt(inside)) / square
        if (theta >= 0) == positive:
            return theta
    return math.nan


def _require(
    correlation: float, n: float, error: float, df: float, reliability: float, power: float, alpha: float
) -> None:
    """Refuse what no number of people could be planned for."""
    share(power, "power")
    share(alpha, "alpha")
    at_least(df, 1, "df")
    if not 0 < abs(correlation) < 1:
        raise PsychometricsError(f"the correlation must be above 0 and below 1 in size; {correlation} is not")
    if not (n > 0 and error > 0) or math.isinf(n * error):
        raise PsychometricsError(f"{n} people with a standard error of {error}: both must be above 0")
    if not 0 < reliability <= 1:
        raise PsychometricsError(f"a reliability must lie above 0 and up to 1; {reliability} does not")
    if power <= alpha:
        raise PsychometricsError(f"power ({power}) must be above alpha ({alpha})")


def _spread(df: float, generator: np.random.Generator) -> np.ndarray:
    """Return draws of the true error over the estimated one."""
    return np.ones(_DRAWS) if math.isinf(df) else np.sqrt(df / generator.chisquare(df, _DRAWS))


def _reliabilities(
    value: float, lower: float, upper: float, confidence: float, generator: np.random.Generator
) -> np.ndarray:
    """Return draws of the reliability, normal in -ln(1 - reliability) / 2; none is below one in a thousand."""
    if math.isnan(lower) or math.isnan(upper) or value >= 1:
        return np.full(_DRAWS, value)
    if not lower <= value <= upper <= 1:
        raise PsychometricsError(f"{lower} and {upper} do not enclose {value}")
    z = -0.5 * np.log1p(-np.array([lower, value, min(upper, _NEARLY_ONE)]))
    error = (z[2] - z[0]) / (2 * stats.norm.ppf((1 + confidence) / 2))
    drawn = -np.expm1(-2 * generator.normal(z[1], error, _DRAWS))
    return np.asarray(np.clip(drawn, 1e-3, _NEARLY_ONE))


def _critical(alpha: float, n: float, cluster_size: float) -> float:
    """Return the critical value of the two-sided test of n people; infinite below two clusters."""
    df = _df(n, cluster_size)
    if math.isinf(df):
        return float(stats.norm.ppf(1 - alpha / 2))
    return float(stats.t.ppf(1 - alpha / 2, df)) if df >= 1 else math.inf


def _df(n: float, cluster_size: float) -> float:
    """Return the degrees of freedom of the test of n people."""
    return n / cluster_size - 1 if cluster_size > 0 else math.inf


def _power(signals: np.ndarray, n: float, cluster_size: float, alpha: float) -> np.ndarray:
    """Return the power of the two-sided test with n people for each effect over its unit error."""
    away, critical, df = signals * math.sqrt(n), _critical(alpha, n, cluster_size), _df(n, cluster_size)
    if math.isinf(critical):
        return np.zeros_like(signals)
    if df > _LIKE_NORMAL:
        return np.asarray(stats.norm.cdf(away - critical) + stats.norm.cdf(-away - critical))
    # the square of a noncentral t is a noncentral F
    return np.asarray(1 - special.ncfdtr(1, df, np.minimum(away, _FAR) ** 2, critical**2))


def _fewest(reached: Callable[[float], float]) -> float:
    """Return the fewest people at whom a function that rises with them is not below zero; NaN beyond ten million."""

    def at(log_n: float) -> float:
        return reached(math.exp(log_n))

    highest = math.log(MOST_PERSONS)
    if at(highest) < 0:
        return math.nan
    if at(0.0) >= 0:
        return 1.0
    root = math.exp(optimize.bisect(lambda log_n: max(at(log_n), -1.0), 0.0, highest, xtol=1e-8))
    return float(math.ceil(root - 1e-6))


def _tails(confidence: float) -> tuple[float, float]:
    """Return the levels of a central interval."""
    return (1 - confidence) / 2, (1 + confidence) / 2


def _notes(certain: bool, expected: float) -> tuple[str, ...]:
    """Say what is not defined."""
    known = ("error and reliability count as known, so that there is no range",) if certain else ()
    return known if math.isfinite(expected) else (*known, "no number of people is expected to reach this power")
