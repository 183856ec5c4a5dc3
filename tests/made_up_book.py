"""Made-up results under the names that the notebooks save, so that the book's own pages can be tested alone."""

from __future__ import annotations

import ast
import json
import re
import shutil
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import jinja2
import nbformat
import pandas as pd
from jinja2 import nodes

from compendium.cohort import CohortSettings
from compendium.framework import Framework, load_framework
from compendium.outputs import catalogue
from compendium.outputs.runs import record_run
from compendium.outputs.saving import Origin, Results
from compendium.paths import BOOK, NOTEBOOKS, ResultFolders
from compendium.plan import GATES, StudyPlan, load_plan
from compendium.report.book.explorer import ANSWERS
from compendium.report.book.passports import FACTS
from compendium.report.book.passports import TABLE as PASSPORTS
from compendium.study import carries

SOURCE, STATISTIC = (
    "compendium.steps.item_analysis.decisions.final_decisions",
    "psychometrics.reliability.cronbach_alpha",
)
# Columns that count people: a share in them would be a group too small to show.
COUNTS = ("n", "people")
ASKING = ("value", "counted", "percent", "p", "text", "raw", "table", "figure")
SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="300" height="120"><rect width="300" height="120"/></svg>'
FULL: dict[str, Any] = {
    "id": "made-up",
    "title": "Made-up cohort",
    "kind": "synthetic",
    "framework": "integrated-care",
    "description": "Nobody answered this.",
    "files": {"self": "self.csv", "peer": "peer.csv"},
    "not_applicable": [9],
    "groups": {
        name: {"column": name, "label": name.capitalize(), "kind": "nominal"}
        for name in ("agency", "sector", "occupation", "team")
    }
    | {"tenure": {"column": "tenure", "label": "Tenure (years)", "kind": "number"}},
    "outcomes": ["engagement", "job_satisfaction"],
    "peer_outcomes": ["engagement"],
    "fieldwork": {"start": "2026-01-12", "end": "2026-02-20"},
    "invited": 1400,
    "waivers": [{"item": "person_01", "fault": "keying", "reason": "planted, so that it can be found"}],
}
BARE: dict[str, Any] = {
    "id": "bare",
    "title": "Bare cohort",
    "kind": "real",
    "framework": "bfi",
    "provenance": "Borrowed answers.",
    "files": {"self": "self.csv"},
}


@dataclass(frozen=True)
class SavedName:
    """One name in a notebook: what kind it is, who saves it, under which conditions."""

    kind: str
    name: str
    notebook: str
    cell: str
    tags: tuple[str, ...]

    @property
    def origin(self) -> Origin:
        """Where it would come from."""
        return Origin(SOURCE, (STATISTIC,), self.cell)


@dataclass(frozen=True)
class MadeUp:
    """A made-up study, ready to be handed to the builder."""

    folders: ResultFolders
    framework: Framework
    settings: CohortSettings
    plan: StudyPlan


@cache
def saved_names() -> tuple[SavedName, ...]:
    """Return every name that a notebook keeps, of every kind that the catalogue has it."""
    found: list[SavedName] = []
    for path in sorted(NOTEBOOKS.glob("*.ipynb")):
        known = catalogue.entries(path.stem)
        for cell in nbformat.read(path, as_version=4).cells:
            if cell.cell_type == "code":
                tags, names = tuple(cell.metadata.get("tags", [])), _kept_in(cell.source)
                kinds = {"value": known.values, "table": known.tables, "figure": known.figures}
                found += [
                    SavedName(kind, name, path.stem, cell["id"], tags)
                    for kind, entries in kinds.items()
                    for name in names
                    if name in entries
                ]
    return tuple({(each.kind, each.name): each for each in found}.values())


def asked_names() -> set[str]:
    """Return every name that a page asks for."""
    return {
        str(arguments[0])
        for page in BOOK.glob("*.md")
        for function, arguments, _ in calls(page)
        if function in ASKING and arguments
    }


