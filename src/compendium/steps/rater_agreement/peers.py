"""How far peers agree with each other, and how many are enough (notebook 07)."""

from __future__ import annotations

import math
from collections.abc import Collection, Hashable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd

from compendium.disclosure import suppress_small_groups
from compendium.findings import found
from compendium.framework import ResponseScale
from compendium.steps.factor_structure.reliability import Draws
from psychometrics.agreement import (
    GeneralisabilityStudy,
    IccGroups,
    average_deviation,
    decision_study,
    generalisability_study,
    icc1,
    rwg_j,
)
from psychometrics.errors import PsychometricsError

if TYPE_CHECKING:
    from compendium.study import Study

IccMethod = Literal["anova_n0", "anova_mean_size", "mixed"]
ICC_METHODS: dict[IccMethod, str] = {
    "anova_n0": "ANOVA, n0",
    "anova_mean_size": "ANOVA, mean group size",
    "mixed": "mixed model, REML",
}
# Points of the answer scale for which skewed nulls of rwg(j) are tabulated (LeBreton & Senter 2008, table 2).
SKEWED_FOR = 5
# The average deviation counts as small below the number of points divided by this (Burke & Dunlap 2002).
DEVIATION_PARTS = 6
# Numbers of peers that the curves show.
MOST_PEERS = 15
WITHIN_COLUMNS = (
    "competency",
    "r_star_wg",
    "rwg_j_uniform",
    "average_deviation",
    "deviation_limit",
    "people",
    "raters_left_out",
    "note",
)
COMPONENT_COLUMNS = ("component", "df", "variance", "lower", "upper", "share")


def peer_means(peer_scores: pd.DataFrame) -> tuple[pd.DataFrame, pd.Series[int]]:
    """Return each person's mean over peers for each competency, and the number of peers."""
    by_person = peer_scores.groupby(level="person")
    return by_person.mean(), by_person.size()


def rated_person(ratings: pd.DataFrame) -> pd.Series[str]:
    """Return the rated person of each rating."""
    return pd.Series(ratings.index.get_level_values("person"), index=ratings.index, name="person")


def peers_per_person(peer_scores: pd.DataFrame, people: pd.DataFrame) -> pd.DataFrame:
    """Count people by the number of peers who rated them, none included."""
    counts = peer_scores.groupby(level="person").size().reindex(people.index, fill_value=0)
    table = counts.value_counts().sort_index().rename_axis("peers").rename("people").reset_index()
    return table.assign(share=table["people"] / len(people))


def shown_peers_per_person(counts: pd.DataFrame, minimum: float) -> pd.DataFrame:
    """Return the counts as they may be shown: small ones suppressed, with those that protect them."""
    return suppress_small_groups(counts, minimum=minimum, count="people", keep=["peers"])


def peer_icc(peer_scores: pd.DataFrame, draws: Draws) -> pd.DataFrame:
    """Return ICC(1) and ICC(1,k) of the peers for each competency, by analysis of variance and by mixed model.

    Intervals of the analysis of variance come from F or, with clusters, from a bootstrap of whole clusters.
    """
    person = rated_person(peer_scores)
    rows: list[dict[str, object]] = []
    for competency in peer_scores.columns:
        try:
            anova = _icc(peer_scores[competency], person, "anova_n0", draws)
            mixed = _icc(peer_scores[competency], person, "mixed", draws)
        except PsychometricsError as error:
            rows.append({"competency": competency, "note": str(error)})
            continue
        rows.append(
            {
                "competency": competency,
                "ratings": anova.n,
                "people": anova.n_groups,
                "icc1": anova.icc1,
                "lower": anova.icc1_lower,
                "upper": anova.icc1_upper,
                "icc1_mixed": mixed.icc1,
                "peers_n0": anova.group_size,
                "icc1_k": anova.icc2,
                "icc1_k_lower": anova.icc2_lower,
                "icc1_k_upper": anova.icc2_upper,
                "n_clusters": anova.n_clusters or None,
                "note": "; ".join(anova.notes),
            }
        )
    columns = ["competency", "ratings", "people", "icc1", "lower", "upper", "icc1_mixed", "peers_n0", "icc1_k",
               "icc1_k_lower", "icc1_k_upper", "n_clusters", "note"]  # fmt: skip
    return pd.DataFrame(rows).reindex(columns=columns)


