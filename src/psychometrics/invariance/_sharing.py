"""Which parameters groups share: every cell of every group is a shared parameter, its own, or fixed."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from psychometrics.cfa._model import Cell, CfaModel
from psychometrics.cfa._structure import Layout

Array = NDArray[np.float64]
Equal = Literal["thresholds", "loadings", "intercepts", "residuals"]
Freed = tuple[Equal, str]

_SHARED = "all"
_KIND: dict[str, Equal] = {
    "threshold": "thresholds",
    "loading": "loadings",
    "intercept": "intercepts",
    "residual_covariance": "residuals",
}


@dataclass(frozen=True)
class Rules:
    """What is equal across groups, and for which items it is not.

    Attributes
    ----------
    ordinal : bool
        Items are ordered categories (thresholds, theta parameterisation) or continuous.
    equal : frozenset of str
    freed : frozenset of (str, str)
        Kind and item that are excepted.
    """

    ordinal: bool
    equal: frozenset[Equal]
    freed: frozenset[Freed] = frozenset()

    def holds(self, kind: Equal, item: str) -> bool:
        """Whether a kind of parameter is equal for an item."""
        return kind in self.equal and (kind, item) not in self.freed

    @property
    def common_origin(self) -> bool:
        """Whether the origins of the factors are tied, so that their means may differ."""
        return "intercepts" in self.equal and (not self.ordinal or "thresholds" in self.equal)

    def value_of(self, cell: Cell, reference: bool) -> float | str:
        """Find the fixed value of a cell, ``"all"`` where groups share it, ``"own"`` where the group has its own.

        The reference group sets units and origins: factor variances 1 and means 0, and for ordered items residual
        variances 1 and intercepts 0. Another group's are free as soon as equal loadings, thresholds or intercepts
        tie its units to these (Wu & Estabrook 2016; for continuous items Millsap 2011).
        """
        if cell.kind in ("threshold", "loading"):
            return _SHARED if self.holds(_KIND[cell.kind], cell.row) else "own"
        if cell.kind == "factor_mean":
            return 0.0 if reference or not self.common_origin else "own"
        if cell.kind == "factor_covariance":
            fixed = cell.row == cell.column and (reference or "loadings" not in self.equal)
            return 1.0 if fixed else "own"
        if cell.row != cell.column:
            return "own"
        if not self.ordinal:
            return _SHARED if self.holds(_KIND[cell.kind], cell.row) else "own"
        tied = self.holds("thresholds", cell.row) and not self.holds(_KIND[cell.kind], cell.row)
        return "own" if tied and not reference else (0.0 if cell.kind == "intercept" else 1.0)


@dataclass(frozen=True)
class Sharing:
    """Where each cell of each group sits in the parameter vector.

    Attributes
    ----------
    layout : Layout
        Every cell of a group, thresholds first.
    place : ndarray of int, (n_groups, n_cells)
        Position in the parameter vector, -1 where fixed.
    constant : ndarray, (n_groups, n_cells)
        Fixed values, 0 elsewhere.
    """

    layout: Layout
    place: NDArray[np.intp]
    constant: Array

    @cached_property
    def size(self) -> int:
        """Number of parameters."""
        return int(self.place.max()) + 1

    def cells(self, values: Array, group: int) -> Array:
        """Cell values of a group at a parameter vector."""
        place = self.place[group]
        return np.asarray(np.where(place >= 0, values[place], self.constant[group]))

    def gather(self, cells: Sequence[Array]) -> Array:
        """Parameter vector from the cell values of each group, averaged where they share one."""
        total, number = np.zeros(self.size), np.zeros(self.size)
        for place, values in zip(self.place, cells, strict=True):
            free = place >= 0
            np.add.at(total, place[free], values[free])
            np.add.at(number, place[free], 1.0)
        return np.asarray(total / number)

    def selection(self, group: int) -> Any:
        """Matrix that turns derivatives in a group's cells into derivatives in the parameters."""
        free = np.flatnonzero(self.place[group] >= 0)
        shape = (self.place.shape[1], self.size)
        return sparse.csr_array((np.ones(free.size), (free, self.place[group][free])), shape=shape)

    def fold(self, group: int, derivative: Array) -> Array:
        """Turn derivatives in a group's cells (last axis) into derivatives in the parameters."""
        free = np.flatnonzero(self.place[group] >= 0)
        folded = np.zeros((*derivative.shape[:-1], self.size))
        # Within a group no two cells share a parameter.
        folded[..., self.place[group][free]] = derivative[..., free]
        return folded

    def add_square(self, target: Array, group: int, square: Array) -> None:
        """Add a matrix over a group's cells to one over the parameters."""
        free = np.flatnonzero(self.place[group] >= 0)
        where = self.place[group][free]
        target[np.ix_(where, where)] += square[np.ix_(free, free)]


def all_cells(model: CfaModel, thresholds: Sequence[tuple[str, int]]) -> Layout:
    """Every cell a group can have, none of them fixed."""
    cells = [Cell("threshold", item, str(number)) for item, number in thresholds]
    cells += [
        Cell(cell.kind, cell.row, cell.column)
        for cell in model.cells(ordered=False, means=True)
        if cell.kind != "regression"
    ]
    cells += [Cell("factor_mean", factor, factor) for factor in model.latent]
    return Layout.of(model.items, model.latent, cells)


def share(layout: Layout, rules: Rules, n_groups: int) -> Sharing:
    """Give every parameter under some rules its number; the first group is the reference."""
    place = np.full((n_groups, len(layout.cells)), -1, dtype=np.intp)
    constant = np.zeros((n_groups, len(layout.cells)))
    number: dict[tuple[int, int], int] = {}
    for group in range(n_groups):
        for k, cell in enumerate(layout.cells):
            value = rules.value_of(cell, group == 0)
            if isinstance(value, str):
                key = (-1 if value == _SHARED else group, k)
                place[group, k] = number.setdefault(key, len(number))
            else:
                constant[group, k] = value
    return Sharing(layout, place, constant)


def released(rules: Rules, kind: Equal, items: Collection[str]) -> Rules:
    """Return the rules with a kind of parameter freed for some items."""
    return Rules(rules.ordinal, rules.equal, rules.freed | {(kind, item) for item in items})
