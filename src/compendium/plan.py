"""The analysis plan: what ``study.yaml`` may hold, and how a cohort overrides it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from compendium.disclosure.floors import FLOORS, floor_problem, lowered
from compendium.disclosure.text import markdown_text
from compendium.files import checksum
from compendium.findings import Finding, found
from compendium.inputs import Strict, load_model, read_yaml, showable
from compendium.paths import STUDY_PLAN
from compendium.plan_values import Noted, by_value, note_values
from compendium.thresholds import (
    Count,
    CountCheck,
    Deviations,
    Reason,
    Replications,
    Share,
    ShareCheck,
    Sizes,
    Spread,
    Threshold,
)


class Scoring(Noted):
    """How answers become competency scores."""

    minimum_answered: Share


class ItemRule(Noted):
    """The published item rule and the first-depth checks beside it."""

    item_total_minimum: Share
    inter_item_maximum: Share
    correlation: Literal["spearman", "pearson"]
    floor_ceiling_share: Share
    cross_loading_margin: Share


class Selection(Noted):
    """How the final items are chosen among those that pass the published rule."""

    size: Count
    minimum_per_competency: Count
    maximum_per_competency: Count
    commonest_answer: ShareCheck
    missing_share: ShareCheck
    loading: ShareCheck
    second_loading: ShareCheck
    item_fit: ShareCheck
    fairness: ShareCheck
    relevance: ShareCheck
    evidence: CountCheck
    dependence: Share
    resamples: Count
    most_drawn: Count
    splits: Count
    seconds_per_item: Threshold


class Fairness(Noted):
    """Between which groups items are compared, and when a difference counts.

    Without ``groupings`` every declared grouping that may be compared is used; a list restricts them.
    """

    groupings: list[str] | None = None
    smallest_group: Count
    most_groups: Count
    planned_difference: Spread
    planned_power: Share
    moderate: Share
    large: Share


class Invariance(Noted):
    """Between which groups the measurement model is compared, and how far fit may fall.

    Without ``groupings`` every declared grouping that may be compared is used; a list restricts them.
    """

    groupings: list[str] | None = None
    smallest_group: Count
    most_groups: Count
    fewest_answers: Count
    cfi_drop: Share
    rmsea_rise: Share
    freed_share: Share


class Change(Noted):
    """What is said of change between waves."""

    fewest_people: Count
    fewest_for_invariance: Count
    anchor_correlation: Share


class Careless(Noted):
    """When answers look careless."""

    longstring_share: Share
    variability_fence: Threshold
    mahalanobis_p: Share
    even_odd_below: Threshold
    straight_line_share: Share
    seconds_per_item: Threshold
    rules_to_flag: Count


class Dimensionality(Noted):
    """Settings of the retention criteria."""

    iterations: Count
    percentile: Threshold
    salient_loading: Share
    congruent: Share


class Structure(Noted):
    """When the competency model counts as supported."""

    srmr: Share
    rmsea_good: Share
    rmsea_acceptable: Share
    cfi_good: Share
    cfi_acceptable: Share
    rival_p: Share
    distinct_below: Share
    large_residual: Share
    second_loading: Share
    items_sorted: Share
    items_sorted_minimum: Share
    reliability: Share
    general_share: Share
    resamples: Count
    cutoff_people: Count
    cutoff_replications: Count
    misfit_levels: Count


class SmallSample(Noted):
    """Priors and draws of the factor model of samples below the gate of the confirmatory one."""

    loading_mean: Deviations
    loading_sd: Spread
    threshold_sd: Spread
    draws: Count
    most_draws: Count


class Resampling(Noted):
    """Resample counts."""

    bootstrap: Count


class Precision(Noted):
    """When a response model counts as precise, and when a person's answers as poorly fitting."""

    reliability: Share
    misfit: Share


class Quantiles(Strict):
    """Shares between 0 and 1 in rising order, with the reason for them."""

    value: Annotated[list[Annotated[float, Field(gt=0, lt=1)]], Field(min_length=3)]
    source: Reason


class Curves(Noted):
    """Where the knots of a curve stand."""

    knots: Quantiles


class Associations(Noted):
    """Settings of the associations with outcomes."""

    rater_varies: Share
    most_steps: Count


class Imputation(Noted):
    """How missing scores are filled in where an estimate is repeated with imputation."""

    tables: Count
    sweeps: Count


