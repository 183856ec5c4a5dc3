"""Fit the levels of invariance to real answers here and in lavaan, and show how far they agree.

``python -m benchmarks.invariance_agreement --data FOLDER`` compares fevs2018 by agency and by supervisory status
(FOLDER holds its responses.csv) and bfi by gender (complete answers); ``--only bfi`` leaves the first out. The program
is for the record: the answers of fevs2018 are no part of the project, so no test can read them. R needs lavaan,
semTools and jsonlite. Every level is fitted on both sides, whether or not the one before holds.

Where they differ: lavaan 0.6-14 takes no cell of a cross table as rarer than the square root of its machine epsilon. In
fevs2018 the items Q48 and Q49 correlate so highly that a single contrary answer lies in such a cell, and their
correlation comes out larger there than at the maximum of the likelihood; ``--without Q49`` shows all else to agree.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import pandas as pd

from compendium.cohort import load_cohort
from compendium.paths import cohort_folder
from psychometrics.sem import CfaModel, CfaResult, Estimator, difference_test, fit_cfa, merge_categories

HERE = Path(__file__).parent
KINDS = ("thresholds", "loadings", "intercepts", "residuals")
LEVELS = ("configural", "thresholds", "metric", "scalar", "strict")
MEASURES = ("chi_square", "chi_square_scaled", "cfi", "cfi_scaled", "rmsea", "rmsea_scaled", "srmr")
RELATIVE = ("chi_square", "chi_square_scaled", "difference")
SMALLEST_GROUP = 100


@dataclass(frozen=True)
class Comparison:
    """One cohort, by one grouping."""

    cohort: str
    grouping: str


COMPARISONS = (Comparison("fevs2018", "agency"), Comparison("fevs2018", "supervisor"), Comparison("bfi", "gender"))


@dataclass(frozen=True)
class Material:
    """Complete answers, the group of each person, and the items of each factor."""

    answers: pd.DataFrame
    groups: pd.Series
    factors: dict[str, list[str]]


def material(asked: Comparison, data: Path | None, without: Sequence[str] = ()) -> Material:
    """Read a cohort: complete answers, groups that are large enough, categories that all of them use."""
    folder = cohort_folder(asked.cohort)
    cohort = load_cohort(folder, data if asked.cohort == "fevs2018" else None)
    groups = cohort.people[asked.grouping].dropna()
    answers = cohort.answers.loc[groups.index].drop(columns=list(without), errors="ignore").dropna()
    sizes = groups[answers.index].value_counts()
    groups = groups[answers.index][groups[answers.index].isin(sizes.index[sizes >= SMALLEST_GROUP])]
    merged = merge_categories(answers.loc[groups.index].astype(int), groups)
    return Material(merged.responses, groups, cohort.framework.scales(list(answers.columns)))


def levels(estimator: Estimator) -> dict[str, tuple[str, ...]]:
    """Return what is equal at each level; items taken as continuous have no thresholds."""
    kinds = KINDS if estimator == "WLSMV" else KINDS[1:]
    names = [name for name in LEVELS if estimator == "WLSMV" or name != "thresholds"]
    return {name: kinds[:number] for number, name in enumerate(names)}


def here(found: Material, estimator: Estimator) -> pd.DataFrame:
    """Fit every level here."""
    model, previous, rows = CfaModel.correlated(found.factors), None, {}
    for level, equal in levels(estimator).items():
        start = time.perf_counter()
        fitted = fit_cfa(model, found.answers, estimator, group=found.groups, equal=equal)  # type: ignore[arg-type]
        rows[level] = described(fitted, previous) | {"seconds": time.perf_counter() - start}
        previous = fitted
    return pd.DataFrame(rows).T


def described(fitted: CfaResult, previous: CfaResult | None) -> dict[str, float]:
    """Measures of one level, and its test against the level before."""
    row = {name: getattr(fitted.fit, name) for name in ("df", *MEASURES)}
    if previous is not None:
        test = difference_test(previous, fitted)
        row |= {"difference": test.statistic, "df_difference": test.df}
    return row


def there(found: Material, estimator: Estimator, folder: Path) -> pd.DataFrame:
    """Fit every level in R."""
    answers, asked, answer = (folder / name for name in ("answers.csv", "model.json", "answer.json"))
    found.answers.assign(group=found.groups).to_csv(answers, index=False)
    wanted: dict[str, Any] = {"factors": found.factors, "estimator": estimator, "levels": levels(estimator)}
    asked.write_text(json.dumps(wanted))
    command = ["Rscript", str(HERE / "invariance_agreement.R"), str(answers), str(asked), str(answer)]
    one_thread = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    subprocess.run(command, check=True, stdout=sys.stderr, env={**os.environ, **one_thread})
    rows: dict[str, dict[str, float]] = json.loads(answer.read_text())
    return pd.DataFrame(rows).T


def differences(ours: pd.DataFrame, theirs: pd.DataFrame) -> pd.Series:
    """Largest difference of any level: relative for test statistics, absolute for fit indices."""
    gaps = (ours - theirs).abs()
    gaps[list(RELATIVE)] /= theirs[list(RELATIVE)].abs()
    kept = ["df", *MEASURES, "difference", "df_difference"]
    return gaps[kept].max().rename("largest difference")


def show(asked: Comparison, found: Material, estimator: Estimator, folder: Path) -> pd.DataFrame:
    """Print both sides of one comparison and return how far they are apart."""
    ours = here(found, estimator)
    theirs = there(found, estimator, folder)[ours.columns]
    title = f"{asked.cohort} by {asked.grouping}, {estimator}"
    sizes = ", ".join(f"{name} {size}" for name, size in found.groups.value_counts().items())
    both = pd.concat({"here": ours, "R": theirs}).swaplevel().loc[list(ours.index)]
    print(f"\n{title} ({found.answers.shape[1]} items, {len(found.factors)} factors; {sizes})")
    print(both.to_string(float_format=lambda value: f"{value:.6g}"), flush=True)
    seconds = {"seconds here": ours["seconds"].sum(), "seconds R": theirs["seconds"].sum()}
    return pd.DataFrame([{"comparison": title, **differences(ours, theirs), **seconds}])


def main() -> None:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="folder that holds the responses of fevs2018")
    parser.add_argument("--only", choices=sorted({each.cohort for each in COMPARISONS}))
    parser.add_argument("--estimators", nargs="+", choices=get_args(Estimator), default=["WLSMV", "MLR"])
    parser.add_argument("--without", nargs="+", default=[], help="items to leave out")
    asked = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for each in COMPARISONS:
            if asked.only in (None, each.cohort):
                found = material(each, asked.data, asked.without)
                rows += [show(each, found, estimator, Path(folder)) for estimator in asked.estimators]
    print("\nLargest differences over the levels (chi-squares and difference tests relative, indices absolute)")
    table = pd.concat(rows, ignore_index=True).set_index("comparison")
    print(table.T.to_string(float_format=lambda value: f"{value:.2g}"))


if __name__ == "__main__":
    main()
