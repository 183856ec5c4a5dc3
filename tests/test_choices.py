"""Every choice stands in the plan with its source: no number of the study hides in a step."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from compendium.paths import PROJECT

STEPS = sorted((PROJECT / "src" / "compendium" / "steps").rglob("*.py"))
# Numbers that choose nothing: places, halves of a pair, ends of a scale of shares.
PLAIN = {0, 1, 2, -1}


def named_with_a_reason(tree: ast.Module, lines: list[str]) -> set[int]:
    """Return the lines of constants in capitals that a comment right above explains."""
    explained: set[int] = set()
    for node in tree.body:
        if isinstance(node, (ast.Assign, ast.AnnAssign)) and lines[node.lineno - 2].startswith("#"):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names = [name.id for target in targets for name in ast.walk(target) if isinstance(name, ast.Name)]
            if all(name.isupper() for name in names):
                explained |= set(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    return explained


def hidden_choices(path: Path) -> list[str]:
    """Return the numbers of a file that are neither plain nor named with a reason."""
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text)
    explained = named_with_a_reason(tree, text.splitlines())
    return [
        f"line {node.lineno}: {node.value!r}"
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, (int, float))
        and not isinstance(node.value, bool)
        and node.value not in PLAIN
        and node.lineno not in explained
    ]


@pytest.mark.parametrize("path", STEPS, ids=lambda path: str(path.relative_to(PROJECT / "src" / "compendium")))
def test_no_choice_hides_in_a_step(path: Path) -> None:
    assert hidden_choices(path) == []
