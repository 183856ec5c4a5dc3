"""What is known of every item beyond its classical statistics: response model, fairness, evidence, relevance (04)."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, field, replace

import pandas as pd

from compendium import consultation
from compendium import review as evidence
from compendium.cohort.schema import compared_groupings
from compendium.findings import Finding, found
from compendium.steps.group_names import compared_groups, named_groups
from compendium.study import Level, Study
from compendium.study.workers import spread
from compendium.thresholds import Check
from psychometrics.dif import DifRule, OrdinalDif, ordinal_dif
from psychometrics.errors import TooFewPersonsError
from psychometrics.irt import (
    GradedResponse,
    fit_scales,
    item_fit,
    local_dependence,
    marginal_reliability,
    person_fit,
    scale_information,
)
from psychometrics.selection import Decision, ItemCheck, Reason, category_check, threshold_check
from psychometrics.sem import CfaModel, CfaResult, fit_cfa

# A common trait is identified from three items on.
FEWEST_ITEMS = 3
# Each group but the reference has a level and a slope of its own.
GROUP_COEFFICIENTS = 2


@dataclass(frozen=True)
class Findings:
    """Results about the items so far; empty where the sample was too small.

    Attributes
    ----------
    models
        Graded response model of each competency.
    fit, dependent
        As :func:`fit_table` and :func:`dependent_pairs` return them.
    fairness
        As :func:`fairness_table` returns it.
    chosen_share
        Share of bootstrap samples that choose each item.
    """

    models: Mapping[str, GradedResponse]
    fit: pd.DataFrame
    dependent: pd.DataFrame
    fairness: pd.DataFrame
    chosen_share: pd.Series

    def with_models(self, models: Mapping[str, GradedResponse], fit: pd.DataFrame, dependent: pd.DataFrame) -> Findings:
        """Add the results of the graded response models."""
        return replace(self, models=models, fit=fit, dependent=dependent)

    def with_fairness(self, fairness: pd.DataFrame) -> Findings:
        """Add the comparison of groups."""
        return replace(self, fairness=fairness)

    def with_stability(self, items: pd.DataFrame) -> Findings:
        """Add how often each item was chosen."""
        return replace(self, chosen_share=items.set_index("item")["share"])


def nothing_yet() -> Findings:
    """Return empty results."""
    empty = pd.DataFrame()
    return Findings({}, empty, pd.DataFrame(columns=["item", "other"]), empty, pd.Series(dtype=float))


@dataclass(frozen=True)
class Groupings:
    """Differential item functioning by every grouping that could be looked at, and why the others could not."""

    found: Mapping[str, OrdinalDif]
    left_out: tuple[Finding, ...]
    levels: Mapping[str, Level] = field(default_factory=dict)

    @property
    def completeness(self) -> tuple[Finding, ...]:
        """What could not be compared, or that everything was."""
        return self.left_out or (found("groups_all_compared"),)

    @property
    def untested(self) -> tuple[str, ...]:
        """Items that some grouping could not test."""
        return tuple(dict.fromkeys(str(item) for study in self.found.values() for item in study.untested))


def response_models(answers: pd.DataFrame, scales: Mapping[str, list[str]]) -> dict[str, GradedResponse]:
    """Fit a graded response model to every competency with enough items; codes that nobody uses are left out.

    A competency whose model has no maximum (items that repeat each other exactly) is left out.
    """
    fitted = {name: items for name, items in scales.items() if len(items) >= FEWEST_ITEMS}
    with spread():
        found = fit_scales(answers, fitted, unused="collapse")
    return {name: model for name, model in found.items() if model.converged}


def parameter_table(models: Mapping[str, GradedResponse]) -> pd.DataFrame:
    """Return one row an item: discrimination, thresholds, information, each with its standard error."""
    tables = [
        model.to_frame().assign(
            competency=name, expected_information=model.expected_information().reindex(model.items).to_numpy()
        )
        for name, model in models.items()
    ]
    table = pd.concat(tables, ignore_index=True)
    first = ["item", "competency", "a", "a_se", "loading", "expected_information"]
    return table[[*first, *[column for column in table.columns if column not in first]]]


def fit_table(models: Mapping[str, GradedResponse], answers: pd.DataFrame) -> pd.DataFrame:
    """Return S-X2 of every item, its p adjusted over all items (Benjamini-Hochberg)."""
    from scipy.stats import false_discovery_control

    tables = [item_fit(model, answers[model.items]).assign(competency=name) for name, model in models.items()]
    table = pd.concat(tables).rename_axis("item").reset_index()
    known = table["p_value"].notna()
    table.loc[known, "p_adjusted"] = false_discovery_control(table.loc[known, "p_value"])
    return table


def dependent_pairs(models: Mapping[str, GradedResponse], answers: pd.DataFrame, excess: float) -> pd.DataFrame:
    """Return the pairs of items that share more than their competency (Q3), strongest first."""
    tables = [
        local_dependence(model, answers[model.items], excess).flagged().assign(competency=name)
        for name, model in models.items()
    ]
    return pd.concat(tables, ignore_index=True).sort_values("above_mean", ascending=False, ignore_index=True)


def precision_table(models: Mapping[str, GradedResponse], reliability: float) -> pd.DataFrame:
    """Return one row a competency: marginal reliability, and the trait levels with at least the wanted reliability."""
    rows = []
    for name, model in models.items():
        curve = scale_information(model)
        good = curve.index[curve["reliability"] >= reliability]
        span = {"lower": good.min(), "upper": good.max()} if len(good) else {"lower": None, "upper": None}
        rows.append({"competency": name, "items": model.n_items, "n": model.n_persons,
                     "marginal_reliability": marginal_reliability(model), **span})  # fmt: skip
    return pd.DataFrame(rows)


def misfitting_share(models: Mapping[str, GradedResponse], answers: pd.DataFrame, alpha: float) -> pd.DataFrame:
    """Return for each competency the share of people whose answers fit the model poorly (lz in the lower tail)."""
    from scipy.stats import norm

    rows = []
    for name, model in models.items():
        lz = person_fit(model, answers[model.items])["lz"].dropna()
        rows.append({"competency": name, "n": len(lz), "misfitting_share": float((lz < norm.ppf(alpha)).mean())})
    return pd.DataFrame(rows)


def compare_groups(step: Study, answers: pd.DataFrame, items: list[str]) -> Groupings:
    """Look for items that groups answer differently at the same level of the competency."""
    rule, alpha = step.plan.fairness, step.plan.alpha_level.value
    cuts = DifRule(
        alpha=alpha,
        minimum_change=step.plan.selection.fairness.value,
        moderate=rule.moderate.value,
        large=rule.large.value,
        minimum_size=int(rule.smallest_group.value),
        planned_difference=rule.planned_difference.value,
        planned_power=rule.planned_power.value,
        confidence=step.plan.confidence.value,
    )
    large = {name: members for name, members in step.framework.scales(items).items() if len(members) > FEWEST_ITEMS}
    scales = pd.Series({item: name for name, members in large.items() for item in members})
    if not large:
        return Groupings({}, (found("groups_short_scales"),))
    studies: dict[str, OrdinalDif] = {}
    levels: dict[str, Level] = {}
    short = [name for name in step.framework.scales(items) if name not in large]
    left_out = [found("scales_not_compared", other=short)] if short else []
    asked = answers[list(scales.index)]
    for name in compared_groupings(step.settings.groups, rule.groupings):
        label, members = step.group_labels[name], step.prepared.people[name]
        compared = compared_groups(members, asked, cuts.minimum_size, rule.most_groups.value)
        members = members.where(~members.isin(compared.beyond))
        shown = members.where(members.isin(compared.groups))
        left_out += [compared.finding(label)] if compared.beyond else []
        level = step.nesting.between(shown, GROUP_COEFFICIENTS)
        if not level.enough:
            left_out.append(found("groups_few_clusters", other=label))
            continue
        try:
            with spread():
                studies[name] = ordinal_dif(asked, members, scales, clusters=level.clusters, rule=cuts)
        except TooFewPersonsError:
            # The error itself counts every group, also those too small to be shown.
            left_out.append(found("groups_too_few", other=label, limit=cuts.minimum_size))
            continue
        levels[name] = level
        left_out += _groups_left_out(step, label, members, shown, studies[name])
    others = [name for name, group in step.settings.groups.items() if group.kind != "number"]
    passed_over = [name for name in others if name not in compared_groupings(step.settings.groups, rule.groupings)]
    if passed_over:
        left_out.append(found("groups_not_in_plan", other=[step.group_labels[name] for name in passed_over]))
    if not others:
        left_out.append(found("groups_none_collected"))
    return Groupings(studies, tuple(left_out), levels)


def _groups_left_out(
    step: Study, label: str, members: pd.Series[str], shown: pd.Series[str], study: OrdinalDif
) -> Iterator[Finding]:
    """Name the groups of a grouping that were not compared, and why."""
    small = set(members.dropna()) - set(shown.dropna())
    if small:
        yield found("groups_small", other=label, groups=named_groups(step, small))
    single = set(shown.dropna()) - set(study.groups.index)
    if single:
        yield found("groups_in_one_cluster", other=label, groups=named_groups(step, single))


def fairness_table(groupings: Groupings, labels: Mapping[str, str]) -> pd.DataFrame:
    """Return one row an item and grouping: tests, growth of R2, and whether it passed, is flagged or is untested."""
    kept = ["scale", "n", "p_adjusted_total", "mcfadden_uniform", "mcfadden_non_uniform", "mcfadden_total", "size",
            "flagged", "status", "kind", "estimation", "note"]  # fmt: skip
    tables = [
        study.table[kept].rename_axis("item").reset_index().assign(grouping=labels[name])
        for name, study in groupings.found.items()
    ]
    columns = ["item", "grouping", "competency", *kept[1:]]
    if not tables:
        return pd.DataFrame(columns=columns)
    return pd.concat(tables, ignore_index=True).rename(columns={"scale": "competency"})[columns]


def power_table(groupings: Groupings, labels: Mapping[str, str]) -> pd.DataFrame:
    """Return what each grouping could have shown: power to flag an item, and the smallest difference likely to be.

    ``size`` is the planned uniform difference in standard deviations of the trait, ``power`` the median and
    ``power_lowest`` the lowest chance to flag an item that differs so, ``detectable`` the difference that is flagged
    with the planned power in half of the items. ``clusters`` names the grouping that the tests allow for.
    """
    tables = [
        study.power_by_group().assign(
            grouping=labels[name], reference=study.reference, clusters=groupings.levels[name].name,
            n_clusters=study.n_clusters or None, n_untested=len(study.untested),
        )
        for name, study in groupings.found.items()
    ]  # fmt: skip
    columns = ["grouping", "group", "reference", "n", "n_items", "n_untested", "size", "power_test", "power",
               "power_lowest", "detectable", "detectable_largest", "clusters", "n_clusters"]  # fmt: skip
    return (pd.concat(tables, ignore_index=True) if tables else pd.DataFrame()).reindex(columns=columns)


def effect_table(groupings: Groupings, labels: Mapping[str, str], *, whole_scales: bool) -> pd.DataFrame:
    """Return what flagged items do to the answers, or to the competency scores, of every group."""
    tables = []
    for name, study in groupings.found.items():
        effects = study.scale_effects if whole_scales else study.effects
        wanted = effects["n_flagged"] > 0 if whole_scales else effects["item"].isin(study.flagged)
        tables.append(effects[wanted].assign(grouping=labels[name], reference=study.reference))
    if not tables:
        return pd.DataFrame(columns=["competency" if whole_scales else "item", "group", "signed", "grouping"])
    return pd.concat(tables, ignore_index=True).rename(columns={"scale": "competency"})


def largest_change(table: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    """Return the largest growth of R2 of each item over the groupings, and where it is flagged."""
    largest = table.groupby("item")["mcfadden_total"].max()
    flagged = table[table["flagged"].astype(bool)]
    return largest, flagged.groupby("item")["grouping"].agg(tuple)


def measurement_model(answers: pd.DataFrame, scales: Mapping[str, list[str]]) -> CfaResult:
    """Fit the competencies as correlated factors (WLSMV, pairwise)."""
    return fit_cfa(CfaModel.correlated(scales), answers, missing="pairwise")


def expected_loadings(model: CfaResult) -> pd.DataFrame:
    """Return the largest loading that each item would have on another competency, and on which."""
    changes = model.modification_indices()
    crossed = changes[changes["kind"] == "loading"].assign(size=lambda table: table["standardised_change"].abs())
    strongest = crossed.sort_values("size", ascending=False, kind="stable").drop_duplicates("right").set_index("right")
    return strongest[["left", "standardised_change"]].rename(
        columns={"left": "other", "standardised_change": "second_loading"}
    )


def background(step: Study) -> pd.DataFrame:
    """Return the findings of the evidence review and the consultation on each item; empty without either.

    Returns
    -------
    DataFrame, indexed by item
        ``relevance clarity needed verdict supporting records``.
    """
    found = pd.DataFrame(index=step.framework.items.index)
    if step.collected("consultation"):
        found = _consulted(step).reindex(found.index)
    if step.review is not None:
        thread = evidence.thread_of_items(step.review, step.framework)
        found = found.assign(supporting=thread["supporting"], records=thread["records"])
    return found


def _consulted(step: Study) -> pd.DataFrame:
    """Return what raters said of each item."""
    held = consultation.load_consultation(step.whole_framework)
    return consultation.item_verdicts(
        consultation.item_content_validity(
            held.matrix("relevance"), positive_from=held.description.relevance.positive_from
        ),
        consultation.item_content_validity(
            held.matrix("clarity"), positive_from=held.description.clarity.positive_from
        ),
        minimum=step.plan.selection.relevance.value,
    )


def extended_checks(
    step: Study,
    answers: pd.DataFrame,
    model: CfaResult,
    findings: Findings,
    known: pd.DataFrame,
) -> list[ItemCheck]:
    """Return the further checks of the plan, each with the decision on an item that fails.

    Parameters
    ----------
    model
        The measurement model of the items that pass the published rule.
    findings
        Item fit and fairness, where they were looked at.
    known
        As :func:`background` returns it.
    """
    plan = step.plan.selection
    checks = [
        category_check(answers, plan.commonest_answer.value, _decision(plan.commonest_answer)),
        threshold_check("missing_share", answers.isna().mean(), maximum=plan.missing_share.value,
                        decision=_decision(plan.missing_share)),
        threshold_check("loading", model.loadings.set_index("item")["standardised"], minimum=plan.loading.value,
                        decision=_decision(plan.loading)),
        _crossing(model, plan.second_loading.value, _decision(plan.second_loading)),
    ]  # fmt: skip
    if len(findings.fairness):
        checks.append(_unfair(findings.fairness, plan.fairness.value, _decision(plan.fairness)))
    if len(findings.fit):
        adjusted = findings.fit.set_index("item")["p_adjusted"]
        checks.append(threshold_check("item_fit_p", adjusted, minimum=plan.item_fit.value,
                                      decision=_decision(plan.item_fit)))  # fmt: skip
    if "relevance" in known:
        checks.append(_irrelevant(known, _decision(plan.relevance)))
    if "supporting" in known:
        records, fewest = known["supporting"], plan.evidence.value
        checks.append(threshold_check("supporting", records, fewest, decision=_decision(plan.evidence)))
    return checks


def _decision(check: Check) -> Decision:
    """Translate the plan's decision into that of the screening."""
    return "drop" if check.decision == "drop" else "keep"


