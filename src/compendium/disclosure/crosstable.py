"""What a reader can work out about a cross-table of people from the groups that are shown.

Everything that is published about groups is a sum over the cells of one table: people by all shown groupings at once.
What can be worked out about a cell, or about a hidden group, is therefore the smallest and the largest value it can
take among all tables with the published sums: two linear programmes, solved by HiGHS. Most of it follows without one.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import permutations
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

# One grouping lies within another when so many people are in the main outer group of their inner group. The exceptions
# are taken as known where they are fewer people than the limit and no more than this share of their group.
NESTED, FEW = 0.9, 0.2
TOLERANCE = 1e-6
# What stands for a grouping where cells count as known; no grouping of a cohort has this name.
KNOWN = ""

Target = tuple[str, str]


@dataclass(frozen=True)
class Bounds:
    """The smallest and largest number of people that the published sums allow."""

    lower: float
    upper: float

    @property
    def width(self) -> float:
        """How far the two lie apart."""
        return self.upper - self.lower


@dataclass(frozen=True)
class CrossTable:
    """People by all shown groupings at once.

    Attributes
    ----------
    labels : DataFrame of shape (n_cells, n_groupings)
        The group of each observed cell in each grouping; that no others occur is taken as known to the reader, as it
        is where groupings are nested (see :func:`nested_together`).
    counts : array of shape (n_cells,)
        People in each cell.
    """

    labels: pd.DataFrame
    counts: np.ndarray

    @classmethod
    def of(cls, people: pd.DataFrame) -> CrossTable:
        """Count people, one row each with one column a grouping."""
        names = list(people.columns)
        cells = people.groupby(names, sort=True, dropna=False).size().reset_index(name="_people")
        return cls(cells[names].astype(str), cells["_people"].to_numpy(dtype=float))

    @cached_property
    def named(self) -> dict[str, np.ndarray]:
        """The name of each cell's group in each grouping."""
        return {str(name): self.labels[name].to_numpy(dtype=object) for name in self.labels.columns}

    @cached_property
    def codes(self) -> dict[str, np.ndarray]:
        """Where the group of each cell stands among the groups of each grouping."""
        return {str(name): pd.factorize(self.labels[name])[0] for name in self.labels.columns}

    @cached_property
    def groups(self) -> dict[str, dict[str, int]]:
        """The groups of each grouping, and where each stands among them."""
        names = self.labels.columns
        return {str(name): {str(group): n for n, group in enumerate(self.labels[name].unique())} for name in names}

    @cached_property
    def sizes(self) -> dict[str, pd.Series[float]]:
        """The members of each group."""
        members = {name: np.bincount(codes, self.counts) for name, codes in self.codes.items()}
        return {name: pd.Series(members[name], index=list(groups)) for name, groups in self.groups.items()}

    @cached_property
    def _cells(self) -> dict[str, list[np.ndarray]]:
        """The numbers of the cells of each group."""
        ordered = {name: np.argsort(codes, kind="stable") for name, codes in self.codes.items()}
        ends = {name: np.cumsum(np.bincount(codes)) for name, codes in self.codes.items()}
        return {name: np.split(cells, ends[name][:-1]) for name, cells in ordered.items()}

    def cells(self, group: Target) -> np.ndarray:
        """Return the numbers of the cells of a group."""
        return self._cells[group[0]][self.groups[group[0]][group[1]]]

    def exceptions(self, limit: float) -> np.ndarray:
        """Say which cells are the exceptions of a group that otherwise lies within one group of another grouping.

        A reader who knows that agencies lie within sectors takes a few people elsewhere for what they are, or for
        nobody: both lead near the truth. Such cells protect nobody and count as known.
        """
        known = np.zeros(len(self.counts), dtype=bool)
        for cells in self.strays(limit):
            known[cells] = True
        return known

    def strays(self, limit: float) -> list[np.ndarray]:
        """Return the exceptions in sets: those of one inner group, those in one outer group, those away from one."""
        found = []
        for inner, outer in permutations(self.labels.columns, 2):
            pairs = self.labels.assign(n=self.counts).groupby([inner, outer], as_index=False)["n"].sum()
            home = pairs.loc[pairs.groupby(inner)["n"].idxmax()].set_index(inner)
            inside = pairs.groupby(inner)["n"].sum()
            elsewhere = inside - home["n"]
            few = (elsewhere > 0) & (elsewhere < limit) & (elsewhere <= FEW * inside)
            mine = self.labels[inner]
            homes = mine.map(home[outer])
            away = np.flatnonzero(mine.map(few) & (self.labels[outer] != homes))
            for groups in (mine, self.labels[outer], homes):
                codes = pd.factorize(groups.iloc[away])[0]
                found += [away[codes == group] for group in np.unique(codes)]
        return found

    def published(self, hidden: Mapping[str, Collection[str]], known: np.ndarray | None = None) -> Published:
        """Return what all groups but the hidden ones tell, and the cells that count as known."""
        told = {}
        for name, groups in self.groups.items():
            secret = np.array([group in hidden.get(name, ()) for group in groups])
            told[name] = np.where(secret[self.codes[name]], -1, self.codes[name])
        if known is not None:
            told[KNOWN] = np.where(known, np.arange(len(known)), -1)
        return Published(self, told)


