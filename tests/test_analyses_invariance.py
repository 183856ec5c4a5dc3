"""What notebook 06 says of every comparison: how far the model is the same, what was left out, nothing of the few."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from draws import correlated_normals

from compendium.findings import Finding
from compendium.findings import found as made
from compendium.plan import load_plan
from compendium.steps.invariance import levels as invariance
from compendium.steps.invariance.levels import GroupComparison, compare
from compendium.study import Level, Nesting
from compendium.wording import sentence, sentences

SCALES = {
    "listen": [f"listen_{number}" for number in range(1, 5)],
    "share": [f"share_{number}" for number in range(1, 5)],
}
ITEMS = [item for items in SCALES.values() for item in items]
N = 400
CUTS = np.array([-1.2, -0.3, 0.6])


def texts(findings: tuple[Finding, ...]) -> tuple[str, ...]:
    """Return notes as a reader sees them."""
    return tuple(map(sentence, findings))


def step_of(scales: dict[str, list[str]] | None = None, **more: Any) -> Any:
    """Return what the functions ask of a step."""
    labels = {"listen": "Listening", "share": "Sharing"}
    plan = load_plan(
        {"invariance": {"smallest_group": {"value": 100, "source": "for the tests alone"}, "groupings": ["sector"]}}
    )
    framework = SimpleNamespace(labels=labels)
    known = {"plan": plan, "framework": framework, "scales": scales or SCALES, "nesting": Nesting({})}
    known |= {"settings": SimpleNamespace(groups={}), "prepared": SimpleNamespace(people=pd.DataFrame())}
    return SimpleNamespace(**{**known, **more})


def answers_of(n: int, seed: int, shift: dict[str, float] | None = None, mean: float = 0.0) -> pd.DataFrame:
    """Return answers of one group in four categories; a shift moves an item at the same level of the competency."""
    draw = np.random.default_rng(seed)
    traits = dict(zip(SCALES, (mean + correlated_normals(draw, [[1, 0.4], [0.4, 1]], n)).T, strict=True))
    columns = {}
    for name, items in SCALES.items():
        for item in items:
            continuous = 0.8 * traits[name] + 0.6 * draw.normal(size=n) + (shift or {}).get(item, 0.0)
            columns[item] = 1.0 + np.searchsorted(CUTS, continuous)
    return pd.DataFrame(columns)


def two_groups(shift: dict[str, float] | None = None, mean: float = 0.0) -> tuple[pd.DataFrame, pd.Series]:
    """Return answers of two groups, the second with shifted items and another mean."""
    answers = pd.concat([answers_of(N + 50, 1), answers_of(N, 2, shift, mean)], ignore_index=True)
    return answers, pd.Series(["North"] * (N + 50) + ["South"] * N, name="sector")


def compared(shift: dict[str, float] | None = None, mean: float = 0.0) -> GroupComparison:
    return compare(step_of(), "Sector", *two_groups(shift, mean), SCALES)


@pytest.fixture(scope="module")
def alike() -> GroupComparison:
    return compared(mean=0.5)


@pytest.fixture(scope="module")
def in_part() -> GroupComparison:
    return compared({"listen_2": 0.9, "listen_3": -0.9})


@pytest.fixture(scope="module")
def unlike() -> GroupComparison:
    """Competencies whose items move in different ways, so that no two of them can stay equal."""
    sizes = (1.5, -1.5, 0.8, -0.7)
    return compared({item: size for items in SCALES.values() for item, size in zip(items, sizes, strict=True)})


@pytest.fixture(scope="module")
def few() -> GroupComparison:
    """Two groups of which one is too small."""
    answers, groups = two_groups()
    return compare(step_of(), "Sector", answers.head(N + 57), groups.head(N + 57), SCALES)


# What may be said


def test_model_that_is_the_same_allows_means(alike):
    assert sentence(alike.finding) == "Sector: strict invariance holds; means may be compared, the items mean the same."
    assert alike.notes == ()


def test_items_that_move_are_freed_and_means_compared_for_most_items(in_part):
    said = "invariance holds; means may be compared, the items mean the same for most items."
    assert sentence(in_part.finding) == f"Sector: {in_part.result.highest} {said}"
    assert set(invariance.freed_table([in_part])["item"]) == {"listen_2", "listen_3"}


def test_items_that_all_move_forbid_means(unlike):
    assert sentence(unlike.finding) == "Sector: metric invariance holds; means may not be compared."
    assert unlike.result.table.set_index("level").loc["scalar", "verdict"] == "does not hold"


def test_what_was_not_tested_says_why_and_counts_no_small_group(few):
    assert few.result is None
    assert sentence(few.finding) == (
        "Sector: not tested. 1 of 2 groups have 100 persons or more; two are needed to compare."
    )


def test_model_without_a_solution_is_not_called_invariance(alike):
    broken = SimpleNamespace(highest="none", means_comparable=False, table=alike.result.table.head(1))
    said = "Sector: the model has no solution without equalities; means may not be compared."
    assert sentence(GroupComparison("Sector", broken, ()).finding) == said


def test_model_that_fits_poorly_allows_no_means_however_equal(alike):
    table = alike.result.table.assign(verdict=["fits poorly", *alike.result.table["verdict"][1:]])
    poor = GroupComparison("Sector", replace(alike.result, table=table), ())
    assert "fits poorly in these groups, so that this says little" in sentence(poor.finding)
    assert invariance.verdict_table([poor])["means_comparable"].tolist() == [False]
    assert invariance.mean_table([poor]).empty


# What was left out


def test_group_too_small_is_named_without_its_number():
    answers, groups = two_groups()
    groups = groups.mask(groups.index >= len(groups) - 37, "Westminster")
    found = compare(step_of(), "Sector", answers, groups, SCALES)
    assert list(map(sentence, found.notes)) == ["Sector: too small to compare: Westminster."]
    assert found.result.groups == ("North", "South")


@pytest.mark.parametrize("few", [3, 9, 10])
def test_a_group_that_may_not_be_shown_is_not_named_as_too_small(few):
    answers, groups = two_groups()
    groups = groups.mask(groups.index >= len(groups) - 37, "Westminster").mask(groups.index < 40, "Elsewhere")
    groups = groups.mask(groups.index < few, "Chief of one")
    people = pd.DataFrame({"sector": groups})
    step = step_of(
        settings=SimpleNamespace(groups={"sector": SimpleNamespace(kind="category")}),
        prepared=SimpleNamespace(people=people),
    )
    said = " ".join(map(sentence, compare(step, "Sector", answers, groups, SCALES).notes))
    assert ("Chief of one" in said) is (few > 9)
    assert ("other groups" in said) is (few <= 9)
    assert said.startswith("Sector: too small to compare: ")


def test_clusters_are_counted_of_the_people_compared_alone():
    answers, groups = two_groups()
    groups = groups.mask(groups.index >= len(groups) - 37, "Westminster")
    teams = groups.str[:1] + (pd.Series(range(len(groups))) % 30).astype(str)
    found = compare(step_of(), "Sector", answers, groups, SCALES, Level("team", teams))
    assert found.n_clusters == teams[groups != "Westminster"].nunique() == 60
    assert teams.nunique() > 60


def test_item_with_two_answers_in_a_group_is_left_out_with_a_note():
    answers, groups = two_groups()
    answers.loc[groups == "South", "share_4"] = answers.loc[groups == "South", "share_4"].clip(2, 3)
    found = compare(step_of(), "Sector", answers, groups, SCALES)
    assert texts(found.notes) == ("Left out, fewer than three answers in use in some group: share_4.",)
    assert set(invariance.suspicious_items([found], 1.1)["item"]) == set(ITEMS) - {"share_4"}


def test_competency_that_is_left_with_two_items_is_left_out_with_a_note():
    answers, groups = two_groups()
    scales = {"listen": SCALES["listen"], "share": SCALES["share"][:3]}
    answers.loc[groups == "South", "share_3"] = answers.loc[groups == "South", "share_3"].clip(2, 3)
    found = compare(step_of(scales), "Sector", answers, groups, scales)
    assert texts(found.notes)[1] == "Left out, fewer than three items left: share."
    assert set(found.result.factor_means["factor"]) == {"listen"}


def test_category_that_one_group_never_uses_is_joined_and_logged():
    answers, groups = two_groups()
    answers.loc[(groups == "South") & (answers["listen_1"] == 4), "listen_1"] = 3
    found = compare(step_of(), "Sector", answers, groups, SCALES)
    log = invariance.merged_table([found])
    assert log.to_dict("records") == [{"comparison": "Sector", "item": "listen_1", "joined": 4.0, "into": 3.0}]
    assert texts(found.notes) == ("Categories of 1 item were joined, since too few people used them.",)


def test_nobody_in_a_large_group_gives_a_reason_and_no_crash():
    answers, groups = two_groups()
    found = compare(step_of(), "Sector", answers.iloc[::20], groups.iloc[::20], SCALES)
    assert found.result is None
    assert texts(found.notes) == ("0 of 2 groups have 100 persons or more; two are needed to compare.",)


# Tables


def test_every_level_of_every_comparison_has_a_row(alike, unlike, few):
    table = invariance.level_table([alike, few, GroupComparison("Forms", unlike.result, ())])
    assert table["comparison"].tolist() == ["Sector"] * 5 + ["Forms"] * len(unlike.result.table)
    assert table["level"].tolist()[:5] == ["configural", "thresholds", "metric", "scalar", "strict"]
    pd.testing.assert_frame_equal(
        table.head(5).drop(columns="comparison"), alike.result.table, check_dtype=False, rtol=1e-12
    )


def test_verdicts_say_who_was_compared_and_what_follows(alike, unlike, few):
    table = invariance.verdict_table([alike, unlike, few])
    assert table["groups"].tolist() == ["North, South", "North, South", ""]
    assert table["n"].tolist()[:2] == [2 * N + 50] * 2
    assert pd.isna(table["n"][2])
    assert table["means_comparable"].tolist() == [True, False, False]
    assert table["highest"].tolist() == ["strict", "metric", ""]
    assert int((~table["means_comparable"]).sum()) == 2


def test_means_leave_out_the_reference_group_and_what_may_not_be_compared(alike, unlike):
    table = invariance.mean_table([alike, unlike])
    assert set(table["group"]) == {"South"}
    assert set(table["reference"]) == {"North"}
    assert table["competency"].tolist() == ["listen", "share"]
    assert table["lower"].lt(0.5).all() and table["upper"].gt(0.5).all()


def test_doubtful_items_are_those_whose_adjusted_test_rejects(alike, in_part):
    tests = in_part.result.release_tests
    found = invariance.suspicious_items([alike, in_part], 0.05)
    every = invariance.suspicious_items([in_part], 1.1)
    assert len(every) == len(tests)
    one = tests[tests["level"] == tests["level"].iloc[0]]
    p = np.sort(one["p_value"].to_numpy())
    by_hand = np.minimum.accumulate((p * len(p) / np.arange(1, len(p) + 1))[::-1])[::-1]
    shown = np.sort(every.loc[every["level"] == one["level"].iloc[0], "p_adjusted"].to_numpy())
    np.testing.assert_allclose(shown, np.minimum(by_hand, 1), rtol=1e-12)
    assert (found["p_adjusted"] < 0.05).all()


@pytest.mark.parametrize("nothing", ["no comparison", "none could be tested"])
def test_tables_keep_their_columns_when_nothing_was_compared(few, alike, nothing):
    found = [] if nothing == "no comparison" else [few]
    for make in (
        invariance.level_table,
        invariance.verdict_table,
        invariance.freed_table,
        invariance.merged_table,
        invariance.mean_table,
        lambda each: invariance.suspicious_items(each, 0.05),
    ):
        empty, filled = make(found), make([alike])
        assert list(empty.columns) == list(filled.columns)
        assert len(empty) == (len(found) if make is invariance.verdict_table else 0)
    assert int((~invariance.verdict_table(found)["means_comparable"]).sum()) == len(found)


# Self form and peer form


def with_peers(n: int = 150, each: int = 2) -> Any:
    """Return a step whose people were rated by colleagues; the raters see one item otherwise."""
    own = answers_of(n, 5).set_axis(pd.Index([f"p{k}" for k in range(n)], name="person"))
    pairs = pd.MultiIndex.from_product([own.index, [f"r{k}" for k in range(each)]], names=["person", "rater"])
    peers = answers_of(n * each, 6, {"share_2": 1.2}).set_axis(pairs)
    return step_of(prepared=SimpleNamespace(answers=own, peers=peers), kept_items=ITEMS)


def test_forms_are_stacked_with_the_person_that_each_row_is_about():
    step = with_peers(n=3)
    answers, form, level = invariance.self_and_peers(step)
    person = level.clusters
    assert form.value_counts().to_dict() == {"peers": 6, "self": 3}
    assert person.tolist() == ["p0", "p1", "p2", "p0", "p0", "p1", "p1", "p2", "p2"]
    assert answers.index.equals(form.index) and answers.index.equals(person.index)
    np.testing.assert_array_equal(answers.tail(6), step.prepared.peers)


def test_item_that_raters_see_otherwise_is_found_and_no_other():
    assert invariance.fairness_of_forms(with_peers()).flagged == ("share_2",)


def test_short_competency_is_no_hindrance_to_the_others():
    step = with_peers()
    step.scales = {"listen": SCALES["listen"][:3], "share": SCALES["share"]}
    step.kept_items = [*step.scales["listen"], *step.scales["share"]]
    found = invariance.fairness_of_forms(step)
    assert list(found.table.index) == SCALES["share"]
    assert (found.flagged, found.why_not) == (("share_2",), None)


def test_too_few_ratings_are_a_note_and_no_crash():
    step = with_peers()
    step.prepared.peers = step.prepared.peers.head(37)
    found = invariance.fairness_of_forms(step)
    assert sentence(found.why_not) == "Not tested: a form has fewer than 100 answers, or too few people were rated."
    assert found.flagged == ()
    assert list(found.table.rename_axis("item").reset_index().columns[:2]) == ["item", "scale"]
    assert np.isnan(found.table["mcfadden_total"].max())
    assert invariance.compare_forms(step).result is None


def test_competencies_too_short_to_compare_are_a_note():
    step = with_peers()
    step.scales = {name: items[:3] for name, items in SCALES.items()}
    said = "Not tested: no competency has the four items or more that a comparison takes."
    assert sentence(invariance.fairness_of_forms(step).why_not) == said


def test_forms_are_compared_against_the_people_themselves():
    found = invariance.compare_forms(with_peers())
    assert found.label == "Self form and peer form"
    assert found.result.table["level"].iloc[0] == "configural"
    assert set(found.result.groups) == {"self", "peers"}


def test_only_groupings_that_are_large_enough_are_compared():
    answers, groups = two_groups()
    people = pd.DataFrame({"sector": groups})
    prepared = SimpleNamespace(answers=answers, people=people)
    asked: list[tuple[list[str], float]] = []

    def comparable(names: list[str], minimum: float) -> list[str]:
        asked.append((list(names), minimum))
        return list(names)

    step = step_of(prepared=prepared, kept_items=ITEMS, comparable=comparable, group_labels={"sector": "Sector"})
    [found] = invariance.across_groups(step)
    assert asked == [(["sector"], 100)]
    assert found.label == "Sector"
    assert found.result.highest == "strict"


def test_every_comparison_is_said_and_none_is_said_too(alike, few):
    assert (
        sentences(invariance.all_of([alike, few]), between=" ") == f"{sentence(alike.finding)} {sentence(few.finding)}"
    )
    assert invariance.all_of([]) == (made("invariance_no_grouping"),)
