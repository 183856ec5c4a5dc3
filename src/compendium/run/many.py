"""Many cohorts, each built as by itself: as many at once as there are workers here, or spread over a cluster."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import as_completed
from dataclasses import dataclass

from tqdm import tqdm

from compendium.children import call
from compendium.faults import Fault, raise_if_any
from compendium.paths import PROJECT
from compendium.run.graph import Place
from compendium.study.workers import CLUSTER, WORKERS, pool


@dataclass(frozen=True)
class Built:
    """Outcome of one cohort: exit status, seconds it took, and the program's message when it failed."""

    cohort: str
    status: int
    seconds: float
    message: str = ""


def build_many(cohorts: Sequence[str], results: str, until: str = "book") -> list[Built]:
    """Build cohorts and return the outcome of each in the order given; a failure does not stop the others.

    Parameters
    ----------
    cohorts
        Names or folders, each with its responses beside it.
    results
        Folder below which the results of all go.
    until
        The last job that is wanted of each.

    Raises
    ------
    InvalidInput
        When two of them would write the same results.
    """
    roots = [Place(cohort, results=results).root for cohort in cohorts]
    twice = [cohort for cohort, root in zip(cohorts, roots, strict=True) if roots.count(root) > 1]
    problem, action = "another cohort of the list has the same id", "name each cohort once, and give each its own id"
    raise_if_any([Fault(cohort, problem, action) for cohort in twice])
    tasks = [(cohort, results, until) for cohort in cohorts]
    done = {}
    for built in tqdm(_finished(tasks), total=len(tasks), desc="cohorts", disable=None):
        done[built.cohort] = built
    return [done[cohort] for cohort in cohorts]


def _finished(tasks: Sequence[tuple[str, str, str]]) -> Iterator[Built]:
    """Yield the outcome of each cohort as it ends."""
    with pool() as workers:
        for future in as_completed([workers.submit(_build, *task) for task in tasks]):
            yield future.result()


def _build(cohort: str, results: str, until: str) -> Built:
    """Build one cohort in a process of its own, on one core: the others are for the other cohorts."""
    start = time.monotonic()
    words = [sys.executable, "-m", "compendium", "all", cohort, "--results", results, "--until", until]
    environment = {
        name: value for name, value in os.environ.items() if name not in (CLUSTER, "COHORT", "DATA", "RESULTS")
    }
    environment |= {WORKERS: "1", "OMP_NUM_THREADS": "1"}
    run = call(words, environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=PROJECT)
    return Built(cohort, run.returncode, time.monotonic() - start, run.stderr if run.returncode else "")


def as_text(built: Sequence[Built]) -> str:
    """Return one line a cohort: whether it was built, and in how many seconds."""
    lines = []
    for each in built:
        lines.append(f"{each.cohort}: {'built' if each.status == 0 else 'NOT built'} in {each.seconds:.0f} s")
        lines += [f"    {line}" for line in each.message.strip().splitlines()]
    return "\n".join(lines)
