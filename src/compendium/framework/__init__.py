"""An instrument as data: competencies, items, outcome scales, answer scales, claims, and its optional parts."""

from compendium.framework.claims import CLAIMS_FILE, ClaimsFile, claim_faults
from compendium.framework.feedback import feedback_languages, feedback_texts, translated
from compendium.framework.instrument import WORDING, Framework
from compendium.framework.loading import (
    FrameworkReading,
    load_framework,
    locate_framework,
    read_framework,
)
from compendium.framework.new import new_framework
from compendium.framework.schema import (
    RESTRICTED,
    CompetencyTexts,
    FeedbackTexts,
    FrameworkDescription,
    ResponseScale,
    RestrictedScale,
)

__all__ = [
    "CLAIMS_FILE",
    "RESTRICTED",
    "WORDING",
    "ClaimsFile",
    "CompetencyTexts",
    "FeedbackTexts",
    "Framework",
    "FrameworkDescription",
    "FrameworkReading",
    "ResponseScale",
    "RestrictedScale",
    "claim_faults",
    "feedback_languages",
    "feedback_texts",
    "load_framework",
    "locate_framework",
    "new_framework",
    "read_framework",
    "translated",
]
