"""Continuous items in several groups: the normal likelihood of means and covariances, complete or not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import block_diag

from psychometrics.cfa import _normal as normal
from psychometrics.cfa._continuous import (
    Saturated,
    baseline_of,
    complete_data_test,
    discrepancy,
    saturated_moments,
    with_root,
)
from psychometrics.cfa._estimation import inverted
from psychometrics.cfa._fit import Likelihood, ModelTest
from psychometrics.cfa._model import CfaModel
from psychometrics.cfa._normal import Directions, Expected, NormalData
from psychometrics.cfa._solve import Solution, minimise, positive_definite
from psychometrics.cfa._start import standard_solution
from psychometrics.cfa._structure import Layout, Structure
from psychometrics.invariance._sharing import Rules, Sharing, all_cells, share

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Samples:
    """Responses of all groups with their unrestricted moments.

    Attributes
    ----------
    items : tuple of str
    groups : tuple of NormalData
    saturated : tuple of Saturated
    robust : bool
        Whether standard errors and tests allow for non-normality (MLR).
    """

    items: tuple[str, ...]
    groups: tuple[NormalData, ...]
    saturated: tuple[Saturated, ...]
    robust: bool

    @cached_property
    def n_persons(self) -> int:
        """Number of persons over all groups."""
        return sum(group.n_persons for group in self.groups)

    @cached_property
    def shares(self) -> Array:
        """Share of each group among all persons."""
        return np.array([group.n_persons for group in self.groups]) / self.n_persons

    @property
    def complete(self) -> bool:
        """Whether no response is missing."""
        return not any(group.blocks for group in self.groups)

    @cached_property
    def likelihood(self) -> float:
        """Log-likelihood of the unrestricted moments."""
        parts = zip(self.groups, self.saturated, strict=True)
        return -sum(group.n_persons * found.expected.value for group, found in parts)

    @cached_property
    def trace(self) -> float:
        """Trace of inverse information times outer product of the unrestricted moments, over all groups."""
        return sum(found.trace for found in self.saturated)


def sample(items: tuple[str, ...], values: Sequence[Array], *, robust: bool) -> Samples:
    """Sort the responses of each group and estimate their unrestricted moments."""
    groups = tuple(NormalData.of(part) for part in values)
    saturated = tuple(saturated_moments(group, items, True, robust) for group in groups)
    if any(group.blocks for group in groups):
        saturated = tuple(with_root(found, data, robust) for found, data in zip(saturated, groups, strict=True))
    return Samples(items, groups, saturated, robust)


@dataclass(frozen=True)
class NormalProblem:
    """Minus the mean log-likelihood of all groups under a set of equalities."""

    samples: Samples
    sharing: Sharing

    def at(self, values: Array, group: int) -> tuple[Structure, Expected]:
        """Structure and filled data of a group."""
        structure = self.sharing.layout.at(self.sharing.cells(values, group))
        return structure, normal.expect(self.samples.groups[group], structure.means, structure.covariance)

    def value(self, values: Array) -> float:
        """Infinite where an implied covariance is not positive definite."""
        try:
            values_of_groups = [self.at(values, group)[1].value for group in range(len(self.samples.groups))]
        except np.linalg.LinAlgError:
            return np.inf
        return float(self.samples.shares @ values_of_groups)

    def evaluate(self, values: Array) -> tuple[float, Array, Array]:
        """Value, gradient and second derivatives; the expected information where these are indefinite."""
        size = self.sharing.size
        total, slope = 0.0, np.zeros(size)
        exact, expected_metric = np.zeros((size, size)), np.zeros((size, size))
        for group, part in enumerate(self.samples.shares):
            structure, expected = self.at(values, group)
            directions = Directions.of(structure)
            total += part * expected.value
            slope += part * self.sharing.fold(group, normal.gradient(directions, expected))
            bent = normal.hessian(structure, directions, expected, self.samples.groups[group])
            self.sharing.add_square(exact, group, part * bent)
            self.sharing.add_square(expected_metric, group, part * normal.information(directions, expected.inverse))
        return total, slope, exact if positive_definite(exact) else expected_metric

    def information(self, values: Array) -> Array:
        """Second derivatives; expected ones where the estimator is plain ML on complete responses."""
        size = self.sharing.size
        total = np.zeros((size, size))
        for group, part in enumerate(self.samples.shares):
            structure, expected = self.at(values, group)
            directions, data = Directions.of(structure), self.samples.groups[group]
            if self.samples.robust or data.blocks:
                square = normal.hessian(structure, directions, expected, data)
            else:
                square = normal.information(directions, expected.inverse)
            self.sharing.add_square(total, group, part * square)
        return total

    def scores(self, values: Array) -> list[Array]:
        """Differentiate each person's log-likelihood in the cells of the group."""
        found = []
        for group, data in enumerate(self.samples.groups):
            structure, expected = self.at(values, group)
            found.append(normal.casewise_scores(Directions.of(structure), expected, data))
        return found

    def outer(self, values: Array) -> Array:
        """Mean outer product of the persons' scores."""
        total = np.zeros((self.sharing.size, self.sharing.size))
        for group, scores in enumerate(self.scores(values)):
            self.sharing.add_square(total, group, scores.T @ scores / self.samples.n_persons)
        return total


