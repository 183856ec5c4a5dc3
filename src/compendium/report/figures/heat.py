"""Matrices as coloured maps with the numbers written in, so that colour is never the only carrier."""

from __future__ import annotations

import re
import textwrap
from itertools import accumulate, groupby, pairwise
from typing import TYPE_CHECKING

import pandas as pd

from compendium.report.figures.theme import DIVERGING, SEQUENTIAL, label, subplots
from compendium.rounding import number

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def heat_map(
    matrix: pd.DataFrame,
    *,
    x: str,
    y: str,
    colour: str,
    limit: float = 1.0,
    signed: bool = True,
    write: bool = True,
    title: str = "",
) -> Figure:
    """Draw a matrix of values between ``-limit`` (or zero) and ``limit``.

    Parameters
    ----------
    matrix
        Rows go down, columns across; NaN stays white. Without rows or columns the axes stay empty.
    x, y, colour
        What is on the axes and what the colour means, with units.
    signed
        Whether values may be negative; colours then diverge from zero.
    write
        Whether the numbers are written into the cells; without them the cells are small.
    """
    import seaborn as sns

    rows, columns = matrix.shape
    width, height = (0.62, 0.34 if rows < 25 else 0.2) if write else (0.1, 0.1)
    figure, [axes] = subplots(2.6 + width * columns, 1.9 + height * rows)
    label(axes, x=x, y=y, title=title)
    if matrix.empty:
        return figure
    values = matrix.astype(float).rename(columns=_wrapped if write else str)
    sns.heatmap(
        values,
        ax=axes,
        cmap=DIVERGING if signed else SEQUENTIAL,
        vmin=-limit if signed else 0.0,
        vmax=limit,
        annot=values.map(_short) if write else None,
        fmt="",
        annot_kws={"fontsize": 7, "in_layout": False},  # within their cells, so that nothing has to be fitted
        linewidths=0.5 if write else 0,
        xticklabels=True,
        yticklabels=True,
        cbar_kws={"label": colour, "shrink": 0.8},
    )
    axes.tick_params(length=0)
    if write and max(len(str(name)) for name in matrix.columns) > 6:
        names = [text.get_text() for text in axes.get_xticklabels()]
        axes.set_xticks(axes.get_xticks(), names, rotation=45, ha="right", rotation_mode="anchor")
    if not write:
        _name_blocks(axes, list(map(str, matrix.index)), list(map(str, matrix.columns)))
    label(axes, x=x, y=y, title=title)
    return figure


def block_of(name: str) -> str:
    """Return what an item's name says without its number: ``tact`` of ``tact_07``."""
    return re.sub(r"[\W_]*\d+$", "", name)


def _name_blocks(axes: Axes, rows: list[str], columns: list[str]) -> None:
    """Name the blocks of like items rather than every item, and draw lines between them; else write small."""
    axes.tick_params(labelsize=4.5)
    for names, ticks, line in ((rows, axes.set_yticks, axes.axhline), (columns, axes.set_xticks, axes.axvline)):
        blocks = [(name, len(list(group))) for name, group in groupby(map(block_of, names))]
        if 2 * len(blocks) > len(names):
            continue
        ends = [0, *accumulate(length for _, length in blocks)]
        ticks([(start + end) / 2 for start, end in pairwise(ends)], [name for name, _ in blocks], fontsize=9)
        for end in ends[1:-1]:
            line(end, color="white", linewidth=1.2)
    for text in axes.get_xticklabels():
        text.set(rotation=45, ha="right", rotation_mode="anchor")


def _wrapped(name: object) -> str:
    """Break a long label into lines."""
    return "\n".join(textwrap.wrap(str(name), 18))


def _short(value: float) -> str:
    """Write a correlation without its leading zero."""
    return re.sub(r"^(\W?)0\.", r"\1.", number(value))
