"""Pictures of the evidence review: map, saturation, agreement, appraisal, content validity."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from compendium.report.figures.theme import INK, PALETTE, SEQUENTIAL, label, subplots

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LARGEST_BUBBLE = 900.0
UNAPPRAISED = "#DDDDDD"
COEFFICIENTS = (
    ("kappa", "Cohen's kappa", "o"),
    ("ac1", "Gwet's AC1", "s"),
    ("alpha", "Krippendorff's alpha", "^"),
)
JUDGEMENT_COLOURS = {"yes": PALETTE[0], "no": PALETTE[1], "cannot tell": "#BBBBBB", "not applicable": "#EEEEEE"}


def evidence_map_bubbles(cells: pd.DataFrame, labels: dict[str, str]) -> Figure:
    """Draw the evidence map: one bubble a cell, its area the number of records, its colour their appraisal.

    Parameters
    ----------
    cells
        ``competency facet_code n quality``, as :func:`compendium.review.evidence_map` returns them. Cells without a
        record show a small cross, since gaps are what the map is for.
    labels
        Words for the codes.
    """
    rows, columns = (list(dict.fromkeys(cells[name])) for name in ("competency", "facet_code"))
    figure, [axes] = subplots(7.4, 1.6 + 0.5 * len(rows))
    x = cells["facet_code"].map({code: place for place, code in enumerate(columns)}).to_numpy(float)
    y = cells["competency"].map({code: place for place, code in enumerate(rows)}).to_numpy(float)
    n, quality = cells["n"].to_numpy(float), cells["quality"].to_numpy(float)
    known, filled = np.isfinite(quality), n > 0
    area = LARGEST_BUBBLE * n / max(float(n.max()), 1.0)
    axes.scatter(x[~filled], y[~filled], marker="x", s=18, color="#999999", linewidths=0.8)
    axes.scatter(x[filled & ~known], y[filled & ~known], s=area[filled & ~known], color=UNAPPRAISED, edgecolor=INK)
    if (filled & known).any():
        drawn = filled & known
        colour: dict[str, Any] = {"c": quality[drawn], "cmap": SEQUENTIAL, "vmin": 0, "vmax": 1}
        points = axes.scatter(x[drawn], y[drawn], s=area[drawn], edgecolor=INK, **colour)
        figure.colorbar(points, ax=axes, label="Appraisal items answered yes (mean share)", shrink=0.8)
    for place_x, place_y, count in zip(x[filled], y[filled], n[filled], strict=True):
        _count_beside(axes, place_x, place_y, int(count), float(LARGEST_BUBBLE * count / n.max()))
    axes.set_xticks(range(len(columns)), [_broken(labels.get(code, code)) for code in columns], fontsize=7)
    axes.set_yticks(range(len(rows)), [labels.get(code, code) for code in rows])
    axes.set(xlim=(-0.6, len(columns) - 0.4), ylim=(len(rows) - 0.4, -0.6))
    label(axes, x="Type of source", y="Competency")
    return figure


def _count_beside(axes: object, x: float, y: float, count: int, area: float) -> None:
    """Write a count to the right of its bubble."""
    radius = np.sqrt(area / np.pi)
    axes.annotate(str(count), (x, y), (radius + 2, 0), textcoords="offset points", va="center", fontsize=7.5)  # type: ignore[attr-defined]


def _broken(text: str) -> str:
    """Break a label into short lines."""
    import textwrap

    return "\n".join(textwrap.wrap(text, 12, break_long_words=False))


def stopping_curve(pace: pd.DataFrame) -> Figure:
    """Draw records kept against records screened, with the line that an even spread would follow.

    Parameters
    ----------
    pace
        ``screened kept``, as :func:`compendium.review.inclusion_by_order` returns them.
    """
    figure, [axes] = subplots(6.0, 3.0)
    axes.step(pace["screened"], pace["kept"], where="post", color=PALETTE[0], label="kept")
    axes.plot([0, pace["screened"].max()], [0, pace["kept"].max()], color="#999999", linestyle=":", label="even share")
    label(axes, x="Records screened (number)", y="Records kept (number)")
    axes.legend(loc="lower right", fontsize=8)
    return figure


def saturation_curve(curve: pd.DataFrame) -> Figure:
    """Draw how many distinct codes n records give.

    Parameters
    ----------
    curve
        As :func:`compendium.review.saturation` returns it.
    """
    counted = {"": "competencies", "pairs_": "competency-setting pairs"}
    drawn = {prefix: what for prefix, what in counted.items() if f"{prefix}expected" in curve}
    figure, panels = subplots(3.7 * len(drawn), 3.2, columns=len(drawn))
    for axes, (prefix, what) in zip(panels, drawn.items(), strict=True):
        axes.plot(curve["records"], curve[f"{prefix}expected"], color=PALETTE[0], label="mean over all orders")
        axes.step(
            curve["records"], curve[f"{prefix}found"], where="post", color=PALETTE[1], linestyle="--", label="by year"
        )
        label(axes, x="Records read (number)", y=f"Distinct {what} (number)")
        axes.set_ylim(0, None if len(curve) else 1)
    panels[0].legend(loc="lower right", fontsize=8)
    return figure


def agreement_intervals(agreement: pd.DataFrame, names: list[str]) -> Figure:
    """Draw kappa, AC1 and alpha with their intervals, one row a stage, facet or code.

    Parameters
    ----------
    agreement
        Columns ``kappa ac1 alpha`` and their ``_lower`` and ``_upper``.
    names
        One label a row.
    """
    figure, [axes] = subplots(7.0, 1.2 + 0.34 * len(agreement))
    places = np.arange(len(agreement), dtype=float)
    for number, (kind, words, marker) in enumerate(COEFFICIENTS):
        shift = 0.22 * (number - 1)
        centre = agreement[kind].to_numpy(float)
        ends = agreement[[f"{kind}_lower", f"{kind}_upper"]].to_numpy(float)
        reach = np.abs(ends - centre[:, None]).T
        look: dict[str, Any] = {"fmt": marker, "color": PALETTE[number], "markersize": 4, "elinewidth": 1}
        axes.errorbar(centre, places + shift, xerr=reach, label=words, **look)
    axes.set_yticks(places, names)
    axes.set_ylim(max(len(agreement), 1) - 0.5, -0.5)
    axes.axvline(0, color=INK, linewidth=0.6)
    label(axes, x="Agreement (point and interval)", y="")
    axes.legend(ncols=3, loc="lower left", bbox_to_anchor=(0, 1.0), fontsize=8)
    return figure


def appraisal_bars(summary: pd.DataFrame) -> Figure:
    """Draw the judgements on each appraisal item as stacked shares.

    Parameters
    ----------
    summary
        ``tool item label`` and one column of counts for each judgement.
    """
    judgements = [name for name in JUDGEMENT_COLOURS if name in summary.columns]
    counts = summary[judgements].to_numpy(float)
    shares = 100 * counts / counts.sum(axis=1, keepdims=True)
    figure, [axes] = subplots(7.4, 1.2 + 0.3 * len(summary))
    left = np.zeros(len(summary))
    for number, name in enumerate(judgements):
        look: dict[str, Any] = {"color": JUDGEMENT_COLOURS[name], "edgecolor": "white", "label": name}
        axes.barh(range(len(summary)), shares[:, number], left=left, **look)
        left += shares[:, number]
    names = (summary["tool"] + ": " + summary["label"]).tolist()
    axes.set_yticks(range(len(summary)), names, fontsize=8)
    axes.set_ylim(max(len(summary), 1) - 0.4, -0.6)
    label(axes, x="Records appraised with the tool (%)", y="")
    axes.legend(ncols=4, loc="lower left", bbox_to_anchor=(0, 1.0), fontsize=8)
    return figure


def yes_no_matrix(matrix: pd.DataFrame, labels: dict[str, str]) -> Figure:
    """Draw which record carries which code: a filled square for yes, an empty one for no.

    Parameters
    ----------
    matrix
        True and false, one row a record, one column a code.
    labels
        Words for the codes.
    """
    figure, [axes] = subplots(7.4, 1.6 + 0.27 * len(matrix))
    rows, columns = np.indices(matrix.shape)
    held = matrix.to_numpy(dtype=bool)
    axes.scatter(columns[~held], rows[~held], marker="s", s=60, facecolor="white", edgecolor="#BBBBBB")
    axes.scatter(columns[held], rows[held], marker="s", s=60, color=PALETTE[0])
    axes.set_xticks(range(matrix.shape[1]), [_broken(labels.get(code, code)) for code in matrix.columns], fontsize=6.5)
    axes.set_yticks(range(len(matrix)), list(matrix.index), fontsize=8)
    axes.set(xlim=(-0.5, matrix.shape[1] - 0.5), ylim=(max(len(matrix), 1) - 0.5, -0.5))
    axes.grid(visible=False)
    label(axes, x="Competency", y="Framework")
    return figure


def content_validity_dots(
    items: pd.DataFrame, competency: pd.Series[str], minimum: float, labels: dict[str, str]
) -> Figure:
    """Draw the relevance and clarity of every item, grouped by competency.

    Parameters
    ----------
    items
        Columns ``relevance`` and ``clarity`` (indices from 0 to 1), indexed by item.
    competency
        Competency of each item.
    minimum
        The cut-off, drawn as a line.
    labels
        Words for the competencies.
    """
    groups = list(dict.fromkeys(competency.reindex(items.index)))
    figure, [axes] = subplots(7.4, 1.2 + 0.5 * len(groups))
    for place, group in enumerate(groups):
        members = items[competency.reindex(items.index) == group]
        for column, shift, marker, colour in (
            ("relevance", -0.17, "o", PALETTE[0]),
            ("clarity", 0.17, "^", PALETTE[5]),
        ):
            spread = np.linspace(-0.12, 0.12, len(members))
            look: dict[str, Any] = {"marker": marker, "color": colour, "s": 16, "alpha": 0.85}
            axes.scatter(members[column], place + shift + spread, label=column if place == 0 else None, **look)
    axes.axvline(minimum, color=INK, linestyle=":", linewidth=1)
    axes.set_yticks(range(len(groups)), [labels.get(group, group) for group in groups])
    axes.set(xlim=(-0.03, 1.03), ylim=(len(groups) - 0.4, -0.6))
    label(axes, x="Raters who judge the item relevant, or clear (share)", y="Competency")
    axes.legend(ncols=2, loc="lower left", bbox_to_anchor=(0, 1.0), fontsize=8)
    return figure
