"""What ``cohort.yaml`` may say about feedback reports: language, look, and what is collected beside the two forms."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from compendium.bounds import source_problem
from compendium.faults import suggest
from compendium.inputs import Label, Sentence, Strict
from compendium.paths import REPORT_TEXTS

# Text in a colour can be read on white from this contrast on (WCAG 2.2, success criterion 1.4.3).
READABLE = 4.5
LINEAR_BELOW, GAMMA, OFFSET = 0.04045, 2.4, 0.055
WEIGHTS = (0.2126, 0.7152, 0.0722)


def contrast_with_white(colour: str) -> float:
    r"""Return the contrast of a colour such as ``#005EB8`` with white, from 1 to 21.

    .. math:: C = 1.05 / (L + 0.05)

    with L the relative luminance of sRGB (WCAG 2.2).

    Examples
    --------
    >>> contrast_with_white("#000000"), contrast_with_white("#FFFFFF")
    (21.0, 1.0)
    """
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= LINEAR_BELOW else ((part + OFFSET) / (1 + OFFSET)) ** GAMMA for part in parts]
    return 1.05 / (sum(weight * part for weight, part in zip(WEIGHTS, linear, strict=True)) + 0.05)


def _source(value: str) -> str:
    """Refuse a file that lies elsewhere or cannot exist."""
    if (problem := source_problem(value)) is not None:
        raise ValueError(problem)
    return value


def _readable_colour(value: str) -> str:
    """Refuse a colour in which text on white cannot be read well (WCAG 2.2, success criterion 1.4.3)."""
    if (contrast := contrast_with_white(value)) < READABLE:
        raise ValueError(
            f"text in this colour on white has a contrast of {contrast:.1f}; {READABLE} is needed, so take a darker one"
        )
    return value


def report_languages() -> list[str]:
    """Return the languages in which reports can be written."""
    return sorted(path.stem for path in REPORT_TEXTS.glob("*.ftl"))


def _known_language(value: str) -> str:
    """Refuse a language without a file of report texts."""
    if value not in (known := report_languages()):
        raise ValueError(
            f"there are no report texts in this language: {suggest(value, known)}; a further one is one file more in "
            f"{REPORT_TEXTS.name}/"
        )
    return value


Source = Annotated[str, AfterValidator(_source), Field(min_length=1)]
Colour = Annotated[str, Field(pattern=r"^#[0-9A-Fa-f]{6}$"), AfterValidator(_readable_colour)]


class EarlierWave(Strict):
    """Scores of an earlier wave: a file with ``person_id`` and one column a competency, and when that was."""

    file: Source
    date: Sentence


class FeedbackSettings(Strict):
    """How reports look, and what is collected for them beside the two forms.

    ``language`` names a file of report texts. ``importance`` holds ``person_id`` and one column a competency,
    ``comments`` holds ``person_id``, ``comment`` and ``checked`` ("yes" once a person has read it).
    """

    language: Annotated[str, AfterValidator(_known_language)] = "english"
    organisation: Label = ""
    logo: Annotated[str, Field(pattern=r"(?i)^[^/\\]+\.(svg|png)$")] | None = None
    accent: Colour = "#1F4E79"
    contact: Label = ""
    importance: Source | None = None
    comments: Source | None = None
    earlier: EarlierWave | None = None

    @model_validator(mode="after")
    def _logo_has_a_name(self) -> FeedbackSettings:
        """Refuse a logo that a screen reader could not name."""
        if self.logo is not None and not self.organisation:
            raise ValueError("a logo needs the organisation's name, which is read out in its place")
        return self

    @property
    def sources(self) -> list[str]:
        """Every file that is read for the reports."""
        earlier = None if self.earlier is None else self.earlier.file
        return [name for name in (self.importance, self.comments, earlier) if name is not None]
