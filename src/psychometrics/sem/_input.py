"""A request checked, and the responses sorted into groups: everyone is one group unless groups are given."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from psychometrics._checks import cluster_codes, near, numeric_table, refuse_constant
from psychometrics.errors import InputShapeError, ModelError, TooFewPersonsError
from psychometrics.ordinal import OrdinalResponses, encode
from psychometrics.sem._clusters import Clusters
from psychometrics.sem.model import CfaModel

Array = NDArray[np.float64]
Estimator = Literal["WLSMV", "ULSMV", "ML", "MLR"]
Missing = Literal["listwise", "pairwise", "fiml"]
# A column of the responses, or one value for each row.
Labels: TypeAlias = Hashable | pd.Series | NDArray[Any] | list[Any]

FEWEST_CATEGORIES = 3
EVERYONE = "all"
ORDERED = ("WLSMV", "ULSMV")
_RULES: dict[str, tuple[str, ...]] = {
    "WLSMV": ("listwise", "pairwise"),
    "ULSMV": ("listwise", "pairwise"),
    "ML": ("listwise", "fiml"),
    "MLR": ("listwise", "fiml"),
}


@dataclass(frozen=True)
class Sorted:
    """A model with the responses of each group; the reference group comes first.

    Attributes
    ----------
    model : CfaModel
    estimator, missing : str
    names : tuple of str
        One name, "all", when there are no groups.
    several : bool
        Whether groups were given.
    sizes : Series of int
        Persons of each group after the missing rule.
    n_given : int
        Rows of the responses.
    coded : tuple of OrdinalResponses
        For ordered items, else empty.
    values : tuple of ndarray
        For continuous items, else empty.
    clusters : Clusters or None
    """

    model: CfaModel
    estimator: Estimator
    missing: Missing
    names: tuple[str, ...]
    several: bool
    sizes: pd.Series[int]
    n_given: int
    coded: tuple[OrdinalResponses, ...] = ()
    values: tuple[Array, ...] = ()
    clusters: Clusters | None = None

    @property
    def ordered(self) -> bool:
        """Whether the items are taken as ordered categories."""
        return self.estimator in ORDERED

    @classmethod
    def of(
        cls,
        model: CfaModel,
        responses: pd.DataFrame,
        groups: pd.Series | None,
        clusters: pd.Series | None,
        estimator: Estimator,
        missing: Missing,
        reference: str | None = None,
    ) -> Sorted:
        """Check a request and sort the responses."""
        check_request(model, responses, estimator, missing)
        answers = answers_of(model, responses)
        kept = kept_rows(answers, missing)
        names: tuple[str, ...]
        if groups is None:
            member, names = np.full(len(kept), EVERYONE, dtype=object), (EVERYONE,)
        else:
            member = labels_as_text(groups)
            kept = kept & groups.notna().to_numpy()
            names = _ordered(pd.Series(member[kept]), reference)
        rows = [kept & (member == name) for name in names]
        sizes = pd.Series([int(part.sum()) for part in rows], index=list(names), name="n", dtype=int)
        for size in sizes:
            _check_persons(int(size), len(model.items))
        found = cls(model, estimator, missing, names, groups is not None, sizes, len(responses))
        # One group's rows at a time: those of a million are large.
        return found._filled((answers[part] for part in rows), None if clusters is None else _clusters(clusters, rows))

    @classmethod
    def counted(cls, model: CfaModel, rows: pd.DataFrame, persons: Array, missing: Missing) -> Sorted:
        """Sort the ordered answers of everybody, of which each row stands for so many persons."""
        check_request(model, rows, "WLSMV", missing)
        answers = answers_of(model, rows)
        kept = kept_rows(answers, missing)
        coded = encode(answers[kept], "pairwise" if missing == "pairwise" else "listwise")
        coded = replace(coded, weights=np.asarray(persons, dtype=float)[kept])
        sizes = pd.Series([coded.n_persons], index=[EVERYONE], name="n", dtype=int)
        _check_persons(coded.n_persons, len(model.items))
        return cls(model, "WLSMV", missing, (EVERYONE,), False, sizes, int(persons.sum()), (coded,))

    def _filled(self, parts: Iterable[pd.DataFrame], clusters: Clusters | None) -> Sorted:
        """Encode the responses of each group."""
        coded: tuple[OrdinalResponses, ...] = ()
        values: tuple[Array, ...] = ()
        if self.ordered:
            coded = tuple(encode(part, "pairwise" if self.missing == "pairwise" else "listwise") for part in parts)
        else:
            values = tuple(_continuous(part) for part in parts)
        return Sorted(
            self.model,
            self.estimator,
            self.missing,
            self.names,
            self.several,
            self.sizes,
            self.n_given,
            coded,
            values,
            clusters,
        )


def check_request(model: CfaModel, responses: pd.DataFrame, estimator: str, missing: str) -> None:
    """Refuse a request that makes no sense before anything is computed."""
    if estimator not in _RULES:
        raise ModelError(f"estimator={estimator!r} is unknown; use one of {', '.join(_RULES)}.")
    if missing not in _RULES[estimator]:
        allowed = " or ".join(repr(rule) for rule in _RULES[estimator])
        raise ModelError(f"{estimator} takes missing={allowed}, not {missing!r}.")
    known = [str(name) for name in responses.columns]
    unknown = [item for item in model.items if item not in known]
    if unknown:
        raise ModelError(f"The responses have no item {', '.join(unknown)}{near(unknown[0], known)}.")
    repeated = sorted({item for item in model.items if known.count(item) > 1})
    if repeated:
        raise ModelError(f"The responses hold {', '.join(repeated)} more than once.")


def answers_of(model: CfaModel, responses: pd.DataFrame) -> pd.DataFrame:
    """Responses to the model's items, under the names that the model gives them."""
    return responses.set_axis([str(name) for name in responses.columns], axis=1)[list(model.items)]


