"""How many dimensions a questionnaire has: adequacy, parallel analysis and its rivals side by side."""

from psychometrics.dimensionality.adequacy import BartlettResult, KmoResult, bartlett_sphericity, kmo
from psychometrics.dimensionality.parallel import ParallelAnalysis, parallel_analysis

__all__ = [
    "BartlettResult",
    "KmoResult",
    "ParallelAnalysis",
    "bartlett_sphericity",
    "kmo",
    "parallel_analysis",
]
