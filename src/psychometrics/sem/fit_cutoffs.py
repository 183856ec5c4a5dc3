"""Cut-offs of fit indices for one model: their values when it is right, and when it omits something of a known size."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from psychometrics._checks import at_least, one_of
from psychometrics.errors import ModelError, UndefinedError
from psychometrics.sem._misspecification import Omission, Population, omission_table, omissions_of
from psychometrics.sem._replication import INDICES, Reading, Replicator
from psychometrics.sem.result import CfaResult

Array = NDArray[np.float64]
# Takes the batches as they are finished and their number, and hands them on.
Progress = Callable[[Iterator[Array], int], Iterable[Array]]

# Share of the misspecified models that a cut-off keeps out and of the right ones that it lets in, strict one first.
SHARES = (0.95, 0.90)
FEWEST_REPLICATIONS = 20
# Draws of fewer people than this say little, however many answered.
FEWEST_PERSONS = 200
_READINGS: dict[str, Reading] = {"WLSMV": "scaled", "ULSMV": "scaled", "MLR": "robust", "ML": "naive"}
_BATCHES = 40


@dataclass(frozen=True)
class DynamicCutoffs:
    """Cut-offs of SRMR, RMSEA and CFI for one model, number of persons and estimator.

    Attributes
    ----------
    cutoffs : DataFrame
        One row a level of misfit and index: level (1 is the smallest misfit), omitted (number of parameters that the
        model leaves out), index, cutoff (NaN where no value separates right from misspecified models), share (of the
        misspecified models kept out and of the right ones let in at least: .95 or .90), right (value that this share
        of right models does not exceed, or for the CFI does not fall below), wrong (the same for the misspecified
        ones, from the other side).
    omissions : DataFrame
        One row a parameter that the population has and the model has not: level at which it enters, kind, item, with
        (the factor or other item), size (standardised loading or residual correlation).
    replications : DataFrame
        One row a draw: level (0 for the right model), replication, srmr, rmsea, cfi.
    observed : Series
        Of the fitted model: srmr, rmsea, cfi.
    reading : {"naive", "scaled", "robust"}
        Version of RMSEA and CFI.
    n_persons : int
        People of a draw.
    n_replications : int
        Draws for each level.
    n_failed : Series of int
        By level, draws in which the model did not converge or an index was not defined; they are left out.
    seed : int
    notes : tuple of str
    """

    cutoffs: pd.DataFrame
    omissions: pd.DataFrame
    replications: pd.DataFrame = field(repr=False)
    observed: pd.Series[float]
    reading: Reading
    n_persons: int
    n_replications: int
    n_failed: pd.Series[int]
    seed: int
    notes: tuple[str, ...] = ()

    @property
    def levels(self) -> tuple[int, ...]:
        """Levels of misfit, smallest first."""
        return tuple(int(level) for level in self.cutoffs["level"].unique())

    def at(self, level: int) -> pd.Series[float]:
        """Cut-offs of one level by index.

        Examples
        --------
        >>> import pandas as pd
        >>> from psychometrics.sem import DynamicCutoffs
        >>> rows = pd.DataFrame({"level": [1, 1], "index": ["srmr", "cfi"], "cutoff": [0.04, 0.96]})
        >>> none = pd.DataFrame()
        >>> blank = pd.Series(dtype=float)
        >>> found = DynamicCutoffs(rows, none, none, blank, "robust", 300, 200, blank, 1)
        >>> found.at(1).to_dict()
        {'srmr': 0.04, 'cfi': 0.96}
        """
        rows = self.cutoffs[self.cutoffs["level"] == level]
        return rows.set_index("index")["cutoff"]

    def levels_ruled_out(self) -> pd.Series[bool]:
        """Say of each level of misfit whether the observed fit rules it out; None where that cannot be told.

        It does where the SRMR meets its cut-off and so does the RMSEA or the CFI (two-index rule, Hu & Bentler 1999).
        An index without a cut-off at that level is not asked; without any the level cannot be told from no misfit.

        Examples
        --------
        >>> import pandas as pd
        >>> from psychometrics.sem import DynamicCutoffs
        >>> rows = pd.DataFrame(
        ...     {"level": [1, 1, 1], "index": ["srmr", "rmsea", "cfi"], "cutoff": [0.04, float("nan"), 0.96]}
        ... )
        >>> none, blank = pd.DataFrame(), pd.Series(dtype=float)
        >>> observed = pd.Series({"srmr": 0.03, "rmsea": 0.05, "cfi": 0.97})
        >>> found = DynamicCutoffs(rows, none, none, observed, "robust", 300, 200, blank, 1)
        >>> found.levels_ruled_out().tolist()
        [True]
        """
        table = self.to_frame()
        answers = {level: _ruled_out(rows.set_index("index")["met"]) for level, rows in table.groupby("level")}
        return pd.Series(answers, name="ruled_out", dtype=object).rename_axis("level")

    def to_frame(self) -> pd.DataFrame:
        """Return `cutoffs` with the observed index and whether it meets the cut-off (None where there is none)."""
        table = self.cutoffs.copy()
        table["observed"] = table["index"].map(self.observed)
        rows = zip(table["index"], table["observed"], table["cutoff"], strict=True)
        table["met"] = pd.Series([_meets(*row) for row in rows], index=table.index, dtype=object)
        return table


def dynamic_cutoffs(
    fit: CfaResult,
    n_replications: int = 200,
    seed: int = 0,
    reading: Reading | None = None,
    most_levels: int | None = None,
    most_persons: int | None = None,
    n_jobs: int | None = None,
    progress: Progress | None = None,
) -> DynamicCutoffs:
    """Derive cut-offs of SRMR, RMSEA and CFI for a fitted model by simulating it right and misspecified.

    Answers of as many people are drawn from the standardised solution (with its thresholds, for ordered items) and the
    model is fitted to them by the same estimator: the indices of a right model. Then the population is given parameters
    that the model omits, and the same is done again: the indices of a misspecified one.

    Several factors (one level for each factor but one): the weakest item of one factor after the other, in the order of
    their loadings and factors of two items last, also loads on the other factor with the largest coefficient H. No two
    factors are taken twice. The cross-loading is as large as the item's own loading, or 95 % of the largest possible
    one, ``0.95 (sqrt(l^2 r^2 + 1 - l^2) - l r)`` with r the correlation of the two factors, where that is smaller.

    One factor (three levels): residuals of pairs of items, formed in the order of their loadings, correlate .3; a third
    of the pairs, two thirds, all of them. Of four items one pair (one level), of five two (two levels).

    The cut-off of an index at a level is the value that keeps out 95 % of the misspecified models, if it lets in 95 %
    of the right ones; else the same with 90 %; else there is none.

    Parameters
    ----------
    fit : CfaResult
        One group; a single factor or correlated ones. Weights follow the estimator of the fit.
    n_replications : int
        Draws for the right model and for each level. The same normal numbers serve all of them.
    seed : int
        Root of the random streams; each draw has its own, so that the numbers are the same for any `n_jobs`.
    reading : {"naive", "scaled", "robust"}, optional
        Version of RMSEA and CFI, for which alone the cut-offs hold: by default "scaled" for WLSMV and ULSMV (McNeish
        2023), "robust" for MLR, "naive" for ML. With ordered items the robust ones are often not defined where the
        model omits much, because residual variances become negative.
    most_levels : int, optional
        With more factors, this many levels evenly over all omissions instead of one for each; the last level always
        omits as much as the published one.
    most_persons : int, optional
        People drawn at most, where very many answered. Indices of fewer people scatter more, so that the cut-offs keep
        out and let in at least as many models as they say.
    n_jobs : int, optional
        Workers; None leaves it to joblib's active configuration.
    progress : callable, optional
        Takes an iterator of finished batches and their number, returns an iterable of the same.

    Returns
    -------
    DynamicCutoffs

    Raises
    ------
    ModelError
        Several groups, a second-order or bifactor model, no degree of freedom, an improper solution, an index that the
        estimator does not define, too few items that load on one factor alone.
    InputShapeError
        Fewer than 20 replications, less than one level, fewer than 200 people at most, an unknown reading.
    UndefinedError
        The model failed in more than half of the draws of a level.

    References
    ----------
    McNeish, D., & Wolf, M. G. (2023). Dynamic fit index cutoffs for confirmatory factor analysis models. Psychological
    Methods, 28, 61-88 (several factors; levels, size of the cross-loading, 95/5 and 90/10 rule).
    McNeish, D., & Wolf, M. G. (2023). Dynamic fit index cutoffs for one-factor models. Behavior Research Methods, 55,
    1157-1174 (one factor).
    McNeish, D. (2023). Dynamic fit index cutoffs for categorical factor analysis with Likert-type, ordinal, or binary
    responses. American Psychologist, 78, 1061-1075 (thresholds, WLSMV).
    Hancock, G. R., & Mueller, R. O. (2001). Rethinking construct reliability within latent variable systems. In
    Structural equation modeling: Present and future (pp. 195-216) (coefficient H).

    See Also
    --------
    fit_cfa : the model whose fit is judged.

    Notes
    -----
    What people left out stays left out. Clusters are not drawn: where people are dependent, observed indices look a
    little worse than those of the draws, and the note says so. Items that ML takes as continuous are drawn normal.
    Validated by identity with :func:`fit_cfa` on the same draw, against the cut-offs printed in the vignette of the R
    package `dynamic` for Holzinger and Swineford's tests, and by recovery (``benchmarks/recover_fit_cutoffs.py``).

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from psychometrics.sem import CfaModel, dynamic_cutoffs, fit_cfa
    >>> draw = np.random.default_rng(1)
    >>> traits = draw.multivariate_normal([0, 0], [[1, 0.3], [0.3, 1]], 500).repeat(4, axis=1)
    >>> items = pd.DataFrame(0.7 * traits + 0.7 * draw.standard_normal((500, 8)), columns=list("abcdefgh"))
    >>> fit = fit_cfa(CfaModel.correlated({"one": list("abcd"), "two": list("efgh")}), items, "ML")
    >>> found = dynamic_cutoffs(fit, n_replications=40)
    >>> found.omissions[["kind", "with"]].iloc[0].tolist()
    ['cross-loading', 'two']
    >>> bool(found.at(1)["cfi"] > 0.9)
    True
    """
    reading = reading or _READINGS[fit.estimator]
    _check_request(fit, n_replications, reading, most_levels, most_persons)
    population = Population.of(fit)
    omissions, levels = omissions_of(population)
    levels = _thinned(levels, most_levels)
    replicator = Replicator.of(fit, _populations(population, omissions, levels), reading, most_persons)
    drawn = _draw(replicator, n_replications, seed, n_jobs, progress)
    n_failed = pd.Series(np.isnan(drawn).any(axis=2).sum(axis=0), name="n_failed", dtype=int).rename_axis("level")
    _refuse_minority(n_failed, n_replications)
    kept = [part[~np.isnan(part).any(axis=1)] for part in drawn.transpose(1, 0, 2)]
    return DynamicCutoffs(
        cutoffs=_cutoff_table(kept, levels),
        omissions=omission_table(population, omissions, levels),
        replications=_replication_table(drawn),
        observed=_observed(fit, reading),
        reading=reading,
        n_persons=replicator.n_persons,
        n_replications=n_replications,
        n_failed=n_failed,
        seed=seed,
        notes=_notes(fit, n_failed, n_replications),
    )


def _check_request(
    fit: CfaResult, n_replications: int, reading: str, most_levels: int | None, most_persons: int | None
) -> None:
    """Refuse what has no cut-offs of this kind."""
    at_least(n_replications, FEWEST_REPLICATIONS, "n_replications")
    at_least(1 if most_levels is None else most_levels, 1, "most_levels")
    at_least(FEWEST_PERSONS if most_persons is None else most_persons, FEWEST_PERSONS, "most_persons")
    one_of(reading, ("naive", "scaled", "robust"), "reading")
    if fit.groups:
        raise ModelError("The model has several groups; cut-offs are derived for one group at a time.")
    if fit.model.form not in ("single", "correlated"):
        raise ModelError(
            f"Misfit of a stated size is defined for one factor and for correlated factors, not for a "
            f"{fit.model.form.replace('_', '-')} model."
        )
    if fit.fit.df == 0:
        raise ModelError("The model has no degree of freedom: it fits any answers, whatever it omits.")
    if not fit.proper:
        raise ModelError(f"An improper solution cannot be drawn from: {fit.problems[0]}")
    if _observed(fit, reading).isna().any():
        raise ModelError(f"The {reading} RMSEA and CFI are not defined for this model with {fit.estimator}.")


def _thinned(levels: tuple[int, ...], most: int | None) -> tuple[int, ...]:
    """Take at most so many levels, evenly over the omissions."""
    if most is None or len(levels) <= most:
        return levels
    return tuple(levels[len(levels) * (k + 1) // most - 1] for k in range(most))


def _populations(population: Population, omissions: tuple[Omission, ...], levels: tuple[int, ...]) -> tuple[Array, ...]:
    """Correlations of the right population and of each level's; refuse one that does not exist."""
    found = tuple(population.correlations(omissions[:count]) for count in (0, *levels))
    if min(float(np.linalg.eigvalsh(matrix)[0]) for matrix in found) <= 0:
        raise ModelError("With the misfit added, the correlations of the items are those of no population.")
    return found


