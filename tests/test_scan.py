"""A folder to be handed on gives nobody away: identifiers in any format, rows about too few people."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pandas as pd
import pytest

from compendium.disclosure.scan import faults_in_folder

ID, NUMBER, ADDRESS = "P4f2a91c0", "1002345", "zo\u00eb.quill@trust.example"
IDENTIFIERS = (ID, NUMBER, ADDRESS, "7", "12")
TABLE = pd.DataFrame({"person": [ID], "score": [3.5]})


def as_text(path: Path) -> None:
    path.write_text(f"Thanks to {ID.upper()}.")


def as_csv(path: Path) -> None:
    TABLE.to_csv(path, index=False)


def as_workbook(path: Path) -> None:
    TABLE.to_excel(path, index=False)


def as_parquet(path: Path) -> None:
    TABLE.to_parquet(path)


def as_spss(path: Path) -> None:
    import pyreadstat

    pyreadstat.write_sav(TABLE, path)


def as_document(path: Path) -> None:
    import docx

    document = docx.Document()
    line = document.add_paragraph("By ")
    for part in (ID[:3], ID[3:]):  # a word in two runs, as editing leaves it
        line.add_run(part).bold = part == ID[:3]
    document.save(str(path))


def as_pdf(path: Path) -> None:
    import typst

    typst.compile(f"Report of {ID}".encode(), output=str(path))


def as_page(path: Path) -> None:
    path.write_text("<p>zo&euml;.quill&#64;trust.example</p>")


def as_picture(path: Path) -> None:
    path.write_text(f"<svg><title>{ID}</title></svg>")


def as_archive(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("inside/note.txt", f"x {NUMBER} y")


WRITERS = {
    "note.txt": as_text,
    "people.csv": as_csv,
    "people.xlsx": as_workbook,
    "people.parquet": as_parquet,
    "people.sav": as_spss,
    "letter.docx": as_document,
    "report.pdf": as_pdf,
    "page.html": as_page,
    "plot.svg": as_picture,
    "all.zip": as_archive,
}


@pytest.mark.parametrize("name", WRITERS)
def test_identifier_is_found_in_any_format_and_not_quoted(tmp_path, name):
    WRITERS[name](tmp_path / name)
    faults = faults_in_folder(tmp_path, IDENTIFIERS, 10)
    assert faults
    assert any(fault.file.startswith(name) for fault in faults)
    assert not any(secret in str(fault).casefold() for fault in faults for secret in (ID.casefold(), NUMBER, "quill"))


@pytest.mark.parametrize("name", [f"{ID}.pdf", f"reports/{ID.lower()}_2.txt"])
def test_identifier_in_a_file_name_is_found_and_not_quoted(tmp_path, name):
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text("")
    faults = faults_in_folder(tmp_path, IDENTIFIERS, 10)
    assert any("name holds the identifier" in fault.problem for fault in faults)
    assert not any(ID.casefold() in str(fault).casefold() for fault in faults)


def test_short_ids_are_found_in_columns_of_ids_and_not_among_counts(tmp_path):
    pd.DataFrame({"rank": range(1, 13), "n_items": [7, 12] * 6}).to_csv(tmp_path / "ranks.csv", index=False)
    (tmp_path / "note.txt").write_text("7 of 12 items")
    assert not faults_in_folder(tmp_path, IDENTIFIERS, 10)
    pd.DataFrame({"person_id": [3, 7], "score": [1, 2]}).to_csv(tmp_path / "people.csv", index=False)
    (found,) = faults_in_folder(tmp_path, IDENTIFIERS, 10)
    assert (found.file, found.row, found.column) == ("people.csv", 3, "person_id")


def test_rows_about_few_people_are_found_and_records_of_the_review_are_not_people(tmp_path):
    pd.DataFrame({"group": ["A", "B", "C"], "n": [40, 3, None], "mean": [3.5, 2.0, None]}).to_csv(
        tmp_path / "group_means.csv", index=False
    )
    pd.DataFrame({"code": ["x"], "n": [3], "share": [0.1]}).to_csv(tmp_path / "codes.csv", index=False)
    found = faults_in_folder(tmp_path, IDENTIFIERS, 10, about_nobody=("codes",))
    assert [(fault.file, fault.row) for fault in found] == [("group_means.csv", 3)]
    assert len(faults_in_folder(tmp_path, IDENTIFIERS, 10)) == 2


def test_private_files_and_what_cannot_be_looked_into_are_faults(tmp_path):
    (tmp_path / "private").mkdir()
    (tmp_path / "private" / "notes.txt").write_text("")
    (tmp_path / "broken.docx").write_bytes(b"PK not an archive")
    problems = {fault.file: fault.problem for fault in faults_in_folder(tmp_path, IDENTIFIERS, 10)}
    assert problems["private/notes.txt"] == "this file is private"
    assert "could not be looked into" in problems["broken.docx"]
