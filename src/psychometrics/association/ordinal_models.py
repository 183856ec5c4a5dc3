"""Ordinal regression of a single item on scores."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from scipy import special, stats

from psychometrics._checks import share
from psychometrics._nesting import nested_in
from psychometrics.association._design import Design, build_design
from psychometrics.errors import ConvergenceError, InputShapeError


@dataclass(frozen=True)
class OrdinalRegressionResult:
    """Proportional-odds model; see :func:`ordinal_regression`.

    Attributes
    ----------
    coefficients : DataFrame
        ``term``, ``estimate`` (log odds of a higher answer), ``standard_error``, ``z``, ``p``, ``lower``, ``upper``,
        ``odds_ratio``, ``odds_ratio_lower``, ``odds_ratio_upper``.
    thresholds : DataFrame
        ``threshold`` (as ``1|2``), ``estimate``.
    log_likelihood, null_log_likelihood, mcfadden_r_squared : float
    likelihood_ratio, df, p : float
        Test of all predictors together; with clusters p is that of Wald's F.
    n, n_dropped : int
    confidence : float
    outcome : str
    notes : tuple of str
    """

    coefficients: pd.DataFrame
    thresholds: pd.DataFrame
    log_likelihood: float
    null_log_likelihood: float
    mcfadden_r_squared: float
    likelihood_ratio: float
    df: int
    p: float
    n: int
    n_dropped: int
    confidence: float
    outcome: str
    notes: tuple[str, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """Return the coefficients with outcome and n beside them."""
        table = self.coefficients.copy()
        table.insert(0, "outcome", self.outcome)
        return table.assign(n=self.n)


def ordinal_regression(
    outcome: pd.Series, predictors: pd.DataFrame, confidence: float = 0.95, clusters: pd.Series | None = None
) -> OrdinalRegressionResult:
    r"""Cumulative logit model of one ordered item.

    .. math:: \operatorname{logit} P(y \le k) = \tau_k - x'\beta

    by maximum likelihood; intervals and p-values from the normal (Wald). With clusters the covariance is
    :math:`\frac{C}{C-1} H^{-1} \sum_c s_c s_c' H^{-1}`, with :math:`s_c` the scores summed in each of C clusters and
    H the information. They then refer to t with C - 1 degrees of freedom, all q predictors together to F with q and
    C - 1.

    Parameters
    ----------
    outcome : Series, shape (n_persons,)
        Ordered numeric codes with three categories or more, ``NaN`` missing.
    predictors : DataFrame
        As in :func:`regression`.
    confidence : float
    clusters : Series, shape (n_persons,), optional
        What persons are nested in, with the index of the outcome; no value missing.

    Returns
    -------
    OrdinalRegressionResult

    Raises
    ------
    InputShapeError
        Fewer than three categories in use, or more than twenty (a score, not an item); no more clusters than
        predictors.
    ConvergenceError
        The likelihood has no maximum, for example because a predictor separates the categories.
    ConstantItemError, SingularMatrixError, TooFewPersonsError
        As in :func:`regression`.

    References
    ----------
    McCullagh, P. (1980). Regression models for ordinal data. Journal of the Royal Statistical Society B, 42,
    109-142. Liang, K.-Y., & Zeger, S. L. (1986). Longitudinal data analysis using generalized linear models.
    Biometrika, 73, 13-22 (the sandwich of sums over clusters).

    Notes
    -----
    statsmodels' ``OrderedModel`` does the fit, on standardised predictors for a steady search. Validated against
    R's ``MASS::polr`` and ``sandwich::vcovCL``.

    See Also
    --------
    psychometrics.association.regression : An outcome with many values.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> rng = np.random.default_rng(1)
    >>> x = pd.DataFrame(rng.normal(size=(80, 2)), columns=["share", "listen"])
    >>> y = (0.5 * x["share"] + rng.normal(size=80)).rename("engagement")
    >>> item = pd.Series(np.digitize(y, [-1, 0, 1]), name="satisfaction")
    >>> found = ordinal_regression(item, x)
    >>> found.n, found.thresholds["threshold"].tolist()
    (80, ['0|1', '1|2', '2|3'])
    """
    share(confidence, "confidence")
    design = build_design(outcome, predictors)
    levels = np.sort(design.outcome.unique())
    if not 3 <= len(levels) <= 20:
        raise InputShapeError(
            f"{design.outcome.name}: {len(levels)} categories in use; ordinal regression takes items with 3 to 20"
        )
    x = design.matrix.drop(columns="(Intercept)")
    fit = _fit(design, x, levels)
    precision = _precision(fit, design, x, outcome, clusters)
    counts = design.outcome.value_counts().to_numpy()
    null = float((counts * np.log(counts / counts.sum())).sum())
    ratio, df = 2 * (fit.llf - null), x.shape[1]
    return OrdinalRegressionResult(
        coefficients=_coefficients(fit, x, confidence, precision),
        thresholds=_thresholds(fit, x, levels),
        log_likelihood=float(fit.llf),
        null_log_likelihood=null,
        mcfadden_r_squared=float(1 - fit.llf / null),
        likelihood_ratio=float(ratio),
        df=df,
        p=float(stats.chi2.sf(ratio, df) if clusters is None else _together(fit, precision, df)),
        n=len(x),
        n_dropped=design.n_dropped,
        confidence=confidence,
        outcome=str(design.outcome.name),
        notes=design.notes,
    )


# Log odds for one standard deviation of a predictor, or their error: beyond it the search runs away from a separation.
_LARGEST = 30


def _fit(design: Design, x: pd.DataFrame, levels: np.ndarray) -> Any:
    """Fit on standardised predictors, and refuse a search that did not end."""
    import warnings

    from statsmodels.miscmodels.ordinal_model import OrderedModel
    from statsmodels.tools.sm_exceptions import ConvergenceWarning, HessianInversionWarning

    codes = np.searchsorted(levels, design.outcome.to_numpy())
    standard = (x - x.mean()) / x.std()
    with warnings.catch_warnings():
        # The outcome of the search is checked below, by name.
        warnings.simplefilter("ignore", (ConvergenceWarning, HessianInversionWarning, RuntimeWarning))
        fit = OrderedModel(codes, standard.to_numpy(), distr="logit").fit(
            method="bfgs", disp=False, maxiter=500, gtol=1e-8
        )
    found = np.concatenate([np.abs(fit.params[: x.shape[1]]), fit.bse[: x.shape[1]]])
    if not np.isfinite(fit.bse).all() or found.max() > _LARGEST:
        raise ConvergenceError(
            f"{design.outcome.name}: the ordinal model has no maximum; a predictor may separate the categories"
        )
    return fit


@dataclass(frozen=True)
class _Precision:
    """Covariance of the coefficients of standardised predictors, and the degrees of freedom that go with it."""

    covariance: np.ndarray
    df: float


def _precision(fit: Any, design: Design, x: pd.DataFrame, outcome: pd.Series, clusters: pd.Series | None) -> _Precision:
    """Return the covariance by the information, or by the sums of scores over clusters."""
    k, covariance = x.shape[1], np.asarray(fit.cov_params())
    if clusters is None:
        return _Precision(covariance[:k, :k], np.inf)
    codes, _ = nested_in(clusters, outcome.index)
    places = np.unique(codes[outcome.index.isin(design.outcome.index)], return_inverse=True)[1]
    count = int(places.max()) + 1
    if count <= k:
        raise InputShapeError(f"{count} clusters are too few for {k} predictors")
    sums = np.zeros((count, len(fit.params)))
    np.add.at(sums, places, _scores(fit, k))
    sandwich = covariance @ (sums.T @ sums) @ covariance * count / (count - 1)
    return _Precision(sandwich[:k, :k], count - 1)


def _scores(fit: Any, k: int) -> np.ndarray:
    """Return each person's score: coefficients, then the first threshold and the logs of the steps between them."""
    thresholds, codes = fit.model.transform_threshold_params(fit.params), np.asarray(fit.model.endog, dtype=int)
    linear = fit.model.exog @ fit.params[:k]
    upper, lower = (special.expit(thresholds[codes + step] - linear) for step in (1, 0))
    high, low = upper * (1 - upper) / (upper - lower), lower * (1 - lower) / (upper - lower)
    steps = np.concatenate([[1.0], np.exp(fit.params[k + 1 :])])
    place = np.arange(len(steps))
    moved = high[:, None] * (place <= codes[:, None]) - low[:, None] * (place <= codes[:, None] - 1)
    return np.hstack([-(high - low)[:, None] * fit.model.exog, moved * steps])


