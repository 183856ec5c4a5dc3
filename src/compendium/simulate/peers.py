"""Peer ratings: who rates whom, what raters see, and how engaged the raters themselves are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from compendium.framework import Framework
from compendium.simulate.forms import answer, skip_answers
from compendium.simulate.people import People
from compendium.simulate.plan import PeerPlan, SimulationPlan
from compendium.simulate.population import GENERAL, competency_items, outcome_items, trait_correlations
from compendium.simulate.streams import choose, exact_share, stream

#: Correlation between competencies in what one rater alone sees: halo.
HALO = 0.6


@dataclass(frozen=True)
class PeerForms:
    """Ratings, with what lies behind them.

    Attributes
    ----------
    frame
        One row a rating: ``person_id``, ``rater_id``, items, the rater's outcome items.
    engagement
        The rater's latent standing on the first outcome, one value a row.
    """

    frame: pd.DataFrame
    engagement: pd.Series[float]


def draw_peers(plan: SimulationPlan, framework: Framework, people: People) -> PeerForms | None:
    """Draw the peer forms, or None when the plan has no peers."""
    if plan.peers is None:
        return None
    pairs = _pairs(plan, plan.peers, people)
    visible = _visible(plan, plan.peers, framework, people)
    impressions = _impressions(plan, plan.peers, framework, people, visible, pairs)
    items = competency_items(plan, framework)
    correlations = trait_correlations(plan, framework)
    sectors = people.frame.loc[pairs["person_id"], "sector"].to_numpy()
    ratings = answer(
        items,
        impressions,
        correlations,
        sectors,
        plan.seed,
        "peer",
        easier=-plan.peers.self_minus_peer,
    )
    outcomes, engagement = _rater_outcomes(plan, plan.peers, framework, people, visible, pairs)
    codes = pd.concat([ratings, outcomes], axis=1)
    codes = skip_answers(codes, plan.quality, plan.seed, "peer", framework.scale.not_applicable, len(ratings.columns))
    return PeerForms(pd.concat([pairs, codes], axis=1), engagement)


def _pairs(plan: SimulationPlan, peers: PeerPlan, people: People) -> pd.DataFrame:
    """Choose raters among all invited members of the person's team, the person excepted."""
    generator = stream(plan.seed, "raters")
    teams = people.frame["team"].to_numpy()
    members = {team: np.asarray(rows) for team, rows in pd.Series(teams).groupby(teams).indices.items()}
    started = np.flatnonzero(people.started)
    rated = started[exact_share(generator, len(started), peers.rated_share)]
    wanted = 1 + choose(generator, list(peers.returned), len(rated))
    names = people.frame.index.to_numpy()
    rows = [
        (names[person], names[rater])
        for person, count in zip(rated, wanted, strict=True)
        for rater in np.sort(_others(generator, members[teams[person]], person)[:count])
    ]
    return pd.DataFrame(rows, columns=["person_id", "rater_id"])


def _others(generator: np.random.Generator, team: np.ndarray, person: int) -> np.ndarray:
    """Return the other members of a team in random order."""
    shuffled = generator.permutation(team)
    others: np.ndarray = shuffled[shuffled != person]
    return others


def _visible(plan: SimulationPlan, peers: PeerPlan, framework: Framework, people: People) -> pd.DataFrame:
    """Return what peers can see of each person's competencies: partly what the person lives."""
    competencies = list(framework.competencies.index)
    generator = stream(plan.seed, "visible")
    own = _general_and_specific(generator, len(people.frame), len(competencies))
    r = peers.self_peer_correlation
    visible: pd.DataFrame = r * people.traits[competencies] + np.sqrt(1 - r**2) * own
    return visible


def _impressions(
    plan: SimulationPlan,
    peers: PeerPlan,
    framework: Framework,
    people: People,
    visible: pd.DataFrame,
    pairs: pd.DataFrame,
) -> pd.DataFrame:
    """Mix what all peers see with the rater's style and with what this rater alone sees."""
    generator, n = stream(plan.seed, "impressions"), len(people.frame)
    colour = peers.positivity * people.positivity
    style = colour + np.sqrt(1 - peers.positivity**2) * generator.standard_normal(n)
    rater = people.frame.index.get_indexer(pd.Index(pairs["rater_id"]))
    halo = generator.standard_normal(len(pairs))[:, None]
    single = generator.standard_normal((len(pairs), len(framework.competencies)))
    alone = np.sqrt(HALO) * halo + np.sqrt(1 - HALO) * single
    unshared = np.sqrt(peers.rater_style) * style[rater][:, None] + np.sqrt(1 - peers.rater_style) * alone
    seen = visible.loc[pairs["person_id"]].reset_index(drop=True)
    impression: pd.DataFrame = np.sqrt(peers.shared_view) * seen + np.sqrt(1 - peers.shared_view) * unshared
    return impression


def _rater_outcomes(
    plan: SimulationPlan,
    peers: PeerPlan,
    framework: Framework,
    people: People,
    visible: pd.DataFrame,
    pairs: pd.DataFrame,
) -> tuple[pd.DataFrame, pd.Series[float]]:
    """Answer the rater's own outcome items, the same on each form of a rater."""
    items = outcome_items(plan, framework, "rater", list(peers.outcomes))
    traits = people.traits[list(peers.outcomes)].copy()
    first = peers.outcomes[0]
    lived = people.traits[visible.columns].mean(axis=1) + visible.mean(axis=1)
    pull = peers.colleague_effect * (lived / lived.std())
    received = pull.loc[pairs["person_id"]].groupby(pairs["rater_id"].to_numpy()).sum()
    traits[first] = traits[first].add(received, fill_value=0.0) / np.sqrt(1 + received.var())
    raters = people.frame.index.isin(pairs["rater_id"])
    codes = answer(
        items,
        traits[raters],
        trait_correlations(plan, framework),
        people.frame.loc[raters, "sector"].to_numpy(),
        plan.seed,
        "rater",
        people.positivity[raters],
    )
    chosen = codes.loc[pairs["rater_id"]].reset_index(drop=True)
    return chosen, traits.loc[pairs["rater_id"], first].reset_index(drop=True)


def _general_and_specific(generator: np.random.Generator, n: int, competencies: int) -> np.ndarray:
    """Draw standard normal competencies that share one general factor as the lived ones do."""
    general = np.array([GENERAL[k % len(GENERAL)] for k in range(competencies)])
    shared = generator.standard_normal(n)[:, None]
    specific = generator.standard_normal((n, competencies))
    drawn: np.ndarray = general * shared + np.sqrt(1 - general**2) * specific
    return drawn
