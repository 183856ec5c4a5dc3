"""All criteria for the number of factors side by side."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from psychometrics._correlations import Correlation, Missing
from psychometrics.dimensionality.criteria import empirical_kaiser, hull, largest_worth_a_look, minimum_average_partial
from psychometrics.dimensionality.network import exploratory_graph_analysis
from psychometrics.dimensionality.parallel import ParallelAnalysis, parallel_analyses
from psychometrics.errors import PsychometricsError


@dataclass(frozen=True)
class RetainFactors:
    """How many factors each criterion suggests.

    Attributes
    ----------
    table : DataFrame, one row a criterion
        ``n_factors`` (NaN where the criterion is not defined for these data), ``settings``, ``problem``.
    suggested : tuple of int
        Numbers named by most criteria; several when they tie.
    lowest, highest : int
        Range of the suggestions.
    agree : bool
        Whether all criteria that could be computed name one number.
    verdict : str
        The same in words.
    components, factors : ParallelAnalysis
        Both parallel analyses, for a scree plot.
    correlation, missing : str
        Settings.
    n_persons : int
        Persons after deletion.
    """

    table: pd.DataFrame
    suggested: tuple[int, ...]
    lowest: int
    highest: int
    agree: bool
    verdict: str
    components: ParallelAnalysis
    factors: ParallelAnalysis
    correlation: str
    missing: str
    n_persons: int

    def to_frame(self) -> pd.DataFrame:
        """Return the table of criteria."""
        return self.table


def retain_factors(
    responses: pd.DataFrame,
    correlation: Correlation = "polychoric",
    n_iterations: int = 100,
    percentile: float = 95.0,
    seed: int = 0,
    missing: Missing = "listwise",
    n_jobs: int | None = None,
) -> RetainFactors:
    """Apply every criterion for the number of factors and say where they disagree.

    Parallel analysis of components and of factors (columns permuted), both versions of minimum average partial, the
    empirical Kaiser criterion, Hull with two measures of fit, and exploratory graph analysis. The number of
    eigenvalues above one is listed for comparison and has no vote.

    Parameters
    ----------
    responses : DataFrame of shape (n_persons, n_items)
        Numeric answers, NaN missing; integer codes for polychoric correlations.
    correlation : {"polychoric", "pearson", "spearman"}
        Matrix behind every criterion except Hull with the comparative fit index, which is Pearson's throughout.
    n_iterations, percentile, seed : int, float, int
        Of the parallel analyses.
    missing : {"listwise", "pairwise"}
        Persons with every answer, or pairs over the persons who answered both.
    n_jobs : int, optional
        Workers of the parallel analyses.

    Returns
    -------
    RetainFactors

    Raises
    ------
    PsychometricsError
        When parallel analysis itself is not defined for the data; a later criterion that is not defined is
        listed with its problem instead.

    See Also
    --------
    parallel_analysis, hull, empirical_kaiser, minimum_average_partial, exploratory_graph_analysis

    References
    ----------
    Auerswald, M., & Moshagen, M. (2019). How to determine the number of factors to retain in exploratory
    factor analysis. Psychological Methods, 24, 468-491 (several criteria, and what disagreement means).

    Notes
    -----
    Validated by identity with the single criteria and by recovery of simulated structures.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> draw = np.random.default_rng(1)
    >>> trait = draw.normal(size=(200, 1))
    >>> codes = np.clip(np.rint(3 + trait + draw.normal(size=(200, 6))), 1, 5)
    >>> answers = pd.DataFrame(codes, columns=list("abcdef"))
    >>> from psychometrics.dimensionality import retain_factors
    >>> retain_factors(answers, "pearson", n_iterations=20).suggested
    (1,)
    """
    both = parallel_analyses(
        responses,
        ("components", "factors"),
        n_iterations=n_iterations,
        percentile=percentile,
        seed=seed,
        correlation=correlation,
        missing=missing,
        n_jobs=n_jobs,
    )
    components, factors = both["components"], both["factors"]
    settings = f"{n_iterations} permutations, {percentile:g}th percentile, seed {seed}"
    rows = [
        ("parallel analysis, components", components.n_factors, settings, None),
        ("parallel analysis, factors", factors.n_factors, settings, None),
        *_single_criteria(responses, correlation, missing, largest_worth_a_look(components, len(components.observed))),
    ]
    votes = pd.Series([row[1] for row in rows if row[1] is not None], dtype=int)
    rows.append(("eigenvalues above one", int((components.observed > 1).sum()), "no vote", None))
    counts = votes.value_counts()
    suggested = tuple(sorted(int(number) for number in counts.index[counts == counts.max()]))
    table = pd.DataFrame(rows, columns=["criterion", "n_factors", "settings", "problem"]).set_index("criterion")
    return RetainFactors(
        table=table.astype({"n_factors": "Int64"}),
        suggested=suggested,
        lowest=int(votes.min()),
        highest=int(votes.max()),
        agree=bool(votes.min() == votes.max()),
        verdict=_verdict(votes, suggested),
        components=components,
        factors=factors,
        correlation=correlation,
        missing=missing,
        n_persons=components.n_persons,
    )


def _single_criteria(
    responses: pd.DataFrame, correlation: Correlation, missing: Missing, largest: int
) -> list[tuple[str, int | None, str, str | None]]:
    """Return one row for each criterion without simulation, or its problem."""
    computations: dict[str, tuple[str, Callable[[], int]]] = {
        "minimum average partial": (
            "squared partial correlations",
            lambda: minimum_average_partial(responses, correlation, missing).n_factors,
        ),
        "minimum average partial, revised": (
            "fourth powers",
            lambda: minimum_average_partial(responses, correlation, missing).n_factors_fourth,
        ),
        "empirical Kaiser criterion": (
            "",
            lambda: empirical_kaiser(responses, correlation, missing).n_factors,
        ),
        "Hull, common part accounted for": (
            f"minres, up to {largest} factors",
            lambda: hull(responses, correlation, "caf", largest, missing).n_factors,
        ),
        "Hull, comparative fit index": (
            f"maximum likelihood on Pearson correlations, up to {largest} factors",
            lambda: hull(responses, "pearson", "cfi", largest, missing).n_factors,
        ),
        "exploratory graph analysis": (
            "graphical lasso, gamma 0.5, random walks of 4 steps",
            lambda: exploratory_graph_analysis(responses, correlation, missing).n_factors,
        ),
    }
    rows: list[tuple[str, int | None, str, str | None]] = []
    for name, (settings, compute) in computations.items():
        try:
            rows.append((name, compute(), settings, None))
        except PsychometricsError as problem:
            rows.append((name, None, settings, str(problem)))
    return rows


def _verdict(votes: pd.Series, suggested: tuple[int, ...]) -> str:
    """Put agreement or disagreement into words."""
    if votes.min() == votes.max():
        return f"all {len(votes)} criteria suggest {suggested[0]}"
    named = " or ".join(str(number) for number in suggested)
    supporters = int(votes.isin(suggested).sum())
    return f"the criteria disagree, from {votes.min()} to {votes.max()}; {supporters} of {len(votes)} suggest {named}"
