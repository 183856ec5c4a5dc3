"""Restricted maximum likelihood for linear models with scalar random intercepts, nested or crossed.

Own code because statsmodels' ``MixedLM`` has no crossed intercepts at usable speed, no Satterthwaite degrees
of freedom, and warns instead of answering when a variance is zero. Method: profiled penalised least squares,
Bates, Maechler, Bolker & Walker (2015), Fitting linear mixed-effects models using lme4, Journal of
Statistical Software 67(1), equations 30 to 42. The random term with most levels has a diagonal block and is
eliminated first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from scipy import linalg, optimize, sparse

from psychometrics.errors import ConvergenceError, InputShapeError, SingularMatrixError

#: Relative standard deviation of a random term below which its variance counts as zero (lme4's isSingular).
SINGULAR_BELOW = 1e-4
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
        data = np.column_stack([fixed, outcome])
        self._data_product = data.T @ data
        self._counts = [np.bincount(codes[name]).astype(float) for name in self.names]
        self._group_sums = [_sum_by(codes[name], data, self.n_levels[name]) for name in self.names]
        self._cross = {
            (i, j): _cross_table(codes[a], codes[b], self.n_levels[a], self.n_levels[b])
            for i, a in enumerate(self.names)
            for j, b in enumerate(self.names)
            if i < j
        }

    @cached_property
    def _link(self) -> sparse.csr_array:
        """Cross-products of the first random term with all others, almost all of them zero."""
        return sparse.csr_array(np.hstack([self._cross[0, j] for j in range(1, len(self.names))]))

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
        first = theta[0] ** 2 * self._counts[0] + 1
        own = theta[0] * self._group_sums[0]
        product = self._data_product - own.T @ (own / first[:, None])
        log_determinant = float(np.log(first).sum())
        if len(theta) > 1:
            factor, reduced = self._eliminate(theta, first, own)
            solved = linalg.solve_triangular(factor, reduced, lower=True, check_finite=False)
            product = product - solved.T @ solved
            log_determinant += 2 * float(np.log(np.diag(factor)).sum())
        return _fixed_part(product, log_determinant)

    def _eliminate(self, theta: np.ndarray, first: np.ndarray, own: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return Cholesky factor and right-hand side of the other terms, the first eliminated."""
        others = range(1, len(theta))
        weights = np.concatenate([np.full(len(self._counts[i]), theta[i]) for i in others])
        block = np.block([[self._block(i, j) for j in others] for i in others])
        link = self._link @ sparse.diags_array(weights) * theta[0]
        eliminated = (link.T @ sparse.diags_array(1 / first) @ link).toarray()
        system = weights[:, None] * block * weights + np.eye(len(weights)) - eliminated
        sums = weights[:, None] * np.vstack([self._group_sums[i] for i in others])
        right = sums - link.T @ (own / first[:, None])
        return linalg.cholesky(system, lower=True, check_finite=False), right

    def _block(self, i: int, j: int) -> np.ndarray:
        """Return the cross-product of the indicators of two random terms."""
        if i == j:
            return np.diag(self._counts[i])
        return self._cross[i, j] if i < j else self._cross[j, i].T

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
        # Derivative-free, as lme4: the deviance is flat at zero in every direction, where gradients mislead.
        found = optimize.minimize(
            self.deviance, np.full(len(self.names), 0.5), method="COBYQA", bounds=[(0.0, None)] * len(self.names),
            options={"initial_tr_radius": 0.3, "final_tr_radius": 1e-8, "maxfev": 2000},
        )  # fmt: skip
        if not found.success:
            raise ConvergenceError(
                f"the variance components of {', '.join(self.names)} were not found: {found.message}"
            )
        return np.asarray(found.x)

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


def _sum_by(codes: np.ndarray, data: np.ndarray, n_levels: int) -> np.ndarray:
    """Return the sums of the columns of `data` in each group."""
    return np.column_stack([np.bincount(codes, column, n_levels) for column in data.T])


def _cross_table(a: np.ndarray, b: np.ndarray, n_a: int, n_b: int) -> np.ndarray:
    """Return how many rows share each pair of levels."""
    return np.bincount(a * n_b + b, minlength=n_a * n_b).reshape(n_a, n_b).astype(float)
