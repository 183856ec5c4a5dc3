"""Measurement invariance across groups, for ordered and for continuous items.

:func:`measurement_invariance` walks the levels; :func:`fit_groups` fits one set of equalities;
:func:`merge_categories` joins answer categories that some group does not use.
"""

from __future__ import annotations

from psychometrics.invariance.categories import MergedCategories, merge_categories
from psychometrics.invariance.groups import GroupModel, difference_between, fit_groups
from psychometrics.invariance.sequence import Cutoffs, MeasurementInvariance, measurement_invariance

__all__ = [
    "Cutoffs",
    "GroupModel",
    "MeasurementInvariance",
    "MergedCategories",
    "difference_between",
    "fit_groups",
    "measurement_invariance",
    "merge_categories",
]
