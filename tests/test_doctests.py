"""The examples in the docstrings of the statistics run, warnings being errors, and every public function has one."""

from __future__ import annotations

import doctest
import importlib
import inspect
import warnings
from pathlib import Path

import pytest
from test_contract import families, public_functions

import psychometrics
from compendium.paths import PROJECT

SOURCE = PROJECT / "src"
WITH_EXAMPLES = [path for path in sorted((SOURCE / "psychometrics").rglob("*.py")) if ">>>" in path.read_text()]


def module_of(path: Path) -> str:
    return ".".join(path.relative_to(SOURCE).with_suffix("").parts).removesuffix(".__init__")


@pytest.mark.parametrize("module", [module_of(path) for path in WITH_EXAMPLES])
def test_examples_give_what_they_say(module: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        outcome = doctest.testmod(importlib.import_module(module), optionflags=doctest.NORMALIZE_WHITESPACE)
    assert outcome.attempted
    assert not outcome.failed


@pytest.mark.parametrize("family", families())
def test_every_public_function_has_an_example_and_points_to_others(family: str) -> None:
    module = getattr(psychometrics, family)
    lacking = [
        name
        for name in sorted(public_functions(family))
        if not all(part in (inspect.getdoc(getattr(module, name)) or "") for part in ("See Also", ">>>"))
    ]
    assert not lacking
