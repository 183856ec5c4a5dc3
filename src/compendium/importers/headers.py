"""Survey tools told apart by their header rows, and read as their documentation lays them out.

Layouts: Qualtrics "Understanding your data set" (three header rows, the third with ImportIds; the legacy format has
two), LimeSurvey manual "Export responses", Microsoft Forms and Google Forms response sheets, SurveyMonkey "All
responses data" (two header rows), Jisc Online Surveys "Export response data", ODK Central "CSV submissions" and
KoboToolbox "XML values and headers".
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from compendium.importers.export import Export, as_table, fold, seconds_between, truth, without
from compendium.importers.files import Rows, refuse
from compendium.importers.headings import (
    LIMESURVEY_FIRST,
    begins_like_limesurvey,
    limesurvey_own,
    row_of_grid,
    sub_question,
)

YES = ("true", "1", "yes", "wahr", "vrai", "verdadero", "vero", "finished", "complete", "completed")
QUALTRICS_OWN = {
    "startDate", "endDate", "status", "ipAddress", "progress", "duration", "finished", "recordedDate", "_recordId",
    "recipientLastName", "recipientFirstName", "recipientEmail", "externalDataReference", "locationLatitude",
    "locationLongitude", "distributionChannel", "userLanguage",
}  # fmt: skip
LEGACY_OWN = {
    "responseid", "responseset", "name", "externaldatareference", "emailaddress", "ipaddress", "status", "startdate",
    "enddate", "finished", "locationlatitude", "locationlongitude", "locationaccuracy",
}  # fmt: skip
#: Qualtrics writes this where a question was shown and not answered.
SEEN_BUT_UNANSWERED = "-99"
PREVIEW = ("1", "survey preview", "preview", "2", "survey test", "survey test data")
SPAM = ("8", "spam", "12", "survey preview spam", "imported spam")
#: A question's or group's own time in LimeSurvey: never an answer.
LIMESURVEY_TIME = re.compile(r"(grouptime|.+time)\d*|(group|question) time.*", re.IGNORECASE)
FORMS_FIRST = ("id", "start time", "completion time", "email", "name")
FORMS_OWN = ("id", "start time", "completion time", "email", "name", "last modified time", "language")
GOOGLE_TIME = (
    *("timestamp", "zeitstempel", "horodateur", "marca temporal", "informazioni cronologiche", "tijdstempel"),
    "carimbo de data/hora",
)
GOOGLE_OWN = (
    *GOOGLE_TIME,
    *(
        "email address",
        "username",
        "score",
        "e-mail-adresse",
        "nutzername",
        "punkte",
        "adresse e-mail",
        "nom d'utilisateur",
    ),
)
MONKEY_OWN = (
    "respondent id", "collector id", "date created", "date modified", "ip address", "email address", "first name",
    "last name", "custom data 1", "custom data",
)  # fmt: skip
MONKEY_NO_PART = ("", "response", "open-ended response")
JISC_OWN = (
    "unique response number", "response id", "started", "completed", "completion time", "date started",
    "date completed", "survey started", "survey completed",
)  # fmt: skip
JISC_STARTED = ("started", "date started", "survey started")
JISC_ENDED = ("completed", "date completed", "survey completed")
JISC_QUESTION = re.compile(r"(?P<code>Q?\d+(?:\.\d+)*(?:\.[a-z])?)(?:\.|:)?(?:\s+(?P<words>.+))?", re.DOTALL)
ODK_OWN = re.compile(
    r"(meta/|meta-)?(instanceid|instancename)|key|submissiondate|start|end|today|deviceid|phonenumber|username"
    r"|simserial|subscriberid|submitterid|submittername|attachmentspresent|attachmentsexpected|status|reviewstate"
    r"|edits|formversion|_.+",
    re.IGNORECASE,
)
ODK_CERTAIN = ("meta/instanceid", "meta-instanceid", "_uuid", "instanceid", "key")


@dataclass(frozen=True)
class Tool:
    """A tool: how its export is recognised, and how it is read."""

    name: str
    certain: Callable[[Rows], bool]
    read: Callable[[Rows, Path], Export]


def _row(rows: Rows, number: int) -> list[str]:
    """Return a header row, empty where the file is shorter."""
    return rows.cells[number] if len(rows.cells) > number else []


def _folded(rows: Rows, number: int = 0) -> list[str]:
    """Return a header row as it is compared."""
    return [fold(cell) for cell in _row(rows, number)]


# Qualtrics


def _import_id(cell: str) -> str | None:
    """Return the ImportId that a cell of the third header row holds."""
    try:
        return str(json.loads(cell)["ImportId"])
    except (ValueError, KeyError, TypeError):
        return None


def _is_qualtrics(rows: Rows) -> bool:
    ids = [_import_id(cell) for cell in _row(rows, 2) if cell]
    return bool(ids) and all(ids)


def _is_legacy_qualtrics(rows: Rows) -> bool:
    return {"responseid", "responseset"} <= set(_folded(rows, 1))


def read_qualtrics(rows: Rows, path: Path) -> Export:
    """Read a Qualtrics CSV: three header rows, or two in the legacy format."""
    legacy = not _is_qualtrics(rows)
    if legacy and not _is_legacy_qualtrics(rows):
        problem = "no Qualtrics header: the third row should hold ImportIds"
        raise refuse(path, problem, "export it again as CSV, with all header rows left as they are", row=3)
    header = _unique(_row(rows, 0), path)
    keys = [fold(cell) for cell in _row(rows, 1)] if legacy else [_import_id(cell) or "" for cell in _row(rows, 2)]
    own_keys = LEGACY_OWN if legacy else QUALTRICS_OWN
    own = {key: name for key, name in zip(keys, header, strict=False) if key in own_keys}
    wordings = dict(zip(header, _row(rows, 1), strict=False))
    table = as_table(header, [(number, _answered(cells)) for number, cells in rows.after(2 if legacy else 3)])
    table = table.loc[:, [bool(column) for column in header]]
    table, dropped = _without_previews(table, own)
    seconds = pd.to_numeric(table[own["duration"]], errors="coerce") if "duration" in own else None
    finished = truth(table[own["finished"]], YES) if "finished" in own else None
    return Export(
        "qualtrics",
        table,
        wordings={name: words for name, words in wordings.items() if name and name not in own.values()},
        own_columns=tuple(own.values()),
        participation=_participation(table, finished, seconds),
        dropped=dropped,
    )


def _answered(cells: list[str]) -> list[str]:
    """Return a row in which questions that were seen and not answered are blank."""
    if SEEN_BUT_UNANSWERED not in cells:
        return cells
    out, place = list(cells), -1
    for _ in range(cells.count(SEEN_BUT_UNANSWERED)):
        place = cells.index(SEEN_BUT_UNANSWERED, place + 1)
        out[place] = ""
    return out


def _without_previews(table: pd.DataFrame, own: dict[str, str]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Drop rows that the tool marks as previews, tests or spam."""
    parts = []
    for marks, reason in ((PREVIEW, "a preview or test of the survey"), (SPAM, "marked as spam by the survey tool")):
        marked = pd.Series(False, index=table.index)
        for key in ("status", "distributionChannel"):
            if key in own:
                cells = table[own[key]]
                marked |= cells.isin([cell for cell in cells.unique() if fold(cell) in marks])
        table, dropped = without(table, marked, reason)
        parts.append(dropped)
    return table, pd.concat(parts, ignore_index=True)


