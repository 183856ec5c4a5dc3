"""Reliability that a one-factor model implies: omega of the sum of continuous or of ordinal items."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from psychometrics._checks import cluster_codes, listed, numeric_table, one_of, share, text_names
from psychometrics._correlations import Missing, by_missing_rule, product_moment, regular_roots
from psychometrics._patterns import distinct_rows
from psychometrics.errors import PsychometricsError
from psychometrics.reliability._resampled import Ends, OfCovariances, clusters_of_kept, ends_of, n_clusters_of
from psychometrics.reliability.formulas import green_yang, omega_of_loadings, ratio

if TYPE_CHECKING:
    from scipy.sparse import csr_array

    from psychometrics.sem import CfaResult

Interval = Literal["bootstrap", "none"]


@dataclass(frozen=True)
class OmegaResult:
    """Omega of a sum of items under a one-factor model.

    Attributes
    ----------
    omega : float
        Reliability of the sum: the variance of its true part over the variance that the model implies. It cannot
        exceed 1.
    lower, upper : float
        Bootstrap interval of ``omega``; NaN without one.
    omega_observed : float
        The same with the observed variance of the sum as divisor (semTools' default). Above 1 the model implies more
        true variance than the sum has: a note says so, and the value is no evidence of reliability.
    omega_latent : float
        Categorical omega only: of the sum of the latent responses (the "ordinal omega" of some programs), observed
        variance. NaN for continuous items, which have none.
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
    n_resamples, n_failed : int
        Resamples behind the interval, and those lost because omega was not defined in them; 0 without one.
    n_clusters : int
        Clusters that were resampled; 0 when persons were.
    notes : tuple of str
        What a reader has to know: negative loadings, an improper solution, an omega above 1, lost resamples.
    """

    omega: float
    lower: float
    upper: float
    omega_observed: float
    omega_latent: float
    loadings: pd.Series
    confidence: float
    interval: str
    model: str
    n_persons: int
    n_items: int
    missing: str
    n_resamples: int = 0
    n_failed: int = 0
    n_clusters: int = 0
    notes: tuple[str, ...] = field(default_factory=tuple)

    @property
    def lost_share(self) -> float:
        """Share of the resamples that were lost, 0 to 1."""
        return self.n_failed / self.n_resamples if self.n_resamples else 0.0

    def to_frame(self) -> pd.DataFrame:
        """Return one row with every number."""
        shown = {key: value for key, value in asdict(self).items() if key != "loadings"}
        return pd.DataFrame([{**shown, "lost_share": self.lost_share}])


def omega_total(
    responses: pd.DataFrame,
    confidence: float = 0.95,
    interval: Interval = "none",
    missing: Missing = "listwise",
    n_resamples: int = 500,
    seed: int = 0,
    clusters: pd.Series | None = None,
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
    clusters : Series of shape (n_persons,), optional
        Cluster of each person, in the order of the rows: the bootstrap then draws whole clusters.

    Returns
    -------
    OmegaResult

    Raises
    ------
    InputShapeError
        Fewer than three items or an unknown option.
    CodingError, ConstantItemError, TooFewPersonsError, SingularMatrixError
        Responses that no factor model is defined for.

    See Also
    --------
    cronbach_alpha, omega_categorical, omega_hierarchical

    References
    ----------
    McDonald, R. P. (1999). Test theory: A unified treatment, eq. 6.20a and 6.20b. Kelley, K., & Pornprasertmanit, S.
    (2016). Confidence intervals for population reliability coefficients. Psychological Methods, 21, 69-92.

    Notes
    -----
    Validated against ``semTools::reliability`` (rows omega and omega3) of ``lavaan::cfa``, and its loadings.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> draw = np.random.default_rng(1)
    >>> trait = draw.normal(size=(200, 1))
    >>> codes = np.clip(np.rint(3 + trait + draw.normal(size=(200, 6))), 1, 5)
    >>> answers = pd.DataFrame(codes, columns=list("abcdef"))
    >>> from psychometrics.reliability import omega_total
    >>> result = omega_total(answers)
    >>> round(result.omega, 2), round(result.omega_observed, 2)
    (0.81, 0.81)
    """
    one_of(interval, ("bootstrap", "none"), "interval")
    share(confidence)
    checked = numeric_table(responses, minimum_columns=3, minimum_rows=2)
    frame, n_persons = by_missing_rule(checked, missing, minimum_persons=3)
    loadings, notes = _one_factor(product_moment(frame))
    covariances = frame.cov().to_numpy()
    spread, ends = np.sqrt(np.diag(covariances)), Ends()
    if interval == "bootstrap":
        from psychometrics.resampling import bootstrap_from_counts

        kept = clusters_of_kept(clusters, checked, missing)
        statistic = OfCovariances(frame.to_numpy(), omega_of_covariances)
        drawn = bootstrap_from_counts(statistic, len(frame), n_resamples, seed, confidence, kept)
        ends = ends_of(drawn, n_clusters_of(kept))
    observed = ratio(float(np.sum(loadings * spread) ** 2), float(covariances.sum()))
    return OmegaResult(
        omega=omega_of_loadings(loadings, spread),
        lower=ends.lower,
        upper=ends.upper,
        omega_observed=observed,
        omega_latent=float("nan"),
        loadings=pd.Series(loadings, frame.columns, name="loading"),
        confidence=confidence,
        interval=interval,
        model="one factor, maximum likelihood, Pearson",
        n_persons=n_persons,
        n_items=frame.shape[1],
        missing=missing,
        n_resamples=ends.n_resamples,
        n_failed=ends.n_failed,
        n_clusters=ends.n_clusters,
        notes=(*notes, *_observed_notes(observed), *ends.notes),
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

    See Also
    --------
    omega_total, alpha_if_dropped

    References
    ----------
    McDonald, R. P. (1999). Test theory: A unified treatment, eq. 6.20a.

    Notes
    -----
    Validated by identity with :func:`omega_total` of the remaining items.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> draw = np.random.default_rng(1)
    >>> trait = draw.normal(size=(200, 1))
    >>> codes = np.clip(np.rint(3 + trait + draw.normal(size=(200, 6))), 1, 5)
    >>> answers = pd.DataFrame(codes, columns=list("abcdef"))
    >>> from psychometrics.reliability import omega_if_dropped
    >>> omega_if_dropped(answers).round(2).to_dict()
    {'a': 0.78, 'b': 0.79, 'c': 0.78, 'd': 0.78, 'e': 0.77, 'f': 0.78}
    """
    frame, _ = by_missing_rule(numeric_table(responses, minimum_columns=4, minimum_rows=2), missing, minimum_persons=3)
    matrix, spread = product_moment(frame), frame.std(ddof=1).to_numpy()
    values, everything = [], np.arange(frame.shape[1])
    for item in everything:
        kept = np.delete(everything, item)
        loadings, _ = _one_factor(matrix.iloc[kept, kept])
        values.append(omega_of_loadings(loadings, spread[kept]))
    return pd.Series(values, index=frame.columns, name="omega_if_dropped")


def omega_categorical(
    responses: pd.DataFrame,
    confidence: float = 0.95,
    interval: Interval = "none",
    missing: Missing = "listwise",
    n_resamples: int = 200,
    seed: int = 0,
    clusters: pd.Series | None = None,
    weights: pd.Series | None = None,
) -> OmegaResult:
    """Reliability of the observed sum of ordinal items (Green & Yang), or of a weighted sum.

    A categorical one-factor model (WLSMV) is fitted and its implied true-score variance of the sum of the observed
    codes is set against the variance of that sum: the one that the model implies (``omega``) and the one that the
    polychoric correlations give (``omega_observed``, semTools' default); see :func:`green_yang` for the formula.

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
    clusters : Series of shape (n_persons,), optional
        As in :func:`omega_total`.
    weights : Series of shape (n_items,), optional
        How much one code of each item moves the sum, as in :func:`green_yang`; ``omega_latent`` is of standardised
        responses and has none.

    Returns
    -------
    OmegaResult

    Raises
    ------
    InputShapeError
        Fewer than three items or an unknown option; weights of other items.
    CodingError, ConstantItemError, TooFewPersonsError, ModelError, ConvergenceError
        Responses that the categorical model is not defined for.

    See Also
    --------
    omega_total, ordinal_alpha, green_yang

    References
    ----------
    Green, S. B., & Yang, Y. (2009). Reliability of summated item scores using structural equation modeling.
    Psychometrika, 74, 155-167, eq. 21.

    Notes
    -----
    Validated against ``semTools::compRelSEM`` of ``lavaan::cfa(ordered = ..., estimator = "WLSMV")`` with
    ``obs.var = FALSE`` (``omega``), ``obs.var = TRUE`` (``omega_observed``) and ``ord.scale = FALSE``
    (``omega_latent``).

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> draw = np.random.default_rng(1)
    >>> trait = draw.normal(size=(200, 1))
    >>> codes = np.clip(np.rint(3 + trait + draw.normal(size=(200, 6))), 1, 5)
    >>> answers = pd.DataFrame(codes, columns=list("abcdef"))
    >>> from psychometrics.reliability import omega_categorical
    >>> result = omega_categorical(answers)
    >>> round(result.omega, 2), round(result.omega_observed, 2)
    (0.81, 0.82)
    """
    one_of(interval, ("bootstrap", "none"), "interval")
    share(confidence)
    checked = numeric_table(responses, minimum_columns=3, minimum_rows=2)
    frame, n_persons = by_missing_rule(checked, missing, minimum_persons=3)
    found, ends = _categorical(frame, missing, weights), Ends()
    if interval == "bootstrap":
        from psychometrics.resampling import bootstrap_from_counts

        kept = clusters_of_kept(clusters, checked, missing)
        statistic = _CategoricalOmega.of(frame, kept, missing, weights)
        drawn = bootstrap_from_counts(statistic, statistic.n_units, n_resamples, seed, confidence)
        ends = ends_of(drawn, n_clusters_of(kept))
    return OmegaResult(
        omega=found.implied,
        lower=ends.lower,
        upper=ends.upper,
        omega_observed=found.observed,
        omega_latent=found.latent,
        loadings=found.loadings,
        confidence=confidence,
        interval=interval,
        model="one factor, WLSMV, Green & Yang",
        n_persons=n_persons,
        n_items=frame.shape[1],
        missing=missing,
        n_resamples=ends.n_resamples,
        n_failed=ends.n_failed,
        n_clusters=ends.n_clusters,
        notes=(*found.notes, *ends.notes),
    )


def _one_factor(matrix: pd.DataFrame) -> tuple[np.ndarray, tuple[str, ...]]:
    """Return standardised one-factor maximum likelihood loadings of a correlation matrix, and notes."""
    from psychometrics.efa.extraction import extract

    regular_roots(matrix)
    unrotated, converged = extract(matrix.to_numpy(), 1, "ml")
    loadings = unrotated[:, 0] * (-1.0 if unrotated[:, 0].sum() < 0 else 1.0)
    notes = [] if converged else ["the one-factor model did not converge"]
    return loadings, (*notes, *_negative_note(pd.Series(loadings, matrix.columns)))


def _negative_note(loadings: pd.Series) -> tuple[str, ...]:
    """Name the items that run against the others: their sum is no scale."""
    negative = loadings.index[loadings < 0]
    return (f"negative loadings: {listed(negative)}; check their keys",) if len(negative) else ()


def _observed_notes(observed: float) -> tuple[str, ...]:
    """Flag a reliability by the observed variance that is none."""
    if np.isnan(observed):
        return ("the sum of the items does not vary, so that omega by its observed variance is not defined",)
    if observed > 1:
        return (
            f"omega by the observed variance of the sum is {observed:.3f}, above 1: the model implies more true "
            "variance than the sum has, and the value is no evidence of reliability",
        )
    return ()


@dataclass(frozen=True)
class _Categorical:
    """Reliabilities that a categorical one-factor model gives."""

    implied: float
    observed: float
    latent: float
    loadings: pd.Series
    notes: tuple[str, ...]


def _categorical(frame: pd.DataFrame, missing: Missing, weights: pd.Series | None = None) -> _Categorical:
    """Fit the categorical model and return Green and Yang's omega by implied and by observed variance."""
    fit, loadings, thresholds = _categorical_model(frame, missing)
    loaded, moved = loadings.to_numpy(dtype=float), _in_order(weights, frame, loadings)
    observed = green_yang(loadings, thresholds, fit.sample, moved)
    labelled = loadings.set_axis(frame.columns)
    return _Categorical(
        implied=_implied_omega(loadings, thresholds, moved),
        observed=observed,
        latent=ratio(float(loaded.sum() ** 2), float(fit.sample.to_numpy().sum())),
        loadings=labelled,
        notes=(*fit.problems, *fit.notes, *_negative_note(labelled), *_observed_notes(observed)),
    )


def _categorical_model(
    frame: pd.DataFrame, missing: Missing, persons: np.ndarray | None = None
) -> tuple[CfaResult, pd.Series, pd.Series]:
    """Fit one factor behind ordinal items; return the fit, its standardised loadings and its thresholds.

    Each row is a person unless it is said how many it stands for.
    """
    from psychometrics.sem import CfaModel, fit_cfa
    from psychometrics.sem.fitting import fit_counted

    named = frame.set_axis(text_names(frame.columns), axis="columns")
    model = CfaModel.single(list(named.columns))
    if persons is None:
        fit = fit_cfa(model, named, estimator="WLSMV", missing=missing)
    else:
        fit = fit_counted(model, named, persons, missing)
    loadings = fit.loading_matrix().iloc[:, 0].rename("loading")
    return fit, loadings, fit.threshold_estimates


def _in_order(weights: pd.Series | None, frame: pd.DataFrame, loadings: pd.Series) -> pd.Series | None:
    """Return the weights under the names that the model has for the items."""
    return None if weights is None else weights.reindex(frame.columns).set_axis(loadings.index).dropna()


def _implied_omega(loadings: pd.Series, thresholds: pd.Series, weights: pd.Series | None) -> float:
    """Return Green and Yang's omega by the variance that the model implies."""
    loaded = loadings.to_numpy(dtype=float)
    implied = pd.DataFrame(np.clip(np.outer(loaded, loaded), -1.0, 1.0), loadings.index, loadings.index)
    return green_yang(loadings, thresholds, implied, weights)


def omega_of_covariances(covariances: np.ndarray) -> float:
    """Return omega of one factor from covariances."""
    spread = np.sqrt(np.diag(covariances))
    matrix = pd.DataFrame(covariances / np.outer(spread, spread))
    return omega_of_loadings(_one_factor(matrix)[0], spread)


@dataclass(frozen=True)
class _CategoricalOmega:
    """Statistic of the bootstrap: categorical omega from how often each person, or cluster, is drawn.

    Attributes
    ----------
    rows : DataFrame of shape (n_rows, n_items)
        The different rows of answers.
    of_unit : csr_array of shape (n_units, n_rows)
        How many of each person (one) or cluster gave them.
    """

    rows: pd.DataFrame
    of_unit: csr_array
    missing: Missing
    weights: pd.Series | None = None

    @classmethod
    def of(
        cls, frame: pd.DataFrame, clusters: pd.Series | None, missing: Missing, weights: pd.Series | None
    ) -> _CategoricalOmega:
        """Put those who gave the same answers together."""
        from scipy.sparse import csr_array

        first, row = distinct_rows(frame.to_numpy(dtype=float))
        unit = np.arange(len(row)) if clusters is None else cluster_codes(clusters, len(row))
        return cls(frame.iloc[first], csr_array((np.ones(len(row)), (unit, row))), missing, weights)

    @property
    def n_units(self) -> int:
        """Persons, or clusters, to draw from."""
        return int(self.of_unit.shape[0])

    def __call__(self, counts: np.ndarray) -> np.ndarray:
        """Return categorical omega for each row of counts, NaN where it is not defined."""
        return np.array([[self._value(persons)] for persons in counts @ self.of_unit])

    def _value(self, persons: np.ndarray) -> float:
        """Return categorical omega of one resample."""
        drawn = persons > 0
        frame = self.rows[drawn]
        try:
            _, loadings, thresholds = _categorical_model(frame, self.missing, persons[drawn])
        except PsychometricsError:
            return float("nan")
        return _implied_omega(loadings, thresholds, _in_order(self.weights, frame, loadings))
