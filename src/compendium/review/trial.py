"""Exports tried before they join a review: what was read, which reports are one work, what a person should look at."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from compendium.faults import Fault, display_path
from compendium.review.deduplication import MERGED, POSSIBLE, deduplicate
from compendium.review.exports import identified
from compendium.review.names import SEPARATOR
from compendium.review.readers import FIELDS, Entry, read_references

SHOWN = ("title", "year", "container", "doi", "pmid")


@dataclass(frozen=True)
class Trial:
    """What a set of exports gives.

    Attributes
    ----------
    files
        One row a file: ``file format references unread``.
    reports
        One row a reference: ``report file line`` and its fields.
    records
        The works: lists of report ids.
    joined, listed
        Pairs of reports with the evidence; those listed are left to a person, with the reason.
    unread
        What could not be read.
    """

    files: pd.DataFrame
    reports: pd.DataFrame
    records: list[list[str]]
    joined: pd.DataFrame
    listed: pd.DataFrame
    unread: list[Fault]

    def as_data(self) -> dict[str, Any]:
        """Return everything as plain data.

        ``records`` (lists of report ids, ``file:position`` where a report has none or shares it), ``listed`` (pairs
        with the reason), ``unread`` (file, line, problem, action), ``joined`` (pairs with the evidence), ``files``
        and ``reports``.
        """
        return {
            "records": self.records,
            "listed": self.listed.to_dict("records"),
            "unread": [fault.as_row() for fault in self.unread],
            "joined": self.joined.to_dict("records"),
            "files": self.files.to_dict("records"),
            "reports": {
                row["report"]: {"authors": _names(row["authors"]), **{name: row[name] for name in SHOWN}}
                for row in self.reports.to_dict("records")
            },
        }

    def as_text(self) -> str:
        """Return everything as lines to read."""
        works, reports = len(self.records), len(self.reports)
        lines = [
            f"{row.file}: {row.format}, {row.references} references read, {row.unread} not"
            for row in self.files.itertuples()
        ]
        lines.append(
            f"{reports} reports of {works} works; {len(self.joined)} pairs joined, {len(self.listed)} for a person"
        )
        lines += [f"joined: {row.first} and {row.second} ({row.evidence})" for row in self.joined.itertuples()]
        lines += [f"look at: {row.first} and {row.second}: {row.reason}" for row in self.listed.itertuples()]
        return "\n".join([*lines, *(f"not read: {fault}" for fault in self.unread)])


def try_exports(paths: Sequence[Path]) -> Trial:
    """Read exports and bring their reports together, without a review around them.

    Parameters
    ----------
    paths
        Files in any format that a reader knows.
    """
    shown = _shown(paths)
    entries: list[tuple[str, int, Entry]] = []
    unread: list[Fault] = []
    files = []
    for path, name in zip(paths, shown, strict=True):
        parsed = read_references(path)
        known, nameless = identified(parsed, display_path(path))
        entries += [(name, position, entry) for position, entry in enumerate(known, 1)]
        faults = [*parsed.faults, *nameless]
        unread += faults
        files.append(
            {"file": name, "format": parsed.format or "not known", "references": len(known), "unread": len(faults)}
        )
    reports = _reports(entries)
    found = deduplicate(reports)
    clusters: dict[int, list[str]] = {}
    for cluster, name in zip(found.record, reports["report"], strict=True):
        clusters.setdefault(cluster, []).append(name)
    audit = found.audit
    joined = audit.loc[audit["decision"] == MERGED, ["first", "second", "evidence"]]
    listed = audit.loc[audit["decision"] == POSSIBLE, ["first", "second", "evidence", "reason"]]
    return Trial(pd.DataFrame(files), reports, list(clusters.values()), joined, listed, unread)


def _shown(paths: Sequence[Path]) -> list[str]:
    """Return the name of each file, or its path where two have one name."""
    counts = Counter(path.name for path in paths)
    return [path.name if counts[path.name] == 1 else display_path(path) for path in paths]


def _reports(entries: list[tuple[str, int, Entry]]) -> pd.DataFrame:
    """Put entries into a table; a report without an id of its own is called by file and position."""
    counts = Counter(entry.fields["own_id"] for _, _, entry in entries)
    rows = [
        {
            "report": entry.fields["own_id"]
            if counts[entry.fields["own_id"]] == 1 and entry.fields["own_id"]
            else f"{file}:{position}",
            "file": file,
            "line": entry.line,
            **entry.fields,
        }
        for file, position, entry in entries
    ]
    return pd.DataFrame(rows, columns=["report", "file", "line", *FIELDS], dtype=object)


def _names(authors: str) -> list[str]:
    """Return a list of names."""
    return [name for name in authors.split(SEPARATOR) if name]
