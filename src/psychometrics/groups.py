"""Differences between groups: Kruskal-Wallis, Welch, Dunn's comparisons, and one table for many scores."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd
from scipy import optimize, stats

from psychometrics._checks import numeric_column, numeric_table, require_same_rows, require_varying
from psychometrics._ranks import restore_ties
from psychometrics.association import adjust_p
from psychometrics.errors import InputShapeError, PsychometricsError, TooFewPersonsError

# Groups within which ranks spread no more than this are told apart without error.
NO_SPREAD = 1e-9


@dataclass(frozen=True)
class KruskalWallis:
    """Kruskal-Wallis test of one score; see :func:`kruskal_wallis`.

    Attributes
    ----------
    statistic, df, p : float, int, float
        H corrected for ties, its degrees of freedom, chi-square p-value.
    epsilon_squared : float
        Effect size between 0 and 1.
    n, n_groups, n_dropped : int
    groups : DataFrame
        ``group``, ``n``, ``median``, ``mean``, ``mean_rank``.
    score : str
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
    notes: tuple[str, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """Return one row with the test; the groups are in ``groups``."""
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
                    "note": "; ".join(self.notes),
                }
            ]
        )


def kruskal_wallis(values: pd.Series, groups: pd.Series, minimum_size: int = 1) -> KruskalWallis:
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

    Notes
    -----
    scipy does the test. Validated against R ``kruskal.test``.
    """
    score, group, notes = _prepare(values, groups, minimum_size)
    test = stats.kruskal(*_samples(score, group))
    table = _describe(score, group)
    return KruskalWallis(
        statistic=float(test.statistic),
        df=len(table) - 1,
        p=float(test.pvalue),
        epsilon_squared=float(test.statistic) / (len(score) - 1),
        n=len(score),
        n_groups=len(table),
        n_dropped=len(values) - len(score),
        groups=table,
        score=str(score.name),
        notes=notes,
    )


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
        Estimate (negative values kept), lower and upper bound between 0 and 1.

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
    """
    within = n - df - 1
    if within < 1:
        raise TooFewPersonsError(f"{n} persons in {df + 1} groups: more persons than groups are needed")
    estimate, left = (H - df) / within, (n - 1 - H) / within
    if left <= NO_SPREAD:
        return estimate, 1.0, 1.0
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


@dataclass(frozen=True)
class GroupComparison:
    """Kruskal-Wallis tests of several scores; see :func:`compare_groups`.

    Attributes
    ----------
    tests : DataFrame
        One row a score: ``score``, ``n``, ``n_groups``, ``H``, ``df``, ``p``, ``p_adjusted``,
        ``epsilon_squared``, ``note``.
    groups : DataFrame
        One row a score and group: ``score``, ``group``, ``n``, ``median``, ``mean``, ``mean_rank``.
    adjustment : str
    """

    tests: pd.DataFrame
    groups: pd.DataFrame
    adjustment: str

    def to_frame(self) -> pd.DataFrame:
        """Return a copy of the tests; the groups are in ``groups``."""
        return self.tests.copy()


def compare_groups(
    scores: pd.DataFrame, groups: pd.Series, adjustment: str = "holm", minimum_size: int = 1
) -> GroupComparison:
    """Kruskal-Wallis test of every column of `scores`, with p-values adjusted over the columns.

    Parameters
    ----------
    scores : DataFrame, shape (n_persons, n_scores)
        Numeric, ``NaN`` missing (deleted score by score).
    groups : Series, shape (n_persons,)
    adjustment : str
        As in :func:`psychometrics.association.adjust_p`.
    minimum_size : int
        As in :func:`kruskal_wallis`.

    Returns
    -------
    GroupComparison
        A score that cannot be tested (constant, or fewer than two groups) has ``NaN`` and the reason in
        ``note``.

    Raises
    ------
    InputShapeError
        Empty table, repeated columns or different rows.
    CodingError
        Text or infinite scores.
    """
    table = numeric_table(scores, "scores", noun="column")
    require_same_rows(table.index, groups.index, "scores and groups")
    tests, described = [], []
    for name in table.columns:
        try:
            result = kruskal_wallis(table[name], groups, minimum_size)
        except PsychometricsError as reason:
            tests.append(_untested(str(name), reason))
            continue
        tests.append(result.to_frame())
        described.append(result.groups.assign(score=str(name)))
    long = pd.concat(tests, ignore_index=True)
    long.insert(6, "p_adjusted", adjust_p(long["p"], adjustment))
    columns = ["score", "group", "n", "median", "mean", "mean_rank"]
    details = pd.concat(described, ignore_index=True)[columns] if described else pd.DataFrame(columns=columns)
    return GroupComparison(long, details, adjustment)


def _untested(name: str, reason: PsychometricsError) -> pd.DataFrame:
    """Return the row of a score that could not be tested, with the reason."""
    numbers = dict.fromkeys(("n", "n_groups", "H", "df", "p", "epsilon_squared"), float("nan"))
    return pd.DataFrame([{"score": name, **numbers, "note": str(reason)}])


