"""The commands of the survey loop: write the questionnaire, read its answers back."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from compendium.faults import Fault, InvalidInput, suggest


def instrument(
    framework: Annotated[str, typer.Argument(help="A framework: its id, or the path of its folder.")],
    tool: Annotated[
        str, typer.Option("--for", help="xlsform, redcap, limesurvey, qualtrics, word, paper, booklet, self-score.")
    ],
    out: Annotated[Path, typer.Option(help="Folder for the files.")],
    form: Annotated[str, typer.Option(help="self, peer or both.")] = "both",
    language: Annotated[list[str] | None, typer.Option(help="A language of the framework; repeat for several.")] = None,
    cohort: Annotated[str, typer.Option(help="A cohort whose groupings and outcomes are asked.")] = "",
    order: Annotated[
        str, typer.Option(help="framework, within (shuffled in each competency) or across.")
    ] = "framework",
    seed: Annotated[int, typer.Option(help="Seed of the shuffle.")] = 0,
    items: Annotated[str, typer.Option(help="all, or final.")] = "all",
    results: Annotated[
        Path | None,
        typer.Option(help="Results of a cohort (results/COHORT): the errors of its scores, for the self-score page."),
    ] = None,
    keep_untranslated: Annotated[
        bool, typer.Option("--keep-untranslated", help="Keep texts that a language lacks as they are, and name them.")
    ] = False,
) -> None:
    """Write the questionnaire of a framework for a survey tool, on paper, or to read."""
    from compendium.cohort import load_settings
    from compendium.framework import load_framework, locate_framework
    from compendium.instruments import TOOLS, write_instrument
    from compendium.paths import cohort_folder

    _require(tool, list(TOOLS), "--for")
    _require(form, ["self", "peer", "both"], "--form")
    _require(order, ["framework", "within", "across"], "--order")
    _require(items, ["all", "final"], "--items")
    asked = load_framework(locate_framework(framework, Path.cwd())).select(items)  # type: ignore[arg-type]
    settings = load_settings(cohort_folder(cohort)) if cohort else None
    forms = ["self", "peer"] if form == "both" else [form]
    written = write_instrument(
        asked, tool, out, forms=forms, languages=language or (), settings=settings, order=order, seed=seed,  # type: ignore[arg-type]
        results=results, keep_untranslated=keep_untranslated,
    )  # fmt: skip
    typer.echo("\n".join(str(path) for path in written.paths))
    for each in written.untranslated:
        typer.echo(f"Not in {each.language}: {each.file}, {each.place}: {each.kept}")


def new_language(
    framework: Annotated[str, typer.Argument(help="A framework: its id, or the path of its folder.")],
    language: Annotated[str, typer.Argument(help="Such as pl, el or pt-BR.")],
    cohort: Annotated[str, typer.Option(help="A cohort whose groupings are asked.")] = "",
) -> None:
    """Begin the file of a further language: every text of a questionnaire, to be translated under the text it has."""
    from compendium.cohort import load_settings
    from compendium.framework import load_framework, locate_framework
    from compendium.instruments.languages import begin_language
    from compendium.paths import cohort_folder

    settings = load_settings(cohort_folder(cohort)) if cohort else None
    begun = begin_language(load_framework(locate_framework(framework, Path.cwd())), language, settings)
    columns = "".join(f"\nAdd the column {column} to {file}." for file, column in begun.columns)
    typer.echo(f"Translate {begun.path}: {begun.texts} texts.{columns}")


def import_answers(
    files: Annotated[list[Path], typer.Argument(help="Exports of the self form.")],
    into: Annotated[Path, typer.Option(help="The new cohort folder.")],
    peers: Annotated[list[Path] | None, typer.Option(help="Exports of the peer form.")] = None,
    tool: Annotated[
        str | None, typer.Option("--format", help="The survey tool, where the content does not show it.")
    ] = None,
    framework: Annotated[str, typer.Option(help="A framework: its id, or the path of its folder.")] = "integrated-care",
    person: Annotated[str, typer.Option(help="Column of the person's code.")] = "",
    rater: Annotated[str, typer.Option(help="Column of the rater's code.")] = "",
    encoding: Annotated[str, typer.Option(help="Of text files; Excel on Windows often writes cp1252.")] = "utf-8",
) -> None:
    """Describe a cohort from what a survey tool exported; the exports stay where they are."""
    from compendium.cohort.describe import describe_import
    from compendium.framework import load_framework, locate_framework
    from compendium.importers import FORMATS

    if tool is not None:
        _require(tool, list(FORMATS), "--format")
    located = locate_framework(framework, Path.cwd())
    path = describe_import(
        into, load_framework(located), files, peers or (), tool=tool, person=person, rater=rater, encoding=encoding,
        framework_name=located,
    )  # fmt: skip
    where = files[0].resolve().parent
    data = "" if where == into.resolve() else f" --data {where}"
    typer.echo(f"Read {path}, confirm what it asks, then run: compendium validate {into}{data}")


def invitations(
    roster: Annotated[
        Path, typer.Argument(help="CSV with person_id, and raters (how many) or rater_id (who). No address is needed.")
    ],
    out: Annotated[Path, typer.Option(help="Folder for invitations.csv, outside the project.")],
    raters: Annotated[int, typer.Option(min=0, help="Colleagues for each person, where the roster does not say.")] = 0,
    link: Annotated[str, typer.Option(help="Address of the self form, with {person_id} where the code goes.")] = "",
    peer_link: Annotated[str, typer.Option(help="The same for the peer form, with {person_id} and {rater_id}.")] = "",
) -> None:
    """Give each person, and each colleague asked about them, a code or link to the questionnaire."""
    from compendium.cohort.roster import read_roster
    from compendium.instruments.invitations import write_invitations

    path = write_invitations(read_roster(roster), out, raters=raters, link=link, peer_link=peer_link)
    typer.echo(f"Wrote {path}. Send them, then name the file under files.roster in cohort.yaml for the response rates.")


def _require(word: str, known: list[str], option: str) -> None:
    """Refuse a word that an option does not know."""
    if word not in known:
        raise InvalidInput([Fault(option, "unknown word", suggest(word, known), value=word)])


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command("instrument")(instrument)
    app.command("new-language")(new_language)
    app.command("invitations")(invitations)
    app.command("import")(import_answers)
