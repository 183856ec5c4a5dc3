"""A notebook opened by hand runs where the cohort carries it, and elsewhere says in one sentence why it does not."""

from __future__ import annotations

import json

import pytest
from IPython.core.interactiveshell import InteractiveShell
from made_up_step import prepare, study_for_steps

from compendium.faults import NotYet
from compendium.outputs import sections

CELLS = [
    ("parameters", ["parameters"], ""),
    ("open", [], "step = open_step('07_rater_agreement', cohort=cohort, results=results)"),
    ("peers", ["requires:peers"], "n = len(step.prepared.peer_scores)"),
    ("teams", ["requires:teams"], "n = len(step.prepared.people['team'])"),
    ("others", ["lacks:peers"], "n = 'nobody rated anybody'"),
    ("gate", ["requires:gate_item_rule"], "n = 'supported'"),
    ("both", ["requires:gate_item_rule", "requires:teams"], "n = 'supported, in teams'"),
]


@pytest.fixture
def study(tmp_path, monkeypatch):
    monkeypatch.setattr(sections, "NOTEBOOKS", tmp_path / "notebooks")
    (tmp_path / "notebooks").mkdir()
    cells = [
        {"cell_type": "code", "id": name, "metadata": {"tags": tags}, "source": [source]}
        for name, tags, source in CELLS
    ]
    (tmp_path / "notebooks" / "07_rater_agreement.ipynb").write_text(json.dumps({"cells": cells}))
    return study_for_steps(tmp_path, monkeypatch)


@pytest.fixture
def shell(study):
    opened = InteractiveShell()
    opened.user_ns |= {"cohort": str(study.folder), "results": str(study.root / "results")}
    opened.run_cell("from compendium.outputs.step import open_step")
    return opened


def ran(
    shell: InteractiveShell, name: str, capsys: pytest.CaptureFixture[str], *, by: str = "id"
) -> tuple[object, str]:
    """Run a cell by hand; return what it set, and what was printed."""
    shell.user_ns.pop("n", None)
    source = next(text for cell, _, text in CELLS if cell == name)
    result = shell.run_cell(source, cell_id=name if by == "id" else None)
    assert result.success
    return shell.user_ns.get("n"), capsys.readouterr().out.strip()


@pytest.mark.parametrize("by", ["id", "source"])
def test_each_cell_runs_or_says_why_not(study, shell, capsys, monkeypatch, by):
    prepare(study)
    monkeypatch.setattr("IPython.get_ipython", lambda: shell)
    ran(shell, "open", capsys)
    assert ran(shell, "peers", capsys, by=by) == (40, "")
    assert ran(shell, "teams", capsys, by=by) == (None, "Teams: not collected in this cohort.")
    assert ran(shell, "others", capsys, by=by) == (None, "")
    assert ran(shell, "peers", capsys, by=by) == (40, "")


def test_notebook_opened_before_the_step_it_needs_says_which_to_run(study, shell, capsys, monkeypatch):
    study.write()
    monkeypatch.setattr("IPython.get_ipython", lambda: shell)
    ran(shell, "open", capsys)
    assert ran(shell, "gate", capsys) == (
        None,
        "Run 03_cohort_quality first: its tables are not there for cohort pilot.",
    )
    assert ran(shell, "both", capsys) == (None, "Teams: not collected in this cohort.")
    result = shell.run_cell("n = step.prepared.peer_scores", cell_id="elsewhere")
    assert isinstance(result.error_in_exec, NotYet)
    assert result.error_in_exec._render_traceback_() == [
        "Run 04_item_analysis first: its tables are not there for cohort pilot."
    ]
