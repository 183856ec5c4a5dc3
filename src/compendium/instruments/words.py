"""What a questionnaire says in one language; what it lacks is listed, to be told before anything is written."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from compendium.faults import Fault, InvalidInput, display_path, suggest
from compendium.framework import Framework
from compendium.framework.translations import Texts, own_texts, project_texts, scale_place, spoken_as, texts_path

TABLES = ("items.csv", "outcomes.csv")


@dataclass(frozen=True)
class Missing:
    """A text that is not there in a language: its file, its place there, and the text that stands for it."""

    language: str
    file: str
    place: str
    kept: str


@dataclass(frozen=True)
class Words:
    """The words of a framework's questionnaires in one language.

    Attributes
    ----------
    framework : Framework
    language : str
        One of the framework's languages.
    missing : dict
        What was asked for and is not there in this language, by file and place.
    """

    framework: Framework
    language: str
    missing: dict[tuple[str, str], Missing] = field(default_factory=dict)

    @cached_property
    def _own_texts(self) -> Texts:
        return own_texts(self.framework)

    @property
    def is_own(self) -> bool:
        """Whether this is the framework's own language."""
        return self.language == self.framework.description.language

    def text(self, place: str, own: str = "") -> str:
        """Return a text by its place; ``own`` is what a cohort says there in the framework's language."""
        for name in spoken_as(self.language):
            if place in self.framework.translations.get(name, {}):
                return self.framework.translations[name][place]
        own = own or self._own_texts.get(place, "")
        if own:
            return own if self.is_own or not any(map(str.isalpha, own)) else self._kept(place, own)
        project = project_texts()[place]
        return project if "en" in spoken_as(self.language) else self._kept(place, project)

    def wording(self, item: str, form: Literal["self", "peer"]) -> str:
        """Return the wording of a competency item."""
        own = f"{form}_wording"
        return self._worded("items.csv", own, "wording" if form == "self" else own, item)

    def outcome_wording(self, item: str) -> str:
        """Return the wording of an outcome item."""
        return self._worded("outcomes.csv", "wording", "wording", item)

    def label(self, scale: str) -> str:
        """Return the label of a competency or an outcome scale."""
        part = "competencies" if scale in self.framework.competencies.index else "outcomes"
        return self.text(f"{part}.{scale}.label")

    def options(self, item: str) -> list[tuple[str, str]]:
        """Return code and label of each answer to a competency item, not applicable last."""
        scale, place = self.framework.scale_of(item), scale_place(self.framework, item)
        options = [(str(code), self.text(f"{place}.labels.{code}")) for code in range(scale.minimum, scale.maximum + 1)]
        if scale.not_applicable is not None:
            named = f"{place}.not_applicable_label" if scale.not_applicable_label else "not_applicable"
            options.append((str(scale.not_applicable), self.text(named)))
        return options

    def _worded(self, file: str, own: str, translated: str, item: str) -> str:
        """Return the wording of an item from its table."""
        table = self.framework.items if file == "items.csv" else self.framework.outcomes
        if not self.is_own:
            column = f"{translated}.{self.language}"
            wording = str(table.loc[item, column]) if column in table else ""
            return wording or self._kept(f"{column} of {item}", str(table.loc[item, own]), file)
        return str(table.loc[item, own])

    def _kept(self, place: str, text: str, file: str = "") -> str:
        """Write down that a text is missing, and return the one that stands for it."""
        file = file or display_path(texts_path(self.framework, self.language))
        self.missing[file, place] = Missing(self.language, file, place, text)
        return text


def require_language(framework: Framework, language: str) -> str:
    """Return a language that the framework has at least some words in; its own when empty.

    Raises
    ------
    InvalidInput
        When the framework has neither wordings nor texts in it.
    """
    spoken = language or framework.description.language
    if spoken not in framework.languages:
        name = framework.description.id
        action = f"{suggest(spoken, framework.languages)}; or begin it: compendium new-language {name} {spoken}"
        raise InvalidInput([Fault(name, f"the framework has no wording in {spoken!r}", action)])
    return spoken


def missing_faults(missing: Iterable[Missing]) -> list[Fault]:
    """Name the missing texts, those of a file and language together."""
    by_file: dict[tuple[str, str], list[str]] = {}
    for each in missing:
        by_file.setdefault((each.file, each.language), []).append(each.place)
    faults = []
    for (file, language), places in by_file.items():
        count = f"{len(places)} text{'s are' if len(places) > 1 else ' is'}"
        problem = f"{count} not there in {language!r}: {', '.join(places)}"
        begin = "fill in the column" if file in TABLES else "write them there (compendium new-language begins the file)"
        action = f"{begin}; or accept the words of another language with --keep-untranslated"
        faults.append(Fault(file, problem, action))
    return faults
