"""An instrument as data: competencies, items, outcome scales and the answer scale."""

from compendium.framework.loading import (
    RESTRICTED,
    Framework,
    FrameworkDescription,
    FrameworkReading,
    ResponseScale,
    RestrictedScale,
    load_framework,
    read_framework,
)

__all__ = [
    "RESTRICTED",
    "Framework",
    "FrameworkDescription",
    "FrameworkReading",
    "ResponseScale",
    "RestrictedScale",
    "load_framework",
    "read_framework",
]
