"""Ratings as codes and counts of categories, and how much credit two categories give each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from scipy import special

from psychometrics.errors import CodingError, ConstantItemError, InputShapeError, PsychometricsError

Weights = Literal["none", "linear", "quadratic", "ordinal"]


@dataclass(frozen=True)
class Coded:
    """Ratings as positions in the list of categories (-1 missing), rows without any rating left out."""

    codes: np.ndarray
    categories: tuple[object, ...]
    counts: np.ndarray
    ordered: bool

    @property
    def n_each(self) -> np.ndarray:
        """Return the number of ratings of each subject."""
        return np.asarray(self.counts.sum(axis=1))


def code_ratings(ratings: pd.DataFrame, categories: Sequence[object] | None) -> Coded:
    """Turn ratings into codes and into counts of each category for each subject."""
    if ratings.shape[1] < 2:
        raise InputShapeError("agreement needs at least two raters (columns)")
    known = [value for value in pd.unique(ratings.to_numpy(dtype=object).ravel()) if not pd.isna(value)]
    if not known:
        raise InputShapeError("no subject has a rating")
    levels, ordered = _levels(ratings, known, categories)
    position = {value: index for index, value in enumerate(levels)}
    unknown = [value for value in known if value not in position]
    if unknown:
        listed = ", ".join(str(value) for value in unknown)
        raise CodingError(f"ratings {listed} are not among the categories {', '.join(map(str, levels))}")
    if len(levels) < 2:
        raise ConstantItemError(
            f"every rating is {levels[0]}: chance agreement is undefined. Name all categories of the scale with the "
            "argument categories"
        )
    rows = ratings.to_numpy(dtype=object)
    codes = np.array([[position[v] if not pd.isna(v) else -1 for v in row] for row in rows])
    codes = codes[(codes >= 0).any(axis=1)]
    if not ((codes >= 0).sum(axis=1) >= 2).any():
        raise InputShapeError("no subject has two ratings, so there is no agreement to measure")
    counts = (codes[:, :, None] == np.arange(len(levels))).sum(axis=1).astype(float)
    return Coded(codes, levels, counts, ordered)


def _levels(
    ratings: pd.DataFrame, known: list[object], categories: Sequence[object] | None
) -> tuple[tuple[object, ...], bool]:
    """Return the categories and whether their order is known: given, declared by an ordered Categorical, or numbers."""
    if categories is not None:
        levels = tuple(categories)
        if len(set(levels)) < len(levels):
            raise InputShapeError(f"categories are named more than once: {', '.join(map(str, levels))}")
        return levels, True
    kinds = [ratings.iloc[:, place].dtype for place in range(ratings.shape[1])]
    declared = [kind for kind in kinds if isinstance(kind, pd.CategoricalDtype) and kind.ordered]
    if len(declared) == len(kinds) and all(kind == declared[0] for kind in declared):
        return tuple(declared[0].categories), True
    return tuple(_sort(known)), all(isinstance(value, (int, float, np.number)) for value in known)


def weights_of(coded: Coded, weights: Weights | np.ndarray) -> np.ndarray:
    """Return the weights of coded ratings; refuse an order that nobody declared."""
    if not coded.ordered and not (isinstance(weights, str) and weights == "none"):
        raise PsychometricsError(
            f"weights need categories in order, and {', '.join(map(str, coded.categories))} are text: give them in "
            "order with the argument categories, or as an ordered Categorical"
        )
    return agreement_weights(coded.categories, weights)


def _sort(values: list[object]) -> list[object]:
    """Sort categories by value, or by text where they are mixed."""
    try:
        return sorted(values)  # type: ignore[type-var]
    except TypeError:
        return sorted(values, key=str)


def agreement_weights(categories: Sequence[object], weights: Weights | np.ndarray = "none") -> np.ndarray:
    r"""Weights of agreement between categories: 1 on the diagonal, less the further two categories lie apart.

    ``none``: identity. ``linear``: :math:`1 - |k-l|/(\max - \min)`. ``quadratic``:
    :math:`1 - (k-l)^2/(\max-\min)^2`, both on numeric categories or, for text, on their positions.
    ``ordinal``: :math:`1 - \binom{|k-l|+1}{2}/\binom{q}{2}` on positions.

    Parameters
    ----------
    categories : sequence
        Categories in order.
    weights : {"none", "linear", "quadratic", "ordinal"} or ndarray, shape (q, q)
        A matrix is taken as it is, once checked: symmetric, 1 on the diagonal, between 0 and 1.

    Returns
    -------
    ndarray, shape (q, q)

    Raises
    ------
    PsychometricsError
        Unknown name, or a matrix that breaks the rules.

    References
    ----------
    Cohen, J. (1968). Weighted kappa. Psychological Bulletin, 70, 213-220. Gwet, K. L. (2014). Handbook of
    inter-rater reliability (4th ed.), section 3.5.

    See Also
    --------
    gwet_ac2 : A coefficient that takes them.

    Examples
    --------
    >>> agreement_weights([1, 2, 3], "linear")[0].tolist()
    [1.0, 0.5, 0.0]
    """
    q = len(categories)
    if not isinstance(weights, str):
        return _checked_weights(np.asarray(weights, dtype=float), q)
    numeric = all(isinstance(value, (int, float, np.number)) for value in categories)
    place = np.arange(q) if not numeric or weights == "ordinal" else np.asarray(categories, dtype=float)
    distance = np.abs(np.subtract.outer(place, place))
    if weights == "none":
        return np.eye(q)
    if distance.max() == 0:
        raise ConstantItemError(f"{q} category: weights need two")
    if weights == "ordinal":
        return np.asarray(1 - special.binom(distance + 1, 2) / special.binom(q, 2))
    powers = {"linear": 1, "quadratic": 2}
    if weights not in powers:
        raise PsychometricsError(f"weights {weights!r} are not known; use none, linear, quadratic, ordinal")
    return np.asarray(1 - (distance / distance.max()) ** powers[weights])


def _checked_weights(weights: np.ndarray, q: int) -> np.ndarray:
    """Refuse a weight matrix of the wrong shape or range."""
    if weights.shape != (q, q):
        raise PsychometricsError(f"weights have shape {weights.shape}; with {q} categories it must be ({q}, {q})")
    within = ((weights >= 0) & (weights <= 1)).all()
    if not (np.allclose(weights, weights.T) and np.allclose(np.diag(weights), 1) and within):
        raise PsychometricsError("weights must be symmetric, 1 on the diagonal and between 0 and 1")
    return weights
