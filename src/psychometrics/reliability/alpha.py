"""Coefficient alpha: raw, standardised and ordinal, with Feldt and bootstrap intervals."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Literal

import numpy as np
import pandas as pd
from scipy.stats import f as f_distribution

from psychometrics._checks import numeric_table
from psychometrics._responses import Missing, by_missing_rule, correlation_matrix
from psychometrics.errors import InputShapeError, TooFewPersonsError

Interval = Literal["feldt", "bootstrap", "none"]


@dataclass(frozen=True)
class AlphaResult:
    """Coefficient alpha of one scale.

    Attributes
    ----------
    raw, standardised : float
        Alpha of the covariances and of the correlations.
    lower, upper : float
        Interval of the raw alpha (of the ordinal alpha when that was asked for); NaN without an interval.
    confidence : float
        Nominal coverage.
    interval : str
        ``feldt``, ``bootstrap`` or ``none``.
    mean_inter_item : float
        Mean of the correlations between different items.
    standard_error_of_measurement : float
        Of the sum score, in its units: its standard deviation times sqrt(1 - alpha).
    n_persons, n_items : int
        Persons after deletion (pairwise: the smallest number who answered both items of a pair) and items.
    missing : str
        ``listwise`` or ``pairwise``.
    correlation : str
        ``pearson`` or, for ordinal alpha, ``polychoric``.
    """

    raw: float
    standardised: float
    lower: float
    upper: float
    confidence: float
    interval: str
    mean_inter_item: float
    standard_error_of_measurement: float
    n_persons: int
    n_items: int
    missing: str
    correlation: str = "pearson"

    def to_frame(self) -> pd.DataFrame:
        """Return one row with every attribute."""
        return pd.DataFrame([asdict(self)])


def cronbach_alpha(
    responses: pd.DataFrame,
    confidence: float = 0.95,
    interval: Interval = "feldt",
    missing: Missing = "listwise",
    n_resamples: int = 1000,
    seed: int = 0,
) -> AlphaResult:
    r"""Coefficient alpha of the sum of the items.

    .. math:: \alpha = \frac{k}{k-1}\left(1 - \frac{\sum_i s_i^2}{\sum_{ij} s_{ij}}\right)

    Standardised alpha is :math:`k \bar r / (1 + (k - 1) \bar r)` with the mean correlation that the covariances imply.

    Parameters
    ----------
    responses : DataFrame of shape (n_persons, n_items)
        Answers after keying, NaN missing.
    confidence : float
        Nominal coverage of the interval of the raw alpha.
    interval : {"feldt", "bootstrap", "none"}
        Feldt's F interval supposes normal, essentially tau-equivalent items; the percentile bootstrap over
        persons does not.
    missing : {"listwise", "pairwise"}
        Persons with every answer, or covariances from the persons who answered both items. The n of a
        pairwise result is the smallest pairwise one, counted after deletion like the listwise one.
    n_resamples, seed : int
        Of the bootstrap.

    Returns
    -------
    AlphaResult

    Raises
    ------
    InputShapeError
        Fewer than two items, or an unknown option.
    CodingError
        An answer that is not a number.
    ConstantItemError
        An item without variance among the persons used.
    TooFewPersonsError
        Fewer than three persons after deletion.

    References
    ----------
    Cronbach, L. J. (1951). Coefficient alpha and the internal structure of tests. Psychometrika, 16, 297-334,
    eq. 2. Feldt, L. S., Woodruff, D. J., & Salih, F. A. (1987). Statistical inference for coefficient alpha.
    Applied Psychological Measurement, 11, 93-103, eq. 8.

    Notes
    -----
    Validated against ``psych::alpha(check.keys = FALSE)`` and ``psych::alpha.ci`` on complete rows to 1e-10,
    and with ``missing="pairwise"`` on rows with gaps (psych takes all rows as n for the interval, which is
    not done here).
    """
    frame, n_persons = by_missing_rule(
        numeric_table(responses, minimum_columns=2, minimum_rows=2), missing, minimum_persons=3
    )
    covariances = frame.cov().to_numpy()
    raw = alpha_of_matrix(covariances)
    lower, upper = _interval(frame, raw, n_persons, confidence, interval, missing, n_resamples, seed)
    spread = np.sqrt(np.diag(covariances))
    mean_r = _mean_off_diagonal(covariances / np.outer(spread, spread))
    n_items = frame.shape[1]
    return AlphaResult(
        raw=raw,
        standardised=n_items * mean_r / (1 + (n_items - 1) * mean_r),
        lower=lower,
        upper=upper,
        confidence=confidence,
        interval=interval,
        mean_inter_item=mean_r,
        standard_error_of_measurement=float(np.sqrt(covariances.sum() * max(0.0, 1 - raw))),
        n_persons=n_persons,
        n_items=n_items,
        missing=missing,
    )


def ordinal_alpha(
    responses: pd.DataFrame,
    confidence: float = 0.95,
    interval: Literal["bootstrap", "none"] = "none",
    missing: Missing = "listwise",
    n_resamples: int = 200,
    seed: int = 0,
) -> AlphaResult:
    """Alpha of the polychoric correlations: of the latent responses, not of the observed sum.

    It answers how reliable a sum of the continuous variables behind the items would be. Report it beside the
    raw alpha, never instead of it (Chalmers 2018).

    Parameters
    ----------
    responses : DataFrame of shape (n_persons, n_items)
        Integer codes after keying, NaN missing.
    confidence : float
        Nominal coverage of the bootstrap interval.
    interval : {"bootstrap", "none"}
        There is no F interval for this coefficient.
    missing : {"listwise", "pairwise"}
        As in :func:`cronbach_alpha`.
    n_resamples, seed : int
        Of the bootstrap.

    Returns
    -------
    AlphaResult
        ``raw`` and ``standardised`` are the same number, ``correlation`` is ``polychoric`` and the standard
        error of measurement is in units of the latent sum.

    Raises
    ------
    InputShapeError, CodingError, ConstantItemError, TooFewPersonsError
        As :func:`cronbach_alpha`.

    References
    ----------
    Zumbo, B. D., Gadermann, A. M., & Zeisser, C. (2007). Ordinal versions of coefficients alpha and theta for
    Likert rating scales. Journal of Modern Applied Statistical Methods, 6, 21-29, eq. 1. Chalmers, R. P.
    (2018). On misconceptions and the limited usefulness of ordinal alpha. Educational and Psychological
    Measurement, 78, 1056-1071.

    Notes
    -----
    Validated against ``psych::alpha(psych::polychoric(x, correct = 0)$rho)`` within the coarseness of
    psych's polychorics (2e-5).
    """
    matrix, n_persons = correlation_matrix(responses, "polychoric", missing)
    values = matrix.to_numpy()
    estimate = alpha_of_matrix(values)
    lower, upper = float("nan"), float("nan")
    if interval == "bootstrap":
        lower, upper = _bootstrap(_OrdinalAlpha(missing), responses, confidence, n_resamples, seed)
    return AlphaResult(
        raw=estimate,
        standardised=estimate,
        lower=lower,
        upper=upper,
        confidence=confidence,
        interval=interval,
        mean_inter_item=_mean_off_diagonal(values),
        standard_error_of_measurement=float(np.sqrt(values.sum() * max(0.0, 1 - estimate))),
        n_persons=n_persons,
        n_items=len(values),
        missing=missing,
        correlation="polychoric",
    )


def alpha_of_matrix(matrix: np.ndarray) -> float:
    """Alpha of a covariance or correlation matrix of shape (n_items, n_items)."""
    n_items = len(matrix)
    return float(n_items / (n_items - 1) * (1 - np.trace(matrix) / matrix.sum()))


def alpha_if_dropped(responses: pd.DataFrame, missing: Missing = "listwise") -> pd.Series:
    """Alpha of the remaining items when each item in turn is left out.

    Parameters
    ----------
    responses : DataFrame of shape (n_persons, n_items)
        At least three items, after keying, NaN missing.
    missing : {"listwise", "pairwise"}
        As in :func:`cronbach_alpha`; the listwise persons are those who answered all items, also the dropped
        one, so that the values compare with the alpha of the whole scale.

    Returns
    -------
    Series of shape (n_items,)

    Raises
    ------
    InputShapeError, CodingError, ConstantItemError, TooFewPersonsError
        As :func:`cronbach_alpha`; two items are too few here.

    Notes
    -----
    Validated against ``psych::alpha(x)$alpha.drop$raw_alpha``.
    """
    frame, _ = by_missing_rule(numeric_table(responses, minimum_columns=3, minimum_rows=2), missing, minimum_persons=3)
    covariances = frame.cov().to_numpy()
    everything = np.arange(len(covariances))
    dropped = [np.delete(everything, item) for item in everything]
    return pd.Series(
        [alpha_of_matrix(covariances[np.ix_(kept, kept)]) for kept in dropped],
        index=frame.columns,
        name="alpha_if_dropped",
    )


def feldt_interval(alpha: float, n_persons: int, n_items: int, confidence: float = 0.95) -> tuple[float, float]:
    r"""Feldt's interval of a coefficient alpha.

    .. math:: 1 - (1 - \hat\alpha) F_{(1 \pm \gamma)/2}(n - 1, (n - 1)(k - 1))

    Parameters
    ----------
    alpha : float
        The estimate.
    n_persons, n_items : int
        Persons after deletion and items.
    confidence : float
        Nominal coverage.

    Returns
    -------
    tuple of float
        Lower and upper end.

    Raises
    ------
    TooFewPersonsError
        Fewer than two persons.
    InputShapeError
        Fewer than two items or a confidence outside (0, 1).

    References
    ----------
    Feldt, L. S., Woodruff, D. J., & Salih, F. A. (1987). Applied Psychological Measurement, 11, 93-103,
    eq. 8.

    Notes
    -----
    Validated against ``psych::alpha.ci``.
    """
    if n_persons < 2:
        raise TooFewPersonsError(f"Feldt's interval needs at least 2 persons, got {n_persons}")
    if n_items < 2 or not 0 < confidence < 1:
        raise InputShapeError("Feldt's interval needs two items and a confidence between 0 and 1")
    degrees = (n_persons - 1, (n_persons - 1) * (n_items - 1))
    lower, upper = (
        1 - (1 - alpha) * f_distribution.ppf(tail, *degrees) for tail in ((1 + confidence) / 2, (1 - confidence) / 2)
    )
    return float(lower), float(upper)


def standard_error_of_measurement(standard_deviation: float, reliability: float) -> float:
    r"""Return the standard error of measurement in the units of the score.

    .. math:: SEM = s_x \sqrt{1 - \rho}

    Parameters
    ----------
    standard_deviation : float
        Of the score.
    reliability : float
        Any reliability coefficient of that same score, at most 1.

    Returns
    -------
    float

    Raises
    ------
    InputShapeError
        A negative standard deviation or a reliability above 1.

    References
    ----------
    Lord, F. M., & Novick, M. R. (1968). Statistical theories of mental test scores, eq. 3.3.5.

    Notes
    -----
    Validated against the identity with coefficient alpha: the error variance of the sum score.
    """
    if standard_deviation < 0 or reliability > 1:
        raise InputShapeError(
            f"a standard deviation of {standard_deviation} with a reliability of {reliability} is impossible"
        )
    return float(standard_deviation * np.sqrt(1 - reliability))


def _interval(
    frame: pd.DataFrame,
    alpha: float,
    n_persons: int,
    confidence: float,
    interval: Interval,
    missing: Missing,
    n_resamples: int,
    seed: int,
) -> tuple[float, float]:
    """Return the ends of the interval that was asked for."""
    if interval == "feldt":
        return feldt_interval(alpha, n_persons, frame.shape[1], confidence)
    if interval == "bootstrap":
        return _bootstrap(_RawAlpha(missing), frame, confidence, n_resamples, seed)
    if interval != "none":
        raise InputShapeError(f"interval must be 'feldt', 'bootstrap' or 'none', not {interval!r}")
    return float("nan"), float("nan")


@dataclass(frozen=True)
class _RawAlpha:
    """Picklable statistic of the bootstrap: raw alpha under a missing rule."""

    missing: Missing

    def __call__(self, sample: pd.DataFrame) -> float:
        """Return alpha of one resample."""
        frame, _ = by_missing_rule(sample, self.missing, minimum_persons=3)
        return alpha_of_matrix(frame.cov().to_numpy())


@dataclass(frozen=True)
class _OrdinalAlpha:
    """Picklable statistic of the bootstrap: ordinal alpha under a missing rule."""

    missing: Missing

    def __call__(self, sample: pd.DataFrame) -> float:
        """Return ordinal alpha of one resample."""
        return alpha_of_matrix(correlation_matrix(sample, "polychoric", self.missing)[0].to_numpy())


def _bootstrap(
    statistic: _RawAlpha | _OrdinalAlpha,
    responses: pd.DataFrame,
    confidence: float,
    n_resamples: int,
    seed: int,
) -> tuple[float, float]:
    """Return the percentile bootstrap interval of a coefficient."""
    from psychometrics.resampling import bootstrap_interval

    result = bootstrap_interval(statistic, responses, n_resamples, seed, confidence)
    return float(result.lower.iloc[0]), float(result.upper.iloc[0])


def _mean_off_diagonal(matrix: np.ndarray) -> float:
    """Return the mean of the entries outside the diagonal."""
    size = len(matrix)
    return float((matrix.sum() - np.trace(matrix)) / (size * (size - 1)))
