"""Draw right and misspecified answers of known models and see which cut-offs of fit tell them apart.

``python -m benchmarks.recover_fit_cutoffs --runs 10 --jobs 2 recovery.csv`` writes one row a draw: whether the model is
let in by the cut-offs for this model and by the conventional ones, beside whether it should be.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import joblib
import numpy as np
import pandas as pd

from compendium.plan import Structure, load_plan
from psychometrics.errors import PsychometricsError
from psychometrics.sem import CfaModel, CfaResult, dynamic_cutoffs, fit_cfa

# Number of people with number of answer categories.
DESIGNS = ((200, 5), (800, 2), (800, 5), (800, 7), (2000, 5))
LOADINGS = (0.4, 0.5, 0.6, 0.7, 0.8)
ONE, THREE = 8, (4, 4, 4)


@dataclass(frozen=True)
class Truth:
    """A population, the number of factors of the model that is fitted, and whether that model should be let in."""

    name: str
    factors: int
    right: bool


TRUTHS = (
    Truth("one factor", 1, right=True),
    Truth("one factor, one residual correlation of .05", 1, right=True),
    Truth("one factor, two residual correlations of .3", 1, right=False),
    Truth("two factors that correlate .75, fitted as one", 1, right=False),
    Truth("three factors", 3, right=True),
    Truth("three factors, two omitted cross-loadings of half the loading", 3, right=False),
    Truth("three factors, two omitted cross-loadings", 3, right=False),
)


def correlations(truth: Truth, loading: float) -> np.ndarray:
    """Return the correlations of the latent answers."""
    if truth.factors == 1:
        within = np.kron(np.eye(2), np.ones((ONE // 2, ONE // 2)))
        apart = 0.75 if truth.name.startswith("two factors") else 1.0
        found = loading**2 * (within + apart * (1 - within))
        size = {"one factor, one residual correlation of .05": 0.05, "one factor, two residual correlations of .3": 0.3}
        for pair in range(2 if size.get(truth.name) == 0.3 else 1):
            first, second = 2 * pair, 2 * pair + 1
            found[first, second] += size.get(truth.name, 0.0) * (1 - loading**2)
            found[second, first] = found[first, second]
    else:
        pattern = np.kron(np.eye(3), np.ones((4, 1))) * loading
        if not truth.right:
            largest = 0.95 * (np.sqrt((0.4 * loading) ** 2 + 1 - loading**2) - 0.4 * loading)
            half = 0.5 if truth.name.endswith("half the loading") else 1.0
            pattern[0, 1] = pattern[4, 2] = half * min(loading, largest)
        found = pattern @ (0.6 * np.eye(3) + 0.4) @ pattern.T
    np.fill_diagonal(found, 1.0)
    return found


def answers(matrix: np.ndarray, n: int, points: int, seed: int) -> pd.DataFrame:
    """Draw answers with evenly spaced thresholds, the lower ones rarer, as in surveys of work."""
    latent = np.random.default_rng(seed).standard_normal((n, len(matrix))) @ np.linalg.cholesky(matrix).T
    cuts = np.linspace(-1.6, 0.9, points - 1) if points > 2 else [-0.4]
    return pd.DataFrame(np.digitize(latent, cuts) + 1, columns=[f"i{k}" for k in range(len(matrix))])


def model_of(truth: Truth) -> CfaModel:
    """Return the model that is fitted."""
    if truth.factors == 1:
        return CfaModel.single([f"i{k}" for k in range(ONE)])
    return CfaModel.correlated({name: [f"i{4 * k + j}" for j in range(4)] for k, name in enumerate("abc")})


@cache
def conventional() -> Structure:
    """Return the plan's rule, read once."""
    return load_plan().structure


def let_in_by_convention(fit: CfaResult) -> dict[str, bool]:
    """Say whether the fixed cut-offs let the model in, by the robust and by the scaled indices."""
    rule, measures = conventional(), fit.fit
    found = {}
    for reading in ("robust", "scaled"):
        rmsea, cfi = getattr(measures, f"rmsea_{reading}"), getattr(measures, f"cfi_{reading}")
        others = rmsea <= rule.rmsea_acceptable.value or cfi >= rule.cfi_acceptable.value
        found[f"fixed_{reading}"] = bool(measures.srmr <= rule.srmr.value and others)
    return found


def one(truth: Truth, loading: float, n: int, points: int, seed: int, replications: int) -> dict[str, object]:
    """Judge one draw by both kinds of cut-offs."""
    row: dict[str, object] = {"truth": truth.name, "right": truth.right, "loading": loading, "n": n, "points": points}
    row |= {"seed": seed, "dynamic": None}
    try:
        fit = fit_cfa(model_of(truth), answers(correlations(truth, loading), n, points, seed), "WLSMV")
        row |= {"improper": not fit.proper, **let_in_by_convention(fit)}
        levels = dynamic_cutoffs(fit, replications, seed=seed, n_jobs=1).levels_ruled_out()
    except PsychometricsError as problem:
        return row | {"note": str(problem)}
    # The smallest misfit that can be told from none decides.
    told = levels.dropna()
    return row | {"level_1": levels.iloc[0], "dynamic": None if told.empty else bool(told.iloc[0])}


def grid(runs: int, loadings: list[float]) -> Iterator[tuple[Truth, float, int, int, int]]:
    """Every cell of the design, once a run."""
    for truth in TRUTHS:
        for loading in loadings:
            for n, points in DESIGNS:
                yield from ((truth, loading, n, points, seed) for seed in range(1, runs + 1))


def summarise(rows: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """Return the share of right answers of each kind of cut-off, and how often the dynamic ones had none.

    An improper solution has none: the study counts it against the model before it asks for fit.
    """
    table = {}
    for key, part in rows.groupby(by, sort=False):
        said = part.dropna(subset="dynamic")
        table[key] = {
            "draws": len(part),
            "dynamic": float((said["dynamic"].astype(bool) == said["right"]).mean()),
            "no answer": 1 - len(said) / len(part),
            "improper": float(part["improper"].astype(bool).mean()),
            **{name: float((part[name] == part["right"]).mean()) for name in ("fixed_robust", "fixed_scaled")},
        }
    return pd.DataFrame(table).T.rename_axis(by)


def main() -> None:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("output")
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--replications", type=int, default=100)
    parser.add_argument("--loadings", type=float, nargs="+", default=LOADINGS)
    parser.add_argument("--jobs", type=int, default=2)
    asked = parser.parse_args()
    work = (joblib.delayed(one)(*cell, asked.replications) for cell in grid(asked.runs, asked.loadings))
    rows = pd.DataFrame(joblib.Parallel(n_jobs=asked.jobs)(work))
    rows.to_csv(asked.output, index=False)
    for by in (["truth", "loading"], ["truth", "n", "points"]):
        print(summarise(rows, by).round(2).to_string())


if __name__ == "__main__":
    main()
