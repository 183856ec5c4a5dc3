"""One engine: groups, forms and estimators together, and what a solution that means nothing says."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from test_sem_clusters import MODEL, teams
from test_sem_reference import FIVE, TWO, bfi

from psychometrics.errors import ModelError, TooFewPersonsError
from psychometrics.sem import CfaModel, difference_test, fit_cfa
from psychometrics.sem.fitting import fit_counted

FORMS = {
    "correlated": CfaModel.correlated(TWO),
    "single": CfaModel.single(FIVE["Nf"]),
    "second_order": CfaModel.second_order({name: FIVE[name] for name in ("Nf", "Ef", "Cf")}),
    "bifactor": CfaModel.bifactor({name: FIVE[name] for name in ("Nf", "Ef", "Cf")}),
}


@pytest.mark.parametrize("estimator", ["WLSMV", "ULSMV", "ML", "MLR"])
@pytest.mark.parametrize("form", FORMS)
def test_identity_of_groups_without_equalities_with_each_group_alone(form: str, estimator: Any) -> None:
    model = FORMS[form]
    together = fit_cfa(model, bfi(), estimator, group="gender")
    alone = {group: fit_cfa(model, rows, estimator) for group, rows in bfi().groupby("gender")}
    parts = [part.fit for part in alone.values()]
    assert together.converged
    assert together.fit.df == sum(part.df for part in parts)
    assert together.fit.chi_square == pytest.approx(sum(part.chi_square for part in parts), rel=1e-5)
    for group, part in alone.items():
        own = together.loadings.query("group == @group")
        np.testing.assert_allclose(own["standardised"], part.loadings["standardised"], atol=2e-4)
        np.testing.assert_allclose(together.residuals.loc[group], part.residuals, atol=2e-4)
        np.testing.assert_allclose(together.loading_matrix().loc[group], part.loading_matrix(), atol=2e-4)
        np.testing.assert_allclose(own["standardised_error"], part.loadings["standardised_error"], rtol=5e-3, atol=1e-4)


@pytest.mark.parametrize("estimator", ["WLSMV", "ULSMV"])
def test_identity_of_both_parameterisations(estimator: Any) -> None:
    delta, theta = (
        fit_cfa(FORMS["correlated"], bfi(), estimator, parameterization=which)  # type: ignore[arg-type]
        for which in ("delta", "theta")
    )
    assert theta.fit.chi_square_scaled == pytest.approx(delta.fit.chi_square_scaled, rel=1e-5)
    assert theta.fit.n_parameters == delta.fit.n_parameters
    for column in ("standardised", "standardised_error"):
        np.testing.assert_allclose(theta.loadings[column], delta.loadings[column], atol=1e-4)
    unit = CfaModel.correlated(TWO, scale="variance")
    scores = [
        fit_cfa(unit, bfi(), estimator, parameterization=which).factor_scores(bfi().head(50))  # type: ignore[arg-type]
        for which in ("delta", "theta")
    ]
    np.testing.assert_allclose(*scores, atol=1e-4)
    each = fit_cfa(FORMS["correlated"], bfi(), estimator, group="gender", parameterization="delta")
    rows = fit_cfa(FORMS["correlated"], bfi(), estimator, group="gender")
    assert each.fit.chi_square_scaled == pytest.approx(rows.fit.chi_square_scaled, rel=1e-5)
    assert each.fit.cfi_robust == pytest.approx(rows.fit.cfi_robust, abs=1e-5)


@pytest.mark.parametrize("estimator", ["WLSMV", "ULSMV", "ML", "MLR"])
def test_second_order_models_take_equalities_level_by_level(estimator: Any) -> None:
    model = FORMS["second_order"]
    first: list[Any] = ["thresholds"] if estimator.endswith("LSMV") else []
    levels = [[], [*first], [*first, "loadings"], [*first, "loadings", "regressions"]]
    levels.append([*levels[-1], "intercepts"])
    fits = [fit_cfa(model, bfi(), estimator, group="gender", equal=equal) for equal in levels]
    assert all(fit.converged for fit in fits)
    # Fifteen loadings for three variances, three second-order loadings for one.
    assert fits[2].fit.df - fits[1].fit.df == 15 - 3
    assert fits[3].fit.df - fits[2].fit.df == 3 - 1
    assert fits[4].fit.df - fits[3].fit.df == 15 - 3
    test = difference_test(fits[2], fits[3])
    assert 0.0 <= test.p_value <= 1.0
    tests = fits[3].release_tests("regressions")
    assert set(tests["item"]) == {"Nf", "Ef", "Cf"}
    means = fits[4].factor_means.query("factor == 'g'")
    assert (means["mean"] == 0).all()


def test_columns_may_have_names_that_are_no_text() -> None:
    sample = teams(1)
    plain = fit_cfa(MODEL, sample)
    numbered = sample.set_axis([0, 1, 2, 3, 4, 5, ("a", "team")], axis=1)
    found = fit_cfa(CfaModel.single(list(range(6))), numbered, cluster=("a", "team"))  # type: ignore[arg-type]
    np.testing.assert_allclose(found.loadings["estimate"], plain.loadings["estimate"], atol=1e-8)
    assert found.factor_scores(numbered).shape == (len(sample), 1)
    in_groups = fit_cfa(MODEL, sample.assign(**{"part": sample["team"] % 2}), "ML", group="part")
    assert in_groups.groups == ("0", "1")


# Solutions that mean nothing


def uncorrelated(n: int = 200, p: int = 4) -> pd.DataFrame:
    raw = np.random.default_rng(1).standard_normal((n, p))
    exact = np.linalg.qr(raw - raw.mean(axis=0))[0] * np.sqrt(n)
    return pd.DataFrame(exact, columns=list("abcdef")[:p])


@pytest.mark.parametrize("estimator", ["ML", "MLR"])
@pytest.mark.parametrize("scale", ["marker", "variance"])
def test_one_factor_of_uncorrelated_items_is_not_identified(estimator: Any, scale: Any) -> None:
    result = fit_cfa(CfaModel.single(list("abcd"), scale=scale), uncorrelated(), estimator)
    assert not result.proper
    assert any(text.startswith("Not identified:") for text in result.problems)
    for column in ("standard_error", "lower", "standardised_error", "standardised_upper"):
        assert result.loadings[column].isna().all()


def test_one_factor_of_uncorrelated_ordered_items_is_not_identified() -> None:
    grid = np.array(np.meshgrid(*[[1, 2, 3]] * 4)).reshape(4, -1).T
    items = pd.DataFrame(np.repeat(grid, 4, axis=0), columns=list("abcd"))
    result = fit_cfa(CfaModel.single(list("abcd")), items)
    assert any(text.startswith("Not identified:") for text in result.problems)
    assert result.loadings["standardised_error"].isna().all()


@pytest.mark.parametrize("group", [None, "part"])
def test_items_that_nobody_answered_together_are_named(group: Any) -> None:
    items = pd.DataFrame(np.random.default_rng(1).standard_normal((200, 4)), columns=list("abcd"))
    items.loc[:99, "a"] = np.nan
    items.loc[100:, "b"] = np.nan
    items["part"] = np.arange(200) % 2
    for estimator in ("ML", "MLR"):
        with pytest.raises(TooFewPersonsError, match="answered both a and b"):
            fit_cfa(CfaModel.single(list("abcd")), items, estimator, "fiml", group)  # type: ignore[arg-type]


def test_pairwise_correlations_say_that_they_assume_missing_completely_at_random() -> None:
    items = teams(1).drop(columns="team").astype(float)
    gaps = items.mask(np.random.default_rng(2).random(items.shape) < 0.1)
    assert any("missing completely at random" in note for note in fit_cfa(MODEL, gaps, "WLSMV", "pairwise").notes)
    assert not fit_cfa(MODEL, items, "WLSMV", "pairwise").notes


def test_corrected_tables_are_noted() -> None:
    draw = np.random.default_rng(5)
    trait = draw.standard_normal((90, 1))
    latent = 0.8 * trait + 0.6 * draw.standard_normal((90, 4))
    items = pd.DataFrame((latent > [-1.6, 1.4, 0.0, 0.2]).astype(int), columns=list("abcd"))
    assert (pd.crosstab(items["a"], items["b"]).to_numpy() == 0).sum() == 1
    result = fit_cfa(CfaModel.single(list("abcd")), items)
    assert any("half a person was moved" in note for note in result.notes)
    mixed = items.assign(c=np.digitize(latent[:, 2], [-0.5, 0.5]))
    assert any("half a person was moved" in note for note in fit_cfa(CfaModel.single(list("abcd")), mixed).notes)


def test_release_tests_refuse_what_is_not_equal() -> None:
    result = fit_cfa(MODEL, teams(1), "ML", group=teams(1)["team"] % 2, equal=["loadings"])
    with pytest.raises(ModelError, match="'intercepts' is not among the equal parameters: loadings"):
        result.release_tests("intercepts")


@pytest.mark.parametrize("missing", ["listwise", "pairwise"])
@pytest.mark.parametrize("n", [70, 900])
def test_identity_of_counted_rows_with_persons(missing: Any, n: int) -> None:
    # 70 persons give fewer different rows than moments, 900 more; some answers and one whole person are missing.
    random = np.random.default_rng(n)
    latent = random.normal(size=(n, 1)) + random.normal(size=(n, 4))
    answers = pd.DataFrame(np.digitize(latent, [-1.0, 0.8]).astype(float), columns=list("abcd"))
    answers = answers.mask(random.random(answers.shape) < 0.05)
    answers.iloc[3] = np.nan
    rows = answers.value_counts(dropna=False)
    model = CfaModel.single(list("abcd"))
    each = fit_cfa(model, answers, "WLSMV", missing)
    counted = fit_counted(model, rows.index.to_frame(index=False), rows.to_numpy().astype(float), missing)
    assert counted.n_used == each.n_used < n
    assert len(rows) < n
    pd.testing.assert_frame_equal(counted.loadings, each.loadings, rtol=1e-8)
    pd.testing.assert_series_equal(counted.threshold_estimates, each.threshold_estimates, rtol=1e-8)
    assert counted.fit.chi_square_scaled == pytest.approx(each.fit.chi_square_scaled, rel=1e-7)
