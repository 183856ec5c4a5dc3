"""Henze and Zirkler's test that several variables are normal together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from psychometrics._checks import numeric_table, refuse_constant
from psychometrics.errors import SingularMatrixError, TooFewPersonsError

# Pairs of persons that are held in memory at once, as persons in one block.
_BLOCK = 500


@dataclass(frozen=True)
class HenzeZirkler:
    """Henze and Zirkler's test of multivariate normality; see :func:`henze_zirkler`.

    Attributes
    ----------
    statistic, p : float
    n, n_dropped : int
        Complete persons, and persons left out because an answer is missing.
    n_variables : int
    """

    statistic: float
    p: float
    n: int
    n_dropped: int
    n_variables: int

    def to_frame(self) -> pd.DataFrame:
        """Return one row with every figure."""
        return pd.DataFrame([{name: getattr(self, name) for name in self.__dataclass_fields__}])


def henze_zirkler(values: pd.DataFrame) -> HenzeZirkler:
    r"""Henze and Zirkler's test that variables are normal together.

    With squared Mahalanobis distances :math:`D_{jk}` between persons and :math:`D_j` from the mean (covariances with
    divisor n), p variables and :math:`\beta = \frac{1}{\sqrt 2}\left(\frac{n(2p+1)}{4}\right)^{1/(p+4)}`,

    .. math:: HZ = \frac1n\sum_{jk} e^{-\beta^2 D_{jk}/2} - 2(1+\beta^2)^{-p/2}\sum_j e^{-\beta^2 D_j/(2+2\beta^2)}
              + n(1+2\beta^2)^{-p/2}

    which is nearly log-normal for normal data; p is the upper tail, with the mean and variance of theorem 3.1.

    Parameters
    ----------
    values : DataFrame, shape (n_persons, n_variables)
        Numeric; persons with a missing value are left out. Answers on a short scale are never normal: the test is
        meant for scores.

    Returns
    -------
    HenzeZirkler

    Raises
    ------
    TooFewPersonsError
        Not more complete persons than variables.
    SingularMatrixError
        A variable follows from the others.
    ConstantItemError, InputShapeError, CodingError
        A variable that does not vary, fewer than two variables, values that are not numbers.

    References
    ----------
    Henze, N., & Zirkler, B. (1990). A class of invariant consistent tests for multivariate normality. Communications
    in Statistics: Theory and Methods, 19, 3595-3617, equations 2.3 to 2.6 and theorem 3.1.

    Notes
    -----
    Validated against the values that Korkmaz, Goksuluk and Zararsiz (2014, R Journal 6(2), 151-162) print of Fisher's
    irises, and against pingouin.

    See Also
    --------
    mahalanobis_distance : How far each person lies from the mean.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> rng = np.random.default_rng(1)
    >>> scores = pd.DataFrame(rng.normal(size=(100, 3)), columns=["share", "listen", "lead"])
    >>> found = henze_zirkler(scores)
    >>> round(found.statistic, 3), round(found.p, 3), found.n
    (0.679, 0.581, 100)
    """
    table = numeric_table(values, "values", noun="variable", minimum_columns=2)
    complete = table.dropna()
    n, p = complete.shape
    if n <= p:
        raise TooFewPersonsError(f"{p} variables need more complete persons than that; there are {n}")
    refuse_constant(complete, "variable")
    smoothing = (n * (2 * p + 1) / 4) ** (2 / (p + 4)) / 2
    white = _whitened(complete.to_numpy())
    near = np.exp(-smoothing / (2 + 2 * smoothing) * (white**2).sum(axis=1)).sum()
    statistic = (
        _closeness(white, smoothing) / n - 2 * (1 + smoothing) ** (-p / 2) * near + n * (1 + 2 * smoothing) ** (-p / 2)
    )
    mean, variance = _moments(p, smoothing)
    spread = np.sqrt(np.log1p(variance / mean**2))
    centre = np.log(mean) - spread**2 / 2
    upper = stats.norm.sf((np.log(statistic) - centre) / spread) if statistic > 0 else 1.0
    return HenzeZirkler(float(statistic), float(upper), n, len(table) - n, p)


def _whitened(data: np.ndarray) -> np.ndarray:
    """Return the data with zero means and the identity as covariance matrix (divisor n)."""
    centred = data - data.mean(axis=0)
    scaled = centred / centred.std(axis=0)
    vectors, roots, axes = np.linalg.svd(scaled, full_matrices=False)
    if roots[-1] <= 1e-8 * roots[0]:
        raise SingularMatrixError("a variable follows from the others, so that distances are not defined: leave it out")
    white: np.ndarray = vectors @ axes * np.sqrt(len(data))
    return white


def _closeness(white: np.ndarray, smoothing: float) -> float:
    """Return the sum of the kernel over all pairs of persons, each with itself as well."""
    lengths = (white**2).sum(axis=1)
    total = 0.0
    for start in range(0, len(white), _BLOCK):
        part = slice(start, start + _BLOCK)
        distances = lengths[part, None] + lengths - 2 * white[part] @ white.T
        total += float(np.exp(-smoothing / 2 * np.maximum(distances, 0.0)).sum())
    return total


def _moments(p: int, smoothing: float) -> tuple[float, float]:
    """Return mean and variance of the statistic for normal data, by the squared smoothing parameter."""
    b = smoothing
    a, w = 1 + 2 * b, (1 + b) * (1 + 3 * b)
    mean = 1 - a ** (-p / 2) * (1 + p * b / a + p * (p + 2) * b**2 / (2 * a**2))
    variance = (
        2 * (1 + 4 * b) ** (-p / 2)
        + 2 * a**-p * (1 + 2 * p * b**2 / a**2 + 3 * p * (p + 2) * b**4 / (4 * a**4))
        - 4 * w ** (-p / 2) * (1 + 3 * p * b**2 / (2 * w) + p * (p + 2) * b**4 / (2 * w**2))
    )
    return mean, variance
