"""Which pairs of reports are worth comparing: few enough for hundreds of thousands of reports."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations

import numpy as np
import numpy.typing as npt

from compendium.review.identifiers import without_version
from compendium.review.matching import Report
from compendium.review.names import family_of

Pairs = npt.NDArray[np.int64]
# Groups that share a key are compared pair by pair up to this size, beyond it each with its neighbours.
WHOLE_GROUP = 30
# Neighbours compared in each sorted list of titles.
WINDOW = 4
RARE_WORDS, RAREST = 4, 12
# Likeness below which two titles are not compared word by word.
ALIKE = 74.0
CHUNK = 500_000


def candidate_pairs(reports: Sequence[Report]) -> list[tuple[int, int]]:
    """Return pairs worth comparing, as places in the list, each once and in order.

    Pairs that share a DOI (without its version), a PubMed number, a title, or a place in a journal; and pairs of
    titles that are alike among the neighbours in four sorted lists (words as given, from the last, in alphabetical
    order, by first author and year) or share a rare word.

    Notes
    -----
    Sorted neighbourhoods bound the work by the number of reports: a title that differs in one place from another
    keeps its beginning or its end, and stands beside it in one of the lists.

    References
    ----------
    Hernández, M. A., & Stolfo, S. J. (1998). Real-world data is dirty: Data cleansing and the merge/purge problem.
    Data Mining and Knowledge Discovery, 2, 9-37, section 3 (sorted neighbourhood, several passes).
    """
    pairs = set(_shared(reports))
    titled = [place for place, report in enumerate(reports) if report.title]
    pairs.update(_alike([report.title for report in reports], _neighbours(reports, titled)))
    return sorted(pairs)


def _shared(reports: Sequence[Report]) -> Iterator[tuple[int, int]]:
    """Yield pairs that share an identifier, a title, or a place in a journal."""
    keys = (
        [without_version(report.doi) for report in reports],
        [report.pmid for report in reports],
        [report.subject.replace(" ", "") for report in reports],
        [_printed(report) for report in reports],
    )
    for column in keys:
        for members in _groups(column):
            ordered = sorted(members, key=lambda place: _order(reports[place], place))
            yield from _within(ordered)


def _printed(report: Report) -> str:
    """Return year, volume and page of an article, when all are known."""
    known = report.year and report.volume and len(report.first_page) > 1
    return f"{report.year} {report.volume} {report.first_page}" if known else ""


def _order(report: Report, place: int) -> tuple[str, str, int, str, int]:
    """Return what brings like reports of a large group beside each other."""
    return report.title, family_of(report.authors), report.year, report.place, place


def _groups(keys: Iterable[str]) -> Iterator[list[int]]:
    """Yield the places that share a filled key."""
    found: dict[str, list[int]] = defaultdict(list)
    for place, key in enumerate(keys):
        if key:
            found[key].append(place)
    yield from (members for members in found.values() if len(members) > 1)


def _within(members: list[int]) -> Iterator[tuple[int, int]]:
    """Yield the pairs of a group; of a large one, each member with its neighbours."""
    if len(members) <= WHOLE_GROUP:
        yield from (_pair(*two) for two in combinations(members, 2))
        return
    for step in range(1, WINDOW + 1):
        yield from (_pair(*two) for two in zip(members, members[step:], strict=False))


def _pair(one: int, other: int) -> tuple[int, int]:
    """Return two places in order."""
    return (one, other) if one < other else (other, one)


def _neighbours(reports: Sequence[Report], titled: list[int]) -> Pairs:
    """Return the pairs of neighbours in the sorted lists and of titles that share a rare word, each once."""
    words = {place: reports[place].title.split() for place in titled}
    lists = [
        sorted(titled, key=lambda place: reports[place].title),
        sorted(titled, key=lambda place: words[place][::-1]),
        sorted(titled, key=lambda place: sorted(words[place])),
        sorted(
            titled, key=lambda place: (family_of(reports[place].authors), reports[place].year, reports[place].title)
        ),
    ]
    found = [
        np.column_stack([order[:-step], order[step:]])
        for order in (np.array(names, dtype=np.int64) for names in lists)
        for step in range(1, WINDOW + 1)
        if len(order) > step
    ]
    found.append(_rare_words(words))
    stacked = np.sort(np.vstack(found), axis=1) if found else np.empty((0, 2), dtype=np.int64)
    codes = np.sort(stacked[:, 0] * max(len(reports), 1) + stacked[:, 1])
    once = codes[np.concatenate([[True], codes[1:] != codes[:-1]])] if len(codes) else codes
    return np.column_stack(np.divmod(once, max(len(reports), 1)))


def _rare_words(words: dict[int, list[str]]) -> Pairs:
    """Return pairs that share one of their rarest words."""
    holders: dict[str, list[int]] = defaultdict(list)
    for place, title in words.items():
        for word in set(title):
            holders[word].append(place)
    pairs = [two for members in _rarest(words, holders) for two in combinations(members, 2)]
    return np.array(pairs, dtype=np.int64).reshape(-1, 2)


def _rarest(words: dict[int, list[str]], holders: dict[str, list[int]]) -> Iterator[list[int]]:
    """Yield the holders of every word that is rare and among the rarest of one of its titles."""
    wanted = {
        word
        for title in words.values()
        for word in sorted(set(title), key=lambda text: (len(holders[text]), text))[:RARE_WORDS]
    }
    yield from (holders[word] for word in sorted(wanted) if 1 < len(holders[word]) <= RAREST)


def _alike(titles: list[str], pairs: Pairs) -> Iterator[tuple[int, int]]:
    """Yield the pairs whose titles are alike, or of which one begins with the other."""
    from rapidfuzz import fuzz, process

    in_order = [" ".join(sorted(title.split())) for title in titles]
    for start in range(0, len(pairs), CHUNK):
        part = pairs[start : start + CHUNK]
        likeness = np.zeros(len(part), dtype=np.float32)
        ones, others = part[:, 0].tolist(), part[:, 1].tolist()
        for texts in (titles, in_order):
            sides = [[texts[place] for place in places] for places in (ones, others)]
            scores = process.cpdist(*sides, scorer=fuzz.ratio, score_cutoff=ALIKE, dtype=np.float32)
            likeness = np.maximum(likeness, scores)
        begun = [
            titles[one].startswith(titles[other]) or titles[other].startswith(titles[one])
            for one, other in zip(ones, others, strict=True)
        ]
        yield from map(tuple, part[(likeness > 0) | np.array(begun, dtype=bool)].tolist())
