"""The expected trait of a person, from the anchors of a scale and what is known of the person's group."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy.sparse import csr_array
from scipy.special import expit, logit

from psychometrics._checks import Label
from psychometrics._patterns import distinct_rows
from psychometrics.errors import ConvergenceError

NODES = np.linspace(-8, 8, 65)
_MOST_ROUNDS = 300
_SMALLEST_CHANGE = 1e-6
_MOST_HALVINGS = 20
# Log odds for each standard deviation of the trait; a standardised loading of .96.
_STEEPEST = 6.0
_SMALLEST_SHARE = 1e-300
# Patterns of answers whose posteriors are in memory at once.
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
    """The different patterns of answers to the anchors: a column for each category, in blocks by item; no answer all 0.

    ``counts`` says how many persons of each group gave each pattern.
    """

    names: list[Label]
    member: np.ndarray
    n_categories: int
    counts: csr_array

    def in_parts(self) -> Iterator[tuple[slice, _Anchors]]:
        """Yield so many patterns at once, with their places."""
        for first in range(0, len(self.member), AT_ONCE):
            rows = slice(first, first + AT_ONCE)
            yield rows, replace(self, member=self.member[rows], counts=self.counts[rows])

    def log_likelihood(self, curves: _Curves) -> np.ndarray:
        """Return the log probability of all answers of each pattern at each node."""
        return np.asarray(self.member @ np.log(curves.shares()).reshape(-1, len(NODES)))

    def of_item(self, curves: _Curves, name: Label) -> np.ndarray | float:
        """Return the log probability of each pattern's answer to one item; nothing for an item that is no anchor."""
        if name not in self.names:
            return 0.0
        block = slice(place := self.names.index(name) * self.n_categories, place + self.n_categories)
        return np.asarray(self.member[:, block] @ np.log(curves.shares()).reshape(-1, len(NODES))[block])


@dataclass(frozen=True)
class _Traits:
    """Mean and standard deviation of the trait in each group."""

    means: np.ndarray
    spreads: np.ndarray

    def prior(self) -> np.ndarray:
        """Return the density at the nodes, up to a constant, shape (groups, nodes)."""
        return np.asarray(np.exp(-0.5 * ((NODES - self.means[:, None]) / self.spreads[:, None]) ** 2))

    def in_units_of_first(self) -> _Traits:
        """Return them with the first group at 0 and 1."""
        return _Traits((self.means - self.means[0]) / self.spreads[0], self.spreads / self.spreads[0])


def expected_traits(
    answers: pd.DataFrame, groups: np.ndarray, anchors: list[Label], weights: np.ndarray | None = None
) -> tuple[np.ndarray, tuple[Label, ...]]:
    """Return E(trait | anchors without the studied item, group), rows by items; and the steepest anchors.

    A graded response model with curves common to all groups and a normal trait in each (mean 0, variance 1 in
    group 0, free elsewhere) is fitted to the anchors by marginal maximum likelihood: EM on a fixed quadrature, each
    round with one Fisher step for all anchors at once. Slopes are held within a bound, since an item that repeats
    another drives both towards infinity; such are named. A row stands for as many persons as `weights` says, or one.
    """
    first, pattern = distinct_rows(answers[anchors].to_numpy(dtype=float))
    persons = np.ones(len(answers)) if weights is None else weights
    data = _anchors(answers[anchors].iloc[first], csr_array((persons, (pattern, groups))))
    curves, traits = _first(data), _Traits(np.zeros(groups.max() + 1), np.ones(groups.max() + 1))
    for _ in range(_MOST_ROUNDS):
        expected, free = _expected(data, curves, traits)
        new, moved = _rescale(_step(curves, expected), free.means[0], free.spreads[0]), free.in_units_of_first()
        compared = (new.slopes, curves.slopes), (moved.means, traits.means), (moved.spreads, traits.spreads)
        change = max(np.abs(after - before).max() for after, before in compared)
        curves, traits = new, moved
        if change < _SMALLEST_CHANGE:
            steep = np.abs(curves.slopes) >= 0.999 * _STEEPEST
            named = tuple(name for name, too in zip(data.names, steep, strict=True) if too)
            return _without_studied(list(answers.columns), data, curves, traits)[pattern, :, groups], named
    raise ConvergenceError("the trait of the anchors could not be estimated; the items may share no trait")


