"""Parallel analysis: eigenvalues of the data against those of data without structure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd

from psychometrics._checks import numeric_table
from psychometrics._correlations import Correlation, Missing, by_missing_rule, correlation_matrix
from psychometrics.errors import InputShapeError, PsychometricsError
from psychometrics.ordinal import OrdinalResponses, encode
from psychometrics.ordinal.two_step import estimate

Reduction = Literal["components", "factors"]

_BATCHES = 8


@dataclass(frozen=True)
class ParallelAnalysis:
    """Eigenvalues of the data and of data without structure.

    Attributes
    ----------
    n_factors : int
        Leading eigenvalues above their reference; counting stops at the first that is not.
    observed : Series
        Eigenvalues of the data, by rank from 1.
    mean, reference : Series
        Mean and percentile of each rank's eigenvalue over the iterations.
    method, correlation, missing : str
        Settings.
    permute : bool
        Whether columns were permuted (else normal data were drawn).
    n_iterations, n_failed, seed, n_persons : int
        Iterations asked for, iterations whose matrix was not defined, root of the random streams, persons.
    percentile : float
        Of the reference eigenvalues, 0 to 100.
    """

    n_factors: int
    observed: pd.Series
    mean: pd.Series
    reference: pd.Series
    method: str
    correlation: str
    missing: str
    permute: bool
    n_iterations: int
    n_failed: int
    percentile: float
    seed: int
    n_persons: int

    def to_frame(self) -> pd.DataFrame:
        """Return one row a rank: observed, mean, reference, retained."""
        table = pd.DataFrame({"observed": self.observed, "mean": self.mean, "reference": self.reference})
        return table.assign(retained=table.index <= self.n_factors)


def parallel_analysis(
    responses: pd.DataFrame,
    n_iterations: int = 100,
    percentile: float = 95.0,
    seed: int = 0,
    method: Reduction = "components",
    correlation: Correlation = "pearson",
    permute: bool = True,
    missing: Missing = "listwise",
    n_jobs: int | None = None,
) -> ParallelAnalysis:
    """Horn's parallel analysis with a percentile criterion.

    The reference data have the shape of the responses and no structure: each column permuted on its own
    (which keeps its distribution and its number of missing answers), or independent normal data. Ordinal
    items with polychoric correlations need ``permute=True``. With ``method="factors"`` the diagonal of every
    matrix holds the communalities of a one-factor minres solution, as psych does; otherwise ones.

    Each iteration has a random stream spawned from the seed, so the numbers do not depend on ``n_jobs``.

    Parameters
    ----------
    responses : DataFrame of shape (n_persons, n_items)
        Numeric answers, NaN missing.
    n_iterations : int
        Reference data sets.
    percentile : float
        Of the reference eigenvalues that an observed one must exceed, 0 to 100.
    seed : int
        Root of the random streams.
    method : {"components", "factors"}
        Full or reduced matrix.
    correlation : {"pearson", "spearman", "polychoric"}
        Kind of correlation, of data and reference alike.
    permute : bool
        Permute columns, or draw normal data.
    missing : {"listwise", "pairwise"}
        Persons with every answer, or pairs over the persons who answered both.
    n_jobs : int, optional
        Workers; None leaves it to joblib's active configuration.

    Returns
    -------
    ParallelAnalysis

    Raises
    ------
    InputShapeError
        An unknown option, no iterations, normal data for polychorics.
    PsychometricsError
        More than half of the reference matrices were not defined.
    CodingError, ConstantItemError, TooFewPersonsError
        Responses that no correlation is defined for.

    See Also
    --------
    retain_factors, empirical_kaiser

    References
    ----------
    Horn, J. L. (1965). A rationale and test for the number of factors in factor analysis. Psychometrika, 30,
    179-185. Buja, A., & Eyuboglu, N. (1992). Remarks on parallel analysis. Multivariate Behavioral Research,
    27, 509-540 (permutation). Humphreys, L. G., & Ilgen, D. R. (1969). Note on a criterion for the number of
    common factors. Educational and Psychological Measurement, 29, 571-578 (factors).

    Notes
    -----
    Validated against ``psych::fa.parallel(fa = "both", fm = "minres")``: observed eigenvalues to 1e-4,
    reference ones within Monte Carlo error, and the numbers suggested.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> draw = np.random.default_rng(1)
    >>> trait = draw.normal(size=(200, 1))
    >>> codes = np.clip(np.rint(3 + trait + draw.normal(size=(200, 6))), 1, 5)
    >>> answers = pd.DataFrame(codes, columns=list("abcdef"))
    >>> from psychometrics.dimensionality import parallel_analysis
    >>> parallel_analysis(answers, n_iterations=20).n_factors
    1
    """
    return parallel_analyses(
        responses,
        (method,),
        n_iterations=n_iterations,
        percentile=percentile,
        seed=seed,
        correlation=correlation,
        permute=permute,
        missing=missing,
        n_jobs=n_jobs,
    )[method]


def parallel_analyses(
    responses: pd.DataFrame,
    methods: tuple[Reduction, ...],
    *,
    n_iterations: int,
    percentile: float,
    seed: int,
    correlation: Correlation,
    permute: bool = True,
    missing: Missing = "listwise",
    n_jobs: int | None = None,
) -> dict[Reduction, ParallelAnalysis]:
    """Run :func:`parallel_analysis` for several reductions of the same reference data.

    Parameters
    ----------
    responses : DataFrame of shape (n_persons, n_items)
        Numeric answers, NaN missing.
    methods : tuple of {"components", "factors"}
        Reductions; each result equals that of a separate call with the same seed.
    n_iterations, percentile, seed, correlation, permute, missing, n_jobs
        As in :func:`parallel_analysis`.

    Returns
    -------
    dict
        One :class:`ParallelAnalysis` a method.

    Raises
    ------
    InputShapeError, PsychometricsError, CodingError, ConstantItemError, TooFewPersonsError
        As :func:`parallel_analysis`.

    References
    ----------
    Horn, J. L. (1965). Psychometrika, 30, 179-185.

    Notes
    -----
    Validated by identity with separate calls.
    """
    _refuse_settings(n_iterations, percentile, methods, correlation, permute)
    used, n_persons = by_missing_rule(
        numeric_table(responses, minimum_columns=2, minimum_rows=2), missing, minimum_persons=3
    )
    observed = _eigenvalues(used, correlation, missing, methods)
    simulated = _simulate(used, correlation, missing, methods, permute, (n_iterations, seed), n_jobs)
    if 2 * len(simulated) < n_iterations:
        raise PsychometricsError(
            f"only {len(simulated)} of {n_iterations} reference matrices were defined; items with very rare "
            "answers need more persons or joined categories"
        )
    return {
        method: _compare(
            observed[number],
            np.array([roots[number] for roots in simulated]),
            method=method,
            correlation=correlation,
            missing=missing,
            permute=permute,
            n_iterations=n_iterations,
            percentile=percentile,
            seed=seed,
            n_persons=n_persons,
        )
        for number, method in enumerate(methods)
    }


def _compare(
    observed: np.ndarray,
    simulated: np.ndarray,
    *,
    method: str,
    correlation: str,
    missing: str,
    permute: bool,
    n_iterations: int,
    percentile: float,
    seed: int,
    n_persons: int,
) -> ParallelAnalysis:
    """Set the eigenvalues of the data against those of the reference data."""
    reference = np.percentile(simulated, percentile, axis=0)
    ranks = pd.RangeIndex(1, len(observed) + 1, name="rank")
    return ParallelAnalysis(
        n_factors=_leading(observed > reference),
        observed=pd.Series(observed, ranks),
        mean=pd.Series(simulated.mean(axis=0), ranks),
        reference=pd.Series(reference, ranks),
        method=method,
        correlation=correlation,
        missing=missing,
        permute=permute,
        n_iterations=n_iterations,
        n_failed=n_iterations - len(simulated),
        percentile=percentile,
        seed=seed,
        n_persons=n_persons,
    )


def _refuse_settings(
    n_iterations: int, percentile: float, methods: tuple[str, ...], correlation: str, permute: bool
) -> None:
    """Refuse settings for which the analysis is not defined."""
    if n_iterations < 1 or not 0 < percentile <= 100:
        raise InputShapeError("parallel analysis needs an iteration and a percentile above 0 and up to 100")
    unknown = [method for method in methods if method not in ("components", "factors")]
    if unknown:
        raise InputShapeError(f"method must be 'components' or 'factors', not {unknown[0]!r}")
    if correlation == "polychoric" and not permute:
        raise InputShapeError("normal data have no categories: use permute=True with polychoric correlations")


def _leading(above: np.ndarray) -> int:
    """Return how many entries are true before the first false one."""
    return int(np.argmin(above)) if not above.all() else len(above)


def _eigenvalues(
    frame: pd.DataFrame, correlation: Correlation, missing: Missing, methods: tuple[Reduction, ...]
) -> list[np.ndarray]:
    """Return the eigenvalues of the full or reduced correlation matrix, largest first, for each method."""
    matrix = correlation_matrix(frame, correlation, missing)[0].to_numpy()
    return [_roots(matrix.copy(), method) for method in methods]


def _roots(matrix: np.ndarray, method: Reduction) -> np.ndarray:
    """Return eigenvalues, largest first, after putting communalities on the diagonal where factors are asked."""
    if method == "factors":
        from psychometrics.efa.extraction import one_factor_communalities

        np.fill_diagonal(matrix, one_factor_communalities(matrix))
    roots: np.ndarray = np.linalg.eigvalsh(matrix)[::-1]
    return roots


def _simulate(
    frame: pd.DataFrame,
    correlation: Correlation,
    missing: Missing,
    methods: tuple[Reduction, ...],
    permute: bool,
    draws: tuple[int, int],
    n_jobs: int | None,
) -> list[list[np.ndarray]]:
    """Return the eigenvalues of every reference data set in the order of the streams."""
    import joblib

    n_iterations, seed = draws
    source = encode(frame, missing) if correlation == "polychoric" else frame
    streams = np.random.SeedSequence(seed).spawn(n_iterations)
    size = -(-n_iterations // _BATCHES)
    batches = [streams[start : start + size] for start in range(0, n_iterations, size)]
    done = joblib.Parallel(n_jobs=n_jobs)(
        joblib.delayed(_simulate_batch)(source, correlation, missing, methods, permute, batch) for batch in batches
    )
    return [roots for batch in done for roots in batch]


def _simulate_batch(
    source: pd.DataFrame | OrdinalResponses,
    correlation: Correlation,
    missing: Missing,
    methods: tuple[Reduction, ...],
    permute: bool,
    streams: list[np.random.SeedSequence],
) -> list[list[np.ndarray]]:
    """Return the eigenvalues of some reference data sets, leaving out those without a matrix."""
    if isinstance(source, OrdinalResponses):
        return _permuted_polychoric(source, methods, streams)
    if correlation == "pearson" and permute and not source.isna().to_numpy().any():
        return _permuted_pearson(source.to_numpy(), methods, streams)
    rows = []
    for stream in streams:
        sample = _structureless(source, np.random.default_rng(stream), permute)
        try:
            rows.append(_eigenvalues(sample, correlation, missing, methods))
        except PsychometricsError:
            continue
    return rows


def _permuted_pearson(
    values: np.ndarray, methods: tuple[Reduction, ...], streams: list[np.random.SeedSequence]
) -> list[list[np.ndarray]]:
    """Return the eigenvalues of permuted columns: permuting keeps means and spreads, so that only products change."""
    standard = (values - values.mean(axis=0)) / (values.std(axis=0) * np.sqrt(len(values)))
    columns = np.ascontiguousarray(standard.T)
    found = []
    for stream in streams:
        permuted = np.random.default_rng(stream).permuted(columns, axis=1)
        matrix = permuted @ permuted.T
        np.fill_diagonal(matrix, 1.0)
        found.append([_roots(matrix.copy(), method) for method in methods])
    return found


def _permuted_polychoric(
    coded: OrdinalResponses, methods: tuple[Reduction, ...], streams: list[np.random.SeedSequence]
) -> list[list[np.ndarray]]:
    """Return the eigenvalues of permuted answers: permuting keeps the categories, so that they are found once."""
    found = []
    # Each item's answers lie side by side while they are permuted, and each person's while they are counted.
    columns = np.ascontiguousarray(coded.codes.T)
    for stream in streams:
        permuted = np.ascontiguousarray(np.random.default_rng(stream).permuted(columns, axis=1).T)
        try:
            matrix = estimate(replace(coded, codes=permuted)).matrix()
        except PsychometricsError:
            continue
        found.append([_roots(matrix.copy(), method) for method in methods])
    return found


def _structureless(frame: pd.DataFrame, generator: np.random.Generator, permute: bool) -> pd.DataFrame:
    """Return a table of the same shape whose columns have nothing to do with one another."""
    if permute:
        values = generator.permuted(np.ascontiguousarray(frame.to_numpy().T), axis=1).T
    else:
        values = np.where(frame.isna(), np.nan, generator.standard_normal(frame.shape))
    return pd.DataFrame(values, columns=frame.columns)
