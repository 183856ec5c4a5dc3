"""REDCap exports: one header row, checkboxes in columns of their own, peers as a repeating instrument.

Layout: REDCap "Data Export and Logging" and "Repeating Instruments and Events" help pages; the data dictionary gives
the choices as ``1, one | 2, two``.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import pandas as pd

from compendium.importers.export import Export, as_table, fold
from compendium.importers.files import Rows, refuse, text_rows

REPEAT, INSTANCE, EVENT = "redcap_repeat_instrument", "redcap_repeat_instance", "redcap_event_name"
OWN = (REPEAT, INSTANCE, EVENT, "redcap_data_access_group", "redcap_survey_identifier")
COMPLETE, TIMESTAMP = "_complete", "_timestamp"
COMPLETE_STATES = ("0", "1", "2", "incomplete", "unverified", "complete", "")
# What an export with labels writes over the tool's own columns, each as often as there are instruments.
LABELS = {
    "record id": "record_id",
    "repeat instrument": REPEAT,
    "repeat instance": INSTANCE,
    "event name": EVENT,
    "data access group": "redcap_data_access_group",
    "survey identifier": "redcap_survey_identifier",
}
COUNTED_LABELS = {"complete?": COMPLETE, "survey timestamp": TIMESTAMP}
FIELD, CHOICES, LABEL = "Variable / Field Name", "Choices, Calculations, OR Slider Labels", "Field Label"


def is_redcap(rows: Rows) -> bool:
    """Say whether this is certainly a REDCap export."""
    header = _in_names(rows.cells[0]) if rows.cells else []
    if REPEAT in header or EVENT in header:
        return True
    states = [number for number, name in enumerate(header) if name.endswith(COMPLETE)]
    below = rows.cells[1:200]
    fits = all(fold(row[number]) in COMPLETE_STATES for number in states for row in below if len(row) > number)
    return bool(states) and fits and header[0].endswith("id")


def _in_names(header: list[str]) -> list[str]:
    """Return a header of labels with the tool's own columns under their names, questions as they are worded."""
    found: list[str] = []
    for cell in header:
        end = COUNTED_LABELS.get(fold(cell))
        found.append(f"{len(found)}{end}" if end else LABELS.get(fold(cell), cell))
    return found


def read_redcap(
    rows: Rows, path: Path, part: Literal["self", "peer"] = "self", dictionary: Path | None = None
) -> Export:
    """Read the self rows, or the rows of the repeating instrument, of a REDCap export.

    Parameters
    ----------
    part
        ``self``: rows of no repeating instrument. ``peer``: rows of the repeating instrument.
    dictionary
        The project's data dictionary (CSV): question texts and the labels of codes.
    """
    raw = rows.cells[0]
    header = _in_names(raw)
    twice = next((name for name in header if name and header.count(name) > 1), None)
    if twice is not None:
        problem = "two columns have this heading, so that answers could be mistaken for one another"
        raise refuse(path, problem, "export the raw data with the names of the fields", row=1, column=twice)
    table = as_table(header, rows.after(1))
    repeats = table[REPEAT] if REPEAT in table else pd.Series("", index=table.index)
    names = sorted(set(repeats) - {""})
    if part == "peer" and REPEAT in table and len(names) != 1:
        problem = f"the file holds {len(names)} repeating instruments ({', '.join(names) or 'none'})"
        raise refuse(path, problem, "export the instrument of the peers' ratings", row=1, column=REPEAT)
    others, table = table[repeats != ""], table[repeats == ""]
    if part == "peer" and REPEAT in table:
        others, table = table, others
    columns = [str(name) for name in table.columns]
    own = [name for name in columns if name in OWN or name.endswith((COMPLETE, TIMESTAMP))]
    states = [name for name in own if name.endswith(COMPLETE) and (table[name] != "").any()]
    finished = table[states].apply(lambda row: all(fold(cell) in ("2", "complete") for cell in row if cell), axis=1)
    wordings = {name: name for name in columns} if header != raw else {}
    labels: dict[str, Mapping[str, str]] = {}
    if dictionary is not None:
        wordings, labels = _dictionary(dictionary)
    asked = {
        name for name in columns if (table[name] != "").any() or (part == "self" and not (others[name] != "").any())
    }
    filled = [name for name in columns if name in own or name in asked]
    known = {"finished": finished.astype("boolean")} if states else {}
    participation = pd.DataFrame(known, index=table.index)
    return Export(
        "redcap",
        table[filled],
        wordings={name: words for name, words in wordings.items() if name in filled},
        value_labels={name: codes for name, codes in labels.items() if name in filled},
        own_columns=tuple(name for name in own if name in filled),
        participation=participation,
    )


def _dictionary(path: Path) -> tuple[dict[str, str], dict[str, Mapping[str, str]]]:
    """Return the wording of each field, and its codes with their labels."""
    rows = text_rows(path)
    header = rows.cells[0] if rows.cells else []
    lacking = [name for name in (FIELD, CHOICES, LABEL) if name not in header]
    if lacking:
        raise refuse(path, "this is no REDCap data dictionary", "download it again", row=1, column=lacking[0])
    table = as_table(header, rows.after(1))
    wordings = dict(zip(table[FIELD], table[LABEL], strict=True))
    labels = {str(name): choices_of(str(text)) for name, text in zip(table[FIELD], table[CHOICES], strict=True)}
    return wordings, {name: choices for name, choices in labels.items() if choices}


def choices_of(text: str) -> dict[str, str]:
    """Read ``1, one | 2, two`` as codes and labels."""
    parts = [part.partition(",") for part in next(csv.reader(io.StringIO(text), delimiter="|"), [])]
    return {code.strip(): label.strip() for code, comma, label in parts if comma and code.strip()}
