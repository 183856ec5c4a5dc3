"""Pictures of self and peer ratings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from compendium.figures.theme import INK, PALETTE, label, subplots

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def self_peer_profile(profile: pd.DataFrame, *, minimum: float, maximum: float) -> Figure:
    """Draw mean self and mean peer scores of each competency on one line.

    Parameters
    ----------
    profile
        Columns ``competency``, ``self_mean``, ``peer_mean``.
    minimum, maximum
        Ends of the answer scale.
    """
    figure, [axes] = subplots(7.0, 1.0 + 0.4 * len(profile))
    places = range(len(profile))
    axes.hlines(places, profile["self_mean"], profile["peer_mean"], color=INK, linewidth=1)
    axes.plot(profile["self_mean"], places, "o", color=PALETTE[0], label="self")
    axes.plot(profile["peer_mean"], places, "D", color=PALETTE[1], label="peers (mean)")
    axes.set_yticks(places, list(profile["competency"]))
    axes.set_ylim(len(profile) - 0.5, -0.5)
    low, high = profile[["self_mean", "peer_mean"]].min().min(), profile[["self_mean", "peer_mean"]].max().max()
    axes.set_xlim(max(minimum, low - 0.3), min(maximum, high + 0.3))
    label(axes, x=f"Mean score (answer scale {minimum:g} to {maximum:g}; axis cut)", y="Competency")
    axes.legend(loc="upper left", bbox_to_anchor=(1.01, 1.0))
    return figure


def raters_needed(curves: pd.DataFrame, targets: tuple[float, ...]) -> Figure:
    """Draw the reliability of a peer mean against the number of peers.

    Parameters
    ----------
    curves
        Columns ``competency``, ``peers``, ``reliability``.
    targets
        Reliabilities marked by horizontal lines.
    """
    figure, [axes] = subplots(7.0, 3.6)
    styles = ("-", "--", "-.", ":")
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
