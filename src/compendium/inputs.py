"""Strict reading of YAML and CSV: every fault is named with its place, nothing is guessed."""

from __future__ import annotations

import copy
import csv
import io
from collections import Counter
from collections.abc import Iterable
from itertools import islice
from pathlib import Path
from typing import Annotated, Any, TypeVar

import pandas as pd
import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from compendium.bounds import MOST_BYTES, MOST_BYTES_OF_RESPONSES, MOST_ROWS, link_problem, table_problem, yaml_problem
from compendium.columns import in_categories, read_plain
from compendium.disclosure.text import label_problem, unshown_problem
from compendium.faults import Fault, InvalidInput, closest, display_path, raise_if_any, suggest

DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "vertical bar"}
# How files begin that are often handed in for CSV.
NO_TEXT = {
    b"PK\x03\x04": "a workbook (Excel, LibreOffice) or another zip archive",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook",
    b"$FL2": "an SPSS file",
    b"$FL3": "an SPSS file",
    b"<stata_dta>": "a Stata file",
    b"%PDF": "a PDF",
}
UNKNOWN_KEY = "extra_forbidden"
REPAIR_ROUNDS = 4

Location = tuple[int | str, ...]


class Strict(BaseModel):
    """Base of every schema: unknown keys are errors, fields cannot be reassigned, no type is coerced silently."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


Model = TypeVar("Model", bound=BaseModel)


def no_blank(text: str) -> str:
    """Return a sentence unchanged, or raise ValueError when it is blank or holds a sign that is not shown."""
    if not text.strip():
        raise ValueError("the text is blank")
    if (problem := unshown_problem(text)) is not None:
        raise ValueError(problem)
    return text


def showable(text: str) -> str:
    """Return a label unchanged, or raise ValueError when it cannot be shown everywhere as it is."""
    if (problem := label_problem(text)) is not None:
        raise ValueError(problem)
    return text


# A text of any length in words; and a short one that stands in cells, headings and figures.
Sentence = Annotated[str, AfterValidator(no_blank), Field(min_length=1)]
Label = Annotated[str, AfterValidator(showable)]


class _UniqueKeyLoader(yaml.CSafeLoader):
    """YAML loader that refuses a key given twice; plain YAML would keep the last one silently."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        repeated = [key for key, count in Counter(map(str, keys)).items() if count > 1]
        if repeated:
            raise yaml.constructor.ConstructorError(
                None, None, f"the key {repeated[0]!r} is given twice", node.start_mark
            )
        return super().construct_mapping(node, deep=deep)


def read_yaml(path: Path) -> Any:
    """Read a YAML file.

    Raises
    ------
    InvalidInput
        When the file is missing, is not UTF-8, is not YAML, or gives a key twice.
    """
    text = _read_text(path, "utf-8")
    try:
        if (beyond := yaml_problem(text)) is not None:
            raise _invalid(path, *beyond[:2], row=beyond[2])
        return yaml.load(text, Loader=_UniqueKeyLoader)
    except yaml.MarkedYAMLError as error:
        row = error.problem_mark.line + 1 if error.problem_mark else None
        raise _invalid(path, f"not valid YAML: {error.problem}", "mend the line and run again", row=row) from error
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        raise _invalid(path, f"not valid YAML: {_shown(error)}", "mend the value and run again") from error


def load_model(model: type[Model], data: Any, path: Path) -> Model:
    """Validate parsed data against a schema, naming every unknown key and wrong value.

    Raises
    ------
    InvalidInput
        With one fault for each unknown, missing or wrong key.
    """
    loaded, faults = read_model(model, data, path)
    raise_if_any(faults)
    assert loaded is not None  # without a fault there is a model
    return loaded


