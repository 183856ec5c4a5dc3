"""What is improper about a solution, and what a reader must know that is no fault of it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from psychometrics.sem._continuous import NormalProblem
from psychometrics.sem._estimation import Estimation
from psychometrics.sem._input import Sorted
from psychometrics.sem._moments import Stacked

Array = NDArray[np.float64]


def deviations_of(covariance: Array) -> Array:
    """Return the standard deviations of a covariance matrix; NaN for a variance that is not positive."""
    variances = np.diag(covariance)
    return np.asarray(np.sqrt(np.where(variances > 0, variances, np.nan)))


def correlations_of(covariance: Array) -> Array:
    """Correlations of a covariance matrix; NaN beside a variance that is not positive."""
    deviations = deviations_of(covariance)
    return np.asarray(covariance / np.outer(deviations, deviations))


def problems_of(data: Sorted, estimation: Estimation) -> tuple[str, ...]:
    """Say what is improper about the solution."""
    found = []
    solution = estimation.solution
    if not solution.converged:
        found.append(
            f"Not converged after {solution.iterations} iterations (largest gradient "
            f"{solution.largest_gradient:.2g}); do not interpret the estimates."
        )
    for group, name in enumerate(data.names):
        found += _of_group(estimation, group, f" in {name}" if data.several else "")
    if np.isnan(estimation.covariance).any():
        found.append("Not identified: the information matrix is singular, so that standard errors are not available.")
    elif estimation.undetermined:
        named = ", ".join(dict.fromkeys(estimation.undetermined))
        found.append(
            f"Not identified: the answers do not determine the loadings of {named} (the standard error of a "
            "standardised loading exceeds 1), so that standard errors are not available."
        )
    return tuple(found)


def _of_group(estimation: Estimation, group: int, where: str) -> list[str]:
    """Variances and correlations of a group outside their range."""
    structure, layout, found = estimation.structures[group], estimation.sharing.layout, []
    for item, variance in zip(layout.items, estimation.residual_variances(group), strict=True):
        if variance < 0:
            found.append(f"{item} has a negative residual variance{where} ({variance:.4g}).")
    for factor, variance in zip(layout.factors, np.diag(structure.factor_residuals), strict=True):
        if variance < 0 and factor not in estimation.undetermined:
            found.append(f"Factor {factor} has a negative variance{where} ({variance:.4g}).")
    correlations = correlations_of(structure.factor_covariance)
    for one, other in np.argwhere(np.triu(np.abs(correlations) > 1.0 + 1e-9, 1)):
        names = f"{layout.factors[one]} and {layout.factors[other]}"
        found.append(f"The correlation of {names} is beyond one{where} ({correlations[one, other]:.4g}).")
    if not found and len(correlations) > 1 and np.linalg.eigvalsh(structure.factor_covariance)[0] < -1e-9:
        found.append(f"The covariance matrix of the factors is not positive definite{where}.")
    return found


def notes_of(data: Sorted, estimation: Estimation, equal: bool) -> tuple[str, ...]:
    """Say what the missing rule dropped, what it assumes, and what the correlations cannot carry."""
    notes, used = [], int(data.sizes.sum())
    if used < data.n_given:
        notes.append(f"{data.n_given - used} of {data.n_given} persons were left out by the missing rule.")
    samples = estimation.problem.samples
    if data.clusters is not None:
        notes.append(f"Standard errors and scaled tests allow for {data.clusters.number} clusters.")
    if isinstance(samples, Stacked):
        notes += _ordered_notes(data, samples, equal)
    elif isinstance(estimation.problem, NormalProblem):
        smallest = min(float(np.linalg.eigvalsh(part.covariance)[0]) for part in samples.saturated)
        if smallest <= 0:
            notes.append(f"The covariance matrix is not positive definite (smallest eigenvalue {smallest:.4g}).")
    return tuple(notes)


def _ordered_notes(data: Sorted, samples: Stacked, equal: bool) -> list[str]:
    """Say what the polychoric correlations rest on."""
    notes = []
    if data.missing == "pairwise" and not all(part.complete for part in data.coded):
        notes.append(
            "Pairwise correlations assume that responses are missing completely at random; thresholds and loadings are "
            "biased where what is missing depends on the answers."
        )
    corrected = sum(group.estimates.n_corrected for group in samples.groups)
    if corrected:
        notes.append(
            f"{corrected} two-by-two table{'s' if corrected > 1 else ''} had an empty cell, into which half a person "
            "was moved (Brown & Benedetti 1977)."
        )
    smallest = min(float(np.linalg.eigvalsh(group.matrix)[0]) for group in samples.groups)
    if smallest <= 0:
        notes.append(
            f"The polychoric matrix is not positive definite (smallest eigenvalue {smallest:.4g}): robust CFI, TLI and "
            "RMSEA are not defined."
        )
    elif equal:
        notes.append("Robust CFI, TLI and RMSEA are not defined for ordered items under equalities.")
    return notes
