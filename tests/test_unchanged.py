"""A run with nothing to do says so at once, and only then: whatever differs from what it left sends it to the graph."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from compendium.run.graph import Place
from compendium.run.unchanged import Watch, made_before


@pytest.fixture
def place(tmp_path: Path) -> Place:
    cohort, framework = tmp_path / "north", tmp_path / "north" / "framework"
    framework.mkdir(parents=True)
    (cohort / "cohort.yaml").write_text("id: north\nframework: framework\n")
    (cohort / "self.csv").write_text("a,b\n1,2\n")
    (framework / "items.csv").write_text("item\n")
    found = Place(str(cohort), results=str(tmp_path / "results"))
    (found.root / "book").mkdir(parents=True)
    (found.root / "book" / "index.html").write_text("a book")
    return found


def words(place: Place) -> tuple[str, str, str, str]:
    return place.cohort, place.data, place.results, "book"


def answers_of_another_person(place: Place) -> None:
    # As many letters, and the date of the file before: only the system's own time tells.
    path = place.folder / "self.csv"
    about = path.stat()
    path.write_text("a,b\n2,1\n")
    os.utime(path, ns=(about.st_atime_ns, about.st_mtime_ns))


def an_older_file_put_back(place: Place) -> None:
    path = place.folder / "self.csv"
    (place.folder / "copy").write_text("a,b\n")
    os.utime(place.folder / "copy", (1, 1))
    (place.folder / "copy").replace(path)


def link_to_itself(place: Place) -> None:
    (place.folder / "again").symlink_to(place.folder)
    (place.folder / "nowhere").symlink_to(place.folder / "gone")


def written(path: Path) -> None:
    path.parent.mkdir()
    path.write_text("x")


CHANGES: list[Callable[[Place], object]] = [
    answers_of_another_person,
    an_older_file_put_back,
    link_to_itself,
    lambda place: written(place.folder / "deeper" / "peer.csv"),
    lambda place: (place.framework / "items.csv").write_text("item\nanother\n"),
    lambda place: (place.root / "book" / "index.html").unlink(),
    lambda place: written(place.root / "tables" / "sample.csv"),
    lambda place: (place.folder / "cohort.yaml").unlink(),
]


@pytest.mark.parametrize("change", CHANGES)
def test_whatever_is_not_as_the_run_left_it_is_noticed(place: Place, change: Callable[[Place], object]) -> None:
    made = place.root / "book" / "index.html"
    Watch(place, "book").ended_well(made)
    assert made_before(*words(place)) == made.resolve()
    change(place)
    assert made_before(*words(place)) is None


def test_what_is_changed_while_a_run_lasts_is_not_taken_as_read(place: Place) -> None:
    watch = Watch(place, "book")
    answers_of_another_person(place)
    watch.ended_well(place.root / "book" / "index.html")
    assert made_before(*words(place)) is None


def test_a_run_that_has_begun_has_no_note(place: Place) -> None:
    Watch(place, "book").ended_well(place.root / "book" / "index.html")
    Watch(place, "book")
    assert made_before(*words(place)) is None


def test_other_words_are_another_run(place: Place) -> None:
    Watch(place, "book").ended_well(place.root / "book" / "index.html")
    assert made_before(place.cohort, place.data, place.results, "index") is None
    assert made_before(place.cohort, str(place.folder), place.results, "book") is None


def test_the_answer_loads_no_table_and_no_graph() -> None:
    code = (
        "import sys; from compendium.run import cli; from compendium.run.unchanged import made_before; "
        "made_before('demo', '', 'nowhere', 'book'); "
        "print([name for name in ('pandas', 'numpy', 'doit', 'pydantic', 'yaml') if name in sys.modules])"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"
