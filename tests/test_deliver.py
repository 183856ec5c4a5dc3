"""What is handed over: documents, workbook, data and deposit of made-up results, opened as a receiver would."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import zipfile
from dataclasses import dataclass, replace
from pathlib import Path

import docx
import numpy as np
import openpyxl
import pandas as pd
import pyreadstat
import pytest
import yaml
from made_up_book import BARE, FULL, calls, make_up
from PIL import Image

from compendium.disclosure.scan import faults_in_folder
from compendium.faults import InvalidInput
from compendium.files import EPOCH
from compendium.outputs.manifest import write_manifest
from compendium.paths import BOOK, ResultFolders
from compendium.plan import GATES
from compendium.report.book.saved import SavedResults
from compendium.report.book.subject import Subject
from compendium.report.deliver import deliver, hand_over
from compendium.report.deliver.data_files import spss_names
from compendium.report.deliver.papers import HERE
from compendium.report.deliver.prose import PaperProse
from compendium.study import Prepared, Study

pytestmark = pytest.mark.slow
SEED, PEOPLE = 5, 30
NOT_A_FIGURE = re.compile(r"\b(nan|NaN|None|null|Undefined)\b")
ODS_NAMES = {"table": "urn:oasis:names:tc:opendocument:xmlns:table:1.0"}


@dataclass(frozen=True)
class Handed:
    """A study that was handed over."""

    study: Study
    folder: Path

    @property
    def deposit(self) -> Path:
        return self.folder / "deposit"

    @property
    def private(self) -> Path:
        return self.study.folders.private / "deliver"


def made_up_study(root: Path, description: dict[str, object], gates_open: bool) -> Study:
    """Make up results and prepared answers of a cohort."""
    pages = root / "pages"
    pages.mkdir()
    for page in [*BOOK.glob("*.md"), HERE / "manuscript.md"]:
        shutil.copyfile(page, pages / page.name)
    made = make_up(root / "results" / str(description["id"]), description, gates_open=gates_open, book=pages)
    keep_what_documents_show(made.folders)
    write_manifest(made.folders, made.settings.id)
    study = Study(made.settings, made.plan, made.framework, made.folders, root, root)
    draw, prepared = np.random.default_rng(SEED), study.prepared
    people = pd.Index([f"P{number:06x}" for number in range(PEOPLE)], name="person")
    items = list(study.framework.items.index)
    answers = pd.DataFrame(draw.integers(1, 6, (PEOPLE, len(items))).astype(float), index=people, columns=items)
    answers.iloc[0, 0] = np.nan
    prepared.write("people", pd.DataFrame({"sector": ["North", "South"] * (PEOPLE // 2)}, index=people))
    prepared.write("answers", answers)
    decisions = pd.DataFrame({"decision": ["keep"] * len(items)}, index=pd.Index(items, name="item"))
    prepared.write("decisions", decisions)
    prepared.write("scores", study.scores(answers))
    return study


def keep_what_documents_show(folders: ResultFolders) -> None:
    """Leave out the many results that no document shows: they take time and say nothing more."""
    pages = (HERE / "manuscript.md", BOOK / "index.md")
    asked = {
        arguments[0] for page in pages for function, arguments, _ in calls(page) if function in ("table", "figure")
    }
    for path in [*folders.tables.iterdir(), *folders.figures.iterdir()]:
        if path.stem not in asked:
            path.unlink()
        elif path.suffix == ".svg":
            Image.new("RGB", (40, 20), "grey").save(path.with_suffix(".png"))


@pytest.fixture(scope="module", params=["everything collected", "bare"])
def handed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Handed:
    full = request.param == "everything collected"
    study = made_up_study(tmp_path_factory.mktemp("made_up"), FULL if full else BARE, full)
    return Handed(study, deliver(study))


def words_of(path: Path) -> list[str]:
    document = docx.Document(str(path))
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    return [paragraph.text for paragraph in document.paragraphs] + cells


@pytest.mark.parametrize("name", ["manuscript.docx", "board_brief.docx"])
def test_no_document_shows_what_a_program_writes_for_nothing(handed: Handed, name: str) -> None:
    told = [text for text in words_of(handed.folder / name) if NOT_A_FIGURE.search(text) or "{{" in text or "⟦" in text]
    assert told == []


def test_no_archive_tells_the_time_of_the_run(handed: Handed) -> None:
    found = [path for path in handed.folder.rglob("*") if path.is_file() and zipfile.is_zipfile(path)]
    assert {path.suffix for path in found} >= {".docx", ".ods", ".xlsx", ".zip"}
    dates = {path.name: {each.date_time for each in zipfile.ZipFile(path).infolist()} for path in found}
    assert [name for name, told in dates.items() if told != {EPOCH}] == []


@pytest.mark.parametrize("name", ["manuscript.docx", "board_brief.docx"])
def test_no_heading_is_empty(handed: Handed, name: str) -> None:
    body = [
        element
        for element in docx.Document(str(handed.folder / name)).element.body
        if not element.tag.endswith("sectPr")
    ]
    levels = []
    for element in body:
        style = element.find(".//{*}pStyle")
        text = "".join(node.text or "" for node in element.iter("{*}t"))
        heading = style is not None and re.fullmatch(r"Heading(\d)", next(iter(style.attrib.values())))
        if heading:
            levels.append((int(heading[1]), text))
        elif text.strip() or element.tag.endswith("tbl"):
            levels.append((99, text))
    empty = [
        text for (level, text), (other, _) in zip(levels, [*levels[1:], (0, "")], strict=True) if other <= level < 99
    ]
    assert empty == []


def test_every_table_of_the_manuscript_is_a_table_with_number_title_and_repeated_head(handed: Handed) -> None:
    document = docx.Document(str(handed.folder / "manuscript.docx"))
    numbers = [each.text for each in document.paragraphs if each.style.name == "Float Number" and "Table" in each.text]
    assert numbers == [f"Table {number}" for number in range(1, len(document.tables) + 1)]
    assert all("tblHeader" in table._tbl.xml and "tblBorders" in table._tbl.xml for table in document.tables)
    assert not any("|" in each.text for each in document.paragraphs)


@pytest.mark.parametrize("name", ["manuscript.docx", "board_brief.docx"])
def test_no_sentence_runs_into_the_next_stands_twice_or_shows_a_mark_of_a_list(handed: Handed, name: str) -> None:
    texts = [each.text for each in docx.Document(str(handed.folder / name)).paragraphs]
    prose = [text for text in texts[: texts.index("References") if "References" in texts else None] if ". " in text]
    assert not [text for text in prose if re.search(r"[a-z)]\.[A-Z][a-z]|\s- (?=[A-Z*])|\*\*", text)]
    sentences = [part for text in prose for part in re.split(r"(?<=[a-z]\.)\s", text) if len(part) > 60]
    told_before = {text for text in sentences if sentences.count(text) > 1}
    assert not told_before or name == "manuscript.docx", told_before


@pytest.mark.parametrize(
    ("page", "paper"),
    [
        ("- **A?** Yes. The checks are under ⟦page:checks⟧.\n  **But:** no.\n", "- **A?** Yes.   **But:** no.\n"),
        ("- One.\n- Read ⟦page:a⟧ for this, and\n  ⟦page:b⟧ for that.\n", "- One.\n"),
        ("As far as one can tell; see ⟦page:checks⟧.\n", "As far as one can tell.\n"),
        ("Said first.\n- One.\n- Two.\n", "Said first.\n\n- One.\n- Two.\n"),
    ],
)
def test_paper_leaves_out_what_leads_to_a_page_and_no_more(handed: Handed, page: str, paper: str) -> None:
    study = handed.study
    prose = PaperProse(Subject(SavedResults(study.folders), study.framework, study.settings, study.plan))
    assert prose.finished(page).split() == paper.split() and ("\n\n- " in paper) == ("\n\n- " in prose.finished(page))


def test_the_references_of_the_manuscript_are_in_apa_style(handed: Handed) -> None:
    text = "\n".join(words_of(handed.folder / "manuscript.docx"))
    assert "Lewis, R., Duckworth, J., Willis, D., & Yarker, J. (2024)." in text
    assert "https://doi.org/10.12968/bjhc.2023.0106" in text


def test_the_manuscript_is_a_pdf_too(handed: Handed) -> None:
    assert (handed.folder / "manuscript.pdf").read_bytes().startswith(b"%PDF-")


def test_no_statistic_is_typed_into_the_manuscript() -> None:
    text = (HERE / "manuscript.md").read_text(encoding="utf-8")
    prose = re.sub(r"\{\{.*?\}\}|\{%.*?%\}|@[a-z]+\d{4}|PRISMA 2020", "", text, flags=re.DOTALL)
    assert not re.search(r"\d", prose), re.findall(r".{20}\d.{10}", prose)


def test_every_sheet_of_the_workbook_holds_one_table_without_merged_or_empty_cells(handed: Handed) -> None:
    book = openpyxl.load_workbook(handed.folder / "workbook.xlsx")
    assert book.sheetnames[:3] == ["Cover", "Contents", "Notes"]
    assert len({name.lower() for name in book.sheetnames}) == len(book.sheetnames)
    names = [table for sheet in book for table in sheet.tables]
    assert len(set(names)) == len(names) == len(book.sheetnames) - 1
    for sheet in book.worksheets[1:]:
        assert not sheet.merged_cells.ranges
        (table,) = sheet.tables.values()
        cells = [cell.value for row in sheet[table.ref] for cell in row]
        assert sheet["A1"].value and None not in cells and "" not in cells, sheet.title


def test_both_workbooks_say_the_same(handed: Handed) -> None:
    from lxml import etree

    book = openpyxl.load_workbook(handed.folder / "workbook.xlsx")
    with zipfile.ZipFile(handed.folder / "workbook.ods") as archive:
        assert archive.infolist()[0].filename == "mimetype"
        content = etree.fromstring(archive.read("content.xml"))
    sheets = content.findall(".//table:table", ODS_NAMES)
    assert [sheet.get(f"{{{ODS_NAMES['table']}}}name") for sheet in sheets] == book.sheetnames
    for sheet, other in zip(sheets, book, strict=True):
        rows = [["".join(cell.itertext()) for cell in row] for row in sheet.iterfind(".//table:table-row", ODS_NAMES)]
        assert [len(row) for row in rows] == [sum(cell.value is not None for cell in row) for row in other.iter_rows()]
        assert rows[0][0] == other["A1"].value


def test_public_tables_come_back_from_spss_with_their_labels(handed: Handed) -> None:
    listed = pd.read_csv(handed.deposit / "codebook.csv")
    files = sorted((handed.deposit / "spss").glob("*.sav"))
    assert [path.stem for path in files] == sorted(path.stem for path in (handed.deposit / "data").glob("*.csv"))
    path = files[0]
    frame, about = pyreadstat.read_sav(str(path))
    original = pd.read_csv(handed.deposit / "data" / f"{path.stem}.csv")
    asked = listed[listed["file"] == path.stem]
    assert list(frame.columns) == list(asked["spss_name"]) and list(about.column_labels) == list(asked["label"])
    assert len(frame) == len(original)


def test_answers_of_people_come_back_from_spss_with_wording_and_words_of_the_codes(handed: Handed) -> None:
    frame, about = pyreadstat.read_sav(str(handed.private / "answers.sav"), user_missing=True)
    items = handed.study.framework.items
    names = spss_names(["person_id", *items.index])
    assert np.isnan(frame[names[items.index[0]]].iloc[0])
    for item in items.index:
        scale, turned = handed.study.framework.scale_of(item), bool(items.loc[item, "reverse"])
        assert about.column_names_to_labels[names[item]].startswith(str(items.loc[item, "self_wording"])[:200])
        highest = about.variable_value_labels[names[item]][float(scale.maximum)]
        assert highest == scale.labels[scale.minimum if turned else scale.maximum]
    expected = handed.study.prepared.answers
    np.testing.assert_array_equal(frame[[names[item] for item in expected.columns]].to_numpy(), expected.to_numpy())


def test_data_of_people_are_for_their_owner_only(handed: Handed) -> None:
    assert handed.private.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o077 for path in handed.private.rglob("*")} == {0}


def test_the_archive_holds_the_deposit_and_nobody(handed: Handed, tmp_path: Path) -> None:
    (path,) = handed.folder.glob("*-deposit.zip")
    with zipfile.ZipFile(path) as archive:
        names = set(archive.namelist())
        archive.extractall(tmp_path)
    assert names == {
        file.relative_to(handed.deposit).as_posix() for file in handed.deposit.rglob("*") if file.is_file()
    }
    assert not any("private" in name or name.endswith("answers.csv") for name in names)
    shutil.rmtree(tmp_path / "figures")  # looked through when they were put in place
    assert faults_in_folder(tmp_path, list(handed.study.prepared.people.index), 0) == ()


def test_a_deposit_that_gives_somebody_away_is_refused_and_the_earlier_one_stays(handed: Handed) -> None:
    table = sorted(handed.study.folders.tables.glob("*.csv"))[0]
    before, earlier = table.read_text(), sorted(path.name for path in handed.folder.iterdir())
    person = handed.study.prepared.people.index[3]
    try:
        table.write_text(before + f"{person}{',' * before.splitlines()[0].count(',')}\n")
        with pytest.raises(InvalidInput, match="identifier of a person"):
            deliver(handed.study)
    finally:
        table.write_text(before)
    assert sorted(path.name for path in handed.folder.iterdir()) == earlier
    assert not list(handed.study.folders.root.glob(f"{hand_over.WORK_PREFIX}*"))


def test_rows_about_too_few_people_are_found_before_a_deposit_is_put_in_place(handed: Handed, tmp_path: Path) -> None:
    for folder in hand_over.SEARCHED:
        (tmp_path / folder).mkdir()
    counted = pd.DataFrame({"group": ["A", "B"], "n": [25, 3], "mean": [3.1, 2.0]})
    counted.to_csv(tmp_path / "data" / "x_data.csv", index=False)
    study = handed.study
    subject = Subject(SavedResults(study.folders), study.framework, study.settings, study.plan)
    assert [fault.row for fault in hand_over.given_away(study, subject, tmp_path)] == [3]


def test_the_configuration_for_codecheck_names_files_that_are_there_and_every_field(handed: Handed) -> None:
    content = yaml.safe_load((handed.deposit / "codecheck.yml").read_text(encoding="utf-8"))
    fields = {"version", "source", "manifest", "paper", "codechecker", "summary", "repository", "check_time",
              "certificate", "report"}  # fmt: skip
    assert set(content) == fields and set(content["paper"]) == {"title", "authors", "reference"}
    assert content["version"] == "https://codecheck.org.uk/spec/config/1.0/"
    assert content["manifest"] and all(set(entry) == {"file", "comment"} for entry in content["manifest"])
    assert all((handed.deposit / entry["file"]).is_file() for entry in content["manifest"])
    people = [*content["paper"]["authors"], *content["codechecker"]]
    assert all(each["name"] for each in people)
    assert all(re.fullmatch(r"(\d{4}-){3}\d{3}[\dX]", each.get("ORCID", "0000-0000-0000-0000")) for each in people)


def test_the_crate_names_every_file_once_with_its_checksum(handed: Handed) -> None:
    from compendium.files import checksum_of

    graph = json.loads((handed.deposit / "ro-crate-metadata.json").read_text(encoding="utf-8"))["@graph"]
    files = {entry["@id"]: entry for entry in graph if entry["@type"] == "File"}
    there = {path.relative_to(handed.deposit).as_posix() for path in handed.deposit.rglob("*") if path.is_file()}
    assert set(files) == there - {"ro-crate-metadata.json"}
    assert all(checksum_of(handed.deposit / name) == entry["sha256"] for name, entry in files.items())


def test_what_real_people_answered_gets_no_licence_of_ours(handed: Handed) -> None:
    said = json.loads((handed.deposit / ".zenodo.json").read_text(encoding="utf-8"))
    citation = yaml.safe_load((handed.deposit / "CITATION.cff").read_text(encoding="utf-8"))
    real = handed.study.settings.kind == "real"
    assert said["access_right"] == ("closed" if real else "open")
    assert ("license" in said) is ("license" in citation) is not real


def test_the_run_log_says_what_was_run_where_and_how_long_it_took(handed: Handed) -> None:
    log = json.loads((handed.folder / "run_log.json").read_text(encoding="utf-8"))
    assert set(log["gates"]) == set(GATES)
    assert log["made_with"]["packages"]["numpy"] == np.__version__
    assert log["seconds"]["manuscript"] > 0 and not (handed.deposit / "run_log.json").exists()


def test_nothing_is_handed_over_before_anything_is_built(handed: Handed, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="nothing is built there"):
        deliver(replace(handed.study, folders=ResultFolders(tmp_path / "empty")))


def test_the_data_package_is_valid_to_frictionless(handed: Handed) -> None:
    if handed.study.settings.kind == "synthetic":
        pytest.skip("one package is enough: the other is written by the same functions")
    code = "import frictionless, sys; r = frictionless.validate(sys.argv[1]); print(r.valid, *r.stats.values())"
    command = [sys.executable, "-c", code, "datapackage.json"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=handed.deposit, check=True)
    tables = len(list((handed.deposit / "data").glob("*.csv")))
    assert done.stdout.split()[:3] == ["True", str(tables), "0"]


def test_prepared_tables_that_were_not_collected_are_not_handed_over(handed: Handed) -> None:
    assert not (handed.private / "peers.csv").exists()
    assert Prepared(handed.study.folders.private).has("answers")
