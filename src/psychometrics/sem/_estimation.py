"""What an estimator hands over: the problem, its solution, the precision and the tests."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from psychometrics.sem._continuous import NormalProblem
from psychometrics.sem._equal_parameters import Sharing
from psychometrics.sem._jacobian import Jacobian
from psychometrics.sem._ordinal import OrdinalProblem
from psychometrics.sem._solve import Solution
from psychometrics.sem._structure import Structure
from psychometrics.sem.fit_measures import Likelihood, ModelTest

Array = NDArray[np.float64]
Problem: TypeAlias = NormalProblem | OrdinalProblem
# Share of an item's variance below which a factor has none but for rounding.
NO_VARIANCE = 1e-8


@dataclass(frozen=True)
class Estimation:
    """A fitted model of one group or several.

    Attributes
    ----------
    problem : NormalProblem or OrdinalProblem
    solution : Solution
    covariance : ndarray, (n_parameters, n_parameters)
        Of the parameter estimates; NaN where the information is singular.
    test : ModelTest
    likelihood : Likelihood
    jacobian : Jacobian or None
        Derivatives of the moments in the parameters (ordered items).
    """

    problem: Problem
    solution: Solution
    covariance: Array
    test: ModelTest
    likelihood: Likelihood
    jacobian: Jacobian | None = None

    @property
    def ordered(self) -> bool:
        """Whether the items were taken as ordered categories."""
        return isinstance(self.problem, OrdinalProblem)

    @property
    def sharing(self) -> Sharing:
        """Where the cells of every group sit in the parameter vector."""
        return self.problem.sharing

    @property
    def baseline(self) -> ModelTest:
        """Test of independent items."""
        return self.problem.samples.baseline

    @property
    def unit_variances(self) -> bool:
        """Whether ordered items have unit variance, from which their residual variances follow (delta)."""
        return isinstance(self.problem, OrdinalProblem) and self.problem.delta

    @cached_property
    def undetermined(self) -> tuple[str, ...]:
        """Factors with a standardised loading whose standard error exceeds the width of its range.

        A factor whose variance is zero to rounding has no loadings that the answers could determine: its sign, and with
        it the standardised error, would be left to the last digit.
        """
        error = np.sqrt(np.maximum(np.diag(self.covariance), 0.0))
        place, row, column = self.sharing.layout.places["loading"]
        found: list[str] = []
        for group, structure in enumerate(self.structures):
            where = self.sharing.place[group][place]
            share = np.diag(structure.factor_covariance)[column] / self.item_variances(group)[row]
            wide = (error[where] * np.sqrt(np.maximum(share, 0.0)) > 1.0) | (np.abs(share) < NO_VARIANCE)
            found += [self.sharing.layout.factors[k] for k in column[wide & (where >= 0)]]
        return tuple(found)

    @cached_property
    def precision(self) -> Array:
        """Covariance of the estimates, NaN throughout where the answers do not determine them."""
        return np.full_like(self.covariance, np.nan) if self.undetermined else self.covariance

    @cached_property
    def cells(self) -> list[Array]:
        """Cell values of each group."""
        return [self.sharing.cells(self.solution.values, group) for group in range(self.sharing.n_groups)]

    @cached_property
    def structures(self) -> list[Structure]:
        """Model matrices of each group."""
        return [self.sharing.layout.at(cells) for cells in self.cells]

    def sample_covariance(self, group: int) -> Array:
        """Sample, saturated or polychoric."""
        return self.problem.samples.sample_covariance(group)

    def implied_covariance(self, group: int) -> Array:
        """Implied covariance; for ordered items the implied correlation."""
        structure = self.structures[group]
        if isinstance(self.problem, NormalProblem):
            return structure.covariance
        deviation = self.problem.deviations(structure)
        implied = structure.covariance / np.outer(deviation, deviation)
        np.fill_diagonal(implied, 1.0)
        return np.asarray(implied)

    def item_variances(self, group: int) -> Array:
        """Total variance of the (latent) answers."""
        if isinstance(self.problem, OrdinalProblem):
            return self.problem.deviations(self.structures[group]) ** 2
        return np.diag(self.structures[group].covariance)

    def residual_variances(self, group: int) -> Array:
        """Residual variance of each item."""
        structure = self.structures[group]
        if self.unit_variances:
            return np.asarray(1.0 - np.diag(structure.common))
        return np.diag(structure.residuals).copy()

    def mean_residuals(self, group: int) -> Array | None:
        """Sample less implied means, where the means of continuous items are part of the model."""
        problem = self.problem
        if isinstance(problem, OrdinalProblem) or not problem.samples.means:
            return None
        return np.asarray(problem.samples.saturated[group].mean - self.structures[group].means)