@dataclass(frozen=True)
class Published:
    """What shown groups, the total and known cells tell.

    Cells that no shown group tells apart are one class: of a class no more can be known than its sum, which any of its
    cells may hold. The sums of many classes follow at once, where a shown group has one class of unknown sum left; for
    the others linear programmes say what is possible.

    Attributes
    ----------
    table : CrossTable
    told : dict of str to array of shape (n_cells,)
        For each grouping where the group of a cell stands if it is shown, else -1.
    """

    table: CrossTable
    told: dict[str, np.ndarray]

    @cached_property
    def classes(self) -> np.ndarray:
        """The class of each cell."""
        found = np.zeros(len(self.table.counts), dtype=np.int64)
        for codes in self.told.values():
            found = pd.factorize(found * (int(codes.max(initial=0)) + 2) + codes + 1)[0]
        return found

    @cached_property
    def sums(self) -> np.ndarray:
        """The people of each class."""
        return np.bincount(self.classes, self.table.counts)

    @cached_property
    def _sums_of_classes(self) -> tuple[np.ndarray, np.ndarray]:
        """Each class beside each published sum that it is part of: number of the sum, and the class."""
        first = np.unique(self.classes, return_index=True)[1]
        numbers, parts, start = [np.zeros(len(first), dtype=np.int64)], [np.arange(len(first))], 1
        for codes in self.told.values():
            mine = codes[first]
            numbers.append(start + mine[mine >= 0])
            parts.append(np.flatnonzero(mine >= 0))
            start += int(codes.max(initial=0)) + 1
        return np.concatenate(numbers), np.concatenate(parts)

    @cached_property
    def follows(self) -> np.ndarray:
        """Which classes have a sum that follows from the published ones by subtracting."""
        numbers, parts = self._sums_of_classes
        fixed = np.zeros(len(self.sums), dtype=bool)
        while True:
            still = ~fixed[parts]
            alone = np.bincount(numbers[still], minlength=1) == 1
            found = parts[still][alone[numbers[still]]]
            if not len(found):
                return fixed
            fixed[found] = True

    def bounds(self, target: np.ndarray) -> Bounds:
        """Return what is left open about the people of some cells together."""
        inside = np.bincount(self.classes[target], minlength=len(self.sums))
        return self._bounds(inside, float(self.table.counts[target].sum()))

    def _bounds(self, inside: np.ndarray, true: float) -> Bounds:
        """Return what is left open about a set with so many cells of each class."""
        touched, whole = inside > 0, (inside > 0) & (inside == np.bincount(self.classes))
        lower = self.sums[whole & self.follows].sum()
        upper = self.sums[touched & self.follows].sum()
        if (touched & ~self.follows).any():
            lowest, highest = self._extreme(whole * 1.0), self._extreme(-1.0 * touched)
            if lowest is None or highest is None:  # the true table is always one, so this is numerical
                return Bounds(true, true)
            lower, upper = lower + lowest[whole & ~self.follows].sum(), upper + highest[touched & ~self.follows].sum()
        return Bounds(float(lower), float(upper))

    def groups(self, hidden: Mapping[str, Collection[str]]) -> dict[Target, Bounds]:
        """Return what is left open about each hidden group."""
        found, sizes = {}, np.bincount(self.classes)
        for name, secret in hidden.items():
            width = len(sizes)
            pairs, inside = np.unique(self.table.codes[name] * width + self.classes, return_counts=True)
            group, part = pairs // width, pairs % width
            whole, open_ = inside == sizes[part], ~self.follows[part]
            upper = np.bincount(group, self.sums[part])
            lower = np.bincount(group, self.sums[part] * whole)
            unsure = np.bincount(group, open_) > 0
            for label in sorted(set(secret) & set(self.table.groups[name])):
                at = self.table.groups[name][label]
                known = Bounds(float(lower[at]), float(upper[at]))
                found[name, label] = self.bounds(self.table.cells((name, label))) if unsure[at] else known
        return found

    @cached_property
    def _system(self) -> csr_matrix:
        """The published sums with more than one class of unknown sum: one row each, one column a class."""
        # Every process of a run loads this module, and few solve anything: it takes 0.4 s to load.
        from scipy.sparse import csr_matrix

        numbers, parts = self._sums_of_classes
        still = ~self.follows[parts]
        rows = np.unique(numbers[still], return_inverse=True)[1].ravel()
        columns = np.cumsum(~self.follows) - 1
        return csr_matrix((np.ones(still.sum()), (rows, columns[parts[still]])))

    def _extreme(self, objective: np.ndarray) -> np.ndarray | None:
        """Return the sums of all classes that the published ones allow and that make the objective smallest."""
        from scipy.optimize import linprog

        open_ = ~self.follows
        right = self._system @ self.sums[open_]
        found = linprog(objective[open_], A_eq=self._system, b_eq=right, method="highs")
        if found.status != 0:
            return None
        table = self.sums.copy()
        table[open_] = found.x
        return table

    def exposed(self, limit: float) -> list[np.ndarray]:
        """Return the cells of the classes that certainly hold somebody and certainly fewer than the limit.

        Cells that count as known are passed over: what is known already is not given away.
        The tables found on the way serve as counterexamples for other classes, so that few programmes are solved.
        """
        low, high = self.sums.copy(), self.sums.copy()
        exposed = []
        small = (self.sums > 1 - TOLERANCE) & (self.sums < limit - TOLERANCE)
        small[self.classes[self.told.get(KNOWN, self.classes * 0 - 1) >= 0]] = False
        for part in np.flatnonzero(small):
            for sign in (1, -1):
                if not self.follows[part] and low[part] > 1 - TOLERANCE and high[part] < limit - TOLERANCE:
                    unit = np.zeros(len(self.sums))
                    unit[part] = sign
                    table = self._extreme(unit)
                    table = self.sums if table is None else table
                    low, high = np.minimum(low, table), np.maximum(high, table)
            if low[part] > 1 - TOLERANCE and high[part] < limit - TOLERANCE:
                exposed.append(np.flatnonzero(self.classes == part))
        return exposed


