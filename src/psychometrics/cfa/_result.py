"""A fitted factor model as a result for people: labelled tables, fit, and what is improper about it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from psychometrics.cfa._estimation import Estimation
from psychometrics.cfa._fit import FitMeasures, fit_measures
from psychometrics.cfa._model import Cell, CfaModel, Kind
from psychometrics.cfa._modification import modification_table
from psychometrics.cfa._scores import factor_scores
from psychometrics.cfa._standardised import standardise
from psychometrics.ordinal._estimation import threshold_variance

Array = NDArray[np.float64]
Estimator = Literal["WLSMV", "ULSMV", "ML", "MLR"]
Missing = Literal["listwise", "pairwise", "fiml"]
CONFIDENCE = 0.95

_NAMES = {
    "loading": "loading",
    "regression": "second-order loading",
    "intercept": "intercept",
}


@dataclass(frozen=True)
class CfaResult:
    """A fitted confirmatory factor model.

    Attributes
    ----------
    model : CfaModel
    estimator : {"WLSMV", "ULSMV", "ML", "MLR"}
    missing : {"listwise", "pairwise", "fiml"}
    n_used : int
        Persons after the missing rule.
    converged : bool
    iterations : int
    proper : bool
        Whether `problems` is empty.
    problems : tuple of str
        What is improper: not converged, a negative variance, a correlation beyond one, singular information.
    notes : tuple of str
        What a reader must know that is no fault of the solution.
    parameters : DataFrame
        One row a parameter: kind, left, right, free, estimate, standard_error, z, p_value, lower, upper (95 %),
        standardised, standardised_error, standardised_lower, standardised_upper.
    fit : FitMeasures
    factor_correlations : DataFrame, (n_factors, n_factors)
    factor_covariances : DataFrame, (n_factors, n_factors)
    residual_variances : Series
        Of each item; for ordinal items one minus the communality.
    residuals : DataFrame, (n_items, n_items)
        Sample correlation less implied correlation.
    implied : DataFrame, (n_items, n_items)
        Implied covariance (correlation for ordinal items).
    sample : DataFrame, (n_items, n_items)
        Sample covariance: complete, saturated (full information) or polychoric.
    estimation : Estimation
        The raw solution, for further statistics.
    """

    model: CfaModel
    estimator: Estimator
    missing: Missing
    n_used: int
    converged: bool
    iterations: int
    problems: tuple[str, ...]
    notes: tuple[str, ...]
    parameters: pd.DataFrame
    fit: FitMeasures
    factor_correlations: pd.DataFrame
    factor_covariances: pd.DataFrame
    residual_variances: pd.Series[float]
    residuals: pd.DataFrame
    implied: pd.DataFrame
    sample: pd.DataFrame
    estimation: Estimation = field(repr=False)

    @property
    def proper(self) -> bool:
        """Whether nothing about the solution is improper."""
        return not self.problems

    @property
    def loadings(self) -> pd.DataFrame:
        """Loadings of the items, one row each: factor, item and the columns of `parameters`."""
        return self._of_kind("loading").rename(columns={"left": "factor", "right": "item"})

    @property
    def second_order_loadings(self) -> pd.DataFrame:
        """Loadings of the factors on the second-order factor; empty for other models."""
        return self._of_kind("second-order loading").rename(columns={"left": "general", "right": "factor"})

    @property
    def thresholds(self) -> pd.DataFrame:
        """Thresholds of the items; empty for normal-theory estimators."""
        return self._of_kind("threshold").rename(columns={"left": "item", "right": "threshold"})

    def loading_matrix(self, standardised: bool = True) -> pd.DataFrame:
        """Lay out the loadings as items by factors, zero where the model has none.

        Parameters
        ----------
        standardised : bool
            Divide by the standard deviations of items and multiply by those of the factors.

        Returns
        -------
        DataFrame, (n_items, n_factors)
        """
        structure = self.estimation.structure
        matrix = structure.loadings
        if standardised:
            spread = np.sqrt(np.diag(structure.factor_covariance))
            matrix = matrix * spread / np.sqrt(np.diag(self.estimation.implied_covariance))[:, None]
        return pd.DataFrame(matrix, index=list(self.model.items), columns=list(self.model.latent))

    def modification_indices(self) -> pd.DataFrame:
        """Score tests of the parameters that the model fixes at zero.

        Returns
        -------
        DataFrame
            kind, left, right, modification_index, expected_change, standardised_change; largest index first. The
            index is the fall in the uncorrected chi-square if the parameter were freed; NaN where the information
            left for it is singular.

        References
        ----------
        Sörbom, D. (1989). Model modification. Psychometrika, 54, 371-384.
        Saris, W. E., Satorra, A., & Sörbom, D. (1987). The detection and correction of specification errors in
        structural equation models. Sociological Methodology, 17, 105-129 (expected change).
        """
        return modification_table(self.model, self.estimation)

    def factor_scores(
        self, responses: pd.DataFrame, method: Literal["regression", "Bartlett"] = "regression"
    ) -> pd.DataFrame:
        """Factor scores of persons.

        Parameters
        ----------
        responses : DataFrame, (n_persons, n_items)
            Columns for the model's items at least.
        method : {"regression", "Bartlett"}
            For ordinal items "regression" is the mode of the posterior given the response categories (empirical
            Bayes modal); "Bartlett" is for continuous, complete items only.

        Returns
        -------
        DataFrame, (n_persons, n_factors)
            NaN for persons with missing responses where the method needs all.
        """
        return factor_scores(self.model, self.estimation, responses, method)

    def to_frame(self) -> pd.DataFrame:
        """One row a parameter."""
        return self.parameters.copy()

    def _of_kind(self, kind: str) -> pd.DataFrame:
        """Rows of one kind of parameter, without the kind."""
        rows = self.parameters[self.parameters["kind"] == kind]
        return rows.drop(columns="kind").reset_index(drop=True)


def build_result(
    model: CfaModel, estimation: Estimation, estimator: Estimator, missing: Missing, notes: tuple[str, ...]
) -> CfaResult:
    """Label an estimation."""
    items, factors = list(model.items), list(model.latent)
    structure = estimation.structure
    return CfaResult(
        model=model,
        estimator=estimator,
        missing=missing,
        n_used=estimation.n_persons,
        converged=estimation.solution.converged,
        iterations=estimation.solution.iterations,
        problems=_problems(model, estimation),
        notes=notes,
        parameters=_parameter_table(model, estimation),
        fit=_measures(estimation),
        factor_correlations=_square(_correlations(structure.factor_covariance), factors),
        factor_covariances=_square(structure.factor_covariance, factors),
        residual_variances=pd.Series(estimation.residual_variances, index=items, name="residual_variance"),
        residuals=_square(residual_correlations(estimation), items),
        implied=_square(estimation.implied_covariance, items),
        sample=_square(estimation.sample_covariance, items),
        estimation=estimation,
    )


def _square(matrix: Array, names: list[str]) -> pd.DataFrame:
    """Label a symmetric matrix."""
    return pd.DataFrame(matrix, index=names, columns=names)


def _correlations(covariance: Array) -> Array:
    """Correlations of a covariance matrix; NaN beside a variance that is not positive."""
    variances = np.diag(covariance)
    deviations = np.sqrt(np.where(variances > 0, variances, np.nan))
    return np.asarray(covariance / np.outer(deviations, deviations))


def residual_correlations(estimation: Estimation) -> Array:
    """Sample correlation less implied correlation (Bollen 1989)."""
    return _correlations(estimation.sample_covariance) - _correlations(estimation.implied_covariance)


def _srmr(estimation: Estimation) -> float:
    """Root mean squared residual in units of the sample's standard deviations (Bentler 1995)."""
    deviations = np.sqrt(np.diag(estimation.sample_covariance))
    gap = (estimation.sample_covariance - estimation.implied_covariance) / np.outer(deviations, deviations)
    parts = gap[np.tril_indices(len(gap))]
    if estimation.means:
        shift = (estimation.sample_mean - estimation.structure.intercepts) / deviations
        parts = np.concatenate([parts, shift])
    return float(np.sqrt(np.mean(parts**2)))


