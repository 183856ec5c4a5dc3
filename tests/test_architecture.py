"""The rules of the house: who may import whom, what a notebook may hold, what an import may cost."""

from __future__ import annotations

import ast
import itertools
import json
import re
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from compendium.paths import COMPARISON_NOTEBOOK, NOTEBOOKS, PROJECT

SOURCE = PROJECT / "src"
STATISTICS = sorted((SOURCE / "psychometrics").rglob("*.py"))
STUDY = sorted((SOURCE / "compendium").rglob("*.py"))
STEPS = sorted(NOTEBOOKS.glob("*.ipynb"))
ALL_NOTEBOOKS = [*STEPS, COMPARISON_NOTEBOOK]
DRAWING = STATISTICS + STUDY + sorted((PROJECT / "tests").glob("*.py")) + sorted((PROJECT / "benchmarks").glob("*.py"))
FORBIDDEN_IN_STATISTICS = {"compendium", "matplotlib", "seaborn", "typst", "rich", "papermill", "yaml", "logging"}
# Lines of a code cell as the formatter lays them out.
LONGEST_CELL = 15
PARAMETERS = {"cohort": "demo", "data": "", "results": "results"}
OF_A_COMPARISON = {"cohorts": ["demo", "demo-small"], "results": "results", "name": "", "other_people": ""}


def name_of(path: Path) -> str:
    return str(path.relative_to(PROJECT))


class Facts(NamedTuple):
    """What the rules ask of a file: what it imports, as a module and the names from it, and what it calls."""

    imports: tuple[tuple[str, tuple[str, ...]], ...]
    calls: frozenset[str]


