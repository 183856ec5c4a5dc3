"""Reports of a whole study: who gets one, what is written again, and the files beside the forms."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from made_up_step import open_small, prepare, study_for_steps

from compendium.faults import InvalidInput
from compendium.report.feedback.batch import Reports, open_reports
from compendium.report.feedback.blocks import Document
from compendium.report.feedback.press import Press, Written
from compendium.steps.cohort_quality import judge_all
from compendium.steps.feedback import census


@pytest.fixture
def study(tmp_path, monkeypatch):
    made = study_for_steps(tmp_path, monkeypatch)
    made.settings["groups"]["team"] = {"column": "team", "label": "Team", "kind": "nominal"}
    made.own["team"] = ["../North/1"] * 12 + ["small"] * 10 + ["South"] * 38
    return made


def opened(study) -> Reports:
    first = prepare(study)
    cohort = first.load_cohort()
    judge_all(first, cohort)
    first.results.private_table("pseudonyms", cohort.pseudonyms.to_frame("pseudonym"))
    return open_reports(open_small(study, "09_feedback"))


def drawn(document: Document) -> bytes:
    return document.subtitle.encode()


@pytest.fixture
def cheap(monkeypatch):
    """Files that cost nothing: what is tested is who gets one."""
    monkeypatch.setattr(Press.__init__, "__defaults__", ({"pdf": drawn},))


def test_everybody_with_a_score_gets_a_report_and_small_teams_get_none(study, cheap):
    reports = opened(study)
    (reports.folder / "people").mkdir(parents=True)
    (reports.folder / "people" / "left.pdf").touch()
    assert reports.write_people().written == 60
    assert {path.stem for path in (reports.folder / "people").glob("*.pdf")} == set(reports.evidence.people)
    reports.write_teams()
    names = sorted(path.name for path in (reports.folder / "teams").glob("*.pdf"))
    assert names == ["South.pdf"]  # the total less North would give the small one away


def test_very_many_reports_are_written_on_request_and_those_of_nobody_go(study, cheap):
    few = opened(study)
    few.write_all()
    feedback = few.study.plan.feedback
    limit = feedback.most_at_once.model_copy(update={"value": 60})
    plan = few.study.plan.model_copy(update={"feedback": feedback.model_copy(update={"most_at_once": limit})})
    many = replace(few, study=replace(few.study, plan=plan))
    folder = many.folder / "people"
    (folder / "left.pdf").touch()
    one = many.evidence.people[0]
    (folder / f"{one}.pdf").unlink()
    assert many.write_people(asked=False) == Written(0, 0)
    assert {path.stem for path in folder.glob("*.pdf")} == set(many.evidence.people[1:])
    assert many.write_teams(asked=False) == Written(0, 0)
    assert [path.name for path in (many.folder / "teams").glob("*.pdf")] == ["South.pdf"]
    assert few.wait is False and many.wait is True
    assert many.write_people() == Written(1, 59)
    assert list(many.findings) == list(few.findings)
    assert census.tally(many.evidence, many.findings)["feedback_individual_report"] == 60


def test_signs_in_the_name_of_a_team_stay_in_its_folder(study, cheap):
    study.own["team"] = ["../North/1"] * 20 + ["South"] * 40
    reports = opened(study)
    reports.write_teams()
    names = sorted(path.name for path in (reports.folder / "teams").glob("*.pdf"))
    assert names == ["%2E.%2FNorth%2F1.pdf", "South.pdf"]


def test_a_cohort_without_colleagues_teams_or_known_errors_has_reports_that_say_so(study, cheap):
    """Reliability is not supported at 60 people here, so that nothing is named."""
    del study.settings["groups"]["team"]
    study.own = study.own.drop(columns="team")
    study.settings["files"].pop("peer")
    study.settings["peer_outcomes"] = []
    study.settings["study"] = {"gates": {"reliability": {"minimum_n": 1000, "source": "a test's reason"}}}
    reports = opened(study)
    assert reports.write_all()["teams"].written == 0
    found = next(iter(reports.findings))
    text = reports.individual(found).text()
    assert not found.strengths and not found.priorities and not found.low_items
    assert "How exact the scores are is not known" in text and "Colleagues were not asked" in text
    board = reports.board.text()
    assert "Teams were not recorded." in board and "Colleagues were not asked." in board
    assert "How many were asked was not recorded." in board


def test_only_what_changed_is_written_again_and_a_cut_run_goes_on(tmp_path):
    made: list[str] = []
    documents = [(f"p{place}", Document(f"t{place}", "", [], [])) for place in range(60)]

    def count(document: Document) -> bytes:
        made.append(document.title)
        if document.title == "t55" and len(made) < 60:
            raise KeyboardInterrupt
        return b"x"

    press = Press(tmp_path / "people", {"pdf": count})
    with pytest.raises(KeyboardInterrupt):
        press.write(documents, 60, "people")
    first = len(set(made))
    press.write(documents, 60, "people")
    assert len(made) <= first + 15  # the first fifty were noted
    assert press.write(documents, 60, "people").kept == 60
    documents[3] = ("p3", Document("changed", "", [], []))
    assert press.write(documents, 60, "people").written == 1
    assert (tmp_path / "people").stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "people").glob("*.pdf")} == {0o600}


def test_files_beside_the_forms_are_read_and_their_faults_named(study):
    ids, names = list(study.own["person_id"]), ["listen", "share"]
    study.settings["feedback"] = {
        "importance": "importance.csv", "comments": "comments.csv",
        "earlier": {"file": "earlier.csv", "date": "May 2024"},
    }  # fmt: skip
    study.folder.mkdir(exist_ok=True)
    rows = [f"{person},{1 + place % 5},{1 + place % 4}" for place, person in enumerate(ids)]
    (study.folder / "importance.csv").write_text("person_id,listen,share\n" + "\n".join(rows))
    (study.folder / "earlier.csv").write_text("person_id,listen,share\n" + "\n".join(rows))
    said = [f"{ids[0]},Kind {word}.,no" for word in "abcde"] + [f"{ids[1]},Ask Maria.,no"] * 5
    (study.folder / "comments.csv").write_text("person_id,comment,checked\n" + "\n".join(said))
    reports = opened(study)
    assert reports.evidence.importance is not None and reports.evidence.changes is not None
    moved = [each for found in reports.evidence.changes.values() for each in found.values()]
    assert {each.verdict for each in moved} <= {"improved", "unchanged", "deteriorated", "one_rule"}
    assert all(each.limit > 0 for each in moved)
    assert set(reports.evidence.changes[reports.evidence.people[0]]) == set(names)
    assert reports.comments is not None
    assert [sorted(texts) for texts in reports.comments.shown.values()] == [[f"Kind {word}." for word in "abcde"]]
    assert list(reports.comments.to_check["word"]) == ["Maria"] * 5
    (study.folder / "importance.csv").write_text(f"person_id,listen,share\n{ids[0]},7,3\n")
    with pytest.raises(InvalidInput) as error:
        open_reports(open_small(study, "09_feedback"))
    assert (error.value.faults[0].row, error.value.faults[0].column) == (2, "listen")


def test_record_of_a_folder_is_plain_data(tmp_path):
    press = Press(tmp_path, {"pdf": drawn})
    press.write([("p", Document("t", "s", [], []))], 1, "x")
    assert list(json.loads((tmp_path / ".written.json").read_text())) == ["p"]
    assert Path(tmp_path / "p.pdf").read_bytes() == b"s"
