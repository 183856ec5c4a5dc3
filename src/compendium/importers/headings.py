"""Headings of an export: LimeSurvey's own columns in several languages, and the questions that headings hold."""

from __future__ import annotations

import re

from compendium.importers.export import fold
from compendium.importers.files import Rows

LIMESURVEY_OWN = {
    "id": "id", "response id": "id", "submitdate": "submitdate", "date submitted": "submitdate", "lastpage": "lastpage",
    "last page": "lastpage", "startlanguage": "startlanguage", "start language": "startlanguage", "seed": "seed",
    "startdate": "startdate", "date started": "startdate", "datestamp": "datestamp", "date last action": "datestamp",
    "ipaddr": "ipaddr", "ip address": "ipaddr", "refurl": "refurl", "referrer url": "refurl", "interviewtime":
    "interviewtime", "total time": "interviewtime", "token": "token", "access code": "token", "firstname": "firstname",
    "first name": "firstname", "lastname": "lastname", "last name": "lastname", "email": "email",
    "email address": "email", "antwort id": "id", "antwort-id": "id", "datum abgeschickt": "submitdate", "letzte seite":
    "lastpage", "start-sprache": "startlanguage", "zufallsstartwert": "seed", "datum gestartet": "startdate",
    "datum letzte aktivität": "datestamp", "id de la réponse": "id", "date de soumission": "submitdate",
    "dernière page": "lastpage", "langue de départ": "startlanguage", "id de respuesta": "id", "fecha de envío":
    "submitdate", "última página": "lastpage", "lenguaje inicial": "startlanguage",
}  # fmt: skip
#: The columns with which every LimeSurvey export begins, whatever its language.
LIMESURVEY_FIRST = ("id", "submitdate", "lastpage", "startlanguage")


def limesurvey_own(cell: str) -> str:
    """Return which of the tool's columns a heading names, as code, as text, or as both (``id. Response ID``)."""
    before = cell.partition(".")[0].strip()
    both = before if "." in cell and before in LIMESURVEY_OWN.values() else ""
    return LIMESURVEY_OWN.get(fold(cell), both)


def begins_like_limesurvey(rows: Rows) -> bool:
    """Say whether the first columns hold a number, a time or nothing, a page or nothing, and a language."""
    below = [cells for _, cells in rows.after(1)]
    return bool(below) and all(
        len(cells) > len(LIMESURVEY_FIRST)
        and cells[0].isdigit()
        and re.fullmatch(r"(\d{4}-\d\d-\d\d[ \d:]*)?", cells[1])
        and re.fullmatch(r"-?\d*", cells[2])
        and re.fullmatch(r"[a-z]{2,3}(-[A-Za-z-]+)?", cells[3])
        for cells in below
    )


def sub_question(cell: str) -> str:
    """Return ``SQ1`` for ``G[SQ1]`` and for ``G[SQ1]. Text``; of a full text what stands in its last brackets."""
    inner = re.fullmatch(r"[A-Za-z][A-Za-z0-9]*\[([^\[\]]+)\](?:\. .+)?", cell, flags=re.DOTALL)
    if inner:
        return inner[1]
    coded = re.fullmatch(r"([A-Za-z][A-Za-z0-9]*)\. .+", cell, flags=re.DOTALL)
    if coded:
        return coded[1]
    return row_of_grid(cell)


def row_of_grid(cell: str) -> str:
    """Return the row of a grid, ``Row`` in ``Question [Row]``, which may hold brackets of its own; else the heading."""
    text, depth = cell.rstrip(), 0
    if not text.endswith("]"):
        return cell
    for place in range(len(text) - 1, 0, -1):
        depth += {"]": 1, "[": -1}.get(text[place], 0)
        if depth == 0:
            inner = text[place + 1 : -1].strip()
            return inner if len(inner) > 2 and text[:place].strip() else cell
    return cell
