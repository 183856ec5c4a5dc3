"""One coefficient of agreement with its interval, which never has a width of zero and never runs past 1."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from psychometrics.agreement.coding import Coded, Weights
from psychometrics.errors import PsychometricsError

WILSON = "Wilson"
# Standard errors and disagreement below this are zero but for rounding.
NO_SPREAD = 1e-9
#: Why an estimate can lie outside the range of the coefficient.
BELOW_RANGE = (
    "the estimate lies below -1, since subjects with one rating count towards agreement by chance only: no interval"
)


@dataclass(frozen=True)
class AgreementCoefficient:
    """One coefficient of agreement.

    Attributes
    ----------
    coefficient : str
        Its name.
    estimate, standard_error, lower, upper : float
        The interval is cut at -1 and 1. It has no width of zero: where subjects do not differ, it is a bound from the
        number of subjects (see ``method``) or ``NaN``, with the reason in ``notes``.
    observed, expected : float
        Observed agreement and agreement expected by chance, both weighted.
    n_subjects : int
        Subjects with at least one rating; ``n_pairable`` of them with two or more.
    n_pairable, n_raters, n_ratings, n_categories : int
    weights, method : str
        Weights of disagreement, and where the interval comes from.
    confidence : float
    n_resamples, n_failed : int
        Bootstrap resamples (or jackknife samples) drawn, and those in which the coefficient was not defined.
    notes : tuple of str
    """

    coefficient: str
    estimate: float
    standard_error: float
    lower: float
    upper: float
    observed: float
    expected: float
    n_subjects: int
    n_pairable: int
    n_raters: int
    n_ratings: int
    n_categories: int
    weights: str
    method: str
    confidence: float
    n_resamples: int = 0
    n_failed: int = 0
    notes: tuple[str, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """Return one row with every figure."""
        row = {name: getattr(self, name) for name in self.__dataclass_fields__ if name != "notes"}
        return pd.DataFrame([row | {"note": "; ".join(self.notes)}])


def wilson_interval(share: float, n: int, confidence: float = 0.95) -> tuple[float, float]:
    r"""Wilson's interval of a proportion.

    .. math:: \frac{p + z^2/(2n) \pm z\sqrt{p(1-p)/n + z^2/(4n^2)}}{1 + z^2/n}

    Parameters
    ----------
    share : float
        Observed proportion.
    n : int
        Cases, at least one.
    confidence : float

    Returns
    -------
    tuple of float
        Bounds between 0 and 1, never of zero width.

    Raises
    ------
    PsychometricsError
        A share outside [0, 1], or no cases.

    References
    ----------
    Wilson, E. B. (1927). Probable inference, the law of succession, and statistical inference. Journal of the American
    Statistical Association, 22, 209-212.

    Notes
    -----
    Validated against statsmodels' ``proportion_confint(method="wilson")``.

    See Also
    --------
    percent_agreement : The share of raters who agree.

    Examples
    --------
    >>> [round(bound, 3) for bound in wilson_interval(1.0, 37)]
    [0.906, 1.0]
    """
    if not (0 <= share <= 1 and n >= 1 and 0 < confidence < 1):
        raise PsychometricsError(
            f"a proportion lies between 0 and 1, of at least one case, with a confidence between 0 and 1; got {share}, "
            f"{n} and {confidence}"
        )
    z = float(stats.norm.ppf((1 + confidence) / 2))
    centre, spread = share + z**2 / (2 * n), z * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    lower, upper = (centre - spread) / (1 + z**2 / n), (centre + spread) / (1 + z**2 / n)
    return (0.0 if share == 0 else float(lower)), (1.0 if share == 1 else float(upper))


def build_result(
    name: str,
    coded: Coded,
    weights: Weights | np.ndarray,
    estimate: tuple[float, float],
    agreement: tuple[float, float],
    confidence: float,
    method: str,
    quantile: float | None = None,
) -> AgreementCoefficient:
    """Put a coefficient together with its interval: t, or at the boundary a bound from the number of subjects."""
    n, n_pairable = len(coded.counts), int((coded.n_each >= 2).sum())
    reach = float(stats.t.ppf((1 + confidence) / 2, n - 1)) if quantile is None and n > 1 else quantile
    lower, upper, method, notes = _bounds(estimate, agreement, n_pairable, reach, confidence, method)
    return AgreementCoefficient(
        coefficient=name,
        estimate=float(estimate[0]),
        standard_error=estimate[1],
        lower=lower,
        upper=upper,
        observed=agreement[0],
        expected=agreement[1],
        n_subjects=n,
        n_pairable=n_pairable,
        n_raters=coded.codes.shape[1],
        n_ratings=int(coded.counts.sum()),
        n_categories=len(coded.categories),
        weights=weights if isinstance(weights, str) else "given",
        method=method,
        confidence=confidence,
        notes=notes,
    )


def _bounds(
    estimate: tuple[float, float],
    agreement: tuple[float, float],
    n: int,
    quantile: float | None,
    confidence: float,
    method: str,
) -> tuple[float, float, str, tuple[str, ...]]:
    r"""Return the interval, where it comes from, and what the reader must know.

    Where every subject agrees fully (or not at all) the variance is zero. The bound is then Wilson's for the share of
    subjects who agree, put into :math:`(p_a - p_e)/(1 - p_e)` at the chance agreement found.
    """
    value, error = estimate
    nothing = float("nan")
    if quantile is None:
        return nothing, nothing, method, ("one subject: no interval",)
    if np.isnan(error):
        return nothing, nothing, method, ("the standard error is not defined, so there is no interval",)
    if value < -1 - NO_SPREAD:
        return nothing, nothing, method, (BELOW_RANGE,)
    if error > NO_SPREAD:
        margin = quantile * error
        return max(value - margin, -1.0), min(value + margin, 1.0), method, ()
    observed, expected = agreement
    if min(observed, 1 - observed) > NO_SPREAD:
        why = "subjects do not differ in what they add to the coefficient, so there is no interval"
        return nothing, nothing, method, (why,)
    ends = wilson_interval(float(np.clip(round(observed), 0, 1)), n, confidence)
    lower, upper = (max(-1.0, (end - expected) / (1 - expected)) for end in ends)
    which = "agree" if observed > 0.5 else "disagree"
    return lower, upper, WILSON, (f"all {n} subjects {which}: the bound is Wilson's for that share",)
