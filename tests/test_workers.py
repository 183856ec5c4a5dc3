"""Where the work is done changes no digit: one process, two, a Dask cluster, and one whose worker is killed."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from draws import correlated_normals
from joblib.externals.loky.process_executor import TerminatedWorkerError

from compendium.faults import InvalidInput
from compendium.run import many
from compendium.study.workers import CLUSTER, THREADS, WORKERS, number_of_workers, spread
from psychometrics.reliability import cronbach_alpha
from psychometrics.resampling import BootstrapInterval, bootstrap_interval

pytestmark = pytest.mark.slow
DRAWN = correlated_normals(np.random.default_rng(4), np.full((6, 6), 0.4) + 0.6 * np.eye(6), 120)
ANSWERS = pd.DataFrame(np.clip(np.rint(3 + DRAWN), 1, 5), columns=list("abcdef"))


def alpha(answers: pd.DataFrame) -> float:
    return cronbach_alpha(answers).raw


def alpha_of_the_last_worker(answers: pd.DataFrame) -> float:
    """Kill the worker that computes, once: the file says whether it was done."""
    mark = Path(os.environ["MARK_OF_THE_KILLED"])
    if multiprocessing.parent_process() is not None and not mark.exists():
        mark.write_text("killed")
        os.kill(os.getpid(), signal.SIGKILL)
    return alpha(answers)


def interval(statistic: object = alpha) -> BootstrapInterval:
    with spread():
        return bootstrap_interval(statistic, ANSWERS, n_resamples=64, seed=3)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Start a scheduler with two worker processes that come back when they are killed."""
    from distributed import LocalCluster

    mark = tmp_path_factory.mktemp("cluster") / "mark"
    before = os.environ.get("PYTHONPATH", "")
    os.environ["PYTHONPATH"] = os.pathsep.join([str(Path(__file__).parent), before])
    os.environ["MARK_OF_THE_KILLED"] = str(mark)
    try:
        with LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=None, local_directory=str(mark.parent)
        ) as started:
            yield started.scheduler_address
    finally:
        os.environ["PYTHONPATH"] = before


def alike(one: BootstrapInterval, other: BootstrapInterval) -> bool:
    return bool(np.array_equal(one.distribution.to_numpy(), other.distribution.to_numpy()))


@pytest.mark.parametrize("threads", ["1", "2"])  # forked where libraries use one, else started anew
@pytest.mark.parametrize("workers", ["2", "4"])
def test_more_processes_change_no_digit(monkeypatch: pytest.MonkeyPatch, workers: str, threads: str) -> None:
    monkeypatch.setenv(WORKERS, "1")
    alone = interval()
    monkeypatch.setenv(WORKERS, workers)
    monkeypatch.setenv(THREADS, threads)
    assert alike(interval(), alone)


@pytest.mark.parametrize("threads", ["1", "2"])
def test_a_worker_that_is_killed_ends_the_work_instead_of_leaving_it_waiting(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, threads: str
) -> None:
    monkeypatch.setenv(WORKERS, "2")
    monkeypatch.setenv(THREADS, threads)
    monkeypatch.setenv("MARK_OF_THE_KILLED", str(tmp_path / "mark"))
    with pytest.raises(TerminatedWorkerError):
        interval(alpha_of_the_last_worker)
    assert alike(interval(), interval(alpha_of_the_last_worker))


def test_a_cluster_changes_no_digit_and_a_killed_worker_loses_nothing(
    monkeypatch: pytest.MonkeyPatch, cluster: str
) -> None:
    monkeypatch.setenv(WORKERS, "1")
    alone = interval()
    monkeypatch.setenv(CLUSTER, cluster)
    assert alike(interval(), alone)
    assert alike(interval(alpha_of_the_last_worker), alone)
    assert Path(os.environ["MARK_OF_THE_KILLED"]).read_text() == "killed"


@pytest.mark.parametrize("said", ["0", "-1", "two", "1.5", "²"])
def test_a_number_of_workers_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch, said: str) -> None:
    monkeypatch.setenv(WORKERS, said)
    with pytest.raises(InvalidInput, match="is no number of processes"):
        number_of_workers()


def test_a_cluster_that_does_not_answer_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("compendium.study.workers.PATIENCE", 0.2)
    monkeypatch.setenv(CLUSTER, "tcp://127.0.0.1:9")
    with pytest.raises(InvalidInput, match="no Dask scheduler answers there"), spread():
        pass


def test_a_cohort_that_fails_keeps_no_other_from_being_built(tmp_path: Path) -> None:
    good, bad = Path("data/cohorts/demo-small").resolve(), tmp_path / "bad"
    bad.mkdir()
    (bad / "cohort.yaml").write_text("id: bad\n")
    results = tmp_path / "results"
    words = [sys.executable, "-m", "compendium", "many", str(bad), str(good), "--results", str(results)]
    run = subprocess.run([*words, "--until", "validate"], capture_output=True, text=True, check=False)
    assert run.returncode == 2
    lines = run.stdout.splitlines()
    assert lines[0].startswith(f"{bad}: NOT built in ")
    assert any("cohort.yaml" in line for line in lines[1:-1])  # its own report
    assert lines[-1].startswith(f"{good}: built in ")


def test_two_cohorts_that_would_write_the_same_results_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="has the same id"):
        many.build_many(["demo-small", "demo-small"], str(tmp_path))


def test_workers_of_a_run_that_is_killed_end_with_it(tmp_path: Path) -> None:
    mark = tmp_path / "worker"
    script = f"""
import os, time
from pathlib import Path
from joblib import Parallel, delayed
from compendium.study.workers import spread

def work(number):
    Path({str(mark)!r} + str(number)).write_text(str(os.getpid()))
    time.sleep(60)

with spread():
    Parallel()(delayed(work)(number) for number in range(2))
"""
    run = subprocess.Popen([sys.executable, "-c", script], env=os.environ | {WORKERS: "2"}, stderr=subprocess.DEVNULL)
    marks = [Path(f"{mark}{number}") for number in range(2)]
    wait_for(lambda: all(each.exists() and each.read_text() for each in marks))
    workers = [int(each.read_text()) for each in marks]
    run.kill()
    run.wait()
    wait_for(lambda: not any(Path(f"/proc/{worker}").exists() for worker in workers))


def wait_for(seen: Callable[[], bool]) -> None:
    """Wait until something is seen, for half a minute at most."""
    for _ in range(300):
        if seen():
            return
        time.sleep(0.1)
    raise AssertionError("not seen within half a minute")
