"""Who was invited: agencies, teams, occupations, tenure, and the traits people bring along."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from compendium.framework import Framework
from compendium.simulate.plan import AGENCY_SIZES, GENDERS, OCCUPATIONS, SECTORS, SimulationPlan
from compendium.simulate.population import fixed_variance, occupation_shifts, trait_names, unit_correlations
from compendium.simulate.streams import choose, stream

#: Median and spread of tenure in years, and the longest that occurs; tenure is log-normal.
TENURE_LOG_MEDIAN, TENURE_LOG_SD, LONGEST_TENURE = 1.55, 0.85, 42
SMALLEST_AGENCY = 2


@dataclass(frozen=True)
class People:
    """Everyone invited, in order of their identifier.

    Attributes
    ----------
    frame
        Indexed by ``person_id``: ``agency sector team occupation gender tenure started``.
    traits
        Latent competencies and outcomes, variance one.
    positivity
        Everyone's place on the common positivity factor.
    """

    frame: pd.DataFrame
    traits: pd.DataFrame
    positivity: np.ndarray

    @property
    def started(self) -> np.ndarray:
        """Mask of those who started the survey."""
        return self.frame["started"].to_numpy(dtype=bool)


def draw_people(plan: SimulationPlan, framework: Framework) -> People:
    """Draw everyone invited."""
    places = _draw_places(plan)
    background, tenure = _draw_background(plan, places)
    traits = _draw_traits(plan, framework, background, tenure)
    positivity = stream(plan.seed, "positivity").standard_normal(len(background))
    return People(background, traits, positivity)


def _draw_places(plan: SimulationPlan) -> pd.DataFrame:
    """Give everyone an agency and a team, then identifiers that say nothing about either."""
    generator = stream(plan.seed, "places")
    agencies = np.repeat(np.arange(plan.agencies), _agency_sizes(plan))
    teams = np.concatenate([_team_numbers(generator, int(size), plan.team_sizes) for size in np.bincount(agencies)])
    joined = generator.integers(0, plan.n, size=plan.invited - plan.n)
    rows = np.concatenate([np.arange(plan.n), joined])
    frame = pd.DataFrame({"agency": agencies[rows], "team": teams[rows], "started": np.arange(len(rows)) < plan.n})
    frame = frame.iloc[generator.permutation(len(frame))].reset_index(drop=True)
    width = max(4, len(str(len(frame))))
    frame.index = pd.Index([f"P{number:0{width}d}" for number in range(1, len(frame) + 1)], name="person_id")
    return frame


def _agency_sizes(plan: SimulationPlan) -> np.ndarray:
    """Give each agency the smallest size, then share the others out in proportion, by largest remainder."""
    weights = np.array([AGENCY_SIZES[position % len(AGENCY_SIZES)] for position in range(plan.agencies)])
    spare = plan.n - SMALLEST_AGENCY * plan.agencies
    if spare < 0:
        raise ValueError(f"{plan.n} people are too few for {plan.agencies} agencies of {SMALLEST_AGENCY}")
    quota = weights * spare / weights.sum()
    sizes: np.ndarray = np.floor(quota).astype(int)
    largest_remainders = np.argsort(-(quota - sizes).round(9), kind="stable")[: spare - sizes.sum()]
    sizes[largest_remainders] += 1
    return sizes + SMALLEST_AGENCY


def _team_numbers(generator: np.random.Generator, n: int, limits: tuple[int, int]) -> np.ndarray:
    """Cut n people into teams within the limits (one smaller team when the agency itself is smaller)."""
    smallest, largest = limits
    sizes: list[int] = []
    left = n
    while left > 0:
        size = int(generator.integers(smallest, largest + 1))
        size = left if size + smallest > left and left <= largest else min(size, max(left - smallest, 1))
        sizes.append(size)
        left -= size
    return np.repeat(np.arange(len(sizes)), sizes)


def _draw_background(plan: SimulationPlan, places: pd.DataFrame) -> tuple[pd.DataFrame, np.ndarray]:
    """Add sector, occupation, gender and tenure; return the normal score of tenure beside the table."""
    generator, n = stream(plan.seed, "background"), len(places)
    sector = places["agency"].to_numpy() % len(SECTORS)
    occupation = _draw_occupation(generator, sector)
    gender = choose(generator, [share for _, share in GENDERS], n)
    score = generator.standard_normal(n)
    years = np.floor(np.exp(TENURE_LOG_MEDIAN + TENURE_LOG_SD * score)).clip(0, LONGEST_TENURE)
    frame = pd.DataFrame(
        {
            "agency": [agency_name(number, plan.agencies) for number in places["agency"]],
            "sector": np.array(SECTORS)[sector],
            "team": [
                f"{agency_name(agency, plan.agencies)[7:]}{team + 1:02d}"
                for agency, team in zip(places["agency"], places["team"], strict=True)
            ],
            "occupation": np.array([row.name for row in OCCUPATIONS])[occupation],
            "gender": np.array([code for code, _ in GENDERS])[gender],
            "tenure": years,
            "started": places["started"].to_numpy(),
        },
        index=places.index,
    )
    return frame, score


def _draw_occupation(generator: np.random.Generator, sector: np.ndarray) -> np.ndarray:
    """Draw occupations by the shares of each sector."""
    occupation = np.zeros(len(sector), dtype=int)
    for number in range(len(SECTORS)):
        drawn = choose(generator, [row.shares[number] for row in OCCUPATIONS], len(sector))
        occupation = np.where(sector == number, drawn, occupation)
    return occupation


def agency_name(number: int, agencies: int) -> str:
    """Return a plain name: a letter, or a number when there are more agencies than letters."""
    return f"Agency {chr(ord('A') + number)}" if agencies <= 26 else f"Agency {number + 1:04d}"


def _draw_traits(
    plan: SimulationPlan, framework: Framework, background: pd.DataFrame, tenure: np.ndarray
) -> pd.DataFrame:
    """Add up what agency, team, occupation, tenure and the person contribute to each trait."""
    names, competencies = trait_names(plan, framework), len(framework.competencies)
    root = np.linalg.cholesky(unit_correlations(plan, framework).to_numpy()).round(6)
    agency, team = (pd.factorize(background[level], sort=True)[0] for level in ("agency", "team"))
    effects = {
        "agency": _standardised(_correlated(plan, "agency effects", root, agency.max() + 1))[agency],
        "team": _correlated(plan, "team effects", root, team.max() + 1)[team],
        "person": _correlated(plan, "person effects", root, len(background)),
    }
    fixed = np.zeros((len(background), len(names)))
    shifts = dict(zip([row.name for row in OCCUPATIONS], occupation_shifts(), strict=True))
    occupation = background["occupation"].map(shifts).to_numpy(dtype=float)
    fixed[:, :competencies] = (plan.tenure * tenure + occupation)[:, None]
    weights = _level_weights(plan, competencies, len(names) - competencies)
    values = fixed + sum(effects[level] * weights[level] for level in ("agency", "team", "person"))
    return pd.DataFrame(values, background.index, names)


def _level_weights(plan: SimulationPlan, competencies: int, outcomes: int) -> dict[str, np.ndarray]:
    """Return the standard deviation of each trait at each level."""
    cluster, fixed = plan.clustering, fixed_variance(plan)
    shares = {
        "agency": (cluster.agency, cluster.outcome_agency),
        "team": (cluster.team, cluster.outcome_team),
        "person": (
            1 - fixed - cluster.agency - cluster.team,
            1 - cluster.outcome_agency - cluster.outcome_team,
        ),
    }
    return {level: np.sqrt(np.repeat(pair, [competencies, outcomes])) for level, pair in shares.items()}


def _correlated(plan: SimulationPlan, name: str, root: np.ndarray, n: int) -> np.ndarray:
    """Draw n correlated vectors; summed term by term, because a matrix product may round differently elsewhere."""
    normal = stream(plan.seed, name).standard_normal((len(root), n))
    columns = [
        sum((root[row, k] * normal[k] for k in range(1, row + 1)), root[row, 0] * normal[0]) for row in range(len(root))
    ]
    return np.stack(columns, axis=1)


def _standardised(effects: np.ndarray) -> np.ndarray:
    """Give effects mean 0 and variance 1, so that few agencies still differ as much as planned, not by luck."""
    if len(effects) < 3:
        return effects
    centred = effects - effects.mean(axis=0)
    standardised: np.ndarray = centred / np.sqrt((centred**2).mean(axis=0))
    return standardised.round(6)
