"""What was published before: who was in it under keyed hashes, counts, a checksum, no answers; what may follow it."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from itertools import combinations, product
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

HASH_DIGITS = 20
# Where it is not known when people answered.
NO_PERIOD = ""
# So many releases are added and subtracted: two wards and the hospital that they make up are three.
MOST_TOGETHER = 4


@dataclass(frozen=True)
class Part:
    """What people gave on one occasion: their answers in one wave, their outcomes, the ratings that they gave.

    Attributes
    ----------
    kind : str
        ``answers`` (with the groups that people are in), ``outcomes``, ``ratings``, ``ratings of outcomes``.
    period : str
        When that was, first and last day; empty where it is not known.
    n : int
        How many people gave something; those who left since then are in this number and not in ``given``.
    given : mapping of str to str
        Keyed hash of each person, and keyed hash of all that the person gave: equal ones are the same answers.
    """

    kind: str
    period: str
    n: int
    given: Mapping[str, str] = field(default_factory=dict)

    def without(self, people: frozenset[str]) -> Part:
        """Return the part without people who left."""
        return replace(self, given={name: content for name, content in self.given.items() if name not in people})


@dataclass(frozen=True)
class Release:
    """One published build.

    Attributes
    ----------
    input : str
        Checksum of the answers that it was made from.
    counts : mapping of str to int
        How many people and ratings it was about.
    people : tuple of str
        Keyed hashes of the people's ids, so that overlapping releases are known; empty where the ids are none.
    withdrawn : str
        Why it does not count: nobody was given it.
    parts : tuple of Part
        What it was made from, wave by wave; empty in notes of earlier versions.
    """

    input: str
    counts: Mapping[str, int] = field(default_factory=dict)
    people: tuple[str, ...] = ()
    withdrawn: str = ""
    parts: tuple[Part, ...] = ()


def hashed_content(person: str, content: str, secret: bytes) -> str:
    """Return a keyed hash of all a person's answers; people with the same answers get different hashes."""
    return hmac.new(secret, f"{person}\0{content}".encode(), hashlib.sha256).hexdigest()[:HASH_DIGITS]


def hashed(ids: Iterable[str], secret: bytes) -> tuple[str, ...]:
    """Return the keyed hashes of ids, in an order that says nothing."""
    return tuple(sorted(hmac.new(secret, each.encode(), hashlib.sha256).hexdigest()[:HASH_DIGITS] for each in set(ids)))


def read_releases(path: Path) -> list[Release]:
    """Return what was published, oldest first."""
    entries = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else []
    return [_release(entry) for entry in entries]


def _release(entry: Mapping[str, Any]) -> Release:
    """Return one release as it was noted."""
    parts = tuple(Part(**part) for part in entry.get("parts", ()))
    return Release(**{**entry, "people": tuple(entry.get("people", ())), "parts": parts})


def as_text(releases: Sequence[Release]) -> str:
    """Return the releases as the text of their file."""
    return json.dumps([asdict(release) for release in releases], indent=1, ensure_ascii=False) + "\n"


def without(releases: Sequence[Release], people: Iterable[str]) -> list[Release]:
    """Return the releases without the hashes of a person who withdrew; published counts stay as they were."""
    withdrawn = frozenset(people)
    return [
        replace(
            each,
            people=tuple(name for name in each.people if name not in withdrawn),
            parts=tuple(part.without(withdrawn) for part in each.parts),
        )
        for each in releases
    ]


def too_close(new: Part, old: Part, limit: int) -> bool:
    """Say whether two releases of one kind of answers reveal those of the people in whom they differ.

    They do where they are about one occasion and share people: a sum less a sum. People differ who are in one of the
    two only, and those whose answers were corrected. Where nobody's answers are the same, it is another occasion if
    the days say so too; otherwise other questions were asked, and who differs is told by who is in it.
    """
    shared = new.given.keys() & old.given.keys()
    if not shared:
        return False
    in_one = len(new.given.keys() ^ old.given.keys()) + max(old.n - len(old.given), 0)
    changed = sum(new.given[name] != old.given[name] for name in shared)
    if changed == len(shared):
        return not _apart(new, old) and in_one < limit
    return 0 < in_one + changed < limit


