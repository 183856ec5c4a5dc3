"""Rows of screening and coding as the tests of the review write them."""

from __future__ import annotations

import dataclasses
import functools
from pathlib import Path

import pandas as pd
from review_folder import make_review, references

from compendium import review as evidence
from compendium.framework import Framework, load_framework

REFERENCE = Path(__file__).parent / "reference"
CLOSED_FORM = 1e-10
PRINTED = 0.005
FRAMEWORK = load_framework("integrated-care")
NO_BOOTSTRAP = {"seed": 1, "resamples": 0}


@functools.cache
def the_real_review() -> evidence.Review:
    """Return the project's own review, read once."""
    return evidence.load_review()


def title_row(record: str, reviewer: str, decision: str = "include", reason: str = "") -> tuple[str, ...]:
    return ("title", record, reviewer, decision, reason, "because")


def full_row(record: str, reviewer: str, decision: str = "include", reason: str = "") -> tuple[str, ...]:
    return ("full", record, reviewer, decision, reason, "because")


def both_rows(record: str) -> list[tuple[str, ...]]:
    return [row for reviewer in "ab" for row in (title_row(record, reviewer), full_row(record, reviewer))]


def coded_rows(record: str, coder: str, *codes: str) -> list[tuple[str, ...]]:
    return [(record, coder, "1.0", code, "title") for code in codes]


def register_rows(rows: list[dict[str, str]]) -> list[tuple[str, ...]]:
    return [(r["ID"], r["TI"], r["AU"], r["PY"], "", "", "", "", r["DO"], "", "") for r in rows]


def small_review(folder: Path, n: int = 4, **files: list[tuple[str, ...]]) -> Path:
    rows = references(n)
    return make_review(folder / "review", rows, records=register_rows(rows), **files)


def with_evidence(named: pd.Series | str) -> Framework:
    return dataclasses.replace(FRAMEWORK, items=FRAMEWORK.items.assign(evidence=named))
