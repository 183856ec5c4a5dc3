"""The consultation: content validity against printed tables, refusals, and a synthetic one that repeats itself."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from review_folder import append_row

from compendium import consultation
from compendium.faults import InvalidInput
from compendium.framework import load_framework
from compendium.paths import CONSULTATION
from compendium.report.figures.evidence import content_validity_dots
from compendium.run import cli

FRAMEWORK = load_framework("integrated-care")
CLOSED_FORM = 1e-10
# The tables print two or three digits, the last of them not always rounded the same way.
PRINTED_TWO, PRINTED_THREE = 0.011, 0.0005

# Polit, Beck & Owen 2007, table 4: raters, raters who call the item relevant, I-CVI, chance agreement, modified kappa.
POLIT = [
    (3, 3, 1.00, 0.125, 1.00),
    (3, 2, 0.67, 0.375, 0.47),
    (4, 4, 1.00, 0.063, 1.00),
    (4, 3, 0.75, 0.25, 0.67),
    (5, 5, 1.00, 0.041, 1.00),
    (5, 4, 0.80, 0.156, 0.76),
    (6, 6, 1.00, 0.016, 1.00),
    (6, 5, 0.83, 0.094, 0.81),
    (7, 7, 1.00, 0.008, 1.00),
    (7, 6, 0.86, 0.055, 0.85),
    (8, 8, 1.00, 0.004, 1.00),
    (8, 7, 0.88, 0.031, 0.87),
    (8, 6, 0.75, 0.109, 0.72),
    (9, 9, 1.00, 0.002, 1.00),
    (9, 8, 0.89, 0.018, 0.89),
    (9, 7, 0.78, 0.070, 0.76),
]
# Ayre & Scally 2014, table 2: critical ratio by number of raters, one-tailed .05, exact binomial.
AYRE_AND_SCALLY = {5: 1.0, 6: 1.0, 7: 1.0, 8: 0.75, 9: 0.778, 10: 0.8, 11: 0.636, 12: 0.667, 15: 0.6, 20: 0.5, 40: 0.3}


def _ratings(positive: int, raters: int, high: int = 4) -> pd.DataFrame:
    return pd.DataFrame([[high] * positive + [1] * (raters - positive)], index=["item"], dtype=float)


@pytest.mark.parametrize(("raters", "positive", "i_cvi", "chance", "kappa"), POLIT)
def test_content_validity_matches_polit_beck_and_owen(
    raters: int, positive: int, i_cvi: float, chance: float, kappa: float
) -> None:
    found = consultation.item_content_validity(_ratings(positive, raters)).loc["item"]
    assert found["i_cvi"] == pytest.approx(i_cvi, abs=PRINTED_TWO)
    assert found["chance_agreement"] == pytest.approx(chance, abs=PRINTED_TWO)
    assert found["modified_kappa"] == pytest.approx(kappa, abs=PRINTED_TWO)


@pytest.mark.parametrize(("raters", "critical"), AYRE_AND_SCALLY.items())
def test_critical_ratios_match_ayre_and_scally(raters: int, critical: float) -> None:
    assert consultation.critical_content_validity_ratio(raters) == pytest.approx(critical, abs=PRINTED_THREE)


def test_too_few_raters_have_no_critical_ratio() -> None:
    assert np.isnan(consultation.critical_content_validity_ratio(4))


@pytest.mark.parametrize(("essential", "ratio"), [(0, -1.0), (5, 0.0), (8, 0.6), (10, 1.0)])
def test_content_validity_ratio_follows_lawshe(essential: int, ratio: float) -> None:
    found = consultation.content_validity_ratio(_ratings(essential, 10)).loc["item"]
    assert found["cvr"] == pytest.approx(ratio, abs=CLOSED_FORM)
    assert found["reached"] == (essential >= 9)


@given(raters=st.integers(2, 40), share=st.floats(0, 1))
def test_the_ratio_is_twice_the_index_less_one(raters: int, share: float) -> None:
    ratings = _ratings(round(share * raters), raters)
    index = consultation.item_content_validity(ratings, positive_from=4)["i_cvi"]
    ratio = consultation.content_validity_ratio(ratings, essential_from=4)["cvr"]
    assert ratio["item"] == pytest.approx(2 * index["item"] - 1, abs=CLOSED_FORM)


def test_the_interval_is_wilsons() -> None:
    found = consultation.item_content_validity(_ratings(7, 9)).loc["item"]
    z, n, p = 1.959963984540054, 9, 7 / 9
    centre, reach = p + z**2 / (2 * n), z * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    bounds = [(centre - reach) / (1 + z**2 / n), (centre + reach) / (1 + z**2 / n)]
    assert [found["lower"], found["upper"]] == pytest.approx(bounds, abs=CLOSED_FORM)


def test_blank_ratings_leave_the_item_with_fewer_raters() -> None:
    ratings = pd.DataFrame([[4, 4, np.nan], [4, 1, 1]], index=["a", "b"])
    found = consultation.item_content_validity(ratings)
    assert found["raters"].tolist() == [2, 3]
    assert found["i_cvi"].tolist() == pytest.approx([1, 1 / 3])


def test_an_item_without_ratings_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="no rating of b"):
        consultation.item_content_validity(pd.DataFrame([[4.0], [np.nan]], index=["a", "b"]))


def test_scale_indices_are_mean_and_share_of_unanimous_items() -> None:
    items = consultation.item_content_validity(pd.DataFrame([[4, 4, 3], [4, 1, 4], [4, 4, 4], [1, 1, 1]]))
    whole = consultation.scale_content_validity(items)
    assert whole.average == pytest.approx((1 + 2 / 3 + 1 + 0) / 4, abs=CLOSED_FORM)
    assert whole.universal_agreement == 0.5
    parts = consultation.scales_content_validity(items, pd.Series(["x", "x", "y", "y"]))
    assert parts["average"].to_dict() == pytest.approx({"x": 5 / 6, "y": 0.5})


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
