"""The command that plans the next cohort for other wishes than those of the plan, on every processor."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from compendium.faults import Fault, InvalidInput, display_path

if TYPE_CHECKING:
    import pandas as pd

    from compendium.steps.planning.parts import Wanted
    from compendium.study import Study

# What each part requires of a cohort, as the sections of notebook 10 do.
MEASUREMENT = ("self_ratings", "gate_reliability")
CLAIMS = ("outcomes", "gate_association")
PEERS = ("peers", "gate_rater_agreement")
FILE = "plan.csv"
SHOWN = {"goal": "goal", "subject": "of", "wanted": "wanted", "here": "here", "needed": "needed", "range": "range",
         "unit": "of whom", "clusters": "clusters", "peers": "peers each"}  # fmt: skip
MOST_WIDE = 60


def plan(
    cohort: Annotated[str, typer.Option(envvar="COHORT", help="A folder under data/cohorts, or its path.")] = "demo",
    data: Annotated[str, typer.Option(envvar="DATA", help="Folder of the response files.")] = "",
    results: Annotated[str, typer.Option(envvar="RESULTS", help="Folder below which the results lie.")] = "results",
    precision: Annotated[float, typer.Option(help="Half-width of every interval; those below go before it.")] = 0.0,
    omega: Annotated[float, typer.Option(help="Half-width of the interval of omega.")] = 0.0,
    loading: Annotated[float, typer.Option(help="Half-width of the interval of every loading.")] = 0.0,
    correlation: Annotated[float, typer.Option(help="Half-width of a correlation with an outcome.")] = 0.0,
    peers: Annotated[float, typer.Option(help="Half-width of the reliability of a mean of peers.")] = 0.0,
    power: Annotated[float, typer.Option(help="Power for claims, and for items that work differently.")] = 0.0,
    difference: Annotated[float, typer.Option(help="How much harder an item is for a group, in SD.")] = 0.0,
    replications: Annotated[int, typer.Option(help="Simulated samples of each size.")] = 0,
) -> None:
    """Say how many people, peers and clusters the next cohort needs; what is not given is as in the plan."""
    from compendium.files import write_text
    from compendium.outputs.step import open_step
    from compendium.run.lock import only_run
    from compendium.steps.planning.parts import Wanted

    targets = {"omega": omega, "loading": loading, "correlation": correlation, "peers": peers}
    asked = {name: value or precision for name, value in targets.items()} | {"power": power, "difference": difference}
    _refuse(asked | {"precision": precision}, replications)
    step = open_step("10_planning", cohort=cohort, data=data, results=results)
    if step.too_few is not None:
        raise InvalidInput([Fault(cohort, step.too_few, "nothing is planned from it")])
    wishes = {name: value for name, value in asked.items() if value}
    with only_run(step.folders.root):
        wanted = Wanted.of(step.plan)
        wanted = replace(wanted, replications=replications or wanted.replications)
        table, left_out = planned(step, replace(wanted, **wishes))  # type: ignore[arg-type]
        path = step.folders.root / FILE
        write_text(path, table.to_csv(index=False))
    typer.echo(as_text(table))
    for reason in left_out:
        typer.echo(reason)
    typer.echo(f"written to {display_path(path)}")


def planned(study: Study, wanted: Wanted) -> tuple[pd.DataFrame, list[str]]:
    """Return every goal with the sample it needs, and why a part was left out."""
    from tqdm import tqdm

    from compendium.rounding import in_words
    from compendium.steps.planning import claims, measurement, parts

    def of_answers() -> list[parts.PlanningPart]:
        hardest = measurement.hardest(study, wanted)
        return [measurement.precision(hardest, wanted), measurement.groups(study, hardest, wanted)]

    ways = (
        (MEASUREMENT, of_answers),
        (CLAIMS, lambda: [claims.claims(study, wanted)]),
        (PEERS, lambda: [claims.peers(study, wanted)]),
    )
    made, left_out = [], list[str]()
    for requirements, way in tqdm(ways, desc="planning", leave=False, disable=None):
        why = next((reason for each in requirements if (reason := study.lacks(each)) is not None), None)
        if why is None:
            made += way()
        else:
            left_out.append(why)
    return in_words(parts.table(made), study.framework.labels), list(dict.fromkeys(left_out))


def as_text(table: pd.DataFrame) -> str:
    """Return the plan as a short table of plain text."""
    import textwrap

    from compendium.rounding import NOT_SHOWN, rounded

    ends = [
        NOT_SHOWN if row.isna().all() else " to ".join(NOT_SHOWN if end is None else f"{end:,}" for end in row)
        for _, row in table[["fewest", "most"]].astype(object).where(table[["fewest", "most"]].notna(), None).iterrows()
    ]
    shown = rounded(table.assign(range=ends)[list(SHOWN)]).set_axis(list(SHOWN.values()), axis="columns")
    return shown.map(lambda cell: textwrap.shorten(cell, MOST_WIDE, placeholder="...")).to_string(index=False)


def _refuse(asked: dict[str, float], replications: int) -> None:
    """Refuse targets that no sample can reach; 0 means the target of the plan."""
    faults = [
        Fault(f"--{name}", "it lies above 0 and below 1", "give a share such as 0.05", value=str(value))
        for name, value in asked.items()
        if name != "difference" and not 0 <= value < 1
    ]
    if not 0 <= asked["difference"] <= 5:
        action = "give standard deviations, such as 0.5"
        faults.append(Fault("--difference", "it lies above 0 and below 5", action, value=str(asked["difference"])))
    if replications and replications < 5:
        faults.append(Fault("--replications", "a spread takes five or more", "give more", value=str(replications)))
    if faults:
        raise InvalidInput(faults)


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command("plan")(plan)
