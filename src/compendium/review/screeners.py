"""Decisions as screening tools export them: Rayyan, Covidence, ASReview and EPPI-Reviewer, reviewer by reviewer."""

from __future__ import annotations

import io
import re
import sqlite3
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from compendium.faults import Fault, display_path
from compendium.review.protocol import EXCLUDE, INCLUDE, UNSURE
from compendium.review.readers import Entry, read_references
from compendium.review.readers.columns import find_header
from compendium.review.readers.entries import entry
from compendium.review.readers.eppi import fields_of, load_json

RAYYAN = {"included": INCLUDE, "excluded": EXCLUDE, "maybe": UNSURE}
UNDECIDED = "undecided"
ASREVIEW = {"1": INCLUDE, "1.0": INCLUDE, "0": EXCLUDE, "0.0": EXCLUDE}
LABEL_COLUMNS = ("asreview_label", "included", "label_included", "final_included", "label")
REASON = re.compile(r"(?i)exclusion reason:\s*([^;\n|]+)")


@dataclass(frozen=True)
class Decision:
    """What one reviewer decided about one reference.

    Attributes
    ----------
    entry
        The reference.
    reviewer
        As the tool names the person; empty where it names nobody.
    decision
        ``include``, ``unsure``, ``exclude``, or empty where the tool gives codes only.
    reasons, codes
        The tool's words for reasons of exclusion and for labels or codes.
    """

    entry: Entry
    reviewer: str
    decision: str
    reasons: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()


def read_decisions(path: Path) -> tuple[list[Decision], list[Fault]]:
    """Read the decisions of a screening tool's export, told by its content.

    Rayyan's notes (CSV or RIS), Covidence's exclusion reasons and tags (CSV), ASReview's labels (CSV or RIS of
    versions 1 and 2, and whole projects), EPPI-Reviewer's codes (JSON).

    Returns
    -------
    decisions, faults
    """
    shown = display_path(path)
    if zipfile.is_zipfile(path):
        return _asreview_project(path, shown)
    text = path.read_text(encoding="utf-8-sig", errors="replace")
    if text.lstrip().startswith("{") and '"References"' in text:
        return _eppi(text, shown)
    parsed = read_references(path)
    labels = _labels(text, parsed.entries)
    found = [each for item, label in zip(parsed.entries, labels, strict=True) for each in _of_entry(item, label)]
    return found, parsed.faults


def _of_entry(item: Entry, label: str) -> Iterator[Decision]:
    """Yield the decisions that one reference carries."""
    notes, tags = item.fields["notes"], tuple(_split(item.fields["keywords"], ";,"))
    if "RAYYAN-" in notes:
        yield from _rayyan(item, notes)
    elif label in ASREVIEW:
        yield Decision(item, "", ASREVIEW[label])
    elif found := re.search(r"ASReview_(relevant|irrelevant)", f"{notes} {item.fields['keywords']}"):
        yield Decision(item, "", INCLUDE if found[1] == "relevant" else EXCLUDE)
    elif reason := REASON.search(notes):
        yield Decision(item, "", EXCLUDE, (reason[1].strip(),), tags)
    else:
        yield Decision(item, "", "", (), tags)


def _rayyan(item: Entry, notes: str) -> Iterator[Decision]:
    """Read ``RAYYAN-INCLUSION: {"Anna"=>"Included"} | RAYYAN-LABELS: a,b | RAYYAN-EXCLUSION-REASONS: c``."""
    parts = {
        name: text.strip(" |")
        for name, text in re.findall(r"RAYYAN-([A-Z-]+):\s*(.*?)(?=\s*\|?\s*(?:RAYYAN-|USER-NOTES:)|$)", notes)
    }
    codes = [label for label in _split(parts.get("LABELS", ""), ",") if not label.startswith("__EXR__")]
    hidden = [
        label.removeprefix("__EXR__") for label in _split(parts.get("LABELS", ""), ",") if label.startswith("__EXR__")
    ]
    reasons = (*_split(parts.get("EXCLUSION-REASONS", ""), ","), *hidden)
    for reviewer, word in re.findall(r'"([^"]+)"\s*=>\s*"([^"]+)"', parts.get("INCLUSION", "")):
        if word.lower() == UNDECIDED:
            continue
        decision = RAYYAN.get(word.lower(), word)
        yield Decision(item, reviewer, decision, reasons if decision == EXCLUDE else (), tuple(codes))


