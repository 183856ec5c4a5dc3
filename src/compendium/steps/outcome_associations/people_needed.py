"""What a claim corrects for, and how many people it would take: the errors of neither count as known."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from scipy import stats

from compendium.findings import decode, encode, found
from compendium.plan import Claim, StudyPlan
from psychometrics.planning import CorrelationPlan, corrected_interval, persons_for_corrected_correlation

# Fisher's z is not finite at one.
NEARLY_ONE = 1 - 1e-12
# Variance of Fisher's z of Spearman's rho times n - 3 (Fieller, Hartley & Pearson 1957).
SPEARMAN_VARIANCE, LOST_BY_FISHER = 1.06, 3
# Numbers of people tried when asking how many it takes to tell groups apart: from, to, in steps.
SIZES_TRIED = (10, 20_000, 10)
# Columns of the reliability that an estimate was corrected for.
RELIABILITY = ("reliability", "reliability_lower", "reliability_upper")


class PeerReliability(NamedTuple):
    """Reliability of the mean of a person's peers, with its interval; NaN where it is not defined."""

    value: float = math.nan
    lower: float = math.nan
    upper: float = math.nan


@dataclass(frozen=True)
class Needed:
    """People that a claim is expected to take, and the range that the errors leave; NaN where there is none."""

    expected: float = math.nan
    fewest: float = math.nan
    most: float = math.nan

    @property
    def columns(self) -> dict[str, float]:
        """The same as columns of the table of claims."""
        return {"n_needed": self.expected, "n_needed_fewest": self.fewest, "n_needed_most": self.most}


def corrected_for_peers(row: dict[str, Any], reliability: PeerReliability) -> dict[str, Any]:
    """Divide a cross-source correlation by the root of the peers' reliability; p stays.

    Few peers weaken a correlation that says nothing about the claim. The interval allows for the error of both. Where
    the reliability is not known or not above zero, the correlation stays as it was observed and says so.
    """
    if math.isnan(row.get("estimate", math.nan)):
        return row
    if not reliability.value > 0:
        return row | {"note": found("not_corrected").encoded}
    lower, upper = corrected_interval(row["estimate"], row["lower"], row["upper"], *reliability)
    ends = {"estimate": row["estimate"] / math.sqrt(reliability.value), "lower": lower, "upper": upper}
    known = dict(zip(RELIABILITY, reliability, strict=True))
    known["fisher_error"] = row["fisher_error"] / math.sqrt(reliability.value)
    return row | ends | known | {"method": encode((*decode(row["method"]), found("method_corrected")))}


def needed(row: Mapping[str, Any], claim: Claim, plan: StudyPlan, tests: int) -> Needed:
    """Return the n that is expected to find the smallest effect of interest with the wanted power.

    The error of this sample is carried over, with what clusters add to it; alpha is shared among the claims tested.
    Where this n is reached already, the estimate lies between zero and the smallest effect, and the n is the one at
    which an interval about the same estimate would leave out one of the two.
    """
    alpha, smallest = plan.alpha_level.value / tests, claim.smallest_effect.value
    if claim.kind == "groups":
        return Needed(_persons_for_groups(row, smallest, alpha, plan.claims.power.value))
    if not smallest > 0:
        return Needed()
    if not row["fisher_error"] > 0:
        reach = float(stats.norm.ppf(1 - alpha / 2) + stats.norm.ppf(plan.claims.power.value))
        wanted = float(np.arctanh(smallest)) / reach
        return Needed(math.ceil(SPEARMAN_VARIANCE / wanted**2) + float(LOST_BY_FISHER))
    planned = planned_correlation(row, smallest, plan, alpha, plan.claims.power.value)
    if planned.n > row["n"]:
        return Needed(planned.n_expected, planned.n_fewest, planned.n_most)
    shrunk = math.sqrt(planned.reliability)
    away, limit = (float(np.arctanh(min(abs(each) * shrunk, NEARLY_ONE))) for each in (row["estimate"], smallest))
    return Needed(max(planned.persons_for_distance(max(away, abs(limit - away))), row["n"] + 1))


def planned_correlation(
    row: Mapping[str, Any], smallest: float, plan: StudyPlan, alpha: float, power: float
) -> CorrelationPlan:
    """Plan a correlation from the error that this sample gave it and the reliability it was corrected for.

    Parameters
    ----------
    row
        ``n``, ``fisher_error`` (of the corrected correlation), ``df`` and the columns of :data:`RELIABILITY` (NaN where
        nothing was corrected).
    smallest
        The correlation that is to be found.
    alpha, power
        Error rate of its test, and the wanted power.
    """
    value, lower, upper = (float(row[name]) for name in RELIABILITY)
    known = (1.0, math.nan, math.nan) if math.isnan(value) else (min(value, NEARLY_ONE), lower, upper)
    df = float(row["df"]) if row["df"] >= 1 else math.inf
    return persons_for_corrected_correlation(
        smallest, row["n"], row["fisher_error"] * math.sqrt(known[0]), df, *known,
        power=power, alpha=alpha, confidence=plan.confidence.value, seed=plan.seed,
    )  # fmt: skip


def _persons_for_groups(row: Mapping[str, Any], smallest: float, alpha: float, power: float) -> float:
    """Return the n at which groups that share the smallest effect between them are told apart."""
    if not row["df"] > 0:
        return math.nan
    critical = stats.chi2.ppf(1 - alpha, row["df"])
    sizes = np.arange(*SIZES_TRIED)
    reached = stats.ncx2.sf(critical, row["df"], sizes * smallest) >= power
    return float(sizes[reached.argmax()]) if reached.any() else math.nan
