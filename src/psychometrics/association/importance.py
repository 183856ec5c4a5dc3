"""How much each of several overlapping predictors contributes: dominance analysis and relative weights."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from itertools import combinations
from math import comb

import numpy as np
import pandas as pd

from psychometrics._checks import cluster_codes
from psychometrics.association._design import build_design
from psychometrics.errors import InputShapeError, SingularMatrixError

#: 2 to the power of this many subsets are still quick.
MOST_PREDICTORS = 15
#: R squared below this is none.
NO_VARIANCE = 1e-14
#: A column whose variance in a resample is below this share of that of all does not vary there.
NO_SPREAD = 1e-12


@dataclass(frozen=True)
class PredictorImportance:
    """Parts of R squared by predictor.

    Attributes
    ----------
    table : DataFrame
        ``predictor``, ``importance`` (adds up to R squared), ``share`` of R squared, ``rank``, and ``lower``,
        ``upper`` of the importance when intervals were asked for.
    r_squared : float
    n, n_dropped : int
    method, outcome : str
    n_resamples, n_failed : int
        Bootstrap resamples behind the bounds, and those in which the importance is undefined.
    conditional : DataFrame
        Dominance analysis only: mean gain in R squared, predictors in rows, number of other predictors in columns.
    complete : DataFrame
        Dominance analysis only: True where the row's predictor gains more than the column's in every subset.
    notes : tuple of str
    """

    table: pd.DataFrame
    r_squared: float
    n: int
    n_dropped: int
    method: str
    outcome: str
    conditional: pd.DataFrame
    complete: pd.DataFrame
    n_resamples: int = 0
    n_failed: int = 0
    notes: tuple[str, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """Return a copy of the table with outcome, n and R squared beside it."""
        table = self.table.copy()
        table.insert(0, "outcome", self.outcome)
        return table.assign(n=self.n, r_squared=self.r_squared)


def dominance_analysis(
    outcome: pd.Series,
    predictors: pd.DataFrame,
    n_resamples: int = 0,
    seed: int = 0,
    confidence: float = 0.95,
    clusters: pd.Series | None = None,
) -> PredictorImportance:
    r"""General dominance: the mean gain in R squared of a predictor over all subsets of the others.

    .. math:: C_j = \frac1p\sum_{s=0}^{p-1}\binom{p-1}{s}^{-1}\sum_{S\subseteq P\setminus j,\,|S|=s}
              \{R^2(S\cup j) - R^2(S)\}

    These are the Shapley values of R squared (also LMG) and add up to it.

    Parameters
    ----------
    outcome : Series, shape (n_persons,)
    predictors : DataFrame, shape (n_persons, n_predictors)
        Two to fifteen numeric columns; incomplete rows are left out and counted.
    n_resamples : int
        Bootstrap resamples for percentile intervals; 0 for none.
    seed : int
    confidence : float
    clusters : Series, optional
        Resample whole clusters (teams) instead of persons.

    Returns
    -------
    PredictorImportance

    Raises
    ------
    InputShapeError
        Fewer than two or more than fifteen predictors, or text predictors.
    ConstantItemError, SingularMatrixError, TooFewPersonsError
        As in :func:`regression`.

    References
    ----------
    Budescu, D. V. (1993). Dominance analysis. Psychological Bulletin, 114, 542-551. Azen, R., & Budescu, D. V.
    (2003). The dominance analysis approach for comparing predictors in multiple regression. Psychological Methods,
    8, 129-148. Lindeman, R. H., Merenda, P. F., & Gold, R. Z. (1980). Introduction to bivariate and multivariate
    analysis, p. 119.

    Notes
    -----
    Validated against all-subsets regression in base R (script in ``tests/reference``).

    See Also
    --------
    relative_weights : Quicker with many predictors.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> rng = np.random.default_rng(1)
    >>> x = pd.DataFrame(rng.normal(size=(80, 2)), columns=["share", "listen"])
    >>> y = (0.5 * x["share"] + rng.normal(size=80)).rename("engagement")
    >>> dominance_analysis(y, x).table[["predictor", "share"]].round({"share": 2}).to_numpy().tolist()
    [['share', 0.86], ['listen', 0.14]]
    """
    y, x, n_dropped = _complete(outcome, predictors)
    r_squared = _subset_r_squared(_correlations(y, x))
    conditional, complete = _dominance(r_squared, list(x.columns))
    importance = conditional.mean(axis=1)
    bounds, failed = _bounds(general_dominance, y, x, n_resamples, seed, confidence, clusters)
    return _result(importance, bounds, y, n_dropped, "general dominance", conditional, complete, (n_resamples, failed))


def relative_weights(
    outcome: pd.Series,
    predictors: pd.DataFrame,
    n_resamples: int = 0,
    seed: int = 0,
    confidence: float = 0.95,
    clusters: pd.Series | None = None,
) -> PredictorImportance:
    r"""Johnson's relative weights: R squared divided among predictors through their nearest orthogonal counterparts.

    .. math:: \varepsilon_j = \sum_k \lambda_{jk}^2\beta_k^2, \quad \Lambda = R_{xx}^{1/2}, \quad
              \beta = \Lambda^{-1}r_{xy}

    Parameters
    ----------
    outcome, predictors, n_resamples, seed, confidence, clusters
        As in :func:`dominance_analysis`; any number of predictors from two.

    Returns
    -------
    PredictorImportance

    Raises
    ------
    InputShapeError, ConstantItemError, SingularMatrixError, TooFewPersonsError
        As in :func:`dominance_analysis`.

    References
    ----------
    Johnson, J. W. (2000). A heuristic method for estimating the relative weight of predictor variables in multiple
    regression. Multivariate Behavioral Research, 35, 1-19, equations 7 to 9.

    Notes
    -----
    Validated against the same algebra in base R (script in ``tests/reference``).

    See Also
    --------
    dominance_analysis : The mean gain over all subsets.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> rng = np.random.default_rng(1)
    >>> x = pd.DataFrame(rng.normal(size=(80, 2)), columns=["share", "listen"])
    >>> y = (0.5 * x["share"] + rng.normal(size=80)).rename("engagement")
    >>> round(relative_weights(y, x).r_squared, 3)
    0.167
    """
    y, x, n_dropped = _complete(outcome, predictors, limit=None)
    importance = pd.Series(johnson_weights(_correlations(y, x)), x.columns)
    bounds, failed = _bounds(johnson_weights, y, x, n_resamples, seed, confidence, clusters)
    none = pd.DataFrame()
    return _result(importance, bounds, y, n_dropped, "relative weights", none, none, (n_resamples, failed))


def general_dominance(correlations: np.ndarray) -> np.ndarray:
    """Return general dominance from the correlations of predictors and outcome (last)."""
    return np.asarray(_mean_gains(len(correlations) - 1) @ _subset_r_squared(correlations))


@cache
def _mean_gains(p: int) -> np.ndarray:
    """Return the weights with which the R squared of all subsets add up to the general dominance of each predictor.

    A gain counts by one over p times the number of subsets of the others that have its size.
    """
    masks = np.arange(2**p)
    sizes = np.array([mask.bit_count() for mask in range(2**p)])
    weights = np.zeros((p, 2**p))
    for j in range(p):
        without = masks[(masks >> j & 1) == 0]
        share = 1 / (p * np.array([comb(p - 1, size) for size in sizes[without]]))
        weights[j, without | 1 << j] += share
        weights[j, without] -= share
    return weights


@cache
def _subsets(p: int) -> tuple[np.ndarray, ...]:
    """Return the subsets of p predictors, one array a size."""
    return tuple(np.array(list(combinations(range(p), size))) for size in range(1, p + 1))


def johnson_weights(correlations: np.ndarray) -> np.ndarray:
    """Return relative weights from the correlations of predictors and outcome (last)."""
    values, vectors = np.linalg.eigh(correlations[:-1, :-1])
    if values.min() < 1e-10:
        raise SingularMatrixError("the predictors are linearly dependent; leave one out")
    root = (vectors * np.sqrt(values)) @ vectors.T
    beta = np.linalg.solve(root, correlations[:-1, -1])
    return np.asarray(root**2 @ beta**2)


def _complete(
    outcome: pd.Series, predictors: pd.DataFrame, limit: int | None = MOST_PREDICTORS
) -> tuple[pd.Series, pd.DataFrame, int]:
    """Return complete numeric rows."""
    p = predictors.shape[1]
    if p < 2 or (limit is not None and p > limit):
        raise InputShapeError(f"{p} predictors: two to {limit or 'any number'} are needed to share R squared out")
    design = build_design(outcome, predictors)
    if len(design.numeric_terms) != p:
        raise InputShapeError("importance needs numeric predictors; regress categories out of the scores first")
    return design.outcome, design.matrix[list(design.numeric_terms)], design.n_dropped


def _correlations(y: pd.Series, x: pd.DataFrame) -> np.ndarray:
    """Return the correlations of the predictors and, last, the outcome."""
    return np.asarray(np.corrcoef(np.column_stack([x, y]), rowvar=False))


def _subset_r_squared(correlations: np.ndarray) -> np.ndarray:
    """Return R squared of every subset of predictors, indexed by bit mask."""
    p = len(correlations) - 1
    R, r = correlations[:-1, :-1], correlations[:-1, -1]
    found = np.zeros(2**p)
    for subsets in _subsets(p):
        right = r[subsets]
        try:
            weights = np.linalg.solve(R[subsets[:, :, None], subsets[:, None, :]], right[..., None])[..., 0]
        except np.linalg.LinAlgError as error:
            raise SingularMatrixError("the predictors are linearly dependent; leave one out") from error
        found[(1 << subsets).sum(axis=1)] = (weights * right).sum(axis=1)
    return found


def _dominance(r_squared: np.ndarray, names: list[str]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return conditional dominance by size of the subset, and complete dominance."""
    p = len(names)
    masks = np.arange(2**p)
    sizes = np.array([mask.bit_count() for mask in range(2**p)])
    gains = np.stack([r_squared[masks | 1 << j] - r_squared[masks] for j in range(p)])
    absent = np.stack([(masks >> j & 1) == 0 for j in range(p)])
    conditional = [[gains[j, absent[j] & (sizes == size)].mean() for size in range(p)] for j in range(p)]
    complete = np.zeros((p, p), dtype=bool)
    for a, b in combinations(range(p), 2):
        apart = gains[a] - gains[b]
        known = absent[a] & absent[b]
        complete[a, b], complete[b, a] = (apart[known] > 0).all(), (apart[known] < 0).all()
    return pd.DataFrame(conditional, names, range(p)), pd.DataFrame(complete, names, names)


