"""WLSMV and ULSMV: least squares on polychoric correlations with robust corrections."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from psychometrics.cfa import _least_squares as least_squares
from psychometrics.cfa._estimation import Estimation
from psychometrics.cfa._fit import Likelihood, ModelTest
from psychometrics.cfa._least_squares import Moments, Pairs
from psychometrics.cfa._model import CfaModel
from psychometrics.cfa._solve import minimise
from psychometrics.cfa._start import starting_values
from psychometrics.cfa._structure import Layout
from psychometrics.errors import SingularMatrixError
from psychometrics.ordinal import OrdinalResponses
from psychometrics.ordinal import _estimation as two_step

Array = NDArray[np.float64]
# Rows of a matrix as large as the asymptotic covariance that are held at once.
ROWS = 128


def fit_ordinal(model: CfaModel, responses: OrdinalResponses, *, weighted: bool) -> Estimation:
    """Fit a model by diagonally weighted (WLSMV) or unweighted (ULSMV) least squares.

    Parameters
    ----------
    model : CfaModel
    responses : OrdinalResponses
        In the order of the model's items.
    weighted : bool
        Weight each correlation by the inverse of its asymptotic variance.

    Returns
    -------
    Estimation
    """
    estimates = two_step.estimate(responses)
    check_distinct(estimates)
    covariance = two_step.asymptotic_covariance(estimates, thresholds=False)
    weight = 1.0 / np.diag(covariance) if weighted else np.ones(len(covariance))
    moments = Moments(estimates.correlations, weight, covariance, responses.n_persons)
    layout = Layout.of(model.items, model.latent, model.cells(ordered=True))
    pairs = least_squares.pairs_of(len(model.items))
    sample = estimates.matrix()
    problem = _Problem(layout, moments, pairs)
    solution = minimise(problem.evaluate, problem.value, starting_values(model, layout, sample))
    structure = layout.at(solution.values)
    derivative = least_squares.jacobian(structure, pairs)
    corrected = least_squares.robust(moments, derivative)
    df = len(moments.observed) - layout.size
    naive = 2.0 * (moments.n_persons - 1) * solution.minimum
    implied = structure.covariance.copy()
    np.fill_diagonal(implied, 1.0)
    return Estimation(
        structure=structure,
        solution=solution,
        covariance=corrected.covariance,
        sample_covariance=sample,
        sample_mean=np.zeros(len(sample)),
        means=False,
        n_persons=moments.n_persons,
        test=_test(naive, df, (corrected.trace, corrected.square), moments, derivative, sample, implied),
        baseline=_baseline(moments, sample),
        likelihood=Likelihood(),
        moments=moments,
        two_step=estimates,
    )


def check_distinct(estimates: two_step.TwoStepEstimates) -> None:
    """Refuse two items that are one: their correlation has no sampling variance to weight by."""
    same = np.flatnonzero(np.abs(estimates.correlations) >= two_step.LIMIT - 1e-6)
    if same.size:
        items = estimates.responses.items
        named = [f"{items[estimates.first[k]]} with {items[estimates.second[k]]}" for k in same[:5]]
        raise SingularMatrixError(
            f"The polychoric correlation of {', '.join(named)} is at its limit of one. Drop one item of the pair, or "
            "join categories until their table has no empty off-diagonal."
        )


class _Problem:
    """The least-squares discrepancy of a layout."""

    def __init__(self, layout: Layout, moments: Moments, pairs: Pairs) -> None:
        self.layout, self.moments, self.pairs = layout, moments, pairs

    def value(self, values: Array) -> float:
        """Half the weighted sum of squared residuals."""
        residual = self.moments.observed - self.layout.at(values).covariance[self.pairs]
        return float(0.5 * np.sum(self.moments.weight * residual**2))

    def evaluate(self, values: Array) -> tuple[float, Array, Array]:
        """Value, gradient and Gauss-Newton matrix."""
        structure = self.layout.at(values)
        residual = self.moments.observed - structure.covariance[self.pairs]
        derivative = least_squares.jacobian(structure, self.pairs)
        weighted = derivative * self.moments.weight[:, None]
        value = 0.5 * np.sum(self.moments.weight * residual**2)
        return float(value), -weighted.T @ residual, derivative.T @ weighted


def _test(
    statistic: float,
    df: int,
    traces: tuple[float, float],
    moments: Moments,
    derivative: Array,
    sample: Array,
    implied: Array,
) -> ModelTest:
    """Naive and scaled-shifted statistic, with the likelihood discrepancy behind the robust indices."""
    scaled, factor, shift = least_squares.scaled_shifted(statistic, df, *traces)
    robust_statistic, robust_factor = _likelihood_discrepancy(moments, derivative, sample, implied, df)
    return ModelTest(statistic, df, scaled, factor, shift, robust_statistic, robust_factor)


def _baseline(moments: Moments, sample: Array) -> ModelTest:
    """Test the model of uncorrelated items; the normal-theory weight of its correlations is the identity."""
    df = len(moments.observed)
    statistic = (moments.n_persons - 1) * float(np.sum(moments.weight * moments.observed**2))
    scaled = least_squares.scaled_shifted(statistic, df, *least_squares.traces(moments))
    sign, log_determinant = np.linalg.slogdet(sample)
    if sign <= 0 or np.linalg.eigvalsh(sample)[0] <= 0:
        return ModelTest(statistic, df, *scaled)
    discrepancy = -moments.n_persons * float(log_determinant)
    return ModelTest(statistic, df, *scaled, discrepancy, float(np.trace(moments.covariance)) / df)


def _likelihood_discrepancy(
    moments: Moments, derivative: Array, sample: Array, implied: Array, df: int
) -> tuple[float, float]:
    """Normal-theory discrepancy of the correlations at the least-squares solution, and its null mean over df.

    NaN where the polychoric or the implied matrix is not positive definite (Savalei 2021, section on DWLS).
    """
    if df == 0 or min(np.linalg.eigvalsh(sample)[0], np.linalg.eigvalsh(implied)[0]) <= 0:
        return np.nan, np.nan
    product = sample @ np.linalg.inv(implied)
    discrepancy = np.trace(product) - np.linalg.slogdet(product)[1] - len(sample)
    trace = _weighted_trace(moments, derivative, np.asarray(np.linalg.inv(implied)))
    return float(moments.n_persons * discrepancy), float(trace / df)


def _weighted_trace(moments: Moments, derivative: Array, inverse: Array) -> float:
    """Trace of P'VP Gamma, with V the normal-theory weight of the correlations and P the residual projector.

    V is built some rows at a time: in full it would be as large as Gamma.
    """
    first, second = least_squares.pairs_of(len(inverse))
    total, bent = 0.0, np.empty_like(derivative)
    for start in range(0, len(first), ROWS):
        rows = slice(start, start + ROWS)
        one, other = inverse[first[rows]], inverse[second[rows]]
        weight = one[:, first] * other[:, second] + one[:, second] * other[:, first]
        total += float(np.vdot(weight, moments.covariance[rows]))
        bent[rows] = weight @ derivative
    weighted = derivative * moments.weight[:, None]
    solved = np.linalg.solve(derivative.T @ weighted, weighted.T)
    across = moments.covariance @ solved.T
    return total - 2.0 * float(np.sum(bent * across)) + float(np.sum((derivative.T @ bent) * (solved @ across)))
