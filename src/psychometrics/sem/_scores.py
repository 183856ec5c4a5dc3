"""Factor scores: regression and Bartlett for continuous items, posterior mode for ordinal ones."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtr

from psychometrics.errors import CodingError, ModelError
from psychometrics.ordinal import two_step
from psychometrics.sem import _normal as normal
from psychometrics.sem._continuous import NormalProblem
from psychometrics.sem._estimation import Estimation
from psychometrics.sem._input import Labels, Sorted, answers_of, labels, labels_as_text
from psychometrics.sem._normal import NormalData
from psychometrics.sem._ordinal import OrdinalProblem
from psychometrics.sem._structure import Structure

Array = NDArray[np.float64]
_STEPS = 100
_TOLERANCE = 1e-9


def factor_scores(
    data: Sorted, estimation: Estimation, responses: pd.DataFrame, method: str, group: Labels | None
) -> pd.DataFrame:
    """Scores of the persons in a table; see :meth:`psychometrics.sem.CfaResult.factor_scores`."""
    model = data.model
    known = {str(name) for name in responses.columns}
    lacking = [item for item in model.items if item not in known]
    if lacking:
        raise ModelError(f"The responses lack items of the model: {', '.join(lacking)}.")
    if method not in ("regression", "Bartlett"):
        raise ModelError(f"method={method!r} is unknown; use 'regression' or 'Bartlett'.")
    if data.several != (group is not None):
        raise ModelError("group is needed for a model of several groups, and only for that.")
    values = answers_of(model, responses).to_numpy(dtype=float, na_value=np.nan)
    members = labels(group, responses, "group")
    member = np.full(len(values), data.names[0]) if members is None else labels_as_text(members)
    scores = np.full((len(values), len(model.latent)), np.nan)
    for number, name in enumerate(data.names):
        rows = member == name
        scores[rows] = _of_group(data, estimation, number, values[rows], method)
    return pd.DataFrame(scores, index=responses.index, columns=list(model.latent))


def _of_group(data: Sorted, estimation: Estimation, group: int, values: Array, method: str) -> Array:
    """Scores of the persons of a group."""
    residual = estimation.residual_variances(group)
    negative = [item for item, left in zip(data.model.items, residual, strict=True) if left <= 0]
    if negative:
        raise ModelError(
            f"Factor scores need positive residual variances; {', '.join(negative)} has none. The solution is improper."
        )
    if isinstance(estimation.problem, NormalProblem):
        structure = estimation.structures[group]
        mean = estimation.problem.implied_mean(structure, group)
        return _regression(structure, mean, values) if method == "regression" else _bartlett(structure, mean, values)
    if method == "Bartlett":
        raise ModelError("Bartlett scores need continuous items; use method='regression' after WLSMV or ULSMV.")
    return _posterior_modes(estimation, group, _positions(data, group, values))


def _factor_means(structure: Structure) -> Array:
    """Implied means of the factors."""
    return np.asarray(structure.total @ structure.factor_means)


def _regression(structure: Structure, mean: Array, values: Array) -> Array:
    """Expect the factors given the responses, missing ones integrated out (Thurstone 1935)."""
    some = ~np.isnan(values).all(axis=1)
    scores = np.full((len(values), len(structure.layout.factors)), np.nan)
    expected = normal.expect(NormalData.of(values[some]), mean, structure.covariance)
    scores[some] = _factor_means(structure) + expected.filled @ expected.inverse @ structure.cross
    return scores


def _bartlett(structure: Structure, mean: Array, values: Array) -> Array:
    """Generalised least-squares scores of complete rows (Bartlett 1937)."""
    weighted = np.linalg.solve(structure.residuals, structure.effects)
    used = np.abs(structure.loadings).sum(axis=0) > 0
    inner = structure.effects[:, used].T @ weighted[:, used]
    scores = np.full((len(values), len(structure.layout.factors)), np.nan)
    found = (values - mean) @ np.linalg.solve(inner, weighted[:, used].T).T
    scores[:, used] = _factor_means(structure)[used] + found
    return scores


def _positions(data: Sorted, group: int, values: Array) -> NDArray[np.intp]:
    """Category positions of responses, -1 where missing."""
    result = np.full(values.shape, -1, dtype=np.intp)
    for place, (item, codes) in enumerate(zip(data.model.items, data.coded[group].categories, strict=True)):
        known = ~np.isnan(values[:, place])
        odd = sorted(set(values[known, place]) - set(map(float, codes)))
        if odd:
            raise CodingError(f"{item} holds code {odd[0]:g}, which did not occur when the model was fitted.")
        result[known, place] = np.searchsorted(codes, values[known, place])
    return result


def _posterior_modes(estimation: Estimation, group: int, positions: NDArray[np.intp]) -> Array:
    """Mode of each person's posterior of the factors: Newton steps for all persons at once."""
    structure, mean = estimation.structures[group], _factor_means(estimation.structures[group])
    scale = np.sqrt(estimation.residual_variances(group))
    thresholds = _thresholds(estimation, group) - structure.intercepts[:, None]
    items = np.arange(len(scale))
    present = positions >= 0
    upper = thresholds[items, np.where(present, positions + 1, -1)] / scale
    lower = thresholds[items, np.where(present, positions, 0)] / scale
    used = np.abs(structure.loadings).sum(axis=0) > 0
    loadings, covariance = structure.loadings[:, used] / scale[:, None], structure.factor_covariance
    shift = loadings @ mean[used]
    first = _newton(upper - shift, lower - shift, loadings, covariance[np.ix_(used, used)])
    first[~present.any(axis=1)] = np.nan
    # A factor without items of its own is expected from those that have some.
    return np.asarray(mean + first @ np.linalg.solve(covariance[np.ix_(used, used)], covariance[used]))


