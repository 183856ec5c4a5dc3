"""Draws from the posterior of a confirmatory factor model of ordered items."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from psychometrics.bayesian.priors import Priors

Array = NDArray[np.float64]

# Length of a proposal's covariance, relative to the posterior one (Roberts & Rosenthal 2001), before it is tuned.
_SPREAD, _AIMED_ACCEPTANCE = 2.38, 0.3
# Correlations of factors mix slowest, and the moves that change them cost least.
_MOVES_PER_SWEEP, _RESCALES_PER_SWEEP = 2, 3
_TUNED_EVERY = 25
_SMALLEST = 1e-300


@dataclass(frozen=True)
class Data:
    """Answers as category positions, and what loads on what.

    Attributes
    ----------
    lower, upper : ndarray of int, (n_persons, n_items)
        Columns of the padded thresholds between which the latent response lies; first and last where nothing was
        answered.
    n_thresholds : ndarray of int, (n_items,)
    factor : ndarray of int, (n_items,)
        Position of each item's factor.
    """

    lower: NDArray[np.intp]
    upper: NDArray[np.intp]
    n_thresholds: NDArray[np.intp]
    factor: NDArray[np.intp]

    @classmethod
    def of(cls, codes: NDArray[np.int64], n_categories: NDArray[np.intp], factor: NDArray[np.intp]) -> Data:
        """Place coded answers (-1 missing) between padded thresholds."""
        last = int(n_categories.max())
        top = codes == n_categories - 1
        absent = codes < 0
        lower = np.where(absent, 0, codes)
        return cls(lower, np.where(absent | top, last, codes + 1), n_categories - 1, factor)

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """Persons, items, factors, most thresholds."""
        n_persons, n_items = self.lower.shape
        return n_persons, n_items, int(self.factor.max()) + 1, int(self.n_thresholds.max())

    @property
    def used(self) -> NDArray[np.bool_]:
        """Which parameters of an item there are: its loading, then its thresholds; (n_items, 1 + most thresholds)."""
        return np.arange(self.shape[3] + 1) <= self.n_thresholds[:, None]


@dataclass
class State:
    """Current state of a group of chains.

    Attributes
    ----------
    parameters : ndarray, (n_chains, n_items, 1 + most thresholds)
        Loading and thresholds of each item, residual variance 1; what an item has not is 0.
    scores : ndarray, (n_chains, n_persons, n_factors)
    correlations : ndarray, (n_chains, n_factors, n_factors)
    proposal : ndarray, (n_items, 1 + most thresholds, 1 + most thresholds)
        Cholesky root of the covariance of proposals; fixed after the warm-up.
    length : ndarray, (n_items,)
        What it is multiplied by.
    random : Generator
    """

    parameters: Array
    scores: Array
    correlations: Array
    proposal: Array
    length: Array
    random: np.random.Generator


@dataclass(frozen=True)
class Draws:
    """Draws of a group of chains; the axes are chains, draws, and those of :class:`State`."""

    parameters: Array
    correlations: Array

    def joined(self, later: Draws) -> Draws:
        """Return these draws and later ones of the same chains."""
        return Draws(
            np.concatenate([self.parameters, later.parameters], axis=1),
            np.concatenate([self.correlations, later.correlations], axis=1),
        )


def begin(data: Data, priors: Priors, n_chains: int, seed: np.random.SeedSequence) -> State:
    """Return dispersed starting points: thresholds from the margins, loadings and scores at random."""
    random = np.random.default_rng(seed)
    n_persons, n_items, n_factors, most = data.shape
    loadings = random.uniform(0.3, 1.5, (n_chains, n_items))
    parameters = np.zeros((n_chains, n_items, most + 1))
    parameters[:, :, 0] = loadings
    answered = ~((data.lower == 0) & (data.upper == data.upper.max()))
    for place in range(n_items):
        codes = data.lower[answered[:, place], place]
        below = [(codes < step).mean() for step in range(1, data.n_thresholds[place] + 1)]
        parameters[:, place, 1 : len(below) + 1] = ndtri(np.array(below)) * np.hypot(1, loadings[:, [place]])
    scores = random.standard_normal((n_chains, n_persons, n_factors)) / 2 + _sums(data, answered)
    root = np.where(data.used[:, :, None], np.eye(most + 1), 0.0) * 0.1
    identity = np.broadcast_to(np.eye(n_factors), (n_chains, n_factors, n_factors)).copy()
    return State(parameters, scores, identity, root, np.ones(n_items), random)


def _sums(data: Data, answered: NDArray[np.bool_]) -> Array:
    """Standardised mean position of each person's answers to the items of each factor."""
    positions = np.where(answered, (data.lower + 0.5) / (data.n_thresholds + 1), 0.5)
    members = data.factor[:, None] == np.arange(data.shape[2])
    means = positions @ members / members.sum(axis=0)
    return np.asarray((means - means.mean(axis=0)) / np.maximum(means.std(axis=0), 1e-9))


