"""The trail of every result: what it is, at full precision, which cell, function, statistics and checks, from what."""

from __future__ import annotations

import html
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import nbformat

from compendium.outputs.runs import read_runs
from compendium.report.book.faults import BookError
from compendium.report.book.reference import Reference, link_to_test, raw_page
from compendium.report.book.saved import Provenance, SavedResults
from compendium.wording import described

if TYPE_CHECKING:
    from compendium.report.book.subject import Subject

Kind = Literal["table", "figure", "value"]
KINDS: tuple[Kind, ...] = ("table", "figure", "value")
# Tests named beside a statistic; the page of the function lists the others.
MOST_TESTS = 3


@dataclass(frozen=True)
class Result:
    """One saved result as the trail shows it."""

    kind: Kind
    name: str
    words: str
    content: str
    people: str
    origin: Provenance
    files: tuple[str, ...]

    @property
    def anchor(self) -> str:
        """Anchor on the page of its step."""
        return anchor(self.kind, self.name)

    @property
    def address(self) -> str:
        """Where in the book it stands."""
        return address(self.kind, self.name, self.origin)


def anchor(kind: Kind, name: str) -> str:
    """Return the place of a result on the page of its step."""
    return f"{kind}-{name}"


def address(kind: Kind, name: str, origin: Provenance) -> str:
    """Return where in the book the trail of a result begins."""
    return f"trail/{origin.notebook}.html#{anchor(kind, name)}"


def cell_anchor(cell: str) -> str:
    """Return the place of a cell on the page of its notebook."""
    return f"cell-{cell}"


@dataclass(frozen=True)
class TrailPages:
    """The pages of the trail, one a step, and the index of all results."""

    study: Subject
    reference: Reference

    @cached_property
    def results(self) -> tuple[Result, ...]:
        """Every saved result, step by step."""
        found = [*_tables(self.study), *_figures(self.study.saved), *_values(self.study)]
        return tuple(sorted(found, key=lambda each: (each.origin.notebook, KINDS.index(each.kind), each.name)))

    @property
    def addresses(self) -> set[str]:
        """Every function and statistic that a result names."""
        return {name for each in self.results for name in (each.origin.function, *each.origin.statistics)}

    def pages(self) -> dict[str, str]:
        """Write the page of every step.

        Raises
        ------
        BookError
            When a link in the chain is missing: a cell, a function, a statistic, or what the step was run with.
        """
        steps = sorted({each.origin.notebook for each in self.results})
        faults: list[str] = []
        pages = {f"trail/{step}": self._page(step, faults) for step in steps}
        if faults:
            raise BookError("\n".join(["the trail of results has gaps:", *faults]))
        return pages

    def index(self) -> str:
        """List every result with a link to its trail, as rows that can be searched."""
        rows = "".join(
            f'<tr><td><a href="{each.address}">{_text(each.name)}</a></td><td>{_text(each.words)}</td>'
            f"<td>{each.kind}</td><td>{_text(each.content) if each.kind == 'value' else ''}</td>"
            f"<td>{each.origin.notebook[:2]}</td></tr>"
            for each in self.results
        )
        return (
            '<p class="filter" hidden><label for="filter-results">Show only what holds these words</label> '
            '<input id="filter-results" type="search" data-filters="all-results"> '
            '<output for="filter-results"></output></p>'
            '<table class="table all-results" id="all-results"><caption>Every result of this cohort</caption>'
            '<thead><tr><th scope="col">result</th><th scope="col">what it is</th><th scope="col">kind</th>'
            f'<th scope="col">value</th><th scope="col">step</th></tr></thead><tbody>{rows}</tbody></table>'
        )

    def _page(self, step: str, faults: list[str]) -> str:
        """Write the page of one step."""
        mine = [each for each in self.results if each.origin.notebook == step]
        parts = [self._result(each, faults) for each in mine]
        names = "".join(f'<li><a href="#{each.anchor}">{_text(each.name)}</a></li>' for each in mine)
        head = (
            f'<p>Each result of <a href="../notebooks/{step}.html">notebook {step}</a>: what it is, and how it came '
            'about. What the step was run with stands <a href="#made-with">at the end</a>.</p>'
            f'<details class="folded"><summary>{len(mine)} results</summary><ul class="names">{names}</ul></details>'
        )
        return raw_page(f"Trail of {step}", "\n".join([head, *parts, self._made_with(step, faults)]))

    def _result(self, result: Result, faults: list[str]) -> str:
        """Write the trail of one result."""
        lines = [
            ("Value" if result.kind == "value" else "Holds", f"<code>{_text(result.content)}</code>"),
            *([("People", _text(result.people))] if result.people else []),
            ("Cell", self._cell(result, faults)),
            ("Function", self._function(result, faults)),
            ("Statistics", self._statistics(result, faults)),
            ("Made from", '<a href="#made-with">inputs with checksums, versions, commit, plan</a>'),
            ("Files", ", ".join(f'<a href="../files/{each}">{each.rpartition("/")[2]}</a>' for each in result.files)),
        ]
        entries = "".join(f"<dt>{name}</dt><dd>{text}</dd>" for name, text in lines)
        return (
            f'<section class="result" id="{result.anchor}"><h2>{_text(result.name)}</h2>'
            f"<p>{_text(result.words)}</p><dl>{entries}</dl></section>"
        )

    def _cell(self, result: Result, faults: list[str]) -> str:
        """Link to the cell that kept a result."""
        origin = result.origin
        if origin.cell not in self._cells.get(origin.notebook, ()):
            faults.append(f"{result.kind} {result.name}: notebook {origin.notebook} has no cell {origin.cell}")
            return ""
        place = f"../notebooks/{origin.notebook}.html#{cell_anchor(origin.cell or '')}"
        return f'<a href="{place}">{origin.cell} of notebook {origin.notebook}</a>'

    def _function(self, result: Result, faults: list[str]) -> str:
        """Link to the function that built a result and to its code."""
        entry = self.reference.inventory.find(result.origin.function)
        if entry is None:
            faults.append(f"{result.kind} {result.name}: no public function is called {result.origin.function}")
            return ""
        page = f"../{entry.page}.html"
        return (
            f'<a href="{page}#{entry.name}"><code>{result.origin.function}</code></a>: {_text(entry.summary)} '
            f'<a href="{page}#source.{entry.name}">Its code</a>'
        )

    def _statistics(self, result: Result, faults: list[str]) -> str:
        """Link to every statistic that a result rests on, and to the tests of each."""
        lines = []
        for name in result.origin.statistics:
            entry = self.reference.inventory.find(name)
            if entry is None:
                faults.append(f"{result.kind} {result.name}: no public statistic is called {name}")
                continue
            tests = self.reference.checks.of(entry.name)
            shown = "; ".join(link_to_test(test) for test in tests[:MOST_TESTS])
            page = f"../{entry.page}.html"
            more = f' <a href="{page}#checks.{entry.name}">{"all checks" if tests else "how it is checked"}</a>'
            checked = f" Checked: {shown};" if shown else ""
            lines.append(f'<li><a href="{page}#{entry.name}"><code>{_text(name)}</code></a>.{checked}{more}</li>')
        return f"<ul>{''.join(lines)}</ul>" if lines else "None: it is counted, or copied from what went in."

    def _made_with(self, step: str, faults: list[str]) -> str:
        """Write what a step was run with."""
        run = self._runs.get(step)
        if run is None:
            faults.append(f"{step}: nothing says what it was run with; run it again")
            return ""
        commit = run["commit"] or "unknown: the sources lie outside a repository"
        facts = [("Commit", commit), ("Plan (study.yaml)", run["plan"]), ("Python", run["python"])]
        facts += [("System", run["system"])]
        versions = ", ".join(f"{name} {version}" for name, version in run["packages"].items())
        lines = "".join(f"<dt>{name}</dt><dd><code>{_text(str(text))}</code></dd>" for name, text in facts)
        inputs = "".join(
            f"<tr><td>{_text(name)}</td><td><code>{total}</code></td></tr>" for name, total in run["inputs"].items()
        )
        return (
            f'<section class="result" id="made-with"><h2>What this step was run with</h2><dl>{lines}'
            f"<dt>Packages</dt><dd>{_text(versions)}</dd></dl>"
            '<table class="table"><caption>What the step read</caption><thead><tr><th scope="col">input</th>'
            f'<th scope="col">SHA-256</th></tr></thead><tbody>{inputs}</tbody></table></section>'
        )

    @cached_property
    def _runs(self) -> dict[str, dict[str, Any]]:
        """What every step was run with."""
        return read_runs(self.study.saved.folders)

    @cached_property
    def _cells(self) -> dict[str, set[str]]:
        """The ids of the code cells of every notebook."""
        found = {}
        for path in self.study.saved.notebooks:
            cells = nbformat.read(path, as_version=4).cells
            found[path.stem] = {cell.get("id", "") for cell in cells if cell.cell_type == "code"}
        return found


