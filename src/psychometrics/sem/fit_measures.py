"""Fit measures from a test statistic and that of the baseline model."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy import special

CLOSE_FIT = 0.05
CONFIDENCE = 0.90


@dataclass(frozen=True)
class ModelTest:
    """Test statistic of a model against the unrestricted one.

    Attributes
    ----------
    statistic, df : float, int
    scaled : float
        Corrected for non-normality or categories; NaN where the estimator has none.
    factor, shift : float
        ``scaled = statistic / factor + shift``.
    robust_statistic, robust_factor : float
        Discrepancy and mean of its null distribution over df, behind the robust CFI, TLI and RMSEA.
    """

    statistic: float
    df: int
    scaled: float = np.nan
    factor: float = np.nan
    shift: float = 0.0
    robust_statistic: float = np.nan
    robust_factor: float = np.nan


@dataclass(frozen=True)
class FitMeasures:
    """Fit of a factor model; a name ending in `_scaled` or `_robust` is NaN where the estimator does not define it.

    Attributes
    ----------
    chi_square, df, p_value : float, int, float
        Likelihood ratio (ML, MLR) or (n - 1) times the least-squares discrepancy, uncorrected.
    chi_square_scaled, p_value_scaled, scaling_factor, shift : float
        ``chi_square / scaling_factor + shift``: Yuan-Bentler (MLR) or scaled-shifted (WLSMV, ULSMV).
    baseline_chi_square, baseline_df, baseline_chi_square_scaled, baseline_scaling_factor
        The same for the model of independent items.
    cfi, tli, rmsea, rmsea_lower, rmsea_upper, rmsea_p_close : float
        From chi_square; 90 % interval; p of RMSEA <= .05.
    srmr : float
        Root mean squared residual correlation over the lower triangle with the diagonal (and the means, with
        full information).
    log_likelihood, aic, bic : float
        Normal-theory estimators only.
    n_parameters : int
    """

    chi_square: float
    df: int
    p_value: float
    cfi: float
    tli: float
    rmsea: float
    rmsea_lower: float
    rmsea_upper: float
    rmsea_p_close: float
    srmr: float
    aic: float
    bic: float
    log_likelihood: float
    saturated_log_likelihood: float
    n_parameters: int
    baseline_chi_square: float
    baseline_df: int
    chi_square_scaled: float
    p_value_scaled: float
    scaling_factor: float
    shift: float
    baseline_chi_square_scaled: float
    baseline_scaling_factor: float
    cfi_scaled: float
    tli_scaled: float
    rmsea_scaled: float
    rmsea_lower_scaled: float
    rmsea_upper_scaled: float
    rmsea_p_close_scaled: float
    cfi_robust: float
    tli_robust: float
    rmsea_robust: float
    rmsea_lower_robust: float
    rmsea_upper_robust: float
    rmsea_p_close_robust: float

    def to_frame(self) -> pd.DataFrame:
        """One row a measure."""
        return pd.Series(asdict(self), name="value", dtype=float).rename_axis("measure").reset_index()


class Likelihood(NamedTuple):
    """Log-likelihood of the model and of the unrestricted one."""

    model: float = np.nan
    saturated: float = np.nan


class Indices(NamedTuple):
    """Comparative and absolute indices of one version of the statistic."""

    cfi: float
    tli: float
    rmsea: float
    lower: float
    upper: float
    p_close: float


def fit_measures(
    test: ModelTest,
    baseline: ModelTest,
    *,
    n_rmsea: float,
    n_persons: int,
    n_parameters: int,
    srmr: float,
    likelihood: Likelihood,
) -> FitMeasures:
    """All measures of a model.

    ``CFI = 1 - max(T - df, 0) / max(T_b - df_b, T - df, 0)``, ``TLI = 1 - (T - df) df_b / ((T_b - df_b) df)``,
    ``RMSEA = sqrt(max(T / df - 1, 0) / n)``. The scaled versions take the scaled statistics; the robust versions take
    ``T - c df`` for ``T - df``, where c is the mean of T over df (Brosseau-Liard & Savalei 2014; Savalei 2021 for
    categories; Zhang & Savalei 2022 for missing responses).

    Parameters
    ----------
    test, baseline : ModelTest
    n_rmsea : float
        n in the RMSEA: persons for likelihood, persons less one for least squares.
    n_persons, n_parameters : int
    srmr : float
    likelihood : Likelihood

    Returns
    -------
    FitMeasures
    """
    naive = indices(test.statistic, 1.0, baseline.statistic, 1.0, test.df, baseline.df, n_rmsea)
    scaled = indices(test.scaled, 1.0, baseline.scaled, 1.0, test.df, baseline.df, n_rmsea)
    robust = indices(
        test.robust_statistic,
        test.robust_factor,
        baseline.robust_statistic,
        baseline.robust_factor,
        test.df,
        baseline.df,
        n_rmsea,
    )
    return FitMeasures(
        chi_square=test.statistic,
        df=test.df,
        p_value=_p_value(test.statistic, test.df),
        cfi=naive.cfi,
        tli=naive.tli,
        rmsea=naive.rmsea,
        rmsea_lower=naive.lower,
        rmsea_upper=naive.upper,
        rmsea_p_close=naive.p_close,
        srmr=srmr,
        aic=-2.0 * likelihood.model + 2.0 * n_parameters,
        bic=-2.0 * likelihood.model + np.log(n_persons) * n_parameters,
        log_likelihood=likelihood.model,
        saturated_log_likelihood=likelihood.saturated,
        n_parameters=n_parameters,
        baseline_chi_square=baseline.statistic,
        baseline_df=baseline.df,
        chi_square_scaled=test.scaled,
        p_value_scaled=_p_value(test.scaled, test.df),
        scaling_factor=test.factor,
        shift=test.shift,
        baseline_chi_square_scaled=baseline.scaled,
        baseline_scaling_factor=baseline.factor,
        cfi_scaled=scaled.cfi,
        tli_scaled=scaled.tli,
        rmsea_scaled=scaled.rmsea,
        rmsea_lower_scaled=scaled.lower,
        rmsea_upper_scaled=scaled.upper,
        rmsea_p_close_scaled=scaled.p_close,
        cfi_robust=robust.cfi,
        tli_robust=robust.tli,
        rmsea_robust=robust.rmsea,
        rmsea_lower_robust=robust.lower,
        rmsea_upper_robust=robust.upper,
        rmsea_p_close_robust=robust.p_close,
    )


def _p_value(statistic: float, df: int) -> float:
    """Upper tail of the chi-square distribution."""
    return float(special.chdtrc(df, statistic)) if df > 0 and np.isfinite(statistic) else np.nan


def indices(
    statistic: float, factor: float, base: float, base_factor: float, df: int, base_df: int, n: float
) -> Indices:
    """CFI, TLI and RMSEA of a statistic whose null mean is factor times df; NaN where the correction is negative."""
    if not (np.isfinite(statistic) and np.isfinite(base) and (df == 0 or factor > 0)):
        return Indices(*[np.nan] * 6)
    excess, base_excess = statistic - factor * df, base - base_factor * base_df
    worst = max(excess, base_excess, 0.0)
    cfi = 1.0 - max(excess, 0.0) / worst if worst > 0 else 1.0
    if df == 0:
        return Indices(cfi, 1.0, 0.0, 0.0, 0.0, np.nan)
    tli = 1.0 - excess * base_df / (base_excess * df) if base_excess != 0 else 1.0
    rmsea = np.sqrt(max(excess, 0.0) / (n * df))
    lower, upper = rmsea_interval(statistic / factor, df)
    scale = np.sqrt(factor / (n * df))
    close = 1.0 - special.chndtr(statistic / factor, df, n * df * CLOSE_FIT**2 / factor)
    return Indices(cfi, tli, float(rmsea), scale * np.sqrt(lower), scale * np.sqrt(upper), float(close))


def rmsea_interval(statistic: float, df: int) -> tuple[float, float]:
    """Non-centralities whose 95 % and 5 % points are the statistic (Browne & Cudeck 1993)."""
    tail = (1.0 - CONFIDENCE) / 2.0
    return _noncentrality(statistic, df, 1.0 - tail), _noncentrality(statistic, df, tail)


def _noncentrality(statistic: float, df: int, probability: float) -> float:
    """Non-centrality at which the statistic has a given lower-tail probability; zero where none has."""
    if special.chdtr(df, statistic) < probability:
        return 0.0
    return float(special.chndtrinc(statistic, df, probability))
