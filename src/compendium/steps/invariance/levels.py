"""Do the items mean the same in every group, and to the person and to peers (notebook 06)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd
from scipy.stats import false_discovery_control
from tqdm import tqdm

from compendium.findings import Finding, encode, found
from compendium.steps.group_names import compared_groups, named_groups
from compendium.study import Level, Study
from compendium.study.nesting import FEWEST_CLUSTERS_OF_A_GROUP
from psychometrics.dif import DifRule, ordinal_dif
from psychometrics.errors import PsychometricsError, TooFewPersonsError
from psychometrics.sem import CfaModel, Cutoffs, MeasurementInvariance, measurement_invariance, merge_categories

SELF, PEER = "self", "peers"
# A factor of its own is identified from three items on.
FEWEST_ITEMS = 3
# People who count as independent.
ALONE = Level("", None)
LEVEL_COLUMNS = ["comparison", "level", "n_parameters", "chi_square", "df", "p_value", "cfi", "tli", "rmsea", "srmr",
                 "chi_square_difference", "df_difference", "p_difference", "cfi_change", "rmsea_change", "srmr_change",
                 "n_freed", "verdict"]  # fmt: skip
VERDICT_COLUMNS = ["comparison", "groups", "n", "highest", "means_comparable", "clusters", "n_clusters", "notes"]
MEAN_COLUMNS = ["comparison", "group", "competency", "mean", "standard_error", "z", "p_value", "lower", "upper",
                "reference"]  # fmt: skip
NAMED_COLUMNS = {
    "freed": ["level", "step", "item", "kind", "statistic", "df", "p_value", "cfi_change", "rmsea_change"],
    "merged": ["item", "joined", "into"],
    "release_tests": ["level", "item", "statistic", "df", "p_value"],
}


@dataclass(frozen=True)
class GroupComparison:
    """One set of groups compared, or the reason why not.

    Attributes
    ----------
    label
        What was compared.
    result
        None where it could not be tested.
    notes
        What a reader must know: groups and items left out, joined categories, the reason for no result.
    clusters, n_clusters
        Grouping that the tests allow for, and how many groups it has; "" and None for independent people.
    """

    label: str
    result: MeasurementInvariance | None
    notes: tuple[Finding, ...]
    clusters: str = ""
    n_clusters: int | None = None

    @property
    def fits(self) -> bool:
        """Whether the model without equalities describes the groups; where it does not, equalities say little."""
        return self.result is not None and self.result.table["verdict"].iloc[0] == "fits"

    @property
    def means_comparable(self) -> bool:
        """Whether means may be compared: the model fits, and intercepts may be held equal."""
        return self.result is not None and self.fits and self.result.means_comparable

    @property
    def finding(self) -> Finding:
        """How far the measurement model is the same, and what may be compared."""
        if self.result is None:
            return found("invariance_untested", other=self.label, why=self.notes)
        level = self.result.highest
        if level == "none":
            return found("invariance_no_solution", other=self.label)
        if not self.fits:
            return found("invariance_poor_fit", other=self.label, level=level)
        if not self.result.means_comparable:
            return found("invariance_no_means", other=self.label, level=level)
        partial = bool((self.result.table["level"] == "partial scalar").any())
        return found("invariance_means_partial" if partial else "invariance_means", other=self.label, level=level)


def compare(
    step: Study,
    label: str,
    answers: pd.DataFrame,
    groups: pd.Series,
    scales: Mapping[str, Sequence[str]],
    level: Level = ALONE,
) -> GroupComparison:
    """Test one measurement model in several groups, leaving out items that cannot carry the test.

    Groups within a single cluster are left out: a difference between groups is then one between clusters.
    """
    if not level.enough:
        return GroupComparison(label, None, (found("groups_few_clusters", other=label),))
    clusters = level.clusters
    single = () if clusters is None else _within_one(groups, clusters)
    groups = groups.where(~groups.isin(single))
    plan = step.plan.invariance
    compared = compared_groups(groups, answers, plan.smallest_group.value, plan.most_groups.value)
    several, fewest = len(compared.groups) > 1, int(plan.fewest_answers.value)
    small = {*groups.dropna()}.difference(compared.groups, compared.beyond) if several else ()
    large = groups[groups.isin(compared.groups)]
    refused = merge_categories(answers.loc[large.index], large, fewest).refused if several else ()
    kept = {name: [item for item in items if item not in refused] for name, items in scales.items()}
    model_scales = {name: items for name, items in kept.items() if len(items) >= FEWEST_ITEMS}
    notes = [found("groups_in_one_cluster", other=label, groups=named_groups(step, single))] if single else []
    notes += [found("groups_small", other=label, groups=named_groups(step, small))] if small else []
    notes += [compared.finding(label)] if compared.beyond else []
    notes += [found("items_left_out", other=tuple(map(str, refused)))] if refused else []
    short = [name for name in scales if name not in model_scales]
    notes += [found("scales_short", other=short)] if short else []
    try:
        result = measurement_invariance(
            CfaModel.correlated(model_scales),
            answers,
            # The method names groups that it leaves out, also those that may not be shown.
            groups.where(groups.isin(compared.groups)) if several else groups,
            missing="pairwise",
            clusters=clusters,
            minimum_size=int(plan.smallest_group.value),
            minimum_answers=fewest,
            cutoffs=Cutoffs(plan.cfi_drop.value, plan.rmsea_rise.value, plan.freed_share.value),
        )
    except PsychometricsError as error:
        return GroupComparison(label, None, (*notes, found("said_by_method", text=str(error))))
    of_the_method = (found("said_by_method", text=text) for text in result.notes)
    number = None if clusters is None else clusters[large.index].nunique()
    return GroupComparison(label, result, (*notes, *of_the_method), level.name, number)


def _within_one(groups: pd.Series, clusters: pd.Series) -> tuple[str, ...]:
    """Name the groups that lie in a single cluster."""
    counts = clusters.groupby(groups).nunique()
    return tuple(sorted(map(str, counts.index[counts < FEWEST_CLUSTERS_OF_A_GROUP])))


def across_groups(step: Study) -> list[GroupComparison]:
    """Compare the groups of every grouping of the plan that was collected and is large enough."""
    plan, people = step.plan.invariance, step.prepared.people
    size, most = plan.smallest_group.value, plan.most_groups.value
    names = step.comparable(plan.groupings, size)
    answers = step.prepared.answers[step.kept_items]
    large = {name: compared_groups(people[name], answers, size, most).groups for name in names}
    return [
        compare(
            step,
            step.group_labels[name],
            answers,
            people[name],
            step.scales,
            step.nesting.between(people[name].where(people[name].isin(large[name]))),
        )
        for name in tqdm(names, desc="groupings", leave=False, disable=None)
    ]


def self_and_peers(step: Study) -> tuple[pd.DataFrame, pd.Series, Level]:
    """Stack the self form and the peer form: answers, form of each row, and what rows depend on each other by.

    That is the person that a row is about or, where people are nested, the cluster of that person.
    """
    own, peers = step.prepared.answers[step.kept_items], step.prepared.peers[step.kept_items]
    person = [*map(str, own.index), *map(str, peers.index.get_level_values("person"))]
    form = [SELF] * len(own) + [PEER] * len(peers)
    answers = pd.concat([own.reset_index(drop=True), peers.reset_index(drop=True)], ignore_index=True)
    about = step.nesting.of(pd.Index(person, name="person"))
    kin = pd.Series(person if about is None else about.to_numpy(), name=step.nesting.name)
    return answers, pd.Series(form, name="form"), Level(step.nesting.name, kin)


def compare_forms(step: Study) -> GroupComparison:
    """Compare the self form with the peer form; rows about one person depend on each other."""
    answers, form, level = self_and_peers(step)
    return compare(step, "Self form and peer form", answers, form, step.scales, level)


@dataclass(frozen=True)
class FormFairness:
    """Items that people and their peers answer differently at the same level; empty, with the reason, where not tested.

    Attributes
    ----------
    table
        One row an item, as :class:`psychometrics.dif.OrdinalDif` has it.
    flagged
        Items that count as different.
    why_not
        Why nothing was tested.
    untested
        Items that could not be tested.
    """

    table: pd.DataFrame
    flagged: tuple[str, ...]
    why_not: Finding | None = None
    untested: tuple[str, ...] = ()


def fairness_of_forms(step: Study) -> FormFairness:
    """Look for items that people and their peers answer differently at the same level."""
    answers, form, level = self_and_peers(step)
    large = {name: items for name, items in step.scales.items() if len(items) > FEWEST_ITEMS}
    scales = pd.Series({item: name for name, items in large.items() for item in items}, dtype=object)
    minimum = int(step.plan.fairness.smallest_group.value)
    rule = DifRule(
        alpha=step.plan.alpha_level.value, minimum_change=step.plan.selection.fairness.value, minimum_size=minimum
    )
    if scales.empty:
        return _no_forms(found("forms_short_scales"))
    try:
        study = ordinal_dif(
            answers[list(scales.index)], form, scales, clusters=level.clusters, reference=SELF, rule=rule
        )
    except TooFewPersonsError:
        return _no_forms(found("forms_too_few", limit=minimum))
    return FormFairness(study.table, study.flagged, untested=study.untested)


def _no_forms(why: Finding) -> FormFairness:
    """Return an empty table, with the reason."""
    columns = ["scale", "n", "p_adjusted_total", "mcfadden_total", "size", "flagged", "kind", "note"]
    empty = pd.DataFrame({name: pd.Series(dtype=float) for name in columns}).rename_axis("item")
    return FormFairness(empty, (), why)


def all_of(comparisons: Sequence[GroupComparison]) -> tuple[Finding, ...]:
    """Return what every comparison found, or that there was none."""
    return tuple(each.finding for each in comparisons) or (found("invariance_no_grouping"),)


def level_table(comparisons: Sequence[GroupComparison]) -> pd.DataFrame:
    """Return one row a comparison and level."""
    rows = [
        {"comparison": each.label, **row}
        for each in comparisons
        if each.result is not None
        for row in each.result.table.to_dict("records")
    ]
    return pd.DataFrame(rows, columns=LEVEL_COLUMNS)


def verdict_table(comparisons: Sequence[GroupComparison]) -> pd.DataFrame:
    """Return one row a comparison: groups, highest level, whether means may be compared, notes."""
    rows = [
        {
            "comparison": each.label,
            "groups": "" if each.result is None else ", ".join(each.result.groups),
            "n": None if each.result is None else each.result.fits["configural"].n_used,
            "highest": "" if each.result is None else each.result.highest,
            "means_comparable": each.means_comparable,
            "clusters": each.clusters,
            "n_clusters": each.n_clusters,
            "notes": encode(each.notes),
        }
        for each in comparisons
    ]
    return pd.DataFrame(rows, columns=VERDICT_COLUMNS).astype({"means_comparable": bool})


def freed_table(comparisons: Sequence[GroupComparison]) -> pd.DataFrame:
    """Return the log of freed parameters."""
    return _stacked(comparisons, "freed")


def merged_table(comparisons: Sequence[GroupComparison]) -> pd.DataFrame:
    """Return the log of joined categories."""
    return _stacked(comparisons, "merged")


def suspicious_items(comparisons: Sequence[GroupComparison], alpha: float) -> pd.DataFrame:
    """Return the items whose equality the score tests reject, adjusted within comparison and level."""
    tests = _stacked(comparisons, "release_tests")
    if tests.empty:
        return tests.assign(p_adjusted=[])
    tests = tests.dropna(subset=["p_value"])
    tests["p_adjusted"] = tests.groupby(["comparison", "level"])["p_value"].transform(false_discovery_control)
    return tests[tests["p_adjusted"] < alpha].reset_index(drop=True)


def mean_table(comparisons: Sequence[GroupComparison]) -> pd.DataFrame:
    """Return the factor means of every comparison in which they may be compared; the reference group is zero."""
    tables = [
        each.result.factor_means.assign(comparison=each.label, reference=each.result.groups[0])
        for each in comparisons
        if each.means_comparable and each.result is not None and each.result.factor_means is not None
    ]
    if not tables:
        return pd.DataFrame(columns=MEAN_COLUMNS)
    stacked = pd.concat(tables, ignore_index=True).rename(columns={"factor": "competency"})
    return stacked.loc[stacked["group"] != stacked["reference"], MEAN_COLUMNS].reset_index(drop=True)


def _stacked(comparisons: Sequence[GroupComparison], name: str) -> pd.DataFrame:
    """Put one table of every result on top of each other."""
    tables = [
        getattr(each.result, name).assign(comparison=each.label) for each in comparisons if each.result is not None
    ]
    columns = ["comparison", *NAMED_COLUMNS[name]]
    filled = [table[columns] for table in tables if len(table)]
    return pd.concat(filled, ignore_index=True) if filled else pd.DataFrame(columns=columns)