def release_problem(new: Release, before: Sequence[Release], limit: int, where: str = "") -> str | None:
    """Say why a build may not be published beside earlier ones, or None when it may.

    Two builds about nearly the same people give back the answers of those in whom they differ: a sum less a sum. By
    the hashes it is known who is in both, and who answered the same: builds that share people and differ by fewer than
    the limit are refused, of this cohort or of another one, wave by wave; another wave of the same people is none
    (see :func:`too_close`). Where no answers are known, who is in it decides, and other answers of the same people are
    refused; where no ids are known, counts closer than the limit are enough.

    Parameters
    ----------
    where
        Whose releases they are, when not of this cohort.
    """
    owner = f" of cohort {where}" if where else ""
    for number, old in enumerate(before, 1):
        if old.withdrawn or old.input == new.input:
            continue
        if new.people and old.people:
            if _people_too_close(new, old, limit):
                return (
                    f"release {number}{owner} was made from other answers of nearly the same people; they differ by "
                    f"fewer than {limit}: the two together could give those people's answers back"
                )
            continue
        close = [name for name in new.counts if name in old.counts and abs(new.counts[name] - old.counts[name]) < limit]
        if close and not where:
            return (
                f"release {number} was made from other answers, and the number of {close[0].replace('_', ' ')} differs "
                f"by fewer than {limit}: the two together could give those people's answers back"
            )
    return None


def together(new: Release, before: Sequence[Release], limit: int) -> tuple[int, ...]:
    """Return the earlier releases that leave a few people when they are added to a build and subtracted from it.

    A build of everybody, less that of one ward, less that of the other, is the sum of those who are in neither; no two
    of the three need to be alike. Every sum and difference of up to ``MOST_TOGETHER`` releases is looked at, part by
    part. Unknown are the answers of each person on an occasion (see :func:`too_close`).

    Returns
    -------
    tuple of int
        Places in ``before``, empty where no combination leaves more than nobody and fewer than the limit.

    Examples
    --------
    >>> def of(*people):
    ...     return Release("", parts=(Part("answers", "", len(people), {f"p{each}": "a" for each in people}),))
    >>> together(of(*range(81)), [of(*range(40)), of(*range(40, 80))], 10)
    (0, 1)
    >>> together(of(*range(90)), [of(*range(40)), of(*range(40, 80))], 10)
    ()
    """
    for part in new.parts:
        # Of fewer people nothing is told.
        known = [(place, one) for place, old in enumerate(before) for one in old.parts if one.kind == part.kind]
        known = _linked(part, [(place, _as_noted_in(part, one)) for place, one in known if one.n >= limit])
        people, members = _kinds([part, *(one for _, one in known)])
        gone = np.array([max(one.n - len(one.given), 0) for _, one in known])
        for size in range(1, MOST_TOGETHER):
            weights = np.array(list(product((-1, 1), repeat=size)))
            for chosen in combinations(range(len(known)), size):
                sums = members[:, :1] + members[:, [each + 1 for each in chosen]] @ weights.T
                left = people @ (sums != 0) + gone[list(chosen)].sum()
                if ((left > 0) & (left < limit)).any():
                    return tuple(sorted({known[each][0] for each in chosen}))
    return ()


def _linked(new: Part, known: Sequence[tuple[int, Part]]) -> list[tuple[int, Part]]:
    """Return the parts that share an answer with the build, or with one that does; those of others never cancel."""
    reached, linked = set(new.given.items()), list[tuple[int, Part]]()
    rest = list(known)
    while near := [each for each in rest if not reached.isdisjoint(each[1].given.items())]:
        rest = [each for each in rest if each not in near]
        linked += near
        reached.update(*(one.given.items() for _, one in near))
    return sorted(linked, key=lambda each: each[0])


def _as_noted_in(new: Part, old: Part) -> Part:
    """Return an earlier part as the build would note it, where both are of one occasion but nothing is noted alike.

    What people gave is noted with their groups, and another cohort may have asked for others.
    """
    shared = new.given.keys() & old.given.keys()
    if _apart(new, old) or any(new.given[name] == old.given[name] for name in shared):
        return old
    return replace(old, given={name: new.given.get(name, content) for name, content in old.given.items()})


def _apart(new: Part, old: Part) -> bool:
    """Say whether two parts are dated and the days differ."""
    return NO_PERIOD not in (new.period, old.period) and new.period != old.period


def _kinds(parts: Sequence[Part]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return how many answers are in the same parts, and for each kind of them in which (kinds by parts)."""
    answers = [set(part.given.items()) for part in parts]
    every = sorted(set().union(*answers))
    members = np.array([[each in one for one in answers] for each in every], dtype=int).reshape(-1, len(parts))
    kinds, people = np.unique(members, axis=0, return_counts=True)
    return people, kinds


def _people_too_close(new: Release, old: Release, limit: int) -> bool:
    """Say whether two releases whose people are known lie too close, in any of what they were made from."""
    if new.parts and old.parts:
        pairs = [(one, other) for one in new.parts for other in old.parts if one.kind == other.kind]
        return any(too_close(one, other, limit) for one, other in pairs)
    differ, left = set(new.people) ^ set(old.people), old.counts.get("n_people", 0) - len(old.people)
    return bool(set(new.people) & set(old.people)) and len(differ) + max(left, 0) < limit
