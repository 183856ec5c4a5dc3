"""A questionnaire as data: sections, questions, options. Writers turn it into the format of a tool."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import Any, Literal

import yaml

from compendium.cohort.schema import CohortSettings
from compendium.faults import Fault, InvalidInput, suggest
from compendium.framework import RESTRICTED, Framework

Form = Literal["self", "peer"]
Kind = Literal["choice", "number", "text", "consent"]
Order = Literal["framework", "within", "across"]


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
    notice: str
    information: str
    thanks: str
    sections: tuple[FormSection, ...]

    @property
    def questions(self) -> list[FormQuestion]:
        """Every question in order."""
        return [question for section in self.sections for question in section.questions]


@cache
def _all_texts() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(files(__package__).joinpath("texts.yaml").read_text(encoding="utf-8"))
    return loaded


def texts(language: str) -> dict[str, Any]:
    """Return what a questionnaire says beside the items, in a language, in English where it lacks it."""
    known = _all_texts()
    chosen: dict[str, Any] = known["en"] | known.get(language.split("-")[0], {})
    return chosen


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
        A cohort's description: its groupings are asked in the self form, its outcomes in the form they belong to.
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
    spoken = language or framework.description.language
    if spoken not in framework.languages:
        problem = f"the framework has no wording in {spoken!r}"
        raise InvalidInput([Fault(framework.description.id, problem, suggest(spoken, framework.languages))])
    words = texts(spoken)
    sections = (
        _opening(form, words, settings),
        *_items(framework, form, spoken, order, seed, words),
        *_outcomes(framework, form, settings, words),
    )
    description = framework.description
    notice = description.notice if framework.is_placeholder else ""
    return Questionnaire(form, spoken, description.title, notice, words["information"][form], words["thanks"], sections)


def _opening(form: Form, words: dict[str, Any], settings: CohortSettings | None) -> FormSection:
    """Ask for consent, for the codes, and in the self form for the groupings."""
    yes_no = (Option("1", words["yes"]), Option("0", words["no"]))
    person, rater = ("person_id", "rater_id") if settings is None else (settings.person_id, settings.rater_id)
    asked = [FormQuestion("consent", words["consent"], "consent", yes_no, required=True)]
    asked.append(FormQuestion(person, words["person_id" if form == "self" else "rated_id"], "text", required=True))
    if form == "peer":
        asked.append(FormQuestion(rater, words["rater_id"], "text", required=True))
    elif settings is not None:
        asked += [_grouping(group.column, group) for group in settings.groups.values()]
    return FormSection("about", words["about_title"], words["information"][form], tuple(asked))


def _grouping(code: str, group: Any) -> FormQuestion:
    """Ask for a grouping: a number, one of its levels, or a text where the levels are not declared."""
    if group.kind == "number":
        return FormQuestion(code, group.label, "number")
    options = tuple(Option(str(level), str(label)) for level, label in group.levels.items())
    return FormQuestion(code, group.label, "choice" if options else "text", options)


def _items(
    framework: Framework, form: Form, language: str, order: Order, seed: int, words: dict[str, Any]
) -> list[FormSection]:
    """Return one section a competency, or one for all items where they are shuffled across."""
    text = framework.description.instructions.get(form) or words["instructions"][form]
    parts = {name: _shuffled(items, order != "framework", seed) for name, items in framework.scales().items()}
    if order == "across":
        every = _shuffled([item for items in parts.values() for item in items], True, seed)
        return [FormSection("items", framework.description.title, text, _worded(framework, form, language, every))]
    return [
        FormSection(name, framework.labels[name], text if place == 0 else "", _worded(framework, form, language, items))
        for place, (name, items) in enumerate(parts.items())
    ]


def _shuffled(items: Sequence[str], shuffle: bool, seed: int) -> list[str]:
    """Return items in an order that depends on the seed and their names alone."""
    key = {item: hashlib.sha256(f"{seed}:{item}".encode()).hexdigest() for item in items}
    return sorted(items, key=key.__getitem__) if shuffle else list(items)


def _worded(framework: Framework, form: Form, language: str, items: Sequence[str]) -> tuple[FormQuestion, ...]:
    """Return items as questions with their wording in this language and their own answer scale."""
    column = f"{form}_wording"
    if language != framework.description.language:
        column = f"wording.{language}" if form == "self" else f"peer_wording.{language}"
    return tuple(
        FormQuestion(item, str(framework.items.loc[item, column]), "choice", _options(framework, item))
        for item in items
    )


def _options(framework: Framework, item: str) -> tuple[Option, ...]:
    """Return the answers to an item, not applicable last."""
    scale = framework.scale_of(item)
    codes = range(scale.minimum, scale.maximum + 1)
    options = [Option(str(code), scale.labels.get(code, str(code))) for code in codes]
    if scale.not_applicable is not None:
        options.append(Option(str(scale.not_applicable), scale.not_applicable_label or "Not applicable"))
    return tuple(options)


def _outcomes(
    framework: Framework, form: Form, settings: CohortSettings | None, words: dict[str, Any]
) -> list[FormSection]:
    """Return one section an outcome scale that this respondent answers; a restricted one keeps a named slot."""
    respondent: Literal["self", "rater"] = "self" if form == "self" else "rater"
    worded = framework.outcomes[framework.outcomes["wording"] != RESTRICTED]
    asked = list(dict.fromkeys(worded["scale"]))
    if settings is not None:
        asked = settings.outcomes if form == "self" else settings.peer_outcomes
    sections = []
    for name, items in framework.outcome_scales(respondent, asked).items():
        rows = framework.outcomes.loc[items]
        questions = tuple(_outcome_question(framework, name, item, row, words) for item, row in rows.iterrows())
        sections.append(FormSection(name, framework.labels[name], "", questions))
    return [
        replace(section, text=words["outcomes_title"] if place == 0 else "") for place, section in enumerate(sections)
    ]


def _outcome_question(framework: Framework, scale: str, item: Any, row: Any, words: dict[str, Any]) -> FormQuestion:
    """Return an outcome item with its codes; ends without labels are shown as numbers."""
    labels = framework.description.outcome_labels.get(scale, {})
    codes = range(int(row["minimum"]), int(row["maximum"]) + 1)
    wording = str(row["wording"])
    if wording == RESTRICTED:
        wording = words["restricted"].format(name=framework.labels[scale], item=item)
    options = tuple(Option(str(code), labels.get(code, str(code))) for code in codes)
    return FormQuestion(str(item), wording, "choice", options)
