"""Reporting checklists: every row leads somewhere that exists, and says so where a cohort has no answer."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from made_up_book import FULL

from compendium.cohort import CohortSettings
from compendium.findings import found
from compendium.framework import load_framework
from compendium.outputs import catalogue
from compendium.outputs.saving import Origin, Results
from compendium.paths import BOOK, ResultFolders
from compendium.plan import GATES, load_plan
from compendium.report.book import BookError
from compendium.report.book.checklists import ANSWERED, AUTHORS, NOT, ChecklistRow, answer, read, written
from compendium.report.book.prose import Prose
from compendium.report.book.saved import SavedResults
from compendium.report.book.subject import Subject
from compendium.study import known_parts

ORIGIN = Origin("psychometrics.items.item_statistics", (), "shown")
ROWS = [(name, row) for name, checklist in read().items() for row in checklist.rows]


@pytest.fixture
def prose(tmp_path: Path) -> Prose:
    folders = ResultFolders(tmp_path / "tiny")
    folders.root.mkdir()
    save = Results(folders, "03_cohort_quality")
    save.value("supported_regression", False, note="not supported at n = 91, would need 260", origin=ORIGIN)
    save.table("sample", pd.DataFrame({"group": ["all"], "n": [91]}), caption="Who", note="", origin=ORIGIN)
    rates = pd.DataFrame({"rate": ["completion"], "share": [None], "note": [found("rate_no_end").encoded]})
    save.table("response_rates", rates, caption="Rates", note="", origin=ORIGIN)
    save.table("minutes_taken", pd.DataFrame(columns=["form", "n"]), caption="Minutes", note="", origin=ORIGIN)
    changed = {"files": {"self": "self.csv"}, "peer_outcomes": [], "fieldwork": None}
    settings = CohortSettings.model_validate({**FULL, **changed})
    study = Subject(SavedResults(folders), load_framework("integrated-care"), settings, load_plan())
    return Prose(replace(study, pages=frozenset({"cohort_quality", "methods"})))


def test_every_row_names_a_page_a_result_a_part_and_a_gate_that_exist() -> None:
    entries = [catalogue.entries(step) for step in catalogue.steps()]
    results = {name for each in entries for kind in (each.tables, each.figures, each.values) for name in kind}
    settings = CohortSettings.model_validate(FULL)
    for name, row in ROWS:
        assert not row.at or (BOOK / f"{row.at}.md").is_file(), (name, row.n, row.at)
        assert not row.by or row.by in results, (name, row.n, row.by)
        assert not row.needs or row.needs in known_parts(settings), (name, row.n, row.needs)
        assert not row.gate or row.gate in GATES, (name, row.n, row.gate)
        assert row.at or row.authors or row.no, (name, row.n)
        assert not row.declared or row.declared in CohortSettings.model_fields, (name, row.n, row.declared)


def test_a_row_is_answered_with_a_link_to_page_and_result(prose: Prose) -> None:
    given = answer(ChecklistRow(n="1", asks="Who", at="cohort_quality", by="sample"), prose)
    assert given.state == ANSWERED
    assert "(cohort_quality.md)" in given.words and "trail/03_cohort_quality.html#table-sample" in given.words


@pytest.mark.parametrize(
    ("row", "state", "said"),
    [
        (ChecklistRow(n="1", asks="Raters", at="methods", by="peer_icc", needs="peers"), NOT, "not collected"),
        (ChecklistRow(n="1", asks="Adjusted", at="methods", gate="regression"), NOT, "would need 260"),
        (ChecklistRow(n="1", asks="Nested", at="methods", gate="two_level"), NOT, "not computed"),
        (ChecklistRow(n="1", asks="Tests", at="methods", by="claims"), NOT, "not computed"),
        (ChecklistRow(n="1", asks="Review", at="evidence"), NOT, "not part of"),
        (
            ChecklistRow(n="1", asks="Rate", by="response_rates", rate="completion"),
            NOT,
            "do not say who reached the end",
        ),
        (ChecklistRow(n="1", asks="Time", by="minutes_taken"), NOT, "not computed"),
        (ChecklistRow(n="1", asks="Dates", at="methods", declared="fieldwork"), NOT, "fieldwork is not given"),
        (ChecklistRow(n="1", asks="Funder", authors="Funder and role"), AUTHORS, "Funder and role"),
        (ChecklistRow(n="1", asks="Weights", no="No weights"), NOT, "No weights"),
    ],
)
def test_a_row_without_an_answer_says_why(prose: Prose, row: ChecklistRow, state: str, said: str) -> None:
    given = answer(row, prose)
    assert given.state == state and said in given.words


def test_a_checklist_counts_its_rows_by_state(prose: Prose) -> None:
    for name, checklist in read().items():
        text = written(name, prose)
        assert text.count("\n| ") == len(checklist.rows) + 2  # head and rule
        assert f"Of {len(checklist.rows)} rows answered: " in text
    with pytest.raises(BookError, match="strobe"):
        written("strob", prose)
