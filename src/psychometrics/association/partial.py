"""Correlations once covariates are held constant."""

from __future__ import annotations

from dataclasses import asdict
from typing import Literal

import numpy as np
import pandas as pd
from scipy import stats

from psychometrics._checks import numeric_table, require_same_rows
from psychometrics._nesting import nested_in
from psychometrics._ranks import restore_ties
from psychometrics.association._design import build_design
from psychometrics.association.correlation import COEFFICIENT_NAME, CorrelationTable, correlation_interval
from psychometrics.association.robust import nested_precision
from psychometrics.errors import PsychometricsError, TooFewPersonsError


def partial_correlations(
    left: pd.DataFrame,
    right: pd.DataFrame,
    covariates: pd.DataFrame,
    method: Literal["spearman", "pearson"] = "spearman",
    confidence: float = 0.95,
    clusters: pd.Series | None = None,
) -> CorrelationTable:
    r"""Correlations of `left` with `right` once covariates are held constant.

    The correlation of the residuals of both variables after regression on the covariates; for Spearman, of their
    ranks on the ranks of numeric covariates. With k covariate columns, p from t with n - 2 - k degrees of freedom
    and the interval of :func:`correlation_interval` at n - k.

    Parameters
    ----------
    left, right : DataFrame, shape (n_persons, n_variables)
    covariates : DataFrame, shape (n_persons, n_covariates)
        Numeric columns as they are (ranked for Spearman); text and categories as indicators. Rows missing on the
        pair or on a covariate are left out, pair by pair.
    method : {"spearman", "pearson"}
    confidence : float
    clusters : Series, shape (n_persons,), optional
        As in :func:`correlation_matrix`, of the residuals, which count as known: intervals and p then refer to t with
        clusters - 1 degrees of freedom.

    Returns
    -------
    CorrelationTable
        ``n`` complete rows, with clusters also ``n_clusters``, ``design_effect``, ``effective_n``; a pair that cannot
        be computed has ``NaN`` and a note.

    Raises
    ------
    InputShapeError, CodingError
        Different rows, repeated columns, text in `left` or `right`.
    PsychometricsError
        Unknown method.

    References
    ----------
    Kendall, M., & Stuart, A. (1973). The advanced theory of statistics, vol. 2, chapter 27. Conover, W. J. (1999).
    Practical nonparametric statistics (3rd ed.), p. 327 (on ranks).

    Notes
    -----
    Validated against residuals and inverse rank correlations in base R.

    See Also
    --------
    psychometrics.association.correlation_matrix : Without covariates.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> rng = np.random.default_rng(1)
    >>> x = pd.DataFrame(rng.normal(size=(80, 2)), columns=["share", "listen"])
    >>> y = (0.5 * x["share"] + rng.normal(size=80)).rename("engagement")
    >>> row = partial_correlations(x[["share"]], y.to_frame(), x[["listen"]]).table.iloc[0]
    >>> round(float(row["rho"]), 3), int(row["n"])
    (0.365, 80)
    """
    if method not in ("spearman", "pearson"):
        raise PsychometricsError(f"method must be 'spearman' or 'pearson', not {method!r}")
    first, second = numeric_table(left, "left", noun="column"), numeric_table(right, "right", noun="column")
    require_same_rows(first.index, second.index, "left and right")
    codes = None if clusters is None else pd.Series(nested_in(clusters, first.index)[0], first.index)
    rows = [
        _partial(first[x], second[y], covariates, method, confidence, codes)
        for x in first.columns
        for y in second.columns
        if x != y
    ]
    notes = tuple(f"{row['x']} with {row['y']}: {row['note']}" for row in rows if row["note"])
    return CorrelationTable(pd.DataFrame(rows), method, confidence, notes)


def _partial(
    x: pd.Series,
    y: pd.Series,
    covariates: pd.DataFrame,
    method: Literal["spearman", "pearson"],
    confidence: float,
    clusters: pd.Series | None,
) -> dict[str, object]:
    """Return one row of the long table."""
    row: dict[str, object] = {"x": x.name, "y": y.name, "n": int((x.notna() & y.notna()).sum())}
    nothing = dict.fromkeys((COEFFICIENT_NAME[method], "lower", "upper", "p"), float("nan"))
    try:
        residuals, k = _residuals(x, y, covariates, method)
    except PsychometricsError as reason:
        return row | nothing | {"note": str(reason)}
    (a, b), n = residuals.to_numpy().T, len(residuals)
    r = float(np.clip(np.corrcoef(a, b)[0, 1], -1, 1))
    lower, upper = correlation_interval(r, n - k, confidence, method)
    t = r * np.sqrt(n - 2 - k) / np.sqrt(max(1 - r**2, np.finfo(float).tiny))
    found = {COEFFICIENT_NAME[method]: r, "lower": lower, "upper": upper, "p": 2 * stats.t.sf(abs(t), n - 2 - k)}
    if clusters is not None:
        nested = nested_precision(a, b, clusters[residuals.index].to_numpy(), False, confidence)
        found |= asdict(nested)
    return row | {"n": n} | found | {"note": ""}


def _residuals(x: pd.Series, y: pd.Series, covariates: pd.DataFrame, method: str) -> tuple[pd.DataFrame, int]:
    """Return residuals of both variables on the covariates, and how many columns these have."""
    if (x.notna() & y.notna()).sum() == 0:
        raise TooFewPersonsError("no complete pairs")
    design = build_design(y, covariates, x.to_frame())
    both = pd.DataFrame({"x": x[design.outcome.index], "y": design.outcome})
    matrix = design.matrix.copy()
    if method == "spearman":
        both = both.apply(_ranked)
        numeric = list(design.numeric_terms)
        matrix[numeric] = matrix[numeric].apply(_ranked)
    if len(both) < matrix.shape[1] + 3:
        raise TooFewPersonsError(f"only {len(both)} complete rows for {matrix.shape[1] - 1} covariate columns")
    fitted = matrix @ np.linalg.lstsq(matrix.to_numpy(), both.to_numpy(), rcond=None)[0]
    residual = both.to_numpy() - fitted.to_numpy()
    for name, values, spread in zip((x.name, y.name), residual.T, both.std(), strict=True):
        if values.std() <= 1e-10 * spread or spread == 0:
            raise PsychometricsError(f"nothing of {name} is left once the covariates are held constant")
    return pd.DataFrame(residual, both.index), matrix.shape[1] - 1


def _ranked(values: pd.Series) -> pd.Series:
    """Return mid-ranks, with ties restored."""
    return pd.Series(stats.rankdata(restore_ties(values.to_numpy())), values.index)