@dataclass(frozen=True)
class NormalFit:
    """A fitted model of continuous items in several groups."""

    problem: NormalProblem
    solution: Solution
    covariance: Array
    test: ModelTest
    likelihood: Likelihood

    @property
    def layout(self) -> Layout:
        """Cells of every group."""
        return self.problem.sharing.layout


def start_values(model: CfaModel, layout: Layout, samples: Samples) -> list[Array]:
    """Cell values to start from in each group: the pooled correlations' axes in the group's own units."""
    pooled = np.asarray(
        sum(
            (share * found.covariance for share, found in zip(samples.shares, samples.saturated, strict=True)),
            np.zeros(()),
        )
    )
    deviation = np.sqrt(np.diag(pooled))
    loadings, factors = standard_solution(
        replace(model, scale="variance"), layout, pooled / np.outer(deviation, deviation)
    )
    unique = np.clip(1.0 - np.einsum("af,fg,ag->a", loadings, factors, loadings), 0.2, 0.95)
    return [_group_start(layout, found, loadings, factors, unique) for found in samples.saturated]


def _group_start(layout: Layout, found: Saturated, loadings: Array, factors: Array, unique: Array) -> Array:
    """Cell values of one group."""
    start, variance = np.zeros(layout.size), np.diag(found.covariance)
    for kind, (where, row, column) in layout.places.items():
        if kind == "loading":
            start[where] = loadings[row, column] * np.sqrt(variance[row])
        elif kind == "factor_covariance":
            start[where] = factors[row, column]
        elif kind == "residual_covariance":
            start[where] = np.where(row == column, unique[row] * variance[row], 0.0)
        elif kind == "intercept":
            start[where] = found.mean[row]
    return start


def fit(model: CfaModel, samples: Samples, rules: Rules, start: Sequence[Array] | None = None) -> NormalFit:
    """Fit a model under equalities, from the cells of another fit or from scratch."""
    layout = all_cells(model, [])
    sharing = share(layout, rules, len(samples.groups))
    problem = NormalProblem(samples, sharing)
    values = sharing.gather(start if start is not None else start_values(model, layout, samples))
    solution = minimise(problem.evaluate, problem.value, values)
    bread = inverted(problem.information(solution.values))
    likelihood = Likelihood(-samples.n_persons * solution.minimum, samples.likelihood)
    df = len(samples.groups) * len(samples.items) * (len(samples.items) + 3) // 2 - sharing.size
    behind = None if samples.complete else _complete_data_test(problem, solution.values, df)
    if not samples.robust:
        return NormalFit(problem, solution, bread / samples.n_persons, _test(likelihood, df, behind=behind), likelihood)
    half = bread @ problem.outer(solution.values)
    test = _test(likelihood, df, samples.trace - float(np.trace(half)), behind)
    return NormalFit(problem, solution, half @ bread / samples.n_persons, test, likelihood)


def _test(
    likelihood: Likelihood, df: int, trace: float = np.nan, behind: tuple[float, float] | None = None
) -> ModelTest:
    """Likelihood ratio against the unrestricted moments, with the Yuan-Bentler correction (MLR)."""
    statistic = 2.0 * (likelihood.saturated - likelihood.model)
    factor = trace / df if df > 0 else np.nan
    if behind is None:
        behind = (statistic, factor) if np.isfinite(trace) else (np.nan, np.nan)
    return ModelTest(statistic, df, statistic / factor, factor, 0.0, *behind)


def _complete_data_test(problem: NormalProblem, values: Array, df: int) -> tuple[float, float]:
    """Discrepancy that complete data would have, and its null mean over df (Zhang & Savalei 2022, FIML-C)."""
    if df == 0:
        return np.nan, np.nan
    samples, total = problem.samples, 0.0
    derivatives, weighted, roots = [], [], []
    for group, (part, found) in enumerate(zip(samples.shares, samples.saturated, strict=True)):
        assert found.information is not None
        assert found.root is not None
        structure = problem.at(values, group)[0]
        total += samples.groups[group].n_persons * discrepancy(structure, found)
        derivative = normal.saturated_coordinates(Directions.of(structure), found.covariance)
        derivatives.append(problem.sharing.fold(group, derivative))
        weighted.append(part * found.information @ derivatives[-1])
        roots.append(found.root / np.sqrt(part))
    D, HD, root = np.vstack(derivatives), np.vstack(weighted), block_diag(*roots)
    left = root - D @ np.linalg.solve(D.T @ HD, HD.T @ root)
    weight = np.repeat(samples.shares, [len(block) for block in derivatives])
    return total, float(weight @ np.sum(left**2, axis=1)) / df


def baseline(samples: Samples) -> ModelTest:
    """Test of independent items with each group's own means and variances."""
    parts = zip(samples.groups, samples.saturated, strict=True)
    fits = [baseline_of(samples.items, data, found, True, samples.robust) for data, found in parts]
    value = sum(data.n_persons * part.expected.value for data, part in zip(samples.groups, fits, strict=True))
    df = len(samples.groups) * len(samples.items) * (len(samples.items) - 1) // 2
    trace = samples.trace - sum(part.trace for part in fits)
    likelihood = Likelihood(-value, samples.likelihood)
    if samples.complete:
        return _test(likelihood, df, trace)
    own, found = df // len(fits), zip(samples.groups, samples.saturated, fits, strict=True)
    tests = [complete_data_test(part.structure, moments, data.n_persons, own) for data, moments, part in found]
    return _test(likelihood, df, trace, (sum(value for value, _ in tests), sum(c for _, c in tests) / len(tests)))
