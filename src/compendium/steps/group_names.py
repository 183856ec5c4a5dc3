"""Names of groups, as far as they may be shown: those of hidden groups stand together as other groups."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from compendium.disclosure import OTHER_GROUPS, hidden_groups
from compendium.findings import Finding, found

if TYPE_CHECKING:
    from compendium.study import Study


@dataclass(frozen=True)
class Compared:
    """The groups of a grouping that are compared, and those that are large enough and too many, the largest first."""

    groups: tuple[object, ...]
    beyond: tuple[object, ...]

    def finding(self, label: str) -> Finding:
        """Say how many of the groups are compared."""
        n = len(self.groups)
        return found("groups_beyond", other=label, limit=n, value=n + len(self.beyond))


def compared_groups(members: pd.Series, answers: pd.DataFrame, minimum: float, most: float) -> Compared:
    """Return which groups have enough people who answered anything: the largest, where they are very many."""
    sizes = members[answers.notna().any(axis="columns")].value_counts()
    sizes = sizes[sizes >= minimum]
    in_order = sorted(sizes.index, key=lambda group: (-sizes[group], str(group)))
    most = int(min(most, len(in_order)))
    return Compared(tuple(in_order[:most]), tuple(in_order[most:]))


def named_groups(step: Study, names: Iterable[object]) -> tuple[str, ...]:
    """Return the names in order; groups that may not be shown are joined under one name at the end.

    The unique job title of one person would tell who it is, wherever it stands.
    """
    people = step.prepared.people
    groupings = [name for name, group in step.settings.groups.items() if group.kind != "number" and name in people]
    by_grouping = hidden_groups(people, groupings, step.plan.disclosure.minimum_group.value)
    hidden = frozenset[str]().union(*by_grouping.values())
    known = sorted({str(name) for name in names})
    shown = [name for name in known if name not in hidden]
    return (*shown, *((OTHER_GROUPS,) if len(shown) < len(known) else ()))
