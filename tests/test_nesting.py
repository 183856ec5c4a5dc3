"""People in clusters, and values no data can have: correlations, group comparisons, regression, Bland-Altman."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from psychometrics import _nesting, association, groups, self_other
from psychometrics.errors import ConstantItemError, PsychometricsError, SingularMatrixError


def nested(seed: int, n_clusters: int = 30, size: int = 10, spread: float = 0.7) -> tuple[pd.DataFrame, pd.Series]:
    """Two variables, independent, each with a share spread^2 / (1 + spread^2) of its variance between clusters."""
    rng = np.random.default_rng(seed)
    cluster = np.repeat(np.arange(n_clusters), size)
    values = spread * rng.normal(size=(n_clusters, 2))[cluster] + rng.normal(size=(len(cluster), 2))
    return pd.DataFrame(values, columns=["a", "b"]), pd.Series(cluster)


# Correlations


@pytest.mark.parametrize("method", ["spearman", "pearson"])
@pytest.mark.parametrize("rounded", [False, True])
def test_clustered_interval_agrees_with_the_cluster_bootstrap(method: Any, rounded: bool) -> None:
    """Two ways to one variance; the bootstrap has 4000 resamples (error about .01), 60 clusters."""
    table, cluster = nested(3, 60)
    table["b"] = 0.5 * table["a"] + table["b"]
    table = table.round() if rounded else table
    row = association.correlation_matrix(table, method=method, clusters=cluster).table.iloc[0]
    drawn = association.bootstrap_correlations(
        table[["a"]], table[["b"]], cluster, method, n_resamples=4000
    ).table.iloc[0]
    error = (np.arctanh(row["upper"]) - np.arctanh(row["lower"])) / 2 / 2.0009953780882674
    assert error == pytest.approx(drawn["fisher_error"], rel=0.05)
    assert row["design_effect"] == pytest.approx(drawn["design_effect"], rel=0.12)
    assert row["effective_n"] == pytest.approx(600 / row["design_effect"])


def test_clusters_of_one_person_leave_pearsons_error_of_normal_scores() -> None:
    """For normal scores the error of Fisher's z is 1 / sqrt(n - 3)."""
    draw = np.random.default_rng(1).normal(size=(4000, 2))
    table = pd.DataFrame({"a": draw[:, 0], "b": 0.6 * draw[:, 0] + 0.8 * draw[:, 1]})
    row = association.correlation_matrix(table, method="pearson", clusters=pd.Series(range(4000))).table.iloc[0]
    plain = association.correlation_matrix(table, method="pearson").table.iloc[0]
    assert row["design_effect"] == pytest.approx(1)
    assert row["upper"] - row["lower"] == pytest.approx(plain["upper"] - plain["lower"], rel=0.05)


@pytest.mark.repeated
def test_independent_variables_of_alike_members_reject_five_per_cent_with_clusters() -> None:
    """300 cohorts; without clusters the rate is more than twice as high. Bound of three standard errors."""
    rejected = {"people": 0, "clusters": 0}
    for seed in range(300):
        table, cluster = nested(seed)
        rejected["people"] += association.correlation_matrix(table).table["p"].item() < 0.05
        rejected["clusters"] += association.correlation_matrix(table, clusters=cluster).table["p"].item() < 0.05
    assert rejected["people"] / 300 > 0.10
    assert rejected["clusters"] / 300 < 0.05 + 3 * np.sqrt(0.05 * 0.95 / 300)


def test_perfect_correlation_of_nested_people_has_no_interval_and_a_reason() -> None:
    table = pd.DataFrame({1: [1.0, 2, 3, 4, 5, 6], 2: [2.0, 4, 6, 8, 10, 12]})
    cluster = pd.Series([1, 1, 2, 2, 3, 3])
    row = association.correlation_matrix(table, clusters=cluster).table.iloc[0]
    assert row[["lower", "upper", "p"]].isna().all()
    assert row["note"]
    drawn = association.bootstrap_correlations(table[[1]], table[[2]], cluster, n_resamples=50).table.iloc[0]
    assert np.isnan(drawn["lower"])
    assert drawn["note"]
    with pytest.raises(PsychometricsError, match="not with kendall"):
        association.correlation_matrix(table, method="kendall", clusters=cluster)


