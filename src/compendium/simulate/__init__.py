"""Synthetic cohorts with a known truth: the demonstration data, and small cohorts for tests."""

from __future__ import annotations

from compendium.simulate.cohort import SimulatedCohort, simulate_cohort
from compendium.simulate.files import write_cohort, write_demo_cohorts
from compendium.simulate.plan import (
    DEMO,
    DEMO_SMALL,
    Clustering,
    OutcomePlan,
    PeerPlan,
    PlantedFault,
    Quality,
    SimulationPlan,
)
from compendium.simulate.truth import competency_scores, outcome_scores, population_values

__all__ = [
    "DEMO",
    "DEMO_SMALL",
    "Clustering",
    "OutcomePlan",
    "PeerPlan",
    "PlantedFault",
    "Quality",
    "SimulatedCohort",
    "SimulationPlan",
    "competency_scores",
    "outcome_scores",
    "population_values",
    "simulate_cohort",
    "write_cohort",
    "write_demo_cohorts",
]
