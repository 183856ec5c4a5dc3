"""Dunn's comparisons of pairs of groups."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd
from scipy import stats

from psychometrics.association import adjust_p
from psychometrics.groups.people import described, prepared, samples, superiority


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

    See Also
    --------
    psychometrics.groups.kruskal_wallis : All groups at once.

    Examples
    --------
    >>> import pandas as pd
    >>> score = pd.Series([3.1, 3.4, 2.8, 3.9, 4.2, 4.0, 4.4, 3.8, 3.3, 3.0, 3.6, 2.9])
    >>> sector = pd.Series(["care"] * 4 + ["health"] * 4 + ["other"] * 4)
    >>> dunn(score, sector).table[["group_a", "group_b", "p_adjusted"]].round(3).to_numpy().tolist()
    [['care', 'health', 0.079], ['care', 'other', 0.769], ['health', 'other', 0.056]]
    """
    score, group, notes = prepared(values, groups, minimum_size)
    table = described(score, group)
    variance = _rank_variance(score)
    parts = samples(score, group)
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
    return {
        "group_a": a["group"], "group_b": b["group"], "n_a": a["n"], "n_b": b["n"], "difference": difference,
        "z": z, "p": 2 * stats.norm.sf(abs(z)), "probability_of_superiority": superiority(parts[i], parts[j]),
    }  # fmt: skip
