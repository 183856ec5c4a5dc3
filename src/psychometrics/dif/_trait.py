"""The expected trait of a person, from the anchors of a scale and what is known of the person's group."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy.special import expit, logit

from psychometrics._checks import Label
from psychometrics.errors import ConvergenceError

NODES = np.linspace(-8, 8, 65)
_MOST_ROUNDS = 300
_SMALLEST_CHANGE = 1e-6
_MOST_HALVINGS = 20
# Log odds for each standard deviation of the trait; a standardised loading of .96.
_STEEPEST = 6.0
_SMALLEST_SHARE = 1e-300
# Persons whose posteriors are in memory at once.
AT_ONCE = 5_000


@dataclass(frozen=True)
class _Curves:
    """The curves of all anchors: slopes (items,) and thresholds (items, most categories - 1), padded with infinity."""

    slopes: np.ndarray
    thresholds: np.ndarray

    def below(self) -> np.ndarray:
        """Return P(answer <= k) at each node, shape (items, thresholds, nodes)."""
        return np.asarray(expit(self.thresholds[:, :, None] - self.slopes[:, None, None] * NODES))

    def shares(self) -> np.ndarray:
        """Return the probability of each category at each node, shape (items, categories, nodes)."""
        below = self.below()
        edge = np.zeros_like(below[:, :1])
        shares = np.diff(np.concatenate([edge, below, edge + 1], axis=1), axis=1)
        return np.asarray(np.maximum(shares, _SMALLEST_SHARE))

    def ordered(self) -> np.ndarray:
        """Tell for each item whether its thresholds increase."""
        with np.errstate(invalid="ignore"):
            gaps = np.diff(self.thresholds, axis=1)
        return np.asarray((np.isnan(gaps) | (gaps > 0)).all(axis=1))


@dataclass(frozen=True)
class _Anchors:
    """Which answer each person gave to which anchor: a column for each category, in blocks by item; no answer all 0."""

    names: list[Label]
    member: np.ndarray
    n_categories: int

    def in_parts(self, groups: np.ndarray) -> Iterator[tuple[_Anchors, np.ndarray]]:
        """Yield the answers and groups of persons, so many at once."""
        for first in range(0, len(groups), AT_ONCE):
            rows = slice(first, first + AT_ONCE)
            yield replace(self, member=self.member[rows]), groups[rows]

    def log_likelihood(self, curves: _Curves) -> np.ndarray:
        """Return the log probability of all answers of each person at each node."""
        return np.asarray(self.member @ np.log(curves.shares()).reshape(-1, len(NODES)))

    def of_item(self, curves: _Curves, name: Label) -> np.ndarray | float:
        """Return the log probability of each person's answer to one item; nothing for an item that is no anchor."""
        if name not in self.names:
            return 0.0
        block = slice(place := self.names.index(name) * self.n_categories, place + self.n_categories)
        return np.asarray(self.member[:, block] @ np.log(curves.shares()).reshape(-1, len(NODES))[block])


def expected_traits(
    answers: pd.DataFrame, groups: np.ndarray, anchors: list[Label]
) -> tuple[np.ndarray, tuple[Label, ...]]:
    """Return E(trait | anchors without the studied item, group), persons by items; and the steepest anchors.

    A graded response model with curves common to all groups and a normal trait in each (mean 0, variance 1 in
    group 0, free elsewhere) is fitted to the anchors by marginal maximum likelihood: EM on a fixed quadrature, each
    round with one Fisher step for all anchors at once. Slopes are held within a bound, since an item that repeats
    another drives both towards infinity; such are named.
    """
    data = _anchors(answers, anchors)
    curves = _first(data)
    means, spreads = np.zeros(groups.max() + 1), np.ones(groups.max() + 1)
    for _ in range(_MOST_ROUNDS):
        expected, free = _expected(data, curves, groups, means, spreads)
        new = _rescale(_step(curves, expected), free[0][0], free[1][0])
        moments = (free[0] - free[0][0]) / free[1][0], free[1] / free[1][0]
        change = max(np.abs(after - before).max() for after, before in
                     ((new.slopes, curves.slopes), (moments[0], means), (moments[1], spreads)))  # fmt: skip
        curves, (means, spreads) = new, moments
        if change < _SMALLEST_CHANGE:
            steep = np.abs(curves.slopes) >= 0.999 * _STEEPEST
            named = tuple(name for name, too in zip(data.names, steep, strict=True) if too)
            return _without_studied(answers, data, curves, groups, means, spreads), named
    raise ConvergenceError("the trait of the anchors could not be estimated; the items may share no trait")


def _anchors(answers: pd.DataFrame, names: list[Label]) -> _Anchors:
    """Lay out the answers to the anchors."""
    values = {name: np.unique(answers[name].dropna().to_numpy()) for name in names}
    most = max(len(codes) for codes in values.values())
    blocks = [
        answers[name].to_numpy()[:, None] == np.concatenate([codes, np.full(most - len(codes), np.inf)])
        for name, codes in values.items()
    ]
    return _Anchors(names, np.hstack(blocks).astype(float), most)


