"""Pictures of the planning: how narrow intervals get, and how high power, with the number of people."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from compendium.report.figures.theme import INK, PALETTE, label, subplots

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Each goal: title of its panel, what is on the axis of people, what is on the other axis.
PANELS = {
    "omega": ("Omega", "People", "Half-width of the interval"),
    "loading": ("Every loading", "People", "Half-width of the interval"),
    "claim": ("Claims: smallest effect", "People (colleagues: ratings)", "Power (0 to 1)"),
    "dif": ("One item unfair (item test)", "People in each of two groups", "Power (0 to 1)"),
    "scalar": ("One item unfair (equal intercepts)", "People in each of two groups", "Power (0 to 1)"),
    "peer_mean": ("Reliability of the peers' mean", "Rated people", "Half-width of the interval"),
}
POWER = ("claim", "dif", "scalar")
# Ticks that a reader can name.
TICKS = (50, 100, 200, 400, 800, 1600, 3200, 6400)
WIDTH, HEIGHT, COLUMNS = 8.4, 2.7, 2


def planning_curves(curves: pd.DataFrame) -> Figure:
    """Draw width or power against the number of people, one panel a goal.

    Parameters
    ----------
    curves
        Table of :func:`compendium.steps.planning.parts.curves`. A panel of one line has its range shaded.
    """
    goals = [name for name in PANELS if (curves["goal"] == name).any()]
    rows = -(-max(len(goals), 1) // COLUMNS)
    figure, panels = subplots(WIDTH, max(HEIGHT * rows, HEIGHT), rows=rows, columns=COLUMNS)
    for axes in panels[len(goals) :]:
        axes.set_axis_off()
    if not goals:
        panels[0].text(0, 0.5, "Nothing to plan from", va="center", transform=panels[0].transAxes)
        panels[0].set_axis_off()
        return figure
    for axes, goal in zip(panels, goals, strict=False):
        _panel(axes, curves[curves["goal"] == goal], goal)
    return figure


def _panel(axes: Axes, part: pd.DataFrame, goal: str) -> None:
    """Draw the lines of one goal; the wanted value is dotted."""
    lines = list(part.groupby("subject", sort=False))
    title, people, value = PANELS[goal]
    for number, (_, line) in enumerate(lines):
        colour = PALETTE[number % len(PALETTE)] if len(lines) == 1 else PALETTE[0]
        if len(lines) == 1:
            axes.fill_between(line["n"], line["lower"], line["upper"], color=colour, alpha=0.2, linewidth=0)
        axes.plot(line["n"], line["value"], color=colour, linewidth=1.8 if len(lines) == 1 else 1.1)
    axes.axhline(float(part["wanted"].iloc[0]), color=INK, linewidth=0.9, linestyle=":")
    axes.set_xscale("log")
    axes.set_xlim(part["n"].min(), part["n"].max())
    shown = [tick for tick in TICKS if part["n"].min() <= tick <= part["n"].max()]
    axes.set_xticks(shown, [str(tick) for tick in shown])
    axes.set_xticks([], minor=True)
    axes.set_ylim(0, 1 if goal in POWER else None)
    label(axes, x=f"{people} (logarithmic)", y=value, title=title)
