"""Numbers as a reader sees them: the only place where they are rounded."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd

MINUS = "\N{MINUS SIGN}"
NOT_SHOWN = "\N{EN DASH}"


def number(value: Any, decimals: int = 2) -> str:
    """Write a number for a reader: fixed decimals, true minus sign, an en dash for what is not defined."""
    plain = value.item() if isinstance(value, np.generic) else value
    if _undefined(plain):
        return NOT_SHOWN
    if isinstance(plain, bool):
        return "yes" if plain else "no"
    if isinstance(plain, int):
        return f"{plain:,}".replace("-", MINUS)
    return _fixed(plain, decimals) if isinstance(plain, float) else str(plain)


def p_value(value: Any) -> str:
    """Write a p value: three decimals without a leading zero, never as zero; a blank cell is none."""
    if _undefined(value) or value == "":
        return NOT_SHOWN
    if value < 0.001:
        return "< .001"
    return f"{value:.3f}".removeprefix("0")


def percent(share: Any, decimals: int = 0) -> str:
    """Write a share between 0 and 1 as a percentage."""
    return NOT_SHOWN if _undefined(share) or share == "" else f"{_fixed(100 * float(share), decimals)} %"


def _undefined(value: Any) -> bool:
    """Say whether there is no number to write."""
    return value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value))


def _fixed(value: float, decimals: int) -> str:
    """Write fixed decimals with a true minus sign, zero without a sign."""
    text = f"{value:,.{decimals}f}"
    return text.lstrip("-") if not text.strip("-0.,") else text.replace("-", MINUS)
