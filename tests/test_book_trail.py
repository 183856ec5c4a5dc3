"""The trail of the book: every number leads to its cell, function, statistics and checks, or the book is not built."""

from __future__ import annotations

import io
import json
import math
import re
import zipfile
from pathlib import Path

import pandas as pd
import pytest
from docx import Document
from made_up_book import FULL, SOURCE, STATISTIC, MadeUp, make_up, saved_names

from compendium.cohort import CohortSettings
from compendium.files import EPOCH
from compendium.framework import load_framework
from compendium.outputs import catalogue
from compendium.outputs.runs import record_run
from compendium.outputs.saving import Origin, Results
from compendium.paths import BOOK, NOTEBOOKS, ResultFolders
from compendium.plan import load_plan
from compendium.report.book import BookError, chain
from compendium.report.book.brief import pairs
from compendium.report.book.builder import update
from compendium.report.book.glossary import terms
from compendium.report.book.prose import Prose
from compendium.report.book.reference import Reference, read_reference
from compendium.report.book.reference.docstrings import as_html
from compendium.report.book.reference.pages import ALWAYS
from compendium.report.book.saved import SavedResults
from compendium.report.book.subject import Subject
from compendium.report.book.trail import TrailPages
from compendium.report.figures.theme import follow_colours, lighter
from compendium.report.final_framework import documents, final_items
from compendium.report.sphinx_extensions import reading
from compendium.wording import described

SETTINGS = CohortSettings.model_validate(FULL)


@pytest.fixture(scope="module")
def reference() -> Reference:
    return read_reference()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> MadeUp:
    return make_up(tmp_path_factory.mktemp("trail") / "results", FULL)


def _small(root: Path) -> MadeUp:
    """Save three tables of one step."""
    made = MadeUp(ResultFolders(root / "results"), load_framework("integrated-care"), SETTINGS, load_plan())
    save, notebook = Results(made.folders, "05_factor_structure"), "05_factor_structure.ipynb"
    record_run(made.folders, "05_factor_structure", {"study.yaml": "abc"})
    (made.folders.notebooks / notebook).write_bytes((NOTEBOOKS / notebook).read_bytes())
    cell = next(saved.cell for saved in saved_names() if saved.notebook == "05_factor_structure")
    for name in ("one", "two", "three"):
        frame = pd.DataFrame({"n": [12, 20]})
        save.table(name, frame, caption="Two rows", origin=Origin(SOURCE, (STATISTIC,), cell))
    return made


def _pages(made: MadeUp, reference: Reference) -> TrailPages:
    study = Subject(SavedResults(made.folders), made.framework, made.settings, made.plan)
    return TrailPages(study, reference)


# The chain


@pytest.mark.slow
def test_every_saved_result_has_a_place_with_cell_function_checks_and_inputs(
    made: MadeUp, reference: Reference
) -> None:
    trail = _pages(made, reference)
    pages = trail.pages()
    saved = trail.study.saved
    assert len(trail.results) == len(saved.tables) + len(saved.figures) + len(saved.values) > 300
    for result in trail.results:
        assert f'id="{result.anchor}"' in pages[f"trail/{result.origin.notebook}"]
    page = pages["trail/05_factor_structure"]
    assert '../api/psychometrics.reliability.html#psychometrics.reliability.cronbach_alpha"' in page
    assert "../checks/test_reliability.html#test_alpha_matches_psych" in page
    assert re.search(r'notebooks/05_factor_structure\.html#cell-[\w-]+"', page)
    assert "<dt>Plan (study.yaml)</dt>" in page and "<dt>Commit</dt>" in page


def test_missing_links_in_the_chain_stop_the_book_and_are_all_named(tmp_path: Path, reference: Reference) -> None:
    made = _small(tmp_path)
    _pages(made, reference).pages()
    for table, key, wrong in (
        ("one", "cell", "gone"),
        ("two", "builder", "a.b"),
        ("three", "statistics", ["psychometrics.x"]),
    ):
        path = made.folders.tables / f"{table}.json"
        path.write_text(json.dumps({**json.loads(path.read_text(encoding="utf-8")), key: wrong}), encoding="utf-8")
    (made.folders.runs / "05_factor_structure.json").unlink()
    with pytest.raises(BookError) as caught:
        _pages(made, reference).pages()
    for fault in (
        "table one: notebook 05_factor_structure has no cell gone",
        "table two: no public function is called a.b",
        "table three: no public statistic is called psychometrics.x",
        "05_factor_structure: nothing says what it was run with",
    ):
        assert fault in str(caught.value)


