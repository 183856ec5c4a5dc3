"""Turn a report into a tagged PDF, one self-contained web page, or pictures."""

from __future__ import annotations

import base64
import threading
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from compendium.cohort.beside import read_logo
from compendium.report.feedback.blocks import Chart, Document

if TYPE_CHECKING:
    import jinja2

HERE = Path(__file__).parent
# Tagged, with a title and alternative texts: the part of PDF/UA-1 that a program can hold a document to.
STANDARD = "ua-1"
# Width of a chart of the web page and the room at its ends; from so many answers on, every second is numbered.
WIDTH, MARGIN, MOST_TICKS = 420, 10, 6
_OF_THREAD = threading.local()


def pdf(document: Document) -> bytes:
    """Typeset a report as PDF/UA-1, without dates, with fonts of the libraries: the same on every machine."""
    page = _compiler().compile(_files(document), format="pdf", pdf_standards=STANDARD)
    assert isinstance(page, bytes)
    return page


def picture(document: Document, form: str) -> list[bytes]:
    """Typeset a report as pictures (``svg`` or ``png``), one a page."""
    found = _compiler().compile(_files(document), format=form, ppi=110)
    return found if isinstance(found, list) else [found]


def html(document: Document) -> str:
    """Return a report as one web page that asks for nothing else."""
    return _template().render(report=document)


def _files(document: Document) -> dict[str, bytes]:
    """Return the files that the typesetter reads: what a report says, beside the same template each time.

    The report is a file and no input of the program: whatever two reports have in common is then set once only.
    """
    return {"main.typ": _typeset(), "report.json": document.as_json.encode()}


@cache
def _typeset() -> bytes:
    """Return the template of the PDF."""
    return (HERE / "report.typ").read_bytes()


def _compiler() -> Any:
    """Return this thread's typesetter, its fonts read once."""
    if not hasattr(_OF_THREAD, "compiler"):
        import matplotlib
        import typst

        fonts = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
        _OF_THREAD.compiler = typst.Compiler(ignore_system_fonts=True, font_paths=[fonts])
    return _OF_THREAD.compiler


@cache
def _template() -> jinja2.Template:
    """Return the template of the web page."""
    import jinja2

    loader = jinja2.FileSystemLoader(HERE)
    environment = jinja2.Environment(
        loader=loader, autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["logo"] = _logo
    environment.globals.update(place=_place, ticks=_ticks)
    return environment.get_template("report.html")


def _place(score: float, chart: Chart) -> float:
    """Return where a score stands on a line of the web page."""
    share = (score - chart.low) / (chart.high - chart.low)
    return float(f"{MARGIN + share * (WIDTH - 2 * MARGIN):.1f}")


def _ticks(chart: Chart) -> range:
    """Return the numbers under a line: each answer, or every second of many."""
    return range(chart.low, chart.high + 1, 1 if chart.high - chart.low <= MOST_TICKS else 2)


def _logo(svg: str) -> str:
    """Return a logo as an address that holds it."""
    return f"data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()}"


def as_svg(path: Path) -> str:
    """Return a logo, an SVG or PNG file, as SVG text."""
    content = read_logo(path)
    if path.suffix.lower() == ".svg":
        return content.decode("utf-8")
    width, height = (int.from_bytes(content[place : place + 4], "big") for place in (16, 20))
    held = base64.b64encode(content).decode()
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}">'
        f'<image width="{width}" height="{height}" href="data:image/png;base64,{held}"/></svg>'
    )
