"""The comparison in few words and pictures: who is compared, what agrees, what is drawn."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from compendium.findings import Finding, found
from compendium.plan import StudyPlan
from compendium.steps.comparison.structure import Congruence
from compendium.study.members import Member

AVERAGE = "average of these cohorts"


def caveats_on_cohorts(
    members: Sequence[Member], shared_people: Sequence[Finding], other_people: str = ""
) -> tuple[Finding, ...]:
    """Return what a reader must know first: whether the people are real, and whether some are in two cohorts."""
    invented = [member.name for member in members if member.synthetic]
    real = [member.name for member in members if not member.synthetic]
    if invented and real:
        kind = found("cohorts_mixed", value=tuple(real), other=tuple(invented))
    else:
        kind = found("cohorts_all_real" if real else "cohorts_all_synthetic")
    same_ids = [found("cohorts_same_ids", why=other_people)] if other_people else []
    return (kind, *same_ids, *shared_people)


def congruence_findings(compared: Congruence, plan: StudyPlan) -> tuple[Finding, ...]:
    """Return the congruence of the structure, and which cohorts were too small to judge."""
    limit, table = plan.dimensionality.congruent.value, compared.table
    if table.empty:
        return (found("congruence_none"), *compared.left_out)
    if table["congruent"].all():
        return (found("congruence_all", limit=limit), *compared.left_out)
    lowest = table.sort_values("congruence", kind="stable").iloc[0]
    about = found("congruence_some", limit=limit, value=float(lowest["congruence"]), other=str(lowest["competency"]))
    return (about, *compared.left_out)


def drawn_claims(estimates: pd.DataFrame, pooled: pd.DataFrame) -> pd.DataFrame:
    """Return the lines of the figure of claims: each cohort that is pooled, and the average of each kind of evidence.

    Returns
    -------
    DataFrame
        ``short``, ``estimate``, ``lower``, ``upper``, ``cohort``.
    """
    columns = ["short", "estimate", "lower", "upper", "cohort"]
    each = estimates.loc[estimates["scale"] != "", columns]
    together = pooled[pooled["cohorts"] > 1]
    several = len(set(together["evidence_of"])) > 1
    names = [f"{AVERAGE} ({of})" if several else AVERAGE for of in together["evidence_of"]]
    average = pd.DataFrame(
        {
            "short": together["short"],
            "estimate": together["average"],
            "lower": together["average_lower"],
            "upper": together["average_upper"],
            "cohort": names,
        }
    )
    return pd.concat([part for part in (each, average) if len(part)] or [each], ignore_index=True)
