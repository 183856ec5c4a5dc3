"""The project's own pages: nothing is typed that was computed, and each can be filled for every kind of cohort."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from made_up_book import BARE, FULL, calls, make_up, saved_names

from compendium.findings import found
from compendium.paths import BOOK, PROJECT
from compendium.report.book.pages import read_pages, render, wanted
from compendium.report.book.saved import SavedResults
from compendium.report.book.subject import Subject

FACTS = ("article", "licences", "methods", "references", "your_cohort")  # published facts, formulas, versions
STATISTIC = re.compile(r"(?<![\w./-])[-−]?\d*\.\d+(?![\w.])|\d\s*%|\bp\s*[<=>]\s*\.?\d|\bn\s*=\s*\d")


def test_no_statistic_is_typed_into_a_page() -> None:
    typed = {
        page.name: found
        for page in read_pages(BOOK)
        if page.name not in FACTS and (found := STATISTIC.findall(_prose_of(page.text)))
    }
    assert typed == {}


@pytest.mark.parametrize("text", ["alpha was 0.87", "rho = .30", "at −0.2 or", "12 % of", "(p < .001)", "n = 91"])
def test_the_search_for_typed_statistics_finds_them(text: str) -> None:
    assert STATISTIC.search(_prose_of(text))


@pytest.mark.parametrize(
    "text", ["`study.yaml`", '{{ value("x", 2) }} %', "Python 3.11 or", "in 2024, 52 items", "$p < .05$"]
)
def test_the_search_for_typed_statistics_leaves_the_rest(text: str) -> None:
    assert not STATISTIC.search(_prose_of(text.replace("3.11", "")))


def test_no_page_has_a_mark_that_is_printed_as_it_stands_or_a_sentence_that_runs_into_a_number() -> None:
    marks = re.compile(r"\w~\S+?~")  # a subscript of other Markdowns
    in_code = re.compile(r"`\{\{ (?:text|value|percent|p)\(")  # a link to the trail would be printed as code
    runs_on = re.compile(r"[a-z]\{% endif %\}\n\{\{")  # the line break after a condition is not printed
    found = {
        page.name: seen
        for page in read_pages(BOOK)
        if (seen := [*marks.findall(_prose_of(page.text)), *runs_on.findall(page.text), *in_code.findall(page.text)])
    }
    assert found == {}


def test_pages_ask_only_for_names_that_notebooks_save() -> None:
    saved = {(each.kind, each.name) for each in saved_names()}
    kinds = dict.fromkeys(("counted", "percent", "p", "text", "raw", "value"), "value") | {
        "table": "table",
        "figure": "figure",
    }
    missing = [
        f"{page.name}: {kinds[function]} {arguments[0]}"
        for page in sorted(BOOK.glob("*.md"))
        for function, arguments, _ in calls(page)
        if function in kinds and (kinds[function], arguments[0]) not in saved
    ]
    assert missing == []


@pytest.mark.parametrize("gates_open", [True, False], ids=["supported", "not supported"])
@pytest.mark.parametrize("description", [FULL, BARE], ids=["everything collected", "nothing but answers"])
def test_every_page_can_be_filled_for_every_kind_of_cohort(
    tmp_path: Path, description: dict[str, Any], gates_open: bool
) -> None:
    made = make_up(tmp_path / "results", description, gates_open=gates_open)
    study = Subject(SavedResults(made.folders), made.framework, made.settings, made.plan)
    pages = render(wanted(read_pages(BOOK), study), study)
    names = {page.name for page in pages}
    assert {"index", "item_analysis", "references"} <= names
    assert ("rater_agreement" in names) == (description is FULL)
    assert ("outcome_associations" in names) == (description is FULL)
    assert ("feedback" in names) == (description is FULL)
    assert not [page.name for page in pages if "{{" in page.text or "{%" in page.text]


@pytest.mark.parametrize("description", [FULL, BARE], ids=["everything collected", "nothing but answers"])
def test_what_is_counted_once_is_told_in_the_singular(tmp_path: Path, description: dict[str, Any]) -> None:
    made = make_up(tmp_path / "results", description, count=1)
    study = Subject(SavedResults(made.folders), made.framework, made.settings, made.plan)
    words = "items|ratings|comparisons|correlations|curves|combinations|statements|remain|differ|come|bend"
    several = rf"(?<![Oo]f )(?<![\w.,])1 (?:{words})\b"
    pages = render(wanted(read_pages(BOOK), study), study)
    said = {page.name: re.findall(several, " ".join(re.sub(r"<[^>]*>", "", page.text).split())) for page in pages}
    assert {name: found for name, found in said.items() if found} == {}


@pytest.mark.parametrize("higher_is", ["better", "worse"])
def test_correlations_with_outcomes_are_averaged_only_where_all_point_one_way(tmp_path: Path, higher_is: str) -> None:
    made = make_up(tmp_path / "results", FULL)
    outcomes = made.framework.outcomes.copy()
    outcomes.loc[outcomes["scale"] == "engagement", "higher_is"] = higher_is
    framework = replace(made.framework, outcomes=outcomes)
    study = Subject(SavedResults(made.folders), framework, made.settings, made.plan)
    pages = {page.name: page.text for page in render(wanted(read_pages(BOOK), study), study)}
    said = [
        name in pages["outcome_associations"]
        for name in ("value-mean_rho", "value-latent_mean", "value-same_source_effect")
    ]
    assert said == [higher_is == "better"] * 3


def test_a_figure_of_claims_is_shown_only_where_one_has_an_estimate(tmp_path: Path) -> None:
    made = make_up(tmp_path / "results", FULL)
    path = made.folders.tables / "claims.csv"
    for shown in (True, False):
        study = Subject(SavedResults(made.folders), made.framework, made.settings, made.plan)
        page = next(
            page for page in render(wanted(read_pages(BOOK), study), study) if page.name == "outcome_associations"
        )
        assert ('#figure-claims"' in page.text) is shown
        path.write_text(pd.read_csv(path).assign(estimate=np.nan).to_csv(index=False), encoding="utf-8")


def test_self_and_peers_are_averaged_over_competencies_only_where_these_make_a_whole(tmp_path: Path) -> None:
    made = make_up(tmp_path / "results", FULL)
    described = made.framework.description
    apart = described.model_copy(update={"whole": described.whole.model_copy(update={"total": "none"})})
    for framework, whole in ((made.framework, True), (replace(made.framework, description=apart), False)):
        study = Subject(SavedResults(made.folders), framework, made.settings, made.plan)
        page = next(page for page in render(wanted(read_pages(BOOK), study), study) if page.name == "rater_agreement")
        averaged = ("value-self_minus_peer_mean", "value-other_competency_same_source", "figure-agreement_histogram")
        assert [name in page.text for name in averaged] == [whole] * 3


@pytest.mark.parametrize(("shown", "told"), [(1, "Do items mean the same over time"), (0, "What is not shown")])
def test_the_page_on_change_says_what_it_does_not_show(tmp_path: Path, shown: int, told: str) -> None:
    waves = {"column": "wave", "in_order": {name: {"label": f"Wave {name}"} for name in ("1", "2")}}
    made = make_up(tmp_path / "results", FULL | {"waves": waves})
    path = made.folders.values / "11_change.json"
    values = json.loads(path.read_text(encoding="utf-8"))
    hidden = found("wave_change_hidden", first="Wave 1", other="Wave 2").encoded
    values["waves_shown"]["value"], values["wave_hidden_sentence"]["value"] = shown, "" if shown else hidden
    path.write_text(json.dumps(values), encoding="utf-8")
    study = Subject(SavedResults(made.folders), made.framework, made.settings, made.plan)
    (page,) = (each for each in render(wanted(read_pages(BOOK), study), study) if each.name == "change")
    headings = {"Do items mean the same over time", "Reliability over time", "Persons", "What is not shown", "Groups"}
    left_out = {"What is not shown"} if shown else headings - {told, "Groups"}
    assert f"## {told}" in page.text
    assert {each for each in headings if f"## {each}" not in page.text} == left_out
    assert ("So few people stayed, left or came between Wave 1 and Wave 2" in page.text) == (not shown)


def test_every_source_of_the_plan_that_names_a_work_is_in_the_references() -> None:
    entries = re.findall(r"@\w+\{([a-z]+)(\d{4}),", (BOOK / "references.bib").read_text(encoding="utf-8"))
    plan = (PROJECT / "study.yaml").read_text(encoding="utf-8")
    cited = re.findall(
        r"([A-Z][A-Za-z]+)(?:,? (?:&|and|et al\.) ?[A-Za-z]*|, [A-Z][a-z]+ & [A-Z][a-z]+)? (\d{4})\b", plan
    )
    authors = {(author.lower(), year) for author, year in entries}
    known = {year: {author for author, when in authors if when == year} for _, year in entries}
    missing = [(name, year) for name, year in cited if year not in known]
    assert cited and missing == []


def test_every_work_in_the_references_is_cited_or_in_the_plan() -> None:
    text = " ".join(path.read_text(encoding="utf-8") for path in BOOK.glob("*.md"))
    plan = (PROJECT / "study.yaml").read_text(encoding="utf-8")
    entries = re.findall(r"@\w+\{([a-z]+)(\d{4}),", (BOOK / "references.bib").read_text(encoding="utf-8"))
    unused = [f"{author}{year}" for author, year in entries if f"{author}{year}" not in text and year not in plan]
    assert unused == []


def test_licences_and_citation_are_there() -> None:
    assert (PROJECT / "LICENSE").read_text(encoding="utf-8").startswith("MIT License")
    assert "Creative Commons Attribution 4.0 International" in (PROJECT / "LICENSE-text").read_text(encoding="utf-8")
    citation = yaml.safe_load((PROJECT / "CITATION.cff").read_text(encoding="utf-8"))
    version = re.search(r'^version = "(.+)"', (PROJECT / "pyproject.toml").read_text(encoding="utf-8"), re.MULTILINE)
    assert citation["cff-version"] == "1.2.0" and version is not None
    assert citation["version"] == version[1]


def _prose_of(text: str) -> str:
    """Return the words of a page: no substitutions, code, formulas, roles or link targets."""
    written = (
        r"\{\{.*?\}\}\s*%?",
        r"\{%.*?%\}",
        r"```.*?```",
        r"\$\$.*?\$\$",
        r"\$[^$]*\$",
        r"`[^`]*`",
        r"\]\([^)]*\)",
    )
    return re.sub("|".join(written), " ", text, flags=re.DOTALL)
