"""The command line tells success, faults and failure apart by its exit status, and says what happened."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from made_up_step import study_for_steps
from small_study import SmallStudy

from compendium.outputs.manifest import Difference
from compendium.outputs.saving import Origin, Results
from compendium.paths import ResultFolders
from compendium.run import cli
from compendium.run.notebooks import NotebookFailed
from compendium.study import examine_study

COMMANDS = (
    "all",
    "clean",
    "new-framework",
    "run",
    "validate",
    "new-cohort",
    "demo-data",
    "index",
    "book",
    "check",
    "accept",
    "plan",
)


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SmallStudy:
    study = study_for_steps(tmp_path, monkeypatch)
    monkeypatch.setattr(
        "compendium.study.examine_study", lambda folder, data: examine_study(folder, data, frameworks=study.frameworks)
    )
    return study


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    def called(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["compendium", *map(str, arguments)])
        with pytest.raises(SystemExit) as caught:
            cli.main()
        told = capsys.readouterr()
        return int(caught.value.code or 0), told.out, told.err

    return called


def files_below(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(call, command):
    status, out, _ = call(command, "--help")
    assert status == 0
    assert f"compendium {command}" in out


def test_unknown_command_is_refused(call):
    status, _, err = call("valdate")
    assert status == 2
    assert "No such command 'valdate'" in err


# validate


def test_sound_cohort_is_said_to_be_sound(call, study):
    status, out, err = call("validate", study.folder)
    lines = out.splitlines()
    assert (status, lines[0], err) == (0, f"{study.folder}: no faults found", "")
    assert any(line.split()[:3] == ["gate", "factor_analysis", "no"] for line in lines)
    assert any(line.split()[:3] == ["page", "rater_agreement", "yes"] for line in lines)
    assert not (study.root / "results").exists()


def test_every_fault_is_reported_with_status_2_and_nothing_is_written(call, study):
    study.own.loc[2, "listen_1"] = 7
    study.own["surprise"] = 1
    study.settings["titel"] = study.settings.pop("title")
    study.write()
    before = files_below(study.root)
    status, out, err = call("validate", study.folder)
    assert (status, out) == (2, "")
    for named in ("listen_1", "surprise", "titel"):
        assert named in err
    assert "nothing was written" in err
    assert files_below(study.root) == before


def test_responses_elsewhere_are_checked_there(call, study):
    elsewhere = study.root / "responses"
    elsewhere.mkdir()
    for name in ("self.csv", "peer.csv"):
        (study.folder / name).rename(elsewhere / name)
    assert call("validate", study.folder)[0] == 2
    assert call("validate", study.folder, "--data", elsewhere)[0] == 0


# run


def test_run_hands_its_options_to_the_notebook(call, monkeypatch, tmp_path):
    seen = []
    monkeypatch.setattr("compendium.run.notebooks.run_notebook", lambda *given: seen.append(given))
    assert call("run", "notebooks/x.ipynb", "--cohort", "demo-small", "--results", tmp_path)[0] == 0
    assert seen == [(Path("notebooks/x.ipynb"), {"cohort": "demo-small", "data": "", "results": str(tmp_path)})]


def test_missing_notebook_ends_with_status_2(call, tmp_path):
    status, _, err = call("run", tmp_path / "nothing.ipynb")
    assert status == 2
    assert "the notebook is missing" in err


def test_failed_notebook_ends_with_status_1_and_its_cause(call, monkeypatch):
    def fail(*_: object) -> None:
        raise NotebookFailed("04_item_analysis, cell [3] 'x': NameError: x")

    monkeypatch.setattr("compendium.run.notebooks.run_notebook", fail)
    status, _, err = call("run", "notebooks/04_item_analysis.ipynb")
    assert (status, err) == (1, "FAILED 04_item_analysis, cell [3] 'x': NameError: x\n")


def test_unknown_cohort_ends_with_status_2(call, tmp_path):
    status, _, err = call("index", "--cohort", tmp_path / "nowhere")
    assert status == 2
    assert "there is no such cohort folder" in err


# index, check, accept


def test_index_is_written_for_the_cohort(call, study):
    folders = ResultFolders(study.root / "results" / "pilot")
    Results(folders, "04_item_analysis").value("n_items", 6, origin=Origin("by.hand"))
    assert call("index", "--cohort", study.folder, "--results", study.root / "results")[0] == 0
    manifest = json.loads(folders.manifest.read_text())
    assert (manifest["cohort"], [entry["name"] for entry in manifest["results"]]) == ("pilot", ["n_items"])


@pytest.mark.parametrize(("found", "status"), [([], 0), ([Difference("values/x.json n", "1", "2")], 1)])
def test_check_ends_with_status_1_where_something_differs(call, monkeypatch, tmp_path, found, status):
    monkeypatch.setattr("compendium.outputs.manifest.compare", lambda folders, accepted: found)
    ended, out, _ = call("check", "--results", tmp_path)
    assert ended == status
    assert out.splitlines() == [*map(str, found), f"{len(found)} differences from the accepted results"]


def test_accepted_results_of_other_cohorts_lie_beside_their_results(call, study):
    results = study.root / "results"
    folders = ResultFolders(results / "pilot")
    Results(folders, "04_item_analysis").value("n_items", 6, origin=Origin("by.hand"))
    folders.tables.mkdir(parents=True, exist_ok=True)
    (folders.tables / "counts.csv").write_text("n\n6\n")
    (folders.tables / "counts.json").write_text('{"notebook": "04_item_analysis", "note": ""}')
    options = ("--cohort", study.folder, "--results", results)
    assert call("index", *options)[0] == 0
    assert call("accept", *options)[0] == 0
    assert (results / "accepted" / "pilot").is_dir()
    assert call("check", *options)[:2] == (0, "0 differences from the accepted results\n")


def test_accept_before_anything_is_built_ends_with_status_2(call, tmp_path):
    status, _, err = call("accept", "--results", tmp_path)
    assert status == 2
    assert "nothing is built there" in err
