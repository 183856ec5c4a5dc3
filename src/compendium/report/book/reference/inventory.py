"""Every public function and class of the statistics and of the study's steps, read from the sources without import."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

PACKAGES = Path(__file__).resolve().parents[4]
STATISTICS, STUDY = "psychometrics", "compendium"
# Rooms of the study whose functions build results.
ROOMS = ("steps", "review", "consultation", "study", "report")
# The end of a sentence; dots that stand for what is left out end none.
FULL_STOP = re.compile(r"(?<![\s.])\.\s")
Definition = ast.FunctionDef | ast.ClassDef


@dataclass(frozen=True)
class PublicEntry:
    """One public function or class.

    Attributes
    ----------
    name
        The shortest address at which readers know it: that of its family, then its own name.
    module
        The module that defines it.
    kind
        ``function`` or ``class``.
    signature
        Its first lines as written.
    docstring
        What it says of itself.
    source
        Its code.
    line
        First line of its code in the file.
    methods
        Public methods of a class, each as an entry.
    """

    name: str
    module: str
    kind: str
    signature: str
    docstring: str
    source: str
    line: int
    methods: tuple[PublicEntry, ...] = ()

    @property
    def page(self) -> str:
        """The page that shows it."""
        return page_of(self.module)

    @property
    def file(self) -> str:
        """The file that defines it, from the folder of the sources."""
        return f"src/{self.module.replace('.', '/')}.py"

    @property
    def summary(self) -> str:
        """The first sentence of what it says of itself."""
        paragraph = " ".join(self.docstring.split("\n\n")[0].split())
        return FULL_STOP.split(paragraph)[0].rstrip(".") + "." if paragraph else ""


@dataclass(frozen=True)
class Inventory:
    """Everything that is public, found by any address under which it can be imported."""

    entries: tuple[PublicEntry, ...]

    def find(self, dotted: str) -> PublicEntry | None:
        """Return the entry that an address stands for, of a method that of its class; None where there is none."""
        place, _, name = dotted.rpartition(".")
        found = [entry for entry in self._by_name.get(name, ()) if f"{entry.module}.".startswith(f"{place}.")]
        if not found and place:
            owner, _, klass = place.rpartition(".")
            found = [
                each
                for each in self._by_name.get(klass, ())
                if each.kind == "class" and f"{each.module}.".startswith(f"{owner}.")
            ]
        return min(found, key=lambda entry: (len(entry.module), entry.module)) if found else None

    def pages(self) -> dict[str, list[PublicEntry]]:
        """Return the entries of each page."""
        return self._by_page

    @cached_property
    def _by_page(self) -> dict[str, list[PublicEntry]]:
        """The entries of each page."""
        found: dict[str, list[PublicEntry]] = {}
        for entry in sorted(self.entries, key=lambda each: each.name):
            found.setdefault(entry.page, []).append(entry)
        return found

    @cached_property
    def _by_name(self) -> dict[str, list[PublicEntry]]:
        """Entries by their own name."""
        found: dict[str, list[PublicEntry]] = {}
        for entry in self.entries:
            found.setdefault(entry.name.rpartition(".")[2], []).append(entry)
        return found


def page_of(module: str) -> str:
    """Return the page on which what a module defines is shown: a family of statistics, a room of the study."""
    parts = module.split(".")
    depth = 2 if parts[0] == STATISTICS else 3
    return f"api/{'.'.join(parts[:depth])}"


@cache
def read_inventory(packages: Path = PACKAGES) -> Inventory:
    """Read the sources of the statistics, and of the rooms of the study that build results."""
    return Inventory(tuple(entry for path in _sources(packages) for entry in _entries(path, packages)))


def _sources(packages: Path) -> Iterator[Path]:
    """Yield the files that define public functions."""
    yield from sorted((packages / STATISTICS).rglob("*.py"))
    for room in ROOMS:
        folder, alone = packages / STUDY / room, packages / STUDY / f"{room}.py"
        found = sorted(folder.rglob("*.py")) if folder.is_dir() else [alone] if alone.is_file() else []
        yield from (path for path in found if "book" not in path.relative_to(packages).parts)


def _entries(path: Path, packages: Path) -> Iterator[PublicEntry]:
    """Yield the public definitions of one file; those of a private module only where its family shows them."""
    parts = path.relative_to(packages).with_suffix("").parts
    parts = parts[:-1] if parts[-1] == "__init__" else parts
    private = any(part.startswith("_") for part in parts)
    text = path.read_text(encoding="utf-8")
    shown, lines = _shown_by(packages.joinpath(*parts[:2])), text.splitlines()
    for node in ast.parse(text).body:
        if isinstance(node, Definition) and not node.name.startswith("_") and (node.name in shown or not private):
            yield _entry(node, lines, ".".join(parts), ".".join(parts[:2]) if node.name in shown else ".".join(parts))


def _entry(node: Definition, lines: list[str], module: str, place: str) -> PublicEntry:
    """Return one definition."""
    is_class = isinstance(node, ast.ClassDef)
    inside = [each for each in node.body if isinstance(each, ast.FunctionDef)] if is_class else []
    first = min([node.lineno, *(each.lineno for each in node.decorator_list)])
    return PublicEntry(
        name=f"{place}.{node.name}",
        module=module,
        kind="class" if is_class else "function",
        signature=_signature(node, lines),
        docstring=ast.get_docstring(node) or "",
        source="\n".join(lines[first - 1 : node.end_lineno]),
        line=first,
        methods=tuple(
            _entry(each, lines, module, f"{place}.{node.name}") for each in inside if not each.name.startswith("_")
        ),
    )


def _signature(node: Definition, lines: list[str]) -> str:
    """Return the head of a definition as written, without the word that opens it."""
    if isinstance(node, ast.ClassDef):
        return node.name
    head = (
        "\n".join(lines[node.lineno - 1 : node.body[0].lineno - 1] or [lines[node.lineno - 1]])
        .rstrip()
        .removesuffix(":")
    )
    return head.removeprefix("def ").strip()


@cache
def _shown_by(family: Path) -> frozenset[str]:
    """Return the names that a family of modules shows as its own."""
    path = family / "__init__.py"
    if not path.is_file():
        return frozenset()
    tree = ast.parse(path.read_text(encoding="utf-8"))
    imported = [each for each in ast.walk(tree) if isinstance(each, ast.ImportFrom)]
    lists = [each for each in ast.walk(tree) if isinstance(each, ast.Constant) and isinstance(each.value, str)]
    names = {alias.asname or alias.name for each in imported for alias in each.names}
    return frozenset(names | {word for each in lists for word in str(each.value).split() if word.isidentifier()})