def _draw(
    replicator: Replicator, n_replications: int, seed: int, n_jobs: int | None, progress: Progress | None
) -> Array:
    """Find the indices of every draw, (n_replications, n_levels + 1, 3)."""
    import joblib

    streams = np.random.SeedSequence(seed).spawn(n_replications)
    size = -(-n_replications // _BATCHES)
    batches = [streams[start : start + size] for start in range(0, n_replications, size)]
    done = joblib.Parallel(n_jobs=n_jobs, return_as="generator")(
        joblib.delayed(_batch)(replicator, batch) for batch in batches
    )
    return np.concatenate(list(done if progress is None else progress(done, len(batches))))


def _batch(replicator: Replicator, streams: list[np.random.SeedSequence]) -> Array:
    """Find the indices in the draws of some streams."""
    return np.array([replicator(stream) for stream in streams])


def _refuse_minority(n_failed: pd.Series[int], n_replications: int) -> None:
    """Refuse when the model fails in most draws."""
    worst = int(n_failed.max())
    if 2 * worst > n_replications:
        raise UndefinedError(
            f"The model could not be fitted in {worst} of {n_replications} draws of {n_failed.idxmax()} on the "
            "scale of misfit (0 is none), so that its cut-offs would describe the minority: more persons, or fewer "
            "items or categories, are needed."
        )


def _cutoff_table(kept: list[Array], levels: tuple[int, ...]) -> pd.DataFrame:
    """Cut-offs of each level and index."""
    rows = []
    for level, count in enumerate(levels, start=1):
        for place, index in enumerate(INDICES):
            right, wrong = kept[0][:, place], kept[level][:, place]
            rows.append((level, count, index, *_separate(right, wrong, larger_is_better=index == "cfi")))
    columns = ["level", "omitted", "index", "cutoff", "share", "right", "wrong"]
    return pd.DataFrame(rows, columns=columns)


def _separate(right: Array, wrong: Array, *, larger_is_better: bool) -> tuple[float, float, float, float]:
    """Cut-off, the share it holds for, and the two quantiles it comes from."""
    sign = -1.0 if larger_is_better else 1.0
    for share in SHARES:
        inner, outer = np.quantile(sign * right, share), np.quantile(sign * wrong, 1.0 - share)
        if inner <= outer:
            return sign * outer, share, sign * inner, sign * outer
    return np.nan, np.nan, sign * inner, sign * outer


def _meets(index: str, observed: float, cutoff: float) -> bool | None:
    """Whether an observed index is on the side of the right models; None without a cut-off."""
    if np.isnan(cutoff) or np.isnan(observed):
        return None
    return bool(observed >= cutoff if index == "cfi" else observed <= cutoff)


def _ruled_out(met: pd.Series[bool]) -> bool | None:
    """Apply the two-index rule to the indices that have a cut-off."""
    absolute, others = met[["srmr"]].dropna(), met[["rmsea", "cfi"]].dropna()
    if absolute.empty and others.empty:
        return None
    return bool(absolute.all() and (others.empty or others.any()))


def _replication_table(drawn: Array) -> pd.DataFrame:
    """One row a draw."""
    n_replications, n_levels, _ = drawn.shape
    table = pd.DataFrame(drawn.transpose(1, 0, 2).reshape(-1, len(INDICES)), columns=list(INDICES))
    table.insert(0, "level", np.repeat(np.arange(n_levels), n_replications))
    table.insert(1, "replication", np.tile(np.arange(1, n_replications + 1), n_levels))
    return table


def _observed(fit: CfaResult, reading: str) -> pd.Series[float]:
    """Return the indices of the fitted model."""
    ending = "" if reading == "naive" else f"_{reading}"
    measures = fit.fit
    values = (measures.srmr, getattr(measures, f"rmsea{ending}"), getattr(measures, f"cfi{ending}"))
    return pd.Series(values, index=list(INDICES), name="observed", dtype=float)


def _notes(fit: CfaResult, n_failed: pd.Series[int], n_replications: int) -> tuple[str, ...]:
    """Say what a reader must know."""
    notes = []
    if fit.data.clusters is not None:
        notes.append(
            "People are drawn as independent; those who answered are nested, so that the cut-offs are a little strict."
        )
    if n_failed.max() > 0:
        notes.append(
            f"The model could not be fitted in up to {int(n_failed.max())} of {n_replications} draws of a level, which "
            "are left out."
        )
    return tuple(notes)
