"""Which parameters exist in a group and which ones groups share: one rule for one group and for several."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from psychometrics.errors import ModelError
from psychometrics.sem._bordered import Bordered, Partition
from psychometrics.sem._cells import Cell
from psychometrics.sem._structure import CellLayout
from psychometrics.sem.model import CfaModel

Array = NDArray[np.float64]
Equal = Literal["thresholds", "loadings", "regressions", "intercepts", "residuals"]
Freed = tuple[Equal, str]
Scheme = Literal["continuous", "delta", "theta"]

_SHARED, _OWN = "*all", "*own"
KINDS: dict[str, Equal] = {
    "threshold": "thresholds",
    "loading": "loadings",
    "regression": "regressions",
    "intercept": "intercepts",
    "residual_covariance": "residuals",
}


@dataclass(frozen=True)
class Rules:
    """What each group's parameters are: free, fixed, or equal to those of the other groups.

    Attributes
    ----------
    model : CfaModel
    scheme : {"continuous", "delta", "theta"}
        Continuous items; ordered items with unit variance; ordered items with unit residual variance.
    several : bool
        Whether there are several groups, whose units come from the first.
    means : bool
        Whether the means are part of the model.
    equal : frozenset of str
    freed : frozenset of (str, str)
        Kind and item (for regressions: factor) that are excepted from `equal`.
    """

    model: CfaModel
    scheme: Scheme
    several: bool
    means: bool
    equal: frozenset[Equal] = frozenset()
    freed: frozenset[Freed] = frozenset()

    def holds(self, kind: Equal, item: str) -> bool:
        """Whether a kind of parameter is equal for an item."""
        return kind in self.equal and (kind, item) not in self.freed

    @property
    def common_origin(self) -> bool:
        """Whether the origins of the factors are tied, so that their means may differ."""
        return "intercepts" in self.equal and (self.scheme == "continuous" or "thresholds" in self.equal)

    @cached_property
    def _changed_by_syntax(self) -> set[tuple[str, str, str]]:
        """Cells that the model's syntax changes."""
        return {cell.key for cell in self.model.changes}

    @cached_property
    def _with_unit(self) -> set[str]:
        """Factors that take their unit from a loading that the model's syntax fixes."""
        kinds = ("loading", "regression")
        return {cell.column for cell in self.model.changes if cell.kind in kinds and cell.fixed}

    def cells(self, thresholds: Sequence[tuple[str, int]]) -> tuple[Cell, ...]:
        """Every cell that a group has."""
        changes = self.model.changes
        fixed = [cell.row for cell in changes if cell.kind == "residual_covariance" and cell.row == cell.column]
        if fixed and self.scheme != "continuous":
            raise ModelError(f"Ordered items have no residual variance to fix or label: {', '.join(fixed)}.")
        cells = list(self.model.cells(ordered=self.scheme == "delta", means=self.means))
        cells += [Cell("threshold", item, str(number)) for item, number in thresholds]
        if self.several and self.means:
            cells += [Cell("factor_mean", factor, factor) for factor in self.model.latent]
        return tuple(cells)

    def value_of(self, cell: Cell, reference: bool) -> float | str:
        """Find the fixed value of a cell, ``"*all"`` where groups share it, ``"*own"`` where the group has its own.

        A label is returned as it is: all cells of all groups under it are one parameter.

        One group takes its units from the model. Of several groups the reference sets units and origins: factor
        variances 1 and means 0, and for ordered items residual variances 1 and intercepts 0. Another group's are free
        as soon as equal loadings, thresholds or intercepts tie its units to these (Wu & Estabrook 2016; for
        continuous items Millsap 2011). A second-order factor has mean 0 in every group: the means are those of the
        factors that items load on.
        """
        stated = cell.key in self._changed_by_syntax
        if cell.label is not None and cell.fixed is None:
            return cell.label
        if stated and cell.fixed is not None:
            return cell.fixed
        if not self.several:
            unit = self.scheme == "theta" and cell.kind == "residual_covariance" and cell.row == cell.column
            return 1.0 if unit else _OWN if cell.fixed is None else cell.fixed
        if cell.kind in ("threshold", "loading", "regression"):
            return _SHARED if self.holds(KINDS[cell.kind], cell.row) else _OWN
        higher = self.model.form == "second_order" and cell.row == self.model.general
        if cell.kind == "factor_mean":
            return 0.0 if reference or higher or not self.common_origin else _OWN
        if cell.kind == "factor_covariance":
            tied = ("regressions" if higher else "loadings") in self.equal and not reference
            tied = tied or cell.row in self._with_unit
            return _OWN if tied or cell.row != cell.column else 1.0
        if cell.row != cell.column:
            return _OWN
        if self.scheme == "continuous":
            return _SHARED if self.holds(KINDS[cell.kind], cell.row) else _OWN
        tied = self.holds("thresholds", cell.row) and not self.holds(KINDS[cell.kind], cell.row)
        return _OWN if tied and not reference else (0.0 if cell.kind == "intercept" else 1.0)

    def with_equal(self, kind: Equal) -> Rules:
        """Return the rules with one more kind of parameter equal."""
        return replace(self, equal=self.equal | {kind})

    def released(self, kind: Equal, items: Collection[str]) -> Rules:
        """Return the rules with a kind of parameter freed for some items."""
        return replace(self, freed=self.freed | {(kind, item) for item in items})


