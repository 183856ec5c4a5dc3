"""Reliability of scores: alpha and its intervals, and what a factor model says about a sum of items."""

from psychometrics.reliability.alpha import (
    AlphaResult,
    alpha_if_dropped,
    cronbach_alpha,
    ordinal_alpha,
)
from psychometrics.reliability.formulas import (
    alpha_of_matrix,
    feldt_interval,
    green_yang,
    omega_of_loadings,
    standard_error_of_measurement,
)
from psychometrics.reliability.hierarchical import HierarchicalOmega, bifactor_omega, omega_hierarchical
from psychometrics.reliability.omega import (
    OmegaResult,
    omega_categorical,
    omega_if_dropped,
    omega_total,
)
from psychometrics.reliability.two_level import TwoLevelReliability, two_level_reliability
from psychometrics.reliability.validity import (
    HtmtResult,
    average_variance_extracted,
    composite_reliability,
    htmt,
)

__all__ = [
    "AlphaResult",
    "HierarchicalOmega",
    "HtmtResult",
    "OmegaResult",
    "TwoLevelReliability",
    "alpha_if_dropped",
    "alpha_of_matrix",
    "average_variance_extracted",
    "bifactor_omega",
    "composite_reliability",
    "cronbach_alpha",
    "feldt_interval",
    "green_yang",
    "htmt",
    "omega_categorical",
    "omega_hierarchical",
    "omega_if_dropped",
    "omega_of_loadings",
    "omega_total",
    "ordinal_alpha",
    "standard_error_of_measurement",
    "two_level_reliability",
]
