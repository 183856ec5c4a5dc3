"""Run one notebook of the study for one cohort: strict parameters, progress, no half-finished target."""

from __future__ import annotations

import ast
import copy
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import nbformat
from rich.console import Console

from compendium.children import CAN_FORK
from compendium.faults import Fault, InvalidInput, display_path, raise_if_any, suggest
from compendium.files import write_bytes, write_text
from compendium.outputs.runs import forget_run
from compendium.outputs.saving import forget_step
from compendium.outputs.sections import ALWAYS, nothing_to_ask, why_not
from compendium.outputs.step import Step, open_step

# Person-level folders that a section fills and keeps up to date itself, with what the section requires.
PRIVATE_OF_SECTIONS = {
    "09_feedback": (("self_ratings", "reports"), ("feedback", "reports"), ("teams", "reports/teams")),
}
console = Console(stderr=True, highlight=False)


class NotebookFailed(Exception):  # noqa: N818 - reported to the user in words
    """A cell of a notebook raised an error."""


def run_notebook(notebook: Path, parameters: dict[str, Any]) -> Path:
    """Execute a notebook and write the executed copy below the cohort's results.

    Parameters
    ----------
    notebook
        Path of the source notebook, which has one cell tagged ``parameters``.
    parameters
        Values for that cell; every name must occur there.

    Returns
    -------
    Path
        The executed notebook: written under its final name only when every cell ran.

    Raises
    ------
    InvalidInput
        When the notebook is missing or a parameter is unknown.
    NotebookFailed
        When a cell fails; the executed part is kept as ``<name>.failed.ipynb`` in the private folder.
    """
    _check_parameters(notebook, _read(notebook), parameters)
    step = open_step(notebook.stem, **parameters)
    parameters_cell = f'cohort = "{step.settings.id}"  # where its files lie on this machine is not recorded'
    return run_opened(step, notebook, parameters, parameters_cell)


def run_opened(step: Step, notebook: Path, parameters: dict[str, Any], parameters_cell: str) -> Path:
    """Execute the notebook of an open step, as :func:`run_notebook` does.

    Parameters
    ----------
    parameters_cell
        What the executed copy says in place of the parameters.
    """
    source = _read(notebook)
    _check_parameters(notebook, source, parameters)
    target = step.folders.notebooks / notebook.name
    failed = step.folders.private / notebook.with_suffix(".failed.ipynb").name
    for stale in (target, failed):
        stale.unlink(missing_ok=True)
    # A step that saves nothing this time, since its data are no longer collected, must not leave its old results.
    forget_step(step.folders, step.name)
    forget_run(step.folders, step.name)
    _remove_dropped(step)
    target.parent.mkdir(parents=True, exist_ok=True)
    executed, error = _execute(_adapted(source, step), parameters, step)
    step.note_reading()
    content = nbformat.writes(_stripped(executed, parameters_cell)) + "\n"
    if error:
        # What went wrong may quote people: it is kept where only the owner of the results reads it.
        failed.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_bytes(failed, content.encode(), mode=0o600)
        raise NotebookFailed(f"{error}\nThe executed part is kept in {display_path(failed)}.")
    write_text(target, content)
    return target


def _remove_dropped(step: Step) -> None:
    """Remove the person-level files of sections that this cohort no longer has, such as reports of teams."""
    for requirement, folder in PRIVATE_OF_SECTIONS.get(step.name, ()):
        if step.lacks(requirement) is not None:
            shutil.rmtree(step.folders.private / folder, ignore_errors=True)


def _read(notebook: Path) -> nbformat.NotebookNode:
    """Read a notebook or say that it is missing."""
    if not notebook.is_file():
        raise InvalidInput([Fault(display_path(notebook), "the notebook is missing", "mend its name")])
    content: nbformat.NotebookNode = nbformat.read(notebook, as_version=4)
    return content


def _check_parameters(notebook: Path, source: nbformat.NotebookNode, parameters: dict[str, Any]) -> None:
    """Refuse a parameter that the parameters cell does not name."""
    cells = [cell for cell in source.cells if "parameters" in cell.metadata.get("tags", [])]
    if len(cells) != 1:
        problem = "needs exactly one cell tagged 'parameters'"
        raise InvalidInput([Fault(display_path(notebook), problem, "tag the cell that sets the parameters")])
    known = _assigned(notebook, cells[0].source)
    raise_if_any(
        [
            Fault(display_path(notebook), "unknown parameter", suggest(name, known), column=name)
            for name in parameters
            if name not in known
        ]
    )


def _assigned(notebook: Path, source: str) -> list[str]:
    """Return the names that the parameters cell sets."""
    try:
        tree = ast.parse(source)
    except SyntaxError as error:
        problem = f"the parameters cell is not valid Python: {error.msg}"
        raise InvalidInput([Fault(display_path(notebook), problem, "mend the cell")]) from error
    assigned = [node for node in tree.body if isinstance(node, ast.Assign)]
    return [target.id for node in assigned for target in node.targets if isinstance(target, ast.Name)]


