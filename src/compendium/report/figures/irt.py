"""Pictures of a graded response model: how an item's answers move along the trait, and where people are measured."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pandas as pd

from compendium.report.figures.items import ramp
from compendium.report.figures.theme import INK, PALETTE, label, subplots

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

TRAIT = "Latent trait θ (SD)"
STYLES = ("-", "--", ":", "-.")
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
_LARGEST_ERROR = 1.0


def draw_answers(axes: Axes, probabilities: pd.DataFrame, labels: dict[int, str] | None = None) -> None:
    """Draw the category characteristic curves of one item: the chance of each answer along the trait.

    Parameters
    ----------
    probabilities
        Indexed by theta, one column an answer code in ascending order, each row adding to one.
    labels
        Words of the answer scale by code; the codes themselves when left out.
    """
    colours = _dark_ramp(len(probabilities.columns))
    for place, (code, colour) in enumerate(zip(probabilities.columns, colours, strict=True)):
        curve, style = probabilities[code], STYLES[place % len(STYLES)]
        axes.plot(probabilities.index, curve, style, color=colour, label=_word(code, labels))
    label(axes, x=TRAIT, y="Probability of the answer")
    axes.set_ylim(0, 1)


def draw_information(axes: Axes, information: pd.Series) -> None:
    """Draw the information of one item along the trait, indexed by theta."""
    axes.plot(information.index, information, color=PALETTE[0])
    axes.fill_between(information.index, information, color=PALETTE[0], alpha=0.15)
    axes.set_ylim(0, max(1.0, 1.1 * float(information.max())))
    label(axes, x=TRAIT, y="Information (1/SD²)")


def scale_precision(scales: dict[str, pd.DataFrame], reliability: float = 0.7) -> Figure:
    """Draw for each scale its information and conditional standard error along the trait.

    Parameters
    ----------
    scales
        By title, frames indexed by theta with columns ``information`` and ``standard_error``.
    reliability
        Where the standard error stands for this conditional reliability a line is drawn.
    """
    figure, panels = _small_multiples(len(scales))
    highest = 1.1 * max(float(frame["information"].max()) for frame in scales.values())
    limit = math.sqrt((1 - reliability) / reliability)
    for axes, (name, frame) in zip(panels, scales.items(), strict=False):
        error = axes.twinx()
        axes.plot(frame.index, frame["information"], color=PALETTE[0])
        error.plot(frame.index, frame["standard_error"], "--", color=PALETTE[1])
        error.axhline(limit, color=INK, linestyle=":", linewidth=1)
        error.set_ylim(0, _LARGEST_ERROR)
        error.grid(visible=False)
        error.spines["right"].set_visible(True)
        error.set_ylabel("Standard error (SD)", color=PALETTE[1], fontsize=8)
        axes.set_ylim(0, highest)
        label(axes, x=TRAIT, y="Information (1/SD²)", title=name)
        axes.yaxis.label.set(color=PALETTE[0], fontsize=8)
    figure.suptitle(
        "Solid: information. Dashed: standard error, cut at 1 SD. "
        f"Dotted: standard error at a conditional reliability of {reliability:g}.",
        fontsize=8,
    )
    return figure


def item_information_curves(scales: dict[str, pd.DataFrame]) -> Figure:
    """Draw for each scale the information of every item along the trait.

    Parameters
    ----------
    scales
        By title, frames indexed by theta with one column an item.
    """
    figure, panels = _small_multiples(len(scales), panel_width=4.2, panel_height=2.5)
    for axes, (name, frame) in zip(panels, scales.items(), strict=False):
        for place, item in enumerate(frame.columns):
            axes.plot(
                frame.index, frame[item], STYLES[place // len(PALETTE) % len(STYLES)],
                color=PALETTE[place % len(PALETTE)], marker=MARKERS[place % len(MARKERS)],
                markevery=max(1, len(frame) // 8), markersize=3, linewidth=1.1, label=str(item),
            )  # fmt: skip
        axes.set_ylim(bottom=0)
        label(axes, x=TRAIT, y="Information (1/SD²)", title=name)
        axes.legend(fontsize=6, loc="upper left", bbox_to_anchor=(1.0, 1.02), handlelength=2.4)
    return figure


def _small_multiples(number: int, panel_width: float = 3.6, panel_height: float = 2.3) -> tuple[Figure, list[Axes]]:
    """Return a figure with two panels a row and the panels in use."""
    columns = min(2, number)
    rows = math.ceil(number / columns)
    figure, panels = subplots(panel_width * columns, panel_height * rows + 0.4, rows=rows, columns=columns)
    for spare in panels[number:]:
        spare.set_axis_off()
    return figure, panels[:number]


def _dark_ramp(number: int) -> list[str]:
    """Return the colours of the answer scale, with a middle dark enough for a line."""
    colours = ramp(number)
    if number % 2:
        colours[number // 2] = PALETTE[-1]
    return colours


def _word(code: object, labels: dict[int, str] | None) -> str:
    """Return the word of an answer, or its code."""
    return str(code) if labels is None else labels.get(int(str(code)), str(code))
