"""What every report of a cohort shares: words, names, dates, the look, and what heads each page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from compendium.framework import FeedbackTexts, Framework, ResponseScale
from compendium.report.feedback.blocks import Look, Mark, TextTable
from compendium.report.feedback.words import Words
from compendium.steps.feedback.evidence import Moved
from compendium.wording import number


@dataclass(frozen=True)
class Setting:
    """What every report of a cohort shares.

    Attributes
    ----------
    dates : tuple of str or None
        First and last day of fieldwork as they are written, None where not declared.
    earlier : str
        When the earlier wave was, empty without one.
    comments : mapping of person to comments
        What colleagues wrote and may be shown, shuffled; None where it was not collected.
    """

    words: Words
    framework: Framework
    texts: FeedbackTexts
    title: str
    synthetic: bool
    dates: tuple[str, str] | None = None
    contact: str = ""
    look: Look = field(default_factory=Look)
    earlier: str = ""
    comments: Mapping[str, Sequence[str]] | None = None
    specimen: bool = False

    @property
    def notices(self) -> list[str]:
        """What must be known of every page."""
        notices = [self.words("specimen")] if self.specimen else [self.words("made-up")] if self.synthetic else []
        notices += [self.framework.description.notice] if self.framework.is_placeholder else []
        return notices + ([self.words("unreviewed")] if self.words("unreviewed") else [])

    @property
    def subtitle(self) -> str:
        """The cohort, with its dates."""
        if self.dates is None:
            return self.title
        return self.words("of-cohort", title=self.title, start=self.dates[0], end=self.dates[1])

    def labels(self, names: Iterable[str]) -> list[str]:
        """Return the labels of competencies."""
        return [self.framework.labels[name] for name in names]

    def listed(self, names: Iterable[str]) -> str:
        """Return the labels of competencies as in a sentence."""
        return self.words.listed(self.labels(names))

    def about(self, competency: str) -> tuple[str, str]:
        """Return label and definition of a competency."""
        return self.framework.labels[competency], self._definitions[competency]

    @cached_property
    def _definitions(self) -> dict[str, str]:
        """Definition of each competency."""
        definitions = self.framework.competencies["definition"]
        return {str(name): str(definition) for name, definition in definitions.items()}

    @cached_property
    def statements(self) -> dict[str, tuple[str, bool, ResponseScale]]:
        """Wording of each item for the person, whether it is asked the other way round, and its answer scale."""
        items, scale = self.framework.items, self.framework.scale_of
        rows = zip(map(str, items.index), items["self_wording"], items["reverse"], strict=True)
        return {item: (str(wording), bool(reverse), scale(item)) for item, wording, reverse in rows}

    def contact_line(self) -> str:
        """Say whom to ask."""
        return self.words("contact", contact=self.contact) if self.contact else self.words("contact-none")

    def mark(self, shape: str, name: str, value: float, lower: float | None, upper: float | None) -> Mark:
        """Return a score as a mark with its words; ``name`` is a message."""
        text = self.words(name, value=float(value))
        if lower is not None and upper is not None:
            text += self.words("alt-range", lower=float(lower), upper=float(upper)).removeprefix(" ")
        return Mark(shape, float(value), text, lower, upper)


def change_table(setting: Setting, changes: Mapping[str, Moved]) -> TextTable:
    """Return the change of each competency, from how many points on it counts, and what it means."""
    w = setting.words
    rows = [
        (
            setting.framework.labels[name],
            "" if moved.change is None else signed(moved.change),
            "" if moved.limit is None else f"\N{PLUS-MINUS SIGN}{number(moved.limit, 2)}",
            w(f"change-{moved.verdict.replace('_', '-')}"),
        )
        for name, moved in changes.items()
    ]
    return TextTable((w("competency"), w("change-head"), w("change-limit"), w("change-meaning")), rows, (4, 1, 2, 3))


def signed(change: float) -> str:
    """Write a change with its sign; zero has none."""
    text = number(change, 2)
    return text if change < 0 or float(text) == 0 else f"+{text}"
