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
from compendium.simulate.waves import DEMO_WAVES, SimulatedWaves, WavesPlan, simulate_waves, write_waves

__all__ = [
    "DEMO",
    "DEMO_SMALL",
    "DEMO_WAVES",
    "Clustering",
    "OutcomePlan",
    "PeerPlan",
    "PlantedFault",
    "Quality",
    "SimulatedCohort",
    "SimulatedWaves",
    "SimulationPlan",
    "WavesPlan",
    "competency_scores",
    "outcome_scores",
    "population_values",
    "simulate_cohort",
    "simulate_waves",
    "write_cohort",
    "write_demo_cohorts",
    "write_waves",
]
