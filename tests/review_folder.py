"""Build small review folders for the tests: every file as rows, written where the test wants it."""

from __future__ import annotations

import csv
import random
import shutil
from pathlib import Path
from typing import Any

import yaml

from compendium.paths import EVIDENCE
from compendium.review import protocol as columns

COLUMNS = {
    "records": columns.RECORD_COLUMNS,
    "search_log": columns.SEARCH_COLUMNS,
    "merges": columns.MERGE_COLUMNS,
    "screening": columns.SCREENING_COLUMNS,
    "screening_adjudication": columns.SCREENING_ADJUDICATION_COLUMNS,
    "retrieval": columns.RETRIEVAL_COLUMNS,
    "coding_frame": columns.FRAME_COLUMNS,
    "coding": columns.CODING_COLUMNS,
    "coding_adjudication": columns.CODING_ADJUDICATION_COLUMNS,
}
PROTOCOL: dict[str, Any] = {
    "title": "A test",
    "question": "Does it add up?",
    "kind": "synthetic",
    "notice": "A test.",
    "basis": "A test.",
    "framework": "integrated-care",
    "registration": "none",
    "eligibility": ["anything"],
    "exclusion_reasons": {"off-topic": "Off topic", "wrong-type": "Wrong type"},
    "stages": [
        {"id": "title", "label": "Screened", "excluded": "Excluded on title"},
        {"id": "full", "label": "Assessed", "excluded": "Excluded on full text"},
    ],
    "decisions_needed": 2,
    "reviewers": {"a": "first", "b": "second", "c": "third"},
    "retrieval": False,
    "coding_version": "1.0",
    "coders_needed": 2,
    "competency_facet": "competency",
    "deviations": [],
    "limitations": [],
}
FRAME = [
    ("1.0", "competency", "person", "Person", "x", "yes"),
    ("1.0", "competency", "teamwork", "Teamwork", "x", "yes"),
    ("1.0", "setting", "home", "Home", "x", "no"),
    ("1.0", "setting", "hospital", "Hospital", "x", "no"),
]
# Titles in a field share many words and hold a few of their own.
STEMS = (
    "care",
    "team",
    "nurs",
    "plan",
    "hous",
    "ward",
    "group",
    "shar",
    "model",
    "surv",
    "skill",
    "hosp",
    "soc",
    "heal",
)
WORDS = [stem + ending for stem in STEMS for ending in ("ing", "er", "al", "ity", "ment", "s", "ed")]


def write_rows(path: Path, header: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    """Write one CSV file."""
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerows([header, *rows])


def append_row(path: Path, row: tuple[str, ...]) -> int:
    """Add a row to a CSV file and return its number in the file."""
    with path.open("a", newline="", encoding="utf-8") as stream:
        csv.writer(stream, lineterminator="\n").writerow(row)
    return len(path.read_text(encoding="utf-8").splitlines())


def ris(references: list[dict[str, str]]) -> str:
    """Return RIS text; keys are RIS tags, authors separated by semicolons."""
    parts = []
    for reference in references:
        lines = [f"TY  - {reference.get('TY', 'JOUR')}"]
        for tag, value in ((tag, value) for tag, value in reference.items() if tag != "TY"):
            lines += [f"{tag}  - {part}" for part in (value.split("; ") if tag == "AU" else [value]) if part]
        parts.append("\n".join([*lines, "ER  - ", ""]))
    return "\n".join(parts)


def make_review(folder: Path, references: list[dict[str, str]], **files: list[tuple[str, ...]]) -> Path:
    """Write a review with one RIS export and the rows given for each file."""
    (folder / "exports").mkdir(parents=True)
    (folder / "exports" / "found.ris").write_text(ris(references), encoding="utf-8")
    (folder / "protocol.yaml").write_text(yaml.safe_dump(PROTOCOL), encoding="utf-8")
    rows = {"search_log": [("s1", "found.ris", "PubMed", "database", "2024-01-01", "x", "")], "coding_frame": FRAME}
    for name, header in COLUMNS.items():
        write_rows(folder / f"{name}.csv", header, files.get(name, rows.get(name, [])))
    return folder


def references(n: int, seed: int = 1) -> list[dict[str, str]]:
    """Return n different made-up references with ids ``r0``, ``r1`` ..."""
    draw = random.Random(seed)
    return [
        {
            "ID": f"r{number}",
            "TI": f"{' '.join(draw.sample(WORDS, 8))} {_name(number)}",
            "AU": f"{_name(draw.randrange(10**6)).title()}, A",
            "PY": str(draw.randrange(2000, 2025)),
            "DO": f"10.1234/x.{number}",
        }
        for number in range(n)
    ]


def _name(number: int) -> str:
    """Return a pronounceable word for a number, so that titles differ by more than a digit."""
    syllables = [c + v for c in "bdfgklmnprst" for v in "aeiou"]
    word = ""
    for _ in range(5):
        word, number = word + syllables[number % len(syllables)], number // len(syllables) * 7 + number * 13 + 5
    return word


def damaged(row: dict[str, str], draw: random.Random, name: str) -> dict[str, str]:
    """Return the reference as another database would give it: fields missing, typing errors, other forms."""
    copy = {**row, "ID": name}
    letters = list(copy["TI"])
    kind = draw.randrange(5)
    if kind == 0:
        position = draw.randrange(len(letters) - 1)
        letters[position], letters[position + 1] = letters[position + 1], letters[position]
        copy |= {"TI": "".join(letters), "DO": ""}
    elif kind == 1:
        copy |= {"TI": copy["TI"].upper() + ".", "DO": "", "AU": copy["AU"].split(",")[0]}
    elif kind == 2:
        copy |= {"DO": f"https://doi.org/{copy['DO'].upper()}", "PY": ""}
    elif kind == 3:
        copy |= {"PY": str(int(copy["PY"]) + 1), "DO": ""}
    else:
        del letters[draw.randrange(len(letters))]
        copy |= {"TI": "".join(letters), "AU": "", "DO": ""}
    return copy


def copy_of_the_real_review(folder: Path) -> Path:
    """Copy the project's own review, so that a test may change it."""
    return Path(shutil.copytree(EVIDENCE, folder / "evidence"))
