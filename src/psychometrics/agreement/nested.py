"""ICC(1) and ICC(2) of members nested in groups, each named by its formula."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd
from scipy import stats

from psychometrics._checks import numeric_column, require_same_rows, require_varying, share
from psychometrics._nesting import nested_in, percentiles, resample_counts
from psychometrics._reml import fit_random_intercepts
from psychometrics.agreement.intraclass import ratio_bounds
from psychometrics.agreement.rater_number import spearman_brown
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
    n_clusters, n_resamples, n_failed : int
        Clusters and resamples behind the intervals (0 without clusters), and resamples without an estimate.
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
    n_clusters: int = 0
    n_resamples: int = 0
    n_failed: int = 0
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
    clusters: pd.Series | None = None,
    n_resamples: int = 1000,
    seed: int = 0,
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
    clusters : Series, shape (n_members,), optional
        What the groups lie in (the agency of each member, with teams or rated persons as groups), for an ANOVA method:
        intervals then come from resampling whole clusters.
    n_resamples, seed : int
        Of the bootstrap with clusters.

    Returns
    -------
    IccGroups
        Negative ANOVA estimates are kept and noted; groups of one stay in and are counted. ICC(2) and bounds that no
        members could share are ``NaN`` and noted.

    Raises
    ------
    InputShapeError
        One group, no group with two members, or different rows.
    ConstantItemError
        The values do not vary, or not within any group.
    PsychometricsError
        Unknown method, clusters with ``"mixed"``, or a group that lies in two clusters.

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

    See Also
    --------
    psychometrics.agreement.icc : The same raters for everybody.
    psychometrics.association.random_intercept : With predictors.

    Examples
    --------
    >>> import pandas as pd
    >>> rating = pd.Series([4.0, 4, 5, 2, 3, 2, 3, 4, 4])
    >>> person = pd.Series(["p", "p", "p", "q", "q", "q", "r", "r", "r"])
    >>> found = icc1(rating, person)
    >>> round(found.icc1, 3), round(found.icc2, 3)
    (0.735, 0.893)
    """
    share(confidence, "confidence")
    if method not in _FORMULAS:
        raise PsychometricsError(f"method {method!r} is not known; use one of {sorted(_FORMULAS)}")
    numbers = numeric_column(values.rename("values" if values.name is None else str(values.name)), "values")
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
    x = y.to_numpy(dtype=float)
    part = (_mixed_part if method == "mixed" else _anova_part)(x, codes, sizes, method, confidence)
    result = IccGroups(
        **part,  # type: ignore[arg-type]
        n=len(x),
        n_groups=len(sizes),
        n_single=int((sizes == 1).sum()),
        n_dropped=int((~keep).sum()),
        method=method,
        formula=_FORMULAS[method],
        confidence=confidence,
        notes=_icc1_notes(part, method),
    )
    if clusters is None:
        return result
    if method == "mixed":
        raise PsychometricsError("clusters go with an ANOVA method; variance components of clusters: random_intercept")
    nested_in(clusters, values.index)
    return _clustered(result, x, codes, clusters[keep], n_resamples, seed)


def _clustered(
    result: IccGroups, y: np.ndarray, codes: np.ndarray, clusters: pd.Series, n_resamples: int, seed: int
) -> IccGroups:
    """Return the result with intervals from resampled clusters."""
    pairs = np.unique(np.column_stack([codes, pd.factorize(clusters)[0]]), axis=0)
    if len(pairs) != result.n_groups:
        raise PsychometricsError("a group lies in two clusters: give the larger grouping as clusters")
    n_clusters = int(pairs[:, 1].max()) + 1
    if n_clusters < 2:
        raise InputShapeError("all groups are in one cluster; clusters need at least two")
    y = y - y.mean()
    size, total = np.bincount(codes).astype(float), np.bincount(codes, y)
    parts = np.column_stack([np.ones(len(size)), size, size**2, total, total**2 / size, np.bincount(codes, y**2)])
    of_cluster = np.column_stack([np.bincount(pairs[:, 1], part, n_clusters) for part in parts.T])
    one, two = _resampled(resample_counts(n_clusters, n_resamples, seed) @ of_cluster, result.method)
    first, second = percentiles(one, result.confidence), percentiles(two, result.confidence)
    return replace(
        result,
        icc1_lower=first.lower, icc1_upper=first.upper, icc2_lower=second.lower, icc2_upper=second.upper, p=math.nan,
        n_clusters=n_clusters, n_resamples=n_resamples, n_failed=first.n_failed,
        notes=(*result.notes, *filter(None, (first.note and f"ICC(1): {first.note}",))),
    )  # fmt: skip


def _resampled(sums: np.ndarray, method: str) -> tuple[np.ndarray, np.ndarray]:
    """Return ICC(1) and ICC(2) of each resample; ``NaN`` where undefined.

    `sums` has one row a resample: groups, members, squared sizes, values, squared totals over sizes, squared values.
    """
    groups, n, squared_sizes, total, means, squares = sums.T
    df1, df2 = groups - 1, n - groups
    between = (means - total**2 / n) / df1
    within = np.divide(squares - means, df2, out=np.full(len(n), np.nan), where=df2 > 0)
    k = n / groups if method == "anova_mean_size" else (n - squared_sizes / n) / df1
    below = between + (k - 1) * within
    one = np.divide(between - within, below, out=np.full(len(n), np.nan), where=below > 1e-12)
    two = np.divide(between - within, between, out=np.full(len(n), np.nan), where=between > 1e-12)
    return one, two


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
    f, none = between / within, between <= 1e-12 * within
    low, high = ratio_bounds(f, df1, df2, k, confidence)
    two = (math.nan, math.nan) if none else _stepped_up(low, high, k)
    return {
        "icc1": float((between - within) / (between + (k - 1) * within)), "icc1_lower": low, "icc1_upper": high,
        "icc2": math.nan if none else (between - within) / between, "icc2_lower": two[0], "icc2_upper": two[1],
        "F": f, "df1": df1, "df2": df2, "p": float(stats.f.sf(f, df1, df2)),
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
    two = _stepped_up(low, high, k)
    unknown = dict.fromkeys(("F", "df1", "df2", "p"), float("nan"))
    return {
        "icc1": share, "icc1_lower": low, "icc1_upper": high, "icc2": spearman_brown(share, k),
        "icc2_lower": two[0], "icc2_upper": two[1], **unknown, "between": tau,
        "within": sigma, "group_size": k,
    }  # fmt: skip


def _stepped_up(low: float, high: float, k: float) -> tuple[float, float]:
    """Return the interval of ICC(2) from that of ICC(1); ``NaN`` where a bound leaves the range of a reliability."""
    lower, upper = spearman_brown(low, k), spearman_brown(high, k)
    return (lower, upper) if lower < upper else (math.nan, math.nan)


def _icc1_notes(part: dict[str, float], method: str) -> tuple[str, ...]:
    """Say when members of a group are no more alike than members of different groups, and what is undefined."""
    if method == "mixed" and part["icc1"] == 0:
        return ("variance between groups estimated as zero (singular fit)",)
    notes = []
    if part["icc1"] < 0:
        notes.append("negative: members of a group are less alike than members of different groups")
    if math.isnan(part["icc2"]):
        notes.append("ICC(2) is undefined: the groups do not differ at all")
    elif math.isnan(part["icc2_lower"]):
        notes.append("ICC(2) has no interval: a bound leaves the range of a reliability")
    return tuple(notes)
