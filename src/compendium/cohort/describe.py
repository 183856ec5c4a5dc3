"""A cohort described from its exports: which column is which question, said in full for a person to confirm."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from compendium.cohort.schema import DESCRIPTION, ROW_NUMBER, identifier
from compendium.faults import Fault, InvalidInput, display_path, raise_if_any
from compendium.files import write_text
from compendium.framework import RESTRICTED, Framework
from compendium.framework.translations import said
from compendium.importers.export import Export, fold
from compendium.importers.matching import Matching, match_questions
from compendium.importers.reading import read_export

#: Columns that hold the person's or rater's code where nobody says otherwise.
PERSON_COLUMNS, RATER_COLUMNS = ("person_id", "record_id"), ("rater_id",)
#: The question of consent as the questionnaires of this project call it.
CONSENT = "consent"
#: What peer forms put before the code of an item where a project names a field once.
PREFIXES = ("p_", "peer_")


@dataclass(frozen=True)
class ImportedForm:
    """The files of a form, read, with the questions found in them."""

    files: tuple[Path, ...]
    exports: tuple[Export, ...]
    matching: Matching

    @property
    def columns(self) -> list[str]:
        """Columns that are neither questions of the framework nor added by the survey tool."""
        known = set(self.matching.columns.values())
        return [column for column in self.exports[0].questions if column not in known]


def describe_import(
    folder: Path,
    framework: Framework,
    own: Sequence[Path],
    peers: Sequence[Path] = (),
    *,
    tool: str | None = None,
    person: str = "",
    rater: str = "",
    encoding: str = "utf-8",
    framework_name: str = "",
) -> Path:
    """Write the ``cohort.yaml`` of a cohort from its exports; the exports stay where they are.

    Parameters
    ----------
    folder
        The new cohort folder; its name is the cohort's id.
    framework
        The instrument that was asked.
    own, peers
        The files of the self and of the peer form; a REDCap file with a repeating instrument may be both.
    tool
        The survey tool, where the content does not show it.
    person, rater
        The columns of the codes, where they are not called ``person_id`` (or ``record_id``) and ``rater_id``.
    encoding
        Of text files without a byte-order mark.

    Raises
    ------
    InvalidInput
        When a description exists already, a file cannot be read, or a code's column is not known.
    """
    target = folder / DESCRIPTION
    _require_new(folder, target)
    _require_one_folder([*own, *peers])
    forms = {"self": _read(own, "self", framework, tool, encoding)}
    if peers:
        forms["peer"] = _read(peers, "peer", framework, tool, encoding)
    ids = _id_columns(forms, person, rater, target, framework)
    folder.mkdir(parents=True, exist_ok=True)
    written = _text(folder, framework_name or framework.description.id, framework, forms, ids, encoding)
    write_text(target, written)
    return target


def _require_new(folder: Path, target: Path) -> None:
    """Refuse to write over a description, and a folder whose name is no id."""
    if target.exists():
        raise InvalidInput([Fault(display_path(target), "there is a description already", "name a new folder")])
    try:
        identifier(folder.resolve().name)
    except ValueError as error:
        raise InvalidInput([Fault(display_path(folder), str(error), "choose another name")]) from error


def _require_one_folder(files: Sequence[Path]) -> None:
    """Refuse exports in several folders: a cohort's files lie together, beside its description or in ``DATA``."""
    folders = sorted({str(path.resolve().parent) for path in files})
    if len(folders) > 1:
        problem = f"the exports lie in {len(folders)} folders"
        raise InvalidInput([Fault(display_path(files[0]), problem, "put them into one folder, which is then DATA")])


def _read(
    files: Sequence[Path], form: Literal["self", "peer"], framework: Framework, tool: str | None, encoding: str
) -> ImportedForm:
    """Read the files of a form and find the questions in the first; the others have to hold the same questions."""
    exports = tuple(read_export(path, tool, part=form, encoding=encoding) for path in files)
    prefixes, wordings = PREFIXES if form == "peer" else (), _wordings(framework, form)
    found = match_questions(exports[0], wordings, prefixes=prefixes)
    if not found.found:
        problem = f"none of the questions of {framework.description.id!r} was found, by code or by wording"
        spoken = " or ".join(framework.languages)
        action = f"is it another survey, or another language than {spoken}? Export it with question codes"
        raise InvalidInput([Fault(display_path(files[0]), problem, action, row=1)])
    faults: list[Fault] = []
    for path, export in zip(files[1:], exports[1:], strict=True):
        theirs = match_questions(export, wordings, prefixes=prefixes).columns
        faults += _other_questions(path, files[0], found.columns, theirs)
    raise_if_any(faults)
    return ImportedForm(tuple(files), exports, found)


