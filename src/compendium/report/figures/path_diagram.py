"""A factor model as a path diagram: factors, items, loadings, and the correlations between the factors."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from compendium.report.figures.theme import INK, PALETTE, subplots
from compendium.rounding import number

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ROW, GAP = 0.21, 1.2
FACTOR_AT, ITEM_AT, ARC_STEP, FACTOR_WIDTH, ITEM_WIDTH = 0.0, 4.3, 0.62, 2.3, 1.9
WHITE = {"boxstyle": "square,pad=0.08", "facecolor": "white", "edgecolor": "none"}


def path_diagram(loadings: pd.DataFrame, correlations: pd.DataFrame, *, labels: Mapping[str, str]) -> Figure:
    """Draw a model of correlated factors.

    Items stand in a column on the right, factors in the middle, and the correlations of the factors on the left,
    where each pair has a place of its own: halfway between the two, further out the further apart they stand.

    Parameters
    ----------
    loadings
        Columns ``competency``, ``item``, ``loading``; the items of a factor stand together.
    correlations
        Columns ``competency``, ``other``, ``correlation``.
    labels
        Names of the factors for a reader.
    """
    factors = list(dict.fromkeys(loadings["competency"]))
    rows = _rows(loadings, factors)
    centres = {factor: float(np.mean([rows[item] for item in _items(loadings, factor)])) for factor in factors}
    left = FACTOR_AT - FACTOR_WIDTH / 2 - ARC_STEP * max(len(factors) - 1, 1) - 0.7
    bottom = max(rows.values(), default=0.0) + 1.0
    figure, [axes] = subplots(9.0, max(2.5, ROW * (bottom + 1.0)))
    axes.set_xlim(left, ITEM_AT + ITEM_WIDTH + 0.1)
    axes.set_ylim(bottom, -1.0)
    axes.axis("off")
    _draw_correlations(axes, correlations, factors, centres)
    for place, factor in enumerate(factors):
        colour = PALETTE[place % len(PALETTE)]
        _draw_loadings(axes, loadings[loadings["competency"] == factor], rows, centres[factor], colour)
        _draw_factor(axes, labels.get(factor, factor), centres[factor], colour)
    return figure


def described(loadings: pd.DataFrame, correlations: pd.DataFrame, labels: Mapping[str, str]) -> str:
    """Say in words what the diagram shows, for those who do not see it."""
    groups = loadings.groupby("competency", sort=False)["loading"]
    parts = [
        f"{labels.get(str(name), str(name))}: {len(part)} items, loadings {number(part.min())} to {number(part.max())}"
        for name, part in groups
    ]
    description = f"Path diagram of {len(parts)} correlated factors. {'; '.join(parts)}."
    if correlations.empty:
        return description
    between = correlations["correlation"]
    return f"{description} Factor correlations run from {number(between.min())} to {number(between.max())}."


def _items(loadings: pd.DataFrame, factor: str) -> Sequence[str]:
    """Return the items of a factor."""
    return list(loadings.loc[loadings["competency"] == factor, "item"])


def _rows(loadings: pd.DataFrame, factors: Sequence[str]) -> dict[str, float]:
    """Place the items down the page, a gap between factors."""
    rows: dict[str, float] = {}
    place = 0.0
    for factor in factors:
        for item in _items(loadings, factor):
            rows[item] = place
            place += 1.0
        place += GAP
    return rows


def _draw_factor(axes: Axes, name: str, y: float, colour: str) -> None:
    """Draw a factor as an ellipse with its name."""
    from matplotlib.patches import Ellipse

    axes.add_patch(
        Ellipse((FACTOR_AT, y), FACTOR_WIDTH, 4.2, facecolor="white", edgecolor=colour, linewidth=1.8, zorder=3)
    )
    axes.text(FACTOR_AT, y, textwrap.fill(name, 18), ha="center", va="center", fontsize=7.5, zorder=4)


def _draw_loadings(axes: Axes, own: pd.DataFrame, rows: Mapping[str, float], centre: float, colour: str) -> None:
    """Draw the items of a factor, each with an arrow whose width goes with the loading."""
    from matplotlib.patches import Rectangle

    start = FACTOR_AT + FACTOR_WIDTH / 2
    for item, loading in zip(own["item"], own["loading"], strict=True):
        y = rows[item]
        arrow = {
            "arrowstyle": "-|>",
            "color": colour,
            "linewidth": 0.4 + 1.6 * abs(loading),
            "shrinkA": 0,
            "shrinkB": 0,
        }
        axes.annotate("", (ITEM_AT, y), (start, centre), arrowprops=arrow, zorder=1)
        at = 0.76
        axes.text(
            start + at * (ITEM_AT - start),
            centre + at * (y - centre),
            number(loading),
            ha="center",
            va="center",
            fontsize=6.5,
            bbox=WHITE,
            zorder=2,
        )
        box = Rectangle((ITEM_AT, y - 0.42), ITEM_WIDTH, 0.84, facecolor="white", edgecolor=INK, linewidth=0.7)
        axes.add_patch(box)
        axes.text(ITEM_AT + ITEM_WIDTH / 2, y, item, ha="center", va="center", fontsize=6.5)


def _draw_correlations(
    axes: Axes, correlations: pd.DataFrame, factors: Sequence[str], centres: Mapping[str, float]
) -> None:
    """Draw an arc for each pair of factors, its number at the point furthest out."""
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    edge = FACTOR_AT - FACTOR_WIDTH / 2
    for one, other, value in correlations[["competency", "other", "correlation"]].itertuples(index=False, name=None):
        apart = abs(factors.index(one) - factors.index(other))
        first, second = centres[one], centres[other]
        peak = edge - ARC_STEP * apart
        # The middle of a quadratic curve lies half as far out as its control point.
        control = (2 * peak - edge, (first + second) / 2)
        curve = Path([(edge, first), control, (edge, second)], [Path.MOVETO, Path.CURVE3, Path.CURVE3])
        shade = str(0.85 - 0.55 * min(1.0, abs(value)))
        axes.add_patch(PathPatch(curve, facecolor="none", edgecolor=shade, linewidth=0.4 + 1.6 * abs(value), zorder=0))
        axes.text(
            peak, (first + second) / 2, number(value), ha="center", va="center", fontsize=6.5, bbox=WHITE, zorder=2
        )
