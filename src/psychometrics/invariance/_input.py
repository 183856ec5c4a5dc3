"""Responses sorted into groups, after every check that all levels of equality share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from psychometrics.cfa._fitting import check_items, check_persons, continuous_values
from psychometrics.cfa._model import CfaModel
from psychometrics.errors import InputShapeError, ModelError
from psychometrics.ordinal import OrdinalResponses, encode

Array = NDArray[np.float64]
FEWEST_CATEGORIES = 3
_RULES = {"WLSMV": ("listwise", "pairwise"), "ML": ("listwise", "fiml"), "MLR": ("listwise", "fiml")}


@dataclass(frozen=True)
class Grouped:
    """A model with the responses of each group; the reference group comes first.

    Attributes
    ----------
    model : CfaModel
    estimator, missing : str
    names : tuple of str
    sizes : Series of int
    coded : tuple of OrdinalResponses
        For WLSMV, else empty.
    values : tuple of ndarray
        For ML and MLR, else empty.
    cluster_codes : tuple of ndarray of int or None
        Cluster of each row, numbered alike in every group.
    """

    model: CfaModel
    estimator: Literal["WLSMV", "ML", "MLR"]
    missing: Literal["listwise", "pairwise", "fiml"]
    names: tuple[str, ...]
    sizes: pd.Series[int]
    coded: tuple[OrdinalResponses, ...] = ()
    values: tuple[Array, ...] = ()
    cluster_codes: tuple[NDArray[np.intp], ...] | None = None

    @classmethod
    def of(
        cls,
        model: CfaModel,
        responses: pd.DataFrame,
        groups: pd.Series,
        estimator: Literal["WLSMV", "ML", "MLR"],
        missing: Literal["listwise", "pairwise", "fiml"],
        reference: str | None,
        clusters: pd.Series | None,
    ) -> Grouped:
        """Check a request and sort the responses."""
        check_request(model, responses, groups, estimator, missing, clusters)
        answers = responses[list(model.items)]
        kept = kept_rows(answers, missing) & groups.notna().to_numpy()
        text = groups.astype("string").astype(object)
        member = text.where(text.notna(), None).to_numpy()
        names = _ordered(pd.Series(member[kept]), reference)
        parts = [answers[kept & (member == name)] for name in names]
        sizes = pd.Series([len(part) for part in parts], index=list(names), name="n", dtype=int)
        for size in sizes:
            check_persons(int(size), len(model.items))
        if estimator != "WLSMV":
            values = tuple(continuous_values(part, full_information=missing == "fiml") for part in parts)
            return cls(model, estimator, missing, names, sizes, values=values)
        coded = tuple(encode(part, "pairwise" if missing == "pairwise" else "listwise") for part in parts)
        _check_categories(coded, names)
        codes = None if clusters is None else _codes(clusters, [kept & (member == name) for name in names])
        return cls(model, estimator, missing, names, sizes, coded=coded, cluster_codes=codes)


def check_request(
    model: CfaModel,
    responses: pd.DataFrame,
    groups: pd.Series,
    estimator: str,
    missing: str,
    clusters: pd.Series | None,
) -> None:
    """Refuse a request that makes no sense before anything is computed."""
    if estimator not in _RULES:
        raise ModelError(f"estimator={estimator!r} is unknown; use one of {', '.join(_RULES)}.")
    if missing not in _RULES[estimator]:
        allowed = " or ".join(repr(rule) for rule in _RULES[estimator])
        raise ModelError(f"{estimator} takes missing={allowed}, not {missing!r}.")
    if model.form == "second_order":
        raise ModelError("Equalities across groups are defined for correlated, single and bifactor models.")
    if clusters is not None and estimator != "WLSMV":
        raise ModelError(f"Dependent rows (clusters) are allowed for with WLSMV only, not with {estimator}.")
    check_items(model, responses)
    for name, series in (("groups", groups), ("clusters", clusters)):
        if series is not None and not series.index.equals(responses.index):
            raise InputShapeError(f"{name} must have one value for each row of the responses, with the same index.")


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


def _check_categories(coded: tuple[OrdinalResponses, ...], names: tuple[str, ...]) -> None:
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


def _codes(clusters: pd.Series, rows: list[NDArray[np.bool_]]) -> tuple[NDArray[np.intp], ...]:
    """Give a cluster the same number in every group."""
    if clusters.isna().any():
        raise InputShapeError("clusters has missing values; every row needs its cluster.")
    number = pd.factorize(clusters)[0]
    _, dense = np.unique(np.concatenate([number[part] for part in rows]), return_inverse=True)
    ends = np.cumsum([int(part.sum()) for part in rows])[:-1]
    return tuple(np.asarray(part, np.intp) for part in np.split(dense, ends))
