"""Waves come in through one column or a file each; whatever cannot be one person, one item or one group is told."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_study import SmallStudy, small_study

from compendium.cohort.waves import identity_key

WAVES = {"column": "wave", "in_order": {1: {"label": "Spring"}, 2: {"label": "Autumn"}}}


@pytest.fixture
def study(tmp_path: Path) -> SmallStudy:
    """Return a study of two waves in one file: 60 people first, 50 of them again."""
    found = small_study(tmp_path)
    del found.settings["files"]["peer"], found.settings["peer_outcomes"]
    found.settings["waves"] = deepcopy(WAVES)
    again = found.own.iloc[:50].assign(wave="2")
    found.own = pd.concat([found.own.assign(wave="1"), again], ignore_index=True)
    return found


def in_files(study: SmallStudy) -> SmallStudy:
    """Give the first wave a file of its own."""
    by_wave = dict(tuple(study.own.groupby("wave")))
    study.folder.mkdir(exist_ok=True)
    by_wave["1"].drop(columns="wave").to_csv(study.folder / "first.csv", index=False)
    study.own = by_wave["2"].drop(columns="wave")
    study.settings["waves"] = {"in_order": {1: {"label": "Spring", "self": "first.csv"}, 2: {"label": "Autumn"}}}
    return study


@pytest.mark.parametrize("arranged", [lambda study: study, in_files], ids=["column", "files"])
def test_the_study_is_about_the_last_wave_and_the_same_person_has_one_pseudonym(study, arranged):
    cohort = arranged(study).load()
    assert len(cohort.answers) == 50
    assert list(cohort.waves) == ["1"]
    assert len(cohort.waves["1"].answers) == 60
    assert set(cohort.answers.index) <= set(cohort.waves["1"].answers.index)
    pd.testing.assert_frame_equal(cohort.answers, cohort.waves["1"].answers.loc[cohort.answers.index])


def test_another_wave_can_be_studied(study):
    study.settings["waves"]["studied"] = 1
    cohort = study.load()
    assert (len(cohort.answers), list(cohort.waves)) == (60, ["2"])


def test_an_id_twice_within_a_wave_is_a_fault_in_whichever_wave(study):
    for row, wave in ((1, "1"), (61, "2")):
        spoilt = small_copy(study)
        spoilt.own = pd.concat([spoilt.own, spoilt.own.iloc[[row]].assign(wave=wave)], ignore_index=True)
        faults = spoilt.faults()
        assert [fault.column for fault in faults] == ["person_id"], wave


def small_copy(study: SmallStudy) -> SmallStudy:
    return SmallStudy(study.root, deepcopy(study.settings), study.own.copy(), study.peers)


@pytest.mark.parametrize("cell", ["3", "first", ""])
def test_a_row_of_no_declared_wave_is_told_once_with_its_row(study, cell):
    study.own.loc[4, "wave"] = cell
    fault = study.only_fault()
    assert (fault.row, fault.column) == (6, "wave")


@pytest.mark.parametrize("spelling", ["P01", "p1", "p-01", "p 01", "p\u030101", "p01.0"])
def test_a_person_under_two_spellings_is_reported_and_not_joined(study, spelling):
    study.own.loc[60, "person_id"] = spelling
    fault = study.only_fault()
    assert "this may be one person" in fault.problem
    assert (fault.row, fault.column) == (62, "person_id")
    study.settings["accepted"] = [{"finding": "identity", "reason": "asked both of them"}]
    cohort = study.load()
    assert len(cohort.answers.index.difference(cohort.waves["1"].answers.index)) == 1


@pytest.mark.parametrize(
    ("spelt", "cause"),
    [
        (lambda name: f"p{int(name[1:])}", "zeros in front"),
        (lambda name: f"p0{name[1:]}", "zeros in front"),
        (str.upper, "capitals"),
        (lambda name: name.upper() if name < "p30" else f"p0{name[1:]}", "more than one thing"),
    ],
    ids=["some", "all", "capitals", "mixed"],
)
def test_many_ids_that_one_cause_changed_are_one_report(study, spelt, cause):
    later = study.own["wave"] == "2"
    study.own.loc[later, "person_id"] = study.own.loc[later, "person_id"].map(spelt)
    changed = (study.own.loc[later, "person_id"].to_numpy() != study.own.loc[~later, "person_id"].iloc[:50]).sum()
    fault = study.only_fault()
    assert f"{changed} people" in fault.problem
    assert cause in fault.action


def test_two_people_of_one_wave_whose_ids_look_alike_are_two_people(study):
    study.own.loc[study.own["person_id"] == "p02", "person_id"] = "p-01"
    assert study.faults() == ()


@given(st.text("abxyzäöü", min_size=1, max_size=4), st.integers(0, 999))
def test_spellings_of_one_id_have_one_key_and_other_ids_others(name, number):
    one = identity_key(f"{name}{number}")
    assert one == identity_key(f" {name.upper()}-{number:04d} ") == identity_key(f"{name}_{number}.0")
    assert one != identity_key(f"{name}{number + 1}")
    assert one != identity_key(f"{name}q{number}")


def test_items_that_one_wave_did_not_ask_are_missing_there_and_no_fault(study):
    study = in_files(study)
    first = pd.read_csv(study.folder / "first.csv", dtype=str).drop(columns="share_2")
    first.to_csv(study.folder / "first.csv", index=False)
    cohort = study.load()
    assert cohort.waves["1"].answers["share_2"].isna().all()
    assert cohort.answers["share_2"].notna().any()


def test_a_misspelt_column_of_another_wave_is_no_other_item(study):
    study = in_files(study)
    first = pd.read_csv(study.folder / "first.csv", dtype=str).rename(columns={"share_2": "shared_2"})
    first.to_csv(study.folder / "first.csv", index=False)
    fault = study.only_fault()
    assert (fault.column, "share_2" in fault.action) == ("shared_2", True)


def test_waves_without_a_common_person_or_item_are_no_waves(study):
    strangers = small_copy(study)
    strangers.own.loc[strangers.own["wave"] == "2", "person_id"] = [f"q{number}x" for number in range(50)]
    assert "nobody of wave 1" in strangers.only_fault().problem
    other = in_files(study)
    columns = ["person_id", "agency", "grade", "tenure"]
    pd.read_csv(other.folder / "first.csv", dtype=str)[columns].to_csv(other.folder / "first.csv", index=False)
    assert "shares no item" in other.only_fault().problem


def test_labels_that_two_waves_write_differently_are_told(study):
    second = study.own["wave"] == "2"
    spelt = small_copy(study)
    spelt.own.loc[second, "agency"] = spelt.own.loc[second, "agency"].replace("North", "north ")
    assert "in two waves" in " ".join(fault.problem for fault in spelt.faults())
    renamed = small_copy(study)
    renamed.own.loc[second, "agency"] = renamed.own.loc[second, "agency"].replace("North", "Upper")
    assert "everybody of 'North' in wave 1 is in 'Upper' in wave 2" in renamed.only_fault().problem
    renamed.settings["accepted"] = [{"finding": "renamed", "reason": "the agency was closed"}]
    assert renamed.faults() == ()


def test_a_person_who_moves_is_no_renamed_label(study):
    study.own.loc[60:64, "agency"] = "South"
    assert study.faults() == ()


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"in_order": {1: {"label": "Spring"}}}, "waves.in_order"),
        ({"studied": 3}, "waves.studied"),
        ({"column": None}, "waves.in_order.1"),
        ({"in_order": {1: {"label": "A"}, 2: {"label": "a"}}}, "waves.in_order"),
        ({"in_order": {1: {"label": "A", "self": "self.csv"}, 2: {"label": "B"}}}, "waves.in_order.1"),
        ({"anchor": {"column": "better", "minimum": -2, "maximum": 2, "smallest": [3]}}, "waves.anchor.smallest"),
        ({"colum": "wave"}, "waves.colum"),
    ],
)
def test_a_description_of_waves_that_cannot_be_true_names_its_key(study, change, key):
    study.settings["waves"] |= change
    assert key in [fault.key for fault in study.faults()]


def test_an_anchor_comes_in_by_its_codes(study):
    study.settings["waves"]["anchor"] = {"column": "better", "minimum": -2, "maximum": 2, "smallest": [1]}
    study.own["better"] = ""
    study.own.loc[60:, "better"] = "1"
    assert study.load().anchor.eq(1).all()
    study.own.loc[70, "better"] = "7"
    fault = study.only_fault()
    assert (fault.row, fault.column, fault.value) == (72, "better", "7")
