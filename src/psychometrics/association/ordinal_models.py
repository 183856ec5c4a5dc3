"""Ordinal regression of a single item on scores."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from psychometrics._checks import share
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
        Test of all predictors together.
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
    outcome: pd.Series, predictors: pd.DataFrame, confidence: float = 0.95
) -> OrdinalRegressionResult:
    r"""Cumulative logit model of one ordered item.

    .. math:: \operatorname{logit} P(y \le k) = \tau_k - x'\beta

    by maximum likelihood; intervals and p-values from the normal (Wald).

    Parameters
    ----------
    outcome : Series, shape (n_persons,)
        Ordered numeric codes with three categories or more, ``NaN`` missing.
    predictors : DataFrame
        As in :func:`regression`.
    confidence : float

    Returns
    -------
    OrdinalRegressionResult

    Raises
    ------
    InputShapeError
        Fewer than three categories in use, or more than twenty (a score, not an item).
    ConvergenceError
        The likelihood has no maximum, for example because a predictor separates the categories.
    ConstantItemError, SingularMatrixError, TooFewPersonsError
        As in :func:`regression`.

    References
    ----------
    McCullagh, P. (1980). Regression models for ordinal data. Journal of the Royal Statistical Society B, 42,
    109-142.

    Notes
    -----
    statsmodels' ``OrderedModel`` does the fit, on standardised predictors for a steady search. Validated against
    MASS's ``polr``.

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
    counts = design.outcome.value_counts().to_numpy()
    null = float((counts * np.log(counts / counts.sum())).sum())
    ratio, df = 2 * (fit.llf - null), x.shape[1]
    return OrdinalRegressionResult(
        coefficients=_coefficients(fit, x, confidence),
        thresholds=_thresholds(fit, x, levels),
        log_likelihood=float(fit.llf),
        null_log_likelihood=null,
        mcfadden_r_squared=float(1 - fit.llf / null),
        likelihood_ratio=float(ratio),
        df=df,
        p=float(stats.chi2.sf(ratio, df)),
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


def _coefficients(fit: Any, x: pd.DataFrame, confidence: float) -> pd.DataFrame:
    """Return the coefficients in the units of the predictors."""
    spread = x.std().to_numpy()
    estimate, error = fit.params[: x.shape[1]] / spread, fit.bse[: x.shape[1]] / spread
    margin = stats.norm.ppf((1 + confidence) / 2) * error
    table = pd.DataFrame(
        {
            "term": x.columns,
            "estimate": estimate,
            "standard_error": error,
            "z": estimate / error,
            "p": 2 * stats.norm.sf(np.abs(estimate / error)),
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