class Halves(Noted):
    """How teams are split so that one half speaks of the competencies and the other of the outcome."""

    splits: Count
    resamples: Count


class Agreement(Noted):
    """Cut-offs of content validity and rater numbers."""

    consensus_i_cvi: Share
    consensus_s_cvi: Share
    minimum_peers: Count
    within_person: Share
    reliability: Share
    high_reliability: Share


class Cosmin(Noted):
    """Cut-offs by which COSMIN rates measurement properties."""

    relevant_items: Share
    cfi: Share
    rmsea: Share
    srmr: Share
    alpha: Share
    icc: Share
    criterion: Share
    hypotheses: Share
    floor_ceiling: Share


class SampleGate(Strict):
    """What an analysis needs at least."""

    minimum_n: Annotated[int, Field(ge=0)]
    persons_per_item: Annotated[float, Field(ge=0)] = 0
    combine: Literal["larger", "sum"] = "larger"
    counts: str = "people"
    source: Reason

    def needed(self, items: int = 0) -> int:
        """Return the smallest n that the analysis needs with this many items or predictors."""
        for_items = math.ceil(self.persons_per_item * items)
        return self.minimum_n + for_items if self.combine == "sum" else max(self.minimum_n, for_items)


class Gates(Noted):
    """What each analysis needs at least, by its name."""

    careless: SampleGate
    item_rule: SampleGate
    reliability: SampleGate
    factor_analysis: SampleGate
    bayesian_factors: SampleGate
    item_response: SampleGate
    invariance: SampleGate
    rater_agreement: SampleGate
    association: SampleGate
    cross_source: SampleGate
    regression: SampleGate
    mixed_model: SampleGate
    latent_outcomes: SampleGate
    two_level: SampleGate

    def __getitem__(self, gate: str) -> SampleGate:
        """Return what an analysis needs; a name that is no gate raises AttributeError."""
        found: SampleGate = getattr(self, gate)
        return found


#: The names of the gates.
GATES = tuple(Gates.model_fields)


class Claim(Strict):
    """One claim, declared before the data are seen, and the estimate that tests it.

    ``outcomes`` are the scales that carry the claim's outcome, the first one collected is used; ``stand_ins`` are
    named as such when none of them was. ``competency`` names the one that the claim is about, where it is not about the
    overall score. ``evidence`` says where the claim is made. ``origin`` is ``published`` where
    others made it in print, ``own`` where this study makes it; it comes from the file that declares the claim.
    """

    short: Annotated[str, AfterValidator(showable)]
    statement: Reason
    evidence: Annotated[list[Reason], Field(min_length=1)]
    kind: Literal["own_outcome", "colleagues", "tenure", "groups"]
    outcomes: list[str] = Field(default_factory=list)
    stand_ins: list[str] = Field(default_factory=list)
    grouping: str = ""
    competency: str = ""
    direction: Literal["positive", "negative", "any"]
    smallest_effect: Share
    origin: Literal["published", "own"] = "own"


class Claims(Noted):
    """How claims are judged; ``published`` holds those of the framework and of the cohort, laid in when it is read."""

    resamples: Count
    power: Share
    fewest_clusters: Count
    clusters: list[str] | None = None
    covariates: list[str]
    published: dict[str, Claim] = Field(default_factory=dict)


class Planning(Noted):
    """What the next cohort is planned for: half-widths of intervals and power."""

    omega_half_width: Share
    loading_half_width: Share
    correlation_half_width: Share
    peers_half_width: Share
    power: Share
    replications: Replications
    sizes: Sizes


class Multiverse(Noted):
    """The defensible choices over which the headline estimates are run again."""

    minimum_answered: dict[str, Share]
    items: list[Literal["kept", "asked"]]
    careless: list[Literal["all", "without flagged"]]
    correlation: list[Literal["spearman", "pearson"]]
    covariates: list[list[str]]


class Limit(Count):
    """A smallest group that may be shown; below the usual floor the data controller says why under ``controller``."""

    controller: str = ""


