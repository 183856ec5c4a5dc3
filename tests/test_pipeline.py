"""A notebook runs whole or leaves its failure in sight; the same input gives the same executed copy."""

from __future__ import annotations

import errno
import json
import multiprocessing
from pathlib import Path

import nbformat
import pytest
from made_up_step import open_small, study_for_steps
from small_study import SmallStudy

from compendium.faults import InvalidInput
from compendium.outputs.saving import Origin, Results, read_values
from compendium.run.notebooks import NotebookFailed, _adapted, _stripped, run_notebook

PARAMETERS = 'cohort = "demo"\ndata = ""\nresults = "results"'
SOUND = [
    "import sys\nprint(cohort)\nprint('aside', file=sys.stderr)",
    "import pandas as pd\npd.DataFrame({'x': [1, 2]})",
]


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SmallStudy:
    monkeypatch.setattr("compendium.paths.PROJECT", tmp_path / "project")
    (tmp_path / "project").mkdir()
    return study_for_steps(tmp_path, monkeypatch)


def code(text: str, *tags: str) -> nbformat.NotebookNode:
    return nbformat.v4.new_code_cell(text, metadata={"tags": list(tags)} if tags else {})


def words(text: str, *tags: str) -> nbformat.NotebookNode:
    return nbformat.v4.new_markdown_cell(text, metadata={"tags": list(tags)} if tags else {})


def notebook(folder: Path, *cells: nbformat.NotebookNode | str, parameters: str | None = PARAMETERS) -> Path:
    first = [] if parameters is None else [code(parameters, "parameters")]
    rest = [code(cell) if isinstance(cell, str) else cell for cell in cells]
    path = folder / "07_rater_agreement.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[words("# Title"), *first, *rest]), path)
    return path


def given(study: SmallStudy, **more: str) -> dict[str, str]:
    return {"cohort": str(study.folder), "data": "", "results": str(study.root / "results"), **more}


def refusal(path: Path, parameters: dict[str, str]) -> str:
    with pytest.raises(InvalidInput) as caught:
        run_notebook(path, parameters)
    return caught.value.report()


# Refused before anything runs


def test_unknown_parameter_is_refused_with_the_one_it_looks_like(study, tmp_path):
    report = refusal(notebook(tmp_path), given(study, chort="x"))
    assert "column 'chort': unknown parameter" in report
    assert "did you mean 'cohort'?" in report
    assert not (tmp_path / "results").exists()


def test_unknown_parameter_without_a_likeness_is_refused_with_what_is_known(study, tmp_path):
    assert "known: cohort, data, results" in refusal(notebook(tmp_path), given(study, zzz="x"))


def test_every_unknown_parameter_is_named(study, tmp_path):
    report = refusal(notebook(tmp_path), given(study, chort="x", resluts="y"))
    assert "2 faults" in report
    assert "did you mean 'results'?" in report


def test_notebook_without_a_parameters_cell_is_refused(study, tmp_path):
    report = refusal(notebook(tmp_path, "1 + 1", parameters=None), given(study))
    assert "needs exactly one cell tagged 'parameters'" in report


def test_notebook_with_two_parameters_cells_is_refused(study, tmp_path):
    report = refusal(notebook(tmp_path, code(PARAMETERS, "parameters")), given(study))
    assert "needs exactly one cell tagged 'parameters'" in report


def test_parameters_cell_that_is_not_python_is_refused(study, tmp_path):
    report = refusal(notebook(tmp_path, parameters="cohort = ("), given(study))
    assert "the parameters cell is not valid Python" in report


def test_missing_notebook_is_refused(study, tmp_path):
    assert "the notebook is missing" in refusal(tmp_path / "10_nothing.ipynb", given(study))


# Sections that a cohort does not carry


def adapted(study: SmallStudy, *cells: nbformat.NotebookNode) -> list[str]:
    step = open_small(study, "07_rater_agreement")
    return [cell.source for cell in _adapted(nbformat.v4.new_notebook(cells=list(cells)), step).cells]


def test_section_that_is_not_collected_becomes_one_sentence(study):
    cells = [words("## Teams", "requires:teams"), code("teams()", "requires:teams"), words("## Peers"), code("peers()")]
    assert adapted(study, *cells) == ["*Teams: not collected in this cohort.*", "## Peers", "peers()"]


def test_sections_that_lack_different_things_each_say_so(study):
    cells = [words("a", "requires:teams"), code("b", "requires:occupation"), code("c", "requires:teams")]
    assert adapted(study, *cells) == [
        "*Teams: not collected in this cohort.*",
        "*Occupation: not collected in this cohort.*",
        "*Teams: not collected in this cohort.*",
    ]


def test_section_stays_where_everything_it_requires_is_there(study):
    assert adapted(study, code("a", "requires:peers", "requires:outcomes")) == ["a"]
    assert adapted(study, code("a", "requires:peers", "requires:teams")) == ["*Teams: not collected in this cohort.*"]


def test_section_for_those_who_lack_something_leaves_no_trace_elsewhere(study):
    assert adapted(study, words("always"), code("instead()", "lacks:peers")) == ["always"]
    assert adapted(study, words("always"), code("instead()", "lacks:teams")) == ["always", "instead()"]


def test_closed_gate_becomes_a_sentence_with_what_it_would_need(study):
    said = "*Careless: not supported at n = 6 items, would need 24.*"
    assert adapted(study, words("## Careless", "requires:gate_careless")) == [said]


def test_misspelt_tag_stops_the_run(study, tmp_path):
    path = notebook(tmp_path, code("peers()", "requires:peer"))
    assert "did you mean 'peers'?" in refusal(path, given(study))


