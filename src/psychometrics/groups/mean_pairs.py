"""Games and Howell's comparisons of the means of pairs of groups."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd
from scipy import stats

from psychometrics._checks import require_varying
from psychometrics.errors import InputShapeError
from psychometrics.groups.people import described, prepared, samples


@dataclass(frozen=True)
class GamesHowellComparisons:
    """Games and Howell's pairwise comparisons; see :func:`games_howell`.

    Attributes
    ----------
    table : DataFrame
        One row a pair: ``group_a``, ``group_b``, ``n_a``, ``n_b``, ``difference`` (of means), ``t``, ``df``,
        ``p`` (over all pairs).
    score : str
    notes : tuple of str
    """

    table: pd.DataFrame
    score: str
    notes: tuple[str, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """Return a copy of the table of pairs."""
        return self.table.copy()


def games_howell(values: pd.Series, groups: pd.Series, minimum_size: int = 2) -> GamesHowellComparisons:
    r"""Games and Howell's comparisons of the means of every pair of groups, without equal variances.

    .. math:: t_{ab} = \frac{\bar x_a - \bar x_b}{\sqrt{v_a + v_b}}, \quad v_j = \frac{s_j^2}{n_j}, \quad
              \nu_{ab} = \frac{(v_a + v_b)^2}{v_a^2/(n_a - 1) + v_b^2/(n_b - 1)}

    p is the upper tail of the studentized range of k means with :math:`\nu_{ab}` degrees of freedom at
    :math:`\sqrt2\,|t_{ab}|`, adjusted for all pairs by that.

    Parameters
    ----------
    values, groups : Series, shape (n_persons,)
        As in :func:`kruskal_wallis`.
    minimum_size : int
        At least 2; smaller groups are left out and named.

    Returns
    -------
    GamesHowellComparisons

    Raises
    ------
    InputShapeError
        Fewer than two groups left, or `minimum_size` below 2.
    ConstantItemError
        The score does not vary at all or within a group.
    CodingError
        Text in place of scores.

    References
    ----------
    Games, P. A., & Howell, J. F. (1976). Pairwise multiple comparison procedures with unequal n's and/or variances.
    Journal of Educational Statistics, 1, 113-125, p. 116.

    Notes
    -----
    Validated against the formula with ``ptukey`` in base R (script in ``tests/reference``), and against
    pingouin.

    See Also
    --------
    psychometrics.groups.welch_anova : All groups at once.
    psychometrics.groups.dunn : Ranks instead of means.

    Examples
    --------
    >>> import pandas as pd
    >>> score = pd.Series([3.1, 3.4, 2.8, 3.9, 4.2, 4.0, 4.4, 3.8, 3.3, 3.0, 3.6, 2.9])
    >>> sector = pd.Series(["care"] * 4 + ["health"] * 4 + ["other"] * 4)
    >>> games_howell(score, sector).table[["group_a", "group_b", "difference", "p"]].round(3).to_numpy().tolist()
    [['care', 'health', -0.8, 0.072], ['care', 'other', 0.1, 0.934], ['health', 'other', 0.9, 0.012]]
    """
    if minimum_size < 2:
        raise InputShapeError("minimum_size must be at least 2: a group of one has no variance")
    score, group, notes = prepared(values, groups, minimum_size)
    table, parts = described(score, group), samples(score, group)
    for name, part in zip(table["group"], parts, strict=True):
        require_varying(pd.Series(part, name=f"{score.name} in group {name}"), "score")
    pairs = pd.DataFrame([_pair(table["group"], parts, i, j) for i, j in combinations(range(len(parts)), 2)])
    error, k = pairs.pop("error"), len(parts)
    t = pairs["difference"] / error
    p = np.clip(stats.studentized_range.sf(np.sqrt(2) * t.abs(), k, pairs["df"]), 0, 1)
    pairs.insert(5, "t", t)
    return GamesHowellComparisons(pairs.assign(p=p), str(score.name), notes)


def _pair(names: pd.Series, parts: list[np.ndarray], i: int, j: int) -> dict[str, object]:
    """Return the difference of two means with its error and degrees of freedom."""
    a, b = parts[i], parts[j]
    v, w = a.var(ddof=1) / len(a), b.var(ddof=1) / len(b)
    return {
        "group_a": names.iloc[i], "group_b": names.iloc[j], "n_a": len(a), "n_b": len(b),
        "difference": a.mean() - b.mean(), "error": np.sqrt(v + w),
        "df": (v + w) ** 2 / (v**2 / (len(a) - 1) + w**2 / (len(b) - 1)),
    }  # fmt: skip
