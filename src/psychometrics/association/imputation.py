"""Multiple imputation as a check on what listwise deletion does to a regression."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import special, stats

from psychometrics._checks import numeric_column, numeric_table, require_same_rows, share
from psychometrics.association.models import RegressionResult, regression
from psychometrics.errors import InputShapeError, PsychometricsError, TooFewPersonsError

# Of a Bayesian regression, as in scikit-learn: updates at most, change of the coefficients below which it has settled,
# and what the gamma priors of both precisions add.
_MOST_UPDATES, _SETTLED, _FLAT = 300, 1e-3, 2e-6


@dataclass(frozen=True)
class PooledEstimate:
    """One estimate over several imputed data sets; see :func:`pool_estimates`."""

    estimate: float
    standard_error: float
    df: float
    lower: float
    upper: float
    p: float
    fraction_missing_information: float
    n_imputations: int

    def to_frame(self) -> pd.DataFrame:
        """Return one row with every figure."""
        return pd.DataFrame([{name: getattr(self, name) for name in self.__dataclass_fields__}])


def pool_estimates(
    estimates: Sequence[float], variances: Sequence[float], df_complete: float, confidence: float = 0.95
) -> PooledEstimate:
    r"""Pool an estimate over imputations by Rubin's rules.

    .. math:: \bar Q = \tfrac1m\sum Q_l, \quad T = \bar U + (1 + \tfrac1m)B, \quad
              \lambda = \frac{(1 + 1/m)B}{T}

    with U the mean of the variances and B the variance of the estimates; degrees of freedom of Barnard and Rubin from
    :math:`(m-1)/\lambda^2` and :math:`\frac{\nu+1}{\nu+3}\nu(1-\lambda)`.

    Parameters
    ----------
    estimates, variances : sequence of float
        Estimate and squared standard error in each imputed data set, two or more.
    df_complete : float
        Degrees of freedom that complete data would have.
    confidence : float

    Returns
    -------
    PooledEstimate

    Raises
    ------
    InputShapeError
        Fewer than two imputations, or lists of different length.

    References
    ----------
    Rubin, D. B. (1987). Multiple imputation for nonresponse in surveys, section 3.3. Barnard, J., & Rubin, D. B.
    (1999). Small-sample degrees of freedom with multiple imputation. Biometrika, 86, 948-955.

    Notes
    -----
    Validated against mice's ``pool.scalar``.

    See Also
    --------
    imputed_regression : A whole regression pooled.

    Examples
    --------
    >>> pooled = pool_estimates([0.40, 0.44, 0.38], [0.010, 0.011, 0.010], df_complete=100)
    >>> round(pooled.estimate, 3), round(pooled.standard_error, 3)
    (0.407, 0.108)
    """
    share(confidence, "confidence")
    q, u = np.asarray(estimates, dtype=float), np.asarray(variances, dtype=float)
    m = len(q)
    if m < 2 or len(u) != m:
        raise InputShapeError(f"{m} estimates and {len(u)} variances; two or more of each are needed, as many of both")
    between = float(q.var(ddof=1)) * (1 + 1 / m)
    total = float(u.mean()) + between
    if not (u.mean() > 0 and (u >= 0).all() and np.isfinite(total)):
        raise PsychometricsError("every data set needs a finite estimate and a variance, of which one is above zero")
    missing = max(between / total, 1e-12)
    old = (m - 1) / missing**2
    observed = (df_complete + 1) / (df_complete + 3) * df_complete * (1 - missing)
    df = old * observed / (old + observed)
    error, mean = np.sqrt(total), float(q.mean())
    margin = stats.t.ppf((1 + confidence) / 2, df) * error
    ratio = missing / (1 - missing)
    information = (ratio + 2 / (df + 3)) / (1 + ratio)
    p = 2 * float(stats.t.sf(abs(mean / error), df))
    return PooledEstimate(
        mean, float(error), float(df), float(mean - margin), float(mean + margin), p, float(information), m
    )


def multiple_imputation(
    table: pd.DataFrame, n_imputations: int = 20, n_iterations: int = 10, seed: int = 0
) -> list[pd.DataFrame]:
    """Fill missing scores several times by chained Bayesian regressions with random draws.

    Parameters
    ----------
    table : DataFrame, shape (n_persons, n_variables)
        Numeric scores; put in everything that goes with the values or with their being missing, the outcome included.
    n_imputations, n_iterations : int
        Data sets, and rounds of the chain for each.
    seed : int

    Returns
    -------
    list of DataFrame
        Completed tables; observed values are untouched, imputed ones are not rounded and may leave the scale.

    Raises
    ------
    InputShapeError
        Fewer than two imputations or columns, or a column without any value.
    CodingError
        Text or infinite values.

    References
    ----------
    van Buuren, S., & Groothuis-Oudshoorn, K. (2011). mice: multivariate imputation by chained equations in R. Journal
    of Statistical Software, 45(3).

    Notes
    -----
    Own code because scikit-learn's ``IterativeImputer`` passes through all rows for every column of every round, and
    statsmodels' MICE cannot be seeded apart from numpy's global state. Validated by identity with the former
    (``BayesianRidge``, posterior draws) and by recovery under answers missing at random.

    See Also
    --------
    imputed_regression : What to do with them.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> rng = np.random.default_rng(1)
    >>> x = pd.DataFrame(rng.normal(size=(80, 2)), columns=["share", "listen"])
    >>> y = (0.5 * x["share"] + rng.normal(size=80)).rename("engagement")
    >>> filled = multiple_imputation(x.mask(rng.random(x.shape) < 0.1), n_imputations=2)
    >>> len(filled), int(filled[0].isna().sum().sum())
    (2, 0)
    """
    import joblib

    data = numeric_table(table, "table", noun="column")
    empty = [str(name) for name in data.columns if data[name].isna().all()]
    if n_imputations < 2 or data.shape[1] < 2 or empty:
        raise InputShapeError(
            f"{n_imputations} imputations of {data.shape[1]} columns, without any value: {empty or 'none'}; two of "
            "each are needed, and no column without values"
        )
    seeds = np.random.SeedSequence(seed).generate_state(n_imputations)
    return list(joblib.Parallel()(joblib.delayed(_impute)(data, n_iterations, int(state)) for state in seeds))


def _impute(data: pd.DataFrame, n_iterations: int, state: int) -> pd.DataFrame:
    """Complete the table once, the column with the fewest gaps first.

    A regression needs the sums of products over the rows in which its outcome is known: those of all rows, kept up to
    date, less those of the few rows with a gap.
    """
    stream, known = np.random.RandomState(state), data.to_numpy()
    absent = np.isnan(known)
    start = np.nanmean(known, axis=0)
    filled = np.where(absent, start, known)
    rows = np.column_stack([np.ones(len(filled)), filled - start])
    sums = rows.T @ rows
    gaps = {place: np.flatnonzero(absent[:, place]) for place in np.argsort(absent.mean(axis=0), kind="stable")}
    for _ in range(n_iterations):
        for place, gap in gaps.items():
            if not len(gap):
                continue
            others = np.delete(np.arange(filled.shape[1]), place)
            before = rows[gap]
            line = _bayesian_line(sums - before.T @ before, place, others)
            x = filled[np.ix_(gap, others)]
            middle = start[place] + line.mean + (x - start[others] - line.means) @ line.coefficients
            # As in scikit-learn: the error of the line grows with the distance from zero.
            error = np.sqrt(((x @ line.covariance) * x).sum(axis=1) + line.residual)
            filled[gap, place] = middle + error * special.ndtri(stream.uniform(size=len(gap)))
            rows[gap, place + 1] = filled[gap, place] - start[place]
            sums += rows[gap].T @ rows[gap] - before.T @ before
    return pd.DataFrame(filled, data.index, data.columns)


@dataclass(frozen=True)
class _Line:
    """A Bayesian regression: means of outcome and predictors, coefficients, their covariance, residual variance."""

    mean: float
    means: np.ndarray
    coefficients: np.ndarray
    covariance: np.ndarray
    residual: float


def _bayesian_line(sums: np.ndarray, place: int, others: np.ndarray) -> _Line:
    """Return the ridge regression of a column on others whose penalty maximises the evidence (MacKay 1992).

    From the sums of products of a column of ones and all columns; both precisions have a flat gamma prior.
    """
    n, means = sums[0, 0], sums[0, 1:] / sums[0, 0]
    products = sums[1:, 1:] - n * np.outer(means, means)
    xx, xy, yy = products[np.ix_(others, others)], products[others, place], max(float(products[place, place]), 0.0)
    values, vectors = np.linalg.eigh(xx)
    values, turned = np.clip(values, 0.0, None), vectors.T @ xy
    noise, penalty, last = 1 / (yy / n + np.finfo(float).eps), 1.0, np.full(len(others), np.inf)

    def coefficients() -> np.ndarray:
        """Return the coefficients under the present precisions."""
        return np.asarray(vectors @ (turned / (values + penalty / noise)))

    for _ in range(_MOST_UPDATES):
        b = coefficients()
        used = float((noise * values / (penalty + noise * values)).sum())
        left = max(yy - 2 * float(b @ xy) + float(b @ xx @ b), 0.0)
        penalty = (used + _FLAT) / (float((b**2).sum()) + _FLAT)
        noise = (n - used + _FLAT) / (left + _FLAT)
        settled, last = np.abs(last - b).sum() < _SETTLED, b
        if settled:
            break
    covariance = (vectors / (noise * values + penalty)) @ vectors.T
    return _Line(float(means[place]), means[others], coefficients(), covariance, 1 / noise)


def imputed_regression(
    outcome: pd.Series,
    predictors: pd.DataFrame,
    auxiliaries: pd.DataFrame | None = None,
    covariance: str = "HC3",
    n_imputations: int = 20,
    seed: int = 0,
    confidence: float = 0.95,
) -> RegressionResult:
    """Regression as :func:`regression`, over multiply imputed data instead of complete rows only.

    Parameters
    ----------
    outcome : Series, shape (n_persons,)
    predictors : DataFrame, shape (n_persons, n_predictors)
        Numeric.
    auxiliaries : DataFrame, optional
        Further numeric columns that help to impute and do not enter the regression.
    covariance : str
        As in :func:`regression`, ``"cluster"`` excepted.
    n_imputations, seed : int
    confidence : float

    Returns
    -------
    RegressionResult
        Pooled by :func:`pool_estimates`; ``n`` counts everybody with at least one observed value, ``n_dropped`` those
        with none; R squared is the mean over imputations. The largest fraction of missing information is in the notes.

    Raises
    ------
    InputShapeError, CodingError, ConstantItemError, SingularMatrixError, TooFewPersonsError
        As in :func:`regression` and :func:`multiple_imputation`.

    References
    ----------
    Rubin (1987); van Buuren, S. (2018). Flexible imputation of missing data (2nd ed.), chapter 5.

    Notes
    -----
    Validated by identity with :func:`regression` on complete data, and by recovery where listwise deletion is biased.

    See Also
    --------
    psychometrics.association.regression : Complete rows only.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> rng = np.random.default_rng(1)
    >>> x = pd.DataFrame(rng.normal(size=(80, 2)), columns=["share", "listen"])
    >>> y = (0.5 * x["share"] + rng.normal(size=80)).rename("engagement")
    >>> found = imputed_regression(y.mask(y.index < 5), x, n_imputations=2)
    >>> found.n, found.coefficients["term"].tolist()
    (80, ['(Intercept)', 'share', 'listen'])
    """
    y = numeric_column(outcome.rename("outcome" if outcome.name is None else str(outcome.name)), "outcome")
    x = numeric_table(predictors, "predictors", noun="column")
    require_same_rows(y.index, x.index, "outcome and predictors")
    whole = pd.concat([y.to_frame(), x], axis=1)
    if auxiliaries is not None:
        whole = whole.join(numeric_table(auxiliaries, "auxiliaries", noun="column"))
    known = whole.notna().any(axis=1)
    if int(known.sum()) < x.shape[1] + 2:
        raise TooFewPersonsError(f"{y.name}: {int(known.sum())} persons with any value do not suffice")
    filled = multiple_imputation(whole[known], n_imputations, seed=seed)
    fits = [regression(data[y.name], data[list(x.columns)], covariance, confidence) for data in filled]
    table, missing = _pool(fits, confidence)
    return RegressionResult(
        coefficients=table,
        coefficient_covariance=_total_covariance(fits),
        r_squared=float(np.mean([fit.r_squared for fit in fits])),
        adjusted_r_squared=float(np.mean([fit.adjusted_r_squared for fit in fits])),
        n=int(known.sum()),
        n_dropped=int((~known).sum()),
        covariance=covariance,
        confidence=confidence,
        outcome=str(y.name),
        notes=(f"{n_imputations} imputations, seed {seed}, largest fraction of missing information {missing:.2f}",),
    )


def _total_covariance(fits: list[RegressionResult]) -> pd.DataFrame:
    """Return Rubin's total covariance: the mean within imputations, and that between them (1 + 1/m times)."""
    within = np.mean([fit.coefficient_covariance.to_numpy() for fit in fits], axis=0)
    between = np.cov([fit.coefficients["estimate"] for fit in fits], rowvar=False)
    terms = fits[0].coefficient_covariance.index
    return pd.DataFrame(within + (1 + 1 / len(fits)) * between, index=terms, columns=terms)


