"""A person can leave, runs do not meet, releases do not give anybody away, and pseudonyms need their secret."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import openpyxl
import openpyxl.comments
import pandas as pd
import pyreadstat
import pytest
from made_up_step import open_small, prepare, study_for_steps
from small_study import SmallStudy
from typer.testing import CliRunner

from compendium.cohort import load_settings, pseudonyms_of, withdraw
from compendium.cohort.erasure import without_person
from compendium.cohort.pseudonyms import SECRET, secret_of
from compendium.faults import InvalidInput
from compendium.outputs.saving import forget_step
from compendium.outputs.step import Step
from compendium.run.cli import app
from compendium.run.graph import Job, Place
from compendium.run.graph import run as run_graph
from compendium.run.lock import HELD_BY, only_run
from compendium.run.notebooks import _remove_dropped
from compendium.steps.cohort_quality import prepare as prepare_cohort
from compendium.study.prepared import Prepared

HOLDER = (
    "import sys; from pathlib import Path; from compendium.run.lock import only_run\n"
    "with only_run(Path(sys.argv[1])):\n    print('held', flush=True); sys.stdin.read()\n"
)


def raise_first(study: SmallStudy) -> None:
    """Raise what is wrong with the study as it lies there."""
    raise InvalidInput(study.faults(write=False))


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SmallStudy:
    made = study_for_steps(tmp_path, monkeypatch)
    made.settings["kind"] = "real"
    made.write()
    return made


def prepare_again(study: SmallStudy) -> Step:
    """Prepare the tables from the files as they lie there now."""
    step = open_small(study, "03_cohort_quality")
    prepare_cohort(step, step.load_cohort())
    return step


def people_of(step: Step) -> set[str]:
    """Return the pseudonyms in every prepared table, as people and as raters."""
    folder = step.folders.private / "prepared"
    tables = [Prepared(step.folders.private)._load(path.stem).reset_index() for path in folder.glob("*.parquet")]
    return {name for table in tables for key in ("person", "rater") if key in table for name in table[key]}


# Leaving


def test_nothing_of_a_person_who_left_remains(study):
    step = prepare(study)
    before = step.load_cohort().pseudonyms
    rater = pseudonyms_of("pilot", pd.Series(["p05"]), "R", secret_of("real", step.folders.private))["p05"]
    assert {before["p05"], rater} <= people_of(step)
    report = step.folders.private / "reports" / "individual" / f"{before['p05']}.pdf"
    report.parent.mkdir(parents=True)
    report.write_bytes(b"a page")
    notebook = step.folders.notebooks / "03_cohort_quality.ipynb"
    notebook.write_text("{}")
    done = withdraw(step.settings, "p05", study.folder, step.folders)
    assert not done.left
    assert done.steps == ("03_cohort_quality",)
    assert not notebook.exists()
    assert not report.exists()
    own = pd.read_csv(study.folder / "self.csv", dtype=str)
    peers = pd.read_csv(study.folder / "peer.csv", dtype=str)
    assert "p05" not in set(own["person_id"]) | set(peers["person_id"]) | set(peers["rater_id"])
    assert done.rows == {"self.csv": 1, "peer.csv": 4}  # rated by two, rater of two
    assert not (step.folders.private / "prepared").exists()
    assert not {before["p05"], rater} & people_of(prepare_again(study))


def test_person_of_an_earlier_wave_leaves_its_file_and_every_table(study):
    earlier = study.own.drop(columns=["engaged_1", "engaged_2", "satisfied"])
    earlier = pd.concat([earlier[:50], earlier[50:51].assign(person_id="only then")])
    study.settings["waves"] = {"in_order": {"1": {"label": "First", "self": "first.csv"}, "2": {"label": "Second"}}}
    study.write()
    earlier.to_csv(study.folder / "first.csv", index=False)
    step = prepare(study)
    person = pseudonyms_of("pilot", pd.Series(["only then"]), "P", secret_of("real", step.folders.private)).iloc[0]
    assert person in people_of(step)
    assert withdraw(step.settings, "only then", study.folder, step.folders).rows["first.csv"] == 1
    done = withdraw(step.settings, "p05", study.folder, step.folders)
    assert done.rows == {"self.csv": 1, "peer.csv": 4, "first.csv": 1}
    assert not done.left
    assert person not in people_of(prepare_again(study))


def test_a_table_that_still_holds_the_person_is_found_although_it_is_compressed(study, monkeypatch):
    step = prepare(study)
    tables = set((step.folders.private / "prepared").glob("*.parquet"))
    monkeypatch.setattr("compendium.cohort.withdrawal._clear_private", lambda private: 0)
    left = set(withdraw(step.settings, "p05", study.folder, step.folders).left)
    names = {table.stem for table in tables & left}
    assert {"people", "answers", "outcomes", "peers", "peer_outcomes", "scores", "peer_scores"} <= names


def test_the_others_keep_their_rows_byte_for_byte_and_their_pseudonyms(study):
    step = prepare(study)
    lines = (study.folder / "self.csv").read_text().splitlines()
    before = step.load_cohort().pseudonyms
    withdraw(step.settings, "p05", study.folder, step.folders)
    after = open_small(study, "03_cohort_quality").load_cohort().pseudonyms
    assert (study.folder / "self.csv").read_text().splitlines() == [line for line in lines if "p05" not in line]
    assert after.to_dict() == before.drop("p05").to_dict()


def test_unknown_id_changes_nothing_and_is_not_quoted(study):
    step = prepare(study)
    content = (study.folder / "self.csv").read_bytes()
    with pytest.raises(InvalidInput) as caught:
        withdraw(step.settings, "Anna Smith", study.folder, step.folders)
    assert "Anna" not in caught.value.report()
    assert (study.folder / "self.csv").read_bytes() == content
    assert step.prepared.has("answers")


# Files of other kinds


def as_workbook(study: SmallStudy, change: Callable[[openpyxl.Workbook], None] = lambda book: None) -> Step:
    """Write the self file as a workbook, and open the study."""
    study.settings["files"]["self"] = "self.xlsx"
    study.write()
    study.own.to_excel(study.folder / "self.xlsx", index=False)
    book = openpyxl.load_workbook(study.folder / "self.xlsx")
    change(book)
    book.save(study.folder / "self.xlsx")
    return open_small(study, "03_cohort_quality")


def test_person_is_taken_out_of_a_workbook_and_the_others_stay(study):
    step = as_workbook(study)
    done = withdraw(step.settings, "p05", study.folder, step.folders)
    left = pd.read_excel(study.folder / "self.xlsx", dtype=str)
    assert done.rows == {"self.xlsx": 1, "peer.csv": 4}
    assert not done.left
    expected = study.own[study.own["person_id"] != "p05"].astype(str).reset_index(drop=True)
    pd.testing.assert_frame_equal(left, expected, check_dtype=False)


def with_formula(book: openpyxl.Workbook) -> None:
    book.active["Z2"] = "=SUM(A1:A3)"


def with_comment(book: openpyxl.Workbook) -> None:
    book.active["A6"].comment = openpyxl.comments.Comment("p05 called in", "office")


@pytest.mark.parametrize("change", [with_formula, with_comment])
def test_workbook_that_cannot_be_rewritten_safely_is_refused_with_its_rows_and_nothing_is_done(study, change):
    step = as_workbook(study, change)
    before = {path: path.read_bytes() for path in study.folder.iterdir()}
    with pytest.raises(InvalidInput, match="take row 6 out in a spreadsheet") as caught:
        withdraw(step.settings, "p05", study.folder, step.folders)
    assert "p05" not in caught.value.report()
    assert {path: path.read_bytes() for path in study.folder.iterdir()} == before


def test_statistics_file_is_refused_and_what_was_taken_out_by_hand_can_be_finished(study):
    step = prepare(study)
    study.settings["files"] |= {"self": "self.sav", "format": "sav"}
    study.write()
    written = study.own.assign(person_id=study.own["person_id"].astype(str))
    pyreadstat.write_sav(written.infer_objects(), study.folder / "self.sav")
    settings = load_settings(study.folder)
    with pytest.raises(InvalidInput, match="take row 5 out in SPSS"):
        withdraw(settings, "p05", study.folder, step.folders)
    assert "p05" in (study.folder / "peer.csv").read_text()
    pyreadstat.write_sav(written[written["person_id"] != "p05"].infer_objects(), study.folder / "self.sav")
    done = withdraw(settings, "p05", study.folder, step.folders)
    assert done.rows == {"self.sav": 0, "peer.csv": 4}
    assert not done.left


def test_person_whose_rows_were_taken_out_by_hand_leaves_the_private_tables_too(study):
    step = prepare(study)
    for table, columns in (("own", ["person_id"]), ("peers", ["person_id", "rater_id"])):
        rows = getattr(study, table)
        setattr(study, table, rows[~rows[columns].eq("p05").any(axis=1)])
    study.write()
    done = withdraw(step.settings, "p05", study.folder, step.folders)
    assert done.rows == {"self.csv": 0, "peer.csv": 0}
    assert not (step.folders.private / "prepared").exists()
    with pytest.raises(InvalidInput, match="no row has this id"):
        withdraw(step.settings, "p05", study.folder, step.folders)


def test_export_with_several_header_rows_and_another_delimiter_loses_one_row(study, tmp_path):
    path = tmp_path / "export.csv"
    path.write_bytes('Q1;person_id\r\nWas?;"Ihr\nCode"\r\n1;p05\r\n2;"p06"\r\n'.encode("utf-16"))
    change = without_person(path, {"person_id"}, "p05", "utf-8", None)
    assert change.rows == 1
    assert change.content.decode("utf-16") == 'Q1;person_id\r\nWas?;"Ihr\nCode"\r\n2;"p06"\r\n'


def test_noted_checksum_of_a_file_follows_it(study):
    noted = hashlib.sha256((study.folder / "self.csv").read_bytes()).hexdigest()
    study.settings["files"]["sha256"] = {"self.csv": noted}
    study.write()
    step = open_small(study, "03_cohort_quality")
    withdraw(step.settings, "p05", study.folder, step.folders)
    after = hashlib.sha256((study.folder / "self.csv").read_bytes()).hexdigest()
    assert load_settings(study.folder).files.sha256 == {"self.csv": after}


# What an earlier run left


def test_private_files_of_an_earlier_run_go_when_their_step_begins(study):
    step = open_small(study, "09_feedback")
    for name in ("lists/team/North.csv", "lists/Pabc.csv"):
        step.results.private_file(name, b"x")
    (step.folders.private / "kept.csv").write_bytes(b"of another step")
    forget_step(step.folders, "03_cohort_quality")
    assert (step.folders.private / "lists" / "team" / "North.csv").is_file()
    forget_step(step.folders, "09_feedback")
    assert not (step.folders.private / "lists").exists()
    assert (step.folders.private / "kept.csv").is_file()


@pytest.mark.parametrize("teams", [True, False])
def test_reports_of_teams_go_with_the_grouping_and_those_of_people_stay(study, teams):
    if teams:
        study.settings["groups"]["team"] = {"column": "team", "label": "Team", "kind": "nominal"}
        study.own["team"] = ["one", "two"] * 30
    study.write()
    step = open_small(study, "09_feedback")
    for name in ("reports/teams/North.pdf", "reports/people/Pabc.pdf"):
        path = step.folders.private / name
        path.parent.mkdir(parents=True)
        path.write_bytes(b"x")
    _remove_dropped(step)
    assert (step.folders.private / "reports/teams").exists() == teams
    assert (step.folders.private / "reports/people/Pabc.pdf").is_file()


# Pseudonyms


def test_pseudonyms_of_a_real_cohort_cannot_be_computed_from_a_list_of_staff(tmp_path):
    ids = pd.Series(["p1", "p2"])
    ours, theirs = secret_of("real", tmp_path / "a"), secret_of("real", tmp_path / "b")
    assert not set(pseudonyms_of("pilot", ids, "P", ours)) & set(pseudonyms_of("pilot", ids, "P", theirs))
    assert not set(pseudonyms_of("pilot", ids, "P", ours)) & set(pseudonyms_of("pilot", ids, "P"))


def test_secret_is_made_once_and_only_its_owner_reads_it(tmp_path):
    private = tmp_path / "private"
    assert secret_of("real", private) == secret_of("real", private)
    assert len(secret_of("real", private)) == 32
    assert stat.S_IMODE((private / SECRET).stat().st_mode) == 0o600
    assert stat.S_IMODE(private.stat().st_mode) == 0o700


def test_synthetic_cohort_has_the_same_pseudonyms_in_every_clone(tmp_path):
    assert secret_of("synthetic", tmp_path / "a") == secret_of("synthetic", tmp_path / "b")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("form", ["Anna Smith{}", "anna.smith{}", "Smith, Anna{}", "anna.smith{}@example.org"])
def test_ids_that_look_like_people_are_refused_without_quoting_them(study, form):
    letters = [chr(97 + number // 26) + chr(97 + number % 26) for number in range(len(study.own))]
    study.own["person_id"] = [form.format(letter) for letter in letters]
    faults = [fault for fault in study.faults() if "the ids look like" in fault.problem]
    assert faults
    assert not any("smith" in str(fault).lower() for fault in faults)
    study.settings["identifying_ids"] = "staff agreed in writing to be listed"
    assert not [fault for fault in study.faults() if "the ids look like" in fault.problem]


# One run at a time


def test_second_run_of_a_cohort_is_refused_with_the_first_ones_process(tmp_path):
    code = "import sys; from pathlib import Path; from compendium.run.lock import only_run\n"
    code += "try:\n    with only_run(Path(sys.argv[1])): print('ran')\nexcept Exception as error: print(error)\n"

    def other() -> str:
        return subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True).stdout

    with only_run(tmp_path):
        assert "another run of this cohort is under way" in other()
    assert other() == "ran\n"


def test_single_step_is_refused_beside_a_run_and_on_a_cohort_that_does_not_validate(study, monkeypatch):
    ran: list[object] = []
    monkeypatch.setattr("compendium.run.notebooks.run_notebook", lambda *given: ran.append(given))
    monkeypatch.setattr("compendium.study.validate", lambda *given: study.faults(write=False) and raise_first(study))
    results = study.root / "results"
    words = ["run", "notebooks/03_cohort_quality.ipynb", "--cohort", str(study.folder), "--results", str(results)]
    held = [sys.executable, "-c", HOLDER, str(results / "pilot")]
    with subprocess.Popen(held, stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        beside = CliRunner().invoke(app, words)
        other.communicate("")
    assert "another run of this cohort is under way" in str(beside.exception)
    study.own.loc[0, "listen_1"] = "77"
    study.write()
    assert "77" in str(CliRunner().invoke(app, words).exception)
    assert not ran
    study.own.loc[0, "listen_1"] = "3"
    study.write()
    assert CliRunner().invoke(app, words).exit_code == 0
    assert len(ran) == 1


def test_step_that_a_run_starts_goes_on_under_its_lock(study, monkeypatch):
    ran: list[object] = []
    monkeypatch.setattr("compendium.run.notebooks.run_notebook", lambda *given: ran.append(given))
    results = study.root / "results"
    words = ["run", "notebooks/03_cohort_quality.ipynb", "--cohort", str(study.folder), "--results", str(results)]
    with only_run(results / "pilot"):
        assert CliRunner().invoke(app, words).exit_code == 0
    assert len(ran) == 1
    assert HELD_BY not in os.environ


def test_results_where_nothing_can_be_written_are_a_fault(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InvalidInput, match="nothing can be written there"), only_run(tmp_path / "file" / "pilot"):
        pass


def test_record_that_finds_no_room_is_a_fault_and_leaves_nothing_half_written(tmp_path, monkeypatch):
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    place = Place("demo-small", results=str(tmp_path))
    job = Job("validate", [sys.executable, "-c", "pass"], frozenset(), lambda: "x")
    monkeypatch.setattr("compendium.run.graph.jobs_of", lambda place: [job])
    with monkeypatch.context() as patched:
        patched.setattr("compendium.files.os.fdopen", full)
        with pytest.raises(InvalidInput, match="No space left on device") as caught:
            run_graph(place, until="validate")
    assert "nothing was written" not in caught.value.report()
    assert not list(tmp_path.rglob("*.part"))
    assert run_graph(place, until="validate") == 0
