"""The pages of evidence and consultation: checklist links that lead somewhere, works cited that are in the list."""

from __future__ import annotations

import dataclasses
import re
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from compendium import review as evidence
from compendium.paths import BOOK

PAGES = {name: (BOOK / f"{name}.md").read_text(encoding="utf-8") for name in ("evidence", "consultation")}
REFERENCES = (BOOK / "references.bib").read_text(encoding="utf-8")
HEADING = re.compile(r"(?:^\(([a-z0-9-]+)\)=\n)?^#{1,6} (.+)$", re.MULTILINE)
CITED = re.compile(r"\{cite:[pt]\}`([^`]+)`")
TYPED = re.compile(r"\([A-Z][^()]*\b(?:19|20)\d\d\)")
# Author, volume and pages as printed in the article.
WORKS = {
    "ayre2014": ("Scally", "47", "79--86"),
    "byrt1993": ("Bishop", "46", "423--429"),
    "colwell2004": ("Mao", "85", "2717--2727"),
    "hong2018": ("Pluye", "34", "285--291"),
    "lawshe1975": ("Lawshe", "28", "563--575"),
    "page2021": ("McKenzie", "372", "n71"),
}
ITEMS = 27
SETTINGS = """extensions = ["myst_parser", "sphinx_design"]
myst_enable_extensions = ["colon_fence"]
html_theme = "basic"
"""


@pytest.fixture(scope="module")
def review() -> evidence.Review:
    return evidence.load_review()


def _targets() -> dict[str, str]:
    """Return the target that stands before each heading of the page on evidence."""
    return {heading: target for target, heading in HEADING.findall(PAGES["evidence"])}


def _build(folder: Path, page: str) -> subprocess.CompletedProcess[str]:
    """Build one page with the parser of the book, without its theme; a warning is an error there and here."""
    folder.mkdir()
    (folder / "conf.py").write_text(SETTINGS, encoding="utf-8")
    (folder / "index.md").write_text(page, encoding="utf-8")
    command = [sys.executable, "-m", "sphinx", "-W", "-q", "-b", "html", str(folder), str(folder / "html")]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def _skeleton(checklist: str) -> str:
    """Return the headings of the page with their targets, and the checklist in its fold."""
    headings = "\n\n".join(match[0] for match in HEADING.finditer(PAGES["evidence"]))
    return f"{headings}\n\n::::{{dropdown}} PRISMA 2020 checklist\n\n{checklist}\n::::\n"


def test_every_item_of_prisma_2020_names_headings_that_are_on_the_page(review: evidence.Review) -> None:
    checklist, targets = review.files["checklist"], _targets()
    assert checklist["number"].tolist() == [str(number) for number in range(1, ITEMS + 1)]
    for item, where in checklist.set_index("number")["where"].items():
        named = evidence.headings_of(where)
        assert named, f"item {item} leads nowhere"
        assert {heading: targets.get(heading) for heading in named} == {
            heading: evidence.heading_target(heading) for heading in named
        }


def test_the_page_shows_the_checklist_with_its_links() -> None:
    assert '{{ raw("review_checklist_links") }}' in PAGES["evidence"]


def test_links_of_the_checklist_lead_to_headings_of_the_built_page(review: evidence.Review, tmp_path: Path) -> None:
    done = _build(tmp_path / "book", _skeleton(evidence.checklist_links(review)))
    assert done.returncode == 0, done.stderr
    html = (tmp_path / "book" / "html" / "index.html").read_text(encoding="utf-8")
    identifiers = set(re.findall(r'\bid="([^"]+)"', html))
    rows = re.findall(r"<tr[^>]*>(.*?)</tr>", html, re.DOTALL)
    links = [re.findall(r'<a class="[^"]*" href="([^"]*)"', row) for row in rows if "<td" in row]
    assert len(links) == ITEMS
    assert all(links)
    assert {link for row in links for link in row} <= {f"#{name}" for name in identifiers}


def test_a_checklist_that_leads_to_no_heading_stops_the_book(review: evidence.Review, tmp_path: Path) -> None:
    checklist = review.files["checklist"].assign(where="A heading that nobody wrote")
    astray = dataclasses.replace(review, files={**review.files, "checklist": checklist})
    done = _build(tmp_path / "book", _skeleton(evidence.checklist_links(astray)))
    assert done.returncode != 0
    assert "review-a-heading-that-nobody-wrote" in done.stderr


def test_the_checklist_says_what_the_file_says(review: evidence.Review) -> None:
    odd = pd.DataFrame(
        [{"number": "5", "topic": "A|B", "where": "Appraisal; What the records say", "status": "in part", "note": "*"}]
    )
    shown = evidence.checklist_links(dataclasses.replace(review, files={"checklist": odd})).splitlines()
    links = "[Appraisal](#review-appraisal); [What the records say](#review-what-the-records-say)"
    assert shown[2:] == [rf"| 5 | A\|B | in part | {links} | \* |"]


def test_the_protocol_is_shown_whole(review: evidence.Review) -> None:
    protocol, shown = review.protocol, evidence.protocol_table(review)
    parts = shown.groupby("part")["entry"].agg(list)
    assert parts["eligible when"] == protocol.eligibility
    assert parts["excluded because"] == list(protocol.exclusion_reasons.values())
    assert parts["limitation"] == protocol.limitations
    assert parts["deviation"] == protocol.deviations
    assert len(parts["stage"]) == len(protocol.stages)
    assert len(parts["pass"]) == len(protocol.reviewers)


@pytest.mark.parametrize("page", PAGES)
def test_works_are_cited_from_the_list_and_not_typed(page: str) -> None:
    cited = {key for keys in CITED.findall(PAGES[page]) for key in keys.split(",")}
    assert cited <= set(re.findall(r"@\w+\{(\w+),", REFERENCES))
    assert TYPED.findall(PAGES[page]) == []


def test_the_works_behind_the_review_and_the_consultation_are_cited() -> None:
    cited = {key for text in PAGES.values() for keys in CITED.findall(text) for key in keys.split(",")}
    assert {*WORKS, "tyndall2010"} <= cited


@pytest.mark.parametrize("work", WORKS)
def test_a_work_stands_in_the_list_as_it_was_printed(work: str) -> None:
    author, volume, pages = WORKS[work]
    entry = REFERENCES[REFERENCES.index(f"{{{work},") :].split("\n}\n")[0]
    assert author in entry
    assert f"volume = {{{volume}}}" in entry
    assert f"pages = {{{pages}}}" in entry
