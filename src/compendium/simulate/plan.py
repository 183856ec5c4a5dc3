"""What a synthetic cohort is made of: sizes, relations, flaws, planted faults, each under its own name.

The magnitudes are those of the field (sources in ``data/cohorts/demo/README.md``); correlations and variances are of
latent variables with variance one, so the values that show in a table of scores are smaller and stand in the truth.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

FaultKind = Literal["weak", "cross_loading", "redundant", "dif", "wrong_key", "ceiling"]

#: Correlations among the latent outcomes.
OUTCOME_CORRELATIONS = {
    ("engagement", "job_satisfaction"): 0.70,
    ("engagement", "meaningful_work"): 0.75,
    ("job_satisfaction", "meaningful_work"): 0.65,
    ("engagement", "peer_support"): 0.45,
    ("job_satisfaction", "peer_support"): 0.45,
    ("meaningful_work", "peer_support"): 0.40,
    ("engagement", "integrated_working"): 0.40,
    ("job_satisfaction", "integrated_working"): 0.40,
    ("meaningful_work", "integrated_working"): 0.35,
    ("peer_support", "integrated_working"): 0.45,
}


@dataclass(frozen=True)
class Occupation:
    """An occupational group: the shift of its competencies in SD units, and its share of staff in each sector."""

    name: str
    shift: float
    shares: tuple[float, float, float, float, float]


#: The five sectors; the shares of an occupation follow this order.
SECTORS = (
    "Acute trust",
    "Community health",
    "Mental health",
    "Local authority social care",
    "Voluntary sector and housing",
)

OCCUPATIONS = (
    Occupation("Nurse", 0.10, (0.42, 0.34, 0.34, 0.03, 0.04)),
    Occupation("Allied health professional", 0.15, (0.22, 0.30, 0.18, 0.12, 0.06)),
    Occupation("Social worker", 0.20, (0.03, 0.05, 0.14, 0.50, 0.14)),
    Occupation("Support worker", -0.33, (0.14, 0.20, 0.18, 0.25, 0.56)),
    Occupation("Doctor", -0.33, (0.13, 0.04, 0.10, 0.00, 0.00)),
    Occupation("Manager or coordinator", 0.15, (0.06, 0.07, 0.06, 0.10, 0.20)),
)

GENDERS = (("F", 0.74), ("M", 0.24), ("X", 0.02))

#: Relative sizes of agencies; agency i belongs to sector i modulo the number of sectors, and so on in turn.
AGENCY_SIZES = (132, 88, 92, 76, 29, 104, 63, 54, 48, 6, 71, 41, 33)


@dataclass(frozen=True)
class PlantedFault:
    """A fault built into one item.

    Attributes
    ----------
    item
        Item that carries the fault; every other item is sound.
    kind
        ``weak``: loading `size`. ``cross_loading``: loads `size` on its own competency and on `other`.
        ``redundant``: share `size` of people give the answer they gave to item `other`. ``dif``: thresholds higher
        by `size` in sector `other`. ``wrong_key``: answered against its declared direction. ``ceiling``: share
        `size` of people choose the highest code.
    other
        Second competency, twin item, or sector.
    size
        See `kind`.
    """

    item: str
    kind: FaultKind
    other: str = ""
    size: float = 0.0


@dataclass(frozen=True)
class OutcomePlan:
    """An outcome scale and the latent correlation it has, on average, with the competencies."""

    scale: str
    correlation: float


@dataclass(frozen=True)
class PeerPlan:
    """Who is rated by peers, and how peers see a person.

    Attributes
    ----------
    rated_share
        Share of people who get at least one rating (where their team has anyone else).
    returned
        Probability of 1, 2, 3 ... returned ratings among those.
    self_peer_correlation
        Between a competency as lived (self) and as visible to peers, both latent.
    shared_view
        Share of one peer's impression that other peers share; with the error of the items this gives the
        reliability of one peer's score.
    self_minus_peer
        Leniency switch: self minus peer level, in latent standard deviations. Negative: people rate themselves lower.
    rater_style
        Share of the unshared impression that a rater carries from one colleague to the next.
    positivity
        Correlation of that style with the rater's own positivity, which also colours the rater's outcome answers.
    colleague_effect
        Path from a person's competency (half as lived, half as visible) to the engagement of each rater.
    outcomes
        Outcome scales on the peer form; `colleague_effect` works on the first.
    """

    rated_share: float = 0.70
    returned: tuple[float, ...] = (0.14, 0.20, 0.24, 0.20, 0.13, 0.09)
    self_peer_correlation: float = 0.34
    shared_view: float = 0.48
    self_minus_peer: float = -0.20
    rater_style: float = 0.40
    positivity: float = 0.80
    colleague_effect: float = 0.08
    outcomes: tuple[str, ...] = ("engagement",)


@dataclass(frozen=True)
class Clustering:
    """Shares of latent variance that lie between agencies and between teams."""

    agency: float = 0.085
    team: float = 0.04
    outcome_agency: float = 0.01
    outcome_team: float = 0.02


@dataclass(frozen=True)
class Quality:
    """How imperfect the answers are: shares of answers, and shares of people."""

    missing_answers: float = 0.014
    not_applicable: float = 0.015
    drop_out: float = 0.09
    careless: float = 0.07
    missing_background: float = 0.01


@dataclass(frozen=True)
class SimulationPlan:
    """A whole synthetic cohort. The defaults make a small, fast one.

    Attributes
    ----------
    n
        People who started the survey.
    invited
        People invited; those who did not answer still rate colleagues.
    agencies
        Number of agencies, spread over the five sectors in turn.
    items
        ``all`` candidate items or the ``final`` ones, in a planned order of loadings.
    faults
        Planted faults; those on items that are not asked are left out.
    outcomes
        Outcome scales of the framework on the self form.
    peers
        Peer form, or None.
    same_source
        Loading of every self answer, competency and outcome, on one common positivity factor.
    tenure
        Path from the normal score of tenure to every competency.
    team_sizes
        Smallest and largest team, counted in people who started.
    seed
        Everything random follows from it.
    """

    n: int = 120
    invited: int = 200
    agencies: int = 3
    items: Literal["all", "final"] = "final"
    framework: str = "integrated-care"
    faults: tuple[PlantedFault, ...] = ()
    outcomes: tuple[OutcomePlan, ...] = (
        OutcomePlan("engagement", 0.29),
        OutcomePlan("job_satisfaction", 0.26),
        OutcomePlan("meaningful_work", 0.34),
        OutcomePlan("peer_support", 0.34),
        OutcomePlan("integrated_working", 0.29),
    )
    peers: PeerPlan | None = field(default_factory=PeerPlan)
    clustering: Clustering = field(default_factory=Clustering)
    quality: Quality = field(default_factory=Quality)
    same_source: float = 0.25
    tenure: float = -0.26
    team_sizes: tuple[int, int] = (4, 20)
    seed: int = 20240105


DEMO_FAULTS = (
    PlantedFault("person_08", "weak", size=0.06),
    PlantedFault("roles_08", "weak", size=0.08),
    PlantedFault("learning_07", "weak", size=0.08),
    PlantedFault("learning_08", "weak", size=0.06),
    PlantedFault("coordination_08", "cross_loading", "communication", 0.46),
    PlantedFault("leadership_08", "cross_loading", "teamwork", 0.46),
    PlantedFault("system_08", "cross_loading", "learning", 0.46),
    PlantedFault("teamwork_08", "redundant", "teamwork_07", 0.98),
    PlantedFault("communication_08", "dif", "Mental health", 0.75),
    PlantedFault("leadership_07", "dif", "Local authority social care", 0.75),
    PlantedFault("coordination_07", "wrong_key"),
    PlantedFault("system_07", "ceiling", size=0.88),
)

DEMO = SimulationPlan(n=840, invited=1400, agencies=13, items="all", faults=DEMO_FAULTS)

DEMO_SMALL = SimulationPlan(
    n=91,
    invited=260,
    agencies=13,
    quality=Quality(drop_out=0.0),
    team_sizes=(4, 8),
    seed=20240106,
)
