"""Where the work is done changes nothing: one process, two, a Dask cluster, and one whose worker is killed."""

from __future__ import annotations

import multiprocessing
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from draws import correlated_normals
from joblib.externals.loky.process_executor import TerminatedWorkerError
from shapes import Shape, write_shape

from compendium.faults import InvalidInput
from compendium.run import many
from compendium.study.workers import (
    AGAIN,
    CLUSTER,
    NO_ANSWER,
    NO_WORKER,
    THREADS,
    WATCH,
    WORKERS,
    number_of_workers,
    pool,
    spread,
    watched,
)
from psychometrics.reliability import cronbach_alpha
from psychometrics.resampling import BootstrapInterval, bootstrap_interval

if TYPE_CHECKING:
    from distributed import LocalCluster

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
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCluster]:
    """Start a scheduler with two worker processes that come back when they are killed."""
    from distributed import LocalCluster

    mark = tmp_path_factory.mktemp("cluster") / "mark"
    before = os.environ.get("PYTHONPATH", "")
    os.environ["PYTHONPATH"] = os.pathsep.join([str(Path(__file__).parent), before])
    os.environ["MARK_OF_THE_KILLED"] = str(mark)
    try:
        with LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=":0", local_directory=str(mark.parent)
        ) as started:
            yield started
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
    monkeypatch: pytest.MonkeyPatch, cluster: LocalCluster
) -> None:
    monkeypatch.setenv(WORKERS, "1")
    alone = interval()
    monkeypatch.setenv(CLUSTER, cluster.scheduler_address)
    assert alike(interval(), alone)
    assert alike(interval(alpha_of_the_last_worker), alone)
    assert Path(os.environ["MARK_OF_THE_KILLED"]).read_text() == "killed"


SPREAD = Shape("spread", people=230, competencies=2, items=6, candidates=2, peers=2, team_size=23)
MOST_KILLED = 6
SPREAD_STEPS = ("03_cohort_quality", "04_item_analysis", "05_factor_structure", "09_feedback")


@pytest.fixture(scope="module")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_shape(SPREAD, tmp_path_factory.mktemp("cohort"))


@pytest.fixture(scope="module")
def alone(cohort: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(WORKERS, "1")
        return results(cohort, tmp_path_factory.mktemp("alone"))


def results(cohort: Path, folder: Path) -> dict[str, bytes]:
    """Walk the steps that have parts to spread; return every file that they made, reports of persons included.

    In a process of their own, as steps are run: the pixels of a text depend on what matplotlib drew before.
    """
    words = f"from pathlib import Path; walk(Path({str(cohort)!r}), Path({str(folder)!r}), {SPREAD_STEPS})"
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), *sys.path])}
    # Walking puts a text in the place of stderr, to which a worker could not send what the faulthandler says.
    python = [sys.executable, "-X", "faulthandler"]
    subprocess.run([*python, "-c", f"from walked_study import walk; {words}"], env=environment, check=True)
    made = (path for path in folder.rglob("*") if path.is_file() and path.parent.name != "runs")
    return {str(path.relative_to(folder)): path.read_bytes() for path in made}


def differing(one: dict[str, bytes], other: dict[str, bytes]) -> list[str]:
    assert one.keys() == other.keys()
    return [name for name, content in one.items() if content != other[name]]


def test_a_study_of_two_workers_is_that_of_one(
    monkeypatch: pytest.MonkeyPatch, cohort: Path, alone: dict[str, bytes], tmp_path: Path
) -> None:
    monkeypatch.setenv(WORKERS, "2")
    monkeypatch.setenv(THREADS, "1")
    assert {name.rpartition(".")[2] for name in alone} >= {"csv", "json", "svg", "parquet", "pdf", "html", "docx"}
    assert differing(results(cohort, tmp_path), alone) == []


