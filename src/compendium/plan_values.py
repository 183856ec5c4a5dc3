"""Which values of the analysis plan a process has read: a step runs again when one of these changes, and no other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from pydantic import BaseModel

from compendium.inputs import Strict

# What hands a part of the plan or all of it on, such as to another process, counts as reading all of that.
_WHOLE = frozenset({"__dict__", "__getstate__", "__reduce__", "__reduce_ex__", "model_dump", "model_dump_json"})


class _Values(NamedTuple):
    """Where in the plan the values of a class stand, by attribute, and all that lie in it or in its parts."""

    own: Mapping[str, str]
    whole: frozenset[str]


_read: set[str] = set()
_values_of: dict[type, _Values] = {}


class Noted(Strict):
    """The plan, or a part of it: notes which values it is asked for; a part of several values notes these itself."""

    def __getattribute__(self, name: str) -> Any:
        """Return an attribute, and note the values that were read with it."""
        values = _values_of.get(type(self))
        if values is not None:
            if name in _WHOLE:
                _read.update(values.whole)
            elif name in values.own:
                _read.add(values.own[name])
        return super().__getattribute__(name)


def note_values(plan: type[BaseModel]) -> type[BaseModel]:
    """Let what is read of plans of a class be noted; decorates the class."""
    kinds = {name: field.annotation for name, field in plan.model_fields.items()}
    parts = {name: kind for name, kind in kinds.items() if isinstance(kind, type) and issubclass(kind, Noted)}
    for name, part in parts.items():
        own = {value: f"{name}.{value}" for value in part.model_fields}
        _values_of[part] = _Values(own, frozenset(own.values()))
    own = {name: name for name in kinds if name not in parts}
    _values_of[plan] = _Values(own, frozenset(own).union(*(_values_of[part].whole for part in parts.values())))
    return plan


def values_read() -> list[str]:
    """Return the values of the plan that this process has read so far (``seed``, ``selection.size``), in order."""
    return sorted(_read)


def by_value(content: Mapping[str, Any], plan: type[BaseModel]) -> dict[str, Any]:
    """Return the content of a plan as it is written, value by value."""
    values: dict[str, Any] = {}
    for name, part in content.items():
        # What should be a part and is none is refused when the plan is loaded.
        one = name in _values_of[plan].own or not isinstance(part, Mapping)
        values |= {name: part} if one else {f"{name}.{value}": each for value, each in part.items()}
    return values
