"""Answers as category numbers, and the start of the search from the mirt package."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from psychometrics._checks import Label, listed, numeric_table, refuse_constant
from psychometrics.errors import CodingError, TooFewPersonsError
from psychometrics.irt._curves import ItemCurve
from psychometrics.irt._marginal import Codes

Unused = Literal["refuse", "collapse"]

_ENGINE_TOLERANCE = 1e-3
_ENGINE_POINTS = 61
# Persons that suffice to find the neighbourhood of the maximum.
_ENGINE_PERSONS = 20_000


def checked_codes(responses: pd.DataFrame, minimum_items: int) -> pd.DataFrame:
    """Return integer codes of the persons who answered anything; refuse what no graded model is defined for."""
    frame = numeric_table(responses, minimum_columns=minimum_items, minimum_rows=2)
    fractions = [item for item in frame.columns if (frame[item].dropna() % 1 != 0).any()]
    if fractions:
        raise CodingError(
            f"answers that are not whole numbers: {listed(fractions)}; the graded response model needs "
            "category codes: pass the answers, not means or imputed scores"
        )
    answered = frame[frame.notna().any(axis=1)]
    if answered.empty:
        raise TooFewPersonsError("nobody answered any item; a graded response model needs answers")
    refuse_constant(answered)
    return pd.DataFrame(answered)


def used_categories(frame: pd.DataFrame, unused: Unused) -> tuple[dict[Label, tuple[int, ...]], tuple[str, ...]]:
    """Return each item's codes in use and a note on every code that nobody used."""
    lowest, highest = int(frame.min().min()), int(frame.max().max())
    categories: dict[Label, tuple[int, ...]] = {}
    holes, notes = [], []
    for item in frame.columns:
        codes = tuple(int(code) for code in np.sort(frame[item].dropna().unique()))
        categories[item] = codes
        absent = sorted(set(range(lowest, highest + 1)) - set(codes))
        if absent:
            notes.append(f"{item}: nobody answered {', '.join(map(str, absent))}")
        if any(codes[0] < code < codes[-1] for code in absent):
            holes.append(notes[-1])
    if holes and unused == "refuse":
        raise CodingError(
            f"categories between others that nobody used: {'; '.join(holes)}; their thresholds are not defined: "
            "join categories, or pass unused='collapse' to leave the empty ones out"
        )
    return categories, tuple(notes)


def as_positions(frame: pd.DataFrame, categories: dict[Label, tuple[int, ...]]) -> Codes:
    """Return answers as positions among the item's categories, -1 where missing; refuse other codes."""
    columns, faults = [], []
    for item, codes in categories.items():
        answers = frame[item].to_numpy(dtype=float)
        position = np.searchsorted(codes, answers)
        found = np.asarray(codes)[np.minimum(position, len(codes) - 1)] == answers
        if (~found & ~np.isnan(answers)).any():
            faults.append(item)
        columns.append(np.where(found, position, -1))
    if faults:
        raise CodingError(f"answers that the model has no category for: {listed(faults)}; use the same codes")
    return np.column_stack(columns).astype(np.int64)


def start(codes: Codes) -> list[ItemCurve]:
    """Return the solution of the mirt package, fitted with all items keyed alike and then turned back.

    The package keeps discriminations positive and thresholds within bounds, and integrates on another grid; the exact
    steps that follow are bound by neither.
    """
    import mirt

    sizes = codes.max(axis=0)
    codes = _enough(codes)
    turned = _turned(codes)
    facing = np.where(turned & (codes >= 0), sizes - codes, codes)
    fitted = mirt.fit_mirt(
        facing, "GRM", n_categories=[int(size) + 1 for size in sizes], n_quadpts=_ENGINE_POINTS,
        tol=_ENGINE_TOLERANCE, accelerate="squarem", compute_standard_errors=False,
    )  # fmt: skip
    slopes, thresholds = fitted.model.parameters["discrimination"], fitted.model.parameters["thresholds"]
    curves = [ItemCurve(float(a), -a * b[:size]) for a, b, size in zip(slopes, thresholds, sizes, strict=True)]
    return [_turn(curve) if turn else curve for curve, turn in zip(curves, turned, strict=True)]


def _enough(codes: Codes) -> Codes:
    """Return evenly spaced rows of very many, if every answer occurs among them; the exact steps use all rows."""
    drawn = codes[:: max(len(codes) // _ENGINE_PERSONS, 1)]
    occur = (np.unique(column).tolist() for column in codes.T)
    same = all(np.unique(part).tolist() == found for part, found in zip(drawn.T, occur, strict=True))
    return drawn if same else codes


def _turned(codes: Codes) -> NDArray[np.bool_]:
    """Return which items load negatively on the first principal component."""
    answers = pd.DataFrame(np.where(codes >= 0, codes.astype(float), np.nan))
    correlations = np.nan_to_num(answers.corr().to_numpy())
    leading = np.linalg.eigh(correlations)[1][:, -1]
    return np.asarray(leading * (1 if leading.sum() >= 0 else -1) < 0)


def _turn(curve: ItemCurve) -> ItemCurve:
    """Return the curve of an item whose codes are counted from the other end."""
    return ItemCurve(-curve.slope, -curve.intercepts[::-1])
