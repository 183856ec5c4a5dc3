"""The verdict on the competency model: a rule over plain numbers, and the words for what it finds (notebook 05).

The rule and its reasons: ``docs/decisions/0031-the-verdict-on-the-structure.md``; its cut-offs: ``study.yaml``.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from compendium.plan import Structure
from compendium.report.tables import number, p_value, percent
from compendium.steps.factor_structure.models import Rivals
from compendium.steps.factor_structure.words import counted, listed, number_word
from psychometrics.dimensionality import RetainFactors
from psychometrics.sem import CfaResult

Weight = Literal["for", "reservation", "against"]


@dataclass(frozen=True)
class Evidence:
    """What the verdict rests on; a number that is not defined is NaN.

    Attributes
    ----------
    competencies : int
        Competencies in the model.
    noun : str
        What the framework calls them.
    problems : tuple of str
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
    pair : str
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
    general_share : float
        Share of the common variance that is general (bifactor model).
    """

    competencies: int
    noun: str
    problems: tuple[str, ...]
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
    pair: str
    votes: tuple[int, ...]
    suggested: tuple[int, ...]
    on_own_factor: int
    items: int
    weak: tuple[str, ...]
    crossing: tuple[str, ...]
    omega: float
    omega_of: str
    general_share: float


@dataclass(frozen=True)
class Check:
    """One question put to the evidence, and what the answer weighs."""

    question: str
    weight: Weight
    finding: str


@dataclass(frozen=True)
class StructureVerdict:
    """The verdict on the competency model.

    Attributes
    ----------
    level : str
        ``supported``, ``supported with reservations`` or ``not supported``.
    sentence : str
        The verdict with its reasons.
    support : str
        What speaks for the model, in a sentence.
    checks : tuple of Check
    """

    level: str
    sentence: str
    support: str
    checks: tuple[Check, ...]

    def to_frame(self) -> pd.DataFrame:
        """Return one row a question."""
        return pd.DataFrame([vars(check) for check in self.checks], columns=["question", "weight", "finding"])


def judge_structure(evidence: Evidence, rule: Structure) -> StructureVerdict:
    """Judge the model of correlated competencies by the rule of the plan.

    One finding against it is enough for "not supported"; a finding that is none against but short of the mark is a
    reservation. Questions that the data leave open are not counted.
    """
    found = (question(evidence, rule) for question in QUESTIONS)
    checks = tuple(check for check in found if check is not None)
    against, reservations = _findings(checks, "against"), _findings(checks, "reservation")
    model = f"The {number_word(evidence.competencies)}-{evidence.noun} model is"
    support = f"For it speaks that {'; '.join(_findings(checks, 'for'))}." if _findings(checks, "for") else ""
    if against:
        return StructureVerdict(
            "not supported", f"{model} not supported here, because {'; '.join(against)}.", support, checks
        )
    if reservations:
        said = f"{model} supported here, with reservations: {'; '.join(reservations)}."
        return StructureVerdict("supported with reservations", said, support, checks)
    said = f"{model} supported here: {'; '.join(_findings(checks, 'for'))}."
    return StructureVerdict("supported", said, support, checks)


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
    labels: dict[str, str],
) -> Evidence:
    """Collect what the verdict rests on from the tables of the step."""
    reading = _reading(rivals)
    srmr, rmsea, cfi = _fit(rivals.main, reading)
    one_factor = _fit(rivals.fits.get("single"), reading)
    strongest = pairs.iloc[0] if len(pairs) else None
    lowest = reliability.sort_values("omega_categorical").iloc[0] if len(reliability) else None
    return Evidence(
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
        pair="" if strongest is None else " and ".join(labels[strongest[side]] for side in ("competency", "other")),
        votes=tuple(int(vote) for vote in _counted_votes(votes)),
        suggested=votes.suggested,
        on_own_factor=on_own_factor,
        items=len(rivals.items),
        weak=tuple(loadings.loc[loadings["loading"].abs() < salient, "item"]),
        crossing=tuple(crossing),
        omega=math.nan if lowest is None else float(lowest["omega_categorical"]),
        omega_of="" if lowest is None else labels[lowest["competency"]],
        general_share=math.nan if general_share is None else general_share,
    )


def _findings(checks: tuple[Check, ...], weight: Weight) -> list[str]:
    """Return the findings of one weight."""
    return [check.finding for check in checks if check.weight == weight]


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


def _proper(evidence: Evidence, rule: Structure) -> Check:
    """Ask whether the model could be estimated without a fault."""
    question = "Is the solution proper?"
    if evidence.problems:
        return Check(question, "against", f"its solution is not proper ({' '.join(evidence.problems).rstrip('.')})")
    return Check(question, "for", "its solution is proper")


def _fits(evidence: Evidence, rule: Structure) -> Check | None:
    """Ask whether the model reproduces the correlations."""
    if math.isnan(evidence.srmr):
        return None
    question, indices = "Does it fit?", (evidence.srmr, evidence.rmsea, evidence.cfi)
    said = (
        f"(SRMR {number(evidence.srmr, 3)}, {evidence.reading} RMSEA {number(evidence.rmsea, 3)}, "
        f"{evidence.reading} CFI {number(evidence.cfi, 3)})"
    )
    if not _two_index(*indices, rule.rmsea_acceptable.value, rule.cfi_acceptable.value, rule):
        return Check(question, "against", f"it does not fit {said}")
    short = _short_of(evidence, rule)
    if short:
        return Check(
            question, "reservation", f"its fit is mixed, as {short} misses its cut-off and the others do not {said}"
        )
    well = _two_index(*indices, rule.rmsea_good.value, rule.cfi_good.value, rule)
    return Check(question, "for", f"it fits {'well' if well else 'acceptably'} {said}")


def _short_of(evidence: Evidence, rule: Structure) -> str:
    """Name the index that misses its acceptable cut-off although the others do not."""
    if evidence.rmsea > rule.rmsea_acceptable.value:
        return f"the {evidence.reading} RMSEA"
    return f"the {evidence.reading} CFI" if evidence.cfi < rule.cfi_acceptable.value else ""


def _beats_one_factor(evidence: Evidence, rule: Structure) -> Check | None:
    """Ask whether one factor would do."""
    if math.isnan(evidence.p_one_factor):
        return None
    question, p = "Would one factor do?", p_value(evidence.p_one_factor)
    shown = p if p.startswith("<") else f"= {p}"
    if evidence.p_one_factor >= rule.rival_p.value:
        return Check(question, "against", f"one factor fits no worse (p of the difference {shown})")
    one = (evidence.one_factor_srmr, evidence.one_factor_rmsea, evidence.one_factor_cfi)
    if _two_index(*one, rule.rmsea_acceptable.value, rule.cfi_acceptable.value, rule):
        return Check(question, "reservation", f"one factor fits worse (p {shown}), yet acceptably")
    return Check(question, "for", f"one factor fits worse (p {shown}), and not acceptably")


def _distinct(evidence: Evidence, rule: Structure) -> Check | None:
    """Ask whether the competencies can be told apart."""
    if math.isnan(evidence.correlation):
        return None
    question = "Can the factors be told apart?"
    said = f"{evidence.pair} correlate {number(evidence.correlation)}"
    if evidence.correlation >= rule.distinct_below.value:
        return Check(question, "against", f"{said}, so that they cannot be told apart")
    if evidence.upper >= rule.distinct_below.value:
        return Check(question, "reservation", f"{said}, and the interval reaches {number(evidence.upper)}")
    return Check(
        question, "for", f"the strongest factor correlation is {number(evidence.correlation)} ({evidence.pair})"
    )


def _dimensions(evidence: Evidence, rule: Structure) -> Check | None:
    """Ask whether the criteria find as many dimensions."""
    if not evidence.votes:
        return None
    question, modelled = "Are there as many dimensions?", evidence.competencies
    agreeing = sum(vote == modelled for vote in evidence.votes)
    if max(evidence.votes) < modelled:
        most = f"no criterion finds more than {counted(max(evidence.votes), 'dimension')}"
        return Check(question, "against", f"{most} in the answers")
    if modelled in evidence.suggested:
        return Check(question, "for", f"{agreeing} of {len(evidence.votes)} criteria suggest {modelled} dimensions")
    named = " or ".join(number_word(vote) for vote in evidence.suggested)
    return Check(
        question, "reservation", f"most criteria suggest {named} dimensions rather than {number_word(modelled)}"
    )


def _sorted(evidence: Evidence, rule: Structure) -> Check | None:
    """Ask whether the items sort themselves as the framework says."""
    if not evidence.items:
        return None
    question, share = "Do the items sort as designed?", evidence.on_own_factor / evidence.items
    placed = f"{evidence.on_own_factor} of {evidence.items} items load highest on their own exploratory factor"
    if share >= rule.items_sorted.value:
        return Check(question, "for", placed)
    weight: Weight = "reservation" if share >= rule.items_sorted_minimum.value else "against"
    return Check(question, weight, f"only {placed}")


def _loads(evidence: Evidence, rule: Structure) -> Check:
    """Ask whether every item speaks for its competency."""
    question = "Does every item load on its own factor?"
    if not evidence.weak:
        return Check(question, "for", "every item has a salient loading")
    return Check(question, "reservation", f"{_some(evidence.weak)} hardly on {_own(evidence.weak)} factor")


def _stays(evidence: Evidence, rule: Structure) -> Check:
    """Ask whether items speak for another competency too."""
    question = "Do items stay with one factor?"
    if not evidence.crossing:
        return Check(question, "for", "no item would load strongly on a second factor")
    names = f"{listed(list(evidence.crossing))}"
    return Check(
        question, "reservation", f"{counted(len(evidence.crossing), 'item')} would load on a second factor ({names})"
    )


def _reliable(evidence: Evidence, rule: Structure) -> Check | None:
    """Ask whether every score is reliable."""
    if math.isnan(evidence.omega):
        return None
    question, said = "Are the scores reliable?", f"{number(evidence.omega)} ({evidence.omega_of})"
    if evidence.omega < rule.reliability.value:
        return Check(question, "reservation", f"categorical omega falls to {said}")
    return Check(question, "for", f"categorical omega is at least {said}")


def _specific(evidence: Evidence, rule: Structure) -> Check | None:
    """Ask whether the scores say more than one total."""
    if math.isnan(evidence.general_share):
        return None
    question = "Do the scores say more than a total?"
    share = f"{percent(evidence.general_share, 1)} of the common variance"
    if evidence.general_share >= rule.general_share.value:
        return Check(question, "reservation", f"one general factor carries {share}")
    return Check(question, "for", f"a general factor carries only {share}")


def _some(items: tuple[str, ...]) -> str:
    """Name items with the verb."""
    return f"{listed(list(items))} {'loads' if len(items) == 1 else 'load'}"


def _own(items: tuple[str, ...]) -> str:
    """Return the possessive that fits."""
    return "its" if len(items) == 1 else "their"


QUESTIONS: tuple[Callable[[Evidence, Structure], Check | None], ...] = (
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
