"""The study as a graph: which step reads what, and what runs again after a change. The only one; Make calls it.

doit runs it: freshness goes by the checksum of what is read, never by dates. A job is fresh when its target is there
and nothing that it reads has changed since it ended well: its own files, the modules that its imports lead to, the
values of the plan that its last run noted, and what the jobs before it made. A step's executed notebook is its only
target. Whatever fails leaves no target and is not recorded.
"""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from doit.cmd_base import TaskLoader2
from doit.dependency import JsonDB
from doit.doit_cmd import DoitMain
from doit.task import Task, dict_to_task

from compendium.faults import InvalidInput
from compendium.files import checksum, checksum_of, sweep, write_bytes
from compendium.framework import WORDING
from compendium.inputs import read_yaml
from compendium.outputs.manifest import OUTCOME
from compendium.outputs.step import PLAN, READ_BESIDE, SAYS_WORDINGS, VALUE, value_checksums
from compendium.paths import (
    BOOK,
    NOTEBOOKS,
    PROJECT,
    STUDY_PLAN,
    ResultFolders,
    cohort_folder,
    framework_folder,
    reference_folder,
    result_folders,
)
from compendium.plan import checksums
from compendium.run.dependencies import Program, imported_by_notebook
from compendium.run.forked import PROGRAM, Forked, call_alone
from compendium.run.lock import Unwritable
from compendium.study.prepared import TABLE, TABLES

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
    # A team's change is told where the items mean the same in both waves, which the step on change tests.
    "09_feedback": ("04_item_analysis", "11_change"),
    "10_planning": ("04_item_analysis", "07_rater_agreement", "08_outcome_associations"),
}
AFTER_ALL_OTHERS = ("04_item_analysis",)
# Of steps that could run at once on two cores, those on the longest way to the book go first; a step stands here with
# the one that it lets pass and of which it reads nothing. doit would leave the order to chance, up to a seventh slower.
BEHIND = {
    "02_consultation": ("01_evidence_review",),
    "07_rater_agreement": ("06_invariance",),
    "09_feedback": ("07_rater_agreement",),
}
TWO = 2
# The accepted tables with which a step compares what it made.
ACCEPTED = {"01_evidence_review": ("review_snapshot", "review_thread_items")}
CHANGE = "11_change"
READS_RESPONSES = (VALIDATE, "03_cohort_quality")
# The tables of a framework that say how items are worded.
WORDED = ("items.csv", "outcomes.csv")
RECORD = ".graph.json"
# Where the imports of the program are remembered, and what executes a notebook.
IMPORTS, RUNNER = ".imports.json", "compendium.run.notebooks"
# What a notebook is executed in, and what is loaded for a cluster alone.
KERNEL, FOR_CLUSTERS = ("IPython", "ipykernel.kernelapp"), ("distributed", "joblib._dask")
TESTS = PROJECT / "tests"
# What lies below the results of a cohort and is made of them, or is not public.
NO_RESULTS = ("book", "private", "deliver", "manifest.json")


@dataclass(frozen=True)
class Job:
    """One job of the graph.

    Attributes
    ----------
    reads
        The files that it reads, whole, and the modules that its imports lead to.
    target
        What it makes.
    after
        The jobs before it.
    state
        The checksum of what it reads that is no whole file of its own: values of the plan, and what other jobs made. It
        is asked when the jobs before it have ended, so that what they made again but alike is no change.
    """

    name: str
    command: tuple[str, ...]
    reads: frozenset[Path]
    target: Path | None = None
    after: tuple[str, ...] = ()
    state: Callable[[], str] = str


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

    @cached_property
    def root(self) -> Path:
        """Where the results of the cohort go."""
        return result_folders(str(self.described.get("id", self.folder.name)), self.results).root

    @property
    def framework(self) -> Path:
        """The folder of the cohort's framework."""
        return framework_folder(str(self.described.get("framework", "")), self.folder)

    @cached_property
    def described(self) -> dict[str, Any]:
        """What ``cohort.yaml`` says, unchecked; nothing where it cannot be read, which validation reports."""
        try:
            content = read_yaml(self.folder / "cohort.yaml")
        except InvalidInput:
            return {}
        return content if isinstance(content, dict) else {}


