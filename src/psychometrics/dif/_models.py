"""The three nested models of one item, their tests, and the curves that follow from them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy import stats
from scipy.sparse import csr_array
from scipy.special import expit

from psychometrics.dif._cumulative import CumulativeFit, CumulativeModel, fit_cumulative, null_log_likelihood
from psychometrics.dif._penalised import fit_penalised
from psychometrics.errors import ConvergenceError

LIKELIHOOD, PENALISED = "maximum likelihood", "penalised likelihood"

# Which models a test compares: (larger, smaller); 0 is the score alone, 1 adds groups, 2 adds groups by score.
TESTS = {"uniform": (1, 0), "non_uniform": (2, 1), "total": (2, 0)}
# Every statistic of an item.
ROW = ["n", *(f"{key}_{test}" for test in TESTS for key in ("statistic", "df", "p", "mcfadden", "nagelkerke")),
       "slope_change"]  # fmt: skip


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


def item_data(
    answers: np.ndarray, score: np.ndarray, groups: np.ndarray, clusters: np.ndarray | None, n_groups: int
) -> ItemData:
    """Collect the persons an item's models can use; refuse what cannot be tested, saying why."""
    rows = np.isfinite(answers) & np.isfinite(score)
    values, codes = np.unique(answers[rows], return_inverse=True)
    if len(values) < 2:
        raise NotTestableError("constant", "fewer than two answers in use among the persons with a matching score")
    if len(np.unique(groups[rows])) < n_groups:
        raise NotTestableError("empty group", "a group has no person with both an answer and a matching score")
    centre, spread = float(score[rows].mean()), float(score[rows].std())
    if spread < 1e-12:
        raise NotTestableError("constant score", "the matching score is the same for everybody")
    standard = (score[rows] - centre) / spread
    for group in range(n_groups):
        if np.ptp(standard[groups[rows] == group]) < 1e-9:
            raise NotTestableError(
                "constant score", "the matching score is the same for everybody in a group, so level and slope of the "
                "group cannot be told apart",
            )  # fmt: skip
    return ItemData(
        rows, values, codes, standard, centre, spread, groups[rows], None if clusters is None else clusters[rows]
    )


def fit_models(data: ItemData, n_groups: int) -> ItemModels:
    """Fit score; score and groups; score, groups and their product; penalised where the likelihood has no maximum."""
    design = _design(data, n_groups)
    widths = (1, n_groups, design.shape[1])
    try:
        fits: list[CumulativeFit] = []
        for width in widths:
            fits.append(fit_cumulative(data.codes, design[:, :width], fits[-1] if fits else None))
        return ItemModels(data, tuple(fits), n_groups, LIKELIHOOD)
    except ConvergenceError:
        penalised = tuple(fit_penalised(data.codes, design[:, :width]).fit for width in widths)
        return ItemModels(data, penalised, n_groups, PENALISED)


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
    if models.data.clusters is not None:
        statistic, p = _clustered(models, larger, smaller)
    else:
        statistic = 2 * gain if models.estimation == LIKELIHOOD else _penalised_ratio(models, larger, smaller)
        p = float(stats.chi2.sf(statistic, df))
    null, n = null_log_likelihood(models.data.codes), len(models.data.codes)
    yield from {"statistic": statistic, "df": float(df), "p": p, "mcfadden": gain / -null}.items()
    yield "nagelkerke", max(_nagelkerke(larger, null, n) - _nagelkerke(smaller, null, n), 0.0)


def _penalised_ratio(models: ItemModels, larger: CumulativeFit, smaller: CumulativeFit) -> float:
    """Return twice the loss of penalised likelihood when the tested coefficients are held at zero."""
    design = models.design[:, : len(larger.coefficients)]
    free = fit_penalised(models.data.codes, design).penalised
    held = fit_penalised(models.data.codes, design, len(smaller.coefficients)).penalised
    return max(2 * (free - held), 0.0)


