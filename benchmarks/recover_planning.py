"""Plan from pilot cohorts that are drawn from a known population, and see what cohorts of the planned size then give.

``python -m benchmarks.recover_planning --pilots 5 --cohorts 100 planning.csv`` writes one row a pilot and goal: the
people planned, the half-width or power that was planned for, and what so many people gave.
"""

from __future__ import annotations

import argparse
import math

import joblib
import numpy as np
import pandas as pd
from scipy import stats

from psychometrics.agreement import icc1
from psychometrics.association.robust import fisher_error
from psychometrics.dif import DifRule, ordinal_dif
from psychometrics.planning import (
    FactorPopulation,
    dif_plan,
    factor_population,
    invariance_plan,
    persons_for_corrected_correlation,
    precision_plan,
    rater_plan,
)
from psychometrics.reliability import omega_categorical
from psychometrics.sem import CfaModel, difference_test, fit_cfa, merge_categories

LOADINGS = (0.5, 0.55, 0.6, 0.65, 0.7, 0.75)
CUTS = (-2.0, -1.2, -0.3, 0.9)
PILOT, CLUSTER, ALIKE = 300, 20, 0.08
CENTRAL = float(stats.norm.ppf(0.975))
HALF = {"omega": 0.05, "loading": 0.10, "peers": 0.05}
POWER, DIFFERENCE, ALPHA = 0.8, 0.5, 0.05
# The correlation with an outcome, the reliability of one peer, peers of a person, and the outcome's share in clusters.
RHO, ONE_PEER, PEERS = 0.3, 0.35, 4


def truth() -> FactorPopulation:
    """Return the population that everything is drawn from."""
    names = [f"q{place}" for place in range(len(LOADINGS))]
    steps = pd.Series(CUTS, index=range(1, len(CUTS) + 1))
    return FactorPopulation(pd.Series(LOADINGS, names), pd.concat(dict.fromkeys(names, steps)), ALIKE, CLUSTER)


def widths(n: int, cohorts: int, seed: int) -> dict[str, float]:
    """Return the half-widths of omega and of the widest loading in cohorts of n people."""
    omegas, errors, loadings = [], [], []
    for stream in np.random.SeedSequence(seed).spawn(cohorts):
        answers, _ = truth().draw(n, np.random.default_rng(stream))
        fit = fit_cfa(CfaModel.single(list(answers.columns)), answers)
        omegas.append(omega_categorical(answers).omega)
        loadings.append(fit.loadings["standardised"].to_numpy(float))
        errors.append(fit.loadings["standardised_error"].to_numpy(float))
    return {
        "omega": CENTRAL * float(np.std(omegas, ddof=1)),
        "loading": CENTRAL * float(np.std(loadings, axis=0, ddof=1).max()),
        "loading as reported": CENTRAL * float(np.mean(errors, axis=0).max()),
    }


