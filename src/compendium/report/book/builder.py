"""Build the book: sources in a temporary folder, Sphinx with warnings as errors, then one rename."""

from __future__ import annotations

import html
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from compendium.children import call
from compendium.files import checksum
from compendium.framework import Framework
from compendium.paths import BOOK, ResultFolders
from compendium.plan import StudyPlan
from compendium.report.book import appendix, chain, explorer, glossary, pages
from compendium.report.book.edited import Sources
from compendium.report.book.faults import BookError
from compendium.report.book.prose import EXPLORER_MARK, FUNCTIONS_MARK, GLOSSARY_MARK, MARKS, RESULTS_MARK
from compendium.report.book.reference import Reference, index_of, raw_html, read_reference
from compendium.report.book.saved import SavedResults
from compendium.report.book.subject import Subject
from compendium.report.book.trail import TrailPages
from compendium.report.figures import theme
from compendium.report.final_framework import documents
from compendium.report.sphinx_extensions import reading, start
from compendium.study.workers import number_of_workers

if TYPE_CHECKING:
    from compendium.cohort import CohortSettings

WORK_PREFIX = ".book-"
# What Sphinx remembers from the last build, so that one changed page is one page to write.
KEPT, REFERENCE, RECORD = ".kept-book", "reference.pickle", "key"
COLOUR = re.compile(r"\x1b\[[0-9;]*m")
# Pictures of which a page holds one for every item.
AN_ITEM = "passport_"
DOCUMENTS = (".md", ".ipynb")
# Of the theme: parts that are no pages, and maps of scripts; its script of icons goes too.
NOT_USED = (".html", ".map")
SETTINGS = ("_config.yml", "_toc.yml", "references.bib", reading.NOTES)


def build(
    folders: ResultFolders,
    framework: Framework,
    settings: CohortSettings,
    plan: StudyPlan,
    *,
    source: Path = BOOK,
) -> Path:
    """Build the book of one cohort and return its first page.

    Parameters
    ----------
    folders
        Result folders of the cohort; the book is written below them.
    framework, settings, plan
        What the results were made with.
    source
        Folder of the pages; settings, references and style are those of the book of cohorts where it has none.

    Returns
    -------
    Path
        ``index.html`` of the built book.

    Raises
    ------
    BookError
        When a page asks for what was not saved, when Sphinx warns, or when a page would fetch something from
        elsewhere. The book that was there before stays as it was.
    """
    _remove_leftovers(folders.root)
    kept = folders.root / KEPT
    kept.mkdir(exist_ok=True)
    work = Path(tempfile.mkdtemp(dir=folders.root, prefix=WORK_PREFIX))
    try:
        study = Subject(SavedResults(folders), framework, settings, plan)
        reference = read_reference(kept / REFERENCE)
        sources = Sources(study, source, pages.read_pages(source))
        fresh, key = False, refill(sources, kept)
        if key is None:
            write_sources(study, source, work / "source", reference)
            reference.keep(kept / REFERENCE)
            fresh, key = update(work / "source", kept)
        try:
            built = run_sphinx(kept / "source", kept / "output", fresh=fresh)
            (kept / RECORD).write_text(key, encoding="utf-8")
            sources.record(kept)
        except BookError:  # what was complained of once is not complained of again
            shutil.rmtree(kept)
            raise
        shutil.copytree(built, work / "book")
        add_files(study, work / "book", reference)
        chain.write_search_texts(work / "book")
        chain.check(work / "book")
        _swap(work / "book", folders.book, work / "previous")
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return folders.book / "index.html"


def write_sources(study: Subject, source: Path, target: Path, reference: Reference) -> None:
    """Write everything Sphinx needs: pages, executed notebooks, figures, contents, settings, trail, functions."""
    written = pages.read_pages(source)
    contents = yaml.safe_load((source / "_toc.yml").read_text(encoding="utf-8"))
    pages.check_contents(contents, written)
    chosen = pages.wanted(written, study)
    trail = TrailPages(study, reference)
    functions = reference.asked(trail.addresses, whole=any(page.name == "functions" for page in chosen))
    texts = {page.name: page.text for page in pages.render(chosen, study)}
    lists = {
        RESULTS_MARK: raw_html(trail.index()),
        FUNCTIONS_MARK: raw_html(index_of(functions)),
        GLOSSARY_MARK: raw_html(glossary.as_html(source)),
    }
    if any(EXPLORER_MARK in text for text in texts.values()):
        lists[EXPLORER_MARK] = raw_html(explorer.as_html(study))
    for mark, text in lists.items():
        texts = {name: page.replace(mark, text) for name, page in texts.items()}
    for name, text in {**texts, **trail.pages(), **functions}.items():
        path = target / f"{name}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    notebooks = _copy_notebooks(study, target)
    _copy_figures(study, target)
    _copy_assets(source, target)
    available = {*(page.name for page in chosen), *notebooks}
    _write_yaml(target / "_toc.yml", pages.prune_contents(contents, available))
    _write_yaml(target / "_config.yml", configuration(_part(source, "_config.yml"), study))
    notes = {"functions": _addresses(trail, reference, functions), "terms": glossary.terms(source)}
    (target / reading.NOTES).write_text(json.dumps(notes, ensure_ascii=False, sort_keys=True), encoding="utf-8")


