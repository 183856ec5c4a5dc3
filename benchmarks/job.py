"""One job here: ``python -m benchmarks.job task data.csv answer.json``."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.recover_items import analyse, open_drawn
from compendium.framework import load_framework
from compendium.outputs.step import Step
from compendium.simulate import DEMO
from compendium.steps.item_analysis import choice as item_selection
from compendium.steps.item_analysis import findings as item_findings
from psychometrics.association import random_intercept
from psychometrics.dif import ordinal_dif
from psychometrics.dimensionality import parallel_analysis
from psychometrics.irt import fit_scales
from psychometrics.ordinal import polychoric
from psychometrics.reliability import cronbach_alpha, omega_hierarchical
from psychometrics.sem import CfaModel, CfaResult, Cutoffs, Estimator, Missing, fit_cfa, measurement_invariance

Answer = dict[str, Any]


def correlations(items: pd.DataFrame) -> Callable[[], Answer]:
    matrix = polychoric(items).correlations
    names = list(matrix.columns)
    first, second = np.triu_indices(len(names), 1)
    values = matrix.to_numpy()[first, second]
    return lambda: {"estimates": {f"{names[i]}~~{names[j]}": v for i, j, v in zip(first, second, values, strict=True)}}


def factors_of(items: pd.DataFrame) -> dict[str, list[str]]:
    """Return the items of each factor, which are named after it."""
    factors: dict[str, list[str]] = {}
    for item in map(str, items.columns.drop("sector", errors="ignore")):
        factors.setdefault(item.rsplit("_", 1)[0], []).append(item)
    return factors


def factor_model(estimator: Estimator, missing: Missing) -> Callable[[pd.DataFrame], Callable[[], Answer]]:
    def fit(items: pd.DataFrame) -> Callable[[], Answer]:
        result = fit_cfa(CfaModel.correlated(factors_of(items)), items, estimator, missing)
        return lambda: described(result)

    return fit


def described(result: CfaResult) -> Answer:
    loadings = result.loadings[result.loadings["free"]]
    names = "F" + loadings["factor"].str[1:] + "=~" + loadings["item"]
    return {
        "estimates": dict(zip(names, loadings["estimate"], strict=True)),
        "errors": dict(zip(names, loadings["standard_error"], strict=True)),
        "tests": {"chisq": result.fit.chi_square, "chisq.scaled": result.fit.chi_square_scaled},
    }


def parallel(items: pd.DataFrame) -> Callable[[], Answer]:
    for method in ("components", "factors"):
        parallel_analysis(items, 5, correlation="polychoric", method=method, n_jobs=1)
    return dict


def parallel_pearson(items: pd.DataFrame) -> Callable[[], Answer]:
    for method in ("components", "factors"):
        parallel_analysis(items, 20, method=method, n_jobs=1)
    return dict


def alpha_bootstrap(items: pd.DataFrame) -> Callable[[], Answer]:
    cronbach_alpha(items, interval="bootstrap", n_resamples=1000)
    return dict


def omega_bootstrap(items: pd.DataFrame) -> Callable[[], Answer]:
    omega_hierarchical(items, n_factors=8, interval="bootstrap", n_resamples=50, n_jobs=1)
    return dict


def crossed(rows: pd.DataFrame) -> Callable[[], Answer]:
    """Return the mixed model of ratings with an intercept for each person and each rater."""
    found = random_intercept(rows["rating"], rows[["known"]], rows[["person", "rater"]])
    coefficients = found.coefficients.set_index("term")
    shares = found.variance_components.set_index("component")["variance"]
    return lambda: {
        "estimates": {"known": coefficients.loc["known", "estimate"], **shares.to_dict()},
        "errors": {"known": coefficients.loc["known", "standard_error"]},
    }


def fairness(items: pd.DataFrame) -> Callable[[], Answer]:
    ordinal_dif(items.drop(columns="sector"), items["sector"], factors_by_item(items), matching="rest")
    return dict


def factors_by_item(items: pd.DataFrame) -> dict[str, str]:
    return {item: factor for factor, members in factors_of(items).items() for item in members}


def graded(items: pd.DataFrame) -> Callable[[], Answer]:
    """Graded response model of every scale."""
    fit_scales(items, factors_of(items), unused="collapse")
    return dict


def invariance(items: pd.DataFrame) -> Callable[[], Answer]:
    """Every level of invariance across sectors, none refused, with difference and score tests."""
    model, anything = CfaModel.correlated(factors_of(items)), Cutoffs(cfi_drop=1, rmsea_rise=1)
    result = measurement_invariance(model, items, items["sector"], cutoffs=anything)
    fits = {level: one.fit for level, one in result.fits.items()}
    tests = {f"{level}.chisq": fit.chi_square for level, fit in fits.items()}
    tests |= {f"{level}.scaled": fit.chi_square_scaled for level, fit in fits.items()}
    differences = result.table.set_index("level")["chi_square_difference"].dropna()
    return lambda: {"tests": tests | differences.add_prefix("difference.").to_dict()}


def chooser(_: pd.DataFrame) -> tuple[Step, item_selection.Chooser]:
    """Prepare the choice of items on the demonstration cohort, up to where the bootstrap starts."""
    step = open_drawn(DEMO, load_framework(DEMO.framework))
    return step, analyse(step, item_findings.background(step)).rule


def bootstraps(prepared: tuple[Step, item_selection.Chooser]) -> Callable[[], Answer]:
    """Repeat the choice in as many resamples as the plan asks for, on every core."""
    step, rule = prepared
    item_selection.stability(step, rule, step.prepared.answers)
    return dict


#: What a task needs beside the answers; it is not timed.
PREPARED: dict[str, Callable[[pd.DataFrame], Any]] = {"selection": chooser}
TASKS: dict[str, Callable[[Any], Callable[[], Answer]]] = {
    "polychoric": correlations,
    "wlsmv": factor_model("WLSMV", "listwise"),
    "mlr": factor_model("MLR", "listwise"),
    "fiml": factor_model("MLR", "fiml"),
    "parallel": parallel,
    "parallel_pearson": parallel_pearson,
    "alpha_bootstrap": alpha_bootstrap,
    "omega_hierarchical": omega_bootstrap,
    "crossed": crossed,
    "dif": fairness,
    "graded": graded,
    "invariance": invariance,
    "selection": bootstraps,
}


def main() -> None:
    """Read the command line, compute, and write seconds and estimates."""
    task, data, answer = sys.argv[1:]
    items = PREPARED.get(task, pd.DataFrame)(pd.read_csv(data))
    clock, processor = time.perf_counter(), time.process_time()
    report = TASKS[task](items)
    seconds = {"seconds": time.process_time() - processor, "clock": time.perf_counter() - clock}
    Path(answer).write_text(json.dumps({**seconds, **report()}))


if __name__ == "__main__":
    main()
