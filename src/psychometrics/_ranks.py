"""Ranks that mean what they say: values equal but for rounding noise tie."""

from __future__ import annotations

import numpy as np


def restore_ties(values: np.ndarray) -> np.ndarray:
    """Round to 12 digits of the largest value, so that means equal but for rounding noise tie in ranks."""
    known = np.abs(values[np.isfinite(values)])
    if len(known) == 0 or known.max() == 0:
        return values
    return np.asarray(np.round(values, 12 - int(np.ceil(np.log10(known.max())))))
