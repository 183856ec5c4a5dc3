"""SPSS and Stata files: codes kept, labels read from the file, values declared missing left blank."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from compendium.importers.export import Export
from compendium.importers.files import refuse


def read_statistics_file(path: Path, tool: str) -> Export:
    """Read a ``.sav``, ``.zsav`` or ``.dta`` file.

    Raises
    ------
    InvalidInput
        When it is damaged or cut off.
    """
    import pyreadstat

    read = pyreadstat.read_sav if tool == "sav" else pyreadstat.read_dta
    options: dict[str, Any] = {"apply_value_formats": False, "disable_datetime_conversion": False, "user_missing": True}
    try:
        frame, metadata = read(str(path), **options)
    except Exception as error:
        kind = "an SPSS file" if tool == "sav" else "a Stata file"
        problem = f"{kind} that is not readable: {error}"
        raise refuse(path, problem, "save it again in the program that wrote it") from error
    frame = frame.set_axis(pd.RangeIndex(1, len(frame) + 1, name="row"))
    labels = {
        column: {_text(code): str(label) for code, label in values.items()}
        for column, values in metadata.variable_value_labels.items()
    }
    table = pd.DataFrame({column: frame[column].map(_text) for column in frame.columns}, dtype=object)
    table, notes = _blank_missing(table, frame, metadata, labels)
    wordings = {
        column: label for column, label in zip(metadata.column_names, metadata.column_labels, strict=True) if label
    }
    return Export(tool, table, wordings=wordings, value_labels=labels, notes=tuple(notes))


def _blank_missing(
    table: pd.DataFrame, frame: pd.DataFrame, metadata: Any, labels: dict[str, dict[str, str]]
) -> tuple[pd.DataFrame, list[str]]:
    """Blank the values that the file itself declares missing, and say which."""
    notes = []
    for column, ranges in (metadata.missing_ranges or {}).items():
        numbers = pd.to_numeric(frame[column], errors="coerce")
        missing = pd.Series(False, index=frame.index)
        for bounds in ranges:
            low, high = bounds["lo"], bounds["hi"]
            missing |= numbers.between(low, high) if not isinstance(low, str) else frame[column] == low
        found = sorted(set(table.loc[missing, column]))
        if found:
            named = ", ".join(f"{code} ({labels.get(column, {}).get(code, 'no label')})" for code in found)
            notes.append(f"{column}: {named} declared missing in the file, read as blank")
            table[column] = table[column].mask(missing, "")
    return table, notes


def _text(value: Any) -> str:
    """Return a cell as text; what is missing is blank."""
    if value is None or value is pd.NaT or (isinstance(value, float) and pd.isna(value)):
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()
