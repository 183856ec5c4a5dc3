"""Reliability that a one-factor model implies: omega of the sum of continuous or of ordinal items."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Literal

import numpy as np
import pandas as pd
from scipy.special import ndtr

from psychometrics._checks import numeric_table, one_of, text_names
from psychometrics._responses import Missing, by_missing_rule, inverse, product_moment
from psychometrics.errors import InputShapeError

Interval = Literal["bootstrap", "none"]


@dataclass(frozen=True)
class OmegaResult:
    """Omega of a sum of items under a one-factor model.

    Attributes
    ----------
    omega : float
        Reliability of the sum.
    lower, upper : float
        Bootstrap interval; NaN without one.
    omega_observed : float
        The same with the observed instead of the implied variance of the sum as divisor. For categorical omega, of the
        sum of the latent responses (the "ordinal omega" of some programs).
    loadings : Series of shape (n_items,)
        Standardised loadings.
    confidence : float
        Nominal coverage.
    interval : str
        ``bootstrap`` or ``none``.
    model : str
        What was fitted.
    n_persons, n_items : int
        Persons after deletion and items.
    missing : str
        Missing rule.
    notes : tuple of str
        What a reader has to know.
    """

    omega: float
    lower: float
    upper: float
    omega_observed: float
    loadings: pd.Series
    confidence: float
    interval: str
    model: str
    n_persons: int
    n_items: int
    missing: str
    notes: tuple[str, ...] = field(default_factory=tuple)

    def to_frame(self) -> pd.DataFrame:
        """Return one row with every number."""
        return pd.DataFrame([{key: value for key, value in asdict(self).items() if key != "loadings"}])


def omega_total(
    responses: pd.DataFrame,
    confidence: float = 0.95,
    interval: Interval = "none",
    missing: Missing = "listwise",
    n_resamples: int = 500,
    seed: int = 0,
) -> OmegaResult:
    r"""Omega of the sum of the items under a one-factor model (maximum likelihood).

    .. math:: \omega = \frac{(\sum_i \lambda_i)^2}{(\sum_i \lambda_i)^2 + \sum_i \theta_i}

    with unstandardised loadings and residual variances. It equals alpha when loadings are equal and is larger
    otherwise. ``omega_observed`` divides by the observed variance of the sum instead (McDonald's form, semTools'
    default).

    Parameters
    ----------
    responses : DataFrame of shape (n_persons, n_items)
        At least three items after keying, NaN missing.
    confidence : float
        Nominal coverage.
    interval : {"none", "bootstrap"}
        Percentile bootstrap over persons.
    missing : {"listwise", "pairwise"}
        Persons with every answer, or covariances from the persons who answered both items.
    n_resamples, seed : int
        Of the bootstrap.

    Returns
    -------
    OmegaResult

    Raises
    ------
    InputShapeError
        Fewer than three items or an unknown option.
    CodingError, ConstantItemError, TooFewPersonsError, SingularMatrixError
        Responses that no factor model is defined for.

    References
    ----------
    McDonald, R. P. (1999). Test theory: A unified treatment, eq. 6.20a and 6.20b. Kelley, K., & Pornprasertmanit, S.
    (2016). Confidence intervals for population reliability coefficients. Psychological Methods, 21, 69-92.

    Notes
    -----
    Validated against ``semTools::reliability`` (rows omega and omega3) of ``lavaan::cfa``, and its loadings.
    """
    _refuse_interval(interval)
    frame, n_persons = by_missing_rule(
        numeric_table(responses, minimum_columns=3, minimum_rows=2), missing, minimum_persons=3
    )
    loadings, notes = _one_factor(product_moment(frame))
    spread = frame.std(ddof=1).to_numpy()
    lower, upper = float("nan"), float("nan")
    if interval == "bootstrap":
        lower, upper = _bootstrap(_Omega(missing), frame, confidence, n_resamples, seed)
    common = float(np.sum(loadings * spread) ** 2)
    return OmegaResult(
        omega=omega_of_loadings(loadings, spread),
        lower=lower,
        upper=upper,
        omega_observed=common / float(frame.cov().to_numpy().sum()),
        loadings=pd.Series(loadings, frame.columns, name="loading"),
        confidence=confidence,
        interval=interval,
        model="one factor, maximum likelihood, Pearson",
        n_persons=n_persons,
        n_items=frame.shape[1],
        missing=missing,
        notes=notes,
    )


def omega_if_dropped(responses: pd.DataFrame, missing: Missing = "listwise") -> pd.Series:
    """Omega of the remaining items when each item in turn is left out.

    Parameters
    ----------
    responses : DataFrame of shape (n_persons, n_items)
        At least four items after keying, NaN missing.
    missing : {"listwise", "pairwise"}
        As in :func:`omega_total`; the persons are the same for every dropped item.

    Returns
    -------
    Series of shape (n_items,)

    Raises
    ------
    InputShapeError, CodingError, ConstantItemError, TooFewPersonsError, SingularMatrixError
        As :func:`omega_total`; three items are too few here.

    References
    ----------
    McDonald, R. P. (1999). Test theory: A unified treatment, eq. 6.20a.

    Notes
    -----
    Validated by identity with :func:`omega_total` of the remaining items.
    """
    frame, _ = by_missing_rule(numeric_table(responses, minimum_columns=4, minimum_rows=2), missing, minimum_persons=3)
    matrix, spread = product_moment(frame), frame.std(ddof=1)
    values = []
    for item in frame.columns:
        loadings, _ = _one_factor(matrix.drop(index=item, columns=item))
        values.append(omega_of_loadings(loadings, spread.drop(item).to_numpy()))
    return pd.Series(values, index=frame.columns, name="omega_if_dropped")


def omega_categorical(
    responses: pd.DataFrame,
    confidence: float = 0.95,
    interval: Interval = "none",
    missing: Missing = "listwise",
    n_resamples: int = 200,
    seed: int = 0,
) -> OmegaResult:
    """Reliability of the observed sum of ordinal items (Green & Yang).

    A categorical one-factor model (WLSMV) is fitted and its implied true-score variance of the sum of the observed
    codes is set against the total variance; see :func:`green_yang` for the formula.

    Parameters
    ----------
    responses : DataFrame of shape (n_persons, n_items)
        Integer codes of at least three items after keying, NaN missing; codes count as consecutive.
    confidence : float
        Nominal coverage.
    interval : {"none", "bootstrap"}
        Percentile bootstrap over persons.
    missing : {"listwise", "pairwise"}
        Missing rule of the categorical model.
    n_resamples, seed : int
        Of the bootstrap.

    Returns
    -------
    OmegaResult

    Raises
    ------
    InputShapeError
        Fewer than three items or an unknown option.
    CodingError, ConstantItemError, TooFewPersonsError, ModelError, ConvergenceError
        Responses that the categorical model is not defined for.

    References
    ----------
    Green, S. B., & Yang, Y. (2009). Reliability of summated item scores using structural equation modeling.
    Psychometrika, 74, 155-167, eq. 21.

    Notes
    -----
    Validated against ``semTools::compRelSEM`` of ``lavaan::cfa(ordered = ..., estimator = "WLSMV")``, on the ordinal
    and (``omega_observed``) on the latent scale.
    """
    _refuse_interval(interval)
    frame, n_persons = by_missing_rule(
        numeric_table(responses, minimum_columns=3, minimum_rows=2), missing, minimum_persons=3
    )
    estimate, latent, loadings, notes = _categorical(frame, missing)
    lower, upper = float("nan"), float("nan")
    if interval == "bootstrap":
        lower, upper = _bootstrap(_CategoricalOmega(missing), frame, confidence, n_resamples, seed)
    return OmegaResult(
        omega=estimate,
        lower=lower,
        upper=upper,
        omega_observed=latent,
        loadings=loadings,
        confidence=confidence,
        interval=interval,
        model="one factor, WLSMV, Green & Yang",
        n_persons=n_persons,
        n_items=frame.shape[1],
        missing=missing,
        notes=notes,
    )


def green_yang(loadings: pd.Series, thresholds: pd.Series, correlations: pd.DataFrame) -> float:
    r"""Green and Yang's reliability of a sum of ordinal items.

    .. math:: \omega = \frac{\sum_{ij}\left[\sum_{cd}\Phi_2(\tau_{ic}, \tau_{jd}, \lambda_i\lambda_j)
       - \sum_c\Phi(\tau_{ic})\sum_d\Phi(\tau_{jd})\right]}{\sum_{ij}\left[\sum_{cd}\Phi_2(\tau_{ic}, \tau_{jd},
       \rho_{ij}) - \sum_c\Phi(\tau_{ic})\sum_d\Phi(\tau_{jd})\right]}

    Parameters
    ----------
    loadings : Series of shape (n_items,)
        Standardised loadings of the latent responses.
    thresholds : Series
        Indexed by item and threshold number.
    correlations : DataFrame of shape (n_items, n_items)
        Correlations :math:`\rho_{ij}` of the latent responses in the divisor: polychoric for the observed variance
        of the sum, or implied.

    Returns
    -------
    float

    Raises
    ------
    InputShapeError
        Items that differ between the arguments.

    References
    ----------
    Green, S. B., & Yang, Y. (2009). Psychometrika, 74, 155-167, eq. 21.

    Notes
    -----
    Validated against ``semTools::compRelSEM``.
    """
    items = list(loadings.index)
    if set(items) != set(correlations.index) or not set(items) <= set(thresholds.index.get_level_values(0)):
        raise InputShapeError("loadings, thresholds and correlations must be about the same items")
    cuts = [np.sort(thresholds.loc[item].to_numpy(dtype=float)) for item in items]
    weights = loadings.to_numpy(dtype=float)
    latent = correlations.loc[items, items].to_numpy(dtype=float)
    true, total = 0.0, 0.0
    for i in range(len(items)):
        for j in range(len(items)):
            true += _code_covariance(cuts[i], cuts[j], weights[i] * weights[j])
            total += _code_covariance(cuts[i], cuts[j], 1.0 if i == j else latent[i, j])
    return true / total


def omega_of_loadings(loadings: np.ndarray, spread: np.ndarray | None = None) -> float:
    """Omega of standardised one-factor loadings, of items with these standard deviations (ones when left out)."""
    scale = np.ones_like(loadings) if spread is None else spread
    common = np.sum(loadings * scale) ** 2
    return float(common / (common + np.sum((1 - loadings**2) * scale**2)))


def _refuse_interval(interval: str) -> None:
    """Refuse unknown kinds of interval."""
    one_of(interval, ("bootstrap", "none"), "interval")


def _one_factor(matrix: pd.DataFrame) -> tuple[np.ndarray, tuple[str, ...]]:
    """Return standardised one-factor maximum likelihood loadings of a correlation matrix, and notes."""
    from psychometrics.efa.extraction import extract

    inverse(matrix)
    unrotated, converged = extract(matrix.to_numpy(), 1, "ml")
    loadings = unrotated[:, 0] * (-1.0 if unrotated[:, 0].sum() < 0 else 1.0)
    notes = [] if converged else ["the one-factor model did not converge"]
    negative = matrix.columns[loadings < 0]
    if len(negative):
        notes.append(f"negative loadings: {', '.join(map(str, negative))}; check their keys")
    return loadings, tuple(notes)


def _categorical(frame: pd.DataFrame, missing: Missing) -> tuple[float, float, pd.Series, tuple[str, ...]]:
    """Fit the categorical model; return Green and Yang's omega, that of the latent sum, loadings, and notes."""
    from psychometrics.sem import CfaModel, fit_cfa

    named = frame.set_axis(text_names(frame.columns), axis="columns")
    fit = fit_cfa(CfaModel.single(list(named.columns)), named, estimator="WLSMV", missing=missing)
    loadings = fit.loading_matrix().iloc[:, 0].rename("loading")
    thresholds = fit.thresholds.set_index(["item", "threshold"])["estimate"]
    latent = float(loadings.sum() ** 2 / fit.sample.to_numpy().sum())
    return green_yang(loadings, thresholds, fit.sample), latent, loadings, (*fit.problems, *fit.notes)


