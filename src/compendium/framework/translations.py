"""What a questionnaire says beside its items: the project's English, the framework's own words, one file a language."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml

from compendium.faults import Fault, InvalidInput, suggest
from compendium.framework.instrument import Framework
from compendium.framework.schema import ResponseScale
from compendium.inputs import no_blank, read_yaml, yaml_fault

FOLDER = "questionnaire"
#: Where the words of a cohort's groupings stand; which groupings there are, only the cohort knows.
GROUPINGS = "groupings"
FILE = re.compile(r"texts\.([A-Za-z]{2,3}(?:-[A-Za-z0-9]+)*)\.yaml")
SLOT = re.compile(r"\{(\w+)\}")

#: Text by its place: the keys that lead to it, joined by dots.
Texts = Mapping[str, str]


@cache
def project_texts() -> Texts:
    """Return what every questionnaire says, in English."""
    loaded = yaml.safe_load(files(__package__).joinpath("texts.en.yaml").read_text(encoding="utf-8"))
    return dict(flat(loaded))


def spoken_as(language: str) -> list[str]:
    """Return the names under which texts of a language are looked for: ``en-GB``, then ``en``."""
    return list(dict.fromkeys((language, language.split("-")[0])))


def own_texts(framework: Framework) -> Texts:
    """Return what the framework's own files say, in its own language, the wording of items left out."""
    description = framework.description
    told: dict[str, Any] = {"title": description.title, "licence": description.licence}
    told |= {"notice": description.notice} if framework.is_placeholder else {}
    told["instructions"] = description.instructions
    told["competencies"] = {
        name: {"label": row["label"], "definition": row["definition"]}
        for name, row in framework.competencies.iterrows()
    }
    told["response_scale"] = _scale_texts(framework.scale)
    told["answer_scales"] = {name: _scale_texts(scale) for name, scale in description.answer_scales.items()}
    labels = framework.outcomes.drop_duplicates("scale").set_index("scale")["label"]
    told["outcomes"] = {name: {"label": label} for name, label in labels.items()}
    told["outcome_labels"] = description.outcome_labels
    return {place: str(text) for place, text in flat(told) if text}


def texts_path(framework: Framework, language: str) -> Path:
    """Return where the texts of a language stand, or would stand."""
    return framework.home / FOLDER / f"texts.{language}.yaml"


def read_translations(framework: Framework) -> tuple[dict[str, Texts], list[Fault]]:
    """Read the texts of every language; empty ones are left out, and what cannot be used is named."""
    read: dict[str, Texts] = {}
    faults: list[Fault] = []
    for path in sorted((framework.home / FOLDER).glob("*.yaml")):
        named = FILE.fullmatch(path.name)
        try:
            if named is None:
                raise InvalidInput([yaml_fault(path, problem="no file of texts", action="name it texts.LANGUAGE.yaml")])
            given = dict(flat(read_yaml(path) or {}))
        except InvalidInput as error:
            faults += error.faults
            continue
        found = _text_faults(path, given, framework, named[1])
        faults += found
        if not found:
            read[named[1]] = {place: text for place, text in given.items() if text}
    return read, faults or _twice_faults(framework, read)


def flat(nested: Any, before: str = "") -> Iterator[tuple[str, Any]]:
    """Yield each text of nested keys with its place."""
    if not isinstance(nested, Mapping):
        yield before, nested
        return
    for key, inner in nested.items():
        yield from flat(inner, f"{before}.{key}" if before else str(key))


def nested(texts: Texts) -> dict[str, Any]:
    """Return texts by the keys that lead to their places."""
    keys: dict[str, Any] = {}
    for place, text in texts.items():
        *parents, last = place.split(".")
        inner = keys
        for key in parents:
            inner = inner.setdefault(key, {})
        inner[last] = text
    return keys


def answer_labels(framework: Framework, item: str) -> dict[str, int]:
    """Return the labels of an item's answers in every language, each with its code; not applicable left out."""
    scale = framework.scale_of(item)
    return _labels(framework, f"{scale_place(framework, item)}.labels", scale.labels)


