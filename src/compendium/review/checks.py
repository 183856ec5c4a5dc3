"""Everything that can be wrong with a review's files, found in one go and named by file, row and column."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from pathlib import Path

import pandas as pd

from compendium.faults import Fault, display_path, suggest
from compendium.review.protocol import (
    CHECKLIST_STATUSES,
    DECISIONS,
    EXCLUDE,
    JUDGEMENTS,
    OPTIONAL_COLUMNS,
    SOURCE_KINDS,
    Protocol,
)

Files = dict[str, pd.DataFrame]
Known = dict[str, str]


class CheckedFile:
    """One file under inspection; collects faults with the row and column they stand in."""

    def __init__(self, folder: Path, name: str, frame: pd.DataFrame) -> None:
        self.shown, self.frame = display_path(folder / f"{name}.csv"), frame
        self.faults: list[Fault] = []

    def flag(
        self,
        wrong: pd.Series[bool],
        column: str,
        problem: str,
        action: str | Callable[[str], str],
        allowed: str | None = None,
    ) -> None:
        """Name every row where ``wrong`` is true."""
        for row, value in self.frame.loc[wrong.to_numpy(dtype=bool), column].items():
            advice = action if isinstance(action, str) else action(str(value))
            self.faults.append(
                Fault(self.shown, problem, advice, row=int(str(row)), column=column, value=str(value), allowed=allowed)
            )

    def among(self, column: str, known: Collection[str], problem: str, only: pd.Series[bool] | None = None) -> None:
        """Flag values that are not known, with the closest known one."""
        wrong = ~self.frame[column].isin(list(known))
        self.flag(wrong if only is None else wrong & only, column, problem, lambda value: suggest(value, known))

    def filled(self, column: str, problem: str) -> None:
        """Flag blanks."""
        self.flag(self.frame[column] == "", column, problem, "fill it in")

    def once(self, columns: Sequence[str], problem: str) -> None:
        """Flag rows that repeat an earlier one in these columns."""
        self.flag(self.frame.duplicated(list(columns)), columns[0], problem, "keep one row")


def columns(folder: Path, name: str, frame: pd.DataFrame, expected: Sequence[str]) -> list[Fault]:
    """Name missing and unknown columns of one file."""
    shown = display_path(folder / f"{name}.csv")
    missing = [column for column in expected if column not in frame.columns]
    known = (*expected, *OPTIONAL_COLUMNS.get(name, ()))
    unknown = [column for column in frame.columns if column not in known]
    return [
        *(Fault(shown, "the column is missing", "add it", row=1, column=column) for column in missing),
        *(Fault(shown, "unknown column", suggest(column, expected), row=1, column=column) for column in unknown),
    ]


def register(folder: Path, frame: pd.DataFrame) -> list[Fault]:
    """Check ``records.csv``: ids present and used once, titles present, years as years."""
    sheet = CheckedFile(folder, "records", frame)
    sheet.filled("record", "a record without an id")
    sheet.once(["record"], "the record is named twice")
    sheet.filled("title", "a record without a title")
    wrong = ~frame["year"].str.fullmatch(r"(1[89]|20)\d{2}|not stated").astype(bool)
    sheet.flag(wrong, "year", "not a year", "write four digits, or 'not stated'")
    return sheet.faults


def overrides(folder: Path, frame: pd.DataFrame, reports: Collection[str]) -> list[Fault]:
    """Check ``merges.csv``: known reports, a known decision, a reason."""
    sheet = CheckedFile(folder, "merges", frame)
    for column in ("first", "second"):
        sheet.among(column, reports, "unknown report")
    sheet.among("decision", ("merge", "apart"), "not a decision")
    sheet.filled("reason", "a decision without a reason")
    return sheet.faults


def content(folder: Path, protocol: Protocol, files: Files, known: Known) -> list[Fault]:
    """Check every other file against the protocol, the frame and the records."""
    return [
        *_search_log(folder, files),
        *_screening(folder, protocol, files, known),
        *_screening_adjudication(folder, protocol, files, known),
        *_retrieval(folder, files, known),
        *_frame(folder, protocol, files),
        *_coding(folder, protocol, files, known),
        *_coding_adjudication(folder, protocol, files, known),
        *_appraisal(folder, protocol, files, known),
        *_checklist(folder, files),
    ]


def _search_log(folder: Path, files: Files) -> list[Fault]:
    """Each search once, each of a known kind."""
    sheet = CheckedFile(folder, "search_log", files["search_log"])
    sheet.filled("search", "a search without a name")
    sheet.once(["search"], "the search is named twice")
    sheet.once(["export"], "the export is named twice")
    sheet.among("kind", SOURCE_KINDS, "not a kind of source")
    return sheet.faults


def _screening(folder: Path, protocol: Protocol, files: Files, known: Known) -> list[Fault]:
    """Known records, stages and reviewers; one decision each; a reason for every exclusion."""
    frame = files["screening"]
    sheet = CheckedFile(folder, "screening", frame)
    sheet.among("record", known, "a decision about an unknown record")
    sheet.among("stage", protocol.stage_ids, "not a stage of the protocol")
    sheet.among("reviewer", protocol.reviewers, "not a reviewer of the protocol")
    sheet.among("decision", DECISIONS, "not a decision")
    resolved = frame.assign(record=frame["record"].map(lambda name: known.get(name, name)))
    twice = resolved.duplicated(["stage", "record", "reviewer"])
    sheet.flag(twice, "record", "the reviewer decided twice", "keep the decision that counts")
    _reasons(sheet, protocol)
    sheet.filled("note", "a decision without a note")
    return sheet.faults


def _screening_adjudication(folder: Path, protocol: Protocol, files: Files, known: Known) -> list[Fault]:
    """As the decisions themselves, once a stage and record, and never unsure."""
    frame = files["screening_adjudication"]
    sheet = CheckedFile(folder, "screening_adjudication", frame)
    sheet.among("record", known, "a decision about an unknown record")
    sheet.among("stage", protocol.stage_ids, "not a stage of the protocol")
    sheet.among("decision", ("include", EXCLUDE), "not a final decision")
    sheet.once(["stage", "record"], "adjudicated twice")
    _reasons(sheet, protocol)
    sheet.filled("note", "a decision without a note")
    return sheet.faults


def _reasons(sheet: CheckedFile, protocol: Protocol) -> None:
    """Ask for a known reason with every exclusion, and none without."""
    frame = sheet.frame
    excluded, reasoned = frame["decision"] == EXCLUDE, frame["reason"] != ""
    reasons = protocol.exclusion_reasons
    sheet.flag(excluded & ~reasoned, "reason", "an exclusion without a reason", suggest("", reasons))
    sheet.among("reason", reasons, "not a reason of the protocol", only=reasoned)
    sheet.flag(~excluded & reasoned, "reason", "a reason where nothing was excluded", "take it out, or exclude")


def _retrieval(folder: Path, files: Files, known: Known) -> list[Fault]:
    """Known records, each once."""
    sheet = CheckedFile(folder, "retrieval", files["retrieval"])
    sheet.among("record", known, "unknown record")
    sheet.among("status", ("retrieved", "not retrieved"), "not a status")
    sheet.once(["record"], "the record is named twice")
    return sheet.faults


def _frame(folder: Path, protocol: Protocol, files: Files) -> list[Fault]:
    """Each code once a version; the protocol's version present; the competency facet present."""
    frame = files["coding_frame"]
    sheet = CheckedFile(folder, "coding_frame", frame)
    sheet.once(["code", "version"], "the code is named twice in this version")
    for column in ("facet", "code", "label"):
        sheet.filled(column, f"a code without a {column}" if column != "code" else "a row without a code")
    sheet.among("multiple", ("yes", "no"), "not yes or no")
    current = frame[frame["version"] == protocol.coding_version]
    if protocol.competency_facet not in set(current["facet"]):
        problem = f"version {protocol.coding_version} has no facet {protocol.competency_facet!r}"
        sheet.faults.append(Fault(sheet.shown, problem, "mend the version or the facet in protocol.yaml"))
    return sheet.faults


