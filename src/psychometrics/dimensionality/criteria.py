"""Criteria on one correlation matrix: minimum average partial, empirical Kaiser, Hull."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from psychometrics._checks import one_of
from psychometrics._correlations import Correlation, Missing, correlation_matrix, inverse, regular_roots
from psychometrics.dimensionality.parallel import ParallelAnalysis, parallel_analysis
from psychometrics.errors import ModelError


@dataclass(frozen=True)
class MinimumAveragePartial:
    """Velicer's minimum average partial, in both versions.

    Attributes
    ----------
    n_factors, n_factors_fourth : int
        Components at which the mean squared (1976) and the mean fourth-power (2000) partial correlation is
        smallest.
    squared, fourth_power : Series
        The means after 0, 1, 2, ... components.
    correlation, missing : str
        Settings.
    n_persons : int
        Persons after deletion.
    """

    n_factors: int
    n_factors_fourth: int
    squared: pd.Series
    fourth_power: pd.Series
    correlation: str
    missing: str
    n_persons: int

    def to_frame(self) -> pd.DataFrame:
        """Return one row a number of components."""
        return pd.DataFrame({"squared": self.squared, "fourth_power": self.fourth_power})


@dataclass(frozen=True)
class EmpiricalKaiser:
    """Eigenvalues against the empirical Kaiser criterion.

    Attributes
    ----------
    n_factors : int
        Leading eigenvalues above their reference.
    observed, reference : Series
        By rank from 1.
    correlation, missing : str
        Settings.
    n_persons : int
        Persons after deletion.
    """

    n_factors: int
    observed: pd.Series
    reference: pd.Series
    correlation: str
    missing: str
    n_persons: int

    def to_frame(self) -> pd.DataFrame:
        """Return one row a rank: observed, reference, retained."""
        table = pd.DataFrame({"observed": self.observed, "reference": self.reference})
        return table.assign(retained=table.index <= self.n_factors)


@dataclass(frozen=True)
class HullResult:
    """The elbow of fit against parameters.

    Attributes
    ----------
    n_factors : int
        Solution with the largest st value on the hull.
    table : DataFrame, one row a number of factors from 0
        ``fit``, ``n_parameters``, ``on_hull``, ``st`` (NaN at the ends of the hull and below it), ``unbeaten`` (the
        hull ends there, because no larger solution fits better: its st is beyond all numbers, and it is chosen).
    index : str
        ``caf`` or ``cfi``.
    correlation, missing : str
        Settings.
    n_persons : int
        Persons after deletion.
    notes : tuple of str
        What a reader has to know.
    """

    n_factors: int
    table: pd.DataFrame
    index: str
    correlation: str
    missing: str
    n_persons: int
    notes: tuple[str, ...]

    def to_frame(self) -> pd.DataFrame:
        """Return the table of solutions."""
        return self.table


def minimum_average_partial(
    responses: pd.DataFrame, correlation: Correlation = "pearson", missing: Missing = "listwise"
) -> MinimumAveragePartial:
    r"""Velicer's minimum average partial correlation.

    After m principal components are partialled out, the mean over pairs of :math:`r_{ij \cdot m}^2` (or its
    square) falls while they take out common variance and rises when they start on the unique parts.

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
    MinimumAveragePartial

    Raises
    ------
    SingularMatrixError
        The correlation matrix has no inverse.
    InputShapeError, CodingError, ConstantItemError, TooFewPersonsError
        Responses that no correlation is defined for.

    See Also
    --------
    retain_factors

    References
    ----------
    Velicer, W. F. (1976). Determining the number of components from the matrix of partial correlations.
    Psychometrika, 41, 321-327, eq. 4. Velicer, W. F., Eaton, C. A., & Fava, J. L. (2000). Construct
    explication through factor or component analysis. In Problems and solutions in human assessment, 41-71.

    Notes
    -----
    Validated against ``psych::vss(x)$map`` (squared version, from one component on).

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> draw = np.random.default_rng(1)
    >>> trait = draw.normal(size=(200, 1))
    >>> codes = np.clip(np.rint(3 + trait + draw.normal(size=(200, 6))), 1, 5)
    >>> answers = pd.DataFrame(codes, columns=list("abcdef"))
    >>> from psychometrics.dimensionality import minimum_average_partial
    >>> minimum_average_partial(answers).n_factors
    1
    """
    matrix, n_persons = correlation_matrix(responses, correlation, missing)
    regular_roots(matrix)
    squared, fourth = _average_partials(matrix.to_numpy())
    return MinimumAveragePartial(
        n_factors=int(np.argmin(squared)),
        n_factors_fourth=int(np.argmin(fourth)),
        squared=pd.Series(squared).rename_axis("components"),
        fourth_power=pd.Series(fourth).rename_axis("components"),
        correlation=correlation,
        missing=missing,
        n_persons=n_persons,
    )


def empirical_kaiser(
    responses: pd.DataFrame, correlation: Correlation = "pearson", missing: Missing = "listwise"
) -> EmpiricalKaiser:
    r"""Empirical Kaiser criterion.

    .. math:: l_j^{ref} = \max\left(\frac{p - \sum_{i<j} l_i}{p - j + 1}\left(1 + \sqrt{p/n}\right)^2, 1\right)

    Parameters
    ----------
    responses : DataFrame of shape (n_persons, n_items)
        Numeric answers, NaN missing.
    correlation : {"pearson", "spearman", "polychoric"}
        Kind of correlation; the criterion was derived for Pearson's.
    missing : {"listwise", "pairwise"}
        Persons with every answer, or pairs over the persons who answered both.

    Returns
    -------
    EmpiricalKaiser

    Raises
    ------
    InputShapeError, CodingError, ConstantItemError, TooFewPersonsError
        Responses that no correlation is defined for.

    See Also
    --------
    parallel_analysis, retain_factors

    References
    ----------
    Braeken, J., & van Assen, M. A. L. M. (2017). An empirical Kaiser criterion. Psychological Methods, 22,
    450-466, eq. 2.

    Notes
    -----
    Validated by hand on a small matrix and by recovery of simulated structures.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> draw = np.random.default_rng(1)
    >>> trait = draw.normal(size=(200, 1))
    >>> codes = np.clip(np.rint(3 + trait + draw.normal(size=(200, 6))), 1, 5)
    >>> answers = pd.DataFrame(codes, columns=list("abcdef"))
    >>> from psychometrics.dimensionality import empirical_kaiser
    >>> empirical_kaiser(answers).n_factors
    1
    """
    matrix, n_persons = correlation_matrix(responses, correlation, missing)
    observed = np.linalg.eigvalsh(matrix.to_numpy())[::-1]
    n_items = len(observed)
    left = n_items - np.concatenate([[0.0], np.cumsum(observed)[:-1]])
    bound = (1 + np.sqrt(n_items / n_persons)) ** 2
    reference = np.maximum(left / np.arange(n_items, 0, -1) * bound, 1.0)
    above = observed > reference
    ranks = pd.RangeIndex(1, n_items + 1, name="rank")
    return EmpiricalKaiser(
        n_factors=n_items if above.all() else int(np.argmin(above)),
        observed=pd.Series(observed, ranks),
        reference=pd.Series(reference, ranks),
        correlation=correlation,
        missing=missing,
        n_persons=n_persons,
    )


def hull(
    responses: pd.DataFrame,
    correlation: Correlation = "pearson",
    index: Literal["caf", "cfi"] = "caf",
    max_factors: int | None = None,
    missing: Missing = "listwise",
    seed: int = 0,
) -> HullResult:
    r"""Hull method: the solution after which more factors buy little fit.

    Solutions with 0 to ``max_factors`` factors are placed by their number of parameters and their fit: the
    common part accounted for, :math:`CAF = 1 - KMO(R - \Lambda\Lambda')` with a unit diagonal (minres), or CFI
    (maximum likelihood). Among those on the upper convex hull the one with the largest

    .. math:: st_i = \frac{(f_i - f_{i-1})/(m_i - m_{i-1})}{(f_{i+1} - f_i)/(m_{i+1} - m_i)}

    is chosen; it is beyond all numbers for a solution that no larger one betters. No factor and the largest solution
    cannot be chosen by construction.

    Parameters
    ----------
    responses : DataFrame of shape (n_persons, n_items)
        Numeric answers, NaN missing.
    correlation : {"pearson", "spearman", "polychoric"}
        Kind of correlation.
    index : {"caf", "cfi"}
        Fit; CFI supposes normal data.
    max_factors : int, optional
        Largest solution; one more than a parallel analysis of components (100 permutations, its mean
        eigenvalues, Pearson) suggests, and at least three, when left out.
    missing : {"listwise", "pairwise"}
        Persons with every answer, or pairs over the persons who answered both.
    seed : int
        Of that parallel analysis.

    Returns
    -------
    HullResult

    Raises
    ------
    ModelError
        ``max_factors`` below two, or more than the items can carry.
    InputShapeError
        An unknown index.
    SingularMatrixError, CodingError, ConstantItemError, TooFewPersonsError
        Responses that no factor analysis is defined for.

    See Also
    --------
    retain_factors

    References
    ----------
    Lorenzo-Seva, U., Timmerman, M. E., & Kiers, H. A. L. (2011). The Hull method for selecting the number of
    common factors. Multivariate Behavioral Research, 46, 340-364, eq. 5 and 8.

    Notes
    -----
    Validated by identities (CAF of no factor is one minus KMO) and by recovery of simulated structures.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> draw = np.random.default_rng(1)
    >>> trait = draw.normal(size=(200, 1))
    >>> codes = np.clip(np.rint(3 + trait + draw.normal(size=(200, 6))), 1, 5)
    >>> answers = pd.DataFrame(codes, columns=list("abcdef"))
    >>> from psychometrics.dimensionality import hull
    >>> hull(answers, max_factors=2).table.columns.tolist()
    ['fit', 'n_parameters', 'on_hull', 'st', 'unbeaten']
    """
    one_of(index, ("caf", "cfi"), "index")
    matrix, n_persons = correlation_matrix(responses, correlation, missing)
    regular_roots(matrix)
    largest = _largest(responses, missing, seed, len(matrix)) if max_factors is None else max_factors
    if largest < 2 or (len(matrix) - largest) ** 2 < len(matrix) + largest:
        raise ModelError(
            f"the hull needs solutions with up to at least 2 factors that {len(matrix)} items can carry; "
            f"{largest} was asked for"
        )
    table = _on_hull(_solutions(matrix, n_persons, largest, index))
    choices = table["st"].mask(table["unbeaten"], np.inf).dropna()
    notes = () if len(choices) else ("no solution between the ends lies on the hull; one factor is reported",)
    return HullResult(
        n_factors=int(choices.index[int(np.argmax(choices))]) if len(choices) else 1,
        table=table,
        index=index,
        correlation=correlation,
        missing=missing,
        n_persons=n_persons,
        notes=notes,
    )


def _average_partials(matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean squared and fourth-power partial correlation after 0 to p - 2 components."""
    roots, vectors = np.linalg.eigh(matrix)
    axes = (vectors * np.sqrt(np.maximum(roots, 0.0)))[:, ::-1]
    size, left = len(matrix), matrix.copy()
    means = []
    for component in range(size - 1):
        spread = np.sqrt(np.diag(left))
        partial = left / np.outer(spread, spread)
        np.fill_diagonal(partial, 0.0)
        means.append((np.sum(partial**2), np.sum(partial**4)))
        left = left - np.outer(axes[:, component], axes[:, component])
    squared, fourth = np.array(means).T / (size * (size - 1))
    return squared, fourth


