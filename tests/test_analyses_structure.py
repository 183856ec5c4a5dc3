"""Notebook 05: rival models side by side, the rule of the verdict both ways, and the truth of the synthetic cohort."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from draws import correlated_normals
from scipy.optimize import least_squares

from compendium.findings import decode, found
from compendium.framework import load_framework
from compendium.paths import PROJECT
from compendium.plan import load_plan
from compendium.report.figures.path_diagram import described, path_diagram
from compendium.report.figures.structure import loading_forest
from compendium.simulate.truth import keyed
from compendium.steps import factor_structure as structure
from compendium.wording import running_text, sentence, sentences
from psychometrics.dimensionality import retain_factors
from psychometrics.reliability import omega_categorical, ordinal_alpha
from psychometrics.sem import difference_test, fit_cfa

SAME = 1e-10
# Standard errors: with 60 loadings the largest of a true model exceeds this about once in 2,000 cohorts.
FARTHEST, TYPICAL = 4.2, 1.25
PLAN = load_plan()
RULE = PLAN.structure

SOUND = structure.StructureEvidence(
    competencies=8,
    noun="competency",
    problems=(),
    reading="robust",
    srmr=0.04,
    rmsea=0.04,
    cfi=0.96,
    one_factor_srmr=0.12,
    one_factor_rmsea=0.15,
    one_factor_cfi=0.6,
    p_one_factor=1e-9,
    correlation=0.7,
    upper=0.76,
    pair=("Roles", "Learning"),
    votes=(8, 8, 8, 9),
    suggested=(8,),
    on_own_factor=50,
    items=52,
    weak=(),
    crossing=(),
    omega=0.81,
    omega_of="Learning",
    omega_unknown=(),
    general_share=0.55,
)


def simulated(
    loadings: dict[str, list[float]],
    between: float,
    n: int = 800,
    seed: int = 1,
    cuts: tuple[float, ...] = (-1.2, 0, 1),
) -> tuple[pd.DataFrame, dict[str, list[str]]]:
    """Draw ordinal answers of a correlated-factors model."""
    draw = np.random.default_rng(seed)
    names = list(loadings)
    phi = np.full((len(names), len(names)), between)
    np.fill_diagonal(phi, 1.0)
    factors = correlated_normals(draw, phi, n)
    answers, scales = {}, {}
    for column, name in enumerate(names):
        scales[name] = [f"{name}_{place}" for place in range(len(loadings[name]))]
        for item, loading in zip(scales[name], loadings[name], strict=True):
            latent = loading * factors[:, column] + np.sqrt(1 - loading**2) * draw.normal(size=n)
            answers[item] = 1.0 + np.searchsorted([-1.2, 0.0, 1.0], latent)
    return pd.DataFrame(answers), scales


THREE = {"a": [0.8, 0.7, 0.75, 0.7], "b": [0.75, 0.7, 0.8, 0.65], "c": [0.7, 0.8, 0.7, 0.75]}


@pytest.fixture(scope="module")
def three() -> tuple[pd.DataFrame, structure.Rivals]:
    answers, scales = simulated(THREE, 0.4)
    return answers, structure.fit_rivals(answers, scales)


def judged_from(answers: pd.DataFrame, scales: dict[str, list[str]]) -> structure.StructureVerdict:
    """Go from answers to the verdict as the notebook does."""
    votes = retain_factors(answers, n_iterations=10, seed=1, missing="pairwise")
    owner = pd.Series({item: name for name, items in scales.items() for item in items})
    from psychometrics.efa import fit_efa

    match = structure.factor_match(fit_efa(answers, len(scales), missing="pairwise").pattern, owner)
    rivals = structure.fit_rivals(answers, scales)
    omega, _ = structure.hierarchical_omega(rivals)
    evidence = structure.gather_evidence(
        rivals,
        noun="competency",
        votes=votes,
        on_own_factor=int(match["on_own_factor"].sum()),
        p_one_factor=structure.p_of_one_factor(structure.difference_table(rivals)),
        pairs=structure.competency_pairs(rivals, answers),
        loadings=structure.loading_table(rivals),
        crossing=structure.crossing_items(structure.modification_table(rivals, owner), RULE.second_loading.value),
        reliability=structure.latent_reliability(answers, scales, structure.Draws(2, 1, 0.95)),
        general_share=None if omega is None else omega.explained_common_variance,
        salient=PLAN.dimensionality.salient_loading.value,
    )
    return structure.judge_structure(evidence, RULE)


# The rule of the verdict


def test_verdict_supports_a_model_that_nothing_speaks_against():
    judged = structure.judge_structure(SOUND, RULE)
    assert judged.level == "supported"
    assert sentence(judged.verdict).startswith("The eight-competency model is supported here: its solution is proper;")
    assert {check.weight for check in judged.checks} == {"for"}
    assert len(judged.to_frame()) == 10


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (
            {"problems": (found("said_by_method", text="Factor roles has a negative variance (-0.1)."),)},
            "its solution is not proper (Factor roles",
        ),
        ({"srmr": 0.081}, "it does not fit (SRMR 0.081, robust RMSEA 0.040, robust CFI 0.960)"),
        ({"rmsea": 0.09, "cfi": 0.89}, "it does not fit (SRMR 0.040, robust RMSEA 0.090, robust CFI 0.890)"),
        ({"p_one_factor": 0.2}, "one factor fits no worse (p of the difference = .200)"),
        ({"correlation": 0.92, "upper": 0.95}, "Roles and Learning correlate 0.92, so that they cannot be told apart"),
        ({"votes": (2, 2, 3), "suggested": (2,)}, "no criterion finds more than three dimensions in the answers"),
        ({"on_own_factor": 30}, "only 30 of 52 items load highest on their own exploratory factor"),
    ],
)
def test_verdict_says_no_and_why(change: dict[str, Any], reason: str):
    judged = structure.judge_structure(replace(SOUND, **change), RULE)
    assert judged.level == "not supported"
    assert sentence(judged.verdict).startswith(f"The eight-competency model is not supported here, because {reason}")
    assert sentence(judged.support).startswith("For it speaks that ")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"rmsea": 0.09}, "its fit is mixed, as the robust RMSEA misses its cut-off"),
        ({"cfi": 0.85}, "its fit is mixed, as the robust CFI misses its cut-off"),
        ({"one_factor_srmr": 0.07, "one_factor_rmsea": 0.07}, "one factor fits worse (p < .001), yet acceptably"),
        ({"upper": 0.91}, "Roles and Learning correlate 0.70, and the interval reaches 0.91"),
        ({"votes": (9, 9, 8), "suggested": (9,)}, "most criteria suggest nine dimensions rather than eight"),
        ({"on_own_factor": 40}, "only 40 of 52 items load highest on their own exploratory factor"),
        ({"weak": ("roles_08",)}, "roles_08 hardly loads on its factor"),
        ({"crossing": ("a", "b")}, "two items would load on a second factor (a and b)"),
        ({"omega": 0.64}, "categorical omega falls to 0.64 (Learning)"),
        ({"general_share": 0.8}, "one general factor carries 80.0 % of the common variance"),
    ],
)
def test_verdict_names_its_reservations(change: dict[str, Any], reason: str):
    judged = structure.judge_structure(replace(SOUND, **change), RULE)
    assert judged.level == "supported with reservations"
    assert f"supported here, with reservations: {reason}" in sentence(judged.verdict)
    assert [check.weight for check in judged.checks].count("reservation") == 1


def test_verdict_does_not_count_what_the_data_leave_open():
    nan = float("nan")
    unknown = replace(SOUND, p_one_factor=nan, correlation=nan, upper=nan, omega=nan, general_share=nan)
    judged = structure.judge_structure(unknown, RULE)
    assert judged.level == "supported"
    assert len(judged.checks) == 6


def test_verdict_reads_the_plan_and_no_numbers_of_its_own():
    strict = RULE.model_copy(update={"srmr": RULE.srmr.model_copy(update={"value": 0.03})})
    assert structure.judge_structure(SOUND, strict).level == "not supported"


def test_three_clear_competencies_are_supported():
    judged = judged_from(*simulated(THREE, 0.4))
    assert judged.level == "supported"


def test_one_trait_behind_three_names_is_not_supported():
    judged = judged_from(*simulated(THREE, 1.0 - 1e-9))
    assert judged.level == "not supported"
    assert "cannot be told apart" in sentence(judged.verdict) or "not proper" in sentence(judged.verdict)
    assert "no criterion finds more than" in sentence(judged.verdict)


# Rival models


def test_every_fit_index_stands_under_its_version(three):
    answers, rivals = three
    table = structure.model_fit_table(rivals).set_index("model")
    fit = fit_cfa(rivals.fits["correlated"].model, answers, missing="pairwise").fit
    for index in ("cfi", "tli", "rmsea"):
        row = table.loc["Correlated competencies", [f"{index}_{name}" for name in ("naive", "scaled", "robust")]]
        expected = [getattr(fit, index), getattr(fit, f"{index}_scaled"), getattr(fit, f"{index}_robust")]
        assert row.to_list() == pytest.approx(expected, abs=SAME)
    assert list(table.index) == ["One factor", "Correlated competencies", "Second-order", "Bifactor"]


def test_second_order_of_three_is_said_to_be_the_correlated_model(three):
    _, rivals = three
    fits = structure.model_fit_table(rivals).set_index("model")
    assert fits.loc["Second-order", "df"] == fits.loc["Correlated competencies", "df"]
    assert [each.kind for each in decode(fits.loc["Second-order", "note"])][-1] == "same_model"
    tests = structure.difference_table(rivals).set_index(["general", "nested"])
    assert np.isnan(tests.loc[("Correlated competencies", "Second-order"), "p_value"])
    assert tests.loc[("Correlated competencies", "Second-order"), "note"] == found("nothing_to_test").encoded


def test_difference_table_holds_the_scaled_test(three):
    _, rivals = three
    test = difference_test(rivals.fits["correlated"], rivals.fits["single"])
    table = structure.difference_table(rivals)
    assert structure.p_of_one_factor(table) == pytest.approx(test.p_value, abs=SAME)
    assert table.loc[0, "statistic"] == pytest.approx(test.statistic, abs=SAME)


def test_small_competencies_are_named_and_left_out_where_they_must_be():
    answers, scales = simulated({"a": [0.8, 0.7, 0.7], "b": [0.8, 0.7, 0.7], "c": [0.7, 0.8], "d": [0.7]}, 0.5)
    rivals = structure.fit_rivals(answers, scales)
    assert rivals.left_out == {"d": ["d_0"]}
    assert sentences(rivals.completeness, between=" ").startswith("Left out, with fewer than two kept items: d.")
    assert sentences(rivals.completeness, between=" ").endswith("identified by the other competencies alone: c.")
    assert list(rivals.unfitted) == ["bifactor"]
    row = structure.model_fit_table(rivals).set_index("model").loc["Bifactor"]
    assert running_text(row["note"]) == "not fitted: a specific factor needs three items; too few: c"
    assert structure.hierarchical_omega(rivals) == (None, row["note"])
    assert structure.model_reliability(rivals)["omega_general"].isna().all()


def test_two_competencies_carry_no_higher_factor():
    answers, scales = simulated({"a": [0.8, 0.7, 0.7], "b": [0.8, 0.7, 0.7]}, 0.5)
    rivals = structure.fit_rivals(answers, scales)
    assert set(rivals.unfitted) == {"second_order", "bifactor"}
    assert "it needs three competencies, there are two" in sentences(rivals.soundness)
    assert structure.second_order_table(rivals).empty


def test_improper_solution_stays_in_the_table_with_its_fault():
    # Two items of one factor are nearly the same question: their residual variance goes below zero.
    answers, scales = simulated(
        {"a": [0.95, 0.95, 0.3], "b": [0.8, 0.7, 0.7], "c": [0.7, 0.7, 0.7]}, 0.3, n=150, seed=4
    )
    answers["a_2"] = answers["a_0"].where(np.random.default_rng(5).random(150) < 0.9, answers["a_2"])
    answers["a_1"] = answers["a_0"].where(np.random.default_rng(6).random(150) < 0.9, answers["a_1"])
    rivals = structure.fit_rivals(answers, scales)
    improper = {form: fit for form, fit in rivals.fits.items() if not fit.proper}
    assert improper
    table = structure.model_fit_table(rivals)
    assert len(table) == 4
    for form, fit in improper.items():
        row = table.iloc[("single", "correlated", "second_order", "bifactor").index(form)]
        assert not row["proper"] and fit.problems[0] in row["note"]
        assert fit.problems[0] in sentences(rivals.soundness)


def test_loadings_on_a_second_order_factor_that_did_not_stand_are_not_given():
    answers, scales = simulated({"a": [0.8, 0.7, 0.7], "b": [0.8, 0.7, 0.7]}, 0.5)
    rivals = structure.fit_rivals(answers, scales)
    assert structure.second_order_table(replace(rivals, fits={"second_order": SimpleNamespace(proper=False)})).empty


def test_no_usable_competency_gives_empty_tables_and_a_verdict_of_no():
    answers, scales = simulated({"a": [0.7], "b": [0.7]}, 0.5)
    rivals = structure.fit_rivals(answers, scales)
    assert rivals.main is None and set(rivals.unfitted) == {"single", "correlated", "second_order", "bifactor"}
    owner = pd.Series({"a_0": "a", "b_0": "b"})
    frames = [structure.loading_table(rivals), structure.competency_pairs(rivals, answers)]
    frames += [structure.modification_table(rivals, owner), structure.residual_matrix(rivals)]
    assert all(frame.empty for frame in frames)
    assert structure.judge_structure(replace(SOUND, problems=rivals.problems), RULE).level == "not supported"


def test_pairs_of_competencies_are_sorted_by_size_with_htmt_beside(three):
    answers, rivals = three
    pairs = structure.competency_pairs(rivals, answers)
    assert pairs["correlation"].abs().is_monotonic_decreasing
    # Three intervals at once: half a 95 % interval is about two standard errors, so twice that is four of them.
    assert ((pairs["correlation"] - 0.4).abs() < pairs["upper"] - pairs["lower"]).all()
    assert (pairs["htmt2"] - pairs["correlation"]).abs().max() < 0.06


def test_residuals_are_counted_once_for_each_pair(three):
    _, rivals = three
    residuals = structure.residual_matrix(rivals)
    upper = np.abs(residuals.to_numpy()[np.triu_indices(12, 1)])
    assert structure.residual_share(residuals, 0.02) == pytest.approx((upper > 0.02).mean(), abs=SAME)
    large = structure.large_residuals(residuals, 0.02)
    assert large["residual"].abs().is_monotonic_decreasing
    first = large.iloc[0]
    assert residuals.loc[first["item"], first["other"]] == first["residual"]
    assert np.isnan(np.diag(residuals)).all()


def test_planted_second_loading_is_found_and_put_in_words():
    answers, scales = simulated(THREE, 0.3, n=1500)
    noise = np.random.default_rng(2).normal(size=1500)
    both = 0.6 * answers[scales["a"]].mean(axis=1) + 0.6 * answers[scales["b"]].mean(axis=1) + 0.5 * noise
    answers["a_0"] = 1.0 + np.searchsorted(np.quantile(both, [0.2, 0.5, 0.8]), both)
    owner = pd.Series({item: name for name, items in scales.items() for item in items})
    changes = structure.modification_table(structure.fit_rivals(answers, scales, ("correlated",)), owner)
    assert running_text(changes.loc[0, "change"]) == "a_0 also measures b"
    assert structure.crossing_items(changes, RULE.second_loading.value) == ["a_0"]


def test_leaving_careless_people_out_changes_only_the_second_row(three):
    answers, rivals = three
    flagged = pd.Series(np.arange(800) < 100, index=answers.index)
    table = structure.careless_comparison(rivals, answers, flagged, 10)
    assert list(table["n"]) == [800, 700]
    assert table.loc[0, "srmr"] == rivals.fits["correlated"].fit.srmr
    again = structure.fit_rivals(answers[100:], rivals.scales, ("correlated",))
    assert table.loc[1, "cfi_robust"] == pytest.approx(again.fits["correlated"].fit.cfi_robust, abs=SAME)


def test_leaving_out_a_few_careless_people_tells_nothing_of_them(three):
    answers, rivals = three
    table = structure.careless_comparison(rivals, answers, pd.Series(np.arange(800) < 9, index=answers.index), 10)
    assert table.loc[0, "n"] == 800
    assert table.loc[1].drop(["people", "note"]).isna().all()
    assert running_text(table.loc[1, "note"]).startswith("not shown: fewer than 10 people")


# Reliability


def test_latent_reliability_agrees_with_the_single_functions(three):
    answers, rivals = three
    table = structure.latent_reliability(answers, rivals.scales, structure.Draws(20, 3, 0.95)).set_index("competency")
    for name, items in rivals.scales.items():
        own = answers[items]
        assert table.loc[name, "ordinal_alpha"] == pytest.approx(ordinal_alpha(own).raw, abs=SAME)
        assert table.loc[name, "omega_categorical"] == pytest.approx(omega_categorical(own).omega, abs=1e-8)
        assert table.loc[name, "ordinal_lower"] < table.loc[name, "ordinal_alpha"] < table.loc[name, "ordinal_upper"]


def test_what_is_not_defined_for_a_competency_is_said_beside_it():
    answers, scales = simulated({"a": [0.8, 0.7, 0.7], "b": [0.8, 0.7], "c": [0.7]}, 0.5, n=200)
    table = structure.latent_reliability(answers, scales, structure.Draws(5, 1, 0.95)).set_index("competency")
    assert list(table.index) == ["a", "b"]
    assert np.isnan(table.loc["b", "omega_categorical"]) and table.loc["b", "note"] == "omega needs 3 items"


def test_constant_item_leaves_ordinal_alpha_open_with_the_reason():
    answers, scales = simulated({"a": [0.8, 0.7, 0.7]}, 0.5, n=100)
    table = structure.latent_reliability(answers.assign(a_0=1.0), scales, structure.Draws(5, 1, 0.95))
    assert table[["ordinal_alpha", "omega_categorical"]].isna().all(axis=None)
    assert "a_0" in table.loc[0, "note"]


# Exploratory factors and words


def test_factor_without_a_competency_is_described_by_what_it_holds():
    names = ["x1", "x2", "x3", "y1", "y2", "y3"]
    pattern = pd.DataFrame(0.0, index=names, columns=["F1", "F2", "F3"])
    for item, factor in zip(names, ["F1", "F1", "F3", "F2", "F2", "F3"], strict=True):
        pattern.loc[item, factor] = 0.7
    owner = pd.Series([name[0] for name in names], index=names)
    reverse = pd.Series([False, False, True] * 2, index=names)
    contents = structure.factor_contents(pattern, owner, reverse).set_index("factor")
    assert list(contents["competency"]) == ["x", "y", "none"]
    assert list(contents["from_it"]) == [2, 2, 0]
    said = sentences(structure.unmatched_factors(contents.reset_index()))
    assert said.startswith("Factor F3 belongs to no competency; it holds two items from two competencies (x3 and y3)")
    assert said.endswith("all of them reverse-keyed: wording or careless answers, rather than a competency.")


def test_suggestion_nearest_to_the_framework_is_taken():
    assert structure.nearest_suggestion((3, 7), 8) == 7
    assert structure.nearest_suggestion((7, 9), 8) == 7


def test_parts_of_another_instrument_are_scales():
    assert [structure.noun_of("instrument"), structure.noun_of("placeholder")] == ["scale", "competency"]


# Figures


def test_path_diagram_holds_every_factor_item_loading_and_correlation(three):
    answers, rivals = three
    loadings, pairs = structure.loading_table(rivals), structure.competency_pairs(rivals, answers)
    figure = path_diagram(loadings, pairs, labels={"a": "Alpha"})
    texts = [text.get_text() for text in figure.axes[0].texts]
    assert {"Alpha", "b", "c", *loadings["item"]} <= set(texts)
    assert sum(bool(re.fullmatch(r"\d\.\d\d", text)) for text in texts) == len(loadings) + len(pairs)
    said = described(loadings, pairs, {"a": "Alpha"})
    assert said.startswith("Path diagram of 3 correlated factors. Alpha: 4 items, loadings 0.")


def test_numbers_on_the_arcs_never_share_a_place(three):
    answers, rivals = three
    figure = path_diagram(structure.loading_table(rivals), structure.competency_pairs(rivals, answers), labels={})
    places = [tuple(np.round(text.get_position(), 6)) for text in figure.axes[0].texts if text.get_text()]
    assert len(set(places)) == len(places)


def test_loading_forest_has_a_line_for_each_item(three):
    _, rivals = three
    figure = loading_forest(structure.loading_table(rivals), labels={}, salient=0.32)
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == rivals.items


# The truth of the synthetic cohort


@pytest.fixture(scope="module")
def truth() -> dict[str, Any]:
    content: dict[str, Any] = json.loads((PROJECT / "data/cohorts/demo/truth.json").read_text(encoding="utf-8"))
    return content


@pytest.fixture(scope="module")
def attentive(truth: dict[str, Any]) -> tuple[pd.DataFrame, dict[str, list[str]]]:
    """Answers of attentive people to items without a planted fault."""
    framework = load_framework("integrated-care")
    raw = pd.read_csv(PROJECT / "data/cohorts/demo/self.csv", index_col="person_id")
    good = [item for item in truth["competency_items"] if item not in truth["faults"]]
    answers = keyed(raw[good].apply(pd.to_numeric, errors="coerce"), framework)
    return answers.drop(index=answers.index.intersection(list(truth["careless"]))), framework.scales(good)


def population_loadings(truth: dict[str, Any], items: list[str]) -> pd.Series[float]:
    """Return the loadings of one factor fitted to the true correlations, which positivity raises a little."""
    known = [truth["competency_items"][item] for item in items]
    loading = np.array([next(iter(item["loadings"].values())) for item in known])
    positivity = np.array([item["positivity"] for item in known])
    pairs = np.tril_indices(len(items), -1)
    true = (np.outer(loading, loading) + np.outer(positivity, positivity))[pairs]
    found = least_squares(lambda x: true - np.outer(x, x)[pairs], loading, xtol=1e-14)
    return pd.Series(found.x, index=items)


def test_loadings_of_good_items_lie_within_sampling_error_of_the_truth(truth, attentive):
    answers, scales = attentive
    fit = structure.fit_rivals(answers, scales, ("correlated",)).fits["correlated"]
    table = fit.loadings.set_index("item")
    expected = pd.concat([population_loadings(truth, items) for items in scales.values()])
    z = (table["standardised"] - expected[table.index]) / table["standardised_error"]
    assert z.abs().max() < FARTHEST
    assert np.sqrt((z**2).mean()) < TYPICAL
    assert abs(z.mean()) < 0.5
    assert fit.proper and fit.fit.cfi_robust > RULE.cfi_good.value and fit.fit.rmsea_robust < RULE.rmsea_good.value


def test_planted_second_loadings_are_the_ones_that_are_named(truth):
    framework = load_framework("integrated-care")
    raw = pd.read_csv(PROJECT / "data/cohorts/demo/self.csv", index_col="person_id")
    kinds = {item: fault["kind"] for item, fault in truth["faults"].items()}
    asked = [item for item in truth["competency_items"] if kinds.get(item, "cross_loading") == "cross_loading"]
    answers = keyed(raw[asked].apply(pd.to_numeric, errors="coerce"), framework)
    rivals = structure.fit_rivals(answers, framework.scales(asked), ("correlated",))
    changes = structure.modification_table(rivals, framework.items["competency"])
    planted = {item for item, kind in kinds.items() if kind == "cross_loading"}
    assert set(structure.crossing_items(changes, RULE.second_loading.value)) == planted
