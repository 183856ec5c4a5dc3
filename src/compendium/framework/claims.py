"""The claims of a framework or a cohort: what is said to follow from its competencies, and how each is tested."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from compendium.faults import Fault, InvalidInput
from compendium.inputs import Strict, read_model, read_yaml, yaml_fault
from compendium.plan import Claim

if TYPE_CHECKING:
    from compendium.framework.instrument import Framework

CLAIMS_FILE = "claims.yaml"


class ClaimsFile(Strict):
    """What ``claims.yaml`` holds: whose claims they are, where they stand, and each of them.

    ``origin`` is ``published`` where others made the claims in print, ``own`` where this study makes them.
    """

    origin: Literal["published", "own"]
    source: str = Field(min_length=1)
    claims: dict[str, Claim] = Field(default_factory=dict)


def read_claims(path: Path) -> tuple[ClaimsFile | None, list[Fault]]:
    """Read the claims of a framework; a framework without the file makes none."""
    if not path.is_file():
        return None, []
    try:
        return read_model(ClaimsFile, read_yaml(path), path)
    except InvalidInput as error:
        return None, list(error.faults)


def claim_faults(
    path: Path, claims: dict[str, Claim], framework: Framework, place: tuple[str, ...] = ("claims",)
) -> list[Fault]:
    """Name claims about scales that are not there, and claims that lack what their kind needs.

    Where the competencies make no overall score, a claim has to name the competency that it is about.

    Parameters
    ----------
    path
        The file that declares them.
    claims
        The claims by name.
    framework
        The framework that the claims are about.
    place
        Keys below which the claims stand in the file.
    """
    from compendium.faults import suggest

    faults = []
    outcomes, scored = set(framework.outcomes["scale"]), _scored(framework)
    for name, claim in claims.items():
        for key in ("outcomes", "stand_ins"):
            faults += [
                yaml_fault(
                    path,
                    *place,
                    name,
                    key,
                    problem="the framework has no such outcome scale",
                    action=suggest(scale, sorted(outcomes)),
                    value=scale,
                )
                for scale in getattr(claim, key)
                if scale not in outcomes
            ]
        needs = {"own_outcome": "outcomes", "colleagues": "outcomes", "groups": "grouping"}.get(claim.kind)
        if needs is not None and not getattr(claim, needs):
            problem = f"a claim of the kind {claim.kind} needs {needs}"
            faults.append(yaml_fault(path, *place, name, problem=problem, action=f"name the {needs}"))
        if claim.competency and claim.competency not in scored:
            known = claim.competency in framework.competencies.index
            problem = "the competency has no score" if known else "the framework has no such competency"
            action = suggest(claim.competency, scored)
            faults.append(
                yaml_fault(path, *place, name, "competency", problem=problem, action=action, value=claim.competency)
            )
        if not claim.competency and framework.total == "none":
            problem = "the framework declares no overall score that the claim could be about"
            action = f"name the competency under competency: {', '.join(scored)}"
            faults.append(yaml_fault(path, *place, name, problem=problem, action=action))
    return faults


def _scored(framework: Framework) -> list[str]:
    """Return the competencies that have a score."""
    return [str(name) for name in framework.competencies.index if framework.totals[str(name)] != "none"]