def test_a_link_that_leads_nowhere_stops_the_book(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text('<p id="here"><a href="#here">x</a> <a href="b/c.html#there">y</a></p>')
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "c.html").write_text('<p id="there"><a href="../a.html#here">z</a></p>')
    chain.check(tmp_path)
    (tmp_path / "b" / "c.html").write_text('<p id="there"><a href="../a.html#gone">z</a></p>')
    with pytest.raises(BookError, match=r"b/c\.html -> \.\./a\.html#gone"):
        chain.check(tmp_path)


def test_numbers_texts_and_reasons_lead_to_their_trail(made: MadeUp) -> None:
    prose = Prose(Subject(SavedResults(made.folders), made.framework, made.settings, made.plan))
    assert prose.value("n_kept") == '<a class="trail" href="trail/04_item_analysis.html#value-n_kept">12</a>'
    assert 'href="trail/05_factor_structure.html#value-structure_verdict"' in prose.text("structure_verdict")
    assert 'href="trail/03_cohort_quality.html#value-supported_reliability"' in prose.reason("reliability")


def test_every_value_of_the_catalogue_is_described_in_one_sentence() -> None:
    names = [name for step in catalogue.steps() for name in catalogue.entries(step).values]
    assert [name for name in names if not described(name).endswith(".")] == []


# Functions and their checks


def test_every_statistic_that_families_show_is_found_with_its_source(reference: Reference) -> None:
    import psychometrics

    names = [f"psychometrics.{family}.{name}" for name, family in psychometrics._HOME.items()]
    found = [reference.inventory.find(name) for name in names]
    assert [name for name, entry in zip(names, found, strict=True) if entry is None] == []
    alpha = reference.inventory.find("psychometrics.reliability.cronbach_alpha")
    assert alpha is not None and alpha.file == "src/psychometrics/reliability/alpha.py"
    assert alpha.source.startswith("def cronbach_alpha(") and alpha.signature.endswith("-> AlphaResult")


def test_every_statistic_that_families_show_is_checked_by_a_test(reference: Reference) -> None:
    import psychometrics

    names = [f"psychometrics.{family}.{name}" for name, family in psychometrics._HOME.items()]
    entries = [entry for name in names if (entry := reference.inventory.find(name)) and entry.kind == "function"]
    assert [entry.name for entry in entries if not reference.checks.of(entry.name)] == []


def test_the_check_of_alpha_against_psych_comes_first(reference: Reference) -> None:
    first = reference.checks.of("psychometrics.reliability.cronbach_alpha")[0]
    assert (first.name, first.values) == ("test_alpha_matches_psych", ("reliability.json",))


@pytest.mark.slow
def test_docstrings_of_all_public_statistics_and_steps_are_clean_numpydoc(reference: Reference) -> None:
    complaints: list[str] = []
    shown = [entry for entry in reference.inventory.entries if entry.page.startswith(ALWAYS)]
    for entry in shown:
        for each in (entry, *entry.methods):
            as_html(each.docstring, lambda name: None, complaints)
    assert len(shown) > 300 and complaints == []


def test_a_docstring_becomes_lists_formulas_and_links() -> None:
    text = (
        "Sum.\n\n.. math:: x^2\n\nParameters\n----------\nvalues : Series\n\nSee Also\n--------\nother : Its sister.\n"
    )
    shown = as_html(text, lambda name: f"page.html#{name}" if name == "other" else None)
    assert "<math" in shown and 'href="page.html#other"' in shown
    assert '<dt>values<span class="classifier">Series</span></dt>' in shown


# Reading


def test_cells_carry_the_heading_of_their_column_and_the_answer_is_marked() -> None:
    head = "<thead><tr><th>n</th><th>verdict</th></tr></thead>"
    shown = reading.with_labels(f"<table>{head}<tbody><tr><td>1</td><td class='x'>yes</td></tr></tbody></table>")
    assert '<td data-label="n">1</td>' in shown
    assert '<td data-label="verdict" data-deciding="" class=\'x\'>yes</td>' in shown


def test_the_first_use_of_a_term_is_explained_outside_of_links_code_and_headings() -> None:
    term = {"omega": {"id": "term-omega", "means": 'a "share"', "words": "omega|Omega"}}
    shown = reading.with_terms("<h1>omega</h1><p><a>omega</a> Omega and omega</p>", term, "../")
    assert shown.count('class="term"') == 1 and "<h1>omega</h1>" in shown
    assert 'href="../glossary.html#term-omega" data-tip="a &quot;share&quot;">Omega</a> and omega' in shown


