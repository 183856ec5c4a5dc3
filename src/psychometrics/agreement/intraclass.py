"""Intraclass correlations of subjects in rows and raters in columns (Shrout & Fleiss; McGraw & Wong)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd
from scipy import stats

from psychometrics._checks import numeric_table, share
from psychometrics._nesting import effective_size, nested_in, percentiles, resample_counts
from psychometrics._reml import fit_random_intercepts
from psychometrics.agreement.rater_number import spearman_brown
from psychometrics.association.mixed import share_interval
from psychometrics.errors import ConstantItemError, InputShapeError, PsychometricsError

# Variance below this share of the rest is zero but for rounding.
NO_SPREAD = 1e-12
_FORMS = (
    ("ICC1", "ICC(1,1)", "ICC(1)"),
    ("ICC2", "ICC(2,1)", "ICC(A,1)"),
    ("ICC3", "ICC(3,1)", "ICC(C,1)"),
    ("ICC1k", "ICC(1,k)", "ICC(k)"),
    ("ICC2k", "ICC(2,k)", "ICC(A,k)"),
    ("ICC3k", "ICC(3,k)", "ICC(C,k)"),
)


@dataclass(frozen=True)
class IntraclassCorrelations:
    """The six intraclass correlations; see :func:`icc`.

    Attributes
    ----------
    table : DataFrame
        One row a form: ``form`` (ICC1 .. ICC3k), ``shrout_fleiss``, ``mcgraw_wong``, ``estimate``, ``lower``,
        ``upper``, ``F``, ``df1``, ``df2``, ``p``, ``note``; with clusters also ``design_effect`` and
        ``effective_n`` (subjects).
    variance_components : DataFrame
        ``component`` (subject, rater, residual), ``variance``; a negative estimate is shown as it is.
    n_subjects, n_dropped : int
    n_raters : float
        Raters behind an average rating (harmonic mean over subjects for the mixed model).
    method : str
    confidence : float
    n_clusters, n_resamples, n_failed : int
        Clusters and bootstrap resamples behind the intervals (0 without clusters), and the most resamples in which
        a form was undefined.
    notes : tuple of str
    """

    table: pd.DataFrame
    variance_components: pd.DataFrame
    n_subjects: int
    n_dropped: int
    n_raters: float
    method: str
    confidence: float
    n_clusters: int = 0
    n_resamples: int = 0
    n_failed: int = 0
    notes: tuple[str, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """Return the six forms with n and method beside them."""
        return self.table.assign(n_subjects=self.n_subjects, n_raters=self.n_raters, method=self.method)

    def noted(self) -> IntraclassCorrelations:
        """Return the same with the reason beside every form that is undefined, and in the notes."""
        table = self.table
        reasons = np.select(
            [table["estimate"].isna(), table["lower"].isna()],
            [
                "undefined: subjects differ so little that the formula leaves the range of a reliability",
                "no interval" if self.method == "mixed" else "no interval: its bounds leave the range of a reliability",
            ],
            "",
        )
        noted = table.assign(note=reasons)
        rows = noted[noted["note"].str.contains(":")]
        return replace(
            self,
            table=noted,
            notes=(*self.notes, *(f"{form}: {note}" for form, note in zip(rows["form"], rows["note"], strict=True))),
        )

    def estimate(self, form: str) -> float:
        """Return one form by psych's name, for example ``"ICC2k"``."""
        return float(self.table.loc[self.table["form"] == form, "estimate"].item())


