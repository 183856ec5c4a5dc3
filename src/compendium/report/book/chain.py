"""What must hold of a finished book: no page fetches anything, every link inside it leads somewhere."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path
from posixpath import dirname, join, normpath
from urllib.parse import unquote

from compendium.report.book.faults import BookError

REMOTE_ASSET = re.compile(
    r"<(?:script|img|iframe|source|object|embed)\b[^>]*\b(?:src|data)=[\"'](?:https?:)?//[^\"']+"
    r"|<link\b(?![^>]*rel=[\"'](?:canonical|license|author|help|index|search|next|prev))[^>]*href=[\"'](?:https?:)?//[^\"']+",
    re.IGNORECASE,
)
HREF = re.compile(r"<a\b[^>]*?\bhref=\"([^\"]*)\"")
ANCHOR = re.compile(r"\b(?:id|name)=\"([^\"]+)\"")
OUTSIDE = re.compile(r"[a-z]+:|//")
ARTICLE = re.compile(r"<article\b.*?</article>", re.DOTALL)
NOT_WORDS = re.compile(r"<(script|style|math|pre|svg)\b.*?</\1>|<[^>]+>", re.DOTALL)
# So many links that lead nowhere are named.
MOST_NAMED = 20
# Where the texts lie from which the search takes its excerpts, and how much of a page they hold.
SEARCH_TEXTS = Path("_static") / "search_texts.js"
LONGEST_TEXT = 60_000


def check(book: Path) -> None:
    """Refuse a book with a page that would fetch something, or with a link to a page or place that is not there.

    Raises
    ------
    BookError
        Naming the links, each with the page it stands on.
    """
    pages = {path.relative_to(book).as_posix(): path.read_text(encoding="utf-8") for path in _pages(book)}
    for name, text in sorted(pages.items()):
        found = REMOTE_ASSET.search(text)
        if found:
            raise BookError(f"{name} would fetch something from elsewhere: {found[0]}")
    dead = dead_links(book, pages)
    if dead:
        more = [f"and {len(dead) - MOST_NAMED} more"] if len(dead) > MOST_NAMED else []
        raise BookError("\n".join(["links that lead nowhere:", *dead[:MOST_NAMED], *more]))


def dead_links(book: Path, pages: dict[str, str]) -> list[str]:
    """Return the links inside a book that lead nowhere, each with the page it stands on."""
    anchors = {name: frozenset(map(html.unescape, ANCHOR.findall(text))) for name, text in pages.items()}
    files = {path.relative_to(book).as_posix() for path in book.rglob("*") if path.is_file()}
    dead = []
    for name, text in sorted(pages.items()):
        for link in sorted(set(HREF.findall(text))):
            target, _, place = html.unescape(link).partition("#")
            if OUTSIDE.match(target):
                continue
            path = normpath(join(dirname(name), unquote(target.partition("?")[0]))) if target else name
            known = path in files and (not place or path not in anchors or unquote(place) in anchors[path])
            if not known and not (place == "" and target == ""):
                dead.append(f"{name} -> {link}")
    return dead


def write_search_texts(book: Path) -> None:
    """Write the words of every page for the search, which may not open pages of a book that lies on a disk."""
    texts = {path.relative_to(book).as_posix(): _words(path.read_text(encoding="utf-8")) for path in _pages(book)}
    known = {name: text for name, text in sorted(texts.items()) if text}
    content = f"window.searchTexts = {json.dumps(known, ensure_ascii=False)};\n"
    (book / SEARCH_TEXTS).write_text(content, encoding="utf-8")


def _pages(book: Path) -> list[Path]:
    """Return the pages of a book; parts of its theme are none."""
    return [path for path in sorted(book.rglob("*.html")) if "_static" not in path.relative_to(book).parts]


def _words(page: str) -> str:
    """Return the words of a page."""
    found = ARTICLE.search(page)
    return " ".join(html.unescape(NOT_WORDS.sub(" ", found[0])).split())[:LONGEST_TEXT] if found else ""
