"""Word documents: pandoc writes them, and every table becomes one that Word knows as a table of the document."""

from __future__ import annotations

import io
import json
import os
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from compendium.disclosure.text import document_property
from compendium.files import undated, write_bytes
from compendium.report.book.faults import BookError


@dataclass(frozen=True)
class PageLayout:
    """How a document looks: sizes in points, margins in centimetres, lines apart."""

    size: float
    table_size: float
    margin: float
    spacing: float
    font: str
    after: float
    title: float


# APA 7: a serif of 12 points, double spaced, an inch of margin.
MANUSCRIPT = PageLayout(12, 9, 2.54, 2.0, "Times New Roman", 0, 16)
BRIEF = PageLayout(9.5, 8.5, 1.7, 1.0, "Arial", 3, 15)
# A table of so many rows stands on one page.
KEPT_TOGETHER = 14
RULES = (("top", 8), ("bottom", 8))


def pandoc(text: str, source: str, target: str, *options: str) -> str:
    """Turn text of one kind into another.

    Raises
    ------
    BookError
        When pandoc cannot read it, or warns.
    """
    return _run(["--from", source, "--to", target, "--fail-if-warnings", *options], text.encode()).decode()


def write(tree: Mapping[str, Any], path: Path, title: str, layout: PageLayout) -> None:
    """Write a document that pandoc has read as Word."""
    with tempfile.TemporaryDirectory() as work:
        reference, plain = Path(work) / "reference.docx", Path(work) / "plain.docx"
        reference.write_bytes(_default_reference())
        _style(reference, layout)
        options = ["--from", "json", "--to", "docx", "--reference-doc", str(reference), "--output", str(plain)]
        _run(options, json.dumps(tree).encode())
        _finish(plain, path, title, layout)


@cache
def _default_reference() -> bytes:
    """Return pandoc's own reference document."""
    return _run(["--print-default-data-file", "reference.docx"], b"")


def _run(options: list[str], content: bytes) -> bytes:
    """Run the pandoc that comes with its Python package."""
    import pypandoc

    environment = {**os.environ, "SOURCE_DATE_EPOCH": "946684800"}  # no time of the run inside
    done = subprocess.run(
        [pypandoc.get_pandoc_path(), *options], input=content, capture_output=True, env=environment, check=False
    )
    if done.returncode:
        raise BookError(f"pandoc: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout


def _style(path: Path, layout: PageLayout) -> None:
    """Give pandoc's reference document the look of the layout, and the styles that the templates name."""
    import docx
    from docx.enum.style import WD_STYLE_TYPE
    from docx.enum.text import WD_ALIGN_PARAGRAPH

    document = docx.Document(str(path))
    for section in document.sections:
        section.page_width, section.page_height = docx.shared.Cm(21), docx.shared.Cm(29.7)
        for side in ("left_margin", "right_margin", "top_margin", "bottom_margin"):
            setattr(section, side, docx.shared.Cm(layout.margin))
    for name in ("Float Number", "Float Title", "Float Note", "Title Page", "Title Notice"):
        document.styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH).base_style = document.styles["Normal"]
    for style in document.styles:
        if style.type == WD_STYLE_TYPE.PARAGRAPH:
            _plain_style(style, layout)
    for name, size in (("Title", layout.title), ("Heading 1", layout.size + 2), ("Heading 2", layout.size + 1)):
        document.styles[name].font.size, document.styles[name].font.bold = docx.shared.Pt(size), True
        document.styles[name].paragraph_format.space_before = docx.shared.Pt(layout.size * 0.8)
    compact = document.styles["Compact"]
    compact.font.size, compact.paragraph_format.line_spacing = docx.shared.Pt(layout.table_size), 1.0
    compact.paragraph_format.space_after = docx.shared.Pt(2)
    document.styles["Float Number"].font.bold = True
    document.styles["Float Title"].font.italic = True
    for name in ("Float Number", "Float Title"):
        document.styles[name].paragraph_format.keep_with_next = True
        document.styles[name].paragraph_format.line_spacing = min(layout.spacing, 1.3)
    document.styles["Float Note"].font.size = docx.shared.Pt(layout.table_size)
    document.styles["Float Note"].paragraph_format.line_spacing = 1.0
    document.styles["Float Note"].paragraph_format.space_after = docx.shared.Pt(layout.size)
    for name in ("Title Page", "Title Notice", "Title"):
        document.styles[name].paragraph_format.alignment = WD_ALIGN_PARAGRAPH.CENTER
    document.styles["Title Notice"].font.italic = True
    document.styles["Title Notice"].paragraph_format.line_spacing = 1.0
    document.save(str(path))


