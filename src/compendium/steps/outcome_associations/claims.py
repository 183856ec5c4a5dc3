"""The claims, each tested by the estimate that was declared for it (notebook 08)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import joblib
import numpy as np
import pandas as pd
from scipy import stats

from compendium.disclosure import hidden_groups
from compendium.findings import Finding, decode, encode, found
from compendium.plan import Claim, SampleGate, StudyPlan
from compendium.steps.factor_structure.reliability import Draws
from compendium.steps.invariance.group_differences import (
    FEWEST_GROUPS,
    TOO_FEW_SHOWN,
    groupings,
    rank_effect,
    shown_groups,
)
from compendium.steps.outcome_associations import associations as outcomes
from compendium.steps.outcome_associations.people_needed import (
    NEARLY_ONE,
    RELIABILITY,
    Needed,
    PeerReliability,
    corrected_for_peers,
    needed,
)
from compendium.steps.rater_agreement import peers as raters
from compendium.steps.scores import OVERALL
from compendium.study.nesting import Nesting
from psychometrics.association import adjust_p, bootstrap_correlations, random_intercept, regression, verdict
from psychometrics.errors import PsychometricsError
from psychometrics.groups import kruskal_wallis

if TYPE_CHECKING:
    from compendium.study import Study

NOT_COLLECTED = "not collected"
UNDETERMINED = "undetermined at this n"
# Who speaks of the competencies where the person speaks of the outcome.
SAME, PEERS = "same", "peers"
OVERALL_SCORE, THE_OUTCOME = "the overall score", "the outcome"
VERDICTS = ("supported", "not supported", UNDETERMINED, NOT_COLLECTED)
VERDICT_KINDS = dict(
    zip(VERDICTS, ("verdict_supported", "verdict_not_supported", "verdict_undetermined", "verdict_not_collected"),
        strict=True)
)  # fmt: skip
COLUMNS = (
    "claim", "short", "statement", "evidence", "source", "tested_by", "estimate", "lower", "upper", "p", "p_holm", "n",
    "method", "smallest_effect", "verdict", "finding", "n_needed", "n_needed_fewest", "n_needed_most",
    "same_estimate", "same_lower", "same_upper", "same_p", "same_n",
    "same_verdict", "fisher_error", "df", *RELIABILITY, "note",
)  # fmt: skip

COUNT_KINDS = {name: kind.replace("verdict_", "count_") for name, kind in VERDICT_KINDS.items()}


@dataclass(frozen=True)
class ClaimData:
    """Data on which the claims are tested; a table that the cohort did not collect is empty.

    Attributes
    ----------
    overall, peer_overall : Series
        Overall score, as the person and as the mean of the peers sees it.
    own, colleagues : DataFrame
        Outcome scores of the person, and of the raters by (person, rater).
    given, scores, peer_means : DataFrame
        Competency scores by (person, rater), of the people themselves, and the mean of each person's peers.
    people : DataFrame
        Groups of the person, tenure as a number.
    nesting : Nesting
        What people are nested in; the bootstrap draws its clusters.
    has_own, has_peers : bool
        Whether people rated themselves, and whether peers rated them.
    compared : tuple of str
        Groupings whose groups are compared and shown.
    reliability, outcome_reliability : mapping of str to float
        Coefficient alpha of each competency and of the overall score ("overall"), and of each own outcome.
    peer_reliability : PeerReliability
        Reliability of the mean of the peers a person has, for the overall score, with its interval.
    total : str
        How the competencies make one overall score: ``mean``, ``sum`` or ``none``.
    """

    overall: pd.Series[float]
    peer_overall: pd.Series[float]
    own: pd.DataFrame
    colleagues: pd.DataFrame
    ratings: pd.DataFrame
    people: pd.DataFrame
    scores: pd.DataFrame
    nesting: Nesting
    has_own: bool
    has_peers: bool
    peer_reliability: PeerReliability
    compared: tuple[str, ...]
    peer_means: pd.DataFrame = field(default_factory=pd.DataFrame)
    total: str = "mean"
    reliability: Mapping[str, float] = field(default_factory=dict)
    outcome_reliability: Mapping[str, float] = field(default_factory=dict)

    def seen_by_self(self, competency: str = "") -> pd.Series[float]:
        """Return the score of one competency as people see themselves, or the overall score."""
        return self.scores[competency] if competency else self.overall

    def seen_by_peers(self, competency: str = "") -> pd.Series[float]:
        """Return the mean peer rating of one competency, or of the overall score."""
        return self.peer_means[competency] if competency else self.peer_overall

    def each_rating(self, competency: str = "") -> pd.Series[float]:
        """Return the score from each peer, for one competency or overall."""
        return self.ratings[competency] if competency else outcomes.overall(self.ratings, self.total)

    def reliability_of_peers(self, confidence: float, competency: str = "") -> PeerReliability:
        """Return the reliability of the mean peer rating of one competency, or of the overall score."""
        return _peer_reliability(self.ratings[competency], confidence) if competency else self.peer_reliability


def gather(step: Study) -> ClaimData:
    """Collect the data on which the claims are tested."""
    prepared = step.prepared
    scores = prepared.scores
    has_peers = step.collected("peers")
    ratings = prepared.peer_scores if has_peers else pd.DataFrame(columns=scores.columns, dtype=float)
    means = raters.peer_means(ratings)[0].reindex(scores.index) if has_peers else scores * np.nan
    own = prepared.outcome_scores if step.collected("outcomes") else pd.DataFrame(index=scores.index)
    rated_by = prepared.peer_outcome_scores if step.collected("peer_outcomes") else None
    people = prepared.people.reindex(scores.index)
    if step.collected("tenure"):
        people = people.assign(
            tenure=tenure_ranks(people["tenure"], list(step.settings.groups["tenure"].levels.values()))
        )
    colleagues = pd.DataFrame() if rated_by is None else rated_by
    total = step.framework.total
    overall, peers = outcomes.overall(scores, total), outcomes.overall(means, total)
    reliable = has_peers and total != "none"
    given_overall = outcomes.overall(ratings, total)
    reliability = _peer_reliability(given_overall, step.plan.confidence.value) if reliable else PeerReliability()
    return ClaimData(
        overall, peers, own, colleagues, ratings, people, scores, step.nesting,
        step.collected("self_ratings"), has_peers, reliability, tuple(groupings(step.settings)),
        means, total, *_reliabilities(step),
    )  # fmt: skip


def _reliabilities(step: Study) -> tuple[dict[str, float], dict[str, float]]:
    """Return coefficient alpha of the competencies and of the overall score, and of the outcomes."""
    further = step.prepared.further_reliability["alpha"]
    scores = {str(name): float(alpha) for name, alpha in step.prepared.reliability["alpha"].items()}
    outcome_scales = {str(name): float(alpha) for name, alpha in further.items() if name != OVERALL}
    return scores | {OVERALL: float(further.get(OVERALL, math.nan))}, outcome_scales


def _peer_reliability(ratings: pd.Series[float], confidence: float) -> PeerReliability:
    """Return the reliability of a mean of peers, ICC(1,k), with its interval; NaN where it is not defined."""
    row = raters.peer_icc(ratings.to_frame(), Draws(0, 0, confidence)).iloc[0]
    return PeerReliability(*(float(row[name]) for name in ("icc1_k", "icc1_k_lower", "icc1_k_upper")))


def tenure_ranks(tenure: pd.Series[Any], levels: list[str]) -> pd.Series[float]:
    """Return tenure as a number; bands count by the order of their levels."""
    if pd.api.types.is_numeric_dtype(tenure):
        return tenure.astype(float)
    order = levels or sorted(tenure.dropna().unique())
    return tenure.map({level: float(rank) for rank, level in enumerate(order)}).astype(float)


def claims_table(data: ClaimData, plan: StudyPlan) -> pd.DataFrame:
    """Test every claim and judge it.

    Returns
    -------
    DataFrame
        One row a claim, in the order of the plan. ``p_holm`` is adjusted over the claims that could be tested;
        ``n_needed`` is the n at which an undetermined claim is expected to be settled, with its range (see
        :func:`needed`). ``fisher_error`` is the standard error of Fisher's z, divided as the estimate is
        where it is corrected for the reliability of the peers.
    """
    published = plan.claims.published
    work = (joblib.delayed(_tested)(name, claim, data, plan) for name, claim in published.items())
    rows = joblib.Parallel()(work)
    table = pd.DataFrame(rows).reindex(columns=list(COLUMNS))
    table["p_holm"] = adjust_p(table["p"].astype(float), "holm")
    table["same_p_holm"] = adjust_p(table["same_p"].astype(float), "holm")
    judged = [_judged(row, published[str(row["claim"])], plan, int(table["p"].notna().sum())) for row in _rows(table)]
    done = table.assign(**pd.DataFrame(judged, index=table.index))
    done["finding"] = [_verdict(row).encoded for row in _rows(done)]
    return done[list(COLUMNS)]


def prepare_claims(study: Study, table: pd.DataFrame) -> None:
    """Prepare the estimates of the claims and their errors for the step that plans the next cohort."""
    columns = ["estimate", "lower", "upper", "p", "n", "fisher_error", "df", *RELIABILITY]
    study.prepared.write("claims", table.set_index("claim")[columns].astype(float))


def _verdict(row: Mapping[str, Any]) -> Finding:
    """Return the verdict and, where it is open, the n it would take; no n settles what cannot be estimated."""
    if row["verdict"] == UNDETERMINED and math.isnan(row["estimate"]) and math.isnan(row["n_needed"]):
        return found("verdict_cannot")
    if row["n_needed_most"] > 0:
        ends = {"low": int(row["n_needed_fewest"]), "high": int(row["n_needed_most"])}
        return found("verdict_undetermined_between", needed=int(row["n_needed"]), **ends)
    if row["n_needed"] > 0:
        return found("verdict_undetermined_needs", needed=int(row["n_needed"]))
    return found(VERDICT_KINDS[row["verdict"]])


def _rows(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a table with text keys."""
    return [{str(key): value for key, value in row.items()} for row in table.to_dict("records")]


