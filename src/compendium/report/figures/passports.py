"""One picture for each item's passport: how people answered, and where the item tells them apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from compendium.report.figures.irt import draw_answers, draw_information
from compendium.report.figures.theme import PALETTE, label, subplots

if TYPE_CHECKING:
    from matplotlib.figure import Figure


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
    figure, axes = subplots(9.0 if modelled else 4.5, 2.2, columns=3 if modelled else 1)
    places = range(len(shares))
    axes[0].barh(places, 100 * shares.to_numpy(), color=PALETTE[0], height=0.7)
    axes[0].set_yticks(places, [labels.get(int(code), str(code)) for code in shares.index], fontsize=7)
    axes[0].set_xlim(0, 100)
    label(axes[0], x="Answers (%)", y="Answer, keyed")
    if probabilities is not None and information is not None:
        draw_answers(axes[1], probabilities)
        axes[1].legend(title="Answer", fontsize=6, title_fontsize=6, loc="upper left", bbox_to_anchor=(1.0, 1.0))
        draw_information(axes[2], information)
    return figure
