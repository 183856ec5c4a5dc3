"""Composite reliability, convergent and discriminant validity of scales."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from psychometrics._checks import Label, Scales, label_index, listed, numeric_table, one_of, scales_of, share
from psychometrics._correlations import Correlation, Missing, correlation_matrix
from psychometrics.errors import ModelError
from psychometrics.reliability._resampled import OfCovariances, clusters_of_kept, n_clusters_of
from psychometrics.reliability.formulas import ratio

if TYPE_CHECKING:
    from psychometrics.resampling import BootstrapInterval

_SMALLEST = 1e-12
# Correlations within a scale below this are none: a ratio to them means nothing.
_NOTHING = 1e-6


@dataclass(frozen=True)
class HtmtResult:
    """Heterotrait-monotrait ratios of all pairs of scales.

    Attributes
    ----------
    ratios : DataFrame of shape (n_scales, n_scales)
        Symmetric, ones on the diagonal.
    lower, upper : DataFrame of shape (n_scales, n_scales)
        Percentile bootstrap interval; NaN without one.
    version : int
        2 for geometric means, 1 for arithmetic ones.
    confidence : float
        Nominal coverage.
    correlation, missing : str
        Settings.
    n_persons : int
        Persons after deletion.
    n_resamples, n_failed : int
        Resamples behind the interval, and those lost because a ratio was not defined in them; 0 without one.
    n_clusters : int
        Clusters that were resampled; 0 when persons were.
    notes : tuple of str
        What a reader has to know: ratios that are not defined, and resamples lost when above 1 %.
    """

    ratios: pd.DataFrame
    lower: pd.DataFrame
    upper: pd.DataFrame
    version: int
    confidence: float
    correlation: str
    missing: str
    n_persons: int
    n_resamples: int
    n_failed: int = 0
    n_clusters: int = 0
    notes: tuple[str, ...] = ()

    @property
    def lost_share(self) -> float:
        """Share of the resamples that were lost, 0 to 1."""
        return self.n_failed / self.n_resamples if self.n_resamples else 0.0

    def to_frame(self) -> pd.DataFrame:
        """Return one row a pair of scales: scale, other, ratio, lower, upper."""
        names = list(self.ratios.columns)
        values = [table.to_numpy() for table in (self.ratios, self.lower, self.upper)]
        rows = [(names[a], names[b], *(table[a, b] for table in values)) for a, b in combinations(range(len(names)), 2)]
        return pd.DataFrame(rows, columns=["scale", "other", "ratio", "lower", "upper"])


def composite_reliability(
    loadings: pd.DataFrame | pd.Series,
    residual_variances: pd.Series | None = None,
    covariances: pd.DataFrame | None = None,
) -> pd.Series:
    r"""Composite reliability of every factor of a simple structure.

    .. math:: CR = \frac{(\sum_i \lambda_i)^2}{(\sum_i \lambda_i)^2 + \sum_i \theta_i}

    Parameters
    ----------
    loadings : DataFrame of shape (n_items, n_factors) or Series of shape (n_items,)
        Loadings on factors of variance one; zero where an item does not belong to a factor. Standardised ones give
        the reliability of a sum of standardised items, unstandardised ones that of the sum of the items.
    residual_variances : Series of shape (n_items,), optional
        One minus the squared loadings when left out.
    covariances : DataFrame of shape (n_items, n_items), optional
        Observed ones; when given, the observed variance of the factor's items is the divisor, as in semTools.

    Returns
    -------
    Series of shape (n_factors,)
        NaN for a factor with a negative residual variance, and where the true variance exceeds the observed one: a
        reliability above 1 is none.

    Raises
    ------
    ModelError
        An item that loads on several factors, or a factor without items.

    See Also
    --------
    average_variance_extracted, omega_total

    References
    ----------
    Raykov, T. (1997). Estimation of composite reliability for congeneric measures. Applied Psychological Measurement,
    21, 173-184, eq. 5. Fornell, C., & Larcker, D. F. (1981). Evaluating structural equation models with unobservable
    variables and measurement error. Journal of Marketing Research, 18, 39-50, eq. 10.

    Notes
    -----
    Validated against ``semTools::compRelSEM`` (with ``covariances``) and ``semTools::reliability`` (without).

    Examples
    --------
    >>> from psychometrics.reliability import composite_reliability
    >>> import pandas as pd
    >>> composite_reliability(pd.Series([0.6, 0.7, 0.8], list("abc"))).round(3).tolist()
    [0.745]
    """
    matrix, residuals = _simple_structure(loadings, residual_variances)
    observed = None if covariances is None else covariances.loc[matrix.index, matrix.index].to_numpy(dtype=float)
    values = []
    for weights in matrix.to_numpy(dtype=float).T:
        own = np.abs(weights) > _SMALLEST
        true = float(weights[own].sum()) ** 2
        whole = true + float(residuals[own].sum()) if observed is None else float(observed[np.ix_(own, own)].sum())
        proper = bool((residuals[own] >= 0).all()) and true <= whole * (1 + _SMALLEST)
        values.append(ratio(true, whole) if proper else float("nan"))
    return pd.Series(values, matrix.columns, name="composite_reliability", dtype=float)


def average_variance_extracted(
    loadings: pd.DataFrame | pd.Series, residual_variances: pd.Series | None = None
) -> pd.Series:
    r"""Average variance extracted of every factor of a simple structure.

    .. math:: AVE = \frac{\sum_i \lambda_i^2}{\sum_i \lambda_i^2 + \sum_i \theta_i}

    With standardised loadings this is the mean squared loading.

    Parameters
    ----------
    loadings : DataFrame of shape (n_items, n_factors) or Series of shape (n_items,)
        As in :func:`composite_reliability`.
    residual_variances : Series of shape (n_items,), optional
        One minus the squared loadings when left out.

    Returns
    -------
    Series of shape (n_factors,)
        NaN for a factor with a negative residual variance.

    Raises
    ------
    ModelError
        An item that loads on several factors, or a factor without items.

    See Also
    --------
    composite_reliability, htmt

    References
    ----------
    Fornell, C., & Larcker, D. F. (1981). Journal of Marketing Research, 18, 39-50, eq. 11.

    Notes
    -----
    Validated against ``semTools::AVE`` (categorical models: standardised loadings; continuous ones: unstandardised).

    Examples
    --------
    >>> from psychometrics.reliability import average_variance_extracted
    >>> import pandas as pd
    >>> average_variance_extracted(pd.Series([0.6, 0.7, 0.8], list("abc"))).round(3).tolist()
    [0.497]
    """
    matrix, residuals = _simple_structure(loadings, residual_variances)
    values = []
    for weights in matrix.to_numpy(dtype=float).T:
        own = np.abs(weights) > _SMALLEST
        common = float((weights[own] ** 2).sum())
        proper = bool((residuals[own] >= 0).all())
        values.append(ratio(common, float(common + residuals[own].sum())) if proper else float("nan"))
    return pd.Series(values, matrix.columns, name="average_variance_extracted", dtype=float)


def htmt(
    responses: pd.DataFrame,
    scales: Scales,
    version: Literal[1, 2] = 2,
    correlation: Correlation = "pearson",
    missing: Missing = "listwise",
    confidence: float = 0.95,
    interval: Literal["bootstrap", "none"] = "none",
    n_resamples: int = 500,
    seed: int = 0,
    n_jobs: int | None = None,
    clusters: pd.Series | None = None,
) -> HtmtResult:
    r"""Heterotrait-monotrait ratio of correlations.

    .. math:: HTMT_{ab} = \frac{m(|r_{ij}|: i \in a, j \in b)}
       {\sqrt{m(|r_{ij}|: i < j \in a)\; m(|r_{ij}|: i < j \in b)}}

    with arithmetic means m (version 1) or geometric ones (version 2, for congeneric items). It estimates the
    correlation of the constructs; values near one, or an interval that covers one, speak against two constructs.

    Parameters
    ----------
    responses : DataFrame of shape (n_persons, n_items)
        Answers after keying, NaN missing.
    scales : Series or mapping
        Item to competency; every scale needs two items.
    version : {2, 1}
        Kind of mean. semTools' default is 2.
    correlation : {"pearson", "spearman", "polychoric"}
        Kind of correlation.
    missing : {"listwise", "pairwise"}
        Persons with every answer, or pairs over the persons who answered both.
    confidence : float
        Nominal coverage.
    interval : {"none", "bootstrap"}
        Percentile bootstrap over persons.
    n_resamples, seed, n_jobs
        Of the bootstrap.
    clusters : Series of shape (n_persons,), optional
        Cluster of each person, in the order of the rows: the bootstrap then draws whole clusters.

    Returns
    -------
    HtmtResult

    Raises
    ------
    ModelError
        Fewer than two scales, or a scale of one item.
    InputShapeError
        An unknown option, or scales that do not fit the items.
    CodingError, ConstantItemError, TooFewPersonsError
        Responses that no correlation is defined for.

    See Also
    --------
    average_variance_extracted

    References
    ----------
    Henseler, J., Ringle, C. M., & Sarstedt, M. (2015). A new criterion for assessing discriminant validity. Journal of
    the Academy of Marketing Science, 43, 115-135, eq. 6. Roemer, E., Schuberth, F., & Henseler, J. (2021). HTMT2: An
    improved criterion for assessing discriminant validity. Industrial Management & Data Systems, 121, 2637-2650.

    Notes
    -----
    Validated against ``semTools::htmt`` (both versions).

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> draw = np.random.default_rng(1)
    >>> trait = draw.normal(size=(200, 1))
    >>> codes = np.clip(np.rint(3 + trait + draw.normal(size=(200, 6))), 1, 5)
    >>> answers = pd.DataFrame(codes, columns=list("abcdef"))
    >>> scales = {"a": "x", "b": "x", "c": "x", "d": "y", "e": "y", "f": "y"}
    >>> from psychometrics.reliability import htmt
    >>> htmt(answers, scales).to_frame().round(2)[["scale", "other"]].to_numpy().tolist()
    [['x', 'y']]
    """
    one_of(version, (1, 2), "version")
    one_of(interval, ("none", "bootstrap"), "interval")
    share(confidence)
    frame = numeric_table(responses, minimum_columns=4, minimum_rows=2)
    members = scales_of(frame, scales)
    _refuse_small(members)
    matrix, n_persons = correlation_matrix(frame, correlation, missing)
    places = {item: place for place, item in enumerate(frame.columns)}
    statistic = _Ratios(tuple(tuple(places[item] for item in items) for items in members.values()), version,
                        correlation, missing)  # fmt: skip
    pairs, names = list(combinations(members, 2)), list(members)
    ratios = statistic.of(matrix.to_numpy())
    lower = upper = pd.Series(np.nan, index=range(len(pairs)))
    n_failed, notes = 0, _undefined(ratios, pairs)
    kept = clusters_of_kept(clusters, frame, missing)
    if interval == "bootstrap":
        drawn = statistic.drawn(frame, n_resamples, seed, confidence, kept, n_jobs)
        lower, upper, n_failed, notes = drawn.lower, drawn.upper, drawn.n_failed, (*notes, *drawn.notes)
    return HtmtResult(
        ratios=_square(ratios, pairs, names, 1.0),
        lower=_square(lower.to_numpy(), pairs, names, np.nan),
        upper=_square(upper.to_numpy(), pairs, names, np.nan),
        version=version,
        confidence=confidence,
        correlation=correlation,
        missing=missing,
        n_persons=n_persons,
        n_resamples=n_resamples if interval == "bootstrap" else 0,
        n_failed=n_failed,
        n_clusters=n_clusters_of(kept) if interval == "bootstrap" else 0,
        notes=notes,
    )


@dataclass(frozen=True)
class _Ratios:
    """Picklable statistic of the bootstrap: the ratios of all pairs of scales, in order."""

    members: tuple[tuple[int, ...], ...]
    version: int
    correlation: Correlation
    missing: Missing

    def __call__(self, sample: pd.DataFrame) -> np.ndarray:
        """Return the ratios of one table."""
        return self.of(correlation_matrix(sample, self.correlation, self.missing)[0].to_numpy())

    def of(self, matrix: np.ndarray) -> np.ndarray:
        """Return the ratios of correlations (or of covariances, which it scales), NaN within scales without any."""
        spread = np.sqrt(np.diag(matrix))
        size = np.abs(matrix / np.outer(spread, spread))
        within = [self._mean(size[np.ix_(own, own)][np.tril_indices(len(own), k=-1)]) for own in self.members]
        ratios = []
        for (a, first), (b, second) in combinations(enumerate(self.members), 2):
            between = self._mean(size[np.ix_(first, second)].ravel())
            product = within[a] * within[b]
            ratios.append(between / np.sqrt(product) if product > _NOTHING**2 else np.nan)
        return np.array(ratios)

    def drawn(
        self,
        frame: pd.DataFrame,
        n_resamples: int,
        seed: int,
        confidence: float,
        clusters: pd.Series | None,
        n_jobs: int | None,
    ) -> BootstrapInterval:
        """Return the bootstrap of the ratios: from sums of products for Pearson's correlation."""
        from psychometrics.resampling import bootstrap_from_counts, bootstrap_interval

        rows = frame if self.missing == "pairwise" else frame.dropna()
        if self.correlation == "pearson":
            statistic = OfCovariances(rows.to_numpy(), self.of, len(list(combinations(self.members, 2))))
            return bootstrap_from_counts(statistic, len(rows), n_resamples, seed, confidence, clusters)
        return bootstrap_interval(self, rows, n_resamples, seed, confidence, clusters=clusters, n_jobs=n_jobs)

    def _mean(self, values: np.ndarray) -> float:
        """Return the arithmetic or geometric mean."""
        if self.version == 1:
            return float(values.mean())
        return float(np.exp(np.log(np.maximum(values, _SMALLEST)).mean()))


