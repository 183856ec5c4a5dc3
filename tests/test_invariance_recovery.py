"""Planted differences between groups come out again, and nothing else does; dependent rows are allowed for."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from scipy import stats

from psychometrics.sem import CfaModel, difference_test, fit_cfa, measurement_invariance
from psychometrics.sem._equal_parameters import Equal

ITEMS = [f"i{k}" for k in range(1, 6)]
MODEL = CfaModel.single(ITEMS, "F")
CUTS = np.array([-1.0, 0.0, 1.0])
LOADING, UNIQUE = 0.8, 0.6
#: Three standard errors of a mean, and the tail of a count that is not chance.
ERRORS = 3.0
TAIL = 0.001
SCALAR: tuple[Equal, ...] = ("thresholds", "loadings", "intercepts")


def codes(latent: NDArray[np.float64]) -> NDArray[np.float64]:
    """Four answer categories."""
    return np.asarray(1.0 + (latent[..., None] > CUTS).sum(axis=-1))


def latent_answers(rng: np.random.Generator, n: int, mean: float = 0.0, shift: float = 0.0) -> NDArray[np.float64]:
    """One factor and five continuous items, whose third has its intercept shifted."""
    factor = mean + rng.standard_normal(n)
    latent = LOADING * factor[:, None] + UNIQUE * rng.standard_normal((n, 5))
    latent[:, 2] += shift
    return latent


def answers(rng: np.random.Generator, n: int, mean: float = 0.0, shift: float = 0.0) -> NDArray[np.float64]:
    """The same in four categories."""
    return codes(latent_answers(rng, n, mean, shift))


def two_groups(
    seed: int, n: int, mean: float, shift: float = 0.0, size: int | None = None
) -> tuple[pd.DataFrame, pd.Series]:
    """Responses of group `a` and of group `b`, which has another factor mean and perhaps a shifted item."""
    rng, other = np.random.default_rng(seed), size or n
    data = np.vstack([answers(rng, n), answers(rng, other, mean, shift)])
    return pd.DataFrame(data, columns=ITEMS), pd.Series(["a"] * n + ["b"] * other)


@pytest.mark.parametrize("estimator", ["WLSMV", "ML", "MLR"])
def test_a_shifted_item_is_freed_at_scalar_and_the_factor_mean_recovered(estimator: Any) -> None:
    draw = answers if estimator == "WLSMV" else latent_answers
    rng = np.random.default_rng(1)
    data = pd.DataFrame(np.vstack([draw(rng, 800), draw(rng, 800, 0.4, 0.6)]), columns=ITEMS)
    result = measurement_invariance(MODEL, data, pd.Series(["a"] * 800 + ["b"] * 800), estimator, reference="a")
    assert result.freed[["level", "item", "kind"]].to_numpy().tolist() == [["scalar", "i3", "intercepts"]]
    assert result.highest == "strict"
    assert result.means_comparable
    assert result.factor_means is not None
    mean: Any = result.factor_means.set_index("group").loc["b"]
    assert abs(mean["mean"] - 0.4) < ERRORS * mean["standard_error"]
    assert mean["lower"] < mean["mean"] < mean["upper"]


def test_the_freed_intercept_is_the_planted_shift_in_units_of_the_residual() -> None:
    data, groups = two_groups(seed=1, n=800, mean=0.4, shift=0.6)
    partial = fit_cfa(MODEL, data, group=groups, equal=SCALAR, freed=[("intercepts", "i3")], reference="a")
    rows: Any = partial.parameters.query("kind == 'intercept' and group == 'b'").set_index("left")
    assert abs(rows.loc["i3", "estimate"] - 0.6 / UNIQUE) < ERRORS * rows.loc["i3", "standard_error"]
    assert (rows.drop(index="i3")["estimate"] == 0).all()
    assert not rows["shared"].any()


@pytest.mark.repeated
def test_scalar_difference_tests_keep_their_level_without_a_shift() -> None:
    p_values = []
    for seed in range(30):
        data, groups = two_groups(seed, 300, mean=0.3)
        free = fit_cfa(MODEL, data, group=groups, equal=("thresholds",))
        p_values.append(difference_test(free, fit_cfa(MODEL, data, group=groups, equal=SCALAR)).p_value)
    for level in (0.05, 0.5):
        count = sum(p < level for p in p_values)
        assert stats.binom.ppf(TAIL, 30, level) <= count <= stats.binom.isf(TAIL, 30, level)


def test_three_unequal_groups_recover_two_factor_means() -> None:
    first, labels = two_groups(seed=5, n=900, mean=-0.5, size=500)
    third = pd.DataFrame(answers(np.random.default_rng(6), 400, 0.5), columns=ITEMS)
    data = pd.concat([first, third], ignore_index=True)
    groups = pd.concat([labels, pd.Series(["c"] * 400)], ignore_index=True)
    means: Any = fit_cfa(MODEL, data, group=groups, equal=SCALAR).factor_means.set_index("group")
    for group, truth in (("b", -0.5), ("c", 0.5)):
        assert abs(means.loc[group, "mean"] - truth) < ERRORS * means.loc[group, "standard_error"]


def dependent(seed: int, n: int) -> tuple[pd.DataFrame, pd.Series, pd.Series]:
    """Answers on two forms by the same persons: factors and residuals are alike in both."""
    rng = np.random.default_rng(seed)

    def again(values: NDArray[np.float64]) -> NDArray[np.float64]:
        return 0.8 * values + 0.6 * rng.standard_normal(values.shape)

    factor, residual = rng.standard_normal(n), rng.standard_normal((n, 5))
    one = codes(LOADING * factor[:, None] + UNIQUE * residual)
    other = codes(0.3 + LOADING * again(factor)[:, None] + UNIQUE * again(residual))
    data = pd.DataFrame(np.vstack([one, other]), columns=ITEMS)
    return data, pd.Series(["self"] * n + ["peer"] * n), pd.Series([*range(n), *range(n)])


def scalar(data: pd.DataFrame, groups: pd.Series, clusters: pd.Series | None) -> tuple[float, float, float]:
    """Scaled difference from thresholds to scalar over its degrees of freedom; factor mean and its error."""
    free = fit_cfa(MODEL, data, group=groups, equal=("thresholds",), cluster=clusters, reference="self")
    tied = fit_cfa(MODEL, data, group=groups, equal=SCALAR, cluster=clusters, reference="self")
    test = difference_test(free, tied)
    mean: Any = tied.factor_means.set_index("group").loc["peer"]
    return test.statistic / test.df, mean["mean"], mean["standard_error"]


@cache
def replications() -> NDArray[np.float64]:
    """With clusters and without them, (40 samples, 2, 3)."""
    rows = []
    for seed in range(40):
        data, groups, persons = dependent(100 + seed, 250)
        rows.append([scalar(data, groups, persons), scalar(data, groups, None)])
    return np.array(rows)


@pytest.mark.repeated
def test_clusters_give_the_test_of_dependent_rows_its_nominal_mean() -> None:
    clustered, ignored = replications()[:, :, 0].T
    error = clustered.std(ddof=1) / np.sqrt(len(clustered))
    assert abs(clustered.mean() - 1.0) < ERRORS * error
    # Persons who answer alike on both forms leave less between the groups than independent rows would.
    assert ignored.mean() < 1.0 - ERRORS * ignored.std(ddof=1) / np.sqrt(len(ignored))


def test_standard_errors_of_the_mean_difference_allow_for_dependence() -> None:
    (estimates, _), (clustered, ignored) = replications()[:, :, 1].T, replications()[:, :, 2].T
    spread, df = estimates.std(ddof=1), len(estimates) - 1
    low, high = np.sqrt(stats.chi2.ppf([TAIL, 1 - TAIL], df) / df)
    assert low < spread / clustered.mean() < high
    assert spread / ignored.mean() < low
