"""What survey tools export comes in letter for letter, or is refused by name."""

from __future__ import annotations

import gzip
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from survey_exports import BY_CODE, ENDINGS, WRITERS

from compendium.columns import in_categories
from compendium.faults import InvalidInput
from compendium.framework import load_framework
from compendium.importers import labels_to_codes, read_export
from compendium.importers.answers import Scale, label_faults, nearest_labels
from compendium.importers.export import Export, fold
from compendium.importers.matching import match_questions
from compendium.importers.redcap import choices_of
from compendium.paths import COHORTS

FRAMEWORK = load_framework("integrated-care").select("final")
ITEM_WORDINGS = dict(FRAMEWORK.items["self_wording"])
OUTCOME_WORDINGS = dict(FRAMEWORK.outcomes["wording"])
WORDINGS = ITEM_WORDINGS | {item: words for item, words in OUTCOME_WORDINGS.items() if words != "restricted"}
SECRETS = ("Secret", "sam@example.org", "10.0.0.1")


@pytest.fixture(scope="module")
def answers() -> pd.DataFrame:
    """The self form of the small cohort as text."""
    return pd.read_csv(COHORTS / "demo-small" / "self.csv", dtype=str, keep_default_na=False)


def written(tool: str, table: pd.DataFrame, folder: Path) -> Path:
    return WRITERS[tool](table, WORDINGS, folder / f"export.{ENDINGS.get(tool, 'csv')}")


@pytest.mark.parametrize("tool", WRITERS)
def test_answers_come_back_cell_by_cell(tool: str, answers: pd.DataFrame, tmp_path: Path) -> None:
    export = read_export(written(tool, answers, tmp_path))
    assert export.tool == tool.partition(" ")[0]
    wordings = {item: [words] for item, words in WORDINGS.items() if item in answers}
    found = match_questions(export, wordings)
    assert not found.lacking
    assert not found.uncertain
    back = export.table[[found.columns[item] for item in wordings]].set_axis(list(wordings), axis=1)
    assert back.to_numpy().tolist() == answers[list(wordings)].to_numpy().tolist()


@pytest.mark.parametrize("tool", BY_CODE)
def test_groups_and_ids_come_back_too(tool: str, answers: pd.DataFrame, tmp_path: Path) -> None:
    export = read_export(written(tool, answers, tmp_path))
    person = "record_id" if tool == "redcap" else "person_id"
    assert export.table[person].tolist() == answers["person_id"].tolist()
    assert export.table["agency"].tolist() == answers["agency"].tolist()


@pytest.mark.parametrize("tool", WRITERS)
def test_no_name_or_address_is_a_question(tool: str, answers: pd.DataFrame, tmp_path: Path) -> None:
    export = read_export(written(tool, answers, tmp_path))
    kept = export.table[export.questions].to_csv()
    assert not [secret for secret in SECRETS if secret in kept]


def test_a_preview_is_dropped_with_its_reason(answers: pd.DataFrame, tmp_path: Path) -> None:
    export = read_export(written("qualtrics", answers, tmp_path))
    assert export.dropped.to_dict("list") == {"row": [4], "reason": ["a preview or test of the survey"]}
    assert len(export.table) == len(answers)
    assert export.participation["seconds"].eq(500).all()
    assert export.participation["finished"].all()


def test_an_unfinished_sheet_of_limesurvey_has_no_submit_date(answers: pd.DataFrame, tmp_path: Path) -> None:
    path = written("limesurvey", answers, tmp_path)
    lines = path.read_text().split("\n")
    lines[1] = lines[1].replace("1980-01-01 00:00:00", "", 1)
    path.write_text("\n".join(lines))
    finished = read_export(path).participation["finished"]
    assert finished.tolist()[:2] == [False, True]


def test_time_taken_is_read_from_the_forms_workbook(answers: pd.DataFrame, tmp_path: Path) -> None:
    assert read_export(written("forms", answers, tmp_path)).participation["seconds"].eq(600).all()


