"""Malformed cohorts of every kind get a report, or are read rightly: no traceback, no hang, nothing silent.

``make test`` runs a part of the battery that takes in every kind; ``make battery`` (BATTERY=all) runs all of it.
"""

from __future__ import annotations

import os
import types
import typing
from collections import defaultdict
from pathlib import Path

import pytest
from battery import ENTRIES, SOUND, Case, keys_of, part_of, write_sound
from battery_run import all_cases, outcome_of
from pydantic import BaseModel, ValidationError
from small_study import small_study

from compendium.cohort.schema import CohortSettings
from compendium.plan import StudyPlan
from compendium.study import validate
from compendium.thresholds import Threshold

WHOLE = os.environ.get("BATTERY") == "all"
OF_EACH_KIND = 3


def chosen() -> list[Case]:
    """Return every case, or a few of each kind spread over it."""
    kinds: dict[str, list[Case]] = defaultdict(list)
    for case in all_cases():
        kinds[case.kind].append(case)
    if WHOLE:
        return [case for cases in kinds.values() for case in cases]
    return [case for cases in kinds.values() for case in cases[:: max(1, len(cases) // OF_EACH_KIND)][:OF_EACH_KIND]]


def test_battery_is_large_and_names_each_case_once() -> None:
    names = [(case.kind, case.name) for case in all_cases()]
    assert len(names) >= 600
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("case", chosen(), ids=lambda case: f"{case.kind}: {case.name}"[:80])
def test_malformed_cohort_is_reported_or_read_rightly(case: Case, tmp_path: Path) -> None:
    outcome, words = outcome_of(case, tmp_path / "study")
    assert outcome in ("report", "read"), f"{outcome}: {words}"


def test_no_number_of_the_plan_may_be_huge() -> None:
    """Resamples without end never end; a shift of a billion standard deviations is a slip."""
    numbers = {place: kind for place, kind in keys_of(StudyPlan) if is_model(kind) and issubclass(kind, Threshold)}
    assert len(numbers) > 50
    for place, kind in numbers.items():
        more = {"decision": "note"} if "decision" in kind.model_fields else {}
        with pytest.raises(ValidationError, match=r"less than or equal to"):
            kind.model_validate({"value": 1e12, "source": "a test", **more})
            pytest.fail(".".join(place))


def is_model(part: object) -> bool:
    return isinstance(part, type) and issubclass(part, BaseModel)


def test_every_part_that_may_be_left_out_has_a_sound_example() -> None:
    """A new one without an example fails here: its keys would be spoilt within nothing, and prove nothing."""
    for place, annotation in keys_of(CohortSettings):
        inner = typing.get_args(annotation)
        if not any(map(is_model, inner)) or place[0] == "study":
            continue
        if types.NoneType not in inner:  # a mapping or a list of the user's own entries
            assert place in ENTRIES, place
        assert place in SOUND or part_of(place) or place == ("groups",), place


@pytest.mark.parametrize("part", SOUND, ids=".".join)
def test_sound_example_is_sound(part: tuple[str, ...], tmp_path: Path) -> None:
    study = small_study(tmp_path)
    write_sound(study, part)
    validate(study.folder, frameworks=study.frameworks)
