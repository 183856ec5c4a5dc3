"""Checks and matrices that every family needs before it computes anything."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, cast

import numpy as np
import pandas as pd

from psychometrics.errors import (
    CodingError,
    ConstantItemError,
    InputShapeError,
    SingularMatrixError,
    TooFewPersonsError,
)

Correlation = Literal["pearson", "spearman", "polychoric"]
Missing = Literal["listwise", "pairwise"]
Scales = Mapping[str, str] | pd.Series


def checked(responses: pd.DataFrame, minimum_items: int = 1, minimum_persons: int = 2) -> pd.DataFrame:
    """Return the responses as floats after refusing tables no statistic can use."""
    if not isinstance(responses, pd.DataFrame):
        raise InputShapeError(
            f"responses must be a DataFrame (rows persons, columns items), not {type(responses).__name__}"
        )
    _refuse_repeated(responses)
    if responses.shape[1] < minimum_items:
        raise InputShapeError(f"needs at least {minimum_items} items, got {responses.shape[1]}")
    if responses.shape[0] < minimum_persons:
        raise TooFewPersonsError(f"needs at least {minimum_persons} persons, got {responses.shape[0]}")
    return pd.DataFrame(
        {item: _as_float(responses[item]) for item in responses.columns}, index=responses.index, dtype=float
    )


def _refuse_repeated(responses: pd.DataFrame) -> None:
    """Refuse a table in which one item name stands over two columns."""
    repeated = responses.columns[responses.columns.duplicated()].unique()
    if len(repeated):
        raise InputShapeError(f"repeated items: {', '.join(map(str, repeated))}; give each column its own name")


def _as_float(item: pd.Series) -> np.ndarray:
    """Return one item as floats with NaN for missing; refuse text and infinities."""
    try:
        values = item.to_numpy(dtype=float, na_value=np.nan)
    except (TypeError, ValueError) as problem:
        raise CodingError(f"item {item.name} holds values that are not numbers: {problem}") from problem
    if np.isinf(values).any():
        raise CodingError(f"item {item.name} holds infinite values; code missing answers as NaN")
    return cast("np.ndarray", values)


def refuse_constant(frame: pd.DataFrame) -> None:
    """Refuse items that nobody answered or everybody answered alike."""
    constant = constant_items(frame)
    if constant:
        raise ConstantItemError(
            f"constant items: {', '.join(constant)}; every answer is the same, so no association with them "
            "is defined: leave them out"
        )


def constant_items(frame: pd.DataFrame) -> tuple[str, ...]:
    """Return the names of items with fewer than two different answers."""
    return tuple(str(item) for item in frame.columns[frame.nunique(dropna=True) < 2])


def complete(frame: pd.DataFrame, minimum_persons: int = 2) -> pd.DataFrame:
    """Return the persons who answered every item; refuse too few of them, and items constant among them."""
    kept = frame.dropna()
    if len(kept) < minimum_persons:
        raise TooFewPersonsError(
            f"{len(kept)} of {len(frame)} persons answered all {frame.shape[1]} items; at least "
            f"{minimum_persons} are needed: use fewer items or a pairwise rule"
        )
    refuse_constant(kept)
    return kept


def by_missing_rule(frame: pd.DataFrame, missing: Missing, minimum_persons: int = 2) -> tuple[pd.DataFrame, int]:
    """Return the rows a rule uses and the n that goes with them (pairwise: the smallest pairwise n)."""
    if missing == "listwise":
        kept = complete(frame, minimum_persons)
        return kept, len(kept)
    if missing != "pairwise":
        raise InputShapeError(f"missing must be 'listwise' or 'pairwise', not {missing!r}")
    refuse_constant(frame)
    answered = frame.notna().to_numpy(dtype=float)
    smallest = int((answered.T @ answered).min())
    if smallest < minimum_persons:
        raise TooFewPersonsError(
            f"two items share only {smallest} persons who answered both; {minimum_persons} are needed"
        )
    return frame, smallest


def correlation_matrix(
    responses: pd.DataFrame, correlation: Correlation = "pearson", missing: Missing = "listwise"
) -> tuple[pd.DataFrame, int]:
    """Return the item correlations and the n they rest on (pairwise: the smallest pairwise n)."""
    frame, n_persons = by_missing_rule(checked(responses, minimum_items=2), missing, minimum_persons=3)
    if correlation == "polychoric":
        from psychometrics import ordinal

        return ordinal.polychoric(frame, missing=missing).correlations, n_persons
    if correlation not in ("pearson", "spearman"):
        raise InputShapeError(f"correlation must be 'pearson', 'spearman' or 'polychoric', not {correlation!r}")
    return product_moment(frame, correlation), n_persons


def product_moment(frame: pd.DataFrame, method: Literal["pearson", "spearman"] = "pearson") -> pd.DataFrame:
    """Correlate the columns, each pair over the rows that have both; quick where nothing is missing."""
    if frame.isna().to_numpy().any():
        return frame.corr(method=method)
    values = frame.to_numpy() if method == "pearson" else frame.rank().to_numpy()
    return pd.DataFrame(np.corrcoef(values, rowvar=False), index=frame.columns, columns=frame.columns)


def inverse(matrix: pd.DataFrame) -> np.ndarray:
    """Invert a correlation matrix; name the least distinguishable items when it is singular."""
    values = matrix.to_numpy(dtype=float)
    roots, vectors = np.linalg.eigh(values)
    if roots[0] <= len(roots) * np.finfo(float).eps * roots[-1]:
        culprits = np.argsort(-np.abs(vectors[:, 0]))[:3]
        named = ", ".join(str(matrix.columns[i]) for i in culprits)
        raise SingularMatrixError(
            f"the correlation matrix is singular (smallest eigenvalue {roots[0]:.2g}); items most involved: "
            f"{named}: drop a repeated item, use more persons, or listwise instead of pairwise deletion"
        )
    return cast("np.ndarray", (vectors / roots) @ vectors.T)


def scales_of(responses: pd.DataFrame, scales: Scales | None) -> dict[str, list[str]]:
    """Return {scale: its items in column order}; without scales all items form one, called 'all'."""
    if scales is None:
        return {"all": [str(item) for item in responses.columns]}
    assigned = {str(item): str(scale) for item, scale in dict(scales).items()}
    _refuse_mismatch(responses, assigned)
    grouped: dict[str, list[str]] = {}
    for item in responses.columns:
        grouped.setdefault(assigned[str(item)], []).append(str(item))
    return grouped


def _refuse_mismatch(responses: pd.DataFrame, assigned: Mapping[str, str]) -> None:
    """Refuse scales that leave an item out or name one that is not there."""
    columns = [str(item) for item in responses.columns]
    homeless = [item for item in columns if item not in assigned]
    unknown = [item for item in assigned if item not in columns]
    if homeless:
        raise InputShapeError(f"items without a scale: {', '.join(homeless)}; assign each to one")
    if unknown:
        raise InputShapeError(f"scales name unknown items: {', '.join(unknown)}; the responses lack them")
