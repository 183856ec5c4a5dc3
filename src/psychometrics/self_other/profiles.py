"""Who sees themselves higher or lower than their peers do, and how wide the differences run."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from psychometrics._checks import numeric_column, numeric_table, require_same_rows, share
from psychometrics._nesting import clustered_error, nested_in
from psychometrics.association import regression
from psychometrics.errors import ConstantItemError, InputShapeError, TooFewPersonsError

# Scores this close, relative to the largest, differ by rounding only.
SAME = 1e-12
HIGHER, LOWER, ALIKE, UNKNOWN = "self higher", "self lower", "no clear difference", "not compared"


@dataclass(frozen=True)
class AgreementProfiles:
    """Agreement of each person with the peers; see :func:`agreement_profiles`.

    Attributes
    ----------
    persons : DataFrame
        One row a person and competency: ``person``, ``competency``, ``self``, ``peer``, ``difference``,
        ``standard_error``, ``z``, ``profile``.
    summary : DataFrame
        One row a competency: ``competency``, ``n``, then the count of each profile and its ``share_...``, and
        ``expected_by_chance``, the share that would differ clearly if nobody truly did.
    confidence : float
    """

    persons: pd.DataFrame
    summary: pd.DataFrame
    confidence: float

    def to_frame(self) -> pd.DataFrame:
        """Return a copy of the summary, which names no person."""
        return self.summary.copy()


def agreement_profiles(
    self_scores: pd.DataFrame,
    peer_means: pd.DataFrame,
    self_error: pd.Series,
    peer_error: pd.DataFrame,
    confidence: float = 0.95,
) -> AgreementProfiles:
    r"""Sort people into self higher, self lower and no clear difference, by the error of the difference.

    .. math:: z = \frac{s - p}{\sqrt{SE_s^2 + SE_p^2}}

    A difference is clear when :math:`|z|` exceeds the normal quantile of `confidence`; a fixed cut would call noise
    a blind spot where scores are unreliable.

    Parameters
    ----------
    self_scores, peer_means : DataFrame, shape (n_persons, n_competencies)
        Same index and columns, ``NaN`` missing.
    self_error : Series, shape (n_competencies,)
        Standard error of measurement of a self score: :math:`s\sqrt{1 - r_{xx}}`.
    peer_error : DataFrame, shape (n_persons, n_competencies)
        Standard error of each peer mean, as from :func:`peer_standard_error`.
    confidence : float

    Returns
    -------
    AgreementProfiles

    Raises
    ------
    InputShapeError
        Tables of different persons or competencies, or a competency without an error.
    CodingError
        Text or infinite values.

    References
    ----------
    Lord, F. M., & Novick, M. R. (1968). Statistical theories of mental test scores, p. 159. Payne, R. W., & Jones,
    H. G. (1957). Statistics for the investigation of individual cases. Journal of Clinical Psychology, 13, 115-121.

    Notes
    -----
    Validated by its false-alarm rate in a simulation without true differences.

    See Also
    --------
    peer_standard_error : Errors of peer means.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> rng = np.random.default_rng(2)
    >>> peers = pd.DataFrame(3.8 + 0.5 * rng.normal(size=(40, 2)), columns=["share", "listen"])
    >>> own = 0.3 * peers + 2.5 + 0.5 * rng.normal(size=(40, 2))
    >>> error = pd.Series(0.3, index=own.columns)
    >>> found = agreement_profiles(own, peers, error, own * 0 + 0.3)
    >>> found.summary[["competency", "n"]].to_numpy().tolist()
    [['share', 40], ['listen', 40]]
    """
    share(confidence, "confidence")
    own, peers = (
        numeric_table(self_scores, "self scores", noun="column"),
        numeric_table(peer_means, "peer means", noun="column"),
    )
    errors = numeric_table(peer_error, "peer errors", noun="column")
    for table, role in ((peers, "peer means"), (errors, "peer errors")):
        require_same_rows(own.index, table.index, f"self scores and {role}")
        require_same_rows(own.columns, table.columns, f"the competencies of self scores and {role}")
    unknown = [name for name in own.columns if name not in self_error.index]
    if unknown:
        raise InputShapeError(f"self_error lacks the competencies {unknown}")
    limit = stats.norm.ppf((1 + confidence) / 2)
    parts = [_profile(own[name], peers[name], float(self_error[name]), errors[name], limit) for name in own.columns]
    persons = pd.concat(parts, ignore_index=True)
    return AgreementProfiles(persons, _summary(persons, list(own.columns), 1 - confidence), confidence)


def _profile(own: pd.Series, peer: pd.Series, own_error: float, peer_error: pd.Series, limit: float) -> pd.DataFrame:
    """Return the rows of one competency."""
    difference = (own - peer).to_numpy()
    error = np.sqrt(own_error**2 + peer_error.to_numpy() ** 2)
    z = np.divide(difference, error, out=np.full(len(error), np.nan), where=error > 0)
    labels = np.select([np.isnan(z), z > limit, z < -limit], [UNKNOWN, HIGHER, LOWER], ALIKE)
    return pd.DataFrame(
        {
            "person": own.index,
            "competency": [own.name] * len(own),
            "self": own.to_numpy(),
            "peer": peer.to_numpy(),
            "difference": difference,
            "standard_error": error,
            "z": z,
            "profile": labels,
        }
    )


def _summary(persons: pd.DataFrame, names: list[str], chance: float) -> pd.DataFrame:
    """Count the profiles of each competency."""
    labels = (HIGHER, LOWER, ALIKE, UNKNOWN)
    parts = [part["profile"] for _, part in persons.groupby(np.arange(len(persons)) // (len(persons) // len(names)))]
    counts = pd.DataFrame([[int((part == label).sum()) for label in labels] for part in parts], columns=list(labels))
    n = counts[[HIGHER, LOWER, ALIKE]].sum(axis=1)
    columns = {"competency": names, "n": n.to_numpy()}
    for label in (HIGHER, LOWER, ALIKE, UNKNOWN):
        columns[label.replace(" ", "_")] = counts[label].to_numpy()
    for label in (HIGHER, LOWER, ALIKE):
        columns["share_" + label.replace(" ", "_")] = (counts[label] / n.where(n > 0)).to_numpy()
    return pd.DataFrame(columns).assign(expected_by_chance=chance)


def peer_standard_error(ratings: pd.DataFrame, persons: pd.Series, index: pd.Index | None = None) -> pd.DataFrame:
    r"""Return the standard error of each person's peer mean, from the spread of peers about their person.

    .. math:: SE_{p} = \sqrt{s_w^2 / k_p}

    with :math:`s_w^2` the variance of peers within persons pooled over persons (the mean square within), because two
    or three peers say too little about the spread of one person's own peers.

    Parameters
    ----------
    ratings : DataFrame, shape (n_ratings, n_competencies)
        One row a peer, ``NaN`` missing.
    persons : Series, shape (n_ratings,)
        The rated person.
    index : Index, optional
        Persons, in the order wanted; those without peers get ``NaN``.

    Returns
    -------
    DataFrame, shape (n_persons, n_competencies)

    Raises
    ------
    InputShapeError
        Different rows, or no person with two peers.

    See Also
    --------
    agreement_profiles : What they are for.

    Examples
    --------
    >>> import pandas as pd
    >>> ratings = pd.DataFrame({"share": [4.0, 5, 4, 2, 3]})
    >>> peer_standard_error(ratings, pd.Series(["p", "p", "p", "q", "q"]))["share"].round(3).to_dict()
    {'p': 0.36, 'q': 0.441}
    """
    table = numeric_table(ratings, "ratings", noun="column")
    require_same_rows(table.index, persons.index, "ratings and persons")
    grouped = table.groupby(persons.to_numpy())
    sizes = grouped.count()
    df = (sizes - 1).clip(lower=0).sum()
    if (df < 1).any():
        raise InputShapeError(f"no person has two peers on {list(df.index[df < 1])}; the spread of peers is unknown")
    within = (grouped.var().fillna(0) * (sizes - 1).clip(lower=0)).sum() / df
    errors = (within / sizes.where(sizes > 0)) ** 0.5
    return errors if index is None else errors.reindex(index)


@dataclass(frozen=True)
class BlandAltman:
    """Limits of agreement; see :func:`bland_altman`.

    Attributes
    ----------
    bias, bias_lower, bias_upper : float
        Mean of self minus peer, with interval.
    lower_limit, lower_limit_lower, lower_limit_upper : float
        Lower limit of agreement, with interval.
    upper_limit, upper_limit_lower, upper_limit_upper : float
    slope, slope_lower, slope_upper, slope_p : float
        Regression of the difference on the mean of the two: away from zero, the bias depends on the level.
    points : DataFrame
        ``mean``, ``difference`` of each person, for the plot.
    n : int
    confidence : float
    notes : tuple of str
    """

    bias: float
    bias_lower: float
    bias_upper: float
    lower_limit: float
    lower_limit_lower: float
    lower_limit_upper: float
    upper_limit: float
    upper_limit_lower: float
    upper_limit_upper: float
    slope: float
    slope_lower: float
    slope_upper: float
    slope_p: float
    points: pd.DataFrame
    n: int
    confidence: float
    notes: tuple[str, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """Return one row with every figure but the points."""
        return pd.DataFrame(
            [{name: getattr(self, name) for name in self.__dataclass_fields__ if name not in ("points", "notes")}]
        )


def _require_spread(points: pd.DataFrame) -> None:
    """Refuse differences, or means, that are alike but for rounding, judged by the size of the scores."""
    size = np.abs(points.to_numpy()).max()
    consequences = {"difference": "limits of agreement have no width", "mean": "there is no level to vary"}
    for name, consequence in consequences.items():
        if np.ptp(points[name].to_numpy()) <= SAME * size:
            raise ConstantItemError(f"every {name} is {points[name].iloc[0]:g}: {consequence}")


def bland_altman(
    self_scores: pd.Series, peer_means: pd.Series, confidence: float = 0.95, clusters: pd.Series | None = None
) -> BlandAltman:
    r"""Bias and limits of agreement between self scores and peer means.

    .. math:: \bar d \pm z\,s_d, \qquad SE(\text{limit}) = s_d\sqrt{\frac1n + \frac{z^2}{2(n-1)}}

    with z the normal quantile of `confidence`; the intervals of bias and limits take t with n - 1 degrees of freedom.
    With clusters the errors are those of sums of influences over C clusters,
    :math:`\sqrt{\frac{C}{C-1}\sum_c(\sum_{i\in c}\psi_i)^2}/n`, with :math:`\psi_i = d_i - \bar d` for the bias and
    :math:`d_i - \bar d \pm z((d_i - \bar d)^2 - s_d^2)/(2 s_d)` for the limits, and t has C - 1 degrees of freedom.

    Parameters
    ----------
    self_scores, peer_means : Series, shape (n_persons,)
        Same index; incomplete pairs are left out.
    confidence : float
    clusters : Series, shape (n_persons,), optional
        What the persons rated are nested in, with the index of the scores; no value missing.

    Returns
    -------
    BlandAltman

    Raises
    ------
    TooFewPersonsError
        Fewer than four complete pairs.
    ConstantItemError
        All differences or all means alike.

    References
    ----------
    Bland, J. M., & Altman, D. G. (1999). Measuring agreement in method comparison studies. Statistical Methods in
    Medical Research, 8, 135-160, sections 2 and 3.

    Notes
    -----
    Validated against base R.

    See Also
    --------
    psychometrics.self_other.compare : Mean differences and correlations.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> rng = np.random.default_rng(2)
    >>> peers = pd.DataFrame(3.8 + 0.5 * rng.normal(size=(40, 2)), columns=["share", "listen"])
    >>> own = 0.3 * peers + 2.5 + 0.5 * rng.normal(size=(40, 2))
    >>> found = bland_altman(own["share"], peers["share"])
    >>> round(found.bias, 2), round(found.lower_limit, 2), round(found.upper_limit, 2)
    (-0.2, -1.31, 0.91)
    """
    own, peer = numeric_column(self_scores, "self scores"), numeric_column(peer_means, "peer means")
    require_same_rows(own.index, peer.index, "self scores and peer means")
    both = own.notna() & peer.notna()
    n = int(both.sum())
    if n < 4:
        raise TooFewPersonsError(f"{n} persons with self and peer scores; limits of agreement need four")
    points = pd.DataFrame({"mean": (own[both] + peer[both]) / 2, "difference": own[both] - peer[both]})
    _require_spread(points)
    z, bias, spread = stats.norm.ppf((1 + confidence) / 2), points["difference"].mean(), points["difference"].std()
    near, below, above = _margins(points["difference"], z, confidence, clusters, own.index)
    low, high = bias - z * spread, bias + z * spread
    members = None if clusters is None else clusters.loc[points.index]
    covariance = "classical" if clusters is None else "cluster"
    line = regression(points["difference"], points[["mean"]], covariance, confidence, members)
    slope = line.coefficients.iloc[1]
    return BlandAltman(
        float(bias), float(bias - near), float(bias + near),
        float(low), float(low - below), float(low + below),
        float(high), float(high - above), float(high + above),
        float(slope["estimate"]), float(slope["lower"]), float(slope["upper"]), float(slope["p"]),
        points, n, confidence, line.notes,
    )  # fmt: skip


def _margins(
    differences: pd.Series, z: float, confidence: float, clusters: pd.Series | None, everybody: pd.Index
) -> tuple[float, float, float]:
    """Return how far the intervals of bias, lower and upper limit reach."""
    n, spread = len(differences), differences.std()
    if clusters is None:
        reach = stats.t.ppf((1 + confidence) / 2, n - 1) * spread
        far = reach * np.sqrt(1 / n + z**2 / (2 * (n - 1)))
        return reach / np.sqrt(n), far, far
    codes = pd.Series(nested_in(clusters, everybody)[0], everybody)[differences.index].to_numpy()
    centred = (differences - differences.mean()).to_numpy()
    of_spread = z * (centred**2 - (centred**2).mean()) / (2 * spread)
    found = [clustered_error(centred + sign * of_spread, codes) for sign in (0, -1, 1)]
    near, below, above = (stats.t.ppf((1 + confidence) / 2, count - 1) * error for error, count in found)
    return near, below, above
