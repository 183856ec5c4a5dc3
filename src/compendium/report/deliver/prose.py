"""The words of the book's pages in pandoc's Markdown: for documents on paper, with numbered tables and figures."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from compendium.report.book import brief, listings, markdown
from compendium.report.book.prose import Prose, selected

# Marks that are replaced when the whole document is there: links to pages of the book, and numbers of tables.
# A clause or a sentence that leads to a page of the book is left out; a point of a list goes with its last sentence.
CLAUSE = re.compile(r"[;,]\s+see\s+⟦page:[^⟧]*⟧")
PARTS = re.compile(r"((?<=[.!?])\s+|\n{2,}|^- )", re.MULTILINE)
EMPTY_POINT = re.compile(r"^-[ \t]*\n", re.MULTILINE)
# A list begins after an empty line: pandoc takes it for the end of a sentence otherwise.
LIST = re.compile(r"^((?!- |\s).*\n)(?=- )", re.MULTILINE)
REFERENCE = re.compile(r"\s*⟦(table|figure):([A-Za-z0-9_]+)⟧")
# Letters on a line of a table as wide as the page; columns share it by what stands in them.
FULL_WIDTH = 100
MARGIN = 4
# Centimetres that a picture may take.
TEXT_WIDTH, HIGHEST = 15.9, 17.0


@dataclass
class PaperProse(Prose):
    """The functions of a document; it numbers its tables and figures in the order in which they stand."""

    numbers: dict[tuple[str, str], int] = field(default_factory=dict)

    def table(
        self,
        name: str,
        decimals: int = 2,
        columns: Sequence[str] | None = None,
        rows: int | None = None,
        labels: bool = True,
        where: Mapping[str, Any] | None = None,
        headings: Mapping[str, str] | None = None,
        intervals: Mapping[str, Sequence[str]] | None = None,
        folded: str = "",
        known: str = "",
    ) -> str:
        """Show a saved table with number, title and note; nothing where it has no rows.

        ``known`` names a column that must have an entry in every row that is shown; the others are as on a page.
        """
        saved = self.study.saved.table(name)
        limits = [bound for pair in (intervals or {}).values() for bound in pair]
        whole = saved.frame[saved.frame[known].notna()] if known else saved.frame
        frame = selected(whole, name, [*columns, *limits] if columns else None, rows, where)
        if frame.empty:
            return ""
        words = self.study.labels if labels else None
        shown, numeric = markdown.readable(frame, decimals, words, headings, intervals)
        return self._numbered("table", name, saved.caption, _grid(shown, numeric), self.study.in_words(saved.note))

    def figure(self, name: str) -> str:
        """Show a saved figure with number and title; its alternative text goes with the picture."""
        saved = self.study.saved.figure(name)
        alt, picture = markdown.escape(saved.alt), saved.path.with_suffix(".png")
        return self._numbered("figure", name, saved.caption, f"![{alt}]({picture}){_size(picture)}\\", "")

    def listing(self, name: str, **about: Any) -> str:
        """Show a table of what went in."""
        listing = listings.listing(name, self.study, **about)
        if listing.frame.empty:
            return ""
        shown, numeric = markdown.readable(listing.frame)
        return self._numbered("table", name, listing.caption, _grid(shown, numeric), "")

    def claims_in_brief(self) -> str:
        """List the claims for someone who knows no statistics."""
        return brief.claims(self.study, "").replace(markdown.trail_mark(""), "")

    def see(self, kind: str, name: str) -> str:
        """Point to a table or figure of the document by its number; leave no trace where it is not there."""
        return f" ⟦{kind}:{name}⟧"

    def page(self, name: str, words: str) -> str:
        """Mark a link to a page of the book."""
        return f"⟦page:{words}⟧"

    def finished(self, text: str) -> str:
        """Put numbers in the place of marks, take out what points to pages of the book, and set lists apart."""
        kept = "".join(part for part in PARTS.split(CLAUSE.sub("", text)) if "⟦page:" not in part)
        plain = LIST.sub(r"\1\n", EMPTY_POINT.sub("", kept))
        return REFERENCE.sub(lambda mark: self._reference(mark[1], mark[2]), plain)

    def _linked(self, name: str, write: Any) -> str:
        """Write a number; paper has no trail to lead to."""
        return self._written(name, write)

    def _marked(self, name: str, words: str) -> str:
        """Write words without a mark."""
        return words

    def _reference(self, kind: str, name: str) -> str:
        """Write the number of a table or figure."""
        number = self.numbers.get((kind, name))
        return "" if number is None else f" ({kind.capitalize()}\N{NO-BREAK SPACE}{number})"

    def _numbered(self, kind: str, name: str, title: str, body: str, note: str) -> str:
        """Write a table or figure as APA asks: number, title, body, note."""
        number = 1 + sum(other == kind for other, _ in self.numbers)
        self.numbers[kind, name] = number
        parts = [
            _styled("Float Number", f"{kind.capitalize()} {number}"),
            _styled("Float Title", markdown.escape(title)),
        ]
        parts += [body, _styled("Float Note", f"*Note.* {markdown.escape(note)}" if note else "\N{NO-BREAK SPACE}")]
        return "\n\n".join(parts) + "\n"


def _size(picture: Path) -> str:
    """Return how wide a picture stands: as the text, less where it would be too high for a page with its title."""
    from PIL import Image

    with Image.open(picture) as opened:
        width, height = opened.size
    return f"{{width={min(TEXT_WIDTH, HIGHEST * width / height):.1f}cm}}"


def _styled(style: str, text: str) -> str:
    """Write a paragraph of a style of the document."""
    return f'::: {{custom-style="{style}"}}\n{text}\n:::'


def _grid(shown: pd.DataFrame, numeric: Sequence[bool]) -> str:
    """Write a table whose columns share the width by what stands in them."""
    cells = [[markdown.escape(cell) for cell in row] for row in shown.itertuples(index=False, name=None)]
    heads = [markdown.escape(head) for head in shown.columns]
    widths = [
        _width([head, *(row[place] for row in cells)], numeric[place], len(heads)) for place, head in enumerate(heads)
    ]
    scale = FULL_WIDTH / sum(widths)
    rules = [_rule(max(3, round(width * scale)), right) for width, right in zip(widths, numeric, strict=True)]
    lines = ["| " + " | ".join(row) + " |" for row in (heads, *cells)]
    # The line of rules is longer than a page is wide, so that pandoc takes the shares from it.
    return "\n".join([lines[0], f"|{'|'.join(rules)}|", *lines[1:]])


def _width(texts: Sequence[str], whole: bool, columns: int) -> int:
    """Return how much room a column asks for: a number whole, a long text not more than its share."""
    head, *rest = texts
    longest_word = max((_letters(word) for text in texts for word in text.split(" ")), default=1)
    longest = max(map(len, rest), default=0)
    return (
        max(longest_word, longest if whole else min(max(longest, len(head)), 7 * FULL_WIDTH // (5 * columns))) + MARGIN
    )


def _letters(word: str) -> int:
    """Return how many letters wide a word is; capitals are half as wide again."""
    return len(word) + sum(map(str.isupper, word)) // 2


def _rule(width: int, right: bool) -> str:
    """Write the rule of a column."""
    return "-" * (width - 1) + ":" if right else ":" + "-" * (width - 1)
