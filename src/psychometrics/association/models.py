"""Linear regression of an outcome on competency scores, with errors that allow for unequal variance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from psychometrics._checks import cluster_codes, share
from psychometrics.association._design import Design, build_design
from psychometrics.errors import InputShapeError, PsychometricsError, SingularMatrixError

EXACT = "the predictors reproduce the outcome exactly: there is no error to estimate"
# Shares below which a residual, or what is left of a leverage, is zero but for rounding.
EXACT_SHARE, LEVERAGE_ONE = 1e-20, 1e-9

COVARIANCES = ("HC3", "HC2", "HC1", "HC0", "classical", "cluster")


@dataclass(frozen=True)
class RegressionResult:
    """Ordinary least squares.

    Attributes
    ----------
    coefficients : DataFrame
        One row a term: ``term``, ``estimate``, ``standard_error``, ``df``, ``t``, ``p``, ``lower``, ``upper``
        (raw units), ``standardised``, ``standardised_lower``, ``standardised_upper`` (standard deviations of
        the outcome for one standard deviation of the predictor; ``NaN`` for intercept and categories).
    coefficient_covariance : DataFrame, shape (n_terms, n_terms)
        Of the estimates in raw units, by the covariance asked for.
    r_squared, adjusted_r_squared : float
    n, n_dropped : int
        Rows used, and rows left out as incomplete.
    covariance : str
    confidence : float
    outcome : str
    notes : tuple of str
        Reference categories; number of clusters.
    """

    coefficients: pd.DataFrame
    coefficient_covariance: pd.DataFrame
    r_squared: float
    adjusted_r_squared: float
    n: int
    n_dropped: int
    covariance: str
    confidence: float
    outcome: str
    notes: tuple[str, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """Return the coefficients with outcome, n and R squared beside them."""
        table = self.coefficients.copy()
        table.insert(0, "outcome", self.outcome)
        return table.assign(n=self.n, r_squared=self.r_squared)


def regression(
    outcome: pd.Series,
    predictors: pd.DataFrame,
    covariance: str = "HC3",
    confidence: float = 0.95,
    clusters: pd.Series | None = None,
) -> RegressionResult:
    r"""Ordinary least squares with heteroscedasticity-consistent errors.

    .. math:: b = (X'X)^{-1}X'y, \quad
              V_{HC3} = (X'X)^{-1} X' \operatorname{diag}\{e_i^2/(1-h_i)^2\} X (X'X)^{-1}

    p-values and intervals refer to t with n - p degrees of freedom (clusters - 1 for ``"cluster"``).

    Parameters
    ----------
    outcome : Series, shape (n_persons,)
        Numeric, ``NaN`` missing.
    predictors : DataFrame, shape (n_persons, n_predictors)
        Numeric columns enter as they are; text, boolean and categorical columns as indicators against their
        first category. Rows with a missing value are left out (listwise) and counted.
    covariance : {"HC3", "HC2", "HC1", "HC0", "classical", "cluster"}
        ``"cluster"`` is the sandwich by cluster with the factor G/(G-1) (n-1)/(n-p).
    confidence : float
    clusters : Series, optional
        Cluster of each row, needed for and only for ``covariance="cluster"``; a row without one is left out and
        counted.

    Returns
    -------
    RegressionResult
        Where the predictors reproduce the outcome exactly, errors, tests and intervals are ``NaN``, with a note.

    Raises
    ------
    ConstantItemError
        Outcome or a predictor does not vary over the complete rows.
    SingularMatrixError
        Linearly dependent predictors; with HC2 and HC3 a row that alone fixes a coefficient (leverage 1).
    TooFewPersonsError
        No more complete rows than coefficients.
    PsychometricsError
        Unknown `covariance`, or clusters missing or not asked for.

    References
    ----------
    MacKinnon, J. G., & White, H. (1985). Some heteroskedasticity-consistent covariance matrix estimators with
    improved finite sample properties. Journal of Econometrics, 29, 305-325. Long, J. S., & Ervin, L. H.
    (2000). Using heteroscedasticity consistent standard errors in the linear regression model. American
    Statistician, 54, 217-224.

    Notes
    -----
    statsmodels does the work (with ``use_t=True``; its own default takes the normal). Validated against R
    ``lm`` with ``sandwich::vcovHC``, ``sandwich::vcovCL`` and ``lmtest::coeftest``.

    See Also
    --------
    psychometrics.association.random_intercept : People in teams, as random intercepts.
    psychometrics.association.spline_regression : A curve.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> rng = np.random.default_rng(1)
    >>> x = pd.DataFrame(rng.normal(size=(80, 2)), columns=["share", "listen"])
    >>> y = (0.5 * x["share"] + rng.normal(size=80)).rename("engagement")
    >>> table = regression(y, x).coefficients.set_index("term")
    >>> table.loc["share", ["estimate", "lower", "upper"]].astype(float).round(3).tolist()
    [0.415, 0.205, 0.625]
    """
    share(confidence, "confidence")
    require_covariance(covariance, clusters)
    if predictors.shape[1] == 0:
        raise InputShapeError("no predictor given; use random_intercept for a model without predictors")
    design = build_design(outcome, predictors, clusters_of_rows(clusters))
    require_leverage_below_one(design.matrix, covariance)
    fit = least_squares(design, covariance, clusters)
    exact = is_exact(fit)
    terms = list(design.matrix.columns)
    spread = pd.DataFrame(np.asarray(fit.cov_params()), index=terms, columns=terms)
    return RegressionResult(
        coefficients=_without_errors(_coefficients(fit, design, confidence), exact),
        coefficient_covariance=spread.mask(spread.notna(), np.nan) if exact else spread,
        r_squared=float(fit.rsquared),
        adjusted_r_squared=float(fit.rsquared_adj),
        n=len(design.outcome),
        n_dropped=design.n_dropped,
        covariance=covariance,
        confidence=confidence,
        outcome=str(design.outcome.name),
        notes=design.notes + _cluster_notes(design, clusters) + ((EXACT,) if exact else ()),
    )


def require_leverage_below_one(matrix: pd.DataFrame, covariance: str) -> None:
    """Refuse HC2 and HC3 where a row alone fixes a coefficient: its residual is zero and 1 - h is too."""
    if covariance not in ("HC2", "HC3"):
        return
    basis = np.linalg.qr((matrix / np.sqrt((matrix**2).sum())).to_numpy())[0]
    alone = (basis**2).sum(axis=1) > 1 - LEVERAGE_ONE
    if alone.any():
        held = matrix.loc[alone].abs().sum() > 0
        single = [str(name) for name in matrix.columns[held] if (matrix[name] != 0).sum() == 1]
        where = f" ({', '.join(single)})" if single else ""
        raise SingularMatrixError(
            f"{int(alone.sum())} row(s) alone fix a coefficient{where}: leverage 1, for which {covariance} is "
            "undefined. Join the category with another, leave the row out, or use HC1"
        )


def is_exact(fit: Any) -> bool:
    """Tell whether the predictors reproduce the outcome, so that no error is left to estimate."""
    return bool(fit.ssr <= EXACT_SHARE * fit.centered_tss)


def _without_errors(table: pd.DataFrame, exact: bool) -> pd.DataFrame:
    """Return the coefficients, without errors, tests and intervals where the fit is exact."""
    unknown = ("standard_error", "t", "p", "lower", "upper", "standardised_lower", "standardised_upper")
    return table.assign(**dict.fromkeys(unknown, np.nan)) if exact else table


def require_covariance(covariance: str, clusters: pd.Series | None) -> None:
    """Refuse an unknown covariance, and clusters that do not go with it."""
    if covariance not in COVARIANCES:
        raise PsychometricsError(f"covariance {covariance!r} is not known; use one of {COVARIANCES}")
    if (covariance == "cluster") != (clusters is not None):
        raise PsychometricsError('covariance="cluster" and clusters go together; give both or neither')


def least_squares(design: Design, covariance: str, clusters: pd.Series | None = None) -> Any:
    """Fit by statsmodels with t as reference distribution."""
    from statsmodels.regression.linear_model import OLS

    model = OLS(design.outcome, design.matrix)
    if clusters is None:
        return model.fit(cov_type="nonrobust" if covariance == "classical" else covariance, use_t=True)
    codes = cluster_codes(clusters.loc[design.outcome.index], len(design.outcome))
    return model.fit(cov_type="cluster", cov_kwds={"groups": codes}, use_t=True)


def clusters_of_rows(clusters: pd.Series | None) -> pd.DataFrame | None:
    """Return clusters as a part of the design: a row without one is incomplete, left out and counted."""
    return None if clusters is None else pd.DataFrame({"cluster": clusters})


def _coefficients(fit: Any, design: Design, confidence: float) -> pd.DataFrame:
    """Return the table of raw and standardised coefficients."""
    bounds = np.asarray(fit.conf_int(1 - confidence))
    df = getattr(fit, "df_resid_inference", None) or fit.df_resid
    table = pd.DataFrame(
        {
            "term": design.matrix.columns,
            "estimate": np.asarray(fit.params),
            "standard_error": np.asarray(fit.bse),
            "df": float(df),
            "t": np.asarray(fit.tvalues),
            "p": np.asarray(fit.pvalues),
            "lower": bounds[:, 0],
            "upper": bounds[:, 1],
        }
    )
    scale = standardising_factors(design)
    return table.assign(
        standardised=table["estimate"] * scale,
        standardised_lower=table["lower"] * scale,
        standardised_upper=table["upper"] * scale,
    )


def standardising_factors(design: Design) -> np.ndarray:
    """Return sd(predictor) / sd(outcome) for each numeric term, NaN for intercept and categories."""
    spread = design.matrix.std() / design.outcome.std()
    return spread.where(spread.index.isin(design.numeric_terms)).to_numpy()


def _cluster_notes(design: Design, clusters: pd.Series | None) -> tuple[str, ...]:
    """Say how many clusters stand behind cluster-robust errors."""
    if clusters is None:
        return ()
    count = clusters.loc[design.outcome.index].nunique()
    return (f"errors clustered over {count} clusters",)
