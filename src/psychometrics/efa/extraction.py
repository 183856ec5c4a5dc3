"""Unrotated loadings from a correlation matrix."""

from __future__ import annotations

import warnings
from typing import Literal

import numpy as np

from psychometrics.errors import ModelError

Extraction = Literal["minres", "ml", "principal_axis", "principal"]
EXTRACTIONS = ("minres", "ml", "principal_axis", "principal")

# factor_analyzer calls an argument of scikit-learn by the name it had before 1.6
_THIRD_PARTY_WARNING = "'force_all_finite' was renamed"
_AXIS_TOLERANCE = 1e-10
_AXIS_STEPS = 5000


def extract(matrix: np.ndarray, n_factors: int, extraction: Extraction) -> tuple[np.ndarray, bool]:
    """Return unrotated loadings of shape (n_items, n_factors) and whether the search converged."""
    if extraction in ("minres", "ml"):
        return _factor_analyzer(matrix, n_factors, extraction)
    if extraction == "principal_axis":
        return _principal_axis(matrix, n_factors)
    if extraction == "principal":
        return leading_axes(matrix, n_factors), True
    raise ModelError(f"extraction must be one of {', '.join(EXTRACTIONS)}, not {extraction!r}")


def leading_axes(matrix: np.ndarray, n_factors: int) -> np.ndarray:
    """Return the leading eigenvectors scaled by the roots of their eigenvalues."""
    roots, vectors = np.linalg.eigh(matrix)
    kept = slice(None, -n_factors - 1, -1)
    scaled: np.ndarray = vectors[:, kept] * np.sqrt(np.maximum(roots[kept], 0.0))
    return scaled


def _factor_analyzer(matrix: np.ndarray, n_factors: int, extraction: str) -> tuple[np.ndarray, bool]:
    """Return the loadings of factor_analyzer, whose only words about convergence are a warning."""
    from factor_analyzer import FactorAnalyzer

    model = FactorAnalyzer(n_factors, rotation=None, method=extraction, is_corr_matrix=True)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        warnings.filterwarnings("ignore", message=_THIRD_PARTY_WARNING)
        loadings: np.ndarray = model.fit(matrix.copy()).loadings_
    return loadings, not any("Failed to converge" in str(warning.message) for warning in caught)


def _principal_axis(matrix: np.ndarray, n_factors: int) -> tuple[np.ndarray, bool]:
    """Iterate communalities from squared multiple correlations until none moves."""
    communality = 1 - 1 / np.diag(np.linalg.inv(matrix))
    reduced = matrix.copy()
    for _ in range(_AXIS_STEPS):
        np.fill_diagonal(reduced, communality)
        loadings = leading_axes(reduced, n_factors)
        before, communality = communality, np.sum(loadings**2, axis=1)
        if np.max(np.abs(communality - before)) < _AXIS_TOLERANCE:
            return loadings, True
    return loadings, False


def one_factor_communalities(matrix: np.ndarray) -> np.ndarray:
    """Return the communalities of a one-factor minres solution."""
    squared: np.ndarray = one_factor_loadings(matrix, 1e-6) ** 2
    return squared


def one_factor_loadings(matrix: np.ndarray, tolerance: float = 1e-12) -> np.ndarray:
    """Return the loadings of a one-factor minres solution by Harman and Jones's row-wise least squares."""
    off_diagonal = matrix - np.diag(np.diag(matrix))
    loadings = leading_axes(matrix, 1)[:, 0]
    for _ in range(_AXIS_STEPS):
        before = loadings.copy()
        for item in range(len(loadings)):
            others = loadings @ loadings - loadings[item] ** 2
            loadings[item] = np.clip(off_diagonal[item] @ loadings / others, -1.0, 1.0)
        if np.max(np.abs(loadings - before)) < tolerance:
            break
    return loadings
