"""The trail of a run: which public functions were called, with the results of which others, and what came back.

While a trail is open, the public functions of the statistics and of the study announce their calls to it. Nothing in
their modules knows of this: opening the trail replaces the code of each function by one that reports and then runs what
was there, and closing it puts the code back. Without an open trail the functions are what they were, at no cost.
``docs/decisions/0042`` says why it is done so, and what it does not see.
"""

from __future__ import annotations

import dataclasses
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pkgutil import walk_packages
from types import CodeType, FunctionType, ModuleType
from typing import Any

from compendium.study import Study
from compendium.study.workers import Follower, let_follow

STATISTICS = "psychometrics"
# Rooms of the study whose public functions build results.
STEPS = "compendium.steps"
BUILDERS = (STEPS, "compendium.review", "compendium.consultation", "compendium.report")
# What a notebook asks the open study itself, without a function between.
ASKED_OF_A_STUDY = ("load_cohort", "collected", "lacks", "settings", "plan", "framework", "kept_items", "prepared")
# How deep the parts of a result are known by: a table in a frozen result in a dictionary.
DEPTH = 3
SCALAR = (str, bytes, int, float, complex, bool, type(None))


@dataclass(eq=False)
class Call:
    """One call from a notebook: the function, the statistics called within, and the calls whose results it took."""

    function: str
    within: set[str] = field(default_factory=set)
    took: list[Call] = field(default_factory=list)
    number: int = 0

    @property
    def statistics(self) -> list[str]:
        """Every public statistic that the result rests on, its own and those of what it took."""
        found: set[str] = set()
        waiting, seen = [self], set()
        while waiting:
            call = waiting.pop()
            if id(call) not in seen:
                seen.add(id(call))
                found |= call.within | ({call.function} if call.function.startswith(STATISTICS) else set())
                waiting += call.took
        return sorted(found)


class Trail:
    """An open trail; there is one at a time."""

    def __init__(self) -> None:
        self._made: dict[int, tuple[Any, Call]] = {}
        self._open: list[Call] = []
        self._watched: dict[FunctionType, CodeType] = {}
        self._last: dict[FunctionType, Call] = {}
        self._functions: dict[str, FunctionType] = {}
        self._task = threading.local()
        self._calls = 0
        self._modules = 0

    def watch(self) -> None:
        """Make every public function that is loaded announce its calls."""
        if len(sys.modules) == self._modules:
            return
        for name, module in list(sys.modules.items()):
            if _is_watched(name) and isinstance(module, ModuleType):
                for function in _public_functions(module):
                    self._relay(function)
        self._modules = len(sys.modules)

    def close(self) -> None:
        """Restore the original code of every function."""
        for function, code in self._watched.items():
            function.__code__ = code
            vars(function).pop("__wrapped__", None)
        self._watched.clear()
        self._made.clear()
        self._modules = 0

    def builder(self, result: Any) -> Call | None:
        """Return the call that made a result or holds it in what it returned; None where no watched function did.

        A function that keeps its own results is their builder while it runs.
        """
        if self._open:
            return self._open[0]
        found = self._made.get(id(result))
        return found[1] if found else None

    def behind(
        self, result: Any, names: Iterable[str], namespace: Mapping[str, Any], assigned: Mapping[str, frozenset[str]]
    ) -> list[Call]:
        """Return the calls behind a result, in the order in which they were made.

        Parameters
        ----------
        result
            What is kept. Where a watched function returned it, that call is the answer; a figure's function only draws,
            so that the calls behind what it drew stand before it.
        names
            Names in the expression that made it; where they stand for results, or for watched functions, their calls.
        namespace, assigned
            What the names stand for, and the names in the expression that a name was assigned from.
        """
        made = self.builder(result)
        drawn = hasattr(result, "savefig")
        if made is not None and (made.statistics or not drawn):
            return [made]
        found: set[Call] = set() if made is None else {made}
        waiting, seen = [frozenset(names)], set[str]()
        while waiting:
            together = waiting.pop()
            for name in together - seen:
                seen.add(name)
                value = namespace.get(name)
                calls = self._calls_of(value, together)
                found |= calls
                followed = any(call.statistics for call in calls) if drawn else bool(calls)
                if not followed and name in assigned:
                    waiting.append(assigned[name])
        return sorted(found, key=lambda call: (call is made, call.number))

    def _calls_of(self, value: Any, names: Iterable[str]) -> set[Call]:
        """Return the calls behind a value: the call that made it, or the watched functions that it is itself."""
        if id(value) in self._made:
            return {self._made[id(value)][1]}
        if isinstance(value, FunctionType):
            return {self._last[value]} if value in self._last else set()
        if isinstance(value, ModuleType):
            parts = [getattr(value, name, None) for name in names]
            return {call for part in parts if part is not None for call in self._calls_of(part, ())}
        if isinstance(value, Study):
            methods = [name for name in names if name in ASKED_OF_A_STUDY]
            return {Call(f"{Study.__module__.rpartition('.')[0]}.Study.{name}") for name in methods}
        return set()

    def called(self, name: str, function: Callable[..., Any], arguments: Any, keywords: Mapping[str, Any]) -> Any:
        """Run an announced function; called from a notebook, its result is remembered, else only its name."""
        within = getattr(self._task, "within", None)
        if within is not None:
            if name.startswith(STATISTICS):
                within.add(name)
            return function(*arguments, **keywords)
        if self._open:
            if name.startswith(STATISTICS):
                self._open[0].within.add(name)
            return function(*arguments, **keywords)
        behind = [one for value in (*arguments, *keywords.values()) for one in self._known(value)]
        self._calls += 1
        call = Call(name, took=list(dict.fromkeys(behind)), number=self._calls)
        self._last[self._functions[name]] = call
        self._open.append(call)
        try:
            result = function(*arguments, **keywords)
        finally:
            self._open.clear()
        self._remember(result, call)
        return result

    def follow(self, task: Callable[[], Any]) -> tuple[Any, frozenset[str]]:
        """Run a task of a call and return its result, and the statistics called within."""
        self._task.within = within = set[str]()
        try:
            return task(), frozenset(within)
        finally:
            self._task.within = None

    def tell(self, within: frozenset[str]) -> None:
        """Note the statistics that a task called elsewhere for the call that is open."""
        if self._open:
            self._open[0].within.update(within)

    def _known(self, value: Any) -> Iterator[Call]:
        """Yield the calls behind an argument, or behind the entries of one that was put together by hand."""
        if id(value) in self._made:
            yield self._made[id(value)][1]
        elif isinstance(value, Mapping):
            for entry in value.values():
                yield from self._known(entry)
        elif isinstance(value, (tuple, list)):
            for entry in value:
                yield from self._known(entry)

    def _remember(self, result: Any, call: Call, depth: int = 0) -> None:
        """Remember a result and the parts it holds; a part that another call made stays that call's."""
        if isinstance(result, SCALAR) or depth > DEPTH or id(result) in self._made:
            return
        self._made[id(result)] = (result, call)
        for part in _parts(result):
            self._remember(part, call, depth + 1)

    def _relay(self, function: FunctionType) -> None:
        """Replace the code of a function by one that announces it and runs what was there."""
        if function in self._watched or function.__closure__:
            return
        original = FunctionType(
            function.__code__, function.__globals__, function.__name__, function.__defaults__, function.__closure__
        )
        original.__kwdefaults__ = function.__kwdefaults__
        original.__annotations__, original.__doc__ = function.__annotations__, function.__doc__
        name = public_name(function)
        self._watched[function] = function.__code__
        self._functions[name] = function
        function.__wrapped__ = original  # type: ignore[attr-defined] # what it is called with can still be read
        function.__code__ = _relaying_code(self, name, original)


