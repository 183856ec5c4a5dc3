"""Pages of the reference: functions by family, and the tests that check them; written as HTML inside MyST."""

from __future__ import annotations

import html
import pickle
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from compendium.files import checksum
from compendium.report.book.reference.checks import TESTS, VALUES, Checks, Test, read_checks
from compendium.report.book.reference.docstrings import as_html
from compendium.report.book.reference.inventory import PACKAGES, Inventory, PublicEntry, read_inventory

FENCE = "`" * 12
# Pages that every book has; of other rooms those that made a result.
ALWAYS = ("api/psychometrics.", "api/compendium.steps.")
CHECKS_PAGE = re.compile(r'href="\.\./(checks/\w+)\.html')
API_LINK = re.compile(r'<a class="[^"]*" href="\.\./(api/[\w.]+)\.html#[^"]*">(.*?)</a>')
# Of a function with many tests so many are named on its page.
MOST_TESTS = 12
UP = "../"


@dataclass(frozen=True)
class Reference:
    """Everything public, the tests of it, and the pages about it that were asked for."""

    inventory: Inventory
    checks: Checks
    written: dict[str, str] = field(default_factory=dict)

    def page(self, name: str) -> str:
        """Return a page about functions or tests, written once."""
        if name not in self.written:
            file = name.removeprefix("checks/")
            self.written[name] = (
                _api_page(name, self.inventory.pages()[name], self.inventory, self.checks)
                if name.startswith("api/")
                else _checks_page(file, self.checks.tests()[file])
            )
        return self.written[name]

    def keep(self, cache: Path) -> None:
        """Keep what was read and written for the next time."""
        cache.write_bytes(pickle.dumps((_state_of_sources(), self)))

    def asked(self, addresses: Iterable[str], *, whole: bool = True) -> dict[str, str]:
        """Return the pages of a book whose results were made by the functions at these addresses.

        Parameters
        ----------
        addresses
            Functions and statistics that results name.
        whole
            Whether every statistic and every step is shown, and not only what made a result.
        """
        made = {entry.page for each in addresses if (entry := self.inventory.find(each))}
        shown = made | {name for name in self.inventory.pages() if whole and name.startswith(ALWAYS)}
        named = {found for name in shown for found in CHECKS_PAGE.findall(self.page(name))}
        linked = {found for each in addresses for found in self._tests_of(each)}
        here = shown | named | linked
        return {name: _within(self.page(name), here) for name in sorted(here)}

    def _tests_of(self, address: str) -> set[str]:
        """Return the pages of the tests of a function."""
        entry = self.inventory.find(address)
        return {f"checks/{test.file}" for test in self.checks.of(entry.name)} if entry else set()


def read_reference(cache: Path | None = None) -> Reference:
    """Read sources and tests, or take them and the pages about them from a file where nothing changed.

    Parameters
    ----------
    cache
        File that keeps what was written for the next time.
    """
    if cache is not None and cache.is_file():
        kept = pickle.loads(cache.read_bytes())
        if kept[0] == _state_of_sources():
            reference: Reference = kept[1]
            return reference
    inventory = read_inventory()
    return Reference(inventory, read_checks(inventory))


def _state_of_sources() -> str:
    """Return a checksum of all sources and tests."""
    return checksum(*sorted(PACKAGES.glob("*/**/*.py")), *sorted(TESTS.glob("test_*.py")))


def raw_page(title: str, body: str) -> str:
    """Return a page outside the table of contents with a title and HTML under it."""
    return f"---\norphan: true\n---\n# {title}\n\n{raw_html(body)}\n"


def _within(page: str, here: set[str]) -> str:
    """Return a page whose links to pages that this book does not have are plain words."""
    return API_LINK.sub(lambda found: found[0] if found[1] in here else found[2], page)


def raw_html(body: str) -> str:
    """Return HTML as a block of a page."""
    return f"{FENCE}{{raw}} html\n{body}\n{FENCE}"


