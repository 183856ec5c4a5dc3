"""The expected trait of a person, from the anchors of a scale and what is known of the person's group."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import expit, logit

from psychometrics.dif._cumulative import CumulativeFit, fit_cumulative
from psychometrics.errors import ConvergenceError

NODES = np.linspace(-8, 8, 65)
_MOST_ROUNDS = 300
_SMALLEST_CHANGE = 1e-6
# Log odds for each standard deviation of the trait; a standardised loading of .96.
_STEEPEST = 6.0


@dataclass(frozen=True)
class _Item:
    """One anchor: which answer each person gave (0/1, no answer: all 0), and the curve so far."""

    member: np.ndarray
    fit: CumulativeFit

    def log_likelihood(self) -> np.ndarray:
        """Return the log probability of each person's answer at each node; zero where missing."""
        below = expit(self.fit.thresholds[:, None] - self.fit.coefficients[0] * NODES)
        ends = np.zeros((1, len(NODES))), np.ones((1, len(NODES)))
        shares = np.diff(np.vstack([ends[0], below, ends[1]]), axis=0)
        return np.asarray(self.member @ np.log(np.maximum(shares, 1e-300)))


def expected_traits(
    answers: pd.DataFrame, groups: np.ndarray, anchors: list[str]
) -> tuple[np.ndarray, tuple[str, ...]]:
    """Return E(trait | anchors without the studied item, group), persons by items; and the steepest anchors.

    A graded response model with curves common to all groups and a normal trait in each (mean 0, variance 1 in
    group 0, free elsewhere) is fitted to the anchors by marginal maximum likelihood (EM, fixed quadrature). Slopes
    are held within a bound, since an item that repeats another drives both towards infinity; such are named.
    """
    items = {name: _first(answers[name]) for name in anchors}
    means, spreads = np.zeros(groups.max() + 1), np.ones(groups.max() + 1)
    for _ in range(_MOST_ROUNDS):
        posterior = _posterior(_together(items), groups, means, spreads)
        free = _moments(posterior, groups)
        new = {name: _rescale(_refit(item, posterior), free[0][0], free[1][0]) for name, item in items.items()}
        moments = (free[0] - free[0][0]) / free[1][0], free[1] / free[1][0]
        change = max(_largest_change(items, new), np.abs(moments[0] - means).max(), np.abs(moments[1] - spreads).max())
        items, (means, spreads) = new, moments
        if change < _SMALLEST_CHANGE:
            steep = tuple(name for name, item in items.items() if abs(item.fit.coefficients[0]) >= 0.999 * _STEEPEST)
            return _without_studied(answers, items, groups, means, spreads), steep
    raise ConvergenceError("the trait of the anchors could not be estimated; the items may share no trait")


def _first(answers: pd.Series) -> _Item:
    """Start an anchor with a middling slope."""
    member = (answers.to_numpy()[:, None] == np.sort(answers.dropna().unique())).astype(float)
    shares = member.sum(axis=0).cumsum()[:-1] / member.sum()
    return _Item(member, CumulativeFit(1.4 * logit(shares), np.array([1.5]), np.nan, np.empty(0)))


def _together(items: dict[str, _Item]) -> np.ndarray:
    """Return the log likelihood of all anchors, persons by nodes."""
    return np.asarray(np.sum([item.log_likelihood() for item in items.values()], axis=0))


def _posterior(log_likelihood: np.ndarray, groups: np.ndarray, means: np.ndarray, spreads: np.ndarray) -> np.ndarray:
    """Return each person's posterior weights of the nodes."""
    prior = np.exp(-0.5 * ((NODES - means[:, None]) / spreads[:, None]) ** 2)
    joint = np.exp(log_likelihood - log_likelihood.max(axis=1, keepdims=True)) * prior[groups]
    return np.asarray(joint / joint.sum(axis=1, keepdims=True))


def _moments(posterior: np.ndarray, groups: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean and standard deviation of the trait in each group."""
    weights = np.stack([posterior[groups == group].mean(axis=0) for group in range(groups.max() + 1)])
    means = weights @ NODES
    return means, np.sqrt(weights @ NODES**2 - means**2)


def _rescale(item: _Item, mean: float, spread: float) -> _Item:
    """Return the curve on a trait with this mean and spread set to 0 and 1 (Liu, Rubin & Wu 1998), within the bound."""
    slope = item.fit.coefficients * spread
    held = min(1.0, _STEEPEST / abs(slope[0]))
    fit = CumulativeFit((item.fit.thresholds - slope[0] / spread * mean) * held, slope * held, np.nan, np.empty(0))
    return _Item(item.member, fit)


def _refit(item: _Item, posterior: np.ndarray) -> _Item:
    """Fit an anchor's curve to the expected numbers of answers at each node."""
    expected = item.member.T @ posterior
    codes, nodes = np.indices(expected.shape).reshape(2, -1)
    fit = fit_cumulative(codes, NODES[nodes, None], item.fit, expected.ravel(), tolerance=1e-2)
    return _Item(item.member, fit)


def _largest_change(old: dict[str, _Item], new: dict[str, _Item]) -> float:
    """Return the largest change of a slope."""
    return max(float(abs(new[name].fit.coefficients[0] - old[name].fit.coefficients[0])) for name in old)


def _without_studied(
    answers: pd.DataFrame, items: dict[str, _Item], groups: np.ndarray, means: np.ndarray, spreads: np.ndarray
) -> np.ndarray:
    """Return the posterior means, each without the item it will be used for."""
    single = {name: item.log_likelihood() for name, item in items.items()}
    together = np.sum(list(single.values()), axis=0)
    columns = [
        _posterior(together - single.get(str(name), 0.0), groups, means, spreads) @ NODES for name in answers.columns
    ]
    return np.stack(columns, axis=1)
