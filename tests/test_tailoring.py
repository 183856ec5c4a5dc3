"""Everyday changes of a cohort: an item dropped, outcomes and claims of one's own, covariates, weights, languages."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_study import OUTCOMES, SmallStudy, small_study

from compendium.cohort import effective_number, examine, study_plan
from compendium.faults import Fault

CLAIM: dict[str, Any] = {
    "short": "More zest",
    "statement": "People who show more of it have more zest",
    "evidence": ["this test"],
    "kind": "own_outcome",
    "outcomes": ["zest"],
    "direction": "positive",
    "smallest_effect": {"value": 0.1, "source": "a test"},
}


@pytest.fixture
def study(tmp_path: Path) -> SmallStudy:
    return small_study(tmp_path)


def only_fault(study: SmallStudy) -> Fault:
    (fault,) = study.faults()
    return fault


@pytest.mark.parametrize("drop", [["listen_3"], {"listen_3": "printed wrongly"}])
def test_a_dropped_item_is_neither_asked_for_nor_read(study: SmallStudy, drop: object) -> None:
    study.settings["drop"] = drop
    study.own = study.own.drop(columns="listen_3")
    study.peers = study.peers.drop(columns="listen_3")
    cohort = study.load()
    assert "listen_3" not in cohort.answers
    assert cohort.framework.scales()["listen"] == ["listen_1", "listen_2"]


def test_a_dropped_item_must_be_one_and_leave_two(study: SmallStudy) -> None:
    study.settings["drop"] = ["listen_4"]
    assert "did you mean 'listen_" in only_fault(study).action
    study.settings["drop"] = ["listen_2", "listen_3"]
    study.settings["ignore"] = ["listen_2", "listen_3"]
    assert any("fewer than two items of the competency 'listen' are left" in str(each) for each in study.faults())


def test_outcomes_and_claims_of_its_own_are_a_cohorts_business(study: SmallStudy) -> None:
    study.folder.mkdir()
    header = OUTCOMES.splitlines()[0]
    (study.folder / "more.csv").write_text(f"{header}\nzest,Zest,zest_1,I burst with it.,1,4,false,self,CC0,tests\n")
    study.own["zest_1"] = [1, 2, 3, 4] * 15
    study.settings |= {"own_outcomes": "more.csv", "outcomes": ["engagement", "zest"], "claims": {"more_zest": CLAIM}}
    study.settings["ignore"] = ["satisfied"]
    cohort = study.load()
    assert cohort.outcomes["zest_1"].max() == 4
    claim = study_plan(cohort.settings, cohort.framework).claims.published["more_zest"]
    assert (claim.origin, claim.outcomes) == ("own", ["zest"])


def test_a_claim_about_a_scale_that_is_not_there_is_refused(study: SmallStudy) -> None:
    study.settings["claims"] = {"more_zest": CLAIM | {"outcomes": ["engagment"]}}
    assert "did you mean 'engagement'?" in only_fault(study).action


def test_covariates_of_the_cohort_take_the_place_of_the_plans(study: SmallStudy) -> None:
    study.settings["covariates"] = ["tenure", "grade"]
    cohort = study.load()
    plan = study_plan(cohort.settings, cohort.framework)
    assert plan.claims.covariates == ["tenure", "grade"]
    assert plan.multiverse.covariates == [[], ["tenure"], ["tenure", "grade"]]
    study.settings["covariates"] = ["tenur"]
    assert "did you mean 'tenure'?" in only_fault(study).action


def test_weights_are_read_and_checked(study: SmallStudy) -> None:
    study.settings["weight"] = {"column": "w", "source": "post-stratified"}
    study.own["w"] = ["0.5", "1.5"] * 30
    assert effective_number(study.load().weights) == pytest.approx(60**2 / (30 * 0.25 + 30 * 2.25))
    study.own.loc[3, "w"] = "0"
    fault = only_fault(study)
    assert (fault.column, fault.value, fault.problem) == ("w", "0", "not a survey weight")


@given(st.lists(st.floats(0.01, 100), min_size=1, max_size=30), st.floats(0.1, 10))
def test_effective_number_does_not_depend_on_the_unit_and_is_never_above_the_count(
    weights: list[float], unit: float
) -> None:
    given_weights = pd.Series(weights)
    found = effective_number(given_weights)
    assert found == pytest.approx(effective_number(given_weights * unit))
    assert 1 - 1e-9 <= found <= len(weights) + 1e-9


def test_wordings_in_further_languages_are_columns_of_the_items(study: SmallStudy) -> None:
    path = study.frameworks / "mini" / "items.csv"
    rows = path.read_text().splitlines()
    path.write_text("\n".join([f"{rows[0]},wording.cy", *(f"{row},Rwy'n gwrando." for row in rows[1:])]))
    study.write()
    framework = examine(study.folder, frameworks=study.frameworks).framework
    assert framework is not None
    assert framework.languages == ["en-GB", "cy"]


def test_a_number_makes_no_groups(study: SmallStudy) -> None:
    study.settings["groups"]["tenure"]["role"] = "cluster"
    assert only_fault(study).problem == "a number makes no groups to cluster"


def test_a_framework_beside_the_cohort_is_found_by_its_path(study: SmallStudy) -> None:
    study.folder.mkdir()
    (study.frameworks / "mini").rename(study.folder / "framework")
    study.settings["framework"] = "framework"
    assert study.faults() == ()
    study.settings["framework"] = "../nowhere"
    assert only_fault(study).problem == "there is no such framework"
