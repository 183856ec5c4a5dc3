"""Curves of scores along tenure."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pandas as pd

from compendium.report.figures.theme import PALETTE, label, subplots

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ACROSS = 3


def tenure_curves(curves: pd.DataFrame, *, x: str, y: str) -> Figure:
    """Draw one small panel for each competency: the fitted mean along tenure with its interval, no person's point.

    Parameters
    ----------
    curves
        Columns ``competency``, ``tenure``, ``estimate``, ``lower`` and ``upper``; without rows, a panel says so.
    x, y
        Axis labels with units.
    """
    names = list(dict.fromkeys(curves["competency"]))
    rows = max(1, math.ceil(len(names) / ACROSS))
    figure, panels = subplots(7.0, 0.6 + 2.1 * rows, rows=rows, columns=min(ACROSS, max(1, len(names))))
    for place, (axes, name) in enumerate(zip(panels, names, strict=False)):
        part = curves[curves["competency"] == name]
        axes.fill_between(part["tenure"], part["lower"], part["upper"], color=PALETTE[4], alpha=0.4, linewidth=0)
        axes.plot(part["tenure"], part["estimate"], color=PALETTE[0], linewidth=1.6)
        axes.set_title(str(name), fontsize=7.5)
        axes.set_ylim(curves["lower"].min(), curves["upper"].max())
        label(axes, x=x, y="" if place % ACROSS else y)
    for axes in panels[max(1, len(names)) :]:
        axes.remove()
    if not names:
        panels[0].text(0.5, 0.5, "No curve could be estimated", ha="center", va="center", transform=panels[0].transAxes)
        label(panels[0], x=x, y=y)
    return figure
