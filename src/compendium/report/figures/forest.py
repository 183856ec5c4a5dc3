"""Forest plots: an estimate with its interval on each line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from compendium.report.figures.theme import INK, PALETTE, label, subplots

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MARKERS = ("o", "s", "D", "^", "v", "P", "X", "*")
# Rows that are drawn with their names; of more, so many lines stand for several neighbours each.
MOST_NAMED = 100
# Height of a line with a name, and of one without, in inches.
NAMED, NAMELESS = 0.3, 0.06


def forest(
    frame: pd.DataFrame,
    *,
    row: str,
    estimate: str,
    x: str,
    y: str,
    group: str | None = None,
    reference: float | None = 0.0,
    title: str = "",
) -> Figure:
    """Draw one line for each value of ``row``; groups sit side by side with their own colour and marker.

    Of very many rows, such as 12,000 teams, each line stands for several that follow each other: the medians of their
    estimates and of the ends of their intervals, without a name. The label of the axis says of how many.

    Parameters
    ----------
    frame
        Columns ``row``, ``estimate``, ``lower``, ``upper`` and, when given, ``group``; no row gives empty axes.
    x, y
        Axis labels with units.
    reference
        Where a vertical line marks no effect; None for none.
    """
    rows = list(dict.fromkeys(frame[row]))
    groups = list(dict.fromkeys(frame[group])) if group else [None]
    together = -(-len(rows) // MOST_NAMED) or 1
    place, named = {value: number // together for number, value in enumerate(rows)}, together == 1
    lines = len(set(place.values()))
    figure, [axes] = subplots(7.0, 1.4 + lines * (max(NAMED, 0.13 * len(groups)) if named else NAMELESS))
    for number, name in enumerate(groups):
        part = frame if group is None else frame[frame[group] == name]
        shown = part[[estimate, "lower", "upper"]].set_axis(part[row].map(place))
        shown = shown if named else shown.groupby(level=0).median()
        shift = (number - (len(groups) - 1) / 2) * 0.7 / len(groups)
        _draw(axes, shown.set_axis(shown.index + shift), estimate, number, "" if name is None else str(name))
    if reference is not None:
        axes.axvline(reference, color=INK, linewidth=0.8, linestyle=":")
    if named:
        axes.set_yticks(range(len(rows)), rows)
    else:
        axes.set_yticks([])
    axes.set_ylim(max(lines, 1) - 0.5, -0.5)
    label(axes, x=x, y=y if named else f"{y}; a line: the medians of {together}", title=title)
    if group and rows:
        figure.legend(loc="outside upper left", ncols=min(3, len(groups)))
    return figure


def _draw(axes: Axes, lines: pd.DataFrame, estimate: str, number: int, name: str) -> None:
    """Draw the points and intervals of one group at their places."""
    colour = PALETTE[number % len(PALETTE)]
    axes.hlines(lines.index, lines["lower"], lines["upper"], color=colour, linewidth=1.6)
    marker = MARKERS[number % len(MARKERS)]
    axes.plot(lines[estimate], lines.index, marker, color=colour, markersize=5.0, label=name)
