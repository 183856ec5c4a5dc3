"""Coefficient alpha: raw, standardised and ordinal, with Feldt and bootstrap intervals."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Literal

import numpy as np
import pandas as pd

from psychometrics._checks import numeric_table, one_of, share
from psychometrics._correlations import Missing, by_missing_rule, correlation_matrix
from psychometrics.errors import InputShapeError
from psychometrics.reliability._resampled import (
    AlphaOfCounts,
    Ends,
    OfCovariances,
    clusters_of_kept,
    ends_of,
    n_clusters_of,
)
from psychometrics.reliability.formulas import alpha_of_matrix, feldt_interval

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
    n_resamples, n_failed : int
        Resamples behind a bootstrap interval, and those lost because the coefficient was not defined in them (an item
        was constant); 0 without one.
    n_clusters : int
        Clusters that were resampled; 0 when persons were.
    notes : tuple of str
        What a reader has to know: why a number is NaN, and resamples lost when above 1 %.
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
    n_resamples: int = 0
    n_failed: int = 0
    n_clusters: int = 0
    notes: tuple[str, ...] = field(default_factory=tuple)

    @property
    def lost_share(self) -> float:
        """Share of the resamples that were lost, 0 to 1."""
        return self.n_failed / self.n_resamples if self.n_resamples else 0.0

    def to_frame(self) -> pd.DataFrame:
        """Return one row with every attribute."""
        return pd.DataFrame([{**asdict(self), "lost_share": self.lost_share}])


def cronbach_alpha(
    responses: pd.DataFrame,
    confidence: float = 0.95,
    interval: Interval = "feldt",
    missing: Missing = "listwise",
    n_resamples: int = 1000,
    seed: int = 0,
    clusters: pd.Series | None = None,
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
    clusters : Series of shape (n_persons,), optional
        Cluster of each person, in the order of the rows: the bootstrap then draws whole clusters. Feldt's interval
        supposes independent persons and is refused with clusters.

    Returns
    -------
    AlphaResult
        NaN with a note where the sum of the items does not vary, and where an interval would have no width.

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

    See Also
    --------
    ordinal_alpha, omega_total, omega_categorical

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

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> draw = np.random.default_rng(1)
    >>> trait = draw.normal(size=(200, 1))
    >>> codes = np.clip(np.rint(3 + trait + draw.normal(size=(200, 6))), 1, 5)
    >>> answers = pd.DataFrame(codes, columns=list("abcdef"))
    >>> from psychometrics.reliability import cronbach_alpha
    >>> result = cronbach_alpha(answers, interval="bootstrap", n_resamples=200)
    >>> round(result.raw, 2), result.n_failed
    (0.81, 0)
    """
    one_of(interval, ("feldt", "bootstrap", "none"), "interval")
    share(confidence)
    checked = numeric_table(responses, minimum_columns=2, minimum_rows=2)
    frame, n_persons = by_missing_rule(checked, missing, minimum_persons=3)
    covariances = frame.cov().to_numpy()
    raw, n_items = alpha_of_matrix(covariances), frame.shape[1]
    ends = _interval(
        frame, raw, n_persons, confidence, interval, clusters_of_kept(clusters, checked, missing), (n_resamples, seed)
    )
    spread = np.sqrt(np.diag(covariances))
    correlations = covariances / np.outer(spread, spread)
    mean_r = _mean_off_diagonal(correlations)
    return AlphaResult(
        raw=raw,
        standardised=alpha_of_matrix(correlations),
        lower=ends.lower,
        upper=ends.upper,
        confidence=confidence,
        interval=interval,
        mean_inter_item=mean_r,
        standard_error_of_measurement=float(np.sqrt(covariances.sum() * max(0.0, 1 - raw))),
        n_persons=n_persons,
        n_items=n_items,
        missing=missing,
        n_resamples=ends.n_resamples,
        n_failed=ends.n_failed,
        n_clusters=ends.n_clusters,
        notes=(*_undefined_note(raw), *ends.notes),
    )


