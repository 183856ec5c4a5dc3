"""Proportional-odds model by Newton's method: quick enough for thousands of small fits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit, logit

from psychometrics.errors import ConvergenceError

_MOST_STEPS = 40
_SMALLEST_STEP = 1e-8


@dataclass(frozen=True)
class CumulativeFit:
    """Maximum of the likelihood of logit P(y <= k) = threshold_k - x'coefficients.

    Attributes
    ----------
    thresholds, coefficients : ndarray
    log_likelihood : float
    information : ndarray, thresholds before coefficients
        Minus the Hessian at the maximum.
    """

    thresholds: np.ndarray
    coefficients: np.ndarray
    log_likelihood: float
    information: np.ndarray


@dataclass(frozen=True)
class _Derivatives:
    """Log likelihood, its gradient by person, and its Hessian, at one point."""

    log_likelihood: float
    scores: np.ndarray
    hessian: np.ndarray


def fit_cumulative(
    codes: np.ndarray,
    x: np.ndarray,
    start: CumulativeFit | None = None,
    weights: np.ndarray | None = None,
    tolerance: float = _SMALLEST_STEP,
) -> CumulativeFit:
    """Fit codes 0, 1, ..., m (every one in use) on the columns of x; warm start from a model nested in it.

    The log likelihood is concave (Pratt 1981), so Newton's steps, halved when they overshoot, reach its only
    maximum. Where a predictor separates the categories there is none: the steps never become small.
    """
    case_weights = np.ones(len(codes)) if weights is None else weights
    at = _start(codes, x.shape[1], start, case_weights)
    here = _derivatives(codes, x, at, case_weights)
    for _ in range(_MOST_STEPS):
        step = _newton_step(here)
        at, here = _advance(codes, x, at, here, step, case_weights)
        if np.abs(step).max() < tolerance:
            n_thresholds = len(at) - x.shape[1]
            return CumulativeFit(at[:n_thresholds], at[n_thresholds:], here.log_likelihood, -here.hessian)
    raise ConvergenceError("the likelihood has no maximum; a group or the score separates the categories")


def null_log_likelihood(codes: np.ndarray) -> float:
    """Return the log likelihood of the thresholds alone."""
    counts = np.bincount(codes)
    return float((counts * np.log(counts / counts.sum())).sum())


def person_scores(codes: np.ndarray, x: np.ndarray, fit: CumulativeFit) -> np.ndarray:
    """Return each person's share of the gradient at the maximum, for the sandwich."""
    return _derivatives(codes, x, np.concatenate([fit.thresholds, fit.coefficients]), np.ones(len(codes))).scores


def _start(codes: np.ndarray, n_predictors: int, nested: CumulativeFit | None, weights: np.ndarray) -> np.ndarray:
    """Return the margins' thresholds, or the nested solution, with zeros for what is new."""
    if nested is None:
        shares = np.bincount(codes, weights).cumsum()[:-1] / weights.sum()
        return np.concatenate([logit(shares), np.zeros(n_predictors)])
    new = n_predictors - len(nested.coefficients)
    return np.concatenate([nested.thresholds, nested.coefficients, np.zeros(new)])


def _newton_step(here: _Derivatives) -> np.ndarray:
    """Return the step to the top of the parabola; refuse a surface that is flat in some direction."""
    try:
        step = -np.linalg.solve(here.hessian, here.scores.sum(axis=0))
    except np.linalg.LinAlgError as problem:
        raise ConvergenceError("the likelihood is flat; a group or the score separates the categories") from problem
    if not np.isfinite(step).all():
        raise ConvergenceError("the likelihood is flat; a group or the score separates the categories")
    return step


def _advance(
    codes: np.ndarray, x: np.ndarray, at: np.ndarray, here: _Derivatives, step: np.ndarray, weights: np.ndarray
) -> tuple[np.ndarray, _Derivatives]:
    """Take the step, halved until the likelihood does not fall (beyond rounding)."""
    floor = here.log_likelihood - 1e-10 * abs(here.log_likelihood)
    for halvings in range(30):
        there = at + step / 2**halvings
        if (np.diff(there[: codes.max()]) > 0).all():
            new = _derivatives(codes, x, there, weights)
            if new.log_likelihood >= floor:
                return there, new
    raise ConvergenceError("no step raises the likelihood; a group or the score separates the categories")


def _derivatives(codes: np.ndarray, x: np.ndarray, at: np.ndarray, weights: np.ndarray) -> _Derivatives:
    """Return the log likelihood and its derivatives in thresholds and coefficients."""
    n_thresholds = len(at) - x.shape[1]
    bounds = np.concatenate([[-np.inf], at[:n_thresholds], [np.inf]])
    eta = x @ at[n_thresholds:]
    upper, lower = bounds[codes + 1] - eta, bounds[codes] - eta
    below, above = expit(lower), expit(upper)
    # The tail with the smaller numbers keeps the digits of the difference.
    share = np.where(lower > 0, expit(-lower) - expit(-upper), above - below)
    if not (share > 0).all():
        return _Derivatives(-np.inf, np.zeros((len(codes), len(at))), np.eye(len(at)))
    dense_upper, dense_lower = above * (1 - above), below * (1 - below)
    by_upper, by_lower = dense_upper / share, -dense_lower / share
    second_upper = by_upper * (1 - 2 * above) - by_upper**2
    second_lower = by_lower * (1 - 2 * below) - by_lower**2
    places = np.arange(n_thresholds)
    is_upper, is_lower = codes[:, None] == places, codes[:, None] - 1 == places
    by_threshold = by_upper[:, None] * is_upper + by_lower[:, None] * is_lower
    scores = np.hstack([by_threshold, -(by_upper + by_lower)[:, None] * x]) * weights[:, None]
    second = (second_upper * weights, second_lower * weights, -by_upper * by_lower * weights)
    return _Derivatives(float(weights @ np.log(share)), scores, _hessian(is_upper, is_lower, x, *second))


def _hessian(
    is_upper: np.ndarray, is_lower: np.ndarray, x: np.ndarray, upper: np.ndarray, lower: np.ndarray, mixed: np.ndarray
) -> np.ndarray:
    """Assemble the second derivatives from those in the two bounds of each person's category."""
    design_upper, design_lower = np.hstack([is_upper, -x]), np.hstack([is_lower, -x])
    cross = (design_upper * mixed[:, None]).T @ design_lower
    own = (design_upper * upper[:, None]).T @ design_upper + (design_lower * lower[:, None]).T @ design_lower
    return np.asarray(own + cross + cross.T)
