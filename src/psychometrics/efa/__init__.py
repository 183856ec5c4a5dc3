"""Exploratory factor analysis: extraction, rotation, fit, and how far solutions agree."""

from psychometrics.efa.fit import EfaFit, fit_indices
from psychometrics.efa.rotation import align_factors, tucker_congruence
from psychometrics.efa.solution import EfaResult, fit_efa

__all__ = ["EfaFit", "EfaResult", "align_factors", "fit_efa", "fit_indices", "tucker_congruence"]
