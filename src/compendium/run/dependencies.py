"""What a job rests on in the program: found in the sources by following imports, never listed by hand."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import astuple, dataclass
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from compendium.files import write_text

PACKAGES = ("compendium", "psychometrics")
# A package with the first of these loads its modules when they are first asked for: its imports name none of them.
LOADS_LATE = ("__getattr__", "__dir__")
INIT = "__init__.py"
# What a package consists of that only hands names on: imports, and names and texts that stand for themselves.
_HANDS_ON = (ast.Import, ast.ImportFrom, ast.Assign, ast.AnnAssign, ast.Expr, ast.If, ast.FunctionDef, ast.ClassDef)


class Program:
    """The modules of the program and what each of them imports, at the top and inside functions.

    A package that only hands on names of its modules counts as what is asked of it: whoever imports one of its
    functions rests on the module of that function, not on those beside it.

    Parameters
    ----------
    record
        Where the imports are remembered until a source changes, so that a run with nothing to do parses nothing.
    """

    def __init__(self, record: Path | None = None) -> None:
        self.record = record
        self.modules = {name: path for package in PACKAGES for name, path in _modules(package)}

    def behind(self, names: Iterable[str]) -> frozenset[Path]:
        """Return the sources that imports of these names lead to, and the data files that lie beside them."""
        passed: set[str] = set()
        whole: set[str] = set()
        wanted = list(names)
        while wanted:
            through, modules = self._found(wanted.pop())
            passed.update(through)
            for module in modules - whole:
                whole.add(module)
                wanted += self._sources[module].imports
        sources = {self.modules[module] for module in passed | whole}
        beside = {file for path in sources if path.name == INIT for file in _data_files(path.parent)}
        return frozenset(sources | beside)

    def loaded_by(self, names: Iterable[str]) -> list[str]:
        """Return all that imports of these names load: names of other packages first, then our modules behind them."""
        behind = self.behind(names)
        ours = [module for module, path in self.modules.items() if path in behind]
        imported = {name for module in ours for name in self._sources[module].imports}
        return [*sorted(name for name in imported if name.partition(".")[0] not in PACKAGES), *ours]

    def _found(self, name: str) -> tuple[list[str], set[str]]:
        """Return the packages that an import of a name only passes through, and the modules whose imports count."""
        parts = name.split(".")
        above = [module for length in range(1, len(parts) + 1) if (module := ".".join(parts[:length])) in self.modules]
        if not above:
            return [], set()
        through = [module for module in above[:-1] if self._sources[module].hands_on]
        modules = set(above) - set(through)
        last, source = above[-1], self._sources[above[-1]]
        if name == last or not source.hands_on:
            return through, modules
        asked = name.removeprefix(f"{last}.").partition(".")[0]
        handed_on = [each for each in source.imports if each.rpartition(".")[2] == asked]
        if not handed_on:
            beside = (
                {module for module in self.modules if module.startswith(f"{last}.")} if source.loads_late else set()
            )
            return through, modules | beside
        for each in handed_on:
            further, behind = self._found(each)
            through, modules = [*through, *further], modules | behind
        return [*through, last], modules - {last}

    @cached_property
    def _sources(self) -> dict[str, SourceFile]:
        """What is known of the source of each module."""
        known = _read_record(self.record)
        now: dict[str, list[Any]] = {}
        found = {}
        for module, path in self.modules.items():
            about, before = path.stat(), known.get(module, [])
            date = [about.st_mtime_ns, about.st_size]
            found[module] = (
                SourceFile(*before[2:]) if before[:2] == date else read_source(path.read_text(encoding="utf-8"))
            )
            now[module] = [*date, *astuple(found[module])]
        if self.record is not None and now != known:
            write_text(self.record, json.dumps(now))
        return found


@dataclass(frozen=True)
class SourceFile:
    """What a source imports; whether it does nothing but hand on what it imports, and only when it is asked."""

    imports: list[str]
    hands_on: bool = False
    loads_late: bool = False


def read_source(source: str) -> SourceFile:
    """Return what the program needs to know of a source."""
    tree = ast.parse(source)
    made = [node.name for node in tree.body if isinstance(node, (ast.FunctionDef, ast.ClassDef))]
    runs = any(not isinstance(node, _HANDS_ON) for node in tree.body)
    hands_on = not runs and set(made) <= set(LOADS_LATE)
    return SourceFile(sorted(set(_imports(tree))), hands_on, bool(made) and hands_on)


def imported_by_notebook(notebook: Path) -> list[str]:
    """Return every name that the cells of a notebook import."""
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    sources = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    return sorted({name for source in sources for name in _imports(ast.parse(source))})


def _imports(node: ast.AST) -> Iterator[str]:
    """Yield the names that are imported somewhere below a node."""
    if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
        below: Sequence[ast.AST] = node.orelse
    else:
        below = list(ast.iter_child_nodes(node))
    for child in below:
        if isinstance(child, ast.Import):
            yield from (each.name for each in child.names)
        elif isinstance(child, ast.ImportFrom) and child.module:
            yield from (f"{child.module}.{each.name}" for each in child.names)
        else:
            yield from _imports(child)


def _modules(package: str) -> Iterator[tuple[str, Path]]:
    """Yield the modules of a package, each by its full name."""
    spec = find_spec(package)
    assert spec is not None and spec.submodule_search_locations
    home = Path(spec.submodule_search_locations[0])
    for path in sorted(home.rglob("*.py")):
        parts = (package, *path.relative_to(home).with_suffix("").parts)
        yield ".".join(parts[:-1] if path.name == INIT else parts), path


def _data_files(folder: Path) -> Iterator[Path]:
    """Yield the files of a package that are not Python, also those in folders of it that are no packages."""
    for path in sorted(folder.iterdir()):
        if path.is_dir() and path.name != "__pycache__" and not (path / INIT).is_file():
            yield from _data_files(path)
        elif path.is_file() and path.suffix not in (".py", ".pyc"):
            yield path


def _read_record(record: Path | None) -> dict[str, list[Any]]:
    """Return what was remembered; nothing where it is not there or was cut off."""
    if record is None or not record.is_file():
        return {}
    try:
        content = json.loads(record.read_text(encoding="utf-8"))
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}