def _tested(name: str, claim: Claim, data: ClaimData, plan: StudyPlan) -> dict[str, Any]:
    """Return the estimate of one claim, or why there is none."""
    row = {
        "claim": name,
        "short": claim.short,
        "statement": claim.statement,
        "evidence": " and ".join(claim.evidence),
        "smallest_effect": claim.smallest_effect.value,
    }
    if claim.kind != "own_outcome" and not data.has_own:
        return row | {"verdict": NOT_COLLECTED, "note": _lacking("self ratings")}
    test = {"own_outcome": _own_outcome, "tenure": _tenure, "colleagues": _colleagues, "groups": _groups}[claim.kind]
    try:
        return row | test(claim, data, plan)
    except PsychometricsError as error:
        return row | {"note": str(error)}


def collected_outcome(claim: Claim, collected: list[str]) -> tuple[str | None, bool]:
    """Return the scale that measures the claim's outcome, and whether it is only a substitute."""
    for names, stands_in in ((claim.outcomes, False), (claim.stand_ins, True)):
        for name in names:
            if name in collected:
                return name, stands_in
    return None, False


def _own_outcome(claim: Claim, data: ClaimData, plan: StudyPlan) -> dict[str, Any]:
    """Correlate the score with the person's own outcome."""
    name, stands_in = collected_outcome(claim, list(data.own.columns))
    if name is None:
        return {"verdict": NOT_COLLECTED, "note": found("none_collected", either=claim.outcomes).encoded}
    same = _correlated(data, data.seen_by_self(claim.competency), data.own[name], plan)
    beside = {f"same_{key}": same[key] for key in ("estimate", "lower", "upper", "p", "n") if key in same}
    beside = beside if data.has_own else {}
    kind = "tested_by_stand_in" if stands_in else "tested_by_outcome"
    if not data.has_peers:
        return beside | same | {"source": SAME, "tested_by": found(kind, other=name, source=SAME).encoded}
    cross = _correlated(data, data.seen_by_peers(claim.competency), data.own[name], plan)
    tested_by = {"source": PEERS, "tested_by": found(kind, other=name, source=PEERS).encoded}
    reliability = data.reliability_of_peers(plan.confidence.value, claim.competency)
    return beside | corrected_for_peers(cross, reliability) | tested_by


