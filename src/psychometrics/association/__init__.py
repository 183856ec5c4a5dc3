"""How scores go together: correlations, regressions, predictor importance, power and precision.

Every function takes numeric tables with persons in rows (``NaN`` where missing) and returns a frozen result
at full precision with ``to_frame()``.
"""

from __future__ import annotations

from psychometrics.association.correlation import (
    CorrelationTable,
    DisattenuatedCorrelation,
    adjust_p,
    correlation_interval,
    correlation_matrix,
    disattenuate,
    spearman_matrix,
)
from psychometrics.association.mixed import MixedModelResult, random_intercept
from psychometrics.association.models import RegressionResult, regression
from psychometrics.association.planning import (
    CorrelationPrecision,
    correlation_power,
    correlation_precision,
    minimum_detectable_correlation,
    persons_for_correlation,
)

__all__ = [
    "CorrelationPrecision",
    "CorrelationTable",
    "DisattenuatedCorrelation",
    "MixedModelResult",
    "RegressionResult",
    "adjust_p",
    "correlation_interval",
    "correlation_matrix",
    "correlation_power",
    "correlation_precision",
    "disattenuate",
    "minimum_detectable_correlation",
    "persons_for_correlation",
    "random_intercept",
    "regression",
    "spearman_matrix",
]
