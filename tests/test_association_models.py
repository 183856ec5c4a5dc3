"""Models of association against R (sandwich, lmtest, lme4, lmerTest, psych), identities and refusals."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest
from association_data import (
    CLOSED_FORM,
    COMPETENCIES,
    REFERENCE,
    close,
    incomplete_scores,
    matrix,
    reference_values,
    simulated_scores,
)

from psychometrics import association
from psychometrics.errors import (
    ConstantItemError,
    ConvergenceError,
    InputShapeError,
    PsychometricsError,
    SingularMatrixError,
    TooFewPersonsError,
)

MIXED = 1e-6  # mixed models are held to 1e-4; lme4 with bobyqa at rhoend 1e-10 leaves about 1e-8
FREEDOM = 1e-4  # relative; Satterthwaite's degrees of freedom rest on numerical second derivatives on both sides


@pytest.fixture(scope="module")
def r() -> dict[str, Any]:
    return reference_values()


@pytest.fixture(scope="module")
def scores() -> pd.DataFrame:
    return simulated_scores()


@pytest.fixture(scope="module")
def incomplete(scores: pd.DataFrame) -> pd.DataFrame:
    return incomplete_scores(scores)


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
    with pytest.raises(TooFewPersonsError, match="two clusters"):
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


@pytest.mark.parametrize("nested", [False, True])
def test_dominance_of_resamples_is_that_of_the_drawn_rows(scores: pd.DataFrame, nested: bool) -> None:
    """Sums of products by unit give what the analysis of the repeated rows gives."""
    from psychometrics.resampling import bootstrap_interval

    names = COMPETENCIES[:3]
    teams = pd.Series(np.arange(len(scores)) // 5, scores.index) if nested else None
    found = association.dominance_analysis(scores["ENG"], scores[names], 40, 3, clusters=teams).table

    def again(sample: pd.DataFrame) -> pd.Series:
        return association.dominance_analysis(sample["ENG"], sample[names]).table.set_index("predictor")["importance"]

    drawn = bootstrap_interval(again, scores[[*names, "ENG"]], 40, 3, clusters=teams)
    close(found[["lower", "upper"]], np.column_stack([drawn.lower, drawn.upper]))


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


# Ordinal regression


def test_ordinal_regression_matches_polr(scores: pd.DataFrame, r: dict[str, Any]) -> None:
    item = pd.read_csv(REFERENCE / "data" / "sim52_full.csv")["SAT_01"]
    result = association.ordinal_regression(item, scores[["C1", "C2", "C3"]])
    expected = matrix(r["polr"]["table"])
    close(result.coefficients[["estimate", "standard_error", "z"]], expected[:3], 1e-5)
    close(result.thresholds["estimate"], expected[3:, 0], 1e-5)
    close(result.log_likelihood, r["polr"]["log_likelihood"], CLOSED_FORM)
    assert result.thresholds["threshold"].tolist() == ["1|2", "2|3", "3|4", "4|5"]


def test_ordinal_regression_with_clusters_matches_the_sandwich_of_polr(scores: pd.DataFrame, r: dict[str, Any]) -> None:
    full, expected = pd.read_csv(REFERENCE / "data" / "sim52_full.csv"), r["polr_teams"]
    result = association.ordinal_regression(full["SAT_01"], scores[["C1", "C2", "C3"]], clusters=full["team"])
    close(result.coefficients["standard_error"], expected["error"], 1e-5)
    close(result.coefficients["p"], expected["p"], 1e-4)
    close(np.log(result.p), np.log(expected["together"]), 1e-4)
    with pytest.raises(InputShapeError, match="3 clusters are too few for 3 predictors"):
        association.ordinal_regression(full["SAT_01"], scores[["C1", "C2", "C3"]], clusters=full["sector"])


def test_ordinal_regression_flips_with_the_item(scores: pd.DataFrame) -> None:
    item = pd.read_csv(REFERENCE / "data" / "sim52_full.csv")["SAT_01"]
    there = association.ordinal_regression(item, scores[["C1", "sector"]])
    back = association.ordinal_regression(6 - item, scores[["C1", "sector"]])
    close(back.coefficients["estimate"], -there.coefficients["estimate"], 1e-5)
    close(back.likelihood_ratio, there.likelihood_ratio, 1e-8)


def test_a_predictor_that_separates_one_person_has_no_coefficient() -> None:
    # The search stops at a finite coefficient whose error has no bound; which one differs by processor.
    apart = pd.DataFrame({"x": [5.0, 1, 1, 1, 1, 1, 1]})
    with pytest.raises(ConvergenceError, match="separate"):
        association.ordinal_regression(pd.Series([5.0, 2, 1, 2, 2, 4, 4], name="item"), apart)


def test_ordinal_regression_refusals(scores: pd.DataFrame) -> None:
    with pytest.raises(InputShapeError, match="2 categories in use"):
        association.ordinal_regression((scores["SAT"] > 3).astype(float), scores[["C1"]])
    item = pd.Series(np.repeat([1.0, 2, 3], 20), name="item")
    with pytest.raises(ConvergenceError, match="separate the categories"):
        association.ordinal_regression(item, pd.DataFrame({"x": item * 2}))


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
    for result in (ours, plain):
        close(np.diag(result.coefficient_covariance), result.coefficients["standard_error"] ** 2)
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


@pytest.mark.parametrize(("rows", "doubled"), [(60, False), (60, True), (7, False)])
def test_imputations_are_those_of_chained_bayesian_ridges(incomplete: pd.DataFrame, rows: int, doubled: bool) -> None:
    """Sums of products, kept up to date, give what passes through all rows give; also with columns that repeat."""
    from sklearn.experimental import enable_iterative_imputer  # noqa: F401
    from sklearn.impute import IterativeImputer

    table = incomplete.iloc[:rows, :6]
    table = table.loc[:, table.notna().any()]
    if doubled:
        table = table.assign(again=table.iloc[:, 0] * 2)
    state = int(np.random.SeedSequence(4).generate_state(2)[0])
    imputer = IterativeImputer(sample_posterior=True, max_iter=4, random_state=state)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = imputer.fit_transform(table.to_numpy())
    got = association.multiple_imputation(table, 2, 4, seed=4)[0]
    np.testing.assert_allclose(got, expected, rtol=1e-6)


def test_imputation_refusals(incomplete: pd.DataFrame) -> None:
    with pytest.raises(InputShapeError, match="without any value"):
        association.multiple_imputation(incomplete.assign(empty=np.nan))
    with pytest.raises(InputShapeError, match="two or more of each"):
        association.pool_estimates([0.5], [0.01], 10)
