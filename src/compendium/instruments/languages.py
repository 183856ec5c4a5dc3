"""The file of a further language of a framework: every text that a questionnaire says, to be translated."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from compendium.cohort.schema import CohortSettings
from compendium.faults import Fault, InvalidInput, display_path
from compendium.files import write_text
from compendium.framework import Framework
from compendium.framework.translations import FILE, GROUPINGS, nested, own_texts, project_texts, texts_path

HEAD = """\
# What the questionnaires of {name} say in {language}. Write each text between the quotes below the text that it
# translates. A text that is left empty counts as missing. Words in braces are filled in and stay as they are; what
# stands in square brackets is for the team that asks.{columns}
"""


@dataclass(frozen=True)
class BegunLanguage:
    """The file that was written, how many texts it asks for, and the columns that the tables lack."""

    path: Path
    texts: int
    columns: list[tuple[str, str]]


def begin_language(framework: Framework, language: str, settings: CohortSettings | None = None) -> BegunLanguage:
    """Write the file of texts of a language, every text empty below what it translates.

    Parameters
    ----------
    framework
        With its folder; the file goes to ``questionnaire`` in it.
    language
        A language tag, such as ``pl`` or ``pt-BR``. For the framework's own the file holds what the project says.
    settings
        A cohort whose groupings are asked.

    Raises
    ------
    InvalidInput
        When the file exists or the language is no tag.
    """
    path = texts_path(framework, language)
    if FILE.fullmatch(path.name) is None:
        raise InvalidInput([Fault("the language", "no tag of a language", "write it as pl or pt-BR", value=language)])
    if path.exists():
        raise InvalidInput([Fault(display_path(path), "the file is there already", "translate what is empty in it")])
    own, is_own = dict(own_texts(framework)), language == framework.description.language
    asked = {place: text for place, text in project_texts().items() if place not in own}
    if not is_own:
        asked |= own | (_grouping_texts(settings) if settings is not None else {})
    columns = [] if is_own else _columns(framework, language)
    told = "".join(f"\n# The wording of items stands in {file}, column {column}." for file, column in columns)
    head = HEAD.format(name=framework.description.id, language=language, columns=told)
    path.parent.mkdir(exist_ok=True)
    write_text(path, head + "\n".join(_lines(nested(asked))) + "\n")
    return BegunLanguage(path, len(asked), columns)


def _columns(framework: Framework, language: str) -> list[tuple[str, str]]:
    """Return the columns of wordings that the tables lack for a language."""
    forms = ["wording", *(["peer_wording"] if framework.items["peer_wording"].astype(bool).any() else [])]
    wanted = [("items.csv", framework.items, f"{form}.{language}") for form in forms]
    wanted += [("outcomes.csv", framework.outcomes, f"wording.{language}")] if len(framework.outcomes) else []
    return [(file, column) for file, table, column in wanted if column not in table]


def _grouping_texts(settings: CohortSettings) -> dict[str, str]:
    """Return what a cohort says of its groupings."""
    texts: dict[str, str] = {}
    for group in (*settings.groups_of("self"), *settings.groups_of("peer")):
        place = f"{GROUPINGS}.{group.column}"
        levels = {f"{place}.levels.{level}": str(label) for level, label in group.levels.items()}
        texts |= {f"{place}.label": group.label} | levels
    return texts


def _lines(keys: Mapping[str, Any], before: str = "") -> Iterator[str]:
    """Yield the lines of the file, each text as a comment above its empty translation."""
    for key, inner in keys.items():
        if isinstance(inner, dict):
            yield f"{before}{_key(key)}:"
            yield from _lines(inner, before + "  ")
        else:
            yield from textwrap.wrap(inner, 120, initial_indent=f"{before}# ", subsequent_indent=f"{before}# ")
            yield f'{before}{_key(key)}: ""'


def _key(key: str) -> str:
    """Return a key as YAML writes it, so that no word is taken for a truth value."""
    return key if re.fullmatch(r"-?\d+", key) else yaml.safe_dump(key, default_flow_style=True).split("\n")[0]
