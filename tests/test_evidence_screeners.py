"""Decisions of screening tools come in as they were made, go out again, and unknown words are refused by name."""

# ruff: noqa: E501, W291 - the samples keep the line form of their formats

from __future__ import annotations

import json
import sqlite3
import zipfile
from pathlib import Path

import pytest
import yaml
from review_folder import PROTOCOL, append_row, make_review, references, write_rows

from compendium import review as evidence
from compendium.faults import InvalidInput
from compendium.review.protocol import DECISIONS_LOG_COLUMNS
from compendium.review.screeners import read_decisions
from compendium.review.writers import TOOLS, write_references

ROWS = references(4)
REGISTER = [(row["ID"], row["TI"], row["AU"], row["PY"], "", "", "", "", row["DO"], "", "") for row in ROWS]
INCLUSION = '"RAYYAN-INCLUSION: {""Anna""=>""Included"", ""Ben""=>""Excluded""} | RAYYAN-LABELS: Person,home | RAYYAN-EXCLUSION-REASONS: off topic"'
RAYYAN = f"""key,title,year,authors,journal,doi,notes
rayyan-1,{ROWS[0]["TI"]},{ROWS[0]["PY"]},"{ROWS[0]["AU"]}",,{ROWS[0]["DO"]},{INCLUSION}
rayyan-2,{ROWS[1]["TI"]},{ROWS[1]["PY"]},"{ROWS[1]["AU"]}",,,"RAYYAN-INCLUSION: {{""Anna""=>""Maybe""}}"
"""
RAYYAN_RIS = f"""TY  - JOUR
ID  - rayyan-1
TI  - {ROWS[0]["TI"]}
AU  - {ROWS[0]["AU"]}
PY  - {ROWS[0]["PY"]}
N1  - RAYYAN-INCLUSION: {{"Anna"=>"Included", "Ben"=>"Excluded"}} | RAYYAN-EXCLUSION-REASONS: off topic
ER  - 
"""
COVIDENCE = f"""Title,Authors,Abstract,Published Year,Journal,DOI,Covidence #,Notes,Tags
{ROWS[0]["TI"]},"{ROWS[0]["AU"]}",,{ROWS[0]["PY"]},,{ROWS[0]["DO"]},#1,Exclusion reason: Wrong type;,
"""
ASREVIEW_1 = f'record_id,title,authors,year,doi,included\n0,{ROWS[0]["TI"]},"{ROWS[0]["AU"]}",{ROWS[0]["PY"]},,1\n1,{ROWS[1]["TI"]},,{ROWS[1]["PY"]},,\n'
ASREVIEW_2 = f'title,authors,year,doi,asreview_label,asreview_time\n{ROWS[0]["TI"]},"{ROWS[0]["AU"]}",{ROWS[0]["PY"]},,0,1\n{ROWS[1]["TI"]},,{ROWS[1]["PY"]},,,\n'
EPPI = json.dumps(
    {
        "CodeSets": [
            {
                "SetName": "Screening",
                "SetType": {"SetTypeName": "Screening"},
                "Attributes": {
                    "AttributesList": [
                        {"AttributeId": 1, "AttributeName": "INCLUDE on title", "AttributeType": "Include"},
                        {"AttributeId": 2, "AttributeName": "EXCLUDE on off topic", "AttributeType": "Exclude"},
                    ]
                },
            },
            {
                "SetName": "Coding",
                "SetType": {"SetTypeName": "Standard"},
                "Attributes": {
                    "AttributesList": [
                        {"AttributeId": 3, "AttributeName": "Competency", "Attributes": {"AttributesList": [{"AttributeId": 4, "AttributeName": "Person"}]}},
                        {"AttributeId": 5, "AttributeName": "Home"},
                    ]
                },
            },
        ],
        "References": [
            {"ItemId": 11, "Title": ROWS[0]["TI"], "Authors": ROWS[0]["AU"] + ";", "Year": ROWS[0]["PY"], "Codes": [{"AttributeId": 1}, {"AttributeId": 4}, {"AttributeId": 5}]},
            {"ItemId": 12, "Title": ROWS[1]["TI"], "Authors": ROWS[1]["AU"] + ";", "Year": ROWS[1]["PY"], "Codes": [{"AttributeId": 2}]},
        ],
    }
)  # fmt: skip
NAMED = "Anna=a;Ben=b"
Screened = list[tuple[str, str, str, str]]
# Text of the export, its row of the log (stage, reviewer, decision), and the decisions it holds.
EXPORTS: dict[str, tuple[str, tuple[str, str, str], Screened]] = {
    "Rayyan CSV": (RAYYAN, ("title", NAMED, ""), [("r0", "a", "include", ""), ("r0", "b", "exclude", "off-topic"), ("r1", "a", "unsure", "")]),
    "Rayyan RIS": (RAYYAN_RIS, ("title", NAMED, ""), [("r0", "a", "include", ""), ("r0", "b", "exclude", "off-topic")]),
    "Covidence, excluded": (COVIDENCE, ("full", "c", ""), [("r0", "c", "exclude", "wrong-type")]),
    "Covidence, a list": (COVIDENCE.replace("Exclusion reason: Wrong type;", ""), ("full", "c", "include"), [("r0", "c", "include", "")]),
    "ASReview 1": (ASREVIEW_1, ("title", "a", ""), [("r0", "a", "include", "")]),
    "EPPI-Reviewer": (EPPI, ("title", "a", ""), [("r0", "a", "include", ""), ("r1", "a", "exclude", "off-topic")]),
}  # fmt: skip


