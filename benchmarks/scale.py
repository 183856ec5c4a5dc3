"""How long the study takes, and how much memory, as the number of people grows.

``python -m benchmarks.scale 100000 FOLDER`` simulates a cohort of that many people with peers below the folder, runs
the study job by job and writes ``scale-100000.csv`` there: seconds by the clock and of the processor, and the largest
process in MB. A job that fails ends the table with its exit status.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pandas as pd

from compendium.paths import PROJECT
from compendium.run.graph import Place, targets_of
from compendium.simulate import DEMO, write_cohort

# People of the demonstration in one of its agencies.
IN_AN_AGENCY = DEMO.n // DEMO.agencies


def simulated(persons: int, folder: Path) -> Path:
    """Return the folder of a cohort like the demonstration, written if it is not there."""
    cohort = folder / f"people-{persons}"
    if not (cohort / "cohort.yaml").is_file():
        size = {"n": persons, "invited": persons * DEMO.invited // DEMO.n}
        write_cohort(cohort, replace(DEMO, **size, agencies=max(1, persons // IN_AN_AGENCY)))
    return cohort


def measured(words: list[str]) -> dict[str, float]:
    """Run a command and return its exit status, times and the memory of the largest process that it started."""
    start = time.monotonic()
    process = subprocess.Popen(words, cwd=PROJECT, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return {
        "status": process.returncode,
        "seconds": time.monotonic() - start,
        "processor": used.ru_utime + used.ru_stime,
        "megabytes": used.ru_maxrss / (1024 if sys.platform != "darwin" else 1024**2),
    }


def main() -> None:
    """Print and write the table of one size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("persons", type=int)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--until", default="book")
    asked = parser.parse_args()
    cohort, results = simulated(asked.persons, asked.folder), asked.folder / "results"
    place = Place(str(cohort), results=str(results))
    rows: list[dict[str, float | str]] = []
    for job in targets_of(place):
        words = [sys.executable, "-m", "compendium", "all", str(cohort), "--results", str(results), "--until", job]
        rows.append({"job": job, **measured(words)})
        print(pd.DataFrame(rows[-1:]).round(1).to_string(header=len(rows) == 1, index=False), flush=True)
        if rows[-1]["status"] or job == asked.until:
            break
    pd.DataFrame(rows).to_csv(asked.folder / f"scale-{asked.persons}.csv", index=False)


if __name__ == "__main__":
    main()