def _bounds(
    importance: Callable[[np.ndarray], np.ndarray],
    y: pd.Series,
    x: pd.DataFrame,
    n_resamples: int,
    seed: int,
    confidence: float,
    clusters: pd.Series | None,
) -> tuple[pd.DataFrame | None, int]:
    """Return percentile bootstrap bounds, or None when none are asked for, and the resamples lost."""
    if n_resamples == 0:
        return None, 0
    from psychometrics.resampling import bootstrap_from_counts

    values = np.column_stack([x, y])
    size = values.shape[1]
    values = values - values.mean(axis=0)
    scale = (values**2).mean(axis=0)
    units = np.arange(len(y)) if clusters is None else cluster_codes(clusters.loc[y.index], len(y))
    first, second = np.triu_indices(size)
    parts = np.column_stack([np.ones(len(y)), values, values[:, first] * values[:, second]])
    sums = parts if clusters is None else np.column_stack([np.bincount(units, part) for part in parts.T])

    def statistic(counts: np.ndarray) -> np.ndarray:
        found = np.full((len(counts), size - 1), np.nan)
        for place, (n, *rest) in enumerate(counts @ sums):
            mean = np.array(rest[:size]) / n
            covariance = np.zeros((size, size))
            covariance[first, second] = covariance[second, first] = np.array(rest[size:]) / n
            covariance -= np.outer(mean, mean)
            spread = covariance.diagonal()
            if (spread > NO_SPREAD * scale).all():
                found[place] = _or_nothing(importance, covariance / np.sqrt(np.outer(spread, spread)))
        return found

    found = bootstrap_from_counts(statistic, len(sums), n_resamples, seed, confidence, names=list(x.columns))
    return pd.DataFrame({"lower": found.lower, "upper": found.upper}), found.n_failed


