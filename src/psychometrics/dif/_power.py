"""How large a difference the tests of an analysis could have found."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd
from scipy import stats

from psychometrics._checks import Label
from psychometrics.dif._cumulative import null_log_likelihood
from psychometrics.dif._models import ItemModels, efficient_sums
from psychometrics.dif._persons import DifData
from psychometrics.dif.result import DifRule

_LARGEST_SIZE = 8.0


def power_table(study: DifData, models: Mapping[Label, ItemModels]) -> pd.DataFrame:
    """Return, for each tested item and focal group, the power to flag uniform DIF of the planned size.

    At the model without DIF, a shift of the group by `size` has the noncentrality :math:`size^2 d'I_t d`, with I_t the
    information on the tested coefficients and d the shift of one standard deviation in log odds; with clusters
    :math:`size^2 (I_td)'B^{-1}(I_td)`, B the cross-products of the clusters' efficient scores. Power is the smaller of
    the probabilities that the test and the growth of McFadden's R2 exceed their limits.
    """
    rows = []
    for item, fitted in models.items():
        sizes = np.bincount(fitted.data.groups, fitted.data.weights, minlength=len(study.names))
        for group, shift in enumerate(_noncentralities(study, fitted), start=1):
            rows.append({"item": item, "group": study.names[group], "n": int(sizes[group])} | shift)
    names = ["item", "group", "n", "test", "change", "limit", "df", "clusters"]
    table = pd.DataFrame(rows, columns=names).astype(dict.fromkeys(names[3:], float))
    sizes = np.full(len(table), study.rule.planned_difference)
    alone = study.rule.alpha / max(len(models), 1)
    return table[["item", "group", "n"]].assign(
        size=sizes,
        power_test=_tested(table, sizes, study.rule.alpha),
        power=_flagged(table, sizes, study.rule.alpha),
        power_adjusted=_flagged(table, sizes, alone),
        detectable=_detectable(table, study.rule),
    )


def _noncentralities(study: DifData, models: ItemModels) -> Iterator[dict[str, float]]:
    """Yield for each focal group the noncentralities of a shift of one standard deviation, and what the limits need."""
    data, first = models.data, models.fits[0]
    model, kept = models.model(), len(first.parameters)
    width = model.x.shape[1] - 1
    at = np.concatenate([first.parameters, np.zeros(width)])
    information = -model.derivatives(at).hessian
    projection = np.linalg.solve(information[:kept, :kept], information[:kept, kept:])
    efficient = information[kept:, kept:] - information[kept:, :kept] @ projection
    unit = 1.0 if study.matching == "trait" else data.spread
    size = abs(first.coefficients[0]) / data.spread * unit
    tested, n_clusters = efficient, 0
    if data.sample.clusters is not None:
        sums = efficient_sums(data, model.scores(at), projection)
        n_clusters, tested = len(sums), efficient @ np.linalg.pinv(sums.T @ sums) @ efficient
    limit = -2 * study.rule.minimum_change * null_log_likelihood(data.codes, data.weights)
    for place in range(len(study.names) - 1):
        test, change = (float(size**2 * matrix[place, place]) for matrix in (tested, efficient))
        yield {"test": test, "change": change, "limit": limit, "df": width, "clusters": n_clusters}


def _flagged(table: pd.DataFrame, sizes: np.ndarray, alpha: float) -> np.ndarray:
    """Return the probability that test and growth of R2 both exceed their limits (the smaller of the two)."""
    grown = stats.ncx2.sf(table["limit"], table["df"], table["change"] * sizes**2)
    return np.asarray(np.clip(np.minimum(grown, _tested(table, sizes, alpha)), 0, 1))


def _tested(table: pd.DataFrame, sizes: np.ndarray, alpha: float) -> np.ndarray:
    """Return the probability that the test rejects."""
    df, shift = table["df"].to_numpy(float), table["test"].to_numpy(float) * sizes**2
    within = table["clusters"].to_numpy(float) - df
    if (within > 0).any():
        return np.asarray(stats.ncf.sf(stats.f.isf(alpha, df, within), df, within, shift))
    return np.asarray(stats.ncx2.sf(stats.chi2.isf(alpha, df), df, shift))


def _detectable(table: pd.DataFrame, rule: DifRule) -> np.ndarray:
    """Return the size at which each row reaches the planned power, by bisection; NaN where none does."""
    low, high = np.zeros(len(table)), np.full(len(table), _LARGEST_SIZE)
    reached = _flagged(table, high, rule.alpha) >= rule.planned_power
    for _ in range(24):
        middle = (low + high) / 2
        enough = _flagged(table, middle, rule.alpha) >= rule.planned_power
        low, high = np.where(enough, low, middle), np.where(enough, middle, high)
    return np.where(reached, high, np.nan)
