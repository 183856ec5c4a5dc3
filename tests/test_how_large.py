"""The page that says how long a cohort takes: measured rows, and what the jobs of a size took together."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from compendium.report.book import listings


def listed(rows: list[dict[str, Any]], folder: Path, monkeypatch: pytest.MonkeyPatch) -> listings.Listing:
    """Return the listing of some measured rows."""
    same = {"ratings": 0, "load": 1.0, "day": "2026-01-01", "version": "1", "machine": "loom", "cores": 2}
    pd.DataFrame([same | row for row in rows]).to_csv(folder / listings.MEASURED, index=False)
    monkeypatch.setattr(listings, "BOOK", folder)
    return listings.listing("measured", None)  # type: ignore[arg-type]


def job(people: int, name: str, seconds: float, **more: Any) -> dict[str, Any]:
    return {
        "people": people,
        "job": name,
        "seconds": seconds,
        "processor": 2 * seconds,
        "megabytes": 10 * seconds,
    } | more


def test_a_size_whose_book_was_measured_ends_with_all_jobs_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [job(10, "validate", 5), job(10, "book", 30), job(20, "validate", 7)]
    found = listed(rows, tmp_path, monkeypatch)
    told = found.frame.set_index(["people", "job"])
    assert list(told.index) == [("10", "validate"), ("10", "book"), ("10", "all of these"), ("20", "validate")]
    assert told.loc[("10", "all of these"), ["seconds", "of the processor", "megabytes"]].tolist() == [
        "35",
        "70",
        "300",
    ]
    assert "loom" in found.caption and "measured" not in found.frame


def test_rows_that_were_measured_elsewhere_or_another_day_say_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [job(10, "validate", 5), job(20, "validate", 7, day="2026-01-02")]
    found = listed(rows, tmp_path, monkeypatch)
    assert "loom" not in found.caption
    assert (
        found.frame["measured"].str.contains("loom, cores: 2; 2026-01-0").all()
        and found.frame["measured"].nunique() == 2
    )
