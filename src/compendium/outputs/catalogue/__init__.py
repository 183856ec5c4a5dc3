"""The catalogue of outputs: caption, alternative text, page and kind of quantity of every result, one file a step.

Captions and alternative texts may hold placeholders, filled when the result is kept: ``{result.n_persons}`` (an
attribute of what is kept), ``{about.seed}`` (of another result it speaks of), ``{plan.structure.srmr.value:g}``, the
name of a value of the cohort (``{n_people}``), the confidence of the plan's intervals (``{confidence}``: 95 %), or a
word that the notebook hands over.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from compendium.disclosure import Kinds, OfPeople
from compendium.faults import suggest
from compendium.inputs import Strict, load_model, read_yaml

HERE = Path(__file__).parent
Kind = Literal["tables", "figures", "values"]
KINDS: tuple[Kind, ...] = ("tables", "figures", "values")
Quantity = Literal["closed form", "iterative", "item response", "Monte Carlo"]
Words = Annotated[str, Field(min_length=1)]
# The page that lists every result; what no other page shows is found there.
ALL_RESULTS = "results"


class Kept(Strict):
    """A result of numbers: the page that shows it and how closely two builds agree on it."""

    page: Words = ALL_RESULTS
    quantity: Quantity = "closed form"
    compared: bool = True


class Value(Kept):
    """A named value, and what it says of people, by which the gate rounds it or keeps it back."""

    of_people: OfPeople = ""


class Table(Kept):
    """A table: what it shows, whether its index is written and under which name, decimals shown in the notebook.

    ``people``, ``sums``, ``exact`` and ``unlisted`` say what its columns are about, as
    :class:`compendium.disclosure.Kinds` has it; a table of steps about people that declares nothing is let pass.
    """

    caption: Words
    people: str = ""
    sums: list[str] = Field(default_factory=list)
    exact: list[str] = Field(default_factory=list)
    unlisted: list[str] = Field(default_factory=list)
    note: str = ""
    index: bool | str = False
    decimals: int = 2

    @property
    def kinds(self) -> Kinds:
        """What the columns are about."""
        return Kinds(self.people, frozenset(self.sums), frozenset(self.exact), frozenset(self.unlisted))


class Figure(Strict):
    """A figure: caption, alternative text, the files that are written.

    ``drawn_from`` says what a figure of steps about people shows: the kept table of this name, as the gate let it pass;
    ``gate``, where the gate rounds or joins what is drawn; ``model``, where all that is drawn are estimates;
    ``counts``, where it is how many people took part; ``nobody``, where it is a made-up specimen.
    """

    drawn_from: str = ""
    page: Words = ALL_RESULTS
    caption: Words
    alt: Words
    endings: list[str] = Field(default_factory=lambda: ["svg", "png"])


class Entries(Strict):
    """What one step keeps; a name with ``*`` stands for one result an item."""

    tables: dict[str, Table] = Field(default_factory=dict)
    figures: dict[str, Figure] = Field(default_factory=dict)
    values: dict[str, Value] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _bare_values(cls, content: dict[str, dict[str, object]]) -> dict[str, dict[str, object]]:
        """Let a value without anything to say stand alone."""
        values = {name: entry or {} for name, entry in (content.get("values") or {}).items()}
        return {**content, "values": values}

    def find(self, kind: Kind, name: str) -> Kept | Figure:
        """Return the entry of a result.

        Raises
        ------
        KeyError
            When the catalogue has none; the message suggests the name that comes closest.
        """
        known: dict[str, Kept | Figure] = {**getattr(self, kind)}
        for written, entry in known.items():
            if written == name or ("*" in written and fnmatchcase(name, written)):
                return entry
        raise KeyError(f"the catalogue has no entry for {name!r} under {kind}; {suggest(name, known)}")


@cache
def entries(step: str) -> Entries:
    """Return the entries of a step; none for a step that keeps nothing."""
    path = HERE / f"{step}.yaml"
    return load_model(Entries, read_yaml(path), path) if path.is_file() else Entries()


def steps() -> list[str]:
    """Return the steps that have entries."""
    return sorted(path.stem for path in HERE.glob("*.yaml"))
