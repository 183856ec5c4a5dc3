"""Sphinx extension: citations by author and year in round brackets, as the field writes them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sphinx.application import Sphinx
from sphinxcontrib.bibtex.plugin import register_plugin
from sphinxcontrib.bibtex.style.referencing import BracketStyle
from sphinxcontrib.bibtex.style.referencing.author_year import AuthorYearReferenceStyle


def setup(_app: Sphinx) -> dict[str, Any]:
    """Make the style known under the name that ``_config.yml`` uses."""
    group = "sphinxcontrib.bibtex.style.referencing"
    register_plugin(group, "author_year_round", RoundBrackets, force=True)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _round() -> BracketStyle:
    """Return round brackets."""
    return BracketStyle(left="(", right=")")


@dataclass
class RoundBrackets(AuthorYearReferenceStyle):
    """Author and year in round brackets."""

    bracket_parenthetical: BracketStyle = field(default_factory=_round)
    bracket_textual: BracketStyle = field(default_factory=_round)
    bracket_author: BracketStyle = field(default_factory=_round)
    bracket_label: BracketStyle = field(default_factory=_round)
    bracket_year: BracketStyle = field(default_factory=_round)
