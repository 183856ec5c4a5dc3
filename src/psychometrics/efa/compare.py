"""How far solutions agree, and a general factor behind correlated ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd

from psychometrics._correlations import Correlation, Missing
from psychometrics.efa.extraction import Extraction, one_factor_loadings
from psychometrics.efa.rotation import Rotation, align_factors
from psychometrics.efa.solution import EfaResult, fit_efa
from psychometrics.errors import ModelError


@dataclass(frozen=True)
class SolutionAgreement:
    """Agreement of factor solutions over extractions and rotations.

    Attributes
    ----------
    table : DataFrame, one row a pair of solutions
        ``first``, ``second``, ``lowest`` and ``mean`` congruence of the matched factors.
    solutions : dict of str to EfaResult
        By ``extraction, rotation``.
    lowest : float
        Smallest congruence of any matched pair of factors.
    n_factors : int
        Number of factors.
    """

    table: pd.DataFrame
    solutions: dict[str, EfaResult]
    lowest: float
    n_factors: int

    def to_frame(self) -> pd.DataFrame:
        """Return the table of pairs."""
        return self.table


@dataclass(frozen=True)
class SchmidLeiman:
    """A general factor and orthogonal group factors from correlated factors.

    Attributes
    ----------
    general : Series of shape (n_items,)
        Loadings on the general factor.
    group : DataFrame of shape (n_items, n_factors)
        Loadings on the residualised group factors.
    uniquenesses : Series of shape (n_items,)
        Variance neither explains.
    higher_order : Series of shape (n_factors,)
        Loadings of the first-order factors on the general one.
    correlations : DataFrame of shape (n_items, n_items)
        Matrix analysed.
    n_persons : int
        Persons after deletion.
    notes : tuple of str
        What a reader has to know.
    """

    general: pd.Series
    group: pd.DataFrame
    uniquenesses: pd.Series
    higher_order: pd.Series
    correlations: pd.DataFrame
    n_persons: int
    notes: tuple[str, ...]

    def to_frame(self) -> pd.DataFrame:
        """Return one row an item: general, group loadings, uniqueness."""
        return pd.concat([self.general, self.group, self.uniquenesses], axis=1)


def compare_solutions(
    responses: pd.DataFrame,
    n_factors: int,
    extractions: Sequence[Extraction] = ("minres", "ml"),
    rotations: Sequence[Rotation] = ("oblimin", "promax", "geomin"),
    correlation: Correlation = "polychoric",
    missing: Missing = "listwise",
) -> SolutionAgreement:
    """Fit every combination of extraction and rotation and compare the patterns.

    Parameters
    ----------
    responses : DataFrame of shape (n_persons, n_items)
        Numeric answers, NaN missing.
    n_factors : int
        Number of factors.
    extractions, rotations : sequence of str
        As in :func:`fit_efa`; together at least two solutions.
    correlation, missing : str
        As in :func:`fit_efa`.

    Returns
    -------
    SolutionAgreement

    Raises
    ------
    ModelError
        Fewer than two solutions, or a solution that is not identified.
    InputShapeError, CodingError, ConstantItemError, TooFewPersonsError, SingularMatrixError
        As :func:`fit_efa`.

    References
    ----------
    Lorenzo-Seva, U., & ten Berge, J. M. F. (2006). Tucker's congruence coefficient as a meaningful index of factor
    similarity. Methodology, 2, 57-64.

    Notes
    -----
    Validated by identity: oblimin with gamma 0 and quartimin agree completely.

    See Also
    --------
    fit_efa : one solution.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from psychometrics.efa import compare_solutions
    >>> draw = np.random.default_rng(1)
    >>> factors = draw.multivariate_normal([0, 0], [[1, 0.4], [0.4, 1]], 800, method="cholesky")
    >>> items = pd.DataFrame(factors[:, [0, 0, 0, 1, 1, 1]] + draw.standard_normal((800, 6)), columns=list("abcdef"))
    >>> found = compare_solutions(items, 2, ["minres", "ml"], ["oblimin"], correlation="pearson")
    >>> type(found).__name__
    'SolutionAgreement'
    """
    solutions = {
        f"{extraction}, {rotation}": fit_efa(responses, n_factors, correlation, extraction, rotation, missing)
        for extraction in extractions
        for rotation in rotations
    }
    if len(solutions) < 2:
        raise ModelError("at least two different solutions are needed to compare them")
    rows = []
    for first, second in combinations(solutions, 2):
        _, congruence = align_factors(solutions[second].pattern, solutions[first].pattern)
        rows.append((first, second, congruence.min(), congruence.mean()))
    table = pd.DataFrame(rows, columns=["first", "second", "lowest", "mean"])
    return SolutionAgreement(table, solutions, float(table["lowest"].min()), n_factors)


def schmid_leiman(solution: EfaResult) -> SchmidLeiman:
    r"""Schmid-Leiman transformation of an oblique solution.

    One general factor with loadings :math:`\gamma_k` is fitted to the factor correlations (minres). Then the general
    loading of an item is :math:`\sum_k \lambda_{ik}\gamma_k` and its group loadings are
    :math:`\lambda_{ik}\sqrt{1 - \gamma_k^2}`. Ratios of general to group loadings are proportional within a factor
    by construction; a bifactor model estimates them freely.

    Parameters
    ----------
    solution : EfaResult
        At least three correlated factors. With two, the higher-order loadings are set equal,
        :math:`\sqrt{\phi_{12}}`, and the notes say so.

    Returns
    -------
    SchmidLeiman
        The general factor points so that its loadings sum to a positive number.

    Raises
    ------
    ModelError
        One factor, an orthogonal solution, or two factors that correlate negatively.

    References
    ----------
    Schmid, J., & Leiman, J. M. (1957). The development of hierarchical factor solutions. Psychometrika, 22, 53-61.

    Notes
    -----
    Validated against ``psych::schmid`` (minres, oblimin).

    See Also
    --------
    fit_efa : the correlated factors.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from psychometrics.efa import fit_efa, schmid_leiman
    >>> draw = np.random.default_rng(1)
    >>> factors = draw.multivariate_normal([0] * 3, 0.6 * np.eye(3) + 0.4, 800, method="cholesky")
    >>> values = factors[:, [0, 0, 0, 1, 1, 1, 2, 2, 2]] + draw.standard_normal((800, 9))
    >>> items = pd.DataFrame(values, columns=list("abcdefghi"))
    >>> schmid_leiman(fit_efa(items, 3, correlation="pearson")).general.shape
    (9,)
    """
    pattern, phi = solution.pattern.to_numpy(), solution.factor_correlations.to_numpy()
    if solution.n_factors < 2 or np.allclose(phi, np.eye(len(phi))):
        raise ModelError("a general factor needs at least two correlated factors; use an oblique rotation")
    higher, notes = _higher_order(phi)
    general = pattern @ higher
    if general.sum() < 0:
        general, higher = -general, -higher
    group = pattern * np.sqrt(1 - higher**2)
    items, factors = solution.pattern.index, solution.pattern.columns
    return SchmidLeiman(
        general=pd.Series(general, items, name="general"),
        group=pd.DataFrame(group, index=items, columns=factors),
        uniquenesses=solution.uniquenesses,
        higher_order=pd.Series(higher, factors, name="higher_order"),
        correlations=solution.correlations,
        n_persons=solution.n_persons,
        notes=notes,
    )


def _higher_order(phi: np.ndarray) -> tuple[np.ndarray, tuple[str, ...]]:
    """Return the loadings of factors on a general one, and what is special about them."""
    if len(phi) == 2:
        if phi[0, 1] < 0:
            raise ModelError("two negatively correlated factors have no general factor; reverse the items of one")
        return np.full(2, np.sqrt(phi[0, 1])), ("two factors: their loadings on the general factor were set equal",)
    higher = one_factor_loadings(phi)
    improper = ("a first-order factor is explained completely by the general one (Heywood case)",)
    return higher, improper if np.max(np.abs(higher)) > 1 - 1e-6 else ()
