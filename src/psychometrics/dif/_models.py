"""The three nested models of one item, their tests, and the curves that follow from them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import stats
from scipy.special import expit

from psychometrics.dif._cumulative import CumulativeFit, CumulativeModel, fit_cumulative, null_log_likelihood
from psychometrics.dif._penalised import fit_penalised
from psychometrics.dif._sample import Sample
from psychometrics.errors import ConvergenceError

LIKELIHOOD, PENALISED = "maximum likelihood", "penalised likelihood"

# Which models a test compares: (larger, smaller); 0 is the score alone, 1 adds groups, 2 adds groups by score.
TESTS = {"uniform": (1, 0), "non_uniform": (2, 1), "total": (2, 0)}
# Every statistic of an item.
ROW = ["n", *(f"{key}_{test}" for test in TESTS for key in ("statistic", "df", "p", "mcfadden", "nagelkerke")),
       "slope_change"]  # fmt: skip


@dataclass(frozen=True)
class ItemData:
    """What the models of one item see: the rows with an answer, a score and a group.

    Attributes
    ----------
    sample : Sample
        All rows of the scale.
    rows : ndarray of bool
        Those used.
    values : ndarray
        Answer codes in use, ascending.
    codes : ndarray of int
        Answers as places in `values`.
    score : ndarray
        Matching score, centred and scaled by `centre` and `spread`.
    """

    sample: Sample
    rows: np.ndarray
    values: np.ndarray
    codes: np.ndarray
    score: np.ndarray
    centre: float
    spread: float

    @property
    def groups(self) -> np.ndarray:
        """Group of each row used, 0 the reference."""
        return np.asarray(self.sample.groups[self.rows])

    @property
    def weights(self) -> np.ndarray:
        """Persons that each row used stands for."""
        return np.asarray(self.sample.weights[self.rows])

    @property
    def n_persons(self) -> int:
        """Persons used."""
        return int(self.weights.sum())

    def cluster_sums(self, values: np.ndarray) -> np.ndarray:
        """Return the sums over each cluster that has any of the rows used, given one person's value for each row."""
        assert self.sample.clusters is not None
        own = self.sample.clusters[:, self.rows]
        return np.asarray(own[np.diff(own.indptr) > 0] @ values)


@dataclass(frozen=True)
class ItemModels:
    """The fits of one item and the data they rest on.

    Attributes
    ----------
    data : ItemData
    fits : tuple of CumulativeFit
        Score; score and groups; score, groups and their product.
    n_groups : int
    estimation : str
        ``maximum likelihood``, or ``penalised likelihood`` where that has no maximum.
    """

    data: ItemData
    fits: tuple[CumulativeFit, ...]
    n_groups: int
    estimation: str

    @property
    def design(self) -> np.ndarray:
        """Columns score, groups but the reference, groups by score."""
        return _design(self.data, self.n_groups)

    def model(self, width: int | None = None) -> CumulativeModel:
        """Return the model of the first coefficients, all without a number."""
        return CumulativeModel(self.data.codes, self.design[:, :width], self.data.weights)

    @cached_property
    def sandwiches(self) -> tuple[tuple[np.ndarray, int], ...]:
        """The cluster-robust covariance of each model's estimates, and the number of clusters behind it."""
        found = []
        for fit in self.fits:
            sums = self.data.cluster_sums(self.model(len(fit.coefficients)).scores(fit.parameters))
            bread = np.linalg.inv(fit.information)
            found.append((bread @ (sums.T @ sums) @ bread * len(sums) / (len(sums) - 1), len(sums)))
        return tuple(found)

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


class NotTestableError(ConvergenceError):
    """The models of an item do not exist; `kind` says why in one word."""

    def __init__(self, kind: str, why: str) -> None:
        super().__init__(why)
        self.kind = kind


def item_data(sample: Sample, answers: np.ndarray, score: np.ndarray, n_groups: int) -> ItemData:
    """Collect the persons an item's models can use; refuse what cannot be tested, saying why."""
    rows = np.isfinite(answers) & np.isfinite(score)
    groups, weights = sample.groups[rows], sample.weights[rows]
    values, codes = np.unique(answers[rows], return_inverse=True)
    if len(values) < 2:
        raise NotTestableError("constant", "fewer than two answers in use among the persons with a matching score")
    if len(np.unique(groups)) < n_groups:
        raise NotTestableError("empty group", "a group has no person with both an answer and a matching score")
    centre = float(np.average(score[rows], weights=weights))
    spread = float(np.sqrt(np.average((score[rows] - centre) ** 2, weights=weights)))
    if spread < 1e-12:
        raise NotTestableError("constant score", "the matching score is the same for everybody")
    standard = (score[rows] - centre) / spread
    for group in range(n_groups):
        if np.ptp(standard[groups == group]) < 1e-9:
            raise NotTestableError(
                "constant score", "the matching score is the same for everybody in a group, so level and slope of the "
                "group cannot be told apart",
            )  # fmt: skip
    return ItemData(sample, rows, values, codes.astype(np.int8), standard, centre, spread)


