"""ML and MLR: normal-theory likelihood of complete or incomplete responses."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve, solve_triangular

from psychometrics.cfa import _normal as normal
from psychometrics.cfa._estimation import Estimation, inverted
from psychometrics.cfa._fit import Likelihood, ModelTest
from psychometrics.cfa._model import Cell, CfaModel
from psychometrics.cfa._normal import Directions, Expected, NormalData
from psychometrics.cfa._solve import Solution, minimise, positive_definite
from psychometrics.cfa._start import starting_values
from psychometrics.cfa._structure import Layout, Structure
from psychometrics.errors import SingularMatrixError

Array = NDArray[np.float64]


@dataclass(frozen=True)
class _Problem:
    """A layout with the data it is fitted to; `mean` is held where the means are no part of the model."""

    layout: Layout
    data: NormalData
    mean: Array
    means: bool

    def at(self, values: Array) -> tuple[Structure, Expected]:
        """Structure and filled data at a parameter vector."""
        structure = self.layout.at(values)
        mean = structure.intercepts if self.means else self.mean
        return structure, normal.expect(self.data, mean, structure.covariance)

    def value(self, values: Array) -> float:
        """Minus the mean log-likelihood, infinite where the implied covariance is not positive definite."""
        try:
            return self.at(values)[1].value
        except np.linalg.LinAlgError:
            return np.inf

    def evaluate(self, values: Array) -> tuple[float, Array, Array]:
        """Value, gradient and second derivatives; the expected information where these are indefinite."""
        structure, expected = self.at(values)
        directions = Directions.of(structure)
        metric = normal.hessian(structure, directions, expected, self.data)
        if not positive_definite(metric):
            metric = normal.information(directions, expected.inverse)
        return expected.value, normal.gradient(directions, expected), metric


@dataclass(frozen=True)
class Saturated:
    """The unrestricted moments, their information, and R with RR' their asymptotic covariance (incomplete data)."""

    mean: Array
    covariance: Array
    expected: Expected
    trace: float = np.nan
    information: Array | None = None
    root: Array | None = None


@dataclass(frozen=True)
class _Fitted:
    """A structure at its maximum with its information and scores."""

    structure: Structure
    expected: Expected
    solution: Solution
    covariance: Array
    trace: float


def fit_normal(model: CfaModel, values: Array, *, robust: bool, full_information: bool) -> Estimation:
    """Fit a model by ML or MLR.

    Parameters
    ----------
    model : CfaModel
    values : ndarray, (n_persons, n_items)
        In the order of the model's items.
    robust : bool
        Sandwich standard errors and the Yuan-Bentler statistic.
    full_information : bool
        Whether rows may be incomplete; the means are then part of the model.

    Returns
    -------
    Estimation
    """
    means = full_information
    data = NormalData.of(values)
    saturated = saturated_moments(data, model.items, means, robust)
    layout = Layout.of(model.items, model.latent, model.cells(ordered=False, means=means))
    start = starting_values(model, layout, saturated.covariance, saturated.mean)
    fitted = _fitted(_Problem(layout, data, saturated.mean, means), start, robust)
    base = baseline_of(model.items, data, saturated, means, robust)
    degrees = len(model.items) * (len(model.items) + 1) // 2 + means * len(model.items)
    n = data.n_persons
    return Estimation(
        structure=fitted.structure,
        solution=fitted.solution,
        covariance=fitted.covariance,
        sample_covariance=saturated.covariance,
        sample_mean=saturated.mean,
        means=means,
        n_persons=n,
        test=_test(fitted, saturated, data, means, degrees - layout.size, robust),
        baseline=_test(base, saturated, data, means, degrees - base.structure.layout.size, robust),
        likelihood=Likelihood(-n * fitted.expected.value, -n * saturated.expected.value),
        data=data,
    )


def saturated_moments(data: NormalData, items: tuple[str, ...], means: bool, robust: bool) -> Saturated:
    """Unrestricted moments, with the trace and asymptotic covariance that the robust tests need."""
    _check_rank(data, items)
    try:
        mean, covariance, expected = normal.saturate(data)
    except np.linalg.LinAlgError:
        raise SingularMatrixError(
            f"The unrestricted covariance matrix of the {len(items)} items is singular on {data.n_persons} persons "
            "with missing responses. Use more persons or fewer items."
        ) from None
    if not data.blocks:
        trace = _normal_trace(expected) + means * len(items) if robust else np.nan
        return Saturated(mean, covariance, expected, trace)
    directions = normal.saturated_directions(covariance)
    information = np.eye(directions.U.shape[1]) - normal.missing_information(directions, expected, data)
    if not robust:
        triangle = solve_triangular(np.linalg.cholesky(information), np.eye(len(information)), lower=True)
        return Saturated(mean, covariance, expected, np.nan, information, triangle.T)
    outer_root = _outer_root(normal.casewise_scores(directions, expected, data))
    root = cho_solve(cho_factor(information), outer_root)
    return Saturated(mean, covariance, expected, float(np.sum(root * outer_root)), information, root)