def test_a_study_on_a_cluster_that_loses_workers_is_that_of_one_process(
    monkeypatch: pytest.MonkeyPatch, cluster: LocalCluster, cohort: Path, alone: dict[str, bytes], tmp_path: Path
) -> None:
    monkeypatch.setenv(CLUSTER, cluster.scheduler_address)
    done, killed = threading.Event(), list[int]()
    killer = threading.Thread(target=kill_workers_at_work, args=(cluster, done, killed))
    killer.start()
    try:
        found = results(cohort, tmp_path)
    finally:
        done.set()
        killer.join()
    assert len(killed) > 1
    assert differing(found, alone) == []


def kill_workers_at_work(cluster: LocalCluster, done: threading.Event, killed: list[int]) -> None:
    """Kill the process of a worker that has tasks, and again when it is back, every two seconds, six times.

    One that is starting is left alone: its nanny gives up where that fails, and a cluster without workers waits.
    """
    from distributed import Status

    while not done.wait(0.05) and len(killed) < MOST_KILLED:
        at_work = {each.name: each.address for each in cluster.scheduler.workers.values() if each.processing}
        for name, nanny in sorted(cluster.workers.items()):
            started = nanny.process is not None and nanny.process.status == Status.running
            if started and nanny.pid and nanny.worker_address == at_work.get(name, ""):
                process = nanny.pid
                os.kill(process, signal.SIGKILL)
                killed.append(process)
                done.wait(2)
                break


@pytest.mark.parametrize("workers", [1, 3])
def test_no_more_jobs_are_done_at_once_than_there_are_workers(monkeypatch: pytest.MonkeyPatch, workers: int) -> None:
    monkeypatch.setenv(WORKERS, str(workers))
    together = threading.Barrier(workers)
    with pool() as lent:
        waiting = [lent.submit(together.wait, 30) for _ in range(workers)]
        threads = {lent.submit(threading.get_ident).result() for _ in range(20)}
    assert sorted(each.result() for each in waiting) == list(range(workers))  # as many were there at once
    assert len(threads) <= workers


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


def test_a_cluster_without_a_worker_is_named_before_anything_is_sent_there(monkeypatch: pytest.MonkeyPatch) -> None:
    from distributed import LocalCluster

    monkeypatch.setattr("compendium.study.workers.PATIENCE", 5)
    with LocalCluster(n_workers=0, dashboard_address=":0") as empty:
        monkeypatch.setenv(CLUSTER, empty.scheduler_address)
        action = f"start one: dask worker {empty.scheduler_address}"
        with pytest.raises(InvalidInput, match=action), watched(print):
            raise AssertionError("the work began")


def test_a_cluster_that_loses_all_workers_or_its_scheduler_on_the_way_is_spoken_of(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from distributed import LocalCluster

    monkeypatch.setattr("compendium.study.workers.BETWEEN_LOOKS", 0.1)
    monkeypatch.setattr("compendium.study.workers.PATIENCE", 10)
    said = queue.Queue[str]()
    with LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=":0") as cluster:
        monkeypatch.setenv(CLUSTER, cluster.scheduler_address)
        with watched(said.put):
            cluster.scale(0)
            assert said.get(timeout=60) == NO_WORKER
            cluster.scale(1)
            assert said.get(timeout=60) == AGAIN
            cluster.close()
            while (told := said.get(timeout=60)) != NO_ANSWER:
                assert told == NO_WORKER
    assert not any(thread.name == WATCH for thread in threading.enumerate())


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


def test_cohorts_are_built_on_a_cluster_each_in_a_process_of_its_own(
    monkeypatch: pytest.MonkeyPatch, cluster: LocalCluster, tmp_path: Path
) -> None:
    good, bad = str(write_shape(Shape("good", people=60), tmp_path)), tmp_path / "bad"
    bad.mkdir()
    (bad / "cohort.yaml").write_text("id: bad\n")
    monkeypatch.setenv(CLUSTER, cluster.scheduler_address)
    built = many.build_many([good, str(bad)], str(tmp_path / "results"), "validate")
    assert [(each.cohort, each.status) for each in built] == [(good, 0), (str(bad), 2)]
    assert "cohort.yaml" in built[1].message


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
