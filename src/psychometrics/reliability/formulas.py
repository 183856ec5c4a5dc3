"""Reliability by formula: from matrices, loadings and thresholds that are known already."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import ndtr
from scipy.stats import f as f_distribution

from psychometrics._checks import at_least, share
from psychometrics.errors import InputShapeError, TooFewPersonsError

# A sum whose variance is this small a share of what the items could make is rounding noise.
_NO_VARIANCE = 1e-12
# Stands for a threshold at infinity.
_INFINITE = 40.0


def alpha_of_matrix(matrix: np.ndarray) -> float:
    """Alpha of a covariance or correlation matrix of shape (n_items, n_items); NaN where the sum does not vary.

    Examples
    --------
    >>> import numpy as np
    >>> from psychometrics.reliability import alpha_of_matrix
    >>> round(alpha_of_matrix(np.array([[1.0, 0.5], [0.5, 1.0]])), 4)
    0.6667

    See Also
    --------
    cronbach_alpha
    """
    n_items, variance = len(matrix), float(matrix.sum())
    if n_items < 2 or not variance > _NO_VARIANCE * float(np.abs(matrix).sum()):
        return float("nan")
    return float(n_items / (n_items - 1) * (1 - np.trace(matrix) / variance))


def feldt_interval(alpha: float, n_persons: int, n_items: int, confidence: float = 0.95) -> tuple[float, float]:
    r"""Feldt's interval of a coefficient alpha.

    .. math:: 1 - (1 - \hat\alpha) F_{(1 \pm \gamma)/2}(n - 1, (n - 1)(k - 1))

    Parameters
    ----------
    alpha : float
        The estimate.
    n_persons, n_items : int
        Persons after deletion and items.
    confidence : float
        Nominal coverage.

    Returns
    -------
    tuple of float
        Lower and upper end; NaN for an alpha of 1, whose interval would have no width, and for NaN.

    Raises
    ------
    TooFewPersonsError
        Fewer than two persons.
    InputShapeError
        Fewer than two items or a confidence outside (0, 1).

    See Also
    --------
    cronbach_alpha

    References
    ----------
    Feldt, L. S., Woodruff, D. J., & Salih, F. A. (1987). Applied Psychological Measurement, 11, 93-103,
    eq. 8.

    Notes
    -----
    Validated against ``psych::alpha.ci``.

    Examples
    --------
    >>> from psychometrics.reliability import feldt_interval
    >>> [round(end, 3) for end in feldt_interval(0.8, n_persons=100, n_items=5)]
    [0.731, 0.856]
    """
    if n_persons < 2:
        raise TooFewPersonsError(f"Feldt's interval needs at least 2 persons, got {n_persons}")
    at_least(n_items, 2, "n_items")
    share(confidence)
    if not alpha < 1:
        return float("nan"), float("nan")
    degrees = (n_persons - 1, (n_persons - 1) * (n_items - 1))
    lower, upper = (
        1 - (1 - alpha) * f_distribution.ppf(tail, *degrees) for tail in ((1 + confidence) / 2, (1 - confidence) / 2)
    )
    return float(lower), float(upper)


def standard_error_of_measurement(standard_deviation: float, reliability: float) -> float:
    r"""Return the standard error of measurement in the units of the score.

    .. math:: SEM = s_x \sqrt{1 - \rho}

    Parameters
    ----------
    standard_deviation : float
        Of the score.
    reliability : float
        Any reliability coefficient of that same score, at most 1.

    Returns
    -------
    float

    Raises
    ------
    InputShapeError
        A negative standard deviation or a reliability above 1.

    See Also
    --------
    cronbach_alpha

    References
    ----------
    Lord, F. M., & Novick, M. R. (1968). Statistical theories of mental test scores, eq. 3.3.5.

    Notes
    -----
    Validated against the identity with coefficient alpha: the error variance of the sum score.

    Examples
    --------
    >>> from psychometrics.reliability import standard_error_of_measurement
    >>> standard_error_of_measurement(standard_deviation=4.0, reliability=0.75)
    2.0
    """
    if not standard_deviation >= 0 or not reliability <= 1:
        raise InputShapeError(
            f"a standard deviation of {standard_deviation} with a reliability of {reliability} is impossible"
        )
    return float(standard_deviation * np.sqrt(1 - reliability))


def green_yang(
    loadings: pd.Series, thresholds: pd.Series, correlations: pd.DataFrame, weights: pd.Series | None = None
) -> float:
    r"""Green and Yang's reliability of a sum of ordinal items, or of a weighted one.

    .. math:: \omega = \frac{\sum_{ij}w_iw_j\left[\sum_{cd}\Phi_2(\tau_{ic}, \tau_{jd}, \lambda_i\lambda_j)
       - \sum_c\Phi(\tau_{ic})\sum_d\Phi(\tau_{jd})\right]}{\sum_{ij}w_iw_j\left[\sum_{cd}\Phi_2(\tau_{ic},
       \tau_{jd}, \rho_{ij}) - \sum_c\Phi(\tau_{ic})\sum_d\Phi(\tau_{jd})\right]}

    Parameters
    ----------
    loadings : Series of shape (n_items,)
        Standardised loadings of the latent responses.
    thresholds : Series
        Indexed by item and threshold number.
    correlations : DataFrame of shape (n_items, n_items)
        Correlations :math:`\rho_{ij}` of the latent responses in the divisor: polychoric for the observed variance
        of the sum, or implied.
    weights : Series of shape (n_items,), optional
        How much one code of each item moves the sum, :math:`w_i`; 1 unless given. Items with other ranges of answers
        that are moved to one scale have weights other than 1.

    Returns
    -------
    float

    Raises
    ------
    InputShapeError
        Items that differ between the arguments.

    See Also
    --------
    omega_categorical

    References
    ----------
    Green, S. B., & Yang, Y. (2009). Psychometrika, 74, 155-167, eq. 21.

    Notes
    -----
    Validated against ``semTools::compRelSEM``.

    Examples
    --------
    >>> from psychometrics.reliability import green_yang
    >>> import pandas as pd
    >>> loadings = pd.Series({"a": 0.7, "b": 0.8})
    >>> thresholds = pd.concat({item: pd.Series([-0.5, 0.5]) for item in "ab"})
    >>> correlations = pd.DataFrame([[1.0, 0.56], [0.56, 1.0]], list("ab"), list("ab"))
    >>> round(green_yang(loadings, thresholds, correlations), 3)
    0.638
    """
    items = list(loadings.index)
    moved = pd.Series(1.0, items) if weights is None else weights
    known = set(thresholds.index.get_level_values(0)) & set(moved.index)
    if set(items) != set(correlations.index) or not set(items) <= known:
        raise InputShapeError("loadings, thresholds, correlations and weights must be about the same items")
    place, values = loadings.index.get_indexer(thresholds.index.get_level_values(0)), thresholds.to_numpy(dtype=float)
    cuts = [np.sort(values[place == k]) for k in range(len(items))]
    loaded, step = loadings.to_numpy(dtype=float), moved[items].to_numpy(dtype=float)
    latent = correlations.loc[items, items].to_numpy(dtype=float)
    one, other = np.triu_indices(len(items))
    apart = one != other
    twice = np.where(apart, 2.0, 1.0) * step[one] * step[other]
    true = twice * _code_covariances(cuts, one, other, loaded[one] * loaded[other])
    total = twice * _code_covariances(cuts, one, other, np.where(apart, latent[one, other], 1.0))
    return ratio(float(true.sum()), float(total.sum()))


def omega_of_loadings(loadings: np.ndarray, spread: np.ndarray | None = None) -> float:
    """Omega of standardised one-factor loadings, of items with these standard deviations (ones when left out).

    See Also
    --------
    omega_total

    Examples
    --------
    >>> from psychometrics.reliability import omega_of_loadings
    >>> import numpy as np
    >>> round(omega_of_loadings(np.array([0.6, 0.7, 0.8])), 3)
    0.745
    """
    scale = np.ones_like(loadings) if spread is None else spread
    common = np.sum(loadings * scale) ** 2
    return ratio(float(common), float(common + np.sum((1 - loadings**2) * scale**2)))


def ratio(true: float, whole: float) -> float:
    """Return a share of variance, NaN where the whole has none."""
    return true / whole if whole > _NO_VARIANCE * max(1.0, abs(true)) else float("nan")


def _code_covariances(cuts: list[np.ndarray], one: np.ndarray, other: np.ndarray, rho: np.ndarray) -> np.ndarray:
    """Return the covariance of two items' codes for each pair of items whose latent responses correlate rho."""
    from psychometrics.ordinal import bivariate_normal

    # A threshold at infinity adds as much to the first term as to the second, so that short items can be filled up.
    grid = np.full((len(cuts), max(map(len, cuts))), _INFINITE)
    for place, values in enumerate(cuts):
        grid[place, : len(values)] = values
    first, second, joint = grid[one], grid[other], np.empty(len(rho))
    same = rho >= 1 - 1e-12
    joint[same] = ndtr(np.minimum(first[same][:, :, None], second[same][:, None, :])).sum(axis=(1, 2))
    joint[~same] = bivariate_normal(first[~same], second[~same], rho[~same]).sum(axis=(1, 2))
    return np.asarray(joint - ndtr(first).sum(axis=1) * ndtr(second).sum(axis=1))
