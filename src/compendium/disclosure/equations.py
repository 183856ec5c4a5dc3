"""What the books of two waves and the changes between them tell together, solved as linear equations.

Unknown are the sums of a score over each kind of people (the groups that they are in, in each wave), in the first wave
and in the second. Told are the sums of the groups that each wave's book shows, and of the changes shown.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from compendium.disclosure.suppression import hidden_groups

Array = NDArray[np.float64]
Shown = Mapping[str, Mapping[str, int]]
# Further from what is told than this share of its length, a sum is not a combination of it.
SAME = 1e-9
ABSENT = "absent"


@dataclass(frozen=True)
class TwoWaves:
    """People in two waves, and the smallest number of them that may be known.

    Attributes
    ----------
    before, after
        Groups of each person in each wave, one column a grouping, index the person.
    minimum
        Fewer people than these must not be told of.
    """

    before: pd.DataFrame
    after: pd.DataFrame
    minimum: float

    @property
    def groupings(self) -> list[str]:
        """Names of the groupings."""
        return [str(name) for name in self.before]

    @cached_property
    def kinds(self) -> pd.DataFrame:
        """The kinds of people: group of every grouping in each wave, whether they were there, and how many."""
        waves = {"before": self.before, "after": self.after}
        parts = [
            each.astype(object).where(each.notna(), "").astype(str).add_prefix(f"{wave} ").assign(**{wave: True})
            for wave, each in waves.items()
        ]
        people = parts[0].join(parts[1], how="outer")
        people = people.assign(**{wave: people[wave].eq(True) for wave in waves})
        filled = people.where(people.notna(), ABSENT)
        return filled.value_counts(sort=False).rename("people").reset_index()

    @cached_property
    def _there(self) -> tuple[Array, Array]:
        """Whether each kind was there in each wave."""
        return self.kinds["before"].to_numpy(float), self.kinds["after"].to_numpy(float)

    def _in(self, wave: str, grouping: str, group: str) -> Array:
        """Whether each kind was in a group in a wave."""
        return np.asarray(self.kinds[f"{wave} {grouping}"] == group, dtype=float)

    def _row(self, chosen: Array, first: float, second: float) -> Array:
        """Return the weights of the sums of these kinds in the first and in the second wave."""
        return np.concatenate([first * chosen * self._there[0], second * chosen * self._there[1]])

    @cached_property
    def books(self) -> Array:
        """Return what the book of each wave tells: everybody, and the groups that are not hidden."""
        rows = []
        for wave, table, weights in (("before", self.before, (1.0, 0.0)), ("after", self.after, (0.0, 1.0))):
            names = self.groupings
            hidden = hidden_groups(table, names, self.minimum)
            rows.append(self._row(np.ones(len(self.kinds)), *weights))
            for name in names:
                shown = set(table[name].dropna().astype(str)) - hidden[name]
                rows += [self._row(self._in(wave, name, group), *weights) for group in sorted(shown)]
        return np.array(rows)

    def changes(self, shown: Shown, whole: bool) -> Array:
        """Return what the changes tell: of the shown groups, and of everybody who was there both times."""
        both = self._there[0] * self._there[1]
        chosen = [both] if whole else []
        chosen += [both * self._stayed(name, group) for name, groups in shown.items() for group in groups]
        rows = [self._row(each, -1.0, 1.0) for each in chosen]
        return np.array(rows).reshape(len(rows), 2 * len(self.kinds))

    def _stayed(self, grouping: str, group: str) -> Array:
        """Whether each kind was in a group in both waves."""
        return self._in("before", grouping, group) * self._in("after", grouping, group)

    @cached_property
    def few(self) -> sparse.csr_array:
        """The sums of a few people: of a kind, and of those who were, stayed, left or came in a group.

        There are as many kinds as combinations of groups, up to one a person: what is told of them is kept sparse.
        """
        sets = [sparse.eye_array(len(self.kinds))]
        one, other = self._there
        sets.append(sparse.csr_array(np.array([one * (1 - other), other * (1 - one), one * other])))
        for name in self.groupings:
            for group in sorted({*self.kinds[f"before {name}"], *self.kinds[f"after {name}"]} - {ABSENT}):
                first, second = self._in("before", name, group), self._in("after", name, group)
                every = [first, second, first * second, first * (1 - second), second * (1 - first)]
                sets.append(sparse.csr_array(np.array(every)))
        chosen = sparse.vstack(sets, format="csr")
        size = chosen @ self.kinds["people"].to_numpy(float)
        chosen = chosen[(size > 0) & (size < self.minimum)]
        both = chosen[chosen @ (1 - one * other) == 0]
        before, after = (sparse.diags_array(there) for there in (one, other))
        parts = [[chosen @ before, None], [None, chosen @ after], [-1 * (both @ before), both @ after]]
        rows = sparse.csr_array(sparse.block_array(parts, format="csr"))
        rows.eliminate_zeros()
        return rows[np.diff(rows.indptr) > 0]

    def tell(self, shown: Shown, whole: bool) -> bool:
        """Say whether the changes add the sum of a few people to what the two books tell by themselves.

        Examples
        --------
        >>> before = pd.DataFrame({"team": ["A"] * 20 + ["B"] * 15 + ["C"]})
        >>> waves = TwoWaves(before, before.drop(index=35), 10)
        >>> waves.tell({"team": {"A": 20}}, whole=False), waves.tell({"team": {"A": 20, "B": 15}}, whole=False)
        (False, True)
        """
        if not self.few.shape[0]:
            return False
        alone = _solved(self.books, self.few)
        together = _solved(np.vstack([self.books, self.changes(shown, whole)]), self.few)
        return bool((together & ~alone).any())


def _solved(told: Array, wanted: sparse.csr_array) -> NDArray[np.bool_]:
    """Say which of the wanted sums are combinations of what is told: those whose length lies in its space."""
    _, sizes, basis = np.linalg.svd(told, full_matrices=False)
    basis = basis[sizes > SAME * max(float(sizes.max(initial=0.0)), 1.0)]
    length, inside = wanted.multiply(wanted).sum(axis=1), ((wanted @ basis.T) ** 2).sum(axis=1)
    return np.asarray(length - inside < SAME * length)


def smallest_first(shown: Shown) -> Iterator[tuple[str, str]]:
    """Yield the shown groups, the smallest first."""
    listed = [(n, name, group) for name, groups in shown.items() for group, n in groups.items()]
    yield from ((name, group) for _, name, group in sorted(listed))
