"""A step says in words what a cohort lacks, reads what was prepared, and scores what was kept."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from made_up_step import open_small, prepare, study_for_steps
from small_study import SmallStudy

from compendium.faults import InvalidInput, NotYet
from compendium.outputs.saving import read_values
from compendium.outputs.step import SAYS_WORDINGS, open_step
from compendium.plan import judge
from compendium.steps.cohort_quality import judge_all
from compendium.steps.cohort_quality import prepare as prepare_cohort
from compendium.steps.scores import prepare_decisions

PREPARED = ("people", "answers", "outcomes", "peers", "peer_outcomes")


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SmallStudy:
    return study_for_steps(tmp_path, monkeypatch)


def without_peers(study: SmallStudy) -> SmallStudy:
    study.settings["files"].pop("peer")
    study.settings.pop("peer_outcomes")
    study.write()
    return study


# What a cohort lacks


@pytest.mark.parametrize(
    "requirement", ["peers", "outcomes", "peer_outcomes", "tenure", "agency", "review", "feedback", "consultation"]
)
def test_what_is_there_is_not_lacking(study, requirement):
    for part in ("evidence", "consultation"):
        (study.frameworks / "mini" / part).mkdir()
    assert open_small(study, "07_rater_agreement").lacks(requirement) is None


def test_what_was_not_collected_is_said_in_a_sentence(study):
    step = open_small(without_peers(study), "07_rater_agreement")
    assert step.lacks("peers") == "Peers: not collected in this cohort."
    assert step.lacks("peer_outcomes") == "Peer outcomes: not collected in this cohort."
    assert step.lacks("teams") == "Teams: not collected in this cohort."
    assert step.lacks("occupation") == "Occupation: not collected in this cohort."


@pytest.mark.parametrize("kind", ["placeholder", "published", "instrument"])
def test_optional_parts_go_by_what_is_in_the_folder_and_not_by_the_kind_of_framework(study, kind):
    path = study.frameworks / "mini" / "framework.yaml"
    path.write_text(path.read_text().replace("kind: placeholder", f"kind: {kind}"))
    step = open_small(study, "01_evidence_review")
    assert step.lacks("review") == "The framework of this cohort comes without an evidence review."
    assert step.lacks("consultation") == "The framework of this cohort comes without a consultation."
    assert step.lacks("feedback") is None
    path.write_text(path.read_text() + "feedback: false\n")
    said = "The framework of this cohort asks for no feedback reports."
    assert open_small(study, "09_feedback").lacks("feedback") == said


def test_scores_follow_the_totals_and_answer_scales_of_the_framework(study):
    home = study.frameworks / "mini"
    text = (
        (home / "competencies.csv")
        .read_text()
        .replace("themes", "themes,total")
        .replace("to listen,", "to listen,,sum")
    )
    (home / "competencies.csv").write_text(text.replace("to share,", "to share,,mean"))
    description = yaml.safe_load((home / "framework.yaml").read_text())
    wide = {"minimum": 0, "maximum": 10, "labels": {code: str(code) for code in range(11)}}
    description |= {"answer_scales": {"wide": wide}}
    (home / "framework.yaml").write_text(yaml.safe_dump(description))
    items = pd.read_csv(home / "items.csv", keep_default_na=False, dtype=str).assign(answer_scale="")
    items.loc[items["item"] == "share_2", "answer_scale"] = "wide"
    items.to_csv(home / "items.csv", index=False)
    step = prepare(study)
    given = pd.DataFrame(
        {
            "listen_1": [4.0],
            "listen_2": [2.0],
            "listen_3": [np.nan],
            "share_1": [5.0],
            "share_2": [5.0],
            "share_3": [1.0],
        }
    )
    scores = open_small(study, "04_item_analysis").scores(given)
    assert step.framework.higher_is["listen"] == "better"
    assert scores.loc[0, "listen"] == pytest.approx(9.0)  # three items at the mean of the answered ones
    assert scores.loc[0, "share"] == pytest.approx((5 + 3 + 1) / 3)  # 5 of 0 to 10 is 3 of 1 to 5


@pytest.mark.parametrize(
    ("requirement", "suggestion"),
    [("peer", "did you mean 'peers'?"), ("gate_factor_analysys", "did you mean 'gate_factor_analysis'?")],
)
def test_misspelt_requirement_is_refused_and_not_taken_for_lacking(study, requirement, suggestion):
    with pytest.raises(InvalidInput) as caught:
        open_small(study, "07_rater_agreement").lacks(requirement)
    assert f"asks for {requirement!r}" in str(caught.value)
    assert suggestion in str(caught.value)


# Gates


def test_gate_that_was_not_asked_is_refused(study):
    with pytest.raises(NotYet, match="Run 03_cohort_quality first"):
        open_small(study, "05_factor_structure").lacks("gate_reliability")


def test_closed_gate_says_what_it_would_need(study):
    step = prepare(study)
    judge_all(step, step.load_cohort())
    later = open_small(study, "05_factor_structure")
    assert later.lacks("gate_factor_analysis") == "Factor analysis: not supported at n = 60 people, would need 200."
    assert later.lacks("gate_mixed_model") == "Mixed model: not supported at n = 20 rated people, would need 30."
    assert later.lacks("gate_reliability") is None


def test_gate_for_data_that_were_not_collected_says_so(study):
    step = prepare(without_peers(study))
    judge_all(step, step.load_cohort())
    said = "Rater agreement: not possible, since no ratings by colleagues were collected in this cohort."
    assert open_small(study, "07_rater_agreement").lacks("gate_rater_agreement") == said


def test_gate_that_counts_items_needs_no_answers(study):
    assert open_small(study, "03_cohort_quality").lacks("gate_careless") == (
        "Careless: not supported at n = 6 items, would need 24."
    )


def test_gate_is_saved_with_its_sentence(study):
    step = open_small(study, "03_cohort_quality")
    verdict = judge(step.plan, "item_rule", 49)
    verdicts = judge_all(step, step.load_cohort()) | {"item_rule": verdict}
    step.keep_verdicts(verdicts)
    saved = read_values(step.folders)["supported_item_rule"]
    assert (saved["value"], saved["note"]) == (False, verdict.finding.encoded)
    assert saved["builder"] == "compendium.steps.cohort_quality.judge_all"
    assert read_values(step.folders)["supported_item_rule"]["value"] is False


# Items to choose from, groups to compare


def test_items_that_are_all_final_are_confirmed_and_not_chosen(study):
    assert open_small(study, "04_item_analysis").lacks("candidates") is None
    path = study.frameworks / "mini" / "items.csv"
    path.write_text(path.read_text().replace(",candidate", ",final"))
    said = "The items of this cohort are final already: they are confirmed, not chosen."
    assert open_small(study, "04_item_analysis").lacks("candidates") == said


def fairness_of(*groupings: str, smallest: int = 30) -> dict[str, object]:
    size = {"value": smallest, "source": "for the tests alone"}
    return {"groupings": list(groupings), "smallest_group": size}


def test_two_large_groups_are_enough_to_compare(study):
    study.settings["study"] = {"fairness": fairness_of("agency")}
    prepare(study)
    step = open_small(study, "04_item_analysis")
    assert step.lacks("comparable_groups") is None
    assert step.comparable(["agency", "sector"], 30) == ["agency"]
    assert step.comparable(["agency"], 31) == []
    assert step.group_labels["agency"] == "Agency"


def test_one_large_group_has_nobody_to_be_compared_with(study):
    study.own["agency"] = ["North"] * 31 + ["South"] * 29
    study.settings["study"] = {"fairness": fairness_of("agency"), "invariance": {"groupings": ["sector"]}}
    prepare(study)
    said = "Comparable groups: no grouping that may be compared has two groups of 30 people or more."
    assert open_small(study, "04_item_analysis").lacks("comparable_groups") == said


def test_a_grouping_that_only_invariance_compares_counts_as_well(study):
    study.settings["study"] = {"fairness": fairness_of(), "invariance": {"groupings": ["agency"]}}
    prepare(study)
    assert open_small(study, "06_invariance").lacks("comparable_groups") is None


# Prepared tables


def test_prepared_tables_are_read_as_they_were_saved(study):
    study.own["person_id"] = [f"{number:03d}" for number in range(1, 61)]
    study.peers["person_id"] = study.peers["person_id"].str.removeprefix("p").str.zfill(3)
    study.peers["rater_id"] = study.peers["rater_id"].str.removeprefix("p").str.zfill(3)
    study.own.loc[3, "listen_1"] = ""
    step = prepare(study)
    cohort = step.load_cohort()
    for name in PREPARED:
        pd.testing.assert_frame_equal(
            getattr(step.prepared, name), getattr(cohort, name), check_dtype=False, check_index_type=False
        )


def test_people_are_counted_by_the_step_that_reads_the_file_and_by_no_later_one(study):
    prepare(study)
    counted = open_small(study, "04_item_analysis").people
    assert counted == len(study.own)
    study.own = study.own.iloc[:20]
    study.peers = study.peers[study.peers["person_id"].isin(study.own["person_id"])]
    study.write()
    again = open_small(study, "03_cohort_quality")
    assert again.people == len(study.own) < counted
    later = open_small(study, "04_item_analysis")
    assert later.people == counted
    assert any("sheets" in name for name in later.read)
    prepare_cohort(again, again.load_cohort())
    assert open_small(study, "04_item_analysis").people == len(study.own)


def test_the_self_file_is_read_once_and_by_steps_about_its_people_alone(study, monkeypatch):
    counted = open_small(study, "03_cohort_quality").people
    step, review = open_small(study, "03_cohort_quality"), open_small(study, "01_evidence_review")
    monkeypatch.setattr("compendium.study.opened.read_form", None)
    step.load_cohort()
    assert step.people == counted == len(study.own)
    assert review.results.gate.people is None
    assert review.lacks("review") is not None


def test_tables_that_were_not_collected_are_empty(study):
    prepared = prepare(without_peers(study)).prepared
    assert len(prepared.peers) == len(prepared.peer_outcomes) == 0
    assert prepared.peers.index.names == ["person", "rater"]


# Scores


def test_kept_items_stand_in_framework_order_without_dropped_and_reviewed_ones(study):
    step = prepare(study)
    decisions = step.prepared.decisions.iloc[::-1].reset_index()
    decisions.loc[decisions["item"] == "listen_2", "decision"] = "drop"
    decisions.loc[decisions["item"] == "share_3", "decision"] = "review"
    prepare_decisions(step, decisions)
    later = open_small(study, "05_factor_structure")
    assert later.kept_items == ["listen_1", "listen_3", "share_1", "share_2"]
    assert later.scales == {"listen": ["listen_1", "listen_3"], "share": ["share_1", "share_2"]}


def test_scores_are_means_of_kept_items(study):
    step = prepare(study)
    answers = step.prepared.answers
    expected = answers[["listen_1", "listen_2", "listen_3"]].mean(axis=1)
    np.testing.assert_allclose(step.scores(answers)["listen"], expected, rtol=1e-15)


def test_outcome_scores_are_those_that_this_respondent_was_asked(study):
    step = prepare(study)
    own = step.outcome_scores(step.prepared.outcomes)
    assert list(own.columns) == ["engagement", "satisfaction"]
    raw = study.own[["engaged_1", "engaged_2"]].astype(float)
    np.testing.assert_array_equal(own["engagement"], (raw["engaged_1"] + 6 - raw["engaged_2"]) / 2)
    assert list(step.outcome_scores(step.prepared.peer_outcomes, "rater").columns) == ["engagement"]


# Where a step comes from


def test_inputs_are_the_same_before_and_after_the_tables_are_prepared(study):
    before = open_small(study, "03_cohort_quality").inputs
    prepare(study)
    assert open_small(study, "03_cohort_quality").inputs == before


@pytest.mark.parametrize("changed", ["response", "peer", "description", "key"])
def test_inputs_change_with_what_was_handed_in(study, changed):
    before = open_small(study, "03_cohort_quality").inputs
    if changed == "response":
        study.own.loc[0, "tenure"] = 31
    elif changed == "peer":
        study.peers = study.peers.iloc[1:]
    elif changed == "description":
        study.settings["title"] = "Another title"
    else:
        path = study.frameworks / "mini" / "items.csv"
        path.write_text(path.read_text().replace(",false,", ",true,", 1))
    study.write()
    assert open_small(study, "03_cohort_quality").inputs != before


@pytest.mark.parametrize("name", ["02_consultation", "03_cohort_quality", "04_item_analysis", "09_feedback"])
def test_a_step_is_told_how_items_are_worded_only_if_it_says_so(study, name):
    before = open_small(study, name)
    path = study.frameworks / "mini" / "items.csv"
    path.write_text(path.read_text().replace("I listen.", "I always listen."))
    says = name in SAYS_WORDINGS
    assert (open_small(study, name).inputs != before.inputs) is says
    assert ("self_wording" in before.framework.items) is says
    assert ("wording" in before.framework.outcomes) is says
    assert ("self_wording" in before.whole_framework.items) is says


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("01_evidence_review", "evidence/exports/found.ris"),
        ("02_consultation", "consultation/log.csv"),
        ("04_item_analysis", "evidence/coding.csv"),
        ("04_item_analysis", "consultation/relevance.csv"),
    ],
)
def test_inputs_of_a_step_hold_what_it_reads_beside_the_cohort(study, name, file):
    path = study.frameworks / "mini" / file
    path.parent.mkdir(parents=True)
    path.write_text("one")
    before = [open_small(study, step).inputs for step in (name, "05_factor_structure")]
    path.write_text("two")
    after = [open_small(study, step).inputs for step in (name, "05_factor_structure")]
    assert before[0] != after[0]
    assert before[1] == after[1]


def test_step_knows_where_responses_and_results_lie(study, tmp_path):
    elsewhere = tmp_path / "responses"
    elsewhere.mkdir()
    for name in ("self.csv", "peer.csv"):
        (study.folder / name).rename(elsewhere / name)
    step = open_step("03_cohort_quality", cohort=str(study.folder), data=str(elsewhere), results=str(tmp_path / "out"))
    prepare_cohort(step, step.load_cohort())
    assert len(pd.read_parquet(tmp_path / "out" / "pilot" / "private" / "prepared" / "people.parquet")) == 60


def test_opening_a_step_writes_nothing(study, tmp_path):
    open_small(study, "03_cohort_quality")
    assert not (tmp_path / "results").exists()


def test_cohort_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(InvalidInput, match="there is no such cohort folder"):
        open_step("03_cohort_quality", cohort=str(tmp_path / "nowhere"))
