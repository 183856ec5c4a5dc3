"""How many raters a person needs, and how many rated people, for a reliable mean whose reliability is known well."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd
from scipy import stats

from psychometrics._checks import share
from psychometrics.agreement.rater_number import raters_needed, spearman_brown
from psychometrics.errors import PsychometricsError

MOST_PERSONS = 1_000_000


@dataclass(frozen=True)
class RaterPlan:
    """Raters and rated people for a wanted reliability; see :func:`rater_plan`.

    Attributes
    ----------
    single, lower, upper : float
        Reliability of one rater with its interval.
    target : float
        Wanted reliability of the mean.
    n_raters, n_raters_fewest, n_raters_most : float
        Raters that reach it if one rater is as reliable as estimated, as the upper, and as the lower bound; NaN where
        no number does.
    half_width : float
        Wanted half-width of the interval of the mean's reliability.
    n_persons : float
        Rated people that give it, with ``n_raters`` each; NaN where no number of raters is enough.
    n_persons_fewest, n_persons_most : float
        The same if one rater is as reliable as the upper, and as the lower bound.
    design_effect : float
        What clusters of people add to the variance, carried over.
    confidence : float
    notes : tuple of str
    """

    single: float
    lower: float
    upper: float
    target: float
    n_raters: float
    n_raters_fewest: float
    n_raters_most: float
    half_width: float
    n_persons: float
    n_persons_fewest: float
    n_persons_most: float
    design_effect: float
    confidence: float
    notes: tuple[str, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """Return one row with every figure."""
        row = {name: getattr(self, name) for name in self.__dataclass_fields__ if name != "notes"}
        return pd.DataFrame([row | {"note": "; ".join(self.notes)}])

    def curve(self, n_persons: Iterable[int]) -> pd.DataFrame:
        """Return the expected half-width for each number of rated people, with ``n_raters`` each."""
        sizes = [int(n) for n in n_persons]
        mean = spearman_brown(self.single, self.n_raters)
        widths = [
            interval_half_width(mean, n, self.n_raters, self.confidence, self.design_effect)
            if n >= 4 and self.n_raters >= 2
            else math.nan
            for n in sizes
        ]
        return pd.DataFrame({"n_persons": sizes, "half_width": widths})


def rater_plan(
    single: float,
    lower: float,
    upper: float,
    target: float = 0.70,
    half_width: float = 0.05,
    confidence: float = 0.95,
    design_effect: float = 1.0,
) -> RaterPlan:
    r"""Raters that a mean needs for a wanted reliability, and people for an interval of it that is narrow enough.

    Raters: Spearman-Brown at the estimate and at both bounds of the reliability of one rater. People: the interval of
    ICC(1,k) is :math:`1 - F_{1 \mp \alpha/2} / F`; since :math:`E(1/F) = (1-\rho_k)\, df_1 / (df_1 - 2)`, its
    half-width is expected to be

    .. math:: \frac{1-\rho_k}{2} \cdot \frac{df_1}{df_1 - 2}
       \left(F_{1-\alpha/2}(df_1, df_2) - F_{\alpha/2}(df_1, df_2)\right)

    with :math:`df_1 = n - 1` and :math:`df_2 = n(k-1)`, times the root of the design effect. This is exact for equal
    numbers of raters and independent people.

    Parameters
    ----------
    single, lower, upper : float
        ICC(1), the reliability of one rater, with its interval.
    target : float
        Wanted reliability of the mean, between 0 and 1.
    half_width : float
        Wanted half-width of its interval.
    confidence : float
        Nominal coverage.
    design_effect : float
        Variance of this reliability over what independent people would give, 1 at least.

    Returns
    -------
    RaterPlan
        A single rater who reaches the target needs no second one, but an interval does: at least two are planned.

    Raises
    ------
    PsychometricsError
        A reliability of 1 or more, a target, half-width or confidence outside 0 to 1, a design effect below 1.

    See Also
    --------
    psychometrics.agreement.decision_study : Reliability by number of raters.

    References
    ----------
    Shrout, P. E., & Fleiss, J. L. (1979). Intraclass correlations: uses in assessing rater reliability. Psychological
    Bulletin, 86, 420-428 (the interval). Bonett, D. G. (2002). Sample size requirements for testing and estimating
    coefficient alpha. Journal of Educational and Behavioral Statistics, 27, 335-340.

    Notes
    -----
    The closed form is validated against mean squares drawn from their distributions, and against Bonett's approximation
    (2002, eq. 3), which it meets in large samples.

    Examples
    --------
    >>> plan = rater_plan(0.37, 0.30, 0.44)
    >>> plan.n_raters, plan.n_raters_fewest, plan.n_raters_most
    (4.0, 3.0, 6.0)
    """
    share(confidence)
    share(target, "target")
    if not single < 1 or not 0 < half_width < 1 or not design_effect >= 1:
        raise PsychometricsError(
            f"a reliability of one rater below 1 ({single}), a half-width between 0 and 1 ({half_width}) and a design "
            f"effect of 1 at least ({design_effect}) are needed"
        )
    raters = _raters(single, target)
    persons, fewest, most = (
        _persons(spearman_brown(min(each, 1.0), raters), raters, half_width, confidence, design_effect)
        for each in (single, upper, lower)
    )
    return RaterPlan(
        single=single,
        lower=lower,
        upper=upper,
        target=target,
        n_raters=raters,
        n_raters_fewest=_raters(upper, target),
        n_raters_most=_raters(lower, target),
        half_width=half_width,
        n_persons=persons,
        n_persons_fewest=fewest,
        n_persons_most=most,
        design_effect=design_effect,
        confidence=confidence,
        notes=_notes(single, lower, upper),
    )


def interval_half_width(
    reliability: float, n: float, k: float, confidence: float = 0.95, design_effect: float = 1.0
) -> float:
    """Return the expected half-width of the interval of ICC(1,k), of n people with k raters each."""
    first, second = n - 1, n * (k - 1)
    upper, lower = stats.f.ppf([(1 + confidence) / 2, (1 - confidence) / 2], first, second)
    return float((1 - reliability) / 2 * first / (first - 2) * (upper - lower) * math.sqrt(design_effect))


def _raters(single: float, target: float) -> float:
    """Return the fewest raters, two at least, that reach the target; NaN where no number does."""
    if not single > 0:
        return math.nan
    return max(raters_needed(single, target), 2.0) if single < 1 else 2.0


def _persons(reliability: float, k: float, half_width: float, confidence: float, design_effect: float) -> float:
    """Return the fewest rated people whose interval is expected to be narrow enough."""
    if math.isnan(k) or math.isnan(reliability):
        return math.nan

    def narrow(n: int) -> bool:
        return interval_half_width(reliability, n, k, confidence, design_effect) <= half_width

    low, high = 3, 4
    while not narrow(high):
        low, high = high, 2 * high
        if high > MOST_PERSONS:
            return math.nan
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if narrow(middle) else (middle, high)
    return float(high)


def _notes(single: float, lower: float, upper: float) -> tuple[str, ...]:
    """Say where no number of raters is enough."""
    if not single > 0:
        return ("one rater has no reliability here: no number of raters is enough",)
    if math.isnan(lower) or math.isnan(upper):
        return ("the reliability of one rater has no interval: no range of raters can be given",)
    if not lower > 0:
        return ("one rater may have no reliability: no largest number of raters can be given",)
    return ()