def labels(source: Labels | None, responses: pd.DataFrame, role: str) -> pd.Series | None:
    """One label a row, from a column of the responses or from values with their index."""
    if source is None:
        return None
    if isinstance(source, pd.Series):
        if not source.index.equals(responses.index):
            raise InputShapeError(f"{role} must have one value for each row of the responses, with the same index.")
        return source
    if isinstance(source, np.ndarray | list):
        if len(source) != len(responses):
            raise InputShapeError(f"{role} has {len(source)} values for {len(responses)} rows of responses.")
        return pd.Series(source, index=responses.index)
    if source not in responses.columns:
        raise ModelError(f"The responses have no column {source!r} to {role} by.")
    return responses[source]


def labels_as_text(groups: pd.Series) -> NDArray[Any]:
    """Names of groups as text, None where missing."""
    text = groups.astype("string").astype(object)
    return np.asarray(text.where(text.notna(), None).to_numpy(), dtype=object)


def kept_rows(answers: pd.DataFrame, missing: str) -> NDArray[np.bool_]:
    """Rows that the missing rule keeps."""
    absent = answers.isna().to_numpy()
    return np.asarray(~absent.any(axis=1) if missing == "listwise" else ~absent.all(axis=1))


def _ordered(member: pd.Series, reference: str | None) -> tuple[str, ...]:
    """Names of the groups, largest first, or a given reference first."""
    sizes = member.value_counts()
    names = sorted(map(str, sizes.index), key=lambda name: (-int(sizes[name]), name))
    if len(names) < 2:
        raise ModelError(f"Groups are compared; {len(names)} has answers after the missing rule. Give two or more.")
    if reference is None:
        return tuple(names)
    if reference not in names:
        raise ModelError(f"reference={reference!r} is no group with answers; use one of {', '.join(names)}.")
    return (reference, *[name for name in names if name != reference])


def _clusters(clusters: pd.Series, rows: list[NDArray[np.bool_]]) -> Clusters:
    """Give a cluster the same number in every group."""
    number = cluster_codes(clusters, len(clusters))
    found, dense = np.unique(np.concatenate([number[part] for part in rows]), return_inverse=True)
    ends = np.cumsum([int(part.sum()) for part in rows])[:-1]
    codes = tuple(np.asarray(part, np.intp) for part in np.split(dense, ends))
    if any(np.unique(part).size < 2 for part in codes):
        raise TooFewPersonsError(
            "A group has one cluster only; errors cannot be estimated from differences of clusters."
        )
    return Clusters(codes, int(found.size))


def check_same_categories(coded: tuple[OrdinalResponses, ...], names: tuple[str, ...]) -> None:
    """Every item needs the same categories in every group, three at least."""
    for place, item in enumerate(coded[0].items):
        found = [part.categories[place] for part in coded]
        if len(set(found)) > 1:
            named = "; ".join(f"{name}: {', '.join(map(str, codes))}" for name, codes in zip(names, found, strict=True))
            raise ModelError(
                f"{item} is answered with other categories in one group than in another ({named}). Join categories "
                "with merge_categories, or leave the item out."
            )
        if len(found[0]) < FEWEST_CATEGORIES:
            raise ModelError(
                f"{item} has {len(found[0])} categories; equal thresholds can be tested from {FEWEST_CATEGORIES} on. "
                "Leave the item out, or take items as continuous."
            )


def _check_persons(n_persons: int, n_items: int) -> None:
    """Refuse no more persons than items."""
    if n_persons <= n_items:
        raise TooFewPersonsError(
            f"{n_persons} persons for {n_items} items: a factor model needs more persons than items, and many more to "
            "be worth reading. Fit fewer items, or report item statistics only."
        )


def _continuous(responses: pd.DataFrame) -> Array:
    """Numeric responses of a group."""
    table = numeric_table(responses)
    refuse_constant(table)
    values = table.to_numpy()
    if np.isnan(values).any():
        _check_overlap(~np.isnan(values), list(responses.columns))
    return np.asarray(values)


def _check_overlap(present: NDArray[np.bool_], names: list[str]) -> None:
    """Every pair of items needs persons who answered both: their covariance is in no likelihood otherwise."""
    together = present.astype(float).T @ present
    apart = np.argwhere(np.triu(together < 2, 1))
    if len(apart):
        one, other = (names[k] for k in apart[0])
        raise TooFewPersonsError(
            f"Fewer than two persons answered both {one} and {other} ({len(apart)} such pairs). Drop one of the items, "
            "or analyse the forms separately."
        )