def _measures(estimation: Estimation) -> FitMeasures:
    """Fit measures of an estimation."""
    n = estimation.n_persons
    thresholds = 0 if estimation.two_step is None else estimation.two_step.threshold_places[0].size
    return fit_measures(
        estimation.test,
        estimation.baseline,
        n_rmsea=n - 1 if estimation.ordinal else n,
        n_persons=n,
        n_parameters=estimation.structure.layout.size + thresholds,
        srmr=_srmr(estimation),
        likelihood=estimation.likelihood,
    )


def _parameter_table(model: CfaModel, estimation: Estimation) -> pd.DataFrame:
    """All parameters with their errors, raw and standardised."""
    layout = estimation.structure.layout
    place = {(cell.kind, cell.row, cell.column): k for k, cell in enumerate(layout.cells)}
    cells = model.cells(ordered=estimation.ordinal, means=estimation.means)
    values = np.array([_value(cell, place, estimation.solution.values) for cell in cells])
    if estimation.ordinal:
        derived = tuple(Cell("residual_covariance", item, item) for item in model.items)
        cells = cells + derived
        values = np.concatenate([values, estimation.residual_variances])
    places = [place.get((cell.kind, cell.row, cell.column)) for cell in cells]
    variances = np.diag(estimation.covariance)
    errors = np.array([np.nan if where is None else np.sqrt(max(variances[where], 0.0)) for where in places])
    standard = standardise(estimation, cells, values, places)
    frame = pd.DataFrame(
        {
            "kind": [_kind(cell) for cell in cells],
            "left": [cell.column if cell.kind in ("loading", "regression") else cell.row for cell in cells],
            "right": [cell.row if cell.kind in ("loading", "regression") else cell.column for cell in cells],
            "free": [where is not None for where in places],
            "estimate": values,
            "standard_error": errors,
            "standardised": standard.values,
            "standardised_error": standard.errors,
        }
    )
    return _with_intervals(pd.concat([frame, _threshold_rows(estimation)], ignore_index=True))


