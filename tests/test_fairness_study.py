"""Fairness in the study fails loudly: the worst unfairness is found, what cannot be tested never passes."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from compendium.cohort.schema import Group
from compendium.findings import of_reason
from compendium.plan import load_plan
from compendium.steps.item_analysis import choice, findings
from compendium.study import Nesting
from compendium.study.nesting import of_groupings
from compendium.wording import sentence, sentences
from psychometrics.selection import ItemCheck, Reason, screen_items

ITEMS = [f"listen_{number}" for number in range(1, 8)]
LARGE, SMALL = 300, 100
WORST = 3.0
CUTS = np.array([-1.5, -0.5, 0.5, 1.5])


class MadeUpFramework:
    """A framework of one competency, whose items have one answer scale."""

    code_weights = pd.Series(1.0, list(ITEMS))

    @staticmethod
    def scales(items: list[str] | None = None) -> dict[str, list[str]]:
        return {"listen": list(ITEMS if items is None else items)}

    @staticmethod
    def on_one_scale(answers: pd.DataFrame) -> pd.DataFrame:
        return answers

    @staticmethod
    def part(name: str) -> None:
        return None


def made_up(shift: float = 0.0, *, apart: bool = False, seed: int = 3) -> tuple[pd.DataFrame, pd.Series]:
    """Return answers of two groups; the small one finds the first item easier, or nobody of it answers the last."""
    draw = np.random.default_rng(seed)
    index = pd.Index([f"p{number}" for number in range(LARGE + SMALL)], name="person")
    group = pd.Series(["large"] * LARGE + ["small"] * SMALL, index)
    latent = 0.75 * draw.normal(size=(len(index), 1)) + 0.66 * draw.normal(size=(len(index), len(ITEMS)))
    latent[LARGE:, 0] += shift
    answers = pd.DataFrame(np.digitize(latent, CUTS) + 1.0, index, ITEMS)
    if apart:
        answers.loc[group == "small", ITEMS[-1]] = np.nan
    return answers, group


def step_of(answers: pd.DataFrame, people: pd.DataFrame, nesting: Nesting | None = None) -> Any:
    """Return what the comparison asks of a step."""
    groups = {name: Group(column=name, label=name.capitalize(), kind="nominal") for name in people}
    return SimpleNamespace(
        plan=load_plan(),
        review=None,
        settings=SimpleNamespace(groups=groups),
        framework=MadeUpFramework(),
        prepared=SimpleNamespace(people=people),
        group_labels={name: group.label for name, group in groups.items()},
        nesting=nesting or Nesting({}),
    )


def compared(answers: pd.DataFrame, people: pd.DataFrame, nesting: Nesting | None = None) -> findings.Groupings:
    """Compare the groups of a made-up study."""
    return findings.compare_groups(step_of(answers, people, nesting), answers, ITEMS)


def unfair_check(groupings: findings.Groupings, labels: dict[str, str]) -> tuple[ItemCheck, pd.DataFrame]:
    """Return the fairness check of the plan, and the table behind it."""
    table = findings.fairness_table(groupings, labels)
    cut = load_plan().selection.fairness
    return findings._unfair(table, cut.value, findings._decision(cut)), table


def test_three_standard_deviations_in_a_group_of_a_hundred_are_found_and_no_anchor() -> None:
    answers, group = made_up(WORST)
    groupings = compared(answers, pd.DataFrame({"sector": group}))
    study = groupings.found["sector"]
    assert study.flagged == (ITEMS[0],)
    assert not study.table.loc[ITEMS[0], "anchor"]
    check, table = unfair_check(groupings, {"sector": "Sector"})
    assert check.findings[ITEMS[0]].kind == "answered_differently"
    assert set(table["status"]) == {"flagged", "passed"}
    assert ITEMS[0] not in screen_items(answers, {"listen": ITEMS}, checks=[check]).kept


def test_effect_on_the_score_has_an_interval_and_power_is_stated_for_the_grouping() -> None:
    answers, group = made_up(WORST)
    groupings = compared(answers, pd.DataFrame({"sector": group}))
    on_scale = findings.effect_table(groupings, {"sector": "Sector"}, whole_scales=True).set_index("group").loc["small"]
    assert 0 < on_scale["lower"] < on_scale["signed"] < on_scale["upper"]
    [power] = findings.power_table(groupings, {"sector": "Sector"}).to_dict("records")
    assert power["size"] == load_plan().fairness.planned_difference.value
    assert 0 < power["power"] <= power["power_test"] <= 1
    assert (power["group"], power["reference"], power["n"]) == ("small", "large", SMALL)


def test_item_that_cannot_be_tested_is_a_finding_no_anchor_and_never_chosen() -> None:
    answers, group = made_up(apart=True)
    draw = np.random.default_rng(8)
    other = pd.Series(draw.choice(["a", "b"], len(group)), group.index)
    labels = {"sector": "Sector", "half": "Half"}
    groupings = compared(answers, pd.DataFrame({"sector": group, "half": other}))
    last = ITEMS[-1]
    assert groupings.untested == (last,)
    assert not groupings.found["sector"].table.loc[last, "anchor"]
    check, table = unfair_check(groupings, labels)
    tested = table[(table["item"] == last) & (table["grouping"] == "Half")].iloc[0]
    assert tested["status"] == "passed"  # another grouping's pass does not hide it
    assert check.findings[last] == Reason("untested", other=("Sector",), check="fairness_r2")
    assert "could not be tested (Sector)" in sentence(of_reason(check.findings[last]))
    kept = screen_items(answers.fillna(3.0), {"listen": ITEMS}, checks=[check]).kept
    assert last not in kept
    held = choice.chooser(SimpleNamespace(plan=load_plan(), framework=MadeUpFramework(), review=None), [check]).excluded
    assert last in dict(held)


def test_of_very_many_groups_the_largest_are_compared_and_the_others_told_of() -> None:
    answers, _ = made_up()
    place = np.repeat(["a", "b", "c", "d"], [110, 100, 130, 60])
    people = pd.DataFrame({"place": place}, answers.index)
    step = step_of(answers, people)
    fairness = step.plan.fairness
    most = fairness.most_groups.model_copy(update={"value": 2})
    step.plan = step.plan.model_copy(update={"fairness": fairness.model_copy(update={"most_groups": most})})
    step.settings.groups["place"] = Group(column="place", label="Place", kind="nominal")
    groupings = findings.compare_groups(step, answers, ITEMS)
    assert sorted(groupings.found["place"].groups.index) == ["a", "c"]
    assert [finding["value"] for finding in groupings.left_out if finding.kind == "groups_beyond"] == [3]
    assert "the 2 largest groups are compared, of 3" in sentences(groupings.left_out)


def test_nothing_not_a_number_passes() -> None:
    answers, group = made_up()
    table = findings.fairness_table(compared(answers, pd.DataFrame({"sector": group})), {"sector": "Sector"})
    spoiled = table.assign(p_adjusted_total=table["p_adjusted_total"].where(table["item"] != ITEMS[2]))
    assert list(findings.untested_where(spoiled).index) == [ITEMS[2]]
    decisions = pd.DataFrame({"item": ITEMS, "decision": "keep"})
    assert findings.fairness_of_kept(spoiled, decisions) == (0, 1)
    assert findings.fairness_of_kept(pd.DataFrame(), decisions) == (None, None)


def nested(seed: int = 5) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return answers of people in fourteen agencies that answer some items their own way, in two sectors, and teams."""
    draw = np.random.default_rng(seed)
    index = pd.Index([f"p{number}" for number in range(490)], name="person")
    agency = np.repeat(np.arange(14), 35)
    latent = 0.75 * draw.normal(size=(490, 1)) + 0.5 * draw.normal(size=(490, 7))
    latent += 0.6 * draw.normal(size=(14, 7))[agency]
    people = pd.DataFrame(
        {"agency": agency.astype(str), "sector": np.where(agency < 7, "a", "b"),
         "team": np.repeat(np.arange(98), 5).astype(str)},
        index,
    )  # fmt: skip
    return pd.DataFrame(np.digitize(latent, CUTS) + 1.0, index, ITEMS), people


