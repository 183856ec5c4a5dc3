"""A framework is read as data, and every fault in its files is named."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
import yaml
from small_study import FRAMEWORK, write_framework

from compendium.faults import Fault, InvalidInput
from compendium.framework import load_framework, locate_framework, new_framework, read_framework
from compendium.paths import FRAMEWORKS


@pytest.fixture
def home(tmp_path: Path) -> Path:
    write_framework(tmp_path / "mini")
    return tmp_path / "mini"


def faults_of(home: Path) -> tuple[Fault, ...]:
    with pytest.raises(InvalidInput) as caught:
        load_framework(home.name, home.parent)
    return caught.value.faults


def spoil(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


@pytest.mark.parametrize(
    ("name", "items", "reversed_items"), [("integrated-care", 72, 8), ("fevs2018", 15, 0), ("bfi", 25, 7)]
)
def test_shipped_framework_loads(name, items, reversed_items):
    framework = load_framework(name)
    assert len(framework.items) == items
    assert framework.items["reverse"].sum() == reversed_items
    assert framework.is_placeholder is (name == "integrated-care")


def test_shipped_placeholder_has_eight_competencies_and_52_final_items():
    framework = load_framework("integrated-care")
    assert len(framework.competencies) == 8
    assert len(framework.select("final").items) == 52
    assert {len(items) for items in framework.scales().values()} == {9}


def test_bfi_key_is_psychs():
    items = load_framework("bfi").items
    assert list(items.index[items["reverse"]]) == ["A1", "C4", "C5", "E1", "E2", "O2", "O5"]


def test_every_folder_of_frameworks_loads():
    for folder in FRAMEWORKS.iterdir():
        if folder.is_dir():
            assert load_framework(folder.name).description.id == folder.name


def test_scales_keep_the_order_of_the_framework(home):
    framework = load_framework("mini", home.parent)
    assert framework.scales() == {
        "listen": ["listen_1", "listen_2", "listen_3"],
        "share": ["share_1", "share_2", "share_3"],
    }
    assert framework.scales(["share_2", "share_1"]) == {"share": ["share_1", "share_2"]}
    assert "share_3" not in framework.select("final").items.index


def test_outcome_scales_go_by_respondent(home):
    framework = load_framework("mini", home.parent)
    both = ["engagement", "satisfaction"]
    assert framework.outcome_scales("self", both) == {
        "engagement": ["engaged_1", "engaged_2"],
        "satisfaction": ["satisfied"],
    }
    assert framework.outcome_scales("rater", both) == {"engagement": ["engaged_1", "engaged_2"]}


def test_labels_cover_competencies_and_outcomes(home):
    labels = load_framework("mini", home.parent).labels
    assert labels == {
        "listen": "Listening",
        "share": "Sharing",
        "engagement": "Engagement",
        "satisfaction": "Satisfaction",
    }


@pytest.mark.parametrize(
    ("file", "old", "new", "column", "problem"),
    [
        ("items.csv", "share_2,share", "share_1,share", "item", "the item is named twice"),
        ("items.csv", "share_2,share", ",share", "item", "the item has no name"),
        ("items.csv", "share_2,share", "share_2,shore", "competency", "unknown competency"),
        ("items.csv", "They interrupt.,true", "They interrupt.,yes", "reverse", "not a direction"),
        ("items.csv", "false,,candidate", "false,,trial", "status", "not a status"),
        ("competencies.csv", "share,Sharing", "listen,Sharing", "competency", "the competency is named twice"),
        ("outcomes.csv", "satisfied,All", "engaged_1,All", "item", "the item is named twice"),
        ("outcomes.csv", "satisfied,All", "share_1,All", "item", "a competency item has this name"),
        ("outcomes.csv", "0,10,false,self", "0,ten,false,self", "maximum", "not a whole number"),
        ("outcomes.csv", "0,10,false,self", "0,10,false,peer", "respondent", "not a respondent"),
        ("outcomes.csv", "0,10,false,self", "0,10,no,self", "reverse", "not a direction"),
        ("outcomes.csv", "0,10,false,self", "10,0,false,self", "maximum", "not above the lowest code"),
        ("outcomes.csv", "engagement,Engagement,engaged_2", "engagement,Zeal,engaged_2", "label",
         "the scale has another label above"),
    ],
)  # fmt: skip
def test_wrong_row_is_named_with_its_place(home, file, old, new, column, problem):
    spoil(home / file, old, new)
    faults = [fault for fault in faults_of(home) if fault.problem == problem]
    assert [(Path(fault.file).name, fault.column) for fault in faults] == [(file, column)]
    lines = (home / file).read_text().splitlines()
    assert faults[0].row is not None
    assert faults[0].value is not None
    assert faults[0].value in lines[faults[0].row - 1]


def test_item_named_twice_names_the_second_row(home):
    spoil(home / "items.csv", "share_2,share", "share_1,share")
    (fault,) = faults_of(home)
    assert (fault.row, fault.value) == (6, "share_1")


@pytest.mark.parametrize(
    ("change", "key", "problem"),
    [
        ({"id": "other"}, "id", "the id is not the folder's name"),
        ({"kind": "draft"}, "kind", "Input should be 'placeholder', 'published' or 'instrument'"),
        ({"licens": "CC0"}, "licens", "unknown key"),
        ({"response_scale": {**FRAMEWORK["response_scale"], "not_applicable": 3}},
         "response_scale.not_applicable", "the code is also an answer"),
        ({"response_scale": {**FRAMEWORK["response_scale"], "maximum": 6}},
         "response_scale.labels", "not one label a code"),
    ],
)  # fmt: skip
def test_wrong_description_is_named_with_its_key(home, change, key, problem):
    (home / "framework.yaml").write_text(yaml.safe_dump({**FRAMEWORK, **change}))
    assert [(fault.key, fault.problem) for fault in faults_of(home)] == [(key, problem)]


def test_missing_and_unknown_columns_are_named(home):
    spoil(home / "items.csv", "item,competency,theme,", "item,competency,topic,")
    assert {(fault.column, fault.problem) for fault in faults_of(home)} == {
        ("theme", "the column is missing"),
        ("topic", "unknown column"),
    }


def test_every_file_is_reported(home):
    spoil(home / "framework.yaml", "kind: placeholder", "kind: draft")
    spoil(home / "items.csv", "share_2,share", "share_1,share")
    (home / "outcomes.csv").unlink()
    (home / "competencies.csv").write_bytes(b"")
    files = [Path(fault.file).name for fault in faults_of(home)]
    assert files == ["framework.yaml", "competencies.csv", "outcomes.csv"]


def test_faulty_rows_are_left_out_of_what_can_be_read(home):
    spoil(home / "items.csv", "share_2,share", "share_2,shore")
    reading = read_framework("mini", home.parent)
    assert reading.framework is not None
    assert "share_2" not in reading.framework.items.index
    assert reading.at_fault == {"share_2"}
    assert len(reading.faults) == 1


def test_outcomes_may_be_a_header_alone(home):
    header = (home / "outcomes.csv").read_text().splitlines()[0]
    (home / "outcomes.csv").write_text(header + "\n")
    framework = load_framework("mini", home.parent)
    assert framework.outcomes.empty
    assert framework.outcome_scales("self", ["engagement"]) == {}


def test_unknown_framework_suggests_the_nearest(home):
    (fault,) = faults_of(home.with_name("minni"))
    assert fault.action.startswith("did you mean 'mini'?")


def test_a_new_framework_validates_and_refuses_a_taken_name(tmp_path):
    folder = new_framework("ours", frameworks=tmp_path)
    made = load_framework("ours", tmp_path)
    assert (made.scale.maximum, len(made.items), made.total) == (7, 6, "mean")
    assert made.claims["satisfaction"].origin == "own"
    assert all(made.part(part) is None for part in ("evidence", "consultation", "feedback"))
    with pytest.raises(InvalidInput, match="the folder exists already"):
        new_framework("ours", frameworks=tmp_path)
    assert load_framework(locate_framework("./ours", tmp_path)).home == folder


def test_a_framework_of_two_directions_has_no_total(home):
    path = home / "competencies.csv"
    path.write_text("competency,label,definition,themes,higher_is\nlisten,L,d,,better\nshare,S,d,,worse\n")
    (fault,) = faults_of(home)
    assert fault.key == "whole"
    assert "point in different directions (better, worse)" in fault.problem
    text = (home / "framework.yaml").read_text()
    (home / "framework.yaml").write_text(text + "whole: {total: none}\n")
    assert load_framework("mini", home.parent).total == "none"


@pytest.mark.parametrize("points", [2, 4, 7, 11])
def test_answer_scales_of_two_to_eleven_points_are_read_item_by_item(home, points):
    description = yaml.safe_load((home / "framework.yaml").read_text())
    other = {"minimum": 0, "maximum": points - 1, "labels": {code: f"answer {code}" for code in range(points)}}
    (home / "framework.yaml").write_text(yaml.safe_dump(description | {"answer_scales": {"other": other}}))
    rows = (home / "items.csv").read_text().splitlines()
    rows = [f"{row},{name}" for row, name in zip(rows, ["answer_scale", "other", *[""] * 5], strict=True)]
    (home / "items.csv").write_text("\n".join(rows))
    made = load_framework("mini", home.parent)
    assert made.items.loc["listen_1", ["minimum", "maximum"]].tolist() == [0, points - 1]
    assert made.items.loc["listen_2", ["minimum", "maximum"]].tolist() == [1, 5]
    ends = pd.DataFrame({"listen_1": [0.0, points - 1.0], "listen_2": [1.0, 5.0]})
    assert made.on_one_scale(ends)["listen_1"].tolist() == [1.0, 5.0]


def test_a_scale_of_twelve_points_and_a_competency_of_one_item_are_refused(home):
    spoil(home / "items.csv", "share_2,share", "share_2,listen")
    spoil(home / "items.csv", "share_3,share", "share_3,listen")
    (fault,) = faults_of(home)
    assert "the competency has 1 items where 2 to 20 are supported" in fault.problem
    description = yaml.safe_load((home / "framework.yaml").read_text())
    description["response_scale"] |= {"maximum": 12, "not_applicable": 99}
    description["response_scale"]["labels"] = {code: str(code) for code in range(1, 13)}
    (home / "framework.yaml").write_text(yaml.safe_dump(description))
    assert any("12 points" in fault.problem for fault in faults_of(home))
