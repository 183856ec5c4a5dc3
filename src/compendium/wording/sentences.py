"""Messages of one language filled in with the facts of a finding."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Literal

from babel.lists import format_list
from fluent.runtime import FluentBundle, FluentResource
from fluent.syntax import ast

from compendium.findings import Finding, decode, is_encoded
from compendium.wording.numbers import NOT_SHOWN, number, p_value, percent

#: File of messages and locale of each language.
LANGUAGES: Mapping[str, str] = {"english": "en-GB"}
ListStyle = Literal["standard", "or"]
# The fact whose names exclude each other: "two or three", not "two and three".
EITHER = "either"
# Of a longer list, so many names are written and the others counted.
MOST_NAMES = 6


class WordingError(Exception):
    """A finding that has no message, or a message that asks for a fact the finding does not have."""


def sentence(finding: Finding, labels: Mapping[str, str] | None = None, language: str = "english") -> str:
    """Return a finding in words.

    Parameters
    ----------
    finding
        What was found.
    labels
        Names of items, competencies and groupings as a reader knows them, by their ids.
    language
        One of :data:`LANGUAGES`.

    Raises
    ------
    WordingError
        When the language has no message of this kind, or the message lacks a fact.

    Examples
    --------
    >>> from compendium.findings import found
    >>> sentence(found("gate_closed", n=60, counts="people", needed=200))
    'not supported at n = 60 people, would need 200'
    """
    bundle = _bundle(language)
    pattern = bundle.get_message(finding.kind).value if bundle.has_message(finding.kind) else None
    if pattern is None:
        raise WordingError(f"no message for the kind {finding.kind!r} in {language}")
    written, faults = bundle.format_pattern(pattern, _arguments(finding, labels or {}, language))
    if faults:
        raise WordingError(f"{finding.kind}: {faults[0]}")
    return " ".join(str(written).split())


def sentences(
    findings: Iterable[Finding],
    labels: Mapping[str, str] | None = None,
    language: str = "english",
    between: str = "; ",
) -> str:
    """Return findings in words, one behind the other: after a whole sentence a space, after a phrase what is given."""
    written = ""
    for each in findings:
        written += (" " if written.endswith(".") else between if written else "") + sentence(each, labels, language)
    return written


def shown(cell: Any, labels: Mapping[str, str] | None = None, language: str = "english") -> Any:
    """Return a cell or value as a reader sees it: encoded findings in words, anything else as it is."""
    return sentences(decode(cell), labels, language) if is_encoded(cell) else cell


def running_text(text: Any, labels: Mapping[str, str] | None = None, language: str = "english") -> str:
    """Return a value as running text: encoded findings as sentences one after the other, anything else as it is."""
    return sentences(decode(text), labels, language, " ") if is_encoded(text) else str(text)


def kinds(language: str = "english") -> frozenset[str]:
    """Return the kinds that a language has a message for."""
    resource = _resource(language)
    return frozenset(entry.id.name for entry in resource.body if isinstance(entry, ast.Message))


def _arguments(finding: Finding, labels: Mapping[str, str], language: str) -> dict[str, Any]:
    """Return the facts as a message takes them: names as labels, lists joined, each list with its count."""
    arguments: dict[str, Any] = {}
    for name, fact in finding.facts.items():
        if isinstance(fact, tuple):
            arguments[f"{name}_count"] = len(fact)
        arguments[name] = _argument(fact, labels, language, "or" if name == EITHER else "standard")
    return arguments


def _argument(fact: Any, labels: Mapping[str, str], language: str, style: ListStyle) -> Any:
    """Return one fact as a message takes it."""
    if isinstance(fact, Finding):
        return sentence(fact, labels, language)
    if isinstance(fact, tuple) and fact and isinstance(fact[0], Finding):
        return sentences(fact, labels, language)
    if isinstance(fact, tuple):
        return _listed([_name(name, labels, language) for name in fact], language, style)
    if isinstance(fact, bool):
        return "yes" if fact else "no"
    if fact is None or (isinstance(fact, float) and math.isnan(fact)):
        return NOT_SHOWN
    return labels.get(fact, fact) if isinstance(fact, str) else fact


def _name(fact: Any, labels: Mapping[str, str], language: str) -> str:
    """Return one entry of a list: a label, or a small number as a word."""
    if isinstance(fact, int):
        return sentence(Finding("as_word", {"value": fact}), {}, language)
    return labels.get(str(fact), str(fact))


def _listed(names: list[str], language: str, style: ListStyle) -> str:
    """Join names as in a sentence, the first few of many."""
    if len(names) > MOST_NAMES:
        names = [*names[:MOST_NAMES], sentence(Finding("and_more", {"n": len(names) - MOST_NAMES}), {}, language)]
    return format_list(names, style=style, locale=LANGUAGES[language].replace("-", "_"))


@cache
def _resource(language: str) -> Any:
    """Read the messages of a language."""
    text = (Path(__file__).parent / f"{language}.ftl").read_text(encoding="utf-8")
    return FluentResource(text)


@cache
def _bundle(language: str) -> FluentBundle:
    """Return the messages of a language with the functions they may call."""
    functions: dict[str, Callable[..., Any]] = {**FUNCTIONS, "WORD": lambda value: _word(value, language)}
    bundle = FluentBundle([LANGUAGES[language]], use_isolating=False, functions=functions)
    bundle.add_resource(_resource(language))
    return bundle


def _word(value: Any, language: str) -> str:
    """Write a small whole number as a word."""
    words = sentence(Finding("number_words"), {}, language).split()
    return words[int(value)] if float(value).is_integer() and 0 <= value < len(words) else number(_plain(value))


def _fixed(value: Any, decimals: Any = 2) -> str:
    """Write a number with fixed decimals, a whole number without."""
    return value if isinstance(value, str) else number(_plain(value), int(decimals))


def _percent(value: Any, decimals: Any = 0) -> str:
    """Write a share as a percentage."""
    return value if isinstance(value, str) else percent(_plain(value), int(decimals))


def _p(value: Any) -> str:
    """Write a p value with its sign."""
    written = value if isinstance(value, str) else p_value(_plain(value))
    return written if written.startswith("<") else f"= {written}"


def capital(text: Any) -> str:
    """Write the first letter large."""
    return f"{str(text)[:1].upper()}{str(text)[1:]}"


def _plain(value: Any) -> Any:
    """Return the Python number behind a Fluent one."""
    return int(value) if float(value).is_integer() and isinstance(value, int) else float(value)


FUNCTIONS: Mapping[str, Callable[..., Any]] = {"FIXED": _fixed, "PERCENT": _percent, "P": _p, "CAPITAL": capital}
