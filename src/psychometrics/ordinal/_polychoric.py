"""Polychoric correlations as a result for people: labelled, with notes on what the data cannot carry."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from psychometrics._checks import Label, cluster_codes, label_index, labelled_parts, require_same_rows
from psychometrics.errors import SingularMatrixError
from psychometrics.ordinal import two_step as estimation
from psychometrics.ordinal._encoding import Missing, encode

Array = NDArray[np.float64]

# A cell that the model expects to hold fewer persons than this is sparse (Cochran's rule of five).
SPARSE_EXPECTED = 5.0


@dataclass(frozen=True)
class Polychoric:
    """Thresholds and polychoric correlations.

    Attributes
    ----------
    correlations : DataFrame, (n_items, n_items)
    thresholds : Series
        Indexed by item and threshold number (1 is between the first and the second observed category).
    n_used : int
        Persons after the missing rule.
    n_pairs : DataFrame, (n_items, n_items)
        Persons who answered both items; the diagonal counts those who answered the item.
    missing : {"listwise", "pairwise"}
    categories : dict of hashable to tuple of int
        The observed codes of each item.
    tables : DataFrame
        One row a pair: item_1, item_2, n, empty_cells (as answered), sparse_cells (fewer than five persons expected),
        smallest_expected, at_limit (no interior maximum), corrected (a 2 x 2 table with an empty cell, into which half
        a person was moved).
    asymptotic_covariance : DataFrame or None
        Covariance of sqrt(n_used) times thresholds and correlations; divide by `n_used` for the estimates.
    smoothed : bool
        Whether eigenvalues were raised to make the matrix positive definite.
    smallest_eigenvalue : float
        Of the correlations as estimated, before any smoothing.
    notes : tuple of str
        What a reader must know: unused categories, empty cells, correlations at the limit, indefiniteness.
    """

    correlations: pd.DataFrame
    thresholds: pd.Series[float]
    n_used: int
    n_pairs: pd.DataFrame
    missing: Missing
    categories: dict[Label, tuple[int, ...]]
    tables: pd.DataFrame
    asymptotic_covariance: pd.DataFrame | None
    smoothed: bool
    smallest_eigenvalue: float
    notes: tuple[str, ...]

    def to_frame(self) -> pd.DataFrame:
        """One row a pair of items: the correlation, its standard error where known, and the table's state."""
        frame = self.tables.copy()
        frame.insert(2, "correlation", upper_triangle(self.correlations.to_numpy()))
        if self.asymptotic_covariance is not None:
            variance = np.diag(self.asymptotic_covariance)[len(self.thresholds) :] / self.n_used
            frame.insert(3, "standard_error", np.sqrt(variance))
        return frame


