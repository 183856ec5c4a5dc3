"""Sections of a notebook that a cohort does not carry: each says why instead, in the pipeline and by hand."""

from __future__ import annotations

import ast
import json
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

from compendium.faults import InvalidInput, NotYet
from compendium.paths import COMPARISON, COMPARISON_NOTEBOOK, NOTEBOOKS
from compendium.study import COMPARABLE, Study

REQUIRES, LACKS, ALWAYS, PARAMETERS = "requires:", "lacks:", "always", "parameters"
# Requirements that only a step which was run can answer.
ASKS_A_STEP = (f"{REQUIRES}gate_", f"{REQUIRES}{COMPARABLE}")
# Steps about what people answered: of too few people they show nothing, and only say so.
ABOUT_ANSWERS = (
    "04_item_analysis",
    "05_factor_structure",
    "06_invariance",
    "07_rater_agreement",
    "08_outcome_associations",
    "09_feedback",
    "10_planning",
    "11_change",
)
# Steps about the people's own answers: without them they have nothing to ask and only say so.
ABOUT_SELF_RATINGS = ("04_item_analysis", "06_invariance")


def nothing_to_ask(name: str, study: Study) -> str | None:
    """Say why a whole step does not apply to this cohort, or return None."""
    if name in ABOUT_ANSWERS and study.too_few is not None:
        return study.too_few
    if name == "11_change":
        return study.lacks("waves")
    return study.lacks("self_ratings") if name in ABOUT_SELF_RATINGS else None


def why_not(tags: Sequence[str], study: Study) -> str | None:
    """Say why a cell with these tags does not run in this cohort, or return None when it does.

    An empty text stands for a cell that is meant for other cohorts and leaves no trace. What was not collected comes
    before what an earlier step has to say: no step that is run first would change it.
    """
    for tag in sorted(tags, key=lambda tag: tag.startswith(ASKS_A_STEP)):
        if tag.startswith(REQUIRES):
            reason = study.lacks(tag.removeprefix(REQUIRES))
            if reason is not None:
                return reason
        elif tag.startswith(LACKS) and study.lacks(tag.removeprefix(LACKS)) is None:
            return ""
    return None