def icc(
    ratings: pd.DataFrame,
    method: Literal["anova", "mixed"] = "anova",
    missing: Literal["refuse", "drop"] = "refuse",
    confidence: float = 0.95,
    clusters: pd.Series | None = None,
    n_resamples: int = 1000,
    seed: int = 0,
) -> IntraclassCorrelations:
    r"""Intraclass correlations of n subjects rated by k raters.

    With mean squares between subjects (R), within subjects (W), between raters (C) and residual (E):

    .. math:: ICC(1) = \frac{R-W}{R+(k-1)W}, \quad ICC(A,1) = \frac{R-E}{R+(k-1)E+k(C-E)/n}, \quad
              ICC(C,1) = \frac{R-E}{R+(k-1)E}

    .. math:: ICC(k) = \frac{R-W}{R}, \quad ICC(A,k) = \frac{R-E}{R+(C-E)/n}, \quad ICC(C,k) = \frac{R-E}{R}

    Intervals are those of Shrout & Fleiss (1979, appendix), exact for consistency and one-way,
    Satterthwaite's for absolute agreement.

    Parameters
    ----------
    ratings : DataFrame, shape (n_subjects, n_raters)
        Numeric, ``NaN`` where not rated.
    method : {"anova", "mixed"}
        ``"anova"`` needs complete ratings. ``"mixed"`` takes variance components by REML from a one-way and
        from a crossed subject and rater model and keeps every rating, so that subjects with few raters are
        not lost; an average then means the harmonic mean number of raters, and only the one-way forms have
        intervals (profile likelihood).
    missing : {"refuse", "drop"}
        For ``"anova"``: refuse incomplete subjects, or leave them out and say how many.
    confidence : float
    clusters : Series, shape (n_subjects,), optional
        Cluster of each subject (team, agency), with ``"anova"``: intervals then come from resampling whole clusters,
        and ``design_effect`` is the variance over these resamples divided by that over resampled subjects.
    n_resamples, seed : int
        Of the bootstrap with clusters.

    Returns
    -------
    IntraclassCorrelations
        Negative estimates are kept and noted. An average-measure form whose formula leaves the range of a reliability
        (a denominator that is not positive) is ``NaN``, and so is a bound that no raters could share; ``note`` says
        why.

    Raises
    ------
    InputShapeError
        Fewer than two subjects or raters, or incomplete ratings that `missing` refuses.
    ConstantItemError
        All ratings alike.
    CodingError
        Text ratings.

    References
    ----------
    Shrout, P. E., & Fleiss, J. L. (1979). Intraclass correlations: uses in assessing rater reliability.
    Psychological Bulletin, 86, 420-428. McGraw, K. O., & Wong, S. P. (1996). Forming inferences about some
    intraclass correlation coefficients. Psychological Methods, 1, 30-46, tables 4 and 7.

    Notes
    -----
    Own code because pingouin drops incomplete people and rounds its intervals. Validated against Shrout &
    Fleiss' printed example, psych's ``ICC``, irr's ``icc`` and lme4's ``lmer``.

    See Also
    --------
    psychometrics.agreement.icc1 : Other raters for each person.
    psychometrics.agreement.decision_study : How many raters are enough.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]
    >>> ratings = pd.DataFrame(rows, columns=list("abcd"))
    >>> icc(ratings).table[["form", "estimate"]].round(2).to_numpy().tolist()
    [['ICC1', 0.17], ['ICC2', 0.29], ['ICC3', 0.71], ['ICC1k', 0.44], ['ICC2k', 0.62], ['ICC3k', 0.91]]
    """
    share(confidence, "confidence")
    table = numeric_table(ratings, "ratings", noun="column").dropna(how="all")
    _require_ratings(table, method, missing)
    if method == "mixed":
        if clusters is not None:
            raise PsychometricsError(
                'clusters go with method="anova"; variance components of clusters: random_intercept'
            )
        return _icc_mixed(table, len(ratings) - len(table), confidence)
    complete = table.dropna()
    result = _icc_anova(complete, len(ratings) - len(complete), confidence)
    if clusters is None:
        return result
    nested_in(clusters, ratings.index)
    return _clustered(result, complete.to_numpy(), clusters.loc[complete.index], n_resamples, seed)


def _require_ratings(table: pd.DataFrame, method: str, missing: str) -> None:
    """Refuse tables that carry no intraclass correlation, and unknown options."""
    if method not in ("anova", "mixed") or missing not in ("refuse", "drop"):
        raise PsychometricsError('method must be "anova" or "mixed", and missing "refuse" or "drop"')
    incomplete = int(table.isna().any(axis=1).sum())
    if method == "anova" and missing == "refuse" and incomplete:
        raise InputShapeError(
            f"{incomplete} of {len(table)} subjects lack a rating; use method='mixed' to keep them, or missing='drop'"
        )
    usable = table if method == "mixed" else table.dropna()
    if len(usable) < 2 or usable.shape[1] < 2:
        raise InputShapeError(
            f"{len(usable)} subjects and {usable.shape[1]} raters; an intraclass correlation needs two of each"
        )
    if np.nanmax(usable.to_numpy()) == np.nanmin(usable.to_numpy()):
        raise ConstantItemError("all ratings are alike: the intraclass correlation is undefined")


def _mean_squares(x: np.ndarray) -> tuple[float, float, float, float]:
    """Return mean squares between subjects, within subjects, between raters, and residual."""
    n, k = x.shape
    rows, columns, grand = x.mean(axis=1), x.mean(axis=0), x.mean()
    between = k * ((rows - grand) ** 2).sum()
    raters = n * ((columns - grand) ** 2).sum()
    within = ((x - rows[:, None]) ** 2).sum()
    return between / (n - 1), within / (n * (k - 1)), raters / (k - 1), (within - raters) / ((n - 1) * (k - 1))