def test_printed_function_names_lead_to_what_they_do() -> None:
    code = '<span class="n">screen_items</span><span class="p">(</span>'
    named = '<code class="docutils literal notranslate"><span class="pre">psychometrics.a.b</span></code>'
    pages = {"screen_items": "api/s.html#s", "psychometrics.a.b": "api/a.html#b"}
    shown = reading.with_functions(f"{code}{named}", pages, "")
    assert 'href="api/s.html#s"' in shown and 'href="api/a.html#b"' in shown


def test_terms_of_the_glossary_match_as_they_are_written() -> None:
    known = terms(BOOK)
    assert {"omega", "CFI"} <= known.keys()
    assert [name for name, term in known.items() if not re.fullmatch(term["words"], name)] == []


def test_a_figure_follows_a_dark_page_unless_it_is_made_of_coloured_cells() -> None:
    plain = '<?xml version="1.0"?><svg width="3"><g style="fill: #222222"/></svg>'
    assert "prefers-color-scheme: dark" in follow_colours(plain)
    assert follow_colours('<svg><g id="QuadMesh_1"/></svg>') == '<svg><g id="QuadMesh_1"/></svg>'


# One changed sentence


def test_one_changed_page_is_the_only_file_that_changes_for_sphinx(tmp_path: Path) -> None:
    source, kept = tmp_path / "source", tmp_path / "kept"
    (source / "trail").mkdir(parents=True)
    for name in ("a.md", "trail/b.md", "_config.yml"):
        (source / name).write_text(name, encoding="utf-8")
    kept.mkdir()
    fresh, key = update(source, kept)
    assert fresh
    (kept / "key").write_text(key, encoding="utf-8")
    times = {path.name: path.stat().st_mtime_ns for path in (kept / "source").rglob("*.md")}
    (source / "a.md").write_text("changed", encoding="utf-8")
    fresh, key = update(source, kept)
    assert not fresh
    (kept / "key").write_text(key, encoding="utf-8")
    after = {path.name: path.stat().st_mtime_ns for path in (kept / "source").rglob("*.md")}
    assert after["b.md"] == times["b.md"] and after["a.md"] > times["a.md"]
    (source / "c.md").write_text("new", encoding="utf-8")
    assert update(source, kept)[0]


# The final framework


def test_the_final_framework_holds_the_kept_items_in_the_order_of_the_competencies() -> None:
    framework = load_framework("integrated-care")
    items = framework.items
    decisions = pd.DataFrame({"item": items.index, "decision": ["keep", "drop"] * (len(items) // 2)})
    kept = final_items(framework, decisions.sample(frac=1, random_state=1))
    assert set(kept["item"]) == set(items.index[::2])
    assert list(kept["competency"].unique()) == list(framework.competencies["label"])
    assert len(final_items(framework, None)) == len(items)
    made = documents(framework, kept, "Final items")
    assert made["pdf"].startswith(b"%PDF") and made["csv"].decode().splitlines()[0].startswith(
        "competency,item,wording"
    )
    words = "\n".join(paragraph.text for paragraph in Document(io.BytesIO(made["docx"])).paragraphs)
    assert all(wording in words for wording in kept["wording"]) and "laceholder" in words
    with zipfile.ZipFile(io.BytesIO(made["docx"])) as archive:
        assert {entry.date_time for entry in archive.infolist()} == {EPOCH}


def test_words_of_a_light_picture_are_text_and_its_lines_are_short() -> None:
    place = 'transform="translate(3.25 4) scale(0.09 -0.09)"'
    label = f'<g id="text_1"><!-- Answers -->\n<g style="fill: #222222" {place}>'
    svg = f'<svg>{label}<defs/><use/></g></g><path d="M 1.23456 7.891"/></svg>'
    shown = lighter(svg)
    assert '<text transform="translate(3.25 4)"' in shown and ">Answers</text>" in shown and "font: 9px" in shown
    assert 'd="M 1.2 7.8"' in shown


def test_pairs_of_people_picture_a_correlation() -> None:
    assert (pairs(0.0), pairs(1.0), pairs(-1.0)) == pytest.approx((50, 100, 0), abs=1e-6)
    tau = 2 / math.pi * math.asin(2 * math.sin(math.pi * 0.3 / 6))
    assert pairs(0.3) == pytest.approx(50 * (1 + tau))
