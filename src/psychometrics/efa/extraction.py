"""Unrotated loadings from a correlation matrix.

Minres and maximum likelihood are searched over the uniquenesses as in factor_analyzer, but with the gradient in closed
form: factor_analyzer differentiates numerically, which at 70 items costs 71 eigenvalue problems a step instead of one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np

from psychometrics.errors import ModelError

Extraction = Literal["minres", "ml", "principal_axis", "principal"]
_Discrepancy = Callable[[np.ndarray, np.ndarray, int], tuple[float, np.ndarray]]
EXTRACTIONS = ("minres", "ml", "principal_axis", "principal")

# Uniquenesses are kept above this, as in R's factanal and psych; at the bound lies a Heywood case.
SMALLEST_UNIQUENESS = 0.005
_FLAT = 1e-4
_AXIS_TOLERANCE = 1e-10
_AXIS_STEPS = 5000
_NOTHING = 1e-300


def extract(matrix: np.ndarray, n_factors: int, extraction: Extraction) -> tuple[np.ndarray, bool]:
    """Return unrotated loadings of shape (n_items, n_factors) and whether the search converged."""
    if extraction == "minres":
        return _minres_loadings(matrix, n_factors)
    if extraction == "ml":
        return _likelihood_loadings(matrix, n_factors)
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


def _search(matrix: np.ndarray, n_factors: int, discrepancy: _Discrepancy) -> tuple[np.ndarray, bool]:
    """Return the uniquenesses of least discrepancy and whether the gradient vanishes there."""
    from scipy.optimize import minimize

    start = np.clip(1 / np.diag(np.linalg.inv(matrix)), SMALLEST_UNIQUENESS, 1.0)
    found = minimize(
        discrepancy,
        start,
        args=(matrix, n_factors),
        jac=True,
        method="L-BFGS-B",
        bounds=[(SMALLEST_UNIQUENESS, 1.0)] * len(matrix),
        options={"maxiter": 1000, "maxfun": 5000, "ftol": 1e-14, "gtol": 1e-7},
    )
    uniqueness: np.ndarray = found.x
    free = (uniqueness > SMALLEST_UNIQUENESS) & (uniqueness < 1.0)
    return uniqueness, bool(np.all(np.abs(found.jac[free]) < _FLAT))


def _minres(uniqueness: np.ndarray, matrix: np.ndarray, n_factors: int) -> tuple[float, np.ndarray]:
    """Half the sum of squared eigenvalues that the factors leave, and its gradient (Harman & Jones 1966)."""
    roots, vectors = np.linalg.eigh(matrix - np.diag(uniqueness))
    left, directions = roots[:-n_factors], vectors[:, :-n_factors]
    return float(left @ left / 2), -(directions**2) @ left


def _maximum_likelihood(uniqueness: np.ndarray, matrix: np.ndarray, n_factors: int) -> tuple[float, np.ndarray]:
    """Likelihood discrepancy concentrated on the uniquenesses, and its gradient (Jöreskog 1967, eq. 20 and 24)."""
    scale = 1 / np.sqrt(uniqueness)
    roots, vectors = np.linalg.eigh(matrix * np.outer(scale, scale))
    left, directions = roots[:-n_factors], vectors[:, :-n_factors]
    return float(np.sum(left - np.log(left) - 1)), (directions**2) @ (1 - left) / uniqueness


def _minres_loadings(matrix: np.ndarray, n_factors: int) -> tuple[np.ndarray, bool]:
    """Return the loadings of the minres solution."""
    uniqueness, converged = _search(matrix, n_factors, _minres)
    return leading_axes(matrix - np.diag(uniqueness), n_factors), converged


def _likelihood_loadings(matrix: np.ndarray, n_factors: int) -> tuple[np.ndarray, bool]:
    """Return the loadings of the maximum likelihood solution."""
    uniqueness, converged = _search(matrix, n_factors, _maximum_likelihood)
    spread = np.sqrt(uniqueness)
    scaled = matrix / np.outer(spread, spread) - np.eye(len(matrix))
    return spread[:, None] * leading_axes(scaled, n_factors), converged


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
    rows = list(off_diagonal)
    for _ in range(_AXIS_STEPS):
        moved, total = 0.0, float(loadings @ loadings)
        for item, row in enumerate(rows):
            old = float(loadings[item])
            others = total - old * old
            # Where the other items have no loading left, this one has nothing to share with them.
            new = max(-1.0, min(1.0, float(row @ loadings) / others)) if others > _NOTHING else 0.0
            loadings[item] = new
            total = others + new * new
            moved = max(moved, abs(new - old))
        if moved < tolerance:
            break
    return loadings