def outcome_answer_labels(framework: Framework, scale: str) -> dict[str, int]:
    """Return the labels of an outcome scale's answers in every language, each with its code."""
    return _labels(framework, f"outcome_labels.{scale}", framework.description.outcome_labels.get(scale, {}))


def not_applicable_labels(framework: Framework, item: str) -> list[str]:
    """Return what "not applicable" is called in every language."""
    place, own = f"{scale_place(framework, item)}.not_applicable_label", framework.scale_of(item).not_applicable_label
    return [label for label in (own, *(texts.get(place) for texts in framework.translations.values())) if label]


def said(framework: Framework, place: str) -> list[str]:
    """Return what questionnaires of a framework say in one place, in every language."""
    translations = framework.translations.values()
    return [project_texts()[place], *(texts[place] for texts in translations if place in texts)]


def scale_place(framework: Framework, item: str) -> str:
    """Return where the words of an item's answer scale stand."""
    named = str(framework.items.loc[item, "answer_scale"])
    return f"answer_scales.{named}" if named in framework.description.answer_scales else "response_scale"


def _scale_texts(scale: ResponseScale) -> dict[str, Any]:
    """Return the words of an answer scale."""
    return {"labels": scale.labels, "not_applicable_label": scale.not_applicable_label}


def _labels(framework: Framework, place: str, own: Mapping[int, str]) -> dict[str, int]:
    """Return labels in every language with their codes, the framework's own last."""
    others = {
        texts[f"{place}.{code}"]: code
        for texts in framework.translations.values()
        for code in own
        if f"{place}.{code}" in texts
    }
    return others | {label: code for code, label in own.items()}


def _text_faults(path: Path, given: Mapping[str, Any], framework: Framework, language: str) -> list[Fault]:
    """Name what is no text, is not asked for, stands elsewhere already, or lost a slot."""
    own, faults = own_texts(framework), []
    known = {**project_texts(), **own}
    for place, text in given.items():
        problem = action = ""
        if place not in known and not place.startswith(f"{GROUPINGS}."):
            problem, action = "no questionnaire of this framework says this", suggest(place, list(known))
        elif place in own and language in spoken_as(framework.description.language):
            problem, action = "the framework says this in its own files", "change it there, and take it out here"
        elif text is not None and not isinstance(text, str):
            problem, action = "this is no text", "put it in quotes"
        elif text and (problem := _unshown(text)):
            action = "write it with letters, digits and common signs"
        elif text and set(SLOT.findall(text)) != set(SLOT.findall(known.get(place, text))):
            problem, action = "a word in braces is missing or not known", f"keep those of: {known[place]}"
        if problem:
            value = None if text is None else str(text)
            faults.append(yaml_fault(path, *place.split("."), problem=problem, action=action, value=value))
    return faults


def _unshown(text: str) -> str:
    """Say why a text cannot be shown, or nothing."""
    try:
        no_blank(text)
    except ValueError as error:
        return str(error)
    return ""


def _twice_faults(framework: Framework, translations: Mapping[str, Texts]) -> list[Fault]:
    """Name a label that means one code in one language and another in another: an export could not be read back."""
    means: dict[tuple[str, str], tuple[str, str]] = {}
    faults = []
    languages = {framework.description.language: own_texts(framework), **translations}
    for language, texts in languages.items():
        for place, label in texts.items():
            scale, _, code = place.rpartition(".")
            if not scale.startswith(("response_scale", "answer_scales", "outcome_labels")):
                continue
            other, where = means.setdefault((scale, " ".join(label.split()).casefold()), (code, language))
            if other != code:
                problem = f"this is the label of {other} in {where!r} already"
                path = texts_path(framework, language)
                action = "give each answer a label of its own"
                faults.append(yaml_fault(path, *place.split("."), problem=problem, action=action, value=label))
    return faults
