"""Exports in other languages and with other headings than the questionnaires of this project write them."""

from __future__ import annotations

import csv
import io
import json
from datetime import datetime
from pathlib import Path

import openpyxl
import pytest

from compendium.importers.export import Export
from compendium.importers.files import InvalidInput
from compendium.importers.headings import row_of_grid
from compendium.importers.matching import match_questions
from compendium.importers.reading import read_export

WORDINGS = {
    "ABS_1": "Ich melde Änderungen noch am selben Tag, auch wenn es eilt.",
    "ABS_2": "Ich erkläre Angehörigen die Wege [z. B. Anträge].",
    "ABS_3": "Ich kenne Dienste im Stadt-/Landkreis.",
}
WORDS = list(WORDINGS.values())
STEM = "Wie sehr treffen diese Aussagen zu?"
ANSWERS = ["Trifft zu", "Trifft nicht zu", ""]
TIMES = (datetime(2026, 1, 12, 9, 0), datetime(2026, 1, 12, 9, 5))
LIME = ["1", "2026-01-12 10:00:00", "4", "de"]
LAYOUTS = {
    "a plain table with questions as headings": (["code", *WORDS], ["P1", *ANSWERS], "csv"),
    "Google Forms in German": (
        ["Zeitstempel", "code", *(f"{STEM} [{words}]" for words in WORDS)],
        ["12.01.2026 09:10:01", "P1", *ANSWERS],
        "google",
    ),
    "LimeSurvey, full headings in German": (
        ["Antwort ID", "Datum Abgeschickt", "Letzte Seite", "Start-Sprache", *(f"{STEM} [{words}]" for words in WORDS)],
        [*LIME, *ANSWERS],
        "limesurvey",
    ),
    "LimeSurvey, code and text": (
        ["id. Response ID", "submitdate. Date submitted", "lastpage. Last page", "startlanguage. Start language",
         *(f"M[{code.replace('_', '')}]. {STEM} [{words}]" for code, words in WORDINGS.items())],
        [*LIME, *ANSWERS],
        "limesurvey",
    ),
    "KoboToolbox with labels": (
        ["start", "end", *(f"Absprache/{words}" for words in WORDS), "_uuid"],
        ["2026-01-12T09:00:00", "2026-01-12T09:05:00", *ANSWERS, "u1"],
        "odk",
    ),
    "REDCap with labels": (
        ["Record ID", "Repeat Instrument", "Repeat Instance", *WORDS, "Complete?", "Complete?"],
        ["P1", "", "", *ANSWERS, "Complete", ""],
        "redcap",
    ),
}  # fmt: skip


def written(path: Path, rows: list[list[str]], encoding: str = "utf-8") -> Path:
    stream = io.StringIO()
    csv.writer(stream).writerows(rows)
    path.write_bytes(stream.getvalue().encode(encoding))
    return path


def assert_found(export: Export, tool: str) -> None:
    """Every question is found by its very words (or its code), and its answer stands in its column."""
    matching = match_questions(export, {code: [words] for code, words in WORDINGS.items()})
    assert export.tool == tool
    assert not matching.lacking
    assert not matching.uncertain
    assert list(export.table.iloc[0][list(matching.columns.values())]) == ANSWERS


@pytest.mark.parametrize("layout", LAYOUTS)
def test_questions_are_found_by_their_wording_in_every_layout(layout: str, tmp_path: Path) -> None:
    header, row, tool = LAYOUTS[layout]
    assert_found(read_export(written(tmp_path / "export.csv", [header, row])), tool)


def test_forms_is_told_by_its_layout_in_any_language(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.append(["ID", "Startzeit", "Fertigstellungszeit", "E-Mail", "Name", *WORDS])
    book.active.append([1, *TIMES, "anonymous", "", *ANSWERS])
    book.save(tmp_path / "export.xlsx")
    export = read_export(tmp_path / "export.xlsx")
    assert_found(export, "forms")
    assert export.own_columns == ("ID", "Startzeit", "Fertigstellungszeit", "E-Mail", "Name")
    assert list(export.participation["seconds"]) == [300.0]


def test_rows_of_a_qualtrics_matrix_are_found_below_their_stem_in_utf_16(tmp_path: Path) -> None:
    names = [f"Q3_{number}" for number in (1, 2, 3)]
    ids = [json.dumps({"ImportId": name}) for name in ("startDate", "QID3_1", "QID3_2", "QID3_3")]
    head = [["StartDate", *names], ["Anfangsdatum", *(f"{STEM} - {words}" for words in WORDS)], ids]
    path = written(tmp_path / "export.csv", [*head, ["2026-01-12", *ANSWERS]], "utf-16")
    assert_found(read_export(path), "qualtrics")


def test_a_declared_limesurvey_export_is_read_by_its_layout_in_a_language_nobody_listed(tmp_path: Path) -> None:
    header = ["Vastauksen ID", "Lähetetty", "Viimeinen sivu", "Kieli", *(f"{STEM} [{words}]" for words in WORDS)]
    path = written(tmp_path / "export.csv", [header, [*LIME, *ANSWERS]])
    assert_found(read_export(path, "limesurvey"), "limesurvey")


def test_two_redcap_fields_of_one_label_are_refused(tmp_path: Path) -> None:
    header = ["Record ID", "Repeat Instrument", "Repeat Instance", "Your team", "Your team", "Complete?"]
    with pytest.raises(InvalidInput, match="two columns have this heading"):
        read_export(written(tmp_path / "export.csv", [header, ["P1", "", "", "a", "b", "Complete"]]))


@pytest.mark.parametrize(
    ("heading", "row"),
    [("Stem [row]", "row"), ("Stem [a [b] c]", "a [b] c"), ("Stem [1]", "Stem [1]"), ("[all]", "[all]"), ("a]", "a]")],
)
def test_the_row_of_a_grid_may_hold_brackets(heading: str, row: str) -> None:
    assert row_of_grid(heading) == row