def ordinal_alpha(
    responses: pd.DataFrame,
    confidence: float = 0.95,
    interval: Literal["bootstrap", "none"] = "none",
    missing: Missing = "listwise",
    n_resamples: int = 200,
    seed: int = 0,
    clusters: pd.Series | None = None,
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
    clusters : Series of shape (n_persons,), optional
        As in :func:`cronbach_alpha`.

    Returns
    -------
    AlphaResult
        ``raw`` and ``standardised`` are the same number, ``correlation`` is ``polychoric`` and the standard
        error of measurement is in units of the latent sum.

    Raises
    ------
    InputShapeError, CodingError, ConstantItemError, TooFewPersonsError
        As :func:`cronbach_alpha`.

    See Also
    --------
    cronbach_alpha, omega_categorical

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

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> draw = np.random.default_rng(1)
    >>> trait = draw.normal(size=(200, 1))
    >>> codes = np.clip(np.rint(3 + trait + draw.normal(size=(200, 6))), 1, 5)
    >>> answers = pd.DataFrame(codes, columns=list("abcdef"))
    >>> from psychometrics.reliability import ordinal_alpha
    >>> round(ordinal_alpha(answers).raw, 2)
    0.83
    """
    one_of(interval, ("bootstrap", "none"), "interval")
    share(confidence)
    checked = numeric_table(responses, minimum_columns=2, minimum_rows=2)
    matrix, n_persons = correlation_matrix(checked, "polychoric", missing)
    values = matrix.to_numpy()
    estimate, ends = alpha_of_matrix(values), Ends()
    if interval == "bootstrap" and not np.isnan(estimate):
        ends = _bootstrap(_OrdinalAlpha(missing), checked, clusters, confidence, (n_resamples, seed))
    return AlphaResult(
        raw=estimate,
        standardised=estimate,
        lower=ends.lower,
        upper=ends.upper,
        confidence=confidence,
        interval=interval,
        mean_inter_item=_mean_off_diagonal(values),
        standard_error_of_measurement=float(np.sqrt(values.sum() * max(0.0, 1 - estimate))),
        n_persons=n_persons,
        n_items=len(values),
        missing=missing,
        correlation="polychoric",
        n_resamples=ends.n_resamples,
        n_failed=ends.n_failed,
        n_clusters=ends.n_clusters,
        notes=(*_undefined_note(estimate), *ends.notes),
    )


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

    See Also
    --------
    cronbach_alpha, omega_if_dropped

    Notes
    -----
    Validated against ``psych::alpha(x)$alpha.drop$raw_alpha``.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> draw = np.random.default_rng(1)
    >>> trait = draw.normal(size=(200, 1))
    >>> codes = np.clip(np.rint(3 + trait + draw.normal(size=(200, 6))), 1, 5)
    >>> answers = pd.DataFrame(codes, columns=list("abcdef"))
    >>> from psychometrics.reliability import alpha_if_dropped
    >>> alpha_if_dropped(answers).round(2).to_dict()
    {'a': 0.78, 'b': 0.79, 'c': 0.78, 'd': 0.78, 'e': 0.77, 'f': 0.78}
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


def _interval(
    frame: pd.DataFrame,
    alpha: float,
    n_persons: int,
    confidence: float,
    interval: Interval,
    clusters: pd.Series | None,
    draws: tuple[int, int],
) -> Ends:
    """Return the interval that was asked for."""
    if interval == "none" or np.isnan(alpha):
        return Ends()
    if interval == "feldt":
        if clusters is not None:
            raise InputShapeError(
                "Feldt's interval supposes independent persons; use interval='bootstrap' with clusters"
            )
        lower, upper = feldt_interval(alpha, n_persons, frame.shape[1], confidence)
        perfect = ("an alpha of 1 has no interval by Feldt's formula",) if np.isnan(lower) else ()
        return Ends(lower, upper, notes=perfect)
    from psychometrics.resampling import bootstrap_from_counts

    values = frame.to_numpy()
    whole = not np.isnan(values).any()
    if whole:
        alphas = AlphaOfCounts.of(values, clusters)
        drawn = bootstrap_from_counts(alphas, len(alphas.sizes), *draws, confidence)
    else:
        drawn = bootstrap_from_counts(OfCovariances(values, alpha_of_matrix), len(frame), *draws, confidence, clusters)
    return ends_of(drawn, n_clusters_of(clusters))


def _undefined_note(alpha: float) -> tuple[str, ...]:
    """Say why an alpha is NaN."""
    return ("the sum of the items does not vary, so that it has no reliability",) if np.isnan(alpha) else ()


@dataclass(frozen=True)
class _OrdinalAlpha:
    """Picklable statistic of the bootstrap: ordinal alpha under a missing rule."""

    missing: Missing

    def __call__(self, sample: pd.DataFrame) -> float:
        """Return ordinal alpha of one resample."""
        return alpha_of_matrix(correlation_matrix(sample, "polychoric", self.missing)[0].to_numpy())


def _bootstrap(
    statistic: _OrdinalAlpha,
    responses: pd.DataFrame,
    clusters: pd.Series | None,
    confidence: float,
    draws: tuple[int, int],
) -> Ends:
    """Return the percentile bootstrap interval of ordinal alpha."""
    from psychometrics.resampling import bootstrap_interval

    drawn = bootstrap_interval(statistic, responses, *draws, confidence, clusters=clusters)
    return ends_of(drawn, n_clusters_of(clusters))


def _mean_off_diagonal(matrix: np.ndarray) -> float:
    """Return the mean of the entries outside the diagonal."""
    size = len(matrix)
    return float((matrix.sum() - np.trace(matrix)) / (size * (size - 1)))
