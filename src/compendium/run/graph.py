"""The study as a graph: which step reads what, and what runs again after a change. The only one; Make calls it.

doit runs it: freshness goes by the checksum of what is read, never by dates. A job is fresh when its target is there
and nothing that it, or a job before it, reads has changed since it ended well; a step's executed notebook is its only
target. Whatever fails leaves no target and is not recorded.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from doit.cmd_base import TaskLoader2
from doit.dependency import JsonDB
from doit.doit_cmd import DoitMain
from doit.task import Task, dict_to_task

from compendium.faults import InvalidInput
from compendium.files import PART, sweep
from compendium.inputs import read_yaml
from compendium.paths import BOOK, NOTEBOOKS, STUDY_PLAN, cohort_folder, framework_folder, result_folders

VALIDATE, INDEX, BOOK_JOB = "validate", "index", "book"
# Which steps a step reads from; every other step rests on the chosen items.
AFTER = {
    "01_evidence_review": (),
    "02_consultation": (),
    "03_cohort_quality": (),
    "04_item_analysis": ("03_cohort_quality",),
    "08_outcome_associations": (
        "02_consultation",
        "04_item_analysis",
        "05_factor_structure",
        "06_invariance",
        "07_rater_agreement",
    ),
}
AFTER_ALL_OTHERS = ("04_item_analysis",)
PARTS = {
    "01_evidence_review": ("evidence",),
    "02_consultation": ("consultation",),
    "04_item_analysis": ("evidence", "consultation"),
    "09_feedback": ("feedback",),
}
READS_RESPONSES = (VALIDATE, "03_cohort_quality")
RECORD = ".graph.json"
STATISTICS = Path(find_spec("psychometrics").submodule_search_locations[0])  # type: ignore[union-attr,index]


@dataclass(frozen=True)
class Job:
    """One job of the graph: what it runs, what it reads itself, what it makes, what goes before it."""

    name: str
    command: tuple[str, ...]
    reads: frozenset[Path]
    target: Path | None = None
    after: tuple[str, ...] = ()


@dataclass(frozen=True)
class Place:
    """For which cohort the graph stands, and where its responses and results lie, as the user said it."""

    cohort: str
    data: str = ""
    results: str = "results"

    @property
    def folder(self) -> Path:
        """The folder of the cohort."""
        return cohort_folder(self.cohort)

    @property
    def options(self) -> tuple[str, ...]:
        """The options that every command of the graph takes."""
        return ("--cohort", self.cohort, "--results", self.results)

    @property
    def responses(self) -> tuple[str, ...]:
        """The option that says where the responses are."""
        return ("--data", self.data)

    @property
    def root(self) -> Path:
        """Where the results of the cohort go."""
        return result_folders(str(self.described.get("id", self.folder.name)), self.results).root

    @property
    def framework(self) -> Path:
        """The folder of the cohort's framework."""
        return framework_folder(str(self.described.get("framework", "")), self.folder)

    @property
    def described(self) -> dict[str, Any]:
        """What ``cohort.yaml`` says, unchecked; nothing where it cannot be read, which validation reports."""
        try:
            content = read_yaml(self.folder / "cohort.yaml")
        except InvalidInput:
            return {}
        return content if isinstance(content, dict) else {}


def jobs_of(place: Place) -> list[Job]:
    """Return the graph of a cohort, each job after those it reads from."""
    ours, root = (sys.executable, "-m", "compendium"), place.root
    common = {
        *_below(Path(__file__).resolve().parents[1]),
        *_below(STATISTICS),
        *_files(place.framework),
        STUDY_PLAN,
        place.folder / "cohort.yaml",
    }
    # A framework may lie in the folder of the cohort: what its own steps read is no response.
    own = {path for part in set().union(*PARTS.values()) for path in _below(place.framework / part)}
    responses = {*_below(place.folder), *(_below(Path(place.data).resolve()) if place.data else ())} - own
    check = (*ours, VALIDATE, place.cohort, *place.responses, "--no-tell")
    jobs = [Job(VALIDATE, check, frozenset(common | responses))]
    steps = sorted(NOTEBOOKS.glob("[0-9]*.ipynb"))
    for notebook in steps:
        name = notebook.stem
        parts = {path for part in PARTS.get(name, ()) for path in _below(place.framework / part)}
        beside = feedback_files(place) if "feedback" in PARTS.get(name, ()) else frozenset()
        reads = {notebook, *beside, *common, *parts, *(responses if name in READS_RESPONSES else ())}
        command = (*ours, "run", str(notebook), *place.options, *place.responses)
        after = (VALIDATE, *AFTER.get(name, AFTER_ALL_OTHERS))
        jobs.append(Job(name, command, frozenset(reads), root / "notebooks" / notebook.name, after))
    names = tuple(path.stem for path in steps)
    jobs.append(Job(INDEX, (*ours, INDEX, *place.options), frozenset(), root / "manifest.json", names))
    command = (*ours, BOOK_JOB, *place.options, *place.responses)
    jobs.append(Job(BOOK_JOB, command, frozenset(_below(BOOK)), root / "book" / "index.html", (INDEX,)))
    return jobs


