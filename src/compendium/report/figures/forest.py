"""Forest plots: an estimate with its interval on each line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from compendium.report.figures.theme import INK, PALETTE, label, subplots

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MARKERS = ("o", "s", "D", "^", "v", "P", "X", "*")


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
    figure, [axes] = subplots(7.0, 1.4 + len(rows) * max(0.3, 0.13 * len(groups)))
    for number, name in enumerate(groups):
        part = frame if group is None else frame[frame[group] == name]
        shift = (number - (len(groups) - 1) / 2) * 0.7 / len(groups)
        places = [rows.index(value) + shift for value in part[row]]
        _draw(axes, part, estimate, places, number, "" if name is None else str(name))
    if reference is not None:
        axes.axvline(reference, color=INK, linewidth=0.8, linestyle=":")
    axes.set_yticks(range(len(rows)), rows)
    axes.set_ylim(max(len(rows), 1) - 0.5, -0.5)
    label(axes, x=x, y=y, title=title)
    if group and rows:
        figure.legend(loc="outside upper left", ncols=min(3, len(groups)))
    return figure


def _draw(axes: Axes, part: pd.DataFrame, estimate: str, places: list[float], number: int, name: str) -> None:
    """Draw the points and intervals of one group."""
    colour = PALETTE[number % len(PALETTE)]
    axes.hlines(places, part["lower"], part["upper"], color=colour, linewidth=1.6)
    axes.plot(part[estimate], places, MARKERS[number % len(MARKERS)], color=colour, markersize=5, label=name)