def test_source_notebook_is_not_changed_by_adapting(study):
    source = nbformat.v4.new_notebook(cells=[words("## Teams", "requires:teams")])
    _adapted(source, open_small(study, "07_rater_agreement"))
    assert source.cells[0].source == "## Teams"


# Run-time metadata


def test_stripped_copy_holds_no_runtime_metadata():
    cell = code("1", "parameters")
    cell.metadata["papermill"] = {"duration": 1.5, "start_time": "2026-01-01"}
    cell.metadata["execution"] = {"iopub.execute_input": "2026-01-01"}
    source = nbformat.v4.new_notebook(
        cells=[cell], metadata={"papermill": {"duration": 2}, "language_info": {"name": "python", "version": "3.11.2"}}
    )
    text = nbformat.writes(_stripped(source, "demo"))
    assert "2026" not in text
    assert "3.11.2" not in text
    assert "papermill" not in text
    assert json.loads(text)["cells"][0]["metadata"] == {"tags": ["parameters"]}


# Execution


@pytest.mark.slow
def test_two_runs_give_identical_bytes_and_leave_nothing_in_the_working_folder(study, tmp_path, monkeypatch):
    path = notebook(tmp_path, *SOUND, code("print('inside')", "requires:peers"))
    before = path.read_bytes()
    target = run_notebook(path, given(study))
    first = target.read_bytes()
    assert target == tmp_path / "results" / "pilot" / "notebooks" / path.name
    monkeypatch.setattr("compendium.run.notebooks.CAN_FORK", False)  # a kernel that is started anew
    assert run_notebook(path, given(study)).read_bytes() == first
    cells = json.loads(first)["cells"]
    assert not [cell for cell in cells if set(cell["metadata"]) - {"tags"}]
    assert str(study.folder) in json.dumps([cell.get("outputs") for cell in cells])
    assert list((tmp_path / "project").iterdir()) == []
    assert [each.name for each in target.parent.iterdir()] == [path.name]
    assert path.read_bytes() == before


@pytest.mark.slow
def test_failing_cell_leaves_no_target_and_is_told_with_notebook_cell_and_cause(study, tmp_path):
    path = notebook(tmp_path, "print('reached')", "raise ValueError('no such column')", "print('not reached')")
    folder = tmp_path / "results" / "pilot" / "notebooks"
    folder.mkdir(parents=True)
    (folder / path.name).write_text("from an earlier run")
    with pytest.raises(NotebookFailed) as caught:
        run_notebook(path, given(study))
    failed = folder.parent / "private" / "07_rater_agreement.failed.ipynb"
    assert not list(folder.iterdir())
    assert failed.stat().st_mode & 0o777 == 0o600
    told = str(caught.value)
    count = _count_of(failed, "raise ValueError('no such column')")
    cell = f"07_rater_agreement, cell [{count}] \"raise ValueError('no such column')\""
    assert told.startswith(f"{cell}: ValueError: no such column")
    assert failed.name in told
    outputs = json.dumps([cell.get("outputs") for cell in json.loads(failed.read_text())["cells"]])
    assert "reached" in outputs
    assert "not reached" not in outputs


def _count_of(path: Path, source: str) -> int:
    cells = nbformat.read(path, as_version=4).cells
    return next(int(cell.execution_count) for cell in cells if cell.source == source)


@pytest.mark.parametrize(
    "place", ["compendium.run.notebooks.console.print", "nbformat.write", "papermill.execute_notebook"]
)
def test_run_that_fails_before_its_kernel_begins_leaves_no_kernel_to_wait_for(study, tmp_path, monkeypatch, place):
    path = notebook(tmp_path, "1")
    before = set(multiprocessing.active_children())
    waited_for: list[set[object]] = []

    def fail(*_: object, **__: object) -> None:
        waited_for.append(set(multiprocessing.active_children()) - before)
        raise OSError(errno.ENOSPC, "no space left")

    monkeypatch.setattr(place, fail)
    with pytest.raises(OSError, match="no space left"):
        run_notebook(path, given(study))
    assert [len(kernels) for kernels in waited_for] == [1]
    assert set(multiprocessing.active_children()) == before


@pytest.mark.slow
def test_kernel_that_dies_is_told_as_a_failure(study, tmp_path):
    path = notebook(tmp_path, "import os\nos._exit(1)")
    with pytest.raises(NotebookFailed, match="07_rater_agreement: the kernel died"):
        run_notebook(path, given(study))
    folder = tmp_path / "results" / "pilot" / "notebooks"
    assert not list(folder.iterdir())
    assert (folder.parent / "private" / "07_rater_agreement.failed.ipynb").is_file()


def test_step_that_saves_nothing_this_time_leaves_none_of_its_old_results(study, tmp_path, monkeypatch):
    step = open_small(study, "07_rater_agreement")
    step.results.value("icc1_mean", 0.2, origin=Origin("by.hand"))
    other = Results(step.folders, "08_outcome_associations")
    other.value("mean_rho", 0.3, origin=Origin("by.hand"))
    path = notebook(tmp_path, code("peers()", "requires:teams"))
    monkeypatch.setattr("compendium.run.notebooks._execute", lambda source, *_: (source, None))
    run_notebook(path, given(study))
    assert list(read_values(step.folders)) == ["mean_rho"]


def test_failure_of_an_earlier_run_is_cleared_away(study, tmp_path, monkeypatch):
    path = notebook(tmp_path, "1")
    monkeypatch.setattr("compendium.run.notebooks._execute", lambda source, *_: (source, "cell 2: ValueError: x"))
    with pytest.raises(NotebookFailed):
        run_notebook(path, given(study))
    monkeypatch.setattr("compendium.run.notebooks._execute", lambda source, *_: (source, None))
    target = run_notebook(path, given(study))
    assert [each.name for each in target.parent.iterdir()] == [path.name]
