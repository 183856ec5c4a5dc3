"""Kruskal-Wallis test, with people independent or in clusters, and the size of a difference between groups."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import optimize, stats
from scipy.sparse import coo_array

from psychometrics._checks import MOST_LEFT_OUT, listed, require_varying
from psychometrics._nesting import effective_size, nested_in
from psychometrics.errors import InputShapeError, TooFewPersonsError
from psychometrics.groups.people import described, prepared, samples

# Groups within which ranks spread no more than this are told apart without error.
NO_SPREAD = 1e-9


@dataclass(frozen=True)
class KruskalWallis:
    """Kruskal-Wallis test of one score; see :func:`kruskal_wallis`.

    Attributes
    ----------
    statistic, df, p : float, int, float
        H corrected for ties, its degrees of freedom, and p from chi-square; with clusters from `robust_f`.
    epsilon_squared : float
        Effect size between 0 and 1.
    n, n_groups, n_dropped : int
    groups : DataFrame
        ``group``, ``n``, ``median``, ``mean``, ``mean_rank``.
    score : str
    robust_f, df_denominator : float
        With clusters, the F that allows for them and its denominator degrees of freedom; else ``NaN``.
    n_clusters : int
    design_effect, effective_n : float
        How many times the mean ranks vary more than with independent persons (mean over groups), and the independent
        persons that leaves; ``NaN`` without clusters.
    notes : tuple of str
    """

    statistic: float
    df: int
    p: float
    epsilon_squared: float
    n: int
    n_groups: int
    n_dropped: int
    groups: pd.DataFrame
    score: str
    robust_f: float = np.nan
    df_denominator: float = np.nan
    n_clusters: int = 0
    design_effect: float = np.nan
    effective_n: float = np.nan
    notes: tuple[str, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """Return one row with the test; the groups are in ``groups``."""
        names = ("robust_f", "df_denominator", "n_clusters", "design_effect", "effective_n")
        nesting = {name: getattr(self, name) for name in names} if self.n_clusters else {}
        return pd.DataFrame(
            [
                {
                    "score": self.score,
                    "n": self.n,
                    "n_groups": self.n_groups,
                    "H": self.statistic,
                    "df": self.df,
                    "p": self.p,
                    "epsilon_squared": self.epsilon_squared,
                    **nesting,
                    "note": "; ".join(self.notes),
                }
            ]
        )


def kruskal_wallis(
    values: pd.Series, groups: pd.Series, minimum_size: int = 1, clusters: pd.Series | None = None
) -> KruskalWallis:
    r"""Kruskal-Wallis test that groups have the same distribution of a score.

    .. math:: H = \frac{(n-1)\sum_j n_j(\bar R_j - \bar R)^2}{\sum_i (R_i - \bar R)^2}, \quad
              \varepsilon^2 = \frac{H}{n - 1}

    with mid-ranks, so that H is corrected for ties; p from chi-square with (groups - 1) degrees of freedom.

    Parameters
    ----------
    values : Series, shape (n_persons,)
        Numeric, ``NaN`` missing.
    groups : Series, shape (n_persons,)
        Group labels; persons without one are left out.
    minimum_size : int
        Groups with fewer complete persons are left out and named in a note.
    clusters : Series, shape (n_persons,), optional
        Team or agency of each person, none missing. p then comes from Wald's test that the mean ranks are equal, with
        their covariance from the residuals summed in each cluster (times C / (C - 1)), and Hotelling's
        :math:`F = W (\nu - q + 1) / (q \nu)` on q = groups - 1 and :math:`\nu - q + 1` df; :math:`\nu` is the number C
        of clusters less one. Where every cluster lies in one group, p comes from a nested analysis of variance of the
        ranks: :math:`F = MS_g / (MS_c + (k' - k) s^2)` on groups - 1 and C - groups df, with the mean squares of
        groups and of clusters within them, :math:`s^2 = \max(MS_c - MS_w, 0) / k` the variance between clusters,
        :math:`MS_w` the mean square within clusters, and k and k' the mean sizes with which that variance stands in
        the expectations of :math:`MS_c` and :math:`MS_g`. Groups within a single cluster are left out and named.

    Returns
    -------
    KruskalWallis

    Raises
    ------
    InputShapeError
        Fewer than two groups left, or different rows.
    ConstantItemError
        The score does not vary.
    CodingError
        Text or infinite scores.

    References
    ----------
    Kruskal, W. H., & Wallis, W. A. (1952). Use of ranks in one-criterion variance analysis. Journal of the
    American Statistical Association, 47, 583-621. Tomczak, M., & Tomczak, E. (2014). The need to report
    effect size estimates revisited. Trends in Sport Sciences, 1(21), 19-25 (epsilon squared).
    Sokal, R. R., & Rohlf, F. J. (1995). Biometry (3rd ed.), chapter 10 (nested analysis of variance, unequal sizes).

    Notes
    -----
    scipy does the test. Validated against R ``kruskal.test``; with clusters by the share of false alarms in samples.
    Groups made of few clusters each have variances that are hardly known one by one: Wald's test would then find
    differences between equal groups (in a quarter of samples of 13 groups of six clusters), so theirs are pooled.

    See Also
    --------
    psychometrics.groups.dunn : Which groups differ.
    psychometrics.groups.welch_anova : Means instead of ranks.

    Examples
    --------
    >>> import pandas as pd
    >>> score = pd.Series([3.1, 3.4, 2.8, 3.9, 4.2, 4.0, 4.4, 3.8, 3.3, 3.0, 3.6, 2.9])
    >>> sector = pd.Series(["care"] * 4 + ["health"] * 4 + ["other"] * 4)
    >>> found = kruskal_wallis(score, sector)
    >>> round(found.statistic, 3), round(found.p, 3), round(found.epsilon_squared, 2)
    (6.577, 0.037, 0.6)
    """
    score, group, notes = prepared(values, groups, minimum_size)
    nesting: dict[str, float] = {}
    if clusters is not None:
        nested_in(clusters, values.index)
        score, group, more = _spread(score, group, clusters)
        notes += more
        nesting = _robust_ranks(score, group, clusters.loc[score.index])
    test = stats.kruskal(*samples(score, group))
    table = described(score, group)
    return KruskalWallis(
        statistic=float(test.statistic),
        df=len(table) - 1,
        p=nesting.pop("p", float(test.pvalue)),
        epsilon_squared=float(test.statistic) / (len(score) - 1),
        n=len(score),
        n_groups=len(table),
        n_dropped=len(values) - len(score),
        groups=table,
        score=str(score.name),
        **nesting,  # type: ignore[arg-type]
        notes=notes,
    )


def _spread(score: pd.Series, group: pd.Series, clusters: pd.Series) -> tuple[pd.Series, pd.Series, tuple[str, ...]]:
    """Leave out groups within a single cluster: a difference between groups is then one between clusters."""
    counts = clusters.loc[score.index].groupby(group, observed=True).nunique()
    single = sorted(str(name) for name in counts.index[counts < 2])
    kept = group.isin(counts.index[counts >= 2]).to_numpy()
    if len(counts) - len(single) < 2:
        raise InputShapeError(
            f"{score.name}: fewer than two groups have people in two clusters, so a difference between groups cannot "
            "be told from one between clusters"
        )
    note = (f"groups within a single cluster left out: {listed(single, MOST_LEFT_OUT)}",) if single else ()
    require_varying(score[kept], "score")
    return score[kept], group[kept], note


def _robust_ranks(score: pd.Series, group: pd.Series, clusters: pd.Series) -> dict[str, float]:
    """Return the cluster-robust test that groups have the same mean rank, and what the clusters cost."""
    ranks, codes = score.rank().to_numpy(), pd.factorize(group, sort=True)[0]
    sizes, (units, names) = np.bincount(codes), pd.factorize(clusters)
    means = np.bincount(codes, ranks) / sizes
    share = (ranks - means[codes]) / sizes[codes]
    sums = coo_array((share, (units, codes)), shape=(len(names), len(sizes))).tocsr()
    alone = np.bincount(codes, share**2) * len(score) / (len(score) - 1)
    q, nested = len(sizes) - 1, sums.nnz == len(names)
    free = len(names) - len(sizes) if nested else len(names) - q
    if free < 1 or alone.min() <= 0:
        raise InputShapeError(
            f"{score.name}: {len(names)} clusters do not suffice to compare {len(sizes)} groups, or a group does not "
            "vary"
        )
    inflation = len(names) / (len(names) - 1)
    effect = float(np.mean(np.asarray(sums.power(2).sum(axis=0)) * inflation / alone))
    f = _nested_f(ranks, codes, units) if nested else _wald_f(means, (sums.T @ sums).toarray() * inflation, free)
    return {
        "p": float(stats.f.sf(f, q, free)), "robust_f": f, "df_denominator": float(free), "n_clusters": len(names),
        "design_effect": effect, "effective_n": effective_size(len(score), effect),
    }  # fmt: skip


def _wald_f(means: np.ndarray, covariance: np.ndarray, free: int) -> float:
    """Return Hotelling's F that all means are equal."""
    q = len(means) - 1
    apart = np.hstack([-np.ones((q, 1)), np.eye(q)])
    difference = apart @ means
    wald = float(difference @ np.linalg.solve(apart @ covariance @ apart.T, difference))
    return wald * free / (q * (free + q - 1))


