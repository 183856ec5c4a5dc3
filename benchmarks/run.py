"""Time the estimators here and in R, side by side.

``python benchmarks/run.py`` runs every job; ``--jobs polychoric wlsmv`` runs some; ``--short`` leaves out those that
take R more than two minutes; ``--output table.csv`` also writes the table. Each job runs in a process of its own,
here and in R (packages lavaan, semTools, psych, GPArotation, lme4, MASS and jsonlite), with one thread of linear
algebra unless ``--threads`` says otherwise, and reads the same CSV. It reports the processor's seconds of its first
computation, which the ratio compares, and those of the clock; the peak memory is that of the whole process; neither
counts workers. A job without a peer in R is held against limits of its own on a quiet machine (``within``, seconds by
the clock, and ``within MB``).
Where R is stopped at a limit, its seconds are that limit and the ratio is at least the one shown.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Timer
from typing import Any

import numpy as np
import pandas as pd

from compendium.cohort import load_cohort
from compendium.paths import cohort_folder

HERE = Path(__file__).parent
DATA = HERE.parent / "tests" / "reference" / "data"


@dataclass(frozen=True)
class Job:
    """One computation.

    Attributes
    ----------
    name, task, data
        What is computed from which answers.
    at_least
        How many times faster than R it must be.
    long
        Whether R needs more than two minutes.
    within, megabytes
        Seconds by the clock and memory that it may take here.
    peer
        Whether R has a package for it among those named above.
    peer_limit
        Seconds after which R is stopped.
    """

    name: str
    task: str
    data: str
    at_least: float | None = None
    long: bool = False
    within: float | None = None
    megabytes: float | None = None
    peer: bool = True
    peer_limit: float | None = None


JOBS = (
    Job("polychoric", "polychoric", "sim52_full", 60),
    Job("wlsmv", "wlsmv", "sim52_full", 150),
    Job("mlr", "mlr", "sim52_full", 30),
    Job("fiml", "fiml", "sim52", 60, long=True),
    Job("parallel_polychoric_5", "parallel", "sim52_full", 20),
    Job("parallel_pearson_20", "parallel_pearson", "sim52_full", 5),
    Job("alpha_1000_bootstraps", "alpha_bootstrap", "sim52_full", 5),
    Job("omega_hierarchical_50_bootstraps", "omega_hierarchical", "sim52_full", 1),
    Job("crossed_intercepts_6000", "crossed", "crossed", 3),
    Job("dif_52_items_3_groups", "dif", "sectors_all", 5),
    Job("polychoric_50000", "polychoric", "large", None),
    Job("wlsmv_50000", "wlsmv", "large", within=3, peer=False),
    Job("wlsmv_208_items_2000", "wlsmv", "long_208", within=60, megabytes=1500, peer=False),
    Job("graded_response_8_scales", "graded", "demo", within=5, peer=False),
    Job("invariance_14_items_3_groups", "invariance", "sectors_14"),
    Job("invariance_52_items_3_groups", "invariance", "sectors_52", long=True, within=30, peer_limit=400),
    Job("selection_500_bootstraps", "selection", "demo", within=120, peer=False),
)


@dataclass(frozen=True)
class Outcome:
    """What one process reported; nothing but its limit where it was stopped."""

    seconds: float = np.nan
    clock: float = np.nan
    megabytes: float = np.nan
    values: dict[str, Any] = field(default_factory=dict)


def simulate(n: int, sizes: Sequence[int] = (7, 7, 7, 7, 6, 6, 6, 6), seed: int = 52) -> pd.DataFrame:
    """Responses to items of correlated factors, five categories, most in the upper ones."""
    generator = np.random.default_rng(seed)
    items = sum(sizes)
    factor_of = np.repeat(np.arange(len(sizes)), sizes)
    correlations = np.where(np.eye(len(sizes)) > 0, 1.0, 0.6)
    loadings = np.linspace(0.55, 0.8, items)[generator.permutation(items)]
    factors = generator.standard_normal((n, len(sizes))) @ np.linalg.cholesky(correlations).T
    latent = loadings * factors[:, factor_of] + np.sqrt(1 - loadings**2) * generator.standard_normal((n, items))
    codes = np.digitize(latent, [-2.2, -1.5, -0.6, 0.5]) + 1
    place = [f"C{k + 1}_{i + 1:02d}" for k, size in enumerate(sizes) for i in range(size)]
    return pd.DataFrame(codes, columns=place)


def ratings(n: int, persons: int, raters: int, seed: int = 52) -> pd.DataFrame:
    """Ratings of persons by raters who each rate several, and how long each rater has known the person."""
    generator = np.random.default_rng(seed)
    person, rater = generator.integers(persons, size=n), generator.integers(raters, size=n)
    known = generator.exponential(3, n)
    effects = 0.6 * generator.standard_normal(persons)[person] + 0.4 * generator.standard_normal(raters)[rater]
    rating = 3.5 + 0.05 * known + effects + 0.7 * generator.standard_normal(n)
    return pd.DataFrame({"rating": rating, "known": known, "person": person, "rater": rater})


def data_file(name: str, folder: Path) -> Path:
    """Write the items of a data set as a CSV that both sides read."""
    target = folder / f"{name}.csv"
    if not target.exists():
        answers(name).to_csv(target, index=False)
    return target


def answers(name: str) -> pd.DataFrame:
    """Items of a data set; those compared between sectors in categories that every sector uses."""
    if name == "large":
        return simulate(50_000)
    if name == "long_208":
        return simulate(2_000, [8] * 26)
    if name == "crossed":
        return ratings(6_000, 800, 1_500)
    if name == "demo":
        return load_cohort(cohort_folder("demo")).answers
    if not name.startswith("sectors"):
        return pd.read_csv(DATA / f"{name}.csv").filter(regex=r"^C\d_")
    whole = pd.read_csv(DATA / "sim52_full.csv")
    items = whole.filter(regex=r"^C[12]_" if name == "sectors_14" else r"^C\d_")
    items = items if name == "sectors_all" else items.clip(lower=2)
    return items.assign(sector=whole["sector"])


def measure(command: list[str], answer: Path, threads: int, limit: float | None = None) -> Outcome:
    """Run a process to its end, or to a limit in seconds, and read what it left."""
    limits = {name: str(threads) for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")}
    process = subprocess.Popen(command, cwd=HERE.parent, stdout=subprocess.DEVNULL, env={**os.environ, **limits})
    stop = Timer(limit or 0, process.kill)
    if limit:
        stop.start()
    _, status, usage = os.wait4(process.pid, 0)
    stopped = bool(limit) and not stop.is_alive()
    stop.cancel()
    process.returncode = os.waitstatus_to_exitcode(status)
    if limit and stopped:
        return Outcome(limit, limit, usage.ru_maxrss / 1024)
    if process.returncode != 0:
        raise SystemExit(f"{' '.join(command)} ended with status {process.returncode}.")
    found = json.loads(answer.read_text())
    seconds = float(found.pop("seconds"))
    return Outcome(seconds, float(found.pop("clock", seconds)), usage.ru_maxrss / 1024, found)


def largest(ours: dict[str, Any], theirs: dict[str, Any], key: str, relative: bool) -> float:
    """Largest difference of any entry."""
    if key not in ours or key not in theirs:
        return np.nan
    names = sorted(theirs[key])
    one, other = (np.array([side[key][name] for name in names], dtype=float) for side in (ours, theirs))
    gap = np.abs(one - other)
    return float(np.max(gap / np.abs(other)) if relative else np.max(gap))


def run(job: Job, folder: Path, threads: int) -> dict[str, Any]:
    """One row of the table."""
    data = data_file(job.data, folder)
    answer = folder / f"{job.name}.json"
    asked = [job.task, str(data), str(answer)]
    ours, theirs = measure([sys.executable, "-m", "benchmarks.job", *asked], answer, threads), Outcome()
    if job.peer:
        theirs = measure(["Rscript", str(HERE / "peer.R"), *asked], answer, threads, job.peer_limit)
    return {
        "job": job.name,
        "R seconds": theirs.seconds,
        "seconds": ours.seconds,
        "clock": ours.clock,
        "ratio": theirs.seconds / ours.seconds,
        "wanted": job.at_least,
        "within": job.within,
        "within MB": job.megabytes,
        "R MB": theirs.megabytes,
        "MB": ours.megabytes,
        "largest difference": largest(ours.values, theirs.values, "estimates", relative=False),
        "of errors, relative": largest(ours.values, theirs.values, "errors", relative=True),
        "of tests, relative": largest(ours.values, theirs.values, "tests", relative=True),
    }


def main() -> None:
    """Read the command line and run."""
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
            print(f"{job.name}: {rows[-1]['seconds']:.3g} s, {rows[-1]['ratio']:.0f} times", file=sys.stderr)
    table = pd.DataFrame(rows)
    print(table.to_string(index=False, float_format=lambda value: f"{value:.3g}"))
    if options.output:
        table.to_csv(options.output, index=False)


if __name__ == "__main__":
    main()
