"""Decisions made in screening tools, brought into the review: nothing is typed again, and unknown words are refused."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from compendium.faults import Fault, display_path, suggest
from compendium.review.deduplication import POSSIBLE, deduplicate
from compendium.review.protocol import CODING_COLUMNS, DECISIONS, EXCLUDE, SCREENING_COLUMNS, Protocol
from compendium.review.screeners import Decision, read_decisions

LOG = "decisions_log"
CODING = "coding"
FOLDER = "decisions"
Files = dict[str, pd.DataFrame]


def import_decisions(
    folder: Path, protocol: Protocol, files: Files, reports: pd.DataFrame, aliases: Mapping[str, str]
) -> tuple[Files, list[Fault]]:
    """Read every file of ``decisions_log.csv`` into rows of screening and coding.

    Parameters
    ----------
    folder
        The review's folder; the tools' exports lie in ``decisions/``.
    reports
        Every reference of the searches with its ``record``.
    aliases
        Every name by which a record may be called.

    Returns
    -------
    files : dict of DataFrame
        ``screening`` and ``coding`` with the rows of the tools behind those of the files.
    faults : list of Fault
        Reviewers, reasons and codes that the protocol does not know, by name; references that no search found.
    """
    shown = display_path(folder / f"{LOG}.csv")
    screening: list[tuple[str, ...]] = []
    coding: list[tuple[str, ...]] = []
    faults: list[Fault] = []
    for place, row in files[LOG].iterrows():
        source, path = _Source(protocol, files, row, shown, int(str(place))), folder / FOLDER / str(row["file"])
        if not path.is_file():
            faults.append(Fault(shown, f"no such file in {FOLDER}/", "put it there", row=source.place, value=path.name))
            continue
        decisions, unread = read_decisions(path)
        records, unknown = _records(decisions, reports, aliases, display_path(path))
        faults += [*unread, *unknown]
        for decision, record in zip(decisions, records, strict=True):
            if record:
                screening += source.screening(decision, record)
                coding += source.coding(decision, record)
        faults += source.faults
    added = {"screening": (screening, SCREENING_COLUMNS), "coding": (coding, CODING_COLUMNS)}
    faults += _twice(files, screening, shown)
    return {name: _below(files[name], rows, columns) for name, (rows, columns) in added.items()}, faults


class _Source:
    """One file of decisions: whose they are, at which stage, and what its words mean."""

    def __init__(self, protocol: Protocol, files: Files, row: pd.Series, shown: str, place: int) -> None:
        self.protocol, self.row, self.shown, self.place = protocol, row, shown, place
        self.faults: list[Fault] = []
        frame = files["coding_frame"]
        frame = frame[frame["version"] == protocol.coding_version]
        self.codes = _words(dict(zip(frame["code"], frame["label"], strict=True)), protocol.also_called)
        self.reasons = _words(protocol.exclusion_reasons, protocol.also_called)
        pairs = [part.split("=", 1) for part in str(row["reviewer"]).split(";") if part.strip()]
        self.named = {pair[0].strip(): pair[1].strip() for pair in pairs if len(pair) == 2}
        self.only = next((pair[0].strip() for pair in pairs if len(pair) == 1), "")
        known = [*protocol.stage_ids, CODING]
        if row["stage"] not in known:
            self._refuse("not a stage of the protocol", row["stage"], known)
        if row["decision"] not in ("", *DECISIONS):
            self._refuse("not a decision", row["decision"], DECISIONS)

    def screening(self, decision_read: Decision, record: str) -> list[tuple[str, ...]]:
        """Return the row of a decision."""
        decision = decision_read.decision or str(self.row["decision"])
        reviewer = self._reviewer(decision_read.reviewer) if decision and self.row["stage"] != CODING else ""
        if not reviewer:
            return []
        known = [found for word in decision_read.reasons if (found := self._meaning(word, self.reasons, "reason"))]
        order = list(self.protocol.exclusion_reasons)
        reason = min(known, key=order.index, default="") if decision == EXCLUDE else ""
        if decision == EXCLUDE and not decision_read.reasons and len(order) == 1:
            reason = order[0]
        if decision == EXCLUDE and not reason and not decision_read.reasons:
            self._refuse("an exclusion without a reason", decision_read.entry.fields["title"][:60], order)
        told = f"; all reasons: {', '.join(decision_read.reasons)}" if len(decision_read.reasons) > 1 else ""
        return [(str(self.row["stage"]), record, reviewer, decision, reason, f"decided in {self.row['file']}{told}")]

    def coding(self, decision_read: Decision, record: str) -> list[tuple[str, ...]]:
        """Return the rows of the codes of a reference."""
        reviewer = self._reviewer(decision_read.reviewer) if decision_read.codes and self.row["stage"] == CODING else ""
        codes = [self._meaning(word, self.codes, "code") for word in decision_read.codes] if reviewer else []
        version = self.protocol.coding_version
        return [(record, reviewer, version, code, str(self.row["file"])) for code in dict.fromkeys(codes) if code]

    def _reviewer(self, name: str) -> str:
        """Return the protocol's name of a reviewer."""
        reviewer = self.named.get(name, "") if name else self.only
        reviewer = reviewer or (name if name in self.protocol.reviewers else "")
        if reviewer not in self.protocol.reviewers:
            self._refuse("a reviewer whom the protocol does not know", name or reviewer, list(self.protocol.reviewers))
            return ""
        return reviewer

    def _meaning(self, word: str, known: dict[str, str], kind: str) -> str:
        """Return what the protocol calls a reason or a code."""
        meaning = known.get(word.strip().casefold(), "")
        if not meaning:
            self._refuse(f"a {kind} that the protocol does not know", word, list(dict.fromkeys(known.values())))
        return meaning

    def _refuse(self, problem: str, value: str, known: object) -> None:
        """Name a word that is not known, once."""
        names = [str(name) for name in known] if isinstance(known, (list, tuple)) else []
        action = f"{suggest(value, names)}; or say what it means under also_called in protocol.yaml"
        fault = Fault(self.shown, problem, action, row=self.place, column=str(self.row["file"]), value=value)
        if fault not in self.faults:
            self.faults.append(fault)