def targets_of(place: Place) -> dict[str, Path | None]:
    """Return what each job makes, by its name; the validation makes nothing."""
    steps = {path.stem: place.root / "notebooks" / path.name for path in notebooks_of(place)}
    return {VALIDATE: None, **steps, INDEX: place.root / "manifest.json", BOOK_JOB: place.root / "book" / "index.html"}


def notebooks_of(place: Place) -> list[Path]:
    """Return the notebooks of a cohort in order; that on change is one of cohorts with waves only."""
    return [
        path for path in sorted(NOTEBOOKS.glob("[0-9]*.ipynb")) if path.stem != CHANGE or "waves" in place.described
    ]


def jobs_of(place: Place) -> list[Job]:
    """Return the graph of a cohort, each job after those it reads from."""
    ours, root = PROGRAM, place.root
    program, targets = Program(root / IMPORTS if root.is_dir() else None), targets_of(place)
    described = {*_files(place.framework), place.folder / "cohort.yaml"}
    worded = frozenset(place.framework / name for name in WORDED)
    # A framework may lie in the folder of the cohort: what its own steps read is no response.
    own = {path for part in set().union(*READ_BESIDE.values()) for path in _below(place.framework / part)}
    responses = {*_below(place.folder), *(_below(Path(place.data).resolve()) if place.data else ())} - own - worded
    check = (*ours, VALIDATE, place.cohort, *place.responses, "--no-tell")
    checked_by = program.behind(["compendium.study.examined"])
    jobs = [Job(VALIDATE, check, frozenset({*described, *own, *responses, *checked_by, STUDY_PLAN}))]
    steps = notebooks_of(place)
    names, known = tuple(path.stem for path in steps), {path.stem for path in NOTEBOOKS.rglob("*.ipynb")}
    for notebook in steps:
        name = notebook.stem
        parts = {path for part in READ_BESIDE.get(name, ()) for path in _below(place.framework / part)}
        beside = feedback_files(place) if "feedback" in READ_BESIDE.get(name, ()) else frozenset()
        loaded = program.behind([RUNNER, *imported_by_notebook(notebook)])
        # A file beside a module that is called after a step belongs to that step.
        sources = {path for path in loaded if path.stem == name or path.stem not in known}
        beside |= accepted_tables(place, name)
        in_part = frozenset() if name in SAYS_WORDINGS else worded
        handed_in = responses if name in READS_RESPONSES else ()
        reads = {notebook, *beside, *described - in_part, *parts, *sources, *handed_in}
        command = (*ours, "run", str(notebook), *place.options, *place.responses)
        after = (VALIDATE, *(step for step in AFTER.get(name, AFTER_ALL_OTHERS) if step in names))
        state = partial(_state_of_step, root, name, _before(name), in_part)
        jobs.append(Job(name, command, frozenset(reads), targets[name], after, state))
    state = partial(_state_of_results, root)
    listed_by = program.behind(["compendium.outputs.manifest"])
    command = (*ours, INDEX, *place.options)
    jobs.append(Job(INDEX, command, listed_by, targets[INDEX], names, state))
    # The pages explain every function and name the tests of each, so that they rest on the whole program.
    shown = {*_below(BOOK), *described, STUDY_PLAN, *program.behind(program.modules), *_below(TESTS)}
    command = (*ours, BOOK_JOB, *place.options, *place.responses)
    jobs.append(Job(BOOK_JOB, command, frozenset(shown), targets[BOOK_JOB], (INDEX,), state))
    return jobs


def _before(name: str) -> frozenset[str]:
    """Return the steps that a step rests on, directly or through others: none that runs beside it."""
    direct = AFTER.get(name, AFTER_ALL_OTHERS)
    return frozenset(direct).union(*(_before(each) for each in direct))


