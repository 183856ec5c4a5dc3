"""Which persons a statistic rests on, and the matrices of their answers."""

from __future__ import annotations

from typing import Literal, cast

import numpy as np
import pandas as pd

from psychometrics._checks import listed, numeric_table, one_of, refuse_constant, text_names
from psychometrics._ranks import pairwise_spearman
from psychometrics.errors import SingularMatrixError, TooFewPersonsError, UndefinedError

Correlation = Literal["pearson", "spearman", "polychoric"]
Missing = Literal["listwise", "pairwise"]


def checked(responses: pd.DataFrame, minimum_items: int = 1, minimum_persons: int = 2) -> pd.DataFrame:
    """Return the responses as floats after refusing tables no statistic can use."""
    return numeric_table(responses, minimum_columns=minimum_items, minimum_rows=minimum_persons)


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
    one_of(missing, ("listwise", "pairwise"), "missing")
    if missing == "listwise":
        kept = complete(frame, minimum_persons)
        return kept, len(kept)
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
    one_of(correlation, ("pearson", "spearman", "polychoric"), "correlation")
    frame, n_persons = by_missing_rule(checked(responses, minimum_items=2), missing, minimum_persons=3)
    if correlation == "polychoric":
        from psychometrics import ordinal

        named = frame.set_axis(text_names(frame.columns), axis="columns")
        values = ordinal.polychoric(named, missing=missing).correlations.to_numpy()
        return pd.DataFrame(values, frame.columns, frame.columns), n_persons
    return product_moment(frame, correlation), n_persons


def product_moment(frame: pd.DataFrame, method: Literal["pearson", "spearman"] = "pearson") -> pd.DataFrame:
    """Correlate the columns, each pair over the rows that have both; quick where nothing is missing."""
    if frame.isna().to_numpy().any():
        return pairwise_spearman(frame) if method == "spearman" else frame.corr(method=method)
    values = frame.to_numpy() if method == "pearson" else frame.rank().to_numpy()
    return pd.DataFrame(np.corrcoef(values, rowvar=False), index=frame.columns, columns=frame.columns)


def inverse(matrix: pd.DataFrame) -> np.ndarray:
    """Invert a correlation matrix, refusing a singular one."""
    roots, vectors = regular_roots(matrix)
    return cast("np.ndarray", (vectors / roots) @ vectors.T)


def regular_roots(matrix: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Return eigenvalues and eigenvectors; name the least distinguishable items of a singular matrix."""
    values = matrix.to_numpy(dtype=float)
    unknown = np.argwhere(np.isnan(values))
    if len(unknown):
        first, second = (matrix.columns[place] for place in unknown[0])
        raise UndefinedError(
            f"no correlation between {first} and {second} is defined: among the persons who answered both, one of "
            "them does not vary; leave one of them out"
        )
    roots, vectors = np.linalg.eigh(values)
    if roots[0] <= len(roots) * np.finfo(float).eps * roots[-1]:
        culprits = np.argsort(-np.abs(vectors[:, 0]))[:3]
        named = listed(matrix.columns[i] for i in culprits)
        raise SingularMatrixError(
            f"the correlation matrix is singular (smallest eigenvalue {roots[0]:.2g}); items most involved: "
            f"{named}: drop a repeated item, use more persons, or listwise instead of pairwise deletion"
        )
    return roots, vectors
