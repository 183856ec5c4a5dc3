"""Associations against R (sandwich, lmtest, lme4, lmerTest, psych), published values, identities and refusals."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from psychometrics import association
from psychometrics.errors import (
    CodingError,
    ConstantItemError,
    InputShapeError,
    PsychometricsError,
    SingularMatrixError,
    TooFewPersonsError,
)

REFERENCE = Path(__file__).parent / "reference"
CLOSED_FORM = 1e-10
MIXED = 1e-6  # mixed models are held to 1e-4; lme4 with bobyqa at rhoend 1e-10 leaves about 1e-8
FREEDOM = 1e-4  # relative; Satterthwaite's degrees of freedom rest on numerical second derivatives on both sides
COMPETENCIES = [f"C{i}" for i in range(1, 9)]
OUTCOMES = ["ENG", "SAT", "MEA", "SUP"]


@pytest.fixture(scope="module")
def r() -> dict[str, Any]:
    results = json.loads((REFERENCE / "association.json").read_text())["results"]
    return {name: entry["value"] for name, entry in results.items()}


@pytest.fixture(scope="module")
def scores() -> pd.DataFrame:
    return pd.read_csv(REFERENCE / "data" / "sim52_scores.csv")


@pytest.fixture(scope="module")
def incomplete(scores: pd.DataFrame) -> pd.DataFrame:
    table = scores.loc[:59, ["C1", "C2", "ENG", "SAT"]].copy()
    table.loc[[1, 8, 29], "C1"] = np.nan
    table.loc[[8, 10, 11, 39], "ENG"] = np.nan
    return table.assign(C2=table["C2"].round())


def close(got: object, expected: object, tolerance: float = CLOSED_FORM) -> None:
    np.testing.assert_allclose(np.asarray(got, float), np.asarray(expected, float), rtol=tolerance, atol=tolerance)


def matrix(value: dict[str, Any]) -> np.ndarray:
    return np.atleast_2d(np.array(value["values"], dtype=float))


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


def test_perfect_correlation_keeps_its_bounds() -> None:
    table = pd.DataFrame({"a": range(10), "b": range(10)})
    row = association.spearman_matrix(table).to_frame().iloc[0]
    close([row["rho"], row["lower"], row["upper"], row["p"]], [1, 1, 1, 0])


def test_text_repeated_and_misaligned_columns_are_refused(scores: pd.DataFrame) -> None:
    with pytest.raises(CodingError, match="'sector' holds values that are not numbers"):
        association.spearman_matrix(scores[["C1", "sector"]])
    with pytest.raises(InputShapeError, match="named more than once"):
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


# Regression


@pytest.mark.parametrize(("ours", "theirs"), [(f"HC{i}", f"HC{i}") for i in range(4)] + [("classical", "const")])
def test_regression_errors_match_sandwich(ours: str, theirs: str, scores: pd.DataFrame, r: dict[str, Any]) -> None:
    result = association.regression(scores["ENG"], scores[COMPETENCIES], covariance=ours)
    close(result.coefficients[["estimate", "standard_error", "t", "p"]], matrix(r[f"lm_{theirs}"]))


def test_regression_intervals_and_r_squared_match_r(scores: pd.DataFrame, r: dict[str, Any]) -> None:
    result = association.regression(scores["ENG"], scores[COMPETENCIES])
    close(result.coefficients[["lower", "upper"]], matrix(r["lm_confint_HC3"]))
    close(result.coefficients["standardised"][1:], list(r["lm_standardised"].values()))
    close([result.r_squared, result.adjusted_r_squared], [r["lm_summary"]["r2"], r["lm_summary"]["adjusted"]])
    assert (result.n, result.n_dropped) == (800, 0)


def test_clustered_errors_match_sandwich(scores: pd.DataFrame, r: dict[str, Any]) -> None:
    result = association.regression(scores["ENG"], scores[COMPETENCIES], "cluster", clusters=scores["team"])
    close(result.coefficients[["estimate", "standard_error", "t", "p"]], matrix(r["lm_cluster"]))
    assert (result.coefficients["df"] == 80).all()
    assert result.notes == ("errors clustered over 81 clusters",)


def test_categories_enter_as_in_r(scores: pd.DataFrame, r: dict[str, Any]) -> None:
    result = association.regression(scores["ENG"], scores[["C1", "sector"]])
    close(result.coefficients[["estimate", "standard_error", "t", "p"]], matrix(r["lm_sector"]))
    assert result.coefficients["term"].tolist()[2:] == ["sector[social_care]", "sector[voluntary]"]
    assert result.coefficients["standardised"].isna().tolist() == [True, False, True, True]
    assert result.notes == ("sector: compared with health",)


def test_standardised_coefficients_are_those_of_standard_scores(scores: pd.DataFrame) -> None:
    z = (scores[[*COMPETENCIES, "ENG"]] - scores[[*COMPETENCIES, "ENG"]].mean()) / scores[[*COMPETENCIES, "ENG"]].std()
    raw = association.regression(scores["ENG"], scores[COMPETENCIES]).coefficients
    standard = association.regression(z["ENG"], z[COMPETENCIES]).coefficients
    columns = ["standardised", "standardised_lower", "standardised_upper"]
    close(raw[columns][1:], standard[["estimate", "lower", "upper"]][1:])


def test_incomplete_rows_are_counted(scores: pd.DataFrame) -> None:
    holed = scores.copy()
    holed.loc[:9, "C1"] = np.nan
    holed.loc[5:14, "ENG"] = np.nan
    result = association.regression(holed["ENG"], holed[["C1", "C2"]])
    assert (result.n, result.n_dropped) == (785, 15)
    same = association.regression(scores["ENG"][15:], scores[["C1", "C2"]][15:])
    close(result.coefficients["estimate"], same.coefficients["estimate"])


def test_regression_refusals(scores: pd.DataFrame) -> None:
    y, x = scores["ENG"], scores[["C1", "C2"]]
    with pytest.raises(ConstantItemError, match="outcome 'ENG' does not vary"):
        association.regression(y * 0, x)
    with pytest.raises(ConstantItemError, match="predictor 'C2' does not vary"):
        association.regression(y, x.assign(C2=1.0))
    with pytest.raises(SingularMatrixError, match="linearly dependent"):
        association.regression(y, x.assign(sum=x["C1"] + x["C2"]))
    with pytest.raises(TooFewPersonsError, match="3 complete rows do not suffice for 3 coefficients"):
        association.regression(y[:3], x[:3])
    with pytest.raises(PsychometricsError, match="HC9"):
        association.regression(y, x, "HC9")
    with pytest.raises(PsychometricsError, match="go together"):
        association.regression(y, x, clusters=scores["team"])
    with pytest.raises(InputShapeError, match="two clusters"):
        association.regression(y, x, "cluster", clusters=pd.Series("one", index=y.index))
    with pytest.raises(InputShapeError, match="no predictor"):
        association.regression(y, x[[]])


# Mixed models


def check_lmer(result: association.MixedModelResult, expected: dict[str, Any]) -> None:
    fixed = matrix(expected["fixed"])
    table = result.coefficients
    close(table[["estimate", "standard_error", "t", "p"]], fixed[:, [0, 1, 3, 4]], MIXED)
    close(table["df"], fixed[:, 2], FREEDOM)
    close(result.log_likelihood, expected["log_likelihood"], CLOSED_FORM)
    components = result.variance_components.set_index("component")["variance"]
    theirs = expected["variances"]
    close(components.drop("residual"), [theirs[name] for name in components.index[:-1]], MIXED)
    close(components["residual"], theirs["Residual"], MIXED)


def test_random_intercept_matches_lmer(scores: pd.DataFrame, r: dict[str, Any]) -> None:
    result = association.random_intercept(scores["ENG"], scores[COMPETENCIES], scores["team"])
    check_lmer(result, r["lmer_team"])
    assert (result.n, result.n_groups, result.singular) == (800, 81, False)


def test_null_model_matches_lmer(scores: pd.DataFrame, r: dict[str, Any]) -> None:
    result = association.random_intercept(scores["ENG"], None, scores["team"])
    check_lmer(result, r["lmer_null"])
    variances = r["lmer_null"]["variances"]
    close(result.icc1, variances["team"] / (variances["team"] + variances["Residual"]), MIXED)
    assert result.icc1_lower < result.icc1 < result.icc1_upper


def test_nested_intercepts_match_lmer(scores: pd.DataFrame, r: dict[str, Any]) -> None:
    check_lmer(association.random_intercept(scores["ENG"], scores[["C1"]], scores[["team", "sector"]]), r["lmer_two"])


def test_crossed_intercepts_match_lmer(scores: pd.DataFrame, r: dict[str, Any]) -> None:
    groups = scores[["team"]].assign(block=((np.arange(800) + 1) * 7) % 40)
    result = association.random_intercept(scores["ENG"], scores[["C1", "C2"]], groups)
    check_lmer(result, r["lmer_crossed"])


def test_singular_fit_matches_lmer_and_is_named(scores: pd.DataFrame, r: dict[str, Any]) -> None:
    block = (scores["ENG"].rank(method="first").astype(int) % 50).rename("block")
    result = association.random_intercept(scores["ENG"], scores[["C1"]], block)
    check_lmer(result, r["lmer_singular"])
    assert result.singular
    assert result.icc1 == result.icc1_lower == 0
    assert result.notes == ("block: variance between its 50 groups estimated as zero (singular fit)",)
    plain = association.regression(scores["ENG"], scores[["C1"]], "classical")
    close(result.coefficients["standard_error"], plain.coefficients["standard_error"])


def test_random_intercept_matches_statsmodels(scores: pd.DataFrame) -> None:
    from statsmodels.regression.mixed_linear_model import MixedLM

    X = scores[["C1", "C2"]].assign(one=1.0)
    # Powell's search: the default one stops at a variance of .155 with a warning where the maximum is at .103.
    theirs = MixedLM(scores["ENG"], X, scores["team"]).fit(reml=True, method="powell")
    ours = association.random_intercept(scores["ENG"], scores[["C1", "C2"]], scores["team"])
    order = [2, 0, 1]
    close(ours.coefficients["estimate"], theirs.fe_params.to_numpy()[order], 1e-4)
    close(ours.variance_components["variance"], [theirs.cov_re.iloc[0, 0], theirs.scale], 1e-3)  # their search
    close(ours.log_likelihood, theirs.llf, 1e-6)


def test_a_predictor_of_teams_is_tested_on_the_number_of_teams(scores: pd.DataFrame) -> None:
    of_team = scores.groupby("team")["C1"].transform("mean").rename("of_team")
    result = association.random_intercept(scores["ENG"], of_team.to_frame(), scores["team"])
    assert result.coefficients.set_index("term").loc["of_team", "df"] < 81


def test_mixed_model_refusals(scores: pd.DataFrame) -> None:
    y = scores["ENG"]
    with pytest.raises(InputShapeError, match="only one group"):
        association.random_intercept(y, None, pd.Series("one", index=y.index, name="agency"))
    with pytest.raises(InputShapeError, match="no group has two members"):
        association.random_intercept(y, None, scores["id"])
    with pytest.raises(ConstantItemError, match="does not vary"):
        association.random_intercept(y * 0 + 3, None, scores["team"])


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


# Importance of predictors


def test_dominance_matches_all_subsets_in_r(scores: pd.DataFrame, r: dict[str, Any]) -> None:
    result = association.dominance_analysis(scores["ENG"], scores[COMPETENCIES[:5]])
    close(result.table["importance"], r["dominance"]["general"])
    close(result.conditional.to_numpy().T, r["dominance"]["conditional"])


def test_relative_weights_match_r(scores: pd.DataFrame, r: dict[str, Any]) -> None:
    result = association.relative_weights(scores["ENG"], scores[COMPETENCIES])
    close(result.table["importance"], r["relative_weights"])


@pytest.mark.parametrize("method", [association.dominance_analysis, association.relative_weights])
def test_importance_adds_up_to_r_squared(method: Any, scores: pd.DataFrame) -> None:
    expected = association.regression(scores["MEA"], scores[COMPETENCIES]).r_squared
    result = method(scores["MEA"], scores[COMPETENCIES])
    close([result.r_squared, result.table["share"].sum()], [expected, 1])
    assert (result.table["importance"] > 0).all()


def test_uncorrelated_predictors_share_by_their_squared_correlations() -> None:
    x = pd.DataFrame(np.linalg.qr(np.random.default_rng(1).standard_normal((60, 4)) - 0)[0])
    x = pd.DataFrame(np.linalg.qr((x - x.mean()).to_numpy())[0], columns=list("abcd"))
    y = pd.Series(x @ [3, 2, 1, 0.5] + 0.3 * np.random.default_rng(2).standard_normal(60))
    expected = [np.corrcoef(x[name], y)[0, 1] ** 2 for name in x]
    for method in (association.dominance_analysis, association.relative_weights):
        close(method(y, x).table["importance"], expected, 1e-8)


def test_complete_dominance_is_an_order(scores: pd.DataFrame) -> None:
    complete = association.dominance_analysis(scores["ENG"], scores[COMPETENCIES]).complete.to_numpy()
    assert not (complete & complete.T).any()
    general = association.dominance_analysis(scores["ENG"], scores[COMPETENCIES]).table["importance"].to_numpy()
    winners, losers = np.nonzero(complete)
    assert len(winners) > 0
    assert (general[winners] > general[losers]).all()


def test_importance_intervals_are_reproducible_and_may_follow_teams(scores: pd.DataFrame) -> None:
    y, x = scores["ENG"], scores[COMPETENCIES[:3]]
    tables = [association.relative_weights(y, x, n_resamples=60, seed=2).table for _ in range(2)]
    pd.testing.assert_frame_equal(*tables)
    assert (tables[0]["lower"] < tables[0]["importance"]).all() and (tables[0]["importance"] < tables[0]["upper"]).all()
    teams = association.relative_weights(y, x, n_resamples=60, seed=2, clusters=scores["team"]).table
    assert not np.allclose(teams["lower"], tables[0]["lower"])


def test_importance_refusals(scores: pd.DataFrame) -> None:
    with pytest.raises(InputShapeError, match="1 predictors"):
        association.dominance_analysis(scores["ENG"], scores[["C1"]])
    with pytest.raises(InputShapeError, match="numeric predictors"):
        association.relative_weights(scores["ENG"], scores[["C1", "sector"]])
    many = pd.DataFrame(np.random.default_rng(0).standard_normal((800, 16)))
    with pytest.raises(InputShapeError, match="16 predictors"):
        association.dominance_analysis(scores["ENG"], many)


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


# Ordinal regression


def test_ordinal_regression_matches_polr(scores: pd.DataFrame, r: dict[str, Any]) -> None:
    item = pd.read_csv(REFERENCE / "data" / "sim52_full.csv")["SAT_01"]
    result = association.ordinal_regression(item, scores[["C1", "C2", "C3"]])
    expected = matrix(r["polr"]["table"])
    close(result.coefficients[["estimate", "standard_error", "z"]], expected[:3], 1e-5)
    close(result.thresholds["estimate"], expected[3:, 0], 1e-5)
    close(result.log_likelihood, r["polr"]["log_likelihood"], CLOSED_FORM)
    assert result.thresholds["threshold"].tolist() == ["1|2", "2|3", "3|4", "4|5"]


def test_ordinal_regression_flips_with_the_item(scores: pd.DataFrame) -> None:
    item = pd.read_csv(REFERENCE / "data" / "sim52_full.csv")["SAT_01"]
    there = association.ordinal_regression(item, scores[["C1", "sector"]])
    back = association.ordinal_regression(6 - item, scores[["C1", "sector"]])
    close(back.coefficients["estimate"], -there.coefficients["estimate"], 1e-5)
    close(back.likelihood_ratio, there.likelihood_ratio, 1e-8)


def test_ordinal_regression_refusals(scores: pd.DataFrame) -> None:
    from psychometrics.errors import ConvergenceError

    with pytest.raises(InputShapeError, match="2 categories in use"):
        association.ordinal_regression((scores["SAT"] > 3).astype(float), scores[["C1"]])
    item = pd.Series(np.repeat([1.0, 2, 3], 20), name="item")
    with pytest.raises(ConvergenceError, match="separate the categories"):
        association.ordinal_regression(item, pd.DataFrame({"x": item * 2}))


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
    got = _WeightedPair(incomplete["C1"], incomplete["ENG"], method).correlations(weights)
    expected = [
        incomplete.loc[np.repeat(np.arange(60), row.astype(int)), ["C1", "ENG"]].corr(method=method).iloc[0, 1]
        for row in weights
    ]
    close(got, expected)


def test_bootstrap_of_persons_is_near_the_fisher_interval(scores: pd.DataFrame) -> None:
    left, right = scores[["C1", "C2"]], scores[["ENG"]]
    ours = association.bootstrap_correlations(left, right, n_resamples=1000, seed=4).to_frame()
    fisher = association.spearman_matrix(left, right).to_frame()
    close(ours[["rho", "n"]], fisher[["rho", "n"]])
    np.testing.assert_allclose(ours[["lower", "upper"]], fisher[["lower", "upper"]], atol=0.015)
    again = association.bootstrap_correlations(left, right, n_resamples=1000, seed=4).to_frame()
    pd.testing.assert_frame_equal(ours, again)


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


# Multiple imputation


def test_pooling_matches_mice(r: dict[str, Any]) -> None:
    result = association.pool_estimates([0.5, 0.55, 0.48, 0.6, 0.52], [0.01, 0.012, 0.011, 0.009, 0.01], 97)
    expected = r["pool_scalar"]
    close([result.estimate, result.standard_error**2], [expected["qbar"], expected["t"]])
    close([result.df, result.fraction_missing_information], [expected["df"], expected["fmi"]])


def test_imputed_regression_of_complete_data_is_the_regression(scores: pd.DataFrame) -> None:
    ours = association.imputed_regression(scores["ENG"], scores[["C1", "C2"]], n_imputations=2)
    plain = association.regression(scores["ENG"], scores[["C1", "C2"]])
    columns = ["estimate", "standard_error", "standardised"]
    close(ours.coefficients[columns].fillna(0), plain.coefficients[columns].fillna(0))
    assert ours.n == 800


def test_imputation_repairs_what_listwise_deletion_bends() -> None:
    """The outcome goes missing where an auxiliary is high: complete rows underrate its mean, imputed ones do not."""
    generator = np.random.default_rng(47)
    x, noise = generator.standard_normal(1500), generator.standard_normal((2, 1500))
    y = 3 + 0.5 * x + noise[0]
    helper = y + 0.5 * noise[1]
    holed = pd.Series(np.where(helper > 3.5, np.nan, y), name="y")
    predictors, auxiliaries = pd.DataFrame({"x": x}), pd.DataFrame({"helper": helper})
    listwise = association.regression(holed, predictors).coefficients["estimate"]
    imputed = association.imputed_regression(holed, predictors, auxiliaries, n_imputations=10, seed=2).coefficients
    assert abs(listwise[0] - 3) > 0.4 and abs(listwise[1] - 0.5) > 0.15
    assert (np.abs(imputed["estimate"] - [3, 0.5]) < 3 * imputed["standard_error"]).all()
    assert np.abs(imputed["estimate"] - [3, 0.5]).max() < 0.1


def test_imputations_are_reproducible_and_leave_answers_alone(incomplete: pd.DataFrame) -> None:
    first, again = (association.multiple_imputation(incomplete, 2, seed=9) for _ in range(2))
    pd.testing.assert_frame_equal(first[0], again[0])
    known = incomplete.notna()
    pd.testing.assert_frame_equal(first[0].where(known), incomplete.astype(float))
    assert not np.allclose(first[0].to_numpy()[~known], first[1].to_numpy()[~known])


def test_imputation_refusals(incomplete: pd.DataFrame) -> None:
    with pytest.raises(InputShapeError, match="without any value"):
        association.multiple_imputation(incomplete.assign(empty=np.nan))
    with pytest.raises(InputShapeError, match="two or more of each"):
        association.pool_estimates([0.5], [0.01], 10)
