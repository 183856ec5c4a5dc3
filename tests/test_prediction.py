"""What validation says of a run beforehand: of each grouping and each gate why, or why not."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from shapes import Shape, write_shape

from compendium.run.prediction import predict

pytestmark = pytest.mark.slow
LEVELS = ("North", "South")
SHAPE = Shape(
    "groups", people=110, outcomes=0, seed=2, numbers=("age",),
    groupings=(("house", LEVELS), ("shift", LEVELS), ("site", LEVELS), ("firm", ("A", "B", "C", "D"))),
)  # fmt: skip


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[bool, str]]:
    folder = write_shape(SHAPE, tmp_path_factory.mktemp("groups"))
    path: Path = folder / "cohort.yaml"
    settings = yaml.safe_load(path.read_text(encoding="utf-8"))
    settings["groups"]["shift"]["role"] = "describe"
    settings["groups"]["site"]["role"] = "cluster"
    least = {"value": 50, "source": "a test: there are 55 people in each house"}
    settings["study"] |= {"fairness": {"smallest_group": least}, "invariance": {"smallest_group": least}}
    path.write_text(yaml.safe_dump(settings), encoding="utf-8")
    table = predict(str(folder)).query("part in ('grouping', 'gate')")
    restricted = dict(settings["study"])
    for key in ("fairness", "invariance"):
        restricted[key] = {**restricted[key], "groupings": ["firm"]}
    path.write_text(yaml.safe_dump({**settings, "study": restricted}), encoding="utf-8")
    other = predict(str(folder)).query("part == 'grouping' and name == 'house'").assign(name="house, not planned")
    rows = [*table.itertuples(index=False), *other.itertuples(index=False)]
    return {row.name: (row.expected, row.why) for row in rows}


@pytest.mark.parametrize(
    ("name", "expected", "why"),
    [
        ("house", True, ""),
        ("shift", False, "its role is to be described"),
        ("site", False, "its role is to say who belongs together"),
        ("firm", False, "too small"),
        ("age", False, "a number"),
        ("house, not planned", False, "not in the plan"),
    ],
)
def test_each_reason_not_to_compare_a_grouping_is_a_sentence_of_its_own(
    said: dict[str, tuple[bool, str]], name: str, expected: bool, why: str
) -> None:
    assert said[name][0] is expected
    assert said[name][1].startswith(why)
    assert bool(said[name][1]) is not expected


@pytest.mark.parametrize(
    ("gate", "why"),
    [
        ("association", "no outcome of people's own was collected"),
        ("cross_source", "no outcome of people's own was collected"),
        ("latent_outcomes", "no outcome of people's own was collected"),
        ("mixed_model", "no ratings by colleagues were collected"),
        ("two_level", "no grouping says which people belong together"),
    ],
)
def test_a_gate_names_what_was_not_collected(said: dict[str, tuple[bool, str]], gate: str, why: str) -> None:
    assert said[gate] == (False, f"not possible, since {why} in this cohort")
