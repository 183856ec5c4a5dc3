"""What a team reads of its change: both rules, from means that may be told in both waves, where items mean the same."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from compendium.steps.feedback import changes
from compendium.steps.feedback.changes import both_say, person_changes, team_changes

SIZES = {"A": (14, 12), "B": (13, 9), "C": (20, 16), "D": (15, 13)}
NEEDED = 11


def study(shift: float = 0.0, holds: str | None = "scalar") -> Any:
    """Return a study of two waves: one member of A joins C, others leave; the scores of C change by `shift`."""
    draw, rows = np.random.default_rng(3), []
    for team, (before, after) in SIZES.items():
        level = draw.normal(3.5, 0.4, before)
        for wave, n in (("1", before), ("2", after)):
            moved = shift if (team, wave) == ("C", "2") else 0.0
            rows += [(f"{team}{k}", wave, "C" if (team, wave, k) == ("A", "2", 0) else team,
                      level[k] + moved + draw.normal(0, 0.15)) for k in range(n)]  # fmt: skip
    table = pd.DataFrame(rows, columns=["person", "wave", "team", "tact"]).set_index(["person", "wave"])
    labels = {"1": SimpleNamespace(label="First"), "2": SimpleNamespace(label="Second")}
    levels = pd.DataFrame({"holds": [holds]}, index=pd.MultiIndex.from_tuples([("First", "Second", "tact")]))
    prepared = SimpleNamespace(wave_scores=table[["tact"]], wave_people=table[["team"]], wave_levels=levels)
    settings = SimpleNamespace(waves=SimpleNamespace(in_order=labels, main="2"), feedback=SimpleNamespace(earlier=None))
    return SimpleNamespace(prepared=prepared, settings=settings)


def evidence() -> Any:
    plan = SimpleNamespace(disclosure=SimpleNamespace(minimum_team=SimpleNamespace(value=NEEDED)))
    return SimpleNamespace(plan=plan, confidence=0.95, scales={"tact": ["t1"]}, teams=pd.Series(dtype=str))


def test_a_team_that_changes_reads_it_and_the_others_do_not():
    found = team_changes(study(shift=0.8), evidence())
    assert found["C"].rows["tact"].verdict == "improved"
    assert found["C"].n_before == 20 and found["C"].n_now == 17
    assert {found[team].rows["tact"].verdict for team in found if team != "C"} == {"unchanged"}


def test_a_team_that_is_too_small_in_one_wave_has_no_change_nor_one_that_gives_it_away():
    """B has nine the second time; another is hidden with it, the smallest, so that the rest is no team's."""
    found = team_changes(study(), evidence())
    assert "B" not in found and len(found) == 2


@pytest.mark.parametrize(("holds", "verdict"), [("metric", "not_alike"), (None, "not_tested")])
def test_items_that_mean_something_else_are_not_compared(holds, verdict):
    (moved,) = {each.rows["tact"] for each in team_changes(study(holds=holds), evidence()).values()}
    assert (moved.change, moved.limit, moved.verdict) == (None, None, verdict)


def test_a_competency_that_the_earlier_wave_did_not_ask_is_told_as_such():
    known = evidence()
    known.scales["luck"] = ["l1"]
    assert {each.rows["luck"].verdict for each in team_changes(study(), known).values()} == {"not_asked"}


@pytest.mark.parametrize(("holds", "told"), [("scalar", True), (None, True), ("metric", False)])
def test_persons_are_not_compared_where_items_are_known_to_mean_something_else(holds, told, monkeypatch):
    monkeypatch.setattr(changes.change, "persons", lambda *_: {})
    known = evidence()
    known.scales["luck"] = ["l1"]
    rows = person_changes(study(holds=holds), known).values()
    assert {each["tact"].verdict for each in rows} == {"unknown" if told else "not_alike"}
    assert {each["luck"].verdict for each in rows} == {"not_asked"}
    assert all((each["tact"].change is not None) == told for each in rows)


def test_a_change_is_the_difference_of_rounded_means():
    for each in team_changes(study(shift=0.33), evidence()).values():
        assert round(each.rows["tact"].change * 10, 6).is_integer()


def test_without_an_earlier_wave_or_teams_there_is_no_change():
    made, known = study(), evidence()
    made.settings.waves.main = "1"
    assert team_changes(made, known) is None and person_changes(made, known) is None
    known.teams = None
    assert team_changes(study(), known) is None


@pytest.mark.parametrize(
    ("plain", "model", "verdict"),
    [
        ("improved", "improved", "improved"), ("deteriorated", "deteriorated", "deteriorated"),
        ("improved", "no reliable change", "one_rule"), ("no reliable change", "deteriorated", "one_rule"),
        ("no reliable change", "no reliable change", "unchanged"), ("not compared", "not compared", "unknown"),
    ],
)  # fmt: skip
def test_a_change_counts_where_both_rules_say_so(plain, model, verdict):
    assert both_say(plain, model) == verdict
