"""Rounds of testing and purification: test every item, take flagged and untested ones out of the matching score."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from scipy.stats import false_discovery_control

from psychometrics._checks import Label, constant_items, listed
from psychometrics.dif._matching import matching_scores
from psychometrics.dif._models import (
    ROW,
    TESTS,
    ItemModels,
    NotTestableError,
    fit_models,
    item_data,
    item_row,
)
from psychometrics.dif._persons import DifData
from psychometrics.dif._sample import Sample
from psychometrics.dif.result import FLAGGED, PASSED, UNTESTED, DifRule
from psychometrics.errors import ConvergenceError


@dataclass(frozen=True)
class Tested:
    """One item's fits, or the reason why there are none."""

    models: ItemModels | None
    reason: str = ""
    note: str = ""
    row: dict[str, float] = field(default_factory=dict)


@dataclass
class Search:
    """Rounds of testing and purification."""

    study: DifData
    anchors: dict[Label, list[Label]] = field(default_factory=dict)
    tested: dict[Label, Tested] = field(default_factory=dict)
    table: pd.DataFrame = field(default_factory=pd.DataFrame)
    log: list[dict[str, object]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    steep: dict[Label, tuple[Label, ...]] = field(default_factory=dict)
    stable: bool = False

    def run(self) -> None:
        """Test and purify until the anchors are stable, repeat, or the rounds are used up."""
        wanted = self._without(set())
        seen: list[dict[Label, list[Label]]] = []
        for number in range(1, self.study.rule.maximum_rounds + 1):
            self._test(wanted)
            seen.append(wanted)
            wanted = self._purified()
            self._record(number)
            if self.study.supplied is not None or wanted == self.anchors:
                self.stable = True
                break
            if wanted in seen:
                self._note_cycle(wanted)
                break
        else:
            self._note_cap()
        self._note_untested()

    def _test(self, wanted: dict[Label, list[Label]]) -> None:
        """Test again the scales whose anchors changed, and judge all items together."""
        import joblib

        study = self.study
        changed = [scale for scale, anchors in wanted.items() if self.anchors.get(scale) != anchors]
        found = joblib.Parallel()(
            joblib.delayed(_test_scale)(
                study.samples[scale], scale, wanted[scale], study.names, study.matching, study.rule
            )
            for scale in changed
        )
        for scale, (new, steep) in zip(changed, found, strict=True):
            self.tested |= new
            self.steep[scale] = steep
        self.anchors = wanted
        self.table = _judged(self.study, self.tested, wanted)

    def _purified(self) -> dict[Label, list[Label]]:
        """Return the anchors without flagged items, as far as enough of them remain."""
        untested = {item for item, one in self.tested.items() if one.models is None}
        new = self._without(set(self.table.index[self.table["flagged"]]) | untested)
        self.notes = []
        for scale, left in new.items():
            if untested.issuperset(self.study.scales[scale]):
                new[scale] = self.anchors[scale]
            elif len(left) < self.study.rule.minimum_anchors and self.study.supplied is None:
                new[scale] = [item for item in self.anchors[scale] if item not in untested]
                self.notes.append(
                    f"{scale}: after purification {len(left)} anchors would remain; its matching score was not "
                    f"purified further and keeps {listed(new[scale]) or 'none'}"
                )
        return new

    def _without(self, flagged: set[Label]) -> dict[Label, list[Label]]:
        """Return the items of each scale that vary and are not flagged."""
        out = flagged | set(constant_items(self.study.answers))
        return {scale: [item for item in items if item not in out] for scale, items in self.study.scales.items()}

    def _record(self, number: int) -> None:
        """Record the round."""
        flagged = list(self.table.index[self.table["flagged"]])
        size = sum(len(items) for items in self.anchors.values())
        self.log.append(
            {"round": number, "n_flagged": len(flagged), "flagged": ", ".join(map(str, flagged)), "n_anchors": size}
        )

    def _note_cycle(self, wanted: dict[Label, list[Label]]) -> None:
        """Note that purification cycles, and over which items."""
        moving = sorted({str(item) for scale in wanted for item in set(wanted[scale]) ^ set(self.anchors[scale])})
        self.notes.append(f"purification came back to earlier anchors; these items alternate: {listed(moving)}")

    def _note_cap(self) -> None:
        """Say that the rounds ended before the anchors were stable, unless no purification was wanted."""
        if self.study.rule.maximum_rounds > 1:
            self.notes.append(f"purification was not stable after {self.study.rule.maximum_rounds} rounds")

    def _note_untested(self) -> None:
        """Name the items without a test."""
        self.notes.extend(f"{item} not tested: {one.note}" for item, one in self.tested.items() if one.reason)
        self.notes.extend(f"{item}: {one.note}" for item, one in self.tested.items() if one.note and not one.reason)
        self.notes.extend(
            f"{scale}: {listed(items)} all but determine the matching trait (slope held at its bound); does one "
            "item repeat another? Test the scale again without it"
            for scale, items in self.steep.items()
            if items
        )
        if self.study.supplied is not None:
            self.notes.append("the matching scores were given, so flagged items still count in them")


def _test_scale(
    sample: Sample, scale: Label, anchors: list[Label], names: list[str], matching: str, rule: DifRule
) -> tuple[dict[Label, Tested], tuple[Label, ...]]:
    """Fit the models of every item of a scale; name anchors too steep for the trait."""
    answers = sample.answers
    steep: tuple[Label, ...] = ()
    if sample.supplied is not None:
        scores = np.repeat(sample.supplied[:, None], answers.shape[1], axis=1)
    elif len(anchors) < 2:
        why = f"{scale} has fewer than two anchors, so nothing to match people on"
        return {item: Tested(None, "no anchors", why) for item in answers}, ()
    else:
        try:
            scores, steep = matching_scores(
                answers, sample.groups, sample.weights, anchors, matching, rule.minimum_answered
            )
        except ConvergenceError as problem:
            why = f"no matching score for {scale}: {problem}"
            return {item: Tested(None, "no matching score", why) for item in answers}, ()
    columns = zip(answers, answers.to_numpy(dtype=float).T, scores.T, strict=True)
    return {item: _test_item(sample, names, column, score) for item, column, score in columns}, steep


def _test_item(sample: Sample, names: list[str], answers: np.ndarray, scores: np.ndarray) -> Tested:
    """Fit the models of one item, or say why that is impossible."""
    alike = _unanimous(sample, names, answers)
    same_answer = f"every answer of {', '.join(alike)} is the same" if alike else ""
    try:
        models = fit_models(item_data(sample, answers, scores, len(names)), len(names))
        return Tested(models, row=item_row(models), note=same_answer)
    except NotTestableError as problem:
        return Tested(None, problem.kind, "; ".join(filter(None, (str(problem), same_answer))))
    except (ConvergenceError, np.linalg.LinAlgError) as problem:
        return Tested(None, "no estimate", "; ".join(filter(None, (str(problem), same_answer))))


def _unanimous(sample: Sample, names: list[str], answers: np.ndarray) -> list[str]:
    """Name the groups in which everybody gives the same answer, where others do not."""
    if np.unique(answers[np.isfinite(answers)]).size < 2:
        return []
    members = [answers[(sample.groups == group) & np.isfinite(answers)] for group in range(len(names))]
    return [name for name, own in zip(names, members, strict=True) if len(own) and np.ptp(own) == 0]


def _judged(study: DifData, tested: dict[Label, Tested], anchors: dict[Label, list[Label]]) -> pd.DataFrame:
    """Return the table of items with adjusted p-values, sizes, flags and status."""
    order = [item for item in study.answers.columns if item in tested]
    table = pd.DataFrame([tested[item].row for item in order], index=order, columns=ROW, dtype=float)
    for name in TESTS:
        table.insert(list(table.columns).index(f"p_{name}") + 1, f"p_adjusted_{name}", _adjusted(table[f"p_{name}"]))
    scale_of = {item: scale for scale, items in study.scales.items() for item in items}
    table.insert(0, "scale", [scale_of[item] for item in order])
    table.insert(1, "anchor", [item in anchors[scale_of[item]] and tested[item].models is not None for item in order])
    table["n"] = table["n"].fillna(0).astype(int)
    reasons = np.array([tested[item].reason for item in order])
    flagged = _flagged(table.rename_axis("item"), study.rule)
    return flagged.assign(
        status=np.select([reasons != "", flagged["flagged"]], [UNTESTED, FLAGGED], PASSED),
        estimation=[one.models.estimation if (one := tested[item]).models else "" for item in order],
        reason=reasons,
        note=[tested[item].note for item in order],
    )


def _adjusted(p: pd.Series) -> pd.Series:
    """Adjust after Benjamini & Hochberg over the items tested."""
    known = p.dropna()
    return pd.Series(false_discovery_control(known), index=known.index).reindex(p.index) if len(known) else p


def _flagged(table: pd.DataFrame, rule: DifRule) -> pd.DataFrame:
    """Add size, flag and kind."""
    flagged = (table["p_adjusted_total"] < rule.alpha) & (table["mcfadden_total"] >= rule.minimum_change)
    crossing = table["p_adjusted_non_uniform"] < rule.alpha
    return table.assign(
        size=[rule.classify(change) for change in table["nagelkerke_total"]],
        flagged=flagged,
        kind=np.where(flagged, np.where(crossing, "non-uniform", "uniform"), ""),
    )
