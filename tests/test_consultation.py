"""The consultation: content validity against printed tables, refusals, and a synthetic one that repeats itself."""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd
import pytest
from review_folder import append_row

from compendium import consultation
from compendium.faults import InvalidInput
from compendium.framework import load_framework
from compendium.paths import CONSULTATION
from compendium.report.figures.evidence import content_validity_dots
from compendium.run import cli

FRAMEWORK = load_framework("integrated-care")


def test_scale_indices_come_by_competency() -> None:
    items = consultation.item_content_validity(pd.DataFrame([[4, 4, 3], [4, 1, 4], [4, 4, 4], [1, 1, 1]]))
    parts = consultation.scales_content_validity(items, pd.Series(["x", "x", "y", "y"]))
    assert parts["average"].to_dict() == pytest.approx({"x": 5 / 6, "y": 0.5})


def _ratings(positive: int, raters: int) -> pd.DataFrame:
    return pd.DataFrame([[4] * positive + [1] * (raters - positive)], index=["item"], dtype=float)


def test_verdicts_hold_seven_of_nine_to_be_enough_and_ask_few_raters_to_agree() -> None:
    relevance = pd.concat([_ratings(7, 9), _ratings(6, 9), _ratings(9, 9), _ratings(4, 5)])
    relevance.index = pd.Index(["seven", "six", "all", "few"])
    clarity = pd.concat([_ratings(9, 9), _ratings(9, 9), _ratings(5, 9), _ratings(5, 5)])
    clarity.index = relevance.index
    verdicts = consultation.item_verdicts(
        consultation.item_content_validity(relevance), consultation.item_content_validity(clarity), minimum=0.78
    )
    assert verdicts["verdict"].to_dict() == {"seven": "keep", "six": "question", "all": "reword", "few": "question"}


# The synthetic consultation


def test_the_synthetic_consultation_is_the_committed_one_byte_for_byte(tmp_path: Path) -> None:
    consultation.write_synthetic_consultation(tmp_path, FRAMEWORK)
    for path in tmp_path.iterdir():
        assert path.read_bytes() == (CONSULTATION / path.name).read_bytes(), path.name


def test_the_synthetic_consultation_says_so_and_covers_every_item() -> None:
    held = consultation.load_consultation(FRAMEWORK)
    assert held.description.kind == "synthetic"
    assert "ynthetic" in held.description.notice
    assert list(held.matrix("relevance").index) == list(FRAMEWORK.items.index)


def test_remote_items_come_out_less_relevant_than_final_ones() -> None:
    held = consultation.load_consultation(FRAMEWORK)
    index = consultation.item_content_validity(held.matrix("relevance"))["i_cvi"]
    remote = ["person_08", "roles_08", "learning_07", "learning_08"]
    assert index[remote].max() < 0.78
    assert index[FRAMEWORK.items["status"] == "final"].mean() > 0.95


def test_changes_tell_before_and_after_and_end_with_the_framework() -> None:
    changes = consultation.change_log(consultation.load_consultation(FRAMEWORK))
    assert len(changes) > 5
    assert (changes["before"] != changes["after"]).all()
    assert (changes["after"] == changes["item"].map(FRAMEWORK.items["self_wording"])).all()


def test_comments_are_counted_by_group_and_type() -> None:
    held = consultation.load_consultation(FRAMEWORK)
    counts = consultation.comment_counts(held)
    assert counts.to_numpy().sum() == len(held.comments)
    assert list(counts.index) == list(held.description.groups)


def test_the_picture_has_every_item_twice() -> None:
    held = consultation.load_consultation(FRAMEWORK)
    indices = {name: consultation.item_content_validity(held.matrix(name)) for name in ("relevance", "clarity")}
    verdicts = consultation.item_verdicts(indices["relevance"], indices["clarity"], minimum=0.78)
    figure = content_validity_dots(verdicts, FRAMEWORK.items["competency"], 0.78, FRAMEWORK.labels)
    figure.canvas.draw()
    drawn = sum(len(points.get_offsets()) for points in figure.axes[0].collections)
    assert drawn == 2 * len(FRAMEWORK.items)


def test_demo_data_writes_the_consultation_for_every_item_of_the_framework(monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[tuple[Path, list[str]]] = []
    monkeypatch.setattr("compendium.simulate.write_demo_cohorts", lambda: None)
    monkeypatch.setattr(
        consultation,
        "write_synthetic_consultation",
        lambda folder, framework: written.append((folder, list(framework.items.index))),
    )
    cli.demo_data()
    assert written == [(CONSULTATION, list(FRAMEWORK.items.index))]


# Refusals


REFUSED: dict[str, tuple[str, tuple[str, ...], str]] = {
    "unknown item": ("relevance", ("rater_1", "person_99", "4", "4"), "unknown item"),
    "rated twice": ("relevance", ("rater_1", "person_01", "4", "4"), "rated the item twice"),
    "off the scale": ("relevance", ("rater_77", "person_01", "5", "4"), "not a rating"),
    "in words": ("relevance", ("rater_77", "person_01", "4", "clear"), "not a rating"),
    "nobody": ("relevance", ("", "person_01", "4", "4"), "without a rater"),
    "unknown group": ("focus_groups", ("group_9", "person_01", "jargon", "x", "none"), "unknown group"),
    "unknown type": ("focus_groups", ("group_1", "person_01", "dull", "x", "none"), "not a type"),
    "unknown change": ("focus_groups", ("group_1", "person_01", "jargon", "x", "burned"), "not a kind of change"),
    "version out of order": ("changes", ("person_02", "3", "x", "x", ""), "not counted"),
    "stale wording": ("changes", ("person_02", "1", "Some other wording.", "x", ""), "last wording is not"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_fault_is_named_with_its_file_and_row(tmp_path: Path, case: str) -> None:
    name, row, problem = REFUSED[case]
    folder = Path(shutil.copytree(CONSULTATION, tmp_path / "consultation"))
    number = append_row(folder / f"{name}.csv", row)
    with pytest.raises(InvalidInput) as error:
        consultation.load_consultation(FRAMEWORK, folder)
    hits = [fault for fault in error.value.faults if problem in fault.problem]
    assert [(Path(fault.file).name, fault.row) for fault in hits] == [(f"{name}.csv", number)]
