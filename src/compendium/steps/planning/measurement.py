"""People for reliability and loadings of a competency, and for finding items that work differently in groups."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd
from tqdm import tqdm

from compendium.findings import found
from compendium.steps.planning.parts import PlanningPart, Wanted, clusters, curve, row
from compendium.study import Study
from compendium.study.workers import spread
from psychometrics.errors import PsychometricsError
from psychometrics.planning import (
    FactorPopulation,
    GroupPlan,
    PrecisionPlan,
    dif_plan,
    factor_population,
    invariance_plan,
    precision_plan,
)
from psychometrics.planning.precision import FEWEST_REPLICATIONS

# Scales that one factor can be tested on.
FEWEST_ITEMS = 3
# People in each of two simulated groups; what they need is proportional.
SIMULATED_GROUP = 300
# A test between groups varies less from sample to sample than a width does: a fifth of the replications are enough.
SHARE_FOR_GROUPS = 5
# The populations that are planned from: as estimated, and with omega at either end of its interval.
ESTIMATE, LOW, HIGH = "estimate", "low", "high"


@dataclass(frozen=True)
class Hardest:
    """The competency with the lowest omega, which needs most people, and what it was chosen from.

    Attributes
    ----------
    competency
        Its id; empty where no competency has a population to draw from.
    n
        People of this cohort.
    plans
        Precision by population: as estimated, and with omega at the lower and at the upper end of its interval.
    omegas
        Omega of every competency, NaN where one factor gives no population.
    """

    competency: str
    n: int
    plans: Mapping[str, PrecisionPlan]
    omegas: pd.Series[float]

    @property
    def cluster_size(self) -> float:
        """People in a cluster of this cohort."""
        return self.plans[ESTIMATE].population.cluster_size


def populations(study: Study) -> dict[str, FactorPopulation | None]:
    """Return the estimated population behind each competency, None where no one-factor model describes it."""
    answers, kin = study.prepared.answers, study.nesting.clusters
    named = None if kin is None else kin.reindex(answers.index)
    found_of: dict[str, FactorPopulation | None] = {}
    for competency, items in study.scales.items():
        if len(items) < FEWEST_ITEMS:
            continue
        asked = answers[list(items)]
        answered = asked.notna().any(axis="columns")
        try:
            kin_of = None if named is None else named[answered]
            found_of[competency] = factor_population(asked[answered], kin_of, study.framework.code_weights)
        except PsychometricsError:
            found_of[competency] = None
    return found_of


def hardest(study: Study, wanted: Wanted) -> Hardest:
    """Simulate the precision of the competency that needs most people.

    Its loadings are estimates. They are planned from as they are, and multiplied so that omega is at the lower or at
    the upper end of the interval that this cohort's n gives it, with half the replications.
    """
    every, n = populations(study), len(study.prepared.answers)
    omegas = pd.Series({name: math.nan if each is None else each.omega for name, each in every.items()}, dtype=float)
    known = {name: each for name, each in every.items() if each is not None}
    if not known:
        return Hardest("", n, {}, omegas)
    competency = str(omegas.idxmin())
    plan = study.plan
    sizes = [int(size) for size in plan.planning.sizes.value]

    def simulated(population: FactorPopulation, replications: int) -> PrecisionPlan:
        return precision_plan(population, sizes, replications, plan.seed, plan.confidence.value)

    plans = {}
    bar = tqdm((ESTIMATE, LOW, HIGH), desc="omega and loadings", leave=False, disable=None)
    try:
        with spread():
            for name in bar:
                if name == ESTIMATE:
                    plans[name] = simulated(known[competency], wanted.replications)
                    half = plans[ESTIMATE].omega_half_width(n)
                    continue
                end = known[competency].omega + (half if name == HIGH else -half)
                plans[name] = simulated(
                    known[competency].with_omega(end), max(wanted.replications // 2, FEWEST_REPLICATIONS)
                )
    except PsychometricsError:
        return Hardest("", n, {}, omegas)
    return Hardest(competency, n, plans, omegas)


def precision(found_of: Hardest, wanted: Wanted) -> PlanningPart:
    """Return the people for the intervals of omega and of every loading."""
    if not found_of.competency:
        return PlanningPart([row("omega", "", "people", found("plan_no_population"))])
    plans, size = found_of.plans, found_of.cluster_size
    asked = (
        ("omega", wanted.omega, PrecisionPlan.persons_for_omega, PrecisionPlan.omega_half_width),
        ("loading", wanted.loading, PrecisionPlan.persons_for_loading, PrecisionPlan.loading_half_width),
    )
    part = PlanningPart()
    for goal, half, persons, width in asked:
        needed = {name: float(persons(plan, half)) for name, plan in plans.items()}
        estimate = plans[ESTIMATE]
        error = 2 * estimate.omega_unit_error / estimate.omega_unit * needed[ESTIMATE] if goal == "omega" else math.nan
        part.rows.append(
            row(
                goal, found_of.competency, "people", wanted=half, n_here=found_of.n, here=width(estimate, found_of.n),
                needed=needed[ESTIMATE], fewest=min(needed.values()), most=max(needed.values()),
                clusters=clusters(needed[ESTIMATE], size), simulation_error=error,
            )
        )  # fmt: skip

        def values(n: float, width=width) -> tuple[float, float, float]:  # type: ignore[no-untyped-def]
            each = {name: width(plan, n) for name, plan in plans.items()}
            return each[ESTIMATE], min(each.values()), max(each.values())

        part.curves.extend(curve(goal, found_of.competency, values, half))
    return part


def groups(study: Study, found_of: Hardest, wanted: Wanted) -> PlanningPart:
    """Return the people in each of two groups for finding one item that works differently.

    The error rate of the item test is shared among all items of the cohort, as the study adjusts it.
    """
    if not found_of.competency:
        return PlanningPart([row("dif", "", "in_each_group", found("plan_no_population"))])
    plan, replications = study.plan, max(wanted.replications // SHARE_FOR_GROUPS, 2)
    alone = plan.alpha_level.value / max(len(study.kept_items), 1)
    part, ways = PlanningPart(), {"dif": (dif_plan, alone), "scalar": (invariance_plan, plan.alpha_level.value)}
    for goal, (planned, alpha) in tqdm(ways.items(), desc="groups", leave=False, disable=None):
        repeats = replications if goal == "dif" else 2 * replications
        try:
            with spread():
                found_for = {
                    name: planned(
                        each.population,
                        wanted.difference,
                        SIMULATED_GROUP,
                        repeats if name == ESTIMATE else max(repeats // 2, 2),
                        plan.seed,
                        alpha,
                    )
                    for name, each in found_of.plans.items()
                }
        except PsychometricsError as error:
            part.rows.append(row(goal, found_of.competency, "in_each_group", found("said_by_method", text=str(error))))
            continue
        _add_groups(part, goal, found_of, found_for, wanted)
    return part


def _add_groups(
    part: PlanningPart, goal: str, found_of: Hardest, planned: Mapping[str, GroupPlan], wanted: Wanted
) -> None:
    """Add the row and the curve of a test between groups."""
    needed = {name: each.persons(wanted.power) for name, each in planned.items()}
    half, estimate = found_of.n // 2, planned[ESTIMATE]
    part.rows.append(
        row(
            goal, found_of.competency, "in_each_group", wanted=wanted.power, n_here=half, here=estimate.power(half),
            needed=needed[ESTIMATE], fewest=min(needed.values()), most=max(needed.values()),
            simulation_error=estimate.relative_error * needed[ESTIMATE],
        )
    )  # fmt: skip

    def values(n: float) -> tuple[float, float, float]:
        each = {name: plan.power(n) for name, plan in planned.items()}
        return each[ESTIMATE], min(each.values()), max(each.values())

    part.curves.extend(curve(goal, found_of.competency, values, wanted.power))