def _state_of_step(root: Path, name: str, steps: Collection[str], in_part: Collection[Path]) -> str:
    """Return the checksum of what a step read when it last ran, besides whole files, as it is now.

    These are the values of the plan and of other steps, and the prepared tables, that the run noted; which tables the
    steps before it prepared; and what it reads in part, tables of the framework without wordings. A step that has not
    run yet has read nothing: what it will read is not known.
    """
    path = root / "runs" / f"{name}.json"
    noted = json.loads(path.read_text(encoding="utf-8"))["inputs"] if path.is_file() else None
    if noted is None:
        return "not run yet"
    plan = checksums(value.removeprefix(PLAN) for value in noted if value.startswith(PLAN))
    folders = ResultFolders(root)
    values = value_checksums(folders, [value.removeprefix(VALUE) for value in noted if value.startswith(VALUE)])
    before = {table for table, about in TABLES.items() if about.prepared_by in steps}
    paths = sorted((folders.private / "prepared").glob("*.parquet"))
    told = {path: f"{TABLE}{path.name}" for path in paths if path.stem in before}
    read = {name: checksum_of(path) if name in noted else "" for path, name in told.items()}
    unworded = [_without_wordings(path) for path in sorted(in_part)]
    return checksum(json.dumps([plan, values, read, unworded], sort_keys=True))


def _without_wordings(path: Path) -> list[list[str]]:
    """Return the cells of a table of the framework, which validation has read before, but for how items are worded."""
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as lines:
        header, *rows = [*csv.reader(lines)] or [[]]
    kept = [place for place, name in enumerate(header) if not WORDING.fullmatch(name.strip())]
    return [[cells[place] for place in kept if place < len(cells)] for cells in (header, *rows)]


def _state_of_results(root: Path) -> str:
    """Return the checksum of everything public that the steps made."""
    files = [path for path in _below(root) if path.relative_to(root).parts[0] not in NO_RESULTS]
    return checksum(*(part for path in files if path.name != OUTCOME for part in (path.name, path)))


def accepted_tables(place: Place, name: str) -> frozenset[Path]:
    """Return the accepted tables with which a step compares, as far as the cohort has accepted results."""
    tables = ResultFolders(reference_folder(place.root.name, place.root.parent)).tables
    return frozenset(path for table in ACCEPTED.get(name, ()) if (path := tables / f"{table}.csv").is_file())


def feedback_files(place: Place) -> frozenset[Path]:
    """Return the files that the reports read beside the tables: logo, importance, comments, earlier wave, roster."""
    declared = place.described.get("feedback")
    parts = declared if isinstance(declared, dict) else {}
    earlier = parts.get("earlier")
    files_of = place.described.get("files")
    roster = files_of.get("roster") if isinstance(files_of, dict) else None
    data = [
        roster,
        parts.get("importance"),
        parts.get("comments"),
        earlier.get("file") if isinstance(earlier, dict) else None,
    ]
    responses = Path(place.data).resolve() if place.data else place.folder
    files = [responses / name for name in data if isinstance(name, str)]
    files += [place.folder / parts["logo"]] if isinstance(parts.get("logo"), str) else []
    return frozenset(path for path in files if path.is_file())


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
    place.root.mkdir(parents=True, exist_ok=True)
    sweep(place.root)
    jobs = jobs_of(place)
    extra = {
        "GLOBAL": {"dep_file": str(place.root / RECORD), "backend": "kept", "verbosity": 2},
        "BACKEND": {"kept": "compendium.run.graph:KeptRecord"},
    }
    words = ["run", "--reporter", "zero", "-n", str(parallel), "-P", "thread", until]
    behind = BEHIND if parallel == TWO and until in (INDEX, BOOK_JOB) else {}
    forked = Forked(partial(loaded_by_steps, place))
    loader = _Loader(jobs, behind, forked)
    try:
        ended = int(DoitMain(loader, extra_config=extra).run(words))
    finally:
        forked.end()
    if loader.unwritten:
        raise Unwritable(loader.unwritten[0], place.root)
    return max([ended, *loader.failed], key=lambda status: (status > 1, status))