def _crossing(model: CfaResult, cut: float, decision: Decision) -> ItemCheck:
    """Flag items that would load on another competency as well."""
    table = expected_loadings(model)
    sizes = table["second_loading"]
    reasons = {
        item: Reason("would_load", float(size), cut, (other,), "second_loading")
        for item, size, other in zip(table.index, sizes, table["other"], strict=True)
        if abs(size) >= cut
    }
    return ItemCheck("second_loading", sizes, decision=decision, findings=reasons | _untested(sizes, "second_loading"))


def _unfair(fairness: pd.DataFrame, cut: float, decision: Decision) -> ItemCheck:
    """Flag items that groups answer differently at the same level."""
    largest, where = largest_change(fairness)
    reasons: dict[Hashable, Reason] = {
        item: Reason("answered_differently", float(largest[item]), cut, tuple(where[item]), "fairness_r2")
        for item in where.index.astype(str)
    }
    open_ones = {
        item: Reason("untested", other=tuple(places), check="fairness_r2")
        for item, places in untested_where(fairness).items()
        if item not in reasons
    }
    return ItemCheck("fairness_r2", largest, decision=decision, findings=open_ones | reasons)


def fairness_of_kept(fairness: pd.DataFrame, decisions: pd.DataFrame) -> tuple[int | None, int | None]:
    """Count the kept items that groups answer differently, and those that were not tested; None without groups."""
    if not len(fairness):
        return None, None
    kept = set(decisions.loc[decisions["decision"] == "keep", "item"])
    unfair = set(fairness.loc[fairness["flagged"].astype(bool), "item"])
    return len(unfair & kept), len((set(untested_where(fairness).index) - unfair) & kept)


def untested_where(fairness: pd.DataFrame) -> pd.Series:
    """Return, for each item that a grouping could not test, those groupings; a test without a p is none."""
    failed = (fairness["status"] == "untested") | fairness[["p_adjusted_total", "mcfadden_total"]].isna().any(axis=1)
    return fairness[failed].groupby("item", sort=False)["grouping"].agg(tuple)


def _irrelevant(known: pd.DataFrame, decision: Decision) -> ItemCheck:
    """Flag items that too few raters found relevant, by the consultation's own verdict."""
    questioned = known[known["verdict"] == "question"]
    reasons = {
        item: Reason("too_few_find_relevant", float(share), float(needed), check="relevance")
        for item, share, needed in zip(questioned.index, questioned["relevance"], questioned["needed"], strict=True)
    }
    return ItemCheck("relevance", known["relevance"], decision=decision, findings=reasons)


def _untested(values: pd.Series, check: str) -> dict[Hashable, Reason]:
    """Flag items without a value as not tested."""
    return {item: Reason("untested", check=check) for item in values.index[values.isna()]}
