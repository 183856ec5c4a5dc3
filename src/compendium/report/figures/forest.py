"""Forest plots: an estimate with its interval on each line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from compendium.report.figures.theme import INK, PALETTE, label, subplots

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MARKERS = ("o", "s", "D", "^", "v", "P", "X", "*")
# Rows that are drawn with their names; of more each is a fine line, in a figure of the height of so many.
MOST_NAMED = 100


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

    Of very many rows, such as 12,000 teams, each is a fine line without its name.

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
    place, named = {value: number for number, value in enumerate(rows)}, len(rows) <= MOST_NAMED
    figure, [axes] = subplots(7.0, 1.4 + min(len(rows), MOST_NAMED) * max(0.3, 0.13 * len(groups)))
    for number, name in enumerate(groups):
        part = frame if group is None else frame[frame[group] == name]
        shift = (number - (len(groups) - 1) / 2) * 0.7 / len(groups)
        places = [place[value] + shift for value in part[row]]
        _draw(axes, part, estimate, places, number, "" if name is None else str(name), named)
    if reference is not None:
        axes.axvline(reference, color=INK, linewidth=0.8, linestyle=":")
    if named:
        axes.set_yticks(range(len(rows)), rows)
    else:
        axes.set_yticks([])
    axes.set_ylim(max(len(rows), 1) - 0.5, -0.5)
    label(axes, x=x, y=y, title=title)
    if group and rows:
        figure.legend(loc="outside upper left", ncols=min(3, len(groups)))
    return figure


def _draw(
    axes: Axes, part: pd.DataFrame, estimate: str, places: list[float], number: int, name: str, named: bool
) -> None:
    """Draw the points and intervals of one group; those of very many rows as fine lines and dots of one picture."""
    colour = PALETTE[number % len(PALETTE)]
    line, size = (1.6, 5.0) if named else (0.4, 1.0)
    axes.hlines(places, part["lower"], part["upper"], color=colour, linewidth=line, rasterized=not named)
    marker = MARKERS[number % len(MARKERS)]
    point = colour if named else INK
    axes.plot(part[estimate], places, marker, color=point, markersize=size, label=name, rasterized=not named)
