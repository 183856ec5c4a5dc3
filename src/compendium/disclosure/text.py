"""The one place that makes text typed into a cohort harmless where it is shown.

A label, a title or a wording is data. Each place that shows it has signs that mean something there: a formula in a
cell, a tag in HTML, a role in MyST, a command in typst or LaTeX. Each function returns the text as that place shows it
letter for letter. Labels of a cohort are refused at the door where they cannot be shown everywhere (see
:func:`label_problem`); what is written here holds the rest.
"""

from __future__ import annotations

import html as _html
import json
import re
import unicodedata
from typing import Any
from urllib.parse import quote

FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r")
LONGEST_LABEL = 200
LONGEST_FILE_NAME, LONGEST_PROPERTY = 120, 255
# Categories of signs that nobody sees, and those that part lines of a longer text.
UNSHOWN, LINES = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"), "\n\t"
# What a plain number looks like; a cell that is one may begin with a sign.
NUMBER = re.compile(r"[+-]?\d+(\.\d*)?([eE][+-]?\d+)?%?")
_MARKDOWN = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|$~^:%@&=\"'])")
_LATEX = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "_": r"\_", "%": r"\%",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
}  # fmt: skip
_TYPST = re.compile(r"([\\#$*_`<>@=\-+/\[\]{}~'\"])")


def csv_cell(text: str) -> str:
    """Return a cell that no spreadsheet takes for a formula: an apostrophe before the sign that would start one."""
    bare = text.lstrip(" \n\v\f\N{NO-BREAK SPACE}\N{ZERO WIDTH NO-BREAK SPACE}")
    starts = bare.startswith(FORMULA_SIGNS) or text.startswith(FORMULA_SIGNS)
    return f"'{text}" if starts and not NUMBER.fullmatch(bare) else text


def workbook_cell(text: str) -> str:
    """Return a workbook cell: no formula, and none of the control signs that the format cannot hold."""
    return csv_cell(re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]", "", text))


def document_property(text: str) -> str:
    """Return a title or name for a document's properties, which hold no more signs than this: a longer one is cut."""
    plain = " ".join(re.sub(r"[\x00-\x1f\ufffe\uffff]", " ", text).split())
    return plain if len(plain) <= LONGEST_PROPERTY else plain[: LONGEST_PROPERTY - 1] + "…"


def html_text(text: str) -> str:
    """Return text for HTML and SVG, inside a tag's content or a quoted attribute."""
    return _html.escape(text, quote=True)


def script_data(value: Any) -> str:
    """Return JSON that stands inside a script: no sign in it begins a tag, for a browser or for what rewrites pages."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).replace("<", "\\u003c")


def markdown_text(text: str) -> str:
    """Return text for Markdown and MyST: no emphasis, role, directive, link, mathematics or tag."""
    return _MARKDOWN.sub(r"\\\1", " ".join(text.split()))


def jinja_text(text: str) -> str:
    """Return text for the source of a Jinja template, as a literal that the template prints."""
    return "{{ " + json.dumps(text) + " }}"


def typst_text(text: str) -> str:
    """Return text for typst markup."""
    return _TYPST.sub(r"\\\1", " ".join(text.split()))


def latex_text(text: str) -> str:
    """Return text for LaTeX."""
    return "".join(_LATEX.get(sign, sign) for sign in " ".join(text.split()))


def file_name(text: str) -> str:
    """Return a name for a file: one part of a path, no longer than any file system takes, different for each text."""
    safe = quote(unicodedata.normalize("NFC", text), safe=" ")
    safe = f"%2E{safe[1:]}" if safe.startswith(".") else safe
    safe = safe.replace("~", "%7E")
    if len(safe) <= LONGEST_FILE_NAME:
        return safe
    import hashlib

    return f"{safe[: LONGEST_FILE_NAME - 17]}-{hashlib.sha256(text.encode()).hexdigest()[:16]}"


def unshown_problem(text: str) -> str | None:
    """Say why a text of several lines cannot be shown as it was typed, or None when it can."""
    if any(unicodedata.category(sign) in UNSHOWN and sign not in LINES for sign in text):
        return "the text holds a sign that is not shown (a control sign, a change of direction)"
    return None


def label_problem(text: str, longest: int = LONGEST_LABEL) -> str | None:
    """Say why a label cannot be shown, or None when it can."""
    if not text.strip():
        return "the label is blank"
    if len(text) > longest:
        return f"the label has {len(text)} signs; {longest} can be shown"
    if any(unicodedata.category(sign) in UNSHOWN for sign in text):
        return "the label holds a sign that is not shown (a line break, a tab, a change of direction)"
    if csv_cell(text) != text:
        return "the label looks like a spreadsheet formula"
    return None
