"""Exploratory factor analysis: extraction, rotation, fit, and how far solutions agree."""

from psychometrics.efa.compare import SchmidLeiman, SolutionAgreement, compare_solutions, schmid_leiman
from psychometrics.efa.fit import EfaFit, fit_indices
from psychometrics.efa.rotation import align_factors, tucker_congruence
from psychometrics.efa.solution import EfaResult, fit_efa

__all__ = [
    "EfaFit",
    "EfaResult",
    "SchmidLeiman",
    "SolutionAgreement",
    "align_factors",
    "compare_solutions",
    "fit_efa",
    "fit_indices",
    "schmid_leiman",
    "tucker_congruence",
]
