"""The open study of one cohort: plan, framework, description and prepared tables; what steps and reports take."""

from compendium.study.examined import examine_study, validate
from compendium.study.nesting import Level, Nesting, nesting_of
from compendium.study.opened import (
    CANDIDATES,
    COMPARABLE,
    OF_A_FRAMEWORK,
    Study,
    carries,
    has_part,
    known_parts,
    open_study,
)
from compendium.study.prepared import Prepared

__all__ = [
    "CANDIDATES",
    "COMPARABLE",
    "OF_A_FRAMEWORK",
    "Level",
    "Nesting",
    "Prepared",
    "Study",
    "carries",
    "examine_study",
    "has_part",
    "known_parts",
    "nesting_of",
    "open_study",
    "validate",
]
