"""Faults that only the answers as a whole can show: constant items, and items that contradict their direction."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from compendium.cohort.layout import Question
from compendium.cohort.responses import Responses
from compendium.cohort.schema import DESCRIPTION, CohortSettings
from compendium.faults import Fault, suggest
from compendium.inputs import yaml_fault

KEYING, CONSTANT = "keying", "constant"
CONFIDENCE = 0.95


def item_faults(responses: Responses, not_applicable: list[int]) -> dict[tuple[str, str], Fault]:
    """Return the blocking faults of a form by item and kind, waived or not."""
    columns = {question.item: question.column for question in responses.questions}
    constant: dict[tuple[str, str], Fault] = {}
    contradicting: dict[tuple[str, str], Fault] = {}
    for questions in _by_scale(responses.questions):
        answers = responses.answers([question.item for question in questions])
        for question in questions:
            if _is_constant(answers[question.item], responses.unreadable(question, not_applicable)):
                item = question.item
                constant[item, CONSTANT] = _constant_fault(responses.file, columns[item], answers.pop(item))
        for name, finding in _contradicting(questions, answers).iterrows():
            contradicting[str(name), KEYING] = _keying_fault(responses.file, columns[str(name)], str(name), finding)
    return constant | contradicting


def _by_scale(questions: Iterable[Question]) -> list[list[Question]]:
    """Return the questions of each scale: items are checked against the rest of their own."""
    scales: dict[str, list[Question]] = {}
    for question in questions:
        scales.setdefault(question.scale, []).append(question)
    return list(scales.values())


def _is_constant(answers: pd.Series, unreadable: int) -> bool:
    """Whether there are fewer than two different answers, and not just because the cells cannot be read."""
    several = answers.min() < answers.max()
    return not several and (unreadable == 0 or answers.count() > unreadable)


def _contradicting(questions: list[Question], answers: pd.DataFrame) -> pd.DataFrame:
    """Return the items of a scale whose interval of the keyed item-rest correlation lies below zero."""
    from psychometrics.items import check_keying

    asked = [question for question in questions if question.item in answers]
    if not asked or len(answers) < 2:
        return pd.DataFrame()
    lowest = {question.item: question.minimum for question in asked}
    steps = {question.item: question.maximum - question.minimum for question in asked}
    shares = (answers - pd.Series(lowest)) / pd.Series(steps)
    check = check_keying(shares[answers.columns], confidence=CONFIDENCE)
    return check.to_frame().loc[list(check.contradicting)]


def _constant_fault(file: str, column: str, answers: pd.Series) -> Fault:
    """Explain a constant item."""
    item, only = str(answers.name), answers.dropna()
    problem = "every answer to the item is the same" if len(only) else "nobody answered the item"
    return Fault(file, problem, _remedy("check the export, or leave the item out", item, CONSTANT), column=column)


def _keying_fault(file: str, column: str, item: str, finding: pd.Series) -> Fault:
    """Explain an item that contradicts its declared direction."""
    problem = (
        f"the answers contradict the item's declared direction: item-rest correlation {finding['item_rest']:.2f}, "
        f"95 % interval {finding['lower']:.2f} to {finding['upper']:.2f}, n = {finding['n']:.0f}"
    )
    action = "mend 'reverse' in the framework, or the codes in the file (answers must be as given, not turned)"
    return Fault(file, problem, _remedy(action, item, KEYING), column=column)


def _remedy(action: str, item: str, fault: str) -> str:
    """Add the way out: to waive the fault by name and with a reason."""
    return (
        f"{action}; to keep it as it is, add to waivers in {DESCRIPTION}: {{item: {item}, fault: {fault}, reason: ...}}"
    )


def unwaived(found: dict[tuple[str, str], Fault], settings: CohortSettings) -> list[Fault]:
    """Return the faults that no waiver covers."""
    return [fault for (item, kind), fault in found.items() if not settings.waives(item, kind)]


def waiver_faults(
    forms: list[Responses], found: set[tuple[str, str]], settings: CohortSettings, path: Path
) -> list[Fault]:
    """Name waivers of items not asked, waivers given twice, and waivers of faults that are not there."""
    asked = {question.item for responses in forms for question in responses.layout.questions}
    readable = {question.item for responses in forms for question in responses.questions}
    waived: set[tuple[str, str]] = set()
    faults = []
    for number, waiver in enumerate(settings.waivers):
        pair = (waiver.item, waiver.fault)
        finding = None
        if waiver.item not in asked:
            finding = ("no item of this name was asked", suggest(waiver.item, sorted(asked)))
        elif pair in waived:
            finding = ("the waiver is given twice", "keep one")
        elif pair not in found and waiver.item in readable:
            finding = (f"the item has no {waiver.fault} fault, so there is nothing to waive", "remove the waiver")
        if finding:
            problem, action = finding
            faults.append(yaml_fault(path, "waivers", number, problem=problem, action=action, value=waiver.item))
        waived.add(pair)
    return faults
