"""Build the book: sources in a temporary folder, Sphinx with warnings as errors, then one rename."""

from __future__ import annotations

import html
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from compendium.framework import Framework
from compendium.paths import BOOK, ResultFolders
from compendium.plan import StudyPlan
from compendium.report.book import appendix, pages
from compendium.report.book.faults import BookError
from compendium.report.book.saved import SavedResults
from compendium.report.book.subject import Study

if TYPE_CHECKING:
    from compendium.cohort import CohortSettings

WORK_PREFIX = ".book-"
JUPYTER_BOOK = "from jupyter_book.cli.main import main; main()"
COLOUR = re.compile(r"\x1b\[[0-9;]*m")
REMOTE_ASSET = re.compile(
    r"<(?:script|img|iframe|source|object|embed)\b[^>]*\b(?:src|data)=[\"'](?:https?:)?//[^\"']+"
    r"|<link\b(?![^>]*rel=[\"'](?:canonical|license|author|help|index|search|next|prev))[^>]*href=[\"'](?:https?:)?//[^\"']+",
    re.IGNORECASE,
)


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
        Folder of the pages.

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
    work = Path(tempfile.mkdtemp(dir=folders.root, prefix=WORK_PREFIX))
    try:
        study = Study(SavedResults(folders), framework, settings, plan)
        write_sources(study, source, work / "source")
        built = run_sphinx(work / "source", work / "output")
        refuse_remote_assets(built)
        _swap(built, folders.book, work / "previous")
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return folders.book / "index.html"


def write_sources(study: Study, source: Path, target: Path) -> None:
    """Write everything Sphinx needs: pages, executed notebooks, figures, tables, contents, settings."""
    written = pages.read_pages(source)
    contents = yaml.safe_load((source / "_toc.yml").read_text(encoding="utf-8"))
    pages.check_contents(contents, written)
    chosen = pages.wanted(written, study)
    rendered = pages.render(chosen, study)
    target.mkdir(parents=True)
    for page in rendered:
        (target / f"{page.name}.md").write_text(page.text, encoding="utf-8")
    notebooks = _copy_notebooks(study, target)
    _copy_results(study, target)
    _copy_assets(source, target)
    available = {*(page.name for page in chosen), *notebooks}
    _write_yaml(target / "_toc.yml", pages.prune_contents(contents, available))
    _write_yaml(target / "_config.yml", configuration(source / "_config.yml", study))


def banner_sentences(study: Study) -> list[str]:
    """Return what every page must say about the data and the framework."""
    provenance = study.settings.provenance
    says_so = study.settings.kind != "synthetic" or "synthetic" in provenance.lower()
    synthetic = f"Synthetic data: every person and every answer of cohort {study.settings.id} is invented."
    notice = study.framework.description.notice if study.framework.is_placeholder else ""
    return [text for text in ("" if says_so else synthetic, provenance, notice) if text]


def cohort_title(study: Study) -> str:
    """Return the cohort's title with its id, once."""
    named, shown = study.settings.title, f"({study.settings.id})"
    return named if shown in named else f"{named} {shown}"


def configuration(path: Path, study: Study) -> dict[str, Any]:
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


def run_sphinx(source: Path, output: Path) -> Path:
    """Run jupyter-book, silent unless it fails, and return the folder of the pages."""
    command = [sys.executable, "-c", JUPYTER_BOOK, "build", str(source), "--path-output", str(output)]
    done = subprocess.run(
        [*command, "--warningiserror", "--keep-going", "--nitpick", "--all", "-q"],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONHASHSEED": "0", "PYTHONWARNINGS": "ignore", "NO_COLOR": "1"},
        check=False,
    )
    built = output / "_build" / "html"
    if done.returncode != 0 or not (built / "index.html").is_file():
        raise BookError(f"the book was not built:\n{_complaints(done, source)}")
    for template in (built / "_static").rglob("*.html"):  # parts of the theme, not pages
        template.unlink()
    return built


def refuse_remote_assets(built: Path) -> None:
    """Refuse a book with a page that would fetch something from elsewhere."""
    for path in sorted(built.rglob("*.html")):
        found = REMOTE_ASSET.search(path.read_text(encoding="utf-8"))
        if found:
            raise BookError(f"{path.relative_to(built)} would fetch something from elsewhere: {found[0]}")


def _complaints(done: subprocess.CompletedProcess[str], source: Path) -> str:
    """Return the lines of Sphinx's output that say what is wrong, with paths a reader knows."""
    lines = f"{done.stdout}\n{done.stderr}".replace(f"{source}{os.sep}", "").splitlines()
    lines = [COLOUR.sub("", line) for line in lines]
    telling = [line for line in lines if re.search(r"WARNING|ERROR|Error|CRITICAL", line)]
    return "\n".join(telling or [line for line in lines if line.strip()][-20:])


def _copy_notebooks(study: Study, target: Path) -> set[str]:
    """Copy the executed notebooks and return their names in the book."""
    for path in study.saved.notebooks:
        appendix.copy_notebook(path, target / "notebooks" / path.name, study.saved.figures)
    return {f"notebooks/{path.stem}" for path in study.saved.notebooks}


def _copy_results(study: Study, target: Path) -> None:
    """Copy figures and tables that pages show or offer for download."""
    folders = study.saved.folders
    for folder, ending in ((folders.figures, "svg"), (folders.figures, "pdf"), (folders.tables, "csv")):
        (target / folder.name).mkdir(exist_ok=True)
        for path in sorted(folder.glob(f"*.{ending}")):
            shutil.copyfile(path, target / folder.name / path.name)


def _copy_assets(source: Path, target: Path) -> None:
    """Copy style sheet, references and whatever else lies beside the pages."""
    shutil.copyfile(source / "references.bib", target / "references.bib")
    shutil.copytree(source / "_static", target / "_static")


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