def _tenure(claim: Claim, data: ClaimData, plan: StudyPlan) -> dict[str, Any]:
    """Correlate the score with tenure."""
    if "tenure" not in data.people:
        return {"verdict": NOT_COLLECTED, "note": _lacking("tenure")}
    return {"tested_by": found("tested_by_grouping", other="tenure").encoded} | _correlated(
        data, data.seen_by_self(claim.competency), data.people["tenure"], plan
    )


def _correlated(data: ClaimData, score: pd.Series[float], other: pd.Series[float], plan: StudyPlan) -> dict[str, Any]:
    """Return Spearman's rho with an interval that allows for clusters; nothing below the gate."""
    n = int((score.notna() & other.notna()).sum())
    if too_few := below_gate(n, plan):
        return {"n": n, "note": too_few}
    return correlated(score, other, data.nesting, plan)


def correlated(x: pd.Series[float], y: pd.Series[float], nesting: Nesting, plan: StudyPlan) -> dict[str, Any]:
    """Return Spearman's rho; its error on Fisher's z comes from a bootstrap of clusters, its reference is t.

    Degrees of freedom are the clusters minus one, or n minus two where single persons are drawn.
    """
    both = (x.notna() & y.notna()).to_numpy()
    drawn = nesting.of(x.index[both])
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
    method = found("method_spearman_persons", resamples=resamples)
    if drawn is not None:
        method = found("method_spearman_clusters", value=drawn.nunique(), other=nesting.name, resamples=resamples)
    interval = fisher_interval(float(row["rho"]), float(row["fisher_error"]), df, plan.confidence.value)
    return interval | {"n": int(both.sum()), "method": method.encoded, "note": row["note"], "df": df}


