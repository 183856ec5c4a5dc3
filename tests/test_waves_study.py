"""What a book on change shows of the whole cohort tells of nobody: few who left or came hide it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from compendium.steps import change
from compendium.wording import sentences
from psychometrics.change import reliable_change

PAIR = ("one", "two")
MINIMUM = 10
LEVELS = pd.DataFrame(columns=["before", "after", "competency", "holds"])


def study(left: int, came: int, stayed: int = 40) -> Any:
    """Return a study of two waves in which some left and others came."""
    draw = np.random.default_rng(5)
    people = {"one": range(stayed + left), "two": [*range(stayed), *range(100, 100 + came)]}
    index = pd.MultiIndex.from_tuples(
        [(wave, f"p{person}") for wave, there in people.items() for person in there], names=["wave", "person"]
    )
    scores = pd.DataFrame({"tact": draw.normal(3, 1, len(index))}, index=index)
    in_order = {"one": SimpleNamespace(label="first"), "two": SimpleNamespace(label="second")}
    waves = SimpleNamespace(anchor=SimpleNamespace(smallest=[1], unchanged=0), in_order=in_order)
    plan = SimpleNamespace(
        disclosure=SimpleNamespace(**dict.fromkeys(("minimum_group", "minimum_team"), SimpleNamespace(value=MINIMUM))),
        confidence=SimpleNamespace(value=0.95),
        alpha_level=SimpleNamespace(value=0.05),
        change=SimpleNamespace(anchor_correlation=SimpleNamespace(value=0.3)),
    )
    said = pd.DataFrame({"anchor": draw.integers(-1, 2, stayed)}, index=[f"p{person}" for person in range(stayed)])
    prepared = SimpleNamespace(wave_scores=scores, wave_people=scores, anchor=said)
    return SimpleNamespace(
        plan=plan, prepared=prepared, settings=SimpleNamespace(waves=waves, groups={}), collected=lambda what: False
    )


def counted(made: Any) -> tuple[int | None, int, int]:
    """Return what is shown: how many answered twice, rows of reliable change, rows beside the anchor."""
    first, second = change.both(made, PAIR)
    found = {("tact", "made up"): reliable_change(first["tact"], second["tact"], 1.0, 0.8)}
    shown = change.reliable_changes(made, PAIR, found, LEVELS)
    return change.measured_twice(made, PAIR), len(shown), len(change.against_anchor(made, PAIR, LEVELS))


@pytest.mark.parametrize(("left", "came"), [(0, 0), (MINIMUM, 0), (0, MINIMUM), (25, 12)])
def test_nobody_or_enough_who_left_or_came_hide_nothing(left: int, came: int) -> None:
    assert counted(study(left, came)) == (40, 1, 1)


@pytest.mark.parametrize(("left", "came"), [(1, 0), (0, 1), (MINIMUM - 1, 0), (30, 1), (1, 30)])
def test_few_who_left_or_came_hide_every_count_of_change(left: int, came: int) -> None:
    assert counted(study(left, came)) == (None, 0, 0)


def test_few_who_stayed_hide_every_count_of_change() -> None:
    assert counted(study(20, 20, stayed=MINIMUM - 1)) == (None, 0, 0)


def test_comparisons_of_who_left_are_one_family_by_holm() -> None:
    made = study(20, 0, stayed=60)
    scores, stayed = made.prepared.wave_scores, [int(person[1:]) < 60 for _, person in made.prepared.wave_scores.index]
    draw = np.random.default_rng(7)
    for name, shift in (("clear", 1.5), ("little", 0.3), ("none", 0.0)):
        scores[name] = draw.normal(3, 1, len(scores)) + shift * np.array(stayed)
    gone = change.who_left(made, [PAIR]).set_index("competency")
    assert gone["p_holm"].min() == pytest.approx(min(1.0, len(gone) * gone["p"].min()))
    assert (gone["p_holm"] >= gone["p"]).all() and gone.loc["clear", "differs"]
    assert change.differing(gone) == (gone["p_holm"] < 0.05).sum() < len(gone)


def test_small_differences_that_point_one_way_are_found_in_the_overall_score() -> None:
    """Each of six competencies is too little to survive its family; their mean, less noisy, is not."""
    made = study(60, 0, stayed=120)
    scores, draw = made.prepared.wave_scores, np.random.default_rng(11)
    stayed = np.array([int(person[1:]) < 120 for _, person in scores.index])
    for name in ("listen", "share", "learn", "lead", "care"):
        scores[name] = draw.normal(3, 1, len(scores)) + 0.25 * stayed
    made.framework = SimpleNamespace(total="mean")
    assert change.differing(change.who_left(made, [PAIR])) == 0
    found = change.who_left_overall(made, [PAIR])
    assert change.differing(found) == len(found) == 1
    made.framework.total = "none"
    assert change.who_left_overall(made, [PAIR]).empty


def asked_in(made: Any, kept: dict[str, list[str]], waves: dict[str, list[str]]) -> Any:
    """Let the waves of a study ask these items; the study keeps others beside them."""
    items = sorted({item for asked in waves.values() for item in asked})
    rows = {wave: [1.0 if item in asked else np.nan for item in items] for wave, asked in waves.items()}
    index = pd.MultiIndex.from_tuples([(wave, "p0") for wave in rows], names=["wave", "person"])
    made.prepared.wave_answers = pd.DataFrame(list(rows.values()), index=index, columns=items)
    made.kept_items, made.scales = [item for scale in kept.values() for item in scale], kept
    made.framework = SimpleNamespace(scales=lambda asked: _scales_of(kept, asked))
    return made


def _scales_of(kept: dict[str, list[str]], asked: list[str]) -> dict[str, list[str]]:
    """Return the items of each scale that were asked, of scales that have one."""
    found = {name: [item for item in scale if item in asked] for name, scale in kept.items()}
    return {name: items for name, items in found.items() if items}


def test_waves_that_asked_other_items_say_what_is_compared_and_what_is_not() -> None:
    kept = {"tact": ["t1", "t2"], "care": ["c1", "c2"], "luck": ["l1"]}
    everything = [item for scale in kept.values() for item in scale]
    alike = asked_in(study(0, 0), kept, {"one": everything, "two": everything})
    assert [each.kind for each in change.compared_items(alike)] == ["wave_items_all"]
    other = asked_in(study(0, 0), kept, {"one": ["t1", "t2", "c1"], "two": ["t1", "t2", "c1", "c2", "l1"]})
    some, fewer, none = change.compared_items(other)
    assert (some["value"], some["limit"]) == (3, 5)
    assert (fewer["other"], none["other"]) == (("care",), ("luck",))
    assert sentences((some, fewer, none)) == (
        "Of 5 kept items, 3 were asked in every wave; the waves are compared over these alone. The score of care rests "
        "on fewer items here than elsewhere in this book. luck shares no item and is not compared."
    )


@pytest.mark.parametrize(("left", "hidden"), [(0, []), (3, [("first", "second")])])
def test_waves_whose_change_is_not_shown_are_named(left: int, hidden: list[tuple[str, str]]) -> None:
    assert [(each["first"], each["other"]) for each in change.hidden_changes(study(left, 0))] == hidden


def test_comparisons_that_could_not_be_tested_are_not_counted_as_tested() -> None:
    levels = pd.DataFrame({"holds": ["scalar", "metric", np.nan, None]})
    assert change.how_many_hold(levels) == (2, 1)


def test_a_competency_in_which_no_person_can_be_judged_says_why() -> None:
    made = study(0, 0)
    made.prepared.wave_scores["luck"] = 3.0
    first, second = change.both(made, PAIR)
    found = {("tact", "made up"): reliable_change(first["tact"], second["tact"], 1.0, 0.8)}
    shown = change.reliable_changes(made, PAIR, found, LEVELS).set_index("competency")
    assert shown.loc["luck", "note"] == change.NO_ERROR and pd.isna(shown.loc["luck", "n"])
    assert shown.loc["tact", "note"] == "" and shown.loc["tact", "n"] == len(first)


@pytest.mark.parametrize(("left", "came", "told"), [(20, 0, 1), (20, 10, 1), (20, 3, 0), (3, 0, 0), (0, 0, 0)])
def test_who_left_is_told_where_nobody_can_be_told_from_it(left: int, came: int, told: int) -> None:
    assert change.told_of_leaving(study(left, came)) == [PAIR][:told]


@pytest.mark.parametrize(("holds", "note"), [("scalar", ""), (None, ""), ("metric", change.NOT_SCALAR)])
def test_nobody_is_counted_as_changed_where_items_are_known_to_mean_something_else(
    holds: str | None, note: str
) -> None:
    made = study(0, 0)
    first, second = change.both(made, PAIR)
    found = {("tact", "made up"): reliable_change(first["tact"], second["tact"], 1.0, 0.8)}
    levels = pd.DataFrame([{"before": "first", "after": "second", "competency": "tact", "holds": holds}])
    (row,) = change.reliable_changes(made, PAIR, found, levels).to_dict("records")
    assert (row["note"], pd.isna(row["n"])) == (note, bool(note))


def test_no_mean_change_stands_beside_an_anchor_where_items_mean_something_else() -> None:
    made = study(0, 0)
    made.collected = lambda what: what == "overall"
    said = pd.Series(np.repeat([-1, 0, 1, 1], 10), made.prepared.anchor.index, name="anchor")
    made.prepared.anchor, scores = said.to_frame(), made.prepared.wave_scores
    noise = np.random.default_rng(3).normal(0, 1, len(said))
    scores.loc["two", "tact"] = (scores.loc["one", "tact"] + said + noise).to_numpy()
    for holds, note in (("scalar", ""), ("metric", change.NOT_SCALAR), (None, change.NOT_TESTED)):
        levels = pd.DataFrame([{"before": "first", "after": "second", "competency": "tact", "holds": holds}])
        found = change.against_anchor(made, PAIR, levels).set_index("competency")
        assert list(found["note"]) == [note, note] and found["correlation"].notna().all()
        assert found["smallest_change"].notna().all() == (holds == "scalar")