def _icc_anova(table: pd.DataFrame, n_dropped: int, confidence: float) -> IntraclassCorrelations:
    """Return the six forms of complete ratings."""
    n, k = table.shape
    R, W, C, E = _mean_squares(table.to_numpy())
    if min(W, E) <= NO_SPREAD * max(R, W):
        how = "exactly" if W <= NO_SPREAD * R else "but for a constant of each rater"
        raise ConstantItemError(f"raters agree on every subject {how}: F is infinite and no interval exists")
    estimates = _estimates(R, W, C, E, n, k)
    one_way = R / W, n - 1, n * (k - 1)
    two_way = R / E, n - 1, (n - 1) * (k - 1)
    tests = (one_way, two_way, two_way) * 2
    bounds = _anova_bounds((R, C, E), estimates[1], n, k, one_way, two_way, confidence)
    components = {"subject": (R - E) / k, "rater": (C - E) / n, "residual": E}
    return IntraclassCorrelations(
        table=_forms(tuple(estimates), bounds, tests),
        variance_components=pd.DataFrame({"component": list(components), "variance": list(components.values())}),
        n_subjects=n,
        n_dropped=n_dropped,
        n_raters=float(k),
        method="anova",
        confidence=confidence,
        notes=_negative(components) + _dropped(n_dropped),
    ).noted()


def _estimates(R: float, W: float, C: float, E: float, n: int, k: int) -> np.ndarray:
    """Return the six forms; ``NaN`` where a denominator is not positive."""
    above = np.array([R - W, R - E, R - E] * 2)
    below = np.array(
        [R + (k - 1) * W, R + (k - 1) * E + k * (C - E) / n, R + (k - 1) * E, R, R + (C - E) / n, R]
    )  # fmt: skip
    floor = NO_SPREAD * (R + W)
    values = np.divide(above, below, out=np.full(6, np.nan), where=below > floor)
    return np.where(values > 1, np.nan, values)


def _clustered(
    result: IntraclassCorrelations, x: np.ndarray, clusters: pd.Series, n_resamples: int, seed: int
) -> IntraclassCorrelations:
    """Return the result with intervals from resampled clusters."""
    codes, n_clusters = pd.factorize(clusters)[0], int(clusters.nunique())
    if n_clusters < 2:
        raise InputShapeError("the complete subjects are all in one cluster; clusters need at least two")
    by_cluster = _resampled(x, resample_counts(n_clusters, n_resamples, seed)[:, codes])
    by_person = _resampled(x, resample_counts(len(x), n_resamples, seed))
    found = [percentiles(draws, result.confidence) for draws in by_cluster.T]
    alone = [percentiles(draws, result.confidence).variance for draws in by_person.T]
    effects = np.array([one.variance / other for one, other in zip(found, alone, strict=True)])
    table = result.table.assign(
        lower=[one.lower for one in found],
        upper=[one.upper for one in found],
        p=np.nan,
        design_effect=effects,
        effective_n=[effective_size(len(x), effect) for effect in effects],
    )
    unknown = table["estimate"].isna().to_numpy()
    table.loc[unknown, ["lower", "upper"]] = np.nan
    notes = [note or one.note for note, one in zip(table["note"], found, strict=True)]
    return replace(
        result,
        table=table.assign(note=notes),
        n_clusters=n_clusters,
        n_resamples=n_resamples,
        n_failed=max(one.n_failed for one in found),
    )


