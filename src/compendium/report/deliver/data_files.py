"""Tables as data for others: CSV with a codebook, labelled SPSS files, and descriptions that programs read.

The public folder follows Psych-DS (https://psych-ds.github.io): ``dataset_description.json`` in the terms of schema.org
and files ``data/*_data.csv``; ``datapackage.json`` describes the same files as a Frictionless data package.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from compendium.files import write_text
from compendium.report.deliver.tables import PublicTable, plain

# Words that SPSS keeps for itself.
RESERVED = {"all", "and", "by", "eq", "ge", "gt", "le", "lt", "ne", "not", "or", "to", "with"}
LONGEST_LABEL, LONGEST_NAME = 250, 64
YES_NO = {0: "no", 1: "yes"}
FRICTIONLESS = {"true or false": "boolean", "whole number": "integer", "number": "number", "text": "string"}
CODEBOOK = ("file", "column", "spss_name", "label", "type", "codes", "rows", "missing", "about")
# What is no number in these files.
MISSING = ""


@dataclass(frozen=True)
class DataFile:
    """A table to be written as CSV and SPSS file.

    Attributes
    ----------
    name
        Of the files, without ending.
    about
        What the table holds.
    labels
        What each column holds.
    codes
        For columns of codes: each code with its meaning.
    """

    name: str
    frame: pd.DataFrame
    about: str
    labels: Mapping[str, str]
    codes: Mapping[str, Mapping[float, str]] = field(default_factory=dict)

    def kind(self, column: str) -> str:
        """Return the type of a column in words."""
        kept = self.frame[column]
        if pd.api.types.is_bool_dtype(kept):
            return "true or false"
        if pd.api.types.is_integer_dtype(kept):
            return "whole number"
        return "number" if pd.api.types.is_numeric_dtype(kept) else "text"


def file_name(table: str) -> str:
    """Return the name of a table's files, as Psych-DS allows it.

    Examples
    --------
    >>> file_name("model_fit")
    'description-modelFit_data'
    """
    first, *others = table.split("_")
    camel = first + "".join(word.capitalize() for word in others)
    return f"description-{re.sub(r'[^A-Za-z0-9]', '', camel)}_data"


def of_table(table: PublicTable) -> DataFile:
    """Return a public table as a data file."""
    return DataFile(file_name(table.name), table.frame, table.caption, table.labels)


def write_csv(file: DataFile, folder: Path, mode: int = 0o644) -> Path:
    """Write a table as CSV, at full precision."""
    from compendium.files import write_bytes

    path = folder / f"{file.name}.csv"
    write_bytes(path, file.frame.to_csv(index=False, lineterminator="\n").encode(), mode)
    return path


def write_sav(file: DataFile, folder: Path) -> Path:
    """Write a table as an SPSS file with a label for every column and for every code."""
    import pyreadstat

    names = spss_names(list(map(str, file.frame.columns)))
    columns: dict[str, pd.Series[Any]] = {}
    codes: dict[str, dict[int | float, str]] = {}
    for column, name in names.items():
        held = file.frame[column]
        flags = file.kind(column) == "true or false"
        if flags or file.kind(column) != "text":
            columns[name] = held.astype(float)
        else:
            columns[name] = pd.Series([str(cell) if (cell := plain(each)) is not None else "" for each in held])
        if flags or column in file.codes:
            codes[name] = dict((YES_NO if flags else file.codes[column]).items())
    path = folder / f"{file.name}.sav"
    pyreadstat.write_sav(
        pd.DataFrame(columns),
        str(path),
        file_label=file.about[:60],
        column_labels=[file.labels.get(column, column)[:LONGEST_LABEL] for column in names],
        variable_value_labels=codes,
    )
    return path


def spss_names(columns: Sequence[str]) -> dict[str, str]:
    """Return for each column a name that SPSS takes: letters first, no two alike in small letters, no word of its own.

    Examples
    --------
    >>> spss_names(["n", "N", "2nd", "by", "a b"])
    {'n': 'n', 'N': 'N_2', '2nd': 'v_2nd', 'by': 'by_', 'a b': 'a_b'}
    """
    names: dict[str, str] = {}
    for column in columns:
        name = re.sub(r"[^A-Za-z0-9_]", "_", column)[: LONGEST_NAME - 4].rstrip("_") or "v"
        name = name if name[0].isalpha() else f"v_{name}"
        name = f"{name}_" if name.lower() in RESERVED else name
        taken = [known.lower() for known in names.values()]
        number, base = 2, name
        while name.lower() in taken:
            name, number = f"{base}_{number}", number + 1
        names[column] = name
    return names


def codebook(files: Sequence[DataFile]) -> pd.DataFrame:
    """Return one row a column of every file: what it holds, its type, its codes, how many cells are empty."""
    rows: list[dict[str, Any]] = []
    for file in files:
        names = spss_names(list(map(str, file.frame.columns)))
        for column, name in names.items():
            codes = YES_NO if file.kind(column) == "true or false" else file.codes.get(column, {})
            missing = sum(plain(cell) is None for cell in file.frame[column])
            rows.append(
                {
                    "file": file.name,
                    "column": column,
                    "spss_name": name,
                    "label": file.labels.get(column, column),
                    "type": file.kind(column),
                    "codes": "; ".join(f"{code:g} = {meaning}" for code, meaning in codes.items()),
                    "rows": len(file.frame),
                    "missing": missing,
                    "about": file.about,
                }
            )
    return pd.DataFrame(rows, columns=list(CODEBOOK))


def dataset_description(files: Sequence[DataFile], about: Mapping[str, Any]) -> dict[str, Any]:
    """Return the data dictionary as schema.org describes a data set, as Psych-DS asks.

    A column that several files share stands once, with the label it has in the first.
    """
    variables: dict[str, dict[str, Any]] = {}
    for file in files:
        for column in map(str, file.frame.columns):
            entry = variables.setdefault(
                column,
                {
                    "@type": "PropertyValue",
                    "name": column,
                    "description": file.labels.get(column, column),
                    "valueReference": file.kind(column),
                },
            )
            if column in file.codes:
                entry["description"] += (
                    f" ({'; '.join(f'{code:g} = {text}' for code, text in file.codes[column].items())})"
                )
    return {
        "@context": "https://schema.org/",
        "@type": "Dataset",
        **about,
        "variableMeasured": list(variables.values()),
    }


def data_package(files: Sequence[DataFile], about: Mapping[str, Any], folder: str = "data") -> dict[str, Any]:
    """Return the description of a Frictionless data package."""
    resources = [
        {
            "name": re.sub(r"[^a-z0-9._-]", "-", file.name.lower()),
            "path": f"{folder}/{file.name}.csv",
            "title": file.about,
            "profile": "tabular-data-resource",
            "encoding": "utf-8",
            "format": "csv",
            "mediatype": "text/csv",
            "schema": {
                "fields": [_frictionless(file, str(column)) for column in file.frame.columns],
                "missingValues": [MISSING],
            },
        }
        for file in files
    ]
    return {"profile": "tabular-data-package", **about, "resources": resources}


def write_json(path: Path, content: Mapping[str, Any]) -> Path:
    """Write JSON that people can read."""
    write_text(path, json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n")
    return path


def _frictionless(file: DataFile, column: str) -> dict[str, Any]:
    """Return one column as a data package describes it."""
    kind = FRICTIONLESS[file.kind(column)]
    entry = {"name": column, "title": file.labels.get(column, column), "type": kind}
    return entry | ({"trueValues": ["True"], "falseValues": ["False"]} if kind == "boolean" else {})