def fit_models(data: ItemData, n_groups: int) -> ItemModels:
    """Fit score; score and groups; score, groups and their product; penalised where the likelihood has no maximum."""
    design, weights = _design(data, n_groups), data.weights
    widths = (1, n_groups, design.shape[1])
    try:
        fits: list[CumulativeFit] = []
        for width in widths:
            fits.append(fit_cumulative(data.codes, design[:, :width], fits[-1] if fits else None, weights))
        return ItemModels(data, tuple(fits), n_groups, LIKELIHOOD)
    except ConvergenceError:
        penalised = tuple(fit_penalised(data.codes, design[:, :width], None, weights).fit for width in widths)
        return ItemModels(data, penalised, n_groups, PENALISED)


def item_row(models: ItemModels) -> dict[str, float]:
    """Return every statistic of one item."""
    row: dict[str, float] = {"n": float(models.data.n_persons)}
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
    if models.data.sample.clusters is not None:
        statistic, p = _clustered(models, *TESTS[name])
    else:
        statistic = 2 * gain if models.estimation == LIKELIHOOD else _penalised_ratio(models, larger, smaller)
        p = float(stats.chi2.sf(statistic, df))
    null, n = null_log_likelihood(models.data.codes, models.data.weights), models.data.n_persons
    yield from {"statistic": statistic, "df": float(df), "p": p, "mcfadden": gain / -null}.items()
    yield "nagelkerke", max(_nagelkerke(larger, null, n) - _nagelkerke(smaller, null, n), 0.0)


def _penalised_ratio(models: ItemModels, larger: CumulativeFit, smaller: CumulativeFit) -> float:
    """Return twice the loss of penalised likelihood when the tested coefficients are held at zero."""
    design = models.design[:, : len(larger.coefficients)]
    free = fit_penalised(models.data.codes, design, None, models.data.weights).penalised
    held = fit_penalised(models.data.codes, design, len(smaller.coefficients), models.data.weights).penalised
    return max(2 * (free - held), 0.0)


def _nagelkerke(fit: CumulativeFit, null: float, n: int) -> float:
    """Return Nagelkerke's (1991) pseudo R2."""
    return float(np.expm1(2 * (null - fit.log_likelihood) / n) / np.expm1(2 * null / n))


def _clustered(models: ItemModels, larger: int, smaller: int) -> tuple[float, float]:
    """Test with the cluster sandwich; Hotelling's F on the clusters' degrees of freedom."""
    if models.estimation == LIKELIHOOD:
        return _clustered_wald(models, larger, _width(models, larger) - _width(models, smaller))
    return _clustered_score(models, models.fits[larger], models.fits[smaller])


def _width(models: ItemModels, place: int) -> int:
    """Return the number of coefficients of a model."""
    return len(models.fits[place].coefficients)


def _clustered_wald(models: ItemModels, place: int, df: int) -> tuple[float, float]:
    """Test the last df coefficients by the covariance of the estimates."""
    covariance, n_clusters = models.sandwiches[place]
    tested = models.fits[place].coefficients[-df:]
    wald = float(tested @ np.linalg.solve(covariance[-df:, -df:], tested))
    free = _free_clusters(models) - df + 1
    if free < 1:
        raise ConvergenceError(f"{n_clusters} clusters are too few for {df} coefficients")
    return wald, float(stats.f.sf(wald * free / (df * (free + df - 1)), df, free))


def _free_clusters(models: ItemModels) -> int:
    """Return clusters less one; less the number of groups where every cluster lies in one group (its stratum)."""
    member = (models.data.groups[:, None] == np.arange(models.n_groups)).astype(float)
    pairs = models.data.cluster_sums(member) > 0
    return len(pairs) - (models.n_groups if pairs.sum() == len(pairs) else 1)


def _clustered_score(models: ItemModels, larger: CumulativeFit, smaller: CumulativeFit) -> tuple[float, float]:
    """Test by the generalised score (Boos 1992), which needs no estimate of what separates the answers.

    With cluster sums u of the efficient scores at the smaller model and C clusters, :math:`T = 1'u(u'u)^{-1}u'1`, and
    :math:`F = (C - q)T / (q(C - T))` is Hotelling's for a mean of zero.
    """
    width, kept = len(larger.coefficients), len(smaller.parameters)
    model = models.model(width)
    at = np.concatenate([smaller.parameters, np.zeros(width - len(smaller.coefficients))])
    information = -model.derivatives(at).hessian
    projection = np.linalg.solve(information[:kept, :kept], information[:kept, kept:])
    sums = efficient_sums(models.data, model.scores(at), projection)
    n, df = sums.shape
    if np.linalg.matrix_rank(sums) < df:
        raise ConvergenceError("too few clusters of a group answer differently for a cluster-robust test")
    total = sums.sum(axis=0)
    statistic = float(total @ np.linalg.solve(sums.T @ sums, total))
    return statistic, float(stats.f.sf((n - df) * statistic / (df * max(n - statistic, 1e-12)), df, n - df))


def efficient_sums(data: ItemData, scores: np.ndarray, projection: np.ndarray) -> np.ndarray:
    """Return the clusters' sums of the scores of what is tested, less what those of the other parameters tell."""
    sums, kept = data.cluster_sums(scores), len(projection)
    return np.asarray(sums[:, kept:] - sums[:, :kept] @ projection)
