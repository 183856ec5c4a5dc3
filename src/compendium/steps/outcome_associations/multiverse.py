"""The headline estimates over every defensible choice of scoring, missing rule, careless rule and covariates."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

import joblib
import numpy as np
import pandas as pd

from compendium.disclosure.suppression import tells_of_a_few
from compendium.steps.outcome_associations import associations as outcomes
from compendium.steps.outcome_associations.claims import ClaimData
from compendium.steps.outcome_associations.specifications import Association, tested_outcomes
from psychometrics.association import correlation_matrix, partial_correlations
from psychometrics.errors import PsychometricsError

if TYPE_CHECKING:
    from compendium.study import Study

CHOICES = ("items", "minimum_answered", "careless", "correlation", "covariates")


def flagged_people(step: Study) -> pd.Index:
    """Return the people whose answers look careless by the rules of the plan.

    None where nobody was screened, or where so few are flagged that an estimate without them would tell of them alone.
    """
    flags = step.prepared.careless["flagged"].astype(bool)
    few = tells_of_a_few(int(flags.sum()), step.plan.disclosure.minimum_group.value)
    return flags.index[:0] if few else flags.index[flags]


def specifications(step: Study, data: ClaimData) -> pd.DataFrame:
    """Return every combination of choices that this cohort allows, one a row."""
    plan, people = step.plan.multiverse, data.people
    covariates = [names for names in plan.covariates if set(names) <= set(people.columns)]
    careless = plan.careless if len(flagged_people(step)) else ["all"]
    shares = [share.value for share in plan.minimum_answered.values()]
    rows = itertools.product(plan.items, shares, careless, plan.correlation, covariates)
    table = pd.DataFrame(list(rows), columns=list(CHOICES))
    return table.assign(covariates=[" + ".join(names) or "none" for names in table["covariates"]])


def specification_curve(step: Study, data: ClaimData) -> pd.DataFrame:
    """Estimate every association with an own outcome under every specification.

    Returns
    -------
    DataFrame
        One row an association (as :func:`tested_outcomes` names them) and specification: the choices, ``estimate``,
        ``lower``, ``upper``, ``n``, ``note``.
    """
    table = specifications(step, data)
    sets = {"kept": step.kept_items, "asked": list(step.framework.items.index)}
    answers = step.prepared.answers
    scored = {
        (name, share): step.scored(answers, step.framework.scales(sets[name]), share)
        for name, share in {(row["items"], row["minimum_answered"]) for row in table.to_dict("records")}
    }
    total = step.framework.total
    kept = ~answers.index.isin(flagged_people(step))
    tested = tested_outcomes(data, step.plan)
    confidence = step.plan.confidence.value
    # Places instead of names, and numbers instead of the names of clusters: every specification looks all people up.
    places, kin = pd.RangeIndex(len(answers)), data.nesting.of(answers.index)
    clusters = None if kin is None else pd.Series(pd.factorize(kin)[0], places)
    own, people = data.own.set_axis(places), data.people.set_axis(places)
    work = (
        joblib.delayed(_estimate)(
            outcomes.composite(scored[row["items"], row["minimum_answered"]], total, one.competency).set_axis(places),
            own[one.scale],
            people,
            kept if row["careless"] != "all" else np.ones(len(kept), dtype=bool),
            {"claim": claim} | {str(key): value for key, value in row.items()},
            confidence,
            clusters,
        )
        for claim, one in tested.items()
        for row in table.to_dict("records")
    )
    rows = joblib.Parallel()(work)
    return pd.DataFrame(rows).reindex(columns=["claim", *CHOICES, "estimate", "lower", "upper", "n", "note"])


def _estimate(
    score: pd.Series[float],
    outcome: pd.Series[float],
    people: pd.DataFrame,
    kept: np.ndarray,
    row: dict[str, object],
    confidence: float,
    clusters: pd.Series[int] | None,
) -> dict[str, object]:
    """Estimate one claim under one specification."""
    x, y = score[kept].to_frame("x"), outcome[kept].to_frame("y")
    covariates, method, kin = str(row["covariates"]), row["correlation"], None if clusters is None else clusters[kept]
    try:
        if covariates == "none":
            found = correlation_matrix(x, y, confidence, method, kin)  # type: ignore[arg-type]
        else:
            held = people.loc[kept, covariates.split(" + ")]
            found = partial_correlations(x, y, held, method, confidence, kin)  # type: ignore[arg-type]
    except PsychometricsError as error:
        return row | {"note": str(error)}
    one = found.to_frame().rename(columns={"rho": "estimate", "r": "estimate"}).iloc[0]
    return row | {name: one[name] for name in ("estimate", "lower", "upper", "n", "note")}


def curve_summary(curve: pd.DataFrame, tested: Mapping[str, Association]) -> pd.DataFrame:
    """Return, for each association, the range of its estimates and how many of them hold up.

    Parameters
    ----------
    curve
        Table of :func:`specification_curve`.
    tested
        The associations by name, as :func:`tested_outcomes` returns them.

    Returns
    -------
    DataFrame
        ``claimed_side_share`` is the share of intervals that lie wholly on the side of zero that is claimed, on either
        side where none is. ``of_interest_share`` is the share of estimates that reach the smallest effect of interest
        on that side; NaN where no such effect is declared.
    """
    rows = []
    for claim, part in curve.dropna(subset=["estimate"]).groupby("claim", sort=False):
        known, one = part["estimate"], tested[str(claim)]
        above, below = part["lower"] > 0, part["upper"] < 0
        sides = {"positive": above, "negative": below, "any": above | below}
        towards = {"positive": known, "negative": -known, "any": known.abs()}[one.direction]
        rows.append(
            {
                "claim": claim,
                "specifications": len(known),
                "smallest": known.min(),
                "median": known.median(),
                "largest": known.max(),
                "claimed_side_share": float(sides[one.direction].mean()),
                "of_interest_share": math.nan if math.isnan(one.smallest) else float((towards >= one.smallest).mean()),
            }
        )
    columns = ["claim", "specifications", "smallest", "median", "largest", "claimed_side_share", "of_interest_share"]
    return pd.DataFrame(rows, columns=columns)


def most_dependent(summary: pd.DataFrame) -> str:
    """Return the name of the association whose estimates lie furthest apart."""
    return str(summary["claim"].iloc[int((summary["largest"] - summary["smallest"]).argmax())])
