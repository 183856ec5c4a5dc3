"""Which tests call which public function, and which values of other software they compare with; read from the tests."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path

from compendium.report.book.reference.inventory import PACKAGES, Inventory

TESTS = PACKAGES.parent / "tests"
VALUES = "reference"
# Words in the name of a test that say against what it checks, the strongest first.
AUTHORITIES = ("match", "published", "printed", "textbook", "agree", "equal", "recover", "identity", "is_", "are_")
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Test:
    """One test: its file, its name, its code, and the files of reference values that it reads."""

    file: str
    name: str
    line: int
    source: str
    values: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """The name as a sentence."""
        return self.name.removeprefix("test_").replace("_", " ")

    @property
    def rank(self) -> tuple[int, int, str]:
        """What puts a test before others: values of other software, then the authority that its name states."""
        place = next((at for at, word in enumerate(AUTHORITIES) if word in self.name), len(AUTHORITIES))
        return (not self.values, place, self.name)


@dataclass(frozen=True)
class Checks:
    """The tests of every public function, by its name."""

    by_function: dict[str, list[Test]] = field(default_factory=dict)
    folder: Path = TESTS

    @property
    def known(self) -> bool:
        """Whether the tests are at hand; they are not where only the program was installed."""
        return bool(self.by_function)

    def of(self, name: str) -> list[Test]:
        """Return the tests of a function, the most telling first."""
        return sorted(self.by_function.get(name, []), key=lambda test: test.rank)

    def tests(self) -> dict[str, list[Test]]:
        """Return every test that checks something, by file."""
        return self._by_file

    @cached_property
    def _by_file(self) -> dict[str, list[Test]]:
        """Every test that checks something, by file."""
        found: dict[str, dict[str, Test]] = {}
        for tests in self.by_function.values():
            for test in tests:
                found.setdefault(test.file, {})[test.name] = test
        return {file: sorted(tests.values(), key=lambda test: test.line) for file, tests in sorted(found.items())}

    def value_files(self) -> list[Path]:
        """Return the files of reference values that tests read, with the scripts that made them."""
        names = {name for tests in self.by_function.values() for test in tests for name in test.values}
        paths = [self.folder / VALUES / name for name in sorted(names)]
        return [each for path in paths for each in (path, path.with_suffix(".R")) if each.is_file()]


@cache
def read_checks(inventory: Inventory | None = None, folder: Path = TESTS) -> Checks:
    """Read which tests call which function; nothing where the tests are not at hand."""
    from compendium.report.book.reference.inventory import read_inventory

    known = inventory or read_inventory()
    found: dict[str, list[Test]] = {}
    for path in sorted(folder.glob("test_*.py")):
        for called, test in _tests_of(path):
            for dotted in called:
                entry = known.find(dotted)
                if entry is not None and test not in found.setdefault(entry.name, []):
                    found[entry.name].append(test)
    return Checks(found, folder)


def _tests_of(path: Path) -> Iterator[tuple[frozenset[str], Test]]:
    """Yield every test of a file with the addresses it calls, by itself or through what it uses."""
    text = path.read_text(encoding="utf-8")
    tree, lines = ast.parse(text), text.splitlines()
    blocks: list[ast.Module | ast.ClassDef] = [tree, *(node for node in tree.body if isinstance(node, ast.ClassDef))]
    functions = {node.name: node for block in blocks for node in block.body if isinstance(node, Function)}
    used = {name: _used(node) for name, node in functions.items()}
    aliases = dict(pair for node in tree.body for pair in _imported(node))
    aliases |= dict(pair for each in used.values() for pair in each.imported)
    values = {each.name for each in (path.parent / VALUES).glob("*.json")}
    for name, node in functions.items():
        if name.startswith("test_"):
            names, strings = _reached(name, used)
            called = frozenset(each for word in names if (each := _address(word, aliases)))
            first = min([node.lineno, *(each.lineno for each in node.decorator_list)])
            source = "\n".join(lines[first - 1 : node.end_lineno])
            yield called, Test(path.stem, name, first, source, tuple(sorted(strings & values)))


@dataclass(frozen=True)
class _Used:
    """What a function uses: names, dotted where they are, texts, and what it imports itself."""

    names: frozenset[str]
    texts: frozenset[str]
    imported: tuple[tuple[str, str], ...]


def _imported(node: ast.AST) -> list[tuple[str, str]]:
    """Return what the names of an import stand for, where they are of this project."""
    if isinstance(node, ast.ImportFrom) and node.module:
        pairs = [(each.asname or each.name, f"{node.module}.{each.name}") for each in node.names]
    elif isinstance(node, ast.Import):
        pairs = [(each.asname or each.name, each.name) for each in node.names]
    else:
        return []
    return [(name, dotted) for name, dotted in pairs if dotted.startswith(("psychometrics", "compendium"))]


def _used(function: Function) -> _Used:
    """Return what a function uses, its arguments among the names."""
    names, texts = {argument.arg for argument in function.args.args}, set[str]()
    imported: list[tuple[str, str]] = []
    for node in ast.walk(function):
        if isinstance(node, ast.Name):
            names.add(node.id)
        elif isinstance(node, ast.Attribute):
            names.add(ast.unparse(node) if _is_plain(node) else node.attr)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            texts.add(node.value)
        else:
            imported += _imported(node)
    return _Used(frozenset(names), frozenset(texts), tuple(imported))


def _is_plain(node: ast.Attribute) -> bool:
    """Say whether an attribute hangs on plain names only."""
    inner: ast.expr = node
    while isinstance(inner, ast.Attribute):
        inner = inner.value
    return isinstance(inner, ast.Name)


def _reached(name: str, used: dict[str, _Used]) -> tuple[set[str], set[str]]:
    """Return the names and texts of a function and of all helpers and fixtures that it reaches."""
    names, texts, waiting, seen = set[str](), set[str](), [name], set[str]()
    while waiting:
        here = waiting.pop()
        if here not in seen:
            seen.add(here)
            names |= used[here].names
            texts |= used[here].texts
            waiting += [each for each in used[here].names if each in used]
    return names, texts


def _address(word: str, aliases: dict[str, str]) -> str:
    """Return the address that a name in a test stands for."""
    first, _, rest = word.partition(".")
    if first not in aliases:
        return ""
    return f"{aliases[first]}.{rest}" if rest else aliases[first]
