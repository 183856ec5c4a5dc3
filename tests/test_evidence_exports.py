"""Exports of every format into the same fields, and malformed ones refused with file and line."""

# ruff: noqa: E501, W291 - the samples keep the line form of their formats

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compendium.review import read_export
from compendium.review.readers import bibtex

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
OVID = f"""1. 
{RIS.replace("TI  -", "T1  -").replace("AU  -", "A1  -").replace("PY  - 2020", "Y1  - 2020//")}
Link to the full text or citation

C1  - Database: Embase

Search Strategy:

-------
1 exp team/
"""
OVID_TAGS = """VN  - Ovid Technologies
DB  - Ovid MEDLINE(R)
UI  - 31234567
TI  - Working together: a study.
AU  - Smith, Jane
AU  - Doe, Ann
JN  - Journal of Integrated Care
YR  - 2020
DO  - 10.1108/JICA-01
KW  - teams
"""
COCHRANE = """Search Name:
Date Run: 01/01/2026

Record #1 of 1
ID: CN-0001
AU: Smith, Jane
AU: Doe, Ann
TI: Working together: a study
SO: Journal of Integrated Care
YR: 2020
DOI: 10.1108/JICA-01
KY: teams
"""
WOS = """FN Clarivate Analytics Web of Science
VR 1.0
PT J
AU Smith, J
   Doe, A
AF Smith, Jane
   Doe, Ann
TI Working together:
   a study
SO Journal of Integrated Care
DE teams
PY 2020
DI 10.1108/JICA-01
UT WOS:0001
ER

EF
"""
ENW = """%0 Journal Article
%A Smith, Jane
%A Doe, Ann
%T Working together: a study
%J Journal of Integrated Care
%D 2020
%R 10.1108/JICA-01
%K teams
%M 77
"""
BIBLATEX = r"""@article{smith2020,
  author = {Smith, Jane and Doe, Ann},
  title = {Working together},
  subtitle = {a study},
  journaltitle = {Journal of Integrated Care},
  date = {2020-01-05},
  doi = {10.1108/JICA-01},
  keywords = {teams},
}
"""
PROQUEST = f"""Provider: Routledge
Content: text/plain; charset="UTF-8"

{RIS}"""
SCOPUS = """"Authors","Author full names","Title","Year","Source title","DOI","Author Keywords","EID"
"Smith J.; Doe A.","Smith, Jane (123456789); Doe, Ann (987654321)","Working together: a study","2020","Journal of Integrated Care","10.1108/JICA-01","teams","2-s2.0-1"
"""
EMBASE = """"TITLE","AUTHOR NAMES","SOURCE TITLE","PUBLICATION YEAR","DOI","KEYWORDS","PUI"
"Working together: a study","Smith, Jane; Doe, Ann","Journal of Integrated Care","2020","10.1108/JICA-01","teams","L1"
"""
EMBASE_ROWS = """"TITLE","Working together: a study"
"AUTHOR NAMES","Smith, Jane","Doe, Ann"
"SOURCE TITLE","Journal of Integrated Care"
"PUBLICATION YEAR","2020"
"DOI","10.1108/JICA-01"
"KEYWORDS","teams"
"PUI","L1"
"""
DIMENSIONS = """"About the data: Exported on Jan 01, 2026. Criteria: teams."
Publication ID,DOI,PMID,Title,Source title,PubYear,Authors,Keywords
pub.1,10.1108/JICA-01,,Working together: a study,Journal of Integrated Care,2020,"Smith, Jane; Doe, Ann",teams
"""
LENS = """#,Lens ID,Title,Date Published,Publication Year,Source Title,Author/s,DOI,Keywords
1,000-1,Working together: a study,2020-01-05,2020,Journal of Integrated Care,"Smith, Jane; Doe, Ann",10.1108/JICA-01,teams
"""
PUBMED_CSV = """PMID,Title,Authors,Journal/Book,Publication Year,DOI,Keywords
31234567,Working together: a study,"Smith, Jane; Doe, Ann",Journal of Integrated Care,2020,10.1108/JICA-01,teams
"""
WOS_TABS = """PT\tAU\tAF\tTI\tSO\tPY\tDI\tDE\tUT
J\tSmith, J; Doe, A\tSmith, Jane; Doe, Ann\tWorking together: a study\tJournal of Integrated Care\t2020\t10.1108/JICA-01\tteams\tWOS:0001
"""
EPPI = """{"CodeSets": [], "References": [{"ItemId": 5, "Title": "Working together: a study", "Authors": "Smith, Jane; Doe, Ann;",
"Year": "2020", "ParentTitle": "Journal of Integrated Care", "DOI": "10.1108/JICA-01", "Keywords": "teams", "Codes": []}]}
"""
OVID_LABELS = """<1>
Accession Number
  2001
Title
  Working together: a study.
Author
  Smith, Jane; Doe, Ann.
Source title
  Journal of Integrated Care
Publication Year
  2020
DOI
  10.1108/JICA-01
Subject
  teams
"""
PROQUEST_TEXT = """____________________

Document 1 of 1

Working together: a study

Author: Smith, Jane; Doe, Ann

Publication info: Journal of Integrated Care 28.1 (2020): 3-9.

Title: Working together: a study

Publication title: Journal of Integrated Care

Publication year: 2020

ProQuest document ID: 2001

DOI: 10.1108/JICA-01

Subject: teams
"""
FORMATS = {
    "ovid.txt": (OVID, "smith2020", 2),
    "ovid-tags.txt": (OVID_TAGS, "31234567", 1),
    "cochrane.txt": (COCHRANE, "CN-0001", 4),
    "savedrecs.txt": (WOS, "WOS:0001", 3),
    "savedrecs.ciw": (WOS, "WOS:0001", 3),
    "a.enw": (ENW, "77", 1),
    "refer.txt": (ENW.replace("%0 Journal Article\n", ""), "77", 1),
    "ovid-labels.txt": (OVID_LABELS, "2001", 1),
    "proquest.txt": (PROQUEST_TEXT, "2001", 3),
    "biblatex.bib": (BIBLATEX, "smith2020", 1),
    "proquest.ris": (PROQUEST, "smith2020", 4),
    "scopus.csv": (SCOPUS, "2-s2.0-1", 2),
    "embase.csv": (EMBASE, "L1", 2),
    "embase-rows.csv": (EMBASE_ROWS, "L1", 1),
    "dimensions.csv": (DIMENSIONS, "pub.1", 3),
    "lens.csv": (LENS, "000-1", 2),
    "pubmed.csv": (PUBMED_CSV, "31234567", 2),
    "savedrecs.tsv": (WOS_TABS, "WOS:0001", 2),
    "eppi.json": (EPPI, "5", 1),
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


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("ending", ["", ".txt", ".csv"])
def test_a_format_is_told_by_its_content(tmp_path: Path, name: str, ending: str) -> None:
    text, own_id, _ = FORMATS[name]
    reports, faults = read_export(_write(tmp_path, f"export{ending}", text))
    assert (faults, reports["own_id"].tolist()) == ([], [own_id])


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("end", ["\r\n", "\r"], ids=["Windows", "old Macs"])
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_line_ends_and_byte_order_marks_change_nothing(tmp_path: Path, name: str, end: str, encoding: str) -> None:
    text, _, _ = FORMATS[name]
    plain, _ = read_export(_write(tmp_path, "a", text))
    (tmp_path / "b").write_bytes(text.replace("\n", end).encode(encoding))
    marked, faults = read_export(tmp_path / "b")
    assert faults == []
    assert marked.drop(columns=["report", "export"]).equals(plain.drop(columns=["report", "export"]))


PUBMED_ABSTRACT = """1. J Integr Care. 2020 Jan 5;28(1):3-9. doi: 10.1108/JICA-01.

Working together: a study.

Smith J(1), Doe A(2).

Author information:
(1)Somewhere.

What was done.

DOI: 10.1108/JICA-01
PMID: 31234567
"""
PUBMED_SUMMARY = """1: Smith J, Doe A. Working together: a study. J Integr Care. 2020 Jan 5;28(1):3-9. doi: 10.1108/JICA-01. PMID: 31234567.
"""


@pytest.mark.parametrize("text", [PUBMED_ABSTRACT, PUBMED_SUMMARY], ids=["abstract", "summary"])
def test_what_pubmed_writes_for_readers_is_read(tmp_path: Path, text: str) -> None:
    reports, faults = read_export(_write(tmp_path, "pubmed.txt", text))
    assert faults == []
    columns = ["own_id", "title", "authors", "year", "container", "volume", "pages", "doi"]
    assert reports[columns].to_numpy().tolist() == [
        [
            "31234567",
            "Working together: a study",
            "Smith J; Doe A",
            "2020",
            "J Integr Care",
            "28",
            "3-9",
            "10.1108/JICA-01",
        ]
    ]


NO_HITS = {
    "empty": "",
    "a mark alone": "\ufeff\n",
    "a header alone": "PMID,Title,Authors,DOI\n",
    "the provider's lines alone": 'Provider: Routledge\nContent: text/plain; charset="UTF-8"\n',
    "Web of Science without records": "FN Clarivate Analytics Web of Science\nVR 1.0\nEF\n",
    "EndNote without records": "<xml><records></records></xml>",
    "a search strategy that found nothing": "Database: Embase\nSearch Strategy:\n-----\n1 exp team/ (0)\n",
    "in words": "No results found\n",
    "in other words": "There were no documents matching your query.\n",
    "in German": "Keine Treffer\n",
    "a history alone": "Search Name: teams\nDate Run: 01/05/2023\n\nID\tSearch\tHits\n#1\tteam*\t0\n",
}


@pytest.mark.parametrize("case", NO_HITS)
def test_a_search_without_hits_is_no_fault(tmp_path: Path, case: str) -> None:
    reports, faults = read_export(_write(tmp_path, "a.ris", NO_HITS[case]))
    assert (len(reports), faults) == (0, [])


def test_a_numbered_list_of_references_is_not_taken_for_a_search_without_hits(tmp_path: Path) -> None:
    text = "1 Smith J. Working together. 2020.\n2 Doe A. Working apart. 2021.\n"
    reports, faults = read_export(_write(tmp_path, "list.txt", text))
    assert (len(reports), len(faults)) == (0, 1)


def test_a_broken_record_of_xml_is_named_and_the_others_are_read(tmp_path: Path) -> None:
    record = ENDNOTE[ENDNOTE.index("<record>") : ENDNOTE.index("</records>")]
    broken = record.replace("</title>", "", 1).replace("Working together", "Lost & found")
    mended = record.replace("together:", "R&D \x0btogether:")
    text = f"<xml><records>\n{broken}{mended}</records></xml>\n"
    reports, faults = read_export(_write(tmp_path, "a.xml", text))
    assert reports["title"].tolist() == ["Working R&D together: a study"]
    assert len(faults) == 1
    assert faults[0].row is not None
    assert 2 <= faults[0].row <= 7


def test_a_braced_author_is_one_body(tmp_path: Path) -> None:
    text = "@techreport{a,\n author={{Department of Health and Social Care} and Smith, J},\n title={{A} framework},\n year={2022}}"
    reports, _ = read_export(_write(tmp_path, "a.bib", text))
    assert reports.loc[0, "authors"] == "Department of Health and Social Care; Smith, J"


LATEX = {
    r"Caf{\'e} \& {\"o}ffentliche Pflege": "Café & öffentliche Pflege",
    r"S{\o}rensen, \L{}ukasz {\v S}: {\ss}": "Sørensen, Łukasz Š: ß",
    r"\emph{Teams}~in \textquoteleft care\textquoteright": "Teams in ‘care’",
    r"Na\"{\i}ve, \c{c}a, \~n, \aa": "Naïve, ça, ñ, å",
    r"{The {NHS} {\&} {\alpha}}": "The NHS & α",
}


@pytest.mark.parametrize("written", LATEX)
def test_latex_is_read_as_it_prints(written: str) -> None:
    assert bibtex.unlatex(written) == LATEX[written]


def test_what_cannot_be_read_is_named_and_the_rest_is_read(tmp_path: Path) -> None:
    broken = "@article{x,\n title={A,\n year={2020}\n}\n" + BIBTEX
    reports, faults = read_export(_write(tmp_path, "a.bib", broken))
    assert (reports["own_id"].tolist(), [fault.row for fault in faults]) == (["smith2020"], [1])
    reports, faults = read_export(
        _write(tmp_path, "b.csv", ASREVIEW + "13,Too short\n" + ASREVIEW.splitlines()[1] + "\n")
    )
    assert (reports["line"].tolist(), [fault.row for fault in faults]) == ([2, 4], [3])
    reports, faults = read_export(_write(tmp_path, "c.ris", RIS + RIS.replace("ER  - \n", "")))
    assert (len(reports), [fault.row for fault in faults]) == (2, [11])


def test_a_reference_that_the_next_one_ends_is_whole(tmp_path: Path) -> None:
    reports, faults = read_export(_write(tmp_path, "a.ris", RIS.replace("ER  - \n", "") + RIS))
    assert (len(reports), faults) == (2, [])


def test_an_abbreviated_author_list_stays_one(tmp_path: Path) -> None:
    text = BIBTEX.replace("Smith, Jane and Doe, Ann", "Barraclough and others")
    reports, _ = read_export(_write(tmp_path, "a.bib", text))
    assert reports.loc[0, "authors"] == "Barraclough et al."


def test_the_content_name_does_not_depend_on_where_the_reference_came_from(tmp_path: Path) -> None:
    slugs = {read_export(_write(tmp_path, name, text))[0].loc[0, "slug"] for name, (text, *_) in FORMATS.items()}
    assert len(slugs) == 1
    assert slugs.pop().startswith("smith-2020-working-")


REFUSED = {
    "tag before the first reference": ("a.ris", "TI  - Lost\n" + RIS, 1, "without its beginning"),
    "tags after the last reference": ("a.ris", RIS + "\nTI  - Lost\nAU  - Roe, R\n", 12, "without its beginning"),
    "no end": ("a.ris", RIS.replace("ER  - \n", ""), 1, "ends inside a reference"),
    "not RIS at all": ("a.ris", "hello\n", 1, "not known here"),
    "a field twice": ("a.bib", "@article{x, title = {A}, title = {B}}", 1, "stands twice"),
    "brace not closed": ("a.bib", "@article{x,\n title={A,\n year={2020}\n}\n" + BIBTEX, 1, "cannot be read"),
    "text before PMID": ("a.nbib", "TI  - Lost\n" + NBIB, 1, "without its beginning"),
    "broken line": ("a.nbib", NBIB.replace("DP  - 2020 Jan", "2020 Jan"), 7, "neither a tag"),
    "broken XML": ("a.xml", ENDNOTE.replace("</records>", ""), 8, "not valid XML"),
    "unknown columns": ("a.csv", "name,what\na,b\n", 1, "not known here"),
    "ragged row": ("a.csv", ASREVIEW + "13,Too short\n", 3, "2 cells where the header has 9"),
    "no title, DOI or PMID": ("a.ris", "TY  - JOUR\nPY  - 2020\nER  - \n", 1, "a record without an id"),
    "a workbook": ("a.xlsx", "PK\x03\x04", None, "a workbook"),
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
    assert (faults[0].row, faults[0].value) == (2, "TI  - Café")


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
    ((_, theirs),), _ = bibtex.with_library([(1, text)], "a.bib")
    assert bibtex._fields(ours) == bibtex._fields(theirs)


@pytest.mark.parametrize(
    "text",
    [
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