def refill(sources: Sources, kept: Path) -> str | None:
    """Fill in the pages that were edited where nothing else was, and return the key; None where all is to be written.

    What stands in the place of a mark is made of more than a page: a page with one is written with all others.
    """
    edited, record = sources.edited_since_last(kept), kept / RECORD
    sources.forget_last(kept)
    if edited is None or not record.is_file():
        return None
    chosen = pages.wanted(list(sources.written), sources.study)
    texts = {page.name: page.text for page in pages.render(chosen, sources.study, edited)}
    if any(mark in text for text in texts.values() for mark in MARKS):
        return None
    key = record.read_text(encoding="utf-8")
    record.unlink()
    for name, text in texts.items():
        (kept / "source" / f"{name}.md").write_text(text, encoding="utf-8")
    return key


def update(source: Path, kept: Path) -> tuple[bool, str]:
    """Bring what is kept for Sphinx up to date, file by file; say whether everything must be written anew, and the key.

    It must where pages came or went, where settings or terms changed, where the program that writes pages did, and
    where Sphinx did not come to its end: the key is recorded when it has.
    """
    target = kept / "source"
    known = {path.relative_to(source): path for path in source.rglob("*") if path.is_file()}
    names = [name.as_posix() for name in sorted(known) if name.suffix in DOCUMENTS]
    program = sorted(path for path in Path(reading.__file__).parent.rglob("*") if path.suffix in (".py", ".html"))
    key = checksum(*names, *(source / name for name in SETTINGS if (source / name).is_file()), *program)
    record = kept / RECORD
    fresh = not (target.is_dir() and record.is_file() and record.read_text(encoding="utf-8") == key)
    record.unlink(missing_ok=True)
    if fresh:
        shutil.rmtree(target, ignore_errors=True)
        shutil.rmtree(kept / "output", ignore_errors=True)
    for name in {path.relative_to(target) for path in target.rglob("*") if path.is_file()} - known.keys():
        (target / name).unlink()
    for name, path in known.items():
        if not (target / name).is_file() or (target / name).read_bytes() != path.read_bytes():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target / name)
    return fresh, key


def banner_sentences(study: Subject) -> list[str]:
    """Return what every page must say about the data and the framework."""
    provenance = study.settings.provenance
    says_so = study.settings.kind != "synthetic" or "synthetic" in provenance.lower()
    synthetic = f"Synthetic data: every person and every answer of cohort {study.settings.id} is invented."
    notice = study.framework.description.notice if study.framework.is_placeholder else ""
    return [text for text in ("" if says_so else synthetic, provenance, notice) if text]


def cohort_title(study: Subject) -> str:
    """Return the cohort's title with its id, once."""
    named, shown = study.settings.title, f"({study.settings.id})"
    return named if shown in named else f"{named} {shown}"


def configuration(path: Path, study: Subject) -> dict[str, Any]:
    """Return the book's settings with the cohort's title and banner in them."""
    settings: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    title, cohort = settings["title"], cohort_title(study)
    settings["title"] = f"{title} · {cohort}"
    theme = settings["sphinx"]["config"]["html_theme_options"]
    theme["logo"] = {"text": f'{html.escape(title)}<span class="cohort">{html.escape(cohort)}</span>'}
    sentences = banner_sentences(study)
    if sentences:
        spans = "".join(f"<span>{html.escape(' '.join(text.split()))}</span> " for text in sentences)
        settings["html"]["announcement"] = f'<div class="data-banner" role="note">{spans.strip()}</div>'
    return settings


