"""Exports of every format into the same fields, and malformed ones refused with file and line."""

# ruff: noqa: E501, W291 - the samples keep the line form of their formats

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compendium.review import bibtex, formats, read_export

RIS = """TY  - JOUR
ID  - smith2020
TI  - Working together: a study
AU  - Smith, Jane
AU  - Doe, Ann
PY  - 2020
JO  - Journal of Integrated Care
DO  - 10.1108/JICA-01
KW  - teams
ER  - 
"""
BIBTEX = r"""@comment{left out}
@article{smith2020,
  author = {Smith, Jane and Doe, Ann},
  title = {{W}orking together: a study},
  journal = {Journal of Integrated Care},
  year = 2020,
  doi = {10.1108/JICA-01},
  keywords = {teams},
}
"""
NBIB = """PMID- 31234567
TI  - Working together:
      a study.
FAU - Smith, Jane
AU  - Smith J
FAU - Doe, Ann
DP  - 2020 Jan
JT  - Journal of Integrated Care
LID - 10.1108/JICA-01 [doi]
OT  - teams
"""
ENDNOTE = """<?xml version="1.0" encoding="UTF-8"?>
<xml><records>
<record><rec-number>7</rec-number><ref-type name="Journal Article">17</ref-type>
<contributors><authors><author><style>Smith, Jane</style></author><author><style>Doe, Ann</style></author></authors></contributors>
<titles><title><style>Working together:</style><style> a study</style></title><secondary-title>Journal of Integrated Care</secondary-title></titles>
<dates><year><style>2020</style></year></dates><electronic-resource-num>10.1108/JICA-01</electronic-resource-num>
<keywords><keyword>teams</keyword></keywords></record>
</records></xml>
"""
ZOTERO = """"Key","Item Type","Publication Year","Author","Title","Publication Title","DOI","Manual Tags"
"AB12","journalArticle","2020","Smith, Jane; Doe, Ann","Working together: a study","Journal of Integrated Care","10.1108/JICA-01","teams"
"""
RAYYAN = """key,title,year,month,day,journal,issn,volume,issue,pages,authors,url,language,publisher,location,abstract,notes,doi,keywords
rayyan-1,Working together: a study,2020,1,1,Journal of Integrated Care,,,,,"Smith, Jane and Doe, Ann",,,,,,,10.1108/JICA-01,teams
"""
ASREVIEW = """record_id,title,abstract,authors,year,journal,doi,keywords,included
12,Working together: a study,,"Smith, Jane; Doe, Ann",2020,Journal of Integrated Care,10.1108/JICA-01,teams,1
"""
COVIDENCE = """Title,Authors,Abstract,Published Year,Journal,DOI,Covidence #,Tags
Working together: a study,"Smith, Jane; Doe, Ann",,2020,Journal of Integrated Care,10.1108/JICA-01,#34,teams
"""
FORMATS = {
    "a.ris": (RIS, "smith2020", 1),
    "a.bib": (BIBTEX, "smith2020", 2),
    "a.nbib": (NBIB, "31234567", 1),
    "a.xml": (ENDNOTE, "7", 3),
    "zotero.csv": (ZOTERO, "AB12", 2),
    "rayyan.csv": (RAYYAN, "rayyan-1", 2),
    "asreview.csv": (ASREVIEW, "12", 2),
    "covidence.csv": (COVIDENCE, "#34", 2),
}


def _write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_gives_the_same_fields(tmp_path: Path, name: str) -> None:
    text, own_id, line = FORMATS[name]
    reports, faults = read_export(_write(tmp_path, name, text))
    assert faults == []
    assert len(reports) == 1
    row = reports.iloc[0]
    assert row["title"] == "Working together: a study"
    assert row["authors"] == "Smith, Jane; Doe, Ann"
    assert (row["year"], row["container"]) == ("2020", "Journal of Integrated Care")
    assert (row["doi"], row["keywords"]) == ("10.1108/JICA-01", "teams")
    assert (row["own_id"], row["line"], row["export"]) == (own_id, line, name)
    assert row["report"] == f"{Path(name).stem}:{own_id}"


def test_a_pubmed_record_brings_its_number(tmp_path: Path) -> None:
    reports, _ = read_export(_write(tmp_path, "a.nbib", NBIB))
    assert reports.loc[0, "pmid"] == "31234567"


def test_windows_line_ends_and_byte_order_mark_change_nothing(tmp_path: Path) -> None:
    plain, _ = read_export(_write(tmp_path, "a.ris", RIS))
    path = tmp_path / "b.ris"
    path.write_bytes(b"\xef\xbb\xbf" + RIS.replace("\n", "\r\n").encode())
    marked, faults = read_export(path)
    assert faults == []
    assert marked["title"].tolist() == plain["title"].tolist()
    assert marked["slug"].tolist() == plain["slug"].tolist()


def test_an_abbreviated_author_list_stays_one(tmp_path: Path) -> None:
    text = BIBTEX.replace("Smith, Jane and Doe, Ann", "Barraclough and others")
    reports, _ = read_export(_write(tmp_path, "a.bib", text))
    assert reports.loc[0, "authors"] == "Barraclough et al."


