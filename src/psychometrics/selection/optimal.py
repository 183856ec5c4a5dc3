"""The best set of items of a wanted size under stated constraints, as an integer programme."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from scipy import optimize

from psychometrics._checks import Label, numeric_column
from psychometrics.errors import InputShapeError, ModelError
from psychometrics.selection.reasons import Reason, reason_table


@dataclass(frozen=True)
class ItemSelection:
    """Chosen items; see :func:`select_items`.

    Attributes
    ----------
    table : DataFrame
        One row an item: ``item``, ``scale``, ``value``, ``chosen``, ``reason``.
    scales : DataFrame
        One row a scale: ``scale``, ``n_candidates``, ``n_chosen``, ``value``.
    objective : float
        Sum of the values of the chosen items.
    constraints : tuple of str
        Every constraint in words.
    findings : mapping of item to Reason
        Why each item is in or out, as data: ``chosen``, ``excluded``, ``redundant_with_chosen`` or ``outranked``.
    bounds : tuple of Constraint
        Every constraint as data.
    """

    table: pd.DataFrame
    scales: pd.DataFrame
    objective: float
    constraints: tuple[str, ...]
    findings: Mapping[Label, Reason] = field(default_factory=dict)
    bounds: tuple[Constraint, ...] = ()

    def reason_frame(self) -> pd.DataFrame:
        """Return one row an item: item, place, kind, check, value, limit, other."""
        return reason_table({item: (reason,) for item, reason in self.findings.items()})

    @property
    def chosen(self) -> list[str]:
        """Chosen items in their order."""
        return list(self.table.loc[self.table["chosen"], "item"])

    def to_frame(self) -> pd.DataFrame:
        """Return a copy of the table of items."""
        return self.table.copy()


@dataclass(frozen=True)
class Constraint:
    """Lower and upper bound on how many of some items are chosen.

    Attributes
    ----------
    kind : str
        ``size``, ``scale_minimum``, ``scale_maximum``, ``redundant_pair``, ``coverage``, ``required`` or
        ``excluded``.
    subject : str
        The scale or theme it is about, or the reason of an exclusion; empty otherwise.
    items : tuple
        Items it counts.
    lower, upper : float
        How many of them may be chosen.
    name : str
        The same in words.
    """

    kind: str
    subject: str
    items: tuple[Label, ...]
    lower: float
    upper: float
    name: str


def select_items(
    values: pd.Series,
    scales: Mapping[str, Sequence[str]],
    size: int | None = 52,
    minimum_value: float = 0.0,
    minimum_per_scale: int | Mapping[str, int] = 0,
    maximum_per_scale: int | None = None,
    redundant_pairs: Sequence[tuple[str, str]] = (),
    coverage: Mapping[str, Collection[str]] | None = None,
    required: Collection[str] = (),
    excluded: Mapping[str, str] | None = None,
) -> ItemSelection:
    r"""Choose the items with the largest sum of values that keep every constraint.

    .. math:: \max_x \sum_i v_i x_i, \quad x_i \in \{0, 1\}

    subject to: `size` items in all; at least and at most so many of each scale; at most one of a redundant pair; at
    least one item of every theme; required items in, excluded items out. Without a size, every item that deserves it:
    the sum of :math:`v_i` - `minimum_value` is maximised, so that an item enters only when its value exceeds it or a
    constraint needs it. Items with equal merit are taken in their order.

    Parameters
    ----------
    values : Series, shape (n_items,)
        Merit of each item, for example its information over the trait, its loading or its item-rest correlation.
    scales : mapping of str to sequence of str
        Items of each scale; every item of `values` in exactly one.
    size : int or None
    minimum_value : float
        Used without a size only.
    minimum_per_scale : int or mapping of str to int
        One number for all scales, or one for each (a scale that is not named has none).
    maximum_per_scale : int
    redundant_pairs : sequence of pairs
    coverage : mapping of str to collection of str, optional
        Items that speak to each theme; one of them at least must stay.
    required : collection of str
    excluded : mapping of str to str, optional
        Items that may not be chosen, with the reason.

    Returns
    -------
    ItemSelection

    Raises
    ------
    ModelError
        No set keeps all constraints; the message lists a smallest set of constraints that clash.
    InputShapeError
        Unknown or repeated items, or a missing value.

    See Also
    --------
    screen_items, selection_stability

    References
    ----------
    van der Linden, W. J. (2005). Linear models for optimal test design. Springer, chapters 2 and 3. HiGHS: Huangfu,
    Q., & Hall, J. A. J. (2018). Parallelizing the dual revised simplex method. Mathematical Programming Computation,
    10, 119-142.

    Notes
    -----
    scipy's ``milp`` (HiGHS) solves it. Validated against complete enumeration.

    Examples
    --------
    >>> from psychometrics.selection import select_items
    >>> import pandas as pd
    >>> merit = pd.Series({"a": 0.9, "b": 0.8, "c": 0.1, "d": 0.7})
    >>> select_items(merit, {"x": ["a", "b"], "y": ["c", "d"]}, size=2, minimum_per_scale=1).chosen
    ['a', 'd']
    """
    merit, scale_of = _inputs(values, scales)
    barred = dict(excluded or {})
    constraints = _constraints(
        list(merit.index), scales, size, minimum_per_scale, maximum_per_scale, redundant_pairs, coverage or {},
        required, barred,
    )  # fmt: skip
    _require_known(merit, constraints)
    gain = merit if size is not None else merit - minimum_value
    chosen = _solve(gain, constraints)
    if chosen is None:
        clash = "; ".join(constraint.name for constraint in _clash(gain, constraints))
        raise ModelError(f"no set of items keeps all constraints; these clash: {clash}. Loosen one of them")
    return _result(merit, scale_of, chosen, constraints, barred, redundant_pairs)


def _inputs(values: pd.Series, scales: Mapping[str, Sequence[str]]) -> tuple[pd.Series, dict[str, str]]:
    """Return numeric values and the scale of each item."""
    merit = numeric_column(values, "values")
    if merit.index.has_duplicates or merit.isna().any():
        raise InputShapeError("values needs one number for each item, none missing and no item twice")
    named = [item for items in scales.values() for item in items]
    if len(named) != len(merit) or set(named) != set(merit.index):
        odd = sorted(set(named).symmetric_difference(merit.index), key=str) or "items named twice"
        raise InputShapeError(f"scales and values must name the same items, each once; they differ in {odd}")
    return merit, {item: scale for scale, items in scales.items() for item in items}


def _constraints(
    items: list[str],
    scales: Mapping[str, Sequence[str]],
    size: int | None,
    minimum: int | Mapping[str, int],
    maximum: int | None,
    pairs: Sequence[tuple[str, str]],
    coverage: Mapping[str, Collection[str]],
    required: Collection[str],
    excluded: Mapping[str, str],
) -> list[Constraint]:
    """Return every constraint with its name in words."""
    everything, most = tuple(items), np.inf if maximum is None else maximum
    found = [] if size is None else [Constraint("size", "", everything, size, size, f"{size} items in all")]
    for scale, members in scales.items():
        own, fewest = tuple(members), minimum if isinstance(minimum, int) else minimum.get(scale, 0)
        if fewest > 0:
            name = f"at least {fewest} items of {scale}"
            found.append(Constraint("scale_minimum", str(scale), own, fewest, np.inf, name))
        if maximum is not None:
            name = f"at most {maximum} items of {scale}"
            found.append(Constraint("scale_maximum", str(scale), own, 0, most, name))
    found += [Constraint("redundant_pair", "", (a, b), 0, 1, f"not both {a} and {b}") for a, b in pairs]
    found += [
        Constraint("coverage", str(theme), tuple(members), 1, np.inf, f"theme {theme} covered")
        for theme, members in coverage.items()
    ]
    found += [Constraint("required", "", (item,), 1, 1, f"{item} required") for item in required]
    found += [
        Constraint("excluded", str(why), (item,), 0, 0, f"{item} excluded ({why})") for item, why in excluded.items()
    ]
    return found


def _require_known(merit: pd.Series, constraints: Sequence[Constraint]) -> None:
    """Refuse constraints on unknown items."""
    for constraint in constraints:
        unknown = [item for item in constraint.items if item not in merit.index]
        if unknown:
            raise InputShapeError(f"constraint '{constraint.name}' names unknown items: {unknown}")


def _solve(gain: pd.Series, constraints: Sequence[Constraint]) -> np.ndarray | None:
    """Return the best choice as booleans, or None when there is none."""
    matrix = np.array([gain.index.isin(c.items) for c in constraints], dtype=float).reshape(-1, len(gain))
    # A hair of preference for earlier items makes the choice among equals the same on every machine; the scale keeps
    # that hair above the solver's absolute gap of 1e-6.
    merit = gain.to_numpy() * 1e4 / max(float(gain.abs().max()), 1e-12)
    order = np.arange(len(gain)) * 1e-5
    limits = optimize.LinearConstraint(matrix, [c.lower for c in constraints], [c.upper for c in constraints])
    found = optimize.milp(
        order - merit, constraints=limits if len(constraints) else (), integrality=1,
        bounds=optimize.Bounds(0, 1), options={"mip_rel_gap": 0.0},
    )  # fmt: skip
    return None if found.x is None else np.asarray(found.x > 0.5)


def _clash(gain: pd.Series, constraints: Sequence[Constraint]) -> list[Constraint]:
    """Return a smallest set of constraints that cannot stand together: drop each that is not needed for the clash."""
    kept = list(constraints)
    for constraint in constraints:
        rest = [other for other in kept if other is not constraint]
        if _solve(gain, rest) is None:
            kept = rest
    return kept


def _result(
    merit: pd.Series,
    scale_of: Mapping[str, str],
    chosen: np.ndarray,
    constraints: Sequence[Constraint],
    excluded: Mapping[str, str],
    pairs: Sequence[tuple[str, str]],
) -> ItemSelection:
    """Put table and reasons together."""
    taken = set(merit.index[chosen])
    findings = {item: _reason(item, float(merit[item]), taken, excluded, pairs) for item in merit.index}
    table = pd.DataFrame(
        {
            "item": merit.index,
            "scale": [scale_of[item] for item in merit.index],
            "value": merit.to_numpy(),
            "chosen": chosen,
            "reason": [_text(findings[item], excluded.get(item, "")) for item in merit.index],
        }
    )
    grouped = table.groupby("scale", sort=False)
    counts = grouped["chosen"].agg(["size", "sum"]).rename(columns={"size": "n_candidates", "sum": "n_chosen"})
    counts["value"] = table["value"].where(table["chosen"], 0.0).groupby(table["scale"], sort=False).sum()
    objective = float(merit[chosen].sum())
    names = tuple(constraint.name for constraint in constraints)
    return ItemSelection(table, counts.reset_index(), objective, names, findings, tuple(constraints))


def _reason(
    item: Label, value: float, taken: set[Label], excluded: Mapping[Label, str], pairs: Sequence[tuple[Label, Label]]
) -> Reason:
    """Say why an item is in or out."""
    if item in taken:
        return Reason("chosen", value)
    if item in excluded:
        return Reason("excluded", value)
    rivals = [b if a == item else a for a, b in pairs if item in (a, b)]
    kept = tuple(rival for rival in rivals if rival in taken)
    return Reason("redundant_with_chosen", value, other=kept) if kept else Reason("outranked", value)


def _text(reason: Reason, why: str) -> str:
    """Return the same in words."""
    return {
        "chosen": "chosen",
        "excluded": f"excluded: {why}",
        "redundant_with_chosen": f"redundant with {', '.join(str(item) for item in reason.other)}",
    }.get(reason.kind, "others serve better within the constraints")