def _plain_style(style: Any, layout: PageLayout) -> None:
    """Give a paragraph style font, colour and spacing of the layout."""
    import docx
    from docx.oxml.ns import qn

    style.font.name, style.font.size = layout.font, docx.shared.Pt(layout.size)
    style.font.color.rgb = docx.shared.RGBColor(0, 0, 0)
    fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
    for name in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
        fonts.attrib.pop(qn(f"w:{name}"), None)
    fonts.set(qn("w:cs"), layout.font)
    style.paragraph_format.line_spacing = layout.spacing
    style.paragraph_format.space_before = docx.shared.Pt(0)
    style.paragraph_format.space_after = docx.shared.Pt(layout.after)


def _finish(plain: Path, path: Path, title: str, layout: PageLayout) -> None:
    """Rule the tables as APA does, let their first row repeat on every page, and name the document."""
    import docx

    document = docx.Document(str(plain))
    document.core_properties.title, document.core_properties.language = document_property(title), "en-GB"
    document.core_properties.author = ""
    for table in document.tables:
        _rule(table)
    _fit_pictures(document)
    stream = io.BytesIO()
    document.save(stream)
    write_bytes(path, undated(stream.getvalue()))


def _rule(table: Any) -> None:
    """Rule a table above and below (its style rules the first row), let that row repeat and no row break."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    properties = table._tbl.tblPr
    borders = OxmlElement("w:tblBorders")
    for side, size in RULES:
        borders.append(_border(side, size))
    # The order of properties is fixed: lines stand before the layout and what follows it.
    after = [properties.find(qn(f"w:{name}")) for name in ("tblLayout", "tblCellMar", "tblLook")]
    known = next((each for each in after if each is not None), None)
    properties.append(borders) if known is None else known.addprevious(borders)
    for number, row in enumerate(table._tbl.tr_lst):
        about = row.get_or_add_trPr()
        about.append(OxmlElement("w:cantSplit"))
        if number == 0 and about.find(qn("w:tblHeader")) is None:
            about.append(OxmlElement("w:tblHeader"))
    if len(table.rows) <= KEPT_TOGETHER:
        _keep_together(table)


def _keep_together(table: Any) -> None:
    """Let no end of a page part the rows of a table."""
    for row in table.rows[:-1]:
        for cell in row.cells:
            for paragraph in cell.paragraphs:
                paragraph.paragraph_format.keep_with_next = True


def _border(side: str, size: int) -> Any:
    """Return one line of a table."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    line = OxmlElement(f"w:{side}")
    for name, value in (("val", "single"), ("sz", str(size)), ("space", "0"), ("color", "000000")):
        line.set(qn(f"w:{name}"), value)
    return line


def _fit_pictures(document: Any) -> None:
    """Make no picture higher than a page leaves room for."""
    section = document.sections[0]
    widest = section.page_width - section.left_margin - section.right_margin
    highest = int((section.page_height - section.top_margin - section.bottom_margin) * 0.75)
    for picture in document.inline_shapes:
        ratio = min(widest / picture.width, highest / picture.height, 1)
        picture.width, picture.height = int(picture.width * ratio), int(picture.height * ratio)
