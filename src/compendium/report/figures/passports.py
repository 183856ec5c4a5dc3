"""One picture for each item's passport: how people answered, and where the item tells them apart."""

from __future__ import annotations

from textwrap import fill
from typing import TYPE_CHECKING

import pandas as pd

from compendium.report.figures.irt import draw_answers, draw_information
from compendium.report.figures.theme import PALETTE, label, subplots

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Letters in a line of an answer.
LINE = 28


def passport(
    shares: pd.Series,
    labels: dict[int, str],
    probabilities: pd.DataFrame | None = None,
    information: pd.Series | None = None,
) -> Figure:
    """Draw one item: the shares of its answers and, where a model was fitted, its curves.

    Parameters
    ----------
    shares
        Share of each answer code among those who answered, keyed.
    labels
        Words of the answer scale by code.
    probabilities
        Chance of each answer, indexed by theta, one column a code; given with ``information``.
    information
        Information indexed by theta.
    """
    modelled = probabilities is not None and information is not None
    words = [fill(labels.get(int(code), str(code)), LINE) for code in shares.index]
    figure, axes = subplots(9.0 if modelled else 4.5, 2.2, columns=3 if modelled else 1)
    _place(figure, axes, max(len(line) for word in words for line in word.splitlines() or [""]))
    places = range(len(shares))
    axes[0].barh(places, 100 * shares.to_numpy(), color=PALETTE[0], height=0.7)
    axes[0].set_yticks(places, words, fontsize=7)
    axes[0].set_xlim(0, 100)
    label(axes[0], x="Answers (%)", y="Answer, keyed")
    if probabilities is not None and information is not None:
        draw_answers(axes[1], probabilities)
        axes[1].legend(title="Answer", fontsize=6, title_fontsize=6, loc="upper left", bbox_to_anchor=(1.0, 1.0))
        draw_information(axes[2], information)
    return figure


def _place(figure: Figure, axes: list[Axes], letters: int) -> None:
    """Give the axes their places, in inches: fitting them anew takes as long as drawing them, for every item."""
    width, height = figure.get_size_inches()
    figure.set_layout_engine(None)
    left, beside, legend = 0.45 + 0.06 * letters, 0.7, 0.75
    taken = left + 0.15 + (2 * beside + legend - 0.15 if len(axes) > 1 else 0.0)
    size = (width - taken) / len(axes)
    starts = [left, left + size + beside, left + 2 * (size + beside) + legend - 0.15]
    for start, each in zip(starts, axes, strict=False):
        each.set_position((start / width, 0.5 / height, size / width, 1 - 0.65 / height))
