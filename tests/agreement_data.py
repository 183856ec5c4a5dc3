"""What the tests of rater agreement share: R's values, the ratings behind them, and how close is close."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

REFERENCE = Path(__file__).parent / "reference"
CLOSED_FORM = 1e-10
ITEMS = [f"C1_0{i}" for i in range(1, 8)]


def reference_values() -> dict[str, Any]:
    results = json.loads((REFERENCE / "agreement.json").read_text())["results"]
    return {name: entry["value"] for name, entry in results.items()}


def read(name: str) -> pd.DataFrame:
    return pd.read_csv(REFERENCE / "data" / f"{name}.csv")


def peer_ratings() -> pd.DataFrame:
    table = read("sim52_peers_C1")
    return table.assign(C1=table[ITEMS].mean(axis=1))


def rating_tables() -> dict[str, pd.DataFrame]:
    wide = peer_ratings().pivot(index="ratee", columns="rater", values="C1_01")
    return {"anxiety": read("irr_anxiety"), "krippendorff": read("krippendorff_units"), "peers": wide}


def close(got: object, expected: object, tolerance: float = CLOSED_FORM) -> None:
    np.testing.assert_allclose(np.asarray(got, float), np.asarray(expected, float), rtol=tolerance, atol=tolerance)
