"""People for the claims, and peers for the view of colleagues that most of them rest on."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd

from compendium.findings import found
from compendium.plan import Claim, StudyPlan
from compendium.steps.outcome_associations.people_needed import RELIABILITY, planned_correlation
from compendium.steps.planning.parts import GOALS, UNITS, PlanningPart, Wanted, clusters, curve, row
from compendium.study import Study
from psychometrics.agreement.rater_number import spearman_brown
from psychometrics.errors import PsychometricsError
from psychometrics.planning import CorrelationPlan, rater_plan
from psychometrics.planning.raters import interval_half_width

# Claims whose estimate is a correlation or a standardised slope.
CORRELATED = ("own_outcome", "tenure", "colleagues")
# An interval of an intraclass correlation has a mean width from so many people on.
FEWEST_PEOPLE = 4
# Numbers of peers between which the people of a claim are compared.
PEERS = (1, 2, 3, 4, 5, 6, 8, 10)
PEERS_RANGE = ("peers_fewest", "peers_most")
TRADE_COLUMNS = ("peers", "reliability", "lower", "upper", "needed", "fewest", "most", "ratings")


def claims(study: Study, wanted: Wanted) -> PlanningPart:
    """Return the people with whom each claim finds its smallest effect of interest, and has a narrow interval."""
    part = PlanningPart()
    for claim, estimated in _estimated(study):
        unit = "ratings" if claim.kind == "colleagues" else "people"
        plan = _planned(estimated, claim, study, wanted)
        size = _cluster_size(study) if claim.kind != "colleagues" else math.nan
        n = float(estimated["n"])
        part.rows.append(
            row(
                "claim", claim.short, unit, wanted=wanted.power, n_here=n, here=plan.expected_power(n),
                needed=plan.n_expected, fewest=plan.n_fewest, most=plan.n_most,
                clusters=clusters(plan.n_expected, size), peers=_peers_here(study, estimated),
            )
        )  # fmt: skip

        def values(n: float, plan: CorrelationPlan = plan) -> tuple[float, float, float]:
            return plan.expected_power(n), *plan.power_range(n)

        part.curves.extend(curve("claim", claim.short, values, wanted.power))
        if claim.kind != "colleagues":
            people, fewest, most = plan.persons_for_half_width(wanted.correlation)
            part.rows.append(
                row(
                    "correlation", claim.short, unit, wanted=wanted.correlation, n_here=n, here=plan.half_widths(n)[0],
                    needed=people, fewest=fewest, most=most, clusters=clusters(people, size),
                    peers=_peers_here(study, estimated),
                )
            )  # fmt: skip
    if not part.rows:
        part.rows.append(row("claim", "", "people", found("plan_no_claim")))
    return part


def peers_or_people(study: Study, wanted: Wanted) -> pd.DataFrame:
    """Return how many people the claim about own outcomes that needs most takes with few or many peers each.

    The reliability of one peer follows from that of the mean (Spearman-Brown the other way), with its interval.
    """
    rows: list[dict[str, float]] = []
    seen = [each for each in _estimated(study) if each[1]["reliability"] > 0]
    if not seen or not study.collected("peers"):
        return pd.DataFrame(columns=list(TRADE_COLUMNS))
    claim, estimated = max(seen, key=lambda each: _planned(each[1], each[0], study, wanted).n)
    here = _peers_here(study, estimated)
    single = [_of_one(float(estimated[name]), here) for name in RELIABILITY]
    for k in PEERS:
        reliable = dict(zip(RELIABILITY, (spearman_brown(each, k) for each in single), strict=True))
        error = estimated["fisher_error"] * math.sqrt(estimated["reliability"] / reliable["reliability"])
        plan = _planned({**estimated, **reliable, "fisher_error": error}, claim, study, wanted)
        figures = (*reliable.values(), plan.n_expected, plan.n_fewest, plan.n_most, k * plan.n_expected)
        rows.append(dict(zip(TRADE_COLUMNS, (float(k), *figures), strict=True)))
    return pd.DataFrame(rows, columns=list(TRADE_COLUMNS))


def peers(study: Study, wanted: Wanted) -> PlanningPart:
    """Return the peers that each competency needs for both targets, and the people for a narrow interval.

    What clusters add to the variance is carried over from the interval of this cohort.
    """
    part, plan = PlanningPart(), study.plan
    targets = (plan.agreement.reliability.value, plan.agreement.high_reliability.value)
    for competency, icc in study.prepared.peer_icc.iterrows():
        known = [float(icc[name]) for name in ("icc1", "lower", "upper")]
        if not all(map(math.isfinite, known)) or known[0] >= 1:
            part.rows.append(row("peer_mean", str(competency), "rated", found("plan_no_peers")))
            continue
        effect = _design_effect(icc, plan)
        n = float(icc["people"])
        for target in targets:
            made = rater_plan(known[0], known[1], known[2], target, wanted.peers, plan.confidence.value, effect)
            mean, k = spearman_brown(known[0], made.n_raters), made.n_raters
            here = (
                interval_half_width(mean, n, k, plan.confidence.value, effect)
                if n >= FEWEST_PEOPLE and k >= 2
                else math.nan
            )
            part.rows.append(
                row(
                    "peer_mean", str(competency), "rated",
                    found("said_by_method", text="; ".join(made.notes)) if made.notes else "",
                    wanted=wanted.peers, target=target, n_here=n, here=here, needed=made.n_persons,
                    fewest=made.n_persons_fewest, most=made.n_persons_most, peers=k,
                    peers_fewest=made.n_raters_fewest, peers_most=made.n_raters_most,
                    clusters=clusters(made.n_persons, _cluster_size(study)),
                )
            )  # fmt: skip
        first = rater_plan(known[0], known[1], known[2], targets[0], wanted.peers, plan.confidence.value, effect)
        if not math.isfinite(first.n_raters):
            continue
        singles = known[0], known[2], known[1]

        def values(
            n: float, singles: tuple[float, ...] = singles, k: float = first.n_raters, effect: float = effect
        ) -> list[float]:
            means = (spearman_brown(single, k) for single in singles)
            return [interval_half_width(mean, n, k, plan.confidence.value, effect) for mean in means]

        part.curves.extend(curve("peer_mean", str(competency), values, wanted.peers))
    return part


def from_to(table: pd.DataFrame) -> tuple[float, float]:
    """Return the smallest and the largest number of people that a claim about people needs."""
    powers = table["goal"] == found(GOALS["claim"]).encoded
    known = table.loc[powers & (table["unit"] == found(UNITS["people"]).encoded), "needed"].dropna()
    return (math.nan, math.nan) if known.empty else (float(known.min()), float(known.max()))


def peers_of_hardest(table: pd.DataFrame) -> tuple[float, float, float]:
    """Return the number of peers that the least reliable competency needs for the lower target, with its range."""
    known = table[table["target"] == table["target"].min()].dropna(subset=["peers"]).sort_values("peers")
    if known.empty:
        return math.nan, math.nan, math.nan
    last = known.iloc[-1]
    return tuple(math.nan if pd.isna(last[name]) else float(last[name]) for name in ("peers", *PEERS_RANGE))  # type: ignore[return-value]


def _estimated(study: Study) -> list[tuple[Claim, dict[str, Any]]]:
    """Return the claims that have an error to plan from, with what 08 prepared of them."""
    prepared, published = study.prepared.claims, study.plan.claims.published
    known = prepared[prepared["fisher_error"] > 0]
    return [
        (published[str(name)], {str(key): value for key, value in estimates.items()})
        for name, estimates in known.iterrows()
        if published[str(name)].kind in CORRELATED and published[str(name)].smallest_effect.value > 0
    ]


def _planned(estimated: dict[str, Any], claim: Claim, study: Study, wanted: Wanted) -> CorrelationPlan:
    """Plan a claim; alpha is shared among the claims that were tested."""
    tests = max(int(study.prepared.claims["p"].notna().sum()), 1)
    alpha = study.plan.alpha_level.value / tests
    return planned_correlation(estimated, claim.smallest_effect.value, study.plan, alpha, wanted.power)


def _cluster_size(study: Study) -> float:
    """Return the people in a cluster of this cohort, 1 where they are nested in nothing."""
    kin = study.nesting.clusters
    return 1.0 if kin is None else len(kin) / kin.nunique()


def _peers_here(study: Study, estimated: dict[str, Any]) -> float:
    """Return the peers of a person behind a claim that was corrected for them; NaN where none was."""
    if not estimated["reliability"] > 0 or not study.prepared.has("peer_icc"):
        return math.nan
    return float(study.prepared.peer_icc["peers_n0"].median())


def _of_one(reliability: float, k: float) -> float:
    """Return the reliability of one of k peers from that of their mean."""
    return reliability / (k - (k - 1) * reliability)


def _design_effect(icc: pd.Series[float], plan: StudyPlan) -> float:
    """Return the design effect: the squared ratio of this cohort's interval to that of independent people."""
    k, n = float(icc["peers_n0"]), float(icc["people"])
    if not k > 1 or n < FEWEST_PEOPLE:
        return 1.0
    try:
        mean, lower, upper = (spearman_brown(float(icc[name]), k) for name in ("icc1", "lower", "upper"))
        alone = interval_half_width(mean, n, k, plan.confidence.value)
    except PsychometricsError:
        return 1.0
    ratio = (upper - lower) / 2 / alone
    return float(np.fmax(1.0, ratio**2))
