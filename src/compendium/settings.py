"""The analysis plan: what ``study.yaml`` may hold, and how a cohort overrides it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from compendium.inputs import Strict, load_model, read_yaml
from compendium.paths import STUDY_PLAN


class Threshold(Strict):
    """A number of the plan with the reason for it."""

    value: float
    source: str


class Scoring(Strict):
    """How answers become competency scores."""

    minimum_answered: Threshold


class ItemRule(Strict):
    """The published item rule and the first-depth checks beside it."""

    item_total_minimum: Threshold
    inter_item_maximum: Threshold
    correlation: Literal["spearman", "pearson"]
    floor_ceiling_share: Threshold
    cross_loading_margin: Threshold


class Careless(Strict):
    """When answers look careless."""

    longstring_share: Threshold
    variability_fence: Threshold
    mahalanobis_p: Threshold
    even_odd_below: Threshold
    straight_line_share: Threshold
    rules_to_flag: Threshold


class Dimensionality(Strict):
    """Settings of the retention criteria."""

    iterations: Threshold
    percentile: Threshold
    salient_loading: Threshold


class Resampling(Strict):
    """Resample counts."""

    bootstrap: Threshold


class Agreement(Strict):
    """Cut-offs of content validity and rater numbers."""

    consensus_i_cvi: Threshold
    consensus_s_cvi: Threshold
    minimum_peers: Threshold


class Gate(Strict):
    """What an analysis needs at least."""

    minimum_n: int
    persons_per_item: float = 0
    combine: Literal["larger", "sum"] = "larger"
    counts: str = "people"
    source: str

    def needed(self, items: int = 0) -> int:
        """Return the smallest n that carries the analysis with this many items or predictors."""
        for_items = math.ceil(self.persons_per_item * items)
        return self.minimum_n + for_items if self.combine == "sum" else max(self.minimum_n, for_items)


class Disclosure(Strict):
    """Smallest groups that may be shown."""

    minimum_group: Threshold
    minimum_team: Threshold
    minimum_raters: Threshold


class StudyPlan(Strict):
    """The whole of ``study.yaml``."""

    seed: int
    confidence: Threshold
    alpha_level: Threshold
    scoring: Scoring
    item_rule: ItemRule
    careless: Careless
    dimensionality: Dimensionality
    resampling: Resampling
    agreement: Agreement
    gates: dict[str, Gate]
    disclosure: Disclosure
    families: dict[str, str]


@dataclass(frozen=True)
class Verdict:
    """What a gate says about this sample."""

    gate: str
    supported: bool
    n: int | None
    needed: int
    counts: str
    source: str

    @property
    def sentence(self) -> str:
        """Say it in words."""
        if self.n is None:
            return "not collected in this cohort"
        if self.supported:
            return f"supported at n = {self.n} {self.counts} (needs {self.needed})"
        return f"not supported at n = {self.n} {self.counts}, would need {self.needed}"


def load_plan(overrides: dict[str, Any] | None = None, path: Path = STUDY_PLAN) -> StudyPlan:
    """Load the analysis plan, with a cohort's overrides laid over it."""
    return load_model(StudyPlan, merge(read_yaml(path), overrides or {}), path)


def merge(base: dict[str, Any], overrides: dict[str, Any]) -> dict[str, Any]:
    """Return ``base`` with ``overrides`` laid over it, nested mappings merged key by key."""
    merged = dict(base)
    for key, value in overrides.items():
        nested = isinstance(value, dict) and isinstance(base.get(key), dict)
        merged[key] = merge(base[key], value) if nested else value
    return merged


def judge(plan: StudyPlan, gate: str, n: int | None, items: int = 0) -> Verdict:
    """Ask a gate whether this sample carries the analysis; n is None where the data were not collected."""
    rule = plan.gates[gate]
    needed = rule.needed(items)
    return Verdict(gate, n is not None and n >= needed, n, needed, rule.counts, rule.source)
