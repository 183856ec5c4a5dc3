"""WLSMV and ULSMV: least squares on thresholds and polychoric correlations in one group or several.

In a group the latent answers have means ``nu + Lambda alpha`` and covariance ``Sigma = Lambda Psi Lambda' + Theta``.
What the data show of them are thresholds ``(tau - mu_j) / sigma_j`` and correlations ``Sigma_ij / (sigma_i sigma_j)``.
With the delta parameterisation every sigma is 1 and the thresholds are saturated, so that they take no part in fit or
corrections; with theta the residual variances are parameters or 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from psychometrics.sem._bordered import Bordered
from psychometrics.sem._equal_parameters import Sharing
from psychometrics.sem._jacobian import Jacobian
from psychometrics.sem._moments import GroupMoments, Stacked, scaled_shifted
from psychometrics.sem._solve import Solution, inverted
from psychometrics.sem._spread import Pairs, laid_out, pairs_of
from psychometrics.sem._structure import Structure
from psychometrics.sem.fit_measures import ModelTest

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Implied:
    """Moments that a group's cells imply, with their derivatives in the cells."""

    moments: Array
    derivative: Array


@dataclass(frozen=True)
class OrdinalProblem:
    """The least-squares discrepancy of all groups under a set of equalities."""

    samples: Stacked
    sharing: Sharing
    delta: bool

    @cached_property
    def _pairs(self) -> Pairs:
        return pairs_of(len(self.sharing.layout.items))

    @cached_property
    def _threshold_item(self) -> NDArray[np.intp]:
        """Item of each threshold among the moments."""
        items = self.samples.groups[0].estimates.threshold_places[0]
        return items[: self.samples.groups[0].n_thresholds]

    def structure(self, values: Array, group: int) -> Structure:
        """Model matrices of a group."""
        return self.sharing.layout.at(self.sharing.cells(values, group))

    def deviations(self, structure: Structure) -> Array:
        """Find the standard deviations of the latent answers."""
        if self.delta:
            return np.ones(len(structure.intercepts))
        return np.sqrt(np.diag(structure.covariance))

    def moments(self, values: Array, group: int) -> Array | None:
        """Thresholds and correlations that a group's parameters imply; None where a variance is not positive."""
        structure = self.structure(values, group)
        if not self.delta and (np.diag(structure.covariance) <= 0).any():
            return None
        return self._moments(self.sharing.cells(values, group), structure, self.deviations(structure))

    def _moments(self, cells: Array, structure: Structure, deviation: Array) -> Array:
        """Thresholds and correlations of a structure."""
        item, (first, second) = self._threshold_item, self._pairs
        rho = structure.covariance[first, second] / (deviation[first] * deviation[second])
        tau = cells[self.sharing.layout.thresholds]
        return np.concatenate([(tau - structure.means[item]) / deviation[item], rho])

    def implied(self, values: Array, group: int) -> Implied:
        """Moments of a group with their derivatives."""
        cells, structure = self.sharing.cells(values, group), self.structure(values, group)
        deviation = self.deviations(structure)
        moments = self._moments(cells, structure, deviation)
        item, (first, second) = self._threshold_item, self._pairs
        U, V = (part / deviation[:, None] for part in structure.directions)
        if self.delta:
            return Implied(moments, U[first] * V[second] + V[first] * U[second])
        relative, bends = U * V, self.sharing.layout.of_covariance
        derivative = np.zeros((moments.size, self.sharing.layout.size))
        of_threshold, of_rho = derivative[: item.size], derivative[item.size :]
        U, V, bent = U[:, bends], V[:, bends], relative[:, bends]
        own = U[first] * V[second] + V[first] * U[second]
        of_rho[:, bends] = own - moments[item.size :, None] * (bent[first] + bent[second])
        of_threshold -= structure.mean_directions[item] / deviation[item][:, None]
        of_threshold -= moments[: item.size, None] * relative[item]
        of_threshold[np.arange(item.size), self.sharing.layout.thresholds] += 1.0 / deviation[item]
        return Implied(moments, derivative)

    def value(self, values: Array) -> float:
        """Half the weighted sum of squares; infinite where a latent variance is not positive."""
        total = 0.0
        for number, group in enumerate(self.samples.groups):
            moments = self.moments(values, number)
            if moments is None:
                return np.inf
            total += _share(group, self.samples) * float(np.sum(group.weight * (group.observed - moments) ** 2))
        return 0.5 * total

    def evaluate(self, values: Array) -> tuple[float, Array, Bordered]:
        """Value, gradient and Gauss-Newton matrix."""
        found = [self.implied(values, number) for number in range(len(self.samples.groups))]
        jacobian = self._jacobian(found)
        weights = [_share(group, self.samples) * group.weight for group in self.samples.groups]
        residuals = [group.observed - each.moments for group, each in zip(self.samples.groups, found, strict=True)]
        weighted = [weight * residual for weight, residual in zip(weights, residuals, strict=True)]
        total = 0.5 * sum(float(one @ other) for one, other in zip(weighted, residuals, strict=True))
        return total, -jacobian.sums(weighted), jacobian.square(weights)

    def _jacobian(self, found: Sequence[Implied]) -> Jacobian:
        """Narrow derivatives in cells to the parameters of each group."""
        parts = [self.sharing.narrowed(group, each.derivative) for group, each in enumerate(found)]
        return Jacobian(self.sharing.partition, tuple(parts))

    def jacobian(self, values: Array) -> Jacobian:
        """Differentiate the moments of every group in its parameters."""
        return self._jacobian([self.implied(values, number) for number in range(len(self.samples.groups))])

    def residuals(self, values: Array) -> list[Array]:
        """Observed less implied moments of each group."""
        return [group.observed - self.implied(values, k).moments for k, group in enumerate(self.samples.groups)]