def _nagelkerke(fit: CumulativeFit, null: float, n: int) -> float:
    """Return Nagelkerke's (1991) pseudo R2."""
    return float(np.expm1(2 * (null - fit.log_likelihood) / n) / np.expm1(2 * null / n))


def _clustered(models: ItemModels, larger: CumulativeFit, smaller: CumulativeFit) -> tuple[float, float]:
    """Test with the cluster sandwich; Hotelling's F on the clusters' degrees of freedom."""
    if models.estimation == LIKELIHOOD:
        return _clustered_wald(models, larger, len(larger.coefficients) - len(smaller.coefficients))
    return _clustered_score(models, larger, smaller)


def _clustered_wald(models: ItemModels, fit: CumulativeFit, df: int) -> tuple[float, float]:
    """Test the last df coefficients by the covariance of the estimates."""
    model = CumulativeModel(models.data.codes, models.design[:, : len(fit.coefficients)])
    sums = cluster_sums(model.scores(fit.parameters), models.data.clusters)
    bread = np.linalg.inv(fit.information)
    covariance = bread @ (sums.T @ sums) @ bread * len(sums) / (len(sums) - 1)
    tested = fit.coefficients[-df:]
    wald = float(tested @ np.linalg.solve(covariance[-df:, -df:], tested))
    free = _free_clusters(models) - df + 1
    if free < 1:
        raise ConvergenceError(f"{len(sums)} clusters are too few for {df} coefficients")
    return wald, float(stats.f.sf(wald * free / (df * (free + df - 1)), df, free))


def _free_clusters(models: ItemModels) -> int:
    """Return clusters less one; less the number of groups where every cluster lies in one group (its stratum)."""
    assert models.data.clusters is not None
    pairs = np.unique(models.data.clusters * models.n_groups + models.data.groups)
    n_clusters = len(np.unique(models.data.clusters))
    return n_clusters - (models.n_groups if len(pairs) == n_clusters else 1)


def _clustered_score(models: ItemModels, larger: CumulativeFit, smaller: CumulativeFit) -> tuple[float, float]:
    """Test by the generalised score (Boos 1992), which needs no estimate of what separates the answers.

    With cluster sums u of the efficient scores at the smaller model and C clusters, :math:`T = 1'u(u'u)^{-1}u'1`, and
    :math:`F = (C - q)T / (q(C - T))` is Hotelling's for a mean of zero.
    """
    width, kept = len(larger.coefficients), len(smaller.parameters)
    model = CumulativeModel(models.data.codes, models.design[:, :width])
    at = np.concatenate([smaller.parameters, np.zeros(width - len(smaller.coefficients))])
    information, scores = -model.derivatives(at).hessian, model.scores(at)
    projection = np.linalg.solve(information[:kept, :kept], information[:kept, kept:])
    sums = efficient_sums(scores, projection, models.data.clusters)
    n, df = sums.shape
    if np.linalg.matrix_rank(sums) < df:
        raise ConvergenceError("too few clusters of a group answer differently for a cluster-robust test")
    total = sums.sum(axis=0)
    statistic = float(total @ np.linalg.solve(sums.T @ sums, total))
    return statistic, float(stats.f.sf((n - df) * statistic / (df * max(n - statistic, 1e-12)), df, n - df))


def efficient_sums(scores: np.ndarray, projection: np.ndarray, clusters: np.ndarray | None) -> np.ndarray:
    """Return the clusters' sums of the scores of what is tested, less what those of the other parameters tell."""
    sums, kept = cluster_sums(scores, clusters), len(projection)
    return np.asarray(sums[:, kept:] - sums[:, :kept] @ projection)


def cluster_sums(values: np.ndarray, clusters: np.ndarray | None) -> np.ndarray:
    """Return the sums of the rows of each cluster; the rows themselves without clusters."""
    if clusters is None:
        return values
    present = np.bincount(clusters) > 0
    places = (present.cumsum() - 1)[clusters]
    member = csr_array((np.ones(len(places)), (places, np.arange(len(places)))), shape=(present.sum(), len(places)))
    return np.asarray(member @ values)
