"""What becomes of every item, and why (notebook 04)."""

from __future__ import annotations

import pandas as pd

from compendium.step import Step
from psychometrics.items import KeyingCheck, inter_item_correlations
from psychometrics.selection import ItemScreening, screen_items


def decide(step: Step, answers: pd.DataFrame, keying: KeyingCheck) -> ItemScreening:
    """Apply the published item rule with the thresholds of the plan."""
    rule = step.plan.item_rule
    return screen_items(
        answers,
        step.framework.scales(),
        minimum_item_total=rule.item_total_minimum.value,
        maximum_inter_item=rule.inter_item_maximum.value,
        key_contradicted=keying.contradicting,
    )


def decision_table(screening: ItemScreening, step: Step) -> pd.DataFrame:
    """Return one row an item with the decision, its reasons, the values behind it, and the wording."""
    table = screening.to_frame().rename(columns={"scale": "competency"})
    return table.assign(wording=step.framework.items["self_wording"].reindex(table["item"]).to_numpy())


def keep_all(step: Step, answers: pd.DataFrame, reason: str) -> pd.DataFrame:
    """Keep every item where the sample cannot carry the rule, and say so."""
    competencies = step.framework.items["competency"].reindex(answers.columns)
    table = pd.DataFrame({"item": answers.columns, "competency": competencies.to_numpy(), "decision": "keep"})
    return table.assign(reasons=f"not judged: {reason}")


def by_competency(decisions: pd.DataFrame) -> pd.DataFrame:
    """Count decisions for each competency."""
    counts = pd.crosstab(decisions["competency"], decisions["decision"])
    counts = counts.reindex(columns=["keep", "review", "drop"], fill_value=0)
    counts = counts.reindex(list(dict.fromkeys(decisions["competency"])))
    asked = counts.sum(axis="columns")
    table = counts.rename(columns={"keep": "kept", "drop": "dropped"}).rename_axis(columns=None)
    table.insert(0, "asked", asked)
    return table.reset_index()


def count_reasons(decisions: pd.DataFrame, words: str) -> int:
    """Count dropped items one of whose reasons contains these words."""
    dropped = decisions[decisions["decision"] == "drop"]
    return int(dropped["reasons"].str.contains(words, regex=False).sum())


def highest_pairs(answers: pd.DataFrame, number: int = 15) -> pd.DataFrame:
    """Return the pairs of items that go together most (Spearman)."""
    return inter_item_correlations(answers, "spearman").pairs_above(0.0).head(number)


def answer_shares(counts: pd.DataFrame) -> pd.DataFrame:
    """Turn counts of answers into shares of those who answered."""
    return counts.div(counts.sum(axis="columns"), axis="index")