def read_model(
    model: type[Model], data: Any, path: Path, *, fallback: dict[str, Any] | None = None, prefix: Location = ()
) -> tuple[Model | None, list[Fault]]:
    """Validate parsed data; name every fault and still return what can be read.

    A misspelt key is read as the key it looks like, a wrong value as if it were not given, so that one slip in a
    description does not hide the faults of the data it describes.

    Parameters
    ----------
    model
        The schema.
    data
        What the YAML file holds.
    path
        The file, for the faults.
    fallback
        Values of required top-level keys to go on with where they are missing; the fault is named all the same.
    prefix
        Where ``data`` stands inside the file.

    Returns
    -------
    tuple
        The model, or None when nothing can be read, and the faults.
    """
    faults: list[Fault] = []
    dropped: set[Location] = set()
    readable = copy.deepcopy(data) if data is not None else {}
    for _ in range(REPAIR_ROUNDS):
        try:
            return model.model_validate(readable), faults
        except ValidationError as error:
            found = error.errors()
        details = [detail for detail in found if detail["type"] == UNKNOWN_KEY] or found
        faults += [_model_fault(model, detail, path, prefix) for detail in details if detail["loc"] not in dropped]
        dropped |= {detail["loc"] for detail in details}
        for detail in reversed(details):
            _repair(model, readable, detail, fallback or {})
    return None, faults


def read_table(path: Path, *, encoding: str = "utf-8", delimiter: str = ",") -> pd.DataFrame:
    """Read a CSV file as text, one string a cell, blanks kept as empty strings.

    The index is the row number in the file (the header is row 1), so that a fault can name its row. Spaces around
    a cell are dropped, and so are rows and nameless columns that are blank from end to end, as spreadsheets
    leave them behind.

    Raises
    ------
    InvalidInput
        When the file is missing, empty, wrongly encoded or delimited, ragged, or names a column twice.
    """
    return _by_rows(path, _read_text(path, encoding), delimiter)


def read_columns(path: Path, *, encoding: str = "utf-8", delimiter: str = ",") -> pd.DataFrame:
    """Read a CSV file as :func:`read_table` does, with every different cell of a column held once.

    The columns are categories of texts (see :mod:`compendium.columns`).

    Raises
    ------
    InvalidInput
        As :func:`read_table`.
    """
    text = _read_text(path, encoding, MOST_BYTES_OF_RESPONSES)
    if (quick := read_plain(text, delimiter)) is None:
        return in_categories(_by_rows(path, text, delimiter))
    raise_if_any(_delimiter_faults(path, quick.header, delimiter) or _name_faults(path, quick.header))
    return quick.table()


def _by_rows(path: Path, text: str, delimiter: str) -> pd.DataFrame:
    """Read a table row by row, or say what is wrong with it."""
    try:
        rows = list(islice(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), MOST_ROWS + 1))
    except csv.Error as error:
        raise _invalid(path, f"not readable as CSV: {error}", "export it again as CSV") from error
    if (beyond := table_problem(rows)) is not None:
        raise _invalid(path, *beyond[:2], row=beyond[2])
    rows = [list(map(str.strip, cells)) for cells in rows]
    filled = [(number, cells) for number, cells in enumerate(rows[1:], 2) if any(cells)]
    header, filled = _without_blank_columns(rows[0], filled)
    raise_if_any(_delimiter_faults(path, header, delimiter) or _name_faults(path, header))
    raise_if_any(_ragged_faults(path, filled, len(header)))
    index = pd.Index([number for number, _ in filled], name="row", dtype="int64")
    return pd.DataFrame([cells for _, cells in filled], columns=header, index=index, dtype=object)


def yaml_fault(path: Path, *keys: int | str, problem: str, action: str, value: str | None = None) -> Fault:
    """Return a fault at a key of a YAML file, with the line where it stands."""
    line, key = _line_of(path, keys), ".".join(map(str, keys)) or None
    return Fault(display_path(path), problem, action, row=line, value=value, key=key)


def _invalid(path: Path, problem: str, action: str, row: int | None = None) -> InvalidInput:
    """Return the error for a file with a single fault."""
    return InvalidInput([Fault(display_path(path), problem, action, row=row)])


