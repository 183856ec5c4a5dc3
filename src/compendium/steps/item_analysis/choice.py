"""The final items: chosen as an integer programme, tried on other people, compared with what was asked (04)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import joblib
import numpy as np
import pandas as pd

from compendium import review as evidence
from compendium.disclosure.suppression import tells_of_a_few
from compendium.findings import Finding, finding_columns, found, of_reason
from compendium.study import Study
from compendium.study.workers import spread
from psychometrics.errors import PsychometricsError
from psychometrics.selection import (
    Constraint,
    ItemCheck,
    ItemSelection,
    SelectionStability,
    category_check,
    graded_information,
    screen_items,
    select_items,
    selection_stability,
)
from psychometrics.sem import CfaModel, CfaResult, fit_cfa

Scales = Mapping[str, Sequence[str]]
# Information about a common trait takes three items.
FEWEST_ITEMS = 3
# Seconds in a minute.
MINUTE = 60


def as_given(answers: pd.DataFrame) -> pd.DataFrame:
    """Return answers that all have one range already."""
    return answers


@dataclass(frozen=True)
class Chooser:
    """The choice of items as one function of the answers, so that it can be repeated on other people.

    The published rule, the share of the commonest answer and the information of every item are taken from the answers
    at hand. What rests on models of all people (``excluded``, ``pairs``) and on the framework (``coverage``) is held.

    Attributes
    ----------
    scales
        Every candidate item of each competency.
    coverage
        Items that speak to each theme of the evidence.
    scored, weights
        Brings answers to the scale on which they are averaged; how far one code of each item moves the average.
    """

    scales: Scales
    minimum_item_total: float
    maximum_inter_item: float
    commonest_answer: float
    size: int
    minimum_per_scale: int
    maximum_per_scale: int
    pairs: tuple[tuple[str, str], ...] = ()
    excluded: tuple[tuple[str, Finding], ...] = ()
    coverage: tuple[tuple[str, tuple[str, ...]], ...] = ()
    scored: Callable[[pd.DataFrame], pd.DataFrame] = as_given
    weights: pd.Series[float] | None = None

    def __call__(self, answers: pd.DataFrame) -> list[str]:
        """Return the chosen items."""
        screening = screen_items(
            self.scored(answers),
            self.scales,
            self.minimum_item_total,
            self.maximum_inter_item,
            checks=[category_check(answers, self.commonest_answer, "drop")],
        )
        barred = dict(self.excluded)
        passed = [item for item in screening.kept if item not in barred]
        return choose(self, answers, passed).selection.chosen


class Chosen(NamedTuple):
    """The chosen items, and the constraint that was relaxed because too few items passed."""

    selection: ItemSelection
    adjustments: tuple[Finding, ...]

    @property
    def completeness(self) -> tuple[Finding, ...]:
        """Which constraint was relaxed, or that none was."""
        return self.adjustments or (found("choice_kept_all"),)


# What a chooser looks at again in every sample is not held against an item beforehand.
LOOKED_AT_AGAIN = ("most_frequent_answer",)


def chooser(
    step: Study, checks: Sequence[ItemCheck], contradicting: Sequence[str] = (), dependent: pd.DataFrame | None = None
) -> Chooser:
    """Put the plan, what the checks found and the evidence together.

    Parameters
    ----------
    checks
        The further checks; those that drop items are held, and so is what could not be tested.
    contradicting
        Items whose answers contradict their key.
    dependent
        Pairs that share more than their competency, columns ``item`` and ``other``: one of each may be chosen.
    """
    rule, plan = step.plan.item_rule, step.plan.selection
    excluded: dict[str, Finding] = dict.fromkeys(contradicting, found("key_contradicted"))
    for check in checks:
        if check.decision == "drop" and check.name not in LOOKED_AT_AGAIN:
            held = {str(item): reason for item, reason in check.findings.items() if check.decision_on(reason) != "keep"}
            excluded |= {item: of_reason(reason) for item, reason in held.items()}
    themes: dict[str, list[str]] = {}
    if step.review is not None:
        themes = evidence.supported_by_theme(step.review, step.framework)
    pairs = [] if dependent is None else list(zip(dependent["item"], dependent["other"], strict=True))
    return Chooser(
        scales=step.framework.scales(),
        minimum_item_total=rule.item_total_minimum.value,
        maximum_inter_item=rule.inter_item_maximum.value,
        commonest_answer=plan.commonest_answer.value,
        size=int(plan.size.value),
        minimum_per_scale=int(plan.minimum_per_competency.value),
        maximum_per_scale=int(plan.maximum_per_competency.value),
        pairs=tuple(pairs),
        excluded=tuple(excluded.items()),
        coverage=tuple((theme, tuple(items)) for theme, items in themes.items()),
        scored=step.framework.on_one_scale,
        weights=step.framework.code_weights,
    )


def choose(rule: Chooser, answers: pd.DataFrame, passed: Sequence[str]) -> Chosen:
    """Choose among the items that passed every check."""
    scales = {name: [item for item in items if item in set(passed)] for name, items in rule.scales.items()}
    rich = {name: items for name, items in scales.items() if len(items) >= FEWEST_ITEMS}
    merit = graded_information(answers, rich)
    pairs = [pair for pair in rule.pairs if set(pair) <= set(merit.index)]
    room = {name: _room(items, pairs) for name, items in rich.items()}
    coverage, uncovered = _coverable(rule.coverage, merit.index)
    adjustments = [found("choice_theme_uncovered", other=theme) for theme in uncovered]
    size: int | None = rule.size
    if sum(min(number, rule.maximum_per_scale) for number in room.values()) < rule.size:
        size = None
        adjustments.append(found("choice_too_few", limit=rule.size))
    shortages = [_shortage(name, room.get(name), rule.minimum_per_scale) for name in scales]
    adjustments += [shortage for shortage in shortages if shortage is not None]
    selection = select_items(
        merit,
        rich,
        size,
        minimum_per_scale={name: min(number, rule.minimum_per_scale) for name, number in room.items()},
        maximum_per_scale=rule.maximum_per_scale,
        redundant_pairs=pairs,
        coverage=coverage,
    )
    return Chosen(selection, tuple(adjustments))


def _room(items: Sequence[str], pairs: Sequence[tuple[str, str]]) -> int:
    """Count the items that can be taken together, at most one of a pair."""
    left = set(items)
    while clashing := [pair for pair in pairs if left.issuperset(pair)]:
        named = [item for pair in clashing for item in pair]
        left.remove(max(items, key=named.count))
    return len(left)


def _shortage(name: str, room: int | None, minimum: int) -> Finding | None:
    """Return the shortage of a competency with too few items, or None."""
    if room is None:
        return found("choice_scale_left_out", other=name, limit=FEWEST_ITEMS)
    return None if room >= minimum else found("choice_scale_short", other=name, limit=minimum)


def constraint_table(rule: Chooser, chosen: Chosen) -> pd.DataFrame:
    """Return the constraints of the choice, excluded items each in one line: ``role kind value limit other finding``.

    ``role`` says whether it is a constraint, an exclusion held in every resample, or something that gave way.
    """
    bounds = chosen.selection.bounds
    rows = [("constraint", _constraint(bound)) for bound in bounds if bound.kind not in ("coverage", "excluded")]
    themes = sum(bound.kind == "coverage" for bound in bounds)
    rows += [("constraint", found("constraint_coverage", value=themes))] if themes else []
    rows += [("held", found("constraint_excluded", other=item, why=why)) for item, why in rule.excluded]
    rows += [("gave way", adjustment) for adjustment in chosen.adjustments]
    table = finding_columns(finding for _, finding in rows)
    table.insert(0, "role", [role for role, _ in rows])
    return table


def _constraint(bound: Constraint) -> Finding:
    """Return one constraint as a finding."""
    value = int(bound.lower if bound.kind in ("size", "scale_minimum") else bound.upper)
    other = tuple(map(str, bound.items)) if bound.kind == "redundant_pair" else bound.subject
    return found(f"constraint_{bound.kind}", value=value, other=other)


def _coverable(
    coverage: Sequence[tuple[str, tuple[str, ...]]], items: pd.Index
) -> tuple[dict[str, list[str]], list[str]]:
    """Return the themes that some item can still cover, and those that none can."""
    left = {theme: [item for item in members if item in items] for theme, members in coverage}
    return {theme: members for theme, members in left.items() if members}, [
        theme for theme, members in left.items() if not members
    ]


def stability(step: Study, rule: Chooser, answers: pd.DataFrame) -> SelectionStability:
    """Repeat the choice on bootstrap samples; measure its reliability on the people not drawn."""
    plan = step.plan
    with spread():
        return selection_stability(
            answers,
            rule,
            Reliability(rule.scales, rule.scored),
            n_resamples=int(plan.selection.resamples.value),
            seed=plan.seed,
            confidence=plan.confidence.value,
            most_drawn=int(plan.selection.most_drawn.value),
        )


@dataclass(frozen=True)
class Reliability:
    """Mean and smallest alpha of the competencies, for items chosen from them."""

    scales: Scales
    scored: Callable[[pd.DataFrame], pd.DataFrame] = as_given

    def __call__(self, answers: pd.DataFrame, chosen: list[str]) -> dict[str, float]:
        """Return both."""
        moved = self.scored(answers)
        alphas = [_alpha(moved[[item for item in items if item in set(chosen)]]) for items in self.scales.values()]
        return {"mean alpha": float(np.nanmean(alphas)), "smallest alpha": float(np.nanmin(alphas))}


def _alpha(answers: pd.DataFrame) -> float:
    """Coefficient alpha from pairwise covariances; NaN for a single item."""
    covariance = answers.cov().to_numpy()
    k = len(covariance)
    return float(k / (k - 1) * (1 - np.trace(covariance) / covariance.sum())) if k > 1 else float("nan")


def split_fit(step: Study, rule: Chooser, answers: pd.DataFrame) -> pd.DataFrame:
    """Choose on half of the people and fit the measurement model to the other half, again and again.

    Returns
    -------
    DataFrame, one row a split
        ``split items srmr cfi_robust rmsea_robust`` on the other half, ``shared`` (share of the choice on everybody
        that this half chose too), ``mean_alpha`` on the other half, ``cfi_choosing alpha_choosing`` on the half that
        chose: fit depends on n, so a half is compared with a half. Measures of a model without a solution are empty.
    """
    everybody = set(rule(answers))
    seeds = np.random.SeedSequence(step.plan.seed).spawn(int(step.plan.selection.splits.value))
    with spread():
        rows = joblib.Parallel()(joblib.delayed(_one_split)(rule, answers, everybody, seed) for seed in seeds)
    return pd.DataFrame([{"split": number + 1, **row} for number, row in enumerate(rows)])


def _one_split(
    rule: Chooser, answers: pd.DataFrame, everybody: set[str], seed: np.random.SeedSequence
) -> dict[str, float]:
    """Choose on one half, measure on the other."""
    order = np.random.default_rng(seed).permutation(len(answers))
    half = len(answers) // 2
    choosing, testing = answers.iloc[order[:half]], answers.iloc[order[half:]]
    chosen = rule(choosing)
    shared = len(everybody & set(chosen)) / len(everybody)
    measures = {"items": len(chosen), **_fit_measures(rule, testing, chosen), "shared": shared}
    alpha = Reliability(rule.scales, rule.scored)
    return {
        **measures,
        "mean_alpha": alpha(testing, chosen)["mean alpha"],
        "cfi_choosing": _fit_measures(rule, choosing, chosen)["cfi_robust"],
        "alpha_choosing": alpha(choosing, chosen)["mean alpha"],
    }


def _fit_measures(
    rule: Chooser, answers: pd.DataFrame, chosen: Sequence[str], known: CfaResult | None = None
) -> dict[str, float]:
    """Fit of the correlated model of the chosen items; that of the known model if it is the same."""
    scales = {name: [item for item in items if item in set(chosen)] for name, items in rule.scales.items()}
    model = CfaModel.correlated({name: items for name, items in scales.items() if len(items) > 1})
    try:
        fitted = known if known is not None and known.model == model else fit_cfa(model, answers, missing="pairwise")
    except PsychometricsError:
        return dict.fromkeys(("srmr", "cfi_robust", "rmsea_robust"), float("nan"))
    fit = fitted.fit
    return {"srmr": fit.srmr, "cfi_robust": fit.cfi_robust, "rmsea_robust": fit.rmsea_robust}


def before_and_after(
    step: Study, rule: Chooser, answers: pd.DataFrame, sets: Mapping[str, Sequence[str]], known: CfaResult | None = None
) -> pd.DataFrame:
    """Compare sets of items: reliability, fit, information, coverage of the evidence, minutes to complete.

    Parameters
    ----------
    known
        The measurement model of one of the sets, where it has been fitted to these answers already.
    """
    measured: dict[frozenset[str], dict[str, object]] = {}
    for items in sets.values():
        # Sets are often the same: everything passes, or everything that passes is chosen.
        if (same := frozenset(items)) not in measured:
            measured[same] = _measures(step, rule, answers, items, known)
    return pd.DataFrame([{"items_set": name, **measured[frozenset(items)]} for name, items in sets.items()])


def _measures(
    step: Study, rule: Chooser, answers: pd.DataFrame, items: Sequence[str], known: CfaResult | None
) -> dict[str, object]:
    """Measure one set of items."""
    scales = {key: [item for item in members if item in set(items)] for key, members in rule.scales.items()}
    alphas = [_alpha(rule.scored(answers[members])) for members in scales.values()]
    covered = [theme for theme, members in rule.coverage if set(members) & set(items)]
    omegas = [_omega(answers[members], rule.weights) for members in scales.values() if len(members) > 2]
    information = graded_information(answers, {key: members for key, members in scales.items() if len(members) > 2})
    row: dict[str, object] = {"items": len(items)}
    row |= {"mean_alpha": np.nanmean(alphas), "smallest_alpha": np.nanmin(alphas), "mean_omega": np.nanmean(omegas)}
    row |= {"information": information.sum(), "information_an_item": information.mean()}
    row |= _fit_measures(rule, answers, items, known)
    row |= {"themes": len(rule.coverage) or None, "themes_covered": len(covered) if rule.coverage else None}
    return row | {"minutes": len(items) * step.plan.selection.seconds_per_item.value / MINUTE}


def _omega(answers: pd.DataFrame, weights: pd.Series[float] | None) -> float:
    """Categorical omega of one competency, NaN where its model has no solution."""
    from psychometrics.reliability import omega_categorical

    try:
        return float(omega_categorical(answers, missing="pairwise", weights=weights).omega)
    except PsychometricsError:
        return float("nan")


def without_careless(
    rule: Chooser, answers: pd.DataFrame, flagged: pd.Series, chosen: Sequence[str], minimum: int
) -> pd.DataFrame:
    """Repeat the rule, the choice and the reliabilities without the people flagged as careless.

    Where fewer than ``minimum`` are flagged, what is left without them would tell of them alone and is not given.
    """
    attentive = answers[~flagged.reindex(answers.index, fill_value=False).astype(bool)]
    few = tells_of_a_few(len(answers) - len(attentive), minimum)
    rows: list[dict[str, object]] = []
    for people, part in (("everybody", answers), ("without flagged", attentive)):
        if few and part is attentive:
            rows.append({"people": people, "note": found("few_flagged", needed=minimum).encoded})
            continue
        picked = rule(part)
        screening = screen_items(rule.scored(part), rule.scales, rule.minimum_item_total, rule.maximum_inter_item)
        alphas = Reliability(rule.scales, rule.scored)(part, list(chosen))
        missing, new = sorted(set(chosen) - set(picked)), sorted(set(picked) - set(chosen))
        rows.append({"people": people, "n": len(part), "passed_published_rule": len(screening.kept),
                     "chosen": len(picked), "left_out_instead": ", ".join(missing), "taken_instead": ", ".join(new),
                     "mean_alpha": alphas["mean alpha"], "smallest_alpha": alphas["smallest alpha"]})  # fmt: skip
    return pd.DataFrame(rows)
