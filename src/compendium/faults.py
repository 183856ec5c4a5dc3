"""One clear report for everything that is wrong with what a researcher handed in."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path

EXIT_STATUS = 2
ROWS_NAMED = 12
YAML_ENDINGS = (".yaml", ".yml")


@dataclass(frozen=True)
class Fault:
    """One fault: where it is, what was found, what is allowed, what to do.

    Parameters
    ----------
    file
        The file, as short as it can be said.
    problem
        What is wrong.
    action
        What to do.
    row
        Row of a table (the header is row 1), or line of a YAML file.
    column
        Column of a table.
    value
        What was found.
    allowed
        What would be right.
    key
        Key of a YAML file, nested keys joined by dots.
    """

    file: str
    problem: str
    action: str
    row: int | None = None
    column: str | None = None
    value: str | None = None
    allowed: str | None = None
    key: str | None = None

    def __str__(self) -> str:
        """Return the fault as two lines of plain text."""
        return self._text([] if self.row is None else [self.row])

    def as_row(self) -> dict[str, str | int | None]:
        """Return the fault as one row of a table."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def _text(self, rows: Sequence[int]) -> str:
        """Return the fault as two lines that name these rows."""
        place = [self.file, *self._rows(rows)]
        place += [f"key {self.key!r}"] if self.key is not None else []
        place += [f"column {self.column!r}"] if self.column is not None else []
        found = [f"found {self.value!r}"] if self.value is not None else []
        found += [f"allowed: {self.allowed}"] if self.allowed is not None else []
        detail = f" ({'; '.join(found)})" if found else ""
        return f"{', '.join(place)}: {self.problem}{detail}\n    -> {self.action}"

    def _rows(self, rows: Sequence[int]) -> list[str]:
        """Name the rows, the first dozen of them when there are many."""
        if not rows:
            return []
        word = "line" if self.file.endswith(YAML_ENDINGS) else "row"
        shown = ", ".join(str(row) for row in rows[:ROWS_NAMED])
        more = f" and {len(rows) - ROWS_NAMED} more" if len(rows) > ROWS_NAMED else ""
        return [f"{word}{'s' if len(rows) > 1 else ''} {shown}{more}"]


class InvalidInput(Exception):  # noqa: N818 - it is a finding about the data, not a programming error
    """Raised with every fault found; the command line prints them and exits with status 2."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__(self.report())

    def report(self) -> str:
        """Return the whole report as text; faults that differ by their row only are told once, with their rows."""
        told = [fault._text(sorted(rows)) for fault, rows in _by_row(self.faults)]
        count, several = len(self.faults), "kind" if len(told) == 1 else "kinds"
        kinds = f" of {len(told)} {several}" if len(told) < count else ""
        head = f"{count} fault{'s' if count != 1 else ''}{kinds} found; nothing was written."
        return "\n".join([head, *(f"{number}. {text}" for number, text in enumerate(told, 1))])

    def _render_traceback_(self) -> list[str]:
        """Show the report alone in a notebook: it says what to mend, a traceback would not."""
        return [self.report()]


class NotYet(InvalidInput):
    """Raised when a step is opened before the one whose tables it reads."""

    def __init__(self, step: str, cohort: str) -> None:
        self.step = step
        super().__init__([Fault(cohort, f"{step} has not been run for this cohort yet", f"run {step} first")])

    def report(self) -> str:
        """Say in one sentence what to run first."""
        return f"Run {self.step} first: its tables are not there for cohort {self.faults[0].file}."


def raise_if_any(faults: Sequence[Fault]) -> None:
    """Raise :class:`InvalidInput` when there is at least one fault."""
    if faults:
        raise InvalidInput(faults)


def closest(word: str, known: Iterable[str]) -> str | None:
    """Return the known word that looks most like this one, or None when none does."""
    candidates = [str(name) for name in known]
    lowered = {name.lower(): name for name in reversed(candidates)}
    close = difflib.get_close_matches(str(word).lower(), lowered, n=1, cutoff=0.6)
    return lowered[close[0]] if close else None


def suggest(word: str, known: Iterable[str]) -> str:
    """Return ``did you mean 'x'?`` for the closest known word, or the list of what is known."""
    candidates = [str(name) for name in known]
    close = closest(word, candidates)
    if close is not None:
        return f"did you mean {close!r}?"
    shown = ", ".join(candidates[:12]) + (", ..." if len(candidates) > 12 else "")
    return f"known: {shown}" if shown else "nothing is expected here"


def display_path(path: Path) -> str:
    """Return the path as short as it can be said: relative to the working folder where it lies below it."""
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except (ValueError, OSError, RuntimeError):  # elsewhere, or a link to itself
        return str(path)


def _by_row(faults: Iterable[Fault]) -> list[tuple[Fault, list[int]]]:
    """Gather the rows of faults that are otherwise the same, in order of first appearance."""
    rows: dict[Fault, list[int]] = {}
    for fault in faults:
        rows.setdefault(replace(fault, row=None), []).extend([] if fault.row is None else [fault.row])
    return list(rows.items())