def _coding(folder: Path, protocol: Protocol, files: Files, known: Known) -> list[Fault]:
    """Codes of the frame, once each, and exactly one in every facet that allows one."""
    frame, codes = files["coding"], files["coding_frame"]
    current = codes[codes["version"] == protocol.coding_version]
    sheet = CheckedFile(folder, "coding", frame)
    sheet.among("record", known, "coding of an unknown record")
    sheet.among("coder", protocol.reviewers, "not a reviewer of the protocol")
    sheet.among("version", [protocol.coding_version], "not the version of the frame in the protocol")
    sheet.among("code", list(current["code"]), "a code outside the frame")
    sheet.once(["record", "coder", "code"], "coded twice")
    sheet.faults += _single_choice(sheet, current)
    return sheet.faults


def _single_choice(sheet: CheckedFile, frame: pd.DataFrame) -> list[Fault]:
    """Name coders who gave none or several codes of a facet that allows exactly one."""
    single = frame.loc[frame["multiple"] == "no", "facet"].unique()
    facets = dict(zip(frame["code"], frame["facet"], strict=True))
    coded = sheet.frame.assign(facet=sheet.frame["code"].map(facets))
    counts = coded.groupby(["record", "coder", "facet"]).size().unstack("facet", fill_value=0)
    counts = counts.reindex(columns=list(single), fill_value=0)
    first_row = coded.reset_index().groupby(["record", "coder"])["row"].first() if len(coded) else pd.Series(dtype=int)
    wrong = counts[counts != 1].melt(ignore_index=False, value_name="count").dropna().reset_index()
    return [
        Fault(
            sheet.shown,
            f"{row['coder']} gave {int(row['count'])} codes of {row['facet']} to {row['record']}",
            "give exactly one",
            row=int(first_row[row["record"], row["coder"]]),
            column="code",
        )
        for row in wrong.to_dict("records")
    ]


