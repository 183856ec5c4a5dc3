"""The claims in brief: verdicts in words that a reader without statistics does not misread."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from compendium.findings import found
from compendium.report.book import brief


@pytest.mark.parametrize(
    ("direction", "lower", "upper", "p", "there"),
    [("positive", 0.02, 0.08, 0.01, True), ("positive", -0.03, 0.08, 0.01, False),
     ("negative", -0.08, -0.02, 0.01, True), ("negative", 0.02, 0.08, 0.01, False),
     ("positive", 0.02, 0.08, 0.2, False), ("positive", 0.02, 0.08, None, False)],
)  # fmt: skip
def test_a_claim_whose_effect_is_there_but_small_is_not_told_as_chance(
    direction: str, lower: float, upper: float, p: float | None, there: bool
) -> None:
    claim = SimpleNamespace(direction=direction, kind="own_outcome", competency=None)
    level = SimpleNamespace(value=0.05)
    plan = SimpleNamespace(claims=SimpleNamespace(published={"a": claim}), alpha_level=level)
    row = {"claim": "a", "lower": lower, "upper": upper, "p_holm": p, "finding": found("verdict_not_supported").encoded}
    said = brief._verdict(row, SimpleNamespace(plan=plan, labels={}))
    assert ("there is something of it" in said) == there and "do not bear it out" in said
