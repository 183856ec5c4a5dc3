"""Means, differences and correlations of self and peer scores."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import optimize, stats

from psychometrics._checks import numeric_column, numeric_table, require_same_rows, share
from psychometrics._nesting import clustered_error, nested_in
from psychometrics._ranks import restore_ties
from psychometrics.association.correlation import correlation_interval
from psychometrics.association.robust import nested_precision
from psychometrics.errors import InputShapeError


@dataclass(frozen=True)
class SelfOtherComparison:
    """Self and peer scores side by side; see :func:`compare`.

    Attributes
    ----------
    table : DataFrame
        One row a competency: ``competency``, ``n``, ``mean_n_peers``, ``self_mean``, ``self_sd``,
        ``peer_mean``, ``peer_sd``, ``difference`` (self minus peer), ``difference_lower``,
        ``difference_upper``, ``t``, ``df``, ``p``, ``d_z``, ``d_z_lower``, ``d_z_upper``, ``pearson``,
        ``pearson_lower``, ``pearson_upper``, ``spearman``, ``spearman_lower``, ``spearman_upper``, ``note``; with
        clusters also ``n_clusters``.
    confidence : float
    minimum_peers : int
    n_without_peers : int
        Persons left out because they have no peer score or fewer peers than asked for.
    notes : tuple of str
    """

    table: pd.DataFrame
    confidence: float
    minimum_peers: int
    n_without_peers: int
    notes: tuple[str, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """Return a copy of the table."""
        return self.table.copy()


def compare(
    self_scores: pd.DataFrame,
    peer_means: pd.DataFrame,
    n_peers: pd.Series | None = None,
    minimum_peers: int = 1,
    confidence: float = 0.95,
    clusters: pd.Series | None = None,
) -> SelfOtherComparison:
    r"""Compare self scores with the means of the peers, competency by competency.

    .. math:: \bar d \pm t_{n-1}\, s_d/\sqrt n, \qquad d_z = \bar d / s_d

    with d = self minus peer mean. The interval of d_z comes from the noncentral t distribution; correlations
    have the intervals of :func:`psychometrics.association.correlation_interval`. With clusters the error of the mean
    difference is :math:`\sqrt{\frac{C}{C-1}\sum_c(\sum_{i\in c}(d_i-\bar d))^2}/n` over C clusters, t and the
    noncentral t have C - 1 degrees of freedom, the noncentrality is turned into d_z by the effective n that this error
    implies, and correlations have the intervals of :func:`psychometrics.association.correlation_matrix`.

    Parameters
    ----------
    self_scores : DataFrame, shape (n_persons, n_competencies)
        Self scores, ``NaN`` missing, one row a person.
    peer_means : DataFrame, shape (n_persons, n_competencies)
        Mean of each person's peers on the same competencies, with the same index; ``NaN`` without peers.
    n_peers : Series, shape (n_persons,), optional
        Number of peers of each person, to ask for `minimum_peers` and to report their mean.
    minimum_peers : int
        Persons with fewer peers are left out; above 1 it needs `n_peers`.
    confidence : float
    clusters : Series, shape (n_persons,), optional
        What the persons rated are nested in, with the index of the scores; no value missing.

    Returns
    -------
    SelfOtherComparison
        A competency that cannot be compared has ``NaN`` and the reason in ``note``.

    Raises
    ------
    InputShapeError
        Different persons, no competency in common, or `minimum_peers` without `n_peers`.
    CodingError
        Text or infinite scores.

    References
    ----------
    Cumming, G. (2012). Understanding the new statistics, chapters 7 and 11. Lakens, D. (2013). Calculating
    and reporting effect sizes. Frontiers in Psychology, 4, 863, equation 6 (d_z).

    Notes
    -----
    Validated against R ``t.test``, ``cor.test``, the noncentral t of base R and, with clusters, ``sandwich::vcovCL``.

    See Also
    --------
    psychometrics.self_other.agreement_profiles : Person by person.
    psychometrics.self_other.bland_altman : Limits of agreement.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> rng = np.random.default_rng(2)
    >>> peers = pd.DataFrame(3.8 + 0.5 * rng.normal(size=(40, 2)), columns=["share", "listen"])
    >>> own = 0.3 * peers + 2.5 + 0.5 * rng.normal(size=(40, 2))
    >>> compare(own, peers).table[["competency", "difference", "pearson"]].round(2).to_numpy().tolist()
    [['share', -0.2, 0.32], ['listen', -0.17, 0.33]]
    """
    share(confidence, "confidence")
    own, peers, shared = _align(self_scores, peer_means)
    enough = _enough_peers(own.index, n_peers, minimum_peers)
    reached = enough & peers.notna().any(axis=1).to_numpy()
    counts = None if n_peers is None else numeric_column(n_peers, "n_peers")
    codes = None if clusters is None else pd.Series(nested_in(clusters, own.index)[0], own.index)[reached]
    rows = [_compare_one(name, own[name][reached], peers[name][reached], counts, confidence, codes) for name in shared]
    alone = [str(name) for name in (*self_scores.columns, *peer_means.columns) if name not in shared]
    notes = (f"not in both tables, left out: {', '.join(alone)}",) if alone else ()
    return SelfOtherComparison(pd.DataFrame(rows), confidence, minimum_peers, int((~reached).sum()), notes)


def _align(self_scores: pd.DataFrame, peer_means: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame, list[str]]:
    """Return both tables as numbers and the competencies they share."""
    own = numeric_table(self_scores, "self scores", noun="column")
    peers = numeric_table(peer_means, "peer means", noun="column")
    require_same_rows(own.index, peers.index, "self scores and peer means")
    shared = [name for name in own.columns if name in peers.columns]
    if not shared:
        raise InputShapeError("self scores and peer means have no competency (column name) in common")
    return own, peers, shared


def _enough_peers(index: pd.Index, n_peers: pd.Series | None, minimum_peers: int) -> np.ndarray:
    """Mark the persons with enough peers."""
    if n_peers is None:
        if minimum_peers > 1:
            raise InputShapeError("minimum_peers above 1 needs n_peers, the number of peers of each person")
        return np.ones(len(index), dtype=bool)
    require_same_rows(index, n_peers.index, "self scores and n_peers")
    return (n_peers.fillna(0) >= minimum_peers).to_numpy(dtype=bool)


def _compare_one(
    name: str,
    own: pd.Series,
    peer: pd.Series,
    counts: pd.Series | None,
    confidence: float,
    clusters: pd.Series | None,
) -> dict[str, object]:
    """Return the row of one competency."""
    both = own.notna() & peer.notna()
    a, b = own[both].to_numpy(), peer[both].to_numpy()
    mean_peers = float("nan") if counts is None else counts.reindex(own.index[both]).mean()
    codes = None if clusters is None else clusters[both].to_numpy()
    row: dict[str, object] = {"competency": name, "n": len(a), "mean_n_peers": mean_peers}
    if codes is not None:
        row["n_clusters"] = len(np.unique(codes))
    if len(a) < 3:
        return row | _empty() | {"note": f"only {len(a)} persons with self and peer scores"}
    row |= {"self_mean": a.mean(), "self_sd": a.std(ddof=1), "peer_mean": b.mean(), "peer_sd": b.std(ddof=1)}
    size = float(np.abs(np.concatenate([a, b])).max())
    difference, note_d = _difference(a - b, size, confidence, codes)
    correlations, note_r = _correlations(a, b, confidence, codes)
    return row | difference | correlations | {"note": "; ".join(filter(None, (note_d, note_r)))}


# Scores this close, relative to the largest, differ by rounding only.
SAME = 1e-12
_DIFFERENCE = (
    "difference",
    "difference_lower",
    "difference_upper",
    "t",
    "df",
    "p",
    "d_z",
    "d_z_lower",
    "d_z_upper",
)
_CORRELATIONS = tuple(f"{name}{end}" for name in ("pearson", "spearman") for end in ("", "_lower", "_upper"))


def _empty() -> dict[str, object]:
    """Return the columns of a competency that cannot be compared."""
    names = ("self_mean", "self_sd", "peer_mean", "peer_sd", *_DIFFERENCE, *_CORRELATIONS)
    return dict.fromkeys(names, float("nan"))


def _difference(
    d: np.ndarray, size: float, confidence: float, codes: np.ndarray | None
) -> tuple[dict[str, object], str]:
    """Return mean difference and d_z with intervals."""
    n, mean, spread = len(d), d.mean(), d.std(ddof=1)
    if np.ptp(d) <= SAME * size:
        return dict.fromkeys(_DIFFERENCE, float("nan")) | {"difference": mean}, "all differences are equal"
    error, df = spread / np.sqrt(n), n - 1
    if codes is not None:
        error, count = clustered_error(d - mean, codes)
        df = count - 1
        if not error > SAME * size:
            known = {"difference": mean, "d_z": mean / spread}
            return dict.fromkeys(_DIFFERENCE, float("nan")) | known, f"no interval from {count} cluster(s)"
    t, margin, effective = mean / error, stats.t.ppf((1 + confidence) / 2, df) * error, spread / error
    low, high = noncentrality_interval(t, df, confidence)
    values = (
        mean, mean - margin, mean + margin, t, df, 2 * stats.t.sf(abs(t), df),
        mean / spread, low / effective, high / effective,
    )  # fmt: skip
    return dict(zip(_DIFFERENCE, values, strict=True)), ""


def noncentrality_interval(t: float, df: float, confidence: float = 0.95) -> tuple[float, float]:
    """Interval of the noncentrality of an observed t (Steiger & Fouladi 1997).

    Parameters
    ----------
    t : float
        Observed t statistic.
    df : float
        Degrees of freedom.
    confidence : float

    Returns
    -------
    tuple of float
        The noncentralities at which the observed t is the upper and the lower tail quantile.

    References
    ----------
    Steiger, J. H., & Fouladi, R. T. (1997). Noncentrality interval estimation and the evaluation of
    statistical models. In Harlow, Mulaik & Steiger (Eds.), What if there were no significance tests?

    Notes
    -----
    Validated against base R's noncentral ``pt``.

    See Also
    --------
    compare : Uses it for d.

    Examples
    --------
    >>> [round(bound, 3) for bound in noncentrality_interval(2.5, 30)]
    [0.422, 4.54]
    """
    if t < 0:
        lower, upper = noncentrality_interval(-t, df, confidence)
        return -upper, -lower
    # A narrow bracket: far in the tail scipy's noncentral t returns NaN.
    quantile = stats.norm.ppf((1 + confidence) / 2)
    reach = (quantile + 2) * np.sqrt(1 + t**2 / (2 * df))
    bracket = max(t - reach, -quantile - 0.1), t + reach

    def solve(share: float) -> float:
        def excess(noncentrality: float) -> float:
            return float(stats.nct.cdf(t, df, noncentrality) - share)

        return float(optimize.brentq(excess, *bracket, xtol=1e-12))

    return solve((1 + confidence) / 2), solve((1 - confidence) / 2)


def _correlations(
    a: np.ndarray, b: np.ndarray, confidence: float, codes: np.ndarray | None
) -> tuple[dict[str, object], str]:
    """Return Pearson and Spearman with intervals."""
    flat = [np.ptp(side) <= SAME * np.abs(side).max() for side in (a, b)]
    if any(flat):
        who = "self" if flat[0] else "peer"
        return dict.fromkeys(_CORRELATIONS, float("nan")), f"{who} scores do not vary"
    pearson = float(np.clip(stats.pearsonr(a, b).statistic, -1, 1))
    spearman = float(np.clip(stats.spearmanr(restore_ties(a), restore_ties(b)).statistic, -1, 1))
    if codes is None:
        bounds = [
            correlation_interval(pearson, len(a), confidence, "pearson"),
            correlation_interval(spearman, len(a), confidence, "spearman"),
        ]
    else:
        x, y = restore_ties(a), restore_ties(b)
        found = [nested_precision(x, y, codes, ranked, confidence) for ranked in (False, True)]
        bounds = [(each.lower, each.upper) for each in found]
    values = (pearson, *bounds[0], spearman, *bounds[1])
    line = 1 - max(abs(pearson), abs(spearman)) < SAME
    note = "the pairs lie on one line or in one order, so there is no interval" if line else ""
    return dict(zip(_CORRELATIONS, values, strict=True)), note