def prepare_peer_icc(study: Study, icc: pd.DataFrame) -> None:
    """Prepare the agreement of the peers for the step that plans the next cohort."""
    columns = ["ratings", "people", "icc1", "lower", "upper", "peers_n0"]
    study.prepared.write("peer_icc", icc.set_index("competency")[columns].astype(float))


def _icc(scores: pd.Series[float], person: pd.Series[str], method: IccMethod, draws: Draws) -> IccGroups:
    """Return the intraclass correlation of one score; the mixed model's interval is by profile likelihood always."""
    if method == "mixed":
        return icc1(scores, person, method, draws.confidence)
    return icc1(scores, person, method, draws.confidence, draws.clusters, draws.n_resamples, draws.seed)


def icc_formulas(peer_scores: pd.DataFrame, draws: Draws) -> pd.DataFrame:
    """Return ICC(1) and ICC(2) by each formula with their intervals, so that no number stands without its formula.

    A competency that a formula cannot be applied to, such as with one peer each, has one row with the reason.
    """
    person = rated_person(peer_scores)
    rows: list[dict[Hashable, Any]] = []
    for competency in peer_scores.columns:
        for method, words in ICC_METHODS.items():
            try:
                found = _icc(peer_scores[competency], person, method, draws).to_frame().iloc[0].to_dict()
            except PsychometricsError as error:
                found = {"note": str(error)}
            rows.append(found | {"competency": competency, "method": words})
    columns = ["competency", "method", "n", "n_groups", "group_size", "icc1", "icc1_lower", "icc1_upper"]
    return pd.DataFrame(rows).reindex(columns=[*columns, "icc2", "icc2_lower", "icc2_upper", "formula", "note"])


def within_person_agreement(
    peers: pd.DataFrame,
    scales: Mapping[str, Sequence[str]],
    scale: ResponseScale,
    nulls: Sequence[str],
    agreed: float,
    elsewhere: Collection[str] = (),
) -> pd.DataFrame:
    """Return how closely the peers of one person agree: rwg(j) under each null, r*wg(j) and average deviation.

    Parameters
    ----------
    peers
        Item answers of peers, indexed by (person, rater).
    scales
        Items of each competency.
    scale
        The answer scale; skewed nulls are defined for five points only and are left out for others.
    nulls
        Names of the nulls of rwg(j); the first is also that of r*wg(j).
    agreed
        rwg(j) from which the peers of one person count as agreeing.
    elsewhere
        Items that are answered on another scale: a competency with one of them has the reason in ``note``.
    """
    rows: list[dict[str, object]] = []
    for competency, items in scales.items():
        if set(items) & set(elsewhere):
            rows.append({"competency": competency, "note": found("other_answer_scales").encoded})
            continue
        try:
            rows.append({"competency": competency, **_agreement(peers[list(items)], scale, nulls, agreed)})
        except PsychometricsError as error:
            rows.append({"competency": competency, "note": str(error)})
    table = pd.DataFrame(rows)
    return table.reindex(columns=list(dict.fromkeys([*table.columns, *WITHIN_COLUMNS])))


def _agreement(items: pd.DataFrame, scale: ResponseScale, nulls: Sequence[str], agreed: float) -> dict[str, object]:
    """Return the agreement indices of one competency, averaged over rated people with two or more peers."""
    person, n_categories = rated_person(items), scale.maximum - scale.minimum + 1
    usable = [null for null in nulls if null == "uniform" or n_categories == SKEWED_FOR]
    indices = {null: rwg_j(items, person, n_categories, null, minimum=scale.minimum) for null in usable}
    first = indices[usable[0]]
    row: dict[str, object] = {"people": first.n_groups, "raters_left_out": first.n_dropped}
    for null, one in indices.items():
        row |= {f"rwg_j_{null}": one.mean, f"rwg_j_{null}_median": one.median}
        row[f"reach_{null}_share"] = one.share_at_least(agreed)
    row |= {"r_star_wg": float(first.table["r_star_wg"].mean())}
    row |= {
        "average_deviation": average_deviation(items, person).mean,
        "deviation_limit": n_categories / DEVIATION_PARTS,
    }
    return row | {"note": "; ".join(first.notes)}


