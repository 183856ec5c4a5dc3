"""What only a whole file shows is one sentence with its likely cause, and no advice that would damage the data."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_study import SmallStudy, small_study

from compendium.cohort import examine
from compendium.cohort.whole_files import spelling_keys, variants

ITEMS = ["listen_1", "listen_2", "listen_3", "share_1", "share_2", "share_3"]


@pytest.fixture
def study(tmp_path: Path) -> SmallStudy:
    return small_study(tmp_path)


def turned(table: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    return table.assign(**{column: 6 - table[column].astype(int) for column in columns})


def with_wide_answers(study: SmallStudy) -> SmallStudy:
    """Give self and peers answers of the same people's traits that use the whole scale."""
    draw = np.random.default_rng(5)
    trait = pd.Series(draw.normal(size=len(study.own)), index=study.own["person_id"])
    for table in (study.own, study.peers):
        level = trait.loc[table["person_id"]].to_numpy()
        for item in ITEMS:
            codes = np.clip(np.rint(3 + 1.2 * (level + draw.normal(0, 0.7, len(level)))), 1, 5).astype(int)
            table[item] = 6 - codes if item == "listen_3" else codes
    rated = study.own["person_id"].iloc[:40]
    study.peers = pd.concat([study.peers, study.peers]).reset_index(drop=True).iloc[: 2 * len(rated)]
    study.peers["person_id"] = [*rated, *rated]
    study.peers["rater_id"] = [f"r{number}" for number in range(len(study.peers))]
    for item in ITEMS:
        level = trait.loc[study.peers["person_id"]].to_numpy()
        codes = np.clip(np.rint(3 + 1.2 * (level + draw.normal(0, 0.7, len(level)))), 1, 5).astype(int)
        study.peers[item] = 6 - codes if item == "listen_3" else codes
    return study


def test_sound_files_have_no_finding(study):
    assert with_wide_answers(study).faults() == ()


@pytest.mark.parametrize(("shift", "told"), [(-1, "from 0 to 4"), (1, "from 2 to 6")])
def test_codes_shifted_as_a_whole_are_one_sentence_without_advice_to_call_them_missing(study, shift, told):
    study = with_wide_answers(study)
    for item in ITEMS:
        study.own[item] = study.own[item].astype(int) + shift
    fault = study.only_fault()
    assert f"the codes run {told} where the scale says 1 to 5" in fault.problem
    assert "missing" not in str(fault)
    assert "listen_1 to share_3, 6 columns" in fault.action


def test_shifted_codes_without_the_code_outside_show_beside_the_peers(study):
    study = with_wide_answers(study)
    for item in ITEMS:
        study.own[item] = (study.own[item].astype(int) - 1).clip(lower=1)
    fault = study.only_fault()
    assert "no answer is 5, while" in fault.problem
    assert "shifted or cut off" in fault.action


def test_a_single_wrong_code_is_no_shifted_file(study):
    study = with_wide_answers(study)
    study.own.loc[3, "listen_1"] = 0
    fault = study.only_fault()
    assert (fault.column, fault.value) == ("listen_1", "0")


@pytest.mark.parametrize("form", ["own", "peers"])
def test_a_form_that_was_turned_as_a_whole_runs_against_the_other_one(study, form):
    study = with_wide_answers(study)
    setattr(study, form, turned(getattr(study, form), ITEMS))
    fault = study.only_fault()
    assert "own answers run against those of colleagues" in fault.problem
    assert "coded the other way round" in fault.action


def test_labels_that_look_alike_are_one_fault_that_shows_each_spelling(study):
    study.own["agency"] = ["North", "north", "No\u00a0rth", "No\nrth"] * 15
    faults = study.faults()
    alike = [fault for fault in faults if "labels that differ" in fault.problem]
    assert [fault.column for fault in alike] == ["agency", "agency"]
    broken = [fault for fault in faults if fault not in alike]
    assert {(fault.column, fault.value) for fault in broken} == {("agency", "No\nrth")}
    assert all("a line break" in fault.problem for fault in broken)
    shown = " ".join(str(fault) for fault in alike)
    assert "'north'" in shown and r"No\\nrth" in shown and r"No\\xa0rth" in shown


def test_a_rater_whose_id_is_the_persons_but_for_its_case_is_a_fault(study):
    study.peers.loc[0, "rater_id"] = str(study.peers.loc[0, "person_id"]).upper()
    fault = study.only_fault()
    assert fault.column == "rater_id"
    assert "such as 'P01' from 'p01'" in fault.problem


def test_ids_of_the_peer_file_without_their_zeros_are_one_fault_for_each_column(study):
    study.own["person_id"] = study.own["person_id"].str.replace("p", "00")
    for column in ("person_id", "rater_id"):
        study.peers[column] = study.peers[column].str.replace(r"^p0*", "", regex=True)
    faults = study.faults()
    assert sorted(str(fault.column) for fault in faults) == ["person_id", "rater_id"]
    assert all("zeros in front" in fault.problem for fault in faults)


def test_an_answer_that_nobody_gives_is_a_warning_and_no_fault(study):
    for table in (study.own, study.peers):
        for item in ITEMS:
            table[item] = table[item].astype(int).clip(lower=2) if item != "listen_3" else table[item].clip(upper=4)
            table[item] = table[item].astype(int).clip(2, 5)
    study.write()
    found = examine(study.folder, frameworks=study.frameworks)
    assert found.faults == ()
    assert any("nobody gives the answer 1 to any of" in warning.problem for warning in found.warnings)


def test_a_known_finding_that_is_accepted_warns_and_does_not_block(study):
    study.own["agency"] = ["North", "north"] * 30
    study.settings["accepted"] = [{"finding": "spelling", "reason": "two agencies that are spelt alike"}]
    study.write()
    found = examine(study.folder, frameworks=study.frameworks)
    assert found.faults == ()
    assert any("differ by case" in warning.problem for warning in found.warnings)


@given(st.text(max_size=12), st.sampled_from([str.upper, str.lower, lambda text: f" {text}\n", lambda text: text]))
def test_texts_that_differ_by_case_and_outer_spaces_have_one_key(text, change):
    plain = "".join(sign for sign in text if sign.isascii())
    told, before = spelling_keys([change(plain), plain])
    assert told == before
    assert variants([plain, plain]) == []


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"$FL2@(#)", "an SPSS file"),
        (b"<stata_dta>", "a Stata file"),
        (b"PK\x03\x04....", "a workbook"),
        (b"\xd0\xcf\x11\xe0....", "an old Excel workbook"),
    ],
)
def test_files_of_another_format_are_named(study, content, told):
    study.write()
    (study.folder / "self.csv").write_bytes(content)
    fault = study.only_fault(write=False)
    assert told in fault.problem
    assert any(remedy in fault.action for remedy in ("save it again", "export it again", "save it as .xlsx or CSV"))
    assert "cp1252" not in fault.action


def test_further_header_rows_of_qualtrics_are_read_as_such(study):
    study.write()
    path = study.folder / "self.csv"
    header, rest = path.read_text().split("\n", 1)
    names = header.split(",")
    texts = ",".join(f'"Question, {name}"' for name in names)
    ids = ",".join('"{""ImportId"":""QID1""}"' for _ in names)
    path.write_text("\n".join([header, texts, ids, rest]))
    assert study.faults(write=False) == ()
