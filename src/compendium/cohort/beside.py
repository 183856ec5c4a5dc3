"""What a cohort collects beside its forms for the reports: importance, an earlier wave, comments, a logo."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from functools import partial
from pathlib import Path

import pandas as pd

from compendium.cohort.schema import CohortSettings
from compendium.faults import Fault, InvalidInput, display_path, raise_if_any, suggest
from compendium.framework import Framework
from compendium.inputs import read_table

ID, COMMENT, CHECKED = "person_id", "comment", "checked"
LARGEST_LOGO = 500_000
PNG_HEAD = b"\x89PNG\r\n\x1a\n"


def read_figures(path: Path, framework: Framework, people: Collection[str] | None) -> pd.DataFrame:
    """Read figures on the answer scale: one row a person of the self file, one column a competency with a score.

    Parameters
    ----------
    path
        The file; its column ``person_id`` becomes the index.
    framework
        The instrument as the cohort used it.
    people
        The ids of the self file; None where it could not be read.

    Raises
    ------
    InvalidInput
        With every column that is missing or unknown, person who is not in the self file or stands twice, and figure
        off the scale.
    """
    scored = framework.scales(list(framework.items.index))
    names = [name for name in scored if framework.totals[name] != "none"]
    table, scale = _table(path, [ID, *names]), framework.scale
    numbers = {name: pd.to_numeric(table[name].replace("", None), errors="coerce") for name in names}
    faults = _strangers(path, table, people)
    twice, problem = table.index[table[ID].duplicated()], "this person stands here twice"
    faults += [Fault(display_path(path), problem, "keep one row", row=int(row), column=ID) for row in twice]
    allowed = f"no number from {scale.minimum} to {scale.maximum}"
    for name, column in numbers.items():
        wrong = (column.isna() & (table[name] != "")) | (column < scale.minimum) | (column > scale.maximum)
        faults += [
            Fault(display_path(path), allowed, "mend it, or leave it blank", row=int(str(row)), column=name, value=cell)
            for row, cell in table.loc[wrong, name].items()
        ]
    raise_if_any(faults)
    return pd.DataFrame(numbers, dtype=float).set_axis(pd.Index(table[ID]))


def read_written(path: Path, people: Collection[str] | None) -> pd.DataFrame:
    """Read what colleagues wrote: ``person_id``, ``comment`` and ``checked``, rows without a comment left out.

    Raises
    ------
    InvalidInput
        With every column that is missing or unknown, and person who is not in the self file.
    """
    table = _table(path, [ID, COMMENT, CHECKED])
    table = table[table[COMMENT] != ""]
    raise_if_any(_strangers(path, table, people))
    return table


def read_logo(path: Path) -> bytes:
    """Read the organisation's logo, an SVG or PNG file.

    Raises
    ------
    InvalidInput
        When it is missing, too large, or not what its name says.
    """
    shown = display_path(path)
    if not path.is_file():
        raise InvalidInput([Fault(shown, "there is no such logo", suggest(path.name, _names_in(path.parent)))])
    if path.stat().st_size > LARGEST_LOGO:
        raise InvalidInput([Fault(shown, "the logo is larger than 500 kB", "save it smaller")])
    content = path.read_bytes()
    is_svg = path.suffix.lower() == ".svg"
    if not (_is_svg(content) if is_svg else content.startswith(PNG_HEAD)):
        raise InvalidInput([Fault(shown, f"this is no {'SVG' if is_svg else 'PNG'} file", "save it as what it is")])
    return content


def beside_faults(
    settings: CohortSettings, framework: Framework, folder: Path, data: Path, people: Collection[str] | None
) -> list[Fault]:
    """Name what is wrong in the files that reports read beside the forms."""
    asked, faults = settings.feedback, list[Fault]()
    figures = [asked.importance, None if asked.earlier is None else asked.earlier.file]
    checks: list[Callable[[], object]] = [
        partial(read_figures, data / name, framework, people) for name in figures if name is not None
    ]
    checks += [] if asked.comments is None else [partial(read_written, data / asked.comments, people)]
    checks += [] if asked.logo is None else [partial(read_logo, folder / asked.logo)]
    for check in checks:
        try:
            check()
        except InvalidInput as error:
            faults += error.faults
    return faults


def _table(path: Path, names: Sequence[str]) -> pd.DataFrame:
    """Read a file, refusing one that lacks a column or has one more: an undeclared one may hold a name."""
    table, shown = read_table(path), display_path(path)
    missing = [name for name in names if name not in table.columns]
    unknown = [name for name in table.columns if name not in names]
    faults = [Fault(shown, "the column is missing", "add it", row=1, column=name) for name in missing]
    faults += [Fault(shown, "unknown column", suggest(name, names), row=1, column=name) for name in unknown]
    raise_if_any(faults)
    return table


def _strangers(path: Path, table: pd.DataFrame, people: Collection[str] | None) -> list[Fault]:
    """Name the rows of people who are not in the self file; their ids are not quoted."""
    if people is None:
        return []
    problem, action = "nobody in the self file has this id", "mend the id; it is not quoted here"
    rows = table.index[~table[ID].isin(list(people))]
    return [Fault(display_path(path), problem, action, row=int(str(row)), column=ID) for row in rows]


def _is_svg(content: bytes) -> bool:
    """Say whether a file is an SVG picture in UTF-8."""
    try:
        return "<svg" in content.decode("utf-8")
    except UnicodeDecodeError:
        return False


def _names_in(folder: Path) -> list[str]:
    """Return the names of the files in a folder."""
    return sorted(each.name for each in folder.iterdir() if each.is_file()) if folder.is_dir() else []
