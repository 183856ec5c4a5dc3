"""Populations that a fitted factor model gets wrong by a stated size: what the model omits, and by how much."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from psychometrics.errors import ModelError
from psychometrics.sem.result import CfaResult

Array = NDArray[np.float64]

# Residual correlation that a one-factor model omits between two items of a pair (McNeish & Wolf 2023b).
RESIDUAL_CORRELATION = 0.3
# Share of the largest cross-loading with which an item still has a residual variance (McNeish & Wolf 2023a).
ROOM = 0.95
CROSS_LOADING, RESIDUAL = "cross-loading", "residual correlation"


@dataclass(frozen=True)
class Omission:
    """One parameter of the population that the fitted model does not have.

    Attributes
    ----------
    kind : {"cross-loading", "residual correlation"}
    item : int
        Position of the item.
    other : int
        Position of the factor it also loads on, or of the item whose residual goes with its own.
    size : float
        Standardised loading, or correlation of the residuals.
    """

    kind: str
    item: int
    other: int
    size: float


@dataclass(frozen=True)
class Population:
    """Standardised solution of a fitted model, as the population to draw from.

    Attributes
    ----------
    loadings : ndarray, (n_items, n_factors)
    factor_correlations : ndarray, (n_factors, n_factors)
    residuals : ndarray, (n_items, n_items)
        Residual correlations that the model allows, in units of the items; the diagonal is not used.
    items, factors : tuple of str
    """

    loadings: Array
    factor_correlations: Array
    residuals: Array
    items: tuple[str, ...]
    factors: tuple[str, ...]

    @classmethod
    def of(cls, fit: CfaResult) -> Population:
        """Take the standardised solution of a model."""
        loadings = fit.loading_matrix().to_numpy()
        between = fit.factor_correlations.to_numpy()
        implied = fit.implied.to_numpy()
        spread = np.sqrt(np.diag(implied))
        correlations = implied / np.outer(spread, spread)
        residuals = correlations - loadings @ between @ loadings.T
        residuals[np.abs(residuals) < 1e-9] = 0.0
        return cls(loadings, between, residuals, fit.model.items, fit.model.latent)

    def correlations(self, omissions: tuple[Omission, ...] = ()) -> Array:
        """Correlations of the items where some omissions are true of the population."""
        loadings = self.loadings.copy()
        for one in omissions:
            if one.kind == CROSS_LOADING:
                loadings[one.item, one.other] = one.size
        common = loadings @ self.factor_correlations @ loadings.T
        unique = np.sqrt(np.maximum(1.0 - np.diag(common), 0.0))
        found = common + self.residuals
        for one in omissions:
            if one.kind == RESIDUAL:
                found[one.item, one.other] += one.size * unique[one.item] * unique[one.other]
                found[one.other, one.item] = found[one.item, one.other]
        np.fill_diagonal(found, 1.0)
        return found

    @property
    def alone(self) -> NDArray[np.intp]:
        """Items that load on one factor and whose residual goes with no other, weakest loading first."""
        apart = self.residuals - np.diag(np.diag(self.residuals))
        free = ((self.loadings != 0).sum(axis=1) == 1) & ~apart.any(axis=1)
        places = np.flatnonzero(free)
        return places[np.argsort(np.abs(self.loadings[places]).max(axis=1), kind="stable")]


def omissions_of(population: Population) -> tuple[tuple[Omission, ...], tuple[int, ...]]:
    """Omissions in the order in which levels of misfit add them, and how many of them each level takes."""
    if len(population.factors) == 1:
        return _residual_pairs(population)
    found = _cross_loadings(population)
    return found, tuple(range(1, len(found) + 1))


def _residual_pairs(population: Population) -> tuple[tuple[Omission, ...], tuple[int, ...]]:
    """Pair the items of one factor in the order of their loadings: a third of the pairs, two thirds, all."""
    items = population.alone
    pairs = 1 if len(items) == 4 else len(items) // 2
    if len(items) < 4:
        raise ModelError(
            f"{len(items)} items of the factor are free to be misspecified; cut-offs for this model need four."
        )
    found = tuple(
        Omission(RESIDUAL, int(items[2 * k]), int(items[2 * k + 1]), RESIDUAL_CORRELATION) for k in range(pairs)
    )
    levels = (1,) if len(items) == 4 else (1, 2) if len(items) == 5 else (pairs // 3, 2 * pairs // 3, pairs)
    return found, levels


def _cross_loadings(population: Population) -> tuple[Omission, ...]:
    """Let the weakest item of every factor but one load on the best measured other factor, no two factors twice."""
    quality = _construct_reliability(population.loadings)
    used: set[frozenset[int]] = set()
    found: list[Omission] = []
    for item, own in _weakest(population)[: len(population.factors) - 1]:
        others = [k for k in range(len(population.factors)) if k != own and frozenset((own, k)) not in used]
        other = max(others, key=lambda k: quality[k])
        used.add(frozenset((own, other)))
        loading = population.loadings[item, own]
        size = min(abs(loading), largest_cross_loading(abs(loading), population.factor_correlations[own, other]))
        found.append(Omission(CROSS_LOADING, item, other, float(np.sign(loading) * size)))
    if len(found) < len(population.factors) - 1:
        raise ModelError("Too few items load on one factor alone; no misfit of a stated size can be added.")
    return tuple(found)


def _weakest(population: Population) -> list[tuple[int, int]]:
    """Weakest item of each factor with its factor, weakest first, factors of two items last."""
    seen: dict[int, int] = {}
    for item in population.alone:
        own = int(np.flatnonzero(population.loadings[item])[0])
        seen.setdefault(own, int(item))
    size = (population.loadings != 0).sum(axis=0)
    order = sorted(seen, key=lambda own: (size[own] <= 2, abs(population.loadings[seen[own], own])))
    return [(seen[own], own) for own in order]


def _construct_reliability(loadings: Array) -> Array:
    """Coefficient H of each factor, ``1 / (1 + 1 / sum(l^2 / (1 - l^2)))`` (Hancock & Mueller 2001)."""
    square = np.minimum(loadings**2, 1.0 - 1e-9)
    total = np.sum(square / (1.0 - square), axis=0)
    return np.asarray(total / (1.0 + total))


def largest_cross_loading(loading: float, correlation: float) -> float:
    """Return 95 % of the cross-loading that would leave an item no residual variance.

    ``0.95 (sqrt(l^2 r^2 + 1 - l^2) - l r)``, the positive root of ``l^2 + x^2 + 2 l x r = 1``.
    """
    product = loading * correlation
    return float(ROOM * (np.sqrt(product**2 + 1.0 - loading**2) - product))


def omission_table(population: Population, omissions: tuple[Omission, ...], levels: tuple[int, ...]) -> pd.DataFrame:
    """One row an omission: level at which it enters, kind, item, the factor or item it goes with, size."""
    rows = []
    for number, one in enumerate(omissions, start=1):
        level = next((place for place, count in enumerate(levels, start=1) if number <= count), None)
        other = population.factors[one.other] if one.kind == CROSS_LOADING else population.items[one.other]
        rows.append((level, one.kind, population.items[one.item], other, one.size))
    return pd.DataFrame(rows, columns=["level", "kind", "item", "with", "size"])
