"""Correlations with intervals, adjusted p-values, and correction for unreliability."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from scipy import stats

from psychometrics._checks import numeric_table, require_same_rows, share
from psychometrics._nesting import nested_in
from psychometrics._ranks import restore_ties
from psychometrics.association.robust import nested_precision
from psychometrics.errors import InputShapeError, PsychometricsError

CorrelationMethod = Literal["spearman", "pearson", "kendall"]

#: Column that holds the coefficient, by method.
COEFFICIENT_NAME = {"spearman": "rho", "pearson": "r", "kendall": "tau"}

#: A correlation this close to -1 or 1 is perfect but for rounding.
PERFECT = 1e-12


@dataclass(frozen=True)
class CorrelationTable:
    """Correlations in long form.

    Attributes
    ----------
    table : DataFrame
        One row a pair: ``x``, ``y``, ``n`` (pairwise complete), the coefficient (``rho``, ``r`` or ``tau``),
        ``lower``, ``upper``, ``p``, ``note`` (empty unless a value could not be computed); with clusters also
        ``n_clusters``, ``design_effect`` and ``effective_n`` (persons).
    method : str
    confidence : float
    notes : tuple of str
        Every non-empty note, with its pair.
    """

    table: pd.DataFrame
    method: str
    confidence: float
    notes: tuple[str, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """Return a copy of the long table."""
        return self.table.copy()

    def to_matrix(self, column: str | None = None) -> pd.DataFrame:
        """Return one column (by default the coefficient) as a matrix with ``x`` in rows and ``y`` in columns.

        Pairs of one table with itself fill the lower triangle as they were computed; the upper is left empty.
        """
        name = column or COEFFICIENT_NAME[self.method]
        rows, columns = self.table["x"].unique(), self.table["y"].unique()
        wide = self.table.pivot_table(index="x", columns="y", values=name, dropna=False)
        return wide.reindex(index=rows, columns=columns)


def correlation_interval(
    estimate: float, n: int, confidence: float = 0.95, method: CorrelationMethod = "spearman"
) -> tuple[float, float]:
    r"""Interval of a correlation by Fisher's z.

    .. math:: \tanh\{\operatorname{artanh}(r) \pm z_{1-\alpha/2}\,\sqrt{v}\}

    with :math:`v = 1/(n-3)` for Pearson, :math:`(1 + r^2/2)/(n-3)` for Spearman and :math:`.437/(n-4)` for
    Kendall's tau-b.

    Parameters
    ----------
    estimate : float
        Correlation between -1 and 1.
    n : int
        Complete pairs.
    confidence : float
        Between 0 and 1.
    method : {"spearman", "pearson", "kendall"}

    Returns
    -------
    tuple of float
        Lower and upper bound; ``(nan, nan)`` when `n` is too small for the variance to exist (n < 4; n < 5
        for Kendall), and when the estimate is exactly -1 or 1, where Fisher's z is infinite.

    Raises
    ------
    PsychometricsError
        `estimate` outside [-1, 1] or `confidence` outside (0, 1).

    References
    ----------
    Bonett, D. G., & Wright, T. A. (2000). Sample size requirements for estimating Pearson, Kendall and
    Spearman correlations. Psychometrika, 65, 23-28. Fisher, R. A. (1921). On the probable error of a
    coefficient of correlation. Metron, 1, 3-32.

    Notes
    -----
    Validated against R ``cor.test`` (Pearson) and the coverage in a simulation (Spearman).

    See Also
    --------
    correlation_matrix : A table of them.

    Examples
    --------
    >>> [round(bound, 3) for bound in correlation_interval(0.30, 91)]
    [0.096, 0.48]
    """
    require_correlation(estimate)
    share(confidence, "confidence")
    if n < (5 if method == "kendall" else 4):
        return float("nan"), float("nan")
    if 1 - abs(estimate) < PERFECT:
        return float("nan"), float("nan")
    margin = stats.norm.ppf((1 + confidence) / 2) * np.sqrt(fisher_variance(estimate, n, method))
    centre = np.arctanh(estimate)
    return float(np.tanh(centre - margin)), float(np.tanh(centre + margin))


def fisher_variance(estimate: float, n: int, method: CorrelationMethod) -> float:
    """Return the variance of Fisher's z of a correlation (Bonett & Wright 2000, equations 2 to 4)."""
    if method == "pearson":
        return 1 / (n - 3)
    if method == "kendall":
        return 0.437 / (n - 4)
    return (1 + estimate**2 / 2) / (n - 3)