def _words(known: Mapping[str, str], also: Mapping[str, str]) -> dict[str, str]:
    """Return every word, folded, that stands for a reason or a code: its id, its label, and what tools call it."""
    words = {text.casefold(): name for name, label in known.items() for text in (name, label)}
    return words | {text.casefold(): name for text, name in also.items() if name in known}


def _records(
    decisions: list[Decision], reports: pd.DataFrame, aliases: Mapping[str, str], shown: str
) -> tuple[list[str], list[Fault]]:
    """Find the record of every decision: by the record's own name, or as duplicates are found."""
    own = [aliases.get(decision.entry.fields["own_id"], "") for decision in decisions]
    rest = [place for place, record in enumerate(own) if not record]
    if not rest:
        return own, []
    rows = pd.DataFrame([decisions[place].entry.fields for place in rest]).assign(
        report=[f"{shown}:{place}" for place in rest]
    )
    pool = pd.concat([reports, rows], ignore_index=True).fillna("")
    first = dict(zip(reports["record"][::-1], reports["report"][::-1], strict=True))
    links = pd.DataFrame(
        [
            (first[record], name, "merge", "id")
            for record, name in zip(reports["record"], reports["report"], strict=True)
        ],
        columns=["first", "second", "decision", "reason"],
    )
    found = deduplicate(pool, links[links["first"] != links["second"]])
    owner = dict(zip(found.record[: len(reports)], reports["record"], strict=True))
    doubts = found.audit[found.audit["decision"] == POSSIBLE].set_index("second")["reason"].to_dict()
    faults: list[Fault] = []
    for place, cluster in zip(rest, found.record[len(reports) :], strict=True):
        own[place] = owner.get(cluster, "")
        if not own[place]:
            item = decisions[place].entry
            why = doubts.get(f"{shown}:{place}", "give its id, or add the search that found it")
            problem = "a decision about a reference that no search found"
            fault = Fault(shown, problem, why, row=item.line, value=item.fields["title"][:60])
            faults += [] if fault in faults else [fault]
    return own, faults


def _twice(files: Files, rows: list[tuple[str, ...]], shown: str) -> list[Fault]:
    """Name decisions that stand in a tool's export and in ``screening.csv``, or in two exports."""
    seen = set(files["screening"][["stage", "record", "reviewer"]].itertuples(index=False, name=None))
    faults = []
    for row in rows:
        if row[:3] in seen:
            problem = f"{row[2]} decided on {row[1]} at {row[0]} in another place too"
            faults.append(Fault(shown, problem, "keep the decision that counts", value=row[5]))
        seen.add(row[:3])
    return faults


def _below(frame: pd.DataFrame, rows: list[tuple[str, ...]], columns: tuple[str, ...]) -> pd.DataFrame:
    """Put rows below those of a file."""
    if not rows:
        return frame
    start = int(max(frame.index, default=1)) + 1
    added = pd.DataFrame(rows, columns=list(columns), index=pd.RangeIndex(start, start + len(rows)))
    both = pd.concat([frame, added])
    both.index.name = frame.index.name
    return both
