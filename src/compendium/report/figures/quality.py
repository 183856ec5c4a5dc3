"""Pictures of response quality: where answers are missing and whose answers look careless."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from compendium.disclosure import guarded_edges, merged_bins
from compendium.report.figures.theme import INK, PALETTE, label, subplots

if TYPE_CHECKING:
    from matplotlib.figure import Figure

BINS = 30


def missing_by_position(missing: pd.DataFrame) -> Figure:
    """Draw the share of missing answers along the questionnaire; a rising line is drop-out.

    Parameters
    ----------
    missing
        One row an item in its order, as the gate let it pass, with ``blank_share`` and ``not_applicable_share``.
    """
    share = 100 * (missing["blank_share"] + missing["not_applicable_share"]).astype(float)
    figure, [axes] = subplots(7.0, 2.8)
    axes.plot(range(1, len(share) + 1), share.to_numpy(), color=PALETTE[0], marker=".", linewidth=1)
    axes.set_ylim(0, max(5.0, 1.15 * float(share.max())) if share.notna().any() else 5.0)
    label(axes, x="Position of the item in the questionnaire", y="Missing answers (% of people)")
    return figure


def careless_indices(indices: pd.DataFrame, cuts: dict[str, float], units: dict[str, str], minimum: float) -> Figure:
    """Draw the distribution of each index of careless answering, with the cut of the plan as a dashed line.

    Bars of unequal width show people for each width of the narrowest bar; none holds fewer people than ``minimum``, and
    the outermost hold everybody beyond them.
    """
    names = [name for name in cuts if name in indices]
    figure, panels = subplots(8.0, 2.8, columns=len(names))
    for axes, name in zip(panels, names, strict=True):
        known = indices[name].dropna().to_numpy()
        edges, counts = merged_bins(known, guarded_edges(known, minimum, bins=BINS), minimum)
        widths = np.diff(edges)
        heights = np.nan_to_num(counts) * widths.min() / widths
        axes.bar(edges[:-1], heights, widths, align="edge", color=PALETTE[4], edgecolor="white", linewidth=0.3)
        axes.axvline(cuts[name], color=INK, linestyle="--", linewidth=1)
        label(axes, x=units[name], y="People (scaled to the narrowest bar)" if axes is panels[0] else "")
    return figure
