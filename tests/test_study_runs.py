"""The whole study on a small cohort, as a researcher runs it: make, from raw responses to the book."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from shapes import QUICK, SHORT_FORM, SHORT_SCALE, write_shape

from compendium.paths import PROJECT
from compendium.simulate import SimulationPlan, write_cohort

pytestmark = pytest.mark.slow
# Seconds after the start within which a run is killed: its steps take longer on any machine.
WITHIN, MOMENTS = (2.0, 7.0), np.random.default_rng(12)


def make_command(cohort: Path | str, results: Path, *words: str) -> list[str]:
    return ["make", "-C", str(PROJECT), f"COHORT={cohort}", f"RESULTS={results}", f"PYTHON={sys.executable}", *words]


def make(cohort: Path | str, results: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(make_command(cohort, results, *words), capture_output=True, text=True)


def tables(results: Path, cohort: str) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (results / cohort / "tables").glob("*.csv")}


def half_written(results: Path) -> list[Path]:
    return [path for path in results.rglob("*") if path.name.endswith(".part") or "failed" in path.name]


def processes_of(group: int) -> list[int]:
    """Return the processes of a session that are still there."""
    found = subprocess.run(["ps", "-eo", "pid=,sess=,stat="], capture_output=True, text=True, check=True).stdout
    rows = (line.split() for line in found.splitlines())
    return [int(pid) for pid, session, state in rows if int(session) == group and not state.startswith("Z")]


def first_steps(cohort: Path, results: Path) -> list[str]:
    """Return the command that runs the study up to the cohort's quality; a run is killed before that."""
    words = ["all", str(cohort), "--results", str(results), "--until", "03_cohort_quality"]
    return [sys.executable, "-m", "compendium", *words]


def killed_after(seconds: float, command: list[str]) -> None:
    """Start a run and kill everything it started; it must not have ended before."""
    run = subprocess.Popen(command, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(seconds)
    assert run.poll() is None, "the study ended before it was killed"
    for process in processes_of(run.pid):
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
    assert run.wait() != 0


@pytest.fixture(scope="module")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = write_cohort(tmp_path_factory.mktemp("cohorts") / "mini", SimulationPlan(n=130, seed=7))
    with (folder / "cohort.yaml").open("a", encoding="utf-8") as description:
        description.write(yaml.safe_dump({"study": QUICK} | SHORT_FORM, sort_keys=False))
    return folder


@pytest.fixture(scope="module")
def results(cohort: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Run the whole study."""
    folder = tmp_path_factory.mktemp("results")
    run = make(cohort, folder, "-j2", "all")
    assert run.returncode == 0, run.stdout + run.stderr
    assert f"The book: {folder / 'mini/book/index.html'}" in run.stdout
    return folder


def test_the_study_ends_with_a_book_and_an_index(results: Path) -> None:
    assert (results / "mini/book/index.html").is_file()
    entries = json.loads((results / "mini/manifest.json").read_text())["results"]
    assert {entry["notebook"][:2] for entry in entries} == {
        f"{number:02d}" for number in range(1, 11)
    }  # 11 is for cohorts with waves
    assert all(entry["builder"] and entry["cell"] for entry in entries)


def test_a_killed_run_ends_with_the_same_results_as_an_undisturbed_one(tmp_path: Path) -> None:
    """It is killed in its steps, once or more often (KILLS), at moments drawn at random."""
    cohort, killed, undisturbed = write_shape(SHORT_SCALE, tmp_path), tmp_path / "killed", tmp_path / "undisturbed"
    for moment in MOMENTS.uniform(*WITHIN, int(os.environ.get("KILLS", "1"))):
        killed_after(float(moment), first_steps(cohort, killed))
    for results in (killed, undisturbed):
        run = subprocess.run(first_steps(cohort, results), capture_output=True, text=True)
        assert run.returncode == 0, run.stderr
    assert "sample.csv" in tables(undisturbed, cohort.name)
    assert tables(killed, cohort.name) == tables(undisturbed, cohort.name)
    assert half_written(killed) == []


def test_nothing_is_left_half_written(results: Path) -> None:
    assert half_written(results) == []


def test_a_second_run_does_nothing(cohort: Path, results: Path) -> None:
    of_the_run = {".graph.json", ".run.lock"}
    built = [path for path in (results / "mini").rglob("*") if path.is_file() and path.name not in of_the_run]
    before = {path: path.stat().st_mtime_ns for path in built}
    assert make(cohort, results, "all").returncode == 0
    assert {path: path.stat().st_mtime_ns for path in built} == before


def test_people_stay_in_the_private_folder(results: Path) -> None:
    root = results / "mini"
    assert stat.S_IMODE((root / "private").stat().st_mode) == 0o700
    people = pd.read_parquet(root / "private/prepared/people.parquet")["key:person"]
    shared = [path for path in root.rglob("*") if path.is_file() and "private" not in path.relative_to(root).parts]
    texts = [
        path.read_text(errors="ignore") for path in shared if path.suffix in {".csv", ".json", ".ipynb", ".html", ".js"}
    ]
    assert len(people) == 130
    assert not [person for person in people if any(person in text for text in texts)]


def test_every_shown_group_is_large_enough(results: Path) -> None:
    for name in ("sample", "group_means"):
        table = pd.read_csv(results / f"mini/tables/{name}.csv")
        assert (table.loc[~table["suppressed"], "n"] >= 10).all()
        pooled = table.loc[table["suppressed"]]
        assert set(pooled["group"]) <= {"other groups"}
        assert (pooled["n"].dropna() >= 10).all()


def test_a_failing_cohort_leaves_no_target_and_one_report(tmp_path: Path) -> None:
    broken = write_cohort(tmp_path / "broken", SimulationPlan(n=60, seed=3))
    answers = pd.read_csv(broken / "self.csv", dtype=str, keep_default_na=False)
    answers.loc[4, "person_01"] = "77"
    answers.assign(persn_02="3").to_csv(broken / "self.csv", index=False)
    description = (broken / "cohort.yaml").read_text()
    (broken / "cohort.yaml").write_text(description.replace("invited:", "invitd:"))
    run = subprocess.run([sys.executable, "-m", "compendium", "validate", str(broken)], capture_output=True, text=True)
    assert run.returncode == 2
    assert all(word in run.stderr for word in ("77", "persn_02", "invitd", "did you mean 'invited'"))
    built = make(broken, tmp_path / "results", "all")
    assert built.returncode != 0
    assert not list((tmp_path / "results").rglob("*.csv"))


def test_the_working_tree_stays_clean(results: Path) -> None:
    status = subprocess.run(["git", "-C", str(PROJECT), "status", "--porcelain"], capture_output=True, text=True).stdout
    assert "kernel" not in status
    assert ".part" not in status