def _first(data: _Anchors) -> _Curves:
    """Start every anchor with a middling slope."""
    counts = data.member.sum(axis=0).reshape(len(data.names), data.n_categories)
    shares = counts.cumsum(axis=1)[:, :-1] / counts.sum(axis=1, keepdims=True)
    with np.errstate(divide="ignore"):
        return _Curves(np.full(len(data.names), 1.5), 1.4 * logit(np.minimum(shares, 1.0)))


def _step(curves: _Curves, expected: np.ndarray) -> _Curves:
    """Take one Fisher step on the expected answers (items, categories, nodes), halved where it overshoots."""
    below, shares = curves.below(), curves.shares()
    density, total = below * (1 - below), expected.sum(axis=1)
    ratio = expected / shares
    by_threshold = density * (ratio[:, :-1] - ratio[:, 1:])
    gradient = np.column_stack([-(by_threshold * NODES).sum(axis=(1, 2)), by_threshold.sum(axis=2)])
    direction = np.linalg.solve(_information(density, shares, total), gradient[:, :, None])[:, :, 0]
    height, size = (expected * np.log(shares)).sum(axis=(1, 2)), np.ones(len(expected))
    for _ in range(_MOST_HALVINGS):
        moved = direction * size[:, None]
        there = _Curves(curves.slopes + moved[:, 0], curves.thresholds + moved[:, 1:])
        good = there.ordered() & ((expected * np.log(there.shares())).sum(axis=(1, 2)) >= height - 1e-9 * abs(height))
        if good.all():
            return there
        size = np.where(good, size, size / 2)
    size = np.where(good, size, 0.0)
    moved = direction * size[:, None]
    return _Curves(curves.slopes + moved[:, 0], curves.thresholds + moved[:, 1:])


def _information(density: np.ndarray, shares: np.ndarray, total: np.ndarray) -> np.ndarray:
    """Return the expected information of slope and thresholds of each item, with ones where a threshold is padding."""
    n_items, m = density.shape[:2]
    padded = np.zeros((n_items, 1, len(NODES)))
    # Gradient of each category's probability in each threshold, and in the slope.
    first = np.zeros((n_items, m + 1, m + 1, len(NODES)))
    place = np.arange(m)
    first[:, place, place + 1] = density
    first[:, place + 1, place + 1] = -density
    edges = np.concatenate([padded, density, padded], axis=1)
    first[:, :, 0] = -(edges[:, 1:] - edges[:, :-1]) * NODES
    weight = total[:, None] / shares
    information = np.einsum("ikaq,ikbq,ikq->iab", first, first, weight, optimize=True)
    empty = np.einsum("iaa->ia", information) <= 0
    information[:, np.arange(m + 1), np.arange(m + 1)] += empty
    return np.asarray(information)


def _posterior(log_likelihood: np.ndarray, groups: np.ndarray, means: np.ndarray, spreads: np.ndarray) -> np.ndarray:
    """Return each person's posterior weights of the nodes."""
    prior = np.exp(-0.5 * ((NODES - means[:, None]) / spreads[:, None]) ** 2)
    joint = np.exp(log_likelihood - log_likelihood.max(axis=1, keepdims=True)) * prior[groups]
    return np.asarray(joint / joint.sum(axis=1, keepdims=True))


def _expected(
    data: _Anchors, curves: _Curves, groups: np.ndarray, means: np.ndarray, spreads: np.ndarray
) -> tuple[np.ndarray, tuple[np.ndarray, np.ndarray]]:
    """Return the expected answers (items, categories, nodes), and mean and deviation of the trait in each group."""
    answers, weights = np.zeros((data.member.shape[1], len(NODES))), np.zeros((len(means), len(NODES)))
    for part, of in data.in_parts(groups):
        posterior = _posterior(part.log_likelihood(curves), of, means, spreads)
        answers += part.member.T @ posterior
        weights += (of == np.arange(len(means))[:, None]).astype(float) @ posterior
    weights /= np.bincount(groups, minlength=len(means))[:, None]
    return answers.reshape(len(data.names), data.n_categories, len(NODES)), _moments(weights)


def _moments(weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean and standard deviation of the trait in each group from its weights of the nodes."""
    means = weights @ NODES
    return means, np.sqrt(np.maximum(weights @ NODES**2 - means**2, 1e-8))


def _rescale(curves: _Curves, mean: float, spread: float) -> _Curves:
    """Set a trait of this mean and spread to 0 and 1 (Liu, Rubin & Wu 1998); hold slopes within the bound."""
    slopes = curves.slopes * spread
    held = np.minimum(1.0, _STEEPEST / np.maximum(np.abs(slopes), 1e-12))
    thresholds = (curves.thresholds - curves.slopes[:, None] * mean) * held[:, None]
    return _Curves(slopes * held, thresholds)


def _without_studied(
    answers: pd.DataFrame,
    data: _Anchors,
    curves: _Curves,
    groups: np.ndarray,
    means: np.ndarray,
    spreads: np.ndarray,
) -> np.ndarray:
    """Return the posterior means, each without the item it will be used for."""
    found = []
    for part, of in data.in_parts(groups):
        together = part.log_likelihood(curves)
        without = (_posterior(together - part.of_item(curves, name), of, means, spreads) for name in answers.columns)
        found.append(np.stack([each @ NODES for each in without], axis=1))
    return np.concatenate(found)
