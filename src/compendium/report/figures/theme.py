"""The look of every figure: one palette that colour-blind readers can tell apart, one grid, one type size."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Okabe & Ito 2008, without the yellow that fades on white; the grey is dark enough not to be taken for the purple.
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000", "#5A5A5A")
INK = "#222222"
GRID = "#D9D9D9"
# Five answers from disagreement to agreement; blue against orange stays apart in every colour vision.
LIKERT = ("#B35806", "#F1A340", "#E6E6E6", "#92C5DE", "#2166AC")
DIVERGING = "RdBu_r"
SEQUENTIAL = "Blues"

STYLE: dict[str, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": GRID,
    "grid.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "legend.frameon": False,
    "figure.facecolor": "white",
}

# What stands for ink, paper and grey where a reader's screen is dark; other colours serve on both.
DARK_PAPER = "#14181e"
DARK = {INK: "#e6e6e6", GRID: "#3a4048", "#000000": "#f0f0f0", "#5A5A5A": "#b4b4b4"}
# Pictures made of coloured cells, with ink that was chosen for the colour under it, stay as on paper.
FALLBACK = "'DejaVu Sans', Verdana, sans-serif"
OF_CELLS = ("QuadMesh", "<image", "typst")


def follow_colours(svg: str) -> str:
    """Let a saved figure follow the colours of the page it stands on: dark paper where the reader's is dark."""
    if any(sign in svg for sign in OF_CELLS) or "<svg" not in svg:
        return svg
    rules = [
        f'[style*="{kind}: {colour.lower()}"] {{ {kind}: {dark} !important; }}'
        for colour, dark in DARK.items()
        for kind in ("fill", "stroke")
    ]
    backs = ", ".join(f'[id^="{part}_"] > g:first-child > path' for part in ("figure", "axes"))
    paper = f"{backs} {{ fill: {DARK_PAPER} !important; }}"
    style = f"<style>@media (prefers-color-scheme: dark) {{ {' '.join([*rules, paper])} }}</style>"
    head = svg.index(">", svg.index("<svg")) + 1
    return f"{svg[:head]}{style}{svg[head:]}"


WRITTEN = re.compile(
    r'<!-- (?P<text>[^\n]*?) -->\s*<g style="(?P<style>[^"]*)" transform="translate\((?P<x>[\d.-]+) (?P<y>[\d.-]+)\)'
    r'(?P<turn>(?: rotate\([\d.-]+\))?) scale\((?P<size>[\d.]+) -[\d.]+\)">.*?</g>',
    re.DOTALL,
)
PATH, DIGITS = re.compile(r' d="[^"]*"'), re.compile(r"(\d\.\d)\d+")
COMMENT = re.compile(r"<metadata>.*?</metadata>|^\s+", re.DOTALL | re.MULTILINE)


def lighter(svg: str) -> str:
    """Return a saved figure with its words as text instead of outlines, and lines to a tenth of a point.

    For pages with a picture an item: a third of the size. The words are set in a font of the reader's machine.
    """

    def words(found: re.Match[str]) -> str:
        place = f"translate({found['x']} {found['y']}){found['turn']}"
        size = 100 * float(found["size"])
        return f'<text transform="{place}" style="{found["style"]}; font: {size:g}px {FALLBACK}">{found["text"]}</text>'

    plain = COMMENT.sub("", WRITTEN.sub(words, svg))
    return PATH.sub(lambda found: " " + DIGITS.sub(r"\1", " ".join(found[0].split())), plain)


def subplots(width: float = 7.0, height: float = 4.0, *, rows: int = 1, columns: int = 1) -> tuple[Figure, list[Axes]]:
    """Return a figure in the house style and its axes as a flat list; sizes in inches."""
    import matplotlib as mpl
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure as MatplotlibFigure

    mpl.rcParams.update(cast("Any", STYLE))
    figure = MatplotlibFigure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(rows, columns, squeeze=False)
    return figure, list(axes.ravel())


def label(axes: Axes, *, x: str, y: str, title: str = "") -> None:
    """Say what is on each axis, with units."""
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    if title:
        axes.set_title(title, loc="left", fontsize=10, fontweight="bold")
