"""Factor scores: regression and Bartlett for continuous items, posterior mode for ordinal ones."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtr

from psychometrics.cfa import _normal as normal
from psychometrics.cfa._estimation import Estimation
from psychometrics.cfa._model import CfaModel
from psychometrics.cfa._normal import NormalData
from psychometrics.errors import CodingError, ModelError
from psychometrics.ordinal._bivariate import BEYOND

Array = NDArray[np.float64]
_STEPS = 100
_TOLERANCE = 1e-9


def factor_scores(model: CfaModel, estimation: Estimation, responses: pd.DataFrame, method: str) -> pd.DataFrame:
    """Scores of the persons in a table."""
    lacking = [item for item in model.items if item not in responses]
    if lacking:
        raise ModelError(f"The responses lack items of the model: {', '.join(lacking)}.")
    values = responses[list(model.items)].to_numpy(dtype=float, na_value=np.nan)
    if method not in ("regression", "Bartlett"):
        raise ModelError(f"method={method!r} is unknown; use 'regression' or 'Bartlett'.")
    negative = [item for item, left in zip(model.items, estimation.residual_variances, strict=True) if left <= 0]
    if negative:
        raise ModelError(
            f"Factor scores need positive residual variances; {', '.join(negative)} has none. The solution is improper."
        )
    if estimation.ordinal:
        if method == "Bartlett":
            raise ModelError("Bartlett scores need continuous items; use method='regression' after WLSMV or ULSMV.")
        scores = _posterior_modes(estimation, _positions(model, estimation, values))
    else:
        scores = _regression(estimation, values) if method == "regression" else _bartlett(estimation, values)
    return pd.DataFrame(scores, index=responses.index, columns=list(model.latent))


def _mean(estimation: Estimation) -> Array:
    """Implied means of the items."""
    return estimation.structure.intercepts if estimation.means else estimation.sample_mean


def _regression(estimation: Estimation, values: Array) -> Array:
    """Expect the factors given the responses, missing ones integrated out (Thurstone 1935)."""
    some = ~np.isnan(values).all(axis=1)
    scores = np.full((len(values), len(estimation.structure.layout.factors)), np.nan)
    data = NormalData.of(values[some])
    expected = normal.expect(data, _mean(estimation), estimation.structure.covariance)
    scores[some] = expected.filled @ expected.inverse @ estimation.structure.cross
    return scores


def _bartlett(estimation: Estimation, values: Array) -> Array:
    """Generalised least-squares scores of complete rows (Bartlett 1937)."""
    structure = estimation.structure
    weighted = np.linalg.solve(structure.residuals, structure.effects)
    used = np.abs(structure.loadings).sum(axis=0) > 0
    inner = structure.effects[:, used].T @ weighted[:, used]
    scores = np.full((len(values), len(structure.layout.factors)), np.nan)
    scores[:, used] = (values - _mean(estimation)) @ np.linalg.solve(inner, weighted[:, used].T).T
    return scores


def _positions(model: CfaModel, estimation: Estimation, values: Array) -> NDArray[np.intp]:
    """Category positions of responses, -1 where missing."""
    assert estimation.two_step is not None
    result = np.full(values.shape, -1, dtype=np.intp)
    for place, (item, codes) in enumerate(zip(model.items, estimation.two_step.responses.categories, strict=True)):
        known = ~np.isnan(values[:, place])
        odd = sorted(set(values[known, place]) - set(map(float, codes)))
        if odd:
            raise CodingError(f"{item} holds code {odd[0]:g}, which did not occur when the model was fitted.")
        result[known, place] = np.searchsorted(codes, values[known, place])
    return result


def _posterior_modes(estimation: Estimation, positions: NDArray[np.intp]) -> Array:
    """Mode of each person's posterior of the factors: Newton steps for all persons at once."""
    assert estimation.two_step is not None
    structure = estimation.structure
    thresholds = np.pad(estimation.two_step.thresholds, ((0, 0), (1, 1)), constant_values=BEYOND)
    thresholds[:, 0] = -BEYOND
    scale = np.sqrt(estimation.residual_variances)
    items = np.arange(len(scale))
    present = positions >= 0
    upper = thresholds[items, np.where(present, positions + 1, -1)] / scale
    lower = thresholds[items, np.where(present, positions, 0)] / scale
    used = np.abs(structure.loadings).sum(axis=0) > 0
    covariance = structure.factor_covariance
    first = _newton(upper, lower, structure.loadings[:, used] / scale[:, None], covariance[np.ix_(used, used)])
    first[~present.any(axis=1)] = np.nan
    # A factor without items of its own is expected from those that have some.
    return np.asarray(first @ np.linalg.solve(covariance[np.ix_(used, used)], covariance[used]))


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
