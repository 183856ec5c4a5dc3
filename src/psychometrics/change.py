"""Measurement error and change: what a second wave can show of one person and of one scale."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from psychometrics._checks import numeric_column, require_same_rows, share
from psychometrics.errors import ConstantItemError, InputShapeError, PsychometricsError, TooFewPersonsError

IMPROVED, UNCHANGED, DETERIORATED, UNKNOWN = "improved", "no reliable change", "deteriorated", "not compared"
# Differences that vary less than this share of the scores are alike but for rounding.
_SAME = 1e-12


@dataclass(frozen=True)
class MeasurementError:
    """Measurement error of one score, in points; see :func:`measurement_error`."""

    standard_error: float
    smallest_detectable_change: float
    smallest_detectable_change_group: float
    standard_deviation: float
    reliability: float
    n: int
    confidence: float

    def to_frame(self) -> pd.DataFrame:
        """Return one row with every figure."""
        return pd.DataFrame([{name: getattr(self, name) for name in self.__dataclass_fields__}])


def measurement_error(
    standard_deviation: float, reliability: float, n: int = 1, confidence: float = 0.95
) -> MeasurementError:
    r"""Return the standard error of measurement and the smallest detectable change of a score.

    .. math:: SEM = s\sqrt{1 - r_{xx}}, \qquad SDC = z\sqrt2\,SEM, \qquad SDC_{group} = SDC / \sqrt n

    Parameters
    ----------
    standard_deviation : float
        Of the score among the people, above zero.
    reliability : float
        From 0 to 1; which kind decides which errors count (alpha: those between items only).
    n : int
        People behind a group's mean.
    confidence : float
        Its normal quantile is z.

    Returns
    -------
    MeasurementError

    Raises
    ------
    PsychometricsError
        A reliability outside [0, 1], a standard deviation that is not positive, or n below 1.

    References
    ----------
    Lord, F. M., & Novick, M. R. (1968). Statistical theories of mental test scores, p. 67. Terwee, C. B., et al.
    (2007). Quality criteria were proposed for measurement properties of health status questionnaires. Journal of
    Clinical Epidemiology, 60, 34-42, p. 37.

    See Also
    --------
    retest : Measurement error from two waves.
    reliable_change : Whether one person's change exceeds it.

    Examples
    --------
    >>> found = measurement_error(0.75, 0.84)
    >>> round(found.standard_error, 3), round(found.smallest_detectable_change, 3)
    (0.3, 0.832)
    """
    share(confidence)
    if not (0 <= reliability <= 1 and standard_deviation > 0 and n >= 1):
        raise PsychometricsError(
            "a reliability lies from 0 to 1, a standard deviation is positive and n at least 1; got "
            f"{reliability}, {standard_deviation} and {n}"
        )
    error = float(standard_deviation * np.sqrt(1 - reliability))
    smallest = float(stats.norm.ppf((1 + confidence) / 2) * np.sqrt(2) * error)
    return MeasurementError(
        error, smallest, float(smallest / np.sqrt(n)), standard_deviation, reliability, n, confidence
    )


@dataclass(frozen=True)
class Retest:
    """Test-retest reliability and measurement error; see :func:`retest`.

    Attributes
    ----------
    icc_agreement, icc_lower, icc_upper : float
        ICC(A,1): absolute agreement of one measurement.
    standard_error_agreement, standard_error_consistency : float
        With and without the shift between the waves.
    standard_error_lower, standard_error_upper : float
        Interval of the consistent one (chi-square, n - 1 df).
    smallest_detectable_change : float
        From the standard error of agreement.
    mean_change, mean_change_lower, mean_change_upper : float
    lower_limit, upper_limit : float
        Limits of agreement of second minus first.
    n, n_dropped : int
    confidence : float
    notes : tuple of str
    """

    icc_agreement: float
    icc_lower: float
    icc_upper: float
    standard_error_agreement: float
    standard_error_consistency: float
    standard_error_lower: float
    standard_error_upper: float
    smallest_detectable_change: float
    mean_change: float
    mean_change_lower: float
    mean_change_upper: float
    lower_limit: float
    upper_limit: float
    n: int
    n_dropped: int
    confidence: float
    notes: tuple[str, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """Return one row with every figure."""
        row = {name: getattr(self, name) for name in self.__dataclass_fields__ if name != "notes"}
        return pd.DataFrame([row | {"note": "; ".join(self.notes)}])


def retest(first: pd.Series, second: pd.Series, confidence: float = 0.95) -> Retest:
    r"""Test-retest reliability and measurement error of people measured twice.

    .. math:: SEM_{agreement} = \sqrt{\sigma^2_{wave} + \sigma^2_{residual}}, \qquad
              SEM_{consistency} = \sigma_{residual} = s_d/\sqrt2, \qquad SDC = z\sqrt2\,SEM_{agreement}

    with the variance components of the two-way analysis of variance (a negative one between waves counts as zero) and
    :math:`s_d` the standard deviation of the differences.

    Parameters
    ----------
    first, second : Series, shape (n_persons,)
        The score in each wave, same index, ``NaN`` missing (left out). People are taken not to have changed truly.
    confidence : float

    Returns
    -------
    Retest

    Raises
    ------
    TooFewPersonsError
        Fewer than three people with both.
    ConstantItemError
        Every change is the same, so that no error can be estimated.

    References
    ----------
    de Vet, H. C. W., Terwee, C. B., Knol, D. L., & Bouter, L. M. (2006). When to use agreement versus reliability
    measures. Journal of Clinical Epidemiology, 59, 1033-1039, p. 1035. McGraw, K. O., & Wong, S. P. (1996).
    Psychological Methods, 1, 30-46. Bland, J. M., & Altman, D. G. (1999). Statistical Methods in Medical Research, 8,
    135-160.

    Notes
    -----
    Validated against R ``lme4::lmer`` (variance components) and psych's ``ICC``.

    See Also
    --------
    measurement_error : The same from a reliability.
    psychometrics.agreement.icc : Intraclass correlations of any number of raters.

    Examples
    --------
    >>> import pandas as pd
    >>> first, second = pd.Series([3.0, 4, 2, 5, 4, 3]), pd.Series([3.5, 4, 2.5, 4.5, 4.5, 3])
    >>> found = retest(first, second)
    >>> round(found.icc_agreement, 3), round(found.smallest_detectable_change, 3)
    (0.906, 0.8)
    """
    from psychometrics.agreement import icc

    share(confidence)
    one, two = numeric_column(first, "first"), numeric_column(second, "second")
    require_same_rows(one.index, two.index, "first and second")
    both = (one.notna() & two.notna()).to_numpy()
    pairs = pd.DataFrame({"first": one[both].to_numpy(), "second": two[both].to_numpy()})
    n = len(pairs)
    if n < 3:
        raise TooFewPersonsError(f"{n} people measured twice; measurement error needs three")
    change = pairs["second"] - pairs["first"]
    if np.ptp(change.to_numpy()) <= _SAME * np.abs(pairs.to_numpy()).max():
        raise ConstantItemError(f"everybody changes by {change.iloc[0]:g}: there is no error to estimate")
    found = icc(pairs, confidence=confidence)
    row = found.table.set_index("form").loc["ICC2"].to_dict()
    components = found.variance_components.set_index("component")["variance"].astype(float)
    residual = float(components["residual"])
    agreement = float(np.sqrt(max(components["rater"], 0.0) + residual))
    z, t = stats.norm.ppf((1 + confidence) / 2), stats.t.ppf((1 + confidence) / 2, n - 1)
    tails = stats.chi2.ppf([(1 + confidence) / 2, (1 - confidence) / 2], n - 1)
    mean, spread = float(change.mean()), float(change.std())
    low, high = np.sqrt(residual * (n - 1) / tails)
    return Retest(
        float(row["estimate"]), float(row["lower"]), float(row["upper"]), agreement, float(np.sqrt(residual)),
        float(low), float(high), float(z * np.sqrt(2) * agreement),
        mean, float(mean - t * spread / np.sqrt(n)), float(mean + t * spread / np.sqrt(n)),
        float(mean - z * spread), float(mean + z * spread), n, int((~both).sum()), confidence,
        (str(row["note"]),) if row["note"] else (),
    )  # fmt: skip


@dataclass(frozen=True)
class ReliableChange:
    """Change of each person relative to its error; see :func:`reliable_change`.

    Attributes
    ----------
    persons : DataFrame
        ``change``, ``index`` (change over its standard error), ``verdict``, with the index of the scores.
    summary : DataFrame
        ``verdict``, ``n``, ``share`` (of those compared), ``expected_by_chance``.
    standard_error_of_difference, threshold : float
        Error of a difference, and the change in points from which it is reliable.
    n, confidence
        People with both scores.
    """

    persons: pd.DataFrame
    summary: pd.DataFrame
    standard_error_of_difference: float
    threshold: float
    n: int
    confidence: float

    def to_frame(self) -> pd.DataFrame:
        """Return a copy of the summary, which names no person."""
        return self.summary.copy()


def reliable_change(
    before: pd.Series, after: pd.Series, standard_deviation: float, reliability: float, confidence: float = 0.95
) -> ReliableChange:
    r"""Jacobson and Truax's reliable change index of each person.

    .. math:: RC = \frac{x_2 - x_1}{\sqrt{2}\,s\sqrt{1 - r_{xx}}}

    A change is reliable where :math:`|RC|` exceeds the normal quantile of `confidence`.

    Parameters
    ----------
    before, after : Series, shape (n_persons,)
        Higher is better; same index, ``NaN`` missing (not compared).
    standard_deviation : float
        Of the score before, in the reference sample.
    reliability : float
        Above 0 and below 1; that of a retest where there is one.
    confidence : float

    Returns
    -------
    ReliableChange

    Raises
    ------
    PsychometricsError
        A reliability or standard deviation outside its range; a reliability of 1 leaves no error.
    InputShapeError
        Nobody has both scores.

    References
    ----------
    Jacobson, N. S., & Truax, P. (1991). Clinical significance: a statistical approach to defining meaningful change in
    psychotherapy research. Journal of Consulting and Clinical Psychology, 59, 12-19, p. 14.

    Notes
    -----
    Validated against the paper's example: 47.5 to 32.5, s = 7.5, r = .80, RC = -3.16 (printed with the error 4.74).

    See Also
    --------
    measurement_error : The error behind it.

    Examples
    --------
    >>> import pandas as pd
    >>> found = reliable_change(pd.Series([47.5]), pd.Series([32.5]), 7.5, 0.80)
    >>> found.persons["index"].round(2).item(), found.persons["verdict"].item()
    (-3.16, 'deteriorated')
    """
    share(confidence)
    if not (0 < reliability < 1 and standard_deviation > 0):
        raise PsychometricsError(
            "reliable change needs a reliability between 0 and 1 and a positive standard deviation; got "
            f"{reliability} and {standard_deviation}"
        )
    one, two = numeric_column(before, "before"), numeric_column(after, "after")
    require_same_rows(one.index, two.index, "before and after")
    change = two - one
    if change.notna().sum() == 0:
        raise InputShapeError("nobody has a score before and after")
    error = float(standard_deviation * np.sqrt(2 * (1 - reliability)))
    index, limit = change / error, float(stats.norm.ppf((1 + confidence) / 2))
    verdict = np.select([index.isna(), index > limit, index < -limit], [UNKNOWN, IMPROVED, DETERIORATED], UNCHANGED)
    persons = pd.DataFrame({"change": change, "index": index, "verdict": verdict}, change.index)
    counts = persons["verdict"].value_counts().reindex([IMPROVED, UNCHANGED, DETERIORATED, UNKNOWN], fill_value=0)
    n, tail = int(change.notna().sum()), (1 - confidence) / 2
    summary = pd.DataFrame(
        {
            "verdict": counts.index,
            "n": counts.to_numpy(),
            "share": np.where(counts.index == UNKNOWN, np.nan, counts.to_numpy() / n),
            "expected_by_chance": [tail, confidence, tail, np.nan],
        }
    )
    return ReliableChange(persons, summary, error, limit * error, n, confidence)


def regressed_change(
    before: pd.Series,
    after: pd.Series,
    standard_deviation: float,
    reliability: float,
    mean: float,
    confidence: float = 0.95,
) -> ReliableChange:
    r"""Reliable change of each person by the model of true scores (Gulliksen, Lord and Novick).

    .. math:: RC = \frac{x_2 - \{M + r_{xx}(x_1 - M)\}}{s\sqrt{1 - r_{xx}^2}}

    The second score is held against what is expected of a person who did not change: an extreme first score lies nearer
    to the mean the second time. A person has changed reliably where :math:`|RC|` exceeds the normal quantile.

    Parameters
    ----------
    before, after : Series, shape (n_persons,)
        Higher is better; same index, ``NaN`` missing (not compared).
    standard_deviation, mean : float
        Of the score before, in the reference sample.
    reliability : float
        Above 0 and below 1.
    confidence : float

    Returns
    -------
    ReliableChange
        ``change`` is the second score less the expected one.

    Raises
    ------
    PsychometricsError, InputShapeError
        As :func:`reliable_change`.

    References
    ----------
    Hsu, L. M. (1989). Reliable changes in psychotherapy: taking into account regression toward the mean. Behavioral
    Assessment, 11, 459-467. Lord, F. M., & Novick, M. R. (1968). Statistical theories of mental test scores, p. 69.

    See Also
    --------
    reliable_change : Without regression to the mean.

    Examples
    --------
    >>> import pandas as pd
    >>> found = regressed_change(pd.Series([2.0, 3.0]), pd.Series([3.0, 3.0]), 0.5, 0.6, 3.0)
    >>> found.persons["change"].round(2).tolist(), found.persons["verdict"].tolist()
    ([0.6, 0.0], ['no reliable change', 'no reliable change'])
    """
    share(confidence)
    if not (0 < reliability < 1 and standard_deviation > 0 and np.isfinite(mean)):
        raise PsychometricsError(
            "regressed change needs a reliability between 0 and 1, a positive standard deviation and a mean; got "
            f"{reliability}, {standard_deviation} and {mean}"
        )
    one = numeric_column(before, "before")
    # Its error is s sqrt(1 - r^2); reliable_change takes s sqrt(2 (1 - r')), which is the same for r' = (1 + r^2) / 2.
    return reliable_change(
        mean + reliability * (one - mean), after, standard_deviation, (1 + reliability**2) / 2, confidence
    )
