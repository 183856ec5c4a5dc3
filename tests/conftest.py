"""What every test shares: examples that a busy machine may take its time over, and long files first."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator

import pytest
from hypothesis import settings

# Random examples are drawn anew in every run; EXAMPLES asks for more of them (make test EXAMPLES=500).
settings.register_profile("house", deadline=None, max_examples=int(os.environ.get("EXAMPLES") or 25))
settings.load_profile("house")
# Tests run side by side already; a pool of processes in each would only start and stop. test_workers.py asks for more.
os.environ["WORKERS"] = os.environ.get("WORKERS") or "1"

LONG_FILES = (
    "test_study_runs.py",
    "test_book_browser.py",
    "test_edge_cohorts.py",
    "test_contract.py",
    "test_book.py",
    "test_shapes.py",
    "test_bayesian.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Start the longest files first, so that two workers end at about the same time."""
    rank = {name: place for place, name in enumerate(LONG_FILES)}
    items.sort(key=lambda item: rank.get(item.path.name, len(rank)))


@pytest.fixture(autouse=True, scope="module")
def no_trail_stays_open() -> Iterator[None]:
    """Close the trail of the last step that a file opened, so that functions are their own in the next file."""
    yield
    trail = sys.modules.get("compendium.outputs.trail")
    if trail is not None:
        trail.close_trail()
