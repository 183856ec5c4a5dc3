"""Reliable change of groups: whether a team's mean moved by more than its error, also where members came and left."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from psychometrics._checks import numeric_column, require_same_rows, share
from psychometrics.change import DETERIORATED, IMPROVED, UNCHANGED, UNKNOWN
from psychometrics.errors import InputShapeError, PsychometricsError, TooFewPersonsError

# Two groups give a variance between groups, and three people a covariance over time.
FEWEST_GROUPS, FEWEST_PEOPLE = 2, 3


@dataclass(frozen=True)
class WaveComponents:
    """Where scores in two waves differ; see :func:`wave_components`.

    Attributes
    ----------
    within_before, within_after : float
        Variance of the members around the mean of their group in each wave.
    covariance : float
        Of both deviations of the people who were in the same group both times; zero where they are fewer than three.
    between, mean : float
        Variance of the true means of the groups, and mean of everybody, in the wave before.
    n_before, n_after, n_both, n_groups : int
    """

    within_before: float
    within_after: float
    covariance: float
    between: float
    mean: float
    n_before: int
    n_after: int
    n_both: int
    n_groups: int

    def to_frame(self) -> pd.DataFrame:
        """Return one row with every figure."""
        return pd.DataFrame([{name: getattr(self, name) for name in self.__dataclass_fields__}])


def wave_components(
    before: pd.Series, after: pd.Series, groups_before: pd.Series, groups_after: pd.Series
) -> WaveComponents:
    r"""Split the scores of two waves into what lies between groups, within them, and within them over time.

    .. math:: s_t^2 = \frac{\sum_g \sum_i (x_{tgi} - \bar x_{tg})^2}{N_t - G_t}, \qquad
              c = \frac{\sum_g \sum_{i \in both} (x_{1gi} - \bar x'_{1g})(x_{2gi} - \bar x'_{2g})}{N_b - G_b}, \qquad
              S^2 = \max\left(0, \frac{MS_b - s_1^2}{n_0}\right)

    with :math:`\bar x'` the means of the people who were in the same group both times, and the mean squares of a
    one-way analysis of variance of the wave before.

    Parameters
    ----------
    before, groups_before : Series, shape (n_persons_before,)
        Score (higher is better, ``NaN`` missing) and group (missing: in none) of each person, same index.
    after, groups_after : Series, shape (n_persons_after,)
        The same of the second wave; people are followed by the index.

    Returns
    -------
    WaveComponents

    Raises
    ------
    InputShapeError
        Scores and groups have not the same index.
    TooFewPersonsError
        Fewer than two groups, or no group of two people, in one of the waves.

    References
    ----------
    Bliese, P. D. (2000). Within-group agreement, non-independence, and reliability, pp. 349-381 in K. J. Klein & S. W.
    J. Kozlowski (Eds.), Multilevel theory, research, and methods in organizations. Searle, S. R., Casella, G., &
    McCulloch, C. E. (1992). Variance components, p. 71 (unequal groups).

    Notes
    -----
    Validated against the intraclass correlation of :func:`psychometrics.agreement.icc1` (its variance between groups),
    which is checked against R's ``multilevel``.

    See Also
    --------
    reliable_group_change : What is judged with them.

    Examples
    --------
    >>> import pandas as pd
    >>> first, second = pd.Series([1.0, 2, 3, 5]), pd.Series([2.0, 2, 4, 6])
    >>> found = wave_components(first, second, pd.Series(list("AABB")), pd.Series(list("AABB")))
    >>> found.within_before, round(found.between, 3), found.covariance, found.n_both
    (1.25, 2.5, 1.0, 4)
    """
    first, second = (_members(*each) for each in ((before, groups_before), (after, groups_after)))
    within_before, within_after = _within(first), _within(second)
    both = first.merge(second, left_index=True, right_index=True, suffixes=("_before", "_after"))
    both = both[both["group_before"] == both["group_after"]]
    sizes = first["group"].value_counts()
    n, mean = len(first), float(first["score"].mean())
    of_group = first.groupby("group")["score"].mean().reindex(sizes.index)
    square = float((sizes * (of_group - mean) ** 2).sum() / (len(sizes) - 1))
    usual = float((n - (sizes**2).sum() / n) / (len(sizes) - 1))
    between = max((square - within_before) / usual, 0.0)
    covariance = _covariance(both)
    return WaveComponents(within_before, within_after, covariance, between, mean, n, len(second), len(both), len(sizes))


def _members(scores: pd.Series, groups: pd.Series) -> pd.DataFrame:
    """Return the people who have a score and a group."""
    known = numeric_column(scores, "scores")
    require_same_rows(known.index, groups.index, "scores and groups")
    members = pd.DataFrame({"score": known, "group": groups}).dropna()
    if members["group"].nunique() < FEWEST_GROUPS or members["group"].value_counts().max() < 2:
        raise TooFewPersonsError("change of groups needs two groups, and one of two people, in each wave")
    return members


def _within(members: pd.DataFrame) -> float:
    """Return the pooled variance within groups."""
    grouped = members.groupby("group")["score"]
    return float(((members["score"] - grouped.transform("mean")) ** 2).sum() / (len(members) - grouped.ngroups))


def _covariance(both: pd.DataFrame) -> float:
    """Return the pooled covariance over time of people who stayed in their group, zero where too few did."""
    if len(both) < FEWEST_PEOPLE or both["group_before"].nunique() > len(both) - 2:
        return 0.0
    grouped = both.groupby("group_before")
    one, two = (both[name] - grouped[name].transform("mean") for name in ("score_before", "score_after"))
    return float((one * two).sum() / (len(both) - grouped.ngroups))


@dataclass(frozen=True)
class GroupChange:
    """Change of each group against its error by two rules; see :func:`reliable_group_change`.

    Attributes
    ----------
    table : DataFrame
        One row a group: ``change``, ``error``, ``threshold`` (from here on it is reliable), ``index``, ``verdict`` by
        the rule of Jacobson and Truax; ``expected`` of a group that did not change, ``expected_error``,
        ``expected_index``, ``expected_verdict`` by the rule of the true score.
    confidence : float
    """

    table: pd.DataFrame
    confidence: float

    def to_frame(self) -> pd.DataFrame:
        """Return a copy of the table."""
        return self.table.copy()


def reliable_group_change(
    groups: pd.DataFrame, components: WaveComponents, rounding: float | pd.Series = 0.0, confidence: float = 0.95
) -> GroupChange:
    r"""Judge the change of each group's mean by two rules: Jacobson and Truax, and the true score.

    What a score is to a person, the mean is to a group: its error is that of few members, some of whom came or left.

    .. math:: v_t = \frac{s_t^2}{n_t} + \frac{d_t^2}{12}, \quad k = \frac{n_b\,c}{n_1 n_2}, \qquad
              RC = \frac{\bar x_2 - \bar x_1}{\sqrt{v_1 + v_2 - 2k}}

    .. math:: E = M + \frac{S^2 + k}{S^2 + v_1}(\bar x_1 - M), \qquad
              RC_{true} = \frac{\bar x_2 - E}{\sqrt{S^2 + v_2 - \frac{(S^2 + k)^2}{S^2 + v_1}}}

    A change is reliable where :math:`|RC|` exceeds the normal quantile of `confidence`. Members' own ups and downs
    count as error. With groups of one person who stays, both are the rules for persons, with the covariance over time
    in place of a reliability; with the same members both times the first is the paired test on pooled variances.

    Parameters
    ----------
    groups : DataFrame, shape (n_groups, 5)
        ``before``, ``after`` (means), ``n_before``, ``n_after``, ``n_both`` (members in both waves); one row a group.
        A missing mean is not compared, nor is one without any error.
    components : WaveComponents
        Of everybody.
    rounding : float or Series, shape (n_groups,)
        Steps to which both means were rounded (d), zero where they were not; those of one wave are taken for both.
    confidence : float

    Returns
    -------
    GroupChange

    Raises
    ------
    InputShapeError
        A column is missing, or more members were there both times than in one wave.
    PsychometricsError
        Nobody differs within any group, so that there is no error.

    References
    ----------
    Jacobson, N. S., & Truax, P. (1991). Journal of Consulting and Clinical Psychology, 59, 12-19, p. 14. Hsu, L. M.
    (1989). Behavioral Assessment, 11, 459-467. Derrick, B., Russ, B., Toher, D., & White, P. (2017). Test statistics
    for the comparison of means for two samples that include both paired and independent observations. Journal of Modern
    Applied Statistical Methods, 16(1), 137-157 (error of a difference where some people are in both).

    Notes
    -----
    Validated against :func:`psychometrics.change.reliable_change` and :func:`psychometrics.change.regressed_change`
    (groups of one), and by drawn cohorts in which nothing changes.

    See Also
    --------
    psychometrics.change.reliable_change : The first rule for persons.
    psychometrics.change.regressed_change : The second rule for persons.

    Examples
    --------
    >>> import pandas as pd
    >>> parts = WaveComponents(0.25, 0.25, 0.15, 0.02, 4.0, 200, 180, 150, 15)
    >>> team = {"before": [3.8], "after": [4.2], "n_before": [12], "n_after": [11], "n_both": [10]}
    >>> found = reliable_group_change(pd.DataFrame(team), parts).table
    >>> found[["threshold", "expected"]].round(2).values.tolist(), found["verdict"].item()
    ([[0.28, 3.85]], 'improved')
    """
    share(confidence)
    names = ("before", "after", "n_before", "n_after", "n_both")
    if missing := [name for name in names if name not in groups]:
        raise InputShapeError(f"groups lack {', '.join(missing)}")
    one, two, first, second, both = (groups[name].astype(float) for name in names)
    if bool(((both > first) | (both > second)).any()):
        raise InputShapeError("more members were there both times than in one wave")
    if not components.within_before + components.within_after > 0:
        raise PsychometricsError("nobody differs within a group, so that a change of means has no error")
    rest = pd.Series(rounding, index=groups.index, dtype=float) ** 2 / 12
    spread_one, spread_two = components.within_before / first + rest, components.within_after / second + rest
    shared = both * components.covariance / (first * second)
    error = _root(spread_one + spread_two - 2 * shared)
    slope = (components.between + shared) / (components.between + spread_one)
    expected = components.mean + slope * (one - components.mean)
    left = components.between + spread_two - slope * (components.between + shared)
    limit = float(stats.norm.ppf((1 + confidence) / 2))
    table = pd.DataFrame({"change": two - one, "error": error, "threshold": limit * error})
    table["index"] = table["change"] / error
    table["verdict"] = _verdicts(table["index"], limit)
    table["expected"], table["expected_error"] = expected, _root(left)
    table["expected_index"] = (two - expected) / table["expected_error"]
    table["expected_verdict"] = _verdicts(table["expected_index"], limit)
    return GroupChange(table, confidence)


def _verdicts(index: pd.Series, limit: float) -> np.ndarray:
    """Return what a change is called."""
    return np.select([index.isna(), index > limit, index < -limit], [UNKNOWN, IMPROVED, DETERIORATED], UNCHANGED)


def _root(variance: pd.Series) -> pd.Series:
    """Return the error of a variance, NaN where there is none."""
    return pd.Series(np.sqrt(variance.where(variance > 0)))
