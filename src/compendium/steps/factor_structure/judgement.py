"""The verdict on the competency model: a rule over plain numbers (notebook 05).

The rule and its reasons: ``docs/decisions/0031-the-verdict-on-the-structure.md``; its cut-offs: ``study.yaml``.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from compendium.findings import Finding, finding_columns, found
from compendium.plan import Structure
from compendium.steps.factor_structure.fit_cutoffs import Misfit
from compendium.steps.factor_structure.models import Rivals
from psychometrics.dimensionality import RetainFactors
from psychometrics.sem import CfaResult

Weight = Literal["for", "reservation", "against"]
WEIGHTS: tuple[Weight, ...] = ("for", "reservation", "against")


@dataclass(frozen=True)
class StructureEvidence:
    """What the verdict rests on; a number that is not defined is NaN.

    Attributes
    ----------
    competencies : int
        Competencies in the model.
    noun : str
        What the framework calls them.
    problems : tuple of Finding
        What is improper about the model of correlated competencies.
    reading : str
        Which version of CFI and RMSEA is read: ``robust``, or ``scaled`` where that is not defined.
    srmr, rmsea, cfi : float
        Fit of the model of correlated competencies.
    one_factor_srmr, one_factor_rmsea, one_factor_cfi : float
        Fit of the one-factor model.
    p_one_factor : float
        p of the scaled difference between the two.
    correlation, upper : float
        Strongest factor correlation, in size, and the outer limit of its interval.
    pair : tuple of str
        The two competencies it is of.
    votes : tuple of int
        Dimensions that each criterion suggests.
    suggested : tuple of int
        Dimensions that most criteria suggest.
    on_own_factor, items : int
        Items that load highest on their own competency's exploratory factor, of how many.
    weak, crossing : tuple of str
        Items that hardly load on their competency, and items that would load on another one too.
    omega : float
        Smallest categorical omega.
    omega_of : str
        The competency it is of.
    omega_unknown : tuple of str
        Competencies whose omega could not be estimated.
    general_share : float
        Share of the common variance that is general (bifactor model).
    misfit : Misfit or None
        What the cut-offs for this model say of its fit; None where there are none, and the conventional ones decide.
    """

    competencies: int
    noun: str
    problems: tuple[Finding, ...]
    reading: str
    srmr: float
    rmsea: float
    cfi: float
    one_factor_srmr: float
    one_factor_rmsea: float
    one_factor_cfi: float
    p_one_factor: float
    correlation: float
    upper: float
    pair: tuple[str, ...]
    votes: tuple[int, ...]
    suggested: tuple[int, ...]
    on_own_factor: int
    items: int
    weak: tuple[str, ...]
    crossing: tuple[str, ...]
    omega: float
    omega_of: str
    omega_unknown: tuple[str, ...]
    general_share: float
    misfit: Misfit | None = None


@dataclass(frozen=True)
class Check:
    """One question about the evidence, and the weight of its answer."""

    question: str
    weight: Weight
    finding: Finding


@dataclass(frozen=True)
class StructureVerdict:
    """The verdict on the competency model.

    Attributes
    ----------
    level : str
        ``supported``, ``supported with reservations`` or ``not supported``.
    verdict : Finding
        The verdict with its reasons.
    support : Finding
        What speaks for the model.
    checks : tuple of Check
    """

    level: str
    verdict: Finding
    support: Finding
    checks: tuple[Check, ...]

    def to_frame(self) -> pd.DataFrame:
        """Return one row a question: ``question weight kind value limit other finding``."""
        asked = pd.DataFrame(
            {
                "question": [found(f"question_{check.question}").encoded for check in self.checks],
                "weight": [check.weight for check in self.checks],
            }
        )
        return asked.join(finding_columns(check.finding for check in self.checks))


def judge_structure(evidence: StructureEvidence, rule: Structure) -> StructureVerdict:
    """Judge the model of correlated competencies by the rule of the plan.

    One finding against it is enough for "not supported"; a finding that is none against but short of the mark is a
    reservation. Questions that the data leave open are not counted.
    """
    answers = (question(evidence, rule) for question in QUESTIONS)
    checks = tuple(check for check in answers if check is not None)
    weighed = {weight: tuple(check.finding for check in checks if check.weight == weight) for weight in WEIGHTS}
    support = found("structure_support", support=weighed["for"]) if weighed["for"] else found("structure_no_support")
    model = {"competencies": evidence.competencies, "noun": evidence.noun}
    if weighed["against"]:
        verdict = found("structure_not_supported", **model, against=weighed["against"])
        return StructureVerdict("not supported", verdict, support, checks)
    if weighed["reservation"]:
        verdict = found("structure_reserved", **model, reservations=weighed["reservation"])
        return StructureVerdict("supported with reservations", verdict, support, checks)
    return StructureVerdict("supported", found("structure_supported", **model, support=weighed["for"]), support, checks)


def noun_of(kind: str) -> Literal["scale", "competency"]:
    """Return what one part of a framework is called: a competency, or a scale of another instrument."""
    return "scale" if kind == "instrument" else "competency"


def gather_evidence(
    rivals: Rivals,
    *,
    noun: str,
    votes: RetainFactors,
    on_own_factor: int,
    p_one_factor: float,
    pairs: pd.DataFrame,
    loadings: pd.DataFrame,
    crossing: list[str],
    reliability: pd.DataFrame,
    general_share: float | None,
    salient: float,
    misfit: Misfit | None = None,
) -> StructureEvidence:
    """Collect what the verdict rests on from the tables of the step."""
    reading = _reading(rivals)
    srmr, rmsea, cfi = _fit(rivals.main, reading)
    one_factor = _fit(rivals.fits.get("single"), reading)
    strongest = pairs.iloc[0] if len(pairs) else None
    impossible = reliability[reliability["omega_categorical"] > 1]
    ranked = reliability.sort_values("omega_categorical")
    lowest = next((table.iloc[0] for table in (impossible, ranked) if len(table)), None)
    return StructureEvidence(
        competencies=len(rivals.scales),
        noun=noun,
        problems=rivals.problems,
        reading=reading,
        srmr=srmr,
        rmsea=rmsea,
        cfi=cfi,
        one_factor_srmr=one_factor[0],
        one_factor_rmsea=one_factor[1],
        one_factor_cfi=one_factor[2],
        p_one_factor=p_one_factor,
        correlation=math.nan if strongest is None else abs(float(strongest["correlation"])),
        upper=math.nan if strongest is None else max(abs(float(strongest["lower"])), abs(float(strongest["upper"]))),
        pair=() if strongest is None else (str(strongest["competency"]), str(strongest["other"])),
        votes=tuple(int(vote) for vote in _counted_votes(votes)),
        suggested=votes.suggested,
        on_own_factor=on_own_factor,
        items=len(rivals.items),
        weak=tuple(loadings.loc[loadings["loading"].abs() < salient, "item"]),
        crossing=tuple(crossing),
        omega=math.nan if lowest is None else float(lowest["omega_categorical"]),
        omega_of="" if lowest is None else str(lowest["competency"]),
        omega_unknown=tuple(reliability.loc[reliability["omega_categorical"].isna(), "competency"].astype(str)),
        general_share=math.nan if general_share is None else general_share,
        misfit=misfit,
    )


def _reading(rivals: Rivals) -> str:
    """Return which version of the indices all fitted models define."""
    robust = [value for fit in rivals.fits.values() for value in (fit.fit.cfi_robust, fit.fit.rmsea_robust)]
    return "robust" if all(math.isfinite(value) for value in robust) else "scaled"


def _fit(fit: CfaResult | None, reading: str) -> tuple[float, float, float]:
    """Return SRMR, RMSEA and CFI of a model in one reading."""
    if fit is None:
        return math.nan, math.nan, math.nan
    measures = fit.fit
    return measures.srmr, getattr(measures, f"rmsea_{reading}"), getattr(measures, f"cfi_{reading}")


def _counted_votes(votes: RetainFactors) -> list[int]:
    """Return the numbers of dimensions that have a vote."""
    table = votes.table
    return [int(vote) for vote in table.loc[table["settings"] != "no vote", "n_factors"].dropna()]


def _two_index(srmr: float, rmsea: float, cfi: float, rmsea_cut: float, cfi_cut: float, rule: Structure) -> bool:
    """Apply the two-index rule: a small SRMR together with a small RMSEA or a large CFI (Hu & Bentler 1999)."""
    return srmr <= rule.srmr.value and (rmsea <= rmsea_cut or cfi >= cfi_cut)


def _proper(evidence: StructureEvidence, rule: Structure) -> Check:
    """Check whether the solution is proper."""
    if evidence.problems:
        return Check("proper", "against", found("improper", problems=evidence.problems))
    return Check("proper", "for", found("proper"))


def _fits(evidence: StructureEvidence, rule: Structure) -> Check | None:
    """Check whether the model reproduces the correlations, by its own cut-offs or by the conventional ones."""
    if math.isnan(evidence.srmr):
        return None
    if evidence.misfit is not None:
        return _fits_by_simulation(evidence.misfit)
    indices = (evidence.srmr, evidence.rmsea, evidence.cfi)
    facts = {"value": evidence.srmr, "limit": rule.srmr.value, "reading": evidence.reading}
    facts |= {"srmr": evidence.srmr, "rmsea": evidence.rmsea, "cfi": evidence.cfi}
    if not _two_index(*indices, rule.rmsea_acceptable.value, rule.cfi_acceptable.value, rule):
        return Check("fit", "against", found("fit_poor", **facts))
    short = _short_of(evidence, rule)
    if short:
        return Check("fit", "reservation", found("fit_mixed", **facts, index=short))
    well = _two_index(*indices, rule.rmsea_good.value, rule.cfi_good.value, rule)
    return Check("fit", "for", found("fit_good" if well else "fit_acceptable", **facts))


def _fits_by_simulation(misfit: Misfit) -> Check:
    """Return the smallest level of misfit that the fit rules out, if any."""
    facts = {"reading": misfit.reading, "srmr": misfit.srmr, "rmsea": misfit.rmsea, "cfi": misfit.cfi}
    if True not in misfit.ruled_out:
        largest = max(level for level, answer in enumerate(misfit.ruled_out) if answer is not None)
        return Check("fit", "against", found("fit_no_better", **facts, misfit=misfit.named(largest)))
    level = misfit.ruled_out.index(True)
    facts |= {"misfit": misfit.named(level)}
    if level == 0:
        return Check("fit", "for", found("fit_close", **facts))
    missed = "missed" if misfit.ruled_out[level - 1] is False else "untold"
    smaller = misfit.named(level - 1)
    return Check("fit", "reservation", found("fit_not_close", **facts, smaller=smaller, because=missed))


def _short_of(evidence: StructureEvidence, rule: Structure) -> str:
    """Return the one index that misses its acceptable cut-off while the others meet theirs."""
    if evidence.rmsea > rule.rmsea_acceptable.value:
        return "rmsea"
    return "cfi" if evidence.cfi < rule.cfi_acceptable.value else ""


def _beats_one_factor(evidence: StructureEvidence, rule: Structure) -> Check | None:
    """Check whether a single factor fits as well."""
    if math.isnan(evidence.p_one_factor):
        return None
    facts = {"value": evidence.p_one_factor, "limit": rule.rival_p.value}
    if evidence.p_one_factor >= rule.rival_p.value:
        return Check("one_factor", "against", found("one_factor_no_worse", **facts))
    one = (evidence.one_factor_srmr, evidence.one_factor_rmsea, evidence.one_factor_cfi)
    if _two_index(*one, rule.rmsea_acceptable.value, rule.cfi_acceptable.value, rule):
        return Check("one_factor", "reservation", found("one_factor_acceptable", **facts))
    return Check("one_factor", "for", found("one_factor_worse", **facts))


def _distinct(evidence: StructureEvidence, rule: Structure) -> Check | None:
    """Check whether the competencies are distinct."""
    if math.isnan(evidence.correlation):
        return None
    facts = {"value": evidence.correlation, "limit": rule.distinct_below.value, "other": evidence.pair}
    if evidence.correlation >= rule.distinct_below.value:
        return Check("distinct", "against", found("factors_alike", **facts))
    if evidence.upper >= rule.distinct_below.value:
        return Check("distinct", "reservation", found("factors_perhaps_alike", **facts, upper=evidence.upper))
    return Check("distinct", "for", found("factors_distinct", **facts))


def _dimensions(evidence: StructureEvidence, rule: Structure) -> Check | None:
    """Check whether the criteria find as many dimensions."""
    if not evidence.votes:
        return None
    modelled, most = evidence.competencies, max(evidence.votes)
    if most < modelled:
        return Check("dimensions", "against", found("dimensions_fewer", value=most, limit=modelled))
    if modelled in evidence.suggested:
        agreeing = sum(vote == modelled for vote in evidence.votes)
        facts = {"value": agreeing, "limit": modelled, "votes": len(evidence.votes)}
        return Check("dimensions", "for", found("dimensions_agree", **facts))
    differ = found("dimensions_differ", value=evidence.suggested[0], limit=modelled, either=evidence.suggested)
    return Check("dimensions", "reservation", differ)


def _sorted(evidence: StructureEvidence, rule: Structure) -> Check | None:
    """Check whether the items group as the framework says."""
    if not evidence.items:
        return None
    share = evidence.on_own_factor / evidence.items
    facts = {"value": evidence.on_own_factor, "limit": rule.items_sorted.value, "items": evidence.items}
    if share >= rule.items_sorted.value:
        return Check("sorted", "for", found("items_sorted", **facts))
    weight: Weight = "reservation" if share >= rule.items_sorted_minimum.value else "against"
    return Check("sorted", weight, found("items_unsorted", **facts))


def _loads(evidence: StructureEvidence, rule: Structure) -> Check:
    """Check whether every item loads on its competency."""
    if not evidence.weak:
        return Check("loads", "for", found("loadings_salient"))
    return Check("loads", "reservation", found("loadings_weak", other=evidence.weak))


def _stays(evidence: StructureEvidence, rule: Structure) -> Check:
    """Check whether items load on another competency as well."""
    limit = rule.second_loading.value
    if not evidence.crossing:
        return Check("stays", "for", found("items_stay", limit=limit))
    return Check("stays", "reservation", found("items_cross", limit=limit, other=evidence.crossing))


def _reliable(evidence: StructureEvidence, rule: Structure) -> Check | None:
    """Check whether every score is reliable."""
    if math.isnan(evidence.omega) and not evidence.omega_unknown:
        return None
    facts = {"value": evidence.omega, "limit": rule.reliability.value, "other": evidence.omega_of}
    if evidence.omega > 1:
        return Check("reliable", "reservation", found("omega_impossible", **facts))
    if evidence.omega_unknown:
        return Check("reliable", "reservation", found("omega_unknown", other=evidence.omega_unknown))
    if evidence.omega < rule.reliability.value:
        return Check("reliable", "reservation", found("omega_low", **facts))
    return Check("reliable", "for", found("omega_enough", **facts))


def _specific(evidence: StructureEvidence, rule: Structure) -> Check | None:
    """Check whether the scores tell more than one total score does."""
    if math.isnan(evidence.general_share):
        return None
    facts = {"value": evidence.general_share, "limit": rule.general_share.value}
    if evidence.general_share >= rule.general_share.value:
        return Check("specific", "reservation", found("general_large", **facts))
    return Check("specific", "for", found("general_small", **facts))


QUESTIONS: tuple[Callable[[StructureEvidence, Structure], Check | None], ...] = (
    _proper,
    _fits,
    _beats_one_factor,
    _distinct,
    _dimensions,
    _sorted,
    _loads,
    _stays,
    _reliable,
    _specific,
)
