"""What becomes of every item, and why (notebook 04)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pandas as pd

from compendium.disclosure import rounded_sums
from compendium.step import Step
from psychometrics.items import KeyingCheck, inter_item_correlations
from psychometrics.selection import ItemCheck, ItemScreening, ItemSelection, screen_items


def decide(step: Step, answers: pd.DataFrame, keying: KeyingCheck, checks: Sequence[ItemCheck] = ()) -> ItemScreening:
    """Apply the published item rule with the thresholds of the plan, and further checks where given."""
    rule = step.plan.item_rule
    return screen_items(
        answers,
        step.framework.scales(),
        minimum_item_total=rule.item_total_minimum.value,
        maximum_inter_item=rule.inter_item_maximum.value,
        key_contradicted=keying.contradicting,
        checks=checks,
    )


def final_decisions(
    published: pd.DataFrame, extended: ItemScreening | None = None, selection: ItemSelection | None = None
) -> pd.DataFrame:
    """Bring rule, further checks and choice together in one decision an item.

    Parameters
    ----------
    published
        As :func:`decision_table` or :func:`keep_all` returns it.
    extended
        Further checks: they decide where items are chosen, and advise where the items are final already.
    selection
        The choice among the items that passed everything.
    """
    table = published.assign(published=published["decision"], advice="")
    if extended is None:
        return table
    checked = extended.to_frame().set_index("item").reindex(table["item"])
    for name in checked.columns.difference([*table.columns, "scale"], sort=False):
        table[name] = checked[name].to_numpy()
    if selection is None:
        return table.assign(advice=_new_reasons(checked["reasons"].to_numpy(), table["reasons"]))
    chosen = selection.to_frame().set_index("item")
    kept = table["item"].isin(selection.chosen)
    table["decision"] = checked["decision"].to_numpy()
    table["reasons"] = checked["reasons"].to_numpy()
    spare = (table["decision"] == "keep") & ~kept
    table.loc[spare, "decision"] = "drop"
    not_needed = table["item"].map(chosen["reason"]).fillna("too few items of its competency passed")
    table.loc[spare, "reasons"] = _joined(table.loc[spare, "reasons"], not_needed[spare])
    return table.assign(information=table["item"].map(chosen["value"]))


def _new_reasons(found: Iterable[str], known: Iterable[str]) -> list[str]:
    """Return of each item the reasons that are not known yet."""
    pairs = zip(found, known, strict=True)
    return ["; ".join(reason for reason in new.split("; ") if reason not in old) for new, old in pairs]


def _joined(first: pd.Series, second: pd.Series) -> pd.Series:
    """Put two reasons one behind the other, without a separator where there is only one."""
    return (first + "; " + second).str.removeprefix("; ")


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


#: Words that only one kind of reason holds, and what that kind is called.
KINDS = {
    "contradict the declared direction": "keyed the wrong way",
    "item-total correlation": "goes too little with its competency",
    "inter-item correlation": "repeats another item",
    "would load": "speaks for another competency as well",
    "answered differently": "groups answer it differently at the same level",
    "commonest answer": "nearly everyone gives the same answer",
    "serve better": "sound, but others serve better within the constraints",
    "redundant with": "sound, but shares too much with a chosen item",
    "too few items": "too few items of its competency are left",
    # The plan notes these, unless a cohort lets them drop items; a note stands beside every other reason.
    "share not answered": "too often left unanswered",
    "standardised loading": "loads too little on its competency",
    "adjusted p of S-X2": "answers do not follow the response model",
    "raters find it relevant": "too few raters find it relevant",
    "coded records": "too little evidence behind it",
}


def by_kind(decisions: pd.DataFrame) -> pd.DataFrame:
    """Count the items that were not kept by the first kind of reason against them, and name them."""
    gone = decisions[decisions["decision"] != "keep"]
    found = [
        next((kind for words, kind in KINDS.items() if words in str(reasons)), "another reason")
        for reasons in gone["reasons"]
    ]
    table = gone.assign(kind=found).groupby("kind")["item"].agg(["size", ", ".join])
    order = [kind for kind in (*KINDS.values(), "another reason") if kind in table.index]
    return table.reindex(order).set_axis(["n", "items"], axis="columns").reset_index()


def highest_pairs(answers: pd.DataFrame, number: int = 15) -> pd.DataFrame:
    """Return the pairs of items that go together most (Spearman)."""
    return inter_item_correlations(answers, "spearman").pairs_above(0.0).head(number)


def answer_shares(counts: pd.DataFrame) -> pd.DataFrame:
    """Turn counts of answers into shares of those who answered, rounded so that no bar gives its count away."""
    people = counts.sum(axis="columns")
    shares = counts.div(people, axis="index")
    return shares.apply(lambda column: rounded_sums(column, people))
