"""Factor models: identities, recovery of a simulated truth, improper solutions and refusals."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from cfa_reference import FIVE, fitted, responses
from draws import correlated_normals
from hypothesis import given, settings
from hypothesis import strategies as st

from psychometrics.errors import (
    CodingError,
    ConstantItemError,
    ModelError,
    SingularMatrixError,
    TooFewPersonsError,
)
from psychometrics.sem import CfaModel, fit_cfa
from psychometrics.sem import _normal as normal
from psychometrics.sem._equal_parameters import Rules, share
from psychometrics.sem._start import GroupStart, starting_values

ESTIMATE = 1e-4
DERIVATIVE = 1e-6
MODELS = {
    "correlated": CfaModel.correlated(FIVE, residual_covariances=[("N1", "N2")]),
    "second_order": CfaModel.second_order(FIVE),
    "bifactor": CfaModel.bifactor(FIVE),
    "single": CfaModel.single([item for items in FIVE.values() for item in items]),
}


def two_factors(n: int, seed: int) -> pd.DataFrame:
    """Six items of two factors that correlate .5, loadings .7, five categories."""
    generator = np.random.default_rng(seed)
    factors = correlated_normals(generator, [[1.0, 0.5], [0.5, 1.0]], n)
    latent = 0.7 * factors[:, [0, 0, 0, 1, 1, 1]] + np.sqrt(0.51) * generator.standard_normal((n, 6))
    return pd.DataFrame(np.digitize(latent, [-1.5, -0.5, 0.5, 1.3]) + 1, columns=list("abcdef"))


PAIR = CfaModel.correlated({"one": list("abc"), "two": list("def")})


@pytest.mark.parametrize("form", MODELS)
def test_gradient_and_hessian_match_central_differences(form: str) -> None:
    model = MODELS[form]
    data = normal.NormalData.of(responses("bfi")[list(model.items)].head(300).to_numpy(float))
    sharing = share(Rules(model, "continuous", several=False, means=True), [], 1)
    layout = sharing.layout
    mean, _ = normal.own_moments(data)
    sample = responses("bfi")[list(model.items)].head(300).cov().to_numpy()
    generator = np.random.default_rng(1)
    start = GroupStart(sample, mean, np.zeros(0))
    near = sharing.cells(starting_values(model, sharing, [start], np.ones(1), theta=False), 0)
    point = near * (1.0 + 0.05 * generator.standard_normal(layout.size))

    def value_and_gradient(values: np.ndarray) -> tuple[float, np.ndarray]:
        structure = layout.at(values)
        expected = normal.expect(data, structure.intercepts, structure.covariance)
        return expected.value, normal.gradient(normal.Directions.of(structure), expected)

    step = 1e-5 * np.eye(layout.size)
    above = [value_and_gradient(point + row) for row in step]
    below = [value_and_gradient(point - row) for row in step]
    slope = np.array([up[0] - down[0] for up, down in zip(above, below, strict=True)]) / 2e-5
    bend = np.array([up[1] - down[1] for up, down in zip(above, below, strict=True)]) / 2e-5
    structure = layout.at(point)
    expected = normal.expect(data, structure.intercepts, structure.covariance)
    directions = normal.Directions.of(structure)
    np.testing.assert_allclose(normal.gradient(directions, expected), slope, atol=DERIVATIVE)
    np.testing.assert_allclose(normal.hessian(structure, directions, expected, data), bend, atol=1e-5)
    scores = normal.casewise_scores(directions, expected, data)
    np.testing.assert_allclose(-scores.mean(axis=0), normal.gradient(directions, expected), atol=1e-10)


def test_full_information_equals_maximum_likelihood_on_complete_data() -> None:
    complete = responses("bfi").dropna().head(600)
    plain = fit_cfa(MODELS["correlated"], complete, "MLR")
    full = fit_cfa(MODELS["correlated"], complete, "MLR", missing="fiml")
    rows = plain.parameters["kind"] != "intercept"
    shared = full.parameters[full.parameters["kind"] != "intercept"].reset_index(drop=True)
    for column in ("estimate", "standard_error", "standardised"):
        np.testing.assert_allclose(shared[column], plain.parameters.loc[rows, column], atol=1e-6)
    assert full.fit.chi_square == pytest.approx(plain.fit.chi_square, rel=1e-7)
    assert full.fit.cfi == pytest.approx(plain.fit.cfi, abs=1e-7)
    assert full.fit.chi_square_scaled == pytest.approx(plain.fit.chi_square_scaled, rel=1e-5)


@pytest.mark.parametrize("estimator", ["ML", "MLR", "WLSMV", "ULSMV"])
def test_unit_of_the_factors_does_not_change_fit_or_standardised_solution(estimator: Any) -> None:
    marker = fit_cfa(CfaModel.correlated(FIVE), responses("bfi"), estimator)
    variance = fit_cfa(CfaModel.correlated(FIVE, scale="variance"), responses("bfi"), estimator)
    assert variance.fit.chi_square == pytest.approx(marker.fit.chi_square, rel=1e-7)
    for column in ("standardised", "standardised_error"):
        np.testing.assert_allclose(variance.loadings[column], marker.loadings[column], atol=1e-5)
    np.testing.assert_allclose(variance.factor_correlations, marker.factor_correlations, atol=1e-5)


def test_rescaling_continuous_items_changes_nothing_standardised() -> None:
    items = responses("bfi").dropna()
    plain = fit_cfa(MODELS["correlated"], items, "MLR")
    scaled = fit_cfa(MODELS["correlated"], items * np.linspace(0.5, 3.0, 25) + 7.0, "MLR")
    assert scaled.fit.chi_square_scaled == pytest.approx(plain.fit.chi_square_scaled, rel=1e-6)
    np.testing.assert_allclose(scaled.loadings["standardised"], plain.loadings["standardised"], atol=1e-5)


def test_reversing_an_ordinal_item_turns_its_loading_and_nothing_else() -> None:
    items = responses("bfi").dropna().head(800)
    plain = fit_cfa(CfaModel.correlated(FIVE), items)
    turned = fit_cfa(CfaModel.correlated(FIVE), items.assign(A3=7 - items["A3"]))
    sign = np.where(plain.loadings["item"] == "A3", -1.0, 1.0)
    np.testing.assert_allclose(turned.loadings["estimate"], sign * plain.loadings["estimate"], atol=1e-6)
    assert turned.fit.chi_square_scaled == pytest.approx(plain.fit.chi_square_scaled, rel=1e-6)


def test_second_order_model_of_three_factors_fits_as_the_correlated_one() -> None:
    three = {name: FIVE[name] for name in ("Af", "Cf", "Ef")}
    correlated = fit_cfa(CfaModel.correlated(three), responses("bfi"))
    second = fit_cfa(CfaModel.second_order(three), responses("bfi"))
    assert second.fit.df == correlated.fit.df
    assert second.fit.chi_square == pytest.approx(correlated.fit.chi_square, rel=1e-6)
    np.testing.assert_allclose(second.factor_correlations.iloc[:3, :3], correlated.factor_correlations, atol=1e-5)


@settings(max_examples=8, deadline=None)
@given(st.permutations(list("abcdef")))
def test_order_of_columns_does_not_matter(order: list[str]) -> None:
    items = two_factors(250, 3)
    plain, moved = fit_cfa(PAIR, items), fit_cfa(PAIR, items[order])
    pd.testing.assert_frame_equal(plain.parameters, moved.parameters)


@pytest.mark.parametrize(("estimator", "missing"), [("WLSMV", "listwise"), ("MLR", "fiml"), ("ULSMV", "pairwise")])
def test_estimator_recovers_the_simulated_truth(estimator: Any, missing: Any) -> None:
    items = two_factors(4000, 11).astype(float)
    if missing != "listwise":
        items = items.mask(np.random.default_rng(2).random(items.shape) < 0.1)
    result = fit_cfa(PAIR, items, estimator, missing)
    # MLR on five categories attenuates the latent .7 a little (Rhemtulla et al. 2012).
    loss = 0.05 if estimator == "MLR" else 0.0
    error = result.loadings["standardised_error"].to_numpy()
    assert np.all(np.abs(result.loadings["standardised"] - 0.7 + loss) < 4 * error + 0.02 * (loss > 0))
    row = result.parameters.query("kind == 'factor covariance'").iloc[0]
    assert abs(row["standardised"] - 0.5) < 4 * row["standardised_error"]
    assert result.proper and result.fit.p_value_scaled > 0.001 and result.fit.cfi_robust > 0.99


def test_scaled_test_keeps_its_level() -> None:
    # 100 samples: rejections at 5 % are binomial (99.9 % limit 13); the mean of a chi-square on 8 df has error .4.
    fits = [fit_cfa(PAIR, two_factors(250, seed)).fit for seed in range(100)]
    assert sum(fit.p_value_scaled < 0.05 for fit in fits) <= 13
    assert np.mean([fit.chi_square_scaled for fit in fits]) == pytest.approx(8.0, abs=4 * 0.4)


def test_comparative_fit_stays_between_zero_and_one() -> None:
    generator = np.random.default_rng(5)
    noise = pd.DataFrame(generator.integers(1, 6, size=(300, 6)), columns=list("abcdef"))
    for estimator in ("ML", "MLR", "WLSMV", "ULSMV"):
        fit = fit_cfa(CfaModel.single(list("abcdef")), noise, estimator).fit
        for value in (fit.cfi, fit.cfi_scaled, fit.cfi_robust):
            assert np.isnan(value) or 0.0 <= value <= 1.0


@pytest.mark.parametrize("estimator", ["ML", "WLSMV"])
def test_modification_index_is_the_fall_in_chi_square_where_the_model_fits(estimator: Any) -> None:
    items = two_factors(2000, 6)
    before = fit_cfa(PAIR, items, estimator)
    for row in before.modification_indices().query("kind == 'residual covariance'").head(4).itertuples():
        freed = CfaModel.correlated(dict(PAIR.factors), residual_covariances=[(row.left, row.right)])
        after = fit_cfa(freed, items, estimator)
        assert row.modification_index == pytest.approx(before.fit.chi_square - after.fit.chi_square, rel=0.1)
        changed = after.parameters.query("kind == 'residual covariance'")["estimate"].item()
        assert row.expected_change == pytest.approx(changed, rel=0.1)


def test_improper_solution_is_named() -> None:
    generator = np.random.default_rng(4)
    base = generator.standard_normal(200)
    items = pd.DataFrame(
        {
            "a": base + 0.05 * generator.standard_normal(200),
            "b": base + 0.4 * generator.standard_normal(200),
            "c": 0.2 * base + generator.standard_normal(200),
            "d": 0.3 * base + generator.standard_normal(200),
        }
    )
    items["c"] += 0.6 * items["a"] - 0.6 * items["b"]
    result = fit_cfa(CfaModel.single(list("abcd")), items, "ML")
    assert not result.proper
    assert any("negative residual variance" in problem for problem in result.problems)


def test_correlation_beyond_one_is_named() -> None:
    generator = np.random.default_rng(12)
    base = generator.standard_normal((150, 1))
    latent = 0.6 * base + 0.8 * generator.standard_normal((150, 6))
    items = pd.DataFrame(np.digitize(latent, [-0.7, 0.2, 1.0]), columns=list("adbecf"))
    result = fit_cfa(PAIR, items)
    beyond = abs(result.factor_correlations.loc["one", "two"]) > 1
    assert beyond == any("beyond one" in problem for problem in result.problems)
    assert beyond


def test_unidentified_model_says_that_errors_are_not_available() -> None:
    apart = CfaModel.correlated({"one": ["a", "b"], "two": list("def")}, orthogonal=True)
    result = fit_cfa(apart, two_factors(400, 1), "ML")
    assert any("information matrix is singular" in problem for problem in result.problems)
    assert result.loadings["standard_error"].isna().all()
    assert result.modification_indices()["modification_index"].isna().any()


def test_just_identified_model_has_no_degrees_of_freedom_and_fits_perfectly() -> None:
    items = two_factors(300, 8)
    for estimator in ("ML", "MLR", "WLSMV"):
        fit = fit_cfa(CfaModel.single(list("abc")), items, estimator).fit
        assert fit.df == 0
        assert fit.chi_square == pytest.approx(0.0, abs=1e-6)
        assert (fit.cfi, fit.tli, fit.rmsea) == (1.0, 1.0, 0.0)
        assert np.isnan(fit.p_value)


def test_scores_of_an_improper_solution_are_refused() -> None:
    generator = np.random.default_rng(34)
    base = generator.standard_normal((200, 3))
    whitened = (base - base.mean(axis=0)) @ np.linalg.inv(np.linalg.cholesky(np.cov(base.T, bias=True))).T
    target = np.linalg.cholesky(np.array([[1.0, 0.6, 0.1], [0.6, 1.0, 0.6], [0.1, 0.6, 1.0]]))
    items = pd.DataFrame(whitened @ target.T, columns=list("abc"))
    result = fit_cfa(CfaModel.single(list("abc")), items, "ML")
    assert any("b has a negative residual variance" in problem for problem in result.problems)
    with pytest.raises(ModelError, match="positive residual variances; b"):
        result.factor_scores(items)


def test_result_tables_have_the_promised_shape() -> None:
    result = fitted("bfi.second_order.WLSMV")
    assert list(result.loadings.columns[:2]) == ["factor", "item"]
    assert len(result.loadings) == 25 and len(result.second_order_loadings) == 5
    assert len(result.thresholds) == 125
    assert result.loading_matrix().shape == (25, 6)
    np.testing.assert_allclose(
        result.loading_matrix().to_numpy().sum(), result.loadings["standardised"].sum(), atol=1e-10
    )
    frame = result.fit.to_frame().set_index("measure")["value"]
    assert frame["cfi_robust"] == result.fit.cfi_robust
    assert len(result.to_frame()) == len(result.parameters)


@pytest.mark.parametrize(
    ("build", "says"),
    [
        (lambda: CfaModel.correlated({"one": ["a"]}), "Factor one has 1 item; it is not identified"),
        (lambda: CfaModel.correlated({"one": ["a", "a", "b"]}), "lists a more than once"),
        (lambda: CfaModel.correlated({}), "no factor"),
        (lambda: CfaModel.correlated({"a": ["a", "b"]}), "names both a factor and an item"),
        (lambda: CfaModel.second_order({"x": ["a", "b"], "y": ["c", "d"]}), "three factors at least"),
        (lambda: CfaModel.bifactor({"g": ["a", "b"], "y": ["c", "d"]}), "Factor names repeat"),
        (lambda: CfaModel.single(list("abc"), residual_covariances=[("a", "z")]), "residual covariance a with z"),
    ],
)
def test_malformed_model_is_refused(build: Any, says: str) -> None:
    with pytest.raises(ModelError, match=says):
        build()


@pytest.mark.parametrize(
    ("change", "options", "error", "says"),
    [
        (lambda x: x.rename(columns={"a": "aa"}), {}, ModelError, "no item a .did you mean aa"),
        (lambda x: x.assign(a=3), {}, ConstantItemError, "a"),
        (lambda x: x.assign(a=3.0), {"estimator": "ML"}, ConstantItemError, "constant items: a"),
        (lambda x: x.assign(a="often"), {"estimator": "ML"}, CodingError, "item a holds values that are not numbers"),
        (lambda x: x.assign(a=x["a"] / 2), {}, CodingError, "no whole numbers: a"),
        (lambda x: x.assign(a=np.inf), {"estimator": "ML"}, CodingError, "infinite"),
        (lambda x: x.head(6), {}, TooFewPersonsError, "6 persons for 6 items"),
        (lambda x: x.head(5), {"estimator": "MLR", "missing": "fiml"}, TooFewPersonsError, "5 persons for 6 items"),
        (lambda x: x.assign(a=x["b"] + x["c"]), {"estimator": "ML"}, SingularMatrixError, "a, b, c are linearly"),
        (lambda x: x.assign(a=x["b"]), {}, SingularMatrixError, "correlation of a with b is at its limit"),
        (lambda x: x, {"estimator": "PML"}, ModelError, "use one of WLSMV, ULSMV, ML, MLR"),
        (lambda x: x, {"missing": "fiml"}, ModelError, "WLSMV takes missing='listwise' or 'pairwise'"),
        (lambda x: x, {"estimator": "ML", "missing": "pairwise"}, ModelError, "'listwise' or 'fiml'"),
        (lambda x: x, {"group": "sector"}, ModelError, "no column 'sector'"),
    ],
)
def test_bad_request_is_refused_by_name(change: Any, options: Any, error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        fit_cfa(PAIR, change(two_factors(100, 1)), **options)


def test_too_many_parameters_are_refused() -> None:
    with pytest.raises(ModelError, match="not identified"):
        fit_cfa(CfaModel.single(["a", "b"]), two_factors(100, 1), "ML")
