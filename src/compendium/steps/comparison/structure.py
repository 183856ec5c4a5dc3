"""How the shared items hang together in each cohort: reliability, congruence, invariance, aligned means."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd
from tqdm import tqdm

from compendium.findings import Finding, encode, found
from compendium.plan import StudyPlan, judge
from compendium.steps.cohort_quality import completers
from compendium.steps.comparison.matching import modelled_scales
from compendium.steps.factor_structure.reliability import reliability_table
from compendium.steps.scores import reliability_draws
from compendium.study.members import Member
from psychometrics.alignment import INTERCEPT, LOADING, Alignment, align_groups
from psychometrics.efa import fit_efa
from psychometrics.efa.rotation import align_factors
from psychometrics.errors import PsychometricsError
from psychometrics.sem import CfaModel, CfaResult, Cutoffs, MeasurementInvariance, measurement_invariance

Scales = Mapping[str, Sequence[str]]
# No model without equalities is refused by its RMSEA.
RMSEA_NOT_READ = math.inf
# Two cohorts are the fewest that can be compared.
FEWEST_COHORTS = 2
EXACT, PARTIAL, ALIGNED = "scalar", "partial scalar", "alignment"
# The level from which loadings and intercepts of latent answers are on one scale.
COMMON_UNIT = "thresholds"
RELIABILITY_COLUMNS = ["competency", "cohort", "items", "n", "alpha", "lower", "upper", "interval", "alpha_in_its_book"]
CONGRUENCE_COLUMNS = ["first", "other", "competency", "congruence", "congruent"]
LEVEL_COLUMNS = ["competency", "level", "cfi", "srmr", "rmsea", "cfi_change", "rmsea_change", "p_difference", "verdict"]
VERDICT_COLUMNS = ["competency", "cohorts", "fits", "highest", "means_by", "not_invariant_share", "notes"]
MEAN_COLUMNS = ["competency", "cohort", "by", "mean", "lower", "upper", "reference"]
ALIGNED_COLUMNS = ["competency", "item", "kind", "explained", "n_not_invariant"]


def compared_reliability(members: Sequence[Member], scales: Scales, confidence: float) -> pd.DataFrame:
    """Return alpha of the shared items in each cohort, beside that of the cohort's own kept items in its book.

    Returns
    -------
    DataFrame
        :data:`RELIABILITY_COLUMNS`, one row a competency and cohort.
    """
    tables = []
    for member in tqdm(members, desc="cohorts", leave=False, disable=None):
        own = member.study.prepared.reliability["alpha"]
        table = reliability_table(
            member.study.framework.on_one_scale(member.answers), scales, confidence, reliability_draws(member.study)
        )
        tables.append(table.assign(cohort=member.name, alpha_in_its_book=table["competency"].map(own).to_numpy()))
    stacked = pd.concat(tables, ignore_index=True)[RELIABILITY_COLUMNS]
    order = {name: place for place, name in enumerate(scales)}
    return stacked.sort_values("competency", key=lambda names: names.map(order), kind="stable", ignore_index=True)


@dataclass(frozen=True)
class Congruence:
    """Congruence of exploratory solutions; ``left_out`` says which cohorts were too small for one."""

    table: pd.DataFrame
    left_out: tuple[Finding, ...]

    @property
    def lowest(self) -> float:
        """The smallest congruence, NaN where nothing was compared."""
        return float(self.table["congruence"].min()) if len(self.table) else float("nan")


def congruence(members: Sequence[Member], scales: Scales, plan: StudyPlan) -> Congruence:
    """Compare the exploratory solution of the shared items between each two cohorts (Tucker).

    Each cohort's own solution, with as many factors as there are competencies, is turned to the competencies; then the
    loadings of two cohorts on the factor of one competency are compared.
    """
    items = [item for members_ in scales.values() for item in members_]
    target = pd.DataFrame({name: [float(item in own) for item in items] for name, own in scales.items()}, index=items)
    patterns: dict[str, pd.DataFrame] = {}
    left_out = []
    for member in tqdm(members, desc="solutions", leave=False, disable=None):
        people = int(completers(member.study, member.answers[items]).sum())
        gate = judge(plan, "factor_analysis", people, len(items))
        if not gate.supported:
            left_out.append(found("cohort_left_out", other=member.name, why=gate.finding))
            continue
        try:
            solution = fit_efa(member.answers[items], len(scales), missing="pairwise")
        except PsychometricsError as error:
            left_out.append(found("cohort_left_out", other=member.name, why=found("said_by_method", text=str(error))))
            continue
        patterns[member.name] = align_factors(solution.pattern, target)[0]
    rows = []
    for first, other in combinations(patterns, 2):
        for name in scales:
            one, two = patterns[first][name].to_numpy(), patterns[other][name].to_numpy()
            value = float(one @ two / np.sqrt((one @ one) * (two @ two)))
            alike = value >= plan.dimensionality.congruent.value
            rows.append({"first": first, "other": other, "competency": name, "congruence": value, "congruent": alike})
    return Congruence(pd.DataFrame(rows, columns=CONGRUENCE_COLUMNS), tuple(left_out))


@dataclass(frozen=True)
class Compared:
    """The model of one competency in all cohorts that are large enough.

    Attributes
    ----------
    competency
        Its name.
    result
        None where it could not be tested.
    alignment
        Where thresholds may be held equal; None elsewhere.
    notes
        Cohorts left out, categories joined, the reason for no result.
    aligned_limit
        Share of parameters that may differ for aligned means to be shown.
    largest_srmr
        Up to which the model without equalities describes the cohorts.
    """

    competency: str
    result: MeasurementInvariance | None
    alignment: Alignment | None
    notes: tuple[Finding, ...]
    aligned_limit: float
    largest_srmr: float

    @property
    def fits(self) -> bool:
        """Whether the model without equalities describes the cohorts, by CFI and SRMR.

        RMSEA is not read: a model of one competency has few degrees of freedom (Kenny, Kaniskan & McCoach 2015,
        Sociological Methods & Research 44:486-507).
        """
        first = None if self.result is None else self.result.table.iloc[0]
        return first is not None and first["verdict"] == "fits" and first["srmr"] <= self.largest_srmr

    @property
    def means_by(self) -> str:
        """By what means may be compared: scalar invariance, in part, alignment, or not at all (empty)."""
        if self.result is None or not self.fits:
            return ""
        if self.result.means_comparable:
            partial = bool((self.result.table["level"] == PARTIAL).any())
            return PARTIAL if partial else EXACT
        trusted = self.alignment is not None and self.alignment.not_invariant_share <= self.aligned_limit
        return ALIGNED if trusted else ""


def compared_models(members: Sequence[Member], scales: Scales, plan: StudyPlan) -> list[Compared]:
    """Fit the model of every competency in all cohorts at once, level by level, and align the cohorts."""
    return [
        _compared(members, name, items, plan)
        for name, items in tqdm(modelled_scales(scales).items(), desc="models", leave=False, disable=None)
    ]


def _compared(members: Sequence[Member], name: str, items: Sequence[str], plan: StudyPlan) -> Compared:
    """Compare one competency."""
    smallest = int(plan.invariance.smallest_group.value)
    limits = (plan.comparison.alignment_differs.value, plan.structure.srmr.value)
    parts = {member.name: member.answers[list(items)].dropna(how="all") for member in members}
    small = [cohort for cohort, part in parts.items() if len(part) < smallest]
    notes = tuple(found("cohort_small", other=cohort, limit=smallest) for cohort in small)
    large = [member for member in members if member.name not in small]
    if len(large) < FEWEST_COHORTS:
        return Compared(name, None, None, (*notes, found("cohorts_few")), *limits)
    answers = pd.concat([parts[member.name] for member in large], ignore_index=True)
    cohort = np.concatenate([np.repeat(member.name, len(parts[member.name])) for member in large])
    rule = plan.invariance
    cutoffs = Cutoffs(rule.cfi_drop.value, rule.rmsea_rise.value, rule.freed_share.value, rmsea_maximum=RMSEA_NOT_READ)
    try:
        result = measurement_invariance(
            CfaModel.single(list(items)),
            answers,
            pd.Series(cohort, name="cohort"),
            missing="pairwise",
            clusters=_clusters(large, parts),
            minimum_size=smallest,
            minimum_answers=int(plan.invariance.fewest_answers.value),
            cutoffs=cutoffs,
            reference=large[0].name,
        )
    except PsychometricsError as error:
        return Compared(name, None, None, (*notes, found("said_by_method", text=str(error))), *limits)
    alignment, why = _aligned(result, list(items), plan.confidence.value)
    of_the_method = tuple(found("said_by_method", text=text) for text in result.notes)
    return Compared(name, result, alignment, (*notes, *of_the_method, *why), *limits)


def _clusters(members: Sequence[Member], parts: Mapping[str, pd.DataFrame]) -> pd.Series | None:
    """Return the clusters that people are nested in, each cohort's own; None where no cohort has any."""
    of = {member.name: member.study.nesting.of(parts[member.name].index) for member in members}
    if all(clusters is None for clusters in of.values()):
        return None
    texts = [
        f"{name}: {who if clusters is None else clusters.iloc[place]}"
        for name, clusters in of.items()
        for place, who in enumerate(parts[name].index)
    ]
    return pd.Series(texts, name="cluster")