def _share(group: GroupMoments, stacked: Stacked) -> float:
    """Weight of a group's discrepancy in the sum."""
    return (group.n_persons - 1) / stacked.n_persons


def assess(problem: OrdinalProblem, solution: Solution) -> tuple[Array, ModelTest, Jacobian]:
    """Covariance of the estimates, the scaled-shifted test, and the derivative of the moments."""
    stacked, jacobian = problem.samples, problem.jacobian(solution.values)
    covariance, traces = _robust(stacked, jacobian)
    statistic = 2.0 * stacked.n_persons * solution.minimum
    df = stacked.n_moments - problem.sharing.size
    scaled = scaled_shifted(statistic, df, *traces)
    return covariance, ModelTest(statistic, df, *scaled), jacobian


def _robust(stacked: Stacked, jacobian: Jacobian) -> tuple[Array, tuple[float, float]]:
    """Sandwich covariance of the parameters, and tr(U Gamma) and tr((U Gamma)^2).

    ``U = W - W D H^-1 D' W`` with ``H = D' W D``. Where Gamma is held as X'X of few rows, the traces are those of
    ``X U X'``.

    References
    ----------
    Satorra, A., & Bentler, P. M. (1994). Corrections to test statistics and standard errors in covariance structure
    analysis. In von Eye & Clogg (Eds.), Latent variables analysis (pp. 399-419), equations 16.10 and 16.14.
    """
    solver = jacobian.square(stacked.weights).solver()
    if solver is None:
        return np.full((jacobian.size, jacobian.size), np.nan), (np.nan, np.nan)
    sums = stacked.sums(jacobian.weighted(stacked.weights))
    if sums.root is not None:
        reach = solver.solve(sums.root.T)
        left = stacked.inner - sums.root @ reach
        covariance, traces = reach @ reach.T, (float(np.trace(left)), float(np.vdot(left, left)))
    else:
        turned = solver.solve(sums.dense())
        covariance = solver.solve(turned.T)
        trace, square = stacked.all_traces
        beyond = float(np.trace(solver.solve(stacked.beyond(sums))))
        traces = trace - float(np.trace(turned)), square + float(np.sum(turned * turned.T)) - 2.0 * beyond
    return stacked.correction * covariance / stacked.n_persons, traces


def likelihood_discrepancy(problem: OrdinalProblem, values: Array, df: int) -> tuple[float, float]:
    """Normal-theory discrepancy of the correlations at the least-squares solution, and its null mean over df.

    Summed over the groups of a model without equalities. NaN where a polychoric or an implied matrix is not positive
    definite (Savalei 2021, section on DWLS).
    """
    statistic = trace = 0.0
    for number, group in enumerate(problem.samples.groups):
        implied = problem.implied(values, number)
        rho = implied.moments[group.n_thresholds :]
        matrix = np.eye(len(group.matrix))
        first, second = pairs_of(len(matrix))
        matrix[first, second] = matrix[second, first] = rho
        if df == 0 or min(np.linalg.eigvalsh(group.matrix)[0], np.linalg.eigvalsh(matrix)[0]) <= 0:
            return np.nan, np.nan
        inverse = np.asarray(np.linalg.inv(matrix), dtype=np.float64)
        product = group.matrix @ inverse
        discrepancy = np.trace(product) - np.linalg.slogdet(product)[1] - len(product)
        statistic += group.n_persons * float(discrepancy)
        trace += problem.samples.shares[number] * _weighted_trace(problem, implied, number, inverse)
    return statistic, trace / df


def _weighted_trace(problem: OrdinalProblem, implied: Implied, group: int, inverse: Array) -> float:
    """Trace of P'VP Gamma, with V the normal-theory weight of the correlations and P the residual projector."""
    own = problem.samples.groups[group]
    spread = problem.samples.correlation_spread(group)
    derivative = problem.sharing.narrowed(group, implied.derivative[own.n_thresholds :])
    derivative = derivative[:, np.abs(derivative).any(axis=0)]
    weighted = derivative * own.weight[own.n_thresholds :, None]
    solved = inverted(derivative.T @ weighted) @ weighted.T
    normal = _normal_weighted(derivative, inverse)
    across = spread.times(solved.T)
    total = spread.normal_trace(inverse) - 2.0 * float(np.sum(normal * across))
    return total + float(np.sum((derivative.T @ normal) * (solved @ across)))


def _normal_weighted(derivative: Array, inverse: Array) -> Array:
    """V times a matrix: a column laid out as a symmetric matrix E becomes R^-1 E R^-1."""
    first, second = pairs_of(len(inverse))
    turned = inverse @ laid_out(derivative.T, len(inverse)) @ inverse
    return np.asarray(turned[:, first, second].T)
