"""The glossary: terms with their meaning, for its own page and for the first use of each term on a page."""

from __future__ import annotations

import html
from pathlib import Path

from pydantic import Field

from compendium.inputs import Strict, load_model, read_yaml
from compendium.paths import BOOK

FILE, PAGE = "glossary.yaml", "glossary.md"


class Term(Strict):
    """One term: what it means, and how else it is written, as alternatives of a regular expression."""

    means: str = Field(min_length=1)
    words: str = ""


class Glossary(Strict):
    """Every term by its name."""

    terms: dict[str, Term] = Field(default_factory=dict)


def terms(source: Path) -> dict[str, dict[str, str]]:
    """Return the terms of a book, each with its place, its meaning and the words that stand for it."""
    return {
        name: {"id": f"term-{name.lower().replace(' ', '-')}", "means": term.means, "words": term.words or name}
        for name, term in sorted(_read(source).terms.items(), key=lambda pair: pair[0].lower())
    }


def as_html(source: Path) -> str:
    """Return the list of terms for the page of the glossary."""
    entries = "".join(
        f'<dt id="{term["id"]}">{html.escape(name)}</dt><dd>{html.escape(term["means"], quote=False)}</dd>'
        for name, term in terms(source).items()
    )
    return f'<dl class="glossary-list">{entries}</dl>'


def _read(source: Path) -> Glossary:
    """Read the glossary that lies beside the pages, or that of the book of cohorts; a book may have no such page."""
    path = source / FILE if (source / FILE).is_file() else BOOK / FILE
    return load_model(Glossary, read_yaml(path), path) if (source / PAGE).is_file() else Glossary()
