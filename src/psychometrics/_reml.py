"""Restricted maximum likelihood for linear models with scalar random intercepts, nested or crossed.

Own code because statsmodels' ``MixedLM`` has no crossed intercepts at usable speed, no Satterthwaite degrees
of freedom, and warns instead of answering when a variance is zero. The likelihood is that of Bates, Maechler, Bolker &
Walker (2015), Fitting linear mixed-effects models using lme4, Journal of Statistical Software 67(1), equations 30 to
42, on the mixed-model equations of :mod:`psychometrics._mixed_equations`; its maximum is found by average-information
steps (Gilmour, Thompson & Cullis 1995, Biometrics 51, 1440-1450), which need about six factorisations where a search
without derivatives needs fifty.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from scipy import linalg, optimize

from psychometrics._mixed_equations import Factor, MixedEquations
from psychometrics.errors import ConvergenceError, InputShapeError, SingularMatrixError

#: Relative standard deviation of a random term below which its variance counts as zero (lme4's isSingular).
SINGULAR_BELOW = 1e-4
# Average-information search: start, ratios that count as zero, and when it ends.
_START, _SMALL_RATIO, _LEAST_RATIO = 0.25, 1e-9, 1e-10
_MOST_STEPS, _MOST_HALVINGS, _SMALLEST_GAIN = 200, 20, 1e-13
# Residual variance below this share of the outcome's square is zero but for rounding.
_NO_RESIDUAL = 1e-12
#: Step of the central differences behind Satterthwaite's degrees of freedom.
_STEP = 1e-4
#: Upper limit of a random term's share of variance in the one-term search.
_LARGEST_SHARE = 1 - 1e-6


@dataclass(frozen=True)
class _Profile:
    """Deviance and fixed part at one value of the relative standard deviations."""

    log_determinant: float
    information: np.ndarray
    coefficients: np.ndarray
    residual_sum: float


class RandomInterceptDesign:
    """Cross-products of the data, computed once; every evaluation of the likelihood then costs little."""

    def __init__(self, outcome: np.ndarray, fixed: np.ndarray, groups: Mapping[str, np.ndarray]) -> None:
        codes = {name: pd.factorize(values)[0] for name, values in groups.items()}
        self.names = sorted(codes, key=lambda name: -int(codes[name].max()))
        self.n, self.n_fixed = fixed.shape
        self.n_levels = {name: int(codes[name].max()) + 1 for name in self.names}
        self._require_identified(codes)
        self._codes = [codes[name] for name in self.names]
        self._data = np.column_stack([fixed, outcome])
        self._data_product = self._data.T @ self._data
        self._counts = [np.bincount(codes[name]).astype(float) for name in self.names]
        self._group_sums = self._sums(self._data)

    @cached_property
    def _equations(self) -> MixedEquations:
        """Mixed-model equations of two random terms or more."""
        return MixedEquations(self._codes, [self.n_levels[name] for name in self.names])

    def _sums(self, columns: np.ndarray) -> list[np.ndarray]:
        """Return the sums of the columns in each level of each term."""
        return [_sum_by(each, columns, self.n_levels[name]) for each, name in zip(self._codes, self.names, strict=True)]

    def _require_identified(self, codes: Mapping[str, np.ndarray]) -> None:
        """Refuse groupings whose variance cannot be told from the residual or from the intercept."""
        for name in self.names:
            if self.n_levels[name] < 2:
                raise InputShapeError(f"{name}: only one group, so no variance between groups exists")
            if self.n_levels[name] == self.n:
                raise InputShapeError(
                    f"{name}: no group has two members, so the variance between groups cannot be told from "
                    "the variance within them"
                )
        if self.n <= self.n_fixed:
            raise InputShapeError(f"{self.n} rows do not suffice for {self.n_fixed} fixed coefficients")

    def profile(self, theta: np.ndarray) -> _Profile:
        """Return the fixed part for relative standard deviations `theta`, in the order of ``names``."""
        if len(theta) > 1:
            return self._profiled(theta, self._equations.factor(theta))[0]
        first = theta[0] ** 2 * self._counts[0] + 1
        own = theta[0] * self._group_sums[0]
        product = self._data_product - own.T @ (own / first[:, None])
        return _fixed_part(product, float(np.log(first).sum()))

    def _profiled(self, theta: np.ndarray, factor: Factor) -> tuple[_Profile, list[np.ndarray]]:
        """Return the fixed part, and the solution of the equations for predictors and outcome."""
        solved = factor.solve(self._group_sums)
        product = self._data_product.copy()
        for spread, sums, found in zip(theta, self._group_sums, solved, strict=True):
            product -= spread * sums.T @ found
        return _fixed_part((product + product.T) / 2, factor.log_determinant), solved

    def deviance(self, theta: np.ndarray, sigma: float | None = None) -> float:
        """Return -2 restricted log-likelihood at `theta`; without `sigma`, profiled over the residual."""
        part = self.profile(theta)
        free = self.n - self.n_fixed
        variance = part.residual_sum / free if sigma is None else sigma**2
        log_information = 2 * float(np.log(np.diag(linalg.cholesky(part.information))).sum())
        determinants = part.log_determinant + log_information
        return float(determinants + free * np.log(2 * np.pi * variance) + part.residual_sum / variance)

    def optimise(self) -> np.ndarray:
        """Return the relative standard deviations that minimise the profiled deviance."""
        if len(self.names) == 1:
            return np.array([self._optimise_one()])
        try:
            return np.asarray(np.sqrt(self._optimise_several()))
        except linalg.LinAlgError as problem:
            raise ConvergenceError(
                f"{' and '.join(self.names)} all but reproduce the outcome: there is no variance left within them"
            ) from problem

    def _optimise_several(self) -> np.ndarray:
        """Maximise by average-information steps in the variance ratios, which are kept non-negative."""
        ratio = np.full(len(self.names), _START)
        height, gradient, information = self._slopes(ratio)
        for _ in range(_MOST_STEPS):
            free = (ratio > 0) | (gradient < 0)
            step = np.zeros(len(ratio))
            step[free] = -np.linalg.solve(information[np.ix_(free, free)], gradient[free])
            if not free.any() or abs(gradient @ step) < _SMALLEST_GAIN:
                return ratio
            for halving in range(_MOST_HALVINGS):
                there = _within_bounds(ratio, step / 2**halving)
                found = self._slopes(there)
                if found[0] <= height + 1e-10 * abs(height):
                    break
            else:
                return ratio
            if np.abs(there - ratio).max() <= 1e-13 * max(ratio.max(), 1.0):
                return there
            ratio, (height, gradient, information) = there, found
        raise ConvergenceError(f"the variance components of {', '.join(self.names)} were not found")

    def _slopes(self, ratio: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
        r"""Return the profiled deviance, its gradient in the variance ratios, and the average information.

        With :math:`V = I + \sum_i\gamma_iZ_iZ_i'`, P its restricted inverse, :math:`u = y'Py` and
        :math:`\nu = n - p`, the deviance has the slopes :math:`\operatorname{tr}(PZ_iZ_i') - \nu\,y'PZ_iZ_i'Py/u`, and
        the average information is :math:`\nu\{w_i'Pw_j/u - (y'Pw_i)(y'Pw_j)/u^2\}` with :math:`w_i = Z_iZ_i'Py`.
        """
        theta = np.sqrt(np.maximum(ratio, _LEAST_RATIO))
        factor = self._equations.factor(theta)
        part, solved = self._profiled(theta, factor)
        left = self._data - self._spread(theta, solved)
        x, residual = left[:, :-1], left[:, -1] - left[:, :-1] @ part.coefficients
        sums = self._sums(np.column_stack([residual, x]))
        inverse = linalg.inv(part.information)
        levels = np.array([self.n_levels[name] for name in self.names])
        trace = (levels - factor.inverse_traces()) / theta**2
        trace -= [np.einsum("ij,ki,kj->", inverse, each[:, 1:], each[:, 1:]) for each in sums]
        u, free = part.residual_sum, self.n - self.n_fixed
        if not u > _NO_RESIDUAL * self._data_product[-1, -1]:
            raise ConvergenceError(f"{', '.join(self.names)} leave no variance within groups")
        working = np.column_stack([each[code, 0] for each, code in zip(sums, self._codes, strict=True)])
        smooth = working - self._spread(theta, factor.solve(self._sums(working)))
        projected = smooth - x @ (inverse @ (self._data[:, :-1].T @ smooth))
        pull = np.array([float(each[:, 0] @ each[:, 0]) for each in sums])
        height = part.log_determinant + 2 * float(np.log(np.diag(linalg.cholesky(part.information))).sum())
        information = free * (working.T @ projected / u - np.outer(pull, pull) / u**2)
        return height + free * float(np.log(u)), trace - free * pull / u, information

    def _spread(self, theta: np.ndarray, solved: list[np.ndarray]) -> np.ndarray:
        """Return Z Lambda times a solution, row by row."""
        total = np.zeros((self.n, solved[0].shape[1]))
        for spread, found, code in zip(theta, solved, self._codes, strict=True):
            total += spread * found[code]
        return total

    def _optimise_one(self) -> float:
        """Search the share of variance between groups: a grid, then bounded around its best point."""
        grid = np.linspace(0, _LARGEST_SHARE, 41)
        values = [self.share_deviance(share) for share in grid]
        best = int(np.argmin(values))
        limits = grid[max(best - 1, 0)], grid[min(best + 1, 40)]
        found = optimize.minimize_scalar(self.share_deviance, bounds=limits, method="bounded", options={"xatol": 1e-12})
        share = grid[best] if values[best] <= found.fun else found.x
        return float(np.sqrt(share / (1 - share)))

    def share_deviance(self, share: float) -> float:
        """Return the profiled deviance of a one-term model at an intraclass correlation of `share`."""
        return self.deviance(np.array([np.sqrt(share / (1 - share))]))


@dataclass(frozen=True)
class RemlFit:
    """Estimates of a random-intercept model.

    Attributes
    ----------
    coefficients, covariance : ndarray, shapes (p,), (p, p)
        Fixed effects and their covariance.
    degrees_of_freedom : ndarray, shape (p,)
        Satterthwaite's, with the random terms of non-zero variance.
    variances : dict of str to float
        Variance of each random term.
    residual_variance, deviance : float
    n, n_levels : int, dict
    singular : tuple of str
        Terms whose variance is estimated as zero.
    """

    coefficients: np.ndarray
    covariance: np.ndarray
    degrees_of_freedom: np.ndarray
    variances: dict[str, float]
    residual_variance: float
    deviance: float
    n: int
    n_levels: dict[str, int]
    singular: tuple[str, ...]


def fit_random_intercepts(
    outcome: np.ndarray, fixed: np.ndarray, groups: Mapping[str, np.ndarray], degrees_of_freedom: bool = True
) -> RemlFit:
    """Fit outcome = fixed part + one random intercept for each grouping + residual, by REML."""
    design = RandomInterceptDesign(outcome, fixed, groups)
    theta = design.optimise()
    theta = np.where(theta < SINGULAR_BELOW, 0.0, theta)
    part = design.profile(theta)
    residual = part.residual_sum / (design.n - design.n_fixed)
    freedom = _satterthwaite(design, theta, np.sqrt(residual)) if degrees_of_freedom else np.array([])
    return RemlFit(
        coefficients=part.coefficients,
        covariance=residual * linalg.inv(part.information),
        degrees_of_freedom=freedom,
        variances={name: float(t**2 * residual) for name, t in zip(design.names, theta, strict=True)},
        residual_variance=float(residual),
        deviance=float(design.deviance(theta)),
        n=design.n,
        n_levels={name: design.n_levels[name] for name in groups},
        singular=tuple(name for name, t in zip(design.names, theta, strict=True) if t == 0),
    )


def _satterthwaite(design: RandomInterceptDesign, theta: np.ndarray, sigma: float) -> np.ndarray:
    """Return Satterthwaite's degrees of freedom (Kuznetsova et al. 2017, section 2)."""
    active = np.flatnonzero(theta > 0)
    point = np.append(theta[active], sigma)

    def unpack(parameters: np.ndarray) -> tuple[np.ndarray, float]:
        full = theta.copy()
        full[active] = parameters[:-1]
        return full, float(parameters[-1])

    def variances(parameters: np.ndarray) -> np.ndarray:
        full, spread = unpack(parameters)
        return spread**2 * np.diag(linalg.inv(design.profile(full).information))

    hessian = _hessian(lambda parameters: design.deviance(*unpack(parameters)), point)
    gradient = _jacobian(variances, point)
    spread = np.einsum("ij,jk,ik->i", gradient, 2 * linalg.inv(hessian), gradient)
    return np.asarray(2 * variances(point) ** 2 / spread)


