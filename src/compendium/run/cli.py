"""The command line: everything the Makefile calls, and what a researcher calls by hand."""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from compendium.children import Stopped, stop_at_signals
from compendium.faults import EXIT_STATUS, Fault, InvalidInput, raise_if_any, suggest
from compendium.paths import ResultFolders
from compendium.run import cohort_commands, planning_command, survey_commands
from compendium.run.lock import HELD_BY, Unwritable

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)
survey_commands.register(app)
cohort_commands.register(app)
planning_command.register(app)

# A full disk, a full quota, a disk or a folder that may only be read.
UNWRITABLE = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES)
WHICH = "A folder under data/cohorts, or the path of a cohort folder."
WHERE = "Folder of the response files, when not beside cohort.yaml."
CohortOption = Annotated[str, typer.Option(envvar="COHORT", help=WHICH)]
CohortArgument = Annotated[str, typer.Argument(envvar="COHORT", help=WHICH)]
DataOption = Annotated[str, typer.Option(envvar="DATA", help=WHERE)]
ResultsOption = Annotated[str, typer.Option(envvar="RESULTS", help="Folder below which the cohort's results go.")]

FrameworkOption = Annotated[
    str, typer.Option(help="A folder under data/frameworks, or the path of a framework folder.")
]


def main() -> None:
    """Run the command line; bad input prints one report and exits with status 2, a signal one sentence."""
    stop_at_signals()
    try:
        app(standalone_mode=True)
    except Stopped as stopped:
        typer.echo(str(stopped), err=True)
        sys.exit(stopped.status)
    except InvalidInput as error:
        typer.echo(error.report(), err=True)
        sys.exit(EXIT_STATUS)
    except OSError as error:
        if error.errno not in UNWRITABLE:
            raise
        typer.echo(Unwritable(error, Path(error.filename or "the disk")).report(), err=True)
        sys.exit(EXIT_STATUS)


def _echo_error(said: str) -> None:
    """Say something beside what a command is asked for."""
    typer.echo(said, err=True)


@app.command("all")
def run_all(
    cohort: CohortArgument = "demo",
    data: DataOption = "",
    results: ResultsOption = "results",
    until: Annotated[str, typer.Option(help="The last job that is wanted: a step, index or book.")] = "book",
    parallel: Annotated[
        int, typer.Option("--parallel", "-j", help="How many jobs run side by side; one a worker unless said.")
    ] = 0,
) -> None:
    """Run the study for a cohort, from raw responses to the book; what is up to date is left alone."""
    from compendium.run.unchanged import Watch, made_before

    made = made_before(cohort, data, results, until)
    if made is not None:
        typer.echo(f"Nothing has changed. {'The book' if until == 'book' else until}: {made}")
        return
    from compendium.run.graph import Place, targets_of
    from compendium.run.graph import run as run_graph
    from compendium.run.lock import only_run
    from compendium.study.workers import number_of_workers, watched

    place, parallel = Place(cohort, data, results), parallel or number_of_workers()
    targets = targets_of(place)
    if until not in targets:
        from compendium.faults import suggest

        raise InvalidInput([Fault("--until", "there is no such job", suggest(until, targets), value=until)])
    with watched(_echo_error), only_run(place.root):
        watch = Watch(place, until)
        status = run_graph(place, until=until, parallel=parallel)
        made = targets[until]
        if not status and made is not None:
            watch.ended_well(made)
    if status:
        sys.exit(status)
    typer.echo(f"{'The book' if until == 'book' else until}: {made or 'done'}")


@app.command()
def many(
    cohorts: Annotated[
        list[str], typer.Argument(envvar="COHORTS", help="Cohorts under data/cohorts, or paths of cohort folders.")
    ],
    results: ResultsOption = "results",
    until: Annotated[str, typer.Option(help="The last job that is wanted of each cohort.")] = "book",
) -> None:
    """Run the study for many cohorts, several at once; a failure does not stop the others."""
    from compendium.run.many import as_text, build_many
    from compendium.study.workers import watched

    with watched(_echo_error):
        built = build_many(cohorts, results, until)
    typer.echo(as_text(built))
    sys.exit(max(each.status for each in built))


