"""Polynomial regression of an outcome on self and peer scores, and its response surface."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import pandas as pd
from scipy import stats

from psychometrics._checks import numeric_column, require_same_rows
from psychometrics.association import RegressionResult, regression
from psychometrics.association.models import EXACT

Scores = TypeVar("Scores", np.ndarray, pd.Series)

# Unexplained variance below this share is zero but for rounding.
SAME = 1e-12
#: Surface parameters as sums of the coefficients of self, peer, self squared, self times peer, peer squared.
SURFACE = {
    "a1": (1, 1, 0, 0, 0),
    "a2": (0, 0, 1, 1, 1),
    "a3": (1, -1, 0, 0, 0),
    "a4": (0, 0, 1, -1, 1),
    "a5": (0, 0, 1, 0, -1),
}
MEANINGS = {
    "a1": "slope along agreement (self = peer)",
    "a2": "curvature along agreement",
    "a3": "slope along disagreement (self = -peer), positive: higher where self exceeds peer",
    "a4": "curvature along disagreement, negative: lower the further apart",
    "a5": "ridge away from the line of agreement",
}


@dataclass(frozen=True)
class ResponseSurface:
    """Response surface of an outcome on self and peer scores; see :func:`response_surface`.

    Attributes
    ----------
    surface : DataFrame
        ``parameter`` (a1 to a5), ``estimate``, ``standard_error``, ``lower``, ``upper``, ``t``, ``p``, ``meaning``.
    polynomial : RegressionResult
        The regression behind it, on centred scores.
    r_squared, r_squared_linear : float
        With and without the three second-order terms.
    increment_f, increment_df1, increment_df2, increment_p : float
        Classical F test of the three second-order terms together.
    centre : float
    n, n_dropped : int
    confidence : float
    notes : tuple of str
        Those of the regression.
    """

    surface: pd.DataFrame
    polynomial: RegressionResult
    r_squared: float
    r_squared_linear: float
    increment_f: float
    increment_df1: int
    increment_df2: int
    increment_p: float
    centre: float
    n: int
    n_dropped: int
    confidence: float
    notes: tuple[str, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """Return the surface parameters with outcome and n beside them."""
        table = self.surface.copy()
        table.insert(0, "outcome", self.polynomial.outcome)
        return table.assign(n=self.n)

    def predict(self, self_scores: np.ndarray, peer_scores: np.ndarray) -> np.ndarray:
        """Return the fitted outcome at raw scores, to draw the surface."""
        terms = _terms(np.asarray(self_scores, float) - self.centre, np.asarray(peer_scores, float) - self.centre)
        b = self.polynomial.coefficients["estimate"].to_numpy()
        return np.asarray(b[0] + sum(weight * term for weight, term in zip(b[1:], terms.values(), strict=True)))


def response_surface(
    outcome: pd.Series,
    self_scores: pd.Series,
    peer_means: pd.Series,
    centre: float,
    covariance: str = "HC3",
    confidence: float = 0.95,
    clusters: pd.Series | None = None,
) -> ResponseSurface:
    r"""Polynomial regression of an outcome on self and peer scores, with response-surface parameters.

    .. math:: z = b_0 + b_1 s + b_2 p + b_3 s^2 + b_4 sp + b_5 p^2

    .. math:: a_1 = b_1 + b_2,\; a_2 = b_3 + b_4 + b_5,\; a_3 = b_1 - b_2,\; a_4 = b_3 - b_4 + b_5,\;
              a_5 = b_3 - b_5

    with s and p centred at one common point, so that s = p stays the line of agreement. Standard errors are those
    of linear combinations under the chosen covariance; t with n - 6 degrees of freedom, or clusters - 1. What the three
    curved terms add is tested by the growth of R2, with clusters by Wald's F with 3 and clusters - 1.

    Parameters
    ----------
    outcome, self_scores, peer_means : Series, shape (n_persons,)
        Same index, ``NaN`` missing (left out listwise and counted).
    centre : float
        Midpoint of the response scale, subtracted from both scores.
    covariance : str
        As in :func:`psychometrics.association.regression`.
    confidence : float
    clusters : Series, shape (n_persons,), optional
        What the persons rated are nested in; with ``covariance="cluster"``.

    Returns
    -------
    ResponseSurface

    Raises
    ------
    InputShapeError, ConstantItemError, SingularMatrixError, TooFewPersonsError
        As in :func:`psychometrics.association.regression`.

    References
    ----------
    Edwards, J. R. (1994). The study of congruence in organizational behavior research. Organizational Behavior and
    Human Decision Processes, 58, 51-100. Shanock, L. R., et al. (2010). Polynomial regression with response surface
    analysis. Journal of Business and Psychology, 25, 543-554. Nestler, S., Humberg, S., & Schoenbrodt, F. D. (2019).
    Response surface analysis with multilevel data. Psychological Methods, 24, 291-308 (a5).

    Notes
    -----
    Validated against R ``lm`` with the same linear combinations, classical, ``sandwich::vcovHC`` and ``vcovCL``.

    See Also
    --------
    psychometrics.association.regression : The polynomial behind it.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> rng = np.random.default_rng(2)
    >>> peers = pd.DataFrame(3.8 + 0.5 * rng.normal(size=(40, 2)), columns=["share", "listen"])
    >>> own = 0.3 * peers + 2.5 + 0.5 * rng.normal(size=(40, 2))
    >>> outcome = (own["share"] + rng.normal(size=40)).rename("engagement")
    >>> found = response_surface(outcome, own["share"], peers["share"], centre=3)
    >>> found.surface["parameter"].tolist(), found.n
    (['a1', 'a2', 'a3', 'a4', 'a5'], 40)
    """
    y = numeric_column(outcome, "outcome")
    s, p = numeric_column(self_scores, "self scores"), numeric_column(peer_means, "peer means")
    require_same_rows(y.index, s.index, "outcome and self scores")
    require_same_rows(y.index, p.index, "outcome and peer means")
    terms = pd.DataFrame(_terms(s - centre, p - centre))
    fit = regression(y, terms, covariance, confidence, clusters)
    linear = regression(y, terms[["self", "peer"]], covariance, confidence, clusters)
    slopes = fit.coefficient_covariance.to_numpy()[1:, 1:]
    df = int(fit.coefficients["df"].iloc[0])
    left = 1 - fit.r_squared
    f = (fit.r_squared - linear.r_squared) / 3 / (left / df) if left > SAME else float("nan")
    if clusters is not None and left > SAME:
        f = _wald(fit.coefficients["estimate"].to_numpy()[3:], slopes[2:, 2:], df)
    return ResponseSurface(
        surface=_surface(fit, slopes, df, confidence),
        polynomial=fit,
        r_squared=fit.r_squared,
        r_squared_linear=linear.r_squared,
        increment_f=f,
        increment_df1=3,
        increment_df2=df,
        increment_p=float(stats.f.sf(f, 3, df)),
        centre=centre,
        n=fit.n,
        n_dropped=fit.n_dropped,
        confidence=confidence,
        notes=fit.notes or ((EXACT,) if left <= SAME else ()),
    )


def _terms(s: Scores, p: Scores) -> dict[str, Scores]:
    """Return the five terms of the polynomial."""
    return {"self": s, "peer": p, "self squared": s**2, "self x peer": s * p, "peer squared": p**2}


def _wald(estimates: np.ndarray, covariance: np.ndarray, df: int) -> float:
    """Return Wald's F of coefficients that are zero together; NaN with too few clusters to tell."""
    if df < len(estimates):
        return float("nan")
    return float(estimates @ np.linalg.solve(covariance, estimates) / len(estimates))


def _surface(fit: RegressionResult, covariance: np.ndarray, df: int, confidence: float) -> pd.DataFrame:
    """Return a1 to a5 with errors and intervals."""
    weights = np.array(list(SURFACE.values()), dtype=float)
    estimate = weights @ fit.coefficients["estimate"].to_numpy()[1:]
    error = np.sqrt(np.einsum("ij,jk,ik->i", weights, covariance, weights))
    if 1 - fit.r_squared <= SAME:
        error = np.full(len(weights), np.nan)
    margin = stats.t.ppf((1 + confidence) / 2, df) * error
    return pd.DataFrame(
        {
            "parameter": list(SURFACE),
            "estimate": estimate,
            "standard_error": error,
            "lower": estimate - margin,
            "upper": estimate + margin,
            "t": estimate / error,
            "p": 2 * stats.t.sf(np.abs(estimate / error), df),
            "meaning": list(MEANINGS.values()),
        }
    )