def calls(page: Path) -> list[tuple[str, list[Any], dict[str, Any]]]:
    """Return every call in a page: function, arguments, keyword arguments; what is no literal comes as None."""
    text = re.sub(r"\A---\n.*?\n---\n", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    tree = jinja2.Environment().parse(text)
    return [
        (
            call.node.name,
            [_literal(each) for each in call.args],
            {pair.key: _literal(pair.value) for pair in call.kwargs},
        )
        for call in tree.find_all(nodes.Call)
        if isinstance(call.node, nodes.Name)
    ]


def make_up(
    root: Path, description: dict[str, Any], *, gates_open: bool = True, book: Path = BOOK, count: int = 12
) -> MadeUp:
    """Write results under every name that the notebooks would save for such a cohort; what is counted is ``count``."""
    settings = CohortSettings.model_validate(description)
    framework = load_framework(settings.framework)
    plan = load_plan(settings.study, claims=framework.claims)
    made = MadeUp(ResultFolders(root), framework, settings, plan)
    columns = _columns_asked_for(book)
    for notebook in sorted({saved.notebook for saved in saved_names()}):
        _save_step(made, notebook, columns, gates_open, count)
        shutil.copyfile(NOTEBOOKS / f"{notebook}.ipynb", made.folders.notebooks / f"{notebook}.ipynb")
    return made


def _kept_in(source: str) -> list[str]:
    """Return the names that a cell keeps."""
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    kept = [call for call in calls if isinstance(call.func, ast.Attribute)]
    named = [call.args[0].value for call in kept if call.func.attr == "keep" and isinstance(call.args[0], ast.Constant)]
    return named + [word.arg for call in kept if call.func.attr == "keep_values" for word in call.keywords]


@cache
def _documents() -> set[str]:
    """Return the documents that pages link to."""
    asked = [arguments for page in BOOK.glob("*.md") for name, arguments, _ in calls(page) if name == "document"]
    return {str(arguments[0]) for arguments in asked}


def _save_step(made: MadeUp, notebook: str, columns: dict[str, dict[str, Any]], gates_open: bool, count: int) -> None:
    """Save what one notebook would save."""
    save = Results(made.folders, notebook)
    record_run(made.folders, notebook, {"study.yaml": "made up"})
    if notebook == "03_cohort_quality":
        said = "supported at n = 9 (needs 5)" if gates_open else "not supported at n = 9, would need 50"
        cell = next(saved.cell for saved in saved_names() if saved.notebook == notebook)
        for gate in GATES:
            save.value(f"supported_{gate}", gates_open, note=said, origin=Origin(SOURCE, (STATISTIC,), cell))
    for saved in saved_names():
        if saved.notebook != notebook or not _runs(saved.tags, made, gates_open):
            continue
        if saved.kind == "value":
            save.value(saved.name, _value(saved.name, made, count), origin=saved.origin)
        elif saved.kind == "table":
            asked = columns.get(saved.name, {}) or {"row": "made up"}
            if saved.name in (PASSPORTS, ANSWERS):
                asked = {**asked, "item": made.framework.items.index[0]}
            frame = pd.DataFrame([asked, asked])
            save.table(saved.name, frame, caption=f"Made up: {saved.name}", origin=saved.origin)
        else:
            _save_figure(made.folders, saved)


def _save_figure(folders: ResultFolders, saved: SavedName) -> None:
    """Save a grey box as a figure, and as a document where a page links to one."""
    if saved.name in _documents():
        (folders.figures / f"{saved.name}.pdf").write_bytes(b"%PDF-1.4 made up")
    (folders.figures / f"{saved.name}.svg").write_text(SVG, encoding="utf-8")
    metadata = {
        "caption": f"Made up: {saved.name}",
        "alt": "A grey box",
        "notebook": saved.notebook,
        "cell": saved.cell,
        "builder": SOURCE,
        "statistics": [STATISTIC],
    }
    (folders.figures / f"{saved.name}.json").write_text(json.dumps(metadata), encoding="utf-8")


def _runs(tags: tuple[str, ...], made: MadeUp, gates_open: bool) -> bool:
    """Say whether a cell with these tags runs for this cohort."""
    for tag in tags:
        demand, _, what = tag.partition(":")
        if demand in ("requires", "lacks") and (demand == "requires") != _has(what, made, gates_open):
            return False
    return True


def _has(what: str, made: MadeUp, gates_open: bool) -> bool:
    """Say whether the made-up cohort has something."""
    if what.startswith("gate_"):
        return gates_open
    if what == "candidates":
        return bool((made.framework.items["status"] == "candidate").any())
    if what == "comparable_groups":
        return "sector" in made.settings.groups
    return carries(what, made.settings, made.framework, made.plan)


def _value(name: str, made: MadeUp, count: int) -> Any:
    """Make up a value that fits its name."""
    if name == "items_are_candidates":
        return bool((made.framework.items["status"] == "candidate").any())
    if name == "groups_comparable":
        return "sector" in made.settings.groups
    if name.startswith("n_"):
        return count
    return "A sentence." if name.endswith(("verdict", "sentence", "folder")) else 0.25


def _columns_asked_for(book: Path) -> dict[str, dict[str, Any]]:
    """Return the columns that pages ask of each table, with a cell that suits them."""
    words = dict.fromkeys(("item", "competency", "self_wording", "decision", "reasons", "advice"), "made up")
    asked: dict[str, dict[str, Any]] = {
        PASSPORTS: words | {fact[0]: 12 if fact[0] in COUNTS else 0.25 for fact in FACTS},
        ANSWERS: {
            "source": "self",
            "grouping": "",
            "group": "everybody",
            "n": 12,
            "mean": 0.25,
            "sd": 0.25,
            "answer_1": 0.5,
            "answer_2": 0.5,
        },
    }
    for page in sorted(book.glob("*.md")):
        for function, arguments, options in calls(page):
            if function == "table" and arguments:
                columns = asked.setdefault(arguments[0], {})
                bounds = [bound for pair in (options.get("intervals") or {}).values() for bound in pair]
                names = [*(options.get("columns") or []), *bounds]
                columns.update({name: _cell(name) for name in names})
                for column, wanted in (options.get("where") or {}).items():
                    columns[column] = wanted[0] if isinstance(wanted, list) else wanted
    return asked


def _cell(column: str) -> float:
    """Return a number that suits a column: enough people to be shown, or a share."""
    return 12 if column in COUNTS or column.startswith("n_") else 0.25


def _literal(node: nodes.Expr) -> Any:
    """Return the value of a literal, None for anything else."""
    try:
        return node.as_const()
    except nodes.Impossible:
        return None
