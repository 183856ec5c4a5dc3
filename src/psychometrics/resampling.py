"""Bootstrap intervals whose numbers depend on the seed only, not on how the work is spread."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, cast

import numpy as np
import pandas as pd

from psychometrics._checks import Label, at_least, cluster_codes, label_index, listed, one_of, share
from psychometrics.errors import PsychometricsError, TooFewPersonsError, UndefinedError

Statistic = Callable[[pd.DataFrame], "float | np.ndarray | pd.Series"]
CountStatistic = Callable[[np.ndarray], np.ndarray]

_BATCHES = 16
# Numbers held at once when resamples are counts; 64 MB of them.
_COUNTS_AT_ONCE = 8_000_000
_WORTH_SAYING = 0.01
_NO_WIDTH = 1e-12


@dataclass(frozen=True)
class BootstrapInterval:
    """Interval of one statistic or of several at once.

    Attributes
    ----------
    estimate : Series
        The statistic on the data as given, one entry a component.
    lower, upper : Series
        Ends of the interval.
    standard_error : Series
        Standard deviation over the resamples.
    distribution : DataFrame of shape (n_resamples - n_failed, n_components)
        The statistic in every resample in which it was defined.
    n_persons, n_resamples, n_failed : int
        Rows resampled, resamples drawn, and resamples in which the statistic was not defined.
    confidence : float
        Nominal coverage.
    method : str
        ``percentile`` or ``bca``.
    seed : int
        Root of the random streams.
    notes : tuple of str
        What a reader has to know: resamples lost when above 1 %, and components whose interval has no width (their
        ends are NaN).
    """

    estimate: pd.Series
    lower: pd.Series
    upper: pd.Series
    standard_error: pd.Series
    distribution: pd.DataFrame
    n_persons: int
    n_resamples: int
    n_failed: int
    confidence: float
    method: str
    seed: int
    notes: tuple[str, ...] = ()

    @property
    def lost_share(self) -> float:
        """Share of the resamples in which the statistic was not defined, 0 to 1."""
        return self.n_failed / self.n_resamples

    def to_frame(self) -> pd.DataFrame:
        """Return one row a component: estimate, lower, upper, standard_error."""
        return pd.DataFrame(
            {
                "estimate": self.estimate,
                "lower": self.lower,
                "upper": self.upper,
                "standard_error": self.standard_error,
            }
        )


def bootstrap_interval(
    statistic: Statistic,
    data: pd.DataFrame,
    n_resamples: int = 1000,
    seed: int = 0,
    confidence: float = 0.95,
    method: Literal["percentile", "bca"] = "percentile",
    clusters: pd.Series | None = None,
    n_jobs: int | None = None,
) -> BootstrapInterval:
    r"""Bootstrap interval of any statistic of a table of persons.

    Rows are drawn with replacement; with ``clusters`` whole clusters are drawn, which keeps colleagues
    together. Each resample has a random stream of its own, spawned from the seed, so that the numbers are the
    same for any ``n_jobs`` and any joblib backend (``joblib.parallel_config(backend="dask")`` included).

    The percentile interval takes the :math:`(1 \mp \gamma)/2` quantiles of the resampled statistic. The
    bias-corrected and accelerated one shifts them by :math:`z_0` (share of resamples below the estimate) and
    :math:`a` (skewness of the jackknife values, leaving out one person or one cluster at a time).

    Parameters
    ----------
    statistic : callable
        Takes a DataFrame with the columns of ``data`` and returns a number or a vector of fixed length (a
        Series keeps its names). It must be picklable when ``n_jobs`` exceeds one.
    data : DataFrame of shape (n_persons, n_columns)
        Passed through as it is: missing answers are the statistic's affair.
    n_resamples : int
        Number of bootstrap resamples.
    seed : int
        Root of the random streams.
    confidence : float
        Nominal coverage, between 0 and 1.
    method : {"percentile", "bca"}
        Kind of interval.
    clusters : Series of shape (n_persons,), optional
        Cluster of each row, in the order of ``data``.
    n_jobs : int, optional
        Workers; None leaves it to joblib's active configuration.

    Returns
    -------
    BootstrapInterval
        Resamples in which the statistic raised a PsychometricsError or was not finite are counted in
        ``n_failed`` and left out; more than half failing is an error.

    Raises
    ------
    TooFewPersonsError
        Fewer than two persons or clusters to draw from.
    InputShapeError
        A confidence outside (0, 1), fewer than two resamples, an unknown method.
    PsychometricsError
        The statistic failed in more than half of the resamples, or on the data itself.

    See Also
    --------
    bootstrap_from_counts

    References
    ----------
    Efron, B., & Tibshirani, R. J. (1993). An introduction to the bootstrap. Chapman & Hall. Percentile:
    eq. 13.5; BCa: eq. 14.9 to 14.15.

    Notes
    -----
    Validated against ``scipy.stats.bootstrap`` (both methods, within Monte Carlo error) and, for coefficient
    alpha, ``psych::alpha(n.iter = 1000)``.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> draw = np.random.default_rng(1)
    >>> trait = draw.normal(size=(200, 1))
    >>> codes = np.clip(np.rint(3 + trait + draw.normal(size=(200, 6))), 1, 5)
    >>> answers = pd.DataFrame(codes, columns=list("abcdef"))
    >>> from psychometrics.resampling import bootstrap_interval
    >>> result = bootstrap_interval(lambda sample: sample["a"].mean(), answers, n_resamples=200)
    >>> result.n_failed, bool(result.lower.iloc[0] < result.upper.iloc[0])
    (0, True)
    """
    _refuse_settings(n_resamples, confidence, method)
    groups = _row_groups(len(data), clusters)
    estimate = _as_series(statistic(data))
    draws = _resample_all(statistic, data, groups, n_resamples, seed, n_jobs)
    distribution = _defined(draws, estimate.index, n_resamples)
    if method == "bca":
        jackknife = _jackknife(statistic, data, groups)
        tails = _bca_levels(distribution, estimate, jackknife, confidence)
    else:
        tails = _percentile_levels(confidence, len(estimate))
    return _interval(estimate, distribution, tails, len(data), n_resamples, confidence, method, seed)


def bootstrap_from_counts(
    statistic: CountStatistic,
    n_rows: int,
    n_resamples: int = 1000,
    seed: int = 0,
    confidence: float = 0.95,
    clusters: pd.Series | None = None,
    names: Sequence[Label] | None = None,
) -> BootstrapInterval:
    """Percentile bootstrap of a statistic that follows from how often each row is drawn.

    Sums over a resample are sums over the rows weighted by those counts, so that many resamples are one product of
    matrices. The draws are those of :func:`bootstrap_interval` with the same seed, and so are the numbers.

    Parameters
    ----------
    statistic : callable
        Takes counts of shape (n_draws, n_rows) and returns values of shape (n_draws, n_components), NaN where a
        resample does not define them.
    n_rows : int
        Rows to draw from.
    n_resamples, seed, confidence, clusters
        As in :func:`bootstrap_interval`.
    names : sequence, optional
        Labels of the components.

    Returns
    -------
    BootstrapInterval

    Raises
    ------
    TooFewPersonsError, InputShapeError, PsychometricsError
        As :func:`bootstrap_interval`.

    References
    ----------
    Efron, B., & Tibshirani, R. J. (1993). An introduction to the bootstrap. Chapman & Hall, eq. 13.5.

    See Also
    --------
    bootstrap_interval

    Notes
    -----
    Validated by identity with :func:`bootstrap_interval`.

    Examples
    --------
    >>> import numpy as np
    >>> from psychometrics.resampling import bootstrap_from_counts
    >>> scores = np.array([1.0, 2.0, 3.0, 4.0, 6.0])
    >>> means = lambda counts: (counts @ scores / counts.sum(axis=1))[:, None]
    >>> float(bootstrap_from_counts(means, 5, n_resamples=200).estimate.iloc[0])
    3.2
    """
    _refuse_settings(n_resamples, confidence, "percentile")
    groups = _row_groups(n_rows, clusters)
    index = None if names is None else label_index(names)
    estimate = pd.Series(statistic(np.ones((1, n_rows)))[0], index=index, dtype=float)
    streams = np.random.SeedSequence(seed).spawn(n_resamples)
    size = max(1, _COUNTS_AT_ONCE // n_rows)
    parts = [statistic(_counts(groups, n_rows, streams[start : start + size])) for start in range(0, n_resamples, size)]
    values = np.vstack(parts)
    kept = values[np.isfinite(values).all(axis=1)]
    _refuse_minority(len(kept), n_resamples)
    distribution = pd.DataFrame(kept, columns=estimate.index)
    tails = _percentile_levels(confidence, len(estimate))
    return _interval(estimate, distribution, tails, n_rows, n_resamples, confidence, "percentile", seed)


def _counts(groups: list[np.ndarray], n_rows: int, streams: Sequence[np.random.SeedSequence]) -> np.ndarray:
    """Return how often each row is drawn in each resample, one row a resample."""
    of_row = np.empty(n_rows, dtype=int)
    for place, rows in enumerate(groups):
        of_row[rows] = place
    counts = np.empty((len(streams), n_rows))
    for place, stream in enumerate(streams):
        chosen = np.random.default_rng(stream).integers(0, len(groups), len(groups))
        counts[place] = np.bincount(chosen, minlength=len(groups))[of_row]
    return counts


def _interval(
    estimate: pd.Series,
    distribution: pd.DataFrame,
    tails: tuple[np.ndarray, np.ndarray],
    n_persons: int,
    n_resamples: int,
    confidence: float,
    method: str,
    seed: int,
) -> BootstrapInterval:
    """Put the interval together; an interval of no width is none."""
    lower, upper = (_quantile_each(distribution, levels) for levels in tails)
    flat = ~(upper - lower > _NO_WIDTH * np.maximum(1.0, lower.abs()))
    n_failed = n_resamples - len(distribution)
    return BootstrapInterval(
        estimate=estimate,
        lower=lower.mask(flat),
        upper=upper.mask(flat),
        standard_error=distribution.std(ddof=1).mask(flat),
        distribution=distribution,
        n_persons=n_persons,
        n_resamples=n_resamples,
        n_failed=n_failed,
        confidence=confidence,
        method=method,
        seed=seed,
        notes=(*lost_note(n_failed, n_resamples), *_flat_note(flat)),
    )


def lost_note(n_failed: int, n_resamples: int) -> tuple[str, ...]:
    """Return a note on the resamples lost when they are more than 1 %.

    See Also
    --------
    bootstrap_interval

    Examples
    --------
    >>> from psychometrics.resampling import lost_note
    >>> lost_note(n_failed=5, n_resamples=1000)
    ()
    """
    if n_failed <= _WORTH_SAYING * n_resamples:
        return ()
    share_lost = n_failed / n_resamples
    return (
        f"{n_failed} of {n_resamples} resamples ({share_lost:.1%}) did not define the statistic, for instance because "
        "an item was constant in them, and were left out of the interval",
    )


def _flat_note(flat: pd.Series) -> tuple[str, ...]:
    """Return a note on components that are the same in every resample."""
    if not flat.any():
        return ()
    which = "" if len(flat) == 1 else f" ({listed(flat.index[flat])})"
    return (f"every resample gives the same value{which}, so that there is no interval",)


def _refuse_settings(n_resamples: int, confidence: float, method: str) -> None:
    """Refuse settings for which no interval is defined."""
    share(confidence)
    at_least(n_resamples, 2, "n_resamples")
    one_of(method, ("percentile", "bca"), "method")


def _row_groups(n_rows: int, clusters: pd.Series | None) -> list[np.ndarray]:
    """Return the row numbers that are drawn together: one a person, or one group a cluster."""
    if clusters is None:
        groups = [np.array([row]) for row in range(n_rows)]
    else:
        codes = cluster_codes(clusters, n_rows)
        groups = [np.flatnonzero(codes == code) for code in range(int(codes.max()) + 1)]
    if len(groups) < 2:
        raise TooFewPersonsError(f"needs at least two persons or clusters to resample, got {len(groups)}")
    return groups


def _resample_all(
    statistic: Statistic,
    data: pd.DataFrame,
    groups: list[np.ndarray],
    n_resamples: int,
    seed: int,
    n_jobs: int | None,
) -> list[pd.Series | None]:
    """Compute the statistic in every resample, in the order of the spawned streams."""
    import joblib

    streams = np.random.SeedSequence(seed).spawn(n_resamples)
    size = -(-n_resamples // _BATCHES)
    batches = [streams[start : start + size] for start in range(0, n_resamples, size)]
    done = joblib.Parallel(n_jobs=n_jobs)(
        joblib.delayed(_resample_batch)(statistic, data, groups, batch) for batch in batches
    )
    return [result for batch in done for result in batch]


def _resample_batch(
    statistic: Statistic,
    data: pd.DataFrame,
    groups: list[np.ndarray],
    streams: Sequence[np.random.SeedSequence],
) -> list[pd.Series | None]:
    """Compute the statistic in the resamples of some streams."""
    results = []
    for stream in streams:
        chosen = np.random.default_rng(stream).integers(0, len(groups), len(groups))
        rows = np.concatenate([groups[choice] for choice in chosen])
        results.append(_value_or_none(statistic, data.take(rows).reset_index(drop=True)))
    return results


def _value_or_none(statistic: Statistic, sample: pd.DataFrame) -> pd.Series | None:
    """Return the statistic, or None where this resample does not define it."""
    try:
        value = _as_series(statistic(sample))
    except PsychometricsError:
        return None
    return value if np.isfinite(value.to_numpy(dtype=float)).all() else None


def _as_series(value: float | np.ndarray | pd.Series) -> pd.Series:
    """Return a number or vector as a Series of floats."""
    if isinstance(value, pd.Series):
        return value.astype(float)
    return pd.Series(np.atleast_1d(np.asarray(value, dtype=float)))


def _defined(draws: list[pd.Series | None], index: pd.Index, n_resamples: int) -> pd.DataFrame:
    """Stack the resamples in which the statistic was defined; refuse when they are the minority."""
    kept = [draw.to_numpy() for draw in draws if draw is not None]
    _refuse_minority(len(kept), n_resamples)
    return pd.DataFrame(np.vstack(kept), columns=index)


def _refuse_minority(n_kept: int, n_resamples: int) -> None:
    """Refuse when the statistic is defined in less than half of the resamples."""
    if 2 * n_kept < n_resamples or n_kept < 2:
        raise UndefinedError(
            f"the statistic was undefined in {n_resamples - n_kept} of {n_resamples} resamples, so its "
            "interval would describe the minority: use more persons or a simpler statistic"
        )


def _percentile_levels(confidence: float, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the tail probabilities of the percentile interval."""
    tail = (1 - confidence) / 2
    return np.full(size, tail), np.full(size, 1 - tail)


