"""What becomes of every item and why: decisions, kinds of reasons, and the faults planted in the shipped cohort."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks import recover_items
from compendium.findings import Finding, decode, encode, found, of_reason
from compendium.framework import load_framework
from compendium.outputs.step import Step
from compendium.paths import COHORTS
from compendium.plan import load_plan
from compendium.report import item_documents
from compendium.simulate import DEMO
from compendium.steps.item_analysis import decisions as items
from compendium.steps.item_analysis import findings as item_findings
from compendium.steps.item_analysis.findings import Groupings
from compendium.wording import running_text, sentence
from psychometrics.errors import TooFewPersonsError
from psychometrics.irt import item_information, scale_information
from psychometrics.selection import ItemCheck, Reason, category_check, screen_items, select_items

# What each planted fault is counted as when it is found.
NAMED = {
    "weak": "item_rest_low",
    "cross_loading": "would_load",
    "redundant": "redundant",
    "dif": "answered_differently",
    "wrong_key": "key_contradicted",
    "ceiling": "most_frequent_answer",
}
N = 400


def counted_as(*reasons: Finding) -> str:
    """Return what an item with these reasons is counted as."""
    table = pd.DataFrame({"item": ["a"], "decision": ["drop"], "reasons": [encode(reasons)]})
    return str(items.by_kind(table)["kind"].item())


def kinds_in(cell: str) -> list[str]:
    """Return the kinds of reasons that a cell holds."""
    return [each.kind for each in decode(cell)]


# The demonstration cohort


class Chain(NamedTuple):
    """Everything that notebook 04 finds on the way to the decisions, as the benchmark of items walks it."""

    step: Step
    found: recover_items.Analysis

    @property
    def answers(self) -> pd.DataFrame:
        return self.step.prepared.answers


@pytest.fixture(scope="module")
def demo() -> Chain:
    """Walk notebook 04 on the shipped cohort, drawn anew (test_benchmarks.py: the same answers)."""
    step = recover_items.open_drawn(DEMO, load_framework(DEMO.framework))
    return Chain(step, recover_items.analyse(step, item_findings.background(step)))


@pytest.fixture(scope="module")
def faults() -> dict[str, str]:
    """Kind of each fault that was planted."""
    planted = json.loads((COHORTS / "demo" / "truth.json").read_text())["plan"]["faults"]
    return {fault["item"]: fault["kind"] for fault in planted}


def kinds_of(decisions: pd.DataFrame) -> dict[str, str]:
    table = items.by_kind(decisions)
    return {item: kind for kind, named in table[["kind", "items"]].to_numpy() for item in named.split(", ")}


def test_every_planted_fault_is_found_and_named_by_its_kind(demo, faults):
    named = kinds_of(demo.found.decisions)
    assert len(faults) == 12
    assert {item: named.get(item) for item in faults} == {item: NAMED[kind] for item, kind in faults.items()}
    counted = recover_items.planted_faults(
        recover_items.item_rows(demo.found, DEMO).assign(series="planted", seed=DEMO.seed)
    )
    assert counted["named"].to_dict() == dict.fromkeys(recover_items.NAMED, 1.0)
    wrong = demo.found.decisions.set_index("item").loc[
        [item for item in faults if faults[item] == "wrong_key"], "decision"
    ]
    assert wrong.eq("review").all()


def test_no_sound_item_fails_a_check(demo, faults):
    named = kinds_of(demo.found.decisions)
    assert {kind for item, kind in named.items() if item not in faults} == {"outranked"}


def test_fifty_two_items_are_chosen_within_the_plan(demo):
    kept = demo.found.decisions[demo.found.decisions["decision"] == "keep"]
    assert kept["item"].tolist() == demo.found.choice.selection.chosen
    assert len(kept) == 52
    assert kept["competency"].value_counts().between(4, 8).all()
    assert running_text(encode(demo.found.choice.completeness)) == "Every constraint of the plan could be kept."
    assert all(set(members) & set(kept["item"]) for _, members in demo.found.rule.coverage)
    assert demo.found.rule(demo.answers) == demo.found.choice.selection.chosen


def test_every_item_that_goes_is_counted_once(demo):
    gone = demo.found.decisions[demo.found.decisions["decision"] != "keep"]
    table = items.by_kind(demo.found.decisions)
    assert table["n"].sum() == len(gone)
    assert sorted(item for named in table["items"] for item in named.split(", ")) == sorted(gone["item"])
    assert [len(named.split(", ")) for named in table["items"]] == table["n"].tolist()
    assert "other" not in set(table["kind"])


def test_findings_are_laid_out_one_row_an_item(demo):
    models = demo.found.findings.models
    modelled = [item for model in models.values() for item in model.items]
    parameters = item_findings.parameter_table(models)
    assert parameters["item"].tolist() == modelled
    assert parameters.columns[:6].tolist() == ["item", "competency", "a", "a_se", "loading", "expected_information"]
    first = models["person"]
    shown = parameters.set_index("item").loc[first.items, "expected_information"]
    np.testing.assert_array_equal(shown, first.expected_information().reindex(first.items))
    assert demo.found.findings.fit["item"].tolist() == modelled
    added = item_information(first).sum(axis="columns")
    np.testing.assert_allclose(scale_information(first)["information"], added, rtol=1e-10)


def test_precision_says_between_which_levels_a_competency_is_reliable(demo):
    table = item_findings.precision_table(demo.found.findings.models, 0.7).set_index("competency")
    assert table["marginal_reliability"].between(0.7, 0.95).all()
    assert (table["lower"] < table["upper"]).all()
    curve = scale_information(demo.found.findings.models["person"])
    good = curve.index[curve["reliability"] >= 0.7]
    assert table.loc["person", ["lower", "upper"]].tolist() == [good.min(), good.max()]


def test_share_of_misfitting_people_is_theirs_in_the_lower_tail(demo):
    one = {"person": demo.found.findings.models["person"]}
    shares = [
        item_findings.misfitting_share(one, demo.answers, alpha)["misfitting_share"].item() for alpha in (0.05, 0.2)
    ]
    assert 0 < shares[0] < shares[1] < 0.5


def test_fairness_is_shown_for_every_grouping_that_was_compared(demo):
    table = demo.found.findings.fairness
    assert set(table["grouping"]) == {"Agency", "Sector", "Occupational group", "Gender"}
    told = running_text(encode(demo.found.groupings.completeness))
    assert "Sector: too small to compare: Voluntary sector and housing." in told
    for without_sizes in (r"two groups have 100 people", r"Agency I and \d more"):
        assert re.search(without_sizes, told)
        told = re.sub(without_sizes, "", told)
    assert not any(sign.isdigit() for sign in told)
    assert Groupings({}, ()).completeness == (found("groups_all_compared"),)
    largest, where = item_findings.largest_change(table)
    assert where.to_dict() == {"communication_08": ("Sector",), "leadership_07": ("Sector",)}
    assert largest["communication_08"] == table.loc[table["item"] == "communication_08", "mcfadden_total"].max()
    assert list(table.columns[:3]) == ["item", "grouping", "competency"]


def test_effects_are_those_of_flagged_items_and_their_competencies(demo):
    labels = demo.step.group_labels
    effects = item_findings.effect_table(demo.found.groupings, labels, whole_scales=False)
    on_scales = item_findings.effect_table(demo.found.groupings, labels, whole_scales=True)
    assert set(effects["item"]) == {"communication_08", "leadership_07"}
    assert set(on_scales["competency"]) == {"communication", "leadership"}
    planted = effects[(effects["item"] == "communication_08") & (effects["group"] == "Mental health")]
    assert planted["signed"].abs().item() == effects.loc[effects["item"] == "communication_08", "signed"].abs().max()


def test_passports_hold_everything_that_is_known(demo, faults):
    from psychometrics.items import item_statistics

    scale, competencies = demo.step.framework.scale, demo.step.framework.items["competency"]
    described = item_statistics(demo.answers, competencies, scale.minimum, scale.maximum).to_frame()
    statistics = described.rename_axis("item").reset_index()
    shares = pd.DataFrame({"item": ["person_01", "roles_01"], "share": [0.98, 0.75]})
    findings = demo.found.findings.with_stability(shares)
    table = item_documents.passports(demo.step, demo.found.decisions, statistics, findings).set_index("item")
    assert table["chosen_share"].dropna().to_dict() == {"person_01": 0.98, "roles_01": 0.75}
    assert table.index.tolist() == demo.step.framework.items.index.tolist()
    unfair = table.loc["communication_08"]
    assert (unfair["flagged_by"], unfair["decision"]) == ("Sector", "drop")
    assert unfair["discrimination"] == demo.found.findings.models["communication"].discrimination["communication_08"]
    assert unfair["self_wording"] == demo.step.framework.items.loc["communication_08", "self_wording"]
    assert np.isnan(table.loc["person_08", "discrimination"])
    assert table["relevance"].between(0, 1).all()
    rho = table["item_rest_spearman"]
    assert rho.between(table["item_rest_spearman_lower"], table["item_rest_spearman_upper"]).all()
    assert set(table["theme"]) <= set(demo.step.framework.description.themes.values())
    assert table.loc["person_01", "mean"] == pytest.approx(demo.answers["person_01"].mean())


# The four ways to a decision


def published(**decisions: str) -> pd.DataFrame:
    """Return a table of the published rule."""
    table = pd.DataFrame({"item": list(decisions), "competency": "listen", "decision": list(decisions.values())})
    gone = table["decision"] == "drop"
    return table.assign(reasons=np.where(gone, encode([found("item_rest_low", value=0.05, limit=0.2)]), ""))


@pytest.fixture(scope="module")
def answers() -> pd.DataFrame:
    draw = np.random.default_rng(4)
    trait = draw.normal(size=(N, 1))
    table = pd.DataFrame(0.8 * trait + 0.6 * draw.normal(size=(N, 6)), columns=list("abcdef"))
    return (1.0 + table.apply(lambda column: np.searchsorted([-1, -0.3, 0.4, 1.1], column))).assign(
        f=draw.integers(1, 6, N).astype(float)
    )


def unfair(decision: str) -> ItemCheck:
    values = pd.Series({"a": 0.05, "b": 0.0})
    reason = Reason("answered_differently", 0.05, 0.02, ("sector",), "fairness_r2")
    return ItemCheck("fairness_r2", values, decision=decision, findings={"a": reason})


def rule_table(answers: pd.DataFrame) -> pd.DataFrame:
    """Return what the published rule says, as the step has it."""
    wording = pd.DataFrame({"self_wording": "I do."}, index=answers.columns)
    step = SimpleNamespace(framework=SimpleNamespace(items=wording))
    return items.decision_table(screen_items(answers), step)


def test_rule_alone_decides_where_nothing_more_was_looked_at():
    rule = published(a="keep", b="drop")
    table = items.final_decisions(rule)
    assert table["decision"].tolist() == table["published"].tolist() == ["keep", "drop"]
    assert table["advice"].tolist() == ["", ""]
    assert table["reasons"].tolist() == rule["reasons"].tolist()


def test_every_item_stays_where_the_sample_cannot_carry_the_rule(answers):
    step = SimpleNamespace(
        framework=SimpleNamespace(items=pd.DataFrame({"competency": "listen"}, index=answers.columns))
    )
    table = items.final_decisions(items.keep_all(step, answers, "too few people"))
    assert table["decision"].eq("keep").all()
    assert table["reasons"].eq(encode([found("not_judged", why="too few people")])).all()
    assert items.by_kind(table).empty
    assert items.by_competency(table)[["asked", "kept"]].to_numpy().tolist() == [[6, 6]]


def test_final_items_are_advised_on_and_none_is_dropped_by_a_check(answers):
    rule = rule_table(answers)
    table = items.final_decisions(rule, screen_items(answers, checks=[unfair("drop")])).set_index("item")
    assert table["decision"].to_dict() == dict(zip("abcdef", [*["keep"] * 5, "drop"], strict=True))
    assert kinds_in(table.loc["a", "advice"]) == ["answered_differently"]
    assert table.loc["a", "reasons"] == ""
    assert table["fairness_r2"].dropna().to_dict() == {"a": 0.05, "b": 0.0}
    assert table["advice"].drop(index=["a", "f"]).eq("").all()


def test_choice_decides_and_says_why_a_sound_item_is_spared(answers):
    rule = rule_table(answers)
    reason = Reason("below_minimum", 0.3, 0.4, check="loading")
    noted = ItemCheck("loading", pd.Series({"d": 0.3}), decision="keep", findings={"d": reason})
    extended = screen_items(answers, checks=[unfair("drop"), noted])
    values = pd.Series({"b": 0.9, "c": 0.8, "d": 0.5, "e": 0.7})
    selection = select_items(values, {"listen": list(values.index)}, 2, redundant_pairs=[("b", "e")])
    table = items.final_decisions(rule, extended, selection).set_index("item")
    assert table["decision"].to_dict() == dict(
        zip("abcdef", ["drop", "keep", "keep", "drop", "drop", "drop"], strict=True)
    )
    assert table["published"].to_dict() == dict(zip("abcdef", [*["keep"] * 5, "drop"], strict=True))
    assert kinds_in(table.loc["e", "reasons"]) == ["redundant_with_chosen"]
    assert running_text(table.loc["d", "reasons"]) == (
        "standardised loading 0.30, under 0.40 others serve better within the constraints"
    )
    assert table.loc["b", "information"] == 0.9
    assert table["advice"].eq("").all()
    assert kinds_of(table.reset_index()) == {
        "a": NAMED["dif"],
        "d": "outranked",
        "e": "redundant_with_chosen",
        "f": NAMED["weak"],
    }


def test_item_whose_competency_is_left_out_says_so(answers):
    rule = rule_table(answers)
    selection = select_items(pd.Series({"b": 0.9, "c": 0.8}), {"listen": ["b", "c"]}, 2)
    table = items.final_decisions(rule, screen_items(answers), selection).set_index("item")
    assert table.loc["d", ["decision", "reasons"]].tolist() == ["drop", encode([found("too_few_left")])]


# Kinds of reasons


def reasons_of_the_rule() -> list[Finding]:
    """Return every reason that the published rule can give."""
    draw = np.random.default_rng(6)
    trait = draw.normal(size=N)
    table = pd.DataFrame({name: np.rint(trait + 0.7 * draw.normal(size=N)) for name in "abc"})
    table = table.assign(twin=table["a"], noise=draw.normal(size=N), fixed=3.0, blank=np.nan, turned=-table["b"])
    screening = screen_items(table, key_contradicted=["turned"])
    return [of_reason(reason) for reasons in screening.findings.values() for reason in reasons]


def test_every_reason_of_the_rule_is_counted_and_said():
    reasons = reasons_of_the_rule()
    assert len(reasons) >= 5
    assert "other" not in {items.kind_of(reason) for reason in reasons}
    assert all(sentence(reason) for reason in reasons)


def spoiled(demo: Chain) -> list[ItemCheck]:
    """Return the checks of a plan so strict that every item fails each of them."""
    strict = {"commonest_answer": 0.0, "missing_share": 0.0, "loading": 1.0, "second_loading": 0.0, "item_fit": 1.0,
              "relevance": 1.0, "evidence": 1000}  # fmt: skip
    changed = {
        name: {"value": value, "decision": "drop", "source": "so that all fail"} for name, value in strict.items()
    }
    plan = load_plan({"selection": changed})
    step = SimpleNamespace(plan=plan)
    model = item_findings.measurement_model(demo.answers, demo.step.framework.scales(demo.found.chosen))
    known = item_findings.background(demo.step).assign(verdict="question")
    return item_findings.extended_checks(step, demo.answers, model, demo.found.findings, known)


def test_every_reason_of_every_check_has_its_kind(demo):
    checks = spoiled(demo)
    reasons = {check.name: [of_reason(reason) for reason in check.findings.values()] for check in checks}
    assert set(reasons) == {"most_frequent_answer", "missing_share", "loading", "second_loading", "fairness_r2",
                            "item_fit_p", "relevance", "supporting"}  # fmt: skip
    assert all(reasons.values())
    assert {check.decision for check in checks} == {"drop"}
    every = [reason for each in reasons.values() for reason in each]
    assert "other" not in {items.kind_of(reason) for reason in every}
    assert all(sentence(reason) for reason in every)


def test_note_beside_a_reason_is_not_what_the_item_is_counted_as():
    note = found("below_minimum", value=0.3, limit=0.4, check="loading")
    assert counted_as(note, found("outranked")) == "outranked"
    assert counted_as(note) == "loading"
    assert counted_as(found("the_committee")) == "other"


# Checks of the plan


def test_checks_decide_as_the_plan_says(demo):
    decided = {check.name: check.decision for check in demo.found.checks}
    assert decided == {
        "most_frequent_answer": "drop", "missing_share": "keep", "loading": "keep", "second_loading": "drop",
        "fairness_r2": "drop", "item_fit_p": "keep", "relevance": "keep", "supporting": "keep",
    }  # fmt: skip


def test_what_was_not_looked_at_is_not_checked(demo):
    model = item_findings.measurement_model(demo.answers, demo.step.framework.scales(demo.found.chosen))
    unknown = pd.DataFrame(index=demo.step.framework.items.index)
    checks = item_findings.extended_checks(demo.step, demo.answers, model, item_findings.nothing_yet(), unknown)
    assert [check.name for check in checks] == ["most_frequent_answer", "missing_share", "loading", "second_loading"]


def test_commonest_answer_is_the_share_of_the_plan(demo):
    check = next(check for check in demo.found.checks if check.name == "most_frequent_answer")
    again = category_check(demo.answers, demo.step.plan.selection.commonest_answer.value)
    pd.testing.assert_series_equal(check.values, again.values)


# Groups


def test_groups_too_small_are_said_without_their_sizes(demo, monkeypatch):
    def refuse(*_: object, **__: object) -> None:
        raise TooFewPersonsError("fewer than two groups have 100 persons (North 37, South 12)")

    monkeypatch.setattr(item_findings, "ordinal_dif", refuse)
    groupings = item_findings.compare_groups(demo.step, demo.answers, demo.found.choice.selection.chosen)
    assert running_text(encode(groupings.completeness)).startswith("Agency: fewer than two groups have 100 people.")
    assert "37" not in running_text(encode(groupings.completeness)) and "12" not in running_text(
        encode(groupings.completeness)
    )
    assert item_findings.fairness_table(groupings, {}).empty
    for whole in (True, False):
        effects = item_findings.effect_table(groupings, {}, whole_scales=whole)
        assert effects.empty
        assert len(effects.columns)


def test_cohort_without_the_groupings_of_the_plan_says_so(demo):
    step = SimpleNamespace(plan=demo.step.plan, framework=demo.step.framework, settings=SimpleNamespace(groups={}))
    groupings = item_findings.compare_groups(step, demo.answers, demo.found.choice.selection.chosen)
    assert running_text(encode(groupings.completeness)) == "This cohort collected no grouping."


def test_short_competencies_are_not_compared(demo):
    groupings = item_findings.compare_groups(demo.step, demo.answers, ["person_01", "person_02", "person_03"])
    assert (
        running_text(encode(groupings.completeness))
        == "No competency has the four items or more that a comparison takes."
    )


def test_pictures_of_fairness_show_groupings_and_the_largest_changes(demo):
    changes = item_documents.changes_figure(demo.step, demo.found.findings.fairness)
    assert [axes.get_title("left") for axes in changes.axes if axes.get_visible()] == [
        "Agency", "Sector", "Occupational group", "Gender",
    ]  # fmt: skip
    curves = item_documents.curves_figure(demo.step, demo.found.groupings)
    titles = [axes.get_title("left") for axes in curves.axes if axes.get_visible()]
    assert len(titles) == item_documents.MOST_PANELS
    assert titles[:2] == ["communication_08 (sector)", "leadership_07 (sector)"]


def test_pictures_of_fairness_are_empty_where_nothing_was_compared(demo):
    nothing = Groupings({}, ("Sector: fewer than two groups have 100 people.",))
    table = item_findings.fairness_table(nothing, demo.step.group_labels)
    for figure in (item_documents.changes_figure(demo.step, table), item_documents.curves_figure(demo.step, nothing)):
        figure.canvas.draw()
        assert not any(axes.lines for axes in figure.axes)
    assert int(table.loc[table["flagged"].astype(bool), "item"].nunique()) == 0


def test_competency_of_two_items_has_no_response_model(demo):
    scales = {"short": ["person_01", "person_02"], "long": ["roles_01", "roles_02", "roles_03"]}
    assert list(item_findings.response_models(demo.answers, scales)) == ["long"]


def test_background_of_another_instrument_is_empty(demo):
    items = demo.step.framework.items
    other = SimpleNamespace(
        framework=SimpleNamespace(items=items, part=lambda name: None),
        collected=lambda what: what != "consultation",
        review=None,
    )
    assert item_findings.background(other).shape == (72, 0)
