"""What an estimator hands over: the solution, its precision, and the tests of the model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from psychometrics.cfa._fit import Likelihood, ModelTest
from psychometrics.cfa._least_squares import Moments
from psychometrics.cfa._normal import NormalData
from psychometrics.cfa._solve import Solution
from psychometrics.cfa._structure import Structure
from psychometrics.ordinal._estimation import TwoStepEstimates

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Estimation:
    """A fitted structure.

    Attributes
    ----------
    structure : Structure
        At the solution.
    solution : Solution
    covariance : ndarray, (n_cells, n_cells)
        Of the parameter estimates; NaN where the information is singular.
    sample_covariance : ndarray, (n_items, n_items)
        Sample, saturated or polychoric.
    sample_mean : ndarray, (n_items,)
    means : bool
        Whether the means are part of the model.
    n_persons : int
    test, baseline : ModelTest
    likelihood : Likelihood
    data : NormalData or None
        For normal theory.
    moments : Moments or None
        For least squares.
    two_step : TwoStepEstimates or None
        Thresholds and correlations behind the moments.
    """

    structure: Structure
    solution: Solution
    covariance: Array
    sample_covariance: Array
    sample_mean: Array
    means: bool
    n_persons: int
    test: ModelTest
    baseline: ModelTest
    likelihood: Likelihood
    data: NormalData | None = None
    moments: Moments | None = None
    two_step: TwoStepEstimates | None = None

    @property
    def ordinal(self) -> bool:
        """Whether the items were taken as ordered categories."""
        return self.moments is not None

    @property
    def implied_covariance(self) -> Array:
        """Implied covariance, with a unit diagonal for ordinal items."""
        implied = self.structure.covariance.copy()
        if self.ordinal:
            np.fill_diagonal(implied, 1.0)
        return implied

    @property
    def residual_variances(self) -> Array:
        """Residual variance of each item."""
        if self.ordinal:
            return np.asarray(1.0 - np.diag(self.structure.common))
        return np.diag(self.structure.residuals).copy()


def inverted(matrix: Array) -> Array:
    """Inverse of a symmetric matrix, or NaN throughout where it is singular or indefinite."""
    if not matrix.size:
        return matrix.copy()
    scale = np.sqrt(np.maximum(np.abs(np.diag(matrix)), 1e-300))
    scaled = matrix / np.outer(scale, scale)
    if not np.isfinite(scaled).all() or np.linalg.eigvalsh(scaled)[0] < 1e-10:
        return np.full_like(matrix, np.nan)
    return np.asarray(np.linalg.inv(scaled) / np.outer(scale, scale))
