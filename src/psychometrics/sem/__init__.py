"""Factor models of ordered and continuous items, in one group or several.

:class:`CfaModel` says what loads on what; :func:`fit_cfa` fits it, with or without groups, clusters and equalities;
:func:`difference_test` compares nested models; :func:`dynamic_cutoffs` derives cut-offs of the fit indices for one
model; :func:`measurement_invariance` walks the levels of equality;
:func:`merge_categories` joins answer categories that some group does not use.
"""

from __future__ import annotations

from psychometrics.sem._input import Estimator, Missing
from psychometrics.sem.categories import MergedCategories, merge_categories
from psychometrics.sem.difference import DifferenceTest, difference_test
from psychometrics.sem.fit_cutoffs import DynamicCutoffs, dynamic_cutoffs
from psychometrics.sem.fit_measures import FitMeasures
from psychometrics.sem.fitting import fit_cfa
from psychometrics.sem.invariance import Cutoffs, MeasurementInvariance, measurement_invariance
from psychometrics.sem.model import CfaModel
from psychometrics.sem.over_time import InvarianceOverTime, invariance_over_time
from psychometrics.sem.result import CfaResult

__all__ = [
    "CfaModel",
    "CfaResult",
    "Cutoffs",
    "DifferenceTest",
    "DynamicCutoffs",
    "Estimator",
    "FitMeasures",
    "InvarianceOverTime",
    "MeasurementInvariance",
    "MergedCategories",
    "Missing",
    "difference_test",
    "dynamic_cutoffs",
    "fit_cfa",
    "invariance_over_time",
    "measurement_invariance",
    "merge_categories",
]