@app.command()
def run(
    notebook: Path, cohort: CohortOption = "demo", data: DataOption = "", results: ResultsOption = "results"
) -> None:
    """Execute one notebook for one cohort."""
    from compendium.paths import cohort_folder
    from compendium.run.graph import Place
    from compendium.run.lock import lock_of, only_run
    from compendium.run.notebooks import NotebookFailed, run_notebook
    from compendium.study import validate as require_sound
    from compendium.study.workers import watched

    root, folder = Place(cohort, data, results).root, cohort_folder(cohort)
    try:
        # A step of a graph runs under the lock, and after the validation, of the run that started it.
        holder = lock_of(root)
        if holder is not None and holder == os.environ.get(HELD_BY):
            run_notebook(notebook, {"cohort": cohort, "data": data, "results": results})
        else:
            require_sound(folder, Path(data).resolve() if data else folder)
            with watched(_echo_error), only_run(root):
                run_notebook(notebook, {"cohort": cohort, "data": data, "results": results})
    except NotebookFailed as error:
        typer.echo(f"FAILED {error}", err=True)
        sys.exit(1)


@app.command()
def validate(
    path: CohortArgument = "demo",
    data: DataOption = "",
    tell: Annotated[bool, typer.Option(help="Say what a run will give, too.")] = True,
) -> None:
    """Check a cohort folder: every fault at once, or what a run will give and what not; writes nothing."""
    from compendium.paths import cohort_folder
    from compendium.study import examine_study

    folder = cohort_folder(path)
    found = examine_study(folder, Path(data).resolve() if data else folder)
    raise_if_any(found.faults)
    for warning in found.warnings:
        typer.echo(f"warning: {warning}")
    typer.echo(f"{path}: no faults found")
    if tell:
        from compendium.run.prediction import as_text, predict

        typer.echo(as_text(predict(path, data, found)))


@app.command()
def withdraw(cohort: str, person: str, data: DataOption = "", results: ResultsOption = "results") -> None:
    """Take a person, by id, out of a cohort's files and everything private made of them; plan the run that follows."""
    from compendium.cohort import withdraw as take_out
    from compendium.outputs.release import forget_person
    from compendium.run.lock import only_run
    from compendium.study import open_study

    study = open_study(cohort, data, results)
    with only_run(study.folders.root):
        done = take_out(study.settings, person, study.data, study.folders, study.folder)
        forget_person(study.folders, study.settings, person)
    for file, rows in done.rows.items():
        typer.echo(f"{file}: {rows} row{'' if rows == 1 else 's'} taken out")
    typer.echo(f"{done.private_files} private files removed; the next run makes those of the others again")
    typer.echo(f"steps that run again: {', '.join(done.steps) or 'all'}")
    typer.echo(f"proof: {done.searched} files searched for the id and its pseudonyms, found in {len(done.left)}")
    for path in done.left:
        typer.echo(f"  {path}")
    typer.echo(f"Backups and copies elsewhere are yours to mend. Then run: make all COHORT={cohort}")
    sys.exit(1 if done.left else 0)


@app.command()
def reports(
    cohort: CohortArgument = "demo",
    data: DataOption = "",
    results: ResultsOption = "results",
    person: Annotated[str, typer.Option(envvar="PERSON", help="Id of one person; otherwise everybody's.")] = "",
) -> None:
    """Write feedback reports from the prepared tables: everybody's, the teams', the board's, or one person's."""
    from compendium.report.feedback.batch import open_reports
    from compendium.run.lock import only_run
    from compendium.study import open_study
    from compendium.study.workers import watched

    study = open_study(cohort, data, results)
    closed = study.lacks("feedback") or study.lacks("self_ratings")
    if closed is not None:
        raise InvalidInput([Fault(cohort, closed, "no report is made")])
    with watched(_echo_error), only_run(study.folders.root):
        made = open_reports(study)
        if person:
            for path in made.write_person(person):
                typer.echo(str(path))
            return
        for what, written in made.write_all().items():
            typer.echo(f"{what}: {written.written} written, {written.kept} up to date")
    typer.echo(str(made.folder))