def found_unfair(goal: str, n: int, cohorts: int, seed: int) -> float:
    """Return how often one unfair item is found in two groups of n people.

    The item test looks for the item with the weakest loading, that of equal intercepts for the one with the median.
    """
    population, kept = truth(), []
    item = population.loadings.index[0 if goal == "dif" else len(LOADINGS) // 2]
    shift = pd.Series({item: DIFFERENCE * population.loadings[item]})
    groups = pd.Series(np.repeat(["first", "second"], n))
    for stream in np.random.SeedSequence(seed).spawn(cohorts):
        generator = np.random.default_rng(stream)
        both = [population.draw(n, generator)[0], population.draw(n, generator, shift)[0]]
        answers = merge_categories(pd.concat(both, ignore_index=True), groups).responses
        kept.append(_tested(goal, answers, groups, item))
    return float(np.mean(kept))


def _tested(goal: str, answers: pd.DataFrame, groups: pd.Series, item: str) -> bool:
    """Say whether the test of a goal rejects."""
    if goal == "dif":
        rule = DifRule(minimum_change=0.0, minimum_size=2, maximum_rounds=1)
        tested = ordinal_dif(answers, groups, rule=rule, reference="first").table
        return bool(tested.loc[item, "p_total"] < ALPHA / len(LOADINGS))
    model, equal = CfaModel.single(list(answers.columns)), ("thresholds", "loadings")
    metric = fit_cfa(model, answers, group=groups, equal=equal, reference="first")
    scalar = fit_cfa(model, answers, group=groups, equal=(*equal, "intercepts"), reference="first")
    return bool(difference_test(metric, scalar).p_value < ALPHA)


def rated(n: int, generator: np.random.Generator) -> tuple[pd.Series, pd.Series, pd.Series, np.ndarray]:
    """Draw the ratings of n people by their peers, who they are about, the people's outcome, and their clusters."""
    members = np.arange(n) // CLUSTER
    parts = np.sqrt([ALIKE, 1 - ALIKE])
    shared, own = generator.standard_normal((2, members[-1] + 1))[:, members], generator.standard_normal((2, n))
    person, other = parts[0] * shared + parts[1] * own
    outcome = RHO * person + math.sqrt(1 - RHO**2) * other
    noise = generator.standard_normal((n, PEERS)) * math.sqrt((1 - ONE_PEER) / ONE_PEER)
    ratings = (person[:, None] + noise).ravel()
    return pd.Series(ratings), pd.Series(np.repeat(np.arange(n), PEERS)), pd.Series(outcome), members


def correlated(n: int, generator: np.random.Generator) -> tuple[float, float, tuple[float, float, float], float]:
    """Return Fisher's z of the observed correlation, its error over clusters, ICC(1,k) and ICC(1) half-width."""
    ratings, about, outcome, members = rated(n, generator)
    mean = ratings.groupby(about).mean().to_numpy()
    z = math.atanh(float(stats.spearmanr(mean, outcome).statistic))
    error = fisher_error(mean, outcome.to_numpy(), members, ranked=True)
    icc = icc1(ratings, about)
    return z, error, (icc.icc2, icc.icc2_lower, icc.icc2_upper), (icc.icc2_upper - icc.icc2_lower) / 2


def pilot_rows(seed: int, cohorts: int) -> list[dict[str, object]]:
    """Plan from one pilot and return what was planned beside what cohorts of that size gave."""
    generator = np.random.default_rng([seed, 1])
    answers, clusters = truth().draw(PILOT, generator)
    population = factor_population(answers, clusters)
    precise = precision_plan(population, n_replications=20, seed=seed)
    people = {
        "omega": precise.persons_for_omega(HALF["omega"]),
        "loading": precise.persons_for_loading(HALF["loading"]),
    }
    rows: list[dict[str, object]] = []
    for goal, n in people.items():
        gave = widths(n, cohorts, seed)[goal]
        rows.append({"goal": goal, "n": n, "planned": HALF[goal], "gave": gave})
    for goal, plan in (
        ("dif", dif_plan(population, DIFFERENCE, seed=seed, alpha=ALPHA / len(LOADINGS))),
        ("scalar", invariance_plan(population, DIFFERENCE, n_replications=8, seed=seed)),
    ):
        n = int(plan.persons(POWER))
        rows.append({"goal": goal, "n": n, "planned": POWER, "gave": found_unfair(goal, n, cohorts, seed)})
    return rows + _correlation_rows(generator, seed, 10 * cohorts)


def _correlation_rows(generator: np.random.Generator, seed: int, cohorts: int) -> list[dict[str, object]]:
    """Return the same for the correlation with an outcome, and for the reliability of the peers."""
    _, error, reliable, _ = correlated(PILOT, generator)
    plan = persons_for_corrected_correlation(RHO, PILOT, error, PILOT // CLUSTER - 1, *reliable, seed=seed)
    rows: list[dict[str, object]] = []
    for goal, n in (("claim, at the estimate", int(plan.n)), ("claim, expected", int(plan.n_expected))):
        drawn = [correlated(n, generator)[:2] for _ in range(cohorts)]
        reach = stats.t.ppf(0.975, max(-(-n // CLUSTER) - 1, 1))
        rows.append(
            {"goal": goal, "n": n, "planned": POWER, "gave": float(np.mean([abs(z) > reach * e for z, e in drawn]))}
        )
    single = reliable[0] / (PEERS - (PEERS - 1) * reliable[0])
    n = int(
        rater_plan(single, single - 0.05, single + 0.05, 4 * single / (1 + 3 * single) - 1e-9, HALF["peers"]).n_persons
    )
    gave = float(np.mean([correlated(n, generator)[3] for _ in range(max(cohorts // 10, 20))]))
    return [*rows, {"goal": "peers", "n": n, "planned": HALF["peers"], "gave": gave}]


def summarise(rows: pd.DataFrame) -> pd.DataFrame:
    """Return for each goal the people planned over the pilots, and the mean and range of what they gave."""
    grouped = rows.groupby("goal", sort=False)
    table = grouped.agg(planned=("planned", "first"), gave=("gave", "mean"), pilots=("gave", "size"))
    for name in ("n", "gave"):
        table[f"{name}_least"], table[f"{name}_most"] = grouped[name].min(), grouped[name].max()
    return table.reset_index()


def main() -> None:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("output")
    parser.add_argument("--pilots", type=int, default=5)
    parser.add_argument("--cohorts", type=int, default=100)
    parser.add_argument("--jobs", type=int, default=2)
    asked = parser.parse_args()
    work = (joblib.delayed(pilot_rows)(seed, asked.cohorts) for seed in range(1, asked.pilots + 1))
    made = joblib.Parallel(n_jobs=asked.jobs, verbose=5)(work)
    rows = pd.DataFrame([{"pilot": number, **row} for number, part in enumerate(made, 1) for row in part])
    rows.to_csv(asked.output, index=False)
    print(summarise(rows).round(3).to_string(index=False))


if __name__ == "__main__":
    main()