def _resampled(x: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Return the six forms with the subjects counted as often as each row of `counts` says."""
    draws = np.full((len(counts), 6), np.nan)
    for place, count in enumerate(counts):
        sample = np.repeat(x, count.astype(int), axis=0)
        if len(sample) > 1:
            R, W, C, E = _mean_squares(sample)
            if min(W, E) > NO_SPREAD * max(R, W):
                draws[place] = _estimates(R, W, C, E, *sample.shape)
    return draws


def _anova_bounds(
    squares: tuple[float, float, float],
    agreement: float,
    n: int,
    k: int,
    one_way: tuple[float, int, int],
    two_way: tuple[float, int, int],
    confidence: float,
) -> list[tuple[float, float]]:
    """Return the intervals of the six forms in order."""
    single_1 = ratio_bounds(*one_way, k, confidence)
    single_3 = ratio_bounds(*two_way, k, confidence)
    single_2 = _agreement_bounds(squares, float(agreement), n, k, confidence)
    singles = [single_1, single_2, single_3]
    return singles + [(spearman_brown(low, k), spearman_brown(high, k)) for low, high in singles]


def ratio_bounds(f: float, df1: float, df2: float, k: float, confidence: float) -> tuple[float, float]:
    """Return the interval of (F - 1) / (F + k - 1)."""
    low = f / stats.f.ppf((1 + confidence) / 2, df1, df2)
    high = f * stats.f.ppf((1 + confidence) / 2, df2, df1)
    return float((low - 1) / (low + k - 1)), float((high - 1) / (high + k - 1))


def _agreement_bounds(
    squares: tuple[float, float, float], estimate: float, n: int, k: int, confidence: float
) -> tuple[float, float]:
    """Return the interval of ICC(A,1) (Shrout & Fleiss 1979, p. 428); ``NaN`` where it is not defined."""
    R, C, E = squares
    if np.isnan(estimate):
        return float("nan"), float("nan")
    ratio = C / E
    a = k * estimate * ratio
    b = n * (1 + (k - 1) * estimate) - k * estimate
    weight = (n - 1) * a**2 + b**2
    if not weight > 0:
        return float("nan"), float("nan")
    df = (k - 1) * (n - 1) * (a + b) ** 2 / weight
    upper_f = stats.f.ppf((1 + confidence) / 2, n - 1, df)
    lower_f = stats.f.ppf((1 + confidence) / 2, df, n - 1)
    spread = k * C + (k * n - k - n) * E
    below = upper_f * spread + n * R, spread + n * lower_f * R
    if not (np.isfinite(below).all() and min(below) > 0):
        return float("nan"), float("nan")
    low = n * (R - upper_f * E) / below[0]
    high = n * (lower_f * R - E) / below[1]
    return (float(low), float(high)) if low <= estimate <= high else (float("nan"), float("nan"))


def _forms(
    estimates: tuple[float, ...],
    bounds: list[tuple[float, float]],
    tests: tuple[tuple[float, float, float], ...] | None,
) -> pd.DataFrame:
    """Return the table of the six forms."""
    table = pd.DataFrame(_FORMS, columns=["form", "shrout_fleiss", "mcgraw_wong"])
    table["estimate"] = estimates
    table[["lower", "upper"]] = bounds
    none = table[["estimate", "lower", "upper"]].isna().any(axis=1) | (table["lower"] >= table["upper"])
    table.loc[none, ["lower", "upper"]] = np.nan
    known = tests or ((float("nan"),) * 3,) * 6
    table[["F", "df1", "df2"]] = known
    table["p"] = stats.f.sf(table["F"], table["df1"], table["df2"])
    return table


def _icc_mixed(table: pd.DataFrame, n_dropped: int, confidence: float) -> IntraclassCorrelations:
    """Return the six forms from variance components by REML, with every rating."""
    row, column = np.nonzero(table.notna().to_numpy())
    spread = table.max(axis=1) - table.min(axis=1)
    if spread.max() <= NO_SPREAD * float(np.ptp(table.mean(axis=1))):
        raise ConstantItemError("raters agree on every subject exactly: no variance within subjects is left")
    y, one = table.to_numpy()[row, column], np.ones((len(row), 1))
    single = fit_random_intercepts(y, one, {"subject": row}, degrees_of_freedom=False)
    crossed = fit_random_intercepts(y, one, {"subject": row, "rater": column}, degrees_of_freedom=False)
    k = float(stats.hmean(np.bincount(row)))
    s, r, e = crossed.variances["subject"], crossed.variances["rater"], crossed.residual_variance
    t, w = single.variances["subject"], single.residual_variance
    estimates = (
        t / (t + w), s / (s + r + e), s / (s + e), t / (t + w / k), s / (s + (r + e) / k), s / (s + e / k),
    )  # fmt: skip
    low, high = share_interval(y, one, {"subject": row}, confidence)
    unknown = (float("nan"), float("nan"))
    bounds = [(low, high), unknown, unknown, (spearman_brown(low, k), spearman_brown(high, k)), unknown, unknown]
    singular = tuple(f"{name}: variance estimated as zero (singular fit)" for name in crossed.singular)
    return IntraclassCorrelations(
        table=_forms(estimates, bounds, None),
        variance_components=pd.DataFrame({"component": ["subject", "rater", "residual"], "variance": [s, r, e]}),
        n_subjects=len(table),
        n_dropped=n_dropped,
        n_raters=k,
        method="mixed",
        confidence=confidence,
        notes=singular,
    ).noted()


def _negative(components: dict[str, float]) -> tuple[str, ...]:
    """Name negative variance components."""
    return tuple(f"{name}: negative variance component" for name, value in components.items() if value < 0)


def _dropped(n_dropped: int) -> tuple[str, ...]:
    """Say how many subjects were left out."""
    return (f"{n_dropped} incomplete subjects left out",) if n_dropped else ()