@app.command()
def release(
    cohort: CohortArgument = "demo",
    results: ResultsOption = "results",
    withdrawn: Annotated[int, typer.Option(help="Number of an earlier release that was never given to anybody.")] = 0,
    reason: Annotated[str, typer.Option(help="Why that release does not count.")] = "",
) -> None:
    """Record that the built results are public, as building a book does; or withdraw an earlier release."""
    from compendium.outputs import release as releases
    from compendium.study import open_study

    study = open_study(cohort, results=results)
    if withdrawn or reason:
        releases.set_aside(study.folders, study.settings, withdrawn, reason)
        typer.echo(f"release {withdrawn} is set aside")
        return
    releases.ask(study.folders, study.settings, int(study.plan.disclosure.minimum_group.value))
    number = releases.note(study.folders, study.settings)
    typer.echo(f"noted as release {number}" if number else "a synthetic cohort holds nobody: nothing to note")


@app.command()
def init(folder: Path) -> None:
    """Lay out a compendium in a new folder: plan, notebooks, book, frameworks, demonstration cohort."""
    from compendium.run.layout import lay_out

    typer.echo(f"Go to {lay_out(folder)}, then run: compendium all")


@app.command("new-cohort")
def new_cohort_command(name: str, framework: str = "integrated-care") -> None:
    """Write a commented cohort folder, ready to fill."""
    from compendium.cohort import new_cohort

    typer.echo(f"Fill in {new_cohort(name, framework)}, then run: make all COHORT={name}")


@app.command()
def references(
    files: Annotated[list[Path], typer.Argument(help="Exports of databases, reference managers or screening tools.")],
    as_json: Annotated[
        bool, typer.Option("--json", help="Print records, listed pairs and what is unread as JSON.")
    ] = False,
) -> None:
    """Try exports before they join the review: what is read, what is one work, what a person should look at."""
    import json

    from compendium.review.trial import try_exports

    raise_if_any([Fault(str(path), "no such file", "name an export") for path in files if not path.is_file()])
    trial = try_exports(files)
    typer.echo(json.dumps(trial.as_data(), ensure_ascii=False, indent=1) if as_json else trial.as_text())
    sys.exit(EXIT_STATUS if trial.unread else 0)


@app.command("new-framework")
def new_framework_command(name: str) -> None:
    """Write a commented framework folder that validates, to be replaced by your own."""
    from compendium.framework import new_framework

    typer.echo(f"Replace the example in {new_framework(name)}, then run: compendium new-cohort NAME --framework {name}")


@app.command("screening-file")
def screening_file(
    tool: Annotated[str, typer.Argument(help="rayyan, covidence, asreview or eppi.")],
    stage: Annotated[str, typer.Option(help="A stage of the protocol; the first unless said otherwise.")] = "",
    framework: FrameworkOption = "integrated-care",
    only_open: Annotated[bool, typer.Option(help="Leave out what is settled at this stage.")] = False,
) -> None:
    """Print the records of a review as a file for a screening tool, with the decisions already made."""
    from compendium.review import load_review
    from compendium.review.writers import TOOLS, write_references

    review = load_review(_evidence_of(framework))
    chosen = next((name for name in TOOLS if name == tool), None)
    wanted = stage or review.protocol.stage_ids[0]
    if chosen is None:
        raise InvalidInput([Fault(tool, "not a screening tool known here", suggest(tool, TOOLS))])
    known = review.protocol.stage_ids
    raise_if_any([] if wanted in known else [Fault(wanted, "not a stage of the protocol", suggest(wanted, known))])
    typer.echo(write_references(review, chosen, wanted, only_open), nl=False)


@app.command("new-evidence")
def new_evidence_command(framework: str) -> None:
    """Write the folder of an evidence review into a framework, ready to fill."""
    from compendium.framework import load_framework, locate_framework
    from compendium.review.new import new_evidence

    instrument = load_framework(locate_framework(framework, Path()))
    typer.echo(f"Fill in {new_evidence(instrument)}, beginning with protocol.yaml")


