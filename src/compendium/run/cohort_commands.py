"""The commands about several cohorts: compare those that were built, list them on a shelf."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from compendium.faults import EXIT_STATUS


def compare(
    cohorts: Annotated[
        list[str],
        typer.Argument(envvar="COHORTS", help="Built cohorts: folders under data/cohorts, or paths of cohort folders."),
    ],
    results: Annotated[
        str, typer.Option(envvar="RESULTS", help="Folder below which the cohorts were built.")
    ] = "results",
    name: Annotated[
        str, typer.Option(envvar="COMPARISON", help="Folder below results/comparisons; by default the ids.")
    ] = "",
    other_people: Annotated[
        str, typer.Option(help="Why ids that occur in two cohorts are of different people; the page says so.")
    ] = "",
    book: Annotated[bool, typer.Option(help="Render the pages, too.")] = True,
) -> None:
    """Compare cohorts of one framework that were built: items, reliability, structure, claims, versions."""
    from compendium.report.book import BookError
    from compendium.run.comparison import run_comparison
    from compendium.run.notebooks import NotebookFailed

    try:
        page = run_comparison(cohorts, results, name, other_people, book=book)
    except NotebookFailed as error:
        typer.echo(f"FAILED {error}", err=True)
        sys.exit(1)
    except BookError as error:
        typer.echo(str(error), err=True)
        sys.exit(EXIT_STATUS)
    typer.echo(f"The comparison: {page}")


def shelf(
    results: Annotated[str, typer.Option(envvar="RESULTS", help="Folder below which cohorts were built.")] = "results",
) -> None:
    """List the cohorts that were built, each with its book, on one page."""
    from compendium.paths import PROJECT
    from compendium.report.shelf import write_shelf

    typer.echo(f"The shelf: {write_shelf(PROJECT / results)}")


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command("compare")(compare)
    app.command("shelf")(shelf)
