"""How long the study takes, and how much memory, as the number of people grows.

``python -m benchmarks.scale 100000 FOLDER`` simulates a cohort of that many people with peers below the folder (without
them with ``--alone``) and runs the study job by job: seconds by the clock and of the processor, and the largest process
in MB. A job that fails ends the table. With ``--record`` each job that ended well has its row in
``book/how_large.csv``, from which the book's page is made, in place of an earlier one of that size; without, the rows
are printed.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import pandas as pd

from compendium.paths import BOOK, PROJECT
from compendium.run.graph import Place, targets_of
from compendium.simulate import DEMO, write_cohort

# People of the demonstration in one of its agencies.
IN_AN_AGENCY = DEMO.n // DEMO.agencies
PAGE = BOOK / "how_large.csv"


def simulated(persons: int, folder: Path, *, alone: bool = False) -> Path:
    """Return the folder of a cohort like the demonstration, written if it is not there."""
    cohort = folder / f"people-{persons}{'-alone' if alone else ''}"
    if not (cohort / "cohort.yaml").is_file():
        size = {"n": persons, "invited": persons * DEMO.invited // DEMO.n}
        plan = replace(DEMO, **size, agencies=max(1, persons // IN_AN_AGENCY))
        write_cohort(cohort, replace(plan, peers=None) if alone else plan)
    return cohort


def measured(words: list[str]) -> dict[str, float]:
    """Run a command and return its exit status, times and the memory of the largest process that it started."""
    start, before = time.monotonic(), os.getloadavg()[0]
    process = subprocess.Popen(words, cwd=PROJECT, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return {
        "status": process.returncode,
        "seconds": time.monotonic() - start,
        "processor": used.ru_utime + used.ru_stime,
        "megabytes": used.ru_maxrss / (1024 if sys.platform != "darwin" else 1024**2),
        "load": (before + os.getloadavg()[0]) / 2,
    }


def about() -> dict[str, str | int]:
    """Return where and when it was measured: day, version, machine."""
    return {
        "day": f"{datetime.now(UTC):%Y-%m-%d}",
        "version": version("integrated-care-competencies"),
        "machine": _processor(),
        "cores": os.cpu_count() or 1,
    }


def _processor() -> str:
    """Return the name of the processor."""
    known = Path("/proc/cpuinfo")
    lines = known.read_text(encoding="utf-8").splitlines() if known.is_file() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


def record(row: dict[str, float | str | int], file: Path) -> None:
    """Put a row in the place of that of the same size and job."""
    rows = pd.read_csv(file) if file.is_file() else pd.DataFrame()
    if len(rows):
        same = rows[["people", "ratings", "job"]] == [row["people"], row["ratings"], row["job"]]
        rows = rows[~same.all(axis="columns")]
    jobs = list(targets_of(Place("demo")))
    rows = pd.concat([rows, pd.DataFrame([row])]).sort_values(
        ["people", "ratings", "job"], key=lambda column: column.map(jobs.index) if column.name == "job" else column
    )
    rows.to_csv(file, index=False)


def rated_in(cohort: Path) -> int:
    """Return how many ratings by peers a cohort has."""
    file = cohort / "peer.csv"
    if not file.is_file():
        return 0
    with file.open("rb") as lines:
        return sum(1 for _ in lines) - 1


def main() -> None:
    """Print, and record where asked, the rows of one size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("persons", type=int)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--until", default="book")
    parser.add_argument("--alone", action="store_true", help="without peers")
    parser.add_argument("--record", action="store_true")
    asked = parser.parse_args()
    cohort, results = simulated(asked.persons, asked.folder, alone=asked.alone), asked.folder / "results"
    place = Place(str(cohort), results=str(results))
    size = {"people": asked.persons, "ratings": rated_in(cohort)}
    for job in targets_of(place):
        words = [sys.executable, "-m", "compendium", "all", str(cohort), "--results", str(results), "--until", job]
        found = measured(words)
        print(f"{job}: {found}", flush=True)
        if found["status"]:
            sys.exit(1)
        if asked.record:
            taken = {name: round(found[name], 1) for name in ("seconds", "processor", "megabytes", "load")}
            record({**size, "job": job, **taken, **about()}, PAGE)
        if job == asked.until:
            break


if __name__ == "__main__":
    main()
