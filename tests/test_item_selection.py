"""The choice of the final items keeps to the plan, says where it cannot, and is the same on the same answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pytest
from made_up_step import open_small, prepare, study_for_steps
from small_study import SmallStudy

from compendium.findings import found as found_
from compendium.plan import load_plan
from compendium.steps.item_analysis import choice as item_selection
from compendium.steps.item_analysis.choice import Chooser, Reliability, choose
from compendium.wording import running_text, sentences
from psychometrics.errors import ModelError
from psychometrics.reliability import cronbach_alpha, omega_categorical
from psychometrics.selection import ItemCheck, graded_information
from psychometrics.sem import CfaModel, fit_cfa

CLOSED_FORM = 1e-10
N = 400
STRENGTHS = {
    "listen": (0.8, 0.75, 0.7, 0.65, 0.6, 0.55),
    "share": (0.5, 0.5, 0.45, 0.45, 0.4, 0.4),
    "learn": (0.8,) * 6,
}
SCALES = {name: [f"{name}_{number}" for number in range(1, 7)] for name in STRENGTHS}
ITEMS = [item for items in SCALES.values() for item in items]
RULE = Chooser(
    SCALES, minimum_item_total=0.2, maximum_inter_item=0.9, commonest_answer=0.8, size=10, minimum_per_scale=3,
    maximum_per_scale=5,
)  # fmt: skip


def made_up(n: int = N, seed: int = 1) -> pd.DataFrame:
    """Return answers in five categories to three competencies of six items."""
    draw = np.random.default_rng(seed)
    common, columns = draw.normal(size=n), {}
    for name, items in SCALES.items():
        trait = np.sqrt(0.3) * common + np.sqrt(0.7) * draw.normal(size=n)
        for item, strength in zip(items, STRENGTHS[name], strict=True):
            continuous = strength * trait + np.sqrt(1 - strength**2) * draw.normal(size=n)
            columns[item] = 1.0 + np.searchsorted([-1.5, -0.6, 0.3, 1.2], continuous)
    return pd.DataFrame(columns)


def plan_step(**selection: float) -> Any:
    """Return what the functions ask of a step, some numbers of the selection changed."""
    numbers = {name: {"value": value, "source": "for the tests alone"} for name, value in selection.items()}
    return SimpleNamespace(plan=load_plan({"selection": numbers}))


@pytest.fixture(scope="module")
def answers() -> pd.DataFrame:
    return made_up()


@pytest.fixture
def study(tmp_path, monkeypatch) -> SmallStudy:
    return study_for_steps(tmp_path, monkeypatch)


def counts(chosen: Sequence[str]) -> dict[str, int]:
    return {name: sum(item in chosen for item in items) for name, items in SCALES.items()}


# Constraints


def test_same_answers_give_the_same_items(answers):
    first = RULE(answers)
    assert first == RULE(answers) == RULE(answers.sample(frac=1, random_state=1))
    assert first == [item for item in ITEMS if item in first]


def test_size_and_numbers_of_each_competency_are_kept(answers):
    chosen = RULE(answers)
    assert len(chosen) == 10
    assert counts(chosen)["share"] == 3
    assert max(counts(chosen).values()) <= 5


def test_items_chosen_are_the_most_informative_of_their_competency(answers):
    merit = graded_information(answers, SCALES)
    chosen = RULE(answers)
    for items in SCALES.values():
        inside = merit[[item for item in items if item in chosen]]
        assert inside.min() > merit[[item for item in items if item not in chosen]].max()


def test_of_a_dependent_pair_one_is_chosen_at_most(answers):
    free = RULE(answers)
    pair = (free[0], free[1])
    bound = choose(replace(RULE, pairs=(pair, ("gone", free[0]))), answers, ITEMS)
    assert not set(pair) <= set(bound.selection.chosen)
    assert len(bound.selection.chosen) == 10
    assert f"not both {pair[0]} and {pair[1]}" in bound.selection.constraints


def test_every_theme_keeps_an_item(answers):
    weakest = graded_information(answers, SCALES)[SCALES["listen"]].idxmin()
    assert weakest not in RULE(answers)
    assert weakest in replace(RULE, coverage=(("hearing", (weakest,)),))(answers)


def test_items_held_out_are_not_chosen(answers):
    first = RULE(answers)[0]
    assert first not in replace(RULE, excluded=((first, found_("flagged", check="groups")),))(answers)


def test_rule_and_commonest_answer_are_taken_from_the_answers_at_hand(answers):
    draw = np.random.default_rng(2)
    spoiled = answers.assign(
        listen_1=draw.integers(1, 6, N).astype(float),
        learn_1=np.where(draw.random(N) < 0.9, 5.0, answers["learn_1"]),
    )
    assert {"listen_1", "learn_1"} <= set(RULE(answers))
    assert not {"listen_1", "learn_1"} & set(RULE(spoiled))


# Where too little is left


def test_without_enough_items_all_that_deserve_it_are_taken(answers):
    found = choose(replace(RULE, size=16), answers, ITEMS)
    assert found.adjustments == (found_("choice_too_few", limit=16),)
    assert counts(found.selection.chosen) == {"listen": 5, "share": 5, "learn": 5}


def test_nothing_gives_way_where_the_plan_can_be_kept(answers):
    assert choose(RULE, answers, ITEMS).adjustments == ()


def test_competency_below_its_minimum_is_said_and_lowers_no_other(answers):
    passed = [item for item in ITEMS if item not in SCALES["learn"][3:]]
    found = choose(replace(RULE, size=11, minimum_per_scale=4, maximum_per_scale=6), answers, passed)
    assert found.adjustments == (found_("choice_scale_short", other="learn", limit=4),)
    assert counts(found.selection.chosen) == {"listen": 4, "share": 4, "learn": 3}


def test_competency_without_a_common_trait_is_left_out(answers):
    found = choose(replace(RULE, size=8), answers, [item for item in ITEMS if item not in SCALES["learn"][2:]])
    assert found.adjustments == (found_("choice_scale_left_out", other="learn", limit=3),)
    assert counts(found.selection.chosen)["learn"] == 0
    assert len(found.selection.chosen) == 8


def test_pairs_that_leave_too_few_items_are_no_clash(answers):
    passed = [*SCALES["listen"], *SCALES["share"], *SCALES["learn"][:4]]
    pairs = (("learn_1", "learn_2"), ("learn_1", "learn_3"))
    found = choose(replace(RULE, size=11, minimum_per_scale=4, pairs=pairs), answers, passed)
    assert found.adjustments == (found_("choice_scale_short", other="learn", limit=4),)
    assert {"learn_2", "learn_3", "learn_4"} <= set(found.selection.chosen)


def test_theme_that_no_item_is_left_for_is_said(answers):
    rule = replace(RULE, coverage=(("hearing", ("listen_1",)), ("telling", ("share_1", "share_2"))))
    found = choose(rule, answers, [item for item in ITEMS if item != "listen_1"])
    assert sentences(found.completeness) == "No item is left that speaks to the theme hearing."
    assert {"share_1", "share_2"} & set(found.selection.chosen)


def test_themes_that_clash_with_a_pair_are_named(answers):
    rule = replace(RULE, coverage=(("a", ("share_1",)), ("b", ("share_2",))), pairs=(("share_1", "share_2"),))
    with pytest.raises(ModelError, match="not both share_1 and share_2; theme a covered; theme b covered"):
        choose(rule, answers, ITEMS)


# From the plan


def checks() -> list[ItemCheck]:
    flagged = pd.Series({"listen_1": "would load 0.50 on share as well", "share_1": ""}, dtype=object)
    values = pd.Series({"listen_1": 0.5, "share_1": 0.1})
    noted = pd.Series({"share_2": "standardised loading 0.30, under 0.40"}, dtype=object)
    common = pd.Series({"share_3": "share of the commonest answer 0.90, over 0.80"}, dtype=object)
    return [
        ItemCheck("second_loading", values, flagged, "drop"),
        ItemCheck("loading", pd.Series({"share_2": 0.3}), noted, "keep"),
        ItemCheck("most_frequent_answer", pd.Series({"share_3": 0.9}), common, "drop"),
    ]


def test_chooser_holds_what_drops_items_and_is_not_looked_at_again(study):
    prepare(study)
    step = open_small(study, "04_item_analysis")
    dependent = pd.DataFrame({"item": ["share_1"], "other": ["share_2"], "q3": [0.4]})
    rule = item_selection.chooser(step, checks(), ["listen_3"], dependent)
    assert rule.excluded == (
        ("listen_3", found_("key_contradicted")),
        ("listen_1", found_("flagged", value=0.5, check="second_loading")),
    )
    assert rule.pairs == (("share_1", "share_2"),)
    assert rule.scales == step.framework.scales()
    plan = step.plan.selection
    assert (rule.size, rule.minimum_per_scale, rule.maximum_per_scale) == (52, 4, 8)
    assert rule.commonest_answer == plan.commonest_answer.value
    assert rule.coverage == ()


def test_instrument_without_a_review_has_no_themes_to_cover(study, monkeypatch):
    def refuse(*_: object) -> None:
        raise AssertionError("the review was read")

    path = study.frameworks / "mini" / "framework.yaml"
    path.write_text(path.read_text().replace("kind: placeholder", "kind: instrument"))
    prepare(study)
    monkeypatch.setattr("compendium.review.load_review", refuse)
    assert item_selection.chooser(open_small(study, "04_item_analysis"), []).coverage == ()


def test_constraints_are_told_in_words(answers):
    rule = replace(
        RULE,
        pairs=(("listen_1", "listen_2"),),
        coverage=(("a", ("share_1",)), ("b", ("share_2",)), ("gone", ("learn_9",))),
        excluded=(("learn_6", found_("flagged", check="groups")),),
    )
    table = item_selection.constraint_table(rule, choose(rule, answers, [item for item in ITEMS if item != "learn_6"]))
    told = table.assign(what=table["finding"].map(running_text)).groupby("role", sort=False)["what"].agg(list).to_dict()
    assert told["constraint"] == [
        "10 items in all",
        *(f"at {kind} items of {name}" for name in SCALES for kind in ("least 3", "most 5")),
        "not both of listen_1 and listen_2",
        "2 themes of the evidence, each covered by an item that a record supports",
    ]
    assert told["held"] == ["learn_6: groups: flagged"]
    assert told["gave way"] == ["No item is left that speaks to the theme gone."]


# How good the choice is


def test_alphas_agree_with_cronbach_alpha(answers):
    chosen = ["listen_1", "listen_2", "share_1", "share_2", "share_3", "learn_1"]
    found = Reliability(SCALES)(answers, chosen)
    alphas = [cronbach_alpha(answers[chosen[:2]]).raw, cronbach_alpha(answers[chosen[2:5]]).raw]
    assert found["mean alpha"] == pytest.approx(np.mean(alphas), abs=CLOSED_FORM)
    assert found["smallest alpha"] == pytest.approx(min(alphas), abs=CLOSED_FORM)


def test_before_and_after_agree_with_the_functions_they_stand_for(answers):
    rule = replace(RULE, coverage=(("a", ("share_1",)), ("b", ("listen_1", "listen_2"))))
    chosen = [f"{name}_{number}" for name in SCALES for number in (2, 3, 4, 5)]
    step = plan_step(seconds_per_item=6)
    table = item_selection.before_and_after(step, rule, answers, {"asked": ITEMS, "chosen": chosen})
    rows = table.set_index("items_set")
    kept = {name: [item for item in items if item in chosen] for name, items in SCALES.items()}
    for name, scales in {"asked": SCALES, "chosen": kept}.items():
        alphas = [cronbach_alpha(answers[items]).raw for items in scales.values()]
        omegas = [omega_categorical(answers[items]).omega for items in scales.values()]
        merit = graded_information(answers, scales)
        fit = fit_cfa(CfaModel.correlated(scales), answers, missing="pairwise").fit
        assert rows.loc[name, "mean_alpha"] == pytest.approx(np.mean(alphas), abs=CLOSED_FORM)
        assert rows.loc[name, "smallest_alpha"] == pytest.approx(min(alphas), abs=CLOSED_FORM)
        assert rows.loc[name, "mean_omega"] == pytest.approx(np.mean(omegas), abs=1e-6)
        assert rows.loc[name, "information"] == pytest.approx(merit.sum(), abs=CLOSED_FORM)
        assert rows.loc[name, "information_an_item"] == pytest.approx(merit.mean(), abs=CLOSED_FORM)
        assert rows.loc[name, "srmr"] == pytest.approx(fit.srmr, abs=CLOSED_FORM)
        assert rows.loc[name, "cfi_robust"] == pytest.approx(fit.cfi_robust, abs=CLOSED_FORM)
    assert rows["items"].tolist() == [18, 12]
    assert rows["minutes"].tolist() == [pytest.approx(1.8), pytest.approx(1.2)]
    assert rows["themes"].tolist() == [2, 2]
    assert rows["themes_covered"].tolist() == [2, 1]


def test_a_model_that_is_known_is_not_fitted_again(answers, monkeypatch):
    known = fit_cfa(CfaModel.correlated(SCALES), answers, missing="pairwise")
    chosen = [f"{name}_{number}" for name in SCALES for number in (2, 3, 4, 5)]
    sets = {"asked": ITEMS, "passed": ITEMS[::-1], "chosen": chosen}
    expected = item_selection.before_and_after(plan_step(), RULE, answers, sets)
    fitted = []

    def fit(model: CfaModel, *arguments: Any, **keywords: Any) -> Any:
        fitted.append(model)
        return fit_cfa(model, *arguments, **keywords)

    monkeypatch.setattr(item_selection, "fit_cfa", fit)
    pd.testing.assert_frame_equal(item_selection.before_and_after(plan_step(), RULE, answers, sets, known), expected)
    assert [sum(len(items) for _, items in model.factors) for model in fitted] == [12]


def test_without_themes_none_are_counted(answers):
    table = item_selection.before_and_after(plan_step(), RULE, answers, {"asked": ITEMS})
    assert table[["themes", "themes_covered"]].isna().all(axis=None)


# Other people


def splits(seed: int = 20240105, n: int = 2) -> pd.DataFrame:
    step = plan_step(splits=n)
    with joblib.parallel_config(backend="sequential"):
        return item_selection.split_fit(
            SimpleNamespace(plan=step.plan.model_copy(update={"seed": seed})), RULE, made_up(300, 3)
        )


def test_splits_are_the_same_for_the_same_seed_and_others_for_another():
    one = splits()
    assert one["split"].tolist() == [1, 2]
    assert (one["items"] == 10).all()
    assert one["shared"].between(0, 1).all()
    assert one["mean_alpha"].between(0.3, 0.9).all()
    assert one["srmr"].between(0, 0.2).all()
    pd.testing.assert_frame_equal(one, splits())
    assert not one.equals(splits(seed=1))


def test_splits_do_not_depend_on_the_number_of_workers():
    with joblib.parallel_config(backend="threading", n_jobs=2):
        threaded = item_selection.split_fit(plan_step(splits=2), RULE, made_up(300, 3))
    pd.testing.assert_frame_equal(threaded, splits())


def test_each_half_is_measured_on_the_other_half(monkeypatch):
    seen: list[tuple[set[int], set[int]]] = []
    people = made_up(300, 3)

    def measure(rule: Chooser, testing: pd.DataFrame, chosen: Sequence[str]) -> dict[str, float]:
        seen.append((set(testing.index), set(chosen)))
        return {"srmr": 0.0, "cfi_robust": float(len(seen))}

    monkeypatch.setattr(item_selection, "_fit_measures", measure)
    drawn: list[set[int]] = []
    monkeypatch.setattr(Chooser, "__call__", lambda self, part: drawn.append(set(part.index)) or ITEMS[:10])
    with joblib.parallel_config(backend="sequential"):
        found = item_selection.split_fit(plan_step(splits=2), RULE, people)
    assert found["cfi_robust"].tolist() == [1.0, 3.0]
    assert found["cfi_choosing"].tolist() == [2.0, 4.0]
    assert drawn[0] == set(people.index)
    assert [half for half, _ in seen[1::2]] == drawn[1:]
    for (testing, _), choosing in zip(seen[::2], drawn[1:], strict=True):
        assert not testing & choosing
        assert testing | choosing == set(people.index)


def test_model_without_a_solution_leaves_its_measures_empty(answers):
    same = answers.assign(**dict.fromkeys(SCALES["learn"], answers["learn_1"]))
    found = item_selection._fit_measures(RULE, same.assign(listen_1=3.0), ITEMS)
    assert list(found) == ["srmr", "cfi_robust", "rmsea_robust"]
    assert np.isnan(list(found.values())).all()


def test_choice_is_repeated_with_the_seed_and_the_number_of_the_plan(answers):
    with joblib.parallel_config(backend="sequential"):
        found = item_selection.stability(plan_step(resamples=6), RULE, answers)
    assert (found.n_resamples, found.seed, found.confidence) == (6, load_plan().seed, 0.95)
    assert found.items.loc[found.items["chosen"], "item"].tolist() == RULE(answers)
    assert found.held_out["measure"].tolist() == ["mean alpha", "smallest alpha"]
    assert found.held_out["on_all"][0] == Reliability(SCALES)(answers, RULE(answers))["mean alpha"]


# Careless people


def test_nobody_flagged_changes_nothing(answers):
    chosen = RULE(answers)
    table = item_selection.without_careless(RULE, answers, pd.Series(False, answers.index), chosen, 10)
    first, second = table.drop(columns="people").to_dict("records")
    assert first == second
    assert (first["n"], first["passed_published_rule"], first["chosen"]) == (N, len(ITEMS), 10)
    assert first["left_out_instead"] == first["taken_instead"] == ""


def test_a_few_people_flagged_are_not_told_by_what_is_left_without_them(answers):
    flagged = pd.Series(range(N), answers.index) < 9
    table = item_selection.without_careless(RULE, answers, flagged, RULE(answers), 10).set_index("people")
    assert table.loc["without flagged"].drop("note").isna().all()
    assert table.loc["everybody", "n"] == N


def test_people_flagged_are_left_out_of_rule_choice_and_reliability(answers):
    draw = np.random.default_rng(9)
    noise = pd.DataFrame(draw.integers(1, 6, (150, len(ITEMS))).astype(float), columns=ITEMS)
    everybody = pd.concat([answers, noise], ignore_index=True)
    # People who left early carry no flag; they are not careless.
    flagged = pd.Series(True, range(N, N + 150))
    chosen = RULE(everybody)
    table = item_selection.without_careless(RULE, everybody, flagged, chosen, 10).set_index("people")
    assert table["n"].tolist() == [N + 150, N]
    alone = Reliability(SCALES)(answers, chosen)
    assert table.loc["without flagged", "mean_alpha"] == pytest.approx(alone["mean alpha"], abs=CLOSED_FORM)
    assert table.loc["without flagged", "mean_alpha"] > table.loc["everybody", "mean_alpha"]
    gone = set(filter(None, table.loc["without flagged", "left_out_instead"].split(", ")))
    new = set(filter(None, table.loc["without flagged", "taken_instead"].split(", ")))
    assert (set(chosen) - gone) | new == set(RULE(answers))
