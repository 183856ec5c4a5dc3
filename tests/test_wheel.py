"""The statistics stand alone: their wheel holds nothing else, and imports without the libraries of the study."""

from __future__ import annotations

import importlib.metadata
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

from compendium.paths import PROJECT

FOLDER = PROJECT / "packaging" / "psychometrics"
DECLARED = tomllib.loads((FOLDER / "pyproject.toml").read_text())["project"]["dependencies"]
#: Runs with nothing but the wheel on the path: every other library is refused unless the wheel asks for it.
ALONE = """
import doctest, importlib, importlib.abc, pkgutil, sys, warnings
allowed = set(sys.argv[2].split(","))
class Refuse(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        top = name.partition(".")[0]
        if top not in allowed and top not in sys.stdlib_module_names and not top.startswith("_"):
            raise ModuleNotFoundError(f"{top} is no dependency of the wheel", name=top)
sys.meta_path.insert(0, Refuse())
sys.path.insert(0, sys.argv[1])
import psychometrics
assert psychometrics.__file__.startswith(sys.argv[1])
for found in pkgutil.walk_packages(psychometrics.__path__, "psychometrics."):
    importlib.import_module(found.name)
for name in ("psychometrics.reliability.alpha", "psychometrics.resampling", "psychometrics.selection.checks"):
    failed, tried = doctest.testmod(importlib.import_module(name))
    assert tried and not failed
print("alone")
"""


def test_the_container_gets_the_cohorts_and_frameworks_that_git_follows_and_no_other() -> None:
    followed, copied = (
        {
            line.rstrip("/")
            for line in (PROJECT / name).read_text(encoding="utf-8").splitlines()
            if line.startswith(("data/", "!data/"))
        }
        for name in (".gitignore", ".dockerignore")
    )
    assert copied == followed


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(out)]
    subprocess.run(command, cwd=FOLDER, check=True, capture_output=True)
    return next(out.glob("*.whl"))


def distributions(names: list[str]) -> set[str]:
    """Return the distributions that these need, with all that those need."""
    found: set[str] = set()
    waiting = [re.split(r"[\s<>=!~;\[(]", name)[0] for name in names]
    while waiting:
        name = waiting.pop().lower().replace("_", "-")
        if name in found:
            continue
        try:
            needs = importlib.metadata.requires(name) or []
        except importlib.metadata.PackageNotFoundError:
            continue
        found.add(name)
        waiting += [re.split(r"[\s<>=!~;\[(]", need)[0] for need in needs if "extra ==" not in need]
    return found


def test_the_wheel_holds_the_statistics_and_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    source = PROJECT / "src"
    expected = {str(path.relative_to(source)) for path in (source / "psychometrics").rglob("*.py")}
    assert {name for name in names if name.endswith(".py")} == expected
    assert "psychometrics/py.typed" in names
    assert {name.split("/")[0].split("-")[0] for name in names} == {"psychometrics", "ordinal_psychometrics"}
    assert not [name for name in names if "__pycache__" in name or name.endswith(".pyc")]


def test_the_wheel_imports_and_runs_without_the_libraries_of_the_study(wheel: Path, tmp_path: Path) -> None:
    zipfile.ZipFile(wheel).extractall(tmp_path)
    needed = distributions(DECLARED)
    assert not needed & {"papermill", "typst", "jupyterlab", "jupyter-book", "matplotlib", "pydantic", "typer"}
    tops = importlib.metadata.packages_distributions()
    allowed = {top for top, owners in tops.items() if {owner.lower().replace("_", "-") for owner in owners} & needed}
    command = [sys.executable, "-W", "error", "-c", ALONE, str(tmp_path), ",".join(sorted(allowed | {"psychometrics"}))]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.stdout.strip() == "alone", done.stderr


def test_the_wheel_asks_for_no_other_versions_than_the_study() -> None:
    study = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]["dependencies"]
    assert set(DECLARED) <= set(study)
