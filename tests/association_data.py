"""What the tests of associations share: R's values, the simulated scores, and how close is close."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

REFERENCE = Path(__file__).parent / "reference"
CLOSED_FORM = 1e-10
COMPETENCIES = [f"C{i}" for i in range(1, 9)]
OUTCOMES = ["ENG", "SAT", "MEA", "SUP"]


def reference_values() -> dict[str, Any]:
    results = json.loads((REFERENCE / "association.json").read_text())["results"]
    return {name: entry["value"] for name, entry in results.items()}


def simulated_scores() -> pd.DataFrame:
    return pd.read_csv(REFERENCE / "data" / "sim52_scores.csv")


def incomplete_scores(scores: pd.DataFrame) -> pd.DataFrame:
    table = scores.loc[:59, ["C1", "C2", "ENG", "SAT"]].copy()
    table.loc[[1, 8, 29], "C1"] = np.nan
    table.loc[[8, 10, 11, 39], "ENG"] = np.nan
    return table.assign(C2=table["C2"].round())


def close(got: object, expected: object, tolerance: float = CLOSED_FORM) -> None:
    np.testing.assert_allclose(np.asarray(got, float), np.asarray(expected, float), rtol=tolerance, atol=tolerance)


def matrix(value: dict[str, Any]) -> np.ndarray:
    return np.atleast_2d(np.array(value["values"], dtype=float))