def _steps(point: np.ndarray) -> np.ndarray:
    """Return one central-difference step for each parameter, as rows of a diagonal matrix."""
    return np.diag(_STEP * np.maximum(np.abs(point), 0.1))


def _jacobian(function: Callable[[np.ndarray], np.ndarray], point: np.ndarray) -> np.ndarray:
    """Return the central-difference derivative of a vector function."""
    return np.column_stack(
        [(function(point + step) - function(point - step)) / (2 * step.sum()) for step in _steps(point)]
    )


def _hessian(function: Callable[[np.ndarray], float], point: np.ndarray) -> np.ndarray:
    """Return the central-difference second derivative of a scalar function."""

    def gradient(at: np.ndarray) -> np.ndarray:
        return np.asarray(_jacobian(lambda x: np.array([function(x)]), at)[0])

    return _jacobian(gradient, point)


def _fixed_part(product: np.ndarray, log_determinant: float) -> _Profile:
    """Solve the generalised normal equations held in the weighted cross-product of (X, y)."""
    information, right, square = product[:-1, :-1], product[:-1, -1], product[-1, -1]
    try:
        coefficients = linalg.solve(information, right, assume_a="pos")
    except (linalg.LinAlgError, linalg.LinAlgWarning) as error:
        raise SingularMatrixError(
            "the predictors are linearly dependent: one is constant or a combination of others; leave it out"
        ) from error
    return _Profile(log_determinant, information, coefficients, float(square - right @ coefficients))


def _within_bounds(ratio: np.ndarray, step: np.ndarray) -> np.ndarray:
    """Take the step; a ratio that would become negative is reduced to a tenth, and set to zero once it is small."""
    there = ratio + step
    cut = np.where(ratio / 10 > _SMALL_RATIO, ratio / 10, 0.0)
    return np.where(there > _SMALL_RATIO, there, np.where(there < 0, cut, 0.0))


def _sum_by(codes: np.ndarray, data: np.ndarray, n_levels: int) -> np.ndarray:
    """Return the sums of the columns of `data` in each group."""
    return np.column_stack([np.bincount(codes, column, n_levels) for column in data.T])
