"""One contract for every public statistic: a right number, a named error, or NaN with a note that says why.

Each family registers how its functions are called in a module ``contract_<name>.py`` beside this one, as
``ENTRIES[family][function] = Entry(...)``; :mod:`contract_cases` draws the tables and
checks the results.
"""

from __future__ import annotations

import importlib
import inspect
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from contract_cases import FAULTS, Case, Entry, cases, check_result, notes_of, numbers
from contract_clusters import CALLS as CLUSTERED
from contract_clusters import NESTINGS, nested, sound
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


def takes_clusters(family: str) -> set[str]:
    """Return the public functions of a family that are told which cluster each person lies in."""
    module = getattr(psychometrics, family)
    return {
        f"{family}.{name}"
        for name in public_functions(family)
        if {"cluster", "clusters"} & set(inspect.signature(getattr(module, name)).parameters)
    }


def test_every_public_function_that_takes_clusters_is_called_with_them() -> None:
    assert set().union(*map(takes_clusters, families())) == set(CLUSTERED)


def said(result: object) -> bool:
    """Whether a result tells of what it left out or could not do."""
    table = result.to_frame() if hasattr(result, "to_frame") else result
    told = isinstance(table, pd.DataFrame) and "note" in table and table["note"].astype(bool).all()
    return bool(notes_of(result) or getattr(result, "n_dropped", 0) > 0 or told)


@pytest.mark.parametrize("name", CLUSTERED)
def test_every_statistic_keeps_the_contract_however_people_lie_in_clusters(name: str) -> None:
    """Each way to lie in clusters meets a fault of its own; models, which take time, meet every second."""
    family, function = name.split(".")
    entry = ENTRIES[family][function]
    for fault, kind in list(zip(FAULTS, NESTINGS, strict=False))[:: 1 + entry.model]:
        clustered = replace(entry, call=lambda case, kind=kind: CLUSTERED[name](case, nested(case, kind)))
        keeps_the_contract(clustered, sound((fault,)))
    for kind in ("one cluster", "one person without a cluster"):
        case = sound()
        try:
            result = CLUSTERED[name](case, nested(case, kind))
        except PsychometricsError:
            continue
        assert said(result), f"{kind}: neither refused nor told"
    found = [
        dict(numbers(CLUSTERED[name](sound(), nested(sound(), kind))))
        for kind in ("labels of both kinds", "numbers with gaps")
    ]
    for field, values in found[0].items():
        np.testing.assert_allclose(values, found[1][field], err_msg=f"{field} depends on how clusters are named")
