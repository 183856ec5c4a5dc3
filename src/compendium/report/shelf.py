"""The shelf: one page that lists the cohorts built below a folder, each with its book, and their comparisons."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from compendium.cohort import CohortSettings
from compendium.files import write_text
from compendium.framework import Framework
from compendium.paths import COMPARISONS, SHELF, ResultFolders
from compendium.rounding import number

TEMPLATE = "shelf.html"
# A number of people that is recorded as none is too small to be told.
COUNT, TOO_FEW, NOT_RECORDED = "n", "too few to be told", "not recorded"


@dataclass(frozen=True)
class Book:
    """One line of the shelf.

    Attributes
    ----------
    name
        Id of the cohort, or name of the comparison.
    about
        What its index says of it: title, kind, n, framework, version, fieldwork, waves; empty in an old one.
    page
        Its first page, counted from the shelf; empty where no book is built.
    """

    name: str
    about: dict[str, Any] = field(default_factory=dict)
    page: str = ""

    def fact(self, name: str) -> str:
        """Return a fact as a reader sees it, or that it is not recorded."""
        value = self.about.get(name)
        if value is None:
            return TOO_FEW if name == COUNT and COUNT in self.about else NOT_RECORDED
        return number(value) if isinstance(value, int) else str(value)

    @property
    def title(self) -> str:
        """The title, or the name where none is recorded."""
        return str(self.about.get("title") or self.name)


def about_cohort(settings: CohortSettings, framework: Framework, values: dict[str, Any]) -> dict[str, Any]:
    """Return what the shelf says of a cohort, as the index of its results keeps it.

    Parameters
    ----------
    values
        Saved values of the cohort by name.
    """
    days = settings.fieldwork
    known = {name: values.get(name, {}).get("value") for name in ("n_people", "waves_n")}
    return {
        "title": settings.title,
        "kind": settings.kind,
        "n": known["n_people"],
        "waves": known["waves_n"] or 1,
        "fieldwork": None if days is None else f"{days.start} to {days.end}",
        "framework": framework.description.title,
        "framework_id": framework.description.id,
        "version": framework.description.version,
    }


def books_in(results: Path) -> list[Book]:
    """Return a line for every folder that holds an index of results, by framework, version and name."""
    books = [_book(path.parent, results) for path in sorted(results.glob("*/manifest.json"))]
    return sorted(books, key=lambda each: (each.fact("framework_id"), each.fact("version"), each.name))


def comparisons_in(results: Path) -> list[Book]:
    """Return a line for every comparison."""
    return [_book(path.parent, results) for path in sorted((results / COMPARISONS).glob("*/manifest.json"))]


def _book(folder: Path, results: Path) -> Book:
    """Return the line of one folder."""
    content = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    page = ResultFolders(folder).book / "index.html"
    shown = page.relative_to(results).as_posix() if page.is_file() else ""
    return Book(str(content.get("cohort", folder.name)), content.get("about") or {}, shown)


def write_shelf(results: Path) -> Path:
    """Write the shelf of a folder of results and return its page; it lists what is there now, and nothing else.

    Parameters
    ----------
    results
        Folder below which cohorts were built.
    """
    import jinja2

    loader = jinja2.FileSystemLoader(Path(__file__).parent)
    pages = jinja2.Environment(
        loader=loader, autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    results.mkdir(parents=True, exist_ok=True)
    text = pages.get_template(TEMPLATE).render(books=books_in(results), comparisons=comparisons_in(results))
    write_text(results / SHELF, text + "\n")
    return results / SHELF
