"""What a reader can work out about a cross-table of people from the groups that are shown.

Everything that is published about groups is a sum over the cells of one table: people by all shown groupings at once.
What can be worked out about a cell, or about a hidden group, is therefore the smallest and the largest value it can
take among all tables with the published sums: two linear programmes, solved by HiGHS.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import permutations

import numpy as np
import pandas as pd

# One grouping lies within another when so many people are in the main outer group of their inner group. The exceptions
# are taken as known where they are fewer people than the limit and no more than this share of their group.
NESTED, FEW = 0.9, 0.2
TOLERANCE = 1e-6

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
    _witnesses: list[np.ndarray] = field(default_factory=list, repr=False)

    @classmethod
    def of(cls, people: pd.DataFrame) -> CrossTable:
        """Count people, one row each with one column a grouping."""
        names = list(people.columns)
        cells = people.groupby(names, sort=True, dropna=False).size().reset_index(name="_people")
        return cls(cells[names].astype(str), cells["_people"].to_numpy(dtype=float))

    @cached_property
    def groups(self) -> dict[Target, np.ndarray]:
        """The cells of each group, as a row of zeros and ones."""
        return {
            (str(name), str(group)): (self.labels[name] == group).to_numpy(dtype=float)
            for name in self.labels.columns
            for group in self.labels[name].unique()
        }

    def size(self, group: Target) -> float:
        """Return the members of a group."""
        return float(self.groups[group] @ self.counts)

    def exceptions(self, limit: float) -> np.ndarray:
        """Say which cells are the exceptions of a group that otherwise lies within one group of another grouping.

        A reader who knows that agencies lie within sectors takes a few people elsewhere for what they are, or for
        nobody: both lead near the truth. Such cells protect nobody and count as known.
        """
        known = np.zeros(len(self.counts), dtype=bool)
        for inner in self.labels.columns:
            for outer in (name for name in self.labels.columns if name != inner):
                sizes = pd.Series(self.counts).groupby([self.labels[inner], self.labels[outer]]).sum()
                for group, inside in sizes.groupby(level=0):
                    elsewhere = inside.sum() - inside.max()
                    if 0 < elsewhere < limit and elsewhere <= FEW * inside.sum():
                        home = inside.droplevel(0).idxmax()
                        known |= ((self.labels[inner] == group) & (self.labels[outer] != home)).to_numpy()
        return known

    def bounds(self, target: np.ndarray, shown: Iterable[Target], known: np.ndarray | None = None) -> Bounds:
        """Return what the shown groups, the total and the known cells leave open about a sum of cells."""
        rows = [np.ones(len(self.counts)), *(self.groups[group] for group in shown)]
        if known is not None:
            rows += list(np.eye(len(self.counts))[known])
        system = np.array(rows)
        ends = [self._extreme(sign * target, system) for sign in (1, -1)]
        return Bounds(*(float(target @ table) for table in ends))

    def _extreme(self, objective: np.ndarray, system: np.ndarray) -> np.ndarray:
        """Return the table that the published sums allow and that makes the objective smallest."""
        # Every process of a run loads this module, and few solve anything: the two take 0.4 s to load.
        from scipy.optimize import linprog
        from scipy.sparse import csr_matrix

        found = linprog(objective, A_eq=csr_matrix(system), b_eq=system @ self.counts, method="highs")
        if found.status != 0:  # the true table is always one, so this is numerical: take it, and nothing is open
            return self.counts
        return np.asarray(found.x)

    def exposed_cells(self, shown: Sequence[Target], limit: float) -> list[int]:
        """Return the small cells that certainly hold somebody and certainly fewer than the limit.

        The tables found on the way serve as counterexamples for other cells, so that few programmes are solved.
        """
        system = np.array([np.ones(len(self.counts)), *(self.groups[group] for group in shown)])
        open_cells = [int(cell) for cell in np.flatnonzero(self.counts < limit - TOLERANCE)]
        low, high = self.counts.copy(), self.counts.copy()
        exposed = []
        for cell in open_cells:
            unit = np.zeros(len(self.counts))
            unit[cell] = 1
            for sign in (1, -1):
                if low[cell] > 1 - TOLERANCE and high[cell] < limit - TOLERANCE:
                    table = self._extreme(sign * unit, system)
                    low, high = np.minimum(low, table), np.maximum(high, table)
            if low[cell] > 1 - TOLERANCE and high[cell] < limit - TOLERANCE:
                exposed.append(cell)
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


def exposed_groups(
    table: CrossTable, hidden: Mapping[str, Iterable[str]], limit: float, known: np.ndarray | None = None
) -> dict[Target, Bounds]:
    """Return the hidden groups that a reader can bound more tightly than the limit, with what can be worked out.

    Parameters
    ----------
    table
        The people by all shown groupings.
    hidden
        The groups of each grouping that are not shown by themselves.
    limit
        The bounds of a hidden group lie at least so many people apart.
    known
        Cells that count as known to the reader, beside the sums.
    """
    concealed = [(name, group) for name, groups in hidden.items() for group in groups if (name, group) in table.groups]
    shown = [group for group in table.groups if group not in set(concealed)]
    bounds = {group: table.bounds(table.groups[group], shown, known) for group in concealed}
    return {group: found for group, found in bounds.items() if found.width < limit - TOLERANCE}