def _read_text(path: Path, encoding: str, most: int = MOST_BYTES) -> str:
    """Read a text file; a byte-order mark is dropped because exports carry one."""
    if (wrong := link_problem(path, path.parent, most)) is not None:
        raise _invalid(path, *wrong[:2])
    if not path.is_file():
        raise _invalid(path, "the file is missing", "put it there, or mend its name")
    content = path.read_bytes()
    if not content.strip():
        raise _invalid(path, "the file is empty", "export it again")
    known = next((name for start, name in NO_TEXT.items() if content.startswith(start)), None)
    if known is not None:
        raise _invalid(path, f"this is {known}, not a text file", "save it as CSV with its codes, and name that file")
    try:
        text = content.decode("utf-8-sig" if encoding.lower().replace("-", "") == "utf8" else encoding)
    except (UnicodeError, LookupError) as error:
        raise _invalid(path, *undecodable(error, encoding)) from error
    if "\0" in text:
        action = "it may be UTF-16 or a workbook: save it as UTF-8 text, or declare its encoding"
        raise _invalid(path, f"not readable as {encoding}: it holds null characters", action)
    if not text.strip():
        raise _invalid(path, "the file is empty", "export it again")
    return text


def undecodable(error: UnicodeError | LookupError, encoding: str) -> tuple[str, str]:
    """Say why bytes are no text in an encoding, and what to do."""
    if isinstance(error, UnicodeDecodeError) and error.reason == "unexpected end of data":
        return "the file ends in the middle of a letter: it seems to be cut off", "export it again"
    action = "save it as UTF-8, or declare its encoding (Excel on Windows often writes cp1252)"
    return f"not readable as {encoding}: {_shown(error)}", action


def _without_blank_columns(
    header: list[str], rows: list[tuple[int, list[str]]]
) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """Drop columns at the end that have neither a name nor a value."""
    width = len(header)
    while width and not header[width - 1] and not any("".join(cells[width - 1 :]) for _, cells in rows):
        width -= 1
    spare = len(header) - width
    return header[:width], [(number, cells[: len(cells) - spare]) for number, cells in rows]


def _delimiter_faults(path: Path, header: list[str], delimiter: str) -> list[Fault]:
    """Name a header that speaks for another delimiter than the declared one."""
    text = delimiter.join(header)
    likely = max(DELIMITERS, key=text.count)
    if text.count(likely) <= text.count(delimiter):
        return []
    action = f"declare the delimiter, or save the file with a {DELIMITERS.get(delimiter, delimiter)} between cells"
    problem = f"the columns seem to be separated by a {DELIMITERS[likely]}"
    return [Fault(display_path(path), problem, action, row=1)]


def _name_faults(path: Path, header: list[str]) -> list[Fault]:
    """Name columns without a name and columns named twice."""
    shown = display_path(path)
    if not header:
        return [Fault(shown, "the first row is blank", "let the first row name the columns", row=1)]
    nameless = [number for number, name in enumerate(header, 1) if not name]
    repeated = [name for name, count in Counter(header).items() if name and count > 1]
    return [
        *(Fault(shown, f"column {number} has no name", "name or remove it", row=1) for number in nameless),
        *(
            Fault(shown, "the column is named twice", "rename or remove one of them", row=1, column=name)
            for name in repeated
        ),
    ]


def _ragged_faults(path: Path, rows: list[tuple[int, list[str]]], width: int) -> list[Fault]:
    """Name rows with more or fewer cells than the header."""
    action = "quote cells that hold the delimiter, or mend the row"
    return [
        Fault(display_path(path), f"{len(cells)} cells where the header has {width}", action, row=number)
        for number, cells in rows
        if len(cells) != width
    ]


