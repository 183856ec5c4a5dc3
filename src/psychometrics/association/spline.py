"""A curve between two measures: regression on a restricted cubic spline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from psychometrics._checks import share
from psychometrics.association._design import build_design
from psychometrics.association.models import (
    EXACT,
    clusters_of_rows,
    is_exact,
    least_squares,
    require_covariance,
    require_leverage_below_one,
)
from psychometrics.errors import InputShapeError, PsychometricsError

Array = NDArray[np.float64]
FEWEST_KNOTS = 3


@dataclass(frozen=True)
class SplineRegression:
    """Regression on a restricted cubic spline; see :func:`spline_regression`.

    Attributes
    ----------
    curve : DataFrame
        ``x``, ``estimate``, ``lower``, ``upper``: the mean of the outcome along the predictor.
    knots : tuple of float
    f_overall, df_overall, p_overall : float
        Test that the outcome does not go with the predictor at all.
    f_nonlinear, df_nonlinear, p_nonlinear : float
        Test that the curve is a straight line.
    df_residual : float
        Of the tests and intervals: n - p, or clusters - 1.
    r_squared, r_squared_linear : float
        Of the curve, and of the straight line.
    n, n_dropped : int
    covariance, outcome : str
    confidence : float
    """

    curve: pd.DataFrame
    knots: tuple[float, ...]
    f_overall: float
    df_overall: float
    p_overall: float
    f_nonlinear: float
    df_nonlinear: float
    p_nonlinear: float
    df_residual: float
    r_squared: float
    r_squared_linear: float
    n: int
    n_dropped: int
    covariance: str
    outcome: str
    confidence: float

    def to_frame(self) -> pd.DataFrame:
        """Return one row with the tests; the curve is in ``curve``."""
        left_out = ("curve", "knots", "confidence")
        row = {name: getattr(self, name) for name in self.__dataclass_fields__ if name not in left_out}
        return pd.DataFrame([row | {"knots": ", ".join(f"{knot:g}" for knot in self.knots)}])


def restricted_cubic_basis(x: Array | pd.Series, knots: Sequence[float]) -> Array:
    r"""Terms of a cubic spline that is a straight line beyond its outer knots.

    .. math:: X_1 = x, \quad X_{j+1} = \frac{(x - t_j)_+^3 - (x - t_{k-1})_+^3 \frac{t_k - t_j}{t_k - t_{k-1}}
              + (x - t_k)_+^3 \frac{t_{k-1} - t_j}{t_k - t_{k-1}}}{(t_k - t_1)^2}, \quad j = 1, \ldots, k - 2

    Parameters
    ----------
    x : array, shape (n,)
    knots : sequence of float
        Three or more, increasing.

    Returns
    -------
    array, shape (n, n_knots - 1)

    Raises
    ------
    InputShapeError
        Fewer than three knots, or knots that do not increase.

    References
    ----------
    Harrell, F. E. (2015). Regression modeling strategies (2nd ed.), equations 2.24-2.25. Springer.

    Notes
    -----
    Validated against R ``Hmisc::rcspline.eval``.

    See Also
    --------
    spline_regression : A regression on it.

    Examples
    --------
    >>> import numpy as np
    >>> restricted_cubic_basis(np.array([0.0, 1.0, 2.0]), [0, 1, 2]).round(3).tolist()
    [[0.0, 0.0], [1.0, 0.25], [2.0, 1.5]]
    """
    t = np.asarray(knots, dtype=float)
    if len(t) < FEWEST_KNOTS or not (np.diff(t) > 0).all():
        raise InputShapeError(f"a restricted cubic spline needs three or more increasing knots; these are {list(t)}")
    values = np.asarray(x, dtype=float)[:, None]
    cubes = np.clip(values - t, 0.0, None) ** 3
    last, gap = t[-1], t[-1] - t[-2]
    inner = cubes[:, :-2] - cubes[:, [-2]] * (last - t[:-2]) / gap + cubes[:, [-1]] * (t[-2] - t[:-2]) / gap
    return np.hstack([values, inner / (last - t[0]) ** 2])


def spline_regression(
    outcome: pd.Series,
    predictor: pd.Series,
    knots: Sequence[float],
    covariance: str = "HC3",
    confidence: float = 0.95,
    points: int = 50,
    clusters: pd.Series | None = None,
) -> SplineRegression:
    r"""Regress a measure on another one without supposing a straight line.

    Least squares on the terms of :func:`restricted_cubic_basis`. With b the coefficients and V their covariance, the
    tests are Wald's: :math:`F = b_q' V_q^{-1} b_q / q`, over all q terms (any association) and over all but the first
    (any bend), with n - p degrees of freedom, or clusters - 1. The curve runs from the first to the last knot.

    Parameters
    ----------
    outcome, predictor : Series, shape (n_persons,)
        Numeric, ``NaN`` missing (left out listwise).
    knots : sequence of float
        Three or more, increasing. Harrell (2015, table 2.3) places four at the quantiles .05, .35, .65 and .95.
    covariance : {"HC3", "HC2", "HC1", "HC0", "classical", "cluster"}
    confidence : float
        Of the pointwise intervals of the curve.
    points : int
        Places at which the curve is given.
    clusters : Series, optional
        What persons are nested in, as in :func:`regression`; with ``covariance="cluster"``.

    Returns
    -------
    SplineRegression

    Raises
    ------
    InputShapeError
        Knots that are too few or do not increase; fewer clusters than terms and one more.
    ConstantItemError, SingularMatrixError, TooFewPersonsError
        As in :func:`regression`.
    PsychometricsError
        Unknown `covariance`.

    References
    ----------
    Harrell, F. E. (2015). Regression modeling strategies (2nd ed.), sections 2.4.5 and 2.4.6. Springer.

    Notes
    -----
    Validated against R ``lm`` with ``Hmisc::rcspline.eval``, ``sandwich::vcovHC`` and ``sandwich::vcovCL``.

    See Also
    --------
    psychometrics.association.regression : A straight line.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> rng = np.random.default_rng(1)
    >>> x = pd.DataFrame(rng.normal(size=(80, 2)), columns=["share", "listen"])
    >>> y = (0.5 * x["share"] + rng.normal(size=80)).rename("engagement")
    >>> found = spline_regression(y, x["share"], [-1, 0, 1])
    >>> found.df_overall, found.n
    (2.0, 80)
    """
    share(confidence, "confidence")
    require_covariance(covariance, clusters)
    basis = restricted_cubic_basis(predictor, knots)
    names = [f"term {place + 1}" for place in range(basis.shape[1])]
    terms = pd.DataFrame(basis, index=predictor.index, columns=names)
    design = build_design(outcome, terms, clusters_of_rows(clusters))
    require_leverage_below_one(design.matrix, covariance)
    fit = least_squares(design, covariance, clusters)
    if is_exact(fit):
        raise PsychometricsError(f"{design.outcome.name}: {EXACT}")
    df = float(getattr(fit, "df_resid_inference", None) or fit.df_resid)
    if df < len(names):
        raise InputShapeError(f"{df + 1:g} clusters are too few to test the {len(names)} terms of a curve")
    any_effect, any_bend = (_wald(fit, first, len(names)) for first in (1, 2))
    straight = np.corrcoef(design.outcome, design.matrix["term 1"])[0, 1] ** 2
    return SplineRegression(
        curve=_curve(fit, knots, points, stats.t.ppf((1 + confidence) / 2, df)),
        knots=tuple(float(knot) for knot in knots),
        f_overall=any_effect[0],
        df_overall=float(len(names)),
        p_overall=any_effect[1],
        f_nonlinear=any_bend[0],
        df_nonlinear=float(len(names) - 1),
        p_nonlinear=any_bend[1],
        df_residual=df,
        r_squared=float(fit.rsquared),
        r_squared_linear=float(straight),
        n=len(design.outcome),
        n_dropped=design.n_dropped,
        covariance=covariance,
        outcome=str(design.outcome.name),
        confidence=confidence,
    )


def _wald(fit: Any, first: int, terms: int) -> tuple[float, float]:
    """Return F and p of the terms from the first one given on."""
    test = fit.f_test(np.eye(terms + 1)[first:])
    return float(test.fvalue), float(test.pvalue)


def _curve(fit: Any, knots: Sequence[float], points: int, reach: float) -> pd.DataFrame:
    """Return the fitted mean with its pointwise interval between the outer knots."""
    x = np.linspace(knots[0], knots[-1], points)
    along = np.column_stack([np.ones(points), restricted_cubic_basis(x, knots)])
    estimate = along @ np.asarray(fit.params)
    margin = reach * np.sqrt(np.einsum("ij,jk,ik->i", along, np.asarray(fit.cov_params()), along))
    return pd.DataFrame({"x": x, "estimate": estimate, "lower": estimate - margin, "upper": estimate + margin})
