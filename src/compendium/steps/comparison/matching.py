"""Which items of several cohorts are the same question: by framework, id, words, direction and answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import cast

import pandas as pd

from compendium.consultation import load_consultation
from compendium.framework import Framework
from compendium.study.members import Member

SAME, REWORDED, MOVED, OTHER_ANSWERS, IN_SOME = "same", "reworded", "moved", "other answers", "in some"
# How an item differs, the weightiest first: other answers make other numbers, other words another question.
KINDS = (OTHER_ANSWERS, REWORDED, MOVED)
ADDED, DROPPED = "added", "dropped"
KEEP, WORDING = "keep", "wording"
ITEM_COLUMNS = ["item", "competency", "wording", "match", "asked_in", "kept_in", "used"]
# A factor of its own is identified from three items on.
FEWEST_ITEMS = 3


def differences(first: Mapping[str, object], other: Mapping[str, object]) -> tuple[str, ...]:
    """Return how an item differs from the item of the same id in another framework; nothing where it is the same.

    Parameters
    ----------
    first, other
        What :func:`described_items` says of the item in two frameworks.

    Examples
    --------
    >>> row = {"wording": "I listen.", "competency": "a", "answers": (False, 1, 5)}
    >>> differences(row, row | {"wording": "I  listen."}), differences(row, row | {"wording": "I hear."})
    ((), ('reworded',))
    """
    found = {
        OTHER_ANSWERS: first["answers"] != other["answers"],
        REWORDED: _words(first[WORDING]) != _words(other[WORDING]),
        MOVED: first["competency"] != other["competency"],
    }
    return tuple(kind for kind in KINDS if found[kind])


def _words(text: object) -> str:
    """Return a wording without what a reader does not see: spaces that are doubled or at the ends."""
    return " ".join(str(text).split())


def described_items(framework: Framework) -> dict[str, dict[str, object]]:
    """Return what identifies the question of each item: words, competency, direction, labelled answers."""
    found: dict[str, dict[str, object]] = {}
    for item, row in framework.items.iterrows():
        scale = framework.scale_of(str(item))
        answers = (bool(row["reverse"]), scale.minimum, scale.maximum, *map(_words, scale.labels.values()))
        found[str(item)] = {WORDING: row["self_wording"], "competency": row["competency"], "answers": answers}
    return found


def item_match(members: Sequence[Member], kept_share: float) -> pd.DataFrame:
    """Match the items of every cohort, one row an item that any of them was asked.

    An item is the same where id, words, direction and ends of the answer scale agree in every cohort that was asked it;
    ``used`` are those that all were asked and at least a share of them keeps, on which cohorts are compared. Others are
    listed with the reason and never matched silently.

    Returns
    -------
    DataFrame
        :data:`ITEM_COLUMNS`: ``match`` is same, reworded, moved (to another competency), other answers (direction or
        ends), or in some (not asked of all); ``asked_in`` and ``kept_in`` count cohorts.
    """
    asked = [described_items(member.study.framework) for member in members]
    kept = [set(member.study.kept_items) for member in members]
    names = list(dict.fromkeys(item for items in asked for item in items))
    rows: list[dict[str, object]] = []
    for item in names:
        having = [items[item] for items in asked if item in items]
        differing = {kind for other in having[1:] for kind in differences(having[0], other)}
        match = next((kind for kind in KINDS if kind in differing), SAME if len(having) == len(members) else IN_SOME)
        n_kept = sum(item in items for items in kept)
        used = match == SAME and n_kept >= kept_share * len(members)
        about = {"item": item, "competency": having[0]["competency"], WORDING: having[-1][WORDING], "match": match}
        rows.append(about | {"asked_in": len(having), "kept_in": n_kept, "used": used})
    return pd.DataFrame(rows, columns=ITEM_COLUMNS)


def shared_scales(matched: pd.DataFrame) -> dict[str, list[str]]:
    """Return the items of each competency on which the cohorts are compared."""
    used = matched[matched["used"]]
    return {str(name): list(items) for name, items in used.groupby("competency", sort=False)["item"]}


def modelled_scales(scales: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """Return the competencies with enough shared items for a factor of their own."""
    return {name: list(items) for name, items in scales.items() if len(items) >= FEWEST_ITEMS}


def cohort_table(members: Sequence[Member]) -> pd.DataFrame:
    """Return one row a cohort: title, kind, people, framework, version, fieldwork."""
    rows = []
    for member in members:
        settings, about = member.study.settings, member.study.framework.description
        fieldwork = settings.fieldwork
        rows.append(
            {
                "cohort": member.name,
                "title": settings.title,
                "kind": settings.kind,
                "n": member.n,
                "framework": about.id,
                "version": about.version,
                "fieldwork": "" if fieldwork is None else _span(fieldwork),
                "items_asked": len(member.study.framework.items),
                "items_kept": len(member.study.kept_items),
            }
        )
    return pd.DataFrame(rows)


def _span(fieldwork: object) -> str:
    """Return the days of the fieldwork."""
    ends = [getattr(fieldwork, name, None) for name in ("start", "end")]
    return " to ".join(str(day) for day in ends if day is not None)


def version_changes(members: Sequence[Member]) -> pd.DataFrame:
    """Return what changed from one version of the framework to the next, with the decision that did it.

    The decision on words is the reason that the consultation of the later version gives; else, and of any other change,
    what the cohorts of the earlier version decided on the item; empty where neither says anything.

    Returns
    -------
    DataFrame
        ``item earlier later change before after decision``: an item was added, dropped, reworded, moved to another
        competency, or has other answers; before and after are its words, its competency or its answers.
    """
    whole = {member.version: member.study.whole_framework for member in members}
    versions = sorted(whole, key=_in_order)
    rows = []
    for earlier, later in pairwise(versions):
        old, new = described_items(whole[earlier]), described_items(whole[later])
        decided, consulted = _decided(members, earlier), _consulted(whole[later])
        for item in dict.fromkeys([*old, *new]):
            facts = {"item": item, "earlier": earlier, "later": later}
            for change in _changes(old.get(item), new.get(item)):
                ends = {"before": _what(change, old.get(item), whole[earlier])}
                ends |= {"after": _what(change, new.get(item), whole[later])}
                of_words = consulted if change in (ADDED, REWORDED) else {}
                why = of_words.get(item, decided.get(item, ""))
                rows.append(facts | {"change": change} | ends | {"decision": why})
    return pd.DataFrame(rows, columns=["item", "earlier", "later", "change", "before", "after", "decision"])


def _changes(old: Mapping[str, object] | None, new: Mapping[str, object] | None) -> tuple[str, ...]:
    """Return what became of an item from one version to the next."""
    if old is None or new is None:
        return (ADDED,) if old is None else (DROPPED,)
    return differences(old, new)


def _what(change: str, item: Mapping[str, object] | None, framework: Framework) -> str:
    """Return the side of an item that a change is about, in one version: its competency, its answers or its words."""
    if item is None:
        return ""
    if change == MOVED:
        return framework.labels[str(item["competency"])]
    if change == OTHER_ANSWERS:
        reverse, low, high, *labels = cast("tuple[object, ...]", item["answers"])
        ends = f"{high} to {low}" if reverse else f"{low} to {high}"
        return f"{ends}: {', '.join(map(str, labels))}" if labels else ends
    return str(item[WORDING])


def _in_order(version: str) -> tuple[tuple[int, int, str], ...]:
    """Return a sort key of a version: numbers as numbers."""
    return tuple((0, int(part), "") if part.isdigit() else (1, 0, part) for part in version.split("."))


def _decided(members: Sequence[Member], version: str) -> dict[str, str]:
    """Return what cohorts of one version decided on each item that not all of them keep."""
    decisions: dict[str, list[str]] = {}
    for member in (each for each in members if each.version == version):
        for row in member.table("item_decisions").to_dict("records"):
            if row["decision"] != KEEP:
                decisions.setdefault(str(row["item"]), []).append(f"{member.name}: {row['decision']}")
    return {item: ", ".join(texts) for item, texts in decisions.items()}


def _consulted(framework: Framework) -> dict[str, str]:
    """Return the reason that the consultation of a framework gives for the last wording of each item."""
    if framework.part("consultation") is None:
        return {}
    last = load_consultation(framework).changes.groupby("item").tail(1)
    return dict(zip(last["item"], last["reason"], strict=True))
