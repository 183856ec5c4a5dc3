"""What was published before: counts and a checksum, no answers; what may follow without giving anybody away."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Release:
    """One published build: how many people each number was about, and a checksum of what was read."""

    input: str
    counts: Mapping[str, int] = field(default_factory=dict)
    withdrawn: str = ""


def read_releases(path: Path) -> list[Release]:
    """Return what was published, oldest first."""
    return [Release(**entry) for entry in json.loads(path.read_text())] if path.is_file() else []


def as_text(releases: list[Release]) -> str:
    """Return the releases as the text of their file."""
    return json.dumps([asdict(release) for release in releases], indent=1, ensure_ascii=False) + "\n"


def release_problem(new: Release, before: list[Release], limit: int) -> str | None:
    """Say why a build may not be published beside earlier ones, or None when it may.

    Two builds about nearly the same people give back the answers of those in whom they differ: a sum less a sum. How
    many people differ is not known where answers were corrected, so that any other input with counts closer than the
    limit is refused.
    """
    for number, old in enumerate(before, 1):
        if old.withdrawn or old.input == new.input:
            continue
        close = [name for name in new.counts if name in old.counts and abs(new.counts[name] - old.counts[name]) < limit]
        if close:
            return (
                f"release {number} was made from other answers, and the number of {close[0].replace('_', ' ')} differs "
                f"by fewer than {limit}: the two together could give those people's answers back"
            )
    return None
