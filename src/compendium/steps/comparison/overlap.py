"""Whether the people of two cohorts are apart: by their ids, and by answers that occur in both letter for letter.

Two cohorts of nearly the same people give back the answers of those in whom they differ, a total less a total; and
cohorts that share people are no independent evidence. Pseudonyms are each cohort's own, so that the ids are compared,
which do not leave the private folder; where there are none, or they were given anew, answers speak.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

import pandas as pd

from compendium.cohort.wave_settings import ROW_NUMBER
from compendium.faults import Fault
from compendium.findings import Finding, found
from compendium.study.members import Member

# Rows of answers tell people apart when so many items were answered, with so many different answers.
FEWEST_ANSWERED, FEWEST_DIFFERENT = 8, 3
PSEUDONYMS = "pseudonyms.csv"


@dataclass(frozen=True)
class Overlap:
    """What two cohorts have in common.

    Attributes
    ----------
    first, other
        Ids of the cohorts.
    by
        ``ids`` or ``answers``: what says so.
    shared
        People, or distinctive rows of answers, in both.
    smaller
        How many of them the smaller cohort has.
    differ
        How many are in one of the two only.
    """

    first: str
    other: str
    by: str
    shared: int
    smaller: int
    differ: int

    @property
    def share(self) -> float:
        """Share of the smaller cohort that is also in the other."""
        return self.shared / self.smaller if self.smaller else 0.0

    def fault(self, limit: float, minimum: int) -> Fault | None:
        """Say why the two may not be compared, or None when they may."""
        if not self.shared or (self.share <= limit and self.differ >= minimum):
            return None
        same = "share ids" if self.by == "ids" else "share answers letter for letter"
        near = self.differ < minimum
        problem = f"people of {self.first} and {self.other} {same}: "
        problem += (
            f"they differ by fewer than {minimum}, so that the two together could give those people's answers back"
            if near
            else f"more than {limit:.0%} of the smaller cohort is in the other one, and no independent evidence"
        )
        action = "leave one of the two out; waves of the same people belong into one cohort"
        if self.by == "ids" and not near:
            action += "; where ids only look alike (both count from 1), say so: --other-people WHY"
        return Fault(f"{self.first}, {self.other}", problem, action)


def of_ids(first: Member, other: Member) -> Overlap | None:
    """Return what the ids of two cohorts have in common; None where one has none."""
    ids = [_ids(member) for member in (first, other)]
    if not all(ids):
        return None
    return _overlap(first, other, "ids", ids[0], ids[1])


def of_answers(first: Member, other: Member) -> Overlap | None:
    """Return what distinctive answers two cohorts have in common; None where they share too few items."""
    items = [item for item in first.answers.columns if item in other.answers.columns]
    if len(items) < FEWEST_ANSWERED:
        return None
    return _overlap(first, other, "answers", distinctive(first.answers[items]), distinctive(other.answers[items]))


def distinctive(answers: pd.DataFrame) -> list[tuple[float, ...]]:
    """Return rows of answers distinctive enough to identify a person: enough answers, several different, unique.

    Examples
    --------
    >>> distinctive(pd.DataFrame([[1.0, 2, 3, 4, 5, 1, 2, 3], [4.0] * 8]))
    [(1.0, 2.0, 3.0, 4.0, 5.0, 1.0, 2.0, 3.0)]
    """
    telling = (answers.notna().sum(axis=1) >= FEWEST_ANSWERED) & (answers.nunique(axis=1) >= FEWEST_DIFFERENT)
    rows = [tuple(map(float, row)) for row in answers[telling].fillna(-1.0).to_numpy()]
    counts = Counter(rows)
    return [row for row in rows if counts[row] == 1]


def _ids(member: Member) -> list[str]:
    """Return the ids of the people, none where they are row numbers, which every cohort has."""
    path = member.study.folders.private / PSEUDONYMS
    if member.study.settings.person_id == ROW_NUMBER or not path.is_file():
        return []
    return list(pd.read_csv(path, dtype=str, keep_default_na=False).iloc[:, 0])


def _overlap(first: Member, other: Member, by: str, ours: Sequence[object], theirs: Sequence[object]) -> Overlap:
    """Count what two lists have in common."""
    shared = sum((Counter(ours) & Counter(theirs)).values())
    sizes = len(ours), len(theirs)
    return Overlap(first.name, other.name, by, shared, min(sizes), sum(sizes) - 2 * shared)


def overlaps(members: Sequence[Member], other_people: str = "") -> list[Overlap]:
    """Return what each pair of cohorts of real people has in common; synthetic cohorts hold nobody.

    Parameters
    ----------
    other_people
        Why ids that occur in two cohorts are of different people; ids are then passed over.
    """
    real = [member for member in members if not member.synthetic]
    pairs = [(one, two) for one, two in combinations(real, 2)]
    by_ids = [] if other_people else [of_ids(*pair) for pair in pairs]
    return [each for each in (*by_ids, *(of_answers(*pair) for pair in pairs)) if each is not None]


def overlap_faults(found_: Iterable[Overlap], limit: float, minimum: int) -> list[Fault]:
    """Return why cohorts may not be compared."""
    return [fault for each in found_ if (fault := each.fault(limit, minimum)) is not None]


def overlap_findings(found_: Iterable[Overlap], limit: float) -> tuple[Finding, ...]:
    """Return the warning that some ids occur in two cohorts; never how many.

    Some answers agree by chance, so that a few alike say nothing.
    """
    known = [each for each in found_ if each.by == "ids" and each.shared]
    return tuple(found("cohorts_share_people", first=each.first, other=each.other, limit=limit) for each in known)
