"""Groups that ought to differ: a hypothesis of construct validity, stated before and confirmed or not."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from psychometrics._checks import numeric_column, require_same_rows, share
from psychometrics.errors import ConstantItemError, InputShapeError, PsychometricsError
from psychometrics.groups.people import superiority
from psychometrics.self_other.comparison import noncentrality_interval


@dataclass(frozen=True)
class KnownGroups:
    """One known-groups hypothesis; see :func:`known_groups`.

    Attributes
    ----------
    difference, lower, upper : float
        Mean of the group expected to be higher minus the other, in points, with Welch's interval.
    t, df, p : float
        Welch's two-sided test.
    hedges_g, g_lower, g_upper : float
        Difference in pooled standard deviations, corrected for small samples, with the noncentral t interval.
    probability_of_superiority : float
        That one of the higher group scores above one of the lower, ties counted half.
    confirmed : bool
        The interval of the difference lies above zero and g reaches the smallest effect stated.
    n_higher, n_lower, n_dropped : int
    higher, lower_group : str
    smallest_effect, confidence : float
    """

    difference: float
    lower: float
    upper: float
    t: float
    df: float
    p: float
    hedges_g: float
    g_lower: float
    g_upper: float
    probability_of_superiority: float
    confirmed: bool
    n_higher: int
    n_lower: int
    n_dropped: int
    higher: str
    lower_group: str
    smallest_effect: float
    confidence: float

    def to_frame(self) -> pd.DataFrame:
        """Return one row with every figure."""
        return pd.DataFrame([{name: getattr(self, name) for name in self.__dataclass_fields__}])


def known_groups(
    values: pd.Series,
    groups: pd.Series,
    higher: Hashable,
    lower: Hashable,
    smallest_effect: float = 0.0,
    confidence: float = 0.95,
) -> KnownGroups:
    r"""Test the hypothesis that one group scores higher than another.

    .. math:: g = J\,\frac{\bar x_1 - \bar x_2}{s_p}, \quad
              J = \frac{\Gamma(\nu/2)}{\sqrt{\nu/2}\,\Gamma((\nu - 1)/2)}, \quad \nu = n_1 + n_2 - 2

    Parameters
    ----------
    values : Series, shape (n_persons,)
        Numeric, ``NaN`` missing.
    groups : Series, shape (n_persons,)
        Group of each person; others than the two named are left out.
    higher, lower : label
        The group expected to score higher, and the other.
    smallest_effect : float
        Smallest g that counts as confirmation, zero or above.
    confidence : float

    Returns
    -------
    KnownGroups

    Raises
    ------
    InputShapeError
        A group with fewer than two complete persons, or different rows.
    ConstantItemError
        Scores that do not vary within the groups.
    PsychometricsError
        A negative smallest effect.

    References
    ----------
    Mokkink, L. B., et al. (2018). COSMIN risk of bias checklist for systematic reviews of patient-reported outcome
    measures. Quality of Life Research, 27, 1171-1179. Hedges, L. V. (1981). Distribution theory for Glass's estimator
    of effect size. Journal of Educational Statistics, 6, 107-128, equation 6e. Welch, B. L.
    (1947). Biometrika, 34, 28-35.

    Notes
    -----
    Validated against R ``t.test``, ``wilcox.test`` and metafor's ``escalc("SMD")``. People are taken as independent;
    where they are nested, read the cluster-robust test of :func:`psychometrics.groups.kruskal_wallis` beside it.

    See Also
    --------
    compare_groups : Any number of groups, without a hypothesis.

    Examples
    --------
    >>> import pandas as pd
    >>> score = pd.Series([4.2, 4.5, 3.9, 4.8, 3.1, 3.6, 3.3, 4.0])
    >>> group = pd.Series(["long"] * 4 + ["short"] * 4)
    >>> found = known_groups(score, group, higher="long", lower="short", smallest_effect=0.5)
    >>> round(found.difference, 2), round(found.hedges_g, 2), found.confirmed
    (0.85, 1.9, True)
    """
    share(confidence)
    if not smallest_effect >= 0:
        raise PsychometricsError(f"the smallest effect is zero or above, not {smallest_effect}")
    score = numeric_column(values, "values")
    require_same_rows(score.index, groups.index, "values and groups")
    one, two = (score[(groups == name).to_numpy()].dropna().to_numpy() for name in (higher, lower))
    n, m = len(one), len(two)
    if min(n, m) < 2:
        raise InputShapeError(f"{higher} has {n} and {lower} {m} complete persons; two of each are needed")
    pooled = float(np.sqrt(((n - 1) * one.var(ddof=1) + (m - 1) * two.var(ddof=1)) / (n + m - 2)))
    difference = float(one.mean() - two.mean())
    if pooled <= 1e-12 * max(np.abs(one).max(), np.abs(two).max()):
        raise ConstantItemError(f"scores do not vary within {higher} and {lower}: no effect size is defined")
    statistic, welch_df, error = _welch(one, two)
    low, high = (difference + sign * stats.t.ppf((1 + confidence) / 2, welch_df) * error for sign in (-1, 1))
    scale, free = np.sqrt(n * m / (n + m)), n + m - 2
    correction = float(np.exp(_log_gamma(free / 2) - _log_gamma((free - 1) / 2)) / np.sqrt(free / 2))
    ends = [correction * end / scale for end in noncentrality_interval(difference / pooled * scale, free, confidence)]
    g = correction * difference / pooled
    return KnownGroups(
        difference, float(low), float(high), statistic, welch_df, float(2 * stats.t.sf(abs(statistic), welch_df)), g,
        float(ends[0]), float(ends[1]), superiority(one, two),
        bool(low > 0 and g >= smallest_effect), n, m, len(score) - n - m, str(higher), str(lower),
        smallest_effect, confidence,
    )  # fmt: skip


def _welch(one: np.ndarray, two: np.ndarray) -> tuple[float, float, float]:
    """Return Welch's t, its degrees of freedom and the standard error; one group may be constant."""
    parts = np.array([group.var(ddof=1) / len(group) for group in (one, two)])
    error = float(np.sqrt(parts.sum()))
    df = float(parts.sum() ** 2 / (parts**2 / [len(one) - 1, len(two) - 1]).sum())
    return float(one.mean() - two.mean()) / error, df, error


def _log_gamma(value: float) -> float:
    """Return the logarithm of the gamma function."""
    from scipy.special import gammaln

    return float(gammaln(value))
