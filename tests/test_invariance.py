"""Measurement invariance: what must hold by definition, and what is reported."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from test_invariance_recovery import CUTS, ITEMS, MODEL, SCALAR, answers, two_groups
from test_invariance_reference import E, N, bfi, case, sim, sim_factors

from psychometrics.sem import (
    CfaModel,
    CfaResult,
    Cutoffs,
    MeasurementInvariance,
    difference_test,
    fit_cfa,
    measurement_invariance,
    merge_categories,
)
from psychometrics.sem._solve import Solution, minimise

ITERATIVE = 1e-4
LEVELS = ["configural", "thresholds", "metric", "scalar", "strict"]
ESTIMATORS: list[Any] = ["WLSMV", "ML", "MLR"]
TWO = CfaModel.correlated({"N": N, "E": E})


def fits(data: pd.DataFrame, groups: pd.Series, estimator: Any, **options: Any) -> list[CfaResult]:
    """Every level up to strict."""
    kinds = ["thresholds"] * (estimator == "WLSMV") + ["loadings", "intercepts", "residuals"]
    return [
        fit_cfa(MODEL, data, estimator, **options, group=groups, equal=kinds[:k])  # type: ignore[arg-type]
        for k in range(len(kinds) + 1)
    ]


# Identities


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_configural_chi_square_is_the_sum_over_the_groups(estimator: Any) -> None:
    together = fit_cfa(TWO, bfi(), estimator, group=bfi()["gender"]).fit
    alone = [fit_cfa(TWO, bfi()[bfi()["gender"] == group], estimator).fit for group in "12"]
    assert together.chi_square == pytest.approx(sum(fit.chi_square for fit in alone), rel=1e-6)
    assert together.df == sum(fit.df for fit in alone)
    assert together.baseline_chi_square == pytest.approx(sum(fit.baseline_chi_square for fit in alone), rel=1e-6)


def test_bifactor_chi_square_is_the_sum_over_the_groups() -> None:
    names = sim_factors()["C1"][:4] + sim_factors()["C2"][:4]
    model = CfaModel.bifactor({"one": names[:4], "two": names[4:]})
    kept = sim()[sim()["sector"] != "voluntary"]
    together = fit_cfa(model, kept, "ML", group=kept["sector"])
    alone = [fit_cfa(model, rows, "ML").fit for _, rows in kept.groupby("sector")]
    assert together.fit.chi_square == pytest.approx(sum(fit.chi_square for fit in alone), rel=1e-6)
    metric = fit_cfa(model, kept, "ML", group=kept["sector"], equal=["loadings"])
    # Sixteen loadings are equal; the other group's three factor variances are free in return.
    assert metric.fit.df - together.fit.df == 16 - 3


def test_robust_discrepancy_of_ordered_items_is_the_sum_over_the_groups() -> None:
    together = fit_cfa(TWO, bfi(), group=bfi()["gender"]).fit
    excess = worst = 0.0
    for group in "12":
        alone = fit_cfa(TWO, bfi()[bfi()["gender"] == group])
        part = alone.fit.rmsea_robust**2 * alone.fit.df * (alone.n_used - 1)
        excess += part
        worst += part / (1.0 - alone.fit.cfi_robust)
    assert together.cfi_robust == pytest.approx(1.0 - excess / worst, abs=1e-6)


def test_robust_discrepancy_of_a_complete_group_beside_an_incomplete_one_is_the_sum() -> None:
    first, second = (bfi()[bfi()["gender"] == group] for group in "12")
    mixed = pd.concat([first.dropna(subset=N + E), second])
    together = fit_cfa(TWO, mixed, "MLR", "fiml", group=mixed["gender"]).fit
    alone = [fit_cfa(TWO, rows, "MLR", "fiml") for rows in (first.dropna(subset=N + E), second)]
    excess = [part.fit.rmsea_robust**2 * part.fit.df * part.n_used for part in alone]
    worst = [part / (1.0 - own.fit.cfi_robust) for part, own in zip(excess, alone, strict=True)]
    # Alone, the complete group's correction comes from the observed information, beside the other from the expected.
    assert together.cfi_robust == pytest.approx(1.0 - sum(excess) / sum(worst), abs=1e-3)


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_fit_does_not_depend_on_reference_order_of_rows_or_labels(estimator: Any) -> None:
    data, groups = two_groups(seed=3, n=260, mean=0.3, size=180)
    mixed = data.sample(frac=1.0, random_state=4)
    others = [
        fits(data, groups, estimator, reference="b"),
        fits(mixed, groups.loc[mixed.index], estimator),
        fits(data, groups.map({"a": 7, "b": 3}), estimator),
        fits(data, groups.astype("category"), estimator),
    ]
    for level, first in enumerate(fits(data, groups, estimator)):
        for other in others:
            assert other[level].fit.chi_square == pytest.approx(first.fit.chi_square, rel=1e-6)
            assert other[level].fit.cfi_scaled == pytest.approx(first.fit.cfi_scaled, abs=1e-6, nan_ok=True)
            assert other[level].fit.n_parameters == first.fit.n_parameters


def test_the_reference_group_is_the_largest_unless_given() -> None:
    data, groups = two_groups(seed=3, n=180, mean=0.3, size=260)
    largest, given = (fit_cfa(MODEL, data, group=groups, equal=SCALAR, reference=name) for name in (None, "a"))
    assert (largest.groups, given.groups) == (("b", "a"), ("a", "b"))
    assert largest.group_sizes.to_dict() == {"b": 260, "a": 180}
    for model in (largest, given):
        first = model.factor_means.iloc[0]
        assert (first["group"], first["mean"], first["standard_error"]) == (model.groups[0], 0.0, 0.0)
    # The sign of the difference turns round, its scale becomes the other group's.
    assert largest.factor_means["mean"][1] * given.factor_means["mean"][1] < 0


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_two_copies_of_one_sample_do_not_differ(estimator: Any) -> None:
    sample = pd.DataFrame(answers(np.random.default_rng(8), 200), columns=ITEMS)
    data = pd.concat([sample, sample], ignore_index=True)
    levels = fits(data, pd.Series(["a"] * 200 + ["b"] * 200), estimator)
    for fitted in levels[1:]:
        assert fitted.fit.chi_square == pytest.approx(levels[0].fit.chi_square, abs=1e-5)
        assert fitted.factor_means["mean"].to_numpy() == pytest.approx(0.0, abs=ITERATIVE)


def test_clusters_of_single_rows_change_nothing_beyond_the_small_sample_correction() -> None:
    data, groups = two_groups(seed=3, n=260, mean=0.3, size=180)
    alone = pd.Series(np.arange(len(data)) * 7, index=data.index)
    plain, clustered = (fit_cfa(MODEL, data, group=groups, equal=SCALAR, cluster=which) for which in (None, alone))
    assert clustered.fit.chi_square_scaled == pytest.approx(plain.fit.chi_square_scaled, rel=1e-6)
    assert clustered.fit.scaling_factor == pytest.approx(plain.fit.scaling_factor, rel=1e-6)
    free = plain.parameters["free"]
    ratio = (plain.parameters["standard_error"] / clustered.parameters["standard_error"])[free] ** 2
    # The correction N / (N - G).
    assert ratio.to_numpy() == pytest.approx(440 / 438, rel=1e-6)


def test_reversed_codes_turn_parameters_round_and_leave_fit() -> None:
    data, groups = two_groups(seed=3, n=260, mean=0.3, size=180)
    plain, turned = (fit_cfa(MODEL, part, group=groups, equal=SCALAR) for part in (data, 5 - data))
    assert turned.fit.chi_square == pytest.approx(plain.fit.chi_square, rel=1e-6)
    assert turned.fit.chi_square_scaled == pytest.approx(plain.fit.chi_square_scaled, rel=1e-6)
    assert turned.factor_means["mean"].to_numpy() == pytest.approx(-plain.factor_means["mean"].to_numpy(), abs=1e-4)

    def values(model: CfaResult, kind: str) -> np.ndarray:
        return model.parameters.query("kind == @kind and group == 'a'")["estimate"].to_numpy()

    np.testing.assert_allclose(values(turned, "loading"), values(plain, "loading"), atol=ITERATIVE)
    thresholds = values(plain, "threshold").reshape(len(ITEMS), len(CUTS))
    np.testing.assert_allclose(values(turned, "threshold"), -thresholds[:, ::-1].ravel(), atol=ITERATIVE)


def test_three_categories_leave_equal_thresholds_without_a_test() -> None:
    data, groups = two_groups(seed=3, n=260, mean=0.3, size=180)
    three = data.clip(upper=3)
    free, tied = fit_cfa(MODEL, three, group=groups), fit_cfa(MODEL, three, group=groups, equal=["thresholds"])
    assert tied.fit.df == free.fit.df
    assert tied.fit.chi_square == pytest.approx(free.fit.chi_square, rel=1e-6)
    table: Any = measurement_invariance(MODEL, three, groups).table.set_index("level")
    assert table.loc["thresholds", "df_difference"] == 0
    assert np.isnan(table.loc["thresholds", "p_difference"])
    assert table.loc["metric", "p_difference"] > 0


@pytest.mark.parametrize("estimator", ["WLSMV", "ML", "MLR"])
def test_fit_cfa_with_a_group_is_the_configural_model(estimator: Any) -> None:
    data, groups = two_groups(seed=3, n=260, mean=0.3, size=180)
    with_group = fit_cfa(MODEL, data.assign(site=groups), estimator, group="site")
    configural = fit_cfa(MODEL, data, estimator, group=groups)
    pd.testing.assert_frame_equal(with_group.to_frame(), configural.to_frame())
    assert with_group.equal == ()


def test_missing_groups_and_incomplete_rows_are_left_out() -> None:
    data, groups = two_groups(seed=3, n=260, mean=0.3, size=180)
    data.iloc[0, 0] = np.nan
    data.iloc[1] = np.nan
    groups.iloc[2] = None
    sizes = {rule: fit_cfa(MODEL, data, "ML", rule, group=groups).group_sizes["a"] for rule in ("listwise", "fiml")}
    assert sizes == {"listwise": 257, "fiml": 258}


# What is reported


def shifted(**options: Any) -> MeasurementInvariance:
    data, groups = two_groups(seed=1, n=800, mean=0.4, shift=0.6)
    return measurement_invariance(MODEL, data, groups, reference="a", **options)


def test_partial_invariance_has_its_own_row_and_log() -> None:
    result = shifted()
    table: Any = result.to_frame().set_index("level")
    assert list(table.index) == ["configural", "thresholds", "metric", "scalar", "partial scalar", "strict"]
    assert table["verdict"].tolist() == ["fits", "holds", "holds", "does not hold", "holds in part", "holds"]
    assert table["n_freed"].tolist() == [0, 0, 0, 0, 1, 1]
    assert list(result.fits) == list(table.index)
    assert list(result.freed.columns) == [
        "level", "step", "item", "kind", "statistic", "df", "p_value", "cfi_change", "rmsea_change",
    ]  # fmt: skip
    log = result.freed.iloc[0]
    assert (log["step"], log["df"]) == (1, 1)
    assert log["cfi_change"] == pytest.approx(table.loc["partial scalar", "cfi_change"])
    tests = result.release_tests
    assert list(tests.columns) == ["level", "item", "statistic", "df", "p_value"]
    assert "i3" not in set(tests.query("level == 'scalar'")["item"])
    assert set(tests["level"]) == set(LEVELS[1:])


def test_the_table_holds_differences_from_the_last_level_that_holds() -> None:
    result = shifted()
    table: Any = result.table.set_index("level")
    assert list(result.table.columns) == [
        "level", "n_parameters", "chi_square", "df", "p_value", "cfi", "tli", "rmsea", "srmr",
        "chi_square_difference", "df_difference", "p_difference", "cfi_change", "rmsea_change", "srmr_change",
        "n_freed", "verdict",
    ]  # fmt: skip
    for level, before in (("scalar", "metric"), ("partial scalar", "metric"), ("strict", "partial scalar")):
        test = difference_test(result.fits[before], result.fits[level])
        assert table.loc[level, "chi_square_difference"] == pytest.approx(test.statistic)
        assert table.loc[level, "df_difference"] == test.df
        for index in ("cfi", "rmsea", "srmr"):
            change = table.loc[level, index] - table.loc[before, index]
            assert table.loc[level, f"{index}_change"] == pytest.approx(change, abs=1e-12)
    assert table.loc["configural", "cfi_change":"srmr_change"].isna().all()


def test_a_level_that_does_not_hold_stops_the_sequence() -> None:
    result = shifted(cutoffs=Cutoffs(freed_share=0.0))
    table: Any = result.table.set_index("level")
    assert table.loc["scalar", "verdict"] == "does not hold"
    assert table.loc["strict", "verdict"] == "not reached"
    assert table.loc["strict"].drop("verdict").isna().all()
    assert result.highest == "metric"
    assert result.factor_means is None
    assert not result.means_comparable
    assert result.freed.empty
    assert list(result.fits) == LEVELS[:4]


def test_no_more_items_are_freed_than_the_share_allows() -> None:
    strict_cutoffs = Cutoffs(cfi_drop=-1.0)
    result = shifted(cutoffs=strict_cutoffs)
    assert result.freed["level"].tolist() == ["thresholds", "thresholds"]
    assert result.freed["step"].tolist() == [1, 2]
    assert result.table["verdict"].tolist() == ["fits", "does not hold", "not reached", "not reached", "not reached"]
    assert result.highest == "configural"
    assert result.release_tests.empty


def test_continuous_items_have_no_threshold_level() -> None:
    data, groups = two_groups(seed=1, n=800, mean=0.4)
    result = measurement_invariance(MODEL, data, groups, "ML")
    assert result.table["level"].tolist() == ["configural", "metric", "scalar", "strict"]
    assert (result.table["verdict"].isin(["fits", "holds"])).all()
    plain = result.fits["scalar"].fit
    assert result.table.set_index("level").loc["scalar", "chi_square"] == plain.chi_square


def test_a_poor_configural_model_is_named_and_goes_on() -> None:
    request = case("bfi_N.WLSMV")
    table = measurement_invariance(request.model, request.data, request.data["gender"]).table.set_index("level")
    assert table.loc["configural", "verdict"] == "fits poorly"
    assert table.loc["thresholds", "verdict"] == "holds"


def test_small_groups_are_left_out_by_name_but_not_by_size() -> None:
    data, groups = two_groups(seed=1, n=400, mean=0.0)
    groups.iloc[:37] = "tiny"
    result = measurement_invariance(MODEL, data, groups)
    assert result.groups == ("b", "a")
    note = next(text for text in result.notes if "Left out" in text)
    assert note == "Left out, with fewer than 100 persons: tiny."
    assert "37" not in " ".join(result.notes)
    rest = groups != "tiny"
    alone = measurement_invariance(MODEL, data[rest], groups[rest])
    pd.testing.assert_frame_equal(result.table, alone.table)


def test_joined_categories_are_logged_and_noted() -> None:
    items = sim_factors()["C1"]
    result = measurement_invariance(CfaModel.single(items), sim(), sim()["sector"])
    expected = merge_categories(sim()[items], sim()["sector"])
    assert not expected.log.empty
    pd.testing.assert_frame_equal(result.merged, expected.log)
    assert any(f"Categories of {expected.log['item'].nunique()} items were joined" in note for note in result.notes)


def test_categories_are_joined_after_the_missing_rule() -> None:
    data, groups = two_groups(seed=1, n=400, mean=0.0)
    rare = data.clip(upper=3)
    rare.loc[groups == "b", "i1"] = rare["i1"].clip(upper=3)
    rare.loc[rare.index[:30], "i1"] = 4.0
    rare.loc[rare.index[-1], ["i1", "i2"]] = [4.0, np.nan]
    result = measurement_invariance(MODEL, rare, groups)
    assert result.merged.to_numpy().tolist() == [["i1", 4.0, 3.0]]


def test_row_labels_may_repeat() -> None:
    data, groups = two_groups(seed=1, n=200, mean=0.0)
    persons = [*range(200), *range(200)]
    doubled = measurement_invariance(MODEL, data.set_axis(persons), groups.set_axis(persons))
    pd.testing.assert_frame_equal(doubled.table, measurement_invariance(MODEL, data, groups).table)


def test_clusters_reach_every_level() -> None:
    data, groups = two_groups(seed=1, n=200, mean=0.0)
    persons = pd.Series([*range(200), *range(200)])
    result = measurement_invariance(MODEL, data, groups, clusters=persons)
    direct = fit_cfa(MODEL, data, group=groups, equal=SCALAR, cluster=persons)
    assert result.fits["scalar"].fit.chi_square_scaled == pytest.approx(direct.fit.chi_square_scaled, rel=1e-6)
    assert 0.9 < result.fits["configural"].fit.cfi_robust <= 1.0


def test_parameters_say_what_is_free_and_shared() -> None:
    data, groups = two_groups(seed=1, n=200, mean=0.0)
    model = fit_cfa(MODEL, data, group=groups, equal=SCALAR, freed=[("loadings", "i2")], reference="a")
    frame = model.to_frame()
    assert list(frame.columns) == [
        "group", "kind", "left", "right", "free", "shared", "estimate", "standard_error", "z", "p_value", "lower",
        "upper", "standardised", "standardised_error", "standardised_lower", "standardised_upper",
    ]  # fmt: skip
    loadings = frame.query("kind == 'loading'")
    assert set(loadings[~loadings["shared"]]["right"]) == {"i2"}
    shared = frame[frame["shared"]].groupby(["kind", "left", "right"])["estimate"].nunique()
    assert (shared == 1).all()
    assert frame.loc[~frame["free"], "standard_error"].isna().all()
    assert frame.loc[~frame["free"], "z"].isna().all()
    frame["estimate"] = 0.0
    assert model.parameters["estimate"].abs().sum() > 0
    assert list(model.factor_means.columns) == [
        "group", "factor", "mean", "standard_error", "z", "p_value", "lower", "upper",
    ]  # fmt: skip


def exact(matrix: list[list[float]], n: int, seed: int) -> np.ndarray:
    """Rows with just this covariance."""
    raw = np.random.default_rng(seed).standard_normal((n, len(matrix)))
    white = np.linalg.qr(raw - raw.mean(axis=0))[0] * np.sqrt(n)
    return np.asarray(white @ np.linalg.cholesky(np.array(matrix)).T)


def beside(matrix: list[list[float]]) -> tuple[pd.DataFrame, pd.Series]:
    """A proper group `a` beside a group `b` with a given covariance."""
    p = len(matrix)
    proper = 0.4 * np.ones((p, p)) + 0.6 * np.eye(p)
    if p == 4:
        proper[:2, 2:] = proper[2:, :2] = 0.2
    data = np.vstack([exact(proper.tolist(), 200, 1), exact(matrix, 200, 2)])
    return pd.DataFrame(data, columns=ITEMS[:p]), pd.Series(["a"] * 200 + ["b"] * 200)


def in_groups(model: CfaModel, matrix: list[list[float]], **options: Any) -> CfaResult:
    data, groups = beside(matrix)
    return fit_cfa(model, data, "ML", group=groups, **options)


def test_improper_solutions_are_named_with_item_and_group() -> None:
    three = CfaModel.single(ITEMS[:3], "F")
    heywood = in_groups(three, [[1, 0.8, 0.8], [0.8, 1, 0.5], [0.8, 0.5, 1]])
    assert [text.split(" (")[0] for text in heywood.problems] == ["i1 has a negative residual variance in b"]
    opposed = in_groups(three, [[1, -0.3, -0.3], [-0.3, 1, -0.3], [-0.3, -0.3, 1]], equal=["loadings"])
    assert any(text.startswith("Factor F has a negative variance in b (") for text in opposed.problems)
    pairs = CfaModel.correlated({"x": ITEMS[:2], "y": ITEMS[2:4]})
    across = [[1, 0.3, 0.5, 0.5], [0.3, 1, 0.5, 0.5], [0.5, 0.5, 1, 0.3], [0.5, 0.5, 0.3, 1]]
    beyond = in_groups(pairs, across).problems
    assert any(text.startswith("The correlation of x and y is beyond one in b (") for text in beyond)


def test_a_configural_model_that_does_not_converge_ends_the_sequence(monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(*arguments: Any) -> Solution:
        return replace(minimise(*arguments), converged=False)

    monkeypatch.setattr("psychometrics.sem.fitting.minimise", stopped)
    data, groups = two_groups(seed=1, n=200, mean=0.0)
    result = measurement_invariance(MODEL, data, groups)
    assert result.highest == "none"
    assert result.table["verdict"].tolist() == ["does not hold", *["not reached"] * 4]
    assert any(note.startswith("configural: Not converged after") for note in result.notes)
    assert result.factor_means is None


# Joining categories


def counted(counts: dict[str, list[int]]) -> tuple[pd.DataFrame, pd.Series]:
    """One item with so many answers in category 1, 2, ... of each group."""
    rows = [(group, code) for group, numbers in counts.items() for code, n in enumerate(numbers, 1) for _ in range(n)]
    frame = pd.DataFrame(rows, columns=["group", "item"])
    return frame[["item"]].astype(float), frame["group"]


@pytest.mark.parametrize(
    ("counts", "minimum", "log"),
    [
        ({"a": [3, 5, 5, 5], "b": [2, 5, 5, 5]}, 1, []),
        ({"a": [0, 5, 5, 5, 5], "b": [2, 5, 5, 5, 5]}, 1, [[1, 2]]),
        ({"a": [5, 5, 5, 5, 0], "b": [5, 5, 5, 5, 2]}, 1, [[5, 4]]),
        ({"a": [9, 0, 5, 9, 9], "b": [9, 2, 5, 9, 9]}, 1, [[2, 3]]),
        ({"a": [5, 0, 9, 9, 9], "b": [5, 2, 9, 9, 9]}, 1, [[2, 1]]),
        ({"a": [0, 0, 5, 5, 5], "b": [2, 3, 5, 5, 5]}, 1, [[1, 2], [2, 3]]),
        ({"a": [4, 9, 9, 9], "b": [9, 9, 9, 9]}, 5, [[1, 2]]),
    ],
)
def test_merging_follows_the_stated_rule(counts: dict[str, list[int]], minimum: int, log: list[list[int]]) -> None:
    data, groups = counted(counts)
    merged = merge_categories(data, groups, minimum)
    assert merged.to_frame()[["joined", "into"]].to_numpy().tolist() == log
    assert pd.crosstab(merged.responses["item"], groups).to_numpy().min() >= minimum
    assert merged.refused == ()


def test_merging_names_items_with_too_few_categories_and_keeps_the_input() -> None:
    data, groups = counted({"a": [0, 5, 5], "b": [2, 5, 5]})
    before = data.copy()
    merged = merge_categories(data, groups)
    assert merged.refused == ("item",)
    pd.testing.assert_frame_equal(data, before)


def test_merging_counts_only_rows_with_a_group() -> None:
    data, groups = counted({"a": [5, 5, 5, 5], "b": [0, 5, 5, 5], "": [9, 0, 0, 0]})
    merged = merge_categories(data, groups.replace("", np.nan))
    assert merged.log[["joined", "into"]].to_numpy().tolist() == [[1, 2]]
    assert merged.responses["item"].min() == 2
