"""Reliability within and between clusters, and what clustering costs: the design effect."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from psychometrics._checks import at_least, cluster_codes, numeric_table, refuse_constant, share
from psychometrics.errors import PsychometricsError, TooFewPersonsError
from psychometrics.reliability.formulas import alpha_of_matrix, ratio
from psychometrics.reliability.omega import omega_of_covariances
from psychometrics.resampling import lost_note

_COEFFICIENTS = ("alpha_within", "omega_within", "alpha_between", "omega_between", "cluster_mean", "icc")


@dataclass(frozen=True)
class TwoLevelReliability:
    """Reliability of differences between persons of one cluster, and of differences between clusters.

    Attributes
    ----------
    table : DataFrame, one row a coefficient
        ``estimate``, ``lower``, ``upper``, ``n_failed`` (resamples that did not define it) and ``note``.
        ``alpha_within`` and ``omega_within``: of the sum of the items among persons of the same cluster.
        ``alpha_between`` and ``omega_between``: of the sum among the clusters' true means. ``cluster_mean``: of the
        observed means of clusters of average size, ICC(2). ``icc``: share of the sum's variance that lies between
        clusters, ICC(1).
    within, between : DataFrame of shape (n_items, n_items)
        Covariances within clusters, and of the clusters' true means.
    design_effect : float
        Variance of a mean of persons over what it would be without clustering; NaN where the ICC is.
    effective_n : float
        Persons over the design effect.
    cluster_size : float
        Average size in the sense of the analysis of variance, n0.
    n_persons, n_clusters : int
        Persons with every answer, and their clusters.
    confidence : float
        Nominal coverage.
    n_resamples, n_failed : int
        Resamples of clusters, and the most that a coefficient lost because it was not defined in them; a coefficient
        that lost half of them has no interval. 0 without intervals.
    notes : tuple of str
        What a reader has to know.
    """

    table: pd.DataFrame
    within: pd.DataFrame
    between: pd.DataFrame
    design_effect: float
    effective_n: float
    cluster_size: float
    n_persons: int
    n_clusters: int
    confidence: float
    n_resamples: int = 0
    n_failed: int = 0
    notes: tuple[str, ...] = field(default_factory=tuple)

    @property
    def lost_share(self) -> float:
        """Share of the resamples that were lost, 0 to 1."""
        return self.n_failed / self.n_resamples if self.n_resamples else 0.0

    def to_frame(self) -> pd.DataFrame:
        """Return the table of coefficients."""
        return self.table


def two_level_reliability(
    responses: pd.DataFrame,
    clusters: pd.Series,
    minimum_clusters: int = 30,
    confidence: float = 0.95,
    n_resamples: int = 0,
    seed: int = 0,
) -> TwoLevelReliability:
    r"""Reliability of a sum of items within and between clusters.

    .. math:: \Sigma_W = \frac{\sum_c \sum_{i \in c} (y_i - \bar y_c)(y_i - \bar y_c)'}{N - J},\qquad
       \Sigma_B = \frac{1}{n_0}\left(\frac{\sum_c n_c (\bar y_c - \bar y)(\bar y_c - \bar y)'}{J - 1} - \Sigma_W\right)

    with :math:`n_0 = (N - \sum n_c^2 / N) / (J - 1)`. Alpha, and omega of one factor by maximum likelihood, are taken
    of either matrix; ICC(1) is :math:`\sigma_B^2 / (\sigma_B^2 + \sigma_W^2)` of the sum, ICC(2) is
    :math:`\sigma_B^2 / (\sigma_B^2 + \sigma_W^2 / n_0)`, and the design effect
    :math:`1 + (\sum n_c^2 / N - 1)\, ICC(1)`.

    Parameters
    ----------
    responses : DataFrame of shape (n_persons, n_items)
        At least three items after keying, NaN missing; persons with every answer are used.
    clusters : Series of shape (n_persons,)
        Cluster of each person, in the order of the rows.
    minimum_clusters : int
        With fewer clusters nothing is said about the level between them.
    confidence : float
        Nominal coverage.
    n_resamples, seed : int
        Percentile bootstrap over clusters; 0 for no intervals.

    Returns
    -------
    TwoLevelReliability
        A coefficient that is not defined is NaN, with a note in its row.

    Raises
    ------
    InputShapeError, CodingError, ConstantItemError
        Responses that no reliability is defined for, or persons without a cluster.
    TooFewPersonsError
        Fewer than two clusters, or no cluster of two persons.

    See Also
    --------
    cronbach_alpha, omega_total

    References
    ----------
    Geldhof, G. J., Preacher, K. J., & Zyphur, M. J. (2014). Reliability estimation in a multilevel confirmatory factor
    analysis framework. Psychological Methods, 19, 72-91, eq. 5 to 8. Muthén, B. O. (1994). Multilevel covariance
    structure analysis. Sociological Methods & Research, 22, 376-398, eq. 15 to 17. Maas, C. J. M., & Hox, J. J. (2005).
    Sufficient sample sizes for multilevel modeling. Methodology, 1, 86-92 (fewer than 30 clusters). Kish, L. (1965).
    Survey sampling, section 5.4 (design effect).

    Notes
    -----
    Validated by recovery of simulated truth at both levels, and by identity with the intraclass correlations of the
    analysis of variance.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from psychometrics.reliability import two_level_reliability
    >>> draw = np.random.default_rng(1)
    >>> teams = pd.Series(np.repeat(np.arange(40), 5))
    >>> trait = draw.normal(size=(40, 1)).repeat(5, axis=0) + draw.normal(size=(200, 1))
    >>> answers = pd.DataFrame(trait + draw.normal(size=(200, 4)))
    >>> result = two_level_reliability(answers, teams)
    >>> result.n_clusters, bool(result.design_effect > 2)
    (40, True)
    """
    share(confidence)
    at_least(minimum_clusters, 2, "minimum_clusters")
    at_least(n_resamples, 0, "n_resamples")
    checked = numeric_table(responses, minimum_columns=3, minimum_rows=2)
    every = cluster_codes(clusters, len(checked))
    complete = checked.notna().all(axis=1).to_numpy()
    values, codes = checked.to_numpy()[complete], pd.factorize(every[complete])[0]
    refuse_constant(checked[complete])
    sizes = np.bincount(codes)
    if len(sizes) < 2 or sizes.max() < 2:
        raise TooFewPersonsError(f"{len(sizes)} clusters with at most {sizes.max()} persons; two clusters, one of two")
    sums = _Sums.of(values, codes)
    levels = sums.levels(np.ones(len(sizes)))
    estimates = levels.coefficients(minimum_clusters)
    lower, upper, lost = _intervals(sums, estimates, minimum_clusters, confidence, n_resamples, seed)
    table = pd.DataFrame(
        {
            "estimate": estimates,
            "lower": lower,
            "upper": upper,
            "n_failed": lost,
            "note": [levels.why(name, estimates[name], minimum_clusters) for name in _COEFFICIENTS],
        },
        index=pd.Index(_COEFFICIENTS, name="coefficient"),
    )
    weighted_size = float((sizes**2).sum() / sizes.sum())
    # np.maximum keeps a NaN; a negative intraclass correlation is no gain in precision to count on
    effect = float(np.maximum(1.0, 1 + (weighted_size - 1) * estimates["icc"]))
    return TwoLevelReliability(
        table=table,
        within=pd.DataFrame(levels.within, checked.columns, checked.columns),
        between=pd.DataFrame(levels.between, checked.columns, checked.columns),
        design_effect=effect,
        effective_n=len(values) / effect,
        cluster_size=levels.size,
        n_persons=len(values),
        n_clusters=len(sizes),
        confidence=confidence,
        n_resamples=n_resamples,
        n_failed=int(lost.max()),
        notes=(*dict.fromkeys(note for note in table["note"] if note), *lost_note(int(lost.max()), n_resamples)),
    )


@dataclass(frozen=True)
class _Levels:
    """Covariances at both levels."""

    within: np.ndarray
    between: np.ndarray
    size: float
    n_clusters: int

    def coefficients(self, minimum_clusters: int) -> pd.Series:
        """Return every coefficient, NaN where it is not defined."""
        spread, apart = float(self.within.sum()), float(self.between.sum())
        found = dict.fromkeys(_COEFFICIENTS, float("nan"))
        found |= {"alpha_within": _alpha(self.within), "omega_within": _omega(self.within)}
        if self.n_clusters >= minimum_clusters:
            found |= {"icc": ratio(apart, apart + spread)}
            if apart > 0:
                found |= {"alpha_between": _alpha(self.between), "omega_between": _omega(self.between)}
                found |= {"cluster_mean": ratio(apart, apart + spread / self.size)}
        return pd.Series(found)

    def why(self, name: str, value: float, minimum_clusters: int) -> str:
        """Say why a coefficient is not defined."""
        if not np.isnan(value):
            return ""
        if name.endswith("within"):
            return "the items share no variance within clusters that one factor could carry"
        if self.n_clusters < minimum_clusters:
            return f"{self.n_clusters} clusters are too few for the level between them; {minimum_clusters} are needed"
        if self.between.sum() <= 0:
            return "clusters differ no more than chance makes them, so that there is nothing between them to measure"
        return "the covariances between clusters are no covariance matrix of one factor, so that this is not defined"


@dataclass(frozen=True)
class _Sums:
    """What each cluster adds to the analysis of variance, so that a resample of clusters is a sum over clusters.

    Attributes
    ----------
    table : ndarray of shape (n_clusters, 2 + n_items + n_items (n_items + 1))
        Persons, their number squared, and of the answers, less their means: sums, products about the cluster's means,
        and products of those means times persons.
    n_items : int
    """

    table: np.ndarray
    n_items: int

    @classmethod
    def of(cls, values: np.ndarray, codes: np.ndarray) -> _Sums:
        """Add up the complete answers of each cluster."""
        x, p = values - values.mean(axis=0), values.shape[1]
        sizes, first, second = np.bincount(codes).astype(float), *np.triu_indices(p)
        sums = np.column_stack([np.bincount(codes, column) for column in x.T])
        means = sums / sizes[:, None]
        apart = (x - means[codes]).T
        within = [np.bincount(codes, apart[i] * apart[j]) for i, j in zip(first, second, strict=True)]
        between = sums[:, first] * means[:, second]
        return cls(np.column_stack([sizes, sizes**2, sums, *within, between]), p)

    def levels(self, drawn: np.ndarray) -> _Levels:
        """Return the estimates of the analysis of variance where each cluster is drawn so many times."""
        (n, squares), sums, *products = np.split(drawn @ self.table, self._ends)
        within, between = (self._matrix(each) for each in products)
        clusters, mean = float(drawn.sum()), sums / n
        within = within / (n - clusters) if n > clusters else np.full_like(within, np.nan)
        size = float((n - squares / n) / (clusters - 1))
        away = (between - n * np.outer(mean, mean)) / (clusters - 1)
        return _Levels(within, (away - within) / size, size, int(clusters))

    @property
    def _ends(self) -> list[int]:
        """Where sums, products within and products between begin."""
        return [2, 2 + self.n_items, 2 + self.n_items + self.n_items * (self.n_items + 1) // 2]

    def _matrix(self, products: np.ndarray) -> np.ndarray:
        """Lay products of pairs out as a symmetric matrix."""
        found, (first, second) = np.empty((self.n_items, self.n_items)), np.triu_indices(self.n_items)
        found[first, second] = found[second, first] = products
        return found


def _alpha(covariances: np.ndarray) -> float:
    """Return alpha where every item varies and it is at most 1."""
    if not (np.diag(covariances) > 0).all():
        return float("nan")
    alpha = alpha_of_matrix(covariances)
    return alpha if alpha <= 1 else float("nan")


def _omega(covariances: np.ndarray) -> float:
    """Return omega of one factor, NaN where no factor model is defined."""
    if not (np.diag(covariances) > 0).all():
        return float("nan")
    try:
        return omega_of_covariances(covariances)
    except PsychometricsError:
        return float("nan")


def _intervals(
    sums: _Sums, estimates: pd.Series, minimum_clusters: int, confidence: float, n_resamples: int, seed: int
) -> tuple[pd.Series, pd.Series, pd.Series]:
    """Return percentile intervals of the coefficients that are defined, and how many resamples each of them lost."""
    known = estimates.index[estimates.notna()]
    nothing = pd.Series(np.nan, index=estimates.index)
    if n_resamples < 2 or not len(known):
        return nothing, nothing, pd.Series(0, index=estimates.index)
    draws, n_clusters = [], len(sums.table)
    for stream in np.random.SeedSequence(seed).spawn(n_resamples):
        chosen = np.random.default_rng(stream).integers(0, n_clusters, n_clusters)
        levels = sums.levels(np.bincount(chosen, minlength=n_clusters).astype(float))
        draws.append(levels.coefficients(minimum_clusters)[known])
    table, tail = pd.DataFrame(draws), (1 - confidence) / 2
    lost = table.isna().sum()
    enough = known[2 * lost < n_resamples]
    lower, upper = table[enough].quantile(tail), table[enough].quantile(1 - tail)
    flat = ~(lower < upper)
    index = estimates.index
    return lower.mask(flat).reindex(index), upper.mask(flat).reindex(index), lost.reindex(index, fill_value=0)
