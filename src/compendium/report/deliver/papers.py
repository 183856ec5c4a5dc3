"""The manuscript and the brief: a template filled in, read once by pandoc, written as Word and as PDF."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from compendium.paths import BOOK
from compendium.report.book.builder import banner_sentences, cohort_title
from compendium.report.book.markdown import escape
from compendium.report.book.pages import filled
from compendium.report.book.subject import Subject
from compendium.report.deliver import word
from compendium.report.deliver.prose import PaperProse

HERE = Path(__file__).parent
READ = "markdown+pipe_tables+fenced_divs-auto_identifiers-blank_before_header-implicit_figures-tex_math_dollars"
SLOTS = (
    "[Author names, in order]",
    "[Affiliations]",
    "[ORCID of each author]",
    "[Corresponding author, with address]",
)
LIST_OF_REFERENCES = "::: {#refs}\n:::\n"
FROM_THE_BOOK = "These sentences are those of the first page of the book, where each number leads to its source."


def manuscript(study: Subject, folder: Path) -> list[Path]:
    """Write the manuscript as Word and PDF and return the two files."""
    prose = PaperProse(study)
    body = prose.finished(filled("manuscript", (HERE / "manuscript.md").read_text(encoding="utf-8"), prose))
    title = f"{study.framework.description.title}: a re-run in {cohort_title(study)}"
    tree = _read(f"{_title_page(study, title)}{body}\n\n{LIST_OF_REFERENCES}", BOOK / "references.bib")
    paths = [folder / "manuscript.docx", folder / "manuscript.pdf"]
    word.write(tree, paths[0], title, word.MANUSCRIPT)
    paths[1].write_bytes(as_pdf(tree, title))
    return paths


def brief(study: Subject, folder: Path) -> Path:
    """Write the brief for a board as Word, from the sentences of the book's first page."""
    prose = PaperProse(study)
    page = prose.finished(filled("index", (BOOK / "index.md").read_text(encoding="utf-8"), prose))
    # What stands before the first section speaks of the book's links; one that only points into the book is left out.
    parts = re.split(r"^(?=## )", page, flags=re.MULTILINE)[1:]
    sections = "".join(part for part in parts if part.split("\n", 1)[-1].strip())
    notice = "\n\n".join(f"**{escape(sentence)}**" for sentence in banner_sentences(study))
    title = f"Brief: {cohort_title(study)}"
    heading = f'::: {{custom-style="Title"}}\n{escape(title)}\n:::\n\n'
    tree = _read(f"{heading}{notice}\n\n{sections}\n\n*{escape(FROM_THE_BOOK)}*\n", BOOK / "references.bib")
    path = folder / "board_brief.docx"
    word.write(tree, path, title, word.BRIEF)
    return path


def as_pdf(tree: Mapping[str, Any], title: str) -> bytes:
    """Typeset a document that pandoc has read, with the fonts that come with typst."""
    import typst

    body = word.pandoc(json.dumps(_for_typst(tree)), "json", "typst-citations", "--wrap=preserve")
    template = (HERE / "manuscript.typ").read_text(encoding="utf-8")
    source = f"#let document-title = {json.dumps(title)}\n{template}\n{body}".encode()
    # In the stubs one type variable stands for the input and for the root.
    page = typst.compile(source, root="/", ignore_system_fonts=True)  # type: ignore[type-var]
    assert isinstance(page, bytes)
    return page


def _read(text: str, references: Path) -> dict[str, Any]:
    """Read Markdown with its citations resolved in APA style."""
    options = ("--citeproc", f"--bibliography={references}", f"--csl={HERE / 'apa.csl'}")
    tree: dict[str, Any] = json.loads(word.pandoc(text, READ, "json", *options, "--metadata=lang:en-GB"))
    return tree


def _title_page(study: Subject, title: str) -> str:
    """Write the title page: what is known, and a slot for what only the authors know."""
    notices = [html.unescape(sentence) for sentence in banner_sentences(study)]
    lines = [("Title", title), *(("Title Page", slot) for slot in SLOTS), *(("Title Notice", each) for each in notices)]
    return "\n\n".join(f'::: {{custom-style="{style}"}}\n{escape(text)}\n:::' for style, text in lines) + "\n\n"


def _for_typst(node: Any) -> Any:
    """Return a tree whose styled paragraphs call the function of that name in the template."""
    if isinstance(node, list):
        return [each for item in node for each in _unfolded(item)]
    return {key: _for_typst(value) for key, value in node.items()} if isinstance(node, dict) else node


def _unfolded(node: Any) -> list[Any]:
    """Return a styled division as its content within a call; anything else as it is."""
    if isinstance(node, dict) and node.get("t") == "Div":
        (_, _, attributes), blocks = node["c"]
        style = dict(attributes).get("custom-style", "")
        if style:
            name = style.lower().replace(" ", "-")
            return [_raw(f"#{name}["), *_for_typst(blocks), _raw("]")]
    return [_for_typst(node)]


def _raw(text: str) -> dict[str, Any]:
    """Return text that typst takes unchanged."""
    return {"t": "RawBlock", "c": ["typst", text]}