def feedback_files(place: Place) -> frozenset[Path]:
    """Return the files that only the reports read: logo, importance ratings, comments, an earlier wave."""
    declared = place.described.get("feedback")
    parts = declared if isinstance(declared, dict) else {}
    earlier = parts.get("earlier")
    data = [parts.get("importance"), parts.get("comments"), earlier.get("file") if isinstance(earlier, dict) else None]
    responses = Path(place.data).resolve() if place.data else place.folder
    files = [responses / name for name in data if isinstance(name, str)]
    files += [place.folder / parts["logo"]] if isinstance(parts.get("logo"), str) else []
    return frozenset(path for path in files if path.is_file())


def rests_on(jobs: Sequence[Job]) -> dict[str, frozenset[Path]]:
    """Return every file that the result of each job rests on: what it reads, and what the jobs before it read."""
    found: dict[str, frozenset[Path]] = {}
    for job in jobs:  # each stands after those it reads from
        found[job.name] = job.reads.union(*(found[name] for name in job.after if name != VALIDATE))
    return found


def run(place: Place, *, until: str = BOOK_JOB, parallel: int = 2) -> int:
    """Bring a cohort up to date; return 0, or the exit status of the job that failed.

    Parameters
    ----------
    place
        Which cohort, and where its files lie.
    until
        The last job that is wanted.
    parallel
        How many jobs run side by side.
    """
    jobs = jobs_of(place)
    place.root.mkdir(parents=True, exist_ok=True)
    sweep(place.root)
    extra = {
        "GLOBAL": {"dep_file": str(place.root / RECORD), "backend": "kept", "verbosity": 2},
        "BACKEND": {"kept": "compendium.run.graph:KeptRecord"},
    }
    words = ["run", "--reporter", "zero", "-n", str(parallel), "-P", "thread", until]
    loader = _Loader(jobs)
    ended = int(DoitMain(loader, extra_config=extra).run(words))
    return max([ended, *loader.failed], key=lambda status: (status > 1, status))


class KeptRecord(JsonDB):  # type: ignore[misc]
    """doit's record in one JSON file, written whole after every job, so that a killed run keeps what was done."""

    def set(self, task_id: str, dependency: str, value: Any) -> None:
        """Store a value; the list of what a job reads is the last thing that doit stores of it."""
        super().set(task_id, dependency, value)
        if dependency == "deps:":
            self.dump()

    def dump(self) -> None:
        """Write the record under a temporary name and rename it."""
        path = Path(self.name)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{os.getpid()}.", suffix=PART)
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(self.codec.encode(dict(self._db)))
        Path(temporary).replace(path)


class _Loader(TaskLoader2):  # type: ignore[misc]
    """Hands the graph to doit."""

    def __init__(self, jobs: Sequence[Job]) -> None:
        super().__init__()
        self.jobs, self.failed = jobs, list[int]()

    def load_doit_config(self) -> dict[str, Any]:
        """Return nothing: the configuration is given at the call."""
        return {}

    def load_tasks(self, cmd: Any, pos_args: Any) -> list[Task]:
        """Return one task a job."""
        resting = rests_on(self.jobs)
        return [dict_to_task(_task(job, resting[job.name], self.failed)) for job in self.jobs]


def _task(job: Job, resting: frozenset[Path], failed: list[int]) -> dict[str, Any]:
    """Return a job as doit describes a task."""
    return {
        "name": job.name,
        "actions": [(_call, [job.command, job.target, failed])],
        "file_dep": sorted(map(str, resting)),
        "targets": [] if job.target is None else [str(job.target)],
        "task_dep": list(job.after),
    }


def _call(command: Sequence[str], target: Path | None, failed: list[int]) -> bool:
    """Run a command without a shell; a failed one leaves no target, and its exit status."""
    status = subprocess.run(list(command), stdout=subprocess.DEVNULL, check=False).returncode
    if status:
        failed.append(status)
        if target is not None:
            target.unlink(missing_ok=True)
    return status == 0


def _files(folder: Path) -> Iterable[Path]:
    """Return the files that lie in a folder."""
    return sorted(path for path in folder.glob("*") if path.is_file() and not path.name.startswith("."))


def _below(folder: Path) -> Iterable[Path]:
    """Return the files below a folder, without what Python compiles."""
    found = (path for path in folder.rglob("*") if path.is_file() and path.suffix != ".pyc")
    return sorted(path for path in found if not any(part.startswith(".") for part in path.relative_to(folder).parts))
