"""Pictures of factor structure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from compendium.figures.theme import PALETTE, label, subplots

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def scree(eigenvalues: pd.DataFrame, *, percentile: float, most: int = 20) -> Figure:
    """Draw observed eigenvalues against those of random data.

    Parameters
    ----------
    eigenvalues
        Columns ``number``, ``observed``, ``random``.
    percentile
        Which percentile of the random eigenvalues is shown.
    most
        How many eigenvalues are drawn.
    """
    shown = eigenvalues.head(most)
    figure, [axes] = subplots(7.0, 3.4)
    axes.plot(shown["number"], shown["observed"], "o-", color=PALETTE[0], label="this cohort")
    axes.plot(
        shown["number"], shown["random"], "s--", color=PALETTE[1], label=f"random data, {percentile:g}th percentile"
    )
    axes.set_xticks(shown["number"][::2])
    label(axes, x="Component (rank of its eigenvalue)", y="Eigenvalue (items' worth of variance)")
    axes.legend()
    return figure