def test_peers_stand_in_the_repeating_instrument(tmp_path: Path) -> None:
    path = tmp_path / "redcap.csv"
    path.write_text(
        "record_id,redcap_repeat_instrument,redcap_repeat_instance,agency,person_01,self_complete,rater_id,p_person_01,"
        "peer_complete\n"
        "P1,,,North,4,2,,,\nP1,peer,1,,,,R1,5,2\nP1,peer,2,,,,R2,3,0\nP2,,,South,1,2,,,\n"
    )
    own, peers = read_export(path), read_export(path, part="peer")
    assert own.table["person_01"].tolist() == ["4", "1"]
    rated = peers.table[["record_id", "rater_id", "p_person_01"]].to_numpy().tolist()
    assert rated == [["P1", "R1", "5"], ["P1", "R2", "3"]]
    assert peers.participation["finished"].tolist() == [True, False]
    assert match_questions(peers, {"person_01": ["x"]}, prefixes=("p_",)).columns == {"person_01": "p_person_01"}


def test_choices_of_a_data_dictionary() -> None:
    assert choices_of("1, one | 2, two, or three") == {"1": "one", "2": "two, or three"}


@pytest.mark.parametrize("sample", ["qualtrics_header_rows", "qualtrics_legacy_header_rows"])
def test_localised_and_legacy_qualtrics_headers_are_told_by_content(sample: str, tmp_path: Path) -> None:
    text = {
        "qualtrics_header_rows": 'StartDate,Status,IPAddress,Q1\nAnfangsdatum,Antworttyp,IP-Adresse,"Eine\n""Frage"""\n'
        '"{""ImportId"":""startDate""}","{""ImportId"":""status""}","{""ImportId"":""ipAddress""}",'
        '"{""ImportId"":""QID1""}"\n2026,0,10.0.0.1,4\n',
        "qualtrics_legacy_header_rows": "\ufeffV1,V2,V6,Q1,\nResponseID,ResponseSet,IPAddress,A question,\n"
        "R_1,D,10.0.0.1,4,\n",
    }[sample]
    path = tmp_path / "x.csv"
    path.write_text(text, encoding="utf-8")
    export = read_export(path)
    assert export.tool == "qualtrics"
    assert export.questions == ["Q1"]
    assert export.table["Q1"].tolist() == ["4"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"%PDF-1.7 x", "a PDF"),
        (b"\xd0\xcf\x11\xe0" + b"\0" * 600, "an old Excel workbook"),
        (b"PK\x03\x04 cut off", "cut off or damaged"),
        (gzip.compress(b"a,b\n1,2\n"), "a gzip archive"),
        (b"<!DOCTYPE html><html>", "a web page"),
        (b"", "empty"),
        (b"$FL2" + b"\0" * 40, "not readable"),
    ],
    ids=["pdf", "xls", "damaged", "gzip", "page", "empty", "spss"],
)
def test_a_wrong_kind_of_file_is_named(content: bytes, said: str, tmp_path: Path) -> None:
    path = tmp_path / "export.csv"
    path.write_bytes(content)
    with pytest.raises(InvalidInput, match=said) as caught:
        read_export(path)
    assert "cp1252" not in str(caught.value)


def test_an_spss_file_called_csv_is_read_by_content(answers: pd.DataFrame, tmp_path: Path) -> None:
    path = written("sav", answers, tmp_path).rename(tmp_path / "export.csv")
    assert read_export(path).tool == "sav"
    with pytest.raises(InvalidInput, match="this is an SPSS file"):
        read_export(path, "qualtrics")


def test_a_declared_tool_that_the_content_contradicts_is_refused(answers: pd.DataFrame, tmp_path: Path) -> None:
    path = written("qualtrics", answers, tmp_path)
    with pytest.raises(InvalidInput, match="this looks like an export of qualtrics, not of limesurvey"):
        read_export(path, "limesurvey")


@pytest.mark.parametrize("tool", ["qualtrics", "limesurvey", "surveymonkey", "jisc"])
def test_a_declared_tool_without_its_header_is_refused(tool: str, tmp_path: Path) -> None:
    path = tmp_path / "plain.csv"
    path.write_text("a,b\n1,2\n")
    with pytest.raises(InvalidInput, match="no "):
        read_export(path, tool)


