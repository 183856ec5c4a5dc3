"""What every saved value is, in one sentence; one file a language."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path

import yaml


def described(name: str, labels: Mapping[str, str] | None = None, language: str = "english") -> str:
    """Say what a saved value is.

    Parameters
    ----------
    name
        Name under which a step kept it.
    labels
        Words for the part of the name that a pattern stands for.

    Examples
    --------
    >>> described("n_kept")
    'Items that were kept.'
    """
    for pattern, words in _sentences(language).items():
        if name == pattern:
            return words
        if "*" in pattern and fnmatchcase(name, pattern):
            rest = name.removeprefix(pattern.partition("*")[0])
            return words.replace("{rest}", (labels or {}).get(rest, rest.replace("_", " ")))
    return ""


@cache
def _sentences(language: str) -> dict[str, str]:
    """Read the sentences of a language."""
    path = Path(__file__).parent / f"{language}_results.yaml"
    sentences: dict[str, str] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return sentences
