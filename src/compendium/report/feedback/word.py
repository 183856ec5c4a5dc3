"""A report as a Word document, for those who put it into papers of their own."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from compendium.disclosure.text import document_property
from compendium.files import undated
from compendium.report.feedback.blocks import Block, Boxes, Chart, Document, Fields, Points, Text, TextTable

if TYPE_CHECKING:
    from docx.document import Document as WordFile


def word(document: Document) -> bytes:
    """Return a report as a Word document: headings, lists and tables, charts as tables of their words."""
    import docx

    file = docx.Document()
    file.core_properties.title = document_property(document.title)
    file.core_properties.author = document_property(document.look.organisation)
    file.core_properties.language = document.look.locale
    file.styles["Normal"].font.name, file.styles["Normal"].font.size = "Arial", docx.shared.Pt(11)
    file.add_heading(document.title, 0)
    file.add_paragraph(document.subtitle)
    for notice in document.notices:
        file.add_paragraph(notice, style="Intense Quote")
    for section in document.sections:
        file.add_heading(section.heading, 1)
        for block in section.blocks:
            _add(file, block)
    content = io.BytesIO()
    file.save(content)
    return undated(content.getvalue())


def _add(file: WordFile, block: Block) -> None:
    """Add one block."""
    if isinstance(block, Text):
        file.add_paragraph(block.text)
    elif isinstance(block, Points):
        _points(file, block)
    elif isinstance(block, Boxes):
        for box in block.boxes:
            _points(file, box)
    elif isinstance(block, Chart):
        _table(file, [], [(line.label, line.words.removeprefix(f"{line.label}. ")) for line in block.lines])
    elif isinstance(block, TextTable):
        _table(file, block.header, block.rows)
    elif isinstance(block, Fields):
        for label, lines in block.fields:
            file.add_paragraph(label, style="List Bullet")
            for _ in range(lines):
                file.add_paragraph("")


def _points(file: WordFile, block: Any) -> None:
    """Add a list with its heading."""
    if block.heading:
        file.add_heading(block.heading, 2)
    if block.note:
        file.add_paragraph(block.note)
    for point in block.points:
        file.add_paragraph(point, style="List Bullet")


def _table(file: WordFile, header: Any, rows: Any) -> None:
    """Add a table whose first row repeats as a heading."""
    from docx.oxml import OxmlElement

    content = ([list(header)] if header else []) + [list(row) for row in rows]
    table = file.add_table(
        rows=len(content), cols=len(content[0]), style="Light List Accent 1" if header else "Table Grid"
    )
    for cells, texts in zip(table.rows, content, strict=True):
        for cell, text in zip(cells.cells, texts, strict=True):
            cell.text = text
    if header:
        table.rows[0]._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))
