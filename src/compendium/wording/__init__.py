"""Every sentence made from data: messages by kind, one file a language (Project Fluent).

Nothing reads a sentence back. A second language is a second file beside ``english.ftl`` with the same kinds.
"""

from compendium.wording.numbers import MINUS, NOT_SHOWN, number, p_value, percent
from compendium.wording.results import described
from compendium.wording.sentences import LANGUAGES, capital, kinds, running_text, sentence, sentences, shown

__all__ = [
    "LANGUAGES",
    "MINUS",
    "NOT_SHOWN",
    "capital",
    "described",
    "kinds",
    "number",
    "p_value",
    "percent",
    "running_text",
    "sentence",
    "sentences",
    "shown",
]
