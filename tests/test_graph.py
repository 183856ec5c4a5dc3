"""The graph says what runs again after a change; freshness goes by content, and nothing passes through a shell."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
from small_study import SmallStudy, small_study

from compendium.outputs.step import SAYS_WORDINGS
from compendium.paths import EVIDENCE, NOTEBOOKS, PROJECT, REFERENCE_RESULTS, framework_folder
from compendium.review.changes import SNAPSHOT, SUPPORT
from compendium.run import graph
from compendium.run.graph import Job, Place, jobs_of
from compendium.study.prepared import TABLE

# The cohorts of these tests have one wave; the step on change is another test's.
STEPS = {path.stem for path in NOTEBOOKS.glob("[0-9]*.ipynb")} - {"11_change"}
SOURCES = PROJECT / "src"
SHIPPED = PROJECT / "data" / "frameworks" / "integrated-care"
DEMO = PROJECT / "data" / "cohorts" / "demo"
FIGURES = SOURCES / "compendium" / "report" / "figures"


def reading(path: Path, place: Place) -> set[str]:
    """Return the jobs that read a file, whole."""
    return {job.name for job in known_jobs(place) if path in job.reads}


@cache
def known_jobs(place: Place) -> list[Job]:
    """Return the graph of a cohort, made once."""
    return jobs_of(place)


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        (NOTEBOOKS / "08_outcome_associations.ipynb", {"08_outcome_associations"}),
        (PROJECT / "book" / "index.md", {"book"}),
        (PROJECT / "tests" / "test_graph.py", {"book"}),
        (EVIDENCE / "records.csv", {"validate", "01_evidence_review", "04_item_analysis"}),
        (SHIPPED / "consultation" / "relevance.csv", {"validate", "02_consultation", "04_item_analysis"}),
        (SHIPPED / "competencies.csv", {"validate", *STEPS, "book"}),
        (SHIPPED / "items.csv", {"validate", *SAYS_WORDINGS, "book"}),
        (DEMO / "self.csv", {"validate", "03_cohort_quality"}),
        (DEMO / "cohort.yaml", {"validate", *STEPS, "book"}),
        (PROJECT / "README.md", set()),
        (REFERENCE_RESULTS / "tables" / f"{SNAPSHOT}.csv", {"01_evidence_review"}),
        (REFERENCE_RESULTS / "tables" / f"{SUPPORT}.csv", {"01_evidence_review"}),
        (REFERENCE_RESULTS / "tables" / "item_statistics.csv", set()),
        (FIGURES / "raters.py", {"07_rater_agreement", "book"}),
        (FIGURES / "irt.py", {"04_item_analysis", "book"}),
        (SOURCES / "psychometrics" / "irt" / "graded.py", {"04_item_analysis", "book"}),
        (SOURCES / "compendium" / "outputs" / "catalogue" / "06_invariance.yaml", {"06_invariance", "index", "book"}),
        (SOURCES / "compendium" / "outputs" / "step.py", {*STEPS, "book"}),
    ],
)
def test_a_job_reads_its_own_files_and_the_modules_that_its_imports_lead_to(changed: Path, expected: set[str]) -> None:
    assert changed.is_file()
    assert reading(changed, Place("demo")) == expected


def test_a_step_rests_on_the_prepared_tables_that_it_read_and_on_which_there_are(tmp_path: Path) -> None:
    root, prepared = tmp_path / "results", tmp_path / "results" / "private" / "prepared"
    prepared.mkdir(parents=True)
    (root / "runs").mkdir()
    step, inputs = "05_factor_structure", {f"{TABLE}answers.parquet": "as it was"}
    (root / "runs" / f"{step}.json").write_text(json.dumps({"inputs": inputs}))

    def state_with(**tables: str) -> str:
        for name, content in tables.items():
            (prepared / f"{name}.parquet").write_text(content)
        return graph._state_of_step(root, step, {"03_cohort_quality"}, ())

    first = state_with(answers="1 2 3", careless="yes")
    assert state_with(careless="no") == first  # it did not read this one
    assert state_with(claims="of a step that comes later") == first
    assert state_with(answers="1 2 4") != first
    assert state_with(answers="1 2 3") == first
    assert state_with(peers="whether they are there may be asked") != first


@pytest.mark.parametrize("name", graph.WORDED)
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_a_step_that_says_no_wording_rests_on_all_else_of_the_items(tmp_path: Path, name: str, ending: str) -> None:
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "05_factor_structure.json").write_text(json.dumps({"inputs": {}}))
    header, *rows = csv.reader((SHIPPED / name).read_text(encoding="utf-8").splitlines())

    def state_of(header: list[str], rows: list[list[str]]) -> str:
        path = tmp_path / name
        with path.open("w", encoding="utf-8", newline="") as lines:
            csv.writer(lines, lineterminator=ending).writerows([header, *rows])
        return graph._state_of_step(tmp_path, "05_factor_structure", (), [path])

    before = state_of(header, rows)
    said_by_few = {"self_wording", "peer_wording", "wording"}
    for place, column in enumerate(header):
        edited = [[*cells[:place], f'{cells[place]}, "edited"', *cells[place + 1 :]] for cells in rows]
        assert (state_of(header, edited) == before) is (column in said_by_few), column
    for column, concerns in (("wording.cy", False), ("peer_wording.pt-BR", False), ("answer_scale", True)):
        wider = [[*cells, f"{number}"] for number, cells in enumerate(rows)]
        assert (state_of([*header, column], wider) != before) is concerns, column
    assert state_of(header, rows[:-1]) != before
    assert state_of(header, rows) == before


def test_the_step_on_change_is_one_of_cohorts_with_waves_only() -> None:
    assert "11_change" in {job.name for job in jobs_of(Place("demo-waves"))}
    assert "11_change" not in {job.name for job in known_jobs(Place("demo"))}


def test_every_step_is_validated_first_and_follows_those_it_reads_from() -> None:
    jobs = known_jobs(Place("demo"))
    seen: set[str] = set()
    for job in jobs:
        assert set(job.after) <= seen, job.name
        seen.add(job.name)
    steps = [job for job in jobs if job.name[:2].isdigit()]
    assert {job.name for job in steps} == STEPS
    assert all("validate" in job.after for job in steps)
    assert all(job.target is not None and job.target.parent.name == "notebooks" for job in steps)


def test_a_framework_beside_the_cohort_is_what_its_steps_read(tmp_path: Path) -> None:
    home = tmp_path / "pilot" / "framework"
    (home / "evidence").mkdir(parents=True)
    for path in (home / "items.csv", home / "evidence" / "records.csv"):
        path.write_text("x")
    (tmp_path / "pilot" / "cohort.yaml").write_text("id: pilot\nframework: framework\n")
    place = Place(str(tmp_path / "pilot"))
    assert reading(home / "items.csv", place) == {"validate", *SAYS_WORDINGS, "book"}
    assert reading(home / "evidence" / "records.csv", place) == {"validate", "01_evidence_review", "04_item_analysis"}
    assert reading(SHIPPED / "items.csv", place) == set()


@pytest.mark.parametrize("name", ["bfi", "nowhere"])
def test_a_shipped_id_is_an_id_and_a_path_is_a_path(tmp_path: Path, name: str) -> None:
    (tmp_path / "nowhere").mkdir()
    found = framework_folder(name, tmp_path)
    assert found == (PROJECT / "data" / "frameworks" / "bfi" if name == "bfi" else tmp_path / "nowhere")
    assert framework_folder("./bfi", tmp_path) == tmp_path / "bfi"


@pytest.fixture
def three(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Put three jobs in the place of the study: each copies a letter, the last one reads what the second made."""
    folder, log = tmp_path / "a folder ü", tmp_path / "log"
    folder.mkdir()
    sources = [folder / f"{name}.txt" for name in "abc"]
    for source in sources:
        source.write_text("1")

    def made(place: Place) -> list[Job]:
        jobs, after = [], {"a": (), "b": (), "c": ("b",)}
        for source in sources:
            target = place.root / f"{source.stem}.out"
            code = (
                "import pathlib, sys; source, target, log = map(pathlib.Path, sys.argv[1:]);"
                "log.open('a').write(source.stem);"
                "sys.exit(3) if source.read_text() == 'fail' else target.write_text(source.read_text()[0])"
            )
            command = (sys.executable, "-c", code, str(source), str(target), str(log))
            state = (lambda: (place.root / "b.out").read_text()) if source.stem == "c" else str
            jobs.append(Job(source.stem, command, frozenset({source}), target, after[source.stem], state))
        last = (sys.executable, "-c", "pass")
        return [*jobs, Job("book", last, frozenset(), None, ("a", "b", "c"))]

    monkeypatch.setattr(graph, "jobs_of", made)
    return [*sources, log]


