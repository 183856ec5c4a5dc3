"""A flow diagram drawn from counts: readable text in the SVG, one label for each box."""

from __future__ import annotations

import io
import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import IO, TYPE_CHECKING, Any
from xml.sax.saxutils import escape

from compendium.report.figures.theme import INK, PALETTE

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LINE_HEIGHT, PADDING, GAP, BOX_WIDTH, MARGIN = 15, 8, 26, 330, 10
CHARACTERS = 54
MAIN, SIDE = 0, 1


@dataclass(frozen=True)
class Box:
    """One box: its lines of text, where it stands in points from the top left, and how it is read out."""

    lines: tuple[str, ...]
    column: int
    top: float
    spoken: str

    @property
    def left(self) -> float:
        """Left edge."""
        return MARGIN + self.column * (BOX_WIDTH + 40)

    @property
    def height(self) -> float:
        """Height that its lines need."""
        return len(self.lines) * LINE_HEIGHT + 2 * PADDING

    @property
    def middle(self) -> float:
        """Height of its centre."""
        return self.top + self.height / 2


@dataclass(frozen=True)
class FlowDiagram:
    """The diagram as boxes; saves itself as SVG with real text, or as PNG.

    It answers to ``savefig`` as a matplotlib figure does, so that it is saved the same way.
    """

    boxes: tuple[Box, ...]
    title: str
    description: str

    @property
    def size(self) -> tuple[float, float]:
        """Width and height in points."""
        return 2 * MARGIN + 2 * BOX_WIDTH + 40, max(box.top + box.height for box in self.boxes) + MARGIN

    def savefig(self, stream: IO[bytes], *, format: str, metadata: dict[str, Any] | None = None, **_: Any) -> None:
        """Write the diagram; ``metadata`` may bring a title and a description for the SVG."""
        if format == "svg":
            texts = metadata or {}
            stream.write(
                self.to_svg(texts.get("Title", self.title), texts.get("Description", self.description)).encode()
            )
        else:
            self._as_matplotlib().savefig(stream, format=format, metadata=metadata, dpi=150)

    def to_svg(self, title: str, description: str) -> str:
        """Return SVG whose boxes are read out one after the other, each with its phase, text and count."""
        width, height = self.size
        parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" width="{width:g}" '
            f'height="{height:g}" role="graphics-document document" aria-roledescription="flow diagram" '
            'aria-labelledby="flow-title flow-description" lang="en-GB" '
            'font-family="DejaVu Sans, Verdana, sans-serif" font-size="11">',
            f'<title id="flow-title">{escape(title)}</title>',
            f'<desc id="flow-description">{escape(description)}</desc>',
            f'<rect width="{width:g}" height="{height:g}" fill="white"/>',
            *(_arrow(*ends) for ends in self.arrows()),
            *(_box(box) for box in self.boxes),
            "</svg>",
        ]
        return "\n".join(parts) + "\n"

    def arrows(self) -> Iterable[tuple[float, float, float, float]]:
        """Return the ends of every arrow: down the main column, and from it to each box beside it."""
        main = [box for box in self.boxes if box.column == MAIN]
        for upper, lower in pairwise(main):
            yield upper.left + BOX_WIDTH / 2, upper.top + upper.height, lower.left + BOX_WIDTH / 2, lower.top
        for box in self.boxes:
            if box.column == SIDE:
                beside = max((other for other in main if other.top <= box.middle), key=lambda other: other.top)
                height = min(box.middle, beside.middle)
                yield beside.left + BOX_WIDTH, height, box.left, height

    def _as_matplotlib(self) -> Figure:
        """Draw the same boxes with matplotlib, for PNG."""
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure as MatplotlibFigure
        from matplotlib.patches import Rectangle

        width, height = self.size
        figure = MatplotlibFigure(figsize=(width / 72, height / 72), facecolor="white")
        FigureCanvasAgg(figure)
        axes = figure.add_axes((0, 0, 1, 1))
        axes.set(xlim=(0, width), ylim=(height, 0))
        axes.axis("off")
        for x, y, to_x, to_y in self.arrows():
            axes.annotate(
                "", (to_x, to_y), (x, y), arrowprops={"arrowstyle": "-|>", "color": INK, "shrinkA": 0, "shrinkB": 0}
            )
        for box in self.boxes:
            axes.add_patch(Rectangle((box.left, box.top), BOX_WIDTH, box.height, fill=False, edgecolor=PALETTE[0]))
            for number, line in enumerate(box.lines):
                place = box.top + PADDING + (number + 0.75) * LINE_HEIGHT
                axes.text(box.left + PADDING, place, line, fontsize=8.5, color=INK, family="DejaVu Sans")
        return figure

    def _repr_svg_(self) -> str:
        """Show the diagram in a notebook."""
        return self.to_svg(self.title, self.description)

    def _repr_png_(self) -> bytes:
        """Show the diagram where SVG is not shown."""
        stream = io.BytesIO()
        self.savefig(stream, format="png")
        return stream.getvalue()


