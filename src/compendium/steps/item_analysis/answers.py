"""How each item was answered, by everybody, by every group that is large enough, and by peers (notebook 04)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from compendium.cohort.schema import compared_groupings
from compendium.disclosure import hidden_groups
from compendium.study import Study
from psychometrics.association import correlation_matrix
from psychometrics.scoring import scale_scores

SELF, PEERS, EVERYBODY = "self", "peers", "everybody"
# Answers by their place on the scale; no scale of a questionnaire has more.
PLACES = tuple(f"answer_{place}" for place in range(1, 12))
# Of an item's correlation with the rest, as item statistics name it; the share of the rest that must be answered.
REST_ENDS, ANSWERED_SHARE = ("item_rest_spearman_lower", "item_rest_spearman_upper"), 0.5

# How the columns start that speak of items as the item rule, and the reliability of scores, do.
BEHIND_A_GATE = {"item_rule": ("item_rest", "item_total", "framework_"), "reliability": ("alpha_", "omega_")}


def answers_by_group(step: Study) -> pd.DataFrame:
    """Return mean, spread and shares of the answers to every item, for each source and group.

    Groups that may not be shown are left out, and those of fewer people than comparisons of items ask for. Peers stand
    together; ``n`` are then the people who were rated. ``answer_1`` is the share of the lowest answer after keying.
    """
    prepared = step.prepared
    tables = [_table(step, prepared.answers, SELF)]
    tables += [_table(step, prepared.answers, SELF, label, groups) for label, groups in _groups(step)]
    if step.collected("peers") and not prepared.peers.empty:
        tables.append(_table(step, prepared.peers, PEERS))
    scales = [step.framework.scale_of(str(item)) for item in prepared.answers]
    widest = max((scale.maximum - scale.minimum + 1 for scale in scales), default=0)
    return pd.concat(tables, ignore_index=True).drop(columns=list(PLACES[widest:]))


def told(step: Study, statistics: pd.DataFrame) -> pd.DataFrame:
    """Return statistics of items without those that a closed gate of the plan keeps back."""
    starts = tuple(start for gate, each in BEHIND_A_GATE.items() if step.lacks(f"gate_{gate}") for start in each)
    hidden = [name for name in statistics.columns if starts and name.startswith(starts)]
    return statistics.assign(**dict.fromkeys(hidden, float("nan")))


def rest_intervals(step: Study) -> pd.DataFrame:
    """Return the interval of each item's correlation with the rest of its competency, indexed by item.

    Spearman's rho with the mean of the other items, answered by half or more; people who are nested count as such.
    An item that stands alone has none.
    """
    answers = step.framework.on_one_scale(step.prepared.answers)
    confidence = step.plan.confidence.value
    rests = {
        item: [other for other in items if other != item]
        for items in step.framework.scales([str(item) for item in answers.columns]).values()
        for item in items
    }
    means = scale_scores(answers, {item: others for item, others in rests.items() if others}, ANSWERED_SHARE)
    clusters = step.nesting.of(answers.index)
    if clusters is not None:
        # Every item asks for them, and numbers are found faster than names.
        clusters = pd.Series(pd.factorize(clusters)[0], answers.index)
    rows = [
        correlation_matrix(answers[[item]], means[[item]].set_axis(["rest"], axis="columns"), confidence,
                           clusters=clusters).table[["x", "lower", "upper"]]
        for item in means.columns
    ]  # fmt: skip
    table = pd.concat(rows) if rows else pd.DataFrame(columns=["x", "lower", "upper"])
    return table.set_axis(["item", *REST_ENDS], axis="columns").set_index("item")


def _groups(step: Study) -> Iterator[tuple[str, pd.Series]]:
    """Yield label of a grouping and the group of each person, missing where it is not told of."""
    people, rule = step.prepared.people.reindex(step.prepared.answers.index), step.plan.fairness
    names = compared_groupings(step.settings.groups, rule.groupings)
    hidden = hidden_groups(people, names, step.plan.disclosure.minimum_group.value)
    for name in names:
        sizes = people[name].value_counts()
        told_of = [group for group, n in sizes.items() if n >= rule.smallest_group.value and group not in hidden[name]]
        if told_of:
            yield step.settings.groups[name].label, people[name].where(people[name].isin(told_of))


def _table(
    step: Study, answers: pd.DataFrame, source: str, label: str = "", groups: pd.Series | None = None
) -> pd.DataFrame:
    """Return one row a group and item, from how many gave each answer; without groups of everybody."""
    of_row, names = (np.zeros(len(answers), int), [EVERYBODY]) if groups is None else pd.factorize(groups, sort=True)
    persons = pd.factorize(answers.index.get_level_values(0))[0] if source == PEERS else None
    items, n_groups, n_places = list(answers.columns), len(names), len(PLACES)
    scales = [step.framework.scale_of(str(item)) for item in items]
    codes = np.array([scale.minimum for scale in scales])[:, None] + np.arange(n_places)
    counts, n = np.zeros((n_groups, len(items), n_places)), np.zeros((n_groups, len(items)), int)
    for place, item in enumerate(items):
        given = answers[item].to_numpy(dtype=float)
        kept = (of_row >= 0) & ~np.isnan(given)
        cells = of_row[kept] * n_places + (given[kept] - codes[place, 0]).astype(int)
        counts[:, place] = np.bincount(cells, minlength=n_groups * n_places).reshape(n_groups, n_places)
        # A person who is rated by many counts once.
        n[:, place] = counts[:, place].sum(axis=1) if persons is None else np.bincount(persons[kept]).astype(bool).sum()
    total = counts.sum(axis=2)
    with np.errstate(invalid="ignore", divide="ignore"):
        means = (counts * codes).sum(axis=2) / total
        spreads = np.sqrt((counts * (codes - means[:, :, None]) ** 2).sum(axis=2) / (total - 1))
        shares = counts / total[:, :, None]
    shares[:, codes > np.array([[scale.maximum] for scale in scales])] = np.nan
    told = {"item": items * n_groups, "source": source, "grouping": label, "group": np.repeat(names, len(items))}
    figures = {"n": n.ravel(), "mean": means.ravel(), "sd": spreads.ravel()}
    return pd.DataFrame(told | figures | dict(zip(PLACES, shares.reshape(-1, n_places).T, strict=True)))
