"""The population behind a plan: how traits go together, and how each item answers to them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import NormalDist
from typing import Any, Literal

import numpy as np
import pandas as pd

from compendium.framework import Framework
from compendium.simulate.plan import (
    AGENCY_SIZES,
    OCCUPATIONS,
    OUTCOME_CORRELATIONS,
    SECTORS,
    PlantedFault,
    SimulationPlan,
)

#: Share of the general factor in each competency; products of two are their correlations (.42 to .56).
GENERAL = (0.74, 0.70, 0.66, 0.72, 0.76, 0.64, 0.68, 0.71)
#: Loadings of a competency's items, started one place later in each competency.
LOADINGS = (0.72, 0.64, 0.78, 0.58, 0.68, 0.75, 0.56, 0.62)
#: Reverse-keyed items load this much of what a direct one would.
REVERSED_SHARE = 0.85
#: Cumulative shares of codes 1 to 4 that give a mean of 4.0, an SD of .75 and 29 % top box.
CUMULATIVE = (0.003, 0.025, 0.19, 0.71)
#: Shifts of all thresholds of an item: some are easier to agree with.
LOCATIONS = (0.0, 0.10, -0.10, 0.05, -0.12, 0.08, -0.04, 0.02, 0.06)
OUTCOME_LOADINGS = (0.78, 0.72, 0.80, 0.70)
SINGLE_ITEM_LOADING = 0.80
#: Chance of each step upwards on an outcome item, as in a binomial: mean 3.9 and 27 % top box on 1 to 5.
OUTCOME_STEP = 0.72
#: How far the outcome correlations of single competencies lie from the planned average.
UNEVENNESS = (0.92, 1.04, 0.96, 1.08, 1.0)
WEAK_POSITIVITY = 0.02


@dataclass(frozen=True)
class ItemParameters:
    """How one item is answered.

    The answer is the number of thresholds below ``sum(loading * trait) + positivity * P + error``, whose variance is
    one, counted from the lowest code; with `turned`, from the highest code downwards.
    """

    item: str
    scale: str
    loadings: dict[str, float]
    positivity: float
    thresholds: tuple[float, ...]
    minimum: int
    turned: bool
    fault: PlantedFault | None = None

    @property
    def maximum(self) -> int:
        """Highest code."""
        return self.minimum + len(self.thresholds)


def trait_names(plan: SimulationPlan, framework: Framework) -> list[str]:
    """Competencies, then outcomes."""
    return [*framework.competencies.index, *(outcome.scale for outcome in plan.outcomes)]


def unit_correlations(plan: SimulationPlan, framework: Framework) -> pd.DataFrame:
    """Correlations of the traits at every level (agency, team, person), apart from occupation and tenure."""
    competencies, names = list(framework.competencies.index), trait_names(plan, framework)
    general = _cycle(GENERAL, len(competencies))
    matrix = np.eye(len(names))
    matrix[: len(general), : len(general)] = np.outer(general, general)
    for column, outcome in enumerate(plan.outcomes, len(competencies)):
        for row in range(len(competencies)):
            correlation = outcome.correlation * UNEVENNESS[(row + 3 * column) % len(UNEVENNESS)]
            matrix[row, column] = matrix[column, row] = correlation / _diluting(plan)
        for other, second in enumerate(plan.outcomes, len(competencies)):
            if other != column:
                matrix[column, other] = _outcome_correlation(outcome.scale, second.scale)
    np.fill_diagonal(matrix, 1.0)
    return pd.DataFrame(matrix.round(6), names, names)


def trait_correlations(plan: SimulationPlan, framework: Framework) -> pd.DataFrame:
    """Correlations of the traits over all people, occupation and tenure included."""
    unit = unit_correlations(plan, framework)
    shared = fixed_variance(plan)
    k = len(framework.competencies)
    total = unit.to_numpy(copy=True)
    total[:k, :k] = shared + (1 - shared) * total[:k, :k]
    total[:k, k:] *= _diluting(plan)
    total[k:, :k] *= _diluting(plan)
    return pd.DataFrame(total, unit.index, unit.columns)


def fixed_variance(plan: SimulationPlan) -> float:
    """Variance of a competency that occupation and tenure explain."""
    shares, shifts = occupation_shares(), occupation_shifts()
    return plan.tenure**2 + float((shares * shifts**2).sum())


def occupation_shares() -> np.ndarray:
    """Share of each occupation over the sectors, weighted by the sizes of their agencies."""
    sectors = np.zeros(len(SECTORS))
    for position, size in enumerate(AGENCY_SIZES):
        sectors[position % len(SECTORS)] += size
    shares = np.array([row.shares for row in OCCUPATIONS]) @ (sectors / sectors.sum())
    normalised: np.ndarray = shares / shares.sum()
    return normalised


def occupation_shifts() -> np.ndarray:
    """Shift of the competencies in each occupation, centred over all people."""
    shifts = np.array([row.shift for row in OCCUPATIONS])
    centred: np.ndarray = shifts - (occupation_shares() * shifts).sum()
    return centred.round(6)


def competency_items(plan: SimulationPlan, framework: Framework) -> list[ItemParameters]:
    """Parameters of the items that the plan asks, in framework order.

    They depend on an item's place among all candidates, so that ``all`` and ``final`` cohorts share them.
    """
    faults = {fault.item: fault for fault in plan.faults}
    _require_known(plan, framework)
    reverse = framework.items["reverse"].to_dict()
    built: dict[str, ItemParameters] = {}
    for row, (competency, items) in enumerate(framework.scales().items()):
        for position, item in enumerate(items):
            loading = LOADINGS[(position + row) % len(LOADINGS)] * (REVERSED_SHARE if reverse[item] else 1)
            sound = ItemParameters(
                item,
                competency,
                {competency: round(loading, 3)},
                plan.same_source,
                _thresholds(CUMULATIVE, LOCATIONS[position % len(LOCATIONS)]),
                framework.scale.minimum,
                bool(reverse[item]),
            )
            built[item] = _with_fault(sound, faults[item]) if item in faults else sound
    return [built[item] for item in framework.select(plan.items).items.index]


def outcome_items(
    plan: SimulationPlan, framework: Framework, respondent: Literal["self", "rater"], scales: list[str]
) -> list[ItemParameters]:
    """Parameters of the outcome items that this respondent answers."""
    return [
        _outcome_item(plan, framework, scale, item, position, len(items))
        for scale, items in framework.outcome_scales(respondent, scales).items()
        for position, item in enumerate(items)
    ]


def _with_fault(sound: ItemParameters, fault: PlantedFault) -> ItemParameters:
    """Spoil a sound item; redundancy and DIF show only when it is answered."""
    item = replace(sound, fault=fault)
    match fault.kind:
        case "weak":
            return replace(item, loadings={item.scale: fault.size}, positivity=WEAK_POSITIVITY)
        case "cross_loading":
            return replace(item, loadings={item.scale: fault.size, fault.other: fault.size})
        case "ceiling":
            below = [share * (1 - fault.size) / CUMULATIVE[-1] for share in CUMULATIVE]
            return replace(item, thresholds=_thresholds(below, 0.0))
        case "wrong_key":
            return replace(item, turned=not item.turned)
        case _:
            return item


def _outcome_item(
    plan: SimulationPlan, framework: Framework, scale: str, item: str, position: int, n_items: int
) -> ItemParameters:
    """Build an outcome item with as many categories as it has."""
    row: dict[Any, Any] = framework.outcomes.loc[item].to_dict()
    steps = row["maximum"] - row["minimum"]
    shares = [math.comb(steps, k) * OUTCOME_STEP**k * (1 - OUTCOME_STEP) ** (steps - k) for k in range(steps)]
    loading = SINGLE_ITEM_LOADING if n_items == 1 else OUTCOME_LOADINGS[position % len(OUTCOME_LOADINGS)]
    thresholds = _thresholds([float(share) for share in np.cumsum(shares)], LOCATIONS[position % len(LOCATIONS)])
    return ItemParameters(
        item, scale, {scale: loading}, plan.same_source, thresholds, int(row["minimum"]), bool(row["reverse"])
    )


def _thresholds(cumulative: Sequence[float], shift: float) -> tuple[float, ...]:
    """Turn cumulative shares into thresholds, short enough to be printed exactly."""
    return tuple(round(NormalDist().inv_cdf(float(share)) + shift, 4) for share in cumulative)


def _diluting(plan: SimulationPlan) -> float:
    """Share of a competency-outcome correlation that is left when both are split over the levels."""
    cluster, fixed = plan.clustering, fixed_variance(plan)
    person = (1 - fixed - cluster.agency - cluster.team) * (1 - cluster.outcome_agency - cluster.outcome_team)
    return (
        math.sqrt(cluster.agency * cluster.outcome_agency)
        + math.sqrt(cluster.team * cluster.outcome_team)
        + math.sqrt(person)
    )


def _outcome_correlation(one: str, other: str) -> float:
    """Look a pair up in either order."""
    return OUTCOME_CORRELATIONS.get((one, other), OUTCOME_CORRELATIONS.get((other, one), 0.0))


def _cycle(values: tuple[float, ...], n: int) -> np.ndarray:
    """Repeat a pattern to length n."""
    return np.array([values[position % len(values)] for position in range(n)])


def _require_known(plan: SimulationPlan, framework: Framework) -> None:
    """Refuse a plan that names an item, competency, twin, sector or outcome which does not exist."""
    allowed = {
        "cross_loading": set(framework.competencies.index),
        "redundant": set(framework.items.index),
        "dif": set(SECTORS),
    }
    wrong = [fault.item for fault in plan.faults if fault.item not in framework.items.index]
    wrong += [fault.other for fault in plan.faults if fault.other not in allowed.get(fault.kind, {fault.other})]
    asked = [outcome.scale for outcome in plan.outcomes]
    wrong += [scale for scale in asked if scale not in set(framework.outcomes["scale"])]
    wrong += [scale for scale in (plan.peers.outcomes if plan.peers else ()) if scale not in asked]
    if wrong:
        raise ValueError(
            f"the plan names what neither framework {framework.description.id!r} nor the self form has: {wrong}"
        )
