"""The published rule for the choice of items, with further checks and a reason for every decision."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from psychometrics._checks import Label, known_items, listed, numeric_table
from psychometrics._ranks import pairwise_spearman
from psychometrics.errors import InputShapeError
from psychometrics.selection._rank_correlations import rest_and_total
from psychometrics.selection.checks import Decision, ItemCheck
from psychometrics.selection.reasons import Reason, reason_table

#: Stronger decisions have higher rank: one reason to drop outweighs any to review.
_RANK = {"keep": 0, "review": 1, "drop": 2}


@dataclass(frozen=True)
class ItemScreening:
    """Decision on every item; see :func:`screen_items`.

    Attributes
    ----------
    table : DataFrame
        One row an item: ``item``, ``scale``, ``n``, ``item_total``, ``item_rest``, ``highest_inter_item``,
        ``highest_with``, one column a check, ``decision``, ``reasons``.
    redundant_pairs : DataFrame
        Pairs over the limit: ``item_a``, ``item_b``, ``rho``, ``dropped`` (empty when one was out already).
    minimum_item_total, maximum_inter_item : float
    n_persons : int
    notes : tuple of str
    findings : mapping of item to tuple of Reason
        The reasons as data, in the order of the text column ``reasons`` of the table; an item without any has an
        empty tuple.
    """

    table: pd.DataFrame
    redundant_pairs: pd.DataFrame
    minimum_item_total: float
    maximum_inter_item: float
    n_persons: int
    notes: tuple[str, ...] = ()
    findings: Mapping[Label, tuple[Reason, ...]] = field(default_factory=dict)

    def reason_frame(self) -> pd.DataFrame:
        """Return one row a reason: item, place, kind, check, value, limit, other, and its details."""
        return reason_table(self.findings)

    @property
    def kept(self) -> list[str]:
        """Items with the decision keep, in their order."""
        return self.table.loc[self.table["decision"] == "keep", "item"].tolist()

    def to_frame(self) -> pd.DataFrame:
        """Return a copy of the table of items."""
        return self.table.copy()


def screen_items(
    responses: pd.DataFrame,
    scales: Mapping[str, Sequence[str]] | None = None,
    minimum_item_total: float = 0.20,
    maximum_inter_item: float = 0.90,
    key_contradicted: Collection[str] = (),
    checks: Sequence[ItemCheck] = (),
    correct_overlap: bool = True,
) -> ItemScreening:
    """Apply the published rule, and further checks where given, and say what becomes of each item and why.

    The rule (Lewis et al. 2024, abstract): keep an item whose Spearman correlation with the total is above .2
    and whose Spearman correlation with any other item is at most .9. The total is the mean of the items
    answered on the item's scale; by default the item itself is left out of it (``item_rest``), because on a short
    scale an item that measures nothing still correlates with a total that contains it. Of a pair above .9,
    taken in order of falling correlation and only while both are still in, the one with the weaker item-rest
    correlation goes (of equals, the later column). An item whose data contradict its key gets ``review``,
    whatever else fails: its key wants mending first.

    Parameters
    ----------
    responses : DataFrame, shape (n_persons, n_items)
        Numeric codes with reverse-keyed items already reversed, ``NaN`` missing (pairwise).
    scales : mapping of str to sequence of str, optional
        Items of each scale; the total is taken within it. Without it the total is over all items.
    minimum_item_total : float
        An item at or below it goes.
    maximum_inter_item : float
        A pair above it is redundant.
    key_contradicted : collection of str
        Items named by :func:`psychometrics.items.check_keying`.
    checks : sequence of ItemCheck
        Further checks, for example :func:`cross_loading_check` or :func:`threshold_check`.
    correct_overlap : bool
        Whether the rule looks at ``item_rest`` (True) or at ``item_total``, which contains the item.

    Returns
    -------
    ItemScreening

    Raises
    ------
    InputShapeError
        Fewer than two items, an item that is in no scale or in two, a scale with one item, or a check or key
        that names an unknown item.
    CodingError
        Text or infinite answers.

    See Also
    --------
    select_items, threshold_check, selection_stability

    References
    ----------
    Lewis, R., Duckworth, J., Yarker, J., & Willis, C. (2024). Developing a competency framework for
    integrated care working. British Journal of Healthcare Management, doi 10.12968/bjhc.2023.0106 (abstract).

    Notes
    -----
    The abstract does not say whether the total includes the item, nor whether it is of the scale or of the
    whole form; both correlations are in the table. An item that nobody varies on has ``NaN`` and is dropped
    with that reason. Correlations validated against R ``cor(method = "spearman", use = "pairwise")``.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> draw = np.random.default_rng(1)
    >>> trait = draw.normal(size=(200, 1))
    >>> codes = np.clip(np.rint(3 + trait + draw.normal(size=(200, 6))), 1, 5)
    >>> answers = pd.DataFrame(codes, columns=list("abcdef"))
    >>> from psychometrics.selection import screen_items
    >>> scales = {"x": ["a", "b", "c"], "y": ["d", "e", "f"]}
    >>> screening = screen_items(answers.assign(b=3.0), scales)
    >>> screening.findings["b"][0].kind
    'constant'
    """
    answers = numeric_table(responses)
    membership = _membership(answers, scales)
    _require_known(answers, key_contradicted, checks)
    rest, total = _item_correlations(answers, membership)
    inter = _inter_item(answers)
    decisions = _Decisions(list(answers.columns))
    _apply_item_total(decisions, answers, rest if correct_overlap else total, minimum_item_total, correct_overlap)
    pairs = _apply_redundancy(decisions, inter, rest, maximum_inter_item)
    for check in checks:
        _apply_check(decisions, check)
    for item in key_contradicted:
        text = "answers contradict the declared direction: mend the key, then screen again"
        decisions.override(item, "review", text, Reason("key_contradicted", float(rest[item])))
    table = _table(answers, membership, total, rest, inter, checks, decisions)
    return ItemScreening(table, pairs, minimum_item_total, maximum_inter_item, len(answers), (), decisions.findings())


class _Decisions:
    """Decision and reasons of each item while the rules are applied."""

    def __init__(self, items: list[Label]) -> None:
        self.decision: dict[Label, str] = dict.fromkeys(items, "keep")
        self.reasons: dict[Label, list[str]] = {item: [] for item in items}
        self.data: dict[Label, list[Reason]] = {item: [] for item in items}

    def add(self, item: Label, decision: Decision, text: str, reason: Reason) -> None:
        """Add a reason; the decision only ever hardens."""
        self.reasons[item].append(text)
        self.data[item].append(reason)
        if _RANK[decision] > _RANK[self.decision[item]]:
            self.decision[item] = decision

    def override(self, item: Label, decision: Decision, text: str, reason: Reason) -> None:
        """Put a reason first and replace the decision."""
        self.reasons[item].insert(0, text)
        self.data[item].insert(0, reason)
        self.decision[item] = decision

    def findings(self) -> dict[Label, tuple[Reason, ...]]:
        """Return the reasons as data."""
        return {item: tuple(reasons) for item, reasons in self.data.items()}


def _membership(answers: pd.DataFrame, scales: Mapping[str, Sequence[str]] | None) -> dict[str, str]:
    """Return the scale of each item."""
    if answers.shape[1] < 2:
        raise InputShapeError("screening needs at least two items")
    members = {"all items": list(answers.columns)} if scales is None else {k: list(v) for k, v in scales.items()}
    found: dict[str, str] = {}
    for scale, items in members.items():
        if len(items) < 2:
            raise InputShapeError(f"scale {scale!r} has {len(items)} item(s); an item-total correlation needs two")
        for item in items:
            if item in found or item not in answers.columns:
                fault = f"in scale {found[item]!r} already" if item in found else "not a column of the responses"
                raise InputShapeError(f"scale {scale!r} names {item!r}, which is {fault}")
            found[item] = scale
    loose = [item for item in answers.columns if item not in found]
    if loose:
        raise InputShapeError(f"items in no scale: {listed(loose)}; add them to one or leave the columns out")
    return found


def _require_known(answers: pd.DataFrame, contradicted: Collection[str], checks: Sequence[ItemCheck]) -> None:
    """Refuse checks that name items which are not there."""
    named = {"key_contradicted": list(contradicted)} | {check.name: list(check.values.index) for check in checks}
    for source, items in named.items():
        known_items(items, answers.columns, source)


def _item_correlations(answers: pd.DataFrame, membership: Mapping[str, str]) -> tuple[pd.Series, pd.Series]:
    """Return Spearman correlations of each item with the rest and with the total of its scale."""
    rest: dict[str, float] = {}
    total: dict[str, float] = {}
    values, scales = (
        answers.to_numpy(dtype=float),
        np.array([membership[item] for item in answers.columns], dtype=object),
    )
    for scale in dict.fromkeys(membership.values()):
        items = [item for item in answers.columns if membership[item] == scale]
        one, other = rest_and_total(values[:, scales == scale])
        rest |= dict(zip(items, one, strict=True))
        total |= dict(zip(items, other, strict=True))
    items, index = list(answers.columns), answers.columns
    return pd.Series([rest[item] for item in items], index), pd.Series([total[item] for item in items], index)


def _inter_item(answers: pd.DataFrame) -> pd.DataFrame:
    """Return the Spearman matrix over complete pairs, with an empty diagonal."""
    matrix = pairwise_spearman(answers)
    return matrix.mask(np.eye(len(matrix), dtype=bool))


def _apply_item_total(
    decisions: _Decisions, answers: pd.DataFrame, correlation: pd.Series, minimum: float, corrected: bool
) -> None:
    """Drop items whose correlation with the rest or with the total is at or under the minimum, or undefined."""
    called = "corrected item-total" if corrected else "item-total"
    undefined = {0: ("unanswered", "no answers"), 1: ("constant", "everybody gives the same answer")}
    for item, value in correlation.items():
        if np.isnan(value):
            kind, why = undefined.get(answers[item].nunique(), ("too_few_answers", "too few answers"))
            text = f"item-total correlation undefined: {why}"
            decisions.add(item, "drop", text, Reason(kind, limit=minimum))
        elif value <= minimum:
            kind = "item_rest_low" if corrected else "item_total_low"
            text = f"{called} correlation {value:.2f}, not above {minimum:.2f}"
            decisions.add(item, "drop", text, Reason(kind, float(value), minimum))


def _apply_redundancy(decisions: _Decisions, inter: pd.DataFrame, rest: pd.Series, maximum: float) -> pd.DataFrame:
    """Drop the weaker item of each redundant pair, in order of falling correlation; name pairs without correlation."""
    items = list(inter.columns)
    values = inter.to_numpy()
    upper = [(values[i, j], i, j) for i, j in np.argwhere(np.tril(values > maximum, -1)).tolist()]
    rows = []
    for rho, later, earlier in sorted(upper, key=lambda pair: (-pair[0], pair[1], pair[2])):
        a, b = items[earlier], items[later]
        dropped = ""
        if "drop" not in (decisions.decision[a], decisions.decision[b]):
            dropped, kept = (a, b) if rest[a] < rest[b] else (b, a)
            weaker = "equal item-rest correlations, the later item" if rest[a] == rest[b] else "weaker item-rest"
            text = (
                f"inter-item correlation {rho:.2f} with {kept}, above {maximum:.2f}; "
                f"{weaker} ({rest[dropped]:.2f} against {rest[kept]:.2f})"
            )
            details = {"item_rest": float(rest[dropped]), "other_item_rest": float(rest[kept])}
            decisions.add(dropped, "drop", text, Reason("redundant", float(rho), maximum, (kept,), "", details))
        rows.append({"item_a": a, "item_b": b, "rho": rho, "dropped": dropped})
    _apply_untested_pairs(decisions, items, values, maximum)
    return pd.DataFrame(rows, columns=["item_a", "item_b", "rho", "dropped"])


def _apply_untested_pairs(decisions: _Decisions, items: list[Label], values: np.ndarray, maximum: float) -> None:
    """Put pairs of remaining items whose correlation is undefined up for review."""
    left = np.array([decisions.decision[item] != "drop" for item in items])
    unknown = np.isnan(values) & left & left[:, None] & ~np.eye(len(items), dtype=bool)
    for place in np.flatnonzero(unknown.any(axis=1)):
        partners = tuple(items[other] for other in np.flatnonzero(unknown[place]))
        text = f"inter-item correlation with {listed(partners)} could not be computed"
        reason = Reason("untested", limit=maximum, other=partners, check="inter_item")
        decisions.add(items[place], "review", text, reason)


def _apply_check(decisions: _Decisions, check: ItemCheck) -> None:
    """Add the reasons of one further check."""
    for item, reason in check.findings.items():
        text = str(check.reasons.get(item, reason.kind)) or reason.kind
        decisions.add(item, check.decision_on(reason), text, reason)


def _table(
    answers: pd.DataFrame,
    membership: Mapping[str, str],
    total: pd.Series,
    rest: pd.Series,
    inter: pd.DataFrame,
    checks: Sequence[ItemCheck],
    decisions: _Decisions,
) -> pd.DataFrame:
    """Put one row an item together."""
    items = list(answers.columns)
    sizes = inter.fillna(-np.inf).to_numpy()
    highest = sizes.max(axis=1)
    known = highest > -np.inf
    nearest = [items[place] if some else "" for place, some in zip(sizes.argmax(axis=1), known, strict=True)]
    columns: dict[str, object] = {
        "item": items,
        "scale": [membership[item] for item in items],
        "n": answers.notna().sum().to_numpy(),
        "item_total": total.to_numpy(),
        "item_rest": rest.to_numpy(),
        "highest_inter_item": np.where(known, highest, np.nan),
        "highest_with": nearest,
    }
    columns |= {check.name: check.values.reindex(items).to_numpy() for check in checks}
    columns["decision"] = [decisions.decision[item] for item in items]
    columns["reasons"] = ["; ".join(decisions.reasons[item]) for item in items]
    return pd.DataFrame(columns)