def fisher_interval(estimate: float, error: float, df: float, confidence: float) -> dict[str, float]:
    """Return interval and p of a correlation from the error of its Fisher z, t with ``df`` degrees of freedom."""
    centre = float(np.arctanh(np.clip(estimate, -NEARLY_ONE, NEARLY_ONE)))
    margin = float(stats.t.ppf((1 + confidence) / 2, df)) * error
    p = 2 * float(stats.t.sf(abs(centre) / error, df)) if error > 0 else math.nan
    bounds = {"lower": float(np.tanh(centre - margin)), "upper": float(np.tanh(centre + margin))}
    return {"estimate": estimate, **bounds, "p": p, "fisher_error": error}


def _colleagues(claim: Claim, data: ClaimData, plan: StudyPlan) -> dict[str, Any]:
    """Regress the colleague's own outcome on the rated person's self score, which has another source."""
    name, _ = collected_outcome(claim, list(data.colleagues.columns))
    if name is None:
        return {"verdict": NOT_COLLECTED, "note": _lacking("colleagues' own outcomes")}
    own_score, ratings = data.seen_by_self(claim.competency), data.each_rating(claim.competency)
    rows = outcomes.colleagues_rows(own_score, ratings, data.colleagues[name]).dropna(subset=["outcome", "self_score"])
    rated, gate = rows["person"].nunique(), plan.gates["mixed_model"]
    if rated < gate.minimum_n:
        return {"n": len(rows), "note": _too_few(rated, gate)}
    groups = outcomes.rating_groups(rows, plan.associations.rater_varies.value)
    own = found("tested_by_colleagues", other=name).encoded
    if "rater" in groups:
        fit = random_intercept(rows["outcome"], rows[["self_score"]], groups, plan.confidence.value)
        slope = fit.coefficients[fit.coefficients["term"] == "self_score"].iloc[0]
        method = found("method_crossed_intercepts").encoded
        return {"tested_by": own, "method": method, "n": fit.n} | _slope(slope, fit.notes)
    networks = outcomes.rating_networks(rows)
    line = regression(rows["outcome"], rows[["self_score"]], "cluster", plan.confidence.value, networks)
    method = found("method_networks", value=networks.nunique()).encoded
    slope = line.coefficients[line.coefficients["term"] == "self_score"].iloc[0]
    return {"tested_by": own, "method": method, "n": line.n} | _slope(slope, ())


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
        "note": encode((found("n_counts_ratings"), *(found("said_by_method", text=text) for text in notes))),
    }


