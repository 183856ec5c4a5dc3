"""Pictures of the claims: the estimate behind each verdict, and the specification curve."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from compendium.report.figures.theme import GRID, INK, PALETTE, label, subplots

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MARKS = {"supported": ("o", 2), "not supported": ("X", 1), "undetermined at this n": ("D", 7)}


def claims_forest(table: pd.DataFrame) -> Figure:
    """Draw the estimate that decides each claim with its interval, the same-source one in grey beside it.

    Parameters
    ----------
    table
        Table of :func:`compendium.steps.outcome_associations.claims.claims_table`.
    """
    known = table.dropna(subset=["estimate"]).reset_index(drop=True)
    figure, [axes] = subplots(7.4, 1.3 + 0.42 * max(len(known), 2))
    if known.empty:
        axes.text(0.5, 0.5, "No claim could be tested", ha="center", va="center", transform=axes.transAxes)
        axes.set_axis_off()
        return figure
    same = known[known["same_lower"].notna() & (known["source"] == "peers")]
    axes.hlines(same.index + 0.2, same["same_lower"], same["same_upper"], color="#9A9A9A", linewidth=1.6)
    axes.plot(same["same_estimate"], same.index + 0.2, "s", color="#9A9A9A", markersize=4, label="same source")
    for verdict, (marker, colour) in MARKS.items():
        part = known[known["verdict"] == verdict]
        if len(part):
            axes.hlines(part.index, part["lower"], part["upper"], color=PALETTE[colour], linewidth=1.8)
            axes.plot(part["estimate"], part.index, marker, color=PALETTE[colour], markersize=6, label=verdict)
    axes.axvline(0, color=INK, linewidth=0.8, linestyle=":")
    axes.set_yticks(range(len(known)), [textwrap.fill(text, 30) for text in known["short"]])
    axes.set_ylim(len(known) - 0.5, -0.5)
    label(axes, x="Estimate with interval (correlation or standardised slope; groups: share of variance)", y="")
    figure.legend(loc="outside upper left", ncols=4)
    return figure


def specification_curve(
    curve: pd.DataFrame, choices: list[str], *, interest: Sequence[float] = (), title: str = ""
) -> Figure:
    """Draw the estimates of one association in order of size, and below them which choices led to each.

    Parameters
    ----------
    curve
        Rows of one association from :func:`compendium.steps.outcome_associations.multiverse.specification_curve`.
    choices
        Columns of ``curve`` that hold the choices.
    interest
        Where the smallest effect of interest lies; marked by lines, as zero is.
    """
    known = curve.dropna(subset=["estimate"]).sort_values("estimate").reset_index(drop=True)
    options = [(choice, value) for choice in choices for value in dict.fromkeys(curve[choice])]
    figure, [upper, lower] = subplots(7.4, 3.0 + 0.2 * len(options), rows=2)
    grid = upper.get_gridspec()
    if grid is not None:
        grid.set_height_ratios([2.4, 0.2 * len(options)])
    upper.vlines(known.index, known["lower"], known["upper"], color=GRID, linewidth=2)
    upper.plot(known.index, known["estimate"], "o", color=PALETTE[0], markersize=3)
    for place in (0, *interest):
        upper.axhline(place, color=INK, linewidth=0.8, linestyle=":")
    label(upper, x="", y="Estimate with interval", title=title)
    upper.set_xticks([])
    _dashboard(lower, known, options)
    return figure


def _dashboard(axes: Axes, known: pd.DataFrame, options: list[tuple[str, object]]) -> None:
    """Mark the choice of each specification."""
    for place, (choice, value) in enumerate(options):
        used = known.index[known[choice] == value]
        axes.plot(used, np.full(len(used), place), "|", color=INK, markersize=5)
    names = [f"{choice.replace('_', ' ')}: {value}" for choice, value in options]
    axes.set_yticks(range(len(options)), names, fontsize=7)
    axes.set_ylim(len(options) - 0.5, -0.5)
    label(axes, x="Specifications in order of the estimate (count)", y="")
