"""After an edit of each kind just what rests on it runs again, and the results are those of a build from nothing.

Two builds an edit: ``make edits`` runs them; ``make test`` has the graph itself (``test_graph.py``).
"""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from shapes import Shape, write_shape

from compendium.paths import PROJECT

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.environ.get("EDITS") != "all", reason="two builds an edit: make edits"),
]
COPIED = ("src", "notebooks", "book", "study.yaml", "CITATION.cff", "LICENSE", "LICENSE-text", "data", "pyproject.toml")
# Large enough that every step has all its parts: items are chosen, and groups compared.
SHAPE = Shape("edited", people=230, items=6, candidates=2, peers=2, team_size=23)
AFTER_THE_ITEMS = {"05", "06", "07", "08", "09", "10"}  # 11 is for cohorts with waves


@dataclass(frozen=True)
class Place:
    """A copy of the project, and a cohort."""

    project: Path
    cohort: Path

    def build(self, results: Path) -> set[str]:
        """Bring the results up to date and return the steps that ran."""
        notebooks = results / SHAPE.name / "notebooks"
        before = {path.name: path.stat().st_mtime_ns for path in notebooks.glob("*.ipynb")}
        words = [
            sys.executable,
            "-m",
            "compendium",
            "all",
            str(self.cohort),
            "--results",
            str(results),
            "--until",
            "index",
        ]
        environment = os.environ | {"PYTHONPATH": str(self.project / "src"), "OMP_NUM_THREADS": "1"}
        run = subprocess.run(words, cwd=self.project, env=environment, capture_output=True, text=True)
        assert run.returncode == 0, run.stderr
        now = {path.name: path.stat().st_mtime_ns for path in notebooks.glob("*.ipynb")}
        return {name[:2] for name, date in now.items() if before.get(name) != date}

    def replace(self, file: Path, pattern: str, text: str) -> None:
        """Edit a file in one place."""
        content = file.read_text(encoding="utf-8")
        edited, times = re.subn(pattern, text, content, count=1)
        assert times == 1 and edited != content, file
        file.write_text(edited, encoding="utf-8")


def threshold_that_only_items_read(place: Place) -> set[str]:
    place.replace(place.project / "study.yaml", r"second_loading: \{value: 0\.4,", "second_loading: {value: 0.41,")
    return {"04"}


def threshold_that_items_and_groups_read(place: Place) -> set[str]:
    place.replace(place.project / "study.yaml", r"fairness: \{value: 0\.02,", "fairness: {value: 0.021,")
    return {"04", "06"}


def threshold_of_the_structure(place: Place) -> set[str]:
    place.replace(place.project / "study.yaml", r"srmr: \{value: 0\.08,", "srmr: {value: 0.081,")
    return {"05"}


def limit_of_a_gate(place: Place) -> set[str]:
    place.replace(place.project / "study.yaml", r"(  invariance:\n    minimum_n:) 200", r"\1 201")
    return {"03", "04", "06"}


def figure_helper(place: Place) -> set[str]:
    helper = place.project / "src/compendium/report/figures/raters.py"
    place.replace(helper, r"from __future__ import annotations\n", "from __future__ import annotations\n\nEDITED = 1\n")
    return {"07"}


def estimator(place: Place) -> set[str]:
    graded = place.project / "src/psychometrics/irt/graded.py"
    place.replace(graded, r"from __future__ import annotations\n", "from __future__ import annotations\n\nEDITED = 1\n")
    return {"04"}


def notebook(place: Place) -> set[str]:
    path = place.project / "notebooks/07_rater_agreement.ipynb"
    content = json.loads(path.read_text(encoding="utf-8"))
    content["cells"][-1]["source"] = [*content["cells"][-1]["source"], "\n"]
    path.write_text(json.dumps(content), encoding="utf-8")
    return {"07"}


def sentence_of_a_page(place: Place) -> set[str]:
    page = place.project / "book/limitations.md"
    page.write_text(page.read_text(encoding="utf-8") + "\nOne more sentence.\n", encoding="utf-8")
    return set()


def caption(place: Place) -> set[str]:
    captions = place.project / "src/compendium/outputs/catalogue/06_invariance.yaml"
    place.replace(captions, r"caption: (['\"]?)", r"caption: \1Edited. ")
    return {"06"}


def wording(place: Place) -> set[str]:
    items = place.cohort / "framework" / "items.csv"
    with items.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.reader(lines))
    rows[1][rows[0].index("self_wording")] = "An edited statement."
    with items.open("w", encoding="utf-8", newline="") as lines:
        csv.writer(lines).writerows(rows)
    return {"02", "04", "09"}


def answer(place: Place) -> set[str]:
    file = place.cohort / "self.csv"
    rows = file.read_text(encoding="utf-8").splitlines()
    header, cells = rows[0].split(","), rows[1].split(",")
    at = next(place for place, name in enumerate(header) if name.endswith("_1"))
    cells[at] = "2" if cells[at] != "2" else "3"
    file.write_text("\n".join([rows[0], ",".join(cells), *rows[2:], ""]), encoding="utf-8")
    return {"03", "04", *AFTER_THE_ITEMS}


def nothing(place: Place) -> set[str]:
    for path in (place.project / "study.yaml", place.cohort / "self.csv", place.project / "src/compendium/paths.py"):
        os.utime(path, (1, 1))
    return set()


EDITS: list[Callable[[Place], set[str]]] = [
    nothing, threshold_that_only_items_read, threshold_that_items_and_groups_read, threshold_of_the_structure,
    limit_of_a_gate, figure_helper, estimator, notebook, sentence_of_a_page, caption, wording, answer,
]  # fmt: skip


def made(results: Path) -> dict[str, bytes]:
    """Return every public result but for the record of the run."""
    folders = [results / SHAPE.name / kind for kind in ("tables", "values", "figures", "notebooks", "disclosure")]
    return {str(path.relative_to(results)): path.read_bytes() for folder in folders for path in folder.rglob("*.*")}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Return the folder of a copied project with a cohort that was built once, and a copy to put in its place."""
    home = tmp_path_factory.mktemp("edits") / "home"
    (home / "project").mkdir(parents=True)
    for name in COPIED:
        copy = shutil.copytree if (PROJECT / name).is_dir() else shutil.copyfile
        copy(PROJECT / name, home / "project" / name)
    cohort = write_shape(SHAPE, home)
    ran = Place(home / "project", cohort).build(home / "results")
    assert {"01", "03", "04", *AFTER_THE_ITEMS} & {path.name[:2] for path in (PROJECT / "notebooks").glob("*")} <= ran
    return home, Path(shutil.copytree(home, home.with_name("as built")))


@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: edit.__name__)
def test_what_an_edit_concerns_runs_again_and_nothing_is_stale(
    edit: Callable[[Place], set[str]], built: tuple[Path, Path], tmp_path: Path
) -> None:
    home, as_built = built
    shutil.rmtree(home)
    shutil.copytree(as_built, home)
    place = Place(home / "project", home / SHAPE.name)
    expected = edit(place) & {path.name[:2] for path in (place.project / "notebooks").glob("*.ipynb")}
    assert place.build(home / "results") == expected
    place.build(tmp_path / "from nothing")
    assert made(home / "results") == made(tmp_path / "from nothing")