# LimeSurvey


def _is_limesurvey(rows: Rows) -> bool:
    return {"submitdate", "lastpage"} <= set(map(limesurvey_own, _row(rows, 0)))


def read_limesurvey(rows: Rows, path: Path) -> Export:
    """Read a LimeSurvey CSV with question codes or full texts as headings; an unfinished sheet has no submit date."""
    raw = _row(rows, 0)
    own = {name: cell for cell in raw if (name := limesurvey_own(cell))}
    if "submitdate" not in own and begins_like_limesurvey(rows):
        own |= dict(zip(LIMESURVEY_FIRST, raw, strict=False))
    if "submitdate" not in own:
        raise refuse(path, "no LimeSurvey header: there is no submitdate", "export it with question codes", row=1)
    names = [cell if cell in own.values() else sub_question(cell) for cell in raw]
    header = _unique(names, path)
    wordings = {name: row_of_grid(text) for name, text in zip(header, raw, strict=True) if name not in own.values()}
    table = as_table(header, rows.after(1))
    finished = (table[own["submitdate"]] != "").astype("boolean")
    seconds = pd.to_numeric(table[own["interviewtime"]], errors="coerce") if "interviewtime" in own else None
    times = [name for name in header if name not in own.values() and LIMESURVEY_TIME.fullmatch(name)]
    return Export(
        "limesurvey",
        table,
        wordings=wordings,
        own_columns=(*own.values(), *times),
        participation=_participation(table, finished, seconds),
    )


