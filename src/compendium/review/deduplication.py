"""Reports of one publication brought together on strong evidence; every pair that was looked at is on record."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import pandas as pd

from compendium.review.candidates import candidate_pairs
from compendium.review.matching import ASK, JOIN, MatchVerdict, Report, compare, report_from

MERGED, POSSIBLE, APART = "merged", "possible duplicate", "kept apart"
PERSON, OWN_ID = "a person", "id"
AUDIT_COLUMNS = ("first", "second", "evidence", "decision", "reason")
COMPARED = (
    "title",
    "authors",
    "year",
    "doi",
    "pmid",
    "container",
    "publisher",
    "volume",
    "issue",
    "pages",
    "edition",
    "type",
)
Pair = tuple[int, int]


@dataclass(frozen=True)
class Deduplicated:
    """Which record each report belongs to, and every pair that was looked at.

    Attributes
    ----------
    record : Series
        Number of the cluster of each report, indexed like the reports.
    audit : DataFrame
        ``first second evidence decision reason``: one row a pair merged, kept apart by a person, or left to one.
        ``evidence`` is what a join rests on, or what the reports have in common; ``reason`` what speaks against it.
    """

    record: pd.Series[int]
    audit: pd.DataFrame


class _Clusters:
    """Disjoint sets that remember who must stay apart, by a person's word or by what their reports say."""

    def __init__(self, reports: Sequence[Report], apart: Iterable[Pair]) -> None:
        self.reports = reports
        self.parent = list(range(len(reports)))
        self.members = {number: [number] for number in range(len(reports))}
        self.apart = {frozenset(pair) for pair in apart}
        self.judged: dict[Pair, MatchVerdict] = {}

    def find(self, number: int) -> int:
        """Return the representative of a set."""
        while self.parent[number] != number:
            self.parent[number] = self.parent[self.parent[number]]
            number = self.parent[number]
        return number

    def judge(self, one: int, other: int) -> MatchVerdict:
        """Compare two reports once."""
        pair = (one, other) if one < other else (other, one)
        if pair not in self.judged:
            self.judged[pair] = compare(self.reports[pair[0]], self.reports[pair[1]])
        return self.judged[pair]

    def must_stay_apart(self, one: int, other: int) -> bool:
        """Say whether a person keeps any two members of these sets apart."""
        if not self.apart:
            return False
        return any(frozenset((a, b)) in self.apart for a in self.members[one] for b in self.members[other])

    def contradiction(self, one: int, other: int) -> Pair | None:
        """Return two members of two sets of which the reports say that they are of different works.

        A member that a person joined to its set in spite of what the reports say does not count where its fellow
        agrees.
        """
        ours, theirs = self.members[one], self.members[other]
        for a in ours:
            for b in theirs:
                if not self.judge(a, b).against:
                    continue
                excused = any(self.judge(a, c).against and not self.judge(c, b).against for c in ours if c != a)
                excused = excused or any(
                    self.judge(b, c).against and not self.judge(a, c).against for c in theirs if c != b
                )
                if not excused:
                    return a, b
        return None

    def join(self, one: int, other: int) -> bool:
        """Join two sets unless a person keeps members of them apart."""
        low, high = sorted((self.find(one), self.find(other)))
        if low == high:
            return True
        if self.must_stay_apart(low, high):
            return False
        self.parent[high] = low
        self.members[low] += self.members.pop(high)
        return True


def deduplicate(reports: pd.DataFrame, overrides: pd.DataFrame | None = None) -> Deduplicated:
    """Find reports of the same publication.

    A person's decision is above every rule. Then pairs are joined in the order of their evidence (see
    :func:`compendium.review.matching.compare`); sets in which any two reports contradict each other are not joined, so
    that a report which could belong to two works belongs to neither and is listed. The order of the reports does not
    matter. Missing years, authors and identifiers contradict nothing.

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
    Rathbone, J., et al. (2015). Better duplicate detection for systematic reviewers. Systematic Reviews, 4, 6 (staged
    rules). Hair, K., et al. (2023). The Automated Systematic Search Deduplicator. BMC Biology, 21, 189 (pairs left to
    a person).

    Notes
    -----
    Validated against labelled sets in the tests: planted duplicates (typing errors, missing fields, other forms of
    names) and siblings (parts, years, populations, editions, sections) in several languages.
    """
    compared = _compared(reports)
    forced, apart = _overrides(reports, overrides)
    clusters = _Clusters(compared, apart)
    rows: dict[Pair, tuple[str, str, str]] = {pair: (PERSON, APART, reason) for pair, reason in apart.items()}
    for pair, (evidence, reason) in forced.items():
        joined = clusters.join(*pair)
        rows[pair] = (evidence, MERGED if joined else APART, reason)
    verdicts = {pair: clusters.judge(*pair) for pair in candidate_pairs(compared) if pair not in rows}
    for strength in sorted(
        {verdict.strength for verdict in verdicts.values() if verdict.decision == JOIN}, reverse=True
    ):
        tier = {pair: v for pair, v in verdicts.items() if v.decision == JOIN and v.strength == strength}
        rows |= _join_tier(clusters, tier)
    for pair, verdict in verdicts.items():
        one, other = (clusters.find(number) for number in pair)
        if verdict.decision == ASK and one != other and not clusters.must_stay_apart(one, other):
            rows[pair] = (verdict.evidence, POSSIBLE, verdict.reason)
    return _result(reports, clusters, rows)


