"""What the folder of a review holds: the protocol's schema and the columns of every file."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from compendium.inputs import Label, Sentence, Strict

NOT_STATED = "not stated"
# Facets and a code by which records are shown in a map, a curve and a matrix; a coding frame may do without them.
TYPE_FACET, SETTING_FACET, FRAMEWORK_CODE = "study_type", "setting", "study-framework"
INCLUDE, UNSURE, EXCLUDE = "include", "unsure", "exclude"
DECISIONS = (INCLUDE, UNSURE, EXCLUDE)
JUDGEMENTS = ("yes", "no", "cannot tell", "not applicable")
SOURCE_KINDS = {
    "database": "Databases",
    "register": "Registers",
    "website": "Websites",
    "organisation": "Organisations",
    "citation": "Citation searching",
    "other": "Other sources",
}

RECORD_COLUMNS = (
    "record",
    "title",
    "authors",
    "year",
    "container",
    "publisher",
    "type",
    "region",
    "doi",
    "listed_as",
    "known_from",
)
SEARCH_COLUMNS = ("search", "export", "source", "kind", "date", "query", "note")
# Columns that a file may do without.
OPTIONAL_COLUMNS = {"search_log": ("unread",)}
MERGE_COLUMNS = ("first", "second", "decision", "reason")
SCREENING_COLUMNS = ("stage", "record", "reviewer", "decision", "reason", "note")
SCREENING_ADJUDICATION_COLUMNS = ("stage", "record", "decision", "reason", "note")
DECISIONS_LOG_COLUMNS = ("file", "stage", "reviewer", "decision", "date", "note")
RETRIEVAL_COLUMNS = ("record", "status", "note")
FRAME_COLUMNS = ("version", "facet", "code", "label", "definition", "multiple")
CODING_COLUMNS = ("record", "coder", "version", "code", "locator")
CODING_ADJUDICATION_COLUMNS = ("record", "code", "applies", "note")
APPRAISAL_COLUMNS = ("record", "reviewer", "tool", "item", "judgement", "note")
TOOL_COLUMNS = ("tool", "item", "label", "question")
CHECKLIST_COLUMNS = ("number", "section", "topic", "where", "status", "note")

NOT_DONE = "not done"
CHECKLIST_STATUSES = ("reported", "in part", NOT_DONE, "does not apply")


# How many people judge the same thing apart from each other.
JudgesNeeded = Annotated[int, Field(ge=1, le=20)]


class Stage(Strict):
    """One stage of screening."""

    id: Label
    label: Label
    excluded: Label


class Protocol(Strict):
    """What ``protocol.yaml`` holds: what was asked, how it was decided, and what the review does not claim."""

    title: Sentence
    question: Sentence
    kind: Literal["real", "synthetic"]
    notice: Sentence
    basis: Sentence
    framework: Label
    registration: Sentence
    eligibility: list[Sentence]
    exclusion_reasons: dict[str, Label]
    stages: Annotated[list[Stage], Field(min_length=1)]
    decisions_needed: JudgesNeeded
    reviewers: dict[str, Label]
    retrieval: bool
    coding_version: Label
    coders_needed: JudgesNeeded
    competency_facet: Label
    deviations: list[Sentence]
    limitations: list[Sentence]
    also_called: dict[str, Label] = Field(default_factory=dict)

    @property
    def stage_ids(self) -> list[str]:
        """The stages in order."""
        return [stage.id for stage in self.stages]