# Microsoft Forms, Google Forms


def _is_forms(rows: Rows) -> bool:
    return _folded(rows)[:3] == ["id", "start time", "completion time"] or _laid_out_as_forms(rows)


def _laid_out_as_forms(rows: Rows) -> bool:
    """Say whether a workbook begins with ``ID``, a start and an end later than it: Microsoft Forms in any language."""
    below = [cells for _, cells in rows.after(1)]
    time = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d.*")
    return (
        not rows.delimiter
        and _folded(rows)[:1] == ["id"]
        and bool(below)
        and all(
            len(cells) > len(FORMS_FIRST)
            and cells[0].isdigit()
            and all(map(time.fullmatch, cells[1:3]))
            and cells[1] <= cells[2]
            for cells in below
        )
    )


def read_forms(rows: Rows, path: Path) -> Export:
    """Read the workbook of Microsoft Forms: question texts as headings."""
    header = [" ".join(cell.split()) for cell in _row(rows, 0)]
    own = header[: len(FORMS_FIRST)] if _laid_out_as_forms(rows) else []
    export = _by_wording("forms", rows, path, (*FORMS_OWN, *map(fold, own)))
    times = export.own_columns[1:3]
    seconds = seconds_between(*(export.table[name] for name in times)) if len(times) == 2 else None
    return _with_participation(export, None, seconds, submitted_only=True)


def _is_google(rows: Rows) -> bool:
    header = _folded(rows)
    return len(header) > 1 and header[0] in GOOGLE_TIME


def read_google(rows: Rows, path: Path) -> Export:
    """Read the sheet of Google Forms: question texts as headings, rows of grids in square brackets."""
    export = _by_wording("google", rows, path, GOOGLE_OWN)
    return _with_participation(export, None, None, submitted_only=True)


def _by_wording(tool: str, rows: Rows, path: Path, own_names: Sequence[str]) -> Export:
    """Read a sheet whose first row holds the questions as they were worded."""
    raw = [" ".join(cell.split()) for cell in _row(rows, 0)]
    leading = _leading_own(raw, own_names)
    header = _unique([cell if number < leading else row_of_grid(cell) for number, cell in enumerate(raw)], path)
    wordings = {name: name for name in header[leading:]}
    return Export(tool, as_table(header, rows.after(1)), wordings=wordings, own_columns=tuple(header[:leading]))


def _leading_own(header: Sequence[str], own_names: Sequence[str]) -> int:
    """Return how many columns at the start the tool adds of its own accord."""
    count = 0
    while count < len(header) and fold(header[count]) in own_names:
        count += 1
    return count


# SurveyMonkey


def _is_surveymonkey(rows: Rows) -> bool:
    return {"respondent id", "collector id"} <= set(_folded(rows))


def read_surveymonkey(rows: Rows, path: Path) -> Export:
    """Read SurveyMonkey's condensed export: a question stands over its first column only, its rows below."""
    top, below = _row(rows, 0), _row(rows, 1)
    if not _is_surveymonkey(rows):
        raise refuse(path, "no SurveyMonkey header: there is no 'Respondent ID'", "export it again", row=1)
    filled: list[str] = []
    for cell in top:
        filled.append(cell or (filled[-1] if filled else ""))
    parts = [*below, *[""] * (len(filled) - len(below))]
    own = [number for number, cell in enumerate(top) if fold(cell) in MONKEY_OWN]
    named = [
        cell if number in own or fold(part) in MONKEY_NO_PART else part
        for number, (cell, part) in enumerate(zip(filled, parts, strict=False))
    ]
    header = _unique(named, path)
    table = as_table(header, rows.after(2))
    names = {fold(top[number]): header[number] for number in own}
    created, modified = names.get("date created"), names.get("date modified")
    seconds = seconds_between(table[created], table[modified]) if created and modified else None
    wordings = {name: name for number, name in enumerate(header) if number not in own}
    own_columns = tuple(header[number] for number in own)
    export = Export("surveymonkey", table, wordings=wordings, own_columns=own_columns)
    return _with_participation(export, None, seconds)