def _compared(reports: pd.DataFrame) -> list[Report]:
    """Return every report in the form in which it is compared."""
    columns = {name: reports[name].fillna("").tolist() for name in COMPARED if name in reports}
    return [report_from(dict(zip(columns, values, strict=True))) for values in zip(*columns.values(), strict=True)]


def _overrides(
    reports: pd.DataFrame, overrides: pd.DataFrame | None
) -> tuple[dict[Pair, tuple[str, str]], dict[Pair, str]]:
    """Return the pairs that a person joined (or an id links) and those that a person keeps apart, with the reasons."""
    if overrides is None or overrides.empty:
        return {}, {}
    place = {name: number for number, name in enumerate(reports["report"])}
    forced: dict[Pair, tuple[str, str]] = {}
    apart: dict[Pair, str] = {}
    for row in overrides.itertuples():
        first, second = sorted((place[str(row.first)], place[str(row.second)]))
        if row.decision == "merge":
            forced[first, second] = (OWN_ID if row.reason == OWN_ID else PERSON, str(row.reason))
        else:
            apart[first, second] = str(row.reason)
    return forced, apart


def _join_tier(clusters: _Clusters, tier: dict[Pair, MatchVerdict]) -> dict[Pair, tuple[str, str, str]]:
    """Join pairs of equal evidence; sets that would hold a contradiction stay apart, and their pairs are listed."""
    linked: dict[int, set[int]] = defaultdict(set)
    for one, other in tier:
        low, high = clusters.find(one), clusters.find(other)
        if low != high:
            linked[low].add(high)
            linked[high].add(low)
    refused = {root: clash for group in _components(linked) if (clash := _clash(clusters, group)) for root in group}
    clashes = {
        pair: refused.get(clusters.find(pair[0])) for pair in tier if clusters.find(pair[0]) != clusters.find(pair[1])
    }
    rows = {}
    for pair, verdict in tier.items():
        clash = clashes.get(pair)
        if clash is None:
            decision = MERGED if clusters.join(*pair) else APART
            rows[pair] = (
                verdict.evidence,
                decision,
                "" if decision == MERGED else "a person keeps reports of them apart",
            )
        else:
            against = clusters.judge(*clash).reason or "titles differ"
            rows[pair] = (verdict.evidence, POSSIBLE, f"it could belong to two works that differ: {against}")
    return rows


def _components(linked: dict[int, set[int]]) -> list[list[int]]:
    """Return the connected groups of a graph."""
    seen: set[int] = set()
    groups = []
    for start in sorted(linked):
        group, waiting = [], [start]
        while waiting:
            root = waiting.pop()
            if root not in seen:
                seen.add(root)
                group.append(root)
                waiting += linked[root]
        groups += [sorted(group)] if group else []
    return groups


def _clash(clusters: _Clusters, group: list[int]) -> Pair | None:
    """Return two reports of a group of sets that contradict each other."""
    pairs = ((one, other) for place, one in enumerate(group) for other in group[place + 1 :])
    return next((clash for one, other in pairs if (clash := clusters.contradiction(one, other))), None)


def _result(reports: pd.DataFrame, clusters: _Clusters, rows: dict[Pair, tuple[str, str, str]]) -> Deduplicated:
    """Record the outcome of every report and every pair."""
    names = reports["report"].tolist()
    order = {MERGED: 0, APART: 1, POSSIBLE: 2}
    told = sorted(rows.items(), key=lambda item: (order[item[1][1]], item[0]))
    audit = [(names[one], names[other], *entry) for (one, other), entry in told]
    record = pd.Series([clusters.find(number) for number in range(len(names))], index=reports.index, dtype="int64")
    return Deduplicated(record, pd.DataFrame(audit, columns=list(AUDIT_COLUMNS)))