def _split(text: str, marks: str) -> list[str]:
    """Cut a list at any of these marks."""
    return [part.strip() for part in re.split(f"[{marks}]", text) if part.strip()]


def _labels(text: str, entries: list[Entry]) -> list[str]:
    """Return ASReview's label of each reference; empty where the table has none."""
    header = find_header(text)
    column = next((name for name in LABEL_COLUMNS if header and name in header[2]), None)
    if header is None or column is None:
        return [""] * len(entries)
    table = pd.read_csv(io.StringIO(text), sep=header[1], skiprows=header[0], dtype=str, keep_default_na=False)
    table.columns = [str(name).strip().lower() for name in table.columns]
    labels = table[column].tolist()
    return labels if len(labels) == len(entries) else [""] * len(entries)


def _asreview_project(path: Path, shown: str) -> tuple[list[Decision], list[Fault]]:
    """Read a project of ASReview: its table of references and the labels in its results."""
    with tempfile.TemporaryDirectory() as folder:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            data = [name for name in names if name.startswith("data/") and not name.endswith("/")]
            results = [name for name in names if name.endswith(("results.db", "results.sql", "results.sqlite"))]
            if not data or not results:
                problem = "a project of ASReview without references or without labels"
                return [], [Fault(shown, problem, "export it again, or export the labels as CSV")]
            archive.extractall(folder, members=[data[0], *results])
        parsed = read_references(Path(folder) / data[0])
        labels = {row: label for name in results for row, label in _sqlite_labels(Path(folder) / name)}
    found = [
        Decision(item, "", ASREVIEW[str(labels[row])])
        for row, item in enumerate(parsed.entries)
        if str(labels.get(row)) in ASREVIEW
    ]
    return found, parsed.faults


def _sqlite_labels(path: Path) -> list[tuple[int, int]]:
    """Return record numbers and labels of ASReview's results, decided ones only."""
    connection = sqlite3.connect(path)
    try:
        rows = connection.execute("SELECT record_id, label FROM results WHERE label IS NOT NULL").fetchall()
    finally:
        connection.close()
    return [(int(row), int(label)) for row, label in rows]


def _eppi(text: str, shown: str) -> tuple[list[Decision], list[Fault]]:
    """Read EPPI-Reviewer's JSON: codes of screening sets decide, all others are codes."""
    loaded, faults = load_json(text, shown)
    kinds = {number: kind for code_set in loaded.get("CodeSets", []) for number, kind in _attributes(code_set)}
    found = []
    for number, item in enumerate(loaded.get("References", []), 1):
        reference = entry(number, fields_of(item))
        by_reviewer: dict[str, list[tuple[str, str]]] = {}
        for code in item.get("Codes", []):
            person = str(code.get("ContactName") or code.get("Reviewer") or "")
            by_reviewer.setdefault(person, []).append(kinds.get(code.get("AttributeId"), ("", "")))
        for person, codes in by_reviewer.items():
            decisions = [kind for kind, _ in codes if kind]
            out = EXCLUDE in decisions
            reasons = tuple(name for kind, name in codes if kind == EXCLUDE)
            others = tuple(name for kind, name in codes if not kind and name)
            found.append(Decision(reference, person, EXCLUDE if out else (decisions or [""])[0], reasons, others))
    return found, faults


def _attributes(coded: dict[str, Any], screening: bool | None = None) -> Iterator[tuple[Any, tuple[str, str]]]:
    """Yield the codes of a set with what each decides and its name, those below others too."""
    kind = coded.get("SetType") or {}
    name = kind.get("SetTypeName", "") if isinstance(kind, dict) else str(kind)
    decides = "screen" in name.lower() if screening is None else screening
    for attribute in (coded.get("Attributes") or {}).get("AttributesList", []):
        words = f"{attribute.get('AttributeType', '')} {attribute.get('AttributeName', '')}".lower()
        decision = (EXCLUDE if "exclude" in words else INCLUDE if "include" in words else "") if decides else ""
        title = re.sub(r"(?i)^exclude(?: on|d)?[:\s-]*", "", attribute.get("AttributeName", "")).strip()
        yield attribute.get("AttributeId"), (decision, title)
        yield from _attributes(attribute, decides)
