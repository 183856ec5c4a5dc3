"""ICC(1) and ICC(2) of members nested in groups, each named by its formula."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from scipy import stats

from psychometrics._reml import fit_random_intercepts
from psychometrics.agreement.intraclass import ratio_bounds
from psychometrics.agreement.rater_number import spearman_brown
from psychometrics.association._input import (
    as_numeric_series,
    column_label,
    require_same_rows,
    require_varying,
)
from psychometrics.association.correlation import _require_share
from psychometrics.association.mixed import share_interval
from psychometrics.errors import ConstantItemError, InputShapeError, PsychometricsError

Icc1Method = Literal["anova_mean_size", "anova_n0", "mixed"]


@dataclass(frozen=True)
class IccGroups:
    """ICC(1) and ICC(2) of members in groups; see :func:`icc1`.

    Attributes
    ----------
    icc1, icc1_lower, icc1_upper : float
        Share of variance between groups: the reliability of one member.
    icc2, icc2_lower, icc2_upper : float
        Reliability of the mean of a group of ``group_size`` members, ICC(1,k).
    F, df1, df2, p : float
        Test of differences between groups; ``NaN`` for the mixed model.
    between, within : float
        Mean squares, or variances for the mixed model.
    group_size : float
        The size k that the formula uses.
    n, n_groups, n_single, n_dropped : int
        Members, groups, groups of one, rows left out.
    method, formula : str
    confidence : float
    notes : tuple of str
    """

    icc1: float
    icc1_lower: float
    icc1_upper: float
    icc2: float
    icc2_lower: float
    icc2_upper: float
    F: float
    df1: float
    df2: float
    p: float
    between: float
    within: float
    group_size: float
    n: int
    n_groups: int
    n_single: int
    n_dropped: int
    method: str
    formula: str
    confidence: float
    notes: tuple[str, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """Return one row with every figure."""
        row = {name: getattr(self, name) for name in self.__dataclass_fields__ if name != "notes"}
        return pd.DataFrame([row | {"note": "; ".join(self.notes)}])


_FORMULAS = {
    "anova_mean_size": "(MSB - MSW) / (MSB + (k - 1) MSW), k the mean group size",
    "anova_n0": "(MSB - MSW) / (MSB + (k - 1) MSW), k = n0 = (N - sum n^2 / N) / (J - 1)",
    "mixed": "tau^2 / (tau^2 + sigma^2) by REML; ICC(2) at the mean group size",
}


def icc1(
    values: pd.Series,
    groups: pd.Series,
    method: Icc1Method = "anova_n0",
    confidence: float = 0.95,
) -> IccGroups:
    r"""ICC(1) and ICC(2) of members nested in groups, for example peers in the person they rate.

    ``anova_*``: :math:`ICC(1) = \frac{MSB - MSW}{MSB + (k-1)MSW}` and :math:`ICC(2) = \frac{MSB-MSW}{MSB}`,
    with k the mean group size or :math:`n_0 = \frac{1}{J-1}\left(N - \frac{\sum n_j^2}{N}\right)`; intervals
    from F, exact for equal groups and approximate for unequal ones. ``mixed``:
    :math:`\tau^2/(\tau^2+\sigma^2)` by REML, interval by profile likelihood, ICC(2) by Spearman-Brown at the
    mean group size. With unequal groups the three differ: name the one reported.

    Parameters
    ----------
    values : Series, shape (n_members,)
        Numeric, ``NaN`` missing (left out).
    groups : Series, shape (n_members,)
    method : {"anova_n0", "anova_mean_size", "mixed"}
    confidence : float

    Returns
    -------
    IccGroups
        Negative ANOVA estimates are kept and noted; groups of one stay in and are counted.

    Raises
    ------
    InputShapeError
        One group, no group with two members, or different rows.
    ConstantItemError
        The values do not vary, or not within any group.
    PsychometricsError
        Unknown method.

    References
    ----------
    Bliese, P. D. (2000). Within-group agreement, non-independence, and reliability. In Klein & Kozlowski
    (Eds.), Multilevel theory, research, and methods in organizations, pp. 349-381. Bartko, J. J. (1976). On
    various intraclass correlation reliability coefficients. Psychological Bulletin, 83, 762-765. Searle, S.
    R., Casella, G., & McCulloch, C. E. (1992). Variance components, p. 71 (n0). McGraw & Wong (1996), table
    7.

    Notes
    -----
    Validated against multilevel's ``ICC1`` and ``ICC2`` (mean size) and lme4's ``lmer`` (mixed).
    """
    _require_share(confidence, "confidence")
    if method not in _FORMULAS:
        raise PsychometricsError(f"method {method!r} is not known; use one of {sorted(_FORMULAS)}")
    numbers = as_numeric_series(values.rename(column_label(values.name, "values")), "values")
    require_same_rows(numbers.index, groups.index, "values and groups")
    keep = (numbers.notna() & groups.notna()).to_numpy()
    y, codes = numbers[keep], pd.factorize(groups[keep])[0]
    require_varying(y, "values")
    sizes = np.bincount(codes)
    if len(sizes) < 2 or sizes.max() < 2:
        raise InputShapeError(
            f"{y.name}: {len(sizes)} groups, the largest with {sizes.max()} member(s); ICC(1) needs two groups and "
            "a group with two members"
        )
    estimate = _mixed_part if method == "mixed" else _anova_part
    part = estimate(y.to_numpy(), codes, sizes, method, confidence)
    return IccGroups(
        **part,
        n=len(y),
        n_groups=len(sizes),
        n_single=int((sizes == 1).sum()),
        n_dropped=int((~keep).sum()),
        method=method,
        formula=_FORMULAS[method],
        confidence=confidence,
        notes=_icc1_notes(part["icc1"], method),
    )


def _anova_part(
    y: np.ndarray, codes: np.ndarray, sizes: np.ndarray, method: str, confidence: float
) -> dict[str, float]:
    """Return ICC(1) and ICC(2) by one-way analysis of variance."""
    means = np.bincount(codes, y) / sizes
    df1, df2 = len(sizes) - 1, len(y) - len(sizes)
    between = float((sizes * (means - y.mean()) ** 2).sum() / df1)
    within = float(((y - means[codes]) ** 2).sum() / df2)
    if np.isclose(within, 0, atol=1e-14 * between):
        raise ConstantItemError("members of a group never differ: F is infinite and no interval exists")
    n = len(y)
    k = n / len(sizes) if method == "anova_mean_size" else (n - (sizes**2).sum() / n) / df1
    f = between / within
    low, high = ratio_bounds(f, df1, df2, k, confidence)
    return {
        "icc1": (between - within) / (between + (k - 1) * within), "icc1_lower": low, "icc1_upper": high,
        "icc2": (between - within) / between if between > 0 else -math.inf, "icc2_lower": spearman_brown(low, k),
        "icc2_upper": spearman_brown(high, k), "F": f, "df1": df1, "df2": df2, "p": float(stats.f.sf(f, df1, df2)),
        "between": between, "within": within, "group_size": k,
    }  # fmt: skip


def _mixed_part(
    y: np.ndarray, codes: np.ndarray, sizes: np.ndarray, method: str, confidence: float
) -> dict[str, float]:
    """Return ICC(1) and ICC(2) by REML."""
    one = np.ones((len(y), 1))
    fit = fit_random_intercepts(y, one, {"group": codes}, degrees_of_freedom=False)
    tau, sigma = fit.variances["group"], fit.residual_variance
    share, k = tau / (tau + sigma), len(y) / len(sizes)
    low, high = share_interval(y, one, {"group": codes}, confidence)
    unknown = dict.fromkeys(("F", "df1", "df2", "p"), float("nan"))
    return {
        "icc1": share, "icc1_lower": low, "icc1_upper": high, "icc2": spearman_brown(share, k),
        "icc2_lower": spearman_brown(low, k), "icc2_upper": spearman_brown(high, k), **unknown, "between": tau,
        "within": sigma, "group_size": k,
    }  # fmt: skip


def _icc1_notes(estimate: float, method: str) -> tuple[str, ...]:
    """Say when members of a group are no more alike than members of different groups."""
    if method == "mixed" and estimate == 0:
        return ("variance between groups estimated as zero (singular fit)",)
    return ("negative: members of a group are less alike than members of different groups",) if estimate < 0 else ()
