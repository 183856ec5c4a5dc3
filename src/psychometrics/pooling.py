"""One estimate from several studies, cohorts or waves: random-effects meta-analysis with a prediction interval."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import optimize, stats

from psychometrics._checks import share
from psychometrics.errors import InputShapeError, PsychometricsError

_MOST_STEPS = 200
_SMALLEST_STEP = 1e-12


@dataclass(frozen=True)
class RandomEffects:
    """Random-effects meta-analysis; see :func:`random_effects`.

    Attributes
    ----------
    estimate, standard_error, lower, upper : float
        The mean effect, with Hartung and Knapp's error and t with k - 1 degrees of freedom.
    prediction_lower, prediction_upper : float
        Where the true effect of another study would lie; ``NaN`` with two studies.
    tau_squared, tau_squared_lower, tau_squared_upper : float
        Variance of true effects (REML), with the Q-profile interval.
    q, df, p : float
        Cochran's test that all studies share one effect.
    i_squared : float
        Share of the variance of estimates that is between studies.
    average, average_lower, average_upper : float
        The average effect in these studies and no others, weighted by precision, with its normal interval.
    n_studies : int
    confidence : float
    notes : tuple of str
    """

    estimate: float
    standard_error: float
    lower: float
    upper: float
    prediction_lower: float
    prediction_upper: float
    tau_squared: float
    tau_squared_lower: float
    tau_squared_upper: float
    q: float
    df: int
    p: float
    i_squared: float
    average: float
    average_lower: float
    average_upper: float
    n_studies: int
    confidence: float
    notes: tuple[str, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """Return one row with every figure."""
        row = {name: getattr(self, name) for name in self.__dataclass_fields__ if name != "notes"}
        return pd.DataFrame([row | {"note": "; ".join(self.notes)}])


def random_effects(
    estimates: Sequence[float] | pd.Series | np.ndarray,
    standard_errors: Sequence[float] | pd.Series | np.ndarray,
    confidence: float = 0.95,
) -> RandomEffects:
    r"""Pool estimates whose true values may differ from study to study.

    .. math:: \hat\mu = \frac{\sum w_iy_i}{\sum w_i}, \quad w_i = \frac1{v_i + \hat\tau^2}, \quad
              SE^2 = \frac{\max\{1, \sum w_i(y_i - \hat\mu)^2/(k - 1)\}}{\sum w_i}

    with :math:`\hat\tau^2` by restricted maximum likelihood. Interval: :math:`\hat\mu \pm t_{k-1}SE`; prediction
    interval: :math:`\hat\mu \pm t_{k-1}\sqrt{\hat\tau^2 + SE^2}`. The error is Hartung and Knapp's, never below that of
    known variances: studies more alike than chance would otherwise give an interval of almost no width.

    Of a few studies this interval is wide, since it speaks of studies like them. ``average`` speaks of these
    alone ("fixed effects"): :math:`\sum w_iy_i/\sum w_i`, :math:`w_i = 1/v_i`, with standard error
    :math:`1/\sqrt{\sum w_i}`.

    Parameters
    ----------
    estimates, standard_errors : sequence of float, shape (k,)
        One estimate a study, cohort or wave, with its standard error above zero; correlations as Fisher's z.
    confidence : float

    Returns
    -------
    RandomEffects

    Raises
    ------
    InputShapeError
        Fewer than two studies, or lists of different length.
    PsychometricsError
        A missing or infinite number, or a standard error that is not positive.

    References
    ----------
    Viechtbauer, W. (2005). Bias and efficiency of meta-analytic variance estimators in the random-effects model.
    Journal of Educational and Behavioral Statistics, 30, 261-293 (REML). Hartung, J., & Knapp, G. (2001). Statistics
    in Medicine, 20, 3875-3889. Roever, C., Knapp, G., & Friede, T. (2015). BMC Medical Research Methodology, 15, 99
    (the lower limit of the error). Viechtbauer, W. (2007). Statistics in Medicine, 26, 37-52 (Q-profile). Higgins, J.
    P. T., Thompson, S. G., & Spiegelhalter, D. J. (2009). Journal of the Royal Statistical Society A, 172, 137-159
    (prediction interval; there k - 2 degrees of freedom). Higgins, J. P. T., & Thompson, S. G. (2002). Statistics in
    Medicine, 21, 1539-1558 (I squared). Rice, K., Higgins, J. P. T., & Lumley, T. (2018). Journal of the Royal
    Statistical Society A, 181, 205-227 (the average of these studies).

    Notes
    -----
    Own code because statsmodels' ``combine_effects`` has neither REML nor a prediction interval. Validated against
    metafor's ``rma(method = "REML", test = "adhoc")``, ``predict`` and ``confint``, the average against
    ``method = "FE"``.

    See Also
    --------
    psychometrics.association.correlation_matrix : Correlations to pool, as Fisher's z.

    Examples
    --------
    >>> found = random_effects([0.10, 0.30, 0.35, 0.65, 0.45], [0.17, 0.15, 0.22, 0.13, 0.11])
    >>> [round(value, 3) for value in (found.estimate, found.lower, found.upper)]
    [0.392, 0.134, 0.65]
    >>> [round(value, 3) for value in (found.prediction_lower, found.prediction_upper)]
    [-0.08, 0.865]
    """
    share(confidence)
    y, errors = np.asarray(estimates, dtype=float), np.asarray(standard_errors, dtype=float)
    if y.ndim != 1 or y.shape != errors.shape or len(y) < 2:
        raise InputShapeError(f"{y.size} estimates and {errors.size} standard errors; two of each are needed")
    if not (np.isfinite(y).all() and np.isfinite(errors).all() and (errors > 0).all()):
        raise PsychometricsError("every estimate must be finite, with a standard error above zero")
    k, v = len(y), errors**2
    tau = _reml(y, v)
    w = 1 / (v + tau)
    mean = float(w @ y / w.sum())
    error = float(np.sqrt(max(w @ (y - mean) ** 2 / (k - 1), 1.0) / w.sum()))
    reach = float(stats.t.ppf((1 + confidence) / 2, k - 1))
    q = _cochran(y, v, 0.0)
    notes: list[str] = []
    beyond = reach * float(np.sqrt(tau + error**2)) if k > 2 else float("nan")
    if k == 2:
        notes.append("two estimates: no prediction interval")
    lower, upper = _profile(y, v, confidence)
    if np.isnan(lower):
        notes.append("estimates are more alike, or further apart, than an interval of the true variance allows")
    if tau == 0:
        notes.append("the variance of true effects is estimated as zero")
    fixed = 1 / v
    average, spread = float(fixed @ y / fixed.sum()), float(stats.norm.ppf((1 + confidence) / 2) / np.sqrt(fixed.sum()))
    typical = (k - 1) * fixed.sum() / (fixed.sum() ** 2 - (fixed**2).sum())
    return RandomEffects(
        mean, error, mean - reach * error, mean + reach * error, mean - beyond, mean + beyond, tau, lower, upper,
        q, k - 1, float(stats.chi2.sf(q, k - 1)), tau / (tau + typical),
        average, average - spread, average + spread, k, confidence, tuple(notes),
    )  # fmt: skip


def _reml(y: np.ndarray, v: np.ndarray) -> float:
    """Return the REML variance between studies, by Fisher's scoring with steps halved at zero."""
    tau = max(float(y.var(ddof=1) - v.mean()), 0.0)
    for _ in range(_MOST_STEPS):
        w = 1 / (v + tau)
        mean = w @ y / w.sum()
        slope = (w**2 @ (y - mean) ** 2 - w.sum() + w @ w / w.sum()) / 2
        information = (w @ w - 2 * (w**3).sum() / w.sum() + (w @ w) ** 2 / w.sum() ** 2) / 2
        new = max(tau + slope / information, 0.0)
        if abs(new - tau) <= _SMALLEST_STEP * (tau + v.mean()):
            return float(new)
        tau = new
    found = optimize.minimize_scalar(
        lambda value: _deviance(y, v, value), bounds=(0.0, float(10 * y.var() + v.max())), method="bounded",
        options={"xatol": 1e-12},
    )  # fmt: skip
    return float(found.x)


