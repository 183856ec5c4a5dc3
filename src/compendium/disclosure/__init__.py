"""What may be shown: everything that leaves the study passes here first."""

from compendium.disclosure.crosstable import Bounds, CrossTable
from compendium.disclosure.floors import FLOORS, floor_problem, lowered
from compendium.disclosure.gate import ABOUT_NOBODY, Gate, Withheld, neutral_text
from compendium.disclosure.kinds import Kinds, OfPeople
from compendium.disclosure.rounding import (
    UNIFORM,
    guarded_edges,
    merged_bins,
    rater_step,
    rounded_number,
    rounded_sums,
    rounded_to,
    step_for,
)
from compendium.disclosure.suppression import (
    NOT_STATED,
    OTHER_GROUPS,
    SUPPRESSED,
    hidden_groups,
    pool_hidden_groups,
    suppress_small_groups,
)

__all__ = [
    "ABOUT_NOBODY",
    "FLOORS",
    "NOT_STATED",
    "OTHER_GROUPS",
    "SUPPRESSED",
    "UNIFORM",
    "Bounds",
    "CrossTable",
    "Gate",
    "Kinds",
    "OfPeople",
    "Withheld",
    "floor_problem",
    "guarded_edges",
    "hidden_groups",
    "lowered",
    "merged_bins",
    "neutral_text",
    "pool_hidden_groups",
    "rater_step",
    "rounded_number",
    "rounded_sums",
    "rounded_to",
    "step_for",
    "suppress_small_groups",
]
