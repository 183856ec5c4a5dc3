"""What was found, as data: a kind with its figures. Sentences are made from it in ``compendium.wording``."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

# The facts that most kinds have; tables give each a column.
USUAL = ("value", "limit", "other")


@dataclass(frozen=True)
class Finding:
    """Something that was found: a check, a reason, a verdict.

    Attributes
    ----------
    kind : str
        What was found; each kind has a message in every language of ``compendium.wording``.
    facts : mapping of str to scalar, tuple of str, Finding or tuple of Finding
        The figures and names that the message needs. ``value`` is what was found, ``limit`` what it was held
        against, ``other`` what else it concerns.

    Examples
    --------
    >>> found("item_rest_low", value=0.12, limit=0.2).encoded
    '{"kind": "item_rest_low", "value": 0.12, "limit": 0.2}'
    """

    kind: str
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def encoded(self) -> str:
        """The finding as one line of JSON, as tables and values hold it; NaN is null."""
        return json.dumps(_plain(self), ensure_ascii=False, allow_nan=False)

    def __getitem__(self, name: str) -> Any:
        return self.facts[name]


def found(kind: str, /, **facts: Any) -> Finding:
    """Return a finding; lists become tuples."""
    return Finding(kind, {name: tuple(fact) if isinstance(fact, list) else fact for name, fact in facts.items()})


def of_reason(reason: Any) -> Finding:
    """Return a reason of ``psychometrics.selection`` as a finding."""
    facts = {"value": reason.value, "limit": reason.limit, "other": tuple(map(str, reason.other))}
    known = {name: fact for name, fact in facts.items() if not _absent(fact)}
    return Finding(reason.kind, known | dict(reason.details) | ({"check": reason.check} if reason.check else {}))


def encode(findings: Iterable[Finding]) -> str:
    """Return findings as one line of JSON, empty where there are none."""
    data = [_plain(each) for each in findings]
    return json.dumps(data, ensure_ascii=False, allow_nan=False) if data else ""


def decode(cell: Any) -> tuple[Finding, ...]:
    """Return the findings that a cell or a value holds; none where it is empty.

    Raises
    ------
    ValueError
        When the cell holds something else.
    """
    if not isinstance(cell, str) or not cell:
        return ()
    if not is_encoded(cell):
        raise ValueError(f"not a finding: {cell!r}")
    data = json.loads(cell)
    return tuple(_finding(each) for each in (data if isinstance(data, list) else [data]))


def is_encoded(cell: Any) -> bool:
    """Say whether a cell holds encoded findings rather than text."""
    return isinstance(cell, str) and cell.startswith(('{"kind": ', '[{"kind": '))


def finding_columns(findings: Iterable[Finding]) -> pd.DataFrame:
    """Return columns for a table of findings, one row each: ``kind value limit other finding``.

    ``finding`` is the whole finding encoded; the others are the usual parts of it, for machines.
    """
    rows = [
        {"kind": each.kind, **{name: _cell(each.facts.get(name)) for name in USUAL}, "finding": each.encoded}
        for each in findings
    ]
    return pd.DataFrame(rows, columns=["kind", *USUAL, "finding"])


def _cell(fact: Any) -> Any:
    """Return a fact as a table holds it: lists joined by a semicolon."""
    return ";".join(map(str, fact)) if isinstance(fact, tuple) else fact


def _absent(fact: Any) -> bool:
    """Say whether a fact is not there."""
    return fact == () or (isinstance(fact, float) and math.isnan(fact))


def _plain(fact: Any) -> Any:
    """Return a fact as JSON holds it."""
    if isinstance(fact, Finding):
        return {"kind": fact.kind} | {name: _plain(each) for name, each in fact.facts.items()}
    if isinstance(fact, tuple):
        return [_plain(each) for each in fact]
    plain = fact.item() if hasattr(fact, "item") else fact
    return None if isinstance(plain, float) and not math.isfinite(plain) else plain


def _finding(data: Mapping[str, Any]) -> Finding:
    """Return the finding that JSON holds."""
    return Finding(data["kind"], {name: _fact(fact) for name, fact in data.items() if name != "kind"})


def _fact(fact: Any) -> Any:
    """Return a fact that JSON holds."""
    if isinstance(fact, dict):
        return _finding(fact)
    return tuple(_fact(each) for each in fact) if isinstance(fact, list) else fact
