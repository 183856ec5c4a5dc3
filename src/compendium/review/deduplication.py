"""Reports of one publication brought together: identifiers first, then similar titles; every merge is on record."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations, pairwise

import pandas as pd

from compendium.review.exports import normalise_doi, normalise_title, surname

MERGED, POSSIBLE, APART = "merged", "possible duplicate", "kept apart"
# Chosen on the labelled set of the tests: above the first, precision stays at 1; between the two, a person decides.
MERGE_ABOVE = 95.0
ASK_ABOVE = 85.0
# One DOI on two titles that have little in common is a supplement of abstracts or a slip of the export.
SAME_DOI_TITLE = 50.0
SHORT_TITLE = 4
RARE_WORDS = 5
LARGEST_BLOCK = 60
DECIDED = ("person", "id")
IDENTIFIERS = ("person", "id", "doi", "pmid")
AUDIT_COLUMNS = ("first", "second", "rule", "similarity", "decision", "reason")


@dataclass(frozen=True)
class Deduplicated:
    """Which record each report belongs to, and every pair that was looked at.

    Attributes
    ----------
    record : Series
        Number of the cluster of each report, indexed like the reports.
    audit : DataFrame
        ``first second rule similarity decision reason``: one row a pair merged, kept apart, or left to a person.
    """

    record: pd.Series[int]
    audit: pd.DataFrame


@dataclass(frozen=True)
class _Pair:
    """Two reports and what speaks for one publication."""

    first: int
    second: int
    rule: str
    similarity: float
    reason: str = ""


class _Clusters:
    """Disjoint sets that remember who must stay apart."""

    def __init__(self, size: int, apart: set[tuple[int, int]]) -> None:
        self.parent = list(range(size))
        self.members = {number: {number} for number in range(size)}
        self.apart: dict[int, set[int]] = defaultdict(set)
        for first, second in apart:
            self.apart[first].add(second)
            self.apart[second].add(first)

    def find(self, number: int) -> int:
        """Return the representative of a set."""
        while self.parent[number] != number:
            self.parent[number] = self.parent[self.parent[number]]
            number = self.parent[number]
        return number

    def must_stay_apart(self, low: int, high: int) -> bool:
        """Say whether a person keeps any two members of these sets apart."""
        return any(self.apart[member] & self.members[high] for member in self.members[low] if member in self.apart)

    def undecided(self, first: int, second: int) -> bool:
        """Say whether two members are neither joined nor kept apart."""
        low, high = self.find(first), self.find(second)
        return low != high and not self.must_stay_apart(low, high)

    def join(self, first: int, second: int) -> bool:
        """Join two sets unless that would bring together what must stay apart."""
        low, high = sorted((self.find(first), self.find(second)))
        if low == high:
            return True
        if self.must_stay_apart(low, high):
            return False
        self.parent[high] = low
        self.members[low] |= self.members.pop(high)
        return True


def deduplicate(reports: pd.DataFrame, overrides: pd.DataFrame | None = None) -> Deduplicated:
    """Find reports of the same publication.

    Rules, in this order: a person's decision; the same DOI (titles at least half alike); the same PMID; titles at least
    95 % alike (Indel similarity, words as given or sorted) where years differ by at most one and neither first authors
    nor DOIs contradict. Titles 85 to 95 % alike, alike with years further apart, or alike and shorter than
    four words, are listed for a person and not merged. Candidate pairs share a title, one of its five rarest words, or
    first author and year. Missing years, authors and DOIs contradict nothing.

    Parameters
    ----------
    reports : DataFrame
        As :func:`compendium.review.exports.read_exports` returns them.
    overrides : DataFrame, optional
        ``first second decision reason`` with report ids and ``merge`` or ``apart``.

    Returns
    -------
    Deduplicated

    References
    ----------
    Rathbone, J., et al. (2015). Better duplicate detection for systematic reviewers. Systematic Reviews, 4, 6 (blocking
    and staged rules). Bachmann, M. rapidfuzz: ``fuzz.token_sort_ratio``.

    Notes
    -----
    Validated against labelled sets with planted duplicates (typing errors, missing fields, subtitles cut) in the tests.
    """
    keys = _keys(reports)
    forced, apart = _overrides(reports, overrides)
    clusters = _Clusters(len(reports), {(pair.first, pair.second) for pair in apart})
    rows = [_row(reports, pair, APART) for pair in apart]
    seen = {(pair.first, pair.second) for pair in apart}
    for pair in [*forced, *_exact(keys, "doi"), *_exact(keys, "pmid"), *_similar(keys)]:
        if (pair.first, pair.second) in seen:
            continue
        seen.add((pair.first, pair.second))
        wanted = pair.similarity >= MERGE_ABOVE or pair.rule in IDENTIFIERS
        if not wanted or (pair.reason and pair.rule not in DECIDED):
            if clusters.undecided(pair.first, pair.second):
                rows.append(_row(reports, pair, POSSIBLE))
        elif clusters.join(pair.first, pair.second):
            rows.append(_row(reports, pair, MERGED))
        else:
            rows.append(_row(reports, pair, APART))
    record = pd.Series([clusters.find(number) for number in range(len(reports))], index=reports.index, dtype="int64")
    return Deduplicated(record, pd.DataFrame(rows, columns=list(AUDIT_COLUMNS)))


def _keys(reports: pd.DataFrame) -> pd.DataFrame:
    """Return what is compared: plain title, DOI, PMID, year and first author."""
    titles = [normalise_title(title) for title in reports["title"]]
    return pd.DataFrame(
        {
            "title": titles,
            "doi": [normalise_doi(doi) for doi in reports["doi"]],
            "pmid": [pmid.strip() for pmid in reports["pmid"]],
            "year": [int(year) if year.isdigit() else 0 for year in reports["year"]],
            "author": [surname(authors) for authors in reports["authors"]],
        }
    )


def _overrides(reports: pd.DataFrame, overrides: pd.DataFrame | None) -> tuple[list[_Pair], list[_Pair]]:
    """Return the pairs that a person joined and those that a person keeps apart."""
    if overrides is None or overrides.empty:
        return [], []
    place = {name: number for number, name in enumerate(reports["report"])}
    joined: list[_Pair] = []
    apart: list[_Pair] = []
    for row in overrides.itertuples():
        first, second = sorted((place[str(row.first)], place[str(row.second)]))
        rule = "id" if row.reason == "id" else "person"
        pair = _Pair(first, second, rule, float("nan"), str(row.reason))
        (joined if row.decision == "merge" else apart).append(pair)
    return joined, apart


def _exact(keys: pd.DataFrame, column: str) -> Iterator[_Pair]:
    """Yield neighbours among reports with the same identifier."""
    titles = keys["title"].tolist()
    for places in _places(keys[column]):
        for first, second in pairwise(places):
            alike = _likeness(titles[first], titles[second]) if titles[first] and titles[second] else 100.0
            reason = "" if alike >= SAME_DOI_TITLE else f"titles differ although the {column} is the same"
            yield _Pair(first, second, column, alike, reason)


def _similar(keys: pd.DataFrame) -> Iterator[_Pair]:
    """Yield pairs of similar titles, the most similar first."""
    titles, years = keys["title"].tolist(), keys["year"].tolist()
    authors, dois = keys["author"].tolist(), keys["doi"].tolist()
    found = []
    for first, second in sorted(_candidates(keys)):
        alike = _likeness(titles[first], titles[second])
        if alike < ASK_ABOVE or (dois[first] and dois[second] and dois[first] != dois[second]):
            continue
        if _other_author(authors[first], authors[second]):
            continue
        reason = _doubt(titles[first], (years[first], years[second]), authors[first] and authors[second])
        found.append(_Pair(first, second, "title", alike, reason))
    yield from sorted(found, key=lambda pair: (-pair.similarity, pair.first, pair.second))


def _other_author(author: str, other: str) -> bool:
    """Say whether both first authors are known and differ."""
    from rapidfuzz import fuzz

    return bool(author and other) and fuzz.ratio(author, other) < ASK_ABOVE


def _doubt(title: str, years: tuple[int, int], author: str) -> str:
    """Say why alike titles are not enough: the years, or a title so short that many share it."""
    if all(years) and abs(years[0] - years[1]) > 1:
        return "years differ"
    if len(title.split()) < SHORT_TITLE and not (author and all(years)):
        return "title too short to tell"
    return ""


def _likeness(first: str, second: str) -> float:
    """Return how alike two plain titles are, 0 to 100, whichever is higher: word by word in order, or sorted.

    Sorting forgives words in another order; the given order forgives a slip that would move a word when sorted.
    """
    from rapidfuzz import fuzz

    return float(max(fuzz.ratio(first, second), fuzz.token_sort_ratio(first, second)))


def _candidates(keys: pd.DataFrame) -> set[tuple[int, int]]:
    """Return pairs that share a title, a rare word of it, or first author and year; what many share tells nothing."""
    pairs: set[tuple[int, int]] = set()
    for same in _places(keys["title"]):
        pairs.update(pairwise(same))
    for members in _blocks(keys):
        if len(members) <= LARGEST_BLOCK:
            pairs.update(combinations(members, 2))
    return pairs


def _blocks(keys: pd.DataFrame) -> Iterator[list[int]]:
    """Yield the places of reports that share a rare word, or first author and year."""
    words = [set(title.split()) for title in keys["title"]]
    frequency = Counter(word for title in words for word in title)
    blocks: dict[str, list[int]] = defaultdict(list)
    for number, title in enumerate(words):
        for word in sorted(title, key=lambda text: (frequency[text], text))[:RARE_WORDS]:
            blocks[word].append(number)
    yield from blocks.values()
    known = (keys["author"] != "") & (keys["year"] > 0)
    yield from _places((keys["author"] + " " + keys["year"].astype(str)).where(known, ""))


def _places(keys: pd.Series[str]) -> Iterator[list[int]]:
    """Yield the places that share a key, for every key that is filled; pandas would build a table for each."""
    found: dict[str, list[int]] = defaultdict(list)
    for number, key in enumerate(keys):
        if key:
            found[key].append(number)
    yield from found.values()


def _row(reports: pd.DataFrame, pair: _Pair, decision: str) -> dict[str, object]:
    """Write one pair down."""
    names = reports["report"]
    return {
        "first": names.iloc[pair.first],
        "second": names.iloc[pair.second],
        "rule": pair.rule,
        "similarity": pair.similarity,
        "decision": decision,
        "reason": pair.reason,
    }
