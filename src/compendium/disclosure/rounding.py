"""Statistics rounded so that the sums behind them cannot be worked out again, and bins that hold enough people."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
import pandas as pd

# A rounded mean of n answers goes with at least so many different sums of those answers. Two tables of which one lacks
# one person then differ by no more than their rounding: the range of a five-point answer is four.
SUMS = 4
Side = Literal["nearest", "below", "above"]
ENDS: Mapping[str, Side] = {"lower": "below", "upper": "above"}
# A number that lies so near to a multiple of a step is that multiple.
TINY = 1e-9
STEPS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
DECIMALS = 3
# A colleague who adds up with all others but one learns the last rating no closer than this many points.
COLLUSION_WIDTH = 1.5
# A value rounded to a step is off by anything up to half of it, all alike: its variance is the step squared by this.
UNIFORM = 12


def step_for(n: float, sums: float = SUMS) -> float:
    """Return the step to which a mean of n whole numbers is rounded: the finest one that hides ``sums`` sums."""
    if not n > 0:
        return float("nan")
    return next((step for step in STEPS if step * n >= sums - 1e-9), STEPS[-1])


def rounded_to(values: pd.Series[float], step: pd.Series[float] | float, side: Side = "nearest") -> pd.Series[float]:
    """Round to the nearest multiple of a step, to the one below or the one above, written with the fewest decimals.

    Examples
    --------
    >>> [float(rounded_to(pd.Series([0.13]), 0.1, side).iloc[0]) for side in ("nearest", "below", "above")]
    [0.1, 0.1, 0.2]
    """
    steps = step.to_numpy() if isinstance(step, pd.Series) else step
    exact = _multiples((values.astype(float) / step).to_numpy(), steps, side)
    return pd.Series(exact, index=values.index, name=values.name)


def rounded_number(value: float, step: float, side: Side = "nearest") -> float:
    """Round one number as :func:`rounded_to` does many.

    Examples
    --------
    >>> rounded_number(0.13, 0.1), rounded_number(0.13, 0.1, "above")
    (0.1, 0.2)
    """
    return float(_multiples(np.float64(value) / step, step, side))


def _multiples(parts: Any, steps: Any, side: Side) -> Any:
    """Return the multiples of steps that lie nearest to so many steps, or below or above them."""
    # Halves go up, all alike: to the nearest even number, every second result would go with a sum less than it should.
    whole = np.ceil(parts - TINY) if side == "above" else np.floor(parts + TINY + (0.5 if side == "nearest" else 0.0))
    scale = 10.0**DECIMALS
    return np.rint(whole * steps * scale) / scale + 0.0  # no minus zero


def rounded_sums(values: pd.Series[float], n: pd.Series[float] | float, side: Side = "nearest") -> pd.Series[float]:
    """Round means (or shares, or standard deviations) of n whole numbers so that their sums stay open."""
    steps = n.map(step_for) if isinstance(n, pd.Series) else step_for(n)
    return rounded_to(values, steps, side)


def side_of(column: str) -> Side:
    """Return to which side a column is rounded: ends of an interval away from its middle, so that none is too narrow.

    Examples
    --------
    >>> side_of("difference_lower"), side_of("upper"), side_of("mean"), side_of("lower_quartile")
    ('below', 'above', 'nearest', 'nearest')
    """
    return ENDS.get(column.rpartition("_")[-1], "nearest")


def rater_step(raters: float) -> float:
    """Return the step of a mean of few raters, so that all but one of them cannot work out the last one's rating.

    The last rating is the mean times the raters less the others' ratings; rounding to a step leaves it open by the
    step times the raters, which is at least ``COLLUSION_WIDTH`` points.
    """
    return step_for(raters, COLLUSION_WIDTH)


def guarded_edges(
    values: Sequence[float] | np.ndarray, minimum: float, *, bins: int = 30, width: float | None = None
) -> np.ndarray:
    """Return edges of bins at round numbers, between the values that ``minimum`` people reach at either end.

    The smallest and the largest value are one person's each, so that no edge is drawn there: the outermost bins hold
    everybody beyond them (see :func:`merged_bins`).

    Parameters
    ----------
    bins
        About how many bins there are, where no width is given.
    width
        Width of a bin.

    Examples
    --------
    >>> guarded_edges([0.0, 1, 1, 2, 3, 3, 4, 97], 2, width=1)
    array([1., 2., 3., 4., 5.])
    """
    finite = np.sort(np.asarray(values, dtype=float)[np.isfinite(np.asarray(values, dtype=float))])
    place = min(max(math.ceil(minimum), 1), len(finite)) - 1
    low, high = sorted((finite[place], finite[-place - 1])) if len(finite) else (0.0, 1.0)
    wide = width or _round_number((high - low) / bins)
    steps = np.arange(np.floor(low / wide + 1e-9), np.floor(high / wide + 1e-9) + 2)
    return np.rint(steps * wide * 1e9) / 1e9


def _round_number(width: float) -> float:
    """Return the next one of 1, 2, 5 times a power of ten."""
    if not width > 0:
        return 1.0
    power = 10.0 ** np.floor(np.log10(width))
    return float(next(power * digit for digit in (1, 2, 5, 10) if power * digit >= width * (1 - 1e-9)))


def merged_bins(
    values: Sequence[float] | np.ndarray, edges: Sequence[float] | np.ndarray, minimum: float
) -> tuple[np.ndarray, np.ndarray]:
    """Count values between edges, and join bins until each holds nobody, or at least the minimum.

    Parameters
    ----------
    values
        One number a person; not finite ones are left out, those beyond the edges count in the outermost bins.
    edges
        Edges of the bins, ascending; the last bin includes its upper edge.
    minimum
        People that a drawn bin holds at least.

    Returns
    -------
    tuple of arrays
        The edges that are left, and the count between each two of them. With fewer people than the minimum there is
        one bin without a count (NaN). A bin without anybody stays only between two bins that are large enough.
    """
    finite = np.asarray(values, dtype=float)
    finite = finite[np.isfinite(finite)]
    used = np.asarray(edges, dtype=float)
    counts, _ = np.histogram(np.clip(finite, used[0], used[-1]), bins=used)
    if len(finite) < minimum:
        return used[[0, -1]], np.array([np.nan])
    left: list[float] = [float(used[0])]
    kept: list[float] = []
    waiting = 0.0
    for count, upper in zip(counts, used[1:], strict=True):
        waiting += float(count)
        if waiting >= minimum:
            kept.append(waiting)
            left.append(float(upper))
            waiting = 0.0
    # What is left over at the upper end joins the last bin that is large enough.
    kept[-1] += waiting
    left[-1] = float(used[-1])
    return np.array(left), np.array(kept)
