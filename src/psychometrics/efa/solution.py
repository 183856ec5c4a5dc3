"""Exploratory factor analysis of a questionnaire."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from psychometrics._correlations import Correlation, Missing, correlation_matrix, regular_roots
from psychometrics.efa.extraction import SMALLEST_UNIQUENESS, Extraction, extract
from psychometrics.efa.fit import EfaFit, fit_indices, refuse_impossible
from psychometrics.efa.rotation import Rotation, rotate

_HEYWOOD = SMALLEST_UNIQUENESS + 1e-6


@dataclass(frozen=True)
class EfaResult:
    """A factor solution in one fixed order and sign.

    Factors are called F1, F2, ... by the variance they account for, and point so that their loadings sum to a
    positive number.

    Attributes
    ----------
    pattern, structure : DataFrame of shape (n_items, n_factors)
        Regression weights of items on factors, and correlations of items with factors.
    factor_correlations : DataFrame of shape (n_factors, n_factors)
        Identity for orthogonal rotations.
    communalities, uniquenesses, complexity : Series of shape (n_items,)
        Diagonal of pattern times factor correlations times pattern; one minus that; Hofmann's index, the
        number of factors an item loads on.
    variance_explained : DataFrame of shape (n_factors, 4)
        ``sum_of_squares``, ``proportion`` of the total variance, ``cumulative``, ``proportion_of_common``.
    fit : EfaFit
        RMSR, RMSEA, TLI and the chi-square behind them.
    correlations, residuals : DataFrame of shape (n_items, n_items)
        Matrix analysed, and what the solution leaves of it (uniquenesses on the diagonal).
    n_persons : int
        Persons after deletion (pairwise: the smallest pairwise n).
    n_factors : int
        Number of factors.
    correlation, extraction, rotation, missing : str
        Settings.
    converged : bool
        Whether the extraction reached its optimum.
    notes : tuple of str
        What a reader has to know: Heywood cases, no convergence, approximate fit.
    """

    pattern: pd.DataFrame
    structure: pd.DataFrame
    factor_correlations: pd.DataFrame
    communalities: pd.Series
    uniquenesses: pd.Series
    complexity: pd.Series
    variance_explained: pd.DataFrame
    fit: EfaFit
    correlations: pd.DataFrame
    residuals: pd.DataFrame
    n_persons: int
    n_factors: int
    correlation: str
    extraction: str
    rotation: str
    missing: str
    converged: bool
    notes: tuple[str, ...]

    def to_frame(self) -> pd.DataFrame:
        """Return the pattern with communality, uniqueness and complexity beside it."""
        return self.pattern.assign(
            communality=self.communalities, uniqueness=self.uniquenesses, complexity=self.complexity
        )

    def salient(self, cut: float = 0.4) -> pd.DataFrame:
        """Return one row an item: its primary factor and whether it loads on none or on several.

        ``factor`` and ``loading`` are the largest loading in size; ``second_factor`` and ``second_loading``
        the next; ``n_salient`` counts loadings of at least ``cut`` in size; ``salient`` is ``weak`` (none),
        ``simple`` (one) or ``cross`` (several). Rows are grouped by factor, strongest first.
        """
        size = self.pattern.abs()
        ranked = np.argsort(-size.to_numpy(), axis=1, kind="stable")
        rows = np.arange(len(size))
        second = ranked[:, min(1, self.n_factors - 1)]
        names, values = self.pattern.columns.to_numpy(), self.pattern.to_numpy()
        n_salient = (size >= cut).sum(axis=1)
        table = pd.DataFrame(
            {
                "factor": names[ranked[:, 0]],
                "loading": values[rows, ranked[:, 0]],
                "second_factor": names[second] if self.n_factors > 1 else None,
                "second_loading": values[rows, second] if self.n_factors > 1 else np.nan,
                "n_salient": n_salient,
                "salient": np.select([n_salient == 0, n_salient == 1], ["weak", "simple"], "cross"),
            },
            index=self.pattern.index,
        )
        order = np.lexsort((-table["loading"].abs().to_numpy(), ranked[:, 0]))
        return table.iloc[order]


def fit_efa(
    responses: pd.DataFrame,
    n_factors: int,
    correlation: Correlation = "polychoric",
    extraction: Extraction = "minres",
    rotation: Rotation = "oblimin",
    missing: Missing = "listwise",
) -> EfaResult:
    r"""Exploratory factor analysis.

    The correlation matrix is decomposed as :math:`R \approx \Lambda \Phi \Lambda' + \Psi`. Communalities are
    the diagonal of :math:`\Lambda \Phi \Lambda'`; factor_analyzer's own leave out :math:`\Phi` after an oblique
    rotation.

    Parameters
    ----------
    responses : DataFrame of shape (n_persons, n_items)
        Numeric answers, NaN missing; integer codes for polychoric correlations.
    n_factors : int
        Number of factors; the model must keep at least zero degrees of freedom.
    correlation : {"polychoric", "pearson", "spearman"}
        Matrix that is analysed.
    extraction : {"minres", "ml", "principal_axis", "principal"}
        Minimum residuals (unweighted least squares), maximum likelihood, iterated principal axes, or
        principal components.
    rotation : {"oblimin", "promax", "quartimin", "geomin", "varimax", "quartimax", "none"}
        Oblimin has gamma 0 and no normalisation and so equals quartimin; promax has power 4 and Kaiser
        normalisation (``rotate = "promax"`` of psych, not its ``"Promax"``); geomin is oblique with delta
        .01; varimax is Kaiser-normalised.
    missing : {"listwise", "pairwise"}
        Persons with every answer, or every pair of items over the persons who answered both.

    Returns
    -------
    EfaResult

    Raises
    ------
    ModelError
        No factor, more factors than the items can carry, or an unknown extraction or rotation.
    TooFewPersonsError
        Not more persons than items.
    SingularMatrixError
        The correlation matrix is not positive definite.
    InputShapeError, CodingError, ConstantItemError
        Responses that no correlation is defined for.

    References
    ----------
    Harman, H. H., & Jones, W. H. (1966). Factor analysis by minimizing residuals (minres). Psychometrika, 31,
    351-368. Jöreskog, K. G. (1967). Some contributions to maximum likelihood factor analysis. Psychometrika,
    32, 443-482. Jennrich, R. I., & Sampson, P. F. (1966). Rotation for simple loadings. Psychometrika, 31,
    313-323. Hendrickson, A. E., & White, P. O. (1964). Promax. British Journal of Statistical Psychology, 17,
    65-70. Hofmann, R. J. (1978). Complexity and simplicity as objective indices descriptive of factor
    solutions. Multivariate Behavioral Research, 13, 247-250.

    Notes
    -----
    Validated against ``psych::fa(x, nfactors, rotate, fm)`` for minres, ml and pa with oblimin, quartimin,
    promax, geominQ, varimax and none, every entry to 1e-4, and ``cor = "poly"`` within psych's coarser
    polychorics. Chi-square, RMSEA and TLI of polychoric or Spearman matrices treat them as if they were
    Pearson's: read them as descriptions, and test categorical models with :mod:`psychometrics.sem`.

    See Also
    --------
    compare_solutions : other extractions and rotations.
    schmid_leiman : a general factor behind correlated ones.
    psychometrics.sem.fit_cfa : test a model that is given.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from psychometrics.efa import fit_efa
    >>> draw = np.random.default_rng(1)
    >>> factors = draw.multivariate_normal([0, 0], [[1, 0.4], [0.4, 1]], 800, method="cholesky")
    >>> items = pd.DataFrame(factors[:, [0, 0, 0, 1, 1, 1]] + draw.standard_normal((800, 6)), columns=list("abcdef"))
    >>> result = fit_efa(items, 2, correlation="pearson")
    >>> result.pattern.abs().idxmax(axis=1).nunique()
    2
    >>> (result.communalities.round(1) == 0.5).sum() >= 5
    np.True_
    """
    matrix, n_persons = correlation_matrix(responses, correlation, missing)
    refuse_impossible(n_factors, len(matrix), n_persons)
    regular_roots(matrix)
    unrotated, converged = extract(matrix.to_numpy(), n_factors, extraction)
    pattern, phi = rotate(unrotated, rotation)
    return _assemble(matrix, pattern, phi, n_persons, converged, (correlation, extraction, rotation, missing))


def _assemble(
    matrix: pd.DataFrame,
    pattern: np.ndarray,
    phi: np.ndarray,
    n_persons: int,
    converged: bool,
    settings: tuple[str, str, str, str],
) -> EfaResult:
    """Label the solution and derive from it everything a reader asks for."""
    items, n_factors = matrix.columns, pattern.shape[1]
    factors = [f"F{number + 1}" for number in range(n_factors)]
    common = pattern @ phi @ pattern.T
    communality = pd.Series(np.diag(common), index=items, name="communality")
    residuals = matrix - common
    correlation, extraction, rotation, missing = settings
    squares = pattern**2
    return EfaResult(
        pattern=pd.DataFrame(pattern, index=items, columns=factors),
        structure=pd.DataFrame(pattern @ phi, index=items, columns=factors),
        factor_correlations=pd.DataFrame(phi, index=factors, columns=factors),
        communalities=communality,
        uniquenesses=(1 - communality).rename("uniqueness"),
        complexity=pd.Series(squares.sum(axis=1) ** 2 / (squares**2).sum(axis=1), items, name="complexity"),
        variance_explained=_variance_explained(pattern, phi, factors),
        fit=fit_indices(matrix.to_numpy(), common, n_factors, n_persons),
        correlations=matrix,
        residuals=residuals,
        n_persons=n_persons,
        n_factors=n_factors,
        correlation=correlation,
        extraction=extraction,
        rotation=rotation if n_factors > 1 else "none",
        missing=missing,
        converged=converged,
        notes=_notes(communality, converged, correlation, extraction),
    )


def _variance_explained(pattern: np.ndarray, phi: np.ndarray, factors: list[str]) -> pd.DataFrame:
    """Return the variance each factor accounts for, its correlations with others included."""
    squares = np.diag(phi @ pattern.T @ pattern)
    proportion = squares / len(pattern)
    return pd.DataFrame(
        {
            "sum_of_squares": squares,
            "proportion": proportion,
            "cumulative": np.cumsum(proportion),
            "proportion_of_common": squares / squares.sum(),
        },
        index=factors,
    )


def _notes(communality: pd.Series, converged: bool, correlation: str, extraction: str) -> tuple[str, ...]:
    """Say what is wrong or approximate about the solution."""
    notes = []
    improper = communality.index[communality >= 1 - _HEYWOOD]
    if len(improper) and extraction != "principal":
        notes.append(f"Heywood case: no unique variance is left of {', '.join(map(str, improper))}")
    if not converged:
        notes.append("the extraction did not converge; do not interpret the loadings")
    if correlation != "pearson":
        notes.append(f"chi-square, RMSEA and TLI treat {correlation} correlations as Pearson's: descriptive")
    if extraction == "principal":
        notes.append("principal components: unique variance is part of the components, and fit is descriptive")
    return tuple(notes)