def _value(cell: Cell, place: dict[tuple[Kind, str, str], int], values: Array) -> float:
    """Estimate or fixed value of a cell."""
    return float(values[place[(cell.kind, cell.row, cell.column)]]) if cell.fixed is None else cell.fixed


def _kind(cell: Cell) -> str:
    """Plain name of a cell's kind."""
    if cell.kind in _NAMES:
        return _NAMES[cell.kind]
    who = "factor" if cell.kind == "factor_covariance" else "residual"
    return f"{who} {'variance' if cell.row == cell.column else 'covariance'}"


def _threshold_rows(estimation: Estimation) -> pd.DataFrame | None:
    """Rows of the thresholds, which are standardised as they are."""
    if estimation.two_step is None:
        return None
    items, positions = estimation.two_step.threshold_places
    names = estimation.structure.layout.items
    values = estimation.two_step.thresholds[items, positions]
    # The divisor of the least-squares family is one less than the persons, as in its chi-square.
    n = estimation.n_persons
    errors = np.sqrt(threshold_variance(estimation.two_step) * n / (n - 1))
    return pd.DataFrame(
        {
            "kind": "threshold",
            "left": [names[k] for k in items],
            "right": [str(k + 1) for k in positions],
            "free": True,
            "estimate": values,
            "standard_error": errors,
            "standardised": values,
            "standardised_error": errors,
        }
    )


def _with_intervals(frame: pd.DataFrame) -> pd.DataFrame:
    """Wald tests and 95 % intervals beside estimates and standardised values."""
    point = float(ndtri(0.5 + CONFIDENCE / 2.0))
    error = frame["standard_error"].to_numpy(dtype=float)
    estimate = frame["estimate"].to_numpy(dtype=float)
    z = np.divide(estimate, error, out=np.full(len(frame), np.nan), where=error > 0)
    margin = point * frame["standardised_error"]
    result = frame.assign(
        z=z,
        p_value=2.0 * ndtr(-np.abs(z)),
        lower=estimate - point * error,
        upper=estimate + point * error,
        standardised_lower=frame["standardised"] - margin,
        standardised_upper=frame["standardised"] + margin,
    )
    order = ["kind", "left", "right", "free", "estimate", "standard_error", "z", "p_value", "lower", "upper"]
    return result[[*order, "standardised", "standardised_error", "standardised_lower", "standardised_upper"]]


def _problems(model: CfaModel, estimation: Estimation) -> tuple[str, ...]:
    """Say what is improper about the solution."""
    structure, found = estimation.structure, []
    if not estimation.solution.converged:
        found.append(
            f"Not converged after {estimation.solution.iterations} iterations (largest gradient "
            f"{estimation.solution.largest_gradient:.2g}); do not interpret the estimates."
        )
    for item, variance in zip(model.items, estimation.residual_variances, strict=True):
        if variance < 0:
            found.append(f"{item} has a negative residual variance ({variance:.4g}).")
    for factor, variance in zip(model.latent, np.diag(structure.factor_residuals), strict=True):
        if variance < 0:
            found.append(f"Factor {factor} has a negative variance ({variance:.4g}).")
    correlations = _correlations(structure.factor_covariance)
    for one, other in np.argwhere(np.triu(np.abs(correlations) > 1.0 + 1e-9, 1)):
        names = f"{model.latent[one]} and {model.latent[other]}"
        found.append(f"The correlation of {names} is beyond one ({correlations[one, other]:.4g}).")
    if not found and len(correlations) > 1 and np.linalg.eigvalsh(structure.factor_covariance)[0] < -1e-9:
        found.append("The covariance matrix of the factors is not positive definite.")
    if np.isnan(estimation.covariance).any():
        found.append("The information matrix is singular: standard errors are not available.")
    return tuple(found)
