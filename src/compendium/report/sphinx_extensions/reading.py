"""Sphinx extension: what a page needs to be read on a phone, by keyboard and with its functions and terms explained.

Tables carry the heading of each cell, pictures load when they come into view, printed function names lead to what they
do, and the first use of a term of the glossary shows its meaning. It is done on the HTML of a page as it is written.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

# Beside the pages: addresses of functions, terms with their meaning.
NOTES = "_reading.json"
# Headings of the columns in which a table gives its answer; on a phone they come first.
DECIDING = ("verdict", "decision", "finding", "answer", "conclusion", "meaning", "kind of evidence")
# Pages that explain nothing: code, functions, lists of everything.
NOT_EXPLAINED = ("notebooks/", "trail/", "api/", "checks/", "glossary", "genindex", "search", "results", "references")
TABLE = re.compile(r"<table\b[^>]*>.*?</table>", re.DOTALL)
ROW = re.compile(r"<tr\b[^>]*>.*?</tr>", re.DOTALL)
HEAD = re.compile(r"<th\b[^>]*>(.*?)</th>", re.DOTALL)
CELL = re.compile(r"<td\b")
TAG = re.compile(r"<[^>]+>")
NAMED = re.compile(
    r'<code class="docutils literal notranslate"><span class="pre">((?:psychometrics|compendium)\.[\w.]+)</span></code>'
)
CALLED = re.compile(r'<span class="n">(\w+)</span>(?=<span class="p">\()')
IMAGE = re.compile(r"<img\b(?![^>]*\bloading=)")
# Roles that docutils gives to references and that screen readers no longer know.
DEPRECATED = re.compile(r' role="doc-biblioentry"|(?<=<div) role="list"(?= class="citation-list")')
# Where no term is explained: links, code, headings, tables, formulas, what opens a box.
CLOSED = ("a", "code", "pre", "h1", "h2", "h3", "h4", "table", "math", "summary", "script", "style", "figure", "button")


def setup(app: Sphinx) -> dict[str, Any]:
    """Register with Sphinx."""
    app.connect("html-page-context", prepare, priority=850)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def prepare(app: Sphinx, page: str, _template: str, context: dict[str, Any], _doctree: nodes.document | None) -> None:
    """Prepare the body of one page."""
    if "body" not in context:
        return
    notes = _notes(Path(app.srcdir) / NOTES)
    up = "../" * page.count("/")
    body = DEPRECATED.sub("", with_labels(context["body"]))
    body = IMAGE.sub('<img loading="lazy"', body)
    body = with_functions(body, notes.get("functions", {}), up)
    if not page.startswith(NOT_EXPLAINED):
        body = with_terms(body, notes.get("terms", {}), up)
    context["body"] = body


def with_labels(body: str) -> str:
    """Write the heading of its column into every cell of every table, and mark the column that gives the answer."""
    return TABLE.sub(lambda found: _labelled(found[0]), body)


def with_functions(body: str, addresses: Mapping[str, str], up: str) -> str:
    """Link every function name, in text and in code, to the documentation of the function."""

    def named(found: re.Match[str]) -> str:
        address = addresses.get(found[1])
        return f'<a class="function" href="{up}{address}">{found[0]}</a>' if address else found[0]

    def called(found: re.Match[str]) -> str:
        address = addresses.get(found[1]) if "_" in found[1] else None
        return f'<a class="function" href="{up}{address}">{found[0]}</a>' if address else found[0]

    return CALLED.sub(called, NAMED.sub(named, body))


def with_terms(body: str, terms: Mapping[str, Mapping[str, str]], up: str) -> str:
    """Link the first use of each term to the glossary, with its meaning at hand."""
    left = dict(terms)
    parts = re.split(r"(<[^>]+>)", body)
    inside: list[str] = []
    for place, part in enumerate(parts):
        if part.startswith("<"):
            _follow(part, inside)
        elif left and part.strip() and not inside:
            parts[place] = _explained(part, left, up)
    return "".join(parts)


def _follow(tag: str, inside: list[str]) -> None:
    """Count the open elements in which no term is explained."""
    found = re.match(r"</?([a-zA-Z0-9]+)", tag)
    name = found[1].lower() if found else ""
    if name not in CLOSED or tag.endswith("/>"):
        return
    if not tag.startswith("</"):
        inside.append(name)
    elif name in inside:
        inside.reverse()
        inside.remove(name)
        inside.reverse()


def _explained(text: str, left: dict[str, Mapping[str, str]], up: str) -> str:
    """Link the terms of one piece of text that were not met before."""
    met: list[tuple[int, int, str]] = []
    for name, term in left.items():
        found = re.search(rf"(?<![\w-])(?:{term['words']})(?![\w-])", text)
        if found and not any(found.start() < end and start < found.end() for start, end, _ in met):
            met.append((found.start(), found.end(), name))
    for start, end, name in sorted(met, reverse=True):
        term = left.pop(name)
        tip = html.escape(term["means"], quote=True)
        link = f'<a class="term" href="{up}glossary.html#{term["id"]}" data-tip="{tip}">{text[start:end]}</a>'
        text = f"{text[:start]}{link}{text[end:]}"
    return text


def _labelled(table: str) -> str:
    """Write the heading of its column into every cell of one table."""
    rows = ROW.findall(table)
    if not rows or "<td" not in table:
        return table
    heads = [_plain(text) for text in HEAD.findall(rows[0])]
    if not heads or "<td" in rows[0]:
        return table
    body = table
    for row in rows[1:]:
        if "<th" not in row:
            body = body.replace(row, _row(row, heads), 1)
    return body.replace("<th ", '<th scope="col" ').replace('<th scope="col" scope="col"', '<th scope="col"')


def _row(row: str, heads: list[str]) -> str:
    """Write the headings into the cells of one row."""
    place = -1

    def cell(_: re.Match[str]) -> str:
        nonlocal place
        place += 1
        head = heads[place] if place < len(heads) else ""
        deciding = ' data-deciding=""' if head.lower() in DECIDING else ""
        return f'<td data-label="{html.escape(head, quote=True)}"{deciding}'

    return CELL.sub(cell, row)


def _plain(text: str) -> str:
    """Return the words of a heading."""
    return " ".join(html.unescape(TAG.sub("", text)).split())


@cache
def _notes(path: Path) -> dict[str, Any]:
    """Read what the builder left beside the pages."""
    notes: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return notes
