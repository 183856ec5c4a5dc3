"""P-values adjusted for the number of tests made."""

from __future__ import annotations

import numpy as np
import pandas as pd

from psychometrics._checks import require_same_rows
from psychometrics.errors import PsychometricsError

#: Names of adjustments as researchers write them, and as statsmodels writes them.
ADJUSTMENTS = {
    "none": None,
    "bonferroni": "bonferroni",
    "holm": "holm",
    "hochberg": "simes-hochberg",
    "hommel": "hommel",
    "bh": "fdr_bh",
    "by": "fdr_by",
}


def adjust_p(
    p_values: pd.Series | np.ndarray | list[float],
    method: str = "holm",
    family: pd.Series | None = None,
) -> pd.Series:
    r"""Adjust p-values for the number of tests made.

    Parameters
    ----------
    p_values : Series, array or list
        One p-value a test; ``NaN`` (a test that could not be made) stays ``NaN`` and is not counted.
    method : {"holm", "hochberg", "hommel", "bonferroni", "bh", "by", "none"}
        Holm, Hochberg, Hommel and Bonferroni hold the family-wise error rate; ``bh`` (Benjamini & Hochberg)
        and ``by`` (Benjamini & Yekutieli) the false discovery rate.
    family : Series, optional
        The declared family of each test (same index); each family is adjusted by itself.

    Returns
    -------
    Series
        Adjusted p-values with the index of `p_values`, named ``p_<method>``.

    Raises
    ------
    PsychometricsError
        Unknown method, or a p-value outside [0, 1].
    InputShapeError
        `family` of another index than `p_values`.

    References
    ----------
    Holm, S. (1979). A simple sequentially rejective multiple test procedure. Scandinavian Journal of
    Statistics, 6, 65-70. Benjamini, Y., & Hochberg, Y. (1995). Controlling the false discovery rate. Journal
    of the Royal Statistical Society B, 57, 289-300.

    Notes
    -----
    statsmodels does the work, but for Holm's method, for which it collects garbage at every call (a tenth of a second
    and more in a large program); there the sorted p-values :math:`p_{(i)}` give
    :math:`\max_{j \le i} \min\{1, (m - j + 1)\, p_{(j)}\}`. Validated against R ``p.adjust``.

    See Also
    --------
    correlation_matrix : Where many p-values come from.

    Examples
    --------
    >>> adjust_p([0.01, 0.02, 0.04], "holm").round(3).tolist()
    [0.03, 0.04, 0.04]
    """
    if method not in ADJUSTMENTS:
        raise PsychometricsError(f"adjustment {method!r} is not known; use one of {sorted(ADJUSTMENTS)}")
    values = pd.Series(p_values, dtype=float)
    if ((values < 0) | (values > 1)).any():
        raise PsychometricsError("p-values must lie between 0 and 1")
    if family is None:
        return _adjust_family(values, method).rename(f"p_{method}")
    require_same_rows(values.index, family.index, "p_values and family")
    adjusted = values.copy()
    for name in family.unique():
        inside = (family == name).to_numpy()
        adjusted[inside] = _adjust_family(values[inside], method)
    return adjusted.rename(f"p_{method}")


def _adjust_family(values: pd.Series, method: str) -> pd.Series:
    """Adjust the tests of one family."""
    known = values.notna().to_numpy()
    name = ADJUSTMENTS[method]
    if name is None or not known.any():
        return values.copy()
    adjusted = values.to_numpy(copy=True)
    adjusted[known] = _holm(adjusted[known]) if name == "holm" else _by_statsmodels(adjusted[known], name)
    return pd.Series(adjusted, values.index)


def _holm(p_values: np.ndarray) -> np.ndarray:
    """Adjust by Holm's method (1979)."""
    order = np.argsort(p_values)
    steps = np.maximum.accumulate(p_values[order] * np.arange(len(order), 0, -1))
    adjusted = np.empty(len(order))
    adjusted[order] = np.minimum(steps, 1.0)
    return adjusted


def _by_statsmodels(p_values: np.ndarray, name: str) -> np.ndarray:
    """Adjust by another method."""
    from statsmodels.stats.multitest import multipletests

    return np.asarray(multipletests(p_values, method=name)[1])
