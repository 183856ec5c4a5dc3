"""Screening of responses: missing answers, careless answering, normality. Nobody is dropped."""

from psychometrics.screening.flags import CarelessFlags, CarelessRules, flag_careless
from psychometrics.screening.indices import (
    even_odd_consistency,
    intra_individual_variability,
    longstring,
    mahalanobis_distance,
    straight_lining,
)
from psychometrics.screening.missingness import (
    LittleTest,
    MissingPatterns,
    little_mcar_test,
    missing_patterns,
    normal_moments,
)
from psychometrics.screening.normality import HenzeZirkler, henze_zirkler

__all__ = [
    "CarelessFlags",
    "CarelessRules",
    "HenzeZirkler",
    "LittleTest",
    "MissingPatterns",
    "even_odd_consistency",
    "flag_careless",
    "henze_zirkler",
    "intra_individual_variability",
    "little_mcar_test",
    "longstring",
    "mahalanobis_distance",
    "missing_patterns",
    "normal_moments",
    "straight_lining",
]