class Disclosure(Noted):
    """Smallest groups that may be shown; no plan and no cohort goes below the floors of the gate."""

    minimum_group: Limit
    minimum_team: Limit
    minimum_raters: Limit

    @field_validator("minimum_group", "minimum_team", "minimum_raters")
    @classmethod
    def _not_below_its_floor(cls, limit: Limit, about: ValidationInfo) -> Limit:
        """Refuse a limit under which people can be recognised."""
        problem = floor_problem(str(about.field_name), limit.value, limit.controller)
        if problem is not None:
            raise ValueError(problem)
        return limit

    @property
    def lowered(self) -> list[str]:
        """The sentences that say which limits the data controller lowered, and why, as Markdown."""
        limits = {name: getattr(self, name) for name in FLOORS}
        sentences = [lowered(name, limit.value, markdown_text(limit.controller)) for name, limit in limits.items()]
        return [sentence for sentence in sentences if sentence is not None]


class Feedback(Noted):
    """What reports name, and from how many people on."""

    most_named: Count
    high_from: Share
    comments_from: Count
    answers_from: Count
    fewest_teams: Count
    most_at_once: Count


class ComparisonRule(Noted):
    """What several cohorts are compared on, when they are not apart, and when their means may be aligned."""

    kept_share: Share
    shared_people: Share
    alignment_differs: Share


class Groups(Noted):
    """When a mixed model is asked about groups, and how many groups are compared in pairs."""

    fewest_for_variance: Count
    most_in_pairs: Count


@note_values
class StudyPlan(Noted):
    """The whole of ``study.yaml``."""

    seed: int
    confidence: Share
    alpha_level: Share
    scoring: Scoring
    item_rule: ItemRule
    selection: Selection
    fairness: Fairness
    invariance: Invariance
    change: Change
    careless: Careless
    dimensionality: Dimensionality
    structure: Structure
    small_sample: SmallSample
    resampling: Resampling
    precision: Precision
    curves: Curves
    associations: Associations
    imputation: Imputation
    halves: Halves
    agreement: Agreement
    cosmin: Cosmin
    gates: Gates
    disclosure: Disclosure
    feedback: Feedback
    groups: Groups
    comparison: ComparisonRule
    families: dict[str, str]
    claims: Claims
    planning: Planning
    multiverse: Multiverse


def checksums(names: Iterable[str] | None = None, path: Path = STUDY_PLAN) -> dict[str, str]:
    """Return the checksum of values of the plan as it is written, of all where none is named."""
    known = _checksums(path, path.stat().st_mtime_ns)
    return {name: known.get(name, "") for name in (sorted(known) if names is None else names)}


@cache
def _checksums(path: Path, date: int) -> dict[str, str]:
    """Return the checksum of every value of the plan; ``date`` is that of the file."""
    return {name: checksum(repr(value)) for name, value in by_value(read_yaml(path), StudyPlan).items()}


@dataclass(frozen=True)
class Verdict:
    """The answer of a gate for this sample."""

    gate: str
    supported: bool
    n: int | None
    needed: int
    counts: str
    source: str
    lacking: str = ""

    @property
    def finding(self) -> Finding:
        """The answer as a finding."""
        if self.n is None:
            return found("gate_not_possible", lacking=self.lacking)
        kind = "gate_open" if self.supported else "gate_closed"
        return found(kind, n=self.n, counts=self.counts, needed=self.needed)


def load_plan(
    overrides: dict[str, Any] | None = None, path: Path = STUDY_PLAN, *, claims: Mapping[str, Claim] | None = None
) -> StudyPlan:
    """Load the analysis plan, with the claims of the framework and a cohort's overrides laid over it."""
    return load_model(StudyPlan, merge(with_claims(read_yaml(path), claims or {}), overrides or {}), path)


def with_claims(plan: dict[str, Any], claims: Mapping[str, Claim]) -> dict[str, Any]:
    """Return the content of a plan with claims laid in."""
    return merge(plan, {"claims": {"published": {name: claim.model_dump() for name, claim in claims.items()}}})


def merge(base: dict[str, Any], overrides: dict[str, Any]) -> dict[str, Any]:
    """Return ``base`` with ``overrides`` laid over it, nested mappings merged key by key."""
    merged = dict(base)
    for key, value in overrides.items():
        nested = isinstance(value, dict) and isinstance(base.get(key), dict)
        merged[key] = merge(base[key], value) if nested else value
    return merged


def judge(plan: StudyPlan, gate: str, n: int | None, items: int = 0, lacking: str = "") -> Verdict:
    """Decide whether this sample is large enough for an analysis; n is None where the data named are lacking."""
    rule = plan.gates[gate]
    needed = rule.needed(items)
    return Verdict(gate, n is not None and n >= needed, n, needed, rule.counts, rule.source, lacking)
