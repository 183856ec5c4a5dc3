"""One small picture for each item's passport: how people answered, and where the item tells them apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from compendium.figures.theme import PALETTE, label, subplots

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def passport(shares: pd.Series, labels: dict[int, str], information: pd.Series | None = None) -> Figure:
    """Draw one item: the shares of its answers, and its information along the competency where a model was fitted.

    Parameters
    ----------
    shares
        Share of each answer code among those who answered, keyed.
    labels
        Words of the answer scale by code.
    information
        Information indexed by theta.
    """
    figure, axes = subplots(6.4, 1.9, columns=1 if information is None else 2)
    places = range(len(shares))
    axes[0].barh(places, 100 * shares.to_numpy(), color=PALETTE[0], height=0.7)
    axes[0].set_yticks(places, [labels.get(int(code), str(code)) for code in shares.index], fontsize=7)
    axes[0].set_xlim(0, 100)
    label(axes[0], x="Answers (%)", y="Answer, keyed")
    if information is not None:
        axes[1].plot(information.index, information, color=PALETTE[1], linewidth=1.6)
        axes[1].set_ylim(bottom=0)
        label(axes[1], x="Competency (standard deviations)", y="Information")
    return figure
