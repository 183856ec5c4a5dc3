"""Checked, integer-coded responses: the form in which the ordinal estimators work."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from psychometrics.errors import CodingError, ConstantItemError, InputShapeError, TooFewPersonsError

Missing = Literal["listwise", "pairwise"]
# More categories than this are a continuous variable, and the pair tables would be empty almost everywhere.
MOST_CATEGORIES = 20


@dataclass(frozen=True)
class OrdinalResponses:
    """Responses as category positions.

    Attributes
    ----------
    items : tuple of str
        Column names, in the order of the input.
    codes : ndarray of int8, (n_persons, n_items)
        Position among the item's observed categories (0, 1, ...); missing is `n_categories.max()`.
    categories : tuple of tuple of int
        The observed codes of each item, in order.
    complete : bool
        Whether no response is missing.
    """

    items: tuple[str, ...]
    codes: NDArray[np.int8]
    categories: tuple[tuple[int, ...], ...]
    complete: bool

    @property
    def n_categories(self) -> NDArray[np.intp]:
        """Number of observed categories of each item."""
        return np.array([len(codes) for codes in self.categories])

    @property
    def n_persons(self) -> int:
        """Rows that carry at least one response."""
        return int(self.codes.shape[0])


def encode(responses: pd.DataFrame, missing: Missing = "listwise") -> OrdinalResponses:
    """Check a table of integer codes and turn it into category positions.

    Parameters
    ----------
    responses : DataFrame, (n_persons, n_items)
        Integer codes, NaN missing. The categories of an item are the codes that occur.
    missing : {"listwise", "pairwise"}
        Keep the persons who answered every item, or everyone who answered at least one.

    Returns
    -------
    OrdinalResponses

    Raises
    ------
    InputShapeError
        Fewer than two items, or two items of one name.
    CodingError
        Text, a code that is no whole number, or more than 20 categories.
    ConstantItemError
        An item with one category among the persons kept.
    TooFewPersonsError
        Nobody is left after the missing rule.
    """
    values = _numeric(responses)
    _check_missing_rule(missing)
    absent = np.isnan(values)
    keep = ~absent.any(axis=1) if missing == "listwise" else ~absent.all(axis=1)
    values = values[keep]
    items = tuple(str(name) for name in responses.columns)
    if values.shape[0] < 2:
        raise TooFewPersonsError(
            f"{values.shape[0]} of {len(responses)} persons are left with missing={missing!r}. "
            "Use missing='pairwise', or drop the items that most persons left blank."
        )
    return _positions(values, items)


def _positions(values: NDArray[np.float64], items: tuple[str, ...]) -> OrdinalResponses:
    """Category positions of checked values."""
    categories = [np.unique(column[~np.isnan(column)]) for column in values.T]
    _check_categories(categories, items)
    gap = max(len(codes) for codes in categories)
    codes = np.empty(values.shape, dtype=np.int8)
    for place, observed in enumerate(categories):
        codes[:, place] = np.searchsorted(observed, values[:, place])
    absent = np.isnan(values)
    codes[absent] = gap
    named = tuple(tuple(int(code) for code in observed) for observed in categories)
    return OrdinalResponses(items, codes, named, not bool(absent.any()))


def _numeric(responses: pd.DataFrame) -> NDArray[np.float64]:
    """Read the table as floats, or a named error."""
    if responses.shape[1] < 2:
        raise InputShapeError(f"A correlation needs two items at least; the table has {responses.shape[1]}.")
    repeated = responses.columns[responses.columns.duplicated()].tolist()
    if repeated:
        raise InputShapeError(f"Items occur more than once: {_listed(repeated)}. Give each column its own name.")
    try:
        values = responses.to_numpy(dtype=np.float64, na_value=np.nan)
    except (TypeError, ValueError):
        texts = [str(name) for name in responses if not pd.api.types.is_numeric_dtype(responses[name])]
        raise CodingError(
            f"Items hold text instead of numeric codes: {_listed(texts)}. Replace the labels by their codes."
        ) from None
    broken = ((values != np.round(values)) | np.isinf(values)) & ~np.isnan(values)
    if broken.any():
        names = [str(name) for name, bad in zip(responses.columns, broken.any(axis=0), strict=True) if bad]
        raise CodingError(
            f"Items hold codes that are no whole numbers: {_listed(names)}. "
            "Polychoric correlations need ordered categories; use method ML for continuous scores."
        )
    return values


def _check_missing_rule(missing: str) -> None:
    """Refuse an unknown rule by name."""
    if missing not in ("listwise", "pairwise"):
        raise CodingError(f"missing={missing!r} is unknown; use 'listwise' or 'pairwise'.")


def _check_categories(categories: Sequence[NDArray[np.float64]], items: tuple[str, ...]) -> None:
    """Every item needs between two and twenty categories."""
    constant = [item for item, codes in zip(items, categories, strict=True) if len(codes) < 2]
    if constant:
        raise ConstantItemError(
            f"Items with a single response category: {_listed(constant)}. "
            "No correlation with them is defined; drop them."
        )
    wide = [item for item, codes in zip(items, categories, strict=True) if len(codes) > MOST_CATEGORIES]
    if wide:
        raise CodingError(
            f"Items with more than {MOST_CATEGORIES} categories: {_listed(wide)}. Treat them as continuous."
        )


def _listed(names: Sequence[object], most: int = 8) -> str:
    """Names for a message, cut where the list gets long."""
    shown = ", ".join(str(name) for name in names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"
