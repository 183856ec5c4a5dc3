"""The specification curve and its neighbours: every choice is there, and each estimate is what it says."""

from __future__ import annotations

import math
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from compendium.findings import decode, found
from compendium.framework import load_framework
from compendium.plan import Claim, load_plan
from compendium.report.figures.claims import specification_curve
from compendium.steps.outcome_associations import associations as outcomes
from compendium.steps.outcome_associations import claims, multiverse, specifications
from compendium.study import Nesting
from compendium.thresholds import Share
from compendium.wording import sentence
from psychometrics.scoring import scale_scores

CLOSED_FORM = 1e-10
ITEMS = {"listen": ["l1", "l2"], "share": ["s1", "s2"]}


class MadeUpFramework:
    """As much of a framework as scoring needs."""

    items, total = pd.DataFrame(index=["l1", "l2", "s1", "s2"]), "mean"

    def scales(self, kept: list[str]) -> dict[str, list[str]]:
        return {name: [item for item in members if item in kept] for name, members in ITEMS.items()}


def study(n: int = 200, *, flagged: int = 20) -> tuple[SimpleNamespace, claims.ClaimData]:
    draw = np.random.default_rng(2)
    index = pd.Index([f"p{i}" for i in range(n)], name="person")
    trait = draw.normal(size=n)
    answers = pd.DataFrame({item: trait + draw.normal(size=n) for item in MadeUpFramework.items.index}, index)
    answers.iloc[:15, 0] = np.nan
    own = pd.DataFrame({"engagement": trait + draw.normal(size=n)}, index)
    people = pd.DataFrame({"tenure": draw.normal(size=n)}, index)
    scores = pd.DataFrame({name: answers[items].mean(axis=1) for name, items in ITEMS.items()})
    overall = outcomes.overall(scores)
    material = claims.ClaimData(
        overall,
        overall * np.nan,
        own,
        pd.DataFrame(),
        pd.DataFrame(),
        people,
        scores,
        Nesting({}),
        True,
        False,
        claims.PeerReliability(),
        (),
    )
    flags = pd.DataFrame({"person": index, "flagged": [i < flagged for i in range(n)]})
    step = SimpleNamespace(
        plan=load_plan(claims=load_framework("integrated-care").claims), kept_items=["l1", "l2", "s1"],
        framework=MadeUpFramework(),
        prepared=SimpleNamespace(answers=answers, careless=flags.set_index("person")), scored=scale_scores,
    )  # fmt: skip
    return step, material


def test_every_combination_that_the_cohort_allows_is_there_once():
    step, material = study()
    table = multiverse.specifications(step, material)
    assert len(table) == 2 * 3 * 2 * 2 * 2  # sector and occupation were not collected
    assert not table.duplicated().any()


@pytest.mark.parametrize("flagged", [0, 9])
def test_careless_rule_is_no_choice_where_nobody_or_a_few_were_flagged(flagged):
    step, material = study(flagged=flagged)
    assert set(multiverse.specifications(step, material)["careless"]) == {"all"}
    step.prepared.careless = step.prepared.careless.iloc[:0]
    assert len(multiverse.flagged_people(step)) == 0


def test_each_estimate_is_what_its_choices_say():
    step, material = study()
    curve = multiverse.specification_curve(step, material).set_index(list(multiverse.CHOICES))
    answers, own = step.prepared.answers.iloc[20:], material.own["engagement"].iloc[20:]
    overall = (answers[["l1", "l2"]].mean(axis=1) + answers[["s1", "s2"]].mean(axis=1)) / 2
    row = curve.loc[("asked", 0.5, "without flagged", "spearman", "none")]
    assert row["estimate"] == pytest.approx(stats.spearmanr(overall, own).statistic, abs=CLOSED_FORM)
    assert row["n"] == 180
    assert curve.loc[("asked", 1.0, "all", "pearson", "none"), "n"] == 185


def test_summary_and_picture_of_the_curve():
    step, material = study()
    curve = multiverse.specification_curve(step, material)
    tested = specifications.tested_outcomes(material, step.plan)
    row = multiverse.curve_summary(curve, tested).iloc[0]
    assert row["smallest"] <= row["median"] <= row["largest"]
    assert row["specifications"] == len(curve)
    assert multiverse.curve_summary(curve.assign(estimate=np.nan), tested).empty
    specification_curve(curve, list(multiverse.CHOICES), interest=tested[str(row["claim"])].ends)