def _nested_f(ranks: np.ndarray, codes: np.ndarray, units: np.ndarray) -> float:
    """Return the F of groups over the clusters in them; clusters of unequal size are allowed for by their variance."""
    group = codes[np.unique(units, return_index=True)[1]]
    of_group, of_unit = np.bincount(codes), np.bincount(units)
    group_means, unit_means = np.bincount(codes, ranks) / of_group, np.bincount(units, ranks) / of_unit
    n, free = len(ranks), len(of_unit) - len(of_group)
    between = float(of_group @ (group_means - ranks.mean()) ** 2) / (len(of_group) - 1)
    within = float(of_unit @ (unit_means - group_means[group]) ** 2) / free
    inside = float(np.sum((ranks - unit_means[units]) ** 2)) / max(n - len(of_unit), 1)
    shared = float(np.sum(of_unit**2 / of_group[group]))
    in_groups, in_clusters = (shared - float(np.sum(of_unit**2)) / n) / (len(of_group) - 1), (n - shared) / free
    variance = max(within - inside, 0.0) / in_clusters
    return between / (within + (in_groups - in_clusters) * variance)


def rank_effect_interval(H: float, df: int, n: int, confidence: float = 0.95) -> tuple[float, float, float]:
    r"""Share of the variance of ranks between groups, without the share that chance brings, and its interval.

    .. math:: \eta^2_H = \frac{H - k + 1}{n - k}, \qquad F = \frac{H / (k - 1)}{(n - 1 - H) / (n - k)}, \qquad
              \frac{\lambda_L}{\lambda_L + n} \le \eta^2 \le \frac{\lambda_U}{\lambda_U + n}

    F is that of an analysis of variance of the ranks; the bounds are the noncentralities at which it is the upper and
    the lower tail quantile of the noncentral F distribution with k - 1 and n - k degrees of freedom.

    Parameters
    ----------
    H : float
        Kruskal and Wallis' statistic.
    df : int
        Groups minus one.
    n : int
        Persons, more than groups.
    confidence : float

    Returns
    -------
    tuple of float
        Estimate (negative values kept), lower and upper bound between 0 and 1; bounds ``NaN`` where ranks do not
        overlap at all, so that no spread within groups is left.

    Raises
    ------
    TooFewPersonsError
        No more persons than groups.

    References
    ----------
    Tomczak, M., & Tomczak, E. (2014). The need to report effect size estimates revisited. Trends in Sport Sciences, 1,
    19-25. Conover, W. J., & Iman, R. L. (1981). Rank transformations as a bridge between parametric and nonparametric
    statistics. The American Statistician, 35, 124-129 (F of ranks as a function of H). Steiger, J. H. (2004). Beyond
    the F test. Psychological Methods, 9, 164-182 (inverted noncentral distributions).

    Notes
    -----
    Groups more alike than chance makes them (F below 1) say nothing more against a difference than groups as alike as
    chance: the upper bound is then that of F = 1, so that no small sample rules everything out. Validated by coverage
    in a simulation.

    See Also
    --------
    kruskal_wallis : Where H comes from.

    Examples
    --------
    >>> [round(value, 3) for value in rank_effect_interval(9.2, 2, 90)]
    [0.083, 0.008, 0.221]
    """
    within = n - df - 1
    if within < 1:
        raise TooFewPersonsError(f"{n} persons in {df + 1} groups: more persons than groups are needed")
    estimate, left = (H - df) / within, (n - 1 - H) / within
    if left <= NO_SPREAD:
        return estimate, float("nan"), float("nan")
    f = (H / df) / left
    lower = _noncentrality(f, df, within, (1 + confidence) / 2)
    upper = _noncentrality(max(f, 1.0), df, within, (1 - confidence) / 2)
    return estimate, lower / (lower + n), upper / (upper + n)


def _noncentrality(f: float, df: int, within: int, tail: float) -> float:
    """Return the noncentrality at which the distribution function at f equals `tail`; zero when none does."""
    if stats.f.cdf(f, df, within) <= tail:
        return 0.0
    beyond = max(1.0, df * f)
    while stats.ncf.cdf(f, df, within, beyond) > tail:
        beyond *= 2
    return float(optimize.brentq(lambda size: stats.ncf.cdf(f, df, within, size) - tail, 1e-9, beyond))
