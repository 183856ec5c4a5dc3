"""Pictures of items: how people answered, and how each item goes with its total."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from compendium.report.figures.heat import block_of
from compendium.report.figures.theme import INK, LIKERT, PALETTE, label, subplots

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DECISION_COLOURS = {"keep": PALETTE[0], "review": PALETTE[5], "drop": PALETTE[1]}
DECISION_MARKERS = {"keep": "o", "review": "^", "drop": "X"}
# Two correlations that lie closer have one label.
CLOSE = 0.1


def answers_likert(shares: pd.DataFrame, labels: dict[int, str]) -> Figure:
    """Draw the answers to each item as a stacked bar centred on the middle of the scale.

    Parameters
    ----------
    shares
        One row an item, one column an answer code in ascending order, each row adding to one.
    labels
        Words of the answer scale by code.
    """
    codes = list(shares.columns)
    colours = ramp(len(codes))
    left = -100 * (
        shares[codes[: len(codes) // 2]].sum(axis=1) + (shares[codes[len(codes) // 2]] / 2 if len(codes) % 2 else 0)
    )
    figure, [axes] = subplots(7.0, 1.2 + 0.17 * len(shares))
    for code, colour in zip(codes, colours, strict=True):
        width = 100 * shares[code]
        axes.barh(
            range(len(shares)), width, left=left, color=colour, height=0.8, label=labels.get(int(code), str(code))
        )
        left = left + width
    axes.axvline(0, color=INK, linewidth=0.8)
    axes.set_yticks(range(len(shares)), list(shares.index), fontsize=7)
    axes.set_ylim(len(shares) - 0.4, -0.6)
    label(axes, x="Answers (% of people who answered; zero is the middle of the scale)", y="Item, keyed")
    axes.legend(ncols=3, loc="lower left", bbox_to_anchor=(0, 1.0), fontsize=8)
    return figure


def item_total(decisions: pd.DataFrame, cut: float) -> Figure:
    """Draw each item's correlation with the rest of its competency, marked by the decision about it.

    Parameters
    ----------
    decisions
        Columns ``item``, ``competency``, ``item_rest`` and ``decision``.
    cut
        The smallest correlation that the rule accepts.
    """
    competencies = list(dict.fromkeys(decisions["competency"]))
    figure, [axes] = subplots(7.0, 1.0 + 0.42 * len(competencies))
    for decision, part in decisions.groupby("decision", sort=False):
        places = [competencies.index(name) for name in part["competency"]]
        axes.plot(
            part["item_rest"], places, DECISION_MARKERS[str(decision)], color=DECISION_COLOURS[str(decision)],
            label=f"{decision} ({len(part)})", alpha=0.85,
        )  # fmt: skip
    dropped = decisions[decisions["decision"] == "drop"].dropna(subset=["item_rest"])
    for name, part in dropped.groupby("competency", sort=False):
        stem = block_of(str(part["item"].iloc[0]))
        for middle, words in _together(part.set_index("item")["item_rest"].sort_values(), stem):
            axes.annotate(words, (middle, competencies.index(str(name)) - 0.22), fontsize=7, ha="center")
    axes.axvline(cut, color=INK, linestyle="--", linewidth=1)
    axes.set_yticks(range(len(competencies)), competencies)
    axes.set_ylim(len(competencies) - 0.5, -0.5)
    label(axes, x="Item-total correlation (Spearman's rho, corrected for overlap)", y="Competency")
    axes.legend(loc="upper left", bbox_to_anchor=(1.01, 1.0), title="Decision (items)")
    return figure


def _together(places: pd.Series[float], stem: str) -> list[tuple[float, str]]:
    """Return where labels go and what they say: what every name begins with is left out, close ones are one label."""
    found: list[tuple[list[float], list[str]]] = []
    for name, place in places.items():
        short = str(name).removeprefix(stem).strip("_") or str(name)
        if found and place - found[-1][0][-1] < CLOSE:
            found[-1][0].append(float(place))
            found[-1][1].append(short)
        else:
            found.append(([float(place)], [short]))
    return [(sum(where) / len(where), ", ".join(sorted(names))) for where, names in found]


def ramp(number: int) -> list[str]:
    """Return as many colours as the scale has answers, from one end to the other."""
    if number == len(LIKERT):
        return list(LIKERT)
    from matplotlib.colors import LinearSegmentedColormap, to_hex

    ramp = LinearSegmentedColormap.from_list("answers", list(LIKERT))
    return [to_hex(ramp(step / (number - 1))) for step in range(number)]


def selection_shares(items: pd.DataFrame, competency: pd.Series[str], labels: dict[str, str]) -> Figure:
    """Draw how often each item is chosen, one line a competency.

    Parameters
    ----------
    items
        Columns ``item``, ``chosen`` and ``share`` (of the resamples that choose it).
    competency
        Competency of each item.
    labels
        Label of each competency.
    """
    of_item = items["item"].map(competency)
    rows = list(dict.fromkeys(of_item))
    figure, [axes] = subplots(7.0, 1.0 + 0.42 * len(rows))
    for chosen, part in items.groupby("chosen", sort=True):
        places = [rows.index(name) for name in of_item[part.index]]
        colour, marker = (PALETTE[0], "o") if chosen else (PALETTE[1], "X")
        name = "chosen" if chosen else "not chosen"
        axes.plot(100 * part["share"], places, marker, color=colour, alpha=0.7, label=name)
    axes.set_yticks(range(len(rows)), [labels.get(name, name) for name in rows])
    axes.invert_yaxis()
    axes.set_xlim(-3, 103)
    label(axes, x="Bootstrap samples that choose the item (%)", y="Competency")
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncols=2, fontsize=8)
    return figure
