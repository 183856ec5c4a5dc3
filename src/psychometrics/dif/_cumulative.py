"""Proportional-odds model by Newton's method: quick enough for thousands of small fits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit, logit

from psychometrics.errors import ConvergenceError

_MOST_STEPS = 40
_SMALLEST_STEP = 1e-8
_MOST_HALVINGS = 30


@dataclass(frozen=True)
class CumulativeFit:
    """Maximum of the likelihood of logit P(y <= k) = threshold_k - x'coefficients.

    Attributes
    ----------
    thresholds, coefficients : ndarray
    log_likelihood : float
        Of the data, without any penalty.
    information : ndarray, thresholds before coefficients
        Minus the Hessian at the maximum.
    """

    thresholds: np.ndarray
    coefficients: np.ndarray
    log_likelihood: float
    information: np.ndarray

    @property
    def parameters(self) -> np.ndarray:
        """Return thresholds and coefficients as one vector."""
        return np.concatenate([self.thresholds, self.coefficients])


@dataclass(frozen=True)
class Derivatives:
    """Log likelihood, its gradient and its Hessian, at one point."""

    log_likelihood: float
    gradient: np.ndarray
    hessian: np.ndarray


@dataclass(frozen=True)
class _Slopes:
    """First and second derivatives of each row's log probability in its upper and its lower bound."""

    log_share: np.ndarray
    upper: np.ndarray
    lower: np.ndarray
    second_upper: np.ndarray
    second_lower: np.ndarray


class CumulativeModel:
    """Answers 0, 1, ..., m (every one in use), predictors, and how many persons each row stands for.

    Rows are kept in the order of their answers, so that what is summed over an answer lies together.
    """

    def __init__(self, codes: np.ndarray, x: np.ndarray, weights: np.ndarray | None = None) -> None:
        self._order = np.argsort(codes, kind="stable")
        self.codes, self.x = codes[self._order], x[self._order]
        self.n_thresholds = int(codes.max())
        self.weights = np.ones(len(codes)) if weights is None else weights[self._order]
        ends = np.searchsorted(self.codes, np.arange(self.n_thresholds + 2)).tolist()
        self._blocks = [slice(*ends[place : place + 2]) for place in range(self.n_thresholds + 1)]

    def derivatives(self, at: np.ndarray) -> Derivatives:
        """Return the log likelihood and its derivatives in thresholds and coefficients."""
        m, w = self.n_thresholds, self.weights
        rows = self._slopes(at)
        if rows is None:
            return Derivatives(-np.inf, np.zeros(len(at)), np.eye(len(at)))
        mixed = -rows.upper * rows.lower
        by_x = (rows.second_upper + mixed) * w, (rows.second_lower + mixed) * w
        parts = np.stack([rows.upper, rows.lower, rows.second_upper, rows.second_lower, mixed])
        sums = np.stack([parts[:, block] @ w[block] for block in self._blocks])
        gradient = np.concatenate([sums[:-1, 0] + sums[1:, 1], -((rows.upper + rows.lower) * w @ self.x)])
        hessian = np.zeros((len(at), len(at)))
        hessian[np.arange(m), np.arange(m)] = sums[:-1, 2] + sums[1:, 3]
        # A category bounded on both sides ties its two thresholds.
        hessian[np.arange(1, m), np.arange(m - 1)] = hessian[np.arange(m - 1), np.arange(1, m)] = sums[1:-1, 4]
        if self.x.shape[1]:
            upper, lower = (np.stack([part[block] @ self.x[block] for block in self._blocks]) for part in by_x)
            hessian[:m, m:] = -(upper[:-1] + lower[1:])
            hessian[m:, :m] = hessian[:m, m:].T
            hessian[m:, m:] = self.x.T @ ((by_x[0] + by_x[1])[:, None] * self.x)
        return Derivatives(float(w @ rows.log_share), gradient, hessian)

    def scores(self, at: np.ndarray) -> np.ndarray:
        """Return the share in the gradient of one person of each row, shape (n_rows, n_parameters)."""
        rows = self._slopes(at)
        if rows is None:
            raise ConvergenceError("an answer has no probability under the model")
        m, found = self.n_thresholds, np.zeros((len(self.codes), len(at)))
        for answer, block in enumerate(self._blocks):
            if answer < m:
                found[block, answer] = rows.upper[block]
            if answer:
                found[block, answer - 1] = rows.lower[block]
        found[:, m:] = -(rows.upper + rows.lower)[:, None] * self.x
        given = np.empty_like(found)
        given[self._order] = found
        return given

    def ordered(self, at: np.ndarray) -> bool:
        """Tell whether the thresholds increase."""
        return bool((np.diff(at[: self.n_thresholds]) > 0).all())

    def start(self) -> np.ndarray:
        """Return the thresholds of the margins and coefficients of zero."""
        counts = np.array([self.weights[block].sum() for block in self._blocks])
        shares = counts.cumsum()[:-1] / counts.sum()
        return np.concatenate([np.asarray(logit(shares)), np.zeros(self.x.shape[1])])

    def _slopes(self, at: np.ndarray) -> _Slopes | None:
        """Return what each row adds, or None where a row has no probability."""
        bounds = np.concatenate([[-np.inf], at[: self.n_thresholds], [np.inf]])
        eta = self.x @ at[self.n_thresholds :]
        upper, lower = bounds[self.codes + 1] - eta, bounds[self.codes] - eta
        # Differences are taken in the tail with the smaller numbers, which keeps their digits.
        turned = lower > 0
        above, below = expit(np.where(turned, -lower, upper)), expit(np.where(turned, -upper, lower))
        share = above - below
        if not (share > 0).all():
            return None
        sign = np.where(turned, -1.0, 1.0)
        far, near = above * (1 - above) / share, below * (1 - below) / share
        by_upper, by_lower = np.where(turned, near, far), -np.where(turned, far, near)
        bend_upper = sign * np.where(turned, 1 - 2 * below, 1 - 2 * above)
        bend_lower = sign * np.where(turned, 1 - 2 * above, 1 - 2 * below)
        return _Slopes(
            np.log(share),
            by_upper,
            by_lower,
            by_upper * bend_upper - by_upper**2,
            by_lower * bend_lower - by_lower**2,
        )


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
    model = CumulativeModel(codes, x, weights)
    at = model.start() if start is None else _extended(start, x.shape[1])
    here = model.derivatives(at)
    for _ in range(_MOST_STEPS):
        step = _newton_step(here)
        at, here = _advance(model, at, here, step)
        if np.abs(step).max() < tolerance:
            return described(model, at, here)
    raise ConvergenceError("the likelihood has no maximum; a group or the score separates the categories")


