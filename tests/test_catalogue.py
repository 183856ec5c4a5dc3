"""Every result has one entry in the catalogue, every entry a result, and a page of the book shows each."""

from __future__ import annotations

import ast
import json
import re

import pytest

from compendium.outputs import catalogue
from compendium.paths import BOOK, COMPARISON, COMPARISON_NOTEBOOK, NOTEBOOKS

# Kept by functions, one an item or a gate, or with the verdicts of all gates.
BY_FUNCTIONS = {"passport_*", "supported_*"}
# Shown by a function of its own, that knows the table.
SHOWN_BY = {"item_answers": "answers_by_group()"}
# The nine steps of a cohort, and the comparison of several.
NOTEBOOK_OF = {path.stem: path for path in [*sorted(NOTEBOOKS.glob("*.ipynb")), COMPARISON_NOTEBOOK]}
STEPS = list(NOTEBOOK_OF)
SHOWING = {"tables": ("table", "passports"), "figures": ("figure", "document"), "values": (
    "value", "counted", "percent", "p", "text", "raw")}  # fmt: skip


def calls_that_keep(step: str) -> list[ast.Call]:
    cells = json.loads(NOTEBOOK_OF[step].read_text())["cells"]
    trees = [ast.parse("".join(cell["source"])) for cell in cells if cell["cell_type"] == "code"]
    calls = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return [
        call for call in calls if isinstance(call.func, ast.Attribute) and call.func.attr in ("keep", "keep_values")
    ]


def test_every_step_has_its_entries():
    assert catalogue.steps() == STEPS


@pytest.mark.parametrize("step", STEPS)
def test_every_result_has_an_entry_and_every_entry_a_result(step):
    kept = calls_that_keep(step)
    values = [word.arg for call in kept if call.func.attr == "keep_values" for word in call.keywords]
    pictures = [call.args[0].value for call in kept if call.func.attr == "keep"]
    known = catalogue.entries(step)
    assert len(values) == len(set(values))
    assert sorted(values) == sorted(set(known.values) - BY_FUNCTIONS)
    assert sorted(pictures) == sorted([*known.tables, *(set(known.figures) - BY_FUNCTIONS)])


@pytest.mark.parametrize("step", STEPS)
def test_a_page_shows_every_result(step):
    known = catalogue.entries(step)
    book = BOOK / COMPARISON if step == COMPARISON else BOOK
    pages = {path.stem: path.read_text() for path in book.glob("*.md")}
    for kind in catalogue.KINDS:
        for name, entry in getattr(known, kind).items():
            text = pages[entry.page]
            words = "|".join(SHOWING[kind])
            shown = re.search(rf"\b(?:{words})\(\s*[\"']{re.escape(name)}[\"']", text) or name in BY_FUNCTIONS
            shown = shown or SHOWN_BY.get(name, "every_result()") in text
            assert shown, (kind, name, entry.page)


def test_names_are_the_step_s_alone():
    for kind in catalogue.KINDS:
        names = [name for step in STEPS for name in getattr(catalogue.entries(step), kind)]
        assert len(names) == len(set(names))