def run_sphinx(source: Path, output: Path, *, fresh: bool = True) -> Path:
    """Run jupyter-book, silent unless it fails, and return the folder of the pages."""
    command = [sys.executable, "-m", start.__name__, "build", str(source), "--path-output", str(output)]
    done = call(
        [*command, "--warningiserror", "--keep-going", "--nitpick", *(["--all"] if fresh else []), "-q"],
        {
            **os.environ,
            "PYTHONHASHSEED": "0",
            "PYTHONWARNINGS": "ignore",
            "NO_COLOR": "1",
            start.JOBS: str(number_of_workers()),
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    built = output / "_build" / "html"
    if done.returncode != 0 or not (built / "index.html").is_file():
        raise BookError(f"the book was not built:\n{_complaints(done, source)}")
    for path in (built / "_static").rglob("*"):
        if path.suffix in NOT_USED or path.name.startswith("fontawesome.js"):
            path.unlink()
    return built


def add_files(study: Subject, book: Path, reference: Reference) -> None:
    """Put the files beside the pages that the trail offers: tables, values, figures, values of other software."""
    folders, files = study.saved.folders, book / "files"
    offered = ((folders.tables, "csv"), (folders.values, "json"), (folders.figures, "svg"), (folders.figures, "pdf"))
    for folder, ending in offered:
        (files / folder.name).mkdir(parents=True, exist_ok=True)
        for path in sorted(folder.glob(f"*.{ending}")):
            shutil.copyfile(path, files / folder.name / path.name)
    (files / "framework").mkdir()
    title = f"{study.framework.description.title}: the final items"
    for ending, content in documents(study.framework, study.final_items, title).items():
        (files / "framework" / f"final_framework.{ending}").write_bytes(content)
    (files / "reference").mkdir()
    for path in reference.checks.value_files():
        name = f"{path.name}.txt" if path.suffix == ".R" else path.name
        shutil.copyfile(path, files / "reference" / name)


def _addresses(trail: TrailPages, reference: Reference, functions: Mapping[str, str]) -> dict[str, str]:
    """Return where in this book each function is explained, by its name and by the names that results use."""
    entries = [entry for entry in reference.inventory.entries if entry.page in functions]
    found = {entry.name.rpartition(".")[2]: entry for entry in entries if entry.kind == "function"}
    found |= {entry.name: entry for entry in entries}
    found |= {name: entry for name in trail.addresses if (entry := reference.inventory.find(name))}
    return {name: f"{entry.page}.html#{entry.name}" for name, entry in sorted(found.items())}


def _complaints(done: subprocess.CompletedProcess[str], source: Path) -> str:
    """Return the lines of Sphinx's output that say what is wrong, with paths a reader knows."""
    lines = f"{done.stdout}\n{done.stderr}".replace(f"{source}{os.sep}", "").splitlines()
    lines = [COLOUR.sub("", line) for line in lines]
    telling = [line for line in lines if re.search(r"WARNING|ERROR|Error|CRITICAL", line)]
    return "\n".join(telling or [line for line in lines if line.strip()][-20:])


def _copy_notebooks(study: Subject, target: Path) -> set[str]:
    """Copy the executed notebooks and return their names in the book."""
    for path in study.saved.notebooks:
        appendix.copy_notebook(path, target / "notebooks" / path.name, study.saved.figures)
    return {f"notebooks/{path.stem}" for path in study.saved.notebooks}


def _copy_figures(study: Subject, target: Path) -> None:
    """Copy the figures that pages show, in colours that follow the reader's."""
    (target / "figures").mkdir()
    for path in sorted(study.saved.folders.figures.glob("*.svg")):
        text = theme.follow_colours(path.read_text(encoding="utf-8"))
        if path.stem.startswith(AN_ITEM):
            text = theme.lighter(text)
        (target / "figures" / path.name).write_text(text, encoding="utf-8")


def _copy_assets(source: Path, target: Path) -> None:
    """Copy style sheet, references and whatever else lies beside the pages."""
    shutil.copyfile(_part(source, "references.bib"), target / "references.bib")
    shutil.copytree(_part(source, "_static"), target / "_static")


def _part(source: Path, name: str) -> Path:
    """Return a part of a book, or that of the book of cohorts where it has none of its own."""
    own = source / name
    return own if own.exists() else BOOK / name


def _write_yaml(path: Path, content: dict[str, Any]) -> None:
    """Write settings for Sphinx."""
    path.write_text(yaml.safe_dump(content, sort_keys=False, allow_unicode=True), encoding="utf-8")


def _swap(built: Path, target: Path, previous: Path) -> None:
    """Put the new book in the place of the old one."""
    if target.exists():
        target.rename(previous)
    built.rename(target)


def _remove_leftovers(root: Path) -> None:
    """Remove what a killed build left behind."""
    for leftover in root.glob(f"{WORK_PREFIX}*"):
        shutil.rmtree(leftover, ignore_errors=True)
