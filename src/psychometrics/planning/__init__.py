"""How many people, peers and clusters the next sample needs, from the estimates of this one and their uncertainty."""

from psychometrics.planning.correlations import (
    CorrelationPlan,
    corrected_interval,
    persons_for_corrected_correlation,
)
from psychometrics.planning.factor import FactorPopulation, factor_population
from psychometrics.planning.groups import GroupPlan, dif_plan, invariance_plan
from psychometrics.planning.precision import PrecisionPlan, precision_plan
from psychometrics.planning.raters import RaterPlan, rater_plan

__all__ = [
    "CorrelationPlan",
    "FactorPopulation",
    "GroupPlan",
    "PrecisionPlan",
    "RaterPlan",
    "corrected_interval",
    "dif_plan",
    "factor_population",
    "invariance_plan",
    "persons_for_corrected_correlation",
    "precision_plan",
    "rater_plan",
]