def test_freshness_goes_by_content_and_a_failure_leaves_no_target(three: list[Path], tmp_path: Path) -> None:
    a, b, c, log = three
    place = Place("cohort", results=str(tmp_path / "results"))

    def ran() -> str:
        before = log.read_text() if log.exists() else ""
        ended.append(graph.run(place, parallel=1))
        return log.read_text()[len(before) :]

    ended: list[int] = []
    assert sorted(ran()) == ["a", "b", "c"]
    assert ran() == ""
    os.utime(a, (1, 1))
    assert ran() == ""  # a date is no change
    a.write_text("2")
    assert ran() == "a"
    b.write_text("2")
    assert ran() == "bc"
    b.write_text("2 in other words")
    assert ran() == "b"  # what was made again but alike is no change
    c.write_text("fail")
    assert ran() == "c"
    assert ended == [0, 0, 0, 0, 0, 0, 3]
    assert not (place.root / "c.out").exists()
    assert ran() == "c"  # a failure is not remembered as done
    c.write_text("3")
    assert (ran(), ended[-1]) == ("c", 0)


def test_what_the_user_gives_to_make_is_never_expanded(tmp_path: Path) -> None:
    given = f"$(shell touch {tmp_path}/made)`touch {tmp_path}/shell`; touch {tmp_path}/semicolon"
    command = ["make", "-C", str(PROJECT), f"PYTHON={sys.executable}", f"COHORT={given}", "validate"]
    run = subprocess.run(command, capture_output=True, text=True)
    assert run.returncode != 0
    assert "there is no such cohort folder" in run.stderr
    assert not list(tmp_path.iterdir())


def test_a_cohort_path_with_spaces_and_letters_of_other_languages_is_read(tmp_path: Path) -> None:
    study: SmallStudy = small_study(tmp_path)
    study.root = tmp_path / "größe und 数"
    study.folder.mkdir(parents=True)
    (tmp_path / "frameworks" / "mini").rename(study.folder / "framework")
    study.settings["framework"] = "framework"
    study.write()
    environment = os.environ | {"COHORT": str(study.folder)}
    words = [sys.executable, "-m", "compendium", "validate"]
    run = subprocess.run(words, capture_output=True, text=True, env=environment)
    assert run.returncode == 0, run.stderr
