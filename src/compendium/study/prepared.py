"""The prepared tables of a cohort: written once with declared types, read back label for label."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pandas as pd

from compendium.faults import NotYet
from compendium.files import checksum_of, write_bytes

if TYPE_CHECKING:
    import pyarrow as pa

Kind = Literal["number", "count", "flag", "text", "mixed"]
# Before the name of a column that says whose row it is; a competency may be called "person" as well.
KEY = "key:"
# What stands before the name of a table among the inputs of a run.
TABLE = "private/prepared/"
BY_PERSON, BY_RATING, BY_WAVE = ("person",), ("person", "rater"), ("person", "wave")


@dataclass(frozen=True)
class Declared:
    """What a prepared table holds, and the step that prepares it.

    A mixed table holds numbers, labels and flags side by side; the others are of one kind.
    """

    prepared_by: str
    kind: Kind
    index: tuple[str, ...] = BY_PERSON


QUALITY, ITEMS = "03_cohort_quality", "04_item_analysis"
RATERS, OUTCOMES = "07_rater_agreement", "08_outcome_associations"
CHANGE = "11_change"
TABLES = {
    "sheets": Declared(QUALITY, "count", ("form",)),
    "people": Declared(QUALITY, "mixed"),
    "answers": Declared(QUALITY, "number"),
    "outcomes": Declared(QUALITY, "number"),
    "peers": Declared(QUALITY, "number", BY_RATING),
    "peer_outcomes": Declared(QUALITY, "number", BY_RATING),
    "rater_groups": Declared(QUALITY, "text", BY_RATING),
    "outcome_scores": Declared(QUALITY, "number"),
    "peer_outcome_scores": Declared(QUALITY, "number", BY_RATING),
    "careless": Declared(QUALITY, "mixed"),
    "wave_people": Declared(QUALITY, "mixed", BY_WAVE),
    "wave_answers": Declared(QUALITY, "number", BY_WAVE),
    "anchor": Declared(QUALITY, "number"),
    "gates": Declared(QUALITY, "text", ("gate",)),
    "decisions": Declared(ITEMS, "text", ("item",)),
    "scores": Declared(ITEMS, "number"),
    "peer_scores": Declared(ITEMS, "number", BY_RATING),
    "reliability": Declared(ITEMS, "mixed", ("competency",)),
    "wave_scores": Declared(ITEMS, "number", BY_WAVE),
    "further_reliability": Declared(ITEMS, "mixed", ("score",)),
    "peer_icc": Declared(RATERS, "number", ("competency",)),
    "claims": Declared(OUTCOMES, "number", ("claim",)),
    "wave_levels": Declared(CHANGE, "text", ("before", "after", "competency")),
}


class Prepared:
    """The prepared tables of a cohort, each read when it is first asked for.

    Parameters
    ----------
    folder
        The private folder of the cohort's results.

    Attributes
    ----------
    sheets
        How many ``people`` the self file holds.
    people
        One row a person: labels as text, numbers as numbers.
    answers, outcomes
        Keyed item answers of the people, missing as NaN.
    peers, peer_outcomes
        Keyed answers of the raters, by person and rater. Tables that the cohort did not collect are empty.
    rater_groups
        How each rater works with the person, ``rater_group``; no column where that was not asked.
    outcome_scores, peer_outcome_scores
        Scores of the outcome scales, of the people and of the raters.
    careless
        One column a rule and ``flagged``; no row where nobody was screened.
    wave_people, wave_answers, wave_scores
        The same of every wave, by person and wave in order of time; scores from the kept items that all waves asked.
    anchor
        What each person says of their own change.
    gates
        For each gate of the plan ``supported`` ("yes" or "no"), and why it is closed as an encoded finding.
    decisions
        ``decision`` on each item.
    scores, peer_scores
        Competency scores from the kept items, by the people themselves and by each rater.
    reliability
        Coefficient alpha of each competency score with interval and standard error of measurement.
    further_reliability
        The same of the overall score, called "overall", and of the outcome scores.
    peer_icc
        ICC(1) of the peers for each competency, with its interval, people and peers.
    claims
        Estimate of each claim with its error, and the reliability that it was corrected for.
    wave_levels
        How far the items of each competency mean the same in two waves: ``holds``.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "prepared"
        self._read: dict[str, pd.DataFrame] = {}

    def __getattr__(self, name: str) -> pd.DataFrame:
        if name.startswith("_") or name not in TABLES:
            raise AttributeError(f"no prepared table is called {name!r}")
        if name not in self._read:
            self._read[name] = self._load(name)
        return self._read[name]

    @classmethod
    def of(cls, **tables: pd.DataFrame) -> Prepared:
        """Return prepared tables that lie in memory only, for cohorts that are drawn and not read."""
        prepared = cls(Path())
        prepared._read |= tables
        return prepared

    def has(self, name: str) -> bool:
        """Say whether a table was prepared."""
        return self.path(name).is_file()

    def path(self, name: str) -> Path:
        """Return where a table lies."""
        return self.folder / f"{name}.parquet"

    def write(self, name: str, frame: pd.DataFrame) -> None:
        """Write a table for the steps that follow, readable by its owner only.

        Raises
        ------
        KeyError
            When the table is not declared.
        TypeError
            When a column does not hold what is declared for it.
        """
        import pyarrow.parquet as parquet

        content = io.BytesIO()
        parquet.write_table(_as_declared(frame, TABLES[name]), content)
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_bytes(self.path(name), content.getvalue(), mode=0o600)
        self._read.pop(name, None)

    def inputs(self) -> dict[str, str]:
        """Return the checksum of every table that was read so far."""
        return {f"{TABLE}{name}.parquet": checksum_of(self.path(name)) for name in sorted(self._read)}

    def _load(self, name: str) -> pd.DataFrame:
        """Read a table, or say which step prepares it."""
        import pyarrow.parquet as parquet

        if not self.has(name):
            raise NotYet(TABLES[name].prepared_by, self.folder.parent.parent.name)
        table = parquet.ParquetFile(self.path(name)).read()
        names = TABLES[name].index
        columns = [_column(table[at], table.field(at)) for at in range(table.num_columns)]
        keys = [column.rename(key) for column, key in zip(columns, names, strict=False)]
        index = pd.MultiIndex.from_arrays(keys, names=names) if len(names) > 1 else pd.Index(keys[0], name=names[0])
        held = {str(column.name): column.to_numpy() for column in columns[len(names) :]}
        types = {str(column.name): column.dtype for column in columns[len(names) :]}
        return pd.DataFrame(held, index=index).astype(types)


