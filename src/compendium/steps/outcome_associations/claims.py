"""The published claims, each tested by the estimate that the plan declared for it (notebook 08)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import joblib
import numpy as np
import pandas as pd
from scipy import stats

from compendium.disclosure import hidden_groups
from compendium.plan import Claim, StudyPlan
from compendium.steps.invariance.group_differences import (
    FEWEST_GROUPS,
    TOO_FEW_SHOWN,
    groupings,
    rank_effect,
    shown_groups,
)
from compendium.steps.outcome_associations import associations as outcomes
from compendium.steps.rater_agreement import peers as raters
from psychometrics.association import adjust_p, bootstrap_correlations, random_intercept, regression, verdict
from psychometrics.errors import PsychometricsError
from psychometrics.groups import kruskal_wallis

if TYPE_CHECKING:
    from compendium.step import Step

NOT_COLLECTED = "not collected"
UNDETERMINED = "undetermined at this n"
CANNOT = "cannot be estimated"
ALIKE = "groups no further apart than chance brings them: shown as zero"
OVERALL_SCORE, THE_OUTCOME = "the overall score", "the outcome"
VERDICTS = ("supported", "not supported", UNDETERMINED, NOT_COLLECTED)
COLUMNS = (
    "claim", "short", "statement", "evidence", "tested_by", "estimate", "lower", "upper", "p", "p_holm", "n", "method",
    "smallest_effect", "verdict", "verdict_words", "n_needed",
    "same_estimate", "same_lower", "same_upper", "same_p", "same_n",
    "same_verdict", "note",
)  # fmt: skip


@dataclass(frozen=True)
class Material:
    """What the claims are tested on; a table that the cohort did not collect is empty.

    Attributes
    ----------
    overall, peer_overall : Series
        Mean over competencies, as the person and as the mean of the peers sees it.
    own, colleagues : DataFrame
        Outcome scores of the person, and of the raters by (person, rater).
    given, scores : DataFrame
        Competency scores by (person, rater), and of the people themselves.
    people : DataFrame
        Groups of the person, tenure as a number.
    clusters : Series or None
        What the bootstrap draws; None for single persons.
    cluster_name : str
        Grouping of ``clusters``, or "person".
    has_own, has_peers : bool
        Whether people rated themselves, and whether peers rated them.
    compared : tuple of str
        Groupings whose groups are compared and shown.
    peer_reliability : float
        Reliability of the mean of the peers a person has.
    """

    overall: pd.Series[float]
    peer_overall: pd.Series[float]
    own: pd.DataFrame
    colleagues: pd.DataFrame
    given: pd.DataFrame
    people: pd.DataFrame
    scores: pd.DataFrame
    clusters: pd.Series[str] | None
    cluster_name: str
    has_own: bool
    has_peers: bool
    peer_reliability: float
    compared: tuple[str, ...]


def gather(step: Step) -> Material:
    """Bring together what the claims are tested on, whatever the cohort collected."""
    prepared = step.prepared
    scores = step.scores(prepared.answers)
    has_peers = step.collected("peers")
    given = step.scores(prepared.peers) if has_peers else pd.DataFrame(columns=scores.columns, dtype=float)
    means = raters.peer_means(given)[0].reindex(scores.index) if has_peers else scores * np.nan
    own = step.outcome_scores(prepared.outcomes) if step.collected("outcomes") else pd.DataFrame(index=scores.index)
    rated_by = step.outcome_scores(prepared.peer_outcomes, "rater") if step.collected("peer_outcomes") else None
    people = prepared.people.reindex(scores.index)
    if step.collected("tenure"):
        people = people.assign(
            tenure=tenure_ranks(people["tenure"], list(step.settings.groups["tenure"].levels.values()))
        )
    clusters, name = chosen_clusters(people, step.plan)
    colleagues = pd.DataFrame() if rated_by is None else rated_by
    overall, peers = outcomes.overall(scores), outcomes.overall(means)
    reliability = _peer_reliability(given, step.plan) if has_peers else math.nan
    return Material(
        overall, peers, own, colleagues, given, people, scores, clusters, name,
        step.collected("self_ratings"), has_peers, reliability, tuple(groupings(step.settings)),
    )  # fmt: skip


def _peer_reliability(given: pd.DataFrame, plan: StudyPlan) -> float:
    """Return the reliability of a mean of peers over all competencies, ICC(1,k); NaN where it is not defined."""
    table = raters.peer_icc(outcomes.overall(given).to_frame(), plan.confidence.value)
    return float(table["icc1_k"].iloc[0])


def tenure_ranks(tenure: pd.Series[Any], levels: list[str]) -> pd.Series[float]:
    """Return tenure as a number; bands count by the order of their levels."""
    if pd.api.types.is_numeric_dtype(tenure):
        return tenure.astype(float)
    order = levels or sorted(tenure.dropna().unique())
    return tenure.map({level: float(rank) for rank, level in enumerate(order)}).astype(float)


def chosen_clusters(people: pd.DataFrame, plan: StudyPlan) -> tuple[pd.Series[str] | None, str]:
    """Return the first declared grouping with enough clusters; people without a cluster are one of their own."""
    for name in plan.claims.clusters:
        if name in people and people[name].nunique() >= plan.claims.fewest_clusters.value:
            alone = pd.Series([f"alone {row}" for row in range(len(people))], index=people.index)
            return people[name].astype(object).fillna(alone).astype(str), name
    return None, "person"


def claims_table(material: Material, plan: StudyPlan, labels: Mapping[str, str]) -> pd.DataFrame:
    """Test every published claim and judge it.

    Returns
    -------
    DataFrame
        One row a claim, in the order of the plan. ``p_holm`` is adjusted over the claims that could be tested;
        ``n_needed`` is the n at which an undetermined claim would be settled (see :func:`needed`).
    """
    published = plan.claims.published
    work = (joblib.delayed(_tested)(name, claim, material, plan, labels) for name, claim in published.items())
    rows = joblib.Parallel()(work)
    table = pd.DataFrame(rows).reindex(columns=[*COLUMNS, "fisher_error", "df"])
    table["p_holm"] = adjust_p(table["p"].astype(float), "holm")
    table["same_p_holm"] = adjust_p(table["same_p"].astype(float), "holm")
    judged = [_judged(row, published[str(row["claim"])], plan, int(table["p"].notna().sum())) for row in _rows(table)]
    done = table.assign(**pd.DataFrame(judged, index=table.index))
    done["verdict_words"] = [_in_words(row) for row in _rows(done)]
    return done[list(COLUMNS)]


def _in_words(row: Mapping[str, Any]) -> str:
    """Say the verdict and, where it is open, the n it would take; no n settles what cannot be estimated."""
    if row["verdict"] == UNDETERMINED and math.isnan(row["estimate"]) and math.isnan(row["n_needed"]):
        return CANNOT
    return f"{row['verdict']}, would need {row['n_needed']:,.0f}" if row["n_needed"] > 0 else str(row["verdict"])


def _rows(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a table with text keys."""
    return [{str(key): value for key, value in row.items()} for row in table.to_dict("records")]


