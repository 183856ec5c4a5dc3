"""Pictures of self and peer ratings."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd

from compendium.report.figures.theme import DIVERGING, GRID, INK, PALETTE, label, subplots

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def self_peer_profile(profile: pd.DataFrame, *, ends: Sequence[tuple[float, float]]) -> Figure:
    """Draw mean self and mean peer scores of each competency on one line.

    Parameters
    ----------
    profile
        Columns ``competency``, ``self_mean``, ``peer_mean``.
    ends
        Lowest and highest possible score of each competency.
    """
    minimum, maximum = min(low for low, _ in ends), max(high for _, high in ends)
    profile = profile.dropna(subset=["self_mean", "peer_mean"])
    figure, [axes] = subplots(7.0, 1.0 + 0.4 * max(len(profile), 2))
    if profile.empty:
        return _nothing(figure, axes, "Nobody has both a self score and a peer mean")
    places = range(len(profile))
    axes.hlines(places, profile["self_mean"], profile["peer_mean"], color=INK, linewidth=1)
    axes.plot(profile["self_mean"], places, "o", color=PALETTE[0], label="self")
    axes.plot(profile["peer_mean"], places, "D", color=PALETTE[1], label="peers (mean)")
    axes.set_yticks(places, list(profile["competency"]))
    axes.set_ylim(len(profile) - 0.5, -0.5)
    low, high = profile[["self_mean", "peer_mean"]].min().min(), profile[["self_mean", "peer_mean"]].max().max()
    axes.set_xlim(max(minimum, low - 0.3), min(maximum, high + 0.3))
    label(axes, x=f"Mean score ({minimum:g} to {maximum:g} possible; axis cut)", y="Competency")
    axes.legend(loc="upper left", bbox_to_anchor=(1.01, 1.0))
    return figure


def raters_needed(curves: pd.DataFrame, targets: tuple[float, ...]) -> Figure:
    """Draw the reliability of a peer mean against the number of peers.

    Parameters
    ----------
    curves
        Columns ``competency``, ``peers``, ``reliability``, and ``lower`` and ``upper`` where they are known: the widest
        of them are shaded.
    targets
        Reliabilities marked by horizontal lines.
    """
    figure, [axes] = subplots(7.0, 3.6)
    if curves.empty:
        return _nothing(figure, axes, "No reliability of a single peer to start from")
    styles = ("-", "--", "-.", ":")
    if {"lower", "upper"} <= set(curves.columns):
        ends = curves.groupby("peers").agg(lower=("lower", "min"), upper=("upper", "max"))
        axes.fill_between(ends.index, ends["lower"], ends["upper"], color=GRID, label="widest intervals", zorder=0)
    for number, (name, part) in enumerate(curves.groupby("competency", sort=False)):
        axes.plot(
            part["peers"], part["reliability"], styles[number % 4], color=PALETTE[number % len(PALETTE)], label=name
        )
    for target in targets:
        axes.axhline(target, color=INK, linewidth=0.8, linestyle=":")
    axes.set_ylim(0, 1)
    label(axes, x="Peers who rate a person (count)", y="Reliability of their mean (0 to 1)")
    axes.legend(loc="upper left", bbox_to_anchor=(1.01, 1.0), fontsize=8)
    return figure


def limits_of_agreement(limits: pd.DataFrame) -> Figure:
    """Draw bias and limits of agreement of each competency with their intervals, and no person's point.

    Parameters
    ----------
    limits
        Table of :func:`compendium.steps.rater_agreement.self_and_peers.limits_of_agreement`.
    """
    known = limits.dropna(subset=["bias"])
    figure, [axes] = subplots(7.0, 1.2 + 0.45 * max(len(known), 2))
    if known.empty:
        return _nothing(figure, axes, "No limits of agreement")
    places = range(len(known))
    axes.hlines(places, known["lower_limit"], known["upper_limit"], color=GRID, linewidth=7)
    for number, (name, words) in enumerate(
        {"bias": "mean difference", "lower_limit": "lower limit", "upper_limit": "upper limit"}.items()
    ):
        axes.hlines(places, known[f"{name}_lower"], known[f"{name}_upper"], color=PALETTE[number], linewidth=2)
        axes.plot(known[name], places, "oDs"[number], color=PALETTE[number], markersize=4, label=words)
    axes.axvline(0, color=INK, linewidth=0.8, linestyle=":")
    axes.set_yticks(places, list(known["competency"]))
    axes.set_ylim(len(known) - 0.5, -0.5)
    label(axes, x="Self minus mean of peers (points of the score)", y="Competency")
    figure.legend(loc="outside upper left", ncols=3)
    return figure


def agreement_histogram(bins: pd.DataFrame, *, x: str, reference: float | None = 0.0) -> Figure:
    """Draw a histogram from counted bins, which may differ in width; the area of a bar is its share of people.

    Parameters
    ----------
    bins
        Columns ``lower``, ``upper``, ``share``.
    x
        What was counted, with units.
    reference
        Where a vertical line stands; None for none.
    """
    figure, [axes] = subplots(7.0, 3.2)
    if bins.empty:
        return _nothing(figure, axes, "Too few people to be shown")
    width = bins["upper"] - bins["lower"]
    unit = width.min()
    axes.bar(
        bins["lower"], 100 * bins["share"] / (width / unit), width, align="edge", color=PALETTE[0], edgecolor="white"
    )
    if reference is not None:
        axes.axvline(reference, color=INK, linewidth=1, linestyle=":")
    axes.grid(visible=False, axis="x")
    label(axes, x=x, y=f"Share of people (per cent in {unit:g})")
    return figure


def response_surfaces(grid: pd.DataFrame, *, ends: Sequence[tuple[float, float]]) -> Figure:
    """Draw fitted outcomes over self and peer scores as contour maps, one for each outcome.

    Parameters
    ----------
    grid
        Columns ``outcome``, ``self``, ``peers``, ``fitted``: the middle of the scores on a regular grid.
    ends
        Lowest and highest possible score of each competency.
    """
    minimum, maximum = min(low for low, _ in ends), max(high for _, high in ends)
    names = list(dict.fromkeys(grid["outcome"]))
    columns = min(3, max(len(names), 1))
    rows = -(-max(len(names), 1) // columns)
    figure, panels = subplots(2.9 * columns, 2.9 * rows, rows=rows, columns=columns)
    if not names:
        return _nothing(figure, panels[0], "No surface could be fitted")
    for axes, name in zip(panels, names, strict=False):
        _surface(axes, grid[grid["outcome"] == name], str(name), minimum, maximum)
    for axes in panels[len(names) :]:
        axes.set_axis_off()
    return figure


def _surface(axes: Axes, part: pd.DataFrame, name: str, minimum: float, maximum: float) -> None:
    """Draw one surface; the dotted line is agreement of self and peers."""
    wide = part.pivot(index="peers", columns="self", values="fitted")
    drawn = axes.contourf(wide.columns, wide.index, wide, levels=8, cmap=DIVERGING, alpha=0.65)
    lines = axes.contour(wide.columns, wide.index, wide, levels=drawn.levels, colors=INK, linewidths=0.6)
    axes.clabel(lines, fontsize=6, fmt="%.2f")
    axes.plot([minimum, maximum], [minimum, maximum], color=INK, linestyle=":", linewidth=1.2)
    axes.set_xlim(part["self"].min(), part["self"].max())
    axes.set_ylim(part["peers"].min(), part["peers"].max())
    label(axes, x="Self score", y="Mean of peers", title=textwrap.fill(name, 24))


def _nothing(figure: Figure, axes: Axes, words: str) -> Figure:
    """Draw an empty figure that states why there is nothing to draw."""
    axes.text(0.5, 0.5, words, ha="center", va="center", transform=axes.transAxes)
    axes.set_axis_off()
    return figure
