"""The one front door for input: shapes, codes, names and options, with one set of messages.

A family passes every table through :func:`numeric_table` and every vector through :func:`numeric_column`; what comes
out is numeric, finite or NaN, and carries the labels it came in with, whatever they are: integers of
``DataFrame(array)``, tuples of a two-level header, text. Results are labelled alike.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from typing import Any, TypeAlias, cast

import numpy as np
import pandas as pd

from psychometrics.errors import (
    CodingError,
    ConstantItemError,
    InputShapeError,
    TooFewPersonsError,
)

#: A column's name: any hashable. Annotated loosely, because pandas does.
Label: TypeAlias = Any
#: Item to scale.
Scales: TypeAlias = Mapping[Any, Any] | pd.Series

_MOST_NAMES = 8
#: Groups that a note on what was left out names, before it says how many more there are.
MOST_LEFT_OUT = 20


# Names in messages


def listed(names: Iterable[object], most: int = _MOST_NAMES) -> str:
    """Return names for a message, cut where the list gets long."""
    every = [str(name) for name in names]
    shown = ", ".join(every[:most])
    return shown if len(every) <= most else f"{shown} and {len(every) - most} more"


def label_index(names: Iterable[Hashable]) -> pd.Index:
    """Return names as an index of one level, tuples and missing names included."""
    return pd.Index(list(names), tupleize_cols=False)


def labelled_parts(
    names: Iterable[Hashable], places: Sequence[int] | np.ndarray, parts: Sequence[Hashable], levels: tuple[str, str]
) -> pd.MultiIndex:
    """Return an index of items, by their place among `names`, and a part of each, such as a threshold."""
    kinds = label_index(dict.fromkeys(parts))
    codes: list[Any] = [places, kinds.get_indexer(pd.Index(parts))]
    sets: list[Any] = [label_index(names), kinds]
    return pd.MultiIndex(sets, codes, names=levels)


def text_names(labels: Iterable[Hashable]) -> list[str]:
    """Return a text for each label, all different: for models whose parts are named by text."""
    every = list(labels)
    plain = [str(label) for label in every]
    if len(set(plain)) == len(plain):
        return plain
    exact = [repr(label) for label in every]
    return exact if len(set(exact)) == len(exact) else [f"{name} ({place})" for place, name in enumerate(exact)]


def near(name: object, known: Iterable[object]) -> str:
    """Return a sentence that suggests the known name most like an unknown one, or nothing."""
    found = difflib.get_close_matches(str(name), [str(label) for label in known], n=1)
    return f" (did you mean {found[0]}?)" if found else ""


# Tables and columns


def numeric_table(
    table: pd.DataFrame,
    role: str = "responses",
    *,
    noun: str = "item",
    minimum_columns: int = 1,
    minimum_rows: int = 0,
) -> pd.DataFrame:
    """Return a table as floats after refusing what no statistic can use.

    Raises
    ------
    InputShapeError
        No DataFrame, fewer columns than are needed, or two columns of one name.
    TooFewPersonsError
        Fewer rows than are needed.
    CodingError
        Text or an infinite number; the column is named.
    """
    if not isinstance(table, pd.DataFrame):
        raise InputShapeError(f"{role} must be a DataFrame (rows persons, columns {noun}s), not {type(table).__name__}")
    if table.columns.nlevels > 1:
        table = table.set_axis(label_index(table.columns), axis="columns")
    repeated = table.columns[table.columns.duplicated()].unique()
    if len(repeated):
        raise InputShapeError(f"{role}: repeated {noun}s: {listed(repeated)}; give each column its own name")
    if table.shape[1] < minimum_columns:
        plural = "" if minimum_columns == 1 else "s"
        raise InputShapeError(f"{role}: needs at least {minimum_columns} {noun}{plural}, got {table.shape[1]}")
    if table.shape[0] < minimum_rows:
        raise TooFewPersonsError(f"{role}: needs at least {minimum_rows} persons, got {table.shape[0]}")
    if all(isinstance(kind, np.dtype) and kind.kind in "fiu" for kind in table.dtypes):
        whole = table.to_numpy(dtype=float)
        if not np.isinf(whole).any():
            return pd.DataFrame(whole, index=table.index, columns=table.columns, copy=True)
    values = np.empty(table.shape)
    for place, name in enumerate(table.columns):
        values[:, place] = _floats(table.iloc[:, place], f"{role}: {noun} {name}")
    return pd.DataFrame(values, index=table.index, columns=table.columns)


def numeric_column(values: pd.Series, role: str) -> pd.Series:
    """Return a series as floats, or name the one that holds text or an infinite number."""
    if not isinstance(values, pd.Series):
        raise InputShapeError(f"{role} must be a Series (one value a person), not {type(values).__name__}")
    called = role if values.name is None else f"{role}: {values.name}"
    return pd.Series(_floats(values, called), index=values.index, name=values.name)


def _floats(column: pd.Series, called: str) -> np.ndarray:
    """Return one column as floats with NaN for missing."""
    try:
        if isinstance(column.dtype, pd.CategoricalDtype):
            column = column.astype(object)
        values = column.to_numpy(dtype=float, na_value=np.nan)
    except (TypeError, ValueError) as problem:
        raise CodingError(
            f"{called} holds values that are not numbers ({problem}); replace labels by their codes"
        ) from problem
    if np.isinf(values).any():
        raise CodingError(f"{called} holds infinite values; code missing answers as NaN")
    return cast("np.ndarray", values)


def whole_codes(
    table: pd.DataFrame, minimum: float | None = None, maximum: float | None = None, noun: str = "item"
) -> None:
    """Refuse answers that are no whole-number codes, or not codes of the response scale, naming all of them at once."""
    values = table.to_numpy(dtype=float)
    wrong = values != np.floor(values)
    if minimum is not None:
        wrong |= values < minimum
    if maximum is not None:
        wrong |= values > maximum
    wrong &= ~np.isnan(values)
    faults = []
    for place in np.flatnonzero(wrong.any(axis=0)):
        found = values[wrong[:, place], place]
        codes = ", ".join(f"{value:g}" for value in np.unique(found)[:5])
        faults.append(f"{table.columns[int(place)]} ({len(found)} answers: {codes})")
    if not faults:
        return
    if minimum is None or maximum is None:
        raise CodingError(f"{noun}s hold codes that are no whole numbers: {'; '.join(faults)}; mend the data")
    raise CodingError(
        f"answers outside the codes {minimum:g} to {maximum:g}: {'; '.join(faults)}; mend the data, or "
        "declare the response scale or the not-applicable code"
    )


def constant_items(table: pd.DataFrame) -> tuple[Label, ...]:
    """Return the names of columns with fewer than two different values."""
    values = table.to_numpy(dtype=float)
    empty = np.isnan(values)
    lowest = np.where(empty, np.inf, values).min(axis=0, initial=np.inf)
    highest = np.where(empty, -np.inf, values).max(axis=0, initial=-np.inf)
    return tuple(table.columns[~(lowest < highest)])


def refuse_constant(table: pd.DataFrame, noun: str = "item") -> None:
    """Refuse columns in which nobody or everybody gave the same answer."""
    constant = constant_items(table)
    if constant:
        raise ConstantItemError(
            f"constant {noun}s: {listed(constant)}; every answer is the same, so no association with them "
            "is defined: leave them out"
        )


def require_varying(values: pd.Series, role: str) -> None:
    """Refuse a series with fewer than two different values."""
    if values.nunique(dropna=True) < 2:
        raise ConstantItemError(
            f"{role} {values.name!r} does not vary over the {values.notna().sum()} persons used; "
            "no association with it is defined. Leave it out"
        )


def require_same_rows(left: pd.Index, right: pd.Index, roles: str) -> None:
    """Refuse two tables whose rows are not the same persons in the same order."""
    if not left.equals(right):
        raise InputShapeError(
            f"{roles} must have the same index in the same order; they have {len(left)} and {len(right)} "
            "rows. Align them first, for example with reindex"
        )


def cluster_codes(clusters: pd.Series | np.ndarray | Sequence[Any], n_rows: int) -> np.ndarray:
    """Return the cluster of each row as 0, 1, ...; refuse rows without one, and fewer than two clusters."""
    named = np.asarray(clusters)
    codes, levels = pd.factorize(named if named.dtype.kind in "iu" else named.astype(object))
    if len(codes) != n_rows:
        raise InputShapeError(f"clusters name {len(codes)} rows and there are {n_rows}; give each row its cluster")
    absent = int((codes < 0).sum())
    if absent:
        raise InputShapeError(f"{absent} persons have no cluster: give each row its cluster, or leave those rows out")
    if len(levels) < 2:
        raise TooFewPersonsError(f"needs at least two clusters, got {len(levels)}")
    return np.asarray(codes)


# Scales


def scales_of(responses: pd.DataFrame, scales: Scales | None) -> dict[Label, list[Label]]:
    """Return {scale: its items in column order}; without scales all items form one, called 'all'."""
    if scales is None:
        return {"all": list(responses.columns)}
    assigned = dict(scales)
    unassigned = [item for item in responses.columns if item not in assigned or assigned[item] is None]
    unknown = [item for item in assigned if item not in responses.columns]
    if unassigned:
        raise InputShapeError(f"items without a scale: {listed(unassigned)}; assign each to one")
    if unknown:
        raise InputShapeError(f"scales name unknown items: {listed(unknown)}; the responses lack them")
    grouped: dict[Label, list[Label]] = {}
    for item in responses.columns:
        grouped.setdefault(assigned[item], []).append(item)
    return grouped


def known_items(items: Collection[Label], columns: Collection[Label], role: str) -> None:
    """Refuse names that are no columns of the responses."""
    unknown = [item for item in items if item not in columns]
    if unknown:
        raise InputShapeError(
            f"{role} names items that are not in the responses: {listed(unknown)}{near(unknown[0], columns)}"
        )


# Options


def one_of(value: object, allowed: Sequence[object], name: str) -> None:
    """Refuse an option that is not one of those allowed."""
    if value not in allowed:
        *others, last = [repr(choice) for choice in allowed]
        choices = f"{', '.join(others)} or {last}" if others else last
        raise InputShapeError(f"{name} must be {choices}, not {value!r}{near(value, allowed)}")


def share(value: float, name: str = "confidence") -> None:
    """Refuse a share that does not lie between 0 and 1."""
    if not isinstance(value, (int, float, np.number)) or not 0 < value < 1:
        raise InputShapeError(f"{name} must lie between 0 and 1, got {value!r}")


def at_least(value: float, lowest: float, name: str) -> None:
    """Refuse a number below the lowest that makes sense, or none at all."""
    if not isinstance(value, (int, float, np.number)) or not value >= lowest:
        raise InputShapeError(f"{name} must be at least {lowest:g}, got {value!r}")
