"""One contract for every public statistic: a right number, a named error, or NaN with a note that says why.

Each family registers how its functions are called in a module ``contract_<name>.py`` beside this one, as
``ENTRIES[family][function] = Entry(...)``; :mod:`contract_cases` draws the tables and
checks the results.
"""

from __future__ import annotations

import importlib
import inspect
from pathlib import Path

import pytest
from contract_cases import Case, Entry, cases, check_result
from hypothesis import HealthCheck, given, settings

import psychometrics
from psychometrics.errors import PsychometricsError

HERE = Path(__file__).parent
EXAMPLES = min(25, settings.default.max_examples)
#: Public functions that take no data a cohort could spoil.
NO_DATA = {
    "content_validity.kappa_label": "takes one number and names it",
    "dimensionality.largest_worth_a_look": "takes a finished parallel analysis",
    "dimensionality.walktrap": "takes a network, no answers",
    "planning.dif_plan": "takes a population, no answers",
    "planning.invariance_plan": "takes a population, no answers",
    "planning.precision_plan": "takes a population, no answers",
    "screening.refuse_singular": "refuses, returns nothing",
}


def registered() -> dict[str, dict[str, Entry]]:
    """Gather the entries of all families."""
    found: dict[str, dict[str, Entry]] = {}
    for path in sorted(HERE.glob("contract_*.py")):
        for family, entries in getattr(importlib.import_module(path.stem), "ENTRIES", {}).items():
            found.setdefault(family, {}).update(entries)
    return found


ENTRIES = registered()
CALLS = [(family, name) for family, entries in ENTRIES.items() for name in entries]


def public_functions(family: str) -> set[str]:
    """Return the public functions of a family: those it exports, or those its one module defines."""
    module = getattr(psychometrics, family)
    names = getattr(module, "__all__", None) or [name for name in vars(module) if not name.startswith("_")]
    chosen = {name for name in names if inspect.isfunction(getattr(module, name))}
    return {name for name in chosen if getattr(module, name).__module__.startswith(module.__name__)}


def families() -> list[str]:
    return [name for name in dir(psychometrics) if inspect.ismodule(getattr(psychometrics, name)) and name != "errors"]


@pytest.mark.parametrize("family", families())
def test_every_public_function_has_an_entry_or_a_reason(family: str) -> None:
    exempt = {name.split(".")[1] for name in NO_DATA if name.split(".")[0] == family}
    assert public_functions(family) - exempt == set(ENTRIES.get(family, {}))


def keeps_the_contract(entry: Entry, case: Case) -> None:
    try:
        results = entry.call(case)
    except PsychometricsError as refusal:
        assert len(str(refusal)) > 10
        return
    for result in results if isinstance(results, list) else [results]:
        check_result(result, entry)


@pytest.mark.parametrize(("family", "name"), [call for call in CALLS if not ENTRIES[call[0]][call[1]].model])
@settings(
    max_examples=min(25, settings.default.max_examples), derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
@given(case=cases())
def test_every_statistic_keeps_the_contract(family: str, name: str, case: Case) -> None:
    keeps_the_contract(ENTRIES[family][name], case)


@pytest.mark.parametrize(("family", "name"), [call for call in CALLS if ENTRIES[call[0]][call[1]].model])
@settings(max_examples=8, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(case=cases())
def test_every_model_keeps_the_contract(family: str, name: str, case: Case) -> None:
    """Two cases in three come with more people, since models refuse the smallest tables."""
    keeps_the_contract(ENTRIES[family][name], case.larger if case.seed % 3 else case)
