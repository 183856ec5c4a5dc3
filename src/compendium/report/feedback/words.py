"""Every sentence of a report, from one text file a language (Project Fluent)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache, lru_cache
from typing import Any

from babel.lists import format_list
from fluent.runtime import FluentBundle, FluentResource
from fluent.syntax import FluentSerializer, ast

from compendium.cohort.reports import report_languages
from compendium.faults import Fault, InvalidInput, suggest
from compendium.paths import REPORT_TEXTS
from compendium.wording.sentences import FUNCTIONS

REMEMBERED = 20_000


class Words:
    """The messages of one language.

    Parameters
    ----------
    language
        Name of a file in ``texts`` without its ending.

    Raises
    ------
    InvalidInput
        When there is no such file.

    Examples
    --------
    >>> Words("english")("profile")
    'Your profile'
    """

    def __init__(self, language: str = "english") -> None:
        if language not in (known := report_languages()):
            problem = "there are no report texts in this language"
            raise InvalidInput([Fault("cohort.yaml", problem, suggest(language, known), value=language)])
        self.language = language

    def __call__(self, key: str, **facts: Any) -> str:
        """Return a message filled in with facts.

        Raises
        ------
        LookupError
            When the language lacks the message, or the message a fact.
        """
        return _written(self.language, key, tuple(facts.items()))

    @property
    def locale(self) -> str:
        """Language and region, such as ``en-GB``."""
        return self("locale")

    def listed(self, names: Iterable[str]) -> str:
        """Join names as in a sentence."""
        return format_list(list(names), locale=self.locale.replace("-", "_"))

    def word(self, value: float) -> str:
        """Write a small whole number as a word."""
        words = self("number-words").split()
        return words[int(value)] if float(value).is_integer() and 0 <= value < len(words) else f"{value:.0f}"


def messages(language: str) -> dict[str, str]:
    """Return the text of every message as it stands in the file, for tests that read them."""
    text = (REPORT_TEXTS / f"{language}.ftl").read_text(encoding="utf-8")
    entries = [entry for entry in FluentResource(text).body if isinstance(entry, ast.Message)]
    return {entry.id.name: _text_of(entry) for entry in entries}


def _text_of(entry: ast.Message) -> str:
    """Return the text of a message without its name."""
    return FluentSerializer().serialize_entry(entry).partition(" = ")[2].strip()


# Hundreds of reports say the same sentences of the same facts; the names of many people do not fill the memory.
@lru_cache(maxsize=REMEMBERED)
def _written(language: str, key: str, facts: tuple[tuple[str, Any], ...]) -> str:
    """Return a message filled in with facts, each written once."""
    bundle = _bundle(language)
    pattern = bundle.get_message(key).value if bundle.has_message(key) else None
    if pattern is None:
        raise LookupError(f"{language} has no message {key!r}")
    written, faults = bundle.format_pattern(pattern, dict(facts))
    if faults:
        raise LookupError(f"{language}, {key}: {faults[0]}")
    return " ".join(str(written).split())


@cache
def _bundle(language: str) -> FluentBundle:
    """Return the messages of a language with the functions that they may call."""
    functions: dict[str, Callable[..., Any]] = {
        **FUNCTIONS,
        "WORD": lambda value: Words(language).word(float(value)),
    }
    resource = FluentResource((REPORT_TEXTS / f"{language}.ftl").read_text(encoding="utf-8"))
    bundle = FluentBundle([messages(language)["locale"]], use_isolating=False, functions=functions)
    bundle.add_resource(resource)
    return bundle
