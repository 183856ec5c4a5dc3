"""Reliability of scores: alpha and its intervals, and what a factor model says about a sum of items."""

from psychometrics.reliability.alpha import (
    AlphaResult,
    alpha_if_dropped,
    alpha_of_matrix,
    cronbach_alpha,
    feldt_interval,
    ordinal_alpha,
    standard_error_of_measurement,
)

__all__ = [
    "AlphaResult",
    "alpha_if_dropped",
    "alpha_of_matrix",
    "cronbach_alpha",
    "feldt_interval",
    "ordinal_alpha",
    "standard_error_of_measurement",
]