def _thresholds(estimation: Estimation, group: int) -> Array:
    """Thresholds of a group between two that stand for infinity, (n_items, most_categories + 1)."""
    assert isinstance(estimation.problem, OrdinalProblem)
    found = estimation.problem.samples.groups[group]
    inner = found.estimates.thresholds.copy()
    if found.n_thresholds:
        inner[found.estimates.threshold_places] = estimation.cells[group][estimation.sharing.layout.thresholds]
    thresholds = np.pad(inner, ((0, 0), (1, 1)), constant_values=two_step.BEYOND)
    thresholds[:, 0] = -two_step.BEYOND
    return np.asarray(thresholds)


def _newton(upper: Array, lower: Array, loadings: Array, covariance: Array) -> Array:
    """Maximise sum log P(response | factors) less half the squared factors, for each row."""
    prior = np.linalg.inv(covariance)
    scores = np.zeros((len(upper), len(covariance)))
    for _ in range(_STEPS):
        slope, weight = _item_terms(upper, lower, scores @ loadings.T)
        gradient = slope @ loadings - scores @ prior
        curvature = np.einsum("na,af,ag->nfg", weight, loadings, loadings, optimize=True) + prior
        step = np.linalg.solve(curvature, gradient[:, :, None])[:, :, 0]
        scores += step * np.minimum(1.0, 2.0 / np.maximum(np.abs(step).max(axis=1, keepdims=True), 1e-300))
        if np.abs(step).max() < _TOLERANCE:
            break
    return scores


def _item_terms(upper: Array, lower: Array, linear: Array) -> tuple[Array, Array]:
    """First derivative of each log-probability in the linear predictor, and minus the second."""
    high, low = upper - linear, lower - linear
    # The interval is moved to the left tail, where the distribution function keeps its digits.
    flip = low > 0
    high, low = np.where(flip, -low, high), np.where(flip, -high, low)
    mass = np.maximum(ndtr(high) - ndtr(low), 1e-300)
    density_high = np.exp(-0.5 * high**2) / np.sqrt(2.0 * np.pi)
    density_low = np.exp(-0.5 * low**2) / np.sqrt(2.0 * np.pi)
    slope = -(density_high - density_low) / mass
    bend = (high * density_high - low * density_low) / mass
    return np.where(flip, -slope, slope), bend + slope**2