def _outer_root(scores: Array) -> Array:
    """Matrix R with RR' the mean outer product of the scores, no wider than it need be."""
    n, size = scores.shape
    if n <= 2 * size:
        return np.asarray(scores.T / np.sqrt(n))
    return np.asarray(np.linalg.cholesky(scores.T @ scores / n))


def _normal_trace(expected: Expected) -> float:
    """Trace of inverse information times outer product of the unrestricted covariance, from Mardia's kurtosis."""
    distances = np.einsum("na,na->n", expected.filled @ expected.inverse, expected.filled)
    return float(0.5 * (np.mean(distances**2) - distances.mean()))


def _check_rank(data: NormalData, items: tuple[str, ...]) -> None:
    """Complete responses must not be linearly dependent."""
    if data.blocks:
        return
    values, vectors = np.linalg.eigh(np.corrcoef(data.values, rowvar=False))
    if values[0] < 1e-8:
        heavy = [item for item, weight in zip(items, vectors[:, 0], strict=True) if abs(weight) > 0.1]
        raise SingularMatrixError(
            f"The covariance matrix is singular: {', '.join(heavy)} are linearly dependent. Drop one of them."
        )


def _fitted(problem: _Problem, start: Array, robust: bool) -> _Fitted:
    """Maximise, then information and sandwich at the maximum."""
    solution = minimise(problem.evaluate, problem.value, start)
    structure, expected = problem.at(solution.values)
    directions = Directions.of(structure)
    data = problem.data
    if not robust and not data.blocks:
        bread = inverted(normal.information(directions, expected.inverse))
        return _Fitted(structure, expected, solution, bread / data.n_persons, np.nan)
    bread = inverted(normal.hessian(structure, directions, expected, data))
    if not robust:
        return _Fitted(structure, expected, solution, bread / data.n_persons, np.nan)
    scores = normal.casewise_scores(directions, expected, data)
    half = bread @ (scores.T @ scores / data.n_persons)
    return _Fitted(structure, expected, solution, half @ bread / data.n_persons, float(np.trace(half)))


def baseline_of(items: tuple[str, ...], data: NormalData, saturated: Saturated, means: bool, robust: bool) -> _Fitted:
    """Fit the model of independent items; its maximum is each item's own mean and variance."""
    cells = [Cell("residual_covariance", item, item) for item in items]
    if means:
        cells += [Cell("intercept", item, item) for item in items]
    layout = Layout.of(items, (), cells)
    mean, variances = normal.own_moments(data)
    start = np.concatenate([variances, mean]) if means else variances
    return _fitted(_Problem(layout, data, saturated.mean, means), start, robust)


def _test(fitted: _Fitted, saturated: Saturated, data: NormalData, means: bool, df: int, robust: bool) -> ModelTest:
    """Likelihood ratio against the unrestricted moments, with its corrections."""
    statistic = 2.0 * data.n_persons * (fitted.expected.value - saturated.expected.value)
    factor = (saturated.trace - fitted.trace) / df if robust and df > 0 else np.nan
    scaled = statistic / factor
    if not data.blocks:
        return ModelTest(statistic, df, scaled, factor, 0.0, statistic if robust else np.nan, factor)
    complete, mean_factor = complete_data_test(fitted.structure, saturated, data.n_persons, df)
    return ModelTest(statistic, df, scaled, factor, 0.0, complete, mean_factor)


def complete_data_test(structure: Structure, saturated: Saturated, n: int, df: int) -> tuple[float, float]:
    """Discrepancy that complete data would have, and its null mean over df (Zhang & Savalei 2022, FIML-C)."""
    if df == 0 or saturated.information is None or saturated.root is None:
        return np.nan, np.nan
    derivative = normal.saturated_coordinates(Directions.of(structure), saturated.covariance)
    weighted = saturated.information @ derivative
    # What the model's estimates leave of the unrestricted moments: (I - D (D'HD)^-1 D'H) R.
    left = saturated.root - derivative @ np.linalg.solve(derivative.T @ weighted, weighted.T @ saturated.root)
    return n * discrepancy(structure, saturated), float(np.sum(left**2) / df)


def discrepancy(structure: Structure, saturated: Saturated) -> float:
    """Measure by the normal discrepancy how far the implied moments are from the unrestricted ones."""
    inverse = np.linalg.inv(structure.covariance)
    gap = saturated.mean - structure.means
    product = saturated.covariance @ inverse
    return float(np.trace(product) - np.linalg.slogdet(product)[1] - len(product) + gap @ inverse @ gap)


def with_root(saturated: Saturated, data: NormalData, robust: bool) -> Saturated:
    """Unrestricted moments of complete data with information and root, as beside a group with missing responses."""
    if saturated.root is not None:
        return saturated
    directions = normal.saturated_directions(saturated.covariance)
    identity = np.eye(directions.U.shape[1])
    root = _outer_root(normal.casewise_scores(directions, saturated.expected, data)) if robust else identity
    return replace(saturated, information=identity, root=root)