def _tested(name: str, claim: Claim, material: Material, plan: StudyPlan, labels: Mapping[str, str]) -> dict[str, Any]:
    """Return the estimate of one claim, or why there is none."""
    row = {
        "claim": name,
        "short": claim.short,
        "statement": claim.statement,
        "evidence": " and ".join(claim.evidence),
        "smallest_effect": claim.smallest_effect.value,
    }
    if claim.kind != "own_outcome" and not material.has_own:
        return row | {"verdict": NOT_COLLECTED, "note": "self ratings: not collected in this cohort"}
    test = {"own_outcome": _own_outcome, "tenure": _tenure, "colleagues": _colleagues, "groups": _groups}[claim.kind]
    try:
        return row | test(claim, material, plan, labels)
    except PsychometricsError as error:
        return row | {"note": str(error)}


def collected_outcome(claim: Claim, collected: list[str]) -> tuple[str | None, bool]:
    """Return the scale that carries the claim's outcome, and whether it only stands in for it."""
    for names, stands_in in ((claim.outcomes, False), (claim.stand_ins, True)):
        for name in names:
            if name in collected:
                return name, stands_in
    return None, False


def _own_outcome(claim: Claim, material: Material, plan: StudyPlan, labels: Mapping[str, str]) -> dict[str, Any]:
    """Correlate the overall score with the person's own outcome."""
    name, stands_in = collected_outcome(claim, list(material.own.columns))
    if name is None:
        return {"verdict": NOT_COLLECTED, "note": f"{' or '.join(claim.outcomes)}: not collected in this cohort"}
    same = _correlated(material, material.overall, material.own[name], plan)
    beside = {f"same_{key}": same[key] for key in ("estimate", "lower", "upper", "p", "n") if key in same}
    beside = beside if material.has_own else {}
    words = f"{labels.get(name, name)}{' (stands in for the outcome)' if stands_in else ''}"
    if not material.has_peers:
        return beside | same | {"tested_by": f"{words}; competencies rated by the same person"}
    cross = _correlated(material, material.peer_overall, material.own[name], plan)
    return beside | corrected_for_peers(cross, material.peer_reliability) | {
        "tested_by": f"{words}; competencies rated by peers"
    }  # fmt: skip


