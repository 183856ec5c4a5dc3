"""What ``framework.yaml`` may hold."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from compendium.inputs import Label, Sentence, Strict

Direction = Literal["better", "worse", "neither"]
Total = Literal["mean", "sum", "none"]


def _different(labels: dict[int, str]) -> dict[int, str]:
    """Refuse two answers of one label: a reader could not tell them apart, nor an export be read back."""
    folded = [" ".join(label.split()).casefold() for label in labels.values()]
    if len(set(folded)) < len(folded):
        raise ValueError("two answers have the same label")
    return labels


RESTRICTED = "restricted"


class ResponseScale(Strict):
    """Codes of an answer scale of competency items."""

    minimum: int
    maximum: int
    labels: Annotated[dict[int, Label], AfterValidator(_different)]
    not_applicable: int | None = None
    not_applicable_label: str | None = None


class RestrictedScale(Strict):
    """A licensed outcome scale: its name and scoring key, never its wording."""

    scale: str
    name: str
    minimum: int
    maximum: int
    items: list[str]
    subscales: dict[str, list[str]] = Field(default_factory=dict)
    reversed: list[str] = Field(default_factory=list)
    licence: str
    wording: str


class Whole(Strict):
    """What the competencies are together: whether more is better, and how they make one overall score, if at all."""

    higher_is: Direction = "better"
    total: Total = "mean"
    label: Sentence = "Overall competency"


class FrameworkDescription(Strict):
    """What ``framework.yaml`` holds.

    ``answer_scales`` are further answer scales by name, for items that name one in their column ``answer_scale``.
    """

    id: str
    title: Label
    version: str
    kind: Literal["placeholder", "published", "instrument"]
    notice: str
    language: str
    licence: str
    source: str
    response_scale: ResponseScale
    answer_scales: dict[str, ResponseScale] = Field(default_factory=dict)
    whole: Whole = Field(default_factory=Whole)
    feedback: bool = True
    restricted_scales: list[RestrictedScale] = Field(default_factory=list)
    themes: dict[str, str] = Field(default_factory=dict)
    instructions: dict[str, str] = Field(default_factory=dict)
    outcome_labels: dict[str, dict[int, str]] = Field(default_factory=dict)
    slot: str = ""
    notes: str = ""


class CompetencyTexts(Strict):
    """What a report suggests for one competency, and its name and meaning in the language of the report."""

    label: Sentence | None = None
    definition: Sentence | None = None
    suggestions: list[Sentence] = Field(default_factory=list)
    questions: list[Sentence] = Field(default_factory=list)


class ReadinessTheme(Strict):
    """Questions of one theme that a team asks itself."""

    theme: Sentence
    questions: Annotated[list[Sentence], Field(min_length=1)]


class FeedbackTexts(Strict):
    """What ``feedback/texts.yaml`` holds: titles, suggestions and questions of the reports, original wording.

    What is not given stays general, or is left out with a sentence. ``notice``, ``answer_labels``, ``items`` and the
    labels and definitions of competencies are for a report in another language than the framework's.
    """

    individual_title: Sentence | None = None
    team_title: Sentence | None = None
    notice: Sentence | None = None
    answer_labels: dict[int, Sentence] = Field(default_factory=dict)
    items: dict[str, Sentence] = Field(default_factory=dict)
    competencies: dict[str, CompetencyTexts] = Field(default_factory=dict)
    readiness: list[ReadinessTheme] = Field(default_factory=list)