def _groups(claim: Claim, data: ClaimData, plan: StudyPlan) -> dict[str, Any]:
    """Compare the score between groups that are large enough to be shown."""
    if claim.grouping not in data.people:
        return {"verdict": NOT_COLLECTED, "note": _lacking(claim.grouping)}
    minimum = int(plan.disclosure.minimum_group.value)
    names = list(dict.fromkeys([*data.compared, claim.grouping]))
    hidden = hidden_groups(data.people, names, minimum)
    score = data.seen_by_self(claim.competency)
    members = shown_groups(score, data.people, hidden, minimum)[claim.grouping]
    known = members[score.notna()].dropna()
    if known.nunique() < FEWEST_GROUPS:
        return {"note": TOO_FEW_SHOWN}
    if len(known) < plan.gates["association"].minimum_n:
        return {"n": len(known), "df": known.nunique() - 1, "note": _too_few(len(known), plan.gates["association"])}
    level = data.nesting.between(members.where(score.notna()))
    if not level.enough:
        return {"n": len(known), "note": found("groups_too_few_clusters", groups=known.nunique()).encoded}
    clusters = None if level.clusters is None else level.clusters.reindex(score.index)
    test = kruskal_wallis(score, members, clusters=clusters)
    cost = test.design_effect
    effect, lower, upper = rank_effect(test.statistic, test.df, test.n, plan.confidence.value, cost).values()
    return {
        "tested_by": found("tested_by_groups", value=test.n_groups, limit=minimum).encoded,
        "estimate": effect,
        "lower": lower,
        "upper": upper,
        "p": test.p,
        "n": test.n,
        "df": test.df,
        "method": _rank_method(level.name, test.n_clusters).encoded,
        "note": "" if test.statistic >= test.df else found("groups_alike").encoded,
    }


def _rank_method(clusters: str, number: int) -> Finding:
    """Return how groups were compared."""
    if not clusters:
        return found("method_rank_effect")
    return found("method_rank_effect_clusters", other=clusters, value=number)


def _lacking(what: str) -> str:
    """Return that something was not collected, encoded."""
    return found("not_collected", what=what).encoded


def below_gate(n: int, plan: StudyPlan) -> str:
    """Return that a correlation is not given for so few people, encoded; empty where there are enough."""
    gate = plan.gates["association"]
    return _too_few(n, gate) if n < gate.minimum_n else ""


def _too_few(n: int, gate: SampleGate) -> str:
    """Return that there are fewer than a gate asks for, encoded."""
    return found("gate_closed", n=n, counts=gate.counts, needed=gate.minimum_n).encoded


def _judged(row: Mapping[str, Any], claim: Claim, plan: StudyPlan, tests: int) -> dict[str, Any]:
    """Return the verdict of one claim and, where it is open, the n it would take."""
    if row["verdict"] == NOT_COLLECTED:
        return {"verdict": NOT_COLLECTED, "same_verdict": ""} | Needed().columns
    direction: Literal[1, -1] = -1 if claim.direction == "negative" else 1
    alpha, smallest = plan.alpha_level.value, claim.smallest_effect.value
    judged = verdict(row["estimate"], row["lower"], row["upper"], row["p_holm"], smallest, direction, alpha)
    estimate, lower, upper, p = (row[f"same_{part}"] for part in ("estimate", "lower", "upper", "p_holm"))
    same = verdict(estimate, lower, upper, p, smallest, direction, alpha)
    beside = {"same_verdict": (UNDETERMINED if same == "undetermined" else same) if row["same_n"] > 0 else ""}
    if judged != "undetermined":
        return {"verdict": judged} | Needed().columns | beside
    enough = row["n"] >= plan.gates["association"].minimum_n
    hopeless = enough and math.isnan(row["estimate"])
    people = Needed() if hopeless else needed(row, claim, plan, max(tests, 1))
    return {"verdict": UNDETERMINED} | people.columns | beside


def summary(table: pd.DataFrame) -> dict[str, int]:
    """Count the claims by verdict."""
    counts = table["verdict"].value_counts()
    return {name: int(counts.get(name, 0)) for name in VERDICTS}


def overview(table: pd.DataFrame) -> Finding:
    """Return the overall finding on the claims."""
    counts, n = summary(table), len(table)
    if not n:
        return found("claims_none_declared")
    if counts[NOT_COLLECTED] == n:
        return found("claims_untestable", n=n)
    if n == 1:
        return found("claim_alone", verdict=decode(str(table["finding"].iloc[0]))[0])
    verdicts = tuple(found(COUNT_KINDS[name], n=count) for name, count in counts.items() if count)
    return found("claims_counted", n=n, verdicts=verdicts)
