"""Whether chains have mixed, and how many independent draws they are worth."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri
from scipy.stats import rankdata

Array = NDArray[np.float64]


def split_rhat(draws: Array) -> Array:
    """Return the rank-normalised split R-hat of each quantity, the larger of bulk and tail.

    ``R-hat = sqrt(((S - 1) / S * W + B / S) / W)`` over half chains of S draws, of the normal scores of the ranks and
    of those of the distance from the median (Vehtari et al. 2021, Bayesian Analysis 16:667-718, equations 3, 14, 15).

    Parameters
    ----------
    draws : ndarray, (n_chains, n_draws, n_quantities)

    Returns
    -------
    ndarray, (n_quantities,)
        NaN where a quantity does not vary.
    """
    halves = _halves(draws)
    folded = np.abs(halves - np.median(halves, axis=(0, 1)))
    return np.maximum(_rhat(_normal_scores(halves)), _rhat(_normal_scores(folded)))


def effective_size(draws: Array) -> Array:
    """Return the bulk effective sample size of each quantity.

    Autocorrelations of the rank-normalised half chains, summed by Geyer's initial monotone sequence (Vehtari et al.
    2021, equations 10 and 13).

    Parameters
    ----------
    draws : ndarray, (n_chains, n_draws, n_quantities)

    Returns
    -------
    ndarray, (n_quantities,)
    """
    scores = _normal_scores(_halves(draws))
    chains, length, _ = scores.shape
    covariances = _autocovariances(scores)
    within = covariances[0].mean(axis=0) * length / (length - 1)
    total = within * (length - 1) / length + scores.mean(axis=1).var(axis=0, ddof=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        autocorrelations = 1 - (within - covariances.mean(axis=1) * length / (length - 1)) / total
    autocorrelations[0] = 1
    pairs = autocorrelations[: length // 2 * 2].reshape(length // 2, 2, -1).sum(axis=1)
    positive = np.cumprod(pairs > 0, axis=0)
    monotone = np.minimum.accumulate(np.where(positive, pairs, 0), axis=0)
    time = -1 + 2 * monotone.sum(axis=0)
    size = chains * length
    return np.asarray(size / np.maximum(time, 1 / np.log10(size)))


def _halves(draws: Array) -> Array:
    """Split each chain in two."""
    half = draws.shape[1] // 2
    return np.concatenate([draws[:, :half], draws[:, draws.shape[1] - half :]])


def _normal_scores(draws: Array) -> Array:
    """Replace draws by the normal scores of their ranks over all chains."""
    flat = draws.reshape(-1, draws.shape[2])
    ranks = rankdata(flat, axis=0)
    return np.asarray(ndtri((ranks - 0.375) / (len(flat) + 0.25))).reshape(draws.shape)


def _rhat(scores: Array) -> Array:
    """Compare the variance between half chains with that within them."""
    length = scores.shape[1]
    within = scores.var(axis=1, ddof=1).mean(axis=0)
    between = scores.mean(axis=1).var(axis=0, ddof=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.sqrt((length - 1) / length + between / within))


def _autocovariances(scores: Array) -> Array:
    """Autocovariances by lag, chain and quantity."""
    length = scores.shape[1]
    centred = scores - scores.mean(axis=1, keepdims=True)
    spectrum = np.fft.rfft(centred, n=2 * length, axis=1)
    found = np.fft.irfft(spectrum * spectrum.conj(), n=2 * length, axis=1)[:, :length]
    return np.asarray(np.moveaxis(found, 1, 0) / length)
