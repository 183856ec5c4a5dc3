"""Exports tried on the command line: works, pairs for a person, what could not be read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from labelled_works import ARTICLE
from review_folder import ris
from typer.testing import CliRunner

from compendium.run.cli import app


def _tried(*files: Path) -> tuple[int, dict[str, object]]:
    """Return the exit status and what is printed as JSON."""
    done = CliRunner().invoke(app, ["references", *map(str, files), "--json"])
    return done.exit_code, json.loads(done.stdout)


def _export(folder: Path, name: str, *rows: dict[str, str]) -> Path:
    path = folder / name
    path.write_text(ris(list(rows)), encoding="utf-8")
    return path


def test_works_are_lists_of_report_ids(tmp_path: Path) -> None:
    one = _export(
        tmp_path, "one.ris", ARTICLE | {"ID": "r1"}, {"ID": "r2", "TI": "Something else altogether", "PY": "2001"}
    )
    other = _export(tmp_path, "other.txt", ARTICLE | {"AU": "Smith J.; Doe K."})
    status, found = _tried(one, other)
    assert (status, found["records"]) == (0, [["r1", "other.txt:1"], ["r2"]])
    assert (found["listed"], found["unread"]) == ([], [])


def test_an_id_that_two_reports_share_is_replaced_by_file_and_position(tmp_path: Path) -> None:
    files = [
        _export(tmp_path, name, ARTICLE | {"ID": "1", "TI": f"{ARTICLE['TI']}, part {name[0]}"})
        for name in ("1.ris", "2.ris")
    ]
    status, found = _tried(*files)
    assert (status, found["records"]) == (0, [["1.ris:1"], ["2.ris:1"]])
    (listed,) = found["listed"]  # type: ignore[misc]
    assert "numbers differ (1 / 2)" in listed["reason"]


def test_what_is_not_read_is_named_and_the_exit_status_says_so(tmp_path: Path) -> None:
    whole = _export(tmp_path, "a.ris", ARTICLE | {"ID": "r1"})
    (tmp_path / "b.csv").write_text("title,authors,doi\nA title of five words,\n", encoding="utf-8")
    status, found = _tried(whole, tmp_path / "b.csv")
    assert (status, found["records"]) == (2, [["r1"]])
    (unread,) = found["unread"]  # type: ignore[misc]
    assert (Path(unread["file"]).name, unread["row"]) == ("b.csv", 2)


@pytest.mark.parametrize("text", ["", "Provider: Routledge\n", "PMID,Title,DOI\n"])
def test_a_search_without_hits_is_no_work_and_no_fault(tmp_path: Path, text: str) -> None:
    (tmp_path / "none.ris").write_text(text, encoding="utf-8")
    status, found = _tried(tmp_path / "none.ris")
    assert (status, found["records"], found["unread"]) == (0, [], [])


def test_the_same_is_told_in_words(tmp_path: Path) -> None:
    rows = [ARTICLE | {"ID": "a"}, ARTICLE | {"ID": "b", "AU": "Smith J"}]
    done = CliRunner().invoke(app, ["references", str(_export(tmp_path, "a.ris", *rows))])
    assert done.exit_code == 0
    assert "a.ris: RIS, 2 references read, 0 not" in done.stdout
    assert "2 reports of 1 works; 1 pairs joined, 0 for a person" in done.stdout
