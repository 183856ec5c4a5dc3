"""How well a factor solution reproduces the correlations."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from psychometrics._correlations import regular_roots
from psychometrics.errors import ModelError, TooFewPersonsError


@dataclass(frozen=True)
class EfaFit:
    """Fit of a factor solution.

    Attributes
    ----------
    rmsr : float
        Root mean square of the residual correlations outside the diagonal.
    rmsr_corrected : float
        The same with the degrees of freedom as divisor.
    chi_square, p_value : float
        Likelihood-ratio statistic with Bartlett's correction and its tail probability.
    df : int
        Degrees of freedom.
    rmsea, rmsea_lower, rmsea_upper : float
        Root mean square error of approximation and its 90 % interval.
    tli : float
        Tucker-Lewis index.
    bic : float
        chi_square minus df times the log of n.
    null_chi_square : float
        Statistic of the model without factors.
    null_df : int
        Its degrees of freedom.
    """

    rmsr: float
    rmsr_corrected: float
    chi_square: float
    df: int
    p_value: float
    rmsea: float
    rmsea_lower: float
    rmsea_upper: float
    tli: float
    bic: float
    null_chi_square: float
    null_df: int


def refuse_impossible(n_factors: int, n_items: int, n_persons: int) -> None:
    """Refuse models without degrees of freedom, and no more persons than items."""
    if n_factors < 1 or (n_items - n_factors) ** 2 < n_items + n_factors:
        raise ModelError(
            f"{n_factors} factors of {n_items} items are not identified; ask for fewer factors or more items"
        )
    if n_persons <= n_items:
        raise TooFewPersonsError(
            f"{n_persons} persons answered {n_items} items; factor analysis needs more persons than items, "
            "and many more to be stable"
        )


def fit_indices(matrix: np.ndarray, common: np.ndarray, n_factors: int, n_persons: int) -> EfaFit:
    r"""Fit of the correlations that a solution implies.

    With :math:`F = \log|\hat R| - \log|R| + \mathrm{tr}(R \hat R^{-1}) - p`, where :math:`\hat R` holds the
    common part and a unit diagonal, chi-square is :math:`(n - 1 - (2p + 5)/6 - 2k/3) F` and RMSEA
    :math:`\sqrt{\max(0, \chi^2 / (df\, n) - 1/(n - 1))}`.

    Parameters
    ----------
    matrix, common : ndarray of shape (n_items, n_items)
        Correlations analysed, and pattern times factor correlations times pattern.
    n_factors, n_persons : int
        Factors and persons.

    Returns
    -------
    EfaFit
        NaN where zero degrees of freedom or an improper solution leave an index undefined.

    Raises
    ------
    ModelError
        No factor, or more than the items can carry.
    TooFewPersonsError
        Not more persons than items.
    SingularMatrixError
        The correlations are not positive definite.

    References
    ----------
    Bartlett, M. S. (1951). The effect of standardization on a chi-square approximation in factor analysis.
    Biometrika, 38, 337-344. Tucker, L. R., & Lewis, C. (1973). A reliability coefficient for maximum
    likelihood factor analysis. Psychometrika, 38, 1-10, eq. 29. Steiger, J. H. (1990). Structural model
    evaluation and modification. Multivariate Behavioral Research, 25, 173-180.

    Notes
    -----
    Validated against ``psych::fa`` (rms, crms, STATISTIC, RMSEA, TLI, BIC, null.chisq).

    See Also
    --------
    fit_efa : a solution with these indices.

    Examples
    --------
    >>> import numpy as np
    >>> from psychometrics.efa import fit_indices
    >>> loadings = np.array([[0.8], [0.7], [0.6], [0.5]])
    >>> common = loadings @ loadings.T
    >>> implied = common + np.diag(1 - np.diag(common))
    >>> fit = fit_indices(implied, common, 1, 200)
    >>> fit.df, abs(fit.rmsr) < 1e-12
    (2, True)
    """
    from scipy.stats import chi2

    p, n, k = len(matrix), n_persons, n_factors
    refuse_impossible(k, p, n)
    regular_roots(pd.DataFrame(matrix))
    df, null_df = ((p - k) ** 2 - (p + k)) // 2, p * (p - 1) // 2
    residual = matrix - common
    squares = np.sum(residual**2) - np.sum(np.diag(residual) ** 2)
    discrepancy = _discrepancy(matrix, common)
    chi_square = (n - 1 - (2 * p + 5) / 6 - 2 * k / 3) * discrepancy
    null_discrepancy = -np.linalg.slogdet(matrix)[1]
    null_chi_square = (n - 1 - (2 * p + 5) / 6) * null_discrepancy
    rmsea = _rmsea(chi_square, df, n)
    lower, upper = _rmsea_interval(chi_square, df, n)
    return EfaFit(
        rmsr=float(np.sqrt(squares / (p * (p - 1)))),
        rmsr_corrected=float(np.sqrt(squares / (2 * df))) if df else float("nan"),
        chi_square=chi_square,
        df=df,
        p_value=float(chi2.sf(chi_square, df)) if df else float("nan"),
        rmsea=rmsea,
        rmsea_lower=lower,
        rmsea_upper=upper,
        tli=_tli(chi_square, df, null_chi_square, null_df),
        bic=chi_square - df * float(np.log(n)),
        null_chi_square=float(null_chi_square),
        null_df=null_df,
    )


def _discrepancy(matrix: np.ndarray, common: np.ndarray) -> float:
    """Return the maximum likelihood discrepancy of the implied correlations, NaN when they are improper."""
    implied = common.copy()
    np.fill_diagonal(implied, 1.0)
    sign, log_determinant = np.linalg.slogdet(implied)
    if sign <= 0:
        return float("nan")
    trace = np.trace(np.linalg.solve(implied, matrix))
    return float(log_determinant - np.linalg.slogdet(matrix)[1] + trace - len(matrix))


def _tli(chi_square: float, df: int, null_chi_square: float, null_df: int) -> float:
    """Return the Tucker-Lewis index."""
    if not df:
        return float("nan")
    null_ratio = null_chi_square / null_df
    return float((null_ratio - chi_square / df) / (null_ratio - 1))


def _rmsea(chi_square: float, df: int, n: int) -> float:
    """Return RMSEA with the divisors of the likelihood-ratio statistic."""
    if not df or np.isnan(chi_square):
        return float("nan")
    return float(np.sqrt(max(0.0, chi_square / (df * n) - 1 / (n - 1))))


def _rmsea_interval(chi_square: float, df: int, n: int, confidence: float = 0.9) -> tuple[float, float]:
    """Return the interval of RMSEA from the noncentral chi-square."""
    if not df or np.isnan(chi_square):
        return float("nan"), float("nan")
    tail = (1 - confidence) / 2
    ends = (_noncentrality(chi_square, df, probability) for probability in (1 - tail, tail))
    lower, upper = (float(np.sqrt(end / (df * n))) for end in ends)
    return lower, upper


def _noncentrality(chi_square: float, df: int, probability: float) -> float:
    """Return the noncentrality under which the statistic is that quantile, zero when there is none."""
    from scipy.optimize import brentq
    from scipy.stats import chi2, ncx2

    if chi2.cdf(chi_square, df) <= probability:
        return 0.0
    ceiling = chi_square
    while ncx2.cdf(chi_square, df, ceiling) > probability:
        ceiling *= 2
    return float(brentq(lambda value: ncx2.cdf(chi_square, df, value) - probability, 1e-10, ceiling))