def test_methods_agree_on_complete_independent_data_and_name_what_they_lack():
    step, material = study()
    table = specifications.estimates_by_method(material, step.plan).set_index("kind")
    assert table.loc["by_pearson", "estimate"] == pytest.approx(material.overall.corr(material.own["engagement"]))
    assert table.loc["by_pearson_corrected", "note"] == found("reliability_unknown").encoded
    assert table.loc["by_intercepts_nothing", "note"] == found("no_nesting").encoded
    assert sentence(decode(table.loc["by_partial", "method"])[0]) == "Spearman, partial for tenure"
    plain = table.loc["by_spearman", "estimate"]
    assert table.loc["by_partial", "estimate"] == pytest.approx(plain, abs=0.03)


def test_polychoric_composite_of_many_categories_is_near_pearson_of_the_sums():
    draw = np.random.default_rng(4)
    trait = draw.normal(size=3000)
    items = pd.DataFrame({f"x{k}": np.clip(np.rint(3 + trait + draw.normal(size=3000)), 1, 5) for k in range(4)})
    answers = pd.DataFrame(
        {f"y{k}": np.clip(np.rint(3 + 0.5 * trait + draw.normal(size=3000)), 1, 5) for k in range(3)}
    )
    row = specifications.composite_polychoric(items, {"engagement": answers}, ["engagement"], 0.95).iloc[0]
    observed = items.sum(axis=1).corr(answers.sum(axis=1))
    assert observed < row["estimate"] < observed + 0.06
    constant = specifications.composite_polychoric(items, {"engagement": answers * 0 + 3}, ["engagement"], 0.95).iloc[0]
    assert constant["note"] == found("does_not_vary").encoded
    amount = pd.DataFrame({"days": np.arange(3000.0)})
    both = {"days": amount, "engagement": answers}
    beside = specifications.composite_polychoric(items, both, list(both), 0.95).set_index("outcome")
    assert beside.loc["engagement", "estimate"] == row["estimate"]
    assert beside.loc["days", "note"]
    assert math.isnan(beside.loc["days", "estimate"])


def test_every_own_outcome_is_estimated_and_only_claims_have_a_smallest_effect():
    step, material = study()
    named = replace(material, own=material.own.assign(calm=-material.own["engagement"]))
    tested = specifications.tested_outcomes(named, step.plan)
    assert [one.scale for one in tested.values()] == ["engagement", "calm"]
    assert tested["calm"].ends == ()
    summary = multiverse.curve_summary(multiverse.specification_curve(step, named), tested).set_index("claim")
    assert math.isnan(summary.loc["calm", "of_interest_share"])
    assert summary.loc["calm", "claimed_side_share"] == 1
    assert set(specifications.equivalence(named, step.plan)["claim"]) == set(tested) - {"calm"}


def test_a_claim_about_one_competency_is_tested_by_its_score_where_there_is_no_overall_one():
    step, material = study()
    outcome = np.random.default_rng(3).normal(size=len(material.scores)) - material.scores["listen"]
    alone = replace(material, overall=material.overall * np.nan, own=outcome.to_frame("calm"), total="none")
    claim = Claim(
        short="Less calm", statement="Those who listen are less calm", evidence=["a test"], kind="own_outcome",
        outcomes=["calm"], competency="listen", direction="negative", smallest_effect=Share(value=0.1, source="a test"),
    )  # fmt: skip
    plan = load_plan(claims={"less_calm": claim})
    step.plan, step.framework.total = plan, "none"
    tested = specifications.tested_outcomes(alone, plan)
    assert tested["less_calm"].ends == (-0.1,)
    judged = claims.claims_table(alone, plan).iloc[0]
    expected = stats.spearmanr(material.scores["listen"], outcome, nan_policy="omit").statistic
    assert (judged["estimate"], judged["verdict"]) == (pytest.approx(expected, abs=CLOSED_FORM), "supported")
    summary = multiverse.curve_summary(multiverse.specification_curve(step, alone), tested).iloc[0]
    assert (summary["claimed_side_share"], summary["of_interest_share"]) == (1, 1)
    assert not specifications.tested_outcomes(alone, load_plan(claims={}))
