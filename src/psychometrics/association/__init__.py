"""How scores go together: correlations, regressions, predictor importance, power and precision.

Every function takes numeric tables with persons in rows (``NaN`` where missing) and returns a frozen result
at full precision with ``to_frame()``.
"""

from __future__ import annotations

from psychometrics.association.adjustment import adjust_p
from psychometrics.association.attenuation import DisattenuatedCorrelation, disattenuate
from psychometrics.association.clustered import (
    SplitGroupCorrelation,
    bootstrap_correlations,
    cross_source_table,
    split_group_correlation,
)
from psychometrics.association.contrasts import (
    CorrelationDifference,
    EquivalenceTest,
    compare_independent_correlations,
    compare_overlapping_correlations,
    equivalence_test,
    marker_adjusted,
    verdict,
)
from psychometrics.association.correlation import (
    CorrelationTable,
    correlation_interval,
    correlation_matrix,
    spearman_matrix,
)
from psychometrics.association.importance import PredictorImportance, dominance_analysis, relative_weights
from psychometrics.association.imputation import (
    PooledEstimate,
    imputed_regression,
    multiple_imputation,
    pool_estimates,
)
from psychometrics.association.mixed import MixedModelResult, random_intercept
from psychometrics.association.models import RegressionResult, regression
from psychometrics.association.ordinal_models import OrdinalRegressionResult, ordinal_regression
from psychometrics.association.partial import partial_correlations
from psychometrics.association.planning import (
    CorrelationPrecision,
    correlation_power,
    correlation_precision,
    minimum_detectable_correlation,
    persons_for_correlation,
)
from psychometrics.association.spline import SplineRegression, restricted_cubic_basis, spline_regression

__all__ = [
    "CorrelationDifference",
    "CorrelationPrecision",
    "CorrelationTable",
    "DisattenuatedCorrelation",
    "EquivalenceTest",
    "MixedModelResult",
    "OrdinalRegressionResult",
    "PooledEstimate",
    "PredictorImportance",
    "RegressionResult",
    "SplineRegression",
    "SplitGroupCorrelation",
    "adjust_p",
    "bootstrap_correlations",
    "compare_independent_correlations",
    "compare_overlapping_correlations",
    "correlation_interval",
    "correlation_matrix",
    "correlation_power",
    "correlation_precision",
    "cross_source_table",
    "disattenuate",
    "dominance_analysis",
    "equivalence_test",
    "imputed_regression",
    "marker_adjusted",
    "minimum_detectable_correlation",
    "multiple_imputation",
    "ordinal_regression",
    "partial_correlations",
    "persons_for_correlation",
    "pool_estimates",
    "random_intercept",
    "regression",
    "relative_weights",
    "restricted_cubic_basis",
    "spearman_matrix",
    "spline_regression",
    "split_group_correlation",
    "verdict",
]
