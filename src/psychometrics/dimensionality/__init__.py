"""How many dimensions a questionnaire has: adequacy, parallel analysis and its rivals side by side."""

from psychometrics.dimensionality.adequacy import BartlettResult, KmoResult, bartlett_sphericity, kmo
from psychometrics.dimensionality.criteria import (
    EmpiricalKaiser,
    HullResult,
    MinimumAveragePartial,
    empirical_kaiser,
    hull,
    minimum_average_partial,
)
from psychometrics.dimensionality.network import (
    ExploratoryGraphAnalysis,
    exploratory_graph_analysis,
    walktrap,
)
from psychometrics.dimensionality.parallel import ParallelAnalysis, parallel_analysis
from psychometrics.dimensionality.retention import RetainFactors, retain_factors

__all__ = [
    "BartlettResult",
    "EmpiricalKaiser",
    "ExploratoryGraphAnalysis",
    "HullResult",
    "KmoResult",
    "MinimumAveragePartial",
    "ParallelAnalysis",
    "RetainFactors",
    "bartlett_sphericity",
    "empirical_kaiser",
    "exploratory_graph_analysis",
    "hull",
    "kmo",
    "minimum_average_partial",
    "parallel_analysis",
    "retain_factors",
    "walktrap",
]