def _or_nothing(importance: Callable[[np.ndarray], np.ndarray], correlations: np.ndarray) -> np.ndarray:
    """Return the importance, or NaN where predictors are linearly dependent in a resample."""
    try:
        return importance(correlations)
    except SingularMatrixError:
        return np.full(len(correlations) - 1, np.nan)


def _result(
    importance: pd.Series,
    bounds: pd.DataFrame | None,
    y: pd.Series,
    n_dropped: int,
    method: str,
    conditional: pd.DataFrame,
    complete: pd.DataFrame,
    resamples: tuple[int, int],
) -> PredictorImportance:
    """Put a result together."""
    total = float(importance.sum())
    table = pd.DataFrame(
        {
            "predictor": importance.index,
            "importance": importance.to_numpy(),
            "share": importance.to_numpy() / total if total > NO_VARIANCE else np.nan,
            "rank": importance.rank(ascending=False).to_numpy(),
        }
    )
    if bounds is not None:
        table[["lower", "upper"]] = bounds.loc[importance.index].to_numpy()
    n_resamples, n_failed = resamples
    notes: tuple[str, ...] = (
        () if total > NO_VARIANCE else ("the predictors explain nothing, so there are no shares of it",)
    )
    if n_failed:
        notes += (f"{n_failed} of {n_resamples} resamples in which a predictor does not vary left out",)
    return PredictorImportance(
        table, total, len(y), n_dropped, method, str(y.name), conditional, complete, n_resamples, n_failed, notes
    )
