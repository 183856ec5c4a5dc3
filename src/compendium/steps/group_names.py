"""Names of groups, as far as they may be shown: those of hidden groups stand together as other groups."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from compendium.disclosure import OTHER_GROUPS, hidden_groups

if TYPE_CHECKING:
    from compendium.study import Study


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