# Jisc Online Surveys


def _is_jisc(rows: Rows) -> bool:
    return _folded(rows)[:1] == ["unique response number"]


def read_jisc(rows: Rows, path: Path) -> Export:
    """Read a Jisc Online Surveys CSV: question numbers as headings, with or without the question behind them."""
    raw = _row(rows, 0)
    if not _is_jisc(rows):
        raise refuse(path, "no Jisc header: the first column is not 'Unique Response Number'", "export it again", row=1)
    names, wordings = [], {}
    for cell in raw:
        found = JISC_QUESTION.fullmatch(cell)
        names.append(found["code"] if found and fold(cell) not in JISC_OWN else cell)
        if found and found["words"]:
            wordings[names[-1]] = found["words"].strip()
    header = _unique(names, path)
    table = as_table(header, rows.after(1))
    own = tuple(name for name in header if fold(name) in JISC_OWN)
    started, ended = (next((name for name in own if fold(name) in words), None) for words in (JISC_STARTED, JISC_ENDED))
    seconds = seconds_between(table[started], table[ended]) if started and ended else None
    finished = (table[ended] != "").astype("boolean") if ended else None
    return _with_participation(Export("jisc", table, wordings=wordings, own_columns=own), finished, seconds)


# ODK, KoboToolbox


def _is_odk(rows: Rows) -> bool:
    header = set(_folded(rows))
    return bool(header & set(ODK_CERTAIN[:3])) or {"key", "submissiondate"} <= header


def read_odk(rows: Rows, path: Path) -> Export:
    """Read ODK's or KoboToolbox' CSV or workbook: groups stand before the question's name, or before its wording."""
    raw = _row(rows, 0)
    own = [cell for cell in raw if ODK_OWN.fullmatch(cell)]
    labelled = any(" " in cell.strip() for cell in raw if cell not in own)
    last = [cell if cell in own or labelled else re.split(r"[/-]", cell)[-1] for cell in raw]
    doubled = {name for name in last if last.count(name) > 1}
    header = _unique([cell if name in doubled else name for cell, name in zip(raw, last, strict=True)], path)
    table = as_table(header, rows.after(1))
    start, end = (next((name for name in own if name.casefold() == key), None) for key in ("start", "end"))
    seconds = seconds_between(table[start], table[end]) if start and end else None
    wordings = {name: name for name in header if name not in own} if labelled else {}
    export = Export("odk", table, wordings=wordings, own_columns=tuple(own))
    return _with_participation(export, None, seconds, submitted_only=True)


# Shared


def _unique(header: Sequence[str], path: Path) -> list[str]:
    """Return the header, or refuse one that names a question twice."""
    named = [cell for cell in header if cell]
    twice = sorted({cell for cell in named if named.count(cell) > 1}) if len(set(named)) < len(named) else []
    if twice:
        problem = "two columns have this heading, so that answers could be mistaken for one another"
        raise refuse(path, problem, "export with question codes, or rename one of them", row=1, column=twice[0])
    return list(header)


def _participation(table: pd.DataFrame, finished: pd.Series | None, seconds: pd.Series | None) -> pd.DataFrame:
    """Put what is known about each row together."""
    known = {"finished": finished, "seconds": seconds}
    return pd.DataFrame({name: part for name, part in known.items() if part is not None}, index=table.index)


def _with_participation(
    export: Export, finished: pd.Series | None, seconds: pd.Series | None, *, submitted_only: bool = False
) -> Export:
    """Return the export with what is known about each row."""
    known = _participation(export.table, finished, seconds)
    return replace(export, participation=known, submitted_only=submitted_only)


TOOLS = (
    Tool("qualtrics", lambda rows: _is_qualtrics(rows) or _is_legacy_qualtrics(rows), read_qualtrics),
    Tool("surveymonkey", _is_surveymonkey, read_surveymonkey),
    Tool("limesurvey", _is_limesurvey, read_limesurvey),
    Tool("forms", _is_forms, read_forms),
    Tool("jisc", _is_jisc, read_jisc),
    Tool("odk", _is_odk, read_odk),
    Tool("google", _is_google, read_google),
)