def _adapted(source: nbformat.NotebookNode, step: Step) -> nbformat.NotebookNode:
    """Replace every section whose requirement the cohort does not meet by one sentence."""
    adapted = copy.deepcopy(source)
    why = nothing_to_ask(step.name, step)
    if why is not None:
        return _without_questions(adapted, why)
    cells: list[nbformat.NotebookNode] = []
    told: str | None = None
    for cell in adapted.cells:
        missing = why_not(cell.metadata.get("tags", []), step)
        if missing is None:
            cells.append(cell)
        elif missing and missing != told:
            note = nbformat.v4.new_markdown_cell(f"*{missing}*")
            note["id"] = cell["id"]
            cells.append(note)
        told = missing
    adapted.cells = cells
    return adapted


def _without_questions(notebook: nbformat.NotebookNode, why: str) -> nbformat.NotebookNode:
    """Keep only the title, the parameters and the cells that always run of a step that does not apply, and say why."""
    place = next(number for number, cell in enumerate(notebook.cells) if "parameters" in cell.metadata.get("tags", []))
    note = nbformat.v4.new_markdown_cell(f"*{why}*")
    note["id"] = "nothing-to-ask"
    always = [cell for cell in notebook.cells[place + 1 :] if ALWAYS in cell.metadata.get("tags", [])]
    notebook.cells = [*notebook.cells[: place + 1], note, *always]
    return notebook


def _execute(
    notebook: nbformat.NotebookNode, parameters: dict[str, Any], step: Step
) -> tuple[nbformat.NotebookNode, str | None]:
    """Execute with papermill in a temporary folder; return the outcome and the error in words, if any."""
    import papermill
    from nbclient.exceptions import DeadKernelError
    from traitlets.config import Config

    from compendium.paths import PROJECT

    with _waiting_kernel() as kernel, tempfile.TemporaryDirectory() as scratch:
        source, done = Path(scratch) / f"{step.name}.ipynb", Path(scratch) / "executed.ipynb"
        nbformat.write(notebook, source)
        console.print(f"[bold]{step.name}[/bold] for cohort {step.settings.id}")
        try:
            papermill.execute_notebook(
                source,
                done,
                parameters=parameters,
                kernel_name="python3",
                language="python",
                cwd=str(PROJECT),
                progress_bar=console.is_terminal,
                log_output=False,
                # Sockets in a private folder instead of network ports: nobody else on the machine can listen.
                # ... and the kernel stays silent when it is told to stop.
                extra_arguments=["--IPKernelApp.log_level=50"],
                config=Config(KernelManager=_transport(Path(scratch))),
                **kernel,
            )
        except papermill.PapermillExecutionError as error:
            # The count that the kept copy shows: cells are replaced and added on the way, so that places differ.
            cell = f"cell [{error.exec_count}] {error.source.strip().splitlines()[0]!r}"
            cause = f"{step.name}, {cell}: {error.ename}: {error.evalue}"
            return nbformat.read(done, as_version=4), cause
        except DeadKernelError:
            # papermill writes the outcome after every cell; the cell that died is the one without a result.
            return nbformat.read(done, as_version=4), f"{step.name}: the kernel died: stopped, or for want of memory"
        return nbformat.read(done, as_version=4), None


@contextmanager
def _waiting_kernel() -> Iterator[dict[str, Any]]:
    """Lend what lets papermill use a kernel forked from this process, where processes can be forked."""
    if not CAN_FORK:
        yield {}
        return
    from compendium.run.kernels import Kernel, manager_of

    with Kernel() as kernel:
        yield {"kernel_manager_class": manager_of(kernel)}


def _transport(scratch: Path) -> dict[str, str]:
    """Return how the kernel is spoken to; Windows has no sockets in files."""
    return {"transport": "tcp"} if os.name == "nt" else {"transport": "ipc", "ip": str(scratch / "kernel")}


def _stripped(notebook: nbformat.NotebookNode, parameters_cell: str) -> nbformat.NotebookNode:
    """Drop run-time metadata and local paths, so that the same input gives the same file anywhere."""
    language = notebook.metadata.get("language_info", {}).get("name", "python")
    notebook.metadata = nbformat.from_dict(
        {
            "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
            "language_info": {"name": language},
        }
    )
    for cell in notebook.cells:
        if "injected-parameters" in cell.metadata.get("tags", []):
            cell["id"] = "injected-parameters"
            cell.source = parameters_cell
        cell.metadata = nbformat.from_dict({"tags": cell.metadata["tags"]} if cell.metadata.get("tags") else {})
        for output in cell.get("outputs", []):
            output.pop("metadata", None) if output["output_type"] == "stream" else None
    return notebook
