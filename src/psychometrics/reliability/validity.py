"""Composite reliability, convergent and discriminant validity of scales."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import Literal

import numpy as np
import pandas as pd

from psychometrics._checks import Scales, numeric_table, one_of, scales_of
from psychometrics._responses import Correlation, Missing, correlation_matrix
from psychometrics.errors import ModelError

_SMALLEST = 1e-12


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
    n_resamples : int
        Resamples behind the interval, 0 without one.
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

    def to_frame(self) -> pd.DataFrame:
        """Return one row a pair of scales: scale, other, ratio, lower, upper."""
        names = list(self.ratios.columns)
        rows = [
            (a, b, self.ratios.loc[a, b], self.lower.loc[a, b], self.upper.loc[a, b]) for a, b in combinations(names, 2)
        ]
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

    Raises
    ------
    ModelError
        An item that loads on several factors, or a factor without items.

    References
    ----------
    Raykov, T. (1997). Estimation of composite reliability for congeneric measures. Applied Psychological Measurement,
    21, 173-184, eq. 5. Fornell, C., & Larcker, D. F. (1981). Evaluating structural equation models with unobservable
    variables and measurement error. Journal of Marketing Research, 18, 39-50, eq. 10.

    Notes
    -----
    Validated against ``semTools::compRelSEM`` (with ``covariances``) and ``semTools::reliability`` (without).
    """
    matrix, residuals = _simple_structure(loadings, residual_variances)
    values = {}
    for factor in matrix.columns:
        own = matrix.index[matrix[factor].abs() > _SMALLEST]
        true = float(matrix.loc[own, factor].sum()) ** 2
        whole = true + residuals[own].sum() if covariances is None else covariances.loc[own, own].to_numpy().sum()
        values[factor] = true / whole
    return pd.Series(values, name="composite_reliability", dtype=float)


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

    Raises
    ------
    ModelError
        An item that loads on several factors, or a factor without items.

    References
    ----------
    Fornell, C., & Larcker, D. F. (1981). Journal of Marketing Research, 18, 39-50, eq. 11.

    Notes
    -----
    Validated against ``semTools::AVE`` (categorical models: standardised loadings; continuous ones: unstandardised).
    """
    matrix, residuals = _simple_structure(loadings, residual_variances)
    values = {}
    for factor in matrix.columns:
        own = matrix.index[matrix[factor].abs() > _SMALLEST]
        common = float((matrix.loc[own, factor] ** 2).sum())
        values[factor] = common / (common + residuals[own].sum())
    return pd.Series(values, name="average_variance_extracted", dtype=float)


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

    References
    ----------
    Henseler, J., Ringle, C. M., & Sarstedt, M. (2015). A new criterion for assessing discriminant validity. Journal of
    the Academy of Marketing Science, 43, 115-135, eq. 6. Roemer, E., Schuberth, F., & Henseler, J. (2021). HTMT2: An
    improved criterion for assessing discriminant validity. Industrial Management & Data Systems, 121, 2637-2650.

    Notes
    -----
    Validated against ``semTools::htmt`` (both versions).
    """
    one_of(version, (1, 2), "version")
    one_of(interval, ("none", "bootstrap"), "interval")
    frame = numeric_table(responses, minimum_columns=4, minimum_rows=2)
    members = scales_of(frame, scales)
    _refuse_small(members)
    _, n_persons = correlation_matrix(frame, correlation, missing)
    statistic = _Ratios(tuple((name, tuple(items)) for name, items in members.items()), version, correlation, missing)
    pairs, names = list(combinations(members, 2)), list(members)
    lower = upper = pd.Series(np.nan, index=range(len(pairs)))
    if interval == "bootstrap":
        from psychometrics.resampling import bootstrap_interval

        drawn = bootstrap_interval(statistic, frame, n_resamples, seed, confidence, n_jobs=n_jobs)
        lower, upper = drawn.lower, drawn.upper
    return HtmtResult(
        ratios=_square(statistic(frame), pairs, names, 1.0),
        lower=_square(lower.to_numpy(), pairs, names, np.nan),
        upper=_square(upper.to_numpy(), pairs, names, np.nan),
        version=version,
        confidence=confidence,
        correlation=correlation,
        missing=missing,
        n_persons=n_persons,
        n_resamples=n_resamples if interval == "bootstrap" else 0,
    )


@dataclass(frozen=True)
class _Ratios:
    """Picklable statistic of the bootstrap: the ratios of all pairs of scales, in order."""

    members: tuple[tuple[str, tuple[str, ...]], ...]
    version: int
    correlation: Correlation
    missing: Missing

    def __call__(self, sample: pd.DataFrame) -> np.ndarray:
        """Return the ratios of one table."""
        matrix, _ = correlation_matrix(sample, self.correlation, self.missing)
        size = matrix.abs()
        within = {name: self._mean(_lower(size.loc[list(items), list(items)])) for name, items in self.members}
        ratios = []
        for (a, first), (b, second) in combinations(self.members, 2):
            between = self._mean(size.loc[list(first), list(second)].to_numpy().ravel())
            ratios.append(between / np.sqrt(within[a] * within[b]))
        return np.array(ratios)

    def _mean(self, values: np.ndarray) -> float:
        """Return the arithmetic or geometric mean."""
        if self.version == 1:
            return float(values.mean())
        return float(np.exp(np.log(np.maximum(values, _SMALLEST)).mean()))


def _lower(matrix: pd.DataFrame) -> np.ndarray:
    """Return the entries below the diagonal."""
    values: np.ndarray = matrix.to_numpy()[np.tril_indices(len(matrix), k=-1)]
    return values


def _square(values: np.ndarray, pairs: list[tuple[str, str]], names: list[str], diagonal: float) -> pd.DataFrame:
    """Lay out one value a pair as a symmetric table."""
    table = pd.DataFrame(diagonal, index=names, columns=names)
    for (a, b), value in zip(pairs, values, strict=True):
        table.loc[a, b] = table.loc[b, a] = value
    return table


def _refuse_small(members: dict[str, list[str]]) -> None:
    """Refuse scales between or within which there is nothing to compare."""
    single = [name for name, items in members.items() if len(items) < 2]
    if len(members) < 2 or single:
        raise ModelError(
            "heterotrait-monotrait ratios need two scales of two items or more"
            + (f"; scales of one item: {', '.join(single)}" if single else "")
        )


def _simple_structure(
    loadings: pd.DataFrame | pd.Series, residual_variances: pd.Series | None
) -> tuple[pd.DataFrame, pd.Series]:
    """Return loadings as a table and residual variances, refusing cross-loadings and empty factors."""
    matrix = loadings.to_frame(loadings.name or "factor") if isinstance(loadings, pd.Series) else loadings
    present = matrix.abs() > _SMALLEST
    crossing = matrix.index[present.sum(axis=1) > 1]
    if len(crossing):
        raise ModelError(
            f"items that load on several factors: {', '.join(map(str, crossing))}; these coefficients suppose "
            "one factor an item"
        )
    empty = matrix.columns[~present.any()]
    if len(empty):
        raise ModelError(f"factors without items: {', '.join(map(str, empty))}")
    if residual_variances is None:
        return matrix, 1 - (matrix**2).sum(axis=1)
    return matrix, residual_variances.reindex(matrix.index)
