"""Fit indices of a model in answers drawn from a population, many times and fast."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.linalg import solve_triangular

from psychometrics.errors import PsychometricsError
from psychometrics.ordinal import encode, two_step
from psychometrics.sem import _ordinal as ordinal
from psychometrics.sem._equal_parameters import Rules, share
from psychometrics.sem._input import Sorted
from psychometrics.sem._moments import Stacked, scaled_shifted
from psychometrics.sem._solve import Solution, minimise
from psychometrics.sem.fit_measures import ModelTest, indices
from psychometrics.sem.fitting import Fitter
from psychometrics.sem.result import CfaResult

Array = NDArray[np.float64]
Reading = Literal["naive", "scaled", "robust"]
INDICES = ("srmr", "rmsea", "cfi")
# Squared length of the step at which a refit stops: the chi-square is then within about n millionths of its limit.
TOLERANCE = 1e-6
# A refit that is not there by then is one that wanders off.
STEPS = 60


@dataclass(frozen=True)
class Replicator:
    """Draws answers like those that a model was fitted to, and fits it again.

    It holds no moments of the fit, so that it travels lightly to other processes.

    Attributes
    ----------
    data : Sorted
        The answers to one group. As many people answer and leave out what they left out; they are independent of one
        another.
    rules : Rules
    cells : list of ndarray
        The fitted parameters, from which refits start.
    deviations : ndarray, (n_items,)
        Of continuous items.
    populations : tuple of ndarray, (n_items, n_items)
        Correlations of the (latent) answers in each population.
    reading : {"naive", "scaled", "robust"}
    most : int or None
        People drawn at most; the gaps are then those of every second, third, ... person.
    """

    data: Sorted
    rules: Rules
    cells: list[Array]
    deviations: Array
    populations: tuple[Array, ...]
    reading: Reading
    most: int | None = None

    @classmethod
    def of(
        cls, fit: CfaResult, populations: tuple[Array, ...], reading: Reading, most: int | None = None
    ) -> Replicator:
        """Take from a fit what its refits need."""
        deviations = np.sqrt(np.diag(fit.implied.to_numpy()))
        return cls(fit.data, fit.rules, fit.estimation.cells, deviations, populations, reading, most)

    @property
    def n_persons(self) -> int:
        """How many people a draw has."""
        return len(self._absent)

    @cached_property
    def _roots(self) -> list[Array]:
        return [np.asarray(np.linalg.cholesky(found)) for found in self.populations]

    @cached_property
    def _thresholds(self) -> Array:
        return two_step.marginal_thresholds(self.data.coded[0])

    @cached_property
    def _absent(self) -> NDArray[np.bool_]:
        if self.data.ordered:
            absent = np.asarray(self.data.coded[0].codes == self.data.coded[0].n_categories.max())
        else:
            absent = np.isnan(self.data.values[0])
        return absent if self.most is None else absent[:: -(-len(absent) // self.most)]

    def __call__(self, stream: np.random.SeedSequence) -> Array:
        """SRMR, RMSEA and CFI in one draw from each population, (n_populations, 3); NaN where a refit fails."""
        normal = np.random.default_rng(stream).standard_normal(self._absent.shape)
        return np.array([self._indices(normal @ root.T) for root in self._roots])

    def _indices(self, latent: Array) -> tuple[float, float, float]:
        """Refit one draw."""
        try:
            fitter = self._fitter(latent)
            if self.data.ordered and self.reading == "scaled":
                return self._scaled_indices(fitter)
            return self._all_indices(fitter)
        except (PsychometricsError, np.linalg.LinAlgError):
            return np.nan, np.nan, np.nan

    def _fitter(self, latent: Array) -> Fitter:
        """Turn latent answers into answers of the same form as those that were given."""
        data = self.data
        if not data.ordered:
            values = latent * self.deviations
            values[self._absent] = np.nan
            return Fitter(replace(data, values=(values,), clusters=None), "continuous")
        codes = (latent[:, :, None] > self._thresholds).sum(axis=2).astype(float)
        codes[self._absent] = np.nan
        table = pd.DataFrame(codes, columns=list(data.model.items))
        coded = encode(table, "pairwise" if data.missing == "pairwise" else "listwise")
        return Fitter(replace(data, coded=(coded,), clusters=None), "delta")

    def _all_indices(self, fitter: Fitter) -> tuple[float, float, float]:
        """Refit by the same path as any model."""
        rules = fitter.rules()
        same = rules.scheme == self.rules.scheme and rules.means == self.rules.means
        found = fitter.fit_rules(rules, self.cells if same else None)
        if not found.converged:
            return np.nan, np.nan, np.nan
        ending = "" if self.reading == "naive" else f"_{self.reading}"
        measures = found.fit
        return measures.srmr, getattr(measures, f"rmsea{ending}"), getattr(measures, f"cfi{ending}")

    def _scaled_indices(self, fitter: Fitter) -> tuple[float, float, float]:
        """Find scaled indices of ordered answers without standard errors and robust indices, which they do not need."""
        rules = fitter.rules()
        samples, sharing = fitter.samples, share(rules, [], 1)
        assert isinstance(samples, Stacked)
        same = self.rules.scheme == rules.scheme
        start = sharing.gather(self.cells) if same else fitter.start(rules, sharing)
        problem = ordinal.OrdinalProblem(samples, sharing, delta=True)
        solution = minimise(problem.evaluate, problem.value, start, tolerance=TOLERANCE, steps=STEPS)
        if not solution.converged:
            return np.nan, np.nan, np.nan
        model, base = _scaled_tests(samples, problem, solution)
        found = indices(model.scaled, 1.0, base.scaled, 1.0, model.df, base.df, samples.n_persons - 1)
        gap, p = problem.residuals(solution.values)[0], len(sharing.layout.items)
        return float(np.sqrt(gap @ gap / (p * (p + 1) / 2))), found.rmsea, found.cfi


def _scaled_tests(samples: Stacked, problem: ordinal.OrdinalProblem, solution: Solution) -> tuple[ModelTest, ModelTest]:
    """Scaled-shifted tests of the model and of uncorrelated items, of correlations alone.

    With Q an orthonormal basis of ``W^(1/2) D`` and ``B = W^(1/2) Gamma W^(1/2)``, ``U Gamma`` has the traces of
    ``B - QQ'B``; where ``Gamma = X'X`` has fewer rows than columns these are traces of ``AA' - AQ (AQ)'`` with
    ``A = X W^(1/2)``.
    """
    root_weight, spread = np.sqrt(samples.weight), samples.blocks[0]
    scaled = root_weight[:, None] * problem.jacobian(solution.values).parts[0]
    basis = solve_triangular(np.linalg.cholesky(scaled.T @ scaled), scaled.T, lower=True).T
    if spread.root is not None:
        weighted = spread.root * root_weight
        whole, inside = weighted @ weighted.T, weighted @ basis
        left = whole - inside @ inside.T
        traces = float(np.trace(left)), float(np.vdot(left, left))
    else:
        assert spread.full is not None
        whole = spread.full * np.outer(root_weight, root_weight)
        across = whole @ basis
        inner = basis.T @ across
        square = float(np.vdot(whole, whole) - 2.0 * np.vdot(across, across) + np.vdot(inner, inner))
        traces = float(np.trace(whole) - np.trace(inner)), square
    df, base_df = samples.n_moments - basis.shape[1], samples.n_moments
    observed = samples.groups[0].observed
    statistic = 2.0 * samples.n_persons * solution.minimum
    base = (samples.n_persons - 1) * float(samples.weight @ observed**2)
    base_traces = float(np.trace(whole)), float(np.vdot(whole, whole))
    return (
        ModelTest(statistic, df, *scaled_shifted(statistic, df, *traces)),
        ModelTest(base, base_df, *scaled_shifted(base, base_df, *base_traces)),
    )