def _largest(responses: pd.DataFrame, missing: Missing, seed: int, n_items: int) -> int:
    """Return the largest solution worth a look by a parallel analysis of its own."""
    return largest_worth_a_look(parallel_analysis(responses, 100, seed=seed, missing=missing), n_items)


def largest_worth_a_look(components: ParallelAnalysis, n_items: int) -> int:
    """Return one factor more than the components above the mean of the reference, at least three, if carried."""
    above = (components.observed > components.mean).to_numpy()
    suggested = n_items if above.all() else int(np.argmin(above))
    carried = max(k for k in range(n_items) if (n_items - k) ** 2 >= n_items + k)
    return min(max(suggested + 1, 3), carried)


def _solutions(matrix: pd.DataFrame, n_persons: int, largest: int, index: str) -> pd.DataFrame:
    """Return fit and number of parameters of the solutions with 0 to ``largest`` factors."""
    from psychometrics.efa.extraction import extract

    values, n_items, rows = matrix.to_numpy(), len(matrix), []
    for k in range(largest + 1):
        common = np.zeros_like(values)
        if k:
            loadings, _ = extract(values, k, "minres" if index == "caf" else "ml")
            common = loadings @ loadings.T
        fit = _caf(matrix, common) if index == "caf" else _cfi(values, common, k, n_persons)
        rows.append((fit, n_items * k - k * (k - 1) // 2 + n_items))
    return pd.DataFrame(rows, columns=["fit", "n_parameters"]).rename_axis("n_factors")


def _caf(matrix: pd.DataFrame, common: np.ndarray) -> float:
    """Return the common part accounted for: one minus the KMO of what is left."""
    left = matrix - common
    residual = left.to_numpy(copy=True)
    np.fill_diagonal(residual, 1.0)
    inverted = inverse(pd.DataFrame(residual, matrix.index, matrix.columns))
    scale = np.sqrt(np.diag(inverted))
    partial = inverted / np.outer(scale, scale)
    squares, partial_squares = (np.sum(m**2) - len(m) for m in (residual, partial))
    return float(1 - squares / (squares + partial_squares))


def _cfi(matrix: np.ndarray, common: np.ndarray, n_factors: int, n_persons: int) -> float:
    """Return CFI; 0 for the model without factors."""
    from psychometrics.efa.fit import fit_indices

    if n_factors == 0:
        return 0.0
    fit = fit_indices(matrix, common, n_factors, n_persons)
    null = max(fit.null_chi_square - fit.null_df, fit.chi_square - fit.df, 0.0)
    return 1 - max(fit.chi_square - fit.df, 0.0) / null if null else 1.0


def _on_hull(table: pd.DataFrame) -> pd.DataFrame:
    """Mark the solutions on the upper convex hull and give those between its ends their st value."""
    fit, size = table["fit"].to_numpy(), table["n_parameters"].to_numpy(dtype=float)
    kept: list[int] = []
    for k in range(len(fit)):
        if kept and fit[k] <= fit[kept].max():
            continue
        while len(kept) > 1 and _below(kept[-2], kept[-1], k, fit, size):
            kept.pop()
        kept.append(k)
    st = pd.Series(np.nan, index=table.index)
    for before, here, after in zip(kept, kept[1:], kept[2:], strict=False):
        gained = (fit[here] - fit[before]) / (size[here] - size[before])
        st[here] = gained / ((fit[after] - fit[here]) / (size[after] - size[here]))
    unbeaten = kept[-1:] if len(kept) > 1 and kept[-1] < len(fit) - 1 else []
    return table.assign(on_hull=table.index.isin(kept), st=st, unbeaten=table.index.isin(unbeaten))


def _below(before: int, here: int, after: int, fit: np.ndarray, size: np.ndarray) -> bool:
    """Tell whether the middle one of three solutions lies on or below the line through the others."""
    line = fit[before] + (fit[after] - fit[before]) * (size[here] - size[before]) / (size[after] - size[before])
    return bool(fit[here] <= line)
