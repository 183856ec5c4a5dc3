"""What the books of two waves and the changes between them tell together, solved as linear equations.

Unknown are the sums of a score over each kind of people (the groups that they are in, in each wave), in the first wave
and in the second. Told are the sums of the groups that each wave's book shows, of the changes shown, and, where people
who left are compared with those who stayed, of these in the first wave.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from compendium.disclosure.suppression import hidden_groups

Shown = Mapping[str, Mapping[str, int]]
# Further from what is told than this share of its length, a sum is not a combination of it.
SAME = 1e-9
# So many sums are looked at in one go.
AT_ONCE = 10_000
ABSENT, WAVES = "absent", ("before", "after")


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
    def _there(self) -> tuple[sparse.csr_array, sparse.csr_array]:
        """Whether each kind was there in each wave, as one row."""
        first, second = (sparse.csr_array(self.kinds[[wave]].to_numpy(float).T) for wave in WAVES)
        return first, second

    def _groups(self, wave: str, grouping: str, names: Sequence[str]) -> sparse.csr_array:
        """Return one row for each of these groups: whether each kind was in it in a wave."""
        rows = pd.Index(names).get_indexer(pd.Index(self.kinds[f"{wave} {grouping}"]))
        kinds = np.flatnonzero(rows >= 0)
        return sparse.csr_array((np.ones(len(kinds)), (rows[kinds], kinds)), shape=(len(names), len(rows)))

    def _weighted(self, chosen: sparse.csr_array, first: float, second: float) -> sparse.csr_array:
        """Return the weights of the sums of these kinds in the first and in the second wave."""
        one, other = self._there
        return sparse.hstack([first * chosen.multiply(one), second * chosen.multiply(other)], format="csr")

    @cached_property
    def books(self) -> sparse.csr_array:
        """Return what the book of each wave tells: everybody, and the groups that are not hidden."""
        rows, everybody = [], sparse.csr_array(np.ones((1, len(self.kinds))))
        for wave, table, weights in zip(WAVES, (self.before, self.after), ((1.0, 0.0), (0.0, 1.0)), strict=True):
            hidden = hidden_groups(table, self.groupings, self.minimum)
            shown = {name: sorted(set(table[name].dropna().astype(str)) - hidden[name]) for name in self.groupings}
            told = [everybody, *(self._groups(wave, name, groups) for name, groups in shown.items())]
            rows.append(self._weighted(sparse.vstack(told, format="csr"), *weights))
        return sparse.vstack(rows, format="csr")

    def changes(self, shown: Shown, whole: bool) -> sparse.csr_array:
        """Return what the changes tell: of the shown groups, and of everybody who was there both times."""
        both = self._there[0].multiply(self._there[1])
        chosen = [both] if whole else [both[:0]]
        for name, groups in shown.items():
            first, second = (self._groups(wave, name, list(groups)) for wave in WAVES)
            chosen.append(first.multiply(second))
        return self._weighted(sparse.vstack(chosen, format="csr").multiply(both), -1.0, 1.0)

    @cached_property
    def few(self) -> sparse.csr_array:
        """The sums of a few people: of a kind, and of those who were, stayed, left or came in a group.

        There are as many kinds as combinations of groups, up to one a person: what is told of them is kept sparse.
        """
        one, other = self._there
        sets = [sparse.eye_array(len(self.kinds), format="csr"), *_parted(one, other)[2:]]
        for name in self.groupings:
            groups = sorted({*self.kinds[f"before {name}"], *self.kinds[f"after {name}"]} - {ABSENT})
            sets += _parted(*(self._groups(wave, name, groups) for wave in WAVES))
        chosen = sparse.vstack(sets, format="csr")
        size = chosen @ self.kinds["people"].to_numpy(float)
        chosen = chosen[(size > 0) & (size < self.minimum)]
        both = chosen[chosen @ (1 - one.multiply(other).toarray()[0]) == 0]
        parts = [self._weighted(chosen, 1.0, 0.0), self._weighted(chosen, 0.0, 1.0), self._weighted(both, -1.0, 1.0)]
        rows = sparse.vstack(parts, format="csr")
        rows.eliminate_zeros()
        return rows[np.diff(rows.indptr) > 0]

    @cached_property
    def _by_books(self) -> NDArray[np.bool_]:
        """Which sums of a few people the two books tell by themselves."""
        return _solved(self.books, self.few)

    def tell(self, shown: Shown, whole: bool, stayed: bool = False) -> bool:
        """Say whether the changes add the sum of a few people to what the two books tell by themselves.

        Parameters
        ----------
        shown
            Groups whose change is shown.
        whole
            Whether that of everybody who was there both times is.
        stayed
            Whether those who stayed are told of in the first wave, beside those who left.

        Examples
        --------
        >>> before = pd.DataFrame({"team": ["A"] * 20 + ["B"] * 15 + ["C"]})
        >>> waves = TwoWaves(before, before.drop(index=35), 10)
        >>> waves.tell({"team": {"A": 20}}, whole=False), waves.tell({"team": {"A": 20, "B": 15}}, whole=False)
        (False, True)
        """
        if not self.few.shape[0]:
            return False
        both = self._there[0].multiply(self._there[1])
        first = self._weighted(both if stayed else both[:0], 1.0, 0.0)
        told = sparse.vstack([self.books, self.changes(shown, whole), first], format="csr")
        return bool((_solved(told, self.few) & ~self._by_books).any())


def _parted(first: sparse.csr_array, second: sparse.csr_array) -> list[sparse.csr_array]:
    """Return who was in groups in the first and in the second wave, and who stayed, left and came."""
    stayed = first.multiply(second)
    return [first, second, stayed, first - stayed, second - stayed]


def _solved(told: sparse.csr_array, wanted: sparse.csr_array) -> NDArray[np.bool_]:
    """Say which of the wanted sums are combinations of what is told: those whose length lies in its space.

    The products of what is told are a small square however many people there are; its eigenvectors span the space.
    """
    lengths = np.sqrt(told.multiply(told).sum(axis=1))
    told = sparse.diags_array(1 / lengths[lengths > 0]) @ told[lengths > 0]
    values, vectors = np.linalg.eigh((told @ told.T).toarray())
    kept = values > SAME * values.max(initial=0.0)
    basis, products = vectors[:, kept] / np.sqrt(values[kept]), sparse.csr_array(wanted @ told.T)
    length = wanted.multiply(wanted).sum(axis=1)
    blocks = range(0, len(length), AT_ONCE)
    inside = [((products[start : start + AT_ONCE] @ basis) ** 2).sum(axis=1) for start in blocks]
    return np.asarray(length - np.concatenate([*inside, []]) < SAME * length)


def smallest_first(shown: Shown) -> Iterator[tuple[str, str]]:
    """Yield the shown groups, the smallest first."""
    listed = [(n, name, group) for name, groups in shown.items() for group, n in groups.items()]
    yield from ((name, group) for _, name, group in sorted(listed))
