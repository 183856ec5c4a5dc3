"""Time the estimators here and in R, side by side.

``python benchmarks/run.py`` runs every job; ``--jobs polychoric wlsmv`` runs some; ``--short`` leaves out those that
take R more than two minutes; ``--output table.csv`` also writes the table. Each job runs in a process of its own,
here and in R (packages lavaan, psych and jsonlite), with one thread of linear algebra unless ``--threads`` says
otherwise, reads the same CSV, and reports the seconds of its first computation; the peak memory is that of the
whole process.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

HERE = Path(__file__).parent
DATA = HERE.parent / "tests" / "reference" / "data"


@dataclass(frozen=True)
class Job:
    """One computation: its data, what it must reach, and whether R needs more than two minutes."""

    name: str
    task: str
    data: str
    at_least: float | None
    long: bool = False


JOBS = (
    Job("polychoric", "polychoric", "sim52_full", 20),
    Job("wlsmv", "wlsmv", "sim52_full", 40),
    Job("mlr", "mlr", "sim52_full", 30),
    Job("fiml", "fiml", "sim52", 60, long=True),
    Job("parallel_polychoric_5", "parallel", "sim52_full", 20),
    Job("polychoric_50000", "polychoric", "large", None),
    Job("wlsmv_50000", "wlsmv", "large", None, long=True),
)


@dataclass(frozen=True)
class Outcome:
    """What one process reported."""

    seconds: float
    megabytes: float
    values: dict[str, Any]


def simulate(n: int, seed: int = 52) -> pd.DataFrame:
    """Responses to 52 items of eight correlated factors, five categories, most in the upper ones."""
    generator = np.random.default_rng(seed)
    sizes = [7, 7, 7, 7, 6, 6, 6, 6]
    factor_of = np.repeat(np.arange(8), sizes)
    correlations = np.where(np.eye(8) > 0, 1.0, 0.6)
    loadings = np.linspace(0.55, 0.8, 52)[generator.permutation(52)]
    factors = generator.standard_normal((n, 8)) @ np.linalg.cholesky(correlations).T
    latent = loadings * factors[:, factor_of] + np.sqrt(1 - loadings**2) * generator.standard_normal((n, 52))
    codes = np.digitize(latent, [-2.2, -1.5, -0.6, 0.5]) + 1
    place = [f"C{k + 1}_{i + 1:02d}" for k, size in enumerate(sizes) for i in range(size)]
    return pd.DataFrame(codes, columns=place)


def data_file(name: str, folder: Path) -> Path:
    """Write the items of a data set as a CSV that both sides read."""
    target = folder / f"{name}.csv"
    if not target.exists():
        frame = simulate(50_000) if name == "large" else pd.read_csv(DATA / f"{name}.csv").filter(regex=r"^C\d_")
        frame.to_csv(target, index=False)
    return target


def measure(command: list[str], answer: Path, threads: int) -> Outcome:
    """Run a process to its end and read what it left."""
    limits = {name: str(threads) for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")}
    process = subprocess.Popen(command, cwd=HERE.parent, stdout=subprocess.DEVNULL, env={**os.environ, **limits})
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise SystemExit(f"{' '.join(command)} ended with status {process.returncode}.")
    found = json.loads(answer.read_text())
    return Outcome(float(found.pop("seconds")), usage.ru_maxrss / 1024, found)


def largest(ours: dict[str, Any], theirs: dict[str, Any], key: str, relative: bool) -> float:
    """Largest difference of any entry."""
    if key not in theirs:
        return np.nan
    names = sorted(theirs[key])
    one, other = (np.array([side[key][name] for name in names], dtype=float) for side in (ours, theirs))
    gap = np.abs(one - other)
    return float(np.max(gap / np.abs(other)) if relative else np.max(gap))


def run(job: Job, folder: Path, threads: int) -> dict[str, Any]:
    """One row of the table."""
    data = data_file(job.data, folder)
    outcomes = []
    for command in ([sys.executable, str(HERE / "job.py")], ["Rscript", str(HERE / "peer.R")]):
        answer = folder / f"{job.name}.{Path(command[1]).suffix[1:]}.json"
        outcomes.append(measure([*command, job.task, str(data), str(answer)], answer, threads))
    ours, theirs = outcomes
    return {
        "job": job.name,
        "R seconds": theirs.seconds,
        "seconds": ours.seconds,
        "ratio": theirs.seconds / ours.seconds,
        "wanted": job.at_least,
        "R MB": theirs.megabytes,
        "MB": ours.megabytes,
        "largest difference": largest(ours.values, theirs.values, "estimates", relative=False),
        "of errors, relative": largest(ours.values, theirs.values, "errors", relative=True),
        "of tests, relative": largest(ours.values, theirs.values, "tests", relative=True),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", nargs="+", choices=[job.name for job in JOBS])
    parser.add_argument("--short", action="store_true")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--output", type=Path)
    options = parser.parse_args()
    chosen = [
        job for job in JOBS if (not options.jobs or job.name in options.jobs) and not (options.short and job.long)
    ]
    with tempfile.TemporaryDirectory() as folder:
        rows = []
        for job in chosen:
            rows.append(run(job, Path(folder), options.threads))
            print(f"{job.name}: {rows[-1]['ratio']:.0f} times", file=sys.stderr)
    table = pd.DataFrame(rows)
    print(table.to_string(index=False, float_format=lambda value: f"{value:.3g}"))
    if options.output:
        table.to_csv(options.output, index=False)


if __name__ == "__main__":
    main()