def _quantile_each(distribution: pd.DataFrame, levels: np.ndarray) -> pd.Series:
    """Return the quantile of each component at its own level."""
    values = distribution.to_numpy()
    ends = [float(np.quantile(values[:, i], level)) for i, level in enumerate(levels)]
    return pd.Series(ends, index=distribution.columns)


def _jackknife(statistic: Statistic, data: pd.DataFrame, groups: list[np.ndarray]) -> np.ndarray:
    """Return the statistic with each person or cluster left out."""
    values = []
    for group in groups:
        kept = np.delete(np.arange(len(data)), group)
        values.append(_as_series(statistic(data.iloc[kept].reset_index(drop=True))).to_numpy())
    return np.vstack(values)


def _bca_levels(
    distribution: pd.DataFrame, estimate: pd.Series, jackknife: np.ndarray, confidence: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return the tail probabilities after correcting for bias and acceleration."""
    from scipy.stats import norm

    values, point = distribution.to_numpy(), estimate.to_numpy()
    below = (np.sum(values < point, axis=0) + np.sum(values <= point, axis=0)) / (2 * len(values))
    bias = norm.ppf(np.clip(below, 0.5 / len(values), 1 - 0.5 / len(values)))
    centred = jackknife.mean(axis=0) - jackknife
    spread = np.sum(centred**2, axis=0) ** 1.5
    acceleration = np.divide(np.sum(centred**3, axis=0), 6 * spread, out=np.zeros_like(spread), where=spread > 0)
    z = norm.ppf((1 - confidence) / 2)
    lower, upper = (norm.cdf(bias + (bias + end) / (1 - acceleration * (bias + end))) for end in (z, -z))
    return cast("np.ndarray", lower), cast("np.ndarray", upper)
