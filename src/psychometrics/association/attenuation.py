"""A correlation corrected for the unreliability of its measures."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from psychometrics.association.correlation import require_correlation
from psychometrics.errors import PsychometricsError


@dataclass(frozen=True)
class DisattenuatedCorrelation:
    """A correlation corrected for unreliability; see :func:`disattenuate`."""

    observed: float
    corrected: float
    lower: float
    upper: float
    reliability_x: float
    reliability_y: float
    notes: tuple[str, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """Return one row with every figure."""
        row = {name: getattr(self, name) for name in self.__dataclass_fields__ if name != "notes"}
        return pd.DataFrame([row | {"note": "; ".join(self.notes)}])


def disattenuate(
    correlation: float,
    reliability_x: float,
    reliability_y: float,
    lower: float = float("nan"),
    upper: float = float("nan"),
) -> DisattenuatedCorrelation:
    r"""Correct a correlation for the unreliability of both measures.

    .. math:: r_c = r / \sqrt{r_{xx}\, r_{yy}}

    The bounds are divided by the same factor, as if the reliabilities were known without error (Hunter &
    Schmidt 2004, p. 96), so they are somewhat too narrow.

    Parameters
    ----------
    correlation : float
        Observed correlation.
    reliability_x, reliability_y : float
        Reliabilities, above 0 and up to 1.
    lower, upper : float, optional
        Interval of the observed correlation.

    Returns
    -------
    DisattenuatedCorrelation
        The corrected value is not cut at 1: above 1 a note says that the reliabilities are too low for it.

    Raises
    ------
    PsychometricsError
        A correlation outside [-1, 1] or a reliability outside (0, 1].

    References
    ----------
    Spearman (1904). Hunter, J. E., & Schmidt, F. L. (2004). Methods of meta-analysis (2nd ed.), Sage.

    Notes
    -----
    Validated against psych's ``correct.cor``.

    See Also
    --------
    correlation_interval : Bounds of the observed one.

    Examples
    --------
    >>> round(disattenuate(0.30, 0.80, 0.70).corrected, 3)
    0.401
    """
    require_correlation(correlation)
    for value in (reliability_x, reliability_y):
        if not 0 < value <= 1:
            raise PsychometricsError(f"a reliability must lie above 0 and up to 1; {value} does not")
    factor = float(np.sqrt(reliability_x * reliability_y))
    corrected = correlation / factor
    notes = ("corrected value outside [-1, 1]: reliabilities underestimated, or sampling error",)
    return DisattenuatedCorrelation(
        correlation, corrected, lower / factor, upper / factor, reliability_x, reliability_y,
        notes if abs(corrected) > 1 else (),
    )  # fmt: skip