def _prepare(values: pd.Series, groups: pd.Series, minimum_size: int) -> tuple[pd.Series, pd.Series, tuple[str, ...]]:
    """Return complete scores and groups, without groups under the minimum size, and what was left out."""
    score = numeric_column(values.rename("score" if values.name is None else str(values.name)), "values")
    require_same_rows(score.index, groups.index, "values and groups")
    keep = (score.notna() & groups.notna()).to_numpy()
    score, group = score[keep], groups[keep]
    sizes = group.value_counts().loc[lambda count: count > 0]
    small = sorted(str(name) for name in sizes.index[sizes < minimum_size])
    large = group.isin(sizes.index[sizes >= minimum_size]).to_numpy()
    score, group = score[large], group[large]
    if group.nunique() < 2:
        raise InputShapeError(
            f"{score.name}: two groups with at least {minimum_size} complete person(s) are needed; "
            f"there are {group.nunique()}"
        )
    require_varying(score, "score")
    notes = (f"groups under {minimum_size} left out: {', '.join(small)}",) if small else ()
    return pd.Series(restore_ties(score.to_numpy()), score.index, name=score.name), group, notes


def _samples(score: pd.Series, group: pd.Series) -> list[np.ndarray]:
    """Return the scores of each group, in the order of :func:`_describe`."""
    return [part.to_numpy() for _, part in score.groupby(group.to_numpy(), observed=True)]


def _describe(score: pd.Series, group: pd.Series) -> pd.DataFrame:
    """Return size, median, mean and mean rank of each group."""
    data = pd.DataFrame({"group": group.to_numpy(), "score": score.to_numpy(), "rank": score.rank().to_numpy()})
    grouped = data.groupby("group", observed=True)
    table = grouped["score"].agg(["size", "median", "mean"]).rename(columns={"size": "n"})
    return table.assign(mean_rank=grouped["rank"].mean()).reset_index()


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
    """
    from statsmodels.stats.oneway import anova_oneway

    if minimum_size < 2:
        raise InputShapeError("minimum_size must be at least 2: a group of one has no variance")
    score, group, notes = _prepare(values, groups, minimum_size)
    samples = _samples(score, group)
    for name, part in zip(_describe(score, group)["group"], samples, strict=True):
        require_varying(pd.Series(part, name=f"{score.name} in group {name}"), "score")
    test = anova_oneway(samples, use_var="unequal", welch_correction=True)
    k, f = len(samples), float(test.statistic)
    effect = (k - 1) * (f - 1) / ((k - 1) * (f - 1) + len(score))
    return WelchTest(f, k - 1, float(test.df[1]), float(test.pvalue), effect, len(score), k, str(score.name), notes)


@dataclass(frozen=True)
class DunnComparisons:
    """Dunn's pairwise comparisons; see :func:`dunn`.

    Attributes
    ----------
    table : DataFrame
        One row a pair: ``group_a``, ``group_b``, ``n_a``, ``n_b``, ``difference`` (of mean ranks), ``z``,
        ``p``, ``p_adjusted``, ``probability_of_superiority`` (of group a over b, ties counted half).
    adjustment : str
    score : str
    notes : tuple of str
    """

    table: pd.DataFrame
    adjustment: str
    score: str
    notes: tuple[str, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """Return a copy of the table of pairs."""
        return self.table.copy()


def dunn(values: pd.Series, groups: pd.Series, adjustment: str = "holm", minimum_size: int = 1) -> DunnComparisons:
    r"""Dunn's comparisons of every pair of groups after Kruskal-Wallis.

    .. math:: z_{ab} = \frac{\bar R_a - \bar R_b}{\sqrt{\left(\frac{n(n+1)}{12} -
              \frac{\sum_t (t^3-t)}{12(n-1)}\right)\left(\frac1{n_a} + \frac1{n_b}\right)}}

    with ranks over all groups and t the sizes of tied sets; two-sided p from the normal.

    Parameters
    ----------
    values, groups : Series, shape (n_persons,)
        As in :func:`kruskal_wallis`.
    adjustment : str
        As in :func:`psychometrics.association.adjust_p`, over all pairs.
    minimum_size : int

    Returns
    -------
    DunnComparisons

    Raises
    ------
    InputShapeError, ConstantItemError, CodingError
        As in :func:`kruskal_wallis`.

    References
    ----------
    Dunn, O. J. (1964). Multiple comparisons using rank sums. Technometrics, 6, 241-252.

    Notes
    -----
    Validated against base R's ranks and normal distribution (script in ``tests/reference``).
    """
    score, group, notes = _prepare(values, groups, minimum_size)
    table = _describe(score, group)
    variance = _rank_variance(score)
    parts = _samples(score, group)
    rows = [_dunn_pair(table, parts, i, j, variance) for i, j in combinations(range(len(table)), 2)]
    pairs = pd.DataFrame(rows)
    pairs.insert(7, "p_adjusted", adjust_p(pairs["p"], adjustment))
    return DunnComparisons(pairs, adjustment, str(score.name), notes)


def _rank_variance(score: pd.Series) -> float:
    """Return the variance of a mid-rank (divisor n - 1), which allows for ties."""
    return float(score.rank().var())


def _dunn_pair(table: pd.DataFrame, parts: list[np.ndarray], i: int, j: int, variance: float) -> dict[str, object]:
    """Return the comparison of two groups."""
    a, b = table.iloc[i], table.iloc[j]
    difference = a["mean_rank"] - b["mean_rank"]
    z = difference / np.sqrt(variance * (1 / a["n"] + 1 / b["n"]))
    superiority = (np.sign(parts[i][:, None] - parts[j][None, :]).mean() + 1) / 2
    return {
        "group_a": a["group"], "group_b": b["group"], "n_a": a["n"], "n_b": b["n"], "difference": difference,
        "z": z, "p": 2 * stats.norm.sf(abs(z)), "probability_of_superiority": superiority,
    }  # fmt: skip