def test_agencies_that_answer_their_own_way_are_no_difference_between_sectors() -> None:
    answers, people = nested()
    alone = compared(answers, people[["sector"]])
    within = compared(answers, people[["sector"]], of_groupings(people, ["agency", "team"], 10))
    assert within.levels["sector"].name == "agency"
    assert within.found["sector"].n_clusters == 14
    naive, robust = (each.found["sector"].table["p_total"] for each in (alone, within))
    assert (naive < 0.05).sum() > (robust < 0.05).sum()


def test_groups_that_are_the_clusters_are_compared_over_what_is_nested_in_them() -> None:
    _, people = nested()
    nesting = of_groupings(people, ["agency", "team"], 10)
    level = nesting.between(people["agency"])
    assert (level.name, level.enough) == ("team", True)
    assert of_groupings(people, ["agency"], 10).between(people["agency"]) == ("", None, True)


def test_too_few_clusters_for_so_many_groups_are_said() -> None:
    answers, people = nested()
    crossed = people.assign(half=[f"g{number % 8}" for number in range(len(people))])
    nesting = of_groupings(crossed, ["agency"], 10)
    assert not nesting.between(crossed["half"], coefficients=2).enough
    plan = load_plan({"fairness": {"smallest_group": {"value": 20, "source": "for the test"}}})
    step = step_of(answers, crossed[["half"]], nesting)
    step.plan = plan
    groupings = findings.compare_groups(step, answers, ITEMS)
    assert groupings.found == {}
    assert "too few clusters" in sentences(groupings.left_out)


@pytest.mark.parametrize("missing", [0, 40])
def test_rows_of_people_and_of_ratings_find_their_cluster(missing: int) -> None:
    _, people = nested()
    people.loc[people.index[:missing], "agency"] = None
    nesting = of_groupings(people, ["agency"], 10)
    ratings = pd.MultiIndex.from_product([people.index[:50], ["r1", "r2"]], names=["person", "rater"])
    drawn = nesting.of(ratings)
    assert drawn is not None
    assert drawn.notna().all()
    assert drawn.nunique() == nesting.of(people.index[:50]).nunique()
