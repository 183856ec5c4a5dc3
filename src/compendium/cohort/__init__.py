"""One cohort: its description, its responses checked against it, and the folder of a new one."""

from compendium.cohort.assembly import Cohort, effective_number
from compendium.cohort.loading import Examination, cohort_of, examine, load_cohort
from compendium.cohort.new import new_cohort
from compendium.cohort.pseudonyms import pseudonyms_of
from compendium.cohort.schema import CohortSettings, Group, load_settings
from compendium.cohort.tailoring import study_plan, tailored
from compendium.cohort.withdrawal import Withdrawal, withdraw

__all__ = [
    "Cohort",
    "CohortSettings",
    "Examination",
    "Group",
    "Withdrawal",
    "cohort_of",
    "effective_number",
    "examine",
    "load_cohort",
    "load_settings",
    "new_cohort",
    "pseudonyms_of",
    "study_plan",
    "tailored",
    "withdraw",
]