def _together(fit: Any, precision: _Precision, k: int) -> float:
    """Return p of all predictors together by Wald's F."""
    wald = fit.params[:k] @ np.linalg.solve(precision.covariance, fit.params[:k])
    return float(stats.f.sf(wald / k, k, precision.df))


def _coefficients(fit: Any, x: pd.DataFrame, confidence: float, precision: _Precision) -> pd.DataFrame:
    """Return the coefficients in the units of the predictors."""
    spread = x.std().to_numpy()
    estimate = fit.params[: x.shape[1]] / spread
    error = np.sqrt(np.diagonal(precision.covariance)) / spread
    margin = stats.t.ppf((1 + confidence) / 2, precision.df) * error
    table = pd.DataFrame(
        {
            "term": x.columns,
            "estimate": estimate,
            "standard_error": error,
            "z": estimate / error,
            "p": 2 * stats.t.sf(np.abs(estimate / error), precision.df),
            "lower": estimate - margin,
            "upper": estimate + margin,
        }
    )
    return table.assign(
        odds_ratio=np.exp(estimate), odds_ratio_lower=np.exp(table["lower"]), odds_ratio_upper=np.exp(table["upper"])
    )


def _thresholds(fit: Any, x: pd.DataFrame, levels: np.ndarray) -> pd.DataFrame:
    """Return the thresholds in the units of the predictors."""
    k = x.shape[1]
    standard = fit.model.transform_threshold_params(fit.params)[1:-1]
    shift = float((fit.params[:k] * (x.mean() / x.std()).to_numpy()).sum())
    names = [f"{low:g}|{high:g}" for low, high in pairwise(levels)]
    return pd.DataFrame({"threshold": names, "estimate": standard + shift})
