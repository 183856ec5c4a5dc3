"""Pictures of factor structure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pandas as pd

from compendium.report.figures.theme import INK, PALETTE, label, subplots

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


def loading_forest(loadings: pd.DataFrame, *, labels: Mapping[str, str], salient: float) -> Figure:
    """Draw every item's standardised loading with its interval, competency by competency.

    Parameters
    ----------
    loadings
        Columns ``competency``, ``item``, ``loading``, ``lower``, ``upper``; the items of a competency stand together.
    labels
        Names of the competencies for a reader.
    salient
        Where a vertical line marks a loading worth speaking of.
    """
    figure, [axes] = subplots(7.0, 1.2 + 0.17 * len(loadings) + 0.25 * loadings["competency"].nunique())
    places: dict[str, float] = {}
    place = 0.0
    for number, (competency, part) in enumerate(loadings.groupby("competency", sort=False)):
        colour = PALETTE[number % len(PALETTE)]
        axes.text(0.0, place, labels.get(str(competency), str(competency)), color=INK, fontweight="bold", va="center")
        rows = [place + 1 + step for step in range(len(part))]
        axes.hlines(rows, part["lower"], part["upper"], color=colour, linewidth=1.4)
        axes.plot(part["loading"], rows, "o", color=colour, markersize=4)
        places |= dict(zip(part["item"], rows, strict=True))
        place = rows[-1] + 1.4
    axes.axvline(salient, color=INK, linewidth=0.8, linestyle=":")
    axes.set_yticks(list(places.values()), list(places), fontsize=7)
    axes.set_ylim(place - 0.6, -1.0)
    axes.set_xlim(min(0.0, float(loadings["lower"].min(skipna=True)) - 0.05) if len(loadings) else 0.0, 1.02)
    label(axes, x="Standardised loading with its interval", y="Item")
    return figure


def fit_distributions(
    draws: pd.DataFrame, observed: Mapping[str, float], conventional: Mapping[str, float], *, reading: str
) -> Figure:
    """Draw the distribution of each fit index for the right model and for each level of misfit.

    Parameters
    ----------
    draws
        Columns ``omitted`` (0: the right model), ``srmr``, ``rmsea``, ``cfi``; without rows only the lines are drawn.
    observed, conventional
        Value of each index in this cohort, and its conventional cut-off.
    reading
        Version of RMSEA and CFI; empty where nothing was simulated.
    """
    figure, panels = subplots(7.0, 2.8, columns=3)
    version = f" ({reading})" if reading else ""
    names = {"srmr": "SRMR", "rmsea": f"RMSEA{version}", "cfi": f"CFI{version}"}
    for place, (axes, (index, name)) in enumerate(zip(panels, names.items(), strict=True)):
        edges = _edges(draws[index].dropna())
        for number, (omitted, part) in enumerate(draws.groupby("omitted")):
            colour = PALETTE[number % len(PALETTE)]
            words = "right model" if omitted == 0 else f"{omitted} left out"
            values = part[index].dropna()
            axes.hist(values, bins=edges, histtype="step", color=colour, linewidth=1.3, label=words)
        axes.axvline(observed[index], color=INK, linewidth=1.4, label="this cohort")
        axes.axvline(conventional[index], color=INK, linewidth=1.0, linestyle=":", label="conventional")
        label(axes, x=name, y="" if place else "Data sets")
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=3, frameon=False)
    return figure


def _edges(values: pd.Series[float]) -> list[float]:
    """Return thirty equal bins over all values."""
    low, high = (float(values.min()), float(values.max())) if len(values) else (0.0, 1.0)
    width = max(high - low, 1e-6) / 30
    return [low + step * width for step in range(31)]