def open_trail() -> Trail:
    """Open the trail of a step; the one of the step before is closed."""
    global _current
    close_trail()
    _load_rooms()
    _current = Trail()
    _current.watch()
    let_follow(Follower(followed, _current.tell))
    return _current


def followed(task: Callable[[], Any]) -> tuple[Any, frozenset[str]]:
    """Run a task where it was sent to, with a trail of that process; return its result and the statistics it called."""
    with _one_at_a_time:
        if _current is None:  # a worker of a cluster, where no call is one of a notebook
            open_trail()._open.append(Call("a task"))
        trail = _current
    assert trail is not None
    return trail.follow(task)


def _load_rooms() -> None:
    """Load every module of statistics and steps: one that is loaded while a result is made announces nothing."""
    for room in (STATISTICS, STEPS):
        for module in walk_packages(import_module(room).__path__, f"{room}."):
            import_module(module.name)


def close_trail() -> None:
    """Close the trail that is open, if one is: every function has its own code again, and no result is held."""
    global _current
    if _current is not None:
        _current.close()
        let_follow(None)
    _current = None


_current: Trail | None = None
_one_at_a_time = threading.Lock()


def public_name(function: Callable[..., Any]) -> str:
    """Return the shortest address under which a function can be imported: its family's, where the family shows it."""
    parts = function.__module__.split(".")
    for length in range(1, len(parts)):
        place = ".".join(parts[:length])
        if place != STATISTICS and getattr(sys.modules.get(place), function.__name__, None) is function:
            return f"{place}.{function.__name__}"
    return f"{function.__module__}.{function.__name__}"


def _is_watched(module: str) -> bool:
    """Say whether the public functions of a module announce themselves; private modules have none."""
    room = module == STATISTICS or module.startswith((f"{STATISTICS}.", *BUILDERS))
    return room and not any(part.startswith("_") for part in module.split("."))


def _public_functions(module: ModuleType) -> list[FunctionType]:
    """Return the public functions that a module defines, and those of private modules that it shows."""
    home = module.__name__
    return [
        value
        for name, value in vars(module).items()
        if isinstance(value, FunctionType)
        and not name.startswith("_")
        and value.__module__.startswith(home)
        and "._" not in public_name(value)
    ]


def _relaying_code(trail: Trail, name: str, original: FunctionType) -> CodeType:
    """Return code that passes a call to the trail; its constants hold what it needs."""

    def relay(*arguments: Any, **keywords: Any) -> Any:
        called: Any = "the trail"
        return called("its name", "its own code", arguments, keywords)

    code, constants_for = relay.__code__, {"the trail": trail.called, "its name": name, "its own code": original}
    constants = tuple(constants_for.get(value, value) if isinstance(value, str) else value for value in code.co_consts)
    return code.replace(
        co_consts=constants,
        co_name=original.__name__,
        co_qualname=original.__qualname__,
        co_filename=original.__code__.co_filename,
        co_firstlineno=original.__code__.co_firstlineno,
    )


def _parts(result: Any) -> list[Any]:
    """Return the parts of a result: entries of a tuple, list or mapping, fields of a frozen result."""
    if isinstance(result, Mapping):
        return list(result.values())
    if isinstance(result, (tuple, list)):
        return list(result)
    if isinstance(result, type) or not dataclasses.is_dataclass(result):
        return []
    held = {each.name: getattr(result, each.name, None) for each in dataclasses.fields(result)}
    return list({**held, **getattr(result, "__dict__", {})}.values())  # one with slots has no dictionary
