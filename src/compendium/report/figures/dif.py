"""Pictures of differential item functioning: how much each item does, and what a flagged item looks like."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from math import ceil
from typing import TYPE_CHECKING

import pandas as pd

from compendium.report.figures.theme import INK, PALETTE, label, subplots

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LINES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)))


def change_by_item(changes: pd.DataFrame, cut: float) -> Figure:
    """Draw what groups add to the explanation of each item, one panel a grouping.

    Parameters
    ----------
    changes
        Columns ``grouping``, ``item``, ``scale``, ``mcfadden_total`` and ``flagged``; items without a test (NaN) are
        not drawn.
    cut
        The change from which an item may be flagged.
    """
    groupings = list(dict.fromkeys(changes["grouping"]))
    scales = list(dict.fromkeys(changes["scale"]))
    rows, columns = max(1, ceil(len(groupings) / 2)), min(2, max(1, len(groupings)))
    figure, panels = subplots(
        3.6 * columns + 1.2, (0.9 + 0.28 * max(len(scales), 2)) * rows, rows=rows, columns=columns
    )
    tested = changes.dropna(subset=["mcfadden_total"])
    right = 1.15 * max(cut, float(tested["mcfadden_total"].max()) if len(tested) else cut)
    for place, axes in enumerate(panels):
        axes.set_visible(place < len(groupings) or not groupings)
        if place < len(groupings):
            _changes(axes, tested[tested["grouping"] == groupings[place]], scales, cut)
            label(
                axes,
                x="Change in McFadden's R\u00b2",
                y="" if place % columns else "Competency",
                title=groupings[place],
            )
            axes.set_xlim(-0.02 * right, right)
            if place % columns:
                axes.set_yticklabels([])
    return figure


def expected_scores(
    curves: pd.DataFrame, *, x: str = "Competency given the other items (standard deviations)"
) -> Figure:
    """Draw the expected answer to items against the matching score, a line for each group.

    Parameters
    ----------
    curves
        Columns ``item``, ``group``, ``score`` and ``expected``; one panel an item, in order.
    x
        What the matching score is, with its unit.
    """
    items = list(dict.fromkeys(curves["item"]))
    rows, columns = max(1, ceil(len(items) / 2)), min(2, max(1, len(items)))
    figure, panels = subplots(3.8 * columns + 1.6, 3.1 * rows, rows=rows, columns=columns)
    for place, axes in enumerate(panels):
        axes.set_visible(place < len(items) or not items)
        if place < len(items):
            _lines(axes, curves[curves["item"] == items[place]])
            label(axes, x="\n".join(textwrap.wrap(x, 40)), y="Expected answer (points)", title=items[place])
    _name_groups(figure, panels[: len(items)])
    return figure


def _name_groups(figure: Figure, panels: Sequence[Axes]) -> None:
    """Name the groups once where every panel has the same ones, and in each panel where they differ."""
    names = [tuple(axes.get_legend_handles_labels()[1]) for axes in panels]
    if len(set(names)) == 1:
        figure.legend(*panels[0].get_legend_handles_labels(), loc="outside right upper", title="Group", fontsize=8)
        return
    for axes in panels:
        axes.legend(loc="lower right", fontsize=6.5)


def _changes(axes: Axes, part: pd.DataFrame, scales: list[str], cut: float) -> None:
    """Draw the items of one grouping as dots in the rows of their competencies; name the flagged ones."""
    for flagged, marker, colour in ((False, "o", PALETTE[0]), (True, "X", PALETTE[1])):
        some = part[part["flagged"].astype(bool) == flagged]
        places = [scales.index(scale) for scale in some["scale"]]
        axes.plot(some["mcfadden_total"], places, marker, color=colour, alpha=0.75, markersize=7 if flagged else 5)
        if flagged:
            for item, change, place in zip(some["item"], some["mcfadden_total"], places, strict=True):
                axes.annotate(str(item), (float(change), place - 0.3), fontsize=6.5, ha="center")
    axes.axvline(cut, color=INK, linestyle="--", linewidth=1)
    axes.set_yticks(range(len(scales)), scales)
    axes.set_ylim(len(scales) - 0.5, -0.8)


def _lines(axes: Axes, part: pd.DataFrame) -> None:
    """Draw one item's curves."""
    for place, (group, curve) in enumerate(part.groupby("group", sort=False)):
        axes.plot(
            curve["score"], curve["expected"], color=PALETTE[place % len(PALETTE)],
            linestyle=LINES[place % len(LINES)], label=str(group), linewidth=1.8,
        )  # fmt: skip