def corrected_for_peers(row: dict[str, Any], reliability: float) -> dict[str, Any]:
    """Divide a cross-source correlation and its interval by the root of the peers' reliability; p stays.

    Few peers weaken a correlation that says nothing about the claim. Where the reliability is not known or not above
    zero, the correlation stays as it was observed and says so.
    """
    if math.isnan(row.get("estimate", math.nan)):
        return row
    if not reliability > 0:
        return row | {"note": "not corrected: the reliability of the peers is not known"}
    factor = math.sqrt(reliability)
    ends = {key: row[key] / factor for key in ("estimate", "lower", "upper")}
    error = row["fisher_error"] / factor
    return row | ends | {"fisher_error": error, "method": f"{row['method']}, corrected for the reliability of peers"}


def _tenure(claim: Claim, material: Material, plan: StudyPlan, labels: Mapping[str, str]) -> dict[str, Any]:
    """Correlate the overall score with tenure."""
    if "tenure" not in material.people:
        return {"verdict": NOT_COLLECTED, "note": "tenure: not collected in this cohort"}
    return {"tested_by": "Tenure"} | _correlated(material, material.overall, material.people["tenure"], plan)


def _correlated(
    material: Material, overall: pd.Series[float], other: pd.Series[float], plan: StudyPlan
) -> dict[str, Any]:
    """Return Spearman's rho with an interval that allows for clusters; nothing below the gate."""
    n = int((overall.notna() & other.notna()).sum())
    needed = plan.gates["association"].minimum_n
    if n < needed:
        return {"n": n, "note": f"not supported at n = {n}, would need {needed}"}
    return correlated(overall, other, material.clusters, material.cluster_name, plan)


def correlated(
    x: pd.Series[float], y: pd.Series[float], clusters: pd.Series[str] | None, cluster_name: str, plan: StudyPlan
) -> dict[str, Any]:
    """Return Spearman's rho; its error on Fisher's z comes from a bootstrap of clusters, its reference is t.

    Degrees of freedom are the clusters minus one, or n minus two where single persons are drawn.
    """
    both = (x.notna() & y.notna()).to_numpy()
    drawn = None if clusters is None else clusters[both]
    resamples = int(plan.claims.resamples.value)
    table = bootstrap_correlations(
        x[both].to_frame(OVERALL_SCORE),
        y[both].to_frame(THE_OUTCOME),
        drawn,
        "spearman",
        resamples,
        plan.seed,
        plan.confidence.value,
    ).to_frame()
    row = table.iloc[0]
    df = int(both.sum()) - 2 if drawn is None else drawn.nunique() - 1
    drawn_units = f"{drawn.nunique()} clusters ({cluster_name})" if drawn is not None else "persons"
    found = fisher_interval(float(row["rho"]), float(row["fisher_error"]), df, plan.confidence.value)
    method = f"Spearman's rho, bootstrap of {drawn_units}"
    return found | {"n": int(both.sum()), "method": method, "note": row["note"], "df": df}


