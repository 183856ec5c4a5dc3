"""The reports of a cohort: who gets one, where they go, and what is counted (notebook 09 and ``compendium reports``).

Layout below ``results/<cohort>/private/reports``: ``people``, ``teams`` and ``organisation``, each with its record of
what was written.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import pandas as pd
from babel.dates import format_date

from compendium.disclosure.text import file_name
from compendium.faults import Fault, InvalidInput
from compendium.framework import FeedbackTexts, Framework, feedback_languages, feedback_texts, translated
from compendium.report.feedback.blocks import Document, Look
from compendium.report.feedback.board import board_report
from compendium.report.feedback.individual import individual_report
from compendium.report.feedback.press import FORMS, Press, Written
from compendium.report.feedback.render import as_svg, picture
from compendium.report.feedback.setting import Setting
from compendium.report.feedback.team import team_report
from compendium.report.feedback.word import word
from compendium.report.feedback.words import Words
from compendium.steps.feedback import Evidence, PersonFindings, findings_of_person, gather
from compendium.steps.feedback.changes import person_changes, team_changes
from compendium.steps.feedback.organisation import findings_of_whole
from compendium.steps.feedback.specimen import NAME, made_up_evidence, specimen_person
from compendium.steps.feedback.supplements import (
    Comments,
    earlier_label,
    pseudonyms,
    read_asked,
    read_comments,
    read_importance,
    read_invited,
)
from compendium.steps.feedback.teams import TeamFindings, findings_of_team, reported_teams
from compendium.study import Study

REPORTS, PEOPLE, TEAMS, ORGANISATION = "reports", "people", "teams", "organisation"
TO_CHECK = "comments_to_check.csv"
ENGLISH = "english"


@dataclass(frozen=True)
class Reports:
    """The reports of one cohort."""

    study: Study
    evidence: Evidence
    setting: Setting
    comments: Comments | None

    @property
    def folder(self) -> Path:
        """Where they go."""
        return self.study.folders.private / REPORTS

    @cached_property
    def wait(self) -> bool:
        """Whether those of people and teams are so many together that they are written on request, not by the step."""
        number = len(self.evidence.people) + int(self.teams["reported"].sum())
        return number > self.study.plan.feedback.most_at_once.value

    @property
    def findings(self) -> Iterable[PersonFindings]:
        """What each person's report says; of very many people worked out each time, so that never all are in memory."""
        return self._each() if self.wait else self._found

    @cached_property
    def _found(self) -> list[PersonFindings]:
        """What each person's report says, worked out once."""
        return list(self._each())

    def _each(self) -> Iterator[PersonFindings]:
        """Work out what each person's report says."""
        return (findings_of_person(self.evidence, person) for person in self.evidence.people)

    def individual(self, found: PersonFindings) -> Document:
        """Return the report of one person."""
        return individual_report(self.setting, self.evidence, found)

    def write_people(self, asked: bool = True) -> Written:
        """Write a report for everybody with at least one score; of very many only where somebody asked for them."""
        press, people = Press(self.folder / PEOPLE), self.evidence.people
        self._write_comments_to_check()
        if not asked and self.wait:
            press.keep(set(people))
            return Written(0, 0)
        documents = ((found.person, self.individual(found)) for found in self.findings)
        return press.write(documents, len(people), PEOPLE)

    @cached_property
    def teams(self) -> pd.DataFrame:
        """One row a team: its members, and whether it gets a report."""
        return reported_teams(self.evidence)

    @cached_property
    def team_findings(self) -> list[TeamFindings]:
        """What each team's report says."""
        return [findings_of_team(self.evidence, str(name)) for name in self.teams.loc[self.teams["reported"], "team"]]

    def write_teams(self, asked: bool = True) -> Written:
        """Write a report for every team that may have one; of very many only where somebody asked for them.

        A team's name may hold any sign; those that mean something in a path are escaped in the file's name.
        """
        press, teams = Press(self.folder / TEAMS), self.team_findings
        if not asked and self.wait:
            press.keep({file_name(found.team) for found in teams})
            return Written(0, 0)
        documents = ((file_name(found.team), team_report(self.setting, self.evidence, found)) for found in teams)
        return press.write(documents, len(teams), TEAMS)

    @property
    def board(self) -> Document:
        """The view for a board."""
        invited = self.study.settings.invited
        found = findings_of_whole(self.evidence, self.teams, self.team_findings, invited)
        return board_report(self.setting, self.evidence, found)

    def write_organisation(self) -> Written:
        """Write the view for a board, in Word too."""
        press = Press(self.folder / ORGANISATION, {**FORMS, "docx": word})
        return press.write([(ORGANISATION, self.board)], 1, ORGANISATION)

    def write_all(self) -> dict[str, Written]:
        """Write every report of the cohort; return what was done by folder."""
        return {PEOPLE: self.write_people(), TEAMS: self.write_teams(), ORGANISATION: self.write_organisation()}

    @cached_property
    def specimens(self) -> Specimens:
        """Reports about nobody: made-up people on this cohort's items."""
        return Specimens(
            made_up_evidence(self.evidence.framework, self.evidence.plan, self.evidence.scales),
            replace(self.setting, comments=None, earlier="", specimen=True),
        )

    def write_person(self, person: str) -> list[Path]:
        """Write the report of one person, by id or pseudonym; return its files.

        Raises
        ------
        InvalidInput
            When nobody has this id, or has no score.
        """
        name = pseudonyms(self.study).get(person, person)
        if name not in self.evidence.own.of_person:
            raise InvalidInput(
                [Fault("PERSON", "nobody in this cohort has this id", "mend the id; it is not quoted here")]
            )
        if name not in self.evidence.people:
            raise InvalidInput([Fault("PERSON", "this person answered too little for any score", "no report is made")])
        document = self.individual(findings_of_person(self.evidence, name))
        press = Press(self.folder / PEOPLE)
        press.write([(name, document)], 1, name, complete=False)
        return [press.folder / f"{name}.{ending}" for ending in press.forms]

    def _write_comments_to_check(self) -> None:
        """List the comments that somebody has to read before they are shown; none is quoted."""
        from compendium.files import write_text

        path = self.folder / TO_CHECK
        if self.comments is None or self.comments.to_check.empty:
            path.unlink(missing_ok=True)
            return
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_text(path, self.comments.to_check.to_csv(index=False, lineterminator="\n"))
        path.chmod(0o600)