@dataclass(frozen=True)
class FlowRow:
    """What one row of the diagram holds: its phase, the lines of the main box and those of the box beside it."""

    phase: str
    main: Sequence[str]
    side: Sequence[str] = ()


def flow_of(rows: Sequence[FlowRow], title: str, description: str) -> FlowDiagram:
    """Return the diagram of rows, one below the other."""
    boxes, top = [], float(MARGIN)
    for row in rows:
        placed = [
            Box(tuple(_wrap(text)), column, top, f"{row.phase}: {as_sentence(text)}")
            for column, text in ((MAIN, row.main), (SIDE, row.side))
            if text
        ]
        boxes += placed
        top += max(box.height for box in placed) + GAP
    return FlowDiagram(tuple(boxes), title, description)


def in_words(rows: Sequence[FlowRow]) -> str:
    """Return the diagram in words, for those who do not see it."""
    sentences = [f"{as_sentence(row.main)}." for row in rows]
    beside = [f"{as_sentence(row.side)}." for row in rows if row.side]
    return " ".join([*sentences, *(["Beside the flow:", *beside] if beside else [])])


def as_sentence(lines: Sequence[str]) -> str:
    """Return the lines of a box as one sentence part."""
    return "; ".join(line.strip() for line in lines)


def _wrap(lines: Sequence[str]) -> list[str]:
    """Break lines that do not fit into a box."""
    return [
        part
        for line in lines
        for part in textwrap.wrap(line, CHARACTERS, drop_whitespace=True, subsequent_indent="      ") or [""]
    ]


def _box(box: Box) -> str:
    """Return one box as SVG."""
    spoken = escape(box.spoken, {'"': "&quot;"})
    lines = "".join(
        f'<text x="{box.left + PADDING:g}" y="{box.top + PADDING + (number + 0.75) * LINE_HEIGHT:g}" fill="{INK}" '
        f'xml:space="preserve">{escape(line)}</text>'
        for number, line in enumerate(box.lines)
    )
    frame = (
        f'<rect x="{box.left:g}" y="{box.top:g}" width="{BOX_WIDTH}" height="{box.height:g}" rx="3" fill="none" '
        f'stroke="{PALETTE[0]}"/>'
    )
    return f'<g role="graphics-symbol img" aria-label="{spoken}" tabindex="0">{frame}{lines}</g>'


def _arrow(x: float, y: float, to_x: float, to_y: float) -> str:
    """Return one arrow as SVG, silent for screen readers."""
    across = to_x > x + 1
    corners = [(-6, -4), (-6, 4)] if across else [(-4, -6), (4, -6)]
    head = " ".join(f"{to_x + right:g},{to_y + down:g}" for right, down in corners)
    return (
        f'<g aria-hidden="true" stroke="{INK}" fill="{INK}"><line x1="{x:g}" y1="{y:g}" x2="{to_x:g}" y2="{to_y:g}"/>'
        f'<polygon points="{to_x:g},{to_y:g} {head}"/></g>'
    )
