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
COLUMNS = ("item", "source", "grouping", "group", "n", "mean", "sd")
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
    rows: list[dict[str, object]] = []
    for grouping, group, members in _groups(step):
        rows += _rows(step, prepared.answers.loc[members], SELF, grouping, group)
    if step.collected("peers") and not prepared.peers.empty:
        rows += _rows(step, prepared.peers, PEERS, "", EVERYBODY)
    known = [place for place in PLACES if any(place in row for row in rows)]
    return pd.DataFrame(rows, columns=[*COLUMNS, *known])


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
    rows = [
        correlation_matrix(answers[[item]], means[[item]].set_axis(["rest"], axis="columns"), confidence,
                           clusters=clusters).table[["x", "lower", "upper"]]
        for item in means.columns
    ]  # fmt: skip
    table = pd.concat(rows) if rows else pd.DataFrame(columns=["x", "lower", "upper"])
    return table.set_axis(["item", *REST_ENDS], axis="columns").set_index("item")


def _groups(step: Study) -> Iterator[tuple[str, str, pd.Index]]:
    """Yield label of the grouping, name of the group and its people; everybody first."""
    people, rule = step.prepared.people, step.plan.fairness
    yield "", EVERYBODY, step.prepared.answers.index
    names = compared_groupings(step.settings.groups, rule.groupings)
    hidden = hidden_groups(people, names, step.plan.disclosure.minimum_group.value)
    for name in names:
        for group, members in people.groupby(name, sort=True, observed=True):
            if len(members) >= rule.smallest_group.value and group not in hidden[name]:
                yield step.settings.groups[name].label, str(group), members.index


def _rows(step: Study, answers: pd.DataFrame, source: str, grouping: str, group: str) -> Iterator[dict[str, object]]:
    """Yield one row an item."""
    persons, values = pd.factorize(answers.index.get_level_values(0))[0], answers.to_numpy(dtype=float)
    means, spreads = answers.mean(), answers.std()
    for place, item in enumerate(answers.columns):
        answered, scale = ~np.isnan(values[:, place]), step.framework.scale_of(str(item))
        given, n = values[answered, place], np.count_nonzero(np.bincount(persons[answered]))
        codes = np.arange(scale.minimum, scale.maximum + 1)
        shares = [float((given == code).mean()) if len(given) else np.nan for code in codes]
        yield {
            "item": item, "source": source, "grouping": grouping, "group": group, "n": n,
            "mean": means[item], "sd": spreads[item], **dict(zip(PLACES, shares, strict=False)),
        }  # fmt: skip
