"""Everybody is counted from the invitation to the answers that are used, and whoever did not agree is left out."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from made_up_step import prepare, study_for_steps
from small_study import SmallStudy
from typer.testing import CliRunner

from compendium.cohort import Cohort
from compendium.cohort.roster import Roster, read_roster
from compendium.faults import InvalidInput
from compendium.findings import decode
from compendium.instruments.invitations import write_invitations
from compendium.outputs.step import Step
from compendium.report.figures.participants import describe_participants, participant_flow
from compendium.run.cli import app
from compendium.steps import cohort_quality as quality
from compendium.steps import participation
from compendium.wording import sentence

CONSENT = {"column": "consent", "yes": ["1", "Yes"], "no": ["0", "No"]}


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SmallStudy:
    return study_for_steps(tmp_path, monkeypatch)


def opened(study: SmallStudy) -> tuple[Step, Cohort]:
    step = prepare(study)
    return step, step.load_cohort()


def counts(study: SmallStudy) -> dict[str, int | None]:
    table = participation.stages(*opened(study))
    return {stage: None if pd.isna(n) else int(n) for stage, n in zip(table["stage"], table["n"], strict=True)}


def as_qualtrics(study: SmallStudy, seconds: list[int], finished: list[bool]) -> None:
    """Write the self file as Qualtrics exports it, with times and whether each sheet was finished."""
    head = ["Status", "Duration (in seconds)", "Finished", "RecipientEmail", *study.own.columns]
    ids = ["status", "duration", "finished", "recipientEmail", *(f"QID{n}" for n in range(study.own.shape[1]))]
    own = study.own.assign(a="0", b=seconds, c=[str(each) for each in finished], d="sam@example.org")
    rows = own[[*"abcd", *study.own.columns]].astype(str).to_numpy().tolist()
    lines = [head, head, [json.dumps({"ImportId": each}) for each in ids], *rows]
    study.settings["files"] |= {"self": "export.csv", "format": "qualtrics"}
    study.settings["files"].pop("peer")
    study.settings.pop("peer_outcomes")
    study.folder.mkdir(exist_ok=True)
    pd.DataFrame(lines).to_csv(study.folder / "export.csv", index=False, header=False)


def test_stages_with_peers(study: SmallStudy) -> None:
    study.settings["invited"] = 80
    study.own.loc[0, ["listen_1", "listen_2", "listen_3", "share_1"]] = ""
    assert counts(study) == {
        "invited": 80,
        "answer sheets received": 60,
        "agreed to take part": None,
        "reached the end": None,
        "answered enough items": 59,
        "rated by at least one peer": 20,
        "ratings by peers": 40,
    }


def test_whoever_did_not_agree_is_left_out_and_counted(study: SmallStudy) -> None:
    study.settings["files"]["consent"] = CONSENT
    study.own["consent"] = ["Yes"] * 50 + ["no"] * 6 + ["0"] * 2 + [""] * 2
    rated = set(study.own["person_id"].iloc[:50])
    study.peers = study.peers[study.peers["person_id"].isin(rated)].assign(consent=1)
    step, cohort = opened(study)
    assert len(cohort.answers) == 50
    assert participation.left_out(cohort) == {
        "did not agree to take part": 8,
        "left the question of consent blank": 2,
    }
    assert counts(study)["answer sheets received"] == 60
    assert counts(study)["agreed to take part"] == 50
    rates = participation.rates(step, cohort).set_index("rate")
    assert rates.loc["participation", ["n", "of"]].tolist() == [50, 60]
    assert "consent" not in cohort.import_record["name"].tolist()


def test_an_answer_that_is_neither_yes_nor_no_is_told_once(study: SmallStudy) -> None:
    study.settings["files"]["consent"] = CONSENT
    study.own["consent"] = ["1"] * 50 + ["perhaps"] * 10
    fault = study.only_fault()
    assert (fault.row, fault.column) == (52, "consent")
    assert "neither a yes nor a no" in fault.problem


def test_a_self_file_without_the_declared_question_of_consent_is_refused(study: SmallStudy) -> None:
    study.settings["files"]["consent"] = CONSENT
    assert study.only_fault().problem == "the question of consent is missing"


def test_rates_of_a_tool_that_says_who_finished(study: SmallStudy) -> None:
    study.settings["invited"] = 100
    as_qualtrics(study, [600] * 60, [True] * 45 + [False] * 15)
    step, cohort = opened(study)
    rates = participation.rates(step, cohort).set_index("rate")
    assert rates["share"].dropna().to_dict() == {"response": 0.6, "completion": 0.75}
    reasons = {rate: decode(note)[0].kind for rate, note in rates["note"].items() if note}
    assert reasons == {"view": "rate_no_visits", "participation": "rate_no_consent"}
    assert all(sentence(decode(note)[0]) for note in rates["note"] if note)
    assert participation.minutes(cohort, 10)["median"].tolist() == [10.0]
    assert participation.minutes(cohort, 61).empty


def test_the_flow_has_a_box_for_each_known_stage_and_its_numbers_add_up(study: SmallStudy) -> None:
    study.settings |= {"invited": 80}
    study.settings["files"]["consent"] = CONSENT
    study.own["consent"] = ["1"] * 48 + ["0"] * 12
    study.settings["files"].pop("peer")
    study.settings.pop("peer_outcomes")
    step, cohort = opened(study)
    table, gone = participation.stages(step, cohort), participation.left_out(cohort)
    words = describe_participants(table, gone)
    assert words.startswith("Invited: 80. Answer sheets received: 60. Agreed to take part: 48. Answered enough items")
    assert "No answer sheet: 20. Did not agree to take part: 12." in words
    svg = participant_flow(table, gone).to_svg("Flow", words)  # type: ignore[attr-defined]
    assert svg.count("<g role=") == 4 + 3
    assert "NA" not in svg


def test_a_fast_sheet_is_flagged_by_the_rule_of_the_plan_where_the_tool_took_the_time(study: SmallStudy) -> None:
    as_qualtrics(study, [8] * 5 + [600] * 55, [True] * 60)
    step, cohort = opened(study)
    seconds = participation.seconds_per_question(cohort)
    assert seconds is not None
    flags = quality.careless(step, cohort.answers, seconds)
    assert flags.flags["seconds_per_item"].sum() == 5
    assert flags.to_frame().loc["seconds_per_item", "threshold"] == step.plan.careless.seconds_per_item.value == 2
    without = quality.careless(step, cohort.answers, None)
    assert without.not_applied["seconds_per_item"] == "no times were given"


def test_the_record_names_every_column_and_no_value_of_an_identifier(study: SmallStudy) -> None:
    as_qualtrics(study, [600] * 60, [True] * 60)
    study.own["person_id"].to_csv(study.root / "ids.csv")
    _, cohort = opened(study)
    record = cohort.import_record
    text = record.to_csv()
    assert "sam@example.org" not in text
    assert not re.search(r"\bp\d\d\b", text)
    assert str(study.root) not in text
    named = set(record.loc[record["what"].isin(["column kept", "column left out"]), "name"])
    assert {"Status", "RecipientEmail", "person_id", "listen_1", "agency"} <= named
    kept = record[record["what"] == "column kept"].set_index("name")
    assert kept.loc["listen_1", ["read_as", "reason"]].tolist() == ["listen_1", "question"]
    assert kept.loc["grade", ["read_as", "reason"]].tolist() == ["grade", "grouping"]
    summary = participation.import_summary(cohort)
    assert summary.loc[summary["what"] == "column kept", "n"].sum() == len(kept)
    assert summary.loc[summary["what"] == "rows read", "n"].tolist() == [60]


def roster(study: SmallStudy, text: str) -> None:
    study.folder.mkdir(exist_ok=True)
    (study.folder / "roster.csv").write_text(text)
    study.settings["files"]["roster"] = "roster.csv"


def test_a_roster_gives_the_number_invited_and_the_ratings_asked_for(study: SmallStudy) -> None:
    more = [f"p{number:02d}" for number in range(1, 81)]
    roster(study, "person_id,e-mail,raters\n" + "".join(f"{each},{each}@example.org,2\n" for each in more))
    step, cohort = opened(study)
    assert cohort.turnout["invited"].tolist() == [80, 160]
    rates = participation.rates(step, cohort).set_index("rate")
    assert rates.loc["response", "share"] == 0.75
    assert rates.loc["peers' response", "share"] == 0.25
    assert "example.org" not in repr(cohort.import_record.to_csv())


def test_ratings_of_people_who_were_invited_and_did_not_answer_are_left_out_and_counted(study: SmallStudy) -> None:
    more = [f"p{number:02d}" for number in range(1, 81)]
    roster(study, "person_id,raters\n" + "".join(f"{each},2\n" for each in more))
    study.peers.loc[len(study.peers)] = {**study.peers.iloc[0].to_dict(), "person_id": "p77", "rater_id": "r999"}
    step, cohort = opened(study)
    out = cohort.import_record.query("what == 'rows left out'")
    assert out[["form", "n", "reason"]].to_numpy().tolist() == [
        ["peer", 1, "the person rated was invited and did not answer"]
    ]
    assert len(cohort.peers) == len(study.peers) - 1
    assert participation.rates(step, cohort).set_index("rate").loc["peers' response", "n"] == len(study.peers)


def test_answers_of_somebody_who_is_not_in_the_roster_are_named(study: SmallStudy) -> None:
    roster(study, "person_id\n" + "".join(f"p{number:02d}\n" for number in range(2, 61)))
    fault = study.only_fault()
    assert (fault.row, fault.value) == (2, "p01")
    assert fault.problem == "the person is not in the roster"


def test_a_rater_whom_the_roster_does_not_list_is_named(study: SmallStudy) -> None:
    pairs = study.peers[["person_id", "rater_id"]].iloc[1:].to_csv(index=False)
    unrated = "".join(f"p{number:02d},\n" for number in range(1, 61))
    roster(study, pairs + unrated)
    fault = study.only_fault()
    assert (fault.row, fault.value) == (2, study.peers.loc[0, "rater_id"])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name\nSam\n", "no codes"),
        ("person_id,raters\np01,many\n", "not a number of raters"),
        ("person_id,raters\np01,2\np01,2\n", "stands in the roster already"),
        ("person_id,raters\n,2\n", "the code is blank"),
    ],
)
def test_a_roster_that_cannot_be_read_is_one_report(study: SmallStudy, text: str, said: str) -> None:
    roster(study, text)
    assert said in study.faults()[0].problem


def test_a_time_below_zero_is_no_evidence(study: SmallStudy) -> None:
    step, cohort = opened(study)
    seconds = pd.Series(np.r_[-5.0, [600.0] * 59], index=cohort.answers.index)
    assert "below zero" in quality.careless(step, cohort.answers, seconds).not_applied["seconds_per_item"]


def test_invitations_give_every_pair_a_code_of_its_own_and_are_the_roster_afterwards(tmp_path: Path) -> None:
    (tmp_path / "roster.csv").write_text("person_id,email,raters\np01,a@example.org,3\np 02,b@example.org,0\n")
    words = [str(tmp_path / "roster.csv"), "--out", str(tmp_path / "out")]
    words += [
        "--link",
        "https://s.example/?p={person_id}",
        "--peer-link",
        "https://s.example/?p={person_id}&r={rater_id}",
    ]
    said = CliRunner().invoke(app, ["invitations", *words])
    assert said.exit_code == 0, said.output
    table = pd.read_csv(tmp_path / "out" / "invitations.csv", dtype=str, keep_default_na=False)
    assert table["form"].tolist() == ["self", "self", "peer", "peer", "peer"]
    assert table["link"].iloc[1] == "https://s.example/?p=p%2002"
    assert table["rater_id"].iloc[2:].is_unique
    assert "example.org" not in table.to_csv()
    later = read_roster(tmp_path / "out" / "invitations.csv")
    assert (later.people, later.raters, later.asked) == (("p01", "p 02"), {"p01": 3}, 3)
    again = CliRunner().invoke(app, ["invitations", *words])
    assert isinstance(again.exception, InvalidInput)


def test_a_link_without_a_place_for_the_code_is_refused(tmp_path: Path) -> None:
    roster_ = Roster("roster.csv", ("p01",), {})
    with pytest.raises(InvalidInput, match=r"write \{person_id\} where it goes"):
        write_invitations(roster_, tmp_path, link="https://s.example/")


def test_a_roster_tells_the_team_of_each_person_once(tmp_path: Path) -> None:
    path = tmp_path / "roster.csv"
    path.write_text("person_id,rater_id,team\np1,r1,A\np1,r2,A\np2,,B\n")
    assert read_roster(path).teams == {"p1": "A", "p2": "B"}
    path.write_text("person_id,rater_id,team\np1,r1,A\np1,r2,B\n")
    with pytest.raises(InvalidInput, match="two teams"):
        read_roster(path)