def _model_fault(model: type[BaseModel], detail: Any, path: Path, prefix: Location) -> Fault:
    """Translate one pydantic finding into a fault with a suggestion."""
    where = [part for part in (*prefix, *detail["loc"]) if part != "[key]"]
    problem, action, value = _finding(model, detail)
    return yaml_fault(path, *where, problem=problem, action=action, value=value)


def _finding(model: type[BaseModel], detail: Any) -> tuple[str, str, str | None]:
    """Say what a pydantic finding means: the problem, what to do, the value."""
    if detail["type"] == UNKNOWN_KEY:
        known = _known_keys(model, detail["loc"][:-1])
        return "unknown key", suggest(str(detail["loc"][-1]), known), None
    if detail["type"] == "missing":
        return "the key is missing", "add it", None
    if detail["type"] == "invalid_key" and isinstance(detail.get("input"), bool):
        return "YAML reads this word as true or false", "put it in quotes", _shown(detail["input"])
    return detail["msg"].removeprefix("Value error, "), "mend the value", _shown(detail.get("input"))


def _shown(value: Any) -> str:
    """Return a value as text short enough for a report."""
    text = str(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


def _repair(model: type[BaseModel], data: Any, detail: Any, fallback: dict[str, Any]) -> None:
    """Mend the data at one finding: rename a misspelt key, leave out what is wrong, fill in what is missing."""
    location = tuple(part for part in detail["loc"] if part != "[key]")
    missing = detail["type"] == "missing"
    if len(location) == 1 and location[0] in fallback and detail["type"] != UNKNOWN_KEY:
        data[location[0]] = fallback[location[0]]
        return
    parent, key = _resolve(data, location[:-1] if missing else location)
    if parent is None:
        return
    value = parent.pop(key)
    if detail["type"] == UNKNOWN_KEY:
        meant = closest(str(key), _known_keys(model, detail["loc"][:-1]))
        if meant is not None:
            parent.setdefault(meant, value)


def _resolve(data: Any, location: Location) -> tuple[Any, Any]:
    """Return the container and the key that a location points to, or (None, None)."""
    container: Any = None
    key: Any = None
    for part in location:
        container = data if container is None else container[key]
        if isinstance(container, list):
            key = part if isinstance(part, int) and part < len(container) else None
        elif isinstance(container, dict):
            key = next((name for name in container if str(name) == str(part)), None)
        else:
            key = None
        if key is None:
            return None, None
    return container, key


def _line_of(path: Path, where: Iterable[int | str]) -> int | None:
    """Return the line of a YAML file where a key stands; of its nearest parent where it is missing."""
    try:
        node = yaml.compose(path.read_text(encoding="utf-8-sig"), Loader=yaml.CSafeLoader)
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        return None
    line = None
    for part in where:
        if isinstance(node, yaml.MappingNode):
            entries = {str(key.value): (key, value) for key, value in node.value}
        elif isinstance(node, yaml.SequenceNode):
            entries = {str(number): (value, value) for number, value in enumerate(node.value)}
        else:
            break
        if str(part) not in entries:
            break
        mark, node = entries[str(part)]
        line = mark.start_mark.line + 1
    return line


def _known_keys(model: type[BaseModel], location: Location) -> list[str]:
    """Return the keys allowed at a place inside a nested schema."""
    fields = _fields_by_key(model)
    for part in location:
        annotation = fields.get(str(part))
        nested = [kind for kind in _flatten(annotation) if isinstance(kind, type) and issubclass(kind, BaseModel)]
        if nested:
            fields = _fields_by_key(nested[0])
    return list(fields)


def _fields_by_key(model: type[BaseModel]) -> dict[str, Any]:
    """Return the annotation of each field by the key it has in the file."""
    return {field.alias or name: field.annotation for name, field in model.model_fields.items()}


def _flatten(annotation: Any) -> list[Any]:
    """Return an annotation and everything nested in it (Optional, dict and list arguments)."""
    arguments = getattr(annotation, "__args__", ())
    return [annotation, *(kind for argument in arguments for kind in _flatten(argument))]