def _undefined(ratios: np.ndarray, pairs: list[tuple[Label, Label]]) -> tuple[str, ...]:
    """Name the pairs of scales whose ratio is not defined."""
    absent = [f"{a} and {b}" for (a, b), value in zip(pairs, ratios, strict=True) if np.isnan(value)]
    if not absent:
        return ()
    return (f"no ratio for {listed(absent)}: the items of a scale do not correlate with one another",)


def _square(values: np.ndarray, pairs: list[tuple[Label, Label]], names: list[Label], diagonal: float) -> pd.DataFrame:
    """Lay out one value a pair as a symmetric table."""
    matrix = np.full((len(names), len(names)), diagonal)
    place = {name: number for number, name in enumerate(names)}
    for (a, b), value in zip(pairs, values, strict=True):
        matrix[place[a], place[b]] = matrix[place[b], place[a]] = value
    labels = label_index(names)
    return pd.DataFrame(matrix, index=labels, columns=labels)


def _refuse_small(members: dict[Label, list[Label]]) -> None:
    """Refuse scales between or within which there is nothing to compare."""
    single = [name for name, items in members.items() if len(items) < 2]
    if len(members) < 2 or single:
        raise ModelError(
            "heterotrait-monotrait ratios need two scales of two items or more"
            + (f"; scales of one item: {listed(single)}" if single else "")
        )


def _simple_structure(
    loadings: pd.DataFrame | pd.Series, residual_variances: pd.Series | None
) -> tuple[pd.DataFrame, np.ndarray]:
    """Return loadings as a table and residual variances in its order, refusing cross-loadings and empty factors."""
    matrix = loadings.to_frame(loadings.name or "factor") if isinstance(loadings, pd.Series) else loadings
    present = np.abs(matrix.to_numpy(dtype=float)) > _SMALLEST
    crossing = matrix.index[present.sum(axis=1) > 1]
    if len(crossing):
        raise ModelError(
            f"items that load on several factors: {listed(crossing)}; these coefficients suppose one factor an item"
        )
    empty = matrix.columns[~present.any(axis=0)]
    if len(empty):
        raise ModelError(f"factors without items: {listed(empty)}")
    if residual_variances is None:
        return matrix, 1 - (matrix.to_numpy(dtype=float) ** 2).sum(axis=1)
    return matrix, residual_variances.reindex(matrix.index).to_numpy(dtype=float)