def loaded_by_steps(place: Place) -> list[str]:
    """Return everything that the steps of a cohort import, and what executes them."""
    asked = {name for notebook in notebooks_of(place) for name in imported_by_notebook(notebook)}
    loaded = Program(place.root / IMPORTS).loaded_by([RUNNER, *sorted(asked)])
    left_out = (*FOR_CLUSTERS, *sys.stdlib_module_names)
    return [*KERNEL, *(name for name in loaded if not any(f"{name}.".startswith(f"{each}.") for each in left_out))]


class KeptRecord(JsonDB):  # type: ignore[misc]
    """doit's record in one JSON file, written whole after every job, so that a killed run keeps what was done."""

    def __init__(self, name: str, codec: Any, **keywords: Any) -> None:
        super().__init__(name, codec, **keywords)
        self.unwritten: list[OSError] = []

    def set(self, task_id: str, dependency: str, value: Any) -> None:
        """Store a value; the list of what a job reads is the last thing that doit stores of it."""
        super().set(task_id, dependency, value)
        if dependency == "deps:":
            self.dump()

    def dump(self) -> None:
        """Write the record; if that fails, the next run repeats what was done since."""
        try:
            write_bytes(Path(self.name), self.codec.encode(dict(self._db)).encode(), mode=0o600)
        except OSError as error:
            self.unwritten.append(error)


class _Loader(TaskLoader2):  # type: ignore[misc]
    """Hands the graph to doit."""

    def __init__(self, jobs: Sequence[Job], behind: Mapping[str, tuple[str, ...]], forked: Forked) -> None:
        super().__init__()
        self.jobs, self.behind, self.forked, self.failed = list(jobs), behind, forked, list[int]()
        self.unwritten: list[OSError] = []

    def load_doit_config(self) -> dict[str, Any]:
        """Return nothing: the configuration is given at the call."""
        return {}

    def load_tasks(self, cmd: Any, pos_args: Any) -> list[Task]:
        """Return one task a job, and keep the list of faults of the record."""
        self.unwritten = cmd.dep_manager.backend.unwritten
        known = {job.name for job in self.jobs}
        behind = {name: [step for step in steps if step in known] for name, steps in self.behind.items()}
        run = partial(_call, forked=self.forked, failed=self.failed, alone=pos_args == [VALIDATE])
        return [dict_to_task(_task(job, behind.get(job.name, []), run)) for job in self.jobs]


def _task(job: Job, behind: Sequence[str], run: Callable[[Job], bool]) -> dict[str, Any]:
    """Return a job as doit describes a task."""

    def is_as_before(task: Task, values: dict[str, Any]) -> bool:
        task.value_savers.append(lambda: {"state": job.state()})
        return bool(values.get("state") == job.state())

    return {
        "name": job.name,
        "actions": [(run, [job])],
        "file_dep": sorted(map(str, job.reads)),
        "uptodate": [is_as_before],
        "targets": [] if job.target is None else [str(job.target)],
        "task_dep": [*job.after, *behind],
    }


def _call(job: Job, forked: Forked, failed: list[int], alone: bool) -> bool:
    """Run a job without a shell; a failed one leaves no target, and its exit status.

    What the steps need is loaded beside the validation, which does not wait for it; a book alone needs none of it.
    """
    if job.name not in (INDEX, BOOK_JOB) and not alone:
        forked.load()
    status = call_alone(job.command) if job.name == VALIDATE else forked.call(job.command)
    if status:
        failed.append(status)
        if job.target is not None:
            job.target.unlink(missing_ok=True)
    return status == 0


def _files(folder: Path) -> Iterable[Path]:
    """Return the files that lie in a folder."""
    return sorted(path for path in folder.glob("*") if path.is_file() and not path.name.startswith("."))


def _below(folder: Path) -> Iterable[Path]:
    """Return the files below a folder, without what Python compiles."""
    found = (path for path in folder.rglob("*") if path.suffix != ".pyc")
    plain = (path for path in found if not any(part.startswith(".") for part in path.relative_to(folder).parts))
    return sorted(path for path in plain if path.is_file())
