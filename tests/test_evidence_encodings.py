"""An export in another encoding than UTF-8 is read where the file says so, else refused with its line."""

from __future__ import annotations

import codecs
from pathlib import Path

import pytest

from compendium.review.readers import read_references

TITLE = "Zusammenarbeit über Grenzen – eine Übersicht"
RIS = f"TY  - JOUR\nTI  - {TITLE}\nAU  - Müller, Jörg\nPY  - 2020\nER  - \n"
BIBTEX = f"@article{{m, title = {{{TITLE}}}, author = {{Müller, Jörg}}, year = 2020}}\n"
XML = (
    f"<xml><records><record><rec-number>1</rec-number><titles><title>{TITLE}</title></titles><contributors><authors>"
    "<author>Müller, Jörg</author></authors></contributors><dates><year>2020</year></dates></record></records></xml>"
)
CERTAIN = {
    "utf-8": RIS.encode(),
    "utf-8 with a mark": codecs.BOM_UTF8 + RIS.encode(),
    "utf-16 little": codecs.BOM_UTF16_LE + RIS.encode("utf-16-le"),
    "utf-16 big": codecs.BOM_UTF16_BE + RIS.encode("utf-16-be"),
    "utf-32": codecs.BOM_UTF32_LE + RIS.encode("utf-32-le"),
    "XML that declares cp1252": b'<?xml version="1.0" encoding="windows-1252"?>' + XML.encode("cp1252"),
    "BibTeX that declares cp1252": b"% Encoding: Cp1252\n" + BIBTEX.encode("cp1252"),
}


@pytest.mark.parametrize("content", CERTAIN.values(), ids=CERTAIN)
def test_what_the_file_says_of_its_encoding_is_believed(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "export.txt"
    path.write_bytes(content)
    read = read_references(path)
    assert not read.faults
    assert [(entry.fields["title"], entry.fields["authors"]) for entry in read.entries] == [(TITLE, "Müller, Jörg")]


@pytest.mark.parametrize("encoding", ["cp1252", "mac-roman", "cp850"])
def test_an_encoding_that_nothing_tells_is_refused_with_the_line(encoding: str, tmp_path: Path) -> None:
    path = tmp_path / "export.ris"
    path.write_bytes(RIS.replace("–", "-").encode(encoding))
    fault = read_references(path).faults[0]
    assert fault.row == 2
    assert "not readable as UTF-8" in fault.problem


def test_a_declaration_that_the_bytes_contradict_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "export.xml"
    path.write_bytes(b'<?xml version="1.0" encoding="ascii"?>' + XML.encode("cp1252"))
    assert "says that it is ascii, and is not" in read_references(path).faults[0].problem


@pytest.mark.parametrize(("content", "other"), [(RIS + BIBTEX, "BibTeX"), (RIS + "\nPMID- 12\nTI  - O\n", "PubMed")])
def test_references_of_a_second_format_in_one_file_are_named_with_their_line(
    content: str, other: str, tmp_path: Path
) -> None:
    path = tmp_path / "export.txt"
    path.write_text(content, encoding="utf-8")
    read = read_references(path)
    (fault,) = [fault for fault in read.faults if other in fault.problem]
    assert content.split("\n")[(fault.row or 0) - 1].startswith(fault.value or "-")
    assert read.entries[0].fields["title"] == TITLE
