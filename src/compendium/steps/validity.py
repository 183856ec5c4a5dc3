"""What is known of the instrument in COSMIN's words: property by property, with a rating where COSMIN has a rule (08).

The taxonomy: Mokkink et al. 2010, Journal of Clinical Epidemiology 63:737-745. The rules: Prinsen et al. 2018, Quality
of Life Research 27:1147-1157, table 1; of content validity Terwee et al. 2018, Quality of Life Research 27:1159-1170.
Their cut-offs stand in the plan under ``cosmin``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd

from compendium.disclosure import rounded_sums
from compendium.faults import NotYet
from compendium.findings import Finding, decode, found
from compendium.plan import Cosmin
from compendium.study import Study

Rating = Literal["sufficient", "insufficient", "indeterminate", "not rated"]
# The steps whose values are read, where the cohort has what they need.
READS = {
    "02_consultation": "consultation",
    "04_item_analysis": "self_ratings",
    "05_factor_structure": "self_ratings",
    "06_invariance": "self_ratings",
    "07_rater_agreement": "peers",
}
COLUMNS = ("property", "rating", "done", "result", "rule")
# Gates that leave a property open.
GATES = ("reliability", "factor_analysis")
# In a whole.
PER_CENT = 100
NOT_COLLECTED = found("cosmin_not_collected")


@dataclass(frozen=True)
class Property:
    """One measurement property.

    Attributes
    ----------
    name : str
    rating : str
        COSMIN's: sufficient (+), insufficient (-), indeterminate (?); "not rated" where nothing was collected, or
        where COSMIN has no rule.
    done, result, rule : Finding
        What was done, what came of it, and by which rule it is rated.
    """

    name: str
    rating: Rating
    done: Finding
    result: Finding
    rule: Finding


@dataclass(frozen=True)
class Known:
    """What earlier steps found: their values by name, the prepared tables of scores, what a gate does not let tell."""

    values: Mapping[str, Any]
    scores: pd.DataFrame
    reliability: pd.DataFrame
    bounds: Mapping[str, tuple[float, float]]
    fewest: float
    too_few: Finding | None = None
    no_factors: Finding | None = None

    def number(self, name: str) -> float:
        """Return a value as a number, NaN where it is not known."""
        value = self.values.get(name)
        return math.nan if value is None or isinstance(value, str) else float(value)


def what_is_known(step: Study, saved: Mapping[str, Mapping[str, Any]]) -> Known:
    """Gather what the properties are judged by.

    Parameters
    ----------
    saved
        Every saved value of the cohort by name, as :func:`compendium.outputs.saving.read_values` returns them.

    Raises
    ------
    NotYet
        When a step that has to be run first has not been.
    """
    for name, needs in READS.items():
        # A step notes that it ran also where a sample below all of its gates leaves it without a value to save.
        if step.collected(needs) and not (step.folders.runs / f"{name}.json").is_file():
            raise NotYet(name, step.settings.id)
    values = {name: entry["value"] for name, entry in saved.items()}
    prepared, bounds = step.prepared, step.score_bounds
    fewest = step.plan.disclosure.minimum_group.value
    closed = {gate: _closed(saved, gate) if step.collected("self_ratings") else None for gate in GATES}
    return Known(values, prepared.scores, prepared.reliability, bounds, fewest, *closed.values())


def _closed(saved: Mapping[str, Mapping[str, Any]], gate: str) -> Finding | None:
    """Return what a gate found where it is closed."""
    verdict = saved.get(f"supported_{gate}", {})
    return decode(verdict["note"])[0] if verdict.get("value") is False else None


def cosmin_table(known: Known, rule: Cosmin) -> pd.DataFrame:
    """Return one row a measurement property: name, rating, and as findings what was done, the result and the rule."""
    structure = _structural(known, rule)
    never: Rating = "not rated"
    properties = [
        _content(known, rule),
        structure,
        _consistency(known, rule, structure),
        _invariance(known, rule),
        Property("property_retest", never, found("cosmin_retest"), NOT_COLLECTED,
                 found("rule_icc", limit=rule.icc.value)),
        _raters(known, rule),
        _error(known),
        Property("property_criterion", never, found("cosmin_criterion"), NOT_COLLECTED,
                 found("rule_criterion", limit=rule.criterion.value)),
        _hypotheses(known, rule),
        Property("property_responsiveness", never, found("cosmin_responsiveness"), NOT_COLLECTED, found("rule_none")),
        _interpretability(known, rule),
    ]  # fmt: skip
    rows = [
        (
            found(each.name).encoded, each.rating, each.done.encoded, each.result.encoded,
            each.rule.encoded,
        )
        for each in properties
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _content(known: Known, rule: Cosmin) -> Property:
    """Content validity: the share of the items that raters of the consultation found relevant."""
    limit = found("rule_content", limit=rule.relevant_items.value)
    counts = [known.number(f"consultation_n_{verdict}") for verdict in ("keep", "reword", "question")]
    if any(math.isnan(count) for count in counts):
        return Property("property_content", "not rated", found("cosmin_consultation"), NOT_COLLECTED, limit)
    share = (counts[0] + counts[1]) / sum(counts) if sum(counts) else math.nan
    made_up = known.values.get("consultation_kind") == "synthetic"
    kind = "cosmin_consultation_synthetic" if made_up else "cosmin_relevant"
    done = found(kind, value=int(known.number("consultation_n_raters")), n=int(sum(counts)))
    result = found("cosmin_share_relevant", value=share, other=known.number("s_cvi_average"))
    return Property("property_content", _at_least(share, rule.relevant_items.value), done, result, limit)


def _structural(known: Known, rule: Cosmin) -> Property:
    """Structural validity: fit of the model of correlated competencies."""
    cfi, rmsea, srmr = (known.number(f"model_{index}") for index in ("cfi", "rmsea", "srmr"))
    limit = found("rule_structural", cfi=rule.cfi.value, rmsea=rule.rmsea.value, srmr=rule.srmr.value)
    if known.no_factors is not None:
        return Property("property_structural", "indeterminate", found("cosmin_cfa_wanted"), known.no_factors, limit)
    done = found("cosmin_cfa_alone" if known.number("n_competencies_modelled") == 1 else "cosmin_cfa")
    if math.isnan(srmr):
        return Property("property_structural", "indeterminate", done, found("cosmin_no_cfa"), limit)
    met = cfi > rule.cfi.value or rmsea < rule.rmsea.value or srmr < rule.srmr.value
    reading = str(known.values.get("fit_reading"))
    result = found("cosmin_fit", cfi=cfi, rmsea=rmsea, srmr=srmr, reading=reading)
    level = str(known.values.get("structure_level"))
    result = found("cosmin_fit_against", fit=result) if level == "not supported" else result
    return Property("property_structural", "sufficient" if met else "insufficient", done, result, limit)


def _consistency(known: Known, rule: Cosmin, structure: Property) -> Property:
    """Return internal consistency: the smallest alpha, which speaks only of scales whose structure was supported."""
    done, limit = found("cosmin_alpha"), found("rule_alpha", limit=rule.alpha.value)
    if known.too_few is not None:
        return Property("property_consistency", "indeterminate", done, known.too_few, limit)
    alphas = known.reliability["alpha"].astype(float)
    if not alphas.notna().any():
        return Property("property_consistency", "not rated", done, NOT_COLLECTED, limit)
    lowest = str(alphas.idxmin())
    ends = {end: float(known.reliability[end].astype(float)[lowest]) for end in ("lower", "upper")}
    result = found("cosmin_lowest_alpha", value=float(alphas.min()), other=lowest, **ends)
    if structure.rating != "sufficient" or alphas.isna().any():
        return Property("property_consistency", "indeterminate", done, result, limit)
    return Property("property_consistency", _at_least(float(alphas.min()), rule.alpha.value), done, result, limit)


def _invariance(known: Known, rule: Cosmin) -> Property:
    """Cross-cultural validity and invariance: the measurement model and single items, compared between groups."""
    done, limit = found("cosmin_groups"), found("rule_invariance")
    compared, varying = (known.number(name) for name in ("n_invariance_comparisons", "n_not_invariant"))
    unfair, untested = (known.number(name) for name in ("n_unfair_kept", "n_untested_kept"))
    if not compared > 0 and math.isnan(unfair):
        wanted = found("cosmin_groups_wanted")
        return Property("property_invariance", "indeterminate", wanted, found("cosmin_no_groups"), limit)
    facts = {
        "value": _count(compared),
        "limit": _count(varying),
        "unfair": _count(unfair),
        "untested": _count(untested),
    }
    result = found("cosmin_compared" if compared > 0 else "cosmin_compared_items", **facts)
    if (varying > 0) or (unfair > 0):
        return Property("property_invariance", "insufficient", done, result, limit)
    whole = compared > 0 and untested == 0
    return Property("property_invariance", "sufficient" if whole else "indeterminate", done, result, limit)


def _raters(known: Known, rule: Cosmin) -> Property:
    """Return reliability between raters: of the mean of the peers a person has."""
    done, limit = found("cosmin_raters"), found("rule_icc", limit=rule.icc.value)
    value = known.number("icc_k_mean")
    if math.isnan(value):
        return Property("property_raters", "not rated", done, NOT_COLLECTED, limit)
    result = found("cosmin_icc", value=known.number("icc1_mean"), other=value)
    return Property("property_raters", _at_least(value, rule.icc.value), done, result, limit)


def _error(known: Known) -> Property:
    """Measurement error, from internal consistency at one time; no important change is known."""
    done, rule = found("cosmin_error"), found("rule_error")
    if known.too_few is not None:
        return Property("property_error", "indeterminate", done, known.too_few, rule)
    table = known.reliability[["score_error", "smallest_change"]].astype(float)
    if not table["score_error"].notna().any():
        return Property("property_error", "not rated", done, NOT_COLLECTED, rule)
    largest = table.max()
    result = found("cosmin_sem", value=float(largest["score_error"]), limit=float(largest["smallest_change"]))
    return Property("property_error", "indeterminate", done, result, rule)


def _hypotheses(known: Known, rule: Cosmin) -> Property:
    """Hypotheses testing for construct validity: the share of the claims tested that were confirmed.

    Where the claims that this sample cannot settle might still bring the share up, the rating is indeterminate.
    """
    limit = found("rule_hypotheses", limit=rule.hypotheses.value)
    names = ("supported", "not_supported", "undetermined")
    counts = [known.number(f"n_claims_{name}") for name in names]
    tested = sum(counts)
    if not tested > 0:
        return Property("property_hypotheses", "not rated", found("cosmin_claims"), NOT_COLLECTED, limit)
    share = counts[0] / tested
    result = found("cosmin_confirmed", value=int(counts[0]), n=int(tested), share=share, open=int(counts[2]))
    rating = _at_least(share, rule.hypotheses.value)
    if rating == "insufficient" and (counts[0] + counts[2]) / tested >= rule.hypotheses.value:
        rating = "indeterminate"
    return Property("property_hypotheses", rating, found("cosmin_claims"), result, limit)


def _interpretability(known: Known, rule: Cosmin) -> Property:
    """Interpretability: people at either end of a score; shares that would speak of a few people are not given."""
    done, limit = found("cosmin_ends"), found("rule_ends", limit=rule.floor_ceiling.value)
    scores = known.scores
    if not len(scores) or not scores.notna().to_numpy().any():
        return Property("property_interpretability", "not rated", done, NOT_COLLECTED, limit)
    counts = {
        (name, end): int((scores[name] == bound).sum())
        for name, bounds in known.bounds.items()
        if name in scores
        for end, bound in zip(("lowest", "highest"), bounds, strict=True)
    }
    name, end = max(counts, key=lambda key: counts[key])
    answered = int(scores[name].notna().sum())
    if counts[name, end] < known.fewest:
        few = math.ceil(PER_CENT * known.fewest / answered) / PER_CENT
        below: Rating = "sufficient" if few <= rule.floor_ceiling.value else "indeterminate"
        return Property("property_interpretability", below, done, found("cosmin_few_at_ends", limit=few), limit)
    share = float(rounded_sums(pd.Series([counts[name, end] / answered]), answered)[0])
    result = found("cosmin_at_end", value=share, other=name, end=end)
    rating: Rating = "insufficient" if share > rule.floor_ceiling.value else "sufficient"
    return Property("property_interpretability", rating, done, result, limit)


def _at_least(value: float, limit: float) -> Rating:
    """Rate a value that has to reach a limit; what is not known is indeterminate."""
    if math.isnan(value):
        return "indeterminate"
    return "sufficient" if value >= limit else "insufficient"


def _count(value: float) -> int:
    """Return a count, 0 where there is none."""
    return 0 if math.isnan(value) else int(value)