def _deviance(y: np.ndarray, v: np.ndarray, tau: float) -> float:
    """Return -2 restricted log likelihood but for a constant."""
    w = 1 / (v + tau)
    return float(-np.log(w).sum() + np.log(w.sum()) + w @ (y - w @ y / w.sum()) ** 2)


def _cochran(y: np.ndarray, v: np.ndarray, tau: float) -> float:
    """Return the generalised Q statistic at a variance between studies."""
    w = 1 / (v + tau)
    return float(w @ (y - w @ y / w.sum()) ** 2)


def _profile(y: np.ndarray, v: np.ndarray, confidence: float) -> tuple[float, float]:
    """Return the variances at which Q equals its upper and lower quantile; NaN where none does."""
    bounds = []
    for tail in ((1 + confidence) / 2, (1 - confidence) / 2):
        limit, high = float(stats.chi2.ppf(tail, len(y) - 1)), float(y.var() + v.max())
        if _cochran(y, v, 0.0) <= limit:
            bounds.append(0.0)
            continue
        while _cochran(y, v, high) > limit and high < 1e6 * (y.var() + v.max()):
            high *= 2
        if _cochran(y, v, high) > limit:
            bounds.append(float("nan"))
            continue
        bounds.append(float(optimize.brentq(lambda tau, at=limit: _cochran(y, v, tau) - at, 0.0, high, xtol=1e-14)))
    lower, upper = bounds
    return (lower, upper) if upper > lower else (float("nan"), float("nan"))
