"""What happens to exports on the way, by kind and for every format: one clear report, and nothing read in silence."""

from __future__ import annotations

import csv
import io
from functools import cache
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
import yaml
from small_study import SmallStudy, small_study
from survey_exports import BY_CODE, ENDINGS, WRITERS

from compendium.cohort import examine
from compendium.cohort.describe import describe_import
from compendium.faults import Fault, InvalidInput
from compendium.framework import Framework, load_framework

LABELS = {"1": "nie", "2": "selten", "3": "manchmal", "4": "oft", "5": "immer"}
ITEMS = ["listen_1", "listen_2", "listen_3", "share_1", "share_2", "share_3"]
TEXT = [tool for tool in WRITERS if ENDINGS.get(tool, "csv") == "csv"]
WITH_LABELS = [tool for tool in WRITERS if tool not in ("sav", "dta")]


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> SmallStudy:
    made = small_study(tmp_path_factory.mktemp("study"))
    made.own = made.own.astype(str)
    return made


@cache
def mini(frameworks: Path) -> Framework:
    return load_framework("mini", frameworks)


def wordings(study: SmallStudy) -> dict[str, str]:
    framework = mini(study.frameworks)
    return dict(framework.items["self_wording"]) | dict(framework.outcomes["wording"])


def written(tool: str, table: pd.DataFrame, study: SmallStudy, folder: Path, name: str = "export") -> Path:
    return WRITERS[tool](table, wordings(study), folder / f"{name}.{ENDINGS.get(tool, 'csv')}")


def report(study: SmallStudy, folder: Path, *files: Path, person: str = "") -> tuple[Fault, ...]:
    """Import files and validate what was described: everything that is wrong, as a user meets it."""
    try:
        home = study.root / folder.name
        path = describe_import(home, mini(study.frameworks), files, person=person, framework_name="mini")
        described = yaml.safe_load(path.read_text())
        described["files"]["to_confirm"] = []  # a person has looked
        path.write_text(yaml.safe_dump(described))
    except InvalidInput as error:
        return error.faults
    return examine(home, folder, frameworks=study.frameworks).faults


def only(faults: tuple[Fault, ...]) -> Fault:
    assert len(faults) == 1, [str(fault) for fault in faults]
    return faults[0]


def person_of(tool: str) -> str:
    return {"redcap": "record_id", "jisc": "Q1"}.get(tool, "person_id")


@pytest.mark.parametrize("tool", WRITERS)
def test_an_export_as_it_is_has_no_fault(tool: str, study: SmallStudy, tmp_path: Path) -> None:
    assert not report(study, tmp_path, written(tool, study.own, study, tmp_path), person=person_of(tool))


@pytest.mark.parametrize("tool", WRITERS)
def test_a_truncated_file_is_named(tool: str, study: SmallStudy, tmp_path: Path) -> None:
    path = written(tool, study.own, study, tmp_path)
    content = path.read_bytes()
    cut = int(0.9 * len(content))
    if tool in TEXT:  # within a row, after one of its cells
        cut = max(content.rfind(mark, 0, cut) for mark in (b",", b";"))
    path.write_bytes(content[:cut])
    said = only(report(study, tmp_path, path, person=person_of(tool)))
    assert any(words in said.problem for words in ("cut off", "not readable", "damaged"))


@pytest.mark.parametrize("tool", WITH_LABELS)
def test_another_language_is_one_report(tool: str, study: SmallStudy, tmp_path: Path) -> None:
    table = study.own.assign(**{item: study.own[item].map(LABELS) for item in ITEMS})
    said = only(report(study, tmp_path, written(tool, table, study, tmp_path), person=person_of(tool)))
    assert "6 columns" in said.problem
    assert "another language" in said.action


@pytest.mark.parametrize("tool", sorted(set(WRITERS) - set(BY_CODE)))
def test_questions_in_another_language_are_not_found(tool: str, study: SmallStudy, tmp_path: Path) -> None:
    foreign = {item: f"Frage {number} auf Deutsch" for number, item in enumerate(wordings(study))}
    path = WRITERS[tool](study.own, foreign, tmp_path / f"export.{ENDINGS.get(tool, 'csv')}")
    assert "none of the questions" in only(report(study, tmp_path, path, person=person_of(tool))).problem