def generalisability(
    peers: pd.DataFrame, scales: Mapping[str, Sequence[str]], resamples: int, seed: int, confidence: float
) -> dict[str, GeneralisabilityStudy | str]:
    """Study each competency's ratings: person, peer in person, item; the reason in words where it cannot be done."""
    studies: dict[str, GeneralisabilityStudy | str] = {}
    for competency, items in scales.items():
        answers = peers[list(items)]
        try:
            studies[competency] = generalisability_study(answers, rated_person(peers), resamples, seed, confidence)
        except PsychometricsError as error:
            studies[competency] = str(error)
    return studies


def variance_components(studies: Mapping[str, GeneralisabilityStudy | str]) -> pd.DataFrame:
    """Return the variance components of every competency."""
    tables = []
    for competency, study in studies.items():
        if isinstance(study, str):
            tables.append(pd.DataFrame([{"competency": competency, "note": study}]))
            continue
        table = study.to_frame().assign(competency=competency, people=study.n_persons, ratings=study.n_ratings)
        tables.append(table.assign(note=""))
    columns = ["competency", *COMPONENT_COLUMNS, "people", "ratings", "note"]
    return pd.concat(tables, ignore_index=True).reindex(columns=columns)


def decision_studies(
    studies: Mapping[str, GeneralisabilityStudy | str], targets: Sequence[float]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the decision study's curves, and the peers that each target takes, for fixed and for random items."""
    curves, needed = [], []
    for competency, study in studies.items():
        if isinstance(study, str):
            continue
        for items in ("fixed", "random"):
            curves.append(study.decision_study(items=items).assign(competency=competency))
            needed.append(study.raters_needed(targets, items=items).assign(competency=competency, items=items))
    if not curves:
        return pd.DataFrame(columns=["competency", "items", "peers", "reliability"]), pd.DataFrame(
            columns=["competency", "items", "target", "peers"]
        )
    curve = pd.concat(curves, ignore_index=True).rename(columns={"n_raters": "peers"})
    table = pd.concat(needed, ignore_index=True).rename(columns={"n_raters": "peers"}).replace(math.inf, math.nan)
    return curve[["competency", "items", "peers", "reliability"]], table[["competency", "items", "target", "peers"]]


def reliability_curves(icc: pd.DataFrame, most: int = MOST_PEERS) -> pd.DataFrame:
    """Return the reliability of the mean of 1, 2, 3 ... peers for each competency, with its interval."""
    curves = [
        decision_study(row["icc1"], row["lower"], row["upper"], n_raters=range(1, most + 1)).curve.assign(
            competency=row["competency"]
        )
        for _, row in icc.dropna(subset=["icc1"]).iterrows()
    ]
    if not curves:
        return pd.DataFrame(columns=["competency", "peers", "reliability", "lower", "upper"])
    table = pd.concat(curves, ignore_index=True).rename(columns={"n_raters": "peers"})
    return table[["competency", "peers", "reliability", "lower", "upper"]]


def peers_needed(icc: pd.DataFrame, targets: tuple[float, ...]) -> pd.DataFrame:
    """Return how many peers reach each wanted reliability, with the range that the interval of ICC(1) leaves."""
    tables = []
    for _, row in icc.dropna(subset=["icc1"]).iterrows():
        study = decision_study(row["icc1"], row["lower"], row["upper"], targets=targets)
        tables.append(study.needed.assign(competency=row["competency"]))
    columns = ["competency", "target", "peers", "peers_lower", "peers_upper"]
    if not tables:
        return pd.DataFrame(columns=columns)
    table = pd.concat(tables, ignore_index=True).rename(
        columns={"n_raters": "peers", "n_raters_lower": "peers_lower", "n_raters_upper": "peers_upper"}
    )
    return table[columns].replace(math.inf, math.nan)
