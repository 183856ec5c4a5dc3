"""What people are nested in: one choice, which every interval and test of the study follows (decision 0050)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd

from compendium.cohort.schema import Group
from compendium.plan import StudyPlan

# A difference between groups can be told from one between clusters when two groups lie in two clusters or more.
FEWEST_GROUPS = FEWEST_CLUSTERS_OF_A_GROUP = 2


class Level(NamedTuple):
    """The clusters that a comparison of groups allows for.

    Attributes
    ----------
    name
        Their grouping; empty where people count as independent, as where the groups are the clusters themselves.
    clusters
        Cluster of each person; None where people count as independent.
    enough
        Whether there are enough clusters to compare so many groups.
    """

    name: str
    clusters: pd.Series[str] | None
    enough: bool = True


@dataclass(frozen=True)
class Nesting:
    """The groupings that people are nested in.

    Attributes
    ----------
    levels : mapping of str to Series
        Cluster of each person, by grouping: the grouping that intervals draw first, then those nested in it. People
        without a group are one of their own. Empty where people are nested in nothing.
    fewest : int
        Clusters that an interval or a test takes.
    """

    levels: Mapping[str, pd.Series[str]]
    fewest: int = 2

    @property
    def names(self) -> list[str]:
        """The groupings."""
        return list(self.levels)

    @property
    def name(self) -> str:
        """The grouping that intervals draw, or "person"."""
        return next(iter(self.levels), "person")

    @property
    def clusters(self) -> pd.Series[str] | None:
        """The cluster of each person, None where people are nested in nothing."""
        return next(iter(self.levels.values()), None)

    def of(self, people: pd.Index) -> pd.Series[str] | None:
        """Return the clusters of rows that each speak of a person, in their order; None without clusters."""
        if self.clusters is None:
            return None
        named = people.get_level_values("person") if isinstance(people, pd.MultiIndex) else people
        return pd.Series(self.clusters.reindex(named).to_numpy(), index=people, name=self.name)

    def with_at_least(self, number: float) -> tuple[str, pd.Series[str] | None]:
        """Return the highest grouping with so many clusters, or "" and None."""
        known = ((name, clusters) for name, clusters in self.levels.items() if clusters.nunique() >= number)
        return next(known, ("", None))

    def between(self, members: pd.Series[str], coefficients: int = 1) -> Level:
        """Return the clusters that a comparison of groups allows for.

        That is the highest grouping in which two groups or more lie in two clusters or more, and which leaves as many
        degrees of freedom to test them as the plan wants clusters; where none does, the one that leaves most. With few
        degrees of freedom not even the worst difference could be found. Groups that are clusters, or lie in one, are
        compared as they are.

        Parameters
        ----------
        members
            Group of each person; NaN for those left out.
        coefficients
            Coefficients that are tested for each group but one.
        """
        # Rows are looked up by name at most once, and not at all where they are those of the clusters.
        here = {name: clusters.reindex(members.index) for name, clusters in self.levels.items()}
        there = members.notna().to_numpy()
        known, drawn = members[there], {name: clusters[there] for name, clusters in here.items()}
        telling = {name: clusters for name, clusters in drawn.items() if _apart(known, clusters)}
        free = {
            name: _free(known, each, coefficients) for name, each in telling.items() if each.nunique() >= self.fewest
        }
        if not free or max(free.values()) < 1:
            return Level("", None, enough=not telling)
        chosen = next(
            (name for name, left in free.items() if left >= self.fewest), max(free, key=lambda name: free[name])
        )
        return Level(chosen, here[chosen])


def nesting_of(people: pd.DataFrame, groups: Mapping[str, Group], plan: StudyPlan) -> Nesting:
    """Return what people are nested in: the grouping that intervals draw, then those nested in it.

    A grouping counts when the cohort declares it as cluster, or declares no role and has enough groups; a restriction
    of the plan comes first. Declared clusters go before groupings that nest another, those before the rest, in declared
    order: the highest level with enough groups is the one to draw.
    """
    wanted = plan.claims.clusters if plan.claims.clusters is not None else list(groups)
    fewest = int(plan.claims.fewest_clusters.value)
    usable = [
        name
        for name in wanted
        if name in people and name in groups and groups[name].kind == "nominal"
        and groups[name].role in (None, "cluster") and people[name].nunique() >= fewest
    ]  # fmt: skip
    if plan.claims.clusters is None:
        nested = {name: any(_is_nested(people, other, name) for other in usable if other != name) for name in usable}
        usable = sorted(usable, key=lambda name: (groups[name].role != "cluster", not nested[name]))
    names = usable[:1] + [name for name in usable[1:] if _is_nested(people, name, usable[0])]
    return of_groupings(people, names, fewest)


def of_groupings(people: pd.DataFrame, names: Sequence[str], fewest: int) -> Nesting:
    """Return the nesting in named groupings; people without a group are one of their own."""
    return Nesting({name: _clusters_of(people[name]) for name in names}, fewest)


def _clusters_of(members: pd.Series[str]) -> pd.Series[str]:
    """Return the group of each person as text, a name of one's own where it is not known."""
    clusters, gone = members.astype(object), members.isna().to_numpy()
    clusters[gone] = [f"alone {row}" for row in np.flatnonzero(gone)]
    return clusters.astype(str)


def _is_nested(people: pd.DataFrame, inner: str, outer: str) -> bool:
    """Say whether every group of one grouping lies within one group of another, which has fewer."""
    pairs = people[[inner, outer]].dropna().drop_duplicates()
    return people[inner].nunique() > people[outer].nunique() and not pairs[inner].duplicated().any()


def _apart(members: pd.Series[str], clusters: pd.Series[str]) -> bool:
    """Say whether groups can be told from clusters."""
    spread = clusters.groupby(members).nunique() >= FEWEST_CLUSTERS_OF_A_GROUP
    return int(spread.sum()) >= FEWEST_GROUPS


def _free(members: pd.Series[str], clusters: pd.Series[str], coefficients: int) -> int:
    """Return the denominator degrees of freedom of a cluster-robust test (Hotelling) over the groups."""
    spread = clusters.groupby(members).nunique()
    shown = members.isin(spread.index[spread >= FEWEST_CLUSTERS_OF_A_GROUP])
    members, clusters = members[shown], clusters[shown]
    n_groups, n_clusters = members.nunique(), clusters.nunique()
    whole = members.groupby(clusters).nunique().max() <= 1
    return n_clusters - (n_groups if whole else 1) - coefficients * (n_groups - 1) + 1
