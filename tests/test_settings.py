"""The analysis plan: every number has its reason, every override its place, every gate its boundary."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from compendium.faults import InvalidInput
from compendium.inputs import read_yaml
from compendium.paths import STUDY_PLAN
from compendium.plan import GATES, SampleGate, StudyPlan, checksums, judge, load_plan, merge
from compendium.plan_values import Noted, values_read
from compendium.wording import sentence

PUBLISHED_N, PUBLISHED_ITEMS = 91, 52

scalars = st.one_of(st.integers(), st.text(max_size=3))
trees = st.recursive(
    scalars, lambda inner: st.dictionaries(st.sampled_from("abcd"), inner, max_size=3), max_leaves=8
).filter(lambda tree: isinstance(tree, dict))


@pytest.fixture
def plan() -> StudyPlan:
    return load_plan()


def sourced(model: BaseModel) -> list[tuple[str, str]]:
    """Return the name and source of every threshold and gate below a model."""
    found = []
    for name, part in model:
        for key, each in part.items() if isinstance(part, dict) else [(name, part)]:
            if isinstance(each, BaseModel) and "source" in type(each).model_fields:
                found.append((key, each.source))
            elif isinstance(each, BaseModel):
                found += sourced(each)
    return found


def fault_of(overrides: dict[str, Any]) -> str:
    with pytest.raises(InvalidInput) as caught:
        load_plan(overrides)
    return caught.value.report()


# What was read


@pytest.fixture
def nothing_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("compendium.plan_values._read", set())


def test_what_is_read_of_the_plan_is_noted_value_by_value(nothing_read, plan):
    assert values_read() == []  # loading it reads nothing
    part = plan.selection
    assert values_read() == []
    assert part.fairness.value > 0 and plan.seed and plan.gates["item_rule"]
    assert values_read() == ["gates.item_rule", "seed", "selection.fairness"]


@pytest.mark.parametrize("handed_on", [pickle.dumps, copy.deepcopy, vars, list, repr, hash, Noted.model_dump])
def test_a_part_that_is_handed_on_was_read_whole(nothing_read, plan, handed_on):
    handed_on(plan.disclosure)
    assert values_read() == [f"disclosure.{name}" for name in ("minimum_group", "minimum_raters", "minimum_team")]


def test_a_plan_that_is_handed_on_was_read_whole(nothing_read, plan):
    pickle.dumps(plan)
    assert {"seed", "gates.careless", "selection.size", "disclosure.minimum_team"} <= set(values_read())
    assert set(checksums()) <= set(values_read())


def test_one_value_changed_has_one_other_checksum(tmp_path):
    before, edited = checksums(), tmp_path / "study.yaml"
    edited.write_text(STUDY_PLAN.read_text().replace("fairness: {value: 0.02", "fairness: {value: 0.03", 1))
    after = checksums(path=edited)
    assert [name for name, total in after.items() if total != before[name]] == ["selection.fairness"]
    assert list(after) == list(before)


def test_every_part_of_the_plan_is_a_class_of_its_own():
    parts = [field.annotation for field in StudyPlan.model_fields.values()]
    parts = [part for part in parts if isinstance(part, type) and issubclass(part, Noted)]
    assert len(parts) == len(set(parts)) > 20
    mappings = [name for name, content in read_yaml(STUDY_PLAN).items() if isinstance(content, dict)]
    named = {name for name, field in StudyPlan.model_fields.items() if field.annotation in parts}
    assert set(mappings) - named == {"families", "confidence", "alpha_level"}  # read as one value each


# The plan itself


def test_every_threshold_and_gate_has_a_source(plan):
    found = sourced(plan)
    numbers = STUDY_PLAN.read_text().count("value:") + len(GATES)
    assert len(found) == numbers
    assert [name for name, source in found if len(source.split()) < 3] == []


def test_threshold_without_a_source_is_refused():
    report = fault_of({"confidence": {"value": 0.9, "source": ""}})
    assert "confidence.source" in report


@pytest.mark.parametrize(
    "overrides",
    [
        {"confidence": {"value": 95}},
        {"alpha_level": {"value": -0.05}},
        {"resampling": {"bootstrap": {"value": 0}}},
        {"disclosure": {"minimum_group": {"value": 0}}},
        {"gates": {"item_rule": {"minimum_n": -1}}},
        {"seed": "tomorrow"},
    ],
)
def test_number_out_of_range_is_refused(overrides):
    assert "study.yaml" in fault_of(overrides)


def limit(name: str, value: float, controller: str = "") -> dict[str, Any]:
    return {"disclosure": {name: {"value": value, "source": "our own wish", "controller": controller}}}


REASON = "Data protection officer, 3 May: all groups are published by name already"


@pytest.mark.parametrize(
    ("name", "value", "controller"),
    [
        ("minimum_group", 1, ""),
        ("minimum_group", 1, REASON),
        ("minimum_group", 4, REASON),
        ("minimum_group", 9, ""),
        ("minimum_group", 9, "because"),
        ("minimum_team", 1, REASON),
        ("minimum_team", 9, ""),
        ("minimum_raters", 1, REASON),
        ("minimum_raters", 2, REASON),
    ],
)
def test_limit_under_which_people_can_be_recognised_is_refused(name, value, controller):
    assert f"disclosure.{name}" in fault_of(limit(name, value, controller))


def test_written_reason_of_the_controller_lowers_a_limit_and_is_printed():
    assert load_plan(limit("minimum_group", 5, REASON)).disclosure.lowered == [
        "The limit of people in a group is 5 in this cohort instead of 10. The data controller's reason: "
        "Data protection officer, 3 May\\: all groups are published by name already"
    ]
    assert load_plan(limit("minimum_group", 30)).disclosure.lowered == []


@pytest.mark.parametrize("decision", ["drop", "note"])
def test_check_drops_an_item_or_notes_it(decision):
    plan = load_plan({"selection": {"relevance": {"decision": decision}}})
    assert plan.selection.relevance.decision == decision
    assert plan.selection.relevance.value == load_plan().selection.relevance.value


def test_check_knows_no_third_decision():
    assert "selection.relevance.decision" in fault_of({"selection": {"relevance": {"decision": "review"}}})


def test_check_has_to_say_what_it_decides(tmp_path: Path):
    text = yaml.safe_load(STUDY_PLAN.read_text())
    text["selection"]["loading"].pop("decision")
    path = tmp_path / "study.yaml"
    path.write_text(yaml.safe_dump(text))
    with pytest.raises(InvalidInput, match=r"selection\.loading\.decision"):
        load_plan(path=path)


@pytest.mark.parametrize("block", ["fairness", "invariance"])
def test_groupings_are_a_list_of_names(block):
    assert f"{block}.groupings" in fault_of({block: {"groupings": "gender"}})
    assert getattr(load_plan({block: {"groupings": ["gender"]}}), block).groupings == ["gender"]


def test_item_numbers_of_the_plan_can_be_kept_together(plan):
    numbers = plan.selection
    competencies = 8
    assert competencies * numbers.minimum_per_competency.value <= numbers.size.value
    assert numbers.size.value <= competencies * numbers.maximum_per_competency.value


def test_unknown_key_is_named_with_the_one_it_looks_like():
    report = fault_of({"confidnce": {"value": 0.9, "source": "a slip"}})
    assert "confidnce" in report
    assert "did you mean 'confidence'?" in report


def test_unknown_nested_key_is_named_with_its_place():
    report = fault_of({"scoring": {"minimum_anwered": {"value": 0.8, "source": "a slip"}}})
    assert "scoring.minimum_anwered" in report
    assert "did you mean 'minimum_answered'?" in report


def test_unknown_gate_is_named_with_the_one_it_looks_like():
    report = fault_of({"gates": {"factor_analysys": {"minimum_n": 100, "source": "a slip of the pen"}}})
    assert "gates.factor_analysys" in report
    assert "did you mean 'factor_analysis'?" in report


def test_plan_without_a_gate_is_refused(tmp_path: Path):
    content = yaml.safe_load(STUDY_PLAN.read_text())
    del content["gates"]["regression"]
    path = tmp_path / "study.yaml"
    path.write_text(yaml.safe_dump(content))
    with pytest.raises(InvalidInput, match=r"gates\.regression"):
        load_plan(path=path)


# Overrides


def test_override_changes_what_it_names_and_nothing_else(plan):
    changed = load_plan({"gates": {"item_rule": {"minimum_n": 80, "source": "pilot study"}}})
    assert (changed.gates["item_rule"].minimum_n, changed.gates["item_rule"].source) == (80, "pilot study")
    back = changed.model_dump() | {"gates": plan.model_dump()["gates"]}
    assert back == plan.model_dump()
    assert [name for name in GATES if changed.gates[name] != plan.gates[name]] == ["item_rule"]


@settings(deadline=None)
@given(trees)
def test_merging_nothing_or_itself_changes_nothing(tree):
    assert merge(tree, {}) == merge(tree, tree) == merge({}, tree) == tree


@settings(deadline=None)
@given(trees, trees)
def test_override_wins_and_nothing_is_lost(base, overrides):
    before = repr(base)
    merged = merge(base, overrides)
    assert merged.keys() == base.keys() | overrides.keys()
    assert merge(merged, overrides) == merged
    for key, value in overrides.items():
        if not isinstance(value, dict):
            assert merged[key] == value
    assert repr(base) == before


# Gates


def test_published_sample_cannot_carry_a_factor_analysis(plan):
    """Lewis et al. 2024: 91 people, 52 items; five persons an item would be 260."""
    verdict = judge(plan, "factor_analysis", PUBLISHED_N, PUBLISHED_ITEMS)
    assert (verdict.supported, verdict.needed) == (False, 260)
    assert sentence(verdict.finding) == "not supported at n = 91 people, would need 260"


@pytest.mark.parametrize(
    ("gate", "items", "needed"),
    [
        ("factor_analysis", 52, 260),
        ("factor_analysis", 40, 200),
        ("factor_analysis", 8, 200),
        ("regression", 8, 112),
        ("item_rule", 52, 50),
    ],
)
def test_gate_opens_exactly_at_its_boundary(plan, gate, items, needed):
    assert plan.gates[gate].needed(items) == needed
    assert not judge(plan, gate, needed - 1, items).supported
    assert judge(plan, gate, needed, items).supported


def test_needed_number_is_rounded_up():
    gate = SampleGate(minimum_n=1, persons_per_item=2.5, source="by hand")
    assert gate.needed(3) == 8


@settings(deadline=None)
@given(st.integers(0, 300), st.floats(0, 10), st.integers(0, 100))
def test_sum_never_needs_less_than_the_larger(minimum, each, items):
    larger, summed = (
        SampleGate(minimum_n=minimum, persons_per_item=each, combine=how, source="by hand") for how in ("larger", "sum")
    )
    assert summed.needed(items) >= larger.needed(items) >= minimum
    assert larger.needed(items) >= each * items


def test_verdict_is_a_sentence(plan):
    assert sentence(judge(plan, "item_rule", 50).finding) == "supported at n = 50 people (needs 50)"
    assert sentence(judge(plan, "mixed_model", 12).finding) == "not supported at n = 12 rated people, would need 30"
    missing = judge(plan, "association", None)
    assert not missing.supported
    assert sentence(missing.finding) == "not possible, since what it needs was not collected in this cohort"
