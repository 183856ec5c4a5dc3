"""Krippendorff's alpha with a bootstrap interval."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import pandas as pd

from psychometrics.agreement.coding import Coded, code_ratings
from psychometrics.agreement.result import NO_SPREAD, WILSON, AgreementCoefficient, wilson_interval
from psychometrics.errors import ConstantItemError, PsychometricsError

Metric = Literal["nominal", "ordinal", "interval", "ratio"]

METRICS = ("nominal", "ordinal", "interval", "ratio")


def krippendorff_alpha(
    ratings: pd.DataFrame,
    metric: Metric = "ordinal",
    categories: Sequence[object] | None = None,
    confidence: float = 0.95,
    n_resamples: int = 1000,
    seed: int = 20240106,
) -> AgreementCoefficient:
    r"""Krippendorff's alpha for any number of raters and any missing ratings.

    .. math:: \alpha = 1 - D_o / D_e

    with observed and expected disagreement under the metric's distance. The interval is the percentile
    bootstrap over subjects (raters fixed); resamples in which nothing varies are not counted, and a note says
    how many.

    Parameters
    ----------
    ratings : DataFrame, shape (n_subjects, n_raters)
        Missing where not rated; subjects with one rating do not enter. Text only with the nominal metric, or
        with the ordinal one and `categories` in order (or an ordered Categorical).
    metric : {"nominal", "ordinal", "interval", "ratio"}
    categories : sequence, optional
        All categories in order.
    confidence : float
    n_resamples : int
        Bootstrap resamples; 0 for none.
    seed : int
        Seed of the bootstrap.

    Returns
    -------
    AgreementCoefficient

    Raises
    ------
    InputShapeError, CodingError, ConstantItemError
        As in :func:`gwet_ac1`.
    PsychometricsError
        Unknown metric, or text ratings where the metric needs numbers or an order.

    References
    ----------
    Krippendorff, K. (2011). Computing Krippendorff's alpha-reliability. University of Pennsylvania. Zapf, A.,
    et al. (2016). Measuring inter-rater reliability for nominal data. BMC Medical Research Methodology, 16,
    93 (bootstrap over subjects).

    Notes
    -----
    The krippendorff package does the coefficient. Validated against Krippendorff's printed example and, where
    ratings are missing, irr's ``kripp.alpha`` (on complete data with more than two raters irr forgets a
    divisor).

    See Also
    --------
    psychometrics.agreement.gwet_ac2 : Another coefficient for missing ratings.

    Examples
    --------
    >>> import pandas as pd
    >>> ratings = pd.DataFrame({"a": [1, 2, 3, 3, 2, 1], "b": [1, 2, 3, 2, 2, 1], "c": [1, 3, 3, 3, 2, 1]})
    >>> found = krippendorff_alpha(ratings, "ordinal", n_resamples=200)
    >>> round(found.estimate, 3), found.n_failed
    (0.843, 0)
    """
    if metric not in METRICS:
        raise PsychometricsError(f"metric {metric!r} is not known; use one of {METRICS}")
    coded = code_ratings(ratings, categories)
    values = _values(coded, metric)
    counts = coded.counts[coded.n_each >= 2]
    estimate = _alpha(counts, values, metric)
    if np.isnan(estimate):
        raise ConstantItemError(
            "the ratings of subjects with two or more never vary: no disagreement is expected by chance, so alpha is "
            "undefined; report the share of agreement, or Gwet's AC1"
        )
    draws = _bootstrap(counts, values, metric, n_resamples, seed)
    valid = draws[np.isfinite(draws)]
    lower, upper, method, notes = _interval(valid, estimate, counts, n_resamples, confidence)
    return AgreementCoefficient(
        coefficient=f"Krippendorff alpha ({metric})",
        estimate=estimate,
        standard_error=float(valid.std(ddof=1)) if len(valid) > 1 and np.ptp(valid) > 0 else float("nan"),
        lower=lower,
        upper=upper,
        observed=float("nan"),
        expected=float("nan"),
        n_subjects=len(coded.counts),
        n_pairable=len(counts),
        n_raters=coded.codes.shape[1],
        n_ratings=int(coded.counts.sum()),
        n_categories=len(coded.categories),
        weights=metric,
        method=method or f"bootstrap over subjects, {n_resamples} resamples, seed {seed}",
        confidence=confidence,
        n_resamples=n_resamples,
        n_failed=n_resamples - len(valid),
        notes=notes + _notes(n_resamples, len(valid)),
    )


def _interval(
    draws: np.ndarray, estimate: float, counts: np.ndarray, n_resamples: int, confidence: float
) -> tuple[float, float, str, tuple[str, ...]]:
    r"""Return percentile bounds; where every subject agrees, a bound from their number.

    That bound is :math:`1 - (1 - w)/P`, with w Wilson's lower bound for the share of subjects who agree and P the
    probability that two ratings drawn from all differ: a subject who disagreed would be as far apart as chance.
    """
    nothing = float("nan")
    if n_resamples == 0:
        return nothing, nothing, "", ("no resamples were asked for, so there is no interval",)
    if 2 * len(draws) < n_resamples:
        return nothing, nothing, "", ("alpha is undefined in most resamples, so there is no interval",)
    lower, upper = np.quantile(draws, ((1 - confidence) / 2, (1 + confidence) / 2))
    if upper - lower > NO_SPREAD:
        return float(lower), float(min(upper, 1.0)), "", ()
    if estimate < 1 - NO_SPREAD:
        return nothing, nothing, "", ("alpha is the same in every resample, so there is no interval",)
    shares = counts.sum(axis=0) / counts.sum()
    differing = 1 - float(shares @ shares)
    bound = 1 - (1 - wilson_interval(1.0, len(counts), confidence)[0]) / differing
    note = f"all {len(counts)} subjects agree: the bound is Wilson's for that share"
    return max(bound, -1.0), 1.0, WILSON, (note,)


def _values(coded: Coded, metric: Metric) -> np.ndarray:
    """Return the numbers that stand for the categories under a metric."""
    numeric = all(isinstance(value, (int, float, np.number)) for value in coded.categories)
    if numeric:
        return np.asarray(coded.categories, dtype=float)
    if metric == "nominal" or (metric == "ordinal" and coded.ordered):
        return np.arange(1.0, len(coded.categories) + 1)
    raise PsychometricsError(
        f"the {metric} metric needs numeric ratings{'' if metric != 'ordinal' else ' or categories in order'}; "
        f"these are {list(coded.categories)}"
    )


def _alpha(counts: np.ndarray, values: np.ndarray, metric: Metric) -> float:
    """Return alpha from counts of each value for each subject; NaN when only one value occurs."""
    import krippendorff

    used = counts.sum(axis=0) > 0
    if used.sum() < 2:
        return float("nan")
    return float(
        krippendorff.alpha(
            value_counts=counts[:, used], value_domain=values[used].tolist(), level_of_measurement=metric
        )
    )


def _bootstrap(counts: np.ndarray, values: np.ndarray, metric: Metric, n_resamples: int, seed: int) -> np.ndarray:
    """Return alpha over resampled subjects."""
    generator = np.random.default_rng(seed)
    draws = generator.integers(0, len(counts), (n_resamples, len(counts)))
    return np.array([_alpha(counts[rows], values, metric) for rows in draws])


def _notes(n_resamples: int, n_valid: int) -> tuple[str, ...]:
    """Say how many resamples did not vary."""
    lost = n_resamples - n_valid
    return (f"{lost} resamples in which nothing varied were not counted",) if lost else ()