def _other_questions(path: Path, first: Path, asked: dict[str, str], theirs: dict[str, str]) -> list[Fault]:
    """Name questions that stand in one file of a form and not in the other, or under another heading."""
    action = "export both with the same questions; where one was asked later, add its column and leave it blank"
    lacking = [
        Fault(display_path(path), f"the column of {item} is not here, but in {first.name}", action, column=column)
        for item, column in asked.items()
        if theirs.get(item) != column
    ]
    more = [
        Fault(display_path(first), f"the column of {item} is not here, but in {path.name}", action, column=column)
        for item, column in theirs.items()
        if item not in asked
    ]
    return lacking + more


def _wordings(framework: Framework, form: Literal["self", "peer"]) -> dict[str, list[str]]:
    """Return every item that a form may hold with its wordings in all languages."""
    start = ("self_wording", "wording.") if form == "self" else ("peer_wording",)
    columns = [str(name) for name in framework.items.columns if str(name).startswith(start)]
    wordings = {
        str(item): [str(row[name]) for name in columns if str(row[name])] for item, row in framework.items.iterrows()
    }
    respondent = "self" if form == "self" else "rater"
    for item, row in framework.outcomes.iterrows():
        if respondent in str(row["respondent"]).split(";"):
            told = [str(row[name]) for name in row.index if str(name).startswith("wording")]
            wordings[str(item)] = [] if row["wording"] == RESTRICTED else [text for text in told if text]
    return wordings


def _id_columns(
    forms: dict[str, ImportedForm], person: str, rater: str, target: Path, framework: Framework
) -> dict[str, str]:
    """Return the columns of the codes, or say which one has to be named."""
    ids = {"self": person or _first(PERSON_COLUMNS, forms["self"], said(framework, "person_id"))}
    if "peer" in forms:
        ids["rated"] = person or _first(PERSON_COLUMNS, forms["peer"], said(framework, "rated_id"))
        ids["rater"] = rater or _first(RATER_COLUMNS, forms["peer"], said(framework, "rater_id"))
    elif not ids["self"]:
        ids["self"] = ROW_NUMBER
    problem = "no column is called as the codes of people are"
    faults = [
        Fault(display_path(target), problem, f"name it with {option}; the columns: {', '.join(form.columns[:20])}")
        for key, option, form in (
            ("self", "--person", forms["self"]),
            ("rated", "--person", forms.get("peer", forms["self"])),
            ("rater", "--rater", forms.get("peer", forms["self"])),
        )
        if key in ids and not ids[key]
    ]
    if faults:
        raise InvalidInput(faults)
    return ids


def _first(names: Sequence[str], form: ImportedForm, wordings: Sequence[str] = ()) -> str:
    """Return the first of these columns that a form has, by its name or by its wording, or nothing."""
    columns = [str(column) for column in form.exports[0].table.columns]
    worded = {fold(wording) for wording in wordings}
    known = (*(name for name in names if name in columns), *(name for name in columns if fold(name) in worded))
    return next(iter(known), "")


def _text(
    folder: Path,
    framework_name: str,
    framework: Framework,
    forms: dict[str, ImportedForm],
    ids: dict[str, str],
    encoding: str,
) -> str:
    """Write the description, every choice with a comment."""
    own, peers = forms["self"], forms.get("peer")
    lines = [
        f"# Written from {', '.join(path.name for path in own.files)}. Read every line before you run the study:",
        "# what was found by wording is marked, and nothing runs until files.to_confirm is empty.",
        f"id: {_quoted(folder.resolve().name)}",
        f"title: {_quoted(folder.resolve().name)}",
        "kind: real",
        f"framework: {_quoted(framework_name)}",
        f"items: {'all' if _asks_candidates(framework, own) else 'final'}",
        *_file_lines(folder, forms, encoding, framework),
        f"person_id: {_quoted(ids['self'])}",
    ]
    lines += [f"rater_id: {_quoted(ids['rater'])}"] if peers else []
    lines += _column_lines("columns", own, framework)
    if peers:
        lines += _column_lines("peer_columns", peers, framework, _peer_consent(own, peers, framework))
    none = framework.scale.not_applicable
    lines += ['missing: [""]', f"not_applicable: {[] if none is None else [none]}"]
    lines += [f"outcomes: {json.dumps(_complete_scales(framework, own, 'self'))}"]
    lines += [f"peer_outcomes: {json.dumps(_complete_scales(framework, peers, 'rater'))}"] if peers else []
    left = [name for name in own.columns if name not in (*ids.values(), _consent_column(own, framework))]
    if left and all(export.tool == "csv" for export in own.exports):
        lines += ["# Columns that stay outside unless they are declared below.", f"ignore: {json.dumps(left)}"]
    lines += [
        "# Groupings: uncomment what you may use, and give the levels in their order. Columns that are not declared"
    ]
    lines += ["# (free text, addresses) stay out and are named in the record of the import.", "groups: {}"]
    lines += [f"#  g{place}: {{column: {_quoted(name)}, label: {_quoted(name)}, kind: nominal, levels: {{}}}}"
              for place, name in enumerate(left, 1)]  # fmt: skip
    return "\n".join(lines) + "\n"