def _aligned(
    result: MeasurementInvariance, items: list[str], confidence: float
) -> tuple[Alignment | None, tuple[Finding, ...]]:
    """Align the cohorts on the level from which their parameters have one unit, or say why not."""
    levels = dict(zip(result.table["level"], result.table["verdict"], strict=True))
    level = next((name for name in (f"partial {COMMON_UNIT}", COMMON_UNIT) if name in result.fits), None)
    if level is None or levels.get(level) not in ("holds", "holds in part"):
        return None, (found("not_aligned_thresholds"),)
    fitted = result.fits[level]
    try:
        loadings, intercepts, covariance = _parameters(fitted, items)
        sizes = fitted.group_sizes[list(fitted.groups)]
        aligned = align_groups(loadings, intercepts, sizes, covariance, confidence=confidence)
    except PsychometricsError as error:
        return None, (found("said_by_method", text=str(error)),)
    return aligned, ()


def _parameters(fitted: CfaResult, items: list[str]) -> tuple[pd.DataFrame, pd.DataFrame, np.ndarray]:
    """Return loadings, intercepts and their covariance, cohort after cohort."""
    table = fitted.parameters
    item = table["right"].where(table["kind"] == LOADING, table["left"])
    place = pd.Series(np.arange(len(table)), pd.MultiIndex.from_arrays([table["kind"], table["group"], item]))
    wanted = [(kind, group, each) for kind in (LOADING, INTERCEPT) for group in fitted.groups for each in items]
    rows = place[wanted].to_numpy()
    values = table["estimate"].to_numpy(dtype=float)[rows].reshape(2, len(fitted.groups), len(items))
    loadings, intercepts = (pd.DataFrame(part, list(fitted.groups), items) for part in values)
    return loadings, intercepts, fitted.parameter_covariance[np.ix_(rows, rows)]