def fisher_interval(estimate: float, error: float, df: float, confidence: float) -> dict[str, float]:
    """Return interval and p of a correlation from the error of its Fisher z, t with ``df`` degrees of freedom."""
    centre = float(np.arctanh(np.clip(estimate, -1 + 1e-12, 1 - 1e-12)))
    margin = float(stats.t.ppf((1 + confidence) / 2, df)) * error
    p = 2 * float(stats.t.sf(abs(centre) / error, df)) if error > 0 else math.nan
    bounds = {"lower": float(np.tanh(centre - margin)), "upper": float(np.tanh(centre + margin))}
    return {"estimate": estimate, **bounds, "p": p, "fisher_error": error}


def _colleagues(claim: Claim, material: Material, plan: StudyPlan, labels: Mapping[str, str]) -> dict[str, Any]:
    """Regress the colleague's own outcome on the rated person's self score, which has another source."""
    name, _ = collected_outcome(claim, list(material.colleagues.columns))
    if name is None:
        return {"verdict": NOT_COLLECTED, "note": "colleagues' own outcomes: not collected in this cohort"}
    rows = outcomes.colleagues_rows(material.scores, material.given, material.colleagues[name]).dropna(
        subset=["engagement", "self_score"]
    )
    rated, needed = rows["person"].nunique(), plan.gates["mixed_model"].minimum_n
    if rated < needed:
        return {"n": len(rows), "note": f"not supported at n = {rated} rated people, would need {needed}"}
    groups = outcomes.rating_groups(rows)
    own = f"{labels.get(name, name)} of the rater (another source)"
    if "rater" in groups:
        fit = random_intercept(rows["engagement"], rows[["self_score"]], groups, plan.confidence.value)
        method = "standardised slope, crossed random intercepts for rated people and raters"
        return {"tested_by": own, "method": method, "n": fit.n} | _slope(fit.coefficients.iloc[1], fit.notes)
    networks = outcomes.rating_networks(rows)
    line = regression(rows["engagement"], rows[["self_score"]], "cluster", plan.confidence.value, networks)
    method = f"standardised slope, errors over {networks.nunique()} networks of ratings"
    return {"tested_by": own, "method": method, "n": line.n} | _slope(line.coefficients.iloc[1], ())


def _slope(slope: pd.Series[Any], notes: tuple[str, ...]) -> dict[str, Any]:
    """Return a standardised slope as the estimate of a claim."""
    error = float(slope["standard_error"] * slope["standardised"] / slope["estimate"])
    ends = {"lower": float(slope["standardised_lower"]), "upper": float(slope["standardised_upper"])}
    return {
        "estimate": float(slope["standardised"]),
        **ends,
        "p": float(slope["p"]),
        "fisher_error": abs(error),
        "df": float(slope["df"]),
        "note": "; ".join(("n counts ratings", *notes)),
    }


def _groups(claim: Claim, material: Material, plan: StudyPlan, labels: Mapping[str, str]) -> dict[str, Any]:
    """Compare the overall score between groups that are large enough to be shown."""
    if claim.grouping not in material.people:
        return {"verdict": NOT_COLLECTED, "note": f"{claim.grouping}: not collected in this cohort"}
    minimum = int(plan.disclosure.minimum_group.value)
    names = list(dict.fromkeys([*material.compared, claim.grouping]))
    gone = hidden_groups(material.people, names, minimum)
    members = shown_groups(material.overall, material.people, gone, minimum)[claim.grouping]
    known = members[material.overall.notna()].dropna()
    if known.nunique() < FEWEST_GROUPS:
        return {"note": TOO_FEW_SHOWN}
    if len(known) < plan.gates["association"].minimum_n:
        note = f"not supported at n = {len(known)}, would need {plan.gates['association'].minimum_n}"
        return {"n": len(known), "df": known.nunique() - 1, "note": note}
    test = kruskal_wallis(material.overall, members)
    effect, lower, upper = rank_effect(test.statistic, test.df, test.n, plan.confidence.value).values()
    return {
        "tested_by": f"{test.n_groups} groups of {minimum} people or more",
        "estimate": effect,
        "lower": lower,
        "upper": upper,
        "p": test.p,
        "n": test.n,
        "df": test.df,
        "method": "eta squared of ranks (Kruskal-Wallis)",
        "note": "" if test.statistic >= test.df else ALIKE,
    }