def nested_together(people: pd.DataFrame) -> list[list[str]]:
    """Return the groupings in sets that lie within each other, but for a few people.

    Only within such a set can the sums of one grouping tell more about another than the total does: where groupings
    cross freely, any table of the one goes with any table of the other.
    """
    sets = [{str(name)} for name in people.columns]
    codes = {str(name): pd.factorize(people[name])[0] for name in people.columns}
    sizes = {name: int(each.max(initial=-1)) + 1 for name, each in codes.items()}
    for inner, outer in permutations(codes, 2):
        if sizes[inner] >= sizes[outer] > 1 and _at_home(codes[inner], codes[outer]) >= NESTED * len(people):
            joined = set().union(*(each for each in sets if {inner, outer} & each))
            sets = [each for each in sets if not {inner, outer} & each] + [joined]
    return [[str(name) for name in people.columns if name in each] for each in sets]


def _at_home(inner: np.ndarray, outer: np.ndarray) -> int:
    """Return how many people are where most of their inner group are; groups are whole numbers, -1 for none."""
    known = (inner >= 0) & (outer >= 0)
    width = int(outer.max(initial=0)) + 1
    pairs, people = np.unique(inner[known].astype(np.int64) * width + outer[known], return_counts=True)
    most = np.zeros(int(inner.max(initial=0)) + 1, dtype=np.int64)
    np.maximum.at(most, pairs // width, people)
    return int(most.sum())
