"""Keys of ``cohort.yaml`` that several of its parts share: codes as text, days, the time of fieldwork."""

from __future__ import annotations

import datetime
from typing import Annotated, Any

from pydantic import BeforeValidator

from compendium.inputs import Strict


def text_of(value: Any) -> Any:
    """Return a code as text; YAML reads 1 as a number, and yes and no as true and false."""
    if isinstance(value, bool):
        raise ValueError("YAML reads this word as true or false: put it in quotes")
    return str(value) if isinstance(value, int) else value


def _day(value: Any) -> Any:
    """Read a date in quotes as YAML reads one without."""
    return datetime.date.fromisoformat(value) if isinstance(value, str) else value


Code = Annotated[str, BeforeValidator(text_of)]
Day = Annotated[datetime.date, BeforeValidator(_day)]


class Fieldwork(Strict):
    """First and last day on which people answered."""

    start: Day
    end: Day
