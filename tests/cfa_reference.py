"""Shared by the tests of factor models: reference data, models and lavaan's names of parameters."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

from psychometrics.sem import CfaModel, CfaResult, fit_cfa

FOLDER = Path(__file__).parent / "reference"
REVERSED = ["A1", "C4", "C5", "E1", "E2", "O2", "O5"]
FIVE = {f"{letter}f": [f"{letter}{number}" for number in range(1, 6)] for letter in "ACENO"}


@cache
def lavaan() -> dict[str, Any]:
    """Values of every entry of cfa.json."""
    results = json.loads((FOLDER / "cfa.json").read_text())["results"]
    return {name: entry["value"] for name, entry in results.items()}


@cache
def responses(source: str) -> pd.DataFrame:
    """Responses of `bfi` (reversed), `sim52` (complete) or `gaps` (3 % missing)."""
    if source == "bfi":
        bfi = pd.read_csv(FOLDER / "data" / "bfi.csv").iloc[:, :25]
        return bfi.assign(**{item: 7 - bfi[item] for item in REVERSED})
    name = "sim52_full" if source == "sim52" else "sim52"
    return pd.read_csv(FOLDER / "data" / f"{name}.csv").filter(regex=r"^C\d_")


def factors(source: str) -> dict[str, list[str]]:
    """Items of each factor."""
    if source == "bfi":
        return FIVE
    items = responses(source).columns
    return {f"FC{k}": [item for item in items if item.startswith(f"C{k}_")] for k in range(1, 9)}


def model_of(source: str, form: str) -> CfaModel:
    """The model behind an entry's name."""
    by_factor = factors(source)
    special: dict[str, Any] = {
        "residuals": {"residual_covariances": [("N1", "N2")]},
        "variance": {"scale": "variance"},
        "orthogonal": {"orthogonal": True},
    }
    if form == "one":
        return CfaModel.single([item for items in by_factor.values() for item in items])
    if form in special:
        return CfaModel.correlated(by_factor, **special[form])
    return getattr(CfaModel, form)(by_factor)


@cache
def fitted(name: str) -> CfaResult:
    """Our fit of an entry such as `bfi.correlated.WLSMV_pairwise`."""
    source, form, rest = name.split(".")
    estimator, missing = rest, "listwise"
    if rest.startswith("FIML_"):
        estimator, missing = rest.removeprefix("FIML_"), "fiml"
    elif rest.endswith("_pairwise"):
        estimator, missing = rest.removesuffix("_pairwise"), "pairwise"
    return fit_cfa(model_of(source, form), responses(source), estimator, missing)  # type: ignore[arg-type]


def keyed(result: CfaResult) -> dict[tuple[str, str, str], Any]:
    """Our parameters under lavaan's names; covariances under both orders."""
    found = {}
    for row in result.parameters.itertuples():
        if "loading" in row.kind:
            found[row.left, "=~", row.right] = row
        elif row.kind == "threshold":
            found[row.left, "|", f"t{row.right}"] = row
        elif row.kind == "intercept":
            found[row.left, "~1", ""] = row
        else:
            found[row.left, "~~", row.right] = found[row.right, "~~", row.left] = row
    return found


def table(entry: dict[str, list[Any]]) -> pd.DataFrame:
    """A table of an entry, with plain column names."""
    frame = pd.DataFrame(entry)
    return frame.rename(columns={name: name.replace(".", "_") for name in frame.columns})
