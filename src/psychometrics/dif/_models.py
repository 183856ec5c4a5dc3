"""The three nested models of one item, their tests, and the curves that follow from them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy import stats
from scipy.special import expit

from psychometrics.dif._cumulative import CumulativeFit, fit_cumulative, null_log_likelihood, person_scores
from psychometrics.errors import ConvergenceError

# Which models a test compares: (larger, smaller); 0 is the score alone, 1 adds groups, 2 adds groups by score.
TESTS = {"uniform": (1, 0), "non_uniform": (2, 1), "total": (2, 0)}


@dataclass(frozen=True)
class ItemData:
    """What the models of one item see: the persons with an answer, a score and a group.

    Attributes
    ----------
    rows : ndarray of bool
        Persons used, among all persons kept.
    values : ndarray
        Answer codes in use, ascending.
    codes : ndarray of int
        Answers as places in `values`.
    score : ndarray
        Matching score, centred and scaled by `centre` and `spread`.
    groups : ndarray of int
        0 is the reference group.
    clusters : ndarray of int or None
    """

    rows: np.ndarray
    values: np.ndarray
    codes: np.ndarray
    score: np.ndarray
    centre: float
    spread: float
    groups: np.ndarray
    clusters: np.ndarray | None


@dataclass(frozen=True)
class ItemModels:
    """The fits of one item and the data they rest on."""

    data: ItemData
    fits: tuple[CumulativeFit, ...]
    n_groups: int

    def expected(self, score: np.ndarray, group: int) -> np.ndarray:
        """Return the expected answer at matching scores (points) under the curve of a group."""
        standard = (score - self.data.centre) / self.data.spread
        fit, others = self.fits[2], self.n_groups - 1
        slope, shift = fit.coefficients[0], 0.0
        if group > 0:
            shift = fit.coefficients[group]
            slope = slope + fit.coefficients[others + group]
        above = expit((shift + slope * standard)[:, None] - fit.thresholds)
        return np.asarray(self.data.values[0] + above @ np.diff(self.data.values))


def item_data(
    answers: np.ndarray, score: np.ndarray, groups: np.ndarray, clusters: np.ndarray | None, n_groups: int
) -> ItemData:
    """Collect the persons an item's models can use; refuse what cannot be tested, saying why."""
    rows = np.isfinite(answers) & np.isfinite(score)
    values, codes = np.unique(answers[rows], return_inverse=True)
    if len(values) < 2:
        raise ConvergenceError("fewer than two answers in use among the persons with a matching score")
    if len(np.unique(groups[rows])) < n_groups:
        raise ConvergenceError("a group has no person with both an answer and a matching score")
    centre, spread = float(score[rows].mean()), float(score[rows].std())
    if spread < 1e-12:
        raise ConvergenceError("the matching score is the same for everybody")
    standard = (score[rows] - centre) / spread
    return ItemData(
        rows, values, codes, standard, centre, spread, groups[rows], None if clusters is None else clusters[rows]
    )


def fit_models(data: ItemData, n_groups: int) -> ItemModels:
    """Fit score; score and groups; score, groups and their product."""
    design = _design(data, n_groups)
    first = fit_cumulative(data.codes, design[:, :1])
    second = fit_cumulative(data.codes, design[:, :n_groups], first)
    return ItemModels(data, (first, second, fit_cumulative(data.codes, design, second)), n_groups)


def item_row(models: ItemModels) -> dict[str, float]:
    """Return every statistic of one item."""
    row: dict[str, float] = {"n": float(len(models.data.codes))}
    for name in TESTS:
        row |= {f"{key}_{name}": value for key, value in _test(models, name)}
    slopes = [fit.coefficients[0] for fit in models.fits[:2]]
    row["slope_change"] = float(abs(slopes[1] / slopes[0] - 1))
    return row


def _design(data: ItemData, n_groups: int) -> np.ndarray:
    """Return the columns score, groups but the reference, groups by score."""
    member = (data.groups[:, None] == np.arange(1, n_groups)).astype(float)
    return np.hstack([data.score[:, None], member, member * data.score[:, None]])


def _test(models: ItemModels, name: str) -> Iterator[tuple[str, float]]:
    """Yield statistic, df, p and the change in both pseudo R2 of one comparison."""
    larger, smaller = (models.fits[place] for place in TESTS[name])
    df = len(larger.coefficients) - len(smaller.coefficients)
    gain = max(larger.log_likelihood - smaller.log_likelihood, 0.0)
    if models.data.clusters is None:
        statistic, p = 2 * gain, float(stats.chi2.sf(2 * gain, df))
    else:
        statistic, p = _clustered_wald(models, larger, df)
    null, n = null_log_likelihood(models.data.codes), len(models.data.codes)
    yield from {"statistic": statistic, "df": float(df), "p": p, "mcfadden": gain / -null}.items()
    yield "nagelkerke", _nagelkerke(larger, null, n) - _nagelkerke(smaller, null, n)


def _nagelkerke(fit: CumulativeFit, null: float, n: int) -> float:
    """Return Nagelkerke's (1991) pseudo R2."""
    return float(np.expm1(2 * (null - fit.log_likelihood) / n) / np.expm1(2 * null / n))


def _clustered_wald(models: ItemModels, fit: CumulativeFit, df: int) -> tuple[float, float]:
    """Test the last df coefficients with the cluster sandwich; Hotelling's F with clusters minus one."""
    data = models.data
    assert data.clusters is not None
    names, places = np.unique(data.clusters, return_inverse=True)
    scores = person_scores(data.codes, _design(data, models.n_groups)[:, : len(fit.coefficients)], fit)
    sums = np.zeros((len(names), scores.shape[1]))
    np.add.at(sums, places, scores)
    bread = np.linalg.inv(fit.information)
    covariance = bread @ (sums.T @ sums) @ bread * len(names) / (len(names) - 1)
    tested = fit.coefficients[-df:]
    wald = float(tested @ np.linalg.solve(covariance[-df:, -df:], tested))
    scale = (len(names) - df) / (df * (len(names) - 1))
    return wald, float(stats.f.sf(wald * scale, df, len(names) - df))