def _coding_adjudication(folder: Path, protocol: Protocol, files: Files, known: Known) -> list[Fault]:
    """Known records and codes, once each, with a note."""
    codes = files["coding_frame"]
    current = codes.loc[codes["version"] == protocol.coding_version, "code"]
    sheet = CheckedFile(folder, "coding_adjudication", files["coding_adjudication"])
    sheet.among("record", known, "unknown record")
    sheet.among("code", list(current), "a code outside the frame")
    sheet.among("applies", ("yes", "no"), "not yes or no")
    sheet.once(["record", "code"], "adjudicated twice")
    sheet.filled("note", "a decision without a note")
    return sheet.faults


def _appraisal(folder: Path, protocol: Protocol, files: Files, known: Known) -> list[Fault]:
    """Known records, reviewers, tools, items and judgements, each judged once."""
    frame, tools = files["appraisal"], files["appraisal_tools"]
    sheet = CheckedFile(folder, "appraisal", frame)
    sheet.among("record", known, "appraisal of an unknown record")
    sheet.among("reviewer", protocol.reviewers, "not a reviewer of the protocol")
    sheet.among("judgement", JUDGEMENTS, "not a judgement")
    sheet.among("tool", set(tools["tool"]), "not a tool of appraisal_tools.csv")
    pairs = set(zip(tools["tool"], tools["item"], strict=True))
    outside = pd.Series([pair not in pairs for pair in zip(frame["tool"], frame["item"], strict=True)], dtype=bool)
    sheet.flag(outside, "item", "not an item of the tool", lambda value: suggest(value, tools["item"]))
    sheet.once(["record", "reviewer", "tool", "item"], "judged twice")
    return sheet.faults


def _checklist(folder: Path, files: Files) -> list[Fault]:
    """Each item once, with a known status."""
    sheet = CheckedFile(folder, "checklist", files["checklist"])
    sheet.once(["number"], "the item is named twice")
    sheet.among("status", CHECKLIST_STATUSES, "not a status")
    return sheet.faults