def _evidence_of(framework: str) -> Path:
    """Return the folder of a framework's evidence."""
    from compendium.framework import load_framework, locate_framework

    folder = load_framework(locate_framework(framework, Path())).part("evidence")
    if folder is None:
        raise InvalidInput(
            [Fault(framework, "the framework has no evidence review", "start one: compendium new-evidence")]
        )
    return folder


@app.command("demo-data")
def demo_data() -> None:
    """Write the synthetic cohorts and the synthetic consultation, the same bytes every time."""
    from compendium.consultation import write_synthetic_consultation
    from compendium.framework import load_framework
    from compendium.paths import CONSULTATION
    from compendium.simulate import write_demo_cohorts

    write_demo_cohorts()
    write_synthetic_consultation(CONSULTATION, load_framework("integrated-care"))


@app.command()
def clean(cohort: CohortArgument = "demo", results: ResultsOption = "results") -> None:
    """Remove what was built for a cohort; a folder that holds anything else is left alone."""
    import shutil

    from compendium.faults import display_path
    from compendium.run.graph import RECORD, Place

    root = Place(cohort, results=results).root
    if not root.exists():
        return
    if root.is_symlink() or not (root / RECORD).is_file():
        problem, action = "this folder was not built by the study", "remove it by hand if it is not wanted"
        raise InvalidInput([Fault(display_path(root), problem, action)])
    shutil.rmtree(root)


@app.command()
def index(cohort: CohortOption = "demo", results: ResultsOption = "results") -> None:
    """Write the index of every result with its origin and checksum."""
    from compendium.outputs.manifest import write_manifest
    from compendium.outputs.saving import read_values
    from compendium.report.shelf import about_cohort
    from compendium.study import open_study

    study = open_study(cohort, results=results)
    about = about_cohort(study.settings, study.framework, read_values(study.folders))
    write_manifest(study.folders, study.settings.id, int(study.plan.disclosure.minimum_group.value), about)


@app.command()
def book(cohort: CohortOption = "demo", data: DataOption = "", results: ResultsOption = "results") -> None:
    """Render the book of a cohort from its results."""
    from compendium.outputs import release as releases
    from compendium.report.book import BookError, build
    from compendium.report.shelf import write_shelf
    from compendium.study import open_study

    study = open_study(cohort, data, results)
    releases.ask(study.folders, study.settings, int(study.plan.disclosure.minimum_group.value))
    try:
        typer.echo(build(study.folders, study.framework, study.settings, study.plan))
    except BookError as error:
        typer.echo(str(error), err=True)
        sys.exit(EXIT_STATUS)
    releases.note(study.folders, study.settings)
    write_shelf(study.folders.root.parent)


@app.command()
def deliver(
    cohort: CohortArgument = "demo",
    data: DataOption = "",
    results: ResultsOption = "results",
) -> None:
    """Write what the study hands over: manuscript, brief, workbook, data with codebooks, scripts, a deposit."""
    from compendium.report.deliver import deliver as hand_over
    from compendium.run.lock import only_run
    from compendium.study import open_study

    study = open_study(cohort, data, results)
    with only_run(study.folders.root):
        typer.echo(f"Handed over: {hand_over(study)}")


@app.command()
def check(cohort: CohortOption = "demo", results: ResultsOption = "results") -> None:
    """Compare built tables and values with the accepted ones."""
    from compendium.outputs.manifest import compare

    differences = compare(*_built_and_accepted(cohort, results))
    for difference in differences:
        typer.echo(str(difference))
    typer.echo(f"{len(differences)} differences from the accepted results")
    sys.exit(1 if differences else 0)


@app.command()
def accept(cohort: CohortOption = "demo", results: ResultsOption = "results") -> None:
    """Make the built tables and values the accepted ones."""
    from compendium.outputs.manifest import accept as renew

    renew(*_built_and_accepted(cohort, results))


def _built_and_accepted(cohort: str, results: str) -> tuple[ResultFolders, Path]:
    """Return the result folders of a cohort, and the folder of its accepted results."""
    from compendium.study import open_study

    study = open_study(cohort, results=results)
    return study.folders, study.accepted
