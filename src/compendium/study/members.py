"""The cohorts of a comparison: each an open study that was built, with its prepared tables and its public results."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd

from compendium.faults import Fault, InvalidInput, display_path, raise_if_any
from compendium.study.opened import Study, open_study

FEWEST = 2
# What a comparison reads of a cohort: prepared tables and public ones.
PREPARED = ("answers", "decisions", "people", "reliability")
TABLES = ("claims", "item_decisions")
# Columns that builds of earlier versions of the program lack.
NEEDED_COLUMNS = {"claims": ("fisher_error", "df")}


@dataclass(frozen=True)
class Member:
    """One cohort of a comparison, built."""

    study: Study

    @property
    def name(self) -> str:
        """The id of the cohort."""
        return self.study.settings.id

    @property
    def synthetic(self) -> bool:
        """Whether the people are invented."""
        return self.study.settings.kind == "synthetic"

    @property
    def version(self) -> str:
        """The version of the framework that the cohort was asked."""
        return self.study.framework.description.version

    @cached_property
    def values(self) -> dict[str, Any]:
        """The public values of the cohort by name."""
        merged: dict[str, Any] = {}
        for path in sorted(self.study.folders.values.glob("*.json")):
            content = json.loads(path.read_text(encoding="utf-8"))
            merged |= {name: entry["value"] for name, entry in content.items()}
        return merged

    @property
    def n(self) -> int | None:
        """People of the cohort; None where they are too few to be counted in public."""
        n = self.values.get("n_people")
        return None if n is None else int(n)

    @cached_property
    def answers(self) -> pd.DataFrame:
        """Keyed answers of the people."""
        return self.study.prepared.answers

    def table(self, name: str) -> pd.DataFrame:
        """Return a public table of the cohort; empty cells are NaN, labels stay as they are."""
        return pd.read_csv(self.study.folders.tables / f"{name}.csv", keep_default_na=False, na_values=[""])


def open_members(cohorts: Sequence[str], results: str = "results") -> tuple[Member, ...]:
    """Open the cohorts of a comparison.

    Parameters
    ----------
    cohorts
        Folders under ``data/cohorts``, or paths of cohort folders; two at least.
    results
        Folder below which the cohorts were built.

    Raises
    ------
    InvalidInput
        When there are fewer than two, one is named twice, one was not built or holds too few people to be shown, or
        their frameworks are not versions of one.
    """
    if len(cohorts) < FEWEST:
        named = f"{len(cohorts)} named"
        raise InvalidInput([Fault("compare", "a comparison needs two cohorts at least", "name them", value=named)])
    members = tuple(Member(open_study(cohort, results=results)) for cohort in cohorts)
    raise_if_any([*_named_twice(members), *_other_frameworks(members)])
    raise_if_any([fault for cohort, member in zip(cohorts, members, strict=True) for fault in _unfit(cohort, member)])
    return members


def _named_twice(members: Sequence[Member]) -> list[Fault]:
    """Name cohorts that come twice, under one name or two."""
    names = [member.name for member in members]
    problem, action = "this cohort is named twice", "name each cohort once, or give one of them another id"
    return [Fault("compare", problem, action, value=name) for name in dict.fromkeys(names) if names.count(name) > 1]


def _other_frameworks(members: Sequence[Member]) -> list[Fault]:
    """Name the cohorts whose framework is not that of the first."""
    ids = [member.study.framework.description.id for member in members]
    action = "compare cohorts of one framework; its versions share an id and differ in version"
    problem = f"its framework is no version of that of {members[0].name}"
    return [
        Fault(member.name, problem, action, value=id_, allowed=ids[0])
        for member, id_ in zip(members, ids, strict=True)
        if id_ != ids[0]
    ]


def _unfit(cohort: str, member: Member) -> list[Fault]:
    """Say why a cohort cannot be compared: not built, built by an earlier version, or too small to be shown."""
    study, build = member.study, f"build it: make all COHORT={cohort}"
    where = display_path(study.folders.root)
    lacking = [name for name in PREPARED if not study.prepared.has(name)]
    lacking += [name for name in TABLES if not (study.folders.tables / f"{name}.csv").is_file()]
    if not study.collected("self_ratings"):
        return [Fault(cohort, "own ratings were not collected: there is nothing to compare", "leave it out")]
    if lacking and not study.folders.values.is_dir():
        return [Fault(cohort, f"this cohort was not built: there is nothing in {where}", build)]
    if member.n is None or member.n < study.plan.disclosure.minimum_group.value:
        limit = f"{study.plan.disclosure.minimum_group.value:.0f} people or more"
        return [Fault(cohort, "too few people to show anything of them", "leave it out", allowed=limit)]
    if lacking:
        return [Fault(cohort, f"this cohort was built in part: {', '.join(lacking)} are not in {where}", build)]
    old = [
        f"{name}.{column}"
        for name, columns in NEEDED_COLUMNS.items()
        for column in columns
        if column not in member.table(name).columns
    ]
    again = f"this cohort was built by an earlier version of the program, without {', '.join(old)}"
    return [Fault(cohort, again, build)] if old else []