def _review(folder: Path, text: str, log: tuple[str, str, str], **protocol: object) -> Path:
    """Write a review with one export of a screening tool."""
    made = make_review(folder / "review", ROWS, records=REGISTER)
    (made / "protocol.yaml").write_text(yaml.safe_dump(PROTOCOL | protocol), encoding="utf-8")
    (made / "decisions").mkdir()
    (made / "decisions" / "export").write_text(text, encoding="utf-8")
    write_rows(made / "decisions_log.csv", DECISIONS_LOG_COLUMNS, [("export", *log, "2026-01-01", "")])
    return made


@pytest.mark.parametrize("case", EXPORTS)
def test_decisions_come_in_reviewer_by_reviewer(tmp_path: Path, case: str) -> None:
    text, log, expected = EXPORTS[case]
    screening = evidence.load_review(_review(tmp_path, text, log)).files["screening"]
    assert screening[["record", "reviewer", "decision", "reason"]].to_numpy().tolist() == [
        list(row) for row in expected
    ]
    assert set(screening["stage"]) == {log[0]}
    assert screening["note"].str.contains("export").all()


def test_labels_of_asreview_2_are_read(tmp_path: Path) -> None:
    (tmp_path / "labels.csv").write_text(ASREVIEW_2, encoding="utf-8")
    found, faults = read_decisions(tmp_path / "labels.csv")
    assert (faults, [decision.decision for decision in found]) == ([], ["exclude", ""])


@pytest.mark.parametrize("results", ["reviews/1/results.sql", "reviews/1/results.db"])
def test_a_project_of_asreview_is_read(tmp_path: Path, results: str) -> None:
    connection = sqlite3.connect(tmp_path / "results")
    connection.execute("CREATE TABLE results (record_id INTEGER, label INTEGER, note TEXT)")
    connection.executemany("INSERT INTO results VALUES (?, ?, '')", [(0, 1), (1, None)])
    connection.commit()
    connection.close()
    with zipfile.ZipFile(tmp_path / "x.asreview", "w") as archive:
        archive.writestr("project.json", "{}")
        archive.writestr("data/found.csv", ASREVIEW_1)
        archive.write(tmp_path / "results", results)
    found, faults = read_decisions(tmp_path / "x.asreview")
    assert (faults, [(decision.entry.fields["own_id"], decision.decision) for decision in found]) == (
        [],
        [("0", "include")],
    )