def spearman_matrix(
    left: pd.DataFrame, right: pd.DataFrame | None = None, confidence: float = 0.95
) -> CorrelationTable:
    """Spearman correlations of every column of `left` with every column of `right`.

    See :func:`correlation_matrix`, of which this is the Spearman case.

    Parameters
    ----------
    left, right : DataFrame, shape (n_persons, n_variables)
        Numeric scores, ``NaN`` missing. Without `right`, every pair of columns of `left`.
    confidence : float
        Confidence of the intervals.

    Returns
    -------
    CorrelationTable
        Long table with ``x, y, n, rho, lower, upper, p, note``.

    See Also
    --------
    correlation_matrix : Other coefficients, and clusters.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> rng = np.random.default_rng(1)
    >>> x = pd.DataFrame(rng.normal(size=(80, 2)), columns=["share", "listen"])
    >>> y = (0.5 * x["share"] + rng.normal(size=80)).rename("engagement")
    >>> spearman_matrix(x, y.to_frame()).table[["x", "rho"]].round({"rho": 3}).to_numpy().tolist()
    [['share', 0.369], ['listen', -0.103]]
    """
    return correlation_matrix(left, right, confidence, "spearman")


def correlation_matrix(
    left: pd.DataFrame,
    right: pd.DataFrame | None = None,
    confidence: float = 0.95,
    method: CorrelationMethod = "spearman",
    clusters: pd.Series | None = None,
) -> CorrelationTable:
    r"""Correlations of every column of `left` with every column of `right`, each on its complete pairs.

    Spearman is Pearson on mid-ranks (ties averaged), ranked within the complete pairs; values that differ only in
    the thirteenth digit count as tied, so that means of the same answers tie on every machine. Its p-value and
    Pearson's refer to t with n - 2 degrees of freedom; Kendall's tau-b takes its p-value from the normal
    approximation. Intervals: :func:`correlation_interval`.

    Parameters
    ----------
    left, right : DataFrame, shape (n_persons, n_variables)
        Numeric scores, ``NaN`` missing (deleted pairwise; the n of each pair is in the table). Without
        `right`, every pair of columns of `left`, in the order of the columns. A column that stands in both
        tables under one name is not paired with itself.
    confidence : float
        Confidence of the intervals.
    method : {"spearman", "pearson", "kendall"}
    clusters : Series, shape (n_persons,), optional
        Team or agency of each person, none missing (not for Kendall). Intervals and p then allow for members who are
        alike: on Fisher's z, with the variance :math:`\frac{C}{C-1}\frac{1}{n^2}\sum_c(\sum_{i\in c}\psi_i)^2` of the
        persons' influences :math:`\psi_i` summed in each of C clusters, referred to t with C - 1 degrees of freedom.

    Returns
    -------
    CorrelationTable

    Raises
    ------
    InputShapeError
        Empty table, repeated column, or rows that differ between the tables.
    CodingError
        Text or infinite values.

    Notes
    -----
    A variable that does not vary over the complete pairs, or fewer than three pairs, gives ``NaN`` with the
    reason in ``note`` and in the result's notes, so that one empty outcome does not stop a whole table.

    References
    ----------
    Spearman, C. (1904). The proof and measurement of association between two things. American Journal of
    Psychology, 15, 72-101. Bonett & Wright (2000), as in :func:`correlation_interval`. With clusters: Liang, K.-Y., &
    Zeger, S. L. (1986). Longitudinal data analysis using generalized linear models. Biometrika, 73, 13-22 (the sum by
    cluster); Croux, C., & Dehon, C. (2010). Influence functions of the Spearman and Kendall correlation measures.
    Statistical Methods & Applications, 19, 497-515.

    Validated against R ``cor``, ``cor.test`` and psych's ``corr.test``; with clusters by the cluster bootstrap and by
    coverage in a simulation.

    See Also
    --------
    psychometrics.association.bootstrap_correlations : Intervals by resampling persons or clusters.
    psychometrics.association.partial_correlations : With covariates held constant.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> rng = np.random.default_rng(1)
    >>> x = pd.DataFrame(rng.normal(size=(80, 2)), columns=["share", "listen"])
    >>> y = (0.5 * x["share"] + rng.normal(size=80)).rename("engagement")
    >>> team = pd.Series(np.repeat(range(20), 4))
    >>> row = correlation_matrix(x[["share"]], y.to_frame(), clusters=team).table.iloc[0]
    >>> row[["rho", "lower", "upper"]].astype(float).round(3).tolist(), int(row["n_clusters"])
    ([0.369, 0.113, 0.579], 20)
    """
    share(confidence, "confidence")
    first = numeric_table(left, "left", noun="column")
    second = first if right is None else numeric_table(right, "right", noun="column")
    require_same_rows(first.index, second.index, "left and right")
    pairs = _pairs(first, second, right is None)
    rows = [_correlate(first[x], second[y], confidence, method) for x, y in pairs]
    if clusters is not None:
        if method == "kendall":
            raise PsychometricsError("clusters go with spearman or pearson, not with kendall")
        codes, _ = nested_in(clusters, first.index)
        rows = [row | _nested(first[row["x"]], second[row["y"]], codes, row, method, confidence) for row in rows]
    if not rows:
        raise InputShapeError("no pair of different columns to correlate; give two columns or a second table")
    table = pd.DataFrame(rows)
    notes = tuple(f"{row['x']} with {row['y']}: {row['note']}" for row in rows if row["note"])
    return CorrelationTable(table, method, confidence, notes)