def _judged(row: Mapping[str, Any], claim: Claim, plan: StudyPlan, tests: int) -> dict[str, Any]:
    """Return the verdict of one claim and, where it is open, the n it would take."""
    if row["verdict"] == NOT_COLLECTED:
        return {"verdict": NOT_COLLECTED, "n_needed": math.nan, "same_verdict": ""}
    direction: Literal[1, -1] = -1 if claim.direction == "negative" else 1
    alpha, smallest = plan.alpha_level.value, claim.smallest_effect.value
    said = verdict(row["estimate"], row["lower"], row["upper"], row["p_holm"], smallest, direction, alpha)
    estimate, lower, upper, p = (row[f"same_{part}"] for part in ("estimate", "lower", "upper", "p_holm"))
    same = verdict(estimate, lower, upper, p, smallest, direction, alpha)
    beside = {"same_verdict": (UNDETERMINED if same == "undetermined" else same) if row["same_n"] > 0 else ""}
    if said != "undetermined":
        return {"verdict": said, "n_needed": math.nan} | beside
    enough = row["n"] >= plan.gates["association"].minimum_n
    hopeless = enough and math.isnan(row["estimate"])
    return {
        "verdict": UNDETERMINED,
        "n_needed": math.nan if hopeless else needed(row, claim, plan, max(tests, 1)),
    } | beside


def needed(row: Mapping[str, Any], claim: Claim, plan: StudyPlan, tests: int) -> float:
    """Return the n that would find the smallest effect of interest with the wanted power.

    The error of this sample is carried over, with what clusters add to it; alpha is shared among the claims tested.
    Where this n is reached already, the estimate lies between zero and the smallest effect, and the n is the one at
    which an interval about the same estimate would leave out one of the two.
    """
    alpha = plan.alpha_level.value / tests
    if claim.kind == "groups":
        return _persons_for_groups(row, claim.smallest_effect.value, alpha, plan.claims.power.value)
    smallest = float(np.arctanh(claim.smallest_effect.value))
    reach = float(stats.norm.ppf(1 - alpha / 2))
    wanted = smallest / (reach + float(stats.norm.ppf(plan.claims.power.value)))
    if not row["fisher_error"] > 0:
        return math.ceil(1.06 / wanted**2) + 3.0
    n = row["n"] * (row["fisher_error"] / wanted) ** 2
    if n <= row["n"]:
        away = abs(float(np.arctanh(np.clip(row["estimate"], -0.999, 0.999))))
        n = row["n"] * (row["fisher_error"] * reach / max(away, abs(smallest - away))) ** 2
    return float(math.ceil(max(n, row["n"] + 1)))


def _persons_for_groups(row: Mapping[str, Any], smallest: float, alpha: float, power: float) -> float:
    """Return the n at which groups that share the smallest effect between them are told apart."""
    if not row["df"] > 0:
        return math.nan
    critical = stats.chi2.ppf(1 - alpha, row["df"])
    sizes = np.arange(10, 20_000, 10)
    reached = stats.ncx2.sf(critical, row["df"], sizes * smallest) >= power
    return float(sizes[reached.argmax()]) if reached.any() else math.nan


def summary(table: pd.DataFrame) -> dict[str, int]:
    """Count the claims by verdict."""
    counts = table["verdict"].value_counts()
    return {name: int(counts.get(name, 0)) for name in VERDICTS}


def sentence(table: pd.DataFrame) -> str:
    """Say in one sentence how the claims fared."""
    counts = summary(table)
    collected = len(table) - counts[NOT_COLLECTED]
    if not collected:
        return f"None of the {len(table)} published claims could be tested: what they speak of was not collected."
    parts = [f"{counts[name]} {name}" for name in VERDICTS[:3] if counts[name]]
    rest = f"; {counts[NOT_COLLECTED]} could not be tested" if counts[NOT_COLLECTED] else ""
    return f"Of {len(table)} published claims: {', '.join(parts)}{rest}."