def level_table(compared: Sequence[Compared]) -> pd.DataFrame:
    """Return one row a competency and level."""
    rows = [
        {"competency": each.competency, **row}
        for each in compared
        if each.result is not None
        for row in each.result.table.to_dict("records")
    ]
    return pd.DataFrame(rows, columns=LEVEL_COLUMNS)


def verdict_table(compared: Sequence[Compared]) -> pd.DataFrame:
    """Return one row a competency: how far the model is the same, and by what means may be compared."""
    rows = [
        {
            "competency": each.competency,
            "cohorts": "" if each.result is None else ", ".join(each.result.groups),
            "fits": "" if each.result is None else "yes" if each.fits else "no",
            "highest": "" if each.result is None else each.result.highest,
            "means_by": each.means_by,
            "not_invariant_share": np.nan if each.alignment is None else each.alignment.not_invariant_share,
            "notes": encode(each.notes),
        }
        for each in compared
    ]
    return pd.DataFrame(rows, columns=VERDICT_COLUMNS)


def mean_table(compared: Sequence[Compared]) -> pd.DataFrame:
    """Return the factor means of the cohorts against the first, by exact equality or by alignment where they may be."""
    tables = []
    for each in compared:
        by, result, alignment = each.means_by, each.result, each.alignment
        if not by or result is None:
            continue
        aligned = by == ALIGNED and alignment is not None
        means = alignment.to_frame() if aligned and alignment is not None else result.factor_means
        if means is not None:
            means = means.rename(columns={"group": "cohort"})
            first = result.groups[0]
            others = means[means["cohort"] != first]
            tables.append(others.assign(competency=each.competency, by=by, reference=first)[MEAN_COLUMNS])
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=MEAN_COLUMNS)


def aligned_table(compared: Sequence[Compared]) -> pd.DataFrame:
    """Return what alignment says of each item: how much the cohorts' means explain, and in how many it differs."""
    tables = [
        each.alignment.items.assign(competency=each.competency) for each in compared if each.alignment is not None
    ]
    return pd.concat(tables, ignore_index=True)[ALIGNED_COLUMNS] if tables else pd.DataFrame(columns=ALIGNED_COLUMNS)


def comparability_of_means(compared: Sequence[Compared]) -> tuple[Finding, ...]:
    """Return for which competencies the cohort means may be compared, on what ground, for which not, and whose."""
    if not any(each.result is not None for each in compared):
        return (found("cohort_means_untested"), *(compared[0].notes if compared else ()))
    names = {by: [each.competency for each in compared if each.means_by == by] for by in (EXACT, PARTIAL, ALIGNED, "")}
    kinds = {EXACT: "cohort_means_exact", PARTIAL: "cohort_means_partial", ALIGNED: "cohort_means_aligned"}
    several = len(compared) > 1
    said = [
        found(kind, other=found("every_competency") if several and len(names[by]) == len(compared) else names[by])
        for by, kind in (kinds | {"": "cohort_means_none"}).items()
        if names[by]
    ]
    if any(names[by] for by in kinds):
        said.append(found("cohort_means_intervals"))
    in_all = [note for note in compared[0].notes if all(note in each.notes for each in compared)]
    return (*said, *(note for note in in_all if note.kind == "cohort_small"))
