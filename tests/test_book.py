"""The book: substitutions, pages a cohort gets, what is refused, and that nothing is typed that was computed."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import nbformat
import pandas as pd
import pytest
import yaml
from docutils import nodes
from made_up_book import BARE, FULL, MadeUp, make_up

from compendium.cohort import CohortSettings
from compendium.framework import load_framework
from compendium.outputs.runs import record_run
from compendium.outputs.saving import Origin, Results
from compendium.paths import BOOK, NOTEBOOKS, ResultFolders
from compendium.plan import load_plan
from compendium.report.book import BookError, build, builder, chain
from compendium.report.book.appendix import copy_notebook
from compendium.report.book.builder import banner_sentences, run_sphinx, write_sources
from compendium.report.book.edited import Sources
from compendium.report.book.pages import Page, check_contents, prune_contents, read_pages, render, wanted
from compendium.report.book.prose import Prose
from compendium.report.book.reference import read_reference
from compendium.report.book.saved import SavedResults
from compendium.report.book.shortened import MOST_GROUPS, MOST_ROWS
from compendium.report.book.subject import Subject
from compendium.report.sphinx_extensions.offline import keep_local_assets, visit_block, visit_inline

ORIGIN = Origin("psychometrics.items.item_statistics", ("psychometrics.items.item_statistics",), "shown")
TINY_TOC = """format: jb-book
root: index
parts:
  - caption: Pages
    chapters:
      - file: items
      - file: peers
  - caption: Executed notebooks
    chapters:
      - glob: notebooks/*
"""
TINY_INDEX = """# First page

{{ value("n_kept") }} items kept, {cite:p}`kaiser1974`, $\\rho_{xy} \\le 1$. See {{ page("peers", "peers") }}.

$$
\\alpha = \\frac{k}{k - 1} \\left( 1 - \\frac{\\sum s_i^2}{s_X^2} \\right)
$$ (alpha)

```{bibliography}
:all:
```
"""


@pytest.fixture
def folders(tmp_path: Path) -> ResultFolders:
    results = ResultFolders(tmp_path / "tiny")
    results.root.mkdir()
    save = Results(results, "04_item_analysis")
    save.value("n_kept", 1234, origin=ORIGIN)
    save.value("alpha", 0.9149, origin=ORIGIN)
    save.value("kmo", None, note="not supported at n = 91", origin=ORIGIN)
    save.value("shift", -0.004, origin=ORIGIN)
    save.value("small_p", 0.0002, origin=ORIGIN)
    save.value("share_kept", 0.125, origin=ORIGIN)
    save.value("verdict", "two * factors", origin=ORIGIN)
    save.value(
        "supported_factor_analysis",
        False,
        note="not supported at n = 91, would need 260",
        origin=ORIGIN,
    )
    frame = pd.DataFrame(
        {
            "item": ["person_01", "person|02"],
            "competency": ["person", "roles"],
            "n": [840, None],
            "rho": [0.25, -0.5],
            "lower": [0.1, None],
            "upper": [0.4, None],
            "note": [None, "a *star*"],
        }
    )
    save.table(
        "items",
        frame,
        caption="Items and what they do",
        note="Spearman.",
        origin=ORIGIN,
    )
    (results.figures / "plot.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>", encoding="utf-8")
    (results.figures / "plot.json").write_text(
        '{"caption": "A plot", "alt": "One line rises", "notebook": "04_item_analysis", '
        '"cell": "plot", "builder": "compendium.report.figures.theme.subplots"}',
        encoding="utf-8",
    )
    nbformat.write(_executed(), results.notebooks / "04_item_analysis.ipynb")
    record_run(results, "04_item_analysis", {"study.yaml": "abc"})
    return results


@pytest.fixture
def study(folders: ResultFolders) -> Subject:
    return _study(folders, FULL)


@pytest.fixture
def prose(study: Subject) -> Prose:
    return Prose(study)


@pytest.fixture
def tiny_book(tmp_path: Path) -> Path:
    source = tmp_path / "pages"
    (source / "_static").mkdir(parents=True)
    for name in ("_config.yml", "references.bib", "_static/book.css"):
        (source / name).write_bytes((BOOK / name).read_bytes())
    (source / "_toc.yml").write_text(TINY_TOC, encoding="utf-8")
    (source / "index.md").write_text(TINY_INDEX, encoding="utf-8")
    shown = '# Items\n\n{{ table("items", labels=True) }}\n\n{{ figure("plot") }}\n'
    (source / "items.md").write_text(shown, encoding="utf-8")
    (source / "peers.md").write_text("---\nrequires: peers\n---\n# Peers\n\nThey agree.\n", encoding="utf-8")
    return source


def _study(folders: ResultFolders, description: dict[str, Any]) -> Subject:
    settings = CohortSettings.model_validate(description)
    return Subject(SavedResults(folders), load_framework(settings.framework), settings, load_plan())


def _executed() -> nbformat.NotebookNode:
    table = nbformat.v4.new_output("execute_result", data={"text/html": "<table></table>", "text/plain": "person 17"})
    progress = nbformat.v4.new_output("stream", text="person 17 said 5")
    words = nbformat.v4.new_output("execute_result", data={"text/html": "<p>hello</p>", "text/plain": "hello"})
    code = nbformat.v4.new_code_cell("shown", outputs=[table, progress, words], metadata={"tags": ["requires:peers"]})
    code["id"] = "shown"
    repr_only = nbformat.v4.new_output("execute_result", data={"text/plain": "<Figure person 17>"})
    figure = nbformat.v4.new_code_cell('step.keep("plot", drawn)', outputs=[repr_only], id="plot")
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("# Item analysis"), code, figure])


def test_numbers_are_rounded_only_where_they_are_shown(prose: Prose) -> None:
    assert _plain(prose.value("n_kept")) == "1,234"
    assert _plain(prose.value("alpha", 3)) == "0.915"
    assert _plain(prose.value("shift")) == "0.00"
    assert _plain(prose.percent("share_kept", 1)) == "12.5\N{NO-BREAK SPACE}%"
    assert _plain(prose.p("small_p")) == "<\N{NO-BREAK SPACE}.001"
    assert _plain(prose.p("share_kept")) == "=\N{NO-BREAK SPACE}.125"
    assert _plain(prose.text("verdict")) == r"two \* factors"


def test_a_value_that_is_not_defined_says_why(prose: Prose) -> None:
    for written in (prose.value("kmo"), prose.percent("kmo"), prose.p("kmo")):
        assert _plain(written) == "not supported at n = 91"


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ('{{ value("alhpa") }}', "page.md: no value is called 'alhpa'; did you mean 'alpha'?"),
        ('{{ table("itmes") }}', "page.md: no table is called 'itmes'; did you mean 'items'?"),
        ('{{ figure("plto") }}', "page.md: no figure is called 'plto'; did you mean 'plot'?"),
        ('{{ table("items", columns=["rhoo"]) }}', "page.md: table 'items' has no column 'rhoo'; did you mean 'rho'?"),
        ('{{ table("items", where={"itme": "x"}) }}', "did you mean 'item'?"),
        ('{{ percent("verdict") }}', "page.md: value 'verdict' is 'two * factors' and cannot be written so"),
        (
            '{% if collected("peer") %}{% endif %}',
            "page.md: nothing called 'peer' can be collected; did you mean 'peers'?",
        ),
        ('{% if supported("factors") %}{% endif %}', "page.md: the plan has no gate 'factors'"),
        ('{{ listing("treshholds") }}', "page.md: no listing is called 'treshholds'; did you mean 'thresholds'?"),
        ("{{ plan.item_rule.minimum.value }}", "page.md: "),
        ("{{ unheard_of }}", "page.md: 'unheard_of' is undefined"),
        ("one\n{% if %}", "page.md, line 2: "),
    ],
)
def test_an_unknown_name_is_refused_with_page_and_suggestion(study: Subject, template: str, message: str) -> None:
    with pytest.raises(BookError) as caught:
        render([Page("page", (), template)], study)
    assert message in str(caught.value)


def test_every_faulty_page_is_named_at_once(study: Subject) -> None:
    with pytest.raises(BookError) as caught:
        render([Page("one", (), '{{ value("x") }}'), Page("two", (), '{{ table("y") }}')], study)
    assert "one.md" in str(caught.value) and "two.md" in str(caught.value)


def test_a_table_has_caption_note_origin_and_link(prose: Prose) -> None:
    shown = prose.table("items", labels=True, headings={"n": "people"})
    assert ":::{table} Items and what they do" in shown
    assert "| item | competency | people | ρ | lower | upper | note |" in shown
    assert "| :--- | :--- | ---: | ---: | ---: | ---: | :--- |" in shown
    assert r"| person\_01 | Working around the person | 840 | 0.25 | 0.10 | 0.40 |  |" in shown
    assert r"| person\|02 |" in shown and r"a \*star\*" in shown
    assert "Spearman." in shown
    assert '<a class="trail-line" href="trail/04_item_analysis.html#table-items">' in shown
    assert '<a href="files/tables/items.csv">' in shown


def test_a_table_can_be_cut_sorted_out_and_folded(prose: Prose) -> None:
    shown = prose.table("items", columns=["item", "rho"], intervals={"rho": ["lower", "upper"]}, folded="All")
    assert r"| person\_01 | 0.25 \[0.10, 0.40\] |" in shown
    assert r"| person\|02 | −0.50 |" in shown
    assert shown.startswith("::::{dropdown} All")
    assert "person\\_01" not in prose.table("items", where={"competency": ["roles"]})
    assert prose.table("items", rows=1).count("\n| ") == 3
    assert prose.table("items", where={"competency": "none"}) == ""


def test_of_a_long_table_the_largest_groups_are_shown_and_the_rest_is_said(study: Subject, prose: Prose) -> None:
    save = Results(study.saved.folders, "06_invariance")
    origin = Origin("psychometrics.items.item_statistics")
    rows = [("agency", f"agency {place}", name, 10 + place) for place in range(400) for name in ("person", "roles")]
    rows += [("sector", name, "person", 5) for name in ("care", "acute")]
    frame = pd.DataFrame(rows, columns=["grouping", "group", "competency", "n"])
    save.table("means", frame, caption="Means", origin=origin)
    save.table("many", frame[["group", "n"]], caption="Many", origin=origin)
    save.table("pairs", frame[["grouping", "n"]], caption="Pairs", origin=origin)
    shown = prose.table("means", columns=["group", "competency", "n"])
    assert shown.count("\n| ") == 2 + 2 * MOST_GROUPS + 2
    assert "| agency 399 |" in shown and "| care |" in shown and "| agency 379 |" not in shown
    assert "the 20 largest are shown: 42 of 802; all rows are in the file." in shown
    few = prose.table("means", where={"grouping": "sector"})
    assert "are shown" not in few and few.count("\n| ") == 4
    pairs = prose.table("pairs")
    assert pairs.count("\n| agency |") == 298 and pairs.count("\n| sector |") == 2
    assert "Of a grouping with more than 298 rows the first 298 are shown: 300 of 802;" in pairs
    first = prose.table("many")
    assert first.count("\n| ") == 2 + MOST_ROWS and "The first 300 rows are shown: 300 of 802; all rows are in" in first


def test_a_column_or_interval_without_an_entry_is_left_out(study: Subject, prose: Prose) -> None:
    save = Results(study.saved.folders, "05_factor_structure")
    nothing = {"note": [None, None], "low": "", "up": ""}
    frame = pd.DataFrame({"item": ["a", "b"], "text": ["", "x"], "r": [0.5, 0.6], **nothing})
    save.table("gaps", frame, caption="Gaps", origin=Origin("psychometrics.items.item_statistics"))
    assert "| item | text | r |" in prose.table("gaps")
    shown = prose.table("gaps", columns=["item", "note", "r"], intervals={"r": ["low", "up"], "note": ["low", "up"]})
    assert "| item | r |" in shown
    assert "[" not in shown.split("aside")[0].split("origin")[0]


def test_the_title_names_the_cohort_once(folders: ResultFolders) -> None:
    assert builder.cohort_title(_study(folders, FULL)) == "Made-up cohort (made-up)"
    assert builder.cohort_title(_study(folders, {**FULL, "title": "Ours (made-up)"})) == "Ours (made-up)"


def test_a_figure_has_alternative_text_caption_and_origin(prose: Prose) -> None:
    shown = prose.figure("plot")
    assert shown.startswith(":::{figure} /figures/plot.svg\n:alt: One line rises\n:target: _images/plot.svg\n")
    assert "\nA plot\n" in shown and 'href="trail/04_item_analysis.html#figure-plot"' in shown


def test_questions_about_cohort_and_sample(prose: Prose, folders: ResultFolders) -> None:
    bare = Prose(_study(folders, BARE))
    assert prose.collected("peers") and prose.collected("agency") and prose.collected("feedback")
    assert not bare.collected("peers") and not bare.collected("agency") and not bare.collected("feedback")
    assert not prose.supported("factor_analysis")
    assert _plain(prose.reason("factor_analysis")) == "not supported at n = 91, would need 260"


# Pages and contents


def test_pages_a_cohort_cannot_fill_are_left_out(study: Subject, folders: ResultFolders) -> None:
    pages = [Page("index", (), "{{ page('peers', 'the peers') }}"), Page("peers", ("peers",), "They agree.")]
    assert [page.name for page in wanted(pages, study)] == ["index", "peers"]
    bare = _study(folders, BARE)
    kept = wanted(pages, bare)
    assert [page.name for page in kept] == ["index"]
    assert render(kept, bare)[0].text == "the peers"
    assert render(pages, study)[0].text == "[the peers](peers.md)"


def test_contents_lose_what_the_book_does_not_have() -> None:
    contents = yaml.safe_load(TINY_TOC)
    assert prune_contents(contents, {"index", "items"})["parts"] == [
        {"caption": "Pages", "chapters": [{"file": "items"}]}
    ]
    notebooks = prune_contents(contents, {"index", "notebooks/02_b", "notebooks/01_a"})["parts"]
    assert notebooks[0]["chapters"] == [
        {"file": "notebooks/01_a", "title": "01_a"},
        {"file": "notebooks/02_b", "title": "02_b"},
    ]


def test_contents_and_pages_must_agree() -> None:
    contents = yaml.safe_load(TINY_TOC)
    pages = [Page(name, (), "") for name in ("index", "items", "peers")]
    check_contents(contents, pages)
    with pytest.raises(BookError, match=r"names the page 'peers', which is not there"):
        check_contents(contents, pages[:2])
    with pytest.raises(BookError, match=r"the page extra\.md is not in _toc\.yml"):
        check_contents(contents, [*pages, Page("extra", (), "")])


def test_front_matter_knows_one_key(tmp_path: Path) -> None:
    (tmp_path / "page.md").write_text("---\nrequire: peers\n---\n# Page\n", encoding="utf-8")
    with pytest.raises(BookError, match=r"page\.md: unknown key 'require'"):
        read_pages(tmp_path)


def test_notebooks_keep_tags_and_show_tables_and_figures_only(study: Subject, tmp_path: Path) -> None:
    given = study.saved.folders.notebooks / "04_item_analysis.ipynb"
    copy_notebook(given, tmp_path / "book" / "copy.ipynb", study.saved.figures)
    _, place, table, _, figure = nbformat.read(tmp_path / "book" / "copy.ipynb", as_version=4).cells
    assert 'id="cell-shown"' in place.source
    assert table.metadata["tags"] == ["requires:peers"]
    assert [list(output["data"]) for output in table.outputs] == [["text/html"]]
    assert [list(output["data"]) for output in figure.outputs] == [["image/svg+xml"]]
    assert figure.metadata["mystnb"]["image"]["alt"] == "One line rises"
    assert "person 17" not in (tmp_path / "book" / "copy.ipynb").read_text(encoding="utf-8")


# What every page says, and what none may do


def test_the_banner_names_synthetic_data_placeholder_and_provenance(folders: ResultFolders) -> None:
    synthetic = banner_sentences(_study(folders, FULL))
    assert synthetic[0] == "Synthetic data: every person and every answer of cohort made-up is invented."
    assert synthetic[1].startswith("Placeholder")
    assert banner_sentences(_study(folders, BARE)) == ["Borrowed answers."]
    assert banner_sentences(_study(folders, {**BARE, "provenance": ""})) == []


def test_formulas_become_mathml() -> None:
    writer = SimpleNamespace(body=[])
    for visit, node in (
        (visit_inline, nodes.math(text=r"\rho")),
        (visit_block, nodes.math_block(text=r"\frac{a}{b}", number=3, ids=["equation-x"])),
    ):
        with pytest.raises(nodes.SkipNode):
            visit(writer, node)
    assert writer.body[0].startswith("<math") and 'display="inline"' in writer.body[0]
    assert '<div class="formula" tabindex="0" id="equation-x"><math' in writer.body[1]
    assert "<mfrac>" in writer.body[1] and '<span class="eqno">(3)</span>' in writer.body[1]


def test_scripts_from_elsewhere_are_left_out() -> None:
    assets = ["_static/a.js", "https://cdn.example.org/require.js", "//cdn.example.org/x.js"]
    context: dict[str, Any] = {"script_files": assets, "css_files": []}
    keep_local_assets(None, "index", "page.html", context, None)  # type: ignore[arg-type]
    assert context["script_files"] == ["_static/a.js"]


@pytest.mark.parametrize(
    "asset",
    [
        '<script src="https://cdn.example.org/a.js"></script>',
        '<link rel="stylesheet" href="//cdn.example.org/a.css"/>',
        '<img alt="" src="http://example.org/a.png"/>',
    ],
)
def test_a_page_that_fetches_is_refused(tmp_path: Path, asset: str) -> None:
    (tmp_path / "index.html").write_text('<a href="https://doi.org/10.1">fine</a>', encoding="utf-8")
    chain.check(tmp_path)
    (tmp_path / "bad.html").write_text(asset, encoding="utf-8")
    with pytest.raises(BookError, match=r"bad\.html would fetch something from elsewhere"):
        chain.check(tmp_path)


def test_a_failed_build_leaves_the_old_book(study: Subject, tiny_book: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folders = study.saved.folders
    folders.book.mkdir()
    (folders.book / "index.html").write_text("old", encoding="utf-8")
    (folders.root / ".book-left-by-a-kill").mkdir()

    def fail(source: Path, output: Path, *, fresh: bool) -> Path:
        raise BookError("no")

    monkeypatch.setattr(builder, "run_sphinx", fail)
    with pytest.raises(BookError):
        build(folders, study.framework, study.settings, study.plan, source=tiny_book)
    assert (folders.book / "index.html").read_text(encoding="utf-8") == "old"
    assert not list(folders.root.glob(".book-*"))


# The whole build


@pytest.mark.slow
def test_a_tiny_book_is_built_the_same_every_time_and_after_a_kill(
    study: Subject, tiny_book: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folders = study.saved.folders
    arguments = (folders, study.framework, study.settings, study.plan)
    first = build(*arguments, source=tiny_book)
    pages = _files(first.parent)
    assert first == folders.book / "index.html"
    assert "<math" in pages[Path("index.html")]
    assert not re.search(r"<script[^>]*mathjax", pages[Path("index.html")], re.IGNORECASE)
    assert "data-banner" in pages[Path("search.html")]
    assert "Made-up cohort (made-up)" in re.search(r"<title>(.*?)</title>", pages[Path("items.html")], re.S)[1]  # type: ignore[index]
    assert Path("notebooks/04_item_analysis.html") in pages
    assert "person 17" not in "".join(pages.values())
    assert _files(build(*arguments, source=tiny_book).parent) == pages

    def killed(source: Path, output: Path, *, fresh: bool) -> Path:
        """Leave a book half written, as Sphinx does when it is killed."""
        (output / "_build/html/searchindex.js").unlink()
        raise KeyboardInterrupt

    monkeypatch.setattr(builder, "run_sphinx", killed)
    with pytest.raises(KeyboardInterrupt):
        build(*arguments, source=tiny_book)
    monkeypatch.undo()
    (tiny_book / "items.md").write_text(
        (tiny_book / "items.md").read_text() + "\nOne more sentence.\n", encoding="utf-8"
    )
    assert "One more sentence." in _files(build(*arguments, source=tiny_book).parent)[Path("items.html")]


def test_only_the_text_of_a_page_is_an_edit_of_that_page_alone(study: Subject, tiny_book: Path, tmp_path: Path) -> None:
    def edited() -> list[str] | None:
        return Sources(study, tiny_book, read_pages(tiny_book)).edited_since_last(tmp_path)

    assert edited() is None
    Sources(study, tiny_book, read_pages(tiny_book)).record(tmp_path)
    assert edited() == []
    page = tiny_book / "items.md"
    for change in (page, study.saved.folders.values / "04_item_analysis.json", tiny_book / "_static/book.css"):
        before = change.read_text(encoding="utf-8")
        change.write_text(f"{before}\nOne more.\n", encoding="utf-8")
        assert edited() == (["items"] if change == page else None)
        change.write_text(before, encoding="utf-8")
    assert edited() == []
    page.write_text("---\nrequires: peers\n---\n# Items\n", encoding="utf-8")
    assert edited() is None


@pytest.mark.slow
def test_a_warning_of_sphinx_stops_the_build(study: Subject, tiny_book: Path, tmp_path: Path) -> None:
    (tiny_book / "items.md").write_text("# Items\n\nSee {doc}`nowhere`.\n", encoding="utf-8")
    write_sources(study, tiny_book, tmp_path / "source", read_reference())
    with pytest.raises(BookError, match=r"items\.md:3: WARNING: unknown document: 'nowhere'"):
        run_sphinx(tmp_path / "source", tmp_path / "output")


@pytest.mark.slow
def test_the_book_of_a_bare_cohort_is_built_without_warnings(tmp_path: Path) -> None:
    made: MadeUp = make_up(tmp_path / "results", BARE, gates_open=False)
    index = build(made.folders, made.framework, made.settings, made.plan)
    names = {path.stem for path in index.parent.glob("*.html")}
    assert {"index", "limitations"} <= names and not names & {"rater_agreement", "feedback"}
    assert {path.stem for path in (index.parent / "notebooks").glob("*.html")} == {
        path.stem for path in NOTEBOOKS.glob("*.ipynb")
    }


def _files(book: Path) -> dict[Path, str]:
    """Return the text of every page and of the search index."""
    paths = [*book.rglob("*.html"), book / "searchindex.js"]
    return {path.relative_to(book): path.read_text(encoding="utf-8") for path in sorted(paths)}


def _plain(text: str) -> str:
    """Return what a reader sees of a number or a text: its link is taken off."""
    return re.sub(r"<a\b[^>]*>|</a>", "", text)
