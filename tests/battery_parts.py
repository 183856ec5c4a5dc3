"""Faults of a framework's evidence review and consultation: each of their files, columns and keys spoilt alone."""

from __future__ import annotations

import csv
import io
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import yaml
from battery import LONG, SIGNS_IN_SENTENCES, WRONG_KINDS, WRONG_TEXTS, Case, Spoil, keys_of, may_be_none
from review_folder import make_review, references
from small_study import ITEMS, SmallStudy, small_study

from compendium.consultation.loading import ConsultationDescription
from compendium.inputs import read_yaml
from compendium.review.protocol import APPRAISAL_COLUMNS, CHECKLIST_COLUMNS, TOOL_COLUMNS, Protocol

NAMES = [row.split(",")[0] for row in ITEMS.splitlines()[1:]]
LABELS = {1: "no", 2: "a little", 3: "rather", 4: "yes"}
CONSULTATION: dict[str, Any] = {
    "title": "Groups of a test",
    "kind": "synthetic",
    "notice": "Made up.",
    "framework": "mini",
    "relevance": {"labels": LABELS, "positive_from": 3, "essential_from": 4},
    "clarity": {"labels": LABELS, "positive_from": 3},
    "groups": {"g1": "A group", "g2": "Another"},
    "comment_types": {"supports": "Supports", "jargon": "Jargon"},
    "changes": {"none": "No change", "reworded": "Reworded"},
}
# What a reviewer or a group may write in any words, or leave blank.
FREE = {"note", "comment", "reason", "title", "authors", "definition", "label", "source", "query", "hits", "date"}


def write_consultation(home: Path) -> None:
    """Write a consultation of three raters about every item of the small framework."""
    home.mkdir()
    (home / "consultation.yaml").write_text(yaml.safe_dump(CONSULTATION))
    ratings = [(rater, item, 3 + place % 2, 4) for rater in ("r1", "r2", "r3") for place, item in enumerate(NAMES)]
    tables = {
        "relevance": pd.DataFrame(ratings, columns=["rater", "item", "relevance", "clarity"]),
        "focus_groups": pd.DataFrame(
            [("g1", NAMES[0], "supports", "Good.", "none"), ("g2", NAMES[1], "jargon", "Odd.", "reworded")],
            columns=["group", "item", "type", "comment", "change"],
        ),
        "changes": pd.DataFrame(
            [(NAMES[1], 1, "I hear folk out.", "draft", ""), (NAMES[1], 2, "I hear people out.", "clearer", "g2")],
            columns=["item", "version", "wording", "reason", "group"],
        ),
    }
    for name, table in tables.items():
        table.to_csv(home / f"{name}.csv", index=False)


def write_evidence(home: Path) -> None:
    """Write a review of six records, each screened and coded by two people, two of them appraised."""
    ids = [f"r{number}" for number in range(6)]
    screening = [
        (stage, record, reviewer, "include", "", "read")
        for stage in ("title", "full")
        for record in ids
        for reviewer in ("a", "b")
    ]
    coding = [
        (record, coder, "1.0", code, "")
        for record in ids
        for coder in ("a", "b")
        for code in ("person", ("home", "hospital")[int(record[1:]) % 2])
    ]
    found = references(6)
    blank = ("not stated",) * 3
    records = [(one["ID"], one["TI"], one["AU"], one["PY"], *blank, "UK", one["DO"], "", "title only") for one in found]
    make_review(home, found, records=records, screening=screening, coding=coding)
    rows = {
        "appraisal_tools": (TOOL_COLUMNS, [("tool", "q1", "Clear", "Is the question clear?")]),
        "appraisal": (APPRAISAL_COLUMNS, [("r0", "a", "tool", "q1", "yes", ""), ("r1", "a", "tool", "q1", "no", "")]),
        "checklist": (CHECKLIST_COLUMNS, []),
    }
    for name, (header, entries) in rows.items():
        (home / f"{name}.csv").write_text(_csv(header, entries))


