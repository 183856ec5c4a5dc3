"""Self-ratings against peer ratings of the same people."""

from __future__ import annotations

from psychometrics.self_other.comparison import SelfOtherComparison, compare, noncentrality_interval
from psychometrics.self_other.profiles import (
    AgreementProfiles,
    BlandAltman,
    agreement_profiles,
    bland_altman,
    peer_standard_error,
)
from psychometrics.self_other.sources import MultitraitMultisource, multitrait_multisource
from psychometrics.self_other.surface import ResponseSurface, response_surface

__all__ = [
    "AgreementProfiles",
    "BlandAltman",
    "MultitraitMultisource",
    "ResponseSurface",
    "SelfOtherComparison",
    "agreement_profiles",
    "bland_altman",
    "compare",
    "multitrait_multisource",
    "noncentrality_interval",
    "peer_standard_error",
    "response_surface",
]