def polychoric(
    responses: pd.DataFrame,
    missing: Missing = "listwise",
    covariance: bool = False,
    smooth: bool = False,
    *,
    clusters: pd.Series | None = None,
) -> Polychoric:
    """Polychoric correlations of all pairs of ordinal items.

    Thresholds are normal quantiles of each item's cumulative proportions; given them, each correlation
    maximises ``sum_ab n_ab log pi_ab(rho)``, where pi_ab is the bivariate normal probability of the cell.
    Empty cells enter as they are, except in 2 x 2 tables, where half a person is moved into a single empty cell
    with the margins kept.

    Parameters
    ----------
    responses : DataFrame, (n_persons, n_items)
        Whole-number codes, NaN missing. Items may have different numbers of categories. The direction of the
        codes is taken as it is.
    missing : {"listwise", "pairwise"}
        "listwise" keeps persons who answered every item; "pairwise" takes each threshold from everyone who
        answered the item and each correlation from everyone who answered both.
    covariance : bool
        Also the asymptotic covariance of thresholds and correlations, and with it standard errors.
    smooth : bool
        Replace an indefinite matrix by its nearest correlation matrix (Higham 2002). Off unless asked for,
        and noted.
    clusters : Series, (n_persons,), optional
        Cluster (team, agency) of each person, same index: influences are summed over clusters before they are squared,
        so that `covariance` allows for their likeness. The estimates stay as they are.

    Returns
    -------
    Polychoric

    Raises
    ------
    InputShapeError, CodingError, ConstantItemError, TooFewPersonsError
        See :func:`psychometrics.ordinal.encode`; also two items that nobody answered together.

    References
    ----------
    Olsson, U. (1979). Maximum likelihood estimation of the polychoric correlation coefficient. Psychometrika,
    44, 443-460 (the two-step estimator).
    Muthén, B. (1984). A general structural equation model with dichotomous, ordered categorical, and
    continuous latent variable indicators. Psychometrika, 49, 115-132 (asymptotic covariance).
    Brown, M. B., & Benedetti, J. K. (1977). On the mean and variance of the tetrachoric correlation
    coefficient. Psychometrika, 42, 347-355 (2 x 2 tables with an empty cell).

    Notes
    -----
    Validated against lavaan 0.6-14 ``lavCor(ordered = ...)`` (correlations, thresholds; both missing rules) and
    ``lavInspect(fit, "gamma")`` (asymptotic covariance); errors with clusters by simulation.

    See Also
    --------
    nearest_correlation : make an indefinite matrix a correlation matrix.
    psychometrics.sem.fit_cfa : factor models of these correlations.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from psychometrics.ordinal import polychoric
    >>> draw = np.random.default_rng(1)
    >>> latent = draw.standard_normal((2000, 1)) + draw.standard_normal((2000, 2))
    >>> answers = pd.DataFrame(np.digitize(latent, [-1.5, 0, 1.5]) + 1, columns=["calm", "open"])
    >>> result = polychoric(answers, covariance=True)
    >>> round(float(result.correlations.loc["calm", "open"]), 1)  # .5 in the population
    0.5
    >>> list(result.to_frame().columns[:4])
    ['item_1', 'item_2', 'correlation', 'standard_error']
    """
    coded = encode(responses, missing)
    codes = None if clusters is None else _cluster_codes(responses, clusters, missing)
    estimates = estimation.estimate(coded)
    matrix = estimates.matrix()
    smallest = float(np.linalg.eigvalsh(matrix)[0])
    tables = _table_report(estimates)
    smoothed = smooth and smallest <= 0.0
    shown = nearest_correlation(matrix) if smoothed else matrix
    items = label_index(coded.items)
    return Polychoric(
        correlations=pd.DataFrame(shown, index=items, columns=items),
        thresholds=_labelled_thresholds(estimates),
        n_used=coded.n_persons,
        n_pairs=_pair_sizes(estimates),
        missing=missing,
        categories=dict(zip(coded.items, coded.categories, strict=True)),
        tables=tables,
        asymptotic_covariance=_labelled_covariance(estimates, codes) if covariance else None,
        smoothed=smoothed,
        smallest_eigenvalue=smallest,
        notes=_notes(estimates, tables, smallest, smoothed),
    )


def nearest_correlation(matrix: Array, smallest: float = 1e-6, steps: int = 500) -> Array:
    """Nearest correlation matrix, by alternating projections.

    Parameters
    ----------
    matrix : ndarray, (n, n)
        Symmetric with a unit diagonal.
    smallest : float
        Smallest eigenvalue of the result, up to the tolerance of the iteration.
    steps : int
        Most iterations.

    Returns
    -------
    ndarray, (n, n)

    Raises
    ------
    SingularMatrixError
        The projections did not settle.

    References
    ----------
    Higham, N. J. (2002). Computing the nearest correlation matrix. IMA Journal of Numerical Analysis, 22,
    329-343, algorithm 3.3.

    See Also
    --------
    polychoric : correlations that may be indefinite.

    Examples
    --------
    >>> import numpy as np
    >>> from psychometrics.ordinal import nearest_correlation
    >>> indefinite = np.array([[1.0, 1.0, 0.0], [1.0, 1.0, 1.0], [0.0, 1.0, 1.0]])
    >>> nearest_correlation(indefinite).round(2)[0].tolist()  # Higham (2002), section 4
    [1.0, 0.76, 0.16]
    """
    current, correction = matrix.copy(), np.zeros_like(matrix)
    for _ in range(steps):
        shifted = current - correction
        values, vectors = np.linalg.eigh(shifted)
        projected = (vectors * np.maximum(values, smallest)) @ vectors.T
        correction = projected - shifted
        update = projected.copy()
        np.fill_diagonal(update, 1.0)
        if np.abs(update - current).max() < 1e-10:
            return np.asarray(update)
        current = update
    raise SingularMatrixError(f"Smoothing did not settle in {steps} steps. Drop redundant items instead of smoothing.")


def upper_triangle(matrix: Array) -> Array:
    """Entries above the diagonal, row by row."""
    return np.asarray(matrix[np.triu_indices(len(matrix), 1)])


def _labelled_thresholds(estimates: estimation.TwoStepEstimates) -> pd.Series[float]:
    """Thresholds indexed by item and number."""
    items, positions = estimates.threshold_places
    index = labelled_parts(estimates.responses.items, items, list(positions + 1), ("item", "threshold"))
    return pd.Series(estimates.thresholds[items, positions], index=index, name="value")