def _csv(header: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    stream = io.StringIO()
    csv.writer(stream, lineterminator="\n").writerows([header, *rows])
    return stream.getvalue()


PARTS: dict[str, tuple[Callable[[Path], None], str, Any]] = {
    "evidence": (write_evidence, "protocol.yaml", Protocol),
    "consultation": (write_consultation, "consultation.yaml", ConsultationDescription),
}


def write_parts(study: SmallStudy) -> Path:
    """Write the small study with a review and a consultation; return the folder of its framework."""
    study.write()
    home = study.frameworks / "mini"
    for name, (write, _, _) in PARTS.items():
        write(home / name)
    return home


CELLS = {
    "blank": "",
    "a formula": "=x()",
    "unknown": "unheard of",
    "long": LONG,
    "a null": "a\0b",
    "a marker": "<<<<<<< HEAD",
}
FILES: dict[str, Callable[[Path], object]] = {
    "missing": Path.unlink,
    "empty": lambda path: path.write_bytes(b""),
    "not UTF-8": lambda path: path.write_bytes(path.read_bytes() + b"\xff\xfe\xfa"),
    "nulls": lambda path: path.write_bytes(b"a,b\n\0,\0\n"),
    "a folder": lambda path: (path.unlink(), path.mkdir()),
    "a link to itself": lambda path: (path.unlink(), path.symlink_to(path)),
    "a pipe": lambda path: (path.unlink(), os.mkfifo(path)),
}
# Files that a review may do without, columns that take any words or none, and words that any name may be.
MAY_BE_MISSING = {
    "records",
    "merges",
    "screening_adjudication",
    "retrieval",
    "coding_adjudication",
    "appraisal_tools",
    "appraisal",
    "checklist",
}
ANY_WORDS = {
    "note",
    "label",
    "question",
    "reason",
    "definition",
    "locator",
    "query",
    "date",
    "source",
    "authors",
    "container",
    "publisher",
    "type",
    "region",
    "listed_as",
    "known_from",
    "doi",
}

# Columns that need words, of whatever kind (an earlier wording, a name); and cells that may be left out.
ANY_WORDS_BUT_NONE = {"wording", "comment", "rater", "facet", "title", "search"}
MAY_BE_BLANK = {("changes", "group"), ("relevance", "relevance"), ("relevance", "clarity")}


def _in_file(part: str, file: str, change: Callable[[Path], object]) -> Spoil:
    def spoil(study: SmallStudy) -> None:
        change(write_parts(study) / part / file)

    return spoil


def _read(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, dtype=str, keep_default_na=False)


def _cell(column: str, value: str) -> Callable[[Path], None]:
    def change(path: Path) -> None:
        table = _read(path)
        table.loc[0, column] = value
        table.to_csv(path, index=False)

    return change


def _without(column: str) -> Callable[[Path], None]:
    return lambda path: _read(path).drop(columns=column).to_csv(path, index=False)


def _key(place: tuple[str, ...], value: Any) -> Callable[[Path], None]:
    def change(path: Path) -> None:
        here = settings = read_yaml(path)
        for key in place[:-1]:
            here = here[key][0] if isinstance(here[key], list) else here[key]
        here[place[-1]] = value
        path.write_text(yaml.safe_dump(settings, allow_unicode=True), errors="surrogatepass")

    return change


def part_cases() -> Iterator[Case]:
    """Yield each file, column and key of a review and of a consultation with what it may not be."""
    with tempfile.TemporaryDirectory() as folder:
        home = write_parts(small_study(Path(folder)))
        tables = {(part, path.stem): _read(path) for part in PARTS for path in (home / part).glob("*.csv")}
    for (part, stem), table in sorted(tables.items()):
        file = f"{stem}.csv"
        for word, change in FILES.items():
            passes = word == "missing" and stem in MAY_BE_MISSING
            yield Case("a file of a part", f"{part}/{file}: {word}", _in_file(part, file, change), passes)
        for column in table:
            spoil = _in_file(part, file, _without(column))
            yield Case("a column of a part", f"{part}/{file} {column}: missing", spoil)
            for word, value in CELLS.items() if len(table) else ():
                passes = word not in ("long", "a null") and _may_pass(stem, column, word)
                spoil = _in_file(part, file, _cell(column, value))
                yield Case("a cell of a part", f"{part}/{file} {column}: {word}", spoil, passes)
    for part, (_, file, model) in PARTS.items():
        for word, change in FILES.items():
            yield Case("a file of a part", f"{part}/{file}: {word}", _in_file(part, file, change))
        for place, annotation in keys_of(model):
            for word, value in {**WRONG_KINDS, **WRONG_TEXTS}.items():
                passes = "no_blank" in str(annotation) and word in SIGNS_IN_SENTENCES
                passes = (
                    passes or (value is None and may_be_none(annotation)) or (word == "truth" and annotation is bool)
                )
                spoil = _in_file(part, file, _key(place, value))
                yield Case("a key of a part", f"{part} {'.'.join(place)}: {word}", spoil, passes)


def _may_pass(stem: str, column: str, word: str) -> bool:
    """Say whether a cell of this column may hold these words, or none."""
    if word == "blank":
        return column in ANY_WORDS or (stem, column) in MAY_BE_BLANK
    return column in ANY_WORDS | ANY_WORDS_BUT_NONE
