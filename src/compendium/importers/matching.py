"""Which column of an export is which question: by code first, then by wording, and never without saying so."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from compendium.importers.export import Export, fold

#: Likeness (rapidfuzz token-sort ratio, 0 to 100) from which a wording counts as found.
LIKENESS = 90.0
#: Two items whose likeness to one column differs by less than this cannot be told apart by wording.
MARGIN = 3.0

How = Literal["code", "code in another form", "wording"]


@dataclass(frozen=True)
class Match:
    """A question found in an export.

    Attributes
    ----------
    item : str
        The framework's item.
    column : str
        The export's column.
    how : str
        By its code, by its code in another form (case, prefix), or by its wording.
    likeness : float
        100 for the same code or the same words.
    text : str
        The wording that was compared, empty for codes.
    """

    item: str
    column: str
    how: How
    likeness: float = 100.0
    text: str = ""

    @property
    def certain(self) -> bool:
        """Whether nothing but the same code or the same words led here."""
        return self.likeness == 100.0


@dataclass(frozen=True)
class Matching:
    """What was found, what was not, and which columns could not be told apart."""

    found: tuple[Match, ...]
    lacking: tuple[str, ...]
    doubtful: Mapping[str, tuple[str, ...]]

    @property
    def columns(self) -> dict[str, str]:
        """Item to column."""
        return {match.item: match.column for match in self.found}

    @property
    def uncertain(self) -> tuple[Match, ...]:
        """The matches that a person should confirm."""
        return tuple(match for match in self.found if not match.certain)


def match_questions(
    export: Export, wordings: Mapping[str, Sequence[str]], *, likeness: float = LIKENESS, prefixes: Sequence[str] = ()
) -> Matching:
    """Find each question of the framework in an export.

    Parameters
    ----------
    export
        As a reader returned it.
    wordings
        Item to its wordings, in every language of the form; restricted items have none and are found by code only.
    likeness
        Least likeness of two wordings.
    prefixes
        What a form may put before the code of an item, such as ``p_`` for peers in REDCap.
    """
    found = _by_code(export.questions, wordings, prefixes)
    taken = {match.column for match in found.values()}
    left = [column for column in export.questions if column not in taken and export.wordings.get(column)]
    by_wording, doubtful = _by_wording(
        {column: str(export.wordings[column]) for column in left},
        {item: words for item, words in wordings.items() if item not in found},
        likeness,
    )
    found |= by_wording
    order = [found[item] for item in wordings if item in found]
    return Matching(tuple(order), tuple(item for item in wordings if item not in found), doubtful)


def _by_code(columns: Sequence[str], items: Iterable[str], prefixes: Sequence[str]) -> dict[str, Match]:
    """Find items whose code heads a column, as it is or in another form."""
    exact = set(columns)
    plain: dict[str, list[str]] = {}
    for column in columns:
        plain.setdefault(_plain(column, prefixes), []).append(column)
    found: dict[str, Match] = {}
    for item in items:
        same = plain.get(_plain(item, ()), [])
        if item in exact:
            found[item] = Match(item, item, "code")
        elif len(same) == 1:
            found[item] = Match(item, same[0], "code in another form")
    return found


def _plain(code: str, prefixes: Sequence[str]) -> str:
    """Return a code without prefix, case and marks that tools drop or add."""
    stripped = next((code[len(prefix) :] for prefix in prefixes if code.startswith(prefix)), code)
    return re.sub(r"[^0-9a-z]", "", fold(stripped))


def _by_wording(
    columns: Mapping[str, str], items: Mapping[str, Sequence[str]], likeness: float
) -> tuple[dict[str, Match], dict[str, tuple[str, ...]]]:
    """Find items whose wording reads like a column's; two that read alike are doubtful and left to a person."""
    from rapidfuzz import fuzz

    found: dict[str, Match] = {}
    doubtful: dict[str, tuple[str, ...]] = {}
    for column, text in columns.items():
        shown = _without_groups(text)
        scores = sorted(
            ((max(fuzz.token_sort_ratio(part, fold(word)) for word in words for part in shown), item)
             for item, words in items.items() if words),
            reverse=True,
        )[:2]  # fmt: skip
        close = [(score, item) for score, item in scores if score >= likeness]
        if not close:
            continue
        best, item = close[0]
        rivals = [other for score, other in close[1:] if best < 100.0 and best - score < MARGIN]
        if rivals or item in found:
            doubtful[column] = (item, *rivals)
        else:
            found[item] = Match(item, column, "wording", float(best), text)
    for candidates in doubtful.values():
        for item in candidates:
            found.pop(item, None)
    return found, doubtful


def _without_groups(text: str) -> list[str]:
    """Return a heading as it is compared: whole, and without what stands before each slash or dash.

    A group's name stands there (``Group/Question``), or the question above the rows of a grid (``Question - Row``).
    """
    whole = fold(text)
    return [whole, *(whole[mark.end() :] for mark in re.finditer(r"\s*[/\u2013-]\s*", whole) if whole[mark.end() :])]
