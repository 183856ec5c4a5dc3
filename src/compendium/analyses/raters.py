"""How far peers agree with each other and with the person (notebook 07)."""

from __future__ import annotations

import math

import pandas as pd

from psychometrics.agreement import decision_study, icc1


def peer_means(peer_scores: pd.DataFrame) -> tuple[pd.DataFrame, pd.Series[int]]:
    """Return each person's mean over peers for each competency, and the number of peers."""
    by_person = peer_scores.groupby(level="person")
    return by_person.mean(), by_person.size()


def peers_per_person(peer_scores: pd.DataFrame, people: pd.DataFrame) -> pd.DataFrame:
    """Count people by the number of peers who rated them, none included."""
    counts = peer_scores.groupby(level="person").size().reindex(people.index, fill_value=0)
    table = counts.value_counts().sort_index().rename_axis("peers").rename("people").reset_index()
    return table.assign(share=table["people"] / len(people))


def peer_icc(peer_scores: pd.DataFrame, confidence: float) -> pd.DataFrame:
    """Return ICC(1) and ICC(1,k) of the peers for each competency, by analysis of variance and by mixed model."""
    person = pd.Series(peer_scores.index.get_level_values("person"), index=peer_scores.index, name="person")
    rows = []
    for competency in peer_scores.columns:
        anova = icc1(peer_scores[competency], person, "anova_n0", confidence)
        mixed = icc1(peer_scores[competency], person, "mixed", confidence)
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
            }
        )
    return pd.DataFrame(rows)


def reliability_curves(icc: pd.DataFrame, most: int = 15) -> pd.DataFrame:
    """Return the reliability of the mean of 1, 2, 3 ... peers for each competency."""
    curves = [
        decision_study(row["icc1"], n_raters=range(1, most + 1)).curve.assign(competency=row["competency"])
        for _, row in icc.iterrows()
    ]
    table = pd.concat(curves, ignore_index=True).rename(columns={"n_raters": "peers"})
    return table[["competency", "peers", "reliability"]]


def peers_needed(icc: pd.DataFrame, targets: tuple[float, ...]) -> pd.DataFrame:
    """Return how many peers reach each wanted reliability, with the range that the interval of ICC(1) leaves."""
    tables = []
    for _, row in icc.iterrows():
        study = decision_study(row["icc1"], row["lower"], row["upper"], targets=targets)
        tables.append(study.needed.assign(competency=row["competency"]))
    table = pd.concat(tables, ignore_index=True).rename(
        columns={"n_raters": "peers", "n_raters_lower": "peers_lower", "n_raters_upper": "peers_upper"}
    )
    return table[["competency", "target", "peers", "peers_lower", "peers_upper"]].replace(math.inf, math.nan)