# Groups


@pytest.mark.repeated
def test_groups_of_alike_members_reject_five_per_cent_with_clusters() -> None:
    """13 agencies in two sectors: 200 cohorts, bound of three standard errors."""
    rejected = {"people": 0, "clusters": 0}
    for seed in range(200):
        table, cluster = nested(seed, 13, 20, 0.4)
        sector = pd.Series(np.where(cluster % 2 == 0, "health", "care"))
        rejected["people"] += groups.kruskal_wallis(table["a"], sector).p < 0.05
        rejected["clusters"] += groups.kruskal_wallis(table["a"], sector, clusters=cluster).p < 0.05
    assert rejected["people"] / 200 > 0.15
    assert rejected["clusters"] / 200 < 0.05 + 3 * np.sqrt(0.05 * 0.95 / 200)


@pytest.mark.parametrize("groups_of_clusters", [(13, 6), (6, 2)], ids=["agencies of teams", "wards of bays"])
def test_many_groups_of_a_few_clusters_each_reject_five_per_cent(groups_of_clusters: tuple[int, int]) -> None:
    """Wald's test, which takes each group's own variance from its few clusters, rejected up to a quarter."""
    n_groups, each = groups_of_clusters
    rejected = 0
    for seed in range(200):
        table, cluster = nested(seed, n_groups * each, 8, 0.4)
        group = pd.Series((cluster // each).astype(str))
        rejected += groups.kruskal_wallis(table["a"], group, clusters=cluster).p < 0.05
    assert rejected / 200 < 0.05 + 3 * np.sqrt(0.05 * 0.95 / 200)


def test_f_of_groups_over_clusters_of_equal_size_is_that_of_the_means_of_the_clusters() -> None:
    table, cluster = nested(3, 12, 10)
    group = pd.Series((cluster // 3).astype(str))
    found = groups.kruskal_wallis(table["a"], group, clusters=cluster)
    means = table["a"].rank().groupby(cluster).mean()
    parts = [part for _, part in means.groupby(means.index // 3)]
    assert found.robust_f == pytest.approx(stats.f_oneway(*parts).statistic, rel=1e-10)
    assert found.df_denominator == 8


def test_clusters_of_one_person_leave_kruskal_and_wallis_all_but_unchanged() -> None:
    rng = np.random.default_rng(4)
    score, group = pd.Series(rng.normal(size=600)), pd.Series(rng.choice(["x", "y", "z"], 600))
    score = score + 0.3 * (group == "z")
    plain = groups.kruskal_wallis(score, group)
    alone = groups.kruskal_wallis(score, group, clusters=pd.Series(range(600)))
    assert alone.statistic == plain.statistic
    assert alone.robust_f * 2 == pytest.approx(plain.statistic, rel=0.1)
    assert alone.design_effect == pytest.approx(1, abs=1e-9)


def test_group_within_one_cluster_is_left_out_of_the_comparison() -> None:
    table, cluster = nested(5, 8, 10)
    sector = pd.Series(np.where(cluster == 7, "alone", np.where(cluster % 2 == 0, "x", "y")))
    result = groups.kruskal_wallis(table["a"], sector, clusters=cluster)
    assert result.groups["group"].tolist() == ["x", "y"]
    assert result.notes == ("groups within a single cluster left out: alone",)
    both = groups.compare_groups(table, sector, clusters=cluster).tests
    assert {"design_effect", "effective_n", "n_clusters"} <= set(both.columns)


# Values that no data can have


@pytest.mark.parametrize("covariance", ["HC2", "HC3"])
def test_row_of_leverage_one_is_refused_by_name(covariance: str) -> None:
    """The residual of such a row is zero but for rounding, so errors changed with the units of the outcome."""
    rng = np.random.default_rng(2)
    table = pd.DataFrame({"x": rng.normal(size=20), "kind": ["a"] * 10 + ["b"] * 9 + ["c"]})
    outcome = pd.Series(rng.normal(size=20))
    with pytest.raises(SingularMatrixError, match=r"1 row\(s\) alone fix a coefficient \(kind\[c\]\): leverage 1"):
        association.regression(outcome, table, covariance)
    small = association.regression(outcome, table, "HC1").coefficients
    large = association.regression(outcome * 1e6, table, "HC1").coefficients
    np.testing.assert_allclose(small["p"], large["p"], rtol=1e-6)


def test_outcome_that_the_predictors_reproduce_has_no_errors() -> None:
    x = pd.DataFrame({"x": [1.0, 2, 3, 4, 5, 7]})
    result = association.regression(2 * x["x"] + 1, x)
    assert result.coefficients["estimate"].tolist() == pytest.approx([1, 2])
    assert result.coefficients[["standard_error", "p", "lower", "upper"]].isna().all(axis=None)
    assert any("reproduce the outcome exactly" in note for note in result.notes)


@pytest.mark.parametrize("gap", [0.0, 0.1, 1.3])
def test_constant_difference_has_no_limits_of_agreement(gap: float) -> None:
    """Differences equal but for rounding gave a slope of 1e-16 with p = .009."""
    own = pd.Series(np.random.default_rng(0).uniform(1, 5, 40))
    with pytest.raises(ConstantItemError, match="limits of agreement have no width"):
        self_other.bland_altman(own + gap, own)


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 100_000), st.integers(2, 8), st.integers(1, 4), st.booleans(),
    st.sampled_from(["spearman", "pearson", "kendall"]),
)  # fmt: skip
def test_a_correlation_has_an_interval_or_a_reason(seed: int, n: int, q: int, nested: bool, method: Any) -> None:
    """Two to eight people, one to four values, missing answers, integer and odd names, clusters."""
    rng = np.random.default_rng(seed)
    table = pd.DataFrame(rng.integers(0, q, (n, 3)).astype(float), columns=[0, "ü b", ("x", 1)])
    table = table.mask(rng.random(table.shape) < rng.choice([0, 0.4, 1]))
    clusters = pd.Series(rng.integers(0, 3, n)) if nested and method != "kendall" else None
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            rows = association.correlation_matrix(table, method=method, clusters=clusters).table
        except PsychometricsError as refusal:
            assert len(str(refusal)) > 15
            return
    name = rows.columns[3]
    assert not np.isinf(rows.select_dtypes(float)).any(axis=None)
    assert (rows[name].dropna().abs() <= 1).all()
    undefined = rows[["lower", "upper"]].isna().any(axis=1)
    assert (rows.loc[undefined, "note"] != "").all()
    known = rows[~undefined]
    assert (known["lower"] < known["upper"]).all()
    assert known[["lower", "upper"]].abs().le(1).all(axis=None)


def test_counts_of_very_many_units_are_drawn_as_those_of_few(monkeypatch: pytest.MonkeyPatch) -> None:
    few = _nesting.resample_counts(20, 4000, 1)
    monkeypatch.setattr(_nesting, "_MANY_UNITS", 20)
    many = _nesting.resample_counts(20, 4000, 1)
    assert not np.array_equal(few, many)
    for counts in (few, many):
        assert (counts.sum(axis=1) == 20).all()
        assert abs((counts == 0).mean() - (1 - 1 / 20) ** 20) < 0.01
        assert abs(np.cov(counts, rowvar=False)[np.diag_indices(20)].mean() - (1 - 1 / 20)) < 0.02