@cache
def facts(path: Path) -> Facts:
    """Return what a file of Python imports and calls; each file is parsed once."""
    imports: list[tuple[str, tuple[str, ...]]] = []
    calls = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            imports += [(alias.name, ()) for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            imports.append((node.module, tuple(alias.name for alias in node.names)))
        elif isinstance(node, ast.Call):
            calls.add(getattr(node.func, "id", getattr(node.func, "attr", "")))
    return Facts(tuple(imports), frozenset(calls))


def imported_modules(path: Path) -> set[str]:
    return {module for module, _ in facts(path).imports}


def code_cells(path: Path) -> list[dict[str, object]]:
    return [cell for cell in json.loads(path.read_text())["cells"] if cell["cell_type"] == "code"]


def test_statistics_know_nothing_of_the_study() -> None:
    found = {name_of(path): {module.split(".")[0] for module in imported_modules(path)} for path in STATISTICS}
    assert {
        name: roots & FORBIDDEN_IN_STATISTICS for name, roots in found.items() if roots & FORBIDDEN_IN_STATISTICS
    } == {}


def test_statistics_touch_no_files_and_print_nothing() -> None:
    forbidden = {"open", "print", "read_csv", "to_csv", "read_text", "write_text", "savefig"}
    assert {name_of(path): facts(path).calls & forbidden for path in STATISTICS if facts(path).calls & forbidden} == {}


def test_draws_are_the_same_on_every_processor() -> None:
    """numpy mixes normal draws by singular vectors unless told otherwise, and their signs go with the machine."""
    drawn = [
        (name_of(path), node.lineno, {word.arg: ast.unparse(word.value) for word in node.keywords})
        for path in DRAWING
        if "multivariate_normal" in facts(path).calls
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and getattr(node.func, "attr", None) == "multivariate_normal"
    ]
    assert drawn
    unsteady = [(name, line) for name, line, words in drawn if words.get("method") != "'cholesky'"]
    assert unsteady == [], "use draws.correlated_normals, or method='cholesky'"


def test_rounding_belongs_to_presentation() -> None:
    presentation = {"report", "simulate", "consultation", "review"}
    computing = [path for path in STUDY if not presentation & set(path.relative_to(SOURCE / "compendium").parts)]
    assert len(computing) > 100
    assert [name_of(path) for path in computing if "round" in facts(path).calls] == []


def test_a_module_is_one_family() -> None:
    assert [name_of(path) for path in STATISTICS + STUDY if len(path.read_text().splitlines()) > 500] == []


def test_the_study_never_reaches_into_private_names_of_the_statistics() -> None:
    private = {
        (name_of(path), module) for path in STUDY for module in imported_modules(path) if "psychometrics._" in module
    }
    assert not private


@pytest.mark.parametrize("module", ["psychometrics", "compendium"])
def test_importing_a_package_loads_nothing_heavy(module: str) -> None:
    code = f"import sys, {module}; print(sorted({{name.split('.')[0] for name in sys.modules}}))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert not {"numpy", "pandas", "scipy", "matplotlib"} & set(ast.literal_eval(loaded))


def test_every_family_and_its_main_functions_load_from_the_package() -> None:
    import psychometrics

    files = {path.stem for path in (SOURCE / "psychometrics").iterdir() if not path.stem.startswith(("_", "."))}
    families = files - {"py"}
    assert families <= set(dir(psychometrics))
    for name in dir(psychometrics):
        found = getattr(psychometrics, name)
        home = found.__name__ if name in families else found.__module__
        assert home.startswith("psychometrics.")
        assert found.__name__.split(".")[-1] == name


def test_the_steps_are_there_without_a_gap() -> None:
    assert [path.name[:2] for path in STEPS] == [f"{number:02d}" for number in range(1, len(STEPS) + 1)]
    assert len(STEPS) >= 10


@pytest.mark.parametrize("path", ALL_NOTEBOOKS, ids=name_of)
class TestNotebook:
    def test_has_one_parameters_cell_with_its_parameters(self, path: Path) -> None:
        tagged = [cell for cell in code_cells(path) if "parameters" in cell["metadata"].get("tags", [])]
        assert len(tagged) == 1
        tree = ast.parse("".join(tagged[0]["source"]))
        assert {node.targets[0].id: ast.literal_eval(node.value) for node in tree.body} == (
            OF_A_COMPARISON if path == COMPARISON_NOTEBOOK else PARAMETERS
        )

    def test_opens_its_own_step(self, path: Path) -> None:
        source = "\n".join("".join(cell["source"]) for cell in code_cells(path))
        opened = re.findall(r'open_step\(\s*"([^"]+)"', source)
        assert opened == ([] if path == COMPARISON_NOTEBOOK else [path.stem])
        assert len(re.findall(r"open_(?:step|comparison)\(", source)) == 1

    def test_defines_nothing_and_holds_no_paths(self, path: Path) -> None:
        for cell in code_cells(path):
            source = "".join(cell["source"])
            kinds = {type(node) for node in ast.walk(ast.parse(source))}
            assert not kinds & {ast.FunctionDef, ast.ClassDef, ast.AsyncFunctionDef, ast.Lambda}
            assert not re.search(r"(read|to)_(csv|json|excel)\(|\.csv|Path\(|['\"]\.{0,2}/", source)

    def test_is_committed_without_outputs(self, path: Path) -> None:
        assert not any(cell["outputs"] or cell["execution_count"] for cell in code_cells(path))

    def test_narrates_before_every_code_cell(self, path: Path) -> None:
        cells = json.loads(path.read_text())["cells"]
        bare = [
            index
            for index, (before, cell) in enumerate(itertools.pairwise(cells), 1)
            if cell["cell_type"] == "code" and before["cell_type"] == "code"
            and "parameters" not in cell["metadata"].get("tags", [])
            and not any(tag.startswith("lacks:") for tag in cell["metadata"].get("tags", []))
        ]  # fmt: skip
        assert not bare

    def test_keeps_cells_short(self, path: Path) -> None:
        lengths = [len("".join(cell["source"]).splitlines()) for cell in code_cells(path)]
        assert max(lengths) <= 30

    def test_shows_no_person(self, path: Path) -> None:
        last_lines = ["".join(cell["source"]).strip().splitlines()[-1] for cell in code_cells(path)]
        shown = [
            line for line in last_lines if re.match(r"(step\.prepared|answers|people|scores|rows|responses)\b", line)
        ]
        assert not [line for line in shown if "=" not in line]

    def test_types_no_statistic_in_its_prose(self, path: Path) -> None:
        cells = [cell for cell in json.loads(path.read_text())["cells"] if cell["cell_type"] == "markdown"]
        prose = "\n".join("".join(cell["source"]) for cell in cells)
        assert not re.findall(r"(?<![\w.])0?\.\d{2,}", prose)


@pytest.mark.parametrize("path", ALL_NOTEBOOKS, ids=lambda path: path.stem)
def test_a_code_cell_holds_one_idea(path: Path) -> None:
    assert max(len("".join(cell["source"]).splitlines()) for cell in code_cells(path)) <= LONGEST_CELL


# Rooms of the study, lowest first. Ground is under all, and what may be shown is asked by all.
GROUND = {
    "faults",
    "inputs",
    "thresholds",
    "plan_values",
    "columns",
    "children",
    "files",
    "paths",
    "rounding",
    "disclosure",
    "findings",
    "bounds",
    "wording",
    "__init__",
}
STORIES = [
    {"plan"},
    {"framework"},
    {"cohort", "importers", "instruments", "review", "consultation"},
    {"study"},
    {"steps"},
    {"outputs"},
    {"report"},
    {"run"},
]
# Stands beside the house: synthetic cohorts with known truth may use any room, and only the command line uses it.
BESIDE = {"simulate", "__main__"}


@cache
def graph() -> dict[str, set[str]]:
    """Return every module of the project with the modules it imports, at the top or inside functions."""
    files = {".".join(path.relative_to(SOURCE).with_suffix("").parts): path for path in STATISTICS + STUDY}
    modules = {name.removesuffix(".__init__"): path for name, path in files.items()}
    return {name: _targets(path, modules) - {name} for name, path in modules.items()}


def _targets(path: Path, modules: dict[str, Path]) -> set[str]:
    written = [
        f"{module}.{name}" if name else module for module, names in facts(path).imports for name in names or ("",)
    ]
    return {_home(name, modules) for name in written} - {""}


def _home(name: str, modules: dict[str, Path]) -> str:
    while name and name not in modules:
        name = name.rpartition(".")[0]
    return name


def circles(arrows: dict[str, set[str]]) -> list[set[str]]:
    """Return the sets of modules that import each other, by whom each can reach."""
    reach = {name: set(targets) for name, targets in arrows.items()}
    changed = True
    while changed:
        changed = False
        for targets in reach.values():
            more = set().union(*(reach[each] for each in targets)) - targets
            targets |= more
            changed = changed or bool(more)
    together = {frozenset(other for other in targets if name in reach[other]) for name, targets in reach.items()}
    return [set(each) for each in together if each]


def test_every_module_that_is_imported_is_there() -> None:
    """A module that moved is missed here, not in the middle of a run."""
    files = {".".join(path.relative_to(SOURCE).with_suffix("").parts) for path in STATISTICS + STUDY}
    modules = {name.removesuffix(".__init__") for name in files}
    missing = {
        (name_of(path), module)
        for path in DRAWING
        for module in imported_modules(path)
        if module.split(".")[0] in {"compendium", "psychometrics"} and module not in modules
    }
    assert missing == set()


def test_no_circle_of_modules() -> None:
    assert circles(graph()) == []


def test_no_private_module_is_imported_by_another_family() -> None:
    reached = []
    for name, targets in graph().items():
        for target in targets:
            parts = target.split(".")
            private = next((at for at, part in enumerate(parts) if part.startswith("_") and part != "__main__"), None)
            home = ".".join(parts[:private]) if private else ""
            if private and private > 1 and not name.startswith(home):
                reached.append((name, target))
    assert reached == []


def test_no_room_imports_upwards() -> None:
    story = {room: level for level, rooms in enumerate(STORIES) for room in rooms}
    upwards = set()
    for name, targets in graph().items():
        room = name.split(".")[1] if name.startswith("compendium.") else ""
        for target in targets:
            other = target.split(".")[1] if target.startswith("compendium.") else ""
            if not room or not other or room == other or room in BESIDE or (room == "run" and other in BESIDE):
                continue
            if room in GROUND:
                wrong = other not in GROUND and other != "plan"
            else:
                wrong = other not in GROUND and story[other] > story[room]
            if wrong:
                upwards.add((name, target))
    assert upwards == set()
