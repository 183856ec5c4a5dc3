"""Checked, integer-coded responses: the form in which the ordinal estimators work."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from psychometrics._checks import Label, listed, numeric_table, whole_codes
from psychometrics.errors import CodingError, ConstantItemError, TooFewPersonsError

Missing = Literal["listwise", "pairwise"]
# More categories than this are a continuous variable, and the pair tables would be empty almost everywhere.
MOST_CATEGORIES = 20


@dataclass(frozen=True)
class OrdinalResponses:
    """Responses as category positions.

    Attributes
    ----------
    items : tuple of hashable
        Column names, in the order of the input.
    codes : ndarray of int8, (n_persons, n_items)
        Position among the item's observed categories (0, 1, ...); missing is `n_categories.max()`.
    categories : tuple of tuple of int
        The observed codes of each item, in order.
    complete : bool
        Whether no response is missing.
    weights : ndarray, (n_rows,), or None
        How many persons each row stands for; one unless given.
    """

    items: tuple[Label, ...]
    codes: NDArray[np.int8]
    categories: tuple[tuple[int, ...], ...]
    complete: bool
    weights: NDArray[np.float64] | None = None

    @property
    def n_categories(self) -> NDArray[np.intp]:
        """Number of observed categories of each item."""
        return np.array([len(codes) for codes in self.categories])

    @property
    def n_persons(self) -> int:
        """Persons who gave at least one response."""
        return len(self.codes) if self.weights is None else int(self.weights.sum())


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

    See Also
    --------
    polychoric : correlations of such responses.

    Examples
    --------
    >>> import pandas as pd
    >>> from psychometrics.ordinal import encode
    >>> encode(pd.DataFrame({"a": [1, 3, 5], "b": [2, 2, 4]})).codes.tolist()
    [[0, 0], [1, 0], [2, 1]]
    """
    _check_missing_rule(missing)
    answers = numeric_table(responses, minimum_columns=2)
    whole_codes(answers)
    values = answers.to_numpy()
    absent = np.isnan(values)
    keep = ~absent.any(axis=1) if missing == "listwise" else ~absent.all(axis=1)
    values = values if keep.all() else values[keep]
    items = tuple(answers.columns)
    if values.shape[0] < 2:
        raise TooFewPersonsError(
            f"{values.shape[0]} of {len(responses)} persons are left with missing={missing!r}. "
            "Use missing='pairwise', or drop the items that most persons left blank."
        )
    return _positions(values, items)


def _positions(values: NDArray[np.float64], items: tuple[Label, ...]) -> OrdinalResponses:
    """Category positions of checked values."""
    # Different answers are few: they are found by hashing, which takes no sorting of persons.
    absent = np.isnan(values)
    codes, categories = np.empty(values.shape, dtype=np.int8), []
    for item, column in enumerate(values.T):
        places, observed = pd.factorize(column, sort=True)
        codes[:, item] = places
        categories.append(observed)
    check_categories(categories, items)
    codes[absent] = max(len(observed) for observed in categories)
    named = tuple(tuple(int(code) for code in observed) for observed in categories)
    return OrdinalResponses(items, codes, named, not bool(absent.any()))


def _check_missing_rule(missing: str) -> None:
    """Refuse an unknown rule by name."""
    if missing not in ("listwise", "pairwise"):
        raise CodingError(f"missing={missing!r} is unknown; use 'listwise' or 'pairwise'.")


def check_categories(categories: Sequence[NDArray[np.float64]], items: tuple[Label, ...]) -> None:
    """Every item needs between two and twenty categories."""
    constant = [item for item, codes in zip(items, categories, strict=True) if len(codes) < 2]
    if constant:
        raise ConstantItemError(
            f"Items with a single response category: {listed(constant)}. "
            "No correlation with them is defined; drop them."
        )
    wide = [item for item, codes in zip(items, categories, strict=True) if len(codes) > MOST_CATEGORIES]
    if wide:
        raise CodingError(
            f"Items with more than {MOST_CATEGORIES} categories: {listed(wide)}. Treat them as continuous."
        )