@dataclass(frozen=True)
class Sharing:
    """Where each cell of each group sits in the parameter vector.

    Attributes
    ----------
    layout : Layout
        Every cell of a group.
    place : ndarray of int, (n_groups, n_cells)
        Position in the parameter vector, -1 where fixed.
    constant : ndarray, (n_groups, n_cells)
        Fixed values, 0 elsewhere.
    """

    layout: CellLayout
    place: NDArray[np.intp]
    constant: Array

    @property
    def n_groups(self) -> int:
        """Number of groups."""
        return len(self.place)

    @cached_property
    def size(self) -> int:
        """Number of parameters."""
        return int(self.place.max(initial=-1)) + 1

    @cached_property
    def _free(self) -> list[NDArray[np.intp]]:
        """Free cells of each group."""
        return [np.flatnonzero(place >= 0) for place in self.place]

    @cached_property
    def partition(self) -> Partition:
        """Parameters that each group has."""
        columns = [np.unique(place[free]) for place, free in zip(self.place, self._free, strict=True)]
        return Partition(tuple(columns), self.size)

    @cached_property
    def _cells_of_columns(self) -> list[NDArray[np.intp] | None]:
        """Of each group the cell of each of its parameters; None where two cells share one."""
        found: list[NDArray[np.intp] | None] = []
        for place, free, columns in zip(self.place, self._free, self.partition.columns, strict=True):
            found.append(free[np.argsort(place[free])] if columns.size == free.size else None)
        return found

    def cells(self, values: Array, group: int) -> Array:
        """Cell values of a group at a parameter vector."""
        place = self.place[group]
        return np.asarray(np.where(place >= 0, values[place], self.constant[group]))

    def gather(self, cells: Sequence[Array]) -> Array:
        """Parameter vector from the cell values of each group, averaged where they share one."""
        total, number = np.zeros(self.size), np.zeros(self.size)
        for place, free, values in zip(self.place, self._free, cells, strict=True):
            np.add.at(total, place[free], values[free])
            np.add.at(number, place[free], 1.0)
        return np.asarray(total / number)

    def narrowed(self, group: int, derivative: Array) -> Array:
        """Turn derivatives in a group's cells (last axis) into derivatives in the parameters that the group has."""
        cells = self._cells_of_columns[group]
        if cells is not None:
            return derivative[..., cells]
        free, columns = self._free[group], self.partition.columns[group]
        return np.asarray(derivative[..., free] @ (self.place[group][free][:, None] == columns).astype(float))

    def fold(self, group: int, derivative: Array) -> Array:
        """Turn derivatives in a group's cells (last axis) into derivatives in the parameters of all groups."""
        folded = np.zeros((*derivative.shape[:-1], self.size))
        folded[..., self.partition.columns[group]] = self.narrowed(group, derivative)
        return folded

    def summed(self, squares: Sequence[Array]) -> Bordered:
        """Sum symmetric matrices over each group's cells into one over the parameters."""
        parts = [self.narrowed(group, self.narrowed(group, square).T) for group, square in enumerate(squares)]
        return Bordered.of(self.partition, parts)

    def extended(self, cells: Sequence[Cell]) -> Sharing:
        """Add cells that are held at zero in every group."""
        layout = CellLayout(self.layout.items, self.layout.factors, (*self.layout.cells, *cells))
        new = np.full((self.n_groups, len(cells)), -1, dtype=np.intp)
        return Sharing(layout, np.hstack([self.place, new]), np.hstack([self.constant, np.zeros(new.shape)]))


def share(rules: Rules, thresholds: Sequence[tuple[str, int]], n_groups: int) -> Sharing:
    """Give every parameter under some rules its number; the first group is the reference."""
    layout = CellLayout(rules.model.items, rules.model.latent, rules.cells(thresholds))
    place = np.full((n_groups, layout.size), -1, dtype=np.intp)
    constant = np.zeros((n_groups, layout.size))
    number: dict[tuple[str, int], int] = {}
    for group in range(n_groups):
        for k, cell in enumerate(layout.cells):
            value = rules.value_of(cell, group == 0)
            if isinstance(value, str):
                key = {_SHARED: ("", k), _OWN: (str(group), k)}.get(value, (value, -1))
                place[group, k] = number.setdefault(key, len(number))
            else:
                constant[group, k] = value
    return Sharing(layout, place, constant)