def test_a_heading_that_stands_twice_is_refused(answers: pd.DataFrame, tmp_path: Path) -> None:
    twice = dict.fromkeys(WORDINGS, "The same question")
    with pytest.raises(InvalidInput, match="two columns have this heading"):
        read_export(WRITERS["google"](answers, twice, tmp_path / "x.csv"))


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_file_saved_again_by_a_spreadsheet_is_read_with_its_delimiter(delimiter: str, tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text(delimiter.join(["person_id", "person_01"]) + "\n" + delimiter.join(["P1", "4"]) + "\n")
    assert read_export(path).table.to_dict("list") == {"person_id": ["P1"], "person_01": ["4"]}


SCALE = Scale({label: code for code, label in FRAMEWORK.scale.labels.items()} | {"Does not apply": 9})


@given(
    st.lists(st.sampled_from([*SCALE.labels, "", "3"]), min_size=1, max_size=20),
    st.sampled_from(["as it is", "capitals", "no-break", "spaces", "code first"]),
)
@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_labels_become_their_codes_however_they_are_spaced(cells: list[str], form: str) -> None:
    def changed(label: str) -> str:
        if label not in SCALE.labels:
            return label
        forms = {
            "capitals": label.upper(),
            "no-break": label.replace(" ", "\N{NO-BREAK SPACE}"),
            "spaces": f" {label.replace(' ', '  ')} ",
            "code first": f"{SCALE.labels[label]} - {label}",
        }
        return forms.get(form, label)

    table = pd.DataFrame({"x": [changed(cell) for cell in cells]}, dtype=object)
    coded, turned = labels_to_codes(in_categories(table), {"x": SCALE})
    assert coded["x"].tolist() == [str(SCALE.labels.get(cell, cell)) for cell in cells]
    assert sum(turned.values()) == sum(cell in SCALE.labels for cell in cells)


def test_a_text_that_is_no_label_stays_as_it_is_and_its_nearest_labels_are_known() -> None:
    table = pd.DataFrame({"x": ["Almost never", "Almost always"]}, index=[2, 3])
    coded, turned = labels_to_codes(in_categories(table), {"x": SCALE})
    assert coded["x"].tolist() == ["1", "Almost always"]
    assert turned == {"x": 1}
    assert set(nearest_labels("Almost always", SCALE.labels)) <= {"Almost never", "Almost every time"}


def test_a_file_whose_labels_run_the_other_way_is_named() -> None:
    labels = {str(6 - code): label for code, label in FRAMEWORK.scale.labels.items()}
    export = Export("sav", pd.DataFrame({"x": ["1"]}), value_labels={"x": labels})
    faults = label_faults(export, {"x": SCALE}, "f.sav")
    assert len(faults) == 4  # the middle is where it was
    assert "another way" in faults[0].action


def test_wordings_in_another_order_are_not_taken_for_each_other() -> None:
    export = Export(
        "forms",
        pd.DataFrame({"a": ["1"], "b": ["2"]}),
        wordings={"a": "I share what I know with my team", "b": "I share what I know with other teams"},
    )
    found = match_questions(export, {"i1": ["I share what I know with other teams."], "i2": ["I listen to people."]})
    assert found.columns == {"i1": "b"}
    assert found.uncertain[0].likeness < 100
    assert found.lacking == ("i2",)


def test_two_items_that_read_alike_are_left_to_a_person() -> None:
    export = Export("forms", pd.DataFrame({"a": ["1"]}), wordings={"a": "I plan my work with others each week"})
    wordings = {"i1": ["I plan my work with others each day"], "i2": ["I plan my work with others each year"]}
    found = match_questions(export, wordings, likeness=80)
    assert not found.found
    assert found.doubtful == {"a": ("i2", "i1")} or found.doubtful == {"a": ("i1", "i2")}


@given(st.text(min_size=1, max_size=30))
def test_folding_a_folded_text_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)


def test_line_ends_of_old_macs_are_read(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(b"person_id,person_01\rP1,4\rP2,5\r")
    assert read_export(path).table.to_dict("list") == {"person_id": ["P1", "P2"], "person_01": ["4", "5"]}
