"""Pages of the book: which ones a cohort gets, and their text with the numbers filled in."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import jinja2
import yaml

from compendium.faults import suggest
from compendium.report.book import markdown
from compendium.report.book.faults import BookError
from compendium.report.book.prose import Prose
from compendium.report.book.subject import Subject

FRONT_MATTER = re.compile(r"\A---\n(.*?)\n---\n", re.DOTALL)
# A number of the analysis plan leads to the list of thresholds, each with its reason, on the page of methods.
PLANNED = re.compile(r"(?<!`)\{\{ *(?:share\()?plan\.[^{}]*\}\}(?!`)")
METHODS, PLAN = "methods", "methods.html#plan"


@dataclass(frozen=True)
class Page:
    """One page as its author wrote it: name, needs of the cohort, text with double braces."""

    name: str
    requires: tuple[str, ...]
    text: str


@dataclass(frozen=True)
class RenderedPage:
    """One page with its numbers filled in."""

    name: str
    text: str


def read_pages(folder: Path) -> list[Page]:
    """Read every page of the book's folder."""
    return [_read_page(path) for path in sorted(folder.glob("*.md"))]


def wanted(pages: list[Page], study: Subject) -> list[Page]:
    """Keep the pages whose needs the cohort meets."""
    prose = Prose(study)
    return [page for page in pages if all(_met(page, need, prose) for need in page.requires)]


def render(pages: list[Page], study: Subject, only: Collection[str] | None = None) -> list[RenderedPage]:
    """Fill in the numbers of every page of a book, or of those of its pages that are named.

    Raises
    ------
    BookError
        When a page asks for something that was not saved; every such page is named at once.
    """
    known = replace(study, pages=frozenset(page.name for page in pages))
    rendered: list[RenderedPage] = []
    faults: list[str] = []
    for page in pages if only is None else [page for page in pages if page.name in only]:
        try:
            rendered.append(_render_page(page, known))
        except BookError as error:
            faults.append(str(error))
    if faults:
        raise BookError("\n".join(faults))
    return rendered


def filled(name: str, text: str, prose: Prose) -> str:
    """Fill in the numbers of one text.

    Raises
    ------
    BookError
        When it asks for something that was not saved, or is not well formed.
    """
    try:
        return _environment().from_string(text).render(_vocabulary(prose))
    except jinja2.TemplateSyntaxError as error:
        raise BookError(f"{name}.md, line {error.lineno}: {error.message}") from error
    except (BookError, jinja2.UndefinedError, TypeError) as error:
        raise BookError(f"{name}.md: {error}") from error


def prune_contents(contents: dict[str, Any], available: set[str]) -> dict[str, Any]:
    """Remove the entries and parts that this book does not have from the table of contents.

    Parameters
    ----------
    contents
        The content of ``_toc.yml``.
    available
        Names of the pages and, as ``notebooks/<name>``, of the executed notebooks in this book.
    """
    parts = [{**part, "chapters": _kept(part["chapters"], available)} for part in contents["parts"]]
    return {**contents, "parts": [part for part in parts if part["chapters"]]}


def check_contents(contents: dict[str, Any], pages: list[Page]) -> None:
    """Refuse a table of contents that names a page that nobody wrote, or that forgets one."""
    chapters = [chapter for part in contents["parts"] for chapter in part["chapters"]]
    named = {contents["root"], *(chapter["file"] for chapter in chapters if "file" in chapter)}
    written = {page.name for page in pages}
    for name in sorted(named - written):
        raise BookError(f"_toc.yml names the page {name!r}, which is not there; {suggest(name, sorted(written))}")
    for name in sorted(written - named):
        raise BookError(f"the page {name}.md is not in _toc.yml; add it there or remove it")


def _kept(chapters: list[dict[str, str]], available: set[str]) -> list[dict[str, str]]:
    """Keep the chapters that are in this book; a pattern becomes the pages it matches, each under its own name."""
    kept: list[dict[str, str]] = []
    for chapter in chapters:
        if "glob" in chapter:
            matched = sorted(name for name in available if fnmatchcase(name, chapter["glob"]))
            kept += [{"file": name, "title": name.rpartition("/")[2]} for name in matched]
        elif chapter["file"] in available:
            kept.append(chapter)
    return kept


def _read_page(path: Path) -> Page:
    """Read one page and take its needs out of the front matter."""
    text = path.read_text(encoding="utf-8")
    match = FRONT_MATTER.match(text)
    front = (yaml.safe_load(match[1]) or {}) if match else {}
    unknown = [key for key in front if key != "requires"]
    if unknown:
        raise BookError(f"{path.name}: unknown key {unknown[0]!r} in the front matter; known: requires")
    needs = front.get("requires", [])
    body = text[match.end() :] if match else text
    return Page(path.stem, (needs,) if isinstance(needs, str) else tuple(needs), body)


def _met(page: Page, need: str, prose: Prose) -> bool:
    """Say whether the cohort meets one need of a page."""
    try:
        return prose.collected(need)
    except BookError as error:
        raise BookError(f"{page.name}.md: {error}") from error


def _render_page(page: Page, study: Subject) -> RenderedPage:
    """Fill in one page."""
    text = PLANNED.sub(markdown.trail_link(PLAN, r"\g<0>"), page.text) if METHODS in study.pages else page.text
    return RenderedPage(page.name, filled(page.name, text, Prose(study)))


def _vocabulary(prose: Prose) -> dict[str, Any]:
    """Return every word a page may use."""
    study = prose.study
    names = [name for name in dir(prose) if not name.startswith("_") and callable(getattr(prose, name))]
    functions = {name: getattr(prose, name) for name in names}
    return {**functions, "framework": study.framework, "cohort": study.settings, "plan": study.plan}


def _environment() -> jinja2.Environment:
    """Return the template engine: an unknown word is an error, and a line with a tag only leaves no trace."""
    return jinja2.Environment(undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True)
