"""Whether a correlation matrix is worth factoring at all."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from psychometrics._correlations import Correlation, Missing, correlation_matrix, inverse, regular_roots


@dataclass(frozen=True)
class KmoResult:
    """Measure of sampling adequacy.

    Attributes
    ----------
    overall : float
        Of all items together, 0 to 1.
    items : Series of shape (n_items,)
        Of each item.
    n_persons : int
        Persons after deletion (pairwise: the smallest pairwise n).
    correlation, missing : str
        Settings.
    """

    overall: float
    items: pd.Series
    n_persons: int
    correlation: str
    missing: str

    def to_frame(self) -> pd.DataFrame:
        """Return one row an item and a last one, ``overall``."""
        return pd.DataFrame({"kmo": pd.concat([self.items, pd.Series({"overall": self.overall})])})


@dataclass(frozen=True)
class BartlettResult:
    """Test that all correlations are zero.

    Attributes
    ----------
    chi_square, p_value : float
        Statistic and tail probability (0 when below what a float holds).
    df : int
        Degrees of freedom.
    n_persons : int
        Persons after deletion (pairwise: the smallest pairwise n).
    determinant : float
        Of the correlation matrix.
    missing : str
        Setting.
    """

    chi_square: float
    df: int
    p_value: float
    n_persons: int
    determinant: float
    missing: str

    def to_frame(self) -> pd.DataFrame:
        """Return one row with every attribute."""
        return pd.DataFrame([vars(self)])


def kmo(responses: pd.DataFrame, correlation: Correlation = "pearson", missing: Missing = "listwise") -> KmoResult:
    r"""Kaiser-Meyer-Olkin measure of sampling adequacy.

    .. math:: \frac{\sum r_{ij}^2}{\sum r_{ij}^2 + \sum a_{ij}^2},\qquad
       a_{ij} = \frac{-r^{ij}}{\sqrt{r^{ii} r^{jj}}}

    over all pairs, or over the pairs of one item; :math:`r^{ij}` are entries of the inverse.

    Parameters
    ----------
    responses : DataFrame of shape (n_persons, n_items)
        Numeric answers, NaN missing.
    correlation : {"pearson", "spearman", "polychoric"}
        Kind of correlation.
    missing : {"listwise", "pairwise"}
        Persons with every answer, or pairs over the persons who answered both.

    Returns
    -------
    KmoResult

    Raises
    ------
    SingularMatrixError
        The correlation matrix has no inverse; the items most involved are named.
    InputShapeError, CodingError, ConstantItemError, TooFewPersonsError
        Responses that no correlation is defined for.

    See Also
    --------
    bartlett_sphericity

    References
    ----------
    Kaiser, H. F., & Rice, J. (1974). Little jiffy, mark IV. Educational and Psychological Measurement, 34,
    111-117, p. 112.

    Notes
    -----
    Validated against ``psych::KMO``.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> draw = np.random.default_rng(1)
    >>> trait = draw.normal(size=(200, 1))
    >>> codes = np.clip(np.rint(3 + trait + draw.normal(size=(200, 6))), 1, 5)
    >>> answers = pd.DataFrame(codes, columns=list("abcdef"))
    >>> from psychometrics.dimensionality import kmo
    >>> kmo(answers).overall > 0.8
    True
    """
    matrix, n_persons = correlation_matrix(responses, correlation, missing)
    inverted = inverse(matrix)
    scale = np.sqrt(np.diag(inverted))
    partial_squares = _off_diagonal_squares(inverted / np.outer(scale, scale))
    squares = _off_diagonal_squares(matrix.to_numpy())
    by_item = squares.sum(axis=0) / (squares + partial_squares).sum(axis=0)
    return KmoResult(
        overall=float(squares.sum() / (squares + partial_squares).sum()),
        items=pd.Series(by_item, index=matrix.columns, name="kmo"),
        n_persons=n_persons,
        correlation=correlation,
        missing=missing,
    )


def bartlett_sphericity(responses: pd.DataFrame, missing: Missing = "listwise") -> BartlettResult:
    r"""Bartlett's test that the items are uncorrelated.

    .. math:: \chi^2 = -\left(n - 1 - \frac{2p + 5}{6}\right) \log|R|,\qquad df = p(p - 1)/2

    Parameters
    ----------
    responses : DataFrame of shape (n_persons, n_items)
        Numeric answers, NaN missing; the test supposes normal ones.
    missing : {"listwise", "pairwise"}
        As in :func:`kmo`. The n of a pairwise test is the smallest pairwise one (psych takes all rows).

    Returns
    -------
    BartlettResult

    Raises
    ------
    SingularMatrixError
        The correlation matrix has no inverse.
    InputShapeError, CodingError, ConstantItemError, TooFewPersonsError
        Responses that no correlation is defined for.

    See Also
    --------
    kmo

    References
    ----------
    Bartlett, M. S. (1951). The effect of standardization on a chi-square approximation in factor analysis.
    Biometrika, 38, 337-344.

    Notes
    -----
    Validated against ``psych::cortest.bartlett`` on complete data.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> draw = np.random.default_rng(1)
    >>> trait = draw.normal(size=(200, 1))
    >>> codes = np.clip(np.rint(3 + trait + draw.normal(size=(200, 6))), 1, 5)
    >>> answers = pd.DataFrame(codes, columns=list("abcdef"))
    >>> from psychometrics.dimensionality import bartlett_sphericity
    >>> bartlett_sphericity(answers).df
    15
    """
    from scipy.stats import chi2

    matrix, n_persons = correlation_matrix(responses, "pearson", missing)
    regular_roots(matrix)
    n_items = len(matrix)
    log_determinant = float(np.linalg.slogdet(matrix.to_numpy())[1])
    chi_square = -(n_persons - 1 - (2 * n_items + 5) / 6) * log_determinant
    df = n_items * (n_items - 1) // 2
    return BartlettResult(
        chi_square=chi_square,
        df=df,
        p_value=float(chi2.sf(chi_square, df)),
        n_persons=n_persons,
        determinant=float(np.exp(log_determinant)),
        missing=missing,
    )


def _off_diagonal_squares(matrix: np.ndarray) -> np.ndarray:
    """Return the squared entries with a zero diagonal."""
    squares: np.ndarray = matrix**2
    np.fill_diagonal(squares, 0.0)
    return squares
