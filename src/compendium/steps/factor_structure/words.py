"""Numbers and lists as words."""

from __future__ import annotations

from collections.abc import Sequence

NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")


def number_word(number: int) -> str:
    """Write a small number as a word."""
    return NUMBERS[number] if 0 <= number < len(NUMBERS) else str(number)


def counted(number: int, noun: str) -> str:
    """Write a number with its noun in the right form."""
    many = f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"
    return f"{number_word(number)} {noun if number == 1 else many}"


def listed(names: Sequence[str], most: int = 6) -> str:
    """Join names as in a sentence, the first few of many."""
    if len(names) > most:
        return f"{', '.join(names[:most])} and {len(names) - most} more"
    return " and ".join(part for part in (", ".join(names[:-1]), *names[-1:]) if part)


def noun_of(kind: str) -> str:
    """Return what one part of a framework is called: a competency, or a scale of another instrument."""
    return "scale" if kind == "instrument" else "competency"
