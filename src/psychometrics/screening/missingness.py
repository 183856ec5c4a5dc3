"""Which answers are missing, together with which, and whether completely at random."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from psychometrics._checks import listed, numeric_table, refuse_constant
from psychometrics.errors import ConvergenceError, InputShapeError, SingularMatrixError
from psychometrics.screening._gaps import Gaps, filled, gaps_of, inverse_of, patterns_of, squared_distances

_EM_STEPS = 1000


@dataclass(frozen=True)
class MissingPatterns:
    """Patterns of missing answers.

    Attributes
    ----------
    patterns : DataFrame, one row a pattern, most frequent first
        One column an item, True where missing; ``n_missing`` items, ``n`` persons and ``share`` of them.
    item_shares : Series of shape (n_items,)
        Share of persons without an answer to each item.
    person_counts : Series of shape (n_persons,)
        Missing answers of each person.
    n_persons, n_complete, n_empty : int
        Persons given, with every answer, and without any.
    share_missing : float
        Of all answers.
    """

    patterns: pd.DataFrame
    item_shares: pd.Series
    person_counts: pd.Series
    n_persons: int
    n_complete: int
    n_empty: int
    share_missing: float

    @property
    def n_patterns(self) -> int:
        """Number of different patterns, the complete one included."""
        return len(self.patterns)

    def to_frame(self) -> pd.DataFrame:
        """Return the table of patterns."""
        return self.patterns


@dataclass(frozen=True)
class LittleTest:
    """Little's test of missing completely at random.

    Attributes
    ----------
    chi_square, p_value : float
        Statistic and tail probability; a small one speaks against missing completely at random.
    df : int
        Degrees of freedom; 0 with NaN statistics when nothing is missing.
    n_patterns, n_persons : int
        Patterns and persons with at least one answer.
    notes : tuple of str
        Why the statistic is NaN.
    """

    chi_square: float
    df: int
    p_value: float
    n_patterns: int
    n_persons: int
    notes: tuple[str, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """Return one row with every attribute."""
        return pd.DataFrame([vars(self)])


def missing_patterns(responses: pd.DataFrame) -> MissingPatterns:
    """Count which answers are missing together.

    Parameters
    ----------
    responses : DataFrame of shape (n_persons, n_items)
        Numeric answers, NaN missing.

    Returns
    -------
    MissingPatterns

    Raises
    ------
    InputShapeError, CodingError
        A table without items, or answers that are not numbers.

    See Also
    --------
    little_mcar_test

    References
    ----------
    Little, R. J. A., & Rubin, D. B. (2019). Statistical analysis with missing data (3rd ed.), section 1.2.

    Notes
    -----
    Validated against ``mice::md.pattern``.

    Examples
    --------
    >>> from psychometrics.screening import missing_patterns
    >>> import numpy as np
    >>> import pandas as pd
    >>> answers = pd.DataFrame({"a": [1, 2, np.nan], "b": [3, 4, 5]})
    >>> result = missing_patterns(answers)
    >>> result.n_complete, result.n_patterns
    (2, 2)
    """
    missing = numeric_table(responses, minimum_rows=1).isna()
    items = list(missing.columns)
    taken = [name for name in ("n_missing", "n", "share") if name in items]
    if taken:
        raise InputShapeError(
            f"items may not be called {listed(taken)}: the table of patterns has columns of that name"
        )
    patterns, membership = patterns_of(missing.to_numpy())
    counts = np.bincount(membership)
    order = np.lexsort((np.arange(len(counts)), patterns.sum(axis=1), -counts))
    counted = pd.DataFrame(patterns[order], columns=missing.columns)
    counted = counted.assign(n_missing=patterns[order].sum(axis=1), n=counts[order], share=counts[order] / len(missing))
    person_counts = missing.sum(axis=1).rename("n_missing")
    return MissingPatterns(
        patterns=counted.reset_index(drop=True),
        item_shares=missing.mean().rename("missing_share"),
        person_counts=person_counts,
        n_persons=len(missing),
        n_complete=int((person_counts == 0).sum()),
        n_empty=int((person_counts == len(items)).sum()),
        share_missing=float(missing.to_numpy().mean()),
    )


def little_mcar_test(responses: pd.DataFrame) -> LittleTest:
    r"""Little's test that answers are missing completely at random.

    .. math:: d^2 = \sum_j n_j (\bar y_j - \hat\mu_j)' \hat\Sigma_j^{-1} (\bar y_j - \hat\mu_j)

    over the patterns j of missing answers, with the observed means of the :math:`n_j` persons and the
    maximum likelihood mean and covariance (divisor n) of the items they answered; df is the number of answered
    items summed over patterns, minus the number of items. Programs that take n - 1 as the covariance's divisor
    report a statistic smaller by the factor (n - 1) / n.

    Parameters
    ----------
    responses : DataFrame of shape (n_persons, n_items)
        Numeric answers, NaN missing; persons without any answer are left out. The test supposes normal data
        and has little power with many rare patterns.

    Returns
    -------
    LittleTest

    Raises
    ------
    SingularMatrixError
        The covariances cannot be inverted.
    ConvergenceError
        The EM algorithm did not settle.
    InputShapeError, CodingError, ConstantItemError, TooFewPersonsError
        Responses the test is not defined for.

    See Also
    --------
    missing_patterns, normal_moments

    References
    ----------
    Little, R. J. A. (1988). A test of missing completely at random for multivariate data with missing values.
    Journal of the American Statistical Association, 83, 1198-1202, eq. 5.

    Notes
    -----
    Validated against the statistic from EM estimates in R (``tests/reference/screening.R``).

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> draw = np.random.default_rng(1)
    >>> trait = draw.normal(size=(200, 1))
    >>> codes = np.clip(np.rint(3 + trait + draw.normal(size=(200, 6))), 1, 5)
    >>> answers = pd.DataFrame(codes, columns=list("abcdef"))
    >>> from psychometrics.screening import little_mcar_test
    >>> gaps = answers.mask(draw.random(answers.shape) < 0.1)
    >>> little_mcar_test(gaps).p_value > 0.001
    True
    """
    from scipy.stats import chi2

    frame = numeric_table(responses, minimum_columns=2, minimum_rows=2).dropna(how="all")
    refuse_constant(frame)
    values = frame.to_numpy()
    patterns, membership = patterns_of(~np.isnan(values))
    df = int(patterns.sum()) - values.shape[1]
    if len(patterns) == 1:
        alike = "everybody answered the same items, so that there are no patterns to compare"
        return LittleTest(float("nan"), 0, float("nan"), 1, len(values), (alike,))
    mean, covariance = normal_moments(frame)
    refuse_singular(covariance, list(frame.columns))
    if df == 0:
        apart = "no two patterns share an item, so that there is nothing to compare"
        return LittleTest(float("nan"), 0, float("nan"), len(patterns), len(values), (apart,))
    statistic = _pattern_distances(values, patterns, membership, mean, covariance)
    return LittleTest(statistic, df, float(chi2.sf(statistic, df)), len(patterns), len(values))


def normal_moments(frame: pd.DataFrame, tolerance: float = 1e-7) -> tuple[np.ndarray, np.ndarray]:
    """Maximum likelihood mean and covariance (divisor n) of normal data with missing answers, by EM.

    Parameters
    ----------
    frame : DataFrame of shape (n_persons, n_items)
        Numeric answers, NaN missing.
    tolerance : float
        Largest change of any moment, in units of the items' standard deviations, at which the steps stop.

    Returns
    -------
    tuple of ndarray
        Mean of shape (n_items,) and covariance of shape (n_items, n_items).

    Raises
    ------
    InputShapeError
        An item nobody answered.
    ConstantItemError
        An item that everybody answered alike.
    SingularMatrixError
        A covariance among answered items that cannot be inverted.
    ConvergenceError
        No convergence in 1,000 steps.

    See Also
    --------
    little_mcar_test, mahalanobis_distance

    References
    ----------
    Little, R. J. A., & Rubin, D. B. (2019). Statistical analysis with missing data (3rd ed.), section 11.2.1.

    Notes
    -----
    Validated against the saturated moments of ``lavaan::lavCor(missing = "ml")``.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> draw = np.random.default_rng(1)
    >>> trait = draw.normal(size=(200, 1))
    >>> codes = np.clip(np.rint(3 + trait + draw.normal(size=(200, 6))), 1, 5)
    >>> answers = pd.DataFrame(codes, columns=list("abcdef"))
    >>> from psychometrics.screening import normal_moments
    >>> mean, covariance = normal_moments(answers)
    >>> mean.shape, covariance.shape
    ((6,), (6, 6))
    """
    if frame.isna().all().any():
        raise InputShapeError("an item has no answers at all; leave it out")
    refuse_constant(frame)
    centre, scale = frame.mean().to_numpy(), frame.std(ddof=0).to_numpy()
    values = (frame.to_numpy() - centre) / scale
    mean, covariance = np.zeros(values.shape[1]), np.eye(values.shape[1])
    if not np.isnan(values).any():
        return centre, np.atleast_2d(np.cov(frame.to_numpy(), rowvar=False, ddof=0))
    if len(values) <= values.shape[1]:
        raise SingularMatrixError(
            f"{len(values)} persons cannot determine the covariances of {values.shape[1]} items; use fewer items"
        )
    groups = gaps_of(values)
    for _ in range(_EM_STEPS):
        before = (mean, covariance)
        mean, covariance = _em_step(values, groups, mean, covariance)
        moved = max(np.abs(mean - before[0]).max(), np.abs(covariance - before[1]).max())
        if moved < tolerance:
            return centre + scale * mean, covariance * np.outer(scale, scale)
    raise ConvergenceError(
        "the EM algorithm for the covariances with missing answers did not settle in 1,000 steps; too many "
        "answers are missing for these items: use fewer items"
    )


def refuse_singular(covariance: np.ndarray, items: list[str]) -> None:
    """Refuse covariances without an inverse, naming items that repeat one another."""
    roots, vectors = np.linalg.eigh(covariance)
    if roots[0] <= len(roots) * np.finfo(float).eps * roots[-1]:
        named = ", ".join(str(items[i]) for i in np.argsort(-np.abs(vectors[:, 0]))[:3])
        raise SingularMatrixError(
            f"the covariances cannot be inverted; items most involved: {named}: use more persons or fewer items"
        )


def _em_step(
    values: np.ndarray, groups: list[Gaps], mean: np.ndarray, covariance: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the moments expected from the answers under the current ones."""
    n_items, inverse = values.shape[1], inverse_of(covariance)
    total, products, n_persons = np.zeros(n_items), np.zeros((n_items, n_items)), 0
    for gaps in groups:
        complete, conditional = filled(values[gaps.rows] - mean, gaps, inverse)
        total += complete.sum(axis=0)
        products += complete.T @ complete
        places = gaps.missing[:, :, None] * n_items + gaps.missing[:, None, :]
        weighted = conditional * gaps.counts[:, None, None]
        products += np.bincount(places.ravel(), weighted.ravel(), n_items**2).reshape(n_items, n_items)
        n_persons += len(gaps.rows)
    moved = total / n_persons
    return mean + moved, products / n_persons - np.outer(moved, moved)


def _pattern_distances(
    values: np.ndarray, patterns: np.ndarray, membership: np.ndarray, mean: np.ndarray, covariance: np.ndarray
) -> float:
    """Return the weighted squared distances of the patterns' means from the overall one."""
    counts = np.bincount(membership)
    order = np.argsort(membership, kind="stable")
    starts = np.cumsum(counts) - counts
    means = np.add.reduceat(np.nan_to_num(values[order]), starts, axis=0) / counts[:, None]
    return float(counts @ squared_distances(np.where(patterns, means, np.nan), mean, covariance))