@pytest.mark.parametrize("tool", BY_CODE)
def test_a_column_renamed_by_hand_is_named_with_what_it_may_be(tool: str, study: SmallStudy, tmp_path: Path) -> None:
    unnamed = {item: words for item, words in wordings(study).items() if item != "share_2"}
    renamed = study.own.rename(columns={"share_2": "share_no_2"})
    path = WRITERS[tool](renamed, unnamed, tmp_path / f"export.{ENDINGS.get(tool, 'csv')}")
    said = only(report(study, tmp_path, path, person=person_of(tool)))
    assert said.column in ("share_2", "share_no_2")
    assert "share_no_2" in f"{said.action} {said.column}"


@pytest.mark.parametrize("tool", WRITERS)
def test_an_item_added_half_way_is_named_with_its_first_row(tool: str, study: SmallStudy, tmp_path: Path) -> None:
    table = study.own.copy()
    table.loc[:29, "share_2"] = ""
    said = only(report(study, tmp_path, written(tool, table, study, tmp_path), person=person_of(tool)))
    assert "added half-way" in said.action
    assert (said.row or 0) > 30


@pytest.mark.parametrize("tool", TEXT)
def test_a_file_that_a_spreadsheet_saved_again_is_one_report(tool: str, study: SmallStudy, tmp_path: Path) -> None:
    """Semicolons alone are read; numbers with a decimal comma are not guessed."""
    path = written(tool, study.own, study, tmp_path)
    mark = ";" if tool == "limesurvey" else ","
    rows = list(csv.reader(io.StringIO(path.read_text(encoding="utf-8-sig")), delimiter=mark))
    saved = [[f"{cell},0" if cell in LABELS else cell for cell in row] for row in rows[4:]]
    stream = io.StringIO()
    csv.writer(stream, delimiter=";", lineterminator="\n").writerows([*rows[:4], *saved])
    path.write_text(stream.getvalue(), encoding="utf-8")
    said = only(report(study, tmp_path, path, person=person_of(tool)))
    assert "decimal comma" in said.problem


@pytest.mark.parametrize("tool", WRITERS)
def test_two_waves_in_one_file_are_one_report_with_both_rows(tool: str, study: SmallStudy, tmp_path: Path) -> None:
    table = pd.concat([study.own, study.own], ignore_index=True)
    said = only(report(study, tmp_path, written(tool, table, study, tmp_path), person=person_of(tool)))
    assert said.problem.startswith("60 people stand in the file more than once, the first in row ")
    assert "two waves" in said.action


@pytest.mark.parametrize("tool", TEXT)
def test_two_exports_pasted_below_each_other_are_named(tool: str, study: SmallStudy, tmp_path: Path) -> None:
    path = written(tool, study.own, study, tmp_path)
    path.write_text(path.read_text(encoding="utf-8") + path.read_text(encoding="utf-8-sig"), encoding="utf-8")
    said = only(report(study, tmp_path, path, person=person_of(tool)))
    assert "two exports in one file" in said.problem


def test_a_question_that_a_second_file_lacks_is_no_blank(study: SmallStudy, tmp_path: Path) -> None:
    first = written("qualtrics", study.own.iloc[:30], study, tmp_path, "one")
    second = written("qualtrics", study.own.iloc[30:].drop(columns="share_2"), study, tmp_path, "two")
    said = only(report(study, tmp_path, first, second))
    assert said.column == "share_2"
    assert "export both with the same questions" in said.action


def test_a_person_in_two_files_is_told_with_both_rows(study: SmallStudy, tmp_path: Path) -> None:
    first = written("qualtrics", study.own.iloc[:30], study, tmp_path, "one")
    second = written("qualtrics", study.own.iloc[29:], study, tmp_path, "two")
    said = only(report(study, tmp_path, first, second))
    assert Path(said.file).name == "two.csv"
    assert said.row == 5
    assert "row 34 of one.csv" in said.problem


def test_a_workbook_with_a_second_filled_sheet_is_named(study: SmallStudy, tmp_path: Path) -> None:
    path = written("xlsx", study.own, study, tmp_path)
    book = openpyxl.load_workbook(path)
    book.create_sheet("second wave").append(["person_id", "listen_1"])
    book.save(path)
    assert "2 sheets" in only(report(study, tmp_path, path)).problem
