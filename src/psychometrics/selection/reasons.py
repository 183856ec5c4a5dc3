"""Reasons as data: what was found, against which limit, about which items. Sentences are made elsewhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from psychometrics._checks import Label

NAN = float("nan")

#: Every kind of reason that this family gives, with what ``value``, ``limit``, ``other`` and ``details`` then are.
REASON_KINDS: Mapping[str, str] = {
    "item_rest_low": "corrected item-total correlation at or under the limit",
    "item_total_low": "item-total correlation at or under the limit",
    "unanswered": "nobody answered the item, so that nothing can be said of it",
    "constant": "everybody gave the same answer, so that no correlation is defined",
    "too_few_answers": "too few answers for a correlation",
    "redundant": "inter-item correlation above the limit with `other`; details: item_rest, other_item_rest",
    "key_contradicted": "the answers contradict the declared direction",
    "below_minimum": "the check's value lies under its limit",
    "above_maximum": "the check's value lies over its limit",
    "low_loading": "largest loading under the limit",
    "cross_loading": "loads on `other` (the main factor, then the second) with a second loading of `value`; the limit "
    "is that of the second loading; details: primary_loading, minimum_distance",
    "untested": "the check could not be carried out for this item: it did not pass",
    "flagged": "flagged by a check that gives no more than a value",
    "chosen": "in the best set",
    "excluded": "may not be chosen",
    "redundant_with_chosen": "forms a redundant pair with `other`, which was chosen",
    "outranked": "others serve better within the constraints; `value` is its merit",
}


@dataclass(frozen=True)
class Reason:
    """One reason for a decision on an item.

    Attributes
    ----------
    kind : str
        One of :data:`REASON_KINDS`.
    value : float
        What was found; NaN where nothing could be.
    limit : float
        What it was held against; NaN where there is no limit.
    other : tuple
        Other items (or, for cross-loadings, factors) that the reason concerns.
    check : str
        Name of the check that gave it; empty for the published rule.
    details : mapping of str to float
        Further numbers, by name.

    Examples
    --------
    >>> from psychometrics.selection import Reason
    >>> Reason("item_rest_low", value=0.12, limit=0.2).kind
    'item_rest_low'

    See Also
    --------
    screen_items, select_items
    """

    kind: str
    value: float = NAN
    limit: float = NAN
    other: tuple[Label, ...] = ()
    check: str = ""
    details: Mapping[str, float] = field(default_factory=dict)


def reason_table(findings: Mapping[Label, Sequence[Reason]]) -> pd.DataFrame:
    """Return one row a reason, in order: item, place, kind, check, value, limit, other, and the details.

    See Also
    --------
    screen_items, Reason

    Examples
    --------
    >>> from psychometrics.selection import reason_table
    >>> from psychometrics.selection import Reason
    >>> reason_table({"a": [Reason("constant")]})["kind"].tolist()
    ['constant']
    """
    rows = [
        {
            "item": item,
            "place": place,
            "kind": reason.kind,
            "check": reason.check,
            "value": reason.value,
            "limit": reason.limit,
            "other": reason.other,
            **reason.details,
        }
        for item, reasons in findings.items()
        for place, reason in enumerate(reasons, 1)
    ]
    columns = ["item", "place", "kind", "check", "value", "limit", "other"]
    more = [name for name in dict.fromkeys(key for row in rows for key in row) if name not in columns]
    return pd.DataFrame(rows, columns=[*columns, *more])
