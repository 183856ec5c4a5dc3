"""Draw many cohorts of three waves from a known model and see what the study's statistics make of their change.

``python -m benchmarks.recover_change --seeds 100 recovery.csv`` writes one row a seed. The truth of change, retest and
drop-out is what one very large cohort of the same plan shows; people who did not change are drawn from another plan.
"""

from __future__ import annotations

import argparse
from dataclasses import replace

import joblib
import numpy as np
import pandas as pd

from compendium.framework import Framework, load_framework
from compendium.plan import load_plan
from compendium.simulate import DEMO_WAVES, WavesPlan, competency_scores, simulate_waves
from psychometrics.change import DETERIORATED, IMPROVED, regressed_change, reliable_change, retest
from psychometrics.reliability import cronbach_alpha
from psychometrics.sem import invariance_over_time
from psychometrics.waves import drop_out

CHANGED, UNCHANGED = "communication", "person"
LARGE = 8000


def scored(plan: WavesPlan, framework: Framework) -> tuple[dict[int, pd.DataFrame], dict[int, pd.DataFrame]]:
    """Return the answers and the competency scores of each wave of a drawn cohort, index the person."""
    whole = simulate_waves(plan, framework).answers
    final = [name for name in framework.select("final").items.index if name in whole]
    waves = {int(str(wave)): rows.set_index("person_id")[final] for wave, rows in whole.groupby("wave")}
    return waves, {wave: competency_scores(forms, framework, final) for wave, forms in waves.items()}


def statistics(plan: WavesPlan, framework: Framework) -> dict[str, float]:
    """Return change, reliability over time and drop-out of one cohort from the first wave to the second."""
    scores = scored(plan, framework)[1]
    both = scores[1].index.intersection(scores[2].index)
    first, second = scores[1].loc[both], scores[2].loc[both]
    stayed = pd.Series(scores[1].index.isin(both), index=scores[1].index)
    left = drop_out(scores[1].mean(axis=1).to_frame("overall"), stayed).table.iloc[0]
    moved, again = retest(first[CHANGED], second[CHANGED]), retest(first[UNCHANGED], second[UNCHANGED])
    return {
        "change": moved.mean_change, "change_lower": moved.mean_change_lower, "change_upper": moved.mean_change_upper,
        "icc": again.icc_agreement, "icc_lower": again.icc_lower, "icc_upper": again.icc_upper,
        "log_odds": float(np.log(left["odds_ratio"])), "log_odds_lower": float(np.log(left["odds_lower"])),
        "log_odds_upper": float(np.log(left["odds_upper"])),
    }  # fmt: skip


def keyed(answers: pd.DataFrame, framework: Framework) -> pd.DataFrame:
    """Return answers with reversed items turned and what does not apply left out."""
    forms = answers.where(answers != framework.scale.not_applicable).astype(float)
    turned = framework.items.loc[forms.columns, "reverse"].astype(bool)
    ends = framework.scale.minimum + framework.scale.maximum
    return forms.assign(**{item: ends - forms[item] for item in forms.columns[turned]})


def false_changes(plan: WavesPlan, framework: Framework) -> dict[str, float]:
    """Return how many people changed reliably by each rule in a cohort in which nobody did."""
    still = replace(plan, changes={}, change_spread=0.0)
    answers, scores = scored(still, framework)
    both = scores[1].index.intersection(scores[2].index)
    before, after = scores[1][UNCHANGED], scores[2][UNCHANGED].loc[both]
    items = framework.scales(list(answers[1].columns))[UNCHANGED]
    alpha = cronbach_alpha(keyed(answers[1][items], framework)).raw
    spread, mean = float(before.std()), float(before.mean())
    plain = reliable_change(before.loc[both], after, spread, alpha)
    model = regressed_change(before.loc[both], after, spread, alpha, mean)
    shares = [found.summary.set_index("verdict")["share"] for found in (plain, model)]
    named = zip(("jacobson_truax", "true_score"), shares, strict=True)
    return {f"false_{name}": float(share[IMPROVED] + share[DETERIORATED]) for name, share in named}


def refused_invariance(plan: WavesPlan, framework: Framework) -> dict[str, float]:
    """Return the share of competencies that are refused though their items mean the same: loadings, intercepts too."""
    forms, scores = scored(plan, framework)
    both, rule = scores[1].index.intersection(scores[2].index), load_plan().invariance
    metric, scalar = [], []
    for items in framework.scales(list(forms[1].columns)).values():
        one, other = (keyed(forms[wave].loc[both, items], framework) for wave in (1, 2))
        levels = invariance_over_time(one, other).levels.set_index("level")
        holds = (levels["cfi_drop"] <= rule.cfi_drop.value) & (levels["rmsea_rise"] <= rule.rmsea_rise.value)
        metric.append(not holds["metric"])
        scalar.append(not (holds["metric"] and holds["scalar"]))
    return {"refused_metric": float(np.mean(metric)), "refused_scalar": float(np.mean(scalar))}


def one(seed: int, framework: Framework) -> dict[str, float]:
    """Return the row of one seed."""
    plan = replace(DEMO_WAVES, base=replace(DEMO_WAVES.base, seed=seed), waves=2)
    return {
        "seed": seed,
        **statistics(plan, framework),
        **false_changes(plan, framework),
        **refused_invariance(plan, framework),
    }


def summary(rows: pd.DataFrame, truth: dict[str, float]) -> pd.DataFrame:
    """Return for each statistic its truth, the mean estimate, and how often the interval holds the truth."""
    held = {
        name: float(rows[f"{name}_lower"].le(truth[name]).mul(rows[f"{name}_upper"].ge(truth[name])).mean())
        for name in ("change", "icc", "log_odds")
    }
    table = pd.DataFrame({"truth": {name: truth[name] for name in held}, "coverage": held})
    table["mean"], table["sd"] = rows[list(held)].mean(), rows[list(held)].std()
    false = rows.filter(like="false_").agg(["mean", "std"]).T.set_axis(["mean", "sd"], axis=1).assign(truth=0.05)
    refused = rows.filter(like="refused_").agg(["mean", "std"]).T.set_axis(["mean", "sd"], axis=1).assign(truth=0.0)
    return pd.concat([table, false, refused])


def main() -> None:
    """Draw, estimate, write one row a seed, print the summary."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("output")
    parser.add_argument("--seeds", type=int, default=100)
    parser.add_argument("--jobs", type=int, default=1)
    given = parser.parse_args()
    framework = load_framework("integrated-care")
    large = replace(DEMO_WAVES, base=replace(DEMO_WAVES.base, n=LARGE, invited=LARGE + 1, agencies=200), waves=2)
    truth = statistics(large, framework)
    rows = joblib.Parallel(given.jobs)(joblib.delayed(one)(seed, framework) for seed in range(1, given.seeds + 1))
    table = pd.DataFrame(rows)
    table.to_csv(given.output, index=False)
    print(summary(table, truth).round(3).to_string())


if __name__ == "__main__":
    main()