class OpenNotebook:
    """The notebook that a person, or the pipeline, runs cell by cell.

    It knows the cell that is running, and keeps a cell whose section the cohort does not carry from running: the reason
    is printed in its place. Nothing happens outside a notebook.
    """

    def __init__(self, name: str, study: Study) -> None:
        self.name, self.study = name, study
        self.cell: str | None = None
        # Names in the expression of each kept result, and of each name that a cell assigns.
        self.written: dict[str, frozenset[str]] = {}
        self.assigned: dict[str, frozenset[str]] = {}
        self._instead: str | None = None
        # Names that a cell did not assign, with the reason; later cells that need them say the same.
        self._lacking: dict[str, str] = {}
        self.after: Callable[..., None] = lambda *_: None

    def follow(self, after: Callable[..., None]) -> None:
        """Register for every cell before it runs, in place of the notebook followed before.

        Parameters
        ----------
        after
            Called when a cell has run.
        """
        import sys

        if "IPython" not in sys.modules:
            return
        from IPython import get_ipython

        shell = get_ipython()
        if shell is None:
            return
        for other in [each for each in shell.ast_transformers if isinstance(each, OpenNotebook)]:
            shell.ast_transformers.remove(other)
            shell.events.unregister("pre_run_cell", other.before)
            shell.events.unregister("post_run_cell", other.after)
        shell.ast_transformers.append(self)
        shell.events.register("pre_run_cell", self.before)

        def finished(result: Any) -> None:
            if isinstance(getattr(result, "error_in_exec", None), NotYet):
                missed = _assigned(ast.parse(shell.transform_cell(result.info.raw_cell))) - set(shell.user_ns)
                self._lacking |= dict.fromkeys(missed, result.error_in_exec.report())
            after(result)

        self.after = finished
        shell.events.register("post_run_cell", self.after)

    def before(self, info: Any) -> None:
        """Find the cell that is about to run, and whether this cohort has what it needs."""
        self.cell = self._found(getattr(info, "cell_id", None), info.raw_cell)
        self._instead = self._reason(self._tags.get(self.cell or "", []))

    def visit(self, tree: ast.Module) -> ast.Module:
        """Replace a cell that does not run by the reason; record the sources of the names of one that does."""
        if self._instead is None:
            used = _loaded(tree)
            self._instead = next((why for name, why in self._lacking.items() if name in used), None)
        if self._instead is None:
            self._note_names(tree)
            self._lacking = {name: why for name, why in self._lacking.items() if name not in _assigned(tree)}
            return tree
        if self._instead:
            self._lacking |= dict.fromkeys(_assigned(tree) - set(self.assigned), self._instead)
        return ast.parse(f"print({self._instead!r})" if self._instead else "")

    def run(self, source: str, namespace: dict[str, Any]) -> None:
        """Run the source of a cell as a notebook would, for callers without one."""
        tree = ast.parse(source)
        self.cell = self._found(None, source)
        self._note_names(tree)
        exec(compile(tree, self.name, "exec"), namespace)

    def _note_names(self, tree: ast.Module) -> None:
        """Note the names in each assignment and in each call that keeps results."""
        for node in ast.walk(tree):
            if isinstance(node, ast.Assign):
                for name in {name for target in node.targets for name in _names(target)}:
                    # ``means = means.reindex(...)``: what it was made from before counts on.
                    before = self.assigned.get(name, frozenset())
                    self.assigned[name] = _names(node.value) | (before if name in _names(node.value) else frozenset())
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                if node.func.attr == "keep" and len(node.args) > 1 and isinstance(node.args[0], ast.Constant):
                    self.written[str(node.args[0].value)] = _names(node.args[1])
                elif node.func.attr == "keep_values":
                    self.written |= {str(word.arg): _names(word.value) for word in node.keywords}

    def _reason(self, tags: list[str]) -> str | None:
        """Say why a cell does not run, or what to run first."""
        if self.cell is None or PARAMETERS in tags:
            return None
        try:
            whole = None if ALWAYS in tags else nothing_to_ask(self.name, self.study)
            return whole or why_not(tags, self.study)
        except InvalidInput as error:
            return error.report()

    def _found(self, cell_id: str | None, source: str) -> str | None:
        """Return the id of a cell: as the front end says, or that of the cell with this source."""
        return cell_id if cell_id in self._tags else self._sources.get(source.strip())

    @cached_property
    def _cells(self) -> list[dict[str, Any]]:
        """The code cells of the notebook as it is saved."""
        path = NOTEBOOKS / f"{self.name}.ipynb"
        path = COMPARISON_NOTEBOOK if self.name == COMPARISON else path
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"] if path.is_file() else []
        return [cell for cell in cells if cell["cell_type"] == "code"]

    @cached_property
    def _tags(self) -> dict[str, list[str]]:
        """The tags of each cell."""
        return {cell["id"]: cell["metadata"].get("tags", []) for cell in self._cells}

    @cached_property
    def _sources(self) -> dict[str, str]:
        """The id of the cell with each source."""
        return {"".join(cell["source"]).strip(): cell["id"] for cell in self._cells}


def _loaded(tree: ast.AST) -> frozenset[str]:
    """Return every name whose value code uses."""
    names = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
    return frozenset(node.id for node in names if isinstance(node.ctx, ast.Load))


def _assigned(tree: ast.AST) -> frozenset[str]:
    """Return every name that code assigns."""
    targets = [target for node in ast.walk(tree) if isinstance(node, ast.Assign) for target in node.targets]
    return frozenset(name.id for target in targets for name in ast.walk(target) if isinstance(name, ast.Name))


def _names(expression: ast.AST) -> frozenset[str]:
    """Return every name and attribute in an expression."""
    names = {node.id for node in ast.walk(expression) if isinstance(node, ast.Name)}
    return frozenset(names | {node.attr for node in ast.walk(expression) if isinstance(node, ast.Attribute)})