def described(model: CumulativeModel, at: np.ndarray, here: Derivatives) -> CumulativeFit:
    """Label the point at which a search ended."""
    m = model.n_thresholds
    return CumulativeFit(at[:m], at[m:], here.log_likelihood, -here.hessian)


def null_log_likelihood(codes: np.ndarray, weights: np.ndarray) -> float:
    """Return the log likelihood of the thresholds alone."""
    counts = np.bincount(codes, weights)
    return float((counts * np.log(counts / counts.sum())).sum())


def _extended(nested: CumulativeFit, n_predictors: int) -> np.ndarray:
    """Return the solution of a nested model, with zeros for what is new."""
    return np.concatenate([nested.parameters, np.zeros(n_predictors - len(nested.coefficients))])


def _newton_step(here: Derivatives) -> np.ndarray:
    """Return the Newton step; refuse a likelihood that is flat in some direction."""
    try:
        step = -np.linalg.solve(here.hessian, here.gradient)
    except np.linalg.LinAlgError as problem:
        raise ConvergenceError("the likelihood is flat; a group or the score separates the categories") from problem
    if not np.isfinite(step).all():
        raise ConvergenceError("the likelihood is flat; a group or the score separates the categories")
    return step


def _advance(
    model: CumulativeModel, at: np.ndarray, here: Derivatives, step: np.ndarray
) -> tuple[np.ndarray, Derivatives]:
    """Take the step, halved until the likelihood does not fall (beyond rounding)."""
    floor = here.log_likelihood - 1e-10 * abs(here.log_likelihood)
    for halvings in range(_MOST_HALVINGS):
        there = at + step / 2**halvings
        if model.ordered(there):
            new = model.derivatives(there)
            if new.log_likelihood >= floor:
                return there, new
    raise ConvergenceError("no step raises the likelihood; a group or the score separates the categories")
