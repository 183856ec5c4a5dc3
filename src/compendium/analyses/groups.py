"""Differences between groups of people, and how scores go with tenure (notebook 06)."""

from __future__ import annotations

import pandas as pd

from compendium.cohort import CohortSettings
from compendium.disclosure import hidden_groups, mask_hidden_groups, suppress_small_groups
from psychometrics.association import adjust_p, spearman_matrix
from psychometrics.groups import compare_groups

NOT_COMPARED = ("team",)
TEST_COLUMNS = ("score", "n", "n_groups", "H", "df", "p", "epsilon_squared", "note", "grouping")
MEAN_COLUMNS = ("n", "mean", "sd", "suppressed")


def groupings(settings: CohortSettings) -> dict[str, str]:
    """Return the groupings that are compared, with their labels."""
    return {
        name: group.label
        for name, group in settings.groups.items()
        if group.kind != "number" and name not in NOT_COMPARED
    }


def group_tests(scores: pd.DataFrame, people: pd.DataFrame, settings: CohortSettings, minimum: float) -> pd.DataFrame:
    """Test every competency over every grouping (Kruskal-Wallis), adjusted over the whole family (Holm, BH).

    Hidden groups (below the disclosure threshold, or hidden to protect such a group) are left out of the tests, so
    that neither a result nor its n speaks of them.
    """
    tables = []
    shown = mask_hidden_groups(people, list(groupings(settings)), minimum)
    for name, label in groupings(settings).items():
        tests = compare_groups(scores, shown[name], adjustment="holm").tests
        tables.append(tests.drop(columns="p_adjusted").assign(grouping=label))
    table = pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=TEST_COLUMNS)
    table = table.rename(columns={"score": "competency"})
    table["p_holm"], table["p_bh"] = adjust_p(table["p"], "holm"), adjust_p(table["p"], "bh")
    first = ["grouping", "competency"]
    return table[first + [column for column in table.columns if column not in first]]


def group_means(scores: pd.DataFrame, people: pd.DataFrame, settings: CohortSettings, minimum: float) -> pd.DataFrame:
    """Return mean and standard deviation of every competency in every group, small groups suppressed."""
    tables = []
    gone = hidden_groups(people, list(groupings(settings)), minimum)
    for name, label in groupings(settings).items():
        for competency in scores.columns:
            described = scores[competency].groupby(people[name], sort=True).agg(["count", "mean", "std"])
            described = described.rename(columns={"count": "n", "std": "sd"}).rename_axis("group").reset_index()
            described.loc[described["group"].isin(gone[name]), ["n", "mean", "sd"]] = float("nan")
            shown = suppress_small_groups(described, minimum=minimum, keep=["group"])
            tables.append(shown.assign(grouping=label, competency=competency))
    first = ["grouping", "group", "competency"]
    table = pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=[*first, *MEAN_COLUMNS])
    return table[first + [column for column in table.columns if column not in first]]


def tenure_correlations(
    scores: pd.DataFrame, people: pd.DataFrame, settings: CohortSettings, confidence: float
) -> pd.DataFrame:
    """Correlate every competency with tenure (Spearman); tenure in bands counts by the order of its bands."""
    tenure = people["tenure"]
    if settings.groups["tenure"].kind != "number":
        order = list(settings.groups["tenure"].levels.values()) or sorted(tenure.dropna().unique())
        tenure = tenure.map({level: rank for rank, level in enumerate(order)})
    table = spearman_matrix(scores, tenure.astype(float).to_frame("tenure"), confidence).to_frame()
    table = table.rename(columns={"x": "competency"}).drop(columns=["y"])
    return table.assign(p_holm=adjust_p(table["p"], "holm"))


def effect_matrix(tests: pd.DataFrame, labels: dict[str, str]) -> pd.DataFrame:
    """Lay epsilon squared out with groupings down and competencies across."""
    order = list(dict.fromkeys(tests["competency"]))
    matrix = tests.pivot(index="grouping", columns="competency", values="epsilon_squared")
    return matrix.reindex(index=list(dict.fromkeys(tests["grouping"])), columns=order).rename(columns=labels)
