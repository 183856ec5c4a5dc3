"""What the notebook of a comparison opens: several built cohorts, and the way to keep what they say together."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from compendium.cohort.schema import CohortSettings, identifier
from compendium.faults import Fault, InvalidInput, raise_if_any
from compendium.files import checksum_of
from compendium.findings import Finding
from compendium.outputs.notebook import show_in_notebooks
from compendium.outputs.step import Step
from compendium.paths import COMPARISON, COMPARISONS, ResultFolders, result_folders
from compendium.plan import StudyPlan, load_plan
from compendium.steps.comparison.overlap import overlap_faults, overlap_findings, overlaps
from compendium.study.members import PREPARED, TABLES, Member, open_members

# A name made of the ids of the cohorts may be so long; a longer one is shortened.
LONGEST_NAME, DIGITS = 60, 6
REAL, SYNTHETIC = "real", "synthetic"


@dataclass(frozen=True)
class Comparison(Step):
    """An open comparison: a step whose people are in several cohorts.

    Attributes
    ----------
    members
        The cohorts.
    shared_people
        What a reader must know of people in two of them.
    other_people
        Why ids that occur in two cohorts are of different people, as the user said it.
    """

    members: tuple[Member, ...] = ()
    shared_people: tuple[Finding, ...] = ()
    other_people: str = ""

    @property
    def people(self) -> int:
        """People of all cohorts."""
        return sum(member.n or 0 for member in self.members)

    @property
    def mixed(self) -> bool:
        """Whether real and synthetic cohorts stand beside one another."""
        return len({member.synthetic for member in self.members}) > 1

    @cached_property
    def inputs(self) -> dict[str, str]:
        """The checksum of what the comparison rests on: of each cohort its description, tables and prepared answers."""
        read: dict[str, str] = {}
        for member in self.members:
            study = member.study
            files = {"cohort.yaml": study.folder / "cohort.yaml"}
            files |= {f"tables/{name}.csv": study.folders.tables / f"{name}.csv" for name in TABLES}
            files |= {f"private/prepared/{name}.parquet": study.prepared.path(name) for name in PREPARED}
            read |= {f"{member.name}/{name}": checksum_of(path) for name, path in files.items()}
        return read


def open_comparison(
    name: str = "",
    *,
    cohorts: Sequence[str],
    results: str = "results",
    other_people: str = "",
) -> Comparison:
    """Open a comparison of cohorts that were built.

    Parameters
    ----------
    name
        Folder of the comparison below ``results/comparisons``; made of the ids where it is empty.
    cohorts
        Folders under ``data/cohorts``, or paths of cohort folders.
    results
        Folder below which the cohorts were built.
    other_people
        Why ids that occur in two cohorts are of different people.

    Raises
    ------
    InvalidInput
        As :func:`compendium.study.members.open_members`; and when cohorts share people, by their ids or answers.
    """
    show_in_notebooks()
    members = open_members(cohorts, results)
    plan = comparison_plan(members)
    found = overlaps(members, other_people)
    minimum = int(plan.disclosure.minimum_group.value)
    raise_if_any(overlap_faults(found, plan.comparison.shared_people.value, minimum))
    first, chosen = members[0].study, _named(name or default_name(members))
    step = Comparison(
        settings=_described(members, chosen),
        plan=plan,
        framework=members[-1].study.whole_framework,
        folders=comparison_folders(chosen, results),
        folder=first.folder,
        data=first.data,
        name=COMPARISON,
        members=members,
        shared_people=overlap_findings(found, plan.comparison.shared_people.value),
        other_people=other_people,
    )
    step.trail.watch()
    step.notebook.follow(step.note_run)
    return step


def comparison_folders(name: str, results: str | Path = "results") -> ResultFolders:
    """Return the folders of a comparison."""
    return ResultFolders(result_folders(COMPARISONS, results).root / name)


def default_name(members: Sequence[Member]) -> str:
    """Return a name made of the ids of the cohorts; of many, the first and a checksum of all."""
    names = [member.name for member in members]
    joined = "_".join(names)
    if len(joined) <= LONGEST_NAME:
        return joined
    total = hashlib.sha256(joined.encode()).hexdigest()[:DIGITS]
    return f"{names[0][: LONGEST_NAME // 2]}_and_{len(names) - 1}_more_{total}"


def comparison_plan(members: Sequence[Member]) -> StudyPlan:
    """Return the plan of a comparison: the project's, with the strictest limit of disclosure of any cohort."""
    plan = load_plan(claims={name: claim for each in members for name, claim in each.study.framework.claims.items()})
    limits = [member.study.plan.disclosure.minimum_group for member in members]
    strictest = max([plan.disclosure.minimum_group, *limits], key=lambda limit: limit.value)
    disclosure = plan.disclosure.model_copy(update={"minimum_group": strictest})
    return plan.model_copy(update={"disclosure": disclosure})


def _named(name: str) -> str:
    """Refuse a name that cannot name a folder."""
    try:
        return identifier(name)
    except ValueError as error:
        raise InvalidInput([Fault("--name", str(error), "choose another name", value=name)]) from None


def _described(members: Sequence[Member], name: str) -> CohortSettings:
    """Return the description of all cohorts together, as pages and captions speak of it."""
    kinds = {member.study.settings.kind for member in members}
    invented = [member.name for member in members if member.synthetic]
    sentences = [f"Cohorts compared: {', '.join(member.name for member in members)}."]
    if invented:
        who = "every cohort here" if len(invented) == len(members) else "of these " + ", ".join(invented)
        sentences.append(f"Synthetic data, {who}: people and answers are invented and no evidence about anybody.")
    changed = {
        "id": name,
        "title": f"{len(members)} cohorts compared",
        "kind": REAL if REAL in kinds else SYNTHETIC,
        "provenance": " ".join(sentences),
        "description": "",
        "groups": {},
        "deviations": [],
    }
    return members[0].study.settings.model_copy(update=changed)
