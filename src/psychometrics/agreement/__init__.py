"""How far raters agree: chance-corrected coefficients, within-group agreement, intraclass correlations.

Ratings are tables with one row a rated person or object and one column a rater (``NaN`` or ``None`` where not
rated), except where a function says that it takes long data with a group for each row.
"""

from __future__ import annotations

from psychometrics.agreement.coding import agreement_weights
from psychometrics.agreement.coefficients import fleiss_kappa, gwet_ac1, gwet_ac2, percent_agreement
from psychometrics.agreement.cohen import cohen_kappa, conger_kappa
from psychometrics.agreement.generalisability import GeneralisabilityStudy, generalisability_study
from psychometrics.agreement.intraclass import IntraclassCorrelations, icc
from psychometrics.agreement.krippendorff_coefficient import krippendorff_alpha
from psychometrics.agreement.nested import IccGroups, icc1
from psychometrics.agreement.rater_number import DecisionStudy, decision_study
from psychometrics.agreement.result import AgreementCoefficient, wilson_interval
from psychometrics.agreement.within_group import (
    WithinGroupAgreement,
    average_deviation,
    null_variance,
    rwg,
    rwg_j,
)

__all__ = [
    "AgreementCoefficient",
    "DecisionStudy",
    "GeneralisabilityStudy",
    "IccGroups",
    "IntraclassCorrelations",
    "WithinGroupAgreement",
    "agreement_weights",
    "average_deviation",
    "cohen_kappa",
    "conger_kappa",
    "decision_study",
    "fleiss_kappa",
    "generalisability_study",
    "gwet_ac1",
    "gwet_ac2",
    "icc",
    "icc1",
    "krippendorff_alpha",
    "null_variance",
    "percent_agreement",
    "rwg",
    "rwg_j",
    "wilson_interval",
]
