"""Item response theory: the graded response model, what it says of items, scales and people, and how it fits."""

from psychometrics.irt.dependence import LocalDependence, local_dependence
from psychometrics.irt.graded import GradedResponse, fit_graded_response, fit_scales
from psychometrics.irt.information import (
    category_probabilities,
    expected_scores,
    item_information,
    marginal_reliability,
    scale_information,
)
from psychometrics.irt.misfit import item_fit
from psychometrics.irt.persons import empirical_reliability, person_fit, person_scores

__all__ = [
    "GradedResponse",
    "LocalDependence",
    "category_probabilities",
    "empirical_reliability",
    "expected_scores",
    "fit_graded_response",
    "fit_scales",
    "item_fit",
    "item_information",
    "local_dependence",
    "marginal_reliability",
    "person_fit",
    "person_scores",
    "scale_information",
]
