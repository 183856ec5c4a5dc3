"""One job here: ``python job.py task data.csv answer.json``."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from psychometrics.cfa import CfaModel, CfaResult, fit_cfa
from psychometrics.dimensionality import parallel_analysis
from psychometrics.ordinal import polychoric

Answer = dict[str, Any]


def correlations(items: pd.DataFrame) -> Callable[[], Answer]:
    matrix = polychoric(items).correlations
    names = list(matrix.columns)
    first, second = np.triu_indices(len(names), 1)
    values = matrix.to_numpy()[first, second]
    return lambda: {"estimates": {f"{names[i]}~~{names[j]}": v for i, j, v in zip(first, second, values, strict=True)}}


def factor_model(estimator: str, missing: str) -> Callable[[pd.DataFrame], Callable[[], Answer]]:
    def fit(items: pd.DataFrame) -> Callable[[], Answer]:
        factors = {f"F{k}": [item for item in items if item.startswith(f"C{k}_")] for k in range(1, 9)}
        result = fit_cfa(CfaModel.correlated(factors), items, estimator, missing)  # type: ignore[arg-type]
        return lambda: described(result)

    return fit


def described(result: CfaResult) -> Answer:
    loadings = result.loadings[result.loadings["free"]]
    names = loadings["factor"] + "=~" + loadings["item"]
    return {
        "estimates": dict(zip(names, loadings["estimate"], strict=True)),
        "errors": dict(zip(names, loadings["standard_error"], strict=True)),
        "tests": {"chisq": result.fit.chi_square, "chisq.scaled": result.fit.chi_square_scaled},
    }


def parallel(items: pd.DataFrame) -> Callable[[], Answer]:
    for method in ("components", "factors"):
        parallel_analysis(items, 5, correlation="polychoric", method=method, n_jobs=1)  # type: ignore[arg-type]
    return dict


TASKS: dict[str, Callable[[pd.DataFrame], Callable[[], Answer]]] = {
    "polychoric": correlations,
    "wlsmv": factor_model("WLSMV", "listwise"),
    "mlr": factor_model("MLR", "listwise"),
    "fiml": factor_model("MLR", "fiml"),
    "parallel": parallel,
}


def main() -> None:
    task, data, answer = sys.argv[1:]
    items = pd.read_csv(data)
    start = time.perf_counter()
    report = TASKS[task](items)
    seconds = time.perf_counter() - start
    Path(answer).write_text(json.dumps({"seconds": seconds, **report()}))


if __name__ == "__main__":
    main()
