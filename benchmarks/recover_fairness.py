"""How often unfair items are found, and fair ones are not, by size of the difference and by nesting.

``python -m benchmarks.recover_fairness`` prints two tables: how often one item of seven is flagged in a group of 50 to
400 (reference 400) when it is easier or harder for that group by 0 to 3 standard deviations; and how often tests of
what is true have p below .05 when 13 agencies lie in two sectors and people of an agency answer single items alike,
without and with clusters: of items (DIF), of a model's fit (MLR and WLSMV), of equal loadings and intercepts, and of
the correlation of two unrelated scores that agencies share in. ``--draws`` is the number of simulated cohorts a row.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator

import numpy as np
import pandas as pd

from psychometrics.association import correlation_matrix
from psychometrics.dif import DifRule, OrdinalDif, ordinal_dif
from psychometrics.sem import CfaModel, Cutoffs, fit_cfa, measurement_invariance

LOADINGS = np.linspace(0.5, 0.8, 7)
CUTS = np.array([-2.0, -1.2, -0.4, 0.8])
SIZES = (0.0, 0.5, 1.0, 2.5, 3.0)
PEOPLE = (50, 100, 200, 400)
REFERENCE = 400
AGENCIES = np.array([10, 15, 20, 25, 30, 35, 40, 45, 50, 55, 60, 65, 70])


def answered(trait: np.ndarray, unique: np.ndarray, shift: np.ndarray) -> pd.DataFrame:
    """Return answers 1 to 5 of seven items with these loadings; `shift` makes them easier."""
    latent = LOADINGS * trait[:, None] + np.sqrt(1 - LOADINGS**2) * unique + shift
    return pd.DataFrame(np.searchsorted(CUTS, latent) + 1.0).rename(columns=lambda place: f"q{place + 1}")


def one_unfair_item(size: float, seed: int, direction: int = 1, people: int = 100) -> OrdinalDif:
    """Analyse a cohort in which the first item is easier (direction 1) or harder for the small group."""
    generator, everybody = np.random.default_rng(seed), REFERENCE + people
    small = np.arange(everybody) >= REFERENCE
    shift = np.zeros((everybody, 7))
    shift[small, 0] = direction * size
    items = answered(generator.normal(size=everybody), generator.normal(size=(everybody, 7)), shift)
    return ordinal_dif(items, pd.Series(np.where(small, "small", "large")))


def nested_cohort(seed: int, spread: float = 0.25) -> tuple[pd.DataFrame, pd.Series, pd.Series]:
    """Draw 13 agencies in two sectors whose people answer single items alike (share of variance `spread` squared)."""
    generator = np.random.default_rng(seed)
    agency = np.repeat(np.arange(13), generator.permutation(AGENCIES))
    sector = np.where(agency % 2 == 0, "health", "care")
    trait = generator.normal(size=len(agency)) * 0.97 + 0.25 * generator.normal(size=13)[agency]
    shift = spread * generator.normal(size=(13, 7))[agency]
    items = answered(trait, generator.normal(size=(len(agency), 7)), shift)
    return items, pd.Series(sector), pd.Series(agency)


def power_by_size(draws: int) -> Iterator[dict[str, object]]:
    """Yield, for each size of group and of difference, the shares of cohorts in which the item is flagged or untested.

    Half of the cohorts have an item that is easier for the group, half one that is harder.
    """
    for people in PEOPLE:
        for size in SIZES:
            found = [one_unfair_item(size, seed, 1 if seed % 2 else -1, people) for seed in range(draws)]
            status = [result.table.loc["q1", "status"] for result in found]
            others = np.mean([result.table["flagged"].iloc[1:].mean() for result in found])
            penalised = np.mean([result.table.loc["q1", "estimation"] == "penalised likelihood" for result in found])
            yield {
                "people": people, "size": size, "draws": draws, "flagged": np.mean([s == "flagged" for s in status]),
                "untested": np.mean([s == "untested" for s in status]), "penalised": penalised,
                "others_flagged": others,
            }  # fmt: skip


def fair_items(items: pd.DataFrame, sector: pd.Series, agency: pd.Series | None) -> dict[str, list[float]]:
    """Return p of the total test of every item."""
    table = ordinal_dif(items, sector, clusters=agency, rule=DifRule(maximum_rounds=1)).table
    return {"DIF, an item": table["p_total"].tolist()}


def fits(items: pd.DataFrame, agency: pd.Series | None) -> dict[str, list[float]]:
    """Return p of the scaled test of the model that is true."""
    model, names = CfaModel.single([str(item) for item in items]), ("MLR", "WLSMV")
    found = {name: fit_cfa(model, items, name, cluster=agency).fit.p_value_scaled for name in names}  # type: ignore[arg-type]
    return {f"fit of the true model, {name}": [np.nan if p is None else float(p)] for name, p in found.items()}


def levels(items: pd.DataFrame, sector: pd.Series, agency: pd.Series | None) -> dict[str, list[float]]:
    """Return p of the steps to equal loadings and to equal intercepts."""
    model, anything = CfaModel.single([str(item) for item in items]), Cutoffs(cfi_drop=1, rmsea_rise=1)
    table = measurement_invariance(model, items, sector, "MLR", clusters=agency, cutoffs=anything).table
    steps = table.set_index("level")["p_difference"]
    return {f"invariance, {level}": [float(steps[level])] for level in ("metric", "scalar")}


def rates_by_nesting(draws: int) -> Iterator[dict[str, object]]:
    """Yield for each test of something true how often p is below .05, people taken as independent or in clusters."""
    rows: dict[str, dict[str, list[float]]] = {}
    for seed in range(draws):
        items, sector, agency = nested_cohort(seed)
        climate = np.random.default_rng(10_000 + seed).normal(size=(13, 1))[agency] * 0.3
        outcome = climate[:, 0] + np.random.default_rng(20_000 + seed).normal(size=len(agency))
        scores = pd.DataFrame({"score": items.mean(axis="columns"), "outcome": outcome})
        for way, clusters in (("independent", None), ("clusters", agency)):
            found = fair_items(items, sector, clusters) | fits(items, clusters) | levels(items, sector, clusters)
            found |= {"correlation": correlation_matrix(scores, clusters=clusters).table["p"].tolist()}
            for test, p in found.items():
                rows.setdefault(test, {}).setdefault(way, []).extend(p)
    for test, of_way in rows.items():
        rates = {way: float(np.mean(np.array(p) < 0.05)) for way, p in of_way.items()}
        yield {"test": test, "tests": len(of_way["clusters"]), **rates}


def main() -> None:
    """Read the command line and print both tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--draws", type=int, default=30)
    draws = parser.parse_args().draws
    for table in (power_by_size(draws), rates_by_nesting(4 * draws)):
        print(pd.DataFrame(table).to_string(index=False, float_format="{:.3f}".format), end="\n\n")


if __name__ == "__main__":
    main()