def index_of(pages: Mapping[str, str]) -> str:
    """List the pages of functions in a book, each with what it holds."""
    lines = [
        f'<li><a href="{name}.html">{_text(name.removeprefix("api/"))}</a></li>'
        for name in pages
        if name.startswith("api/")
    ]
    return f'<ul class="api-names">{"".join(lines)}</ul>'


def _api_page(name: str, entries: list[PublicEntry], inventory: Inventory, checks: Checks) -> str:
    """Write the page of one family."""
    room = name.removeprefix("api/")
    names = "".join(f'<li><a href="#{each.name}">{_short(each)}</a> {_text(each.summary)}</li>' for each in entries)
    body = "\n".join(_shown(each, inventory, checks) for each in entries)
    return raw_page(room, f'<ul class="api-names">{names}</ul>\n{body}')


def _shown(entry: PublicEntry, inventory: Inventory, checks: Checks) -> str:
    """Write one function or class."""

    def link(name: str) -> str | None:
        found = inventory.find(name) or inventory.find(f"{entry.module.split('.')[0]}.{name}")
        return f"{UP}{found.page}.html#{found.name}" if found else None

    methods = "".join(
        f'<h3><code>{each.name.rpartition(".")[2]}</code></h3><pre class="signature" tabindex="0">'
        f"{_text(each.signature)}</pre>{as_html(each.docstring, link)}"
        for each in entry.methods
    )
    kind = "" if entry.kind == "function" else "class "
    return (
        f'<section class="api" id="{entry.name}"><h2><code>{_short(entry)}</code></h2>'
        f'<pre class="signature" tabindex="0">{kind}{_text(entry.signature)}</pre>'
        f"{as_html(entry.docstring, link)}{methods}{_tested(entry, checks)}"
        f'<details class="source"><summary>Source: {entry.file}, line {entry.line}</summary>'
        f'<pre tabindex="0" id="source.{entry.name}">{_text(entry.source)}</pre></details></section>'
    )


def _tested(entry: PublicEntry, checks: Checks) -> str:
    """Say which tests check a function, and with the values of which other software they compare."""
    tests = checks.of(entry.name)
    if not tests:
        checked = "by the tests of the functions that call it" if checks.known else "in the repository of the sources"
        return f'<p class="checked" id="checks.{entry.name}">Checked {checked}.</p>'
    lines = "".join(f"<li>{link_to_test(each)}{_values(each)}</li>" for each in tests[:MOST_TESTS])
    more = f"<li>and {len(tests) - MOST_TESTS} more</li>" if len(tests) > MOST_TESTS else ""
    return f'<p class="checked" id="checks.{entry.name}">Checked by</p><ul class="checked">{lines}{more}</ul>'


def link_to_test(test: Test, up: str = UP) -> str:
    """Link to the code of a test."""
    return f'<a href="{up}checks/{test.file}.html#{test.name}">{_text(test.words)}</a>'


def _values(test: Test) -> str:
    """Link to the values of other software that a test reads, and to the script that made them."""
    links = []
    for name in test.values:
        links.append(f'<a href="{UP}files/reference/{name}">values</a>')
        script = Path(name).with_suffix(".R").name
        if (TESTS / VALUES / script).is_file():
            links.append(f'<a href="{UP}files/reference/{script}.txt">R script</a>')
    return f' <span class="quiet">({"; ".join(links)})</span>' if links else ""


def _checks_page(file: str, tests: list[Test]) -> str:
    """Write the page of one file of tests."""
    parts = [
        f'<section class="api" id="{each.name}"><h2>{_text(each.words)}</h2>'
        f'<p class="quiet">tests/{file}.py, line {each.line}{_values(each)}</p>'
        f'<pre tabindex="0">{_text(each.source)}</pre></section>'
        for each in tests
    ]
    return raw_page(f"Tests: {file.removeprefix('test_').replace('_', ' ')}", "\n".join(parts))


def _short(entry: PublicEntry) -> str:
    """Return the own name of an entry."""
    return entry.name.rpartition(".")[2]


def _text(text: str) -> str:
    """Return text as HTML."""
    return html.escape(text, quote=False)