def _nested(
    x: pd.Series, y: pd.Series, codes: np.ndarray, row: dict[str, object], method: str, confidence: float
) -> dict[str, object]:
    """Return the columns of a row that clusters change."""
    both = (x.notna() & y.notna()).to_numpy()
    columns = ("lower", "upper", "p", "n_clusters", "design_effect", "effective_n")
    if row["note"]:
        nothing: dict[str, object] = dict.fromkeys(columns, float("nan"))
        return nothing | {"n_clusters": len(np.unique(codes[both]))}
    a, b = (restore_ties(side.to_numpy()[both]) for side in (x, y))
    found = nested_precision(a, b, codes[both], method == "spearman", confidence)
    note = "" if found.p == found.p else f"no interval from {found.n_clusters} cluster(s)"
    return {name: getattr(found, name) for name in columns} | {"note": note}


def _pairs(left: pd.DataFrame, right: pd.DataFrame, within: bool) -> Iterator[tuple[str, str]]:
    """Give the pairs of column names to correlate."""
    for position, x in enumerate(left.columns):
        for y in left.columns[position + 1 :] if within else right.columns:
            if x != y:
                yield x, y


def _correlate(x: pd.Series, y: pd.Series, confidence: float, method: CorrelationMethod) -> dict[str, object]:
    """Return one row of the long table."""
    both = (x.notna() & y.notna()).to_numpy()
    a, b = restore_ties(x.to_numpy()[both]), restore_ties(y.to_numpy()[both])
    row: dict[str, object] = {"x": x.name, "y": y.name, "n": len(a)}
    note = _why_undefined(a, b, x, y)
    estimate, p_value = (float("nan"), float("nan")) if note else _estimate(a, b, method)
    bounds = (float("nan"),) * 2 if note else correlation_interval(estimate, len(a), confidence, method)
    row |= {COEFFICIENT_NAME[method]: estimate, "lower": bounds[0], "upper": bounds[1], "p": p_value}
    if not note and 1 - abs(estimate) < PERFECT:
        note = "the pairs lie on one line, so there is no interval"
    elif not note and np.isnan(bounds[0]):
        note = f"no interval with {len(a)} complete pairs"
    return row | {"note": note}


def _why_undefined(a: np.ndarray, b: np.ndarray, x: pd.Series, y: pd.Series) -> str:
    """Say why a correlation does not exist, or return an empty string."""
    if len(a) < 3:
        return f"only {len(a)} complete pairs"
    for values, name in ((a, x.name), (b, y.name)):
        if np.ptp(values) == 0:
            return f"{name} does not vary"
    return ""


def _estimate(a: np.ndarray, b: np.ndarray, method: CorrelationMethod) -> tuple[float, float]:
    """Return coefficient and p-value of complete pairs."""
    tests = {"spearman": stats.spearmanr, "pearson": stats.pearsonr, "kendall": stats.kendalltau}
    found = tests[method](a, b)
    return float(np.clip(found.statistic, -1, 1)), float(found.pvalue)


def require_correlation(value: float) -> None:
    """Refuse a value that is no correlation."""
    if not -1 <= value <= 1:
        raise PsychometricsError(f"a correlation must lie between -1 and 1; {value} does not")