def _consent_column(form: ImportedForm, framework: Framework) -> str:
    """Return the column of the question of consent, or nothing."""
    return _first((CONSENT,), form, said(framework, CONSENT))


def _peer_consent(own: ImportedForm, peers: ImportedForm, framework: Framework) -> list[str]:
    """Return the line that names the peers' column of consent where it is called otherwise than the people's own."""
    column = _consent_column(peers, framework)
    return [f"  {CONSENT}: {_quoted(column)}"] if column and column != _consent_column(own, framework) else []


def _file_lines(folder: Path, forms: dict[str, ImportedForm], encoding: str, framework: Framework) -> list[str]:
    """Write the files with their checksums, and what has to be confirmed."""
    lines = ["files:"]
    consent = next((column for form in forms.values() if (column := _consent_column(form, framework))), "")
    if consent:
        yes, no = (
            json.dumps(list(dict.fromkeys((code, *map(fold, said(framework, word))))), ensure_ascii=False)
            for code, word in (("1", "agreed"), ("0", "not_agreed"))
        )
        lines.append("  # Sheets without a yes to the question of consent are left out and counted.")
        lines.append(f'  consent: {{column: {_quoted(consent)}, "yes": {yes}, "no": {no}}}')
    for form, imported in forms.items():
        named = [path.name for path in imported.files]
        lines.append(f"  {form}: {_quoted(named[0]) if len(named) == 1 else json.dumps(named, ensure_ascii=False)}")
    tools = {export.tool for imported in forms.values() for export in imported.exports}
    lines += [f"  format: {next(iter(tools))}"] if len(tools) == 1 else []
    lines += [] if encoding == "utf-8" else [f"  encoding: {_quoted(encoding)}"]
    marks = {export.delimiter for imported in forms.values() for export in imported.exports} - {"", ","}
    lines += [f"  delimiter: {_quoted(mark)}" for mark in sorted(marks)[:1] if tools == {"csv"}]
    lines.append("  sha256:")
    seen = {path.resolve() for imported in forms.values() for path in imported.files}
    lines += [f"    {_quoted(path.name)}: {hashlib.sha256(path.read_bytes()).hexdigest()}" for path in sorted(seen)]
    doubts = [match.item for imported in forms.values() for match in imported.matching.uncertain]
    return [*lines, f"  to_confirm: {json.dumps(list(dict.fromkeys(doubts)))}"]


def _column_lines(key: str, form: ImportedForm, framework: Framework, first: Sequence[str] = ()) -> list[str]:
    """Write which column each question was found in, and what was not found."""
    found = [match for match in form.matching.found if match.item != match.column]
    lines = [f"{key}:", *first] if found or first else [f"{key}: {{}}"]
    for match in found:
        likeness = f" # {match.likeness:.0f} % like the wording, confirm it" if not match.certain else ""
        lines.append(f"  {match.item}: {_quoted(match.column)}{likeness}")
    asked = set(framework.items.index)
    lacking = [item for item in form.matching.lacking if item in asked]
    lines += [f"# not found in the {key}: {', '.join(lacking)}"] if lacking else []
    for column, items in form.matching.doubtful.items():
        lines.append(f"# could be {' or '.join(items)}: {_quoted(column)}")
    return lines


def _complete_scales(framework: Framework, form: ImportedForm, respondent: Literal["self", "rater"]) -> list[str]:
    """Return the outcome scales of which every item was found."""
    found = form.matching.columns
    scales = framework.outcome_scales(respondent, list(dict.fromkeys(framework.outcomes["scale"])))
    return [name for name, items in scales.items() if all(item in found for item in items)]


def _asks_candidates(framework: Framework, form: ImportedForm) -> bool:
    """Say whether an item that is not final was found."""
    found = form.matching.columns
    return any(str(status) == "candidate" and str(item) in found for item, status in framework.items["status"].items())


def _quoted(text: str) -> str:
    """Return a text as YAML reads it letter for letter."""
    return json.dumps(text, ensure_ascii=False)
