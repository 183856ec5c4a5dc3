"""Associations against R (sandwich, lmtest, lme4, lmerTest, psych), published values, identities and refusals."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from association_data import (
    COMPETENCIES,
    OUTCOMES,
    close,
    incomplete_scores,
    matrix,
    reference_values,
    simulated_scores,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from psychometrics import association
from psychometrics.errors import (
    CodingError,
    ConstantItemError,
    InputShapeError,
    PsychometricsError,
    TooFewPersonsError,
)


@pytest.fixture(scope="module")
def r() -> dict[str, Any]:
    return reference_values()


@pytest.fixture(scope="module")
def scores() -> pd.DataFrame:
    return simulated_scores()


@pytest.fixture(scope="module")
def incomplete(scores: pd.DataFrame) -> pd.DataFrame:
    return incomplete_scores(scores)


# Correlations


@pytest.mark.parametrize("method", ["spearman", "pearson", "kendall"])
def test_correlations_match_r(method: Any, scores: pd.DataFrame, r: dict[str, Any]) -> None:
    result = association.correlation_matrix(scores[COMPETENCIES], scores[OUTCOMES], method=method)
    close(result.to_matrix(), matrix(r[f"cor_{method}"]))
    assert (result.table["n"] == 800).all()


@pytest.mark.parametrize("method", ["spearman", "pearson", "kendall"])
def test_p_values_with_missing_answers_match_r(method: Any, incomplete: pd.DataFrame, r: dict[str, Any]) -> None:
    row = association.correlation_matrix(incomplete[["C1"]], incomplete[["ENG"]], method=method).to_frame().iloc[0]
    expected = r[f"test_{method}_missing"]
    assert row["n"] == 54
    close([row.iloc[3], row["p"]], [expected["estimate"], expected["p"]])


def test_pearson_interval_matches_r(scores: pd.DataFrame, r: dict[str, Any]) -> None:
    row = association.correlation_matrix(scores[["C1"]], scores[["ENG"]], method="pearson").to_frame().iloc[0]
    close([row["lower"], row["upper"]], r["pearson_interval"])


def test_spearman_variance_is_bonett_and_wrights() -> None:
    lower, upper = association.correlation_interval(0.3, 91)
    half = 1.959963984540054 * np.sqrt((1 + 0.3**2 / 2) / 88)
    close([lower, upper], np.tanh([np.arctanh(0.3) - half, np.arctanh(0.3) + half]))


@pytest.mark.repeated
def test_spearman_interval_covers_at_the_nominal_rate() -> None:
    generator, covered = np.random.default_rng(3), 0
    true = 6 / np.pi * np.arcsin(0.4 / 2)
    for _ in range(400):
        x = generator.standard_normal((91, 2)) @ np.linalg.cholesky([[1, 0.4], [0.4, 1]]).T
        row = association.spearman_matrix(pd.DataFrame(x, columns=["a", "b"])).to_frame().iloc[0]
        covered += row["lower"] <= true <= row["upper"]
    # Three Monte Carlo standard errors of a .95 share over 400 draws.
    assert abs(covered / 400 - 0.95) < 3 * np.sqrt(0.95 * 0.05 / 400)


def test_one_table_gives_every_pair_once(scores: pd.DataFrame) -> None:
    table = association.spearman_matrix(scores[COMPETENCIES]).to_frame()
    assert len(table) == 28
    assert not table[["x", "y"]].apply(frozenset, axis=1).duplicated().any()


def test_a_column_in_both_tables_is_not_paired_with_itself(scores: pd.DataFrame) -> None:
    table = association.spearman_matrix(scores[["C1", "C2"]], scores[["C1", "ENG"]]).to_frame()
    assert list(zip(table["x"], table["y"], strict=True)) == [("C1", "ENG"), ("C2", "C1"), ("C2", "ENG")]


def test_an_outcome_nobody_varies_on_is_said_not_dropped(scores: pd.DataFrame) -> None:
    result = association.spearman_matrix(scores[["C1"]], scores[["ENG"]].assign(flat=3.0))
    row = result.to_frame().set_index("y").loc["flat"]
    assert np.isnan(row["rho"])
    assert row["note"] == "flat does not vary"
    assert result.notes == ("C1 with flat: flat does not vary",)
    assert np.isfinite(result.to_frame().set_index("y").loc["ENG", "rho"])


def test_too_few_pairs_are_said() -> None:
    table = pd.DataFrame({"a": [1, 2, np.nan, 4], "b": [2, np.nan, 3, 5.0], "c": [1, 3, 3, 2.0]})
    result = association.spearman_matrix(table).to_frame().set_index(["x", "y"])
    assert result.loc[("a", "b"), "note"] == "only 2 complete pairs"
    assert result.loc[("a", "c"), "note"] == "no interval with 3 complete pairs"
    assert np.isfinite(result.loc[("a", "c"), "rho"])


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 5), st.integers(1, 5)), min_size=6, max_size=40))
def test_spearman_ignores_monotone_rescaling_and_flips_with_the_key(pairs: list[tuple[int, int]]) -> None:
    table = pd.DataFrame(pairs, columns=["a", "b"], dtype=float)
    if table.nunique().min() < 2:
        return
    value = association.spearman_matrix(table).to_frame()["rho"].item()
    grown = association.spearman_matrix(table.assign(a=np.exp(table["a"]))).to_frame()["rho"].item()
    flipped = association.spearman_matrix(table.assign(b=6 - table["b"])).to_frame()["rho"].item()
    close([grown, -flipped], [value, value])


def test_perfect_correlation_has_no_interval_and_says_why() -> None:
    table = pd.DataFrame({"a": range(10), "b": range(10)})
    row = association.spearman_matrix(table).to_frame().iloc[0]
    close([row["rho"], row["p"]], [1, 0])
    assert row[["lower", "upper"]].isna().all()
    assert row["note"] == "the pairs lie on one line, so there is no interval"


def test_text_repeated_and_misaligned_columns_are_refused(scores: pd.DataFrame) -> None:
    with pytest.raises(CodingError, match="column sector holds values that are not numbers"):
        association.spearman_matrix(scores[["C1", "sector"]])
    with pytest.raises(InputShapeError, match="repeated column"):
        association.spearman_matrix(pd.concat([scores[["C1"]], scores[["C1"]]], axis=1))
    with pytest.raises(InputShapeError, match="same index"):
        association.spearman_matrix(scores[["C1"]], scores[["C2"]].iloc[::-1])
    with pytest.raises(PsychometricsError, match="confidence must lie between 0 and 1"):
        association.spearman_matrix(scores[["C1", "C2"]], confidence=95)


# Adjusted p-values


@pytest.mark.parametrize("method", ["holm", "hochberg", "hommel", "bonferroni", "BH", "BY"])
def test_adjusted_p_values_match_r(method: str, r: dict[str, Any]) -> None:
    raw = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.324, 0.4262, 0.5719, 0.6528]
    close(association.adjust_p([*raw, 0.759, 1], method.lower()), r["p_adjust"][method])


def test_missing_p_values_are_not_counted() -> None:
    got = association.adjust_p(pd.Series([0.01, np.nan, 0.04], index=["a", "b", "c"]), "bonferroni")
    np.testing.assert_allclose(got, [0.02, np.nan, 0.08])
    assert list(got.index) == ["a", "b", "c"]


def test_families_are_adjusted_apart() -> None:
    p = pd.Series([0.01, 0.02, 0.03, 0.04])
    family = pd.Series(["x", "y", "x", "y"])
    close(association.adjust_p(p, "holm", family), [0.02, 0.04, 0.03, 0.04])


def test_bad_p_values_and_methods_are_refused() -> None:
    with pytest.raises(PsychometricsError, match="between 0 and 1"):
        association.adjust_p([0.5, 1.5])
    with pytest.raises(PsychometricsError, match="not known"):
        association.adjust_p([0.5], "sidak-ish")


# Disattenuation


def test_disattenuation_matches_psych(r: dict[str, Any]) -> None:
    result = association.disattenuate(0.3, 0.8, 0.5, 0.1, 0.48)
    close(result.corrected, r["disattenuated"])
    close([result.lower, result.upper], np.array([0.1, 0.48]) / np.sqrt(0.4))


def test_disattenuation_above_one_is_said_not_cut() -> None:
    result = association.disattenuate(0.7, 0.6, 0.5)
    assert result.corrected > 1
    assert "outside [-1, 1]" in result.notes[0]


def test_impossible_reliability_is_refused() -> None:
    with pytest.raises(PsychometricsError, match="reliability"):
        association.disattenuate(0.3, 0.0, 0.8)


# Power and precision


@pytest.mark.parametrize(
    ("correlation", "expected"),
    [(0.10, 783), (0.15, 347), (0.20, 194), (0.25, 123), (0.30, 85), (0.35, 62), (0.40, 47), (0.45, 37), (0.50, 29)],
)
def test_sample_sizes_match_hulley_table_6c(correlation: float, expected: int) -> None:
    """Hulley et al. (2013), appendix 6C: two-sided alpha .05, beta .20; printed values round up or to nearest."""
    assert abs(association.persons_for_correlation(correlation, method="pearson") - expected) <= 1


def test_power_is_near_the_exact_one_of_pingouin() -> None:
    import pingouin

    for n, rho in [(91, 0.3), (200, 0.2), (400, 0.1)]:
        ours = association.correlation_power(rho, n, method="pearson")
        assert ours == pytest.approx(pingouin.power_corr(r=rho, n=n, power=None), abs=0.01)


def test_the_published_size_detects_about_thirty_hundredths() -> None:
    smallest = association.minimum_detectable_correlation(91)
    assert 0.28 < smallest < 0.31
    close(association.correlation_power(smallest, 91), 0.80)
    assert association.persons_for_correlation(smallest + 1e-9) == 91


def test_precision_at_the_published_size() -> None:
    result = association.correlation_precision(0.30, 91)
    assert (round(result.lower, 2), round(result.upper, 2)) == (0.10, 0.48)
    close(result.half_width, (result.upper - result.lower) / 2)


def test_planning_refusals() -> None:
    with pytest.raises(TooFewPersonsError, match="n = 3"):
        association.correlation_precision(0.3, 3)
    with pytest.raises(PsychometricsError, match="must be above alpha"):
        association.minimum_detectable_correlation(91, power=0.04)
    with pytest.raises(PsychometricsError, match="above 0 and below 1"):
        association.persons_for_correlation(0.0)


# Contrasts


def test_partial_correlations_match_r(scores: pd.DataFrame, r: dict[str, Any]) -> None:
    left, right = scores[["C1"]], scores[["ENG"]]
    pearson = association.partial_correlations(left, right, scores[["C2", "sector"]], "pearson").to_frame()
    close(pearson["r"], [r["partial"]])
    spearman = association.partial_correlations(left, right, scores[["C2", "C3"]]).to_frame()
    close(spearman["rho"], [r["partial_spearman"]])


def test_partial_p_value_is_that_of_the_regression(scores: pd.DataFrame) -> None:
    row = association.partial_correlations(scores[["C1"]], scores[["ENG"]], scores[["C2", "sector"]], "pearson")
    fit = association.regression(scores["ENG"], scores[["C1", "C2", "sector"]], "classical").coefficients
    close(row.to_frame()["p"].item(), fit.set_index("term").loc["C1", "p"])


@pytest.mark.repeated
def test_partial_interval_covers_zero_at_the_nominal_rate_when_all_is_shared() -> None:
    generator, hits, draws = np.random.default_rng(17), 0, 250
    for _ in range(draws):
        z = generator.standard_normal(80)
        table = pd.DataFrame({"x": z + generator.standard_normal(80), "y": z + generator.standard_normal(80), "z": z})
        row = association.partial_correlations(table[["x"]], table[["y"]], table[["z"]], "pearson").to_frame().iloc[0]
        hits += row["lower"] <= 0 <= row["upper"]
    assert abs(hits / draws - 0.95) < 3 * np.sqrt(0.95 * 0.05 / draws)


def test_partial_correlation_says_when_nothing_is_left(scores: pd.DataFrame) -> None:
    result = association.partial_correlations(
        scores[["C1"]], scores[["ENG"]], scores[["C1"]].rename(columns={"C1": "z"})
    )
    assert "nothing of C1 is left" in result.notes[0]
    assert np.isnan(result.to_frame()["rho"].item())


def test_overlapping_correlations_match_psych(scores: pd.DataFrame, r: dict[str, Any]) -> None:
    correlations = scores[["C1", "C2", "ENG"]].corr().to_numpy()
    result = association.compare_overlapping_correlations(
        correlations[0, 2], correlations[1, 2], correlations[0, 1], 800
    )
    close([result.statistic, result.p], [r["williams"]["t"], r["williams"]["p"]])


def test_independent_correlations_match_psych(r: dict[str, Any]) -> None:
    result = association.compare_independent_correlations(0.5, 100, 0.2, 140)
    close([result.statistic, result.p], [r["independent"]["z"], r["independent"]["p"]])


@pytest.mark.repeated
def test_zou_interval_covers_the_difference_at_the_nominal_rate() -> None:
    generator, hits, draws = np.random.default_rng(19), 0, 600
    root = np.linalg.cholesky([[1, 0.5, 0.2], [0.5, 1, 0.3], [0.2, 0.3, 1]])
    for _ in range(draws):
        c = np.corrcoef(generator.standard_normal((80, 3)) @ root.T, rowvar=False)
        result = association.compare_overlapping_correlations(c[0, 1], c[0, 2], c[1, 2], 80)
        hits += result.lower <= 0.3 <= result.upper
    assert abs(hits / draws - 0.95) < 3 * np.sqrt(0.95 * 0.05 / draws)


def test_comparisons_refuse_impossible_correlations() -> None:
    with pytest.raises(PsychometricsError, match="no data have"):
        association.compare_overlapping_correlations(0.9, -0.9, 0.9, 100)
    with pytest.raises(TooFewPersonsError, match="at least 5"):
        association.compare_overlapping_correlations(0.3, 0.2, 0.1, 4)
    with pytest.raises(TooFewPersonsError, match="4 people in each"):
        association.compare_independent_correlations(0.3, 3, 0.2, 50)


@settings(max_examples=60, deadline=None)
@given(st.floats(-0.9, 0.9), st.integers(10, 2000), st.floats(0.05, 0.5))
def test_equivalence_is_an_interval_inside_the_limits(estimate: float, n: int, smallest: float) -> None:
    result = association.equivalence_test(estimate, n, smallest)
    assert result.equivalent == (-smallest < result.lower and result.upper < smallest)


def test_equivalence_refusals() -> None:
    with pytest.raises(PsychometricsError, match="smallest_effect"):
        association.equivalence_test(0.1, 100, 0)
    with pytest.raises(TooFewPersonsError, match="n = 3"):
        association.equivalence_test(0.1, 3, 0.1)


@pytest.mark.parametrize(
    ("estimate", "lower", "upper", "p", "direction", "expected"),
    [
        (0.30, 0.20, 0.39, 0.001, 1, "supported"),
        (0.30, 0.20, 0.39, 0.001, -1, "not supported"),
        (0.12, -0.08, 0.32, 0.230, 1, "undetermined"),
        (0.02, -0.04, 0.08, 0.500, 1, "not supported"),
        (0.05, 0.03, 0.07, 0.001, 1, "not supported"),
        (-0.20, -0.31, -0.08, 0.001, -1, "supported"),
        (np.nan, np.nan, np.nan, np.nan, 1, "undetermined"),
    ],
)
def test_verdicts(estimate: float, lower: float, upper: float, p: float, direction: Any, expected: str) -> None:
    assert association.verdict(estimate, lower, upper, p, 0.10, direction) == expected


def test_marker_adjustment_follows_lindell_and_whitney() -> None:
    row = association.marker_adjusted(0.40, 0.10, 100).iloc[0]
    close([row["adjusted"], row["df"]], [1 / 3, 97])
    close(row["t"], (1 / 3) * np.sqrt(97 / (1 - 1 / 9)))
    close(association.marker_adjusted(0.40, 0.0, 100)["adjusted"].item(), 0.40)
    with pytest.raises(PsychometricsError, match="marker"):
        association.marker_adjusted(0.4, -0.1, 100)


# People in teams, two sources


def test_random_intercepts_do_not_depend_on_the_order_of_the_groupings(scores: pd.DataFrame) -> None:
    groups = scores[["team", "sector"]].assign(block=np.arange(800) % 30)
    there = association.random_intercept(scores["SUP"], scores[["C1"]], groups)
    back = association.random_intercept(scores["SUP"], scores[["C1"]], groups[["block", "team", "sector"]])
    close(back.log_likelihood, there.log_likelihood, 1e-9)
    by_name = [x.variance_components.set_index("component")["variance"].sort_index() for x in (there, back)]
    close(*by_name, 1e-5)


def test_colleagues_effect_is_recovered_with_raters_crossed() -> None:
    """A cross-source effect of .10 with raters who rate several people, each with a habit of their own."""
    generator, estimates = np.random.default_rng(23), []
    for _ in range(12):
        ratee, rater = generator.integers(0, 60, 250), generator.integers(0, 80, 250)
        x = pd.Series(generator.standard_normal(60)[ratee], name="competency")
        y = 0.10 * x + 0.3 * generator.standard_normal(60)[ratee] + 0.6 * generator.standard_normal(80)[rater]
        y = y + 0.7 * generator.standard_normal(250)
        fit = association.random_intercept(y, x.to_frame(), pd.DataFrame({"ratee": ratee, "rater": rater}))
        estimates.append(fit.coefficients["estimate"][1])
    assert abs(np.mean(estimates) - 0.10) < 3 * np.std(estimates, ddof=1) / np.sqrt(12)


@pytest.mark.parametrize("method", ["spearman", "pearson"])
def test_bootstrap_resamples_are_plain_resamples(method: Any, incomplete: pd.DataFrame) -> None:
    """Weighted ranks give what ranking the repeated rows gives."""
    from psychometrics.association.clustered import _WeightedPair

    weights = np.random.default_rng(3).multinomial(60, np.full(60, 1 / 60), 25).astype(float)
    each = np.arange(len(incomplete))
    got = _WeightedPair(incomplete["C1"], incomplete["ENG"], each, len(each), method).correlations(weights)
    expected = [
        incomplete.loc[np.repeat(np.arange(60), row.astype(int)), ["C1", "ENG"]].corr(method=method).iloc[0, 1]
        for row in weights
    ]
    close(got, expected)


def test_halves_of_resampled_groups_are_those_of_the_repeated_groups() -> None:
    from psychometrics.association.clustered import _half_correlations, _resampled_halves

    draw = np.random.default_rng(5)
    halves = draw.normal(size=(3, 12, 2, 2))
    rows = draw.integers(0, 12, (6, 12))
    rows[0] = 4
    got = _resampled_halves(halves, np.array([np.bincount(row, minlength=12) for row in rows], float))
    with np.errstate(all="ignore"):
        close(got[1:], [_half_correlations(halves[:, row])[0] for row in rows[1:]])
    assert np.isnan(got[0])


def test_bootstrap_of_persons_is_near_the_fisher_interval(scores: pd.DataFrame) -> None:
    left, right = scores[["C1", "C2"]], scores[["ENG"]]
    ours = association.bootstrap_correlations(left, right, n_resamples=1000, seed=4).to_frame()
    fisher = association.spearman_matrix(left, right).to_frame()
    close(ours[["rho", "n"]], fisher[["rho", "n"]])
    np.testing.assert_allclose(ours[["lower", "upper"]], fisher[["lower", "upper"]], atol=0.015)
    again = association.bootstrap_correlations(left, right, n_resamples=1000, seed=4).to_frame()
    pd.testing.assert_frame_equal(ours, again)


@pytest.mark.repeated
def test_cluster_bootstrap_covers_where_fisher_does_not() -> None:
    generator, draws = np.random.default_rng(29), 120
    team = pd.Series(np.repeat(np.arange(40), 15))
    hits = {"team": 0, "fisher": 0}
    for _ in range(draws):
        shared = generator.standard_normal((40, 2))[team]
        x = pd.DataFrame(shared + generator.standard_normal((600, 2)), columns=["a", "b"])
        boot = association.bootstrap_correlations(x[["a"]], x[["b"]], team, "pearson", 300, 1).to_frame().iloc[0]
        fisher = association.correlation_matrix(x, method="pearson").to_frame().iloc[0]
        hits["team"] += boot["lower"] <= 0 <= boot["upper"]
        hits["fisher"] += fisher["lower"] <= 0 <= fisher["upper"]
    # The percentile bootstrap of 40 clusters is a little liberal; Fisher's interval is far too narrow.
    assert hits["team"] / draws > 0.93 - 3 * np.sqrt(0.93 * 0.07 / draws)
    assert hits["fisher"] / draws < 0.75


def test_cluster_bootstrap_refusals(scores: pd.DataFrame) -> None:
    left, right = scores[["C1"]], scores[["ENG"]]
    with pytest.raises(InputShapeError, match="1 persons have no cluster"):
        association.bootstrap_correlations(left, right, scores["team"].where(scores.index > 0))
    with pytest.raises(TooFewPersonsError, match="at least two"):
        association.bootstrap_correlations(left, right, pd.Series("one", scores.index))
    with pytest.raises(PsychometricsError, match="'kendall'"):
        association.bootstrap_correlations(left, right, method="kendall")  # type: ignore[arg-type]


def biased_teams(bias: float) -> tuple[pd.Series, pd.Series, pd.Series]:
    """Teams whose true scores correlate .50, with an answering style of each person in both measures."""
    generator, team = np.random.default_rng(31), np.repeat(np.arange(600), 6)
    x = generator.standard_normal(600)
    y = 0.5 * x + np.sqrt(0.75) * generator.standard_normal(600)
    style = bias * generator.standard_normal(3600)
    members = generator.standard_normal((2, 3600))
    return pd.Series(x[team] + members[0] + style), pd.Series(y[team] + members[1] + style), pd.Series(team)


def test_split_halves_are_free_of_an_answering_style() -> None:
    without = association.split_group_correlation(*biased_teams(0.0), n_splits=40, n_resamples=50)
    with_style = association.split_group_correlation(*biased_teams(1.5), n_splits=40, n_resamples=50)
    # Means of six members: reliability 1 / (1 + (1 + b^2) / 6) on both sides.
    expected = 0.5 / (1 + (1 + 1.5**2) / 6)
    assert with_style.cross_source_stepped_up == pytest.approx(expected, abs=0.06)
    assert with_style.same_source - with_style.cross_source_stepped_up > 0.15
    assert abs(without.difference) < 0.03
    assert with_style.lower < with_style.cross_source < with_style.upper


def test_split_halves_of_unlike_teams_cannot_be_stepped_up() -> None:
    generator = np.random.default_rng(3)
    team = pd.Series(np.repeat(np.arange(20), 2))
    opposed = pd.Series(np.tile([1.0, -1.0], 20) * generator.uniform(1, 2, 40))
    result = association.split_group_correlation(opposed, pd.Series(generator.standard_normal(40)), team, 20, 20)
    assert np.isnan(result.cross_source_stepped_up)
    assert "cannot be stepped up" in result.notes[0]


def test_split_halves_refuse_too_few_teams(scores: pd.DataFrame) -> None:
    with pytest.raises(TooFewPersonsError, match="3 groups have two complete members"):
        association.split_group_correlation(scores["C1"], scores["ENG"], scores["sector"])
    with pytest.raises(ConstantItemError, match="outcome"):
        association.split_group_correlation(scores["C1"], scores["ENG"] * 0, scores["team"])


def test_sources_stand_side_by_side_on_the_same_people() -> None:
    generator = np.random.default_rng(37)
    true, mood = generator.standard_normal(500), generator.standard_normal(500)
    own = pd.DataFrame({"C1": true + mood})
    peer = pd.DataFrame({"C1": true + generator.standard_normal(500)}).mask(generator.random((500, 1)) < 0.3)
    outcome = pd.DataFrame({"ENG": 0.3 * true + mood + generator.standard_normal(500), "flat": 1.0})
    table = association.cross_source_table(own, peer, outcome, "pearson").set_index("outcome")
    row = table.loc["ENG"]
    assert row["n"] == peer["C1"].notna().sum()
    both = peer["C1"].notna()
    close(row["same_source"], np.corrcoef(own["C1"][both], outcome["ENG"][both])[0, 1])
    close(row["difference"], row["same_source"] - row["cross_source"])
    assert row["difference_lower"] > 0 and row["p"] < 0.001
    assert "outcome flat does not vary" in table.loc["flat", "note"]
