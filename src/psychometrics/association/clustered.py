"""Correlations of people in teams: intervals that allow for it, and estimates free of same-source inflation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from psychometrics._checks import numeric_column, numeric_table, require_same_rows, require_varying
from psychometrics._nesting import effective_size, nested_in, percentiles, resample_blocks
from psychometrics._ranks import restore_ties
from psychometrics.association.contrasts import compare_overlapping_correlations
from psychometrics.association.correlation import COEFFICIENT_NAME, CorrelationTable, correlation_matrix
from psychometrics.association.robust import fisher_error
from psychometrics.errors import InputShapeError, PsychometricsError, TooFewPersonsError


def bootstrap_correlations(
    left: pd.DataFrame,
    right: pd.DataFrame,
    clusters: pd.Series | None = None,
    method: Literal["spearman", "pearson"] = "spearman",
    n_resamples: int = 2000,
    seed: int = 0,
    confidence: float = 0.95,
) -> CorrelationTable:
    """Correlations with percentile bootstrap intervals, drawing persons or whole clusters.

    Members of one team or agency are alike, so the Fisher interval, which takes them as independent, can be too
    narrow; drawing clusters keeps colleagues together.

    Parameters
    ----------
    left, right : DataFrame, shape (n_persons, n_variables)
        As in :func:`correlation_matrix`.
    clusters : Series, shape (n_persons,), optional
        Cluster of each person, none missing.
    method : {"spearman", "pearson"}
    n_resamples : int
        Resamples; the same for every pair.
    seed : int
    confidence : float

    Returns
    -------
    CorrelationTable
        As from :func:`correlation_matrix`, with ``lower`` and ``upper`` from the bootstrap; ``p`` is left out because
        the tests there take persons as independent. ``fisher_error`` is the standard deviation of Fisher's z over the
        resamples, from which intervals and tests follow that refer to t with clusters minus one degrees of freedom;
        ``n_failed`` the resamples without a correlation. With clusters also ``n_clusters``, ``design_effect``
        (variance of Fisher's z over the resamples divided by that with persons independent) and ``effective_n``.

    Raises
    ------
    InputShapeError, CodingError
        As in :func:`correlation_matrix`; a cluster missing.
    PsychometricsError
        Unknown method.

    References
    ----------
    Field, C. A., & Welsh, A. H. (2007). Bootstrapping clustered data. Journal of the Royal Statistical Society B, 69,
    369-390.

    Notes
    -----
    Validated by coverage in a simulation with alike members.

    See Also
    --------
    psychometrics.association.correlation_matrix : The same without resampling.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> rng = np.random.default_rng(1)
    >>> x = pd.DataFrame(rng.normal(size=(80, 2)), columns=["share", "listen"])
    >>> y = (0.5 * x["share"] + rng.normal(size=80)).rename("engagement")
    >>> team = pd.Series(np.repeat(range(20), 4))
    >>> row = bootstrap_correlations(x[["share"]], y.to_frame(), team, n_resamples=200).table.iloc[0]
    >>> round(float(row["rho"]), 3), int(row["n_failed"]), int(row["n_clusters"])
    (0.369, 0, 20)
    """
    if method not in ("spearman", "pearson"):
        raise PsychometricsError(f"method must be 'spearman' or 'pearson', not {method!r}")
    result = correlation_matrix(left, right, confidence, method)
    codes, n_units = _units(left.index, clusters)
    found_rows = result.table.drop(columns="p").to_dict("records")
    pairs = [_WeightedPair(left[row["x"]], right[row["y"]], codes, n_units, method) for row in found_rows]
    drawn = [[pair.correlations(counts) for pair in pairs] for counts in resample_blocks(n_units, n_resamples, seed)]
    rows, notes = [], list(result.notes)
    for row, pair, *of_blocks in zip(found_rows, pairs, *drawn, strict=True):
        draws = np.concatenate(of_blocks)
        found, spread = percentiles(draws, confidence), _fisher_spread(draws)
        note = found.note if row["note"] != found.note else ""
        bounds = {"lower": found.lower, "upper": found.upper, "fisher_error": spread, "n_failed": found.n_failed}
        rows.append(row | bounds | _nesting(pair, codes, clusters is not None, spread) | {"note": row["note"] or note})
        notes += [f"{row['x']} with {row['y']}: {note}"] if note and not row["note"] else []
    return CorrelationTable(pd.DataFrame(rows), method, confidence, tuple(notes))


def _units(index: pd.Index, clusters: pd.Series | None) -> tuple[np.ndarray, int]:
    """Return the drawn unit of each row and the number of units."""
    return (np.arange(len(index)), len(index)) if clusters is None else nested_in(clusters, index)


def _nesting(pair: _WeightedPair, codes: np.ndarray, nested: bool, spread: float) -> dict[str, float]:
    """Return number of clusters, design effect and effective number of persons; nothing without clusters."""
    if not nested:
        return {}
    used, n = codes[pair.rows], len(pair.rows)
    alone = spread
    if np.isfinite(spread) and n > 3:
        alone = pair.fisher_error()
    effect = spread**2 / alone**2 if alone > 0 else float("nan")
    return {"n_clusters": len(np.unique(used)), "design_effect": effect, "effective_n": effective_size(n, effect)}


def _fisher_spread(draws: np.ndarray) -> float:
    """Return the standard deviation of Fisher's z over the resamples that have a correlation."""
    known = draws[np.isfinite(draws)]
    if len(known) < 2 or np.ptp(known) < 1e-12:
        return float("nan")
    return float(np.arctanh(np.clip(known, -1 + 1e-12, 1 - 1e-12)).std(ddof=1))


#: Means of a half as they stand in a row (predictor and outcome of one half, then of the other) that are correlated.
_ONE_HALF, _OTHER_HALF = [0, 1], [3, 2]
#: Means whose variance in a resample is below this share of that of all do not vary there.
_NO_SPREAD = 1e-12
#: Numbers worked on at once, a few times: they stay in the processor's own memory.
_AT_ONCE = 200_000


class _WeightedPair:
    """Correlation of one pair with units counted by weights, for many sets of weights at once.

    Persons of one unit with the same two values count together: sums over persons are sums over these few patterns.
    """

    def __init__(self, x: pd.Series, y: pd.Series, codes: np.ndarray, n_units: int, method: str) -> None:
        from scipy.sparse import coo_array

        both = x.notna() & y.notna()
        self.rows = np.flatnonzero(both)
        self.values = [restore_ties(side[both].to_numpy(dtype=float)) for side in (x, y)]
        self.ranked = method == "spearman"
        self.levels, places = zip(*(np.unique(side, return_inverse=True) for side in self.values), strict=True)
        size = max(len(self.levels[1]), 1)
        self.patterns, of_row = np.unique(places[0] * size + places[1], return_inverse=True)
        ones, units = np.ones(len(self.rows)), codes[self.rows]
        shape = (len(self.patterns), n_units)
        self.counts = coo_array((ones, (of_row, units)), shape=shape).tocsr()
        self.sides = np.divmod(self.patterns, size)
        self.margins = [
            coo_array((np.ones(len(side)), (side, np.arange(len(side)))), shape=(len(levels), len(side))).tocsr()
            for side, levels in zip(self.sides, self.levels, strict=True)
        ]

    def fisher_error(self) -> float:
        """Return the standard error of Fisher's z with every person independent (NaN for a perfect correlation)."""
        return fisher_error(self.values[0], self.values[1], np.arange(len(self.rows)), self.ranked)

    def correlations(self, weights: np.ndarray) -> np.ndarray:
        """Return one correlation a row of `weights`, one column a unit; NaN where a side does not vary."""
        if len(self.rows) < 2:
            return np.full(len(weights), np.nan)
        size = max(1, _AT_ONCE // len(self.patterns))
        return np.concatenate(
            [self._correlations(weights[start : start + size]) for start in range(0, len(weights), size)]
        )

    def _correlations(self, weights: np.ndarray) -> np.ndarray:
        """Return the correlations of a few rows of weights."""
        w = self.counts @ weights.T
        total = np.maximum(w.sum(axis=0), 1)
        centred, spread = [], np.ones(len(weights))
        for levels, margin in zip(self.levels, self.margins, strict=True):
            of_level = margin @ w
            side = _weighted_ranks(of_level) if self.ranked else np.broadcast_to(levels[:, None], of_level.shape)
            centred.append(side - (of_level * side).sum(axis=0) / total)
            spread *= (of_level * centred[-1] ** 2).sum(axis=0)
        a, b = (side[places] for side, places in zip(centred, self.sides, strict=True))
        spread = np.sqrt(spread)
        return np.where(spread > 1e-9, (w * a * b).sum(axis=0) / np.where(spread > 1e-9, spread, 1), np.nan)


def _weighted_ranks(weights: np.ndarray) -> np.ndarray:
    """Return the mid-ranks of values in rising order that occur as often as their weights say, by resample."""
    upper = np.cumsum(weights, axis=0)
    return upper - (weights - 1) / 2


@dataclass(frozen=True)
class SplitGroupCorrelation:
    """Correlation between halves of the same groups; see :func:`split_group_correlation`.

    Attributes
    ----------
    same_source : float
        Correlation over groups of the members' mean predictor with the same members' mean outcome.
    cross_source : float
        Mean, over random splits, of the correlation of one half's mean predictor with the other half's mean outcome.
    cross_source_stepped_up : float
        The same, corrected for halves being shorter than groups.
    lower, upper : float
        Bootstrap interval of ``cross_source`` over groups.
    n_resamples, n_failed : int
        Bootstrap resamples, and those in which the correlation is undefined.
    difference : float
        ``same_source`` minus ``cross_source_stepped_up``: what the same people on both sides add, be it an answering
        style they share or a tie that is real for each person.
    reliability_predictor, reliability_outcome : float
        Mean correlation of the halves' means of each variable.
    n_groups, n_persons, n_splits : int
    notes : tuple of str
    """

    same_source: float
    cross_source: float
    cross_source_stepped_up: float
    lower: float
    upper: float
    difference: float
    reliability_predictor: float
    reliability_outcome: float
    n_groups: int
    n_persons: int
    n_splits: int
    n_resamples: int = 0
    n_failed: int = 0
    notes: tuple[str, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """Return one row with every figure."""
        row = {name: getattr(self, name) for name in self.__dataclass_fields__ if name != "notes"}
        return pd.DataFrame([row | {"note": "; ".join(self.notes)}])


def split_group_correlation(
    predictor: pd.Series,
    outcome: pd.Series,
    groups: pd.Series,
    n_splits: int = 200,
    n_resamples: int = 500,
    seed: int = 0,
    confidence: float = 0.95,
) -> SplitGroupCorrelation:
    r"""Group-level correlation with and without the same people on both sides.

    Each group is split at random into halves A and B; the predictor's mean in one half is correlated, over groups,
    with the outcome's mean in the other (both ways round, averaged over splits). A mood or answering style of a
    person then cannot tie the two. Halves are less reliable than whole groups, so the correlation is stepped up:

    .. math:: r^\star = r_{xy}\sqrt{\frac{2}{1 + r_{xx}}\cdot\frac{2}{1 + r_{yy}}}

    with r_xx and r_yy the correlations of the halves (Spearman-Brown on both sides).

    Parameters
    ----------
    predictor, outcome : Series, shape (n_persons,)
        Same index, ``NaN`` missing; persons with both are used.
    groups : Series, shape (n_persons,)
        Team of each person; teams of fewer than two complete persons are left out.
    n_splits, n_resamples : int
        Random splits, and bootstrap resamples of groups for the interval.
    seed : int
    confidence : float

    Returns
    -------
    SplitGroupCorrelation
        ``cross_source_stepped_up`` is ``NaN``, with a note, when a reliability of halves is not above zero.

    Raises
    ------
    TooFewPersonsError
        Fewer than five groups of two.
    ConstantItemError, CodingError, InputShapeError
        A variable that does not vary, text, different rows.

    References
    ----------
    Ostroff, C., Kinicki, A. J., & Clark, M. A. (2002). Substantive and operational issues of response bias across
    levels of analysis. Journal of Applied Psychology, 87, 355-368. Podsakoff, P. M., et al. (2003). Common method
    biases in behavioral research. Journal of Applied Psychology, 88, 879-903, p. 887.

    Notes
    -----
    Validated by recovery: with a built-in personal bias the same-source value rises and the cross-source does not.

    See Also
    --------
    cross_source_table : Another source instead of another half.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> rng = np.random.default_rng(1)
    >>> x = pd.DataFrame(rng.normal(size=(80, 2)), columns=["share", "listen"])
    >>> y = (0.5 * x["share"] + rng.normal(size=80)).rename("engagement")
    >>> team = pd.Series(np.repeat(range(20), 4))
    >>> found = split_group_correlation(x["share"], y, team, n_splits=20, n_resamples=50)
    >>> found.n_groups, round(found.same_source, 2)
    (20, 0.46)
    """
    x, y = numeric_column(predictor, "predictor"), numeric_column(outcome, "outcome")
    require_same_rows(x.index, y.index, "predictor and outcome")
    require_same_rows(x.index, groups.index, "predictor and groups")
    kept = (x.notna() & y.notna() & groups.notna()).to_numpy()
    sizes = groups[kept].value_counts()
    kept = kept & groups.isin(sizes.index[sizes >= 2]).to_numpy()
    codes = pd.factorize(groups[kept])[0]
    n_groups = int(codes.max()) + 1 if len(codes) else 0
    if n_groups < 5:
        raise TooFewPersonsError(f"{n_groups} groups have two complete members; a group-level correlation needs five")
    require_varying(x[kept], "predictor")
    require_varying(y[kept], "outcome")
    generator = np.random.default_rng(seed)
    data = np.column_stack([x[kept], y[kept]])
    halves = np.stack([_half_means(data, codes, generator) for _ in range(n_splits)])
    whole = _means(data, codes, np.ones(len(codes)))
    cross, r_xx, r_yy = _half_correlations(halves)
    resamples = generator.integers(0, n_groups, (n_resamples, n_groups))
    draws = _resampled_halves(halves, np.array([np.bincount(rows, minlength=n_groups) for rows in resamples], float))
    found = percentiles(draws, confidence) if n_resamples > 1 else None
    stepped = cross * np.sqrt(2 / (1 + r_xx) * 2 / (1 + r_yy)) if min(r_xx, r_yy) > 0 else float("nan")
    same = _whole_correlation(whole)
    unreliable = ("halves of groups do not agree, so the value cannot be stepped up",) if np.isnan(stepped) else ()
    return SplitGroupCorrelation(
        same, cross, float(stepped), found.lower if found else np.nan, found.upper if found else np.nan,
        same - float(stepped), r_xx, r_yy, n_groups, len(codes), n_splits, n_resamples,
        found.n_failed if found else 0, (*unreliable, *filter(None, (found.note if found else "no resamples",))),
    )  # fmt: skip


def _whole_correlation(means: np.ndarray) -> float:
    """Return the correlation of the groups' means; NaN where one side does not vary."""
    flat = (np.ptp(means, axis=0) < 1e-12 * np.maximum(np.abs(means).max(axis=0), 1)).any()
    return float("nan") if flat else float(np.corrcoef(means, rowvar=False)[0, 1])


def _means(data: np.ndarray, codes: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Return the weighted mean of each column in each group."""
    total = np.bincount(codes, weight)
    return np.column_stack([np.bincount(codes, weight * column) for column in data.T]) / total[:, None]


def _half_means(data: np.ndarray, codes: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Split each group in two at random and return the means of both halves: (groups, halves, variables)."""
    order = np.argsort(codes + generator.random(len(codes)))
    start = np.concatenate([[0], np.cumsum(np.bincount(codes))[:-1]])
    place = np.empty(len(codes), dtype=int)
    place[order] = np.arange(len(codes)) - start[codes[order]]
    # Odd groups: which half gets the extra member is left to chance too.
    half = (place + generator.integers(0, 2, len(start))[codes]) % 2
    return np.stack([_means(data, codes, (half == side).astype(float)) for side in (0, 1)], axis=1)


def _half_correlations(halves: np.ndarray) -> tuple[float, float, float]:
    """Return cross-half correlations of predictor with outcome, predictor with itself, outcome with itself."""
    centred = halves - halves.mean(axis=1, keepdims=True)
    spread = np.sqrt((centred**2).sum(axis=1))
    with np.errstate(invalid="ignore", divide="ignore"):
        across = np.einsum("sgv,sgw->svw", centred[:, :, 0], centred[:, :, 1])
        r = across / (spread[:, 0, :, None] * spread[:, 1, None, :])
    return _mean_known(r[:, [0, 1], [1, 0]]), _mean_known(r[:, 0, 0]), _mean_known(r[:, 1, 1])


def _resampled_halves(halves: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Return the cross-half correlation of predictor with outcome with the groups counted as often as each row says.

    Sums over a resample are sums over the groups weighted by these counts, split by split.
    """
    r = np.full((len(counts), len(halves), 2), np.nan)
    for split, half in enumerate(halves):
        means = (half - half.mean(axis=0)).reshape(len(half), 4)
        pairs = means[:, _ONE_HALF] * means[:, _OTHER_HALF]
        first, squares, products = np.split(counts @ np.hstack([means, means**2, pairs]) / len(half), (4, 8), axis=1)
        spread = squares - first**2
        spread[spread <= _NO_SPREAD * (means**2).mean(axis=0)] = np.nan
        across = products - first[:, _ONE_HALF] * first[:, _OTHER_HALF]
        r[:, split] = across / np.sqrt(spread[:, _ONE_HALF] * spread[:, _OTHER_HALF])
    return np.array([_mean_known(each) for each in r])


def _mean_known(values: np.ndarray) -> float:
    """Return the mean of the finite values; NaN when there are none."""
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else float("nan")


def cross_source_table(
    self_scores: pd.DataFrame,
    peer_means: pd.DataFrame,
    outcomes: pd.DataFrame,
    method: Literal["spearman", "pearson"] = "spearman",
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Same-source and cross-source correlations of competencies with outcomes side by side, on the same people.

    Parameters
    ----------
    self_scores, peer_means : DataFrame, shape (n_persons, n_competencies)
        Same index; the competencies they share are used.
    outcomes : DataFrame, shape (n_persons, n_outcomes)
        The person's own outcomes: same source as the self scores, another source than the peers.
    method : {"spearman", "pearson"}
    confidence : float

    Returns
    -------
    DataFrame
        ``competency``, ``outcome``, ``n``, ``same_source``, ``same_lower``, ``same_upper``, ``cross_source``,
        ``cross_lower``, ``cross_upper``, ``difference``, ``difference_lower``, ``difference_upper``, ``p``
        (Williams' t, Zou's interval; on ranks for Spearman an approximation), ``note``.

    Raises
    ------
    InputShapeError, CodingError
        Different rows, no competency in common, text.

    See Also
    --------
    split_group_correlation : One source in two halves of a group.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> rng = np.random.default_rng(2)
    >>> peers = pd.DataFrame(3.8 + 0.5 * rng.normal(size=(40, 2)), columns=["share", "listen"])
    >>> own = 0.3 * peers + 2.5 + 0.5 * rng.normal(size=(40, 2))
    >>> outcome = pd.DataFrame({"engagement": own["share"] + rng.normal(size=40)})
    >>> table = cross_source_table(own, peers, outcome)
    >>> table[["competency", "n"]].to_numpy().tolist()
    [['share', 40], ['listen', 40]]
    """
    own, peers = (
        numeric_table(self_scores, "self scores", noun="column"),
        numeric_table(peer_means, "peer means", noun="column"),
    )
    results = numeric_table(outcomes, "outcomes", noun="column")
    require_same_rows(own.index, peers.index, "self scores and peer means")
    require_same_rows(own.index, results.index, "self scores and outcomes")
    shared = [name for name in own.columns if name in peers.columns]
    if not shared:
        raise InputShapeError("self scores and peer means have no competency (column name) in common")
    rows = [
        _source_row(name, outcome, own[name], peers[name], results[outcome], method, confidence)
        for name in shared
        for outcome in results.columns
    ]
    return pd.DataFrame(rows)


def _source_row(
    name: str,
    outcome: str,
    own: pd.Series,
    peer: pd.Series,
    result: pd.Series,
    method: Literal["spearman", "pearson"],
    confidence: float,
) -> dict[str, object]:
    """Return same-source, cross-source and their difference for one competency and outcome."""
    labels = f"self {name}", f"peer {name}", f"outcome {outcome}"
    trio = pd.DataFrame(dict(zip(labels, (own, peer, result), strict=True))).dropna()
    long = correlation_matrix(trio, None, confidence, method)
    found = {(part["x"], part["y"]): part for part in long.to_frame().to_dict("records")}
    same, cross = found[labels[0], labels[2]], found[labels[1], labels[2]]
    between = found[labels[0], labels[1]]
    r = COEFFICIENT_NAME[method]
    row: dict[str, object] = {
        "competency": name, "outcome": outcome, "n": len(trio),
        "same_source": same[r], "same_lower": same["lower"], "same_upper": same["upper"],
        "cross_source": cross[r], "cross_lower": cross["lower"], "cross_upper": cross["upper"],
    }  # fmt: skip
    if long.notes:
        nothing = dict.fromkeys(("difference", "difference_lower", "difference_upper", "p"), float("nan"))
        return row | nothing | {"note": "; ".join(long.notes)}
    gap = compare_overlapping_correlations(same[r], cross[r], between[r], len(trio), confidence)
    ends = {"difference_lower": gap.lower, "difference_upper": gap.upper, "p": gap.p, "note": ""}
    return row | {"difference": gap.difference} | ends
