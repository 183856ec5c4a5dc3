"""Statistics for competency questionnaires: tables of numbers in, frozen results out.

Modules load on first use, so that ``import psychometrics`` stays light.
"""

from __future__ import annotations

import importlib
from types import ModuleType

_MODULES = (
    "agreement",
    "association",
    "cfa",
    "dimensionality",
    "efa",
    "errors",
    "groups",
    "items",
    "ordinal",
    "reliability",
    "resampling",
    "scoring",
    "screening",
    "selection",
    "self_other",
)


def __getattr__(name: str) -> ModuleType:
    if name in _MODULES:
        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(_MODULES)