def _pair_sizes(estimates: estimation.TwoStepEstimates) -> pd.DataFrame:
    """Persons who answered both items of each pair."""
    items = label_index(estimates.responses.items)
    result = np.diag(estimation.category_counts(estimates.responses).sum(axis=1))
    sizes = estimates.counts.sum(axis=(1, 2))
    result[estimates.first, estimates.second] = sizes
    result[estimates.second, estimates.first] = sizes
    return pd.DataFrame(result.round().astype(int), index=items, columns=items)


def _cluster_codes(responses: pd.DataFrame, clusters: pd.Series, missing: Missing) -> NDArray[np.intp]:
    """Cluster of each person kept by the missing rule, as 0, 1, ..."""
    require_same_rows(responses.index, clusters.index, "responses and clusters")
    absent = responses.isna().to_numpy()
    kept = ~np.asarray(absent.any(axis=1) if missing == "listwise" else absent.all(axis=1), dtype=bool)
    return cluster_codes(clusters.loc[kept], int(kept.sum()))


def _labelled_covariance(estimates: estimation.TwoStepEstimates, codes: NDArray[np.intp] | None) -> pd.DataFrame:
    """Asymptotic covariance with names such as `a|t1` and `a~~b`."""
    items = estimates.responses.items
    names = [f"{items[i]}|t{k + 1}" for i, k in zip(*estimates.threshold_places, strict=True)]
    names += [f"{items[i]}~~{items[j]}" for i, j in zip(estimates.first, estimates.second, strict=True)]
    return pd.DataFrame(estimation.asymptotic_covariance(estimates, codes), index=names, columns=names)


def _table_report(estimates: estimation.TwoStepEstimates) -> pd.DataFrame:
    """State of each pair's table: its size, its empty cells, how sparse it is."""
    items = label_index(estimates.responses.items)
    first, second = estimates.first, estimates.second
    sizes = estimates.counts.sum(axis=(1, 2))
    expected = sizes[:, None, None] * estimates.probabilities
    width = np.arange(estimates.counts.shape[1])
    used = width < estimates.responses.n_categories[:, None]
    real = used[first][:, :, None] & used[second][:, None, :]
    columns = {
        "item_1": items.take(first),
        "item_2": items.take(second),
        "n": sizes.round().astype(int),
        "empty_cells": ((estimates.counts == 0) & real).sum(axis=(1, 2)) + estimates.corrected,
        "sparse_cells": ((expected < SPARSE_EXPECTED) & real).sum(axis=(1, 2)),
        "smallest_expected": np.where(real, expected, np.inf).min(axis=(1, 2)),
        "at_limit": np.abs(estimates.correlations) >= estimation.LIMIT - 1e-6,
        "corrected": estimates.corrected,
    }
    return pd.DataFrame(columns)


def _notes(
    estimates: estimation.TwoStepEstimates, tables: pd.DataFrame, smallest: float, smoothed: bool
) -> tuple[str, ...]:
    """Sentences on unused categories, empty cells, limits and indefiniteness."""
    notes = _category_notes(estimates)
    empty = tables[tables["empty_cells"] > 0]
    if len(empty):
        worst = empty.iloc[int(empty["empty_cells"].to_numpy().argmax())]
        notes.append(
            f"{len(empty)} of {len(tables)} pairs have empty cells; most in {worst['item_1']} with "
            f"{worst['item_2']} ({worst['empty_cells']})."
        )
    for row in tables[tables["corrected"]].itertuples():
        notes.append(
            f"The table of {row.item_1} and {row.item_2} has an empty cell, into which half a person was moved "
            "(Brown & Benedetti 1977)."
        )
    for row in tables[tables["at_limit"]].itertuples():
        notes.append(f"The correlation of {row.item_1} and {row.item_2} is at its limit: their table fixes no maximum.")
    if smallest <= 0:
        done = "smoothed to the nearest correlation matrix" if smoothed else "left as estimated"
        notes.append(f"The matrix is not positive definite (smallest eigenvalue {smallest:.4g}); {done}.")
    return tuple(notes)


def _category_notes(estimates: estimation.TwoStepEstimates) -> list[str]:
    """Codes that some items use and an item does not."""
    responses = estimates.responses
    pool = sorted(set().union(*responses.categories))
    notes = []
    for item, codes in zip(responses.items, responses.categories, strict=True):
        unused = [code for code in pool if code not in codes]
        if unused:
            listed = ", ".join(str(code) for code in unused)
            notes.append(f"{item} never received category {listed}; its thresholds skip it.")
    return notes
