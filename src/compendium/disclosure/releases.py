"""What was published before: who was in it under keyed hashes, counts, a checksum, no answers; what may follow it."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

HASH_DIGITS = 20


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
    """

    input: str
    counts: Mapping[str, int] = field(default_factory=dict)
    people: tuple[str, ...] = ()
    withdrawn: str = ""


def hashed(ids: Iterable[str], secret: bytes) -> tuple[str, ...]:
    """Return the keyed hashes of ids, in an order that says nothing."""
    return tuple(sorted(hmac.new(secret, each.encode(), hashlib.sha256).hexdigest()[:HASH_DIGITS] for each in set(ids)))


def read_releases(path: Path) -> list[Release]:
    """Return what was published, oldest first."""
    entries = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else []
    return [Release(**{**entry, "people": tuple(entry.get("people", ()))}) for entry in entries]


def as_text(releases: Sequence[Release]) -> str:
    """Return the releases as the text of their file."""
    return json.dumps([asdict(release) for release in releases], indent=1, ensure_ascii=False) + "\n"


def without(releases: Sequence[Release], person: str) -> list[Release]:
    """Return the releases without the hash of a person who left; their counts stay as they were published."""
    return [replace(each, people=tuple(name for name in each.people if name != person)) for each in releases]


def release_problem(new: Release, before: Sequence[Release], limit: int, where: str = "") -> str | None:
    """Say why a build may not be published beside earlier ones, or None when it may.

    Two builds about nearly the same people give back the answers of those in whom they differ: a sum less a sum. By
    the hashes it is known who is in both: builds that share people and differ by fewer than the limit are refused, of
    this cohort, of another wave or of another cohort. Where no ids are known, counts closer than the limit are enough.
    How many people differ is not known either where answers were corrected: other answers of the same people are
    refused too.

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
            differ, left = set(new.people) ^ set(old.people), old.counts.get("n_people", 0) - len(old.people)
            if set(new.people) & set(old.people) and len(differ) + max(left, 0) < limit:
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