def _scale(table: pd.DataFrame, k: int) -> float:
    """Return what turns a raw coefficient into a standardised one."""
    estimate = float(table["estimate"].iloc[k])
    return float(table["standardised"].iloc[k]) / estimate if estimate else float("nan")


def _pool(fits: list[RegressionResult], confidence: float) -> tuple[pd.DataFrame, float]:
    """Pool the coefficient tables, and return the largest fraction of missing information."""
    tables = [fit.coefficients for fit in fits]
    rows, missing = [], []
    for k, term in enumerate(tables[0]["term"]):
        raw = [(float(t["estimate"].iloc[k]), float(t["standard_error"].iloc[k])) for t in tables]
        scale = float(np.mean([_scale(t, k) for t in tables]))
        pooled = pool_estimates([e for e, _ in raw], [s**2 for _, s in raw], float(tables[0]["df"].iloc[k]), confidence)
        missing.append(pooled.fraction_missing_information)
        bounds = (pooled.estimate, pooled.lower, pooled.upper)
        standard = dict(
            zip(("standardised", "standardised_lower", "standardised_upper"), np.multiply(bounds, scale), strict=True)
        )
        rows.append(
            {"term": term, "estimate": pooled.estimate, "standard_error": pooled.standard_error, "df": pooled.df,
             "t": pooled.estimate / pooled.standard_error, "p": pooled.p, "lower": pooled.lower,
             "upper": pooled.upper} | standard
        )  # fmt: skip
    return pd.DataFrame(rows), max(missing)