@pytest.mark.parametrize(("text", "reviewer"), [(EPPI, "a"), (RAYYAN, "Anna=a;Ben=b")], ids=["EPPI-Reviewer", "Rayyan"])
def test_codes_come_in_as_coding(tmp_path: Path, text: str, reviewer: str) -> None:
    coding = evidence.load_review(_review(tmp_path, text, ("coding", reviewer, ""))).files["coding"]
    rows = coding[coding["coder"] == "a"]
    assert rows[["record", "code"]].to_numpy().tolist() == [["r0", "person"], ["r0", "home"]]


REFUSED = {
    "an unknown reason": (RAYYAN.replace("off topic", "wrong outcome"), ("title", NAMED, ""), "a reason that the protocol"),
    "an unknown reviewer": (RAYYAN, ("title", "Anna=a", ""), "whom the protocol does not know"),
    "an unknown code": (RAYYAN.replace("Person", "Kindness"), ("coding", NAMED, ""), "a code that the protocol"),
    "an unknown stage": (RAYYAN, ("abstract", NAMED, ""), "not a stage"),
    "a reference of no search": (RAYYAN.replace(ROWS[1]["TI"], "Quite another title of a work"), ("title", NAMED, ""), "that no search found"),
    "no reason at all": (RAYYAN.replace(" | RAYYAN-EXCLUSION-REASONS: off topic", ""), ("title", NAMED, ""), "without a reason"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_the_protocol_does_not_know_is_refused_by_name(tmp_path: Path, case: str) -> None:
    text, log, problem = REFUSED[case]
    with pytest.raises(InvalidInput, match=problem):
        evidence.load_review(_review(tmp_path, text, log))


def test_what_a_tool_calls_a_reason_is_said_in_the_protocol(tmp_path: Path) -> None:
    text = RAYYAN.replace("off topic", "wrong outcome")
    folder = _review(tmp_path, text, ("title", NAMED, ""), also_called={"wrong outcome": "off-topic"})
    assert "off-topic" in set(evidence.load_review(folder).files["screening"]["reason"])


def test_a_decision_in_two_places_is_refused(tmp_path: Path) -> None:
    folder = _review(tmp_path, RAYYAN, ("title", NAMED, ""))
    append_row(folder / "screening.csv", ("title", "r0", "a", "include", "", "x"))
    with pytest.raises(InvalidInput, match="in another place too"):
        evidence.load_review(folder)


@pytest.mark.parametrize("tool", TOOLS)
def test_what_is_written_for_a_tool_finds_back_to_its_records(tmp_path: Path, tool: str) -> None:
    review = evidence.load_review(_review(tmp_path, RAYYAN, ("title", NAMED, "")))
    (tmp_path / "out").write_text(write_references(review, tool, "title"), encoding="utf-8")  # type: ignore[arg-type]
    reports, faults = evidence.read_export(tmp_path / "out")
    assert (faults, reports["own_id"].tolist()) == ([], ["r0", "r1", "r2", "r3"])
    assert reports["title"].tolist() == [row["TI"] for row in ROWS]


def test_decisions_written_for_rayyan_come_back_the_same(tmp_path: Path) -> None:
    review = evidence.load_review(_review(tmp_path / "one", RAYYAN, ("title", NAMED, "")))
    again = evidence.load_review(
        _review(tmp_path / "two", write_references(review, "rayyan", "title"), ("title", "", ""))
    )
    columns = ["stage", "record", "reviewer", "decision", "reason"]
    assert again.files["screening"][columns].equals(review.files["screening"][columns])


def test_only_what_is_open_is_written_when_asked(tmp_path: Path) -> None:
    folder = make_review(tmp_path / "review", ROWS, records=REGISTER)
    for reviewer in "ab":
        append_row(folder / "screening.csv", ("title", "r0", reviewer, "include", "", "x"))
    written = write_references(evidence.load_review(folder), "asreview", "title", only_open=True)
    assert [line.split(",")[0] for line in written.splitlines()] == ["record_id", "r1", "r2", "r3"]
