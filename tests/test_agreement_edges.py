"""Agreement at its edges: bounds for full agreement, undefined coefficients named, no impossible value, clusters."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from psychometrics import _nesting, agreement
from psychometrics.errors import CodingError, ConstantItemError, InputShapeError, PsychometricsError

NEGATIVE = pd.DataFrame({"r1": [1, 5, 2, 4, 3], "r2": [5, 1, 4, 2, 4], "r3": [3, 2, 3, 3, 3]})
COEFFICIENTS = (
    agreement.percent_agreement, agreement.gwet_ac1, agreement.gwet_ac2, agreement.fleiss_kappa,
    agreement.conger_kappa, agreement.krippendorff_alpha,
)  # fmt: skip


# Published and independent values


def test_wilson_interval_matches_statsmodels() -> None:
    from statsmodels.stats.proportion import proportion_confint

    for count, n in ((37, 37), (0, 12), (5, 9), (99, 100)):
        expected = proportion_confint(count, n, method="wilson")
        np.testing.assert_allclose(agreement.wilson_interval(count / n, n), expected, atol=1e-12)


def test_thirty_seven_of_thirty_seven_is_wilsons_printed_interval() -> None:
    ratings = pd.DataFrame({"a": ["yes"] * 37, "b": ["yes"] * 37})
    for function in (agreement.percent_agreement, agreement.gwet_ac1):
        result = function(ratings, categories=["no", "yes"])
        assert (round(result.lower, 3), result.upper, result.method) == (0.906, 1.0, "Wilson")


def test_weights_follow_an_ordered_categorical_and_refuse_unordered_text() -> None:
    """The two orders of neg, ind, pos give other values; only a declared one is used."""
    rng = np.random.default_rng(0)
    text = pd.DataFrame(rng.choice(["neg", "ind", "pos"], (30, 3)))
    order = ["neg", "ind", "pos"]
    declared = text.astype(pd.CategoricalDtype(order, ordered=True))
    for function in (agreement.fleiss_kappa, agreement.gwet_ac2, agreement.conger_kappa):
        with pytest.raises(PsychometricsError, match="ordered Categorical"):
            function(text, weights="linear")
        numbers = text.replace({"neg": 1, "ind": 2, "pos": 3})
        expected = function(numbers, weights="linear").estimate
        assert function(declared, weights="linear").estimate == pytest.approx(expected, abs=1e-12)
        assert function(text, weights="linear", categories=order).estimate == pytest.approx(expected, abs=1e-12)
    cohen = agreement.cohen_kappa(declared[0], declared[1], "quadratic")
    assert cohen.estimate == pytest.approx(agreement.cohen_kappa(text[0], text[1], "quadratic", order).estimate)
    assert agreement.krippendorff_alpha(declared, "ordinal", n_resamples=50).estimate == pytest.approx(
        agreement.krippendorff_alpha(text, "ordinal", order, n_resamples=50).estimate
    )
    unordered = text.astype("category")
    with pytest.raises(PsychometricsError, match="weights need categories in order"):
        agreement.fleiss_kappa(unordered, weights="linear")


def test_average_reliability_is_undefined_where_subjects_differ_less_than_raters() -> None:
    """Field case: psych prints ICC2k = 7.7 with the interval [-inf, -.9]."""
    result = agreement.icc(NEGATIVE)
    table = result.table.set_index("form")
    assert table.loc["ICC2k", ["estimate", "lower", "upper"]].isna().all()
    assert table.loc["ICC2k", "note"].startswith("undefined: subjects differ so little")
    assert not (table["estimate"] > 1).any()
    assert not np.isinf(table[["estimate", "lower", "upper"]]).any(axis=None)
    assert any(note.startswith("ICC2k: undefined") for note in result.notes)
    # What is defined stays what the formula says.
    values = NEGATIVE.to_numpy(float)
    between = 3 * values.mean(axis=1).var(ddof=1)
    within = values.var(axis=1, ddof=1).mean()
    assert result.estimate("ICC1") == pytest.approx((between - within) / (between + 2 * within))


def test_groups_that_do_not_differ_have_no_icc2() -> None:
    result = agreement.icc1(pd.Series([1.0, 2, 2, 1, 1, 2]), pd.Series([0, 0, 1, 1, 2, 2]))
    assert np.isnan(result.icc2)
    assert "ICC(2) is undefined: the groups do not differ at all" in result.notes


def test_raters_a_constant_apart_are_named() -> None:
    ratings = pd.DataFrame({"a": [1.0, 2, 3, 4], "b": [2.0, 3, 4, 5]})
    with pytest.raises(ConstantItemError, match="but for a constant of each rater"):
        agreement.icc(ratings)
    with pytest.raises(ConstantItemError, match="agree on every subject exactly"):
        agreement.icc(ratings.assign(b=ratings["a"]), method="mixed")


# rwg


def test_rwg_refuses_an_answer_that_the_scale_does_not_have() -> None:
    groups = pd.Series([1, 1, 2, 2])
    with pytest.raises(CodingError, match="from 9 to 9 in item, on a scale of 5 categories from 1 to 5"):
        agreement.rwg(pd.Series([9.0, 9, 9, 9]), groups, 5)
    with pytest.raises(CodingError, match="from 1 to 5"):
        agreement.rwg(pd.Series([0.0, 1, 4, 4]), groups, 5)
    assert agreement.rwg(pd.Series([0.0, 0, 4, 4]), groups, 5, minimum=0).mean == 1


def test_kept_negative_rwg_j_is_undefined_where_its_denominator_is() -> None:
    items = pd.DataFrame(np.tile([[1.0] * 6, [5.0] * 6], (2, 1)))
    result = agreement.rwg_j(items, pd.Series([1, 1, 2, 2]), 5, negative="keep")
    assert result.table["rwg_j"].isna().all()
    assert any("undefined" in note for note in result.notes)


# Clusters


def nested_ratings(seed: int, n_clusters: int = 20, spread: float = 1.0) -> tuple[pd.DataFrame, pd.Series]:
    rng = np.random.default_rng(seed)
    cluster = np.repeat(np.arange(n_clusters), 8)
    subject = spread * rng.normal(size=n_clusters)[cluster] + rng.normal(size=len(cluster))
    return pd.DataFrame(subject[:, None] + rng.normal(size=(len(cluster), 3))), pd.Series(cluster)


def test_nesting_widens_the_interval_of_an_intraclass_correlation() -> None:
    ratings, cluster = nested_ratings(1, spread=3.0)
    plain, nested = agreement.icc(ratings), agreement.icc(ratings, clusters=cluster, n_resamples=400)
    np.testing.assert_allclose(plain.table["estimate"], nested.table["estimate"])
    row = nested.table.iloc[0]
    assert row["design_effect"] > 1.3
    assert row["effective_n"] == pytest.approx(160 / row["design_effect"])
    assert (nested.n_clusters, nested.n_resamples, nested.n_failed) == (20, 400, 0)


def test_clusters_of_one_person_each_have_a_design_effect_of_one() -> None:
    ratings, _ = nested_ratings(2)
    alone = agreement.icc(ratings, clusters=pd.Series(range(160)), n_resamples=800)
    np.testing.assert_allclose(alone.table["design_effect"], 1)


@pytest.mark.repeated
def test_cluster_bootstrap_of_icc1_covers_the_truth() -> None:
    """ICC(1) of raters in people is 2 / 3 with clusters that share half of it; 30 draws, bound of three errors."""
    covered = 0
    for seed in range(30):
        ratings, cluster = nested_ratings(seed)
        long = pd.Series(ratings.to_numpy().ravel())
        person = pd.Series(np.repeat(np.arange(160), 3))
        agency = pd.Series(cluster.to_numpy()[person])
        found = agreement.icc1(long, person, clusters=agency, n_resamples=300)
        covered += found.icc1_lower < 2 / 3 < found.icc1_upper
    assert covered >= 24


def test_cluster_that_splits_a_group_is_refused() -> None:
    values, groups = pd.Series([1.0, 2, 3, 4]), pd.Series([1, 1, 2, 2])
    with pytest.raises(PsychometricsError, match="lies in two clusters"):
        agreement.icc1(values, groups, clusters=pd.Series([1, 2, 2, 2]))
    with pytest.raises(InputShapeError, match="index of the data"):
        agreement.icc1(values, groups, clusters=pd.Series([1, 1, 2, 2], index=list("abcd")))


# Contract


@settings(max_examples=100, deadline=None)
@given(
    st.integers(0, 100_000), st.integers(1, 11), st.integers(2, 12), st.integers(2, 4),
    st.sampled_from(COEFFICIENTS), st.booleans(),
)  # fmt: skip
def test_a_coefficient_has_an_interval_or_a_reason(
    seed: int, q: int, n: int, raters: int, function: Any, numbers: bool
) -> None:
    rng = np.random.default_rng(seed)
    ratings = pd.DataFrame(rng.integers(0, q, (n, raters))).astype(float)
    kind = rng.integers(0, 4)
    if kind == 1:
        ratings = pd.DataFrame(np.repeat(ratings[[0]].to_numpy(), raters, axis=1))
    elif kind == 2:
        ratings[0] = 0.0
    ratings = ratings.mask(rng.random(ratings.shape) < rng.choice([0, 0.3, 0.9]))
    if not numbers:
        ratings = ratings.map(lambda value: f"c{value:02.0f}", na_action="ignore")
    keywords = {"n_resamples": 60} if function is agreement.krippendorff_alpha else {}
    if function is agreement.gwet_ac2 or (function is agreement.krippendorff_alpha and not numbers):
        keywords["categories"] = [float(k) if numbers else f"c{k:02.0f}" for k in range(q)]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            result = function(ratings, **keywords)
        except PsychometricsError as refusal:
            assert len(str(refusal)) > 15
            return
    assert result.estimate <= 1 + 1e-12
    if result.estimate < -1 - 1e-12:  # subjects with one rating count towards chance only
        assert ratings.notna().sum(axis=1).eq(1).any()
        assert np.isnan(result.lower) and "below -1" in result.notes[0]
    if np.isnan(result.lower):
        assert result.notes
    else:
        assert -1 <= result.lower < result.upper <= 1
        assert result.lower - 1e-9 <= result.estimate <= result.upper + 1e-9 or result.n_resamples


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 100_000), st.integers(2, 6), st.integers(2, 4), st.integers(2, 5), st.booleans())
@example(seed=2255, n=4, k=2, q=2, mixed=False)  # no difference between raters, and an estimate of -2
def test_intraclass_correlations_stay_in_their_range_or_say_why(seed: int, n: int, k: int, q: int, mixed: bool) -> None:
    rng = np.random.default_rng(seed)
    ratings = pd.DataFrame(rng.integers(1, q + 1, (n, k)), columns=range(k)).astype(float)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            result = agreement.icc(ratings, method="mixed" if mixed else "anova")
        except PsychometricsError as refusal:
            assert len(str(refusal)) > 15
            return
    table = result.table
    assert not (table["estimate"] > 1).any()
    assert not np.isinf(table[["estimate", "lower", "upper"]]).any(axis=None)
    assert (table.loc[table[["estimate", "lower", "upper"]].isna().any(axis=1), "note"] != "").all()
    known = table.dropna(subset=["lower", "upper"])
    assert (known["lower"] < known["upper"]).all()


def test_resamples_in_blocks_are_those_drawn_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = np.random.default_rng(4).multinomial(30, np.full(30, 1 / 30), 11)
    for at_once in (1, 60, 95, 10_000):
        monkeypatch.setattr(_nesting, "_COUNTS_AT_ONCE", at_once)
        np.testing.assert_array_equal(_nesting.resample_counts(30, 11, 4), whole)


def test_bootstrap_of_components_is_that_of_the_ratings_drawn() -> None:
    rng = np.random.default_rng(8)
    person = np.repeat(np.arange(12), rng.integers(1, 5, 12))
    ratings = pd.DataFrame(rng.integers(1, 6, (len(person), 3)), columns=["a", "b", "c"])
    found = agreement.generalisability_study(ratings, pd.Series(person), 25, 6).components
    drawn = []
    for counts in np.random.default_rng(6).multinomial(12, np.full(12, 1 / 12), 25):
        again = [(who, copy) for who, count in enumerate(counts) for copy in range(count)]
        rows = pd.concat([ratings[person == who] for who, _ in again], ignore_index=True)
        names = [f"{who} {copy}" for who, copy in again for _ in range((person == who).sum())]
        drawn.append(agreement.generalisability_study(rows, pd.Series(names)).components["variance"])
    ends = np.quantile(drawn, (0.025, 0.975), axis=0)
    np.testing.assert_allclose(found[["lower", "upper"]].T, ends, rtol=1e-9)
