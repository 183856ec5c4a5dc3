"""What a part of the planning gives: one row a goal, and the curves behind it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from compendium.findings import Finding, found
from compendium.plan import StudyPlan

COLUMNS = (
    "goal", "subject", "wanted", "n_here", "here", "unit", "needed", "fewest", "most", "clusters", "peers",
    "peers_fewest", "peers_most", "target", "simulation_error", "note",
)  # fmt: skip
# Messages of the goals, and of what is counted.
GOALS = {
    "omega": "plan_omega",
    "loading": "plan_loading",
    "dif": "plan_dif",
    "scalar": "plan_scalar",
    "claim": "plan_claim",
    "correlation": "plan_correlation",
    "peer_mean": "plan_peer_mean",
}
UNITS = {
    "people": "plan_unit_people",
    "in_each_group": "plan_unit_in_each_group",
    "ratings": "plan_unit_ratings",
    "rated": "plan_unit_rated",
}
WHOLE = ("n_here", "needed", "fewest", "most", "clusters", "peers_fewest", "peers_most", "simulation_error")
CURVE_COLUMNS = ("goal", "subject", "n", "value", "lower", "upper", "wanted")
# The numbers of people that the curves show: from, to, how many.
FROM, TO, STEPS = 50, 6400, 29


@dataclass(frozen=True)
class Wanted:
    """What the next cohort is planned for.

    Attributes
    ----------
    omega, loading, correlation, peers : float
        Half-widths of the intervals of omega, of every loading, of a correlation with an outcome, and of the
        reliability of the mean of the peers.
    power : float
        To find the smallest effect of interest of a claim, or a difference between groups.
    difference : float
        Between groups in one item, in standard deviations of the competency.
    replications : int
        Simulated samples of each size.
    """

    omega: float
    loading: float
    correlation: float
    peers: float
    power: float
    difference: float
    replications: int

    @classmethod
    def of(cls, plan: StudyPlan) -> Wanted:
        """Return what the plan of the study wants."""
        asked = plan.planning
        return cls(
            omega=asked.omega_half_width.value,
            loading=asked.loading_half_width.value,
            correlation=asked.correlation_half_width.value,
            peers=asked.peers_half_width.value,
            power=asked.power.value,
            difference=plan.fairness.planned_difference.value,
            replications=int(asked.replications.value),
        )


@dataclass(frozen=True)
class PlanningPart:
    """Rows and curves of one part of the planning."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    curves: list[dict[str, Any]] = field(default_factory=list)


def row(goal: str, subject: str, unit: str, note: Finding | str = "", **figures: float) -> dict[str, Any]:
    """Return a row of the table; what is not given is NaN."""
    encoded = note.encoded if isinstance(note, Finding) else note
    numbers = {name: figures.get(name, math.nan) for name in COLUMNS if name not in ("goal", "subject", "unit", "note")}
    unknown = set(figures) - set(numbers)
    if unknown:
        raise KeyError(f"no column of the plan is called {sorted(unknown)}")
    words = {"goal": found(GOALS[goal]).encoded, "subject": subject, "unit": found(UNITS[unit]).encoded}
    return words | numbers | {"note": encoded}


def curve(
    goal: str, subject: str, values: Callable[[float], Sequence[float]], wanted: float, start: float = FROM
) -> list[dict[str, Any]]:
    """Return the points of a curve: value, lower and upper end at each number of people."""
    sizes = [math.ceil(n) for n in np.geomspace(start, TO, STEPS)]
    return [dict(zip(CURVE_COLUMNS, (goal, subject, n, *values(n), wanted), strict=True)) for n in dict.fromkeys(sizes)]


def table(parts: Iterable[PlanningPart]) -> pd.DataFrame:
    """Return every goal with the people, peers and clusters that it needs."""
    made = pd.DataFrame([each for part in parts for each in part.rows], columns=list(COLUMNS))
    # people are whole, and one begun is one more; what is not known stays blank
    return made.assign(**{name: np.ceil(made[name].astype(float)).astype("Int64") for name in WHOLE})


def curves(parts: Iterable[PlanningPart]) -> pd.DataFrame:
    """Return width or power by number of people for every goal."""
    return pd.DataFrame([each for part in parts for each in part.curves], columns=list(CURVE_COLUMNS))


def clusters(people: float, size: float) -> float:
    """Return how many clusters of the usual size hold so many people; NaN where people are nested in nothing."""
    return float(math.ceil(people / size)) if size > 1 and math.isfinite(people) else math.nan