def warm_up(data: Data, priors: Priors, state: State, n_sweeps: int) -> State:
    """Run the warm-up, tuning the proposals; its draws are discarded."""
    history: list[Array] = []
    accepted = np.zeros(len(data.factor))
    dimensions = data.used.sum(axis=1)
    for sweep in range(1, n_sweeps + 1):
        accepted += _sweep(data, priors, state)
        history.append(state.parameters.copy())
        if sweep % _TUNED_EVERY:
            continue
        rate = accepted / (_TUNED_EVERY * _MOVES_PER_SWEEP)
        state.length = state.length * np.exp(np.clip(rate - _AIMED_ACCEPTANCE, -0.3, 0.3) * 2)
        accepted[:] = 0
        if sweep % (4 * _TUNED_EVERY) == 0:
            state.proposal = _root(np.array(history[len(history) // 2 :]), data.used)
            state.length = _SPREAD / np.sqrt(dimensions)
    return state


def draw(data: Data, priors: Priors, state: State, n_draws: int) -> tuple[State, Draws]:
    """Draw from the posterior, one draw a sweep."""
    chains, n_items, width = state.parameters.shape
    n_factors = state.scores.shape[2]
    parameters = np.empty((chains, n_draws, n_items, width))
    correlations = np.empty((chains, n_draws, n_factors, n_factors))
    for place in range(n_draws):
        _sweep(data, priors, state)
        parameters[:, place], correlations[:, place] = state.parameters, state.correlations
    return state, Draws(parameters, correlations)


def _sweep(data: Data, priors: Priors, state: State) -> Array:
    """Update everything once; return by item the share of chains that accepted, summed over the moves."""
    accepted = np.zeros(len(data.factor))
    likelihood = _log_posterior(data, priors, state.parameters, state.scores)
    for _ in range(_MOVES_PER_SWEEP):
        taken, likelihood = _move_items(data, priors, state, likelihood)
        accepted += taken
    latent = _latent_responses(data, state)
    _draw_loadings(data, priors, state, latent)
    _draw_scores(data, state, latent)
    _shift(data, priors, state)
    for _ in range(_RESCALES_PER_SWEEP):
        _rescale(data, priors, state)
    _reflect(data, priors, state)
    return accepted


# Loading and thresholds of each item, given the scores and without the latent responses


def _bounds(data: Data, parameters: Array, scores: Array) -> tuple[Array, Array, NDArray[np.bool_]]:
    """Standardised bounds of each latent response, reflected where both are positive, and where that is."""
    chains, n_items, width = parameters.shape
    padded = np.empty((chains, n_items, width + 1))
    padded[:, :, 0], padded[:, :, -1] = -np.inf, np.inf
    padded[:, :, 1:-1] = parameters[:, :, 1:]
    flat = padded.reshape(chains, -1)
    first = np.arange(n_items) * (width + 1)
    means = parameters[:, None, :, 0] * scores[:, :, data.factor]
    lower = flat.take(data.lower + first, axis=1) - means
    upper = flat.take(data.upper + first, axis=1) - means
    reflected = lower > 0
    return np.where(reflected, -upper, lower), np.where(reflected, -lower, upper), reflected


def _log_posterior(data: Data, priors: Priors, parameters: Array, scores: Array) -> Array:
    """Log likelihood and prior of each item's parameters; (n_chains, n_items)."""
    lower, upper, _ = _bounds(data, parameters, scores)
    likelihood = np.log(np.maximum(ndtr(upper) - ndtr(lower), _SMALLEST)).sum(axis=1)
    loading = ((parameters[:, :, 0] - priors.loading_mean) / priors.loading_sd) ** 2
    return np.asarray(
        likelihood - loading / 2 + _log_prior_of_thresholds(data, priors, parameters, parameters[:, :, 0])
    )


def _log_prior_of_thresholds(data: Data, priors: Priors, parameters: Array, loadings: Array) -> Array:
    """Log prior of each item's thresholds given these loadings; (n_chains, n_items).

    They are normal in standard deviations of the latent response, which are ``sqrt(1 + loading**2)`` residual ones.
    Without this scale every threshold would multiply the prior of the loading by ``sqrt(1 + loading**2)``.
    """
    variance = 1 + loadings**2
    squares = (parameters[:, :, 1:] ** 2).sum(axis=2)
    return np.asarray(-(squares / (variance * priors.threshold_sd**2) + data.n_thresholds * np.log(variance)) / 2)


def _move_items(data: Data, priors: Priors, state: State, current: Array) -> tuple[Array, Array]:
    """Propose new loadings and thresholds of all items at once; each item is accepted or not by itself."""
    shape = state.parameters.shape
    normal = state.random.standard_normal(shape)
    step = np.einsum("jab,cjb->cja", state.proposal, normal) * state.length[:, None]
    proposed = state.parameters + step
    rising = (np.diff(proposed[:, :, 1:], axis=2) > 0) | ~data.used[:, 2:]
    possible = rising.all(axis=2)
    value = _log_posterior(data, priors, np.where(possible[:, :, None], proposed, state.parameters), state.scores)
    threshold = np.log(state.random.uniform(size=shape[:2]))
    taken = possible & (threshold < value - current)
    state.parameters = np.where(taken[:, :, None], proposed, state.parameters)
    return taken.mean(axis=0), np.where(taken, value, current)


def _root(history: Array, used: NDArray[np.bool_]) -> Array:
    """Cholesky root of the covariance of each item's parameters over draws and chains."""
    flat = history.reshape(-1, *history.shape[2:])
    centred = flat - flat.mean(axis=0)
    covariance = np.einsum("dja,djb->jab", centred, centred) / len(flat)
    width = used.shape[1]
    padded = covariance + np.eye(width) * np.where(used, 1e-5, 1.0)[:, None, :]
    return np.asarray(np.linalg.cholesky(padded) * (used[:, :, None] & used[:, None, :]))


# Latent responses, and what is normal given them


def _latent_responses(data: Data, state: State) -> Array:
    """Draw the latent responses between their thresholds; what was not answered is drawn freely."""
    lower, upper, reflected = _bounds(data, state.parameters, state.scores)
    low, high = ndtr(lower), ndtr(upper)
    uniform = state.random.uniform(size=low.shape)
    residual = ndtri(np.clip(low + uniform * (high - low), _SMALLEST, 1 - 1e-16))
    residual = np.where(reflected, -residual, residual)
    return np.asarray(residual + state.parameters[:, None, :, 0] * state.scores[:, :, data.factor])


def _draw_loadings(data: Data, priors: Priors, state: State, latent: Array) -> None:
    """Propose loadings by a normal regression of latent responses on scores; the thresholds' prior accepts or not."""
    scores = state.scores[:, :, data.factor]
    precision = (scores**2).sum(axis=1) + priors.loading_sd**-2
    mean = ((scores * latent).sum(axis=1) + priors.loading_mean * priors.loading_sd**-2) / precision
    proposed = mean + state.random.standard_normal(mean.shape) / np.sqrt(precision)
    current = state.parameters[:, :, 0]
    gain = _log_prior_of_thresholds(data, priors, state.parameters, proposed)
    gain -= _log_prior_of_thresholds(data, priors, state.parameters, current)
    taken = np.log(state.random.uniform(size=gain.shape)) < gain
    state.parameters[:, :, 0] = np.where(taken, proposed, current)


def _draw_scores(data: Data, state: State, latent: Array) -> None:
    """Draw the scores of all persons, who share one precision matrix."""
    n_factors = state.scores.shape[2]
    weights = state.parameters[:, :, :1] * (data.factor[:, None] == np.arange(n_factors))
    precision = np.linalg.inv(state.correlations) + weights.transpose(0, 2, 1) @ weights
    root = np.linalg.cholesky(np.linalg.inv(precision))
    mean = (latent @ weights) @ (root @ root.transpose(0, 2, 1))
    state.scores = mean + state.random.standard_normal(mean.shape) @ root.transpose(0, 2, 1)


# Moves along which the likelihood does not change


def _shift(data: Data, priors: Priors, state: State) -> None:
    """Move all scores of a factor and the thresholds of its items together."""
    n_persons, n_factors = state.scores.shape[1:]
    of_factor = (data.factor[:, None] == np.arange(n_factors)).astype(float)
    loadings, thresholds, used = state.parameters[:, :, 0], state.parameters[:, :, 1:], data.used[:, 1:]
    weight = priors.threshold_sd**-2 / (1 + loadings**2)
    inverse = np.linalg.inv(state.correlations)
    precision = n_persons * inverse
    diagonal = np.arange(n_factors)
    precision[:, diagonal, diagonal] += (weight * loadings**2 * used.sum(axis=1)) @ of_factor
    pull = -n_persons * np.einsum("cab,cb->ca", inverse, state.scores.mean(axis=1))
    pull -= (weight * loadings * (thresholds * used).sum(axis=2)) @ of_factor
    root = np.linalg.cholesky(np.linalg.inv(precision))
    mean = np.einsum("cab,cdb,cd->ca", root, root, pull)
    shift = mean + np.einsum("cab,cb->ca", root, state.random.standard_normal(mean.shape))
    state.scores = state.scores + shift[:, None, :]
    state.parameters[:, :, 1:] += (loadings * shift[:, data.factor])[:, :, None] * used


def _rescale(data: Data, priors: Priors, state: State) -> None:
    """Draw the covariance matrix of freely scaled scores; loadings take up the scales (parameter expansion)."""
    chains, n_persons, n_factors = state.scores.shape
    inverse = np.linalg.inv(state.correlations)
    rate = np.diagonal(inverse, axis1=1, axis2=2) / 2
    degrees = priors.degrees_of_freedom(n_factors)
    scales = np.sqrt(rate / state.random.standard_gamma(degrees / 2, rate.shape))
    scaled = state.scores * scales[:, None, :]
    cross = np.eye(n_factors) + scaled.transpose(0, 2, 1) @ scaled
    covariance = _inverse_wishart(state.random, degrees + n_persons, cross)
    new = np.sqrt(np.diagonal(covariance, axis1=1, axis2=2))
    ratio = (new / scales)[:, data.factor]
    loadings = state.parameters[:, :, 0] * ratio
    before = (state.parameters[:, :, 0] - priors.loading_mean) ** 2
    gain = np.log(ratio) - ((loadings - priors.loading_mean) ** 2 - before) / (2 * priors.loading_sd**2)
    gain += _log_prior_of_thresholds(data, priors, state.parameters, loadings)
    gain -= _log_prior_of_thresholds(data, priors, state.parameters, state.parameters[:, :, 0])
    taken = np.log(state.random.uniform(size=chains)) < gain.sum(axis=1)
    state.parameters[taken, :, 0] = loadings[taken]
    state.scores[taken] = (scaled / new[:, None, :])[taken]
    state.correlations[taken] = (covariance / (new[:, :, None] * new[:, None, :]))[taken]


def _reflect(data: Data, priors: Priors, state: State) -> None:
    """Reflect a factor with its loadings; only the prior of the loadings distinguishes the two directions."""
    n_factors = state.scores.shape[2]
    of_factor = (data.factor[:, None] == np.arange(n_factors)).astype(float)
    gain = -2 * priors.loading_mean / priors.loading_sd**2 * (state.parameters[:, :, 0] @ of_factor)
    turn = np.where(np.log(state.random.uniform(size=gain.shape)) < gain, -1.0, 1.0)
    state.parameters[:, :, 0] *= turn[:, data.factor]
    state.scores = state.scores * turn[:, None, :]
    state.correlations = state.correlations * turn[:, :, None] * turn[:, None, :]


def _inverse_wishart(random: np.random.Generator, degrees: float, scale: Array) -> Array:
    """Draw one inverse Wishart matrix for each scale matrix, by Bartlett's decomposition."""
    chains, size, _ = scale.shape
    factor = np.tril(random.standard_normal((chains, size, size)), -1)
    diagonal = np.arange(size)
    factor[:, diagonal, diagonal] = np.sqrt(2 * random.standard_gamma((degrees - diagonal) / 2, (chains, size)))
    root = np.linalg.cholesky(np.linalg.inv(scale)) @ factor
    found = np.linalg.inv(root @ root.transpose(0, 2, 1))
    return np.asarray((found + found.transpose(0, 2, 1)) / 2)
