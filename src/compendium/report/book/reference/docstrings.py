"""What a function says of itself, in numpydoc, as HTML; docutils does the work."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from functools import cache
from typing import Any

SECTION = re.compile(r"^([A-Z][A-Za-z ]+)\n-{3,}\n", re.MULTILINE)
# Sections that list things, each with an explanation under it.
LISTS = ("Parameters", "Other Parameters", "Returns", "Yields", "Raises", "Warns", "Attributes", "See Also")
ROLE = re.compile(r":(?:py:)?(?:func|class|mod|meth|data|attr|exc|obj):`[~!]?([\w.]+)`")
SPECIAL = re.compile(r"([*|`]|_(?!\w))")
Link = Callable[[str], str | None]
SETTINGS = {
    "report_level": 2,
    "halt_level": 5,
    "math_output": "MathML",
    "file_insertion_enabled": False,
    "raw_enabled": False,
    "syntax_highlight": "none",
    "smart_quotes": False,
    "embed_stylesheet": False,
}


def as_html(docstring: str, link: Link, complaints: list[str] | None = None) -> str:
    """Return a docstring as HTML.

    Parameters
    ----------
    docstring
        Text in numpydoc, without indentation.
    link
        Returns the address of a function or class that the text names, or None.
    complaints
        Receives what docutils finds wrong with the text.
    """
    from docutils.core import publish_parts

    heard, settings = io.StringIO(), _settings().copy()
    settings.warning_stream = heard
    text = f".. default-role:: literal\n\n{as_rst(docstring, link)}\n"
    body: str = publish_parts(text, writer_name="html5", settings=settings)["body"]
    if complaints is not None and heard.getvalue():
        complaints.append(heard.getvalue().strip())
    return body


@cache
def _settings() -> Any:
    """Return the settings of docutils, which would read them anew for every docstring: a third of its time."""
    from docutils.core import Publisher

    publisher = Publisher()
    publisher.set_components("standalone", "restructuredtext", "html5")
    publisher.process_programmatic_settings(settings_spec=None, settings_overrides=SETTINGS, config_section=None)
    return publisher.settings


def as_rst(docstring: str, link: Link) -> str:
    """Return a docstring as plain reStructuredText: sections as rubrics, lists of arguments as definitions."""
    opening, *rest = SECTION.split(docstring)
    parts = [_linked(opening, link)]
    for title, body in zip(rest[::2], rest[1::2], strict=True):
        parts.append(f".. rubric:: {title}")
        parts.append(_definitions(body, link, title) if title in LISTS else _linked(body, link))
    return "\n\n".join(parts)


def _definitions(body: str, link: Link, title: str) -> str:
    """Return the entries of a section as a definition list; one without explanation gets an empty one."""
    lines, out = body.strip("\n").splitlines(), list[str]()
    for place, line in enumerate(lines):
        if line[:1].strip():
            names, colon, what = line.partition(" : ")
            named = _names(names, link) if title in ("See Also", "Raises") else _escaped(names)
            out += ["", f"{named}{' : ' if colon else ''}{_escaped(what)}"]
            following = lines[place + 1] if place + 1 < len(lines) else ""
            out += [] if following.startswith(" ") else ["    .."]
        else:
            out.append(_linked(line, link))
    return "\n".join(out)


def _names(text: str, link: Link) -> str:
    """Return names that commas part, each with its link."""
    return ", ".join(_reference(name.strip(), link) for name in text.split(","))


def _reference(name: str, link: Link) -> str:
    """Return a name as a link where it is explained, else as code."""
    address = link(name) if re.fullmatch(r"[\w.]+", name) else None
    return f"`{name} <{address}>`__" if address else _escaped(name)


def _linked(text: str, link: Link) -> str:
    """Return text with the functions that it names as links."""

    def reference(found: re.Match[str]) -> str:
        address = link(found[1])
        short = found[1].rpartition(".")[2]
        return f"`{short} <{address}>`__" if address else f"``{short}``"

    return ROLE.sub(reference, text)


def _escaped(text: str) -> str:
    """Return text in which nothing is markup."""
    return SPECIAL.sub(r"\\\1", text)