def _as_declared(frame: pd.DataFrame, declared: Declared) -> pa.Table:
    """Return the table with the types that are declared for it; no value is changed on the way."""
    import pyarrow as pa

    keys = [frame.index.get_level_values(name) for name in declared.index]
    arrays, fields = [], []
    for name, key in zip(declared.index, keys, strict=True):
        text = isinstance(key.dtype, pd.StringDtype)
        arrays.append(pa.array(key.array if text else [str(label) for label in key], type=pa.string()))
        fields.append(pa.field(f"{KEY}{name}", pa.string(), nullable=False))
    for name in frame.columns:
        kind = _kind(frame[name], declared.kind)
        arrays.append(_array(frame[name], kind))
        fields.append(pa.field(str(name), arrays[-1].type))
    return pa.Table.from_arrays(arrays, schema=pa.schema(fields))


def _kind(column: pd.Series, declared: Kind) -> Kind:
    """Return what a column holds: what is declared, or, beside labels, what it is."""
    if declared != "mixed":
        return declared
    if pd.api.types.is_bool_dtype(column):
        return "flag"
    if pd.api.types.is_integer_dtype(column):
        return "count"
    return "number" if pd.api.types.is_numeric_dtype(column) else "text"


def _array(column: pd.Series, kind: Kind) -> pa.Array:
    """Return a column as it is stored: numbers as doubles, flags as booleans, labels as text; NaN as nothing."""
    import pyarrow as pa

    if kind == "number":
        return pa.array(column.to_numpy(dtype=float, na_value=float("nan")), from_pandas=True)
    if kind == "text" and not isinstance(column.dtype, pd.StringDtype):
        places, different = pd.factorize(column.to_numpy(dtype=object))
        labels = pa.array([_label(value, str(column.name)) for value in different], type=pa.string())
        return labels.take(pa.array(places, mask=places < 0))
    stored = {"text": pa.string(), "count": pa.int64(), "flag": pa.bool_()}[kind]
    return pa.array(column.array, type=stored, from_pandas=True)


def _label(value: object, column: str) -> str:
    """Refuse a label that is no text: turning it into one here would hide where it lost its type."""
    if not isinstance(value, str):
        raise TypeError(f"column {column!r} holds {value!r}, a {type(value).__name__}; labels are text")
    return value


def _column(stored: pa.ChunkedArray, field: pa.Field) -> pd.Series:
    """Return a stored column as pandas holds it: text as text, numbers as floats with NaN, flags and counts whole."""
    import pyarrow as pa

    if pa.types.is_string(field.type):
        return pd.Series(stored, name=field.name, dtype="str")
    if pa.types.is_boolean(field.type) or pa.types.is_integer(field.type):
        return pd.Series(stored.to_numpy(), name=field.name)
    return pd.Series(stored.to_numpy(), name=field.name, dtype=float)
