"""What a framework says in feedback reports: one file a language in its folder ``feedback``."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from compendium.faults import Fault, InvalidInput, suggest
from compendium.framework.instrument import Framework
from compendium.framework.schema import FeedbackTexts
from compendium.inputs import load_model, read_model, read_yaml, yaml_fault

STEM = "texts"


def feedback_texts(framework: Framework, language: str = "") -> FeedbackTexts:
    """Return the texts of a framework; without a file of this language those of its own, without any none.

    Parameters
    ----------
    language
        Such as ``welsh`` for ``feedback/texts.welsh.yaml``; empty for ``feedback/texts.yaml``.
    """
    path = _path(framework, language)
    return load_model(FeedbackTexts, read_yaml(path), path) if path is not None else FeedbackTexts()


def feedback_languages(framework: Framework) -> list[str]:
    """Return the further languages in which the framework has texts."""
    return [path.name.split(".")[1] for path in _files(framework) if path.name.count(".") > 1]


def translated(framework: Framework, texts: FeedbackTexts) -> Framework:
    """Return a framework with what its texts say in another language: labels, meanings, statements, notice, answers."""
    words = texts.competencies
    columns = {
        column: [
            getattr(words.get(str(name)), column, None) or own for name, own in framework.competencies[column].items()
        ]
        for column in ("label", "definition")
    }
    wordings = [texts.items.get(str(item), own) for item, own in framework.items["self_wording"].items()]
    labels = {**framework.scale.labels, **texts.answer_labels}
    update = {
        "notice": texts.notice or framework.description.notice,
        "response_scale": framework.scale.model_copy(update={"labels": labels}),
    }
    return replace(
        framework,
        description=framework.description.model_copy(update=update),
        competencies=framework.competencies.assign(**columns),
        items=framework.items.assign(self_wording=wordings),
    )


def feedback_faults(framework: Framework) -> list[Fault]:
    """Name every fault of the texts: unknown keys, and what the framework does not have."""
    faults: list[Fault] = []
    for path in _files(framework):
        try:
            texts, found = read_model(FeedbackTexts, read_yaml(path), path)
        except InvalidInput as error:
            faults += error.faults
            continue
        faults += found
        if texts is None:
            continue
        scale = framework.scale
        for key, given, ids in (
            ("competencies", texts.competencies, map(str, framework.competencies.index)),
            ("items", texts.items, map(str, framework.items.index)),
            ("answer_labels", map(str, texts.answer_labels), map(str, range(scale.minimum, scale.maximum + 1))),
        ):
            known = list(ids)
            problem = "the framework does not have it"
            faults += [
                yaml_fault(path, key, name, problem=problem, action=suggest(name, known))
                for name in given
                if name not in known
            ]
    return faults


def _files(framework: Framework) -> list[Path]:
    """Return the files of texts."""
    folder = framework.part("feedback")
    return sorted(folder.glob(f"{STEM}*.yaml")) if folder else []


def _path(framework: Framework, language: str) -> Path | None:
    """Return the file of a language, else that of the framework's own language, else None."""
    names = [f"{STEM}.{language}.yaml", f"{STEM}.yaml"] if language else [f"{STEM}.yaml"]
    by_name = {path.name: path for path in _files(framework)}
    return next((by_name[name] for name in names if name in by_name), None)
