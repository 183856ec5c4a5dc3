"""What becomes of every item, and why (notebook 04)."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import pandas as pd

from compendium.disclosure import rounded_sums
from compendium.findings import Finding, decode, encode, found, of_reason
from compendium.framework import Framework
from compendium.study import Study
from psychometrics.items import KeyingCheck, inter_item_correlations
from psychometrics.selection import ItemCheck, ItemScreening, ItemSelection, screen_items


def decide(step: Study, answers: pd.DataFrame, keying: KeyingCheck, checks: Sequence[ItemCheck] = ()) -> ItemScreening:
    """Apply the published item rule with the thresholds of the plan, and further checks where given."""
    rule = step.plan.item_rule
    return screen_items(
        step.framework.on_one_scale(answers),
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
    reasons = [_reasons(extended, item) for item in table["item"]]
    if selection is None:
        known = [_about(decode(cell)) for cell in table["reasons"]]
        new = [[each for each in found if _about([each]) - old] for found, old in zip(reasons, known, strict=True)]
        return table.assign(advice=[encode(each) for each in new])
    decided = checked["decision"].to_numpy()
    spare = (decided == "keep") & ~table["item"].isin(selection.chosen).to_numpy()
    rest = [
        (*own, _passed_over(selection, item)) if left else own
        for item, own, left in zip(table["item"], reasons, spare, strict=True)
    ]
    information = selection.to_frame().set_index("item")["value"]
    table["decision"] = pd.Series(decided, table.index).mask(spare, "drop")
    return table.assign(reasons=[encode(each) for each in rest], information=table["item"].map(information))


def _reasons(screening: ItemScreening, item: Hashable) -> tuple[Finding, ...]:
    """Return the reasons for the decision on an item."""
    return tuple(of_reason(reason) for reason in screening.findings.get(item, ()))


def _passed_over(selection: ItemSelection, item: Hashable) -> Finding:
    """Return why an item that passed every check was not chosen."""
    reason = selection.findings.get(item)
    return found("too_few_left") if reason is None else of_reason(reason)


def _about(findings: Sequence[Finding]) -> set[str]:
    """Return what kinds of reasons these are, for counting."""
    return {kind_of(each) for each in findings}


def decision_table(screening: ItemScreening, step: Study) -> pd.DataFrame:
    """Return one row an item with the decision, its reasons (encoded), the values behind it, and the wording."""
    table = screening.to_frame().rename(columns={"scale": "competency"})
    table["reasons"] = [encode(_reasons(screening, item)) for item in table["item"]]
    return table.assign(wording=step.framework.items["self_wording"].reindex(table["item"]).to_numpy())


def keep_all(step: Study, answers: pd.DataFrame, why: str) -> pd.DataFrame:
    """Keep every item where the sample cannot carry the rule, and say so."""
    competencies = step.framework.items["competency"].reindex(answers.columns)
    table = pd.DataFrame({"item": answers.columns, "competency": competencies.to_numpy(), "decision": "keep"})
    return table.assign(reasons=encode([found("not_judged", why=why)]))


def by_competency(decisions: pd.DataFrame) -> pd.DataFrame:
    """Count decisions for each competency."""
    counts = pd.crosstab(decisions["competency"], decisions["decision"])
    counts = counts.reindex(columns=["keep", "review", "drop"], fill_value=0)
    counts = counts.reindex(list(dict.fromkeys(decisions["competency"])))
    asked = counts.sum(axis="columns")
    table = counts.rename(columns={"keep": "kept", "drop": "dropped"}).rename_axis(columns=None)
    table.insert(0, "asked", asked)
    return table.reset_index()


#: What reasons are counted as, the gravest first: an item with several is counted under the first. What the plan only
#: notes, unless a cohort lets it drop items, comes last.
KINDS = (
    "key_contradicted",
    "unanswered",
    "constant",
    "too_few_answers",
    "item_rest_low",
    "item_total_low",
    "redundant",
    "would_load",
    "cross_loading",
    "answered_differently",
    "most_frequent_answer",
    "outranked",
    "redundant_with_chosen",
    "too_few_left",
    "missing_share",
    "loading",
    "low_loading",
    "item_fit_p",
    "too_few_find_relevant",
    "supporting",
    "untested",
    "other",
)
# Kinds that say no more than that a limit was passed: the check says which.
OF_A_CHECK = ("below_minimum", "above_maximum")


def kind_of(reason: Finding) -> str:
    """Return what a reason is counted as: its kind, or the check whose limit was passed."""
    kind = reason.facts.get("check") if reason.kind in OF_A_CHECK else reason.kind
    return kind if kind in KINDS else "other"


def by_kind(decisions: pd.DataFrame) -> pd.DataFrame:
    """Count the items that were not kept by the gravest kind of reason against them, and name them.

    Returns
    -------
    DataFrame
        One row a kind: ``kind`` as in :data:`KINDS`, ``finding`` (the same for a reader), ``n``, ``items``.
    """
    rejected = decisions[decisions["decision"] != "keep"]
    kinds = [
        min((kind_of(each) for each in decode(cell)), key=KINDS.index, default="other") for cell in rejected["reasons"]
    ]
    table = rejected.assign(kind=kinds).groupby("kind")["item"].agg(["size", ", ".join])
    table = table.reindex([kind for kind in KINDS if kind in table.index])
    table = table.set_axis(["n", "items"], axis="columns").reset_index()
    table.insert(1, "finding", [found(f"about_{kind}").encoded for kind in table["kind"]])
    return table


# Pairs that the table shows; the saved correlations hold them all.
MOST_PAIRS = 15


def highest_pairs(answers: pd.DataFrame, number: int = MOST_PAIRS) -> pd.DataFrame:
    """Return the pairs of items that go together most (Spearman)."""
    return inter_item_correlations(answers, "spearman").pairs_above(0.0).head(number)


def answer_shares(counts: pd.DataFrame) -> pd.DataFrame:
    """Turn counts of answers into shares of those who answered, rounded so that no bar gives its count away."""
    people = counts.sum(axis="columns")
    shares = counts.div(people, axis="index")
    return shares.apply(lambda column: rounded_sums(column, people))


def of_usual_scale(shares: pd.DataFrame, framework: Framework) -> tuple[pd.DataFrame, dict[int, str]]:
    """Return the shares of the items on the commonest answer scale, by its codes, with the words of the codes."""
    scales = {item: framework.scale_of(str(item)) for item in shares.index}
    names = framework.items.loc[shares.index, "answer_scale"].fillna("")
    usual = names.index[names == names.mode()[0]]
    scale = scales[usual[0]]
    return shares.loc[usual, range(scale.minimum, scale.maximum + 1)], scale.labels
