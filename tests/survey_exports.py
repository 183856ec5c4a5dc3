"""The answers of a cohort in the shape in which each survey tool exports them.

Written after the tools' own descriptions: Qualtrics "Understanding your data set", REDCap "Repeating instruments and
events", LimeSurvey manual "Export responses", Microsoft Forms "Check your form results", Google Forms "View & manage
form responses", SurveyMonkey "Exporting survey results", Jisc Online Surveys "Exporting your data", ODK Central "CSV".
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping
from pathlib import Path

import openpyxl
import pandas as pd

META = ["StartDate", "EndDate", "Status", "IPAddress", "Progress", "Duration (in seconds)", "Finished", "RecordedDate",
        "ResponseId", "RecipientLastName", "RecipientFirstName", "RecipientEmail", "ExternalReference",
        "LocationLatitude", "LocationLongitude", "DistributionChannel", "UserLanguage"]  # fmt: skip
IDS = ["startDate", "endDate", "status", "ipAddress", "progress", "duration", "finished", "recordedDate", "_recordId",
       "recipientLastName", "recipientFirstName", "recipientEmail", "externalDataReference", "locationLatitude",
       "locationLongitude", "distributionChannel", "userLanguage"]  # fmt: skip
LEGACY_OWN_CELLS = ("R_1", "Default", "Secret", "", "sam@example.org", "10.0.0.1", "0", "2026-01-12", "2026-01-12", "1")
MONKEY_OWN_CELLS = (
    *("118", "42", "2026-01-12 09:00", "2026-01-12 09:10", "10.0.0.1"),
    *("sam@example.org", "Sam", "Secret", ""),
)
Writer = Callable[[pd.DataFrame, Mapping[str, str], Path], Path]


def _csv(path: Path, rows: list[list[str]], mark: str = "", delimiter: str = ",") -> Path:
    stream = io.StringIO()
    csv.writer(stream, delimiter=delimiter, lineterminator="\n").writerows(rows)
    path.write_text(mark + stream.getvalue(), encoding="utf-8")
    return path


def qualtrics(table: pd.DataFrame, wordings: Mapping[str, str], path: Path) -> Path:
    seen = ["2026-01-01 10:00:00"] * 2 + ["Survey Preview", "*", "100", "60", "True", "2026-01-01", "R_0"]
    preview = [*seen, "", "", "", "", "1", "1", "preview", "EN"]
    head = [
        META + list(table),
        [f"Meta {name}" for name in META] + [f'Please answer:\n"{wordings.get(name, name)}"' for name in table],
        [json.dumps({"ImportId": name}) for name in IDS + [f"QID{number}" for number in range(len(table.columns))]],
        preview + ["1"] * len(table.columns),
    ]
    rows = [
        ["2026-01-12 09:00:00", "2026-01-12 09:08:20", "IP Address", "10.0.0.1", "100", "500", "True", "2026-01-12",
         f"R_{number}", "Secret", "Sam", "sam@example.org", "", "52.1", "-0.4", "anonymous", "EN",
         *(cell or "-99" for cell in cells)]
        for number, cells in enumerate(table.itertuples(index=False))
    ]  # fmt: skip
    return _csv(path, head + rows)


def qualtrics_legacy(table: pd.DataFrame, wordings: Mapping[str, str], path: Path) -> Path:
    own = ["ResponseID", "ResponseSet", "Name", "ExternalDataReference", "EmailAddress", "IPAddress", "Status",
           "StartDate", "EndDate", "Finished"]  # fmt: skip
    head = [
        [f"V{number}" for number in range(1, 11)] + list(table) + [""],
        own + [wordings.get(name, name) for name in table] + [""],
    ]
    rows = [
        [
            *["R_1", "Default", "Secret", "", "sam@example.org", "10.0.0.1", "0", "2026-01-12", "2026-01-12", "1"],
            *cells,
            "",
        ]
        for cells in table.itertuples(index=False)
    ]
    return _csv(path, head + rows, mark="\ufeff")


def limesurvey(table: pd.DataFrame, wordings: Mapping[str, str], path: Path) -> Path:
    names = [f"G1[{name}]" if "_" in name and name in wordings else name for name in table]
    head = ["id", "submitdate", "lastpage", "startlanguage", "seed", *names]
    rows = [
        [str(number), "1980-01-01 00:00:00", "5", "en", "7", *cells]
        for number, cells in enumerate(table.itertuples(index=False), 1)
    ]
    return _csv(path, [head, *rows], mark="\ufeff", delimiter=";")


def forms(table: pd.DataFrame, wordings: Mapping[str, str], path: Path) -> Path:
    book = openpyxl.Workbook()
    words = [wordings.get(name, name).replace(" ", "\N{NO-BREAK SPACE}", 1) for name in table]
    book.active.append(["ID", "Start time", "Completion time", "Email", "Name", *words])
    for number, cells in enumerate(table.itertuples(index=False), 1):
        times = [pd.Timestamp("2026-01-12 09:00"), pd.Timestamp("2026-01-12 09:10")]
        book.active.append([number, *times, "anonymous", "Sam Secret", *(cell or None for cell in cells)])
    book.save(path)
    return path


def google(table: pd.DataFrame, wordings: Mapping[str, str], path: Path) -> Path:
    words = [f"How often? [{wordings[name]}]" if name in wordings else name for name in table]
    rows = [["2026/01/12 9:10:01 am GMT", *cells] for cells in table.itertuples(index=False)]
    return _csv(path, [["Timestamp", *words], *rows])


def surveymonkey(table: pd.DataFrame, wordings: Mapping[str, str], path: Path) -> Path:
    own = ["Respondent ID", "Collector ID", "Date Created", "Date Modified", "IP Address", "Email Address",
           "First Name", "Last Name", "Custom Data 1"]  # fmt: skip
    items = [name for name in table if name in wordings]
    top = ["How often do you do this?" if name in items[:1] else "" if name in items else name for name in table]
    below = [wordings[name] if name in items else "Open-Ended Response" for name in table]
    rows = [
        [
            *["118", "42", "2026-01-12 09:00", "2026-01-12 09:10", "10.0.0.1", "sam@example.org", "Sam", "Secret", ""],
            *cells,
        ]
        for cells in table.itertuples(index=False)
    ]
    return _csv(path, [own + top, [""] * len(own) + below, *rows])


def jisc(table: pd.DataFrame, wordings: Mapping[str, str], path: Path) -> Path:
    words = [f"Q{number}. {wordings.get(name, name)}" for number, name in enumerate(table, 1)]
    rows = [[f"9-{number}", *cells] for number, cells in enumerate(table.itertuples(index=False))]
    return _csv(path, [["Unique Response Number", *words], *rows])


def odk(table: pd.DataFrame, wordings: Mapping[str, str], path: Path) -> Path:
    words = [f"competencies/{name}" if name in wordings else f"about_you/{name}" for name in table]
    rows = [
        ["2026-01-12T09:00:00", "2026-01-12T09:10:00", *cells, f"uuid:{number}", str(number)]
        for number, cells in enumerate(table.itertuples(index=False))
    ]
    return _csv(path, [["start", "end", *words, "meta/instanceID", "_id"], *rows])


def redcap(table: pd.DataFrame, wordings: Mapping[str, str], path: Path) -> Path:
    renamed = table.rename(columns={"person_id": "record_id"})
    rows = [[*cells, "2"] for cells in renamed.itertuples(index=False)]
    return _csv(path, [[*renamed, "self_assessment_complete"], *rows])


def sav(table: pd.DataFrame, wordings: Mapping[str, str], path: Path) -> Path:
    import pyreadstat

    frame = table.copy()
    for name in wordings:
        if name in frame:
            frame[name] = pd.to_numeric(frame[name]).astype(float)
    pyreadstat.write_sav(frame, str(path), column_labels=[wordings.get(name, "") for name in frame])
    return path


def dta(table: pd.DataFrame, wordings: Mapping[str, str], path: Path) -> Path:
    import pyreadstat

    frame = table.copy()
    for name in wordings:
        if name in frame:
            frame[name] = pd.to_numeric(frame[name]).astype(float)
    pyreadstat.write_dta(frame, str(path), column_labels=[wordings.get(name, "")[:80] for name in frame])
    return path


def xlsx(table: pd.DataFrame, wordings: Mapping[str, str], path: Path) -> Path:
    book = openpyxl.Workbook()
    book.active.append(list(table))
    for cells in table.itertuples(index=False):
        book.active.append([cell or None for cell in cells])
    book.save(path)
    return path


def plain(table: pd.DataFrame, wordings: Mapping[str, str], path: Path) -> Path:
    return _csv(path, [list(table), *(list(cells) for cells in table.itertuples(index=False))])


BY_CODE: dict[str, Writer] = {
    "qualtrics": qualtrics,
    "qualtrics legacy": qualtrics_legacy,
    "limesurvey": limesurvey,
    "odk": odk,
    "redcap": redcap,
    "sav": sav,
    "dta": dta,
    "xlsx": xlsx,
    "csv": plain,
}
BY_WORDING: dict[str, Writer] = {"forms": forms, "google": google, "surveymonkey": surveymonkey, "jisc": jisc}
WRITERS = BY_CODE | BY_WORDING
ENDINGS = {"forms": "xlsx", "xlsx": "xlsx", "sav": "sav", "dta": "dta"}
