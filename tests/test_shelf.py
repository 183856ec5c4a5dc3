"""The shelf: one page for the cohorts built in a folder, read from disk alone."""

from __future__ import annotations

import json
import re
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from compendium.report.shelf import NOT_RECORDED, TOO_FEW, Book, books_in, write_shelf
from compendium.run.cli import app

ABOUT = {"title": "North", "kind": "real", "n": 1234, "waves": 2, "fieldwork": "2026-01-12 to 2026-02-20",
         "framework": "Integrated care", "framework_id": "integrated-care", "version": "0.1.0"}  # fmt: skip


def put(results: Path, name: str, about: dict[str, object] | None, *, book: bool = True) -> None:
    """Put a built cohort into a folder of results."""
    folder = results / name
    (folder / "book").mkdir(parents=True)
    content = {"cohort": Path(name).name, "results": []} | ({} if about is None else {"about": about})
    (folder / "manifest.json").write_text(json.dumps(content), encoding="utf-8")
    if book:
        (folder / "book" / "index.html").write_text("<p>a book</p>", encoding="utf-8")


def test_the_shelf_lists_what_is_built_and_every_link_leads_somewhere(tmp_path: Path) -> None:
    put(tmp_path, "north", ABOUT)
    put(tmp_path, "south", ABOUT | {"title": "South", "kind": "synthetic", "version": "0.2.0"}, book=False)
    put(tmp_path, "comparisons/both", {"title": "2 cohorts compared", "cohorts": "north, south"})
    (tmp_path / "reference").mkdir()
    page = write_shelf(tmp_path)
    text = page.read_text(encoding="utf-8")
    links = re.findall(r'href="([^"]+)"', text)
    assert links == ["north/book/index.html", "comparisons/both/book/index.html"]
    assert all((page.parent / link).is_file() for link in links)
    for words in ("1,234", "2026-01-12 to 2026-02-20", "synthetic", "0.2.0", "make all COHORT=south", "north, south"):
        assert words in text
    assert not re.search(r"https?://|<script", text), "it opens from disk and asks nobody"


def test_a_cohort_of_an_earlier_version_says_what_is_not_recorded(tmp_path: Path) -> None:
    put(tmp_path, "old", None)
    assert Book("old").fact("n") == NOT_RECORDED
    assert NOT_RECORDED in write_shelf(tmp_path).read_text(encoding="utf-8")


def test_people_who_are_too_few_to_be_counted_are_told_as_such(tmp_path: Path) -> None:
    put(tmp_path, "few", ABOUT | {"n": None})
    text = write_shelf(tmp_path).read_text(encoding="utf-8")
    assert TOO_FEW in text and NOT_RECORDED not in text


@settings(max_examples=20, deadline=None)
@given(title=st.text(st.characters(codec="utf-8", categories=("L", "P", "S", "Zs")), min_size=1, max_size=30))
def test_a_title_is_shown_and_never_run(title: str, tmp_path_factory) -> None:
    folder = tmp_path_factory.mktemp("shelf")
    put(folder, "odd", ABOUT | {"title": f"<img src=x>{title}"})
    text = write_shelf(folder).read_text(encoding="utf-8")
    assert "<img" not in text
    assert [book.title for book in books_in(folder)] == [f"<img src=x>{title}"]


def test_an_empty_folder_says_how_to_build(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["shelf", "--results", str(tmp_path / "none")])
    assert done.exit_code == 0
    assert "make all COHORT=demo-small" in (tmp_path / "none" / "index.html").read_text(encoding="utf-8")


def test_tables_of_the_shelf_have_headings_for_screen_readers(tmp_path: Path) -> None:
    put(tmp_path, "north", ABOUT)
    text = write_shelf(tmp_path).read_text(encoding="utf-8")
    assert '<html lang="en-GB">' in text
    assert "<caption>" in text
    assert text.count("<th ") == text.count('scope="')
    # On a phone each line is a card, whose facts are named as the columns are.
    columns = re.findall(r'<th scope="col"[^>]*>([^<]+)</th>', text)
    assert re.findall(r'data-label="([^"]+)"', text) == columns
