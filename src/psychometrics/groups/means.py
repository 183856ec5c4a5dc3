"""Welch's test of means."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from psychometrics._checks import require_varying
from psychometrics.errors import ConstantItemError, InputShapeError
from psychometrics.groups.people import described, prepared, samples


@dataclass(frozen=True)
class WelchTest:
    """Welch's analysis of variance; see :func:`welch_anova`."""

    statistic: float
    df_between: int
    df_within: float
    p: float
    omega_squared: float
    n: int
    n_groups: int
    score: str
    notes: tuple[str, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """Return one row with every figure."""
        row = {name: getattr(self, name) for name in self.__dataclass_fields__ if name != "notes"}
        return pd.DataFrame([row | {"note": "; ".join(self.notes)}])


def welch_anova(values: pd.Series, groups: pd.Series, minimum_size: int = 2) -> WelchTest:
    r"""Welch's test that groups have the same mean, without equal variances.

    .. math:: F = \frac{\sum_j w_j(\bar x_j - \tilde x)^2/(k-1)}{1 + 2(k-2)\Lambda/(k^2-1)}, \quad
              w_j = n_j/s_j^2, \quad \Lambda = \sum_j \frac{(1 - w_j/\sum w)^2}{n_j - 1},
              \quad df_2 = \frac{k^2-1}{3\Lambda}

    with effect size :math:`\omega^2 = (k-1)(F-1)/\{(k-1)(F-1) + n\}`.

    Parameters
    ----------
    values, groups : Series, shape (n_persons,)
        As in :func:`kruskal_wallis`.
    minimum_size : int
        At least 2; smaller groups are left out and named.

    Returns
    -------
    WelchTest

    Raises
    ------
    InputShapeError
        Fewer than two groups left, or `minimum_size` below 2.
    ConstantItemError
        The score does not vary at all or within a group.

    References
    ----------
    Welch, B. L. (1951). On the comparison of several mean values. Biometrika, 38, 330-336. Hays, W. L.
    (1994). Statistics (5th ed.), p. 409 (omega squared with F of the test).

    Notes
    -----
    statsmodels does the test. Validated against R ``oneway.test``.

    See Also
    --------
    psychometrics.groups.kruskal_wallis : Ranks instead of means.

    Examples
    --------
    >>> import pandas as pd
    >>> score = pd.Series([3.1, 3.4, 2.8, 3.9, 4.2, 4.0, 4.4, 3.8, 3.3, 3.0, 3.6, 2.9])
    >>> sector = pd.Series(["care"] * 4 + ["health"] * 4 + ["other"] * 4)
    >>> found = welch_anova(score, sector)
    >>> round(found.statistic, 2), round(found.p, 3)
    (10.04, 0.013)
    """
    from statsmodels.stats.oneway import anova_oneway

    if minimum_size < 2:
        raise InputShapeError("minimum_size must be at least 2: a group of one has no variance")
    score, group, notes = prepared(values, groups, minimum_size)
    parts = samples(score, group)
    for name, part in zip(described(score, group)["group"], parts, strict=True):
        require_varying(pd.Series(part, name=f"{score.name} in group {name}"), "score")
    test = anova_oneway(parts, use_var="unequal", welch_correction=True)
    k, f = len(parts), float(test.statistic)
    if not np.isfinite(f):
        raise ConstantItemError(f"{score.name}: scores do not vary within groups but for rounding, so F is undefined")
    effect = (k - 1) * (f - 1) / ((k - 1) * (f - 1) + len(score))
    return WelchTest(f, k - 1, float(test.df[1]), float(test.pvalue), effect, len(score), k, str(score.name), notes)