@dataclass(frozen=True)
class Specimens:
    """Specimens of every report, about made-up people."""

    evidence: Evidence
    setting: Setting

    def individual(self) -> Document:
        """Return the report of a made-up person."""
        return individual_report(self.setting, self.evidence, specimen_person(self.evidence))

    def team(self) -> Document:
        """Return the report of a made-up team."""
        return team_report(self.setting, self.evidence, findings_of_team(self.evidence, f"{NAME} 1"), NAME)

    def board(self) -> Document:
        """Return the view of a made-up organisation."""
        teams = reported_teams(self.evidence)
        found = [findings_of_team(self.evidence, str(team)) for team in teams["team"]]
        return board_report(self.setting, self.evidence, findings_of_whole(self.evidence, teams, found, None))


def page_of(document: Document, number: int) -> dict[str, bytes]:
    """Return one page of a report as pictures for the book."""
    return {form: picture(document, form)[number - 1] for form in ("svg", "png")}


def open_reports(study: Study) -> Reports:
    """Return the reports of a cohort, ready to be written."""
    evidence = gather(study)
    evidence = replace(
        evidence,
        importance=read_importance(study, evidence),
        changes=person_changes(study, evidence),
        team_changes=team_changes(study, evidence),
        asked=read_asked(study),
        invited=read_invited(study),
    )
    comments = read_comments(study)
    setting = _setting(study, comments)
    return Reports(study, replace(evidence, framework=setting.framework), setting, comments)


def _setting(study: Study, comments: Comments | None) -> Setting:
    """Return what every report of the cohort shares."""
    chosen, words = study.settings.feedback, Words(study.settings.feedback.language)
    fieldwork = study.settings.fieldwork
    locale = words.locale.replace("-", "_")
    texts = _texts(study.framework, words.language)
    dates = None
    if fieldwork is not None:
        start, end = (format_date(day, "long", locale=locale) for day in (fieldwork.start, fieldwork.end))
        dates = (start, end)
    return Setting(
        words, translated(study.framework, texts), texts,
        study.settings.title, study.settings.kind == "synthetic", dates, chosen.contact,
        Look(words.locale, chosen.organisation, _logo(study), chosen.accent, words("page")),
        earlier_label(study), None if comments is None else comments.shown,
    )  # fmt: skip


def _texts(framework: Framework, language: str) -> FeedbackTexts:
    """Return the framework's texts in a language; where it has none, its ideas as they are, without its titles."""
    if language == ENGLISH:
        return feedback_texts(framework)
    texts = feedback_texts(framework, language)
    if language in feedback_languages(framework):
        return texts
    return texts.model_copy(update={"individual_title": None, "team_title": None})


def _logo(study: Study) -> str:
    """Return the organisation's logo as SVG text, empty without one."""
    name = study.settings.feedback.logo
    if name is None:
        return ""
    return as_svg(study.folder / name)
