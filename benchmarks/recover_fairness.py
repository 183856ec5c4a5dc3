"""How often unfair items are found, and fair ones are not, by size of the difference and by nesting.

``python -m benchmarks.recover_fairness`` prints two tables: how often one item of seven is flagged in a group of 100
(reference 400) when it is harder for that group by 0 to 3 standard deviations; and how often fair items have p below
.05 when 13 agencies lie in two sectors and people of an agency answer single items alike, without and with clusters.
``--draws`` sets the number of simulated cohorts.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd

from psychometrics.dif import DifRule, OrdinalDif, ordinal_dif

LOADINGS = np.linspace(0.5, 0.8, 7)
CUTS = np.array([-2.0, -1.2, -0.4, 0.8])
SIZES = (0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0)
AGENCIES = np.array([10, 15, 20, 25, 30, 35, 40, 45, 50, 55, 60, 65, 70])


def answered(trait: np.ndarray, unique: np.ndarray, shift: np.ndarray) -> pd.DataFrame:
    """Return answers 1 to 5 of seven items with these loadings; `shift` makes them easier."""
    latent = LOADINGS * trait[:, None] + np.sqrt(1 - LOADINGS**2) * unique + shift
    return pd.DataFrame(np.searchsorted(CUTS, latent) + 1.0).rename(columns=lambda place: f"q{place + 1}")


def one_unfair_item(size: float, seed: int, direction: int = 1) -> OrdinalDif:
    """Analyse a cohort in which the first item is easier (direction 1) or harder for the small group."""
    generator = np.random.default_rng(seed)
    small = np.arange(500) >= 400
    shift = np.zeros((500, 7))
    shift[small, 0] = direction * size
    items = answered(generator.normal(size=500), generator.normal(size=(500, 7)), shift)
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
    """Yield, for each size, the shares of cohorts in which the item is flagged, untested or has passed."""
    for size in SIZES:
        for direction in (1, -1):
            found = [one_unfair_item(size, seed, direction) for seed in range(draws)]
            status = [result.table.loc["q1", "status"] for result in found]
            others = np.mean([result.table["flagged"].iloc[1:].mean() for result in found])
            penalised = np.mean([result.table.loc["q1", "estimation"] == "penalised likelihood" for result in found])
            yield {
                "size": size * direction, "draws": draws, "flagged": np.mean([s == "flagged" for s in status]),
                "untested": np.mean([s == "untested" for s in status]), "penalised": penalised,
                "others_flagged": others, "median_power": found[0].power.set_index("item").loc["q1", "power"],
            }  # fmt: skip


def rates_by_nesting(draws: int) -> Iterator[dict[str, object]]:
    """Yield, with and without clusters, the share of fair items with p below .05."""
    once = DifRule(maximum_rounds=1)
    ways: dict[str, Callable[[pd.DataFrame, pd.Series, pd.Series], OrdinalDif]] = {
        "people independent": lambda items, sector, _: ordinal_dif(items, sector, rule=once),
        "clusters = agency": lambda items, sector, agency: ordinal_dif(items, sector, clusters=agency, rule=once),
    }
    for name, way in ways.items():
        tables = [way(*nested_cohort(seed)).table for seed in range(draws)]
        p = pd.concat(tables)
        yield {"test": name, "draws": draws, "items": len(p)} | {
            f"p<.05 {test}": (p[f"p_{test}"] < 0.05).mean() for test in ("uniform", "non_uniform", "total")
        }


def main() -> None:
    """Read the command line and print both tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--draws", type=int, default=50)
    draws = parser.parse_args().draws
    for table in (power_by_size(draws), rates_by_nesting(2 * draws)):
        print(pd.DataFrame(table).to_string(index=False, float_format="{:.3f}".format), end="\n\n")


if __name__ == "__main__":
    main()
