"""How often the intervals of the Bayesian factor model hold the truth, in samples of the size that teams have.

``python -m benchmarks.recover_small_samples rows.csv`` prints, for loadings, omega and factor correlations, the share
of 95 % intervals that hold the true value, the shares that lie above and below it, and the mean error of the estimate.
The rows of each sample go to the file as they come; run again, the program draws only the samples that are missing.
Answers are on five points and skewed, loadings run from .4 to .8 and factors correlate .6. ``--persons``, ``--draws``,
``--factors`` and ``--items`` set the size; the published study is ``--persons 91 --factors 8 --items 7``.
"""

from __future__ import annotations

import argparse
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd

from psychometrics.bayesian import BayesianCfa, bayesian_cfa
from psychometrics.bayesian._summaries import sum_score_omega
from psychometrics.errors import ConvergenceError

BETWEEN = 0.6
# Three kinds of skewed item: most answers in the upper categories, in the middle ones, in the top one.
CUTS = np.array([[-2.2, -1.5, -0.7, 0.5], [-1.8, -1.0, -0.2, 0.9], [-2.4, -1.8, -1.2, -0.1]])


def population(factors: int, items: int) -> tuple[np.ndarray, np.ndarray, dict[str, str]]:
    """Return true loadings, thresholds and the scale of each item."""
    loadings = np.tile(np.linspace(0.4, 0.8, items), factors)
    names = {f"f{factor}_{item}": f"f{factor}" for factor in range(factors) for item in range(items)}
    return loadings, CUTS[np.arange(factors * items) % len(CUTS)], names


def answered(persons: int, factors: int, items: int, seed: int) -> pd.DataFrame:
    """Draw answers from the population."""
    generator = np.random.default_rng(seed)
    loadings, cuts, names = population(factors, items)
    general = np.sqrt(BETWEEN) * generator.standard_normal((persons, 1))
    scores = general + np.sqrt(1 - BETWEEN) * generator.standard_normal((persons, factors))
    unique = generator.standard_normal((persons, factors * items))
    latent = loadings * np.repeat(scores, items, axis=1) + np.sqrt(1 - loadings**2) * unique
    return pd.DataFrame((latent[:, :, None] > cuts).sum(axis=2) + 1.0, columns=list(names))


def truths(factors: int, items: int) -> dict[str, np.ndarray]:
    """Return the true values in the order of the result's tables."""
    loadings, cuts, _ = population(factors, items)
    scaled = np.column_stack([loadings, cuts]) / np.sqrt(1 - loadings**2)[:, None]
    codes = [np.arange(1.0, 6.0)] * items
    omega = [sum_score_omega(part[None], codes)[0] for part in scaled.reshape(factors, items, -1)]
    pairs = len(list(combinations(range(factors), 2)))
    return {"loading": loadings, "omega": np.array(omega), "correlation": np.full(pairs, BETWEEN)}


def tables(found: BayesianCfa) -> dict[str, pd.DataFrame]:
    """Return the tables of a result by the name of their estimate."""
    return {"loading": found.loadings, "omega": found.omega, "correlation": found.factor_correlations}


def one(persons: int, factors: int, items: int, seed: int) -> list[dict[str, object]]:
    """Return a row for each quantity of one sample, or one row that says that the chains did not mix."""
    known = {"persons": persons, "factors": factors, "items": items, "seed": seed}
    true, (_, _, scales) = truths(factors, items), population(factors, items)
    try:
        found = bayesian_cfa(answered(persons, factors, items, seed), scales, n_draws=1500, seed=seed)
    except ConvergenceError:
        return [known | {"quantity": "not mixed"}]
    return [
        known
        | {
            "quantity": name,
            "holds the truth": table["lower"].le(true[name]).mul(table["upper"].ge(true[name])).mean(),
            "lies above": table["lower"].gt(true[name]).mean(),
            "lies below": table["upper"].lt(true[name]).mean(),
            "error": (table[name] - true[name]).mean(),
        }
        for name, table in tables(found).items()
    ]


def summarise(rows: pd.DataFrame) -> pd.DataFrame:
    """Return means over samples with their standard errors: the parameters of one sample go together."""
    mixed = rows[rows["quantity"] != "not mixed"]
    columns = ["holds the truth", "lies above", "lies below", "error"]
    by = mixed.groupby(["persons", "factors", "items", "quantity"], sort=False)
    return by[columns].agg(["count", "mean", "sem"])


def main() -> None:
    """Draw the samples that the file has not yet, and print how often the intervals hold the truth."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("output", type=Path)
    for name, default in (("persons", 91), ("draws", 200), ("factors", 3), ("items", 6), ("first", 0)):
        parser.add_argument(f"--{name}", type=int, default=default)
    asked = parser.parse_args()
    design = {name: getattr(asked, name) for name in ("persons", "factors", "items")}
    rows = pd.read_csv(asked.output) if asked.output.exists() else pd.DataFrame(columns=[*design, "seed", "quantity"])
    there = set(rows.loc[(rows[list(design)] == pd.Series(design)).all(axis=1), "seed"])
    for seed in sorted(set(range(asked.first, asked.first + asked.draws)) - there):
        rows = pd.concat([rows, pd.DataFrame(one(**design, seed=seed))], ignore_index=True)
        rows.to_csv(asked.output, index=False)
    print(f"{rows['quantity'].eq('not mixed').sum()} samples without a result because the chains did not mix")
    print(summarise(rows).round(3).to_string())


if __name__ == "__main__":
    main()