def _code_covariance(first: np.ndarray, second: np.ndarray, rho: float) -> float:
    """Return the covariance of two items' codes whose latent responses correlate rho."""
    if rho >= 1 - 1e-12:
        joint = ndtr(np.minimum(first[:, None], second[None, :]))
    else:
        from psychometrics.ordinal import bivariate_normal as distribution

        joint = distribution(first[None, :], second[None, :], np.array([rho]))[0]
    return float(joint.sum() - ndtr(first).sum() * ndtr(second).sum())


@dataclass(frozen=True)
class _Omega:
    """Picklable statistic of the bootstrap: omega of one factor."""

    missing: Missing

    def __call__(self, sample: pd.DataFrame) -> float:
        """Return omega of one resample."""
        frame, _ = by_missing_rule(sample, self.missing, minimum_persons=3)
        loadings, _ = _one_factor(product_moment(frame))
        return omega_of_loadings(loadings, frame.std(ddof=1).to_numpy())


@dataclass(frozen=True)
class _CategoricalOmega:
    """Picklable statistic of the bootstrap: categorical omega."""

    missing: Missing

    def __call__(self, sample: pd.DataFrame) -> float:
        """Return categorical omega of one resample."""
        frame, _ = by_missing_rule(sample, self.missing, minimum_persons=3)
        return _categorical(frame, self.missing)[0]


def _bootstrap(
    statistic: _Omega | _CategoricalOmega, frame: pd.DataFrame, confidence: float, n_resamples: int, seed: int
) -> tuple[float, float]:
    """Return the percentile bootstrap interval of a coefficient."""
    from psychometrics.resampling import bootstrap_interval

    result = bootstrap_interval(statistic, frame, n_resamples, seed, confidence)
    return float(result.lower.iloc[0]), float(result.upper.iloc[0])
