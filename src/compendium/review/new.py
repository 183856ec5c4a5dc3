"""The folder of a new evidence review, ready to be filled, inside its framework."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from string import Template

from compendium.faults import Fault, display_path, raise_if_any
from compendium.framework import Framework
from compendium.paths import EVIDENCE
from compendium.review.loading import FILES
from compendium.review.protocol import FRAME_COLUMNS, FRAMEWORK_CODE, NOT_DONE, SETTING_FACET, TYPE_FACET

TEMPLATE = Path(__file__).with_name("template") / "protocol.yaml"
VERSION = "1.0"
# Facets that a new review codes beside the competencies: of what kind a record is, and where it comes from.
FACETS = (
    (SETTING_FACET, "setting-across", "Across services", "Several sectors, or a whole system", "no"),
    (SETTING_FACET, "setting-unstated", "Not stated", "The facts do not show the setting", "no"),
    (TYPE_FACET, FRAMEWORK_CODE, "Framework or taxonomy", "Names competencies as such", "no"),
    (TYPE_FACET, "study-other", "Other", "Anything else", "no"),
)
# Taken from the shipped review: the same tools for every one, and a checklist of which nothing is done yet.
TOOLS, CHECKLIST = "appraisal_tools", "checklist"


def new_evidence(framework: Framework) -> Path:
    """Write ``evidence/`` into a framework: a protocol to fill, a coding frame of its competencies, empty tables.

    The folder runs as it is: a review of no record.

    Raises
    ------
    InvalidInput
        When the framework has an evidence review already.
    """
    folder = framework.home / "evidence"
    problem = "the framework has an evidence review already"
    raise_if_any([Fault(display_path(folder), problem, "fill that one")] if folder.exists() else [])
    name = framework.description.id
    contents = {
        "protocol.yaml": Template(TEMPLATE.read_text(encoding="utf-8")).substitute(framework=name, version=VERSION)
    }
    for table, (columns, _) in FILES.items():
        shipped = EVIDENCE / f"{table}.csv"
        rows = _shipped(shipped, columns) if table in (TOOLS, CHECKLIST) and shipped.is_file() else []
        contents[f"{table}.csv"] = _table([columns, *rows])
    contents["coding_frame.csv"] = _table([FRAME_COLUMNS, *_frame(framework)])
    for part in ("exports", "decisions"):
        (folder / part).mkdir(parents=True)
    for file, text in contents.items():
        (folder / file).write_text(text, encoding="utf-8")
    return folder


def _shipped(path: Path, columns: tuple[str, ...]) -> list[tuple[str, ...]]:
    """Return the rows of a shipped table without what it says of the shipped review."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = [
            {**row, **({"status": NOT_DONE, "note": ""} if "status" in row else {})} for row in csv.DictReader(file)
        ]
    return [tuple(row[column] for column in columns) for row in rows]


def _frame(framework: Framework) -> list[tuple[str, ...]]:
    """Return the coding frame: the competencies of the framework, and the facets of a new review."""
    rows = framework.competencies
    meanings = rows["definition"] if "definition" in rows else rows["label"]
    codes = zip(rows.index, rows["label"], meanings, strict=True)
    competencies = [(VERSION, "competency", str(code), str(label), str(words), "yes") for code, label, words in codes]
    return [*competencies, *((VERSION, *row) for row in FACETS)]


def _table(rows: list[tuple[str, ...]]) -> str:
    """Return rows as CSV."""
    stream = io.StringIO()
    csv.writer(stream, lineterminator="\n").writerows(rows)
    return stream.getvalue()
