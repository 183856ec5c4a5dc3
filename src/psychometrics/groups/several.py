"""Many scores compared between the same groups, in one table."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from psychometrics._checks import numeric_table, require_same_rows
from psychometrics.association import adjust_p
from psychometrics.errors import PsychometricsError
from psychometrics.groups.ranks import kruskal_wallis


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
    scores: pd.DataFrame,
    groups: pd.Series,
    adjustment: str = "holm",
    minimum_size: int = 1,
    clusters: pd.Series | None = None,
) -> GroupComparison:
    """Kruskal-Wallis test of every column of `scores`, with p-values adjusted over the columns.

    Parameters
    ----------
    scores : DataFrame, shape (n_persons, n_scores)
        Numeric, ``NaN`` missing (deleted score by score).
    groups : Series, shape (n_persons,)
    adjustment : str
        As in :func:`psychometrics.association.adjust_p`.
    minimum_size, clusters
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

    See Also
    --------
    psychometrics.groups.kruskal_wallis : One score.

    Examples
    --------
    >>> import pandas as pd
    >>> score = pd.Series([3.1, 3.4, 2.8, 3.9, 4.2, 4.0, 4.4, 3.8, 3.3, 3.0, 3.6, 2.9])
    >>> sector = pd.Series(["care"] * 4 + ["health"] * 4 + ["other"] * 4)
    >>> compare_groups(score.to_frame("share"), sector).tests[["score", "p_adjusted"]].round(3).to_numpy().tolist()
    [['share', 0.037]]
    """
    table = numeric_table(scores, "scores", noun="column")
    require_same_rows(table.index, groups.index, "scores and groups")
    tests, described = [], []
    for name in table.columns:
        try:
            result = kruskal_wallis(table[name], groups, minimum_size, clusters)
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