def _tables(study: Subject) -> Iterator[Result]:
    """Yield every table."""
    for name, table in study.saved.tables.items():
        frame = table.frame
        content = f"{len(frame)} rows: {', '.join(map(str, frame.columns))}"
        yield Result("table", name, table.caption, content, _people(frame), table.origin, (f"tables/{name}.csv",))


def _people(frame: Any) -> str:
    """Return the number of people behind a table, where it says so."""
    if "n" not in frame or not len(frame) or frame["n"].dtype.kind not in "if":
        return ""
    known = frame["n"].dropna()
    if known.empty:
        return ""
    low, high = int(known.min()), int(known.max())
    return f"{low:,}" if low == high else f"{low:,} to {high:,}, as its column n says"


def _figures(saved: SavedResults) -> Iterator[Result]:
    """Yield every figure."""
    for name, figure in saved.figures.items():
        files = sorted(path for path in figure.path.parent.glob(f"{name}.*") if path.suffix in (".svg", ".pdf"))
        kept = tuple(f"figures/{path.name}" for path in files)
        yield Result("figure", name, figure.caption, figure.alt, "", figure.origin, kept)


def _values(study: Subject) -> Iterator[Result]:
    """Yield every value."""
    for name, value in study.saved.values.items():
        content = "not defined" if value.content is None else repr(value.content)
        words = described(name, study.labels)
        note = f" {study.in_words(value.note)}." if value.note else ""
        if isinstance(value.content, str):
            content = study.in_words(value.content)
        yield Result(
            "value", name, f"{words}{note}", content, "", value.origin, (f"values/{value.origin.notebook}.json",)
        )


def _text(text: str) -> str:
    """Return text as HTML."""
    return html.escape(text, quote=False)
