"""What some cohorts collect beside the two forms: importance ratings, comments, scores of an earlier wave."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from compendium.cohort.beside import CHECKED, COMMENT, ID, read_figures, read_written
from compendium.cohort.roster import roster_of
from compendium.faults import NotYet
from compendium.steps.feedback.evidence import Evidence, Rows, Table
from compendium.study import Study

YES = "yes"
PSEUDONYMS = "pseudonyms.csv"
# What may tell who wrote, or who is meant: addresses, figures, days and months, a name inside a sentence, a role.
TELLING = re.compile(
    r"\S@\S|\d|\b(?:mon|tues|wednes|thurs|fri|satur|sun)day\b|\b(?:january|february|april|june|july|august|september|"
    r"october|november|december)\b|\b(?:my|her|his|their) (?:wife|husband|partner|son|daughter|mother|father)\b|"
    r"\b(?:manager|consultant|matron|director|head of|chair|secretary|trainee|student|locum)\b",
    re.IGNORECASE,
)
NAME_INSIDE = re.compile(r"(?<![.!?]\s)(?<!^)(?<!\bI\s)\b(?!I\b|I'|NHS\b|GP\b|MDT\b)[A-Z][a-z]+")


@dataclass(frozen=True)
class Comments:
    """What colleagues wrote, as it may be shown, and what a person has to read first.

    Attributes
    ----------
    shown : mapping of person to comments
        Shuffled; of people about whom enough colleagues wrote.
    to_check : DataFrame
        ``row`` of the file and the ``word`` that may tell who wrote; these comments are not shown until someone has
        written "yes" under ``checked``.
    """

    shown: Mapping[str, Sequence[str]]
    to_check: pd.DataFrame


def telling_word(comment: str) -> str | None:
    """Return the first word of a comment that may tell who wrote it or who is meant, or None.

    Examples
    --------
    >>> telling_word("Always kind. Asks Maria first."), telling_word("Always kind.")
    ('Maria', None)
    """
    found = TELLING.search(comment) or NAME_INSIDE.search(comment)
    return None if found is None else found.group()


def read_comments(study: Study) -> Comments | None:
    """Return colleagues' comments, None where the cohort declares no file of them."""
    name = study.settings.feedback.comments
    if name is None:
        return None
    known = pseudonyms(study)
    table = read_written(study.data / name, known)
    table = table.assign(person=table[ID].map(known), word=table[COMMENT].map(telling_word))
    open_rows = table["word"].notna() & (table[CHECKED].str.casefold() != YES)
    needed = int(study.plan.feedback.comments_from.value)
    shown: dict[str, list[str]] = {}
    for person, rows in table[~open_rows].groupby("person"):
        # Who wrote first cannot be told, and the same comments come in the same order in every run.
        texts = sorted(rows[COMMENT])
        if len(texts) >= needed:
            random.Random(f"{study.settings.id}:{person}").shuffle(texts)
            shown[str(person)] = texts
    return Comments(shown, table.loc[open_rows, ["word"]].reset_index())


def read_asked(study: Study) -> Mapping[str, int] | None:
    """Return how many colleagues were asked about each person, None without a roster that says so."""
    roster = roster_of(study.settings, study.data)
    if roster is None or not roster.raters:
        return None
    known = pseudonyms(study)
    return {known[code]: n for code, n in roster.raters.items() if code in known}


def read_invited(study: Study) -> Mapping[str, int] | None:
    """Return how many people of each team were asked, None without a roster that says who is in which."""
    roster = roster_of(study.settings, study.data)
    group = study.settings.groups.get("team")
    if roster is None or not roster.teams or group is None:
        return None
    return Counter(str(group.levels.get(team, team)) for team in roster.teams.values())


def read_importance(study: Study, evidence: Evidence) -> Table | None:
    """Return how important people find each competency, None where the cohort declares no file of it."""
    name = study.settings.feedback.importance
    return None if name is None else Rows(_figures(study, name, evidence))


def read_earlier(study: Study, evidence: Evidence) -> pd.DataFrame:
    """Return the scores of the earlier wave that the cohort declares as a file, by person and competency."""
    earlier = study.settings.feedback.earlier
    assert earlier is not None
    return _figures(study, earlier.file, evidence)


def earlier_wave(study: Study) -> str | None:
    """Return the key of the wave before the studied one, None without declared waves or where it is the first."""
    waves = study.settings.waves
    if waves is None:
        return None
    keys = list(waves.in_order)
    place = keys.index(waves.main)
    return keys[place - 1] if place else None


def earlier_label(study: Study) -> str:
    """Return when the earlier wave was as reports say it, empty where there is none."""
    earlier, wave = study.settings.feedback.earlier, earlier_wave(study)
    if wave is not None and study.settings.waves is not None:
        return study.settings.waves.in_order[wave].label
    return "" if earlier is None else earlier.date


def _figures(study: Study, name: str, evidence: Evidence) -> pd.DataFrame:
    """Return figures by pseudonym and competency, of the competencies that have a score."""
    known = pseudonyms(study)
    figures = read_figures(study.data / name, study.framework, known)
    return figures.rename(index=known)[list(evidence.scales)]


def pseudonyms(study: Study) -> dict[str, str]:
    """Return the pseudonym of each id of the self file, as the step that read it wrote them down.

    Raises
    ------
    NotYet
        When that step has not run.
    """
    path = study.folders.private / PSEUDONYMS
    if not path.is_file():
        raise NotYet("03_cohort_quality", study.settings.id)
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    return dict(zip(table.iloc[:, 0], table.iloc[:, 1], strict=True))
