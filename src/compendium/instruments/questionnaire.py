"""A questionnaire as data: sections, questions, options. Writers turn it into the format of a tool."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from compendium.cohort.schema import CohortSettings, Group
from compendium.framework import RESTRICTED, Framework
from compendium.framework.translations import GROUPINGS
from compendium.instruments.words import Words, require_language

Form = Literal["self", "peer"]
Kind = Literal["choice", "number", "text", "consent"]
Order = Literal["framework", "within", "across"]
_RESPONDENTS: dict[Form, Literal["self", "rater"]] = {"self": "self", "peer": "rater"}


@dataclass(frozen=True)
class Option:
    """One answer: the code that is stored and the label that is read."""

    code: str
    label: str


@dataclass(frozen=True)
class FormQuestion:
    """One question: its code travels with the answers."""

    code: str
    wording: str
    kind: Kind
    options: tuple[Option, ...] = ()
    required: bool = False


@dataclass(frozen=True)
class FormSection:
    """Questions that stand together; in a matrix all share their options."""

    name: str
    title: str
    text: str
    questions: tuple[FormQuestion, ...]

    @property
    def shared_options(self) -> tuple[Option, ...]:
        """The options that every question of the section has, or none."""
        kinds = {question.options for question in self.questions}
        return next(iter(kinds)) if len(kinds) == 1 and len(self.questions) > 1 else ()


@dataclass(frozen=True)
class Questionnaire:
    """A form of a framework in one language."""

    form: Form
    language: str
    title: str
    form_title: str
    notice: str
    information: str
    thanks: str
    sections: tuple[FormSection, ...]

    @property
    def questions(self) -> list[FormQuestion]:
        """Every question in order."""
        return [question for section in self.sections for question in section.questions]


def questionnaire(
    framework: Framework,
    form: Form,
    *,
    settings: CohortSettings | None = None,
    language: str = "",
    order: Order = "framework",
    seed: int = 0,
) -> Questionnaire:
    """Write a form of a framework as data.

    Parameters
    ----------
    framework
        With the items to be asked.
    form
        ``self`` or ``peer``.
    settings
        A cohort's description: its groupings and outcomes are asked in the form they belong to.
        Without it every outcome scale with wording is asked and no grouping.
    language
        One of the framework's languages; its own when empty.
    order
        Items in framework order, shuffled within each competency, or across all.
    seed
        Of the shuffle: the same seed gives the same order on every machine.

    Raises
    ------
    InvalidInput
        When the framework has no wording in this language.
    """
    return form_in(Words(framework, require_language(framework, language)), form, settings, order, seed)


def form_in(
    words: Words, form: Form, settings: CohortSettings | None = None, order: Order = "framework", seed: int = 0
) -> Questionnaire:
    """Write a form in the language of its words; what is missing in it is found there afterwards."""
    description, information = words.framework.description, words.text(f"information.{form}")
    sections = (
        _opening(form, words, settings),
        *_items(form, words, order, seed),
        *_outcomes(form, words, settings),
    )
    title = words.text("title")
    return Questionnaire(
        form=form,
        language=words.language,
        title=title,
        form_title=words.text(f"form_title.{form}").format(title=title),
        notice=words.text("notice") if words.framework.is_placeholder and description.notice else "",
        information=information,
        thanks=words.text("thanks"),
        sections=sections,
    )


def _opening(form: Form, words: Words, settings: CohortSettings | None) -> FormSection:
    """Ask for consent, for the codes, and for the groupings of the form."""
    yes_no = (Option("1", words.text("agreed")), Option("0", words.text("not_agreed")))
    person, rater = ("person_id", "rater_id") if settings is None else (settings.person_id, settings.rater_id)
    asked = [FormQuestion("consent", words.text("consent"), "consent", yes_no, required=True)]
    code = words.text("person_id" if form == "self" else "rated_id")
    asked.append(FormQuestion(person, code, "text", required=True))
    if form == "peer":
        asked.append(FormQuestion(rater, words.text("rater_id"), "text", required=True))
    if settings is not None:
        asked += [_grouping(group, words) for group in settings.groups_of(form)]
    return FormSection("about", words.text("about_title"), words.text(f"information.{form}"), tuple(asked))


def _grouping(group: Group, words: Words) -> FormQuestion:
    """Ask for a grouping: a number, one of its levels, or a text where the levels are not declared."""
    place = f"{GROUPINGS}.{group.column}"
    label = words.text(f"{place}.label", group.label)
    if group.kind == "number":
        return FormQuestion(group.column, label, "number")
    levels = group.levels.items()
    options = tuple(Option(str(level), words.text(f"{place}.levels.{level}", str(name))) for level, name in levels)
    return FormQuestion(group.column, label, "choice" if options else "text", options)


def _items(form: Form, words: Words, order: Order, seed: int) -> list[FormSection]:
    """Return one section a competency, or one for all items where they are shuffled across."""
    framework, text = words.framework, words.text(f"instructions.{form}")
    parts = {name: _shuffled(items, order != "framework", seed) for name, items in framework.scales().items()}
    if order == "across":
        every = _shuffled([item for items in parts.values() for item in items], True, seed)
        return [FormSection("items", words.text("title"), text, _worded(form, words, every))]
    return [
        FormSection(name, words.label(name), text if place == 0 else "", _worded(form, words, items))
        for place, (name, items) in enumerate(parts.items())
    ]


def _shuffled(items: Sequence[str], shuffle: bool, seed: int) -> list[str]:
    """Return items in an order that depends on the seed and their names alone."""
    key = {item: hashlib.sha256(f"{seed}:{item}".encode()).hexdigest() for item in items}
    return sorted(items, key=key.__getitem__) if shuffle else list(items)


def _worded(form: Form, words: Words, items: Sequence[str]) -> tuple[FormQuestion, ...]:
    """Return items as questions with their wording in this language and their own answer scale."""
    return tuple(
        FormQuestion(item, words.wording(item, form), "choice", tuple(Option(*each) for each in words.options(item)))
        for item in items
    )


def _outcomes(form: Form, words: Words, settings: CohortSettings | None) -> list[FormSection]:
    """Return one section an outcome scale that this respondent answers; a restricted one keeps a named slot."""
    framework, respondent = words.framework, _RESPONDENTS[form]
    worded = framework.outcomes[framework.outcomes["wording"] != RESTRICTED]
    asked = list(dict.fromkeys(worded["scale"]))
    if settings is not None:
        asked = settings.outcomes if form == "self" else settings.peer_outcomes
    sections: list[FormSection] = []
    for name, items in framework.outcome_scales(respondent, asked).items():
        questions = tuple(_outcome_question(words, name, str(item)) for item in items)
        text = words.text("outcomes_title") if not sections else ""
        sections.append(FormSection(name, words.label(name), text, questions))
    return sections


def _outcome_question(words: Words, scale: str, item: str) -> FormQuestion:
    """Return an outcome item with its codes; ends without labels are shown as numbers."""
    row: Any = words.framework.outcomes.loc[item]
    labelled = words.framework.description.outcome_labels.get(scale, {})
    codes = range(int(row["minimum"]), int(row["maximum"]) + 1)
    if row["wording"] == RESTRICTED:
        wording = words.text("restricted").format(name=words.label(scale), item=item)
    else:
        wording = words.outcome_wording(item)
    place = f"outcome_labels.{scale}"
    labels = [words.text(f"{place}.{code}") if code in labelled else str(code) for code in codes]
    options = tuple(Option(str(code), label) for code, label in zip(codes, labels, strict=True))
    return FormQuestion(item, wording, "choice", options)