def _anchors(patterns: pd.DataFrame, counts: csr_array) -> _Anchors:
    """Lay out the patterns of answers to the anchors, with the persons who gave each."""
    values = {name: np.unique(patterns[name].dropna().to_numpy()) for name in patterns.columns}
    most = max(len(codes) for codes in values.values())
    blocks = [
        patterns[name].to_numpy()[:, None] == np.concatenate([codes, np.full(most - len(codes), np.inf)])
        for name, codes in values.items()
    ]
    return _Anchors(list(patterns.columns), np.hstack(blocks).astype(float), most, counts)


def _first(data: _Anchors) -> _Curves:
    """Start every anchor with a middling slope."""
    counts = (data.counts.sum(axis=1) @ data.member).reshape(len(data.names), data.n_categories)
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


def _expected(data: _Anchors, curves: _Curves, traits: _Traits) -> tuple[np.ndarray, _Traits]:
    """Return the expected answers (items, categories, nodes), and mean and deviation of the trait in each group.

    With L the likelihood of a pattern at the nodes, p the prior of a group and n the persons of that group with that
    pattern, their posteriors sum to n L p / (L'p).
    """
    prior = traits.prior()
    answers, weights = np.zeros((data.member.shape[1], len(NODES))), np.zeros(prior.shape)
    for _, part in data.in_parts():
        likelihood = _likelihood(part.log_likelihood(curves))
        persons = part.counts.toarray()
        persons = np.divide(persons, likelihood @ prior.T, out=persons, where=persons > 0)
        answers += part.member.T @ (likelihood * (persons @ prior))
        weights += prior * (persons.T @ likelihood)
    weights /= data.counts.sum(axis=0)[:, None]
    return answers.reshape(len(data.names), data.n_categories, len(NODES)), _moments(weights)


def _likelihood(log_likelihood: np.ndarray) -> np.ndarray:
    """Return the likelihood of each row in units of its largest."""
    return np.asarray(np.exp(log_likelihood - log_likelihood.max(axis=1, keepdims=True)))


def _moments(weights: np.ndarray) -> _Traits:
    """Return the mean and standard deviation of the trait in each group from its weights of the nodes."""
    means = weights @ NODES
    return _Traits(means, np.sqrt(np.maximum(weights @ NODES**2 - means**2, 1e-8)))


def _rescale(curves: _Curves, mean: float, spread: float) -> _Curves:
    """Set a trait of this mean and spread to 0 and 1 (Liu, Rubin & Wu 1998); hold slopes within the bound."""
    slopes = curves.slopes * spread
    held = np.minimum(1.0, _STEEPEST / np.maximum(np.abs(slopes), 1e-12))
    thresholds = (curves.thresholds - curves.slopes[:, None] * mean) * held[:, None]
    return _Curves(slopes * held, thresholds)


def _without_studied(items: list[Label], data: _Anchors, curves: _Curves, traits: _Traits) -> np.ndarray:
    """Return the posterior means (patterns, items, groups), each without the item it will be used for."""
    prior = traits.prior()
    found = np.empty((len(data.member), len(items), len(prior)))
    for rows, part in data.in_parts():
        together = part.log_likelihood(curves)
        for place, name in enumerate(items):
            likelihood = _likelihood(together - part.of_item(curves, name))
            with np.errstate(invalid="ignore"):
                # Where a group is so far away that nothing is left, nobody of it gave the pattern.
                found[rows, place] = (likelihood @ (prior * NODES).T) / (likelihood @ prior.T)
    return found
