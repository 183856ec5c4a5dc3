"""What follows from draws of the parameters: standardised loadings, omega, and answers as the model predicts them."""

from __future__ import annotations

import numpy as np
from numpy.polynomial.hermite_e import hermegauss
from numpy.typing import NDArray
from scipy.special import ndtr

Array = NDArray[np.float64]

_NODES, _WEIGHTS = hermegauss(41)
_WEIGHTS = _WEIGHTS / _WEIGHTS.sum()
_VERY_LARGE = 2000


def standardised(loadings: Array) -> Array:
    """Return loadings of latent responses with variance 1: ``l / sqrt(1 + l^2)``."""
    return np.asarray(loadings / np.hypot(1, loadings))


def sum_score_omega(parameters: Array, values: list[Array]) -> Array:
    """Return categorical omega of the sum of the items of one factor, for each draw.

    ``omega = Var(T) / (Var(T) + E(V))`` with T the expected sum given the factor and V its variance given the factor,
    both integrated over a standard normal factor; this is Green and Yang's (2009, Psychometrika 74:155-167, equation
    21) ratio with the variance that the model implies.

    Parameters
    ----------
    parameters : ndarray, (n_draws, n_items, 1 + most thresholds)
        Loading and thresholds, residual variance 1.
    values : list of ndarray
        Codes of each item's categories.

    Returns
    -------
    ndarray, (n_draws,)
    """
    true, error = np.zeros((len(parameters), len(_NODES))), np.zeros((len(parameters), len(_NODES)))
    for place, codes in enumerate(values):
        loading, thresholds = parameters[:, place, :1], parameters[:, place, 1 : len(codes)]
        above = ndtr(loading[:, :, None] * _NODES - thresholds[:, :, None])
        mean = np.einsum("k,dkq->dq", np.diff(codes), above)
        square = np.einsum("k,dkq->dq", np.diff((codes - codes[0]) ** 2), above)
        true += mean
        error += square - mean**2
    between = (true**2) @ _WEIGHTS - (true @ _WEIGHTS) ** 2
    return np.asarray(between / (between + error @ _WEIGHTS))


def predicted_correlations(
    parameters: Array,
    correlations: Array,
    factor: NDArray[np.intp],
    absent: NDArray[np.bool_],
    random: np.random.Generator,
) -> tuple[Array, Array]:
    """Return, for each draw, correlations of the answers of as many new persons, and of a very large sample.

    Answers are positions of categories; of the new persons the same ones are missing as in the data. A pair in which
    an item does not vary is NaN.
    """
    n_items = absent.shape[1]
    few, many = np.empty((2, len(parameters), n_items, n_items))
    for place, (items, between) in enumerate(zip(parameters, correlations, strict=True)):
        few[place] = pairwise(np.where(absent, np.nan, _answers(items, between, factor, len(absent), random)))
        many[place] = pairwise(_answers(items, between, factor, _VERY_LARGE, random))
    return few, many


def _answers(
    items: Array, between: Array, factor: NDArray[np.intp], n_persons: int, random: np.random.Generator
) -> Array:
    """Draw positions of categories."""
    scores = random.standard_normal((n_persons, len(between))) @ np.linalg.cholesky(between).T
    latent = items[:, 0] * scores[:, factor] + random.standard_normal((n_persons, len(factor)))
    return np.asarray(sum((latent > items[:, step]).astype(float) for step in range(1, items.shape[1])))


def pairwise(answers: Array) -> Array:
    """Return product-moment correlations of items, each over the persons who answered both."""
    there = ~np.isnan(answers)
    mean = np.where(there, answers, 0).sum(axis=0) / there.sum(axis=0)
    values, counts = np.where(there, answers - mean, 0.0), there.astype(float)
    n = counts.T @ counts
    with np.errstate(invalid="ignore", divide="ignore"):
        products = values.T @ values - (values.T @ counts) * (counts.T @ values) / n
        squares = (values**2).T @ counts - (values.T @ counts) ** 2 / n
        return np.asarray(products / np.sqrt(np.where(squares * squares.T > 1e-12, squares * squares.T, np.nan)))