def test_the_content_name_does_not_depend_on_where_the_reference_came_from(tmp_path: Path) -> None:
    slugs = {read_export(_write(tmp_path, name, text))[0].loc[0, "slug"] for name, (text, *_) in FORMATS.items()}
    assert len(slugs) == 1
    assert slugs.pop().startswith("smith-2020-working-")


REFUSED = {
    "tag before the first reference": ("a.ris", "TI  - Lost\n" + RIS, 1, "outside any reference"),
    "no end": ("a.ris", RIS.replace("ER  - \n", ""), 1, "has no end"),
    "next begins before the end": ("a.ris", RIS.replace("ER  - \n", "") + RIS, 1, "has no end"),
    "not RIS at all": ("a.ris", "hello\n", 1, "outside any reference"),
    "brace not closed": ("a.bib", "@article{x,\n title={A,\n year={2020}\n}\n" + BIBTEX, 1, "cannot be read"),
    "text before PMID": ("a.nbib", "TI  - Lost\n" + NBIB, 1, "before the first PMID"),
    "broken line": ("a.nbib", NBIB.replace("DP  - 2020 Jan", "2020 Jan"), 7, "neither a tag"),
    "broken XML": ("a.xml", ENDNOTE.replace("</records>", ""), 8, "not valid XML"),
    "unknown columns": ("a.csv", "name,what\na,b\n", 1, "no tool known"),
    "ragged row": ("a.csv", ASREVIEW + "13,Too short\n", 3, "2 cells where the header has 9"),
    "no title, DOI or PMID": ("a.ris", "TY  - JOUR\nPY  - 2020\nER  - \n", 1, "a record without an id"),
    "empty": ("a.ris", "", None, "holds no reference"),
    "unknown ending": ("a.docx", "x", None, "unknown kind of export"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_malformed_export_is_named_with_file_and_line(tmp_path: Path, case: str) -> None:
    name, text, line, problem = REFUSED[case]
    _, faults = read_export(_write(tmp_path, name, text))
    assert [(Path(fault.file).name, fault.row) for fault in faults] == [(name, line)]
    assert problem in faults[0].problem


def test_an_export_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.ris"
    path.write_bytes("TY  - JOUR\nTI  - Café\nER  - \n".encode("latin-1"))
    _, faults = read_export(path)
    assert "not readable as UTF-8" in faults[0].problem


# BibTeX that is read without bibtexparser


WORDS = st.text(st.sampled_from("abcXYZ éåß09 -:,.;()/?\n'&$%~_^`!#=+*<>|[]"), max_size=30)
GUARDED = st.text(st.sampled_from("abcXYZ é09 -:,.;()/?"), max_size=12).filter(lambda words: ",," not in words)
VALUES = st.one_of(
    WORDS.map("{{{}}}".format),
    st.tuples(GUARDED, GUARDED, GUARDED).map(lambda parts: f"{{{parts[0]}{{{parts[1]}}}{parts[2]}}}"),
    WORDS.map('"{}"'.format),
    st.integers(0, 2999).map(str),
)
NAMES = st.sampled_from(["title", "author", "year", "journal", "Publisher", "doi", "keywords", "abstract"])


@settings(max_examples=200, deadline=None)
@given(fields=st.dictionaries(NAMES, VALUES, min_size=1, max_size=5), comma=st.booleans(), month=st.booleans())
def test_plain_bibtex_is_read_as_bibtexparser_reads_it(fields: dict[str, str], comma: bool, month: bool) -> None:
    given_fields = fields | ({"month": "jan"} if month else {})
    body = ",\n  ".join(f"{name} = {value}" for name, value in given_fields.items())
    text = f"@Article{{key2020,\n  {body}{',' if comma else ''}\n}}\n"
    ours = bibtex.plain_item(text)
    assert ours is not None
    (theirs,) = bibtex._parse(text)
    assert formats._from_bibtex(ours) == formats._from_bibtex(theirs)


@pytest.mark.parametrize(
    "text",
    [
        r"@article{x, title = {Caf\'e}}",
        "@article{x, journal = bmj}",
        '@article{x, title = "A" # "B"}',
        "@article{x, title = {A}, title = {B}}",
        "@article{x, title = {A}",
        "@article(x, title = {A})",
        "@string{bmj = {BMJ}}",
        "@comment{x, title = {A}}",
    ],
)
def test_what_is_not_plain_is_left_to_bibtexparser(text: str) -> None:
    assert bibtex.plain_item(text) is None


def test_plain_entries_and_others_keep_their_order_and_lines(tmp_path: Path) -> None:
    text = (
        "A note before.\n@string{bmj = {BMJ}}\n@article{one,\n title = {First}\n}\n"
        "@article{two,\n title = {Caf\\'e},\n journal = bmj\n}\n@book{three,\n title = {Third}\n}\n"
    )
    reports, faults = read_export(_write(tmp_path, "a.bib", text))
    assert faults == []
    assert reports[["own_id", "line"]].to_numpy().tolist() == [["one", 3], ["two", 6], ["three", 10]]
    assert reports["title"].tolist() == ["First", "Café", "Third"]
    assert reports["container"].tolist() == ["", "BMJ", ""]
